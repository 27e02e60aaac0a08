#include "tcp/internal.h"
#include "tcp/record.h"

/* What a connection tells of itself. */

int tcp_tuple(struct tcp *tcp, septet_handle handle, struct septet_tuple *tuple)
{
    const struct connection *c = connection_of(tcp, handle);
    const struct listener *listener = listener_of(tcp, handle);
    if (c != NULL)
        *tuple = c->tuple;
    else if (listener != NULL)
        *tuple = (struct septet_tuple){.local = listener->local, .local_port = listener->port};
    else
        return SEPTET_STALE;
    return SEPTET_OK;
}

int tcp_user_set(struct tcp *tcp, septet_handle handle, uint64_t user)
{
    struct connection *c = connection_of(tcp, handle);
    struct listener *listener = listener_of(tcp, handle);
    if (c != NULL)
        c->user = user;
    else if (listener != NULL)
        listener->user = user;
    else
        return SEPTET_STALE;
    return SEPTET_OK;
}

int tcp_state(struct tcp *tcp, septet_handle handle)
{
    const struct connection *c = connection_of(tcp, handle);
    if (c != NULL)
        return c->state;
    return listener_of(tcp, handle) != NULL ? SEPTET_STATE_listen : SEPTET_STALE;
}

int tcp_take_error(struct tcp *tcp, septet_handle handle)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    int16_t *pending = c->error != SEPTET_OK ? &c->error : &c->soft_error;
    const int error = *pending;
    *pending = SEPTET_OK;
    return error;
}

static int64_t since(const struct tcp *tcp, uint32_t clock)
{
    return (int64_t)(compact_clock(tcp->core->now) - clock) << 20;
}

static void count_segments(struct tcp *tcp, const struct flight *flight, struct septet_tcp_info *info)
{
    for (uint32_t number = flight->records_first; number != flight->records_end; number++) {
        const struct record *record = record_at(tcp, flight, number);
        info->segments_outstanding += record_segments(record);
        info->segments_sacked += count_bits_u64(record->sacked);
        info->segments_lost += count_bits_u64(record->lost);
        info->segments_retransmitted += count_bits_u64(record->retransmitted);
    }
}

static void info_of_flight(struct tcp *tcp, const struct connection *c, struct septet_tcp_info *info)
{
    const struct flight *flight = tcp_flight(tcp, c);
    info->in_flight = flight_size(tcp, c);
    if (flight == NULL)
        return;
    info->sacked = flight->sacked;
    if (c->flags & CONNECTION_SACK) /* else it is a guess from duplicate ACKs */
        info->bytes_acked -= min_u64(flight->sacked, info->bytes_acked);
    info->lost = flight->lost;
    info->retransmitted = flight->retransmitted;
    info->duplicate_acks = flight->duplicate_acks;
    count_segments(tcp, flight, info);
}

int tcp_info(struct tcp *tcp, septet_handle handle, struct septet_tcp_info *info)
{
    const struct connection *c = connection_of(tcp, handle);
    const struct listener *listener = listener_of(tcp, handle);
    if (listener != NULL) {
        *info = (struct septet_tcp_info){
            .state = SEPTET_STATE_listen,
            .accept_queue = listener->queued,
            .backlog = listener->backlog,
        };
        return SEPTET_OK;
    }
    if (c == NULL)
        return SEPTET_STALE;
    const struct range_set *ranges = reassembly_ranges(tcp, c);
    *info = (struct septet_tcp_info){
        .state = c->state,
        .phase = c->phase,
        .snd_wscale = c->snd_wscale,
        .rcv_wscale = c->rcv_wscale,
        .timestamps = (c->flags & CONNECTION_TIMESTAMPS) != 0,
        .sack = (c->flags & CONNECTION_SACK) != 0,
        .ecn = (c->ecn & ECN_ON) != 0,
        .ecn_seen = (c->ecn & ECN_SEEN) != 0,
        .window_scaling = (c->flags & CONNECTION_WINDOW_SCALING) != 0,
        .snd_una = c->snd_una,
        .snd_nxt = c->snd_nxt,
        .snd_wnd = c->snd_wnd,
        .iss = c->iss,
        .rcv_nxt = c->rcv_nxt,
        .rcv_wnd = c->rcv_adv - c->rcv_nxt,
        .irs = c->irs,
        .mss = c->mss,
        .peer_mss = c->mss_peer,
        .path_mtu = c->path.mtu,
        .receive_mss = c->rcv_mss,
        .cwnd = c->cwnd,
        .ssthresh = c->ssthresh,
        .unsent = c->snd_end - seq_min(c->snd_nxt, c->snd_end),
        .receive_queue = c->rcv_nxt - ((c->flags & CONNECTION_FIN_RECEIVED) != 0) - c->rcv_read,
        .out_of_order = ranges == NULL ? 0 : ranges->count,
        .rto = (int64_t)rtt_timeout(tcp, c),
        .srtt = (int64_t)c->srtt_us * SEPTET_MICROSECOND,
        .rttvar = (int64_t)c->rttvar_us * SEPTET_MICROSECOND,
        .min_rtt = (int64_t)c->min_rtt_us * SEPTET_MICROSECOND,
        .last_rtt = (int64_t)c->last_rtt_us * SEPTET_MICROSECOND,
        .retransmits = c->backoff,
        .probes = c->probes,
        .bytes_sent = c->bytes_sent,
        .bytes_acked = c->delivered,
        .bytes_received = c->bytes_received,
        .bytes_retransmitted = c->bytes_retransmitted,
        .segments_out = c->segments_out,
        .segments_in = c->segments_in,
        .data_segments_out = c->data_segments_out,
        .data_segments_in = c->data_segments_in,
        .total_retransmits = c->total_retransmits,
        .delivered = c->delivered,
        .delivery_rate = c->delivery_rate & ~RATE_APP_LIMITED,
        .delivery_app_limited = (c->delivery_rate & RATE_APP_LIMITED) != 0,
        .pacing_rate = transmit_pacing_rate(tcp, c),
        .since_last_send = since(tcp, c->sent_at),
        .since_last_receive = tcp->core->now - c->received_at,
        .since_last_ack = since(tcp, c->acked_at),
        .reordering = 3,
        .dsack_seen = c->dsacks,
    };
    info_of_flight(tcp, c, info);
    return SEPTET_OK;
}
