#include "lab/world_state.h"

#include "base/memory.h"
#include "base/random.h"

static const char *const fate_names[FATE_COUNT] = {"sent",  "copied",  "delivered", "lost", "burst",    "queue_full",
                                                   "codel", "too_big", "down",      "rule", "host_down"};

const char *frame_fate_name(unsigned fate) { return fate < FATE_COUNT ? fate_names[fate] : "unknown"; }

int64_t world_now(const struct world *world) { return world->now; }
const char *world_failure(const struct world *world) { return world->failure; }
const struct scenario *world_scenario(const struct world *world) { return world->scenario; }
struct septet *world_stack(const struct world *world, uint16_t host) { return world->host[host].stack; }
uint32_t world_boots(const struct world *world, uint16_t host) { return world->host[host].boots; }
uint32_t world_unfinished(const struct world *world) { return world->unfinished; }
uint32_t world_tasks(const struct world *world) { return world->tasks; }
const struct lab_task *world_task(const struct world *world, uint32_t index) { return world->task[index]; }
uint64_t world_fates(const struct world *world, uint16_t link, unsigned fate)
{
    return fate < FATE_COUNT ? world->medium[link].fates[fate] : 0;
}

void world_fail_text(struct world *world, const char *what, const struct lab_task *task, uint64_t number)
{
    struct text text;

    if (world->failed)
        return;
    world->failed = true;
    text_init(&text, world->failure, sizeof world->failure);
    text_seconds(&text, world->now, 9);
    text_put(&text, " s: ");
    if (task) {
        text_put(&text, world->scenario->program[task->program].name);
        text_char(&text, '#');
        text_number(&text, task->instance);
        text_put(&text, ": ");
    }
    text_put(&text, what);
    if (number != UINT64_MAX) {
        text_char(&text, ' ');
        text_number(&text, number);
    }
}

void world_fail(struct world *world, const char *what) { world_fail_text(world, what, NULL, UINT64_MAX); }

void world_note(struct world *world, const struct lab_task *task, const char *what)
{
    for (uint32_t i = 0; i < world->observers; i++)
        if (world->observer[i].note)
            world->observer[i].note(world->observer[i].context, world->now, task, what);
}

bool world_observe(struct world *world, const struct world_observer *observer)
{
    if (world->observers == WORLD_OBSERVERS)
        return false;
    world->observer[world->observers++] = *observer;
    return true;
}

void world_plan(struct world *world, int64_t time, uint32_t kind, uint32_t index, void *object)
{
    if (!agenda_add(&world->agenda, world->arena, time, kind, index, object))
        world_fail(world, "no memory for another event");
}

bool world_send(struct world *world, uint16_t link, uint8_t end, const uint8_t *bytes, uint32_t length)
{
    struct frame *frame = frame_take(&world->pool, length);

    if (!frame)
        return false;
    if (length)
        memcpy(frame->bytes, bytes, length);
    frame->link = link;
    frame->end = end;
    frame->marks = FRAME_FOREIGN;
    medium_enter(world, frame);
    return true;
}

/* ---- hosts ---- */

static void trace(void *context, const struct septet_trace_event *event)
{
    const struct host_context *host = context;
    struct world *world = host->world;

    if (event->kind == SEPTET_TRACE_state)
        task_state(world, host->host, event);
    for (uint32_t i = 0; i < world->observers; i++)
        if (world->observer[i].trace)
            world->observer[i].trace(world->observer[i].context, host->host, event);
}

static bool add_interfaces(const struct world *world, uint16_t host, struct septet *stack)
{
    const struct scenario *scenario = world->scenario;

    for (uint32_t i = 0; i < scenario->interfaces; i++) {
        const struct scenario_interface *from = &scenario->interface[i];
        if (from->host != host)
            continue;
        struct septet_interface interface = {.mtu = from->mtu,
                                             .ethernet = scenario->link[from->link].ethernet,
                                             .autoconfigure = from->autoconfigure,
                                             .offloads = from->offloads};
        memcpy(interface.mac, from->mac, sizeof interface.mac);
        struct text name;
        text_init(&name, interface.name, sizeof interface.name);
        text_put(&name, scenario->link[from->link].name);
        if (septet_interface_add(stack, &interface) != from->index)
            return false;
    }
    return true;
}

