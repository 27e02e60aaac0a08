/* Closed windows: probes (RFC 9293 section 3.8.6.1, MUST-35 to MUST-37, SHLD-29, SHLD-30, U-14, U-17) and what happens
 * when they open again. */
#include "support/peer.h"

static void window_of(struct peer *p, uint32_t ack, int32_t window)
{
    inject(p, ACK, .seq = 1, .ack = ack, .window = window);
}

/* Three segments are acknowledged, the window is closed, and two more segments wait. */
static struct peer *closed_window(unsigned version, const struct septet_config *config)
{
    struct peer *p = peer_new(version, config);
    p->offer.mss = 1000;
    p->offer.window = 3000;
    passive(p);
    write_all(p, 5000);
    assert_int_equal(drain(p), 3);
    window_of(p, 3001, 0);
    expect_nothing(p);
    drain_events(p, 0);
    return p;
}

/* SHLD-29: the first probe after an RTO, with an octet; SHLD-30: then ever more rarely, also when they are answered;
 * MUST-37: for a day, or as long as they are. */
static void a_day_of_probes(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = closed_window(version, NULL);
        int64_t at = 0, wait = MS(200);
        assert_int_equal(info_of(p).rto, wait);
        while (at < S(86400)) {
            at += wait;
            advance(p, at - elapsed(p));
            expect(p, ACK | PSH, .seq = 3001, .length = 1, .at = at);
            expect_nothing(p);
            assert_int_equal(info_of(p).probes, 1);
            window_of(p, 3001, 0);
            expect_nothing(p);
            wait = wait * 2 < S(120) ? wait * 2 : S(120);
        }
        expect_state(p, established);
        assert_true(counted(p, SEPTET_COUNTER_WindowProbes) > 720);
        assert_int_equal(counted(p, SEPTET_COUNTER_Timeouts), 0);
        peer_end(p);
    }
}

/* The window opens with an ACK that does not cover the octet: it was not taken, and goes first. That the peer was
 * slow says nothing about the path: no round trip measured, no window reduced, no back-off left. */
static void opens_without_the_octet(void **state)
{
    (void)state;
    struct peer *p = closed_window(4, NULL);
    const struct septet_tcp_info before = info_of(p);
    advance(p, S(100));
    drain(p);
    window_of(p, 3001, 3000);
    expect(p, ACK, .seq = 3001, .length = 1);
    expect(p, ACK, .seq = 3002, .length = 1000);
    expect_nothing(p); /* the octet is a short segment, and Nagle allows one at a time */
    window_of(p, 3002, 3000);
    expect(p, ACK | PSH, .seq = 4002, .length = 999);
    window_of(p, 5001, 3000);
    const struct septet_tcp_info info = info_of(p);
    assert_int_equal(info.cwnd, before.cwnd);
    assert_int_equal(info.ssthresh, before.ssthresh);
    assert_int_equal(info.rto, before.rto);
    assert_true(info.srtt < S(1));
    assert_int_not_equal(info.phase, SEPTET_PHASE_LOSS);
    peer_end(p);
}

/* The same with an ACK that takes the octet. */
static void opens_with_the_octet(void **state)
{
    (void)state;
    struct peer *p = closed_window(4, NULL);
    advance(p, S(100));
    drain(p);
    window_of(p, 3002, 3000);
    expect(p, ACK, .seq = 3002, .length = 1000);
    expect(p, ACK | PSH, .seq = 4002, .length = 999);
    assert_true(info_of(p).srtt < S(1));
    assert_int_equal(info_of(p).rto, MS(200));
    advance(p, MS(200));
    expect(p, ACK, .seq = 3002, .length = 1000);
    peer_end(p);
}

/* Octet by octet into a closed window: each is new data, and none of it a round trip. */
static void octets_taken_one_by_one(void **state)
{
    (void)state;
    struct peer *p = closed_window(4, NULL);
    for (uint32_t i = 0; i < 10; i++) {
        const uint32_t resent = i % 3; /* some of them after a few attempts */
        for (uint32_t probes = 0; probes <= resent; probes += drain(p))
            advance(p, MS(100));
        window_of(p, 3002 + i, 0);
        assert_true(info_of(p).srtt < S(1));
    }
    window_of(p, 3011, 3000);
    expect(p, ACK, .seq = 3011, .length = 1000);
    expect(p, ACK | PSH, .seq = 4011, .length = 990);
    peer_end(p);
}

