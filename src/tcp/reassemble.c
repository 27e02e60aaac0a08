#include "base/memory.h"
#include "tcp/internal.h"

/* Data beyond a hole (SHLD-31). Its bytes are stored at once where they belong in the
 * receive stream; a range set in one page remembers which are there. So memory is
 * bounded by the window, work by the logarithm of the holes, and what was accepted
 * first is never overwritten (requirements A23, A24). */

static struct reassembly *reassembly_of(const struct tcp *tcp, const struct connection *c)
{
    return slab_at(&tcp->core->pages, c->reassembly);
}

struct range_set *reassembly_ranges(const struct tcp *tcp, const struct connection *c)
{
    return c->reassembly == 0 ? NULL : (struct range_set *)(void *)(reassembly_of(tcp, c) + 1);
}

void reassembly_clear(struct tcp *tcp, struct connection *c)
{
    if (c->reassembly == 0)
        return;
    slab_return(&tcp->core->pages, c->reassembly);
    c->reassembly = 0;
}

static bool reassembly_begin(struct tcp *tcp, struct connection *c)
{
    if (c->reassembly != 0)
        return true;
    c->reassembly = slab_take(&tcp->core->pages);
    if (c->reassembly == 0)
        return false;
    struct reassembly *reassembly = reassembly_of(tcp, c);
    memset(reassembly, 0, sizeof *reassembly);
    range_set_init(reassembly + 1, tcp->core->pages.size - (uint32_t)sizeof *reassembly);
    return true;
}

/* Stores the parts of a segment that are not there yet. False when pages ran out. */
static bool store_gaps(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    const uint32_t end = segment->seq + segment->length;
    struct range gap = {.start = segment->seq, .end = segment->seq};
    while (range_set_gap(reassembly_ranges(tcp, c), gap.end, end, &gap)) {
        const uint32_t length = gap.end - gap.start;
        if (receive_store(tcp, c, segment, gap.start - segment->seq, gap.start, length) < length)
            return false;
    }
    return true;
}

/* The range with this byte grew last. */
static void remember_recent(struct reassembly *reassembly, const struct range_set *ranges, uint32_t position)
{
    const struct range range = ranges->range[range_set_find(ranges, position)];
    uint32_t kept[REASSEMBLY_RECENT] = {position}, count = 1;
    for (uint32_t i = 0; i < reassembly->recent_count && count < REASSEMBLY_RECENT; i++)
        if (!seq_in(reassembly->recent[i], range.start, range.end))
            kept[count++] = reassembly->recent[i];
    memcpy(reassembly->recent, kept, sizeof kept);
    reassembly->recent_count = count;
}

/* In-order data becomes readable as far as it is contiguous. */
static void advance(struct tcp *tcp, struct connection *c)
{
    struct range_set *ranges = reassembly_ranges(tcp, c);
    if (ranges->count != 0 && seq_leq(ranges->range[0].start, c->rcv_nxt)) {
        const uint32_t moved = ranges->range[0].end - c->rcv_nxt;
        c->rcv_nxt += moved;
        c->bytes_received += moved;
        COUNT_ADD(tcp->core, InOctets, moved);
        range_set_remove_below(ranges, c->rcv_nxt);
    }
    const struct reassembly *reassembly = reassembly_of(tcp, c);
    if (reassembly->fin_seen && reassembly->fin == c->rcv_nxt)
        receive_fin(tcp, c);
    else if (ranges->count == 0 && !reassembly->fin_seen)
        reassembly_clear(tcp, c);
}

/* Gives up what lies beyond the hole, noted or not. */
static void forget_beyond(struct tcp *tcp, struct connection *c)
{
    reassembly_clear(tcp, c);
    if (c->rcv_nxt == c->rcv_read)
        stream_clear(&c->receive, &tcp->core->pages);
    else
        stream_truncate(&c->receive, &tcp->core->pages, c->rcv_nxt);
}

/* RFC 2883: the first part of the segment that is there already. */
static void note_overlap(struct connection *c, const struct range_set *ranges, const struct segment *segment)
{
    const uint32_t end = segment->seq + segment->length;
    const uint32_t at = range_set_find(ranges, segment->seq);
    if (c->dsack_start != c->dsack_end || at == ranges->count || seq_geq(ranges->range[at].start, end))
        return;
    c->dsack_start = seq_max(ranges->range[at].start, segment->seq);
    c->dsack_end = seq_min(ranges->range[at].end, end);
}

