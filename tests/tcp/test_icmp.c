/* ICMP errors about our segments: RFC 9293 section 3.9.2.2, RFC 5461, 5927, and path MTU: RFC 1191, 8201. */
#include "support/peer.h"

struct report {
    uint8_t type, code;
    int error;
};
static const struct report soft4[] = {
    {ICMPV4_UNREACHABLE, ICMPV4_NET_UNREACHABLE, SEPTET_NETWORK_UNREACHABLE},
    {ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, SEPTET_HOST_UNREACHABLE},
    {ICMPV4_UNREACHABLE, ICMPV4_SOURCE_ROUTE_FAILED, SEPTET_NETWORK_UNREACHABLE},
    {ICMPV4_TIME_EXCEEDED, 0, SEPTET_HOST_UNREACHABLE},
    {ICMPV4_TIME_EXCEEDED, 1, SEPTET_HOST_UNREACHABLE},
    {ICMPV4_PARAMETER_PROBLEM, 0, SEPTET_HOST_UNREACHABLE},
};
static const struct report soft6[] = {
    {ICMPV6_UNREACHABLE, ICMPV6_NO_ROUTE, SEPTET_NETWORK_UNREACHABLE},
    {ICMPV6_UNREACHABLE, ICMPV6_ADDRESS_UNREACHABLE, SEPTET_HOST_UNREACHABLE},
    {ICMPV6_TIME_EXCEEDED, 0, SEPTET_HOST_UNREACHABLE},
    {ICMPV6_TIME_EXCEEDED, 1, SEPTET_HOST_UNREACHABLE},
    {ICMPV6_PARAMETER_PROBLEM, 0, SEPTET_HOST_UNREACHABLE},
};
static const struct report hard4[] = {
    {ICMPV4_UNREACHABLE, ICMPV4_PROTOCOL_UNREACHABLE, SEPTET_PROTOCOL_UNREACHABLE},
    {ICMPV4_UNREACHABLE, ICMPV4_PORT_UNREACHABLE, SEPTET_CONNECTION_REFUSED},
};
static const struct report hard6[] = {
    {ICMPV6_UNREACHABLE, ICMPV6_PORT_UNREACHABLE, SEPTET_CONNECTION_REFUSED},
};
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static struct peer *with_data(unsigned version)
{
    struct peer *p = peer_new(version, NULL);
    active(p);
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .length = 100);
    return p;
}

static void survives(unsigned version, const struct report *report)
{
    struct peer *p = with_data(version);
    inject_icmp(p, report->type, report->code, 0, 1);
    expect_nothing(p);
    expect_state(p, established);
    expect_event(p, p->flow->handle, SEPTET_EVENT_SOFT_ERROR, report->error);
    assert_int_equal(septet_take_error(p->stack, p->flow->handle), report->error);
    inject(p, ACK, .seq = 1, .ack = 101);
    expect_event(p, p->flow->handle, SEPTET_EVENT_ACKNOWLEDGED, SEPTET_OK);
    peer_end(p);
}

/* MUST-47, MUST-56, SHLD-25 (W98): soft errors are told and harm nothing. */
static void soft_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(soft4); i++)
        survives(4, &soft4[i]);
    for (size_t i = 0; i < COUNT_OF(soft6); i++)
        survives(6, &soft6[i]);
}

/* B1, RFC 5927 (W96, W97): nor do hard ones once the connection is established; SHLD-26 is older than the attack. */
static void hard_errors_when_established(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hard4); i++)
        survives(4, &hard4[i]);
    for (size_t i = 0; i < COUNT_OF(hard6); i++)
        survives(6, &hard6[i]);
}

