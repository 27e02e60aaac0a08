/* Peers that want our memory, and what happens when there is none: requirements A29, A31, A33; every refusal has a
 * name, and everything comes back. peer_end() proves the latter each time. */
#include "support/peer.h"

static struct septet_config small_config(void)
{
    struct septet_config config;
    peer_config(&config);
    config.connections = 2;
    config.half_open = 4;
    config.time_wait = 2;
    return config;
}

/* A29, RFC 4987: a flood of SYNs takes what is set apart for it and no more, and six packets for each SYN at most. */
static void syn_flood(void **state)
{
    (void)state;
    struct septet_config config = small_config();
    config.half_open = 100;
    config.tcp.syn_cookies = SEPTET_COOKIES_OFF;
    struct peer *p = peer_new(4, &config);
    listen_on(p, 80);
    struct flow *spoofed = p->flow, *honest = flow_new(p, 80, 1);
    for (uint32_t i = 0; i < 20000; i++) {
        spoofed->peer_port = (uint16_t)(2000 + i);
        spoofed->iss = i * 77777;
        inject(p, SYN, .seq = 0, .mss = 1460, .scale = 7);
        drain(p);
    }
    assert_int_equal(usage_of(p).half_open, 100);
    assert_int_equal(usage_of(p).connections, 0);
    assert_int_equal(usage_of(p).pages, 0);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_half_open_limit), 19900);
    assert_int_equal(counted(p, SEPTET_COUNTER_ListenDrops), 19900);
    advance(p, S(70));
    assert_int_equal(drain(p), 5 * 100);
    assert_int_equal(usage_of(p).half_open, 0);
    flow_use(p, honest);
    passive(p);
    peer_end(p);
}

/* No connection is free when the third segment comes: it is dropped, the handshake goes on when there is room, and the
 * listener is told (DESIGN.md promise 6). */
static void no_connection_for_passive_open(void **state)
{
    (void)state;
    struct septet_config config = small_config();
    struct peer *p = peer_new(4, &config);
    for (uint16_t i = 0; i < 2; i++) {
        flow_use(p, flow_new(p, 80, (uint16_t)(41000 + i)));
        passive(p);
    }
    flow_use(p, flow_new(p, 80, 42000));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10);
    expect_nothing(p);
    expect_no_event(p);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_connection_limit), 1);
    assert_int_equal(usage_of(p).half_open, 1);
    septet_abort(p->stack, p->flows[1].handle);
    expect_event(p, p->listener, SEPTET_EVENT_ROOM, SEPTET_OK);
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10);
    expect_event(p, p->listener, SEPTET_EVENT_ACCEPT, SEPTET_OK);
    accept_one(p);
    read_bytes(p, 10);
    peer_end(p);
}

/* Of several listeners that were refused each is told. */
static void no_connection_for_two_listeners(void **state)
{
    (void)state;
    struct septet_config config = small_config();
    struct peer *p = peer_new(4, &config);
    septet_handle second;
    for (uint16_t i = 0; i < 2; i++) {
        flow_use(p, flow_new(p, 80, (uint16_t)(41000 + i)));
        passive(p);
    }
    assert_int_equal(septet_listen(p->stack, NULL, 81, 1, &second), SEPTET_OK);
    for (uint16_t i = 0; i < 2; i++) {
        flow_use(p, flow_new(p, (uint16_t)(80 + i), 42000));
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, SYN | ACK, .seq = 0, .ack = 1);
        inject(p, ACK, .seq = 1, .ack = 1, .length = 10);
    }
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_connection_limit), 2);
    septet_abort(p->stack, p->flows[1].handle);
    expect_event(p, p->listener, SEPTET_EVENT_ROOM, SEPTET_OK);
    expect_event(p, second, SEPTET_EVENT_ROOM, SEPTET_OK);
    drain(p);
    assert_int_equal(septet_close(p->stack, second), SEPTET_OK);
    peer_end(p);
}

/* No connection is free for an active open: an error that says so. */
static void no_connection_for_active_open(void **state)
{
    (void)state;
    struct septet_config config = small_config();
    struct peer *p = peer_new(4, &config);
    septet_handle handle;
    for (uint16_t i = 0; i < 2; i++) {
        flow_use(p, flow_new(p, 0, (uint16_t)(8000 + i)));
        connect_out(p);
    }
    assert_int_equal(septet_connect(p->stack, NULL, 0, &p->theirs, 9000, &handle), SEPTET_NO_CONNECTIONS);
    assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
    drain(p);
    assert_int_equal(septet_connect(p->stack, NULL, 0, &p->theirs, 9000, &p->flow->handle), SEPTET_OK);
    peer_end(p);
}

