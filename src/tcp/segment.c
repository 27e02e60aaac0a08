#include "tcp/cc.h"

/* SEGMENT ARRIVES: RFC 9293 section 3.10.7, in the order of the text, with RFC 5961 and 7323. */

#define PAWS_IDLE (INT64_C(24) * 86400 * SEPTET_SECOND) /* RFC 7323 5.5: after 24 days TS.Recent says nothing */

static uint32_t segment_length(const struct segment *segment)
{
    return segment->length + ((segment->flags & TCP_SYN) != 0) + ((segment->flags & TCP_FIN) != 0);
}

/* ---- 3.10.7.1: no such connection ---- */

void closed_arrives(struct tcp *tcp, const struct segment *segment)
{
    if (segment->flags & TCP_RST) {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_closed_rst);
        return;
    }
    drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_closed);
    reply_refuse(tcp, segment, false);
}

/* ---- 3.10.7.3: SYN-SENT ---- */

static void established(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    connection_state(tcp, c, SEPTET_STATE_established);
    c->snd_wnd = (uint32_t)segment->window << ((segment->flags & TCP_SYN) ? 0 : c->snd_wscale);
    c->snd_wnd_max = max_u32(c->snd_wnd_max, c->snd_wnd);
    c->snd_wl1 = segment->seq;
    c->snd_wl2 = segment->ack;
    c->flags &= ~(uint32_t)CONNECTION_SEND_SYN;
    c->backoff = 0;
    c->resend_at = SEPTET_NEVER;
    c->resend_kind = RESEND_NONE;
    c->rto_us = (uint32_t)((c->flags & CONNECTION_SYN_RETRANSMITTED) ? max_i64(c->rto_us, 3000000) /* RFC 6298 5.7 */
                                                                     : c->rto_us);
    c->recover = c->iss;
    c->cwnd = congestion_initial_window(tcp, c);
    if (c->flags & CONNECTION_SYN_RETRANSMITTED)
        c->cwnd = c->mss; /* RFC 5681 3.1 */
    trace_congestion(tcp, c);
    c->progress_at = compact_clock(tcp->core->now);
    timer_idle_state(tcp, c);
    if (c->flags & CONNECTION_CLOSE)
        connection_state(tcp, c, SEPTET_STATE_fin_wait_1); /* CLOSE was queued, 3.10.4 */
    if (c->flags & CONNECTION_ACTIVE)
        connection_event(tcp, c, SEPTET_EVENT_CONNECTED | SEPTET_EVENT_WRITABLE);
}

/* What follows the SYN in the same segment is looked at as a segment of its own. A SYN's window is never scaled
 * (RFC 7323 2.2), also that of a SYN-ACK in a simultaneous open. */
static void take_syn_off(const struct connection *c, struct segment *segment)
{
    segment->seq++;
    segment->flags &= (uint16_t) ~(TCP_SYN | TCP_ECE | TCP_CWR); /* of a SYN-ACK they mean something else */
    segment->window = (uint16_t)(segment->window >> c->snd_wscale);
}

static void syn_sent_synchronize(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    const int64_t syn_sent_at = c->received_at;
    c->received_at = tcp->core->now;
    c->irs = segment->seq;
    c->rcv_nxt = c->rcv_read = c->ack_sent = segment->seq + 1;
    c->rcv_adv = c->rcv_nxt + min_u32(c->options.receive_buffer, 65535);
    connection_options_of_syn(tcp, c, segment);
    ecn_negotiate(tcp, c, segment);
    if (!(segment->flags & TCP_ACK)) {
        connection_state(tcp, c, SEPTET_STATE_syn_received); /* simultaneous open, MUST-10 */
        c->snd_wnd = c->snd_wnd_max = segment->window;
        c->snd_wl1 = segment->seq;
        c->flags |= CONNECTION_SEND_SYN;
        tcp_mark_dirty(tcp, c);
        return;
    }
    if (!(c->flags & CONNECTION_SYN_RETRANSMITTED))
        rtt_sample(tcp, c, tcp->core->now - syn_sent_at);
    c->snd_una = segment->ack;
    established(tcp, c, segment);
    c->flags |= CONNECTION_ACK_NOW;
    tcp_mark_dirty(tcp, c);
    if (segment->length != 0 || (segment->flags & (TCP_FIN | TCP_URG))) {
        take_syn_off(c, segment);
        segment_accepted(tcp, c, segment);
    }
}

