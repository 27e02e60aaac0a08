#include "lab/relay.h"

#include "base/random.h"
#include "lab/world_state.h"

/* A world without hosts: only its link lives. A frame that reaches a host that is not there is one that has arrived. */
struct relay {
    struct world world;
    struct {
        struct frame *first, *last;
    } arrived[2];
};

static void on_frame(void *context, const struct frame_report *report)
{
    struct relay *relay = context;
    /* The world is ours, and so are its frames. */
    union {
        const struct frame *reported;
        struct frame *own;
    } of = {report->frame};
    struct frame *frame = of.own;
    uint8_t end;

    if (report->fate != FATE_HOST_DOWN) {
        return;
    }
    end = (uint8_t)(1 - frame->end);
    frame->references++;
    frame->next = NULL;
    if (relay->arrived[end].last != NULL) {
        relay->arrived[end].last->next = frame;
    } else {
        relay->arrived[end].first = frame;
    }
    relay->arrived[end].last = frame;
}

struct relay *relay_create(struct arena *arena, const struct scenario *scenario, uint64_t seed, int64_t now)
{
    struct relay *relay = arena_zeroed(arena, sizeof *relay);
    struct world *world;

    if (relay == NULL || scenario->links != 1 || scenario->link[0].ends != 2) {
        return NULL;
    }
    world = &relay->world;
    world->arena = arena;
    world->scenario = scenario;
    world->seed = splitmix64(&seed);
    world->now = now;
    world->pool.arena = arena;
    world->host = arena_zeroed(arena, sizeof *world->host * scenario->hosts);
    world->medium = arena_zeroed(arena, sizeof *world->medium);
    world->rule_matches = arena_zeroed(arena, sizeof *world->rule_matches * scenario->rules);
    if (world->host == NULL || world->medium == NULL || world->rule_matches == NULL) {
        return NULL;
    }
    world->observer[0] = (struct world_observer){.context = relay, .frame = on_frame};
    world->observers = 1;
    medium_begin(world);
    return relay;
}

int64_t relay_deadline(const struct relay *relay)
{
    if (relay->arrived[0].first != NULL || relay->arrived[1].first != NULL) {
        return relay->world.now;
    }
    return agenda_next(&relay->world.agenda);
}

void relay_run(struct relay *relay, int64_t now)
{
    struct world *world = &relay->world;

    while (agenda_next(&world->agenda) <= now) {
        struct agenda_entry entry = agenda_take(&world->agenda);

        world->now = entry.time > world->now ? entry.time : world->now;
        if (entry.kind == AGENDA_ARRIVAL) {
            medium_arrive(world, entry.object, (uint16_t)entry.index);
        } else if (entry.kind == AGENDA_TRANSMITTED) {
            medium_transmitted(world, entry.object);
        } else {
            medium_held(world, entry.object);
        }
    }
    world->now = now > world->now ? now : world->now;
}

struct frame *relay_frame(struct relay *relay, uint32_t length) { return frame_take(&relay->world.pool, length); }

void relay_send(struct relay *relay, uint8_t end, struct frame *frame)
{
    frame->link = 0;
    frame->end = end;
    medium_enter(&relay->world, frame);
}

struct frame *relay_take(struct relay *relay, uint8_t end)
{
    struct frame *frame = relay->arrived[end].first;

    if (frame != NULL) {
        relay->arrived[end].first = frame->next;
        if (frame->next == NULL) {
            relay->arrived[end].last = NULL;
        }
    }
    return frame;
}

void relay_drop(struct relay *relay, struct frame *frame) { frame_drop(&relay->world.pool, frame); }
