#ifndef SEPTET_IP_FORWARD_H
#define SEPTET_IP_FORWARD_H

#include "ip/frame.h"

/* Forwards a packet that is not for us: RFC 1812, RFC 8200. Everything that goes wrong is counted, and answered. */
void ip_forward(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header);

#endif
