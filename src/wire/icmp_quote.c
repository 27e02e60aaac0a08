#include "base/arithmetic.h"
#include "wire/icmp.h"

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

enum wire_error icmp_parse_quote(const struct icmp *icmp, uint8_t version, struct icmp_quote *quote)
{
    uint32_t length = quote_length(icmp, version);
    if (length > 0 && icmp->body[0] >> 4 != version)
        return wire_version;
    enum wire_error error = ip_parse_cut(icmp->body, length, &quote->ip);
    if (error != wire_none)
        return error;
    quote->transport = icmp->body + quote->ip.header_length;
    quote->transport_length = min_u32(length - quote->ip.header_length, quote->ip.payload_length);
    return quote->transport_length < QUOTED_TRANSPORT_LEAST ? wire_truncated : wire_none;
}
