/* Opening: RFC 9293 sections 3.5, 3.10.1, 3.10.7.2 and 3.10.7.3. */
#include "support/peer.h"

/* Figure 6 seen from the passive side: MUST-11 begins with knowing it is passive. */
static void passive_open(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        listen_on(p, 80);
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, SYN | ACK, .seq = 0, .ack = 1, .mss = version == 4 ? 1460 : 1440, .scale = ABSENT, .timestamps = 0,
               .sack_permitted = 0);
        assert_int_equal(usage_of(p).half_open, 1);
        assert_int_equal(usage_of(p).connections, 0);
        expect_no_event(p);
        inject(p, ACK, .seq = 1, .ack = 1);
        expect_nothing(p);
        expect_event(p, p->listener, SEPTET_EVENT_ACCEPT, SEPTET_OK);
        accept_one(p);
        expect_state(p, established);
        inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
        advance(p, MS(40));
        expect(p, ACK, .seq = 1, .ack = 101, .at = MS(40));
        read_bytes(p, 100);
        write_all(p, 200);
        expect(p, ACK | PSH, .seq = 1, .ack = 101, .length = 200);
        peer_end(p);
    }
}

/* Figure 6 seen from the active side. */
static void active_open(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        connect_out(p);
        expect_state(p, syn_sent);
        expect(p, SYN, .seq = 0, .mss = version == 4 ? 1460 : 1440, .sack_permitted = 1, .timestamps = 1, .scale = 7);
        expect_nothing(p);
        inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
        expect(p, ACK, .seq = 1, .ack = 1, .timestamps = 0);
        expect_event(p, p->flow->handle, SEPTET_EVENT_CONNECTED | SEPTET_EVENT_WRITABLE, SEPTET_OK);
        expect_no_event(p);
        expect_state(p, established);
        peer_end(p);
    }
}

/* MUST-10, figure 7: both ends send a SYN; the stack's SYN,ACK repeats its ISS. */
static void simultaneous_open(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    const uint32_t iss = expect(p, SYN, .seq = 0)->iss;
    inject(p, SYN, .seq = 0, .mss = 1460);
    assert_int_equal(expect(p, SYN | ACK, .seq = 0, .ack = 1)->iss, iss);
    expect_state(p, syn_received);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    expect_nothing(p);
    expect_state(p, established);
    expect_event(p, p->flow->handle, SEPTET_EVENT_CONNECTED | SEPTET_EVENT_WRITABLE, SEPTET_OK);
    write_all(p, 10);
    expect(p, ACK | PSH, .seq = 1, .ack = 1, .length = 10);
    peer_end(p);
}

/* Figure 7, the other interleaving: a bare ACK of the SYN,ACK ends it too (W85). */
static void simultaneous_open_ended_by_ack(void **state)
{
    (void)state;
    struct peer *p = peer_new(6, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, SYN, .seq = 0, .mss = 1440);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 5);
    expect_state(p, established);
    read_bytes(p, 5);
    peer_end(p);
}

/* RFC 7323 2.2: the window of a SYN,ACK is never scaled, also when it ends a simultaneous open. */
static void window_of_crossing_syn_ack_is_not_scaled(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0, .scale = 7);
    inject(p, SYN, .seq = 0, .mss = 1460, .scale = 7, .window = 1000);
    expect(p, SYN | ACK, .seq = 0, .ack = 1, .scale = 7);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460, .scale = 7, .window = 1000);
    expect_state(p, established);
    assert_in_range(info_of(p).snd_wnd, 1000 - 127, 1000); /* in units of the scale, rounded down */
    inject(p, ACK, .seq = 1, .ack = 1, .window = 10);
    assert_int_equal(info_of(p).snd_wnd, 1280);
    peer_end(p);
}

/* MUST-10: the peer's SYN comes again because our SYN,ACK was lost. */
static void simultaneous_open_with_loss(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    advance(p, S(1));
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect_state(p, established);
    peer_end(p);
}

