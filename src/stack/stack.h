#ifndef SEPTET_STACK_STACK_H
#define SEPTET_STACK_STACK_H

#include "ip/layer.h"
#include "tcp/tcp.h"
#include "udp/layer.h"

/* One stack: the layers, and what carries packets between them and the driver. */

/* Room for the headers of a packet, link to TCP options: 14 + 40 + 60 at most. */
#define STACK_HEADER 128
/* Spans of one packet, and of all packets of a batch. */
#define STACK_PACKET_SPANS 68
#define STACK_SPANS (SEPTET_BATCH * 18)

/* Segments of one flow that arrived one after the other, merged into one: receive offload. */
struct merge {
    struct segment segment;
    struct septet_tuple tuple;
    struct septet_span spans[STACK_SPANS];
    uint32_t span_count;
    bool pending;
};

struct septet {
    struct core core;
    struct ip_layer ip;
    struct udp_layer udp;
    struct tcp tcp;
    struct merge merge;
    uint32_t header_used;
    uint32_t span_used;
    struct septet_span spans[STACK_SPANS];
    uint8_t headers[SEPTET_BATCH][STACK_HEADER];
};

/* input.c */
/* Takes one packet through the layers; segments may stay in the merge until stack_flush. */
void stack_packet(struct septet *stack, const struct septet_packet *packet);
void stack_flush(struct septet *stack);
/* Connections whose neighbour has answered, or will not, go on. */
void stack_settle(struct septet *stack);

/* frame.c */
/* What a TCP segment's frame is made from. */
struct frame {
    const struct septet_tuple *tuple;
    const struct ip_path *path;
    const uint8_t *mac; /* of the next hop, when the interface has any */
    const uint8_t *options;
    uint32_t seq, ack;
    uint16_t flags, window, urgent;
    uint8_t options_length, traffic_class, hop_limit;
    uint16_t identification;
    uint32_t payload;  /* bytes behind the header */
    uint16_t gso_size; /* 0: one segment */
};
/* Writes headers into packet number `slot` of the batch and completes the packet's fields; spans are there already. */
void frame_build(struct septet *stack, const struct frame *frame, uint32_t slot, struct septet_packet *packet);
/* Does in software what a packet without spans still needs from a device. */
void frame_complete_checksum(struct septet *stack, uint32_t slot, struct septet_packet *packet);

#endif
