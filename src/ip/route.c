#include "ip/route.h"

#include "base/arithmetic.h"
#include "base/memory.h"
#include "ip/address.h"
#include "ip/interface.h"
#include "ip/neighbor.h"
#include "ip/path_mtu.h"

#define MTU_LEAST_IPV4 68
#define IPV4_PREFIX 96

static uint32_t origin_limit(const struct ip_layer *ip, uint8_t origin)
{
    switch (origin) {
    case ROUTE_PREFIX:
        return IP_AUTO_PREFIXES;
    case ROUTE_ROUTER:
        return IP_AUTO_ROUTERS;
    case ROUTE_REDIRECT:
        return IP_AUTO_REDIRECTS;
    default:
        return ip->core->config.routes;
    }
}

static uint32_t origin_used(const struct ip_layer *ip, uint8_t origin)
{
    if (origin != ROUTE_CONNECTED && origin != ROUTE_STATIC)
        return ip->route_origin_count[origin];
    return ip->route_origin_count[ROUTE_CONNECTED] + ip->route_origin_count[ROUTE_STATIC];
}

static void insert_route(struct ip_layer *ip, const struct route *route)
{
    uint32_t at = 0;
    while (at < ip->route_count && ip->routes[at].prefix_length >= route->prefix_length)
        at++;
    memmove(&ip->routes[at + 1], &ip->routes[at], (ip->route_count - at) * sizeof *route);
    ip->routes[at] = *route;
    ip->route_count++;
    ip->route_origin_count[route->origin]++;
    ip->route_at = min_i64(ip->route_at, route->expires);
    ip_paths_changed(ip);
}

static void drop_route(struct ip_layer *ip, uint32_t at)
{
    ip->route_origin_count[ip->routes[at].origin]--;
    ip->route_count--;
    memmove(&ip->routes[at], &ip->routes[at + 1], (ip->route_count - at) * sizeof ip->routes[0]);
    ip_paths_changed(ip);
}

static bool same_prefix(const struct route *route, const struct septet_address *prefix, uint8_t prefix_length)
{
    return route->prefix_length == prefix_length && septet_address_equal(&route->prefix, prefix);
}

static bool same_gateway(const struct route *route, const struct septet_address *gateway)
{
    if (gateway == NULL || !route->has_gateway)
        return gateway == NULL && !route->has_gateway;
    return septet_address_equal(&route->gateway, gateway);
}

int route_add(struct ip_layer *ip, const struct septet_address *prefix, uint8_t prefix_length, unsigned interface,
              const struct septet_address *gateway, uint32_t mtu)
{
    const bool ipv4 = prefix_length >= IPV4_PREFIX && septet_address_is_ipv4(prefix);
    if (interface >= ip->interface_count || prefix_length > 128 || mtu > UINT16_MAX ||
        (mtu != 0 && mtu < (ipv4 ? MTU_LEAST_IPV4 : IPV6_MTU_LEAST)))
        return SEPTET_INVALID;
    if (gateway != NULL && (septet_address_is_ipv4(gateway) != ipv4 || address_is_any(gateway) ||
                            address_is_multicast(gateway) || address_is_limited_broadcast(gateway)))
        return SEPTET_INVALID;
    if (origin_used(ip, ROUTE_STATIC) >= origin_limit(ip, ROUTE_STATIC))
        return SEPTET_NO_ROUTES;
    const struct route route = {
        .prefix = address_prefix(prefix, prefix_length),
        .gateway = gateway != NULL ? *gateway : (struct septet_address){{0}},
        .prefix_length = prefix_length,
        .origin = ROUTE_STATIC,
        .has_gateway = gateway != NULL,
        .interface = (uint16_t)interface,
        .mtu = mtu,
        .expires = SEPTET_NEVER,
    };
    insert_route(ip, &route);
    return SEPTET_OK;
}

int route_remove(struct ip_layer *ip, const struct septet_address *prefix, uint8_t prefix_length,
                 const struct septet_address *gateway)
{
    if (prefix_length > 128)
        return SEPTET_NOT_FOUND;
    const struct septet_address masked = address_prefix(prefix, prefix_length);
    for (uint32_t at = 0; at < ip->route_count; at++) {
        if (same_prefix(&ip->routes[at], &masked, prefix_length) && same_gateway(&ip->routes[at], gateway)) {
            drop_route(ip, at);
            return SEPTET_OK;
        }
    }
    return SEPTET_NOT_FOUND;
}

