#include "host.h"

#include "wire/tcp.h"
#include "wire/udp.h"

static struct sent sent;
static uint8_t frame[70000];

static struct host *make(void)
{
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, "10.0.0.1", 24);
    host_address(host, 0, "fd07::1", 64);
    host_address(host, 0, "fe80::1", 64);
    host_wait(host, 3 * SEPTET_SECOND);
    host_drain(host);
    return host;
}

/* A SYN from one address to another. */
static uint32_t syn(const char *source, const char *destination)
{
    uint8_t tcp[TCP_HEADER] = {0, 80, 0, 90, [12] = 0x50, [13] = 2};
    struct checksum checksum = {0};
    const struct ip_fields fields = {
        .source = address_of(source), .destination = address_of(destination), .protocol = PROTOCOL_TCP};
    ip_pseudo_checksum(&checksum, &fields.source, &fields.destination, PROTOCOL_TCP, sizeof tcp);
    checksum_add(&checksum, tcp, sizeof tcp);
    store16(tcp + 16, checksum_finish(&checksum));
    return frame_ip(frame, &fields, tcp, sizeof tcp);
}

static enum ip_verdict give_syn(struct host *host, const char *source, const char *destination)
{
    return host_give(host, 0, frame, syn(source, destination));
}

/* MUST-63, LAND (A13), W29 to W36. */
static void sources(void **state)
{
    (void)state;
    static const char *const invalid[] = {"224.0.0.1",  "127.0.0.1", "0.0.0.0",        "240.0.0.1",
                                          "10.0.0.255", "10.0.0.0",  "255.255.255.255"};
    static const char *const invalid_ipv6[] = {"ff02::1", "::1", "::", "::ffff:10.0.0.2"};
    struct host *host = make();
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        assert_int_equal(give_syn(host, invalid[i], "10.0.0.1"), IP_CONSUMED);
        assert_int_equal(host_drops(host, SEPTET_DROP_ip_source_invalid), i + 1);
    }
    assert_int_equal(give_syn(host, "10.0.0.1", "10.0.0.1"), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_source_own), 1);
    for (size_t i = 0; i < sizeof invalid_ipv6 / sizeof invalid_ipv6[0]; i++) {
        const struct ip_fields fields = {
            .source = address_of(invalid_ipv6[i]), .destination = address_of("fd07::1"), .protocol = PROTOCOL_TCP};
        const uint8_t tcp[TCP_HEADER] = {0};
        assert_int_equal(host_give(host, 0, frame, frame_ip(frame, &fields, tcp, sizeof tcp)), IP_CONSUMED);
        assert_int_equal(host_drops(host, SEPTET_DROP_ip_source_invalid), 7 + i + 1);
    }
    assert_int_equal(give_syn(host, "fd07::1", "fd07::1"), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_source_own), 2);
    assert_int_equal(give_syn(host, "10.0.0.2", "10.0.0.1"), IP_PACKET);
    assert_int_equal(give_syn(host, "fd07::2", "fd07::1"), IP_PACKET);
    assert_false(host_pull(host, &sent));
    host_free(host);
}

/* RFC 1122 section 3.2.1.3, MUST-57. */
static void destinations(void **state)
{
    (void)state;
    static const char *const foreign[] = {"10.0.0.3", "127.0.0.1", "224.0.0.5", "239.1.1.1", "8.8.8.8", "240.0.0.1"};
    static const char *const foreign_ipv6[] = {"fd07::3", "::1", "ff02::1:ff00:7", "ff02::2", "ff05::1", "ff01::1"};
    struct host *host = make();
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(give_syn(host, "10.0.0.2", foreign[i]), IP_CONSUMED);
        assert_int_equal(give_syn(host, "fd07::2", foreign_ipv6[i]), IP_CONSUMED);
        assert_int_equal(host_drops(host, SEPTET_DROP_ip_destination), 2 * i + 2);
    }
    static const char *const groups[] = {"10.0.0.255", "10.0.0.0", "255.255.255.255", "224.0.0.1"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(give_syn(host, "10.0.0.2", groups[i]), IP_PACKET);
        assert_true(host->delivery.destination_multicast);
    }
    assert_int_equal(give_syn(host, "fd07::2", "ff02::1"), IP_PACKET);
    assert_true(host->delivery.destination_multicast && host->delivery.link_multicast);
    assert_int_equal(give_syn(host, "fd07::2", "ff02::1:ff00:1"), IP_PACKET);
    assert_int_equal(give_syn(host, "10.0.0.2", "10.0.0.1"), IP_PACKET);
    assert_false(host->delivery.destination_multicast || host->delivery.link_multicast);
    /* One host's address in everybody's frame. */
    const uint32_t length = syn("10.0.0.2", "10.0.0.1");
    memcpy(frame, broadcast_mac, 6);
    assert_int_equal(host_give(host, 0, frame, length), IP_CONSUMED);
    host_free(host);
}

