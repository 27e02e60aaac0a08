#ifndef SEPTET_LAB_WATCHED_H
#define SEPTET_LAB_WATCHED_H

#include "lab/packet_view.h"
#include "lab/world.h"

/* What one end of a connection has sent, as an onlooker at its link sees it; for src/lab/watch.c. */
struct watched {
    struct septet_address from, to;
    uint16_t from_port, to_port;
    uint16_t mss;  /* what this end announced; 0: nothing */
    uint8_t shift; /* its window scale */
    bool used;
    bool syn_seen, fin_seen;
    bool over;                  /* a RST was sent, or the peer has begun anew */
    bool scales, stamps, sacks; /* offered in its SYN */
    bool acked;                 /* last_ack counts */
    bool edge_known;            /* edge counts */
    bool limit_known;           /* limit counts */
    uint32_t iss, high;         /* highest sequence number used, exclusive */
    uint32_t fin;               /* sequence number of its FIN */
    uint32_t last_ack;
    uint32_t edge;         /* right edge of the window it has advertised */
    uint32_t limit;        /* right edge that the peer has advertised, as far as it has reached this end */
    uint32_t incarnations; /* initial sequence numbers seen */
    uint8_t state;         /* of the stack, with state_known */
    bool state_known;
    uint32_t boots; /* of the host, when the state was */
};

struct watched_table {
    struct arena *arena;
    struct watched *flow; /* open addressing */
    uint32_t capacity, count;
};

/* The flow of these ends, made when there is none. NULL: no memory. `other`, if not NULL, is the reverse one, and
 * stays valid with it. */
struct watched *watched_find(struct watched_table *table, const struct septet_address *from, uint16_t from_port,
                             const struct septet_address *to, uint16_t to_port, struct watched **other);

/* Checks a segment that this end sends; NULL when all is well, else what is wrong. Then takes note of it. */
const char *watched_sends(struct watched *flow, struct watched *peer, const struct packet_view *view, bool super);
/* A segment reaches the end `flow` from its peer. */
void watched_receives(struct watched *flow, const struct watched *peer, const struct packet_view *view);

#endif
