#ifndef SEPTET_BASE_RANDOM_H
#define SEPTET_BASE_RANDOM_H

#include "base/siphash.h"

/* Deterministic numbers from a seed that an observer cannot predict: SipHash-2-4
 * of a counter. Not for long-term secrets: whoever reads the state knows all
 * numbers, past ones too. */
struct random {
    struct siphash_key key;
    uint64_t counter;
};
/* The seed must come from an entropy source, or be chosen for a repeatable run. */
void random_init(struct random *random, uint64_t seed_high, uint64_t seed_low);
uint64_t random_next(struct random *random);                  /* uniform in the whole range */
uint32_t random_below(struct random *random, uint32_t bound); /* uniform in [0, bound), bound > 0; 0 for 0 */

/* Small fast generator for simulations (splitmix64): not for secrets. Any state is a good seed. */
uint64_t splitmix64(uint64_t *state);

#endif
