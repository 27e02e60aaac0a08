#include "udp/socket.h"

#include "base/memory.h"

#define ALIGNMENT 64
#define RECEIVE_BUFFER 212992

static uint32_t table_size(const struct septet_config *config)
{
    uint32_t size = 4;
    while (size < config->sockets && size < UINT32_C(1) << 24)
        size *= 2;
    return size;
}

static size_t aligned(uint64_t size) { return (size_t)((size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT); }

size_t udp_layer_memory(const struct septet_config *config)
{
    return aligned((uint64_t)config->sockets * sizeof(struct udp_socket)) +
           2 * aligned((uint64_t)table_size(config) * sizeof(uint32_t));
}

void udp_layer_init(struct udp_layer *udp, struct core *core, struct ip_layer *ip, void *memory)
{
    const struct septet_config *config = &core->config;
    const size_t table_bytes = aligned((uint64_t)table_size(config) * sizeof(uint32_t));
    uint8_t *tables = memory;
    const uint64_t low = random_next(&core->random);
    *udp = (struct udp_layer){
        .core = core,
        .ip = ip,
        .key = {{low, random_next(&core->random)}},
        .mask = table_size(config) - 1,
    };
    memset(tables, 0, 2 * table_bytes);
    udp->table = (void *)tables;
    udp->port_table = (void *)(tables + table_bytes);
    slab_init(&udp->sockets, tables + 2 * table_bytes, sizeof(struct udp_socket), config->sockets);
}

uint32_t udp_used(const struct udp_layer *udp) { return udp->sockets.used; }

struct udp_socket *udp_socket_of(const struct udp_layer *udp, septet_handle handle)
{
    const uint32_t index = handle_index(handle);
    if (handle_kind(handle) != HANDLE_SOCKET || index == 0 || index > udp->sockets.fresh)
        return NULL;
    struct udp_socket *socket = udp_socket_at(udp, index);
    return socket->in_use && socket->generation == handle_generation(handle) ? socket : NULL;
}

/* Memory of a socket that was never used may hold anything: its generation begins at 1. */
static uint32_t take_socket(struct udp_layer *udp)
{
    const uint32_t fresh = udp->sockets.fresh;
    const uint32_t reference = slab_take(&udp->sockets);
    if (reference == 0)
        return 0;
    struct udp_socket *socket = udp_socket_at(udp, reference);
    const uint32_t generation = reference > fresh ? 1 : (socket->generation + 1) & HANDLE_GENERATION_MASK;
    *socket = (struct udp_socket){.generation = generation, .in_use = true};
    return reference;
}

int udp_open(struct udp_layer *udp, enum septet_datagram_protocol protocol, const struct septet_address *local,
             uint16_t port, septet_handle *handle)
{
    return udp_open_as(udp, protocol, local, port, 0, handle);
}

int udp_open_as(struct udp_layer *udp, enum septet_datagram_protocol protocol, const struct septet_address *local,
                uint16_t port, unsigned flags, septet_handle *handle)
{
    const struct septet_address address = local == NULL ? (struct septet_address){{0}} : *local;
    if ((protocol != SEPTET_UDP && protocol != SEPTET_ICMP_ECHO) ||
        flags > (SEPTET_BIND_SHARED | SEPTET_BIND_IPV6_ONLY))
        return SEPTET_INVALID;
    if (!address_is_any(&address) && !ip_is_local(udp->ip, &address))
        return SEPTET_ADDRESS_NOT_AVAILABLE;
    if (slab_available(&udp->sockets) == 0)
        return SEPTET_NO_SOCKETS;
    if (port != 0 && udp_demux_conflict(udp, (uint8_t)protocol, &address, port, flags))
        return SEPTET_ADDRESS_IN_USE;
    if (port == 0)
        port = udp_demux_pick_port(udp, (uint8_t)protocol, &address, flags & ~(unsigned)SEPTET_BIND_SHARED);
    if (port == 0)
        return SEPTET_NO_PORTS;
    const uint32_t reference = take_socket(udp);
    struct udp_socket *socket = udp_socket_at(udp, reference);
    socket->protocol = (uint8_t)protocol;
    socket->flags = (uint8_t)flags;
    socket->local = socket->bound = address;
    socket->port = port;
    socket->receive_buffer = RECEIVE_BUFFER;
    udp_demux_insert(udp, reference);
    *handle = handle_make(HANDLE_SOCKET, socket->generation, reference);
    return SEPTET_OK;
}

static void move_to(struct udp_layer *udp, struct udp_socket *socket, const struct septet_address *local)
{
    const uint32_t reference = slab_reference(&udp->sockets, socket);
    udp_demux_remove(udp, reference);
    socket->local = *local;
    udp_demux_insert(udp, reference);
}

int udp_connect(struct udp_layer *udp, septet_handle handle, const struct septet_address *remote, uint16_t port)
{
    struct udp_socket *socket = udp_socket_of(udp, handle);
    if (socket == NULL)
        return SEPTET_STALE;
    struct septet_address local = socket->bound;
    if (remote != NULL) {
        if (address_is_any(remote) ||
            (!socket->broadcast && ip_is_group(udp->ip, remote) && !address_is_multicast(remote)))
            return SEPTET_INVALID;
        const struct septet_address any = {{0}};
        local = address_is_any(&local) ? any : local;
        const int error = ip_source(udp->ip, &local, remote);
        if (error != SEPTET_OK)
            return error;
        socket->remote = *remote;
        socket->remote_port = port;
    }
    socket->connected = remote != NULL;
    move_to(udp, socket, &local);
    return SEPTET_OK;
}

int udp_close(struct udp_layer *udp, septet_handle handle)
{
    struct udp_socket *socket = udp_socket_of(udp, handle);
    if (socket == NULL)
        return SEPTET_STALE;
    udp_demux_remove(udp, handle_index(handle));
    udp_forget(udp, socket);
    udp_queue_clear(udp, socket);
    socket->in_use = false;
    slab_return(&udp->sockets, handle_index(handle));
    return SEPTET_OK;
}

int udp_user_set(struct udp_layer *udp, septet_handle handle, uint64_t user)
{
    struct udp_socket *socket = udp_socket_of(udp, handle);
    if (socket == NULL)
        return SEPTET_STALE;
    socket->user = user;
    return SEPTET_OK;
}

int udp_tuple(struct udp_layer *udp, septet_handle handle, struct septet_tuple *tuple)
{
    const struct udp_socket *socket = udp_socket_of(udp, handle);
    if (socket == NULL)
        return SEPTET_STALE;
    *tuple = (struct septet_tuple){.local = socket->local, .local_port = socket->port};
    if (socket->connected) {
        tuple->remote = socket->remote;
        tuple->remote_port = socket->remote_port;
    }
    return SEPTET_OK;
}

static bool option_in_range(unsigned option, int64_t value)
{
    static const struct {
        int64_t low, high;
    } ranges[] = {
#define OPTION(name, low, high, text) {low, high},
#include "septet/option.def"
#undef OPTION
    };
    return value >= ranges[option].low && value <= ranges[option].high;
}

static bool option_known(unsigned option)
{
    return option == SEPTET_OPTION_TRAFFIC_CLASS || option == SEPTET_OPTION_HOP_LIMIT ||
           option == SEPTET_OPTION_RECEIVE_BUFFER || option == SEPTET_OPTION_BROADCAST ||
           option == SEPTET_OPTION_ERROR_QUEUE;
}

int udp_option_set(struct udp_layer *udp, septet_handle handle, unsigned option, int64_t value)
{
    struct udp_socket *socket = udp_socket_of(udp, handle);
    if (socket == NULL)
        return SEPTET_STALE;
    if (!option_known(option))
        return SEPTET_NO_SUCH_OPTION;
    if (!option_in_range(option, value))
        return SEPTET_INVALID;
    if (option == SEPTET_OPTION_TRAFFIC_CLASS)
        socket->traffic_class = (uint8_t)value;
    else if (option == SEPTET_OPTION_HOP_LIMIT)
        socket->hop_limit = (uint8_t)value;
    else if (option == SEPTET_OPTION_RECEIVE_BUFFER)
        socket->receive_buffer = (uint32_t)value;
    else if (option == SEPTET_OPTION_ERROR_QUEUE)
        socket->keeps_errors = value != 0;
    else
        socket->broadcast = value != 0;
    return SEPTET_OK;
}

int udp_option_get(struct udp_layer *udp, septet_handle handle, unsigned option, int64_t *value)
{
    const struct udp_socket *socket = udp_socket_of(udp, handle);
    if (socket == NULL)
        return SEPTET_STALE;
    if (!option_known(option))
        return SEPTET_NO_SUCH_OPTION;
    if (option == SEPTET_OPTION_TRAFFIC_CLASS)
        *value = socket->traffic_class;
    else if (option == SEPTET_OPTION_HOP_LIMIT)
        *value = socket->hop_limit != 0 ? socket->hop_limit : udp->core->config.hop_limit;
    else if (option == SEPTET_OPTION_RECEIVE_BUFFER)
        *value = socket->receive_buffer;
    else if (option == SEPTET_OPTION_ERROR_QUEUE)
        *value = socket->keeps_errors;
    else
        *value = socket->broadcast;
    return SEPTET_OK;
}

int64_t udp_receive(struct udp_layer *udp, septet_handle handle, uint8_t *data, size_t length,
                    struct septet_datagram *info)
{
    struct udp_socket *socket = udp_socket_of(udp, handle);
    if (socket == NULL)
        return SEPTET_STALE;
    const int error = udp_take_error(socket);
    return error != SEPTET_OK ? error : udp_queue_take(udp, socket, data, length, info);
}

int64_t udp_peek(struct udp_layer *udp, septet_handle handle, uint32_t offset, uint8_t *data, size_t length,
                 struct septet_datagram *info)
{
    struct udp_socket *socket = udp_socket_of(udp, handle);
    return socket == NULL ? (int64_t)SEPTET_STALE : udp_queue_peek(udp, socket, offset, data, length, info);
}

int64_t udp_error_receive(struct udp_layer *udp, septet_handle handle, uint8_t *data, size_t length,
                          struct septet_datagram_error *error)
{
    struct udp_socket *socket = udp_socket_of(udp, handle);
    return socket == NULL ? (int64_t)SEPTET_STALE : udp_queue_take_error(udp, socket, data, length, error);
}

int udp_pending_error(struct udp_layer *udp, septet_handle handle)
{
    struct udp_socket *socket = udp_socket_of(udp, handle);
    return socket == NULL ? SEPTET_STALE : udp_take_error(socket);
}
