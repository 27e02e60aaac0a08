#ifndef SEPTET_CONFIG_H
#define SEPTET_CONFIG_H

#include "septet/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Nanoseconds in a microsecond, millisecond and second: times are int64 nanoseconds of the caller's clock. */
#define SEPTET_MICROSECOND INT64_C(1000)
#define SEPTET_MILLISECOND INT64_C(1000000)
#define SEPTET_SECOND INT64_C(1000000000)
/** A deadline that never comes. */
#define SEPTET_NEVER INT64_MAX

/** Names of congestion controls. */
enum septet_congestion { SEPTET_RENO, SEPTET_CUBIC, SEPTET_CONGESTION_COUNT };

/** In which order options stand in a SYN, behind the MSS, and what fills them up. */
enum septet_syn_layout {
    SEPTET_SYN_WORDS, /**< SACK permitted, timestamps, window scale; NOPs before each, so that whole words are filled */
    SEPTET_SYN_PACKED /**< window scale, SACK permitted, timestamps; NOPs only where alignment asks, EOLs at the end */
};

/** Whether explicit congestion notification, RFC 3168, is negotiated. */
enum septet_ecn {
    SEPTET_ECN_OFF,   /**< never */
    SEPTET_ECN_ASK,   /**< our SYNs ask for it, and the peer's may */
    SEPTET_ECN_ACCEPT /**< when the peer asks */
};

/** When a SYN is answered with a cookie instead of being remembered, RFC 4987. */
enum septet_cookies {
    SEPTET_COOKIES_OFF,
    SEPTET_COOKIES_WHEN_FULL, /**< when there is no room for another half-open connection */
    SEPTET_COOKIES_ALWAYS
};

/** Which segments that nobody waits for are not answered with a RST, so that a scan learns little. */
enum septet_blackhole {
    SEPTET_BLACKHOLE_OFF,    /**< all are answered, RFC 9293 3.10.7.1 */
    SEPTET_BLACKHOLE_SYN,    /**< SYNs to closed ports */
    SEPTET_BLACKHOLE_CLOSED, /**< whatever comes to closed ports */
    SEPTET_BLACKHOLE_ALL     /**< and what listeners would refuse */
};

