#include "tcp/cc.h"

/* Explicit congestion notification, RFC 3168: negotiated with the SYNs, marked in the IP header, echoed by the receiver
 * until the sender says that it has cut its window, which it does once in a window of data. */

#define CODEPOINT 3u
#define CODEPOINT_CE 3u

bool ecn_asked(const struct tcp *tcp, const struct segment *segment)
{
    /* Section 6.1.1: no SYN is ECN-capable itself; one that is comes from who sets these bits for other reasons. */
    return tcp->config->ecn != SEPTET_ECN_OFF && (segment->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) &&
           (segment->traffic_class & CODEPOINT) == 0;
}

void ecn_negotiate(const struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    bool agreed = ecn_asked(tcp, segment); /* a simultaneous open: both ask, and answer each other */
    if (segment->flags & TCP_ACK)
        agreed = (c->ecn & ECN_ON) && (segment->flags & (TCP_ECE | TCP_CWR)) == TCP_ECE;
    c->ecn = agreed ? ECN_ON : 0;
}

void ecn_arrives(struct tcp *tcp, struct connection *c, const struct segment *segment)
{
    const unsigned codepoint = segment->traffic_class & CODEPOINT;
    if (!(c->ecn & ECN_ON))
        return;
    if ((segment->flags & TCP_CWR) && (c->ecn & ECN_ECHO)) {
        ecn_clear(c, ECN_ECHO);
        c->flags |= segment->length != 0 ? CONNECTION_ACK_NOW : 0; /* the sender waits to hear no more of it */
    }
    if (codepoint == 0 || segment->length == 0)
        return;
    ecn_set(c, ECN_SEEN);
    if (codepoint != CODEPOINT_CE)
        return;
    if (!(c->ecn & ECN_ECHO))
        c->quick_acks = (uint8_t)max_u32(c->quick_acks, 2); /* it is urgent */
    ecn_set(c, ECN_ECHO);
    trace_values(tcp, c, SEPTET_TRACE_ecn, true, segment->seq + segment->length, 0, 0);
}

void ecn_window_cut(struct connection *c)
{
    if (c->ecn & ECN_ON)
        ecn_set(c, ECN_CWR);
    c->cwr_until = c->snd_nxt;
}

/* RFC 8511: 0.8 of the window, unless the congestion control keeps more anyway. */
static uint32_t threshold(struct tcp *tcp, struct connection *c, uint32_t flight)
{
    const uint32_t usual = congestion_of(c)->threshold(tcp, c, flight);
    return tcp->config->ecn_beta ? max_u32(usual, (uint32_t)((uint64_t)flight * 4 / 5)) : usual;
}

void ecn_echoed(struct tcp *tcp, struct connection *c, uint32_t flight)
{
    /* More than that must be acknowledged: the ACK of just that was sent before CWR arrived. */
    if (c->phase >= SEPTET_PHASE_RECOVERY || seq_leq(c->snd_una, c->cwr_until))
        return;
    c->ssthresh = threshold(tcp, c, min_u32(flight, c->cwnd));
    c->cwnd = min_u32(c->cwnd, c->ssthresh);
    c->phase = SEPTET_PHASE_AVOIDANCE;
    ecn_window_cut(c);
    trace_values(tcp, c, SEPTET_TRACE_ecn, false, c->cwr_until, 0, 0);
    trace_congestion(tcp, c);
}
