/* What both ends agree on with their SYNs, and what options may do to us: RFC 9293 section 3.2 and 3.7.1, RFC 7323,
 * RFC 2018 section 2. */
#include "support/peer.h"

#define OPTIONS(...) .options = (const uint8_t[]){__VA_ARGS__}, .options_length = sizeof((const uint8_t[]){__VA_ARGS__})

/* Establishes the flow by a SYN with exactly these options; what the peer's MSS came to be. */
#define agreed_mss(peer, ...) agree(peer, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
static uint32_t agree(struct peer *p, const uint8_t *options, uint32_t length)
{
    flow_use(p, flow_new(p, 80, (uint16_t)(50000 + p->flow_count)));
    if (p->listener == 0)
        listen_on(p, 80);
    inject(p, SYN, .seq = 0, .options = options, .options_length = length);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    return info_of(p).peer_mss;
}

/* MUST-4, MUST-6, MUST-64, MUST-69: padding, unknown kinds, odd offsets; nothing behind the end counts. */
static void arrangements(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    assert_int_equal(agreed_mss(p, 2, 4, 0x03, 0xe8), 1000);
    assert_int_equal(agreed_mss(p, 1, 1, 2, 4, 0x03, 0xe8, 0, 0), 1000);
    assert_int_equal(agreed_mss(p, 1, 2, 4, 0x03, 0xe8, 1, 1, 1), 1000);
    assert_int_equal(agreed_mss(p, 250, 4, 9, 9, 2, 4, 0x03, 0xe8), 1000);
    assert_int_equal(agreed_mss(p, 250, 3, 9, 2, 4, 0x03, 0xe8, 0), 1000);
    assert_int_equal(agreed_mss(p, 2, 4, 0x03, 0xe8, 0, 2, 4, 1), 1000); /* behind EOL */
    assert_int_equal(agreed_mss(p, 0, 2, 4, 0x03, 0xe8, 0, 0, 0), 536);
    assert_int_equal(agreed_mss(p, 2, 4, 0x01, 0x00, 2, 4, 0x03, 0xe8), 1000); /* twice: the last */
    peer_end(p);
}

/* MUST-7, A26 (W17-W20): from an illegal length on the options are ignored, the SYN counts. */
static void illegal_lengths(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    assert_int_equal(agreed_mss(p, 250, 0, 2, 4, 0x03, 0xe8, 0, 0), 536);
    assert_int_equal(agreed_mss(p, 250, 1, 2, 4, 0x03, 0xe8, 0, 0), 536);
    assert_int_equal(agreed_mss(p, 250, 9, 2, 4, 0x03, 0xe8, 0, 0), 536);
    assert_int_equal(agreed_mss(p, 2, 4, 0x03, 0xe8, 1, 1, 1, 250), 1000);
    assert_int_equal(agreed_mss(p, 2, 4, 0x03, 0xe8, 1, 1, 2, 4), 1000);
    assert_int_equal(agreed_mss(p, 2, 3, 0x03, 1), 536); /* MSS of another length */
    assert_int_equal(agreed_mss(p, 2, 6, 0x03, 0xe8, 0, 0, 1, 1), 536);
    assert_int_equal(agreed_mss(p, 3, 2, 8, 4, 0, 0, 4, 3, 0, 5, 3, 0), 536);
    static uint8_t nops[40];
    memset(nops, 1, sizeof nops);
    assert_int_equal(agree(p, nops, sizeof nops), 536);
    memset(nops, 254, sizeof nops);
    assert_int_equal(agree(p, nops, sizeof nops), 536);
    peer_end(p);
}

/* MUST-5: options stand on any segment: unknown and broken ones change nothing. */
static void on_any_segment(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10, OPTIONS(250, 4, 1, 2, 1, 1, 1, 1));
    inject(p, ACK, .seq = 11, .ack = 1, .length = 10, OPTIONS(1, 250, 0, 0));
    expect(p, ACK, .seq = 1, .ack = 21);
    inject(p, ACK | PSH, .seq = 21, .ack = 1, .length = 10, OPTIONS(2, 4, 0, 64)); /* an MSS counts on a SYN only */
    assert_int_equal(info_of(p).peer_mss, 1460);
    inject(p, FIN | ACK, .seq = 31, .ack = 1, OPTIONS(200, 2, 201, 2));
    expect(p, ACK, .seq = 1, .ack = 32);
    read_bytes(p, 30);
    inject(p, RST, .seq = 32, OPTIONS(99, 7, 0, 0, 0, 0, 0, 0));
    expect_state(p, closed);
    peer_end(p);
}

