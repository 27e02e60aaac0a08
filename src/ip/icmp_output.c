#include "ip/icmp_output.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "ip/packet.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"

/* RFC 1812 section 4.3.2.3 and RFC 4443 section 2.4 (c): the whole error. */
#define ERROR_MOST_IPV4 576
#define ERROR_MOST_IPV6 1280
/* RFC 4443 section 2.4 (f): a thousand errors a second, of them a hundred to one destination. What one destination
 * gets is decided first, and both bursts are random: nobody learns from our answers to himself how many others got
 * (CVE-2020-25705). */
#define ERROR_INTERVAL SEPTET_MILLISECOND
#define ERROR_BURST 50
#define ERROR_TO_INTERVAL (10 * SEPTET_MILLISECOND)
#define ERROR_TO_BURST 8
#define BURST_RANDOM 3
#define ECN_CLEAR 0xfc

static bool is_error_type(uint8_t version, uint8_t type)
{
    if (version == 6)
        return type < ICMPV6_ECHO_REQUEST || type == ICMPV6_REDIRECT;
    return type == ICMPV4_UNREACHABLE || type == ICMPV4_SOURCE_QUENCH || type == ICMPV4_REDIRECT ||
           type == ICMPV4_TIME_EXCEEDED || type == ICMPV4_PARAMETER_PROBLEM;
}

static bool about_error(const struct ip_delivery *about)
{
    const uint8_t icmp = about->ip.version == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
    return about->ip.protocol == icmp &&
           (about->transport_length == 0 || is_error_type(about->ip.version, about->transport[0]));
}

/* RFC 4443 section 2.4 (e.3): two errors of IPv6 answer groups too. */
static bool answers_groups(const struct ip_delivery *about, uint8_t type, uint8_t code)
{
    if (about->ip.version != 6)
        return false;
    return type == ICMPV6_PACKET_TOO_BIG || (type == ICMPV6_PARAMETER_PROBLEM && code == ICMPV6_UNKNOWN_OPTION);
}

/* RFC 1122 section 3.2.2, RFC 1812 section 4.3.2.7, RFC 4443 section 2.4 (e). */
static bool may_answer(const struct ip_layer *ip, const struct ip_delivery *about, uint8_t type, uint8_t code)
{
    const struct septet_address *source = &about->ip.source;
    if (about->ip.fragment_offset != 0 || about_error(about))
        return false;
    if ((about->link_multicast || about->destination_multicast) && !answers_groups(about, type, code))
        return false;
    return !address_is_any(source) && !ip_is_group(ip, source) && !address_is_loopback(source) &&
           !address_is_class_e(source);
}

static bool rate_allows(struct ip_layer *ip, const struct septet_address *to)
{
    const uint64_t words[2] = {load64(to->bytes), load64(to->bytes + 8)};
    const uint64_t hash = siphash13_words(&ip->bucket_key, words, 2);
    const uint32_t less = random_below(&ip->core->random, BURST_RANDOM);
    return ip_bucket_take(&ip->errors_to[hash % IP_ERROR_BUCKETS], ip->core->now, ERROR_TO_INTERVAL,
                          ERROR_TO_BURST - less) &&
           ip_bucket_take(&ip->errors, ip->core->now, ERROR_INTERVAL, ERROR_BURST - less);
}

/* The header of a packet that was reassembled, or whose first fragment waited: made again from what was read. */
static uint32_t rebuild_header(const struct ip_delivery *about, uint8_t *to)
{
    const struct ip_fields fields = {
        .source = about->ip.source,
        .destination = about->ip.destination,
        .protocol = about->ip.protocol,
        .ttl = about->ip.ttl,
        .traffic_class = about->ip.traffic_class,
        .flow_label = about->ip.flow_label,
        .identification = about->ip.identification,
        .more_fragments = about->ip.more_fragments,
        .do_not_fragment = about->ip.do_not_fragment,
    };
    if (about->ip.version == 4) {
        ipv4_build(to, &fields, about->ip.payload_length);
        return IPV4_HEADER;
    }
    ipv6_build(to, &fields, about->ip.payload_length);
    return IPV6_HEADER;
}

/* Copies as much of a packet as an error may quote; returns the length. */
static uint32_t quote(const struct ip_delivery *about, uint8_t *to, uint32_t most)
{
    uint32_t done = 0;
    if (about->header == NULL) {
        done = rebuild_header(about, to);
    } else {
        done = min_u32(about->ip.header_length, most);
        memcpy(to, about->header, done);
    }
    const uint32_t piece = min_u32(about->transport_length, most - done);
    memcpy(to + done, about->transport, piece);
    done += piece;
    for (uint32_t i = 0; i < about->span_count && done < most; i++) {
        const uint32_t length = min_u32(about->spans[i].length, most - done);
        memcpy(to + done, about->spans[i].data, length);
        done += length;
    }
    return done;
}

/* The source is the address that was spoken to, or that of the way back. */
static bool error_source(struct ip_layer *ip, const struct ip_delivery *about, struct septet_address *source)
{
    struct route_hop hop;
    *source = ip_is_local(ip, &about->ip.destination) ? about->ip.destination : (struct septet_address){{0}};
    return route_resolve(ip, source, &about->ip.source, &hop) == SEPTET_OK;
}

