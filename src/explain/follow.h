#ifndef SEPTET_EXPLAIN_FOLLOW_H
#define SEPTET_EXPLAIN_FOLLOW_H

#include "explain/conversation.h"

/* What was said in one conversation: the bytes of both sides, each once and in order, as far as they were captured. */
struct follow;

struct follow_listener {
    void *context;
    /* Bytes of a side that follow what came before. */
    void (*data)(void *context, const struct explain_conversation *conversation, uint8_t side, const uint8_t *bytes,
                 uint32_t length);
    /* So many bytes of a side are not in the capture. */
    void (*missing)(void *context, const struct explain_conversation *conversation, uint8_t side, uint32_t length);
};

/* NULL when there is no memory. What comes out of order is held, 32 MiB at most. */
struct follow *follow_create(const struct follow_listener *listener);
void follow_destroy(struct follow *follow);

/* A segment of the conversation with the `captured` bytes of its payload that are here. */
void follow_take(struct follow *follow, const struct explain_conversation *conversation,
                 const struct explain_segment *segment, const uint8_t *payload, uint32_t captured);
/* The end: what is held is told, with what is missing before it. */
void follow_finish(struct follow *follow, const struct explain_conversation *conversation);

#endif
