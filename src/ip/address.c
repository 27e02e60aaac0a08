#include "ip/address.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "ip/mld.h"
#include "ip/route.h"
#include "ip/slaac.h"

/* A node of the hash table is 1 + slot * 3 + which: the address itself, its group, its network number. */
enum { NODE_ADDRESS, NODE_GROUP, NODE_NETWORK, NODES };

/* Chains hold our own addresses only: whatever an attacker sends, none is longer than we made it. */
static uint32_t *bucket_of(const struct ip_layer *ip, const struct septet_address *address)
{
    const uint64_t mixed = (load64(address->bytes) ^ load64(address->bytes + 8)) * UINT64_C(0x9e3779b97f4a7c15);
    return &ip->local_table[(uint32_t)(mixed >> 32) & ip->local_mask];
}

static const struct septet_address *node_address(const struct ip_address *address, uint32_t node)
{
    if (node == NODE_ADDRESS)
        return &address->address;
    return node == NODE_GROUP ? &address->group : &address->network;
}

static enum ip_local node_kind(const struct ip_address *address, uint32_t node)
{
    if (node == NODE_ADDRESS)
        return address->state == IP_ADDRESS_USABLE ? IP_LOCAL_USABLE : IP_LOCAL_TENTATIVE;
    return septet_address_is_ipv4(&address->address) ? IP_LOCAL_BROADCAST : IP_LOCAL_GROUP;
}

enum ip_local ip_local_find(const struct ip_layer *ip, const struct septet_address *address, uint32_t *slot)
{
    enum ip_local best = IP_LOCAL_NOT;
    for (uint32_t node = *bucket_of(ip, address); node != 0;) {
        const struct ip_address *candidate = &ip->addresses[(node - 1) / NODES];
        const uint32_t which = (node - 1) % NODES;
        if (septet_address_equal(node_address(candidate, which), address) && node_kind(candidate, which) > best) {
            best = node_kind(candidate, which);
            if (slot != NULL)
                *slot = (node - 1) / NODES;
        }
        node = candidate->next[which];
    }
    return best;
}

bool ip_is_local(const struct ip_layer *ip, const struct septet_address *address)
{
    return ip_local_find(ip, address, NULL) == IP_LOCAL_USABLE;
}

bool ip_is_group(const struct ip_layer *ip, const struct septet_address *address)
{
    return address_is_multicast(address) || address_is_limited_broadcast(address) ||
           ip_local_find(ip, address, NULL) == IP_LOCAL_BROADCAST;
}

/* Subnets of at least four addresses have a broadcast address (RFC 3021). */
static uint32_t node_count(const struct ip_address *address)
{
    if (!septet_address_is_ipv4(&address->address))
        return NODE_GROUP + 1;
    return address->prefix_length <= 126 ? NODES : NODE_ADDRESS + 1;
}

static void insert_nodes(struct ip_layer *ip, uint32_t slot)
{
    struct ip_address *address = &ip->addresses[slot];
    for (uint32_t which = 0; which < node_count(address); which++) {
        uint32_t *head = bucket_of(ip, node_address(address, which));
        address->next[which] = *head;
        *head = 1 + slot * NODES + which;
    }
}

static void remove_nodes(struct ip_layer *ip, uint32_t slot)
{
    const struct ip_address *address = &ip->addresses[slot];
    for (uint32_t which = 0; which < node_count(address); which++) {
        uint32_t *link = bucket_of(ip, node_address(address, which));
        while (*link != 1 + slot * NODES + which)
            link = &ip->addresses[(*link - 1) / NODES].next[(*link - 1) % NODES];
        *link = address->next[which];
    }
}

/* Mask of the network bits in byte i. */
static uint8_t network_bits(uint8_t prefix_length, uint32_t i)
{
    if (i < prefix_length / 8u)
        return 0xff;
    if (i > prefix_length / 8u)
        return 0;
    return (uint8_t)(0xff00u >> prefix_length % 8 & 0xff);
}

