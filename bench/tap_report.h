#ifndef BENCH_TAP_REPORT_H
#define BENCH_TAP_REPORT_H

#include "meter.h"

/* What the tap workloads report, the same for everyone. Rates are by the clock, not by processor time. */

/* meter->done counts payload bytes that arrived. `prefix`: "" with super-segments, "plain_" without any offload. */
void tap_report_rate(struct bench_run *run, const struct meter *meter, const char *prefix);
/* meter->done counts connections. `prefix`: "" when waiting by spinning, "blocking_" when asleep. */
void tap_report_churn(struct bench_run *run, const struct meter *meter, const char *prefix);

/* Round-trip times. */
enum { TAP_TIMES = 1 << 20 };
struct tap_times {
    size_t count;
    double *ns; /* TAP_TIMES of them; later ones are not kept */
};
bool tap_times_open(struct bench_run *run, struct tap_times *times);
void tap_times_add(struct tap_times *times, int64_t ns);
/* p50 and p99 in microseconds; frees them. */
void tap_times_report(struct bench_run *run, struct tap_times *times, const char *prefix);

#endif
