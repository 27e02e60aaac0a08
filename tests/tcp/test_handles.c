/* Listeners, the accept queue, handles and events: RFC 9293 section 3.9.1 as the application sees it. */
#include "support/peer.h"

/* The third segment of the flow: the connection waits to be accepted. */
static void knock(struct peer *p, uint16_t port, uint16_t peer_port)
{
    flow_use(p, flow_new(p, port, peer_port));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect_nothing(p);
}

static uint16_t port_of(struct peer *p, septet_handle handle)
{
    struct septet_tuple tuple;
    assert_int_equal(septet_tuple_get(p->stack, handle, &tuple), SEPTET_OK);
    return tuple.remote_port;
}

/* Connections are accepted in the order in which they became established. */
static void accept_in_order(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    septet_handle handle;
    listen_on(p, 80);
    assert_int_equal(septet_accept(p->stack, p->listener, &handle), SEPTET_AGAIN);
    for (uint16_t i = 0; i < 5; i++)
        knock(p, 80, (uint16_t)(41000 + i));
    expect_event(p, p->listener, SEPTET_EVENT_ACCEPT, SEPTET_OK); /* one for all */
    expect_no_event(p);
    for (uint16_t i = 0; i < 5; i++) {
        flow_use(p, &p->flows[1 + i]);
        accept_one(p);
        assert_int_equal(port_of(p, p->flow->handle), 41000 + i);
    }
    assert_int_equal(septet_accept(p->stack, p->listener, &handle), SEPTET_AGAIN);
    peer_end(p);
}

/* The backlog bounds what waits: SYNs beyond it are dropped, and handshakes that were under way are finished later. */
static void backlog(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    assert_int_equal(septet_listen(p->stack, NULL, 80, 2, &p->listener), SEPTET_OK);
    flow_use(p, flow_new(p, 80, 42000));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    struct flow *late = p->flow;
    knock(p, 80, 41000);
    knock(p, 80, 41001);
    flow_use(p, late);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect_nothing(p);
    flow_use(p, flow_new(p, 80, 43000));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect_nothing(p);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_backlog), 2);
    assert_int_equal(counted(p, SEPTET_COUNTER_ListenDrops), 2);
    flow_use(p, &p->flows[2]);
    accept_one(p);
    flow_use(p, late);
    advance(p, MS(1002));
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    flow_use(p, &p->flows[3]);
    accept_one(p);
    flow_use(p, late);
    accept_one(p);
    peer_end(p);
}

/* What happens to a connection before it is accepted is told at accept. */
static void events_before_accept(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    knock(p, 80, 41000);
    knock(p, 80, 41001);
    flow_use(p, &p->flows[1]);
    inject(p, ACK | PSH | FIN, .seq = 1, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 102);
    expect_event(p, p->listener, SEPTET_EVENT_ACCEPT, SEPTET_OK);
    expect_no_event(p);
    accept_one(p);
    expect_event(p, p->flow->handle, SEPTET_EVENT_READABLE | SEPTET_EVENT_PEER_CLOSED, SEPTET_OK);
    read_bytes(p, 100);
    flow_use(p, &p->flows[2]);
    accept_one(p);
    expect_no_event(p);
    peer_end(p);
}

/* A listener that closes resets what waits, forgets what is half open, and leaves alone what was accepted. */
static void close_listener(void **state)
{
    (void)state;
    struct peer *p = peer_new(6, NULL);
    passive(p);
    struct flow *accepted = p->flow;
    knock(p, 80, 41000);
    struct flow *waiting = p->flow;
    flow_use(p, flow_new(p, 80, 41001));
    inject(p, SYN, .seq = 0, .mss = 1440);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    struct flow *half = p->flow;
    assert_int_equal(septet_close(p->stack, p->listener), SEPTET_OK);
    flow_use(p, waiting);
    expect(p, RST | ACK, .seq = 1, .ack = 1);
    expect_no_event(p);
    assert_int_equal(usage_of(p).half_open, 0);
    assert_int_equal(usage_of(p).connections, 1);
    assert_int_equal(usage_of(p).listeners, 0);
    flow_use(p, half);
    advance(p, S(10));
    expect_nothing(p);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect(p, RST, .seq = 1);
    inject(p, SYN, .seq = 0, .mss = 1440);
    expect(p, RST | ACK, .ack = 1);
    flow_use(p, accepted);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 10);
    read_bytes(p, 10);
    p->listener = 0;
    peer_end(p);
}

