/* RFC 4987, A29, A30: SYN cookies. */
#include "support/peer.h"

static struct peer *flooded(unsigned version, uint8_t mode, uint32_t half_open)
{
    struct septet_config config;
    peer_config(&config);
    config.half_open = half_open;
    config.tcp.syn_cookies = mode;
    struct peer *p = peer_new(version, &config);
    listen_on(p, 80);
    p->deaf = true;
    for (uint32_t i = 0; i < 3 * half_open; i++) {
        flow_use(p, flow_new(p, 80, (uint16_t)(2000 + i)));
        inject(p, SYN, .seq = i, .mss = 1460);
        p->flow_count = 0;
    }
    p->deaf = false;
    drain(p);
    return p;
}

static uint64_t answered(const struct peer *p) { return counted(p, SEPTET_COUNTER_SyncookiesRecv); }

/* What the SYN offered is known when the ACK comes back, exactly with timestamps, else as far as there is room. */
static void options_kept(void **state)
{
    (void)state;
    static const struct {
        uint32_t mss, mss_kept;
        int32_t scale, scale_kept;
        bool sack, timestamps;
    } cases[] = {
        {1460, 1460, 7, 7, true, true},    {1460, 1460, 0, 0, true, true},  {1460, 1460, 14, 14, false, true},
        {536, 536, ANY, 0, true, true},    {1380, 1360, 9, 9, true, true},  {1460, 1460, 7, 7, true, false},
        {1452, 1440, 9, 8, false, false},  {1460, 1460, 1, 0, true, false}, {1460, 1460, ANY, 0, false, false},
        {1220, 1220, 14, 10, true, false}, {100, 64, 3, 2, true, false},    {9000, 1460, 7, 7, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned version = 4; version <= 6; version += 2) {
            struct peer *p = flooded(version, SEPTET_COOKIES_WHEN_FULL, 4);
            assert_int_equal(usage_of(p).half_open, 4);
            flow_use(p, flow_new(p, 80, 1000));
            p->flow->timestamps = cases[i].timestamps;
            inject(p, SYN, .seq = 0, .mss = cases[i].mss, .scale = cases[i].scale, .sack_permitted = cases[i].sack);
            expect(p, SYN | ACK, .seq = 0, .ack = 1, .timestamps = cases[i].timestamps,
                   .sack_permitted = cases[i].sack);
            advance(p, MS(300));
            inject(p, ACK, .seq = 1, .ack = 1, .window = 10);
            assert_int_equal(usage_of(p).half_open, 4);
            assert_int_equal(answered(p), 1);
            accept_one(p);
            expect_state(p, established);
            const struct septet_tcp_info info = info_of(p);
            const uint32_t header = version == 4 ? 40 : 60;
            const uint32_t most = 1500 - header < cases[i].mss_kept ? 1500 - header : cases[i].mss_kept;
            assert_int_equal(info.mss, most - (cases[i].timestamps ? 12 : 0));
            assert_int_equal(info.snd_wscale, cases[i].scale_kept);
            assert_int_equal(info.window_scaling, cases[i].scale != ANY);
            assert_int_equal(info.sack, cases[i].sack);
            assert_int_equal(info.timestamps, cases[i].timestamps);
            assert_int_equal(info.snd_wnd, UINT32_C(10) << cases[i].scale_kept);
            assert_int_equal(info.rto, S(1)); /* no round trip was measured */
            inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
            read_bytes(p, 100);
            peer_end(p);
        }
    }
}

/* ECN is in the timestamp; without one it is not agreed on. */
static void congestion_marks(void **state)
{
    (void)state;
    for (unsigned timestamps = 0; timestamps < 2; timestamps++) {
        struct peer *p = flooded(4, SEPTET_COOKIES_ALWAYS, 1);
        flow_use(p, flow_new(p, 80, 1000));
        p->flow->timestamps = timestamps != 0;
        inject(p, SYN | ECE | CWR, .seq = 0, .mss = 1460);
        expect(p, timestamps ? SYN | ACK | ECE : SYN | ACK, .seq = 0, .ack = 1);
        inject(p, ACK, .seq = 1, .ack = 1);
        accept_one(p);
        assert_int_equal(info_of(p).ecn, timestamps);
        peer_end(p);
    }
}

