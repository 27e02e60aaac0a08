#include "host.h"

#include "wire/udp.h"

static struct sent sent;
static uint8_t frame[70000], message[70000], body[70000];

static struct host *make(void)
{
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, "10.0.0.1", 24);
    host_address(host, 0, "fd07::1", 64);
    host_wait(host, 3 * SEPTET_SECOND);
    host_drain(host);
    return host;
}

/* Makes both peers known, so that answers leave at once. */
static void meet(struct host *host)
{
    uint8_t target[24] = {0};
    const struct septet_address us = address_of("fd07::1");
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, peer_mac, "10.0.0.2", our_mac, "10.0.0.1", broadcast_mac));
    memcpy(target, us.bytes, 16);
    target[16] = NDP_OPTION_SOURCE_LINK;
    target[17] = 1;
    memcpy(target + 18, peer_mac, 6);
    host_give(host, 0, frame,
              frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, "fd07::2", "fd07::1", target, sizeof target));
    host_drain(host);
}

static void give_udp(struct host *host, const char *source, const char *destination, uint32_t size)
{
    uint8_t udp[2000];
    const struct ip_fields fields = {
        .source = address_of(source),
        .destination = address_of(destination),
        .protocol = PROTOCOL_UDP,
        .identification = 77,
    };
    const uint32_t length = put_udp(udp, &fields.source, &fields.destination, 1000, 2000, body, size);
    assert_int_equal(host_give(host, 0, frame, frame_ip(frame, &fields, udp, length)), IP_PACKET);
}

static void refuse(struct host *host)
{
    if (host->delivery.ip.version == 4)
        ip_send_error(&host->ip, &host->delivery, ICMPV4_UNREACHABLE, ICMPV4_PORT_UNREACHABLE, 0);
    else
        ip_send_error(&host->ip, &host->delivery, ICMPV6_UNREACHABLE, ICMPV6_PORT_UNREACHABLE, 0);
}

/* RFC 1812 section 4.3.2.3, RFC 4443 section 3.1: the packet itself is quoted, up to 576 and 1280 bytes in all. */
static void quotes(void **state)
{
    (void)state;
    struct host *host = make();
    struct icmp icmp;
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const uint32_t most = ipv6 ? 1280 : 576;
        for (uint32_t size = 0; size < 1400; size += 7) {
            meet(host);
            give_udp(host, ipv6 ? "fd07::2" : "10.0.0.2", ipv6 ? "fd07::1" : "10.0.0.1", size);
            refuse(host);
            assert_true(host_pull(host, &sent));
            const uint32_t total = sent.ip.header_length + sent.ip.payload_length;
            assert_true(total <= most);
            assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
            assert_int_equal(icmp.type, ipv6 ? ICMPV6_UNREACHABLE : ICMPV4_UNREACHABLE);
            assert_memory_equal(icmp.body, frame + ETHERNET_HEADER, icmp.body_length);
            const uint32_t whole = (ipv6 ? 40u : 20u) + UDP_HEADER + size;
            const uint32_t room = most - (ipv6 ? 40u : 20u) - ICMP_HEADER;
            assert_int_equal(icmp.body_length, whole < room ? whole : room);
            host_wait(host, 20 * SEPTET_MILLISECOND);
        }
    }
    host_free(host);
}

/* A packet that the driver scattered is quoted no worse. */
static void quotes_scattered(void **state)
{
    (void)state;
    struct host *host = make();
    struct icmp icmp;
    uint8_t udp[2000];
    meet(host);
    const struct ip_fields fields = {
        .source = address_of("10.0.0.2"), .destination = address_of("10.0.0.1"), .protocol = PROTOCOL_UDP};
    uint32_t length = put_udp(udp, &fields.source, &fields.destination, 1000, 2000, body, 400);
    length = frame_ip(frame, &fields, udp, length);
    assert_int_equal(host_give_cut(host, 0, frame, length, 42, 77), IP_PACKET);
    refuse(host);
    assert_true(host_pull(host, &sent));
    assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
    assert_int_equal(icmp.body_length, length - ETHERNET_HEADER);
    assert_memory_equal(icmp.body, frame + ETHERNET_HEADER, icmp.body_length);
    host_free(host);
}

