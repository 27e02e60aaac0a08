#ifndef SEPTET_IP_FRAME_H
#define SEPTET_IP_FRAME_H

#include "ip/layer.h"

/* A received packet from its IP header on: contiguous bytes, then spans. */
struct ip_frame {
    const uint8_t *bytes;
    uint32_t contiguous;
    uint32_t length; /* of all */
    const struct septet_span *spans;
    uint32_t span_count;
    uint16_t interface; /* or IP_LOOP */
    uint16_t gso_size;
    uint8_t flags; /* enum septet_packet_flag */
    bool link_multicast;
};

/* Makes at least `need` bytes contiguous, or all there are, by copying them to the layer's scratch memory. False when
 * the driver scattered the packet over too many spans, or over fewer bytes than it says. need <= IP_SCRATCH. */
bool ip_frame_pull(struct ip_layer *ip, struct ip_frame *frame, uint32_t need);
/* Cuts off what is behind `length` bytes (Ethernet padding). False as above. */
bool ip_frame_trim(struct ip_layer *ip, struct ip_frame *frame, uint32_t length);
/* The piece that holds the byte at an offset: contiguous bytes from there, *length of them at most. */
const uint8_t *ip_frame_piece(const struct ip_frame *frame, uint32_t offset, uint32_t *length);

#endif
