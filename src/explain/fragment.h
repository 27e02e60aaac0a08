#ifndef SEPTET_EXPLAIN_FRAGMENT_H
#define SEPTET_EXPLAIN_FRAGMENT_H

#include "wire/dissect.h"

/* Captured fragments put together again, as an onlooker does it: what is captured twice or cut by a snap length is no
 * error, and a bounded number of datagrams is held, the oldest of which gives way. */
struct fragments;

struct fragment_counts {
    uint64_t fragments;   /* frames that are one */
    uint64_t datagrams;   /* put together */
    uint64_t incomplete;  /* given up: pieces are missing from the capture, or there were too many at once */
    uint64_t overlapping; /* fragments with bytes that had been there before */
};

/* NULL when there is no memory: some kilobytes now, at most 5 MiB later. */
struct fragments *fragments_create(void);
void fragments_destroy(struct fragments *fragments);

/* To be called with frames whose dissection says `fragment`. True when this one completes its datagram: the dissection
 * then tells of the whole one, and *bytes and *length are a frame with the headers of this one and the whole payload,
 * valid until the next call. */
bool fragments_add(struct fragments *fragments, int64_t time, const uint8_t **bytes, uint32_t *length,
                   struct dissection *dissection);

/* Datagrams that are still open count as incomplete. */
struct fragment_counts fragments_counts(const struct fragments *fragments);

#endif
