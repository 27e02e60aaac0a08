#include "socket/socket.h"

/* Descriptors, and the sockets that they, and operations under way, hold on to. */

static bool in_range(const struct septet_sockets *sockets, int fd)
{
    const struct septet_sockets_config *config = &sockets->config;
    return fd >= 0 && (uint32_t)fd >= config->first_descriptor &&
           (uint32_t)fd - config->first_descriptor < config->descriptors;
}

static bool is_taken(const struct septet_sockets *sockets, uint32_t slot)
{
    return sockets->taken[slot / 64] >> slot % 64 & 1;
}

static struct descriptor *descriptor_of(const struct septet_sockets *sockets, int fd)
{
    if (!in_range(sockets, fd) || !is_taken(sockets, (uint32_t)fd - sockets->config.first_descriptor))
        return NULL;
    return &sockets->descriptors[(uint32_t)fd - sockets->config.first_descriptor];
}

struct open_socket *socket_of(struct septet_sockets *sockets, int fd)
{
    sockets_take_events(sockets);
    const struct descriptor *descriptor = descriptor_of(sockets, fd);
    return descriptor == NULL ? NULL : socket_at(sockets, descriptor->socket);
}

struct open_socket *true_socket_of(struct septet_sockets *sockets, int fd, int *error)
{
    struct open_socket *socket = socket_of(sockets, fd);
    *error = socket == NULL ? ERRNO(EBADF) : ERRNO(ENOTSOCK);
    return socket == NULL || socket->kind == SOCKET_EPOLL ? NULL : socket;
}

septet_handle septet_sockets_handle(struct septet_sockets *sockets, int fd)
{
    const struct open_socket *socket = socket_of(sockets, fd);
    return socket == NULL ? 0 : socket->handle;
}

/* The first free slot from one on; `descriptors` when there is none. */
static uint32_t free_slot(const struct septet_sockets *sockets, uint32_t from)
{
    const uint32_t total = sockets->config.descriptors;
    while (from < total) {
        const uint64_t unused = ~sockets->taken[from / 64] >> from % 64;
        if (unused != 0)
            return min_u32(from + (uint32_t)__builtin_ctzll(unused), total);
        from = (from / 64 + 1) * 64;
    }
    return total;
}

static void take_slot(struct septet_sockets *sockets, uint32_t slot, struct open_socket *socket, bool close_on_exec)
{
    sockets->taken[slot / 64] |= UINT64_C(1) << slot % 64;
    sockets->descriptors[slot] =
        (struct descriptor){.socket = socket_reference(sockets, socket), .close_on_exec = close_on_exec};
    socket->references++;
}

int descriptor_open(struct septet_sockets *sockets, struct open_socket *socket, int lowest, bool close_on_exec)
{
    const uint32_t first = sockets->config.first_descriptor;
    const uint32_t slot = free_slot(sockets, (uint32_t)lowest > first ? (uint32_t)lowest - first : 0);
    if (slot == sockets->config.descriptors)
        return ERRNO(EMFILE);
    take_slot(sockets, slot, socket, close_on_exec);
    return (int)(slot + first);
}

