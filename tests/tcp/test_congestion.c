/* MUST-19: congestion windows against models of their RFCs that are computed here with fractions: Reno (RFC 5681, byte
 * counting of RFC 3465), CUBIC (RFC 9438), initial and restart windows (RFC 6928, 5681 4.1), windows that are not
 * used, and the attacks A18. */
#include <math.h>

#include "support/peer.h"
#include "tcp/cc.h"

#define MSS 1000

static struct peer *sender(uint8_t congestion)
{
    struct septet_config config;
    peer_config(&config);
    config.tcp.congestion = congestion;
    config.pages = 8192;
    struct peer *p = peer_new(4, &config);
    p->offer.mss = MSS;
    p->offer.sack = true;
    p->offer.scale = 7;
    passive(p);
    p->deaf = true;
    return p;
}

static void acknowledge(struct peer *p, uint32_t ack) { inject(p, ACK, .seq = 1, .ack = ack); }

static uint32_t una(struct peer *p) { return info_of(p).snd_una - info_of(p).iss; }
static uint32_t nxt(struct peer *p) { return info_of(p).snd_nxt - info_of(p).iss; }

/* Something is always there to be sent. */
static void feed(struct peer *p)
{
    uint8_t *data;
    size_t length = 4096;
    while (info_of(p).unsent < 2 * info_of(p).cwnd &&
           septet_send_reserve(p->stack, p->flow->handle, &data, &length) == SEPTET_OK) {
        assert_int_equal(septet_send_commit(p->stack, p->flow->handle, length, 0), SEPTET_OK);
        length = 4096;
    }
    advance(p, 0);
}

/* ---- the models, in segments and seconds ---- */

struct model {
    double cwnd, ssthresh;
    double counted; /* Reno: acknowledged since the last increase */
    double w_max, w_est, cwnd_prior, epoch, k;
    bool in_epoch, cubic;
};

static void model_cubic(struct model *m, double acked, double now, double rtt)
{
    if (!m->in_epoch) {
        m->in_epoch = true;
        m->epoch = now;
        m->w_est = m->cwnd;
        m->w_max = fmax(m->w_max, m->cwnd);
        m->k = cbrt((m->w_max - m->cwnd) / 0.4);
    }
    const double t = now - m->epoch;
    m->w_est += (m->w_est < m->cwnd_prior ? 3 * 0.3 / 1.7 : 1) * acked / m->cwnd;
    if (0.4 * pow(t - m->k, 3) + m->w_max < m->w_est) {
        m->cwnd = fmax(m->cwnd, m->w_est);
        return;
    }
    double target = 0.4 * pow(t + rtt - m->k, 3) + m->w_max;
    target = fmin(fmax(target, m->cwnd), 1.5 * m->cwnd);
    m->cwnd += (target - m->cwnd) / m->cwnd * acked;
}

static void model_ack(struct model *m, double acked, double now, double rtt)
{
    if (m->cwnd < m->ssthresh) {
        const double used = fmin(acked, m->ssthresh - m->cwnd);
        m->cwnd += used;
        acked -= used;
    }
    if (acked == 0)
        return;
    if (m->cubic) {
        model_cubic(m, acked, now, rtt);
        return;
    }
    m->counted += acked;
    if (m->counted >= m->cwnd) {
        m->counted -= m->cwnd;
        m->cwnd += 1;
    }
}

static void model_loss(struct model *m, double flight)
{
    if (m->cubic) {
        m->w_max = m->cwnd < m->w_max ? m->cwnd * 0.85 : m->cwnd;
        m->cwnd_prior = m->cwnd;
        m->in_epoch = false;
    }
    m->counted = 0;
    m->ssthresh = fmax(flight * (m->cubic ? 0.7 : 0.5), 2);
    m->cwnd = m->ssthresh;
}

static void model_timeout(struct model *m, double flight)
{
    model_loss(m, flight);
    m->w_max = 0;
    m->cwnd = 1;
}

static void compare(struct peer *p, const struct model *m, double tolerance)
{
    const double real = (double)info_of(p).cwnd / MSS;
    if (fabs(real - m->cwnd) > tolerance * m->cwnd + 0.01)
        fail_msg("at %.3f s cwnd is %.2f segments, the model says %.2f", (double)elapsed(p) / 1e9, real, m->cwnd);
}

/* One round trip: everything in flight is acknowledged, every second segment, evenly over the time. */
static void round_trip(struct peer *p, struct model *m, int64_t rtt, double tolerance)
{
    feed(p);
    const uint32_t first = una(p), end = nxt(p);
    for (uint32_t ack = first; ack < end;) {
        const uint32_t step = end - ack > 2 * MSS ? 2 * MSS : end - ack;
        ack += step;
        advance(p, rtt * step / (end - first));
        feed(p);
        acknowledge(p, ack);
        model_ack(m, (double)step / MSS, (double)elapsed(p) / 1e9, (double)info_of(p).srtt / 1e9);
        compare(p, m, tolerance);
    }
}

