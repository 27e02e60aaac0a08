#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "ip/address.h"
#include "ip/arp.h"
#include "ip/forward.h"
#include "ip/frame.h"
#include "ip/icmp_input.h"
#include "ip/reassembly.h"
#include "ip/train.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define NO_PROBLEM 255
#define SCOPE_INTERFACE 1

/* What stands behind the link header. */
enum content { CONTENT_NOTHING, CONTENT_ARP, CONTENT_IPV4, CONTENT_IPV6 };

/* For whom a packet is. */
enum destination { FOR_US, FOR_GROUP, FOR_OTHERS };

static enum ip_verdict drop(struct ip_layer *ip, const struct ip_frame *frame, uint8_t protocol,
                            enum septet_drop reason)
{
    core_drop_packet(ip->core, reason, protocol, frame->interface);
    return IP_CONSUMED;
}

/* ---- link ---- */

static bool for_our_link(const struct ip_layer *ip, uint16_t interface, const uint8_t destination[6])
{
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if ((destination[0] & 1) == 0)
        return memcmp(destination, ip->interfaces[interface].link.mac, 6) == 0;
    return memcmp(destination, broadcast, 6) == 0 || (destination[0] == 0x33 && destination[1] == 0x33) ||
           (destination[0] == 0x01 && destination[1] == 0x00 && destination[2] == 0x5e);
}

static void skip(struct ip_frame *frame, uint32_t length)
{
    frame->bytes += length;
    frame->contiguous -= length;
    frame->length -= length;
}

static enum content ethernet_content(struct ip_layer *ip, struct ip_frame *frame, struct ethernet *ethernet)
{
    if (ethernet_parse(frame->bytes, frame->contiguous, ethernet) != wire_none || (ethernet->source[0] & 1) != 0) {
        drop(ip, frame, 0, SEPTET_DROP_ethernet_malformed);
        return CONTENT_NOTHING;
    }
    if (!for_our_link(ip, frame->interface, ethernet->destination)) {
        drop(ip, frame, 0, SEPTET_DROP_ethernet_destination);
        return CONTENT_NOTHING;
    }
    frame->link_multicast = (ethernet->destination[0] & 1) != 0;
    skip(frame, ethernet->header_length);
    switch (ethernet->type) {
    case ETHERTYPE_IPV4:
        return CONTENT_IPV4;
    case ETHERTYPE_IPV6:
        return CONTENT_IPV6;
    case ETHERTYPE_ARP:
        return CONTENT_ARP;
    default:
        drop(ip, frame, 0, SEPTET_DROP_ethernet_type);
        return CONTENT_NOTHING;
    }
}

static enum content raw_content(struct ip_layer *ip, const struct ip_frame *frame)
{
    const uint8_t version = frame->contiguous > 0 ? frame->bytes[0] >> 4 : 0;
    if (version == 4)
        return CONTENT_IPV4;
    if (version == 6)
        return CONTENT_IPV6;
    drop(ip, frame, 0, SEPTET_DROP_ip_malformed);
    return CONTENT_NOTHING;
}

/* ---- addresses ---- */

/* MUST-63, RFC 1122 section 3.2.1.3, RFC 4291 section 2.5; mapped addresses on the wire are somebody's trick. */
static bool source_valid(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header)
{
    const struct septet_address *source = &header->source;
    const bool mapped = header->version == 6 && septet_address_is_ipv4(source);
    if (mapped || address_is_multicast(source) || address_is_limited_broadcast(source) || address_is_class_e(source)) {
        drop(ip, frame, header->protocol, SEPTET_DROP_ip_source_invalid);
        return false;
    }
    if (frame->interface == IP_LOOP)
        return true;
    if (address_is_any(source) &&
        (header->version == 4 || header->protocol != PROTOCOL_ICMPV6 || !address_is_multicast(&header->destination))) {
        drop(ip, frame, header->protocol, SEPTET_DROP_ip_source_invalid);
        return false;
    }
    const enum ip_local local = ip_local_find(ip, source, NULL);
    if (local == IP_LOCAL_USABLE) {
        drop(ip, frame, header->protocol, SEPTET_DROP_ip_source_own);
        return false;
    }
    if (local == IP_LOCAL_BROADCAST || address_is_loopback(source)) {
        drop(ip, frame, header->protocol, SEPTET_DROP_ip_source_invalid);
        return false;
    }
    return true;
}

