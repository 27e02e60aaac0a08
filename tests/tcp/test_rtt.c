/* MUST-18: round-trip times, Karn's rule, the retransmission timeout and its back-off, RFC 6298. */
#include "support/peer.h"

static void acknowledge(struct peer *p, uint32_t ack) { inject(p, ACK, .seq = 1, .ack = ack); }

static struct peer *sender(unsigned version, const struct septet_config *config, bool timestamps)
{
    struct peer *p = peer_new(version, config);
    p->offer.mss = 1000;
    p->offer.timestamps = timestamps;
    passive(p);
    return p;
}

/* Section 2, in numbers with fractions. */
struct reference {
    double srtt, rttvar, rto;
    bool any;
};

static void reference_sample(struct reference *r, double sample, double granularity, double least, double most)
{
    if (!r->any) {
        r->srtt = sample;
        r->rttvar = sample / 2;
        r->any = true;
    } else {
        const double error = r->srtt > sample ? r->srtt - sample : sample - r->srtt;
        r->rttvar = 0.75 * r->rttvar + 0.25 * error;
        r->srtt = 0.875 * r->srtt + 0.125 * sample;
    }
    r->rto = r->srtt + (4 * r->rttvar > granularity ? 4 * r->rttvar : granularity);
    r->rto = r->rto < least ? least : r->rto > most ? most : r->rto;
}

#define about(value, wanted) \
    assert_in_range(value, (wanted) > US(40) ? (int64_t)(wanted)-US(40) : 0, (int64_t)(wanted) + US(40))

/* Sections 2.1 to 2.4 over a hundred round trips from microseconds to seconds. */
static void reference_trace(void **state)
{
    (void)state;
    for (unsigned granularity = 0; granularity < 2; granularity++) {
        struct septet_config config;
        peer_config(&config);
        config.clock_granularity = granularity ? MS(10) : US(1);
        config.tcp.rto_minimum = granularity ? MS(1) : MS(200);
        config.tcp.rto_maximum = S(3);
        struct peer *p = sender(4, &config, false);
        struct reference r = {0};
        uint32_t random = 1;
        int64_t rtt = MS(100);
        assert_int_equal(info_of(p).rto, S(1)); /* 2.1 */
        for (uint32_t i = 0; i < 100; i++) {
            write_all(p, 100);
            expect(p, ACK | PSH, .seq = 1 + i * 100, .length = 100);
            random = random * 1103515245 + 12345;
            rtt = i < 20   ? MS(100)
                  : i < 40 ? rtt / 2 + 1000
                  : i < 60 ? MS(1 + random % 50)
                           : US(1000000) + US(random % 900000);
            advance(p, rtt);
            if (take(p) != NULL) { /* it was too late: Karn, see below */
                drain(p);
                acknowledge(p, 101 + i * 100);
                continue;
            }
            acknowledge(p, 101 + i * 100);
            reference_sample(&r, (double)rtt, (double)config.clock_granularity, (double)config.tcp.rto_minimum, 3e9);
            about(info_of(p).last_rtt, rtt);
            about(info_of(p).srtt, r.srtt);
            about(info_of(p).rttvar, r.rttvar);
            about(info_of(p).rto, r.rto);
        }
        assert_true(info_of(p).srtt > S(1));
        peer_end(p);
    }
}

/* 5.1 to 5.3: the timer runs from the first segment, begins anew with each ACK of something new, and ends with the
 * last. 5.5: it doubles, up to the maximum. */
static void timer_rules(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.user_timeout = 0;
    struct peer *p = sender(6, &config, false);
    write_all(p, 1000);
    expect(p, ACK | PSH, .seq = 1, .length = 1000);
    advance(p, MS(300));
    acknowledge(p, 1001); /* RTO is now 300 + 4 * 150 */
    assert_int_equal(info_of(p).rto, MS(900));
    expect_nothing(p);
    write_all(p, 1000);
    expect(p, ACK | PSH, .seq = 1001, .length = 1000, .at = MS(300));
    advance(p, MS(500));
    write_all(p, 1000); /* does not restart it */
    expect(p, ACK | PSH, .seq = 2001, .length = 1000, .at = MS(800));
    advance(p, MS(400));
    expect(p, ACK, .seq = 1001, .length = 1000, .at = MS(1200));
    acknowledge(p, 2001); /* restarts it, still doubled: the retransmission measured nothing */
    expect(p, ACK | PSH, .seq = 2001, .length = 1000, .at = MS(1200));
    int64_t at = MS(1200), wait = MS(1800);
    for (uint32_t i = 0; i < 12; i++) {
        at += wait;
        advance(p, wait);
        expect(p, ACK | PSH, .seq = 2001, .length = 1000, .at = at);
        wait = wait * 2 > S(120) ? S(120) : wait * 2;
    }
    assert_int_equal(info_of(p).rto, S(120));
    acknowledge(p, 3001);
    advance(p, S(600));
    expect_nothing(p);
    assert_int_equal(septet_deadline(p->stack), SEPTET_NEVER);
    peer_end(p);
}

