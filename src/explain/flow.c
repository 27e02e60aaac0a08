#include "explain/flow.h"
#include "base/arithmetic.h"
#include "base/memory.h"
#include "base/seq.h"
#include "septet/config.h"

#include <stdlib.h>

#define DELAYED_ACK_LEAST (30 * SEPTET_MILLISECOND)
#define SEND_AT_ONCE (3 * SEPTET_MILLISECOND)
#define SILLY_MSS_PART 2u
#define SILLY_LEAST 8u
#define SCALE_MOST 14u

struct flow *flow_create(struct explain *explain, uint32_t entry)
{
    struct flow *flow = calloc(1, sizeof *flow);
    if (flow == NULL)
        return NULL;
    explain->memory += sizeof *flow;
    flow->entry = entry;
    flow_begin(flow, table_at(&explain->table, entry));
    return flow;
}

void flow_begin(struct flow *flow, const struct entry *entry)
{
    struct explain_conversation *c = &flow->conversation;
    c->stream = entry->stream;
    c->reused = entry->reused != 0;
    c->teardown = explain_teardown_open;
    for (unsigned i = 0; i < 2; i++) {
        c->end[i].address = entry->address[i];
        c->end[i].port = entry->port[i];
    }
}

void flow_clear(struct explain *explain, struct flow *flow)
{
    for (unsigned i = 0; i < 2; i++) {
        free(flow->side[i].records);
        free(flow->side[i].seen);
        free(flow->side[i].bucket);
    }
    free(flow->findings);
    explain->memory -= flow->memory;
    flow->memory = 0;
    memset(flow->side, 0, sizeof flow->side);
    flow->findings = NULL;
    flow->finding_count = flow->finding_capacity = 0;
}

struct explain_finding *flow_find(struct flow *flow, unsigned kind, unsigned side)
{
    for (uint32_t i = 0; i < flow->finding_count; i++)
        if (flow->findings[i].kind == kind && flow->findings[i].side == side)
            return &flow->findings[i];
    return NULL;
}

void flow_note(struct flow *flow, unsigned kind, unsigned side, const struct explain_segment *s, uint64_t bytes,
               unsigned certainty)
{
    struct explain_finding *f = flow_find(flow, kind, side);
    if (f == NULL) {
        if (flow->finding_count == flow->finding_capacity) {
            const uint32_t capacity = flow->finding_capacity == 0 ? 4 : flow->finding_capacity * 2;
            f = realloc(flow->findings, capacity * sizeof *f);
            if (f == NULL)
                return;
            flow->findings = f;
            flow->finding_capacity = capacity;
        }
        f = &flow->findings[flow->finding_count++];
        *f = (struct explain_finding){.kind = (uint8_t)kind,
                                      .side = (uint8_t)side,
                                      .certainty = (uint8_t)certainty,
                                      .first_frame = s->frame,
                                      .first_time = s->time};
    }
    f->count++;
    f->bytes += bytes;
    f->last_frame = s->frame;
    f->last_time = s->time;
    f->certainty = (uint8_t)min_u32(f->certainty, certainty);
}

/* ---- round trips: buckets a quarter of a power of two wide, from a microsecond on ---- */

static unsigned bucket_of(int64_t rtt)
{
    unsigned power = 0;
    uint64_t value = rtt < 1000 ? 1000 : (uint64_t)rtt;
    for (value = value * 4 / 1000; value >= 8; value /= 2)
        power++;
    return min_u32(power * 4 + (unsigned)value - 4, RTT_BUCKETS - 1);
}

void flow_rtt(struct flow *flow, unsigned who, int64_t rtt)
{
    struct explain_end *end = &flow->conversation.end[who];
    struct side *side = &flow->side[who];
    end->rtt_least = end->rtt_samples == 0 || rtt < end->rtt_least ? rtt : end->rtt_least;
    end->rtt_most = rtt > end->rtt_most ? rtt : end->rtt_most;
    end->rtt_samples++;
    if (side->bucket == NULL)
        side->bucket = calloc(RTT_BUCKETS, sizeof *side->bucket);
    if (side->bucket != NULL)
        side->bucket[bucket_of(rtt)]++;
}

