#include "wire/link_type.h"

const char *link_type_name(uint32_t link_type)
{
    switch (link_type) {
#define LINK_TYPE(number, identifier, text) \
    case link_type_##identifier:            \
        return text;
#include "wire/link_type.def"
#undef LINK_TYPE
    default:
        return "unknown link type";
    }
}
