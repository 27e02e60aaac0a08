#ifndef SEPTET_UDP_SOCKET_H
#define SEPTET_UDP_SOCKET_H

#include "udp/layer.h"

static inline struct udp_socket *udp_socket_at(const struct udp_layer *udp, uint32_t reference)
{
    return slab_at(&udp->sockets, reference);
}

/* The socket of a handle; NULL when it is stale. */
struct udp_socket *udp_socket_of(const struct udp_layer *udp, septet_handle handle);

/* ---- demux.c ---- */

/* The socket that gets what a remote end sends to a local one: one bound to the address before one bound to any of
 * the family, before one bound to any; of those that share it one connected to the remote end, else any of the
 * unconnected by a hash. NULL when there is none. */
struct udp_socket *udp_demux_find(const struct udp_layer *udp, uint8_t protocol, const struct septet_tuple *tuple);
/* True when a socket exists that would get, or lose, packets of another with this address and flags. */
bool udp_demux_conflict(const struct udp_layer *udp, uint8_t protocol, const struct septet_address *address,
                        uint16_t port, unsigned flags);
/* A random free port, 0 when there is none. */
uint16_t udp_demux_pick_port(struct udp_layer *udp, uint8_t protocol, const struct septet_address *address,
                             unsigned flags);
void udp_demux_insert(struct udp_layer *udp, uint32_t reference);
void udp_demux_remove(struct udp_layer *udp, uint32_t reference);

/* ---- event.c ---- */

void udp_raise(struct udp_layer *udp, struct udp_socket *socket, uint32_t events);
/* A send was refused: an event follows when it is worth trying again. */
void udp_block(struct udp_layer *udp, struct udp_socket *socket, bool wants_room);
/* Takes a socket that goes away out of the lists. */
void udp_forget(struct udp_layer *udp, struct udp_socket *socket);
/* Takes the pending error, SEPTET_OK when there is none. */
int udp_take_error(struct udp_socket *socket);

/* ---- queue.c ---- */

/* Queues info->length bytes: `prefix` (prefix_length of them), then those of a delivery from `skip` on. */
void udp_queue_put(struct udp_layer *udp, struct udp_socket *socket, const struct septet_datagram *info,
                   const uint8_t *prefix, uint32_t prefix_length, const struct ip_delivery *delivery, uint32_t skip);
/* Takes the oldest datagram as udp_receive() does, or only looks at it from an offset on. */
int64_t udp_queue_take(struct udp_layer *udp, struct udp_socket *socket, uint8_t *data, size_t length,
                       struct septet_datagram *info);
int64_t udp_queue_peek(struct udp_layer *udp, struct udp_socket *socket, uint32_t offset, uint8_t *data, size_t length,
                       struct septet_datagram *info);
/* The same with ICMP errors and what they quote; one that finds no room is lost. */
void udp_queue_put_error(struct udp_layer *udp, struct udp_socket *socket, const struct septet_datagram_error *error,
                         const uint8_t *quoted);
int64_t udp_queue_take_error(struct udp_layer *udp, struct udp_socket *socket, uint8_t *data, size_t length,
                             struct septet_datagram_error *error);
void udp_queue_clear(struct udp_layer *udp, struct udp_socket *socket);

/* ---- send.c ---- */

/* True when a socket has sent to this destination lately. */
bool udp_sent_to(const struct udp_layer *udp, const struct udp_socket *socket, const struct septet_address *to,
                 uint16_t port);

#endif