/* When the queue is full, answers are dropped by name and nothing else happens. */
static void no_room_for_answers(void **state)
{
    (void)state;
    struct host *host = make();
    meet(host);
    const struct ip_fields fields = {.destination = address_of("10.0.0.2"), .protocol = 99};
    const struct septet_span span = {.data = body, .length = 10};
    give_udp(host, "10.0.0.2", "10.0.0.1", 4);
    while (ip_send(&host->ip, &fields, &span, 1) == SEPTET_OK)
        ;
    refuse(host);
    assert_int_equal(host_drops(host, SEPTET_DROP_control_queue), 1);
    const struct ip_fields echo = {
        .source = address_of("10.0.0.2"), .destination = address_of("10.0.0.1"), .protocol = PROTOCOL_ICMP};
    const uint32_t length = put_icmp(message, 8, 0, 1, body, 10, &echo.source, &echo.destination);
    host_give(host, 0, frame, frame_ip(frame, &echo, message, length));
    assert_int_equal(host_drops(host, SEPTET_DROP_control_queue), 2);
    host_free(host);
}

/* B19, RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e). */
static void never_about(void **state)
{
    (void)state;
    struct host *host = make();
    meet(host);
    give_udp(host, "10.0.0.2", "10.0.0.255", 4);
    refuse(host);
    give_udp(host, "10.0.0.2", "255.255.255.255", 4);
    refuse(host);
    give_udp(host, "10.0.0.2", "224.0.0.1", 4);
    refuse(host);
    give_udp(host, "fd07::2", "ff02::1", 4);
    refuse(host);
    give_udp(host, "10.0.0.2", "10.0.0.1", 4);
    host->delivery.link_multicast = true;
    refuse(host);
    give_udp(host, "10.0.0.2", "10.0.0.1", 4);
    host->delivery.ip.fragment_offset = 8;
    refuse(host);
    static const char *const nobody[] = {"0.0.0.0",   "10.0.0.255",      "224.0.0.9",
                                         "127.0.0.1", "255.255.255.255", "240.0.0.1"};
    for (size_t i = 0; i < 6; i++) {
        give_udp(host, "10.0.0.2", "10.0.0.1", 4);
        host->delivery.ip.source = address_of(nobody[i]);
        refuse(host);
    }
    /* About errors, and about what is too short to tell. */
    static const uint8_t error_types[] = {3, 4, 5, 11, 12};
    for (size_t i = 0; i < sizeof error_types; i++) {
        const uint8_t type = error_types[i];
        give_udp(host, "10.0.0.2", "10.0.0.1", 4);
        host->delivery.ip.protocol = PROTOCOL_ICMP;
        host->delivery.transport = &type;
        host->delivery.transport_length = 1;
        refuse(host);
    }
    assert_false(host_pull(host, &sent));
    /* Packet Too Big and unknown options are answered even then (RFC 4443 section 2.4 (e.3)). */
    give_udp(host, "fd07::2", "ff02::1", 4);
    ip_send_error(&host->ip, &host->delivery, ICMPV6_PACKET_TOO_BIG, 0, 1280);
    assert_true(host_pull(host, &sent));
    host_free(host);
}

/* RFC 4443 section 2.4 (f), B2: one destination soon has enough, all together are held to a rate, and how much is
 * answered in a burst is nothing to count on. */
static void rate(void **state)
{
    (void)state;
    struct host *host = make();
    uint32_t answered = 0, bursts = 0, first = 0;
    meet(host);
    for (int i = 0; i < 1000; i++) {
        give_udp(host, "10.0.0.2", "10.0.0.1", 4);
        refuse(host);
        answered += host_drain(host);
    }
    assert_true(answered >= 5 && answered <= 8);
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_rate), 1000 - answered);
    for (int round = 0; round < 50; round++) {
        answered = 0;
        host_wait(host, 200 * SEPTET_MILLISECOND);
        for (int i = 0; i < 20; i++) {
            give_udp(host, "10.0.0.2", "10.0.0.1", 4);
            refuse(host);
            answered += host_drain(host);
        }
        if (round == 0)
            first = answered;
        bursts += answered != first;
    }
    assert_true(bursts > 0);
    host_free(host);
}

