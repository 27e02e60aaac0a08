#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "wire/dissect_walk.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ip_read.h"

#define PROTOCOL_GRE 47
#define ETHERTYPE_QINQ_OLD 0x9100
#define ETHERTYPE_BRIDGING 0x6558
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_MPLS_MULTICAST 0x8848
#define ETHERTYPE_PPPOE_SESSION 0x8864
#define ETHERTYPE_ERSPAN 0x88be
#define ETHERTYPE_ERSPAN3 0x22eb
#define ETHERTYPE_PPP 0x880b

bool walk_stop(struct walk *walk, enum wire_error error)
{
    walk->dissection->stopped = (uint8_t)error;
    return false;
}

bool walk_take(struct walk *walk, enum dissect_layer layer, uint32_t length)
{
    struct dissection *dissection = walk->dissection;
    if (length > walk_left(walk))
        return walk_stop(walk, wire_truncated);
    if (dissection->headers == DISSECT_LAYERS)
        return walk_stop(walk, wire_unsupported);
    dissection->header[dissection->headers++] = (struct dissect_header){(uint8_t)layer, walk->at, length};
    walk->at += length;
    return true;
}

bool walk_to(struct walk *walk, bool (*read)(struct walk *walk))
{
    walk->read = read;
    return true;
}

void walk_key(struct walk *walk, enum dissect_layer layer, uint64_t value)
{
    uint64_t key = walk->dissection->tunnel_key;
    key = (key ^ (value << 8 | (uint64_t)layer)) * UINT64_C(0x9e3779b97f4a7c15);
    walk->dissection->tunnel_key = key ^ key >> 32;
}

bool walk_to_type(struct walk *walk, uint16_t ether_type)
{
    switch (ether_type) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
        return walk_to(walk, read_ip_header);
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
        return walk_to(walk, read_vlan);
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
        return walk_to(walk, read_mpls);
    case ETHERTYPE_PPPOE_SESSION:
        return walk_to(walk, read_pppoe);
    case ETHERTYPE_PPP:
        return walk_to(walk, read_ppp);
    case ETHERTYPE_BRIDGING:
        return walk_to(walk, read_ethernet);
    case ETHERTYPE_ERSPAN:
    case ETHERTYPE_ERSPAN3:
        walk->number = ether_type;
        return walk_to(walk, read_erspan);
    case ETHERTYPE_ARP:
        return walk_to(walk, read_arp);
    default:
        return false;
    }
}

/* ---- transport ---- */

static void set_payload(struct walk *walk, uint32_t offset, uint32_t length)
{
    struct dissection *dissection = walk->dissection;
    dissection->payload = offset;
    dissection->payload_length = length;
    dissection->payload_captured = offset < walk->end ? min_u32(length, walk->end - offset) : 0;
    dissection->cut = dissection->payload_captured < length;
}

/* The header may be longer than what is here of it: ports and numbers are known nevertheless. */
static bool read_tcp(struct walk *walk)
{
    struct dissection *dissection = walk->dissection;
    uint32_t at = walk->at, length = dissection->ip.payload_length, present = walk_left(walk);
    if (present < TCP_HEADER)
        return walk_stop(walk, wire_truncated);
    enum wire_error error = tcp_parse(walk->bytes + at, length, &dissection->tcp);
    if (error != wire_none)
        return walk_stop(walk, error);
    uint32_t header_length = dissection->tcp.header_length;
    if (!walk_take(walk, layer_tcp, min_u32(header_length, present)))
        return false;
    dissection->header[dissection->headers - 1].length = header_length;
    dissection->is_tcp = true;
    dissection->options_captured = (uint8_t)(min_u32(header_length, present) - TCP_HEADER);
    set_payload(walk, at + header_length, length - header_length);
    return false;
}

static bool read_udp(struct walk *walk)
{
    struct dissection *dissection = walk->dissection;
    uint32_t at = walk->at;
    if (walk_left(walk) < UDP_HEADER)
        return walk_stop(walk, wire_truncated);
    enum wire_error error = udp_parse(walk->bytes + at, dissection->ip.payload_length, &dissection->udp);
    if (error != wire_none)
        return walk_stop(walk, error);
    if (!walk_take(walk, layer_udp, UDP_HEADER))
        return false;
    dissection->is_udp = true;
    set_payload(walk, at + UDP_HEADER, dissection->udp.length - (uint32_t)UDP_HEADER);
    bool (*tunnel)(struct walk *) = udp_tunnel_reader(&dissection->udp);
    return tunnel != NULL && walk_to(walk, tunnel);
}

