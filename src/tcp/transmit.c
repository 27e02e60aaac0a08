#include "base/memory.h"
#include "tcp/cc.h"
#include "tcp/record.h"

/* What may be sent now and how much. In this order: what is lost, new data, a rescue, a probe, a bare ACK. */

/* ---- what every segment carries ---- */

static void complete(struct tcp *tcp, struct connection *c, struct transmission *t)
{
    t->flags |= TCP_ACK;
    t->flags |= (c->ecn & ECN_ECHO) ? TCP_ECE : 0;
    t->ack = c->rcv_nxt;
    t->options_length = (uint8_t)build_options(tcp, c, t->options);
    t->window = receive_window(tcp, c, false);
    if ((c->flags & CONNECTION_URGENT_OUT) && seq_gt(c->snd_up, t->seq)) {
        t->flags |= TCP_URG;
        t->urgent = (uint16_t)min_u32(c->snd_up - t->seq, 65535);
    }
    if (c->quick_acks != 0 && c->unacked != 0)
        c->quick_acks = (uint8_t)(t->length != 0 ? 0 : c->quick_acks - 1); /* a dialogue: ACKs ride on data */
    c->ack_sent = c->rcv_nxt;
    c->unacked = 0;
    c->unacked_segments = 0;
    c->ack_at = SEPTET_NEVER;
    c->flags &= ~(uint32_t)CONNECTION_ACK_NOW;
    const uint32_t count = t->length > t->mss ? (t->length + t->mss - 1u) / t->mss : 1;
    c->segments_out += count;
    if (t->length != 0) {
        c->sent_at = compact_clock(tcp->core->now);
        c->data_segments_out += count;
        c->bytes_sent += t->length;
        COUNT_ADD(tcp->core, OutOctets, t->length);
    }
    COUNT_ADD(tcp->core, OutSegs, count);
    if (t->retransmission) {
        c->total_retransmits += count;
        c->bytes_retransmitted += t->length;
        COUNT_ADD(tcp->core, RetransSegs, count);
        COUNT_ADD(tcp->core, RetransOctets, t->length);
    }
}

/* Twice the window in a round trip while it doubles, else a little more than it; the round trip must be known. */
static uint64_t own_rate(const struct connection *c)
{
    return mul_div_u64(c->cwnd, c->cwnd < c->ssthresh ? 2000000 : 1200000, c->srtt_us);
}

uint64_t transmit_pacing_rate(const struct tcp *tcp, const struct connection *c)
{
    uint64_t rate = c->options.pacing_rate;
    if (tcp->config->pacing && c->srtt_us != 0) {
        const uint64_t own = own_rate(c);
        rate = rate == 0 ? own : min_u64(rate, own);
    }
    return rate;
}

/* Segments that leave as one burst at most. */
static uint32_t burst_segments(const struct tcp *tcp, const struct connection *c, uint32_t mss)
{
    if (tcp->config->burst_minimum == 0 || c->srtt_us == 0)
        return UINT32_MAX;
    return max_u32(tcp->config->burst_minimum, (uint32_t)min_u64(own_rate(c) / 1000 / mss, UINT32_MAX));
}

/* What leaves at once when paced: a millisecond's worth. */
static uint32_t paced_segments(const struct tcp *tcp, const struct connection *c)
{
    const uint64_t rate = transmit_pacing_rate(tcp, c);
    return rate == 0 ? UINT32_MAX : (uint32_t)min_u64(max_u64(rate / 1000 / c->mss, 1), UINT32_MAX);
}

static void pace(struct tcp *tcp, struct connection *c, uint32_t bytes)
{
    const uint64_t rate = transmit_pacing_rate(tcp, c);
    if (rate == 0 || bytes == 0)
        return;
    c->pace_at = tcp->core->now + (int64_t)min_u64(mul_div_u64(bytes, SEPTET_SECOND, rate), 86400 * SEPTET_SECOND);
    timer_update(tcp, c);
}

/* ---- SYN ---- */

