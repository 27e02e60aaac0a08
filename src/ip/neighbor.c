#include "ip/neighbor.h"

#include "base/memory.h"
#include "ip/address.h"
#include "ip/arp.h"
#include "ip/ndp.h"
#include "ip/packet.h"
#include "ip/route.h"

/* Timers, one for each entry:
 * NONE        unused for a minute: freed
 * INCOMPLETE  RetransTimer: asked again by multicast or broadcast, three times; then FAILED
 * REACHABLE   ReachableTime since the last confirmation: STALE
 * STALE       unused for a minute: freed
 * DELAY       5 s of grace for a confirmation from above: PROBE
 * PROBE       RetransTimer: asked again by unicast, three times; then INCOMPLETE, since the link address may have
 *             changed (RFC 7048)
 * FAILED      3 s in which the network is spared more questions: freed */
#define MAX_MULTICAST_SOLICIT 3
#define MAX_UNICAST_SOLICIT 3
#define DELAY_FIRST_PROBE_TIME (5 * SEPTET_SECOND)
#define STALE_TIME (60 * SEPTET_SECOND)
#define FAILED_TIME (3 * SEPTET_SECOND)
#define QUEUE_MOST 3
/* Questions to everybody on the link, RFC 6583: a scan of a subnet becomes no storm on it. */
#define SOLICIT_INTERVAL (SEPTET_SECOND / 200)
#define SOLICIT_BURST 64

static void trace_neighbor(struct ip_layer *ip, const struct neighbor *neighbor, uint8_t from, uint8_t to)
{
    if (!core_traced(ip->core))
        return;
    const struct septet_tuple tuple = {.remote = neighbor->address};
    const struct septet_trace_event event = {
        .time = ip->core->now,
        .kind = SEPTET_TRACE_neighbor,
        .tuple = &tuple,
        .value = {neighbor->interface, from, to},
    };
    core_trace(ip->core, &event);
}

static void set_state(struct ip_layer *ip, uint32_t reference, uint8_t state, int64_t timer)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    if (neighbor->state != state)
        trace_neighbor(ip, neighbor, neighbor->state, state);
    neighbor->state = state;
    wheel_arm(&ip->neighbor_wheel, reference, ip->core->now + timer);
}

static void solicit(struct ip_layer *ip, struct neighbor *neighbor, bool unicast)
{
    neighbor->probes++;
    if (!unicast && !ip_bucket_take(&ip->solicitations, ip->core->now, SOLICIT_INTERVAL, SOLICIT_BURST))
        return;
    const uint8_t *mac = unicast ? neighbor->mac : NULL;
    if (septet_address_is_ipv4(&neighbor->address))
        arp_solicit(ip, neighbor->interface, &neighbor->address, mac);
    else
        ndp_solicit(ip, neighbor->interface, &neighbor->address, mac);
}

static void start_resolution(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    neighbor->probes = 0;
    neighbor->started = ip->core->now;
    set_state(ip, reference, NEIGHBOR_INCOMPLETE, ip->interfaces[neighbor->interface].retrans_timer);
    solicit(ip, neighbor, false);
}

static void start_probing(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    neighbor->probes = 0;
    set_state(ip, reference, NEIGHBOR_PROBE, ip->interfaces[neighbor->interface].retrans_timer);
    solicit(ip, neighbor, true);
}

enum ip_reachability neighbor_use(struct ip_layer *ip, uint32_t reference)
{
    switch (neighbor_at(ip, reference)->state) {
    case NEIGHBOR_NONE:
        start_resolution(ip, reference);
        return IP_RESOLVING;
    case NEIGHBOR_INCOMPLETE:
        return IP_RESOLVING;
    case NEIGHBOR_STALE:
        set_state(ip, reference, NEIGHBOR_DELAY, DELAY_FIRST_PROBE_TIME);
        return IP_REACHABLE;
    case NEIGHBOR_FAILED:
        return IP_UNREACHABLE;
    default:
        return IP_REACHABLE;
    }
}

/* Tells the stack that waits for the entry. */
static void settle(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    if (neighbor->waiters == 0 || neighbor->settled)
        return;
    neighbor->settled = true;
    neighbor->settled_next = 0;
    if (ip->settled_last != 0)
        neighbor_at(ip, ip->settled_last)->settled_next = reference;
    else
        ip->settled_first = reference;
    ip->settled_last = reference;
}

