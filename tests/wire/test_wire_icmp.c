#include "wire_test.h"

#include "base/bytes.h"
#include "wire/icmp.h"

static struct ip ip_of(const char *source, const char *destination)
{
    struct ip ip = {.source = address_of(source), .destination = address_of(destination)};
    ip.version = septet_address_is_ipv4(&ip.destination) ? 4 : 6;
    return ip;
}

static void round_trip(void **state)
{
    (void)state;
    uint64_t seed = 14;
    for (uint32_t i = 0; i < 600; i++) {
        struct ip ip = i % 2 ? ip_of("10.0.0.1", "10.0.0.2") : ip_of("fe80::1", "ff02::1");
        uint8_t bytes[ICMP_HEADER + 300];
        uint32_t body = i / 2, rest = (uint32_t)splitmix64(&seed);
        struct icmp icmp;
        fill_random(&seed, bytes, sizeof bytes);
        icmp_build(bytes, (uint8_t)i, (uint8_t)(i >> 4), rest, body, &ip.source, &ip.destination);
        assert_int_equal(icmp_parse(bytes, ICMP_HEADER + body, &ip, true, &icmp), wire_none);
        assert_int_equal(icmp.type, (uint8_t)i);
        assert_int_equal(icmp.code, (uint8_t)(i >> 4));
        assert_int_equal(icmp.rest, rest);
        assert_ptr_equal(icmp.body, bytes + ICMP_HEADER);
        assert_int_equal(icmp.body_length, body);
        bytes[splitmix64(&seed) % (ICMP_HEADER + body)] ^= 0x10;
        assert_int_equal(icmp_parse(bytes, ICMP_HEADER + body, &ip, true, &icmp), wire_checksum);
        assert_int_equal(icmp_parse(bytes, ICMP_HEADER + body, &ip, false, &icmp), wire_none);
    }
}

/* The ICMPv6 checksum covers the addresses (RFC 4443 section 2.3), the ICMPv4 checksum does not. */
static void pseudo_header_is_of_version_six(void **state)
{
    (void)state;
    uint8_t bytes[ICMP_HEADER];
    struct icmp icmp;
    struct ip ip = ip_of("2001:db8::1", "2001:db8::2"), other = ip_of("2001:db8::1", "2001:db8::3");
    icmp_build(bytes, ICMPV6_ECHO_REQUEST, 0, 1, 0, &ip.source, &ip.destination);
    assert_int_equal(icmp_parse(bytes, sizeof bytes, &ip, true, &icmp), wire_none);
    assert_int_equal(icmp_parse(bytes, sizeof bytes, &other, true, &icmp), wire_checksum);
    ip = ip_of("10.0.0.1", "10.0.0.2"), other = ip_of("10.0.0.1", "10.0.0.3");
    icmp_build(bytes, ICMPV4_ECHO_REQUEST, 0, 1, 0, &ip.source, &ip.destination);
    assert_int_equal(icmp_parse(bytes, sizeof bytes, &other, true, &icmp), wire_none);
}

/* B17 */
static void cut_messages_are_truncated(void **state)
{
    (void)state;
    struct ip ip = ip_of("10.0.0.1", "10.0.0.2");
    for (uint32_t length = 0; length < ICMP_HEADER; length++) {
        uint8_t bytes[ICMP_HEADER] = {0};
        uint8_t *copy = exact_copy(bytes, length);
        struct icmp icmp;
        assert_int_equal(icmp_parse(copy, length, &ip, false, &icmp), wire_truncated);
        free(copy);
    }
}

static enum wire_error quote_of(const uint8_t *body, uint32_t length, uint8_t version, uint8_t type, uint32_t rest,
                                struct icmp_quote *quote)
{
    struct icmp icmp = {.type = type, .rest = rest, .body = body, .body_length = length};
    memset(quote, 0xa5, sizeof *quote);
    return icmp_parse_quote(&icmp, version, quote);
}

static uint32_t build_quoted(uint8_t *bytes, uint8_t version, uint32_t payload)
{
    struct ip_fields fields = {.protocol = PROTOCOL_TCP, .ttl = 3};
    fields.source = address_of(version == 4 ? "10.0.0.1" : "2001:db8::1");
    fields.destination = address_of(version == 4 ? "10.0.0.2" : "2001:db8::2");
    if (version == 4)
        ipv4_build(bytes, &fields, payload);
    else
        ipv6_build(bytes, &fields, payload);
    return version == 4 ? IPV4_HEADER : IPV6_HEADER;
}

/* RFC 792 and 1122 3.2.2: the header and at least eight bytes; RFC 4443: as much as fits. */
static void quotes_of_each_length(void **state)
{
    (void)state;
    for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
        uint8_t bytes[128] = {0};
        uint32_t header = build_quoted(bytes, version, 1480);
        for (uint32_t length = 0; length <= sizeof bytes; length++) {
            struct icmp_quote quote;
            uint8_t *copy = exact_copy(bytes, length);
            enum wire_error error = quote_of(copy, length, version, 3, 0, &quote);
            assert_int_equal(error, length < header + 8 ? wire_truncated : wire_none);
            if (error == wire_none) {
                assert_int_equal(quote.ip.protocol, PROTOCOL_TCP);
                assert_int_equal(quote.ip.payload_length, 1480);
                assert_ptr_equal(quote.transport, copy + header);
                assert_int_equal(quote.transport_length, length - header);
            }
            free(copy);
        }
    }
}