static void rate_global(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.neighbors = 4;
    struct host *host = host_new(&config);
    host_raw(host, 1500);
    host_address(host, 0, "10.0.0.1", 8);
    uint32_t answered = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        char text[32];
        uint8_t udp[20];
        snprintf(text, sizeof text, "10.1.%u.%u", i >> 8, i & 255);
        const struct ip_fields fields = {
            .source = address_of(text), .destination = address_of("10.0.0.1"), .protocol = PROTOCOL_UDP};
        const uint32_t length = put_udp(udp, &fields.source, &fields.destination, 1, 2, body, 4);
        host_give(host, 0, frame, put_ip(frame, &fields, udp, length));
        refuse(host);
        answered += host_drain(host);
        if (i % 50 == 49)
            host_wait(host, 10 * SEPTET_MILLISECOND);
    }
    /* A second at a thousand a second, and a burst. */
    assert_true(answered >= 900 && answered <= 1060);
    host_free(host);
}

/* ---- errors in ---- */

/* Our packet from port 40000 to 80 of the peer, quoted in an error. */
static enum ip_verdict give_error(struct host *host, bool ipv6, uint8_t type, uint8_t code, uint32_t rest,
                                  const char *our_source, uint8_t protocol, uint32_t quoted)
{
    uint8_t quote[100] = {0};
    struct ip_fields inner = {
        .source = address_of(our_source),
        .destination = address_of(ipv6 ? "fd07::99" : "10.0.9.9"),
        .protocol = protocol,
    };
    const uint8_t transport[20] = {0x9c, 0x40, 0, 80, 1, 2, 3, 4};
    const struct ip_fields outer = {
        .source = address_of(ipv6 ? "fd07::2" : "10.0.0.2"),
        .destination = address_of(ipv6 ? "fd07::1" : "10.0.0.1"),
        .protocol = ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP,
    };
    put_ip(quote, &inner, transport, sizeof transport);
    if (ipv6)
        store16(quote + 4, 1400);
    else
        store16(quote + 2, 1500);
    const uint32_t length =
        put_icmp(message, type, code, rest, quote, (ipv6 ? 40u : 20u) + quoted, &outer.source, &outer.destination);
    return host_give(host, 0, frame, frame_ip(frame, &outer, message, length));
}

