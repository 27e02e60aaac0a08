#include "base/memory.h"
#include "tcp/cc.h"

/* CUBIC, RFC 9438, in integers: windows in bytes, time in milliseconds. C = 0.4, beta = 0.7. */

static uint32_t to_u32(uint64_t value) { return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value; }

static void cubic_init(struct tcp *tcp, struct connection *c)
{
    (void)tcp;
    memset(&c->congestion.cubic, 0, sizeof c->congestion.cubic);
}

/* Equation 2: K = cbrt((W_max - cwnd_epoch) / C) seconds, windows in segments. */
static uint32_t cubic_k_ms(uint32_t w_max, uint32_t cwnd, uint32_t mss)
{
    if (w_max <= cwnd)
        return 0;
    /* cbrt(segments / 0.4 * 10^9) ms */
    return cube_root_u64(mul_div_u64(w_max - cwnd, UINT64_C(2500000000), mss));
}

/* A new epoch, or one that stood still goes on. Section 5.8: time in which cwnd was not used is not part of it. */
static void epoch_run(struct tcp *tcp, struct connection *c)
{
    if (c->congestion.cubic.epoch_start > 0)
        return;
    if (c->congestion.cubic.epoch_start < 0) {
        c->congestion.cubic.epoch_start += tcp->core->now + 1;
        return;
    }
    c->congestion.cubic.epoch_start = max_i64(tcp->core->now, 1);
    c->congestion.cubic.w_est = c->cwnd;
    c->congestion.cubic.acked = c->congestion.cubic.est_acked = 0;
    c->congestion.cubic.w_max = max_u32(c->congestion.cubic.w_max, c->cwnd);
    c->congestion.cubic.k_ms = cubic_k_ms(c->congestion.cubic.w_max, c->cwnd, c->mss);
}

static void cubic_on_unused(struct tcp *tcp, struct connection *c)
{
    if (c->congestion.cubic.epoch_start > 0)
        c->congestion.cubic.epoch_start -= tcp->core->now + 1;
}

/* Equation 1 at a time since the epoch began: C * (t - K)^3 + W_max. */
static uint64_t cubic_window(const struct connection *c, uint64_t t_ms)
{
    const uint64_t k = c->congestion.cubic.k_ms;
    const uint64_t distance = min_u64(t_ms > k ? t_ms - k : k - t_ms, 1000000); /* beyond 1000 s the cube saturates */
    /* 0.4 * (d/1000)^3 segments, in bytes */
    const uint64_t change = mul_div_u64(distance * distance * distance, 4 * (uint64_t)c->mss, UINT64_C(10000000000));
    if (t_ms > k)
        return c->congestion.cubic.w_max + change;
    return c->congestion.cubic.w_max > change ? c->congestion.cubic.w_max - change : 0;
}

/* Section 4.3: what Reno with beta 0.7 would have; alpha = 3 * 0.3 / 1.7 until it is where the last reduction
 * began, then 1. */
static void reno_friendly(struct connection *c, uint32_t acked)
{
    const uint64_t alpha = c->congestion.cubic.w_est < c->congestion.cubic.cwnd_prior ? 9 : 17;
    const uint64_t sum = c->congestion.cubic.est_acked + acked * alpha / 17;
    c->congestion.cubic.w_est = to_u32(c->congestion.cubic.w_est + sum / c->cwnd * c->mss);
    c->congestion.cubic.est_acked = (uint32_t)(sum % c->cwnd);
}

static void cubic_on_ack(struct tcp *tcp, struct connection *c, uint32_t acked)
{
    if (c->cwnd < c->ssthresh) {
        acked = congestion_slow_start(c, acked);
        if (acked == 0)
            return;
    }
    epoch_run(tcp, c);
    const uint64_t t_ms = (uint64_t)(tcp->core->now - c->congestion.cubic.epoch_start) / 1000000;
    reno_friendly(c, acked);
    if (cubic_window(c, t_ms) < c->congestion.cubic.w_est) {
        c->cwnd = max_u32(c->cwnd, c->congestion.cubic.w_est);
        return;
    }
    /* Section 4.2: at least cwnd and at most 1.5 of it. */
    const uint64_t target =
        min_u64(max_u64(cubic_window(c, t_ms + c->srtt_us / 1000), c->cwnd), c->cwnd + (uint64_t)c->cwnd / 2);
    /* (target - cwnd) / cwnd for each byte acknowledged; the rest is carried over in whole bytes. */
    const uint64_t step = (target - c->cwnd) * acked + c->congestion.cubic.acked;
    c->congestion.cubic.acked = (uint32_t)(step % c->cwnd);
    c->cwnd = to_u32(c->cwnd + step / c->cwnd);
}

static uint32_t cubic_threshold(struct tcp *tcp, struct connection *c, uint32_t flight)
{
    (void)tcp;
    const uint32_t cwnd = c->cwnd;
    /* Section 4.7, fast convergence: (1 + beta) / 2. */
    c->congestion.cubic.w_max = cwnd < c->congestion.cubic.w_max ? to_u32((uint64_t)cwnd * 17 / 20) : cwnd;
    c->congestion.cubic.cwnd_prior = cwnd;
    c->congestion.cubic.epoch_start = 0;
    return max_u32(to_u32((uint64_t)flight * 7 / 10), 2u * c->mss); /* section 4.6 */
}

/* Section 4.8: after a timeout W_max is where congestion avoidance begins, and K is 0. */
static void cubic_on_timeout(struct tcp *tcp, struct connection *c)
{
    (void)tcp;
    c->congestion.cubic.epoch_start = 0;
    c->congestion.cubic.w_max = 0;
}

/* Section 4.2: time without data is not time for growth. */
static void cubic_on_restart(struct tcp *tcp, struct connection *c, int64_t idle)
{
    if (c->congestion.cubic.epoch_start > 0)
        c->congestion.cubic.epoch_start = min_i64(c->congestion.cubic.epoch_start + idle, tcp->core->now);
}

const struct congestion_control congestion_cubic = {
    .name = "cubic",
    .init = cubic_init,
    .on_ack = cubic_on_ack,
    .on_unused = cubic_on_unused,
    .threshold = cubic_threshold,
    .on_timeout = cubic_on_timeout,
    .on_restart = cubic_on_restart,
};