int route_add_connected(struct ip_layer *ip, const struct septet_address *prefix, uint8_t prefix_length,
                        uint16_t interface, bool automatic)
{
    for (uint32_t at = 0; at < ip->route_count; at++)
        if (ip->routes[at].origin == ROUTE_CONNECTED && ip->routes[at].interface == interface &&
            same_prefix(&ip->routes[at], prefix, prefix_length))
            return SEPTET_OK;
    const uint32_t room = origin_limit(ip, ROUTE_CONNECTED) + (automatic ? ip->core->config.interfaces : 0);
    if (origin_used(ip, ROUTE_CONNECTED) >= room)
        return SEPTET_NO_ROUTES;
    const struct route route = {
        .prefix = *prefix,
        .prefix_length = prefix_length,
        .origin = ROUTE_CONNECTED,
        .interface = interface,
        .expires = SEPTET_NEVER,
    };
    insert_route(ip, &route);
    return SEPTET_OK;
}

static bool prefix_in_use(const struct ip_layer *ip, const struct septet_address *prefix, uint8_t prefix_length,
                          uint16_t interface)
{
    for (uint32_t slot = 0; slot < ip->address_high; slot++) {
        const struct ip_address *address = &ip->addresses[slot];
        if (address->state != IP_ADDRESS_NONE && address->interface == interface &&
            address->origin != IP_ADDRESS_SLAAC && address->prefix_length == prefix_length &&
            address_in_prefix(&address->address, prefix, prefix_length))
            return true;
    }
    return false;
}

void route_drop_connected(struct ip_layer *ip, const struct septet_address *address, uint8_t prefix_length,
                          uint16_t interface)
{
    const struct septet_address prefix = address_prefix(address, prefix_length);
    if (prefix_in_use(ip, &prefix, prefix_length, interface))
        return;
    for (uint32_t at = 0; at < ip->route_count; at++) {
        if (ip->routes[at].origin == ROUTE_CONNECTED && ip->routes[at].interface == interface &&
            same_prefix(&ip->routes[at], &prefix, prefix_length)) {
            drop_route(ip, at);
            return;
        }
    }
}

/* Redirects are one for each destination, routers one for each gateway, prefixes one for each prefix and interface. */
static bool same_learnt(const struct route *a, const struct route *b)
{
    if (a->origin != b->origin || a->interface != b->interface)
        return false;
    if (a->origin == ROUTE_ROUTER)
        return septet_address_equal(&a->gateway, &b->gateway);
    return same_prefix(a, &b->prefix, b->prefix_length);
}

const struct route *route_find(const struct ip_layer *ip, const struct route *like)
{
    for (uint32_t at = 0; at < ip->route_count; at++)
        if (same_learnt(&ip->routes[at], like))
            return &ip->routes[at];
    return NULL;
}

void route_learn(struct ip_layer *ip, const struct route *route)
{
    const struct route *known = route_find(ip, route);
    const bool dead = route->expires <= ip->core->now;
    if (known != NULL) {
        const uint32_t at = (uint32_t)(known - ip->routes);
        if (!dead && same_gateway(known, route->has_gateway ? &route->gateway : NULL)) {
            ip->routes[at].expires = route->expires;
            ip->route_at = min_i64(ip->route_at, route->expires);
            return;
        }
        drop_route(ip, at);
    }
    if (!dead && origin_used(ip, route->origin) < origin_limit(ip, route->origin))
        insert_route(ip, route);
}

void route_forget_gateway(struct ip_layer *ip, uint16_t interface, const struct septet_address *gateway)
{
    for (uint32_t at = ip->route_count; at-- > 0;) {
        const struct route *route = &ip->routes[at];
        if ((route->origin == ROUTE_ROUTER || route->origin == ROUTE_REDIRECT) && route->interface == interface &&
            same_gateway(route, gateway))
            drop_route(ip, at);
    }
}

static bool matches(const struct route *route, const struct septet_address *destination, uint32_t interface)
{
    if (interface != ROUTE_ANY_INTERFACE && route->interface != interface)
        return false;
    if (route->prefix_length < IPV4_PREFIX && septet_address_is_ipv4(destination))
        return false;
    return address_in_prefix(destination, &route->prefix, route->prefix_length);
}

const struct route *route_lookup(const struct ip_layer *ip, const struct septet_address *destination,
                                 uint32_t interface)
{
    const struct route *best = NULL;
    for (uint32_t at = 0; at < ip->route_count; at++) {
        const struct route *route = &ip->routes[at];
        if (best != NULL && route->prefix_length < best->prefix_length)
            break;
        if (!matches(route, destination, interface))
            continue;
        if (!route->has_gateway || !neighbor_failed(ip, route->interface, &route->gateway))
            return route;
        if (best == NULL)
            best = route;
    }
    return best;
}

