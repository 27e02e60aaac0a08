#include "base/memory.h"
#include "tcp/internal.h"

/* In-order delivery, the receive window, and when to acknowledge: RFC 9293 sections 3.8.6 and 3.10.7.4 seventh. */

/* Pages that received data leave to records and answers, so that a stack full of unread data still makes progress.
 * What comes in order to an application that has read everything may take the last one: were it refused, two stacks
 * full of data to send would wait for each other. */
static uint32_t reserved_pages(const struct tcp *tcp, const struct connection *c, uint32_t at)
{
    return at == c->rcv_nxt && c->receive.pages == 0 ? 0 : max_u32(tcp->core->pages.total / 16, 4);
}

uint32_t receive_store(struct tcp *tcp, struct connection *c, const struct segment *segment, uint32_t skip, uint32_t at,
                       uint32_t length)
{
    struct slab *pages = &tcp->core->pages;
    uint8_t *to = NULL;
    uint32_t stored = 0, room = 0;
    skip += segment->skip;
    for (uint32_t i = 0; i < segment->spans && stored < length; i++) {
        const uint8_t *from = segment->payload[i].data + skip;
        uint32_t left = segment->payload[i].length;
        if (skip >= left) {
            skip -= left;
            continue;
        }
        left = min_u32(left - skip, length - stored);
        skip = 0;
        while (left != 0) {
            if (room == 0) {
                room = length - stored;
                to = slab_available(pages) > reserved_pages(tcp, c, at + stored)
                         ? stream_reserve(&c->receive, pages, at + stored, &room)
                         : NULL;
                if (to == NULL)
                    return stored;
            }
            const uint32_t part = min_u32(room, left);
            memcpy(to, from, part);
            to += part;
            from += part;
            room -= part;
            left -= part;
            stored += part;
        }
    }
    return stored;
}

static void refused_for_pages(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    drop_segment(tcp, c, segment, SEPTET_DROP_no_pages);
    c->flags |= CONNECTION_ACK_NOW;
}

static void receive_in_order(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    const uint32_t stored = receive_store(tcp, c, segment, 0, segment->seq, segment->length);
    if (stored < segment->length) {
        refused_for_pages(tcp, c, segment);
        segment->flags &= (uint16_t)~TCP_FIN;
    }
    c->rcv_nxt += stored;
    c->bytes_received += stored;
    COUNT_ADD(tcp->core, InOctets, stored);
    c->data_segments_in += segment->count;
    c->unacked += stored;
    c->unacked_segments = (uint8_t)min_u32(c->unacked_segments + segment->count, 255);
}

void receive_data(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    const uint32_t before = c->rcv_nxt;
    if (segment->largest > c->rcv_mss)
        c->rcv_mss = (uint16_t)min_u32(segment->largest, 65535);
    if (segment->seq == c->rcv_nxt && c->reassembly == 0) {
        if (segment->length != 0)
            receive_in_order(tcp, c, segment);
        receive_ack_policy(tcp, c, segment);
        if (segment->flags & TCP_FIN)
            receive_fin(tcp, c);
    } else {
        reassemble(tcp, c, segment);
    }
    if (c->rcv_nxt != before)
        connection_event(tcp, c, SEPTET_EVENT_READABLE);
}

/* RFC 9293 3.8.6.3 (MUST-40, SHLD-18, SHLD-19) and MUST-58: whether the ACK can wait. */
void receive_ack_policy(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    if (segment->length == 0)
        return;
    if (c->unacked_segments >= 2 || c->unacked >= 2u * c->rcv_mss || (c->options.switches & SWITCH_QUICKACK) ||
        c->quick_acks != 0)
        c->flags |= CONNECTION_ACK_NOW;
    else if (c->ack_at == SEPTET_NEVER) {
        c->ack_at = tcp->core->now + tcp->config->delayed_ack;
        timer_update(tcp, c);
    }
}

