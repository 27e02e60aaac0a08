#include "base/arithmetic.h"
#include "base/seq.h"
#include "explain/flow.h"
#include "septet/config.h"

#include <stdlib.h>

/* The verdicts. docs/explain.md tells the rules; numbers are by the peers' usual timers. */

#define RTO_LEAST (150 * SEPTET_MILLISECOND)
/* Without a measured round trip. */
#define RTT_ASSUMED (3 * SEPTET_MILLISECOND)
/* Copies of one packet at a tap follow each other as fast as this. */
#define COPY_APART SEPTET_MILLISECOND
#define COPY_TTL_APART (20 * SEPTET_MILLISECOND)
#define WIRESHARK_FAST (20 * SEPTET_MILLISECOND)
#define FAR (UINT32_C(1) << 30)
#define ACK_COPIES 4u

/* ---- records ---- */

static uint32_t oldest_record(const struct side *side)
{
    return side->made > side->capacity ? side->made - side->capacity : 0;
}

static struct record *record_at(const struct side *side, uint32_t index)
{
    return &side->records[index & (side->capacity - 1)];
}

/* Twice as many places; the newest stay where their numbers say. */
static void grow_records(struct explain *explain, struct flow *flow, struct side *side)
{
    const uint32_t capacity = side->capacity == 0 ? RECORDS_LEAST : side->capacity * 2;
    struct record *records = malloc(capacity * sizeof *records);
    if (records == NULL)
        return;
    for (uint32_t i = oldest_record(side); i != side->made; i++)
        records[i & (capacity - 1)] = *record_at(side, i);
    free(side->records);
    side->records = records;
    flow->memory += (capacity - side->capacity) * sizeof *records;
    explain->memory += (capacity - side->capacity) * sizeof *records;
    side->capacity = capacity;
}

static void keep_record(struct explain *explain, struct flow *flow, const struct explain_segment *s, bool resent)
{
    struct side *side = &flow->side[s->side];
    /* Grown while what would be overwritten is not acknowledged yet, and at first. */
    if (side->made >= side->capacity && side->capacity < RECORDS_MOST &&
        (side->capacity == 0 || side->made - side->unacked >= side->capacity || side->seen != NULL))
        grow_records(explain, flow, side);
    if (side->capacity == 0)
        return;
    *record_at(side, side->made++) = (struct record){
        .time = s->time,
        .frame = s->frame,
        .seq = s->seq,
        .end = s->seq + segment_space(s),
        .ack = s->ack,
        .ts_val = s->ts_val,
        .ip_id = s->ip_id,
        .window = s->window_field,
        .flags = s->flags,
        .ttl = s->ttl,
        .has_timestamps = s->has_timestamps,
        .resent = resent,
    };
    if (side->unacked < oldest_record(side))
        side->unacked = oldest_record(side);
}

/* The newest record of just these bytes, or else the newest that holds the first of them. */
static struct record *find_same(const struct side *side, const struct explain_segment *s)
{
    const uint32_t end = s->seq + segment_space(s);
    struct record *part = NULL;
    for (uint32_t i = side->made; i != oldest_record(side); i--) {
        struct record *r = record_at(side, i - 1);
        if (r->seq == r->end)
            continue;
        if (r->seq == s->seq && r->end == end)
            return r;
        if (part == NULL && seq_in(s->seq, r->seq, r->end))
            part = r;
    }
    return part;
}

/* The lowest segment above: what was sent after, in the order of numbers. */
static struct record *find_above(const struct side *side, uint32_t end)
{
    struct record *best = NULL;
    for (uint32_t i = side->made; i != oldest_record(side); i--) {
        struct record *r = record_at(side, i - 1);
        if (r->seq != r->end && seq_geq(r->seq, end) && (best == NULL || seq_lt(r->seq, best->seq)))
            best = r;
    }
    return best;
}

/* ---- ranges ---- */

