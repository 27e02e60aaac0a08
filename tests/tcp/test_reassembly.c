/* Data beyond a hole: SHLD-31, MUST-59, SACK and D-SACK as the receiver says them (RFC 2018, 2883), and the attacks
 * A23 (very many pieces) and A24 (overlaps that contradict each other). */
#include "support/peer.h"

static struct peer *established(unsigned version, bool sack, bool timestamps)
{
    struct peer *p = peer_new(version, NULL);
    p->offer.mss = 1000;
    p->offer.sack = sack;
    p->offer.timestamps = timestamps;
    passive(p);
    return p;
}

/* A hundred bytes at a sequence number. */
static void piece(struct peer *p, uint32_t seq) { inject(p, ACK, .seq = seq, .ack = 1, .length = 100); }

/* SHLD-31, RFC 5681 4.2: each segment beyond a hole is answered at once with what is missed; filling the hole makes
 * one jump, and nothing has to come again. */
static void hole_filled(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = established(version, false, false);
        for (uint32_t seq = 101; seq <= 901; seq += 100) {
            piece(p, seq);
            expect(p, ACK, .seq = 1, .ack = 1, .sacks = 0);
        }
        assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
        assert_int_equal(info_of(p).out_of_order, 1);
        drain_events(p, 0);
        piece(p, 1);
        expect(p, ACK, .seq = 1, .ack = 1001);
        expect_nothing(p);
        expect_event(p, p->flow->handle, SEPTET_EVENT_READABLE, SEPTET_OK);
        assert_int_equal(info_of(p).out_of_order, 0);
        read_bytes(p, 1000);
        assert_int_equal(usage_of(p).pages, 0);
        peer_end(p);
    }
}

/* MUST-59: all that was queued is processed before it is acknowledged; MUST-58: a batch gets one ACK. */
static void one_ack_for_a_batch(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    hold(p);
    for (uint32_t seq = 101; seq <= 901; seq += 100)
        piece(p, seq);
    piece(p, 1);
    let_go(p);
    expect(p, ACK, .ack = 1001, .sacks = 0);
    expect_nothing(p);
    hold(p);
    for (uint32_t seq = 2001; seq <= 2901; seq += 100)
        piece(p, seq);
    let_go(p);
    expect(p, ACK, .ack = 1001, .sacks = 1, .sack = {{2001, 3001}});
    expect_nothing(p);
    peer_end(p);
}

/* RFC 2018 section 4: the block with the latest segment first, then those most recently reported, as many as fit:
 * four, or three beside timestamps. */
static void sack_blocks(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    piece(p, 201);
    expect(p, ACK, .ack = 1, .sacks = 1, .sack = {{201, 301}});
    piece(p, 401);
    expect(p, ACK, .ack = 1, .sacks = 2, .sack = {{401, 501}, {201, 301}});
    piece(p, 601);
    expect(p, ACK, .ack = 1, .sacks = 3, .sack = {{601, 701}, {401, 501}, {201, 301}});
    piece(p, 801);
    expect(p, ACK, .ack = 1, .sacks = 4, .sack = {{801, 901}, {601, 701}, {401, 501}, {201, 301}});
    piece(p, 1001);
    expect(p, ACK, .ack = 1, .sacks = 4, .sack = {{1001, 1101}, {801, 901}, {601, 701}, {401, 501}});
    /* Two become one. */
    piece(p, 701);
    expect(p, ACK, .ack = 1, .sacks = 4, .sack = {{601, 901}, {1001, 1101}, {401, 501}, {201, 301}});
    /* The cumulative ACK moves: what it covers is not told again. */
    piece(p, 1);
    expect(p, ACK, .ack = 101, .sacks = 4, .sack = {{601, 901}, {1001, 1101}, {401, 501}, {201, 301}});
    piece(p, 101);
    expect(p, ACK, .ack = 301, .sacks = 3, .sack = {{601, 901}, {1001, 1101}, {401, 501}});
    peer_end(p);

    p = established(6, true, true);
    for (uint32_t seq = 201; seq <= 801; seq += 200) {
        piece(p, seq);
        drain(p);
    }
    piece(p, 1001);
    expect(p, ACK, .ack = 1, .timestamps = 1, .sacks = 3, .sack = {{1001, 1101}, {801, 901}, {601, 701}});
    peer_end(p);
}

/* A range that grows and grows does not crowd the others out. */
static void sack_blocks_are_distinct(void **state)
{
    (void)state;
    struct peer *p = established(4, true, true);
    piece(p, 201);
    piece(p, 401);
    for (uint32_t seq = 601; seq <= 1001; seq += 100)
        piece(p, seq);
    drain(p);
    piece(p, 1101);
    expect(p, ACK, .ack = 1, .sacks = 3, .sack = {{601, 1201}, {401, 501}, {201, 301}});
    peer_end(p);
}

