#include "ip/packet.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "ip/icmp_output.h"
#include "ip/neighbor.h"
#include "wire/ethernet.h"

#define CONTROL_RESERVE 8
#define OPTIONS_LENGTH 8

/* Packets may hold a quarter of the pages: connections need the others. */
static uint32_t pages_most(const struct ip_layer *ip) { return max_u32(1, ip->core->pages.total / 4); }

static bool held_inline(const struct ip_packet *packet) { return packet->length <= IP_PACKET_BYTES; }

/* Pages for so many bytes, with the table that a stream of more than a few needs. */
static uint32_t pages_for(const struct ip_layer *ip, uint32_t length)
{
    const uint32_t pages = (length + ip->core->pages.size - 1) / ip->core->pages.size;
    return pages > STREAM_INLINE ? pages + 1 : pages;
}

static int check_pages(const struct ip_layer *ip, uint32_t length)
{
    const uint32_t needed = pages_for(ip, length);
    if (length <= IP_PACKET_BYTES)
        return SEPTET_OK;
    if (needed > pages_most(ip))
        return SEPTET_NO_PAGES;
    if (ip->packet_pages + needed > pages_most(ip))
        return SEPTET_AGAIN;
    return SEPTET_OK;
}

static bool reserve(struct ip_layer *ip, struct ip_packet *packet, uint32_t length)
{
    uint32_t done = 0;
    while (done < length) {
        uint32_t piece = length - done;
        if (stream_reserve(&packet->stream, &ip->core->pages, done, &piece) == NULL) {
            stream_clear(&packet->stream, &ip->core->pages);
            return false;
        }
        done += piece;
    }
    ip->packet_pages += packet->stream.pages;
    return true;
}

uint32_t packet_new(struct ip_layer *ip, uint32_t length, bool control, int *error)
{
    *error = check_pages(ip, length);
    if (*error != SEPTET_OK)
        return 0;
    *error = SEPTET_AGAIN;
    if (!control && slab_available(&ip->packets) <= CONTROL_RESERVE)
        return 0;
    const uint32_t reference = slab_take(&ip->packets);
    if (reference == 0)
        return 0;
    struct ip_packet *packet = packet_at(ip, reference);
    memset(packet, 0, offsetof(struct ip_packet, header));
    packet->length = length;
    if (!held_inline(packet) && !reserve(ip, packet, length)) {
        slab_return(&ip->packets, reference);
        *error = SEPTET_NO_PAGES;
        return 0;
    }
    *error = SEPTET_OK;
    return reference;
}

void packet_write(struct ip_layer *ip, struct ip_packet *packet, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    if (length == 0)
        return;
    if (held_inline(packet))
        memcpy(packet->bytes + offset, bytes, length);
    else
        stream_write(&packet->stream, &ip->core->pages, offset, bytes, length);
}

uint32_t packet_spans(const struct ip_layer *ip, const struct ip_packet *packet, uint32_t from, uint32_t length,
                      struct septet_span *spans, uint32_t capacity)
{
    uint32_t count = 0;
    for (uint32_t done = 0; done < length; count++) {
        if (count == capacity)
            return UINT32_MAX;
        uint32_t piece = length - done;
        spans[count].data = held_inline(packet) ? packet->bytes + from
                                                : stream_at(&packet->stream, &ip->core->pages, from + done, &piece);
        spans[count].length = piece;
        done += piece;
    }
    return count;
}

void packet_read(const struct ip_layer *ip, const struct ip_packet *packet, uint32_t from, uint8_t *to, uint32_t length)
{
    if (length == 0)
        return;
    if (held_inline(packet))
        memcpy(to, packet->bytes + from, length);
    else
        stream_read(&packet->stream, &ip->core->pages, from, to, length);
}

void packet_free(struct ip_layer *ip, uint32_t reference)
{
    struct ip_packet *packet = packet_at(ip, reference);
    ip->packet_pages -= packet->stream.pages;
    stream_clear(&packet->stream, &ip->core->pages);
    slab_return(&ip->packets, reference);
}

static uint8_t protocol_of(const struct ip_packet *packet)
{
    if (packet->header_length == 0)
        return 0;
    return packet->type == ETHERTYPE_IPV4 ? packet->header[9] : packet->header[6];
}

void packet_drop(struct ip_layer *ip, uint32_t reference, enum septet_drop reason)
{
    const struct ip_packet *packet = packet_at(ip, reference);
    core_drop_packet(ip->core, reason, protocol_of(packet), packet->interface);
    packet_free(ip, reference);
}

void packet_output(struct ip_layer *ip, uint32_t reference) { list_append(&ip->output, &ip->packets, reference); }

static void group_mac(const struct septet_address *destination, uint8_t mac[6])
{
    if (address_is_multicast(destination))
        address_multicast_mac(destination, mac);
    else
        memset(mac, 0xff, 6);
}

