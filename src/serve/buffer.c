#include "serve/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `length` bytes more and a NUL. */
static bool grow(struct buffer *buffer, size_t length)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : 1024;
    char *bytes;

    if (buffer->failed || length > buffer->limit - buffer->length) {
        buffer->failed = true;
        return false;
    }
    while (capacity <= buffer->length + length) {
        capacity *= 2;
    }
    if (capacity == buffer->capacity) {
        return true;
    }
    bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void buffer_add(struct buffer *buffer, const char *bytes, size_t length)
{
    if (grow(buffer, length)) {
        memcpy(buffer->bytes + buffer->length, bytes, length);
        buffer->length += length;
        buffer->bytes[buffer->length] = '\0';
    }
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0 && grow(buffer, (size_t)length)) {
        va_start(arguments, format);
        vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
        buffer->length += (size_t)length;
    }
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){.limit = buffer->limit};
}

void buffer_add_html(struct buffer *buffer, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (strchr("&<>\"'", byte) != NULL || byte < 0x20 || byte == 0x7f) {
            /* Control characters have no place in HTML, not even as numbers (a NUL never gets here). */
            buffer_print(buffer, "&#%u;", byte < 0x20 || byte == 0x7f ? 0xfffdu : byte);
        } else {
            buffer_add(buffer, bytes + i, 1);
        }
    }
}

void buffer_add_path(struct buffer *buffer, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
            (byte != '\0' && strchr("-._~/", byte) != NULL)) {
            buffer_add(buffer, bytes + i, 1);
        } else {
            buffer_print(buffer, "%%%02X", byte);
        }
    }
}
