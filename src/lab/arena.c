#include "lab/arena.h"

#include "base/memory.h"

#define ANY_ALIGNMENT 16

void arena_init(struct arena *arena, void *memory, size_t size)
{
    *arena = (struct arena){.memory = memory, .size = size};
}

void *arena_take(struct arena *arena, size_t size, size_t alignment)
{
    uintptr_t at = (uintptr_t)arena->memory + arena->used;
    size_t padding = (size_t)((alignment - (at & (alignment - 1))) & (alignment - 1));
    size_t left = arena->size - arena->used;

    if (padding > left || size > left - padding) {
        arena->exhausted = true;
        return NULL;
    }
    arena->used += padding + size;
    return arena->memory + (arena->used - size);
}

void *arena_zeroed(struct arena *arena, size_t size)
{
    void *memory = arena_take(arena, size, ANY_ALIGNMENT);

    if (memory)
        memset(memory, 0, size);
    return memory;
}

void *arena_append(struct arena *arena, void *array, uint32_t *count, uint32_t *capacity, size_t size)
{
    uint8_t *objects;

    memcpy(&objects, array, sizeof objects);
    if (*count == *capacity) {
        uint32_t wanted = *capacity ? *capacity * 2 : 8;
        uint8_t *moved = arena_take(arena, wanted * size, ANY_ALIGNMENT);
        if (!moved)
            return NULL;
        if (*count)
            memcpy(moved, objects, *count * size);
        memcpy(array, &moved, sizeof moved);
        objects = moved;
        *capacity = wanted;
    }
    uint8_t *object = objects + *count * size;
    memset(object, 0, size);
    (*count)++;
    return object;
}
