#include "lab/agenda.h"

static bool earlier(const struct agenda_entry *a, const struct agenda_entry *b)
{
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

bool agenda_add(struct agenda *agenda, struct arena *arena, int64_t time, uint32_t kind, uint32_t index, void *object)
{
    struct agenda_entry entry = {time, agenda->order++, object, index, kind};

    if (!arena_append(arena, &agenda->heap, &agenda->count, &agenda->capacity, sizeof entry))
        return false;
    uint32_t at = agenda->count - 1;
    while (at > 0 && earlier(&entry, &agenda->heap[(at - 1) / 2])) {
        agenda->heap[at] = agenda->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    agenda->heap[at] = entry;
    return true;
}

int64_t agenda_next(const struct agenda *agenda) { return agenda->count ? agenda->heap[0].time : INT64_MAX; }

struct agenda_entry agenda_take(struct agenda *agenda)
{
    struct agenda_entry first = agenda->heap[0];
    struct agenda_entry moved = agenda->heap[--agenda->count];
    uint32_t at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= agenda->count)
            break;
        if (child + 1 < agenda->count && earlier(&agenda->heap[child + 1], &agenda->heap[child]))
            child++;
        if (!earlier(&agenda->heap[child], &moved))
            break;
        agenda->heap[at] = agenda->heap[child];
        at = child;
    }
    agenda->heap[at] = moved;
    return first;
}
