#include "wire/wire.h"

#include <stddef.h>

const char *wire_error_text(enum wire_error error)
{
    static const char *const texts[] = {
#define WIRE_ERROR(name, text) text,
#include "wire/wire_error.def"
#undef WIRE_ERROR
    };
    size_t index = (size_t)error;
    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown";
}
