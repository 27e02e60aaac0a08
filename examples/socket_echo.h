/* The classic echo server and client, written with Berkeley sockets; the programs that include this only differ in
 * what is below the stack. */
#ifndef SOCKET_ECHO_H
#define SOCKET_ECHO_H

#include <septet/socket.h>
#include <string.h>

/* Opens a listener and an epoll set that watches it. Returns the set, or a negative error number. */
static inline int echo_open(struct septet_sockets *sockets, uint16_t port, int *listener)
{
    union septet_sockaddr name;
    const int yes = 1;
    const int set = septet_sockets_epoll_create(sockets, 0);
    const int fd = septet_sockets_socket(sockets, SEPTET_AF_INET6, SEPTET_SOCK_STREAM | SEPTET_SOCK_NONBLOCK, 0);
    struct septet_epoll_event event = {.events = SEPTET_EPOLLIN, .data = (uint64_t)fd};
    septet_sockets_setsockopt(sockets, fd, SEPTET_SOL_SOCKET, SEPTET_SO_REUSEADDR, &yes, sizeof yes);
    int error = septet_sockets_bind(sockets, fd, &name, septet_sockaddr_make(&name, SEPTET_AF_INET6, NULL, port));
    if (error == 0)
        error = septet_sockets_listen(sockets, fd, SEPTET_SOMAXCONN);
    if (error == 0)
        error = septet_sockets_epoll_ctl(sockets, set, SEPTET_EPOLL_CTL_ADD, fd, &event);
    *listener = fd;
    return error == 0 ? set : error;
}

/* Sends back what has come. True when the connection is over. */
static inline bool echo_once(struct septet_sockets *sockets, int fd)
{
    char bytes[4096];
    const int64_t got = septet_sockets_recv(sockets, fd, bytes, sizeof bytes, SEPTET_MSG_DONTWAIT);
    if (got > 0)
        return septet_sockets_send(sockets, fd, bytes, (size_t)got, 0) != got;
    return got != -SEPTET_EAGAIN;
}

/* Serves what is ready; waits for it up to `timeout` ns, if the sockets can wait. */
static inline void echo_turn(struct septet_sockets *sockets, int set, int listener, int64_t timeout)
{
    struct septet_epoll_event ready[16];
    const int count = septet_sockets_epoll_wait(sockets, set, ready, 16, timeout);
    for (int i = 0; i < count; i++) {
        int fd = (int)ready[i].data;
        if (fd != listener) {
            if (echo_once(sockets, fd))
                septet_sockets_close(sockets, fd); /* its entry in the set goes with it */
            continue;
        }
        while ((fd = septet_sockets_accept4(sockets, listener, NULL, NULL, 0)) >= 0) {
            struct septet_epoll_event event = {.events = SEPTET_EPOLLIN, .data = (uint64_t)fd};
            septet_sockets_epoll_ctl(sockets, set, SEPTET_EPOLL_CTL_ADD, fd, &event);
        }
    }
}

/* Sends a text and takes it back: the bytes that came, or a negative error number. The sockets must be able to wait. */
static inline int64_t echo_ask(struct septet_sockets *sockets, const struct septet_address *server, uint16_t port,
                               const char *text, char *answer, size_t room)
{
    union septet_sockaddr name;
    const uint32_t length = septet_sockaddr_make(&name, SEPTET_AF_INET6, server, port);
    const int fd = septet_sockets_socket(sockets, SEPTET_AF_INET6, SEPTET_SOCK_STREAM, 0);
    if (fd < 0)
        return fd;
    int64_t result = septet_sockets_connect(sockets, fd, &name, length);
    if (result == 0)
        result = septet_sockets_send(sockets, fd, text, strlen(text), 0);
    if (result >= 0)
        result = septet_sockets_shutdown(sockets, fd, SEPTET_SHUT_WR);
    if (result == 0)
        result = septet_sockets_recv(sockets, fd, answer, room, SEPTET_MSG_WAITALL);
    septet_sockets_close(sockets, fd);
    return result;
}

#endif
