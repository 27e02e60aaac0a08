/* Loss recovery with SACK: RFC 6675 (pipe, IsLost, NextSeg, rescue), limited transmit (RFC 3042), the retransmission
 * timeout (RFC 5681, 6298), reneging (RFC 2018 section 8) and lying scoreboards (requirements A20 to A22). */
#include "support/peer.h"

static struct peer *sender(uint8_t congestion)
{
    struct septet_config config;
    peer_config(&config);
    config.tcp.congestion = congestion;
    struct peer *p = peer_new(4, &config);
    p->offer.mss = 1000;
    p->offer.sack = true;
    passive(p);
    return p;
}

/* An ACK with one SACK block. */
static void sack(struct peer *p, uint32_t ack, uint32_t start, uint32_t end)
{
    inject(p, ACK, .seq = 1, .ack = ack, .sacks = 1, .sack = {{start, end}});
}

static void acknowledge(struct peer *p, uint32_t ack) { inject(p, ACK, .seq = 1, .ack = ack); }

/* Full segments that the stack sends one behind the other, and nothing else. */
#define sends(p, first, count) expect_run(p, first, count, __FILE__, __LINE__)
static void expect_run(struct peer *p, uint32_t first, uint32_t count, const char *file, int line)
{
    for (uint32_t i = 0; i < count; i++) {
        const bool last = first + (i + 1) * 1000 == 1 + p->flow->written;
        expect_segment(p, file, line,
                       &(struct wanted){.seq = first + i * 1000,
                                        .length = 1000,
                                        .flags = last ? ACK | PSH : ACK,
                                        .ack = ANY,
                                        .window = ANY,
                                        .mss = ANY,
                                        .scale = ANY,
                                        .sack_permitted = ANY,
                                        .timestamps = ANY,
                                        .ts_ecr = ANY,
                                        .sacks = ANY,
                                        .at = ANY});
    }
    expect_no_segment(p, file, line);
}

/* RFC 6675 section 5 with one loss, segment by segment; RFC 3042; RFC 5681 equation 4 without what limited transmit
 * added. */
static void one_loss(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 30000);
    sends(p, 1, 10); /* the first is lost */
    sack(p, 1, 1001, 2001);
    sends(p, 10001, 1); /* limited transmit */
    sack(p, 1, 1001, 3001);
    sends(p, 11001, 1);
    assert_int_equal(info_of(p).cwnd, 10000);
    sack(p, 1, 1001, 4001);
    sends(p, 1, 1);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_RECOVERY);
    assert_int_equal(info_of(p).ssthresh, 5000);
    assert_int_equal(info_of(p).cwnd, 5000);
    assert_int_equal(info_of(p).in_flight, 9000); /* pipe: 12 sent, 3 SACKed, 1 lost and sent again */
    for (uint32_t end = 5001; end <= 8001; end += 1000) {
        sack(p, 1, 1001, end);
        expect_nothing(p); /* pipe 8, 7, 6, 5: not below cwnd */
    }
    sack(p, 1, 1001, 9001);
    sends(p, 12001, 1);
    sack(p, 1, 1001, 12001);
    sends(p, 13001, 3);
    acknowledge(p, 12001); /* RecoveryPoint */
    sends(p, 16001, 1);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_AVOIDANCE);
    assert_int_equal(info_of(p).cwnd, 5000);
    assert_int_equal(info_of(p).total_retransmits, 1);
    assert_int_equal(counted(p, SEPTET_COUNTER_FastRetrans), 1);
    assert_int_equal(counted(p, SEPTET_COUNTER_Recoveries), 1);
    peer_end(p);
}

/* CUBIC reduces to seven tenths, RFC 9438 section 4.6. */
static void cubic_reduction(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_CUBIC);
    write_all(p, 30000);
    sends(p, 1, 10);
    sack(p, 1, 1001, 4001);
    sends(p, 1, 1);
    assert_int_equal(info_of(p).ssthresh, 7000);
    assert_int_equal(info_of(p).cwnd, 7000);
    peer_end(p);
}