/* A round trip in which the first segment is lost and repaired. */
static void losing_trip(struct peer *p, struct model *m, int64_t rtt, double tolerance)
{
    feed(p);
    const uint32_t first = una(p), end = nxt(p);
    advance(p, rtt);
    inject(p, ACK, .seq = 1, .ack = first, .sacks = 1, .sack = {{first + MSS, end}});
    model_loss(m, fmin((double)(end - first) / MSS, m->cwnd));
    compare(p, m, tolerance);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_RECOVERY);
    feed(p);
    advance(p, rtt);
    acknowledge(p, end); /* no growth in recovery, and none by the ACK that ends it */
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_AVOIDANCE);
    compare(p, m, tolerance);
}

/* RFC 5681: slow start, the switch at ssthresh, one segment for each window acknowledged, halving. To the byte. */
static void reno_trace(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    struct model m = {.cwnd = 10, .ssthresh = 1e9};
    for (uint32_t i = 0; i < 4; i++)
        round_trip(p, &m, MS(50), 0);
    assert_int_equal(info_of(p).cwnd, 160 * MSS);
    for (uint32_t i = 0; i < 40; i++) {
        if (i % 13 == 0)
            losing_trip(p, &m, MS(50), 0.0001);
        else
            round_trip(p, &m, MS(50), 0.0001);
    }
    peer_end(p);
}

/* The same through a retransmission timeout: one segment, slow start to ssthresh, then avoidance. */
static void reno_timeout(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    struct model m = {.cwnd = 10, .ssthresh = 1e9};
    for (uint32_t i = 0; i < 3; i++)
        round_trip(p, &m, MS(50), 0);
    feed(p);
    const double flight = (nxt(p) - una(p)) / MSS;
    advance(p, info_of(p).rto);
    model_timeout(&m, flight);
    assert_int_equal(info_of(p).cwnd, MSS);
    assert_int_equal(info_of(p).ssthresh, (uint32_t)(flight / 2) * MSS);
    advance(p, MS(50));
    acknowledge(p, nxt(p)); /* it was only late */
    compare(p, &m, 0);
    for (uint32_t i = 0; i < 12; i++)
        round_trip(p, &m, MS(50), 0.0001);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_AVOIDANCE);
    peer_end(p);
}

/* RFC 9438 with a long round trip: concave to W_max, which is reached after K, then convex; 4.7 fast convergence with
 * the second loss. */
static void cubic_trace(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_CUBIC);
    struct model m = {.cwnd = 10, .ssthresh = 1e9, .cubic = true};
    for (uint32_t i = 0; i < 4; i++)
        round_trip(p, &m, MS(100), 0);
    losing_trip(p, &m, MS(100), 0.001);
    assert_int_equal(info_of(p).cwnd, 112 * MSS);
    const double k = cbrt(160 * 0.3 / 0.4); /* 4.93 s */
    const int64_t begun = elapsed(p) + MS(100);
    while (elapsed(p) < begun + S(9)) {
        round_trip(p, &m, MS(100), 0.01);
        if (elapsed(p) - begun < (int64_t)(k * 1e9) - MS(300))
            assert_true(info_of(p).cwnd < 160 * MSS);
        else if (elapsed(p) - begun > (int64_t)(k * 1e9) + MS(300))
            assert_true(info_of(p).cwnd >= 160 * MSS);
    }
    losing_trip(p, &m, MS(100), 0.01);
    const double w_max = m.w_max;
    for (uint32_t i = 0; i < 10; i++)
        round_trip(p, &m, MS(100), 0.01);
    losing_trip(p, &m, MS(100), 0.01);
    assert_true(m.w_max < 0.86 * w_max); /* the model went through fast convergence */
    for (uint32_t i = 0; i < 60; i++)
        round_trip(p, &m, MS(100), 0.01);
    peer_end(p);
}

/* 4.3: with a short round trip CUBIC is what Reno with the same loss rate would be: alpha 0.53 up to the window before
 * the reduction, then 1. */
static void cubic_reno_friendly(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_CUBIC);
    struct model m = {.cwnd = 10, .ssthresh = 1e9, .cubic = true};
    round_trip(p, &m, MS(1), 0);
    losing_trip(p, &m, MS(1), 0.01);
    assert_int_equal(info_of(p).cwnd, 14 * MSS);
    for (uint32_t i = 0; i < 11; i++)
        round_trip(p, &m, MS(1), 0.08); /* W_est grows by whole segments */
    assert_in_range(info_of(p).cwnd, 19 * MSS, 21 * MSS);
    for (uint32_t i = 0; i < 20; i++)
        round_trip(p, &m, MS(1), 0.08);
    assert_in_range(info_of(p).cwnd, 37 * MSS, 41 * MSS);
    peer_end(p);
}

