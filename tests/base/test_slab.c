#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slab.h"

#include <string.h>

enum { SIZE = 24, TOTAL = 10 };

static void hands_out_each_object_once(void **state)
{
    _Alignas(8) uint8_t memory[SIZE * TOTAL];
    struct slab slab;
    uint32_t seen = 0;

    (void)state;
    slab_init(&slab, memory, SIZE, TOTAL);
    for (uint32_t i = 0; i < TOTAL; i++) {
        const uint32_t reference = slab_take(&slab);
        assert_in_range(reference, 1, TOTAL);
        assert_int_equal(seen >> reference & 1, 0);
        seen |= UINT32_C(1) << reference;
        assert_int_equal(slab_available(&slab), TOTAL - 1 - i);
    }
    assert_int_equal(slab_take(&slab), 0);
    assert_int_equal(slab.used, TOTAL);
    assert_int_equal(slab.high, TOTAL);
}

static void reuses_what_came_back_last(void **state)
{
    _Alignas(8) uint8_t memory[SIZE * TOTAL];
    struct slab slab;

    (void)state;
    slab_init(&slab, memory, SIZE, TOTAL);
    for (uint32_t i = 1; i <= 5; i++) {
        assert_int_equal(slab_take(&slab), i);
    }
    slab_return(&slab, 2);
    slab_return(&slab, 4);
    slab_return(&slab, 3);
    assert_int_equal(slab.used, 2);
    assert_int_equal(slab_take(&slab), 3);
    assert_int_equal(slab_take(&slab), 4);
    assert_int_equal(slab_take(&slab), 2);
    assert_int_equal(slab_take(&slab), 6);
    assert_int_equal(slab.high, 6);
}

static void never_touches_what_was_not_handed_out(void **state)
{
    _Alignas(8) uint8_t memory[SIZE * TOTAL];
    uint8_t untouched[SIZE * TOTAL];
    struct slab slab;

    (void)state;
    memset(memory, 0xa5, sizeof memory);
    memset(untouched, 0xa5, sizeof untouched);
    slab_init(&slab, memory, SIZE, TOTAL);
    for (uint32_t round = 0; round < 3; round++) {
        const uint32_t a = slab_take(&slab), b = slab_take(&slab);
        slab_return(&slab, a);
        slab_return(&slab, b);
    }
    assert_memory_equal(memory + 2 * SIZE, untouched, sizeof memory - 2 * SIZE);
    assert_memory_equal(memory + 4, untouched, SIZE - 4);
    assert_memory_equal(memory + SIZE + 4, untouched, SIZE - 4);
    assert_int_equal(slab.fresh, 2);
}

static void ignores_references_it_never_gave(void **state)
{
    _Alignas(8) uint8_t memory[SIZE * TOTAL];
    struct slab slab;

    (void)state;
    slab_init(&slab, memory, SIZE, TOTAL);
    assert_int_equal(slab_take(&slab), 1);
    slab_return(&slab, 0);
    slab_return(&slab, 2);
    slab_return(&slab, UINT32_MAX);
    assert_int_equal(slab.used, 1);
    assert_int_equal(slab_take(&slab), 2);
}

static void address_and_reference_match(void **state)
{
    _Alignas(8) uint8_t memory[SIZE * TOTAL];
    struct slab slab;

    (void)state;
    slab_init(&slab, memory, SIZE, TOTAL);
    for (uint32_t i = 1; i <= TOTAL; i++) {
        assert_ptr_equal(slab_at(&slab, i), memory + (i - 1) * SIZE);
        assert_int_equal(slab_reference(&slab, slab_at(&slab, i)), i);
        assert_int_equal(slab_reference(&slab, (uint8_t *)slab_at(&slab, i) + SIZE - 1), i);
    }
}

static void an_empty_slab_gives_nothing(void **state)
{
    struct slab slab;

    (void)state;
    slab_init(&slab, NULL, SIZE, 0);
    assert_int_equal(slab_take(&slab), 0);
    slab_return(&slab, 1);
    assert_int_equal(slab.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_out_each_object_once),
        cmocka_unit_test(reuses_what_came_back_last),
        cmocka_unit_test(never_touches_what_was_not_handed_out),
        cmocka_unit_test(ignores_references_it_never_gave),
        cmocka_unit_test(address_and_reference_match),
        cmocka_unit_test(an_empty_slab_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
