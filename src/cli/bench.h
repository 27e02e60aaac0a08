#ifndef SEPTET_CLI_BENCH_H
#define SEPTET_CLI_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What `septet bench` and its workloads in bench/ have in common. */

enum { BENCH_FIGURES = 12, BENCH_CONTESTANTS = 4, BENCH_TEXT = 200, BENCH_RUNS = 100 };

struct bench_figure {
    char metric[32], unit[16];
    double value;
};

/* One run of one contestant. Plain bytes: a run that is a process of its own fills it in shared memory. */
struct bench_run {
    double seconds; /* how long the measured part should take */
    uint64_t work;  /* not 0: measure exactly so much instead (payload bytes, echoes or connections) */
    uint64_t size;  /* of the workload: segment bytes, window bytes or connections */
    uint32_t figure_count;
    struct bench_figure figures[BENCH_FIGURES];
    double units;             /* what was measured, in units of which instructions are counted (segments at one end) */
    char skipped[BENCH_TEXT]; /* why this contestant cannot run here; empty when it did */
};

struct bench_contestant {
    const char *who; /* septet, kernel, lwip or limit */
    void (*run)(struct bench_run *run);
    /* The metric of instructions for each of run->units, counted where the machine can; NULL for none. */
    const char *instructions;
    uint64_t counted_work; /* the `work` to count: once and twice it, so that the set-up falls out */
};

struct bench_workload {
    const char *name;
    const char *text; /* one line for --list */
    uint64_t size;
    struct bench_contestant contestants[BENCH_CONTESTANTS];
};

extern const struct bench_workload bench_workloads[];
extern const size_t bench_workload_count;

/* ---- for workloads ---- */

/* Adds a figure to a run; units are words like Gbit/s, ns, us, B, 1/s. */
void bench_figure(struct bench_run *run, double value, const char *unit, const char *metric, ...)
    __attribute__((format(printf, 4, 5)));
/* Says that this contestant cannot run here, and why. The first reason stays. */
void bench_skip(struct bench_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- for the command ---- */

struct bench_options {
    unsigned runs; /* 1..BENCH_RUNS */
    double seconds;
    /* Told before each run; may be NULL. */
    void (*progress)(const struct bench_workload *workload, const char *who, unsigned run, unsigned runs);
};

struct bench_result {
    const char *who;
    char metric[32], unit[16];
    double median, minimum, maximum;
    unsigned runs;
};

struct bench_outcome {
    size_t count;
    struct bench_result results[BENCH_CONTESTANTS * BENCH_FIGURES];
    size_t skipped_count;
    struct {
        const char *who;
        char reason[BENCH_TEXT];
    } skipped[BENCH_CONTESTANTS];
};

/* Runs all contestants of a workload in turn, options->runs times. False: no memory. */
bool bench_measure(const struct bench_workload *workload, const struct bench_options *options,
                   struct bench_outcome *outcome);

/* Runs one contestant once over a fixed amount of work, for whoever counts the instructions of this process, and
 * prints run->units. Returns an exit status. */
int bench_counted(const struct bench_workload *workload, const char *who, uint64_t work);

#endif