static bool add_seen(struct explain *explain, struct flow *flow, struct side *side, uint32_t start, uint32_t end)
{
    if (side->seen != NULL && range_set_add(side->seen, start, end))
        return true;
    const uint32_t old = side->seen == NULL ? 0 : side->seen->capacity;
    const uint32_t capacity = old == 0 ? RANGES_LEAST : old * 4 + 6;
    const uint32_t size = (uint32_t)(sizeof *side->seen + capacity * sizeof(struct range));
    if (capacity > RANGES_MOST)
        return false;
    void *memory = malloc(size);
    if (memory == NULL)
        return false;
    struct range_set *set = range_set_init(memory, size);
    for (uint32_t i = 0; i < (old == 0 ? 0 : side->seen->count); i++)
        (void)range_set_add(set, side->seen->range[i].start, side->seen->range[i].end);
    free(side->seen);
    side->seen = set;
    flow->memory += (capacity - old) * sizeof(struct range);
    explain->memory += (capacity - old) * sizeof(struct range);
    return range_set_add(set, start, end);
}

/* All below low is accounted for. */
static void raise_low(struct side *side, uint32_t low)
{
    side->low = seq_max(side->low, low);
    if (side->seen == NULL)
        return;
    range_set_remove_below(side->seen, side->low);
    if (side->seen->count > 0 && seq_leq(side->seen->range[0].start, side->low)) {
        side->low = side->seen->range[0].end;
        range_set_remove_below(side->seen, side->low);
    }
}

/* The peer has acknowledged what was never captured. */
static void note_missing(struct flow *flow, unsigned who, uint32_t ack, const struct explain_segment *s)
{
    struct side *side = &flow->side[who];
    uint32_t at = side->low;
    struct range gap = {at, ack};
    uint64_t missing = 0;
    for (int i = 0; i < 64 && seq_lt(at, ack); i++, at = gap.end) {
        gap = (struct range){at, ack};
        if (side->seen != NULL && !range_set_gap(side->seen, at, ack, &gap))
            break;
        missing += gap.end - gap.start;
        side->unseen[side->unseen_count++ % UNSEEN_MOST] = gap;
    }
    if (missing == 0)
        return;
    flow->conversation.end[who].missing_bytes += missing;
    flow_note(flow, explain_finding_missing, who, s, missing, explain_certain);
}

static bool was_unseen(const struct side *side, uint32_t seq)
{
    for (uint32_t i = 0; i < side->unseen_count && i < UNSEEN_MOST; i++)
        if (seq_in(seq, side->unseen[i].start, side->unseen[i].end))
            return true;
    return false;
}

/* ---- round trips ---- */

/* The whole way and back, wherever the capture point is. */
static int64_t round_trip(const struct flow *flow)
{
    const struct explain_conversation *c = &flow->conversation;
    if (c->initial_rtt > 0)
        return c->initial_rtt;
    if (c->end[0].rtt_samples > 0 && c->end[1].rtt_samples > 0)
        return max_i64(c->end[0].rtt_least + c->end[1].rtt_least, RTT_ASSUMED);
    return RTT_ASSUMED;
}

/* Acknowledged records; the last whole one gives a sample unless it was sent twice (Karn). */
static void acknowledge(struct flow *flow, unsigned who, struct explain_segment *s)
{
    struct side *side = &flow->side[who];
    const struct record *last = NULL;
    bool again = false;
    while (side->unacked != side->made) {
        const struct record *r = record_at(side, side->unacked);
        if (seq_gt(r->end, s->ack))
            break;
        again = again || r->resent;
        if (r->end == s->ack && r->seq != r->end)
            last = r;
        side->unacked++;
    }
    if (last == NULL || again || last->resent || s->time < last->time)
        return;
    s->rtt = s->time - last->time;
    s->rtt_frame = last->frame;
    flow_rtt(flow, who, s->rtt);
}

