#ifndef SEPTET_WIRE_DISSECT_H
#define SEPTET_WIRE_DISSECT_H

#include "wire/ip.h"
#include "wire/tcp.h"
#include "wire/udp.h"

/* A captured frame of any link type, read inwards to the innermost TCP, UDP or ICMP packet: every level that is well
 * formed, through tunnels. Never reads behind `captured`; lengths come from headers, not from what was captured.
 * Pure: keeps nothing, allocates nothing. */

#define DISSECT_LAYERS 24

enum dissect_layer {
#define LAYER(name, filter_name, text) layer_##name,
#include "wire/layer.def"
#undef LAYER
    DISSECT_LAYER_KINDS
};

/* Where a header stands. */
struct dissect_header {
    uint8_t layer;   /* enum dissect_layer */
    uint32_t offset; /* from the first byte of the frame */
    uint32_t length; /* of the header with its options; its end may lie behind what was captured */
};

struct dissection {
    struct dissect_header header[DISSECT_LAYERS]; /* outermost first; the first `headers` are set */
    uint8_t headers;
    uint8_t ip_layers; /* IP headers seen: 2 and more in tunnels */
    uint8_t stopped;   /* enum wire_error: why reading ended before the transport; wire_none otherwise */
    bool is_ip, is_tcp, is_udp, is_icmp;
    bool fragment;          /* innermost IP is a fragment, not reassembled: transport fields are not read */
    bool reassembled;       /* see dissect_reassembled */
    bool cut;               /* snap length: not all bytes of the packet are here */
    bool length_from_frame; /* the IP length field was 0 (TSO, BIG TCP): taken from the frame */
    bool has_vlan;
    uint8_t options_captured; /* is_tcp: bytes of the TCP options that are here, at bytes + transport + TCP_HEADER */
    uint8_t icmp_type, icmp_code; /* is_icmp (v4 or v6); the payload is what stands behind the ICMP_HEADER bytes */
    uint16_t vlan;                /* outermost VLAN id */
    uint32_t network;             /* offset of the innermost IP header */
    uint32_t transport;           /* offset of the transport header */
    uint32_t payload;             /* offset of the payload: of TCP, UDP, ICMP, or else of IP */
    uint32_t payload_length;      /* as the headers say; may be beyond what was captured */
    uint32_t payload_captured;    /* bytes of it that are here */
    uint64_t tunnel_key; /* hash of VNI and GRE key: tells flows of tenants apart; 0 none. Labels of MPLS, sessions of
                            ERSPAN and GTP differ between directions and do not count. */
    /* These are set only when the flag says so. */
    struct ip ip;          /* is_ip: the innermost */
    struct tcp_header tcp; /* is_tcp */
    struct udp_header udp; /* is_udp */
};

/* Reads `captured` bytes of a frame that was `original` bytes long on the wire. link_type: LINKTYPE_ number of the
 * file; false when it is unknown (nothing is read then). TCP options are read by tcp_options_parse on
 * bytes + transport + TCP_HEADER, options_captured bytes. */
bool dissect(uint32_t link_type, const uint8_t *bytes, uint32_t captured, uint32_t original,
             struct dissection *dissection);

/* True when dissect() reads frames of this link type. */
bool dissect_knows(uint32_t link_type);

/* Reads on when the fragments of the innermost IP packet have been put together. `bytes` are the frame that *dissection
 * tells of up to the payload of that IP header, and behind it the whole payload in place of the fragment's: all
 * offsets count from there. Of `length` bytes `captured` are here. */
void dissect_reassembled(const uint8_t *bytes, uint32_t captured, uint32_t length, struct dissection *dissection);

/* The last header of a kind (the innermost), or null. */
const struct dissect_header *dissect_find(const struct dissection *dissection, enum dissect_layer layer);

/* "eth", "ip", "tcp" …: Wireshark's protocol names, for the filter and for the protocol stack "eth:ip:tcp". */
const char *dissect_layer_filter_name(enum dissect_layer layer);
const char *dissect_layer_text(enum dissect_layer layer);

#endif
