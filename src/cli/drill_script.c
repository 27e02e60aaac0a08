#include "cli/drill.h"
#include "cli/live_ladder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One script: read, run, watched. */

#define SCRIPT_MOST ((size_t)16 << 20)

struct watcher {
    const char *path;
    FILE *file; /* of what is printed on the way */
    struct drill_pcap *pcap;
    struct service *ladder;
    bool verbose;
};

static void on_packet(void *context, int64_t time, bool inbound, const uint8_t *bytes, uint32_t length)
{
    const struct watcher *watcher = context;
    if (watcher->pcap != NULL)
        drill_pcap_packet(watcher->pcap, time, inbound, bytes, length);
}

static void print_time(FILE *file, int64_t time)
{
    fprintf(file, "%4lld.%06lld ", (long long)(time / SEPTET_SECOND), (long long)(time % SEPTET_SECOND / 1000));
}

/* The first line of what stands in the script; more is there when it has several. */
static void print_source(FILE *file, struct slice source)
{
    uint32_t length = 0;
    while (length < source.length && source.at[length] != '\n')
        length++;
    fprintf(file, "%.*s%s\n", (int)length, source.at, length < source.length ? " ..." : "");
}

static void on_event(void *context, int64_t time, const struct drill_event *event)
{
    const struct watcher *watcher = context;
    if (!watcher->verbose)
        return;
    print_time(watcher->file, time);
    fprintf(watcher->file, "%5u  ", event->line);
    print_source(watcher->file, event->source);
}

static void on_note(void *context, int64_t time, uint32_t line, const char *words)
{
    const struct watcher *watcher = context;
    if (!watcher->verbose)
        return;
    print_time(watcher->file, time);
    fprintf(watcher->file, "%5u  (%s)\n", line, words);
}

static void on_trace(void *context, const struct septet_trace_event *event)
{
    const struct watcher *watcher = context;
    if (watcher->ladder != NULL)
        live_ladder_trace(watcher->ladder, event);
}

static char *read_script(const char *path, size_t *length, struct drill_report *report)
{
    FILE *file = fopen(path, "rb");
    char *text = file == NULL ? NULL : malloc(SCRIPT_MOST);
    *length = text == NULL ? 0 : fread(text, 1, SCRIPT_MOST, file);
    if (text != NULL && ferror(file) == 0 && *length < SCRIPT_MOST) {
        (void)fclose(file);
        return text;
    }
    report->verdict = DRILL_FAILED;
    snprintf(report->reason, sizeof report->reason, "%s",
             *length == SCRIPT_MOST ? "the script is longer than 16 MiB" : strerror(errno));
    if (file != NULL)
        (void)fclose(file);
    free(text);
    return NULL;
}

static void run(const struct drill_settings *settings, const char *path, struct arena *arena,
                struct script_outcome *outcome, struct watcher *watcher)
{
    const struct drill_observer observer = {
        .context = watcher,
        .packet = on_packet,
        .event = on_event,
        .note = on_note,
        .trace = settings->ladder ? on_trace : NULL,
    };
    size_t length;
    char *text = read_script(path, &length, &outcome->report);
    if (text == NULL)
        return;
    const struct drill_request request = {
        .text = text,
        .length = length,
        .settings = settings->option,
        .setting_count = settings->options,
        .observer = &observer,
        .arena = arena,
    };
    drill_run(&request, &outcome->report);
    if (outcome->report.verdict == DRILL_PASSED && outcome->report.program.length != 0)
        python_check(&outcome->report);
    free(text);
}

void script_run(const struct drill_settings *settings, const char *path, struct arena *arena,
                struct script_outcome *outcome)
{
    struct watcher watcher = {.path = path, .verbose = settings->verbose != 0};
    memset(outcome, 0, sizeof *outcome);
    arena->used = 0;
    watcher.file = open_memstream(&outcome->text, &outcome->text_length);
    if (watcher.file == NULL) {
        outcome->report.verdict = DRILL_FAILED;
        snprintf(outcome->report.reason, sizeof outcome->report.reason, "no memory");
        return;
    }
    if (settings->ladder)
        watcher.ladder = live_ladder_start(watcher.file);
    if (settings->pcap != NULL && (watcher.pcap = drill_pcap_begin(settings->pcap, path)) == NULL) {
        outcome->report.verdict = DRILL_FAILED;
        snprintf(outcome->report.reason, sizeof outcome->report.reason, "the capture cannot be written");
    } else {
        run(settings, path, arena, outcome, &watcher);
    }
    live_ladder_end(watcher.ladder);
    if (!drill_pcap_end(watcher.pcap))
        outcome->report.verdict = DRILL_FAILED;
    (void)fclose(watcher.file);
    outcome->report.program = (struct slice){NULL, 0};
}
