#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/ip_read.h"
#include "wire/tcp.h"

#define IPV4_DO_NOT_FRAGMENT 0x4000
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_OFFSET_MASK 0x1fff

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_LOOSE_SOURCE_ROUTE 131
#define OPTION_STRICT_SOURCE_ROUTE 137
#define OPTION_ROUTER_ALERT 148

void ipv4_read_fixed(const uint8_t *bytes, struct ip *ip)
{
    uint16_t fragment = load16(bytes + 6);
    *ip = (struct ip){
        .source = address_from_ipv4(bytes + 12),
        .destination = address_from_ipv4(bytes + 16),
        .version = 4,
        .protocol = bytes[9],
        .ttl = bytes[8],
        .traffic_class = bytes[1],
        .identification = load16(bytes + 4),
        .fragment_offset = (uint16_t)((fragment & IPV4_OFFSET_MASK) * 8),
        .more_fragments = (fragment & IPV4_MORE_FRAGMENTS) != 0,
        .do_not_fragment = (fragment & IPV4_DO_NOT_FRAGMENT) != 0,
        .fragmented = (fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) != 0,
        .header_length = (uint16_t)((bytes[0] & 15) * 4),
        .problem_code = NO_PROBLEM,
    };
}

static bool header_checksum_right(const uint8_t *bytes, uint32_t header_length)
{
    uint64_t sum = 0;
    for (uint32_t at = 0; at < header_length; at += 4)
        sum += load32(bytes + at);
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return (sum >> 16) + (sum & 0xffff) == 0xffff;
}

/* RFC 791 section 3.1: every step but END and NOP has a length byte that counts itself and the type. */
enum wire_error ipv4_read_options(const uint8_t *options, uint32_t length, struct ip *ip)
{
    uint32_t step = 1;
    for (uint32_t at = 0; at < length; at += step) {
        uint8_t type = options[at];
        step = 1;
        if (type == OPTION_END)
            break;
        if (type == OPTION_NOP)
            continue;
        if (length - at < 2)
            return wire_option;
        step = options[at + 1];
        if (step < 2 || step > length - at)
            return wire_option;
        if (type == OPTION_LOOSE_SOURCE_ROUTE || type == OPTION_STRICT_SOURCE_ROUTE)
            ip->source_route = true;
        else if (type == OPTION_ROUTER_ALERT && step == 4)
            ip->router_alert = true;
    }
    return wire_none;
}

/* RFC 1858 and 3128: a fragment border inside the TCP header hides ports or flags from filters;
 * no honest path has an MTU that small. */
static bool cuts_tcp_header(const struct ip *ip)
{
    if (!ip->fragmented || ip->protocol != PROTOCOL_TCP)
        return false;
    return ip->fragment_offset == 0 ? ip->payload_length < TCP_HEADER : ip->fragment_offset < TCP_HEADER;
}

enum wire_error ipv4_parse(const uint8_t *bytes, uint32_t length, bool verify, struct ip *ip)
{
    if (length < IPV4_HEADER)
        return wire_truncated;
    if (bytes[0] >> 4 != 4)
        return wire_version;
    uint32_t header_length = (bytes[0] & 15u) * 4;
    if (header_length < IPV4_HEADER)
        return wire_header_length;
    if (header_length > length)
        return wire_truncated;
    uint32_t total_length = load16(bytes + 2);
    if (total_length == 0)
        total_length = length;
    if (total_length < header_length || total_length > length)
        return wire_total_length;
    if (verify && !header_checksum_right(bytes, header_length))
        return wire_checksum;
    ipv4_read_fixed(bytes, ip);
    ip->payload_length = total_length - header_length;
    if (header_length > IPV4_HEADER) {
        enum wire_error error = ipv4_read_options(bytes + IPV4_HEADER, header_length - IPV4_HEADER, ip);
        if (error != wire_none)
            return error;
    }
    return cuts_tcp_header(ip) ? wire_truncated : wire_none;
}

void ipv4_build(uint8_t *bytes, const struct ip_fields *fields, uint32_t payload_length)
{
    uint32_t total_length = add_saturate_u32(payload_length, IPV4_HEADER);
    uint32_t fragment = fields->fragment_offset / 8u & IPV4_OFFSET_MASK;
    if (fields->more_fragments)
        fragment |= IPV4_MORE_FRAGMENTS;
    if (fields->do_not_fragment)
        fragment |= IPV4_DO_NOT_FRAGMENT;
    bytes[0] = 0x45;
    bytes[1] = fields->traffic_class;
    store16(bytes + 2, total_length > UINT16_MAX ? 0 : (uint16_t)total_length);
    store16(bytes + 4, (uint16_t)fields->identification);
    store16(bytes + 6, (uint16_t)fragment);
    bytes[8] = fields->ttl;
    bytes[9] = fields->protocol;
    store16(bytes + 10, 0);
    for (uint32_t i = 0; i < 4; i++) {
        bytes[12 + i] = fields->source.bytes[12 + i];
        bytes[16 + i] = fields->destination.bytes[12 + i];
    }
    struct checksum checksum = {0};
    checksum_add(&checksum, bytes, IPV4_HEADER);
    store16(bytes + 10, checksum_finish(&checksum));
}
