#include "ip/slaac.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "ip/address.h"
#include "ip/interface.h"
#include "ip/route.h"
#include "wire/icmp.h"

#define PREFIX_LENGTH 64
#define PREFIX_OPTION 32
#define PREFIX_ON_LINK 0x80
#define PREFIX_AUTONOMOUS 0x40
#define MTU_OPTION 8
#define INFINITE UINT32_MAX
#define TWO_HOURS (7200 * SEPTET_SECOND)
#define IDGEN_RETRIES 3
#define SOLICITATION_DELAY_US 1000000
/* What routers may ask for, in ms: an hour (RFC 4861 section 6.2.1), and no storm of solicitations. */
#define REACHABLE_LEAST 1000
#define REACHABLE_MOST 3600000
#define RETRANS_LEAST 100
#define RETRANS_MOST 10000

/* RFC 7217 section 5: a function of prefix, interface, count of duplicates and secret. */
static struct septet_address make_address(const struct ip_layer *ip, const struct septet_address *prefix,
                                          uint16_t interface, uint8_t retries)
{
    struct septet_address address = *prefix;
    uint8_t input[17];
    memcpy(input, prefix->bytes, 8);
    memcpy(input + 8, ip->interfaces[interface].link.mac, 6);
    store16(input + 14, interface);
    input[16] = retries;
    store64(address.bytes + 8, siphash24(&ip->core->secret, input, sizeof input));
    return address;
}

static bool add(struct ip_layer *ip, const struct septet_address *prefix, uint16_t interface, uint8_t retries,
                enum ip_address_origin origin, uint32_t *slot)
{
    const struct septet_address address = make_address(ip, prefix, interface, retries);
    if (ip_address_add(ip, interface, &address, PREFIX_LENGTH, false, origin, slot) != SEPTET_OK)
        return false;
    ip->addresses[*slot].retries = retries;
    return true;
}

void slaac_link_local(struct ip_layer *ip, uint16_t interface, uint8_t retries)
{
    static const struct septet_address prefix = {{0xfe, 0x80}};
    uint32_t slot;
    add(ip, &prefix, interface, retries, IP_ADDRESS_LINK_LOCAL, &slot);
}

void slaac_link_local_usable(struct ip_layer *ip, uint16_t index)
{
    struct ip_interface *interface = &ip->interfaces[index];
    if (ip->core->config.forwarding)
        return;
    interface->solicitations = 0;
    interface->solicit_at = ip->core->now + random_below(&ip->core->random, SOLICITATION_DELAY_US) * SEPTET_MICROSECOND;
    ip_interface_schedule(ip, interface);
}

void slaac_duplicate(struct ip_layer *ip, uint32_t slot)
{
    const struct ip_address was = ip->addresses[slot];
    const struct septet_address prefix = address_prefix(&was.address, PREFIX_LENGTH);
    uint32_t now;
    if (was.retries >= IDGEN_RETRIES)
        return;
    ip_address_drop(ip, slot);
    if (!add(ip, &prefix, was.interface, (uint8_t)(was.retries + 1), was.origin, &now))
        return;
    ip->addresses[now].preferred_until = was.preferred_until;
    ip->addresses[now].valid_until = was.valid_until;
    ip_address_schedule(ip, &ip->addresses[now]);
}

static int64_t lifetime_end(const struct ip_layer *ip, uint32_t seconds)
{
    return seconds == INFINITE ? SEPTET_NEVER : ip->core->now + seconds * SEPTET_SECOND;
}

static bool find_autoconfigured(const struct ip_layer *ip, uint16_t interface, const struct septet_address *prefix,
                                uint32_t *slot)
{
    for (*slot = 0; *slot < ip->address_high; ++*slot) {
        const struct ip_address *address = &ip->addresses[*slot];
        if (address->state != IP_ADDRESS_NONE && address->origin == IP_ADDRESS_SLAAC &&
            address->interface == interface && address_in_prefix(&address->address, prefix, PREFIX_LENGTH))
            return true;
    }
    return false;
}

/* RFC 4862 section 5.5.3 (e): nobody can take an address away within two hours by a forged advertisement. */
static int64_t valid_until(const struct ip_layer *ip, const struct ip_address *address, int64_t advertised)
{
    const int64_t soon = ip->core->now + TWO_HOURS;
    if (advertised > soon || advertised > address->valid_until)
        return advertised;
    return address->valid_until <= soon ? address->valid_until : soon;
}

