/* Pacing, delivery rates, and what septet_tcp_info() tells. */
#include "support/peer.h"

static void set(struct peer *p, enum septet_option option, int64_t value)
{
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, option, value), SEPTET_OK);
}

static struct peer *sender(const struct septet_config *config)
{
    struct peer *p = peer_new(4, config);
    p->offer.mss = 1000;
    p->offer.sack = true;
    passive(p);
    return p;
}

static void acknowledge(struct peer *p, uint32_t ack) { inject(p, ACK, .seq = 1, .ack = ack); }

/* ---- pacing ---- */

/* PACING_RATE gates the pull: a segment each time the ones before have paid for it, whatever the window allows. */
static void paced_segments(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    set(p, SEPTET_OPTION_PACING_RATE, 100000);
    assert_int_equal(info_of(p).pacing_rate, 100000);
    write_all(p, 10000);
    advance(p, S(1) - 1);
    for (uint32_t i = 0; i < 10; i++)
        expect(p, i == 9 ? ACK | PSH : ACK, .seq = 1 + i * 1000, .length = 1000, .at = MS(10) * i);
    expect_nothing(p);
    acknowledge(p, 10001);
    write_all(p, 2000);
    expect(p, ACK, .seq = 10001, .length = 1000, .at = S(1) - 1);
    expect_nothing(p);
    set(p, SEPTET_OPTION_PACING_RATE, 0); /* from the next segment on */
    advance(p, MS(10));
    expect(p, ACK | PSH, .seq = 11001, .length = 1000, .at = MS(1010) - 1);
    peer_end(p);
}

/* High rates leave in bursts of a millisecond, low ones byte for byte what was asked for. */
static void rates(void **state)
{
    (void)state;
    static const int64_t asked[] = {20, 1000, 123456, 5000000, 1000000000};
    for (uint32_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct septet_config config;
        peer_config(&config);
        config.tcp.user_timeout = 0;
        struct peer *p = sender(&config);
        set(p, SEPTET_OPTION_PACING_RATE, asked[i]);
        const int64_t begun = elapsed(p);
        uint64_t sent = 0;
        for (uint32_t turn = 0; turn < 40; turn++) {
            write_all(p, 10000);
            for (uint32_t acked = 0; acked < 10000;) {
                while (take(p) == NULL)
                    advance(p, septet_deadline(p->stack) - p->now);
                const uint64_t burst = asked[i] / 1000 > 1000 ? (uint64_t)asked[i] / 1000 : 1000;
                acked += p->last.length;
                sent += p->last.length;
                acknowledge(p, p->last.seq + p->last.length);
                if (elapsed(p) != begun)
                    assert_true(sent <= burst + (uint64_t)((double)(elapsed(p) - begun) * (double)asked[i] / 1e9) + 1);
            }
        }
        assert_int_equal(sent, 400000);
        if (asked[i] < 1000000000)
            assert_true((double)(elapsed(p) - begun) * (double)asked[i] / 1e9 < 400000 * 1.01);
        peer_end(p);
    }
}

/* What is not data is not held: ACKs, a RST, window probes. */
static void only_data_waits(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    set(p, SEPTET_OPTION_PACING_RATE, 100);
    write_all(p, 2000);
    expect(p, ACK, .seq = 1, .length = 1000);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    inject(p, ACK, .seq = 1001, .ack = 1, .length = 1000);
    expect(p, ACK, .ack = 2001, .length = 0, .at = 0);
    advance(p, MS(500));
    expect_nothing(p); /* nor does waiting for its turn override anything */
    assert_int_equal(septet_abort(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, RST | ACK, .seq = 1001, .at = MS(500));
    p->flow->handle = 0;
    peer_end(p);
}

/* Retransmissions are paced like everything else. */
static void paced_retransmissions(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    write_all(p, 10000);
    assert_int_equal(drain(p), 10);
    set(p, SEPTET_OPTION_PACING_RATE, 100000);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = {{4001, 10001}});
    advance(p, MS(100));
    for (uint32_t i = 0; i < 4; i++)
        expect(p, ACK, .seq = 1 + i * 1000, .length = 1000, .at = MS(10) * i);
    expect_nothing(p);
    peer_end(p);
}