/* MUST-54, MUST-56, RFC 9293 section 3.9.2.2: which errors mean what. */
static void errors(void **state)
{
    (void)state;
    static const struct {
        uint8_t ipv6, type, code;
        bool hard;
        int error;
        uint32_t rest, mtu;
    } rows[] = {
        {0, 3, 0, false, SEPTET_NETWORK_UNREACHABLE, 0, 0},
        {0, 3, 1, false, SEPTET_HOST_UNREACHABLE, 0, 0},
        {0, 3, 2, true, SEPTET_PROTOCOL_UNREACHABLE, 0, 0},
        {0, 3, 3, true, SEPTET_CONNECTION_REFUSED, 0, 0},
        {0, 3, 4, false, SEPTET_FRAGMENTATION_NEEDED, 1400, 1400},
        {0, 3, 4, false, SEPTET_FRAGMENTATION_NEEDED, 0, 1492},
        {0, 3, 5, false, SEPTET_NETWORK_UNREACHABLE, 0, 0},
        {0, 3, 9, false, SEPTET_NETWORK_UNREACHABLE, 0, 0},
        {0, 3, 13, false, SEPTET_HOST_UNREACHABLE, 0, 0},
        {0, 11, 0, false, SEPTET_HOST_UNREACHABLE, 0, 0},
        {0, 11, 1, false, SEPTET_HOST_UNREACHABLE, 0, 0},
        {0, 12, 0, false, SEPTET_HOST_UNREACHABLE, 0, 0},
        {1, 1, 0, false, SEPTET_NETWORK_UNREACHABLE, 0, 0},
        {1, 1, 1, false, SEPTET_HOST_UNREACHABLE, 0, 0},
        {1, 1, 3, false, SEPTET_HOST_UNREACHABLE, 0, 0},
        {1, 1, 4, true, SEPTET_CONNECTION_REFUSED, 0, 0},
        {1, 2, 0, false, SEPTET_FRAGMENTATION_NEEDED, 1300, 1300},
        {1, 3, 0, false, SEPTET_HOST_UNREACHABLE, 0, 0},
        {1, 4, 1, false, SEPTET_PROTOCOL_UNREACHABLE, 0, 0},
    };
    struct host *host = make();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *us = rows[i].ipv6 ? "fd07::1" : "10.0.0.1";
        assert_int_equal(give_error(host, rows[i].ipv6, rows[i].type, rows[i].code, rows[i].rest, us, PROTOCOL_TCP, 8),
                         IP_ERROR);
        assert_int_equal(host->delivery.error, rows[i].error);
        assert_int_equal(host->delivery.hard, rows[i].hard);
        assert_int_equal(host->delivery.mtu, rows[i].mtu);
        assert_int_equal(load16(host->delivery.quote.transport), 40000);
        assert_int_equal(load32(host->delivery.quote.transport + 4), 0x01020304);
    }
    host_free(host);
}

/* RFC 5927: what nobody can have caused. */
static void errors_refused(void **state)
{
    (void)state;
    struct host *host = make();
    assert_int_equal(give_error(host, false, 3, 3, 0, "10.0.0.7", PROTOCOL_TCP, 8), IP_CONSUMED);
    assert_int_equal(give_error(host, false, 3, 3, 0, "10.0.0.1", PROTOCOL_IGMP, 8), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_unmatched), 2);
    assert_int_equal(give_error(host, false, 3, 3, 0, "10.0.0.1", PROTOCOL_TCP, 7), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_malformed), 1);
    assert_int_equal(give_error(host, false, 3, 99, 0, "10.0.0.1", PROTOCOL_TCP, 8), IP_CONSUMED);
    /* RFC 8201 section 4: no IPv6 link is that small. */
    assert_int_equal(give_error(host, true, 2, 0, 1279, "fd07::1", PROTOCOL_TCP, 8), IP_CONSUMED);
    assert_int_equal(give_error(host, true, 2, 0, 0, "fd07::1", PROTOCOL_TCP, 8), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_ignored), 3);
    /* MUST-55: source quench; RFC 6918; redirects. */
    static const uint8_t ignored[] = {4, 5, 9, 10, 13, 14, 15, 16, 17, 18, 30, 255};
    for (size_t i = 0; i < sizeof ignored; i++)
        assert_int_equal(give_error(host, false, ignored[i], 0, 0, "10.0.0.1", PROTOCOL_TCP, 8), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_ignored), 3 + sizeof ignored);
    assert_int_equal(give_error(host, false, 3, 3, 0, "10.0.0.1", PROTOCOL_TCP, 8), IP_ERROR);
    frame[14 + 20 + 2] ^= 1;
    assert_int_equal(host_give(host, 0, frame, 14 + 20 + 8 + 28), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_checksum), 1);
    assert_false(host_pull(host, &sent));
    host_free(host);
}

