#ifndef SEPTET_TRACE_HANDLE_H
#define SEPTET_TRACE_HANDLE_H

#include "septet/septet.h"

/* A handle: kind in bits 60..63, generation in bits 32..59, 1-based index in bits 0..31. */
enum handle_kind { HANDLE_NONE, HANDLE_CONNECTION, HANDLE_LISTENER, HANDLE_SOCKET };

/* Generations count modulo 2^28. */
#define HANDLE_GENERATION_MASK UINT32_C(0x0fffffff)

static inline septet_handle handle_make(enum handle_kind kind, uint32_t generation, uint32_t index)
{
    return (uint64_t)kind << 60 | (uint64_t)(generation & HANDLE_GENERATION_MASK) << 32 | index;
}
/* May be a number that is no enum handle_kind: handles come from outside. */
static inline unsigned handle_kind(septet_handle handle) { return (unsigned)(handle >> 60); }
static inline uint32_t handle_generation(septet_handle handle)
{
    return (uint32_t)(handle >> 32) & HANDLE_GENERATION_MASK;
}
/* May be 0 or beyond the table it is meant for. */
static inline uint32_t handle_index(septet_handle handle) { return (uint32_t)handle; }

#endif
