#ifndef SEPTET_TRACE_PATH_H
#define SEPTET_TRACE_PATH_H

#include <stdint.h>

/* The way to a destination as the IP layer found it; a connection keeps it until
 * `generation` differs from ip_generation(). */
struct ip_path {
    uint32_t generation;
    uint32_t neighbor; /* entry of the next hop; 0: the interface needs none */
    uint16_t interface;
    uint16_t mtu; /* of the path, as far as known */
};

#endif
