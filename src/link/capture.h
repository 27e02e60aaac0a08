#ifndef SEPTET_LINK_CAPTURE_H
#define SEPTET_LINK_CAPTURE_H

#include "link/link.h"

/* A link that records what passes through another one in a pcapng file: what the wire would carry, super-segments cut
 * up and checksums finished, with the stack's state changes, drops and retransmissions as comments of the packets. */

/* Puts a recorder before `inner`, which belongs to it from then on (also when this fails, with a sentence in `error`).
 */
struct link *capture_open(const char *path, struct link *inner, char error[LINK_ERROR_TEXT]);

/* Hears the stack: to be called with every trace event. `link` is what capture_open() returned.
 */
void capture_trace(struct link *link, const struct septet_trace_event *event);

/* 0, or the errno of a write that failed: the file ends there, the link goes on. */
int capture_error(struct link *link);

#endif
