#ifndef SEPTET_REPORT_CONVERSATION_H
#define SEPTET_REPORT_CONVERSATION_H

#include "lab/story.h"
#include "report/ladder.h"

/* Reports about one connection of a lab's story. */

struct conversation_options {
    bool absolute; /* sequence numbers as they are on the wire */
    bool all;      /* fold nothing */
    bool timers;   /* show retransmission, persist, keep-alive and TIME-WAIT timers */
};

/* Its ladder, with head. */
void conversation_ladder(const struct ladder *ladder, const struct story *story, uint32_t connection,
                         const struct conversation_options *options);
/* A few lines: segments, retransmissions, goodput, round-trip times, congestion windows. */
void conversation_summary(const struct ladder *ladder, const struct story *story, uint32_t connection);

#endif
