#ifndef SEPTET_SERVE_HTTP_RANGE_H
#define SEPTET_SERVE_HTTP_RANGE_H

#include <stdint.h>

enum http_range_result {
    HTTP_RANGE_NONE,   /* absent, of another unit, several, or malformed: to be ignored (RFC 9110 14.2) */
    HTTP_RANGE_PART,   /* first..last, both inclusive and inside the file */
    HTTP_RANGE_OUTSIDE /* nothing of the file: 416 */
};

/* Reads the value of a Range field ("bytes=0-99", "bytes=100-", "bytes=-5") for a file of `size` bytes. */
enum http_range_result http_range_read(const char *value, uint64_t size, uint64_t *first, uint64_t *last);

#endif
