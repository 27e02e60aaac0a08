#include "socket/socket.h"

/* What the stack tells of handles becomes pending errors, flags, and wake-ups. */

#define KEY_READ (SEPTET_POLLIN | SEPTET_POLLPRI | SEPTET_POLLRDNORM | SEPTET_POLLRDBAND)
#define KEY_WRITE (SEPTET_POLLOUT | SEPTET_POLLWRNORM | SEPTET_POLLWRBAND)

void socket_handle_set(struct septet_sockets *sockets, struct open_socket *socket, septet_handle handle)
{
    socket->handle = handle;
    if (handle != 0)
        septet_user_set(sockets->stack, handle, (uint64_t)socket->generation << 32 | socket_reference(sockets, socket));
}

static struct open_socket *socket_of_event(struct septet_sockets *sockets, const struct septet_event *event)
{
    const uint32_t reference = (uint32_t)event->user;
    if (reference == 0 || reference > sockets->sockets.fresh)
        return NULL;
    struct open_socket *socket = socket_at(sockets, reference);
    const bool same = socket->generation == (uint32_t)(event->user >> 32) && socket->handle == event->handle;
    return same ? socket : NULL;
}

void socket_wake(struct septet_sockets *sockets, struct open_socket *socket, uint32_t key)
{
    sockets->changes++;
    operations_wake(sockets, socket);
    for (uint32_t at = socket->watches; at != 0; at = watch_at(sockets, at)->socket_next)
        epoll_notify(sockets, at, key);
}

/* What the connection ended with. A reset in CLOSE-WAIT is a broken pipe (S34), and who gave up for lack of
 * answers says why if an ICMP error told (S50). */
static void connection_over(struct septet_sockets *sockets, struct open_socket *socket, int error)
{
    int soft = 0;
    if (error == SEPTET_TIMED_OUT) {
        (void)septet_take_error(sockets->stack, socket->handle); /* the final one comes first */
        soft = -septet_errno_of(septet_take_error(sockets->stack, socket->handle));
    }
    const bool half_closed = socket->peer_closed && !(socket->shutdown & SHUTDOWN_SEND);
    socket->over = true;
    socket->shutdown = SHUTDOWN_BOTH;
    if (error == SEPTET_CONNECTION_RESET && half_closed && !sockets->config.error_first)
        socket->error = SEPTET_EPIPE;
    else if (soft != 0)
        socket->error = soft;
    else if (error != SEPTET_OK)
        socket->error = -septet_errno_of(error);
}

static void soft_error(struct septet_sockets *sockets, struct open_socket *socket, int error)
{
    const bool wanted = socket->stored[STORED_IP_RECVERR] || socket->stored[STORED_IPV6_RECVERR];
    if (error == SEPTET_OK || error == SEPTET_TIMED_OUT)
        return; /* R1 is not an error that Linux tells */
    if (!wanted) {
        socket->soft_error = -septet_errno_of(error);
        return;
    }
    socket->error = -septet_errno_of(error);
    socket_wake(sockets, socket, SEPTET_POLLERR);
}

/* Everybody who watches learns of CLOSE, once, whichever way it came about. */
static void tell_closed(struct septet_sockets *sockets, struct open_socket *socket)
{
    if (socket->told_closed || stream_state(sockets, socket) != SEPTET_TCP_CLOSE)
        return;
    socket->told_closed = true;
    socket_wake(sockets, socket, 0);
}

static void stream_event(struct septet_sockets *sockets, struct open_socket *socket, const struct septet_event *event)
{
    const uint32_t events = event->events;
    uint32_t key = 0;
    if (events & SEPTET_EVENT_PEER_CLOSED) {
        socket->peer_closed = true;
        socket->shutdown |= SHUTDOWN_RECEIVE;
    }
    if (events & (SEPTET_EVENT_URGENT | SEPTET_EVENT_READABLE))
        urgent_update(sockets, socket);
    stream_discard(sockets, socket);
    if (events & (SEPTET_EVENT_READABLE | SEPTET_EVENT_URGENT | SEPTET_EVENT_ACCEPT))
        key |= KEY_READ;
    if (events & (SEPTET_EVENT_WRITABLE | SEPTET_EVENT_ROOM))
        key |= KEY_WRITE;
    if (events & SEPTET_EVENT_SOFT_ERROR)
        soft_error(sockets, socket, event->error);
    if (events & SEPTET_EVENT_CLOSED)
        connection_over(sockets, socket, event->error);
    if ((events & SEPTET_EVENT_CONNECTED) && !sockets->config.connect_tells_once)
        socket->phase = PHASE_CONNECTED;
    if (events & (SEPTET_EVENT_CONNECTED | SEPTET_EVENT_PEER_CLOSED)) {
        socket_wake(sockets, socket, 0);
    } else if (key != 0) {
        socket_wake(sockets, socket, key);
    } else {
        sockets->changes++;
        operations_wake(sockets, socket); /* a lingering close waits for acknowledgements */
    }
    tell_closed(sockets, socket);
}

/* Linux tells errors of datagrams only to those who are connected, and then the hard ones, or who asked for them. */
static void datagram_event(struct septet_sockets *sockets, struct open_socket *socket, const struct septet_event *event)
{
    uint32_t key = 0;
    if (event->events & SEPTET_EVENT_SOFT_ERROR) {
        const bool wanted = socket->stored[STORED_IP_RECVERR] || socket->stored[STORED_IPV6_RECVERR];
        const int error = septet_take_error(sockets->stack, socket->handle);
        const bool hard = error == SEPTET_CONNECTION_REFUSED || error == SEPTET_PROTOCOL_UNREACHABLE;
        if (error != SEPTET_OK && (wanted || (hard && socket->phase == PHASE_CONNECTED))) {
            socket->error = -septet_errno_of(error);
            key |= SEPTET_POLLERR;
        }
    }
    if (event->events & SEPTET_EVENT_READABLE)
        key |= KEY_READ;
    if (event->events & (SEPTET_EVENT_WRITABLE | SEPTET_EVENT_ROOM)) {
        socket->send_blocked = false;
        key |= KEY_WRITE;
    }
    if (key != 0)
        socket_wake(sockets, socket, key);
}

bool septet_sockets_event(struct septet_sockets *sockets, const struct septet_event *event)
{
    struct open_socket *socket = socket_of_event(sockets, event);
    if (socket == NULL)
        return false;
    if (is_stream(socket))
        stream_event(sockets, socket, event);
    else
        datagram_event(sockets, socket, event);
    return true;
}

void sockets_take_events(struct septet_sockets *sockets)
{
    struct septet_event event;
    if (sockets->config.shared_stack)
        return;
    while (septet_next_event(sockets->stack, &event))
        septet_sockets_event(sockets, &event);
}

void septet_sockets_process(struct septet_sockets *sockets) { sockets_take_events(sockets); }
