#ifndef SEPTET_DRILL_MACHINE_H
#define SEPTET_DRILL_MACHINE_H

#include "drill/drill.h"
#include "drill/options.h"
#include "septet/socket.h"

/* A stack with sockets on a wire whose other end is the script, and the clock of both. */

struct captured {
    struct captured *next;
    int64_t time;
    uint32_t length;
    uint8_t bytes[];
};

/* What ends machine_run() besides the time. */
enum machine_stop { STOP_TIME, STOP_PACKET, STOP_OPERATION };

struct drill_machine {
    struct septet *stack; /* NULL until machine_start() */
    struct septet_sockets *sockets;
    struct septet_config config;
    const struct drill_options *options;
    const struct drill_observer *observer;
    int64_t now;
    struct arena packets; /* what was captured and not taken yet */
    struct captured *first, **last;
    bool holding;                       /* packets that were taken are still looked at */
    struct septet_operation *operation; /* a call under way; NULL */
    int64_t operation_end;              /* when it was done */
    uint64_t idle_rounds;
    const char *failure; /* the stack does not behave; NULL */
};

/* A configuration for scripts: small, with a fixed seed and the profile of the options. False with the error set when
 * there is no such profile. */
bool machine_config(struct septet_config *config, const struct drill_options *options, struct drill_error *error);
/* Makes stack and sockets from machine->config in the arena. False with the error set. */
bool machine_start(struct drill_machine *machine, struct arena *arena, struct drill_error *error);
/* machine->config.tcp has changed. */
void machine_reconfigure(struct drill_machine *machine);

/* Everything that happens without time passing. */
void machine_settle(struct drill_machine *machine);
/* Lets time pass until `until`, a packet was captured or the operation is done. True when it was the latter two. */
bool machine_run(struct drill_machine *machine, int64_t until, enum machine_stop stop);
/* A packet arrives now. */
void machine_inject(struct drill_machine *machine, const uint8_t *bytes, uint32_t length);
/* Takes the oldest packet captured; valid until machine_release(). NULL when there is none. */
const struct captured *machine_take(struct drill_machine *machine);
void machine_release(struct drill_machine *machine);
const struct captured *machine_peek(const struct drill_machine *machine);

#endif
