#ifndef SEPTET_TCP_CONNECTION_H
#define SEPTET_TCP_CONNECTION_H

#include "base/arithmetic.h"
#include "base/range_set.h"
#include "base/seq.h"
#include "base/stream.h"
#include "base/wheel.h"
#include "trace/core.h"
#include "trace/path.h"

/* connection.flags */
enum {
    CONNECTION_ACTIVE = 1 << 0,     /* opened by us: MUST-11 */
    CONNECTION_RELEASED = 1 << 1,   /* the application let go of the handle */
    CONNECTION_TIMESTAMPS = 1 << 2, /* negotiated (before: wanted) */
    CONNECTION_SACK = 1 << 3,
    CONNECTION_WINDOW_SCALING = 1 << 4,
    CONNECTION_SEND_SYN = 1 << 5, /* our SYN (or SYN-ACK) is to be sent, also again */
    CONNECTION_ACK_NOW = 1 << 6,  /* an ACK is owed at once */
    CONNECTION_CLOSE = 1 << 7,    /* a FIN follows the last byte of the send buffer */
    CONNECTION_FIN_SENT = 1 << 8,
    CONNECTION_FIN_RECEIVED = 1 << 9,     /* the peer's FIN was taken in order */
    CONNECTION_PROBE = 1 << 10,           /* a window probe is to be sent */
    CONNECTION_KEEPALIVE_PROBE = 1 << 11, /* a keep-alive probe is to be sent */
    CONNECTION_OVERRIDE = 1 << 12,        /* the silly-window override timer has fired */
    CONNECTION_DIRTY = 1 << 13,           /* on the list of those who may have something to send */
    CONNECTION_PARKED = 1 << 14,          /* waits for its neighbour */
    CONNECTION_EVENT = 1 << 15,           /* on the list of those with events */
    CONNECTION_WANTS_WRITE = 1 << 16,     /* a send was refused: WRITABLE is owed */
    CONNECTION_WANTS_PAGES = 1 << 17,     /* a page was refused: ROOM is owed, in the list of the hungry */
    CONNECTION_URGENT_IN = 1 << 18,       /* rcv_up is valid */
    CONNECTION_URGENT_OUT = 1 << 19,      /* snd_up is valid */
    CONNECTION_ACCEPTED = 1 << 20,        /* the application has (had) a handle */
    CONNECTION_QUEUED = 1 << 21,          /* in a listener's accept queue */
    CONNECTION_RESCUED = 1 << 22,         /* RFC 6675 RescueRxt was used in this recovery */
    CONNECTION_CWND_LIMITED = 1 << 23,    /* cwnd, not the application or the peer, held something back in this round */
    CONNECTION_RETRIED = 1 << 24,         /* R1 was reached: the neighbour was doubted */
    CONNECTION_SYN_RETRANSMITTED = 1 << 25, /* RFC 6298 5.7, Karn for the handshake */
    CONNECTION_CORKED = 1 << 26,            /* SEPTET_SEND_MORE on the last send */
    CONNECTION_RESEND_FIRST = 1 << 27,      /* the first retransmission of a recovery goes whatever cwnd says */
    CONNECTION_PARTIAL_ACK = 1 << 28,       /* a partial ACK came in this recovery, RFC 6582 */
    CONNECTION_DOUBT = 1 << 29,             /* the next hop is to be doubted, MUST-20: taken by the stack */
    CONNECTION_CONFIRM = 1 << 30            /* the next hop is confirmed by progress: taken by the stack */
};

/* Which of the exclusive retransmission-class timers `resend_at` is. */
enum resend_kind { RESEND_NONE, RESEND_RETRANSMIT, RESEND_PERSIST, RESEND_OVERRIDE };

/* connection.ecn, RFC 3168 */
enum {
    ECN_ON = 1,   /* negotiated (before: wanted) */
    ECN_ECHO = 2, /* CE came: each ACK says so until the peer answers with CWR */
    ECN_CWR = 4,  /* the next new data tells that the window was cut */
    ECN_SEEN = 8  /* the peer marks its data as capable */
};

/* connection.delivery_rate: the sample was limited by the application */
#define RATE_APP_LIMITED (UINT64_C(1) << 63)

/* connection_options.switches */
enum { SWITCH_NODELAY = 1, SWITCH_CORK = 2, SWITCH_KEEPALIVE = 4, SWITCH_QUICKACK = 8, SWITCH_NO_LINGER = 16 };