/* A corked tail stays corked while its turn has not come. */
static void pacing_and_cork(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    set(p, SEPTET_OPTION_PACING_RATE, 1000);
    set(p, SEPTET_OPTION_CORK, 1);
    write_all(p, 1500);
    expect(p, ACK, .seq = 1, .length = 1000);
    acknowledge(p, 1001);
    advance(p, MS(1199));
    expect_nothing(p);
    advance(p, MS(1));
    expect(p, ACK | PSH, .seq = 1001, .length = 500, .at = MS(1200)); /* 1 s for its turn, 200 ms of cork */
    peer_end(p);
}

/* config.pacing spreads a window over the round trip: twice as fast in slow start, a fifth faster after. */
static void own_pace(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.pacing = true;
    struct peer *p = sender(&config);
    assert_int_equal(info_of(p).pacing_rate, 0); /* no round trip is known */
    write_all(p, 10000);
    assert_int_equal(drain(p), 10);
    advance(p, MS(100));
    acknowledge(p, 10001);
    assert_int_equal(info_of(p).cwnd, 20000);
    assert_int_equal(info_of(p).pacing_rate, 2 * 20000 * 10);
    write_all(p, 40000);
    advance(p, MS(99));
    for (uint32_t i = 0; i < 20; i++)
        expect(p, ACK, .seq = 10001 + i * 1000, .length = 1000, .at = MS(100) + US(2500) * i);
    expect_nothing(p);
    peer_end(p);
}

/* The deadline is that of the next departure: a driver can sleep. */
static void deadline(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    set(p, SEPTET_OPTION_PACING_RATE, 10000);
    write_all(p, 2000);
    expect(p, ACK, .seq = 1, .length = 1000);
    assert_int_equal(septet_deadline(p->stack) - p->start, MS(100));
    sleep_for(p, MS(100));
    expect(p, ACK | PSH, .seq = 1001, .length = 1000, .at = MS(100));
    peer_end(p);
}

/* ---- delivery rate ---- */

/* A path that delivers a segment each millisecond, half a round trip of 20 ms away: the samples say so. */
static void delivery_rate(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    write_all(p, 1000000);
    uint32_t delivered = 1;
    for (uint32_t i = 0; i < 300; i++) {
        advance(p, MS(1));
        drain(p);
        const uint32_t sent = info_of(p).snd_nxt - info_of(p).iss;
        if (i >= 20 && delivered + 1000 <= sent) {
            delivered += 1000;
            acknowledge(p, delivered);
        }
    }
    assert_in_range(info_of(p).delivery_rate, 990000, 1010000);
    assert_int_equal(info_of(p).delivery_app_limited, 0);
    assert_int_equal(info_of(p).delivered, delivered - 1);
    peer_end(p);
}

/* Aggregated and lost ACKs do not inflate it: the interval is the longer of sending and acknowledging. */
static void aggregated_acks(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    write_all(p, 1000000);
    drain(p);
    uint64_t most = 0;
    for (uint32_t i = 0; i < 50; i++) { /* every 10 ms all that one segment each ms has brought there */
        advance(p, MS(10));
        const uint32_t una = info_of(p).snd_una - info_of(p).iss, nxt = info_of(p).snd_nxt - info_of(p).iss;
        acknowledge(p, nxt - una > 10000 ? una + 10000 : nxt);
        if (i > 3)
            most = info_of(p).delivery_rate > most ? info_of(p).delivery_rate : most;
    }
    assert_in_range(most, 900000, 1010000);
    peer_end(p);
}

/* A sample that the application limited says so, and does not replace a better one. */
static void limited_by_application(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    for (uint32_t i = 0; i < 5; i++) {
        write_all(p, 1000);
        advance(p, MS(10));
        acknowledge(p, p->flow->written + 1);
    }
    assert_int_equal(info_of(p).delivery_rate, 100000);
    assert_int_equal(info_of(p).delivery_app_limited, 1);
    write_all(p, 20000);
    drain(p);
    advance(p, MS(10));
    acknowledge(p, 15001);
    assert_int_equal(info_of(p).delivery_app_limited, 0);
    assert_int_equal(info_of(p).delivery_rate, 1000000);
    drain(p);
    advance(p, MS(10));
    acknowledge(p, 25001);
    write_all(p, 1000);
    advance(p, MS(10));
    acknowledge(p, 26001);
    assert_in_range(info_of(p).delivery_rate, 1000000, 1100000);
    peer_end(p);
}

/* ---- septet_tcp_info() ---- */

