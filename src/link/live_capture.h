#ifndef SEPTET_LINK_LIVE_CAPTURE_H
#define SEPTET_LINK_LIVE_CAPTURE_H

#include "link/capture_input.h"
#include "link/link.h"

/* Frames of a network interface of this machine, while they come: the kernel puts them into a ring that is shared with
 * us (AF_PACKET, Linux), and drops what its filter does not let through. Needs CAP_NET_RAW. */
struct live_capture;

/* tcp_port: of TCP only segments from or to this port, and everything that is not plain TCP; 0 for all. NULL on
 * failure, with a sentence in `error`. */
struct live_capture *live_capture_open(const char *interface, uint16_t tcp_port, char error[LINK_ERROR_TEXT]);
void live_capture_close(struct live_capture *live);

/* Readable when frames wait. */
int live_capture_descriptor(const struct live_capture *live);
uint32_t live_capture_link_type(const struct live_capture *live);

/* The next frame that has come; false when none waits. Its bytes are valid until the next call; frame->drops counts
 * those that found no room in the ring before it. */
bool live_capture_next(struct live_capture *live, struct capture_input_frame *frame);

/* All frames that found no room. */
uint64_t live_capture_dropped(const struct live_capture *live);

#endif
