/* TIME-WAIT: RFC 9293 sections 3.6.1 and 3.10.7.4, RFC 1337, RFC 6191. Each test runs with the handle held, where the
 * connection keeps its record, and without, where it lives on in compact form. */
#include "support/peer.h"

enum form { HELD, COMPACT, FORMS };

/* A connection in TIME-WAIT: the stack's next number is 2, the peer's too. */
static struct peer *wait_for(enum form form, bool timestamps)
{
    struct peer *p = peer_new(4, NULL);
    p->offer.timestamps = timestamps;
    passive(p);
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, FIN | ACK, .seq = 1, .ack = 2);
    expect(p, ACK, .seq = 2, .ack = 2);
    drain_events(p, 0);
    expect_state(p, time_wait);
    if (form == COMPACT)
        assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
    expect_nothing(p);
    assert_int_equal(usage_of(p).connections, form == HELD);
    assert_int_equal(usage_of(p).time_wait, form == COMPACT);
    return p;
}

static bool waits(struct peer *p)
{
    return usage_of(p).time_wait == 1 || septet_state(p->stack, p->flow->handle) == SEPTET_STATE_time_wait;
}

/* MUST-13: 2 MSL; then the connection is unknown. */
static void two_msl(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        advance(p, S(60) - MS(1));
        assert_true(waits(p));
        advance(p, MS(3));
        assert_false(waits(p));
        inject(p, FIN | ACK, .seq = 1, .ack = 2);
        expect(p, RST, .seq = 2);
        peer_end(p);
    }
}

/* MUST-13 (W76): the peer's FIN again is acknowledged and starts the wait anew. */
static void repeated_fin_restarts(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, true);
        advance(p, S(40));
        inject(p, FIN | ACK, .seq = 1, .ack = 2);
        expect(p, ACK, .seq = 2, .ack = 2, .timestamps = 1);
        advance(p, S(59));
        assert_true(waits(p));
        advance(p, S(2));
        assert_false(waits(p));
        peer_end(p);
    }
}

/* A FIN that is not the peer's does not keep the connection from ending. */
static void foreign_fin_does_not_restart(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        advance(p, S(40));
        inject(p, FIN | ACK, .seq = 0x40000000, .ack = 2);
        drain(p);
        advance(p, S(21));
        assert_false(waits(p));
        peer_end(p);
    }
}

/* A12, RFC 1337: no RST ends TIME-WAIT, not even an exact one (Linux fails here, W79). */
static void assassination(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        inject(p, ACK, .seq = 1, .ack = 1, .length = 1); /* an old duplicate */
        expect(p, ACK, .seq = 2, .ack = 2);
        inject(p, RST, .seq = 2); /* which the peer, long gone, would answer with this */
        inject(p, RST | ACK, .seq = 2, .ack = 2);
        inject(p, RST, .seq = 100);
        expect_nothing(p);
        assert_true(waits(p));
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_time_wait_rst), 3);
        peer_end(p);
    }
}

/* What is not a SYN or FIN: ACKs are for nobody, strays out of the window are answered at a limited rate. */
static void strays(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        inject(p, ACK, .seq = 2, .ack = 2);
        inject(p, 0, .seq = 2);
        expect_nothing(p);
        advance(p, S(1));
        for (uint32_t i = 0; i < 10; i++)
            inject(p, ACK, .seq = 0x50000000 + i, .ack = 2);
        expect(p, ACK, .seq = 2, .ack = 2);
        expect_nothing(p);
        advance(p, S(60));
        assert_false(waits(p));
        peer_end(p);
    }
}

/* MAY-2: a SYN above the old numbers opens anew, and our ISS is above SND.NXT. */
static void newer_syn(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        const uint32_t old = p->flow->irs + 2;
        drain_events(p, 0);
        inject(p, SYN, .seq = 3, .mss = 1460);
        const struct seen *seen = expect(p, SYN | ACK, .seq = 0, .ack = 4);
        assert_true((int32_t)(seen->iss - old) > 0);
        if (form == HELD)
            expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_OK);
        const septet_handle before = p->flow->handle;
        inject(p, ACK, .seq = 4, .ack = 1, .length = 5);
        accept_one(p);
        assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 5);
        assert_int_equal(usage_of(p).time_wait, 0);
        septet_close(p->stack, before);
        peer_end(p);
    }
}

