#include "lab/world_state.h"

#include "base/memory.h"

/* More steps than this without any time passing means that something goes round in circles. */
#define SAME_INSTANT 20000
#define ROUNDS 5000

/* ---- one host, one instant ---- */

static int64_t clock_of(const struct world *world, uint16_t host)
{
    return world->now - world->now % world->scenario->host[host].config.clock_granularity;
}

/* The first moment at which a host's clock shows at least `deadline`. */
static int64_t moment_of(const struct world *world, uint16_t host, int64_t deadline)
{
    int64_t step = world->scenario->host[host].config.clock_granularity;

    if (deadline <= clock_of(world, host) || deadline > SEPTET_NEVER - step)
        return deadline;
    return (deadline + step - 1) / step * step;
}

static void flush_batch(struct world *world, uint16_t host)
{
    struct lab_host *the = &world->host[host];
    struct septet_packet packets[SEPTET_BATCH];

    for (uint32_t i = 0; i < the->batch_count; i++) {
        const struct frame *frame = the->batch[i];
        packets[i] = (struct septet_packet){.head = frame->bytes,
                                            .head_length = frame->length,
                                            .length = frame->length,
                                            .interface = the->batch_interface[i],
                                            .gso_size = frame->gso_size,
                                            .flags = frame->flags};
    }
    septet_advance(the->stack, clock_of(world, host));
    septet_input(the->stack, packets, the->batch_count);
    for (uint32_t i = 0; i < the->batch_count; i++)
        frame_drop(&world->pool, the->batch[i]);
    the->batch_count = 0;
}

void host_receive(struct world *world, uint16_t host, struct frame *frame, uint16_t interface)
{
    struct lab_host *the = &world->host[host];

    if (the->batch_count == SEPTET_BATCH)
        flush_batch(world, host);
    the->batch_interface[the->batch_count] = world->scenario->interface[interface].index;
    the->batch[the->batch_count++] = frame;
    the->dirty = true;
}

static void send_packet(struct world *world, uint16_t host, const struct septet_packet *packet)
{
    const struct scenario *scenario = world->scenario;
    uint32_t i = 0;

    while (i < scenario->interfaces &&
           (scenario->interface[i].host != host || scenario->interface[i].index != packet->interface))
        i++;
    if (i == scenario->interfaces) {
        world_fail_text(world, "a stack sends on an interface that it does not have, host", NULL, host);
        return;
    }
    struct frame *frame = frame_take(&world->pool, packet->length);
    if (!frame) {
        world_fail(world, "no memory for another frame");
        return;
    }
    uint32_t at = packet->head_length;
    memcpy(frame->bytes, packet->head, packet->head_length);
    for (uint32_t span = 0; span < packet->span_count; span++) {
        if (packet->spans[span].length > packet->length - at) {
            world_fail_text(world, "a packet's spans are longer than the packet, host", NULL, host);
            break;
        }
        memcpy(frame->bytes + at, packet->spans[span].data, packet->spans[span].length);
        at += packet->spans[span].length;
    }
    if (at != packet->length)
        world_fail_text(world, "a packet's length is not that of its head and spans, host", NULL, host);
    frame->link = scenario->interface[i].link;
    frame->end = scenario->interface[i].end;
    medium_enter(world, frame);
}

static uint32_t pull_output(struct world *world, uint16_t host)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint32_t count = septet_output(world->host[host].stack, packets, SEPTET_BATCH);

    for (uint32_t i = 0; i < count; i++)
        send_packet(world, host, &packets[i]);
    return count;
}

static void run_host(struct world *world, uint16_t host)
{
    struct lab_host *the = &world->host[host];
    struct septet_event event;
    bool busy = true;

    the->dirty = false;
    septet_advance(the->stack, clock_of(world, host));
    if (the->batch_count)
        flush_batch(world, host);
    for (uint32_t round = 0; busy && the->stack && !world->failed; round++) {
        busy = false;
        while (septet_next_event(the->stack, &event)) {
            task_event(world, host, &event);
            busy = true;
        }
        busy = tasks_run(world, host) || busy;
        if (the->stack)
            busy = pull_output(world, host) > 0 || busy;
        if (round == ROUNDS)
            world_fail_text(world, "never comes to rest: host", NULL, host);
    }
    if (the->stack)
        the->deadline = moment_of(world, host, septet_deadline(the->stack));
}

/* ---- time ---- */

static void dispatch(struct world *world, const struct agenda_entry *entry)
{
    switch (entry->kind) {
    case AGENDA_ARRIVAL:
        medium_arrive(world, entry->object, (uint16_t)entry->index);
        break;
    case AGENDA_TRANSMITTED:
        medium_transmitted(world, entry->object);
        break;
    case AGENDA_HELD:
        medium_held(world, entry->object);
        break;
    case AGENDA_TASK:
        task_timer(world, entry->index);
        break;
    case AGENDA_PROGRAM:
        program_start(world, entry->index);
        break;
    default:
        if (!world->host[entry->index].stack && host_boot(world, (uint16_t)entry->index))
            programs_restart(world, (uint16_t)entry->index);
        break;
    }
}

static int64_t next_moment(const struct world *world)
{
    int64_t next = agenda_next(&world->agenda);

    for (uint32_t i = 0; i < world->scenario->hosts; i++) {
        const struct lab_host *host = &world->host[i];
        if (host->stack && host->dirty)
            return world->now;
        if (host->stack && host->deadline < next)
            next = host->deadline;
    }
    if (world->outside_first)
        return world->now;
    return next;
}

static void step(struct world *world, int64_t moment)
{
    if (moment > world->now) {
        world->now = moment;
        world->same_instant = 0;
    } else if (++world->same_instant > SAME_INSTANT) {
        world_fail(world, "time stands still");
    }
    while (agenda_next(&world->agenda) <= world->now && !world->failed) {
        struct agenda_entry entry = agenda_take(&world->agenda);
        dispatch(world, &entry);
    }
    tasks_run(world, SCENARIO_NOBODY);
    for (uint32_t i = 0; i < world->scenario->hosts && !world->failed; i++) {
        struct lab_host *host = &world->host[i];
        if (host->stack && (host->dirty || host->deadline <= world->now))
            run_host(world, (uint16_t)i);
    }
    if (world->polling)
        tasks_poll(world);
}

/* Nothing on any link, no connection, not even in TIME-WAIT, and no packet kept. */
static bool is_quiet(const struct world *world)
{
    struct septet_usage usage;

    if (world->in_flight || world->agenda.count)
        return false;
    for (uint32_t i = 0; i < world->scenario->hosts; i++) {
        if (!world->host[i].stack)
            continue;
        septet_usage(world->host[i].stack, &usage);
        if (usage.connections || usage.half_open || usage.time_wait || usage.pages || usage.reassemblies)
            return false;
    }
    return true;
}

enum world_end world_run(struct world *world, int64_t until)
{
    for (;;) {
        if (world->failed)
            return WORLD_FAILED;
        if (world->unfinished == 0 && is_quiet(world))
            return WORLD_QUIET;
        int64_t moment = next_moment(world);
        if (moment == SEPTET_NEVER)
            return world->unfinished ? WORLD_STUCK : WORLD_QUIET;
        if (moment > until) {
            world->same_instant = 0;
            world->now = until > world->now ? until : world->now;
            return WORLD_TIME;
        }
        step(world, moment);
    }
}
