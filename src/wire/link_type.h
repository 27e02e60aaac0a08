#ifndef SEPTET_WIRE_LINK_TYPE_H
#define SEPTET_WIRE_LINK_TYPE_H

#include <stdint.h>

enum link_type {
#define LINK_TYPE(number, identifier, text) link_type_##identifier = (number),
#include "wire/link_type.def"
#undef LINK_TYPE
};

/* A name for people; "unknown link type" for numbers that are not in link_type.def. */
const char *link_type_name(uint32_t link_type);

#endif
