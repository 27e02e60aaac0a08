#include "explain/store.h"

#include <stdlib.h>
#include <string.h>

static void destroy(struct stored *stored)
{
    free(stored->finding);
    free(stored->segment);
    free(stored);
}

static void take_segment(void *context, struct explain_conversation *c, const struct explain_segment *segment)
{
    struct store *store = context;
    struct stored *stored = c->owner;
    if (!store->all_segments && !(store->one_segments && store->stream == c->stream))
        return;
    if (stored == NULL)
        c->owner = stored = calloc(1, sizeof *stored);
    if (stored == NULL) {
        store->failed = true;
        return;
    }
    stored->segments++;
    if (stored->kept == stored->capacity && stored->capacity < STORE_SEGMENTS) {
        const uint32_t capacity = stored->capacity == 0 ? 16 : stored->capacity * 2;
        struct explain_segment *larger = realloc(stored->segment, capacity * sizeof *larger);
        if (larger != NULL) {
            stored->segment = larger;
            stored->capacity = capacity;
        }
    }
    if (stored->kept == stored->capacity)
        store->failed = true;
    else
        stored->segment[stored->kept++] = *segment;
}

/* Where the least bad one of those kept is: they are a heap. */
static void sift_down(struct store *store, uint32_t at)
{
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < store->count; child++)
            if (explain_badness(&store->stored[child]->conversation) <
                explain_badness(&store->stored[least]->conversation))
                least = child;
        if (least == at)
            return;
        struct stored *moved = store->stored[at];
        store->stored[at] = store->stored[least];
        store->stored[least] = moved;
        at = least;
    }
}

static bool make_room(struct store *store)
{
    if (store->count < store->capacity)
        return true;
    const uint32_t capacity = store->capacity == 0 ? 64 : store->capacity * 2;
    struct stored **larger = realloc(store->stored, capacity * sizeof(struct stored *));
    if (larger == NULL)
        return false;
    store->stored = larger;
    store->capacity = capacity;
    return true;
}

static void insert(struct store *store, struct stored *stored)
{
    const bool full = store->most != 0 && store->count == store->most;
    if (full) {
        destroy(store->stored[0]);
        store->stored[0] = stored;
        sift_down(store, 0);
        return;
    }
    store->stored[store->count++] = stored;
    if (store->most != 0 && store->count == store->most)
        for (uint32_t i = store->count / 2; i-- > 0;)
            sift_down(store, i);
}

static void take_conversation(void *context, struct explain_conversation *c)
{
    struct store *store = context;
    struct stored *stored = c->owner;
    c->owner = NULL;
    if (stored == NULL && store->most != 0 && store->count == store->most &&
        explain_badness(c) <= explain_badness(&store->stored[0]->conversation)) {
        store->forgotten++;
        return;
    }
    if (stored == NULL)
        stored = calloc(1, sizeof *stored);
    if (stored == NULL || !make_room(store)) {
        store->failed = true;
        if (stored != NULL)
            destroy(stored);
        return;
    }
    stored->conversation = *c;
    stored->finding = c->findings == 0 ? NULL : malloc(c->findings * sizeof *stored->finding);
    if (stored->finding == NULL)
        stored->conversation.findings = 0;
    else
        memcpy(stored->finding, c->finding, c->findings * sizeof *stored->finding);
    stored->conversation.finding = stored->finding;
    store->forgotten += store->most != 0 && store->count == store->most;
    insert(store, stored);
}

struct explain_observer store_observer(struct store *store)
{
    return (struct explain_observer){.context = store, .segment = take_segment, .conversation = take_conversation};
}

static int by_stream(const void *a, const void *b)
{
    const struct stored *const *x = a, *const *y = b;
    const uint32_t left = (*x)->conversation.stream, right = (*y)->conversation.stream;
    return left < right ? -1 : left > right;
}

static int by_badness(const void *a, const void *b)
{
    const struct stored *const *x = a, *const *y = b;
    const uint64_t left = explain_badness(&(*x)->conversation), right = explain_badness(&(*y)->conversation);
    return left > right ? -1 : left < right ? 1 : by_stream(a, b);
}

void store_sort(struct store *store, bool worst_first)
{
    if (store->count > 0)
        qsort(store->stored, store->count, sizeof(struct stored *), worst_first ? by_badness : by_stream);
}

const struct stored *store_find(const struct store *store, uint32_t stream)
{
    for (uint32_t i = 0; i < store->count; i++)
        if (store->stored[i]->conversation.stream == stream)
            return store->stored[i];
    return NULL;
}

void store_end(struct store *store)
{
    for (uint32_t i = 0; i < store->count; i++)
        destroy(store->stored[i]);
    free(store->stored);
    memset(store, 0, sizeof *store);
}
