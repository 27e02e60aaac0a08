/* Windows: RFC 9293 section 3.8.6, both ends of it, and scaling (RFC 7323 section 2). */
#include "support/peer.h"

static struct peer *sender(int32_t window)
{
    struct peer *p = peer_new(4, NULL);
    p->offer.mss = 1000;
    p->offer.window = window;
    passive(p);
    return p;
}

/* ---- sender ---- */

/* MUST-1: the window is an unsigned number, also beyond 32767; it slides with each ACK and is used to the last byte
 * that makes a full segment. */
static void unsigned_window(void **state)
{
    (void)state;
    struct peer *p = sender(0x8000);
    write_all(p, 200000);
    drain(p);
    for (uint32_t i = 0; i < 4; i++) {
        const struct septet_tcp_info info = info_of(p);
        assert_in_range(info.snd_nxt - info.snd_una, 10000, i < 3 ? 0x8000 : 0xffff);
        inject(p, ACK, .seq = 1, .ack = info.snd_nxt - info.iss, .window = i < 2 ? 0x8000 : 0xffff);
    }
    assert_int_equal(info_of(p).snd_wnd, 0xffff);
    assert_int_equal(info_of(p).snd_nxt - info_of(p).snd_una, 65000);
    peer_end(p);

    p = sender(0xffff);
    write_all(p, 200000);
    while (info_of(p).in_flight < 65000)
        inject(p, ACK, .seq = 1, .ack = info_of(p).snd_nxt - info_of(p).iss);
    assert_int_equal(info_of(p).in_flight, 65000); /* and no short segment for the rest, MUST-38 */
    peer_end(p);
}

/* U-10: SND.WL1 and SND.WL2 keep a window that was overtaken from being taken. */
static void old_windows(void **state)
{
    (void)state;
    struct peer *p = sender(20000);
    write_all(p, 10000);
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100, .window = 5000);
    assert_int_equal(info_of(p).snd_wnd, 5000);
    inject(p, ACK, .seq = 1, .ack = 1, .window = 9000); /* WL1 > SEG.SEQ */
    assert_int_equal(info_of(p).snd_wnd, 5000);
    inject(p, ACK, .seq = 101, .ack = 2001, .window = 6000);
    assert_int_equal(info_of(p).snd_wnd, 6000);
    inject(p, ACK, .seq = 101, .ack = 1001, .window = 9000); /* WL2 > SEG.ACK */
    assert_int_equal(info_of(p).snd_wnd, 6000);
    inject(p, ACK, .seq = 101, .ack = 2001, .window = 9000); /* the same again counts */
    assert_int_equal(info_of(p).snd_wnd, 9000);
    peer_end(p);

    p = sender(20000); /* header prediction does not take SND.WL1 back */
    write_all(p, 1000);
    drain(p);
    inject(p, ACK, .seq = 101, .ack = 1, .window = 5000); /* overtook what follows */
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100, .window = 5000);
    inject(p, ACK, .seq = 51, .ack = 1, .length = 100, .window = 9000);
    assert_int_equal(info_of(p).snd_wnd, 5000);
    peer_end(p);
}

/* MUST-34, SHLD-15, SHLD-16: the right edge moves left past data in flight. Nothing new is sent, what lies within
 * goes again, and beyond it nothing until it opens. */
static void window_shrinks(void **state)
{
    (void)state;
    struct peer *p = sender(20000);
    write_all(p, 30000);
    assert_int_equal(drain(p), 10);
    inject(p, ACK, .seq = 1, .ack = 2001, .window = 3000); /* from 20001 to 5001 */
    expect_nothing(p);
    advance(p, info_of(p).rto);
    expect(p, ACK, .seq = 2001, .length = 1000);
    inject(p, ACK, .seq = 1, .ack = 4001, .window = 1000);
    expect(p, ACK, .seq = 4001, .length = 1000); /* up to the edge */
    expect_nothing(p);
    advance(p, info_of(p).rto);
    expect(p, ACK, .seq = 4001, .length = 1000);
    expect_nothing(p);
    inject(p, ACK, .seq = 1, .ack = 5001, .window = 20000);
    while (drain(p) != 0)
        inject(p, ACK, .seq = 1, .ack = info_of(p).snd_nxt - info_of(p).iss, .window = 20000);
    assert_int_equal(info_of(p).unsent, 0);
    peer_end(p);
}

