/* Keep-alive: RFC 9293 section 3.8.4, MUST-24 to MUST-29, SHLD-12. */
#include "support/peer.h"

static void set(struct peer *p, enum septet_option option, int64_t value)
{
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, option, value), SEPTET_OK);
}

/* Keep-alive after 100 s, every 10 s, three times. */
static struct peer *watched(unsigned version)
{
    struct peer *p = peer_new(version, NULL);
    p->offer.mss = 1000;
    passive(p);
    set(p, SEPTET_OPTION_KEEPALIVE, 1);
    set(p, SEPTET_OPTION_KEEPALIVE_IDLE, S(100));
    set(p, SEPTET_OPTION_KEEPALIVE_INTERVAL, S(10));
    set(p, SEPTET_OPTION_KEEPALIVE_COUNT, 3);
    return p;
}

/* MUST-25: off by default. */
static void off_by_default(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    assert_int_equal(septet_deadline(p->stack), SEPTET_NEVER);
    advance(p, S(1000000));
    expect_nothing(p);
    expect_state(p, established);
    peer_end(p);
}

/* MUST-28: two hours at least unless the application says otherwise. */
static void default_interval(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    set(p, SEPTET_OPTION_KEEPALIVE, 1);
    advance(p, S(7200) - 1);
    expect_nothing(p);
    advance(p, 1);
    expect(p, ACK, .seq = 0, .ack = 1, .length = 0, .at = S(7200));
    peer_end(p);
}

/* MUST-24, MUST-27, SHLD-12: probes without data at the times that were asked for; each answer starts the idle time
 * anew. MUST-29: one that is not answered is not death, all of them are. */
static void probes(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = watched(version);
        for (uint32_t i = 1; i <= 3; i++) {
            advance(p, S(100));
            expect(p, ACK, .seq = 0, .ack = 1, .length = 0, .at = i * S(100));
            expect_nothing(p);
            inject(p, ACK, .seq = 1, .ack = 1);
        }
        advance(p, S(110));
        expect(p, ACK, .seq = 0, .at = S(400));
        expect(p, ACK, .seq = 0, .at = S(410));
        inject(p, ACK, .seq = 1, .ack = 1); /* the second is answered */
        advance(p, S(100));
        expect(p, ACK, .seq = 0, .at = S(510));
        advance(p, S(20));
        expect(p, ACK, .seq = 0, .at = S(520));
        expect(p, ACK, .seq = 0, .at = S(530));
        advance(p, S(9));
        expect_state(p, established);
        advance(p, S(1));
        expect(p, RST | ACK, .seq = 1, .at = S(540));
        assert_true(drain_events(p, p->flow->handle) & SEPTET_EVENT_CLOSED);
        assert_int_equal(septet_take_error(p->stack, p->flow->handle), SEPTET_TIMED_OUT);
        assert_int_equal(counted(p, SEPTET_COUNTER_KeepAlives), 8);
        peer_end(p);
    }
}

/* MUST-26: only while nothing comes; anything that comes counts. */
static void interval_restarts(void **state)
{
    (void)state;
    struct peer *p = watched(4);
    advance(p, S(99));
    inject(p, ACK, .seq = 1, .ack = 1);
    advance(p, S(99));
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 10);
    advance(p, S(1));
    expect(p, ACK, .ack = 11);
    advance(p, S(98));
    expect_nothing(p);
    advance(p, S(1));
    expect(p, ACK, .seq = 0, .ack = 11, .at = S(298));
    peer_end(p);
}

/* MUST-26: while data are outstanding the retransmission timer is enough, and while the window is closed the persist
 * timer. */
static void not_beside_other_timers(void **state)
{
    (void)state;
    struct peer *p = watched(4);
    set(p, SEPTET_OPTION_USER_TIMEOUT, 0);
    write_all(p, 100);
    advance(p, S(1000));
    while (take(p) != NULL)
        assert_int_equal(p->last.length, 100);
    assert_int_equal(counted(p, SEPTET_COUNTER_KeepAlives), 0);
    inject(p, ACK, .seq = 1, .ack = 101, .window = 0);
    write_all(p, 100);
    for (uint32_t i = 0; i < 20; i++) {
        advance(p, S(100));
        drain(p);
        inject(p, ACK, .seq = 1, .ack = 101, .window = 0);
    }
    assert_int_equal(counted(p, SEPTET_COUNTER_KeepAlives), 0);
    expect_state(p, established);
    for (uint32_t ack = 101; ack <= 201; ack += 50) { /* it opens: the probe's octet, then the rest */
        inject(p, ACK, .seq = 1, .ack = info_of(p).snd_nxt - info_of(p).iss, .window = 1000);
        drain(p);
    }
    const int64_t idle_since = elapsed(p);
    advance(p, S(150));
    expect(p, ACK, .seq = 200, .length = 0);
    assert_in_range(p->last.time - idle_since, S(100), S(150));
    peer_end(p);
}

/* MUST-24: switched on and off during life; set on a listener it is inherited, S74. */
static void switched(void **state)
{
    (void)state;
    struct peer *p = watched(4);
    set(p, SEPTET_OPTION_KEEPALIVE, 0);
    advance(p, S(1000));
    expect_nothing(p);
    set(p, SEPTET_OPTION_KEEPALIVE, 1); /* idle for long enough already */
    advance(p, 0);
    expect(p, ACK, .seq = 0, .at = S(1000));
    set(p, SEPTET_OPTION_KEEPALIVE, 0);
    advance(p, S(1000));
    expect_nothing(p);
    expect_state(p, established);
    peer_end(p);

    p = peer_new(4, NULL);
    listen_on(p, 80);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_KEEPALIVE, 1), SEPTET_OK);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_KEEPALIVE_IDLE, S(5)), SEPTET_OK);
    passive(p);
    advance(p, S(5));
    expect(p, ACK, .seq = 0, .at = S(5));
    peer_end(p);
}

/* A half-closed peer is watched too. */
static void half_closed(void **state)
{
    (void)state;
    struct peer *p = watched(4);
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, FIN | ACK, .seq = 1);
    inject(p, ACK, .seq = 1, .ack = 2);
    expect_state(p, fin_wait_2);
    advance(p, S(100));
    expect(p, ACK, .seq = 1, .length = 0, .at = S(100));
    advance(p, S(30));
    assert_int_equal(drain(p), 3);
    expect_state(p, closed);
    peer_end(p);
}

/* The receiving side, MAY-6: probes with and without an octet are answered. */
static void answers(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    inject(p, ACK, .seq = 0, .ack = 1);
    expect(p, ACK, .seq = 1, .ack = 1);
    advance(p, S(1));
    inject(p, ACK, .seq = 0, .ack = 1, .length = 1);
    expect(p, ACK, .seq = 1, .ack = 1);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_by_default),
        cmocka_unit_test(default_interval),
        cmocka_unit_test(probes),
        cmocka_unit_test(interval_restarts),
        cmocka_unit_test(not_beside_other_timers),
        cmocka_unit_test(switched),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