/* Data that we send carries the blocks too, and is so much shorter (MUST-16). */
static void sack_blocks_beside_data(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    piece(p, 201);
    expect(p, ACK, .ack = 1, .sacks = 1, .sack = {{201, 301}});
    write_all(p, 2000);
    expect(p, ACK, .seq = 1, .length = 1000 - 12, .sacks = 1, .sack = {{201, 301}});
    expect(p, ACK, .seq = 989, .length = 1000 - 12, .sacks = 1, .sack = {{201, 301}});
    expect(p, ACK | PSH, .seq = 1977, .length = 24, .sacks = 1, .sack = {{201, 301}});
    peer_end(p);
}

/* RFC 2883 section 4: a duplicate is reported once, in the first block. */
static void duplicates_reported(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    piece(p, 1);
    piece(p, 101);
    expect(p, ACK, .ack = 201, .sacks = 0);
    piece(p, 101); /* 4.1: below the cumulative ACK */
    expect(p, ACK, .ack = 201, .sacks = 1, .sack = {{101, 201}});
    inject(p, ACK, .seq = 151, .ack = 1, .length = 100); /* half of it known */
    expect(p, ACK, .ack = 251, .sacks = 1, .sack = {{151, 201}});
    piece(p, 401);
    expect(p, ACK, .ack = 251, .sacks = 1, .sack = {{401, 501}});
    piece(p, 501);
    expect(p, ACK, .ack = 251, .sacks = 1, .sack = {{401, 601}});
    piece(p, 401); /* 4.2: part of a block, which follows as the second one */
    expect(p, ACK, .ack = 251, .sacks = 2, .sack = {{401, 501}, {401, 601}});
    inject(p, ACK, .seq = 551, .ack = 1, .length = 100); /* partly known, beyond the hole */
    expect(p, ACK, .ack = 251, .sacks = 2, .sack = {{551, 601}, {401, 651}});
    piece(p, 801);
    expect(p, ACK, .ack = 251, .sacks = 2, .sack = {{801, 901}, {401, 651}}); /* told once */
    assert_int_equal(counted(p, SEPTET_COUNTER_DSACKSent), 4);
    peer_end(p);

    p = established(4, false, false); /* not without permission */
    piece(p, 1);
    piece(p, 1);
    expect(p, ACK, .ack = 101, .sacks = 0);
    peer_end(p);
}

/* A24: in whatever way segments overlap, the bytes that came first are the bytes that are delivered, and none of
 * them twice. Two segments with different contents in every position to each other, then the rest. */
static void overlap_matrix(void **state)
{
    (void)state;
    enum { FIRST = 10, SPAN = 14 };
    for (uint32_t start = FIRST - 6; start <= FIRST + 9; start++) {
        for (uint32_t length = 1; length <= 15; length++) {
            struct peer *p = established(4, true, false);
            uint8_t wanted[64], got[64], first[SPAN], second[64];
            memset(first, 'A', sizeof first);
            memset(second, 'B', sizeof second);
            memset(wanted, 'C', sizeof wanted);
            memset(wanted + start, 'B', length);
            memset(wanted + FIRST, 'A', SPAN);
            /* Offsets count from the first byte of the stream, which has number 1. */
            inject(p, ACK, .seq = 1 + FIRST, .ack = 1, .data = first, .length = SPAN);
            inject(p, ACK, .seq = 1 + start, .ack = 1, .data = second, .length = length);
            uint8_t rest[40];
            memset(rest, 'C', sizeof rest);
            inject(p, ACK, .seq = 1, .ack = 1, .data = rest, .length = sizeof rest);
            assert_int_equal(septet_receive(p->stack, p->flow->handle, got, sizeof got), sizeof rest);
            assert_memory_equal(got, wanted, sizeof rest);
            assert_int_equal(usage_of(p).pages, 0);
            drain(p);
            peer_end(p);
        }
    }
}

/* A24: also what was delivered already cannot be changed. */
static void delivered_bytes_stay(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    uint8_t got[200], other[200];
    memset(other, 'X', sizeof other);
    piece(p, 1);
    inject(p, ACK, .seq = 51, .ack = 1, .data = other, .length = 100);
    assert_int_equal(septet_receive(p->stack, p->flow->handle, got, sizeof got), 150);
    for (uint32_t i = 0; i < 150; i++)
        assert_int_equal(got[i], i < 100 ? pattern(1 + i) : 'X');
    peer_end(p);
}

/* A23: every second byte. Memory stays within one page of ranges and the pages of the window, what finds no place is
 * dropped by name, and the stream is right in the end. */