/* SHLD-16, SHLD-17: a window that shrank to less than a segment gets what fits, for longer than R2. */
static void window_shrinks_below_a_segment(void **state)
{
    (void)state;
    struct peer *p = sender(20000);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_USER_TIMEOUT, S(10)), SEPTET_OK);
    write_all(p, 4000);
    assert_int_equal(drain(p), 4);
    inject(p, ACK, .seq = 1, .ack = 1, .window = 400);
    expect_nothing(p);
    advance(p, S(1));
    for (uint32_t ack = 1; ack < 4001;) {
        uint32_t sent = ack;
        for (; take(p) != NULL; sent += p->last.length)
            assert_int_equal(p->last.seq, sent);
        assert_in_range(sent, ack + 200, ack + 400);
        advance(p, MS(1100));
        drain(p);
        ack = sent;
        inject(p, ACK, .seq = 1, .ack = ack, .window = 400);
    }
    assert_true(elapsed(p) > S(10));
    expect_state(p, established);
    expect_event(p, p->flow->handle, SEPTET_EVENT_ACKNOWLEDGED, SEPTET_OK);
    peer_end(p);
}

/* A33: a window that opens and closes with every ACK. */
static void flapping_window(void **state)
{
    (void)state;
    struct peer *p = sender(65535);
    write_all(p, 500000);
    for (uint32_t i = 0; i < 1000; i++) {
        const struct septet_tcp_info info = info_of(p);
        inject(p, ACK, .seq = 1, .ack = (i % 7 ? info.snd_una : info.snd_nxt) - info.iss, .window = i % 2 ? 0 : 65535);
        advance(p, MS(i % 5 * 100));
        while (take(p) != NULL)
            assert_true(p->last.seq + p->last.length <= 65535 + 1 + (info_of(p).snd_una - info_of(p).iss));
    }
    expect_state(p, established);
    peer_end(p);
}

/* MUST-38, 3.8.6.2.1: a window that opens in small steps gets no small segments: not before a full one fits, or half
 * of the largest window that the peer ever had. */
static void sender_silly_window(void **state)
{
    (void)state;
    struct peer *p = sender(10000);
    write_all(p, 30000);
    assert_int_equal(drain(p), 10);
    inject(p, ACK, .seq = 1, .ack = 10001, .window = 0);
    for (int32_t window = 50; window < 1000; window += 50) {
        inject(p, ACK, .seq = 1, .ack = 10001, .window = window);
        expect_nothing(p);
    }
    inject(p, ACK, .seq = 1, .ack = 10001, .window = 1000);
    expect(p, ACK, .seq = 10001, .length = 1000);
    inject(p, ACK, .seq = 1, .ack = 11001, .window = 2900);
    expect(p, ACK, .seq = 11001, .length = 1000);
    expect(p, ACK, .seq = 12001, .length = 1000);
    expect_nothing(p); /* 900 would fit */
    peer_end(p);

    p = sender(800); /* never as large as a segment */
    write_all(p, 3000);
    expect(p, ACK, .seq = 1, .length = 800);
    inject(p, ACK, .seq = 1, .ack = 801, .window = 399);
    expect_nothing(p);
    inject(p, ACK, .seq = 1, .ack = 801, .window = 400);
    expect(p, ACK, .seq = 801, .length = 400);
    peer_end(p);

    p = sender(2500); /* half of the largest window is more than a segment: full ones only */
    write_all(p, 10000);
    expect(p, ACK, .seq = 1, .length = 1000);
    expect(p, ACK, .seq = 1001, .length = 1000);
    expect_nothing(p);
    inject(p, ACK, .seq = 1, .ack = 2001, .window = 2500);
    expect(p, ACK, .seq = 2001, .length = 1000);
    expect(p, ACK, .seq = 3001, .length = 1000);
    expect_nothing(p);
    peer_end(p);
}

/* The override timer of 3.8.6.2.1: 0.1 to 1 s later what fits goes nevertheless. */
static void sender_override(void **state)
{
    (void)state;
    struct peer *p = sender(10000);
    write_all(p, 30000);
    assert_int_equal(drain(p), 10);
    inject(p, ACK, .seq = 1, .ack = 10001, .window = 300);
    advance(p, MS(199));
    expect_nothing(p);
    advance(p, MS(1));
    expect(p, ACK, .seq = 10001, .length = 300, .at = MS(200));
    inject(p, ACK, .seq = 1, .ack = 10301, .window = 300);
    expect_nothing(p); /* once for each time */
    advance(p, MS(200));
    expect(p, ACK, .seq = 10301, .length = 300, .at = MS(400));
    peer_end(p);
}

