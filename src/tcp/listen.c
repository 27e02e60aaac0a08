#include "base/memory.h"
#include "tcp/internal.h"

/* Listeners and half-open connections. A half-open connection is 60 bytes and its SYN-ACK timer a
 * place in a list: one list for each number of retries, in which all wait equally long. */

static uint32_t *listener_chain(const struct tcp *tcp, uint16_t port)
{
    return &tcp->listener_table[port & tcp->listener_mask];
}

bool port_listened(const struct tcp *tcp, uint16_t port)
{
    for (uint32_t index = *listener_chain(tcp, port); index != 0; index = tcp_listener(tcp, index)->hash_next)
        if (tcp_listener(tcp, index)->port == port)
            return true;
    return false;
}

/* 3: this very address, 2: any of the family, 1: any at all, 0: not this listener. */
static unsigned listener_match(const struct listener *listener, const struct septet_address *local)
{
    if (septet_address_equal(&listener->local, local))
        return 3;
    if (!address_is_any(&listener->local))
        return 0;
    if (septet_address_is_ipv4(&listener->local))
        return septet_address_is_ipv4(local) ? 2 : 0;
    if (listener->flags & SEPTET_BIND_IPV6_ONLY)
        return septet_address_is_ipv4(local) ? 0 : 2;
    return 1;
}

struct listener *listener_find(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t *index)
{
    unsigned best = 0;
    uint32_t count = 0;
    *index = 0;
    for (uint32_t i = *listener_chain(tcp, tuple->local_port); i != 0; i = tcp_listener(tcp, i)->hash_next) {
        const struct listener *listener = tcp_listener(tcp, i);
        const unsigned match = listener->port == tuple->local_port ? listener_match(listener, &tuple->local) : 0;
        count = match > best ? 1 : count + (match != 0 && match == best);
        *index = match > best ? i : *index;
        best = match > best ? match : best;
    }
    if (count <= 1)
        return *index == 0 ? NULL : tcp_listener(tcp, *index);
    /* Several share the address and port. */
    uint32_t chosen = tuple_spread(tcp, tuple, count);
    for (;; *index = tcp_listener(tcp, *index)->hash_next) {
        struct listener *listener = tcp_listener(tcp, *index);
        if (listener->port == tuple->local_port && listener_match(listener, &tuple->local) == best && chosen-- == 0)
            return listener;
    }
}

/* Whether a listener stands in the way of another on its port. */
static bool listener_conflicts(const struct listener *listener, const struct septet_address *local, uint16_t port,
                               unsigned flags)
{
    if (listener->port != port || !septet_address_equal(&listener->local, local))
        return false;
    return !(listener->flags & flags & SEPTET_BIND_SHARED) || ((listener->flags ^ flags) & SEPTET_BIND_IPV6_ONLY);
}

int tcp_listen(struct tcp *tcp, const struct septet_address *local, uint16_t port, uint32_t backlog, unsigned flags,
               septet_handle *handle)
{
    if (backlog == 0 || flags > (SEPTET_BIND_SHARED | SEPTET_BIND_IPV6_ONLY))
        return SEPTET_INVALID;
    if (port == 0) {
        const uint32_t low = tcp->config->port_low, ports = tcp->config->port_high - low + 1u;
        const uint32_t start = random_below(&tcp->core->random, ports);
        for (uint32_t i = 0; i < ports && port == 0; i++)
            if (!port_listened(tcp, (uint16_t)(low + (start + i) % ports)))
                port = (uint16_t)(low + (start + i) % ports);
        if (port == 0)
            return SEPTET_NO_PORTS;
    }
    for (uint32_t i = *listener_chain(tcp, port); i != 0; i = tcp_listener(tcp, i)->hash_next)
        if (listener_conflicts(tcp_listener(tcp, i), local, port, flags))
            return SEPTET_ADDRESS_IN_USE;
    const uint32_t fresh = tcp->listeners.fresh;
    const uint32_t index = slab_take(&tcp->listeners);
    if (index == 0)
        return SEPTET_NO_LISTENERS;
    struct listener *listener = tcp_listener(tcp, index);
    const uint32_t generation = tcp->listeners.fresh != fresh ? 1 : listener->generation + 1;
    memset(listener, 0, sizeof *listener);
    listener->local = *local;
    listener->port = port;
    listener->in_use = 1;
    listener->flags = (uint8_t)flags;
    listener->generation = generation & HANDLE_GENERATION_MASK;
    listener->backlog = backlog;
    listener->options = tcp->defaults;
    listener->hash_next = *listener_chain(tcp, port);
    *listener_chain(tcp, port) = index;
    *handle = handle_make(HANDLE_LISTENER, listener->generation, index);
    const struct septet_tuple tuple = {.local = *local, .local_port = port};
    trace_state(tcp, &tuple, *handle, SEPTET_STATE_closed, SEPTET_STATE_listen);
    return SEPTET_OK;
}

/* ---- 3.10.7.2: LISTEN ---- */

void listener_drop(struct tcp *tcp, const struct segment *segment, enum septet_drop reason)
{
    COUNT(tcp->core, ListenDrops);
    drop_segment(tcp, NULL, segment, reason);
}

