#include "tcp/internal.h"

/* CLOSE and ABORT: RFC 9293 sections 3.10.4 and 3.10.5, and what a released handle means. */

struct connection *connection_of(const struct tcp *tcp, septet_handle handle)
{
    const uint32_t index = handle_index(handle);
    if (handle_kind(handle) != HANDLE_CONNECTION || index == 0 || index > tcp->connections.fresh)
        return NULL;
    struct connection *c = tcp_connection(tcp, index);
    return c->generation == handle_generation(handle) && !(c->flags & CONNECTION_RELEASED) ? c : NULL;
}

struct listener *listener_of(const struct tcp *tcp, septet_handle handle)
{
    const uint32_t index = handle_index(handle);
    if (handle_kind(handle) != HANDLE_LISTENER || index == 0 || index > tcp->listeners.fresh)
        return NULL;
    struct listener *listener = tcp_listener(tcp, index);
    return listener->in_use && listener->generation == handle_generation(handle) ? listener : NULL;
}

void connection_send_reset(struct tcp *tcp, struct connection *c)
{
    struct reply *reply = reply_add(tcp, &c->tuple);
    if (reply == NULL)
        return;
    reply->seq = seq_min(c->snd_nxt, c->snd_una + c->snd_wnd); /* behind a closed window the peer would drop it */
    reply->ack = c->rcv_nxt;
    reply->flags = TCP_RST | TCP_ACK;
    reply->traffic_class = c->options.traffic_class;
    reply->hop_limit = c->options.hop_limit;
    if (c->flags & CONNECTION_TIMESTAMPS) /* a SHOULD of RFC 7323 section 3.2 */
        reply->options_length =
            (uint8_t)build_timestamps(reply->options, timestamp_clock(tcp->core->now) + c->ts_offset, c->ts_recent);
    COUNT(tcp->core, OutRsts);
}

static void begin_close(struct tcp *tcp, struct connection *c)
{
    if (c->flags & CONNECTION_CLOSE)
        return;
    if (c->flight == 0 && c->snd_nxt == c->snd_end)
        c->progress_at = compact_clock(tcp->core->now); /* R2 counts from here */
    c->flags |= CONNECTION_CLOSE;
    c->flags &= ~(uint32_t)CONNECTION_CORKED;
    if (c->state == SEPTET_STATE_established)
        connection_state(tcp, c, SEPTET_STATE_fin_wait_1);
    tcp_mark_dirty(tcp, c);
}

int tcp_shutdown(struct tcp *tcp, septet_handle handle)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    if (c->state == SEPTET_STATE_closed)
        return SEPTET_NOT_CONNECTED;
    begin_close(tcp, c);
    return SEPTET_OK;
}

static bool unread(const struct connection *c)
{
    return c->rcv_nxt - ((c->flags & CONNECTION_FIN_RECEIVED) != 0) != c->rcv_read;
}

/* RST where the peer would otherwise wait for us; the states that have sent and acknowledged everything go quietly. */
static bool abort_resets(const struct tcp *tcp, uint8_t state)
{
    switch (state) {
    case SEPTET_STATE_syn_sent:
    case SEPTET_STATE_time_wait:
        return false;
    case SEPTET_STATE_syn_received:
        return !tcp->config->close_forgets_opening;
    case SEPTET_STATE_closing:
    case SEPTET_STATE_last_ack:
        return tcp->config->abort_always_resets;
    default:
        return true;
    }
}

static void abort_now(struct tcp *tcp, struct connection *c)
{
    if (abort_resets(tcp, c->state))
        connection_send_reset(tcp, c);
    connection_end(tcp, c, SEPTET_CONNECTION_ABORTED);
}

static void release(const struct tcp *tcp, struct connection *c)
{
    c->released_at = tcp->core->now;
    c->flags |= CONNECTION_RELEASED;
    c->events = 0;
}

int tcp_close(struct tcp *tcp, septet_handle handle)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    release(tcp, c);
    if (c->state == SEPTET_STATE_closed) {
        stream_clear(&c->receive, &tcp->core->pages);
        connection_free(tcp, c);
    } else if (c->state == SEPTET_STATE_syn_sent ||
               (c->state == SEPTET_STATE_syn_received && tcp->config->close_forgets_opening)) {
        connection_end(tcp, c, SEPTET_CONNECTION_ABORTED);
    } else if (c->state == SEPTET_STATE_time_wait) {
        stream_clear(&c->receive, &tcp->core->pages);
        tcp_mark_dirty(tcp, c);                                 /* tcp_done() makes it compact */
    } else if (unread(c) && tcp->config->close_resets_unread) { /* SHLD-3, also when our FIN has gone */
        connection_send_reset(tcp, c);
        connection_end(tcp, c, SEPTET_CONNECTION_ABORTED);
    } else if (c->options.switches & SWITCH_NO_LINGER) {
        abort_now(tcp, c);
    } else {
        begin_close(tcp, c);
        timer_idle_state(tcp, c);
    }
    return SEPTET_OK;
}

int tcp_abort(struct tcp *tcp, septet_handle handle)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    release(tcp, c);
    if (c->state == SEPTET_STATE_closed) {
        stream_clear(&c->receive, &tcp->core->pages);
        connection_free(tcp, c);
    } else {
        abort_now(tcp, c);
    }
    return SEPTET_OK;
}
