#include "socket/socket.h"

/* TCP_INFO in the layout of Linux 6.18, requirements 4.5. */

/* Where the fields begin. */
enum field {
    STATE = 0,
    CA_STATE = 1,
    RETRANSMITS = 2,
    PROBES = 3,
    BACKOFF = 4,
    OPTIONS = 5,
    WINDOW_SCALES = 6,
    APP_LIMITED = 7,
    RTO = 8,
    ATO = 12,
    SND_MSS = 16,
    RCV_MSS = 20,
    UNACKED = 24,
    SACKED = 28,
    LOST = 32,
    RETRANS = 36,
    LAST_DATA_SENT = 44,
    LAST_DATA_RECV = 52,
    LAST_ACK_RECV = 56,
    PMTU = 60,
    RCV_SSTHRESH = 64,
    RTT = 68,
    RTTVAR = 72,
    SND_SSTHRESH = 76,
    SND_CWND = 80,
    ADVMSS = 84,
    REORDERING = 88,
    RCV_SPACE = 96,
    TOTAL_RETRANS = 100,
    PACING_RATE = 104,
    MAX_PACING_RATE = 112,
    BYTES_ACKED = 120,
    BYTES_RECEIVED = 128,
    SEGS_OUT = 136,
    SEGS_IN = 140,
    NOTSENT_BYTES = 144,
    MIN_RTT = 148,
    DATA_SEGS_IN = 152,
    DATA_SEGS_OUT = 156,
    DELIVERY_RATE = 160,
    DELIVERED = 192,
    BYTES_SENT = 200,
    BYTES_RETRANS = 208,
    DSACK_DUPS = 216,
    SND_WND = 228,
    RCV_WND = 232
};

#define TIMESTAMPS_AGREED 12 /* bytes of the option in each segment */

static void put32(uint8_t *bytes, enum field field, uint64_t value)
{
    const uint32_t number = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    memcpy(bytes + field, &number, sizeof number);
}

static void put64(uint8_t *bytes, enum field field, uint64_t value) { memcpy(bytes + field, &value, sizeof value); }

static uint8_t byte(uint32_t value) { return (uint8_t)min_u32(value, UINT8_MAX); }

static uint64_t microseconds(int64_t time) { return (uint64_t)(time / SEPTET_MICROSECOND); }

static uint64_t milliseconds(int64_t time) { return (uint64_t)(time / SEPTET_MILLISECOND); }

static uint8_t recovery_state(const struct septet_tcp_info *info)
{
    if (info->phase == SEPTET_PHASE_RECOVERY)
        return SEPTET_TCP_CA_Recovery;
    if (info->phase == SEPTET_PHASE_LOSS)
        return SEPTET_TCP_CA_Loss;
    return info->segments_sacked != 0 || info->duplicate_acks != 0 ? SEPTET_TCP_CA_Disorder : SEPTET_TCP_CA_Open;
}

static void put_flags(uint8_t *bytes, const struct septet_tcp_info *info)
{
    bytes[CA_STATE] = recovery_state(info);
    bytes[RETRANSMITS] = byte(info->retransmits);
    bytes[PROBES] = byte(info->probes);
    bytes[BACKOFF] = byte(info->retransmits);
    bytes[OPTIONS] =
        (uint8_t)((info->timestamps ? SEPTET_TCPI_OPT_TIMESTAMPS : 0) | (info->sack ? SEPTET_TCPI_OPT_SACK : 0) |
                  (info->window_scaling ? SEPTET_TCPI_OPT_WSCALE : 0) | (info->ecn ? SEPTET_TCPI_OPT_ECN : 0) |
                  (info->ecn_seen ? SEPTET_TCPI_OPT_ECN_SEEN : 0));
    bytes[WINDOW_SCALES] = (uint8_t)(info->snd_wscale | info->rcv_wscale << 4);
    bytes[APP_LIMITED] = info->delivery_app_limited;
}