/* IsLost: three segments, or more than two full ones' bytes, SACKed above. */
static void is_lost(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 2, .sack = {{2001, 3001}, {5001, 6001}});
    expect_nothing(p);
    assert_int_equal(info_of(p).lost, 0);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 3, .sack = {{7001, 8001}, {2001, 3001}, {5001, 6001}});
    sends(p, 1, 1); /* 1 and 1001 have three above; pipe 10 - 3 - 2 + 1 */
    assert_int_equal(info_of(p).lost, 2000);
    assert_int_equal(info_of(p).sacked, 3000);
    /* A fourth: all below the second highest are lost now. */
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 4, .sack = {{9001, 10001}, {7001, 8001}, {2001, 3001}, {5001, 6001}});
    assert_int_equal(info_of(p).lost, 4000);
    peer_end(p);
}

/* Several losses: the holes go in order of sequence while pipe is below cwnd, then new data. */
static void several_losses(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 30000);
    sends(p, 1, 10); /* 1, 2001 and 4001 are lost */
    sack(p, 1, 1001, 2001);
    sends(p, 10001, 1);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 2, .sack = {{3001, 4001}, {1001, 2001}});
    sends(p, 11001, 1);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 3, .sack = {{5001, 6001}, {3001, 4001}, {1001, 2001}});
    sends(p, 1, 1); /* one is lost; pipe 12 - 3 - 1 + 1 = 9 */
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 3, .sack = {{5001, 7001}, {3001, 4001}, {1001, 2001}});
    expect_nothing(p); /* 2001 is lost as well, pipe 9 - 1 - 1 = 7 */
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 3, .sack = {{5001, 8001}, {3001, 4001}, {1001, 2001}});
    expect_nothing(p); /* 4001 too, pipe 5 */
    assert_int_equal(info_of(p).in_flight, 5000);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 3, .sack = {{5001, 10001}, {3001, 4001}, {1001, 2001}});
    expect(p, ACK, .seq = 2001, .length = 1000);
    expect(p, ACK, .seq = 4001, .length = 1000);
    expect_nothing(p);
    inject(p, ACK, .seq = 1, .ack = 2001, .sacks = 2, .sack = {{5001, 10001}, {3001, 4001}});
    sends(p, 12001, 1);
    inject(p, ACK, .seq = 1, .ack = 4001, .sacks = 1, .sack = {{5001, 10001}});
    sends(p, 13001, 1);
    acknowledge(p, 10001);
    sends(p, 14001, 1);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_RECOVERY); /* RecoveryPoint is 12001 */
    acknowledge(p, 12001);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_AVOIDANCE);
    assert_int_equal(info_of(p).total_retransmits, 3);
    assert_int_equal(counted(p, SEPTET_COUNTER_Timeouts), 0);
    peer_end(p);
}

/* What is lost above RecoveryPoint begins a second recovery, with a second reduction. */
static void second_recovery(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 30000);
    sends(p, 1, 10);
    sack(p, 1, 1001, 10001);
    expect(p, ACK, .seq = 1, .length = 1000);
    expect(p, ACK, .seq = 10001, .length = 1000); /* lost */
    sends(p, 11001, 3);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 2, .sack = {{11001, 14001}, {1001, 10001}});
    drain(p);
    acknowledge(p, 10001); /* the retransmission arrived: the first recovery is over */
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 10001, .sacks = 1, .sack = {{11001, 15001}});
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_RECOVERY);
    assert_int_equal(counted(p, SEPTET_COUNTER_Recoveries), 2);
    assert_int_equal(info_of(p).ssthresh, 2500);
    peer_end(p);
}

/* NextSeg (3): without new data, holes below something SACKed that do not count as lost go when pipe allows.
 * Each counts twice in pipe. */