static bool group_joined(const struct ip_layer *ip, const struct ip *header)
{
    const uint8_t *bytes = header->destination.bytes;
    static const uint8_t all_hosts[4] = {224, 0, 0, 1};
    struct septet_address well_known = {{0xff, 2}};
    if (header->version == 4)
        return memcmp(bytes + 12, all_hosts, sizeof all_hosts) == 0;
    well_known.bytes[15] = bytes[15];
    if (septet_address_equal(&header->destination, &well_known))
        return bytes[15] == 1 || (bytes[15] == 2 && ip->core->config.forwarding);
    return (bytes[1] & 15) > SCOPE_INTERFACE && ip_local_find(ip, &header->destination, NULL) == IP_LOCAL_GROUP;
}

static enum destination destination_of(const struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header,
                                       bool *wrong)
{
    uint32_t slot = 0;
    const struct septet_address *destination = &header->destination;
    const enum ip_local local = ip_local_find(ip, destination, &slot);
    *wrong = false;
    if (local == IP_LOCAL_USABLE) {
        *wrong = frame->interface != IP_LOOP &&
                 ((frame->link_multicast && header->version == 4) ||
                  (address_is_link_local(destination) && ip->addresses[slot].interface != frame->interface));
        return FOR_US;
    }
    if (local == IP_LOCAL_BROADCAST || address_is_limited_broadcast(destination))
        return FOR_GROUP;
    if (address_is_multicast(destination)) {
        *wrong = !group_joined(ip, header);
        return FOR_GROUP;
    }
    *wrong = local == IP_LOCAL_TENTATIVE || (header->version == 6 && septet_address_is_ipv4(destination)) ||
             address_is_loopback(destination);
    return FOR_OTHERS;
}

/* ---- protocols ---- */

/* The transport header, or for ICMP all that fits, made contiguous. */
static bool pull_transport(struct ip_layer *ip, struct ip_frame *frame, const struct ip *header)
{
    const uint32_t at = header->header_length;
    if (frame->span_count == 0)
        return true;
    if (header->protocol == PROTOCOL_UDP)
        return ip_frame_pull(ip, frame, at + UDP_HEADER);
    if (header->protocol != PROTOCOL_TCP)
        return ip_frame_pull(ip, frame, IP_SCRATCH);
    if (frame->contiguous < at + TCP_HEADER)
        return ip_frame_pull(ip, frame, at + TCP_HEADER + TCP_OPTIONS_MAX);
    return ip_frame_pull(ip, frame, at + (frame->bytes[at + 12] >> 4) * 4u);
}

static enum ip_verdict unknown_protocol(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    core_drop_packet(ip->core, SEPTET_DROP_ip_protocol, delivery->ip.protocol, delivery->interface);
    if (delivery->ip.version == 4)
        ip_send_error(ip, delivery, ICMPV4_UNREACHABLE, ICMPV4_PROTOCOL_UNREACHABLE, 0);
    else if (delivery->ip.protocol != PROTOCOL_NO_NEXT)
        ip_send_error(ip, delivery, ICMPV6_PARAMETER_PROBLEM, ICMPV6_UNKNOWN_NEXT_HEADER, delivery->ip.next_header_at);
    return IP_CONSUMED;
}

static enum ip_verdict dispatch(struct ip_layer *ip, struct ip_delivery *delivery)
{
    const bool ipv4 = delivery->ip.version == 4;
    switch (delivery->ip.protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
        COUNT(ip->core, IpInDelivers);
        return IP_PACKET;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        if (ipv4 != (delivery->ip.protocol == PROTOCOL_ICMP))
            return unknown_protocol(ip, delivery);
        COUNT(ip->core, IpInDelivers);
        return icmp_input(ip, delivery);
    case PROTOCOL_IGMP:
        if (!ipv4)
            return unknown_protocol(ip, delivery);
        core_drop_packet(ip->core, SEPTET_DROP_icmp_ignored, PROTOCOL_IGMP, delivery->interface);
        return IP_CONSUMED;
    default:
        return unknown_protocol(ip, delivery);
    }
}

static void fill(const struct ip_layer *ip, struct ip_delivery *delivery, const struct ip_frame *frame,
                 const struct ip *header)
{
    delivery->transient = frame->bytes == ip->scratch || frame->spans == ip->spans;
    delivery->ip = *header;
    delivery->header = frame->bytes;
    delivery->transport = frame->bytes + header->header_length;
    delivery->transport_length = frame->contiguous - header->header_length;
    delivery->spans = frame->spans;
    delivery->span_count = frame->span_count;
    delivery->payload_length = frame->length - header->header_length;
}