uint32_t ip_next_settled(struct ip_layer *ip, bool *reachable)
{
    while (ip->settled_first != 0) {
        const uint32_t reference = ip->settled_first;
        struct neighbor *neighbor = neighbor_at(ip, reference);
        ip->settled_first = neighbor->settled_next;
        if (ip->settled_first == 0)
            ip->settled_last = 0;
        neighbor->settled = false;
        if (neighbor->waiters == 0 || neighbor->state == NEIGHBOR_INCOMPLETE)
            continue;
        *reachable = neighbor->state != NEIGHBOR_FAILED;
        return reference;
    }
    return 0;
}

uint32_t *ip_neighbor_waiters(struct ip_layer *ip, uint32_t neighbor) { return &neighbor_at(ip, neighbor)->waiters; }

/* The link address is known now. */
static void resolved(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    packet_send_queue(ip, &neighbor->queue, neighbor->mac);
    settle(ip, reference);
}

static void set_reachable(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    const int64_t base = ip->interfaces[neighbor->interface].reachable_time;
    neighbor_set_confirmed(ip, reference, true);
    neighbor->reachable_time =
        base / 2 + random_below(&ip->core->random, (uint32_t)(base / SEPTET_MICROSECOND)) * SEPTET_MICROSECOND;
    neighbor->fresh_until = ip->core->now + neighbor->reachable_time;
    set_state(ip, reference, NEIGHBOR_REACHABLE, neighbor->reachable_time);
}

static void set_stale(struct ip_layer *ip, uint32_t reference) { set_state(ip, reference, NEIGHBOR_STALE, STALE_TIME); }

static void fail(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    neighbor_set_confirmed(ip, reference, false);
    list_remove(&ip->unconfirmed, &ip->neighbors, reference);
    list_prepend(&ip->unconfirmed, &ip->neighbors, reference);
    set_state(ip, reference, NEIGHBOR_FAILED, FAILED_TIME);
    if (neighbor->referenced)
        ip_paths_changed(ip);
    settle(ip, reference);
    packet_fail_queue(ip, &neighbor->queue);
}

void neighbor_confirm(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    if (neighbor->state == NEIGHBOR_REACHABLE)
        neighbor->fresh_until = ip->core->now + neighbor->reachable_time;
    else if (neighbor->state >= NEIGHBOR_STALE && neighbor->state <= NEIGHBOR_PROBE)
        set_reachable(ip, reference);
}

void neighbor_doubt(struct ip_layer *ip, uint32_t reference)
{
    const uint8_t state = neighbor_at(ip, reference)->state;
    if (state == NEIGHBOR_REACHABLE || state == NEIGHBOR_STALE || state == NEIGHBOR_DELAY)
        start_probing(ip, reference);
}

static bool has_link_address(const struct neighbor *neighbor)
{
    return neighbor->state >= NEIGHBOR_REACHABLE && neighbor->state <= NEIGHBOR_PROBE;
}

/* RFC 4861 section 7.2.5: the answer to a question that found nothing yet. */
static void answer_first(struct ip_layer *ip, uint32_t reference, const struct neighbor_news *news)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    if (news->mac == NULL)
        return;
    memcpy(neighbor->mac, news->mac, sizeof neighbor->mac);
    if (news->solicited)
        set_reachable(ip, reference);
    else
        set_stale(ip, reference);
    resolved(ip, reference);
}

static void answer_again(struct ip_layer *ip, uint32_t reference, const struct neighbor_news *news)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    const bool differs = news->mac != NULL && memcmp(neighbor->mac, news->mac, sizeof neighbor->mac) != 0;
    if (differs && !news->override) {
        if (neighbor->state == NEIGHBOR_REACHABLE)
            set_stale(ip, reference);
        return;
    }
    if (differs)
        memcpy(neighbor->mac, news->mac, sizeof neighbor->mac);
    if (news->solicited)
        set_reachable(ip, reference);
    else if (differs)
        set_stale(ip, reference);
}

