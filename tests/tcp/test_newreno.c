/* Loss recovery without SACK: fast retransmit and fast recovery (RFC 5681 section 3.2), partial ACKs and the variable
 * `recover` (RFC 6582), limited transmit (RFC 3042). */
#include "support/peer.h"

static struct peer *sender(void)
{
    struct septet_config config;
    peer_config(&config);
    config.tcp.congestion = SEPTET_RENO;
    struct peer *p = peer_new(4, &config);
    p->offer.mss = 1000;
    passive(p);
    return p;
}

static void acknowledge(struct peer *p, uint32_t ack) { inject(p, ACK, .seq = 1, .ack = ack); }

/* Full segments that the stack sends one behind the other, and nothing else. */
#define sends(p, first, count) expect_run(p, first, count, __LINE__)
static void expect_run(struct peer *p, uint32_t first, uint32_t count, int line)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct seen *seen = take(p);
        if (seen == NULL || seen->seq != first + i * 1000 || seen->length != 1000) {
            print_error("expected %u, came %u\n", first + i * 1000, seen == NULL ? 0 : seen->seq);
            _fail(__FILE__, line);
        }
    }
    expect_no_segment(p, __FILE__, line);
}

/* RFC 5681 3.2 in full: two segments by limited transmit, the third duplicate ACK retransmits, each further one lets
 * a segment leave as soon as half the window has drained. */
static void fast_retransmit(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 30000);
    sends(p, 1, 10); /* the first is lost */
    acknowledge(p, 1);
    sends(p, 10001, 1);
    acknowledge(p, 1);
    sends(p, 11001, 1);
    acknowledge(p, 1);
    sends(p, 1, 1);
    assert_int_equal(info_of(p).ssthresh, 5000);
    assert_int_equal(info_of(p).cwnd, 5000);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_RECOVERY);
    assert_int_equal(info_of(p).in_flight, 9000);
    for (uint32_t i = 4; i <= 7; i++) {
        acknowledge(p, 1);
        expect_nothing(p);
    }
    for (uint32_t i = 8; i <= 11; i++) {
        acknowledge(p, 1);
        sends(p, 12001 + (i - 8) * 1000, 1);
    }
    acknowledge(p, 12001); /* full: min (ssthresh, FlightSize + SMSS) */
    sends(p, 16001, 1);
    assert_int_equal(info_of(p).cwnd, 5000);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_AVOIDANCE);
    assert_int_equal(counted(p, SEPTET_COUNTER_FastRetrans), 1);
    assert_int_equal(counted(p, SEPTET_COUNTER_DupAcksIn), 11);
    peer_end(p);
}

/* RFC 6582 3.2 step 3: a full ACK with little in flight does not allow a burst. */
static void no_burst_after_recovery(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 10000);
    sends(p, 1, 10);
    for (uint32_t i = 0; i < 9; i++)
        acknowledge(p, 1);
    sends(p, 1, 1);
    acknowledge(p, 10001);
    assert_int_equal(info_of(p).cwnd, 2000); /* nothing in flight: SMSS + SMSS */
    write_all(p, 10000);
    sends(p, 10001, 2);
    peer_end(p);
}

/* RFC 6582: a partial ACK retransmits the next hole at once and deflates by what it covers, less one segment. */
static void partial_ack(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 30000);
    sends(p, 1, 10); /* 1 and 3001 are lost */
    acknowledge(p, 1);
    acknowledge(p, 1);
    sends(p, 10001, 2);
    acknowledge(p, 1);
    sends(p, 1, 1);
    for (uint32_t i = 4; i <= 7; i++)
        acknowledge(p, 1);
    expect_nothing(p);
    for (uint32_t i = 8; i <= 10; i++)
        acknowledge(p, 1);
    sends(p, 12001, 3);
    acknowledge(p, 3001);
    expect(p, ACK, .seq = 3001, .length = 1000);
    expect(p, ACK, .seq = 15001, .length = 1000); /* cwnd was 15, less 3 acknowledged, plus 1; 12 in flight */
    expect_nothing(p);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_RECOVERY);
    acknowledge(p, 12001);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_AVOIDANCE);
    assert_int_equal(info_of(p).total_retransmits, 2);
    peer_end(p);
}

/* The same when most duplicate ACKs are lost on their way: the hole goes whatever cwnd says. */
static void partial_ack_after_lost_acks(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 30000);
    sends(p, 1, 10); /* 1 and 3001 are lost */
    for (uint32_t i = 0; i < 3; i++)
        acknowledge(p, 1);
    expect(p, ACK, .seq = 10001, .length = 1000);
    expect(p, ACK, .seq = 11001, .length = 1000);
    sends(p, 1, 1);
    acknowledge(p, 3001);
    sends(p, 3001, 1);
    acknowledge(p, 12001);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_SLOW_START); /* cwnd 2000 for the moment */
    peer_end(p);
}

/* Many losses in a window cost one round trip each, as long as the timer, which only the first partial ACK restarts,
 * allows (RFC 6582 3.2 step 3, "impatient"). */
static void impatient(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 10000);
    sends(p, 1, 10);
    advance(p, MS(100));
    for (uint32_t i = 0; i < 3; i++)
        acknowledge(p, 1);
    sends(p, 1, 1);
    for (uint32_t i = 0; i < 9; i++) {
        advance(p, MS(300));
        if (counted(p, SEPTET_COUNTER_Timeouts) != 0)
            break;
        acknowledge(p, 1001 + i * 1000);
        sends(p, 1001 + i * 1000, 1);
    }
    /* The first partial ACK came after 400 ms; RTO is 1 s. */
    expect(p, ACK, .seq = 4001, .length = 1000, .at = MS(1400));
    peer_end(p);
}

