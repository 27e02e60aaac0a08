#include "base/arithmetic.h"
#include "udp/socket.h"

/* A queue is a stream of records: what came with a datagram or an error, then its bytes. */
#define RECORD ((uint32_t)sizeof(struct septet_datagram))
#define ERROR_RECORD ((uint32_t)sizeof(struct septet_datagram_error))

static uint32_t queued(const struct udp_queue *queue) { return queue->write_at - queue->read_at; }

static void clear(struct udp_layer *udp, struct udp_queue *queue)
{
    stream_clear(&queue->bytes, &udp->core->pages);
    queue->read_at = queue->write_at = 0;
}

void udp_queue_clear(struct udp_layer *udp, struct udp_socket *socket)
{
    clear(udp, &socket->queue);
    clear(udp, &socket->errors);
}

static bool put(struct udp_layer *udp, struct udp_queue *queue, uint32_t *at, const void *bytes, uint32_t length)
{
    const uint32_t written = stream_write(&queue->bytes, &udp->core->pages, *at, bytes, length);
    *at += written;
    return written == length;
}

static bool put_delivery(struct udp_layer *udp, struct udp_queue *queue, uint32_t *at,
                         const struct ip_delivery *delivery, uint32_t skip, uint32_t length)
{
    uint32_t piece = min_u32(delivery->transport_length - skip, length);
    if (!put(udp, queue, at, delivery->transport + skip, piece))
        return false;
    length -= piece;
    for (uint32_t i = 0; i < delivery->span_count && length > 0; i++) {
        piece = min_u32(delivery->spans[i].length, length);
        if (!put(udp, queue, at, delivery->spans[i].data, piece))
            return false;
        length -= piece;
    }
    return true;
}

static bool room(const struct udp_socket *socket, const struct udp_queue *queue, uint32_t size)
{
    return size <= socket->receive_buffer && queued(queue) <= socket->receive_buffer - size;
}

/* Pages that were taken before the slab ran out stay: the next datagram goes to the same place. */
void udp_queue_put(struct udp_layer *udp, struct udp_socket *socket, const struct septet_datagram *info,
                   const uint8_t *prefix, uint32_t prefix_length, const struct ip_delivery *delivery, uint32_t skip)
{
    struct udp_queue *queue = &socket->queue;
    uint32_t at = queue->write_at;
    if (!room(socket, queue, RECORD + info->length)) {
        core_drop_packet(udp->core, SEPTET_DROP_udp_buffer, delivery->ip.protocol, delivery->interface);
        return;
    }
    if (!put(udp, queue, &at, info, RECORD) || !put(udp, queue, &at, prefix, prefix_length) ||
        !put_delivery(udp, queue, &at, delivery, skip, info->length - prefix_length)) {
        core_drop_packet(udp->core, SEPTET_DROP_no_pages, delivery->ip.protocol, delivery->interface);
        if (queued(queue) == 0)
            clear(udp, queue);
        return;
    }
    queue->write_at = at;
    COUNT(udp->core, UdpInDatagrams);
    udp_raise(udp, socket, SEPTET_EVENT_READABLE);
}

void udp_queue_put_error(struct udp_layer *udp, struct udp_socket *socket, const struct septet_datagram_error *error,
                         const uint8_t *quoted)
{
    struct udp_queue *queue = &socket->errors;
    uint32_t at = queue->write_at;
    if (room(socket, queue, ERROR_RECORD + error->length) && put(udp, queue, &at, error, ERROR_RECORD) &&
        put(udp, queue, &at, quoted, error->length))
        queue->write_at = at;
    else if (queued(queue) == 0)
        clear(udp, queue);
}

/* Copies the bytes of the oldest record, of which there are `there`, and drops it. */
static int64_t take(struct udp_layer *udp, struct udp_queue *queue, uint32_t record, uint32_t there, uint8_t *data,
                    size_t length)
{
    const uint32_t copied = (uint32_t)min_u64(length, there);
    stream_read(&queue->bytes, &udp->core->pages, queue->read_at + record, data, copied);
    queue->read_at += record + there;
    if (queued(queue) == 0)
        clear(udp, queue);
    else
        stream_release(&queue->bytes, &udp->core->pages, queue->read_at);
    return copied;
}

int64_t udp_queue_peek(struct udp_layer *udp, struct udp_socket *socket, uint32_t offset, uint8_t *data, size_t length,
                       struct septet_datagram *info)
{
    const struct udp_queue *queue = &socket->queue;
    struct septet_datagram record;
    if (queued(queue) == 0)
        return SEPTET_AGAIN;
    stream_read(&queue->bytes, &udp->core->pages, queue->read_at, (uint8_t *)&record, RECORD);
    if (info != NULL)
        *info = record;
    offset = min_u32(offset, record.length);
    const uint32_t copied = (uint32_t)min_u64(length, record.length - offset);
    stream_read(&queue->bytes, &udp->core->pages, queue->read_at + RECORD + offset, data, copied);
    return copied;
}

int64_t udp_queue_take(struct udp_layer *udp, struct udp_socket *socket, uint8_t *data, size_t length,
                       struct septet_datagram *info)
{
    struct septet_datagram record;
    const int64_t there = udp_queue_peek(udp, socket, 0, NULL, 0, &record);
    if (there < 0)
        return there;
    if (info != NULL)
        *info = record;
    return take(udp, &socket->queue, RECORD, record.length, data, length);
}

int64_t udp_queue_take_error(struct udp_layer *udp, struct udp_socket *socket, uint8_t *data, size_t length,
                             struct septet_datagram_error *error)
{
    if (queued(&socket->errors) == 0)
        return SEPTET_AGAIN;
    stream_read(&socket->errors.bytes, &udp->core->pages, socket->errors.read_at, (uint8_t *)error, ERROR_RECORD);
    return take(udp, &socket->errors, ERROR_RECORD, error->length, data, length);
}