static void syn_sent_arrives(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    const bool ack = (segment->flags & TCP_ACK) != 0;
    if (ack && (seq_leq(segment->ack, c->iss) || seq_gt(segment->ack, c->snd_nxt))) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_syn_sent_ack);
        reply_reset(tcp, segment);
    } else if (segment->flags & TCP_RST) {
        if (ack)
            connection_end(tcp, c, SEPTET_CONNECTION_REFUSED);
        else
            drop_segment(tcp, c, segment, SEPTET_DROP_tcp_syn_sent_rst);
    } else if (segment->flags & TCP_SYN) {
        syn_sent_synchronize(tcp, c, segment);
    } else {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_syn_sent_empty);
    }
}

/* ---- 3.10.7.4, first: sequence number ---- */

static bool paws_old(const struct tcp *tcp, const struct connection *c, const struct segment *segment)
{
    return (c->flags & CONNECTION_TIMESTAMPS) && segment->options.has_timestamps && !(segment->flags & TCP_RST) &&
           seq_lt(segment->options.ts_val, c->ts_recent) && tcp->core->now - c->received_at < PAWS_IDLE;
}

/* Where the window begins for a RST. */
static uint32_t reset_edge(const struct tcp *tcp, const struct connection *c)
{
    return tcp->config->reset_from_last_ack ? c->ack_sent : c->rcv_nxt;
}

static bool in_window(const struct tcp *tcp, const struct connection *c, const struct segment *segment)
{
    const bool rst = (segment->flags & TCP_RST) != 0;
    const uint32_t window = c->rcv_adv - c->rcv_nxt;
    const uint32_t edge = rst ? reset_edge(tcp, c) : c->rcv_nxt;
    const uint32_t length = rst ? 0 : segment_length(segment); /* a RST is where it begins */
    if (window == 0)
        return segment->seq == edge; /* with length: only its ACK, URG and RST count, MUST-66 */
    return segment->seq - edge < window || (length != 0 && segment->seq + length - 1 - edge < window);
}

static void note_duplicate(struct connection *c, const struct segment *segment)
{
    if (segment->length == 0 || !seq_lt(segment->seq, c->rcv_nxt))
        return;
    c->dsack_start = segment->seq; /* RFC 2883 */
    c->dsack_end = seq_min(c->rcv_nxt, segment->seq + segment->length);
}

/* An unacceptable segment is answered with an ACK. Empty ones at a limited rate, or two
 * desynchronised ends would answer each other for ever. */
static void answer_unacceptable(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    if (segment->flags & TCP_RST)
        return;
    if (c->state == SEPTET_STATE_time_wait && time_wait_fin_again(segment, c->rcv_nxt)) {
        c->idle_at = tcp->core->now + 2 * tcp->config->msl;
        timer_update(tcp, c);
    }
    if (c->state == SEPTET_STATE_time_wait && tcp->config->time_wait_plain && !(segment->flags & TCP_ACK))
        return;
    if (segment_length(segment) == 0 || (segment->flags & TCP_SYN)) {
        guard_challenge(tcp, c);
        return;
    }
    note_duplicate(c, segment);
    c->flags |= CONNECTION_ACK_NOW;
    tcp_mark_dirty(tcp, c);
}

