#ifndef SEPTET_IP_SLAAC_H
#define SEPTET_IP_SLAAC_H

#include "ip/layer.h"

/* Addresses and routes that nobody has to configure: RFC 4862, with the interface identifiers of RFC 7217. */

/* Bytes of a router advertisement between the ICMP header and the options. */
#define SLAAC_FIXED 8

/* Gives an interface its link-local address; `retries` of them were duplicates. */
void slaac_link_local(struct ip_layer *ip, uint16_t interface, uint8_t retries);
/* It is usable: routers can be asked for. */
void slaac_link_local_usable(struct ip_layer *ip, uint16_t index);
/* The automatic address in a slot is a duplicate: another is tried in its place, three times. */
void slaac_duplicate(struct ip_layer *ip, uint32_t slot);
/* A router advertisement that passed all validation. */
void slaac_advertised(struct ip_layer *ip, const struct ip_delivery *delivery);

#endif
