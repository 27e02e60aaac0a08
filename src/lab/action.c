#include "lab/world_state.h"

static struct septet *stack_of(const struct world *world, const struct lab_task *task)
{
    return task->host == SCENARIO_NOBODY ? NULL : world->host[task->host].stack;
}

/* Records why an action cannot be done; its program ends. */
static enum action_result give_up(struct lab_task *task, int error)
{
    task_error(task, error);
    return ACTION_ENDED;
}

/* Blocks until a time; ACTION_DONE when it has come. */
static enum action_result until(struct world *world, struct lab_task *task, int64_t time)
{
    if (world->now >= time)
        return ACTION_DONE;
    if (task->wake != time) {
        task->wake = time;
        task_plan(world, task, time);
    }
    return ACTION_BLOCKED;
}

/* ---- connect ---- */

static int open_connection(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    struct septet *stack = stack_of(world, task);
    struct septet_tuple *tuple = &task->tuple;
    int error = septet_connect(stack, NULL, action->local_port, &action->address, action->port, &task->handle);

    if (error != SEPTET_OK) {
        task->handle = 0;
        return error;
    }
    task->opened = task->active = true;
    task->states_seen |= 1U << SEPTET_STATE_syn_sent;
    error = septet_user_set(stack, task->handle, (uint64_t)task->index + 1);
    if (error == SEPTET_OK)
        error = septet_tuple_get(stack, task->handle, tuple);
    if (error != SEPTET_OK)
        world_fail_text(world, "connect gave a handle that names nothing", task, UINT64_MAX);
    task->key_out = pattern_key(&tuple->local, tuple->local_port, &tuple->remote, tuple->remote_port);
    task->key_in = pattern_key(&tuple->remote, tuple->remote_port, &tuple->local, tuple->local_port);
    world_note(world, task, "connect");
    return SEPTET_OK;
}

static enum action_result run_connect(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    if (task->action_progress == 0) {
        int error = task->opened ? SEPTET_ALREADY_CONNECTED : open_connection(world, task, action);
        if (error != SEPTET_OK)
            return give_up(task, error);
        task->action_progress = 1;
    }
    return task->connected || action->flag ? ACTION_DONE : ACTION_BLOCKED;
}

/* ---- send ---- */

/* Hands over at most `length` bytes of the pattern. Returns as septet_send(). */
static int64_t send_piece(struct world *world, struct lab_task *task, size_t length, unsigned flags)
{
    struct septet *stack = stack_of(world, task);
    size_t room = length < sizeof world->scratch ? length : sizeof world->scratch;
    uint8_t *bytes = world->scratch;
    int64_t result;

    if ((task->instance + task->program) % 2) {
        int error = septet_send_reserve(stack, task->handle, &bytes, &room);
        if (error != SEPTET_OK)
            return error;
        if (room == 0 || room > length) {
            world_fail_text(world, "septet_send_reserve() lent", task, room);
            return SEPTET_INVALID;
        }
        pattern_fill(task->key_out, task->sent, bytes, room);
        error = septet_send_commit(stack, task->handle, room, flags);
        return error == SEPTET_OK ? (int64_t)room : error;
    }
    pattern_fill(task->key_out, task->sent, bytes, room);
    result = septet_send(stack, task->handle, bytes, room, flags);
    if (result == 0 || result > (int64_t)room)
        world_fail_text(world, "septet_send() took", task, (uint64_t)result);
    return result;
}

static enum action_result run_send(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    while (task->action_progress < action->size && !world->failed) {
        uint64_t left = action->size - task->action_progress;
        uint64_t in_chunk = action->chunk ? task->action_progress % action->chunk : 0;
        uint64_t piece = action->chunk && action->chunk - in_chunk < left ? action->chunk - in_chunk : left;
        if (action->time && action->chunk && task->action_progress && in_chunk == 0) {
            int64_t due = task->action_since + action->time * (int64_t)(task->action_progress / action->chunk);
            if (until(world, task, due) == ACTION_BLOCKED)
                return ACTION_BLOCKED;
        }
        unsigned flags = action->flags & SEPTET_SEND_MORE;
        if (piece == left && piece <= sizeof world->scratch)
            flags |= action->flags & SEPTET_SEND_URGENT;
        int64_t result = send_piece(world, task, piece < 1 << 20 ? (size_t)piece : 1 << 20, flags);
        if (result == SEPTET_AGAIN || result == SEPTET_NO_PAGES)
            return ACTION_BLOCKED;
        if (result < 0)
            return give_up(task, (int)result);
        task->acknowledged = false;
        task->sent += (uint64_t)result;
        task->action_progress += (uint64_t)result;
    }
    return ACTION_DONE;
}

