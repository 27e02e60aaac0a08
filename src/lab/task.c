#include "lab/world_state.h"

/* User numbers of handles: a task's index + 1, or a program's with this bit. */
#define OF_PROGRAM (UINT64_C(1) << 32)

static const struct scenario_program *program_of(const struct world *world, const struct lab_task *task)
{
    return &world->scenario->program[task->program];
}

void task_error(struct lab_task *task, int error)
{
    if (task->error == SEPTET_OK)
        task->error = error;
}

/* ---- who runs next ---- */

static void queue(struct world *world, struct lab_task *task, uint32_t index)
{
    bool outside = task->host == SCENARIO_NOBODY;
    uint32_t *first = outside ? &world->outside_first : &world->host[task->host].runnable_first;
    uint32_t *last = outside ? &world->outside_last : &world->host[task->host].runnable_last;

    task->runnable = true;
    task->next_runnable = 0;
    if (*last)
        world->task[*last - 1]->next_runnable = index + 1;
    else
        *first = index + 1;
    *last = index + 1;
    if (!outside)
        world->host[task->host].dirty = true;
}

static void wake_index(struct world *world, uint32_t index)
{
    struct lab_task *task = world->task[index];

    if (!task->runnable && !task->done)
        queue(world, task, index);
}

void task_wake(struct world *world, struct lab_task *task) { wake_index(world, task->index); }

void task_timer(struct world *world, uint32_t index)
{
    struct lab_task *task = world->task[index];

    if (task->wake <= world->now || task->read_wake <= world->now)
        wake_index(world, index);
}

void task_plan(struct world *world, struct lab_task *task, int64_t time)
{
    world_plan(world, time, AGENDA_TASK, task->index, NULL);
}

void task_state(struct world *world, uint16_t host, const struct septet_trace_event *event)
{
    for (uint32_t i = 0; world->states_matter && event->tuple && i < world->tasks; i++) {
        struct lab_task *task = world->task[i];
        const struct septet_tuple *tuple = &task->tuple;
        if (task->host == host && task->opened && tuple->local_port == event->tuple->local_port &&
            tuple->remote_port == event->tuple->remote_port &&
            septet_address_equal(&tuple->remote, &event->tuple->remote))
            task->states_seen |= 1U << event->value[1];
    }
}

void tasks_poll(struct world *world)
{
    for (uint32_t i = 0; i < world->tasks; i++) {
        struct lab_task *task = world->task[i];
        const struct scenario_action *action =
            &world->scenario->action[program_of(world, task)->first_action + task->action];
        if (task->polling && action_condition(world, task, action))
            wake_index(world, i);
    }
}

/* ---- beginning and end ---- */

static struct lab_task *task_create(struct world *world, uint16_t program, uint32_t instance)
{
    // NOLINTNEXTLINE(bugprone-sizeof-expression): it is a table of pointers that grows
    struct lab_task **slot = arena_append(world->arena, &world->task, &world->tasks, &world->task_room, sizeof *slot);
    struct lab_task *task = slot ? arena_zeroed(world->arena, sizeof *task) : NULL;

    if (!task) {
        if (slot)
            world->tasks--;
        world_fail(world, "no memory for another program");
        return NULL;
    }
    *slot = task;
    task->index = world->tasks - 1;
    task->program = program;
    task->host = world->scenario->program[program].host;
    task->instance = instance;
    task->action_since = -1;
    task->wake = SEPTET_NEVER;
    task->read_wake = SEPTET_NEVER;
    return task;
}

void task_end(struct world *world, struct lab_task *task)
{
    struct septet *stack = task->host == SCENARIO_NOBODY ? NULL : world->host[task->host].stack;

    if (task->done)
        return;
    if (stack && task->handle) {
        world_note(world, task, "exit");
        septet_close(stack, task->handle);
        task->shut = task->released = true;
    }
    task->handle = 0;
    task->done = true;
    task->end_time = world->now;
    if (task->polling)
        world->polling--;
    task->polling = false;
    world->unfinished--;
}

void tasks_killed(struct world *world, uint16_t host)
{
    for (uint32_t i = 0; i < world->tasks; i++) {
        struct lab_task *task = world->task[i];
        if (task->host != host || task->done)
            continue;
        task->handle = 0;
        task->killed = true;
        task_end(world, task);
    }
    for (uint32_t i = 0; i < world->scenario->programs; i++) {
        const struct scenario_program *program = &world->scenario->program[i];
        if (program->host != host)
            continue;
        world->program[i].listener = 0;
        if (program->kind == PROGRAM_PLAIN)
            world->unfinished -= program->count - world->program[i].started;
        world->program[i].started = program->count;
    }
    world->host[host].runnable_first = world->host[host].runnable_last = 0;
}

