#ifndef SEPTET_CLI_EXPLAIN_H
#define SEPTET_CLI_EXPLAIN_H

#include "explain/filter.h"

#include <stddef.h>
#include <stdint.h>

/* The parts of `septet explain`. */

struct explain_options {
    const char *const *paths;
    uint32_t count;
    const char *filter; /* display filter, or null */
    const char *write;  /* pcapng to write the frames to that pass, or null */
    int stream;         /* of the conversation to show; -1 none */
    int json, segments; /* JSON; with the segments of all conversations */
    int csv, absolute, all;
    int max_memory; /* MiB; 0 the usual */
    int packets;    /* a line for each frame */
    int follow;     /* the conversation whose payload is shown; -1 none */
    int raw;        /* payload as it is */
    int bytes;      /* the number of a frame whose bytes are shown; 0 none */
};

/* ---- explain_conversations.c ---- */
/* Conversations: a summary, a ladder, JSON, CSV. Returns the exit status. */
int explain_conversations(const struct explain_options *options);

/* ---- explain_frames.c ---- */
/* False, after a message, when the text is no filter; *filter is NULL for none. */
bool explain_compile_filter(const char *text, struct filter **filter);
/* The views of single frames: lines, bytes, a file of those that pass the filter. Returns the exit status. */
int explain_frames(const struct explain_options *options);

#endif
