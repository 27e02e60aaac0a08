#ifndef SEPTET_SERVE_BUFFER_H
#define SEPTET_SERVE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that grow at the end, up to a limit. A zeroed struct with `limit` set is empty. */
struct buffer {
    char *bytes; /* NUL behind the last; NULL while empty and new */
    size_t length, capacity, limit;
    bool failed; /* something did not fit or there was no memory: the rest is missing */
};

void buffer_add(struct buffer *buffer, const char *bytes, size_t length);
void buffer_print(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empties it and keeps the memory. */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

/* The same bytes as text content or attribute of HTML. */
void buffer_add_html(struct buffer *buffer, const char *bytes, size_t length);
/* The same bytes as a path in a URL: all but unreserved characters and '/' percent-encoded (RFC 3986 2.3). */
void buffer_add_path(struct buffer *buffer, const char *bytes, size_t length);

#endif