/* REC-1, RFC 7323 2.3: a window of 1 GiB, used to the end; a scale above 14 counts as 14. */
static void gigabyte_sent(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.page_size = 65536;
    config.pages = 20000;
    config.tcp.send_buffer = 1u << 30;
    struct peer *p = peer_new_link(4, &config, 65535, SEPTET_OFFLOAD_CHECKSUM | (unsigned)SEPTET_OFFLOAD_TSO);
    p->offer.mss = 65495;
    p->offer.scale = 15;
    p->offer.sack = true;
    passive(p);
    p->deaf = true;
    assert_int_equal(info_of(p).snd_wscale, 14);
    assert_int_equal(info_of(p).snd_wnd, UINT32_C(65535) << 14);
    for (uint32_t turns = 0; info_of(p).in_flight < (UINT32_C(65535) << 14) - 65495; turns++) {
        assert_true(turns < 100);
        uint8_t *data;
        size_t length = 65536;
        while (septet_send_reserve(p->stack, p->flow->handle, &data, &length) == SEPTET_OK) {
            assert_int_equal(septet_send_commit(p->stack, p->flow->handle, length, 0), SEPTET_OK);
            length = 65536;
        }
        drain(p);
        const struct septet_tcp_info info = info_of(p);
        assert_true(info.snd_nxt - info.snd_una <= UINT32_C(65535) << 14);
        if (info.cwnd < 1100u << 20)
            inject(p, ACK, .seq = 1, .ack = info.snd_nxt - info.iss);
    }
    const uint32_t una = info_of(p).snd_una - info_of(p).iss, nxt = info_of(p).snd_nxt - info_of(p).iss;
    inject(p, ACK, .seq = 1, .ack = una, .sacks = 1, .sack = {{una + 65495, nxt}});
    assert_int_equal(info_of(p).total_retransmits, 1);
    assert_int_equal(info_of(p).sacked, nxt - una - 65495);
    assert_int_equal(info_of(p).in_flight, 65495);
    inject(p, ACK, .seq = 1, .ack = nxt);
    assert_int_equal(info_of(p).sacked + info_of(p).lost + info_of(p).retransmitted, 0);
    assert_int_equal(info_of(p).snd_una - info_of(p).iss, nxt);
    peer_end(p);
}

/* ---- receiver ---- */

/* The right edge that a segment of the stack tells. */
static uint32_t edge(const struct seen *seen, unsigned scale) { return seen->ack + (seen->window << scale); }

/* MUST-39, 3.8.6.2.2: an application that reads byte by byte from a full buffer opens the window by a segment, or by
 * half of the buffer, not before. */
static void receiver_silly_window(void **state)
{
    (void)state;
    static const uint32_t buffers[] = {10000, 1500};
    for (uint32_t i = 0; i < 2; i++) {
        struct septet_config config;
        peer_config(&config);
        config.tcp.receive_buffer = buffers[i];
        struct peer *p = peer_new(4, &config);
        p->offer.mss = 1000;
        passive(p);
        for (uint32_t seq = 1; seq < buffers[i]; seq += 500)
            inject(p, ACK, .seq = seq, .ack = 1, .length = 500);
        inject(p, ACK, .seq = buffers[i] + 1, .ack = 1, .length = 1); /* U-14: a probe */
        while (take(p) != NULL)
            assert_true(edge(&p->last, 0) == buffers[i] + 1);
        assert_int_equal(p->last.window, 0);
        assert_int_equal(p->last.ack, buffers[i] + 1);
        const uint32_t step = buffers[i] / 2 < 500 ? buffers[i] / 2 : 500;
        for (uint32_t read = 1; read < step; read++) {
            read_bytes(p, 1);
            expect_nothing(p);
        }
        inject(p, ACK, .seq = buffers[i] + 1, .ack = 1, .length = 1); /* an ACK that is due tells no more */
        expect(p, ACK, .ack = buffers[i] + 1, .window = 0);
        read_bytes(p, 1);
        expect(p, ACK, .ack = buffers[i] + 1, .window = step);
        peer_end(p);
    }
}

/* An application that empties a large buffer tells so before the peer has to ask, and not with every read. */
static void window_updates(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 40000;
    struct peer *p = peer_new(4, &config);
    p->offer.mss = 1000;
    passive(p);
    for (uint32_t seq = 1; seq < 40000; seq += 1000)
        inject(p, ACK, .seq = seq, .ack = 1, .length = 1000);
    drain(p);
    uint32_t updates = 0;
    for (uint32_t read = 0; read < 40000; read += 1000) {
        read_bytes(p, 1000);
        updates += drain(p);
    }
    assert_in_range(edge(&p->last, 0), 70001, 80001);
    assert_in_range(updates, 3, 8);
    peer_end(p);
}

