#ifndef SEPTET_TCP_INTERNAL_H
#define SEPTET_TCP_INTERNAL_H

#include "tcp/ack.h"
#include "tcp/tcp.h"

/* What the files of this room offer each other, by file. */

static inline struct connection *tcp_connection(const struct tcp *tcp, uint32_t index)
{
    return slab_at(&tcp->connections, index);
}
static inline uint32_t tcp_index(const struct tcp *tcp, const struct connection *c)
{
    return slab_reference(&tcp->connections, c);
}
static inline struct flight *tcp_flight(const struct tcp *tcp, const struct connection *c)
{
    return c->flight == 0 ? NULL : slab_at(&tcp->flights, c->flight);
}
static inline struct listener *tcp_listener(const struct tcp *tcp, uint32_t index)
{
    return slab_at(&tcp->listeners, index);
}
static inline septet_handle tcp_handle(const struct tcp *tcp, const struct connection *c)
{
    return handle_make(HANDLE_CONNECTION, c->generation, tcp_index(tcp, c));
}
/* States in which our direction is open for data, and in which the peer's is. */
static inline bool state_sends(uint8_t state)
{
    return state == SEPTET_STATE_established || state == SEPTET_STATE_close_wait;
}
static inline bool state_receives(uint8_t state)
{
    return state == SEPTET_STATE_established || state == SEPTET_STATE_fin_wait_1 || state == SEPTET_STATE_fin_wait_2;
}
static inline bool state_synchronized(uint8_t state) { return state >= SEPTET_STATE_established; }

/* ---- state.c: the only writer of connection.state ---- */
void connection_state(struct tcp *tcp, struct connection *c, enum septet_state to);
void trace_state(struct tcp *tcp, const struct septet_tuple *tuple, septet_handle handle, unsigned from, unsigned to);
void trace_values(struct tcp *tcp, const struct connection *c, unsigned kind, uint64_t v0, uint64_t v1, uint64_t v2,
                  uint64_t v3);
void drop_segment(struct tcp *tcp, const struct connection *c, const struct segment *segment, enum septet_drop reason);

/* ---- demux.c: who a segment belongs to ---- */
#define DEMUX_CONNECTION 0u
#define DEMUX_HALF_OPEN 1u
#define DEMUX_TIME_WAIT 2u
#define DEMUX_KIND(reference) ((reference) >> 30)
#define DEMUX_INDEX(reference) ((reference)&0x3fffffffu)
uint32_t demux_find(const struct tcp *tcp, const struct septet_tuple *tuple); /* 0 = nobody */
void demux_insert(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t kind, uint32_t index);
void demux_remove(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t kind, uint32_t index);
bool tuple_equal(const struct septet_tuple *a, const struct septet_tuple *b);
/* A number below `count`, the same for the same tuple, that spreads tuples evenly. */
uint32_t tuple_spread(const struct tcp *tcp, const struct septet_tuple *tuple, uint32_t count);

/* ---- compact.c: interned addresses and lists of compact connections ---- */
struct compact *compact_new(struct tcp *tcp, uint32_t kind, const struct septet_tuple *tuple, uint32_t *index);
void compact_free(struct tcp *tcp, uint32_t kind, uint32_t index);
struct septet_tuple compact_tuple(const struct tcp *tcp, const struct compact *compact);
static inline struct compact *compact_at(const struct tcp *tcp, uint32_t kind, uint32_t index)
{
    return slab_at(kind == DEMUX_HALF_OPEN ? &tcp->half_open : &tcp->time_wait, index);
}
void compact_append(struct tcp *tcp, uint32_t kind, struct fifo *list, uint32_t index, int64_t deadline);
void compact_unlink(struct tcp *tcp, uint32_t kind, struct fifo *list, uint32_t index);

/* ---- connection.c: made and forgotten ---- */
struct connection *connection_new(struct tcp *tcp, const struct septet_tuple *tuple,
                                  const struct connection_options *options, bool demux);
