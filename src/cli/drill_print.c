#include "cli/drill.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line for each script, both packets where they differ, and the sum; or all of it as JSON. */

static const char *const words[] = {[DRILL_PASSED] = "ok", [DRILL_FAILED] = "not ok", [DRILL_SKIPPED] = "skipped"};
static const char *const colors[] = {
    [DRILL_PASSED] = "\033[32m", [DRILL_FAILED] = "\033[31m", [DRILL_SKIPPED] = "\033[33m"};

void printer_begin(struct drill_printer *printer, const struct drill_settings *settings, FILE *file)
{
    *printer = (struct drill_printer){.settings = settings, .file = file};
    printer->color = isatty(fileno(file)) == 1 && getenv("NO_COLOR") == NULL;
    if (settings->json)
        fputs("{\"scripts\": [", file);
}

/* ---- JSON ---- */

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, name, json_string(text));
}

static void print_json(struct drill_printer *printer, const char *path, const struct script_outcome *outcome)
{
    const struct drill_report *report = &outcome->report;
    json_t *object = json_object();
    json_object_set_new(object, "script", json_string(path));
    json_object_set_new(object, "result", json_string(words[report->verdict]));
    if (report->line != 0)
        json_object_set_new(object, "line", json_integer(report->line));
    if (report->column != 0)
        json_object_set_new(object, "column", json_integer(report->column));
    set_text(object, "reason", report->reason);
    set_text(object, "expected", report->script_packet);
    set_text(object, "actual", report->actual_packet);
    json_object_set_new(object, "events", json_integer(report->events));
    json_object_set_new(object, "time", json_integer(report->time));
    json_object_set_new(object, "warnings", json_integer(report->warnings));
    if (outcome->text_length != 0)
        set_text(object, "output", outcome->text);
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    const bool first = printer->count[0] + printer->count[1] + printer->count[2] == 1;
    fprintf(printer->file, "%s\n  %s", first ? "" : ",", text == NULL ? "{}" : text);
    free(text);
    json_decref(object);
}

/* ---- text ---- */

static void print_packets(FILE *file, const struct drill_report *report)
{
    if (report->script_packet[0] == '\0')
        return;
    fprintf(file, "    script  %s\n    actual  %s\n", report->script_packet, report->actual_packet);
    if (report->marks[0] != '\0')
        fprintf(file, "            %s\n", report->marks);
}

static void print_text(struct drill_printer *printer, const char *path, const struct script_outcome *outcome)
{
    const struct drill_report *report = &outcome->report;
    FILE *file = printer->file;
    if (outcome->text_length != 0)
        fprintf(file, "%s:\n%s", path, outcome->text);
    if (report->verdict == DRILL_PASSED && printer->settings->quiet)
        return;
    fprintf(file, "%s%-7s%s %s", printer->color ? colors[report->verdict] : "", words[report->verdict],
            printer->color ? "\033[0m" : "", path);
    if (report->line != 0)
        fprintf(file, ":%u", report->line);
    if (report->line != 0 && report->column != 0)
        fprintf(file, ":%u", report->column);
    if (report->verdict != DRILL_PASSED)
        fprintf(file, ": %s%s", report->verdict == DRILL_SKIPPED ? "not here: " : "", report->reason);
    else if (report->warnings != 0)
        fprintf(file, " (%u warnings)", report->warnings);
    fputc('\n', file);
    if (report->verdict == DRILL_FAILED)
        print_packets(file, report);
}

void printer_tell(void *context, const char *path, const struct script_outcome *outcome)
{
    struct drill_printer *printer = context;
    printer->count[outcome->report.verdict]++;
    if (printer->settings->json)
        print_json(printer, path, outcome);
    else
        print_text(printer, path, outcome);
    (void)fflush(printer->file);
}

bool printer_end(struct drill_printer *printer)
{
    const size_t *count = printer->count;
    if (printer->settings->json)
        fprintf(printer->file, "\n], \"passed\": %zu, \"failed\": %zu, \"skipped\": %zu}\n", count[DRILL_PASSED],
                count[DRILL_FAILED], count[DRILL_SKIPPED]);
    else
        fprintf(printer->file, "%zu passed, %zu failed, %zu skipped\n", count[DRILL_PASSED], count[DRILL_FAILED],
                count[DRILL_SKIPPED]);
    return fflush(printer->file) == 0 && ferror(printer->file) == 0;
}
