#ifndef SEPTET_EXPLAIN_STORE_H
#define SEPTET_EXPLAIN_STORE_H

#include "explain/explain.h"

/* Keeps conversations that are over, and the segments of some, for those who show them. */

/* Segments kept of one conversation at most; what comes later is counted only. */
#define STORE_SEGMENTS UINT32_C(4000000)

struct stored {
    struct explain_conversation conversation; /* its findings are `finding` */
    struct explain_finding *finding;
    struct explain_segment *segment; /* the first `kept` of `segments` */
    uint64_t segments;
    uint32_t kept, capacity;
};

struct store {
    struct stored **stored; /* after store_sort: by stream, or worst first */
    uint32_t count, capacity;
    uint32_t most;      /* keep so many, the worst; 0: all */
    uint64_t forgotten; /* that were not kept */
    bool all_segments;  /* of every conversation, or */
    bool one_segments;  /* of the one of this stream: */
    uint32_t stream;
    bool failed; /* no memory: something is missing */
};

/* The observer that fills a store. */
struct explain_observer store_observer(struct store *store);
/* By stream, or the worst first. */
void store_sort(struct store *store, bool worst_first);
/* The conversation of a stream, or NULL. */
const struct stored *store_find(const struct store *store, uint32_t stream);
void store_end(struct store *store);

#endif