/* Ends a connection: buffers and timers go; the handle, if held, stays until closed. */
void connection_end(struct tcp *tcp, struct connection *c, int error);
/* Gives up the record of a connection in TIME-WAIT that lives on in compact form. */
void connection_hand_over(struct tcp *tcp, struct connection *c);
/* Frees the record when it is over and nobody holds it. */
void connection_free(struct tcp *tcp, struct connection *c);
void connection_drop_buffers(struct tcp *tcp, struct connection *c);
/* Fixes mss from what the peer, the path and the application allow, MUST-16. */
void connection_mss(struct tcp *tcp, struct connection *c);
/* Learns the options of the peer's SYN (or of a half-open connection). */
void connection_options_of_syn(struct tcp *tcp, struct connection *c, const struct segment *segment);
/* The window scale to offer for a receive buffer: the smallest that can express it, unless configured. */
uint8_t window_scale_for(const struct tcp *tcp, uint32_t receive_buffer);
/* Largest IP payload of the path for this connection's family. */
static inline uint32_t connection_path_payload(const struct connection *c)
{
    return (uint32_t)c->path.mtu - (septet_address_is_ipv4(&c->tuple.remote) ? IPV4_HEADER : IPV6_HEADER);
}
static inline bool connection_on_handle(const struct connection *c)
{
    return (c->flags & (CONNECTION_RELEASED | CONNECTION_QUEUED)) == 0;
}

/* ---- event.c ---- */
void connection_event(struct tcp *tcp, struct connection *c, uint32_t events);
void listener_event(struct tcp *tcp, struct listener *listener, uint32_t events);
#define EVENT_LISTENER 0x80000000u

/* ---- isn.c ---- */
uint32_t isn_make(struct tcp *tcp, const struct septet_tuple *tuple);
uint32_t timestamp_offset(struct tcp *tcp, const struct septet_tuple *tuple);
static inline uint32_t timestamp_clock(int64_t now) { return (uint32_t)((uint64_t)now / 1000000); }
/* A free local port of the automatic range, 0 when none is. */
uint16_t port_choose(struct tcp *tcp, struct septet_tuple *tuple);

/* ---- reply.c ---- */
struct reply *reply_add(struct tcp *tcp, const struct septet_tuple *tuple); /* NULL: queue full, counted */
/* RST in answer to a segment as RFC 9293 3.10.7.1 forms it. */
void reply_reset(struct tcp *tcp, const struct segment *segment);
/* The same for what comes to a port that is closed or listened at, unless the stack is not to show itself. */
void reply_refuse(struct tcp *tcp, const struct segment *segment, bool listened);

/* ---- listen.c: listeners and their accept queues ---- */
/* Who listens for a segment of this tuple. */
struct listener *listener_find(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t *index);
bool port_listened(const struct tcp *tcp, uint16_t port);
/* A connection became ready for accept. It stays so even if its peer resets it before (S35). */
void listener_queue(struct tcp *tcp, struct connection *c);

/* A segment for a listener. */
void listener_arrives(struct tcp *tcp, uint32_t listener, struct segment *segment);
/* True when there is no room: the SYN is counted and dropped. */
bool listener_refuses(struct tcp *tcp, uint32_t listener, const struct segment *segment);
/* A SYN or the end of a handshake that there is no room for. */
void listener_drop(struct tcp *tcp, const struct segment *segment, enum septet_drop reason);

/* ---- half_open.c: SYN-RECEIVED by passive open ---- */
/* The half-open connection of a SYN; its sequence numbers begin above `iss_above` if `iss_bound`. */
void listener_syn(struct tcp *tcp, uint32_t index, const struct segment *segment, uint32_t iss_above, bool iss_bound);
/* What a SYN offers and we agree to; all but our own sequence number. */
void half_open_fill(const struct tcp *tcp, uint32_t index, const struct segment *segment, struct compact *half);
/* The SYN-ACK; `clock` goes into its timestamp. */
void half_open_syn_ack(struct tcp *tcp, const struct compact *half, const struct septet_tuple *tuple, uint32_t clock);
/* A handshake that ends with this segment makes a connection, if there is room. */
void half_open_complete(struct tcp *tcp, const struct compact *half, struct segment *segment);
/* It ends while the accept queue is full. */
void half_open_overflow(struct tcp *tcp, const struct segment *segment);
void half_open_arrives(struct tcp *tcp, uint32_t index, struct segment *segment);
void half_open_expire(struct tcp *tcp);
int64_t half_open_deadline(const struct tcp *tcp);
/* True when the error quoted our SYN-ACK. */
bool half_open_icmp(struct tcp *tcp, uint32_t index, uint32_t seq, bool hard);
void half_open_remove(struct tcp *tcp, uint32_t index, enum septet_state to);

/* ---- cookie.c: RFC 4987 ---- */
/* Answers a SYN with a SYN-ACK that holds all there is to know. */
void cookie_answer(struct tcp *tcp, uint32_t index, const struct segment *segment);
/* An ACK for a listener, perhaps of such a SYN-ACK. True when it is done with. */
bool cookie_arrives(struct tcp *tcp, uint32_t index, struct segment *segment);

