#ifndef SEPTET_IP_ICMP_INPUT_H
#define SEPTET_IP_ICMP_INPUT_H

#include "ip/layer.h"

/* Works on an ICMP or ICMPv6 message for us; everything but the ICMP fields of the delivery is filled in. */
enum ip_verdict icmp_input(struct ip_layer *ip, struct ip_delivery *delivery);

#endif
