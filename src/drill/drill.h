#ifndef SEPTET_DRILL_DRILL_H
#define SEPTET_DRILL_DRILL_H

#include "drill/syntax.h"
#include "septet/trace.h"

/* Runs packetdrill scripts on a stack of our own in virtual time. Everything a run needs lives in the arena of the
 * request; the same script gives the same packets at the same times everywhere. */

/* Memory that no script should run out of; what is not used is not touched. */
#define DRILL_MEMORY (UINT64_C(192) << 20)

enum drill_verdict { DRILL_PASSED, DRILL_FAILED, DRILL_SKIPPED };

/* Somebody who looks on. Functions may be NULL. Times are ns since the beginning of the script. */
struct drill_observer {
    void *context;
    void (*packet)(void *context, int64_t time, bool inbound, const uint8_t *bytes, uint32_t length);
    void (*event)(void *context, int64_t time, const struct drill_event *event); /* it begins, or a packet came */
    void (*note)(void *context, int64_t time, uint32_t line, const char *words); /* warnings, packets nobody expects */
    septet_trace_function *trace; /* with the stack's own times: DRILL_EPOCH more */
};
/* What the stack's clock shows when a script begins, ns. */
#define DRILL_EPOCH (INT64_C(1000) * 1000000000)

struct drill_request {
    const char *text; /* of the script; must stay until the report is no longer needed */
    size_t length;
    const struct drill_script_option *settings; /* of the command line: they override the script's */
    uint32_t setting_count;
    const struct drill_observer *observer; /* may be NULL */
    struct arena *arena;
};

#define DRILL_WORDS 512
struct drill_report {
    enum drill_verdict verdict;
    uint32_t line;   /* 0: none in particular */
    uint32_t column; /* 0: the whole line */
    char reason[DRILL_WORDS];
    /* When a packet is not what the script says: both, one under the other, and marks under what differs. */
    char script_packet[DRILL_WORDS], actual_packet[DRILL_WORDS], marks[DRILL_WORDS];
    int64_t time;    /* when it was over, ns since the beginning */
    uint32_t events; /* that came about */
    uint32_t warnings;
    struct slice program; /* Python that checks what %{ }% asks: to be run when the verdict is DRILL_PASSED; or empty */
};
/* In the program the snippet of a line of the script begins behind a line of this and the line's number. */
#define DRILL_SNIPPET_MARK "# script line "
void drill_run(const struct drill_request *request, struct drill_report *report);

#endif
