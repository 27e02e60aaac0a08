#ifndef SEPTET_REPORT_PACKETS_H
#define SEPTET_REPORT_PACKETS_H

#include "explain/filter.h"

#include <stdio.h>

/* Views of single frames. Nothing from a frame reaches the output but letters, digits and signs. */

/* A line in the manner of tcpdump: number, seconds since the first frame, who to whom, what. */
void report_packet(FILE *file, const struct filter_frame *frame);
/* All bytes, each with the field that it belongs to, by the names of display filters. */
void report_bytes(FILE *file, const struct filter_frame *frame);

/* Payload as text: printable ASCII and line ends as they are, a backslash twice, everything else as \xNN. */
void report_payload(FILE *file, const uint8_t *bytes, uint32_t length);

#endif
