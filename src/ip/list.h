#ifndef SEPTET_IP_LIST_H
#define SEPTET_IP_LIST_H

#include "base/slab.h"

/* Doubly linked lists of slab objects, which are named by reference and carry their links as first member. */
struct link {
    uint32_t next, previous;
};
struct list {
    uint32_t first, last, count;
};

static inline struct link *list_link(const struct slab *slab, uint32_t reference) { return slab_at(slab, reference); }

static inline void list_append(struct list *list, const struct slab *slab, uint32_t reference)
{
    *list_link(slab, reference) = (struct link){.previous = list->last};
    if (list->last != 0)
        list_link(slab, list->last)->next = reference;
    else
        list->first = reference;
    list->last = reference;
    list->count++;
}

static inline void list_prepend(struct list *list, const struct slab *slab, uint32_t reference)
{
    *list_link(slab, reference) = (struct link){.next = list->first};
    if (list->first != 0)
        list_link(slab, list->first)->previous = reference;
    else
        list->last = reference;
    list->first = reference;
    list->count++;
}

/* The object must be in this list. */
static inline void list_remove(struct list *list, const struct slab *slab, uint32_t reference)
{
    const struct link link = *list_link(slab, reference);
    if (link.next != 0)
        list_link(slab, link.next)->previous = link.previous;
    else
        list->last = link.previous;
    if (link.previous != 0)
        list_link(slab, link.previous)->next = link.next;
    else
        list->first = link.next;
    list->count--;
}

/* Takes the first object out; 0 when there is none. */
static inline uint32_t list_take(struct list *list, const struct slab *slab)
{
    const uint32_t reference = list->first;
    if (reference != 0)
        list_remove(list, slab, reference);
    return reference;
}

#endif
