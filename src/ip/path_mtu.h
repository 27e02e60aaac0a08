#ifndef SEPTET_IP_PATH_MTU_H
#define SEPTET_IP_PATH_MTU_H

#include "ip/layer.h"

/* What is known of paths smaller than their first link: RFC 1191, RFC 8201. Entries live for ten minutes, after
 * which the path is tried with the link's MTU again; when the table is full a random one gives way, so that nobody
 * can choose which (CVE-2021-20322). */

/* The smaller of `mtu` and what is known of a destination. */
uint32_t path_mtu_limit(const struct ip_layer *ip, const struct septet_address *destination, uint32_t mtu);
void path_mtu_advance(struct ip_layer *ip);
int64_t path_mtu_deadline(const struct ip_layer *ip);

#endif
