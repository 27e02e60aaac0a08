#include "base/checksum.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>

/* RFC 1071 section 2 (B): sums of byte-swapped words are byte-swapped sums. So
 * data is added up in the processor's own byte order, in words as wide as it
 * likes, and only the folded result of a piece is swapped. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define SUM_IS_SWAPPED false
#else
#define SUM_IS_SWAPPED true
#endif

static inline uint32_t swap16(uint32_t value) { return value >> 8 | (value & 0xff) << 8; }

static inline uint32_t fold(uint64_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

/* Adds with the carry brought back to the low end: 2^64 = 1 modulo 2^16 - 1. */
static inline uint64_t add_around(uint64_t a, uint64_t b)
{
    a += b;
    return a + (a < b);
}

/* Fixed-size moves of `size` bytes, which compile to one instruction each. */
#define MOVE(type)                                                                         \
    static inline uint64_t move_##type(uint8_t *restrict to, const uint8_t *restrict from) \
    {                                                                                      \
        type word;                                                                         \
                                                                                           \
        memcpy(&word, from, sizeof word);                                                  \
        if (to != NULL) {                                                                  \
            memcpy(to, &word, sizeof word);                                                \
        }                                                                                  \
        return word;                                                                       \
    }
MOVE(uint64_t)
MOVE(uint32_t)
MOVE(uint16_t)
#undef MOVE

static inline uint8_t *ahead(uint8_t *to, uint32_t bytes) { return to == NULL ? NULL : to + bytes; }

/* The last length < 32 bytes of a piece. An odd byte is padded with a zero behind it. */
static inline uint64_t sum_rest(uint64_t sum, uint8_t *restrict to, const uint8_t *restrict from, uint32_t length)
{
    for (; length >= 8; length -= 8, from += 8, to = ahead(to, 8)) {
        sum = add_around(sum, move_uint64_t(to, from));
    }
    if (length >= 4) {
        sum = add_around(sum, move_uint32_t(to, from));
        from += 4;
        to = ahead(to, 4);
        length -= 4;
    }
    if (length >= 2) {
        sum = add_around(sum, move_uint16_t(to, from));
        from += 2;
        to = ahead(to, 2);
        length -= 2;
    }
    if (length == 1) {
        if (to != NULL) {
            *to = *from;
        }
        sum = add_around(sum, SUM_IS_SWAPPED ? *from : (uint64_t)*from << 8);
    }
    return sum;
}

/* Sum of a piece in native order, not folded; copies it too if `to` is given.
 * Four sums, so that no addition waits for the carry of the one before. */
static inline uint64_t sum_piece(uint8_t *restrict to, const uint8_t *restrict from, uint32_t length)
{
    uint64_t a = 0, b = 0, c = 0, d = 0;

    for (; length >= 32; length -= 32, from += 32, to = ahead(to, 32)) {
        a = add_around(a, move_uint64_t(to, from));
        b = add_around(b, move_uint64_t(ahead(to, 8), from + 8));
        c = add_around(c, move_uint64_t(ahead(to, 16), from + 16));
        d = add_around(d, move_uint64_t(ahead(to, 24), from + 24));
    }
    return sum_rest(add_around(add_around(a, b), add_around(c, d)), to, from, length);
}

/* Takes the native sum of the next piece in. RFC 1071 section 2 (A) and (B): a
 * piece that starts at an odd offset has its bytes in the other halves of the words. */
static inline void add_piece(struct checksum *checksum, uint64_t sum, uint32_t length)
{
    const bool odd = checksum->length % 2 != 0;
    const uint32_t folded = fold(sum);

    checksum->sum += odd == SUM_IS_SWAPPED ? folded : swap16(folded);
    checksum->length += length;
}

void checksum_add(struct checksum *checksum, const uint8_t *data, uint32_t length)
{
    add_piece(checksum, sum_piece(NULL, data, length), length);
}

void checksum_copy(struct checksum *checksum, uint8_t *restrict to, const uint8_t *restrict from, uint32_t length)
{
    if (length > 0) {
        add_piece(checksum, sum_piece(to, from, length), length);
    }
}

void checksum_add16(struct checksum *checksum, uint16_t value)
{
    checksum->sum += value;
    checksum->length += 2;
}

void checksum_add32(struct checksum *checksum, uint32_t value)
{
    checksum->sum += (uint64_t)(value >> 16) + (value & 0xffff);
    checksum->length += 4;
}

uint16_t checksum_finish(const struct checksum *checksum) { return (uint16_t)~fold(checksum->sum); }

uint16_t checksum_replace16(uint16_t checksum, uint16_t before, uint16_t after)
{
    const uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~before + after;

    return (uint16_t)~fold(sum);
}
