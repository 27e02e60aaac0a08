#include "socket/socket.h"

/* epoll. A watch whose socket was woken stands in the ready list of its set; epoll_wait() looks at those alone, so it
 * costs what is ready and not what is watched. A level-triggered watch stays in the list while its socket is ready,
 * an edge-triggered one comes back with the next wake-up. Interest belongs to the socket and the descriptor together,
 * and ends with the socket, not with the descriptor, as on Linux. */

#define PRIVATE (SEPTET_EPOLLWAKEUP | SEPTET_EPOLLONESHOT | SEPTET_EPOLLET | SEPTET_EPOLLEXCLUSIVE)
#define WITH_EXCLUSIVE                                                                                            \
    (SEPTET_EPOLLIN | SEPTET_EPOLLOUT | SEPTET_EPOLLERR | SEPTET_EPOLLHUP | SEPTET_EPOLLWAKEUP | SEPTET_EPOLLET | \
     SEPTET_EPOLLEXCLUSIVE)
#define EVENTS_MOST (INT32_MAX / (int)sizeof(struct septet_epoll_event))

/* ---- lists ---- */

static void ready_append(struct septet_sockets *sockets, struct open_socket *set, struct watch *watch)
{
    const uint32_t reference = slab_reference(&sockets->watches, watch);
    if (watch->ready)
        return;
    watch->ready = true;
    watch->ready_next = 0;
    watch->ready_previous = set->epoll.ready_last;
    if (set->epoll.ready_last != 0)
        watch_at(sockets, set->epoll.ready_last)->ready_next = reference;
    else
        set->epoll.ready_first = reference;
    set->epoll.ready_last = reference;
}

static void ready_remove(struct septet_sockets *sockets, struct open_socket *set, struct watch *watch)
{
    if (!watch->ready)
        return;
    watch->ready = false;
    if (watch->ready_previous != 0)
        watch_at(sockets, watch->ready_previous)->ready_next = watch->ready_next;
    else
        set->epoll.ready_first = watch->ready_next;
    if (watch->ready_next != 0)
        watch_at(sockets, watch->ready_next)->ready_previous = watch->ready_previous;
    else
        set->epoll.ready_last = watch->ready_previous;
}

static struct watch *watch_new(struct septet_sockets *sockets, struct open_socket *set, struct open_socket *socket,
                               int fd)
{
    const uint32_t reference = slab_take(&sockets->watches);
    if (reference == 0)
        return NULL;
    struct watch *watch = watch_at(sockets, reference);
    *watch = (struct watch){
        .socket = socket_reference(sockets, socket),
        .epoll = socket_reference(sockets, set),
        .fd = fd,
        .socket_next = socket->watches,
        .set_next = set->epoll.watches,
    };
    if (watch->socket_next != 0)
        watch_at(sockets, watch->socket_next)->socket_previous = reference;
    if (watch->set_next != 0)
        watch_at(sockets, watch->set_next)->set_previous = reference;
    socket->watches = set->epoll.watches = reference;
    set->epoll.nested += socket->kind == SOCKET_EPOLL;
    return watch;
}

static void watch_free(struct septet_sockets *sockets, struct watch *watch)
{
    struct open_socket *set = socket_at(sockets, watch->epoll), *socket = socket_at(sockets, watch->socket);
    ready_remove(sockets, set, watch);
    if (watch->socket_previous != 0)
        watch_at(sockets, watch->socket_previous)->socket_next = watch->socket_next;
    else
        socket->watches = watch->socket_next;
    if (watch->socket_next != 0)
        watch_at(sockets, watch->socket_next)->socket_previous = watch->socket_previous;
    if (watch->set_previous != 0)
        watch_at(sockets, watch->set_previous)->set_next = watch->set_next;
    else
        set->epoll.watches = watch->set_next;
    if (watch->set_next != 0)
        watch_at(sockets, watch->set_next)->set_previous = watch->set_previous;
    set->epoll.nested -= socket->kind == SOCKET_EPOLL;
    slab_return(&sockets->watches, slab_reference(&sockets->watches, watch));
}

void epoll_forget(struct septet_sockets *sockets, struct open_socket *socket)
{
    while (socket->watches != 0)
        watch_free(sockets, watch_at(sockets, socket->watches));
    while (socket->kind == SOCKET_EPOLL && socket->epoll.watches != 0)
        watch_free(sockets, watch_at(sockets, socket->epoll.watches));
}

/* ---- readiness ---- */

static uint32_t watched_mask(struct septet_sockets *sockets, const struct watch *watch)
{
    return socket_mask(sockets, socket_at(sockets, watch->socket)) & watch->events;
}

static bool disarmed(const struct watch *watch) { return (watch->events & ~(uint32_t)PRIVATE) == 0; }

/* Sets do not nest deeper than two, see add(): so neither does this. */
void epoll_notify(struct septet_sockets *sockets, uint32_t reference, uint32_t key)
{
    struct watch *watch = watch_at(sockets, reference);
    if (disarmed(watch) || (key != 0 && (key & watch->events) == 0))
        return;
    struct open_socket *set = socket_at(sockets, watch->epoll);
    ready_append(sockets, set, watch);
    socket_wake(sockets, set, SEPTET_POLLIN | SEPTET_POLLRDNORM);
}

bool epoll_ready(struct septet_sockets *sockets, struct open_socket *epoll)
{
    while (epoll->epoll.ready_first != 0) {
        struct watch *watch = watch_at(sockets, epoll->epoll.ready_first);
        if (watched_mask(sockets, watch) != 0)
            return true;
        ready_remove(sockets, epoll, watch);
    }
    return false;
}

