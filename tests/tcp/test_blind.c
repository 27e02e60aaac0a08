/* Who does not see the connection must not harm it: RFC 5961, requirements A2 to A7, A13, A14, A17, A21. */
#include "support/peer.h"

/* Lets the limit of challenges pass. */
static void wait_for_next_challenge(struct peer *p) { sleep_for(p, MS(600)); }

/* A2, U-5 (W45-W47, W57): of all RSTs only that at RCV.NXT resets; in the window the others are challenged. */
static void blind_reset(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100);
    advance(p, S(1));
    expect(p, ACK, .ack = 101);
    const uint32_t window = info_of(p).rcv_wnd;
    const uint32_t inside[] = {102, 103, 1000, 101 + window / 2, 101 + window - 1};
    const uint32_t outside[] = {100, 99, 0, 101 + window, 102 + window, 0x80000065, 0x40000000, 0xc0000000};
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        wait_for_next_challenge(p);
        inject(p, RST, .seq = inside[i]);
        expect(p, ACK, .seq = 1, .ack = 101);
    }
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        wait_for_next_challenge(p);
        inject(p, RST, .seq = outside[i]);
        inject(p, RST | ACK, .seq = outside[i], .ack = 1);
        expect_nothing(p);
    }
    expect_state(p, established);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_rst_challenge), 5);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_rst_window), 16);
    inject(p, RST, .seq = 101);
    expect_state(p, closed);
    peer_end(p);
}

/* SHLD-2: a RST may carry data. MUST-66: it counts with a closed window too. */
static void reset_with_data_and_closed_window(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    inject(p, RST, .seq = 1, .length = 5);
    expect_state(p, closed);
    assert_int_equal(read_none(p), SEPTET_CONNECTION_RESET);
    peer_end(p);
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 1000;
    p = peer_new(4, &config);
    passive(p);
    inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 1000);
    advance(p, S(1));
    expect(p, ACK, .seq = 1, .ack = 1001, .window = 0);
    inject(p, RST, .seq = 1002);
    inject(p, RST, .seq = 1000);
    expect_nothing(p);
    expect_state(p, established);
    inject(p, RST, .seq = 1001);
    expect_state(p, closed);
    read_bytes(p, 1000);
    peer_end(p);
}

/* A3, U-6 (W48): a SYN wherever it stands is challenged, and nothing else. */
static void blind_syn(void **state)
{
    (void)state;
    struct peer *p = peer_new(6, NULL);
    active(p);
    const uint32_t seqs[] = {0, 1, 2, 1000, 65536, 0x80000000, 0xffffff00};
    for (size_t i = 0; i < sizeof seqs / sizeof seqs[0]; i++) {
        wait_for_next_challenge(p);
        inject(p, SYN, .seq = seqs[i], .mss = 1440);
        expect(p, ACK, .seq = 1, .ack = 1);
        wait_for_next_challenge(p);
        inject(p, SYN | ACK, .seq = seqs[i], .ack = 1, .mss = 1440, .length = 100);
        expect(p, ACK, .seq = 1, .ack = 1);
    }
    expect_state(p, established);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
    peer_end(p);
}

/* A4, U-7 (W50, W51): data whose ACK is not near what we sent is not taken. */
static void blind_data(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.window = 2000;
    passive(p);
    for (uint32_t sent = 1; sent < 10000; sent += 1000) {
        write_all(p, 1000);
        expect(p, ACK | PSH, .seq = sent, .length = 1000);
        inject(p, ACK, .seq = 1, .ack = sent + 1000, .window = 2000);
    }
    /* SND.UNA = SND.NXT = 10001, MAX.SND.WND = 2000 */
    const uint32_t bad[] = {10002, 20000, 0x80000000, 8000, 1, 0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wait_for_next_challenge(p);
        inject(p, ACK | PSH, .seq = 1, .ack = bad[i], .length = 10, .window = 2000);
        expect(p, ACK, .seq = 10001, .ack = 1);
    }
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_ack_future), 3);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_ack_old), 3);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
    inject(p, ACK | PSH, .seq = 1, .ack = 8001, .length = 10, .window = 2000);
    read_bytes(p, 10);
    peer_end(p);
}

/* A5, CVE-2023-52881: an ACK of what was never sent is no ACK, however large the window. */
static void ghost_ack(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 2; kind++) {
        struct peer *p = peer_new(4, NULL);
        p->offer.scale = 14;
        if (kind == 0)
            passive(p);
        else
            active(p);
        const uint32_t bad[] = {0, 0xffffffff, 0xffff0000, 0xc0000000};
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            wait_for_next_challenge(p);
            inject(p, ACK | PSH, .seq = 1, .ack = bad[i], .length = 10);
            expect(p, ACK, .seq = 1, .ack = 1);
        }
        assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
        peer_end(p);
    }
}

