#ifndef SEPTET_SEPTET_H
#define SEPTET_SEPTET_H

/**
 * Septet: a TCP/IP stack as a value.
 *
 * A stack lives in memory that the caller gives, reads no clock, file or device,
 * and never calls the application. Its owner drives it:
 *
 *     septet_advance(stack, now);                  time is an argument
 *     septet_input(stack, packets, count);         what the driver received
 *     while (septet_next_event(stack, &event))     what that means: read, write, accept ...
 *     count = septet_output(stack, packets, 64);   what is worth sending now
 *     wait for packets until septet_deadline(stack)
 *
 * Functions that can fail return a negative enum septet_error. A stack is not
 * locked: one thread uses it at a time; different stacks know nothing of each other.
 */

#include "septet/config.h"
#include "septet/error.h"

#ifdef __cplusplus
extern "C" {
#endif

struct septet;

/** Names a listener, connection or datagram socket: kind, generation and index. 0 names nothing.
 * A handle of something gone is answered with SEPTET_STALE for ever after. */
typedef uint64_t septet_handle;

/* ---- life ---- */

/** Bytes of memory that a stack of this configuration needs; 0 when the configuration is invalid.
 * Memory of objects that were never in use is never touched. */
SEPTET_API size_t septet_memory_size(const struct septet_config *config);

/**
 * Makes a stack in memory that stays the caller's and must outlive it, aligned to 64 bytes.
 * The configuration is copied. Returns NULL with *error (may be NULL) SEPTET_MEMORY_SIZE or SEPTET_INVALID.
 * There is no destroy: forget the memory.
 */
SEPTET_API struct septet *septet_create(const struct septet_config *config, void *memory, size_t size, int *error);

/**
 * Changes how TCP behaves from now on. What a connection took over when it was made (its options, what it offered)
 * stays; everything else follows. SEPTET_INVALID, and nothing changed, when a value is out of range.
 */
SEPTET_API int septet_tcp_configure(struct septet *stack, const struct septet_tcp_config *config);

/* ---- time ---- */

/** Tells the time (ns; earlier times than told before are ignored) and runs the timers that are due. */
SEPTET_API void septet_advance(struct septet *stack, int64_t now);
/** The time last told. */
SEPTET_API int64_t septet_now(const struct septet *stack);
/**
 * When septet_advance() should be called again at the latest, ns; SEPTET_NEVER when nothing is pending.
 * A time not after septet_now() means that septet_output() has something to give.
 */
SEPTET_API int64_t septet_deadline(struct septet *stack);

/* ---- packets ---- */

/** Contiguous bytes. */
struct septet_span {
    const uint8_t *data;
    uint32_t length;
};

enum septet_packet_flag {
    /** The transport checksum field holds the pseudo-header sum only: sum from checksum_start to the end and store at
       checksum_offset. */
    SEPTET_PACKET_NEEDS_CHECKSUM = 1,
    /** The driver or device has verified the transport checksum. */
    SEPTET_PACKET_CHECKSUM_VALID = 2
};

/**
 * A packet in or out. Its bytes are head, then the spans. All headers, link to
 * TCP options, lie within head. Offload fields are those of virtio-net.
 */
struct septet_packet {
    const uint8_t *head;
    const struct septet_span *spans; /**< payload behind head; NULL when span_count is 0 */
    uint32_t head_length;
    uint32_t span_count;
    uint32_t length;          /**< all bytes, head and spans */
    uint16_t interface;       /**< index from septet_interface_add() */
    uint16_t gso_size;        /**< payload bytes of each segment of a super-segment, 0 for an ordinary packet */
    uint16_t header_length;   /**< out: link to transport header, both included */
    uint16_t checksum_start;  /**< out: of the transport header, from the start of head */
    uint16_t checksum_offset; /**< out: of the checksum field, from checksum_start */
    uint8_t flags;            /**< enum septet_packet_flag */
    uint8_t ip_version;       /**< out: 4, 6, or 0 for ARP */
};

/** Most packets that one call of septet_input or septet_output works on at once. More are taken in turns. */
#define SEPTET_BATCH 64

/**
 * Packets that arrived, in order. Their bytes are only read during the call.
 * Those of one call are processed together: acknowledgements are decided at its end.
 */
SEPTET_API void septet_input(struct septet *stack, const struct septet_packet *packets, uint32_t count);

/**
 * Asks for up to `maximum` packets that are worth sending now, over all interfaces. Returns their count.
 * Their bytes belong to the stack and are valid until the next call that takes this stack.
 */
SEPTET_API uint32_t septet_output(struct septet *stack, struct septet_packet *packets, uint32_t maximum);

/* ---- events ---- */

enum septet_event_bit {
    SEPTET_EVENT_CONNECTED = 1,      /**< an active open is complete */
    SEPTET_EVENT_READABLE = 2,       /**< data (or a datagram) arrived */
    SEPTET_EVENT_WRITABLE = 4,       /**< send accepts bytes again after SEPTET_AGAIN */
    SEPTET_EVENT_ACCEPT = 8,         /**< a listener has a connection to accept */
    SEPTET_EVENT_PEER_CLOSED = 16,   /**< the peer's FIN arrived in order: read the rest, then 0 */
    SEPTET_EVENT_CLOSED = 32,        /**< the connection is over; `error` is SEPTET_OK after a normal close */
    SEPTET_EVENT_SOFT_ERROR = 64,    /**< an ICMP error or retries past R1; the connection lives. `error` says which */
    SEPTET_EVENT_URGENT = 128,       /**< the peer's urgent pointer advanced */
    SEPTET_EVENT_ACKNOWLEDGED = 256, /**< all that was sent has been acknowledged (and FIN, if sent) */
    SEPTET_EVENT_ROOM = 512          /**< a resource that was refused (connections, pages) is there again */
};

struct septet_event {
    septet_handle handle;
    uint64_t user;   /**< septet_user_set() of the handle */
    uint32_t events; /**< enum septet_event_bit, several may be set: events of one handle merge until drained */
    int error;       /**< enum septet_error that belongs to CLOSED or SOFT_ERROR */
};

/** Takes the oldest event. False when there is none. No event is ever lost: each handle has room for its own. */
SEPTET_API bool septet_next_event(struct septet *stack, struct septet_event *event);

/** A number of the application's that every event of this handle carries. SEPTET_STALE. */
SEPTET_API int septet_user_set(struct septet *stack, septet_handle handle, uint64_t user);

/* ---- interfaces, addresses, routes ---- */

enum septet_offload {
    SEPTET_OFFLOAD_CHECKSUM = 1, /**< the driver completes transport checksums of what is sent */
    SEPTET_OFFLOAD_TSO = 2       /**< the driver takes super-segments (needs SEPTET_OFFLOAD_CHECKSUM) */
};

struct septet_interface {
    char name[16];      /**< for people; NUL-terminated */
    uint8_t mac[6];     /**< ignored when !ethernet */
    uint32_t mtu;       /**< IP bytes, 576..65535; IPv6 needs 1280 */
    bool ethernet;      /**< frames with link header, ARP and NDP; false: raw IP packets */
    bool autoconfigure; /**< make a link-local IPv6 address and follow router advertisements (SLAAC) */
    uint32_t offloads;  /**< enum septet_offload */
};

/** Adds an interface, up at once. Returns its index from 0, SEPTET_NO_INTERFACES or SEPTET_INVALID. */
SEPTET_API int septet_interface_add(struct septet *stack, const struct septet_interface *interface);
/** Changes the MTU of an interface. SEPTET_INVALID. */
SEPTET_API int septet_interface_mtu(struct septet *stack, unsigned interface, uint32_t mtu);
/**
 * Gives an interface an address; its prefix becomes a route. prefix_length counts bits of the family (IPv4 0..32).
 * On Ethernet the address is first probed for (RFC 5227, 4862) unless `skip_detection`; until then it is tentative.
 * SEPTET_NO_ADDRESSES, SEPTET_NO_ROUTES, SEPTET_ADDRESS_IN_USE (already there), SEPTET_INVALID.
 */
SEPTET_API int septet_address_add(struct septet *stack, unsigned interface, const struct septet_address *address,
                                  unsigned prefix_length, bool skip_detection);
/** Takes an address away. Connections that use it live on (MUST-45) but nothing reaches them. SEPTET_NOT_FOUND. */
SEPTET_API int septet_address_remove(struct septet *stack, unsigned interface, const struct septet_address *address);
/** The index-th address of a stack: false when there are fewer. Any of the out pointers may be NULL. `state`: 0
 * tentative, 1 usable, 2 duplicate. */
SEPTET_API bool septet_address_get(struct septet *stack, unsigned index, struct septet_address *address,
                                   unsigned *prefix_length, unsigned *interface, unsigned *state);
/**
 * Adds a route. `gateway` NULL: on link. `mtu` 0: the interface's. Longest prefix wins, then the older route.
 * SEPTET_NO_ROUTES, SEPTET_INVALID.
 */
SEPTET_API int septet_route_add(struct septet *stack, const struct septet_address *prefix, unsigned prefix_length,
                                unsigned interface, const struct septet_address *gateway, uint32_t mtu);
/** Removes the route with this prefix and gateway. SEPTET_NOT_FOUND. */
SEPTET_API int septet_route_remove(struct septet *stack, const struct septet_address *prefix, unsigned prefix_length,
                                   const struct septet_address *gateway);

/* ---- counters and memory ---- */

/** Packets dropped for a reason of enum septet_drop. */
SEPTET_API uint64_t septet_drops(const struct septet *stack, unsigned drop);

enum septet_counter {
#define COUNTER(name, text) SEPTET_COUNTER_##name,
#include "septet/counter.def"
#undef COUNTER
    SEPTET_COUNTER_COUNT
};
/** A counter of counter.def. */
SEPTET_API uint64_t septet_counter(const struct septet *stack, unsigned counter);
/** Its name ("InSegs", as RFC 4022 and Linux's nstat call it) and a sentence. Static. */
SEPTET_API const char *septet_counter_name(unsigned counter);
SEPTET_API const char *septet_counter_text(unsigned counter);

/** What is in use now. All zero but `listeners`, `sockets` when nothing is going on. */
struct septet_usage {
    uint32_t connections, half_open, time_wait, listeners, sockets, pages;
    uint32_t neighbors, reassemblies;
    uint32_t connection_size, compact_size; /**< bytes of one, all-in (hash table share included) */
};
SEPTET_API void septet_usage(const struct septet *stack, struct septet_usage *usage);

#ifdef __cplusplus
}
#endif
#endif
