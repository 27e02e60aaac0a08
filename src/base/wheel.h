#ifndef SEPTET_BASE_WHEEL_H
#define SEPTET_BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

/* A hierarchical timer wheel over objects of one array, which are named by
 * 1-based index and carry a wheel_node. Arming and cancelling are O(1). Deadlines
 * are exact: an object expires at the first wheel_expire with now >= deadline,
 * never earlier, and wheel_next gives the earliest deadline exactly unless the
 * object that had it was cancelled or moved since, when it may be early once. */
#define WHEEL_LEVELS 6
#define WHEEL_SLOTS 64
#define WHEEL_NEVER INT64_MAX
struct wheel_node {
    int64_t deadline;
    uint32_t next, previous;
    uint16_t slot; /* 1 + level * WHEEL_SLOTS + slot; 0 = not armed */
};
struct wheel {
    uint8_t *objects;    /* address of object 1's wheel_node */
    uint32_t stride;     /* distance of neighbouring objects' nodes */
    uint32_t tick_shift; /* lowest level slot is 2^tick_shift ns wide */
    int64_t now;
    uint64_t occupied[WHEEL_LEVELS];
    int64_t earliest[WHEEL_LEVELS][WHEEL_SLOTS];
    uint32_t head[WHEEL_LEVELS][WHEEL_SLOTS];
    uint32_t armed; /* objects in the wheel */
};

void wheel_init(struct wheel *wheel, void *first_node, uint32_t stride, uint32_t tick_shift, int64_t now);
/* Arms or moves; deadlines before now are due at once. */
void wheel_arm(struct wheel *wheel, uint32_t index, int64_t deadline);
void wheel_cancel(struct wheel *wheel, uint32_t index); /* no effect when not armed */
int64_t wheel_next(const struct wheel *wheel);          /* WHEEL_NEVER when empty */
/* Takes one object whose deadline is <= now out of the wheel, earliest slot first and in order
 * of deadline within reason (ties in a fixed order); 0 when none is due. Call until 0. */
uint32_t wheel_expire(struct wheel *wheel, int64_t now);

#endif
