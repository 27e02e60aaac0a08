#ifndef SEPTET_IP_ROUTE_H
#define SEPTET_IP_ROUTE_H

#include "ip/layer.h"

#define ROUTE_ANY_INTERFACE UINT32_MAX

/* As septet_route_add(), with prefix_length of 128. */
int route_add(struct ip_layer *ip, const struct septet_address *prefix, uint8_t prefix_length, unsigned interface,
              const struct septet_address *gateway, uint32_t mtu);
/* As septet_route_remove(), with prefix_length of 128. */
int route_remove(struct ip_layer *ip, const struct septet_address *prefix, uint8_t prefix_length,
                 const struct septet_address *gateway);

/* The route that an address brings: one for all addresses of a prefix on an interface. SEPTET_NO_ROUTES. */
int route_add_connected(struct ip_layer *ip, const struct septet_address *prefix, uint8_t prefix_length,
                        uint16_t interface, bool automatic);
/* Takes it away when no address of the interface has this prefix any more; the address is gone already. */
void route_drop_connected(struct ip_layer *ip, const struct septet_address *address, uint8_t prefix_length,
                          uint16_t interface);

/* Adds, prolongs or (lifetime at its end) removes what router advertisements and redirects tell: origin ROUTE_PREFIX,
 * ROUTE_ROUTER or ROUTE_REDIRECT. Beyond the limit of its kind it is ignored. `route` is complete but for `mtu`. */
void route_learn(struct ip_layer *ip, const struct route *route);
/* Removes the default routes and redirects by a gateway that is no router any more. */
void route_forget_gateway(struct ip_layer *ip, uint16_t interface, const struct septet_address *gateway);
/* The origin's route with this prefix, NULL if there is none. */
const struct route *route_find(const struct ip_layer *ip, const struct route *like);

/* The best route to a destination, by this interface or ROUTE_ANY_INTERFACE; NULL when there is none. Of equal ones
 * the oldest whose gateway answers. Valid until the next change. */
const struct route *route_lookup(const struct ip_layer *ip, const struct septet_address *destination,
                                 uint32_t interface);

/* The way that one packet takes. */
struct route_hop {
    struct septet_address next; /* next hop: the destination or its gateway */
    uint16_t interface;
    uint32_t mtu; /* of the path, as far as known */
    bool local;   /* the destination is an address of ours */
    bool group;   /* multicast or broadcast: no neighbour to resolve */
};
/* Finds the way and the source as ip_route() does, without touching neighbours. Errors as there. */
int route_resolve(struct ip_layer *ip, struct septet_address *source, const struct septet_address *destination,
                  struct route_hop *hop);

/* Removes what has expired: call it at ip->route_at. */
void route_advance(struct ip_layer *ip);

#endif
