#include "kernel_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void kernel_socket(int socket)
{
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) != 0)
        setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static int listening(bool spinning)
{
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (spinning ? SOCK_NONBLOCK : 0), 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(ARENA_PORT)};
    kernel_socket(server);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 1024) != 0)
        return -1;
    return server;
}

/* accept4() that sleeps or spins, as the listening socket was made. */
static int next_connection(int server)
{
    int connection;
    do
        connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    while (connection < 0 && (errno == EAGAIN || errno == EINTR));
    return connection;
}

/* recv() of what is there, waiting for it. */
static ssize_t take(int connection, void *data, size_t length, bool spinning)
{
    ssize_t taken;
    do
        taken = recv(connection, data, length, spinning ? MSG_DONTWAIT : 0);
    while (taken < 0 && (errno == EAGAIN || errno == EINTR));
    return taken;
}

static void sink(struct arena *arena, int connection, uint8_t *buffer, bool spinning)
{
    for (ssize_t taken; (taken = take(connection, buffer, KERNEL_CHUNK, spinning)) > 0;)
        atomic_fetch_add_explicit(&arena->shared->bytes, (uint64_t)taken, memory_order_relaxed);
}

static void source(int connection, const uint8_t *buffer)
{
    while (send(connection, buffer, KERNEL_CHUNK, MSG_NOSIGNAL) > 0) {
    }
}

static bool answer(int connection, bool spinning)
{
    uint8_t message[KERNEL_MESSAGE];
    ssize_t taken = take(connection, message, sizeof message, spinning);
    return taken > 0 && send(connection, message, (size_t)taken, MSG_NOSIGNAL) == taken;
}

static void echo(int server, const struct kernel_server *what)
{
    int poll = epoll_create1(EPOLL_CLOEXEC), last = -1;
    for (unsigned i = 0; i < what->connections; i++) {
        last = next_connection(server);
        epoll_ctl(poll, EPOLL_CTL_ADD, last, &(struct epoll_event){.events = EPOLLIN, .data.fd = last});
    }
    if (what->connections == 1)
        while (answer(last, what->spinning)) {
        }
    for (bool good = true; good;) {
        struct epoll_event events[64];
        int count = epoll_wait(poll, events, 64, what->spinning ? 0 : -1);
        for (int i = 0; i < count && good; i++)
            good = answer(events[i].data.fd, false);
    }
}

void kernel_serve(struct arena *arena, const void *arguments)
{
    const struct kernel_server *what = arguments;
    int server = listening(what->spinning);
    uint8_t *buffer = calloc(1, KERNEL_CHUNK);
    if (server < 0 || !buffer)
        return;
    atomic_store(&arena->shared->ready, 1);
    if (what->role == KERNEL_ECHO)
        echo(server, what);
    for (;;) {
        int connection = next_connection(server);
        if (connection < 0)
            continue;
        if (what->role == KERNEL_SINK)
            sink(arena, connection, buffer, what->spinning);
        else if (what->role == KERNEL_SOURCE)
            source(connection, buffer);
        else
            answer(connection, what->spinning);
        close(connection);
    }
}