static void link_local_stays(void **state)
{
    (void)state;
    struct host *host = make();
    struct septet_interface second = {.mtu = 1500, .ethernet = true, .mac = {2, 0, 0, 0, 0, 9}};
    assert_int_equal(ip_interface_add(&host->ip, &second), 1);
    assert_int_equal(give_syn(host, "fe80::2", "fe80::1"), IP_PACKET);
    const uint32_t length = syn("fe80::2", "fe80::1");
    memcpy(frame, second.mac, 6);
    assert_int_equal(host_give(host, 1, frame, length), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_destination), 1);
    host_free(host);
}

static void link_layer(void **state)
{
    (void)state;
    struct host *host = make();
    uint32_t length = syn("10.0.0.2", "10.0.0.1");
    frame[5] ^= 1;
    host_give(host, 0, frame, length);
    assert_int_equal(host_drops(host, SEPTET_DROP_ethernet_destination), 1);
    frame[0] = 1;
    host_give(host, 0, frame, length);
    assert_int_equal(host_drops(host, SEPTET_DROP_ethernet_destination), 2);
    length = syn("10.0.0.2", "10.0.0.1");
    frame[6] |= 1;
    host_give(host, 0, frame, length);
    assert_int_equal(host_drops(host, SEPTET_DROP_ethernet_malformed), 1);
    length = syn("10.0.0.2", "10.0.0.1");
    store16(frame + 12, 0x86dc);
    host_give(host, 0, frame, length);
    assert_int_equal(host_drops(host, SEPTET_DROP_ethernet_type), 1);
    /* A VLAN tag is passed over. */
    length = syn("10.0.0.2", "10.0.0.1");
    memmove(frame + 18, frame + 14, length - 14);
    store16(frame + 16, ETHERTYPE_IPV4);
    store16(frame + 12, ETHERTYPE_VLAN);
    store16(frame + 14, 5);
    assert_int_equal(host_give(host, 0, frame, length + 4), IP_PACKET);
    assert_int_equal(host_give(host, 7, frame, length + 4), IP_CONSUMED);
    host_free(host);
}

/* B9: what Ethernet pads is no part of the packet, wherever it lies. */
static void padding(void **state)
{
    (void)state;
    struct host *host = make();
    const uint32_t length = syn("10.0.0.2", "10.0.0.1");
    memset(frame + length, 0xee, 100);
    assert_int_equal(host_give(host, 0, frame, length + 26), IP_PACKET);
    assert_int_equal(host->delivery.payload_length, TCP_HEADER);
    assert_int_equal(host->delivery.transport_length, TCP_HEADER);
    for (uint32_t head = 54; head < 80; head++) {
        assert_int_equal(host_give_cut(host, 0, frame, length + 26, head, 5), IP_PACKET);
        uint32_t total = host->delivery.transport_length;
        for (uint32_t i = 0; i < host->delivery.span_count; i++)
            total += host->delivery.spans[i].length;
        assert_int_equal(total, TCP_HEADER);
    }
    host_free(host);
}

