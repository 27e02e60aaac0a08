#ifndef SEPTET_IP_TRAIN_H
#define SEPTET_IP_TRAIN_H

#include "ip/layer.h"

/* Packets come in trains: what was found out about the headers of one TCP packet holds for the next whose link and IP
 * headers are the same but for length, identification, hop limit and checksum. */

/* Fills the delivery of a packet like the last one remembered. False: it has to take the whole way. */
bool train_follows(struct ip_layer *ip, const struct septet_packet *packet, struct ip_delivery *delivery);
/* Remembers a packet that went the whole way and is being delivered. */
void train_remember(struct ip_layer *ip, const struct septet_packet *packet, const struct ip_delivery *delivery);

#endif
