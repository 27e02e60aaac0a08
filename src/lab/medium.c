#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "base/random.h"
#include "lab/world_state.h"
#include "wire/ethernet.h"
#include "wire/ip.h"

#define CE 3
#define MILLION 1000000U

static const struct link_settings *settings_of(const struct world *world, const struct frame *frame)
{
    return &world->scenario->link[frame->link].from[frame->end];
}

static struct medium_side *side_of(struct world *world, const struct frame *frame)
{
    return &world->medium[frame->link].side[frame->end];
}

static uint64_t below(struct medium_side *side, uint64_t bound)
{
    uint64_t high = splitmix64(&side->random) >> 32;

    return bound <= UINT32_MAX ? high * bound >> 32 : splitmix64(&side->random) % bound;
}

static bool happens(struct medium_side *side, uint32_t per_million)
{
    return per_million && below(side, MILLION) < per_million;
}

static uint32_t link_header(const struct world *world, const struct frame *frame)
{
    return world->scenario->link[frame->link].ethernet ? ETHERNET_HEADER : 0;
}

void medium_begin(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    for (uint32_t i = 0; i < scenario->links; i++)
        for (uint32_t end = 0; end < SCENARIO_ENDS; end++)
            world->medium[i].side[end].random = world->seed ^ ((uint64_t)i * SCENARIO_ENDS + end + 1) << 40;
    for (uint32_t i = 0; i < scenario->rules; i++)
        world->medium[scenario->rule[i].link].has_rules = true;
    for (uint32_t i = 0; i < scenario->downs; i++)
        world->medium[scenario->down[i].link].has_downs = true;
}

void medium_report(struct world *world, const struct frame *frame, enum frame_fate fate, uint16_t interface)
{
    const struct scenario *scenario = world->scenario;
    struct frame_report report = {.time = world->now, .frame = frame, .fate = fate, .interface = interface};
    bool received = fate == FATE_DELIVERED || fate == FATE_HOST_DOWN;

    report.from = scenario->interface[scenario->link[frame->link].interface[frame->end]].host;
    report.to = received ? scenario->interface[interface].host : SCENARIO_NOBODY;
    world->medium[frame->link].fates[fate]++;
    for (uint32_t i = 0; i < world->observers; i++)
        if (world->observer[i].frame)
            world->observer[i].frame(world->observer[i].context, &report);
}

static uint16_t sender_interface(const struct world *world, const struct frame *frame)
{
    return world->scenario->link[frame->link].interface[frame->end];
}

static void lose(struct world *world, struct frame *frame, enum frame_fate fate)
{
    medium_report(world, frame, fate, sender_interface(world, frame));
    world->in_flight--;
    frame_drop(&world->pool, frame);
}

/* ---- the end of the way ---- */

/* The end that a frame is addressed to, as a switch knows it; all of them when it is a group's or nobody's. */
static uint8_t end_of_mac(const struct world *world, const struct scenario_link *link, const struct frame *frame)
{
    for (uint8_t end = 0; frame->length >= ETHERNET_HEADER && end < link->ends; end++)
        if (memcmp(world->scenario->interface[link->interface[end]].mac, frame->bytes, 6) == 0)
            return end;
    return SCENARIO_ALL_ENDS;
}

static void schedule(struct world *world, struct frame *frame, int64_t time)
{
    const struct scenario_link *link = &world->scenario->link[frame->link];
    uint8_t only = link->ends > 2 ? end_of_mac(world, link, frame) : SCENARIO_ALL_ENDS;

    for (uint8_t end = 0; end < link->ends; end++) {
        if (end == frame->end || (only != SCENARIO_ALL_ENDS && end != only))
            continue;
        frame->references++;
        world->in_flight++;
        world_plan(world, time, AGENDA_ARRIVAL, link->interface[end], frame);
    }
    world->in_flight--;
    frame_drop(&world->pool, frame);
}

