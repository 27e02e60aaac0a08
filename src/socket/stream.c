#include "socket/socket.h"

/* Opening and closing streams. The decisions are those of Linux's inet_stream_connect, inet_shutdown and
 * tcp_disconnect, told by what they answer (requirements 4.4). */

int stream_state(const struct septet_sockets *sockets, const struct open_socket *socket)
{
    if (socket->listening)
        return SEPTET_TCP_LISTEN;
    if (socket->handle == 0 || socket->over)
        return SEPTET_TCP_CLOSE;
    switch (septet_state(sockets->stack, socket->handle)) {
    case SEPTET_STATE_syn_sent:
        return SEPTET_TCP_SYN_SENT;
    case SEPTET_STATE_syn_received:
        return SEPTET_TCP_SYN_RECV;
    case SEPTET_STATE_established:
        return SEPTET_TCP_ESTABLISHED;
    case SEPTET_STATE_fin_wait_1:
        return SEPTET_TCP_FIN_WAIT1;
    case SEPTET_STATE_fin_wait_2:
        return SEPTET_TCP_FIN_WAIT2;
    case SEPTET_STATE_close_wait:
        return SEPTET_TCP_CLOSE_WAIT;
    case SEPTET_STATE_closing:
        return SEPTET_TCP_CLOSING;
    case SEPTET_STATE_last_ack:
        return SEPTET_TCP_LAST_ACK;
    default:
        return SEPTET_TCP_CLOSE; /* TIME-WAIT is no state of a socket */
    }
}

static bool opening(int state) { return state == SEPTET_TCP_SYN_SENT || state == SEPTET_TCP_SYN_RECV; }

void stream_disconnect(struct septet_sockets *sockets, struct open_socket *socket)
{
    const int state = stream_state(sockets, socket);
    const septet_handle handle = socket->handle;
    socket->handle = 0;
    socket->listening = false;
    if (state == SEPTET_TCP_LISTEN || state == SEPTET_TCP_CLOSE || state == SEPTET_TCP_SYN_SENT ||
        state == SEPTET_TCP_CLOSING || state == SEPTET_TCP_LAST_ACK)
        septet_close(sockets->stack, handle);
    else
        septet_abort(sockets->stack, handle);
    if (state != SEPTET_TCP_LISTEN && state != SEPTET_TCP_CLOSE)
        socket->error = SEPTET_ECONNRESET;
    socket->phase = PHASE_UNCONNECTED;
    socket->over = socket->peer_closed = socket->told_closed = socket->deaf = false;
    socket->shutdown = 0;
    socket->urgent = URGENT_NONE;
    socket->remote = any_of(socket);
    socket->remote_port = 0;
    if (!socket->address_bound)
        socket->local = any_of(socket);
    if (!socket->port_bound)
        port_leave(sockets, socket);
    socket_wake(sockets, socket, 0);
}

/* ---- connect ---- */

/* Linux connects 0.0.0.0 and [::] to the host itself. */
static void any_is_loopback(struct septet_sockets *sockets, const struct open_socket *socket,
                            struct septet_address *address)
{
    const bool ipv4 = septet_address_is_ipv4(address) || socket->family == SEPTET_AF_INET;
    struct septet_address candidate = septet_address_ipv4(127, 0, 0, 1);
    if (!address_is_any(address))
        return;
    if (!ipv4)
        candidate = (struct septet_address){{[15] = 1}};
    for (unsigned i = 0; !ip_is_local(&sockets->stack->ip, &candidate); i++) {
        struct septet_address own;
        if (!septet_address_get(sockets->stack, i, &own, NULL, NULL, NULL))
            return;
        if (septet_address_is_ipv4(&own) == ipv4)
            candidate = own;
    }
    *address = candidate;
}

int destination_take(struct septet_sockets *sockets, const struct open_socket *socket, const void *from,
                     uint32_t length, struct septet_address *address, uint16_t *port)
{
    const int error = name_take(socket, from, length, address, port);
    if (error != 0)
        return error;
    if (septet_address_is_ipv4(address) && socket->family == SEPTET_AF_INET6 && socket->stored[STORED_IPV6_V6ONLY])
        return ERRNO(ENETUNREACH);
    any_is_loopback(sockets, socket, address);
    return 0;
}

static bool is_unspecified(const void *address, uint32_t length)
{
    uint16_t family;
    if (address == NULL || length < sizeof family)
        return false;
    memcpy(&family, address, sizeof family);
    return family == SEPTET_AF_UNSPEC;
}

