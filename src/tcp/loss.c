#include "tcp/cc.h"
#include "tcp/record.h"

/* Which segments are taken for lost: RFC 6675 with SACK, RFC 5681 and 6582 without. */

#define DUP_THRESH 3

static void mark_record(struct tcp *tcp, struct connection *c, struct flight *flight, uint32_t number, uint64_t mask,
                        enum septet_loss_reason why)
{
    struct record *record = record_at(tcp, flight, number);
    mask &= ~(record->sacked | record->lost);
    if (mask == 0)
        return;
    const uint32_t bytes = record_bytes(record, mask);
    record->lost |= mask;
    flight->lost += bytes;
    flight->to_resend += count_bits_u64(mask & ~record->retransmitted);
    if (seq_lt(number, flight->resend_hint) || flight->resend_hint == flight->records_end)
        flight->resend_hint = number;
    trace_values(tcp, c, SEPTET_TRACE_loss, record_start(record, (uint32_t)__builtin_ctzll(mask)), bytes, why, 0);
}

/* Segments of a record that begin below a position. */
static uint64_t segments_below(const struct record *record, uint32_t below)
{
    if (seq_leq(below, record->seq))
        return 0;
    const uint32_t count = (below - record->seq + record->mss - 1) / record->mss;
    return count >= record_segments(record) ? record_mask(record) : (UINT64_C(1) << count) - 1;
}

void loss_mark_below(struct tcp *tcp, struct connection *c, uint32_t below, enum septet_loss_reason why)
{
    struct flight *flight = tcp_flight(tcp, c);
    const uint32_t from = seq_max(flight->lost_below, c->snd_una);
    if (!seq_lt(from, below))
        return;
    for (uint32_t number = record_find(tcp, flight, from); number != flight->records_end; number++) {
        const struct record *record = record_at(tcp, flight, number);
        if (seq_geq(record->seq, below))
            break;
        mark_record(tcp, c, flight, number, segments_below(record, below), why);
    }
    flight->lost_below = below;
}

void loss_mark_all(struct tcp *tcp, struct connection *c, enum septet_loss_reason why)
{
    struct flight *flight = tcp_flight(tcp, c);
    flight->resend_hint = flight->records_first;
    flight->resend_split = c->snd_una - 1;
    for (uint32_t number = flight->records_first; number != flight->records_end; number++) {
        struct record *record = record_at(tcp, flight, number);
        flight->to_resend += count_bits_u64(record->lost & record->retransmitted);
        record->retransmitted = 0;
        mark_record(tcp, c, flight, number, record_mask(record), why);
    }
    flight->retransmitted = 0;
    flight->resend_hint = flight->records_first;
    flight->lost_below = c->snd_nxt;
}

/* RFC 6675 IsLost: the position below which everything unSACKed has DupThresh segments, or more than
 * (DupThresh - 1) * SMSS bytes, SACKed above it. Walks down from the highest SACKed segment, and
 * never below what is marked already. */
static uint32_t lost_frontier(struct tcp *tcp, const struct connection *c, struct flight *flight)
{
    const uint32_t floor = seq_max(flight->lost_below, c->snd_una);
    uint32_t count = 0, bytes = 0;
    if (!seq_gt(flight->highest_sacked, floor))
        return floor;
    for (uint32_t number = record_find(tcp, flight, flight->highest_sacked - 1);; number--) {
        const struct record *record = record_at(tcp, flight, number);
        for (uint64_t mask = record->sacked; mask != 0;) {
            const uint32_t segment = 63u - (uint32_t)__builtin_clzll(mask);
            mask &= ~(UINT64_C(1) << segment);
            bytes += record_end(record, segment) - record_start(record, segment);
            if (++count >= DUP_THRESH || bytes > (DUP_THRESH - 1u) * c->mss)
                return seq_max(record_start(record, segment), floor);
        }
        if (number == flight->records_first || seq_leq(record->seq, floor))
            return floor;
    }
}

static bool suspect_hole(struct tcp *tcp, struct flight *flight, uint32_t *number, uint32_t *segment)
{
    const uint32_t from = seq_max(flight->high_rxt, flight->lost_below);
    if (!seq_lt(from, flight->highest_sacked))
        return false;
    for (*number = record_find(tcp, flight, from); *number != flight->records_end; (*number)++) {
        const struct record *record = record_at(tcp, flight, *number);
        const uint64_t mask = segments_below(record, flight->highest_sacked) & ~segments_below(record, from) &
                              ~(record->sacked | record->lost);
        *segment = (uint32_t)__builtin_ctzll(mask | UINT64_C(1) << 63);
        if (mask != 0 || seq_geq(record->seq, flight->highest_sacked))
            return mask != 0;
    }
    return false;
}

