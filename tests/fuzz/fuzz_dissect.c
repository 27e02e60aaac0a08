/* A frame of the link type that its first two bytes name, cut at a snap length that the third names: offsets lie in
 * order and within the frame. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/dissect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check(const struct dissection *dissection, const uint8_t *bytes, uint32_t captured)
{
    uint32_t end = 0;
    require(dissection->headers <= DISSECT_LAYERS && dissection->ip_layers <= dissection->headers);
    require(dissection->is_tcp + dissection->is_udp + dissection->is_icmp <= 1);
    for (uint32_t i = 0; i < dissection->headers; i++) {
        const struct dissect_header *header = &dissection->header[i];
        require(header->offset >= end && header->offset <= captured && header->layer < DISSECT_LAYER_KINDS);
        require(header->length <= captured - header->offset || header->layer == layer_tcp);
        end = header->offset + header->length;
        require(dissect_layer_text(header->layer) != NULL);
    }
    if (!dissection->is_ip)
        return;
    require(dissection->network + dissection->ip.header_length <= captured);
    require(dissection->transport >= dissection->network + dissection->ip.header_length);
    require(dissection->payload_captured <= dissection->payload_length);
    require(dissection->payload_captured == 0 ||
            (dissection->payload <= captured && dissection->payload_captured <= captured - dissection->payload));
    if (dissection->is_tcp) {
        struct tcp_options options;
        require(dissection->transport + TCP_HEADER + dissection->options_captured <= captured);
        tcp_options_parse(bytes + dissection->transport + TCP_HEADER, dissection->options_captured, true, &options);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dissection dissection;
    if (size < 3 || size > UINT32_MAX)
        return 0;
    uint32_t link_type = (uint32_t)data[0] << 8 | data[1], original = (uint32_t)size - 3;
    uint32_t captured = original - (data[2] < original ? data[2] : original);
    uint8_t *bytes = malloc(original ? original : 1);
    require(bytes != NULL);
    memcpy(bytes, data + 3, original);
    require(dissect(link_type, bytes, captured, original, &dissection) == dissect_knows(link_type));
    check(&dissection, bytes, captured);
    if (dissection.fragment) {
        dissect_reassembled(bytes, captured, captured + data[2], &dissection);
        check(&dissection, bytes, captured);
    }
    free(bytes);
    return 0;
}