/** What RFC 9293 and its companions leave open, with the defaults of septet_config_default(). */
struct septet_tcp_config {
    uint32_t send_buffer;         /**< bytes not yet acknowledged a connection may hold (4 MiB) */
    uint32_t receive_buffer;      /**< bytes a connection may hold for its application; the window follows it (4 MiB) */
    uint8_t window_scale;         /**< shift offered, 0..14, unless the application chooses a receive buffer; 255 = the
                                     smallest that can express the buffer (255) */
    bool window_scale_fixed;      /**< also when the application chooses a receive buffer (false) */
    bool window_scaling;          /**< offer and accept RFC 7323 window scaling (true) */
    bool timestamps;              /**< offer and accept RFC 7323 timestamps (true) */
    bool sack;                    /**< offer and accept RFC 2018 SACK (true) */
    uint8_t ecn;                  /**< enum septet_ecn (SEPTET_ECN_ACCEPT) */
    bool ecn_beta;                /**< RFC 8511: a mark costs less of the window than a loss, 0.8 is kept (false) */
    uint8_t congestion;           /**< enum septet_congestion for new connections (SEPTET_CUBIC) */
    uint8_t initial_window;       /**< IW in segments, RFC 6928 (10) */
    uint8_t retries1;             /**< R1: retransmissions before the neighbour is doubted, MUST-20 (3) */
    uint8_t synack_retries;       /**< retransmissions of a SYN-ACK before a half-open connection is dropped (5) */
    uint8_t keepalive_count;      /**< unanswered keep-alive probes until a connection is dead (9) */
    uint16_t mss_default_ipv4;    /**< MSS when the peer sends none, MUST-15 (536) */
    uint16_t mss_default_ipv6;    /**< MSS when the peer sends none, MUST-15 (1220) */
    uint16_t mss_minimum;         /**< floor for what a peer may ask for, CVE-2019-11479 (64) */
    int64_t rto_initial;          /**< RFC 6298 (1 s) */
    int64_t rto_minimum;          /**< (200 ms; the RFC's 1 s is a SHOULD) */
    int64_t rto_maximum;          /**< (120 s) */
    int64_t rto_variance_minimum; /**< least value of 4 RTTVAR; less than the clock's granularity counts as that (0) */
    int64_t rto_slop;             /**< added to every timeout but the first of a SYN (0) */
    int64_t syn_timeout;          /**< R2 for SYN, at least 3 minutes by MUST-23 (190 s) */
    int64_t
        user_timeout; /**< R2: a connection whose data stays unacknowledged so long is aborted; 0 = never (924.6 s) */
    int64_t delayed_ack;       /**< below 0.5 s, MUST-40 (40 ms) */
    int64_t msl;               /**< half the time spent in TIME-WAIT (30 s) */
    int64_t fin_wait2_timeout; /**< how long FIN-WAIT-2 lasts once the application let go of the handle (60 s) */
    int64_t keepalive_idle;    /**< idle time before the first probe when keep-alive is switched on, MUST-28 (7200 s) */
    int64_t keepalive_interval; /**< between probes (75 s) */
    int64_t challenge_interval; /**< at most challenge_burst challenge ACKs of one connection in this time, RFC 5961
                                   section 7 (500 ms) */
    uint8_t challenge_burst;    /**< (1) */
    bool reset_in_window;       /**< a RST anywhere in the window is believed, as before RFC 5961 (false) */
    bool reset_from_last_ack;   /**< the window for a RST begins at the last ACK sent, not at RCV.NXT (false) */
    bool syn_in_window;         /**< a SYN in the window resets the connection, as before RFC 5961 (false) */
    bool ack_any_old;           /**< ACKs of any age are let in, as before RFC 5961 section 5 (false) */
    bool ack_of_duplicates;     /**< what lies left of the window is answered with an ACK, but its own acknowledgment
                                   counts (false) */
    bool paws_silent;           /**< empty segments with an old timestamp are not answered (false) */
    uint8_t syn_cookies;        /**< enum septet_cookies (SEPTET_COOKIES_WHEN_FULL) */
    bool cookie_options;        /**< cookies tell of window scaling and SACK without timestamps too, roughly (true) */
    bool half_open_backlog;     /**< a listener has no more half-open connections than its backlog (false) */
    bool syn_fin_dropped;       /**< listeners take no SYN with FIN (true) */
    bool syn_cache;             /**< passive SYN-RECEIVED answers every SYN with its SYN-ACK, ends with a RST on a
                                   SYN-ACK and believes only RSTs without other flags (false) */
    bool time_wait_plain;       /**< in TIME-WAIT only the sequence number tells a new SYN from an old one, the new one
                                   is taken for a closed port if nobody listens, and what has no ACK is not answered
                                   (false) */
    bool close_forgets_opening; /**< closing a connection that is not established yet sends nothing (false) */
    bool close_resets_unread;   /**< closing a connection with data unread resets it, SHLD-3 (true) */
    bool close_refuses_first;   /**< data after close is refused with a RST wherever right of RCV.NXT it lies (false) */
    bool abort_always_resets;   /**< also in CLOSING and LAST-ACK, where RFC 9293 3.10.5 is silent (false) */
    bool reset_always_told;     /**< a RST is an error in CLOSING and LAST-ACK too, where RFC 9293 has none (false) */
    bool icmp_ends_opening;     /**< a hard ICMP error ends a connection in SYN-SENT, SHLD-26 (true) */
    uint8_t blackhole;          /**< enum septet_blackhole (SEPTET_BLACKHOLE_OFF) */
    int64_t sws_override;       /**< sender silly-window override timer, RFC 9293 3.8.6.2.1 (200 ms) */
    uint8_t syn_linear;         /**< timeouts of a SYN before they grow (0) */
    uint8_t syn_layout;         /**< enum septet_syn_layout (SEPTET_SYN_WORDS) */
    uint8_t quick_acks;         /**< ACKs that are not delayed when data begins to arrive, until we answer it (0) */
    uint8_t burst_minimum;      /**< new data leaves in bursts of what two windows in a round trip (slow start; else
                                   1.2) send in a millisecond, but at least so many segments, and each ends with PSH;
                                   0: as much as may go, PSH at the end of the queue only, MUST-61 (0) */
    bool measure_syn_ack;       /**< a passive open's first round trip counts without timestamps too (false) */
    bool idle_restart;          /**< begin again with the initial window after an RTO of silence, RFC 5681 4.1 (true) */
    bool window_steps;          /**< the window's edge moves by half the buffer or a segment at least, RFC 9293
                                   3.8.6.2.2; false: that holds for small windows only (true) */
    bool round_buffers;         /**< buffers grow to a multiple of the MSS when that is known (false) */
    bool window_probe_octet;    /**< window probes carry an octet of data as the RFC says; false: an old number and none
                                   (true) */
    bool reset_on_overflow;     /**< who completes the handshake while the backlog is full gets a RST; false: that is
                                   not taken note of, and may be repeated (false) */
    bool missing_timestamps;    /**< take segments without a timestamp although negotiated (false) */
    bool pacing;                /**< spread data over the round trip instead of sending a window at once (false) */
    bool fast_path;             /**< header prediction; false takes the steps of 3.10.7 for every segment (true) */
    bool gro;                   /**< merge neighbouring segments of a batch before processing (true) */
    uint32_t gso_max;           /**< payload bytes of a super-segment, up to 64 segments (65536 less headers) */
    uint16_t port_low, port_high; /**< automatic local ports, both inclusive, RFC 6056 (32768, 60999) */
};

