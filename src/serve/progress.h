#ifndef SEPTET_SERVE_PROGRESS_H
#define SEPTET_SERVE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_UNKNOWN UINT64_MAX

/* One line on the terminal that tells how far a transfer is; nothing where standard error is none. */
struct progress {
    bool shown;
    int64_t begun, drawn; /* ns */
    uint64_t first;       /* bytes that were there before */
};

void progress_begin(struct progress *progress, bool wanted, int64_t now, uint64_t first);
/* Draws, at most ten times a second. `total` may be PROGRESS_UNKNOWN. */
void progress_update(struct progress *progress, int64_t now, uint64_t bytes, uint64_t total);
/* Takes the line away. */
void progress_end(struct progress *progress);

/* "12.5 MiB" */
#define PROGRESS_TEXT 24
void progress_size(uint64_t bytes, char text[PROGRESS_TEXT]);
/* "34.4 Gbit/s" of bytes in so many ns. */
void progress_rate(uint64_t bytes, int64_t time, char text[PROGRESS_TEXT]);

#endif