/* A6, CVE-2016-5696, U-8: what is challenged on one connection cannot be counted on another. */
static void challenge_side_channel(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    struct flow *victim = p->flow, *own = flow_new(p, 80, 40001);
    flow_use(p, own);
    passive(p);
    for (uint32_t second = 0; second < 4; second++) {
        uint32_t of_victim = 0, of_own = 0;
        for (uint32_t i = 0; i < 200; i++) {
            flow_use(p, victim);
            if (second % 2 == 1)
                inject(p, RST, .seq = 100 + i);
            of_victim += drain(p);
            flow_use(p, own);
            inject(p, RST, .seq = 100 + i);
            of_own += drain(p);
            sleep_for(p, MS(5));
        }
        assert_int_equal(of_own, 2); /* with and without the other's */
        assert_int_equal(of_victim, second % 2 == 1 ? 2 : 0);
    }
    peer_end(p);
}

/* A7, CVE-2020-36516: no counter of packets is shared: the identification of one connection's packets does not tell
 * of another's, and packets without a connection have none. */
static void identification(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    struct flow *first = p->flow, *second = flow_new(p, 80, 40001);
    flow_use(p, second);
    passive(p);
    uint32_t step[2];
    for (uint32_t busy = 0; busy < 2; busy++) {
        flow_use(p, first);
        write_all(p, 1);
        const uint32_t before = take(p)->ip.identification;
        inject(p, ACK, .seq = 1, .ack = 1 + first->written);
        flow_use(p, second);
        for (uint32_t i = 0; i < 20 * busy; i++) {
            write_all(p, 1);
            assert_int_equal(drain(p), 1);
            inject(p, ACK, .seq = 1, .ack = 1 + second->written);
        }
        flow_use(p, first);
        write_all(p, 1);
        step[busy] = (uint16_t)(take(p)->ip.identification - before);
        inject(p, ACK, .seq = 1, .ack = 1 + first->written);
    }
    assert_int_equal(step[0], step[1]);
    flow_use(p, flow_new(p, 81, 40002));
    inject(p, ACK, .seq = 1, .ack = 1);
    expect(p, RST);
    assert_int_equal(p->last.ip.identification, 0);
    assert_true(p->last.ip.do_not_fragment);
    flow_use(p, flow_new(p, 80, 40003));
    inject(p, SYN, .seq = 0);
    expect(p, SYN | ACK);
    assert_int_equal(p->last.ip.identification, 0);
    peer_end(p);
}

/* A17, U-8 (W49): two ends that disagree do not answer each other for ever. */
static void ack_storm(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    uint32_t answers = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        inject(p, ACK, .seq = 0x20000000, .ack = 1);
        inject(p, ACK, .seq = 1, .ack = 0x20000000);
        inject(p, SYN, .seq = 0x20000000);
        inject(p, RST, .seq = 10);
        answers += drain(p);
        sleep_for(p, MS(1));
    }
    assert_in_range(answers, 1, 3);
    assert_int_equal(counted(p, SEPTET_COUNTER_ChallengeACKs), answers);
    assert_int_equal(counted(p, SEPTET_COUNTER_ChallengeACKsSkipped), 4000 - answers);
    peer_end(p);
}

/* A17 with two stacks that an attacker desynchronised by sending data to both: each takes the other's segments for
 * old ones. */
static void ack_storm_between_stacks(void **state)
{
    (void)state;
    struct peer *a = peer_new(4, NULL), *b = peer_new(4, NULL);
    passive(a);
    passive(b);
    inject(a, ACK, .seq = 1, .ack = 1, .length = 1000);
    inject(b, ACK, .seq = 1, .ack = 1, .length = 1000);
    uint32_t packets = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        advance(a, MS(10));
        advance(b, MS(10));
        const struct seen *seen = take(a);
        if (seen != NULL)
            inject(b, seen->flags, .seq = seen->seq, .ack = seen->ack);
        packets += seen != NULL;
        seen = take(b);
        if (seen != NULL)
            inject(a, seen->flags, .seq = seen->seq, .ack = seen->ack);
        packets += seen != NULL;
    }
    assert_in_range(packets, 1, 10 * 5); /* in ten seconds */
    peer_end(a);
    peer_end(b);
}

