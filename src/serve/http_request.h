#ifndef SEPTET_SERVE_HTTP_REQUEST_H
#define SEPTET_SERVE_HTTP_REQUEST_H

#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One HTTP/1 request as it is read, with the few fields that a file server heeds. */

#define HTTP_URL_MAX 8000
#define HTTP_HEAD_MAX 16384 /* request line and fields */
#define HTTP_BODY_MAX 65536 /* read and thrown away */
#define HTTP_VALUE_MAX 192

enum http_field {
    HTTP_FIELD_RANGE,
    HTTP_FIELD_IF_RANGE,
    HTTP_FIELD_IF_MATCH,
    HTTP_FIELD_IF_NONE_MATCH,
    HTTP_FIELD_IF_MODIFIED_SINCE,
    HTTP_FIELD_IF_UNMODIFIED_SINCE,
    HTTP_FIELD_HOST,
    HTTP_FIELD_COUNT
};

struct http_request {
    uint16_t status; /* refused with this one, 0: it is good */
    uint8_t method;  /* enum http_method of http_parser.h */
    uint8_t minor;   /* HTTP/1.minor */
    bool keep_alive;
    bool head_complete, complete;
    bool twice;         /* a field that may stand once came again */
    uint8_t first_byte; /* of the request line */
    uint32_t length;    /* bytes read so far */
    uint16_t url_length;
    uint8_t name_length; /* of the field that is being read; beyond any known name: 255 */
    bool in_value;
    uint8_t field; /* whose value is being read; HTTP_FIELD_COUNT: none of ours */
    uint8_t seen;  /* bits of the fields that came */
    char name[24];
    char value[HTTP_FIELD_COUNT][HTTP_VALUE_MAX]; /* NUL-terminated, "" when absent or too long to be of use */
    char url[HTTP_URL_MAX + 1];                   /* last: copies end behind url_length */
};

/* Bytes of a request that matter: copying so many copies it. */
size_t http_request_size(const struct http_request *request);

enum http_progress { HTTP_MORE, HTTP_COMPLETE, HTTP_REFUSED };

/* Begins a connection's first request. */
void http_request_parser(http_parser *parser);
/* Begins each request. */
void http_request_begin(struct http_request *request);
/* Reads on. *taken: how many of the bytes belong to this request. After HTTP_REFUSED (`status` tells why) the
 * connection cannot be read any further. */
enum http_progress http_request_read(http_parser *parser, struct http_request *request, const uint8_t *bytes,
                                     size_t length, size_t *taken);

#endif
