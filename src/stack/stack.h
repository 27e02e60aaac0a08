#ifndef SEPTET_STACK_STACK_H
#define SEPTET_STACK_STACK_H

#include "ip/layer.h"
#include "stack/merge.h"
#include "tcp/tcp.h"
#include "udp/layer.h"

/* One stack: the layers, and what carries packets between them and the driver. */

/* Room for the headers of a packet, link to TCP options: 14 + 40 + 60 at most. */
#define STACK_HEADER 128
/* Spans of one packet; of a transmission, which begins a new span with each segment when it is cut here; and of all
 * packets of a batch. */
#define STACK_PACKET_SPANS 68
#define STACK_TRANSMISSION_SPANS (STACK_PACKET_SPANS + SEPTET_BATCH)
#define STACK_SPANS (SEPTET_BATCH * 20)

struct septet {
    struct core core;
    struct ip_layer ip;
    struct udp_layer udp;
    struct tcp tcp;
    struct merge merge;
    uint32_t span_used;
    struct septet_span spans[STACK_SPANS];
    uint8_t headers[SEPTET_BATCH][STACK_HEADER];
};

/* input.c */
/* Takes one packet through the layers; segments may stay in the merge until merge_flush. */
void stack_packet(struct septet *stack, const struct septet_packet *packet);
/* Whether the TCP checksum of `length` bytes, `contiguous` of them at tcp and the rest in spans, is right. */
bool stack_checksum_right(const struct septet_address *source, const struct septet_address *destination,
                          const uint8_t *tcp, uint32_t contiguous, const struct septet_span *spans, uint32_t span_count,
                          uint32_t length);
/* Connections whose neighbour has answered, or will not, go on. */
void stack_settle(struct septet *stack);

/* frame.c */
/* What the headers of a TCP transmission are made from. */
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
/* The headers that all segments of a transmission share, without what differs, and the sums over them. */
struct frame_template {
    uint8_t head[STACK_HEADER];
    uint32_t head_length; /* link, IP and TCP header */
    uint32_t ip, tcp;     /* where these begin */
    uint32_t ip_sum, tcp_sum, pseudo_sum;
    uint16_t interface;
    bool ipv4, ethernet, loop, offload;
};
void frame_prepare(const struct septet *stack, const struct frame *frame, struct frame_template *template);
/* Writes the headers of one segment into packet number `slot` of the batch and completes the packet's fields; its
 * spans are there already. Of the frame only seq, flags, identification, payload and gso_size count. */
void frame_stamp(struct septet *stack, const struct frame_template *template, const struct frame *frame, uint32_t slot,
                 struct septet_packet *packet);
/* Does in software what a packet without spans still needs from a device. */
void frame_complete_checksum(struct septet *stack, uint32_t slot, struct septet_packet *packet);

#endif