int packet_dispatch(struct ip_layer *ip, uint32_t reference, const struct route_hop *hop)
{
    struct ip_packet *packet = packet_at(ip, reference);
    packet->interface = hop->interface;
    packet->mtu = hop->mtu;
    if (hop->local) {
        list_append(&ip->loop, &ip->packets, reference);
        return SEPTET_OK;
    }
    if (hop->group)
        group_mac(&hop->next, packet->mac);
    if (hop->group || !ip->interfaces[hop->interface].link.ethernet) {
        packet_output(ip, reference);
        return SEPTET_OK;
    }
    const uint32_t neighbor = neighbor_get(ip, hop->interface, &hop->next);
    if (neighbor == 0) {
        packet_drop(ip, reference, SEPTET_DROP_neighbor_limit);
        return SEPTET_HOST_UNREACHABLE;
    }
    switch (neighbor_use(ip, neighbor)) {
    case IP_REACHABLE:
        memcpy(packet->mac, neighbor_at(ip, neighbor)->mac, sizeof packet->mac);
        packet_output(ip, reference);
        return SEPTET_OK;
    case IP_RESOLVING:
        neighbor_queue(ip, neighbor, reference);
        return SEPTET_OK;
    default:
        packet_drop(ip, reference, SEPTET_DROP_neighbor_failed);
        return SEPTET_HOST_UNREACHABLE;
    }
}

void packet_drop_queue(struct ip_layer *ip, struct list *queue, enum septet_drop reason)
{
    while (queue->first != 0)
        packet_drop(ip, list_take(queue, &ip->packets), reason);
}

void packet_send_queue(struct ip_layer *ip, struct list *queue, const uint8_t mac[6])
{
    while (queue->first != 0) {
        const uint32_t reference = list_take(queue, &ip->packets);
        memcpy(packet_at(ip, reference)->mac, mac, 6);
        packet_output(ip, reference);
    }
}

/* The errors are sent, which may recycle the neighbour whose queue this is. */
void packet_fail_queue(struct ip_layer *ip, struct list *queue)
{
    struct list failed = *queue;
    *queue = (struct list){0};
    while (failed.first != 0) {
        const uint32_t reference = list_take(&failed, &ip->packets);
        icmp_report_unreachable(ip, packet_at(ip, reference));
        packet_drop(ip, reference, SEPTET_DROP_neighbor_failed);
    }
}

static void put_control_header(struct ip_packet *packet, const struct ip_fields *fields, const uint8_t *options,
                               uint32_t length)
{
    struct ip_fields with_options = *fields;
    packet->type = ETHERTYPE_IPV6;
    packet->header_length = IPV6_HEADER;
    if (options == NULL) {
        ipv6_build(packet->header, fields, length);
        return;
    }
    with_options.protocol = PROTOCOL_HOP_BY_HOP;
    ipv6_build(packet->header, &with_options, OPTIONS_LENGTH + length);
    memcpy(packet->header + IPV6_HEADER, options, OPTIONS_LENGTH);
    packet->header_length = IPV6_HEADER + OPTIONS_LENGTH;
}

void packet_send_control(struct ip_layer *ip, uint16_t interface, const struct ip_fields *fields,
                         const uint8_t *options, const uint8_t *bytes, uint32_t length, const uint8_t *mac)
{
    int error;
    const uint32_t reference = packet_new(ip, length, true, &error);
    if (reference == 0) {
        core_drop_packet(ip->core, error == SEPTET_NO_PAGES ? SEPTET_DROP_no_pages : SEPTET_DROP_control_queue,
                         fields->protocol, interface);
        return;
    }
    struct ip_packet *packet = packet_at(ip, reference);
    packet->interface = interface;
    packet->mtu = ip->interfaces[interface].link.mtu;
    put_control_header(packet, fields, options, length);
    packet_write(ip, packet, 0, bytes, length);
    if (mac != NULL)
        memcpy(packet->mac, mac, sizeof packet->mac);
    else
        address_multicast_mac(&fields->destination, packet->mac);
    COUNT(ip->core, IpOutRequests);
    packet_output(ip, reference);
}

void packet_send_frame(struct ip_layer *ip, uint16_t interface, uint16_t type, const uint8_t *bytes, uint32_t length,
                       const uint8_t mac[6])
{
    int error;
    const uint32_t reference = packet_new(ip, length, true, &error);
    if (reference == 0) {
        core_drop_packet(ip->core, SEPTET_DROP_control_queue, 0, interface);
        return;
    }
    struct ip_packet *packet = packet_at(ip, reference);
    packet->interface = interface;
    packet->mtu = ip->interfaces[interface].link.mtu;
    packet->type = type;
    memcpy(packet->mac, mac, sizeof packet->mac);
    packet_write(ip, packet, 0, bytes, length);
    packet_output(ip, reference);
}

bool ip_send_room(const struct ip_layer *ip)
{
    return slab_available(&ip->packets) > CONTROL_RESERVE && ip->packet_pages < pages_most(ip);
}
