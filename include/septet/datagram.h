#ifndef SEPTET_DATAGRAM_H
#define SEPTET_DATAGRAM_H

#include "septet/tcp.h"

#ifdef __cplusplus
extern "C" {
#endif

enum septet_datagram_protocol {
    SEPTET_UDP,      /**< RFC 768 */
    SEPTET_ICMP_ECHO /**< echo requests out, replies in; the port is the identifier, the first two payload bytes the
                        sequence number */
};

/**
 * A datagram socket. `local` NULL or any: every address. Port 0: an automatic one.
 * SEPTET_NO_SOCKETS, SEPTET_ADDRESS_IN_USE, SEPTET_ADDRESS_NOT_AVAILABLE, SEPTET_NO_PORTS, SEPTET_INVALID.
 * septet_close() ends it; septet_option_set() knows TRAFFIC_CLASS, HOP_LIMIT, RECEIVE_BUFFER, BROADCAST and
 * ERROR_QUEUE; septet_take_error() takes a pending error.
 */
SEPTET_API int septet_datagram_open(struct septet *stack, enum septet_datagram_protocol protocol,
                                    const struct septet_address *local, uint16_t port, septet_handle *socket);
/** septet_datagram_open() with flags of enum septet_bind_flag (septet/tcp.h). */
SEPTET_API int septet_datagram_open_as(struct septet *stack, enum septet_datagram_protocol protocol,
                                       const struct septet_address *local, uint16_t port, unsigned flags,
                                       septet_handle *socket);
/**
 * From now on only what comes from this address and port is taken, by the local address that the route to it has
 * unless the socket is bound to one; `remote` NULL ends that. What is queued stays. SEPTET_NETWORK_UNREACHABLE,
 * SEPTET_ADDRESS_NOT_AVAILABLE, SEPTET_INVALID (any address, broadcast without the option), SEPTET_STALE.
 */
SEPTET_API int septet_datagram_connect(struct septet *stack, septet_handle socket, const struct septet_address *remote,
                                       uint16_t port);
/**
 * Queues one datagram, fragmented if it must be. Returns its length, or SEPTET_AGAIN (the queue is full),
 * SEPTET_NO_PAGES, SEPTET_NETWORK_UNREACHABLE, SEPTET_MESSAGE_TOO_LONG, SEPTET_INVALID (port 0; broadcast without
 * the option), a pending error of an earlier one (SEPTET_CONNECTION_REFUSED ...), SEPTET_STALE.
 */
SEPTET_API int64_t septet_datagram_send(struct septet *stack, septet_handle socket, const struct septet_address *to,
                                        uint16_t port, const void *data, size_t length);

/** The same of a datagram whose bytes lie in up to 64 places. */
SEPTET_API int64_t septet_datagram_send_spans(struct septet *stack, septet_handle socket,
                                              const struct septet_address *to, uint16_t port,
                                              const struct septet_span *spans, uint32_t count);

/** What came with a datagram. */
struct septet_datagram {
    struct septet_address from, to;
    uint16_t from_port, to_port;
    uint16_t interface;
    uint8_t hop_limit, traffic_class;
    uint32_t length; /**< of the datagram; more than what was copied means that the rest is lost */
    int64_t time;    /**< of arrival, ns */
};
/** Takes the oldest datagram. Returns the bytes copied (>= 0), SEPTET_AGAIN, a pending error, or SEPTET_STALE. `info`
 * may be NULL. */
SEPTET_API int64_t septet_datagram_receive(struct septet *stack, septet_handle socket, void *data, size_t length,
                                           struct septet_datagram *info);
/** Looks at the oldest datagram, from an offset on, without taking it or a pending error. Returns as
 * septet_datagram_receive(). */
SEPTET_API int64_t septet_datagram_peek(struct septet *stack, septet_handle socket, uint32_t offset, void *data,
                                        size_t length, struct septet_datagram *info);

/** An ICMP error about a datagram of ours. */
struct septet_datagram_error {
    struct septet_address to, from; /**< whom the datagram was for, who complains */
    uint16_t to_port;
    uint8_t type, code; /**< of the ICMP or ICMPv6 message */
    int error;          /**< enum septet_error */
    uint32_t mtu;       /**< when the datagram was too big for a link of this MTU, else 0 */
    uint32_t length;    /**< of the datagram's payload as far as it is quoted */
    int64_t time;       /**< of arrival, ns */
};
/** With SEPTET_OPTION_ERROR_QUEUE: takes the oldest error and copies what it quotes of the payload. Returns the bytes
 * copied (>= 0), SEPTET_AGAIN, or SEPTET_STALE. */
SEPTET_API int64_t septet_datagram_error(struct septet *stack, septet_handle socket, void *data, size_t length,
                                         struct septet_datagram_error *error);

#ifdef __cplusplus
}
#endif
#endif