/* What the application may choose, for a listener's children or for one connection. Times in milliseconds. */
struct connection_options {
    uint32_t send_buffer, receive_buffer;
    uint32_t keepalive_idle, keepalive_interval;
    uint32_t user_timeout;
    uint32_t notsent_lowat;
    uint64_t pacing_rate;
    uint16_t maxseg;
    uint8_t keepalive_count, traffic_class, hop_limit, congestion;
    uint8_t switches;
    uint8_t defer_accept, syn_retries;
    uint32_t fin_wait_2;
};

/* A congestion control's own variables. */
union congestion_state {
    struct {
        uint32_t acked; /* bytes since the last increase */
    } reno;
    struct {
        int64_t epoch_start; /* 0: none; below 0: the epoch stands still, this many ns (and one) after it began */
        uint32_t w_max, w_est, cwnd_prior;
        uint32_t acked, est_acked; /* carried over: parts of a byte of cwnd, of a segment of w_est */
        uint32_t k_ms;
    } cubic;
};

/* What is known of the bytes in flight: the transmission records and the scoreboard. It exists only while
 * something is unacknowledged. Byte counts cover [snd_una, snd_nxt) without SYN and FIN. */
struct flight {
    struct stream records;                /* struct record by number, see record.h */
    uint32_t records_first, records_end;  /* numbers held: [first, end) */
    uint32_t sacked, lost, retransmitted; /* lost excludes sacked; retransmitted: copies of lost bytes now in flight */
    uint32_t high_rxt;                    /* RFC 6675 HighRxt */
    uint32_t resend_hint;                 /* no record below holds anything to resend */
    uint32_t lost_below;                  /* everything unSACKed below is marked lost */
    uint32_t resend_split;   /* next byte of a segment that is resent in pieces, after the path MTU shrank */
    uint32_t highest_sacked; /* end of the highest SACKed segment */
    uint32_t duplicate_acks;
    uint32_t to_resend;                  /* segments lost and not sent again yet */
    int64_t delivered_at, first_sent_at; /* of draft-cheng-iccrg-delivery-rate-estimation */
    struct range sack_seen[4];           /* blocks of the last ACK: what of them was worked on already */
};

/* Out-of-order data: where the bytes lie is the receive stream's affair. Begins a page whose rest is a range_set. */
#define REASSEMBLY_RECENT 4
struct reassembly {
    uint32_t recent[REASSEMBLY_RECENT]; /* a byte of each range that grew last, latest first */
    uint32_t recent_count;
    bool fin_seen; /* a FIN beyond a hole */
    uint32_t fin;  /* its sequence number */
};

/* One TCP connection: RFC 9293 section 3.3.1, names as there. Positions are sequence numbers. */
struct connection {
    struct septet_tuple tuple;
    uint32_t hash_next;

    uint8_t state; /* enum septet_state: written by connection_state() alone */
    uint8_t phase; /* enum septet_phase */
    uint8_t snd_wscale, rcv_wscale;
    uint32_t flags;
    uint32_t snd_una, snd_nxt, snd_wnd, snd_end; /* snd_end: behind the last byte the application gave */
    uint32_t rcv_nxt, rcv_adv,
        rcv_read; /* rcv_adv: rightmost edge ever advertised; rcv_read: next byte for the application */
    uint32_t snd_wl1, snd_wl2;
    uint32_t ts_recent, ts_offset;
    uint32_t ack_sent; /* Last.ACK.sent of RFC 7323 */
    uint32_t unacked;  /* bytes received in order and not acknowledged yet */
    uint16_t mss;      /* payload of a full segment now, the usual options deducted */
    uint16_t mss_peer; /* what the peer's MSS option (or its absence) allows */
    uint16_t rcv_mss;  /* the largest payload seen from the peer: what a full segment is */
    uint8_t unacked_segments;
    uint8_t resend_kind : 4; /* enum resend_kind */
    uint8_t ecn : 4;         /* ECN_... */

    uint32_t cwnd, ssthresh;
    uint32_t srtt_us, rttvar_us, rto_us, min_rtt_us;
    uint32_t flight;     /* struct flight while anything is unacknowledged, else 0 */
    uint32_t reassembly; /* page with a struct reassembly while there is a hole, else 0 */
    struct stream send, receive;

