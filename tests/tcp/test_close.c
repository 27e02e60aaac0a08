/* Closing: RFC 9293 sections 3.6, 3.10.4 and 3.10.5, and what the application is told. */
#include "support/peer.h"

#define CLOSED SEPTET_EVENT_CLOSED
#define READABLE SEPTET_EVENT_READABLE
#define PEER_CLOSED SEPTET_EVENT_PEER_CLOSED
#define ACKNOWLEDGED SEPTET_EVENT_ACKNOWLEDGED

static void shut(struct peer *p) { assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK); }
static void let_handle_go(struct peer *p) { assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK); }

/* An established connection, opened by the peer. */
static struct peer *open_one(void)
{
    struct peer *p = peer_new(4, NULL);
    passive(p);
    return p;
}

/* Brings an established connection to a state; the peer's next number is 1, or 2 behind its FIN. */
static struct peer *bring_to(enum septet_state state)
{
    struct peer *p = open_one();
    const bool peer_first = state == SEPTET_STATE_close_wait || state == SEPTET_STATE_last_ack;
    if (peer_first) {
        inject(p, FIN | ACK, .seq = 1, .ack = 1);
        expect(p, ACK, .seq = 1, .ack = 2);
    }
    if (state != SEPTET_STATE_established && state != SEPTET_STATE_close_wait) {
        shut(p);
        expect(p, FIN | ACK, .seq = 1, .ack = peer_first ? 2 : 1);
    }
    if (state == SEPTET_STATE_closing || state == SEPTET_STATE_time_wait) {
        inject(p, FIN | ACK, .seq = 1, .ack = state == SEPTET_STATE_closing ? 1 : 2);
        expect(p, ACK, .seq = 2, .ack = 2);
    }
    if (state == SEPTET_STATE_fin_wait_2)
        inject(p, ACK, .seq = 1, .ack = 2);
    assert_int_equal(septet_state(p->stack, p->flow->handle), state);
    drain_events(p, 0);
    return p;
}

/* Figure 12, side A, the handle held to the end. */
static void active_close(void **state)
{
    (void)state;
    struct peer *p = peer_new(6, NULL);
    active(p);
    shut(p);
    expect_state(p, fin_wait_1);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 2);
    expect_nothing(p);
    expect_state(p, fin_wait_2);
    expect_event(p, p->flow->handle, ACKNOWLEDGED, SEPTET_OK);
    inject(p, FIN | ACK, .seq = 1, .ack = 2);
    expect(p, ACK, .seq = 2, .ack = 2);
    expect_state(p, time_wait);
    expect_event(p, p->flow->handle, PEER_CLOSED | READABLE, SEPTET_OK);
    assert_int_equal(read_none(p), 0);
    advance(p, S(61));
    expect_nothing(p);
    expect_state(p, closed);
    expect_event(p, p->flow->handle, CLOSED, SEPTET_OK);
    assert_int_equal(read_none(p), 0);
    assert_int_equal(write_some(p, 1, 0), SEPTET_NOT_CONNECTED);
    peer_end(p);
}

/* Figure 12, side B. MUST-12: the peer's close reads as 0. */
static void passive_close(void **state)
{
    (void)state;
    struct peer *p = open_one();
    inject(p, FIN | ACK | PSH, .seq = 1, .ack = 1, .length = 10);
    expect(p, ACK, .seq = 1, .ack = 12);
    expect_state(p, close_wait);
    expect_event(p, p->flow->handle, PEER_CLOSED | READABLE, SEPTET_OK);
    read_bytes(p, 10);
    assert_int_equal(read_none(p), 0);
    write_all(p, 100); /* our direction is open */
    expect(p, ACK | PSH, .seq = 1, .ack = 12, .length = 100);
    inject(p, ACK, .seq = 12, .ack = 101);
    drain_events(p, 0);
    shut(p);
    expect(p, FIN | ACK, .seq = 101, .ack = 12);
    expect_state(p, last_ack);
    inject(p, ACK, .seq = 12, .ack = 102);
    expect_nothing(p);
    expect_state(p, closed);
    expect_event(p, p->flow->handle, ACKNOWLEDGED | CLOSED, SEPTET_OK);
    assert_int_equal(read_none(p), 0);
    peer_end(p);
}

