#ifndef SEPTET_CLI_DRILL_H
#define SEPTET_CLI_DRILL_H

#include "drill/drill.h"

#include <stdio.h>

/* The parts of `septet drill`. */

struct drill_settings {
    struct drill_script_option option[128]; /* packetdrill's, from the command line */
    uint32_t options;
    const char *pcap; /* directory; NULL: none */
    int jobs;
    int json, ladder, verbose, quiet, python; /* switches */
};

/* ---- drill_files.c ---- */
struct script_list {
    char **path;
    size_t count, capacity;
};
/* Adds what an argument names: a file, all *.pkt files below a directory, or all that a pattern matches. False after
 * one line on standard error. */
bool scripts_add(struct script_list *list, const char *argument);
/* Adds what the lines of a file name; empty lines and those that begin with # are passed over. */
bool scripts_add_list(struct script_list *list, const char *path);
/* Keeps those whose path matches (`keep`) or does not match the pattern. */
void scripts_filter(struct script_list *list, const char *pattern, bool keep);
void scripts_free(struct script_list *list);

/* ---- drill_script.c ---- */
struct script_outcome {
    struct drill_report report;
    char *text; /* what was printed on the way; malloc'ed, may be NULL */
    size_t text_length;
};
/* Runs one script in this process. `arena` is used from its beginning. */
void script_run(const struct drill_settings *settings, const char *path, struct arena *arena,
                struct script_outcome *outcome);

/* ---- drill_workers.c ---- */
/* Runs all scripts, in `jobs` processes, and hands each outcome to `tell` in the order of the list. False after one
 * line on standard error. */
bool workers_run(const struct drill_settings *settings, const struct script_list *list,
                 void (*tell)(void *context, const char *path, const struct script_outcome *outcome), void *context);

/* ---- drill_print.c ---- */
struct drill_printer {
    const struct drill_settings *settings;
    FILE *file;
    size_t count[3]; /* of each verdict */
    bool color;
};
void printer_begin(struct drill_printer *printer, const struct drill_settings *settings, FILE *file);
void printer_tell(void *printer, const char *path, const struct script_outcome *outcome);
/* The last line. False when the output could not be written. */
bool printer_end(struct drill_printer *printer);

/* ---- drill_python.c ---- */
/* Runs a program. The verdict, reason and line of the report change when it fails. */
void python_check(struct drill_report *report);

/* ---- drill_pcap.c ---- */
struct drill_pcap;
/* A capture of the script at `path` in a directory, which is made. NULL after one line on standard error. */
struct drill_pcap *drill_pcap_begin(const char *directory, const char *path);
void drill_pcap_packet(struct drill_pcap *pcap, int64_t time, bool inbound, const uint8_t *bytes, uint32_t length);
/* False after one line on standard error. NULL is nothing. */
bool drill_pcap_end(struct drill_pcap *pcap);

#endif
