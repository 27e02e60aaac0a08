#include "udp/socket.h"

/* Lists by event_next or blocked_next. */
static uint32_t *next_of(struct udp_socket *socket, bool blocked)
{
    return blocked ? &socket->blocked_next : &socket->event_next;
}

static void append(struct udp_layer *udp, struct udp_list *list, struct udp_socket *socket, bool blocked)
{
    const uint32_t reference = slab_reference(&udp->sockets, socket);
    *next_of(socket, blocked) = 0;
    if (list->last != 0)
        *next_of(udp_socket_at(udp, list->last), blocked) = reference;
    else
        list->first = reference;
    list->last = reference;
}

static struct udp_socket *take(struct udp_layer *udp, struct udp_list *list, bool blocked)
{
    struct udp_socket *socket = udp_socket_at(udp, list->first);
    list->first = *next_of(socket, blocked);
    if (list->first == 0)
        list->last = 0;
    return socket;
}

static void remove_from(struct udp_layer *udp, struct udp_list *list, const struct udp_socket *socket, bool blocked)
{
    struct udp_list rest = {0};
    while (list->first != 0) {
        struct udp_socket *first = take(udp, list, blocked);
        if (first != socket)
            append(udp, &rest, first, blocked);
    }
    *list = rest;
}

void udp_raise(struct udp_layer *udp, struct udp_socket *socket, uint32_t events)
{
    socket->events |= events;
    if (socket->has_event)
        return;
    socket->has_event = true;
    append(udp, &udp->events, socket, false);
}

void udp_block(struct udp_layer *udp, struct udp_socket *socket, bool wants_room)
{
    socket->wants_room = socket->wants_room || wants_room;
    if (socket->blocked)
        return;
    socket->blocked = true;
    append(udp, &udp->blocked, socket, true);
}

void udp_forget(struct udp_layer *udp, struct udp_socket *socket)
{
    if (socket->has_event)
        remove_from(udp, &udp->events, socket, false);
    if (socket->blocked)
        remove_from(udp, &udp->blocked, socket, true);
    socket->has_event = socket->blocked = false;
}

int udp_take_error(struct udp_socket *socket)
{
    const int error = socket->error;
    socket->error = SEPTET_OK;
    return error;
}

/* Those whose send was refused may try again: packets have left, or pages came back. */
static void unblock(struct udp_layer *udp)
{
    if (udp->blocked.first == 0 || !ip_send_room(udp->ip) || slab_available(&udp->core->pages) == 0)
        return;
    while (udp->blocked.first != 0) {
        struct udp_socket *socket = take(udp, &udp->blocked, true);
        socket->blocked = false;
        udp_raise(udp, socket, SEPTET_EVENT_WRITABLE | (socket->wants_room ? SEPTET_EVENT_ROOM : 0u));
        socket->wants_room = false;
    }
}

bool udp_next_event(struct udp_layer *udp, struct septet_event *event)
{
    unblock(udp);
    if (udp->events.first == 0)
        return false;
    struct udp_socket *socket = take(udp, &udp->events, false);
    *event = (struct septet_event){
        .handle = handle_make(HANDLE_SOCKET, socket->generation, slab_reference(&udp->sockets, socket)),
        .user = socket->user,
        .events = socket->events,
        .error = socket->error,
    };
    socket->events = 0;
    socket->has_event = false;
    return true;
}
