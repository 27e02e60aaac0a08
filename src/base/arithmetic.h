#ifndef SEPTET_BASE_ARITHMETIC_H
#define SEPTET_BASE_ARITHMETIC_H

#include <stdint.h>

static inline uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t max_u32(uint32_t a, uint32_t b) { return a > b ? a : b; }
static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max_i64(int64_t a, int64_t b) { return a > b ? a : b; }
/* a + b, or UINT32_MAX when that does not fit. */
static inline uint32_t add_saturate_u32(uint32_t a, uint32_t b) { return a > UINT32_MAX - b ? UINT32_MAX : a + b; }
/* Bits that are set. Not the compiler's own: that calls its library where the processor has no instruction. */
static inline uint32_t count_bits_u64(uint64_t value)
{
    value -= value >> 1 & UINT64_C(0x5555555555555555);
    value = (value & UINT64_C(0x3333333333333333)) + (value >> 2 & UINT64_C(0x3333333333333333));
    value = (value + (value >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(value * UINT64_C(0x0101010101010101) >> 56);
}
/* a * b / c, rounded down, without overflow of the product; UINT64_MAX when the quotient does not fit or c is 0. */
uint64_t mul_div_u64(uint64_t a, uint64_t b, uint64_t c);
/* Integer cube root, rounded down: at most 2642245. */
uint32_t cube_root_u64(uint64_t value);

#endif
