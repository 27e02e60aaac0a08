#include "stack/stack.h"

/* The public functions about datagram sockets. What all kinds of handles share is in api.c. */

int septet_datagram_open(struct septet *stack, enum septet_datagram_protocol protocol,
                         const struct septet_address *local, uint16_t port, septet_handle *socket)
{
    return udp_open(&stack->udp, protocol, local, port, socket);
}

int septet_datagram_open_as(struct septet *stack, enum septet_datagram_protocol protocol,
                            const struct septet_address *local, uint16_t port, unsigned flags, septet_handle *socket)
{
    return udp_open_as(&stack->udp, protocol, local, port, flags, socket);
}

int septet_datagram_connect(struct septet *stack, septet_handle socket, const struct septet_address *remote,
                            uint16_t port)
{
    return udp_connect(&stack->udp, socket, remote, port);
}

int64_t septet_datagram_send_spans(struct septet *stack, septet_handle socket, const struct septet_address *to,
                                   uint16_t port, const struct septet_span *spans, uint32_t count)
{
    return udp_send_spans(&stack->udp, socket, to, port, spans, count);
}

int64_t septet_datagram_peek(struct septet *stack, septet_handle socket, uint32_t offset, void *data, size_t length,
                             struct septet_datagram *info)
{
    return udp_peek(&stack->udp, socket, offset, data, length, info);
}

int64_t septet_datagram_error(struct septet *stack, septet_handle socket, void *data, size_t length,
                              struct septet_datagram_error *error)
{
    return udp_error_receive(&stack->udp, socket, data, length, error);
}

int64_t septet_datagram_send(struct septet *stack, septet_handle socket, const struct septet_address *to, uint16_t port,
                             const void *data, size_t length)
{
    return udp_send(&stack->udp, socket, to, port, data, length);
}

int64_t septet_datagram_receive(struct septet *stack, septet_handle socket, void *data, size_t length,
                                struct septet_datagram *info)
{
    return udp_receive(&stack->udp, socket, data, length, info);
}
