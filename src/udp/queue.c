#include "base/arithmetic.h"
#include "udp/socket.h"

/* A queue is a stream of records: what came with a datagram, then its bytes. */
#define RECORD ((uint32_t)sizeof(struct septet_datagram))

static uint32_t queued(const struct udp_socket *socket) { return socket->write_at - socket->read_at; }

void udp_queue_clear(struct udp_layer *udp, struct udp_socket *socket)
{
    stream_clear(&socket->queue, &udp->core->pages);
    socket->read_at = socket->write_at = 0;
}

static bool put(struct udp_layer *udp, struct udp_socket *socket, uint32_t *at, const void *bytes, uint32_t length)
{
    const uint32_t written = stream_write(&socket->queue, &udp->core->pages, *at, bytes, length);
    *at += written;
    return written == length;
}

static bool put_delivery(struct udp_layer *udp, struct udp_socket *socket, uint32_t *at,
                         const struct ip_delivery *delivery, uint32_t skip, uint32_t length)
{
    uint32_t piece = min_u32(delivery->transport_length - skip, length);
    if (!put(udp, socket, at, delivery->transport + skip, piece))
        return false;
    length -= piece;
    for (uint32_t i = 0; i < delivery->span_count && length > 0; i++) {
        piece = min_u32(delivery->spans[i].length, length);
        if (!put(udp, socket, at, delivery->spans[i].data, piece))
            return false;
        length -= piece;
    }
    return true;
}

/* Pages that were taken before the slab ran out stay: the next datagram goes to the same place. */
void udp_queue_put(struct udp_layer *udp, struct udp_socket *socket, const struct septet_datagram *info,
                   const uint8_t *prefix, uint32_t prefix_length, const struct ip_delivery *delivery, uint32_t skip)
{
    uint32_t at = socket->write_at;
    const uint32_t size = RECORD + info->length;
    if (size > socket->receive_buffer || queued(socket) > socket->receive_buffer - size) {
        core_drop_packet(udp->core, SEPTET_DROP_udp_buffer, delivery->ip.protocol, delivery->interface);
        return;
    }
    if (!put(udp, socket, &at, info, RECORD) || !put(udp, socket, &at, prefix, prefix_length) ||
        !put_delivery(udp, socket, &at, delivery, skip, info->length - prefix_length)) {
        core_drop_packet(udp->core, SEPTET_DROP_no_pages, delivery->ip.protocol, delivery->interface);
        if (queued(socket) == 0)
            udp_queue_clear(udp, socket);
        return;
    }
    socket->write_at = at;
    COUNT(udp->core, UdpInDatagrams);
    udp_raise(udp, socket, SEPTET_EVENT_READABLE);
}

int64_t udp_queue_take(struct udp_layer *udp, struct udp_socket *socket, uint8_t *data, size_t length,
                       struct septet_datagram *info)
{
    struct septet_datagram record;
    if (queued(socket) == 0)
        return SEPTET_AGAIN;
    stream_read(&socket->queue, &udp->core->pages, socket->read_at, (uint8_t *)&record, RECORD);
    const uint32_t copied = length < record.length ? (uint32_t)length : record.length;
    stream_read(&socket->queue, &udp->core->pages, socket->read_at + RECORD, data, copied);
    socket->read_at += RECORD + record.length;
    if (queued(socket) == 0)
        udp_queue_clear(udp, socket);
    else
        stream_release(&socket->queue, &udp->core->pages, socket->read_at);
    if (info != NULL)
        *info = record;
    return copied;
}
