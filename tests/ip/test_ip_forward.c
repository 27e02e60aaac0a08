#include "host.h"

#include "wire/tcp.h"
#include "wire/udp.h"

static struct sent sent;
static uint8_t packet[70000], body[70000];

/* Interface 0: 10.1.0.0/16 and fd01::/64; interface 1: 10.2.0.0/16 and fd02::/64, MTU 1280. */
static struct host *make(uint32_t offloads)
{
    struct septet_config config = host_config();
    config.forwarding = true;
    struct host *host = host_new(&config);
    host_raw(host, 9000);
    const struct septet_interface second = {.mtu = 1280, .offloads = offloads};
    assert_int_equal(ip_interface_add(&host->ip, &second), 1);
    host_address(host, 0, "10.1.0.1", 16);
    host_address(host, 1, "10.2.0.1", 16);
    host_address(host, 0, "fd01::1", 64);
    host_address(host, 1, "fd02::1", 64);
    for (uint32_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i * 7 + (i >> 8));
    return host;
}

static struct ip_fields fields_of(bool ipv6)
{
    return (struct ip_fields){
        .source = address_of(ipv6 ? "fd01::5" : "10.1.0.5"),
        .destination = address_of(ipv6 ? "fd02::9" : "10.2.0.9"),
        .protocol = PROTOCOL_UDP,
        .identification = 4711,
        .traffic_class = 0x2e,
    };
}

static void give(struct host *host, const struct ip_fields *fields, uint32_t size)
{
    const bool ipv4 = septet_address_is_ipv4(&fields->destination);
    const uint32_t length = put_udp(packet + (ipv4 ? 20 : 40), &fields->source, &fields->destination, 7, 9, body, size);
    put_ip(packet, fields, packet + (ipv4 ? 20 : 40), length);
    assert_int_equal(host_give(host, 0, packet, (ipv4 ? 20 : 40) + length), IP_CONSUMED);
}

static void expect_error(struct host *host, uint8_t type, uint8_t code, uint32_t rest)
{
    struct icmp icmp;
    assert_true(host_pull(host, &sent));
    assert_int_equal(sent.packet.interface, 0);
    assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
    assert_int_equal(icmp.type, type);
    assert_int_equal(icmp.code, code);
    assert_int_equal(icmp.rest, rest);
    assert_memory_equal(icmp.body, packet, icmp.body_length);
    assert_false(host_pull(host, &sent));
}

/* RFC 1812 section 5.2, RFC 1624: one hop less, the checksum right, all else untouched (host_pull checks the sum). */
static void passes(void **state)
{
    (void)state;
    struct host *host = make(0);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        for (unsigned ttl = 2; ttl < 256; ttl++) {
            struct ip_fields fields = fields_of(ipv6);
            fields.ttl = (uint8_t)ttl;
            give(host, &fields, ttl * 4);
            assert_true(host_pull(host, &sent));
            assert_int_equal(sent.packet.interface, 1);
            assert_int_equal(sent.ip.ttl, ttl - 1);
            assert_int_equal(sent.ip.traffic_class, 0x2e);
            assert_true(septet_address_equal(&sent.ip.source, &fields.source));
            assert_true(septet_address_equal(&sent.ip.destination, &fields.destination));
            assert_int_equal(sent.ip.payload_length, UDP_HEADER + ttl * 4);
            assert_memory_equal(sent.transport, packet + (ipv6 ? 40 : 20), sent.ip.payload_length);
        }
    }
    assert_int_equal(host->core.counter[SEPTET_COUNTER_IpForwDatagrams], 2 * 254);
    host_free(host);
}

