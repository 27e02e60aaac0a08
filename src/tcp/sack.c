#include "tcp/internal.h"
#include "tcp/record.h"

/* The sender's scoreboard, RFC 2018 section 5 and 2883: a bit for each segment in its transmission record. */

/* What a peer may say: within what is outstanding, the right way round (requirements A21). */
static bool block_valid(const struct connection *c, const struct sack_block *block)
{
    return seq_lt(block->start, block->end) && seq_geq(block->start, c->snd_una) && seq_leq(block->end, c->snd_nxt);
}

static bool block_is_duplicate(const struct connection *c, const struct segment *segment)
{
    const struct sack_block *first = &segment->options.sack[0], *second = &segment->options.sack[1];
    if (segment->options.sack_count == 0 || !seq_lt(first->start, first->end))
        return false;
    if (seq_leq(first->end, segment->ack))
        return seq_geq(first->start, c->iss + 1);
    return segment->options.sack_count > 1 && seq_geq(first->start, second->start) && seq_leq(first->end, second->end);
}

/* The segments of a record that lie wholly within [start, end). */
static uint64_t segments_within(const struct record *record, uint32_t start, uint32_t end)
{
    const uint32_t segments = record_segments(record);
    const uint32_t first = seq_leq(start, record->seq) ? 0 : (start - record->seq + record->mss - 1u) / record->mss;
    uint32_t behind = segments;
    if (seq_lt(end, record->seq + record->length))
        behind = seq_leq(end, record->seq) ? 0 : min_u32((end - record->seq) / record->mss, segments);
    /* A FIN need not be in the peer's block for the last segment's bytes to count. */
    if (behind == segments - 1 && record->fin && end == record->seq + record->length - 1)
        behind = segments;
    if (first >= behind)
        return 0;
    const uint64_t below_behind = behind == RECORD_SEGMENTS ? UINT64_MAX : (UINT64_C(1) << behind) - 1;
    return below_behind & ~((UINT64_C(1) << first) - 1);
}

/* Marks the segments of a block, as far as they lie in records that hold some of [start, end). */
static void mark_range(struct tcp *tcp, struct connection *c, struct flight *flight, const struct sack_block *block,
                       uint32_t start, uint32_t end, struct ack *ack)
{
    if (!seq_lt(start, end))
        return;
    for (uint32_t number = record_find(tcp, flight, start); number != flight->records_end; number++) {
        struct record *record = record_at(tcp, flight, number);
        if (seq_geq(record->seq, end))
            break;
        const uint64_t mask = segments_within(record, block->start, block->end) & ~record->sacked;
        if (mask == 0)
            continue;
        segments_sacked(c, flight, record, mask, ack);
        flight->highest_sacked =
            seq_max(flight->highest_sacked, record_end(record, 63u - (uint32_t)__builtin_clzll(mask)));
    }
}

/* Works on a block except where the ACK before told the same: so repeated blocks cost nothing, however long
 * they are. */
static void mark_block(struct tcp *tcp, struct connection *c, struct flight *flight, const struct sack_block *block,
                       struct ack *ack)
{
    uint32_t start = block->start, end = block->end;
    for (uint32_t i = 0; i < 4; i++) {
        const struct range *seen = &flight->sack_seen[i];
        if (seen->start == seen->end || seq_leq(seen->end, start) || seq_geq(seen->start, end))
            continue;
        if (seq_leq(seen->start, start))
            start = seq_min(seen->end, end);
        else if (seq_geq(seen->end, end))
            end = seen->start;
    }
    mark_range(tcp, c, flight, block, start, end, ack);
}

/* What the next ACK need not tell again. Used blocks come first, so one look shows whether there is any. */
static void remember_seen(const struct connection *c, struct flight *flight, const struct segment *segment)
{
    uint32_t count = 0;
    if (segment->options.sack_count == 0 && flight->sack_seen[0].start == flight->sack_seen[0].end)
        return;
    for (uint32_t i = 0; i < segment->options.sack_count; i++) {
        const struct sack_block *block = &segment->options.sack[i];
        if (block_valid(c, block))
            flight->sack_seen[count++] = (struct range){block->start, block->end};
    }
    while (count < 4)
        flight->sack_seen[count++] = (struct range){0, 0};
}

void sack_arrives(struct tcp *tcp, struct connection *c, const struct segment *segment, struct ack *ack)
{
    struct flight *flight = tcp_flight(tcp, c);
    ack->dsack = block_is_duplicate(c, segment);
    if (ack->dsack) {
        COUNT(tcp->core, DSACKRecv);
        c->dsacks = (uint8_t)min_u32(c->dsacks + 1u, UINT8_MAX);
    }
    for (uint32_t i = 0; i < segment->options.sack_count; i++)
        if (block_valid(c, &segment->options.sack[i]))
            mark_block(tcp, c, flight, &segment->options.sack[i], ack);
    remember_seen(c, flight, segment);
}
