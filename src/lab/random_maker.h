#ifndef SEPTET_LAB_RANDOM_MAKER_H
#define SEPTET_LAB_RANDOM_MAKER_H

#include "base/random.h"
#include "lab/scenario.h"

/* What the parts that make random worlds share; for src/lab/random_*.c only. */
struct maker {
    struct arena *arena;
    struct scenario *scenario;
    uint64_t random;
    bool ipv4, full;                /* full: the arena is */
    uint16_t client, server;        /* hosts at the two ends */
    struct scenario_action nowhere; /* takes what has no room */
    uint32_t patience;              /* bytes that may be sent, at most, so that a world does not take too long */
};

static inline uint32_t maker_below(struct maker *maker, uint32_t bound)
{
    return (uint32_t)((splitmix64(&maker->random) >> 32) * bound >> 32);
}
static inline uint32_t maker_between(struct maker *maker, uint32_t low, uint32_t high)
{
    return low + maker_below(maker, high - low + 1);
}
static inline bool maker_chance(struct maker *maker, uint32_t percent) { return maker_below(maker, 100) < percent; }
/* Small numbers as likely as large ones: uniform in the number of bits. */
static inline uint32_t maker_scaled(struct maker *maker, uint32_t low, uint32_t high)
{
    uint32_t bits = 1;

    while (bits < 32 && high >> bits)
        bits++;
    uint32_t value = (uint32_t)(splitmix64(&maker->random) >> 32) >> maker_between(maker, 32 - bits, 31);
    return value < low ? low : value > high ? high : value;
}

void random_topology(struct maker *maker);
void random_programs(struct maker *maker);

#endif
