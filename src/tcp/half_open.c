#include "base/memory.h"
#include "tcp/cc.h"

/* Passive opens until their third segment: SYN-RECEIVED in 60 bytes. RFC 9293 sections 3.10.7.2 and 3.10.7.4. */

static uint32_t half_open_window(const struct tcp *tcp, const struct compact *half)
{
    return min_u32(tcp_listener(tcp, half->listener)->options.receive_buffer, 65535);
}

void half_open_syn_ack(struct tcp *tcp, const struct compact *half, const struct septet_tuple *tuple, uint32_t clock)
{
    struct reply *reply = reply_add(tcp, tuple);
    if (reply == NULL)
        return;
    const struct connection_options *options = &tcp_listener(tcp, half->listener)->options;
    const struct syn_offer offer = {
        .layout = tcp->config->syn_layout,
        .mss = options->maxseg != 0 ? options->maxseg : UINT16_MAX, /* reply_path() lowers it to the path's */
        .timestamps = (half->options & COMPACT_TIMESTAMPS) != 0,
        .sack = (half->options & COMPACT_SACK) != 0,
        .window_scaling = (half->options & COMPACT_WINDOW_SCALING) != 0,
        .window_scale = half->scale,
        .ts_val = clock + timestamp_offset(tcp, tuple),
        .ts_ecr = half->ts_recent,
    };
    reply->seq = half->snd_nxt - 1;
    reply->ack = half->rcv_nxt;
    reply->flags = (uint16_t)(TCP_SYN | TCP_ACK | (half->ecn ? TCP_ECE : 0));
    reply->window = (uint16_t)half_open_window(tcp, half);
    reply->traffic_class = options->traffic_class;
    reply->hop_limit = options->hop_limit;
    reply->options_length = (uint8_t)build_syn_options(&offer, reply->options);
}

static void send_syn_ack(struct tcp *tcp, const struct compact *half, const struct septet_tuple *tuple)
{
    half_open_syn_ack(tcp, half, tuple, timestamp_clock(tcp->core->now));
}

static struct fifo *timer_list(struct tcp *tcp, const struct compact *half)
{
    return &tcp->synack_timers[half->retries];
}

static void timer_start(struct tcp *tcp, uint32_t index)
{
    struct compact *half = compact_at(tcp, DEMUX_HALF_OPEN, index);
    const int64_t wait = min_i64(tcp->config->rto_initial << half->retries, tcp->config->rto_maximum);
    compact_append(tcp, DEMUX_HALF_OPEN, timer_list(tcp, half), index, tcp->core->now + wait);
}

static uint32_t microseconds(int64_t time) { return (uint32_t)((uint64_t)time / 1000); }

/* The first round trip. Timestamps, if there are any, measure it as well. */
static void measure_handshake(struct tcp *tcp, struct connection *c, const struct compact *half)
{
    if (tcp->config->measure_syn_ack && half->retries == 0 &&
        !(half->options & (COMPACT_RECEIVED_ACK | COMPACT_TIMESTAMPS)))
        rtt_sample(tcp, c, (int64_t)(microseconds(tcp->core->now) - half->sent_us) * 1000);
}

void half_open_remove(struct tcp *tcp, uint32_t index, enum septet_state to)
{
    struct compact *half = compact_at(tcp, DEMUX_HALF_OPEN, index);
    const struct septet_tuple tuple = compact_tuple(tcp, half);
    tcp_listener(tcp, half->listener)->half_open--;
    compact_unlink(tcp, DEMUX_HALF_OPEN, timer_list(tcp, half), index);
    compact_free(tcp, DEMUX_HALF_OPEN, index);
    if (to != SEPTET_STATE_established) {
        COUNT(tcp->core, AttemptFails);
        trace_state(tcp, &tuple, 0, SEPTET_STATE_syn_received, to);
    }
}

/* Its peer has answered and is to send data first; when that takes too long, the SYN-ACK is repeated and the next
 * answer is enough. */
static bool deferred(const struct tcp *tcp, const struct compact *half, uint32_t ahead)
{
    return (half->options & COMPACT_RECEIVED_ACK) &&
           half->retries + ahead < tcp_listener(tcp, half->listener)->options.defer_accept;
}

static uint32_t most_retries(const struct tcp *tcp, const struct compact *half)
{
    const struct connection_options *options = &tcp_listener(tcp, half->listener)->options;
    uint32_t most = options->syn_retries != 0 ? options->syn_retries : tcp->config->synack_retries;
    if (half->options & COMPACT_RECEIVED_ACK)
        most = max_u32(most, options->defer_accept);
    return min_u32(most, TCP_RETRY_LISTS - 1);
}