/* Nothing is left of a segment that lies before the window but its acknowledgment, as BSD has always done. */
static bool only_acknowledgment(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    if (!tcp->config->ack_of_duplicates || (segment->flags & (TCP_SYN | TCP_RST)) ||
        c->state == SEPTET_STATE_time_wait || !seq_lt(segment->seq, c->rcv_nxt))
        return false;
    note_duplicate(c, segment);
    segment->skip += segment->length;
    segment->length = 0;
    segment->seq = c->rcv_nxt;
    segment->flags &= (uint16_t) ~(TCP_FIN | TCP_URG);
    c->flags |= CONNECTION_ACK_NOW;
    tcp_mark_dirty(tcp, c);
    return true;
}

/* SHLD-3: the peer learns that its data is lost. */
static bool refuse_after_close(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    if (segment->length == 0 || !(c->flags & CONNECTION_RELEASED) || !state_receives(c->state))
        return false;
    drop_segment(tcp, c, segment, SEPTET_DROP_tcp_after_close);
    reply_reset(tcp, segment);
    connection_end(tcp, c, SEPTET_CONNECTION_ABORTED);
    return true;
}

static bool sequence_acceptable(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    if (paws_old(tcp, c, segment)) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_paws);
        if (segment_length(segment) != 0 || !tcp->config->paws_silent)
            answer_unacceptable(tcp, c, segment);
        return false;
    }
    if ((c->flags & CONNECTION_TIMESTAMPS) && !segment->options.has_timestamps && !(segment->flags & TCP_RST) &&
        !tcp->config->missing_timestamps) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_no_timestamp);
        return false;
    }
    if (in_window(tcp, c, segment))
        return true;
    const bool rst = (segment->flags & TCP_RST) != 0;
    drop_segment(tcp, c, segment, rst ? SEPTET_DROP_tcp_rst_window : SEPTET_DROP_tcp_unacceptable);
    if (only_acknowledgment(tcp, c, segment))
        return true;
    if (rst || (segment->flags & TCP_SYN) || seq_lt(segment->seq, c->rcv_nxt) || !tcp->config->close_refuses_first ||
        !refuse_after_close(tcp, c, segment))
        answer_unacceptable(tcp, c, segment);
    return false;
}

/* RFC 7323 4.3 (2) and 5.3 R3: only what covers the last ACK sent moves TS.Recent. That it is newer, or TS.Recent
 * outdated, paws_old() has seen to. */
static void take_timestamp(struct connection *c, const struct segment *segment)
{
    if ((c->flags & CONNECTION_TIMESTAMPS) && segment->options.has_timestamps && seq_leq(segment->seq, c->ack_sent))
        c->ts_recent = segment->options.ts_val;
}

/* Cuts off what was received before and what lies beyond the window. */
static void trim(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    if (seq_lt(segment->seq, c->rcv_nxt)) {
        const uint32_t old = min_u32(c->rcv_nxt - segment->seq, segment->length);
        note_duplicate(c, segment);
        if (old != 0)
            c->flags |= CONNECTION_ACK_NOW;
        segment->seq += old;
        segment->skip += old;
        segment->length -= old;
    }
    const uint32_t limit = receive_limit(c);
    const uint32_t room = seq_gt(limit, segment->seq) ? limit - segment->seq : 0;
    if (segment->length > room || ((segment->flags & TCP_FIN) && segment->length == room && room == 0)) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_window);
        segment->length = min_u32(segment->length, room);
        segment->flags &= (uint16_t)~TCP_FIN;
        c->flags |= CONNECTION_ACK_NOW; /* SHLD-17, U-14: tell where the window ends */
    }
}

/* ---- second: RST ---- */

static void reset_arrives(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    if (c->state == SEPTET_STATE_time_wait) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_time_wait_rst);
        return;
    }
    if (segment->seq != reset_edge(tcp, c) && !tcp->config->reset_in_window) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_rst_challenge);
        guard_challenge(tcp, c);
        return;
    }
    switch (c->state) {
    case SEPTET_STATE_syn_received:
        connection_end(tcp, c, SEPTET_CONNECTION_REFUSED);
        break;
    case SEPTET_STATE_closing:
    case SEPTET_STATE_last_ack:
        connection_end(tcp, c, tcp->config->reset_always_told ? SEPTET_CONNECTION_RESET : SEPTET_OK);
        break;
    default:
        connection_end(tcp, c, SEPTET_CONNECTION_RESET);
        break;
    }
}