/* RFC 1191 section 7.1: an old router that says no MTU. */
static void plateaus(void **state)
{
    (void)state;
    static const struct {
        uint16_t total, mtu;
    } rows[] = {{65535, 32000}, {1500, 1492}, {1492, 1006}, {1007, 1006}, {576, 508}, {300, 296}, {296, 68}, {60, 68}};
    struct host *host = make();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        give_error(host, false, 3, 4, 0, "10.0.0.1", PROTOCOL_TCP, 8);
        uint8_t *quote = message + ICMP_HEADER;
        const struct ip_fields outer = {
            .source = address_of("10.0.0.2"), .destination = address_of("10.0.0.1"), .protocol = PROTOCOL_ICMP};
        store16(quote + 2, rows[i].total);
        icmp_build(message, 3, 4, 0, 28, &outer.source, &outer.destination);
        assert_int_equal(host_give(host, 0, frame, frame_ip(frame, &outer, message, ICMP_HEADER + 28)), IP_ERROR);
        assert_int_equal(host->delivery.mtu, rows[i].mtu);
    }
    host_free(host);
}

/* ---- echo ---- */

static void give_echo(struct host *host, const char *source, const char *destination, uint32_t size)
{
    const bool ipv6 = strchr(source, ':') != NULL;
    const struct ip_fields fields = {
        .source = address_of(source),
        .destination = address_of(destination),
        .protocol = ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP,
        .traffic_class = 0xb9,
    };
    for (uint32_t i = 0; i < size; i++)
        body[i] = (uint8_t)(i * 13 + (i >> 8));
    const uint32_t length =
        put_icmp(message, ipv6 ? 128 : 8, 0, 0xabcd1234, body, size, &fields.source, &fields.destination);
    host_give(host, 0, frame, frame_ip(frame, &fields, message, length));
}

/* The largest ping there is comes in as one (from TSO) or in fragments, and goes out in fragments, every byte of it. */
static void echo_large(void **state)
{
    (void)state;
    static uint8_t whole[66000];
    struct host *host = make();
    meet(host);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const uint32_t size = ipv6 ? 65527 : 65507;
        uint32_t total = 0, identification = 0;
        give_echo(host, ipv6 ? "fd07::2" : "10.0.0.2", ipv6 ? "fd07::1" : "10.0.0.1", size);
        while (host_pull(host, &sent)) {
            assert_true(sent.ip.fragmented);
            assert_int_equal(sent.ip.fragment_offset, total);
            if (total == 0)
                identification = sent.ip.identification;
            assert_int_equal(sent.ip.identification, identification);
            assert_int_equal(sent.ip.traffic_class, 0xb8);
            memcpy(whole + total, sent.transport, sent.ip.payload_length);
            total += sent.ip.payload_length;
            assert_int_equal(sent.ip.more_fragments, total < size + ICMP_HEADER);
            assert_int_equal(sent.ip.protocol, ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP);
        }
        assert_int_equal(total, size + ICMP_HEADER);
        struct icmp icmp;
        assert_int_equal(icmp_parse(whole, total, &sent.ip, true, &icmp), wire_none);
        assert_int_equal(icmp.type, ipv6 ? 129 : 0);
        assert_int_equal(icmp.rest, 0xabcd1234);
        assert_memory_equal(icmp.body, body, size);
    }
    assert_int_equal(host->core.counter[SEPTET_COUNTER_IpFragCreates], 45 + 46);
    host_free(host);
}

/* A14: smurf. */
static void echo_to_groups(void **state)
{
    (void)state;
    struct host *host = make();
    meet(host);
    give_echo(host, "10.0.0.2", "10.0.0.255", 10);
    give_echo(host, "10.0.0.2", "255.255.255.255", 10);
    give_echo(host, "10.0.0.2", "224.0.0.1", 10);
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_ignored), 3);
    assert_false(host_pull(host, &sent));
    /* The link's own group may be pinged, RFC 4443 section 4.2; the answer comes from one address. */
    give_echo(host, "fd07::2", "ff02::1", 10);
    assert_true(host_pull(host, &sent));
    const struct septet_address us = address_of("fd07::1");
    assert_true(septet_address_equal(&sent.ip.source, &us));
    host_free(host);
}

