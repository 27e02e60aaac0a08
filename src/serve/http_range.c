#include "serve/http_range.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t') {
        at++;
    }
    return at;
}

/* Digits; saturates, for a number beyond any file is as good as the next. False when there are none. */
static bool read_number(const char **at, uint64_t *value)
{
    const char *start = *at;

    *value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');

        *value = *value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *value * 10 + digit;
    }
    return *at > start;
}

enum http_range_result http_range_read(const char *value, uint64_t size, uint64_t *first, uint64_t *last)
{
    const char *at = skip_space(value);
    bool has_first, has_last;

    if (strncasecmp(at, "bytes", 5) != 0) {
        return HTTP_RANGE_NONE;
    }
    at = skip_space(at + 5);
    if (*at++ != '=') {
        return HTTP_RANGE_NONE;
    }
    at = skip_space(at);
    has_first = read_number(&at, first);
    if (*at++ != '-') {
        return HTTP_RANGE_NONE;
    }
    has_last = read_number(&at, last);
    if (*skip_space(at) != '\0' || (!has_first && !has_last) || (has_first && has_last && *first > *last)) {
        return HTTP_RANGE_NONE;
    }
    if (!has_first) {
        if (*last == 0 || size == 0) {
            return HTTP_RANGE_OUTSIDE;
        }
        *first = *last < size ? size - *last : 0;
        *last = size - 1;
        return HTTP_RANGE_PART;
    }
    if (*first >= size) {
        return HTTP_RANGE_OUTSIDE;
    }
    if (!has_last || *last >= size) {
        *last = size - 1;
    }
    return HTTP_RANGE_PART;
}
