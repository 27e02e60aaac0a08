#include "socket/socket.h"

/* send() and recv() of UDP sockets. */

#define PIECES 64 /* septet_datagram_send_spans() takes */
#define LONGEST 65535u

static int destination(struct septet_sockets *sockets, const struct open_socket *socket,
                       const struct septet_msghdr *message, struct septet_address *address, uint16_t *port)
{
    if (message->name == NULL || message->name_length == 0) {
        *address = socket->remote;
        *port = socket->remote_port;
        return socket->phase == PHASE_CONNECTED ? 0 : ERRNO(EDESTADDRREQ);
    }
    const int error = destination_take(sockets, socket, message->name, message->name_length, address, port);
    return error == 0 && *port == 0 ? ERRNO(EINVAL) : error;
}

/* The bytes [offset, offset + length) of a message as spans. */
static uint32_t spans_of(const struct septet_msghdr *message, uint64_t offset, uint64_t length,
                         struct septet_span spans[PIECES])
{
    uint32_t count = 0;
    while (length != 0 && count < PIECES) {
        uint64_t piece = length;
        spans[count].data = vector_at(message, offset, &piece);
        spans[count++].length = (uint32_t)piece;
        offset += piece;
        length -= piece;
    }
    return length == 0 ? count : PIECES + 1;
}

/* What Linux makes of a refusal. */
static int send_error(const struct open_socket *socket, int64_t error)
{
    if (error == SEPTET_INVALID)
        return socket->stored[STORED_SO_BROADCAST] ? ERRNO(EINVAL) : ERRNO(EACCES);
    return septet_errno_of((int)error);
}

/* Sends the message as one datagram, or with UDP_SEGMENT as several. */
static bool send_all(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation,
                     const struct septet_address *to, uint16_t port)
{
    struct septet_span spans[PIECES];
    const struct septet_msghdr *message = &operation->of.data.message;
    const uint64_t total = vector_length(message);
    const uint64_t segment = (uint64_t)socket->stored[STORED_UDP_SEGMENT];
    do {
        const uint64_t left = total - operation->progress;
        const uint64_t length = segment != 0 ? min_u64(left, segment) : left;
        const uint32_t count = spans_of(message, operation->progress, length, spans);
        if (count > PIECES)
            return operation_end(operation, ERRNO(EMSGSIZE));
        const int64_t sent = septet_datagram_send_spans(sockets->stack, socket->handle, to, port, spans, count);
        if (sent == SEPTET_AGAIN || sent == SEPTET_NO_PAGES) {
            socket->send_blocked = true;
            return operation_out_of_time(sockets, operation) ? operation_end(operation, ERRNO(EAGAIN)) : false;
        }
        if (sent < 0)
            return operation_end(operation, send_error(socket, sent));
        operation->progress += (uint64_t)sent;
    } while (operation->progress < total);
    return operation_end(operation, (int64_t)total);
}

bool datagram_send_step(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation)
{
    const struct septet_msghdr *message = &operation->of.data.message;
    struct septet_address to;
    const struct septet_address any = any_of(socket);
    uint16_t port;
    if (vector_length(message) > LONGEST)
        return operation_end(operation, ERRNO(EMSGSIZE));
    if (operation->flags & SEPTET_MSG_OOB)
        return operation_end(operation, ERRNO(EOPNOTSUPP));
    int error = destination(sockets, socket, message, &to, &port);
    if (error == 0 && socket->error != 0)
        error = take_socket_error(socket);
    if (error == 0 && (socket->shutdown & SHUTDOWN_SEND))
        error = ERRNO(EPIPE);
    if (error == 0 && socket->handle == 0)
        error = socket_bind(sockets, socket, &any, 0);
    if (error != 0)
        return operation_end(operation, error);
    return send_all(sockets, socket, operation, &to, port);
}

static void give_source(const struct open_socket *socket, struct septet_msghdr *message,
                        const struct septet_address *address, uint16_t port)
{
    uint32_t length = message->name_length;
    name_give(socket, address, port, message->name, &length);
    message->name_length = message->name == NULL ? 0 : length;
}

static bool receive_error(struct septet_sockets *sockets, struct open_socket *socket,
                          struct septet_operation *operation)
{
    struct septet_msghdr *message = &operation->of.data.message;
    struct septet_datagram_error error;
    struct control control;
    uint64_t length = UINT64_MAX;
    uint8_t *to = vector_at(message, 0, &length);
    const int64_t got = socket->handle == 0 ? (int64_t)SEPTET_AGAIN
                                            : septet_datagram_error(sockets->stack, socket->handle, to,
                                                                    to == NULL ? 0 : (size_t)length, &error);
    if (got < 0)
        return operation_end(operation, ERRNO(EAGAIN));
    message->flags |= SEPTET_MSG_ERRQUEUE | ((uint64_t)got < error.length ? SEPTET_MSG_TRUNC : 0);
    give_source(socket, message, &error.to, error.to_port);
    control_begin(&control, message);
    control_of_error(socket, &error, &control);
    control_end(&control);
    return operation_end(operation, got);
}

static bool take_datagram(struct septet_sockets *sockets, struct open_socket *socket,
                          struct septet_operation *operation, const struct septet_datagram *info)
{
    struct septet_msghdr *message = &operation->of.data.message;
    struct control control;
    uint64_t copied = 0;
    while (copied < info->length) {
        uint64_t piece = info->length - copied;
        uint8_t *to = vector_at(message, copied, &piece);
        if (to == NULL)
            break;
        septet_datagram_peek(sockets->stack, socket->handle, (uint32_t)copied, to, (size_t)piece, NULL);
        copied += piece;
    }
    if (!(operation->flags & SEPTET_MSG_PEEK))
        septet_datagram_receive(sockets->stack, socket->handle, NULL, 0, NULL);
    if (copied < info->length)
        message->flags |= SEPTET_MSG_TRUNC;
    give_source(socket, message, &info->from, info->from_port);
    control_begin(&control, message);
    control_of_datagram(socket, info, &control);
    control_end(&control);
    return operation_end(operation, (operation->flags & SEPTET_MSG_TRUNC) ? info->length : (int64_t)copied);
}

bool datagram_receive_step(struct septet_sockets *sockets, struct open_socket *socket,
                           struct septet_operation *operation)
{
    struct septet_datagram info;
    if (operation->flags & SEPTET_MSG_ERRQUEUE)
        return receive_error(sockets, socket, operation);
    if (operation->flags & SEPTET_MSG_OOB)
        return operation_end(operation, ERRNO(EOPNOTSUPP));
    if (socket->error != 0)
        return operation_end(operation, take_socket_error(socket));
    if (socket->handle != 0 && septet_datagram_peek(sockets->stack, socket->handle, 0, NULL, 0, &info) >= 0)
        return take_datagram(sockets, socket, operation, &info);
    if (operation_out_of_time(sockets, operation))
        return operation_end(operation, ERRNO(EAGAIN));
    return (socket->shutdown & SHUTDOWN_RECEIVE) ? operation_end(operation, 0) : false;
}
