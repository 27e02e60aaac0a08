#ifndef TESTS_IP_HOST_H
#define TESTS_IP_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "ip/address.h"
#include "ip/interface.h"
#include "ip/layer.h"
#include "ip/neighbor.h"
#include "ip/reassembly.h"
#include "ip/route.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"

#define FRAME_MOST 66000
#define TRACES_MOST 256

/* One IP layer over a core, driven by hand. */
struct host {
    struct core core;
    struct ip_layer ip;
    struct ip_delivery delivery; /* of the last host_give() */
    struct septet_trace_event traces[TRACES_MOST];
    struct septet_address trace_address[TRACES_MOST]; /* local or remote of the tuple, whichever is set */
    uint32_t trace_count;
    uint8_t *given; /* the last packet given */
    void *memory, *pages;
};

/* A packet that came out, in one piece. */
struct sent {
    uint8_t bytes[FRAME_MOST];
    uint32_t length;
    struct septet_packet packet;
    struct ethernet ethernet; /* of Ethernet interfaces */
    const uint8_t *network;   /* behind the link header */
    uint32_t network_length;
    struct ip ip; /* of IP packets */
    const uint8_t *transport;
};

extern const uint8_t our_mac[6], peer_mac[6], router_mac[6], broadcast_mac[6];

struct septet_address address_of(const char *text);
/* The configuration that host_new() starts from. */
struct septet_config host_config(void);
struct host *host_new(const struct septet_config *config);
/* Checks that all pages are back. */
void host_free(struct host *host);
/* Adds an interface; its index. */
uint16_t host_ethernet(struct host *host, uint32_t mtu, bool autoconfigure);
uint16_t host_raw(struct host *host, uint32_t mtu);
/* Adds a usable address, "10.0.0.1", prefix of the family. */
void host_address(struct host *host, uint16_t interface, const char *text, unsigned prefix_length);
void host_route(struct host *host, const char *prefix, unsigned prefix_length, uint16_t interface, const char *gateway);

/* Gives the bytes of a frame in a block of exactly this size. */
enum ip_verdict host_give(struct host *host, uint16_t interface, const uint8_t *bytes, uint32_t length);
/* The same, cut into a head and spans of at most `piece` bytes. */
enum ip_verdict host_give_cut(struct host *host, uint16_t interface, const uint8_t *bytes, uint32_t length,
                              uint32_t head, uint32_t piece);
/* Pulls one packet; false when there is none. */
bool host_pull(struct host *host, struct sent *sent);
/* Pulls and forgets all; how many. */
uint32_t host_drain(struct host *host);
/* Moves time to `to`, stopping at every deadline. */
void host_advance(struct host *host, int64_t to);
void host_wait(struct host *host, int64_t duration);
uint64_t host_drops(const struct host *host, enum septet_drop reason);
/* The state of a neighbour, -1 when it is not known. */
int host_neighbor(const struct host *host, uint16_t interface, const char *text);

/* ---- making frames; each returns the length ---- */

/* A link header in front of `bytes + 14`. */
uint32_t put_ethernet(uint8_t *bytes, const uint8_t to[6], const uint8_t from[6], uint16_t type, uint32_t payload);
/* An IP packet around `payload`; family by address. */
uint32_t put_ip(uint8_t *bytes, const struct ip_fields *fields, const void *payload, uint32_t length);
uint32_t put_icmp(uint8_t *bytes, uint8_t type, uint8_t code, uint32_t rest, const void *body, uint32_t length,
                  const struct septet_address *source, const struct septet_address *destination);
uint32_t put_udp(uint8_t *bytes, const struct septet_address *source, const struct septet_address *destination,
                 uint16_t source_port, uint16_t destination_port, const void *body, uint32_t length);
/* An IPv6 fragment behind the fixed header. */
uint32_t put_ipv6_fragment(uint8_t *bytes, const struct ip_fields *fields, uint8_t next, const void *payload,
                           uint32_t length);
/* Whole frames from the peer to us. */
uint32_t frame_ip(uint8_t *bytes, const struct ip_fields *fields, const void *payload, uint32_t length);
uint32_t frame_arp(uint8_t *bytes, uint16_t operation, const uint8_t sender_mac[6], const char *sender,
                   const uint8_t target_mac[6], const char *target, const uint8_t to[6]);
uint32_t frame_ndp(uint8_t *bytes, uint8_t type, uint32_t rest, const char *source, const char *destination,
                   const void *body, uint32_t length);
/* The answer of a neighbour to whatever was asked. */
void host_answer(struct host *host, uint16_t interface, const char *neighbor, const uint8_t mac[6]);

#endif
