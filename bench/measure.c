#include "cli/bench.h"
#include "instructions.h"
#include "meter.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_figure(struct bench_run *run, double value, const char *unit, const char *metric, ...)
{
    if (run->figure_count == BENCH_FIGURES)
        return;
    struct bench_figure *figure = &run->figures[run->figure_count++];
    va_list arguments;
    va_start(arguments, metric);
    vsnprintf(figure->metric, sizeof figure->metric, metric, arguments);
    va_end(arguments);
    snprintf(figure->unit, sizeof figure->unit, "%s", unit);
    figure->value = value;
}

void bench_skip(struct bench_run *run, const char *format, ...)
{
    if (run->skipped[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run->skipped, sizeof run->skipped, format, arguments);
    va_end(arguments);
}

/* The values of one figure over all runs. */
struct series {
    const char *who;
    struct bench_figure figure;
    unsigned count;
    double values[BENCH_RUNS];
};

struct table {
    size_t count;
    struct series series[BENCH_CONTESTANTS * BENCH_FIGURES];
};

static void enter(struct table *table, const char *who, const struct bench_figure *figure)
{
    size_t i = 0;
    while (i < table->count &&
           (strcmp(table->series[i].who, who) != 0 || strcmp(table->series[i].figure.metric, figure->metric) != 0))
        i++;
    if (i == table->count) {
        if (table->count == BENCH_CONTESTANTS * BENCH_FIGURES)
            return;
        table->series[table->count++] = (struct series){.who = who, .figure = *figure};
    }
    struct series *series = &table->series[i];
    if (series->count < BENCH_RUNS)
        series->values[series->count++] = figure->value;
}

static void summarize(struct table *table, struct bench_outcome *outcome)
{
    for (size_t i = 0; i < table->count; i++) {
        struct series *series = &table->series[i];
        struct bench_result *result = &outcome->results[outcome->count++];
        result->who = series->who;
        memcpy(result->metric, series->figure.metric, sizeof result->metric);
        memcpy(result->unit, series->figure.unit, sizeof result->unit);
        result->runs = series->count;
        result->median = meter_quantile(series->values, series->count, 0.5);
        result->minimum = series->values[0];
        result->maximum = series->values[series->count - 1];
    }
}

static void one_run(const struct bench_workload *workload, const struct bench_contestant *contestant,
                    const struct bench_options *options, struct table *table, struct bench_outcome *outcome)
{
    struct bench_run run = {.seconds = options->seconds, .size = workload->size};
    contestant->run(&run);
    if (run.skipped[0] && outcome->skipped_count < BENCH_CONTESTANTS) {
        outcome->skipped[outcome->skipped_count].who = contestant->who;
        memcpy(outcome->skipped[outcome->skipped_count++].reason, run.skipped, sizeof run.skipped);
        return;
    }
    for (uint32_t i = 0; i < run.figure_count; i++)
        enter(table, contestant->who, &run.figures[i]);
}

static bool is_skipped(const struct bench_outcome *outcome, const char *who)
{
    for (size_t i = 0; i < outcome->skipped_count; i++)
        if (strcmp(outcome->skipped[i].who, who) == 0)
            return true;
    return false;
}

bool bench_measure(const struct bench_workload *workload, const struct bench_options *options,
                   struct bench_outcome *outcome)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return false;
    *outcome = (struct bench_outcome){0};
    for (unsigned number = 0; number < options->runs; number++) {
        for (size_t i = 0; i < BENCH_CONTESTANTS && workload->contestants[i].who; i++) {
            const struct bench_contestant *contestant = &workload->contestants[i];
            if (is_skipped(outcome, contestant->who))
                continue;
            if (options->progress)
                options->progress(workload, contestant->who, number + 1, options->runs);
            one_run(workload, contestant, options, table, outcome);
        }
    }
    for (size_t i = 0; i < BENCH_CONTESTANTS && workload->contestants[i].who; i++) {
        const struct bench_contestant *contestant = &workload->contestants[i];
        struct bench_figure figure = {.unit = "1"};
        if (!contestant->instructions || is_skipped(outcome, contestant->who))
            continue;
        if (!instructions_count(workload, contestant, &figure.value))
            continue;
        snprintf(figure.metric, sizeof figure.metric, "%s", contestant->instructions);
        enter(table, contestant->who, &figure);
    }
    summarize(table, outcome);
    free(table);
    return true;
}
