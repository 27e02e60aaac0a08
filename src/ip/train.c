#include "ip/train.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "wire/tcp.h"

void train_remember(struct ip_layer *ip, const struct septet_packet *packet, const struct ip_delivery *delivery)
{
    struct ip_train *train = &ip->train;
    train->length = 0;
    if (delivery->ip.protocol != PROTOCOL_TCP || delivery->ip.fragmented || delivery->transient ||
        delivery->link_multicast || delivery->destination_multicast || packet->interface == IP_LOOP ||
        delivery->header == NULL ||
        delivery->ip.header_length != (delivery->ip.version == 4 ? IPV4_HEADER : IPV6_HEADER))
        return;
    const uint32_t link = (uint32_t)(delivery->header - packet->head);
    if (link + delivery->ip.header_length > sizeof train->bytes)
        return;
    train->link = link;
    train->length = link + delivery->ip.header_length;
    train->generation = ip->generation;
    train->interface = packet->interface;
    train->header = delivery->ip;
    memcpy(train->bytes, packet->head, train->length);
}

static bool ipv4_alike(const uint8_t *a, const uint8_t *b)
{
    return a[9] == b[9] && memcmp(a + 12, b + 12, 8) == 0 && (load16(a + 6) & 0xbfff) == 0; /* only DF may be set */
}

static bool ipv4_checksum_right(const uint8_t *header)
{
    uint64_t sum = 0;
    for (uint32_t at = 0; at < IPV4_HEADER; at += 4)
        sum += load32(header + at);
    sum = (sum >> 32) + (sum & UINT32_MAX);
    sum = (sum >> 16) + (sum & UINT16_MAX);
    sum = (sum >> 16) + (sum & UINT16_MAX);
    return sum == UINT16_MAX || (sum >> 16) + (sum & UINT16_MAX) == UINT16_MAX;
}

static bool ipv6_alike(const uint8_t *a, const uint8_t *b) { return a[6] == b[6] && memcmp(a + 8, b + 8, 32) == 0; }

/* Bytes of the packet behind the link header by its own account; 0 when that has to be looked at closely. */
static uint32_t told_length(const uint8_t *header, uint8_t version)
{
    const uint32_t told = load16(header + (version == 4 ? 2 : 4));
    return told == 0 ? 0 : told + (version == 4 ? 0 : IPV6_HEADER);
}

bool train_follows(struct ip_layer *ip, const struct septet_packet *packet, struct ip_delivery *delivery)
{
    const struct ip_train *train = &ip->train;
    const uint32_t link = train->link;
    if (train->length == 0 || packet->interface != train->interface || train->generation != ip->generation ||
        packet->head_length < train->length + TCP_HEADER || memcmp(packet->head, train->bytes, link + 2) != 0)
        return false;
    const uint8_t *header = packet->head + link, *before = train->bytes + link;
    const uint8_t version = train->header.version;
    const uint32_t length = told_length(header, version);
    const uint32_t header_length = train->length - link;
    /* Padding in the spans would have to be cut off. */
    if (packet->span_count != 0 && length != packet->length - link)
        return false;
    if (length < header_length + TCP_HEADER || length > packet->length - link ||
        !(version == 4 ? ipv4_alike(header, before) && ipv4_checksum_right(header) : ipv6_alike(header, before)) ||
        packet->head_length < train->length + (header[header_length + 12] >> 4) * 4u)
        return false;
    COUNT(ip->core, IpInReceives);
    COUNT(ip->core, IpInDelivers);
    delivery->transient = false;
    delivery->ip = train->header;
    delivery->ip.ttl = header[version == 4 ? 8 : 7];
    delivery->ip.traffic_class = version == 4 ? header[1] : (uint8_t)(load16(header) >> 4);
    delivery->header = header;
    delivery->transport = packet->head + train->length;
    delivery->transport_length = min_u32(packet->head_length - train->length, length - header_length);
    delivery->spans = packet->spans;
    delivery->span_count = packet->span_count;
    delivery->payload_length = length - header_length;
    delivery->interface = packet->interface;
    delivery->link_multicast = delivery->destination_multicast = false;
    delivery->checksum_valid = (packet->flags & (SEPTET_PACKET_CHECKSUM_VALID | SEPTET_PACKET_NEEDS_CHECKSUM)) != 0;
    return true;
}
