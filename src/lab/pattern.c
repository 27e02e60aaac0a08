#include "base/bytes.h"
#include "base/random.h"
#include "lab/world.h"

static uint64_t word_at(uint64_t key, uint64_t index)
{
    uint64_t state = key + index * UINT64_C(0x9e3779b97f4a7c15);

    return splitmix64(&state);
}

void pattern_fill(uint64_t key, uint64_t position, uint8_t *to, size_t length)
{
    size_t at = 0;

    while (at < length) {
        uint64_t word = word_at(key, (position + at) >> 3);
        uint32_t skip = (uint32_t)(position + at) & 7;
        if (skip == 0 && length - at >= 8) {
            store64(to + at, word);
            at += 8;
            continue;
        }
        for (; skip < 8 && at < length; skip++)
            to[at++] = (uint8_t)(word >> (56 - 8 * skip));
    }
}

size_t pattern_check(uint64_t key, uint64_t position, const uint8_t *bytes, size_t length)
{
    size_t at = 0;

    while (at < length) {
        uint64_t word = word_at(key, (position + at) >> 3);
        uint32_t skip = (uint32_t)(position + at) & 7;
        if (skip == 0 && length - at >= 8 && load64(bytes + at) == word) {
            at += 8;
            continue;
        }
        for (; skip < 8 && at < length; skip++, at++)
            if (bytes[at] != (uint8_t)(word >> (56 - 8 * skip)))
                return at;
    }
    return length;
}

uint64_t pattern_key(const struct septet_address *from, uint16_t from_port, const struct septet_address *to,
                     uint16_t to_port)
{
    uint64_t key = (uint64_t)from_port << 16 | to_port;

    key = splitmix64(&key) ^ load64(from->bytes + 8);
    key = splitmix64(&key) ^ load64(from->bytes);
    key = splitmix64(&key) ^ load64(to->bytes + 8);
    key = splitmix64(&key) ^ load64(to->bytes);
    return splitmix64(&key);
}
