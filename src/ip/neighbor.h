#ifndef SEPTET_IP_NEIGHBOR_H
#define SEPTET_IP_NEIGHBOR_H

#include "ip/layer.h"

/* ARP and NDP are one machine, that of RFC 4861 section 7.3: an ARP request is a solicitation, a reply an
 * advertisement with the solicited and override flags. */

/* Stands in a path for "no room for this neighbour". */
#define NEIGHBOR_NO_ROOM UINT32_MAX

/* ---- the table: neighbor_table.c ---- */

/* The entry of an address on an interface; 0 when there is none. */
uint32_t neighbor_find(const struct ip_layer *ip, uint16_t interface, const struct septet_address *address);
/* The same, made if missing; 0 when there is no room: confirmed entries never give way, of the others the oldest
 * that nobody waits for does (RFC 6583). */
uint32_t neighbor_get(struct ip_layer *ip, uint16_t interface, const struct septet_address *address);
/* The same for a path that will be kept; NEIGHBOR_NO_ROOM instead of 0. */
uint32_t neighbor_refer(struct ip_layer *ip, uint16_t interface, const struct septet_address *address);
/* Frees an entry that no stack waits for; packets queued on it are dropped. */
void neighbor_free(struct ip_layer *ip, uint32_t reference);
/* Says whether an entry has proved reachable, which decides who gives way. */
void neighbor_set_confirmed(struct ip_layer *ip, uint32_t reference, bool confirmed);
/* True when an entry exists and its neighbour does not answer. */
bool neighbor_failed(const struct ip_layer *ip, uint16_t interface, const struct septet_address *address);

/* ---- the machine: neighbor.c ---- */

/* Use of an entry: begins to ask when the link address is unknown, doubts it when it is stale. */
enum ip_reachability neighbor_use(struct ip_layer *ip, uint32_t reference);
/* A positive sign from the upper layers, or a negative one. */
void neighbor_confirm(struct ip_layer *ip, uint32_t reference);
void neighbor_doubt(struct ip_layer *ip, uint32_t reference);

/* What a neighbour says of itself. Without `mac` it says no link address. */
struct neighbor_news {
    struct septet_address address;
    const uint8_t *mac;
    uint16_t interface;
    bool solicited, override;
    bool router_known, is_router; /* is_router is meaningful */
};
/* RFC 4861 section 7.2.5: only existing entries change. False when there is none that asked. */
bool neighbor_advertised(struct ip_layer *ip, const struct neighbor_news *news);
/* RFC 4861 section 7.2.3: it asked for us. `create`: make a stale entry if there is room. */
void neighbor_solicited(struct ip_layer *ip, const struct neighbor_news *news, bool create);

/* Runs the timers that are due. */
void neighbor_advance(struct ip_layer *ip);

/* Queues a packet on an entry that is being resolved; of more than three the oldest is dropped. */
void neighbor_queue(struct ip_layer *ip, uint32_t reference, uint32_t packet);

#endif
