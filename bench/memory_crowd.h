#ifndef BENCH_MEMORY_CROWD_H
#define BENCH_MEMORY_CROWD_H

#include "memory_pair.h"

/* Many connections between a client and a server that answers each message with the same bytes. */

enum { CROWD_BATCH = SEPTET_BATCH };

struct crowd {
    struct memory_pair pair;
    septet_handle *clients; /* of the established connections */
    uint64_t count, next;   /* next: whose turn it is */
    uint64_t echoes;        /* answers that clients have received */
    uint64_t finished;      /* conversations over and both handles given back */
    uint64_t failures;      /* refused, reset, or an answer of the wrong length */
    bool conversing;        /* clients ask as soon as they are connected and close when they have the answer */
    int64_t turn;           /* ns of virtual time that a turn takes */
    uint8_t message[MEMORY_MESSAGE];
};

/* Two stacks with room for `count` connections that stay and for the churn of others. */
bool crowd_open(struct bench_run *run, struct crowd *crowd, uint64_t count);
void crowd_close(struct crowd *crowd);

/* Establishes connections until crowd->count are there. */
bool crowd_gather(struct bench_run *run, struct crowd *crowd);

/* Opens one connection from the client. */
bool crowd_dial(struct crowd *crowd, uint16_t local_port, uint16_t remote_port, septet_handle *connection);
/* What is to be sent goes to the other end, and its application does what there is to do. Returns packets moved. */
uint32_t crowd_move(struct crowd *crowd, enum memory_end from);
/* Both ways until nothing moves. */
void crowd_settle(struct crowd *crowd);

#endif