/* RFC 8200 section 4.2: something in the headers calls for an answer. The quote begins behind the fixed header. */
static enum ip_verdict answer_problem(struct ip_layer *ip, const struct ip_frame *frame, struct ip_delivery *delivery)
{
    const uint8_t code = delivery->ip.problem_code;
    const uint32_t pointer = delivery->ip.problem_pointer;
    drop(ip, frame, delivery->ip.protocol,
         delivery->ip.source_route         ? SEPTET_DROP_ip_source_route
         : code == ICMPV6_UNKNOWN_OPTION   ? SEPTET_DROP_ip_option
         : code == ICMPV6_INCOMPLETE_CHAIN ? SEPTET_DROP_fragment_invalid
                                           : SEPTET_DROP_ip_malformed);
    ip_send_error(ip, delivery, ICMPV6_PARAMETER_PROBLEM, code, pointer);
    return IP_CONSUMED;
}

/* A fragment header on a packet that is whole: RFC 6946 keeps it apart from all others. */
static bool is_atomic(const struct ip *header)
{
    return header->version == 6 && header->fragmented && header->fragment_offset == 0 && !header->more_fragments;
}

static bool skip_atomic(const struct ip_frame *frame, struct ip *header)
{
    const uint32_t at = header->header_length;
    struct ip behind = *header;
    if (ipv6_parse_chain(frame->bytes + at, frame->length - at, header->protocol, &behind) != wire_none)
        return false;
    behind.header_length = (uint16_t)(behind.header_length + at);
    *header = behind;
    return true;
}

static enum ip_verdict fragment(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, bool group,
                                struct ip_delivery *delivery)
{
    if (!reassembly_input(ip, frame, header, group, delivery))
        return IP_CONSUMED;
    if (delivery->ip.problem_code != NO_PROBLEM)
        return answer_problem(ip, frame, delivery);
    return dispatch(ip, delivery);
}

/* A packet for us, whatever its headers say besides. */
static enum ip_verdict local_packet(struct ip_layer *ip, struct ip_frame *frame, struct ip *header, bool group,
                                    struct ip_delivery *delivery)
{
    delivery->interface = frame->interface;
    delivery->link_multicast = frame->link_multicast;
    delivery->destination_multicast = group;
    delivery->checksum_valid =
        (frame->flags & (SEPTET_PACKET_CHECKSUM_VALID | SEPTET_PACKET_NEEDS_CHECKSUM)) != 0 && !header->fragmented;
    if (header->version == 4 && header->source_route)
        return drop(ip, frame, header->protocol, SEPTET_DROP_ip_source_route);
    if (is_atomic(header) && !skip_atomic(frame, header))
        return drop(ip, frame, header->protocol, SEPTET_DROP_ip_malformed);
    if (header->problem_code != NO_PROBLEM) {
        struct ip outer = *header;
        outer.header_length = IPV6_HEADER;
        fill(ip, delivery, frame, &outer);
        return answer_problem(ip, frame, delivery);
    }
    if (header->fragmented && !is_atomic(header))
        return fragment(ip, frame, header, group, delivery);
    if (!pull_transport(ip, frame, header))
        return drop(ip, frame, header->protocol, SEPTET_DROP_ip_malformed);
    fill(ip, delivery, frame, header);
    return dispatch(ip, delivery);
}

static enum ip_verdict route_packet(struct ip_layer *ip, struct ip_frame *frame, struct ip *header,
                                    struct ip_delivery *delivery)
{
    bool wrong;
    if (!source_valid(ip, frame, header))
        return IP_CONSUMED;
    const enum destination destination = destination_of(ip, frame, header, &wrong);
    if (wrong || (destination == FOR_OTHERS && !ip->core->config.forwarding))
        return drop(ip, frame, header->protocol, SEPTET_DROP_ip_destination);
    if (destination == FOR_OTHERS) {
        ip_forward(ip, frame, header);
        return IP_CONSUMED;
    }
    return local_packet(ip, frame, header, destination == FOR_GROUP, delivery);
}

/* ---- headers ---- */

