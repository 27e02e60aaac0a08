#include "serve/http_path.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The path of an absolute-form target begins behind the authority. */
static const char *skip_authority(const char *target, const char *end)
{
    const char *slash;

    if (end - target < 7 || strncasecmp(target, "http://", 7) != 0) {
        return target;
    }
    slash = memchr(target + 7, '/', (size_t)(end - target - 7));
    return slash != NULL ? slash : end;
}

static enum http_path_result decode(const char *at, const char *end, char *path, size_t *length)
{
    size_t out = 0;

    while (at < end && *at != '?' && *at != '#') {
        char byte = *at++;

        if (byte == '%') {
            int high = end - at >= 2 ? hex_digit(at[0]) : -1;
            int low = end - at >= 2 ? hex_digit(at[1]) : -1;

            if (high < 0 || low < 0) {
                return HTTP_PATH_MALFORMED;
            }
            byte = (char)(high * 16 + low);
            at += 2;
        }
        if (byte == '\0') {
            return HTTP_PATH_MALFORMED;
        }
        if (out == HTTP_PATH_MAX - 1) {
            return HTTP_PATH_TOO_LONG;
        }
        path[out++] = byte;
    }
    path[out] = '\0';
    *length = out;
    return HTTP_PATH_GOOD;
}

/* Drops the last of the segments kept so far, each of which ends with a slash. False when there is none. */
static bool climb(const char *path, size_t *out)
{
    if (*out == 0) {
        return false;
    }
    do {
        (*out)--;
    } while (*out > 0 && path[*out - 1] != '/');
    return true;
}

/* In place: what is kept never gets ahead of what is read. */
static enum http_path_result normalize(char *path, size_t length)
{
    size_t out = 0;

    for (size_t at = 0; at < length;) {
        size_t end = at;
        size_t part;
        bool slash;

        while (end < length && path[end] != '/') {
            end++;
        }
        part = end - at;
        slash = end < length;
        if (part == 2 && path[at] == '.' && path[at + 1] == '.') {
            if (!climb(path, &out)) {
                return HTTP_PATH_OUTSIDE;
            }
        } else if (part > 0 && !(part == 1 && path[at] == '.')) {
            memmove(path + out, path + at, part);
            out += part;
            if (slash) {
                path[out++] = '/';
            }
        }
        at = end + 1;
    }
    path[out] = '\0';
    return HTTP_PATH_GOOD;
}

enum http_path_result http_path_read(const char *target, size_t length, char path[HTTP_PATH_MAX])
{
    const char *end = target + length;
    const char *at = skip_authority(target, end);
    enum http_path_result result;
    size_t decoded = 0;

    if (at < end && *at != '/' && *at != '?') {
        return HTTP_PATH_MALFORMED;
    }
    result = decode(at, end, path, &decoded);
    return result == HTTP_PATH_GOOD ? normalize(path, decoded) : result;
}