/* MUST-11: an active open that was reset in SYN-RECEIVED is refused. */
static void reset_in_active_syn_received(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, RST, .seq = 2);
    expect(p, ACK, .seq = 1, .ack = 1); /* RFC 5961: not exact */
    expect_state(p, syn_received);
    inject(p, RST, .seq = 1);
    expect_nothing(p);
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_CONNECTION_REFUSED);
    expect_state(p, closed);
    peer_end(p);
}

/* MUST-11: a passive open goes back to LISTEN, and the application is told nothing. */
static void reset_in_passive_syn_received(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, RST, .seq = 1);
    expect_nothing(p);
    expect_no_event(p);
    assert_int_equal(usage_of(p).half_open, 0);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    peer_end(p);
}

/* U-5: in SYN-RECEIVED too a RST must be exact (W41). */
static void inexact_reset_in_passive_syn_received(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, RST, .seq = 0);
    expect_nothing(p);
    inject(p, RST, .seq = 70000);
    expect_nothing(p);
    inject(p, RST, .seq = 100);
    expect(p, ACK, .seq = 1, .ack = 1);
    assert_int_equal(usage_of(p).half_open, 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    peer_end(p);
}

/* U-18: the same SYN again gets the same SYN,ACK (W39), another one in the window goes back to LISTEN. */
static void syn_in_passive_syn_received(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460);
    const uint32_t iss = expect(p, SYN | ACK, .seq = 0, .ack = 1)->iss;
    inject(p, SYN, .seq = 0, .mss = 1460);
    assert_int_equal(expect(p, SYN | ACK, .seq = 0, .ack = 1)->iss, iss);
    inject(p, SYN, .seq = 0x80000000, .mss = 1460);
    expect(p, ACK, .seq = 1, .ack = 1);
    assert_int_equal(usage_of(p).half_open, 1);
    inject(p, SYN, .seq = 1000, .mss = 1460);
    expect_nothing(p);
    assert_int_equal(usage_of(p).half_open, 0);
    peer_end(p);
}

/* U-11: data on a SYN is not lost on the connection: the peer sends it again, with the SYN or without. */
static void data_on_syn(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .length = 100);
    const uint32_t iss = expect(p, SYN | ACK, .seq = 0, .ack = 1)->iss;
    advance(p, MS(500));
    inject(p, SYN, .seq = 0, .mss = 1460, .length = 100);
    assert_int_equal(expect(p, SYN | ACK, .seq = 0, .ack = 1)->iss, iss);
    assert_int_equal(usage_of(p).half_open, 1);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
    accept_one(p);
    read_bytes(p, 100);
    peer_end(p);
}

/* U-11: what comes with the SYN,ACK counts: data, and FIN. */
static void data_and_fin_on_syn_ack(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, SYN | ACK | FIN, .seq = 0, .ack = 1, .mss = 1460, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 102);
    expect_state(p, close_wait);
    expect_event(p, p->flow->handle,
                 SEPTET_EVENT_CONNECTED | SEPTET_EVENT_WRITABLE | SEPTET_EVENT_READABLE | SEPTET_EVENT_PEER_CLOSED,
                 SEPTET_OK);
    read_bytes(p, 100);
    assert_int_equal(read_none(p), 0);
    peer_end(p);
}

/* The third segment may carry data and FIN. */
static void data_and_fin_on_third_segment(void **state)
{
    (void)state;
    struct peer *p = peer_new(6, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1440);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK | FIN, .seq = 1, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 102);
    accept_one(p);
    expect_state(p, close_wait);
    read_bytes(p, 100);
    assert_int_equal(read_none(p), 0);
    peer_end(p);
}

/* The third segment is lost; data behind it opens the connection as well, also beyond a hole. */
static void third_segment_lost(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 101, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 201);
    accept_one(p);
    read_bytes(p, 200);
    peer_end(p);
}

/* U-4, first: an ACK of something never sent is answered with RST unless it is one (W81). */
static void bad_ack_in_syn_sent(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    const uint32_t acks[] = {0, 2, 0x80000000, 0xffffffff};
    for (size_t i = 0; i < sizeof acks / sizeof acks[0]; i++) {
        inject(p, SYN | ACK, .seq = 0, .ack = acks[i]);
        expect(p, RST, .seq = acks[i], .window = 0);
        inject(p, ACK, .seq = 0, .ack = acks[i]);
        expect(p, RST, .seq = acks[i]);
        inject(p, RST | ACK, .seq = 0, .ack = acks[i]);
        expect_nothing(p);
        expect_state(p, syn_sent);
    }
    peer_end(p);
}