static void errors(void **state)
{
    (void)state;
    struct host *host = make(0);
    struct ip_fields fields = fields_of(false);
    fields.ttl = 1;
    give(host, &fields, 10);
    expect_error(host, ICMPV4_TIME_EXCEEDED, 0, 0);
    fields.ttl = 64;
    fields.destination = address_of("99.0.0.1");
    give(host, &fields, 10);
    expect_error(host, ICMPV4_UNREACHABLE, ICMPV4_NET_UNREACHABLE, 0);
    fields = fields_of(false);
    fields.do_not_fragment = true;
    give(host, &fields, 1400);
    expect_error(host, ICMPV4_UNREACHABLE, ICMPV4_FRAGMENTATION_NEEDED, 1280);
    fields = fields_of(true);
    fields.ttl = 1;
    give(host, &fields, 10);
    expect_error(host, ICMPV6_TIME_EXCEEDED, 0, 0);
    fields.ttl = 64;
    give(host, &fields, 1400);
    expect_error(host, ICMPV6_PACKET_TOO_BIG, 0, 1280);
    fields.destination = address_of("2001:db8::1");
    give(host, &fields, 10);
    expect_error(host, ICMPV6_UNREACHABLE, ICMPV6_NO_ROUTE, 0);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_ttl), 2);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_no_route), 2);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_too_big), 2);
    host_free(host);
}

/* What belongs to a link stays on it. */
static void stays(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"10.1.0.5", "224.0.0.9"},   {"10.1.0.5", "10.2.255.255"}, {"10.1.0.5", "255.255.255.255"},
        {"10.1.0.5", "169.254.1.1"}, {"169.254.1.1", "10.2.0.9"},  {"10.1.0.5", "127.0.0.1"},
        {"fe80::5", "fd02::9"},      {"fd01::5", "fe80::9"},       {"fd01::5", "ff0e::1"},
        {"::", "fd02::9"},           {"10.1.0.5", "240.0.0.1"},
    };
    struct host *host = make(0);
    host_route(host, "0.0.0.0", 0, 1, NULL);
    host_route(host, "::", 0, 1, NULL);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct ip_fields fields = fields_of(false);
        fields.source = address_of(pairs[i][0]);
        fields.destination = address_of(pairs[i][1]);
        const uint32_t length = put_udp(body, &fields.source, &fields.destination, 7, 9, "x", 1);
        host_give(host, 0, packet, put_ip(packet, &fields, body, length));
        assert_false(host_pull(host, &sent));
    }
    assert_int_equal(host->core.counter[SEPTET_COUNTER_IpForwDatagrams], 0);
    host_free(host);
}

/* RFC 791: fragments of what may be fragmented, and of fragments; options whose copied flag is clear stay behind. */
static void fragments(void **state)
{
    (void)state;
    struct host *host = make(0);
    static uint8_t whole[9000];
    struct ip_fields fields = fields_of(false);
    const uint8_t options[12] = {0x94, 4, 0, 0, 7, 7, 4, 1, 2, 3, 4, 0};
    uint32_t total = 0;
    struct checksum checksum = {0};
    fields.fragment_offset = 800;
    fields.more_fragments = true;
    put_ip(packet, &fields, body, 0);
    packet[0] = 0x48;
    memcpy(packet + 20, options, sizeof options);
    memcpy(packet + 32, body, 4000);
    store16(packet + 2, 4032);
    store16(packet + 10, 0);
    checksum_add(&checksum, packet, 32);
    store16(packet + 10, checksum_finish(&checksum));
    host_give(host, 0, packet, 4032);
    while (host_pull(host, &sent)) {
        assert_int_equal(sent.ip.fragment_offset, 800 + total);
        assert_true(sent.ip.more_fragments);
        assert_int_equal(sent.ip.identification, 4711);
        assert_int_equal(sent.ip.header_length, 32);
        assert_memory_equal(sent.network + 20, options, 4);
        if (total == 0)
            assert_memory_equal(sent.network + 24, options + 4, 7);
        else
            for (uint32_t i = 24; i < 31; i++)
                assert_int_equal(sent.network[i], 1);
        memcpy(whole + total, sent.transport, sent.ip.payload_length);
        total += sent.ip.payload_length;
    }
    assert_int_equal(total, 4000);
    assert_memory_equal(whole, body, 4000);
    host_free(host);
}

