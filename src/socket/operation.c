#include "socket/socket.h"

/* Calls under way. A blocking call is an operation that its caller continues until it is done; while it is not, it
 * stands in the list of its socket, from where a wake-up moves it to the list of those worth continuing. */

enum { LIST_NONE, LIST_SOCKET, LIST_WOKEN, LIST_POLLERS };

/* ---- making one ---- */

static struct septet_operation operation_of(enum septet_operation_kind kind, int fd, int flags)
{
    return (struct septet_operation){
        .kind = (uint8_t)kind,
        .fd = fd,
        .flags = flags,
        .deadline = SEPTET_NEVER,
    };
}

struct septet_operation septet_operation_accept(int fd, void *address, uint32_t *length, int flags)
{
    struct septet_operation operation = operation_of(SEPTET_OPERATION_ACCEPT, fd, flags);
    operation.of.accept.address = address;
    operation.of.accept.length = length;
    return operation;
}

struct septet_operation septet_operation_connect(int fd, const void *address, uint32_t length)
{
    struct septet_operation operation = operation_of(SEPTET_OPERATION_CONNECT, fd, 0);
    operation.of.connect.address = address;
    operation.of.connect.length = length;
    return operation;
}

/* What a message to send names is only read. */
static void *writable(const void *pointer)
{
    void *same;
    memcpy(&same, &pointer, sizeof same);
    return same;
}

struct septet_operation septet_operation_sendto(int fd, const void *data, size_t length, int flags, const void *address,
                                                uint32_t address_length)
{
    struct septet_operation operation = operation_of(SEPTET_OPERATION_SEND, fd, flags);
    operation.of.data.single = (struct septet_iovec){.base = writable(data), .length = length};
    operation.of.data.message = (struct septet_msghdr){.name = writable(address), .name_length = address_length};
    return operation;
}

struct septet_operation septet_operation_sendmsg(int fd, const struct septet_msghdr *message, int flags)
{
    struct septet_operation operation = operation_of(SEPTET_OPERATION_SEND, fd, flags);
    operation.of.data.message = *message;
    operation.of.data.reply = writable(message);
    return operation;
}

struct septet_operation septet_operation_recvfrom(int fd, void *data, size_t length, int flags, void *address,
                                                  uint32_t *address_length)
{
    struct septet_operation operation = operation_of(SEPTET_OPERATION_RECEIVE, fd, flags);
    operation.of.data.single = (struct septet_iovec){.base = data, .length = length};
    operation.of.data.message = (struct septet_msghdr){
        .name = address_length == NULL ? NULL : address,
        .name_length = address_length == NULL ? 0 : *address_length,
    };
    operation.of.data.name_length = address_length;
    return operation;
}

struct septet_operation septet_operation_recvmsg(int fd, struct septet_msghdr *message, int flags)
{
    struct septet_operation operation = operation_of(SEPTET_OPERATION_RECEIVE, fd, flags);
    operation.of.data.message = *message;
    operation.of.data.message.flags = 0;
    operation.of.data.reply = message;
    return operation;
}

struct septet_operation septet_operation_close(int fd) { return operation_of(SEPTET_OPERATION_CLOSE, fd, 0); }

struct septet_operation septet_operation_poll(struct septet_pollfd *fds, uint32_t count, int64_t timeout)
{
    struct septet_operation operation = operation_of(SEPTET_OPERATION_POLL, -1, 0);
    operation.of.poll.fds = fds;
    operation.of.poll.count = count;
    operation.deadline = timeout;
    return operation;
}

struct septet_operation septet_operation_epoll_wait(int epoll, struct septet_epoll_event *events, int maximum,
                                                    int64_t timeout)
{
    struct septet_operation operation = operation_of(SEPTET_OPERATION_EPOLL_WAIT, epoll, 0);
    operation.of.epoll.events = events;
    operation.of.epoll.maximum = maximum;
    operation.deadline = timeout;
    return operation;
}

/* ---- lists ---- */

static void append(struct operation_list *list, struct septet_operation *operation, uint8_t which)
{
    operation->listed = which;
    operation->next = NULL;
    operation->previous = list->last;
    if (list->last != NULL)
        list->last->next = operation;
    else
        list->first = operation;
    list->last = operation;
}

static struct operation_list *list_of(struct septet_sockets *sockets, const struct septet_operation *operation)
{
    switch (operation->listed) {
    case LIST_WOKEN:
        return &sockets->woken;
    case LIST_POLLERS:
        return &sockets->pollers;
    default:
        return &socket_at(sockets, operation->socket)->waiters;
    }
}

static void unlist(struct septet_sockets *sockets, struct septet_operation *operation)
{
    if (operation->listed == LIST_NONE)
        return;
    struct operation_list *list = list_of(sockets, operation);
    if (operation->previous != NULL)
        operation->previous->next = operation->next;
    else
        list->first = operation->next;
    if (operation->next != NULL)
        operation->next->previous = operation->previous;
    else
        list->last = operation->previous;
    operation->listed = LIST_NONE;
}

