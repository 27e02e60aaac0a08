#include "ip/output.h"
#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "ip/packet.h"
#include "ip/reassembly.h"
#include "wire/ethernet.h"

#define FRAME_LEAST 60
#define MORE_FRAGMENTS 0x2000
#define OFFSET_MASK 0x1fff
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_COPIED 0x80

static void release_looped(struct ip_layer *ip)
{
    if (ip->looped != 0)
        packet_free(ip, ip->looped);
    ip->looped = 0;
}

void ip_output_begin(struct ip_layer *ip)
{
    release_looped(ip);
    reassembly_release(ip);
    while (ip->spent.first != 0)
        packet_free(ip, list_take(&ip->spent, &ip->packets));
}

bool ip_output_pending(const struct ip_layer *ip) { return ip->output.first != 0; }

bool ip_loop_pending(const struct ip_layer *ip) { return ip->loop.first != 0; }

uint32_t output_headers(const struct ip_layer *ip, const struct ip_packet *packet, uint8_t *header)
{
    const struct septet_interface *link = ip_interface_link(ip, packet->interface);
    uint32_t at = 0;
    if (link->ethernet) {
        ethernet_build(header, packet->mac, link->mac, packet->type);
        at = ETHERNET_HEADER;
    }
    memcpy(header + at, packet->header, packet->header_length);
    return at + packet->header_length;
}

bool output_fill(const struct ip_layer *ip, const struct ip_packet *packet, struct output *out, uint32_t at,
                 uint32_t from, uint32_t length)
{
    const struct septet_interface *link = ip_interface_link(ip, packet->interface);
    const uint32_t in_head = min_u32(length, OUTPUT_HEADER - at);
    packet_read(ip, packet, from, out->header + at, in_head);
    at += in_head;
    const uint32_t count = packet_spans(ip, packet, from + in_head, length - in_head, out->spans, out->span_capacity);
    if (count == UINT32_MAX)
        return false;
    if (link->ethernet && at < FRAME_LEAST && in_head == length) {
        memset(out->header + at, 0, FRAME_LEAST - at);
        at = FRAME_LEAST;
    }
    *out->packet = (struct septet_packet){
        .head = out->header,
        .spans = count > 0 ? out->spans : NULL,
        .head_length = at,
        .span_count = count,
        .length = at + length - in_head,
        .interface = packet->interface,
        .header_length = (uint16_t)at,
    };
    if (packet->type == ETHERTYPE_IPV4 || packet->type == ETHERTYPE_IPV6)
        out->packet->ip_version = packet->type == ETHERTYPE_IPV4 ? 4 : 6;
    return true;
}

/* RFC 791 section 3.1: options whose copied flag is clear stand in the first fragment only. */
static void blank_options(uint8_t *header, uint32_t length)
{
    uint32_t step = 1;
    for (uint32_t at = IPV4_HEADER; at < length; at += step) {
        const uint8_t type = header[at];
        step = 1;
        if (type == OPTION_END)
            break;
        if (type == OPTION_NOP || length - at < 2)
            continue;
        step = min_u32(max_u32(header[at + 1], 2), length - at);
        if ((type & OPTION_COPIED) == 0)
            memset(header + at, OPTION_NOP, step);
    }
}

static void patch_ipv4(uint8_t *header, const struct ip_packet *packet, uint32_t length, bool last)
{
    const uint16_t fragment = load16(header + 6);
    const uint16_t offset = (uint16_t)((fragment & OFFSET_MASK) + packet->sent / 8);
    const uint16_t flags = (uint16_t)(fragment & ~OFFSET_MASK);
    struct checksum checksum = {0};
    if (packet->sent > 0)
        blank_options(header, packet->header_length);
    store16(header + 2, (uint16_t)(packet->header_length + length));
    store16(header + 6, (uint16_t)((last ? flags : flags | MORE_FRAGMENTS) | (offset & OFFSET_MASK)));
    store16(header + 10, 0);
    checksum_add(&checksum, header, packet->header_length);
    store16(header + 10, checksum_finish(&checksum));
}

