#ifndef SEPTET_IP_PACKET_H
#define SEPTET_IP_PACKET_H

#include "ip/layer.h"
#include "ip/route.h"

/* Packets that wait to be pulled: descriptors of a slab, their bytes in the descriptor or in pages. */

/* A descriptor for `length` bytes behind the IP header, to be filled with packet_write(); 0 with *error SEPTET_AGAIN
 * or SEPTET_NO_PAGES. `control`: neighbour discovery and the like, for which a few are kept. */
uint32_t packet_new(struct ip_layer *ip, uint32_t length, bool control, int *error);
/* Copies bytes to an offset: offset + length is within what packet_new was asked for. */
void packet_write(struct ip_layer *ip, struct ip_packet *packet, uint32_t offset, const uint8_t *bytes,
                  uint32_t length);
/* Points spans at bytes [from, from + length) of a packet. Returns their count, UINT32_MAX when they exceed capacity.
 */
uint32_t packet_spans(const struct ip_layer *ip, const struct ip_packet *packet, uint32_t from, uint32_t length,
                      struct septet_span *spans, uint32_t capacity);
/* Copies bytes out. */
void packet_read(const struct ip_layer *ip, const struct ip_packet *packet, uint32_t from, uint8_t *to,
                 uint32_t length);
/* Frees a descriptor that is in no list. */
void packet_free(struct ip_layer *ip, uint32_t reference);
/* Counts it as dropped and frees it. */
void packet_drop(struct ip_layer *ip, uint32_t reference, enum septet_drop reason);

/* ip_send() of two groups of spans, one behind the other. */
int ip_send_pieces(struct ip_layer *ip, const struct ip_fields *fields, const struct septet_span *spans,
                   uint32_t span_count, const struct septet_span *more, uint32_t more_count);

/* Hands a complete packet over: to the output, to ourselves, or to the queue of a neighbour that is being asked for.
 * SEPTET_HOST_UNREACHABLE when that failed: then it is counted and gone. */
int packet_dispatch(struct ip_layer *ip, uint32_t reference, const struct route_hop *hop);
/* Hands over a packet whose interface and mac are set. */
void packet_output(struct ip_layer *ip, uint32_t reference);

/* Empties a neighbour's queue: drops, sends to the link address now known, or tells the senders that it failed. */
void packet_drop_queue(struct ip_layer *ip, struct list *queue, enum septet_drop reason);
void packet_send_queue(struct ip_layer *ip, struct list *queue, const uint8_t mac[6]);
void packet_fail_queue(struct ip_layer *ip, struct list *queue);

/* Sends a packet of the stack's own by this interface, `length` transport bytes that are complete; multicast, or to
 * the link address `mac` if it is not NULL. For link-local control: no route is asked. `options`: eight bytes of
 * hop-by-hop options that announce protocol, or NULL. Counted as dropped when the queue is full. */
void packet_send_control(struct ip_layer *ip, uint16_t interface, const struct ip_fields *fields,
                         const uint8_t *options, const uint8_t *bytes, uint32_t length, const uint8_t *mac);
/* Sends a frame that is not IP. */
void packet_send_frame(struct ip_layer *ip, uint16_t interface, uint16_t type, const uint8_t *bytes, uint32_t length,
                       const uint8_t mac[6]);

#endif
