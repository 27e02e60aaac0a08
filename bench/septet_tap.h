#ifndef BENCH_SEPTET_TAP_H
#define BENCH_SEPTET_TAP_H

#include "cli/bench.h"

/* Septet over a TAP device against the kernel. */
void septet_tap_receive(struct bench_run *run);
void septet_tap_send(struct bench_run *run);
/* run->size: connections, each with one message on its way. */
void septet_tap_round_trips(struct bench_run *run);
void septet_tap_churn(struct bench_run *run);

#endif
