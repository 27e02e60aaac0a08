#ifndef SEPTET_LAB_STORY_H
#define SEPTET_LAB_STORY_H

#include "lab/world.h"

/* What happened in a world, connection by connection: for ladders, for --json, and for the expectations of a
 * scenario. Lives in an arena. */

#define STORY_ISNS 8
#define STORY_OPTIONS 40

/* Side 0, on the left, sent the first SYN. */
struct story_connection {
    struct septet_address address[2];
    uint16_t port[2];
    uint16_t host[2];
    uint32_t isn[2][STORY_ISNS]; /* initial sequence numbers seen, the latest last */
    uint32_t isns[2];
    uint32_t window[2]; /* the last one told, bytes */
    uint8_t shift[2];
    bool scales[2];   /* offered window scaling */
    uint32_t high[2]; /* of the latest incarnation */
    bool started[2];
    uint32_t segments[2], resent[2], lost[2];
    uint64_t bytes[2]; /* payload, without what was resent */
    int64_t first, last;
    int64_t rtt_sum[2], rtt_least[2], rtt_last[2];
    uint32_t rtt_count[2];
};

enum story_kind {
    STORY_SEGMENT, /* leaves its sender */
    STORY_ARRIVAL, /* of a segment */
    STORY_STATE,
    STORY_CONGESTION,
    STORY_TIMER,
    STORY_NOTE, /* a program did something */
    STORY_HOST  /* a host died or came to life again */
};

struct story_segment {
    int64_t sent, arrived; /* arrived: -1 never */
    uint64_t frame;        /* number of the frame that carries it now */
    uint64_t hash;
    uint32_t connection;
    uint16_t flags, window;
    uint32_t seq, ack, length, urgent;
    uint32_t relative_seq, relative_ack;
    uint32_t window_bytes;
    uint8_t side;    /* who sent it */
    uint8_t fate;    /* FATE_SENT while under way, then the last one */
    uint8_t marks;   /* enum frame_mark */
    uint8_t refused; /* enum septet_drop of the receiver */
    bool again;      /* sent before, in whole or in part */
    bool probe;      /* one byte or none into a closed window, or below the next number: window probe or keep-alive */
    uint8_t options_length;
    uint8_t options[STORY_OPTIONS];
};

/* One thing that happened, in order of time. */
struct story_item {
    int64_t time;
    uint32_t connection; /* index; UINT32_MAX: none */
    uint8_t kind;        /* enum story_kind */
    uint8_t side;
    uint8_t from, to;                   /* STORY_STATE */
    uint32_t index;                     /* of the segment; STORY_TIMER: enum septet_timer; STORY_HOST: the host */
    uint32_t cwnd, ssthresh, in_flight; /* STORY_CONGESTION; `to` is the phase */
    const char *note;                   /* STORY_NOTE: what the program of that side did */
};

struct story {
    struct arena *arena;
    struct world *world;
    struct story_connection *connection;
    struct story_segment *segment;
    struct story_item *item;
    uint32_t connections, segments, items;
    uint32_t connection_room, segment_room, item_room;
    uint64_t other_frames; /* that are no TCP segments */
    bool full;             /* the arena was too small: the end is missing */
};

/* Begins to listen to a world; NULL when the arena is full or the world has no room for another observer. */
struct story *story_create(struct arena *arena, struct world *world);

/* The connection of a task; UINT32_MAX when it has none. *side becomes the task's. */
uint32_t story_connection_of(const struct story *story, const struct lab_task *task, uint8_t *side);

#endif
