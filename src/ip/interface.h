#ifndef SEPTET_IP_INTERFACE_H
#define SEPTET_IP_INTERFACE_H

#include "ip/layer.h"

/* As septet_interface_add(). */
int ip_interface_add(struct ip_layer *ip, const struct septet_interface *link);
/* As septet_interface_mtu(). */
int ip_interface_mtu(struct ip_layer *ip, unsigned interface, uint32_t mtu);
/* MTU for packets of a family. */
uint32_t ip_interface_mtu_of(const struct ip_layer *ip, uint16_t interface, bool ipv4);
/* Runs what is due at ip->interface_at: router solicitations and multicast reports. */
void ip_interface_advance(struct ip_layer *ip);
/* An interface's solicit_at or report_at may have become earlier. */
void ip_interface_schedule(struct ip_layer *ip, const struct ip_interface *interface);

#endif
