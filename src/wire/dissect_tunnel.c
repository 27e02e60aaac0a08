#include "base/bytes.h"
#include "wire/dissect_walk.h"

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACKNOWLEDGEMENT 0x0080
#define GRE_VERSION 0x0007
#define ETHERTYPE_ERSPAN 0x88be
#define ERSPAN2_HEADER 8
#define ERSPAN3_HEADER 12
#define ERSPAN3_OPTIONAL 8

#define MPLS_LABEL 4
#define MPLS_BOTTOM 0x100u
#define VXLAN_PORT 4789
#define VXLAN_PORT_LINUX 8472
#define VXLAN_HEADER 8
#define VXLAN_HAS_VNI 0x08
#define GENEVE_PORT 6081
#define GENEVE_HEADER 8
#define GTP_PORT 2152
#define GTP_HEADER 8
#define GTP_PACKET 255

/* RFC 3032. The payload has no type: IP is told by its version, a control word (RFC 4448) by the zeros it begins
 * with; an Ethernet pseudowire follows that. */
bool read_mpls(struct walk *walk)
{
    if (walk_left(walk) < MPLS_LABEL)
        return walk_stop(walk, wire_truncated);
    uint32_t label = load32(walk->bytes + walk->at);
    if (!walk_take(walk, layer_mpls, MPLS_LABEL))
        return false;
    if ((label & MPLS_BOTTOM) == 0)
        return walk_to(walk, read_mpls);
    if (walk_left(walk) < 4)
        return walk_stop(walk, wire_truncated);
    switch (walk->bytes[walk->at] >> 4) {
    case 4:
    case 6:
        return walk_to(walk, read_ip_header);
    case 0:
        walk->at += 4;
        return walk_to(walk, read_ethernet);
    default:
        return false;
    }
}

/* RFC 2784, 2890; version 1 is that of PPTP (RFC 2637). */
bool read_gre(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    if (walk_left(walk) < 4)
        return walk_stop(walk, wire_truncated);
    uint16_t flags = load16(header), type = load16(header + 2);
    if (flags & GRE_ROUTING)
        return walk_stop(walk, wire_unsupported);
    uint32_t length = flags & GRE_CHECKSUM ? 8 : 4, key_at = length;
    length += (flags & GRE_KEY ? 4u : 0) + (flags & GRE_SEQUENCE ? 4u : 0);
    if ((flags & GRE_VERSION) == 1)
        length += flags & GRE_ACKNOWLEDGEMENT ? 4u : 0;
    else if (flags & GRE_VERSION)
        return walk_stop(walk, wire_version);
    if (!walk_take(walk, layer_gre, length))
        return false;
    if (flags & GRE_KEY && (flags & GRE_VERSION) == 0)
        walk_key(walk, layer_gre, load32(header + key_at));
    /* ERSPAN without sequence numbers is the oldest, which has no header. */
    if (type == ETHERTYPE_ERSPAN && (flags & GRE_SEQUENCE) == 0)
        return walk_to(walk, read_ethernet);
    return walk_to_type(walk, type);
}

/* Version 1 is "type II", version 2 is "type III" with an optional second part. */
bool read_erspan(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    uint32_t length = walk->number == ETHERTYPE_ERSPAN ? ERSPAN2_HEADER : ERSPAN3_HEADER;
    if (walk_left(walk) < length)
        return walk_stop(walk, wire_truncated);
    if (length == ERSPAN3_HEADER && header[11] & 1)
        length += ERSPAN3_OPTIONAL;
    return walk_take(walk, layer_erspan, length) && walk_to(walk, read_ethernet);
}

/* RFC 7348 */
bool read_vxlan(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    if (walk_left(walk) < VXLAN_HEADER)
        return walk_stop(walk, wire_truncated);
    if ((header[0] & VXLAN_HAS_VNI) == 0 || !walk_take(walk, layer_vxlan, VXLAN_HEADER))
        return false;
    walk_key(walk, layer_vxlan, load32(header + 4) >> 8);
    return walk_to(walk, read_ethernet);
}

/* RFC 8926 */
bool read_geneve(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    if (walk_left(walk) < GENEVE_HEADER)
        return walk_stop(walk, wire_truncated);
    if (header[0] >> 6 != 0 || !walk_take(walk, layer_geneve, GENEVE_HEADER + (header[0] & 0x3fu) * 4))
        return false;
    walk_key(walk, layer_geneve, load32(header + 4) >> 8);
    return walk_to_type(walk, load16(header + 2));
}

/* 3GPP TS 29.281, version 1: a user's packet, behind extension headers that each name the next. */
bool read_gtp(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    uint32_t left = walk_left(walk), length = GTP_HEADER;
    if (left < GTP_HEADER)
        return walk_stop(walk, wire_truncated);
    if (header[0] >> 4 != 3 || header[1] != GTP_PACKET)
        return false;
    if (header[0] & 7) {
        length += 4;
        if (left < length)
            return walk_stop(walk, wire_truncated);
        uint8_t next = header[0] & 4 ? header[11] : 0;
        while (next != 0) {
            uint32_t extension = length < left ? header[length] * 4u : 0;
            if (extension == 0 || extension > left - length)
                return walk_stop(walk, wire_truncated);
            length += extension;
            next = header[length - 1];
        }
    }
    return walk_take(walk, layer_gtp, length) && walk_to(walk, read_ip_header);
}

static bool is_between(const struct udp_header *udp, uint16_t port)
{
    return udp->destination_port == port || udp->source_port == port;
}

bool (*udp_tunnel_reader(const struct udp_header *udp))(struct walk *walk)
{
    if (is_between(udp, VXLAN_PORT) || is_between(udp, VXLAN_PORT_LINUX))
        return read_vxlan;
    if (is_between(udp, GENEVE_PORT))
        return read_geneve;
    if (is_between(udp, GTP_PORT))
        return read_gtp;
    return NULL;
}
