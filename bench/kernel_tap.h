#ifndef BENCH_KERNEL_TAP_H
#define BENCH_KERNEL_TAP_H

#include "cli/bench.h"

/* The kernel against itself over veth, next to the tap workloads. */
void kernel_bulk_receive(struct bench_run *run);
void kernel_bulk_send(struct bench_run *run);
/* run->size: connections, each with one message on its way. */
void kernel_round_trips(struct bench_run *run);
void kernel_churn(struct bench_run *run);

#endif
