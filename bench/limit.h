#ifndef BENCH_LIMIT_H
#define BENCH_LIMIT_H

#include "cli/bench.h"

/* The floor under memory-bulk and memory-window: the same copies, checksums and packet descriptors, no TCP. */

/* run->size: payload bytes of a packet. */
void limit_bulk(struct bench_run *run);
void limit_bulk_checksum(struct bench_run *run);
/* run->size: bytes in flight, that is held by the sender until they are overwritten. */
void limit_window(struct bench_run *run);

#endif