static void next_segment_rule_3(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10); /* 1 is lost, and 7001; 9001 is reordered */
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = {{1001, 4001}});
    expect(p, ACK, .seq = 1, .length = 1000);
    expect_nothing(p); /* pipe 7 */
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = {{1001, 7001}});
    expect(p, ACK | PSH, .seq = 9001, .length = 1000); /* (4), the rescue: nothing is SACKed above 7001; pipe 4 */
    expect_nothing(p);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 2, .sack = {{8001, 9001}, {1001, 7001}});
    sends(p, 7001, 1);                       /* (3) */
    assert_int_equal(info_of(p).lost, 1000); /* 7001 is only suspected */
    assert_int_equal(info_of(p).in_flight, 4000);
    inject(p, ACK, .seq = 1, .ack = 7001, .sacks = 1, .sack = {{8001, 9001}});
    expect_nothing(p);
    acknowledge(p, 10001);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_AVOIDANCE);
    assert_int_equal(counted(p, SEPTET_COUNTER_Timeouts), 0);
    peer_end(p);
}

/* NextSeg (4): the tail is lost together with the first segment. One rescue in a recovery, no timeout. */
static void rescue(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10); /* 1 and 9001 are lost */
    sack(p, 1, 1001, 5001);
    sends(p, 1, 1);
    sack(p, 1, 1001, 8001);
    sends(p, 9001, 1); /* pipe 3, nothing new: the highest that is not SACKed */
    sack(p, 1, 1001, 9001);
    expect_nothing(p); /* once */
    sack(p, 9001, 9001, 9001);
    expect_nothing(p);
    acknowledge(p, 10001);
    expect_event(p, p->flow->handle, SEPTET_EVENT_ACKNOWLEDGED, SEPTET_OK);
    advance(p, S(1));
    assert_int_equal(counted(p, SEPTET_COUNTER_Timeouts), 0);
    assert_int_equal(septet_deadline(p->stack), SEPTET_NEVER);
    peer_end(p);
}

/* What is sent in a recovery for the first time needs no rescue at once. */
static void no_rescue_for_new_data(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 11000);
    sends(p, 1, 10);
    sack(p, 1, 1001, 10001);
    expect(p, ACK, .seq = 1, .length = 1000);
    sends(p, 10001, 1);
    acknowledge(p, 11001);
    assert_int_equal(info_of(p).total_retransmits, 1);
    peer_end(p);
}

/* A FIN is rescued, retransmitted and SACKed like a segment. */
static void fin_is_recovered(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO); /* a FIN of its own, lost twice */
    septet_shutdown(p->stack, p->flow->handle);
    expect(p, FIN | ACK, .seq = 1, .at = 0);
    advance(p, S(3));
    expect(p, FIN | ACK, .seq = 1, .at = S(1));
    expect(p, FIN | ACK, .seq = 1, .at = S(3));
    acknowledge(p, 2);
    expect_state(p, fin_wait_2);
    peer_end(p);

    p = sender(SEPTET_RENO); /* the last segment and the FIN are lost, then only the FIN */
    write_all(p, 3000);
    septet_shutdown(p->stack, p->flow->handle);
    expect(p, ACK, .seq = 1, .length = 1000);
    expect(p, ACK, .seq = 1001, .length = 1000);
    expect(p, FIN | PSH | ACK, .seq = 2001, .length = 1000);
    acknowledge(p, 2001);
    advance(p, MS(200));
    expect(p, FIN | PSH | ACK, .seq = 2001, .length = 1000);
    acknowledge(p, 3001);
    expect_nothing(p);
    advance(p, MS(400));
    expect(p, FIN | ACK, .seq = 3001);
    acknowledge(p, 3002);
    expect_state(p, fin_wait_2);
    peer_end(p);
}

/* RFC 5681 3.1, MUST-19: after a retransmission timeout cwnd is one segment, ssthresh half of what was in flight, and
 * what is lost goes again in slow start. */