static void echo_replies(void **state)
{
    (void)state;
    struct host *host = make();
    const struct ip_fields fields = {
        .source = address_of("10.0.0.2"), .destination = address_of("10.0.0.1"), .protocol = PROTOCOL_ICMP};
    const uint32_t length =
        put_icmp(message, ICMPV4_ECHO_REPLY, 0, 0x00070009, "abc", 3, &fields.source, &fields.destination);
    assert_int_equal(host_give(host, 0, frame, frame_ip(frame, &fields, message, length)), IP_ECHO);
    assert_int_equal(host->delivery.icmp.rest, 0x00070009);
    assert_int_equal(host->delivery.icmp.body_length, 3);
    assert_int_equal(host->delivery.payload_length, ICMP_HEADER + 3);
    host_free(host);
}

/* A stack pings itself: request and reply go through the loop, nothing through the interface. */
static void echo_to_self(void **state)
{
    (void)state;
    struct host *host = make();
    struct septet_packet packet;
    struct icmp icmp;
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const struct septet_address us = address_of(ipv6 ? "fd07::1" : "10.0.0.1");
        const uint32_t size = 40000;
        const struct ip_fields fields = {
            .source = us, .destination = us, .protocol = ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP};
        for (uint32_t i = 0; i < size; i++)
            body[i] = (uint8_t)(i * 3);
        const uint32_t length = put_icmp(message, ipv6 ? 128 : 8, 0, 5, body, size, &us, &us);
        const struct septet_span span = {.data = message, .length = length};
        assert_int_equal(ip_send(&host->ip, &fields, &span, 1), SEPTET_OK);
        assert_false(host_pull(host, &sent));
        assert_true(ip_loop_next(&host->ip, &packet));
        assert_int_equal(packet.interface, IP_LOOP);
        assert_int_equal(ip_input(&host->ip, &packet, &host->delivery), IP_CONSUMED);
        assert_true(ip_loop_next(&host->ip, &packet));
        assert_int_equal(ip_input(&host->ip, &packet, &host->delivery), IP_ECHO);
        icmp = host->delivery.icmp;
        assert_int_equal(icmp.rest, 5);
        assert_int_equal(host->delivery.payload_length, size + ICMP_HEADER);
        uint32_t at = icmp.body_length;
        assert_memory_equal(icmp.body, body, at);
        for (uint32_t i = 0; i < host->delivery.span_count; i++) {
            assert_memory_equal(host->delivery.spans[i].data, body + at, host->delivery.spans[i].length);
            at += host->delivery.spans[i].length;
        }
        assert_int_equal(at, size);
        assert_false(ip_loop_next(&host->ip, &packet));
    }
    host_free(host);
}

/* A7, A8, RFC 7739: identifications of one pair count up, those of two pairs have nothing to do with each other;
 * packets that are never fragmented show none. */
static void identifications(void **state)
{
    (void)state;
    struct host *host = make();
    const struct septet_address a = address_of("10.0.0.1"), b = address_of("10.0.0.2"), c = address_of("10.0.0.3");
    const uint16_t first = ip_identification(&host->ip, &a, &b);
    assert_int_equal(ip_identification(&host->ip, &a, &b), (uint16_t)(first + 1));
    assert_int_not_equal(ip_identification(&host->ip, &a, &c), (uint16_t)(first + 2));
    meet(host);
    const struct ip_fields fields = {.source = a, .destination = b, .protocol = 99, .do_not_fragment = true};
    const struct septet_span span = {.data = body, .length = 100};
    assert_int_equal(ip_send(&host->ip, &fields, &span, 1), SEPTET_OK);
    assert_true(host_pull(host, &sent));
    assert_int_equal(sent.ip.identification, 0);
    assert_true(sent.ip.do_not_fragment);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes),
        cmocka_unit_test(quotes_scattered),
        cmocka_unit_test(no_room_for_answers),
        cmocka_unit_test(never_about),
        cmocka_unit_test(rate),
        cmocka_unit_test(rate_global),
        cmocka_unit_test(errors),
        cmocka_unit_test(errors_refused),
        cmocka_unit_test(plateaus),
        cmocka_unit_test(echo_large),
        cmocka_unit_test(echo_to_groups),
        cmocka_unit_test(echo_replies),
        cmocka_unit_test(echo_to_self),
        cmocka_unit_test(identifications),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
