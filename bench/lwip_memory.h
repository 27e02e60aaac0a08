#ifndef BENCH_LWIP_MEMORY_H
#define BENCH_LWIP_MEMORY_H

#include "cli/bench.h"

/* lwIP in the memory workloads. */
void lwip_bulk(struct bench_run *run);
void lwip_bulk_checksum(struct bench_run *run);
/* run->size: bytes in flight, at most 64 KiB in Debian's library. */
void lwip_window(struct bench_run *run);
/* run->size: established connections. */
void lwip_many(struct bench_run *run);
void lwip_churn(struct bench_run *run);
void lwip_size(struct bench_run *run);

#endif
