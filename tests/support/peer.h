#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "septet/tcp.h"
#include "wire/icmp.h"
#include "wire/tcp.h"

/* A scripted peer: one stack at the end of a raw IP link, in virtual time, and whatever a test wants to send it.
 * Sequence numbers are relative to both ends' initial ones, as in the figures of RFC 9293: a SYN has 0, the first
 * byte of data 1. The stack's is learnt from its SYN; before that its numbers are absolute.
 *
 *     struct peer *p = peer_new(4, NULL);
 *     listen_on(p, 80);
 *     inject(p, SYN, .seq = 0, .mss = 1460);
 *     expect(p, SYN | ACK, .seq = 0, .ack = 1);
 *     inject(p, ACK, .seq = 1, .ack = 1);
 *     accept_one(p);
 *     inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
 *     advance(p, MS(40));
 *     expect(p, ACK, .seq = 1, .ack = 101);
 *     read_bytes(p, 100);
 *     peer_end(p);
 *
 * Every test ends with peer_end(), which proves that nothing leaked. Illegal state transitions end a test at once. */

#define FIN TCP_FIN
#define SYN TCP_SYN
#define RST TCP_RST
#define PSH TCP_PSH
#define ACK TCP_ACK
#define URG TCP_URG
#define ECE TCP_ECE
#define CWR TCP_CWR

#define US(n) ((n)*SEPTET_MICROSECOND)
#define MS(n) ((n)*SEPTET_MILLISECOND)
#define S(n) ((n)*SEPTET_SECOND)

#define ANY (-1)
#define PEER_FLOWS 64
#define PEER_ISS 0xfffff800u /* numbers wrap early */

/* What a segment to send is made of; all but flags may be left out. */
struct given {
    uint32_t flags;
    uint32_t seq, ack;
    uint32_t length; /* payload: the pattern of its sequence numbers, unless `data` says what */
    const void *data;
    int32_t window; /* the field (65535) */
    uint32_t urgent;
    uint32_t mss;  /* 0: no option */
    int32_t scale; /* ANY: no option */
    bool sack_permitted;
    int64_t ts_val, ts_ecr; /* ANY: the peer's clock, and what was last heard, once the flow uses timestamps */
    bool no_timestamps;     /* although the flow uses them */
    uint32_t sacks;         /* blocks below, relative to the stack's numbers */
    struct sack_block sack[4];
    const uint8_t *options; /* raw bytes behind all of these, padded with zeros */
    uint32_t options_length;
    const struct septet_address *source, *destination; /* NULL: the usual ones */
    uint32_t header_length;                            /* 0: the right one */
    uint32_t reserved;                                 /* bits ORed into the flags word */
    bool bad_checksum;
};

/* What the next segment of the stack must be; exact but for what is ANY. Options are compared when given. */
struct wanted {
    uint32_t flags;
    int64_t seq, ack;                               /* (ANY) */
    int64_t length;                                 /* (0); what has a payload must have the pattern in it */
    int64_t window;                                 /* (ANY) */
    int64_t urgent;                                 /* (0) */
    int64_t mss, scale, sack_permitted, timestamps; /* (ANY; ABSENT, or 0 for the last two) */
    int64_t ts_ecr;                                 /* (ANY) */
    int64_t sacks;                                  /* (ANY) */
    struct sack_block sack[4];                      /* relative to the peer's numbers */
    int64_t at;                                     /* when it left (ANY), ns since peer_new() */
};
#define ABSENT (-2)

/* A segment of the stack, numbers relative. */
struct seen {
    int64_t time;
    uint16_t local_port, peer_port;
    uint32_t flags, seq, ack, length, window, urgent;
    uint32_t iss, raw_ack; /* absolute: of a SYN its initial number */
    struct ip ip;
    struct tcp_options options;
    uint16_t gso_size;
    uint8_t *payload;
};

/* One connection as the peer knows it. */
struct flow {
    uint16_t local_port, peer_port; /* of the stack and of the peer */
    uint32_t iss, irs;              /* the peer's and the stack's initial numbers */
    bool heard;                     /* a SYN of the stack: irs is known */
    bool timestamps;
    uint32_t ts_base, ts_recent; /* offset of the peer's clock; last TSval of the stack */
    septet_handle handle;
    uint32_t written, read; /* bytes of the pattern that the application gave and took */
};

struct peer {
    struct septet *stack;
    struct septet_config config;
    int64_t start, now;
    unsigned version;
    struct septet_address ours, theirs; /* of the stack; of the peer */
    struct flow *flow;                  /* that the calls below are about */
    struct flow flows[PEER_FLOWS];
    uint32_t flow_count;
    septet_handle listener;
    /* What flow_open() offers and active opens are answered with. */
    struct {
        uint32_t mss;
        int32_t scale;
        int32_t window;
        bool sack, timestamps;
    } offer;
    bool holding; /* packets are kept for one septet_input */
    struct septet_packet held[SEPTET_BATCH];
    uint32_t held_count;
    struct seen *out; /* pulled and not yet expected: [out_first, out_count) */
    uint32_t out_first, out_count, out_room;
    struct seen last;                                                       /* of the last expect() */
    uint32_t others;                                                        /* packets of the stack that are not TCP */
    bool quiet;                                                             /* pulled packets are forgotten */
    bool deaf;                                                              /* and not even looked at */
    void (*tap)(struct peer *peer, const struct septet_trace_event *event); /* sees every trace event, if set */
    void *user;                                                             /* the test's own */
    void *memory;
};

