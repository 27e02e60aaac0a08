#include "wire_test.h"

#include "wire/tcp.h"

/* A table of option bytes as text of C ("\x02\x04...") and its length. */
#define OPTIONS(text) (const uint8_t *)(text), sizeof(text) - 1

static struct tcp_options parse(const uint8_t *bytes, size_t length, bool syn)
{
    struct tcp_options options;
    memset(&options, 0xa5, sizeof options);
    uint8_t *copy = exact_copy(bytes, length);
    tcp_options_parse(copy, (uint32_t)length, syn, &options);
    free(copy);
    return options;
}

static void no_options(void **state)
{
    (void)state;
    struct tcp_options options;
    memset(&options, 0xa5, sizeof options);
    tcp_options_parse(NULL, 0, true, &options);
    assert_false(options.has_mss || options.has_window_scale || options.sack_permitted || options.has_timestamps ||
                 options.has_fastopen || options.malformed);
    assert_int_equal(options.sack_count, 0);
}

/* MUST-4 and the options of a usual SYN. */
static void usual_syn(void **state)
{
    (void)state;
    struct tcp_options options =
        parse(OPTIONS("\x02\x04\x05\xb4\x04\x02\x08\x0a\x00\x00\x00\x07\x00\x00\x00\x09\x01\x03\x03\x07"), true);
    assert_true(options.has_mss && options.has_window_scale && options.sack_permitted && options.has_timestamps);
    assert_int_equal(options.mss, 1460);
    assert_int_equal(options.window_scale, 7);
    assert_int_equal(options.ts_val, 7);
    assert_int_equal(options.ts_ecr, 9);
    assert_false(options.malformed);
}

/* MUST-5: options are read in any segment; those that only a SYN may carry do not count elsewhere. */
static void syn_options_count_in_a_syn_only(void **state)
{
    (void)state;
    struct tcp_options options =
        parse(OPTIONS("\x02\x04\x05\xb4\x04\x02\x08\x0a\x00\x00\x00\x07\x00\x00\x00\x09\x22\x02\x03\x03\x07"), false);
    assert_false(options.has_mss || options.has_window_scale || options.sack_permitted || options.has_fastopen);
    assert_true(options.has_timestamps);
}

static void aligned_timestamps(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 1, 8, 10, 0x80, 0, 0, 1, 0, 0, 0, 2};
    for (int syn = 0; syn < 2; syn++) {
        struct tcp_options options = parse(bytes, sizeof bytes, syn != 0);
        assert_true(options.has_timestamps);
        assert_int_equal(options.ts_val, 0x80000001);
        assert_int_equal(options.ts_ecr, 2);
        assert_false(options.malformed || options.has_mss);
    }
}

/* MUST-6, MUST-68: unknown kinds have a length and are passed over by it. */
static void unknown_options_are_skipped(void **state)
{
    (void)state;
    struct tcp_options options = parse(OPTIONS("\xfa\x04\x02\x04\x02\x04\x02\x00"), true);
    assert_true(options.has_mss);
    assert_int_equal(options.mss, 512);
    options = parse(OPTIONS("\x1e\x02\xfd\x06\xff\xff\xff\xff\xac\x05\x01\x02\x03\x02\x04\x02\x00"), true);
    assert_int_equal(options.mss, 512);
    assert_false(options.malformed);
}

/* MUST-7, A26: an illegal length ends the walk; what stood before it counts. */
static void illegal_lengths_are_malformed(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *bytes;
        size_t length;
    } table[] = {
        {OPTIONS("\x02\x04\x02\x00\xfa\x00\x03\x03\x05")},
        {OPTIONS("\x02\x04\x02\x00\xfa\x01\x03\x03\x05")},
        {OPTIONS("\x02\x04\x02\x00\xfa\x06\x03\x03\x05")},
        {OPTIONS("\x02\x04\x02\x00\xfa\xff\x03\x03\x05")},
        {OPTIONS("\x02\x04\x02\x00\x03")},
        {OPTIONS("\x02\x04\x02\x00\x03\x00\x05")},
        {OPTIONS("\x02\x04\x02\x00\x08\x0a\x00\x00\x00\x00\x00\x00\x00")},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tcp_options options = parse(table[i].bytes, table[i].length, true);
        assert_true(options.malformed);
        assert_true(options.has_mss);
        assert_int_equal(options.mss, 512);
        assert_false(options.has_window_scale || options.has_timestamps);
    }
}

/* A known kind of the wrong length is passed over by that length. */
static void wrong_length_of_a_known_kind(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *bytes;
        size_t length;
    } table[] = {
        {OPTIONS("\x02\x03\x01\x04\x02")},
        {OPTIONS("\x02\x05\x01\x01\x01\x04\x02")},
        {OPTIONS("\x03\x02\x04\x02")},
        {OPTIONS("\x03\x04\x01\x01\x04\x02")},
        {OPTIONS("\x08\x09\x01\x01\x01\x01\x01\x01\x01\x04\x02")},
        {OPTIONS("\x08\x0b\x01\x01\x01\x01\x01\x01\x01\x01\x01\x04\x02")},
        {OPTIONS("\x05\x02\x04\x02")},
        {OPTIONS("\x05\x09\x01\x01\x01\x01\x01\x01\x01\x04\x02")},
        {OPTIONS("\x22\x03\x01\x04\x02")},
        {OPTIONS("\x22\x04\x01\x01\x04\x02")},
        {OPTIONS("\x22\x07\x01\x01\x01\x01\x01\x04\x02")},
        {OPTIONS("\x04\x03\x01\x04\x02")},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tcp_options options = parse(table[i].bytes, table[i].length, true);
        assert_false(options.malformed || options.has_mss || options.has_window_scale || options.has_timestamps ||
                     options.has_fastopen);
        assert_int_equal(options.sack_count, 0);
        assert_true(options.sack_permitted);
    }
    assert_false(parse(OPTIONS("\x04\x03\x01"), true).sack_permitted);
}

