#include "tcp/cc.h"

/* All timers of a connection:
 *
 * - Retransmit: something is outstanding and unacknowledged for an RTO (RFC 6298). Also SYN and FIN.
 * - Persist: the peer's window is closed; probe it, ever more rarely (RFC 9293 3.8.6.1).
 * - Override: a short segment was held back by Nagle, a cork or silly-window avoidance long enough.
 *   These three exclude each other and share one deadline, resend_at. The user timeout (R2) is looked
 *   at whenever it fires, and brings it forward when it comes first.
 * - Delayed ACK: at most so long after data that was not acknowledged at once.
 * - Keep-alive, FIN-WAIT-2, TIME-WAIT: by state, share idle_at.
 * - Pacing: the next time data may leave.
 *
 * A connection is in the wheel once, for the earliest of its deadlines or an earlier time: deadlines that
 * move away, as the retransmission timer does with each ACK, do not touch the wheel. SYN-ACKs of half-open
 * connections and compact TIME-WAITs have lists of their own. */

void timer_update(struct tcp *tcp, struct connection *c)
{
    const int64_t next = min_i64(min_i64(c->resend_at, c->ack_at), min_i64(c->idle_at, c->pace_at));
    if (next != SEPTET_NEVER && (c->timer.slot == 0 || next < c->timer.deadline))
        wheel_arm(&tcp->wheel, tcp_index(tcp, c), next);
    tcp->quiet_until = min_i64(tcp->quiet_until, next);
}

/* Requirements A31: when the application has let go, nobody waits for ever. */
#define ORPHAN_PROBES 8 /* unanswered */
#define ORPHAN_TIMEOUT_MS 900000u
#define ORPHAN_LIFETIME (3600 * SEPTET_SECOND) /* however the peer goes on */

static int64_t user_deadline(const struct tcp *tcp, const struct connection *c)
{
    uint64_t timeout_ms = c->options.user_timeout;
    if (c->state == SEPTET_STATE_syn_sent || c->state == SEPTET_STATE_syn_received) {
        const uint64_t syn_ms = (uint64_t)(tcp->config->syn_timeout / SEPTET_MILLISECOND);
        const bool chosen = c->options.user_timeout != tcp->defaults.user_timeout && timeout_ms != 0;
        timeout_ms = chosen ? timeout_ms : c->options.syn_retries != 0 ? 0 : syn_ms; /* MUST-23 */
    }
    if (timeout_ms == 0 && (c->flags & CONNECTION_RELEASED))
        timeout_ms = ORPHAN_TIMEOUT_MS;
    const int64_t most = (c->flags & CONNECTION_RELEASED) ? c->released_at + ORPHAN_LIFETIME : SEPTET_NEVER;
    if (timeout_ms == 0)
        return SEPTET_NEVER;
    return min_i64(compact_deadline(tcp, c->progress_at) + (int64_t)timeout_ms * SEPTET_MILLISECOND, most);
}

void timer_resend(struct tcp *tcp, struct connection *c, enum resend_kind kind, int64_t at)
{
    c->resend_kind = kind & 15u;
    c->resend_at = at;
    if (kind == RESEND_RETRANSMIT || kind == RESEND_PERSIST)
        c->resend_at = min_i64(at, max_i64(user_deadline(tcp, c), tcp->core->now));
    timer_update(tcp, c);
}

void timer_retransmission_restart(struct tcp *tcp, struct connection *c)
{
    if (c->flight == 0) {
        c->resend_kind = RESEND_NONE;
        c->resend_at = SEPTET_NEVER;
        return;
    }
    /* RFC 6582: without SACK only the first partial ACK restarts the timer, or a large loss would be repaired
     * one segment in a round trip for ever. */
    if (c->phase == SEPTET_PHASE_RECOVERY && !(c->flags & CONNECTION_SACK)) {
        if (c->flags & CONNECTION_PARTIAL_ACK)
            return;
        c->flags |= CONNECTION_PARTIAL_ACK;
    }
    timer_resend(tcp, c, RESEND_RETRANSMIT, tcp->core->now + (int64_t)rtt_timeout(tcp, c));
}

static bool something_unsent(const struct connection *c)
{
    if (c->flags & CONNECTION_FIN_SENT)
        return false;
    return c->snd_nxt != c->snd_end || (c->flags & CONNECTION_CLOSE);
}

