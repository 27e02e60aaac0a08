#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arithmetic.h"
#include "base/random.h"

__extension__ typedef unsigned __int128 wide;

static uint64_t expected_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    wide quotient;

    if (c == 0) {
        return UINT64_MAX;
    }
    quotient = (wide)a * b / c;
    return quotient > UINT64_MAX ? UINT64_MAX : (uint64_t)quotient;
}

static void mul_div_at_the_edges(void **state)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     UINT32_MAX - 1ULL,
                                     UINT32_MAX,
                                     UINT32_MAX + 1ULL,
                                     UINT32_MAX + 2ULL,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     0x8000000000000001,
                                     0x80000000ffffffff,
                                     0xffffffff00000000,
                                     0xffffffff00000001,
                                     UINT64_MAX - 1,
                                     UINT64_MAX};
    enum { COUNT = sizeof edges / sizeof edges[0] };

    (void)state;
    for (int i = 0; i < COUNT * COUNT * COUNT; i++) {
        const uint64_t a = edges[i % COUNT], b = edges[i / COUNT % COUNT], c = edges[i / COUNT / COUNT];
        assert_true(mul_div_u64(a, b, c) == expected_mul_div(a, b, c));
    }
}

static void mul_div_of_random_numbers(void **state)
{
    uint64_t random = 3;

    (void)state;
    for (int i = 0; i < 2000000; i++) {
        const uint64_t shifts = splitmix64(&random);
        const uint64_t a = splitmix64(&random) >> (shifts & 63);
        const uint64_t b = splitmix64(&random) >> (shifts >> 8 & 63);
        const uint64_t c = splitmix64(&random) >> (shifts >> 16 & 63);
        assert_true(mul_div_u64(a, b, c) == expected_mul_div(a, b, c));
    }
}

static void check_cube_root(uint64_t value)
{
    const wide root = cube_root_u64(value);

    assert_true(root * root * root <= value);
    assert_true((root + 1) * (root + 1) * (root + 1) > value);
}

static void cube_root_is_exact(void **state)
{
    uint64_t random = 4;

    (void)state;
    for (uint64_t root = 0; root <= 2642245; root += 1 + root / 5000) {
        const uint64_t cube = root * root * root;
        assert_int_equal(cube_root_u64(cube), root);
        check_cube_root(cube + 1);
        check_cube_root(cube - 1);
    }
    for (int i = 0; i < 200000; i++) {
        check_cube_root(splitmix64(&random) >> (i & 63));
    }
    assert_int_equal(cube_root_u64(UINT64_MAX), 2642245);
    assert_int_equal(cube_root_u64(UINT64_C(2642245) * 2642245 * 2642245 - 1), 2642244);
}

static void small_helpers(void **state)
{
    (void)state;
    assert_int_equal(min_u32(1, UINT32_MAX), 1);
    assert_int_equal(max_u32(1, UINT32_MAX), UINT32_MAX);
    assert_true(min_u64(1, UINT64_MAX) == 1);
    assert_true(max_u64(1, UINT64_MAX) == UINT64_MAX);
    assert_true(min_i64(-1, INT64_MAX) == -1);
    assert_true(max_i64(INT64_MIN, -1) == -1);
    assert_int_equal(add_saturate_u32(UINT32_MAX - 1, 1), UINT32_MAX);
    assert_int_equal(add_saturate_u32(UINT32_MAX, 1), UINT32_MAX);
    assert_int_equal(add_saturate_u32(UINT32_MAX, UINT32_MAX), UINT32_MAX);
    assert_int_equal(add_saturate_u32(3, 4), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mul_div_at_the_edges),
        cmocka_unit_test(mul_div_of_random_numbers),
        cmocka_unit_test(cube_root_is_exact),
        cmocka_unit_test(small_helpers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
