#ifndef SEPTET_WIRE_DISSECT_WALK_H
#define SEPTET_WIRE_DISSECT_WALK_H

#include "wire/dissect.h"

/* A walk over the headers of a frame; for src/wire. Every reader stands at a header, adds it to the dissection, moves
 * behind it and says by what the next one is to be read. It returns false when there is no next one: because the
 * header is cut off or wrong (`stopped` is set then) or because nothing of interest follows. */

struct walk {
    const uint8_t *bytes;
    struct dissection *dissection;
    uint32_t at;     /* offset of the header to be read */
    uint32_t end;    /* of the bytes that are here */
    uint32_t whole;  /* end as it was on the wire */
    uint16_t number; /* what names the next header, where its reader takes an EtherType or a protocol */
    bool (*read)(struct walk *walk);
};

static inline uint32_t walk_left(const struct walk *walk) { return walk->end - walk->at; }

/* Adds a header of `length` bytes and moves behind it. False when it is not all there, or when there are too many. */
bool walk_take(struct walk *walk, enum dissect_layer layer, uint32_t length);
/* Ends the walk for a reason. Returns false. */
bool walk_stop(struct walk *walk, enum wire_error error);
/* Sets the next reader. Returns true. */
bool walk_to(struct walk *walk, bool (*read)(struct walk *walk));
/* Goes on by EtherType; false for types that are not read. */
bool walk_to_type(struct walk *walk, uint16_t ether_type);
/* Makes tunnel_key depend on a number that a header of this kind carries. */
void walk_key(struct walk *walk, enum dissect_layer layer, uint64_t value);

/* ---- dissect.c ---- */
bool read_ip_header(struct walk *walk);

/* ---- dissect_link.c ---- */
/* The reader of a link type's first header; null when the type is unknown. */
bool (*link_reader(uint32_t link_type))(struct walk *walk);
bool read_ethernet(struct walk *walk);
bool read_llc(struct walk *walk);
bool read_ppp(struct walk *walk);
bool read_vlan(struct walk *walk);
bool read_pppoe(struct walk *walk);
bool read_arp(struct walk *walk);

/* ---- dissect_wifi.c ---- */
bool read_wifi(struct walk *walk);
bool read_radiotap(struct walk *walk);
bool read_prism(struct walk *walk);
bool read_ppi(struct walk *walk);

/* ---- dissect_tunnel.c ---- */
bool read_mpls(struct walk *walk);
bool read_gre(struct walk *walk);
bool read_erspan(struct walk *walk);
bool read_vxlan(struct walk *walk);
bool read_geneve(struct walk *walk);
bool read_gtp(struct walk *walk);
/* The reader of a tunnel in UDP, or null. */
bool (*udp_tunnel_reader(const struct udp_header *udp))(struct walk *walk);

#endif