/* U-4, second and fifth: RST counts only with an acceptable ACK; neither SYN nor RST is dropped. */
static void reset_in_syn_sent(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, RST, .seq = 0);
    inject(p, ACK, .seq = 0, .ack = 1);
    inject(p, FIN | PSH | URG, .seq = 0);
    expect_nothing(p);
    expect_state(p, syn_sent);
    inject(p, RST | ACK, .seq = 12345, .ack = 1);
    expect_nothing(p);
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_CONNECTION_REFUSED);
    assert_int_equal(read_none(p), SEPTET_CONNECTION_REFUSED);
    assert_int_equal(write_some(p, 1, 0), SEPTET_CONNECTION_REFUSED);
    peer_end(p);
}

/* MUST-22, MUST-23: the SYN goes again with back-off, still at three minutes, and the application hears of the end. */
static void syn_retries(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    const uint32_t iss = expect(p, SYN, .seq = 0, .at = 0)->iss;
    static const int64_t at[] = {1, 3, 7, 15, 31, 63, 127};
    advance(p, S(185));
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
        assert_int_equal(expect(p, SYN, .seq = 0, .at = S(at[i]))->iss, iss);
    expect_nothing(p);
    expect_state(p, syn_sent);
    expect_event(p, p->flow->handle, SEPTET_EVENT_SOFT_ERROR, SEPTET_TIMED_OUT); /* SHLD-9: R1 */
    advance(p, S(6));
    expect_nothing(p);
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_TIMED_OUT);
    expect_state(p, closed);
    assert_int_equal(counted(p, SEPTET_COUNTER_AttemptFails), 1);
    peer_end(p);
}

/* RFC 6298 5.7: after a SYN that had to go again the timeout is 3 s at least; RFC 5681 3.1: and the window one segment.
 */
static void retransmitted_syn_starts_slowly(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    advance(p, S(1));
    expect(p, SYN, .seq = 0);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1000);
    expect(p, ACK, .seq = 1, .ack = 1);
    assert_int_equal(info_of(p).rto, S(3));
    assert_int_equal(info_of(p).cwnd, 1000);
    peer_end(p);
}

/* A29: a SYN,ACK that nobody answers goes again five times, then the half-open connection is forgotten. */
static void syn_ack_retries(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    advance(p, S(60));
    for (uint32_t i = 0; i < 5; i++)
        expect(p, SYN | ACK, .seq = 0, .ack = 1);
    expect_nothing(p);
    assert_int_equal(usage_of(p).half_open, 1);
    advance(p, S(4));
    expect_nothing(p);
    assert_int_equal(usage_of(p).half_open, 0);
    expect_no_event(p);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect(p, RST, .seq = 1);
    peer_end(p);
}

/* U-2: CLOSED. RST is never answered; else the numbers come from the segment (W01-W05). */
static void closed(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        p->flow->iss = 0;
        inject(p, SYN, .seq = 100, .mss = 1460);
        expect(p, RST | ACK, .seq = 0, .ack = 101, .window = 0);
        inject(p, SYN | FIN, .seq = 100, .length = 10);
        expect(p, RST | ACK, .seq = 0, .ack = 112);
        inject(p, 0, .seq = 100, .length = 3);
        expect(p, RST | ACK, .seq = 0, .ack = 103);
        inject(p, ACK, .seq = 100, .ack = 777, .length = 3);
        expect(p, RST, .seq = 777, .ack = 0);
        inject(p, SYN | ACK, .seq = 100, .ack = 778);
        expect(p, RST, .seq = 778, .ack = 0);
        inject(p, RST, .seq = 100);
        inject(p, RST | ACK, .seq = 100, .ack = 5);
        inject(p, RST | SYN, .seq = 100);
        expect_nothing(p);
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_closed), 5);
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_closed_rst), 3);
        peer_end(p);
    }
}