/* 4.8: after a timeout W_max is the window with which avoidance begins, and K is 0. */
static void cubic_timeout(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_CUBIC);
    struct model m = {.cwnd = 10, .ssthresh = 1e9, .cubic = true};
    for (uint32_t i = 0; i < 3; i++)
        round_trip(p, &m, MS(100), 0);
    feed(p);
    const double flight = (nxt(p) - una(p)) / MSS;
    advance(p, info_of(p).rto);
    model_timeout(&m, flight);
    assert_int_equal(info_of(p).ssthresh, (uint32_t)(flight * 0.7) * MSS);
    advance(p, MS(100));
    acknowledge(p, nxt(p));
    for (uint32_t i = 0; i < 60; i++)
        round_trip(p, &m, MS(100), 0.02);
    peer_end(p);
}

/* 5.8: time in which the window was not used does not count, whether idle or limited by the application. */
static void cubic_waits(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_CUBIC);
    struct model m = {.cwnd = 10, .ssthresh = 1e9, .cubic = true};
    for (uint32_t i = 0; i < 4; i++)
        round_trip(p, &m, MS(100), 0);
    losing_trip(p, &m, MS(100), 0.001);
    for (uint32_t i = 0; i < 10; i++)
        round_trip(p, &m, MS(100), 0.01);
    while (info_of(p).unsent != 0 || una(p) != nxt(p)) { /* the application pauses */
        advance(p, MS(100));
        acknowledge(p, nxt(p));
    }
    const uint32_t before = info_of(p).cwnd;
    p->flow->written = nxt(p) - 1;
    for (uint32_t i = 0; i < 300; i++) { /* thirty seconds of a segment in each round trip */
        write_all(p, MSS);
        advance(p, MS(100));
        acknowledge(p, nxt(p));
    }
    assert_int_equal(info_of(p).cwnd, before);
    feed(p);
    const uint32_t end = nxt(p);
    advance(p, MS(100));
    for (uint32_t ack = una(p); ack < end; feed(p)) {
        ack = end - ack > 2 * MSS ? ack + 2 * MSS : end;
        acknowledge(p, ack);
    }
    assert_in_range(info_of(p).cwnd, before, before * 11 / 10); /* and not where 30 s would have brought it: 1.5 */
    peer_end(p);
}

/* draft-ietf-ccwg-ratelimited-increase: a window that is not used does not grow. */
static void application_limited(void **state)
{
    (void)state;
    for (uint8_t congestion = 0; congestion < SEPTET_CONGESTION_COUNT; congestion++) {
        struct peer *p = sender(congestion);
        for (uint32_t i = 0; i < 200; i++) {
            write_all(p, 2 * MSS);
            advance(p, MS(10));
            acknowledge(p, nxt(p));
        }
        assert_int_equal(info_of(p).cwnd, 10 * MSS);
        peer_end(p);
    }
}

/* RFC 6928: min (10 MSS, max (2 MSS, 14600)). */
static void initial_window(void **state)
{
    (void)state;
    static const struct {
        uint32_t mtu, mss, window;
    } cases[] = {{1500, 1460, 14600}, {1500, 536, 5360}, {3000, 2190, 14600}, {9000, 8960, 17920}, {9000, 0, 5360}};
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = peer_new_link(4, NULL, cases[i].mtu, 0);
        p->offer.mss = cases[i].mss;
        passive(p);
        assert_int_equal(info_of(p).cwnd, cases[i].window);
        write_all(p, 60000);
        uint32_t sent = 0;
        while (take(p) != NULL)
            sent += p->last.length;
        assert_int_equal(sent, cases[i].window / info_of(p).mss * info_of(p).mss);
        /* RFC 5681 4.1: the same after an idle time. */
        while (info_of(p).unsent != 0 || info_of(p).in_flight != 0) {
            advance(p, MS(10));
            acknowledge(p, info_of(p).snd_nxt - info_of(p).iss);
        }
        drain(p);
        assert_true(info_of(p).cwnd > cases[i].window);
        advance(p, S(2));
        write_all(p, 60000);
        assert_int_equal(info_of(p).cwnd, info_of(p).cwnd);
        sent = 0;
        while (take(p) != NULL)
            sent += p->last.length;
        assert_int_equal(info_of(p).cwnd, cases[i].window);
        assert_int_equal(sent, cases[i].window / info_of(p).mss * info_of(p).mss);
        peer_end(p);
    }
    struct septet_config config;
    peer_config(&config);
    config.tcp.initial_window = 2;
    struct peer *p = peer_new(4, &config);
    passive(p);
    assert_int_equal(info_of(p).cwnd, 2920);
    peer_end(p);
}

