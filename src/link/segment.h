#ifndef SEPTET_LINK_SEGMENT_H
#define SEPTET_LINK_SEGMENT_H

#include "septet/septet.h"

/* What the wire would carry: a packet with its offloads carried out. A TCP super-segment becomes ordinary segments,
 * an unfinished checksum is finished, everything else stays as it is. For captures and for devices without offloads. */
struct segmenter {
    const struct septet_packet *packet;
    uint32_t header; /* bytes before the payload that each frame repeats; 0: one frame, all of it */
    uint32_t network;
    uint32_t at; /* of the next byte of the packet to go out */
    uint32_t span, span_at;
};

/* Longest frame: an Ethernet header with two tags and the longest IP packet. */
#define SEGMENT_FRAME_MAX 65560

/* Starts on a packet, which must stay as it is until the end. `ethernet`: it begins with a link header. */
void segmenter_begin(struct segmenter *segmenter, const struct septet_packet *packet, bool ethernet);
/* Writes the next frame. Its length, or 0 at the end; a packet of more than SEGMENT_FRAME_MAX bytes is cut off there.
 */
uint32_t segmenter_next(struct segmenter *segmenter, uint8_t frame[SEGMENT_FRAME_MAX]);

#endif
