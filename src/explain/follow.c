#include "explain/follow.h"

#include "base/seq.h"

#include <stdlib.h>
#include <string.h>

#define HELD_BYTES_MOST (UINT32_C(32) << 20)
#define HELD_MOST 4096u /* segments */

/* Bytes that came before those in front of them. */
struct held {
    struct held *next; /* by sequence number */
    uint32_t seq, length, captured;
    uint8_t bytes[];
};

struct side {
    bool begun;
    uint32_t next; /* the sequence number that is told next */
    struct held *held;
};

struct follow {
    struct follow_listener listener;
    struct side side[2];
    uint32_t bytes_held, held_count;
};

struct follow *follow_create(const struct follow_listener *listener)
{
    struct follow *follow = calloc(1, sizeof *follow);
    if (follow != NULL)
        follow->listener = *listener;
    return follow;
}

void follow_destroy(struct follow *follow)
{
    for (uint32_t i = 0; follow != NULL && i < 2; i++)
        while (follow->side[i].held != NULL) {
            struct held *held = follow->side[i].held;
            follow->side[i].held = held->next;
            free(held);
        }
    free(follow);
}

/* Tells what of a segment is new; it does not begin behind what is told next. */
static void tell(struct follow *follow, const struct explain_conversation *conversation, uint8_t side, uint32_t seq,
                 uint32_t length, const uint8_t *bytes, uint32_t captured)
{
    uint32_t known = follow->side[side].next - seq;
    if (known >= length)
        return;
    if (captured > known)
        follow->listener.data(follow->listener.context, conversation, side, bytes + known, captured - known);
    if (captured < length)
        follow->listener.missing(follow->listener.context, conversation, side,
                                 length - (captured > known ? captured : known));
    follow->side[side].next = seq + length;
}

static void tell_held(struct follow *follow, const struct explain_conversation *conversation, uint8_t side)
{
    struct side *of = &follow->side[side];
    while (of->held != NULL && !seq_gt(of->held->seq, of->next)) {
        struct held *held = of->held;
        of->held = held->next;
        follow->bytes_held -= held->captured;
        follow->held_count--;
        tell(follow, conversation, side, held->seq, held->length, held->bytes, held->captured);
        free(held);
    }
}

/* What the capture does not have is told as missing, up to the first bytes that are held. */
static void skip_gap(struct follow *follow, const struct explain_conversation *conversation, uint8_t side)
{
    struct side *of = &follow->side[side];
    follow->listener.missing(follow->listener.context, conversation, side, of->held->seq - of->next);
    of->next = of->held->seq;
    tell_held(follow, conversation, side);
}

static void hold(struct follow *follow, const struct explain_conversation *conversation, uint8_t side, uint32_t seq,
                 uint32_t length, const uint8_t *bytes, uint32_t captured)
{
    struct held *held = malloc(sizeof *held + captured), **at = &follow->side[side].held;
    if (held == NULL)
        return;
    *held = (struct held){.seq = seq, .length = length, .captured = captured};
    memcpy(held->bytes, bytes, captured);
    while (*at != NULL && !seq_gt((*at)->seq, seq))
        at = &(*at)->next;
    held->next = *at;
    *at = held;
    follow->bytes_held += captured;
    follow->held_count++;
    while (follow->bytes_held > HELD_BYTES_MOST || follow->held_count > HELD_MOST)
        skip_gap(follow, conversation, follow->side[side].held != NULL ? side : (uint8_t)(1 - side));
}

void follow_take(struct follow *follow, const struct explain_conversation *conversation,
                 const struct explain_segment *segment, const uint8_t *payload, uint32_t captured)
{
    uint8_t side = segment->side, other = (uint8_t)(1 - side);
    struct side *of = &follow->side[side], *peer = &follow->side[other];
    uint32_t seq = segment->seq + ((segment->flags & TCP_SYN) != 0);
    if (!of->begun && (segment->length > 0 || (segment->flags & TCP_SYN) != 0)) {
        of->begun = true;
        of->next = conversation->end[side].isn_known ? conversation->end[side].isn + 1 : seq;
    }
    /* What the receiver has acknowledged will not be sent again: the capture lacks it. */
    while ((segment->flags & TCP_ACK) != 0 && peer->held != NULL && !seq_gt(peer->held->seq, segment->ack))
        skip_gap(follow, conversation, other);
    if (segment->length == 0)
        return;
    if (seq_gt(seq, of->next))
        hold(follow, conversation, side, seq, segment->length, payload, captured);
    else
        tell(follow, conversation, side, seq, segment->length, payload, captured);
    tell_held(follow, conversation, side);
}

void follow_finish(struct follow *follow, const struct explain_conversation *conversation)
{
    for (uint8_t side = 0; side < 2; side++)
        while (follow->side[side].held != NULL)
            skip_gap(follow, conversation, side);
}