void half_open_expire(struct tcp *tcp)
{
    if (tcp->half_open.used == 0)
        return;
    for (unsigned list = 0; list < TCP_RETRY_LISTS; list++) {
        uint32_t index;
        while ((index = tcp->synack_timers[list].head) != 0) {
            struct compact *half = compact_at(tcp, DEMUX_HALF_OPEN, index);
            if ((int32_t)(half->deadline - compact_clock(tcp->core->now)) > 0)
                break;
            if (half->retries >= most_retries(tcp, half)) {
                half_open_remove(tcp, index, SEPTET_STATE_closed);
                continue;
            }
            const bool repeat = !deferred(tcp, half, 1);
            const struct septet_tuple tuple = compact_tuple(tcp, half);
            compact_unlink(tcp, DEMUX_HALF_OPEN, timer_list(tcp, half), index);
            half->retries++;
            timer_start(tcp, index);
            if (repeat) {
                COUNT(tcp->core, RetransSegs);
                send_syn_ack(tcp, half, &tuple);
            }
        }
    }
}

int64_t half_open_deadline(const struct tcp *tcp)
{
    int64_t earliest = SEPTET_NEVER;
    if (tcp->half_open.used == 0)
        return earliest;
    for (unsigned list = 0; list < TCP_RETRY_LISTS; list++) {
        const uint32_t index = tcp->synack_timers[list].head;
        if (index != 0)
            earliest = min_i64(earliest, compact_deadline(tcp, compact_at(tcp, DEMUX_HALF_OPEN, index)->deadline));
    }
    return earliest;
}

static uint8_t agreed_options(const struct tcp *tcp, const struct tcp_options *options)
{
    uint8_t agreed = 0;
    if (options->has_window_scale && tcp->config->window_scaling)
        agreed = (uint8_t)(COMPACT_WINDOW_SCALING | min_u32(options->window_scale, 14));
    if (options->has_timestamps && tcp->config->timestamps)
        agreed |= COMPACT_TIMESTAMPS;
    if (options->sack_permitted && tcp->config->sack)
        agreed |= COMPACT_SACK;
    return agreed;
}

void half_open_fill(const struct tcp *tcp, uint32_t index, const struct segment *segment, struct compact *half)
{
    const bool ipv4 = septet_address_is_ipv4(&segment->tuple->remote);
    half->mss_or_window = segment->options.has_mss
                              ? segment->options.mss
                              : (ipv4 ? tcp->config->mss_default_ipv4 : tcp->config->mss_default_ipv6);
    half->rcv_nxt = segment->seq + 1;
    half->options = agreed_options(tcp, &segment->options);
    half->ecn = ecn_asked(tcp, segment);
    if (half->options & COMPACT_TIMESTAMPS)
        half->ts_recent = segment->options.ts_val;
    else
        half->sent_us = microseconds(tcp->core->now);
    half->scale = window_scale_for(tcp, tcp_listener(tcp, index)->options.receive_buffer) & 15u;
    half->listener = (uint16_t)index;
}

void listener_syn(struct tcp *tcp, uint32_t index, const struct segment *segment, uint32_t iss_above, bool iss_bound)
{
    struct listener *listener = tcp_listener(tcp, index);
    uint32_t half_index;
    struct compact *half = compact_new(tcp, DEMUX_HALF_OPEN, segment->tuple, &half_index);
    if (half == NULL) {
        listener_drop(tcp, segment, SEPTET_DROP_tcp_half_open_limit);
        return;
    }
    uint32_t iss = isn_make(tcp, segment->tuple);
    if (iss_bound && seq_leq(iss, iss_above))
        iss = iss_above + 65536; /* MAY-2: above what the old connection used */
    half_open_fill(tcp, index, segment, half);
    half->snd_nxt = iss + 1;
    listener->half_open++;
    timer_start(tcp, half_index);
    trace_state(tcp, segment->tuple, 0, SEPTET_STATE_listen, SEPTET_STATE_syn_received);
    send_syn_ack(tcp, half, segment->tuple);
}

static uint32_t half_open_scale(const struct compact *half)
{
    return (half->options & COMPACT_WINDOW_SCALING) ? half->scale : 0u;
}

/* The window field of an ACK: rounded up, so that the edge that the SYN-ACK told does not move left. */
static uint16_t scaled_window(const struct tcp *tcp, const struct compact *half)
{
    const uint32_t scale = half_open_scale(half);
    return (uint16_t)((half_open_window(tcp, half) + (UINT32_C(1) << scale) - 1) >> scale);
}

