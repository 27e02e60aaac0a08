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

static struct udp_socket *find_exact(const struct udp_layer *udp, uint8_t protocol,
                                     const struct septet_address *address, uint16_t port)
{
    uint32_t reference = *bucket_of(udp, protocol, address, port);
    while (reference != 0) {
        struct udp_socket *socket = udp_socket_at(udp, reference);
        if (socket->port == port && socket->protocol == protocol && septet_address_equal(&socket->local, address))
            return socket;
        reference = socket->next;
    }
    return NULL;
}

struct udp_socket *udp_demux_find(const struct udp_layer *udp, uint8_t protocol, const struct septet_address *address,
                                  uint16_t port)
{
    struct udp_socket *socket = udp->sockets.used == 0 ? NULL : find_exact(udp, protocol, address, port);
    if (socket == NULL && udp->sockets.used > 0 && septet_address_is_ipv4(address))
        socket = find_exact(udp, protocol, &any_ipv4, port);
    if (socket == NULL && udp->sockets.used > 0)
        socket = find_exact(udp, protocol, &any, port);
    return socket;
}

/* :: covers both families. */
static bool covers(const struct septet_address *wide, const struct septet_address *narrow)
{
    if (septet_address_equal(wide, &any) || septet_address_equal(wide, narrow))
        return true;
    return septet_address_equal(wide, &any_ipv4) && septet_address_is_ipv4(narrow);
}

bool udp_demux_conflict(const struct udp_layer *udp, uint8_t protocol, const struct septet_address *address,
                        uint16_t port)
{
    for (uint32_t reference = *port_bucket_of(udp, protocol, port); reference != 0;) {
        const struct udp_socket *socket = udp_socket_at(udp, reference);
        if (socket->port == port && socket->protocol == protocol &&
            (covers(&socket->local, address) || covers(address, &socket->local)))
            return true;
        reference = socket->port_next;
    }
    return false;
}

/* RFC 6056 algorithm 1: a random start, then the next free one. */
uint16_t udp_demux_pick_port(struct udp_layer *udp, uint8_t protocol, const struct septet_address *address)
{
    const struct septet_tcp_config *config = &udp->core->config.tcp;
    const uint32_t count = (uint32_t)config->port_high - config->port_low + 1;
    const uint32_t start = random_below(&udp->core->random, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t port = (uint16_t)(config->port_low + (start + i) % count);
        if (!udp_demux_conflict(udp, protocol, address, port))
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