void programs_restart(struct world *world, uint16_t host)
{
    for (uint32_t i = 0; i < world->scenario->programs; i++) {
        const struct scenario_program *program = &world->scenario->program[i];
        if (program->host != host || !program->again)
            continue;
        if (program->kind == PROGRAM_PLAIN)
            world->unfinished += program->count;
        world->program[i].started = 0;
        program_start(world, program_moment(world, i));
    }
}

static void start_listener(struct world *world, uint32_t index)
{
    const struct scenario_program *program = &world->scenario->program[index];
    struct septet *stack = world->host[program->host].stack;
    struct lab_program *the = &world->program[index];
    int error;

    if (program->kind == PROGRAM_LISTEN)
        error = septet_listen(stack, NULL, program->port, program->backlog, &the->listener);
    else
        error = septet_datagram_open(stack, SEPTET_UDP, NULL, program->port, &the->listener);
    if (error != SEPTET_OK) {
        the->listener = 0;
        the->error = error;
        return;
    }
    septet_user_set(stack, the->listener, OF_PROGRAM | index);
    world->host[program->host].dirty = true;
}

uint32_t program_moment(const struct world *world, uint32_t program)
{
    uint16_t host = world->scenario->program[program].host;

    return host == SCENARIO_NOBODY ? program : program | world->host[host].boots << 16;
}

void program_start(struct world *world, uint32_t moment)
{
    uint32_t index = moment & 0xffff;
    const struct scenario_program *program = &world->scenario->program[index];

    if (moment != program_moment(world, index) ||
        (program->host != SCENARIO_NOBODY && !world->host[program->host].stack))
        return;
    if (program->kind != PROGRAM_PLAIN) {
        start_listener(world, index);
        return;
    }
    struct lab_task *task = task_create(world, (uint16_t)index, world->program[index].started++);
    if (!task)
        return;
    task->start_time = world->now;
    task_wake(world, task);
    if (world->program[index].started < program->count)
        world_plan(world, world->now + program->every, AGENDA_PROGRAM, moment, NULL);
}

/* ---- events ---- */

static void accept_all(struct world *world, uint16_t program)
{
    uint16_t host = world->scenario->program[program].host;
    struct septet *stack = world->host[host].stack;
    septet_handle handle;

    while (septet_accept(stack, world->program[program].listener, &handle) == SEPTET_OK) {
        struct lab_task *task = task_create(world, program, world->program[program].started++);
        if (!task)
            return;
        world->unfinished++;
        task->handle = handle;
        task->opened = task->connected = true;
        task->start_time = task->connect_time = world->now;
        task->states_seen = 1U << SEPTET_STATE_established;
        if (septet_user_set(stack, handle, (uint64_t)task->index + 1) != SEPTET_OK ||
            septet_tuple_get(stack, handle, &task->tuple) != SEPTET_OK)
            world_fail_text(world, "accept gave a handle that names nothing", task, UINT64_MAX);
        const struct septet_tuple *tuple = &task->tuple;
        task->key_out = pattern_key(&tuple->local, tuple->local_port, &tuple->remote, tuple->remote_port);
        task->key_in = pattern_key(&tuple->remote, tuple->remote_port, &tuple->local, tuple->local_port);
        world_note(world, task, "accept");
        task_wake(world, task);
    }
}

/* A UDP program sends back what it gets. */
static void echo_all(struct world *world, uint16_t program)
{
    uint16_t host = world->scenario->program[program].host;
    struct septet *stack = world->host[host].stack;
    septet_handle socket = world->program[program].listener;
    struct septet_datagram info;

    for (;;) {
        int64_t length = septet_datagram_receive(stack, socket, world->scratch, sizeof world->scratch, &info);
        if (length == SEPTET_AGAIN || length == SEPTET_STALE)
            return;
        if (length >= 0)
            septet_datagram_send(stack, socket, &info.from, info.from_port, world->scratch, (size_t)length);
    }
}

static void program_event(struct world *world, uint16_t program, const struct septet_event *event)
{
    if (world->program[program].listener != event->handle)
        return;
    if (world->scenario->program[program].kind == PROGRAM_LISTEN)
        accept_all(world, program);
    else if (event->events & (SEPTET_EVENT_READABLE | SEPTET_EVENT_SOFT_ERROR))
        echo_all(world, program);
}

void task_event(struct world *world, uint16_t host, const struct septet_event *event)
{
    if (event->user & OF_PROGRAM) {
        program_event(world, (uint16_t)event->user, event);
        return;
    }
    if (event->user == 0 || event->user > world->tasks)
        return;
    struct lab_task *task = world->task[event->user - 1];
    if (task->host != host || task->handle != event->handle)
        return;
    if ((event->events & SEPTET_EVENT_CONNECTED) && !task->connected) {
        task->connected = true;
        task->connect_time = world->now;
        world_note(world, task, "connected");
    }
    if (event->events & SEPTET_EVENT_ACKNOWLEDGED)
        task->acknowledged = true;
    if (event->events & SEPTET_EVENT_CLOSED) {
        task->closed = true;
        task->close_error = event->error;
    }
    task_wake(world, task);
}

