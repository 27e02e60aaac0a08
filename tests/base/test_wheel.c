#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/wheel.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define YEAR (365 * 86400 * SECOND)

enum { OBJECTS = 200 };

struct object {
    uint32_t name;
    struct wheel_node node;
};

/* The wheel beside the plain truth: a deadline and an arming order for each object. */
struct model {
    struct wheel wheel;
    struct object object[OBJECTS];
    int64_t deadline[OBJECTS + 1]; /* WHEEL_NEVER = not armed */
    uint64_t order[OBJECTS + 1];
    uint64_t armings;
    int64_t now;
    uint64_t random;
    bool exact; /* nothing was cancelled or moved since the wheel was last drained */
};

static void model_init(struct model *model, uint32_t tick_shift, int64_t now, uint64_t seed)
{
    memset(model, 0, sizeof *model);
    model->now = now;
    model->random = seed;
    model->exact = true;
    for (uint32_t i = 0; i <= OBJECTS; i++) {
        model->deadline[i] = WHEEL_NEVER;
    }
    wheel_init(&model->wheel, &model->object[0].node, sizeof model->object[0], tick_shift, now);
}

static uint64_t below(struct model *model, uint64_t bound) { return splitmix64(&model->random) % bound; }

/* From 0 ns to years, all magnitudes alike. */
static int64_t some_time(struct model *model)
{
    const int64_t time = (int64_t)(splitmix64(&model->random) >> (7 + below(model, 57)));

    return below(model, 8) == 0 ? time / SECOND * SECOND : time;
}

static int64_t true_next(const struct model *model)
{
    int64_t next = WHEEL_NEVER;

    for (uint32_t i = 1; i <= OBJECTS; i++) {
        next = model->deadline[i] < next ? model->deadline[i] : next;
    }
    return next;
}

static void check_next(const struct model *model)
{
    const int64_t next = wheel_next(&model->wheel), truth = true_next(model);
    uint32_t armed = 0;

    assert_true(next <= truth);
    assert_true(!model->exact || next == truth);
    assert_int_equal(next == WHEEL_NEVER, truth == WHEEL_NEVER);
    for (uint32_t i = 1; i <= OBJECTS; i++) {
        armed += model->deadline[i] != WHEEL_NEVER;
        assert_int_equal(model->object[i - 1].node.slot != 0, model->deadline[i] != WHEEL_NEVER);
    }
    assert_int_equal(model->wheel.armed, armed);
}

static void model_arm(struct model *model, uint32_t index, int64_t deadline)
{
    model->exact = model->exact && model->deadline[index] == WHEEL_NEVER;
    model->deadline[index] = deadline;
    model->order[index] = ++model->armings;
    wheel_arm(&model->wheel, index, deadline);
}

static void model_cancel(struct model *model, uint32_t index)
{
    model->exact = model->exact && model->deadline[index] == WHEEL_NEVER;
    model->deadline[index] = WHEEL_NEVER;
    wheel_cancel(&model->wheel, index);
}

/* Takes out everything due. Order: that of ticks; in a tick, and so for equal
 * deadlines, that of arming. What was armed too late is left out of this check. */
static void model_drain(struct model *model, bool ordered)
{
    int64_t last_tick = INT64_MIN;
    uint64_t last_order = 0;
    uint32_t index;

    while ((index = wheel_expire(&model->wheel, model->now)) != 0) {
        const int64_t tick = model->deadline[index] >> model->wheel.tick_shift;

        assert_in_range(index, 1, OBJECTS);
        assert_true(model->deadline[index] <= model->now);
        if (ordered) {
            assert_true(tick > last_tick || (tick == last_tick && model->order[index] > last_order));
        }
        last_tick = tick;
        last_order = model->order[index];
        model->deadline[index] = WHEEL_NEVER;
        assert_true(wheel_next(&model->wheel) <= true_next(model));
    }
    assert_true(true_next(model) > model->now);
}

/* Sleeps exactly as wheel_next says, as a driver does, until the time is there:
 * a wake-up that was early for a cancelled object makes the next one right. */
static void model_sleep_until(struct model *model, int64_t until)
{
    uint32_t idle = 0;

    while (wheel_next(&model->wheel) <= until) {
        const int64_t next = wheel_next(&model->wheel);
        const bool due = true_next(model) <= next;

        if (next > model->now) {
            model->now = next;
        }
        idle = due ? 0 : idle + 1;
        model_drain(model, false);
        assert_true(wheel_next(&model->wheel) > model->now);
        assert_true(idle <= OBJECTS);
    }
    model->now = until;
}