static void take_ack(struct flow *flow, struct explain_segment *s)
{
    const unsigned who = !s->side;
    struct side *side = &flow->side[who];
    if (!(s->flags & TCP_ACK) || !side->started)
        return;
    if (seq_gt(s->ack, side->high) && s->ack - side->high < FAR) {
        if (!(s->flags & TCP_RST))
            note_missing(flow, who, s->ack, s);
        raise_low(side, s->ack);
        side->high = s->ack;
    }
    if (seq_gt(s->ack, side->high))
        return;
    if (!side->acked_known || seq_gt(s->ack, side->acked)) {
        if (seq_gt(s->ack, side->low)) {
            note_missing(flow, who, s->ack, s);
            raise_low(side, s->ack);
        }
        acknowledge(flow, who, s);
        side->acked = s->ack;
        side->acked_known = true;
        side->acked_frame = s->frame;
        side->acked_time = s->time;
        side->duplicates = 0;
        side->wait_small = 0;
        if (side->recovering && seq_geq(s->ack, side->recover))
            side->recovering = false;
    }
    for (unsigned i = 0; i < s->sack_count; i++) {
        s->dsack = s->dsack || (i == 0 && (seq_leq(s->sack[0].end, s->ack) ||
                                           (s->sack_count > 1 && seq_geq(s->sack[0].start, s->sack[1].start) &&
                                            seq_leq(s->sack[0].end, s->sack[1].end))));
        if (seq_gt(s->sack[i].end, s->ack) && (!side->has_sacked || seq_gt(s->sack[i].end, side->sacked))) {
            side->sacked = s->sack[i].end;
            side->has_sacked = true;
        }
    }
}

/* ---- verdicts ---- */

static void decide(struct explain_segment *s, unsigned verdict, unsigned evidence, unsigned certainty,
                   const struct record *other)
{
    s->verdict = (uint8_t)verdict;
    s->evidence = (uint8_t)evidence;
    s->certainty = (uint8_t)certainty;
    if (other == NULL)
        return;
    s->other_frame = other->frame;
    s->apart = s->time - other->time;
    if (evidence >= explain_evidence_timestamp_newer && evidence <= explain_evidence_timestamp_equal) {
        s->own_value = s->ts_val;
        s->other_value = other->ts_val;
    } else if (evidence == explain_evidence_same_packet_ttl) {
        s->own_value = s->ttl;
        s->other_value = other->ttl;
    } else {
        s->own_value = s->ip_id;
        s->other_value = other->ip_id;
    }
}

/* Whether a packet is one that was captured before; sets the verdict. */
static bool is_copy(const struct flow *flow, struct explain_segment *s, const struct record *r)
{
    const uint32_t end = s->seq + segment_space(s);
    if (r == NULL || r->seq != s->seq || r->end != end || r->ack != s->ack || r->flags != s->flags ||
        r->window != s->window_field || r->has_timestamps != s->has_timestamps || r->ts_val != s->ts_val)
        return false;
    const int64_t apart = s->time - r->time;
    if (r->ip_id != s->ip_id)
        return false;
    if (s->ip_id != 0) {
        const struct side *side = &flow->side[s->side];
        const bool told = side->duplicates > 0 || (side->has_sacked && seq_gt(side->sacked, s->seq));
        if (apart >= COPY_TTL_APART && (told || apart >= round_trip(flow) / 2))
            return false; /* some stacks send again with the same number */
        decide(s, explain_verdict_captured_twice, explain_evidence_same_packet, explain_certain, r);
        return true;
    }
    if (r->ttl != s->ttl && apart < COPY_TTL_APART) {
        decide(s, explain_verdict_captured_twice, explain_evidence_same_packet_ttl, explain_likely, r);
        return true;
    }
    if (end != s->seq && apart < COPY_APART && apart < round_trip(flow) / 2) {
        decide(s, explain_verdict_captured_twice, explain_evidence_same_packet_time, explain_likely, r);
        return true;
    }
    return false;
}

/* Whether one of the latest segments is this very packet. */
static bool any_is_copy(const struct flow *flow, struct explain_segment *s)
{
    const struct side *side = &flow->side[s->side];
    const uint32_t oldest = oldest_record(side);
    const uint32_t most = segment_space(s) == 0 ? ACK_COPIES : UINT32_MAX;
    for (uint32_t i = 0; i < most && side->made - i != oldest; i++)
        if (is_copy(flow, s, record_at(side, side->made - i - 1)))
            return true;
    return false;
}