/* ---- life ---- */

/* Defaults with little room: 16 connections, 2048 pages, no pacing. */
void peer_config(struct septet_config *config);
/* A stack of IP version 4 or 6; config NULL is that of peer_config(). MTU 1500. */
struct peer *peer_new(unsigned version, const struct septet_config *config);
struct peer *peer_new_link(unsigned version, const struct septet_config *config, uint32_t mtu, uint32_t offloads);
/* Aborts what is open, lets an hour pass, and proves that everything was given back. */
void peer_end(struct peer *peer);
/* The calls that follow are about another connection: another port of the peer's, to a port of the stack's. */
struct flow *flow_new(struct peer *peer, uint16_t local_port, uint16_t peer_port);
void flow_use(struct peer *peer, struct flow *flow);

/* ---- wire ---- */

#pragma GCC diagnostic ignored "-Woverride-init" /* defaults first, what is given after */
#define inject(peer, flag_bits, ...) \
    inject_segment(                  \
        peer, &(struct given){       \
                  .window = 65535, .scale = ANY, .ts_val = ANY, .ts_ecr = ANY, .flags = (flag_bits), __VA_ARGS__})
/* Gives the stack a segment now. */
void inject_segment(struct peer *peer, const struct given *given);
/* Segments between these two reach the stack in one septet_input. */
void hold(struct peer *peer);
void let_go(struct peer *peer);
/* An ICMP error of the stack's IP version that quotes a segment with this sequence number, cut to 8 bytes of TCP. */
void inject_icmp(struct peer *peer, uint8_t type, uint8_t code, uint32_t rest, uint32_t seq);
/* Any bytes as one packet. */
void inject_bytes(struct peer *peer, const uint8_t *bytes, uint32_t length);

#define expect(peer, flag_bits, ...)                       \
    expect_segment(peer, __FILE__, __LINE__,               \
                   &(struct wanted){.seq = ANY,            \
                                    .ack = ANY,            \
                                    .window = ANY,         \
                                    .mss = ANY,            \
                                    .scale = ANY,          \
                                    .sack_permitted = ANY, \
                                    .timestamps = ANY,     \
                                    .ts_ecr = ANY,         \
                                    .sacks = ANY,          \
                                    .at = ANY,             \
                                    .flags = (flag_bits),  \
                                    __VA_ARGS__})
/* Takes the next segment of the stack, which must be this one. It stays in peer->last. */
const struct seen *expect_segment(struct peer *peer, const char *file, int line, const struct wanted *wanted);
#define expect_nothing(peer) expect_no_segment(peer, __FILE__, __LINE__)
void expect_no_segment(struct peer *peer, const char *file, int line);
/* Takes the next segment, whatever it is; NULL when there is none. */
const struct seen *take(struct peer *peer);
/* Forgets what the stack has sent. How many segments that were. */
uint32_t drain(struct peer *peer);

/* ---- time ---- */

/* Lets time pass, stopping at each deadline and pulling what is sent, which can be expected afterwards. */
void advance(struct peer *peer, int64_t duration);
/* The same without stops, as a driver that slept. */
void sleep_for(struct peer *peer, int64_t duration);
/* Since peer_new(). */
int64_t elapsed(const struct peer *peer);

/* ---- application ---- */

/* septet_listen() with a backlog of 8, on any address. */
void listen_on(struct peer *peer, uint16_t port);
/* septet_accept() for the flow. */
void accept_one(struct peer *peer);
/* Establishes the flow by a SYN of the peer's with peer->offer, to port 80, and accepts it. */
void passive(struct peer *peer);
/* Establishes it by septet_connect() to the flow's peer port; the peer answers with peer->offer. */
void active(struct peer *peer);
/* Only septet_connect(), from the flow's local port. */
void connect_out(struct peer *peer);
/* septet_send() of the pattern; returns what it returns. write_all() asserts that all was taken. */
int64_t write_some(struct peer *peer, uint32_t length, unsigned flags);
void write_all(struct peer *peer, uint32_t length);
/* septet_receive() of exactly this many bytes, which must be the pattern. */
#define read_bytes(peer, length) read_pattern(peer, length, __FILE__, __LINE__)
void read_pattern(struct peer *peer, uint32_t length, const char *file, int line);
/* What septet_receive() returns for one byte, which is not to be there. */
int64_t read_none(struct peer *peer);
/* The byte of the pattern at a relative sequence number, in either direction. */
uint8_t pattern(uint32_t seq);

/* The next event must be about this handle, have these bits and this error. */
#define expect_event(peer, handle, bits, error) expect_this_event(peer, handle, bits, error, __FILE__, __LINE__)
void expect_this_event(struct peer *peer, septet_handle handle, uint32_t events, int error, const char *file, int line);
#define expect_no_event(peer) expect_no_more_events(peer, __FILE__, __LINE__)
void expect_no_more_events(struct peer *peer, const char *file, int line);
/* Takes all events; the bits that those of a handle had. */
uint32_t drain_events(struct peer *peer, septet_handle handle);

#define expect_state(peer, name) \
    assert_int_equal(septet_state((peer)->stack, (peer)->flow->handle), SEPTET_STATE_##name)
struct septet_tcp_info info_of(struct peer *peer);
struct septet_usage usage_of(struct peer *peer);
uint64_t dropped(const struct peer *peer, enum septet_drop reason);
uint64_t counted(const struct peer *peer, enum septet_counter counter);

#endif
