/* SEND and RECEIVE calls, and the buffers behind them: RFC 9293 sections 3.9.1.2, 3.9.1.3, 3.10.2 and 3.10.3. */
#include "support/peer.h"

static struct peer *established(unsigned version, const struct septet_config *config)
{
    struct peer *p = peer_new(version, config);
    p->offer.mss = 1000;
    passive(p);
    return p;
}

/* The peer acknowledges everything up to a sequence number. */
static void acknowledge(struct peer *p, uint32_t ack) { inject(p, ACK, .seq = 1, .ack = ack); }

/* What is sent is held until it is acknowledged, then given back; who has sent and read everything holds nothing. */
static void nothing_held_when_idle(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = established(version, NULL);
        assert_int_equal(usage_of(p).pages, 0);
        write_all(p, 3000);
        for (uint32_t seq = 1; seq <= 3000; seq += 1000)
            expect(p, seq == 2001 ? ACK | PSH : ACK, .seq = seq, .length = 1000);
        expect_nothing(p);
        assert_in_range(usage_of(p).pages, 2, 3); /* the bytes and one page of records */
        acknowledge(p, 2001);
        expect_no_event(p);
        acknowledge(p, 3001);
        expect_event(p, p->flow->handle, SEPTET_EVENT_ACKNOWLEDGED, SEPTET_OK);
        assert_int_equal(usage_of(p).pages, 0);
        inject(p, ACK | PSH, .seq = 1, .ack = 3001, .length = 500);
        expect_event(p, p->flow->handle, SEPTET_EVENT_READABLE, SEPTET_OK);
        assert_int_equal(usage_of(p).pages, 1);
        read_bytes(p, 500);
        assert_int_equal(usage_of(p).pages, 0);
        advance(p, S(10000));
        expect(p, ACK, .seq = 3001, .ack = 501);
        expect_nothing(p);
        assert_int_equal(septet_deadline(p->stack), SEPTET_NEVER);
        assert_int_equal(usage_of(p).pages, 0);
        peer_end(p);
    }
}

/* A full send buffer refuses; one WRITABLE comes when a third of it is free, S55. */
static void full_send_buffer(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.send_buffer = 6000;
    struct peer *p = established(4, &config);
    assert_int_equal(septet_send_room(p->stack, p->flow->handle), 6000);
    assert_int_equal(write_some(p, 0, 0), 0);
    assert_int_equal(write_some(p, 10000, 0), 6000);
    assert_int_equal(septet_send_room(p->stack, p->flow->handle), 0);
    assert_int_equal(write_some(p, 1, 0), SEPTET_AGAIN);
    assert_int_equal(drain(p), 6);
    acknowledge(p, 1001);
    expect_no_event(p); /* room, but not worth a wake-up */
    assert_int_equal(septet_send_room(p->stack, p->flow->handle), 1000);
    acknowledge(p, 2001);
    expect_event(p, p->flow->handle, SEPTET_EVENT_WRITABLE, SEPTET_OK);
    acknowledge(p, 4001);
    expect_no_event(p); /* owed once for each refusal */
    write_all(p, 4000);
    acknowledge(p, 10001);
    expect_event(p, p->flow->handle, SEPTET_EVENT_ACKNOWLEDGED, SEPTET_OK);
    peer_end(p);
}

/* A buffer that is made larger is room as well. */
static void larger_send_buffer(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.send_buffer = 6000;
    struct peer *p = established(4, &config);
    assert_int_equal(write_some(p, 10000, 0), 6000);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_SEND_BUFFER, 10000), SEPTET_OK);
    expect_event(p, p->flow->handle, SEPTET_EVENT_WRITABLE, SEPTET_OK);
    write_all(p, 4000);
    /* Made smaller than what it holds it keeps that. */
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_SEND_BUFFER, 512), SEPTET_OK);
    assert_int_equal(write_some(p, 1, 0), SEPTET_AGAIN);
    for (uint32_t seq = 1; seq <= 10000; seq += 1000)
        expect(p, seq == 9001 ? ACK | PSH : ACK, .seq = seq, .length = 1000);
    acknowledge(p, 10001);
    expect_event(p, p->flow->handle, SEPTET_EVENT_ACKNOWLEDGED | SEPTET_EVENT_WRITABLE, SEPTET_OK);
    peer_end(p);
}