/* No listener is free. */
static void no_listener(void **state)
{
    (void)state;
    struct septet_config config = small_config();
    config.listeners = 2;
    struct peer *p = peer_new(4, &config);
    septet_handle handle;
    listen_on(p, 80);
    assert_int_equal(septet_listen(p->stack, NULL, 81, 1, &handle), SEPTET_OK);
    septet_handle refused;
    assert_int_equal(septet_listen(p->stack, NULL, 82, 1, &refused), SEPTET_NO_LISTENERS);
    assert_int_equal(septet_close(p->stack, handle), SEPTET_OK);
    assert_int_equal(septet_listen(p->stack, NULL, 82, 1, &handle), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, handle), SEPTET_OK);
    peer_end(p);
}

/* No page is free: sending is refused and the event follows, what is received is not acknowledged. */
static void no_pages(void **state)
{
    (void)state;
    struct septet_config config = small_config();
    config.pages = 32;
    config.page_size = 1024;
    struct peer *p = peer_new(4, &config);
    passive(p);
    struct flow *hoarder = p->flow;
    uint32_t received = 0;
    while (dropped(p, SEPTET_DROP_no_pages) == 0) {
        inject(p, ACK, .seq = 1 + received, .ack = 1, .length = 1000);
        received += 1000;
        assert_true(received < 100000);
    }
    drain(p);
    flow_use(p, flow_new(p, 80, 41000));
    passive(p);
    assert_int_equal(write_some(p, 100, 0), SEPTET_NO_PAGES);
    drain_events(p, 0);
    const uint32_t got = received;
    received = (uint32_t)septet_receive_available(p->stack, hoarder->handle);
    assert_in_range(received, 1000, got);
    flow_use(p, hoarder);
    read_bytes(p, received);
    drain(p);
    flow_use(p, &p->flows[1]);
    advance(p, S(1));
    assert_true(drain_events(p, p->flow->handle) & SEPTET_EVENT_ROOM);
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
    peer_end(p);
}

/* The queue of answers without a connection is full: more are dropped and counted. */
static void replies_full(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    uint32_t sent = 0;
    for (uint32_t round = 0; round < 10; round++) {
        const struct ip_fields fields = {
            .source = p->theirs, .destination = p->ours, .protocol = PROTOCOL_TCP, .ttl = 64};
        uint8_t segment[IPV4_HEADER + TCP_HEADER] = {0};
        struct septet_packet packets[SEPTET_BATCH];
        ipv4_build(segment, &fields, TCP_HEADER);
        segment[IPV4_HEADER + 12] = 0x50;
        for (uint32_t i = 0; i < SEPTET_BATCH; i++, sent++)
            packets[i] = (struct septet_packet){
                .head = segment, .head_length = 40, .length = 40, .flags = SEPTET_PACKET_CHECKSUM_VALID};
        septet_input(p->stack, packets, SEPTET_BATCH);
    }
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_closed), sent);
    const uint32_t lost = (uint32_t)dropped(p, SEPTET_DROP_control_queue);
    assert_int_equal(lost, sent - 256);
    assert_int_equal(drain(p), sent - lost);
    peer_end(p);
}

/* Aborts whose RSTs find no room are aborts all the same. */
static void abort_with_replies_full(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    hold(p);
    struct flow *own = p->flow, *other = flow_new(p, 81, 1);
    flow_use(p, other);
    for (uint32_t i = 0; i < 5; i++) {
        for (uint32_t j = 0; j < SEPTET_BATCH; j++)
            inject(p, ACK, .seq = 0, .ack = 0);
        septet_input(p->stack, p->held, p->held_count);
        for (uint32_t j = 0; j < p->held_count; j++)
            free((void *)(uintptr_t)p->held[j].head);
        p->held_count = 0;
    }
    flow_use(p, own);
    assert_true(dropped(p, SEPTET_DROP_control_queue) > 0);
    assert_int_equal(septet_abort(p->stack, own->handle), SEPTET_OK);
    assert_int_equal(usage_of(p).connections, 0);
    p->holding = false;
    drain(p);
    peer_end(p);
}

/* ---- A31: sockstress and its kin. The application has closed; nobody may keep its memory for ever. ---- */

static void all_returned(struct peer *p)
{
    assert_int_equal(usage_of(p).connections, 0);
    assert_int_equal(usage_of(p).pages, 0);
}