/* A packet whose checksum a device was to make gets it here. */
static void completes_checksum(void **state)
{
    (void)state;
    struct host *host = make(0);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const struct ip_fields fields = fields_of(ipv6);
        const uint32_t header = ipv6 ? 40 : 20;
        const uint32_t length = put_udp(packet + header, &fields.source, &fields.destination, 7, 9, body, 700);
        uint16_t expected = load16(packet + header + 6);
        put_ip(packet, &fields, packet + header, length);
        store16(packet + header + 6, 0x1234);
        const struct septet_packet in = {
            .head = packet,
            .head_length = header + length,
            .length = header + length,
            .flags = SEPTET_PACKET_NEEDS_CHECKSUM,
        };
        assert_int_equal(ip_input(&host->ip, &in, &host->delivery), IP_CONSUMED);
        assert_true(host_pull(host, &sent));
        assert_int_equal(load16(sent.transport + 6), expected);
        assert_int_equal(sent.packet.flags, 0);
    }
    host_free(host);
}

/* A super-segment of `size` bytes in segments of 1000, with NOPs for options, CWR, PSH and FIN. */
static void give_super(struct host *host, bool ipv6, uint32_t size)
{
    struct ip_fields fields = fields_of(ipv6);
    const uint32_t header = ipv6 ? 40 : 20;
    uint8_t *tcp = packet + header;
    fields.protocol = PROTOCOL_TCP;
    fields.do_not_fragment = true;
    memset(tcp, 0, 32);
    store16(tcp, 5);
    store16(tcp + 2, 6);
    store32(tcp + 4, 0xfffff000);
    tcp[12] = 0x80;
    tcp[13] = 0x80 | 0x10 | 0x08 | 0x01;
    memset(tcp + 20, 1, 12);
    memcpy(tcp + 32, body, size);
    put_ip(packet, &fields, tcp, 32 + size);
    const struct septet_packet in = {
        .head = packet,
        .head_length = header + 32 + size,
        .length = header + 32 + size,
        .gso_size = 1000,
        .flags = SEPTET_PACKET_NEEDS_CHECKSUM,
    };
    assert_int_equal(ip_input(&host->ip, &in, &host->delivery), IP_CONSUMED);
}

static void segments(void **state)
{
    (void)state;
    struct host *host = make(0);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        for (uint32_t size = 999; size < 65000; size = size * 3 / 2 + 1) {
            uint32_t at = 0, index = 0;
            give_super(host, ipv6, size);
            while (host_pull(host, &sent)) {
                struct checksum checksum = {0};
                const uint32_t length = sent.ip.payload_length - 32;
                assert_int_equal(length, size - at < 1000 ? size - at : 1000);
                ip_pseudo_checksum(&checksum, &sent.ip.source, &sent.ip.destination, PROTOCOL_TCP,
                                   sent.ip.payload_length);
                checksum_add(&checksum, sent.transport, sent.ip.payload_length);
                assert_int_equal(checksum_finish(&checksum), 0);
                assert_int_equal(load32(sent.transport + 4), 0xfffff000u + at);
                assert_memory_equal(sent.transport + 32, body + at, length);
                const uint8_t flags = sent.transport[13];
                at += length;
                assert_int_equal((flags & 0x80) != 0, index == 0);
                assert_int_equal((flags & 0x09) == 0x09, at == size);
                assert_int_equal((flags & 0x09) == 0, at != size);
                assert_int_equal(sent.packet.gso_size, 0);
                if (!ipv6 && size > 1000)
                    assert_int_equal(sent.ip.identification, 4711 + index);
                index++;
            }
            assert_int_equal(at, size);
        }
    }
    host_free(host);
}

