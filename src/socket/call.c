#include "socket/socket.h"

/* The calls that may block: an operation, and waiting until it is done. */

static int64_t run(struct septet_sockets *sockets, struct septet_operation *operation)
{
    const struct septet_sockets_config *config = &sockets->config;
    operation->nonblocking = config->wait == NULL;
    for (bool done = septet_operation_start(sockets, operation); !done;
         done = septet_operation_continue(sockets, operation)) {
        const int error = config->wait(config->wait_context, sockets, operation->deadline);
        if (error == 0 || error == ERRNO(ETIMEDOUT))
            continue;
        septet_operation_cancel(sockets, operation, error);
        break;
    }
    return operation->result;
}

int septet_sockets_accept4(struct septet_sockets *sockets, int fd, void *address, uint32_t *length, int flags)
{
    struct septet_operation operation = septet_operation_accept(fd, address, length, flags);
    return (int)run(sockets, &operation);
}

int septet_sockets_connect(struct septet_sockets *sockets, int fd, const void *address, uint32_t length)
{
    struct septet_operation operation = septet_operation_connect(fd, address, length);
    return (int)run(sockets, &operation);
}

int septet_sockets_close(struct septet_sockets *sockets, int fd)
{
    struct septet_operation operation = septet_operation_close(fd);
    return (int)run(sockets, &operation);
}

int64_t septet_sockets_sendto(struct septet_sockets *sockets, int fd, const void *data, size_t length, int flags,
                              const void *address, uint32_t address_length)
{
    struct septet_operation operation = septet_operation_sendto(fd, data, length, flags, address, address_length);
    return run(sockets, &operation);
}

int64_t septet_sockets_send(struct septet_sockets *sockets, int fd, const void *data, size_t length, int flags)
{
    return septet_sockets_sendto(sockets, fd, data, length, flags, NULL, 0);
}

int64_t septet_sockets_write(struct septet_sockets *sockets, int fd, const void *data, size_t length)
{
    return septet_sockets_sendto(sockets, fd, data, length, 0, NULL, 0);
}

int64_t septet_sockets_sendmsg(struct septet_sockets *sockets, int fd, const struct septet_msghdr *message, int flags)
{
    struct septet_operation operation = septet_operation_sendmsg(fd, message, flags);
    return run(sockets, &operation);
}

int64_t septet_sockets_recvfrom(struct septet_sockets *sockets, int fd, void *data, size_t length, int flags,
                                void *address, uint32_t *address_length)
{
    struct septet_operation operation = septet_operation_recvfrom(fd, data, length, flags, address, address_length);
    return run(sockets, &operation);
}

int64_t septet_sockets_recv(struct septet_sockets *sockets, int fd, void *data, size_t length, int flags)
{
    return septet_sockets_recvfrom(sockets, fd, data, length, flags, NULL, NULL);
}

/* read() of nothing asks nothing, as in System V. */
int64_t septet_sockets_read(struct septet_sockets *sockets, int fd, void *data, size_t length)
{
    int error;
    if (length == 0)
        return true_socket_of(sockets, fd, &error) == NULL ? error : 0;
    return septet_sockets_recvfrom(sockets, fd, data, length, 0, NULL, NULL);
}

int64_t septet_sockets_recvmsg(struct septet_sockets *sockets, int fd, struct septet_msghdr *message, int flags)
{
    struct septet_operation operation = septet_operation_recvmsg(fd, message, flags);
    return run(sockets, &operation);
}

#define VECTOR_MOST 1024 /* IOV_MAX */

static struct septet_msghdr message_of(const struct septet_iovec *vector, int count)
{
    void *same; /* it is only read */
    memcpy(&same, &vector, sizeof same);
    return (struct septet_msghdr){.vector = same, .vector_count = (size_t)count};
}

int64_t septet_sockets_writev(struct septet_sockets *sockets, int fd, const struct septet_iovec *vector, int count)
{
    if (count < 0 || count > VECTOR_MOST)
        return ERRNO(EINVAL);
    const struct septet_msghdr message = message_of(vector, count);
    return septet_sockets_sendmsg(sockets, fd, &message, 0);
}

int64_t septet_sockets_readv(struct septet_sockets *sockets, int fd, const struct septet_iovec *vector, int count)
{
    if (count < 0 || count > VECTOR_MOST)
        return ERRNO(EINVAL);
    struct septet_msghdr message = message_of(vector, count);
    return septet_sockets_recvmsg(sockets, fd, &message, 0);
}

int septet_sockets_poll(struct septet_sockets *sockets, struct septet_pollfd *fds, uint32_t count, int64_t timeout)
{
    struct septet_operation operation = septet_operation_poll(fds, count, timeout);
    return (int)run(sockets, &operation);
}

int septet_sockets_epoll_wait(struct septet_sockets *sockets, int epoll, struct septet_epoll_event *events, int maximum,
                              int64_t timeout)
{
    struct septet_operation operation = septet_operation_epoll_wait(epoll, events, maximum, timeout);
    return (int)run(sockets, &operation);
}