static void send_error(struct ip_layer *ip, const struct ip_delivery *about, uint8_t type, uint8_t code, uint32_t rest)
{
    uint8_t message[ERROR_MOST_IPV6 - IPV6_HEADER];
    const bool ipv4 = about->ip.version == 4;
    const uint32_t most = ipv4 ? ERROR_MOST_IPV4 - IPV4_HEADER : ERROR_MOST_IPV6 - IPV6_HEADER;
    struct ip_fields fields = {
        .destination = about->ip.source,
        .protocol = ipv4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6,
    };
    if (!error_source(ip, about, &fields.source))
        return;
    const uint32_t length = quote(about, message + ICMP_HEADER, most - ICMP_HEADER);
    icmp_build(message, type, code, rest, length, &fields.source, &fields.destination);
    const struct septet_span span = {.data = message, .length = ICMP_HEADER + length};
    const int error = ip_send(ip, &fields, &span, 1);
    if (error == SEPTET_OK)
        COUNT(ip->core, IcmpOutMsgs);
    else if (error == SEPTET_AGAIN || error == SEPTET_NO_PAGES)
        core_drop_packet(ip->core, error == SEPTET_AGAIN ? SEPTET_DROP_control_queue : SEPTET_DROP_no_pages,
                         fields.protocol, about->interface);
}

void ip_send_error(struct ip_layer *ip, const struct ip_delivery *about, uint8_t type, uint8_t code, uint32_t rest)
{
    if (!may_answer(ip, about, type, code))
        return;
    if (about->interface != IP_LOOP && !rate_allows(ip, &about->ip.source)) {
        core_drop_packet(ip->core, SEPTET_DROP_icmp_rate, about->ip.protocol, about->interface);
        return;
    }
    send_error(ip, about, type, code, rest);
}

/* ---- echo ---- */

static bool echo_source(struct ip_layer *ip, const struct ip_delivery *request, struct ip_fields *fields)
{
    struct route_hop hop;
    fields->source = request->destination_multicast ? (struct septet_address){{0}} : request->ip.destination;
    return route_resolve(ip, &fields->source, &fields->destination, &hop) == SEPTET_OK;
}

void icmp_echo_reply(struct ip_layer *ip, const struct ip_delivery *request)
{
    const bool ipv4 = request->ip.version == 4;
    struct septet_span spans[2];
    struct checksum checksum = {0};
    uint8_t header[ICMP_HEADER] = {ipv4 ? ICMPV4_ECHO_REPLY : ICMPV6_ECHO_REPLY};
    struct ip_fields fields = {
        .destination = request->ip.source,
        .protocol = request->ip.protocol,
        .traffic_class = request->ip.traffic_class & ECN_CLEAR,
    };
    if (!echo_source(ip, request, &fields))
        return;
    store32(header + 4, request->icmp.rest);
    if (!ipv4)
        ip_pseudo_checksum(&checksum, &fields.source, &fields.destination, PROTOCOL_ICMPV6, request->payload_length);
    checksum_add(&checksum, header, sizeof header);
    checksum_add(&checksum, request->icmp.body, request->icmp.body_length);
    for (uint32_t i = 0; i < request->span_count; i++)
        checksum_add(&checksum, request->spans[i].data, request->spans[i].length);
    store16(header + 2, checksum_finish(&checksum));
    spans[0] = (struct septet_span){.data = header, .length = sizeof header};
    spans[1] = (struct septet_span){.data = request->icmp.body, .length = request->icmp.body_length};
    const int error = ip_send_pieces(ip, &fields, spans, 2, request->spans, request->span_count);
    if (error == SEPTET_OK)
        COUNT(ip->core, IcmpOutMsgs);
    else if (error == SEPTET_AGAIN || error == SEPTET_NO_PAGES)
        core_drop_packet(ip->core, error == SEPTET_AGAIN ? SEPTET_DROP_control_queue : SEPTET_DROP_no_pages,
                         fields.protocol, request->interface);
}

/* ---- neighbours that do not answer ---- */

/* The packet is read again from its own bytes, as if it were quoted. */
void icmp_report_unreachable(struct ip_layer *ip, const struct ip_packet *packet)
{
    uint8_t bytes[ERROR_MOST_IPV6];
    const uint8_t version = packet->type == ETHERTYPE_IPV4 ? 4 : 6;
    struct icmp_quote read;
    if (packet->header_length == 0)
        return;
    const uint32_t length = min_u32(packet->length, (uint32_t)sizeof bytes - packet->header_length);
    memcpy(bytes, packet->header, packet->header_length);
    packet_read(ip, packet, 0, bytes + packet->header_length, length);
    const struct icmp whole = {
        .type = version == 4 ? ICMPV4_UNREACHABLE : ICMPV6_UNREACHABLE,
        .body = bytes,
        .body_length = packet->header_length + length,
    };
    if (icmp_parse_quote(&whole, version, &read) != wire_none)
        return;
    const struct ip_delivery about = {
        .ip = read.ip,
        .header = bytes,
        .transport = read.transport,
        .transport_length = read.transport_length,
        .payload_length = read.transport_length,
        .interface = packet->interface,
    };
    if (version == 4)
        ip_send_error(ip, &about, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0);
    else
        ip_send_error(ip, &about, ICMPV6_UNREACHABLE, ICMPV6_ADDRESS_UNREACHABLE, 0);
}
