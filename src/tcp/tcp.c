#include "base/memory.h"
#include "tcp/internal.h"

/* The parts of one stack's TCP, laid out in memory that was given; and the list of connections with something to send.
 */

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t size = 16;
    while (size < at_least && size < 1u << 31)
        size *= 2;
    return size;
}

static uint32_t table_size(const struct septet_config *config)
{
    return power_of_two(config->connections + config->half_open + config->time_wait);
}

static uint32_t ports_size(const struct septet_config *config) { return min_u32(table_size(config), 65536); }

static size_t aligned(size_t size) { return (size + 63) & ~(size_t)63; }

/* Hands out pieces of the given memory, or only counts them when base is NULL. */
struct layout {
    uint8_t *base;
    size_t used;
};

static void *piece(struct layout *layout, size_t count, size_t size)
{
    void *memory = layout->base == NULL ? NULL : layout->base + layout->used;
    layout->used += aligned(count * size);
    return memory;
}

static uint32_t locals_total(const struct septet_config *config) { return min_u32(2 * config->addresses + 4, 0x8000); }

static void lay_out(struct tcp *tcp, const struct septet_config *config, struct layout *layout)
{
    slab_init(&tcp->connections, piece(layout, config->connections, sizeof(struct connection)),
              sizeof(struct connection), config->connections);
    slab_init(&tcp->flights, piece(layout, config->connections, sizeof(struct flight)), sizeof(struct flight),
              config->connections);
    slab_init(&tcp->half_open, piece(layout, config->half_open, sizeof(struct compact)), sizeof(struct compact),
              config->half_open);
    slab_init(&tcp->time_wait, piece(layout, config->time_wait, sizeof(struct compact)), sizeof(struct compact),
              config->time_wait);
    slab_init(&tcp->listeners, piece(layout, config->listeners, sizeof(struct listener)), sizeof(struct listener),
              config->listeners);
    tcp->table = piece(layout, table_size(config), sizeof(uint32_t));
    tcp->port_users = piece(layout, ports_size(config), sizeof(uint32_t));
    tcp->listener_table = piece(layout, power_of_two(config->listeners), sizeof(uint32_t));
    tcp->replies = piece(layout, TCP_REPLIES, sizeof(struct reply));
    tcp->locals = piece(layout, locals_total(config), sizeof(struct septet_address));
    tcp->locals_used = piece(layout, locals_total(config), sizeof(uint32_t));
}

size_t tcp_memory(const struct septet_config *config)
{
    struct tcp unused = {0};
    struct layout layout = {0};
    lay_out(&unused, config, &layout);
    return layout.used;
}

static struct siphash_key fresh_key(struct core *core)
{
    return (struct siphash_key){{random_next(&core->random), random_next(&core->random)}};
}

static uint32_t milliseconds_of(int64_t ns) { return (uint32_t)((ns + 999999) / 1000000); }

void tcp_configured(struct tcp *tcp)
{
    const struct septet_tcp_config *own = tcp->config;
    tcp->defaults = (struct connection_options){
        .send_buffer = own->send_buffer,
        .receive_buffer = own->receive_buffer,
        .keepalive_idle = milliseconds_of(own->keepalive_idle),
        .keepalive_interval = milliseconds_of(own->keepalive_interval),
        .keepalive_count = own->keepalive_count,
        .user_timeout = milliseconds_of(own->user_timeout),
        .fin_wait_2 = milliseconds_of(own->fin_wait2_timeout),
        .hop_limit = tcp->core->config.hop_limit,
        .congestion = own->congestion,
    };
}

void tcp_init(struct tcp *tcp, struct core *core, void *memory)
{
    const struct septet_config *config = &core->config;
    struct layout layout = {.base = memory};
    memset(tcp, 0, sizeof *tcp);
    tcp->core = core;
    tcp->config = &config->tcp;
    lay_out(tcp, config, &layout);
    tcp->table_mask = table_size(config) - 1;
    tcp->listener_mask = power_of_two(config->listeners) - 1;
    tcp->locals_total = locals_total(config);
    memset(tcp->table, 0, table_size(config) * sizeof(uint32_t));
    tcp->port_mask = ports_size(config) - 1;
    memset(tcp->port_users, 0, ports_size(config) * sizeof(uint32_t));
    memset(tcp->listener_table, 0, power_of_two(config->listeners) * sizeof(uint32_t));
    memset(tcp->locals_used, 0, tcp->locals_total * sizeof(uint32_t));
    wheel_init(&tcp->wheel, tcp->connections.memory + offsetof(struct connection, timer), sizeof(struct connection), 10,
               core->now);
    tcp->table_key = fresh_key(core);
    tcp->isn_key = fresh_key(core);
    tcp->offset_key = fresh_key(core);
    tcp->cookie_key = fresh_key(core);
    tcp_configured(tcp);
}

void tcp_usage(const struct tcp *tcp, struct septet_usage *usage)
{
    usage->connections = tcp->connections.used;
    usage->half_open = tcp->half_open.used;
    usage->time_wait = tcp->time_wait.used;
    usage->listeners = tcp->listeners.used;
    usage->connection_size = sizeof(struct connection) + sizeof(uint32_t);
    usage->compact_size = sizeof(struct compact) + sizeof(uint32_t);
}

/* ---- who may have something to send ---- */

void tcp_mark_dirty(struct tcp *tcp, struct connection *c)
{
    if (c->flags & (CONNECTION_DIRTY | CONNECTION_PARKED))
        return;
    const uint32_t index = tcp_index(tcp, c);
    c->flags |= CONNECTION_DIRTY;
    c->dirty_next = 0;
    if (tcp->dirty.tail != 0)
        tcp_connection(tcp, tcp->dirty.tail)->dirty_next = index;
    else
        tcp->dirty.head = index;
    tcp->dirty.tail = index;
}

struct connection *tcp_next_dirty(struct tcp *tcp)
{
    if (tcp->dirty.head == 0)
        return NULL;
    struct connection *c = tcp_connection(tcp, tcp->dirty.head);
    tcp->dirty.head = c->dirty_next;
    if (tcp->dirty.head == 0)
        tcp->dirty.tail = 0;
    return c;
}

void tcp_done(struct tcp *tcp, struct connection *c, bool more)
{
    c->flags &= ~(uint32_t)CONNECTION_DIRTY;
    if (more && c->state != SEPTET_STATE_closed)
        tcp_mark_dirty(tcp, c);
    else if (c->state == SEPTET_STATE_time_wait)
        time_wait_compact(tcp, c);
    else
        connection_free(tcp, c);
}

void tcp_park(struct tcp *tcp, struct connection *c, uint32_t *link)
{
    c->flags &= ~(uint32_t)CONNECTION_DIRTY;
    c->flags |= CONNECTION_PARKED;
    c->dirty_next = *link;
    *link = tcp_index(tcp, c);
}

void tcp_unpark(struct tcp *tcp, uint32_t *link, int error)
{
    while (*link != 0) {
        struct connection *c = tcp_connection(tcp, *link);
        *link = c->dirty_next;
        c->flags &= ~(uint32_t)CONNECTION_PARKED;
        if (c->state != SEPTET_STATE_closed && error != SEPTET_OK) {
            c->flags |= CONNECTION_DIRTY; /* nobody frees it under our hands */
            tcp_path_failed(tcp, c, error);
            tcp_done(tcp, c, false);
        } else {
            tcp_mark_dirty(tcp, c);
        }
    }
}
