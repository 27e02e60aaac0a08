#include "tcp/internal.h"

/* Header prediction: the segment that nearly every segment is. Whatever is done here, the steps of segment.c would do
 * as well (world tests compare both); only their questions, whose answers are known, are left out. */

static bool predicted(const struct connection *c, const struct segment *segment)
{
    if (c->state != SEPTET_STATE_established || (segment->flags & ~TCP_PSH) != TCP_ACK || segment->seq != c->rcv_nxt ||
        c->reassembly != 0 || segment->options.sack_count != 0 || c->phase >= SEPTET_PHASE_RECOVERY ||
        c->resend_kind == RESEND_PERSIST)
        return false;
    if (c->flags & CONNECTION_TIMESTAMPS &&
        (!segment->options.has_timestamps || seq_lt(segment->options.ts_val, c->ts_recent)))
        return false;
    if (seq_gt(segment->seq + segment->length, receive_limit(c)) ||
        (segment->length != 0 && (c->flags & CONNECTION_RELEASED)))
        return false;
    /* A duplicate ACK, and an ACK of what was never sent, are for the slow path. */
    return segment->ack - c->snd_una <= c->snd_nxt - c->snd_una && (segment->length != 0 || segment->ack != c->snd_una);
}

bool fast_arrives(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    if (!predicted(c, segment))
        return false;
    COUNT(tcp->core, HPHits);
    if ((c->flags & CONNECTION_TIMESTAMPS) && seq_leq(segment->seq, c->ack_sent))
        c->ts_recent = segment->options.ts_val;
    c->received_at = tcp->core->now;
    c->probes = 0;
    c->segments_in += segment->count;
    ecn_arrives(tcp, c, segment);
    if (segment->ack == c->snd_una && (uint32_t)segment->window << c->snd_wscale == c->snd_wnd) {
        if (seq_geq(segment->seq, c->snd_wl1)) { /* U-10: what came out of order may have been newer */
            c->snd_wl1 = segment->seq;
            c->snd_wl2 = segment->ack;
        }
    } else {
        ack_arrives(tcp, c, segment);
    }
    if (segment->length != 0)
        receive_data(tcp, c, segment);
    if (tcp_has_work(tcp, c))
        tcp_mark_dirty(tcp, c);
    return true;
}
