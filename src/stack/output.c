#include "base/memory.h"
#include "stack/stack.h"

/* Output is pulled: packets of the IP layer first, then segments that belong to no connection, then the connections
 * with something to send, each in its turn. */

/* What one connection may send before the next has its turn. */
#define TURN_SEGMENTS 64

static void trace_sent(struct septet *stack, const struct frame *frame, septet_handle handle, bool retransmission)
{
    if (!core_traced(&stack->core))
        return;
    const struct septet_trace_event event = {
        .time = stack->core.now,
        .kind = SEPTET_TRACE_segment_sent,
        .handle = handle,
        .tuple = frame->tuple,
        .options = frame->options,
        .options_length = frame->options_length,
        .value = {frame->seq, frame->ack, frame->flags, frame->payload, frame->window, retransmission},
    };
    core_trace(&stack->core, &event);
}

struct batch {
    struct septet_packet *packets;
    uint32_t count, maximum;
};

/* Puts a packet into the batch, or, when it is for ourselves, straight into our own input. */
static void emit(struct septet *stack, struct batch *batch, const struct frame_template *template,
                 const struct frame *frame, const struct septet_span *spans, uint32_t span_count)
{
    if (!template->loop) {
        struct septet_packet *next = &batch->packets[batch->count];
        next->spans = spans;
        next->span_count = span_count;
        frame_stamp(stack, template, frame, batch->count++, next);
        return;
    }
    struct septet_packet packet = {.spans = spans, .span_count = span_count};
    frame_stamp(stack, template, frame, batch->count, &packet);
    stack_packet(stack, &packet);
    merge_flush(stack);
}

/* ---- segments without a connection ---- */

static void send_reply(struct septet *stack, struct batch *batch, struct reply *reply)
{
    struct ip_path path;
    uint8_t mac[6];
    if (ip_route(&stack->ip, &reply->tuple.local, &reply->tuple.remote, &path) != SEPTET_OK)
        return;
    if (ip_is_local(&stack->ip, &reply->tuple.remote))
        path.interface = IP_LOOP;
    reply_path(reply, path.mtu);
    COUNT(&stack->core, OutSegs);
    const struct frame frame = {
        .tuple = &reply->tuple,
        .path = &path,
        .mac = mac,
        .options = reply->options,
        .options_length = reply->options_length,
        .seq = reply->seq,
        .ack = reply->ack,
        .flags = reply->flags,
        .window = reply->window,
        .traffic_class = reply->traffic_class,
        .hop_limit = reply->hop_limit,
    };
    struct frame_template template;
    trace_sent(stack, &frame, 0, false);
    const bool known = path.interface == IP_LOOP || ip_link_address(&stack->ip, &path, mac) == IP_REACHABLE;
    if (!known)
        memset(mac, 0, sizeof mac);
    frame_prepare(stack, &frame, &template);
    if (known) {
        emit(stack, batch, &template, &frame, NULL, 0);
        return;
    }
    /* It waits for its neighbour in the IP layer. */
    struct septet_packet packet = {0};
    frame_stamp(stack, &template, &frame, batch->count, &packet);
    const struct ip_fields fields = {
        .source = reply->tuple.local,
        .destination = reply->tuple.remote,
        .protocol = PROTOCOL_TCP,
        .ttl = reply->hop_limit,
        .traffic_class = reply->traffic_class,
        .do_not_fragment = true,
    };
    const struct septet_span span = {packet.head + packet.checksum_start, packet.header_length - packet.checksum_start};
    if (packet.flags & SEPTET_PACKET_NEEDS_CHECKSUM)
        frame_complete_checksum(stack, batch->count, &packet);
    (void)ip_send(&stack->ip, &fields, &span, 1); /* refused: as good as lost on the way */
}

/* ---- connections ---- */

static uint16_t identification(const struct connection *c)
{
    return (uint16_t)((c->iss >> 16 ^ c->iss) + c->segments_out);
}

