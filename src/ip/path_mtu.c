#include "ip/path_mtu.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "ip/route.h"

#define LIFETIME (600 * SEPTET_SECOND)
/* Less is an attack rather than a link: RFC 1191 would allow 68. IPv6 has no links below 1280 (RFC 8200 section 5). */
#define FLOOR_IPV4 552
#define FLOOR_IPV6 1280

static struct path_mtu *entry_at(const struct ip_layer *ip, uint32_t reference)
{
    return slab_at(&ip->path_mtus, reference);
}

static uint32_t *bucket_of(const struct ip_layer *ip, const struct septet_address *destination)
{
    const uint64_t words[2] = {load64(destination->bytes), load64(destination->bytes + 8)};
    return &ip->path_mtu_table[(uint32_t)siphash13_words(&ip->table_key, words, 2) & ip->path_mtu_mask];
}

static uint32_t find(const struct ip_layer *ip, const struct septet_address *destination)
{
    uint32_t reference = ip->path_mtus.used == 0 ? 0 : *bucket_of(ip, destination);
    while (reference != 0 && !septet_address_equal(&entry_at(ip, reference)->destination, destination))
        reference = entry_at(ip, reference)->hash_next;
    return reference;
}

uint32_t path_mtu_limit(const struct ip_layer *ip, const struct septet_address *destination, uint32_t mtu)
{
    const uint32_t reference = find(ip, destination);
    return reference == 0 ? mtu : min_u32(mtu, entry_at(ip, reference)->mtu);
}

static void trace_change(struct ip_layer *ip, const struct septet_address *destination, uint32_t before, uint32_t after)
{
    if (!core_traced(ip->core))
        return;
    const struct septet_tuple tuple = {.remote = *destination};
    const struct septet_trace_event event = {
        .time = ip->core->now,
        .kind = SEPTET_TRACE_path_mtu,
        .tuple = &tuple,
        .value = {before, after},
    };
    core_trace(ip->core, &event);
}

static void forget(struct ip_layer *ip, uint32_t reference)
{
    struct path_mtu *entry = entry_at(ip, reference);
    uint32_t *link = bucket_of(ip, &entry->destination);
    while (*link != reference)
        link = &entry_at(ip, *link)->hash_next;
    *link = entry->hash_next;
    list_remove(&ip->path_mtu_order, &ip->path_mtus, reference);
    slab_return(&ip->path_mtus, reference);
    ip_paths_changed(ip);
}

static uint32_t make(struct ip_layer *ip, const struct septet_address *destination)
{
    if (ip->path_mtus.total == 0)
        return 0;
    if (slab_available(&ip->path_mtus) == 0)
        forget(ip, 1 + random_below(&ip->core->random, ip->path_mtus.total));
    const uint32_t reference = slab_take(&ip->path_mtus);
    uint32_t *bucket = bucket_of(ip, destination);
    *entry_at(ip, reference) = (struct path_mtu){.destination = *destination, .hash_next = *bucket};
    *bucket = reference;
    list_append(&ip->path_mtu_order, &ip->path_mtus, reference);
    return reference;
}

bool ip_path_mtu_report(struct ip_layer *ip, const struct septet_address *destination, uint32_t mtu)
{
    struct septet_address source = {{0}};
    struct route_hop hop;
    const bool ipv4 = septet_address_is_ipv4(destination);
    if (!ipv4 && mtu < FLOOR_IPV6)
        return false;
    if (route_resolve(ip, &source, destination, &hop) != SEPTET_OK || hop.local || hop.group)
        return false;
    mtu = max_u32(mtu, ipv4 ? FLOOR_IPV4 : FLOOR_IPV6);
    if (mtu >= hop.mtu)
        return false;
    uint32_t reference = find(ip, destination);
    if (reference == 0)
        reference = make(ip, destination);
    if (reference == 0)
        return false;
    struct path_mtu *entry = entry_at(ip, reference);
    trace_change(ip, destination, hop.mtu, mtu);
    entry->mtu = mtu;
    entry->expires = ip->core->now + LIFETIME;
    list_remove(&ip->path_mtu_order, &ip->path_mtus, reference);
    list_append(&ip->path_mtu_order, &ip->path_mtus, reference);
    ip_paths_changed(ip);
    return true;
}

int64_t path_mtu_deadline(const struct ip_layer *ip)
{
    return ip->path_mtu_order.first == 0 ? SEPTET_NEVER : entry_at(ip, ip->path_mtu_order.first)->expires;
}

void path_mtu_advance(struct ip_layer *ip)
{
    while (path_mtu_deadline(ip) <= ip->core->now) {
        const uint32_t reference = ip->path_mtu_order.first;
        const struct path_mtu entry = *entry_at(ip, reference);
        struct septet_address source = {{0}};
        struct route_hop hop;
        forget(ip, reference);
        if (route_resolve(ip, &source, &entry.destination, &hop) == SEPTET_OK)
            trace_change(ip, &entry.destination, entry.mtu, hop.mtu);
    }
}