/* Figure 13: both at once. */
static void simultaneous_close(void **state)
{
    (void)state;
    struct peer *p = open_one();
    shut(p);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, FIN | ACK, .seq = 1, .ack = 1);
    expect(p, ACK, .seq = 2, .ack = 2);
    expect_state(p, closing);
    inject(p, ACK, .seq = 2, .ack = 1); /* not of our FIN */
    expect_state(p, closing);
    inject(p, ACK, .seq = 2, .ack = 2);
    expect_nothing(p);
    expect_state(p, time_wait);
    peer_end(p);
}

/* 3.10.7.4 eighth: FIN with the ACK of our FIN leads from FIN-WAIT-1 to TIME-WAIT. */
static void fin_with_ack_of_fin(void **state)
{
    (void)state;
    struct peer *p = open_one();
    shut(p);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, FIN | ACK, .seq = 1, .ack = 2, .length = 20);
    expect(p, ACK, .seq = 2, .ack = 22);
    expect_state(p, time_wait);
    read_bytes(p, 20);
    assert_int_equal(read_none(p), 0);
    peer_end(p);
}

/* Half-close: what the peer sends after our FIN is delivered, not answered with RST. */
static void half_close(void **state)
{
    (void)state;
    struct peer *p = open_one();
    shut(p);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    inject(p, ACK, .seq = 1001, .ack = 2, .length = 1000);
    expect(p, ACK, .seq = 2, .ack = 2001);
    expect_state(p, fin_wait_2);
    read_bytes(p, 2000);
    advance(p, S(3000)); /* as long as the peer likes */
    inject(p, ACK | PSH, .seq = 2001, .ack = 2, .length = 10);
    read_bytes(p, 10);
    inject(p, FIN | ACK, .seq = 2011, .ack = 2);
    expect(p, ACK, .seq = 2, .ack = 2012);
    expect_state(p, time_wait);
    peer_end(p);
}

/* 3.10.4: what was given before CLOSE goes first, FIN with the last of it; later SENDs are refused, and a second
 * CLOSE sends no second FIN. */
static void close_after_data(void **state)
{
    (void)state;
    struct peer *p = open_one();
    write_all(p, 2000);
    shut(p);
    shut(p);
    assert_int_equal(write_some(p, 1, 0), SEPTET_CLOSING);
    expect(p, ACK, .seq = 1, .ack = 1, .length = 1460);
    expect(p, FIN | ACK | PSH, .seq = 1461, .ack = 1, .length = 540);
    expect_nothing(p);
    inject(p, ACK, .seq = 1, .ack = 2001);
    expect_state(p, fin_wait_1);
    inject(p, ACK, .seq = 1, .ack = 2002);
    expect_state(p, fin_wait_2);
    peer_end(p);
}

/* The peer's FIN comes before our data and FIN could all be sent. */
static void close_before_all_is_sent(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.window = 1000;
    passive(p);
    write_all(p, 1500);
    shut(p);
    expect(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    inject(p, FIN | ACK, .seq = 1, .ack = 1, .window = 1000);
    expect(p, ACK, .seq = 1001, .ack = 2);
    expect_state(p, closing);
    inject(p, ACK, .seq = 2, .ack = 1001, .window = 1000);
    expect(p, FIN | ACK | PSH, .seq = 1001, .ack = 2, .length = 500);
    inject(p, ACK, .seq = 2, .ack = 1501);
    expect_state(p, closing);
    inject(p, ACK, .seq = 2, .ack = 1502);
    expect_state(p, time_wait);
    peer_end(p);
}

/* U-13: a FIN that nobody acknowledges goes again. */
static void fin_retransmission(void **state)
{
    (void)state;
    static const enum septet_state states[] = {SEPTET_STATE_fin_wait_1, SEPTET_STATE_closing, SEPTET_STATE_last_ack};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct peer *p = bring_to(states[i]);
        const uint32_t ack = states[i] == SEPTET_STATE_fin_wait_1 ? 1 : 2;
        advance(p, S(1));
        expect(p, FIN | ACK, .seq = 1, .ack = ack);
        advance(p, S(2));
        expect(p, FIN | ACK, .seq = 1, .ack = ack);
        inject(p, ACK, .seq = ack, .ack = 2);
        advance(p, S(50));
        expect_nothing(p);
        peer_end(p);
    }
}