/* How a sender came to send again what it had sent at `sent` (-1: not known). */
static unsigned resent_kind(const struct flow *flow, const struct explain_segment *s, int64_t sent)
{
    const struct side *side = &flow->side[s->side];
    const bool sacked = side->has_sacked && seq_gt(side->sacked, s->seq);
    const int64_t idle = s->time - (side->advanced > sent ? side->advanced : sent);
    for (uint32_t i = 0; i < flow->finding_count; i++)
        if (flow->findings[i].kind == explain_finding_path_mtu && flow->findings[i].side == s->side && sent >= 0 &&
            flow->findings[i].last_time >= sent)
            return explain_verdict_resent; /* a router said that it was too big */
    if (s->flags & TCP_SYN)
        return explain_verdict_timeout;
    if ((side->duplicates >= 3 || sacked) && s->time - side->acked_time < 8 * round_trip(flow) + RTO_LEAST &&
        idle < 4 * round_trip(flow) + RTO_LEAST)
        return explain_verdict_fast;
    if (sent < 0)
        return explain_verdict_resent;
    if (idle >= RTO_LEAST && s->time - sent >= RTO_LEAST)
        return explain_verdict_timeout;
    if (s->seq + segment_space(s) == side->high && side->duplicates == 0 && idle >= round_trip(flow))
        return explain_verdict_tail_probe;
    return side->recovering ? explain_verdict_fast : explain_verdict_resent;
}

static void judge_seen(struct flow *flow, struct explain_segment *s)
{
    struct side *side = &flow->side[s->side];
    struct record *r = side->capacity == 0 ? NULL : find_same(side, s);
    if (any_is_copy(flow, s))
        return;
    if (r != NULL && s->flags & TCP_SYN && s->flags & ~r->flags & TCP_ACK) {
        decide(s, explain_verdict_syn, explain_evidence_none, explain_certain, NULL); /* simultaneous open */
        return;
    }
    if (was_unseen(side, s->seq)) {
        decide(s, explain_verdict_cannot_tell, explain_evidence_missing_before, explain_guess, r);
        return;
    }
    const bool acked = side->acked_known && seq_leq(s->seq + segment_space(s), side->acked);
    const bool waited = acked && s->time - side->acked_time >= RTO_LEAST && side->advanced <= side->acked_time;
    if (waited && !(s->flags & TCP_SYN)) {
        decide(s, explain_verdict_timeout, explain_evidence_ack_lost, explain_likely, r);
        s->other_frame = side->acked_frame;
    } else if (acked) {
        decide(s, explain_verdict_spurious, explain_evidence_acked_before, explain_certain, r);
        s->other_frame = side->acked_frame;
    } else {
        decide(s, resent_kind(flow, s, r == NULL ? -1 : r->time), explain_evidence_seen_before, explain_certain, r);
    }
    if (r != NULL) {
        r->resent = true;
        if (s->verdict == explain_verdict_timeout)
            flow->conversation.end[s->side].rto_observed = s->time - r->time;
    }
}

static void judge_by_time(struct flow *flow, struct explain_segment *s, const struct record *r)
{
    const struct side *side = &flow->side[s->side];
    const int64_t apart = s->time - r->time, trip = round_trip(flow);
    if (apart >= RTO_LEAST || (side->duplicates >= 3 && apart >= trip - trip / 8))
        decide(s, resent_kind(flow, s, r->time), explain_evidence_after_round_trip, explain_likely, r);
    else if (apart < trip / 2 && flow->conversation.initial_rtt > 0)
        decide(s, explain_verdict_late, explain_evidence_within_round_trip, explain_likely, r);
    else
        decide(s, explain_verdict_cannot_tell, explain_evidence_nothing, explain_guess, r);
}

/* How long the time stamp clock of an end takes for a step, as far as it has been seen; 0: not known. */
static int64_t clock_step(const struct side *side, const struct explain_segment *s)
{
    const uint32_t steps = s->ts_val - side->first_stamp;
    return !side->has_stamp || steps < 4 || steps >= FAR ? 0 : (s->time - side->first_stamp_time) / steps;
}