/* ---- the calls ---- */

int septet_sockets_epoll_create(struct septet_sockets *sockets, int flags)
{
    if ((flags & ~SEPTET_EPOLL_CLOEXEC) != 0)
        return ERRNO(EINVAL);
    struct open_socket *set = socket_new(sockets, SOCKET_EPOLL, SEPTET_AF_UNSPEC);
    if (set == NULL)
        return ERRNO(ENFILE);
    const int fd = descriptor_open(sockets, set, 0, flags != 0);
    if (fd < 0)
        socket_release(sockets, set);
    return fd;
}

static struct watch *find(struct septet_sockets *sockets, const struct open_socket *set,
                          const struct open_socket *socket, int fd)
{
    for (uint32_t at = socket->watches; at != 0; at = watch_at(sockets, at)->socket_next) {
        struct watch *watch = watch_at(sockets, at);
        if (watch->epoll == socket_reference(sockets, set) && watch->fd == fd)
            return watch;
    }
    return NULL;
}

/* Takes what is asked for, and looks whether it is there already: it is told once, edge-triggered or not. */
static void arm(struct septet_sockets *sockets, struct open_socket *set, struct watch *watch,
                const struct septet_epoll_event *event)
{
    watch->events = event->events | SEPTET_EPOLLERR | SEPTET_EPOLLHUP;
    watch->data = event->data;
    if (watched_mask(sockets, watch) == 0 || watch->ready)
        return;
    ready_append(sockets, set, watch);
    socket_wake(sockets, set, SEPTET_POLLIN | SEPTET_POLLRDNORM);
}

static int add(struct septet_sockets *sockets, struct open_socket *set, struct open_socket *socket, int fd,
               const struct septet_epoll_event *event)
{
    /* A set in a set is as deep as it goes. */
    if (socket->kind == SOCKET_EPOLL && (socket->epoll.nested != 0 || set->watches != 0))
        return ERRNO(ELOOP);
    for (uint32_t at = set->watches; socket->kind == SOCKET_EPOLL && at != 0; at = watch_at(sockets, at)->socket_next)
        if (watch_at(sockets, at)->epoll == socket_reference(sockets, socket))
            return ERRNO(ELOOP);
    struct watch *watch = watch_new(sockets, set, socket, fd);
    if (watch == NULL)
        return ERRNO(ENOMEM);
    arm(sockets, set, watch, event);
    return 0;
}

int septet_sockets_epoll_ctl(struct septet_sockets *sockets, int epoll, int command, int fd,
                             const struct septet_epoll_event *event)
{
    struct open_socket *set = socket_of(sockets, epoll), *socket = socket_of(sockets, fd);
    if (set == NULL || socket == NULL)
        return ERRNO(EBADF);
    if (set == socket || set->kind != SOCKET_EPOLL)
        return ERRNO(EINVAL);
    if (command != SEPTET_EPOLL_CTL_DEL && event == NULL)
        return ERRNO(EFAULT);
    const bool exclusive = event != NULL && (event->events & SEPTET_EPOLLEXCLUSIVE);
    struct watch *watch = find(sockets, set, socket, fd);
    switch (command) {
    case SEPTET_EPOLL_CTL_ADD:
        if (exclusive && (socket->kind == SOCKET_EPOLL || (event->events & ~(uint32_t)WITH_EXCLUSIVE) != 0))
            return ERRNO(EINVAL);
        return watch != NULL ? ERRNO(EEXIST) : add(sockets, set, socket, fd, event);
    case SEPTET_EPOLL_CTL_MOD:
        if (exclusive || (watch != NULL && (watch->events & SEPTET_EPOLLEXCLUSIVE)))
            return ERRNO(EINVAL);
        if (watch == NULL)
            return ERRNO(ENOENT);
        arm(sockets, set, watch, event);
        return 0;
    case SEPTET_EPOLL_CTL_DEL:
        if (watch == NULL)
            return ERRNO(ENOENT);
        watch_free(sockets, watch);
        return 0;
    default:
        return ERRNO(EINVAL);
    }
}

static int collect(struct septet_sockets *sockets, struct open_socket *set, struct septet_epoll_event *events,
                   int maximum)
{
    const uint32_t last = set->epoll.ready_last; /* what is put back behind it waits for the next call */
    int count = 0;
    for (bool more = set->epoll.ready_first != 0; more && count < maximum;) {
        struct watch *watch = watch_at(sockets, set->epoll.ready_first);
        more = set->epoll.ready_first != last;
        const uint32_t mask = watched_mask(sockets, watch);
        ready_remove(sockets, set, watch);
        if (mask == 0)
            continue;
        events[count].events = mask;
        events[count++].data = watch->data;
        if (watch->events & SEPTET_EPOLLONESHOT)
            watch->events &= PRIVATE;
        else if (!(watch->events & SEPTET_EPOLLET))
            ready_append(sockets, set, watch);
    }
    return count;
}

bool epoll_wait_step(struct septet_sockets *sockets, struct open_socket *epoll, struct septet_operation *operation)
{
    const int maximum = operation->of.epoll.maximum;
    if (epoll->kind != SOCKET_EPOLL || maximum <= 0 || maximum > EVENTS_MOST)
        return operation_end(operation, ERRNO(EINVAL));
    const int count = collect(sockets, epoll, operation->of.epoll.events, maximum);
    if (count != 0 || operation_out_of_time(sockets, operation))
        return operation_end(operation, count);
    return false;
}
