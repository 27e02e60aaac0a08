#include "ip/icmp_input.h"

#include "base/checksum.h"
#include "ip/address.h"
#include "ip/icmp_output.h"
#include "ip/mld.h"
#include "ip/ndp.h"
#include "wire/icmp.h"

static enum ip_verdict drop(struct ip_layer *ip, const struct ip_delivery *delivery, enum septet_drop reason)
{
    core_drop_packet(ip->core, reason, delivery->ip.protocol, delivery->interface);
    return IP_CONSUMED;
}

static bool checksum_right(const struct ip_delivery *delivery)
{
    struct checksum checksum = {0};
    if (delivery->ip.version == 6)
        ip_pseudo_checksum(&checksum, &delivery->ip.source, &delivery->ip.destination, PROTOCOL_ICMPV6,
                           delivery->payload_length);
    checksum_add(&checksum, delivery->transport, delivery->transport_length);
    for (uint32_t i = 0; i < delivery->span_count; i++)
        checksum_add(&checksum, delivery->spans[i].data, delivery->spans[i].length);
    return checksum_finish(&checksum) == 0;
}

/* RFC 1191 section 7: what an old router that names no MTU may have meant. */
static uint32_t plateau_below(uint32_t length)
{
    static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};
    for (uint32_t i = 0; i < sizeof plateaus / sizeof plateaus[0]; i++)
        if (plateaus[i] < length)
            return plateaus[i];
    return 68;
}

static bool classify_unreachable_ipv4(struct ip_delivery *delivery)
{
    switch (delivery->icmp.code) {
    case ICMPV4_PROTOCOL_UNREACHABLE:
        delivery->error = SEPTET_PROTOCOL_UNREACHABLE;
        delivery->hard = true;
        return true;
    case ICMPV4_PORT_UNREACHABLE:
        delivery->error = SEPTET_CONNECTION_REFUSED;
        delivery->hard = true;
        return true;
    case ICMPV4_FRAGMENTATION_NEEDED:
        delivery->error = SEPTET_FRAGMENTATION_NEEDED;
        delivery->mtu = delivery->icmp.rest & 0xffff;
        if (delivery->mtu == 0)
            delivery->mtu = plateau_below(delivery->quote.ip.payload_length + delivery->quote.ip.header_length);
        return true;
    case ICMPV4_NET_UNREACHABLE:
    case ICMPV4_SOURCE_ROUTE_FAILED:
    case ICMPV4_NET_UNKNOWN:
    case ICMPV4_NET_PROHIBITED:
    case ICMPV4_NET_SERVICE:
        delivery->error = SEPTET_NETWORK_UNREACHABLE;
        return true;
    default:
        delivery->error = SEPTET_HOST_UNREACHABLE;
        return delivery->icmp.code <= ICMPV4_ADMIN_PROHIBITED + 2;
    }
}

/* RFC 9293 section 3.9.2.2. */
static bool classify_ipv4(struct ip_delivery *delivery)
{
    if (delivery->icmp.type == ICMPV4_UNREACHABLE)
        return classify_unreachable_ipv4(delivery);
    delivery->error = SEPTET_HOST_UNREACHABLE;
    return delivery->icmp.code <= 2;
}

static bool classify_ipv6(struct ip_delivery *delivery)
{
    delivery->error = SEPTET_HOST_UNREACHABLE;
    switch (delivery->icmp.type) {
    case ICMPV6_UNREACHABLE:
        if (delivery->icmp.code == ICMPV6_NO_ROUTE)
            delivery->error = SEPTET_NETWORK_UNREACHABLE;
        if (delivery->icmp.code == ICMPV6_PORT_UNREACHABLE) {
            delivery->error = SEPTET_CONNECTION_REFUSED;
            delivery->hard = true;
        }
        return delivery->icmp.code <= ICMPV6_ROUTE_REJECTED + 2;
    case ICMPV6_PACKET_TOO_BIG:
        delivery->error = SEPTET_FRAGMENTATION_NEEDED;
        delivery->mtu = delivery->icmp.rest;
        return delivery->mtu >= IPV6_MTU_LEAST; /* RFC 8201 section 4 */
    case ICMPV6_PARAMETER_PROBLEM:
        if (delivery->icmp.code == ICMPV6_UNKNOWN_NEXT_HEADER)
            delivery->error = SEPTET_PROTOCOL_UNREACHABLE;
        return delivery->icmp.code <= ICMPV6_INCOMPLETE_CHAIN;
    default:
        return true;
    }
}