static enum septet_drop drop_reason(enum wire_error error)
{
    if (error == wire_checksum)
        return SEPTET_DROP_ip_checksum;
    return error == wire_option ? SEPTET_DROP_ip_option : SEPTET_DROP_ip_malformed;
}

static enum ip_verdict ipv4_input(struct ip_layer *ip, struct ip_frame *frame, struct ip_delivery *delivery)
{
    struct ip header;
    COUNT(ip->core, IpInReceives);
    if (!ip_frame_pull(ip, frame, IPV4_HEADER) || frame->contiguous < IPV4_HEADER ||
        !ip_frame_pull(ip, frame, (frame->bytes[0] & 15) * 4u))
        return drop(ip, frame, 0, SEPTET_DROP_ip_malformed);
    const enum wire_error error = ipv4_parse(frame->bytes, frame->length, true, &header);
    if (error != wire_none)
        return drop(ip, frame, 0, drop_reason(error));
    if (!ip_frame_trim(ip, frame, header.header_length + header.payload_length))
        return drop(ip, frame, header.protocol, SEPTET_DROP_ip_malformed);
    return route_packet(ip, frame, &header, delivery);
}

/* The walk over extension headers looks at no more than IP_SCRATCH bytes. */
static bool pull_ipv6(struct ip_layer *ip, struct ip_frame *frame)
{
    if (!ip_frame_pull(ip, frame, IPV6_HEADER) || frame->contiguous < IPV6_HEADER)
        return false;
    const uint8_t next = frame->bytes[6];
    return next == PROTOCOL_TCP || next == PROTOCOL_UDP || ip_frame_pull(ip, frame, IP_SCRATCH);
}

static enum ip_verdict ipv6_input(struct ip_layer *ip, struct ip_frame *frame, struct ip_delivery *delivery)
{
    struct ip header;
    COUNT(ip->core, IpInReceives);
    if (!pull_ipv6(ip, frame))
        return drop(ip, frame, 0, SEPTET_DROP_ip_malformed);
    const enum wire_error error = ipv6_parse(frame->bytes, frame->length, &header);
    if (error != wire_none)
        return drop(ip, frame, 0, drop_reason(error));
    const uint32_t payload = load16(frame->bytes + 4);
    if (payload != 0 && !ip_frame_trim(ip, frame, IPV6_HEADER + payload))
        return drop(ip, frame, header.protocol, SEPTET_DROP_ip_malformed);
    return route_packet(ip, frame, &header, delivery);
}

static struct ip_frame frame_of(const struct septet_packet *packet)
{
    return (struct ip_frame){
        .bytes = packet->head,
        .contiguous = packet->head_length,
        .length = packet->length,
        .spans = packet->spans,
        .span_count = packet->span_count,
        .interface = packet->interface,
        .gso_size = packet->gso_size,
        .flags = packet->flags,
    };
}

static enum ip_verdict whole_way(struct ip_layer *ip, const struct septet_packet *packet, struct ip_delivery *delivery)
{
    struct ip_frame frame = frame_of(packet);
    struct ethernet ethernet;
    enum content content;
    if (frame.interface != IP_LOOP && frame.interface >= ip->interface_count)
        return drop(ip, &frame, 0, SEPTET_DROP_ethernet_destination);
    if (frame.interface != IP_LOOP && ip->interfaces[frame.interface].link.ethernet)
        content = ethernet_content(ip, &frame, &ethernet);
    else
        content = raw_content(ip, &frame);
    switch (content) {
    case CONTENT_IPV4:
        return ipv4_input(ip, &frame, delivery);
    case CONTENT_IPV6:
        return ipv6_input(ip, &frame, delivery);
    case CONTENT_ARP:
        if (!ip_frame_pull(ip, &frame, IP_SCRATCH))
            return drop(ip, &frame, 0, SEPTET_DROP_arp_malformed);
        arp_input(ip, frame.interface, frame.bytes, frame.contiguous);
        return IP_CONSUMED;
    default:
        return IP_CONSUMED;
    }
}

enum ip_verdict ip_input(struct ip_layer *ip, const struct septet_packet *packet, struct ip_delivery *delivery)
{
    if (train_follows(ip, packet, delivery))
        return IP_PACKET;
    reassembly_release(ip);
    const enum ip_verdict verdict = whole_way(ip, packet, delivery);
    if (verdict == IP_PACKET)
        train_remember(ip, packet, delivery);
    return verdict;
}
