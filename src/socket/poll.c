#include "socket/socket.h"

/* What poll() answers: Linux's tcp_poll, inet_csk_listen_poll and datagram_poll. */

#define READABLE (SEPTET_POLLIN | SEPTET_POLLRDNORM)
#define WRITABLE (SEPTET_POLLOUT | SEPTET_POLLWRNORM)

/* S52: as much as SO_RCVLOWAT asks for, or all that the window can hold. */
static bool enough_to_read(struct septet_sockets *sockets, const struct open_socket *socket)
{
    struct septet_tcp_info info;
    const uint32_t there = stream_available(sockets, socket);
    uint32_t target = (uint32_t)socket->stored[STORED_SO_RCVLOWAT];
    if (urgent_at_mark(socket) && !socket->stored[STORED_SO_OOBINLINE])
        target++;
    if (there == 0 || there >= target)
        return there != 0;
    if (urgent_at_mark(socket) && there == 1)
        return false;
    return septet_tcp_info(sockets->stack, socket->handle, &info) == SEPTET_OK && info.rcv_wnd <= info.receive_mss;
}

/* S55: writable again when a third of the buffer is free. Asking arms the event. */
static bool roomy(struct septet_sockets *sockets, const struct open_socket *socket)
{
    int64_t size;
    const int64_t room = socket->handle == 0 ? -1 : septet_send_room(sockets->stack, socket->handle);
    if (room < 0 || septet_option_get(sockets->stack, socket->handle, SEPTET_OPTION_SEND_BUFFER, &size) != SEPTET_OK)
        return true; /* sending would not wait */
    return room > 0 && room >= size / 3;
}

static uint32_t stream_mask(struct septet_sockets *sockets, struct open_socket *socket)
{
    const int state = stream_state(sockets, socket);
    uint32_t mask = 0;
    if (state == SEPTET_TCP_LISTEN)
        return septet_receive_available(sockets->stack, socket->handle) > 0 ? READABLE : 0;
    urgent_update(sockets, socket);
    if (socket->shutdown == SHUTDOWN_BOTH || state == SEPTET_TCP_CLOSE)
        mask |= SEPTET_POLLHUP;
    if (socket->shutdown & SHUTDOWN_RECEIVE)
        mask |= READABLE | SEPTET_POLLRDHUP;
    if (state != SEPTET_TCP_SYN_SENT && state != SEPTET_TCP_SYN_RECV) {
        if (enough_to_read(sockets, socket))
            mask |= READABLE;
        if ((socket->shutdown & SHUTDOWN_SEND) || roomy(sockets, socket))
            mask |= WRITABLE;
        if (urgent_readable(sockets, socket))
            mask |= SEPTET_POLLPRI;
    }
    return mask | (socket->error != 0 ? SEPTET_POLLERR : 0u);
}

static uint32_t datagram_mask(struct septet_sockets *sockets, const struct open_socket *socket)
{
    uint32_t mask = socket->error != 0 ? SEPTET_POLLERR : 0;
    if (socket->shutdown & SHUTDOWN_RECEIVE)
        mask |= READABLE | SEPTET_POLLRDHUP;
    if (socket->shutdown == SHUTDOWN_BOTH)
        mask |= SEPTET_POLLHUP;
    if (socket->handle != 0 && septet_datagram_peek(sockets->stack, socket->handle, 0, NULL, 0, NULL) >= 0)
        mask |= READABLE;
    if (!socket->send_blocked)
        mask |= WRITABLE | SEPTET_POLLWRBAND;
    return mask;
}

uint32_t socket_mask(struct septet_sockets *sockets, struct open_socket *socket)
{
    switch (socket->kind) {
    case SOCKET_STREAM:
        return stream_mask(sockets, socket);
    case SOCKET_DATAGRAM:
        return datagram_mask(sockets, socket);
    default:
        return epoll_ready(sockets, socket) ? READABLE : 0;
    }
}

bool poll_step(struct septet_sockets *sockets, struct septet_operation *operation)
{
    const uint32_t always = SEPTET_POLLERR | SEPTET_POLLHUP | SEPTET_POLLNVAL;
    int64_t count = 0;
    for (uint32_t i = 0; i < operation->of.poll.count; i++) {
        struct septet_pollfd *entry = &operation->of.poll.fds[i];
        struct open_socket *socket = entry->fd < 0 ? NULL : socket_of(sockets, entry->fd);
        entry->revents = 0;
        if (entry->fd < 0)
            continue;
        const uint32_t mask = socket == NULL ? SEPTET_POLLNVAL : socket_mask(sockets, socket);
        entry->revents = (int16_t)(mask & ((uint16_t)entry->events | always));
        count += entry->revents != 0;
    }
    if (count != 0 || operation_out_of_time(sockets, operation))
        return operation_end(operation, count);
    return false;
}
