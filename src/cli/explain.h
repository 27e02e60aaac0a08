#ifndef SEPTET_CLI_EXPLAIN_H
#define SEPTET_CLI_EXPLAIN_H

#include <stdint.h>

/* The parts of `septet explain`. */

struct explain_options {
    const char *const *paths;
    uint32_t count;
    const char *filter; /* display filter, or null */
    const char *write;  /* pcapng to write the frames to that pass, or null */
    int packets;        /* a line for each frame */
    int bytes;          /* the number of a frame whose bytes are shown; 0 none */
};

/* ---- explain_frames.c ---- */
/* The views of single frames: lines, bytes, a file of those that pass the filter. Returns the exit status. */
int explain_frames(const struct explain_options *options);

#endif