static int64_t median_rtt(const struct flow *flow, unsigned who)
{
    const struct explain_end *end = &flow->conversation.end[who];
    const struct side *side = &flow->side[who];
    uint64_t before = 0;
    for (unsigned i = 0; side->bucket != NULL && i < RTT_BUCKETS; i++) {
        before += side->bucket[i];
        if (before * 2 >= end->rtt_samples) {
            const int64_t middle = (int64_t)((UINT64_C(9) + 2 * (i % 4)) << (i / 4)) * 125;
            return min_i64(max_i64(middle, end->rtt_least), end->rtt_most);
        }
    }
    return end->rtt_least;
}

/* ---- a segment ---- */

static void take_options(struct flow *flow, const struct explain_segment *s)
{
    struct explain_conversation *c = &flow->conversation;
    struct explain_end *end = &c->end[s->side];
    struct tcp_options o;
    tcp_options_parse(s->options, s->options_length, true, &o);
    end->isn = s->seq;
    end->isn_known = end->options_known = true;
    end->has_mss = o.has_mss;
    end->mss = o.mss;
    end->has_scale = o.has_window_scale;
    end->scale = (uint8_t)min_u32(o.window_scale, SCALE_MOST);
    end->sack_permitted = o.sack_permitted;
    end->timestamps = o.has_timestamps;
    end->fast_open = o.has_fastopen;
    c->scaled = c->end[0].has_scale && c->end[1].has_scale;
}

static void take_window(struct flow *flow, struct explain_segment *s)
{
    const struct explain_conversation *c = &flow->conversation;
    struct side *side = &flow->side[s->side];
    const bool both = c->end[0].options_known && c->end[1].options_known;
    s->window_known =
        (s->flags & TCP_SYN) != 0 || both || (c->end[s->side].options_known && !c->end[s->side].has_scale);
    s->window = s->window_field;
    if (!(s->flags & TCP_SYN) && c->scaled)
        s->window <<= c->end[s->side].scale;
    if (s->flags & TCP_RST || s->verdict == explain_verdict_late || s->verdict == explain_verdict_outside)
        return;
    const bool closed = s->window_field == 0 && !(s->flags & TCP_SYN) && side->window_known;
    if (closed && !side->window_closed) {
        flow->conversation.end[s->side].zero_windows++;
        side->window_closed_time = s->time;
        flow_note(flow, explain_finding_zero_window, s->side, s, 0, explain_certain);
    } else if (side->window_closed && s->window_field != 0) {
        struct explain_finding *f = flow_find(flow, explain_finding_zero_window, s->side);
        if (f != NULL)
            f->duration += s->time - side->window_closed_time;
    }
    side->window_closed = closed;
    side->window = s->window;
    side->window_field = s->window_field;
    side->window_known = true;
}

/* By what the time before this new data was limited. */
static void take_limit(struct flow *flow, const struct explain_segment *s, uint32_t in_flight)
{
    struct explain_conversation *c = &flow->conversation;
    struct side *side = &flow->side[s->side], *peer = &flow->side[!s->side];
    struct explain_end *end = &c->end[s->side];
    const uint32_t mss = c->end[!s->side].has_mss ? c->end[!s->side].mss : 536;
    if (side->limit_mark != 0 && s->time > side->limit_mark) {
        const unsigned by = side->recovering         ? explain_limit_congestion
                            : side->waits_for_window ? explain_limit_receiver
                            : in_flight == 0         ? explain_limit_application
                                                     : explain_limit_sender;
        end->limit[by] += s->time - side->limit_mark;
    }
    if (!side->waits_for_window && !peer->window_closed && side->small_waited >= DELAYED_ACK_LEAST &&
        s->time - side->acked_time < SEND_AT_ONCE &&
        (end->rtt_samples == 0 || side->small_waited > 2 * end->rtt_least) &&
        (c->initial_rtt == 0 || side->small_waited > c->initial_rtt + DELAYED_ACK_LEAST / 2)) {
        flow_note(flow, explain_finding_delayed_ack, s->side, s, s->length, explain_likely);
        struct explain_finding *f = flow_find(flow, explain_finding_delayed_ack, s->side);
        if (f != NULL)
            f->duration = max_i64(f->duration, side->small_waited);
    }
    side->small_waited = 0;
    side->wait_small = s->length < mss && in_flight == 0 && !peer->window_closed ? s->time : 0;
    side->limit_mark = s->time;
    side->waits_for_window = peer->window_known && s->window_known && in_flight + s->length + mss > peer->window;
    if (peer->window_known && s->window_known && s->length > 0 && s->length <= mss &&
        in_flight + s->length >= peer->window && peer->window > 0)
        flow_note(flow, explain_finding_window_full, s->side, s, 0, explain_certain);
}

