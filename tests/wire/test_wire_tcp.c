#include "wire_test.h"

#include "base/bytes.h"
#include "wire/tcp.h"

static struct tcp_header random_header(uint64_t *seed)
{
    return (struct tcp_header){
        .source_port = (uint16_t)splitmix64(seed),
        .destination_port = (uint16_t)splitmix64(seed),
        .seq = (uint32_t)splitmix64(seed),
        .ack = (uint32_t)splitmix64(seed),
        .flags = splitmix64(seed) & 0xfff,
        .header_length = (uint8_t)(TCP_HEADER + 4 * (splitmix64(seed) % 11)),
        .window = (uint16_t)splitmix64(seed),
        .checksum = (uint16_t)splitmix64(seed),
        .urgent = (uint16_t)splitmix64(seed),
    };
}

static void round_trip(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int i = 0; i < 10000; i++) {
        uint8_t bytes[TCP_HEADER + TCP_OPTIONS_MAX] = {0};
        struct tcp_header tcp = random_header(&seed), again;
        tcp_build(bytes, &tcp);
        assert_int_equal(tcp_parse(bytes, tcp.header_length, &again), wire_none);
        assert_int_equal(again.source_port, tcp.source_port);
        assert_int_equal(again.destination_port, tcp.destination_port);
        assert_int_equal(again.seq, tcp.seq);
        assert_int_equal(again.ack, tcp.ack);
        assert_int_equal(again.flags, tcp.flags);
        assert_int_equal(again.header_length, tcp.header_length);
        assert_int_equal(again.window, tcp.window);
        assert_int_equal(again.checksum, tcp.checksum);
        assert_int_equal(again.urgent, tcp.urgent);
    }
}

/* RFC 9293 section 3.1, figure 1. */
static void fields_stand_where_the_rfc_says(void **state)
{
    (void)state;
    static const uint8_t expected[TCP_HEADER] = {0x12, 0x34, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0xfe, 0xdc,
                                                 0xba, 0x98, 0x81, 0x52, 0x20, 0x00, 0xab, 0xcd, 0x00, 0x07};
    struct tcp_header tcp = {0x1234, 80,   0x01020304, 0xfedcba98, TCP_AE | TCP_ECE | TCP_ACK | TCP_SYN,
                             32,     8192, 0xabcd,     7};
    uint8_t bytes[TCP_HEADER];
    tcp_build(bytes, &tcp);
    assert_memory_equal(bytes, expected, sizeof bytes);
}

/* A27, B17: a data offset below 5 or beyond the segment, and every header cut at each byte. */
static void header_lengths(void **state)
{
    (void)state;
    for (uint32_t offset = 0; offset < 16; offset++) {
        for (uint32_t length = 0; length <= 64; length++) {
            uint8_t bytes[64] = {0};
            struct tcp_header tcp;
            bytes[12] = (uint8_t)(offset << 4);
            enum wire_error expected = wire_none;
            if (length < TCP_HEADER)
                expected = wire_truncated;
            else if (offset < 5)
                expected = wire_header_length;
            else if (offset * 4 > length)
                expected = wire_truncated;
            uint8_t *copy = exact_copy(bytes, length);
            assert_int_equal(tcp_parse(copy, length, &tcp), expected);
            free(copy);
        }
    }
}

/* A25: the urgent pointer is a value only, whatever it is. */
static void urgent_pointer_is_never_a_length(void **state)
{
    (void)state;
    static const uint16_t values[] = {0, 1, 20, 21, 0x8000, 0xffff};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t bytes[TCP_HEADER] = {[12] = 0x50, [13] = TCP_URG};
        struct tcp_header tcp;
        store16(bytes + 18, values[i]);
        assert_int_equal(tcp_parse(bytes, sizeof bytes, &tcp), wire_none);
        assert_int_equal(tcp.urgent, values[i]);
        assert_int_equal(tcp.header_length, TCP_HEADER);
    }
}

static void check_flags(uint16_t flags, const char *expected)
{
    char text[12];
    assert_int_equal(tcp_flags_format(flags, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void flag_letters(void **state)
{
    (void)state;
    check_flags(0, "none");
    check_flags(TCP_RESERVED, "none");
    check_flags(TCP_SYN, "S");
    check_flags(TCP_SYN | TCP_ACK, "S.");
    check_flags(TCP_FIN | TCP_ACK, "F.");
    check_flags(TCP_PSH | TCP_ACK, "P.");
    check_flags(TCP_RST | TCP_ACK, "R.");
    check_flags(TCP_SYN | TCP_ECE | TCP_CWR, "SEW");
    check_flags(0xfff, "FSRP.UEWA");
    for (uint16_t flags = 0; flags < 0x1000; flags++) {
        char text[12];
        memset(text, '?', sizeof text);
        size_t length = tcp_flags_format(flags, text);
        assert_true(length >= 1 && length < sizeof text);
        assert_int_equal(text[length], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),     cmocka_unit_test(fields_stand_where_the_rfc_says),
        cmocka_unit_test(header_lengths), cmocka_unit_test(urgent_pointer_is_never_a_length),
        cmocka_unit_test(flag_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