/* U-13: the peer's FIN again is acknowledged again, and moves nothing. */
static void repeated_fin(void **state)
{
    (void)state;
    static const enum septet_state states[] = {SEPTET_STATE_close_wait, SEPTET_STATE_closing, SEPTET_STATE_last_ack,
                                               SEPTET_STATE_time_wait};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct peer *p = bring_to(states[i]);
        const uint32_t seq = states[i] == SEPTET_STATE_close_wait ? 1 : 2;
        for (uint32_t again = 0; again < 3; again++) {
            inject(p, FIN | ACK, .seq = 1, .ack = 1);
            expect(p, ACK, .seq = seq, .ack = 2);
            assert_int_equal(septet_state(p->stack, p->flow->handle), states[i]);
        }
        expect_no_event(p);
        peer_end(p);
    }
}

/* A FIN beyond a hole waits until the hole is filled. */
static void fin_out_of_order(void **state)
{
    (void)state;
    struct peer *p = open_one();
    inject(p, FIN | ACK, .seq = 101, .ack = 1, .length = 50);
    expect(p, ACK, .seq = 1, .ack = 1);
    expect_state(p, established);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 152);
    expect_state(p, close_wait);
    read_bytes(p, 150);
    assert_int_equal(read_none(p), 0);
    peer_end(p);
}

/* 3.10.7.4 seventh: text beyond the peer's FIN is ignored; TIME-WAIT acknowledges all but the plain last ACK. */
static void text_after_fin(void **state)
{
    (void)state;
    static const enum septet_state states[] = {SEPTET_STATE_close_wait, SEPTET_STATE_closing, SEPTET_STATE_last_ack,
                                               SEPTET_STATE_time_wait};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct peer *p = bring_to(states[i]);
        inject(p, ACK | PSH | URG, .seq = 2, .ack = 1, .length = 100, .urgent = 50);
        if (states[i] == SEPTET_STATE_time_wait)
            expect(p, ACK, .seq = 2, .ack = 2);
        else
            expect_nothing(p);
        assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_after_fin), 1);
        expect_no_event(p);
        peer_end(p);
    }
}

/* MUST-12: a RST reads as an error, after what came before it; then the error was told. */
static void reset_after_data(void **state)
{
    (void)state;
    struct peer *p = open_one();
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 30);
    inject(p, RST, .seq = 31);
    expect_nothing(p);
    expect_event(p, p->flow->handle, READABLE | CLOSED, SEPTET_CONNECTION_RESET);
    read_bytes(p, 30);
    assert_int_equal(read_none(p), SEPTET_CONNECTION_RESET);
    assert_int_equal(write_some(p, 1, 0), SEPTET_CONNECTION_RESET);
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_NOT_CONNECTED);
    assert_int_equal(counted(p, SEPTET_COUNTER_EstabResets), 1);
    peer_end(p);
}

/* 3.10.7.4 second: what an exact RST does in each state. */
static void reset_in_every_state(void **state)
{
    (void)state;
    static const struct {
        enum septet_state state;
        uint32_t seq;
        int error;
    } cases[] = {
        {SEPTET_STATE_established, 1, SEPTET_CONNECTION_RESET},
        {SEPTET_STATE_fin_wait_1, 1, SEPTET_CONNECTION_RESET},
        {SEPTET_STATE_fin_wait_2, 1, SEPTET_CONNECTION_RESET},
        {SEPTET_STATE_close_wait, 2, SEPTET_CONNECTION_RESET},
        {SEPTET_STATE_closing, 2, SEPTET_OK},
        {SEPTET_STATE_last_ack, 2, SEPTET_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = bring_to(cases[i].state);
        inject(p, RST, .seq = cases[i].seq);
        expect_nothing(p);
        expect_state(p, closed);
        expect_event(p, p->flow->handle, CLOSED, cases[i].error);
        assert_int_equal(usage_of(p).pages, 0);
        peer_end(p);
    }
}

/* SHLD-3 (W72): CLOSE with unread data tells the peer that it is lost. */
static void close_with_unread_data(void **state)
{
    (void)state;
    struct peer *p = open_one();
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 30);
    let_handle_go(p);
    expect(p, RST | ACK, .seq = 1, .ack = 31);
    inject(p, ACK, .seq = 31, .ack = 1);
    expect(p, RST, .seq = 1);
    expect_no_event(p);
    assert_int_equal(usage_of(p).connections, 0);
    peer_end(p);
}