/* MUST-15: without the option 536 bytes, 1220 over IPv6. */
static void default_mss(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        const uint32_t mss = version == 4 ? 536 : 1220;
        p->offer.mss = 0;
        passive(p);
        write_all(p, 2 * mss);
        expect(p, ACK, .seq = 1, .ack = 1, .length = mss);
        expect(p, ACK | PSH, .seq = 1 + mss, .ack = 1, .length = mss);
        peer_end(p);
    }
}

/* MUST-14, MUST-16: the smaller of what the peer and the link take, timestamps deducted. */
static void effective_mss(void **state)
{
    (void)state;
    static const struct {
        unsigned version;
        uint32_t mtu, offered, timestamps, length;
    } cases[] = {
        {4, 1500, 9000, 0, 1460}, {4, 1500, 9000, 1, 1448},  {4, 1500, 1000, 0, 1000},    {4, 1500, 1000, 1, 988},
        {4, 576, 1460, 0, 536},   {4, 9000, 65535, 0, 8960}, {6, 1500, 9000, 0, 1440},    {6, 1500, 9000, 1, 1428},
        {6, 1280, 1440, 0, 1220}, {6, 1500, 1000, 1, 988},   {4, 65535, 65535, 0, 65495},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = peer_new_link(cases[i].version, NULL, cases[i].mtu, 0);
        p->offer.mss = cases[i].offered;
        p->offer.timestamps = cases[i].timestamps;
        p->offer.scale = 7;
        passive(p);
        inject(p, ACK, .seq = 1, .ack = 1);
        write_all(p, 65495);
        expect(p, cases[i].length == 65495 ? ACK | PSH : ACK, .seq = 1, .ack = 1, .length = cases[i].length);
        drain(p);
        peer_end(p);
    }
}

/* MUST-16: SACK blocks take their room from the payload. */
static void sack_blocks_shrink_segments(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.sack = true;
    p->offer.timestamps = true;
    passive(p);
    inject(p, ACK, .seq = 101, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = {{101, 201}});
    inject(p, ACK, .seq = 301, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 1, .sacks = 2, .sack = {{301, 401}, {101, 201}});
    write_all(p, 3000);
    expect(p, ACK, .seq = 1, .ack = 1, .length = 1460 - 12 - 20, .sacks = 2);
    assert_int_equal(p->last.ip.payload_length, 1480);
    peer_end(p);
}

/* MUST-67, SHLD-5, MAY-3: every SYN says the MSS, at most what the link takes. */
static void advertised_mss(void **state)
{
    (void)state;
    static const uint32_t mtus[] = {576, 1280, 1492, 1500, 9000, 65535};
    for (size_t i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
        for (unsigned version = 4; version <= 6; version += 2) {
            if (version == 6 && mtus[i] < 1280)
                continue;
            const uint32_t mss = mtus[i] - (version == 4 ? 40 : 60);
            struct peer *p = peer_new_link(version, NULL, mtus[i], 0);
            listen_on(p, 80);
            inject(p, SYN, .seq = 0);
            expect(p, SYN | ACK, .mss = mss);
            flow_use(p, flow_new(p, 0, 8080));
            connect_out(p);
            expect(p, SYN, .mss = mss);
            peer_end(p);
        }
    }
}

/* MAXSEG lowers what is sent and what is said. */
static void mss_chosen_by_application(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_MAXSEG, 700), SEPTET_OK);
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .mss = 700);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    write_all(p, 701);
    expect(p, ACK, .seq = 1, .length = 700);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_MAXSEG, 63), SEPTET_INVALID);
    peer_end(p);
}

/* A28, CVE-2019-11479: nobody makes us send crumbs. */
static void tiny_mss(void **state)
{
    (void)state;
    static const uint32_t offers[] = {1, 12, 48, 63};
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        struct peer *p = peer_new(4, NULL);
        p->offer.mss = offers[i];
        p->offer.timestamps = true;
        p->offer.sack = true;
        passive(p);
        for (uint32_t block = 0; block < 3; block++)
            inject(p, ACK, .seq = 101 + 200 * block, .ack = 1, .length = 100);
        drain(p);
        write_all(p, 100);
        expect(p, ACK, .seq = 1, .length = 64 - 12 - 28);
        peer_end(p);
    }
    struct peer *p = peer_new(4, NULL);
    assert_int_equal(agreed_mss(p, 2, 4, 0, 0), 64);
    peer_end(p);
}