/* Small segments because the window opens in small steps: told once there are some. */
static void take_silly(struct flow *flow, const struct explain_segment *s, uint32_t in_flight)
{
    struct side *side = &flow->side[s->side];
    const struct side *peer = &flow->side[!s->side];
    const struct explain_end *to = &flow->conversation.end[!s->side];
    const uint32_t mss = to->has_mss ? to->mss : 536;
    if (!peer->window_known || !s->window_known || s->length >= mss / SILLY_MSS_PART || peer->window == 0 ||
        in_flight + s->length < peer->window)
        return;
    if (++side->silly >= SILLY_LEAST)
        flow_note(flow, explain_finding_silly_window, s->side, s, s->length, explain_likely);
}

/* An ACK of an end that a reset had reached a round trip ago: it did not take the reset, and asks (RFC 5961). */
static void take_challenge(struct flow *flow, const struct explain_segment *s)
{
    struct side *side = &flow->side[s->side];
    if (!side->reset_seen || side->reset || segment_space(s) != 0 || (s->flags & (TCP_ACK | TCP_RST)) != TCP_ACK ||
        s->verdict == explain_verdict_captured_twice || flow->conversation.initial_rtt == 0 ||
        s->time - side->reset_time < flow->conversation.initial_rtt)
        return;
    side->reset_seen = false;
    flow_note(flow, explain_finding_challenge_ack, s->side, s, 0, explain_likely);
}

static void take_turn(struct flow *flow, struct explain_segment *s)
{
    struct explain_conversation *c = &flow->conversation;
    struct explain_end *end = &c->end[s->side];
    if (end->first_data == 0)
        end->first_data = s->time;
    end->last_data = s->time;
    if (s->side == 0 && c->request_frame == 0) {
        c->request_frame = s->frame;
        c->request_time = s->time;
        s->steps |= EXPLAIN_REQUEST;
    } else if (s->side == 1 && c->response_frame == 0 && c->request_frame != 0) {
        c->response_frame = s->frame;
        c->response_time = s->time;
        s->steps |= EXPLAIN_RESPONSE;
    }
    if (flow->first_data_seen && flow->data_side != s->side) {
        end->think += max_i64(0, s->time - flow->data_time[!s->side]);
        c->turns += s->side == 1;
    }
    flow->first_data_seen = true;
    flow->data_side = s->side;
    flow->data_time[s->side] = s->time;
}

static void count(struct flow *flow, const struct explain_segment *s)
{
    struct explain_end *end = &flow->conversation.end[s->side];
    static const int8_t finding_of[EXPLAIN_VERDICTS] = {
        [explain_verdict_timeout] = explain_finding_timeout,
        [explain_verdict_fast] = explain_finding_fast,
        [explain_verdict_tail_probe] = explain_finding_tail_probe,
        [explain_verdict_resent] = explain_finding_resent,
        [explain_verdict_spurious] = explain_finding_spurious,
        [explain_verdict_late] = explain_finding_late,
        [explain_verdict_captured_twice] = explain_finding_captured_twice,
        [explain_verdict_cannot_tell] = explain_finding_cannot_tell,
        [explain_verdict_keep_alive] = explain_finding_keep_alive,
        [explain_verdict_window_probe] = explain_finding_window_probe,
        [explain_verdict_outside] = explain_finding_injection,
    };
    end->late += s->verdict == explain_verdict_late;
    end->captured_twice += s->verdict == explain_verdict_captured_twice;
    end->cannot_tell += s->verdict == explain_verdict_cannot_tell;
    end->keep_alives += s->verdict == explain_verdict_keep_alive;
    end->probes += s->verdict == explain_verdict_window_probe;
    end->duplicate_acks += s->verdict == explain_verdict_duplicate_ack;
    end->ce_marks += s->ecn == 3;
    const bool resent = s->verdict >= explain_verdict_timeout && s->verdict <= explain_verdict_spurious;
    end->resent += resent;
    end->resent_bytes += resent ? s->length : 0;
    if (resent && s->flags & TCP_SYN)
        flow_note(flow, explain_finding_syn_resent, s->side, s, 0, s->certainty);
    else if (finding_of[s->verdict] != 0)
        flow_note(flow, (unsigned)finding_of[s->verdict], s->side, s, s->length, s->certainty);
    if (resent && !(s->flags & TCP_SYN)) {
        if (s->evidence == explain_evidence_seen_before)
            flow_note(flow, explain_finding_lost_after, s->side, s, s->length, explain_likely);
        else if (s->evidence != explain_evidence_acked_before && s->evidence != explain_evidence_ack_lost)
            flow_note(flow, explain_finding_lost_before, s->side, s, s->length, s->certainty);
    }
    if (s->ecn == 3)
        flow_note(flow, explain_finding_ecn_mark, s->side, s, s->length, explain_certain);
    if (s->sack_count > 0)
        flow_note(flow, s->dsack ? explain_finding_dsack : explain_finding_sack, s->side, s, 0, explain_certain);
}