/* NOTSENT_LOWAT: what has not left yet is kept short. */
static void unsent_limit(void **state)
{
    (void)state;
    struct peer *p = established(4, NULL);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_NOTSENT_LOWAT, 5000), SEPTET_OK);
    write_all(p, 20000);
    assert_int_equal(write_some(p, 1, 0), SEPTET_AGAIN);
    assert_int_equal(drain(p), 10); /* the initial window, RFC 6928 */
    assert_int_equal(write_some(p, 1, 0), SEPTET_AGAIN);
    expect_no_event(p);
    acknowledge(p, 3001); /* six more leave, four thousand bytes stay */
    assert_int_equal(drain(p), 6);
    expect_event(p, p->flow->handle, SEPTET_EVENT_WRITABLE, SEPTET_OK);
    write_all(p, 1000);
    peer_end(p);
}

/* Reserve and commit: the bytes are written where they are sent from. */
static void reserve_and_commit(void **state)
{
    (void)state;
    struct peer *p = established(4, NULL);
    uint8_t *data;
    size_t length;
    for (uint32_t done = 0; done < 10000;) {
        length = 10000 - done;
        assert_int_equal(septet_send_reserve(p->stack, p->flow->handle, &data, &length), SEPTET_OK);
        assert_in_range(length, 1, 4096);
        for (uint32_t i = 0; i < length; i++)
            data[i] = pattern(1 + done + i);
        assert_int_equal(septet_send_commit(p->stack, p->flow->handle, length, 0), SEPTET_OK);
        done += (uint32_t)length;
    }
    for (uint32_t seq = 1; seq <= 10000; seq += 1000)
        expect(p, seq == 9001 ? ACK | PSH : ACK, .seq = seq, .length = 1000);
    acknowledge(p, 10001);
    /* Less than was lent, nothing of it, and more than was lent. */
    length = 100;
    assert_int_equal(septet_send_reserve(p->stack, p->flow->handle, &data, &length), SEPTET_OK);
    assert_int_equal(length, 100);
    for (uint32_t i = 0; i < 50; i++)
        data[i] = pattern(10001 + i);
    assert_int_equal(septet_send_commit(p->stack, p->flow->handle, 50, 0), SEPTET_OK);
    expect(p, ACK | PSH, .seq = 10001, .length = 50);
    acknowledge(p, 10051);
    length = 100;
    assert_int_equal(septet_send_reserve(p->stack, p->flow->handle, &data, &length), SEPTET_OK);
    assert_int_equal(septet_send_commit(p->stack, p->flow->handle, 0, 0), SEPTET_OK);
    expect_nothing(p);
    assert_int_equal(usage_of(p).pages, 0);
    assert_int_equal(septet_send_commit(p->stack, p->flow->handle, 1, 0), SEPTET_INVALID);
    assert_int_equal(septet_send_commit(p->stack, p->flow->handle, SIZE_MAX, 0), SEPTET_INVALID);
    peer_end(p);
}

/* Peek and consume: what is peeked at stays until it is consumed, S13. */
static void peek_and_consume(void **state)
{
    (void)state;
    struct peer *p = established(6, NULL);
    const uint8_t *data;
    size_t length;
    assert_int_equal(septet_receive_peek(p->stack, p->flow->handle, &data, &length), SEPTET_AGAIN);
    assert_int_equal(length, 0);
    for (uint32_t seq = 1; seq <= 10000; seq += 1000)
        inject(p, ACK, .seq = seq, .ack = 1, .length = 1000);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 10000);
    for (uint32_t at = 1; at <= 10000;) {
        assert_true(septet_receive_peek(p->stack, p->flow->handle, &data, &length) > 0);
        for (uint32_t i = 0; i < length; i++)
            assert_int_equal(data[i], pattern(at + i));
        const uint32_t part = length > 700 ? 700 : (uint32_t)length;
        assert_int_equal(septet_receive_consume(p->stack, p->flow->handle, part), SEPTET_OK);
        at += part;
        assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 10001 - at);
    }
    assert_int_equal(septet_receive_consume(p->stack, p->flow->handle, 1), SEPTET_INVALID);
    assert_int_equal(usage_of(p).pages, 0);
    peer_end(p);
}

