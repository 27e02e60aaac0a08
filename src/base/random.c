#include "base/random.h"

void random_init(struct random *random, uint64_t seed_high, uint64_t seed_low)
{
    *random = (struct random){.key = {{seed_low, seed_high}}};
}

uint64_t random_next(struct random *random)
{
    uint8_t bytes[8];

    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(random->counter >> (8 * i));
    }
    random->counter++;
    return siphash24(&random->key, bytes, sizeof bytes);
}

/* Lemire's multiplication: the high half of draw * bound is the result, and the
 * few draws whose low half would make some results more likely are thrown away.
 * Each draw is kept with a probability of more than one half. */
uint32_t random_below(struct random *random, uint32_t bound)
{
    uint64_t product = (random_next(random) >> 32) * bound;

    if ((uint32_t)product < bound) {
        const uint32_t reject_below = (0 - bound) % bound;
        while ((uint32_t)product < reject_below) {
            product = (random_next(random) >> 32) * bound;
        }
    }
    return (uint32_t)(product >> 32);
}

uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
