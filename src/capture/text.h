#ifndef SEPTET_CAPTURE_TEXT_H
#define SEPTET_CAPTURE_TEXT_H

#include <stdint.h>

/* UTF-8 of `length` bytes without a NUL; null and 0 for no text. */
struct capture_text {
    const char *text;
    uint32_t length;
};

#endif
