#include "serve/http_response.h"
#include "serve/http_root.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A directory made for the tests, and requests read from text and answered from it. */
static char directory[] = "/tmp/septet-http-XXXXXX";
static int root = -1;
static struct buffer bytes = {.limit = 1 << 20};

static void make_file(const char *name, const char *content)
{
    int file = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(file >= 0);
    assert_int_equal(write(file, content, strlen(content)), strlen(content));
    close(file);
}

static int make_directory(void **state)
{
    struct timespec times[2] = {{.tv_sec = 784111777}, {.tv_sec = 784111777}};

    (void)state;
    assert_non_null(mkdtemp(directory));
    root = http_root_open(directory);
    assert_true(root >= 0);
    make_file("file.txt", "0123456789");
    assert_int_equal(utimensat(root, "file.txt", times, 0), 0);
    make_file("empty", "");
    make_file("a <b>&\"c\".txt", "x");
    assert_int_equal(mkdirat(root, "dir", 0755), 0);
    assert_int_equal(mkdirat(root, "with index", 0755), 0);
    make_file("with index/index.html", "<p>index");
    assert_int_equal(symlinkat("/etc/passwd", root, "outside"), 0);
    assert_int_equal(symlinkat("file.txt", root, "inside"), 0);
    assert_int_equal(mkfifoat(root, "pipe", 0644), 0);
    return 0;
}

static int remove_directory(void **state)
{
    static const char *const files[] = {"file.txt", "empty", "a <b>&\"c\".txt", "with index/index.html", "outside",
                                        "inside",   "pipe"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)unlinkat(root, files[i], 0);
    }
    (void)unlinkat(root, "dir", AT_REMOVEDIR);
    (void)unlinkat(root, "with index", AT_REMOVEDIR);
    close(root);
    buffer_free(&bytes);
    return rmdir(directory);
}

static enum http_progress read_text(const char *text, struct http_request *request, size_t step, size_t *taken)
{
    http_parser parser;
    size_t length = strlen(text);
    enum http_progress progress = HTTP_MORE;

    http_request_parser(&parser);
    http_request_begin(request);
    *taken = 0;
    while (progress == HTTP_MORE && *taken < length) {
        size_t part = length - *taken < step ? length - *taken : step;
        size_t done = 0;

        progress = http_request_read(&parser, request, (const uint8_t *)text + *taken, part, &done);
        *taken += done;
    }
    return progress;
}

/* Answers a request; the file, if there is one, is read behind the head. */
static unsigned answer(const char *text)
{
    static struct http_request request;
    struct http_response response;
    size_t taken;
    char content[64];

    if (read_text(text, &request, SIZE_MAX, &taken) == HTTP_COMPLETE) {
        http_respond(root, &request, &bytes, &response);
    } else {
        assert_int_not_equal(request.status, 0);
        http_refuse(request.status, &bytes, &response);
    }
    assert_false(bytes.failed);
    if (response.file >= 0) {
        ssize_t got = pread(response.file, content, response.left, (off_t)response.offset);

        assert_int_equal(got, response.left);
        buffer_add(&bytes, content, (size_t)got);
        close(response.file);
    }
    return response.status;
}

static unsigned get(const char *target, const char *fields)
{
    char text[1024];

    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", target, fields);
    return answer(text);
}

static bool says(const char *text) { return strstr(bytes.bytes, text) != NULL; }

/* ---- requests ---- */

static void one_byte_at_a_time(void **state)
{
    static struct http_request request;
    static const char text[] =
        "\r\nGET /a/b?c HTTP/1.1\r\nHost: 10.7.0.2\r\nrAnGe: bytes=1-2\r\nX-Long-Name-Of-A-Field-"
        "That-Nobody-Knows: y\r\nIf-None-Match: \"x\"\r\n\r\nGET";
    size_t taken;

    (void)state;
    for (size_t step = 1; step < sizeof text; step++) {
        assert_int_equal(read_text(text, &request, step, &taken), HTTP_COMPLETE);
        assert_int_equal(taken, sizeof text - 1 - 3);
        assert_string_equal(request.url, "/a/b?c");
        assert_string_equal(request.value[HTTP_FIELD_RANGE], "bytes=1-2");
        assert_string_equal(request.value[HTTP_FIELD_IF_NONE_MATCH], "\"x\"");
        assert_true(request.keep_alive);
    }
}

