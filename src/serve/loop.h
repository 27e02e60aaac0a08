#ifndef SEPTET_SERVE_LOOP_H
#define SEPTET_SERVE_LOOP_H

#include "link/link.h"

/* Drives one stack with its links and services until it is stopped. One turn: time, packets in, events, work,
 * packets out; when a turn moved nothing it sleeps, exactly until the next deadline. */
struct loop;

/* A server or client. */
struct service {
    /* An event of one of its handles: those with a user number from loop_user(). */
    void (*event)(struct service *service, const struct septet_event *event);
    /* Called each turn, after events. Returns when it wants to be called again at the latest, ns: a time not after
     * `now` means that there is more to do at once. NULL: never. */
    int64_t (*work)(struct service *service, int64_t now);
    /* The loop was told to stop: end connections, there will be a last turn. NULL: nothing. */
    void (*stop)(struct service *service);
    struct loop *loop;
    uint32_t number;
};

enum { LOOP_LINKS = 4, LOOP_SERVICES = 8 };

struct loop {
    struct septet *stack;
    struct link *links[LOOP_LINKS];
    struct service *services[LOOP_SERVICES];
    uint32_t link_count, service_count;
    int64_t now;
    bool spin;          /* never sleep */
    int64_t patience;   /* how long to turn without anything to do before a sleep, ns: see loop.c */
    int64_t idle_since; /* 0: not idle */
    long processors;
    bool stopped;
    int watched; /* a descriptor whose readiness ends a sleep; -1: none */
    short watched_events;
    char error[LINK_ERROR_TEXT]; /* why it ended, when loop_run() says false */
};

void loop_init(struct loop *loop, struct septet *stack);
/* Adds a link's interface to the stack. Its index, or a negative enum septet_error. The link stays the caller's. */
int loop_add_link(struct loop *loop, struct link *link);
/* False when there are LOOP_SERVICES already. The service stays the caller's and must live as long as the loop. */
bool loop_add_service(struct loop *loop, struct service *service);
/* What septet_user_set() is to be given so that a service gets the events of a handle; `slot` is for the service. */
uint64_t loop_user(const struct service *service, uint32_t slot);
/* The slot in the user number of an event. */
uint32_t loop_slot(const struct septet_event *event);

/* Turns until loop_stop(), SIGINT or SIGTERM; services are then stopped and what they still say is sent.
 * False when a link failed. */
bool loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Whether a signal ended it. */
bool loop_interrupted(void);

/* CLOCK_MONOTONIC, ns. */
int64_t loop_clock(void);

#endif