struct septet_address address_prefix(const struct septet_address *address, uint8_t prefix_length)
{
    struct septet_address prefix = *address;
    for (uint32_t i = 0; i < sizeof prefix.bytes; i++)
        prefix.bytes[i] &= network_bits(prefix_length, i);
    return prefix;
}

static struct septet_address subnet_broadcast(const struct septet_address *address, uint8_t prefix_length)
{
    struct septet_address broadcast = *address;
    for (uint32_t i = 0; i < sizeof broadcast.bytes; i++)
        broadcast.bytes[i] |= (uint8_t)~network_bits(prefix_length, i);
    return broadcast;
}

/* Addresses that a host cannot have. */
static bool assignable(const struct septet_address *address, uint8_t prefix_length)
{
    if (address_is_any(address) || address_is_multicast(address) || address_is_limited_broadcast(address) ||
        address_is_class_e(address))
        return false;
    if (!septet_address_is_ipv4(address))
        return true;
    if (address->bytes[12] == 0 || prefix_length < 96)
        return false;
    if (prefix_length > 126)
        return true;
    const struct septet_address network = address_prefix(address, prefix_length);
    const struct septet_address broadcast = subnet_broadcast(address, prefix_length);
    return !septet_address_equal(address, &network) && !septet_address_equal(address, &broadcast);
}

static bool take_slot(struct ip_layer *ip, enum ip_address_origin origin, uint32_t *slot)
{
    const uint32_t most =
        origin == IP_ADDRESS_MANUAL ? ip->core->config.addresses : ip->core->config.interfaces + IP_AUTO_ADDRESSES;
    uint32_t *used = origin == IP_ADDRESS_MANUAL ? &ip->address_manual : &ip->address_auto;
    if (*used >= most)
        return false;
    for (*slot = 0; *slot < ip->address_high; ++*slot)
        if (ip->addresses[*slot].state == IP_ADDRESS_NONE)
            break;
    if (*slot == ip->address_high)
        ip->address_high++;
    ++*used;
    return true;
}

static void trace_address(struct ip_layer *ip, const struct ip_address *address, uint8_t from, uint8_t to)
{
    if (!core_traced(ip->core))
        return;
    const struct septet_tuple tuple = {.local = address->address};
    const struct septet_trace_event event = {
        .time = ip->core->now,
        .kind = SEPTET_TRACE_address,
        .tuple = &tuple,
        .value = {address->interface, from, to},
    };
    core_trace(ip->core, &event);
}

static bool known_anywhere(const struct ip_layer *ip, const struct septet_address *address)
{
    const enum ip_local local = ip_local_find(ip, address, NULL);
    return local == IP_LOCAL_USABLE || local == IP_LOCAL_TENTATIVE;
}

int ip_address_add(struct ip_layer *ip, uint16_t interface, const struct septet_address *address, uint8_t prefix_length,
                   bool skip_detection, enum ip_address_origin origin, uint32_t *slot)
{
    uint32_t at = 0;
    const bool ipv4 = septet_address_is_ipv4(address);
    if (interface >= ip->interface_count || prefix_length > 128 || !assignable(address, prefix_length) ||
        (!ipv4 && ip->interfaces[interface].link.mtu < IPV6_MTU_LEAST))
        return SEPTET_INVALID;
    if (known_anywhere(ip, address))
        return SEPTET_ADDRESS_IN_USE;
    if (origin != IP_ADDRESS_SLAAC) {
        const struct septet_address prefix = address_prefix(address, prefix_length);
        const int error = route_add_connected(ip, &prefix, prefix_length, interface, origin == IP_ADDRESS_LINK_LOCAL);
        if (error != SEPTET_OK)
            return error;
    }
    if (!take_slot(ip, origin, &at)) {
        if (origin != IP_ADDRESS_SLAAC)
            route_drop_connected(ip, address, prefix_length, interface);
        return SEPTET_NO_ADDRESSES;
    }
    struct ip_address *added = &ip->addresses[at];
    *added = (struct ip_address){
        .address = *address,
        .group = ipv4 ? subnet_broadcast(address, prefix_length) : address_solicited_node(address),
        .network = address_prefix(address, prefix_length),
        .interface = interface,
        .prefix_length = prefix_length,
        .state = IP_ADDRESS_TENTATIVE,
        .origin = (uint8_t)origin,
        .at = SEPTET_NEVER,
        .preferred_until = SEPTET_NEVER,
        .valid_until = SEPTET_NEVER,
    };
    insert_nodes(ip, at);
    trace_address(ip, added, IP_ADDRESS_NONE, IP_ADDRESS_TENTATIVE);
    if (!ipv4)
        mld_joined(ip, interface);
    if (skip_detection || !ip->interfaces[interface].link.ethernet || address_is_loopback(address))
        ip_address_state(ip, at, IP_ADDRESS_USABLE);
    else
        detection_start(ip, at);
    if (slot != NULL)
        *slot = at;
    return SEPTET_OK;
}

