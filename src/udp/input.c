#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "udp/socket.h"
#include "wire/icmp.h"
#include "wire/udp.h"

#define SEQUENCE 2

static void drop(struct udp_layer *udp, const struct ip_delivery *delivery, enum septet_drop reason)
{
    core_drop_packet(udp->core, reason, delivery->ip.protocol, delivery->interface);
}

/* RFC 768: zero means none, which IPv6 does not allow (RFC 8200 section 8.1). What is behind the UDP length is an
 * option area (RFC 9868) and not summed. */
static bool checksum_right(const struct ip_delivery *delivery, const struct udp_header *header)
{
    struct checksum checksum = {0};
    uint32_t left = header->length;
    if (header->checksum == 0)
        return delivery->ip.version == 4;
    if (delivery->checksum_valid)
        return true;
    ip_pseudo_checksum(&checksum, &delivery->ip.source, &delivery->ip.destination, PROTOCOL_UDP, left);
    uint32_t piece = min_u32(delivery->transport_length, left);
    checksum_add(&checksum, delivery->transport, piece);
    left -= piece;
    for (uint32_t i = 0; i < delivery->span_count && left > 0; i++) {
        piece = min_u32(delivery->spans[i].length, left);
        checksum_add(&checksum, delivery->spans[i].data, piece);
        left -= piece;
    }
    return checksum_finish(&checksum) == 0;
}

static struct septet_datagram info_of(const struct udp_layer *udp, const struct ip_delivery *delivery)
{
    return (struct septet_datagram){
        .from = delivery->ip.source,
        .to = delivery->ip.destination,
        .interface = delivery->interface,
        .hop_limit = delivery->ip.ttl,
        .traffic_class = delivery->ip.traffic_class,
        .time = udp->core->now,
    };
}

/* RFC 1122 section 4.1.3.1; ip_send_error() knows when to be silent. */
static void refuse(struct udp_layer *udp, const struct ip_delivery *delivery)
{
    drop(udp, delivery, SEPTET_DROP_udp_no_socket);
    if (delivery->ip.version == 4)
        ip_send_error(udp->ip, delivery, ICMPV4_UNREACHABLE, ICMPV4_PORT_UNREACHABLE, 0);
    else
        ip_send_error(udp->ip, delivery, ICMPV6_UNREACHABLE, ICMPV6_PORT_UNREACHABLE, 0);
}

void udp_input(struct udp_layer *udp, const struct ip_delivery *delivery)
{
    struct udp_header header;
    if (delivery->transport_length < min_u32(UDP_HEADER, delivery->payload_length) ||
        udp_parse(delivery->transport, delivery->payload_length, &header) != wire_none) {
        drop(udp, delivery, SEPTET_DROP_udp_malformed);
        return;
    }
    if (!checksum_right(delivery, &header)) {
        drop(udp, delivery, SEPTET_DROP_udp_checksum);
        return;
    }
    const struct septet_tuple tuple = {
        .local = delivery->ip.destination,
        .remote = delivery->ip.source,
        .local_port = header.destination_port,
        .remote_port = header.source_port,
    };
    struct udp_socket *socket = udp_demux_find(udp, SEPTET_UDP, &tuple);
    if (socket == NULL) {
        refuse(udp, delivery);
        return;
    }
    struct septet_datagram info = info_of(udp, delivery);
    info.from_port = header.source_port;
    info.to_port = header.destination_port;
    info.length = (uint32_t)header.length - UDP_HEADER;
    udp_queue_put(udp, socket, &info, NULL, 0, delivery, UDP_HEADER);
}

void udp_echo(struct udp_layer *udp, const struct ip_delivery *delivery)
{
    uint8_t sequence[SEQUENCE];
    const uint16_t identifier = (uint16_t)(delivery->icmp.rest >> 16);
    const struct septet_tuple tuple = {
        .local = delivery->ip.destination,
        .remote = delivery->ip.source,
        .local_port = identifier,
    };
    struct udp_socket *socket = udp_demux_find(udp, SEPTET_ICMP_ECHO, &tuple);
    if (socket == NULL) {
        drop(udp, delivery, SEPTET_DROP_icmp_unmatched);
        return;
    }
    struct septet_datagram info = info_of(udp, delivery);
    info.from_port = info.to_port = identifier;
    info.length = SEQUENCE + delivery->payload_length - ICMP_HEADER;
    store16(sequence, (uint16_t)delivery->icmp.rest);
    udp_queue_put(udp, socket, &info, sequence, SEQUENCE, delivery, ICMP_HEADER);
}

static void keep_error(struct udp_layer *udp, struct udp_socket *socket, const struct ip_delivery *delivery,
                       uint16_t to_port)
{
    const struct icmp_quote *quote = &delivery->quote;
    const struct septet_datagram_error error = {
        .to = quote->ip.destination,
        .from = delivery->ip.source,
        .to_port = to_port,
        .type = delivery->icmp.type,
        .code = delivery->icmp.code,
        .error = delivery->mtu != 0 ? SEPTET_MESSAGE_TOO_LONG : delivery->error,
        .mtu = delivery->mtu,
        .length = quote->transport_length - UDP_HEADER,
        .time = udp->core->now,
    };
    udp_queue_put_error(udp, socket, &error, quote->transport + UDP_HEADER);
}

bool udp_error(struct udp_layer *udp, const struct ip_delivery *delivery)
{
    const struct icmp_quote *quote = &delivery->quote;
    const bool is_udp = quote->ip.protocol == PROTOCOL_UDP;
    if (quote->transport_length < UDP_HEADER)
        return false;
    const uint16_t from = load16(quote->transport + (is_udp ? 0 : 4));
    const uint16_t to = is_udp ? load16(quote->transport + 2) : from;
    const struct septet_tuple tuple = {
        .local = quote->ip.source,
        .remote = quote->ip.destination,
        .local_port = from,
        .remote_port = to,
    };
    struct udp_socket *socket = udp_demux_find(udp, is_udp ? SEPTET_UDP : SEPTET_ICMP_ECHO, &tuple);
    if (socket == NULL || !udp_sent_to(udp, socket, &quote->ip.destination, to))
        return false;
    if (delivery->mtu != 0)
        ip_path_mtu_report(udp->ip, &quote->ip.destination, delivery->mtu);
    if (socket->keeps_errors)
        keep_error(udp, socket, delivery, to);
    else if (delivery->mtu != 0)
        return true;
    socket->error = delivery->mtu != 0 ? SEPTET_MESSAGE_TOO_LONG : delivery->error;
    udp_raise(udp, socket, SEPTET_EVENT_SOFT_ERROR | SEPTET_EVENT_READABLE);
    return true;
}