/* ---- fourth: SYN ---- */

static void syn_arrives(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    drop_segment(tcp, c, segment, SEPTET_DROP_tcp_syn_challenge);
    if (tcp->config->syn_in_window && state_synchronized(c->state) && c->state != SEPTET_STATE_time_wait) {
        connection_send_reset(tcp, c);
        connection_end(tcp, c, SEPTET_CONNECTION_RESET);
    } else if (c->state != SEPTET_STATE_time_wait || !tcp->config->time_wait_plain || (segment->flags & TCP_ACK)) {
        guard_challenge(tcp, c);
    }
}

/* In SYN-RECEIVED the peer's SYN comes again: with an ACK in a simultaneous open (figure 7), bare when our
 * SYN-ACK was lost. Its sequence number lies before the window, so it is seen to before the first step. */
static bool syn_received_again(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    if (c->state != SEPTET_STATE_syn_received || !(segment->flags & TCP_SYN) || segment->seq != c->irs ||
        (segment->flags & TCP_RST))
        return false;
    if (!(segment->flags & TCP_ACK)) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_duplicate_syn);
        c->flags |= CONNECTION_SEND_SYN;
        tcp_mark_dirty(tcp, c);
        return true;
    }
    take_syn_off(c, segment);
    if (tcp->config->ack_of_duplicates)
        c->flags |= CONNECTION_ACK_NOW;
    return false;
}

/* ---- fifth: ACK ---- */

static bool ack_acceptable(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    if (c->state == SEPTET_STATE_syn_received) {
        if (seq_gt(segment->ack, c->snd_una) && seq_leq(segment->ack, c->snd_nxt)) {
            const int64_t rtt = rtt_of_echo(tcp, c, segment);
            if (rtt >= 0 && !(c->flags & (CONNECTION_SYN_RETRANSMITTED | CONNECTION_ACTIVE)))
                rtt_sample(tcp, c, rtt);
            c->snd_una = c->iss + 1;
            established(tcp, c, segment);
            return true;
        }
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_ack_bad_handshake);
        reply_reset(tcp, segment);
        return false;
    }
    if (seq_gt(segment->ack, c->snd_nxt)) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_ack_future);
        guard_challenge(tcp, c);
        return false;
    }
    /* RFC 5961 section 5, and never below the first byte we sent: CVE-2023-52881. */
    const uint32_t behind = min_u32(c->snd_wnd_max, c->snd_una - c->iss - 1);
    if (seq_lt(segment->ack, c->snd_una - behind) && !tcp->config->ack_any_old) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_ack_old);
        guard_challenge(tcp, c);
        return false;
    }
    return true;
}

/* What the acknowledgement of our FIN means. False when the connection is over. */
static bool fin_acknowledged(struct tcp *tcp, struct connection *c)
{
    if (!(c->flags & CONNECTION_FIN_SENT) || c->snd_una != c->snd_nxt)
        return true;
    switch (c->state) {
    case SEPTET_STATE_fin_wait_1:
        connection_state(tcp, c, SEPTET_STATE_fin_wait_2);
        timer_idle_state(tcp, c);
        return true;
    case SEPTET_STATE_closing:
        time_wait_begin(tcp, c);
        return true;
    case SEPTET_STATE_last_ack:
        connection_end(tcp, c, SEPTET_OK);
        return false;
    default:
        return true;
    }
}

/* ---- sixth: URG ---- */

static void urgent_arrives(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    const uint32_t up = segment->seq - segment->skip + segment->urgent; /* MUST-62 */
    if (!state_receives(c->state) || seq_leq(up, c->rcv_read))
        return;
    if ((c->flags & CONNECTION_URGENT_IN) && seq_leq(up, c->rcv_up))
        return;
    c->rcv_up = up;
    c->flags |= CONNECTION_URGENT_IN;
    trace_values(tcp, c, SEPTET_TRACE_urgent, up, 0, 0, 0);
    connection_event(tcp, c, SEPTET_EVENT_URGENT); /* MUST-32 */
}