/* 3.10.2, 3.10.3: what the calls answer in the other states. */
static void refusals(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    uint8_t byte = 0;
    assert_int_equal(septet_send(p->stack, 0, &byte, 1, 0), SEPTET_STALE);
    assert_int_equal(septet_receive(p->stack, 0, &byte, 1), SEPTET_STALE);
    assert_int_equal(septet_send_room(p->stack, 12345), SEPTET_STALE);
    assert_int_equal(septet_receive_available(p->stack, 12345), SEPTET_STALE);
    p->offer.mss = 1000;
    passive(p);
    assert_int_equal(read_none(p), SEPTET_AGAIN);
    write_all(p, 10);
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
    assert_int_equal(write_some(p, 1, 0), SEPTET_CLOSING);
    assert_int_equal(septet_send_room(p->stack, p->flow->handle), SEPTET_CLOSING);
    expect(p, ACK | PSH | FIN, .seq = 1, .length = 10);
    inject(p, ACK | PSH, .seq = 1, .ack = 12, .length = 5); /* a half-close: data still come */
    read_bytes(p, 5);
    inject(p, RST, .seq = 6);
    assert_int_equal(write_some(p, 1, 0), SEPTET_CONNECTION_RESET);
    assert_int_equal(read_none(p), SEPTET_CONNECTION_RESET);
    peer_end(p);
}

/* 3.10.2 SYN-SENT: data given before the connection is established is sent when it is. */
static void send_before_established(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .seq = 0);
    write_all(p, 1500);
    expect_nothing(p);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1000);
    expect(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    expect(p, ACK | PSH, .seq = 1001, .ack = 1, .length = 500);
    acknowledge(p, 1501);
    peer_end(p);
}

/* MUST-12: what was received before a reset can still be read, then the error comes, S28. */
static void read_after_reset(void **state)
{
    (void)state;
    struct peer *p = established(4, NULL);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
    inject(p, RST, .seq = 101);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 100);
    read_bytes(p, 100);
    assert_int_equal(read_none(p), SEPTET_CONNECTION_RESET);
    assert_int_equal(usage_of(p).pages, 0);
    peer_end(p);
}

/* ---- pages ---- */

static struct peer *small_house(uint32_t pages)
{
    struct septet_config config;
    peer_config(&config);
    config.pages = pages;
    config.page_size = 256;
    config.tcp.timestamps = false;
    struct peer *p = peer_new(4, &config);
    p->offer.mss = 1000;
    return p;
}

/* One call may not take the pages that what arrives and what is in flight will need. */
static void one_send_leaves_pages(void **state)
{
    (void)state;
    struct peer *p = small_house(64);
    passive(p);
    const int64_t taken = write_some(p, 1000000, 0);
    assert_in_range(taken, 10000, 56 * 256);
    assert_int_equal(write_some(p, 1, 0), SEPTET_NO_PAGES);
    assert_int_equal(septet_send_room(p->stack, p->flow->handle), 0);
    /* Records and what arrives find room. */
    uint32_t segments = 0;
    for (const struct seen *seen; (seen = take(p)) != NULL; segments++)
        assert_true(seen->length != 0);
    assert_int_equal(segments, 10);
    inject(p, ACK | PSH, .seq = 1, .ack = 10001, .length = 200);
    read_bytes(p, 200);
    uint8_t *data;
    size_t length = 1;
    assert_int_equal(septet_send_reserve(p->stack, p->flow->handle, &data, &length), SEPTET_OK);
    peer_end(p);
}