/* RFC 7323 2.2: scaling needs both SYNs; the windows of SYNs are not scaled. */
static void window_scaling(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.scale = 3;
    p->offer.window = 1000;
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .scale = 3, .window = 1000);
    expect(p, SYN | ACK, .scale = 7, .window = 65535);
    inject(p, ACK, .seq = 1, .ack = 1, .window = 1000);
    accept_one(p);
    assert_int_equal(info_of(p).snd_wnd, 8000);
    assert_int_equal(info_of(p).snd_wscale, 3);
    assert_int_equal(info_of(p).rcv_wscale, 7);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10);
    advance(p, MS(40));
    expect(p, ACK, .ack = 11);
    assert_in_range(p->last.window << 7, 65535 - 10, 4u << 20);
    peer_end(p);
}

/* RFC 7323 2.2: no scaling without the peer's offer, on either side. */
static void no_window_scaling(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    active(p);
    assert_false(info_of(p).window_scaling);
    assert_int_equal(info_of(p).snd_wnd, 65535);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    advance(p, MS(40));
    expect(p, ACK, .ack = 1001, .window = 65535);
    struct septet_config config;
    peer_end(p);
    peer_config(&config);
    config.tcp.window_scaling = false;
    p = peer_new(4, &config);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .scale = 7);
    expect(p, SYN | ACK, .scale = ABSENT);
    flow_use(p, flow_new(p, 0, 8080));
    connect_out(p);
    expect(p, SYN, .scale = ABSENT);
    peer_end(p);
}

/* A33, RFC 7323 2.3 (W24): a shift beyond 14 is 14. */
static void scale_beyond_14(void **state)
{
    (void)state;
    static const int32_t shifts[] = {14, 15, 32, 255};
    for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
        struct peer *p = peer_new(4, NULL);
        p->offer.scale = shifts[i];
        passive(p);
        assert_int_equal(info_of(p).snd_wscale, 14);
        assert_int_equal(info_of(p).snd_wnd, 65535u << 14);
        peer_end(p);
        p = peer_new(4, NULL);
        p->offer.scale = shifts[i];
        active(p);
        assert_int_equal(info_of(p).snd_wscale, 14);
        peer_end(p);
    }
}

/* What the SYN,ACK said of the scale holds, whatever is done to the listener before the third segment. */
static void scale_stays_as_offered(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .scale = 0);
    expect(p, SYN | ACK, .scale = 7);
    assert_int_equal(septet_option_set(p->stack, p->listener, SEPTET_OPTION_RECEIVE_BUFFER, 65535), SEPTET_OK);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    assert_int_equal(info_of(p).rcv_wscale, 7);
    peer_end(p);
    p = peer_new(4, NULL);
    connect_out(p);
    expect(p, SYN, .scale = 7);
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_RECEIVE_BUFFER, 65535), SEPTET_OK);
    advance(p, S(1));
    assert_int_equal(septet_option_set(p->stack, p->flow->handle, SEPTET_OPTION_RECEIVE_BUFFER, 100000), SEPTET_OK);
    expect(p, SYN, .scale = 7);
    peer_end(p);
}

/* The window of an ACK that a half-open connection sends is scaled as agreed. */
static void window_of_half_open_is_scaled(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .scale = 7);
    expect(p, SYN | ACK, .scale = 7, .window = 65535);
    inject(p, ACK, .seq = 0x40000000, .ack = 1);
    expect(p, ACK, .seq = 1, .ack = 1, .window = 512); /* 65535 rounded up */
    peer_end(p);
}

