/* How a byte stream is cut into segments, and when they leave: Nagle in Minshall's form (SHLD-7), NODELAY (MUST-17),
 * corks, PSH (MUST-60, MUST-61, SHLD-27, SHLD-28), and when they are acknowledged: MUST-40, MUST-58, SHLD-18, SHLD-19.
 */
#include "support/peer.h"

static struct peer *established(void)
{
    struct peer *p = peer_new(4, NULL);
    p->offer.mss = 1000;
    passive(p);
    return p;
}

static void acknowledge(struct peer *p, uint32_t ack) { inject(p, ACK, .seq = 1, .ack = ack); }

static void set(struct peer *p, enum septet_option option, int64_t value)
{
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, option, value), SEPTET_OK);
}

/* ---- sending ---- */

/* MUST-60: what is written leaves at once when nothing is in flight; MUST-61: PSH on the last segment of it. */
static void pushed_at_once(void **state)
{
    (void)state;
    struct peer *p = established();
    write_all(p, 10);
    expect(p, ACK | PSH, .seq = 1, .length = 10, .at = 0);
    acknowledge(p, 11);
    write_all(p, 4500);
    for (uint32_t seq = 11; seq < 4011; seq += 1000)
        expect(p, ACK, .seq = seq, .length = 1000);
    expect(p, ACK | PSH, .seq = 4011, .length = 500);
    acknowledge(p, 4511);
    write_all(p, 2000); /* also a full one */
    expect(p, ACK, .seq = 4511, .length = 1000);
    expect(p, ACK | PSH, .seq = 5511, .length = 1000);
    peer_end(p);
}

/* SHLD-7: while a short segment is unacknowledged, another waits for its ACK, or until it is a full one. */
static void minshall(void **state)
{
    (void)state;
    struct peer *p = established();
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .length = 100);
    for (uint32_t i = 0; i < 9; i++) {
        write_all(p, 100);
        expect_nothing(p);
    }
    write_all(p, 150); /* SHLD-28: small writes make full segments */
    expect(p, ACK, .seq = 101, .length = 1000);
    expect_nothing(p);
    acknowledge(p, 101); /* the short one */
    expect(p, ACK | PSH, .seq = 1101, .length = 50);
    write_all(p, 10);
    expect_nothing(p);
    acknowledge(p, 1101);
    expect_nothing(p);
    acknowledge(p, 1151);
    expect(p, ACK | PSH, .seq = 1151, .length = 10);
    peer_end(p);
}

/* Minshall's difference to Nagle: full segments in flight hold nothing back, so the tail of a write goes at once. */
static void tail_of_a_write(void **state)
{
    (void)state;
    struct peer *p = established();
    write_all(p, 2000);
    assert_int_equal(drain(p), 2);
    write_all(p, 300);
    expect(p, ACK | PSH, .seq = 2001, .length = 300);
    write_all(p, 2300);
    expect(p, ACK, .seq = 2301, .length = 1000);
    expect(p, ACK, .seq = 3301, .length = 1000);
    expect_nothing(p); /* the second short one */
    acknowledge(p, 2301);
    expect(p, ACK | PSH, .seq = 4301, .length = 300);
    peer_end(p);
}

/* MUST-17: NODELAY, also set while something is held back. */
static void no_delay(void **state)
{
    (void)state;
    struct peer *p = established();
    set(p, SEPTET_OPTION_NODELAY, 1);
    for (uint32_t i = 0; i < 10; i++) {
        write_all(p, 1);
        expect(p, ACK | PSH, .seq = 1 + i, .length = 1);
    }
    set(p, SEPTET_OPTION_NODELAY, 0);
    write_all(p, 1);
    expect_nothing(p);
    set(p, SEPTET_OPTION_NODELAY, 1);
    expect(p, ACK | PSH, .seq = 11, .length = 1);
    peer_end(p);
}

/* What is held back goes with the retransmission timer's help at the latest: never for ever (MUST-60). */
static void held_until_timeout(void **state)
{
    (void)state;
    struct peer *p = established();
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .length = 100);
    write_all(p, 100);
    expect_nothing(p);
    advance(p, S(1));
    expect(p, ACK, .seq = 1, .length = 100);
    acknowledge(p, 101);
    expect(p, ACK | PSH, .seq = 101, .length = 100);
    peer_end(p);
}

