#ifndef BENCH_MEMORY_PAIR_H
#define BENCH_MEMORY_PAIR_H

#include "link/memory.h"
#include "meter.h"
#include "septet/septet.h"
#include "septet/tcp.h"

/* Two stacks in one thread, 10.7.0.1 (client) and 10.7.0.2 (server), joined by memory: what one of them puts out is at
 * once what the other takes in. Their time is virtual: it moves when the workload says so. */

enum memory_end { CLIENT, SERVER };

/* Payload of a full segment at MTU 1500 with timestamps, of a 64 KiB super-segment of them, and of a message. */
enum { MEMORY_SEGMENT = 1448, MEMORY_SUPER_SEGMENT = 44 * MEMORY_SEGMENT, MEMORY_MESSAGE = 64 };

struct memory_pair {
    struct septet *stack[2];
    struct memory_wire wire;
    int64_t now;
    struct {
        void *start;
        size_t size;
    } memory[2];
};

/* Makes both stacks of one configuration, which is the default one until the caller changes it, on interfaces of raw
 * IP packets. False: run->skipped says why. */
bool memory_pair_open(struct bench_run *run, struct memory_pair *pair, const struct septet_config *config,
                      uint32_t offloads);
void memory_pair_close(struct memory_pair *pair);

/* Moves time on, for both. */
void memory_pair_advance(struct memory_pair *pair, int64_t ns);
/* Hands over up to a batch of packets from one end to the other. Returns how many. */
static inline uint32_t memory_pair_move(struct memory_pair *pair, enum memory_end from)
{
    return memory_link_move(pair->stack[from], &pair->wire, 1);
}

/* The address of an end. */
struct septet_address memory_address(enum memory_end end);

/* One established connection, both handles. */
bool memory_pair_connect(struct bench_run *run, struct memory_pair *pair, septet_handle connection[2]);

/* Bytes of the stack's memory that were ever written, at the granularity of the machine's pages. */
size_t memory_pair_touched(const struct memory_pair *pair, enum memory_end end);

/* Bytes that the application hands over at a time, for packets with so much payload. */
size_t memory_chunk(uint32_t segment);

/* The figures of a bulk transfer: rate and ns_per_segment, with a prefix. meter->done counts payload bytes. */
void memory_report(struct bench_run *run, const struct meter *meter, uint32_t segment, const char *prefix);

#endif