static bool half_open_full(const struct tcp *tcp, const struct listener *listener)
{
    return slab_available(&tcp->half_open) == 0 ||
           (tcp->config->half_open_backlog && listener->half_open >= listener->backlog);
}

/* Whether a SYN is answered without being remembered. */
static bool cookie_wanted(const struct tcp *tcp, uint32_t index)
{
    const struct listener *listener = tcp_listener(tcp, index);
    if (tcp->config->syn_cookies == SEPTET_COOKIES_OFF || listener->queued >= listener->backlog)
        return false;
    return tcp->config->syn_cookies == SEPTET_COOKIES_ALWAYS || half_open_full(tcp, listener);
}

bool listener_refuses(struct tcp *tcp, uint32_t index, const struct segment *segment)
{
    const struct listener *listener = tcp_listener(tcp, index);
    if (listener->queued >= listener->backlog)
        listener_drop(tcp, segment, SEPTET_DROP_tcp_backlog);
    else if (half_open_full(tcp, listener))
        listener_drop(tcp, segment, SEPTET_DROP_tcp_half_open_limit);
    else
        return false;
    return true;
}

void listener_arrives(struct tcp *tcp, uint32_t listener, struct segment *segment)
{
    if (segment->flags & TCP_RST) {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_listen_rst);
    } else if (segment->flags & TCP_ACK) {
        if (cookie_arrives(tcp, listener, segment))
            return;
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_listen_ack);
        reply_refuse(tcp, segment, true);
    } else if ((segment->flags & TCP_SYN) && !((segment->flags & TCP_FIN) && tcp->config->syn_fin_dropped)) {
        if (cookie_wanted(tcp, listener))
            cookie_answer(tcp, listener, segment);
        else if (!listener_refuses(tcp, listener, segment))
            listener_syn(tcp, listener, segment, 0, false);
    } else {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_flags);
    }
}

/* ---- the accept queue, linked by event_next ---- */

void listener_queue(struct tcp *tcp, struct connection *c)
{
    struct listener *listener = tcp_listener(tcp, c->listener);
    const uint32_t index = tcp_index(tcp, c);
    c->flags |= CONNECTION_QUEUED;
    c->event_next = 0;
    if (listener->accept_tail != 0)
        tcp_connection(tcp, listener->accept_tail)->event_next = index;
    else
        listener->accept_head = index;
    listener->accept_tail = index;
    listener->queued++;
    listener_event(tcp, listener, SEPTET_EVENT_ACCEPT);
}

static struct connection *accept_pop(struct tcp *tcp, struct listener *listener)
{
    const uint32_t index = listener->accept_head;
    if (index == 0)
        return NULL;
    struct connection *c = tcp_connection(tcp, index);
    listener->accept_head = c->event_next;
    if (listener->accept_head == 0)
        listener->accept_tail = 0;
    listener->queued--;
    c->flags &= ~(uint32_t)CONNECTION_QUEUED;
    return c;
}

int tcp_accept(struct tcp *tcp, septet_handle handle, septet_handle *accepted)
{
    struct listener *listener = listener_of(tcp, handle);
    if (listener == NULL)
        return SEPTET_STALE;
    struct connection *c = accept_pop(tcp, listener);
    if (c == NULL)
        return SEPTET_AGAIN;
    c->flags |= CONNECTION_ACCEPTED;
    *accepted = tcp_handle(tcp, c);
    if (c->events != 0)
        connection_event(tcp, c, 0); /* what happened while it waited */
    return SEPTET_OK;
}

int tcp_listener_close(struct tcp *tcp, septet_handle handle)
{
    struct listener *listener = listener_of(tcp, handle);
    if (listener == NULL)
        return SEPTET_STALE;
    const uint32_t index = handle_index(handle);
    for (uint32_t *at = listener_chain(tcp, listener->port); *at != 0; at = &tcp_listener(tcp, *at)->hash_next) {
        if (*at == index) {
            *at = listener->hash_next;
            break;
        }
    }
    for (unsigned list = 0; listener->half_open != 0 && list < TCP_RETRY_LISTS; list++) {
        for (uint32_t at = tcp->synack_timers[list].head, next; at != 0; at = next) {
            next = compact_at(tcp, DEMUX_HALF_OPEN, at)->next;
            if (compact_at(tcp, DEMUX_HALF_OPEN, at)->listener == index)
                half_open_remove(tcp, at, SEPTET_STATE_closed);
        }
    }
    for (struct connection *c; (c = accept_pop(tcp, listener)) != NULL;) {
        c->flags |= CONNECTION_RELEASED;
        if (c->state == SEPTET_STATE_closed) {
            stream_clear(&c->receive, &tcp->core->pages);
            connection_free(tcp, c);
        } else {
            connection_send_reset(tcp, c);
            connection_end(tcp, c, SEPTET_CONNECTION_ABORTED);
        }
    }
    const struct septet_tuple tuple = {.local = listener->local, .local_port = listener->port};
    trace_state(tcp, &tuple, handle, SEPTET_STATE_listen, SEPTET_STATE_closed);
    listener->in_use = 0;
    tcp->refused_listeners -= listener->refused;
    listener->refused = false;
    if (listener->events == 0) /* else tcp_next_event returns it */
        slab_return(&tcp->listeners, index);
    return SEPTET_OK;
}
