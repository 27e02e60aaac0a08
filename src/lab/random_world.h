#ifndef SEPTET_LAB_RANDOM_WORLD_H
#define SEPTET_LAB_RANDOM_WORLD_H

#include "lab/scenario.h"

/* Worlds made of a number: topology, faults, configurations and what the applications do. Each number gives the
 * same world on every machine. */

/* Virtual time without any progress after which one counts as stuck. */
#define RANDOM_WORLD_LIMIT (INT64_C(7200) * SEPTET_SECOND)
/* Memory that any of them fits in. */
#define RANDOM_WORLD_MEMORY ((size_t)32 << 20)

struct random_world_result {
    uint64_t digest; /* of all frames, times and fates */
    uint64_t frames;
    uint32_t connections;
    int64_t time; /* virtual, when it ended */
    bool failed;
    char failure[360]; /* seed, time and what broke */
};

/* Makes the scenario of a number. False when the arena is full. */
bool random_world_make(struct arena *arena, uint64_t number, struct scenario *scenario);

/* Makes a random world in the arena (of which everything is taken anew) and runs it to its end, watched. */
void random_world_run(struct arena *arena, uint64_t number, struct random_world_result *result);

#endif
