#include "drill/live.h"

#include "base/checksum.h"

static bool sum_is_right(const struct live_packet *packet, const uint8_t *bytes, uint32_t length)
{
    struct checksum checksum = {0};
    ip_pseudo_checksum(&checksum, &packet->ip.source, &packet->ip.destination, packet->protocol, length);
    checksum_add(&checksum, bytes, length);
    return checksum_finish(&checksum) == 0;
}

static const char *parse_tcp(struct live_packet *packet, const uint8_t *bytes, uint32_t length)
{
    const enum wire_error error = tcp_parse(bytes, length, &packet->tcp);
    if (error != wire_none)
        return wire_error_text(error);
    if (!sum_is_right(packet, bytes, length))
        return "a wrong TCP checksum";
    packet->options = bytes + TCP_HEADER;
    packet->option_length = packet->tcp.header_length - (uint32_t)TCP_HEADER;
    packet->payload = bytes + packet->tcp.header_length;
    packet->payload_length = length - packet->tcp.header_length;
    return NULL;
}

static const char *parse_udp(struct live_packet *packet, const uint8_t *bytes, uint32_t length)
{
    const enum wire_error error = udp_parse(bytes, length, &packet->udp);
    if (error != wire_none)
        return wire_error_text(error);
    if (packet->udp.checksum != 0 && !sum_is_right(packet, bytes, packet->udp.length))
        return "a wrong UDP checksum";
    packet->payload = bytes + UDP_HEADER;
    packet->payload_length = packet->udp.length - (uint32_t)UDP_HEADER;
    return NULL;
}

static const char *parse_icmp(struct live_packet *packet, const uint8_t *bytes, uint32_t length)
{
    const enum wire_error error = icmp_parse(bytes, length, &packet->ip, true, &packet->icmp);
    if (error != wire_none)
        return wire_error_text(error);
    packet->payload = packet->icmp.body;
    packet->payload_length = packet->icmp.body_length;
    return NULL;
}

const char *live_parse(struct live_packet *packet)
{
    if (packet->length == 0)
        return "an empty packet";
    const bool ipv4 = packet->bytes[0] >> 4 == 4;
    const enum wire_error error = ipv4 ? ipv4_parse(packet->bytes, packet->length, true, &packet->ip)
                                       : ipv6_parse(packet->bytes, packet->length, &packet->ip);
    if (error != wire_none)
        return wire_error_text(error);
    packet->protocol = packet->ip.protocol;
    const uint8_t *transport = packet->bytes + packet->ip.header_length;
    const char *wrong = NULL;
    switch (packet->ip.fragment_offset != 0 ? PROTOCOL_NO_NEXT : packet->protocol) {
    case PROTOCOL_TCP:
        wrong = parse_tcp(packet, transport, packet->ip.payload_length);
        break;
    case PROTOCOL_UDP:
        wrong = parse_udp(packet, transport, packet->ip.payload_length);
        break;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        wrong = parse_icmp(packet, transport, packet->ip.payload_length);
        break;
    default:
        break;
    }
    packet->payload_there = packet->payload_length;
    return wrong;
}

struct septet_tuple live_tuple(const struct live_packet *packet, bool inbound)
{
    const struct ip *ip = &packet->ip;
    uint16_t source = 0, destination = 0;
    if (packet->protocol == PROTOCOL_TCP) {
        source = packet->tcp.source_port;
        destination = packet->tcp.destination_port;
    } else if (packet->protocol == PROTOCOL_UDP) {
        source = packet->udp.source_port;
        destination = packet->udp.destination_port;
    }
    return (struct septet_tuple){
        .local = inbound ? ip->destination : ip->source,
        .remote = inbound ? ip->source : ip->destination,
        .local_port = inbound ? destination : source,
        .remote_port = inbound ? source : destination,
    };
}