/* However a driver scatters a packet, the same is delivered. */
static void scattered(void **state)
{
    (void)state;
    struct host *host = make();
    static uint8_t body[3000], udp[3100];
    uint64_t seed = 3;
    for (int round = 0; round < 600; round++) {
        const bool ipv6 = round & 1;
        const struct ip_fields fields = {
            .source = address_of(ipv6 ? "fd07::2" : "10.0.0.2"),
            .destination = address_of(ipv6 ? "fd07::1" : "10.0.0.1"),
            .protocol = PROTOCOL_UDP,
        };
        const uint32_t size = (uint32_t)(splitmix64(&seed) % sizeof body);
        for (uint32_t i = 0; i < size; i++)
            body[i] = (uint8_t)splitmix64(&seed);
        uint32_t length = put_udp(udp, &fields.source, &fields.destination, 5, 6, body, size);
        length = frame_ip(frame, &fields, udp, length);
        const uint32_t head = 14 + (uint32_t)(splitmix64(&seed) % 80);
        const uint32_t piece = 10 + (uint32_t)(splitmix64(&seed) % 300);
        assert_int_equal(host_give_cut(host, 0, frame, length, head, piece < size / 50 ? size / 50 + 1 : piece),
                         IP_PACKET);
        uint32_t at = host->delivery.transport_length;
        assert_true(at >= UDP_HEADER);
        assert_memory_equal(host->delivery.transport, udp, at);
        for (uint32_t i = 0; i < host->delivery.span_count; i++) {
            assert_memory_equal(host->delivery.spans[i].data, udp + at, host->delivery.spans[i].length);
            at += host->delivery.spans[i].length;
        }
        assert_int_equal(at, UDP_HEADER + size);
        assert_int_equal(host->delivery.payload_length, at);
    }
    host_free(host);
}

/* B17: every protocol, cut at each byte, with and without a right length field: no byte is read beyond the frame
 * (ASan), and everything is counted. */
static void truncated(void **state)
{
    (void)state;
    uint8_t body[64] = {0}, message[200];
    struct host *host = make();
    uint64_t given = 0;
    static uint8_t frames[12][400];
    uint32_t lengths[12], count = 0;
    const struct septet_address a4 = address_of("10.0.0.2"), b4 = address_of("10.0.0.1");
    const struct septet_address a6 = address_of("fd07::2"), b6 = address_of("fd07::1");
    const struct ip_fields ipv4 = {.source = a4, .destination = b4, .protocol = PROTOCOL_ICMP};
    struct ip_fields ipv6 = {.source = a6, .destination = b6, .protocol = PROTOCOL_ICMPV6, .ttl = 255};
    lengths[count] = frame_arp(frames[count], ARP_REQUEST, peer_mac, "10.0.0.2", our_mac, "10.0.0.1", our_mac);
    count++;
    uint32_t length = put_icmp(message, ICMPV4_ECHO_REQUEST, 0, 1, body, 32, &a4, &b4);
    lengths[count] = frame_ip(frames[count], &ipv4, message, length);
    count++;
    put_ip(body, &(struct ip_fields){.source = b4, .destination = a4, .protocol = PROTOCOL_UDP}, message, 8);
    length = put_icmp(message, ICMPV4_UNREACHABLE, 3, 0, body, 28, &a4, &b4);
    lengths[count] = frame_ip(frames[count], &ipv4, message, length);
    count++;
    memset(body, 0, sizeof body);
    memcpy(body, b6.bytes, 16);
    body[16] = 1;
    body[17] = 1;
    static const uint8_t types[] = {128, 135, 136, 134, 137, 130, 1, 2};
    for (size_t i = 0; i < sizeof types; i++) {
        length = put_icmp(message, types[i], 0, 0, body, 48, &a6, &b6);
        lengths[count] = frame_ip(frames[count], &ipv6, message, length);
        count++;
    }
    ipv6.protocol = PROTOCOL_DESTINATION_OPTIONS;
    const uint8_t options[40] = {PROTOCOL_UDP, 1, 0xc1, 4, 0, 0, 0, 0, 1, 6};
    lengths[count] = frame_ip(frames[count], &ipv6, options, sizeof options);
    count++;
    for (uint32_t which = 0; which < count; which++) {
        for (uint32_t cut = 0; cut <= lengths[which]; cut++) {
            memcpy(frame, frames[which], lengths[which]);
            host_give(host, 0, frame, cut);
            if (cut >= 34 && load16(frame + 12) == ETHERTYPE_IPV4) {
                store16(frame + 16, (uint16_t)(cut - 14));
                store16(frame + 24, 0);
                struct checksum checksum = {0};
                checksum_add(&checksum, frame + 14, 20);
                store16(frame + 24, checksum_finish(&checksum));
                host_give(host, 0, frame, cut);
            }
            if (cut >= 54 && load16(frame + 12) == ETHERTYPE_IPV6) {
                store16(frame + 18, (uint16_t)(cut - 54));
                host_give(host, 0, frame, cut);
            }
            host_give_cut(host, 0, frame, cut, cut / 2, 7);
            given++;
        }
        host_drain(host);
    }
    assert_true(given > 500);
    host_free(host);
}