/* ---- seventh and eighth: text and FIN ---- */

/* All but the plain acknowledgment that both ends are done with. */
static void time_wait_text(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    if (segment->length != 0)
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_after_fin);
    if (segment_length(segment) != 0)
        c->flags |= CONNECTION_ACK_NOW;
    else if (segment->seq != c->rcv_nxt || segment->ack != c->snd_nxt)
        guard_challenge(tcp, c);
}

static void text_arrives(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    if (c->state == SEPTET_STATE_time_wait) {
        time_wait_text(tcp, c, segment);
        return;
    }
    if (!state_receives(c->state)) {
        if (segment->length != 0)
            drop_segment(tcp, c, segment, SEPTET_DROP_tcp_after_fin);
        if (segment_length(segment) != 0 && seq_lt(segment->seq, c->rcv_nxt))
            c->flags |= CONNECTION_ACK_NOW; /* it holds what was lost on the way back, or our ACK was */
        return;
    }
    trim(tcp, c, segment);
    if (refuse_after_close(tcp, c, segment))
        return;
    if (segment->length != 0 || (segment->flags & TCP_FIN))
        receive_data(tcp, c, segment);
}

void segment_accepted(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    if (!ack_acceptable(tcp, c, segment))
        return;
    take_timestamp(c, segment); /* not before the ACK is believed: CVE-2005-0356 */
    c->received_at = tcp->core->now;
    c->probes = 0;
    c->segments_in += segment->count;
    ecn_arrives(tcp, c, segment);
    ack_arrives(tcp, c, segment);
    if (!fin_acknowledged(tcp, c))
        return;
    if (segment->flags & TCP_URG)
        urgent_arrives(tcp, c, segment);
    text_arrives(tcp, c, segment);
    if (tcp_has_work(tcp, c))
        tcp_mark_dirty(tcp, c);
}

void connection_arrives(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    if (c->state == SEPTET_STATE_syn_sent) {
        syn_sent_arrives(tcp, c, segment);
        return;
    }
    if (syn_received_again(tcp, c, segment) || !sequence_acceptable(tcp, c, segment))
        return;
    if (segment->flags & TCP_RST)
        reset_arrives(tcp, c, segment);
    else if (segment->flags & TCP_SYN)
        syn_arrives(tcp, c, segment);
    else if (!(segment->flags & TCP_ACK))
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_no_ack);
    else
        segment_accepted(tcp, c, segment);
}

/* A SYN may replace a connection in TIME-WAIT whose handle is still held. */
static bool replaces_time_wait(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    uint32_t listener;
    if (c->state != SEPTET_STATE_time_wait ||
        !time_wait_reusable(tcp, segment, (c->flags & CONNECTION_TIMESTAMPS) != 0, c->ts_recent, c->rcv_nxt))
        return false;
    const bool listened = listener_find(tcp, segment->tuple, &listener) != NULL;
    if (listened ? listener_refuses(tcp, listener, segment) : !tcp->config->time_wait_plain)
        return listened;
    const uint32_t snd_nxt = c->snd_nxt;
    connection_end(tcp, c, SEPTET_OK);
    if (listened)
        listener_syn(tcp, listener, segment, snd_nxt, true);
    else
        closed_arrives(tcp, segment);
    return true;
}

static void parse_options(struct segment *segment)
{
    if (segment->option_length == 0)
        segment->options = (struct tcp_options){0};
    else
        tcp_options_parse(segment->option_bytes, segment->option_length, (segment->flags & TCP_SYN) != 0,
                          &segment->options);
}

