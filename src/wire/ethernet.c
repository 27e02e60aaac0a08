#include "wire/ethernet.h"

#include "base/bytes.h"
#include "base/memory.h"

#define TAG_LENGTH 4
#define TAGS_MAX 2

enum wire_error ethernet_parse(const uint8_t *frame, uint32_t length, struct ethernet *ethernet)
{
    if (length < ETHERNET_HEADER)
        return wire_truncated;
    uint32_t header_length = ETHERNET_HEADER;
    uint16_t type = load16(frame + 12);
    for (int tags = 0; tags < TAGS_MAX && (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ); tags++) {
        if (length - header_length < TAG_LENGTH)
            return wire_truncated;
        header_length += TAG_LENGTH;
        type = load16(frame + header_length - 2);
    }
    memcpy(ethernet->destination, frame, 6);
    memcpy(ethernet->source, frame + 6, 6);
    ethernet->type = type;
    ethernet->header_length = (uint16_t)header_length;
    return wire_none;
}

void ethernet_build(uint8_t *frame, const uint8_t destination[6], const uint8_t source[6], uint16_t type)
{
    memcpy(frame, destination, 6);
    memcpy(frame + 6, source, 6);
    store16(frame + 12, type);
}