static bool transmit_syn(struct tcp *tcp, struct connection *c, struct transmission *t)
{
    const bool answer = c->state == SEPTET_STATE_syn_received;
    if (!(c->flags & CONNECTION_SEND_SYN)) {
        if (!answer || !(c->flags & CONNECTION_ACK_NOW))
            return false;
        t->seq = c->snd_nxt;
        complete(tcp, c, t);
        return true;
    }
    uint32_t mss = connection_path_payload(c) - TCP_HEADER; /* MUST-67 */
    if (c->options.maxseg != 0)
        mss = min_u32(mss, c->options.maxseg);
    const struct syn_offer offer = {
        .layout = tcp->config->syn_layout,
        .mss = (uint16_t)mss,
        .timestamps = (c->flags & CONNECTION_TIMESTAMPS) != 0,
        .sack = (c->flags & CONNECTION_SACK) != 0,
        .window_scaling = (c->flags & CONNECTION_WINDOW_SCALING) != 0,
        .window_scale = c->rcv_wscale,
        .ts_val = timestamp_clock(tcp->core->now) + c->ts_offset,
        .ts_ecr = answer ? c->ts_recent : 0,
    };
    t->retransmission = (c->flags & CONNECTION_SYN_RETRANSMITTED) != 0;
    if (t->retransmission && !answer)
        ecn_clear(c, ECN_ON); /* RFC 3168 6.1.1.1: perhaps it was dropped for that */
    const uint16_t ecn = (c->ecn & ECN_ON) ? (answer ? TCP_ECE : TCP_ECE | TCP_CWR) : 0;
    t->seq = c->iss;
    t->ack = answer ? c->rcv_nxt : 0;
    t->flags = (uint16_t)((answer ? TCP_SYN | TCP_ACK : TCP_SYN) | ecn);
    t->options_length = (uint8_t)build_syn_options(&offer, t->options);
    t->window = receive_window(tcp, c, true);
    if (!t->retransmission && !answer)
        c->received_at = tcp->core->now; /* from here the first round trip is measured */
    c->flags &= ~(uint32_t)(CONNECTION_SEND_SYN | CONNECTION_ACK_NOW);
    c->segments_out++;
    COUNT(tcp->core, OutSegs);
    tcp->core->counter[SEPTET_COUNTER_RetransSegs] += t->retransmission;
    timer_resend(tcp, c, RESEND_RETRANSMIT, tcp->core->now + (int64_t)rtt_timeout(tcp, c));
    return true;
}

/* ---- what is lost ---- */

/* The first segments to resend: a run of neighbours in one record. False when there is none. */
static bool next_lost(struct tcp *tcp, struct flight *flight, uint32_t *number, uint32_t *first, uint32_t *count)
{
    for (uint32_t n = flight->resend_hint; n != flight->records_end; n++) {
        const struct record *record = record_at(tcp, flight, n);
        const uint64_t mask = record->lost & ~record->retransmitted;
        if (mask != 0) {
            *number = flight->resend_hint = n;
            *first = (uint32_t)__builtin_ctzll(mask);
            const uint64_t run = ~(mask >> *first);
            *count = run == 0 ? RECORD_SEGMENTS : (uint32_t)__builtin_ctzll(run);
            return true;
        }
    }
    flight->resend_hint = flight->records_end;
    return false;
}

static void resent(struct flight *flight, struct record *record, uint32_t first, uint32_t count)
{
    const uint64_t run = count == RECORD_SEGMENTS ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    const uint64_t mask = run << first;
    flight->to_resend -= count_bits_u64(mask & record->lost);
    record->retransmitted |= mask;
    flight->retransmitted += record_bytes(record, mask);
    flight->high_rxt = seq_max(flight->high_rxt, record_end(record, first + count - 1));
}

/* Payload bytes of a full segment now, SACK blocks deducted (MUST-16). */
static uint32_t payload_now(const struct tcp *tcp, const struct connection *c)
{
    const uint32_t usual = (c->flags & CONNECTION_TIMESTAMPS) ? 12 : 0;
    return c->mss - (build_options_length(tcp, c) - usual);
}

/* One segment that no longer fits in one piece, because the path shrank or the window did (SHLD-16). Returns how
 * many segments are complete with it, 0 or 1; -1 when nothing of it may go now. */
