#ifndef BENCH_KERNEL_SERVER_H
#define BENCH_KERNEL_SERVER_H

#include "arena.h"

/* The kernel's end of the tap workloads: ordinary sockets in a process of their own. */

enum kernel_role {
    KERNEL_SINK,   /* reads all that comes and counts it in arena->shared->bytes */
    KERNEL_SOURCE, /* writes without end */
    KERNEL_ECHO,   /* answers on `connections` connections */
    KERNEL_CHURN   /* takes a message, answers it, closes */
};

struct kernel_server {
    enum kernel_role role;
    unsigned connections;
    bool spinning; /* asks again and again instead of sleeping */
};

/* For arena_worker(): `arguments` is a struct kernel_server. Runs until it is killed. */
void kernel_serve(struct arena *arena, const void *arguments);

/* Sets what the benchmark wants of every TCP socket of the kernel: no Nagle; CUBIC (or Reno), whatever the machine's
 * default is, since a pacing congestion control measures timers. */
void kernel_socket(int socket);

enum { KERNEL_MESSAGE = 64, KERNEL_CHUNK = 256 * 1024 };

#endif