/* RFC 7323 3.2: timestamps when both SYNs have them, then on every segment, the peer's echoed. */
static void timestamps(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .ts_val = 1000, .ts_ecr = 0);
    const uint32_t first = expect(p, SYN | ACK, .timestamps = 1, .ts_ecr = 1000)->options.ts_val;
    sleep_for(p, MS(20));
    inject(p, ACK, .seq = 1, .ack = 1, .ts_val = 1020, .ts_ecr = first);
    accept_one(p);
    assert_true(info_of(p).timestamps);
    assert_int_equal(info_of(p).srtt, MS(20));
    write_all(p, 10);
    expect(p, ACK | PSH, .length = 10, .timestamps = 1, .ts_ecr = 1020);
    assert_int_equal(p->last.options.ts_val, first + 20);
    inject(p, FIN | ACK, .seq = 1, .ack = 11, .ts_val = 1021, .ts_ecr = first + 20);
    expect(p, ACK, .timestamps = 1, .ts_ecr = 1021);
    septet_shutdown(p->stack, p->flow->handle);
    expect(p, FIN | ACK, .timestamps = 1);
    peer_end(p);
}

/* A peer that agreed on nothing is sent nothing, and what it sends all the same does not count. */
static void nothing_agreed(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    inject(p, ACK, .seq = 101, .ack = 1, .length = 100, .ts_val = 5, .ts_ecr = 5);
    expect(p, ACK, .seq = 1, .ack = 1, .timestamps = 0, .sacks = 0);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100, .ts_val = 4, .ts_ecr = 5); /* older, and taken */
    expect(p, ACK, .seq = 1, .ack = 201);
    read_bytes(p, 200);
    peer_end(p);
    struct septet_config config;
    peer_config(&config);
    config.tcp.timestamps = config.tcp.sack = false;
    p = peer_new(6, &config);
    p->offer.timestamps = p->offer.sack = true;
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .ts_val = 1, .ts_ecr = 0, .sack_permitted = true);
    expect(p, SYN | ACK, .timestamps = 0, .sack_permitted = 0);
    flow_use(p, flow_new(p, 0, 8080));
    connect_out(p);
    expect(p, SYN, .timestamps = 0, .sack_permitted = 0);
    peer_end(p);
}

/* RFC 7323 3.2: a segment without the agreed timestamp is dropped, but a RST; some peers need it otherwise (W103). */
static void missing_timestamp(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .ts_val = 1000, .ts_ecr = 0);
    expect(p, SYN | ACK, .timestamps = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
    assert_int_equal(usage_of(p).half_open, 1);
    p->flow->timestamps = true;
    p->flow->ts_base = 1000;
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10, .no_timestamps = true);
    advance(p, S(1));
    expect_nothing(p);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_no_timestamp), 2);
    inject(p, RST, .seq = 1, .no_timestamps = true);
    expect_state(p, closed);
    peer_end(p);
    struct septet_config config;
    peer_config(&config);
    config.tcp.missing_timestamps = true;
    p = peer_new(4, &config);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .ts_val = 1000, .ts_ecr = 0);
    expect(p, SYN | ACK, .timestamps = 1);
    sleep_for(p, MS(30));
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    assert_true(info_of(p).srtt <= MS(30)); /* no round trip was measured with an echo that is not there */
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10);
    read_bytes(p, 10);
    peer_end(p);
}

/* An echo of a time that is to come measures nothing. */
static void absurd_echo(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1460, .ts_val = 1000, .ts_ecr = 0);
    const uint32_t clock = expect(p, SYN | ACK, .timestamps = 1)->options.ts_val;
    inject(p, ACK, .seq = 1, .ack = 1, .ts_val = 1000, .ts_ecr = clock + 5000);
    accept_one(p);
    assert_int_equal(info_of(p).srtt, 0);
    assert_int_equal(info_of(p).rto, S(1));
    peer_end(p);
}

/* RFC 7323 5.3 R1: PAWS answers an old timestamp with an ACK and drops; wrapped ones are newer. */
static void paws(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.timestamps = true;
    passive(p); /* at 0xfffff000 */
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10, .ts_val = 0xffffefff);
    expect(p, ACK, .seq = 1, .ack = 1, .ts_ecr = 0xfffff000);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_paws), 1);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10, .ts_val = 100);
    advance(p, MS(40));
    expect(p, ACK, .seq = 1, .ack = 11, .ts_ecr = 100);
    inject(p, ACK, .seq = 11, .ack = 1, .length = 10, .ts_val = 0xfffffff0);
    expect(p, ACK, .seq = 1, .ack = 11);
    read_bytes(p, 10);
    peer_end(p);
}

/* RFC 7323 5.2: PAWS does not look at a RST. */
static void paws_lets_reset_through(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.timestamps = true;
    passive(p);
    inject(p, RST, .seq = 1, .ts_val = 0x90000000);
    expect_nothing(p);
    expect_state(p, closed);
    peer_end(p);
}

