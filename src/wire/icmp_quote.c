#include "base/arithmetic.h"
#include "base/bytes.h"
#include "wire/icmp.h"
#include "wire/ip_read.h"

#define QUOTED_TRANSPORT_LEAST 8
/* RFC 4884 section 4: a quote that extensions follow is padded to at least this. */
#define EXTENDED_QUOTE_LEAST 128

/* Bytes of the body that belong to the quote: extensions behind it (RFC 4884) are left out. */
static uint32_t quote_length(const struct icmp *icmp, uint8_t version)
{
    uint32_t length = 0;
    if (version == 4)
        length = (icmp->rest >> 16 & 255) * 4;
    else if (icmp->type == ICMPV6_UNREACHABLE || icmp->type == ICMPV6_TIME_EXCEEDED)
        length = (icmp->rest >> 24) * 8;
    if (version == 4 && icmp->type != ICMPV4_UNREACHABLE && icmp->type != ICMPV4_TIME_EXCEEDED &&
        icmp->type != ICMPV4_PARAMETER_PROBLEM)
        length = 0;
    return length < EXTENDED_QUOTE_LEAST ? icmp->body_length : min_u32(length, icmp->body_length);
}

static enum wire_error read_ipv4(const uint8_t *bytes, uint32_t length, struct ip *ip)
{
    if (length < IPV4_HEADER)
        return wire_truncated;
    if (bytes[0] >> 4 != 4)
        return wire_version;
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
    return wire_none;
}

static enum wire_error read_ipv6(const uint8_t *bytes, uint32_t length, struct ip *ip)
{
    if (length < IPV6_HEADER)
        return wire_truncated;
    if (bytes[0] >> 4 != 6)
        return wire_version;
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

enum wire_error icmp_parse_quote(const struct icmp *icmp, uint8_t version, struct icmp_quote *quote)
{
    uint32_t length = quote_length(icmp, version);
    enum wire_error error =
        version == 6 ? read_ipv6(icmp->body, length, &quote->ip) : read_ipv4(icmp->body, length, &quote->ip);
    if (error != wire_none)
        return error;
    quote->transport = icmp->body + quote->ip.header_length;
    quote->transport_length = min_u32(length - quote->ip.header_length, quote->ip.payload_length);
    return quote->transport_length < QUOTED_TRANSPORT_LEAST ? wire_truncated : wire_none;
}
