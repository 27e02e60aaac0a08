#include "ip/layer.h"

#include "base/arithmetic.h"
#include "base/memory.h"
#include "ip/address.h"
#include "ip/interface.h"
#include "ip/neighbor.h"
#include "ip/packet.h"
#include "ip/path_mtu.h"
#include "ip/reassembly.h"
#include "ip/route.h"

#define ALIGNMENT 64
#define PACKETS_MOST 256
#define PACKETS_LEAST 16
#define SPANS_LEAST 64
#define WHEEL_TICK_SHIFT 20 /* about a millisecond */

struct layout {
    uint8_t *memory;
    uint64_t used;
};

static void *lay(struct layout *layout, uint64_t size, uint64_t count)
{
    uint8_t *at = layout->memory == NULL ? NULL : layout->memory + layout->used;
    layout->used += (size * count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return at;
}

static uint32_t table_size(uint32_t objects)
{
    uint32_t size = 4;
    while (size < objects && size < UINT32_C(1) << 30)
        size *= 2;
    return size;
}

static uint32_t packet_count(const struct septet_config *config)
{
    return max_u32(PACKETS_LEAST, min_u32(PACKETS_MOST, config->pages / 8));
}

static uint32_t address_slots(const struct septet_config *config)
{
    return config->addresses + config->interfaces + IP_AUTO_ADDRESSES;
}

static uint32_t span_capacity(const struct septet_config *config)
{
    return max_u32(SPANS_LEAST, UINT32_C(65536) / max_u32(config->page_size, 1) + 2);
}

/* The arrays whose objects are touched only once in use. */
static void lay_slabs(struct layout *layout, const struct septet_config *config, struct ip_layer *ip)
{
    void *neighbors = lay(layout, sizeof(struct neighbor), config->neighbors);
    void *packets = lay(layout, sizeof(struct ip_packet), packet_count(config));
    void *reassemblies = lay(layout, sizeof(struct ip_reassembly), config->reassemblies);
    void *path_mtus = lay(layout, sizeof(struct path_mtu), config->path_mtus);
    if (ip == NULL)
        return;
    slab_init(&ip->neighbors, neighbors, sizeof(struct neighbor), config->neighbors);
    slab_init(&ip->packets, packets, sizeof(struct ip_packet), packet_count(config));
    slab_init(&ip->reassemblies, reassemblies, sizeof(struct ip_reassembly), config->reassemblies);
    slab_init(&ip->path_mtus, path_mtus, sizeof(struct path_mtu), config->path_mtus);
}

static void lay_arrays(struct layout *layout, const struct septet_config *config, struct ip_layer *ip)
{
    const uint32_t routes =
        config->routes + config->interfaces + IP_AUTO_PREFIXES + IP_AUTO_ROUTERS + IP_AUTO_REDIRECTS;
    void *interfaces = lay(layout, sizeof(struct ip_interface), config->interfaces);
    void *addresses = lay(layout, sizeof(struct ip_address), address_slots(config));
    void *route = lay(layout, sizeof(struct route), routes);
    void *spans = lay(layout, sizeof(struct septet_span), span_capacity(config));
    void *loop_spans = lay(layout, sizeof(struct septet_span), span_capacity(config));
    if (ip == NULL)
        return;
    ip->interfaces = interfaces;
    ip->addresses = addresses;
    ip->address_slots = address_slots(config);
    ip->routes = route;
    ip->spans = spans;
    ip->loop_spans = loop_spans;
    ip->span_capacity = span_capacity(config);
}

static uint32_t *lay_table(struct layout *layout, uint32_t objects, uint32_t *mask)
{
    const uint32_t size = table_size(objects);
    uint32_t *table = lay(layout, sizeof *table, size);
    if (table != NULL) {
        memset(table, 0, size * sizeof *table);
        *mask = size - 1;
    }
    return table;
}

static void lay_tables(struct layout *layout, const struct septet_config *config, struct ip_layer *ip)
{
    uint32_t mask[4] = {0};
    uint32_t *local = lay_table(layout, address_slots(config) * 3, &mask[0]);
    uint32_t *neighbors = lay_table(layout, config->neighbors, &mask[1]);
    uint32_t *path_mtus = lay_table(layout, config->path_mtus, &mask[2]);
    uint32_t *reassemblies = lay_table(layout, config->reassemblies, &mask[3]);
    if (ip == NULL)
        return;
    ip->local_table = local;
    ip->local_mask = mask[0];
    ip->neighbor_table = neighbors;
    ip->neighbor_mask = mask[1];
    ip->path_mtu_table = path_mtus;
    ip->path_mtu_mask = mask[2];
    ip->reassembly_table = reassemblies;
    ip->reassembly_mask = mask[3];
}

size_t ip_layer_memory(const struct septet_config *config)
{
    struct layout layout = {0};
    lay_arrays(&layout, config, NULL);
    lay_tables(&layout, config, NULL);
    lay_slabs(&layout, config, NULL);
    return layout.used > SIZE_MAX ? SIZE_MAX : (size_t)layout.used;
}

static struct siphash_key make_key(struct core *core)
{
    const uint64_t low = random_next(&core->random);
    return (struct siphash_key){{low, random_next(&core->random)}};
}

void ip_layer_init(struct ip_layer *ip, struct core *core, void *memory)
{
    struct layout layout = {.memory = memory};
    memset(ip, 0, sizeof *ip);
    ip->core = core;
    ip->generation = 1;
    ip->table_key = make_key(core);
    ip->identification_key = make_key(core);
    ip->bucket_key = make_key(core);
    lay_arrays(&layout, &core->config, ip);
    lay_tables(&layout, &core->config, ip);
    lay_slabs(&layout, &core->config, ip);
    wheel_init(&ip->neighbor_wheel, &neighbor_at(ip, 1)->timer, sizeof(struct neighbor), WHEEL_TICK_SHIFT, core->now);
    ip->interface_at = ip->address_at = ip->route_at = SEPTET_NEVER;
    for (uint32_t i = 0; i < IP_COUNTERS; i++)
        ip->counters[i] = (uint32_t)random_next(&core->random);
}

uint32_t ip_generation(const struct ip_layer *ip) { return ip->generation; }

bool ip_bucket_take(struct ip_bucket *bucket, int64_t now, int64_t interval, uint32_t burst)
{
    bucket->debt -= min_i64(bucket->debt, now - bucket->at);
    bucket->at = now;
    if (bucket->debt > interval * ((int64_t)burst - 1))
        return false;
    bucket->debt += interval;
    return true;
}

void ip_advance(struct ip_layer *ip)
{
    const int64_t now = ip->core->now;
    reassembly_release(ip);
    neighbor_advance(ip);
    if (now >= ip->address_at)
        ip_address_advance(ip);
    if (now >= ip->interface_at)
        ip_interface_advance(ip);
    if (now >= ip->route_at)
        route_advance(ip);
    reassembly_advance(ip);
    path_mtu_advance(ip);
}

int64_t ip_deadline(const struct ip_layer *ip)
{
    int64_t deadline = min_i64(wheel_next(&ip->neighbor_wheel), ip->address_at);
    deadline = min_i64(deadline, min_i64(ip->interface_at, ip->route_at));
    return min_i64(deadline, min_i64(reassembly_deadline(ip), path_mtu_deadline(ip)));
}
