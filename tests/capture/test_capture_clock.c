#include "capture_test.h"

#include "capture/clock.h"

static void check(uint8_t resolution, int64_t offset, uint64_t ticks, int64_t expected)
{
    struct capture_clock clock = capture_clock_of(resolution, offset);
    assert_true(capture_clock_time(&clock, ticks) == expected);
}

static void decimal_units(void **state)
{
    (void)state;
    check(0, 0, 7, INT64_C(7000000000));
    check(3, 0, 1500, INT64_C(1500000000));
    check(6, 0, 1700000000123456, INT64_C(1700000000123456000));
    check(9, 0, 1700000000123456789, INT64_C(1700000000123456789));
    check(10, 0, 19, 1);
    check(12, 0, 123456789, 123456);
    check(18, 0, UINT64_MAX, INT64_C(18446744073));
    check(28, 0, UINT64_MAX, 1);
    check(29, 0, UINT64_MAX, 0);
    check(127, 0, UINT64_MAX, 0);
}

static void binary_units(void **state)
{
    (void)state;
    check(0x80, 0, 7, INT64_C(7000000000));
    check(0x80 | 1, 0, 3, INT64_C(1500000000));
    check(0x80 | 20, 0, (5u << 20) + (1u << 19), INT64_C(5500000000));
    check(0x80 | 32, 0, (UINT64_C(9) << 32) + (UINT64_C(1) << 30), INT64_C(9250000000));
    check(0x80 | 63, 0, (UINT64_C(1) << 63) + (UINT64_C(1) << 62), INT64_C(1500000000));
    check(0x80 | 64, 0, UINT64_C(1) << 63, INT64_C(500000000));
    check(0x80 | 127, 0, UINT64_MAX, 0);
}

static void offsets(void **state)
{
    (void)state;
    check(9, 1700000000, 5, INT64_C(1700000000000000005));
    check(6, -10, 1000000, INT64_C(-9000000000));
    check(9, INT64_MIN, 5, INT64_MIN + 5);
    check(9, INT64_MAX, 5, INT64_MAX);
}

static void values_that_do_not_fit_saturate(void **state)
{
    (void)state;
    check(0, 0, UINT64_MAX, INT64_MAX);
    check(6, 0, UINT64_MAX, INT64_MAX);
    check(9, 0, UINT64_MAX, INT64_MAX);
    check(9, 1, INT64_MAX, INT64_MAX);
    check(0x80, 0, UINT64_MAX, INT64_MAX);
    check(0x80, 0, INT64_MAX / 1000000000, INT64_MAX);
    check(0x80, 0, INT64_MAX / 1000000000 - 1, (INT64_MAX / 1000000000 - 1) * 1000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_units),
        cmocka_unit_test(binary_units),
        cmocka_unit_test(offsets),
        cmocka_unit_test(values_that_do_not_fit_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
