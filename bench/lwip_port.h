#ifndef BENCH_LWIP_PORT_H
#define BENCH_LWIP_PORT_H

#include "lwip_host.h"

/*
 * What a port of lwIP supplies, done for speed: Debian's library has a byte-pair checksum, a mutex around every pbuf
 * and malloc. The functions of lwip_port.c have lwIP's names and are exported by this program, so that the loader
 * binds every copy of the library to them.
 */

/* The library's own functions, used where checksums are wanted. */
void lwip_port_bind(const struct lwip_host *host);
/* False: transport checksums are neither made nor verified from now on. */
void lwip_port_checksums(bool wanted);
/* Bytes that lwIP has allocated and not freed, over all hosts. */
int64_t lwip_port_allocated(void);
/* Takes back all that lwIP still holds: timers and listeners that it never frees. No host may be open. */
void lwip_port_release(void);
/* True when the loader did bind the library to these functions. */
bool lwip_port_in_use(void);

#endif
