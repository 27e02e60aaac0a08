#include "base/seq.h"
#include "explain/flow.h"

#include "septet/tcp.h"

/* States are proved: an end moves when its own segment shows that it got the other's. What has passed the capture point
 * towards it is taken to arrive; the state that follows from that is inferred until it is proved, and taken back when
 * a segment of the end shows that it had not arrived. */

static unsigned state_of(const struct side *e, bool seen)
{
    const bool got_syn = e->got_syn || (seen && e->got_syn_seen);
    const bool syn_acked = e->syn_acked || (seen && e->syn_acked_seen);
    const bool got_fin = e->got_fin || (seen && e->got_fin_seen);
    const bool fin_acked = e->fin_acked || (seen && e->fin_acked_seen);
    if (e->reset || (seen && e->reset_seen))
        return SEPTET_STATE_closed;
    if (!e->sent_syn)
        return got_syn ? SEPTET_STATE_syn_received : SEPTET_STATE_listen;
    if (!got_syn)
        return SEPTET_STATE_syn_sent;
    if (!syn_acked && !e->sent_fin)
        return SEPTET_STATE_syn_received;
    if (!e->sent_fin)
        return got_fin ? SEPTET_STATE_close_wait : SEPTET_STATE_established;
    if (!e->fin_first)
        return fin_acked ? SEPTET_STATE_closed : SEPTET_STATE_last_ack;
    if (got_fin)
        return fin_acked ? SEPTET_STATE_time_wait : SEPTET_STATE_closing;
    return fin_acked ? SEPTET_STATE_fin_wait_2 : SEPTET_STATE_fin_wait_1;
}

/* Nobody saw the beginning: both are taken to be synchronized. */
static void assume(struct flow *flow, const struct explain_segment *s)
{
    struct side *from = &flow->side[s->side], *to = &flow->side[!s->side];
    if (s->flags & TCP_SYN) {
        if (s->flags & TCP_ACK)
            to->sent_syn = true;
        return;
    }
    if (s->flags & TCP_RST)
        return;
    from->sent_syn = from->got_syn_seen = from->syn_acked_seen = true;
    to->sent_syn = to->got_syn_seen = to->syn_acked_seen = true;
}

/* What a segment proves of its sender. */
static void prove(struct side *e, const struct side *peer, const struct explain_segment *s)
{
    const bool acks = (s->flags & TCP_ACK) != 0;
    const bool covers_fin = peer->sent_fin && acks && seq_geq(s->ack, peer->fin_end);
    if (s->flags & TCP_RST) {
        e->reset = true;
        return;
    }
    if (s->flags & TCP_SYN)
        e->sent_syn = true;
    else if (e->sent_syn)
        e->syn_acked = e->got_syn = true;
    if (acks && peer->sent_syn)
        e->got_syn = true;
    if (covers_fin) {
        e->got_fin = true;
        if (e->sent_fin && peer->fin_acks_fin)
            e->fin_acked = true;
    } else if (acks && e->last_verdict != explain_verdict_captured_twice && e->last_verdict != explain_verdict_late) {
        e->got_fin_seen = false;
    }
    if (s->flags & TCP_FIN && !e->sent_fin) {
        e->sent_fin = true;
        e->fin_end = s->seq + segment_space(s);
        e->fin_first = !covers_fin;
        e->fin_acks_fin = peer->sent_fin && acks && seq_geq(s->ack, peer->fin_end);
    }
}

/* A reset that the receiver takes: it may not lie below what is acknowledged. */
static bool resets(const struct side *from, const struct explain_segment *s)
{
    return !from->acked_known || seq_geq(s->seq, from->acked) || (s->flags & TCP_ACK) != 0;
}

/* What the receiver of a segment is taken to know when it arrives. */
static void infer(struct side *to, const struct side *from, const struct explain_segment *s)
{
    if (s->flags & TCP_RST) {
        to->reset_seen = to->reset_seen || resets(from, s);
        to->reset_time = s->time;
        return;
    }
    if (s->flags & TCP_SYN)
        to->got_syn_seen = true;
    if (s->flags & TCP_ACK && to->sent_syn)
        to->syn_acked_seen = true;
    if (from->sent_fin && seq_geq(from->low, from->fin_end))
        to->got_fin_seen = true;
    if (to->sent_fin && s->flags & TCP_ACK && seq_geq(s->ack, to->fin_end))
        to->fin_acked_seen = true;
}

