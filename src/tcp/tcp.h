#ifndef SEPTET_TCP_TCP_H
#define SEPTET_TCP_TCP_H

#include "septet/tcp.h"
#include "tcp/connection.h"
#include "trace/handle.h"
#include "wire/tcp.h"

/* The TCP of one stack. It knows neither packets nor interfaces: segments come in
 * as struct segment, go out as struct transmission and struct reply. */

#define TCP_REPLIES 256
#define TCP_RETRY_LISTS 16

struct fifo {
    uint32_t head, tail;
};

/* A segment that belongs to no connection record of its own: RST, SYN-ACK, an ACK from TIME-WAIT. */
struct reply {
    struct septet_tuple tuple;
    uint32_t seq, ack;
    uint16_t flags, window;
    uint8_t options_length;
    uint8_t traffic_class, hop_limit;
    uint8_t options[TCP_OPTIONS_MAX];
};

struct tcp {
    struct core *core;
    const struct septet_tcp_config *config;
    struct slab connections, flights, half_open, time_wait, listeners;
    struct wheel wheel;  /* of connections */
    int64_t quiet_until; /* no connection's timer is due before */
    uint32_t *table;     /* heads of chains of demux references */
    uint32_t table_mask;
    uint32_t *port_users; /* connections of all kinds by local port, modulo port_mask + 1 */
    uint32_t port_mask;
    uint32_t *listener_table;
    uint32_t listener_mask;
    struct siphash_key table_key, isn_key, offset_key, cookie_key;
    int64_t cookies_until; /* SYN cookies that were sent may come back until then */
    struct fifo dirty;     /* connections, by dirty_next */
    struct fifo hungry;    /* connections that pages were refused to, by hungry_next */
    struct fifo events;    /* connections, and listeners with EVENT_LISTENER set, by event_next */
    struct fifo
        synack_timers[TCP_RETRY_LISTS]; /* half-open connections by retries: each list is in order of deadline */
    struct fifo time_waits;             /* in order of deadline */
    struct reply *replies;              /* ring */
    uint32_t replies_first, replies_count;
    struct septet_address *locals; /* interned local addresses of compact connections */
    uint32_t *locals_used;
    uint32_t locals_total;
    struct connection_options defaults;
    uint32_t refused_listeners; /* those that had no connection for somebody: ROOM is owed */
};

/* ---- arrival: segment.c ---- */

/* One segment, or several neighbours of a flow merged into one. Addresses as seen by us. */
struct segment {
    const struct septet_tuple *tuple;
    uint32_t seq, ack;
    uint16_t flags, window, urgent;
    uint8_t header_length;
    uint8_t traffic_class;
    uint16_t mtu;     /* of the interface it came by */
    uint16_t count;   /* segments merged */
    bool group;       /* to a multicast or broadcast address, of link or network */
    uint32_t length;  /* payload, `skip` bytes in */
    uint32_t skip;    /* bytes of the payload that are cut off at the left */
    uint32_t largest; /* payload of the largest of the merged */
    const struct septet_span *payload;
    uint32_t spans;
    const uint8_t *option_bytes;
    uint32_t option_length;
    struct tcp_options options; /* filled by tcp_input */
};
void tcp_input(struct tcp *tcp, struct segment *segment);
/* An ICMP error that quotes a segment of ours with this sequence number, RFC 5927. False when nothing matches. */
bool tcp_icmp_error(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t seq, int error, bool hard, uint8_t type,
                    uint8_t code);
/* A smaller MTU for the path of a quoted segment. False when nothing matches: the report is not to be believed. */
bool tcp_path_mtu(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t seq, uint32_t mtu);
/* The report was taken: what is outstanding and too big goes again, smaller. */
void tcp_path_reported(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t mtu);

/* ---- departure: transmit.c ---- */

/* One segment, or up to 64 of mss payload bytes each with one header. */
struct transmission {
    uint32_t seq, ack;
    uint16_t flags, window, urgent;
    uint16_t mss;
    uint32_t length; /* payload */
    uint8_t options_length;
    bool retransmission;
    bool capable; /* goes as ECT(0) */
    uint8_t options[TCP_OPTIONS_MAX];
};
/* The next thing a connection wants to send, of at most `segments` segments; false when nothing now. Everything is
 * accounted as sent. */
bool tcp_transmit(struct tcp *tcp, struct connection *connection, uint32_t segments, struct transmission *transmission);
/* Whether it would send (used before a route is looked for). */
bool tcp_has_work(struct tcp *tcp, struct connection *connection);
/* Takes the first of the dirty list off; NULL when it is empty. It stays marked, so that nothing frees it or puts
 * it back, until tcp_done. */