/* SHLD-14: whatever is read and received in whatever pieces, and even if the buffer is made smaller, the right edge
 * never moves left, and what lies before it is taken. */
static void edge_never_moves_left(void **state)
{
    (void)state;
    static const uint32_t buffers[] = {512, 5000, 65535, 65536, 100000, 1000003, 3000000};
    uint64_t random = 1;
    for (uint32_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
        struct septet_config config;
        peer_config(&config);
        config.tcp.receive_buffer = buffers[i];
        struct peer *p = peer_new(4, &config);
        p->offer.scale = 7;
        passive(p);
        const unsigned scale = info_of(p).rcv_wscale;
        uint32_t right = 1 + (buffers[i] < 65535 ? buffers[i] : 65535), next = 1, read = 1;
        for (uint32_t step = 0; step < 3000; step++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            const uint32_t dice = (uint32_t)(random >> 33);
            uint32_t length = dice % 4 == 0 ? dice / 4 % 3 : dice / 4 % 1460;
            length = length > right - next ? right - next : length;
            if (length != 0)
                inject(p, ACK, .seq = next, .ack = 1, .length = length);
            next += length;
            if (dice % 3 == 0) {
                const uint32_t there = next - read, part = dice / 8 % 7 ? there : dice / 8 % 2000;
                const uint32_t now = part < there ? part : there;
                if (now != 0)
                    read_bytes(p, now);
                read += now;
            }
            if (step == 1500)
                assert_int_equal(
                    septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_RECEIVE_BUFFER, buffers[i] / 2 + 256),
                    SEPTET_OK);
            while (take(p) != NULL) {
                assert_true(edge(&p->last, scale) >= right);
                right = edge(&p->last, scale);
            }
            assert_int_equal(septet_receive_available(p->stack, p->flow->handle), next - read);
        }
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_window), 0);
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_unacceptable), 0);
        peer_end(p);
    }
}

/* Who sends crumbs against a coarse scale makes the stack hold no more than twice its buffer. */
static void crumbs(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 200000;
    config.tcp.window_scale = 12;
    struct peer *p = peer_new(4, &config);
    p->offer.scale = 7;
    passive(p);
    p->quiet = true;
    uint32_t next = 1;
    while (next < 190001) {
        inject(p, ACK, .seq = next, .ack = 1, .length = 1000);
        next += 1000;
    }
    for (uint32_t i = 0; dropped(p, SEPTET_DROP_tcp_window) == 0; i++) {
        inject(p, ACK, .seq = next, .ack = 1, .length = i % 100 ? 1 : 2000);
        next += i % 100 ? 1 : 2000;
        assert_true(i < 100000);
    }
    assert_in_range(septet_receive_available(p->stack, p->flow->handle), 200000, 400000);
    peer_end(p);
}

/* REC-1: 1 GiB offered: RFC 7323 2.3, as large as a window can be, and data at its far end. */
static void gigabyte_received(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 1u << 30;
    struct peer *p = peer_new(4, &config);
    p->offer.scale = 0;
    p->offer.sack = true;
    passive(p);
    assert_int_equal(info_of(p).rcv_wscale, 14);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    inject(p, ACK, .seq = 1001, .ack = 1, .length = 1000);
    expect(p, ACK, .ack = 2001, .window = 65535);
    const uint32_t far = 2001 + (UINT32_C(65535) << 14) - 1000;
    inject(p, ACK, .seq = far, .ack = 1, .length = 1000);
    expect(p, ACK, .ack = 2001, .sacks = 1, .sack = {{far, far + 1000}});
    inject(p, ACK, .seq = far + 1000, .ack = 1, .length = 1);
    expect(p, ACK, .ack = 2001);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_unacceptable), 1);
    assert_true(usage_of(p).pages <= 6);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_window),       cmocka_unit_test(old_windows),
        cmocka_unit_test(window_shrinks),        cmocka_unit_test(window_shrinks_below_a_segment),
        cmocka_unit_test(flapping_window),       cmocka_unit_test(sender_silly_window),
        cmocka_unit_test(sender_override),       cmocka_unit_test(gigabyte_sent),
        cmocka_unit_test(receiver_silly_window), cmocka_unit_test(window_updates),
        cmocka_unit_test(edge_never_moves_left), cmocka_unit_test(crumbs),
        cmocka_unit_test(gigabyte_received),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