static void put_path(const struct septet_sockets *sockets, const struct open_socket *socket, uint8_t *bytes,
                     const struct septet_tcp_info *info)
{
    const uint32_t mss = max_u32(info->mss, 1);
    const uint32_t options = info->timestamps ? TIMESTAMPS_AGREED : 0;
    const uint32_t headers = socket->family == SEPTET_AF_INET || septet_address_is_ipv4(&socket->remote) ? 40 : 60;
    put32(bytes, RTO, microseconds(info->rto));
    put32(bytes, ATO, info->data_segments_in == 0 ? 0 : microseconds(sockets->stack->core.config.tcp.delayed_ack));
    put32(bytes, SND_MSS, info->mss);
    put32(bytes, RCV_MSS, info->receive_mss != 0 ? info->receive_mss : min_u32(info->mss, 536));
    put32(bytes, PMTU, info->path_mtu);
    put32(bytes, ADVMSS, info->path_mtu > headers + options ? info->path_mtu - headers - options : 0);
    put32(bytes, RTT, microseconds(info->srtt));
    put32(bytes, RTTVAR, microseconds(info->rttvar));
    put32(bytes, MIN_RTT, info->min_rtt == 0 ? UINT32_MAX : microseconds(info->min_rtt));
    put32(bytes, SND_SSTHRESH, info->ssthresh == UINT32_MAX ? INT32_MAX : info->ssthresh / mss);
    put32(bytes, SND_CWND, info->cwnd / mss);
    put32(bytes, REORDERING, info->reordering);
    put32(bytes, SND_WND, info->snd_wnd);
    put32(bytes, RCV_WND, info->rcv_wnd);
    put32(bytes, RCV_SSTHRESH, info->rcv_wnd);
    put32(bytes, RCV_SPACE, info->rcv_wnd);
    put64(bytes, PACING_RATE, info->pacing_rate == 0 ? UINT64_MAX : info->pacing_rate);
    put64(bytes, MAX_PACING_RATE, socket->pacing_rate == 0 ? UINT64_MAX : socket->pacing_rate);
}

/* Those that were sent and are not on their way any more, and the SYN. */
static uint64_t segments_delivered(const struct septet_tcp_info *info)
{
    const uint64_t sent = info->data_segments_out - min_u64(info->total_retransmits, info->data_segments_out);
    const uint64_t missing = info->segments_outstanding - min_u32(info->segments_sacked, info->segments_outstanding);
    const bool opening = info->state == SEPTET_STATE_syn_sent || info->state == SEPTET_STATE_syn_received;
    return (opening ? 0 : 1) + sent - min_u64(missing, sent);
}

static void put_counts(uint8_t *bytes, const struct septet_tcp_info *info)
{
    put32(bytes, UNACKED, info->segments_outstanding);
    put32(bytes, SACKED, info->sack ? info->segments_sacked : info->duplicate_acks);
    put32(bytes, LOST, info->segments_lost);
    put32(bytes, RETRANS, info->segments_retransmitted);
    put32(bytes, LAST_DATA_SENT, milliseconds(info->since_last_send));
    put32(bytes, LAST_DATA_RECV, milliseconds(info->since_last_receive));
    put32(bytes, LAST_ACK_RECV, milliseconds(info->since_last_ack));
    put32(bytes, TOTAL_RETRANS, info->total_retransmits);
    put64(bytes, BYTES_ACKED, info->bytes_acked);
    put64(bytes, BYTES_RECEIVED, info->bytes_received);
    put32(bytes, SEGS_OUT, info->segments_out);
    put32(bytes, SEGS_IN, info->segments_in);
    put32(bytes, NOTSENT_BYTES, info->unsent);
    put32(bytes, DATA_SEGS_IN, info->data_segments_in);
    put32(bytes, DATA_SEGS_OUT, info->data_segments_out);
    put64(bytes, DELIVERY_RATE, info->delivery_rate);
    put32(bytes, DELIVERED, segments_delivered(info));
    put64(bytes, BYTES_SENT, info->bytes_sent);
    put64(bytes, BYTES_RETRANS, info->bytes_retransmitted);
    put32(bytes, DSACK_DUPS, info->dsack_seen);
}

/* What Linux tells of a socket that was never connected. */
static void put_fresh(uint8_t *bytes)
{
    put32(bytes, RTO, 1000000);
    put32(bytes, SND_MSS, 536);
    put32(bytes, ADVMSS, 536);
    put32(bytes, SND_SSTHRESH, INT32_MAX);
    put32(bytes, SND_CWND, 10);
    put32(bytes, REORDERING, 3);
    put32(bytes, MIN_RTT, UINT32_MAX);
    put64(bytes, PACING_RATE, UINT64_MAX);
    put64(bytes, MAX_PACING_RATE, UINT64_MAX);
}

void tcp_info_fill(struct septet_sockets *sockets, const struct open_socket *socket,
                   uint8_t bytes[SEPTET_TCP_INFO_SIZE])
{
    struct septet_tcp_info info;
    memset(bytes, 0, SEPTET_TCP_INFO_SIZE);
    bytes[STATE] = (uint8_t)stream_state(sockets, socket);
    if (socket->handle == 0 || septet_tcp_info(sockets->stack, socket->handle, &info) != SEPTET_OK) {
        put_fresh(bytes);
    } else if (socket->listening) { /* S7 */
        put32(bytes, UNACKED, info.accept_queue);
        put32(bytes, SACKED, socket->backlog);
    } else {
        put_flags(bytes, &info);
        put_path(sockets, socket, bytes, &info);
        put_counts(bytes, &info);
    }
}