/* Groups need no route: the source's interface, or the first that has an address of the family. */
static int group_interface(const struct ip_layer *ip, const struct septet_address *source,
                           const struct septet_address *destination, uint16_t *interface)
{
    const bool ipv4 = septet_address_is_ipv4(destination);
    const bool any = address_is_any(source);
    for (uint32_t slot = 0; slot < ip->address_high; slot++) {
        const struct ip_address *address = &ip->addresses[slot];
        if (address->state != IP_ADDRESS_USABLE || septet_address_is_ipv4(&address->address) != ipv4 ||
            (!any && !septet_address_equal(source, &address->address)))
            continue;
        *interface = address->interface;
        return SEPTET_OK;
    }
    return SEPTET_NETWORK_UNREACHABLE;
}

static int resolve_way(struct ip_layer *ip, uint32_t source_slot, const struct septet_address *source,
                       const struct septet_address *destination, struct route_hop *hop)
{
    uint32_t slot = 0;
    uint32_t by = ROUTE_ANY_INTERFACE;
    const bool ipv4 = septet_address_is_ipv4(destination);
    const enum ip_local local = ip_local_find(ip, destination, &slot);
    *hop = (struct route_hop){.next = *destination};
    if (source_slot != UINT32_MAX && address_is_link_local(source))
        by = ip->addresses[source_slot].interface;
    if (local == IP_LOCAL_USABLE) {
        hop->local = true;
        hop->interface = ip->addresses[slot].interface;
        hop->mtu = ip_interface_mtu_of(ip, hop->interface, ipv4);
        return SEPTET_OK;
    }
    hop->group = local == IP_LOCAL_BROADCAST || ip_is_group(ip, destination);
    if (local == IP_LOCAL_BROADCAST)
        by = ip->addresses[slot].interface;
    const struct route *route = route_lookup(ip, destination, by);
    if (route == NULL && !hop->group)
        return SEPTET_NETWORK_UNREACHABLE;
    if (route != NULL)
        hop->interface = route->interface;
    else if (group_interface(ip, source, destination, &hop->interface) != SEPTET_OK)
        return SEPTET_NETWORK_UNREACHABLE;
    if (route != NULL && route->has_gateway && !hop->group)
        hop->next = route->gateway;
    hop->mtu = ip_interface_mtu_of(ip, hop->interface, ipv4);
    if (route != NULL && route->mtu != 0)
        hop->mtu = min_u32(hop->mtu, route->mtu);
    hop->mtu = path_mtu_limit(ip, destination, hop->mtu);
    return SEPTET_OK;
}

int route_resolve(struct ip_layer *ip, struct septet_address *source, const struct septet_address *destination,
                  struct route_hop *hop)
{
    uint32_t slot = UINT32_MAX;
    if (address_is_any(destination))
        return SEPTET_NETWORK_UNREACHABLE;
    if (!address_is_any(source) && (septet_address_is_ipv4(source) != septet_address_is_ipv4(destination) ||
                                    ip_local_find(ip, source, &slot) != IP_LOCAL_USABLE))
        return SEPTET_ADDRESS_NOT_AVAILABLE;
    const int error = resolve_way(ip, slot, source, destination, hop);
    if (error != SEPTET_OK || !address_is_any(source))
        return error;
    return source_select(ip, hop->interface, destination, source) ? SEPTET_OK : SEPTET_ADDRESS_NOT_AVAILABLE;
}

int ip_route(struct ip_layer *ip, struct septet_address *source, const struct septet_address *destination,
             struct ip_path *path)
{
    struct route_hop hop;
    const int error = route_resolve(ip, source, destination, &hop);
    if (error != SEPTET_OK)
        return error;
    *path = (struct ip_path){.interface = hop.interface, .mtu = (uint16_t)hop.mtu};
    if (!hop.local && !hop.group && ip->interfaces[hop.interface].link.ethernet)
        path->neighbor = neighbor_refer(ip, hop.interface, &hop.next);
    path->generation = path->neighbor == NEIGHBOR_NO_ROOM ? ip->generation - 1 : ip->generation;
    return SEPTET_OK;
}

int ip_source(struct ip_layer *ip, struct septet_address *source, const struct septet_address *destination)
{
    struct route_hop hop;
    return route_resolve(ip, source, destination, &hop);
}

void route_advance(struct ip_layer *ip)
{
    ip->route_at = SEPTET_NEVER;
    for (uint32_t at = ip->route_count; at-- > 0;) {
        if (ip->routes[at].expires <= ip->core->now)
            drop_route(ip, at);
        else
            ip->route_at = min_i64(ip->route_at, ip->routes[at].expires);
    }
}
