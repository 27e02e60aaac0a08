#include "socket/socket.h"

/* Who has which local port. Linux's rules: a port is another's unless both said SO_REUSEADDR and the other does not
 * listen, or both said SO_REUSEPORT, or their addresses have nothing in common. */

static uint32_t *chain_of(const struct septet_sockets *sockets, bool stream, uint16_t port)
{
    return &sockets->ports[(port * 2u + stream) & sockets->port_mask];
}

void port_enter(struct septet_sockets *sockets, struct open_socket *socket, uint16_t port)
{
    uint32_t *chain = chain_of(sockets, is_stream(socket), port);
    socket->local_port = port;
    socket->in_port_table = true;
    socket->port_previous = 0;
    socket->port_next = *chain;
    *chain = socket_reference(sockets, socket);
    if (socket->port_next != 0)
        socket_at(sockets, socket->port_next)->port_previous = *chain;
}

void port_leave(struct septet_sockets *sockets, struct open_socket *socket)
{
    if (!socket->in_port_table)
        return;
    if (socket->port_previous != 0)
        socket_at(sockets, socket->port_previous)->port_next = socket->port_next;
    else
        *chain_of(sockets, is_stream(socket), socket->local_port) = socket->port_next;
    if (socket->port_next != 0)
        socket_at(sockets, socket->port_next)->port_previous = socket->port_previous;
    socket->in_port_table = false;
    socket->local_port = 0;
}

unsigned bind_flags(const struct open_socket *socket)
{
    const bool shared =
        socket->stored[STORED_SO_REUSEPORT] || (!is_stream(socket) && socket->stored[STORED_SO_REUSEADDR]);
    return (shared ? (unsigned)SEPTET_BIND_SHARED : 0u) |
           (socket->family == SEPTET_AF_INET6 && socket->stored[STORED_IPV6_V6ONLY] ? (unsigned)SEPTET_BIND_IPV6_ONLY
                                                                                    : 0u);
}

static bool covers(const struct septet_address *wide, bool ipv6_only, const struct septet_address *narrow)
{
    if (septet_address_equal(wide, narrow))
        return true;
    if (!address_is_any(wide))
        return false;
    if (septet_address_is_ipv4(wide))
        return septet_address_is_ipv4(narrow);
    return !ipv6_only || !septet_address_is_ipv4(narrow);
}

static bool overlap(const struct open_socket *socket, const struct septet_address *address,
                    const struct open_socket *other)
{
    if (socket->device[0] != 0 && other->device[0] != 0 &&
        memcmp(socket->device, other->device, sizeof socket->device) != 0)
        return false;
    return covers(address, socket->stored[STORED_IPV6_V6ONLY] != 0, &other->local) ||
           covers(&other->local, other->stored[STORED_IPV6_V6ONLY] != 0, address);
}

static bool may_share(const struct open_socket *socket, const struct open_socket *other)
{
    const bool reuse = socket->stored[STORED_SO_REUSEADDR] && other->stored[STORED_SO_REUSEADDR];
    return (reuse && !other->listening) || (socket->stored[STORED_SO_REUSEPORT] && other->stored[STORED_SO_REUSEPORT]);
}

bool bind_conflict(struct septet_sockets *sockets, const struct open_socket *socket,
                   const struct septet_address *address, uint16_t port)
{
    for (uint32_t at = *chain_of(sockets, is_stream(socket), port); at != 0; at = socket_at(sockets, at)->port_next) {
        const struct open_socket *other = socket_at(sockets, at);
        if (other != socket && other->local_port == port && other->kind == socket->kind &&
            overlap(socket, address, other) && !may_share(socket, other))
            return true;
    }
    /* Connections that were let go of, down to TIME-WAIT. */
    return is_stream(socket) && !socket->stored[STORED_SO_REUSEADDR] && !socket->stored[STORED_SO_REUSEPORT] &&
           septet_port_used(sockets->stack, address, port);
}

/* ---- automatic ports, RFC 6056 algorithm 1: a random start, then the next that is free ---- */

struct port_range {
    uint32_t low, count, start;
};

static struct port_range automatic_ports(struct septet_sockets *sockets, const struct open_socket *socket)
{
    const struct septet_tcp_config *config = &sockets->stack->core.config.tcp;
    const uint32_t chosen = (uint32_t)socket->stored[STORED_IP_LOCAL_PORT_RANGE];
    uint32_t low = config->port_low, high = config->port_high;
    if ((chosen & 0xffff) != 0)
        low = max_u32(low, chosen & 0xffff);
    if (chosen >> 16 != 0)
        high = min_u32(high, chosen >> 16);
    const uint32_t count = high < low ? 0 : high - low + 1;
    return (struct port_range){.low = low, .count = count, .start = random_below(&sockets->stack->core.random, count)};
}

static uint16_t nth_port(const struct port_range *range, uint32_t n)
{
    return (uint16_t)(range->low + (range->start + n) % range->count);
}

static int open_datagram(struct septet_sockets *sockets, struct open_socket *socket,
                         const struct septet_address *address, uint16_t port)
{
    septet_handle handle;
    const int error = septet_datagram_open_as(sockets->stack, SEPTET_UDP, address, port, bind_flags(socket), &handle);
    if (error == SEPTET_OK)
        socket_handle_set(sockets, socket, handle);
    return error == SEPTET_NO_PORTS ? ERRNO(EADDRINUSE) : septet_errno_of(error);
}