static void timeout(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10);
    advance(p, S(1));
    expect(p, ACK, .seq = 1, .length = 1000, .at = S(1));
    expect_nothing(p);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_LOSS);
    assert_int_equal(info_of(p).cwnd, 1000);
    assert_int_equal(info_of(p).ssthresh, 5000);
    advance(p, S(2)); /* twice as long */
    expect(p, ACK, .seq = 1, .length = 1000, .at = S(3));
    assert_int_equal(info_of(p).ssthresh, 5000); /* not for the same data again */
    acknowledge(p, 1001);
    sends(p, 1001, 2);
    acknowledge(p, 2001);
    sends(p, 3001, 2);
    /* Half of it had arrived: slow start counts one segment for an ACK of them all, RFC 3465 2.3. */
    acknowledge(p, 9001);
    sends(p, 9001, 1);
    assert_int_equal(info_of(p).cwnd, 4000);
    acknowledge(p, 10001);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_SLOW_START);
    peer_end(p);
}

/* RFC 6675 section 6: the retransmission of the first segment has an RTO of its own. */
static void retransmission_rearms(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10);
    advance(p, MS(900));
    sack(p, 1, 1001, 10001);
    sends(p, 1, 1);
    advance(p, MS(999)); /* 900 ms were measured: RTO is more */
    expect_nothing(p);
    advance(p, info_of(p).rto - MS(999));
    expect(p, ACK, .seq = 1, .length = 1000, .at = MS(900) + info_of(p).rto / 2);
    peer_end(p);
}

/* RFC 6675 5.1: after a timeout what was SACKed is not sent again. */
static void timeout_keeps_sacks(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10);
    inject(p, ACK, .seq = 1, .ack = 1, .sacks = 2, .sack = {{3001, 4001}, {6001, 7001}});
    advance(p, S(1));
    expect(p, ACK, .seq = 1, .length = 1000);
    acknowledge(p, 1001);
    sends(p, 1001, 2);
    acknowledge(p, 4001);
    expect(p, ACK, .seq = 4001, .length = 1000);
    expect(p, ACK, .seq = 5001, .length = 1000);
    expect(p, ACK, .seq = 7001, .length = 1000);
    expect_nothing(p);
    peer_end(p);
}

/* All of a large window is lost: slow start brings it back, one timeout and no more. */
static void everything_is_lost(void **state)
{
    (void)state;
    for (unsigned tail = 0; tail < 2; tail++) {
        struct peer *p = sender(SEPTET_RENO);
        write_all(p, 200000);
        for (uint32_t i = 0; i < 3; i++) {
            drain(p);
            acknowledge(p, info_of(p).snd_nxt - info_of(p).iss);
        }
        drain(p);
        const uint32_t una = info_of(p).snd_una - info_of(p).iss, end = info_of(p).snd_nxt - info_of(p).iss;
        assert_int_equal(end - una, 65000); /* the peer's window */
        uint32_t next = una;
        if (tail) { /* or nearly all: what lies behind the first ten */
            next += 10000;
            acknowledge(p, next);
            drain(p);
        }
        advance(p, MS(200));
        for (uint32_t trip = 0; next < end; trip++) {
            uint32_t arrived = next;
            while (take(p) != NULL)
                arrived = p->last.seq == arrived ? arrived + p->last.length : arrived;
            assert_true(trip == 0 ? arrived == next + 1000 : trip < 12);
            advance(p, MS(1));
            while (next < arrived)
                acknowledge(p, next += 1000);
        }
        assert_int_equal(counted(p, SEPTET_COUNTER_Timeouts), 1);
        peer_end(p);
    }
}

/* A22, RFC 2018 section 8: a peer that takes back what it SACKed gets it again after a timeout. */
static void reneging(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10);
    sack(p, 1, 1001, 3001);
    acknowledge(p, 1001); /* but 1001 was SACKed! */
    advance(p, S(5));
    expect(p, ACK, .seq = 1001, .length = 1000);
    assert_int_equal(counted(p, SEPTET_COUNTER_SACKReneging), 1);
    assert_int_equal(info_of(p).sacked, 0);
    drain(p);
    acknowledge(p, 2001);
    sends(p, 2001, 2);
    acknowledge(p, 10001);
    assert_int_equal(info_of(p).delivered, 10000);
    assert_int_equal(info_of(p).bytes_acked, 10000);
    peer_end(p);
}

