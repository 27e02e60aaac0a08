#include "ip/ndp.h"

#include "base/memory.h"
#include "ip/address.h"
#include "ip/interface.h"
#include "ip/neighbor.h"
#include "ip/packet.h"
#include "ip/route.h"
#include "ip/slaac.h"
#include "wire/icmp.h"

#define HOP_LIMIT 255
#define LINK_OPTION 8
#define NONCE_OPTION 8
#define FLAG_ROUTER 0x80000000u
#define FLAG_SOLICITED 0x40000000u
#define FLAG_OVERRIDE 0x20000000u
#define TARGET 16 /* bytes of it in front of the options */
#define MAX_RTR_SOLICITATIONS 3
#define RTR_SOLICITATION_INTERVAL (4 * SEPTET_SECOND)
#define REDIRECT_LIFETIME (600 * SEPTET_SECOND)

static const struct septet_address all_nodes = {{0xff, 2, [15] = 1}};
static const struct septet_address all_routers = {{0xff, 2, [15] = 2}};

/* ---- sending ---- */

static void send(struct ip_layer *ip, uint16_t interface, const struct septet_address *source,
                 const struct septet_address *destination, uint8_t *message, uint32_t body_length, const uint8_t *mac)
{
    const struct ip_fields fields = {
        .source = *source,
        .destination = *destination,
        .protocol = PROTOCOL_ICMPV6,
        .ttl = HOP_LIMIT,
    };
    COUNT(ip->core, IcmpOutMsgs);
    packet_send_control(ip, interface, &fields, NULL, message, ICMP_HEADER + body_length, mac);
}

static uint32_t put_link_option(const struct ip_layer *ip, uint16_t interface, uint8_t *to, uint8_t type)
{
    if (!ip->interfaces[interface].link.ethernet)
        return 0;
    to[0] = type;
    to[1] = 1;
    memcpy(to + 2, ip->interfaces[interface].link.mac, 6);
    return LINK_OPTION;
}

void ndp_solicit(struct ip_layer *ip, uint16_t interface, const struct septet_address *neighbor, const uint8_t *mac)
{
    uint8_t message[ICMP_HEADER + TARGET + LINK_OPTION];
    struct septet_address source;
    const struct septet_address destination = mac == NULL ? address_solicited_node(neighbor) : *neighbor;
    if (!source_on_link(ip, interface, neighbor, &source))
        return;
    memcpy(message + ICMP_HEADER, neighbor->bytes, TARGET);
    const uint32_t body =
        TARGET + put_link_option(ip, interface, message + ICMP_HEADER + TARGET, NDP_OPTION_SOURCE_LINK);
    icmp_build(message, ICMPV6_NEIGHBOR_SOLICITATION, 0, 0, body, &source, &destination);
    send(ip, interface, &source, &destination, message, body, mac);
}

void ndp_probe(struct ip_layer *ip, const struct ip_address *address)
{
    uint8_t message[ICMP_HEADER + TARGET + NONCE_OPTION];
    const struct septet_address any = {{0}};
    uint8_t *option = message + ICMP_HEADER + TARGET;
    memcpy(message + ICMP_HEADER, address->address.bytes, TARGET);
    option[0] = NDP_OPTION_NONCE;
    option[1] = 1;
    memcpy(option + 2, address->nonce, sizeof address->nonce);
    icmp_build(message, ICMPV6_NEIGHBOR_SOLICITATION, 0, 0, TARGET + NONCE_OPTION, &any, &address->group);
    send(ip, address->interface, &any, &address->group, message, TARGET + NONCE_OPTION, NULL);
}

static void advertise(struct ip_layer *ip, uint16_t interface, const struct septet_address *target,
                      const struct septet_address *to, const uint8_t *mac)
{
    uint8_t message[ICMP_HEADER + TARGET + LINK_OPTION];
    const bool any = address_is_any(to);
    const struct septet_address *destination = any ? &all_nodes : to;
    uint32_t flags = FLAG_OVERRIDE;
    if (!any)
        flags |= FLAG_SOLICITED;
    if (ip->core->config.forwarding)
        flags |= FLAG_ROUTER;
    memcpy(message + ICMP_HEADER, target->bytes, TARGET);
    const uint32_t body =
        TARGET + put_link_option(ip, interface, message + ICMP_HEADER + TARGET, NDP_OPTION_TARGET_LINK);
    icmp_build(message, ICMPV6_NEIGHBOR_ADVERTISEMENT, 0, flags, body, target, destination);
    send(ip, interface, target, destination, message, body, any ? NULL : mac);
}

void ndp_solicit_router(struct ip_layer *ip, uint16_t index)
{
    struct ip_interface *interface = &ip->interfaces[index];
    uint8_t message[ICMP_HEADER + LINK_OPTION];
    struct septet_address source = {{0}};
    uint32_t body = 0;
    if (source_on_link(ip, index, &all_routers, &source))
        body = put_link_option(ip, index, message + ICMP_HEADER, NDP_OPTION_SOURCE_LINK);
    icmp_build(message, ICMPV6_ROUTER_SOLICITATION, 0, 0, body, &source, &all_routers);
    send(ip, index, &source, &all_routers, message, body, NULL);
    interface->solicitations++;
    interface->solicit_at = SEPTET_NEVER;
    if (interface->solicitations < MAX_RTR_SOLICITATIONS)
        interface->solicit_at = ip->core->now + RTR_SOLICITATION_INTERVAL;
}