/* U-15, figure 9: we crashed and open anew; the peer's ACK of the old connection makes us reset it, and we try again.
 */
static void half_open_discovery_by_syn(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, ACK, .seq = 300, .ack = 100000);
    expect(p, RST, .seq = 100000);
    expect_state(p, syn_sent);
    advance(p, S(1));
    expect(p, SYN, .seq = 0);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    expect(p, ACK, .seq = 1, .ack = 1);
    peer_end(p);
}

/* U-15, figures 10 and 11: data of a connection that we know nothing of is answered with RST; and figure 9 from the
 * other side: a SYN on our established connection is challenged, and the RST that follows ends it. */
static void half_open_discovery_by_data(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    inject(p, ACK | PSH, .seq = 300, .ack = 100, .length = 30);
    expect(p, RST, .seq = 100);
    passive(p);
    inject(p, SYN, .seq = 0x40000000, .mss = 1460);
    expect(p, ACK, .seq = 1, .ack = 1);
    inject(p, RST, .seq = 1);
    expect_nothing(p);
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_CONNECTION_RESET);
    peer_end(p);
}

/* 3.10.1, 3.10.2: data given while opening is sent when the connection is established. */
static void data_before_established(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    write_all(p, 3000);
    expect(p, SYN, .seq = 0);
    expect_nothing(p);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    expect(p, ACK, .seq = 1, .ack = 1, .length = 1460);
    expect(p, ACK, .seq = 1461, .ack = 1, .length = 1460);
    expect(p, ACK | PSH, .seq = 2921, .ack = 1, .length = 80);
    peer_end(p);
}

/* A16: who answers a SYN with an ACK and then a SYN (split handshake) gets a simultaneous open. */
static void split_handshake(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    inject(p, ACK, .seq = 0, .ack = 1);
    expect_nothing(p);
    inject(p, SYN, .seq = 0, .mss = 1460, .length = 50); /* no data before ESTABLISHED */
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
    expect_no_event(p);
    inject(p, ACK, .seq = 1, .ack = 1);
    expect_state(p, established);
    peer_end(p);
}

/* MUST-3: a segment with a wrong checksum changes nothing. */
static void checksum(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .bad_checksum = true);
    expect_nothing(p);
    passive(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10, .bad_checksum = true);
    inject(p, RST, .seq = 1, .bad_checksum = true);
    advance(p, S(1));
    expect_nothing(p);
    expect_state(p, established);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_checksum), 3);
    assert_int_equal(counted(p, SEPTET_COUNTER_InErrs), 3);
    peer_end(p);
}

/* U-1: reserved bits are ignored. */
static void reserved_bits(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .reserved = TCP_RESERVED);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1, .reserved = TCP_RESERVED, .length = 10);
    accept_one(p);
    read_bytes(p, 10);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passive_open),
        cmocka_unit_test(active_open),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(simultaneous_open_ended_by_ack),
        cmocka_unit_test(window_of_crossing_syn_ack_is_not_scaled),
        cmocka_unit_test(simultaneous_open_with_loss),
        cmocka_unit_test(reset_in_active_syn_received),
        cmocka_unit_test(reset_in_passive_syn_received),
        cmocka_unit_test(inexact_reset_in_passive_syn_received),
        cmocka_unit_test(syn_in_passive_syn_received),
        cmocka_unit_test(data_on_syn),
        cmocka_unit_test(data_and_fin_on_syn_ack),
        cmocka_unit_test(data_and_fin_on_third_segment),
        cmocka_unit_test(third_segment_lost),
        cmocka_unit_test(bad_ack_in_syn_sent),
        cmocka_unit_test(reset_in_syn_sent),
        cmocka_unit_test(syn_retries),
        cmocka_unit_test(retransmitted_syn_starts_slowly),
        cmocka_unit_test(syn_ack_retries),
        cmocka_unit_test(closed),
        cmocka_unit_test(half_open_discovery_by_syn),
        cmocka_unit_test(half_open_discovery_by_data),
        cmocka_unit_test(data_before_established),
        cmocka_unit_test(split_handshake),
        cmocka_unit_test(checksum),
        cmocka_unit_test(reserved_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
