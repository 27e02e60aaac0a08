#include "base/arithmetic.h"
#include "base/bytes.h"
#include "wire/ip_read.h"

static enum wire_error read_ipv4(const uint8_t *bytes, uint32_t length, struct ip *ip)
{
    if (length < IPV4_HEADER)
        return wire_truncated;
    ipv4_read_fixed(bytes, ip);
    uint32_t total_length = load16(bytes + 2);
    if (total_length == 0)
        total_length = length;
    if (ip->header_length < IPV4_HEADER)
        return wire_header_length;
    if (ip->header_length > length)
        return wire_truncated;
    if (total_length < ip->header_length)
        return wire_total_length;
    ip->payload_length = total_length - ip->header_length;
    return ipv4_read_options(bytes + IPV4_HEADER, ip->header_length - IPV4_HEADER, ip);
}

static enum wire_error read_ipv6(const uint8_t *bytes, uint32_t length, struct ip *ip)
{
    if (length < IPV6_HEADER)
        return wire_truncated;
    ipv6_read_fixed(bytes, ip);
    uint32_t total_length = IPV6_HEADER + (ip->payload_length != 0 ? ip->payload_length : length - IPV6_HEADER);
    struct ipv6_chain chain = {
        .bytes = bytes,
        .at = IPV6_HEADER,
        .end = min_u32(length, total_length),
        .next = ip->protocol,
        .next_at = ip->next_header_at,
        .packet_start = true,
    };
    enum wire_error error = ipv6_walk(&chain, ip);
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

enum wire_error ip_parse_cut(const uint8_t *bytes, uint32_t length, struct ip *ip)
{
    if (length == 0)
        return wire_truncated;
    if (bytes[0] >> 4 == 4)
        return read_ipv4(bytes, length, ip);
    if (bytes[0] >> 4 == 6)
        return read_ipv6(bytes, length, ip);
    return wire_version;
}
