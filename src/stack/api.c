#include "stack/stack.h"

/* The public functions that are about TCP, time and counters. */

int64_t septet_now(const struct septet *stack) { return stack->core.now; }

bool septet_next_event(struct septet *stack, struct septet_event *event)
{
    return tcp_next_event(&stack->tcp, event) || udp_next_event(&stack->udp, event);
}

int septet_user_set(struct septet *stack, septet_handle handle, uint64_t user)
{
    if (handle_kind(handle) == HANDLE_SOCKET)
        return udp_user_set(&stack->udp, handle, user);
    return tcp_user_set(&stack->tcp, handle, user);
}

/* ---- open ---- */

int septet_listen_as(struct septet *stack, const struct septet_address *local, uint16_t port, uint32_t backlog,
                     unsigned flags, septet_handle *listener)
{
    const struct septet_address any = {{0}};
    local = local == NULL ? &any : local;
    if (!address_is_any(local) && !ip_is_local(&stack->ip, local))
        return SEPTET_ADDRESS_NOT_AVAILABLE;
    return tcp_listen(&stack->tcp, local, port, backlog, flags, listener);
}

int septet_listen(struct septet *stack, const struct septet_address *local, uint16_t port, uint32_t backlog,
                  septet_handle *listener)
{
    return septet_listen_as(stack, local, port, backlog, 0, listener);
}

int septet_accept(struct septet *stack, septet_handle listener, septet_handle *connection)
{
    return tcp_accept(&stack->tcp, listener, connection);
}

int septet_connect(struct septet *stack, const struct septet_address *local, uint16_t local_port,
                   const struct septet_address *remote, uint16_t remote_port, septet_handle *connection)
{
    struct septet_tuple tuple = {.remote = *remote, .local_port = local_port, .remote_port = remote_port};
    struct ip_path path;
    if (remote_port == 0 || address_is_any(remote))
        return SEPTET_INVALID;
    if (ip_is_group(&stack->ip, remote))
        return SEPTET_NETWORK_UNREACHABLE; /* MUST-46 */
    if (local != NULL && septet_address_is_ipv4(local) && !septet_address_is_ipv4(remote))
        return SEPTET_ADDRESS_NOT_AVAILABLE; /* also any IPv4 address */
    if (local != NULL)
        tuple.local = *local;
    const int error = ip_route(&stack->ip, &tuple.local, remote, &path);
    if (error != SEPTET_OK)
        return error;
    if (ip_is_local(&stack->ip, remote))
        path.interface = IP_LOOP;
    return tcp_connect(&stack->tcp, &tuple, &path, connection);
}

/* ---- data ---- */

int64_t septet_send(struct septet *stack, septet_handle connection, const void *data, size_t length, unsigned flags)
{
    return tcp_send(&stack->tcp, connection, data, length, flags);
}

int septet_send_reserve(struct septet *stack, septet_handle connection, uint8_t **data, size_t *length)
{
    return tcp_send_reserve(&stack->tcp, connection, data, length);
}

int septet_send_commit(struct septet *stack, septet_handle connection, size_t length, unsigned flags)
{
    return tcp_send_commit(&stack->tcp, connection, length, flags);
}

int64_t septet_send_room(struct septet *stack, septet_handle connection)
{
    return tcp_send_room(&stack->tcp, connection);
}

int64_t septet_receive(struct septet *stack, septet_handle connection, void *data, size_t length)
{
    return tcp_receive(&stack->tcp, connection, data, length);
}

int64_t septet_receive_peek(struct septet *stack, septet_handle connection, const uint8_t **data, size_t *length)
{
    return tcp_receive_peek(&stack->tcp, connection, data, length);
}

int64_t septet_receive_copy(struct septet *stack, septet_handle connection, uint32_t offset, void *data, size_t length)
{
    return tcp_receive_copy(&stack->tcp, connection, offset, data, length);
}

int septet_receive_consume(struct septet *stack, septet_handle connection, size_t length)
{
    return tcp_receive_consume(&stack->tcp, connection, length);
}

int64_t septet_receive_available(struct septet *stack, septet_handle connection)
{
    return tcp_receive_available(&stack->tcp, connection);
}

int64_t septet_urgent_remaining(struct septet *stack, septet_handle connection)
{
    return tcp_urgent_remaining(&stack->tcp, connection);
}

/* ---- close ---- */

int septet_shutdown(struct septet *stack, septet_handle connection) { return tcp_shutdown(&stack->tcp, connection); }

int septet_close(struct septet *stack, septet_handle handle)
{
    switch (handle_kind(handle)) {
    case HANDLE_LISTENER:
        return tcp_listener_close(&stack->tcp, handle);
    case HANDLE_SOCKET:
        return udp_close(&stack->udp, handle);
    default:
        return tcp_close(&stack->tcp, handle);
    }
}

int septet_abort(struct septet *stack, septet_handle connection) { return tcp_abort(&stack->tcp, connection); }

/* ---- what one wants to know ---- */

bool septet_port_used(const struct septet *stack, const struct septet_address *local, uint16_t port)
{
    const struct septet_address any = {{0}};
    return tcp_port_used(&stack->tcp, local == NULL ? &any : local, port);
}

int septet_tuple_get(struct septet *stack, septet_handle handle, struct septet_tuple *tuple)
{
    if (handle_kind(handle) == HANDLE_SOCKET)
        return udp_tuple(&stack->udp, handle, tuple);
    return tcp_tuple(&stack->tcp, handle, tuple);
}

int septet_state(struct septet *stack, septet_handle connection) { return tcp_state(&stack->tcp, connection); }

int septet_take_error(struct septet *stack, septet_handle connection)
{
    if (handle_kind(connection) == HANDLE_SOCKET)
        return udp_pending_error(&stack->udp, connection);
    return tcp_take_error(&stack->tcp, connection);
}

int septet_option_set(struct septet *stack, septet_handle handle, unsigned option, int64_t value)
{
    if (handle_kind(handle) == HANDLE_SOCKET)
        return udp_option_set(&stack->udp, handle, option, value);
    return tcp_option_set(&stack->tcp, handle, option, value);
}

int septet_option_get(struct septet *stack, septet_handle handle, unsigned option, int64_t *value)
{
    if (handle_kind(handle) == HANDLE_SOCKET)
        return udp_option_get(&stack->udp, handle, option, value);
    return tcp_option_get(&stack->tcp, handle, option, value);
}

int septet_tcp_info(struct septet *stack, septet_handle connection, struct septet_tcp_info *info)
{
    return tcp_info(&stack->tcp, connection, info);
}

/* ---- counters ---- */

uint64_t septet_drops(const struct septet *stack, unsigned drop)
{
    return drop < SEPTET_DROP_COUNT ? stack->core.drop[drop] : 0;
}

uint64_t septet_counter(const struct septet *stack, unsigned counter)
{
    return counter < SEPTET_COUNTER_COUNT ? stack->core.counter[counter] : 0;
}

void septet_usage(const struct septet *stack, struct septet_usage *usage)
{
    *usage = (struct septet_usage){
        .sockets = udp_used(&stack->udp),
        .pages = stack->core.pages.used,
        .neighbors = stack->ip.neighbors.used,
        .reassemblies = stack->ip.reassemblies.used,
    };
    tcp_usage(&stack->tcp, usage);
}
