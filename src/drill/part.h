#ifndef SEPTET_DRILL_PART_H
#define SEPTET_DRILL_PART_H

#include "drill/drill.h"
#include "drill/subject.h"

/* A packet as words, part by part, so that two can be written one under the other. */

enum part {
    PART_TIME,
    PART_IP,
    PART_PORTS,
    PART_FLAGS, /* or udp, or icmp and its type */
    PART_SEQUENCE,
    PART_ACK,
    PART_WINDOW,
    PART_URGENT,
    PART_OPTIONS,
    PART_PAYLOAD,
    PART_COUNT
};
#define PART_WORDS 224
struct parts {
    char words[PART_COUNT][PART_WORDS];
};

/* A packet of the script; what it does not say is empty. `time` negative: any. */
void parts_of_script(const struct drill_packet *packet, int64_t time, struct parts *parts);
/* A packet of the stack, its numbers as the script would write them. */
void parts_of_live(const struct live_packet *live, const struct subject *subject, int64_t time, struct parts *parts);
/* Writes both under each other into the report, and marks under the part that differs. Parts that neither has, and
 * those of the live packet that say nothing new (IP, ports), are left out. */
void parts_compare(const struct parts *script, const struct parts *live, enum part differs,
                   struct drill_report *report);
/* One line with the parts of one packet. */
void parts_line(const struct parts *parts, struct text *text);

#endif
