#include "base/arithmetic.h"
#include "base/bytes.h"
#include "wire/dissect_walk.h"
#include "wire/ethernet.h"
#include "wire/link_type.h"

#define VLAN_TAG 4
#define ETHERTYPE_LEAST 0x0600
#define SLL_HEADER 16
#define SLL2_HEADER 20
#define PPPOE_HEADER 6
#define ARP_IPV4_LENGTH 28
#define ENC_HEADER 12
#define NETANALYZER_HEADER 4
#define NETANALYZER_PREAMBLE 8

#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057
#define PPP_MPLS 0x0281
#define PPP_MPLS_MULTICAST 0x0283
#define ETHERTYPE_MPLS 0x8847

#define NLPID_SNAP 0x80
#define NLPID_IPV6 0x8e
#define NLPID_IPV4 0xcc

#define NFLOG_PAYLOAD 9

/* ---- Ethernet ---- */

/* An EtherType, or the length of an LLC packet. */
static bool to_type_or_llc(struct walk *walk, uint16_t type)
{
    return type >= ETHERTYPE_LEAST ? walk_to_type(walk, type) : walk_to(walk, read_llc);
}

bool read_ethernet(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    return walk_take(walk, layer_eth, ETHERNET_HEADER) && to_type_or_llc(walk, load16(header + 12));
}

/* Stands behind the EtherType that announces a tag. */
bool read_vlan(struct walk *walk)
{
    struct dissection *dissection = walk->dissection;
    const uint8_t *tag = walk->bytes + walk->at;
    if (!walk_take(walk, layer_vlan, VLAN_TAG))
        return false;
    if (!dissection->has_vlan) {
        dissection->has_vlan = true;
        dissection->vlan = load16(tag) & 0xfff;
    }
    return to_type_or_llc(walk, load16(tag + 2));
}

/* RFC 1042: SNAP names an EtherType; a service access point of its own is IP's, too. */
bool read_llc(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    uint32_t left = walk_left(walk);
    if (left >= 8 && header[0] == 0xaa && header[1] == 0xaa && header[2] == 0x03)
        return walk_take(walk, layer_llc, 8) && walk_to_type(walk, load16(header + 6));
    if (left >= 3 && header[0] == 0x06 && header[1] == 0x06 && header[2] == 0x03)
        return walk_take(walk, layer_llc, 3) && walk_to(walk, read_ip_header);
    return false;
}

bool read_arp(struct walk *walk)
{
    (void)walk_take(walk, layer_arp, ARP_IPV4_LENGTH);
    return false;
}

/* ---- Linux cooked captures ---- */

static bool read_sll(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    return walk_take(walk, layer_sll, SLL_HEADER) && walk_to_type(walk, load16(header + 14));
}

static bool read_sll2(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    return walk_take(walk, layer_sll2, SLL2_HEADER) && walk_to_type(walk, load16(header));
}

/* ---- raw IP and the loopbacks of BSD ---- */

static bool read_raw(struct walk *walk) { return walk_take(walk, layer_raw, 0) && walk_to(walk, read_ip_header); }

/* The address family is in the byte order of the machine that captured; AF_INET6 has a number of its own on each. */
static bool read_null(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    if (!walk_take(walk, layer_null, 4))
        return false;
    uint8_t family = header[0] != 0 ? header[0] : header[3];
    if (header[1] != 0 || header[2] != 0 || (header[0] != 0 && header[3] != 0))
        return false;
    switch (family) {
    case 2:
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
        return walk_to(walk, read_ip_header);
    default:
        return false;
    }
}

static bool read_enc(struct walk *walk)
{
    return walk_take(walk, layer_null, ENC_HEADER) && walk_to(walk, read_ip_header);
}

static bool read_pflog(struct walk *walk)
{
    if (walk_left(walk) == 0)
        return walk_stop(walk, wire_truncated);
    uint32_t length = (walk->bytes[walk->at] + 3u) & ~3u;
    return walk_take(walk, layer_pflog, length) && walk_to(walk, read_ip_header);
}

/* Netlink attributes, in the byte order of nearly every machine. One of them is the packet. */
static bool read_nflog(struct walk *walk)
{
    const uint8_t *bytes = walk->bytes;
    uint32_t start = walk->at, at = start + 4;
    while (at <= walk->end && walk->end - at >= 4) {
        uint32_t length = (uint32_t)bytes[at + 1] << 8 | bytes[at], type = (uint32_t)bytes[at + 3] << 8 | bytes[at + 2];
        if (length < 4)
            return walk_stop(walk, wire_option);
        if (type == NFLOG_PAYLOAD)
            return walk_take(walk, layer_nflog, at + 4 - start) && walk_to(walk, read_ip_header);
        at += (length + 3u) & ~3u;
    }
    return walk_stop(walk, wire_truncated);
}

