#include "serve/http_request.h"

#include <string.h>
#include <strings.h>

static const char *const field_names[HTTP_FIELD_COUNT] = {
    [HTTP_FIELD_RANGE] = "range",
    [HTTP_FIELD_IF_RANGE] = "if-range",
    [HTTP_FIELD_IF_MATCH] = "if-match",
    [HTTP_FIELD_IF_NONE_MATCH] = "if-none-match",
    [HTTP_FIELD_IF_MODIFIED_SINCE] = "if-modified-since",
    [HTTP_FIELD_IF_UNMODIFIED_SINCE] = "if-unmodified-since",
    [HTTP_FIELD_HOST] = "host",
};

#define NAME_TOO_LONG UINT8_MAX

size_t http_request_size(const struct http_request *request)
{
    return offsetof(struct http_request, url) + request->url_length + 1u;
}

void http_request_begin(struct http_request *request)
{
    memset(request, 0, offsetof(struct http_request, url));
    request->url[0] = '\0';
    request->field = HTTP_FIELD_COUNT;
}

static int on_url(http_parser *parser, const char *at, size_t length)
{
    struct http_request *request = parser->data;

    if (length > HTTP_URL_MAX - (size_t)request->url_length) {
        request->status = 414;
        return 1;
    }
    memcpy(request->url + request->url_length, at, length);
    request->url_length = (uint16_t)(request->url_length + length);
    request->url[request->url_length] = '\0';
    return 0;
}

static int on_field(http_parser *parser, const char *at, size_t length)
{
    struct http_request *request = parser->data;

    if (request->in_value) {
        request->in_value = false;
        request->name_length = 0;
    }
    if (length > sizeof request->name - request->name_length || request->name_length == NAME_TOO_LONG) {
        request->name_length = NAME_TOO_LONG;
        return 0;
    }
    memcpy(request->name + request->name_length, at, length);
    request->name_length = (uint8_t)(request->name_length + length);
    return 0;
}

/* The name is complete: which field is it? Of a field that may stand once, a second one makes the request bad
 * (Host, RFC 9112 3.2) or is what counts in none of its forms (the others). */
static void begin_value(struct http_request *request)
{
    request->in_value = true;
    request->field = HTTP_FIELD_COUNT;
    for (unsigned i = 0; i < HTTP_FIELD_COUNT; i++) {
        if (request->name_length == strlen(field_names[i]) &&
            strncasecmp(request->name, field_names[i], request->name_length) == 0) {
            request->field = (uint8_t)i;
        }
    }
    if (request->field == HTTP_FIELD_COUNT) {
        return;
    }
    if ((request->seen & 1u << request->field) != 0) {
        request->twice = request->twice || request->field == HTTP_FIELD_HOST;
        request->value[request->field][0] = '\0';
        request->field = HTTP_FIELD_COUNT;
        return;
    }
    request->seen = (uint8_t)(request->seen | 1u << request->field);
}

static int on_value(http_parser *parser, const char *at, size_t length)
{
    struct http_request *request = parser->data;
    size_t have;

    if (!request->in_value) {
        begin_value(request);
    }
    if (request->field == HTTP_FIELD_COUNT) {
        return 0;
    }
    have = strlen(request->value[request->field]);
    if (length >= HTTP_VALUE_MAX - have || memchr(at, '\0', length) != NULL) {
        request->value[request->field][0] = '\0';
        request->field = HTTP_FIELD_COUNT;
        return 0;
    }
    memcpy(request->value[request->field] + have, at, length);
    request->value[request->field][have + length] = '\0';
    return 0;
}

static int on_headers_complete(http_parser *parser)
{
    struct http_request *request = parser->data;
    bool has_host = (request->seen & 1u << HTTP_FIELD_HOST) != 0;

    request->head_complete = true;
    request->method = (uint8_t)parser->method;
    request->minor = (uint8_t)parser->http_minor;
    if (parser->http_major != 1) {
        request->status = 505;
    } else if (request->twice || (parser->http_minor >= 1 && !has_host)) {
        request->status = 400;
    }
    return request->status != 0 ? -1 : 0;
}

static int on_message_complete(http_parser *parser)
{
    struct http_request *request = parser->data;

    /* What follows an upgrade we do not make would be read as HTTP. */
    request->keep_alive = http_should_keep_alive(parser) != 0 && !parser->upgrade;
    request->complete = true;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
    .on_message_complete = on_message_complete,
};

void http_request_parser(http_parser *parser) { http_parser_init(parser, HTTP_REQUEST); }

/* The status for something that http-parser does not take. */
static uint16_t refusal(const http_parser *parser, const struct http_request *request)
{
    switch (HTTP_PARSER_ERRNO(parser)) {
    case HPE_HEADER_OVERFLOW:
        return 431;
    case HPE_INVALID_METHOD:
        /* RFC 9110 15.6.2; what does not begin like a method is no HTTP at all. */
        return request->first_byte >= 'A' && request->first_byte <= 'Z' ? 501 : 400;
    case HPE_INVALID_VERSION:
        return 505;
    default:
        return 400;
    }
}

/* The first byte of the request line stands behind any empty lines (RFC 9112 2.2). */
static void note_first_byte(struct http_request *request, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length && request->first_byte == 0; i++) {
        request->first_byte = bytes[i] == '\r' || bytes[i] == '\n' ? 0 : bytes[i];
    }
}

enum http_progress http_request_read(http_parser *parser, struct http_request *request, const uint8_t *bytes,
                                     size_t length, size_t *taken)
{
    *taken = 0;
    while (*taken < length) {
        size_t limit = request->head_complete ? HTTP_HEAD_MAX + HTTP_BODY_MAX : HTTP_HEAD_MAX;
        size_t part = length - *taken;
        size_t done;

        if (request->length >= limit) {
            request->status = request->head_complete ? 413 : 431;
            return HTTP_REFUSED;
        }
        part = part < limit - request->length ? part : limit - request->length;
        note_first_byte(request, bytes + *taken, part);
        parser->data = request;
        done = http_parser_execute(parser, &settings, (const char *)bytes + *taken, part);
        *taken += done;
        request->length += (uint32_t)done;
        if (request->complete) {
            http_parser_pause(parser, 0);
            return HTTP_COMPLETE;
        }
        if (HTTP_PARSER_ERRNO(parser) != HPE_OK || done < part) {
            request->status = request->status != 0 ? request->status : refusal(parser, request);
            return HTTP_REFUSED;
        }
    }
    return HTTP_MORE;
}
