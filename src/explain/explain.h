#ifndef SEPTET_EXPLAIN_EXPLAIN_H
#define SEPTET_EXPLAIN_EXPLAIN_H

#include "explain/check.h"
#include "explain/conversation.h"
#include "wire/dissect.h"

/* Tells conversations from captured frames: one pass, bounded memory. It makes no system call and reads no clock. */
struct explain;

/* A captured frame. */
struct explain_frame {
    uint64_t number;    /* from 1 over all inputs */
    int64_t time;       /* ns since 1970 */
    uint32_t interface; /* over all inputs */
    uint32_t captured, original;
    const uint8_t *bytes; /* valid during the call */
    bool inbound, outbound;
    uint64_t drops;                      /* lost before this frame */
    const struct dissection *dissection; /* of it, fragments put together */
};

/* Who is told. Any function may be NULL. What is pointed to is valid during the call only. */
struct explain_observer {
    void *context;
    /* Each TCP segment, judged. */
    void (*segment)(void *context, struct explain_conversation *conversation, const struct explain_segment *segment);
    /* A conversation that is over (or the capture is), with its findings. Not necessarily in the order of streams. */
    void (*conversation)(void *context, struct explain_conversation *conversation);
};

#define EXPLAIN_MEMORY (UINT64_C(2) << 30)

struct explain_config {
    struct explain_observer observer;
    uint64_t max_memory;  /* bytes; 0: EXPLAIN_MEMORY */
    uint64_t hash_key[2]; /* anything that who makes the capture does not know */
    bool at_once; /* tell every segment during its explain_frame, the first SYN of a conversation too; takes memory */
};

/* NULL when there is no memory. */
struct explain *explain_create(const struct explain_config *config);
void explain_destroy(struct explain *explain);
/* Takes the next frame. The conversation of the segment that it holds is passed on to the observer. */
void explain_frame(struct explain *explain, const struct explain_frame *frame);
/* The capture is over: all that is still open is told. */
void explain_finish(struct explain *explain);
/* The capture check, so far. */
const struct explain_check *explain_check(const struct explain *explain);

#endif