/* A21, CVE-2021-31889 (W121-W124): SACK blocks that make no sense are ignored. */
static void bogus_sack(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.sack = true;
    p->offer.scale = 7;
    passive(p);
    write_all(p, 1000);
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 1001);
    write_all(p, 14600);
    assert_int_equal(drain(p), 10);
    static const struct sack_block bad[] = {
        {5000, 4000},       {4000, 4000},    {1, 1001},
        {500, 1500},        {15601, 15602},  {14000, 20000},
        {1001, 0x80001001}, {0, 0xffffffff}, {0x80000000, 0x90000000},
        {1001, 1001},       {15600, 1001},   {0xffffffff, 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        inject(p, ACK, .seq = 1, .ack = 1001, .sacks = 1, .sack = {bad[i]});
        assert_int_equal(info_of(p).sacked, 0);
        assert_int_equal(info_of(p).lost, 0);
        expect_nothing(p);
    }
    inject(p, ACK, .seq = 1, .ack = 1001, .sacks = 4, .sack = {bad[0], bad[5], {2461, 3921}, bad[7]});
    assert_int_equal(info_of(p).sacked, 1460);
    inject(p, ACK, .seq = 1, .ack = 15601);
    assert_int_equal(info_of(p).snd_una, info_of(p).snd_nxt);
    peer_end(p);
}

/* A13, CVE-1999-0016 (W36): what claims to come from ourselves and comes from outside is dropped. */
static void land(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        listen_on(p, 80);
        inject(p, SYN, .seq = 0, .mss = 1460, .source = &p->ours);
        flow_use(p, flow_new(p, 80, 80));
        inject(p, SYN, .seq = 0, .mss = 1460, .source = &p->ours);
        expect_nothing(p);
        assert_int_equal(dropped(p, SEPTET_DROP_ip_source_own), 2);
        assert_int_equal(usage_of(p).half_open, 0);
        peer_end(p);
    }
}

/* A14, MUST-57, MUST-63 (W29-W35): no SYN to or from what is not one host's address. */
static void group_addresses(void **state)
{
    (void)state;
    static const char *const sources4[] = {"224.0.0.1", "255.255.255.255", "127.0.0.1",
                                           "0.0.0.0",   "240.0.0.1",       "192.0.2.255"};
    static const char *const sources6[] = {"ff02::1", "::1", "::"};
    static const char *const destinations4[] = {"224.0.0.1", "255.255.255.255", "192.0.2.255"};
    static const char *const destinations6[] = {"ff02::1", "ff0e::1:2"};
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        struct septet_address address;
        listen_on(p, 80);
        for (size_t i = 0; i < (version == 4 ? 6 : 3); i++) {
            const char *text = version == 4 ? sources4[i] : sources6[i];
            assert_true(septet_address_parse(text, strlen(text), &address));
            inject(p, SYN, .seq = 0, .mss = 1460, .source = &address);
            inject(p, ACK, .seq = 0, .ack = 5, .source = &address);
            expect_nothing(p);
        }
        for (size_t i = 0; i < (version == 4 ? 3 : 2); i++) {
            const char *text = version == 4 ? destinations4[i] : destinations6[i];
            assert_true(septet_address_parse(text, strlen(text), &address));
            inject(p, SYN, .seq = 0, .mss = 1460, .destination = &address);
            inject(p, ACK, .seq = 0, .ack = 5, .destination = &address);
            expect_nothing(p);
        }
        assert_int_equal(usage_of(p).half_open, 0);
        peer_end(p);
    }
}

/* A27: header lengths that lie. */
static void header_lengths(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        passive(p);
        for (uint32_t length = 4; length < 20; length += 4)
            inject(p, ACK, .seq = 1, .ack = 1, .length = 40, .header_length = length);
        for (uint32_t length = 24; length <= 60; length += 4)
            inject(p, ACK, .seq = 1, .ack = 1, .header_length = length);
        advance(p, S(1));
        expect_nothing(p);
        assert_int_equal(dropped(p, SEPTET_DROP_tcp_malformed), 14);
        inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 40, .header_length = 60); /* options that are data */
        assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
        peer_end(p);
    }
}

/* A27: packets cut anywhere in their headers. */
static void cut_packets(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    uint8_t bytes[40] = {0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 2, 192, 0, 2, 1};
    for (uint32_t length = 0; length < sizeof bytes; length++) {
        bytes[3] = 40; /* says more than is there */
        inject_bytes(p, bytes, length);
        bytes[3] = (uint8_t)length; /* too short for TCP, or for IP */
        inject_bytes(p, bytes, length);
        inject_bytes(p, bytes, sizeof bytes);
    }
    expect_nothing(p);
    expect_state(p, established);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blind_reset),
        cmocka_unit_test(reset_with_data_and_closed_window),
        cmocka_unit_test(blind_syn),
        cmocka_unit_test(blind_data),
        cmocka_unit_test(ghost_ack),
        cmocka_unit_test(challenge_side_channel),
        cmocka_unit_test(identification),
        cmocka_unit_test(ack_storm),
        cmocka_unit_test(ack_storm_between_stacks),
        cmocka_unit_test(bogus_sack),
        cmocka_unit_test(land),
        cmocka_unit_test(group_addresses),
        cmocka_unit_test(header_lengths),
        cmocka_unit_test(cut_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