/* Section 3, Karn: no sample from what was sent twice; the back-off stays until something new is measured. */
static void karn(void **state)
{
    (void)state;
    struct peer *p = sender(4, NULL, false);
    write_all(p, 1000);
    advance(p, S(3));
    assert_int_equal(drain(p), 3); /* at 0, 1 and 3 s */
    acknowledge(p, 1001);
    assert_int_equal(info_of(p).srtt, 0);
    assert_int_equal(info_of(p).rto, S(4));
    write_all(p, 1000);
    expect(p, ACK | PSH, .seq = 1001, .length = 1000);
    advance(p, MS(100));
    acknowledge(p, 2001);
    assert_int_equal(info_of(p).srtt, MS(100));
    assert_int_equal(info_of(p).rto, MS(300));
    peer_end(p);
}

/* With timestamps the echo says which transmission it was (RFC 7323 section 4.1). */
static void timestamps_disambiguate(void **state)
{
    (void)state;
    struct peer *p = sender(4, NULL, true);
    advance(p, MS(50));
    write_all(p, 988);
    advance(p, S(1));
    drain(p); /* at 50 ms and 1000 ms later: the echo is of the second */
    assert_int_equal(p->flow->ts_recent, p->last.options.ts_val);
    advance(p, MS(70));
    acknowledge(p, 989);
    const struct septet_tcp_info info = info_of(p);
    assert_true(info.last_rtt >= MS(70) && info.last_rtt <= MS(900));
    assert_int_equal(info.retransmits, 0);
    peer_end(p);
}

/* An echo of something that was never said measures nothing. */
static void nonsense_echoes(void **state)
{
    (void)state;
    struct peer *p = sender(4, NULL, true);
    const int64_t before = info_of(p).last_rtt;
    for (uint32_t i = 0; i < 3; i++) {
        write_all(p, 988);
        expect(p, ACK | PSH, .length = 988);
        advance(p, info_of(p).rto);
        drain(p);
        inject(p, ACK, .seq = 1, .ack = p->flow->written + 1,
               .ts_ecr = (int64_t)(uint32_t)(p->flow->ts_recent + (i == 0   ? 5000
                                                                   : i == 1 ? 0x80000000u
                                                                            : 0x7fffffffu)));
        assert_int_equal(info_of(p).last_rtt, before);
    }
    peer_end(p);
}

/* An ACK that fills a hole came late because of the hole: it measures nothing. */
static void hole_filled_measures_nothing(void **state)
{
    (void)state;
    struct peer *p = sender(4, NULL, false);
    write_all(p, 10000);
    assert_int_equal(drain(p), 10);
    advance(p, MS(10));
    for (uint32_t i = 0; i < 9; i++) /* the first is lost */
        acknowledge(p, 1);
    drain(p);
    advance(p, MS(500));
    acknowledge(p, 10001);
    assert_int_equal(info_of(p).srtt, 0);
    peer_end(p);
}

/* What is SACKed is measured as well. */
static void sacked_segments_measure(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.mss = 1000;
    p->offer.sack = true;
    passive(p);
    write_all(p, 5000);
    drain(p);
    advance(p, MS(40));
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = {{1001, 2001}});
    assert_int_equal(info_of(p).srtt, MS(40));
    peer_end(p);
}

/* The handshake measures too: an active open its SYN, a passive one by timestamps. A repeated SYN does not. */
static void handshake_measures(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN);
    advance(p, MS(120));
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1000);
    assert_int_equal(info_of(p).srtt, MS(120));
    assert_int_equal(info_of(p).rto, MS(360));
    peer_end(p);

    p = peer_new(4, NULL);
    p->flow->timestamps = true;
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1000);
    expect(p, SYN | ACK);
    advance(p, MS(120));
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    assert_int_equal(info_of(p).srtt, MS(120));
    peer_end(p);

    p = peer_new(4, NULL);
    connect_out(p);
    advance(p, S(1));
    drain(p);
    advance(p, MS(120));
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1000);
    assert_int_equal(info_of(p).srtt, 0);
    peer_end(p);
}

/* 5.7: after a repeated SYN the timeout is 3 seconds for data, and RFC 5681 3.1 begins with one segment. Both ways. */
static void after_repeated_syn(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .at = 0);
    advance(p, S(1));
    expect(p, SYN, .at = S(1));
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1000);
    expect(p, ACK);
    write_all(p, 3000);
    expect(p, ACK, .seq = 1, .length = 1000);
    expect_nothing(p);
    advance(p, S(3));
    expect(p, ACK, .seq = 1, .length = 1000, .at = S(4));
    peer_end(p);

    p = peer_new(6, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1000);
    expect(p, SYN | ACK);
    advance(p, MS(1002));
    expect(p, SYN | ACK);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    write_all(p, 3000);
    expect(p, ACK, .seq = 1, .length = 1000);
    expect_nothing(p);
    advance(p, S(3));
    expect(p, ACK, .seq = 1, .length = 1000);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_trace),
        cmocka_unit_test(timer_rules),
        cmocka_unit_test(karn),
        cmocka_unit_test(timestamps_disambiguate),
        cmocka_unit_test(nonsense_echoes),
        cmocka_unit_test(hole_filled_measures_nothing),
        cmocka_unit_test(sacked_segments_measure),
        cmocka_unit_test(handshake_measures),
        cmocka_unit_test(after_repeated_syn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