static bool read_icmp(struct walk *walk)
{
    struct dissection *dissection = walk->dissection;
    struct icmp icmp;
    uint32_t at = walk->at;
    enum wire_error error = icmp_parse(walk->bytes + at, walk_left(walk), &dissection->ip, false, &icmp);
    if (error == wire_none && dissection->ip.payload_length < ICMP_HEADER)
        error = wire_truncated;
    if (error != wire_none)
        return walk_stop(walk, error);
    if (!walk_take(walk, dissection->ip.version == 4 ? layer_icmp : layer_icmpv6, ICMP_HEADER))
        return false;
    dissection->is_icmp = true;
    dissection->icmp_type = icmp.type;
    dissection->icmp_code = icmp.code;
    set_payload(walk, at + ICMP_HEADER, dissection->ip.payload_length - ICMP_HEADER);
    return false;
}

static bool read_protocol(struct walk *walk);

static bool read_authentication(struct walk *walk)
{
    struct dissection *dissection = walk->dissection;
    if (walk_left(walk) < 8)
        return walk_stop(walk, wire_truncated);
    const uint8_t *header = walk->bytes + walk->at;
    uint32_t length = (header[1] + 2u) * 4;
    if (length > dissection->ip.payload_length)
        return walk_stop(walk, wire_header_length);
    if (!walk_take(walk, layer_ah, length))
        return false;
    dissection->ip.payload_length -= length;
    walk->number = header[0];
    return walk_to(walk, read_protocol);
}

/* Stands behind an IP header; walk->number is the protocol. */
static bool read_protocol(struct walk *walk)
{
    struct dissection *dissection = walk->dissection;
    dissection->transport = walk->at;
    set_payload(walk, walk->at, dissection->ip.payload_length);
    switch (walk->number) {
    case PROTOCOL_TCP:
        return read_tcp(walk);
    case PROTOCOL_UDP:
        return read_udp(walk);
    case PROTOCOL_ICMP:
        return dissection->ip.version == 4 && read_icmp(walk);
    case PROTOCOL_ICMPV6:
        return dissection->ip.version == 6 && read_icmp(walk);
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
        return walk_to(walk, read_ip_header);
    case PROTOCOL_GRE:
        return walk_to(walk, read_gre);
    case PROTOCOL_AUTHENTICATION:
        return walk_to(walk, read_authentication);
    default:
        return false;
    }
}

/* ---- IP ---- */

static enum dissect_layer extension_layer(uint8_t next_header)
{
    switch (next_header) {
    case PROTOCOL_HOP_BY_HOP:
        return layer_hopopts;
    case PROTOCOL_ROUTING:
        return layer_routing;
    case PROTOCOL_FRAGMENT:
        return layer_fraghdr;
    default:
        return layer_dstopts;
    }
}

/* Notes the extension headers up to offset `end`; that they are well formed is known. */
static bool take_extensions(struct walk *walk, uint8_t next_header, uint32_t end)
{
    while (walk->at < end) {
        const uint8_t *header = walk->bytes + walk->at;
        uint32_t length = next_header == PROTOCOL_FRAGMENT ? IPV6_FRAGMENT_HEADER : (header[1] + 1u) * 8;
        if (!walk_take(walk, extension_layer(next_header), length))
            return false;
        next_header = header[0];
    }
    return true;
}

/* What is behind the end of the packet (padding, a checksum of the frame) is none of it. */
static void end_with_packet(struct walk *walk)
{
    const struct ip *ip = &walk->dissection->ip;
    uint64_t end = (uint64_t)walk->dissection->network + ip->header_length + ip->payload_length;
    walk->end = end < walk->end ? (uint32_t)end : walk->end;
    walk->whole = end < walk->whole ? (uint32_t)end : walk->whole;
}

