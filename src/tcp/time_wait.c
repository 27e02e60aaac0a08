#include "tcp/internal.h"

/* TIME-WAIT, RFC 9293 sections 3.6.1 and 3.10.7.4: it answers what is left of the old
 * connection for twice the maximum segment lifetime (MUST-13), ignores RSTs (RFC 1337)
 * and makes room for a SYN that is provably newer (MAY-2, RFC 6191). A connection whose
 * handle is still held waits in its full record, others in a compact one. */

void time_wait_begin(struct tcp *tcp, struct connection *c)
{
    connection_drop_buffers(tcp, c);
    reassembly_clear(tcp, c);
    connection_state(tcp, c, SEPTET_STATE_time_wait);
    c->resend_at = c->pace_at = SEPTET_NEVER;
    c->resend_kind = RESEND_NONE;
    c->idle_at = tcp->core->now + 2 * tcp->config->msl;
    timer_update(tcp, c);
    if (c->flags & CONNECTION_RELEASED)
        tcp_mark_dirty(tcp, c); /* tcp_done() makes it compact */
}

void time_wait_compact(struct tcp *tcp, struct connection *c)
{
    if (c->state != SEPTET_STATE_time_wait || !(c->flags & CONNECTION_RELEASED) ||
        (c->flags & (CONNECTION_ACK_NOW | CONNECTION_PARKED)))
        return;
    uint32_t index;
    const int64_t deadline = c->idle_at;
    const struct connection copy = *c;
    struct fifo *list = &tcp->time_waits;
    /* The list is in order of deadline; who closed late has less time left and stays in its record. */
    if (list->tail != 0) {
        const struct compact *last = compact_at(tcp, DEMUX_TIME_WAIT, list->tail);
        if ((int32_t)(compact_clock(deadline + (1 << 20) - 1) - last->deadline) < 0)
            return;
    }
    struct compact *compact = compact_new(tcp, DEMUX_TIME_WAIT, &copy.tuple, &index);
    if (compact == NULL)
        return;
    compact->snd_nxt = copy.snd_nxt;
    compact->rcv_nxt = copy.rcv_nxt;
    compact->ts_recent = copy.ts_recent;
    compact->mss_or_window = (uint16_t)min_u32((copy.rcv_adv - copy.rcv_nxt) >> copy.rcv_wscale, 65535);
    compact->scale = copy.rcv_wscale & 15u;
    compact->options = (copy.flags & CONNECTION_TIMESTAMPS) ? COMPACT_TIMESTAMPS : 0;
    compact_append(tcp, DEMUX_TIME_WAIT, list, index, deadline);
    connection_hand_over(tcp, c);
}

