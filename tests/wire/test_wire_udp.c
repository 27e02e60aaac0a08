#include "wire_test.h"

#include "base/bytes.h"
#include "wire/udp.h"

static void round_trip(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[UDP_HEADER];
        struct udp_header udp;
        uint16_t source = (uint16_t)splitmix64(&seed), destination = (uint16_t)splitmix64(&seed);
        uint16_t length = (uint16_t)(UDP_HEADER + splitmix64(&seed) % 1000);
        udp_build(bytes, source, destination, length);
        assert_int_equal(udp_parse(bytes, length, &udp), wire_none);
        assert_int_equal(udp.source_port, source);
        assert_int_equal(udp.destination_port, destination);
        assert_int_equal(udp.length, length);
        assert_int_equal(udp.checksum, 0);
    }
}

/* B9, B17: the length field against the bytes present, each pair of them. */
static void length_field_against_the_bytes(void **state)
{
    (void)state;
    for (uint32_t present = 0; present < 24; present++) {
        for (uint16_t field = 0; field < 32; field++) {
            uint8_t bytes[24] = {0};
            struct udp_header udp;
            store16(bytes + 4, field);
            enum wire_error expected = wire_none;
            if (present < UDP_HEADER)
                expected = wire_truncated;
            else if (field < UDP_HEADER || field > present)
                expected = wire_total_length;
            uint8_t *copy = exact_copy(bytes, present);
            assert_int_equal(udp_parse(copy, present, &udp), expected);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(length_field_against_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