#define ECT_0 2

/* A walk along the send stream: the contiguous bytes at its front. */
struct payload_walk {
    const uint8_t *data;
    uint32_t left, seq;
};

/* The spans of the next `length` bytes. Returns their count. */
static uint32_t payload_spans(const struct septet *stack, const struct connection *c, struct payload_walk *walk,
                              uint32_t length, struct septet_span *spans)
{
    uint32_t count = 0;
    while (length != 0) {
        if (walk->left == 0) {
            walk->left = UINT32_MAX;
            walk->data = stream_at(&c->send, &stack->core.pages, walk->seq, &walk->left);
        }
        const uint32_t piece = min_u32(walk->left, length);
        spans[count++] = (struct septet_span){walk->data, piece};
        walk->data += piece;
        walk->left -= piece;
        walk->seq += piece;
        length -= piece;
    }
    return count;
}

/* One transmission as one packet, or cut into segments where the device does not do that. */
static void send_transmission(struct septet *stack, struct batch *batch, struct connection *c,
                              const struct transmission *t, const uint8_t *mac, bool offload)
{
    struct frame frame = {
        .tuple = &c->tuple,
        .path = &c->path,
        .mac = mac,
        .options = t->options,
        .options_length = t->options_length,
        .seq = t->seq,
        .ack = t->ack,
        .flags = t->flags,
        .window = t->window,
        .urgent = t->urgent,
        .traffic_class = (uint8_t)(c->options.traffic_class | (t->capable ? ECT_0 : 0)),
        .hop_limit = c->options.hop_limit,
        .identification = identification(c),
        .payload = t->length,
    };
    trace_sent(stack, &frame, handle_make(HANDLE_CONNECTION, c->generation, slab_reference(&stack->tcp.connections, c)),
               t->retransmission);
    stack->core.counter[SEPTET_COUNTER_SuperSegmentsOut] += t->length > t->mss;
    const uint16_t last_flags = t->flags;
    const uint32_t step = offload || t->length <= t->mss ? t->length : t->mss;
    struct frame_template template;
    struct payload_walk walk = {.seq = t->seq};
    uint32_t done = 0;
    frame_prepare(stack, &frame, &template);
    do {
        struct septet_span *spans = stack->spans + stack->span_used;
        frame.payload = min_u32(step, t->length - done);
        frame.seq = t->seq + done;
        done += frame.payload;
        frame.flags = (uint16_t)(done == t->length ? last_flags : last_flags & ~(TCP_FIN | TCP_PSH));
        frame.gso_size = frame.payload > t->mss ? t->mss : 0;
        const uint32_t count = payload_spans(stack, c, &walk, frame.payload, spans);
        stack->span_used += count;
        emit(stack, batch, &template, &frame, spans, count);
        frame.identification++;
    } while (done < t->length);
}

/* Finds the way if the one that is known may be outdated. False when there is none. */
static bool find_path(struct septet *stack, struct connection *c)
{
    if (c->path.generation == ip_generation(&stack->ip) && c->path.generation != 0)
        return true;
    struct ip_path path;
    const int error = ip_route(&stack->ip, &c->tuple.local, &c->tuple.remote, &path);
    if (error != SEPTET_OK) {
        tcp_path_failed(&stack->tcp, c, error == SEPTET_ADDRESS_NOT_AVAILABLE ? SEPTET_NETWORK_UNREACHABLE : error);
        return false;
    }
    if (ip_is_local(&stack->ip, &c->tuple.remote))
        path.interface = IP_LOOP;
    const bool changed = path.mtu != c->path.mtu;
    c->path = path;
    if (changed)
        tcp_path_changed(&stack->tcp, c);
    return true;
}