/* SHLD-26 where it is safe (W87): a SYN that nobody will ever take. */
static void hard_errors_when_opening(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hard4) + COUNT_OF(hard6); i++) {
        const bool ipv4 = i < COUNT_OF(hard4);
        const struct report *report = ipv4 ? &hard4[i] : &hard6[i - COUNT_OF(hard4)];
        struct peer *p = peer_new(ipv4 ? 4 : 6, NULL);
        connect_out(p);
        expect(p, SYN);
        inject_icmp(p, report->type, report->code, 0, 1); /* not our SYN's number */
        expect_state(p, syn_sent);
        inject_icmp(p, report->type, report->code, 0, 0);
        expect_state(p, closed);
        expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, report->error);
        peer_end(p);
    }
}

/* RFC 5461 leaves the choice: soft errors do not end an open either, it goes on trying. */
static void soft_errors_when_opening(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN);
    inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0, 0);
    expect_event(p, p->flow->handle, SEPTET_EVENT_SOFT_ERROR, SEPTET_HOST_UNREACHABLE);
    advance(p, S(1));
    expect(p, SYN);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    expect_state(p, established);
    peer_end(p);
}

/* MUST-54, U-20 (W95, W100): only what quotes something outstanding of this connection counts. */
static void quoted_numbers(void **state)
{
    (void)state;
    struct peer *p = with_data(4);
    const uint32_t bad[] = {0, 101, 102, 0x80000000, 0xffffffff};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0, bad[i]);
    assert_int_equal(dropped(p, SEPTET_DROP_icmp_unmatched), COUNT_OF(bad));
    p->flow->peer_port++;
    inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0, 1);
    p->flow->peer_port--;
    assert_int_equal(dropped(p, SEPTET_DROP_icmp_unmatched), COUNT_OF(bad) + 1);
    expect_no_event(p);
    inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0, 100);
    expect_event(p, p->flow->handle, SEPTET_EVENT_SOFT_ERROR, SEPTET_HOST_UNREACHABLE);
    inject(p, ACK, .seq = 1, .ack = 101);
    drain_events(p, 0);
    inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0, 1); /* not outstanding any more */
    expect_no_event(p);
    peer_end(p);
}

/* MUST-54: of two connections the one that is quoted. */
static void only_the_quoted_connection(void **state)
{
    (void)state;
    struct peer *p = with_data(6);
    struct flow *first = p->flow;
    flow_use(p, flow_new(p, 81, 41000));
    active(p);
    write_all(p, 100);
    expect(p, ACK | PSH, .seq = 1, .length = 100);
    inject_icmp(p, ICMPV6_UNREACHABLE, ICMPV6_NO_ROUTE, 0, 50);
    expect_event(p, p->flow->handle, SEPTET_EVENT_SOFT_ERROR, SEPTET_NETWORK_UNREACHABLE);
    expect_no_event(p);
    assert_int_equal(septet_take_error(p->stack, first->handle), SEPTET_OK);
    peer_end(p);
}

/* MUST-55, RFC 6633 (W93, W99): source quench is nothing. */
static void source_quench(void **state)
{
    (void)state;
    struct peer *p = with_data(4);
    const uint32_t cwnd = info_of(p).cwnd;
    inject_icmp(p, ICMPV4_SOURCE_QUENCH, 0, 0, 1);
    assert_int_equal(info_of(p).cwnd, cwnd);
    expect_no_event(p);
    assert_int_equal(dropped(p, SEPTET_DROP_icmp_ignored), 1);
    peer_end(p);
}

/* A half-open connection goes when its very SYN,ACK is reported, and only then. */
static void half_open(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK);
    inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_PORT_UNREACHABLE, 0, 1);
    inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0, 0);
    assert_int_equal(usage_of(p).half_open, 1);
    inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_PORT_UNREACHABLE, 0, 0);
    assert_int_equal(usage_of(p).half_open, 0);
    expect_no_event(p);
    peer_end(p);
}

/* ---- path MTU ---- */