void ip_address_drop(struct ip_layer *ip, uint32_t slot)
{
    struct ip_address *address = &ip->addresses[slot];
    const struct ip_address was = *address;
    remove_nodes(ip, slot);
    if (address->origin == IP_ADDRESS_MANUAL)
        ip->address_manual--;
    else
        ip->address_auto--;
    trace_address(ip, address, address->state, IP_ADDRESS_NONE);
    address->state = IP_ADDRESS_NONE;
    if (was.origin != IP_ADDRESS_SLAAC)
        route_drop_connected(ip, &was.address, was.prefix_length, was.interface);
    if (!septet_address_is_ipv4(&was.address))
        mld_left(ip, was.interface, &was.group);
    ip_paths_changed(ip);
}

int ip_address_remove(struct ip_layer *ip, unsigned interface, const struct septet_address *address)
{
    uint32_t slot = 0;
    const enum ip_local local = ip_local_find(ip, address, &slot);
    if (local < IP_LOCAL_TENTATIVE || ip->addresses[slot].interface != interface)
        return SEPTET_NOT_FOUND;
    ip_address_drop(ip, slot);
    return SEPTET_OK;
}

bool ip_address_get(const struct ip_layer *ip, unsigned index, struct septet_address *address, unsigned *prefix_length,
                    unsigned *interface, unsigned *state)
{
    for (uint32_t slot = 0; slot < ip->address_high; slot++) {
        const struct ip_address *at = &ip->addresses[slot];
        if (at->state == IP_ADDRESS_NONE || index-- > 0)
            continue;
        if (address != NULL)
            *address = at->address;
        if (prefix_length != NULL)
            *prefix_length = septet_address_is_ipv4(&at->address) ? at->prefix_length - 96u : at->prefix_length;
        if (interface != NULL)
            *interface = at->interface;
        if (state != NULL)
            *state = at->state;
        return true;
    }
    return false;
}

void ip_address_state(struct ip_layer *ip, uint32_t slot, enum ip_address_state state)
{
    struct ip_address *address = &ip->addresses[slot];
    trace_address(ip, address, address->state, (uint8_t)state);
    address->state = (uint8_t)state;
    ip_paths_changed(ip);
    if (state == IP_ADDRESS_USABLE && address->origin == IP_ADDRESS_LINK_LOCAL)
        slaac_link_local_usable(ip, address->interface);
    if (state == IP_ADDRESS_DUPLICATE) {
        address->at = SEPTET_NEVER;
        if (address->origin != IP_ADDRESS_MANUAL)
            slaac_duplicate(ip, slot);
    }
}

void ip_address_schedule(struct ip_layer *ip, const struct ip_address *address)
{
    ip->address_at = min_i64(ip->address_at, min_i64(address->at, address->valid_until));
}

void ip_address_advance(struct ip_layer *ip)
{
    const int64_t now = ip->core->now;
    ip->address_at = SEPTET_NEVER;
    for (uint32_t slot = 0; slot < ip->address_high; slot++) {
        struct ip_address *address = &ip->addresses[slot];
        if (address->state == IP_ADDRESS_NONE)
            continue;
        if (now >= address->valid_until) {
            ip_address_drop(ip, slot);
            continue;
        }
        if (now >= address->at)
            detection_step(ip, slot);
        if (address->state != IP_ADDRESS_NONE)
            ip_address_schedule(ip, address);
    }
}