static void wake_all(struct septet_sockets *sockets, struct operation_list *list)
{
    while (list->first != NULL) {
        struct septet_operation *operation = list->first;
        unlist(sockets, operation);
        append(&sockets->woken, operation, LIST_WOKEN);
    }
}

void operations_wake(struct septet_sockets *sockets, struct open_socket *socket)
{
    wake_all(sockets, &socket->waiters);
}

struct septet_operation *septet_operation_next_woken(struct septet_sockets *sockets)
{
    sockets_take_events(sockets);
    if (sockets->polled != sockets->changes) {
        sockets->polled = sockets->changes;
        wake_all(sockets, &sockets->pollers);
    }
    struct septet_operation *operation = sockets->woken.first;
    if (operation != NULL)
        unlist(sockets, operation);
    return operation;
}

/* ---- steps ---- */

bool operation_out_of_time(const struct septet_sockets *sockets, const struct septet_operation *operation)
{
    return operation->nonblocking || septet_now(sockets->stack) >= operation->deadline;
}

static int64_t after(const struct septet_sockets *sockets, int64_t wait)
{
    const int64_t now = septet_now(sockets->stack);
    return wait > SEPTET_NEVER - now ? SEPTET_NEVER : now + wait;
}

static bool accept_step(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation)
{
    if (operation->flags & ~(SEPTET_SOCK_NONBLOCK | SEPTET_SOCK_CLOEXEC))
        return operation_end(operation, ERRNO(EINVAL));
    if (!is_stream(socket))
        return operation_end(operation, ERRNO(EOPNOTSUPP));
    const int result =
        stream_accept(sockets, socket, operation->of.accept.address, operation->of.accept.length, operation->flags);
    if (result == ERRNO(EAGAIN) && !operation_out_of_time(sockets, operation))
        return false;
    return operation_end(operation, result);
}

/* The first step begins the connection, the others wait for it. `progress` is what to answer when time is up. */
static bool connect_step(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation)
{
    int result;
    if (!is_stream(socket))
        return operation_end(
            operation, datagram_connect(sockets, socket, operation->of.connect.address, operation->of.connect.length));
    if (!operation->begun) {
        operation->begun = true;
        result = stream_connect(sockets, socket, operation->of.connect.address, operation->of.connect.length);
        operation->progress = (uint64_t) - (int64_t)result;
    } else {
        result = stream_connected(sockets, socket);
    }
    if (result != ERRNO(EINPROGRESS) && result != ERRNO(EALREADY))
        return operation_end(operation, result);
    if (operation_out_of_time(sockets, operation))
        return operation_end(operation, -(int64_t)operation->progress);
    return false;
}

/* SO_LINGER with a time: until all is acknowledged, our FIN included (S127). */
static bool close_step(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation)
{
    const int state = is_stream(socket) ? stream_state(sockets, socket) : SEPTET_TCP_CLOSE;
    const bool closing = state == SEPTET_TCP_FIN_WAIT1 || state == SEPTET_TCP_CLOSING || state == SEPTET_TCP_LAST_ACK ||
                         ((socket->shutdown & SHUTDOWN_SEND) && state == SEPTET_TCP_CLOSE_WAIT);
    if (closing && septet_now(sockets->stack) < operation->deadline && !operation->nonblocking)
        return false;
    return operation_end(operation, 0);
}

static bool step(struct septet_sockets *sockets, struct septet_operation *operation)
{
    struct open_socket *socket = operation->socket == 0 ? NULL : socket_at(sockets, operation->socket);
    if (socket == NULL)
        return poll_step(sockets, operation);
    switch (operation->kind) {
    case SEPTET_OPERATION_ACCEPT:
        return accept_step(sockets, socket, operation);
    case SEPTET_OPERATION_CONNECT:
        return connect_step(sockets, socket, operation);
    case SEPTET_OPERATION_SEND:
        return is_stream(socket) ? stream_send_step(sockets, socket, operation)
                                 : datagram_send_step(sockets, socket, operation);
    case SEPTET_OPERATION_RECEIVE:
        return is_stream(socket) ? stream_receive_step(sockets, socket, operation)
                                 : datagram_receive_step(sockets, socket, operation);
    case SEPTET_OPERATION_CLOSE:
        return close_step(sockets, socket, operation);
    default:
        return epoll_wait_step(sockets, socket, operation);
    }
}

/* ---- life ---- */

/* What the caller of recvmsg() or recvfrom() is told besides the bytes. */
static void reply(struct septet_operation *operation)
{
    const struct septet_msghdr *message = &operation->of.data.message;
    if (operation->kind != SEPTET_OPERATION_RECEIVE || operation->result < 0)
        return;
    if (operation->of.data.name_length != NULL)
        *operation->of.data.name_length = message->name_length;
    if (operation->of.data.reply != NULL) {
        operation->of.data.reply->name_length = message->name_length;
        operation->of.data.reply->control_length = message->control_length;
        operation->of.data.reply->flags = message->flags;
    }
}

