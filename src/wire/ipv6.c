#include "base/bytes.h"
#include "base/memory.h"
#include "wire/icmp.h"
#include "wire/ip_read.h"
#include "wire/tcp.h"
#include "wire/udp.h"

void ipv6_read_fixed(const uint8_t *bytes, struct ip *ip)
{
    uint32_t first_word = load32(bytes);
    *ip = (struct ip){
        .version = 6,
        .protocol = bytes[6],
        .ttl = bytes[7],
        .traffic_class = (uint8_t)(first_word >> 20),
        .flow_label = first_word & 0xfffff,
        .header_length = IPV6_HEADER,
        .next_header_at = 6,
        .payload_length = load16(bytes + 4),
        .problem_code = NO_PROBLEM,
    };
    memcpy(ip->source.bytes, bytes + 8, 16);
    memcpy(ip->destination.bytes, bytes + 24, 16);
}

static uint32_t least_transport_header(uint8_t protocol)
{
    switch (protocol) {
    case PROTOCOL_TCP:
        return TCP_HEADER;
    case PROTOCOL_UDP:
        return UDP_HEADER;
    case PROTOCOL_ICMPV6:
        return ICMP_HEADER;
    default:
        return 0;
    }
}

/* RFC 7112 section 5: a first fragment carries the whole chain and the transport header. */
static bool first_fragment_complete(struct ipv6_chain chain, struct ip scratch)
{
    enum wire_error error = ipv6_walk(&chain, &scratch);
    if (error == wire_extension_chain)
        return false;
    /* Options that call for an answer get it after reassembly. */
    if (error != wire_none || scratch.problem_code != NO_PROBLEM)
        return true;
    return chain.end - chain.at >= least_transport_header(chain.next);
}

/* A packet with a problem has nothing that may be delivered, even if the caller never looks at problem_code. */
static void finish(const struct ipv6_chain *chain, struct ip *ip)
{
    bool deliverable = ip->problem_code == NO_PROBLEM;
    ip->protocol = deliverable ? chain->next : PROTOCOL_NO_NEXT;
    ip->header_length = (uint16_t)chain->at;
    ip->next_header_at = (uint16_t)chain->next_at;
    ip->payload_length = deliverable ? chain->end - chain->at : 0;
}

static enum wire_error walk_packet(const uint8_t *bytes, struct ip *ip)
{
    struct ipv6_chain chain = {
        .bytes = bytes,
        .at = IPV6_HEADER,
        .end = IPV6_HEADER + ip->payload_length,
        .next = ip->protocol,
        .next_at = ip->next_header_at,
        .packet_start = true,
    };
    enum wire_error error = ipv6_walk(&chain, ip);
    if (error != wire_none)
        return error;
    if (ip->fragmented && ip->fragment_offset == 0 && ip->problem_code == NO_PROBLEM &&
        !first_fragment_complete(chain, *ip)) {
        ip->problem_code = ICMPV6_INCOMPLETE_CHAIN;
        ip->problem_pointer = 0;
    }
    finish(&chain, ip);
    return wire_none;
}

static bool is_transport(uint8_t next_header)
{
    return next_header == PROTOCOL_TCP || next_header == PROTOCOL_UDP || next_header == PROTOCOL_ICMPV6;
}

enum wire_error ipv6_parse(const uint8_t *bytes, uint32_t length, struct ip *ip)
{
    if (length < IPV6_HEADER)
        return wire_truncated;
    if (bytes[0] >> 4 != 6)
        return wire_version;
    ipv6_read_fixed(bytes, ip);
    if (ip->payload_length == 0)
        ip->payload_length = length - IPV6_HEADER;
    if (ip->payload_length > length - IPV6_HEADER)
        return wire_total_length;
    return is_transport(ip->protocol) ? wire_none : walk_packet(bytes, ip);
}

enum wire_error ipv6_parse_chain(const uint8_t *bytes, uint32_t length, uint8_t first_header, struct ip *ip)
{
    struct ipv6_chain chain = {
        .bytes = bytes,
        .end = length,
        .base = ip->unfragmentable,
        .next = first_header,
        .next_at = ip->next_header_at,
    };
    struct ip behind = *ip;
    behind.problem_code = NO_PROBLEM;
    enum wire_error error = ipv6_walk(&chain, &behind);
    if (error != wire_none)
        return error;
    finish(&chain, &behind);
    *ip = behind;
    return wire_none;
}

void ipv6_build(uint8_t *bytes, const struct ip_fields *fields, uint32_t payload_length)
{
    store32(bytes, 6u << 28 | (uint32_t)fields->traffic_class << 20 | (fields->flow_label & 0xfffff));
    store16(bytes + 4, payload_length > UINT16_MAX ? 0 : (uint16_t)payload_length);
    bytes[6] = fields->protocol;
    bytes[7] = fields->ttl;
    memcpy(bytes + 8, fields->source.bytes, 16);
    memcpy(bytes + 24, fields->destination.bytes, 16);
}
