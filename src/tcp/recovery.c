#include "tcp/cc.h"
#include "tcp/record.h"

/* What is done about losses: fast recovery (RFC 6675, 5681, 6582) and the retransmission timeout (RFC 6298, 5681). */

void trace_congestion(struct tcp *tcp, const struct connection *c)
{
    trace_values(tcp, c, SEPTET_TRACE_congestion, c->cwnd, c->ssthresh, flight_size(tcp, c), c->phase);
}

static void set_phase(struct tcp *tcp, struct connection *c, enum septet_phase phase, uint32_t recover)
{
    c->phase = (uint8_t)phase;
    trace_values(tcp, c, SEPTET_TRACE_recovery, phase, recover, 0, 0);
    trace_congestion(tcp, c);
}

static void enter_recovery(struct tcp *tcp, struct connection *c)
{
    COUNT(tcp->core, Recoveries);
    c->recover = c->snd_nxt;
    c->ssthresh = congestion_of(c)->threshold(tcp, c, congestion_flight(c));
    c->cwnd = c->ssthresh;
    ecn_window_cut(c);
    c->flags |= CONNECTION_RESEND_FIRST;
    c->flags &= ~(uint32_t)(CONNECTION_RESCUED | CONNECTION_PARTIAL_ACK);
    set_phase(tcp, c, SEPTET_PHASE_RECOVERY, c->recover);
}

static void leave_recovery(struct tcp *tcp, struct connection *c, struct flight *flight)
{
    if (c->phase == SEPTET_PHASE_RECOVERY) {
        c->cwnd = c->ssthresh;
        if (!(c->flags & CONNECTION_SACK)) { /* RFC 6582 3.2 step 3 (1): no burst */
            flight->sacked = 0;
            flight->duplicate_acks = 0;
            c->cwnd = min_u32(c->ssthresh, max_u32(flight_size(tcp, c), c->mss) + c->mss);
        }
    }
    c->flags &= ~(uint32_t)(CONNECTION_RESEND_FIRST | CONNECTION_RESCUED | CONNECTION_PARTIAL_ACK);
    set_phase(tcp, c, c->cwnd < c->ssthresh ? SEPTET_PHASE_SLOW_START : SEPTET_PHASE_AVOIDANCE, c->snd_una);
}

static void grow(struct tcp *tcp, struct connection *c, const struct ack *ack)
{
    /* draft-ietf-ccwg-ratelimited-increase: an unused window says nothing about the path. */
    const bool slow_start = c->cwnd < c->ssthresh;
    const bool used = slow_start ? ack->flight_before >= c->cwnd / 2
                                 : (c->flags & CONNECTION_CWND_LIMITED) || ack->flight_before + c->mss >= c->cwnd;
    if (ack->acked == 0 || ack->congestion) /* RFC 3168 6.1.2 */
        return;
    if (!used) {
        congestion_of(c)->on_unused(tcp, c);
        return;
    }
    const uint32_t before = c->cwnd;
    /* RFC 3465 section 2.3: after a timeout much of what an ACK covers arrived long before it. */
    const uint32_t acked = c->phase == SEPTET_PHASE_LOSS ? min_u32(ack->acked, c->mss) : ack->acked;
    congestion_of(c)->on_ack(tcp, c, acked);
    if (c->phase != SEPTET_PHASE_LOSS)
        c->phase = c->cwnd < c->ssthresh ? SEPTET_PHASE_SLOW_START : SEPTET_PHASE_AVOIDANCE;
    if (c->cwnd != before)
        trace_congestion(tcp, c);
}

void recovery_ack(struct tcp *tcp, struct connection *c, struct ack *ack)
{
    struct flight *flight = tcp_flight(tcp, c);
    if (c->phase == SEPTET_PHASE_RECOVERY || c->phase == SEPTET_PHASE_LOSS) {
        if (ack->acked == 0 || seq_lt(c->snd_una, c->recover)) {
            if (c->phase == SEPTET_PHASE_LOSS)
                grow(tcp, c, ack);
            return;
        }
        leave_recovery(tcp, c, flight);
        if (flight->lost == 0)
            return;
    }
    if (flight->lost != 0)
        enter_recovery(tcp, c);
    else
        grow(tcp, c, ack);
}

/* The peer may take SACKed data back (RFC 2018 section 8): if the first segment outstanding is SACKed, it did. */
static void forget_reneged(struct tcp *tcp, struct connection *c, struct flight *flight)
{
    if (flight->records_first == flight->records_end || !(record_at(tcp, flight, flight->records_first)->sacked & 1))
        return;
    COUNT(tcp->core, SACKReneging);
    for (uint32_t number = flight->records_first; number != flight->records_end; number++)
        record_at(tcp, flight, number)->sacked = 0;
    c->delivered -= flight->sacked;
    flight->sacked = 0;
    for (uint32_t i = 0; i < 4; i++)
        flight->sack_seen[i] = (struct range){0, 0};
}

void recovery_resend_all(struct tcp *tcp, struct connection *c, enum septet_loss_reason why)
{
    loss_mark_all(tcp, c, why);
    c->recover = c->snd_nxt;
    c->flags &= ~(uint32_t)(CONNECTION_RESCUED | CONNECTION_PARTIAL_ACK);
    c->flags |= CONNECTION_RESEND_FIRST;
    set_phase(tcp, c, SEPTET_PHASE_LOSS, c->recover);
}

/* RFC 5681 equation 4: not for the same data again, and not twice for what fast recovery has begun to pay for. */
static uint32_t threshold_after_timeout(struct tcp *tcp, struct connection *c)
{
    if (c->phase == SEPTET_PHASE_LOSS && c->backoff != 0)
        return c->ssthresh;
    if (c->phase == SEPTET_PHASE_RECOVERY)
        return min_u32(c->ssthresh, congestion_of(c)->threshold(tcp, c, c->snd_nxt - c->snd_una));
    return congestion_of(c)->threshold(tcp, c, congestion_flight(c));
}

void recovery_timeout(struct tcp *tcp, struct connection *c)
{
    struct flight *flight = tcp_flight(tcp, c);
    forget_reneged(tcp, c, flight);
    if (!(c->flags & CONNECTION_SACK)) {
        flight->sacked = 0;
        flight->duplicate_acks = 0;
    }
    c->ssthresh = threshold_after_timeout(tcp, c);
    flight->highest_sacked = c->snd_una;
    c->cwnd = c->mss; /* the loss window */
    ecn_window_cut(c);
    congestion_of(c)->on_timeout(tcp, c);
    recovery_resend_all(tcp, c, SEPTET_LOSS_TIMEOUT);
}
