#include "wire_test.h"

#include "wire/icmp.h"
#include "wire/wire.h"

static void options_in_order(void **state)
{
    (void)state;
    uint8_t bytes[8 + 32 + 8] = {NDP_OPTION_SOURCE_LINK, 1};
    bytes[8] = NDP_OPTION_PREFIX;
    bytes[9] = 4;
    bytes[40] = 250;
    bytes[41] = 1;
    struct ndp_cursor cursor = {.at = bytes, .left = sizeof bytes};
    struct ndp_option option;
    assert_true(ndp_option_next(&cursor, &option));
    assert_int_equal(option.type, NDP_OPTION_SOURCE_LINK);
    assert_int_equal(option.length, 8);
    assert_true(ndp_option_next(&cursor, &option));
    assert_int_equal(option.type, NDP_OPTION_PREFIX);
    assert_int_equal(option.length, 32);
    assert_ptr_equal(option.bytes, bytes + 8);
    assert_true(ndp_option_next(&cursor, &option));
    assert_int_equal(option.type, 250);
    assert_false(ndp_option_next(&cursor, &option));
    assert_int_equal(cursor.error, wire_none);
}

/* RFC 4861 section 4.6: length 0 makes the packet invalid; B17 for an option cut at each byte. */
static void wrong_lengths(void **state)
{
    (void)state;
    for (uint32_t units = 0; units < 4; units++) {
        for (uint32_t present = 0; present <= 24; present++) {
            uint8_t bytes[24] = {1, (uint8_t)units};
            uint8_t *copy = exact_copy(bytes, present);
            struct ndp_cursor cursor = {.at = copy, .left = present};
            struct ndp_option option;
            bool found = ndp_option_next(&cursor, &option);
            assert_int_equal(found, units > 0 && units * 8 <= present);
            enum wire_error expected = wire_truncated;
            if (found || present == 0)
                expected = wire_none;
            else if (present >= 2 && units == 0)
                expected = wire_option;
            assert_int_equal(cursor.error, expected);
            if (expected != wire_none)
                assert_false(ndp_option_next(&cursor, &option));
            free(copy);
        }
    }
}

static void error_texts(void **state)
{
    (void)state;
    for (int error = wire_none; error <= wire_unsupported; error++)
        assert_true(strlen(wire_error_text((enum wire_error)error)) > 5);
    assert_string_equal(wire_error_text(wire_checksum), "checksum wrong");
    assert_string_equal(wire_error_text((enum wire_error)100), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_in_order),
        cmocka_unit_test(wrong_lengths),
        cmocka_unit_test(error_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
