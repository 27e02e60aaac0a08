#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/range_set.h"
#include "base/seq.h"

#include <string.h>

enum { SPACE = 600 };

static struct range_set *new_set(uint32_t *memory, uint32_t ranges) { return range_set_init(memory, 8 + 8 * ranges); }

static void assert_range(const struct range_set *set, uint32_t index, uint32_t start, uint32_t end)
{
    assert_true(index < set->count);
    assert_int_equal(set->range[index].start, start);
    assert_int_equal(set->range[index].end, end);
}

static void capacity_comes_from_the_memory(void **state)
{
    uint32_t memory[64];

    (void)state;
    assert_null(range_set_init(memory, 7));
    assert_int_equal(range_set_init(memory, 8)->capacity, 0);
    assert_int_equal(range_set_init(memory, 15)->capacity, 0);
    assert_int_equal(range_set_init(memory, 16)->capacity, 1);
    assert_int_equal(range_set_init(memory, 256)->capacity, 31);
    assert_false(range_set_add(range_set_init(memory, 8), 1, 2));
}

static void merges_overlapping_and_touching(void **state)
{
    uint32_t memory[64];
    struct range_set *set = new_set(memory, 8);

    (void)state;
    assert_true(range_set_add(set, 10, 20));
    assert_true(range_set_add(set, 30, 40));
    assert_true(range_set_add(set, 50, 60));
    assert_int_equal(set->count, 3);
    assert_true(range_set_add(set, 20, 25)); /* touches below */
    assert_range(set, 0, 10, 25);
    assert_true(range_set_add(set, 28, 30)); /* touches above */
    assert_range(set, 1, 28, 40);
    assert_true(range_set_add(set, 25, 28)); /* closes a gap */
    assert_int_equal(set->count, 2);
    assert_range(set, 0, 10, 40);
    assert_true(range_set_add(set, 15, 18)); /* inside */
    assert_true(range_set_add(set, 70, 70)); /* empty */
    assert_true(range_set_add(set, 70, 65));
    assert_int_equal(set->count, 2);
    assert_true(range_set_add(set, 5, 100)); /* swallows all */
    assert_int_equal(set->count, 1);
    assert_range(set, 0, 5, 100);
}

static void full_set_is_left_alone(void **state)
{
    uint32_t memory[64];
    struct range_set *set = new_set(memory, 2);

    (void)state;
    assert_true(range_set_add(set, 10, 20));
    assert_true(range_set_add(set, 30, 40));
    assert_false(range_set_add(set, 50, 60));
    assert_false(range_set_add(set, 1, 5));
    assert_false(range_set_add(set, 22, 28));
    assert_int_equal(set->count, 2);
    assert_range(set, 0, 10, 20);
    assert_range(set, 1, 30, 40);
    assert_true(range_set_add(set, 20, 31)); /* needs no room */
    assert_range(set, 0, 10, 40);
}

/* A bit for every position, beside the set; positions start at `base`. */
struct model {
    uint32_t base;
    uint8_t bit[SPACE];
};

static uint32_t runs_in(const struct model *model)
{
    uint32_t runs = 0;

    for (uint32_t i = 0; i < SPACE; i++) {
        runs += model->bit[i] && (i == 0 || !model->bit[i - 1]);
    }
    return runs;
}

static void check_set(const struct model *model, const struct range_set *set)
{
    uint8_t bit[SPACE] = {0};

    for (uint32_t i = 0; i < set->count; i++) {
        const uint32_t start = set->range[i].start - model->base, end = set->range[i].end - model->base;
        assert_true(start < end && end <= SPACE);
        assert_true(i == 0 || seq_lt(set->range[i - 1].end, set->range[i].start));
        memset(bit + start, 1, end - start);
    }
    assert_memory_equal(bit, model->bit, SPACE);
    assert_int_equal(set->count, runs_in(model));
}

static void check_queries(const struct model *model, const struct range_set *set, uint32_t start, uint32_t end)
{
    uint32_t first = start, after, above = 0;
    struct range gap = {0};
    bool found;

    while (first < end && model->bit[first]) {
        first++;
    }
    after = first;
    while (after < end && !model->bit[after]) {
        after++;
    }
    found = range_set_gap(set, model->base + start, model->base + end, &gap);
    assert_int_equal(found, first < end);
    assert_int_equal(range_set_contains(set, model->base + start, model->base + end), !found);
    if (found) {
        assert_int_equal(gap.start, model->base + first);
        assert_int_equal(gap.end, model->base + after);
    }
    while (above < set->count && seq_leq(set->range[above].end, model->base + start)) {
        above++;
    }
    assert_int_equal(range_set_find(set, model->base + start), above);
}

static void equals_a_bitmap(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (uint32_t round = 0; round < 400; round++) {
        uint32_t memory[2 + 2 * 64];
        struct range_set *set = new_set(memory, 2 + round % 60);
        struct model model = {.base = round % 2 ? (uint32_t)splitmix64(&random) : UINT32_MAX - round};

        for (uint32_t i = 0; i < 200; i++) {
            const uint32_t start = (uint32_t)(splitmix64(&random) % SPACE);
            const uint32_t longest = splitmix64(&random) % 8 ? 12 : SPACE;
            const uint32_t length = (uint32_t)(splitmix64(&random) % longest);
            const uint32_t end = start + length < SPACE ? start + length : SPACE;

            if (splitmix64(&random) % 20 == 0) {
                range_set_remove_below(set, model.base + end);
                memset(model.bit, 0, end);
            } else {
                struct model before = model;

                memset(model.bit + start, 1, end - start);
                if (!range_set_add(set, model.base + start, model.base + end)) {
                    assert_true(runs_in(&model) > set->capacity);
                    model = before;
                }
            }
            check_set(&model, set);
            check_queries(&model, set, (uint32_t)(splitmix64(&random) % SPACE), SPACE);
            check_queries(&model, set, start, end);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capacity_comes_from_the_memory),
        cmocka_unit_test(merges_overlapping_and_touching),
        cmocka_unit_test(full_set_is_left_alone),
        cmocka_unit_test(equals_a_bitmap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