static enum ip_verdict give_options(struct host *host, const uint8_t *options, uint32_t length)
{
    const uint32_t size = syn("10.0.0.2", "10.0.0.1");
    uint8_t *header = frame + ETHERNET_HEADER;
    struct checksum checksum = {0};
    memmove(header + 20 + length, header + 20, size - 34);
    memcpy(header + 20, options, length);
    header[0] = (uint8_t)(0x45 + length / 4);
    store16(header + 2, (uint16_t)(40 + length));
    store16(header + 10, 0);
    checksum_add(&checksum, header, 20 + length);
    store16(header + 10, checksum_finish(&checksum));
    return host_give(host, 0, frame, size + length);
}

/* MUST-50: what is not understood is ignored (W118, W119, W116); source routes are refused (B7, W115). */
static void ipv4_options(void **state)
{
    (void)state;
    static const uint8_t unknown[4] = {0x1e, 4, 0, 0}, record[8] = {7, 7, 4, 0, 0, 0, 0, 0};
    static const uint8_t timestamp[8] = {68, 8, 5, 0, 0, 0, 0, 0}, loose[8] = {131, 7, 4, 10, 0, 0, 9, 0};
    static const uint8_t strict[8] = {137, 7, 4, 10, 0, 0, 9, 0}, zero[4] = {7, 0, 0, 0}, beyond[4] = {7, 9, 0, 0};
    struct host *host = make();
    assert_int_equal(give_options(host, unknown, 4), IP_PACKET);
    assert_int_equal(host->delivery.payload_length, TCP_HEADER);
    assert_int_equal(give_options(host, record, 8), IP_PACKET);
    assert_int_equal(give_options(host, timestamp, 8), IP_PACKET);
    assert_int_equal(give_options(host, loose, 8), IP_CONSUMED);
    assert_int_equal(give_options(host, strict, 8), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_source_route), 2);
    assert_int_equal(give_options(host, zero, 4), IP_CONSUMED);
    assert_int_equal(give_options(host, beyond, 4), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_option), 2);
    host_free(host);
}

/* The next Parameter Problem out. */
static void expect_problem(struct host *host, uint8_t code, uint32_t pointer)
{
    struct icmp icmp;
    host_answer(host, 0, "fd07::2", peer_mac);
    do
        assert_true(host_pull(host, &sent));
    while (sent.transport[0] >= 133);
    assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
    assert_int_equal(icmp.type, ICMPV6_PARAMETER_PROBLEM);
    assert_int_equal(icmp.code, code);
    assert_int_equal(icmp.rest, pointer);
    /* The quote is the packet itself. */
    assert_memory_equal(icmp.body, frame + ETHERNET_HEADER, icmp.body_length);
}

/* B10, B11, RFC 8200 section 4.2: headers that call for an answer, and headers that are passed over. */
static void extension_headers(void **state)
{
    (void)state;
    struct host *host = make();
    struct ip_fields fields = {
        .source = address_of("fd07::2"), .destination = address_of("fd07::1"), .protocol = PROTOCOL_ROUTING};
    uint8_t routing[64] = {PROTOCOL_UDP, 2, 0, 1};
    host_give(host, 0, frame, frame_ip(frame, &fields, routing, sizeof routing));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_source_route), 1);
    expect_problem(host, 0, 42);
    uint8_t option[16] = {PROTOCOL_UDP, 0, 0x80 | 5, 4, 1, 2, 3, 4};
    fields.protocol = PROTOCOL_DESTINATION_OPTIONS;
    host_give(host, 0, frame, frame_ip(frame, &fields, option, sizeof option));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_option), 1);
    expect_problem(host, 2, 42);
    option[2] = 0x40 | 5;
    host_give(host, 0, frame, frame_ip(frame, &fields, option, sizeof option));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_option), 2);
    assert_false(host_pull(host, &sent));
    option[2] = 5;
    assert_int_equal(host_give(host, 0, frame, frame_ip(frame, &fields, option, sizeof option)), IP_PACKET);
    assert_int_equal(host->delivery.ip.protocol, PROTOCOL_UDP);
    assert_int_equal(host->delivery.payload_length, 8);
    host_free(host);
}

