#include "tap_report.h"

#include <stdlib.h>

void tap_report_rate(struct bench_run *run, const struct meter *meter, const char *prefix)
{
    bench_figure(run, (double)meter->work * 8 / (double)meter->wall, "Gbit/s", "%srate", prefix);
}

void tap_report_churn(struct bench_run *run, const struct meter *meter, const char *prefix)
{
    bench_figure(run, (double)meter->work * 1e9 / (double)meter->wall, "1/s", "%srate", prefix);
}

bool tap_times_open(struct bench_run *run, struct tap_times *times)
{
    times->count = 0;
    times->ns = calloc(TAP_TIMES, sizeof *times->ns);
    if (!times->ns)
        bench_skip(run, "no memory");
    return times->ns;
}

void tap_times_add(struct tap_times *times, int64_t ns)
{
    if (times->count < TAP_TIMES)
        times->ns[times->count++] = (double)ns;
}

void tap_times_report(struct bench_run *run, struct tap_times *times, const char *prefix)
{
    if (times->count) {
        bench_figure(run, meter_quantile(times->ns, times->count, 0.50) / 1000, "us", "%sp50", prefix);
        bench_figure(run, meter_quantile(times->ns, times->count, 0.99) / 1000, "us", "%sp99", prefix);
    }
    free(times->ns);
}