/* ---- options ---- */

static struct ndp_cursor options_behind(const struct ip_delivery *delivery, uint32_t skip)
{
    return (struct ndp_cursor){.at = delivery->icmp.body + skip, .left = delivery->icmp.body_length - skip};
}

/* RFC 4861 section 4.6: an option of length 0 spoils the message. */
static bool options_valid(const struct ip_delivery *delivery, uint32_t skip)
{
    struct ndp_option option;
    if (delivery->icmp.body_length < skip)
        return false;
    struct ndp_cursor cursor = options_behind(delivery, skip);
    while (ndp_option_next(&cursor, &option))
        ;
    return cursor.error == wire_none;
}

static bool find_option(const struct ip_delivery *delivery, uint32_t skip, uint8_t type, struct ndp_option *option)
{
    struct ndp_cursor cursor = options_behind(delivery, skip);
    while (ndp_option_next(&cursor, option))
        if (option->type == type)
            return true;
    return false;
}

static bool link_option(const struct ip_delivery *delivery, uint32_t skip, uint8_t type, uint8_t mac[6])
{
    struct ndp_option option;
    if (!find_option(delivery, skip, type, &option) || option.length != LINK_OPTION || (option.bytes[2] & 1) != 0)
        return false;
    memcpy(mac, option.bytes + 2, 6);
    return true;
}

static struct septet_address address_at(const struct ip_delivery *delivery, uint32_t offset)
{
    struct septet_address address;
    memcpy(address.bytes, delivery->icmp.body + offset, sizeof address.bytes);
    return address;
}

/* ---- receiving ---- */

enum result { DONE, IGNORED, INVALID };

static bool probe_is_ours(const struct ip_layer *ip, const struct ip_delivery *delivery, uint32_t slot)
{
    struct ndp_option option;
    return find_option(delivery, TARGET, NDP_OPTION_NONCE, &option) && option.length == NONCE_OPTION &&
           memcmp(option.bytes + 2, ip->addresses[slot].nonce, sizeof ip->addresses[slot].nonce) == 0;
}

/* Takes note of whoever asks for an address of ours, and answers. */
static enum result answer(struct ip_layer *ip, const struct ip_delivery *delivery, const struct septet_address *target,
                          const uint8_t *asker_mac)
{
    uint8_t mac[6] = {0};
    const struct septet_address *asker = &delivery->ip.source;
    if (asker_mac != NULL) {
        const struct neighbor_news news = {.address = *asker, .mac = asker_mac, .interface = delivery->interface};
        neighbor_solicited(ip, &news, true);
        memcpy(mac, asker_mac, sizeof mac);
    } else if (!address_is_any(asker) && ip->interfaces[delivery->interface].link.ethernet) {
        /* Known already, or it would have said who it is: RFC 4861 section 7.2.4. */
        const uint32_t known = neighbor_find(ip, delivery->interface, asker);
        if (known == 0 || neighbor_use(ip, known) != IP_REACHABLE)
            return IGNORED;
        memcpy(mac, neighbor_at(ip, known)->mac, sizeof mac);
    }
    advertise(ip, delivery->interface, target, asker, mac);
    return DONE;
}

/* RFC 4861 section 7.2.3 and 4862 section 5.4.3. */
static enum result solicitation(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    uint8_t mac[6];
    uint32_t slot = 0;
    const bool any = address_is_any(&delivery->ip.source);
    if (!options_valid(delivery, TARGET))
        return INVALID;
    const struct septet_address target = address_at(delivery, 0);
    const bool has_mac = link_option(delivery, TARGET, NDP_OPTION_SOURCE_LINK, mac);
    if (address_is_multicast(&target) || (any && (has_mac || !delivery->destination_multicast)))
        return INVALID;
    const enum ip_local local = ip_local_find(ip, &target, &slot);
    if (local < IP_LOCAL_TENTATIVE || ip->addresses[slot].interface != delivery->interface)
        return IGNORED;
    if (local == IP_LOCAL_USABLE)
        return answer(ip, delivery, &target, has_mac ? mac : NULL);
    if (any && !probe_is_ours(ip, delivery, slot))
        detection_conflict(ip, slot);
    return IGNORED;
}

