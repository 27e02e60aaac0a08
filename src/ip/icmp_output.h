#ifndef SEPTET_IP_ICMP_OUTPUT_H
#define SEPTET_IP_ICMP_OUTPUT_H

#include "ip/layer.h"

/* Answers an echo request: the whole payload, however long. */
void icmp_echo_reply(struct ip_layer *ip, const struct ip_delivery *request);
/* A packet of ours or forwarded waits for a neighbour that does not answer: its sender is told. */
void icmp_report_unreachable(struct ip_layer *ip, const struct ip_packet *packet);

#endif
