#ifndef SEPTET_BASE_SIPHASH_H
#define SEPTET_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* The sixteen bytes of a key, read as two little-endian words. */
struct siphash_key {
    uint64_t word[2];
};
/* SipHash-2-4 over bytes: for everything an attacker must not predict. data may be NULL if length is 0. */
uint64_t siphash24(const struct siphash_key *key, const void *data, size_t length);
/* SipHash-1-3 over count 64-bit words: for hash tables. The words are numbers, so
 * the result is the same on every processor: that over their little-endian bytes. */
uint64_t siphash13_words(const struct siphash_key *key, const uint64_t *words, size_t count);

#endif