void timer_blocked(struct tcp *tcp, struct connection *c)
{
    if (c->flight != 0 || c->resend_kind != RESEND_NONE || !something_unsent(c) || !state_synchronized(c->state))
        return;
    if (c->snd_wnd == 0)
        timer_resend(tcp, c, RESEND_PERSIST, tcp->core->now + (int64_t)rtt_timeout(tcp, c)); /* SHLD-29 */
    else
        timer_resend(tcp, c, RESEND_OVERRIDE, tcp->core->now + tcp->config->sws_override);
}

static int64_t milliseconds(uint32_t count) { return (int64_t)count * SEPTET_MILLISECOND; }

void timer_idle_state(struct tcp *tcp, struct connection *c)
{
    if (c->state == SEPTET_STATE_time_wait)
        return;
    c->idle_at = SEPTET_NEVER;
    if (c->state == SEPTET_STATE_fin_wait_2 && (c->flags & CONNECTION_RELEASED))
        c->idle_at = tcp->core->now + milliseconds(c->options.fin_wait_2);
    else if ((c->options.switches & SWITCH_KEEPALIVE) && state_synchronized(c->state))
        c->idle_at = max_i64(c->received_at + milliseconds(c->options.keepalive_idle), tcp->core->now);
    timer_update(tcp, c);
}

static void trace_timer(struct tcp *tcp, const struct connection *c, enum septet_timer timer, uint64_t count)
{
    trace_values(tcp, c, SEPTET_TRACE_timer, timer, count, 0, 0);
}

/* R1 (SHLD-9, SHLD-10): the application and the next hop hear of it. */
static void doubt(struct tcp *tcp, struct connection *c)
{
    c->flags |= CONNECTION_RETRIED | CONNECTION_DOUBT;
    c->soft_error = SEPTET_TIMED_OUT;
    connection_event(tcp, c, SEPTET_EVENT_SOFT_ERROR);
}

static void expire_persist(struct tcp *tcp, struct connection *c)
{
    if ((c->flags & CONNECTION_RELEASED) && c->probes >= ORPHAN_PROBES) {
        connection_send_reset(tcp, c);
        connection_end(tcp, c, SEPTET_TIMED_OUT);
        return;
    }
    c->probes = (uint8_t)min_u32(c->probes + 1u, 255);
    c->flags |= CONNECTION_PROBE;
    trace_timer(tcp, c, SEPTET_TIMER_PERSIST, c->probes);
    c->backoff = (uint8_t)min_u32(c->backoff + 1u, 255); /* SHLD-30: also when the probes are answered */
    timer_resend(tcp, c, RESEND_PERSIST, tcp->core->now + (int64_t)rtt_timeout(tcp, c));
}

static void expire_retransmit(struct tcp *tcp, struct connection *c)
{
    COUNT(tcp->core, Timeouts);
    if (c->state != SEPTET_STATE_syn_sent && c->state != SEPTET_STATE_syn_received) {
        if (c->snd_wnd == 0) { /* MUST-35: shrunk to zero with data outstanding */
            expire_persist(tcp, c);
            return;
        }
        recovery_timeout(tcp, c);
    } else {
        c->flags |= CONNECTION_SEND_SYN | CONNECTION_SYN_RETRANSMITTED;
    }
    c->backoff = (uint8_t)min_u32(c->backoff + 1u, 255);
    trace_timer(tcp, c, SEPTET_TIMER_RETRANSMIT, c->backoff);
    if (c->backoff == tcp->config->retries1)
        doubt(tcp, c);
    timer_resend(tcp, c, RESEND_RETRANSMIT, tcp->core->now + (int64_t)rtt_timeout(tcp, c));
}

static bool syn_retries_spent(const struct connection *c)
{
    return (c->state == SEPTET_STATE_syn_sent || c->state == SEPTET_STATE_syn_received) &&
           c->options.syn_retries != 0 && c->backoff >= c->options.syn_retries;
}