/* RFC 5681 4.1: idle for less than an RTO keeps the window. */
static void short_pause_keeps_window(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    struct model m = {.cwnd = 10, .ssthresh = 1e9};
    for (uint32_t i = 0; i < 3; i++)
        round_trip(p, &m, MS(100), 0);
    while (info_of(p).unsent != 0 || una(p) != nxt(p)) {
        advance(p, MS(100));
        acknowledge(p, nxt(p));
    }
    const uint32_t cwnd = info_of(p).cwnd;
    advance(p, info_of(p).rto - MS(110));
    feed(p);
    assert_int_equal(info_of(p).cwnd, cwnd);
    assert_true(nxt(p) - una(p) > cwnd - MSS);
    peer_end(p);
}

/* A18, ACK division: a thousand ACKs of a byte each are worth one segment; in avoidance a window of them is worth
 * one. */
static void ack_division(void **state)
{
    (void)state;
    for (uint8_t congestion = 0; congestion < SEPTET_CONGESTION_COUNT; congestion++) {
        struct peer *p = sender(congestion);
        feed(p);
        for (uint32_t i = 1; i <= MSS; i++)
            acknowledge(p, 1 + i);
        assert_int_equal(info_of(p).cwnd, 11 * MSS);
        /* Lose one: into avoidance. */
        inject(p, ACK, .seq = 1, .ack = una(p), .sacks = 1, .sack = {{una(p) + MSS, nxt(p)}});
        acknowledge(p, nxt(p));
        feed(p);
        const uint32_t before = info_of(p).cwnd;
        assert_int_equal(info_of(p).phase, SEPTET_PHASE_AVOIDANCE);
        for (uint32_t i = 0; i < before; i++)
            acknowledge(p, una(p) + 1);
        assert_true(info_of(p).cwnd <= before + MSS);
        peer_end(p);
    }
}

/* Windows, times and round trips as large as they can be: everything saturates, nothing wraps. */
static void saturation(void **state)
{
    (void)state;
    static const uint32_t windows[] = {64, 1000, 1u << 20, 1u << 30, UINT32_MAX - 1, UINT32_MAX};
    static const int64_t times[] = {0, 1, S(1), S(1000), S(1000000), INT64_MAX / 2};
    struct core core = {.now = 0};
    core.config.clock_granularity = 1;
    struct tcp tcp = {.core = &core, .config = &core.config.tcp};
    for (uint8_t congestion = 0; congestion < SEPTET_CONGESTION_COUNT; congestion++) {
        for (uint32_t w = 0; w < 6; w++) {
            for (uint32_t w_max = 0; w_max < 6; w_max++) {
                for (uint32_t t = 0; t < 6; t++) {
                    struct connection c = {.mss = w % 2 ? 65535 : 64, .cwnd = windows[w], .ssthresh = 64};
                    c.options.congestion = congestion;
                    c.srtt_us = w_max % 2 ? UINT32_MAX / 8 : 1;
                    congestion_of(&c)->init(&tcp, &c);
                    core.now = S(1);
                    c.cwnd = windows[w_max];
                    (void)congestion_of(&c)->threshold(&tcp, &c, windows[w_max]);
                    c.cwnd = windows[w];
                    for (uint32_t i = 0; i < 6; i++) {
                        const uint32_t before = c.cwnd;
                        congestion_of(&c)->on_ack(&tcp, &c, windows[i]);
                        assert_true(c.cwnd >= before);
                        if (i % 2)
                            congestion_of(&c)->on_unused(&tcp, &c);
                        core.now = times[t] > core.now ? times[t] : core.now;
                    }
                    congestion_of(&c)->on_restart(&tcp, &c, times[t]);
                    assert_true(congestion_of(&c)->threshold(&tcp, &c, c.cwnd) <= max_u32(c.cwnd, 2u * c.mss));
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reno_trace),
        cmocka_unit_test(reno_timeout),
        cmocka_unit_test(cubic_trace),
        cmocka_unit_test(cubic_reno_friendly),
        cmocka_unit_test(cubic_timeout),
        cmocka_unit_test(cubic_waits),
        cmocka_unit_test(application_limited),
        cmocka_unit_test(initial_window),
        cmocka_unit_test(short_pause_keeps_window),
        cmocka_unit_test(ack_division),
        cmocka_unit_test(saturation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
