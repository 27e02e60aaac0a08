#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/random.h"

#include <string.h>

enum { LONGEST = 70000 };
static uint8_t input[LONGEST + 64], output[LONGEST + 64];

static void fill(uint64_t seed)
{
    for (size_t i = 0; i < sizeof input; i++) {
        input[i] = (uint8_t)splitmix64(&seed);
    }
}

/* The definition: 16-bit big-endian words in ones' complement, an odd byte padded. */
static uint16_t naive(const uint8_t *data, size_t length)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < length; i += 2) {
        sum += (uint32_t)data[i] << 8 | (i + 1 < length ? data[i + 1] : 0);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static uint16_t whole(const uint8_t *data, uint32_t length)
{
    struct checksum checksum = {0};

    checksum_add(&checksum, data, length);
    return checksum_finish(&checksum);
}

/* RFC 1071 section 3. */
static void the_example_of_rfc_1071(void **state)
{
    static const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    struct checksum checksum = {0};

    (void)state;
    assert_int_equal(whole(data, sizeof data), (uint16_t)~0xddf2);
    checksum_add(&checksum, data, 3); /* the second group of the example starts at an odd byte */
    checksum_add(&checksum, data + 3, 5);
    assert_int_equal(checksum_finish(&checksum), (uint16_t)~0xddf2);
}

static void nothing_and_zeros(void **state)
{
    static const uint8_t zeros[100];

    (void)state;
    assert_int_equal(whole(NULL, 0), 0xffff);
    assert_int_equal(whole(zeros, 100), 0xffff);
    assert_int_equal(whole(zeros, 33), 0xffff);
}

static void all_ones_carry_everywhere(void **state)
{
    (void)state;
    memset(input, 0xff, sizeof input);
    for (uint32_t length = 1; length < 300; length++) {
        assert_int_equal(whole(input, length), naive(input, length));
    }
    assert_int_equal(whole(input, LONGEST), naive(input, LONGEST));
    assert_int_equal(whole(input, 65535), naive(input, 65535));
}

static void all_alignments_and_lengths(void **state)
{
    (void)state;
    fill(1);
    for (uint32_t alignment = 0; alignment < 16; alignment++) {
        for (uint32_t length = 0; length < 200; length++) {
            assert_int_equal(whole(input + alignment, length), naive(input + alignment, length));
        }
    }
    for (uint32_t length = 1400; length < LONGEST; length += 977) {
        assert_int_equal(whole(input + length % 8, length), naive(input + length % 8, length));
    }
}

static void all_splits(void **state)
{
    (void)state;
    fill(2);
    for (uint32_t length = 0; length < 80; length++) {
        for (uint32_t first = 0; first <= length; first++) {
            for (uint32_t second = first; second <= length; second += 3) {
                struct checksum checksum = {0};

                checksum_add(&checksum, input, first);
                checksum_add(&checksum, input + first, second - first);
                checksum_add(&checksum, input + second, length - second);
                assert_int_equal(checksum_finish(&checksum), naive(input, length));
            }
        }
    }
}

static void copies_while_adding(void **state)
{
    uint64_t random = 3;

    (void)state;
    fill(3);
    for (uint32_t round = 0; round < 20000; round++) {
        const uint32_t length = (uint32_t)(splitmix64(&random) % 200);
        const uint32_t first = length == 0 ? 0 : (uint32_t)(splitmix64(&random) % length);
        const uint8_t *from = input + splitmix64(&random) % 16;
        uint8_t *to = output + 1 + splitmix64(&random) % 16;
        struct checksum checksum = {0};

        memset(output, 0x77, 256);
        checksum_copy(&checksum, to, from, first);
        checksum_copy(&checksum, to + first, from + first, length - first);
        assert_int_equal(checksum_finish(&checksum), naive(from, length));
        assert_memory_equal(to, from, length);
        assert_int_equal(to[-1], 0x77);
        assert_int_equal(to[length], 0x77);
    }
}

/* Pseudo-header and payload as numbers and bytes; MUST-2, MUST-3: a right checksum makes the sum 0. */
static void numbers_and_verification(void **state)
{
    (void)state;
    fill(4);
    for (uint32_t length = 4; length < 200; length++) {
        struct checksum checksum = {0};

        store16(input + 2, 0);
        checksum_add16(&checksum, load16(input));
        checksum_add32(&checksum, load32(input + 4));
        checksum_add16(&checksum, load16(input + 8));
        checksum_add(&checksum, input + 10, length);
        assert_int_equal(checksum_finish(&checksum), naive(input, length + 10));
        store16(input + 2, checksum_finish(&checksum));
        assert_int_equal(whole(input, length + 10), 0);
        input[length] ^= 0x10;
        assert_int_not_equal(whole(input, length + 10), 0);
    }
}

/* RFC 1624 section 4 gives the example; then all replacements agree with summing again. */
static void replaces_a_word(void **state)
{
    uint64_t random = 5;

    (void)state;
    assert_int_equal(checksum_replace16(0xdd2f, 0x5555, 0x3285), 0x0000);
    fill(5);
    for (uint32_t round = 0; round < 20000; round++) {
        const uint32_t at = (uint32_t)(splitmix64(&random) % 20) * 2;
        const uint16_t before = load16(input + at), after = (uint16_t)splitmix64(&random);
        const uint16_t old = naive(input, 40);

        store16(input + at, after);
        assert_int_equal(checksum_replace16(old, before, after), naive(input, 40));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_1071),
        cmocka_unit_test(nothing_and_zeros),
        cmocka_unit_test(all_ones_carry_everywhere),
        cmocka_unit_test(all_alignments_and_lengths),
        cmocka_unit_test(all_splits),
        cmocka_unit_test(copies_while_adding),
        cmocka_unit_test(numbers_and_verification),
        cmocka_unit_test(replaces_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