/* ROOM and WRITABLE when an acknowledgment brings pages back. */
static void room_by_ack(void **state)
{
    (void)state;
    struct peer *p = small_house(64);
    passive(p);
    const uint32_t taken = (uint32_t)write_some(p, 1000000, 0);
    assert_int_equal(write_some(p, 1, 0), SEPTET_NO_PAGES);
    drain(p);
    expect_no_event(p);
    acknowledge(p, 6001);
    expect_event(p, p->flow->handle, SEPTET_EVENT_ROOM | SEPTET_EVENT_WRITABLE, SEPTET_OK);
    assert_true(write_some(p, taken, 0) > 5000);
    peer_end(p);
}

/* "Nobody waits for nobody": who was refused a page hears of those that another connection gives back, also when
 * nothing of its own is on the way. */
static void room_by_another(void **state)
{
    (void)state;
    struct peer *p = small_house(64);
    passive(p);
    struct flow *hog = p->flow;
    flow_use(p, flow_new(p, 80, 40001));
    passive(p);
    struct flow *waiting = p->flow;
    flow_use(p, hog);
    (void)write_some(p, 1000000, 0);
    drain(p);
    flow_use(p, waiting);
    assert_int_equal(write_some(p, 1, 0), SEPTET_NO_PAGES);
    expect_no_event(p);
    flow_use(p, hog);
    acknowledge(p, 8001);
    assert_true(drain_events(p, waiting->handle) == (SEPTET_EVENT_ROOM | SEPTET_EVENT_WRITABLE));
    flow_use(p, waiting);
    write_all(p, 1);
    peer_end(p);
}

/* The same when the pages come back by reading, by a close and by an abort. */
static void room_by_reading_and_closing(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 3; way++) {
        struct peer *p = small_house(64);
        passive(p);
        struct flow *full = p->flow;
        for (uint32_t seq = 1; seq < 13000; seq += 1000)
            inject(p, ACK, .seq = seq, .ack = 1, .length = 1000);
        drain(p);
        flow_use(p, flow_new(p, 80, 40001));
        passive(p);
        (void)write_some(p, 100000, 0);
        assert_int_equal(write_some(p, 1, 0), SEPTET_NO_PAGES);
        drain_events(p, 0);
        struct flow *waiting = p->flow;
        flow_use(p, full);
        if (way == 0)
            read_bytes(p, 12000);
        else if (way == 1)
            assert_int_equal(septet_close(p->stack, full->handle), SEPTET_OK);
        else
            assert_int_equal(septet_abort(p->stack, full->handle), SEPTET_OK);
        full->handle = way == 0 ? full->handle : 0;
        assert_true(drain_events(p, waiting->handle) & SEPTET_EVENT_ROOM);
        flow_use(p, waiting);
        assert_true(write_some(p, 100, 0) == 100);
        peer_end(p);
    }
}

/* A stack full of unread data refuses more of it, names the reason, and goes on when it is read. */
static void received_data_without_pages(void **state)
{
    (void)state;
    struct peer *p = small_house(64);
    passive(p);
    uint32_t seq = 1;
    for (; dropped(p, SEPTET_DROP_no_pages) == 0; seq += 1000) {
        assert_true(seq < 64 * 256);
        inject(p, ACK, .seq = seq, .ack = 1, .length = 1000);
    }
    drain(p);
    const uint32_t there = (uint32_t)septet_receive_available(p->stack, p->flow->handle);
    assert_in_range(there, 10000, 61 * 256);
    inject(p, ACK, .seq = 1 + there, .ack = 1, .length = 1000);
    expect(p, ACK, .ack = 1 + there); /* nothing of it taken, and said at once */
    /* There is still a page for something to send. */
    read_bytes(p, there);
    inject(p, ACK | PSH, .seq = 1 + there, .ack = 1, .length = 1000);
    read_bytes(p, 1000);
    peer_end(p);
}

/* Data waits to be sent and no page is free for the record of its transmission: it leaves when there is one again, with
 * nothing from outside. */
