#ifndef SEPTET_REPORT_LIVE_H
#define SEPTET_REPORT_LIVE_H

#include "report/ladder.h"
#include "septet/trace.h"

/* Ladders while they happen, from the trace of one stack: this host on the left, each of its peers on the right. What a
 * peer makes of a segment is not known here, so only our states are shown. Long runs of data and ACKs are folded. */

#define LIVE_CONNECTIONS 64

/* A connection that was seen lately. */
struct live_connection {
    struct septet_tuple tuple;
    uint64_t used;                /* order of the last event; 0: free */
    uint32_t first_seq[2];        /* of us, of the peer: what is shown as 0 */
    bool known[2];                /* whether that is known */
    bool scaled;                  /* both SYNs had a window scale */
    uint8_t shift[2], shift_seen; /* bits of who sent one */
    uint32_t plain;               /* rows of nothing but data and ACKs, shown or folded, since something else was */
    uint32_t folded, folded_data;
    uint64_t folded_bytes;
    int64_t last;             /* time of the last event */
    const char *coming_state; /* belongs to the next segment that we send */
};

struct live {
    struct ladder ladder;
    int64_t begun; /* -1: not yet */
    uint64_t events;
    struct live_connection connection[LIVE_CONNECTIONS];
    struct live_connection *current; /* whose rows were drawn last */
    struct ladder_row row;           /* not drawn yet: a state may belong to it */
    struct live_connection *row_of;  /* NULL: there is none */
    uint8_t options[40];
    char note[128];
};

void live_begin(struct live *live, const struct ladder *ladder);
/* Takes an event of the stack. */
void live_trace(struct live *live, const struct septet_trace_event *event);
/* Draws what was held back: to be called now and then, and at the end. Folds are told after some silence. */
void live_flush(struct live *live, int64_t now, bool end);

#endif
