#ifndef SEPTET_IP_LAYER_H
#define SEPTET_IP_LAYER_H

#include "base/stream.h"
#include "base/wheel.h"
#include "ip/ip_layer.h"
#include "ip/list.h"

/* What is automatic comes on top of what the configuration counts, and is limited: an RA flood stays within. */
#define IP_AUTO_ADDRESSES 16 /* by SLAAC */
#define IP_AUTO_PREFIXES 16
#define IP_AUTO_ROUTERS 8
#define IP_AUTO_REDIRECTS 8

/* How much of a packet whose headers the driver scattered is put together to be read. */
#define IP_SCRATCH 1536

struct ip_interface {
    struct septet_interface link; /* as the owner described it */
    uint32_t mtu_ipv6;            /* link.mtu, or the smaller one that routers advertise */
    int64_t reachable_time;       /* RFC 4861 BaseReachableTime, ns */
    int64_t retrans_timer;        /* RFC 4861 RetransTimer, ns */
    int64_t solicit_at;           /* next router solicitation */
    uint8_t solicitations;        /* sent so far */
    uint8_t reports;              /* rounds of multicast reports to send */
    bool report_v1;               /* the querier speaks MLDv1 */
    uint32_t report_slot;         /* address whose group comes next in this round */
    int64_t report_at;            /* next report */
};

/* The numbers are those of septet_address_get(). */
enum ip_address_state { IP_ADDRESS_TENTATIVE, IP_ADDRESS_USABLE, IP_ADDRESS_DUPLICATE, IP_ADDRESS_NONE };
enum ip_address_origin { IP_ADDRESS_MANUAL, IP_ADDRESS_LINK_LOCAL, IP_ADDRESS_SLAAC };

/* One of our addresses. A slot whose state is IP_ADDRESS_NONE is free. */
struct ip_address {
    struct septet_address address;
    struct septet_address group;   /* IPv4: subnet broadcast; IPv6: solicited-node multicast */
    struct septet_address network; /* IPv4: all-zero host part, the old broadcast */
    uint32_t next[3];              /* chains of the hash table: one node for each of the three */
    uint16_t interface;
    uint8_t prefix_length; /* of 128 */
    uint8_t state, origin;
    uint8_t step;    /* of detection: probes and announcements sent */
    uint8_t retries; /* addresses of this prefix that were duplicates, RFC 7217 DAD_Counter */
    uint8_t nonce[6];
    int64_t at;       /* next step of detection */
    int64_t defended; /* last defence, RFC 5227 */
    int64_t preferred_until, valid_until;
};

enum route_origin { ROUTE_CONNECTED, ROUTE_STATIC, ROUTE_PREFIX, ROUTE_ROUTER, ROUTE_REDIRECT, ROUTE_ORIGINS };

struct route {
    struct septet_address prefix, gateway;
    uint8_t prefix_length; /* of 128 */
    uint8_t origin;
    bool has_gateway;
    uint16_t interface;
    uint32_t mtu; /* 0: the interface's */
    int64_t expires;
};

enum neighbor_state {
    NEIGHBOR_NONE, /* known to a path, not asked for yet */
    NEIGHBOR_INCOMPLETE,
    NEIGHBOR_REACHABLE,
    NEIGHBOR_STALE,
    NEIGHBOR_DELAY,
    NEIGHBOR_PROBE,
    NEIGHBOR_FAILED /* did not answer: not asked again for a while */
};

struct neighbor {
    struct link link; /* in the list of unconfirmed ones, unless `confirmed` */
    struct septet_address address;
    uint32_t hash_next;
    uint32_t waiters;      /* the stack's */
    uint32_t settled_next; /* in the list of settled ones while `settled` */
    struct list queue;     /* packets that wait for the link address */
    struct wheel_node timer;
    int64_t started;        /* INCOMPLETE since */
    int64_t fresh_until;    /* REACHABLE until */
    int64_t reachable_time; /* this entry's share of RFC 4861 ReachableTime */
    uint16_t interface;
    uint8_t mac[6];
    uint8_t state, probes;
    bool confirmed;  /* proved reachable, and not failed since */
    bool referenced; /* a path names it */
    bool is_router, settled;
};

/* A packet that waits to be sent: its IP header, and what follows in `bytes` or, when longer, in pages. */
#define IP_PACKET_HEADER 64
#define IP_PACKET_BYTES 96
struct ip_packet {
    struct link link;
    struct stream stream;
    uint32_t length; /* behind the IP header */
    uint32_t sent;   /* of that, in fragments or segments */
    uint32_t mtu;    /* IP bytes that fit in a packet */
    uint16_t interface;
    uint32_t identification; /* of IPv6 fragments */
    uint16_t type;           /* Ethernet type */
    uint16_t gso_size;       /* forwarded super-segment: payload of each segment */
    uint8_t header_length;   /* 0: not IP */
    uint8_t mac[6];
    bool forwarded;
    uint8_t header[IP_PACKET_HEADER];
    uint8_t bytes[IP_PACKET_BYTES];
};

