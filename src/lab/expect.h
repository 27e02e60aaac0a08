#ifndef SEPTET_LAB_EXPECT_H
#define SEPTET_LAB_EXPECT_H

#include "lab/story.h"

/* What a scenario says must come of it, held against what came of it. */

/* NULL when an expectation can be understood, else what was expected in its place. */
const char *expect_understood(const struct scenario *scenario, const struct scenario_expectation *expectation);

/* Calls `tell` for each expectation that the story does not meet. Returns how many those are. */
uint32_t expectations_check(const struct story *story, void (*tell)(void *context, const struct lab_error *unmet),
                            void *context);

/* "5", ">= 5", "> 5", "<= 5", "< 5" or "5 to 7". */
struct expect_range {
    uint64_t low, high;
};
bool expect_range_read(struct slice text, struct expect_range *range);

/* "SENDER FLAGS [data|len N] [win N] [lost] [again] [probe] [duplicate] [held] [refused] [at TIME [+- TIME]]", or "..."
 * for any number of segments. */
struct expect_segment {
    bool any;
    uint16_t host;
    uint16_t flags_set, flags_clear;
    bool data, lost, again, probe, duplicate, held, refused;
    int64_t length, window;  /* -1: not said */
    int64_t time, tolerance; /* time -1: not said */
};
bool expect_segment_read(const struct scenario *scenario, struct slice text, struct expect_segment *segment);
/* "1.5s" or "1.5s +- 10ms". */
bool expect_time_read(struct slice text, int64_t *time, int64_t *tolerance);

#endif
