#ifndef SEPTET_TESTS_DRILL_RUN_TEST_H
#define SEPTET_TESTS_DRILL_RUN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drill/drill.h"

/* Scripts run from strings. */

static struct arena run_arena;

static inline int run_setup(void **state)
{
    (void)state;
    void *memory = malloc(DRILL_MEMORY);
    assert_non_null(memory);
    arena_init(&run_arena, memory, DRILL_MEMORY);
    return 0;
}

static inline int run_teardown(void **state)
{
    (void)state;
    free(run_arena.memory);
    return 0;
}

static inline struct drill_report run_script(const char *text, const struct drill_script_option *settings,
                                             uint32_t count, const struct drill_observer *observer)
{
    const struct drill_request request = {.text = text,
                                          .length = strlen(text),
                                          .settings = settings,
                                          .setting_count = count,
                                          .observer = observer,
                                          .arena = &run_arena};
    struct drill_report report;
    run_arena.used = 0;
    drill_run(&request, &report);
    return report;
}

/* The script passes. */
static inline void run_passes(const char *text)
{
    const struct drill_report report = run_script(text, NULL, 0, NULL);
    if (report.verdict != DRILL_PASSED)
        fail_msg("line %u: %s\n%s\n%s\nof\n%s", report.line, report.reason, report.script_packet, report.actual_packet,
                 text);
}

/* It does not, with this verdict and message about this line. */
static inline void run_ends(const char *text, enum drill_verdict verdict, uint32_t line, const char *reason)
{
    const struct drill_report report = run_script(text, NULL, 0, NULL);
    if (report.verdict != verdict || strcmp(report.reason, reason) != 0 || report.line != line)
        fail_msg("verdict %d, line %u: %s\ninstead of %d, line %u: %s\nof\n%s", report.verdict, report.line,
                 report.reason, verdict, line, reason, text);
}

/* A connection that a script accepted as descriptor 4: MSS 1000, no options but window scale 0. Nine lines. */
#define ACCEPTED                                    \
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n" \
    "+0 bind(3, ..., ...) = 0\n"                    \
    "+0 listen(3, 1) = 0\n"                         \
    "+0 < S 0:0(0) win 32792 <mss 1000>\n"          \
    "+0 > S. 0:0(0) ack 1 <mss 1460>\n"             \
    "+.1 < . 1:1(0) ack 1 win 32792\n"              \
    "+0 accept(3, ..., ...) = 4\n"                  \
    "+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n" \
    "\n"

#endif
