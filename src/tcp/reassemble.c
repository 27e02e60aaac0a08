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

static void remember_recent(struct reassembly *reassembly, uint32_t position)
{
    for (uint32_t i = 2; i > 0; i--)
        reassembly->recent[i] = reassembly->recent[i - 1];
    reassembly->recent[0] = position;
    reassembly->recent_count = min_u32(reassembly->recent_count + 1, 3);
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

void reassemble(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    const uint32_t end = segment->seq + segment->length;
    const bool hole = segment->seq != c->rcv_nxt;
    c->flags |= CONNECTION_ACK_NOW; /* MAY-13 */
    if (!reassembly_begin(tcp, c)) {
        drop_segment(tcp, c, segment, SEPTET_DROP_no_pages);
        return;
    }
    struct range_set *ranges = reassembly_ranges(tcp, c);
    if (hole)
        COUNT(tcp->core, OFOQueue);
    c->data_segments_in += segment->count;
    if (segment->length != 0) {
        if (range_set_contains(ranges, segment->seq, end)) {
            c->dsack_start = segment->seq;
            c->dsack_end = end;
            drop_segment(tcp, c, segment, SEPTET_DROP_tcp_duplicate_data);
        } else if (ranges->count == ranges->capacity && !hole) {
            /* No room to note it, but it is in order: what lies beyond gives way. */
            range_set_remove_below(ranges, ranges->range[ranges->count - 1].end);
        }
        if (!store_gaps(tcp, c, segment)) {
            if (hole) {
                drop_segment(tcp, c, segment, SEPTET_DROP_no_pages);
                return;
            }
            stream_truncate(&c->receive, &tcp->core->pages, c->rcv_nxt);
            reassembly_clear(tcp, c);
            segment->flags &= (uint16_t)~TCP_FIN;
            receive_data(tcp, c, segment); /* in order and without holes now */
            return;
        }
        if (!range_set_add(ranges, segment->seq, end)) {
            drop_segment(tcp, c, segment, SEPTET_DROP_tcp_reassembly_limit);
            return;
        }
        remember_recent(reassembly_of(tcp, c), segment->seq);
    }
    if (segment->flags & TCP_FIN) {
        reassembly_of(tcp, c)->fin_seen = true;
        reassembly_of(tcp, c)->fin = end;
    }
    advance(tcp, c);
}

/* RFC 2018 section 4: the range of the latest segment first, then others, latest first. */
uint32_t reassembly_sack(const struct tcp *tcp, const struct connection *c, struct sack_block *blocks, uint32_t most)
{
    const struct range_set *ranges = reassembly_ranges(tcp, c);
    uint32_t count = 0;
    if (ranges == NULL)
        return 0;
    const struct reassembly *reassembly = reassembly_of(tcp, c);
    for (uint32_t i = 0; i < reassembly->recent_count && count < most; i++) {
        const uint32_t at = range_set_find(ranges, reassembly->recent[i]);
        if (at == ranges->count || seq_gt(ranges->range[at].start, reassembly->recent[i]))
            continue;
        const struct range range = ranges->range[at];
        bool listed = false;
        for (uint32_t j = 0; j < count; j++)
            listed = listed || blocks[j].start == range.start;
        if (!listed)
            blocks[count++] =
                (struct sack_block){range.start, range.end + (reassembly->fin_seen && reassembly->fin == range.end)};
    }
    return count;
}
