#ifndef SEPTET_TESTS_DRILL_TEST_H
#define SEPTET_TESTS_DRILL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drill/syntax.h"

/* A script read from a string. */
struct reading {
    uint8_t memory[1 << 18];
    struct arena arena;
    struct drill_defines defines;
    struct drill_script script;
    struct drill_error error;
};

static inline bool reading_parse(struct reading *reading, const char *text)
{
    memset(&reading->error, 0, sizeof reading->error);
    if (reading->arena.memory == NULL)
        arena_init(&reading->arena, reading->memory, sizeof reading->memory);
    return drill_parse(&reading->arena, text, strlen(text), &reading->defines, &reading->script, &reading->error);
}

static inline void reading_define(struct reading *reading, const char *assignment)
{
    if (reading->arena.memory == NULL)
        arena_init(&reading->arena, reading->memory, sizeof reading->memory);
    assert_true(drill_define_add(&reading->arena, &reading->defines, slice_of(assignment)));
}

#define assert_slice(slice, words)                             \
    do {                                                       \
        assert_int_equal((slice).length, strlen(words));       \
        assert_memory_equal((slice).at, words, strlen(words)); \
    } while (0)

#endif