/* False when the segment is dropped, or was taken in another way. */
static bool accept_text(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    struct range_set *ranges = reassembly_ranges(tcp, c);
    const uint32_t end = segment->seq + segment->length;
    const bool hole = segment->seq != c->rcv_nxt;
    note_overlap(c, ranges, segment);
    if (range_set_contains(ranges, segment->seq, end))
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_duplicate_data);
    else if (ranges->count == ranges->capacity && !hole) /* no room to note it, but in order: the rest gives way */
        range_set_remove_below(ranges, ranges->range[ranges->count - 1].end);
    if (!store_gaps(tcp, c, segment)) {
        if (hole)
            drop_segment(tcp, c, segment, SEPTET_DROP_no_pages);
        if (!hole || (ranges->count == 0 && !reassembly_of(tcp, c)->fin_seen))
            forget_beyond(tcp, c);
        if (!hole)
            receive_data(tcp, c, segment); /* in order and without holes now */
        return false;
    }
    if (!range_set_add(ranges, segment->seq, end)) {
        drop_segment(tcp, c, segment, SEPTET_DROP_tcp_reassembly_limit);
        return false;
    }
    remember_recent(reassembly_of(tcp, c), ranges, segment->seq);
    return true;
}

/* Behind the peer's FIN it has no data. Of what contradicts itself the part that came first counts. */
static void trim_to_fin(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    const struct reassembly *reassembly = reassembly_of(tcp, c);
    const struct range_set *ranges = reassembly_ranges(tcp, c);
    const uint32_t end = segment->seq + segment->length;
    const bool beyond = reassembly->fin_seen && seq_gt(end, reassembly->fin);
    const bool early = (segment->flags & TCP_FIN) &&
                       (reassembly->fin_seen ? seq_lt(end, reassembly->fin)
                                             : ranges->count != 0 && seq_lt(end, ranges->range[ranges->count - 1].end));
    if (!beyond && !early)
        return;
    drop_segment(tcp, c, segment, SEPTET_DROP_tcp_after_fin);
    segment->flags &= (uint16_t)~TCP_FIN;
    if (beyond)
        segment->length = seq_lt(segment->seq, reassembly->fin) ? reassembly->fin - segment->seq : 0;
}

void reassemble(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    c->flags |= CONNECTION_ACK_NOW; /* MAY-13 */
    if (!reassembly_begin(tcp, c)) {
        drop_segment(tcp, c, segment, SEPTET_DROP_no_pages);
        return;
    }
    if (segment->seq != c->rcv_nxt)
        COUNT(tcp->core, OFOQueue);
    trim_to_fin(tcp, c, segment);
    if (segment->length != 0 && !accept_text(tcp, c, segment))
        return;
    c->data_segments_in += segment->count;
    if (segment->flags & TCP_FIN) {
        reassembly_of(tcp, c)->fin_seen = true;
        reassembly_of(tcp, c)->fin = segment->seq + segment->length;
    }
    advance(tcp, c);
}

static void list_range(const struct reassembly *reassembly, struct range range, struct sack_block *blocks,
                       uint32_t *count)
{
    for (uint32_t i = 0; i < *count; i++)
        if (blocks[i].start == range.start)
            return;
    const bool fin = reassembly->fin_seen && reassembly->fin == range.end;
    blocks[(*count)++] = (struct sack_block){range.start, range.end + fin};
}

/* RFC 2018 section 4: the range of the latest segment first, then others, latest first; when these are forgotten,
 * the lowest. */
uint32_t reassembly_sack(const struct tcp *tcp, const struct connection *c, struct sack_block *blocks, uint32_t most)
{
    const struct range_set *ranges = reassembly_ranges(tcp, c);
    uint32_t count = 0;
    if (ranges == NULL)
        return 0;
    const struct reassembly *reassembly = reassembly_of(tcp, c);
    for (uint32_t i = 0; i < reassembly->recent_count && count < most; i++) {
        const uint32_t at = range_set_find(ranges, reassembly->recent[i]);
        if (at != ranges->count && seq_leq(ranges->range[at].start, reassembly->recent[i]))
            list_range(reassembly, ranges->range[at], blocks, &count);
    }
    for (uint32_t i = 0; i < ranges->count && count < most; i++)
        list_range(reassembly, ranges->range[i], blocks, &count);
    return count;
}
