#ifndef SEPTET_BASE_SEQ_H
#define SEPTET_BASE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/* Sequence number arithmetic modulo 2^32, RFC 9293 section 3.4. The comparisons
 * mean something only for numbers less than 2^31 apart; at exactly 2^31 apart
 * each is less than the other. */
static inline bool seq_lt(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }
static inline bool seq_leq(uint32_t a, uint32_t b) { return (int32_t)(a - b) <= 0; }
static inline bool seq_gt(uint32_t a, uint32_t b) { return (int32_t)(a - b) > 0; }
static inline bool seq_geq(uint32_t a, uint32_t b) { return (int32_t)(a - b) >= 0; }
static inline uint32_t seq_max(uint32_t a, uint32_t b) { return seq_gt(a, b) ? a : b; }
static inline uint32_t seq_min(uint32_t a, uint32_t b) { return seq_lt(a, b) ? a : b; }
/* a in [low, high): right for intervals of any length below 2^32; an empty interval holds nothing. */
static inline bool seq_in(uint32_t a, uint32_t low, uint32_t high) { return a - low < high - low; }

#endif