/* MUST-35: a window that shrinks to nothing while data are in flight. The first outstanding octet is the probe. */
static void closes_with_data_in_flight(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.mss = 1000;
    passive(p);
    write_all(p, 5000);
    assert_int_equal(drain(p), 5);
    window_of(p, 1001, 0);
    const struct septet_tcp_info before = info_of(p);
    expect_nothing(p);
    advance(p, MS(200));
    expect(p, ACK | PSH, .seq = 1001, .length = 1, .at = MS(200));
    window_of(p, 1001, 0);
    advance(p, MS(400));
    expect(p, ACK | PSH, .seq = 1001, .length = 1, .at = MS(600));
    window_of(p, 1001, 0);
    advance(p, MS(100));
    /* It opens, and nothing of what was in flight was kept: all goes again at once, in order, at full rate. */
    window_of(p, 1001, 10000);
    for (uint32_t seq = 1001; seq < 5001; seq += 1000)
        expect(p, seq == 4001 ? ACK | PSH : ACK, .seq = seq, .length = 1000, .at = MS(700));
    expect_nothing(p);
    assert_int_equal(info_of(p).cwnd, before.cwnd);
    assert_int_equal(info_of(p).ssthresh, before.ssthresh);
    window_of(p, 5001, 10000);
    assert_true(info_of(p).srtt < MS(100));
    peer_end(p);
}

/* The same when the ACK that opens takes the probe's octet: a segment goes on in its middle. */
static void opens_within_a_segment(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.mss = 1000;
    passive(p);
    write_all(p, 5000);
    assert_int_equal(drain(p), 5);
    window_of(p, 1001, 0);
    advance(p, MS(200));
    expect(p, ACK | PSH, .seq = 1001, .length = 1);
    window_of(p, 1002, 10000);
    expect(p, ACK, .seq = 1002, .length = 999);
    for (uint32_t seq = 2001; seq < 5001; seq += 1000)
        expect(p, seq == 4001 ? ACK | PSH : ACK, .seq = seq, .length = 1000);
    expect_nothing(p);
    window_of(p, 5001, 10000);
    assert_int_equal(info_of(p).rto, MS(200));
    peer_end(p);
}

/* MUST-21, R2: probes that nobody answers are given up. */
static void unanswered_probes(void **state)
{
    (void)state;
    struct peer *p = closed_window(4, NULL);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_USER_TIMEOUT, S(30)), SEPTET_OK);
    advance(p, S(29));
    expect_state(p, established);
    advance(p, S(2));
    assert_true(drain_events(p, p->flow->handle) & SEPTET_EVENT_CLOSED);
    assert_int_equal(septet_take_error(p->stack, p->flow->handle), SEPTET_TIMED_OUT);
    peer_end(p);
}

/* A31: nobody waits for ever for a peer that keeps its window closed after we have closed. */
static void orphan(void **state)
{
    (void)state;
    struct peer *p = closed_window(4, NULL);
    assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
    p->flow->handle = 0;
    bool reset = false;
    for (uint32_t i = 0; i < 40 && !reset; i++) {
        advance(p, S(30));
        while (take(p) != NULL)
            reset = reset || (p->last.flags & RST);
        if (!reset)
            window_of(p, 3001, 0);
    }
    assert_true(reset);
    assert_int_equal(usage_of(p).connections, 0);
    assert_int_equal(usage_of(p).pages, 0);
    peer_end(p);
}

/* Without octets: probes as Linux sends them, an old number and nothing in it. */
static void probes_without_octet(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.window_probe_octet = false;
    struct peer *p = closed_window(4, &config);
    advance(p, MS(200));
    expect(p, ACK, .seq = 3000, .length = 0, .at = MS(200));
    window_of(p, 3001, 0);
    advance(p, MS(400));
    expect(p, ACK, .seq = 3000, .length = 0, .at = MS(600));
    window_of(p, 3001, 5000);
    expect(p, ACK, .seq = 3001, .length = 1000);
    expect(p, ACK | PSH, .seq = 4001, .length = 1000);
    peer_end(p);
}