/* ---- time_wait.c ---- */
void time_wait_begin(struct tcp *tcp, struct connection *c);
/* Moves a released connection in TIME-WAIT into its compact form, if there is room. */
void time_wait_compact(struct tcp *tcp, struct connection *c);
void time_wait_arrives(struct tcp *tcp, uint32_t index, struct segment *segment);
void time_wait_expire(struct tcp *tcp);
int64_t compact_deadline(const struct tcp *tcp, uint32_t deadline);
/* RFC 6191 and MAY-2: whether a SYN may take the place of a connection in TIME-WAIT. */
bool time_wait_reusable(const struct tcp *tcp, const struct segment *segment, bool timestamps, uint32_t ts_recent,
                        uint32_t rcv_nxt);
/* Whether it is the peer's FIN once more: only that makes the wait begin anew. */
bool time_wait_fin_again(const struct segment *segment, uint32_t rcv_nxt);

/* ---- segment.c, fast.c ---- */
/* Nobody is there for it. */
void closed_arrives(struct tcp *tcp, const struct segment *segment);
void connection_arrives(struct tcp *tcp, struct connection *c, struct segment *segment);
bool fast_arrives(struct tcp *tcp, struct connection *c, struct segment *segment);
/* Steps 5 and later for a segment whose sequence number is in order of the law. */
void segment_accepted(struct tcp *tcp, struct connection *c, struct segment *segment);

/* ---- ecn.c: RFC 3168 ---- */
static inline void ecn_set(struct connection *c, unsigned bits) { c->ecn = (c->ecn | bits) & 15u; }
static inline void ecn_clear(struct connection *c, unsigned bits) { c->ecn = c->ecn & ~bits & 15u; }
/* Whether a SYN asks for it. */
bool ecn_asked(const struct tcp *tcp, const struct segment *segment);
/* What the peer's SYN or SYN-ACK means for a connection that we opened. */
void ecn_negotiate(const struct tcp *tcp, struct connection *c, const struct segment *segment);
/* What an acceptable segment tells of the way here, and that our echo has arrived. */
void ecn_arrives(struct tcp *tcp, struct connection *c, const struct segment *segment);
/* The window was cut, for whatever reason: once for what is outstanding now. */
void ecn_window_cut(struct connection *c);
/* An ACK echoes a mark; so many bytes were in flight. */
void ecn_echoed(struct tcp *tcp, struct connection *c, uint32_t flight);

/* ---- user.c ---- */
/* What may be sent now, >= 0, or why the connection takes no more for ever. */
int64_t connection_send_room(const struct tcp *tcp, const struct connection *c);
/* So much of it that it is worth telling. */
bool connection_roomy(const struct tcp *tcp, const struct connection *c);

/* ---- receive.c, reassemble.c ---- */
/* Data within the window, trimmed at both sides. */
void receive_data(struct tcp *tcp, struct connection *c, struct segment *segment);
void receive_fin(struct tcp *tcp, struct connection *c);
/* The window field to send now; moves rcv_adv. */
uint16_t receive_window(struct tcp *tcp, struct connection *c, bool syn);
/* How far data is taken: the right edge of the window, unless rounding it has led far beyond the buffer. */
uint32_t receive_limit(const struct connection *c);
/* The application took bytes: perhaps the window is worth announcing. */
void receive_consumed(struct tcp *tcp, struct connection *c);
/* Writes a segment's payload from `skip` bytes in to a position; the bytes written (fewer: no pages). */
uint32_t receive_store(struct tcp *tcp, struct connection *c, const struct segment *segment, uint32_t skip, uint32_t at,
                       uint32_t length);
void receive_ack_policy(struct tcp *tcp, struct connection *c, const struct segment *segment);
void reassemble(struct tcp *tcp, struct connection *c, struct segment *segment);
struct range_set *reassembly_ranges(const struct tcp *tcp, const struct connection *c); /* NULL without holes */
void reassembly_clear(struct tcp *tcp, struct connection *c);
uint32_t reassembly_sack(const struct tcp *tcp, const struct connection *c, struct sack_block *blocks, uint32_t most);

