#ifndef SEPTET_IP_OUTPUT_H
#define SEPTET_IP_OUTPUT_H

#include "ip/layer.h"

#define OUTPUT_HEADER 128

/* Where ip_output() writes: the packet, OUTPUT_HEADER bytes, and spans. */
struct output {
    struct septet_packet *packet;
    uint8_t *header;
    struct septet_span *spans;
    uint32_t span_capacity;
};

/* Link and IP header as they were made; returns their length. */
uint32_t output_headers(const struct ip_layer *ip, const struct ip_packet *packet, uint8_t *header);
/* Completes a packet of `at` header bytes and [from, from + length) of what follows the IP header, as much of it in
 * the head as fits. False when there are not enough spans. */
bool output_fill(const struct ip_layer *ip, const struct ip_packet *packet, struct output *out, uint32_t at,
                 uint32_t from, uint32_t length);

/* The next part of a forwarded super-segment: all of it when the interface takes that, else one segment. */
bool output_segment(const struct ip_layer *ip, struct ip_packet *packet, struct output *out);

#endif
