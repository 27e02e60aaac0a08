#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

static void a_seed_repeats(void **state)
{
    struct random a, b, c;
    uint32_t equal = 0;

    (void)state;
    random_init(&a, 1, 2);
    random_init(&b, 1, 2);
    random_init(&c, 2, 1);
    for (int i = 0; i < 1000; i++) {
        const uint64_t number = random_next(&a);
        assert_true(number == random_next(&b));
        equal += number == random_next(&c);
    }
    assert_int_equal(equal, 0);
}

/* The generator is SipHash-2-4 of the counter as eight little-endian bytes. */
static void is_siphash_of_a_counter(void **state)
{
    const struct siphash_key key = {{2, 1}};
    struct random random;

    (void)state;
    random_init(&random, 1, 2);
    for (uint8_t i = 0; i < 200; i++) {
        const uint8_t counter[8] = {i};
        assert_true(random_next(&random) == siphash24(&key, counter, sizeof counter));
    }
}

static void below_stays_below(void **state)
{
    static const uint32_t bounds[] = {1, 2, 3, 1000, 0x7fffffff, 0x80000000, 0x80000001, UINT32_MAX};
    struct random random;

    (void)state;
    random_init(&random, 5, 6);
    assert_int_equal(random_below(&random, 0), 0);
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        for (int n = 0; n < 1000; n++) {
            assert_true(random_below(&random, bounds[i]) < bounds[i]);
        }
    }
}

/* With the bound 3 * 2^30 a plain modulo, or a plain multiplication, would make
 * one third of the results twice as likely as the others. */
static void below_is_unbiased(void **state)
{
    enum { DRAWS = 90000, BUCKETS = 3 };
    const uint32_t bound = 3 * (UINT32_C(1) << 30);
    uint32_t low[BUCKETS] = {0}, residue[BUCKETS] = {0};
    struct random random;

    (void)state;
    random_init(&random, 7, 8);
    for (int i = 0; i < DRAWS; i++) {
        const uint32_t number = random_below(&random, bound);
        low[number >> 30]++;
        residue[number % BUCKETS]++;
    }
    for (int i = 0; i < BUCKETS; i++) {
        assert_in_range(low[i], DRAWS / BUCKETS - 700, DRAWS / BUCKETS + 700); /* five standard deviations */
        assert_in_range(residue[i], DRAWS / BUCKETS - 700, DRAWS / BUCKETS + 700);
    }
}

/* The first outputs for the seed 1234567 in the reference implementation by Vigna. */
static void splitmix_is_splitmix(void **state)
{
    uint64_t random = 1234567;

    (void)state;
    assert_true(splitmix64(&random) == UINT64_C(6457827717110365317));
    assert_true(splitmix64(&random) == UINT64_C(3203168211198807973));
    assert_true(splitmix64(&random) == UINT64_C(9817491932198370423));
    assert_true(splitmix64(&random) == UINT64_C(4593380528125082431));
    assert_true(splitmix64(&random) == UINT64_C(16408922859458223821));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_repeats),       cmocka_unit_test(is_siphash_of_a_counter),
        cmocka_unit_test(below_stays_below),    cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(splitmix_is_splitmix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
