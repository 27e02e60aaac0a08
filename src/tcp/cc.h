#ifndef SEPTET_TCP_CC_H
#define SEPTET_TCP_CC_H

#include "tcp/internal.h"

/* A congestion control. It may write cwnd, ssthresh and connection.congestion, and reads struct ack.
 * All arithmetic saturates. */
struct congestion_control {
    const char *name;
    void (*init)(struct tcp *tcp, struct connection *c);
    /* An ACK outside of fast recovery that acknowledged new data, while cwnd was the limit. */
    void (*on_ack)(struct tcp *tcp, struct connection *c, const struct ack *ack);
    /* The slow-start threshold after a loss was detected; called once for each episode, before cwnd is cut. */
    uint32_t (*threshold)(struct tcp *tcp, struct connection *c);
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
/* RFC 5681 slow start with byte counting (RFC 3465, L = 2). Returns the acknowledged bytes it did not use. */
uint32_t congestion_slow_start(struct connection *c, uint32_t acked);

#endif