static void very_many_pieces(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    p->quiet = true;
    const uint32_t last = 3001;
    uint8_t byte;
    for (uint32_t seq = 3; seq < last; seq += 2) {
        byte = pattern(seq);
        inject(p, ACK, .seq = seq, .ack = 1, .data = &byte, .length = 1);
        assert_in_range(usage_of(p).pages, 1, 3);
    }
    assert_int_equal(info_of(p).out_of_order, (4096 - 40) / 8);
    assert_true(dropped(p, SEPTET_DROP_tcp_reassembly_limit) > 900);
    for (uint32_t seq = last; seq-- > 1;) /* from the end: each joins two ranges or is refused */
        inject(p, ACK, .seq = seq, .ack = 1, .length = 1);
    while (info_of(p).rcv_nxt - info_of(p).irs < last)
        for (uint32_t seq = 1; seq < last; seq += 100)
            inject(p, ACK, .seq = seq, .ack = 1, .length = seq + 100 > last ? last - seq : 100);
    p->quiet = false;
    read_bytes(p, last - 1);
    assert_int_equal(usage_of(p).pages, 0);
    peer_end(p);
}

/* When the ranges are full, data in order still gets through. */
static void in_order_beats_full_ranges(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    p->quiet = true;
    for (uint32_t seq = 200; dropped(p, SEPTET_DROP_tcp_reassembly_limit) == 0; seq += 2)
        inject(p, ACK, .seq = seq, .ack = 1, .length = 1);
    piece(p, 1);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 100);
    piece(p, 101);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 200);
    piece(p, 201);
    read_bytes(p, 300);
    peer_end(p);
}

/* A FIN beyond a hole is remembered, and SACKed with what lies before it. */
static void fin_beyond_a_hole(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    inject(p, ACK | FIN, .seq = 101, .ack = 1, .length = 100);
    expect(p, ACK, .ack = 1, .sacks = 1, .sack = {{101, 202}});
    expect_state(p, established);
    piece(p, 1);
    expect(p, ACK, .ack = 202, .sacks = 0);
    expect_state(p, close_wait);
    read_bytes(p, 200);
    assert_int_equal(read_none(p), 0);
    assert_int_equal(usage_of(p).pages, 0);
    peer_end(p);

    p = established(4, true, false); /* a bare one */
    inject(p, ACK | FIN, .seq = 101, .ack = 1);
    expect(p, ACK, .ack = 1);
    piece(p, 1);
    expect(p, ACK, .ack = 102);
    expect_state(p, close_wait);
    peer_end(p);
}

/* A peer that contradicts itself about its end: what came first counts, and the connection closes all the same. */
static void contradicting_fins(void **state)
{
    (void)state;
    struct peer *p = established(4, true, false);
    inject(p, ACK | FIN, .seq = 201, .ack = 1); /* the end is 201 */
    piece(p, 151);                              /* beyond it */
    inject(p, ACK | FIN, .seq = 301, .ack = 1); /* another end */
    inject(p, ACK | FIN, .seq = 101, .ack = 1);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_after_fin), 3);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 150);
    drain(p);
    assert_int_equal(info_of(p).rcv_nxt - info_of(p).irs, 202);
    expect_state(p, close_wait);
    read_bytes(p, 200);
    peer_end(p);

    p = established(4, true, false);
    piece(p, 301);
    inject(p, ACK | FIN, .seq = 101, .ack = 1, .length = 100); /* an end before data that is there */
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100);
    inject(p, ACK, .seq = 201, .ack = 1, .length = 100);
    expect_state(p, established);
    read_bytes(p, 400);
    inject(p, ACK | FIN, .seq = 401, .ack = 1);
    expect_state(p, close_wait);
    drain(p);
    peer_end(p);
}

/* 3.10.7.4: what lies beyond the window is cut off, and never noted as there. */
static void cut_at_the_window(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 2000;
    struct peer *p = peer_new(4, &config);
    p->offer.sack = true;
    passive(p);
    inject(p, ACK, .seq = 1501, .ack = 1, .length = 1000);
    expect(p, ACK, .ack = 1, .window = 2000, .sacks = 1, .sack = {{1501, 2001}});
    inject(p, ACK, .seq = 2001, .ack = 1, .length = 100);
    expect(p, ACK, .ack = 1, .window = 2000);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_window), 1);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_unacceptable), 1);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1500);
    expect(p, ACK, .ack = 2001, .window = 0);
    read_bytes(p, 2000);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hole_filled),
        cmocka_unit_test(one_ack_for_a_batch),
        cmocka_unit_test(sack_blocks),
        cmocka_unit_test(sack_blocks_are_distinct),
        cmocka_unit_test(sack_blocks_beside_data),
        cmocka_unit_test(duplicates_reported),
        cmocka_unit_test(overlap_matrix),
        cmocka_unit_test(delivered_bytes_stay),
        cmocka_unit_test(very_many_pieces),
        cmocka_unit_test(in_order_beats_full_ranges),
        cmocka_unit_test(fin_beyond_a_hole),
        cmocka_unit_test(contradicting_fins),
        cmocka_unit_test(cut_at_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