/* MUST-41: a passive OPEN leaves connections alone, and its port can be listened on again. */
static void listen_again(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    septet_handle other;
    assert_int_equal(septet_listen(p->stack, NULL, 80, 1, &other), SEPTET_ADDRESS_IN_USE);
    assert_int_equal(septet_close(p->stack, p->listener), SEPTET_OK);
    listen_on(p, 80);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 10);
    read_bytes(p, 10);
    knock(p, 80, 41000);
    accept_one(p);
    peer_end(p);
}

/* MUST-42: LISTEN on a port from which an active open is under way. */
static void listen_while_connecting(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p); /* from port 80 */
    expect(p, SYN, .seq = 0);
    struct flow *own = p->flow;
    listen_on(p, 80);
    knock(p, 80, 41000);
    accept_one(p);
    flow_use(p, own);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    expect(p, ACK, .seq = 1, .ack = 1);
    expect_state(p, established);
    peer_end(p);
}

/* MUST-43: a listener of one address; to another there is none. */
static void listen_on_one_address(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    const struct septet_address second = septet_address_ipv4(192, 0, 2, 77), foreign = septet_address_ipv4(9, 9, 9, 9);
    assert_int_equal(septet_listen(p->stack, &second, 80, 4, &p->listener), SEPTET_ADDRESS_NOT_AVAILABLE);
    assert_int_equal(septet_address_add(p->stack, 0, &second, 24, true), SEPTET_OK);
    assert_int_equal(septet_listen(p->stack, &second, 80, 4, &p->listener), SEPTET_OK);
    assert_int_equal(septet_listen(p->stack, &foreign, 80, 4, &p->listener), SEPTET_ADDRESS_NOT_AVAILABLE);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, RST | ACK);
    inject(p, SYN, .seq = 0, .mss = 1460, .destination = &second);
    expect(p, SYN | ACK);
    assert_true(septet_address_equal(&p->last.ip.source, &second));
    peer_end(p);
}

/* MUST-44, MUST-45: the source is chosen before the SYN and stays. */
static void source_stays(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    active(p);
    const struct septet_address second = septet_address_ipv4(192, 0, 2, 77);
    assert_int_equal(septet_address_add(p->stack, 0, &second, 24, true), SEPTET_OK);
    write_all(p, 10);
    expect(p, ACK | PSH, .length = 10);
    assert_true(septet_address_equal(&p->last.ip.source, &p->ours));
    flow_use(p, flow_new(p, 0, 9000));
    assert_int_equal(septet_connect(p->stack, &second, 1234, &p->theirs, 9000, &p->flow->handle), SEPTET_OK);
    p->flow->local_port = 1234;
    expect(p, SYN);
    assert_true(septet_address_equal(&p->last.ip.source, &second));
    peer_end(p);
}

