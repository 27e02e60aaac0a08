#include "socket/socket.h"

/* recv() on a stream, in the order in which Linux's tcp_recvmsg asks its questions. */

struct reading {
    struct septet_sockets *sockets;
    struct open_socket *socket;
    struct septet_operation *operation;
    struct septet_msghdr *message;
    uint64_t length; /* asked for */
    uint32_t peeked; /* bytes beyond the position that were looked at */
    bool nowhere;    /* the memory to read to is none */
};

static bool looks_only(const struct reading *reading) { return (reading->operation->flags & SEPTET_MSG_PEEK) != 0; }

/* Copies bytes from where reading is, and steps over them. */
static void take_bytes(struct reading *reading, uint32_t count)
{
    struct septet_operation *operation = reading->operation;
    for (uint32_t left = count; left != 0;) {
        uint64_t piece = left;
        uint8_t *to = vector_at(reading->message, operation->progress, &piece);
        if (!(operation->flags & SEPTET_MSG_TRUNC))
            septet_receive_copy(reading->sockets->stack, reading->socket->handle, reading->peeked + (count - left), to,
                                (size_t)piece);
        operation->progress += piece;
        left -= (uint32_t)piece;
    }
    if (looks_only(reading))
        reading->peeked += count;
    else
        stream_consume(reading->sockets, reading->socket, count);
}

static void skip_urgent(struct reading *reading)
{
    if (looks_only(reading))
        reading->peeked++;
    else
        stream_consume(reading->sockets, reading->socket, 1);
}

/* Whether the next byte has a place to go to. */
static bool has_room(const struct reading *reading)
{
    uint64_t piece = 1;
    return (reading->operation->flags & SEPTET_MSG_TRUNC) ||
           vector_at(reading->message, reading->operation->progress, &piece) != NULL;
}

/* Takes what is there. True when reading must stop at the urgent mark, or where there is no memory. */
static bool take_available(struct reading *reading)
{
    struct open_socket *socket = reading->socket;
    for (;;) {
        const uint32_t there = stream_available(reading->sockets, socket) - reading->peeked;
        const uint32_t at = socket->position + reading->peeked;
        const uint64_t left = reading->length - reading->operation->progress;
        uint32_t usable = (uint32_t)min_u64(there, left);
        if (socket->urgent != URGENT_NONE && socket->urgent_at == at && reading->operation->progress != 0)
            return true;
        if (usable == 0)
            return false;
        if (!has_room(reading)) {
            reading->nowhere = true;
            return true;
        }
        if (socket->urgent != URGENT_NONE && socket->urgent_at - at < usable) {
            if (socket->urgent_at != at) {
                usable = socket->urgent_at - at;
            } else if (!socket->stored[STORED_SO_OOBINLINE]) {
                skip_urgent(reading);
                continue;
            }
        }
        take_bytes(reading, usable);
    }
}

/* Nothing (more) is there: 1 to wait, else what the call returns, < 0 or 0. */
static int nothing_left(const struct reading *reading)
{
    struct open_socket *socket = reading->socket;
    if (socket->peer_closed && (socket->error == 0 || !reading->sockets->config.error_first))
        return 0;
    if (socket->error != 0)
        return take_socket_error(socket);
    if (socket->shutdown & SHUTDOWN_RECEIVE)
        return 0;
    if (stream_state(reading->sockets, socket) == SEPTET_TCP_CLOSE)
        return ERRNO(ENOTCONN);
    if (reading->length == 0)
        return 0;
    return operation_out_of_time(reading->sockets, reading->operation) ? ERRNO(EAGAIN) : 1;
}

static void tell_queue(const struct reading *reading)
{
    struct control control;
    control_begin(&control, reading->message);
    if (reading->socket->stored[STORED_TCP_INQ]) {
        int left = (int)stream_readable(reading->sockets, reading->socket);
        if (left == 0 && (reading->socket->shutdown & SHUTDOWN_RECEIVE))
            left = 1;
        control_add(&control, SEPTET_SOL_TCP, SEPTET_TCP_CM_INQ, &left, sizeof left);
    }
    control_end(&control);
}

static bool ended(const struct reading *reading, int64_t result)
{
    if (result >= 0)
        tell_queue(reading);
    reading->message->name_length = 0;
    return operation_end(reading->operation, result);
}

static uint64_t enough(const struct reading *reading)
{
    const uint32_t low = (uint32_t)reading->socket->stored[STORED_SO_RCVLOWAT];
    const uint64_t target =
        (reading->operation->flags & SEPTET_MSG_WAITALL) ? reading->length : min_u64(low, reading->length);
    return target == 0 ? 1 : target;
}

bool stream_receive_step(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation)
{
    struct septet_msghdr *message = &operation->of.data.message;
    struct reading reading = {
        .sockets = sockets,
        .socket = socket,
        .operation = operation,
        .message = message,
        .length = vector_length(message),
    };
    if (socket->listening)
        return operation_end(operation, ERRNO(ENOTCONN));
    if (operation->flags & SEPTET_MSG_ERRQUEUE)
        return operation_end(operation, ERRNO(EAGAIN));
    urgent_update(sockets, socket);
    if (operation->flags & SEPTET_MSG_OOB)
        return ended(&reading, urgent_receive(sockets, socket, message, operation->flags));
    if (looks_only(&reading))
        operation->progress = 0; /* looking begins anew each time */
    const bool at_mark = take_available(&reading);
    const uint64_t copied = operation->progress;
    if (reading.nowhere && copied == 0)
        return ended(&reading, ERRNO(EFAULT));
    if (at_mark || copied == reading.length || copied >= enough(&reading)) {
        if (copied != 0 || at_mark)
            return ended(&reading, (int64_t)copied);
    }
    if (copied != 0) {
        const bool over = socket->error != 0 || (socket->shutdown & SHUTDOWN_RECEIVE) ||
                          stream_state(sockets, socket) == SEPTET_TCP_CLOSE;
        return over || operation_out_of_time(sockets, operation) ? ended(&reading, (int64_t)copied) : false;
    }
    const int result = nothing_left(&reading);
    return result == 1 ? false : ended(&reading, result);
}