uint32_t descriptor_release(struct septet_sockets *sockets, int fd)
{
    const uint32_t slot = (uint32_t)fd - sockets->config.first_descriptor;
    sockets->taken[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    return sockets->descriptors[slot].socket;
}

/* ---- open sockets ---- */

struct open_socket *socket_new(struct septet_sockets *sockets, enum socket_kind kind, int family)
{
    const uint32_t fresh = sockets->sockets.fresh;
    const uint32_t reference = slab_take(&sockets->sockets);
    if (reference == 0)
        return NULL;
    struct open_socket *socket = socket_at(sockets, reference);
    const uint32_t generation = sockets->sockets.fresh != fresh ? 1 : socket->generation + 1;
    *socket = (struct open_socket){.kind = (uint8_t)kind, .family = (uint8_t)family, .generation = generation};
    socket->local = socket->remote = any_of(socket);
    options_init(socket);
    return socket;
}

void socket_release(struct septet_sockets *sockets, struct open_socket *socket)
{
    if (socket->references != 0 && --socket->references != 0)
        return;
    epoll_forget(sockets, socket);
    port_leave(sockets, socket);
    if (socket->handle != 0) {
        if (is_stream(socket) && !socket->listening && socket->linger_on && socket->linger_seconds == 0)
            septet_abort(sockets->stack, socket->handle);
        else
            septet_close(sockets->stack, socket->handle);
    }
    socket->generation++; /* events of the handle, if any are still to come, find nobody */
    slab_return(&sockets->sockets, socket_reference(sockets, socket));
}

static bool known_protocol(int type, int protocol)
{
    return protocol == 0 || protocol == (type == SEPTET_SOCK_STREAM ? SEPTET_IPPROTO_TCP : SEPTET_IPPROTO_UDP);
}

int septet_sockets_socket(struct septet_sockets *sockets, int family, int type, int protocol)
{
    const int flags = type & (SEPTET_SOCK_NONBLOCK | SEPTET_SOCK_CLOEXEC);
    type &= ~flags;
    sockets_take_events(sockets);
    if (family != SEPTET_AF_INET && family != SEPTET_AF_INET6)
        return ERRNO(EAFNOSUPPORT);
    if (type != SEPTET_SOCK_STREAM && type != SEPTET_SOCK_DGRAM)
        return type < 0 || type > 15 ? ERRNO(EINVAL) : ERRNO(ESOCKTNOSUPPORT);
    if (!known_protocol(type, protocol))
        return ERRNO(EPROTONOSUPPORT);
    struct open_socket *socket =
        socket_new(sockets, type == SEPTET_SOCK_STREAM ? SOCKET_STREAM : SOCKET_DATAGRAM, family);
    if (socket == NULL)
        return ERRNO(ENFILE);
    socket->status = flags & SEPTET_SOCK_NONBLOCK;
    const int fd = descriptor_open(sockets, socket, 0, (flags & SEPTET_SOCK_CLOEXEC) != 0);
    if (fd < 0)
        socket_release(sockets, socket);
    return fd;
}

int septet_sockets_dup(struct septet_sockets *sockets, int fd)
{
    return septet_sockets_fcntl(sockets, fd, SEPTET_F_DUPFD, 0);
}

int septet_sockets_dup2(struct septet_sockets *sockets, int fd, int to)
{
    struct open_socket *socket = socket_of(sockets, fd);
    if (socket == NULL || !in_range(sockets, to))
        return ERRNO(EBADF);
    if (fd == to)
        return to;
    socket->references++; /* closing `to` may wait */
    if (descriptor_of(sockets, to) != NULL)
        septet_sockets_close(sockets, to);
    const uint32_t slot = (uint32_t)to - sockets->config.first_descriptor;
    const bool lost = is_taken(sockets, slot);
    if (!lost)
        take_slot(sockets, slot, socket, false);
    socket_release(sockets, socket);
    return lost ? ERRNO(EBUSY) : to;
}

/* ---- fcntl and ioctl ---- */

static int duplicate(struct septet_sockets *sockets, struct open_socket *socket, int lowest, bool close_on_exec)
{
    const int64_t end = (int64_t)sockets->config.first_descriptor + sockets->config.descriptors;
    if (lowest < 0 || lowest >= end)
        return ERRNO(EINVAL);
    return descriptor_open(sockets, socket, lowest, close_on_exec);
}

int septet_sockets_fcntl(struct septet_sockets *sockets, int fd, int command, int argument)
{
    const int changeable = SEPTET_O_NONBLOCK | SEPTET_O_ASYNC;
    struct open_socket *socket = socket_of(sockets, fd);
    if (socket == NULL)
        return ERRNO(EBADF);
    switch (command) {
    case SEPTET_F_DUPFD:
        return duplicate(sockets, socket, argument, false);
    case SEPTET_F_DUPFD_CLOEXEC:
        return duplicate(sockets, socket, argument, true);
    case SEPTET_F_GETFD:
        return descriptor_of(sockets, fd)->close_on_exec;
    case SEPTET_F_SETFD:
        descriptor_of(sockets, fd)->close_on_exec = (argument & SEPTET_FD_CLOEXEC) != 0;
        return 0;
    case SEPTET_F_GETFL:
        return SEPTET_O_RDWR | socket->status;
    case SEPTET_F_SETFL:
        socket->status = argument & changeable;
        return 0;
    case SEPTET_F_GETOWN:
        return socket->owner;
    case SEPTET_F_SETOWN:
        socket->owner = argument;
        return 0;
    default:
        return ERRNO(EINVAL);
    }
}

/* Bytes sent and not acknowledged, or only those not sent yet; a FIN counts for one, as on Linux. */
static int output_queue(struct septet_sockets *sockets, const struct open_socket *socket, bool unsent_only)
{
    struct septet_tcp_info info;
    const int state = stream_state(sockets, socket);
    if (state == SEPTET_TCP_CLOSE || state == SEPTET_TCP_SYN_SENT || state == SEPTET_TCP_SYN_RECV ||
        septet_tcp_info(sockets->stack, socket->handle, &info) != SEPTET_OK)
        return 0;
    const bool fin_unsent = info.state == SEPTET_STATE_close_wait || info.state == SEPTET_STATE_fin_wait_1;
    const uint32_t unsent = info.unsent;
    const bool fin = (socket->shutdown & SHUTDOWN_SEND) && fin_unsent && unsent != 0;
    return (int)(unsent + fin + (unsent_only ? 0 : info.snd_nxt - info.snd_una));
}

static int queue_length(struct septet_sockets *sockets, struct open_socket *socket, unsigned request)
{
    struct septet_datagram info;
    if (is_stream(socket)) {
        if (socket->listening)
            return ERRNO(EINVAL);
        urgent_update(sockets, socket);
        return request == SEPTET_FIONREAD ? (int)stream_readable(sockets, socket)
                                          : output_queue(sockets, socket, request == SEPTET_SIOCOUTQNSD);
    }
    if (request != SEPTET_FIONREAD || socket->handle == 0 ||
        septet_datagram_peek(sockets->stack, socket->handle, 0, NULL, 0, &info) < 0)
        return 0;
    return (int)info.length;
}

int septet_sockets_ioctl(struct septet_sockets *sockets, int fd, unsigned request, int *value)
{
    struct open_socket *socket = socket_of(sockets, fd);
    if (socket == NULL)
        return ERRNO(EBADF);
    switch (request) {
    case SEPTET_FIONBIO:
    case SEPTET_FIOASYNC: {
        const int bit = request == SEPTET_FIONBIO ? SEPTET_O_NONBLOCK : SEPTET_O_ASYNC;
        socket->status = *value != 0 ? socket->status | bit : socket->status & ~bit;
        return 0;
    }
    case SEPTET_SIOCSPGRP:
        socket->owner = *value;
        return 0;
    case SEPTET_SIOCGPGRP:
        *value = socket->owner;
        return 0;
    default:
        break;
    }
    if (socket->kind == SOCKET_EPOLL || (request == SEPTET_SIOCATMARK && !is_stream(socket)))
        return ERRNO(ENOTTY);
    if (request == SEPTET_SIOCATMARK) {
        urgent_update(sockets, socket);
        *value = urgent_at_mark(socket);
        return 0;
    }
    if (request != SEPTET_FIONREAD && request != SEPTET_SIOCOUTQ && request != SEPTET_SIOCOUTQNSD)
        return ERRNO(ENOTTY);
    const int length = queue_length(sockets, socket, request);
    if (length < 0)
        return length;
    *value = length;
    return 0;
}