static void step(struct model *model)
{
    const uint32_t kind = (uint32_t)below(model, 16);
    const uint32_t index = 1 + (uint32_t)below(model, OBJECTS);
    int64_t time = some_time(model);

    if (kind < 8) {
        if (below(model, 32) == 0) {
            time = -time; /* too late */
        }
        model_arm(model, index, model->now + time);
    } else if (kind < 11) {
        model_cancel(model, index);
    } else if (kind < 13) {
        /* Equal deadlines. */
        model_arm(model, index, model->now + 12345);
        model_arm(model, 1 + index % OBJECTS, model->now + 12345);
    } else if (kind < 15) {
        time >>= below(model, 40);
        model->now = model->now > INT64_MAX / 4 ? model->now : model->now + time;
        model_drain(model, false);
    } else {
        model_sleep_until(model, model->now + (time >> 20));
    }
    check_next(model);
}

static void equals_a_list(void **state)
{
    static const uint32_t shifts[] = {0, 1, 10, 16, 20, 27};

    (void)state;
    for (uint32_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
        for (uint32_t round = 0; round < 20; round++) {
            struct model model;

            model_init(&model, shifts[i], round % 2 ? 0 : (int64_t)round * YEAR + 77, i * 1000 + round);
            for (uint32_t n = 0; n < 1000; n++) {
                step(&model);
            }
            model.now = WHEEL_NEVER - 1;
            model_drain(&model, false);
            assert_int_equal(model.wheel.armed, 0);
            assert_true(wheel_next(&model.wheel) == WHEEL_NEVER);
        }
    }
}

/* Nothing cancelled, moved or late: wheel_next is exact and the order is fixed. */
static void exact_and_ordered_without_cancelling(void **state)
{
    static const uint32_t shifts[] = {0, 10, 20};

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t round = 0; round < 20; round++) {
            struct model model;

            model_init(&model, shifts[i], (int64_t)round * SECOND, 100 + round);
            for (uint32_t n = 0; n < 1000; n++) {
                const uint32_t index = 1 + (uint32_t)below(&model, OBJECTS);
                const int64_t time = some_time(&model);

                if (model.deadline[index] == WHEEL_NEVER) {
                    model_arm(&model, index, model.now + (below(&model, 4) ? time >> 20 : 1000));
                } else {
                    const int64_t next = wheel_next(&model.wheel);
                    model.now = below(&model, 2) ? model.now + (time >> 25) : next > model.now ? next : model.now;
                    model_drain(&model, true);
                }
                check_next(&model);
            }
            assert_true(model.exact);
        }
    }
}

static void expires_never_early_and_at_once_when_due(void **state)
{
    static const int64_t deadlines[] = {
        1, 63, 64, 65, 4095, 4096, (1LL << 36) - 1, 1LL << 36, (1LL << 36) + 1, SECOND, YEAR, 200 * YEAR};

    (void)state;
    for (uint32_t shift = 0; shift <= 27; shift++) {
        for (size_t i = 0; i < sizeof deadlines / sizeof deadlines[0]; i++) {
            struct model model;

            model_init(&model, shift, 0, 0);
            wheel_arm(&model.wheel, 3, deadlines[i]);
            assert_true(wheel_next(&model.wheel) == deadlines[i]);
            assert_int_equal(wheel_expire(&model.wheel, deadlines[i] - 1), 0);
            assert_true(wheel_next(&model.wheel) == deadlines[i]);
            assert_int_equal(wheel_expire(&model.wheel, deadlines[i]), 3);
            assert_int_equal(wheel_expire(&model.wheel, deadlines[i]), 0);
            assert_true(wheel_next(&model.wheel) == WHEEL_NEVER);
        }
    }
}

static void late_deadlines_are_due_at_once(void **state)
{
    struct model model;

    (void)state;
    model_init(&model, 10, 5 * SECOND, 0);
    wheel_arm(&model.wheel, 1, 5 * SECOND);
    wheel_arm(&model.wheel, 2, 3 * SECOND);
    wheel_arm(&model.wheel, 3, -7);
    wheel_arm(&model.wheel, 4, INT64_MIN);
    assert_true(wheel_next(&model.wheel) == INT64_MIN);
    for (uint32_t i = 1; i <= 4; i++) {
        assert_int_equal(wheel_expire(&model.wheel, 5 * SECOND), i);
    }
    assert_int_equal(wheel_expire(&model.wheel, 5 * SECOND), 0);
}

