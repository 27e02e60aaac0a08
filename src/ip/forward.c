#include "ip/forward.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "ip/address.h"
#include "ip/packet.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define TCP_CHECKSUM 16
#define UDP_CHECKSUM 6

static void drop(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, enum septet_drop reason)
{
    core_drop_packet(ip->core, reason, header->protocol, frame->interface);
}

/* Bytes of the header that goes with every packet: all of IPv4's, but of IPv6's the fixed part. */
static uint32_t fixed_header(const struct ip *header)
{
    return header->version == 4 ? header->header_length : IPV6_HEADER;
}

static void answer(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, uint8_t type,
                   uint8_t code, uint32_t rest)
{
    struct ip_delivery about = {
        .ip = *header,
        .header = frame->bytes,
        .transport = frame->bytes + header->header_length,
        .transport_length = frame->contiguous - header->header_length,
        .spans = frame->spans,
        .span_count = frame->span_count,
        .payload_length = frame->length - header->header_length,
        .interface = frame->interface,
        .link_multicast = frame->link_multicast,
    };
    ip_send_error(ip, &about, type, code, rest);
}

/* RFC 1812 sections 5.3.7 and 4.2.2.11, RFC 4291 section 2.5.6: what belongs to one link or host stays there. */
static bool forwardable(const struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header)
{
    const struct septet_address *source = &header->source, *destination = &header->destination;
    return frame->interface != IP_LOOP && !frame->link_multicast && !ip_is_group(ip, destination) &&
           !address_is_link_local(destination) && !address_is_link_local(source) && !address_is_loopback(destination) &&
           !address_is_class_e(destination) && !address_is_any(destination) && !address_is_any(source) &&
           !header->source_route;
}

/* The whole packet, or what each segment of a super-segment will be. */
static uint32_t largest(const struct ip_frame *frame, const struct ip *header)
{
    if (frame->gso_size == 0 || header->payload_length < TCP_HEADER || frame->contiguous < header->header_length + 13u)
        return frame->length;
    const uint32_t tcp_header = (frame->bytes[header->header_length + 12] >> 4) * 4u;
    return min_u32(frame->length, header->header_length + tcp_header + frame->gso_size);
}

static bool small_enough(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, uint32_t mtu)
{
    if (largest(frame, header) <= mtu)
        return true;
    if (header->version == 4 && !header->do_not_fragment && frame->gso_size == 0)
        return true;
    drop(ip, frame, header, SEPTET_DROP_ip_too_big);
    if (header->version == 4)
        answer(ip, frame, header, ICMPV4_UNREACHABLE, ICMPV4_FRAGMENTATION_NEEDED, mtu);
    else
        answer(ip, frame, header, ICMPV6_PACKET_TOO_BIG, 0, mtu);
    return false;
}

static bool find_way(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, struct route_hop *hop)
{
    struct septet_address source = {{0}};
    const int error = route_resolve(ip, &source, &header->destination, hop);
    /* A router needs no address of its own on the way. */
    if (error == SEPTET_OK || error == SEPTET_ADDRESS_NOT_AVAILABLE)
        return true;
    drop(ip, frame, header, SEPTET_DROP_ip_no_route);
    if (header->version == 4)
        answer(ip, frame, header, ICMPV4_UNREACHABLE, ICMPV4_NET_UNREACHABLE, 0);
    else
        answer(ip, frame, header, ICMPV6_UNREACHABLE, ICMPV6_NO_ROUTE, 0);
    return false;
}

/* RFC 1624: only the word with the hop limit changes. */
static void decrement(uint8_t *header, uint8_t version)
{
    if (version == 6) {
        header[7]--;
        return;
    }
    const uint16_t before = load16(header + 8);
    header[8]--;
    store16(header + 10, checksum_replace16(load16(header + 10), before, load16(header + 8)));
}

