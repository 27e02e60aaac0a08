#include "portable/run.h"

#include "lab/random_world.h"
#include "lab/watch.h"
#include "lab/world.h"

/* The portability gate: random worlds, and, for the lowest numbers, one of the shipped scenarios besides. */

/* { text, length } of each file of scenarios/, made by scripts/portability.sh. */
static const struct {
    const char *text;
    size_t length;
} shipped[] = {
#include "scenarios.inc"
};
#define SHIPPED (sizeof shipped / sizeof shipped[0])

static uint64_t mix(uint64_t digest, uint64_t value) { return (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15); }

static bool run_shipped(struct arena *arena, size_t index, uint64_t *digest)
{
    struct scenario scenario;
    struct lab_error error;
    arena->used = 0;
    arena->exhausted = false;
    if (!scenario_read(arena, shipped[index].text, shipped[index].length, &scenario, &error))
        return false;
    struct world *world = world_create(arena, &scenario, scenario.seed, &error);
    struct watch *watch = world != NULL ? watch_create(arena, world) : NULL;
    if (watch == NULL)
        return false;
    const enum world_end end = world_run(world, RANDOM_WORLD_LIMIT);
    *digest = mix(*digest, watch_digest(watch));
    return end == WORLD_QUIET && world_failure(world)[0] == '\0';
}

bool septet_portable_run(uint64_t first_seed, uint32_t count, uint8_t *memory, size_t size, uint64_t *digest)
{
    struct arena arena;
    bool good = true;
    *digest = 0;
    arena_init(&arena, memory, size);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t number = first_seed + i;
        struct random_world_result result;
        random_world_run(&arena, number, &result);
        *digest = mix(*digest, result.digest);
        good = good && !result.failed;
        if (number >= 1 && number <= SHIPPED)
            good = run_shipped(&arena, (size_t)number - 1, digest) && good;
    }
    return good;
}
