#include "base/arithmetic.h"
#include "ip/address.h"

/* RFC 6724 section 5, as far as hosts with a few addresses need it: rules 1, 2, 3, 5, 6 and 8. */

struct rank {
    bool same, scope_covers, preferred, on_interface, label_matches;
    uint8_t scope, common;
};

enum { SCOPE_LINK = 2, SCOPE_GLOBAL = 14 };

/* Multicast carries its scope; private IPv4 counts as global (RFC 6724 section 3.2). */
static uint8_t scope_of(const struct septet_address *address)
{
    if (!septet_address_is_ipv4(address) && address_is_multicast(address))
        return address->bytes[1] & 15;
    return address_is_link_local(address) || address_is_loopback(address) ? SCOPE_LINK : SCOPE_GLOBAL;
}

/* The policy table of RFC 6724 section 2.1. */
static uint8_t label_of(const struct septet_address *address)
{
    const uint8_t *bytes = address->bytes;
    if (septet_address_is_ipv4(address))
        return 4;
    if (address_is_loopback(address))
        return 0;
    if (bytes[0] == 0x20 && bytes[1] == 0x02)
        return 2;
    if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0)
        return 5;
    return (bytes[0] & 0xfe) == 0xfc ? 13 : 1;
}

/* Equal leading bits, of the prefix only: what follows is chance. */
static uint8_t common_prefix(const struct ip_address *source, const struct septet_address *destination)
{
    uint32_t bits = 0;
    while (bits < 128 && source->address.bytes[bits / 8] == destination->bytes[bits / 8])
        bits += 8;
    if (bits < 128) {
        const uint32_t differ = (uint32_t)source->address.bytes[bits / 8] ^ destination->bytes[bits / 8];
        bits += (uint32_t)__builtin_clz(differ) - 24;
    }
    return (uint8_t)min_u32(bits, source->prefix_length);
}

static struct rank rank_of(const struct ip_layer *ip, const struct ip_address *source, uint16_t interface,
                           const struct septet_address *destination)
{
    return (struct rank){
        .same = septet_address_equal(&source->address, destination),
        .scope = scope_of(&source->address),
        .scope_covers = scope_of(&source->address) >= scope_of(destination),
        .preferred = ip->core->now < source->preferred_until,
        .on_interface = source->interface == interface,
        .label_matches = label_of(&source->address) == label_of(destination),
        .common = common_prefix(source, destination),
    };
}

static bool better(const struct rank *a, const struct rank *b)
{
    if (a->same != b->same)
        return a->same;
    if (a->scope_covers != b->scope_covers)
        return a->scope_covers;
    if (a->scope != b->scope)
        return a->scope_covers ? a->scope < b->scope : a->scope > b->scope;
    if (a->preferred != b->preferred)
        return a->preferred;
    if (a->on_interface != b->on_interface)
        return a->on_interface;
    if (a->label_matches != b->label_matches)
        return a->label_matches;
    return a->common > b->common;
}

/* An address of one link means nothing on another. */
static bool candidate(const struct ip_address *address, uint16_t interface, bool ipv4)
{
    return address->state == IP_ADDRESS_USABLE && septet_address_is_ipv4(&address->address) == ipv4 &&
           (address->interface == interface || !address_is_link_local(&address->address));
}

bool source_select(const struct ip_layer *ip, uint16_t interface, const struct septet_address *destination,
                   struct septet_address *source)
{
    const bool ipv4 = septet_address_is_ipv4(destination);
    struct rank best = {0};
    bool found = false;
    for (uint32_t slot = 0; slot < ip->address_high; slot++) {
        const struct ip_address *address = &ip->addresses[slot];
        if (!candidate(address, interface, ipv4))
            continue;
        const struct rank rank = rank_of(ip, address, interface, destination);
        if (found && !better(&rank, &best))
            continue;
        found = true;
        best = rank;
        *source = address->address;
    }
    return found;
}

bool source_on_link(const struct ip_layer *ip, uint16_t interface, const struct septet_address *neighbor,
                    struct septet_address *source)
{
    struct rank best = {0};
    bool found = false;
    for (uint32_t slot = 0; slot < ip->address_high; slot++) {
        const struct ip_address *address = &ip->addresses[slot];
        if (address->interface != interface || !candidate(address, interface, septet_address_is_ipv4(neighbor)))
            continue;
        const struct rank rank = rank_of(ip, address, interface, neighbor);
        if (found && !better(&rank, &best))
            continue;
        found = true;
        best = rank;
        *source = address->address;
    }
    return found;
}
