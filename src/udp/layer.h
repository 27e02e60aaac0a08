#ifndef SEPTET_UDP_LAYER_H
#define SEPTET_UDP_LAYER_H

#include "base/stream.h"
#include "ip/ip_layer.h"
#include "septet/datagram.h"
#include "trace/handle.h"

/* Datagram sockets: UDP (RFC 768, 1122 section 4.1, 8085) and ICMP echo. */

/* Destinations a socket remembers to believe ICMP errors about them only (RFC 5927). */
#define UDP_RECENT 8

/* A FIFO of records, each followed by bytes. */
struct udp_queue {
    uint32_t read_at, write_at; /* positions in `bytes` */
    struct stream bytes;
};

struct udp_socket {
    uint32_t next;      /* in the chain of its address and port */
    uint32_t port_next; /* in the chain of its port */
    uint32_t generation;
    uint32_t event_next, blocked_next;
    bool in_use, has_event, blocked;
    bool wants_room; /* pages were refused, not only the queue */
    bool broadcast;
    bool connected;                   /* takes only what comes from `remote` */
    bool keeps_errors;                /* ICMP errors go to `errors` too */
    uint8_t flags;                    /* enum septet_bind_flag */
    uint8_t protocol;                 /* enum septet_datagram_protocol */
    uint8_t traffic_class, hop_limit; /* 0: the stack's */
    uint16_t port;                    /* or identifier */
    uint16_t recent_at;
    struct septet_address local; /* any of either family: wildcard */
    struct septet_address bound; /* the same, but for what connecting made of it */
    struct septet_address remote;
    uint16_t remote_port;
    uint32_t events;
    int error;
    uint64_t user;
    uint32_t receive_buffer; /* bytes that may be queued, headers included */
    struct udp_queue queue;  /* a struct septet_datagram and the payload of each */
    struct udp_queue errors; /* a struct septet_datagram_error and what was quoted of the payload */
    uint64_t recent[UDP_RECENT];
};

/* FIFO of sockets, linked by one of their fields. */
struct udp_list {
    uint32_t first, last;
};

struct udp_layer {
    struct core *core;
    struct ip_layer *ip;
    struct slab sockets;
    struct siphash_key key;
    uint32_t *table;      /* heads of chains, by protocol, address and port */
    uint32_t *port_table; /* by protocol and port */
    uint32_t mask;
    struct udp_list events;  /* by event_next */
    struct udp_list blocked; /* by blocked_next */
};

/* ---- life ---- */

size_t udp_layer_memory(const struct septet_config *config);
/* The memory, aligned to 64, and both layers must outlive it. */
void udp_layer_init(struct udp_layer *udp, struct core *core, struct ip_layer *ip, void *memory);
/* Sockets that are open. */
uint32_t udp_used(const struct udp_layer *udp);

/* ---- from the network: what ip_input() delivered ---- */

/* A UDP packet: queued for its socket, or answered with port unreachable, or counted as dropped. */
void udp_input(struct udp_layer *udp, const struct ip_delivery *delivery);
/* An echo reply. */
void udp_echo(struct udp_layer *udp, const struct ip_delivery *delivery);
/* An ICMP error that quotes UDP or an echo request. False when no socket has sent that lately. */
bool udp_error(struct udp_layer *udp, const struct ip_delivery *delivery);

/* ---- for the application: errors as in septet/datagram.h and septet/septet.h ---- */

int udp_open(struct udp_layer *udp, enum septet_datagram_protocol protocol, const struct septet_address *local,
             uint16_t port, septet_handle *handle);
int udp_open_as(struct udp_layer *udp, enum septet_datagram_protocol protocol, const struct septet_address *local,
                uint16_t port, unsigned flags, septet_handle *handle);
int udp_connect(struct udp_layer *udp, septet_handle handle, const struct septet_address *remote, uint16_t port);
int udp_pending_error(struct udp_layer *udp, septet_handle handle);
int64_t udp_peek(struct udp_layer *udp, septet_handle handle, uint32_t offset, uint8_t *data, size_t length,
                 struct septet_datagram *info);
int64_t udp_error_receive(struct udp_layer *udp, septet_handle handle, uint8_t *data, size_t length,
                          struct septet_datagram_error *error);
int udp_close(struct udp_layer *udp, septet_handle handle);
int64_t udp_send(struct udp_layer *udp, septet_handle handle, const struct septet_address *to, uint16_t port,
                 const uint8_t *data, size_t length);
int64_t udp_send_spans(struct udp_layer *udp, septet_handle handle, const struct septet_address *to, uint16_t port,
                       const struct septet_span *spans, uint32_t count);
int64_t udp_receive(struct udp_layer *udp, septet_handle handle, uint8_t *data, size_t length,
                    struct septet_datagram *info);
bool udp_next_event(struct udp_layer *udp, struct septet_event *event);
int udp_user_set(struct udp_layer *udp, septet_handle handle, uint64_t user);
int udp_tuple(struct udp_layer *udp, septet_handle handle, struct septet_tuple *tuple);
int udp_option_set(struct udp_layer *udp, septet_handle handle, unsigned option, int64_t value);
int udp_option_get(struct udp_layer *udp, septet_handle handle, unsigned option, int64_t *value);

#endif
