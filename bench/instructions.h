#ifndef BENCH_INSTRUCTIONS_H
#define BENCH_INSTRUCTIONS_H

#include "cli/bench.h"

/* Instructions for each unit of a contestant's work: from the processor's counter where there is one, else from
 * callgrind. False where neither is there. */
bool instructions_count(const struct bench_workload *workload, const struct bench_contestant *contestant,
                        double *instructions);

#endif
