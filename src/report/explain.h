#ifndef SEPTET_REPORT_EXPLAIN_H
#define SEPTET_REPORT_EXPLAIN_H

#include "explain/store.h"
#include "report/ladder.h"

#include <stdio.h>

/* Views of what src/explain tells. Nothing from a frame reaches the output but numbers and names of ours. */

/* A sentence of a conversation's story. */
struct story_sentence {
    char text[480];
    uint64_t frame[4];
    uint32_t frames;
    char evidence[200];
    const char *rfc; /* "RFC 9293 3.5", or NULL */
};
#define STORY_MOST 64

/* Fills at most STORY_MOST sentences; returns how many. */
uint32_t report_story(const struct stored *stored, struct story_sentence *sentences);
/* The capture check: what makes the rest uncertain, a line each. Returns the lines, at most `most`. */
struct check_line {
    const char *name;
    uint64_t count;
    char text[240];
};
#define CHECK_LINES 16
uint32_t report_check(const struct explain_check *check, struct check_line *lines);

/* One screen: the capture, the check, the conversations (sorted already) and their findings. */
void report_summary(FILE *file, const struct explain_check *check, const struct store *store, bool color);
/* The ladder of one conversation, with its story. */
struct report_ladder_options {
    bool absolute, all;
};
void report_ladder(const struct ladder *ladder, const struct stored *stored,
                   const struct report_ladder_options *options);
void report_story_text(FILE *file, const struct stored *stored, uint32_t width);
/* docs/explain-json.md. */
void report_json(FILE *file, const struct explain_check *check, const struct store *store, const char *const *files,
                 uint32_t file_count);
/* A line for each conversation, with a head. */
void report_csv(FILE *file, const struct store *store);
/* "FIN-WAIT-2", with "~" before it when it is inferred. */
const char *report_state(const struct explain_state *state, char text[16]);

#endif
