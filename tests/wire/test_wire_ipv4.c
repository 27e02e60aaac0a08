#include "wire_test.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/ip.h"

static enum wire_error parse(const uint8_t *bytes, uint32_t length, bool verify, struct ip *ip)
{
    uint8_t *copy = exact_copy(bytes, length);
    enum wire_error error = ipv4_parse(copy, length, verify, ip);
    free(copy);
    return error;
}

static struct ip_fields random_fields(uint64_t *seed)
{
    struct ip_fields fields = {
        .source = septet_address_ipv4(10, 0, (uint8_t)splitmix64(seed), (uint8_t)splitmix64(seed)),
        .destination = septet_address_ipv4(192, 168, (uint8_t)splitmix64(seed), (uint8_t)splitmix64(seed)),
        .protocol = (uint8_t)(PROTOCOL_UDP + splitmix64(seed) % 200),
        .ttl = (uint8_t)splitmix64(seed),
        .traffic_class = (uint8_t)splitmix64(seed),
        .identification = (uint16_t)splitmix64(seed),
        .fragment_offset = (uint16_t)(splitmix64(seed) & 0xfff8),
        .more_fragments = splitmix64(seed) & 1,
        .do_not_fragment = splitmix64(seed) & 1,
    };
    return fields;
}

static void round_trip(void **state)
{
    (void)state;
    uint64_t seed = 10;
    for (int i = 0; i < 5000; i++) {
        uint8_t bytes[256] = {0};
        struct ip_fields fields = random_fields(&seed);
        uint32_t payload = (uint32_t)(splitmix64(&seed) % 200), padding = (uint32_t)(splitmix64(&seed) % 36);
        struct ip ip;
        ipv4_build(bytes, &fields, payload);
        assert_int_equal(parse(bytes, IPV4_HEADER + payload + padding, true, &ip), wire_none);
        assert_true(septet_address_equal(&ip.source, &fields.source));
        assert_true(septet_address_equal(&ip.destination, &fields.destination));
        assert_int_equal(ip.version, 4);
        assert_int_equal(ip.protocol, fields.protocol);
        assert_int_equal(ip.ttl, fields.ttl);
        assert_int_equal(ip.traffic_class, fields.traffic_class);
        assert_int_equal(ip.identification, fields.identification);
        assert_int_equal(ip.fragment_offset, fields.fragment_offset);
        assert_int_equal(ip.more_fragments, fields.more_fragments);
        assert_int_equal(ip.do_not_fragment, fields.do_not_fragment);
        assert_int_equal(ip.fragmented, fields.more_fragments || fields.fragment_offset != 0);
        assert_int_equal(ip.header_length, IPV4_HEADER);
        assert_int_equal(ip.payload_length, payload);
        assert_int_equal(ip.problem_code, 255);
        assert_false(ip.source_route || ip.router_alert);
    }
}

/* A header with the given options, right in all else; returns its length. */
static uint32_t build_with_options(uint8_t *bytes, const char *options, uint32_t options_length, uint32_t payload)
{
    struct ip_fields fields = {.source = septet_address_ipv4(10, 0, 0, 1),
                               .destination = septet_address_ipv4(10, 0, 0, 2),
                               .protocol = PROTOCOL_UDP,
                               .ttl = 64};
    uint32_t header = IPV4_HEADER + (options_length + 3) / 4 * 4;
    memset(bytes, 0, header + payload);
    ipv4_build(bytes, &fields, payload);
    bytes[0] = (uint8_t)(0x40 | header / 4);
    store16(bytes + 2, (uint16_t)(header + payload));
    memcpy(bytes + IPV4_HEADER, options, options_length);
    store16(bytes + 10, 0);
    struct checksum checksum = {0};
    checksum_add(&checksum, bytes, header);
    store16(bytes + 10, checksum_finish(&checksum));
    return header + payload;
}

/* A27, B9, B17: each header length against each total length against each number of bytes. */
static void lengths(void **state)
{
    (void)state;
    for (uint32_t words = 0; words < 16; words++) {
        for (uint32_t total = 0; total < 80; total += 3) {
            for (uint32_t present = 0; present < 80; present++) {
                uint8_t bytes[80] = {0};
                struct ip ip;
                bytes[0] = (uint8_t)(0x40 | words);
                bytes[9] = PROTOCOL_UDP;
                store16(bytes + 2, (uint16_t)total);
                enum wire_error expected = wire_none;
                if (present < IPV4_HEADER)
                    expected = wire_truncated;
                else if (words < 5)
                    expected = wire_header_length;
                else if (words * 4 > present)
                    expected = wire_truncated;
                else if (total != 0 && (total < words * 4 || total > present))
                    expected = wire_total_length;
                assert_int_equal(parse(bytes, present, false, &ip), expected);
                if (expected == wire_none)
                    assert_int_equal(ip.payload_length, (total ? total : present) - words * 4);
            }
        }
    }
}