static int transmit_piece(struct connection *c, struct flight *flight, const struct record *record, uint32_t first,
                          uint32_t mss, struct transmission *t)
{
    const uint32_t start = seq_max(record_start(record, first), c->snd_una), end = record_end(record, first);
    const uint32_t right = c->snd_una + c->snd_wnd;
    const bool fin = record->fin && end == record->seq + record->length;
    t->seq = seq_in(flight->resend_split, start, end) ? flight->resend_split : start;
    if (seq_leq(right, t->seq) || (t->seq != start && seq_gt(seq_min(end, t->seq + mss), right)))
        return -1; /* no second crumb into a window that is too small */
    const uint32_t left = end - t->seq - fin;
    if (left <= mss && seq_leq(end, right)) {
        t->length = left;
        t->flags = fin ? TCP_FIN : 0;
        flight->resend_split = c->snd_una - 1;
        return 1;
    }
    t->length = min_u32(left, min_u32(mss, right - t->seq));
    t->flags = 0;
    flight->resend_split = t->seq + t->length;
    return 0;
}

static bool transmit_lost(struct tcp *tcp, struct connection *c, uint32_t segments, struct transmission *t)
{
    struct flight *flight = tcp_flight(tcp, c);
    if (flight == NULL || flight->to_resend == 0)
        return false;
    const uint32_t in_flight = flight_size(tcp, c);
    const uint32_t room = in_flight < c->cwnd ? c->cwnd - in_flight : 0;
    uint32_t number, first, count;
    if ((room < min_u32(c->mss, c->cwnd) && !(c->flags & CONNECTION_RESEND_FIRST)) || /* RFC 6675 section 5 (C) */
        !next_lost(tcp, flight, &number, &first, &count))
        return false;
    struct record *record = record_at(tcp, flight, number);
    const uint32_t mss = payload_now(tcp, c);
    const uint32_t right = c->snd_una + c->snd_wnd;
    count = min_u32(min_u32(count, segments), max_u32(room / record->mss, 1));
    if (seq_lt(record_start(record, first), c->snd_una)) /* the rest of a segment, then whole ones again */
        count = 1;
    while (count > 1 && seq_gt(record_end(record, first + count - 1), right))
        count--;
    const uint32_t end = record_end(record, first + count - 1);
    const bool fin = record->fin && end == record->seq + record->length;
    t->seq = seq_max(record_start(record, first), c->snd_una);
    t->length = end - t->seq - fin;
    t->flags = fin ? TCP_FIN : 0;
    if (seq_gt(end, right) || (record->mss > mss && t->length > mss)) {
        const int complete_segments = transmit_piece(c, flight, record, first, mss, t);
        if (complete_segments < 0)
            return false; /* the persist timer takes over when the window is closed */
        count = (uint32_t)complete_segments;
    }
    if (t->length != 0 && t->seq + t->length == c->snd_end)
        t->flags |= TCP_PSH; /* MUST-61 */
    t->mss = (uint16_t)min_u32(record->mss, mss);
    t->retransmission = true;
    if (count != 0)
        resent(flight, record, first, count);
    if (c->phase == SEPTET_PHASE_RECOVERY)
        COUNT(tcp->core, FastRetrans);
    c->flags &= ~(uint32_t)CONNECTION_RESEND_FIRST;
    /* RFC 6675 section 6: when the first segment goes again in a recovery it has the whole RTO for itself, or recovery
     * would end in a timeout wherever two round trips take that long. */
    const bool rearm =
        c->phase == SEPTET_PHASE_RECOVERY && t->seq == c->snd_una && !(c->flags & CONNECTION_PARTIAL_ACK);
    if (rearm || c->resend_kind != RESEND_RETRANSMIT)
        timer_resend(tcp, c, RESEND_RETRANSMIT, tcp->core->now + (int64_t)rtt_timeout(tcp, c));
    return true;
}

/* ---- new data ---- */

static bool add_record(struct tcp *tcp, struct connection *c, uint32_t length, bool fin, uint32_t mss)
{
    struct flight *flight = flight_begin(tcp, c);
    struct record *record = record_add(tcp, flight);
    if (record == NULL) {
        if (flight->records_first == flight->records_end)
            flight_end(tcp, c);
        return false; /* timer_blocked() or an ACK tries again */
    }
    const int64_t now = tcp->core->now;
    const bool app_limited = c->snd_nxt + length == c->snd_end && flight_size(tcp, c) + length < c->cwnd;
    if (flight->records_end - flight->records_first == 1)
        flight->first_sent_at = flight->delivered_at = now;
    *record = (struct record){
        .seq = c->snd_nxt,
        .length = length + fin,
        .mss = (uint16_t)mss,
        .fin = fin,
        .app_limited = app_limited,
        .delivered = (uint32_t)c->delivered,
        .sent_at = now,
        .delivered_before_us = (uint32_t)min_u64((uint64_t)(now - flight->delivered_at) / 1000, UINT32_MAX),
        .first_before_us = (uint32_t)min_u64((uint64_t)(now - flight->first_sent_at) / 1000, UINT32_MAX),
    };
    return true;
}

