#include "drill/runner.h"

#include "base/memory.h"

/* System calls: how they begin, how they end, and what descriptors mean. */

/* A call without an end time that does not return within this time never will. */
#define RETURNS_WITHIN (60 * SEPTET_SECOND)
/* What a call waits for the one that still blocks. */
#define PATIENCE SEPTET_SECOND

static const struct {
    const char *name;
    uint8_t least, most; /* arguments */
    drill_call_function *start;
} calls[] = {
    {"socket", 3, 3, call_socket},
    {"bind", 3, 3, call_bind},
    {"listen", 2, 2, call_listen},
    {"accept", 3, 3, call_accept},
    {"accept4", 4, 4, call_accept},
    {"connect", 3, 3, call_connect},
    {"shutdown", 2, 2, call_shutdown},
    {"close", 1, 1, call_close},
    {"fcntl", 2, 3, call_fcntl},
    {"ioctl", 2, 3, call_ioctl},
    {"open", 2, 3, call_open},
    {"pipe", 1, 1, call_pipe},
    {"cap_set", 1, 8, call_cap_set},
    {"setsockopt", 5, 5, call_setsockopt},
    {"getsockopt", 5, 5, call_getsockopt},
    {"read", 3, 3, call_read},
    {"readv", 3, 3, call_readv},
    {"recv", 4, 4, call_recv},
    {"recvfrom", 6, 6, call_recvfrom},
    {"recvmsg", 3, 3, call_recvmsg},
    {"write", 3, 3, call_write},
    {"writev", 3, 3, call_writev},
    {"send", 4, 4, call_send},
    {"sendto", 6, 6, call_sendto},
    {"sendmsg", 3, 3, call_sendmsg},
    {"sendfile", 4, 4, call_sendfile},
    {"splice", 6, 6, call_splice},
    {"poll", 3, 3, call_poll},
    {"epoll_create", 1, 1, call_epoll_create},
    {"epoll_create1", 1, 1, call_epoll_create},
    {"epoll_ctl", 4, 4, call_epoll_ctl},
    {"epoll_wait", 4, 4, call_epoll_wait},
};

/* ---- descriptors ---- */

struct drill_fd *call_fd_find(struct drill_runner *runner, int script)
{
    for (uint32_t i = 0; i < runner->fds; i++)
        if (runner->fd[i].script == script)
            return &runner->fd[i];
    return NULL;
}

int call_live_fd(const struct drill_runner *runner, int script)
{
    for (uint32_t i = 0; i < runner->fds; i++)
        if (runner->fd[i].script == script)
            return runner->fd[i].fake ? -1 : runner->fd[i].live;
    return -1;
}

bool call_fd_add(struct drill_runner *runner, uint32_t line, int script, int live, bool fake)
{
    struct text text;
    if (call_fd_find(runner, script) != NULL) {
        text = runner_fail(runner, line);
        text_put(&text, "the script uses the file descriptor ");
        text_number(&text, (uint64_t)script);
        text_put(&text, " for something that is still open");
        return false;
    }
    if (runner->fds == DRILL_DESCRIPTORS) {
        text = runner_fail(runner, line);
        text_put(&text, "the script has more than 64 descriptors open");
        return false;
    }
    runner->fd[runner->fds++] = (struct drill_fd){script, live, fake};
    return true;
}

void call_fd_remove(struct drill_runner *runner, int script)
{
    for (uint32_t i = 0; i < runner->fds; i++) {
        if (runner->fd[i].script == script) {
            runner->fd[i] = runner->fd[--runner->fds];
            return;
        }
    }
}

/* ---- results ---- */

static void put_result(struct text *text, int64_t result)
{
    text_signed(text, result < 0 ? -1 : result);
    if (result >= 0)
        return;
    const char *name = septet_errno_name((int)result);
    text_char(text, ' ');
    if (name != NULL)
        text_put(text, name);
    else
        text_signed(text, -result);
}

static bool result_differs(struct drill_runner *runner, const struct drill_pending *pending, const char *why)
{
    const struct drill_call *call = pending->call;
    struct text text = runner_fail(runner, pending->event->line);
    text_slice(&text, call->name);
    text_put(&text, why);
    text_put(&text, ": expected ");
    text_signed(&text, call->result->integer);
    if (call->error.length != 0) {
        text_char(&text, ' ');
        text_slice(&text, call->error);
    }
    text_put(&text, ", got ");
    put_result(&text, pending->result);
    if (!runner->options.lenient_calls)
        return false;
    runner_warn(runner, pending->event->line, runner->error.text);
    return true;
}

bool call_differs(struct drill_runner *runner, uint32_t line, const char *what, int64_t expected, int64_t actual)
{
    struct text text = runner_fail(runner, line);
    text_put(&text, what);
    text_put(&text, ": expected ");
    text_signed(&text, expected);
    text_put(&text, ", got ");
    text_signed(&text, actual);
    if (!runner->options.lenient_calls)
        return false;
    runner_warn(runner, line, runner->error.text);
    return true;
}

static bool check_errno(struct drill_runner *runner, const struct drill_pending *pending)
{
    int64_t number;
    if (pending->call->error.length == 0)
        return true;
    if (!value_symbol(pending->call->error, &number)) {
        struct text text = runner_fail(runner, pending->event->line);
        text_put(&text, "there is no error ");
        text_slice(&text, pending->call->error);
        return false;
    }
    return pending->result == -number || result_differs(runner, pending, " failed otherwise");
}