static int begin_connection(struct septet_sockets *sockets, struct open_socket *socket, const void *address,
                            uint32_t length)
{
    struct septet_address remote;
    struct septet_tuple tuple;
    septet_handle handle;
    uint16_t port;
    int error = destination_take(sockets, socket, address, length, &remote, &port);
    if (error != 0)
        return error;
    if (port == 0)
        return ERRNO(ECONNREFUSED); /* nobody listens there */
    const bool chosen = socket->local_port != 0;
    error = bind_and_connect(sockets, socket, &remote, port, &handle);
    if (error == SEPTET_ADDRESS_IN_USE || (error == SEPTET_ADDRESS_NOT_AVAILABLE && !chosen))
        return ERRNO(EADDRNOTAVAIL);
    if (error != SEPTET_OK)
        return septet_errno_of(error);
    if (socket->handle != 0)
        septet_close(sockets->stack, socket->handle);
    socket_handle_set(sockets, socket, handle);
    if (septet_tuple_get(sockets->stack, handle, &tuple) == SEPTET_OK)
        socket->local = tuple.local;
    socket->remote = remote;
    socket->remote_port = port;
    socket->error = socket->soft_error = 0;
    socket->shutdown = 0;
    socket->over = socket->peer_closed = socket->told_closed = false;
    socket->position = 0;
    socket->urgent = URGENT_NONE;
    socket->phase = PHASE_CONNECTING;
    options_apply(sockets, socket);
    return ERRNO(EINPROGRESS);
}

int stream_connected(struct septet_sockets *sockets, struct open_socket *socket)
{
    const int state = stream_state(sockets, socket);
    if (opening(state))
        return ERRNO(EINPROGRESS);
    if (state != SEPTET_TCP_CLOSE) {
        socket->phase = PHASE_CONNECTED;
        return 0;
    }
    int error = take_socket_error(socket);
    if (error == 0)
        error = ERRNO(ECONNABORTED);
    stream_disconnect(sockets, socket);
    return error;
}

int stream_connect(struct septet_sockets *sockets, struct open_socket *socket, const void *address, uint32_t length)
{
    if (length < sizeof(uint16_t) || address == NULL)
        return ERRNO(EINVAL);
    if (is_unspecified(address, length)) {
        stream_disconnect(sockets, socket);
        return 0;
    }
    if (socket->listening && sockets->config.send_connected)
        return ERRNO(EOPNOTSUPP);
    if (socket->phase == PHASE_CONNECTED)
        return ERRNO(EISCONN);
    if (socket->phase == PHASE_CONNECTING) {
        const int result = stream_connected(sockets, socket);
        if (result == 0 && !sockets->config.connect_tells_once)
            return ERRNO(EISCONN);
        return result == ERRNO(EINPROGRESS) ? ERRNO(EALREADY) : result;
    }
    if (stream_state(sockets, socket) != SEPTET_TCP_CLOSE)
        return ERRNO(EISCONN);
    return begin_connection(sockets, socket, address, length);
}

static void datagram_disconnect(struct septet_sockets *sockets, struct open_socket *socket)
{
    socket->phase = PHASE_UNCONNECTED;
    socket->remote = any_of(socket);
    socket->remote_port = 0;
    socket->error = 0;
    if (socket->handle != 0)
        septet_datagram_connect(sockets->stack, socket->handle, NULL, 0);
    if (!socket->address_bound)
        socket->local = any_of(socket);
    if (!socket->port_bound) {
        port_leave(sockets, socket);
        septet_close(sockets->stack, socket->handle);
        socket->handle = 0;
    }
}

int datagram_connect(struct septet_sockets *sockets, struct open_socket *socket, const void *address, uint32_t length)
{
    struct septet_address remote, any;
    struct septet_tuple tuple;
    uint16_t port;
    if (is_unspecified(address, length)) {
        datagram_disconnect(sockets, socket);
        return 0;
    }
    int error = destination_take(sockets, socket, address, length, &remote, &port);
    if (error != 0)
        return error;
    any = any_of(socket);
    if (socket->handle == 0 && (error = socket_bind(sockets, socket, &any, 0)) != 0)
        return error == ERRNO(EADDRINUSE) ? ERRNO(EAGAIN) : error;
    error = septet_datagram_connect(sockets->stack, socket->handle, &remote, port);
    if (error != SEPTET_OK)
        return error == SEPTET_INVALID ? ERRNO(EACCES) : septet_errno_of(error);
    if (septet_tuple_get(sockets->stack, socket->handle, &tuple) == SEPTET_OK)
        socket->local = tuple.local;
    socket->remote = remote;
    socket->remote_port = port;
    socket->phase = PHASE_CONNECTED;
    return 0;
}

/* ---- listen and accept ---- */

/* Linux lets one more than `backlog` wait (S83). */
static uint32_t queue_limit(int backlog)
{
    return (uint32_t)backlog > SEPTET_SOMAXCONN ? SEPTET_SOMAXCONN + 1 : (uint32_t)backlog + 1;
}