/* RFC 4861 section 7.2.5. */
static enum result advertisement(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    uint8_t mac[6];
    uint32_t slot = 0;
    if (!options_valid(delivery, TARGET))
        return INVALID;
    const struct septet_address target = address_at(delivery, 0);
    const uint32_t flags = delivery->icmp.rest;
    if (address_is_multicast(&target) || (delivery->destination_multicast && (flags & FLAG_SOLICITED) != 0))
        return INVALID;
    if (ip_local_find(ip, &target, &slot) >= IP_LOCAL_TENTATIVE) {
        if (ip->addresses[slot].interface == delivery->interface)
            detection_conflict(ip, slot);
        return IGNORED;
    }
    const struct neighbor_news news = {
        .address = target,
        .mac = link_option(delivery, TARGET, NDP_OPTION_TARGET_LINK, mac) ? mac : NULL,
        .interface = delivery->interface,
        .solicited = (flags & FLAG_SOLICITED) != 0,
        .override = (flags & FLAG_OVERRIDE) != 0,
        .router_known = true,
        .is_router = (flags & FLAG_ROUTER) != 0,
    };
    return neighbor_advertised(ip, &news) ? DONE : IGNORED;
}

/* What a router or a redirect says of a link address. */
static void learn_link(struct ip_layer *ip, const struct ip_delivery *delivery, const struct septet_address *address,
                       uint32_t skip, uint8_t type)
{
    uint8_t mac[6];
    if (!link_option(delivery, skip, type, mac))
        return;
    const struct neighbor_news news = {.address = *address, .mac = mac, .interface = delivery->interface};
    neighbor_solicited(ip, &news, true);
}

static bool follows_routers(const struct ip_layer *ip, const struct ip_delivery *delivery)
{
    return !ip->core->config.forwarding && ip->interfaces[delivery->interface].link.autoconfigure;
}

static bool redirect_valid(const struct ip_layer *ip, const struct septet_address *target,
                           const struct septet_address *destination)
{
    if (!septet_address_equal(target, destination) && !address_is_link_local(target))
        return false;
    return !address_is_multicast(destination) && !address_is_any(destination) && !address_is_link_local(destination) &&
           !septet_address_is_ipv4(destination) && ip_local_find(ip, destination, NULL) == IP_LOCAL_NOT &&
           ip_local_find(ip, target, NULL) == IP_LOCAL_NOT;
}

/* RFC 4861 section 8.1: only the router that the destination is reached by now may send us elsewhere. */
static enum result redirect(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    if (!follows_routers(ip, delivery))
        return IGNORED;
    if (!options_valid(delivery, TARGET + TARGET) || !address_is_link_local(&delivery->ip.source))
        return INVALID;
    const struct septet_address target = address_at(delivery, 0), destination = address_at(delivery, TARGET);
    if (!redirect_valid(ip, &target, &destination))
        return INVALID;
    const struct route *now = route_lookup(ip, &destination, delivery->interface);
    if (now == NULL || !now->has_gateway || !septet_address_equal(&now->gateway, &delivery->ip.source))
        return INVALID;
    const struct route route = {
        .prefix = destination,
        .gateway = target,
        .prefix_length = 128,
        .origin = ROUTE_REDIRECT,
        .has_gateway = !septet_address_equal(&target, &destination),
        .interface = delivery->interface,
        .expires = ip->core->now + REDIRECT_LIFETIME,
    };
    route_learn(ip, &route);
    learn_link(ip, delivery, &target, TARGET + TARGET, NDP_OPTION_TARGET_LINK);
    return DONE;
}

static enum result router_advertisement(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    if (!follows_routers(ip, delivery))
        return IGNORED;
    if (!address_is_link_local(&delivery->ip.source) || !options_valid(delivery, SLAAC_FIXED))
        return INVALID;
    slaac_advertised(ip, delivery);
    learn_link(ip, delivery, &delivery->ip.source, SLAAC_FIXED, NDP_OPTION_SOURCE_LINK);
    const uint32_t router = neighbor_find(ip, delivery->interface, &delivery->ip.source);
    if (router != 0)
        neighbor_at(ip, router)->is_router = true;
    return DONE;
}

/* RFC 4861 sections 6.1, 7.1 and 8.1; RFC 6980: no fragments. The source :: is for those who have no address yet. */
static bool message_valid(const struct ip_delivery *delivery)
{
    if (delivery->ip.ttl != HOP_LIMIT || delivery->icmp.code != 0 || delivery->ip.fragmented ||
        delivery->interface == IP_LOOP || delivery->span_count != 0)
        return false;
    return !address_is_any(&delivery->ip.source) || delivery->icmp.type == ICMPV6_NEIGHBOR_SOLICITATION;
}

static enum result dispatch(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    if (!message_valid(delivery))
        return INVALID;
    switch (delivery->icmp.type) {
    case ICMPV6_NEIGHBOR_SOLICITATION:
        return solicitation(ip, delivery);
    case ICMPV6_NEIGHBOR_ADVERTISEMENT:
        return advertisement(ip, delivery);
    case ICMPV6_ROUTER_ADVERTISEMENT:
        return router_advertisement(ip, delivery);
    case ICMPV6_REDIRECT:
        return redirect(ip, delivery);
    default:
        return IGNORED;
    }
}

void ndp_input(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    const enum result result = dispatch(ip, delivery);
    if (result == DONE)
        return;
    core_drop_packet(ip->core, result == INVALID ? SEPTET_DROP_ndp_invalid : SEPTET_DROP_ndp_ignored, PROTOCOL_ICMPV6,
                     delivery->interface);
}
