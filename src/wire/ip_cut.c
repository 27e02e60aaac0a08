#include "base/arithmetic.h"
#include "base/bytes.h"
#include "wire/ip_read.h"

/* What is known of the size of a packet, and how its headers are read. */
struct cut {
    uint32_t present; /* bytes that are here */
    uint32_t whole;   /* bytes that there were, for a length field of 0 */
    bool passing;     /* as in struct ipv6_chain */
};

static enum wire_error read_ipv4(const uint8_t *bytes, const struct cut *cut, struct ip *ip)
{
    if (cut->present < IPV4_HEADER)
        return wire_truncated;
    ipv4_read_fixed(bytes, ip);
    uint32_t total_length = load16(bytes + 2);
    if (total_length == 0)
        total_length = cut->whole;
    if (ip->header_length < IPV4_HEADER)
        return wire_header_length;
    if (ip->header_length > cut->present)
        return wire_truncated;
    if (total_length < ip->header_length)
        return wire_total_length;
    ip->payload_length = total_length - ip->header_length;
    enum wire_error error = ip->header_length == IPV4_HEADER
                                ? wire_none
                                : ipv4_read_options(bytes + IPV4_HEADER, ip->header_length - (uint32_t)IPV4_HEADER, ip);
    return cut->passing ? wire_none : error;
}

static bool is_atomic_fragment(const struct ip *ip)
{
    return ip->fragmented && ip->fragment_offset == 0 && !ip->more_fragments;
}

static enum wire_error read_ipv6(const uint8_t *bytes, const struct cut *cut, struct ip *ip)
{
    if (cut->present < IPV6_HEADER)
        return wire_truncated;
    ipv6_read_fixed(bytes, ip);
    uint32_t total_length = IPV6_HEADER + (ip->payload_length != 0 ? ip->payload_length : cut->whole - IPV6_HEADER);
    struct ipv6_chain chain = {
        .bytes = bytes,
        .at = IPV6_HEADER,
        .end = min_u32(cut->present, total_length),
        .next = ip->protocol,
        .next_at = ip->next_header_at,
        .packet_start = true,
        .passing = cut->passing,
    };
    enum wire_error error = ipv6_walk(&chain, ip);
    if (error == wire_none && cut->passing && is_atomic_fragment(ip))
        error = ipv6_walk(&chain, ip);
    if (error != wire_none)
        return error;
    if (ip->problem_code != NO_PROBLEM)
        return wire_extension_chain;
    ip->protocol = chain.next;
    ip->header_length = (uint16_t)chain.at;
    ip->next_header_at = (uint16_t)chain.next_at;
    ip->payload_length = total_length - chain.at;
    return wire_none;
}

static enum wire_error read_either(const uint8_t *bytes, const struct cut *cut, struct ip *ip)
{
    if (cut->present == 0)
        return wire_truncated;
    if (bytes[0] >> 4 == 4)
        return read_ipv4(bytes, cut, ip);
    if (bytes[0] >> 4 == 6)
        return read_ipv6(bytes, cut, ip);
    return wire_version;
}

enum wire_error ip_parse_cut(const uint8_t *bytes, uint32_t length, struct ip *ip)
{
    return read_either(bytes, &(struct cut){.present = length, .whole = length}, ip);
}

enum wire_error ip_parse_passing(const uint8_t *bytes, uint32_t present, uint32_t whole, struct ip *ip)
{
    return read_either(bytes, &(struct cut){present, whole < present ? present : whole, true}, ip);
}