bool neighbor_advertised(struct ip_layer *ip, const struct neighbor_news *news)
{
    const uint32_t reference = neighbor_find(ip, news->interface, &news->address);
    if (reference == 0 || neighbor_at(ip, reference)->state == NEIGHBOR_NONE)
        return false;
    struct neighbor *neighbor = neighbor_at(ip, reference);
    if (has_link_address(neighbor))
        answer_again(ip, reference, news);
    else
        answer_first(ip, reference, news);
    if (news->router_known) {
        if (neighbor->is_router && !news->is_router)
            route_forget_gateway(ip, news->interface, &news->address);
        neighbor->is_router = news->is_router;
    }
    return true;
}

void neighbor_solicited(struct ip_layer *ip, const struct neighbor_news *news, bool create)
{
    uint32_t reference = neighbor_find(ip, news->interface, &news->address);
    if (reference == 0 && create)
        reference = neighbor_get(ip, news->interface, &news->address);
    if (reference == 0 || news->mac == NULL)
        return;
    struct neighbor *neighbor = neighbor_at(ip, reference);
    if (has_link_address(neighbor) && memcmp(neighbor->mac, news->mac, sizeof neighbor->mac) == 0)
        return;
    const bool first = !has_link_address(neighbor);
    memcpy(neighbor->mac, news->mac, sizeof neighbor->mac);
    set_stale(ip, reference);
    if (first)
        resolved(ip, reference);
}

static void expire(struct ip_layer *ip, uint32_t reference)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    const int64_t again = ip->interfaces[neighbor->interface].retrans_timer;
    switch (neighbor->state) {
    case NEIGHBOR_INCOMPLETE:
        if (neighbor->probes >= MAX_MULTICAST_SOLICIT) {
            fail(ip, reference);
            break;
        }
        solicit(ip, neighbor, false);
        wheel_arm(&ip->neighbor_wheel, reference, ip->core->now + again);
        break;
    case NEIGHBOR_REACHABLE:
        if (neighbor->fresh_until > ip->core->now)
            wheel_arm(&ip->neighbor_wheel, reference, neighbor->fresh_until);
        else
            set_stale(ip, reference);
        break;
    case NEIGHBOR_DELAY:
        start_probing(ip, reference);
        break;
    case NEIGHBOR_PROBE:
        if (neighbor->probes >= MAX_UNICAST_SOLICIT) {
            start_resolution(ip, reference);
            break;
        }
        solicit(ip, neighbor, true);
        wheel_arm(&ip->neighbor_wheel, reference, ip->core->now + again);
        break;
    default:
        if (neighbor->waiters != 0 || neighbor->settled)
            wheel_arm(&ip->neighbor_wheel, reference, ip->core->now + again);
        else
            neighbor_free(ip, reference);
    }
}

void neighbor_advance(struct ip_layer *ip)
{
    for (;;) {
        const uint32_t reference = wheel_expire(&ip->neighbor_wheel, ip->core->now);
        if (reference == 0)
            return;
        expire(ip, reference);
    }
}

void neighbor_queue(struct ip_layer *ip, uint32_t reference, uint32_t packet)
{
    struct neighbor *neighbor = neighbor_at(ip, reference);
    if (neighbor->queue.count >= QUEUE_MOST)
        packet_drop(ip, list_take(&neighbor->queue, &ip->packets), SEPTET_DROP_neighbor_queue);
    list_append(&neighbor->queue, &ip->packets, packet);
}

/* ---- as the stack sees it ---- */

static bool path_names_neighbor(const struct ip_layer *ip, const struct ip_path *path)
{
    return path->neighbor != 0 && path->neighbor <= ip->neighbors.fresh && path->generation == ip->generation;
}

enum ip_reachability ip_link_address(struct ip_layer *ip, const struct ip_path *path, uint8_t mac[6])
{
    if (path->neighbor == 0)
        return IP_REACHABLE;
    if (!path_names_neighbor(ip, path))
        return IP_UNREACHABLE;
    const enum ip_reachability reachability = neighbor_use(ip, path->neighbor);
    if (reachability == IP_REACHABLE)
        memcpy(mac, neighbor_at(ip, path->neighbor)->mac, 6);
    return reachability;
}

void ip_neighbor_confirm(struct ip_layer *ip, const struct ip_path *path)
{
    if (path_names_neighbor(ip, path))
        neighbor_confirm(ip, path->neighbor);
}

void ip_neighbor_doubt(struct ip_layer *ip, const struct ip_path *path)
{
    if (path_names_neighbor(ip, path))
        neighbor_doubt(ip, path->neighbor);
}