/* Gives a frame its time of flight. With extra time it may be overtaken. */
static void fly(struct world *world, struct frame *frame, int64_t extra)
{
    const struct link_settings *settings = settings_of(world, frame);
    struct medium_side *side = side_of(world, frame);
    int64_t time = world->now + settings->delay;

    if (settings->jitter)
        time += (int64_t)below(side, (uint64_t)settings->jitter + 1);
    bool reordered = happens(side, settings->reorder);
    if (reordered || extra) {
        frame->marks |= FRAME_HELD_UP;
        time += extra + (reordered ? settings->reorder_delay : 0);
    } else if (settings->keep_order) {
        time = max_i64(time, side->last_arrival);
        side->last_arrival = time;
    }
    schedule(world, frame, time);
}

void medium_held(struct world *world, struct frame *frame)
{
    schedule(world, frame, world->now + settings_of(world, frame)->delay);
}

void medium_arrive(struct world *world, struct frame *frame, uint16_t interface)
{
    uint16_t host = world->scenario->interface[interface].host;

    world->in_flight--;
    if (!world->host[host].stack) {
        medium_report(world, frame, FATE_HOST_DOWN, interface);
        frame_drop(&world->pool, frame);
        return;
    }
    medium_report(world, frame, FATE_DELIVERED, interface);
    host_receive(world, host, frame, interface);
}

/* ---- what befalls frames on the way ---- */

static void corrupt(struct world *world, struct frame *frame)
{
    uint32_t header = link_header(world, frame);
    bool arp = header && frame->length >= header && load16(frame->bytes + 12) == ETHERTYPE_ARP;

    /* ARP has no checksum: on a real wire the frame's own would have caught it. */
    if (arp || frame->gso_size || frame->length <= header)
        return;
    uint64_t bit = below(side_of(world, frame), (uint64_t)(frame->length - header) * 8);
    frame->bytes[header + bit / 8] ^= (uint8_t)(1U << bit % 8);
    frame->flags = 0;
    frame->marks |= FRAME_CORRUPTED;
}

static void duplicate(struct world *world, const struct frame *frame, int64_t extra)
{
    struct frame *copy = frame_duplicate(&world->pool, frame);

    if (!copy) {
        world_fail(world, "no memory for another frame");
        return;
    }
    copy->marks |= FRAME_COPY;
    world->in_flight++;
    medium_report(world, copy, FATE_COPIED, sender_interface(world, copy));
    fly(world, copy, extra);
}

static bool is_down(const struct world *world, const struct frame *frame)
{
    const struct medium *medium = &world->medium[frame->link];

    if (medium->down || !medium->has_downs)
        return medium->down;
    for (uint32_t i = 0; i < world->scenario->downs; i++) {
        const struct scenario_down *down = &world->scenario->down[i];
        if (down->link == frame->link && (down->end == frame->end || down->end == SCENARIO_ALL_ENDS) &&
            world->now >= down->from && world->now < down->to)
            return true;
    }
    return false;
}

/* Gilbert-Elliott: a chain of two states that moves with each frame. */
static bool lost_in_burst(const struct link_settings *settings, struct medium_side *side)
{
    if (!settings->burst_enter)
        return false;
    if (happens(side, side->bad ? settings->burst_leave : settings->burst_enter))
        side->bad = !side->bad;
    return side->bad && happens(side, settings->burst_loss);
}

static void leave(struct world *world, struct frame *frame)
{
    const struct link_settings *settings = settings_of(world, frame);
    struct medium_side *side = side_of(world, frame);
    const struct scenario_rule *rule = world->medium[frame->link].has_rules ? medium_rule(world, frame) : NULL;
    int64_t extra = 0;

    if (is_down(world, frame)) {
        lose(world, frame, FATE_DOWN);
        return;
    }
    if (rule && rule->action == RULE_DROP) {
        lose(world, frame, FATE_RULE);
        return;
    }
    if (lost_in_burst(settings, side)) {
        lose(world, frame, FATE_BURST);
        return;
    }
    if (happens(side, settings->loss)) {
        lose(world, frame, FATE_LOST);
        return;
    }
    if (rule && rule->action == RULE_DUPLICATE)
        duplicate(world, frame, rule->time);
    else if (happens(side, settings->duplicate))
        duplicate(world, frame, 0);
    if ((rule && rule->action == RULE_CORRUPT) || happens(side, settings->corrupt))
        corrupt(world, frame);
    if (rule && rule->action == RULE_DELAY)
        extra = rule->time;
    if (rule && rule->action == RULE_HOLD && rule->time > world->now) {
        frame->marks |= FRAME_HELD_UP;
        world_plan(world, rule->time, AGENDA_HELD, 0, frame);
        return;
    }
    fly(world, frame, extra);
}

