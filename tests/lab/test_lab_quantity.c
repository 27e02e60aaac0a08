#include "lab/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Numbers with units, exactly, and everything else refused. */

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"1ns", 1},
                {"50us", 50000},
                {"10ms", 10000000},
                {"1.5s", 1500000000},
                {"2min", INT64_C(120000000000)},
                {"1h", INT64_C(3600000000000)},
                {"0.5d", INT64_C(43200000000000)},
                {"0.000000001s", 1},
                {"0.1234567891s", -1},
                {"3.25us", 3250}};
    static const char *const bad[] = {"",    "10",  "ms",    "-1s",      "1.s",  ".5s",
                                      "1 s", "1ss", "1.5ns", "1000000d", "1e3s", "99999999999999999999s"};
    int64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        value = -1;
        assert_int_equal(quantity_duration(slice_of(good[i].text), &value), good[i].value >= 0);
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value = 77;
        assert_false(quantity_duration(slice_of(bad[i]), &value));
        assert_int_equal(value, 77);
    }
}

static void sizes(void **state)
{
    uint64_t value = 0;

    (void)state;
    assert_true(quantity_size(slice_of("1448"), &value));
    assert_int_equal(value, 1448);
    assert_true(quantity_size(slice_of("10k"), &value));
    assert_int_equal(value, 10000);
    assert_true(quantity_size(slice_of("10kb"), &value));
    assert_int_equal(value, 10240);
    assert_true(quantity_size(slice_of("1.5mb"), &value));
    assert_int_equal(value, 1572864);
    assert_true(quantity_size(slice_of("2g"), &value));
    assert_int_equal(value, 2000000000);
    assert_false(quantity_size(slice_of("1.5"), &value));
    assert_false(quantity_size(slice_of("1000000gb"), &value));
    assert_false(quantity_size(slice_of("k"), &value));
}

static void rates(void **state)
{
    uint64_t value = 7;

    (void)state;
    assert_true(quantity_rate(slice_of("10mbit"), &value));
    assert_int_equal(value, 10000000);
    assert_true(quantity_rate(slice_of("56.7kbit"), &value));
    assert_int_equal(value, 56700);
    assert_true(quantity_rate(slice_of("unlimited"), &value));
    assert_int_equal(value, 0);
    assert_false(quantity_rate(slice_of("10"), &value));
    assert_false(quantity_rate(slice_of("10mb"), &value));
}

static void probabilities(void **state)
{
    uint32_t value = 7;

    (void)state;
    assert_true(quantity_probability(slice_of("1%"), &value));
    assert_int_equal(value, 10000);
    assert_true(quantity_probability(slice_of("0.25"), &value));
    assert_int_equal(value, 250000);
    assert_true(quantity_probability(slice_of("17ppm"), &value));
    assert_int_equal(value, 17);
    assert_true(quantity_probability(slice_of("100%"), &value));
    assert_int_equal(value, 1000000);
    assert_false(quantity_probability(slice_of("101%"), &value));
    assert_false(quantity_probability(slice_of("-1%"), &value));
}

static void integers_and_switches(void **state)
{
    int64_t number = 0;
    bool on = false;

    (void)state;
    assert_true(quantity_integer(slice_of("-42"), &number));
    assert_int_equal(number, -42);
    assert_true(quantity_integer(slice_of("9223372036854775807"), &number));
    assert_false(quantity_integer(slice_of("9223372036854775808"), &number));
    assert_false(quantity_integer(slice_of("1.0"), &number));
    assert_false(quantity_integer(slice_of("-"), &number));
    assert_true(quantity_switch(slice_of("on"), &on));
    assert_true(on);
    assert_true(quantity_switch(slice_of("False"), &on));
    assert_false(on);
    assert_false(quantity_switch(slice_of("1"), &on));
}

static void check_duration_text(int64_t time, const char *expected)
{
    char memory[40];
    struct text text;

    text_init(&text, memory, sizeof memory);
    text_duration(&text, time);
    assert_string_equal(memory, expected);
}

static void texts(void **state)
{
    char memory[8];
    struct text text;

    (void)state;
    check_duration_text(0, "0 ns");
    check_duration_text(999, "999 ns");
    check_duration_text(1500, "1.5 us");
    check_duration_text(10048000, "10.048 ms");
    check_duration_text(INT64_C(63000000000), "63 s");
    check_duration_text(-2000000, "-2 ms");
    text_init(&text, memory, sizeof memory);
    text_put(&text, "a long story");
    assert_string_equal(memory, "a long ");
    assert_int_equal(text.length, 7);
    text_init(&text, memory, sizeof memory);
    text_seconds(&text, 1234567890, 3);
    assert_string_equal(memory, "1.234");
    text_init(&text, memory, sizeof memory);
    text_signed(&text, INT64_MIN);
    assert_string_equal(memory, "-922337");
}

static void slices(void **state)
{
    struct slice rest = slice_of("  one two\tthree ");
    struct slice word;
    struct slice before;
    struct slice after;

    (void)state;
    assert_true(slice_word(&rest, &word));
    assert_true(slice_is(word, "one"));
    assert_true(slice_word(&rest, &word));
    assert_true(slice_word(&rest, &word));
    assert_true(slice_is(word, "three"));
    assert_false(slice_word(&rest, &word));
    assert_true(slice_split_last(slice_of("fd00::1:80"), ':', &before, &after));
    assert_true(slice_is(before, "fd00::1"));
    assert_true(slice_is(after, "80"));
    assert_false(slice_split(slice_of("none"), ':', &before, &after));
    assert_true(slice_is_name(slice_of("fin_wait_1"), "FIN-WAIT-1"));
    assert_false(slice_is_name(slice_of("fin-wait"), "FIN-WAIT-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(rates),
        cmocka_unit_test(probabilities),
        cmocka_unit_test(integers_and_switches),
        cmocka_unit_test(texts),
        cmocka_unit_test(slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
