#ifndef SEPTET_LAB_WATCH_H
#define SEPTET_LAB_WATCH_H

#include "lab/world.h"

/* Looks over the shoulder of every stack in a world and breaks the world (world_fail) when one of them
 *   - sends a packet that does not parse, has a wrong checksum or is larger than its interface allows,
 *   - sends flags, options or sequence numbers that make no sense,
 *   - moves its window's right edge to the left, or its acknowledgement number back,
 *   - sends data beyond the window or the segment size that its peer has let it know,
 *   - moves from one state to another as RFC 9293 does not allow.
 * A digest of all frames, their times and fates is kept on the way. */
struct watch;

/* NULL when the arena is full or the world has no room for another observer. */
struct watch *watch_create(struct arena *arena, struct world *world);
/* The same for the same frames at the same times with the same fate. */
uint64_t watch_digest(const struct watch *watch);
/* Frames that hosts and routers gave to links. */
uint64_t watch_frames(const struct watch *watch);

/* Looks at what is left when a world has come to its end, and breaks it when bytes are missing without a reason or
 * memory has not been given back. */
void watch_end(struct watch *watch);

#endif