/* Every number of a small conversation with a loss. */
static void numbers(void **state)
{
    (void)state;
    struct peer *p = peer_new(6, NULL);
    p->offer.mss = 1000;
    p->offer.sack = true;
    p->offer.timestamps = true;
    p->offer.scale = 3;
    p->offer.window = 10000;
    passive(p);
    struct septet_tcp_info info = info_of(p);
    assert_int_equal(info.state, SEPTET_STATE_established);
    assert_true(info.sack && info.timestamps && info.window_scaling && !info.ecn);
    assert_int_equal(info.snd_wscale, 3);
    assert_int_equal(info.rcv_wscale, 7);
    assert_int_equal(info.snd_wnd, 80000);
    assert_int_equal(info.mss, 988);
    assert_int_equal(info.peer_mss, 1000);
    assert_int_equal(info.path_mtu, 1500);
    assert_int_equal(info.snd_nxt, info.iss + 1);
    assert_int_equal(info.rcv_nxt, info.irs + 1);
    write_all(p, 9880 + 500);
    drain(p);
    advance(p, MS(30));
    inject(p, ACK, .seq = 1, .ack = 989, .length = 100, .window = 10000, .sacks = 1, .sack = {{1977, 5929}});
    info = info_of(p);
    assert_int_equal(info.phase, SEPTET_PHASE_RECOVERY);
    assert_int_equal(info.bytes_acked, 988);
    assert_int_equal(info.delivered, 5 * 988);
    assert_int_equal(info.sacked, 4 * 988);
    assert_int_equal(info.lost, 988);
    assert_int_equal(info.retransmitted, 988);
    assert_int_equal(info.in_flight, 9880 + 500 - 5 * 988);
    assert_int_equal(info.bytes_sent, 9880 + 500 + 988);
    assert_int_equal(info.bytes_retransmitted, 988);
    assert_int_equal(info.total_retransmits, 1);
    assert_int_equal(info.unsent, 0);
    assert_int_equal(info.receive_queue, 100);
    assert_int_equal(info.bytes_received, 100);
    assert_int_equal(info.data_segments_in, 1);
    assert_int_equal(info.data_segments_out, 12);
    assert_int_equal(info.last_rtt, MS(30));
    assert_int_equal(info.since_last_receive, 0);
    assert_int_equal(info.out_of_order, 0);
    advance(p, S(5));
    info = info_of(p);
    assert_true(info.retransmits >= 3);
    assert_int_equal(info.since_last_receive, S(5));
    assert_in_range(info.since_last_ack, S(5) - MS(3), S(5) + MS(3));
    assert_int_equal(info.phase, SEPTET_PHASE_LOSS);
    inject(p, ACK, .seq = 301, .ack = 989, .length = 100, .window = 10000);
    assert_int_equal(info_of(p).out_of_order, 1);
    peer_end(p);
    septet_handle nobody = 77;
    p = peer_new(4, NULL);
    assert_int_equal(septet_tcp_info(p->stack, nobody, &info), SEPTET_STALE);
    peer_end(p);
}

/* Retransmissions, pieces and super-segments are counted as the peer sees them. */
static void counted_as_seen(void **state)
{
    (void)state;
    struct peer *p = sender(NULL);
    write_all(p, 20000);
    uint32_t segments = 0, bytes = 0;
    for (uint32_t i = 0; i < 200; i++) {
        while (take(p) != NULL) {
            segments++;
            bytes += p->last.length;
        }
        if (i % 5 == 0)
            inject_icmp(p, ICMPV4_UNREACHABLE, 4, 900 - i, info_of(p).snd_una - info_of(p).iss);
        if (i % 9 == 0)
            acknowledge(p, info_of(p).snd_una - info_of(p).iss + (info_of(p).snd_nxt != info_of(p).snd_una));
        advance(p, MS(100));
    }
    const struct septet_tcp_info info = info_of(p);
    while (take(p) != NULL) {
        segments++;
        bytes += p->last.length;
    }
    assert_int_equal(info.bytes_sent, bytes);
    assert_int_equal(info.data_segments_out, segments);
    assert_int_equal(info.bytes_sent - info.bytes_retransmitted, info.snd_nxt - info.iss - 1);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paced_segments),  cmocka_unit_test(rates),
        cmocka_unit_test(only_data_waits), cmocka_unit_test(paced_retransmissions),
        cmocka_unit_test(pacing_and_cork), cmocka_unit_test(own_pace),
        cmocka_unit_test(deadline),        cmocka_unit_test(delivery_rate),
        cmocka_unit_test(aggregated_acks), cmocka_unit_test(limited_by_application),
        cmocka_unit_test(numbers),         cmocka_unit_test(counted_as_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
