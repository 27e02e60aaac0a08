#ifndef SEPTET_DRILL_SUBJECT_H
#define SEPTET_DRILL_SUBJECT_H

#include "drill/live.h"
#include "drill/options.h"
#include "drill/syntax.h"

/* What a script talks about: sockets and conversations, and how its numbers become those on the wire. */

enum subject_role {
    SUBJECT_FRESH,     /* socket() or a packet made it, nothing more is known */
    SUBJECT_LISTENING, /* listen() */
    SUBJECT_ACTIVE,    /* connect() */
    SUBJECT_PASSIVE    /* an inbound SYN made it */
};

struct timestamp_pair {
    uint32_t script, live;
};

struct subject {
    struct subject *next; /* older */
    enum subject_role role;
    uint8_t protocol;
    int script_fd, live_fd;                         /* -1: none */
    struct septet_tuple live;                       /* ports 0: not known (yet) */
    uint16_t script_local_port, script_remote_port; /* what the script calls them; 0: nothing */
    bool local_known, remote_known;                 /* the initial sequence numbers */
    uint32_t script_local_isn, live_local_isn, remote_isn;
    bool syn_pending; /* an inbound SYN was not answered yet */
    uint32_t syn_seq;
    struct timestamp_pair *pair; /* timestamps sent, in order */
    uint32_t pairs, pair_capacity;
    int64_t pair_time; /* of the first */
    bool label_known;
    uint32_t script_label, live_label;
    bool free_payload; /* the script wrote bytes of its own: payloads are not compared */
};

struct subjects {
    struct arena *arena;
    const struct drill_options *options;
    struct subject *latest;     /* list */
    struct subject *under_test; /* whom packets without ports are about; NULL */
    uint16_t next_port;         /* of the remote end */
};

struct subject *subject_new(struct subjects *subjects, enum subject_role role, uint8_t protocol);
struct subject *subject_of_fd(const struct subjects *subjects, int script_fd);
struct subject *subject_of_tuple(const struct subjects *subjects, uint8_t protocol, const struct septet_tuple *tuple);
/* Whom an inbound packet is about, with a complete tuple; made if need be. NULL with an error. */
struct subject *subject_inbound(struct subjects *subjects, const struct drill_packet *packet,
                                struct drill_error *error);
/* Who sent a packet; NULL when nobody we know. Learns ports. */
struct subject *subject_outbound(struct subjects *subjects, const struct live_packet *packet);

/* Numbers of ours and of the other end, from the script to the wire and back. `syn`: of a segment with SYN. */
uint32_t subject_local_live(const struct subject *subject, uint32_t script, bool syn);
uint32_t subject_local_script(const struct subject *subject, uint32_t live, bool syn);
uint32_t subject_remote_live(const struct subject *subject, uint32_t script, bool syn);
uint32_t subject_remote_script(const struct subject *subject, uint32_t live, bool syn);

/* An inbound SYN with this sequence number. */
void subject_learn_inbound(struct subject *subject, const struct drill_tcp *tcp);
/* What a segment with SYN, which the script expects like this, tells. */
void subject_learn_outbound(struct subject *subject, const struct drill_tcp *tcp, const struct live_packet *live);
/* A timestamp was sent. False when the arena is full. */
bool subject_learn_timestamp(struct subjects *subjects, struct subject *subject, uint32_t script, uint32_t live,
                             int64_t time);
/* The live value for a timestamp echo of the script; false when it was never sent. */
bool subject_echo(const struct subject *subject, bool scaled, uint32_t script, uint32_t *live);

#endif
