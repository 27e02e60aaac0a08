#ifndef SEPTET_LAB_ARENA_H
#define SEPTET_LAB_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory handed out from front to back of one piece that the caller gave. Nothing is ever given back
 * alone: forgetting the arena, or winding it back to an earlier `used`, returns everything. */
struct arena {
    uint8_t *memory;
    size_t size, used;
    bool exhausted; /* a request was refused */
};

void arena_init(struct arena *arena, void *memory, size_t size);

/* `size` bytes of arbitrary content at a multiple of `alignment` (a power of two); NULL when there is no room. */
void *arena_take(struct arena *arena, size_t size, size_t alignment);
/* The same, filled with zeros, aligned for any object. */
void *arena_zeroed(struct arena *arena, size_t size);

/* A growing array, `array` the address of the pointer to its first object: an object of `size` zeroed bytes is added
 * behind the *count there are. When *capacity is used up the array moves to twice the room (the old one stays behind in
 * the arena). NULL when there is no room. */
void *arena_append(struct arena *arena, void *array, uint32_t *count, uint32_t *capacity, size_t size);

#endif