int septet_sockets_listen(struct septet_sockets *sockets, int fd, int backlog)
{
    septet_handle handle;
    int error;
    struct open_socket *socket = true_socket_of(sockets, fd, &error);
    if (socket == NULL)
        return error;
    if (!is_stream(socket))
        return ERRNO(EOPNOTSUPP);
    if (socket->phase != PHASE_UNCONNECTED)
        return ERRNO(EINVAL);
    socket->backlog = queue_limit(backlog) - 1;
    if (socket->listening) {
        septet_option_set(sockets->stack, socket->handle, SEPTET_OPTION_BACKLOG, queue_limit(backlog));
        return 0;
    }
    if (stream_state(sockets, socket) != SEPTET_TCP_CLOSE)
        return ERRNO(EINVAL);
    if (socket->local_port == 0) {
        error = socket_bind(sockets, socket, &socket->local, 0);
        if (error != 0)
            return error;
    } else if (bind_conflict(sockets, socket, &socket->local, socket->local_port)) {
        return ERRNO(EADDRINUSE); /* another with SO_REUSEADDR was faster (S79) */
    }
    error = septet_listen_as(sockets->stack, &socket->local, socket->local_port, queue_limit(backlog),
                             bind_flags(socket), &handle);
    if (error != SEPTET_OK)
        return septet_errno_of(error);
    if (socket->handle != 0)
        septet_close(sockets->stack, socket->handle);
    socket_handle_set(sockets, socket, handle);
    socket->listening = true;
    socket->over = socket->peer_closed = socket->told_closed = false;
    socket->shutdown = 0;
    options_apply(sockets, socket);
    return 0;
}

/* A listener's new connection in a socket of its own. */
static int adopt(struct septet_sockets *sockets, const struct open_socket *listener, struct open_socket *child)
{
    struct septet_tuple tuple;
    septet_handle handle;
    const int error = septet_accept(sockets->stack, listener->handle, &handle);
    if (error != SEPTET_OK)
        return septet_errno_of(error);
    socket_handle_set(sockets, child, handle);
    options_inherit(child, listener);
    child->phase = PHASE_CONNECTED;
    if (septet_tuple_get(sockets->stack, handle, &tuple) == SEPTET_OK) {
        child->local = tuple.local;
        child->remote = tuple.remote;
        child->remote_port = tuple.remote_port;
        port_enter(sockets, child, tuple.local_port);
    }
    return 0;
}

int stream_accept(struct septet_sockets *sockets, struct open_socket *listener, void *address, uint32_t *length,
                  int flags)
{
    if (!listener->listening)
        return ERRNO(EINVAL);
    if (septet_receive_available(sockets->stack, listener->handle) <= 0)
        return ERRNO(EAGAIN);
    struct open_socket *child = socket_new(sockets, SOCKET_STREAM, listener->family);
    if (child == NULL)
        return ERRNO(ENFILE);
    child->status = flags & SEPTET_SOCK_NONBLOCK;
    const int fd = descriptor_open(sockets, child, 0, (flags & SEPTET_SOCK_CLOEXEC) != 0);
    if (fd < 0) {
        socket_release(sockets, child);
        return fd;
    }
    const int error = adopt(sockets, listener, child);
    if (error != 0) {
        descriptor_release(sockets, fd);
        socket_release(sockets, child);
        return error;
    }
    sockets_take_events(sockets); /* what happened while it waited */
    if (child->error != 0 && sockets->config.accept_aborted) {
        descriptor_release(sockets, fd);
        socket_release(sockets, child);
        return ERRNO(ECONNABORTED);
    }
    name_give(child, &child->remote, child->remote_port, address, length);
    return fd;
}

/* ---- shutdown ---- */

static bool may_send(int state)
{
    return state == SEPTET_TCP_ESTABLISHED || state == SEPTET_TCP_CLOSE_WAIT || state == SEPTET_TCP_SYN_RECV;
}

int septet_sockets_shutdown(struct septet_sockets *sockets, int fd, int how)
{
    int error;
    struct open_socket *socket = true_socket_of(sockets, fd, &error);
    if (socket == NULL)
        return error;
    if (how < SEPTET_SHUT_RD || how > SEPTET_SHUT_RDWR)
        return ERRNO(EINVAL);
    const uint8_t directions = (uint8_t)(how + 1);
    if (!is_stream(socket)) {
        socket->shutdown |= directions;
        socket_wake(sockets, socket, 0);
        return socket->phase == PHASE_CONNECTED ? 0 : ERRNO(ENOTCONN);
    }
    const int state = stream_state(sockets, socket);
    if ((state == SEPTET_TCP_SYN_SENT && !sockets->config.shutdown_waits) ||
        (state == SEPTET_TCP_LISTEN && (directions & SHUTDOWN_RECEIVE))) {
        stream_disconnect(sockets, socket);
        return 0;
    }
    if (state == SEPTET_TCP_LISTEN)
        return 0;
    socket->shutdown |= directions;
    if ((directions & SHUTDOWN_RECEIVE) && sockets->config.shutdown_discards) {
        socket->deaf = true;
        stream_discard(sockets, socket);
    }
    if ((directions & SHUTDOWN_SEND) && (may_send(state) || state == SEPTET_TCP_SYN_SENT))
        septet_shutdown(sockets->stack, socket->handle);
    socket_wake(sockets, socket, 0);
    return state == SEPTET_TCP_CLOSE ? ERRNO(ENOTCONN) : 0;
}
