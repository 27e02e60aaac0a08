#ifndef SEPTET_DRILL_BUILD_H
#define SEPTET_DRILL_BUILD_H

#include "drill/subject.h"

/* The largest packet, with room for what encapsulates it. */
#define BUILD_ROOM (65575u + 512u)

/* Makes the bytes of an inbound packet in `room`, BUILD_ROOM bytes. *bytes points into it. False with the error set:
 * an unknown ICMP name, a timestamp echo that was never sent, a packet that is too long. */
bool build_packet(struct subject *subject, const struct drill_options *options, const struct drill_packet *packet,
                  uint8_t *room, uint8_t **bytes, uint32_t *length, struct drill_error *error);

/* Writes the TCP options of an inbound segment. Returns their length. */
bool build_tcp_options(const struct subject *subject, const struct drill_options *options, const struct drill_tcp *tcp,
                       uint8_t to[TCP_OPTIONS_MAX], uint32_t *length, struct drill_error *error);

#endif
