#include "wire/arp.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "wire/ethernet.h"

#define HARDWARE_ETHERNET 1

enum wire_error arp_parse(const uint8_t *bytes, uint32_t length, struct arp *arp)
{
    if (length < ARP_LENGTH)
        return wire_truncated;
    if (load16(bytes) != HARDWARE_ETHERNET || load16(bytes + 2) != ETHERTYPE_IPV4 || bytes[4] != 6 || bytes[5] != 4)
        return wire_unsupported;
    arp->operation = load16(bytes + 6);
    memcpy(arp->sender_mac, bytes + 8, 6);
    memcpy(arp->sender_ip, bytes + 14, 4);
    memcpy(arp->target_mac, bytes + 18, 6);
    memcpy(arp->target_ip, bytes + 24, 4);
    return wire_none;
}

void arp_build(uint8_t *bytes, const struct arp *arp)
{
    store16(bytes, HARDWARE_ETHERNET);
    store16(bytes + 2, ETHERTYPE_IPV4);
    bytes[4] = 6;
    bytes[5] = 4;
    store16(bytes + 6, arp->operation);
    memcpy(bytes + 8, arp->sender_mac, 6);
    memcpy(bytes + 14, arp->sender_ip, 4);
    memcpy(bytes + 18, arp->target_mac, 6);
    memcpy(bytes + 24, arp->target_ip, 4);
}