static void super_packets_have_total_length_zero(void **state)
{
    (void)state;
    uint32_t length = IPV4_HEADER + 100000;
    uint8_t *bytes = calloc(1, length);
    struct ip ip;
    struct ip_fields fields = {.protocol = PROTOCOL_TCP, .ttl = 64};
    assert_non_null(bytes);
    ipv4_build(bytes, &fields, 100000);
    assert_int_equal(load16(bytes + 2), 0);
    assert_int_equal(ipv4_parse(bytes, length, true, &ip), wire_none);
    assert_int_equal(ip.payload_length, 100000);
    free(bytes);
}

static void version_and_checksum(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct ip ip;
    uint32_t length = build_with_options(bytes, "\x94\x04\0\0", 4, 8);
    assert_int_equal(parse(bytes, length, true, &ip), wire_none);
    for (uint32_t bit = 32; bit < 24 * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(parse(bytes, length, true, &ip), wire_checksum);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bytes[10] ^= 1;
    assert_int_equal(parse(bytes, length, false, &ip), wire_none);
    bytes[0] = 0x65;
    assert_int_equal(parse(bytes, length, false, &ip), wire_version);
}

struct option_case {
    const char *bytes;
    uint32_t length;
    enum wire_error error;
    bool source_route, router_alert;
};
#define OPTIONS(text) text, sizeof(text) - 1

/* B7, MUST-50: source routes are seen, unknown options passed over, the walk bounded. */
static void options(void **state)
{
    static const struct option_case table[] = {
        {OPTIONS("\x01\x01\x01\x00"), wire_none, false, false},
        {OPTIONS("\x94\x04\x00\x00"), wire_none, false, true},
        {OPTIONS("\x94\x03\x00\x00"), wire_none, false, false},
        {OPTIONS("\x83\x07\x04\x0a\x00\x00\x01\x00"), wire_none, true, false},
        {OPTIONS("\x01\x89\x07\x04\x0a\x00\x00\x01"), wire_none, true, false},
        {OPTIONS("\x83\x02\x00\x00"), wire_none, true, false},
        {OPTIONS("\x83\x03\xff\x00"), wire_none, true, false},
        {OPTIONS("\x1e\x04\x00\x00\x94\x04\x00\x00"), wire_none, false, true},
        {OPTIONS("\x00\x83\x00\x00"), wire_none, false, false},
        {OPTIONS("\x83\x00\x00\x00"), wire_option, false, false},
        {OPTIONS("\x44\x01\x00\x00"), wire_option, false, false},
        {OPTIONS("\x07\x05\x00\x00"), wire_option, false, false},
        {OPTIONS("\x07\xff\x00\x00"), wire_option, false, false},
        {OPTIONS("\x01\x01\x01\x07"), wire_option, false, false},
        {OPTIONS("\x07\x03\x04\x83"), wire_option, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t bytes[80];
        struct ip ip;
        uint32_t length = build_with_options(bytes, table[i].bytes, table[i].length, 8);
        print_message("options %zu\n", i);
        assert_int_equal(parse(bytes, length, true, &ip), table[i].error);
        if (table[i].error != wire_none)
            continue;
        assert_int_equal(ip.source_route, table[i].source_route);
        assert_int_equal(ip.router_alert, table[i].router_alert);
        assert_int_equal(ip.payload_length, 8);
    }
}

/* B6: RFC 1858 and 3128. */
static void fragments_that_cut_a_tcp_header(void **state)
{
    (void)state;
    struct ip_fields fields = {.protocol = PROTOCOL_TCP, .ttl = 64};
    for (uint16_t offset = 0; offset <= 32; offset = (uint16_t)(offset + 8)) {
        for (uint32_t payload = 0; payload <= 40; payload += 8) {
            uint8_t bytes[IPV4_HEADER + 40] = {0};
            struct ip ip;
            fields.fragment_offset = offset;
            fields.more_fragments = true;
            ipv4_build(bytes, &fields, payload);
            bool cut = offset == 0 ? payload < 20 : offset < 20;
            assert_int_equal(parse(bytes, IPV4_HEADER + payload, true, &ip), cut ? wire_truncated : wire_none);
            bytes[9] = PROTOCOL_UDP;
            assert_int_equal(parse(bytes, IPV4_HEADER + payload, false, &ip), wire_none);
        }
    }
}

static void hostile_headers(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < 50000; i++) {
        uint8_t bytes[96];
        struct ip ip;
        uint32_t length = (uint32_t)(splitmix64(&seed) % sizeof bytes);
        fill_random(&seed, bytes, sizeof bytes);
        bytes[0] = (uint8_t)(0x40 | (bytes[0] & 15));
        store16(bytes + 2, (uint16_t)(splitmix64(&seed) % sizeof bytes));
        if (parse(bytes, length, false, &ip) == wire_none)
            assert_true((uint32_t)ip.header_length + ip.payload_length <= length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(lengths),
        cmocka_unit_test(super_packets_have_total_length_zero),
        cmocka_unit_test(version_and_checksum),
        cmocka_unit_test(options),
        cmocka_unit_test(fragments_that_cut_a_tcp_header),
        cmocka_unit_test(hostile_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
