#ifndef TESTS_WIRE_TEST_H
#define TESTS_WIRE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "septet/address.h"

/* A heap block of exactly `length` bytes, so that ASan sees the first byte read beyond it. Free with free(). */
static inline uint8_t *exact_copy(const uint8_t *bytes, size_t length)
{
    uint8_t *block = malloc(length == 0 ? 1 : length);
    assert_non_null(block);
    memcpy(block, bytes, length);
    return block;
}

static inline void fill_random(uint64_t *state, uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)splitmix64(state);
}

static inline struct septet_address address_of(const char *text)
{
    struct septet_address address;
    assert_true(septet_address_parse(text, strlen(text), &address));
    return address;
}

#endif
