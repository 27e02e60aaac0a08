/* What a stack tells about its connections, and looks at data without taking it: what the socket calls stand on. */
#include "support/peer.h"

/* S13: bytes are looked at again and again, from any place, without the window or the queue noticing. */
static void copies_leave_the_data(void **state)
{
    (void)state;
    uint8_t bytes[3000];
    struct peer *p = peer_new(4, NULL);
    passive(p);
    septet_handle h = p->flow->handle;
    assert_int_equal(septet_receive_copy(p->stack, h, 0, bytes, 1), SEPTET_AGAIN);
    for (uint32_t seq = 1; seq < 4001; seq += 1000)
        inject(p, ACK | PSH, .seq = seq, .ack = 1, .length = 1000);
    for (uint32_t offset = 0; offset < 4000; offset += 500) {
        const int64_t got = septet_receive_copy(p->stack, h, offset, bytes, sizeof bytes);
        assert_int_equal(got, offset <= 1000 ? 3000 : 4000 - offset);
        for (uint32_t i = 0; i < got; i++)
            assert_int_equal(bytes[i], pattern(1 + offset + i));
    }
    assert_int_equal(septet_receive_copy(p->stack, h, 4000, bytes, 1), SEPTET_AGAIN);
    assert_int_equal(septet_receive_available(p->stack, h), 4000);
    read_bytes(p, 4000);
    assert_int_equal(septet_receive_copy(p->stack, h + (UINT64_C(1) << 32), 0, bytes, 1), SEPTET_STALE);
    peer_end(p);
}

/* S7: of a listener its queue. */
static void listener_tells_its_queue(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    struct septet_tcp_info info;
    listen_on(p, 80);
    assert_int_equal(septet_receive_available(p->stack, p->listener), 0);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    assert_int_equal(septet_receive_available(p->stack, p->listener), 1);
    assert_int_equal(septet_tcp_info(p->stack, p->listener, &info), SEPTET_OK);
    assert_int_equal(info.state, SEPTET_STATE_listen);
    assert_int_equal(info.accept_queue, 1);
    assert_int_equal(info.backlog, 8);
    accept_one(p);
    assert_int_equal(septet_receive_available(p->stack, p->listener), 0);
    peer_end(p);
}

/* S55: who asks for room and finds little is told when there is more, once. */
static void asking_for_room_arms_the_event(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    septet_handle h = p->flow->handle;
    assert_int_equal(septet_option_set(p->stack, h, SEPTET_OPTION_SEND_BUFFER, 9000), SEPTET_OK);
    assert_int_equal(septet_send_room(p->stack, h), 9000);
    write_all(p, 7000);
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 7001);
    assert_int_equal(drain_events(p, h) & SEPTET_EVENT_WRITABLE, 0); /* nobody was told of a lack */
    write_all(p, 7000);
    drain(p);
    assert_int_equal(septet_send_room(p->stack, h), 2000);
    inject(p, ACK, .seq = 1, .ack = 7001 + 900);
    assert_int_equal(drain_events(p, h) & SEPTET_EVENT_WRITABLE, 0);
    inject(p, ACK, .seq = 1, .ack = 7001 + 1460);
    assert_int_equal(drain_events(p, h) & SEPTET_EVENT_WRITABLE, SEPTET_EVENT_WRITABLE);
    inject(p, ACK, .seq = 1, .ack = 7001 + 7000);
    assert_int_equal(drain_events(p, h) & SEPTET_EVENT_WRITABLE, 0);
    peer_end(p);
}

/* S76: a port is used while anything of a connection is left, TIME-WAIT included. */
static void port_in_use(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    const struct septet_address other = septet_address_ipv4(9, 9, 9, 9), any_ipv4 = septet_address_ipv4(0, 0, 0, 0);
    assert_false(septet_port_used(p->stack, NULL, 80));
    listen_on(p, 80);
    assert_false(septet_port_used(p->stack, NULL, 80));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    assert_true(septet_port_used(p->stack, NULL, 80));
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    septet_close(p->stack, p->flow->handle);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, FIN | ACK, .seq = 1, .ack = 2);
    expect(p, ACK, .seq = 2, .ack = 2);
    p->flow->handle = 0;
    assert_int_equal(usage_of(p).time_wait, 1);
    assert_true(septet_port_used(p->stack, NULL, 80));
    assert_true(septet_port_used(p->stack, &any_ipv4, 80));
    assert_true(septet_port_used(p->stack, &p->ours, 80));
    assert_false(septet_port_used(p->stack, &other, 80));
    assert_false(septet_port_used(p->stack, NULL, 81));
    assert_false(septet_port_used(p->stack, NULL, 80 + 4096));
    advance(p, S(61));
    assert_false(septet_port_used(p->stack, NULL, 80));
    peer_end(p);
}

/* Closing a handle in TIME-WAIT with data unread does not end TIME-WAIT, and tells the peer nothing. */
static void unread_data_in_time_wait(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    septet_shutdown(p->stack, p->flow->handle);
    expect(p, FIN | ACK, .seq = 1, .ack = 1);
    inject(p, FIN | ACK | PSH, .seq = 1, .ack = 2, .length = 100);
    expect(p, ACK, .seq = 2, .ack = 102);
    expect_state(p, time_wait);
    septet_close(p->stack, p->flow->handle);
    expect_nothing(p);
    p->flow->handle = 0;
    assert_int_equal(usage_of(p).time_wait, 1);
    assert_int_equal(usage_of(p).pages, 0);
    peer_end(p);
}

/* TCP_INFO counts segments: what is outstanding, SACKed, lost, sent again. */
static void segments_of_a_flight(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.sack = true;
    passive(p);
    septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_NODELAY, 1);
    write_all(p, 4 * info_of(p).mss);
    drain(p);
    write_all(p, 10);
    drain(p);
    struct septet_tcp_info info = info_of(p);
    const uint32_t mss = info.mss;
    assert_int_equal(info.segments_outstanding, 5);
    assert_int_equal(info.segments_sacked + info.segments_lost + info.segments_retransmitted, 0);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = {{1 + mss, 1 + 4 * mss}});
    drain(p);
    info = info_of(p);
    assert_int_equal(info.segments_outstanding, 5);
    assert_int_equal(info.segments_sacked, 3);
    assert_int_equal(info.segments_lost, 1);
    assert_int_equal(info.segments_retransmitted, 1);
    assert_int_equal(info.bytes_acked, 0);
    inject(p, ACK, .seq = 1, .ack = 1 + 4 * mss + 10);
    info = info_of(p);
    assert_int_equal(info.segments_outstanding, 0);
    assert_int_equal(info.bytes_acked, 4 * mss + 10);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_leave_the_data),          cmocka_unit_test(listener_tells_its_queue),
        cmocka_unit_test(asking_for_room_arms_the_event), cmocka_unit_test(port_in_use),
        cmocka_unit_test(unread_data_in_time_wait),       cmocka_unit_test(segments_of_a_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
