#ifndef SEPTET_LINK_CAPTURE_SOURCE_H
#define SEPTET_LINK_CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of a file or of standard input, unpacked when they are packed with gzip or zstd (told by the first bytes,
 * not by the name). */
struct capture_source;

/* `path` "-" is standard input. NULL with errno when it cannot be opened. */
struct capture_source *capture_source_open(const char *path);
void capture_source_close(struct capture_source *source);

/* Up to `capacity` bytes, as many as come without waiting for more than one. 0 at the end, or when nothing more can be
 * read: capture_source_error then says why. */
size_t capture_source_read(struct capture_source *source, uint8_t *bytes, size_t capacity);

/* Why reading ended before the end; null when it did not. */
const char *capture_source_error(const struct capture_source *source);
/* "gzip", "zstd", or null for bytes that are not packed. */
const char *capture_source_packing(const struct capture_source *source);
/* Bytes of the file itself: read so far, and all of them (0: not known). */
uint64_t capture_source_done(const struct capture_source *source);
uint64_t capture_source_size(const struct capture_source *source);

#endif
