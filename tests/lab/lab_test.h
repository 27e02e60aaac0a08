#ifndef TESTS_LAB_TEST_H
#define TESTS_LAB_TEST_H

#include "lab/expect.h"
#include "lab/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A world made from the text of a scenario, for tests. */
#define LAB_MEMORY ((size_t)64 << 20)
struct lab_fixture {
    struct arena arena;
    struct scenario scenario;
    struct lab_error error;
    struct world *world;
    struct watch *watch;
    struct story *story;
};

/* Reads a scenario; false with fixture->error. */
static inline bool lab_read(struct lab_fixture *lab, const char *text)
{
    static void *memory;

    if (!memory)
        memory = malloc(LAB_MEMORY);
    assert_non_null(memory);
    memset(lab, 0, sizeof *lab);
    arena_init(&lab->arena, memory, LAB_MEMORY);
    return scenario_read(&lab->arena, text, strlen(text), &lab->scenario, &lab->error);
}

/* The same, and the world with its watch and story. */
static inline void lab_make(struct lab_fixture *lab, const char *text)
{
    if (!lab_read(lab, text))
        fail_msg("line %u: %s", lab->error.line, lab->error.text);
    lab->world = world_create(&lab->arena, &lab->scenario, lab->scenario.seed, &lab->error);
    if (!lab->world)
        fail_msg("%s", lab->error.text);
    lab->watch = watch_create(&lab->arena, lab->world);
    lab->story = story_create(&lab->arena, lab->world);
    assert_non_null(lab->watch);
    assert_non_null(lab->story);
}

#define TWO_HOSTS "host a { address 10.0.0.1/24 }\nhost b { address 10.0.0.2/24 }\n"

#endif
