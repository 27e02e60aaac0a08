#include "socket/socket.h"

/* Urgent data as Linux shows it: the one byte before the urgent pointer is taken out of the stream (unless
 * SO_OOBINLINE), read with MSG_OOB once, and reading stops where it was. Positions count bytes read. */

/* What the stack holds from the next byte on. */
static uint32_t queued(const struct septet_sockets *sockets, const struct open_socket *socket)
{
    const int64_t there =
        socket->handle == 0 || socket->listening ? 0 : septet_receive_available(sockets->stack, socket->handle);
    return there > 0 ? (uint32_t)there : 0;
}

uint32_t stream_available(const struct septet_sockets *sockets, const struct open_socket *socket)
{
    return queued(sockets, socket);
}

bool urgent_at_mark(const struct open_socket *socket)
{
    return socket->urgent != URGENT_NONE && socket->urgent_at == socket->position;
}

bool urgent_readable(const struct septet_sockets *sockets, const struct open_socket *socket)
{
    return socket->urgent == URGENT_UNREAD && queued(sockets, socket) > socket->urgent_at - socket->position;
}

void urgent_update(struct septet_sockets *sockets, struct open_socket *socket)
{
    if (socket->handle == 0 || socket->listening)
        return;
    const int64_t remaining = septet_urgent_remaining(sockets->stack, socket->handle);
    if (remaining <= 0)
        return;
    const uint32_t at = socket->position + (uint32_t)remaining - 1;
    if (socket->urgent != URGENT_NONE && at == socket->urgent_at)
        return;
    /* A new one. The old byte becomes ordinary data, or is lost when it was next to read. */
    if (urgent_at_mark(socket) && !socket->stored[STORED_SO_OOBINLINE] && queued(sockets, socket) > 1)
        stream_consume(sockets, socket, 1);
    socket->urgent = URGENT_UNREAD;
    socket->urgent_at = at;
}

void stream_discard(struct septet_sockets *sockets, struct open_socket *socket)
{
    if (socket->deaf)
        stream_consume(sockets, socket, queued(sockets, socket));
}

void stream_consume(struct septet_sockets *sockets, struct open_socket *socket, uint32_t length)
{
    if (length == 0 || septet_receive_consume(sockets->stack, socket->handle, length) != SEPTET_OK)
        return;
    socket->position += length;
    if (socket->urgent != URGENT_NONE && (int32_t)(socket->position - socket->urgent_at) > 0)
        socket->urgent = URGENT_NONE;
}

uint32_t stream_readable(const struct septet_sockets *sockets, const struct open_socket *socket)
{
    const uint32_t there = queued(sockets, socket);
    if (socket->urgent == URGENT_NONE || socket->stored[STORED_SO_OOBINLINE])
        return there;
    return min_u32(there, socket->urgent_at - socket->position);
}

int64_t urgent_receive(struct septet_sockets *sockets, struct open_socket *socket, struct septet_msghdr *message,
                       int flags)
{
    uint64_t room = 1;
    uint8_t byte;
    const int state = stream_state(sockets, socket);
    if (socket->stored[STORED_SO_OOBINLINE] || socket->urgent != URGENT_UNREAD)
        return ERRNO(EINVAL);
    if (state == SEPTET_TCP_CLOSE && !socket->peer_closed)
        return ERRNO(ENOTCONN);
    if (!urgent_readable(sockets, socket))
        return state == SEPTET_TCP_CLOSE || (socket->shutdown & SHUTDOWN_RECEIVE) ? 0 : ERRNO(EAGAIN);
    septet_receive_copy(sockets->stack, socket->handle, socket->urgent_at - socket->position, &byte, 1);
    if (!(flags & SEPTET_MSG_PEEK))
        socket->urgent = URGENT_READ;
    message->flags |= SEPTET_MSG_OOB;
    uint8_t *to = vector_at(message, 0, &room);
    if (to == NULL) {
        message->flags |= SEPTET_MSG_TRUNC;
        return 0;
    }
    if (!(flags & SEPTET_MSG_TRUNC))
        *to = byte;
    return 1;
}