static void too_big(struct peer *p, uint32_t mtu, uint32_t seq)
{
    if (p->version == 4)
        inject_icmp(p, ICMPV4_UNREACHABLE, ICMPV4_FRAGMENTATION_NEEDED, mtu, seq);
    else
        inject_icmp(p, ICMPV6_PACKET_TOO_BIG, 0, mtu, seq);
}

/* RFC 1191 6.5, 8201: what was too big goes again in smaller pieces, at once and without congestion control being
 * told; what follows fits. */
static void smaller_pieces(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        const uint32_t full = version == 4 ? 1460 : 1440, mss = version == 4 ? 1360 : 1340;
        struct peer *p = peer_new(version, NULL);
        passive(p);
        const uint32_t cwnd = info_of(p).cwnd;
        write_all(p, 2 * full);
        expect(p, ACK, .seq = 1, .length = full);
        expect(p, ACK | PSH, .seq = 1 + full, .length = full);
        too_big(p, 1400, 1);
        expect(p, ACK, .seq = 1, .length = mss);
        expect(p, ACK, .seq = 1 + mss, .length = full - mss);
        expect(p, ACK, .seq = 1 + full, .length = mss);
        expect(p, ACK | PSH, .seq = 1 + full + mss, .length = full - mss);
        expect_nothing(p);
        assert_int_equal(info_of(p).path_mtu, 1400);
        assert_int_equal(info_of(p).mss, mss);
        assert_in_range(info_of(p).cwnd, cwnd, cwnd + full);
        inject(p, ACK, .seq = 1, .ack = 1 + 2 * full);
        write_all(p, 2 * mss);
        expect(p, ACK, .seq = 1 + 2 * full, .length = mss);
        expect(p, ACK | PSH, .seq = 1 + 2 * full + mss, .length = mss);
        peer_end(p);
    }
}

/* Each piece can be lost and acknowledged by itself; the path can shrink again meanwhile. */
static void smaller_and_smaller(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.sack = p->offer.timestamps = true;
    passive(p);
    write_all(p, 1448);
    expect(p, ACK | PSH, .seq = 1, .length = 1448);
    too_big(p, 1000, 1);
    expect(p, ACK, .seq = 1, .length = 948);
    expect(p, ACK | PSH, .seq = 949, .length = 500);
    too_big(p, 600, 1);
    expect(p, ACK, .seq = 1, .length = 548);
    expect(p, ACK, .seq = 549, .length = 548);
    expect(p, ACK | PSH, .seq = 1097, .length = 352);
    inject(p, ACK, .seq = 1, .ack = 549);
    advance(p, S(1));
    for (const struct seen *seen; (seen = take(p)) != NULL;)
        assert_true(seen->seq >= 549 && seen->length <= 548 && seen->ip.payload_length <= 580);
    inject(p, ACK, .seq = 1, .ack = 1449);
    assert_int_equal(info_of(p).snd_una, info_of(p).snd_nxt);
    advance(p, S(10));
    expect_nothing(p);
    peer_end(p);
}

/* FIN goes with the last piece. */
static void fin_with_the_last_piece(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    write_all(p, 1460);
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, FIN | ACK | PSH, .seq = 1, .length = 1460);
    too_big(p, 1000, 1);
    expect(p, ACK, .seq = 1, .length = 960);
    expect(p, FIN | ACK | PSH, .seq = 961, .length = 500);
    inject(p, ACK, .seq = 1, .ack = 1462);
    expect_state(p, fin_wait_2);
    peer_end(p);
}

