#ifndef SEPTET_LINK_MEMORY_H
#define SEPTET_LINK_MEMORY_H

#include "septet/septet.h"

/* Joins stacks in one thread: what one gives out is handed to the other as it stands, without a copy. */

/* A wire between two interfaces. Their offloads must be alike: a super-segment reaches the other end whole, and a
 * checksum left to the driver counts as verified there. */
struct memory_wire {
    struct septet *stack[2];
    uint16_t interface[2];
};

/* Pulls up to SEPTET_BATCH packets from a stack and hands each to the end of its wire. Returns how many were pulled;
 * those that leave by an interface without a wire are lost. Both ends of a wire must be different stacks. */
uint32_t memory_link_move(struct septet *from, const struct memory_wire *wires, uint32_t wire_count);

/* Moves packets between all stacks of the wires until none has any to give, at most `turns` times round; false when
 * that was not enough. Time stands still; events are left to the caller. */
bool memory_link_settle(const struct memory_wire *wires, uint32_t wire_count, uint32_t turns);

/* The earliest deadline of all stacks. */
int64_t memory_link_deadline(const struct memory_wire *wires, uint32_t wire_count);

/* Tells all stacks the time. */
void memory_link_advance(const struct memory_wire *wires, uint32_t wire_count, int64_t now);

#endif
