/* Listeners: who gets a SYN, and when a connection is worth accepting. */
#include "support/peer.h"

static const struct septet_address any = {{0}};

/* A handshake from the flow's port, without accepting. */
static void shake_hands(struct peer *p)
{
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
}

/* S80-S82: two listeners on one address and port share what arrives; without the flag there is no second. */
static void shared_port(void **state)
{
    (void)state;
    septet_handle listener[2], alone, accepted;
    uint32_t count[2] = {0};
    struct peer *p = peer_new(4, NULL);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(septet_listen_as(p->stack, NULL, 80, 64, SEPTET_BIND_SHARED, &listener[i]), SEPTET_OK);
    assert_int_equal(septet_listen(p->stack, NULL, 80, 1, &alone), SEPTET_ADDRESS_IN_USE);
    assert_int_equal(septet_listen_as(p->stack, NULL, 80, 1, SEPTET_BIND_SHARED | SEPTET_BIND_IPV6_ONLY, &alone),
                     SEPTET_ADDRESS_IN_USE);
    assert_int_equal(septet_listen_as(p->stack, NULL, 80, 1, 4, &alone), SEPTET_INVALID);
    for (uint16_t port = 1000; port < 1060; port++) {
        flow_use(p, flow_new(p, 80, port));
        shake_hands(p);
        for (unsigned i = 0; i < 2; i++) {
            if (septet_accept(p->stack, listener[i], &accepted) == SEPTET_OK) {
                count[i]++;
                assert_int_equal(septet_abort(p->stack, accepted), SEPTET_OK);
                drain(p);
            }
        }
        p->flow_count = 0;
    }
    assert_int_equal(count[0] + count[1], 60);
    assert_in_range(count[0], 20, 40);
    /* With one gone the other gets all. */
    assert_int_equal(septet_close(p->stack, listener[0]), SEPTET_OK);
    flow_use(p, flow_new(p, 80, 2000));
    shake_hands(p);
    assert_int_equal(septet_accept(p->stack, listener[1], &p->flow->handle), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, listener[1]), SEPTET_OK);
    peer_end(p);
}

/* S123, S124: any address is any of both families, unless IPv4 is left to others. */
static void one_family(void **state)
{
    (void)state;
    septet_handle both, ipv6, ipv4;
    const struct septet_address any_ipv4 = septet_address_ipv4(0, 0, 0, 0);
    struct peer *p = peer_new(4, NULL);
    assert_int_equal(septet_listen_as(p->stack, &any, 80, 1, SEPTET_BIND_IPV6_ONLY, &ipv6), SEPTET_OK);
    assert_int_equal(septet_listen_as(p->stack, &any, 80, 1, 0, &both), SEPTET_ADDRESS_IN_USE);
    flow_use(p, flow_new(p, 80, 1000));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, RST | ACK, .seq = ANY, .ack = 1);
    assert_int_equal(septet_listen(p->stack, &any_ipv4, 80, 1, &ipv4), SEPTET_OK);
    flow_use(p, flow_new(p, 80, 1001));
    shake_hands(p);
    assert_int_equal(septet_accept(p->stack, ipv6, &p->flow->handle), SEPTET_AGAIN);
    assert_int_equal(septet_accept(p->stack, ipv4, &p->flow->handle), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, ipv4), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, ipv6), SEPTET_OK);
    peer_end(p);
}

/* S83: a backlog can be changed, as by a second listen(). */
static void backlog(void **state)
{
    (void)state;
    septet_handle accepted;
    int64_t value;
    struct peer *p = peer_new(4, NULL);
    assert_int_equal(septet_listen(p->stack, NULL, 80, 1, &p->listener), SEPTET_OK);
    flow_use(p, flow_new(p, 80, 1000));
    shake_hands(p);
    flow_use(p, flow_new(p, 80, 1001));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect_nothing(p);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_backlog), 1);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_BACKLOG, 2), SEPTET_OK);
    assert_int_equal(septet_option_get(p->stack, p->listener, SEPTET_OPTION_BACKLOG, &value), SEPTET_OK);
    assert_int_equal(value, 2);
    shake_hands(p);
    assert_int_equal(septet_accept(p->stack, p->listener, &accepted), SEPTET_OK);
    assert_int_equal(septet_option_set(p->stack, accepted, SEPTET_OPTION_BACKLOG, 2), SEPTET_NO_SUCH_OPTION);
    assert_int_equal(septet_abort(p->stack, accepted), SEPTET_OK);
    peer_end(p);
}

