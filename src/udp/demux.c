#include "base/bytes.h"
#include "udp/socket.h"

static const struct septet_address any = {{0}};
static const struct septet_address any_ipv4 = {{[10] = 0xff, [11] = 0xff}};

static uint32_t *bucket_of(const struct udp_layer *udp, uint8_t protocol, const struct septet_address *address,
                           uint16_t port)
{
    const uint64_t words[3] = {load64(address->bytes), load64(address->bytes + 8), (uint64_t)protocol << 16 | port};
    return &udp->table[(uint32_t)siphash13_words(&udp->key, words, 3) & udp->mask];
}

static uint32_t *port_bucket_of(const struct udp_layer *udp, uint8_t protocol, uint16_t port)
{
    const uint64_t word = (uint64_t)protocol << 16 | port;
    return &udp->port_table[(uint32_t)siphash13_words(&udp->key, &word, 1) & udp->mask];
}

enum fit { FIT_NONE, FIT_UNCONNECTED, FIT_CONNECTED };

static enum fit fit_of(const struct udp_socket *socket, uint8_t protocol, const struct septet_address *bound_to,
                       const struct septet_tuple *tuple)
{
    if (socket->port != tuple->local_port || socket->protocol != protocol ||
        !septet_address_equal(&socket->local, bound_to) ||
        ((socket->flags & SEPTET_BIND_IPV6_ONLY) && septet_address_is_ipv4(&tuple->local)))
        return FIT_NONE;
    if (!socket->connected)
        return FIT_UNCONNECTED;
    const bool port = protocol != SEPTET_UDP || socket->remote_port == tuple->remote_port;
    return port && septet_address_equal(&socket->remote, &tuple->remote) ? FIT_CONNECTED : FIT_NONE;
}

static uint32_t spread(const struct udp_layer *udp, const struct septet_tuple *tuple, uint32_t count)
{
    const uint64_t words[3] = {load64(tuple->remote.bytes), load64(tuple->remote.bytes + 8), tuple->remote_port};
    return (uint32_t)((siphash13_words(&udp->key, words, 3) >> 32) * count >> 32);
}

static struct udp_socket *find_bound_to(const struct udp_layer *udp, uint8_t protocol,
                                        const struct septet_address *bound_to, const struct septet_tuple *tuple)
{
    const uint32_t first = *bucket_of(udp, protocol, bound_to, tuple->local_port);
    struct udp_socket *found = NULL;
    uint32_t count = 0;
    for (uint32_t at = first; at != 0; at = udp_socket_at(udp, at)->next) {
        struct udp_socket *socket = udp_socket_at(udp, at);
        const enum fit fit = fit_of(socket, protocol, bound_to, tuple);
        if (fit == FIT_CONNECTED)
            return socket;
        found = fit == FIT_UNCONNECTED ? socket : found;
        count += fit == FIT_UNCONNECTED;
    }
    if (count <= 1)
        return found;
    uint32_t chosen = spread(udp, tuple, count);
    for (uint32_t at = first;; at = udp_socket_at(udp, at)->next) {
        found = udp_socket_at(udp, at);
        if (fit_of(found, protocol, bound_to, tuple) == FIT_UNCONNECTED && chosen-- == 0)
            return found;
    }
}

struct udp_socket *udp_demux_find(const struct udp_layer *udp, uint8_t protocol, const struct septet_tuple *tuple)
{
    if (udp->sockets.used == 0)
        return NULL;
    struct udp_socket *socket = find_bound_to(udp, protocol, &tuple->local, tuple);
    if (socket == NULL && septet_address_is_ipv4(&tuple->local))
        socket = find_bound_to(udp, protocol, &any_ipv4, tuple);
    return socket != NULL ? socket : find_bound_to(udp, protocol, &any, tuple);
}

/* :: covers both families unless it is meant not to. */
static bool covers(const struct septet_address *wide, unsigned flags, const struct septet_address *narrow)
{
    if (septet_address_equal(wide, &any))
        return !(flags & SEPTET_BIND_IPV6_ONLY) || !septet_address_is_ipv4(narrow);
    return septet_address_equal(wide, narrow) ||
           (septet_address_equal(wide, &any_ipv4) && septet_address_is_ipv4(narrow));
}

bool udp_demux_conflict(const struct udp_layer *udp, uint8_t protocol, const struct septet_address *address,
                        uint16_t port, unsigned flags)
{
    for (uint32_t reference = *port_bucket_of(udp, protocol, port); reference != 0;) {
        const struct udp_socket *socket = udp_socket_at(udp, reference);
        if (socket->port == port && socket->protocol == protocol && !(socket->flags & flags & SEPTET_BIND_SHARED) &&
            (covers(&socket->local, socket->flags, address) || covers(address, flags, &socket->local)))
            return true;
        reference = socket->port_next;
    }
    return false;
}

/* RFC 6056 algorithm 1: a random start, then the next free one. */
uint16_t udp_demux_pick_port(struct udp_layer *udp, uint8_t protocol, const struct septet_address *address,
                             unsigned flags)
{
    const struct septet_tcp_config *config = &udp->core->config.tcp;
    const uint32_t count = (uint32_t)config->port_high - config->port_low + 1;
    const uint32_t start = random_below(&udp->core->random, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t port = (uint16_t)(config->port_low + (start + i) % count);
        if (!udp_demux_conflict(udp, protocol, address, port, flags))
            return port;
    }
    return 0;
}

void udp_demux_insert(struct udp_layer *udp, uint32_t reference)
{
    struct udp_socket *socket = udp_socket_at(udp, reference);
    uint32_t *bucket = bucket_of(udp, socket->protocol, &socket->local, socket->port);
    uint32_t *port_bucket = port_bucket_of(udp, socket->protocol, socket->port);
    socket->next = *bucket;
    *bucket = reference;
    socket->port_next = *port_bucket;
    *port_bucket = reference;
}

void udp_demux_remove(struct udp_layer *udp, uint32_t reference)
{
    const struct udp_socket *socket = udp_socket_at(udp, reference);
    uint32_t *link = bucket_of(udp, socket->protocol, &socket->local, socket->port);
    while (*link != reference)
        link = &udp_socket_at(udp, *link)->next;
    *link = socket->next;
    link = port_bucket_of(udp, socket->protocol, socket->port);
    while (*link != reference)
        link = &udp_socket_at(udp, *link)->port_next;
    *link = socket->port_next;
}
