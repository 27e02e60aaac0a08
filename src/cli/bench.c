#include "cli/bench.h"
#include "cli/command.h"

#include "cli/link_options.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* ---- text ---- */

static void clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static void show_progress(const struct bench_workload *workload, const char *who, unsigned run, unsigned runs)
{
    fprintf(stderr, "\r\033[K%s: %s, run %u of %u", workload->name, who, run, runs);
    fflush(stderr);
}

/* Four digits that matter, never an exponent. */
static const char *number(double value, char text[32])
{
    double size = value < 0 ? -value : value;
    int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
    snprintf(text, 32, "%.*f", decimals, value);
    return text;
}

static void print_lines(const struct bench_workload *workload, const struct bench_outcome *outcome)
{
    clear_progress();
    for (size_t i = 0; i < outcome->count; i++) {
        const struct bench_result *result = &outcome->results[i];
        char text[32];
        printf("%-25s %-7s %-24s %10s %s\n", workload->name, result->who, result->metric, number(result->median, text),
               result->unit);
    }
    fflush(stdout);
    for (size_t i = 0; i < outcome->skipped_count; i++)
        fprintf(stderr, "septet bench: %s: no %s: %s\n", workload->name, outcome->skipped[i].who,
                outcome->skipped[i].reason);
}

static int list(void)
{
    for (size_t i = 0; i < bench_workload_count; i++)
        printf("%-26s %s\n", bench_workloads[i].name, bench_workloads[i].text);
    return 0;
}

/* ---- JSON ---- */

static void add_json(json_t *figures, json_t *skipped, const struct bench_workload *workload,
                     const struct bench_outcome *outcome)
{
    for (size_t i = 0; i < outcome->count; i++) {
        const struct bench_result *result = &outcome->results[i];
        json_array_append_new(figures, json_pack("{s:s, s:s, s:s, s:f, s:s, s:f, s:f, s:i}", "workload", workload->name,
                                                 "who", result->who, "metric", result->metric, "value", result->median,
                                                 "unit", result->unit, "minimum", result->minimum, "maximum",
                                                 result->maximum, "runs", (int)result->runs));
    }
    for (size_t i = 0; i < outcome->skipped_count; i++)
        json_array_append_new(skipped, json_pack("{s:s, s:s, s:s}", "workload", workload->name, "who",
                                                 outcome->skipped[i].who, "reason", outcome->skipped[i].reason));
}

/* The line of /proc/cpuinfo that names the processor. */
static void processor_name(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(name, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        snprintf(name, size, "%s", colon + 2);
        name[strcspn(name, "\n")] = 0;
        break;
    }
    if (file)
        fclose(file);
}

static int print_json(json_t *figures, json_t *skipped)
{
    char name[128];
    struct utsname system;
    processor_name(name, sizeof name);
    if (uname(&system) != 0)
        memset(&system, 0, sizeof system);
    json_t *root =
        json_pack("{s:{s:s, s:i, s:s}, s:o, s:o}", "machine", "processor", name, "processors",
                  (int)sysconf(_SC_NPROCESSORS_ONLN), "kernel", system.release, "figures", figures, "skipped", skipped);
    if (!root) {
        fputs("septet bench: no memory\n", stderr);
        return 1;
    }
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(root);
    return 0;
}

/* ---- the command ---- */

struct settings {
    int json, list, quick, runs;
    long long work;
    char *counted;
    bool wanted[BENCH_RUNS];
};

/* Marks the workload of this name, or all whose names begin with it and a hyphen. */
static bool want(struct settings *settings, const char *name)
{
    size_t length = strlen(name);
    bool found = false;
    for (size_t i = 0; i < bench_workload_count; i++) {
        const char *known = bench_workloads[i].name;
        if (strncmp(known, name, length) != 0 || (known[length] != 0 && known[length] != '-'))
            continue;
        settings->wanted[i] = true;
        found = true;
        if (known[length] == 0)
            break;
    }
    return found;
}

static int measure(const struct settings *settings, const struct bench_options *options)
{
    json_t *figures = json_array(), *skipped = json_array();
    struct bench_outcome *outcome = calloc(1, sizeof *outcome);
    size_t count = 0;
    for (size_t i = 0; outcome && i < bench_workload_count; i++) {
        if (!settings->wanted[i])
            continue;
        if (!bench_measure(&bench_workloads[i], options, outcome))
            break;
        count += outcome->count;
        if (settings->json)
            add_json(figures, skipped, &bench_workloads[i], outcome);
        else
            print_lines(&bench_workloads[i], outcome);
    }
    free(outcome);
    clear_progress();
    if (settings->json)
        return print_json(figures, skipped);
    json_decref(figures);
    json_decref(skipped);
    return count ? 0 : 1;
}

static int counted(const struct settings *settings)
{
    for (size_t i = 0; i < bench_workload_count; i++)
        if (settings->wanted[i])
            return bench_counted(&bench_workloads[i], settings->counted, (uint64_t)settings->work);
    return 2;
}

static int choose(poptContext context, struct settings *settings)
{
    bool any = false;
    if (settings->runs < 1 || settings->runs > BENCH_RUNS)
        return complain("bench", "--runs %d: expected 1 to %d", settings->runs, BENCH_RUNS);
    for (const char *name; (name = poptGetArg(context)) != NULL; any = true) {
        if (!want(settings, name))
            return complain("bench", "'%s': no such workload; 'septet bench --list' names them", name);
    }
    for (size_t i = 0; !any && i < bench_workload_count; i++)
        settings->wanted[i] = true;
    return 0;
}

static int run(const struct settings *settings)
{
    struct bench_options options = {
        .runs = (unsigned)settings->runs,
        .seconds = settings->quick ? 0.05 : 0.5,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
    };
    if (settings->list)
        return list();
    return settings->counted ? counted(settings) : measure(settings, &options);
}

static const char help[] =
    "\nPrints a line for each figure: workload, who, metric, value, unit. The value is the median "
    "of all runs;\npeers and the limit (the same copies without TCP) run in between. A name "
    "such as memory-churn stands for\nall workloads that begin with it.\n";

int command_bench(int argc, const char **argv)
{
    struct settings settings = {.runs = 5};
    struct poptOption table[] = {
        {"json", 0, POPT_ARG_NONE, &settings.json, 0, "figures as JSON, with minimum and maximum", NULL},
        {"list", 0, POPT_ARG_NONE, &settings.list, 0, "name the workloads", NULL},
        {"runs", 0, POPT_ARG_INT, &settings.runs, 0, "runs of which the median is printed (5)", "N"},
        {"quick", 0, POPT_ARG_NONE, &settings.quick, 0, "50 ms for each run instead of 500", NULL},
        {"counted", 0, POPT_ARG_STRING | POPT_ARGFLAG_DOC_HIDDEN, &settings.counted, 0, NULL, NULL},
        {"work", 0, POPT_ARG_LONGLONG | POPT_ARGFLAG_DOC_HIDDEN, &settings.work, 0, NULL, NULL},
        HELP_OPTION,
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("septet bench", argc, argv, table, 0);
    int status = read_options(context, "bench", "[OPTION...] [WORKLOAD...]", help);
    if (status == 0 && (status = choose(context, &settings)) == 0)
        status = run(&settings);
    poptFreeContext(context);
    free(settings.counted);
    return status < 0 ? 0 : status;
}