/* The peer is gone: data, or only FIN, unacknowledged in FIN-WAIT-1, CLOSING and LAST-ACK. */
static void orphans_of_silent_peers(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 4; kind++) {
        struct peer *p = peer_new(4, NULL);
        passive(p);
        if (kind == 0)
            write_all(p, 5000);
        if (kind == 1)
            inject(p, FIN | ACK, .seq = 1, .ack = 1);
        assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
        if (kind == 2)
            inject(p, FIN | ACK, .seq = 1, .ack = 1);
        drain_events(p, 0);
        advance(p, S(930));
        all_returned(p);
        peer_end(p);
    }
}

/* The same when the application had asked for no timeout at all. */
static void orphan_without_user_timeout(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_USER_TIMEOUT, 0), SEPTET_OK);
    write_all(p, 5000);
    assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
    advance(p, S(3600));
    all_returned(p);
    peer_end(p);
}

/* Zero window, VU#723308: the peer answers every probe and never opens. With an application that is its right
 * (MUST-37), without one it ends. */
static void zero_window(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    write_all(p, 5000);
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 5001, .window = 0);
    write_all(p, 5000);
    bool closed = false;
    for (uint32_t i = 0; i < 7200 && usage_of(p).connections != 0; i++) {
        advance(p, S(1));
        for (const struct seen *seen; (seen = take(p)) != NULL;)
            if (!(seen->flags & RST))
                inject(p, ACK, .seq = 1, .ack = 5001, .window = 0);
        if (i == 3600) {
            expect_state(p, established);
            assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
            drain_events(p, 0);
            closed = true;
        }
    }
    assert_true(closed);
    drain_events(p, 0);
    all_returned(p);
    peer_end(p);
}

/* Zero window, and the peer does not even answer. */
static void zero_window_and_silence(void **state)
{
    (void)state;
    struct septet_config config = small_config();
    config.tcp.user_timeout = 0;
    struct peer *p = peer_new(4, &config);
    p->offer.window = 0;
    passive(p);
    write_all(p, 5000);
    assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
    advance(p, S(3600));
    all_returned(p);
    flow_use(p, flow_new(p, 80, 41000)); /* and the record that it had is sound */
    p->offer.window = 65535;
    drain(p);
    passive(p);
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
    peer_end(p);
}

/* A peer that takes a byte a minute makes progress, and would keep us busy for days. */
static void orphan_in_crumbs(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    uint32_t acknowledged = 1, sent = 1;
    p->offer.window = 10;
    passive(p);
    write_all(p, 5000);
    assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
    for (uint32_t minute = 0; minute < 61 && usage_of(p).connections != 0; minute++) {
        advance(p, S(60));
        for (const struct seen *seen; (seen = take(p)) != NULL;)
            sent = seen->seq + seen->length > sent ? seen->seq + seen->length : sent;
        if (acknowledged < sent)
            inject(p, ACK, .seq = 1, .ack = ++acknowledged, .window = 1);
        assert_true(minute < 58 ? usage_of(p).connections == 1 : true);
    }
    assert_true(acknowledged > 30);
    all_returned(p);
    drain(p);
    peer_end(p);
}

/* Segment hole: out-of-order data and no more, after the application closed: SHLD-3 ends it. */
static void segment_hole(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    for (uint32_t i = 0; i < 20; i++)
        inject(p, ACK, .seq = 101 + 200 * i, .ack = 1, .length = 100);
    drain(p);
    assert_true(usage_of(p).pages != 0);
    assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK);
    drain_events(p, 0);
    advance(p, S(930));
    all_returned(p);
    peer_end(p);
}

/* A connection opened and left, with the application waiting for it: keep-alive ends it (MUST-29). */
static void silent_connection_with_keepalive(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_KEEPALIVE, 1), SEPTET_OK);
    advance(p, S(7200) + 10 * S(75));
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_TIMED_OUT);
    expect_state(p, closed);
    peer_end(p);
}

/* A33: a window that flips between nothing and all. */
static void window_flips(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.scale = 14;
    passive(p);
    write_all(p, 200000);
    uint32_t acked = 1, seq = 1;
    for (uint32_t i = 0; i < 2000 && acked < 200001; i++) {
        for (const struct seen *seen; (seen = take(p)) != NULL;)
            acked = (int32_t)(seen->seq + seen->length - acked) > 0 ? seen->seq + seen->length : acked;
        inject(p, ACK, .seq = seq, .ack = acked, .window = i % 2 == 0 ? 0 : 65535, .length = 1);
        seq++;
        advance(p, MS(100));
    }
    assert_int_equal(acked, 200001);
    drain(p);
    peer_end(p);
}

