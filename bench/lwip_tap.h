#ifndef BENCH_LWIP_TAP_H
#define BENCH_LWIP_TAP_H

#include "cli/bench.h"

/* lwIP over a TAP device against the kernel. It has no super-segments. */
void lwip_tap_receive(struct bench_run *run);
void lwip_tap_send(struct bench_run *run);
/* run->size: connections, each with one message on its way. */
void lwip_tap_round_trips(struct bench_run *run);
void lwip_tap_churn(struct bench_run *run);

#endif
