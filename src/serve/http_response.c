#include "serve/http_response.h"

#include "serve/http_date.h"
#include "serve/http_listing.h"
#include "serve/http_path.h"
#include "serve/http_range.h"
#include "serve/http_root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Everything one answer is made from. */
struct exchange {
    int root;
    const struct http_request *request;
    struct http_response *response;
    char path[HTTP_PATH_MAX];
};

static const char *reason(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Error";
}

/* ---- pieces of a response ---- */

static void begin(struct http_response *response, uint16_t status)
{
    char date[HTTP_DATE_TEXT];

    response->status = status;
    http_date_format(time(NULL), date);
    buffer_clear(response->bytes);
    buffer_print(response->bytes, "HTTP/1.1 %u %s\r\nDate: %s\r\nServer: septet\r\n", (unsigned)status, reason(status),
                 date);
}

/* The end of the fields. RFC 9112 9.3: an HTTP/1.0 client that asked for it is told that the connection stays. */
static void end(const struct exchange *exchange)
{
    struct http_response *response = exchange->response;

    if (response->close) {
        buffer_print(response->bytes, "Connection: close\r\n");
    } else if (exchange->request != NULL && exchange->request->minor == 0) {
        buffer_print(response->bytes, "Connection: keep-alive\r\n");
    }
    buffer_print(response->bytes, "\r\n");
}

static bool wants_body(const struct exchange *exchange)
{
    return exchange->request == NULL || exchange->request->method != HTTP_HEAD;
}

/* A short page for a status that is no success; `field` is a field line more, or "". */
static void say(const struct exchange *exchange, uint16_t status, const char *field)
{
    struct http_response *response = exchange->response;
    const char *text = reason(status);

    begin(response, status);
    buffer_print(response->bytes, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n%s",
                 4 + strlen(text) + 1, field);
    end(exchange);
    if (wants_body(exchange)) {
        buffer_print(response->bytes, "%u %s\n", (unsigned)status, text);
    }
}

static void say_errno(const struct exchange *exchange, int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        say(exchange, 404, "");
        break;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV:
    case ENXIO:
        say(exchange, 403, "");
        break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
        say(exchange, 503, "Retry-After: 1\r\n");
        break;
    default:
        say(exchange, 500, "");
    }
}

/* ---- conditions, RFC 9110 section 13 ---- */

static bool has(const struct http_request *request, enum http_field field) { return request->value[field][0] != '\0'; }

/* The precedence of section 13.2.2. Returns 0 to go on, 304 or 412. */
static uint16_t check_conditions(const struct http_request *request, const struct stat *status, const char *tag)
{
    time_t date;

    if (has(request, HTTP_FIELD_IF_MATCH)) {
        if (!http_tag_listed(request->value[HTTP_FIELD_IF_MATCH], tag, false)) {
            return 412;
        }
    } else if (http_date_parse(request->value[HTTP_FIELD_IF_UNMODIFIED_SINCE], &date) && status->st_mtime > date) {
        return 412;
    }
    if (has(request, HTTP_FIELD_IF_NONE_MATCH)) {
        return http_tag_listed(request->value[HTTP_FIELD_IF_NONE_MATCH], tag, true) ? 304 : 0;
    }
    if (http_date_parse(request->value[HTTP_FIELD_IF_MODIFIED_SINCE], &date) && status->st_mtime <= date) {
        return 304;
    }
    return 0;
}

/* If-Range: the part counts only of the file that the client has a part of. */
static bool range_applies(const struct http_request *request, const struct stat *status, const char *tag)
{
    const char *validator = request->value[HTTP_FIELD_IF_RANGE];
    time_t date;

    if (request->method != HTTP_GET || !has(request, HTTP_FIELD_RANGE)) {
        return false;
    }
    if ((request->seen & 1u << HTTP_FIELD_IF_RANGE) == 0) {
        return true;
    }
    if (http_date_parse(validator, &date)) {
        return status->st_mtime == date;
    }
    return strcmp(validator, tag) == 0;
}

/* ---- files and directories ---- */