/* Bytes that were not seen, below others that were: lost before the capture point and resent, or overtaken. */
static void judge_hole(struct flow *flow, struct explain_segment *s)
{
    const struct side *side = &flow->side[s->side];
    const struct record *r = side->capacity == 0 ? NULL : find_above(side, s->seq + segment_space(s));
    if (r == NULL) {
        decide(s, explain_verdict_cannot_tell, explain_evidence_nothing, explain_guess, NULL);
        return;
    }
    const int32_t stamp = (int32_t)(s->ts_val - r->ts_val);
    const int16_t serial = (int16_t)(uint16_t)(s->ip_id - r->ip_id);
    if (s->has_timestamps && r->has_timestamps && stamp > 0)
        decide(s, resent_kind(flow, s, r->time), explain_evidence_timestamp_newer, explain_certain, r);
    else if (s->has_timestamps && r->has_timestamps && stamp < 0)
        decide(s, explain_verdict_late, explain_evidence_timestamp_older, explain_certain, r);
    else if (s->ip_id != 0 && r->ip_id != 0 && serial > 0)
        decide(s, resent_kind(flow, s, r->time), explain_evidence_id_newer, explain_likely, r);
    else if (s->ip_id != 0 && r->ip_id != 0 && serial < 0)
        decide(s, explain_verdict_late, explain_evidence_id_older, explain_likely, r);
    else if (s->has_timestamps && r->has_timestamps && clock_step(side, s) > 0 &&
             round_trip(flow) > 2 * clock_step(side, s))
        decide(s, explain_verdict_late, explain_evidence_timestamp_equal, explain_likely, r);
    else
        judge_by_time(flow, s, r);
}

static bool keeps_alive(const struct flow *flow, const struct explain_segment *s)
{
    const struct side *side = &flow->side[s->side];
    return side->started && s->length <= 1 && s->seq == side->high - 1 && !(s->flags & (TCP_SYN | TCP_FIN | TCP_RST)) &&
           side->acked_known && (side->acked == side->high || flow->side[!s->side].window_closed);
}

/* A segment without anything in the sequence space. */
static void judge_empty(struct flow *flow, struct explain_segment *s)
{
    struct side *side = &flow->side[s->side];
    const struct side *peer = &flow->side[!s->side];
    const uint8_t answered = peer->last_verdict;
    if (s->flags & TCP_RST)
        decide(s, explain_verdict_reset, explain_evidence_none, explain_certain, NULL);
    else if (side->capacity != 0 && any_is_copy(flow, s))
        return;
    else if (keeps_alive(flow, s))
        decide(s, peer->window_closed ? explain_verdict_window_probe : explain_verdict_keep_alive,
               peer->window_closed ? explain_evidence_window_zero : explain_evidence_window_open, explain_certain,
               NULL);
    else if ((answered == explain_verdict_keep_alive || answered == explain_verdict_window_probe) &&
             side->window_field == s->window_field && peer->acked_known && s->ack == peer->acked)
        decide(s, explain_verdict_keep_alive_ack, explain_evidence_none, explain_certain, NULL);
    else if (peer->started && peer->acked_known && s->ack == peer->acked && side->window_known &&
             side->window_field != s->window_field)
        decide(s, explain_verdict_window_update, explain_evidence_none, explain_certain, NULL);
    else if (peer->started && peer->acked_known && s->ack == peer->acked && peer->high != peer->acked &&
             !(s->flags & TCP_SYN) && (s->sack_count > 0 || peer->advanced > side->advanced))
        decide(s, explain_verdict_duplicate_ack, explain_evidence_none, explain_certain, NULL);
    else
        decide(s, explain_verdict_ack, explain_evidence_none, explain_certain, NULL);
}

/* Wireshark's own rules (packet-tcp.c), to say where it prints something else. */
static uint8_t wireshark_label(const struct flow *flow, const struct explain_segment *s)
{
    const struct side *side = &flow->side[s->side];
    const uint32_t end = s->seq + segment_space(s);
    const int64_t trip = flow->conversation.initial_rtt > 0 ? flow->conversation.initial_rtt : RTT_ASSUMED;
    if (!side->started || s->flags & TCP_RST)
        return explain_label_none;
    if (s->length <= 1 && s->seq == side->high - 1 && !(s->flags & (TCP_SYN | TCP_FIN)))
        return explain_label_keep_alive;
    if (end == s->seq || !seq_lt(s->seq, side->high))
        return explain_label_none;
    if (s->length > 0 && side->acked_known && seq_leq(end, side->acked))
        return explain_label_spurious;
    if (side->duplicates >= 2 && side->acked == s->seq && s->time - side->acked_time < WIRESHARK_FAST)
        return explain_label_fast;
    if (s->time - side->advanced < trip && end != side->high)
        return explain_label_out_of_order;
    return explain_label_retransmission;
}