static void expire_resend(struct tcp *tcp, struct connection *c)
{
    const enum resend_kind kind = c->resend_kind;
    c->resend_at = SEPTET_NEVER;
    if (tcp->core->now >= user_deadline(tcp, c) || (kind != RESEND_OVERRIDE && syn_retries_spent(c))) {
        trace_timer(tcp, c, SEPTET_TIMER_USER, 0); /* MUST-21, R2; also when the way stays closed */
        connection_end(tcp, c, SEPTET_TIMED_OUT);
        return;
    }
    if (kind == RESEND_OVERRIDE) {
        c->resend_kind = RESEND_NONE;
        c->flags |= CONNECTION_OVERRIDE;
        c->flags &= ~(uint32_t)CONNECTION_CORKED;
        trace_timer(tcp, c, SEPTET_TIMER_OVERRIDE, 0);
    } else if (kind == RESEND_PERSIST) {
        expire_persist(tcp, c);
    } else {
        expire_retransmit(tcp, c);
    }
    if (c->state != SEPTET_STATE_closed) /* else it may be gone */
        tcp_mark_dirty(tcp, c);
}

static void expire_keepalive(struct tcp *tcp, struct connection *c)
{
    const int64_t now = tcp->core->now;
    const int64_t due = c->received_at + milliseconds(c->options.keepalive_idle);
    if (c->flight != 0 || something_unsent(c)) { /* MUST-26: the retransmission timer sees to it */
        c->idle_at = now + milliseconds(c->options.keepalive_idle);
    } else if (now < due) {
        c->idle_at = due;
    } else if (c->probes >= c->options.keepalive_count) { /* MUST-29 */
        connection_send_reset(tcp, c);
        connection_end(tcp, c, SEPTET_TIMED_OUT);
        return;
    } else {
        c->probes++;
        c->flags |= CONNECTION_KEEPALIVE_PROBE;
        trace_timer(tcp, c, SEPTET_TIMER_KEEPALIVE, c->probes);
        c->idle_at = now + milliseconds(c->options.keepalive_interval);
        tcp_mark_dirty(tcp, c);
    }
}

static void expire_idle(struct tcp *tcp, struct connection *c)
{
    c->idle_at = SEPTET_NEVER;
    if (c->state == SEPTET_STATE_time_wait || c->state == SEPTET_STATE_fin_wait_2) {
        const bool time_wait = c->state == SEPTET_STATE_time_wait;
        if (time_wait || (c->flags & CONNECTION_RELEASED)) {
            trace_timer(tcp, c, time_wait ? SEPTET_TIMER_TIME_WAIT : SEPTET_TIMER_FIN_WAIT_2, 0);
            connection_end(tcp, c, SEPTET_OK);
            return;
        }
    }
    if (c->options.switches & SWITCH_KEEPALIVE)
        expire_keepalive(tcp, c);
}

static void expire(struct tcp *tcp, struct connection *c)
{
    const int64_t now = tcp->core->now;
    if (c->ack_at <= now) {
        c->ack_at = SEPTET_NEVER;
        c->flags |= CONNECTION_ACK_NOW;
        COUNT(tcp->core, DelayedACKs);
        trace_timer(tcp, c, SEPTET_TIMER_DELAYED_ACK, 0);
        tcp_mark_dirty(tcp, c);
    }
    if (c->pace_at <= now) {
        c->pace_at = SEPTET_NEVER;
        tcp_mark_dirty(tcp, c);
    }
    if (c->resend_at <= now)
        expire_resend(tcp, c);
    if (c->state != SEPTET_STATE_closed && c->idle_at <= now)
        expire_idle(tcp, c);
    if (c->state != SEPTET_STATE_closed)
        timer_update(tcp, c);
}

void tcp_advance(struct tcp *tcp)
{
    if (tcp->core->now >= tcp->quiet_until) {
        uint32_t index;
        while ((index = wheel_expire(&tcp->wheel, tcp->core->now)) != 0)
            expire(tcp, tcp_connection(tcp, index));
        tcp->quiet_until = wheel_next(&tcp->wheel);
    }
    half_open_expire(tcp);
    time_wait_expire(tcp);
    tcp_feed(tcp);
}

int64_t tcp_deadline(const struct tcp *tcp)
{
    if (tcp->dirty.head != 0 || tcp->replies_count != 0 || tcp_can_feed(tcp))
        return tcp->core->now;
    int64_t deadline = min_i64(wheel_next(&tcp->wheel), half_open_deadline(tcp));
    if (tcp->time_waits.head != 0)
        deadline =
            min_i64(deadline, compact_deadline(tcp, compact_at(tcp, DEMUX_TIME_WAIT, tcp->time_waits.head)->deadline));
    return deadline;
}
