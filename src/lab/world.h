#ifndef SEPTET_LAB_WORLD_H
#define SEPTET_LAB_WORLD_H

#include "lab/frame.h"
#include "lab/scenario.h"

/* A scenario brought to life: every host a stack of its own, one clock for all, every random choice drawn from one
 * seed. The same scenario and seed give the same frames at the same times on every machine. */
struct world;

/* What became of a frame. SENT and TAKEN are not its end. */
enum frame_fate {
    FATE_SENT,       /* a host gave it to a link */
    FATE_COPIED,     /* the link made it, a duplicate of another */
    FATE_DELIVERED,  /* it reached a host */
    FATE_LOST,       /* loss, each frame for itself */
    FATE_BURST,      /* loss in a burst */
    FATE_QUEUE_FULL, /* drop-tail */
    FATE_CODEL,      /* dropped by CoDel */
    FATE_TOO_BIG,    /* larger than the link silently allows */
    FATE_DOWN,       /* the link was down */
    FATE_RULE,       /* a rule of the scenario dropped it */
    FATE_HOST_DOWN,  /* nobody was there */
    FATE_COUNT
};
/* "sent", "lost", "queue_full", ...: static. */
const char *frame_fate_name(unsigned fate);

struct frame_report {
    int64_t time;
    const struct frame *frame; /* valid during the call */
    enum frame_fate fate;
    uint16_t from, to;  /* hosts; `to` of FATE_DELIVERED and FATE_HOST_DOWN only */
    uint16_t interface; /* of the scenario: the sender's, or with `to` the receiver's */
};

/* Where in its program an instance stands, and what it has seen. */
struct lab_task {
    uint32_t index;
    uint16_t program, host;
    uint32_t instance;
    septet_handle handle; /* 0: none (any more) */
    struct septet_tuple tuple;
    bool active;          /* it opened the connection */
    bool done;            /* its program has ended */
    bool opened;          /* there is or was a connection */
    bool connected;       /* and it was established */
    bool ended;           /* there is nothing more to read, ... */
    bool end_seen;        /* ... because the peer closed */
    bool closed;          /* the connection is over, ... */
    int close_error;      /* ... for this reason */
    bool shut;            /* its own direction was closed by shutdown or close, */
    bool released;        /* the handle given back by close, */
    bool aborted;         /* or the connection aborted */
    bool acknowledged;    /* everything sent so far is */
    bool killed;          /* its host died */
    int error;            /* enum septet_error: the first it met */
    uint32_t states_seen; /* bit mask of enum septet_state */
    int64_t start_time, connect_time, end_time;
    uint32_t action;      /* index within the program */
    int64_t action_since; /* -1: not begun */
    uint64_t action_progress;
    int64_t wake;
    uint64_t sent, received;
    uint64_t key_out, key_in; /* of the byte patterns */
    uint8_t read_mode;
    int64_t read_wake, read_interval;
    uint64_t read_chunk;
    uint32_t datagrams_sent, datagrams_received;
    bool runnable, polling;
    uint32_t next_runnable; /* 1-based */
};

/* Somebody who looks on. Functions may be NULL; none may call into the world. */
struct world_observer {
    void *context;
    void (*frame)(void *context, const struct frame_report *report);
    void (*trace)(void *context, uint16_t host, const struct septet_trace_event *event);
    /* A program did something: "connect", "accept", "close", ... */
    void (*note)(void *context, int64_t time, const struct lab_task *task, const char *what);
    /* A host died, or came to life again. */
    void (*host)(void *context, int64_t time, uint16_t host, bool alive);
};
#define WORLD_OBSERVERS 4

enum world_end {
    WORLD_QUIET,  /* every program has ended, every connection is gone and every page given back */
    WORLD_TIME,   /* the time given to world_run() is over */
    WORLD_STUCK,  /* programs wait for what will never come */
    WORLD_FAILED, /* an invariant is broken: world_failure() */
};

/* Makes a world in the arena. The scenario must outlive it. NULL with a reason (no memory, a bad configuration) in
 * *error. Nothing happens before world_run(); observers can be added until then. */
struct world *world_create(struct arena *arena, const struct scenario *scenario, uint64_t seed,
                           struct lab_error *error);
/* False when there are WORLD_OBSERVERS already. */
bool world_observe(struct world *world, const struct world_observer *observer);

/* Lets time pass until `until` at the latest. */
enum world_end world_run(struct world *world, int64_t until);
int64_t world_now(const struct world *world);
/* What broke, with its time; empty when nothing did. The first failure is kept. */
const char *world_failure(const struct world *world);
/* Breaks the world: for observers that watch over invariants. The text is copied. */
void world_fail(struct world *world, const char *what);

const struct scenario *world_scenario(const struct world *world);
/* The stack of a host; NULL while it is dead. */
struct septet *world_stack(const struct world *world, uint16_t host);
/* How often a host has come to life: 1 unless it was killed. */
uint32_t world_boots(const struct world *world, uint16_t host);
/* Programs that have not come to their end. */
uint32_t world_unfinished(const struct world *world);
uint32_t world_tasks(const struct world *world);
const struct lab_task *world_task(const struct world *world, uint32_t index);
/* How often a link dropped, delivered, ... frames. */
uint64_t world_fates(const struct world *world, uint16_t link, unsigned fate);

/* Gives bytes to a link as if the host at `end` had sent them. False when the arena is full. */
bool world_send(struct world *world, uint16_t link, uint8_t end, const uint8_t *bytes, uint32_t length);

/* The bytes that applications send are a pattern that depends on a key and the position only. */
void pattern_fill(uint64_t key, uint64_t position, uint8_t *to, size_t length);
/* How many bytes from the front are as they should be. */
size_t pattern_check(uint64_t key, uint64_t position, const uint8_t *bytes, size_t length);
/* The key of what goes from one end of a connection to the other. */
uint64_t pattern_key(const struct septet_address *from, uint16_t from_port, const struct septet_address *to,
                     uint16_t to_port);

#endif