/* MUST-46 and what else connect() refuses, without a packet. */
static void bad_destinations(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    septet_handle handle;
    static const struct {
        const char *text;
        int error;
    } cases[] = {{"224.0.0.1", SEPTET_NETWORK_UNREACHABLE},
                 {"255.255.255.255", SEPTET_NETWORK_UNREACHABLE},
                 {"192.0.2.255", SEPTET_NETWORK_UNREACHABLE},
                 {"0.0.0.0", SEPTET_INVALID},
                 {"::", SEPTET_INVALID},
                 {"8.8.8.8", SEPTET_NETWORK_UNREACHABLE},
                 {"ff02::1", SEPTET_NETWORK_UNREACHABLE},
                 {"2001:db8::5", SEPTET_NETWORK_UNREACHABLE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct septet_address address;
        assert_true(septet_address_parse(cases[i].text, strlen(cases[i].text), &address));
        assert_int_equal(septet_connect(p->stack, NULL, 0, &address, 80, &handle), cases[i].error);
    }
    const struct septet_address foreign = septet_address_ipv4(192, 0, 2, 9);
    assert_int_equal(septet_connect(p->stack, NULL, 0, &p->theirs, 0, &handle), SEPTET_INVALID);
    assert_int_equal(septet_connect(p->stack, &foreign, 0, &p->theirs, 80, &handle), SEPTET_ADDRESS_NOT_AVAILABLE);
    assert_int_equal(septet_listen(p->stack, NULL, 80, 0, &handle), SEPTET_INVALID);
    expect_nothing(p);
    assert_int_equal(usage_of(p).connections, 0);
    peer_end(p);
}

/* Both ends are of one family. */
static void families_do_not_mix(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    struct septet_address own6, peer6;
    const struct septet_address any4 = septet_address_ipv4(0, 0, 0, 0), any = {{0}};
    septet_handle handle;
    assert_true(septet_address_parse("2001:db8::1", 11, &own6) && septet_address_parse("2001:db8::2", 11, &peer6));
    assert_int_equal(septet_address_add(p->stack, 0, &own6, 64, true), SEPTET_OK);
    assert_int_equal(septet_connect(p->stack, &p->ours, 0, &peer6, 80, &handle), SEPTET_ADDRESS_NOT_AVAILABLE);
    assert_int_equal(septet_connect(p->stack, &own6, 0, &p->theirs, 80, &handle), SEPTET_ADDRESS_NOT_AVAILABLE);
    assert_int_equal(septet_connect(p->stack, &any4, 0, &peer6, 80, &handle), SEPTET_ADDRESS_NOT_AVAILABLE);
    expect_nothing(p);
    assert_int_equal(septet_connect(p->stack, &any4, 0, &p->theirs, 80, &p->flow->handle), SEPTET_OK);
    flow_use(p, flow_new(p, 0, 80));
    assert_int_equal(septet_connect(p->stack, &any, 0, &p->theirs, 80, &p->flow->handle), SEPTET_OK);
    peer_end(p);
}

/* The tuple of a connection is its own. */
static void tuple_in_use(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    septet_handle handle;
    active(p);
    assert_int_equal(septet_connect(p->stack, NULL, p->flow->local_port, &p->theirs, p->flow->peer_port, &handle),
                     SEPTET_ADDRESS_IN_USE);
    flow_use(p, flow_new(p, p->flow->local_port, 9999)); /* another remote port: another connection */
    connect_out(p);
    peer_end(p);
}

/* Every call with a handle that names nothing says so, and does nothing else. */
static void refuse_all(struct peer *p, septet_handle handle)
{
    struct septet_tcp_info info;
    struct septet_tuple tuple;
    uint8_t bytes[4], *memory;
    const uint8_t *there;
    size_t length = 4;
    int64_t value;
    septet_handle other;
    assert_int_equal(septet_accept(p->stack, handle, &other), SEPTET_STALE);
    assert_int_equal(septet_send(p->stack, handle, bytes, 4, 0), SEPTET_STALE);
    assert_int_equal(septet_send_reserve(p->stack, handle, &memory, &length), SEPTET_STALE);
    assert_int_equal(septet_send_commit(p->stack, handle, 0, 0), SEPTET_STALE);
    assert_int_equal(septet_send_room(p->stack, handle), SEPTET_STALE);
    assert_int_equal(septet_receive(p->stack, handle, bytes, 4), SEPTET_STALE);
    assert_int_equal(septet_receive_peek(p->stack, handle, &there, &length), SEPTET_STALE);
    assert_int_equal(septet_receive_consume(p->stack, handle, 0), SEPTET_STALE);
    assert_int_equal(septet_receive_available(p->stack, handle), SEPTET_STALE);
    assert_int_equal(septet_urgent_remaining(p->stack, handle), SEPTET_STALE);
    assert_int_equal(septet_shutdown(p->stack, handle), SEPTET_STALE);
    assert_int_equal(septet_close(p->stack, handle), SEPTET_STALE);
    assert_int_equal(septet_abort(p->stack, handle), SEPTET_STALE);
    assert_int_equal(septet_tuple_get(p->stack, handle, &tuple), SEPTET_STALE);
    assert_int_equal(septet_state(p->stack, handle), SEPTET_STALE);
    assert_int_equal(septet_take_error(p->stack, handle), SEPTET_STALE);
    assert_int_equal(septet_option_set(p->stack, handle, SEPTET_OPTION_NODELAY, 1), SEPTET_STALE);
    assert_int_equal(septet_option_get(p->stack, handle, SEPTET_OPTION_NODELAY, &value), SEPTET_STALE);
    assert_int_equal(septet_tcp_info(p->stack, handle, &info), SEPTET_STALE);
    assert_int_equal(septet_user_set(p->stack, handle, 1), SEPTET_STALE);
}

/* DESIGN.md promise 5: a stale handle is an error for ever, also when its record is used again. */
static void stale_handles(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    const septet_handle aborted = p->flow->handle, listener = p->listener;
    assert_int_equal(septet_abort(p->stack, aborted), SEPTET_OK);
    refuse_all(p, aborted);
    assert_int_equal(septet_close(p->stack, listener), SEPTET_OK);
    refuse_all(p, listener);
    drain(p);
    p->listener = 0;
    passive(p); /* the same records */
    assert_true(p->flow->handle != aborted && p->listener != listener);
    assert_int_equal((uint32_t)p->flow->handle, (uint32_t)aborted);
    refuse_all(p, aborted);
    refuse_all(p, listener);
    inject(p, RST, .seq = 1); /* closed by the peer the handle stays until it is let go */
    expect_state(p, closed);
    const septet_handle closed = p->flow->handle;
    assert_int_equal(septet_close(p->stack, closed), SEPTET_OK);
    refuse_all(p, closed);
    drain_events(p, 0);
    refuse_all(p, closed);
    peer_end(p);
}

/* Handles from nowhere: other kinds, other generations, indexes out of range. */
static void forged_handles(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    const septet_handle real = p->flow->handle;
    for (unsigned bit = 0; bit < 64; bit++)
        if ((real ^ UINT64_C(1) << bit) != p->listener)
            refuse_all(p, real ^ UINT64_C(1) << bit);
    refuse_all(p, 0);
    refuse_all(p, UINT64_MAX);
    for (uint64_t kind = 0; kind < 16; kind++) {
        refuse_all(p, kind << 60);
        refuse_all(p, kind << 60 | 0xffffffff);
        refuse_all(p, kind << 60 | 17);
    }
    expect_state(p, established);
    peer_end(p);
}

/* A listener is no connection and the other way round. */
static void kinds_of_handles(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    septet_handle other;
    uint8_t byte = 0;
    assert_int_equal(septet_accept(p->stack, p->flow->handle, &other), SEPTET_STALE);
    assert_int_equal(septet_send(p->stack, p->listener, &byte, 1, 0), SEPTET_STALE);
    assert_int_equal(septet_shutdown(p->stack, p->listener), SEPTET_STALE);
    assert_int_equal(septet_abort(p->stack, p->listener), SEPTET_STALE);
    assert_int_equal(septet_state(p->stack, p->listener), SEPTET_STATE_listen);
    peer_end(p);
}

/* Events of one handle merge, carry its number, and stop with the handle. */
static void events_merge(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    struct septet_event event;
    assert_int_equal(septet_user_set(p->stack, p->flow->handle, 4711), SEPTET_OK);
    assert_int_equal(septet_user_set(p->stack, p->listener, 815), SEPTET_OK);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10);
    inject(p, ACK, .seq = 11, .ack = 1, .length = 10);
    expect(p, ACK, .seq = 1, .ack = 21);
    knock(p, 80, 41000);
    flow_use(p, &p->flows[0]);
    inject(p, ACK | FIN, .seq = 21, .ack = 1);
    assert_true(septet_next_event(p->stack, &event));
    assert_int_equal(event.events, SEPTET_EVENT_READABLE | SEPTET_EVENT_PEER_CLOSED);
    assert_int_equal(event.user, 4711);
    assert_int_equal(event.error, SEPTET_OK);
    assert_true(septet_next_event(p->stack, &event));
    assert_int_equal(event.events, SEPTET_EVENT_ACCEPT);
    assert_int_equal(event.user, 815);
    expect_no_event(p);
    inject(p, RST, .seq = 22);
    assert_int_equal(septet_close(p->stack, p->flow->handle), SEPTET_OK); /* told, and not drained */
    expect_no_event(p);
    assert_int_equal(usage_of(p).connections, 1); /* that in the queue */
    peer_end(p);
}

