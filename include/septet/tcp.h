#ifndef SEPTET_TCP_H
#define SEPTET_TCP_H

#include "septet/septet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- open: RFC 9293 section 3.9.1.1, 3.10.1 ---- */

/**
 * Passive OPEN. `local` NULL or any: every address of the stack. Port 0: an automatic one.
 * At most `backlog` (>= 1) connections wait for septet_accept(); SYNs beyond are dropped.
 * SEPTET_NO_LISTENERS, SEPTET_ADDRESS_IN_USE, SEPTET_ADDRESS_NOT_AVAILABLE, SEPTET_NO_PORTS, SEPTET_INVALID.
 */
SEPTET_API int septet_listen(struct septet *stack, const struct septet_address *local, uint16_t port, uint32_t backlog,
                             septet_handle *listener);

enum septet_bind_flag {
    SEPTET_BIND_SHARED = 1, /**< others made with it may have this address and port too: a hash of both ends chooses */
    SEPTET_BIND_IPV6_ONLY = 2 /**< any address is any IPv6 address: IPv4 may be another's */
};
/** septet_listen() with flags of enum septet_bind_flag. */
SEPTET_API int septet_listen_as(struct septet *stack, const struct septet_address *local, uint16_t port,
                                uint32_t backlog, unsigned flags, septet_handle *listener);

/** Takes the oldest established connection of a listener. SEPTET_AGAIN when there is none, SEPTET_STALE. */
SEPTET_API int septet_accept(struct septet *stack, septet_handle listener, septet_handle *connection);

/**
 * Active OPEN; completion is SEPTET_EVENT_CONNECTED, failure SEPTET_EVENT_CLOSED with its error.
 * `local` NULL or any: chosen by route (RFC 6724). `local_port` 0: random (RFC 6056).
 * SEPTET_NO_CONNECTIONS, SEPTET_NO_PORTS, SEPTET_ADDRESS_IN_USE (this tuple exists), SEPTET_ADDRESS_NOT_AVAILABLE,
 * SEPTET_NETWORK_UNREACHABLE (also broadcast and multicast destinations, MUST-46), SEPTET_INVALID (port 0).
 */
SEPTET_API int septet_connect(struct septet *stack, const struct septet_address *local, uint16_t local_port,
                              const struct septet_address *remote, uint16_t remote_port, septet_handle *connection);

/* ---- data: sections 3.9.1.2 and 3.9.1.3 ---- */

enum septet_send_flag {
    SEPTET_SEND_MORE = 1,  /**< more follows at once: hold back a short last segment (for 200 ms at most) */
    SEPTET_SEND_URGENT = 2 /**< the last byte is the end of urgent data */
};

/**
 * Copies bytes into the send buffer. Returns how many were taken (> 0, or 0 for length 0), or SEPTET_AGAIN
 * (SEPTET_EVENT_WRITABLE follows), SEPTET_NO_PAGES (SEPTET_EVENT_ROOM follows), SEPTET_NOT_CONNECTED (still
 * opening data is accepted and sent when established; never opened or gone is an error), SEPTET_CLOSING after
 * septet_shutdown(), the error that ended the connection, or SEPTET_STALE.
 */
SEPTET_API int64_t septet_send(struct septet *stack, septet_handle connection, const void *data, size_t length,
                               unsigned flags);

/**
 * The same without a copy: lends contiguous writable memory of the send buffer, *length bytes of at most those
 * asked for. Fill and septet_send_commit() any number of them before the next call that takes this stack.
 * Errors as septet_send().
 */
SEPTET_API int septet_send_reserve(struct septet *stack, septet_handle connection, uint8_t **data, size_t *length);
/** Sends the first `length` bytes of what septet_send_reserve() lent. Errors as septet_send(). */
SEPTET_API int septet_send_commit(struct septet *stack, septet_handle connection, size_t length, unsigned flags);

/** Bytes that septet_send() would take now, or an error as septet_send(). When that is less than a third of the
 * buffer, SEPTET_EVENT_WRITABLE follows once it is more. */
SEPTET_API int64_t septet_send_room(struct septet *stack, septet_handle connection);

/**
 * Copies received bytes out. Returns how many (> 0), 0 when the peer has closed and everything was read,
 * SEPTET_AGAIN when nothing is there, the error that ended the connection (once everything before it was read),
 * SEPTET_NOT_CONNECTED or SEPTET_STALE.
 */
SEPTET_API int64_t septet_receive(struct septet *stack, septet_handle connection, void *data, size_t length);

/** The same without a copy: *data points at *length contiguous bytes, valid until the next call that takes this
 * stack. Returns as septet_receive(); nothing is consumed. */
SEPTET_API int64_t septet_receive_peek(struct septet *stack, septet_handle connection, const uint8_t **data,
                                       size_t *length);
/** Copies bytes that begin `offset` bytes into what can be read, without consuming any. Returns as septet_receive(). */
SEPTET_API int64_t septet_receive_copy(struct septet *stack, septet_handle connection, uint32_t offset, void *data,
                                       size_t length);
/** Consumes bytes that were peeked at. SEPTET_INVALID when more than are there. */
SEPTET_API int septet_receive_consume(struct septet *stack, septet_handle connection, size_t length);
/** Bytes that can be read now; of a listener, connections that wait to be accepted. SEPTET_STALE. */
SEPTET_API int64_t septet_receive_available(struct septet *stack, septet_handle connection);
/**
 * MUST-33: bytes up to the end of urgent data that are still to be read; 0 when there is none. SEPTET_STALE.
 */
