#ifndef SEPTET_WIRE_IP_H
#define SEPTET_WIRE_IP_H

#include "septet/address.h"
#include "wire/wire.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define IPV6_FRAGMENT_HEADER 8

/* Both IP versions after parsing: what the layers above need, once. */
struct ip {
    struct septet_address source, destination;
    uint8_t version;
    uint8_t protocol;      /* of the payload, after the extension headers */
    uint8_t ttl;           /* or hop limit */
    uint8_t traffic_class; /* DSCP << 2 | ECN */
    uint32_t flow_label;   /* IPv6 */
    uint32_t identification;
    uint16_t fragment_offset; /* bytes */
    bool more_fragments, do_not_fragment;
    bool fragmented;   /* offset != 0 or more_fragments, or (IPv6) a fragment header is present */
    bool source_route; /* LSRR or SSRR seen (IPv4), routing header with segments left (IPv6) */
    bool router_alert;
    uint16_t header_length;  /* to the payload, all extension headers included */
    uint16_t unfragmentable; /* IPv6: bytes before the fragment header */
    uint16_t next_header_at; /* IPv6: where the byte stands that named `protocol` (or the fragment header) */
    uint32_t payload_length; /* of this packet; never beyond the bytes present */
    /* IPv6: a Parameter Problem to answer with (RFC 8200 4.2, 4.4; RFC 7112): code 0..3, or 255 for none.
     * With a problem the packet must not be delivered: protocol is PROTOCOL_NO_NEXT, payload_length 0. */
    uint8_t problem_code;
    uint32_t problem_pointer; /* from the first byte of the IPv6 header */
};

/* The parsers fill *ip when they return wire_none; on any other result it is unspecified and the packet
 * is to be dropped in silence. Bytes behind the length field (Ethernet padding) are outside payload_length.
 * A fragment that cuts through a TCP header (RFC 1858, 3128) is wire_truncated. */

/* Reads an IPv4 header with its options: version, lengths, header checksum (when verify is set),
 * options by a bounded walk. Total length 0 means "the whole length" (TSO super-packets). */
enum wire_error ipv4_parse(const uint8_t *bytes, uint32_t length, bool verify, struct ip *ip);
/* Reads an IPv6 header and walks at most 8 extension headers / 512 bytes up to the transport or to a fragment
 * header; behind that, `protocol` names what the fragment header says, and payload_length is the fragment's.
 * Payload length 0 means "the whole length"; jumbo options are unknown options. */
enum wire_error ipv6_parse(const uint8_t *bytes, uint32_t length, struct ip *ip);
/* Continues the walk behind a fragment header, over a reassembled payload: first_header names its first byte.
 * *ip is what ipv6_parse said of the first fragment; protocol, header_length (from `bytes`), payload_length,
 * next_header_at and the problem (both as in the reassembled packet) change, on error nothing does. */
enum wire_error ipv6_parse_chain(const uint8_t *bytes, uint32_t length, uint8_t first_header, struct ip *ip);

/* Reads the headers of a packet of either version that may be cut anywhere behind them: the quote in an ICMP error,
 * a capture with a snap length. payload_length is what the header says and may go beyond the bytes present. Verifies
 * no checksum; a chain with a problem is wire_extension_chain. */
enum wire_error ip_parse_cut(const uint8_t *bytes, uint32_t length, struct ip *ip);
/* The same for a packet that passes by: `present` bytes of the `whole` that it had on the wire, which counts where a
 * length field is 0. Nothing is judged that its receiver would judge: a chain has no problem, options may be anything,
 * an IPv6 fragment header that divides nothing is part of the chain. */
enum wire_error ip_parse_passing(const uint8_t *bytes, uint32_t present, uint32_t whole, struct ip *ip);

/* What a new header says; payload_length excludes the IP header itself. */
struct ip_fields {
    struct septet_address source, destination;
    uint8_t protocol, ttl, traffic_class;
    uint32_t flow_label;
    uint32_t identification;
    uint16_t fragment_offset;
    bool more_fragments, do_not_fragment;
};
/* Write IPV4_HEADER / IPV6_HEADER bytes; the IPv4 header checksum is right. A length that does not fit its
 * field is written as 0 (super-packets). */
void ipv4_build(uint8_t *bytes, const struct ip_fields *fields, uint32_t payload_length);
void ipv6_build(uint8_t *bytes, const struct ip_fields *fields, uint32_t payload_length);

struct checksum;
/* Adds the pseudo-header (RFC 9293 3.1, RFC 8200 8.1) of the family that the addresses have. */
void ip_pseudo_checksum(struct checksum *checksum, const struct septet_address *source,
                        const struct septet_address *destination, uint8_t protocol, uint32_t length);

/* Kinds of addresses, each for both families. */
bool address_is_any(const struct septet_address *address);       /* 0.0.0.0 mapped, :: */
bool address_is_multicast(const struct septet_address *address); /* 224/4, ff00::/8 */
bool address_is_loopback(const struct septet_address *address);  /* 127/8, ::1 */
bool address_is_link_local(const struct septet_address *address);
bool address_is_limited_broadcast(const struct septet_address *address);
bool address_is_class_e(const struct septet_address *address); /* 240/4 without the broadcast */
/* True when the first prefix_length bits (0..128; IPv4 prefixes count from 96) are equal. */
bool address_in_prefix(const struct septet_address *address, const struct septet_address *prefix,
                       uint8_t prefix_length);
/* ff02::1:ffXX:XXXX of an IPv6 address, and the multicast MAC of an address of either family. */
struct septet_address address_solicited_node(const struct septet_address *address);
void address_multicast_mac(const struct septet_address *address, uint8_t mac[6]);

#endif
