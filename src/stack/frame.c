#include "stack/stack.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "wire/ethernet.h"

#define ETHERNET_SHORTEST 60

/* Headers in front of a TCP segment: the only writer of frames for TCP. */

static uint32_t link_header(const struct septet *stack, const struct frame *frame, bool ipv4, uint8_t *to)
{
    if (frame->path->interface == IP_LOOP)
        return 0;
    const struct septet_interface *link = ip_interface_link(&stack->ip, frame->path->interface);
    if (!link->ethernet)
        return 0;
    ethernet_build(to, frame->mac, link->mac, ipv4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
    return ETHERNET_HEADER;
}

static uint32_t ip_header(const struct frame *frame, bool ipv4, uint32_t tcp_length, uint8_t *to)
{
    const struct ip_fields fields = {
        .source = frame->tuple->local,
        .destination = frame->tuple->remote,
        .protocol = PROTOCOL_TCP,
        .ttl = frame->hop_limit,
        .traffic_class = frame->traffic_class,
        .identification = frame->identification,
        .do_not_fragment = true,
    };
    if (ipv4)
        ipv4_build(to, &fields, tcp_length);
    else
        ipv6_build(to, &fields, tcp_length);
    return ipv4 ? IPV4_HEADER : IPV6_HEADER;
}

/* The checksum, or the pseudo-header's part of it for a device that does the rest. */
static uint16_t transport_checksum(const struct frame *frame, const uint8_t *tcp, uint32_t tcp_header,
                                   const struct septet_packet *packet, bool offload)
{
    struct checksum sum = {0};
    ip_pseudo_checksum(&sum, &frame->tuple->local, &frame->tuple->remote, PROTOCOL_TCP, tcp_header + frame->payload);
    if (offload)
        return (uint16_t)~checksum_finish(&sum);
    checksum_add(&sum, tcp, tcp_header);
    for (uint32_t i = 0; i < packet->span_count; i++)
        checksum_add(&sum, packet->spans[i].data, packet->spans[i].length);
    return checksum_finish(&sum);
}

void frame_build(struct septet *stack, const struct frame *frame, uint32_t slot, struct septet_packet *packet)
{
    uint8_t *head = stack->headers[slot];
    const bool ipv4 = septet_address_is_ipv4(&frame->tuple->remote);
    const bool loop = frame->path->interface == IP_LOOP;
    const uint32_t tcp_header = TCP_HEADER + frame->options_length;
    const uint32_t link = link_header(stack, frame, ipv4, head);
    const uint32_t start = link + ip_header(frame, ipv4, tcp_header + frame->payload, head + link);
    const bool offload =
        loop || (ip_interface_link(&stack->ip, frame->path->interface)->offloads & SEPTET_OFFLOAD_CHECKSUM);
    const struct tcp_header tcp = {
        .source_port = frame->tuple->local_port,
        .destination_port = frame->tuple->remote_port,
        .seq = frame->seq,
        .ack = frame->ack,
        .flags = frame->flags,
        .header_length = (uint8_t)tcp_header,
        .window = frame->window,
        .urgent = frame->urgent,
    };
    tcp_build(head + start, &tcp);
    memcpy(head + start + TCP_HEADER, frame->options, frame->options_length);
    store16(head + start + 16, transport_checksum(frame, head + start, tcp_header, packet, offload));
    packet->head = head;
    packet->head_length = start + tcp_header;
    packet->length = packet->head_length + frame->payload;
    packet->interface = frame->path->interface;
    packet->gso_size = frame->gso_size;
    packet->header_length = (uint16_t)(start + tcp_header);
    packet->checksum_start = (uint16_t)start;
    packet->checksum_offset = 16;
    packet->flags = offload ? SEPTET_PACKET_NEEDS_CHECKSUM : 0;
    if (loop)
        packet->flags |= SEPTET_PACKET_CHECKSUM_VALID;
    packet->ip_version = ipv4 ? 4 : 6;
    COUNT(&stack->core, IpOutRequests);
    if (link != 0 && packet->length < ETHERNET_SHORTEST && packet->span_count == 0) {
        memset(head + packet->length, 0, ETHERNET_SHORTEST - packet->length); /* CVE-2003-0001 */
        packet->head_length = packet->length = ETHERNET_SHORTEST;
    }
}

void frame_complete_checksum(struct septet *stack, uint32_t slot, struct septet_packet *packet)
{
    uint8_t *head = stack->headers[slot];
    struct checksum sum = {0};
    checksum_add(&sum, head + packet->checksum_start, packet->header_length - packet->checksum_start);
    store16(head + packet->checksum_start + packet->checksum_offset, checksum_finish(&sum));
    packet->flags &= (uint8_t)~SEPTET_PACKET_NEEDS_CHECKSUM;
}