static bool check_result(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *expected = pending->call->result;
    const int64_t result = pending->result;
    if (expected->kind != EXPRESSION_ELLIPSIS) {
        if (result < 0 && expected->integer < 0)
            return check_errno(runner, pending);
        const bool same = pending->makes_fd ? result >= 0 && expected->integer >= 0 : result == expected->integer;
        if (!same)
            return result_differs(runner, pending, "");
    }
    return result < 0 || pending->check == NULL || pending->check(runner, pending);
}

/* ---- beginning and end ---- */

static bool call_done(struct drill_runner *runner, struct drill_pending *pending)
{
    if (pending->waits)
        pending->result = pending->operation.result;
    runner->machine.operation = runner->blocked ? &runner->blocking.operation : NULL;
    return check_result(runner, pending);
}

static bool find_call(struct drill_runner *runner, struct drill_pending *pending, drill_call_function **start)
{
    const struct drill_call *call = pending->call;
    const struct drill_expression *argument = call->arguments;
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (!slice_is(call->name, calls[i].name))
            continue;
        if (call->argument_count < calls[i].least || call->argument_count > calls[i].most) {
            struct text text = runner_fail(runner, pending->event->line);
            text_put(&text, calls[i].name);
            text_put(&text, " has ");
            text_number(&text, calls[i].least);
            text_put(&text, " arguments, not ");
            text_number(&text, call->argument_count);
            return false;
        }
        for (uint32_t k = 0; k < call->argument_count; k++, argument = argument->next)
            pending->argument[k] = argument;
        *start = calls[i].start;
        return true;
    }
    struct text text = runner_skip(runner, pending->event->line);
    text_put(&text, "system call ");
    text_slice(&text, call->name);
    return false;
}

static bool call_start(struct drill_runner *runner, struct drill_pending *pending, struct arena *arena,
                       const struct drill_event *event)
{
    drill_call_function *start;
    arena->used = 0;
    memset(pending, 0, sizeof *pending);
    pending->event = event;
    pending->call = event->call;
    pending->arena = arena;
    pending->started = runner_now(runner);
    pending->script_fd = -1;
    if (!find_call(runner, pending, &start) || !start(runner, pending))
        return false;
    if (!pending->waits)
        return runner_wait(runner, runner_now(runner), event->line);
    runner->machine.operation = &pending->operation;
    if (septet_operation_start(runner->machine.sockets, &pending->operation))
        runner->machine.operation_end = runner->machine.now;
    return runner_wait(runner, runner_now(runner), event->line);
}

bool call_collect(struct drill_runner *runner, int64_t wait)
{
    struct drill_pending *pending = &runner->blocking;
    if (!runner->blocked)
        return true;
    if (!pending->operation.done && wait != 0) {
        const int64_t latest = pending->planned_end > runner_now(runner) ? pending->planned_end : runner_now(runner);
        machine_run(&runner->machine, DRILL_EPOCH + latest + wait, STOP_OPERATION);
    }
    if (!pending->operation.done) {
        if (wait == 0)
            return true;
        struct text text = runner_fail(runner, pending->event->line);
        text_slice(&text, pending->call->name);
        text_put(&text, " still blocks: it should have returned at ");
        text_seconds(&text, pending->planned_end, 6);
        return false;
    }
    runner->blocked = false;
    if (!call_done(runner, pending))
        return false;
    const int64_t end = runner->machine.operation_end - DRILL_EPOCH, planned = pending->planned_end;
    const int64_t previous = runner->previous_time;
    runner->previous_time = pending->started; /* the tolerance of the end counts from the start */
    const bool in_time = runner_in_time(runner, planned, planned, end);
    runner->previous_time = previous;
    if (in_time)
        return true;
    struct text text = runner_fail(runner, pending->event->line);
    text_slice(&text, pending->call->name);
    text_put(&text, end < planned ? " returned too early: " : " returned too late: ");
    runner_put_times(&text, planned, planned, end);
    return false;
}

static bool run_blocking(struct drill_runner *runner, const struct drill_event *event, int64_t base)
{
    struct drill_pending *pending = &runner->blocking;
    if (!call_start(runner, pending, &runner->held, event))
        return false;
    pending->planned_end = base + event->time.end;
    if (!pending->waits) {
        pending->operation.done = true;
        runner->machine.operation_end = runner->machine.now;
    }
    runner->blocked = true;
    return call_collect(runner, 0);
}

bool run_call(struct drill_runner *runner, const struct drill_event *event, int64_t base)
{
    struct drill_pending *pending = &runner->immediate;
    if (!call_collect(runner, runner->blocked ? PATIENCE : 0))
        return false;
    if (event->call->blocking)
        return run_blocking(runner, event, base);
    if (!call_start(runner, pending, &runner->scratch, event))
        return false;
    if (pending->waits && !pending->operation.done) {
        machine_run(&runner->machine, runner->machine.now + RETURNS_WITHIN, STOP_OPERATION);
        if (!pending->operation.done) {
            struct text text = runner_fail(runner, event->line);
            text_slice(&text, event->call->name);
            text_put(&text, " does not return: make the descriptor non-blocking, or write start...end for its time");
            return false;
        }
    }
    return call_done(runner, pending);
}
