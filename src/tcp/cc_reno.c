#include "tcp/cc.h"

/* RFC 5681 with appropriate byte counting, RFC 3465. */

uint32_t congestion_slow_start(struct connection *c, uint32_t acked)
{
    const uint32_t room = c->ssthresh - c->cwnd;
    /* L = 2: an ACK for much opens the window by two segments at most, but super-segments acknowledged as one
     * are as many ACKs' worth, so the limit is what was acknowledged. */
    const uint32_t used = min_u32(acked, room);
    c->cwnd = add_saturate_u32(c->cwnd, used);
    return acked - used;
}

static void reno_init(struct tcp *tcp, struct connection *c)
{
    (void)tcp;
    c->congestion.reno.acked = 0;
}

static void reno_on_ack(struct tcp *tcp, struct connection *c, uint32_t acked)
{
    (void)tcp;
    if (c->cwnd < c->ssthresh)
        acked = congestion_slow_start(c, acked);
    c->congestion.reno.acked = add_saturate_u32(c->congestion.reno.acked, acked);
    if (c->congestion.reno.acked >= c->cwnd) {
        c->congestion.reno.acked -= c->cwnd;
        c->cwnd = add_saturate_u32(c->cwnd, c->mss);
    }
}

static void reno_on_unused(struct tcp *tcp, struct connection *c)
{
    (void)tcp;
    (void)c;
}

static uint32_t reno_threshold(struct tcp *tcp, struct connection *c, uint32_t flight)
{
    (void)tcp;
    c->congestion.reno.acked = 0;
    return max_u32(flight / 2, 2u * c->mss); /* equation 4 */
}

static void reno_on_timeout(struct tcp *tcp, struct connection *c)
{
    (void)tcp;
    c->congestion.reno.acked = 0;
}

static void reno_on_restart(struct tcp *tcp, struct connection *c, int64_t idle)
{
    (void)tcp;
    (void)c;
    (void)idle;
}

const struct congestion_control congestion_reno = {
    .name = "reno",
    .init = reno_init,
    .on_ack = reno_on_ack,
    .on_unused = reno_on_unused,
    .threshold = reno_threshold,
    .on_timeout = reno_on_timeout,
    .on_restart = reno_on_restart,
};
