#include "lab/watch.h"

#include <stdlib.h>

/* Any text as a scenario: refused with one line, or a world that runs. */

#define MEMORY ((size_t)8 << 20)
#define TIME (2 * SEPTET_SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *memory;
    struct arena arena;
    struct scenario scenario;
    struct lab_error error;

    memory = memory ? memory : malloc(MEMORY);
    if (!memory)
        return 0;
    arena_init(&arena, memory, MEMORY);
    if (!scenario_read(&arena, (const char *)data, size, &scenario, &error)) {
        if (error.line == 0 || error.text[0] == '\0')
            abort();
        return 0;
    }
    uint32_t instances = 0;
    for (uint32_t i = 0; i < scenario.programs; i++)
        instances += scenario.program[i].count;
    if (instances > 100)
        return 0;
    struct world *world = world_create(&arena, &scenario, scenario.seed, &error);
    if (world)
        world_run(world, TIME);
    return 0;
}