void receive_fin(struct tcp *tcp, struct connection *c)
{
    c->rcv_nxt++;
    c->flags |= CONNECTION_FIN_RECEIVED | CONNECTION_ACK_NOW;
    reassembly_clear(tcp, c);
    switch (c->state) {
    case SEPTET_STATE_established:
        connection_state(tcp, c, SEPTET_STATE_close_wait);
        break;
    case SEPTET_STATE_fin_wait_1:
        /* Had our FIN been acknowledged with this segment, the state were FIN-WAIT-2 by now. */
        connection_state(tcp, c, SEPTET_STATE_closing);
        break;
    case SEPTET_STATE_fin_wait_2:
        time_wait_begin(tcp, c);
        break;
    default:
        break;
    }
    connection_event(tcp, c, SEPTET_EVENT_PEER_CLOSED | SEPTET_EVENT_READABLE);
}

/* ---- the window, 3.8.6 ---- */

/* How far the buffer lets the right edge go. */
static uint32_t buffer_edge(const struct connection *c)
{
    const uint32_t most = c->flags & CONNECTION_WINDOW_SCALING ? UINT32_C(65535) << c->rcv_wscale : 65535;
    return seq_min(c->rcv_read + c->options.receive_buffer, c->rcv_nxt + most);
}

/* Receiver silly-window avoidance, 3.8.6.2.2 (MUST-39): the edge moves by a worthwhile step or not at all. */
static bool edge_worth_moving(const struct tcp *tcp, const struct connection *c, uint32_t edge)
{
    const uint32_t mss = c->rcv_mss != 0 ? c->rcv_mss : 536;
    if (!tcp->config->window_steps && edge - c->rcv_nxt >= min_u32(c->options.receive_buffer / 4, mss))
        return seq_gt(edge, c->rcv_adv);
    return seq_gt(edge, c->rcv_adv) && edge - c->rcv_adv >= min_u32(c->options.receive_buffer / 2, mss);
}

uint32_t receive_limit(const struct connection *c)
{
    return c->rcv_read + min_u32(c->rcv_adv - c->rcv_read, 2 * c->options.receive_buffer);
}

uint16_t receive_window(struct tcp *tcp, struct connection *c, bool syn)
{
    const uint32_t before = c->rcv_adv - c->rcv_nxt;
    if (syn) {
        c->rcv_adv = c->rcv_nxt + min_u32(c->options.receive_buffer, 65535);
        return (uint16_t)(c->rcv_adv - c->rcv_nxt);
    }
    const uint32_t edge = buffer_edge(c);
    uint32_t window = (edge_worth_moving(tcp, c, edge) ? edge : c->rcv_adv) - c->rcv_nxt;
    uint32_t field = window >> c->rcv_wscale;
    /* Rounded down the edge would move left (SHLD-14), so it is rounded up then. Of one who sends crumbs until that
     * adds up to another buffer, receive_limit() takes no more. */
    if (seq_lt(c->rcv_nxt + (field << c->rcv_wscale), c->rcv_adv))
        field++;
    field = min_u32(field, 65535);
    window = field << c->rcv_wscale;
    c->rcv_adv = seq_max(c->rcv_adv, c->rcv_nxt + window);
    if (window != before)
        trace_values(tcp, c, SEPTET_TRACE_receive_window, c->rcv_nxt, window, 0, 0);
    return (uint16_t)field;
}

void receive_consumed(struct tcp *tcp, struct connection *c)
{
    if (!state_receives(c->state))
        return;
    const uint32_t edge = buffer_edge(c);
    const uint32_t window = c->rcv_adv - c->rcv_nxt;
    /* Announce at once what reopens a window that has become small, else with the next ACK. */
    if (edge_worth_moving(tcp, c, edge) &&
        (window < 2u * c->rcv_mss || edge - c->rcv_adv >= c->options.receive_buffer / 4)) {
        c->flags |= CONNECTION_ACK_NOW;
        tcp_mark_dirty(tcp, c);
    }
}
