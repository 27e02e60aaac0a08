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

static void epoch_begin(struct tcp *tcp, struct connection *c)
{
    c->congestion.cubic.epoch_start = tcp->core->now;
    c->congestion.cubic.cwnd_epoch = c->cwnd;
    c->congestion.cubic.w_est = c->cwnd;
    c->congestion.cubic.acked = 0;
    if (c->congestion.cubic.w_max < c->cwnd)
        c->congestion.cubic.w_max = c->cwnd;
    c->congestion.cubic.k_ms = cubic_k_ms(c->congestion.cubic.w_max, c->cwnd, c->mss);
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

/* Section 4.3: what Reno with beta 0.7 would have; alpha = 3 * 0.3 / 1.7 until W_max is reached again, then 1. */
static void reno_friendly(struct connection *c, uint32_t acked)
{
    const uint64_t grown = mul_div_u64((uint64_t)acked, c->mss, max_u32(c->cwnd, 1));
    const uint64_t alpha = c->congestion.cubic.w_est < c->congestion.cubic.w_max ? 9 : 17;
    c->congestion.cubic.w_est = to_u32(c->congestion.cubic.w_est + grown * alpha / 17);
}

static void cubic_on_ack(struct tcp *tcp, struct connection *c, const struct ack *ack)
{
    uint32_t acked = ack->acked;
    if (c->cwnd < c->ssthresh) {
        acked = congestion_slow_start(c, acked);
        if (acked == 0)
            return;
    }
    if (c->congestion.cubic.epoch_start == 0)
        epoch_begin(tcp, c);
    const int64_t since = tcp->core->now - c->congestion.cubic.epoch_start;
    const uint64_t t_ms = (uint64_t)since / 1000000 + c->srtt_us / 1000;
    reno_friendly(c, acked);
    uint64_t target = cubic_window(c, t_ms);
    if (target < c->congestion.cubic.w_est) {
        c->cwnd = max_u32(c->cwnd, c->congestion.cubic.w_est);
        return;
    }
    target = min_u64(max_u64(target, c->cwnd), c->cwnd + (uint64_t)c->cwnd / 2); /* section 4.2: at most 1.5 cwnd */
    /* (target - cwnd) / cwnd for each byte acknowledged; the rest is carried over in whole bytes. */
    const uint64_t step = (target - c->cwnd) * acked + c->congestion.cubic.acked;
    c->congestion.cubic.acked = (uint32_t)(step % c->cwnd);
    c->cwnd = to_u32(c->cwnd + step / c->cwnd);
}

static uint32_t cubic_threshold(struct tcp *tcp, struct connection *c)
{
    const uint32_t flight = flight_size(tcp, c) + tcp_flight(tcp, c)->lost;
    const uint32_t cwnd = c->cwnd;
    /* Section 4.7, fast convergence: (1 + beta) / 2. */
    c->congestion.cubic.w_max = cwnd < c->congestion.cubic.w_max ? to_u32((uint64_t)cwnd * 17 / 20) : cwnd;
    c->congestion.cubic.epoch_start = 0;
    return max_u32(to_u32((uint64_t)min_u32(flight, cwnd) * 7 / 10), 2u * c->mss); /* section 4.6 */
}

static void cubic_on_timeout(struct tcp *tcp, struct connection *c)
{
    (void)tcp;
    c->congestion.cubic.epoch_start = 0;
}

/* Section 4.2: time without data is not time for growth. */
static void cubic_on_restart(struct tcp *tcp, struct connection *c, int64_t idle)
{
    if (c->congestion.cubic.epoch_start != 0)
        c->congestion.cubic.epoch_start = min_i64(c->congestion.cubic.epoch_start + idle, tcp->core->now);
}

const struct congestion_control congestion_cubic = {
    .name = "cubic",
    .init = cubic_init,
    .on_ack = cubic_on_ack,
    .threshold = cubic_threshold,
    .on_timeout = cubic_on_timeout,
    .on_restart = cubic_on_restart,
};
