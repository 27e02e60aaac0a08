#ifndef SEPTET_LINK_TAP_H
#define SEPTET_LINK_TAP_H

#include "link/link.h"

/* The Linux TUN/TAP driver: Ethernet frames (TAP) or IP packets (TUN) to and from the kernel of this machine. */
struct tap_options {
    const char *name; /* of the device; made if it does not exist, for as long as it is open */
    bool tun;         /* IP packets instead of Ethernet frames */
    bool offload;     /* super-segments and unfinished checksums both ways, where the kernel has them */
    uint32_t mtu;     /* of our interface; 0: the device's */
    uint8_t mac[6];   /* of our interface, TAP only; must differ from the device's own */
};

/* Opens a device, non-blocking; waits some milliseconds until the kernel sends on it. NULL on failure, with a sentence
 * in `error` that names the device and what to do. */
struct link *tap_open(const struct tap_options *options, char error[LINK_ERROR_TEXT]);

/* True when the kernel's end of the device is up. */
bool tap_is_up(const struct link *link);

#endif