static void patch_ipv6(uint8_t *header, const struct ip_packet *packet, uint32_t length, bool last)
{
    uint8_t *fragment = header + IPV6_HEADER;
    fragment[0] = header[6];
    fragment[1] = 0;
    store16(fragment + 2, (uint16_t)(packet->sent | (last ? 0 : 1)));
    store32(fragment + 4, packet->identification);
    header[6] = PROTOCOL_FRAGMENT;
    store16(header + 4, (uint16_t)(IPV6_FRAGMENT_HEADER + length));
}

/* Fragments carry what fits into the link and into the caller's spans. */
static bool emit_fragment(struct ip_layer *ip, struct ip_packet *packet, struct output *out)
{
    const bool ipv4 = packet->type == ETHERTYPE_IPV4;
    const uint32_t headers = packet->header_length + (ipv4 ? 0u : IPV6_FRAGMENT_HEADER);
    const uint32_t left = packet->length - packet->sent;
    if (packet->mtu < headers + 8 || (!ipv4 && packet->header_length != IPV6_HEADER))
        return false;
    uint32_t length = packet->mtu - headers;
    if (out->span_capacity < length / ip->core->pages.size + 2)
        length = min_u32(length, (max_u32(out->span_capacity, 2) - 2) * ip->core->pages.size);
    const bool last = left <= length;
    length = last ? left : length & ~UINT32_C(7);
    if (length == 0)
        return false;
    uint32_t at = output_headers(ip, packet, out->header);
    if (ipv4) {
        patch_ipv4(out->header + at - packet->header_length, packet, length, last);
    } else {
        patch_ipv6(out->header + at - IPV6_HEADER, packet, length, last);
        at += IPV6_FRAGMENT_HEADER;
    }
    if (!output_fill(ip, packet, out, at, packet->sent, length))
        return false;
    packet->sent += length;
    COUNT(ip->core, IpFragCreates);
    return true;
}

static bool emit_whole(const struct ip_layer *ip, struct ip_packet *packet, struct output *out)
{
    const uint32_t at = output_headers(ip, packet, out->header);
    if (!output_fill(ip, packet, out, at, 0, packet->length))
        return false;
    packet->sent = packet->length;
    return true;
}

static bool emit(struct ip_layer *ip, struct ip_packet *packet, struct output *out)
{
    if (packet->gso_size != 0)
        return output_segment(ip, packet, out);
    if (packet->header_length > 0 && packet->header_length + packet->length > packet->mtu)
        return emit_fragment(ip, packet, out);
    return emit_whole(ip, packet, out);
}

bool ip_output(struct ip_layer *ip, struct septet_packet *packet, uint8_t *header, struct septet_span *spans,
               uint32_t span_capacity)
{
    struct output out = {.packet = packet, .header = header, .spans = spans, .span_capacity = span_capacity};
    while (ip->output.first != 0) {
        const uint32_t reference = ip->output.first;
        struct ip_packet *first = packet_at(ip, reference);
        const bool emitted = emit(ip, first, &out);
        if (!emitted || first->sent == first->length)
            list_remove(&ip->output, &ip->packets, reference);
        if (!emitted) {
            packet_drop(ip, reference, SEPTET_DROP_ip_too_big);
            continue;
        }
        if (first->sent == first->length)
            list_append(&ip->spent, &ip->packets, reference);
        return true;
    }
    return false;
}

bool ip_loop_next(struct ip_layer *ip, struct septet_packet *packet)
{
    release_looped(ip);
    const uint32_t reference = list_take(&ip->loop, &ip->packets);
    if (reference == 0)
        return false;
    ip->looped = reference;
    const struct ip_packet *looped = packet_at(ip, reference);
    const uint32_t count = packet_spans(ip, looped, 0, looped->length, ip->loop_spans, ip->span_capacity);
    *packet = (struct septet_packet){
        .head = looped->header,
        .spans = count > 0 ? ip->loop_spans : NULL,
        .head_length = looped->header_length,
        .span_count = count,
        .length = looped->header_length + looped->length,
        .interface = IP_LOOP,
        .ip_version = looped->type == ETHERTYPE_IPV4 ? 4 : 6,
    };
    return true;
}
