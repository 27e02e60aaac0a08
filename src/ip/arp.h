#ifndef SEPTET_IP_ARP_H
#define SEPTET_IP_ARP_H

#include "ip/layer.h"

/* Works on an ARP packet behind the link header: RFC 826, 5227. */
void arp_input(struct ip_layer *ip, uint16_t interface, const uint8_t *bytes, uint32_t length);
/* Asks for a neighbour, everybody or the one with this mac. */
void arp_solicit(struct ip_layer *ip, uint16_t interface, const struct septet_address *neighbor, const uint8_t *mac);
/* RFC 5227: asks whether an address is free; says that it is ours. */
void arp_probe(struct ip_layer *ip, const struct ip_address *address);
void arp_announce(struct ip_layer *ip, const struct ip_address *address);

#endif