/* A FIN takes the held bytes along. */
static void fin_flushes(void **state)
{
    (void)state;
    struct peer *p = established();
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .length = 100);
    write_all(p, 100);
    expect_nothing(p);
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, FIN | ACK | PSH, .seq = 101, .length = 100);
    peer_end(p);
}

/* CORK, S87-S89: full segments leave, a short one waits, for 200 ms at most; uncorking sends it. SHLD-27: one PSH. */
static void cork(void **state)
{
    (void)state;
    struct peer *p = established();
    set(p, SEPTET_OPTION_NODELAY, 1); /* the cork is stronger */
    set(p, SEPTET_OPTION_CORK, 1);
    for (uint32_t i = 0; i < 3; i++)
        write_all(p, 100);
    expect_nothing(p);
    set(p, SEPTET_OPTION_CORK, 0);
    expect(p, ACK | PSH, .seq = 1, .length = 300);
    acknowledge(p, 301);
    set(p, SEPTET_OPTION_CORK, 1);
    write_all(p, 1200);
    expect(p, ACK, .seq = 301, .length = 1000);
    expect_nothing(p);
    acknowledge(p, 1301);
    advance(p, MS(199));
    expect_nothing(p);
    advance(p, MS(1));
    expect(p, ACK | PSH, .seq = 1301, .length = 200, .at = MS(200));
    acknowledge(p, 1501);
    write_all(p, 100); /* still corked */
    expect_nothing(p);
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, FIN | ACK | PSH, .seq = 1501, .length = 100);
    peer_end(p);
}

/* MORE: a cork for one send. */
static void more(void **state)
{
    (void)state;
    struct peer *p = established();
    assert_int_equal(write_some(p, 100, SEPTET_SEND_MORE), 100);
    expect_nothing(p);
    assert_int_equal(write_some(p, 100, 0), 100);
    expect(p, ACK | PSH, .seq = 1, .length = 200);
    acknowledge(p, 201);
    assert_int_equal(write_some(p, 100, SEPTET_SEND_MORE), 100);
    advance(p, MS(200));
    expect(p, ACK | PSH, .seq = 201, .length = 100, .at = MS(200));
    acknowledge(p, 301);
    assert_int_equal(write_some(p, 1000, SEPTET_SEND_MORE), 1000);
    expect(p, ACK | PSH, .seq = 301, .length = 1000); /* nothing to wait for */
    peer_end(p);
}

/* A segment is never longer than the peer asked for, whatever is offered: MUST-16, with and without options. */
static void segment_sizes(void **state)
{
    (void)state;
    static const struct {
        uint32_t mtu, mss;
        bool timestamps;
        uint32_t payload;
    } cases[] = {
        {1500, 1460, false, 1460}, {1500, 1460, true, 1448}, {1500, 9000, false, 1460}, {1500, 1000, true, 988},
        {1500, 0, false, 536},     {1500, 0, true, 524},     {1500, 20, false, 64},     {9000, 8960, true, 8948},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = peer_new_link(4, NULL, cases[i].mtu, 0);
        p->offer.mss = cases[i].mss;
        p->offer.timestamps = cases[i].timestamps;
        passive(p);
        write_all(p, 3 * cases[i].payload);
        for (uint32_t j = 0; j < 2; j++)
            expect(p, ACK, .seq = 1 + j * cases[i].payload, .length = cases[i].payload);
        peer_end(p);
    }
}

/* ---- acknowledging ---- */