/* ---- the queue in front of a link with a rate ---- */

/* Sets CE if the packet says that its ends understand (RFC 3168). */
static bool mark_ce(const struct world *world, struct frame *frame)
{
    uint32_t header = link_header(world, frame);
    uint8_t *packet = frame->bytes + header;

    if (frame->length < header + IPV4_HEADER)
        return false;
    if (header && load16(frame->bytes + 12) != ETHERTYPE_IPV4 && load16(frame->bytes + 12) != ETHERTYPE_IPV6)
        return false;
    if (packet[0] >> 4 == 4 && (packet[1] & CE)) {
        uint16_t before = load16(packet);
        packet[1] |= CE;
        store16(packet + 10, checksum_replace16(load16(packet + 10), before, load16(packet)));
    } else if (packet[0] >> 4 == 6 && (packet[1] >> 4 & CE)) {
        packet[1] |= CE << 4;
    } else {
        return false;
    }
    frame->marks |= FRAME_CE;
    return true;
}

static struct frame *dequeue(struct medium_side *side)
{
    struct frame *frame = side->first;

    if (!frame)
        return NULL;
    side->first = frame->next;
    if (!side->first)
        side->last = NULL;
    side->packets--;
    side->bytes -= frame->length;
    return frame;
}

static struct frame *dequeue_codel(struct world *world, const struct link_settings *settings, struct medium_side *side)
{
    struct codel_limits limits = {settings->codel_target, settings->codel_interval, 1514};
    bool again = false;
    struct frame *frame;

    while ((frame = dequeue(side)) != NULL) {
        bool drop = codel_drop(&side->codel, &limits, world->now, frame->queued, side->bytes, again);
        if (!drop)
            return frame;
        if (settings->ecn && mark_ce(world, frame)) {
            codel_marked(&side->codel, &limits);
            return frame;
        }
        lose(world, frame, FATE_CODEL);
        again = true;
    }
    codel_empty(&side->codel);
    return NULL;
}

static void transmit_next(struct world *world, const struct link_settings *settings, struct medium_side *side)
{
    struct frame *frame = settings->codel ? dequeue_codel(world, settings, side) : dequeue(side);

    side->busy = frame != NULL;
    if (frame) {
        uint64_t time = mul_div_u64((uint64_t)frame->length * 8, (uint64_t)SEPTET_SECOND, settings->rate);
        world_plan(world, world->now + (int64_t)min_u64(time, INT64_MAX / 8), AGENDA_TRANSMITTED, 0, frame);
    }
}

void medium_transmitted(struct world *world, struct frame *frame)
{
    const struct link_settings *settings = settings_of(world, frame);
    struct medium_side *side = side_of(world, frame);

    leave(world, frame);
    transmit_next(world, settings, side);
}

static void enqueue(struct world *world, struct frame *frame, const struct link_settings *settings,
                    struct medium_side *side)
{
    if ((settings->queue_packets && side->packets >= settings->queue_packets) ||
        (settings->queue_bytes && side->bytes + frame->length > settings->queue_bytes)) {
        lose(world, frame, FATE_QUEUE_FULL);
        return;
    }
    frame->queued = world->now;
    frame->next = NULL;
    if (side->last)
        side->last->next = frame;
    else
        side->first = frame;
    side->last = frame;
    side->packets++;
    side->bytes += frame->length;
    if (!side->busy)
        transmit_next(world, settings, side);
}

void medium_enter(struct world *world, struct frame *frame)
{
    const struct link_settings *settings = settings_of(world, frame);
    uint32_t packet = frame->length - min_u32(frame->length, link_header(world, frame));

    frame->sent = world->now;
    world->in_flight++;
    medium_report(world, frame, FATE_SENT, sender_interface(world, frame));
    if (settings->mtu && packet > settings->mtu && !frame->gso_size)
        lose(world, frame, FATE_TOO_BIG);
    else if (settings->rate)
        enqueue(world, frame, settings, side_of(world, frame));
    else
        leave(world, frame);
}