/* RFC 7323 5.5: after 24 idle days TS.Recent is outdated. */
static void paws_after_long_idle(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.timestamps = true;
    passive(p);
    advance(p, 25 * S(86400));
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10, .ts_val = 0x90000000);
    expect_nothing(p);
    read_bytes(p, 10);
    advance(p, MS(40));
    expect(p, ACK, .seq = 1, .ack = 11, .ts_ecr = 0x90000000);
    peer_end(p);
}

/* A11, CVE-2005-0356: a segment outside the window does not move TS.Recent, nor one beyond Last.ACK.sent
 * (RFC 7323 4.3). */
static void paws_poisoning(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.timestamps = true;
    passive(p); /* at 0xfffff000 */
    inject(p, ACK, .seq = 0x20000000, .ack = 1, .length = 10, .ts_val = 0x7fffefff);
    expect(p, ACK, .seq = 1, .ack = 1, .ts_ecr = 0xfffff000);
    inject(p, ACK, .seq = 1, .ack = 0x20000000, .length = 10, .ts_val = 0x7fffefff);
    drain(p);
    inject(p, ACK, .seq = 101, .ack = 1, .length = 10, .ts_val = 0xfffff100);
    expect(p, ACK, .seq = 1, .ack = 1, .ts_ecr = 0xfffff000);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100, .ts_val = 0xfffff050);
    expect(p, ACK, .seq = 1, .ack = 111, .ts_ecr = 0xfffff050);
    read_bytes(p, 110);
    peer_end(p);
}

/* RFC 7323 4.3: of delayed ACKs the echo is the timestamp of the first segment they are for. */
static void echo_of_delayed_ack(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.timestamps = true;
    passive(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 10, .ts_val = 0xfffff010);
    inject(p, ACK, .seq = 11, .ack = 1, .length = 10, .ts_val = 0xfffff020);
    expect(p, ACK, .seq = 1, .ack = 21, .ts_ecr = 0xfffff010);
    inject(p, ACK, .seq = 21, .ack = 1, .length = 10, .ts_val = 0xfffff030);
    inject(p, ACK, .seq = 31, .ack = 1, .length = 10, .ts_val = 0xfffff040);
    expect(p, ACK, .seq = 1, .ack = 41, .ts_ecr = 0xfffff030);
    peer_end(p);
}

/* RFC 2018 section 2: SACK when both SYNs permit it. */
static void sack_permitted(void **state)
{
    (void)state;
    struct peer *p = peer_new(6, NULL);
    listen_on(p, 80);
    inject(p, SYN, .seq = 0, .mss = 1440, .sack_permitted = true);
    expect(p, SYN | ACK, .sack_permitted = 1, .timestamps = 0);
    inject(p, ACK, .seq = 1, .ack = 1);
    accept_one(p);
    inject(p, ACK, .seq = 101, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = {{101, 201}});
    peer_end(p);
    p = peer_new(4, NULL);
    p->offer.sack = true;
    active(p);
    inject(p, ACK, .seq = 101, .ack = 1, .length = 100);
    expect(p, ACK, .seq = 1, .ack = 1, .sacks = 1, .sack = {{101, 201}});
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrangements),
        cmocka_unit_test(illegal_lengths),
        cmocka_unit_test(on_any_segment),
        cmocka_unit_test(default_mss),
        cmocka_unit_test(effective_mss),
        cmocka_unit_test(sack_blocks_shrink_segments),
        cmocka_unit_test(advertised_mss),
        cmocka_unit_test(mss_chosen_by_application),
        cmocka_unit_test(tiny_mss),
        cmocka_unit_test(window_scaling),
        cmocka_unit_test(no_window_scaling),
        cmocka_unit_test(scale_beyond_14),
        cmocka_unit_test(scale_stays_as_offered),
        cmocka_unit_test(window_of_half_open_is_scaled),
        cmocka_unit_test(timestamps),
        cmocka_unit_test(nothing_agreed),
        cmocka_unit_test(missing_timestamp),
        cmocka_unit_test(absurd_echo),
        cmocka_unit_test(paws),
        cmocka_unit_test(paws_lets_reset_through),
        cmocka_unit_test(paws_after_long_idle),
        cmocka_unit_test(paws_poisoning),
        cmocka_unit_test(echo_of_delayed_ack),
        cmocka_unit_test(sack_permitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