/* The device that sent it left the sum to whoever needs it: now, since the next link may lack such a device. */
static void complete_checksum(struct ip_layer *ip, struct ip_packet *packet, const struct ip *header)
{
    const uint32_t skip = header->header_length - packet->header_length;
    const uint32_t length = packet->length - skip;
    const uint32_t field = header->protocol == PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
    struct checksum checksum = {0};
    uint8_t bytes[2] = {0};
    if ((header->protocol != PROTOCOL_TCP && header->protocol != PROTOCOL_UDP) || header->fragmented ||
        length < field + 2)
        return;
    packet_write(ip, packet, skip + field, bytes, sizeof bytes);
    ip_pseudo_checksum(&checksum, &header->source, &header->destination, header->protocol, length);
    const uint32_t count = packet_spans(ip, packet, skip, length, ip->loop_spans, ip->span_capacity);
    for (uint32_t i = 0; i < count && count != UINT32_MAX; i++)
        checksum_add(&checksum, ip->loop_spans[i].data, ip->loop_spans[i].length);
    uint16_t sum = checksum_finish(&checksum);
    if (sum == 0 && header->protocol == PROTOCOL_UDP)
        sum = 0xffff;
    store16(bytes, sum);
    packet_write(ip, packet, skip + field, bytes, sizeof bytes);
}

static bool is_super_segment(const struct ip_frame *frame, const struct ip *header)
{
    if (frame->gso_size == 0 || header->protocol != PROTOCOL_TCP || header->payload_length < TCP_HEADER ||
        frame->contiguous < header->header_length + (uint32_t)TCP_HEADER)
        return false;
    const uint32_t tcp_header = (frame->bytes[header->header_length + 12] >> 4) * 4u;
    return tcp_header >= TCP_HEADER && header->payload_length > tcp_header + frame->gso_size;
}

static void send(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header,
                 const struct route_hop *hop)
{
    int error;
    const uint32_t fixed = fixed_header(header);
    const uint32_t reference = packet_new(ip, frame->length - fixed, false, &error);
    if (reference == 0) {
        drop(ip, frame, header, error == SEPTET_NO_PAGES ? SEPTET_DROP_no_pages : SEPTET_DROP_control_queue);
        return;
    }
    struct ip_packet *packet = packet_at(ip, reference);
    memcpy(packet->header, frame->bytes, fixed);
    packet->header_length = (uint8_t)fixed;
    packet->type = header->version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
    packet->forwarded = true;
    for (uint32_t done = 0; done < packet->length;) {
        uint32_t piece = packet->length - done;
        const uint8_t *from = ip_frame_piece(frame, fixed + done, &piece);
        if (from == NULL)
            break;
        packet_write(ip, packet, done, from, piece);
        done += piece;
    }
    decrement(packet->header, header->version);
    if (is_super_segment(frame, header) && header->header_length == fixed)
        packet->gso_size = frame->gso_size;
    else if ((frame->flags & SEPTET_PACKET_NEEDS_CHECKSUM) != 0)
        complete_checksum(ip, packet, header);
    COUNT(ip->core, IpForwDatagrams);
    if (packet_dispatch(ip, reference, hop) == SEPTET_OK)
        return;
    if (header->version == 4)
        answer(ip, frame, header, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE, 0);
    else
        answer(ip, frame, header, ICMPV6_UNREACHABLE, ICMPV6_ADDRESS_UNREACHABLE, 0);
}

void ip_forward(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header)
{
    struct route_hop hop;
    if (!forwardable(ip, frame, header)) {
        drop(ip, frame, header, header->source_route ? SEPTET_DROP_ip_source_route : SEPTET_DROP_ip_destination);
        return;
    }
    if (header->ttl <= 1) {
        drop(ip, frame, header, SEPTET_DROP_ip_ttl);
        if (header->version == 4)
            answer(ip, frame, header, ICMPV4_TIME_EXCEEDED, ICMPV4_TTL_EXCEEDED, 0);
        else
            answer(ip, frame, header, ICMPV6_TIME_EXCEEDED, ICMPV6_HOP_LIMIT_EXCEEDED, 0);
        return;
    }
    if (!find_way(ip, frame, header, &hop) || !small_enough(ip, frame, header, hop.mtu))
        return;
    send(ip, frame, header, &hop);
}
