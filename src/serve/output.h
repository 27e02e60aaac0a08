#ifndef SEPTET_SERVE_OUTPUT_H
#define SEPTET_SERVE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where received bytes go: a file, or standard output, which may be a pipe whose reader takes its time. Nothing here
 * waits, so that the stack behind keeps running: a pipe is opened anew without blocking (its flags, which others share,
 * stay alone), and what it does not take is kept until it does. */
struct output {
    int descriptor; /* -1: not open */
    bool own;       /* close it */
    bool slow;      /* could not be opened anew: a pipe that is written to in small pieces when it is ready */
    char *kept;     /* from `kept_at` to `kept_length` */
    size_t kept_length, kept_at;
};

/* Opens a file for writing from `offset` on, which must not be beyond its end; what stood there goes. NULL: standard
 * output. False with errno. */
bool output_open(struct output *output, const char *path, uint64_t offset);
/* How many bytes it is good to write now: 0 while it takes none. */
size_t output_room(struct output *output);
/* Writes them, or keeps what cannot be written yet. False with errno. */
bool output_write(struct output *output, const void *bytes, size_t length);
/* Writes what was kept, and waits for that. False with errno when something did not arrive. */
bool output_close(struct output *output);

#endif