/* A transfer over a path that shrinks twice on the way arrives whole, in segments that fit. */
static void transfer_over_shrinking_path(void **state)
{
    (void)state;
    struct peer *p = peer_new(6, NULL);
    p->offer.sack = true;
    passive(p);
    uint32_t got = 1, mtu = 1500;
    write_all(p, 65535);
    for (uint32_t turn = 0; got < 65536 && turn < 1000; turn++) {
        bool reported = false;
        for (const struct seen *seen; (seen = take(p)) != NULL;) {
            if (seen->ip.payload_length + 40 > mtu) {
                if (!reported)
                    too_big(p, mtu, seen->seq);
                reported = true;
            } else if (seen->seq <= got && seen->seq + seen->length > got) {
                for (uint32_t i = 0; i < seen->length; i++)
                    assert_int_equal(seen->payload[i], pattern(seen->seq + i));
                got = seen->seq + seen->length;
            }
            mtu = got > 40000 ? 1280 : got > 15000 ? 1400 : 1500;
        }
        inject(p, ACK, .seq = 1, .ack = got);
        advance(p, MS(50));
    }
    assert_int_equal(got, 65536);
    assert_int_equal(info_of(p).path_mtu, 1280);
    assert_int_equal(counted(p, SEPTET_COUNTER_Timeouts), 0);
    peer_end(p);
}

/* B1: reports that quote nothing outstanding, or would make the path larger, or smaller than any may be. */
static void unbelievable_reports(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = with_data(version);
        too_big(p, 1300, 101);
        too_big(p, 1300, 0);
        too_big(p, 1500, 1);
        too_big(p, 9000, 1);
        expect_nothing(p);
        assert_int_equal(info_of(p).path_mtu, 1500);
        too_big(p, 100, 1);
        drain(p);
        assert_int_equal(info_of(p).path_mtu, version == 4 ? 552 : 1500); /* W101; RFC 8201 section 4 */
        too_big(p, 1, 1);
        assert_int_equal(info_of(p).path_mtu, version == 4 ? 552 : 1500);
        expect_nothing(p);
        peer_end(p);
    }
}

/* RFC 1191 section 7: a router that names no MTU: the next plateau below what was sent. */
static void plateau(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    write_all(p, 1460);
    expect(p, ACK | PSH, .seq = 1, .length = 1460);
    too_big(p, 0, 1); /* the quote says 1420 bytes */
    drain(p);
    assert_int_equal(info_of(p).path_mtu, 1006);
    peer_end(p);
}

/* Another connection to the same host learns of it before its next segment; after ten minutes the link's MTU is tried
 * again. */
static void other_connections_and_ageing(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    struct flow *first = p->flow;
    flow_use(p, flow_new(p, 80, 41000));
    passive(p);
    write_all(p, 10);
    drain(p);
    too_big(p, 1000, 1);
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 11);
    flow_use(p, first);
    write_all(p, 2000);
    expect(p, ACK, .seq = 1, .length = 960);
    expect(p, ACK, .seq = 961, .length = 960);
    expect(p, ACK | PSH, .seq = 1921, .length = 80);
    inject(p, ACK, .seq = 1, .ack = 2001);
    advance(p, S(601));
    write_all(p, 2000);
    expect(p, ACK, .seq = 2001, .length = 1460);
    drain(p);
    peer_end(p);
}

/* While opening there is no segment size to change; the connection begins with what fits. */
static void path_mtu_when_opening(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .mss = 1460);
    too_big(p, 1000, 0);
    drain(p);
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    drain(p);
    write_all(p, 1460);
    expect(p, ACK, .seq = 1, .length = 960);
    drain(p);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soft_errors),
        cmocka_unit_test(hard_errors_when_established),
        cmocka_unit_test(hard_errors_when_opening),
        cmocka_unit_test(soft_errors_when_opening),
        cmocka_unit_test(quoted_numbers),
        cmocka_unit_test(only_the_quoted_connection),
        cmocka_unit_test(source_quench),
        cmocka_unit_test(half_open),
        cmocka_unit_test(smaller_pieces),
        cmocka_unit_test(smaller_and_smaller),
        cmocka_unit_test(fin_with_the_last_piece),
        cmocka_unit_test(transfer_over_shrinking_path),
        cmocka_unit_test(unbelievable_reports),
        cmocka_unit_test(plateau),
        cmocka_unit_test(other_connections_and_ageing),
        cmocka_unit_test(path_mtu_when_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