/* What the connection learnt about its next hop. */
static void tell_neighbor(struct septet *stack, struct connection *c)
{
    if (c->flags & CONNECTION_CONFIRM)
        ip_neighbor_confirm(&stack->ip, &c->path);
    if (c->flags & CONNECTION_DOUBT)
        ip_neighbor_doubt(&stack->ip, &c->path);
    c->flags &= ~(uint32_t)(CONNECTION_CONFIRM | CONNECTION_DOUBT);
}

enum turn { TURN_OVER, TURN_MORE, TURN_PARKED };

static enum turn send_connection(struct septet *stack, struct batch *batch, struct connection *c)
{
    uint8_t mac[6];
    if (!tcp_has_work(&stack->tcp, c) || !find_path(stack, c))
        return TURN_OVER;
    const bool loop = c->path.interface == IP_LOOP;
    if (!loop && c->path.neighbor != 0) {
        tell_neighbor(stack, c);
        const enum ip_reachability reachability = ip_link_address(&stack->ip, &c->path, mac);
        if (reachability == IP_RESOLVING) {
            tcp_park(&stack->tcp, c, ip_neighbor_waiters(&stack->ip, c->path.neighbor));
            return TURN_PARKED;
        }
        if (reachability == IP_UNREACHABLE) {
            tcp_path_failed(&stack->tcp, c, SEPTET_HOST_UNREACHABLE);
            return TURN_OVER;
        }
    }
    const bool offload = loop || (ip_interface_link(&stack->ip, c->path.interface)->offloads & SEPTET_OFFLOAD_TSO);
    for (uint32_t turn = 0; turn < TURN_SEGMENTS;) {
        const uint32_t room = batch->maximum - batch->count;
        if (room == 0 || STACK_SPANS - stack->span_used < STACK_TRANSMISSION_SPANS)
            return TURN_MORE;
        struct transmission t;
        const uint32_t span_used = stack->span_used;
        if (!tcp_transmit(&stack->tcp, c, offload ? TURN_SEGMENTS : min_u32(room, TURN_SEGMENTS - turn), &t))
            return TURN_OVER;
        send_transmission(stack, batch, c, &t, mac, offload);
        if (loop)
            stack->span_used = span_used; /* taken in already */
        turn += t.length > t.mss ? (t.length + t.mss - 1u) / t.mss : 1;
    }
    return TURN_MORE;
}

static void pull_ip(struct septet *stack, struct batch *batch)
{
    while (batch->count < batch->maximum && STACK_SPANS - stack->span_used >= STACK_PACKET_SPANS &&
           ip_output(&stack->ip, &batch->packets[batch->count], stack->headers[batch->count],
                     stack->spans + stack->span_used, STACK_PACKET_SPANS))
        stack->span_used += batch->packets[batch->count++].span_count;
}

uint32_t septet_output(struct septet *stack, struct septet_packet *packets, uint32_t maximum)
{
    struct batch batch = {.packets = packets, .maximum = min_u32(maximum, SEPTET_BATCH)};
    stack->span_used = 0;
    ip_output_begin(&stack->ip);
    pull_ip(stack, &batch);
    for (struct reply *reply; batch.count < batch.maximum && (reply = tcp_next_reply(&stack->tcp)) != NULL;)
        send_reply(stack, &batch, reply);
    /* Segments to ourselves make more work: a bound, since nothing else ends a conversation with oneself. */
    for (uint32_t turns = 0; batch.count < batch.maximum && turns < 4 * SEPTET_BATCH; turns++) {
        struct connection *c = tcp_next_dirty(&stack->tcp);
        if (c == NULL)
            break;
        const enum turn turn = send_connection(stack, &batch, c);
        if (turn != TURN_PARKED)
            tcp_done(&stack->tcp, c, turn == TURN_MORE);
        if (batch.maximum - batch.count == 0 || STACK_SPANS - stack->span_used < STACK_TRANSMISSION_SPANS)
            break;
    }
    pull_ip(stack, &batch); /* the connections may have asked for their neighbours */
    return batch.count;
}
