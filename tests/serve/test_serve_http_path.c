#include "serve/http_path.h"

#include "serve/http_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *target, enum http_path_result result, const char *path)
{
    char buffer[HTTP_PATH_MAX];

    if (http_path_read(target, strlen(target), buffer) != result) {
        fail_msg("'%s' gave another result than %d", target, (int)result);
    }
    if (path != NULL) {
        assert_string_equal(buffer, path);
    }
}

static void reads_paths(void **state)
{
    (void)state;
    expect("/", HTTP_PATH_GOOD, "");
    expect("/a", HTTP_PATH_GOOD, "a");
    expect("/a/", HTTP_PATH_GOOD, "a/");
    expect("/a//b///c", HTTP_PATH_GOOD, "a/b/c");
    expect("/a/./b/.", HTTP_PATH_GOOD, "a/b/");
    expect("/a?b=/../..", HTTP_PATH_GOOD, "a");
    expect("/a#b", HTTP_PATH_GOOD, "a");
    expect("?x", HTTP_PATH_GOOD, "");
    expect("/%61%2fb%20c", HTTP_PATH_GOOD, "a/b c");
    expect("/...", HTTP_PATH_GOOD, "...");
    expect("/..a/b..", HTTP_PATH_GOOD, "..a/b..");
    expect("http://10.7.0.2", HTTP_PATH_GOOD, "");
    expect("HTTP://10.7.0.2:80/a/b", HTTP_PATH_GOOD, "a/b");
}

static void dots_stay_inside(void **state)
{
    (void)state;
    expect("/a/../b", HTTP_PATH_GOOD, "b");
    expect("/a/b/../../c/", HTTP_PATH_GOOD, "c/");
    expect("/a/b/..", HTTP_PATH_GOOD, "a/");
    expect("/..", HTTP_PATH_OUTSIDE, NULL);
    expect("/../etc/passwd", HTTP_PATH_OUTSIDE, NULL);
    expect("/a/../../b", HTTP_PATH_OUTSIDE, NULL);
    expect("/%2e%2e/b", HTTP_PATH_OUTSIDE, NULL);
    expect("/a/%2e%2e%2f%2e%2e/b", HTTP_PATH_OUTSIDE, NULL);
    expect("/./../b", HTTP_PATH_OUTSIDE, NULL);
    expect("//..", HTTP_PATH_OUTSIDE, NULL);
}

static void refuses_what_is_no_path(void **state)
{
    static char longest[HTTP_PATH_MAX + 1];

    (void)state;
    expect("*", HTTP_PATH_MALFORMED, NULL);
    expect("a/b", HTTP_PATH_MALFORMED, NULL);
    expect("/%", HTTP_PATH_MALFORMED, NULL);
    expect("/%4", HTTP_PATH_MALFORMED, NULL);
    expect("/%zz", HTTP_PATH_MALFORMED, NULL);
    expect("/a%00b", HTTP_PATH_MALFORMED, NULL);
    memset(longest, 'a', HTTP_PATH_MAX);
    longest[0] = '/';
    expect(longest, HTTP_PATH_TOO_LONG, NULL);
    longest[HTTP_PATH_MAX - 1] = '\0';
    expect(longest, HTTP_PATH_GOOD, longest + 1);
}

/* Every target of two letters of an alphabet of trouble: never outside, always terminated. */
static void short_targets_stay_inside(void **state)
{
    static const char letters[] = "/.%2eF?#a";
    char target[6] = "/", path[HTTP_PATH_MAX];
    size_t count = sizeof letters - 1;

    (void)state;
    for (size_t i = 0; i < count * count * count * count; i++) {
        target[1] = letters[i % count];
        target[2] = letters[i / count % count];
        target[3] = letters[i / count / count % count];
        target[4] = letters[i / count / count / count];
        if (http_path_read(target, 5, path) == HTTP_PATH_GOOD) {
            assert_true(strlen(path) <= 5);
            assert_false(path[0] == '/');
            assert_int_not_equal(strncmp(path, "../", 3), 0);
            assert_string_not_equal(path, "..");
            assert_null(strstr(path, "/../"));
        }
    }
}

static void reads_urls(void **state)
{
    struct http_url url;

    (void)state;
    assert_null(http_url_read("http://10.7.0.1/a/b?c#d", &url));
    assert_string_equal(url.authority, "10.7.0.1");
    assert_int_equal(url.port, 80);
    assert_int_equal(url.target_length, 6);
    assert_memory_equal(url.target, "/a/b?c", 6);
    assert_null(http_url_read("http://[fd07::1]:8080", &url));
    assert_string_equal(url.authority, "[fd07::1]:8080");
    assert_int_equal(url.port, 8080);
    assert_int_equal(url.target_length, 0);
    assert_false(septet_address_is_ipv4(&url.host));
    assert_null(http_url_read("http://10.7.0.1?x", &url));
    assert_int_equal(url.target_length, 2);
}

static void refuses_urls(void **state)
{
    static const char *const bad[] = {
        "",
        "10.7.0.1/",
        "https://10.7.0.1/",
        "http://",
        "http://example.org/",
        "http://10.7.0/",
        "http://10.7.0.1:0/",
        "http://10.7.0.1:65536/",
        "http://10.7.0.1:x/",
        "http://user@10.7.0.1/",
        "http://[fd07::1/",
        "http://fd07::1/",
        "http://10.7.0.1/a b",
        "http://10.7.0.1/a\r\nHost: x",
        "http://10.7.0.1/\xc3\xa4",
    };
    struct http_url url;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (http_url_read(bad[i], &url) == NULL) {
            fail_msg("'%s' was taken for a URL", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_paths),
        cmocka_unit_test(dots_stay_inside),
        cmocka_unit_test(refuses_what_is_no_path),
        cmocka_unit_test(short_targets_stay_inside),
        cmocka_unit_test(reads_urls),
        cmocka_unit_test(refuses_urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
