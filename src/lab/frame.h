#ifndef SEPTET_LAB_FRAME_H
#define SEPTET_LAB_FRAME_H

#include "lab/arena.h"

/* A packet on its way between hosts, with a buffer of its own. */
struct frame {
    struct frame *next;
    uint64_t number;   /* in order of appearance, from 1 */
    uint64_t original; /* of a copy: the number of what it was copied from; else its own */
    int64_t sent;      /* when it was given to the link */
    int64_t queued;
    uint32_t length;
    uint16_t gso_size; /* a super-segment on a link that carries them */
    uint8_t flags;     /* enum septet_packet_flag */
    uint8_t marks;     /* enum frame_mark */
    uint16_t link;
    uint8_t end; /* of the link: the sender's */
    uint8_t size_class;
    uint16_t references;
    uint8_t *bytes;
};

enum frame_mark {
    FRAME_COPY = 1,      /* a duplicate */
    FRAME_CORRUPTED = 2, /* one bit was turned over */
    FRAME_HELD_UP = 4,   /* reordered or delayed on purpose */
    FRAME_CE = 8,        /* the queue marked congestion experienced */
    FRAME_FOREIGN = 16   /* no stack sent it */
};

#define FRAME_CLASSES 11
struct frame_pool {
    struct arena *arena;
    struct frame *free[FRAME_CLASSES];
    uint64_t count; /* frames ever taken: the last number given out */
};

/* A frame with room for so many bytes (up to 128 KiB), one reference and a number; NULL when the arena is full. */
struct frame *frame_take(struct frame_pool *pool, uint32_t length);
/* Another frame with the same content and marks. */
struct frame *frame_duplicate(struct frame_pool *pool, const struct frame *frame);
/* Gives up a reference. */
void frame_drop(struct frame_pool *pool, struct frame *frame);

#endif