/* SHLD-3 in the other states in which data may lie unread: after our FIN, and after the peer's. */
static void close_with_unread_data_later(void **state)
{
    (void)state;
    static const struct {
        bool shut_first, fin, acknowledged;
        uint32_t answer_seq;
    } cases[] = {{true, false, false, 2}, {true, false, true, 2}, {false, true, false, 1}, {true, true, false, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = open_one();
        if (cases[i].shut_first)
            shut(p);
        inject(p, ACK | PSH, .seq = 1, .ack = cases[i].acknowledged ? 2 : 1, .length = 30);
        if (cases[i].fin)
            inject(p, FIN | ACK, .seq = 31, .ack = 1);
        drain(p);
        let_handle_go(p);
        expect(p, RST | ACK, .seq = cases[i].answer_seq, .ack = cases[i].fin ? 32 : 31);
        assert_int_equal(usage_of(p).time_wait, 0);
        peer_end(p);
    }
}

/* In TIME-WAIT the peer has nothing to learn any more: unread data or not, 2 MSL pass. */
static void close_with_unread_data_in_time_wait(void **state)
{
    (void)state;
    struct peer *p = open_one();
    shut(p);
    inject(p, FIN | ACK, .seq = 1, .ack = 2, .length = 30);
    drain(p);
    expect_state(p, time_wait);
    let_handle_go(p);
    expect_nothing(p);
    assert_int_equal(usage_of(p).time_wait, 1);
    assert_int_equal(usage_of(p).pages, 0);
    inject(p, FIN | ACK, .seq = 31, .ack = 2);
    expect(p, ACK, .seq = 2, .ack = 32);
    peer_end(p);
}

/* SHLD-3 (W73): data after CLOSE is answered with RST; data that was taken before is not new. */
static void data_after_close(void **state)
{
    (void)state;
    struct peer *p = open_one();
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 30);
    read_bytes(p, 30);
    let_handle_go(p);
    expect(p, FIN | ACK, .seq = 1, .ack = 31);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 30);
    expect(p, ACK, .seq = 2, .ack = 31);
    inject(p, ACK, .seq = 31, .ack = 2);
    assert_int_equal(usage_of(p).connections, 1);
    inject(p, ACK | PSH, .seq = 31, .ack = 2, .length = 1);
    expect(p, RST, .seq = 2);
    expect_no_event(p);
    assert_int_equal(usage_of(p).connections, 0);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_after_close), 1);
    peer_end(p);
}

/* CLOSE without unread data: what was sent arrives, then the connection ends in all order without the application. */
static void close_lets_data_through(void **state)
{
    (void)state;
    struct peer *p = open_one();
    write_all(p, 5000);
    let_handle_go(p);
    for (uint32_t seq = 1; seq < 4381; seq += 1460)
        expect(p, ACK, .seq = seq, .ack = 1, .length = 1460);
    expect(p, FIN | ACK | PSH, .seq = 4381, .ack = 1, .length = 620);
    inject(p, FIN | ACK, .seq = 1, .ack = 5002);
    expect(p, ACK, .seq = 5002, .ack = 2);
    assert_int_equal(usage_of(p).connections, 0);
    assert_int_equal(usage_of(p).time_wait, 1);
    expect_no_event(p);
    peer_end(p);
}

/* LINGER 0: CLOSE is an ABORT. */
static void close_without_linger(void **state)
{
    (void)state;
    struct peer *p = open_one();
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_LINGER, 0), SEPTET_OK);
    write_all(p, 5000);
    drain(p);
    let_handle_go(p);
    expect(p, RST | ACK, .seq = 5001, .ack = 1);
    assert_int_equal(usage_of(p).connections, 0);
    peer_end(p);
}

/* FIN-WAIT-2 without an application lasts a minute (A31), with one as long as it holds the handle. */
static void fin_wait_2_timeout(void **state)
{
    (void)state;
    struct peer *p = bring_to(SEPTET_STATE_fin_wait_2);
    advance(p, S(7200));
    expect_state(p, fin_wait_2);
    let_handle_go(p);
    advance(p, S(59));
    assert_int_equal(usage_of(p).connections, 1);
    advance(p, S(2));
    assert_int_equal(usage_of(p).connections, 0);
    expect_nothing(p);
    inject(p, FIN | ACK, .seq = 1, .ack = 2);
    expect(p, RST, .seq = 2);
    peer_end(p);
}

/* The same when the handle went first and the ACK of the FIN came later. */
static void fin_wait_2_timeout_of_orphan(void **state)
{
    (void)state;
    struct peer *p = open_one();
    let_handle_go(p);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 2);
    advance(p, S(61));
    assert_int_equal(usage_of(p).connections, 0);
    peer_end(p);
}

