#ifndef BENCH_SEPTET_MEMORY_H
#define BENCH_SEPTET_MEMORY_H

#include "cli/bench.h"

/* Septet in the memory workloads. */
void septet_bulk(struct bench_run *run);
void septet_bulk_checksum(struct bench_run *run);
void septet_bulk_super(struct bench_run *run);
/* run->size: bytes in flight. */
void septet_window(struct bench_run *run);
/* run->size: established connections. */
void septet_many(struct bench_run *run);
void septet_churn(struct bench_run *run);
void septet_size(struct bench_run *run);

#endif