static void half_open_acknowledge(struct tcp *tcp, struct compact *half, const struct segment *segment)
{
    if (!guard_allows(tcp, &half->challenged_until)) {
        COUNT(tcp->core, ChallengeACKsSkipped);
        return;
    }
    struct reply *reply = reply_add(tcp, segment->tuple);
    if (reply == NULL)
        return;
    COUNT(tcp->core, ChallengeACKs);
    reply->seq = half->snd_nxt;
    reply->ack = half->rcv_nxt;
    reply->flags = TCP_ACK;
    reply->window = scaled_window(tcp, half);
    if (half->options & COMPACT_TIMESTAMPS) {
        const uint32_t clock = timestamp_clock(tcp->core->now) + timestamp_offset(tcp, segment->tuple);
        reply->options_length = (uint8_t)build_timestamps(reply->options, clock, half->ts_recent);
    }
}

/* The third segment: the half-open connection becomes a whole one, whose record is `c`. */
static void half_open_promote(struct tcp *tcp, struct connection *c, const struct compact *of,
                              const struct segment *segment)
{
    const struct compact half = *of;
    demux_insert(tcp, &c->tuple, DEMUX_CONNECTION, tcp_index(tcp, c));
    const struct segment syn = {
        .options =
            {
                .has_mss = true,
                .mss = half.mss_or_window,
                .has_window_scale = (half.options & COMPACT_WINDOW_SCALING) != 0,
                .window_scale = half.options & COMPACT_SCALE,
                .has_timestamps = (half.options & COMPACT_TIMESTAMPS) != 0,
                .ts_val = half.ts_recent,
                .sack_permitted = (half.options & COMPACT_SACK) != 0,
            },
    };
    c->listener = half.listener;
    c->path.mtu = segment->mtu;
    /* As the SYN-ACK said, whatever was configured since. */
    c->flags |= CONNECTION_TIMESTAMPS | CONNECTION_SACK | CONNECTION_WINDOW_SCALING;
    c->rcv_wscale = half.scale;
    connection_options_of_syn(tcp, c, &syn);
    c->ecn = half.ecn ? ECN_ON : 0;
    c->iss = c->cwr_until = half.snd_nxt - 1;
    c->irs = half.rcv_nxt - 1;
    c->snd_una = c->iss;
    c->snd_nxt = c->snd_end = c->snd_sml = half.snd_nxt;
    c->rcv_nxt = c->rcv_read = c->ack_sent = half.rcv_nxt;
    c->rcv_adv = c->rcv_nxt + ((uint32_t)scaled_window(tcp, &half) << half_open_scale(&half));
    c->flags |= half.retries != 0 && !(half.options & COMPACT_RECEIVED_ACK) ? CONNECTION_SYN_RETRANSMITTED : 0;
    c->state = SEPTET_STATE_syn_received; /* as it was traced when it was half open */
    COUNT(tcp->core, PassiveOpens);
}

static struct connection *room_for(struct tcp *tcp, uint32_t index, const struct segment *segment)
{
    struct listener *listener = tcp_listener(tcp, index);
    struct connection *c = connection_new(tcp, segment->tuple, &listener->options, false);
    if (c == NULL) {
        tcp->refused_listeners += !listener->refused;
        listener->refused = true;
        listener_drop(tcp, segment, SEPTET_DROP_tcp_connection_limit);
    }
    return c;
}

void half_open_complete(struct tcp *tcp, const struct compact *half, struct segment *segment)
{
    struct connection *c = room_for(tcp, half->listener, segment);
    if (c == NULL)
        return;
    trace_state(tcp, segment->tuple, 0, SEPTET_STATE_listen, SEPTET_STATE_syn_received);
    half_open_promote(tcp, c, half, segment);
    listener_queue(tcp, c);
    segment_accepted(tcp, c, segment);
}

void half_open_overflow(struct tcp *tcp, const struct segment *segment)
{
    listener_drop(tcp, segment, SEPTET_DROP_tcp_backlog);
    if (tcp->config->reset_on_overflow)
        reply_reset(tcp, segment);
}

/* RFC 7323 section 3.2: as for any connection that agreed on timestamps. */
static bool lacks_timestamp(struct tcp *tcp, const struct compact *half, const struct segment *segment)
{
    if (!(half->options & COMPACT_TIMESTAMPS) || segment->options.has_timestamps || (segment->flags & TCP_RST) ||
        tcp->config->missing_timestamps)
        return false;
    drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_no_timestamp);
    return true;
}

/* The peer's SYN once more: our SYN-ACK was lost. */
static void repeat_syn_ack(struct tcp *tcp, uint32_t index, const struct segment *segment)
{
    struct compact *half = compact_at(tcp, DEMUX_HALF_OPEN, index);
    drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_duplicate_syn);
    if ((half->options & COMPACT_TIMESTAMPS) && segment->options.has_timestamps &&
        seq_gt(segment->options.ts_val, half->ts_recent))
        half->ts_recent = segment->options.ts_val;
    compact_unlink(tcp, DEMUX_HALF_OPEN, timer_list(tcp, half), index);
    timer_start(tcp, index);
    send_syn_ack(tcp, half, segment->tuple);
}

