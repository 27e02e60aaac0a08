#ifndef SEPTET_BASE_STREAM_H
#define SEPTET_BASE_STREAM_H

#include "base/slab.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes addressed by a 32-bit position that wraps, held in pages (a slab whose
 * object size is a power of two) that exist only where something was written.
 * Up to STREAM_INLINE pages need no table; beyond that a table page is taken,
 * and beyond one table page a root of table pages. Every access is O(1).
 * A stream without pages owns no memory at all. Positions must stay within
 * 2^31 of each other. The same thing holds sent bytes, received bytes with
 * holes, and transmission records. */
#define STREAM_INLINE 4
struct stream {
    uint32_t low;    /* number (position >> shift) of the lowest page that may exist */
    uint32_t span;   /* page numbers [low, low + span) may exist */
    uint32_t pages;  /* pages held, tables included: for accounting */
    uint8_t levels;  /* 0 inline, 1 one table, 2 root of tables */
    uint32_t slot[STREAM_INLINE]; /* page references, or slot[0] = table or root */
};

/* Copies bytes to a position; takes pages as needed. Returns the bytes written:
 * fewer than length only when the slab ran out. */
uint32_t stream_write(struct stream *stream, struct slab *pages, uint32_t at, const uint8_t *data, uint32_t length);
/* Writable memory at a position, its page taken if missing; NULL when the slab ran out.
 * *length: at most that many in, contiguous bytes out. */
uint8_t *stream_reserve(struct stream *stream, struct slab *pages, uint32_t at, uint32_t *length);
/* Memory at a position that was written; *length as above. NULL if there is no page. */
uint8_t *stream_at(const struct stream *stream, const struct slab *pages, uint32_t at, uint32_t *length);
/* Copies out bytes that were written. */
void stream_read(const struct stream *stream, const struct slab *pages, uint32_t at, uint8_t *to, uint32_t length);
/* Returns all pages that end at or before a position. */
void stream_release(struct stream *stream, struct slab *pages, uint32_t before);
/* Returns everything. */
void stream_clear(struct stream *stream, struct slab *pages);

#endif