/* Whether a short last segment may go: Nagle in Minshall's form (SHLD-7), corks, and the sender's silly-window
 * avoidance of RFC 9293 3.8.6.2.1 (MUST-38). */
static bool short_segment_allowed(const struct connection *c, uint32_t length, uint32_t mss, uint32_t available,
                                  bool fin)
{
    if (c->flags & CONNECTION_OVERRIDE)
        return true;
    if (length < available) /* the window cuts it short */
        return length % mss >= c->snd_wnd_max / 2;
    if (fin || (c->flags & CONNECTION_URGENT_OUT))
        return true;
    if ((c->options.switches & SWITCH_CORK) || (c->flags & CONNECTION_CORKED))
        return false;
    return (c->options.switches & SWITCH_NODELAY) || seq_leq(c->snd_sml, c->snd_una);
}

/* RFC 5681 4.1: after an idle time the window is what a new connection would have. */
static void restart_after_idle(struct tcp *tcp, struct connection *c)
{
    const uint32_t idle = compact_clock(tcp->core->now) - c->sent_at;
    if (!tcp->config->idle_restart || c->flight != 0 || c->snd_nxt == c->iss + 1 ||
        idle <= compact_clock((int64_t)c->rto_us * 1000))
        return;
    const uint32_t initial = congestion_initial_window(tcp, c);
    congestion_of(c)->on_restart(tcp, c, (int64_t)idle << 20);
    if (c->cwnd > initial) {
        c->cwnd = initial;
        trace_congestion(tcp, c);
    }
}

/* How many of the available bytes go into one transmission; 0 and *fin false for none. */
static uint32_t new_data_length(struct tcp *tcp, struct connection *c, uint32_t mss, uint32_t segments, bool *fin)
{
    const uint32_t available = c->snd_end - c->snd_nxt;
    const uint32_t right = c->snd_una + c->snd_wnd;
    const uint32_t usable = seq_gt(right, c->snd_nxt) ? right - c->snd_nxt : 0;
    const uint32_t in_flight = flight_size(tcp, c);
    const uint32_t room = in_flight < c->cwnd ? c->cwnd - in_flight : 0;
    const bool closing = *fin;
    uint32_t length = min_u32(available, usable);
    *fin = false;
    c->flags &= ~(uint32_t)CONNECTION_CWND_LIMITED;
    if (length > room) {
        c->flags |= CONNECTION_CWND_LIMITED;
        length = room / mss * mss;
        if (length == 0 && in_flight == 0)
            length = min_u32(min_u32(available, usable), mss);
    }
    length = min_u32(length, min_u32(segments * mss, max_u32(tcp->config->gso_max / mss, 1) * mss));
    const uint32_t rest = length % mss;
    const bool window_or_end = length == available || length == usable;
    if (rest != 0 && !(window_or_end && short_segment_allowed(c, length, mss, available, closing)))
        length -= rest;
    *fin = closing && length == available && usable > length && room != 0;
    return length;
}