/* A SYN that the listener has no room for takes nobody's place: the old connection still waits. */
static void newer_syn_without_room(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        struct flow *old = p->flow;
        assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_BACKLOG, 1), SEPTET_OK);
        flow_use(p, flow_new(p, 80, 50000));
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, SYN | ACK, .seq = 0, .ack = 1);
        inject(p, ACK, .seq = 1, .ack = 1);
        flow_use(p, old);
        inject(p, SYN, .seq = 3, .mss = 1460);
        expect_nothing(p);
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_backlog), 1);
        assert_true(waits(p));
        peer_end(p);
    }
}

/* MAY-2 (W78): an older SYN is a duplicate: it is answered with an ACK. */
static void older_syn(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, ACK, .seq = 2, .ack = 2);
        assert_true(waits(p));
        advance(p, S(1));
        inject(p, SYN, .seq = 2 - 0x10000000u, .mss = 1460);
        expect(p, ACK, .seq = 2, .ack = 2);
        inject(p, SYN | ACK, .seq = 3, .ack = 2); /* opens nothing, newer or not */
        inject(p, SYN | FIN, .seq = 3);
        inject(p, SYN | RST, .seq = 3);
        expect_nothing(p);
        assert_true(waits(p));
        peer_end(p);
    }
}

/* SHLD-4, RFC 6191: with timestamps they decide, whatever the sequence number; equal ones leave it to that. */
static void timestamps_decide(void **state)
{
    (void)state;
    static const struct {
        int64_t ts_val; /* the old connection's last is 0xfffff000 */
        uint32_t seq;
        bool opens;
    } cases[] = {
        {0xfffff001, 0x90000000, true}, {0xfffff001, 3, true},  {0xffffeffe, 3, false},
        {0xfffff000, 3, true},          {0xfffff000, 1, false}, {5, 0x90000000, true},
    };
    for (enum form form = HELD; form < FORMS; form++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct peer *p = wait_for(form, true);
            inject(p, SYN, .seq = cases[i].seq, .mss = 1460, .ts_val = cases[i].ts_val, .ts_ecr = 0);
            if (cases[i].opens)
                expect(p, SYN | ACK, .seq = 0, .ack = cases[i].seq + 1, .ts_ecr = cases[i].ts_val);
            else
                expect(p, ACK, .seq = 2, .ack = 2);
            assert_int_equal(waits(p), !cases[i].opens);
            peer_end(p);
        }
    }
}

/* RFC 6191: a SYN with timestamps is newer than a connection that had none; one without is judged by its number. */
static void timestamps_on_one_side(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        inject(p, SYN, .seq = 0x90000000, .mss = 1460, .ts_val = 77, .ts_ecr = 0);
        expect(p, SYN | ACK, .seq = 0, .ack = 0x90000001, .ts_ecr = 77);
        peer_end(p);
        p = wait_for(form, true);
        inject(p, SYN, .seq = 0x90000000, .mss = 1460, .no_timestamps = true);
        expect_nothing(p);
        inject(p, SYN, .seq = 3, .mss = 1460, .no_timestamps = true);
        expect(p, SYN | ACK, .seq = 0, .ack = 4, .timestamps = 0);
        peer_end(p);
    }
}

/* Without a listener nothing takes its place. */
static void newer_syn_without_listener(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        assert_int_equal(septet_close(p->stack, p->listener), SEPTET_OK);
        p->listener = 0;
        inject(p, SYN, .seq = 3, .mss = 1460);
        expect(p, ACK, .seq = 2, .ack = 2);
        assert_true(waits(p));
        peer_end(p);
    }
}

/* The tuple is taken for the application too. */
static void tuple_is_in_use(void **state)
{
    (void)state;
    for (enum form form = HELD; form < FORMS; form++) {
        struct peer *p = wait_for(form, false);
        septet_handle handle;
        assert_int_equal(septet_connect(p->stack, NULL, 80, &p->theirs, p->flow->peer_port, &handle),
                         SEPTET_ADDRESS_IN_USE);
        peer_end(p);
    }
}

