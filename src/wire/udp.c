#include "wire/udp.h"

#include "base/bytes.h"

enum wire_error udp_parse(const uint8_t *bytes, uint32_t length, struct udp_header *udp)
{
    if (length < UDP_HEADER)
        return wire_truncated;
    udp->source_port = load16(bytes);
    udp->destination_port = load16(bytes + 2);
    udp->length = load16(bytes + 4);
    udp->checksum = load16(bytes + 6);
    return udp->length < UDP_HEADER || udp->length > length ? wire_total_length : wire_none;
}

void udp_build(uint8_t *bytes, uint16_t source_port, uint16_t destination_port, uint16_t length)
{
    store16(bytes, source_port);
    store16(bytes + 2, destination_port);
    store16(bytes + 4, length);
    store16(bytes + 6, 0);
}
