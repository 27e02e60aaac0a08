#include "tcp/internal.h"

/* SEND and RECEIVE: RFC 9293 sections 3.10.2 and 3.10.3. */

/* Bytes that pages may still be filled with to send. Some pages stay: what arrives must find room, or two full
 * stacks would wait for each other for ever, and so would data for a record of its transmission. */
static uint64_t pages_for_sending(const struct tcp *tcp)
{
    const struct slab *pages = &tcp->core->pages;
    const uint32_t unused = slab_available(pages);
    const uint32_t kept = max_u32(pages->total / 8, 16);
    return unused > kept ? (uint64_t)(unused - kept) * pages->size : 0;
}

static int64_t refuse(const struct connection *c)
{
    if (c->state == SEPTET_STATE_closed)
        return c->error != SEPTET_OK ? c->error : SEPTET_NOT_CONNECTED;
    return (c->flags & CONNECTION_CLOSE) ? SEPTET_CLOSING : SEPTET_OK;
}

static uint32_t buffer_room(const struct connection *c)
{
    const uint32_t first = c->snd_una == c->iss ? c->iss + 1 : c->snd_una;
    const uint32_t held = c->snd_end - seq_min(first, c->snd_end);
    return c->options.send_buffer > held ? c->options.send_buffer - held : 0;
}

int64_t connection_send_room(const struct tcp *tcp, const struct connection *c)
{
    const int64_t refusal = refuse(c);
    if (refusal != SEPTET_OK)
        return refusal;
    const uint32_t unsent = c->snd_end - c->snd_nxt;
    if (c->options.notsent_lowat != 0 && unsent >= c->options.notsent_lowat)
        return 0;
    return (int64_t)min_u64(buffer_room(c), pages_for_sending(tcp));
}

bool connection_roomy(const struct tcp *tcp, const struct connection *c)
{
    return connection_send_room(tcp, c) > 0 && buffer_room(c) >= c->options.send_buffer / 3;
}

int64_t tcp_send_room(struct tcp *tcp, septet_handle handle)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    const int64_t room = connection_send_room(tcp, c);
    if (room >= 0 && !connection_roomy(tcp, c))
        c->flags |= CONNECTION_WANTS_WRITE;
    return room;
}

/* Refused for want of pages, it waits in a list until some are free again: they may be others' that come back. */
static void connection_wants_pages(struct tcp *tcp, struct connection *c)
{
    if (c->flags & CONNECTION_WANTS_PAGES)
        return;
    const uint32_t index = tcp_index(tcp, c);
    c->flags |= CONNECTION_WANTS_PAGES;
    c->hungry_next = 0;
    if (tcp->hungry.tail != 0)
        tcp_connection(tcp, tcp->hungry.tail)->hungry_next = index;
    else
        tcp->hungry.head = index;
    tcp->hungry.tail = index;
}

bool tcp_can_feed(const struct tcp *tcp)
{
    return tcp->hungry.head != 0 && pages_for_sending(tcp) >= tcp->core->pages.size;
}

void tcp_feed(struct tcp *tcp)
{
    if (tcp->hungry.head == 0)
        return;
    for (uint64_t pages = pages_for_sending(tcp) / tcp->core->pages.size; pages > 0 && tcp->hungry.head != 0; pages--) {
        struct connection *c = tcp_connection(tcp, tcp->hungry.head);
        tcp->hungry.head = c->hungry_next;
        if (tcp->hungry.head == 0)
            tcp->hungry.tail = 0;
        c->flags &= ~(uint32_t)CONNECTION_WANTS_PAGES;
        connection_event(tcp, c, SEPTET_EVENT_ROOM | SEPTET_EVENT_WRITABLE);
        connection_free(tcp, c);
    }
}

/* What is free for sending now (> 0), or why nothing is. */
static int64_t sendable(struct tcp *tcp, struct connection *c)
{
    const int64_t room = connection_send_room(tcp, c);
    if (room != 0)
        return room;
    if (buffer_room(c) != 0 && pages_for_sending(tcp) == 0) {
        connection_wants_pages(tcp, c);
        return SEPTET_NO_PAGES;
    }
    c->flags |= CONNECTION_WANTS_WRITE;
    return SEPTET_AGAIN;
}

static void appended(struct tcp *tcp, struct connection *c, uint32_t length, unsigned flags)
{
    if (c->flight == 0 && c->snd_nxt == c->snd_end)
        c->progress_at = compact_clock(tcp->core->now); /* R2 counts from here */
    c->snd_end += length;
    if (flags & SEPTET_SEND_URGENT) { /* MUST-30, MUST-62 */
        c->snd_up = c->snd_end;
        c->flags |= CONNECTION_URGENT_OUT;
    }
    if (flags & SEPTET_SEND_MORE)
        c->flags |= CONNECTION_CORKED;
    else
        c->flags &= ~(uint32_t)CONNECTION_CORKED;
    if (state_synchronized(c->state))
        tcp_mark_dirty(tcp, c);
}

