#include "ip/neighbor.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "ip/packet.h"

/* How many of the oldest unconfirmed entries are looked at for one that may give way. */
#define EVICTION_LOOKS 8
/* An entry that is being asked for keeps its place this long: its answer may be on the way. */
#define RESOLVING_LEAST SEPTET_SECOND
/* An entry that nobody used goes away. */
#define UNUSED_TIME (60 * SEPTET_SECOND)

static uint32_t *bucket_of(const struct ip_layer *ip, uint16_t interface, const struct septet_address *address)
{
    const uint64_t words[3] = {load64(address->bytes), load64(address->bytes + 8), interface};
    return &ip->neighbor_table[(uint32_t)siphash13_words(&ip->table_key, words, 3) & ip->neighbor_mask];
}

uint32_t neighbor_find(const struct ip_layer *ip, uint16_t interface, const struct septet_address *address)
{
    uint32_t reference = *bucket_of(ip, interface, address);
    while (reference != 0) {
        const struct neighbor *neighbor = neighbor_at(ip, reference);
        if (neighbor->interface == interface && septet_address_equal(&neighbor->address, address))
            break;
        reference = neighbor->hash_next;
    }
    return reference;
}

bool neighbor_failed(const struct ip_layer *ip, uint16_t interface, const struct septet_address *address)
{
    const uint32_t reference = neighbor_find(ip, interface, address);
    return reference != 0 && neighbor_at(ip, reference)->state == NEIGHBOR_FAILED;
}

static void unlink_bucket(struct ip_layer *ip, uint32_t reference)
{
    const struct neighbor *neighbor = neighbor_at(ip, reference);
    uint32_t *link = bucket_of(ip, neighbor->interface, &neighbor->address);
    while (*link != reference)
        link = &neighbor_at(ip, *link)->hash_next;
    *link = neighbor->hash_next;
}

void neighbor_free(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    packet_drop_queue(ip, &neighbor->queue, SEPTET_DROP_neighbor_queue);
    wheel_cancel(&ip->neighbor_wheel, reference);
    unlink_bucket(ip, reference);
    if (!neighbor->confirmed)
        list_remove(&ip->unconfirmed, &ip->neighbors, reference);
    if (neighbor->referenced)
        ip_paths_changed(ip);
    slab_return(&ip->neighbors, reference);
}

void neighbor_set_confirmed(struct ip_layer *ip, uint32_t reference, bool confirmed)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    if (neighbor->confirmed == confirmed)
        return;
    neighbor->confirmed = confirmed;
    if (confirmed)
        list_remove(&ip->unconfirmed, &ip->neighbors, reference);
    else
        list_append(&ip->unconfirmed, &ip->neighbors, reference);
}

static bool may_give_way(const struct ip_layer *ip, const struct neighbor *neighbor)
{
    if (neighbor->waiters != 0 || neighbor->settled)
        return false;
    return neighbor->state != NEIGHBOR_INCOMPLETE || ip->core->now - neighbor->started >= RESOLVING_LEAST;
}

static bool make_room(struct ip_layer *ip)
{
    uint32_t reference = ip->unconfirmed.first;
    for (uint32_t looks = 0; looks < EVICTION_LOOKS && reference != 0; looks++) {
        if (may_give_way(ip, neighbor_at(ip, reference))) {
            neighbor_free(ip, reference);
            return true;
        }
        reference = list_link(&ip->neighbors, reference)->next;
    }
    return false;
}

/* Half of the table at most is for those that have not proved to exist: a scan cannot fill it. */
static bool room(struct ip_layer *ip)
{
    const uint32_t most = max_u32(1, ip->neighbors.total / 2);
    if (slab_available(&ip->neighbors) > 0 && ip->unconfirmed.count < most)
        return true;
    return make_room(ip);
}

uint32_t neighbor_get(struct ip_layer *ip, uint16_t interface, const struct septet_address *address)
{
    uint32_t reference = neighbor_find(ip, interface, address);
    if (reference != 0)
        return reference;
    if (!room(ip))
        return 0;
    reference = slab_take(&ip->neighbors);
    if (reference == 0)
        return 0;
    struct neighbor *neighbor = neighbor_at(ip, reference);
    uint32_t *bucket = bucket_of(ip, interface, address);
    *neighbor = (struct neighbor){
        .address = *address,
        .interface = interface,
        .hash_next = *bucket,
        .state = NEIGHBOR_NONE,
    };
    *bucket = reference;
    list_append(&ip->unconfirmed, &ip->neighbors, reference);
    wheel_arm(&ip->neighbor_wheel, reference, ip->core->now + UNUSED_TIME);
    return reference;
}

uint32_t neighbor_refer(struct ip_layer *ip, uint16_t interface, const struct septet_address *address)
{
    const uint32_t reference = neighbor_get(ip, interface, address);
    if (reference == 0)
        return NEIGHBOR_NO_ROOM;
    neighbor_at(ip, reference)->referenced = true;
    return reference;
}
