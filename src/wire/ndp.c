#include "wire/icmp.h"

#define OPTION_HEADER 2

bool ndp_option_next(struct ndp_cursor *cursor, struct ndp_option *option)
{
    if (cursor->left == 0 || cursor->error != wire_none)
        return false;
    if (cursor->left < OPTION_HEADER) {
        cursor->error = wire_truncated;
        return false;
    }
    uint32_t length = cursor->at[1] * 8u;
    if (length == 0 || length > cursor->left) {
        cursor->error = length == 0 ? wire_option : wire_truncated;
        return false;
    }
    option->type = cursor->at[0];
    option->bytes = cursor->at;
    option->length = length;
    cursor->at += length;
    cursor->left -= length;
    return true;
}