/* By way of CLOSING, and with the handle let go early: compact at once, by each road to TIME-WAIT. */
static void compact_by_every_road(void **state)
{
    (void)state;
    for (uint32_t road = 0; road < 3; road++) {
        struct peer *p = peer_new(6, NULL);
        passive(p);
        assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
        expect(p, FIN | ACK, .seq = 1, .ack = 1);
        if (road == 0) {
            inject(p, FIN | ACK, .seq = 1, .ack = 2);
        } else if (road == 1) {
            inject(p, ACK, .seq = 1, .ack = 2);
            inject(p, FIN | ACK, .seq = 1, .ack = 2);
        } else {
            inject(p, FIN | ACK, .seq = 1, .ack = 1);
            expect(p, ACK, .seq = 2, .ack = 2);
            inject(p, ACK, .seq = 2, .ack = 2);
        }
        if (road < 2)
            expect(p, ACK, .seq = 2, .ack = 2);
        expect_nothing(p);
        assert_int_equal(usage_of(p).connections, 0);
        assert_int_equal(usage_of(p).time_wait, 1);
        assert_true(usage_of(p).compact_size <= 64);
        peer_end(p);
    }
}

/* A late close() waits the rest of its time, not longer and not shorter. */
static void late_close(void **state)
{
    (void)state;
    struct peer *p = wait_for(HELD, false);
    advance(p, S(30));
    flow_use(p, flow_new(p, 80, 40001));
    passive(p);
    septet_close(p->stack, p->flow->handle);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, FIN | ACK, .seq = 1, .ack = 2);
    expect(p, ACK, .seq = 2, .ack = 2);
    assert_int_equal(usage_of(p).time_wait, 1);
    flow_use(p, &p->flows[0]);
    septet_close(p->stack, p->flow->handle);
    expect_nothing(p);
    advance(p, S(29));
    assert_int_equal(usage_of(p).connections + usage_of(p).time_wait, 2);
    advance(p, S(2));
    assert_int_equal(usage_of(p).connections, 0);
    assert_int_equal(usage_of(p).time_wait, 1);
    advance(p, S(30));
    assert_int_equal(usage_of(p).time_wait, 0);
    peer_end(p);
}

/* More connections in TIME-WAIT than there is compact room: the others keep their records. */
static void more_than_room(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.time_wait = 3;
    struct peer *p = peer_new(4, &config);
    for (uint16_t i = 0; i < 5; i++) {
        flow_use(p, flow_new(p, 80, (uint16_t)(41000 + i)));
        passive(p);
        septet_close(p->stack, p->flow->handle);
        expect(p, FIN | ACK, .seq = 1, .ack = 1);
        inject(p, FIN | ACK, .seq = 1, .ack = 2);
        expect(p, ACK, .seq = 2, .ack = 2);
    }
    expect_nothing(p);
    assert_int_equal(usage_of(p).time_wait, 3);
    assert_int_equal(usage_of(p).connections, 2);
    inject(p, FIN | ACK, .seq = 1, .ack = 2);
    expect(p, ACK, .seq = 2, .ack = 2);
    advance(p, S(62));
    assert_int_equal(usage_of(p).time_wait + usage_of(p).connections, 0);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_msl),
        cmocka_unit_test(repeated_fin_restarts),
        cmocka_unit_test(foreign_fin_does_not_restart),
        cmocka_unit_test(assassination),
        cmocka_unit_test(strays),
        cmocka_unit_test(newer_syn),
        cmocka_unit_test(newer_syn_without_room),
        cmocka_unit_test(older_syn),
        cmocka_unit_test(timestamps_decide),
        cmocka_unit_test(timestamps_on_one_side),
        cmocka_unit_test(newer_syn_without_listener),
        cmocka_unit_test(tuple_is_in_use),
        cmocka_unit_test(compact_by_every_road),
        cmocka_unit_test(late_close),
        cmocka_unit_test(more_than_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
