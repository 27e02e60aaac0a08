#include "lab/random_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Random worlds of numbers that the fuzzer finds interesting. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *memory;
    struct arena arena;
    struct random_world_result result;
    uint64_t number = 0;

    memory = memory ? memory : malloc(RANDOM_WORLD_MEMORY);
    if (!memory)
        return 0;
    memcpy(&number, data, size < sizeof number ? size : sizeof number);
    arena_init(&arena, memory, RANDOM_WORLD_MEMORY);
    random_world_run(&arena, number, &result);
    if (result.failed) {
        fprintf(stderr, "%s\n", result.failure);
        abort();
    }
    return 0;
}