SEPTET_API int64_t septet_urgent_remaining(struct septet *stack, septet_handle connection);

/* ---- close: sections 3.9.1.4 and 3.9.1.5 ---- */

/** RFC CLOSE: after what was sent, a FIN. Receiving goes on (half-close). SEPTET_NOT_CONNECTED, SEPTET_STALE; twice is
 * SEPTET_OK. */
SEPTET_API int septet_shutdown(struct septet *stack, septet_handle connection);
/**
 * Lets go of a handle: of a connection, shutdown without reading any more. Unread or later data is answered with
 * RST (SHLD-3). Of a listener: stops listening; connections not yet accepted are aborted. Of a datagram socket: closes
 * it. SEPTET_STALE.
 */
SEPTET_API int septet_close(struct septet *stack, septet_handle handle);
/** RFC ABORT: RST to the peer, everything dropped, the handle is gone. SEPTET_STALE. */
SEPTET_API int septet_abort(struct septet *stack, septet_handle connection);

/* ---- what one wants to know ---- */

/** True when a connection uses this local port, also one in TIME-WAIT that nobody has a handle of. `local` NULL or any:
 * with whatever address. Takes time in proportion to the room for connections when some port like it is in use. */
SEPTET_API bool septet_port_used(const struct septet *stack, const struct septet_address *local, uint16_t port);

/** Both ends. Of a listener the local one. SEPTET_STALE. */
SEPTET_API int septet_tuple_get(struct septet *stack, septet_handle handle, struct septet_tuple *tuple);
/** State, 0.. of enum septet_state, or SEPTET_STALE. */
SEPTET_API int septet_state(struct septet *stack, septet_handle connection);
/** Takes the pending error of a connection (final, then soft) or datagram socket: SEPTET_OK when there is none, or
 * SEPTET_STALE. */
SEPTET_API int septet_take_error(struct septet *stack, septet_handle connection);

enum septet_option {
#define OPTION(name, low, high, text) SEPTET_OPTION_##name,
#include "septet/option.def"
#undef OPTION
    SEPTET_OPTION_COUNT
};
/** Sets an option of option.def. Options of a listener are those that its connections begin with.
 * SEPTET_INVALID out of range, SEPTET_NO_SUCH_OPTION, SEPTET_NO_PAGES, SEPTET_STALE. */
SEPTET_API int septet_option_set(struct septet *stack, septet_handle handle, unsigned option, int64_t value);
/** Reads an option. Errors as above. */
SEPTET_API int septet_option_get(struct septet *stack, septet_handle handle, unsigned option, int64_t *value);
/** Name and text of an option ("NODELAY"); NULL for unknown numbers. Static. */
SEPTET_API const char *septet_option_name(unsigned option);
SEPTET_API const char *septet_option_text(unsigned option);

/** RFC 4898 and TCP_INFO in one: sequence variables as RFC 9293 section 3.3.1 names them. Times in ns. */
struct septet_tcp_info {
    uint8_t state; /**< enum septet_state */
    uint8_t phase; /**< enum septet_phase */
    uint8_t snd_wscale, rcv_wscale;
    bool timestamps, sack, window_scaling, ecn;
    bool ecn_seen; /**< the peer has marked its data as ECN-capable */
    uint32_t snd_una, snd_nxt, snd_wnd, iss, rcv_nxt, rcv_wnd, irs;
    uint32_t mss, peer_mss, path_mtu;
    uint32_t receive_mss;                 /**< the largest payload that the peer has sent in one segment, 0 none yet */
    uint32_t cwnd, ssthresh;              /**< bytes */
    uint32_t in_flight;                   /**< bytes: sent, less acknowledged, SACKed and lost, plus retransmitted */
    uint32_t sacked, lost, retransmitted; /**< bytes now outstanding of each kind */
    /** The same in segments: outstanding ones, and of those. Takes time in proportion to the flight. */
    uint32_t segments_outstanding, segments_sacked, segments_lost, segments_retransmitted;
    uint32_t unsent;        /**< bytes in the send buffer not sent yet */
    uint32_t receive_queue; /**< bytes that the application has not read */
    uint32_t out_of_order;  /**< ranges of out-of-order data held */
    int64_t rto, srtt, rttvar, min_rtt, last_rtt;
    uint32_t retransmits; /**< timeouts in a row */
    uint32_t probes;      /**< unanswered probes in a row */
    uint64_t bytes_sent, bytes_acked, bytes_received, bytes_retransmitted;
    uint64_t segments_out, segments_in, data_segments_out, data_segments_in, total_retransmits;
    uint64_t delivered;        /**< bytes known to have reached the peer */
    uint64_t delivery_rate;    /**< bytes per second of the last sample, 0 unknown */
    bool delivery_app_limited; /**< that sample was limited by the application */
    uint64_t pacing_rate;      /**< bytes per second, 0 unpaced */
    int64_t since_last_send, since_last_receive, since_last_ack;
    uint32_t duplicate_acks, reordering, dsack_seen;
    uint32_t accept_queue, backlog; /**< of a listener, of which there is nothing else but its state */
};
/** Fills in *info. SEPTET_STALE. */
SEPTET_API int septet_tcp_info(struct septet *stack, septet_handle connection, struct septet_tcp_info *info);

#ifdef __cplusplus
}
#endif
#endif
