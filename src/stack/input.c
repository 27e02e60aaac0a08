#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "stack/stack.h"

/* From the driver to the protocols: the IP layer says what a packet is, TCP segments of one flow are merged while
 * they come one behind the other, everybody else gets theirs at once. */

/* ---- TCP ---- */

bool stack_checksum_right(const struct septet_address *source, const struct septet_address *destination,
                          const uint8_t *tcp, uint32_t contiguous, const struct septet_span *spans, uint32_t span_count,
                          uint32_t length)
{
    struct checksum sum = {0};
    uint32_t left = length - min_u32(contiguous, length);
    ip_pseudo_checksum(&sum, source, destination, PROTOCOL_TCP, length);
    checksum_add(&sum, tcp, length - left);
    for (uint32_t i = 0; i < span_count && left != 0; i++) {
        const uint32_t part = min_u32(spans[i].length, left);
        checksum_add(&sum, spans[i].data, part);
        left -= part;
    }
    return checksum_finish(&sum) == 0;
}

static bool checksum_right(const struct ip_delivery *delivery)
{
    return delivery->checksum_valid ||
           stack_checksum_right(&delivery->ip.source, &delivery->ip.destination, delivery->transport,
                                delivery->transport_length, delivery->spans, delivery->span_count,
                                delivery->payload_length);
}

static void drop_tcp(struct septet *stack, const struct ip_delivery *delivery, enum septet_drop reason)
{
    COUNT(&stack->core, InSegs);
    COUNT(&stack->core, InErrs);
    core_drop_packet(&stack->core, reason, PROTOCOL_TCP, delivery->interface);
}

static uint16_t interface_mtu(const struct septet *stack, const struct ip_delivery *delivery)
{
    if (delivery->interface == IP_LOOP)
        return 65535;
    return (uint16_t)ip_interface_link(&stack->ip, delivery->interface)->mtu;
}

static void deliver_tcp(struct septet *stack, const struct septet_packet *packet, const struct ip_delivery *delivery)
{
    struct tcp_header header;
    if (tcp_parse(delivery->transport, min_u32(delivery->transport_length, delivery->payload_length), &header) !=
        wire_none) {
        drop_tcp(stack, delivery, SEPTET_DROP_tcp_malformed);
        return;
    }
    if (!checksum_right(delivery)) {
        drop_tcp(stack, delivery, SEPTET_DROP_tcp_checksum);
        return;
    }
    const uint32_t length = delivery->payload_length - header.header_length;
    const uint16_t gso_size = packet->gso_size;
    const bool super = gso_size != 0 && length > gso_size;
    merge_flush(stack);
    stack->merge.tuple = (struct septet_tuple){
        .local = delivery->ip.destination,
        .remote = delivery->ip.source,
        .local_port = header.destination_port,
        .remote_port = header.source_port,
    };
    struct segment *segment = &stack->merge.segment;
    segment->seq = header.seq;
    segment->ack = header.ack;
    segment->flags = header.flags & (uint16_t)~TCP_RESERVED; /* U-1 */
    segment->window = header.window;
    segment->urgent = header.urgent;
    segment->header_length = header.header_length;
    segment->traffic_class = delivery->ip.traffic_class;
    segment->mtu = interface_mtu(stack, delivery);
    segment->count = (uint16_t)(super ? (length + gso_size - 1u) / gso_size : 1);
    segment->group = delivery->link_multicast || delivery->destination_multicast;
    segment->length = length;
    segment->skip = 0;
    segment->largest = super ? gso_size : length;
    segment->option_bytes = delivery->transport + TCP_HEADER;
    segment->option_length = (uint32_t)header.header_length - TCP_HEADER;
    merge_begin(stack, packet, delivery);
}

/* ---- ICMP errors about what we sent ---- */

static void deliver_error(struct septet *stack, const struct ip_delivery *delivery)
{
    const struct icmp_quote *quote = &delivery->quote;
    bool matched = false;
    if (quote->ip.protocol == PROTOCOL_TCP && quote->transport_length >= 8) {
        const struct septet_tuple tuple = {
            .local = quote->ip.source,
            .remote = quote->ip.destination,
            .local_port = load16(quote->transport),
            .remote_port = load16(quote->transport + 2),
        };
        const uint32_t seq = load32(quote->transport + 4);
        if (delivery->mtu != 0) {
            matched = tcp_path_mtu(&stack->tcp, &tuple, seq, delivery->mtu);
            if (matched && ip_path_mtu_report(&stack->ip, &tuple.remote, delivery->mtu))
                tcp_path_reported(&stack->tcp, &tuple, delivery->mtu);
        } else {
            matched = tcp_icmp_error(&stack->tcp, &tuple, seq, delivery->error, delivery->hard, delivery->icmp.type,
                                     delivery->icmp.code);
        }
    } else {
        matched = udp_error(&stack->udp, delivery);
    }
    if (!matched)
        core_drop_packet(&stack->core, SEPTET_DROP_icmp_unmatched, delivery->ip.protocol, delivery->interface);
}

void stack_packet(struct septet *stack, const struct septet_packet *packet)
{
    struct ip_delivery delivery;
    if (merge_next(stack, packet))
        return;
    switch (ip_input(&stack->ip, packet, &delivery)) {
    case IP_CONSUMED:
        return;
    case IP_PACKET:
        if (delivery.ip.protocol == PROTOCOL_TCP) {
            deliver_tcp(stack, packet, &delivery);
            return;
        }
        merge_flush(stack);
        udp_input(&stack->udp, &delivery);
        return;
    case IP_ERROR:
        merge_flush(stack);
        deliver_error(stack, &delivery);
        return;
    case IP_ECHO:
        merge_flush(stack);
        udp_echo(&stack->udp, &delivery);
        return;
    }
}

void stack_settle(struct septet *stack)
{
    bool reachable;
    for (uint32_t neighbor; (neighbor = ip_next_settled(&stack->ip, &reachable)) != 0;)
        tcp_unpark(&stack->tcp, ip_neighbor_waiters(&stack->ip, neighbor),
                   reachable ? SEPTET_OK : SEPTET_HOST_UNREACHABLE);
}

static void take_loop(struct septet *stack)
{
    struct septet_packet packet;
    for (uint32_t i = 0; i < SEPTET_BATCH && ip_loop_next(&stack->ip, &packet); i++) {
        stack_packet(stack, &packet);
        merge_flush(stack);
    }
}

void septet_input(struct septet *stack, const struct septet_packet *packets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        stack_packet(stack, &packets[i]);
    merge_flush(stack);
    stack_settle(stack);
    take_loop(stack);
}

void septet_advance(struct septet *stack, int64_t now)
{
    if (now > stack->core.now)
        stack->core.now = now;
    take_loop(stack);
    ip_advance(&stack->ip);
    tcp_advance(&stack->tcp);
    stack_settle(stack);
}

int64_t septet_deadline(struct septet *stack)
{
    if (ip_output_pending(&stack->ip) || ip_loop_pending(&stack->ip))
        return stack->core.now;
    return min_i64(tcp_deadline(&stack->tcp), ip_deadline(&stack->ip));
}