static bool quotes_echo_request(const struct icmp_quote *quote)
{
    if (quote->ip.version == 4)
        return quote->ip.protocol == PROTOCOL_ICMP && quote->transport[0] == ICMPV4_ECHO_REQUEST;
    return quote->ip.protocol == PROTOCOL_ICMPV6 && quote->transport[0] == ICMPV6_ECHO_REQUEST;
}

/* RFC 5927: what is quoted must be from us, and something that somebody above can recognise. */
static enum ip_verdict error_message(struct ip_layer *ip, struct ip_delivery *delivery)
{
    struct icmp_quote *quote = &delivery->quote;
    delivery->hard = false;
    delivery->mtu = 0;
    if (delivery->destination_multicast || delivery->link_multicast)
        return drop(ip, delivery, SEPTET_DROP_icmp_ignored);
    if (icmp_parse_quote(&delivery->icmp, delivery->ip.version, quote) != wire_none)
        return drop(ip, delivery, SEPTET_DROP_icmp_malformed);
    if (!(delivery->ip.version == 4 ? classify_ipv4(delivery) : classify_ipv6(delivery)))
        return drop(ip, delivery, SEPTET_DROP_icmp_ignored);
    if (!ip_is_local(ip, &quote->ip.source) || quote->ip.fragment_offset != 0 ||
        (quote->ip.protocol != PROTOCOL_TCP && quote->ip.protocol != PROTOCOL_UDP && !quotes_echo_request(quote)))
        return drop(ip, delivery, SEPTET_DROP_icmp_unmatched);
    return IP_ERROR;
}

static enum ip_verdict ipv4_message(struct ip_layer *ip, struct ip_delivery *delivery)
{
    switch (delivery->icmp.type) {
    case ICMPV4_ECHO_REQUEST:
        /* RFC 1122 section 3.2.2.6: nobody is made an amplifier. */
        if (delivery->destination_multicast || delivery->link_multicast)
            return drop(ip, delivery, SEPTET_DROP_icmp_ignored);
        icmp_echo_reply(ip, delivery);
        return IP_CONSUMED;
    case ICMPV4_ECHO_REPLY:
        return IP_ECHO;
    case ICMPV4_UNREACHABLE:
    case ICMPV4_TIME_EXCEEDED:
    case ICMPV4_PARAMETER_PROBLEM:
        return error_message(ip, delivery);
    default:
        return drop(ip, delivery, SEPTET_DROP_icmp_ignored);
    }
}

static enum ip_verdict ipv6_message(struct ip_layer *ip, struct ip_delivery *delivery)
{
    switch (delivery->icmp.type) {
    case ICMPV6_ECHO_REQUEST:
        /* RFC 4443 section 4.2 lets groups be pinged; here it is the link's at most. */
        if (delivery->destination_multicast && (delivery->ip.destination.bytes[1] & 15) > 2)
            return drop(ip, delivery, SEPTET_DROP_icmp_ignored);
        icmp_echo_reply(ip, delivery);
        return IP_CONSUMED;
    case ICMPV6_ECHO_REPLY:
        return IP_ECHO;
    case ICMPV6_UNREACHABLE:
    case ICMPV6_PACKET_TOO_BIG:
    case ICMPV6_TIME_EXCEEDED:
    case ICMPV6_PARAMETER_PROBLEM:
        return error_message(ip, delivery);
    case ICMPV6_ROUTER_SOLICITATION:
    case ICMPV6_ROUTER_ADVERTISEMENT:
    case ICMPV6_NEIGHBOR_SOLICITATION:
    case ICMPV6_NEIGHBOR_ADVERTISEMENT:
    case ICMPV6_REDIRECT:
        ndp_input(ip, delivery);
        return IP_CONSUMED;
    case ICMPV6_MLD_QUERY:
        return mld_query(ip, delivery) ? IP_CONSUMED : drop(ip, delivery, SEPTET_DROP_icmp_malformed);
    default:
        return drop(ip, delivery, SEPTET_DROP_icmp_ignored);
    }
}

enum ip_verdict icmp_input(struct ip_layer *ip, struct ip_delivery *delivery)
{
    COUNT(ip->core, IcmpInMsgs);
    if (icmp_parse(delivery->transport, delivery->transport_length, &delivery->ip, false, &delivery->icmp) != wire_none)
        return drop(ip, delivery, SEPTET_DROP_icmp_malformed);
    if (!checksum_right(delivery))
        return drop(ip, delivery, SEPTET_DROP_icmp_checksum);
    if (address_is_any(&delivery->ip.source) && delivery->icmp.type != ICMPV6_NEIGHBOR_SOLICITATION)
        return drop(ip, delivery, SEPTET_DROP_ip_source_invalid);
    return delivery->ip.version == 4 ? ipv4_message(ip, delivery) : ipv6_message(ip, delivery);
}