/* A22: who does it again and again makes no more work than one segment in a timeout, and never an endless loop. */
static void reneging_for_ever(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10);
    acknowledge(p, 1001);
    for (uint32_t i = 0; i < 20; i++) {
        sack(p, 1001, 1001, 10001);
        drain(p);
        advance(p, S(1));
        assert_true(drain(p) <= 10);
    }
    acknowledge(p, 10001);
    peer_end(p);
}

/* A21, U-7: blocks that are inverted, empty, below SND.UNA, beyond SND.NXT or the whole space mean nothing. */
static void nonsense_blocks(void **state)
{
    (void)state;
    const struct sack_block nonsense[] = {
        {2001, 1001}, {2001, 2001}, {1, 20001},          {5001, 10002},        {10001, 11001}, {0, 1},
        {0, 1001},    {1, 1},       {1, 1 + 0x80000000}, {0x80000000u, 10001}, {10001, 1},     {0xfffffff0u, 1001},
    };
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10);
    for (uint32_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        sack(p, 1, nonsense[i].start, nonsense[i].end);
        expect_nothing(p);
        assert_int_equal(info_of(p).sacked, 0);
        assert_int_equal(info_of(p).lost, 0);
    }
    sack(p, 1, 1001, 2001); /* a good one still counts */
    assert_int_equal(info_of(p).sacked, 1000);
    peer_end(p);
}

/* Blocks that end within a segment count for the whole segments only, however they grow. */
static void blocks_within_segments(void **state)
{
    (void)state;
    static const struct {
        struct sack_block before, after;
        uint32_t sacked;
    } cases[] = {
        {{1501, 2501}, {1001, 2501}, 1000}, {{1501, 3001}, {1001, 3001}, 2000}, {{1001, 2501}, {1001, 3001}, 2000},
        {{1501, 2501}, {1001, 3001}, 2000}, {{1001, 1501}, {1501, 2001}, 0},    {{1002, 2000}, {1001, 2001}, 1000},
        {{4001, 5501}, {3501, 6001}, 2000}, {{1001, 2001}, {1001, 2001}, 1000},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = sender(SEPTET_RENO);
        write_all(p, 10000);
        sends(p, 1, 10);
        sack(p, 1, cases[i].before.start, cases[i].before.end);
        sack(p, 1, cases[i].after.start, cases[i].after.end);
        assert_int_equal(info_of(p).sacked, cases[i].sacked);
        peer_end(p);
    }
}

/* RFC 2883: what the peer got twice is counted, and is no loss. */
static void duplicate_sacks(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 10000);
    sends(p, 1, 10);
    inject(p, ACK, .seq = 1, .ack = 2001, .sacks = 1, .sack = {{1001, 2001}}); /* below the ACK */
    assert_int_equal(info_of(p).dsack_seen, 1);
    inject(p, ACK, .seq = 1, .ack = 2001, .sacks = 2, .sack = {{4001, 5001}, {3001, 6001}}); /* within the second */
    assert_int_equal(info_of(p).dsack_seen, 2);
    assert_int_equal(info_of(p).sacked, 3000);
    assert_int_equal(counted(p, SEPTET_COUNTER_DSACKRecv), 2);
    peer_end(p);
}

/* Fragmentation Needed (RFC 1191), about a segment that is outstanding. */
static void path_shrinks(struct peer *p, uint32_t seq, uint32_t mtu)
{
    inject_icmp(p, ICMPV4_UNREACHABLE, 4, mtu, seq);
}

/* RFC 1191 section 6.5: when the path gets smaller, segments go again in pieces, at once and without a word to
 * congestion control; the FIN only with the last. */