/* Ranges of a datagram that have come; the end of a fragment fits in 16 bits since no datagram exceeds 65535 bytes. */
#define IP_FRAGMENTS_MAX 128
struct ip_fragment {
    uint16_t start, end;
};

struct ip_reassembly {
    struct link link;
    uint32_t hash_next;
    struct ip first; /* the fragment with offset 0 if has_first, else the first to come */
    struct stream stream;
    int64_t deadline;
    uint32_t received; /* bytes */
    uint32_t total;    /* 0 until the last fragment came */
    uint16_t interface, count;
    uint8_t ecn; /* bit n: a fragment with ECN codepoint n came */
    bool has_first, link_multicast, destination_multicast;
    bool abandoned; /* fragments overlapped: what is still to come is dropped too (RFC 5722) */
    struct ip_fragment fragments[IP_FRAGMENTS_MAX]; /* sorted */
};

struct path_mtu {
    struct link link; /* in order of expiry */
    struct septet_address destination;
    uint32_t hash_next;
    uint32_t mtu;
    int64_t expires;
};

/* The headers of the TCP packet that was delivered last, see train.h. */
struct ip_train {
    uint32_t length; /* link and IP header; 0: none is remembered */
    uint32_t link, generation;
    uint16_t interface;
    uint8_t bytes[64];
    struct ip header;
};

/* Tokens that come back with time. Zeroed: full. */
struct ip_bucket {
    int64_t at;
    int64_t debt; /* nanoseconds from `at` until it is full again */
};
#define IP_ERROR_BUCKETS 64
#define IP_COUNTERS 256
#define IP_SOURCE_BUCKETS 64

struct ip_layer {
    struct core *core;
    uint32_t generation;
    struct siphash_key table_key, identification_key, bucket_key;

    struct ip_interface *interfaces;
    uint32_t interface_count;
    int64_t interface_at; /* earliest of their deadlines */

    struct ip_address *addresses;
    uint32_t address_slots, address_high; /* slots there are, slots ever used */
    uint32_t address_manual, address_auto;
    int64_t address_at;
    uint32_t *local_table; /* heads of chains: 1 + slot * 3 + node */
    uint32_t local_mask;

    struct route *routes; /* longest prefix first, then the oldest */
    uint32_t route_count;
    uint32_t route_origin_count[ROUTE_ORIGINS];
    int64_t route_at;

    struct slab neighbors;
    uint32_t *neighbor_table;
    uint32_t neighbor_mask;
    struct wheel neighbor_wheel;
    struct list unconfirmed; /* oldest first */
    uint32_t settled_first, settled_last;
    struct ip_bucket solicitations;

    struct slab packets;
    struct list output, loop, spent;
    uint32_t looped;       /* given out by ip_loop_next() */
    uint32_t packet_pages; /* pages that packets hold */

    struct slab reassemblies;
    uint32_t *reassembly_table;
    uint32_t reassembly_mask;
    struct list reassembling[2];                    /* IPv4, IPv6: in order of deadline */
    uint32_t reassembly_sources[IP_SOURCE_BUCKETS]; /* datagrams of sources with this hash */
    uint32_t reassembly_pages;
    struct stream delivered; /* of the reassembled datagram that was delivered last */

    struct slab path_mtus;
    uint32_t *path_mtu_table;
    uint32_t path_mtu_mask;
    struct list path_mtu_order;

    uint32_t counters[IP_COUNTERS]; /* of identifications */
    struct ip_bucket errors, errors_to[IP_ERROR_BUCKETS];

    struct septet_span *spans, *loop_spans; /* of the packet being delivered, and of the one being looped */
    uint32_t span_capacity;                 /* of each: enough for the largest packet in pages */
    struct ip_train train;
    uint8_t scratch[IP_SCRATCH];
};

/* Bytes of memory behind a layer, to be aligned to 64. */
size_t ip_layer_memory(const struct septet_config *config);
/* An empty layer with the configuration of core; the memory must outlive it. */
void ip_layer_init(struct ip_layer *ip, struct core *core, void *memory);

/* The index of an interface there is. */
static inline const struct septet_interface *ip_interface_link(const struct ip_layer *ip, uint32_t interface)
{
    return &ip->interfaces[interface].link;
}

static inline struct neighbor *neighbor_at(const struct ip_layer *ip, uint32_t reference)
{
    return slab_at(&ip->neighbors, reference);
}
static inline struct ip_packet *packet_at(const struct ip_layer *ip, uint32_t reference)
{
    return slab_at(&ip->packets, reference);
}

/* Kept paths may be wrong from now on. */
static inline void ip_paths_changed(struct ip_layer *ip) { ip->generation++; }

/* True, and one token gone, when a bucket that holds `burst` and gets one back each `interval` ns has any. */
bool ip_bucket_take(struct ip_bucket *bucket, int64_t now, int64_t interval, uint32_t burst);

#endif
