#include "base/range_set.h"

#include "base/memory.h"
#include "base/seq.h"

struct range_set *range_set_init(void *memory, uint32_t size)
{
    struct range_set *set = memory;

    if (size < sizeof *set) {
        return NULL;
    }
    set->count = 0;
    set->capacity = (uint32_t)((size - sizeof *set) / sizeof set->range[0]);
    return set;
}

uint32_t range_set_find(const struct range_set *set, uint32_t position)
{
    uint32_t low = 0, high = set->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (seq_gt(set->range[middle].end, position)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Index of the first range that starts above a position (== count if none). */
static uint32_t find_start_above(const struct range_set *set, uint32_t position)
{
    uint32_t low = 0, high = set->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (seq_gt(set->range[middle].start, position)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Moves the ranges from one index on to another, closing or opening a hole. */
static void move_ranges(struct range_set *set, uint32_t from, uint32_t to)
{
    memmove(&set->range[to], &set->range[from], (set->count - from) * sizeof set->range[0]);
    set->count = set->count - from + to;
}

bool range_set_add(struct range_set *set, uint32_t start, uint32_t end)
{
    uint32_t first, after;

    if (!seq_lt(start, end)) {
        return true;
    }
    /* Ranges first to after - 1 overlap or touch the new one and become part of it. */
    first = range_set_find(set, start);
    if (first > 0 && set->range[first - 1].end == start) {
        first--;
    }
    after = find_start_above(set, end);
    if (first == after) {
        if (set->count == set->capacity) {
            return false;
        }
        move_ranges(set, first, first + 1);
    } else {
        start = seq_min(start, set->range[first].start);
        end = seq_max(end, set->range[after - 1].end);
        move_ranges(set, after, first + 1);
    }
    set->range[first] = (struct range){start, end};
    return true;
}

void range_set_remove_below(struct range_set *set, uint32_t below)
{
    const uint32_t first = range_set_find(set, below);

    if (first > 0) {
        move_ranges(set, first, 0);
    }
    if (set->count > 0 && seq_lt(set->range[0].start, below)) {
        set->range[0].start = below;
    }
}

bool range_set_contains(const struct range_set *set, uint32_t start, uint32_t end)
{
    struct range gap;

    return !range_set_gap(set, start, end, &gap);
}

bool range_set_gap(const struct range_set *set, uint32_t start, uint32_t end, struct range *gap)
{
    uint32_t next = range_set_find(set, start);

    if (next < set->count && seq_leq(set->range[next].start, start)) {
        start = set->range[next++].end;
    }
    if (!seq_lt(start, end)) {
        return false;
    }
    gap->start = start;
    gap->end = next < set->count ? seq_min(set->range[next].start, end) : end;
    return true;
}