static void begin_conversation(struct flow *flow, const struct explain_segment *s)
{
    struct explain_conversation *c = &flow->conversation;
    c->first_time = s->time;
    c->first_frame = s->frame;
    c->guessed = !(s->flags & TCP_SYN);
    if (c->guessed)
        flow_note(flow, explain_finding_mid_stream, 0, s, 0, explain_certain);
    if (c->reused)
        flow_note(flow, explain_finding_time_wait_reuse, 0, s, 0, explain_certain);
    if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && s->length > 0)
        flow_note(flow, explain_finding_fast_open, s->side, s, s->length, explain_certain);
}

void flow_take(struct explain *explain, struct flow *flow, struct explain_segment *s)
{
    struct explain_conversation *c = &flow->conversation;
    struct explain_end *end = &c->end[s->side];
    struct side *side = &flow->side[s->side], *peer = &flow->side[!s->side];
    if (c->end[0].packets + c->end[1].packets == 0)
        begin_conversation(flow, s);
    if (end->packets == 0)
        end->isn = s->flags & TCP_SYN ? s->seq : s->seq - 1;
    if (c->end[!s->side].packets == 0 && s->flags & TCP_ACK && !(s->flags & TCP_RST))
        c->end[!s->side].isn = s->ack - 1;
    if (s->flags & TCP_SYN && (!end->isn_known || (side->started && end->packets == 0)))
        take_options(flow, s);
    end->packets++;
    end->bytes += s->length;
    c->syns += s->side == 0 && s->flags & TCP_SYN;
    c->last_time = max_i64(c->last_time, s->time);
    c->last_frame = s->frame;
    s->relative_seq = s->seq - end->isn;
    s->relative_ack = s->flags & TCP_ACK ? s->ack - c->end[!s->side].isn : 0;
    const uint32_t in_flight = side->started && side->acked_known ? side->high - side->acked : 0;
    const bool small_open = peer->wait_small != 0;
    const int64_t small_since = peer->wait_small;
    flow_judge(explain, flow, s);
    if (small_open && peer->wait_small == 0 && s->length == 0)
        peer->small_waited = s->time - small_since;
    take_window(flow, s);
    s->in_flight = side->acked_known ? side->high - side->acked : side->high - side->low;
    if (s->verdict == explain_verdict_new && s->length > 0) {
        take_limit(flow, s, in_flight);
        take_silly(flow, s, in_flight);
        take_turn(flow, s);
    }
    if (c->end[!s->side].has_mss && s->length > c->end[!s->side].mss)
        flow_note(flow, explain_finding_super_packets, s->side, s, s->length, explain_certain);
    count(flow, s);
    take_challenge(flow, s);
    flow_state(flow, s);
    if (explain->config.observer.segment != NULL && !explain->quiet)
        explain->config.observer.segment(explain->config.observer.context, c, s);
}

/* ---- the end ---- */