/* To a device that cuts itself it goes as it came. */
static void segments_offloaded(void **state)
{
    (void)state;
    struct host *host = make(SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        give_super(host, ipv6, 40000);
        uint8_t header[128];
        struct septet_span spans[40];
        struct septet_packet out;
        ip_output_begin(&host->ip);
        assert_true(ip_output(&host->ip, &out, header, spans, 40));
        const uint32_t network = ipv6 ? 40 : 20;
        assert_int_equal(out.gso_size, 1000);
        assert_int_equal(out.flags, SEPTET_PACKET_NEEDS_CHECKSUM);
        assert_int_equal(out.length, network + 32 + 40000);
        assert_int_equal(out.header_length, network + 32);
        assert_int_equal(out.checksum_start, network);
        assert_int_equal(out.checksum_offset, 16);
        assert_true(out.head_length >= network + 32);
        const struct ip_fields fields = fields_of(ipv6);
        struct checksum checksum = {0};
        ip_pseudo_checksum(&checksum, &fields.source, &fields.destination, PROTOCOL_TCP, 32 + 40000);
        assert_int_equal(load16(header + network + 16), (uint16_t)~checksum_finish(&checksum));
        assert_false(ip_output(&host->ip, &out, header, spans, 40));
    }
    host_free(host);
}

/* RFC 4861 section 7.2.2: whoever sent to a neighbour that does not answer is told, while it waits and after. */
static void no_neighbor(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.forwarding = true;
    struct host *host = host_new(&config);
    host_raw(host, 9000);
    host_ethernet(host, 1500, false);
    host_address(host, 0, "10.1.0.1", 16);
    host_address(host, 1, "10.2.0.1", 16);
    host_address(host, 0, "fd01::1", 64);
    host_address(host, 1, "fd02::1", 64);
    host_wait(host, 3 * SEPTET_SECOND);
    host_drain(host);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const struct ip_fields fields = fields_of(ipv6);
        give(host, &fields, 20);
        host_wait(host, 3 * SEPTET_SECOND - 1);
        host_drain(host);
        host_wait(host, 1);
        packet[ipv6 ? 7 : 8]--;
        if (!ipv6) {
            struct checksum checksum = {0};
            store16(packet + 10, 0);
            checksum_add(&checksum, packet, 20);
            store16(packet + 10, checksum_finish(&checksum));
        }
        expect_error(host, ipv6 ? ICMPV6_UNREACHABLE : ICMPV4_UNREACHABLE,
                     ipv6 ? ICMPV6_ADDRESS_UNREACHABLE : ICMPV4_HOST_UNREACHABLE, 0);
        give(host, &fields, 20);
        expect_error(host, ipv6 ? ICMPV6_UNREACHABLE : ICMPV4_UNREACHABLE,
                     ipv6 ? ICMPV6_ADDRESS_UNREACHABLE : ICMPV4_HOST_UNREACHABLE, 0);
    }
    host_free(host);
}

/* IPv6 packets pass with whatever extension headers they carry. */
static void extension_headers_pass(void **state)
{
    (void)state;
    struct host *host = make(0);
    struct ip_fields fields = fields_of(true);
    uint8_t options[24] = {PROTOCOL_UDP, 1, 0x80 | 9, 2, 0, 0, 1, 8};
    fields.protocol = PROTOCOL_DESTINATION_OPTIONS;
    const uint32_t length = put_ip(packet, &fields, options, sizeof options);
    host_give(host, 0, packet, length);
    assert_true(host_pull(host, &sent));
    assert_int_equal(sent.packet.interface, 1);
    assert_int_equal(sent.length, length);
    assert_memory_equal(sent.bytes + 40, options, sizeof options);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes),
        cmocka_unit_test(errors),
        cmocka_unit_test(stays),
        cmocka_unit_test(fragments),
        cmocka_unit_test(completes_checksum),
        cmocka_unit_test(segments),
        cmocka_unit_test(segments_offloaded),
        cmocka_unit_test(no_neighbor),
        cmocka_unit_test(extension_headers_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