bool time_wait_reusable(const struct tcp *tcp, const struct segment *segment, bool timestamps, uint32_t ts_recent,
                        uint32_t rcv_nxt)
{
    if ((segment->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN)
        return false;
    const bool offered = segment->options.has_timestamps && tcp->config->timestamps && !tcp->config->time_wait_plain;
    if (offered && (!timestamps || segment->options.ts_val != ts_recent))
        return !timestamps || seq_gt(segment->options.ts_val, ts_recent);
    return seq_gt(segment->seq, rcv_nxt);
}

bool time_wait_fin_again(const struct segment *segment, uint32_t rcv_nxt)
{
    return (segment->flags & (TCP_FIN | TCP_SYN)) == TCP_FIN && segment->seq + segment->length + 1 == rcv_nxt;
}

static void time_wait_remove(struct tcp *tcp, uint32_t index)
{
    const struct septet_tuple tuple = compact_tuple(tcp, compact_at(tcp, DEMUX_TIME_WAIT, index));
    compact_unlink(tcp, DEMUX_TIME_WAIT, &tcp->time_waits, index);
    compact_free(tcp, DEMUX_TIME_WAIT, index);
    trace_state(tcp, &tuple, 0, SEPTET_STATE_time_wait, SEPTET_STATE_closed);
}

static void time_wait_acknowledge(struct tcp *tcp, struct compact *compact, const struct segment *segment)
{
    struct reply *reply = reply_add(tcp, segment->tuple);
    if (reply == NULL)
        return;
    reply->seq = compact->snd_nxt;
    reply->ack = compact->rcv_nxt;
    reply->flags = TCP_ACK;
    reply->window = compact->mss_or_window;
    if (compact->options & COMPACT_TIMESTAMPS) {
        const uint32_t clock = timestamp_clock(tcp->core->now) + timestamp_offset(tcp, segment->tuple);
        reply->options_length = (uint8_t)build_timestamps(reply->options, clock, compact->ts_recent);
    }
}

/* Section 3.10.7.4 as far as there is anything left to say: what is not acceptable gets an ACK, and what cannot be
 * answered for ever, or two ends that disagree would, gets it at a limited rate. */
enum answer { ANSWER_NOT, ANSWER_SOMETIMES, ANSWER };
static enum answer time_wait_answer(const struct tcp *tcp, const struct compact *compact, const struct segment *segment)
{
    const uint32_t window = (uint32_t)compact->mss_or_window << compact->scale;
    const uint32_t text = segment->length + ((segment->flags & TCP_FIN) != 0);
    const uint32_t at = segment->seq - compact->rcv_nxt;
    if (tcp->config->time_wait_plain && !(segment->flags & TCP_ACK))
        return ANSWER_NOT;
    if (segment->flags & TCP_SYN)
        return ANSWER_SOMETIMES;
    if (at >= window && (text == 0 || at + text - 1 >= window))
        return text == 0 ? ANSWER_SOMETIMES : ANSWER;
    if (!(segment->flags & TCP_ACK))
        return ANSWER_NOT;
    if (text != 0 && seq_leq(segment->ack, compact->snd_nxt))
        return ANSWER;
    return at == 0 && segment->ack == compact->snd_nxt ? ANSWER_NOT : ANSWER_SOMETIMES;
}

static bool replaces(struct tcp *tcp, uint32_t index, const struct segment *segment)
{
    const struct compact *compact = compact_at(tcp, DEMUX_TIME_WAIT, index);
    const uint32_t iss_above = compact->snd_nxt;
    uint32_t listener;
    if (!time_wait_reusable(tcp, segment, (compact->options & COMPACT_TIMESTAMPS) != 0, compact->ts_recent,
                            compact->rcv_nxt))
        return false;
    const bool listened = listener_find(tcp, segment->tuple, &listener) != NULL;
    if (listened ? listener_refuses(tcp, listener, segment) : !tcp->config->time_wait_plain)
        return listened;
    time_wait_remove(tcp, index);
    if (listened)
        listener_syn(tcp, listener, segment, iss_above, true);
    else
        closed_arrives(tcp, segment);
    return true;
}

void time_wait_arrives(struct tcp *tcp, uint32_t index, struct segment *segment)
{
    struct compact *compact = compact_at(tcp, DEMUX_TIME_WAIT, index);
    if (segment->flags & TCP_RST) {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_time_wait_rst);
        return;
    }
    if (replaces(tcp, index, segment))
        return;
    if ((compact->options & COMPACT_TIMESTAMPS) && !segment->options.has_timestamps &&
        !tcp->config->missing_timestamps) {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_no_timestamp);
        return;
    }
    drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_time_wait);
    const enum answer answer = time_wait_answer(tcp, compact, segment);
    if (answer == ANSWER_NOT)
        return;
    if (answer == ANSWER_SOMETIMES && !guard_allows(tcp, &compact->challenged_until)) {
        COUNT(tcp->core, ChallengeACKsSkipped);
        return;
    }
    time_wait_acknowledge(tcp, compact, segment);
    if (time_wait_fin_again(segment, compact->rcv_nxt)) {
        compact_unlink(tcp, DEMUX_TIME_WAIT, &tcp->time_waits, index);
        compact_append(tcp, DEMUX_TIME_WAIT, &tcp->time_waits, index, tcp->core->now + 2 * tcp->config->msl);
    }
}

void time_wait_expire(struct tcp *tcp)
{
    while (tcp->time_waits.head != 0) {
        const uint32_t index = tcp->time_waits.head;
        if ((int32_t)(compact_at(tcp, DEMUX_TIME_WAIT, index)->deadline - compact_clock(tcp->core->now)) > 0)
            return;
        time_wait_remove(tcp, index);
    }
}
