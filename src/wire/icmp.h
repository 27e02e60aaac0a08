#ifndef SEPTET_WIRE_ICMP_H
#define SEPTET_WIRE_ICMP_H

#include "wire/ip.h"

#define ICMP_HEADER 8
/* Types and codes of RFC 792, 1122, 1191 and 1256. */
#define ICMPV4_ECHO_REPLY 0
#define ICMPV4_UNREACHABLE 3
#define ICMPV4_SOURCE_QUENCH 4
#define ICMPV4_REDIRECT 5
#define ICMPV4_ECHO_REQUEST 8
#define ICMPV4_ROUTER_ADVERTISEMENT 9
#define ICMPV4_ROUTER_SOLICITATION 10
#define ICMPV4_TIME_EXCEEDED 11
#define ICMPV4_PARAMETER_PROBLEM 12
#define ICMPV4_TIMESTAMP_REQUEST 13
#define ICMPV4_TIMESTAMP_REPLY 14
#define ICMPV4_INFORMATION_REQUEST 15
#define ICMPV4_INFORMATION_REPLY 16
#define ICMPV4_MASK_REQUEST 17
#define ICMPV4_MASK_REPLY 18
/* Codes of unreachable. */
#define ICMPV4_NET_UNREACHABLE 0
#define ICMPV4_HOST_UNREACHABLE 1
#define ICMPV4_PROTOCOL_UNREACHABLE 2
#define ICMPV4_PORT_UNREACHABLE 3
#define ICMPV4_FRAGMENTATION_NEEDED 4
#define ICMPV4_SOURCE_ROUTE_FAILED 5
#define ICMPV4_NET_UNKNOWN 6
#define ICMPV4_HOST_UNKNOWN 7
#define ICMPV4_SOURCE_ISOLATED 8
#define ICMPV4_NET_PROHIBITED 9
#define ICMPV4_HOST_PROHIBITED 10
#define ICMPV4_NET_SERVICE 11
#define ICMPV4_HOST_SERVICE 12
#define ICMPV4_ADMIN_PROHIBITED 13
/* Codes of time exceeded. */
#define ICMPV4_TTL_EXCEEDED 0
#define ICMPV4_REASSEMBLY_EXCEEDED 1
/* Types of RFC 4443, 2710, 4861 and 3810. */
#define ICMPV6_UNREACHABLE 1
#define ICMPV6_PACKET_TOO_BIG 2
#define ICMPV6_TIME_EXCEEDED 3
#define ICMPV6_PARAMETER_PROBLEM 4
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129
#define ICMPV6_MLD_QUERY 130
#define ICMPV6_MLD_REPORT 131
#define ICMPV6_MLD_DONE 132
#define ICMPV6_ROUTER_SOLICITATION 133
#define ICMPV6_ROUTER_ADVERTISEMENT 134
#define ICMPV6_NEIGHBOR_SOLICITATION 135
#define ICMPV6_NEIGHBOR_ADVERTISEMENT 136
#define ICMPV6_REDIRECT 137
#define ICMPV6_MLDV2_REPORT 143
/* Codes of unreachable. */
#define ICMPV6_NO_ROUTE 0
#define ICMPV6_ADMIN_PROHIBITED 1
#define ICMPV6_BEYOND_SCOPE 2
#define ICMPV6_ADDRESS_UNREACHABLE 3
#define ICMPV6_PORT_UNREACHABLE 4
#define ICMPV6_POLICY_FAILED 5
#define ICMPV6_ROUTE_REJECTED 6
/* Codes of time exceeded. */
#define ICMPV6_HOP_LIMIT_EXCEEDED 0
#define ICMPV6_REASSEMBLY_EXCEEDED 1
/* Codes of parameter problem; the last is RFC 7112. */
#define ICMPV6_ERRONEOUS_FIELD 0
#define ICMPV6_UNKNOWN_NEXT_HEADER 1
#define ICMPV6_UNKNOWN_OPTION 2
#define ICMPV6_INCOMPLETE_CHAIN 3

struct icmp {
    uint8_t type, code;
    uint32_t rest;       /* second word: identifier and sequence, MTU, pointer, gateway, flags */
    const uint8_t *body; /* behind the eight bytes */
    uint32_t body_length;
};
/* The message starts at bytes; v6 messages are summed with the pseudo-header of ip. */
enum wire_error icmp_parse(const uint8_t *bytes, uint32_t length, const struct ip *ip, bool verify, struct icmp *icmp);
/* Writes header and checksum over an already placed body (bytes + ICMP_HEADER, body_length). */
void icmp_build(uint8_t *bytes, uint8_t type, uint8_t code, uint32_t rest, uint32_t body_length,
                const struct septet_address *source, const struct septet_address *destination);

/* The packet that an ICMP error quotes, as far as the quote goes (8 transport bytes suffice). */
struct icmp_quote {
    struct ip ip;              /* lengths as the quoted header says */
    const uint8_t *transport;  /* within the quote */
    uint32_t transport_length; /* bytes of it present */
};
/* Reads the IP header that an error of the given IP version quotes; wire_truncated when fewer than 8 transport
 * bytes are present. Does not verify the quoted checksum. Extensions behind the quote (RFC 4884) are left out. */
enum wire_error icmp_parse_quote(const struct icmp *icmp, uint8_t version, struct icmp_quote *quote);

/* Neighbour discovery options: a bounded walk; length 0 is an error (RFC 4861 4.6). */
#define NDP_OPTION_SOURCE_LINK 1
#define NDP_OPTION_TARGET_LINK 2
#define NDP_OPTION_PREFIX 3
#define NDP_OPTION_REDIRECTED 4
#define NDP_OPTION_MTU 5
#define NDP_OPTION_NONCE 14
#define NDP_OPTION_RDNSS 25
struct ndp_option {
    uint8_t type;
    const uint8_t *bytes; /* from the type byte */
    uint32_t length;      /* in bytes, multiple of 8 */
};
struct ndp_cursor {
    const uint8_t *at;
    uint32_t left;
    enum wire_error error;
};
/* Start with {.at, .left}. False at the end or on error: wire_option for length 0, wire_truncated beyond the end. */
bool ndp_option_next(struct ndp_cursor *cursor, struct ndp_option *option);

#endif
