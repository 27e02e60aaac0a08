#ifndef SEPTET_TRACE_H
#define SEPTET_TRACE_H

#include "septet/address.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of trace events, one for each line of trace.def. */
enum septet_trace_kind {
#define TRACE(name, text, v0, v1, v2, v3, v4, v5) SEPTET_TRACE_##name,
#include "septet/trace.def"
#undef TRACE
    SEPTET_TRACE_COUNT
};

/** Reasons for dropping a packet or segment, one for each line of drop.def. */
enum septet_drop {
#define DROP(name, clause, text) SEPTET_DROP_##name,
#include "septet/drop.def"
#undef DROP
    SEPTET_DROP_COUNT
};

/** The states of RFC 9293 section 3.3.2. */
enum septet_state {
#define STATE(name, text) SEPTET_STATE_##name,
#include "septet/state.def"
#undef STATE
    SEPTET_STATE_COUNT
};

/** value[0] of a timer event. */
enum septet_timer {
    SEPTET_TIMER_RETRANSMIT,  /**< RFC 6298; also of SYN and FIN */
    SEPTET_TIMER_PERSIST,     /**< zero-window probe, RFC 9293 3.8.6.1 */
    SEPTET_TIMER_OVERRIDE,    /**< sender silly-window override, RFC 9293 3.8.6.2.1 */
    SEPTET_TIMER_DELAYED_ACK, /**< RFC 9293 3.8.6.3 */
    SEPTET_TIMER_KEEPALIVE,   /**< RFC 9293 3.8.4 */
    SEPTET_TIMER_USER,        /**< user timeout, RFC 9293 3.8.3 */
    SEPTET_TIMER_FIN_WAIT_2,  /**< nobody waits for the peer's FIN any more */
    SEPTET_TIMER_TIME_WAIT,   /**< 2 MSL */
    SEPTET_TIMER_SYN_ACK,     /**< SYN-ACK of a half-open connection */
    SEPTET_TIMER_PACING,      /**< next paced departure */
    SEPTET_TIMER_COUNT
};

/** value "phase" of congestion and recovery events. */
enum septet_phase {
    SEPTET_PHASE_SLOW_START,
    SEPTET_PHASE_AVOIDANCE,
    SEPTET_PHASE_RECOVERY, /**< fast recovery, RFC 6675 or 6582 */
    SEPTET_PHASE_LOSS,     /**< after a retransmission timeout */
    SEPTET_PHASE_COUNT
};

/** value "why" of a loss event. */
enum septet_loss_reason {
    SEPTET_LOSS_SACK,          /**< enough was selectively acknowledged above, RFC 6675 */
    SEPTET_LOSS_DUPLICATE_ACK, /**< three duplicate ACKs, RFC 5681 */
    SEPTET_LOSS_PARTIAL_ACK,   /**< a partial ACK in recovery, RFC 6582 */
    SEPTET_LOSS_TIMEOUT,       /**< RFC 6298 */
    SEPTET_LOSS_PATH_MTU,      /**< too big for the path */
    SEPTET_LOSS_WINDOW,        /**< sent into a window that was closed, and is open again */
    SEPTET_LOSS_COUNT
};

/** The two ends of a connection as this stack sees them. */
struct septet_tuple {
    struct septet_address local, remote;
    uint16_t local_port, remote_port;
};

/**
 * One thing that happened. `value` holds up to six numbers whose names and
 * meaning stand in trace.def on the line of `kind`; unused ones are zero.
 */
struct septet_trace_event {
    int64_t time;                     /**< ns, the stack's clock */
    uint16_t kind;                    /**< enum septet_trace_kind */
    uint64_t handle;                  /**< connection, listener or socket; 0 when there is none (yet) */
    const struct septet_tuple *tuple; /**< NULL when not about a connection; valid during the call */
    const uint8_t *options;           /**< TCP options of a segment event, NULL if none; valid during the call */
    uint32_t options_length;
    uint64_t value[6];
};

typedef void septet_trace_function(void *context, const struct septet_trace_event *event);

/** "segment_sent", ...: the name of an event kind in trace.def. Static. */
SEPTET_API const char *septet_trace_name(unsigned kind);
/** The name of value[index] for a kind, or NULL when the kind has no such value. Static. */
SEPTET_API const char *septet_trace_value_name(unsigned kind, unsigned index);
/** A few words for people about an event kind. Static. */
SEPTET_API const char *septet_trace_text(unsigned kind);
/** "ESTABLISHED", ...: the name of a state as RFC 9293 writes it. Static. */
SEPTET_API const char *septet_state_name(unsigned state);
/** True when RFC 9293 section 3.3.2 and 3.10 know a transition from one state to the other. */
SEPTET_API bool septet_state_transition_legal(unsigned from, unsigned to);
/** "bad_checksum", ...: the name of a drop reason. Static. */
SEPTET_API const char *septet_drop_name(unsigned drop);
/** "retransmit", "slow_start", "sack", ...: names of the enums above. Static. */
SEPTET_API const char *septet_timer_name(unsigned timer);
SEPTET_API const char *septet_phase_name(unsigned phase);
SEPTET_API const char *septet_loss_name(unsigned reason);
/** A sentence about a drop reason, and the clause that asks for it. Static. */
SEPTET_API const char *septet_drop_text(unsigned drop);
SEPTET_API const char *septet_drop_clause(unsigned drop);

#ifdef __cplusplus
}
#endif
#endif
