#ifndef SEPTET_BASE_WHEEL_H
#define SEPTET_BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

/* A hierarchical timer wheel over objects of one array, which are named by
 * 1-based index and carry a wheel_node. Arming and cancelling are O(1). Deadlines
 * are exact: an object expires at the first wheel_expire with now >= deadline,
 * never earlier, and wheel_next gives the earliest deadline exactly unless the
 * object that had it was cancelled or moved since, when it may be early once:
 * wheel_expire at that time then takes nothing out and puts it right.
 *
 * All times are in ns of one clock that never goes backwards. Time in which
 * nothing is due costs nothing, however long it is. The width of the lowest
 * slots, 2^tick_shift ns, is a matter of speed only: deadlines in one slot are
 * looked through together whenever one of them is due, so a slot should hold
 * few different ones; on the other hand, an object with a deadline more than
 * 2^(36 + tick_shift) ns ahead is moved once more in each such time. */
#define WHEEL_LEVELS 6
#define WHEEL_SLOTS 64
#define WHEEL_NEVER INT64_MAX
/* Zeroed = not armed. Private to the wheel, but for reading: slot != 0 while
 * armed, and then the deadline. */
struct wheel_node {
    int64_t deadline;
    uint32_t next, previous;
    uint16_t slot; /* 1 + level * WHEEL_SLOTS + slot, or one of the two lists behind those; 0 = not armed */
};
/* Objects that are due or too far away are outside the levels, each in a list of its own. */
struct wheel_list {
    int64_t earliest; /* no later than any deadline in the list */
    uint32_t head;
};
struct wheel {
    uint8_t *objects;    /* address of object 1's wheel_node */
    uint32_t stride;     /* distance of neighbouring objects' nodes */
    uint32_t tick_shift; /* lowest level slot is 2^tick_shift ns wide */
    int64_t now;         /* what the levels are relative to; may lag behind the last wheel_expire */
    uint64_t occupied[WHEEL_LEVELS];
    int64_t earliest[WHEEL_LEVELS][WHEEL_SLOTS];
    uint32_t head[WHEEL_LEVELS][WHEEL_SLOTS];
    uint32_t armed; /* objects in the wheel */
    struct wheel_list due, far;
};

/* An empty wheel. first_node: address of the wheel_node of object 1, whose
 * neighbours' lie `stride` bytes apart; the array must stay where it is, and no
 * node is touched before its object is named. tick_shift: 0 to 27. now >= 0. */
void wheel_init(struct wheel *wheel, void *first_node, uint32_t stride, uint32_t tick_shift, int64_t now);
/* Arms or moves; deadlines before now are due at once. A deadline of WHEEL_NEVER cancels. */
void wheel_arm(struct wheel *wheel, uint32_t index, int64_t deadline);
void wheel_cancel(struct wheel *wheel, uint32_t index); /* no effect when not armed */
/* Time of the next wheel_expire that is worth calling: see above. WHEEL_NEVER when empty. */
int64_t wheel_next(const struct wheel *wheel);
/* Takes one object whose deadline is <= now out of the wheel, earliest slot first and in order
 * of deadline within reason (exactly so between slots; within one, and for equal deadlines, in
 * the order in which they were armed); 0 when none is due. Call until 0. */
uint32_t wheel_expire(struct wheel *wheel, int64_t now);

#endif
