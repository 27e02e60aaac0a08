#include "lab/packet_view.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/ethernet.h"

#define UDP_CHECKSUM_AT 6

static void view_tcp(struct packet_view *view)
{
    view->error = tcp_parse(view->transport, view->ip.payload_length, &view->tcp);
    if (view->error != wire_none)
        return;
    view->is_tcp = true;
    view->options = view->transport + TCP_HEADER;
    view->options_length = view->tcp.header_length - (uint32_t)TCP_HEADER;
    view->payload = view->transport + view->tcp.header_length;
    view->payload_length = view->ip.payload_length - view->tcp.header_length;
}

void packet_view(struct packet_view *view, const uint8_t *bytes, uint32_t length, bool ethernet)
{
    struct ethernet header;

    view->is_arp = view->is_ip = view->is_tcp = false;
    view->network = 0;
    view->payload_length = 0;
    view->error = wire_none;
    if (ethernet) {
        view->error = ethernet_parse(bytes, length, &header);
        if (view->error != wire_none)
            return;
        view->network = header.header_length;
        if (header.type == ETHERTYPE_ARP)
            view->is_arp = true;
        if (header.type != ETHERTYPE_IPV4 && header.type != ETHERTYPE_IPV6)
            return;
    }
    bytes += view->network;
    length -= view->network;
    if (length == 0) {
        view->error = wire_truncated;
        return;
    }
    view->error =
        bytes[0] >> 4 == 4 ? ipv4_parse(bytes, length, false, &view->ip) : ipv6_parse(bytes, length, &view->ip);
    if (view->error != wire_none)
        return;
    view->is_ip = true;
    view->transport = bytes + view->ip.header_length;
    if (view->ip.protocol == PROTOCOL_TCP && !view->ip.fragmented)
        view_tcp(view);
}

bool packet_view_checksums(const struct packet_view *view, const uint8_t *bytes)
{
    struct checksum sum = {0, 0};
    const struct ip *ip = &view->ip;
    uint8_t protocol = ip->protocol;

    if (!view->is_ip)
        return true;
    if (ip->version == 4) {
        checksum_add(&sum, bytes + view->network, ip->header_length);
        if (checksum_finish(&sum) != 0)
            return false;
    }
    if (ip->fragmented)
        return true;
    sum = (struct checksum){0, 0};
    if (protocol == PROTOCOL_UDP && ip->payload_length >= 8 && load16(view->transport + UDP_CHECKSUM_AT) == 0)
        return ip->version == 4;
    if (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_ICMPV6)
        ip_pseudo_checksum(&sum, &ip->source, &ip->destination, protocol, ip->payload_length);
    else if (protocol != PROTOCOL_ICMP)
        return true;
    checksum_add(&sum, view->transport, ip->payload_length);
    return checksum_finish(&sum) == 0;
}