static void quotes_with_options_and_extension_headers(void **state)
{
    (void)state;
    uint8_t four[40] = {0}, six[72] = {0};
    struct icmp_quote quote;
    build_quoted(four, 4, 28);
    four[0] = 0x47;
    memset(four + IPV4_HEADER, 1, 8);
    assert_int_equal(quote_of(four, sizeof four, 4, 11, 0, &quote), wire_none);
    assert_ptr_equal(quote.transport, four + 28);
    assert_int_equal(quote.transport_length, 12);
    assert_int_equal(quote_of(four, 35, 4, 11, 0, &quote), wire_truncated);
    four[0] = 0x44;
    assert_int_equal(quote_of(four, sizeof four, 4, 11, 0, &quote), wire_header_length);
    four[0] = 0x45;
    store16(four + 2, 19);
    assert_int_equal(quote_of(four, sizeof four, 4, 11, 0, &quote), wire_total_length);
    build_quoted(six, 6, 32);
    six[6] = PROTOCOL_DESTINATION_OPTIONS;
    six[40] = PROTOCOL_UDP;
    assert_int_equal(quote_of(six, sizeof six, 6, 3, 0, &quote), wire_none);
    assert_int_equal(quote.ip.protocol, PROTOCOL_UDP);
    assert_ptr_equal(quote.transport, six + 48);
    six[41] = 9;
    assert_int_equal(quote_of(six, sizeof six, 6, 3, 0, &quote), wire_extension_chain);
    assert_int_equal(quote_of(six, sizeof six, 4, 3, 0, &quote), wire_version);
    assert_int_equal(quote_of(four, sizeof four, 6, 3, 0, &quote), wire_version);
}

/* RFC 4884: what follows the quote is not read as transport bytes. */
static void extensions_behind_the_quote_are_left_out(void **state)
{
    (void)state;
    for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
        uint8_t bytes[160] = {0};
        struct icmp_quote quote;
        uint32_t header = build_quoted(bytes, version, 1400);
        uint32_t rest = version == 4 ? 32u << 16 : 16u << 24;
        uint8_t type = version == 4 ? ICMPV4_TIME_EXCEEDED : ICMPV6_TIME_EXCEEDED;
        assert_int_equal(quote_of(bytes, sizeof bytes, version, type, rest, &quote), wire_none);
        assert_int_equal(quote.transport_length, 128 - header);
        assert_int_equal(quote_of(bytes, sizeof bytes, version, type, rest * 7, &quote), wire_none);
        assert_int_equal(quote.transport_length, 160 - header);
        type = version == 4 ? ICMPV4_REDIRECT : ICMPV6_PACKET_TOO_BIG;
        assert_int_equal(quote_of(bytes, sizeof bytes, version, type, rest, &quote), wire_none);
        assert_int_equal(quote.transport_length, 160 - header);
    }
}

/* A capture cut by its snap length still tells the lengths of the whole packet. */
static void cut_packets(void **state)
{
    (void)state;
    for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
        uint8_t bytes[64] = {0};
        uint32_t header = build_quoted(bytes, version, 1400);
        for (uint32_t length = 0; length <= sizeof bytes; length++) {
            struct ip ip;
            uint8_t *copy = exact_copy(bytes, length);
            assert_int_equal(ip_parse_cut(copy, length, &ip), length < header ? wire_truncated : wire_none);
            if (length >= header) {
                assert_int_equal(ip.header_length, header);
                assert_int_equal(ip.payload_length, 1400);
            }
            free(copy);
        }
    }
    uint8_t routed[28] = {0};
    struct ip ip;
    build_quoted(routed, 4, 8);
    routed[0] = 0x47;
    routed[IPV4_HEADER] = 131;
    routed[IPV4_HEADER + 1] = 7;
    assert_int_equal(ip_parse_cut(routed, sizeof routed, &ip), wire_none);
    assert_true(ip.source_route);
}

static void hostile_quotes(void **state)
{
    (void)state;
    uint64_t seed = 15;
    for (int i = 0; i < 50000; i++) {
        uint8_t bytes[96];
        struct icmp_quote quote;
        uint32_t length = (uint32_t)(splitmix64(&seed) % sizeof bytes);
        uint8_t version = splitmix64(&seed) % 2 ? 4 : 6;
        fill_random(&seed, bytes, sizeof bytes);
        bytes[0] = (uint8_t)(version << 4 | (bytes[0] & 15));
        if (splitmix64(&seed) % 2)
            bytes[6] = bytes[40] = PROTOCOL_DESTINATION_OPTIONS;
        bytes[41] &= 3;
        uint8_t *copy = exact_copy(bytes, length);
        if (quote_of(copy, length, version, bytes[1] & 15, load32(bytes + 8), &quote) == wire_none)
            assert_true(quote.transport >= copy && quote.transport + quote.transport_length <= copy + length);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(pseudo_header_is_of_version_six),
        cmocka_unit_test(cut_messages_are_truncated),
        cmocka_unit_test(quotes_of_each_length),
        cmocka_unit_test(quotes_with_options_and_extension_headers),
        cmocka_unit_test(extensions_behind_the_quote_are_left_out),
        cmocka_unit_test(cut_packets),
        cmocka_unit_test(hostile_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