static void waiting_for_a_record(void **state)
{
    (void)state;
    struct peer *p = small_house(64);
    struct flow *flows[8];
    for (uint16_t i = 0; i < 8; i++) { /* each with something to send into a closed window */
        flow_use(p, flows[i] = i == 0 ? p->flow : flow_new(p, 80, (uint16_t)(40000 + i)));
        p->offer.window = 0;
        passive(p);
        write_all(p, 100);
    }
    drain(p);
    p->offer.window = 65535;
    struct flow *full = flow_new(p, 80, 50000);
    flow_use(p, full);
    passive(p);
    for (uint32_t seq = 1; dropped(p, SEPTET_DROP_no_pages) == 0; seq += 256)
        inject(p, ACK, .seq = seq, .ack = 1, .length = 256);
    drain(p);
    uint32_t left = 0;
    for (uint32_t i = 0; i < 8; i++) {
        flow_use(p, flows[i]);
        inject(p, ACK, .seq = 1, .ack = 1);
        left += drain(p);
    }
    assert_in_range(left, 1, 7);
    advance(p, MS(100));
    assert_int_equal(drain(p), 0);
    flow_use(p, full);
    read_bytes(p, (uint32_t)septet_receive_available(p->stack, full->handle));
    drain(p);
    advance(p, MS(100));
    assert_int_equal(drain(p), 8 - left);
    peer_end(p);
}

/* Data beyond a hole gives way to what fills the hole. */
static void hole_filled_without_pages(void **state)
{
    (void)state;
    struct peer *p = small_house(64);
    p->offer.sack = true;
    passive(p);
    uint32_t seq = 2001;
    for (; dropped(p, SEPTET_DROP_no_pages) == 0; seq += 1000) {
        assert_true(seq < 64 * 256);
        inject(p, ACK, .seq = seq, .ack = 1, .length = 1000);
    }
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    expect(p, ACK, .ack = 1001);
    inject(p, ACK, .seq = 1001, .ack = 1, .length = 1000);
    assert_true(septet_receive_available(p->stack, p->flow->handle) >= 2000);
    read_bytes(p, (uint32_t)septet_receive_available(p->stack, p->flow->handle));
    peer_end(p);
}

/* Nothing stays behind of data beyond a hole that found no room. */
static void refused_out_of_order_leaves_nothing(void **state)
{
    (void)state;
    struct peer *p = small_house(64);
    passive(p);
    struct flow *full = p->flow;
    for (uint32_t seq = 1; dropped(p, SEPTET_DROP_no_pages) == 0; seq += 100)
        inject(p, ACK, .seq = seq, .ack = 1, .length = 100);
    const uint32_t pages = usage_of(p).pages;
    drain(p);
    flow_use(p, flow_new(p, 80, 40001));
    passive(p);
    inject(p, ACK, .seq = 5001, .ack = 1, .length = 1000);
    drain(p);
    assert_int_equal(info_of(p).out_of_order, 0);
    assert_int_equal(usage_of(p).pages, pages);
    flow_use(p, full);
    read_bytes(p, (uint32_t)septet_receive_available(p->stack, p->flow->handle));
    assert_int_equal(usage_of(p).pages, 0);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_held_when_idle),
        cmocka_unit_test(full_send_buffer),
        cmocka_unit_test(larger_send_buffer),
        cmocka_unit_test(unsent_limit),
        cmocka_unit_test(reserve_and_commit),
        cmocka_unit_test(peek_and_consume),
        cmocka_unit_test(refusals),
        cmocka_unit_test(send_before_established),
        cmocka_unit_test(read_after_reset),
        cmocka_unit_test(one_send_leaves_pages),
        cmocka_unit_test(room_by_ack),
        cmocka_unit_test(room_by_another),
        cmocka_unit_test(room_by_reading_and_closing),
        cmocka_unit_test(received_data_without_pages),
        cmocka_unit_test(waiting_for_a_record),
        cmocka_unit_test(hole_filled_without_pages),
        cmocka_unit_test(refused_out_of_order_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
