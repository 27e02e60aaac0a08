#ifndef SEPTET_IP_ADDRESS_H
#define SEPTET_IP_ADDRESS_H

#include "ip/layer.h"

#define IPV6_MTU_LEAST 1280

/* ---- what an address is to us: O(1) ---- */

enum ip_local {
    IP_LOCAL_NOT,
    IP_LOCAL_BROADCAST, /* of a subnet of ours, or its network number */
    IP_LOCAL_GROUP,     /* solicited-node multicast of an address of ours, tentative ones included */
    IP_LOCAL_TENTATIVE, /* or duplicate */
    IP_LOCAL_USABLE
};
/* `slot` (may be NULL): of the address found, for results other than IP_LOCAL_NOT. */
enum ip_local ip_local_find(const struct ip_layer *ip, const struct septet_address *address, uint32_t *slot);

/* ---- changes ---- */

/* As septet_address_add(), with prefix_length of 128. Marks the origin; automatic addresses have room of their own
 * and bring no route. *slot (may be NULL) on success. */
int ip_address_add(struct ip_layer *ip, uint16_t interface, const struct septet_address *address, uint8_t prefix_length,
                   bool skip_detection, enum ip_address_origin origin, uint32_t *slot);
/* As septet_address_remove(). */
int ip_address_remove(struct ip_layer *ip, unsigned interface, const struct septet_address *address);
/* Takes away the address in a slot that is in use, and the route it brought. */
void ip_address_drop(struct ip_layer *ip, uint32_t slot);
/* As septet_address_get(), with prefix_length of the family. */
bool ip_address_get(const struct ip_layer *ip, unsigned index, struct septet_address *address, unsigned *prefix_length,
                    unsigned *interface, unsigned *state);
/* Moves to another state, with all that follows; traced. */
void ip_address_state(struct ip_layer *ip, uint32_t slot, enum ip_address_state state);
/* An address's `at` or valid_until may have become earlier. */
void ip_address_schedule(struct ip_layer *ip, const struct ip_address *address);
/* Runs what is due at ip->address_at: detection and lifetimes. */
void ip_address_advance(struct ip_layer *ip);

/* ---- duplicate detection, RFC 5227 and 4862: detection.c ---- */

/* Begins probing for an address that is tentative. */
void detection_start(struct ip_layer *ip, uint32_t slot);
/* The next step: a probe, the end of probing, or an announcement. */
void detection_step(struct ip_layer *ip, uint32_t slot);
/* Somebody else uses the address in a slot: a tentative one becomes duplicate, a usable one of IPv4 is defended. */
void detection_conflict(struct ip_layer *ip, uint32_t slot);

/* ---- source selection, RFC 6724: source.c ---- */

/* The best source on the way to a destination by an interface. False when there is none. */
bool source_select(const struct ip_layer *ip, uint16_t interface, const struct septet_address *destination,
                   struct septet_address *source);
/* A usable address of an interface for asking for a neighbour: IPv4 of the neighbour's subnet if there is one. */
bool source_on_link(const struct ip_layer *ip, uint16_t interface, const struct septet_address *neighbor,
                    struct septet_address *source);

/* The first prefix_length bits, the others zero; IPv4 addresses stay mapped for prefix_length >= 96. */
struct septet_address address_prefix(const struct septet_address *address, uint8_t prefix_length);

#endif
