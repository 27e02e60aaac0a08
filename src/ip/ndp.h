#ifndef SEPTET_IP_NDP_H
#define SEPTET_IP_NDP_H

#include "ip/layer.h"

/* Works on a neighbour discovery message (ICMPv6 types 133 to 137) whose checksum is right: RFC 4861, 4862, 6980.
 * delivery->icmp is filled in. */
void ndp_input(struct ip_layer *ip, const struct ip_delivery *delivery);

/* Asks for a neighbour: its solicited-node group, or the one with this mac. */
void ndp_solicit(struct ip_layer *ip, uint16_t interface, const struct septet_address *neighbor, const uint8_t *mac);
/* RFC 4862 section 5.4: asks whether a tentative address is free, with its nonce. */
void ndp_probe(struct ip_layer *ip, const struct ip_address *address);
/* The next router solicitation of an interface. */
void ndp_solicit_router(struct ip_layer *ip, uint16_t index);

#endif