static void judge_data(struct explain *explain, struct flow *flow, struct explain_segment *s)
{
    struct side *side = &flow->side[s->side];
    const uint32_t end = s->seq + segment_space(s);
    const bool probed = side->last_verdict == explain_verdict_window_probe && s->seq + 1 == side->high;
    const bool probes = s->length == 1 && (flow->side[!s->side].window_closed || probed);
    if (seq_geq(s->seq, side->high)) {
        s->opens_hole = s->seq - side->high;
        decide(s, s->flags & TCP_SYN ? explain_verdict_syn : explain_verdict_new, explain_evidence_none,
               explain_certain, NULL);
        if (probes)
            decide(s, explain_verdict_window_probe, explain_evidence_window_zero, explain_certain, NULL);
    } else if (keeps_alive(flow, s) || (probes && s->seq == side->high - 1)) {
        decide(s, probes ? explain_verdict_window_probe : explain_verdict_keep_alive,
               probes ? explain_evidence_window_zero : explain_evidence_window_open, explain_certain, NULL);
    } else if (seq_leq(end, side->low) || (side->seen != NULL && range_set_contains(side->seen, s->seq, end))) {
        judge_seen(flow, s);
    } else if (seq_leq(side->high, end) && seq_leq(s->seq, side->low)) {
        decide(s, resent_kind(flow, s, side->advanced), explain_evidence_seen_before, explain_certain, NULL);
    } else {
        judge_hole(flow, s);
    }
    if (seq_leq(s->seq, side->low)) {
        raise_low(side, end);
    } else if (!add_seen(explain, flow, side, s->seq, end)) {
        raise_low(side, side->high); /* too many holes to be told apart */
        raise_low(side, end);
    }
    if (seq_gt(end, side->high)) {
        flow->conversation.end[s->side].unique_bytes += min_u32(s->length, end - side->high);
        side->high = end;
        side->advanced = s->time;
    } else if (s->verdict == explain_verdict_late || s->other_frame != 0) {
        const bool fills = s->evidence != explain_evidence_seen_before &&
                           s->evidence != explain_evidence_acked_before && s->evidence != explain_evidence_ack_lost &&
                           s->verdict != explain_verdict_captured_twice;
        flow->conversation.end[s->side].unique_bytes += fills ? s->length : 0;
    }
}

static bool is_resent(unsigned verdict)
{
    return verdict == explain_verdict_timeout || verdict == explain_verdict_fast ||
           verdict == explain_verdict_tail_probe || verdict == explain_verdict_resent ||
           verdict == explain_verdict_spurious;
}

void flow_judge(struct explain *explain, struct flow *flow, struct explain_segment *s)
{
    struct side *side = &flow->side[s->side];
    const uint32_t space = segment_space(s);
    if (side->started && !(s->flags & TCP_SYN) && s->seq - side->high >= FAR && side->high - s->seq >= FAR) {
        decide(s, explain_verdict_outside, explain_evidence_none, explain_likely, NULL);
        return;
    }
    s->label = wireshark_label(flow, s);
    if (s->has_timestamps && !side->has_stamp) {
        side->has_stamp = true;
        side->first_stamp = s->ts_val;
        side->first_stamp_time = s->time;
    }
    if (!side->started) {
        side->started = true;
        side->low = side->high = s->seq;
    }
    if (space == 0 || s->flags & TCP_RST)
        judge_empty(flow, s);
    else
        judge_data(explain, flow, s);
    take_ack(flow, s);
    if (s->verdict == explain_verdict_duplicate_ack)
        flow->side[!s->side].duplicates++;
    if (is_resent(s->verdict)) {
        side->recovering = true;
        side->recover = side->high;
    }
    if (s->verdict != explain_verdict_captured_twice)
        keep_record(explain, flow, s, is_resent(s->verdict));
    side->last_verdict = s->verdict;
}