/* RFC 6582 3.2 step 2, the "careful" variant: after a timeout, duplicate ACKs for what was sent again needlessly do
 * not start a fast retransmit; those for newer data do. */
static void duplicates_after_timeout(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 40000);
    sends(p, 1, 10);
    advance(p, S(1)); /* spurious: the ACKs are late */
    sends(p, 1, 1);
    acknowledge(p, 1001);
    sends(p, 1001, 2);
    acknowledge(p, 2001);
    acknowledge(p, 3001);
    drain(p);
    acknowledge(p, 10001);
    const uint64_t retransmitted = info_of(p).total_retransmits;
    const uint32_t cwnd = info_of(p).cwnd;
    drain(p);
    for (uint32_t i = 0; i < 5; i++) { /* what the retransmissions bring */
        acknowledge(p, 10001);
        drain(p);
    }
    assert_int_equal(info_of(p).total_retransmits, retransmitted);
    assert_int_equal(info_of(p).cwnd, cwnd);
    assert_int_not_equal(info_of(p).phase, SEPTET_PHASE_RECOVERY);
    acknowledge(p, 11001);
    drain(p);
    for (uint32_t i = 0; i < 3; i++) {
        acknowledge(p, 11001);
        drain(p);
    }
    assert_int_equal(info_of(p).total_retransmits, retransmitted + 1);
    peer_end(p);
}

/* The same after a fast recovery that ended exactly at `recover`. */
static void duplicates_after_recovery(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 40000);
    sends(p, 1, 10);
    for (uint32_t i = 0; i < 9; i++)
        acknowledge(p, 1);
    drain(p);
    const uint32_t recover = 12001;
    acknowledge(p, recover);
    drain(p);
    for (uint32_t i = 0; i < 4; i++)
        acknowledge(p, recover);
    assert_int_equal(info_of(p).total_retransmits, 1);
    assert_int_equal(counted(p, SEPTET_COUNTER_Recoveries), 1);
    peer_end(p);
}

/* RFC 5681 section 2: data, a FIN, a new window or nothing outstanding make no duplicate ACK; a new ACK begins to
 * count anew. */
static void what_is_no_duplicate(void **state)
{
    (void)state;
    struct peer *p = sender();
    acknowledge(p, 1);
    acknowledge(p, 1);
    acknowledge(p, 1);
    write_all(p, 10000);
    sends(p, 1, 10);
    for (uint32_t i = 0; i < 5; i++)
        inject(p, ACK, .seq = 1, .ack = 1, .window = 60000 - (int32_t)i);
    inject(p, ACK, .seq = 1, .ack = 1, .window = 59996, .length = 1);
    inject(p, ACK, .seq = 2, .ack = 1, .window = 59996, .length = 1);
    expect(p, ACK, .ack = 3);
    expect_nothing(p);
    assert_int_equal(counted(p, SEPTET_COUNTER_DupAcksIn), 0);
    for (uint32_t ack = 1; ack < 5000; ack += 1000)
        for (uint32_t i = 0; i < 3; i++) /* one advances, two repeat it */
            inject(p, ACK, .seq = 3, .ack = ack + 1000, .window = 59996);
    expect_nothing(p);
    assert_int_equal(info_of(p).total_retransmits, 0);
    peer_end(p);
}

/* Reordering by two segments is not taken for loss, and what limited transmit sent is all that happened. */
static void reordering(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 30000);
    sends(p, 1, 10);
    acknowledge(p, 1);
    acknowledge(p, 1);
    sends(p, 10001, 2);
    acknowledge(p, 3001);
    assert_int_equal(info_of(p).sacked, 0);
    assert_int_equal(info_of(p).cwnd, 13000);
    sends(p, 12001, 4); /* 9 in flight of 13 */
    peer_end(p);
}

/* A18: more duplicate ACKs than segments in flight open no more than the segments that were in flight. */
static void spoofed_duplicates(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 1000000);
    sends(p, 1, 10);
    for (uint32_t i = 0; i < 1000; i++)
        acknowledge(p, 1);
    /* The peer's window is the limit, as if every duplicate stood for a segment that arrived. */
    assert_true(drain(p) <= 65);
    const struct septet_tcp_info info = info_of(p);
    assert_true(info.snd_nxt - info.snd_una <= 65535);
    assert_true(info.sacked + info.lost <= info.snd_nxt - info.snd_una);
    peer_end(p);
}

/* A retransmission that is lost too is left to the timer, and everything arrives. */
static void lost_retransmission(void **state)
{
    (void)state;
    struct peer *p = sender();
    write_all(p, 10000);
    sends(p, 1, 10);
    for (uint32_t i = 0; i < 9; i++)
        acknowledge(p, 1);
    sends(p, 1, 1);
    advance(p, S(1));
    sends(p, 1, 1);
    assert_int_equal(info_of(p).phase, SEPTET_PHASE_LOSS);
    assert_int_equal(info_of(p).cwnd, 1000);
    assert_int_equal(info_of(p).ssthresh, 5000);
    acknowledge(p, 10001);
    assert_int_equal(info_of(p).in_flight, 0);
    expect_nothing(p);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_retransmit),
        cmocka_unit_test(no_burst_after_recovery),
        cmocka_unit_test(partial_ack),
        cmocka_unit_test(partial_ack_after_lost_acks),
        cmocka_unit_test(impatient),
        cmocka_unit_test(duplicates_after_timeout),
        cmocka_unit_test(duplicates_after_recovery),
        cmocka_unit_test(what_is_no_duplicate),
        cmocka_unit_test(reordering),
        cmocka_unit_test(spoofed_duplicates),
        cmocka_unit_test(lost_retransmission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
