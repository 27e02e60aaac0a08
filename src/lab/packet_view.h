#ifndef SEPTET_LAB_PACKET_VIEW_H
#define SEPTET_LAB_PACKET_VIEW_H

#include "wire/ip.h"
#include "wire/tcp.h"

/* A frame as far as it can be read: every level that is well formed. */
struct packet_view {
    bool is_arp, is_ip, is_tcp;
    enum wire_error error; /* of the first level that is not well formed */
    uint16_t network;      /* where the network header starts */
    struct ip ip;
    const uint8_t *transport; /* is_ip: ip.payload_length bytes */
    struct tcp_header tcp;
    const uint8_t *options;
    uint32_t options_length;
    const uint8_t *payload; /* is_tcp */
    uint32_t payload_length;
};

/* Checksums are not looked at; fragments are not is_tcp. */
void packet_view(struct packet_view *view, const uint8_t *bytes, uint32_t length, bool ethernet);
/* Whether the checksums of IPv4, TCP, UDP and ICMP are right; true for what has none, and for fragments. */
bool packet_view_checksums(const struct packet_view *view, const uint8_t *bytes);

#endif
