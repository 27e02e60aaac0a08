#ifndef SEPTET_BASE_RANGE_SET_H
#define SEPTET_BASE_RANGE_SET_H

#include <stdbool.h>
#include <stdint.h>

/* Disjoint, sorted ranges [start, end) of sequence space, never touching each
 * other (neighbours merge), in memory the owner gives (usually one page).
 * Lookups are O(log n); an insertion moves at most the one page. All positions,
 * those in the set and those asked for, must lie within 2^31 of each other. A
 * range [start, end) with end not above start is empty. */
struct range {
    uint32_t start, end;
};
struct range_set {
    uint32_t count, capacity;
    struct range range[];
};

/* Uses size bytes of memory, aligned for 32-bit numbers, for a new empty set: (size - 8) / 8
 * ranges fit. The memory stays the caller's. NULL if size is below 8. */
struct range_set *range_set_init(void *memory, uint32_t size);
/* Adds a range, merging; an empty one adds nothing. False (and nothing changed)
 * when that would need more ranges than fit. */
bool range_set_add(struct range_set *set, uint32_t start, uint32_t end);
/* Removes everything below a position. */
void range_set_remove_below(struct range_set *set, uint32_t below);
/* Index of the first range whose end is above a position (== count if none). */
uint32_t range_set_find(const struct range_set *set, uint32_t position);
/* Whether all of [start, end) is in the set; true for an empty range. */
bool range_set_contains(const struct range_set *set, uint32_t start, uint32_t end);
/* The first part of [start, end) that is in no range; false, with *gap left alone, if there is none. */
bool range_set_gap(const struct range_set *set, uint32_t start, uint32_t end, struct range *gap);

#endif
