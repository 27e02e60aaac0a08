#ifndef BENCH_LWIP_HOST_H
#define BENCH_LWIP_HOST_H

#include "cli/bench.h"

#include <lwip/etharp.h>
#include <lwip/inet_chksum.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

/*
 * A host made of Debian's liblwip, driven through its raw API in our thread. lwIP keeps everything in globals, so
 * each host loads a copy of the library of its own.
 */

struct lwip_host {
#define FUNCTION(name) __typeof__(&name) name;
#include "lwip_functions.def"
#undef FUNCTION
    struct netif netif;
    void *library;
    int file;
    struct lwip_host *peer;     /* of a memory link */
    struct pbuf **queue;        /* on their way to the peer, in the peer's memory: a ring */
    uint32_t head, count, room; /* room is a power of two */
    uint64_t lost;              /* packets that found the queue full */
    void *context;              /* of whoever drives this host */
};

/* Why the library cannot be used, NULL if it can. */
const char *lwip_missing(void);

/* Loads a host. NULL, with run->skipped set, when that fails. */
struct lwip_host *lwip_open(struct bench_run *run);
void lwip_close(struct lwip_host *host);

/* Two hosts, 10.7.0.1 and 10.7.0.2, joined by memory: each packet is copied once on its way. False: see run->skipped.
 * `queue`: packets that may be on their way in one direction, a power of two. */
bool lwip_pair_open(struct bench_run *run, struct lwip_host *pair[2], uint32_t queue);
void lwip_pair_close(struct lwip_host *pair[2]);
/* Hands over what waits in front of `host`, and what that causes, up to `most` packets. Returns how many. */
uint32_t lwip_deliver(struct lwip_host *host, uint32_t most);
/* Delivers in both directions until nothing moves. */
void lwip_settle(struct lwip_host *pair[2]);

/* Bytes that lwIP has allocated for the packets which `host` has sent and its peer has not yet taken. */
int64_t lwip_waiting(const struct lwip_host *host);

/* A pcb that listens on a port of the host, with accept and its argument. NULL on failure. */
struct tcp_pcb *lwip_listen(struct lwip_host *host, uint16_t port, tcp_accept_fn accept, void *arg);
/* Frees what waits in TIME-WAIT, as lwIP does itself when memory is short. */
void lwip_forget_time_wait(struct lwip_host *host);

#endif
