#ifndef SEPTET_WIRE_ARP_H
#define SEPTET_WIRE_ARP_H

#include "wire/wire.h"

#define ARP_LENGTH 28
#define ARP_REQUEST 1
#define ARP_REPLY 2
struct arp {
    uint16_t operation;
    uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};
/* Ethernet and IPv4 only: anything else is wire_unsupported. The operation is reported as sent. */
enum wire_error arp_parse(const uint8_t *bytes, uint32_t length, struct arp *arp);
/* Writes ARP_LENGTH bytes. */
void arp_build(uint8_t *bytes, const struct arp *arp);

#endif
