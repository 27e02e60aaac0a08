#ifndef SEPTET_STACK_MERGE_H
#define SEPTET_STACK_MERGE_H

#include "ip/layer.h"
#include "tcp/tcp.h"

/* Segments of one flow that arrive one behind the other are merged into one: receive offload. Only what makes no
 * difference to TCP but the cost: the same headers but for length, identification and sequence number, the next in
 * order, none but the last shorter than the others. Spans and header image point into the packets, so a merge ends
 * with the batch. */

struct septet;

#define MERGE_SPANS 1152
#define MERGE_HEADER 128
#define MERGE_WORDS (MERGE_HEADER / 8)

struct merge {
    bool pending;
    struct segment segment;
    struct septet_tuple tuple;
    uint32_t span_count;
    /* What the next packet is compared with; image_length 0: it cannot be compared. */
    const uint8_t *image;
    uint32_t image_length; /* link to TCP options */
    uint32_t ip, tcp;      /* where these headers begin */
    uint32_t generation;   /* of the IP layer */
    uint32_t ip_sum;       /* of the IPv4 header without length, identification and checksum */
    uint16_t interface;
    bool ipv4;
    uint64_t mask[MERGE_WORDS];
    uint64_t tail_mask; /* of the last eight bytes */
    struct septet_span spans[MERGE_SPANS];
};

/* Takes a packet that continues the merge that is going on. False: it has to take the whole way. */
bool merge_next(struct septet *stack, const struct septet_packet *packet);
/* Begins with the segment in merge.segment, which came with this packet; ends at once what nothing may join. */
void merge_begin(struct septet *stack, const struct septet_packet *packet, const struct ip_delivery *delivery);
/* Hands over what was merged. */
void merge_flush(struct septet *stack);

#endif