/* A cookie is good for a period and the next: a minute at least, two at most. */
static void lifetime(void **state)
{
    (void)state;
    for (int seconds = 1; seconds < 200; seconds += 7) {
        struct peer *p = flooded(4, SEPTET_COOKIES_ALWAYS, 1);
        flow_use(p, flow_new(p, 80, 1000));
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, SYN | ACK, .seq = 0, .ack = 1);
        advance(p, S(seconds));
        expect_nothing(p); /* nobody repeats it */
        inject(p, ACK, .seq = 1, .ack = 1);
        if (answered(p) != 0) {
            assert_true(seconds < 128);
            accept_one(p);
        } else {
            assert_true(seconds > 64);
            expect(p, RST, .seq = 1);
        }
        peer_end(p);
    }
}

/* A30: an ACK that guesses is refused as if there were no cookies, and leaves nothing behind. */
static void forged(void **state)
{
    (void)state;
    struct peer *p = flooded(4, SEPTET_COOKIES_ALWAYS, 1);
    flow_use(p, flow_new(p, 80, 1000));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    struct flow *victim = p->flow;
    inject(p, ACK, .seq = 2, .ack = 1); /* another initial number of the peer's */
    expect(p, RST, .seq = 1);
    for (uint32_t bit = 0; bit < 32; bit++) { /* another size, scale, period, or MAC */
        inject(p, ACK, .seq = 1, .ack = 1 ^ UINT32_C(1) << bit);
        expect(p, RST, .seq = 1 ^ UINT32_C(1) << bit);
    }
    struct flow *other = flow_new(p, 80, 1001); /* another port */
    other->irs = victim->irs;
    other->iss = victim->iss;
    other->heard = true;
    flow_use(p, other);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect(p, RST, .seq = 1);
    assert_int_equal(counted(p, SEPTET_COUNTER_SyncookiesFailed), 34);
    assert_int_equal(usage_of(p).connections, 0);
    flow_use(p, victim);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    peer_end(p);
}

/* The options in the timestamp are under the MAC too. */
static void forged_stamp(void **state)
{
    (void)state;
    struct peer *p = flooded(4, SEPTET_COOKIES_ALWAYS, 1);
    flow_use(p, flow_new(p, 80, 1000));
    p->flow->timestamps = true;
    inject(p, SYN, .seq = 0, .mss = 1460, .scale = 7, .sack_permitted = true);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    for (uint32_t bit = 0; bit < 6; bit++) {
        inject(p, ACK, .seq = 1, .ack = 1, .ts_ecr = p->flow->ts_recent ^ UINT32_C(1) << bit);
        expect(p, RST, .seq = 1);
    }
    inject(p, ACK, .seq = 1, .ack = 1, .no_timestamps = true);
    expect(p, RST, .seq = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    peer_end(p);
}

/* Who was sent no timestamp may send one. */
static void stray_timestamp(void **state)
{
    (void)state;
    struct peer *p = flooded(4, SEPTET_COOKIES_ALWAYS, 1);
    flow_use(p, flow_new(p, 80, 1000));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    static const uint8_t stray[] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
    inject(p, ACK, .seq = 1, .ack = 1, .options = stray, .options_length = sizeof stray);
    accept_one(p);
    assert_false(info_of(p).timestamps);
    peer_end(p);
}

/* Only while some are out is an ACK looked at as one. */
static void none_sent(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    flow_use(p, flow_new(p, 80, 1000));
    p->flow->heard = true;
    inject(p, ACK, .seq = 1, .ack = 1);
    expect(p, RST, .seq = 1);
    assert_int_equal(counted(p, SEPTET_COUNTER_SyncookiesFailed), 0);
    assert_int_equal(counted(p, SEPTET_COUNTER_SyncookiesSent), 0);
    peer_end(p);
}

static void off(void **state)
{
    (void)state;
    struct peer *p = flooded(4, SEPTET_COOKIES_OFF, 4);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_half_open_limit), 8);
    assert_int_equal(counted(p, SEPTET_COUNTER_SyncookiesSent), 0);
    peer_end(p);
}

