/* Pieces of two datagrams, one of IPv4 and one of IPv6, made from the input: six bytes tell one. What is put together
 * lies within its frame. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "explain/fragment.h"
#include "wire/link_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint32_t make(const uint8_t *data, uint8_t *frame)
{
    bool six = data[0] & 1;
    uint32_t length = load16(data + 4) % 3000, offset = load16(data + 2) & 0xfff8;
    struct ip_fields fields = {.source = septet_address_ipv4(10, 0, 0, 1),
                               .destination = septet_address_ipv4(10, 0, 0, 2),
                               .protocol = six ? PROTOCOL_FRAGMENT : data[1],
                               .identification = data[0] >> 4,
                               .fragment_offset = (uint16_t)offset,
                               .more_fragments = data[0] >> 1 & 1};
    if (six) {
        fields.source.bytes[0] = fields.destination.bytes[0] = 0x20;
        ipv6_build(frame, &fields, IPV6_FRAGMENT_HEADER + length);
        frame[IPV6_HEADER] = data[1];
        store16(frame + IPV6_HEADER + 2, (uint16_t)(offset | (data[0] >> 1 & 1)));
        store32(frame + IPV6_HEADER + 4, data[0] >> 4);
        return IPV6_HEADER + IPV6_FRAGMENT_HEADER + length;
    }
    ipv4_build(frame, &fields, length);
    return IPV4_HEADER + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t frame[4096];
    struct fragments *fragments = fragments_create();
    require(fragments != NULL);
    memcpy(frame, data, size < sizeof frame ? size : sizeof frame);
    for (size_t at = 0; at + 6 <= size; at += 6) {
        struct dissection dissection;
        const uint8_t *bytes = frame;
        uint32_t length = make(data + at, frame), cut = data[at + 1] & 0x80 ? data[at + 1] & 0x7fu : 0;
        require(dissect(link_type_raw, frame, length - (cut < length ? cut : 0), length, &dissection));
        if (!dissection.fragment || !fragments_add(fragments, (int64_t)at, &bytes, &length, &dissection))
            continue;
        require(dissection.payload_captured == 0 ||
                (dissection.payload <= length && dissection.payload_captured <= length - dissection.payload));
        uint32_t sum = 0;
        for (uint32_t i = 0; i < length; i++)
            sum += bytes[i];
        require(sum <= length * 255u);
    }
    require(fragments_counts(fragments).datagrams <= fragments_counts(fragments).fragments);
    fragments_destroy(fragments);
    return 0;
}
