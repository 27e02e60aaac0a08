#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/seq.h"

/* RFC 9293 section 3.4: all comparisons are modulo 2^32. */
static void compares_modulo_2_32(void **state)
{
    static const uint32_t distances[] = {1, 2, 1000, 0x7ffffffe, 0x7fffffff};
    static const uint32_t origins[] = {0, 1, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};

    (void)state;
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        const uint32_t a = origins[i];

        assert_false(seq_lt(a, a) || seq_gt(a, a));
        assert_true(seq_leq(a, a) && seq_geq(a, a));
        for (size_t j = 0; j < sizeof distances / sizeof distances[0]; j++) {
            const uint32_t b = a + distances[j];

            assert_true(seq_lt(a, b) && seq_leq(a, b) && seq_gt(b, a) && seq_geq(b, a));
            assert_false(seq_lt(b, a) || seq_leq(b, a) || seq_gt(a, b) || seq_geq(a, b));
            assert_int_equal(seq_max(a, b), b);
            assert_int_equal(seq_max(b, a), b);
            assert_int_equal(seq_min(a, b), a);
            assert_int_equal(seq_min(b, a), a);
        }
    }
}

static void interval_is_half_open(void **state)
{
    (void)state;
    assert_true(seq_in(5, 5, 6));
    assert_false(seq_in(6, 5, 6));
    assert_false(seq_in(4, 5, 6));
    assert_false(seq_in(5, 5, 5));
    assert_true(seq_in(1, UINT32_MAX - 1, 2));
    assert_true(seq_in(UINT32_MAX, UINT32_MAX - 1, 2));
    assert_false(seq_in(2, UINT32_MAX - 1, 2));
    assert_true(seq_in(0xf0000000, 1, 0)); /* longer than 2^31 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_modulo_2_32),
        cmocka_unit_test(interval_is_half_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