/* Goes a step, and ends or waits. */
static bool advance(struct septet_sockets *sockets, struct septet_operation *operation)
{
    unlist(sockets, operation);
    const bool has_message = operation->kind == SEPTET_OPERATION_SEND || operation->kind == SEPTET_OPERATION_RECEIVE;
    if (has_message && operation->of.data.reply == NULL) {
        operation->of.data.message.vector = &operation->of.data.single;
        operation->of.data.message.vector_count = 1;
    }
    if (!step(sockets, operation)) {
        if (operation->socket == 0)
            append(&sockets->pollers, operation, LIST_POLLERS);
        else
            append(&socket_at(sockets, operation->socket)->waiters, operation, LIST_SOCKET);
        return false;
    }
    reply(operation);
    if (operation->socket != 0) {
        socket_release(sockets, socket_at(sockets, operation->socket));
        operation->socket = 0;
    }
    return true;
}

static void set_deadline(struct septet_sockets *sockets, const struct open_socket *socket,
                         struct septet_operation *operation)
{
    const int never_waits = operation->kind == SEPTET_OPERATION_SEND || operation->kind == SEPTET_OPERATION_RECEIVE
                                ? operation->flags & SEPTET_MSG_DONTWAIT
                                : 0;
    int64_t wait = 0;
    switch (operation->kind) {
    case SEPTET_OPERATION_EPOLL_WAIT:
        operation->deadline = operation->deadline < 0 ? SEPTET_NEVER : after(sockets, operation->deadline);
        return;
    case SEPTET_OPERATION_CLOSE:
        operation->deadline = after(sockets, socket->linger_seconds * SEPTET_SECOND);
        return;
    case SEPTET_OPERATION_ACCEPT:
    case SEPTET_OPERATION_RECEIVE:
        wait = socket->receive_timeout;
        break;
    default:
        wait = socket->send_timeout;
        break;
    }
    if (never_waits || (socket->status & SEPTET_O_NONBLOCK))
        operation->nonblocking = true;
    operation->deadline = wait == 0 ? SEPTET_NEVER : after(sockets, wait);
}

/* close(): the descriptor is free at once, what it held on to goes over to the operation. True when that has to
 * linger. */
static bool begin_close(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation)
{
    descriptor_release(sockets, operation->fd);
    const bool last = socket->references == 1;
    if (!last || !is_stream(socket) || !socket->linger_on || socket->linger_seconds == 0 || socket->listening ||
        stream_available(sockets, socket) != 0) {
        socket_release(sockets, socket);
        return false;
    }
    operation->socket = socket_reference(sockets, socket);
    socket->shutdown |= SHUTDOWN_BOTH;
    septet_shutdown(sockets->stack, socket->handle);
    return true;
}

bool septet_operation_start(struct septet_sockets *sockets, struct septet_operation *operation)
{
    if (operation->kind == SEPTET_OPERATION_POLL) {
        operation->deadline = operation->deadline < 0 ? SEPTET_NEVER : after(sockets, operation->deadline);
        return advance(sockets, operation);
    }
    struct open_socket *socket = socket_of(sockets, operation->fd);
    if (socket == NULL)
        return operation_end(operation, ERRNO(EBADF));
    const bool any_kind = operation->kind == SEPTET_OPERATION_CLOSE || operation->kind == SEPTET_OPERATION_EPOLL_WAIT;
    if (!any_kind && socket->kind == SOCKET_EPOLL)
        return operation_end(operation, ERRNO(ENOTSOCK));
    set_deadline(sockets, socket, operation);
    if (operation->kind == SEPTET_OPERATION_CLOSE)
        return begin_close(sockets, socket, operation) ? advance(sockets, operation) : operation_end(operation, 0);
    operation->socket = socket_reference(sockets, socket);
    socket->references++;
    return advance(sockets, operation);
}

bool septet_operation_continue(struct septet_sockets *sockets, struct septet_operation *operation)
{
    sockets_take_events(sockets);
    return operation->done || advance(sockets, operation);
}

void septet_operation_cancel(struct septet_sockets *sockets, struct septet_operation *operation, int error)
{
    if (operation->done)
        return;
    const bool partial = operation->kind == SEPTET_OPERATION_SEND || operation->kind == SEPTET_OPERATION_RECEIVE;
    unlist(sockets, operation);
    operation_end(operation, partial && operation->progress != 0 ? (int64_t)operation->progress : error);
    if (operation->kind == SEPTET_OPERATION_CLOSE)
        operation->result = 0;
    reply(operation);
    if (operation->socket != 0) {
        socket_release(sockets, socket_at(sockets, operation->socket));
        operation->socket = 0;
    }
}
