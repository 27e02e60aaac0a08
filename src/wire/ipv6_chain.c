#include "base/bytes.h"
#include "wire/icmp.h"
#include "wire/ip_read.h"

#define EXTENSION_HEADERS_MAX 8
#define EXTENSION_BYTES_MAX 512

#define OPTION_PAD1 0
#define OPTION_PADN 1
#define OPTION_ROUTER_ALERT 5

static void set_problem(struct ip *ip, uint8_t code, uint32_t pointer)
{
    ip->problem_code = code;
    ip->problem_pointer = pointer;
}

/* RFC 8200 section 4.2: the two highest bits of an unknown option's type say what to do. */
static enum wire_error unknown_option(uint8_t type, uint32_t pointer, struct ip *ip)
{
    switch (type >> 6) {
    case 0:
        return wire_none;
    case 1:
        return wire_option;
    case 3:
        if (address_is_multicast(&ip->destination))
            return wire_option;
        break;
    default:
        break;
    }
    set_problem(ip, ICMPV6_UNKNOWN_OPTION, pointer);
    return wire_none;
}

/* `header` is a hop-by-hop or destination options header of `length` bytes, present in full. */
static enum wire_error read_options(const uint8_t *header, uint32_t length, uint32_t pointer, struct ip *ip)
{
    uint32_t step = 1;
    for (uint32_t at = 2; at < length && ip->problem_code == NO_PROBLEM; at += step) {
        uint8_t type = header[at];
        step = 1;
        if (type == OPTION_PAD1)
            continue;
        uint32_t left = length - at;
        if (left < 2 || header[at + 1] > left - 2)
            return wire_option;
        step = 2u + header[at + 1];
        if (type == OPTION_PADN)
            continue;
        if (type == OPTION_ROUTER_ALERT && step == 4) {
            ip->router_alert = true;
            continue;
        }
        enum wire_error error = unknown_option(type, pointer + at, ip);
        if (error != wire_none)
            return error;
    }
    return wire_none;
}

/* RFC 8200 section 4.4 and RFC 5095: this host follows no source route of any type; a route that
 * has been travelled to its end is passed over. */
static void read_routing(const uint8_t *header, uint32_t pointer, struct ip *ip)
{
    if (header[3] == 0)
        return;
    ip->source_route = true;
    set_problem(ip, ICMPV6_ERRONEOUS_FIELD, pointer + 2);
}

static enum wire_error read_fragment(struct ipv6_chain *chain, struct ip *ip)
{
    /* A fragment of a fragment: only one fragment header may stand in a packet. */
    if (ip->fragmented)
        return wire_extension_chain;
    const uint8_t *header = chain->bytes + chain->at;
    uint16_t offset_and_more = load16(header + 2);
    ip->fragmented = true;
    ip->fragment_offset = offset_and_more & 0xfff8;
    ip->more_fragments = (offset_and_more & 1) != 0;
    ip->identification = load32(header + 4);
    ip->unfragmentable = (uint16_t)chain->at;
    chain->next = header[0];
    chain->at += IPV6_FRAGMENT_HEADER;
    chain->packet_start = false;
    return wire_none;
}

static bool is_extension(uint8_t next_header)
{
    return next_header == PROTOCOL_HOP_BY_HOP || next_header == PROTOCOL_ROUTING || next_header == PROTOCOL_FRAGMENT ||
           next_header == PROTOCOL_DESTINATION_OPTIONS;
}

enum wire_error ipv6_walk(struct ipv6_chain *chain, struct ip *ip)
{
    uint32_t start = chain->at;
    for (uint32_t headers = 0; is_extension(chain->next); headers++) {
        if (headers == EXTENSION_HEADERS_MAX || chain->end - chain->at < 8)
            return wire_extension_chain;
        if (chain->next == PROTOCOL_FRAGMENT)
            return read_fragment(chain, ip);
        if (chain->next == PROTOCOL_HOP_BY_HOP && !(chain->packet_start && headers == 0) && !chain->passing) {
            set_problem(ip, ICMPV6_UNKNOWN_NEXT_HEADER, chain->next_at);
            return wire_none;
        }
        const uint8_t *header = chain->bytes + chain->at;
        uint32_t length = (header[1] + 1u) * 8;
        if (length > chain->end - chain->at || chain->at - start + length > EXTENSION_BYTES_MAX)
            return wire_extension_chain;
        uint32_t pointer = chain->base + chain->at;
        if (chain->next == PROTOCOL_ROUTING && !chain->passing) {
            read_routing(header, pointer, ip);
        } else if (!chain->passing) {
            enum wire_error error = read_options(header, length, pointer, ip);
            if (error != wire_none)
                return error;
        }
        if (ip->problem_code != NO_PROBLEM)
            return wire_none;
        chain->next = header[0];
        chain->next_at = pointer;
        chain->at += length;
    }
    return wire_none;
}
