#ifndef SEPTET_LAB_RELAY_H
#define SEPTET_LAB_RELAY_H

#include "lab/frame.h"
#include "lab/scenario.h"

/* A link of the lab between two ends that are not of the lab: what somebody gives it at one end comes out at the other,
 * delayed, lost, reordered, duplicated as a scenario says, in the caller's time. */
struct relay;

/* Makes one of a scenario with one link between two hosts, which stand for the ends and are not brought to life. The
 * scenario must outlive it; frames come from the arena. NULL when the scenario is another or there is no memory. */
struct relay *relay_create(struct arena *arena, const struct scenario *scenario, uint64_t seed, int64_t now);

/* Lets time pass: what is due arrives. */
void relay_run(struct relay *relay, int64_t now);
/* When something is due; SEPTET_NEVER. */
int64_t relay_deadline(const struct relay *relay);

/* A frame for relay_send(), to be filled by the caller; NULL when there is no memory for another. */
struct frame *relay_frame(struct relay *relay, uint32_t length);
/* Gives a frame to the link at an end, 0 or 1, at the time of the last relay_run(). */
void relay_send(struct relay *relay, uint8_t end, struct frame *frame);

/* The oldest frame that has arrived at an end, the caller's until relay_drop(); NULL when there is none. */
struct frame *relay_take(struct relay *relay, uint8_t end);
void relay_drop(struct relay *relay, struct frame *frame);

#endif
