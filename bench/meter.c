#include "meter.h"

#include <stdlib.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t meter_cpu(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

int64_t meter_wall(void) { return read_clock(CLOCK_MONOTONIC); }

static void begin(struct meter *meter)
{
    meter->measuring = true;
    meter->begin_done = meter->done;
    meter->begin_wall = meter_wall();
    meter->begin_cpu = meter_cpu();
}

void meter_start(struct meter *meter, struct bench_run *run, uint64_t step)
{
    *meter = (struct meter){.run = run, .step = step, .limit = step};
    if (run->work) {
        meter->limit = run->work;
        begin(meter);
        return;
    }
    meter->warm_until = meter_wall() + (int64_t)(run->seconds * 1e8);
}

bool meter_look(struct meter *meter)
{
    int64_t now = meter_wall();
    if (!meter->measuring) {
        meter->limit = meter->done + meter->step;
        if (now >= meter->warm_until)
            begin(meter);
        return true;
    }
    if (!meter->run->work && now - meter->begin_wall < (int64_t)(meter->run->seconds * 1e9)) {
        meter->limit = meter->done + meter->step;
        return true;
    }
    meter->cpu = meter_cpu() - meter->begin_cpu;
    meter->wall = now - meter->begin_wall;
    meter->work = meter->done - meter->begin_done;
    return false;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double meter_quantile(double *values, size_t count, double q)
{
    if (!count)
        return 0;
    qsort(values, count, sizeof *values, compare);
    double place = q * (double)(count - 1);
    size_t below = (size_t)place;
    if (below + 1 >= count)
        return values[count - 1];
    return values[below] + (values[below + 1] - values[below]) * (place - (double)below);
}