/* B8: tunnels lead nowhere; RFC 1122 section 3.2.2.1 and RFC 4443 section 3.4 say so. */
static void protocols(void **state)
{
    (void)state;
    struct host *host = make();
    struct icmp icmp;
    const uint8_t payload[40] = {0x45};
    struct ip_fields fields = {
        .source = address_of("10.0.0.2"), .destination = address_of("10.0.0.1"), .protocol = PROTOCOL_IPV4};
    host_give(host, 0, frame, frame_ip(frame, &fields, payload, sizeof payload));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_protocol), 1);
    host_drain(host);
    host_answer(host, 0, "10.0.0.2", peer_mac);
    assert_true(host_pull(host, &sent));
    assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
    assert_int_equal(icmp.type, ICMPV4_UNREACHABLE);
    assert_int_equal(icmp.code, ICMPV4_PROTOCOL_UNREACHABLE);
    fields.source = address_of("fd07::2");
    fields.destination = address_of("fd07::1");
    fields.protocol = PROTOCOL_IPV6;
    host_give(host, 0, frame, frame_ip(frame, &fields, payload, sizeof payload));
    expect_problem(host, 1, 6);
    fields.protocol = PROTOCOL_NO_NEXT;
    host_give(host, 0, frame, frame_ip(frame, &fields, payload, sizeof payload));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_protocol), 3);
    assert_false(host_pull(host, &sent));
    host_free(host);
}

static void multicast_protocols(void **state)
{
    (void)state;
    struct host *host = make();
    const uint8_t query[8] = {0x11, 0, 0xee, 0xff};
    struct ip_fields fields = {
        .source = address_of("10.0.0.2"), .destination = address_of("224.0.0.1"), .protocol = PROTOCOL_IGMP};
    host_give(host, 0, frame, frame_ip(frame, &fields, query, sizeof query));
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_ignored), 1);
    /* The protocols of one family mean nothing in the other. */
    fields.destination = address_of("10.0.0.1");
    fields.protocol = PROTOCOL_ICMPV6;
    host_give(host, 0, frame, frame_ip(frame, &fields, query, sizeof query));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_protocol), 1);
    fields.source = address_of("fd07::2");
    fields.destination = address_of("fd07::1");
    fields.protocol = PROTOCOL_IGMP;
    host_give(host, 0, frame, frame_ip(frame, &fields, query, sizeof query));
    fields.protocol = PROTOCOL_ICMP;
    host_give(host, 0, frame, frame_ip(frame, &fields, query, sizeof query));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_protocol), 3);
    host_free(host);
}

/* A driver that promises more bytes than it brings. */
static void short_spans(void **state)
{
    (void)state;
    struct host *host = make();
    const uint32_t length = syn("10.0.0.2", "10.0.0.1");
    for (uint32_t head = 0; head < length; head++) {
        const struct septet_span span = {.data = frame + head, .length = (length - head) / 2};
        const struct septet_packet packet = {
            .head = frame,
            .spans = &span,
            .head_length = head,
            .span_count = 1,
            .length = length,
        };
        const enum ip_verdict verdict = ip_input(&host->ip, &packet, &host->delivery);
        assert_true(verdict == IP_CONSUMED || host->delivery.transport_length >= TCP_HEADER);
    }
    host_free(host);
}

/* B18: short frames are filled with zeros (host_pull fills the header with other bytes first). */
static void etherleak(void **state)
{
    (void)state;
    struct host *host = make();
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, peer_mac, "10.0.0.2", our_mac, "10.0.0.1", broadcast_mac));
    assert_true(host_pull(host, &sent));
    assert_int_equal(sent.length, 60);
    for (uint32_t i = 42; i < 60; i++)
        assert_int_equal(sent.bytes[i], 0);
    host_free(host);
}