static void trace_received(struct tcp *tcp, const struct segment *segment, septet_handle handle)
{
    const struct septet_trace_event event = {
        .time = tcp->core->now,
        .kind = SEPTET_TRACE_segment_received,
        .handle = handle,
        .tuple = segment->tuple,
        .options = segment->option_bytes,
        .options_length = segment->option_length,
        .value = {segment->seq, segment->ack, segment->flags, segment->length, segment->window},
    };
    core_trace(tcp->core, &event);
}

void tcp_input(struct tcp *tcp, struct segment *segment)
{
    COUNT_ADD(tcp->core, InSegs, segment->count);
    const uint32_t reference = segment->group ? 0 : demux_find(tcp, segment->tuple);
    const uint32_t index = DEMUX_INDEX(reference);
    const bool whole = reference != 0 && DEMUX_KIND(reference) == DEMUX_CONNECTION;
    if (core_traced(tcp->core))
        trace_received(tcp, segment, whole ? tcp_handle(tcp, tcp_connection(tcp, index)) : 0);
    if (segment->group) {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_multicast); /* MUST-57 */
        return;
    }
    parse_options(segment);
    if (whole) {
        struct connection *c = tcp_connection(tcp, index);
        if (!(tcp->config->fast_path && fast_arrives(tcp, c, segment)) && !replaces_time_wait(tcp, c, segment))
            connection_arrives(tcp, c, segment);
        return;
    }
    uint32_t listener;
    if (reference != 0 && DEMUX_KIND(reference) == DEMUX_HALF_OPEN)
        half_open_arrives(tcp, index, segment);
    else if (reference != 0)
        time_wait_arrives(tcp, index, segment);
    else if (listener_find(tcp, segment->tuple, &listener) != NULL)
        listener_arrives(tcp, listener, segment);
    else
        closed_arrives(tcp, segment);
}

/* ---- 3.9.2.2: ICMP, RFC 5927 and 5461 ---- */

static struct connection *quoted_connection(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t seq)
{
    const uint32_t reference = demux_find(tcp, tuple);
    if (reference == 0 || DEMUX_KIND(reference) != DEMUX_CONNECTION)
        return NULL;
    struct connection *c = tcp_connection(tcp, DEMUX_INDEX(reference));
    /* Only what is outstanding may be quoted: a blind attacker does not know it. */
    return seq_geq(seq, c->snd_una) && seq_lt(seq, c->snd_nxt) ? c : NULL;
}

bool tcp_icmp_error(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t seq, int error, bool hard, uint8_t type,
                    uint8_t code)
{
    const uint32_t reference = demux_find(tcp, tuple);
    if (reference != 0 && DEMUX_KIND(reference) == DEMUX_HALF_OPEN)
        return half_open_icmp(tcp, DEMUX_INDEX(reference), seq, hard);
    struct connection *c = quoted_connection(tcp, tuple, seq);
    if (c == NULL)
        return false;
    trace_values(tcp, c, SEPTET_TRACE_icmp_error, type, code, (uint64_t)(int64_t)error, 0);
    if (hard && c->state == SEPTET_STATE_syn_sent && tcp->config->icmp_ends_opening) {
        connection_end(tcp, c, error); /* SHLD-26 where it is safe */
        return true;
    }
    c->soft_error = (int16_t)error; /* MUST-56, SHLD-25 */
    connection_event(tcp, c, SEPTET_EVENT_SOFT_ERROR);
    return true;
}

bool tcp_path_mtu(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t seq, uint32_t mtu)
{
    const struct connection *c = quoted_connection(tcp, tuple, seq);
    return c != NULL && mtu < c->path.mtu;
}

void tcp_path_reported(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t mtu)
{
    const uint32_t least = septet_address_is_ipv4(&tuple->remote) ? 552 : 1280; /* RFC 1191, 8200 section 5 */
    struct connection *c = tcp_connection(tcp, DEMUX_INDEX(demux_find(tcp, tuple)));
    c->path.mtu = (uint16_t)max_u32(mtu, least);
    tcp_path_changed(tcp, c);
    tcp_mark_dirty(tcp, c);
}
