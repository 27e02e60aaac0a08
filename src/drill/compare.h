#ifndef SEPTET_DRILL_COMPARE_H
#define SEPTET_DRILL_COMPARE_H

#include "drill/part.h"

struct difference {
    enum part part;
    char reason[256];
};

/* Whether a packet of the stack is what the script says, its time aside; when it is not, *difference tells the first
 * thing that differs. Learns sequence numbers, timestamps and flow labels. `time`: ns since the beginning. */
bool compare_packet(struct subjects *subjects, struct subject *subject, const struct drill_packet *packet,
                    const struct live_packet *live, int64_t time, struct difference *difference);

#endif