/* An event's error belongs to CLOSED or SOFT_ERROR; others have none. */
static void errors_of_events(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    write_all(p, 10);
    drain(p);
    inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0, 1);
    expect_event(p, p->flow->handle, SEPTET_EVENT_SOFT_ERROR, SEPTET_HOST_UNREACHABLE);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10);
    expect_event(p, p->flow->handle, SEPTET_EVENT_READABLE, SEPTET_OK);
    assert_int_equal(septet_take_error(p->stack, p->flow->handle), SEPTET_HOST_UNREACHABLE);
    assert_int_equal(septet_take_error(p->stack, p->flow->handle), SEPTET_OK);
    inject(p, RST, .seq = 11);
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_CONNECTION_RESET);
    assert_int_equal(septet_take_error(p->stack, p->flow->handle), SEPTET_CONNECTION_RESET);
    assert_int_equal(septet_take_error(p->stack, p->flow->handle), SEPTET_OK);
    read_bytes(p, 10);
    assert_int_equal(read_none(p), 0); /* S32: the error was taken */
    peer_end(p);
}

/* ACKNOWLEDGED tells that everything arrived, WRITABLE that there is room again. */
static void progress_events(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.send_buffer = 3000;
    struct peer *p = peer_new(4, &config);
    passive(p);
    assert_int_equal(write_some(p, 5000, 0), 3000);
    assert_int_equal(write_some(p, 1, 0), SEPTET_AGAIN);
    drain(p);
    expect_no_event(p);
    inject(p, ACK, .seq = 1, .ack = 1461);
    expect_event(p, p->flow->handle, SEPTET_EVENT_WRITABLE, SEPTET_OK);
    inject(p, ACK, .seq = 1, .ack = 3001);
    expect_event(p, p->flow->handle, SEPTET_EVENT_ACKNOWLEDGED, SEPTET_OK);
    inject(p, ACK, .seq = 1, .ack = 3001);
    expect_no_event(p);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_in_order),       cmocka_unit_test(backlog),
        cmocka_unit_test(events_before_accept),  cmocka_unit_test(close_listener),
        cmocka_unit_test(listen_again),          cmocka_unit_test(listen_while_connecting),
        cmocka_unit_test(listen_on_one_address), cmocka_unit_test(source_stays),
        cmocka_unit_test(bad_destinations),      cmocka_unit_test(families_do_not_mix),
        cmocka_unit_test(tuple_in_use),          cmocka_unit_test(stale_handles),
        cmocka_unit_test(forged_handles),        cmocka_unit_test(kinds_of_handles),
        cmocka_unit_test(events_merge),          cmocka_unit_test(errors_of_events),
        cmocka_unit_test(progress_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
