#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "ip/output.h"
#include "ip/packet.h"
#include "wire/ethernet.h"
#include "wire/tcp.h"

#define CHECKSUM_OFFSET 16
#define FLAGS_OFFSET 13
#define FLAGS_OF_FIRST 0x80         /* CWR */
#define FLAGS_OF_LAST (0x01 | 0x08) /* FIN, PSH */

static void addresses_of(const struct ip_packet *packet, struct septet_address *source,
                         struct septet_address *destination)
{
    const uint8_t *header = packet->header;
    if (packet->type == ETHERTYPE_IPV4) {
        *source = septet_address_ipv4(header[12], header[13], header[14], header[15]);
        *destination = septet_address_ipv4(header[16], header[17], header[18], header[19]);
        return;
    }
    for (uint32_t i = 0; i < 16; i++) {
        source->bytes[i] = header[8 + i];
        destination->bytes[i] = header[24 + i];
    }
}

static void pseudo_sum(const struct ip_packet *packet, uint32_t length, struct checksum *checksum)
{
    struct septet_address source, destination;
    addresses_of(packet, &source, &destination);
    *checksum = (struct checksum){0};
    ip_pseudo_checksum(checksum, &source, &destination, PROTOCOL_TCP, length);
}

static void patch_length(const struct ip_packet *packet, uint8_t *header, uint32_t length, uint32_t index)
{
    struct checksum checksum = {0};
    if (packet->type != ETHERTYPE_IPV4) {
        store16(header + 4, (uint16_t)(packet->header_length - IPV6_HEADER + length));
        return;
    }
    store16(header + 2, (uint16_t)(packet->header_length + length));
    store16(header + 4, (uint16_t)(load16(header + 4) + index));
    store16(header + 10, 0);
    checksum_add(&checksum, header, packet->header_length);
    store16(header + 10, checksum_finish(&checksum));
}

/* The device cuts it, and completes the sum of the pseudo-header. */
static bool emit_super(const struct ip_layer *ip, struct ip_packet *packet, struct output *out, uint32_t tcp_header)
{
    struct checksum checksum;
    const uint32_t at = output_headers(ip, packet, out->header);
    if (!output_fill(ip, packet, out, at, 0, packet->length))
        return false;
    pseudo_sum(packet, packet->length, &checksum);
    store16(out->header + at + CHECKSUM_OFFSET, (uint16_t)~checksum_finish(&checksum));
    out->packet->gso_size = packet->gso_size;
    out->packet->flags = SEPTET_PACKET_NEEDS_CHECKSUM;
    out->packet->header_length = (uint16_t)(at + tcp_header);
    out->packet->checksum_start = (uint16_t)at;
    out->packet->checksum_offset = CHECKSUM_OFFSET;
    packet->sent = packet->length;
    return true;
}

static void sum_payload(const struct output *out, uint32_t from, struct checksum *checksum)
{
    checksum_add(checksum, out->header + from, out->packet->head_length - from);
    for (uint32_t i = 0; i < out->packet->span_count; i++)
        checksum_add(checksum, out->spans[i].data, out->spans[i].length);
}

/* `sent` counts from the TCP header, which every segment repeats. */
static bool emit_one(const struct ip_layer *ip, struct ip_packet *packet, struct output *out, uint32_t tcp_header)
{
    struct checksum checksum;
    const uint32_t from = max_u32(packet->sent, tcp_header);
    const uint32_t length = min_u32(packet->gso_size, packet->length - from);
    const uint32_t at = output_headers(ip, packet, out->header);
    uint8_t *tcp = out->header + at;
    patch_length(packet, tcp - packet->header_length, tcp_header + length, (from - tcp_header) / packet->gso_size);
    packet_read(ip, packet, 0, tcp, tcp_header);
    store32(tcp + 4, load32(tcp + 4) + (from - tcp_header));
    if (from > tcp_header)
        tcp[FLAGS_OFFSET] &= (uint8_t)~FLAGS_OF_FIRST;
    if (from + length < packet->length)
        tcp[FLAGS_OFFSET] &= (uint8_t)~FLAGS_OF_LAST;
    store16(tcp + CHECKSUM_OFFSET, 0);
    if (!output_fill(ip, packet, out, at + tcp_header, from, length))
        return false;
    pseudo_sum(packet, tcp_header + length, &checksum);
    sum_payload(out, at, &checksum);
    store16(tcp + CHECKSUM_OFFSET, checksum_finish(&checksum));
    packet->sent = from + length;
    return true;
}

bool output_segment(const struct ip_layer *ip, struct ip_packet *packet, struct output *out)
{
    const struct septet_interface *link = ip_interface_link(ip, packet->interface);
    uint8_t offset = 0;
    packet_read(ip, packet, 12, &offset, 1);
    const uint32_t tcp_header = (offset >> 4) * 4u;
    if (ETHERNET_HEADER + packet->header_length + tcp_header > OUTPUT_HEADER)
        return false;
    if ((link->offloads & SEPTET_OFFLOAD_TSO) != 0)
        return emit_super(ip, packet, out, tcp_header);
    return emit_one(ip, packet, out, tcp_header);
}