/* MUST-40, SHLD-18: one segment is acknowledged late, within half a second; SHLD-19: every second at once. */
static void delayed_ack(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        p->offer.mss = 1000;
        passive(p);
        inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
        expect_nothing(p);
        advance(p, MS(39));
        expect_nothing(p);
        advance(p, MS(1));
        expect(p, ACK, .seq = 1, .ack = 1001, .at = MS(40));
        assert_int_equal(counted(p, SEPTET_COUNTER_DelayedACKs), 1);
        for (uint32_t seq = 1001; seq < 21001; seq += 1000) {
            inject(p, ACK, .seq = seq, .ack = 1, .length = 1000);
            if (seq % 2000 == 1)
                expect(p, ACK, .seq = 1, .ack = seq + 1000);
            else
                expect_nothing(p);
        }
        advance(p, S(1));
        expect_nothing(p);
        peer_end(p);
    }
}

/* SHLD-19: twice the largest payload seen counts, however many segments it comes in. */
static void bytes_count_too(void **state)
{
    (void)state;
    struct peer *p = established();
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    advance(p, MS(40));
    expect(p, ACK, .ack = 1001);
    inject(p, ACK, .seq = 1001, .ack = 1, .length = 10);
    expect_nothing(p);
    inject(p, ACK, .seq = 1011, .ack = 1, .length = 10);
    expect(p, ACK, .ack = 1021);
    peer_end(p);
}

/* MUST-58: a batch is acknowledged once. */
static void batch(void **state)
{
    (void)state;
    struct peer *p = established();
    hold(p);
    for (uint32_t i = 0; i < 32; i++)
        inject(p, ACK, .seq = 1 + i * 1000, .ack = 1, .length = 1000);
    let_go(p);
    expect(p, ACK, .ack = 32001);
    expect_nothing(p);
    advance(p, S(1));
    expect_nothing(p);
    peer_end(p);
}

/* Data carry the ACK, and nothing of it comes later. */
static void piggyback(void **state)
{
    (void)state;
    struct peer *p = established();
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .ack = 101, .length = 100);
    advance(p, MS(500));
    expect_nothing(p);
    peer_end(p);
}

/* QUICKACK. */
static void quick_ack(void **state)
{
    (void)state;
    struct peer *p = established();
    set(p, SEPTET_OPTION_QUICKACK, 1);
    for (uint32_t i = 0; i < 5; i++) {
        inject(p, ACK, .seq = 1 + i * 100, .ack = 1, .length = 100);
        expect(p, ACK, .ack = 101 + i * 100);
    }
    peer_end(p);
}

/* At once: a FIN, a duplicate, what lies beyond a hole, what fills it. Bare ACKs are never acknowledged. */
static void immediate_acks(void **state)
{
    (void)state;
    struct peer *p = established();
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100);
    expect_nothing(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100);
    expect(p, ACK, .ack = 101);
    inject(p, ACK, .seq = 201, .ack = 1, .length = 100);
    expect(p, ACK, .ack = 101);
    inject(p, ACK, .seq = 101, .ack = 1, .length = 100);
    expect(p, ACK, .ack = 301);
    for (uint32_t i = 0; i < 10; i++)
        inject(p, ACK, .seq = 301, .ack = 1);
    expect_nothing(p);
    inject(p, ACK | FIN, .seq = 301, .ack = 1);
    expect(p, ACK, .ack = 302);
    peer_end(p);
}

/* The delay is a configuration value, 0 included. */
static void other_delays(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    for (int64_t delay = 0; delay < MS(500); delay += MS(249)) {
        config.tcp.delayed_ack = delay;
        struct peer *p = peer_new(4, &config);
        passive(p);
        inject(p, ACK, .seq = 1, .ack = 1, .length = 100);
        advance(p, delay);
        expect(p, ACK, .ack = 101, .at = delay);
        peer_end(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushed_at_once),
        cmocka_unit_test(minshall),
        cmocka_unit_test(tail_of_a_write),
        cmocka_unit_test(no_delay),
        cmocka_unit_test(held_until_timeout),
        cmocka_unit_test(fin_flushes),
        cmocka_unit_test(cork),
        cmocka_unit_test(more),
        cmocka_unit_test(segment_sizes),
        cmocka_unit_test(delayed_ack),
        cmocka_unit_test(bytes_count_too),
        cmocka_unit_test(batch),
        cmocka_unit_test(piggyback),
        cmocka_unit_test(quick_ack),
        cmocka_unit_test(immediate_acks),
        cmocka_unit_test(other_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