/* ---- read ---- */

static enum action_result run_read(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    task->read_mode = action->mode;
    task->read_chunk = action->chunk;
    task->read_interval = action->time;
    task->read_wake = world->now;
    return ACTION_DONE;
}

/* ---- wait ---- */

static bool is_true_of(const struct lab_task *whom, const struct scenario_action *action)
{
    switch (action->mode) {
    case WAIT_CONNECTED:
        return whom->connected;
    case WAIT_STATE:
        return (whom->states_seen >> action->value & 1) != 0;
    case WAIT_RECEIVED:
        return whom->received >= action->size || whom->ended;
    case WAIT_SENT:
        return whom->sent >= action->size;
    case WAIT_ACKNOWLEDGED:
        return whom->acknowledged;
    case WAIT_END:
        return whom->ended;
    default:
        return whom->closed || (whom->opened && !whom->handle);
    }
}

bool action_condition(const struct world *world, const struct lab_task *task, const struct scenario_action *action)
{
    const struct lab_task *whom = action->target == SCENARIO_NOBODY ? task : task_of_program(world, action->target);

    return whom != NULL && is_true_of(whom, action);
}

static enum action_result run_wait(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    if (action->mode == WAIT_DURATION)
        return until(world, task, task->action_since + action->time);
    if (action->mode == WAIT_UNTIL)
        return until(world, task, action->time);
    bool met = action_condition(world, task, action);
    bool polls = !met && (action->target != SCENARIO_NOBODY || action->mode == WAIT_STATE);
    if (polls != task->polling) {
        task->polling = polls;
        world->polling += polls ? 1 : UINT32_MAX;
    }
    return met ? ACTION_DONE : ACTION_BLOCKED;
}

/* ---- the end ---- */

static enum action_result run_shutdown(struct world *world, struct lab_task *task)
{
    world_note(world, task, "shutdown");
    int error = septet_shutdown(stack_of(world, task), task->handle);
    if (error != SEPTET_OK)
        return give_up(task, error);
    task->shut = true;
    return ACTION_DONE;
}

static enum action_result run_release(struct world *world, struct lab_task *task, bool abort)
{
    struct septet *stack = stack_of(world, task);

    task_read(world, task);
    world_note(world, task, abort ? "abort" : "close");
    int error = abort ? septet_abort(stack, task->handle) : septet_close(stack, task->handle);
    if (error != SEPTET_OK)
        return give_up(task, error);
    task->handle = 0;
    task->shut = task->released = true;
    task->aborted = abort;
    return ACTION_DONE;
}

static enum action_result run_set(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    int error = septet_option_set(stack_of(world, task), task->handle, action->option, action->value);

    return error == SEPTET_OK ? ACTION_DONE : give_up(task, error);
}

enum action_result action_run(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    switch (action->verb) {
    case ACTION_CONNECT:
        return run_connect(world, task, action);
    case ACTION_SEND:
        return run_send(world, task, action);
    case ACTION_READ:
        return run_read(world, task, action);
    case ACTION_WAIT:
        return run_wait(world, task, action);
    case ACTION_SHUTDOWN:
        return run_shutdown(world, task);
    case ACTION_CLOSE:
        return run_release(world, task, false);
    case ACTION_ABORT:
        return run_release(world, task, true);
    case ACTION_SET:
        return run_set(world, task, action);
    case ACTION_KILL:
        host_kill(world, action->target, action->time);
        return ACTION_DONE;
    case ACTION_LINK:
        world->medium[action->target].down = !action->flag;
        return ACTION_DONE;
    case ACTION_INJECT:
        action_inject(world, action);
        return ACTION_DONE;
    default:
        return action_datagrams(world, task, action);
    }
}