/* A FIN that meets a closed window is its own probe. */
static void fin_as_probe(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.mss = 1000;
    p->offer.window = 1000;
    passive(p);
    write_all(p, 1000);
    expect(p, ACK | PSH, .seq = 1, .length = 1000);
    window_of(p, 1001, 0);
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
    expect_nothing(p);
    advance(p, MS(200));
    expect(p, FIN | ACK, .seq = 1001, .at = MS(200));
    window_of(p, 1001, 0);
    advance(p, MS(400));
    expect(p, FIN | ACK, .seq = 1001, .at = MS(600));
    window_of(p, 1002, 0); /* a FIN needs no buffer */
    expect_state(p, fin_wait_2);
    peer_end(p);
}

/* U-14: a receiver with no room answers probes with what it has; it takes nothing, and the ACK is not suppressed. */
static void answered_probes(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 2000;
    struct peer *p = peer_new(4, &config);
    passive(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    inject(p, ACK, .seq = 1001, .ack = 1, .length = 1000);
    expect(p, ACK, .ack = 2001, .window = 0);
    for (uint32_t i = 0; i < 5; i++) {
        inject(p, ACK | PSH, .seq = 2001, .ack = 1, .length = 1);
        expect(p, ACK, .seq = 1, .ack = 2001, .window = 0);
    }
    inject(p, ACK | FIN, .seq = 2001, .ack = 1); /* nor a FIN with data before it */
    inject(p, ACK, .seq = 2000, .ack = 1);       /* as Linux probes */
    assert_int_equal(p->last.ack, 2001);
    drain(p);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 2000);
    read_bytes(p, 2000);
    expect(p, ACK, .ack = ANY, .window = 2000);
    peer_end(p);
}

/* U-17, appendix A.2: both windows are closed and both ends probe. Each takes the other's ACK and window all the
 * same. */
static void both_probe(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 2000;
    struct peer *p = closed_window(4, &config);
    inject(p, ACK, .seq = 1, .ack = 3001, .length = 1000, .window = 0);
    inject(p, ACK, .seq = 1001, .ack = 3001, .length = 1000, .window = 0);
    expect(p, ACK, .ack = 2001, .window = 0);
    advance(p, MS(200));
    expect(p, ACK | PSH, .seq = 3001, .ack = 2001, .length = 1, .window = 0);
    /* The peer's probe crosses ours: it took our octet and opens its window. */
    inject(p, ACK | PSH, .seq = 2001, .ack = 3002, .length = 1, .window = 5000);
    expect(p, ACK, .seq = 3002, .ack = 2001, .length = 1000, .window = 0);
    expect(p, ACK | PSH, .seq = 4002, .ack = 2001, .length = 999, .window = 0);
    expect_nothing(p);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 2000);
    peer_end(p);
}

/* The last page is gone when the probe is due: it is sent when there is one again. */
static void probe_without_pages(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.pages = 32;
    config.page_size = 512;
    config.tcp.timestamps = false;
    struct peer *p = closed_window(4, &config);
    struct flow *waiting = p->flow;
    flow_use(p, flow_new(p, 80, 40001));
    p->offer.window = 65535;
    passive(p);
    struct flow *full = p->flow;
    for (uint32_t seq = 1; dropped(p, SEPTET_DROP_no_pages) == 0; seq += 500)
        inject(p, ACK, .seq = seq, .ack = 1, .length = 500);
    (void)write_some(p, 20000, 0); /* pages for sending and for records as well, as far as that goes */
    drain(p);
    flow_use(p, waiting);
    advance(p, S(1));
    drain(p);
    flow_use(p, full);
    read_bytes(p, (uint32_t)septet_receive_available(p->stack, full->handle));
    flow_use(p, waiting);
    advance(p, S(5));
    bool probed = false;
    while (take(p) != NULL)
        probed = probed || (p->last.peer_port == 40000 && p->last.seq == 3001 && p->last.length == 1);
    assert_true(probed);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_of_probes),
        cmocka_unit_test(opens_without_the_octet),
        cmocka_unit_test(opens_with_the_octet),
        cmocka_unit_test(octets_taken_one_by_one),
        cmocka_unit_test(closes_with_data_in_flight),
        cmocka_unit_test(opens_within_a_segment),
        cmocka_unit_test(unanswered_probes),
        cmocka_unit_test(orphan),
        cmocka_unit_test(probes_without_octet),
        cmocka_unit_test(fin_as_probe),
        cmocka_unit_test(answered_probes),
        cmocka_unit_test(both_probe),
        cmocka_unit_test(probe_without_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