/* What BSD's SYN cache does otherwise than section 3.10.7.4. True when the segment is done with. */
static bool syn_cache_arrives(struct tcp *tcp, uint32_t index, const struct segment *segment)
{
    if (segment->flags & TCP_RST) {
        if (!(segment->flags & (TCP_ACK | TCP_SYN | TCP_FIN)))
            return false;
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_flags);
    } else if (!(segment->flags & TCP_SYN)) {
        return false;
    } else if (segment->flags & TCP_ACK) {
        half_open_remove(tcp, index, SEPTET_STATE_listen);
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_listen_ack);
        reply_refuse(tcp, segment, true);
    } else {
        repeat_syn_ack(tcp, index, segment);
    }
    return true;
}

static bool half_open_unacceptable(struct tcp *tcp, uint32_t index, struct segment *segment)
{
    struct compact *half = compact_at(tcp, DEMUX_HALF_OPEN, index);
    const uint32_t window = half_open_window(tcp, half);
    /* A SYN or RST is where it begins, whatever follows it. */
    const uint32_t length =
        segment->flags & (TCP_SYN | TCP_RST) ? 0 : segment->length + ((segment->flags & TCP_FIN) != 0);
    const bool paws = (half->options & COMPACT_TIMESTAMPS) && segment->options.has_timestamps &&
                      seq_lt(segment->options.ts_val, half->ts_recent) && !(segment->flags & TCP_RST);
    const bool inside = seq_in(segment->seq, half->rcv_nxt, half->rcv_nxt + window) ||
                        (length != 0 && seq_in(segment->seq + length - 1, half->rcv_nxt, half->rcv_nxt + window));
    if (inside && !paws)
        return lacks_timestamp(tcp, half, segment);
    if ((segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN && segment->seq == half->rcv_nxt - 1) {
        repeat_syn_ack(tcp, index, segment);
        return true;
    }
    drop_segment(tcp, NULL, segment, paws ? SEPTET_DROP_tcp_paws : SEPTET_DROP_tcp_unacceptable);
    if (!(segment->flags & TCP_RST) && !(paws && tcp->config->paws_silent))
        half_open_acknowledge(tcp, half, segment);
    return true;
}

void half_open_arrives(struct tcp *tcp, uint32_t index, struct segment *segment)
{
    struct compact *half = compact_at(tcp, DEMUX_HALF_OPEN, index);
    if ((tcp->config->syn_cache && syn_cache_arrives(tcp, index, segment)) ||
        half_open_unacceptable(tcp, index, segment))
        return;
    if (segment->flags & TCP_RST) {
        if (segment->seq == half->rcv_nxt || tcp->config->reset_in_window) {
            half_open_remove(tcp, index, SEPTET_STATE_listen); /* MUST-11: the application is not told */
        } else {
            drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_rst_challenge);
            half_open_acknowledge(tcp, half, segment);
        }
        return;
    }
    if (segment->flags & TCP_SYN) {
        half_open_remove(tcp, index, SEPTET_STATE_listen);
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_syn_challenge);
        return;
    }
    if (!(segment->flags & TCP_ACK)) {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_no_ack);
        return;
    }
    if (segment->ack != half->snd_nxt) {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_ack_bad_handshake);
        reply_refuse(tcp, segment, true);
        return;
    }
    struct listener *listener = tcp_listener(tcp, half->listener);
    if (listener->queued >= listener->backlog) {
        half_open_overflow(tcp, segment);
        if (tcp->config->reset_on_overflow)
            half_open_remove(tcp, index, SEPTET_STATE_closed);
        return;
    }
    if (segment->length == 0 && !(segment->flags & TCP_FIN) && half->retries < listener->options.defer_accept) {
        half->options |= COMPACT_RECEIVED_ACK;
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_deferred);
        return;
    }
    const struct compact copy = *half;
    struct connection *c = room_for(tcp, copy.listener, segment);
    if (c == NULL)
        return;
    half_open_remove(tcp, index, SEPTET_STATE_established);
    half_open_promote(tcp, c, &copy, segment);
    measure_handshake(tcp, c, &copy);
    listener_queue(tcp, c);
    segment_accepted(tcp, c, segment);
}

bool half_open_icmp(struct tcp *tcp, uint32_t index, uint32_t seq, bool hard)
{
    if (seq != compact_at(tcp, DEMUX_HALF_OPEN, index)->snd_nxt - 1)
        return false;
    if (hard)
        half_open_remove(tcp, index, SEPTET_STATE_closed);
    return true;
}