static bool suspect_last(struct tcp *tcp, const struct connection *c, struct flight *flight, uint32_t *number,
                         uint32_t *segment)
{
    if (c->flags & CONNECTION_RESCUED)
        return false;
    for (*number = flight->records_end; (*number)-- != flight->records_first;) {
        const struct record *record = record_at(tcp, flight, *number);
        const uint64_t mask = record_mask(record) & ~record->sacked;
        if (mask == 0)
            continue;
        *segment = 63u - (uint32_t)__builtin_clzll(mask);
        /* What was sent since the recovery began is none of its tail. */
        return !(record->lost >> *segment & 1) && seq_gt(record_end(record, *segment), flight->high_rxt) &&
               seq_leq(record_end(record, *segment), c->recover);
    }
    return false;
}

enum suspicion loss_suspect(struct tcp *tcp, const struct connection *c, uint32_t *number, uint32_t *segment)
{
    struct flight *flight = tcp_flight(tcp, c);
    if (flight->records_first == flight->records_end)
        return SUSPICION_NONE;
    if (suspect_hole(tcp, flight, number, segment))
        return SUSPICION_HOLE;
    return suspect_last(tcp, c, flight, number, segment) ? SUSPICION_LAST : SUSPICION_NONE;
}

/* Without SACK each duplicate ACK tells that one more segment has left the network. */
static void count_duplicate(struct connection *c, struct flight *flight)
{
    flight->duplicate_acks++;
    const uint32_t outstanding = c->snd_nxt - c->snd_una;
    const uint32_t one = min_u32(c->mss, outstanding);
    if (flight->sacked + flight->lost + one <= outstanding)
        flight->sacked += one;
}

static void forget_duplicates(struct connection *c, struct flight *flight, uint32_t acked)
{
    const uint32_t segments = (acked + c->mss - 1u) / c->mss;
    const uint32_t left = segments > 0 ? (segments - 1) * c->mss : 0;
    flight->sacked -= min_u32(flight->sacked, c->phase == SEPTET_PHASE_RECOVERY ? left : flight->sacked);
    if (c->phase != SEPTET_PHASE_RECOVERY)
        flight->duplicate_acks = 0;
}

static void mark_first(struct tcp *tcp, struct connection *c, struct flight *flight, enum septet_loss_reason why)
{
    struct record *record = record_at(tcp, flight, flight->records_first);
    const uint64_t first = 1;
    if (record->lost & first) { /* its retransmission was acknowledged in part or lost: once more */
        flight->retransmitted -= record_bytes(record, record->retransmitted & first);
        flight->to_resend += (uint32_t)(record->retransmitted & first);
        record->retransmitted &= ~first;
        flight->resend_hint = flight->records_first;
    }
    mark_record(tcp, c, flight, flight->records_first, first, why);
    if (flight->sacked + flight->lost > c->snd_nxt - c->snd_una)
        flight->sacked = c->snd_nxt - c->snd_una > flight->lost ? c->snd_nxt - c->snd_una - flight->lost : 0;
}

static void detect_without_sack(struct tcp *tcp, struct connection *c, struct flight *flight, struct ack *ack)
{
    if (ack->acked != 0)
        forget_duplicates(c, flight, ack->acked);
    if (flight->records_first == flight->records_end)
        return;
    if (ack->duplicate)
        count_duplicate(c, flight);
    if (c->phase == SEPTET_PHASE_RECOVERY) {
        if (ack->acked != 0 && seq_lt(c->snd_una, c->recover)) {
            mark_first(tcp, c, flight, SEPTET_LOSS_PARTIAL_ACK);
            c->flags |= CONNECTION_RESEND_FIRST;
        }
    } else if (ack->duplicate && flight->duplicate_acks == DUP_THRESH && c->phase != SEPTET_PHASE_LOSS &&
               seq_gt(c->snd_una, c->recover)) { /* RFC 6582 3.2 step 2: else they answer what was sent again */
        mark_first(tcp, c, flight, SEPTET_LOSS_DUPLICATE_ACK);
    }
}

void loss_detect(struct tcp *tcp, struct connection *c, struct ack *ack)
{
    struct flight *flight = tcp_flight(tcp, c);
    const uint32_t before = flight->lost;
    if (flight->records_first == flight->records_end)
        return;
    if (!(c->flags & CONNECTION_SACK)) {
        detect_without_sack(tcp, c, flight, ack);
    } else if (ack->sacked != 0) {
        loss_mark_below(tcp, c, lost_frontier(tcp, c, flight), SEPTET_LOSS_SACK);
    }
    ack->lost = flight->lost > before ? flight->lost - before : 0;
}