static bool transmit_new(struct tcp *tcp, struct connection *c, uint32_t segments, struct transmission *t)
{
    bool fin = (c->flags & CONNECTION_CLOSE) != 0;
    if ((c->flags & CONNECTION_FIN_SENT) || (c->snd_nxt == c->snd_end && !fin))
        return false;
    const uint32_t mss = payload_now(tcp, c);
    restart_after_idle(tcp, c);
    const bool cut = (c->ecn & ECN_CWR) != 0; /* told by one segment, so that no super-segment repeats it */
    segments = cut ? 1 : min_u32(min_u32(segments, RECORD_SEGMENTS), burst_segments(tcp, c, mss));
    const uint32_t length = new_data_length(tcp, c, mss, segments, &fin);
    if ((length == 0 && !fin) || !add_record(tcp, c, length, fin, mss))
        return false;
    t->seq = c->snd_nxt;
    t->length = length;
    t->mss = (uint16_t)mss;
    const bool push = length != 0 && (c->snd_nxt + length == c->snd_end || /* MUST-61 */
                                      (tcp->config->burst_minimum != 0 && length > mss));
    t->flags = (uint16_t)((fin ? TCP_FIN : 0) | (push ? TCP_PSH : 0) | (cut && length != 0 ? TCP_CWR : 0));
    t->capable = length != 0 && (c->ecn & ECN_ON);
    if (length != 0)
        ecn_clear(c, ECN_CWR);
    c->snd_nxt += length + fin;
    if (length % mss != 0)
        c->snd_sml = t->seq + length;
    if (c->options.notsent_lowat != 0)
        tell_writable(tcp, c);
    c->flags &= ~(uint32_t)CONNECTION_OVERRIDE;
    if (fin) {
        c->flags |= CONNECTION_FIN_SENT;
        if (c->state == SEPTET_STATE_close_wait)
            connection_state(tcp, c, SEPTET_STATE_last_ack);
    }
    if (c->resend_kind != RESEND_RETRANSMIT) /* RFC 6298 5.1 */
        timer_resend(tcp, c, RESEND_RETRANSMIT, tcp->core->now + (int64_t)rtt_timeout(tcp, c));
    return true;
}

/* RFC 6675 NextSeg (3) and (4): when nothing else can go in a recovery, what is only suspected to be lost does, so
 * that the loss of a tail does not cost a timeout. */
static bool transmit_suspect(struct tcp *tcp, struct connection *c, struct transmission *t)
{
    struct flight *flight = tcp_flight(tcp, c);
    uint32_t number, segment;
    if (flight == NULL || c->phase != SEPTET_PHASE_RECOVERY || !(c->flags & CONNECTION_SACK) ||
        flight_size(tcp, c) + c->mss > c->cwnd) /* RFC 6675 section 5 (C): room for a whole segment */
        return false;
    const enum suspicion suspicion = loss_suspect(tcp, c, &number, &segment);
    if (suspicion == SUSPICION_NONE)
        return false;
    struct record *record = record_at(tcp, flight, number);
    const uint32_t end = record_end(record, segment);
    const bool fin = record->fin && end == record->seq + record->length;
    if (record->mss > payload_now(tcp, c) || seq_gt(end, c->snd_una + c->snd_wnd))
        return false;
    t->seq = seq_max(record_start(record, segment), c->snd_una);
    t->length = end - t->seq - fin;
    t->mss = record->mss;
    t->flags = (uint16_t)((fin ? TCP_FIN : 0) | (t->length != 0 && t->seq + t->length == c->snd_end ? TCP_PSH : 0));
    t->retransmission = true;
    if (suspicion == SUSPICION_HOLE) {
        resent(flight, record, segment, 1);
    } else { /* it may go again: HighRxt stays */
        record->sent_at = RECORD_UNMEASURED;
        c->flags |= CONNECTION_RESCUED;
    }
    COUNT(tcp->core, FastRetrans);
    return true;
}

/* ---- probes and ACKs ---- */

/* RFC 9293 3.8.6.1 (MUST-36): an octet beyond the window, new or the first outstanding one. */
static bool transmit_window_probe(struct tcp *tcp, struct connection *c, struct transmission *t)
{
    c->flags &= ~(uint32_t)CONNECTION_PROBE;
    COUNT(tcp->core, WindowProbes);
    t->mss = c->mss;
    if (!tcp->config->window_probe_octet) {
        t->seq = c->snd_una - 1;
        return true;
    }
    const bool outstanding = c->snd_una != c->snd_nxt;
    const bool octet = seq_lt(c->snd_una, c->snd_end);
    if (!outstanding && !add_record(tcp, c, octet ? 1 : 0, !octet, c->mss))
        return false;
    if (outstanding)
        record_at(tcp, tcp_flight(tcp, c), tcp_flight(tcp, c)->records_first)->sent_at = RECORD_UNMEASURED;
    t->seq = c->snd_una;
    t->length = octet ? 1 : 0;
    t->flags = octet ? TCP_PSH : TCP_FIN;
    t->retransmission = outstanding;
    if (c->resend_kind == RESEND_NONE) /* an ACK came between the timer and us */
        timer_resend(tcp, c, RESEND_PERSIST, tcp->core->now + (int64_t)rtt_timeout(tcp, c));
    if (!outstanding) {
        c->snd_nxt++;
        c->snd_sml = octet ? c->snd_nxt : c->snd_sml;
        c->flags |= octet ? 0 : CONNECTION_FIN_SENT;
        if (!octet && c->state == SEPTET_STATE_close_wait)
            connection_state(tcp, c, SEPTET_STATE_last_ack);
    }
    return true;
}

