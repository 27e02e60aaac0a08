#include "base/memory.h"
#include "tcp/cc.h"
#include "tcp/record.h"

uint8_t window_scale_for(const struct tcp *tcp, uint32_t receive_buffer)
{
    uint8_t scale = 0;
    if (tcp->config->window_scale <= 14 &&
        (tcp->config->window_scale_fixed || receive_buffer == tcp->config->receive_buffer)) {
        /* In steps larger than this the window of so small a buffer would open too late or never. */
        scale = tcp->config->window_scale;
        while (scale > 0 && UINT32_C(8) << scale > receive_buffer)
            scale--;
        return scale;
    }
    while (scale < 14 && receive_buffer >> scale > 65535)
        scale++;
    return scale;
}

struct connection *connection_new(struct tcp *tcp, const struct septet_tuple *tuple,
                                  const struct connection_options *options, bool demux)
{
    const uint32_t fresh = tcp->connections.fresh;
    const uint32_t index = slab_take(&tcp->connections);
    if (index == 0)
        return NULL;
    struct connection *c = tcp_connection(tcp, index);
    const uint32_t generation = tcp->connections.fresh != fresh ? 1 : c->generation + 1;
    const struct septet_tcp_config *config = tcp->config;
    memset(c, 0, sizeof *c);
    c->tuple = *tuple;
    c->generation = generation & HANDLE_GENERATION_MASK;
    c->options = *options;
    c->resend_at = c->ack_at = c->idle_at = c->pace_at = SEPTET_NEVER;
    c->ts_offset = timestamp_offset(tcp, tuple);
    c->rcv_wscale = window_scale_for(tcp, options->receive_buffer);
    c->flags = (config->timestamps ? CONNECTION_TIMESTAMPS : 0u) | (config->sack ? CONNECTION_SACK : 0u) |
               (config->window_scaling ? CONNECTION_WINDOW_SCALING : 0u);
    c->rto_us = (uint32_t)(config->rto_initial / 1000);
    c->quick_acks = config->quick_acks;
    c->ssthresh = UINT32_MAX;
    c->progress_at = c->sent_at = c->acked_at = compact_clock(tcp->core->now);
    c->received_at = tcp->core->now;
    congestion_of(c)->init(tcp, c);
    if (demux)
        demux_insert(tcp, tuple, DEMUX_CONNECTION, index);
    return c;
}

void connection_mss(struct tcp *tcp, struct connection *c)
{
    const uint32_t header = TCP_HEADER + ((c->flags & CONNECTION_TIMESTAMPS) ? 12u : 0u);
    uint32_t limit = min_u32(c->mss_peer, connection_path_payload(c) - TCP_HEADER);
    if (c->options.maxseg != 0)
        limit = min_u32(limit, c->options.maxseg);
    limit = max_u32(limit, tcp->config->mss_minimum);
    c->mss = (uint16_t)(limit - (header - TCP_HEADER));
}

/* Up to a multiple of what the MSS option allows. */
static void round_buffer(uint32_t *buffer, const struct connection *c)
{
    const uint32_t mss = c->mss + ((c->flags & CONNECTION_TIMESTAMPS) ? 12u : 0u);
    const uint32_t rounded = (*buffer + mss - 1) / mss * mss;
    if (*buffer > mss)
        *buffer = rounded;
}

void connection_options_of_syn(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    const struct tcp_options *options = &segment->options;
    const bool ipv4 = septet_address_is_ipv4(&c->tuple.remote);
    c->mss_peer =
        options->has_mss ? options->mss : (ipv4 ? tcp->config->mss_default_ipv4 : tcp->config->mss_default_ipv6);
    if (c->mss_peer < tcp->config->mss_minimum)
        c->mss_peer = tcp->config->mss_minimum;
    if (!options->has_timestamps)
        c->flags &= ~(uint32_t)CONNECTION_TIMESTAMPS;
    if (!options->sack_permitted)
        c->flags &= ~(uint32_t)CONNECTION_SACK;
    if (!options->has_window_scale || !(c->flags & CONNECTION_WINDOW_SCALING)) {
        c->flags &= ~(uint32_t)CONNECTION_WINDOW_SCALING;
        c->rcv_wscale = c->snd_wscale = 0;
    } else {
        c->snd_wscale = (uint8_t)min_u32(options->window_scale, 14); /* RFC 7323 2.3 */
    }
    if (c->flags & CONNECTION_TIMESTAMPS)
        c->ts_recent = options->ts_val;
    connection_mss(tcp, c);
    if (tcp->config->round_buffers) {
        round_buffer(&c->options.send_buffer, c);
        round_buffer(&c->options.receive_buffer, c);
    }
}

void connection_drop_buffers(struct tcp *tcp, struct connection *c)
{
    flight_end(tcp, c);
    stream_clear(&c->send, &tcp->core->pages);
    c->snd_end = c->snd_nxt;
}

void connection_end(struct tcp *tcp, struct connection *c, int error)
{
    if (c->state == SEPTET_STATE_closed)
        return;
    if (error != SEPTET_OK && state_synchronized(c->state))
        COUNT(tcp->core, EstabResets);
    demux_remove(tcp, &c->tuple, DEMUX_CONNECTION, tcp_index(tcp, c));
    wheel_cancel(&tcp->wheel, tcp_index(tcp, c));
    c->resend_at = c->ack_at = c->idle_at = c->pace_at = SEPTET_NEVER;
    connection_drop_buffers(tcp, c);
    reassembly_clear(tcp, c);
    if (c->flags & CONNECTION_RELEASED)
        stream_clear(&c->receive, &tcp->core->pages);
    c->error = (int16_t)error;
    connection_state(tcp, c, SEPTET_STATE_closed);
    connection_event(tcp, c, SEPTET_EVENT_CLOSED);
    connection_free(tcp, c);
}

void connection_hand_over(struct tcp *tcp, struct connection *c)
{
    demux_remove(tcp, &c->tuple, DEMUX_CONNECTION, tcp_index(tcp, c));
    wheel_cancel(&tcp->wheel, tcp_index(tcp, c));
    stream_clear(&c->receive, &tcp->core->pages);
    c->state = SEPTET_STATE_closed; /* untraced: for the world it is still in TIME-WAIT */
    connection_free(tcp, c);
}

void connection_free(struct tcp *tcp, struct connection *c)
{
    const uint32_t pinned =
        CONNECTION_DIRTY | CONNECTION_PARKED | CONNECTION_EVENT | CONNECTION_QUEUED | CONNECTION_WANTS_PAGES;
    if (c->state != SEPTET_STATE_closed || !(c->flags & CONNECTION_RELEASED) || (c->flags & pinned))
        return;
    slab_return(&tcp->connections, tcp_index(tcp, c));
    for (uint32_t index = 1; tcp->refused_listeners != 0; index++) {
        struct listener *listener = tcp_listener(tcp, index);
        if (!listener->refused)
            continue;
        listener->refused = false;
        tcp->refused_listeners--;
        if (listener->in_use)
            listener_event(tcp, listener, SEPTET_EVENT_ROOM);
    }
}