static void send_file(const struct exchange *exchange, int file, const struct stat *status, const char *name)
{
    struct http_response *response = exchange->response;
    uint64_t size = (uint64_t)status->st_size;
    uint64_t first = 0, last = size - 1, length;
    enum http_range_result range = HTTP_RANGE_NONE;
    char tag[HTTP_TAG_TEXT], date[HTTP_DATE_TEXT], field[64];
    uint16_t condition;

    http_tag(status, tag);
    http_date_format(status->st_mtime, date);
    condition = check_conditions(exchange->request, status, tag);
    if (condition == 412) {
        say(exchange, 412, "");
        close(file);
        return;
    }
    if (condition == 0 && range_applies(exchange->request, status, tag)) {
        range = http_range_read(exchange->request->value[HTTP_FIELD_RANGE], size, &first, &last);
    }
    if (range == HTTP_RANGE_OUTSIDE) {
        snprintf(field, sizeof field, "Content-Range: bytes */%llu\r\n", (unsigned long long)size);
        say(exchange, 416, field);
        close(file);
        return;
    }
    length = last - first + 1;
    begin(response, condition != 0 ? condition : range == HTTP_RANGE_PART ? 206 : 200);
    buffer_print(response->bytes, "Last-Modified: %s\r\nETag: %s\r\n", date, tag);
    if (condition == 0) {
        buffer_print(response->bytes,
                     "Accept-Ranges: bytes\r\nContent-Type: %s\r\nContent-Length: %llu\r\n"
                     "X-Content-Type-Options: nosniff\r\n",
                     http_media_type(name), (unsigned long long)length);
    }
    if (range == HTTP_RANGE_PART) {
        buffer_print(response->bytes, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)first,
                     (unsigned long long)last, (unsigned long long)size);
    }
    end(exchange);
    response->offset = first;
    response->left = condition == 0 && wants_body(exchange) ? length : 0;
    if (response->left > 0) {
        response->file = file;
    } else {
        close(file);
    }
}

static void send_listing(const struct exchange *exchange, int directory)
{
    struct http_response *response = exchange->response;
    struct buffer page = {.limit = (size_t)8 << 20};

    if (!http_listing(directory, exchange->path, &page) || page.failed) {
        say_errno(exchange, page.failed ? ENOMEM : errno);
    } else {
        begin(response, 200);
        buffer_print(response->bytes,
                     "Content-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
                     "Cache-Control: no-cache\r\n",
                     page.length);
        end(exchange);
        if (wants_body(exchange)) {
            buffer_add(response->bytes, page.bytes, page.length);
        }
    }
    buffer_free(&page);
}

/* A directory shows its index.html, or else what is in it. */
static void send_directory(const struct exchange *exchange, int directory)
{
    static const char index_name[] = "index.html";
    struct stat status;
    char index_path[HTTP_PATH_MAX + sizeof index_name];
    int file;

    snprintf(index_path, sizeof index_path, "%s%s", exchange->path, index_name);
    file = http_root_find(exchange->root, index_path, &status);
    if (file >= 0 && S_ISREG(status.st_mode)) {
        send_file(exchange, file, &status, index_name);
        return;
    }
    if (file >= 0) {
        close(file);
    }
    if (file >= 0 || errno == ENOENT) {
        send_listing(exchange, directory);
    } else {
        say_errno(exchange, errno);
    }
}

/* Relative links of a directory's page need the slash at the end of its address. */
static void redirect(const struct exchange *exchange)
{
    struct buffer field = {.limit = 4 * HTTP_PATH_MAX};

    buffer_print(&field, "Location: /");
    buffer_add_path(&field, exchange->path, strlen(exchange->path));
    buffer_print(&field, "/\r\n");
    if (field.failed) {
        say_errno(exchange, ENOMEM);
    } else {
        say(exchange, 301, field.bytes);
    }
    buffer_free(&field);
}

static void send_path(const struct exchange *exchange)
{
    size_t length = strlen(exchange->path);
    struct stat status;
    int found = http_root_find(exchange->root, exchange->path, &status);

    if (found < 0) {
        say_errno(exchange, errno);
    } else if (S_ISREG(status.st_mode)) {
        send_file(exchange, found, &status, exchange->path);
    } else {
        if (length > 0 && exchange->path[length - 1] != '/') {
            redirect(exchange);
        } else {
            send_directory(exchange, found);
        }
        close(found);
    }
}

void http_respond(int root, const struct http_request *request, struct buffer *bytes, struct http_response *response)
{
    struct exchange exchange = {.root = root, .request = request, .response = response};

    *response = (struct http_response){.bytes = bytes, .file = -1, .close = !request->keep_alive};
    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        say(&exchange, 405, "Allow: GET, HEAD\r\n");
        return;
    }
    switch (http_path_read(request->url, request->url_length, exchange.path)) {
    case HTTP_PATH_GOOD:
        send_path(&exchange);
        break;
    case HTTP_PATH_MALFORMED:
        say(&exchange, 400, "");
        break;
    case HTTP_PATH_OUTSIDE:
        say(&exchange, 403, "");
        break;
    case HTTP_PATH_TOO_LONG:
        say(&exchange, 414, "");
        break;
    }
}

void http_refuse(uint16_t status, struct buffer *bytes, struct http_response *response)
{
    struct exchange exchange = {.root = -1, .response = response};

    *response = (struct http_response){.bytes = bytes, .file = -1, .close = true};
    say(&exchange, status, "");
}
