#include "stack/stack.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "wire/ethernet.h"

#define ETHERNET_SHORTEST 60

/* Headers in front of a TCP segment: the only writer of frames for TCP. A transmission's headers are made once;
 * each of its segments gets a copy with its own numbers and sums. */

static void put_link_header(const struct septet *stack, const struct frame *frame, struct frame_template *t)
{
    t->loop = frame->path->interface == IP_LOOP;
    t->offload = t->loop;
    t->ethernet = false;
    t->ip = 0;
    if (t->loop)
        return;
    const struct septet_interface *link = ip_interface_link(&stack->ip, frame->path->interface);
    t->offload = (link->offloads & SEPTET_OFFLOAD_CHECKSUM) != 0;
    t->ethernet = link->ethernet;
    if (!t->ethernet)
        return;
    ethernet_build(t->head, frame->mac, link->mac, t->ipv4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
    t->ip = ETHERNET_HEADER;
}

static void put_ip_header(const struct frame *frame, struct frame_template *t)
{
    const struct ip_fields fields = {
        .source = frame->tuple->local,
        .destination = frame->tuple->remote,
        .protocol = PROTOCOL_TCP,
        .ttl = frame->hop_limit,
        .traffic_class = frame->traffic_class,
        .do_not_fragment = true,
    };
    if (t->ipv4) {
        ipv4_build(t->head + t->ip, &fields, 0);
        t->ip_sum = (uint16_t)~load16(t->head + t->ip + 10) - (uint32_t)IPV4_HEADER + UINT16_MAX;
        t->tcp = t->ip + IPV4_HEADER;
    } else {
        ipv6_build(t->head + t->ip, &fields, 0);
        t->tcp = t->ip + IPV6_HEADER;
    }
}

static uint16_t fold(uint64_t sum)
{
    while (sum > UINT16_MAX)
        sum = (sum >> 16) + (sum & UINT16_MAX);
    return (uint16_t)sum;
}

void frame_prepare(const struct septet *stack, const struct frame *frame, struct frame_template *t)
{
    t->ipv4 = septet_address_is_ipv4(&frame->tuple->remote);
    t->interface = frame->path->interface;
    put_link_header(stack, frame, t);
    put_ip_header(frame, t);
    const struct tcp_header tcp = {
        .source_port = frame->tuple->local_port,
        .destination_port = frame->tuple->remote_port,
        .ack = frame->ack,
        .header_length = (uint8_t)(TCP_HEADER + frame->options_length),
        .window = frame->window,
        .urgent = frame->urgent,
    };
    tcp_build(t->head + t->tcp, &tcp);
    memcpy(t->head + t->tcp + TCP_HEADER, frame->options, frame->options_length);
    t->head_length = t->tcp + tcp.header_length;
    struct checksum sum = {0};
    ip_pseudo_checksum(&sum, &frame->tuple->local, &frame->tuple->remote, PROTOCOL_TCP, 0);
    t->pseudo_sum = (uint16_t)~checksum_finish(&sum);
    if (t->offload)
        return;
    checksum_add(&sum, t->head + t->tcp, tcp.header_length);
    t->tcp_sum = (uint16_t)~checksum_finish(&sum);
}

static void stamp_ip(const struct frame_template *t, const struct frame *frame, uint32_t tcp_length, uint8_t *ip)
{
    if (!t->ipv4) {
        store16(ip + 4, (uint16_t)tcp_length);
        return;
    }
    const uint32_t total = IPV4_HEADER + tcp_length;
    store16(ip + 2, (uint16_t)total);
    store16(ip + 4, frame->identification);
    store16(ip + 10, (uint16_t)~fold((uint64_t)t->ip_sum + total + frame->identification));
}

/* The checksum, or the pseudo-header's part of it for a device that does the rest. */
static uint16_t stamp_sum(const struct frame_template *t, const struct frame *frame, uint32_t tcp_length,
                          const struct septet_packet *packet)
{
    if (t->offload)
        return fold((uint64_t)t->pseudo_sum + tcp_length);
    struct checksum sum = {0};
    for (uint32_t i = 0; i < packet->span_count; i++)
        checksum_add(&sum, packet->spans[i].data, packet->spans[i].length);
    const uint64_t payload = (uint16_t)~checksum_finish(&sum);
    return (uint16_t)~fold(payload + t->tcp_sum + tcp_length + (frame->seq >> 16) + (frame->seq & UINT16_MAX) +
                           frame->flags);
}

void frame_stamp(struct septet *stack, const struct frame_template *t, const struct frame *frame, uint32_t slot,
                 struct septet_packet *packet)
{
    uint8_t *head = stack->headers[slot];
    uint8_t *tcp = head + t->tcp;
    const uint32_t tcp_length = t->head_length - t->tcp + frame->payload;
    memcpy(head, t->head, STACK_HEADER);
    stamp_ip(t, frame, tcp_length, head + t->ip);
    store32(tcp + 4, frame->seq);
    tcp[12] = (uint8_t)(tcp[12] | frame->flags >> 8);
    tcp[13] = (uint8_t)frame->flags;
    store16(tcp + 16, stamp_sum(t, frame, tcp_length, packet));
    packet->head = head;
    packet->head_length = t->head_length;
    packet->length = t->head_length + frame->payload;
    packet->interface = t->interface;
    packet->gso_size = frame->gso_size;
    packet->header_length = (uint16_t)t->head_length;
    packet->checksum_start = (uint16_t)t->tcp;
    packet->checksum_offset = 16;
    packet->flags = t->offload ? SEPTET_PACKET_NEEDS_CHECKSUM : 0;
    if (t->loop)
        packet->flags |= SEPTET_PACKET_CHECKSUM_VALID;
    packet->ip_version = t->ipv4 ? 4 : 6;
    COUNT(&stack->core, IpOutRequests);
    if (t->ethernet && packet->length < ETHERNET_SHORTEST && packet->span_count == 0) {
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
