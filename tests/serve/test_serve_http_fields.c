#include "serve/http_date.h"
#include "serve/http_range.h"
#include "serve/http_root.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_part(const char *value, uint64_t size, uint64_t want_first, uint64_t want_last)
{
    uint64_t first = 0, last = 0;

    assert_int_equal(http_range_read(value, size, &first, &last), HTTP_RANGE_PART);
    assert_int_equal(first, want_first);
    assert_int_equal(last, want_last);
}

static void expect_range(const char *value, uint64_t size, enum http_range_result result)
{
    uint64_t first = 0, last = 0;

    if (http_range_read(value, size, &first, &last) != result) {
        fail_msg("'%s' of %d bytes gave another result", value, (int)size);
    }
}

static void reads_ranges(void **state)
{
    (void)state;
    expect_part("bytes=0-99", 1000, 0, 99);
    expect_part("bytes=0-0", 1000, 0, 0);
    expect_part("bytes=100-", 1000, 100, 999);
    expect_part("bytes=100-5000", 1000, 100, 999);
    expect_part("bytes=-5", 1000, 995, 999);
    expect_part("bytes=-5000", 1000, 0, 999);
    expect_part("Bytes = 1-2 ", 1000, 1, 2);
    expect_part("bytes=999-", 1000, 999, 999);
    expect_part("bytes=1-99999999999999999999999", 1000, 1, 999);
}

static void refuses_ranges(void **state)
{
    (void)state;
    expect_range("bytes=1000-", 1000, HTTP_RANGE_OUTSIDE);
    expect_range("bytes=99999999999999999999999-", 1000, HTTP_RANGE_OUTSIDE);
    expect_range("bytes=-0", 1000, HTTP_RANGE_OUTSIDE);
    expect_range("bytes=0-", 0, HTTP_RANGE_OUTSIDE);
    expect_range("bytes=-1", 0, HTTP_RANGE_OUTSIDE);
    expect_range("", 1000, HTTP_RANGE_NONE);
    expect_range("bytes", 1000, HTTP_RANGE_NONE);
    expect_range("bytes=", 1000, HTTP_RANGE_NONE);
    expect_range("bytes=-", 1000, HTTP_RANGE_NONE);
    expect_range("bytes=5-4", 1000, HTTP_RANGE_NONE);
    expect_range("bytes=0-1,3-4", 1000, HTTP_RANGE_NONE);
    expect_range("bytes=0-1x", 1000, HTTP_RANGE_NONE);
    expect_range("bytes=+0-1", 1000, HTTP_RANGE_NONE);
    expect_range("lines=0-1", 1000, HTTP_RANGE_NONE);
}

/* The examples of RFC 9110 5.6.7. */
static void reads_dates(void **state)
{
    static const char *const forms[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    char text[HTTP_DATE_TEXT];
    time_t time = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(http_date_parse(forms[i], &time));
        assert_int_equal(time, 784111777);
    }
    http_date_format(784111777, text);
    assert_string_equal(text, forms[0]);
    http_date_format((time_t)1 << 60, text);
    assert_int_equal(strlen(text), HTTP_DATE_TEXT - 1);
}

static void refuses_dates(void **state)
{
    static const char *const bad[] = {
        "",
        "yesterday",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT+1",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        ",",
        ",,,,-,",
    };
    time_t time;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (http_date_parse(bad[i], &time)) {
            fail_msg("'%s' was taken for a date", bad[i]);
        }
    }
}

static void compares_tags(void **state)
{
    (void)state;
    assert_true(http_tag_listed("\"a\"", "\"a\"", false));
    assert_true(http_tag_listed("\"b\", \"a\"", "\"a\"", false));
    assert_true(http_tag_listed("W/\"a\"", "\"a\"", true));
    assert_false(http_tag_listed("W/\"a\"", "\"a\"", false));
    assert_true(http_tag_listed("*", "\"a\"", false));
    assert_false(http_tag_listed("\"aa\"", "\"a\"", true));
    assert_false(http_tag_listed("", "\"a\"", true));
    assert_false(http_tag_listed("\"a", "\"a\"", true));
    assert_false(http_tag_listed("a", "\"a\"", true));
    assert_false(http_tag_listed(", ,", "\"a\"", true));
}

static void knows_media_types(void **state)
{
    (void)state;
    assert_string_equal(http_media_type("a/b.HTML"), "text/html; charset=utf-8");
    assert_string_equal(http_media_type("a.png/b"), "application/octet-stream");
    assert_string_equal(http_media_type("x.tar.gz"), "application/gzip");
    assert_string_equal(http_media_type(""), "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_ranges),  cmocka_unit_test(refuses_ranges), cmocka_unit_test(reads_dates),
        cmocka_unit_test(refuses_dates), cmocka_unit_test(compares_tags),  cmocka_unit_test(knows_media_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
