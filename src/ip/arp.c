#include "ip/arp.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "ip/address.h"
#include "ip/neighbor.h"
#include "ip/packet.h"
#include "wire/arp.h"
#include "wire/ethernet.h"

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t nobody[6];

static struct septet_address address_of(const uint8_t bytes[4])
{
    return septet_address_ipv4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* `sender` and `target` point at IPv4 bytes; target_mac is that in the packet, to the link address it goes to. */
static void send(struct ip_layer *ip, uint16_t interface, uint16_t operation, const uint8_t *sender,
                 const uint8_t *target, const uint8_t target_mac[6], const uint8_t to[6])
{
    uint8_t bytes[ARP_LENGTH];
    struct arp arp = {.operation = operation};
    memcpy(arp.sender_mac, ip->interfaces[interface].link.mac, 6);
    memcpy(arp.sender_ip, sender, 4);
    memcpy(arp.target_mac, target_mac, 6);
    memcpy(arp.target_ip, target, 4);
    arp_build(bytes, &arp);
    packet_send_frame(ip, interface, ETHERTYPE_ARP, bytes, sizeof bytes, to);
}

void arp_solicit(struct ip_layer *ip, uint16_t interface, const struct septet_address *neighbor, const uint8_t *mac)
{
    struct septet_address source;
    if (!source_on_link(ip, interface, neighbor, &source))
        return;
    send(ip, interface, ARP_REQUEST, source.bytes + 12, neighbor->bytes + 12, mac == NULL ? nobody : mac,
         mac == NULL ? everybody : mac);
}

void arp_probe(struct ip_layer *ip, const struct ip_address *address)
{
    static const uint8_t any[4];
    send(ip, address->interface, ARP_REQUEST, any, address->address.bytes + 12, nobody, everybody);
}

void arp_announce(struct ip_layer *ip, const struct ip_address *address)
{
    const uint8_t *bytes = address->address.bytes + 12;
    send(ip, address->interface, ARP_REQUEST, bytes, bytes, nobody, everybody);
}

/* Somebody else speaks from our address, or probes for one that we probe for too (RFC 5227 section 2.1.1). */
static bool conflict(struct ip_layer *ip, uint16_t interface, const struct arp *arp)
{
    const struct septet_address sender = address_of(arp->sender_ip), target = address_of(arp->target_ip);
    uint32_t slot = 0;
    if (ip_local_find(ip, &sender, &slot) >= IP_LOCAL_TENTATIVE && ip->addresses[slot].interface == interface) {
        detection_conflict(ip, slot);
        return true;
    }
    if (arp->operation == ARP_REQUEST && address_is_any(&sender) &&
        ip_local_find(ip, &target, &slot) == IP_LOCAL_TENTATIVE && ip->addresses[slot].interface == interface) {
        detection_conflict(ip, slot);
        return true;
    }
    return false;
}

static bool believable(const struct ip_layer *ip, const struct arp *arp)
{
    const struct septet_address sender = address_of(arp->sender_ip);
    if ((arp->sender_mac[0] & 1) != 0 || memcmp(arp->sender_mac, nobody, 6) == 0)
        return false;
    return !ip_is_group(ip, &sender) && !address_is_loopback(&sender) && !address_is_class_e(&sender);
}

static void ignore(struct ip_layer *ip, uint16_t interface)
{
    core_drop_packet(ip->core, SEPTET_DROP_arp_ignored, 0, interface);
}

static void request(struct ip_layer *ip, uint16_t interface, const struct arp *arp, struct neighbor_news *news)
{
    const struct septet_address target = address_of(arp->target_ip);
    uint32_t slot = 0;
    if (ip_local_find(ip, &target, &slot) != IP_LOCAL_USABLE || ip->addresses[slot].interface != interface) {
        /* A gratuitous announcement may correct what we know, not add to it. */
        neighbor_solicited(ip, news, false);
        ignore(ip, interface);
        return;
    }
    if (!address_is_any(&news->address))
        neighbor_solicited(ip, news, true);
    send(ip, interface, ARP_REPLY, arp->target_ip, arp->sender_ip, arp->sender_mac, arp->sender_mac);
}

/* A reply counts as asked for when it is sent to us alone. */
static void reply(struct ip_layer *ip, uint16_t interface, const struct arp *arp, struct neighbor_news *news)
{
    news->solicited = memcmp(arp->target_mac, ip->interfaces[interface].link.mac, 6) == 0;
    news->override = true;
    if (address_is_any(&news->address) || !neighbor_advertised(ip, news))
        ignore(ip, interface);
}

void arp_input(struct ip_layer *ip, uint16_t interface, const uint8_t *bytes, uint32_t length)
{
    struct arp arp;
    if (arp_parse(bytes, length, &arp) != wire_none || !believable(ip, &arp) ||
        (arp.operation != ARP_REQUEST && arp.operation != ARP_REPLY)) {
        core_drop_packet(ip->core, SEPTET_DROP_arp_malformed, 0, interface);
        return;
    }
    /* The first: our own frame, looped back by the link. */
    if (memcmp(arp.sender_mac, ip->interfaces[interface].link.mac, 6) == 0 || conflict(ip, interface, &arp)) {
        ignore(ip, interface);
        return;
    }
    struct neighbor_news news = {
        .address = address_of(arp.sender_ip),
        .mac = arp.sender_mac,
        .interface = interface,
    };
    if (arp.operation == ARP_REQUEST)
        request(ip, interface, &arp, &news);
    else
        reply(ip, interface, &arp, &news);
}