/* ---- ack.c, sack.c, loss.c, recovery.c, rtt.c, rate.c ---- */
void ack_arrives(struct tcp *tcp, struct connection *c, struct segment *segment);
struct flight *flight_begin(struct tcp *tcp, struct connection *c);
/* Notes segments of a record as SACKed that were not before. */
struct record;
void segments_sacked(struct connection *c, struct flight *flight, struct record *record, uint64_t mask,
                     struct ack *ack);
void flight_end(struct tcp *tcp, struct connection *c);
/* WRITABLE, if it is owed and worth a wake-up. */
void tell_writable(struct tcp *tcp, struct connection *c);
/* Bytes in the network by what the scoreboard says. */
uint32_t flight_size(const struct tcp *tcp, const struct connection *c);
void sack_arrives(struct tcp *tcp, struct connection *c, const struct segment *segment, struct ack *ack);
void loss_detect(struct tcp *tcp, struct connection *c, struct ack *ack);
/* Marks all unSACKed, not yet lost segments of [flight.lost_below, below). */
void loss_mark_below(struct tcp *tcp, struct connection *c, uint32_t below, enum septet_loss_reason why);
void loss_mark_all(struct tcp *tcp, struct connection *c, enum septet_loss_reason why);
/* The next segment that may have to go again although it does not count as lost, in a recovery with SACK:
 * RFC 6675 NextSeg (3), a hole below something SACKed, then (4), once, the highest not SACKed. */
enum suspicion { SUSPICION_NONE, SUSPICION_HOLE, SUSPICION_LAST };
enum suspicion loss_suspect(struct tcp *tcp, const struct connection *c, uint32_t *number, uint32_t *segment);
void recovery_ack(struct tcp *tcp, struct connection *c, struct ack *ack);
void recovery_timeout(struct tcp *tcp, struct connection *c);
/* All that is outstanding goes again, without a word to congestion control. */
void recovery_resend_all(struct tcp *tcp, struct connection *c, enum septet_loss_reason why);
void trace_congestion(struct tcp *tcp, const struct connection *c);
void rtt_sample(struct tcp *tcp, struct connection *c, int64_t rtt);
/* RFC 7323 4.1: how long ago we sent what a segment echoes, ns; -1 when it echoes nothing that can be believed. */
int64_t rtt_of_echo(const struct tcp *tcp, const struct connection *c, const struct segment *segment);
uint64_t rtt_timeout(const struct tcp *tcp, const struct connection *c); /* RTO with back-off, ns */
void rate_sample(struct tcp *tcp, struct connection *c, struct ack *ack);

/* ---- transmit.c, build.c ---- */
/* What a SYN or SYN-ACK offers. */
struct syn_offer {
    uint8_t layout; /* enum septet_syn_layout */
    uint16_t mss;
    bool timestamps, sack, window_scaling;
    uint8_t window_scale;
    uint32_t ts_val, ts_ecr;
};
uint32_t build_syn_options(const struct syn_offer *offer, uint8_t *to);
uint32_t build_options(struct tcp *tcp, struct connection *c, uint8_t *to);
/* Length of what build_options would write. */
uint32_t build_options_length(const struct tcp *tcp, const struct connection *c);
/* Bytes in a second that data may leave with now; 0: no limit. */
uint64_t transmit_pacing_rate(const struct tcp *tcp, const struct connection *c);
uint32_t build_timestamps(uint8_t *to, uint32_t val, uint32_t ecr);

/* ---- timer.c ---- */
/* The deadlines of a connection may have come nearer. */
void timer_update(struct tcp *tcp, struct connection *c);
void timer_resend(struct tcp *tcp, struct connection *c, enum resend_kind kind, int64_t at);
void timer_retransmission_restart(struct tcp *tcp, struct connection *c);
/* Persist or override timer when something waits to be sent that neither an ACK nor a retransmission will free. */
void timer_blocked(struct tcp *tcp, struct connection *c);
/* Keep-alive or FIN-WAIT-2 timer as state and options ask. */
void timer_idle_state(struct tcp *tcp, struct connection *c);

/* ---- guard.c: RFC 5961 ---- */
/* Whether the rate allows a challenge ACK now, which is taken note of. */
bool guard_allows(const struct tcp *tcp, uint32_t *until);
/* Sends a challenge ACK if the connection's rate allows. */
void guard_challenge(struct tcp *tcp, struct connection *c);

/* ---- close.c ---- */
/* RST to the peer with our next sequence number. */
void connection_send_reset(struct tcp *tcp, struct connection *c);
struct connection *connection_of(const struct tcp *tcp, septet_handle handle);
struct listener *listener_of(const struct tcp *tcp, septet_handle handle);

#endif