int64_t tcp_send(struct tcp *tcp, septet_handle handle, const uint8_t *data, size_t length, unsigned flags)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    const int64_t room = sendable(tcp, c);
    if (room < 0)
        return room;
    const uint32_t part = length > (uint64_t)room ? (uint32_t)room : (uint32_t)length;
    const uint32_t written = stream_write(&c->send, &tcp->core->pages, c->snd_end, data, part);
    if (written == 0 && part != 0) {
        connection_wants_pages(tcp, c);
        return SEPTET_NO_PAGES;
    }
    if (written < length && written < buffer_room(c))
        connection_wants_pages(tcp, c);
    else if (written < length)
        c->flags |= CONNECTION_WANTS_WRITE;
    appended(tcp, c, written, flags);
    return written;
}

int tcp_send_reserve(struct tcp *tcp, septet_handle handle, uint8_t **data, size_t *length)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    const int64_t room = sendable(tcp, c);
    if (room < 0)
        return (int)room;
    uint32_t part = *length > (uint64_t)room ? (uint32_t)room : (uint32_t)*length;
    *data = stream_reserve(&c->send, &tcp->core->pages, c->snd_end, &part);
    if (*data == NULL) {
        connection_wants_pages(tcp, c);
        return SEPTET_NO_PAGES;
    }
    *length = part;
    return SEPTET_OK;
}

int tcp_send_commit(struct tcp *tcp, septet_handle handle, size_t length, unsigned flags)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    const int64_t refusal = refuse(c);
    if (refusal != SEPTET_OK)
        return (int)refusal;
    uint32_t there = (uint32_t)min_u64(length, UINT32_MAX);
    if (length != 0 && (length > buffer_room(c) || stream_at(&c->send, &tcp->core->pages, c->snd_end, &there) == NULL ||
                        there < length))
        return SEPTET_INVALID; /* more than was lent */
    if (length == 0 && c->snd_una == c->snd_end)
        stream_clear(&c->send, &tcp->core->pages);
    appended(tcp, c, (uint32_t)length, flags);
    return SEPTET_OK;
}

/* ---- RECEIVE ---- */

static uint32_t readable(const struct connection *c)
{
    return c->rcv_nxt - ((c->flags & CONNECTION_FIN_RECEIVED) != 0) - c->rcv_read;
}

/* What an empty receive queue means. */
static int64_t nothing_to_read(const struct connection *c)
{
    if (c->flags & CONNECTION_FIN_RECEIVED)
        return 0;
    if (c->state == SEPTET_STATE_closed)
        return c->error != SEPTET_OK ? c->error : 0;
    return SEPTET_AGAIN;
}

static void consume(struct tcp *tcp, struct connection *c, uint32_t length)
{
    c->rcv_read += length;
    if ((c->flags & CONNECTION_URGENT_IN) && seq_geq(c->rcv_read, c->rcv_up))
        c->flags &= ~(uint32_t)CONNECTION_URGENT_IN;
    if (readable(c) == 0 && c->reassembly == 0)
        stream_clear(&c->receive, &tcp->core->pages);
    else
        stream_release(&c->receive, &tcp->core->pages, c->rcv_read);
    receive_consumed(tcp, c);
}

int64_t tcp_receive(struct tcp *tcp, septet_handle handle, uint8_t *data, size_t length)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    const uint32_t there = readable(c);
    if (there == 0)
        return nothing_to_read(c);
    const uint32_t part = length < there ? (uint32_t)length : there;
    stream_read(&c->receive, &tcp->core->pages, c->rcv_read, data, part);
    consume(tcp, c, part);
    return part;
}

int64_t tcp_receive_peek(struct tcp *tcp, septet_handle handle, const uint8_t **data, size_t *length)
{
    const struct connection *c = connection_of(tcp, handle);
    *length = 0;
    if (c == NULL)
        return SEPTET_STALE;
    uint32_t there = readable(c);
    if (there == 0)
        return nothing_to_read(c);
    *data = stream_at(&c->receive, &tcp->core->pages, c->rcv_read, &there);
    *length = there;
    return there;
}

int64_t tcp_receive_copy(struct tcp *tcp, septet_handle handle, uint32_t offset, uint8_t *data, size_t length)
{
    const struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    const uint32_t there = readable(c);
    if (offset >= there)
        return nothing_to_read(c);
    const uint32_t part = (uint32_t)min_u64(length, there - offset);
    stream_read(&c->receive, &tcp->core->pages, c->rcv_read + offset, data, part);
    return part;
}

int tcp_receive_consume(struct tcp *tcp, septet_handle handle, size_t length)
{
    struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    if (length > readable(c))
        return SEPTET_INVALID;
    consume(tcp, c, (uint32_t)length);
    return SEPTET_OK;
}

int64_t tcp_receive_available(struct tcp *tcp, septet_handle handle)
{
    const struct connection *c = connection_of(tcp, handle);
    const struct listener *listener = listener_of(tcp, handle);
    if (listener != NULL)
        return listener->queued;
    return c == NULL ? (int64_t)SEPTET_STALE : (int64_t)readable(c);
}

int64_t tcp_urgent_remaining(struct tcp *tcp, septet_handle handle)
{
    const struct connection *c = connection_of(tcp, handle);
    if (c == NULL)
        return SEPTET_STALE;
    return (c->flags & CONNECTION_URGENT_IN) && seq_gt(c->rcv_up, c->rcv_read) ? c->rcv_up - c->rcv_read : 0;
}