int socket_bind(struct septet_sockets *sockets, struct open_socket *socket, const struct septet_address *address,
                uint16_t port)
{
    if (port == 0) {
        const struct port_range range = automatic_ports(sockets, socket);
        for (uint32_t i = 0; i < range.count && port == 0; i++)
            if (!bind_conflict(sockets, socket, address, nth_port(&range, i)))
                port = nth_port(&range, i);
        if (port == 0)
            return ERRNO(EADDRINUSE);
    } else if (bind_conflict(sockets, socket, address, port)) {
        return ERRNO(EADDRINUSE);
    }
    if (!is_stream(socket)) {
        const int error = open_datagram(sockets, socket, address, port);
        if (error != 0)
            return error;
    }
    socket->local = *address;
    port_enter(sockets, socket, port);
    if (!is_stream(socket))
        options_apply(sockets, socket);
    return 0;
}

/* ---- the calls ---- */

static bool address_ours(struct septet_sockets *sockets, const struct open_socket *socket,
                         const struct septet_address *address)
{
    if (address_is_any(address) || socket->stored[STORED_IP_FREEBIND] || socket->stored[STORED_IP_TRANSPARENT])
        return true;
    if (!is_stream(socket) && ip_is_group(&sockets->stack->ip, address))
        return true;
    return ip_is_local(&sockets->stack->ip, address);
}

int septet_sockets_bind(struct septet_sockets *sockets, int fd, const void *address, uint32_t length)
{
    struct septet_address to;
    uint16_t port;
    int error;
    struct open_socket *socket = true_socket_of(sockets, fd, &error);
    if (socket == NULL)
        return error;
    error = name_take(socket, address, length, &to, &port);
    if (error != 0)
        return error;
    if (septet_address_is_ipv4(&to) && socket->family == SEPTET_AF_INET6 && socket->stored[STORED_IPV6_V6ONLY])
        return ERRNO(EINVAL);
    if (!address_ours(sockets, socket, &to))
        return ERRNO(EADDRNOTAVAIL);
    if (socket->local_port != 0 || (is_stream(socket) && stream_state(sockets, socket) != SEPTET_TCP_CLOSE))
        return ERRNO(EINVAL);
    if (port == 0 && socket->stored[STORED_IP_BIND_ADDRESS_NO_PORT] && is_stream(socket)) {
        socket->local = to;
        socket->address_bound = !address_is_any(&to);
        return 0;
    }
    error = socket_bind(sockets, socket, &to, port);
    if (error != 0)
        return error;
    socket->address_bound = !address_is_any(&to);
    socket->port_bound = port != 0;
    return 0;
}

/* Whether a socket that was bound there would mind a connection on its way out from the same port. */
static bool reserved(struct septet_sockets *sockets, const struct open_socket *socket, uint16_t port)
{
    for (uint32_t at = *chain_of(sockets, true, port); at != 0; at = socket_at(sockets, at)->port_next) {
        const struct open_socket *other = socket_at(sockets, at);
        if (other->local_port == port && is_stream(other) && (other->port_bound || other->listening) &&
            overlap(socket, &socket->local, other))
            return true;
    }
    return false;
}

int bind_and_connect(struct septet_sockets *sockets, struct open_socket *socket, const struct septet_address *remote,
                     uint16_t port, septet_handle *handle)
{
    const struct septet_address *local = address_is_any(&socket->local) ? NULL : &socket->local;
    if (socket->local_port != 0)
        return septet_connect(sockets->stack, local, socket->local_port, remote, port, handle);
    const struct port_range range = automatic_ports(sockets, socket);
    for (uint32_t i = 0; i < range.count; i++) {
        const uint16_t own = nth_port(&range, i);
        if (reserved(sockets, socket, own))
            continue;
        const int error = septet_connect(sockets->stack, local, own, remote, port, handle);
        if (error == SEPTET_ADDRESS_IN_USE)
            continue;
        if (error == SEPTET_OK)
            port_enter(sockets, socket, own);
        return error;
    }
    return SEPTET_NO_PORTS;
}

static bool has_peer(const struct septet_sockets *sockets, const struct open_socket *socket)
{
    if (!is_stream(socket))
        return socket->phase == PHASE_CONNECTED;
    const int state = stream_state(sockets, socket);
    return socket->remote_port != 0 && state != SEPTET_TCP_CLOSE && state != SEPTET_TCP_SYN_SENT;
}

int septet_sockets_getsockname(struct septet_sockets *sockets, int fd, void *address, uint32_t *length)
{
    int error;
    const struct open_socket *socket = true_socket_of(sockets, fd, &error);
    if (socket == NULL)
        return error;
    name_give(socket, &socket->local, socket->local_port, address, length);
    return 0;
}

int septet_sockets_getpeername(struct septet_sockets *sockets, int fd, void *address, uint32_t *length)
{
    int error;
    const struct open_socket *socket = true_socket_of(sockets, fd, &error);
    if (socket == NULL)
        return error;
    if (!has_peer(sockets, socket))
        return ERRNO(ENOTCONN);
    name_give(socket, &socket->remote, socket->remote_port, address, length);
    return 0;
}
