#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "stack/stack.h"

/* From the driver to the protocols: the IP layer says what a packet is, TCP segments of one flow are merged while
 * they come one behind the other, everybody else gets theirs at once. */

/* ---- merging: only what makes no difference to TCP but the cost ---- */

/* Adds the payload of a delivery to the spans of a merge. False when they do not fit. */
static bool add_spans(struct merge *merge, const struct ip_delivery *delivery, uint32_t header, uint32_t length)
{
    uint32_t count = merge->span_count;
    if (count + delivery->span_count + 1 > STACK_SPANS)
        return false;
    const uint32_t inline_bytes = min_u32(delivery->transport_length - header, length);
    if (inline_bytes != 0)
        merge->spans[count++] = (struct septet_span){delivery->transport + header, inline_bytes};
    length -= inline_bytes;
    for (uint32_t i = 0; i < delivery->span_count && length != 0; i++) {
        const uint32_t part = min_u32(delivery->spans[i].length, length);
        merge->spans[count++] = (struct septet_span){delivery->spans[i].data, part};
        length -= part;
    }
    merge->span_count = count;
    return true;
}

/* Whether a segment continues the one being merged: same flow, next in order, and nothing new but its payload. */
static bool follows(const struct merge *merge, const struct tcp_header *header, const struct ip_delivery *delivery,
                    uint32_t length)
{
    const struct segment *last = &merge->segment;
    return header->seq == last->seq + last->length && (header->flags & ~TCP_RESERVED) == TCP_ACK &&
           last->flags == TCP_ACK && header->ack == last->ack && header->window == last->window && length != 0 &&
           length <= last->largest && merge->whole && delivery->ip.traffic_class == last->traffic_class &&
           header->header_length == last->header_length && last->length + length <= 65535 &&
           header->source_port == merge->tuple.remote_port && header->destination_port == merge->tuple.local_port &&
           memcmp(delivery->transport + TCP_HEADER, last->option_bytes, header->header_length - TCP_HEADER) == 0 &&
           septet_address_equal(&delivery->ip.source, &merge->tuple.remote) &&
           septet_address_equal(&delivery->ip.destination, &merge->tuple.local);
}

void stack_flush(struct septet *stack)
{
    struct merge *merge = &stack->merge;
    if (!merge->pending)
        return;
    merge->pending = false;
    merge->segment.tuple = &merge->tuple;
    merge->segment.payload = merge->spans;
    merge->segment.spans = merge->span_count;
    stack->core.counter[SEPTET_COUNTER_SuperSegmentsIn] += merge->segment.count > 1;
    tcp_input(&stack->tcp, &merge->segment);
}

static bool mergeable(const struct septet *stack, const struct ip_delivery *delivery)
{
    return stack->core.config.tcp.gro && !delivery->link_multicast && !delivery->destination_multicast &&
           !delivery->ip.fragmented && !delivery->transient;
}

/* Adds a segment to the one being merged, if it continues it. */
static bool merge_next(struct septet *stack, const struct tcp_header *header, const struct ip_delivery *delivery,
                       uint32_t length, uint32_t count)
{
    struct merge *merge = &stack->merge;
    if (!merge->pending || !mergeable(stack, delivery) || !follows(merge, header, delivery, length) ||
        !add_spans(merge, delivery, header->header_length, length))
        return false;
    merge->segment.length += length;
    merge->segment.count = (uint16_t)(merge->segment.count + count);
    merge->whole = length % merge->segment.largest == 0;
    return true;
}

static void merge_begin(struct septet *stack, const struct tcp_header *header, const struct ip_delivery *delivery)
{
    struct merge *merge = &stack->merge;
    merge->span_count = 0;
    merge->pending = true;
    merge->tuple = (struct septet_tuple){
        .local = delivery->ip.destination,
        .remote = delivery->ip.source,
        .local_port = header->destination_port,
        .remote_port = header->source_port,
    };
    struct segment *segment = &merge->segment;
    merge->whole = segment->length % max_u32(segment->largest, 1) == 0;
    if (!add_spans(merge, delivery, header->header_length, segment->length)) {
        merge->pending = false;
        core_drop_packet(&stack->core, SEPTET_DROP_tcp_malformed, PROTOCOL_TCP, delivery->interface);
        return;
    }
    if (!mergeable(stack, delivery) || segment->flags != TCP_ACK || segment->length == 0)
        stack_flush(stack);
}

/* ---- TCP ---- */

static bool checksum_right(const struct ip_delivery *delivery)
{
    if (delivery->checksum_valid)
        return true;
    struct checksum sum = {0};
    uint32_t left = delivery->payload_length;
    ip_pseudo_checksum(&sum, &delivery->ip.source, &delivery->ip.destination, PROTOCOL_TCP, left);
    const uint32_t first = min_u32(delivery->transport_length, left);
    checksum_add(&sum, delivery->transport, first);
    left -= first;
    for (uint32_t i = 0; i < delivery->span_count && left != 0; i++) {
        const uint32_t part = min_u32(delivery->spans[i].length, left);
        checksum_add(&sum, delivery->spans[i].data, part);
        left -= part;
    }
    return checksum_finish(&sum) == 0;
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

static void deliver_tcp(struct septet *stack, const struct ip_delivery *delivery, uint16_t gso_size)
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
    const bool super = gso_size != 0 && length > gso_size;
    const uint32_t count = super ? (length + gso_size - 1u) / gso_size : 1;
    if (merge_next(stack, &header, delivery, length, count))
        return;
    stack_flush(stack);
    struct segment *segment = &stack->merge.segment;
    segment->seq = header.seq;
    segment->ack = header.ack;
    segment->flags = header.flags & (uint16_t)~TCP_RESERVED; /* U-1 */
    segment->window = header.window;
    segment->urgent = header.urgent;
    segment->header_length = header.header_length;
    segment->traffic_class = delivery->ip.traffic_class;
    segment->mtu = interface_mtu(stack, delivery);
    segment->count = (uint16_t)count;
    segment->group = delivery->link_multicast || delivery->destination_multicast;
    segment->length = length;
    segment->skip = 0;
    segment->largest = super ? gso_size : length;
    segment->option_bytes = delivery->transport + TCP_HEADER;
    segment->option_length = (uint32_t)header.header_length - TCP_HEADER;
    merge_begin(stack, &header, delivery);
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
    switch (ip_input(&stack->ip, packet, &delivery)) {
    case IP_CONSUMED:
        return;
    case IP_PACKET:
        if (delivery.ip.protocol == PROTOCOL_TCP) {
            deliver_tcp(stack, &delivery, packet->gso_size);
            return;
        }
        stack_flush(stack);
        udp_input(&stack->udp, &delivery);
        return;
    case IP_ERROR:
        stack_flush(stack);
        deliver_error(stack, &delivery);
        return;
    case IP_ECHO:
        stack_flush(stack);
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
        stack_flush(stack);
    }
}

void septet_input(struct septet *stack, const struct septet_packet *packets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        stack_packet(stack, &packets[i]);
    stack_flush(stack);
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
