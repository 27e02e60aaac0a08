#ifndef SEPTET_SERVE_OUTPUT_H
#define SEPTET_SERVE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where received bytes go: a file, or standard output, which may be a pipe whose reader takes its time. A pipe is never
 * written to unless it is ready, so that the stack behind keeps running; its flags, which others share, stay alone. */
struct output {
    int descriptor; /* -1: not open */
    bool slow;      /* a pipe or terminal */
    bool own;       /* close it */
};

/* Opens a file for writing from `offset` on, which must not be beyond its end; what stood there goes. NULL: standard
 * output. False with errno. */
bool output_open(struct output *output, const char *path, uint64_t offset);
/* How many bytes can be written now without waiting: 0 when it is not ready. */
size_t output_room(const struct output *output);
/* Writes them all. False with errno. */
bool output_write(struct output *output, const void *bytes, size_t length);
/* False with errno when something written before did not arrive. */
bool output_close(struct output *output);

#endif
