#include "base/siphash.h"

/* SipHash as defined by Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static inline struct state start(const struct siphash_key *key)
{
    return (struct state){
        .v0 = key->word[0] ^ UINT64_C(0x736f6d6570736575),
        .v1 = key->word[1] ^ UINT64_C(0x646f72616e646f6d),
        .v2 = key->word[0] ^ UINT64_C(0x6c7967656e657261),
        .v3 = key->word[1] ^ UINT64_C(0x7465646279746573),
    };
}

static inline void rounds(struct state *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 = rotate(s->v2, 32);
    }
}

static inline void absorb(struct state *s, uint64_t word, int count)
{
    s->v3 ^= word;
    rounds(s, count);
    s->v0 ^= word;
}

static inline uint64_t finish(struct state *s, int count)
{
    s->v2 ^= 0xff;
    rounds(s, count);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t load_little64(const uint8_t *p)
{
    return (uint64_t)p[7] << 56 | (uint64_t)p[6] << 48 | (uint64_t)p[5] << 40 | (uint64_t)p[4] << 32 |
           (uint64_t)p[3] << 24 | (uint64_t)p[2] << 16 | (uint64_t)p[1] << 8 | p[0];
}

uint64_t siphash24(const struct siphash_key *key, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    struct state s = start(key);
    uint64_t last = (uint64_t)length << 56;
    size_t left = length;

    for (; left >= 8; left -= 8, bytes += 8) {
        absorb(&s, load_little64(bytes), 2);
    }
    for (size_t i = 0; i < left; i++) {
        last |= (uint64_t)bytes[i] << (8 * i);
    }
    absorb(&s, last, 2);
    return finish(&s, 4);
}

uint64_t siphash13_words(const struct siphash_key *key, const uint64_t *words, size_t count)
{
    struct state s = start(key);

    for (size_t i = 0; i < count; i++) {
        absorb(&s, words[i], 1);
    }
    absorb(&s, (uint64_t)count << 59, 1); /* the length in bytes, modulo 256, in the top byte */
    return finish(&s, 3);
}
