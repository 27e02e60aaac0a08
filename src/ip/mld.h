#ifndef SEPTET_IP_MLD_H
#define SEPTET_IP_MLD_H

#include "ip/layer.h"

/* Membership in solicited-node groups is told to snooping switches: RFC 9777, as RFC 8504 section 5.10 asks; to a
 * querier of the first version as RFC 2710 does. */

/* An address, and so a group, was added to the interface of an index, or removed from it. */
void mld_joined(struct ip_layer *ip, uint16_t index);
void mld_left(struct ip_layer *ip, uint16_t index, const struct septet_address *group);
/* A query whose checksum is right. False when it is not valid. */
bool mld_query(struct ip_layer *ip, const struct ip_delivery *delivery);
/* The next report of an interface whose report_at has come. */
void mld_report(struct ip_layer *ip, uint16_t index);

#endif
