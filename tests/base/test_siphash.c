#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/siphash.h"

#include <string.h>

/* Key 00 01 .. 0f, as in the paper. */
static const struct siphash_key paper_key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};

/* The authors' test vectors: input 00 01 02 .. of each length. */
static void official_vectors(void **state)
{
    static const uint64_t expected[] = {
        UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
        UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
        UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
        UINT64_C(0x9e0082df0ba9e4b0), UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
        UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90), UINT64_C(0xf723ca908e7af2ee),
        UINT64_C(0xa129ca6149be45e5),
    };
    uint8_t input[16];

    (void)state;
    for (uint8_t i = 0; i < sizeof input; i++) {
        input[i] = i;
        assert_true(siphash24(&paper_key, input, i) == expected[i]);
    }
    assert_true(siphash24(&paper_key, NULL, 0) == expected[0]);
}

/* SipHash-c-d in the most literal way, over bytes. */
static uint64_t literal_siphash(const struct siphash_key *key, const uint8_t *data, size_t length, int c, int d)
{
    uint64_t v[4] = {key->word[0] ^ UINT64_C(0x736f6d6570736575), key->word[1] ^ UINT64_C(0x646f72616e646f6d),
                     key->word[0] ^ UINT64_C(0x6c7967656e657261), key->word[1] ^ UINT64_C(0x7465646279746573)};
    const size_t blocks = length / 8 + 1;

    for (size_t block = 0; block <= blocks; block++) {
        uint64_t word = 0;

        for (size_t i = 8 * block; i < 8 * block + 8 && i < length; i++) {
            word |= (uint64_t)data[i] << (8 * (i % 8));
        }
        if (block == blocks - 1) {
            word |= (uint64_t)length << 56;
        }
        if (block < blocks) {
            v[3] ^= word;
        } else {
            v[2] ^= 0xff;
        }
        for (int round = 0; round < (block < blocks ? c : d); round++) {
            v[0] += v[1], v[1] = v[1] << 13 | v[1] >> 51, v[1] ^= v[0], v[0] = v[0] << 32 | v[0] >> 32;
            v[2] += v[3], v[3] = v[3] << 16 | v[3] >> 48, v[3] ^= v[2];
            v[0] += v[3], v[3] = v[3] << 21 | v[3] >> 43, v[3] ^= v[0];
            v[2] += v[1], v[1] = v[1] << 17 | v[1] >> 47, v[1] ^= v[2], v[2] = v[2] << 32 | v[2] >> 32;
        }
        if (block < blocks) {
            v[0] ^= word;
        }
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void bytes_at_all_lengths_and_alignments(void **state)
{
    uint8_t input[400];
    uint64_t random = 9;

    (void)state;
    for (size_t i = 0; i < sizeof input; i++) {
        input[i] = (uint8_t)splitmix64(&random);
    }
    for (size_t length = 0; length < 300; length++) {
        const struct siphash_key key = {{splitmix64(&random), splitmix64(&random)}};
        const uint8_t *data = input + length % 9;
        assert_true(siphash24(&key, data, length) == literal_siphash(&key, data, length, 2, 4));
    }
}

static void words_are_little_endian_bytes(void **state)
{
    uint64_t words[40], random = 10;
    uint8_t bytes[sizeof words];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        words[i] = splitmix64(&random);
        for (size_t j = 0; j < 8; j++) {
            bytes[8 * i + j] = (uint8_t)(words[i] >> (8 * j));
        }
    }
    for (size_t count = 0; count <= 40; count++) {
        const struct siphash_key key = {{splitmix64(&random), splitmix64(&random)}};
        assert_true(siphash13_words(&key, words, count) == literal_siphash(&key, bytes, 8 * count, 1, 3));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_vectors),
        cmocka_unit_test(bytes_at_all_lengths_and_alignments),
        cmocka_unit_test(words_are_little_endian_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