static void path_mtu_shrinks(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 2500);
    septet_shutdown(p->stack, p->flow->handle);
    expect(p, ACK, .seq = 1, .length = 1000);
    expect(p, ACK, .seq = 1001, .length = 1000);
    expect(p, FIN | PSH | ACK, .seq = 2001, .length = 500);
    path_shrinks(p, 1, 640);
    expect(p, ACK, .seq = 1, .length = 600);
    expect(p, ACK, .seq = 601, .length = 400);
    expect(p, ACK, .seq = 1001, .length = 600);
    expect(p, ACK, .seq = 1601, .length = 400);
    expect(p, FIN | PSH | ACK, .seq = 2001, .length = 500);
    expect_nothing(p);
    assert_int_equal(info_of(p).cwnd, 10000);
    acknowledge(p, 601); /* in the middle of a segment */
    path_shrinks(p, 601, 560);
    expect(p, ACK, .seq = 601, .length = 400);
    expect(p, ACK, .seq = 1001, .length = 520);
    expect(p, ACK, .seq = 1521, .length = 480);
    expect(p, FIN | PSH | ACK, .seq = 2001, .length = 500);
    sack(p, 1001, 2001, 2502);
    acknowledge(p, 2502);
    expect_state(p, fin_wait_2);
    peer_end(p);

    p = sender(SEPTET_RENO); /* one segment with a FIN, in pieces */
    write_all(p, 900);
    septet_shutdown(p->stack, p->flow->handle);
    expect(p, FIN | PSH | ACK, .seq = 1, .length = 900);
    path_shrinks(p, 1, 640);
    expect(p, ACK, .seq = 1, .length = 600);
    expect(p, FIN | PSH | ACK, .seq = 601, .length = 300);
    acknowledge(p, 902);
    peer_end(p);
}

/* Pieces that are lost go again from where they began. */
static void pieces_are_lost(void **state)
{
    (void)state;
    struct peer *p = sender(SEPTET_RENO);
    write_all(p, 2000);
    sends(p, 1, 2);
    path_shrinks(p, 1, 640);
    assert_int_equal(drain(p), 4);
    advance(p, S(1));
    expect(p, ACK, .seq = 1, .length = 600);
    expect(p, ACK, .seq = 601, .length = 400);
    expect_nothing(p);
    acknowledge(p, 601);
    acknowledge(p, 1001);
    expect(p, ACK, .seq = 1001, .length = 600);
    expect(p, ACK | PSH, .seq = 1601, .length = 400);
    acknowledge(p, 2001);
    peer_end(p);
}

/* Gives the stack bytes to send, whatever they are, as long as it takes them. */
static void feed(struct peer *p)
{
    uint8_t *data;
    size_t length = 65536;
    while (septet_send_reserve(p->stack, p->flow->handle, &data, &length) == SEPTET_OK) {
        assert_int_equal(septet_send_commit(p->stack, p->flow->handle, length, 0), SEPTET_OK);
        length = 65536;
    }
}

/* Lets more than so many bytes pass without the flight ever ending. */
static void pass_bytes(struct peer *p, uint64_t bytes)
{
    p->deaf = true;
    for (uint64_t passed = 0; passed < bytes;) {
        feed(p);
        inject(p, ACK, .seq = 1, .ack = info_of(p).snd_una - info_of(p).iss); /* a pull */
        const struct septet_tcp_info info = info_of(p);
        const uint32_t acked = info.snd_nxt - info.snd_una - info.mss;
        inject(p, ACK, .seq = 1, .ack = info.snd_una - info.iss + acked);
        passed += acked;
    }
    feed(p);
    inject(p, ACK, .seq = 1, .ack = info_of(p).snd_una - info_of(p).iss);
    p->deaf = false;
}

