#ifndef SEPTET_LAB_CODEL_H
#define SEPTET_LAB_CODEL_H

#include <stdbool.h>
#include <stdint.h>

/* The state of a controlled-delay queue, RFC 8289 section 5. Zeroed is a new one. Times in ns. */
struct codel {
    int64_t first_above_time, drop_next;
    uint32_t count, last_count;
    bool dropping;
    bool begun; /* the packet before was the first one dropped: this one goes through */
};

struct codel_limits {
    int64_t target, interval;
    uint32_t maximum_packet; /* a queue of no more bytes than this is never too long */
};

/* Integer square root, rounded down. */
uint32_t codel_square_root(uint64_t value);

/* Whether the packet taken from the queue's head at `now`, which was queued at `queued` and left `bytes_behind` in
 * the queue, is to be dropped (or marked). After a drop the next packet is asked for in the same way. `again`: the
 * packet before was dropped at this same instant. */
bool codel_drop(struct codel *codel, const struct codel_limits *limits, int64_t now, int64_t queued,
                uint32_t bytes_behind, bool again);
/* The packet that codel_drop() chose was marked instead, and goes on. */
void codel_marked(struct codel *codel, const struct codel_limits *limits);
/* The queue is empty. */
void codel_empty(struct codel *codel);

#endif
