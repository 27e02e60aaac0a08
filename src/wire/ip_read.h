#ifndef SEPTET_WIRE_IP_READ_H
#define SEPTET_WIRE_IP_READ_H

#include "wire/ip.h"

/* What whole and cut packets are read with; for src/wire only. */

#define NO_PROBLEM 255

static inline struct septet_address address_from_ipv4(const uint8_t *bytes)
{
    return (struct septet_address){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, bytes[0], bytes[1], bytes[2], bytes[3]}};
}

/* Fills *ip from the IPV4_HEADER fixed bytes, except for payload_length and what options say. */
void ipv4_read_fixed(const uint8_t *bytes, struct ip *ip);

/* Walks the options behind those and sets the fields that tell of them. */
enum wire_error ipv4_read_options(const uint8_t *options, uint32_t length, struct ip *ip);

/* Fills *ip from the IPV6_HEADER fixed bytes; payload_length is the field. */
void ipv6_read_fixed(const uint8_t *bytes, struct ip *ip);

/* A walk over extension headers. Offsets count from `bytes`; `base` is added to what is reported to senders. */
struct ipv6_chain {
    const uint8_t *bytes;
    uint32_t at, end;
    uint32_t base;
    uint8_t next;      /* names the header at `at` */
    uint32_t next_at;  /* where that Next Header byte stands, base included */
    bool packet_start; /* `at` is right behind the IPv6 header: hop-by-hop options may stand here */
    bool passing;      /* the packet is not for us: nothing in it is judged, only lengths count */
};
/* Walks to the first header that is no extension header, or behind the first fragment header. Fills the
 * fragment and option fields of *ip; a Parameter Problem ends the walk with wire_none and problem_code set. */
enum wire_error ipv6_walk(struct ipv6_chain *chain, struct ip *ip);

#endif
