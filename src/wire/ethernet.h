#ifndef SEPTET_WIRE_ETHERNET_H
#define SEPTET_WIRE_ETHERNET_H

#include "wire/wire.h"

#define ETHERNET_HEADER 14
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_IPV6 0x86dd

struct ethernet {
    uint8_t destination[6], source[6];
    uint16_t type;          /* of what follows the tags */
    uint16_t header_length; /* with tags (up to two are skipped) */
};
/* wire_truncated is the only error. A third tag is left in `type`; so is an 802.3 length (below 0x0600). */
enum wire_error ethernet_parse(const uint8_t *frame, uint32_t length, struct ethernet *ethernet);
/* Writes ETHERNET_HEADER bytes (untagged). */
void ethernet_build(uint8_t *frame, const uint8_t destination[6], const uint8_t source[6], uint16_t type);

#endif
