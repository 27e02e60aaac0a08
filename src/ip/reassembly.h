#ifndef SEPTET_IP_REASSEMBLY_H
#define SEPTET_IP_REASSEMBLY_H

#include "ip/frame.h"

/* Takes a fragment for one of our addresses. True when its datagram is complete: then delivery->ip and the transport
 * fields are filled in; the other fields are the caller's. Everything bad is counted here. */
bool reassembly_input(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, bool multicast,
                      struct ip_delivery *delivery);
/* Gives the pages of the datagram delivered last back. */
void reassembly_release(struct ip_layer *ip);
/* Drops what took too long, with a Time Exceeded if its first fragment came. */
void reassembly_advance(struct ip_layer *ip);
int64_t reassembly_deadline(const struct ip_layer *ip);

#endif
