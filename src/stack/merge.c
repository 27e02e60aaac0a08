#include "stack/merge.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "stack/stack.h"

void merge_flush(struct septet *stack)
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

/* Adds the payload behind `header` bytes of the transport. False when its spans do not fit. */
static bool add_payload(struct merge *merge, const uint8_t *inline_bytes, uint32_t inline_length,
                        const struct septet_span *spans, uint32_t span_count, uint32_t length)
{
    uint32_t count = merge->span_count;
    if (count + span_count + 1 > MERGE_SPANS)
        return false;
    inline_length = min_u32(inline_length, length);
    if (inline_length != 0)
        merge->spans[count++] = (struct septet_span){inline_bytes, inline_length};
    length -= inline_length;
    for (uint32_t i = 0; i < span_count && length != 0; i++) {
        const uint32_t part = min_u32(spans[i].length, length);
        merge->spans[count++] = (struct septet_span){spans[i].data, part};
        length -= part;
    }
    merge->span_count = count;
    return true;
}

/* ---- the image of the headers ---- */

static void clear_mask(uint8_t *mask, uint32_t at, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        mask[at + i] = 0;
}

static void take_image(struct septet *stack, const struct septet_packet *packet, const struct ip_delivery *delivery)
{
    struct merge *merge = &stack->merge;
    uint8_t mask[MERGE_HEADER];
    merge->image = packet->head;
    merge->ip = (uint32_t)(delivery->header - packet->head);
    merge->tcp = (uint32_t)(delivery->transport - packet->head);
    merge->image_length = merge->tcp + merge->segment.header_length;
    merge->interface = packet->interface;
    merge->generation = stack->ip.generation;
    merge->ipv4 = delivery->ip.version == 4;
    memset(mask, 0xff, sizeof mask);
    if (merge->ipv4) {
        clear_mask(mask, merge->ip + 2, 4);  /* total length, identification */
        clear_mask(mask, merge->ip + 10, 2); /* header checksum */
        merge->ip_sum = 0;
        for (uint32_t at = 0; at < IPV4_HEADER; at += 2)
            if (at != 2 && at != 4 && at != 10)
                merge->ip_sum += load16(packet->head + merge->ip + at);
    } else {
        clear_mask(mask, merge->ip + 4, 2); /* payload length */
    }
    clear_mask(mask, merge->tcp + 4, 4);  /* sequence number */
    clear_mask(mask, merge->tcp + 16, 2); /* checksum */
    mask[merge->tcp + 13] = (uint8_t)~TCP_PSH;
    memcpy(merge->mask, mask, sizeof mask);
    memcpy(&merge->tail_mask, mask + merge->image_length - 8, 8);
}

/* Masked difference of eight bytes. */
static uint64_t word_differs(const uint8_t *before, const uint8_t *now, uint64_t mask)
{
    uint64_t a, b;
    memcpy(&a, before, 8);
    memcpy(&b, now, 8);
    return (a ^ b) & mask;
}

static bool image_differs(const struct merge *merge, const uint8_t *head)
{
    const uint32_t tail = merge->image_length - 8;
    uint64_t difference = word_differs(merge->image + tail, head + tail, merge->tail_mask);
    for (uint32_t word = 0; word * 8 < tail; word++)
        difference |= word_differs(merge->image + word * 8, head + word * 8, merge->mask[word]);
    return difference != 0;
}

static bool ip_checksum_right(const struct merge *merge, const uint8_t *ip)
{
    uint32_t sum = merge->ip_sum + load16(ip + 2) + load16(ip + 4) + load16(ip + 10);
    sum = (sum >> 16) + (sum & UINT16_MAX);
    return (sum >> 16) + (sum & UINT16_MAX) == UINT16_MAX;
}

/* Whether the segments so far allow another one behind them. */
static bool open_ended(const struct merge *merge) { return merge->segment.length % merge->segment.largest == 0; }

bool merge_next(struct septet *stack, const struct septet_packet *packet)
{
    struct merge *merge = &stack->merge;
    if (!merge->pending || merge->image_length == 0 || packet->interface != merge->interface || packet->gso_size != 0 ||
        packet->head_length < merge->image_length || image_differs(merge, packet->head))
        return false;
    struct segment *segment = &merge->segment;
    const uint8_t *head = packet->head, *tcp = head + merge->tcp;
    const uint32_t told = load16(head + merge->ip + (merge->ipv4 ? 2 : 4)) + (merge->ipv4 ? 0u : IPV6_HEADER);
    const uint32_t headers = merge->image_length - merge->ip;
    const uint32_t length = told - headers;
    if (told <= headers || told > packet->length - merge->ip || length > segment->largest || !open_ended(merge) ||
        segment->length + length > 65535 || load32(tcp + 4) != segment->seq + segment->length ||
        merge->generation != stack->ip.generation || (merge->ipv4 && !ip_checksum_right(merge, head + merge->ip)))
        return false;
    const uint32_t contiguous = packet->head_length - merge->tcp;
    if ((packet->flags & (SEPTET_PACKET_CHECKSUM_VALID | SEPTET_PACKET_NEEDS_CHECKSUM)) == 0 &&
        !stack_checksum_right(&merge->tuple.remote, &merge->tuple.local, tcp, contiguous, packet->spans,
                              packet->span_count, told - (merge->tcp - merge->ip)))
        return false;
    if (!add_payload(merge, head + merge->image_length, packet->head_length - merge->image_length, packet->spans,
                     packet->span_count, length))
        return false;
    segment->length += length;
    segment->count++;
    COUNT(&stack->core, IpInReceives);
    COUNT(&stack->core, IpInDelivers);
    if (tcp[13] & TCP_PSH) {
        segment->flags |= TCP_PSH;
        merge_flush(stack);
    }
    return true;
}

static bool joinable(const struct septet *stack, const struct septet_packet *packet, const struct ip_delivery *delivery)
{
    const struct segment *segment = &stack->merge.segment;
    return stack->core.config.tcp.gro && segment->flags == TCP_ACK && segment->length != 0 && !segment->group &&
           !delivery->ip.fragmented && !delivery->transient && delivery->header != NULL && packet->gso_size == 0 &&
           delivery->interface != IP_LOOP &&
           (uint32_t)(delivery->transport - packet->head) + segment->header_length <= MERGE_HEADER;
}

void merge_begin(struct septet *stack, const struct septet_packet *packet, const struct ip_delivery *delivery)
{
    struct merge *merge = &stack->merge;
    const uint32_t header = merge->segment.header_length;
    merge->span_count = 0;
    merge->pending = true;
    if (!add_payload(merge, delivery->transport + header, delivery->transport_length - header, delivery->spans,
                     delivery->span_count, merge->segment.length)) {
        merge->pending = false;
        core_drop_packet(&stack->core, SEPTET_DROP_tcp_malformed, PROTOCOL_TCP, delivery->interface);
        return;
    }
    if (joinable(stack, packet, delivery))
        take_image(stack, packet, delivery);
    else
        merge_flush(stack);
}
