#ifndef SEPTET_IP_IP_LAYER_H
#define SEPTET_IP_IP_LAYER_H

#include "trace/core.h"
#include "trace/path.h"
#include "wire/icmp.h"
#include "wire/ip.h"

/* The IP layer as the layers above see it. */
struct ip_layer;

/* ---- input ---- */

enum ip_verdict {
    IP_CONSUMED, /* answered, forwarded, kept for reassembly, or dropped and counted */
    IP_PACKET,   /* a TCP or UDP packet for one of our addresses */
    IP_ERROR,    /* an ICMP error that quotes a TCP, UDP or echo packet of ours */
    IP_ECHO      /* an echo reply */
};

/* The interface of what belongs to none: packets of this stack to itself. */
#define IP_LOOP UINT16_MAX

struct ip_delivery {
    struct ip ip;          /* header; for IP_ERROR that of the ICMP message; `fragmented` stays set when reassembled */
    const uint8_t *header; /* the IP header as it came, the transport right behind; NULL when reassembled */
    const uint8_t *transport;        /* contiguous at least through the transport header */
    uint32_t transport_length;       /* contiguous bytes at transport */
    const struct septet_span *spans; /* what follows, payload_length in all */
    uint32_t span_count;
    uint32_t payload_length;    /* transport header and payload */
    uint16_t interface;         /* or IP_LOOP */
    bool link_multicast;        /* came to a link-layer broadcast or multicast address */
    bool destination_multicast; /* IP destination is multicast or broadcast, not one unicast address of ours */
    bool checksum_valid;        /* the driver vouches for the transport checksum */
    bool transient;             /* points into memory of this layer, which the next ip_input uses again */
    struct icmp icmp;           /* IP_ERROR, IP_ECHO: the body as far as it is contiguous, spans follow */
    struct icmp_quote quote;    /* IP_ERROR: source is an address of ours */
    int error;                  /* IP_ERROR: enum septet_error it stands for */
    bool hard;                  /* IP_ERROR: protocol or port unreachable; false: soft */
    uint32_t mtu; /* IP_ERROR: next-hop MTU of fragmentation needed / packet too big, by RFC 1191 plateau if unsaid;
                     else 0 */
};

/* Works on one packet: link header, ARP, IP with all its rules, fragments, ICMP, NDP, forwarding.
 * A delivery points into the packet, or (transient) into memory of the layer that lives until the next ip_input,
 * ip_advance or ip_output_begin. Fields that are not meant for the verdict are unspecified. */
enum ip_verdict ip_input(struct ip_layer *ip, const struct septet_packet *packet, struct ip_delivery *delivery);

/* True when address is a usable unicast address of ours (tentative and duplicate ones are not). O(1) for the common
 * case. */
bool ip_is_local(const struct ip_layer *ip, const struct septet_address *address);
/* True for limited and subnet broadcast and multicast addresses. */
bool ip_is_group(const struct ip_layer *ip, const struct septet_address *address);

/* ---- output ---- */

/* Finds the way; chooses *source (RFC 6724, route based) when it is any, else checks that it is ours. The way to an
 * address of ours has neighbor 0 and the interface that has it: the caller gives such packets to ip_input itself, from
 * IP_LOOP. When there is no room for another neighbour, the path is unreachable and outdated at once.
 * SEPTET_NETWORK_UNREACHABLE, SEPTET_ADDRESS_NOT_AVAILABLE. */
int ip_route(struct ip_layer *ip, struct septet_address *source, const struct septet_address *destination,
             struct ip_path *path);
/* The same without a path: the source of a packet whose checksum is about to be made. */
int ip_source(struct ip_layer *ip, struct septet_address *source, const struct septet_address *destination);
/* Changes whenever a kept path may have become wrong (routes, addresses, MTUs, neighbours recycled). */
uint32_t ip_generation(const struct ip_layer *ip);

enum ip_reachability { IP_REACHABLE, IP_RESOLVING, IP_UNREACHABLE };
/* The link address of a path's next hop, soliciting it if unknown. O(1); counts as use (RFC 4861 7.3.3). */
enum ip_reachability ip_link_address(struct ip_layer *ip, const struct ip_path *path, uint8_t mac[6]);
/* Upper-layer confirmation (forward progress) and doubt (R1, MUST-20). */
void ip_neighbor_confirm(struct ip_layer *ip, const struct ip_path *path);
void ip_neighbor_doubt(struct ip_layer *ip, const struct ip_path *path);
/* A list that the stack keeps of who waits for this neighbour: its head, 0 for nobody. */
uint32_t *ip_neighbor_waiters(struct ip_layer *ip, uint32_t neighbor);
/* The next neighbour that stopped resolving and has waiters; 0 when there is none. The stack must empty its list. */
uint32_t ip_next_settled(struct ip_layer *ip, bool *reachable);

/* Queues a packet that is not part of a TCP connection: transport header and payload (any spans), transport
 * checksum already in place, fragmented here if the path asks for it and do_not_fragment is false. Source may be any
 * where no checksum covers it; ttl 0 means the configured one; the identification is chosen here. What is sent to an
 * address of ours comes back: ip_loop_next(). SEPTET_NO_PAGES, SEPTET_NETWORK_UNREACHABLE, SEPTET_HOST_UNREACHABLE,
 * SEPTET_ADDRESS_NOT_AVAILABLE, SEPTET_MESSAGE_TOO_LONG, SEPTET_AGAIN (queue full). */
int ip_send(struct ip_layer *ip, const struct ip_fields *fields, const struct septet_span *spans, uint32_t span_count);
/* Answers a delivered packet with an ICMP error (port unreachable), with all rules of RFC 1122 3.2.2 and 4443 2.4. */
void ip_send_error(struct ip_layer *ip, const struct ip_delivery *about, uint8_t type, uint8_t code, uint32_t rest);

/* True when ip_send would not say SEPTET_AGAIN. */
bool ip_send_room(const struct ip_layer *ip);

/* Takes the oldest packet that was sent to an address of ours: the caller gives it to ip_input at once, and goes on
 * until there is none. Its memory lives until the next ip_loop_next or ip_output_begin. */
bool ip_loop_next(struct ip_layer *ip, struct septet_packet *packet);
bool ip_loop_pending(const struct ip_layer *ip);

/* Pulls the next queued packet. `header` has room for 128 bytes, `spans` for span_capacity, which should be at least
 * the largest MTU / page size + 2: with less, fragments are smaller and other packets that need more are dropped.
 * Frames are padded with zeros to 60 bytes (CVE-2003-0001). Its pages live until the next ip_output_begin. */
void ip_output_begin(struct ip_layer *ip);
bool ip_output(struct ip_layer *ip, struct septet_packet *packet, uint8_t *header, struct septet_span *spans,
               uint32_t span_capacity);
bool ip_output_pending(const struct ip_layer *ip);

/* A fresh IPv4 identification for a packet that may be fragmented (RFC 6864, 7739: keyed per source and destination).
 */
uint16_t ip_identification(struct ip_layer *ip, const struct septet_address *source,
                           const struct septet_address *destination);

/* ---- path MTU, RFC 1191 and 8201 ---- */
/* A validated report for a destination: lowers the path MTU (never below 552 / 1280, never raises). True if it changed.
 */
bool ip_path_mtu_report(struct ip_layer *ip, const struct septet_address *destination, uint32_t mtu);

/* ---- time ---- */
void ip_advance(struct ip_layer *ip);           /* core->now has moved */
int64_t ip_deadline(const struct ip_layer *ip); /* SEPTET_NEVER */

#endif
