#include "socket/socket.h"

/* send() on a stream, in the order in which Linux's tcp_sendmsg asks its questions. */

uint64_t vector_length(const struct septet_msghdr *message)
{
    uint64_t length = 0;
    for (size_t i = 0; i < message->vector_count; i++)
        length += message->vector[i].length;
    return length;
}

uint8_t *vector_at(const struct septet_msghdr *message, uint64_t offset, uint64_t *length)
{
    for (size_t i = 0; i < message->vector_count; i++) {
        const struct septet_iovec *piece = &message->vector[i];
        if (offset < piece->length) {
            *length = min_u64(*length, piece->length - offset);
            return piece->base == NULL ? NULL : (uint8_t *)piece->base + offset;
        }
        offset -= piece->length;
    }
    *length = 0;
    return NULL;
}

/* What is left of a failed call: the bytes that were taken, else the pending error in place of a broken pipe. */
static bool failed(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation,
                   int error)
{
    if (operation->progress != 0)
        return operation_end(operation, (int64_t)operation->progress);
    if (error == ERRNO(EPIPE) && socket->error != 0 && !sockets->config.error_first)
        error = take_socket_error(socket);
    return operation_end(operation, error);
}

/* Still being opened: 0 when it is open, -SEPTET_EINPROGRESS to wait, or an error. */
static int wait_connected(struct septet_sockets *sockets, struct open_socket *socket,
                          const struct septet_operation *operation)
{
    const int state = stream_state(sockets, socket);
    if (state == SEPTET_TCP_ESTABLISHED || state == SEPTET_TCP_CLOSE_WAIT)
        return 0;
    if (sockets->config.send_connected && !socket->over && socket->phase != PHASE_CONNECTED)
        return ERRNO(ENOTCONN);
    if (socket->error != 0 && !sockets->config.error_first)
        return take_socket_error(socket);
    if (state != SEPTET_TCP_SYN_SENT && state != SEPTET_TCP_SYN_RECV)
        return ERRNO(EPIPE);
    return operation_out_of_time(sockets, operation) ? ERRNO(EAGAIN) : ERRNO(EINPROGRESS);
}

/* Gives the stack what it takes: bytes > 0, or enum septet_error: SEPTET_INVALID where there is no memory. */
static int64_t push(struct septet_sockets *sockets, const struct open_socket *socket,
                    const struct septet_operation *operation, uint64_t left)
{
    uint64_t length = left;
    const uint8_t *data = vector_at(&operation->of.data.message, operation->progress, &length);
    if (data == NULL)
        return SEPTET_INVALID;
    unsigned flags = (operation->flags & SEPTET_MSG_MORE) ? SEPTET_SEND_MORE : 0u;
    if ((operation->flags & SEPTET_MSG_OOB) && length == left) {
        const int64_t room = septet_send_room(sockets->stack, socket->handle);
        flags |= room >= 0 && (uint64_t)room >= left ? (unsigned)SEPTET_SEND_URGENT : 0u;
    }
    return septet_send(sockets->stack, socket->handle, data, (size_t)length, flags);
}

bool stream_send_step(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation)
{
    const uint64_t total = vector_length(&operation->of.data.message);
    if (operation->progress == 0) {
        const int waiting = wait_connected(sockets, socket, operation);
        if (waiting == ERRNO(EINPROGRESS))
            return false;
        if (waiting != 0)
            return failed(sockets, socket, operation, waiting);
    }
    for (;;) {
        if (socket->error != 0 || (socket->shutdown & SHUTDOWN_SEND))
            return failed(sockets, socket, operation, ERRNO(EPIPE));
        if (operation->progress == total)
            return operation_end(operation, (int64_t)total);
        const int64_t taken = push(sockets, socket, operation, total - operation->progress);
        if (taken == SEPTET_AGAIN || taken == SEPTET_NO_PAGES)
            return operation_out_of_time(sockets, operation) ? failed(sockets, socket, operation, ERRNO(EAGAIN))
                                                             : false;
        if (taken == SEPTET_INVALID)
            return failed(sockets, socket, operation, ERRNO(EFAULT));
        if (taken < 0)
            return failed(sockets, socket, operation, ERRNO(EPIPE));
        operation->progress += (uint64_t)taken;
    }
}
