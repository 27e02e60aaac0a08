#ifndef BENCH_ARENA_H
#define BENCH_ARENA_H

#include "cli/bench.h"

#include <stdatomic.h>
#include <sys/types.h>

/*
 * Where the tap workloads meet the kernel: a process of our own for each run, in network namespaces that it makes and
 * that end with it. The kernel's end is 10.7.0.2/24 in the first namespace; the contestant is 10.7.0.1/24, over TAP or,
 * for the kernel against itself, over a veth pair from a second namespace.
 */

enum { ARENA_PORT = 7, ARENA_MTU = 1500 };

struct arena {
    int control;  /* socket in the first namespace, for ioctls */
    int netlink;  /* route socket in the first namespace */
    pid_t worker; /* 0: none yet */
    struct arena_shared {
        atomic_uint_fast64_t bytes; /* that the worker has received */
        atomic_int ready;           /* the worker listens, or -1: it cannot */
    } * shared;
};

/* Runs `body` in a new process inside a new network namespace, and waits for it, `seconds` at most. */
void arena_run(struct bench_run *run, unsigned seconds, void (*body)(struct bench_run *run, struct arena *arena));

/* Starts a process in the first namespace, on the second processor if there is one, and waits until it is ready. */
bool arena_worker(struct bench_run *run, struct arena *arena, void (*body)(struct arena *arena, const void *arguments),
                  const void *arguments);

/* Brings the kernel's end of the device tap0 up, with its address. 10.7.0.1 is said to have arena_mac: no ARP. */
bool arena_tap_up(struct bench_run *run, struct arena *arena);
extern const uint8_t arena_mac[6];

/* Moves this process to a second namespace, joined to the first by a veth pair. */
bool arena_veth(struct bench_run *run, struct arena *arena, bool offloads);

/* Keeps this process on one processor; does nothing when the machine has only one. */
void arena_pin(unsigned processor);
bool arena_has_two_processors(void);

#endif