static unsigned teardown_of(const struct flow *flow)
{
    const struct explain_conversation *c = &flow->conversation;
    const bool opened = c->open_frame[2] != 0 || c->guessed;
    if (!opened && (c->end[0].rst_frame != 0 || c->end[1].rst_frame != 0))
        return c->open_frame[1] == 0 && c->end[1].rst_frame != 0 ? explain_teardown_refused : explain_teardown_reset;
    if (c->end[1].packets == 0 && c->open_frame[0] != 0)
        return explain_teardown_unanswered;
    const bool both = c->end[0].fin_frame != 0 && c->end[1].fin_frame != 0;
    if ((c->end[0].rst_frame != 0 || c->end[1].rst_frame != 0) && !(both && c->close_frame[3] != 0))
        return explain_teardown_reset;
    if (c->close_frame[0] == 0)
        return explain_teardown_open;
    if (!both)
        return explain_teardown_half;
    if (flow->side[0].fin_first && flow->side[1].fin_first)
        return c->close_frame[1] != 0 && c->close_frame[3] != 0 ? explain_teardown_simultaneous
                                                                : explain_teardown_unacknowledged;
    if (c->close_frame[3] == 0)
        return explain_teardown_unacknowledged;
    if (c->close_frame[1] == c->close_frame[2])
        return explain_teardown_three;
    return c->end[!c->closed_first].last_data > c->close_time[1] ? explain_teardown_half_close : explain_teardown_four;
}

static void note_end(struct flow *flow, unsigned kind, unsigned side, uint64_t frame, int64_t time, unsigned certainty)
{
    const struct explain_segment at = {.frame = frame, .time = time};
    flow_note(flow, kind, side, &at, 0, certainty);
}

static void finish_teardown(struct flow *flow)
{
    struct explain_conversation *c = &flow->conversation;
    c->teardown = (uint8_t)teardown_of(flow);
    const unsigned resetter =
        c->end[0].rst_frame != 0 && (c->end[1].rst_frame == 0 || c->end[0].rst_frame < c->end[1].rst_frame) ? 0 : 1;
    switch (c->teardown) {
    case explain_teardown_refused:
        note_end(flow, explain_finding_refused, 1, c->end[1].rst_frame, c->last_time, explain_certain);
        break;
    case explain_teardown_unanswered:
        note_end(flow, explain_finding_no_answer, 0, c->first_frame, c->first_time, explain_certain);
        break;
    case explain_teardown_open:
        if (c->open_frame[1] != 0 && c->open_frame[2] == 0)
            note_end(flow, explain_finding_handshake_unfinished, 0, c->open_frame[1], c->open_time[1], explain_certain);
        else
            note_end(flow, explain_finding_never_closed, 0, c->last_frame, c->last_time, explain_certain);
        break;
    case explain_teardown_reset: {
        const struct side *other = &flow->side[!resetter];
        const bool lost = other->acked_known && other->high != other->acked && c->end[!resetter].bytes > 0;
        note_end(flow, lost ? explain_finding_reset_with_data : explain_finding_reset, resetter,
                 c->end[resetter].rst_frame, c->last_time, explain_certain);
        break;
    }
    case explain_teardown_half_close:
        note_end(flow, explain_finding_half_close, c->closed_first, c->close_frame[0], c->close_time[0],
                 explain_certain);
        break;
    case explain_teardown_simultaneous:
        note_end(flow, explain_finding_simultaneous_close, c->closed_first, c->close_frame[0], c->close_time[0],
                 explain_certain);
        break;
    default:
        break;
    }
}

void flow_finish(struct flow *flow)
{
    struct explain_conversation *c = &flow->conversation;
    for (unsigned i = 0; i < 2; i++) {
        struct explain_end *end = &c->end[i];
        end->rtt_median = median_rtt(flow, i);
        if (end->last_data > end->first_data)
            end->goodput = mul_div_u64(end->unique_bytes, SEPTET_SECOND, (uint64_t)(end->last_data - end->first_data));
        if (end->duplicate_acks >= 3)
            note_end(flow, explain_finding_duplicate_ack, i, c->first_frame, c->first_time, explain_certain);
    }
    if ((c->end[0].packets == 0 || c->end[1].packets == 0) && c->open_frame[0] == 0)
        note_end(flow, explain_finding_one_direction, c->end[0].packets == 0, c->first_frame, c->first_time,
                 explain_certain);
    if (c->guessed || (c->open_frame[0] == 0 && c->end[1].isn_known))
        note_end(flow, explain_finding_scale_unknown, 0, c->first_frame, c->first_time, explain_certain);
    finish_teardown(flow);
    c->complete = c->open_frame[0] != 0 && c->open_frame[1] != 0 && c->open_frame[2] != 0 && c->close_frame[3] != 0 &&
                  c->request_frame != 0;
    c->finding = flow->findings;
    c->findings = flow->finding_count;
}