static void raw_ip(void **state)
{
    (void)state;
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    uint8_t mac[6];
    host_raw(host, 1400);
    host_address(host, 0, "10.0.0.1", 24);
    host_address(host, 0, "fd07::1", 64);
    struct septet_address source = {{0}};
    struct ip_path path;
    const struct septet_address destination = address_of("10.0.0.9");
    assert_int_equal(ip_route(&host->ip, &source, &destination, &path), SEPTET_OK);
    assert_int_equal(path.neighbor, 0);
    assert_int_equal(path.mtu, 1400);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_REACHABLE);
    uint32_t length = syn("10.0.0.2", "10.0.0.1");
    assert_int_equal(host_give(host, 0, frame + 14, length - 14), IP_PACKET);
    length = syn("fd07::2", "fd07::1");
    assert_int_equal(host_give(host, 0, frame + 14, length - 14), IP_PACKET);
    frame[14] = 0x50;
    assert_int_equal(host_give(host, 0, frame + 14, length - 14), IP_CONSUMED);
    assert_int_equal(host_give(host, 0, frame + 14, 0), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_malformed), 2);
    assert_int_equal(ip_deadline(&host->ip), SEPTET_NEVER);
    host_free(host);
}

/* The shortcut for packets that follow their like must not change anything: the same packets with and without it. */
static void train_equals_whole_way(void **state)
{
    (void)state;
    struct host *with = make(), *without = make();
    uint64_t seed = 11;
    static const char *const addresses[] = {"10.0.0.2", "10.0.0.3", "fd07::2", "fd07::3", "10.0.0.255", "127.0.0.1"};
    for (int i = 0; i < 20000; i++) {
        const uint64_t draw = splitmix64(&seed);
        const char *source = addresses[draw % 100 < 90 ? 0 : draw % 6];
        if (draw % 3 == 0)
            source = addresses[2];
        uint32_t length = syn(source, strchr(source, ':') != NULL ? "fd07::1" : "10.0.0.1");
        const uint32_t extra = (uint32_t)(draw >> 8 & 31);
        memset(frame + length, 7, extra);
        if ((draw >> 16 & 7) == 0)
            frame[draw >> 24 & 63] ^= (uint8_t)(1 << (draw >> 32 & 7));
        if ((draw >> 40 & 15) == 0)
            length = (uint32_t)(draw >> 44) % length;
        else
            length += extra;
        const uint32_t head = (draw >> 60 & 1) != 0 ? length : 54;
        without->ip.train.length = 0;
        const enum ip_verdict a = host_give_cut(with, 0, frame, length, head, 9);
        const enum ip_verdict b = host_give_cut(without, 0, frame, length, head, 9);
        assert_int_equal(a, b);
        if (a != IP_PACKET)
            continue;
        assert_int_equal(with->delivery.payload_length, without->delivery.payload_length);
        assert_int_equal(with->delivery.ip.ttl, without->delivery.ip.ttl);
        assert_int_equal(with->delivery.ip.traffic_class, without->delivery.ip.traffic_class);
        assert_int_equal(with->delivery.ip.protocol, without->delivery.ip.protocol);
        assert_int_equal(with->delivery.ip.fragmented, without->delivery.ip.fragmented);
        assert_true(septet_address_equal(&with->delivery.ip.source, &without->delivery.ip.source));
        assert_true(septet_address_equal(&with->delivery.ip.destination, &without->delivery.ip.destination));
        assert_int_equal(with->delivery.transport_length, without->delivery.transport_length);
        assert_memory_equal(with->delivery.transport, without->delivery.transport, with->delivery.transport_length);
        assert_int_equal(with->delivery.link_multicast, without->delivery.link_multicast);
        assert_int_equal(with->delivery.destination_multicast, without->delivery.destination_multicast);
    }
    assert_memory_equal(with->core.drop, without->core.drop, sizeof with->core.drop);
    assert_memory_equal(with->core.counter, without->core.counter, sizeof with->core.counter);
    host_free(with);
    host_free(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources),
        cmocka_unit_test(destinations),
        cmocka_unit_test(link_local_stays),
        cmocka_unit_test(link_layer),
        cmocka_unit_test(padding),
        cmocka_unit_test(scattered),
        cmocka_unit_test(truncated),
        cmocka_unit_test(ipv4_options),
        cmocka_unit_test(extension_headers),
        cmocka_unit_test(protocols),
        cmocka_unit_test(multicast_protocols),
        cmocka_unit_test(short_spans),
        cmocka_unit_test(etherleak),
        cmocka_unit_test(raw_ip),
        cmocka_unit_test(train_equals_whole_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