    struct ip_path path;
    uint32_t dirty_next, event_next; /* event_next also links accept queues */
    uint32_t generation;
    int16_t error; /* what ended it */
    int16_t soft_error;
    uint16_t events;
    uint8_t backoff, probes;
    union {
        uint64_t user;       /* the application's own */
        int64_t released_at; /* once it has let go of the handle */
    };

    int64_t resend_at, ack_at, idle_at,
        pace_at;             /* deadlines, SEPTET_NEVER when off; idle_at: keep-alive, FIN-WAIT-2, TIME-WAIT */
    struct wheel_node timer; /* armed for the earliest of them, or earlier */

    uint32_t iss, irs;
    uint32_t snd_wnd_max, snd_up, rcv_up;
    uint32_t recover;                /* RFC 6675 RecoveryPoint, RFC 6582 recover; at least snd_una - 1 */
    uint32_t snd_sml;                /* end of the last short segment sent: Minshall's Nagle */
    uint32_t dsack_start, dsack_end; /* a duplicate to report, RFC 2883; equal: none */
    uint32_t last_rtt_us;
    uint64_t delivered;     /* bytes cumulatively or selectively acknowledged */
    uint64_t delivery_rate; /* and RATE_APP_LIMITED */
    union congestion_state congestion;

    int64_t received_at;  /* before anything was received: when our SYN was first sent */
    uint32_t progress_at; /* compact_clock: the peer acknowledged something new, or nothing was outstanding: R2 counts
                             from here */
    uint32_t sent_at, acked_at; /* compact_clock */
    uint32_t challenged_until;  /* see guard.c */
    struct connection_options options;
    uint16_t listener;
    uint8_t dsacks;
    uint8_t quick_acks;   /* ACKs still to come that are not delayed */
    uint32_t hungry_next; /* in the list of those whom pages were refused */

    uint64_t bytes_sent, bytes_retransmitted, bytes_received;
    uint32_t segments_out, segments_in, data_segments_out, data_segments_in, total_retransmits;
    uint32_t cwr_until; /* RFC 3168: until more than this is acknowledged, marks tell of what was answered already */
};
_Static_assert(sizeof(struct connection) <= 504, "an idle connection takes at most 512 bytes with its hash share");

/* A passive open that awaits its third segment, or a connection in TIME-WAIT that nobody holds a handle of. */
struct compact {
    struct septet_address remote;
    uint16_t local : 15; /* index of an interned local address */
    uint16_t ecn : 1;    /* half-open: RFC 3168 was asked for */
    uint16_t local_port, remote_port;
    uint16_t mss_or_window; /* half-open: the peer's MSS; TIME-WAIT: window field to send */
    uint32_t hash_next, next, previous;
    uint32_t deadline; /* compact_clock() */
    uint32_t snd_nxt;  /* half-open: ISS + 1 */
    uint32_t rcv_nxt;  /* half-open: IRS + 1 */
    union {
        uint32_t ts_recent; /* with timestamps */
        uint32_t sent_us;   /* half-open without them: when the SYN-ACK was sent first */
    };
    uint16_t listener;
    uint8_t retries : 4;
    uint8_t scale : 4;         /* our window scale; half-open: that our SYN-ACK offers */
    uint8_t options;           /* COMPACT_... | peer's window scale */
    uint32_t challenged_until; /* see guard.c */
};
_Static_assert(sizeof(struct compact) <= 60, "half-open and TIME-WAIT connections take 64 bytes with their hash share");

#define COMPACT_SCALE 0x0f
#define COMPACT_WINDOW_SCALING 0x10
#define COMPACT_TIMESTAMPS 0x20
#define COMPACT_SACK 0x40
#define COMPACT_RECEIVED_ACK 0x80

static inline uint32_t compact_clock(int64_t time) { return (uint32_t)((uint64_t)time >> 20); }

struct listener {
    struct septet_address local;
    uint16_t port;
    uint8_t in_use;
    uint8_t flags; /* enum septet_bind_flag */
    bool refused;  /* no connection was free for it */
    uint32_t generation;
    uint32_t hash_next;
    uint32_t backlog, queued, half_open;
    uint32_t accept_head, accept_tail;
    uint32_t events, event_next;
    uint64_t user;
    struct connection_options options;
};

#endif