struct connection *tcp_next_dirty(struct tcp *tcp);
/* Ends the work on a connection from tcp_next_dirty: back to the end of the list if there is `more`. It may be gone
 * after. */
void tcp_done(struct tcp *tcp, struct connection *connection, bool more);
/* Takes a connection from tcp_next_dirty out of reach until its neighbour is known: `link` is the head of a list. */
void tcp_park(struct tcp *tcp, struct connection *connection, uint32_t *link);
/* The neighbour is known, or will not be (error): all of the list go on. */
void tcp_unpark(struct tcp *tcp, uint32_t *link, int error);
/* Puts a connection at the end of the dirty list. */
void tcp_mark_dirty(struct tcp *tcp, struct connection *connection);
/* The path of a reply has this MTU: corrects the MSS option of a SYN-ACK. */
void reply_path(struct reply *reply, uint32_t mtu);
/* The oldest reply, valid until the next call; NULL when there is none. */
struct reply *tcp_next_reply(struct tcp *tcp);
/* The stack found the way: path.mtu has changed or is known first. */
void tcp_path_changed(struct tcp *tcp, struct connection *connection);
/* The way is closed: next hop does not answer, or no route. */
void tcp_path_failed(struct tcp *tcp, struct connection *connection, int error);

/* ---- time: timer.c ---- */
void tcp_advance(struct tcp *tcp);
int64_t tcp_deadline(const struct tcp *tcp);

/* ---- life ---- */
size_t tcp_memory(const struct septet_config *config);
void tcp_init(struct tcp *tcp, struct core *core, void *memory);
/* The configuration has changed: what listeners and connections begin with follows it. */
void tcp_configured(struct tcp *tcp);
bool tcp_next_event(struct tcp *tcp, struct septet_event *event);
/* Tells connections that pages were refused to when there are some again. tcp_can_feed: whether it would. */
void tcp_feed(struct tcp *tcp);
bool tcp_can_feed(const struct tcp *tcp);

/* ---- user calls: open.c close.c user.c listen.c option.c info.c; errors as in septet/tcp.h ---- */
int tcp_listen(struct tcp *tcp, const struct septet_address *local, uint16_t port, uint32_t backlog, unsigned flags,
               septet_handle *handle);
int tcp_accept(struct tcp *tcp, septet_handle handle, septet_handle *accepted);
/* Addresses are complete and checked by the caller; local_port 0 picks one. */
int tcp_connect(struct tcp *tcp, struct septet_tuple *tuple, const struct ip_path *path, septet_handle *handle);
int64_t tcp_send(struct tcp *tcp, septet_handle handle, const uint8_t *data, size_t length, unsigned flags);
int tcp_send_reserve(struct tcp *tcp, septet_handle handle, uint8_t **data, size_t *length);
int tcp_send_commit(struct tcp *tcp, septet_handle handle, size_t length, unsigned flags);
int64_t tcp_send_room(struct tcp *tcp, septet_handle handle);
int64_t tcp_receive(struct tcp *tcp, septet_handle handle, uint8_t *data, size_t length);
int64_t tcp_receive_peek(struct tcp *tcp, septet_handle handle, const uint8_t **data, size_t *length);
int64_t tcp_receive_copy(struct tcp *tcp, septet_handle handle, uint32_t offset, uint8_t *data, size_t length);
int tcp_receive_consume(struct tcp *tcp, septet_handle handle, size_t length);
int64_t tcp_receive_available(struct tcp *tcp, septet_handle handle);
int64_t tcp_urgent_remaining(struct tcp *tcp, septet_handle handle);
int tcp_shutdown(struct tcp *tcp, septet_handle handle);
int tcp_close(struct tcp *tcp, septet_handle handle);
int tcp_abort(struct tcp *tcp, septet_handle handle);
bool tcp_port_used(const struct tcp *tcp, const struct septet_address *local, uint16_t port);
int tcp_listener_close(struct tcp *tcp, septet_handle handle);
int tcp_option_set(struct tcp *tcp, septet_handle handle, unsigned option, int64_t value);
int tcp_option_get(struct tcp *tcp, septet_handle handle, unsigned option, int64_t *value);
int tcp_info(struct tcp *tcp, septet_handle handle, struct septet_tcp_info *info);
int tcp_tuple(struct tcp *tcp, septet_handle handle, struct septet_tuple *tuple);
int tcp_user_set(struct tcp *tcp, septet_handle handle, uint64_t user);
int tcp_state(struct tcp *tcp, septet_handle handle);
int tcp_take_error(struct tcp *tcp, septet_handle handle);
/* What is in use: connections, half_open, time_wait, listeners, connection_size, compact_size. */
void tcp_usage(const struct tcp *tcp, struct septet_usage *usage);

#endif
