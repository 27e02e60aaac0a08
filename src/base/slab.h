#ifndef SEPTET_BASE_SLAB_H
#define SEPTET_BASE_SLAB_H

#include <stdint.h>

/* A slab hands out equal objects from one piece of memory. References are
 * 1-based; 0 means none. Memory that was never handed out is never touched, so
 * a large slab costs an operating system nothing until it is used. Free objects
 * keep the free list in their first four bytes; the rest of a freed object is left as it was. */
struct slab {
    uint8_t *memory;
    uint32_t size;  /* bytes of each object */
    uint32_t total; /* objects */
    uint32_t used;  /* objects handed out now */
    uint32_t high;  /* most ever handed out at once */
    uint32_t fresh; /* objects ever handed out: those above were never touched */
    uint32_t free;  /* first of the free list, 0 = none */
};

/* The memory stays the caller's: total * size bytes, aligned as the objects need
 * it, that outlive the slab. size >= 4. */
void slab_init(struct slab *slab, void *memory, uint32_t size, uint32_t total);
/* A reference to an object with arbitrary content; 0 when all are in use. The one
 * returned last is handed out first. */
uint32_t slab_take(struct slab *slab);
/* Gives back what slab_take gave, once. No effect for 0 and for references that were never handed out. */
void slab_return(struct slab *slab, uint32_t reference);
/* Objects that slab_take can still give. */
static inline uint32_t slab_available(const struct slab *slab) { return slab->total - slab->used; }
/* The object of a reference in [1, total]. */
static inline void *slab_at(const struct slab *slab, uint32_t reference)
{
    return slab->memory + (uint64_t)(reference - 1) * slab->size;
}
/* The reference of an object, given the address of its first byte or any other of its bytes. */
static inline uint32_t slab_reference(const struct slab *slab, const void *object)
{
    return (uint32_t)((uint64_t)((const uint8_t *)object - slab->memory) / slab->size) + 1;
}

#endif
