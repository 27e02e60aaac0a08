#include "wire_test.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/tcp.h"
#include "wire/udp.h"

/* RFC 1071 section 1, one byte at a time: slow and plain. */
static uint16_t plain_checksum(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* The pseudo-header in bytes (RFC 9293 section 3.1, RFC 8200 section 8.1); returns its length. */
static size_t pseudo_header(uint8_t *to, const struct septet_address *source, const struct septet_address *destination,
                            uint8_t protocol, uint32_t length)
{
    if (septet_address_is_ipv4(source)) {
        memcpy(to, source->bytes + 12, 4);
        memcpy(to + 4, destination->bytes + 12, 4);
        to[8] = 0;
        to[9] = protocol;
        store16(to + 10, (uint16_t)length);
        return 12;
    }
    memcpy(to, source->bytes, 16);
    memcpy(to + 16, destination->bytes, 16);
    store32(to + 32, length);
    store32(to + 36, protocol);
    return 40;
}

static uint16_t transport_checksum(const uint8_t *segment, uint32_t length, const struct septet_address *source,
                                   const struct septet_address *destination, uint8_t protocol)
{
    struct checksum checksum = {0};
    ip_pseudo_checksum(&checksum, source, destination, protocol, length);
    checksum_add(&checksum, segment, length);
    return checksum_finish(&checksum);
}

/* MUST-2, MUST-3: right over odd and even lengths, and every flipped bit is seen. */
static void segments_of_each_length(void **state)
{
    (void)state;
    uint64_t seed = 9;
    for (uint32_t length = TCP_HEADER; length < 200; length++) {
        for (int family = 0; family < 2; family++) {
            struct septet_address source, destination;
            uint8_t bytes[40 + 200];
            fill_random(&seed, source.bytes, 16);
            fill_random(&seed, destination.bytes, 16);
            if (family == 0) {
                source = septet_address_ipv4(10, source.bytes[0], source.bytes[1], source.bytes[2]);
                destination = septet_address_ipv4(192, destination.bytes[0], destination.bytes[1], 255);
            }
            size_t pseudo = pseudo_header(bytes, &source, &destination, PROTOCOL_TCP, length);
            uint8_t *segment = bytes + pseudo;
            fill_random(&seed, segment, length);
            store16(segment + 16, 0);
            uint16_t sum = transport_checksum(segment, length, &source, &destination, PROTOCOL_TCP);
            assert_int_equal(sum, plain_checksum(bytes, pseudo + length));
            store16(segment + 16, sum);
            assert_int_equal(transport_checksum(segment, length, &source, &destination, PROTOCOL_TCP), 0);
            segment[splitmix64(&seed) % length] ^= (uint8_t)(1 << splitmix64(&seed) % 8);
            assert_int_not_equal(transport_checksum(segment, length, &source, &destination, PROTOCOL_TCP), 0);
        }
    }
}

/* RFC 1071 section 3: the numbers of its example. */
static void example_of_rfc_1071(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    (void)state;
    struct checksum checksum = {0};
    checksum_add(&checksum, bytes, sizeof bytes);
    assert_int_equal(checksum_finish(&checksum), 0xffff & ~0xddf2);
}

/* The protocol and the length are part of what is protected. */
static void pseudo_header_counts(void **state)
{
    (void)state;
    struct septet_address source = address_of("2001:db8::1"), destination = address_of("2001:db8::2");
    uint8_t segment[UDP_HEADER + 4] = {0};
    udp_build(segment, 1, 2, sizeof segment);
    store16(segment + 6, transport_checksum(segment, sizeof segment, &source, &destination, PROTOCOL_UDP));
    assert_int_equal(transport_checksum(segment, sizeof segment, &source, &destination, PROTOCOL_UDP), 0);
    assert_int_not_equal(transport_checksum(segment, sizeof segment, &source, &destination, PROTOCOL_TCP), 0);
    assert_int_not_equal(transport_checksum(segment, sizeof segment - 2, &source, &destination, PROTOCOL_UDP), 0);
    assert_int_not_equal(transport_checksum(segment, sizeof segment, &source, &source, PROTOCOL_UDP), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_of_each_length),
        cmocka_unit_test(example_of_rfc_1071),
        cmocka_unit_test(pseudo_header_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