/* MUST-21, R2: the application's limit for unacknowledged data. */
static void user_timeout(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_USER_TIMEOUT, S(5)), SEPTET_OK);
    write_all(p, 100);
    advance(p, MS(4900));
    expect_state(p, established);
    drain_events(p, 0);
    advance(p, MS(200));
    expect_state(p, closed);
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_TIMED_OUT);
    assert_int_equal(read_none(p), SEPTET_TIMED_OUT);
    peer_end(p);
}

/* SHLD-11: by default R2 is more than 100 s; SHLD-9: the application hears of R1. */
static void default_user_timeout(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    write_all(p, 100);
    advance(p, S(101));
    expect_state(p, established);
    expect_event(p, p->flow->handle, SEPTET_EVENT_SOFT_ERROR, SEPTET_TIMED_OUT);
    advance(p, S(830));
    expect_state(p, closed);
    peer_end(p);
}

/* R2 counts from what waits, not from the idle time before: for a window that is closed, a short segment held back,
 * and a way that is closed. */
static void idle_time_is_no_timeout(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 4; kind++) {
        struct peer *p = peer_new(4, NULL);
        p->offer.window = kind == 0 ? 0 : 65535;
        passive(p);
        const struct septet_address prefix = septet_address_ipv4(192, 0, 2, 0);
        advance(p, S(3600));
        drain(p);
        if (kind == 1)
            assert_int_equal(write_some(p, 10, SEPTET_SEND_MORE), 10);
        if (kind == 2)
            assert_int_equal(septet_route_remove(p->stack, &prefix, 24, NULL), SEPTET_OK);
        if (kind != 1 && kind != 3)
            write_all(p, 10);
        if (kind == 3)
            assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
        advance(p, S(100));
        assert_int_not_equal(septet_state(p->stack, p->flow->handle), SEPTET_STATE_closed);
        peer_end(p);
    }
}

/* A33: with something lost, and the window closed since, an ACK that is owed is an ACK and nothing else. */
static void ack_while_lost_data_must_wait(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    write_all(p, 3000);
    drain(p);
    advance(p, S(1));
    expect(p, ACK, .seq = 1, .length = 1460); /* all is taken for lost */
    inject(p, ACK, .seq = 1, .ack = 1461, .window = 0);
    expect_nothing(p);
    inject(p, SYN, .seq = 5000);
    expect(p, ACK, .seq = 3001, .ack = 1, .length = 0);
    peer_end(p);
}

/* A33: an ACK of everything, the window closed still, comes when a probe is due and has not left: the probe that leaves
 * then is waited for as any other. */
static void probe_crosses_with_ack(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .length = 100);
    inject(p, ACK, .seq = 1, .ack = 1, .window = 0);
    write_all(p, 100);
    hold(p);
    p->now += S(2);
    septet_advance(p->stack, p->now);
    inject(p, ACK, .seq = 1, .ack = 101, .window = 0);
    let_go(p);
    expect(p, ACK | PSH, .seq = 101, .length = 1);
    advance(p, S(10));
    expect(p, ACK | PSH, .seq = 101, .length = 1);
    drain(p);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syn_flood),
        cmocka_unit_test(no_connection_for_passive_open),
        cmocka_unit_test(no_connection_for_two_listeners),
        cmocka_unit_test(no_connection_for_active_open),
        cmocka_unit_test(no_listener),
        cmocka_unit_test(no_pages),
        cmocka_unit_test(replies_full),
        cmocka_unit_test(abort_with_replies_full),
        cmocka_unit_test(orphans_of_silent_peers),
        cmocka_unit_test(orphan_without_user_timeout),
        cmocka_unit_test(zero_window),
        cmocka_unit_test(zero_window_and_silence),
        cmocka_unit_test(segment_hole),
        cmocka_unit_test(orphan_in_crumbs),
        cmocka_unit_test(silent_connection_with_keepalive),
        cmocka_unit_test(window_flips),
        cmocka_unit_test(user_timeout),
        cmocka_unit_test(default_user_timeout),
        cmocka_unit_test(idle_time_is_no_timeout),
        cmocka_unit_test(ack_while_lost_data_must_wait),
        cmocka_unit_test(probe_crosses_with_ack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
