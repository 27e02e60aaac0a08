#include "lab/frame.h"

#include "base/memory.h"

#define SMALLEST 128U

struct frame *frame_take(struct frame_pool *pool, uint32_t length)
{
    uint8_t size_class = 0;

    while (size_class < FRAME_CLASSES && SMALLEST << size_class < length)
        size_class++;
    if (size_class == FRAME_CLASSES)
        return NULL;
    struct frame *frame = pool->free[size_class];
    uint8_t *bytes;
    if (frame) {
        pool->free[size_class] = frame->next;
        bytes = frame->bytes;
    } else {
        frame = arena_take(pool->arena, sizeof *frame, _Alignof(struct frame));
        bytes = frame ? arena_take(pool->arena, SMALLEST << size_class, 1) : NULL;
        if (!bytes)
            return NULL;
    }
    pool->count++;
    *frame = (struct frame){.number = pool->count,
                            .original = pool->count,
                            .length = length,
                            .size_class = size_class,
                            .references = 1,
                            .bytes = bytes};
    return frame;
}

struct frame *frame_duplicate(struct frame_pool *pool, const struct frame *frame)
{
    struct frame *copy = frame_take(pool, frame->length);

    if (!copy)
        return NULL;
    memcpy(copy->bytes, frame->bytes, frame->length);
    copy->original = frame->original;
    copy->sent = frame->sent;
    copy->gso_size = frame->gso_size;
    copy->flags = frame->flags;
    copy->marks = frame->marks;
    copy->link = frame->link;
    copy->end = frame->end;
    return copy;
}

void frame_drop(struct frame_pool *pool, struct frame *frame)
{
    if (--frame->references)
        return;
    frame->next = pool->free[frame->size_class];
    pool->free[frame->size_class] = frame;
}