/* The accept queue is full: neither a cookie nor a connection. */
static void backlog_full(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.syn_cookies = SEPTET_COOKIES_ALWAYS;
    struct peer *p = peer_new(4, &config);
    assert_int_equal(septet_listen(p->stack, NULL, 80, 1, &p->listener), SEPTET_OK);
    for (uint16_t port = 1000; port < 1002; port++) {
        flow_use(p, flow_new(p, 80, port));
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, SYN | ACK, .seq = 0, .ack = 1);
    }
    flow_use(p, &p->flows[1]);
    inject(p, ACK, .seq = 1, .ack = 1);
    flow_use(p, &p->flows[2]);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect_nothing(p);
    flow_use(p, flow_new(p, 80, 1003));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect_nothing(p);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_backlog), 2);
    flow_use(p, &p->flows[1]);
    accept_one(p);
    flow_use(p, &p->flows[2]);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 10); /* it comes again with the first data */
    accept_one(p);
    read_bytes(p, 10);
    peer_end(p);
}

/* A listener that waits for data needs no record for that either. */
static void deferred(void **state)
{
    (void)state;
    struct peer *p = flooded(4, SEPTET_COOKIES_ALWAYS, 1);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_DEFER_ACCEPT, 3), SEPTET_OK);
    flow_use(p, flow_new(p, 80, 1000));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_deferred), 1);
    assert_int_equal(usage_of(p).connections, 0);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 10);
    accept_one(p);
    read_bytes(p, 10);
    peer_end(p);
}

static void no_state(struct peer *p, const struct septet_trace_event *event)
{
    (void)p;
    assert_int_not_equal(event->kind, SEPTET_TRACE_state);
}

/* No connection is free when the ACK comes: nothing has begun, so no state is told, and it may come again. */
static void no_connection(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.connections = 1;
    config.tcp.syn_cookies = SEPTET_COOKIES_ALWAYS;
    struct peer *p = peer_new(4, &config);
    listen_on(p, 80);
    for (uint16_t port = 1000; port < 1002; port++) {
        flow_use(p, flow_new(p, 80, port));
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, SYN | ACK, .seq = 0, .ack = 1);
        p->tap = port == 1000 ? NULL : no_state;
        inject(p, ACK, .seq = 1, .ack = 1);
    }
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_connection_limit), 1);
    p->tap = NULL;
    drain(p);
    peer_end(p);
}

/* One listener's flood is not the others': its own backlog is the limit, if so configured. */
static void per_listener(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.half_open_backlog = true;
    config.tcp.syn_cookies = SEPTET_COOKIES_OFF;
    struct peer *p = peer_new(4, &config);
    assert_int_equal(septet_listen(p->stack, NULL, 80, 2, &p->listener), SEPTET_OK);
    for (uint16_t port = 1000; port < 1005; port++) {
        flow_use(p, flow_new(p, 80, port));
        inject(p, SYN, .seq = 0, .mss = 1460);
    }
    assert_int_equal(usage_of(p).half_open, 2);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_half_open_limit), 3);
    drain(p);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_kept), cmocka_unit_test(congestion_marks),
        cmocka_unit_test(lifetime),     cmocka_unit_test(forged),
        cmocka_unit_test(forged_stamp), cmocka_unit_test(stray_timestamp),
        cmocka_unit_test(none_sent),    cmocka_unit_test(off),
        cmocka_unit_test(backlog_full), cmocka_unit_test(deferred),
        cmocka_unit_test(per_listener), cmocka_unit_test(no_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