/* Sequence numbers wrap: losses are repaired as ever in a flight that has not ended for 2 and for 4 GiB. */
static void flight_that_never_ends(void **state)
{
    (void)state;
    for (unsigned with_sack = 0; with_sack < 2; with_sack++) {
        struct peer *p = peer_new_link(4, NULL, 65535, SEPTET_OFFLOAD_CHECKSUM | (unsigned)SEPTET_OFFLOAD_TSO);
        p->offer.mss = 65495;
        p->offer.scale = 5;
        p->offer.sack = with_sack;
        passive(p);
        pass_bytes(p, 5000000); /* past slow start */
        for (uint32_t turn = 0; turn < 3; turn++) {
            const struct septet_tcp_info info = info_of(p);
            const uint32_t una = info.snd_una - info.iss;
            for (uint32_t i = 1; i <= 3; i++)
                if (with_sack)
                    sack(p, una, una + info.mss, una + (i + 1) * info.mss);
                else
                    acknowledge(p, una);
            assert_int_equal(info_of(p).phase, SEPTET_PHASE_RECOVERY);
            assert_int_equal(info_of(p).total_retransmits, info.total_retransmits + 1);
            drain(p);
            acknowledge(p, info_of(p).snd_nxt - info_of(p).iss - info.mss);
            drain(p);
            pass_bytes(p, UINT64_C(0x80000000));
        }
        assert_int_equal(counted(p, SEPTET_COUNTER_Timeouts), 0);
        peer_end(p);
    }
}

/* A20, CVE-2019-11477 to 11479: the smallest MSS, and every second byte SACKed, for as long as one likes. Nothing is
 * marked, no memory grows, nothing is cut into pieces. */
static void sack_of_every_second_byte(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.mss = 48;
    p->offer.sack = true;
    passive(p);
    assert_int_equal(info_of(p).mss, 64);
    write_all(p, 60000);
    while (info_of(p).in_flight < 20000) { /* a window of some hundred segments */
        acknowledge(p, info_of(p).snd_nxt - info_of(p).iss);
        drain(p);
    }
    const uint32_t una = info_of(p).snd_una - info_of(p).iss, end = info_of(p).snd_nxt - info_of(p).iss;
    const uint32_t pages = usage_of(p).pages;
    assert_true(end - una > 20000);
    for (uint32_t round = 0; round < 5; round++)
        for (uint32_t at = una + 1; at + 7 < end; at += 8)
            inject(p, ACK, .seq = 1, .ack = una, .sacks = 4,
                   .sack = {{at, at + 1}, {at + 2, at + 3}, {at + 4, at + 5}, {at + 6, at + 7}});
    expect_nothing(p);
    assert_int_equal(info_of(p).sacked, 0);
    assert_int_equal(info_of(p).lost, 0);
    assert_int_equal(usage_of(p).pages, pages);
    /* Every second segment, which does count. */
    for (uint32_t at = una + 64; at + 128 < end; at += 128)
        sack(p, una, at, at + 64);
    drain(p);
    assert_in_range(usage_of(p).pages, pages, pages + 2); /* records of new data */
    acknowledge(p, end);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_loss),
        cmocka_unit_test(cubic_reduction),
        cmocka_unit_test(is_lost),
        cmocka_unit_test(several_losses),
        cmocka_unit_test(second_recovery),
        cmocka_unit_test(next_segment_rule_3),
        cmocka_unit_test(rescue),
        cmocka_unit_test(no_rescue_for_new_data),
        cmocka_unit_test(fin_is_recovered),
        cmocka_unit_test(timeout),
        cmocka_unit_test(retransmission_rearms),
        cmocka_unit_test(timeout_keeps_sacks),
        cmocka_unit_test(everything_is_lost),
        cmocka_unit_test(reneging),
        cmocka_unit_test(reneging_for_ever),
        cmocka_unit_test(nonsense_blocks),
        cmocka_unit_test(blocks_within_segments),
        cmocka_unit_test(duplicate_sacks),
        cmocka_unit_test(path_mtu_shrinks),
        cmocka_unit_test(pieces_are_lost),
        cmocka_unit_test(flight_that_never_ends),
        cmocka_unit_test(sack_of_every_second_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