static void note_open(struct explain_conversation *c, struct explain_segment *s, unsigned step)
{
    if (c->open_frame[step] != 0)
        return;
    c->open_frame[step] = s->frame;
    c->open_time[step] = s->time;
    s->steps |= (uint16_t)(EXPLAIN_OPEN_1 << step);
}

static void open_steps(struct flow *flow, struct explain_segment *s)
{
    struct explain_conversation *c = &flow->conversation;
    const bool acks_syn = s->flags & TCP_ACK && c->end[!s->side].isn_known && s->ack == c->end[!s->side].isn + 1;
    if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN) {
        if (s->side == 0)
            note_open(c, s, 0);
        else if (c->open_frame[0] != 0 && c->open_frame[1] == 0)
            flow_note(flow, explain_finding_simultaneous_open, s->side, s, 0, explain_certain);
    } else if (s->flags & TCP_SYN && s->side == 1) {
        if (acks_syn || c->open_frame[0] == 0)
            note_open(c, s, 1);
        else if (s->verdict != explain_verdict_captured_twice)
            flow_note(flow, explain_finding_syn_ack_wrong, s->side, s, 0, explain_certain);
    } else if (!(s->flags & (TCP_SYN | TCP_RST)) && s->side == 0 && c->open_frame[1] != 0 && c->open_frame[2] == 0 &&
               s->flags & TCP_ACK && seq_gt(s->ack, c->end[1].isn)) {
        note_open(c, s, 2);
        if (c->open_frame[0] != 0 && s->time > c->open_time[0])
            c->initial_rtt = s->time - c->open_time[0];
    }
}

static void note_close(struct explain_conversation *c, struct explain_segment *s, unsigned step)
{
    if (c->close_frame[step] != 0)
        return;
    c->close_frame[step] = s->frame;
    c->close_time[step] = s->time;
    s->steps |= (uint16_t)(EXPLAIN_CLOSE_1 << step);
}

static void close_steps(struct flow *flow, struct explain_segment *s)
{
    struct explain_conversation *c = &flow->conversation;
    if (s->flags & TCP_RST) {
        s->steps |= EXPLAIN_RESET;
        if (c->end[s->side].rst_frame == 0)
            c->end[s->side].rst_frame = s->frame;
        return;
    }
    if (s->flags & TCP_FIN && c->end[s->side].fin_frame == 0) {
        c->end[s->side].fin_frame = s->frame;
        c->end[s->side].fin_time = s->time;
        if (c->close_frame[0] == 0)
            c->closed_first = s->side;
        note_close(c, s, s->side == c->closed_first && c->close_frame[0] == 0 ? 0 : 2);
    }
    if (c->close_frame[0] == 0 || !(s->flags & TCP_ACK))
        return;
    const struct side *first = &flow->side[c->closed_first], *second = &flow->side[!c->closed_first];
    if (s->side != c->closed_first && seq_geq(s->ack, first->fin_end))
        note_close(c, s, 1);
    if (s->side == c->closed_first && second->sent_fin && seq_geq(s->ack, second->fin_end))
        note_close(c, s, 3);
}

void flow_state(struct flow *flow, struct explain_segment *s)
{
    struct side *from = &flow->side[s->side], *to = &flow->side[!s->side];
    if (flow->conversation.end[0].packets + flow->conversation.end[1].packets == 1)
        assume(flow, s);
    if (s->verdict != explain_verdict_outside && s->verdict != explain_verdict_captured_twice) {
        prove(from, to, s);
        infer(to, from, s);
        open_steps(flow, s);
        close_steps(flow, s);
    }
    for (unsigned i = 0; i < 2; i++) {
        const unsigned state = state_of(&flow->side[i], true);
        s->state[i] = (struct explain_state){(uint8_t)state, state != state_of(&flow->side[i], false)};
        flow->conversation.end[i].state = s->state[i];
    }
    flow->over = (s->state[0].state == SEPTET_STATE_closed || s->state[0].state == SEPTET_STATE_time_wait) &&
                 (s->state[1].state == SEPTET_STATE_closed || s->state[1].state == SEPTET_STATE_time_wait);
}