/** Everything about a stack that is fixed when it is made. */
struct septet_config {
    uint64_t seed[2]; /**< from which every secret and every random choice derives; unpredictable in production */
    int64_t now;      /**< the time at creation, ns */
    int64_t clock_granularity; /**< step of the caller's clock, ns: G of RFC 6298 (1 us) */
    uint32_t connections;      /**< room for established connections and those being opened or closed (1024) */
    uint32_t half_open;        /**< room for passive opens that await their third segment (1024) */
    uint32_t time_wait;        /**< room for connections in TIME-WAIT that nobody holds a handle of (4096) */
    uint32_t listeners;        /**< (64) */
    uint32_t sockets;          /**< datagram sockets (64) */
    uint32_t interfaces;       /**< (4) */
    uint32_t addresses;        /**< over all interfaces (16) */
    uint32_t routes;           /**< (32) */
    uint32_t neighbors;        /**< ARP and NDP entries (256) */
    uint32_t reassemblies;     /**< datagrams being put together at once (32) */
    uint32_t path_mtus;        /**< destinations whose path MTU differs from their link's (256) */
    uint32_t page_size;        /**< power of two, 256..65536 (4096) */
    uint32_t pages;            /**< buffer pages shared by all connections and packets (8192) */
    bool forwarding;           /**< forward packets between interfaces: a router (false) */
    uint8_t hop_limit;         /**< TTL and hop limit of what is sent (64) */
    struct septet_tcp_config tcp;
    /** Told of everything that happens, as it happens; NULL for nobody. It must not call into the stack. */
    septet_trace_function *trace;
    void *trace_context; /**< handed to trace */
};

/** Fills in the defaults: a host with room for a thousand connections. The seed is zero: set it. */
SEPTET_API void septet_config_default(struct septet_config *config);

/**
 * Sets what the RFCs leave open as others do: "linux", "freebsd", or "rfc", which follows every SHOULD. Sizes, seed
 * and time stay. False when there is no such profile.
 */
SEPTET_API bool septet_profile_apply(struct septet_config *config, const char *name);
/** The index-th profile, NULL behind the last. Static. */
SEPTET_API const char *septet_profile_name(unsigned index);

#ifdef __cplusplus
}
#endif
#endif