static bool transmit_bare(struct tcp *tcp, struct connection *c, struct transmission *t)
{
    t->mss = c->mss;
    t->seq = c->snd_nxt;
    t->length = 0; /* what could not be sent may have left something here */
    t->flags = 0;
    if (c->flags & CONNECTION_PROBE)
        return transmit_window_probe(tcp, c, t);
    if (c->flags & CONNECTION_KEEPALIVE_PROBE) { /* SHLD-12 */
        c->flags &= ~(uint32_t)CONNECTION_KEEPALIVE_PROBE;
        COUNT(tcp->core, KeepAlives);
        t->seq = c->snd_una - 1;
        return true;
    }
    return (c->flags & CONNECTION_ACK_NOW) != 0;
}

bool tcp_transmit(struct tcp *tcp, struct connection *c, uint32_t segments, struct transmission *t)
{
    memset(t, 0, offsetof(struct transmission, options));
    if (c->state <= SEPTET_STATE_listen)
        return false;
    if (c->state == SEPTET_STATE_syn_sent || c->state == SEPTET_STATE_syn_received)
        return transmit_syn(tcp, c, t);
    if (c->flags & CONNECTION_URGENT_OUT)
        segments = 1; /* the pointer counts from each segment, which nobody who cuts super-segments knows */
    segments = min_u32(segments, paced_segments(tcp, c));
    const bool paced = c->pace_at != SEPTET_NEVER && c->pace_at > tcp->core->now;
    const bool data =
        !paced && c->state != SEPTET_STATE_time_wait &&
        (transmit_lost(tcp, c, segments, t) || transmit_new(tcp, c, segments, t) || transmit_suspect(tcp, c, t));
    if (!data && !transmit_bare(tcp, c, t)) {
        if (!paced)
            timer_blocked(tcp, c);
        return false;
    }
    complete(tcp, c, t);
    pace(tcp, c, t->length);
    return true;
}

bool tcp_has_work(struct tcp *tcp, struct connection *c)
{
    const uint32_t asked = CONNECTION_SEND_SYN | CONNECTION_ACK_NOW | CONNECTION_PROBE | CONNECTION_KEEPALIVE_PROBE;
    if (c->state <= SEPTET_STATE_listen)
        return false;
    if (c->flags & asked)
        return true;
    const struct flight *flight = tcp_flight(tcp, c);
    if (flight != NULL && (flight->to_resend != 0 || c->phase == SEPTET_PHASE_RECOVERY))
        return true;
    return !(c->flags & CONNECTION_FIN_SENT) && (c->snd_nxt != c->snd_end || (c->flags & CONNECTION_CLOSE));
}

/* ---- the way ---- */

void tcp_path_changed(struct tcp *tcp, struct connection *c)
{
    const uint16_t before = c->mss;
    if (c->mss_peer == 0) /* the peer has not spoken yet */
        return;
    connection_mss(tcp, c);
    if (c->mss == before)
        return;
    trace_values(tcp, c, SEPTET_TRACE_path_mtu, before, c->mss, 0, 0);
    if (c->mss < before && c->flight != 0 && tcp_flight(tcp, c)->records_first != tcp_flight(tcp, c)->records_end) {
        /* What is on its way was too big. RFC 1191 6.5: not a sign of congestion. */
        recovery_resend_all(tcp, c, SEPTET_LOSS_PATH_MTU);
    }
}

void tcp_path_failed(struct tcp *tcp, struct connection *c, int error)
{
    if (c->state == SEPTET_STATE_syn_sent) {
        connection_end(tcp, c, error);
        return;
    }
    c->soft_error = (int16_t)error;
    connection_event(tcp, c, SEPTET_EVENT_SOFT_ERROR);
    c->flags &= ~(uint32_t)(CONNECTION_ACK_NOW | CONNECTION_PROBE | CONNECTION_KEEPALIVE_PROBE);
    if (c->resend_kind == RESEND_NONE && tcp_has_work(tcp, c))
        timer_resend(tcp, c, RESEND_OVERRIDE, tcp->core->now + SEPTET_SECOND);
}