static bool add_addresses(const struct world *world, uint16_t host, struct septet *stack)
{
    const struct scenario *scenario = world->scenario;

    for (uint32_t i = 0; i < scenario->addresses; i++) {
        const struct scenario_address *address = &scenario->address[i];
        const struct scenario_interface *interface = &scenario->interface[address->interface];
        if (interface->host == host && septet_address_add(stack, interface->index, &address->address,
                                                          address->prefix_length, !interface->detect) != SEPTET_OK)
            return false;
    }
    for (uint32_t i = 0; i < scenario->routes; i++) {
        const struct scenario_route *route = &scenario->route[i];
        if (route->host == host &&
            septet_route_add(stack, &route->prefix, route->prefix_length, scenario->interface[route->interface].index,
                             route->has_gateway ? &route->gateway : NULL, route->mtu) != SEPTET_OK)
            return false;
    }
    return true;
}

static void tell_host(struct world *world, uint16_t host, bool alive)
{
    for (uint32_t i = 0; i < world->observers; i++)
        if (world->observer[i].host)
            world->observer[i].host(world->observer[i].context, world->now, host, alive);
}

bool host_boot(struct world *world, uint16_t host)
{
    struct lab_host *the = &world->host[host];
    struct septet_config config = world->scenario->host[host].config;
    uint64_t seed = world->seed ^ ((uint64_t)host + 1) << 48 ^ (uint64_t)the->boots << 32;

    config.seed[0] = splitmix64(&seed);
    config.seed[1] = splitmix64(&seed);
    config.now = world->now - world->now % config.clock_granularity;
    config.trace = trace;
    config.trace_context = &the->context;
    if (!the->memory) {
        the->memory_size = septet_memory_size(&config);
        the->memory = the->memory_size ? arena_take(world->arena, the->memory_size, 64) : NULL;
    }
    the->boots++;
    the->stack = the->memory ? septet_create(&config, the->memory, the->memory_size, NULL) : NULL;
    if (!the->stack || !add_interfaces(world, host, the->stack) || !add_addresses(world, host, the->stack)) {
        world_fail_text(world,
                        the->memory ? "a stack cannot be made of this configuration, host"
                                    : "no memory for the stack of host",
                        NULL, host);
        return false;
    }
    the->dirty = true;
    the->deadline = world->now;
    if (the->boots > 1)
        tell_host(world, host, true);
    return true;
}

void host_kill(struct world *world, uint16_t host, int64_t reboot)
{
    struct lab_host *the = &world->host[host];

    if (!the->stack)
        return;
    the->stack = NULL;
    the->deadline = SEPTET_NEVER;
    for (uint32_t i = 0; i < the->batch_count; i++)
        frame_drop(&world->pool, the->batch[i]);
    the->batch_count = 0;
    tell_host(world, host, false);
    tasks_killed(world, host);
    if (reboot >= 0)
        world_plan(world, world->now + reboot, AGENDA_REBOOT, host, NULL);
}

/* ---- creation ---- */

static bool allocate(struct world *world, const struct scenario *scenario)
{
    struct arena *arena = world->arena;

    world->host = arena_zeroed(arena, sizeof *world->host * scenario->hosts);
    world->medium = arena_zeroed(arena, sizeof *world->medium * scenario->links);
    world->program = arena_zeroed(arena, sizeof *world->program * scenario->programs);
    world->rule_matches = arena_zeroed(arena, sizeof *world->rule_matches * scenario->rules);
    return world->host && world->medium && world->program && world->rule_matches;
}

static void plan_programs(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    for (uint32_t i = 0; i < scenario->actions; i++)
        world->states_matter |= scenario->action[i].verb == ACTION_WAIT && scenario->action[i].mode == WAIT_STATE;
    for (uint32_t i = 0; i < scenario->programs; i++) {
        const struct scenario_program *program = &scenario->program[i];
        if (program->kind == PROGRAM_PLAIN)
            world->unfinished += program->count;
        world_plan(world, program->start, AGENDA_PROGRAM, program_moment(world, i), NULL);
    }
}

struct world *world_create(struct arena *arena, const struct scenario *scenario, uint64_t seed, struct lab_error *error)
{
    struct world *world = arena_take(arena, sizeof *world, _Alignof(struct world));
    struct text text;

    text_init(&text, error->text, sizeof error->text);
    error->line = 0;
    if (!world) {
        text_put(&text, "no memory for a world");
        return NULL;
    }
    memset(world, 0, offsetof(struct world, scratch));
    world->arena = arena;
    world->scenario = scenario;
    world->seed = splitmix64(&seed);
    world->pool.arena = arena;
    if (!allocate(world, scenario)) {
        text_put(&text, "no memory for a world");
        return NULL;
    }
    medium_begin(world);
    for (uint32_t i = 0; i < scenario->hosts; i++) {
        world->host[i].context = (struct host_context){world, (uint16_t)i};
        if (!host_boot(world, (uint16_t)i)) {
            text_put(&text, world->failure);
            return NULL;
        }
    }
    plan_programs(world);
    return world;
}
