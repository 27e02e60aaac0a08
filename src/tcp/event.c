#include "tcp/internal.h"

/* Events merge in the object they are about, which stands in one list while it has any:
 * so none can be lost and none needs memory of its own. */

static uint32_t *event_link(struct tcp *tcp, uint32_t reference)
{
    if (reference & EVENT_LISTENER)
        return &tcp_listener(tcp, reference & ~EVENT_LISTENER)->event_next;
    return &tcp_connection(tcp, reference)->event_next;
}

static void event_append(struct tcp *tcp, uint32_t reference)
{
    *event_link(tcp, reference) = 0;
    if (tcp->events.tail != 0)
        *event_link(tcp, tcp->events.tail) = reference;
    else
        tcp->events.head = reference;
    tcp->events.tail = reference;
}

void connection_event(struct tcp *tcp, struct connection *c, uint32_t events)
{
    if ((c->flags & CONNECTION_RELEASED) || (events != 0 && (c->events & events) == events))
        return; /* nobody to tell, or told already and not drained yet */
    trace_values(tcp, c, SEPTET_TRACE_event, events, (uint64_t)(int64_t)c->error, 0, 0);
    c->events = (uint16_t)(c->events | events);
    /* While it waits to be accepted event_next links the accept queue: told at accept. */
    if ((c->flags & (CONNECTION_EVENT | CONNECTION_QUEUED)) == 0) {
        c->flags |= CONNECTION_EVENT;
        event_append(tcp, tcp_index(tcp, c));
    }
}

void listener_event(struct tcp *tcp, struct listener *listener, uint32_t events)
{
    if (listener->events == 0)
        event_append(tcp, EVENT_LISTENER | slab_reference(&tcp->listeners, listener));
    listener->events |= events;
}

static void event_of_connection(struct tcp *tcp, struct connection *c, struct septet_event *event)
{
    *event = (struct septet_event){
        .handle = tcp_handle(tcp, c),
        .user = c->user,
        .events = c->events,
    };
    if (c->events & SEPTET_EVENT_CLOSED)
        event->error = c->error;
    else if (c->events & SEPTET_EVENT_SOFT_ERROR)
        event->error = c->soft_error;
    c->events = 0;
    c->flags &= ~(uint32_t)CONNECTION_EVENT;
    if (c->flags & CONNECTION_RELEASED)
        connection_free(tcp, c);
}

bool tcp_next_event(struct tcp *tcp, struct septet_event *event)
{
    tcp_feed(tcp);
    while (tcp->events.head != 0) {
        const uint32_t reference = tcp->events.head;
        tcp->events.head = *event_link(tcp, reference);
        if (tcp->events.head == 0)
            tcp->events.tail = 0;
        if (reference & EVENT_LISTENER) {
            struct listener *listener = tcp_listener(tcp, reference & ~EVENT_LISTENER);
            *event = (struct septet_event){
                .handle = handle_make(HANDLE_LISTENER, listener->generation, reference & ~EVENT_LISTENER),
                .user = listener->user,
                .events = listener->events,
            };
            listener->events = 0;
            if (listener->in_use)
                return true;
            slab_return(&tcp->listeners, reference & ~EVENT_LISTENER);
            continue;
        }
        struct connection *c = tcp_connection(tcp, reference);
        const bool told = (c->flags & CONNECTION_RELEASED) == 0;
        event_of_connection(tcp, c, event);
        if (told)
            return true;
    }
    return false;
}