/* A handshake that is completed while the backlog is full: repeated until there is room, or reset if so configured. */
static void overflow(void **state)
{
    (void)state;
    for (unsigned reset = 0; reset < 2; reset++) {
        struct septet_config config;
        peer_config(&config);
        config.tcp.reset_on_overflow = reset != 0;
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
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_backlog), 1);
        if (reset)
            expect(p, RST, .seq = 1);
        expect_nothing(p);
        assert_int_equal(usage_of(p).half_open, !reset);
        if (!reset) {
            septet_handle first;
            assert_int_equal(septet_accept(p->stack, p->listener, &first), SEPTET_OK);
            inject(p, ACK, .seq = 1, .ack = 1);
            accept_one(p);
            assert_int_equal(septet_abort(p->stack, first), SEPTET_OK);
            drain(p);
        }
        peer_end(p);
    }
}

/* S35-S37: reset before it was accepted, a connection is accepted all the same and tells what became of it. */
static void reset_in_the_queue(void **state)
{
    (void)state;
    for (unsigned data = 0; data <= 10; data += 10) {
        struct peer *p = peer_new(4, NULL);
        listen_on(p, 80);
        shake_hands(p);
        if (data != 0)
            inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = data);
        inject(p, RST, .seq = 1 + data);
        assert_int_equal(usage_of(p).connections, 1);
        expect_event(p, p->listener, SEPTET_EVENT_ACCEPT, SEPTET_OK);
        accept_one(p);
        expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED | (data != 0 ? SEPTET_EVENT_READABLE : 0u),
                     SEPTET_CONNECTION_RESET);
        if (data != 0)
            read_bytes(p, data);
        assert_int_equal(read_none(p), SEPTET_CONNECTION_RESET);
        peer_end(p);
        /* Not accepted, it goes with its listener. */
        p = peer_new(4, NULL);
        listen_on(p, 80);
        shake_hands(p);
        inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 1 + data);
        inject(p, RST, .seq = 2 + data);
        drain(p);
        peer_end(p);
    }
}

static struct peer *deferring(int64_t timeouts)
{
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_DEFER_ACCEPT, timeouts), SEPTET_OK);
    return p;
}

/* S84: the third segment alone makes nothing to accept, its data does. */
static void deferred_accept(void **state)
{
    (void)state;
    struct peer *p = deferring(2);
    shake_hands(p);
    expect_no_event(p);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_deferred), 1);
    assert_int_equal(usage_of(p).connections, 0);
    advance(p, MS(900));
    expect_nothing(p);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 10);
    expect_event(p, p->listener, SEPTET_EVENT_ACCEPT, SEPTET_OK);
    accept_one(p);
    read_bytes(p, 10);
    assert_int_equal(info_of(p).cwnd, 10 * info_of(p).mss); /* no retransmission to be careful about */
    peer_end(p);
}

/* A peer that never speaks is accepted in the end: the SYN-ACK goes again when the time is up. */
static void deferred_too_long(void **state)
{
    (void)state;
    struct peer *p = deferring(2);
    shake_hands(p);
    advance(p, MS(2990));
    expect_nothing(p);
    advance(p, MS(20));
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect_event(p, p->listener, SEPTET_EVENT_ACCEPT, SEPTET_OK);
    accept_one(p);
    peer_end(p);
}

/* One that vanished after its ACK is forgotten after the usual repetitions. */
static void deferred_and_gone(void **state)
{
    (void)state;
    struct peer *p = deferring(2);
    shake_hands(p);
    advance(p, S(70));
    assert_int_equal(drain(p), 4); /* five timeouts, the first of them quiet */
    assert_int_equal(usage_of(p).half_open, 0);
    peer_end(p);
}

/* TCP_SYNCNT: of SYN and SYN-ACK. */
static void syn_retries(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_SYN_RETRIES, 1), SEPTET_OK);
    inject(p, SYN, .seq = 0, .mss = 1460);
    advance(p, S(10));
    assert_int_equal(drain(p), 2);
    assert_int_equal(usage_of(p).half_open, 0);
    flow_use(p, flow_new(p, 3000, 4000));
    connect_out(p);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_SYN_RETRIES, 2), SEPTET_OK);
    advance(p, MS(6900));
    assert_int_equal(drain(p), 3);
    expect_state(p, syn_sent);
    advance(p, MS(200));
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_TIMED_OUT);
    peer_end(p);
}

/* TCP_LINGER2: FIN-WAIT-2 of a closed handle. */
static void fin_wait_2(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_FIN_WAIT_2, S(2)), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 2);
    advance(p, MS(1900));
    assert_int_equal(usage_of(p).connections, 1);
    advance(p, MS(200));
    assert_int_equal(usage_of(p).connections, 0);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_port),       cmocka_unit_test(one_family),         cmocka_unit_test(backlog),
        cmocka_unit_test(overflow),          cmocka_unit_test(reset_in_the_queue), cmocka_unit_test(deferred_accept),
        cmocka_unit_test(deferred_too_long), cmocka_unit_test(deferred_and_gone),  cmocka_unit_test(syn_retries),
        cmocka_unit_test(fin_wait_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
