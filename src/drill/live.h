#ifndef SEPTET_DRILL_LIVE_H
#define SEPTET_DRILL_LIVE_H

#include "septet/trace.h"
#include "wire/icmp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

/* A packet as it stands on the wire, taken apart. */

struct live_packet {
    int64_t time; /* ns of the stack's clock */
    const uint8_t *bytes;
    uint32_t length;
    struct ip ip;
    uint8_t protocol;
    struct tcp_header tcp;
    struct udp_header udp;
    struct icmp icmp;
    const uint8_t *options; /* of TCP */
    uint32_t option_length;
    const uint8_t *payload;
    uint32_t payload_length;
    uint32_t payload_there; /* bytes at `payload`: fewer when several segments are taken as one */
    bool payload_not_zero;  /* of one of those */
};

/* Takes a raw IP packet apart and verifies its checksums. NULL when it is well formed, else what is
 * wrong with it. bytes, length and time are set before. */
const char *live_parse(struct live_packet *packet);

/* The four numbers by which a conversation is known; ports 0 for ICMP. `inbound` swaps the ends. */
struct septet_tuple live_tuple(const struct live_packet *packet, bool inbound);

#endif