static void never_cancels(void **state)
{
    struct model model;

    (void)state;
    model_init(&model, 0, 0, 0);
    wheel_arm(&model.wheel, 1, WHEEL_NEVER);
    assert_int_equal(model.wheel.armed, 0);
    wheel_arm(&model.wheel, 1, 5);
    wheel_arm(&model.wheel, 1, WHEEL_NEVER);
    assert_int_equal(model.wheel.armed, 0);
    assert_true(wheel_next(&model.wheel) == WHEEL_NEVER);
    assert_int_equal(wheel_expire(&model.wheel, WHEEL_NEVER), 0);
    wheel_cancel(&model.wheel, 1);
    assert_int_equal(model.wheel.armed, 0);
}

/* While a batch of due objects is handed out, one of them may cancel or move another. */
static void due_objects_can_be_cancelled_and_moved(void **state)
{
    struct model model;

    (void)state;
    model_init(&model, 20, 0, 0);
    for (uint32_t i = 1; i <= 5; i++) {
        wheel_arm(&model.wheel, i, 1000);
    }
    assert_int_equal(wheel_expire(&model.wheel, 1000), 1);
    wheel_cancel(&model.wheel, 2);
    wheel_arm(&model.wheel, 3, 5000);
    wheel_arm(&model.wheel, 1, 900);
    assert_true(wheel_next(&model.wheel) <= 900);
    assert_int_equal(wheel_expire(&model.wheel, 1000), 4);
    assert_int_equal(wheel_expire(&model.wheel, 1000), 5);
    assert_int_equal(wheel_expire(&model.wheel, 1000), 1);
    assert_int_equal(wheel_expire(&model.wheel, 1000), 0);
    assert_true(wheel_next(&model.wheel) == 5000);
}

/* An early wheel_next after a cancel costs one wake-up, not more. */
static void early_once_after_a_cancel(void **state)
{
    struct model model;

    (void)state;
    for (uint32_t shift = 0; shift <= 20; shift += 4) {
        model_init(&model, shift, 0, 0);
        wheel_arm(&model.wheel, 1, 100 * SECOND);
        wheel_arm(&model.wheel, 2, 100 * SECOND + 700);
        wheel_cancel(&model.wheel, 1);
        assert_true(wheel_next(&model.wheel) <= 100 * SECOND + 700);
        assert_int_equal(wheel_expire(&model.wheel, wheel_next(&model.wheel)), 0);
        assert_true(wheel_next(&model.wheel) == 100 * SECOND + 700);
    }
}

/* Levels are relative to wheel.now: were it left behind, new objects would start
 * in high levels and pass through all those below. */
static void keeps_up_while_nothing_is_due(void **state)
{
    struct model model;

    (void)state;
    model_init(&model, 10, 0, 0);
    assert_int_equal(wheel_expire(&model.wheel, SECOND), 0);
    assert_true(model.wheel.now == SECOND);
    wheel_arm(&model.wheel, 1, 100 * YEAR);
    wheel_arm(&model.wheel, 2, YEAR);
    assert_int_equal(wheel_expire(&model.wheel, 1000 * SECOND), 0);
    assert_true(model.wheel.now == 1000 * SECOND);
    wheel_arm(&model.wheel, 3, 1000 * SECOND + 5000);
    assert_int_equal(wheel_expire(&model.wheel, 1000 * SECOND + 4999), 0);
    assert_true(model.wheel.now >> 10 == (1000 * SECOND + 4999) >> 10);
    assert_int_equal(wheel_expire(&model.wheel, 1000 * SECOND + 5000), 3);
    assert_int_equal(wheel_expire(&model.wheel, YEAR - 1), 0);
    assert_int_equal(wheel_expire(&model.wheel, 100 * YEAR), 2);
    assert_int_equal(wheel_expire(&model.wheel, 100 * YEAR), 1);
    assert_int_equal(wheel_expire(&model.wheel, 101 * YEAR), 0);
    assert_true(model.wheel.now == 101 * YEAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_a_list),
        cmocka_unit_test(exact_and_ordered_without_cancelling),
        cmocka_unit_test(expires_never_early_and_at_once_when_due),
        cmocka_unit_test(late_deadlines_are_due_at_once),
        cmocka_unit_test(never_cancels),
        cmocka_unit_test(due_objects_can_be_cancelled_and_moved),
        cmocka_unit_test(early_once_after_a_cancel),
        cmocka_unit_test(keeps_up_while_nothing_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
