/* The slow path is the truth: whatever is done faster makes no difference on the wire. Random conversations over random
 * links are run in several ways, and what left the stacks is compared byte for byte and nanosecond for nanosecond. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/pair.h"

#define CONVERSATIONS 150

static void finished(uint64_t number, const struct pair_result *result)
{
    if (!result->finished)
        fail_msg("conversation %" PRIu64 ": %s", number, result->why);
}

static void same_packets(uint64_t number, const struct pair_result *a, const struct pair_result *b)
{
    for (uint32_t i = 0; i < a->packet_count && i < b->packet_count; i++) {
        const struct pair_packet *x = &a->packets[i], *y = &b->packets[i];
        if (x->time != y->time || x->digest != y->digest || x->from != y->from)
            fail_msg("conversation %" PRIu64
                     ": packet %u of side %u at %.6f s, %u bytes; the other way side %u at %.6f s, "
                     "%u bytes",
                     number, i, x->from, (double)x->time / 1e9, x->length, y->from, (double)y->time / 1e9, y->length);
    }
    assert_int_equal(a->packet_count, b->packet_count);
}

static void compare(const struct pair_variant *variant)
{
    const struct pair_variant usual = {0};
    for (uint64_t number = 1; number <= CONVERSATIONS; number++) {
        struct pair_result a, b;
        pair_run(number, &usual, &a);
        finished(number, &a);
        pair_run(number, variant, &b);
        finished(number, &b);
        same_packets(number, &a, &b);
        assert_int_equal(a.delivered[0], b.delivered[0]);
        assert_int_equal(a.delivered[1], b.delivered[1]);
        free(a.packets);
        free(b.packets);
    }
}

static void header_prediction(void **state)
{
    (void)state;
    compare(&(struct pair_variant){.slow_path = true});
}

/* One packet at a time there is nothing to merge. */
static void merging_single_packets(void **state)
{
    (void)state;
    compare(&(struct pair_variant){.no_merging = true});
}

static void segmentation_offload(void **state)
{
    (void)state;
    compare(&(struct pair_variant){.offload = true});
}

/* In batches the packets differ, but not what is delivered; and header prediction makes no difference there either. */
static void batches(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= CONVERSATIONS; number++) {
        struct pair_result merged, apart, slow;
        const struct pair_variant batch = {.batch = SEPTET_MILLISECOND * (1 + (int64_t)number % 7)};
        struct pair_variant other = batch;
        pair_run(number, &batch, &merged);
        finished(number, &merged);
        other.no_merging = true;
        pair_run(number, &other, &apart);
        finished(number, &apart);
        other = batch;
        other.slow_path = true;
        pair_run(number, &other, &slow);
        finished(number, &slow);
        same_packets(number, &merged, &slow);
        for (uint32_t i = 0; i < 2; i++) {
            assert_int_equal(merged.bytes[i], apart.bytes[i]);
            assert_int_equal(merged.delivered[i], apart.delivered[i]);
        }
        free(merged.packets);
        free(apart.packets);
        free(slow.packets);
    }
}

/* Stacks with hardly any pages make progress all the same, both ends at once, and give every page back. */
static void small_stacks(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= 4 * CONVERSATIONS; number++) {
        struct pair_result result;
        pair_run(number, &(struct pair_variant){.small_stacks = true}, &result);
        finished(number, &result);
        free(result.packets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_prediction),    cmocka_unit_test(merging_single_packets),
        cmocka_unit_test(segmentation_offload), cmocka_unit_test(batches),
        cmocka_unit_test(small_stacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