static void connection_persists_as_asked(void **state)
{
    static struct http_request request;
    size_t taken;

    (void)state;
    assert_int_equal(read_text("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &request, 7, &taken),
                     HTTP_COMPLETE);
    assert_false(request.keep_alive);
    assert_int_equal(read_text("GET / HTTP/1.0\r\n\r\n", &request, 7, &taken), HTTP_COMPLETE);
    assert_false(request.keep_alive);
    assert_int_equal(read_text("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &request, 7, &taken), HTTP_COMPLETE);
    assert_true(request.keep_alive);
    assert_int_equal(
        read_text("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", &request, 7, &taken),
        HTTP_COMPLETE);
    assert_false(request.keep_alive);
}

static void a_body_is_skipped(void **state)
{
    static struct http_request request;
    size_t taken;

    (void)state;
    assert_int_equal(read_text("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET", &request, 2, &taken),
                     HTTP_COMPLETE);
    assert_int_equal(taken, 49);
}

static void bad_requests_are_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400}, /* no Host */
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"\x16\x03\x01\x02", 400}, /* TLS */
        {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        {"GET / JUNK\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nBad Field: x\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"GET foo HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned status = answer(cases[i].text);

        if (status != cases[i].status) {
            fail_msg("%s answered %u", cases[i].text, status);
        }
    }
}

static void big_requests_are_refused(void **state)
{
    static struct http_request request;
    static char text[HTTP_HEAD_MAX + HTTP_BODY_MAX + 1024];
    size_t taken;
    int length;

    (void)state;
    length = snprintf(text, sizeof text, "GET /");
    memset(text + length, 'a', HTTP_URL_MAX);
    assert_int_equal(read_text(text, &request, 1000, &taken), HTTP_REFUSED);
    assert_int_equal(request.status, 414);
    memset(text, 0, sizeof text);
    length = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nX: ");
    memset(text + length, 'a', HTTP_HEAD_MAX);
    assert_int_equal(read_text(text, &request, 1000, &taken), HTTP_REFUSED);
    assert_int_equal(request.status, 431);
    assert_int_equal(taken, HTTP_HEAD_MAX);
    memset(text, 0, sizeof text);
    length = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n");
    memset(text + length, 'a', HTTP_HEAD_MAX + HTTP_BODY_MAX);
    assert_int_equal(read_text(text, &request, 1000, &taken), HTTP_REFUSED);
    assert_int_equal(request.status, 413);
}

/* ---- responses ---- */

static void sends_files(void **state)
{
    (void)state;
    assert_int_equal(get("/file.txt", ""), 200);
    assert_true(says("Content-Length: 10\r\n"));
    assert_true(says("Content-Type: text/plain; charset=utf-8\r\n"));
    assert_true(says("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_true(says("\r\n\r\n0123456789"));
    assert_int_equal(get("/inside", ""), 200);
    assert_int_equal(get("/empty", ""), 200);
    assert_true(says("Content-Length: 0\r\n"));
    assert_int_equal(answer("HEAD /file.txt HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_true(says("Content-Length: 10\r\n"));
    assert_false(says("0123456789"));
    assert_int_equal(answer("GET /file.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 200);
    assert_true(says("Connection: keep-alive\r\n"));
    assert_int_equal(answer("GET /file.txt HTTP/1.0\r\n\r\n"), 200);
    assert_true(says("Connection: close\r\n"));
}

static void sends_parts(void **state)
{
    (void)state;
    assert_int_equal(get("/file.txt", "Range: bytes=2-4\r\n"), 206);
    assert_true(says("Content-Range: bytes 2-4/10\r\n"));
    assert_true(says("Content-Length: 3\r\n"));
    assert_true(says("\r\n\r\n234"));
    assert_int_equal(get("/file.txt", "Range: bytes=10-\r\n"), 416);
    assert_true(says("Content-Range: bytes */10\r\n"));
    assert_int_equal(get("/file.txt", "Range: bytes=1-2,4-5\r\n"), 200);
    assert_int_equal(get("/empty", "Range: bytes=0-\r\n"), 416);
    assert_int_equal(get("/file.txt", "Range: bytes=2-4\r\nIf-Range: \"other\"\r\n"), 200);
    assert_int_equal(get("/file.txt", "Range: bytes=2-4\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), 206);
    assert_int_equal(get("/file.txt", "Range: bytes=2-4\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n"), 200);
}

static void heeds_conditions(void **state)
{
    char tag[128], field[256];
    const char *at;

    (void)state;
    assert_int_equal(get("/file.txt", ""), 200);
    at = strstr(bytes.bytes, "ETag: ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "ETag: %100[^\r]", tag), 1);
    snprintf(field, sizeof field, "If-None-Match: %s\r\n", tag);
    assert_int_equal(get("/file.txt", field), 304);
    assert_false(says("0123456789"));
    assert_false(says("Content-Length"));
    snprintf(field, sizeof field, "If-Match: %s\r\n", tag);
    assert_int_equal(get("/file.txt", field), 200);
    snprintf(field, sizeof field, "Range: bytes=0-0\r\nIf-Range: %s\r\n", tag);
    assert_int_equal(get("/file.txt", field), 206);
    assert_int_equal(get("/file.txt", "If-None-Match: \"other\"\r\n"), 200);
    assert_int_equal(get("/file.txt", "If-Match: \"other\"\r\n"), 412);
    assert_int_equal(get("/file.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), 304);
    assert_int_equal(get("/file.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n"), 200);
    assert_int_equal(get("/file.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n"), 412);
    assert_int_equal(get("/file.txt", "If-Modified-Since: whenever\r\n"), 200);
}

static void shows_directories(void **state)
{
    (void)state;
    assert_int_equal(get("/", ""), 200);
    assert_true(says("<a href=\"./a%20%3Cb%3E%26%22c%22.txt\">a &#60;b&#62;&#38;&#34;c&#34;.txt</a>"));
    assert_true(says("<a href=\"./dir/\">dir/</a>"));
    assert_false(says("pipe"));
    assert_int_equal(get("/dir", ""), 301);
    assert_true(says("Location: /dir/\r\n"));
    assert_int_equal(get("/with%20index", ""), 301);
    assert_true(says("Location: /with%20index/\r\n"));
    assert_int_equal(get("/with%20index/", ""), 200);
    assert_true(says("<p>index"));
    assert_int_equal(get("/dir/", ""), 200);
    assert_true(says("../"));
    assert_int_equal(answer("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_false(says("<a"));
}

static void nothing_outside_is_shown(void **state)
{
    (void)state;
    assert_int_equal(get("/outside", ""), 403);
    assert_int_equal(get("/../etc/passwd", ""), 403);
    assert_int_equal(get("/%2e%2e/etc/passwd", ""), 403);
    assert_int_equal(get("/pipe", ""), 403);
    assert_int_equal(get("/nothing", ""), 404);
    assert_int_equal(get("/file.txt/", ""), 404);
    assert_int_equal(get("/file.txt/x", ""), 404);
    assert_int_equal(get("/%zz", ""), 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_byte_at_a_time),
        cmocka_unit_test(connection_persists_as_asked),
        cmocka_unit_test(a_body_is_skipped),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(big_requests_are_refused),
        cmocka_unit_test(sends_files),
        cmocka_unit_test(sends_parts),
        cmocka_unit_test(heeds_conditions),
        cmocka_unit_test(shows_directories),
        cmocka_unit_test(nothing_outside_is_shown),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