/* ---- serial lines ---- */

/* RFC 1661 and 1662: address and control may be there, a protocol may be one byte long. */
bool read_ppp(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    uint32_t left = walk_left(walk), length = left >= 2 && header[0] == 0xff && header[1] == 0x03 ? 2 : 0;
    if (left < length + 2)
        return walk_stop(walk, wire_truncated);
    uint32_t protocol = header[length];
    if (protocol & 1) {
        length += 1;
    } else {
        protocol = load16(header + length);
        length += 2;
    }
    if (!walk_take(walk, layer_ppp, length))
        return false;
    switch (protocol) {
    case PPP_IPV4:
    case PPP_IPV6:
        return walk_to(walk, read_ip_header);
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
        return walk_to(walk, read_mpls);
    default:
        return false;
    }
}

static bool read_chdlc(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    return walk_take(walk, layer_chdlc, 4) && walk_to_type(walk, load16(header + 2));
}

/* Cisco's frames begin with 0x0f or 0x8f, those of PPP with 0xff. */
static bool read_ppp_hdlc(struct walk *walk)
{
    bool cisco = walk_left(walk) >= 2 && (walk->bytes[walk->at] & 0x7f) == 0x0f && walk->bytes[walk->at + 1] == 0;
    return walk_to(walk, cisco ? read_chdlc : read_ppp);
}

static bool read_ppp_direction(struct walk *walk) { return walk_take(walk, layer_none, 1) && walk_to(walk, read_ppp); }

/* Session packets of RFC 2516 have code 0. */
bool read_pppoe(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    return walk_take(walk, layer_pppoes, PPPOE_HEADER) && header[1] == 0 && walk_to(walk, read_ppp);
}

/* RFC 2427, or Cisco's way with an EtherType behind the address. */
static bool read_frame_relay(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    uint32_t left = walk_left(walk);
    if (left < 4)
        return walk_stop(walk, wire_truncated);
    if (header[2] != 0x03)
        return walk_take(walk, layer_fr, 4) && walk_to_type(walk, load16(header + 2));
    uint32_t at = header[3] == 0 ? 4 : 3;
    if (left < at + 6)
        return walk_stop(walk, wire_truncated);
    switch (header[at]) {
    case NLPID_IPV4:
    case NLPID_IPV6:
        return walk_take(walk, layer_fr, at + 1) && walk_to(walk, read_ip_header);
    case NLPID_SNAP:
        return walk_take(walk, layer_fr, at + 6) && walk_to_type(walk, load16(header + at + 4));
    default:
        return false;
    }
}

static bool read_netanalyzer(struct walk *walk)
{
    return walk_take(walk, layer_none, NETANALYZER_HEADER) && walk_to(walk, read_ethernet);
}

static bool read_netanalyzer_transparent(struct walk *walk)
{
    return walk_take(walk, layer_none, NETANALYZER_HEADER + NETANALYZER_PREAMBLE) && walk_to(walk, read_ethernet);
}

bool (*link_reader(uint32_t link_type))(struct walk *walk)
{
    switch (link_type) {
    case link_type_ethernet:
        return read_ethernet;
    case link_type_linux_sll:
        return read_sll;
    case link_type_linux_sll2:
        return read_sll2;
    case link_type_raw:
    case link_type_raw_bsd:
    case link_type_raw_openbsd:
    case link_type_ipv4:
    case link_type_ipv6:
        return read_raw;
    case link_type_null:
    case link_type_loop:
        return read_null;
    case link_type_ppp:
        return read_ppp;
    case link_type_ppp_hdlc:
        return read_ppp_hdlc;
    case link_type_ppp_ether:
        return read_pppoe;
    case link_type_ppp_direction:
        return read_ppp_direction;
    case link_type_cisco_hdlc:
        return read_chdlc;
    case link_type_frame_relay:
        return read_frame_relay;
    case link_type_wifi:
        return read_wifi;
    case link_type_wifi_radiotap:
        return read_radiotap;
    case link_type_wifi_prism:
    case link_type_wifi_avs:
        return read_prism;
    case link_type_ppi:
        return read_ppi;
    case link_type_pflog:
        return read_pflog;
    case link_type_nflog:
        return read_nflog;
    case link_type_enc:
        return read_enc;
    case link_type_atm_rfc1483:
        return read_llc;
    case link_type_netanalyzer:
        return read_netanalyzer;
    case link_type_netanalyzer_transparent:
        return read_netanalyzer_transparent;
    default:
        return NULL;
    }
}