static bool take_ip(struct walk *walk, struct ip *ip)
{
    const uint8_t *header = walk->bytes + walk->at;
    uint32_t network = walk->at;
    enum wire_error error = ip_parse_passing(header, walk_left(walk), walk->whole - walk->at, ip);
    if (error != wire_none)
        return walk_stop(walk, error);
    if (ip->version == 4)
        return walk_take(walk, layer_ip, ip->header_length);
    return walk_take(walk, layer_ipv6, IPV6_HEADER) && take_extensions(walk, header[6], network + ip->header_length);
}

/* What is wrong inside a tunnel leaves the packet around it as it is. */
bool read_ip_header(struct walk *walk)
{
    struct dissection *dissection = walk->dissection;
    const uint8_t *header = walk->bytes + walk->at;
    struct ip outside, *ip = &dissection->ip;
    uint32_t network = walk->at;
    if (dissection->is_ip)
        outside = *ip;
    if (!take_ip(walk, ip)) {
        if (dissection->is_ip)
            *ip = outside;
        return false;
    }
    bool four = ip->version == 4;
    dissection->network = network;
    dissection->ip_layers++;
    dissection->is_ip = true;
    dissection->is_tcp = dissection->is_udp = dissection->is_icmp = false;
    dissection->length_from_frame = load16(header + (four ? 2 : 4)) == 0 && (four || ip->payload_length != 0);
    dissection->fragment = ip->fragment_offset != 0 || ip->more_fragments;
    end_with_packet(walk);
    if (dissection->fragment) {
        dissection->transport = walk->at;
        set_payload(walk, walk->at, ip->payload_length);
        return false;
    }
    walk->number = ip->protocol;
    return read_protocol(walk);
}

/* ---- the frame ---- */

static void walk_on(struct walk *walk)
{
    while (walk->read(walk))
        ;
}

bool dissect_knows(uint32_t link_type) { return link_reader(link_type) != NULL; }

bool dissect(uint32_t link_type, const uint8_t *bytes, uint32_t captured, uint32_t original,
             struct dissection *dissection)
{
    /* What no flag or number tells to be set. */
    memset(&dissection->headers, 0, offsetof(struct dissection, ip) - offsetof(struct dissection, headers));
    struct walk walk = {
        .bytes = bytes,
        .dissection = dissection,
        .end = captured,
        .whole = original > captured ? original : captured,
        .read = link_reader(link_type),
    };
    if (walk.read == NULL)
        return false;
    walk_on(&walk);
    return true;
}

void dissect_reassembled(const uint8_t *bytes, uint32_t captured, uint32_t length, struct dissection *dissection)
{
    struct ip *ip = &dissection->ip;
    struct walk walk = {
        .bytes = bytes,
        .dissection = dissection,
        .at = dissection->network + ip->header_length,
        .end = captured,
        .whole = length,
        .read = read_protocol,
    };
    if (!dissection->fragment || walk.at > captured || captured > length)
        return;
    dissection->fragment = false;
    dissection->reassembled = true;
    ip->payload_length = length - walk.at;
    dissection->transport = walk.at;
    set_payload(&walk, walk.at, ip->payload_length);
    walk.number = ip->protocol;
    if (ip->version == 6) {
        struct ipv6_chain chain = {
            .bytes = bytes, .at = walk.at, .end = captured, .next = ip->protocol, .passing = true};
        enum wire_error error = ipv6_walk(&chain, ip);
        if (error != wire_none || !take_extensions(&walk, ip->protocol, chain.at)) {
            walk_stop(&walk, error);
            return;
        }
        ip->protocol = chain.next;
        ip->payload_length = length - chain.at;
        walk.number = chain.next;
    }
    walk_on(&walk);
}

const struct dissect_header *dissect_find(const struct dissection *dissection, enum dissect_layer layer)
{
    for (uint32_t i = dissection->headers; i > 0; i--)
        if (dissection->header[i - 1].layer == layer)
            return &dissection->header[i - 1];
    return NULL;
}

static const struct {
    const char *filter_name, *text;
} layers[] = {
#define LAYER(name, filter_name, text) {filter_name, text},
#include "wire/layer.def"
#undef LAYER
};

const char *dissect_layer_filter_name(enum dissect_layer layer)
{
    return layers[layer < DISSECT_LAYER_KINDS ? layer : layer_none].filter_name;
}

const char *dissect_layer_text(enum dissect_layer layer)
{
    return layers[layer < DISSECT_LAYER_KINDS ? layer : layer_none].text;
}