/* MUST-64: options need not begin on a word. */
static void any_alignment(void **state)
{
    (void)state;
    for (uint32_t shift = 0; shift < 20; shift++) {
        uint8_t bytes[40];
        memset(bytes, TCP_OPTION_NOP, sizeof bytes);
        uint32_t at = shift;
        at += tcp_option_window_scale(bytes + at, 14);
        at += tcp_option_mss(bytes + at, 1440);
        at += tcp_option_timestamps(bytes + at, 1, 2);
        at += tcp_option_sack_permitted(bytes + at);
        struct tcp_options options = parse(bytes, at, true);
        assert_true(options.has_mss && options.has_window_scale && options.has_timestamps && options.sack_permitted);
        assert_int_equal(options.mss, 1440);
    }
}

/* MUST-69: what stands behind the end of the list is padding, whatever it holds. */
static void end_of_list(void **state)
{
    (void)state;
    struct tcp_options options = parse(OPTIONS("\x02\x04\x02\x00\x00\x03\x03\x05\x08\x00"), true);
    assert_true(options.has_mss);
    assert_false(options.has_window_scale || options.malformed);
}

static void the_last_duplicate_wins(void **state)
{
    (void)state;
    struct tcp_options options = parse(OPTIONS("\x02\x04\x02\x00\x03\x03\x01\x02\x04\x05\xb4\x03\x03\xff"), true);
    assert_int_equal(options.mss, 1460);
    assert_int_equal(options.window_scale, 255);
}

/* RFC 2018 section 3. */
static void sack_blocks(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (uint32_t count = 0; count <= 6; count++) {
        struct sack_block blocks[6];
        uint8_t bytes[40];
        fill_random(&seed, (uint8_t *)blocks, sizeof blocks);
        uint32_t length = tcp_option_sack(bytes, blocks, count);
        uint32_t kept = count > 4 ? 4 : count;
        assert_int_equal(length, 2 + 8 * kept);
        struct tcp_options options = parse(bytes, length, false);
        assert_int_equal(options.sack_count, kept);
        assert_memory_equal(options.sack, blocks, kept * sizeof blocks[0]);
    }
}

/* RFC 7413 section 4.1.1. */
static void fastopen_cookies(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (uint8_t length = 0; length <= 16; length++) {
        uint8_t bytes[40], cookie[16];
        fill_random(&seed, cookie, sizeof cookie);
        uint32_t written = tcp_option_fastopen(bytes, length ? cookie : NULL, length);
        assert_int_equal(written, 2 + length);
        struct tcp_options options = parse(bytes, written, true);
        assert_int_equal(options.has_fastopen, length == 0 || (length >= 4 && length % 2 == 0));
        if (!options.has_fastopen)
            continue;
        assert_int_equal(options.fastopen_length, length);
        assert_memory_equal(options.fastopen_cookie, cookie, length);
    }
}

/* A26: any forty bytes are walked in order, in bounds, in at most forty steps, to the same result as the parser's. */
static void hostile_bytes_are_walked_in_bounds(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 50000; i++) {
        uint8_t bytes[40];
        uint32_t length = (uint32_t)(splitmix64(&seed) % 41);
        fill_random(&seed, bytes, sizeof bytes);
        for (uint32_t at = 0; at < length; at++)
            if (splitmix64(&seed) % 2)
                bytes[at] %= 12;
        uint8_t *copy = exact_copy(bytes, length);
        struct tcp_option_cursor cursor = {.at = copy, .left = length};
        struct tcp_option option;
        uint32_t walked = 0, steps = 0;
        while (tcp_option_next(&cursor, &option)) {
            assert_ptr_equal(option.bytes, copy + walked);
            assert_true(option.length >= 1 && walked + option.length <= length);
            assert_int_equal(option.kind, copy[walked]);
            walked += option.length;
            assert_true(++steps <= 40);
        }
        struct tcp_options options;
        tcp_options_parse(copy, length, splitmix64(&seed) % 2, &options);
        assert_int_equal(options.malformed, cursor.malformed);
        assert_true(options.sack_count <= 4 && options.fastopen_length <= 16);
        free(copy);
    }
}

/* The walker shows every option in order, the end of the list included. */
static void walk_in_order(void **state)
{
    static const uint8_t bytes[] = {1, 2, 4, 5, 0xb4, 1, 0, 3, 3, 7};
    static const uint8_t kinds[] = {1, 2, 1, 0};
    (void)state;
    struct tcp_option_cursor cursor = {.at = bytes, .left = sizeof bytes};
    struct tcp_option option;
    for (size_t i = 0; i < sizeof kinds; i++) {
        assert_true(tcp_option_next(&cursor, &option));
        assert_int_equal(option.kind, kinds[i]);
    }
    assert_false(tcp_option_next(&cursor, &option));
    assert_false(cursor.malformed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_options),
        cmocka_unit_test(usual_syn),
        cmocka_unit_test(syn_options_count_in_a_syn_only),
        cmocka_unit_test(aligned_timestamps),
        cmocka_unit_test(unknown_options_are_skipped),
        cmocka_unit_test(illegal_lengths_are_malformed),
        cmocka_unit_test(wrong_length_of_a_known_kind),
        cmocka_unit_test(any_alignment),
        cmocka_unit_test(end_of_list),
        cmocka_unit_test(the_last_duplicate_wins),
        cmocka_unit_test(sack_blocks),
        cmocka_unit_test(fastopen_cookies),
        cmocka_unit_test(hostile_bytes_are_walked_in_bounds),
        cmocka_unit_test(walk_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
