#include "lab/random_world.h"

#include "lab/random_maker.h"
#include "lab/watch.h"

bool random_world_make(struct arena *arena, uint64_t number, struct scenario *scenario)
{
    uint64_t state = number;
    struct maker maker = {.arena = arena, .scenario = scenario, .random = splitmix64(&state)};

    scenario_init(scenario);
    scenario->seed = number;
    maker.ipv4 = maker_chance(&maker, 50);
    maker.patience = 600000;
    random_topology(&maker);
    if (!maker.full)
        random_programs(&maker);
    return !maker.full;
}

static void fail(struct random_world_result *result, uint64_t number, const char *what)
{
    struct text text;

    result->failed = true;
    text_init(&text, result->failure, sizeof result->failure);
    text_put(&text, "world ");
    text_number(&text, number);
    text_put(&text, ": ");
    text_put(&text, what);
}

static void describe_stuck(const struct world *world, struct text *text, const char *how)
{
    text_put(text, how);
    for (uint32_t i = 0; i < world_tasks(world); i++) {
        const struct lab_task *task = world_task(world, i);
        if (task->done)
            continue;
        text_put(text, "; ");
        text_put(text, world_scenario(world)->program[task->program].name);
        text_char(text, '#');
        text_number(text, task->instance);
        text_put(text, " at action ");
        text_number(text, task->action + UINT64_C(1));
        text_put(text, task->handle ? ", " : "");
        if (task->handle) {
            int state = septet_state(world_stack(world, task->host), task->handle);
            text_put(text, state >= 0 ? septet_state_name((unsigned)state) : septet_error_name(state));
        }
    }
}

/* Whether anything in this world is a good reason for a connection to time out. */
static bool is_harsh(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->links; i++) {
        for (uint32_t end = 0; end < scenario->link[i].ends; end++) {
            const struct link_settings *settings = &scenario->link[i].from[end];
            if (settings->loss > 20000 || settings->corrupt > 20000 || settings->burst_enter || settings->mtu ||
                (settings->rate && settings->rate < 2000000))
                return true;
        }
    }
    for (uint32_t i = 0; i < scenario->hosts; i++)
        if (scenario->host[i].config.pages < 65 || scenario->host[i].config.connections < 5 ||
            scenario->host[i].config.half_open < 5)
            return true;
    for (uint32_t i = 0; i < scenario->programs; i++)
        if (scenario->program[i].kind == PROGRAM_LISTEN && scenario->program[i].backlog < 16)
            return true;
    for (uint32_t i = 0; i < scenario->interfaces; i++)
        if (scenario->interface[i].detect) /* who is not sure of its address does not answer for it */
            return true;
    for (uint32_t i = 0; i < scenario->actions; i++)
        if (scenario->action[i].verb == ACTION_KILL)
            return true;
    return scenario->rules || scenario->downs;
}

static void check_errors(struct world *world)
{
    for (uint32_t i = 0; i < world_tasks(world) && !is_harsh(world_scenario(world)); i++) {
        const struct lab_task *task = world_task(world, i);
        if (task->error == SEPTET_TIMED_OUT || task->error == SEPTET_HOST_UNREACHABLE)
            world_fail(world, "a connection timed out though nothing was wrong");
    }
}

/* Bytes that applications have given and got so far. */
static uint64_t progress_of(const struct world *world)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < world_tasks(world); i++)
        bytes += world_task(world, i)->sent + world_task(world, i)->received + world_task(world, i)->done;
    return bytes;
}

/* To the end, however slow, as long as something moves. */
static enum world_end run_to_end(struct world *world)
{
    uint64_t before;
    enum world_end end;

    do {
        before = progress_of(world);
        end = world_run(world, world_now(world) + RANDOM_WORLD_LIMIT);
    } while (end == WORLD_TIME && progress_of(world) != before);
    return end;
}

void random_world_run(struct arena *arena, uint64_t number, struct random_world_result *result)
{
    struct scenario scenario;
    struct lab_error error;
    char memory[300];
    struct text text;

    *result = (struct random_world_result){0};
    arena->used = 0;
    arena->exhausted = false;
    if (!random_world_make(arena, number, &scenario)) {
        fail(result, number, "no memory for its scenario");
        return;
    }
    struct world *world = world_create(arena, &scenario, number, &error);
    struct watch *watch = world ? watch_create(arena, world) : NULL;
    if (!watch) {
        fail(result, number, world ? "no memory to watch it" : error.text);
        return;
    }
    enum world_end end = run_to_end(world);
    if (world_unfinished(world) == 0)
        watch_end(watch);
    check_errors(world);
    result->digest = watch_digest(watch);
    result->frames = watch_frames(watch);
    result->connections = world_tasks(world);
    result->time = world_now(world);
    text_init(&text, memory, sizeof memory);
    if (world_failure(world)[0])
        text_put(&text, world_failure(world));
    else if (end != WORLD_QUIET)
        describe_stuck(world, &text, end == WORLD_STUCK ? "deadlock" : "nothing moves for two hours");
    if (text.length)
        fail(result, number, memory);
}
