#ifndef SEPTET_BASE_STREAM_H
#define SEPTET_BASE_STREAM_H

#include "base/slab.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes addressed by a 32-bit position that wraps, held in pages (a slab whose
 * object size is a power of two from 256 to 65536) that exist only where
 * something was written. Up to STREAM_INLINE pages need no table; beyond that a
 * table page is taken, and beyond one table page a root of table pages. Every
 * access is O(1). A stream without pages owns no memory at all. The same thing
 * holds sent bytes, received bytes with holes, and transmission records.
 *
 * With p = page size and e = p / 4 references to a table, the lowest and the
 * highest page may lie up to (e - 1) * e pages apart, and less than 2^31 bytes:
 * 1 MiB with pages of 256 bytes, 16 MiB with 512, 64 MiB with 1024, 512 MiB with
 * 2048, 2 GiB from 4096 on. Writing further away fails as if the slab were
 * empty. All positions a caller names must lie within 2^31 of each other.
 *
 * A zeroed struct is an empty stream. One stream must always be used with one
 * slab. The fields are for reading only. */
#define STREAM_INLINE 2
struct stream {
    uint32_t low;                 /* number (position >> shift) of the lowest page that may exist */
    uint32_t span;                /* page numbers [low, low + span) may exist; the highest of them does */
    uint32_t pages;               /* pages held, tables included: for accounting */
    uint8_t levels;               /* 0 inline, 1 one table, 2 root of tables */
    uint8_t shift;                /* private: log2 of the page size while span > 0 */
    uint32_t slot[STREAM_INLINE]; /* page references, or slot[0] = table or root */
};

/* Copies bytes to a position; takes pages as needed. Returns the bytes written,
 * from the front: fewer than length only when the slab ran out or the span would
 * grow too large. Positions below all earlier ones are as good as any. */
uint32_t stream_write(struct stream *stream, struct slab *pages, uint32_t at, const uint8_t *data, uint32_t length);
/* Writable memory at a position, its page taken if missing (then with arbitrary
 * content); NULL, and nothing changed, when the slab ran out or the span would
 * grow too large. *length: at most that many in, contiguous bytes out: at least 1
 * unless 0 came in, and never past the page. The memory is valid until the page is released. */
uint8_t *stream_reserve(struct stream *stream, struct slab *pages, uint32_t at, uint32_t *length);
/* Memory at a position that was written; *length as above. NULL if there is no
 * page, with *length the bytes up to the next page boundary at most. */
uint8_t *stream_at(const struct stream *stream, const struct slab *pages, uint32_t at, uint32_t *length);
/* Copies out bytes that were written. Where there is no page, zeros. */
void stream_read(const struct stream *stream, const struct slab *pages, uint32_t at, uint8_t *to, uint32_t length);
/* Returns all pages that end at or before a position, and tables with nothing left in them. */
void stream_release(struct stream *stream, struct slab *pages, uint32_t before);
/* Returns all pages that begin at or after a position: what they held is gone. */
void stream_truncate(struct stream *stream, struct slab *pages, uint32_t from);
/* Returns everything. */
void stream_clear(struct stream *stream, struct slab *pages);

#endif