static void autoconfigure(struct ip_layer *ip, uint16_t interface, const struct septet_address *prefix, uint32_t valid,
                          uint32_t preferred)
{
    uint32_t slot;
    if (find_autoconfigured(ip, interface, prefix, &slot)) {
        struct ip_address *known = &ip->addresses[slot];
        known->preferred_until = lifetime_end(ip, preferred);
        known->valid_until = valid_until(ip, known, lifetime_end(ip, valid));
        ip_address_schedule(ip, known);
        return;
    }
    if (valid == 0 || !add(ip, prefix, interface, 0, IP_ADDRESS_SLAAC, &slot))
        return;
    ip->addresses[slot].preferred_until = lifetime_end(ip, preferred);
    ip->addresses[slot].valid_until = lifetime_end(ip, valid);
    ip_address_schedule(ip, &ip->addresses[slot]);
}

static void prefix_option(struct ip_layer *ip, uint16_t interface, const struct ndp_option *option)
{
    if (option->length != PREFIX_OPTION || option->bytes[2] > 128)
        return;
    const uint8_t length = option->bytes[2], flags = option->bytes[3];
    const uint32_t valid = load32(option->bytes + 4), preferred = load32(option->bytes + 8);
    struct septet_address prefix;
    memcpy(prefix.bytes, option->bytes + 16, sizeof prefix.bytes);
    prefix = address_prefix(&prefix, length);
    if (address_is_link_local(&prefix) || address_is_multicast(&prefix) || septet_address_is_ipv4(&prefix) ||
        preferred > valid || length == 0)
        return;
    if ((flags & PREFIX_ON_LINK) != 0) {
        const struct route route = {
            .prefix = prefix,
            .prefix_length = length,
            .origin = ROUTE_PREFIX,
            .interface = interface,
            .expires = lifetime_end(ip, valid),
        };
        route_learn(ip, &route);
    }
    if ((flags & PREFIX_AUTONOMOUS) != 0 && length == PREFIX_LENGTH)
        autoconfigure(ip, interface, &prefix, valid, preferred);
}

static void mtu_option(struct ip_layer *ip, uint16_t index, const struct ndp_option *option)
{
    struct ip_interface *interface = &ip->interfaces[index];
    const uint32_t mtu = option->length == MTU_OPTION ? load32(option->bytes + 4) : 0;
    if (mtu < IPV6_MTU_LEAST || mtu > interface->link.mtu || mtu == interface->mtu_ipv6)
        return;
    interface->mtu_ipv6 = mtu;
    ip_paths_changed(ip);
}

static void timers(struct ip_interface *interface, uint32_t reachable, uint32_t retrans)
{
    if (reachable >= REACHABLE_LEAST && reachable <= REACHABLE_MOST)
        interface->reachable_time = reachable * SEPTET_MILLISECOND;
    if (retrans >= RETRANS_LEAST && retrans <= RETRANS_MOST)
        interface->retrans_timer = retrans * SEPTET_MILLISECOND;
}

static void default_router(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    const uint32_t lifetime = delivery->icmp.rest & 0xffff;
    const struct route route = {
        .gateway = delivery->ip.source,
        .origin = ROUTE_ROUTER,
        .has_gateway = true,
        .interface = delivery->interface,
        .expires = ip->core->now + lifetime * SEPTET_SECOND,
    };
    route_learn(ip, &route);
}

/* The advertised hop limit is left alone: a forged one could keep us from the world. */
void slaac_advertised(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    const uint8_t *body = delivery->icmp.body;
    struct ip_interface *interface = &ip->interfaces[delivery->interface];
    struct ndp_cursor cursor = {.at = body + SLAAC_FIXED, .left = delivery->icmp.body_length - SLAAC_FIXED};
    struct ndp_option option;
    interface->solicit_at = SEPTET_NEVER;
    timers(interface, load32(body), load32(body + 4));
    default_router(ip, delivery);
    for (uint32_t prefixes = 0; ndp_option_next(&cursor, &option);) {
        if (option.type == NDP_OPTION_PREFIX && prefixes++ < IP_AUTO_PREFIXES)
            prefix_option(ip, delivery->interface, &option);
        else if (option.type == NDP_OPTION_MTU)
            mtu_option(ip, delivery->interface, &option);
    }
}
