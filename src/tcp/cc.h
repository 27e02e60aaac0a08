#ifndef SEPTET_TCP_CC_H
#define SEPTET_TCP_CC_H

#include "tcp/internal.h"

/* A congestion control. It may write cwnd, ssthresh and connection.congestion, and reads struct ack.
 * All arithmetic saturates. */
struct congestion_control {
    const char *name;
    void (*init)(struct tcp *tcp, struct connection *c);
    /* An ACK outside of fast recovery for so many bytes of new data, while cwnd was the limit. */
    void (*on_ack)(struct tcp *tcp, struct connection *c, uint32_t acked);
    /* Such an ACK while cwnd was not the limit. */
    void (*on_unused)(struct tcp *tcp, struct connection *c);
    /* The slow-start threshold after a loss was detected, from FlightSize; called before cwnd is cut. */
    uint32_t (*threshold)(struct tcp *tcp, struct connection *c, uint32_t flight);
    /* After a retransmission timeout cut cwnd to one segment. */
    void (*on_timeout)(struct tcp *tcp, struct connection *c);
    /* Data is sent again after an idle time of more than an RTO. */
    void (*on_restart)(struct tcp *tcp, struct connection *c, int64_t idle);
};
extern const struct congestion_control congestion_reno, congestion_cubic;

static inline const struct congestion_control *congestion_of(const struct connection *c)
{
    return c->options.congestion == SEPTET_CUBIC ? &congestion_cubic : &congestion_reno;
}
/* FlightSize of RFC 5681 equation 4, without what limited transmit added to it (RFC 3042). */
static inline uint32_t congestion_flight(const struct connection *c)
{
    return min_u32(c->snd_nxt - c->snd_una, c->cwnd);
}
/* RFC 6928, for ten segments; what was configured otherwise. */
static inline uint32_t congestion_initial_window(const struct tcp *tcp, const struct connection *c)
{
    const uint32_t window = tcp->config->initial_window * (uint32_t)c->mss;
    return tcp->config->initial_window == 10 ? min_u32(window, max_u32(2u * c->mss, 14600)) : window;
}
/* RFC 5681 slow start with byte counting (RFC 3465, L = 2). Returns the acknowledged bytes it did not use. */
uint32_t congestion_slow_start(struct connection *c, uint32_t acked);

#endif
