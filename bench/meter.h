#ifndef BENCH_METER_H
#define BENCH_METER_H

#include "cli/bench.h"

/* Nanoseconds of processor time that this process has used, and of the monotonic clock. */
int64_t meter_cpu(void);
int64_t meter_wall(void);

/* Measures a loop: `while (meter_more(&meter)) { ...; meter.done += ...; }`. The first tenth of the time, and all
 * that came before, is warm-up: measuring begins when it is over. */
struct meter {
    struct bench_run *run;
    uint64_t done;  /* units of work so far; the owner adds */
    uint64_t limit; /* look at the clock (or stop) when done reaches this */
    uint64_t step;
    bool measuring;
    uint64_t begin_done;
    int64_t begin_cpu, begin_wall, warm_until;
    int64_t cpu, wall; /* after the end: ns of processor and clock in the measured part */
    uint64_t work;     /* after the end: units done in the measured part */
};

/* `step`: units of work between looks at the clock. */
void meter_start(struct meter *meter, struct bench_run *run, uint64_t step);
/* Looks at the clock; false when the measurement is complete. */
bool meter_look(struct meter *meter);
static inline bool meter_more(struct meter *meter) { return meter->done < meter->limit || meter_look(meter); }

/* The q-th quantile (0..1) of values, which are sorted in place. 0 when there are none. */
double meter_quantile(double *values, size_t count, double q);

#endif