/* 3.10.5: RST where the peer waits for something, silence where it does not. */
static void abort_in_every_state(void **state)
{
    (void)state;
    static const struct {
        enum septet_state state;
        uint32_t seq, ack;
        bool reset;
    } cases[] = {
        {SEPTET_STATE_established, 1, 1, true}, {SEPTET_STATE_fin_wait_1, 2, 1, true},
        {SEPTET_STATE_fin_wait_2, 2, 1, true},  {SEPTET_STATE_close_wait, 1, 2, true},
        {SEPTET_STATE_closing, 0, 0, false},    {SEPTET_STATE_last_ack, 0, 0, false},
        {SEPTET_STATE_time_wait, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = bring_to(cases[i].state);
        assert_int_equal(septet_abort(p->stack, p->flow->handle), SEPTET_OK);
        if (cases[i].reset)
            expect(p, RST | ACK, .seq = cases[i].seq, .ack = cases[i].ack);
        expect_nothing(p);
        assert_int_equal(usage_of(p).connections + usage_of(p).time_wait, 0);
        assert_int_equal(septet_abort(p->stack, p->flow->handle), SEPTET_STALE);
        expect_no_event(p);
        peer_end(p);
    }
}

/* 3.10.4, 3.10.5 while opening. */
static void close_while_opening(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    let_handle_go(p);
    expect_nothing(p);
    assert_int_equal(usage_of(p).connections, 0);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    expect(p, RST, .seq = 1);
    connect_out(p);
    let_handle_go(p); /* before the SYN was pulled */
    expect_nothing(p);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    assert_int_equal(septet_abort(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, RST | ACK, .seq = 1, .ack = 1);
    assert_int_equal(usage_of(p).connections, 0);
    expect_no_event(p);
    peer_end(p);
}

/* 3.10.4: CLOSE before the connection is established is queued: data and FIN follow the handshake. */
static void shutdown_while_opening(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    write_all(p, 10);
    shut(p);
    expect(p, SYN, .seq = 0);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    expect(p, FIN | ACK | PSH, .seq = 1, .ack = 1, .length = 10);
    expect_state(p, fin_wait_1);
    inject(p, ACK, .seq = 1, .ack = 12);
    expect_state(p, fin_wait_2);
    peer_end(p);
}

/* The same in SYN-RECEIVED of a simultaneous open, by letting go of the handle. */
static void close_in_syn_received(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    let_handle_go(p);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, FIN | ACK, .seq = 1, .ack = 2);
    expect(p, ACK, .seq = 2, .ack = 2);
    assert_int_equal(usage_of(p).time_wait, 1);
    peer_end(p);
}

/* 3.10.7.4 fifth in SYN-RECEIVED and eighth: FIN with the third segment. */
static void peer_closes_with_its_third_segment(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, FIN | ACK, .seq = 1, .ack = 1);
    expect(p, ACK, .seq = 1, .ack = 2);
    expect_state(p, close_wait);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(active_close),
        cmocka_unit_test(passive_close),
        cmocka_unit_test(simultaneous_close),
        cmocka_unit_test(fin_with_ack_of_fin),
        cmocka_unit_test(half_close),
        cmocka_unit_test(close_after_data),
        cmocka_unit_test(close_before_all_is_sent),
        cmocka_unit_test(fin_retransmission),
        cmocka_unit_test(repeated_fin),
        cmocka_unit_test(fin_out_of_order),
        cmocka_unit_test(text_after_fin),
        cmocka_unit_test(reset_after_data),
        cmocka_unit_test(reset_in_every_state),
        cmocka_unit_test(close_with_unread_data),
        cmocka_unit_test(close_with_unread_data_later),
        cmocka_unit_test(close_with_unread_data_in_time_wait),
        cmocka_unit_test(data_after_close),
        cmocka_unit_test(close_lets_data_through),
        cmocka_unit_test(close_without_linger),
        cmocka_unit_test(fin_wait_2_timeout),
        cmocka_unit_test(fin_wait_2_timeout_of_orphan),
        cmocka_unit_test(abort_in_every_state),
        cmocka_unit_test(close_while_opening),
        cmocka_unit_test(shutdown_while_opening),
        cmocka_unit_test(close_in_syn_received),
        cmocka_unit_test(peer_closes_with_its_third_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