const struct lab_task *task_of_program(const struct world *world, uint16_t program)
{
    const struct lab_task *first = NULL;

    for (uint32_t i = 0; i < world->tasks; i++) {
        const struct lab_task *task = world->task[i];
        if (task->program != program)
            continue;
        if (task->opened)
            return task;
        first = first ? first : task;
    }
    return first;
}

/* ---- reading in the background ---- */

static void take_bytes(struct world *world, struct lab_task *task, const uint8_t *bytes, size_t length)
{
    size_t good = pattern_check(task->key_in, task->received, bytes, length);

    if (good < length)
        world_fail_text(world, "wrong byte received at", task, task->received + good);
    task->received += length;
}

/* One piece of at most `limit` bytes. Returns as septet_receive(). */
static int64_t read_piece(struct world *world, struct lab_task *task, size_t limit)
{
    struct septet *stack = world->host[task->host].stack;
    const uint8_t *bytes = NULL;
    size_t length = limit < sizeof world->scratch ? limit : sizeof world->scratch;
    int64_t result;

    if ((task->instance + task->program) % 2) {
        result = septet_receive(stack, task->handle, world->scratch, length);
        if (result > (int64_t)length)
            world_fail_text(world, "more was received than asked for", task, (uint64_t)result);
        else if (result > 0)
            take_bytes(world, task, world->scratch, (size_t)result);
        return result;
    }
    result = septet_receive_peek(stack, task->handle, &bytes, &length);
    if (result > 0) {
        length = length < limit ? length : limit;
        take_bytes(world, task, bytes, length);
        if (septet_receive_consume(stack, task->handle, length) != SEPTET_OK)
            world_fail_text(world, "what was seen cannot be consumed", task, length);
        result = (int64_t)length;
    }
    return result;
}

void task_read(struct world *world, struct lab_task *task)
{
    uint64_t left = UINT64_MAX;

    if (!task->handle || !task->opened || task->ended || task->read_mode == READ_NONE)
        return;
    if (task->read_mode == READ_RATE) {
        if (world->now < task->read_wake)
            return;
        left = task->read_chunk;
    }
    while (left && !world->failed) {
        int64_t result = read_piece(world, task, left < 1 << 20 ? (size_t)left : 1 << 20);
        if (result == SEPTET_AGAIN || result == SEPTET_NOT_CONNECTED)
            break;
        if (result <= 0) {
            task->ended = true;
            task->end_seen = result == 0;
            if (result < 0)
                task_error(task, (int)result);
            break;
        }
        left -= (uint64_t)result;
    }
    if (task->read_mode == READ_RATE && !task->ended) {
        task->read_wake = world->now + task->read_interval;
        task_plan(world, task, task->read_wake);
    }
}

/* ---- running ---- */

/* A connection that ended with an error ends its program, whatever it was about to do. */
static bool is_over(const struct lab_task *task) { return task->error != SEPTET_OK && task->handle != 0; }

/* Reads in the background; true when that told the program anything new. */
static bool read_on(struct world *world, struct lab_task *task)
{
    uint64_t received = task->received;
    bool ended = task->ended;

    task_read(world, task);
    return task->received != received || task->ended != ended;
}

static void note_close(struct lab_task *task)
{
    if (task->closed && (task->ended || (task->close_error != SEPTET_OK && task->read_mode != READ_ALL)))
        task_error(task, task->close_error);
}

/* Does one action after the other until one has to wait. */
static void run(struct world *world, struct lab_task *task)
{
    const struct scenario_program *program = program_of(world, task);

    while (!world->failed && !task->done) {
        note_close(task);
        if (is_over(task) || task->action == program->action_count) {
            task_end(world, task);
            return;
        }
        if (task->action_since < 0)
            task->action_since = world->now;
        enum action_result result =
            action_run(world, task, &world->scenario->action[program->first_action + task->action]);
        if (result == ACTION_BLOCKED) {
            if (!read_on(world, task))
                return;
            continue;
        }
        task->action_since = -1;
        task->action_progress = 0;
        task->action++;
        if (result == ACTION_ENDED)
            task_end(world, task);
    }
}

bool tasks_run(struct world *world, uint16_t host)
{
    bool outside = host == SCENARIO_NOBODY;
    uint32_t *first = outside ? &world->outside_first : &world->host[host].runnable_first;
    uint32_t *last = outside ? &world->outside_last : &world->host[host].runnable_last;
    bool any = false;

    while (*first && !world->failed) {
        struct lab_task *task = world->task[*first - 1];
        *first = task->next_runnable;
        if (!*first)
            *last = 0;
        task->runnable = false;
        any = true;
        if (!task->done)
            run(world, task);
    }
    return any;
}
