#ifndef SEPTET_LAB_AGENDA_H
#define SEPTET_LAB_AGENDA_H

#include "lab/arena.h"

/* What is to happen when, in order of time and, at the same instant, in the order it was put down. */
struct agenda_entry {
    int64_t time;
    uint64_t order;
    void *object;
    uint32_t index;
    uint32_t kind;
};

struct agenda {
    struct agenda_entry *heap;
    uint32_t count, capacity;
    uint64_t order;
};

/* False when the arena is full. */
bool agenda_add(struct agenda *agenda, struct arena *arena, int64_t time, uint32_t kind, uint32_t index, void *object);
/* Time of the first entry; INT64_MAX when there is none. */
int64_t agenda_next(const struct agenda *agenda);
/* Takes the first entry; there must be one. */
struct agenda_entry agenda_take(struct agenda *agenda);

#endif
