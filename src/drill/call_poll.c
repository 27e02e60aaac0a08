#include "drill/runner.h"

#include "base/memory.h"

/* poll and epoll. */

static bool take_timeout(struct drill_runner *runner, const struct drill_expression *expression, int64_t *timeout)
{
    int64_t milliseconds;
    if (!value_integer(runner, expression, &milliseconds))
        return false;
    if (milliseconds > INT32_MAX)
        return value_expected(runner, expression, "a timeout in milliseconds");
    *timeout = milliseconds < 0 ? -1 : milliseconds * SEPTET_MILLISECOND;
    return true;
}

static bool check_poll(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct septet_pollfd *fds = pending->output;
    const struct drill_expression *at = pending->argument[0]->first;
    for (uint32_t i = 0; i < pending->output_count; i++, at = at->next) {
        const int64_t actual = (uint16_t)fds[i].revents;
        int64_t expected;
        if (!value_field(runner, at, "revents", actual, &expected))
            return false;
        if (expected != actual && !call_differs(runner, at->line, "revents", expected, actual))
            return false;
    }
    return true;
}

bool call_poll(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *array = pending->argument[0];
    int64_t timeout = 0, events, script;
    if (array->kind != EXPRESSION_ARRAY)
        return value_expected(runner, array, "an array of {fd=, events=, revents=}");
    struct septet_pollfd *fds = arena_zeroed(pending->arena, sizeof *fds * (array->count + 1));
    if (fds == NULL)
        return runner_no_memory(runner, array->line);
    for (const struct drill_expression *at = array->first; at != NULL; at = at->next) {
        if (at->kind != EXPRESSION_STRUCTURE)
            return value_expected(runner, at, "{fd=, events=, revents=}");
        if (!value_field(runner, at, "fd", -1, &script) || !value_field(runner, at, "events", 0, &events))
            return false;
        fds[pending->output_count++] =
            (struct septet_pollfd){.fd = call_live_fd(runner, (int)script), .events = (int16_t)events};
    }
    if (!take_timeout(runner, pending->argument[2], &timeout))
        return false;
    pending->output = fds;
    pending->check = check_poll;
    pending->operation = septet_operation_poll(fds, pending->output_count, timeout);
    pending->waits = true;
    return true;
}

/* ---- epoll ---- */

static bool check_epoll_fd(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *expected = pending->call->result;
    const int64_t script = expected->kind == EXPRESSION_ELLIPSIS ? pending->result : expected->integer;
    return call_fd_add(runner, pending->event->line, (int)script, (int)pending->result, false);
}

bool call_epoll_create(struct drill_runner *runner, struct drill_pending *pending)
{
    int64_t size;
    if (!value_integer(runner, pending->argument[0], &size))
        return false;
    const bool flags = slice_is(pending->call->name, "epoll_create1");
    pending->result = !flags && size <= 0 ? -SEPTET_EINVAL
                                          : septet_sockets_epoll_create(runner->machine.sockets, flags ? (int)size : 0);
    pending->makes_fd = true;
    pending->check = check_epoll_fd;
    return true;
}

/* The user's number of an event: as the script calls it. */
static bool event_data(struct drill_runner *runner, const struct drill_expression *structure, int64_t otherwise,
                       int64_t *data)
{
    static const char *const names[] = {"fd", "ptr", "u32", "u64"};
    *data = otherwise;
    for (unsigned i = 0; i < 4; i++)
        if (drill_field(structure, names[i]) != NULL)
            return value_field(runner, structure, names[i], otherwise, data);
    return true;
}

bool call_epoll_ctl(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *structure = pending->argument[3];
    struct septet_epoll_event event = {0};
    int epoll, epoll_live, script, live;
    int64_t command, events = 0, data;
    if (!value_fd(runner, pending->argument[0], &epoll, &epoll_live) ||
        !value_integer(runner, pending->argument[1], &command) ||
        !value_fd(runner, pending->argument[2], &script, &live))
        return false;
    if (structure->kind == EXPRESSION_STRUCTURE) {
        if (!value_field(runner, structure, "events", 0, &events) || !event_data(runner, structure, script, &data))
            return false;
        event.events = (uint32_t)events;
        event.data = (uint64_t)data;
    } else if (!value_absent(structure)) {
        return value_expected(runner, structure, "{events=, fd=}");
    }
    pending->result = septet_sockets_epoll_ctl(runner->machine.sockets, epoll_live, (int)command, live, &event);
    return true;
}

static bool check_epoll_event(struct drill_runner *runner, const struct drill_expression *expected,
                              const struct septet_epoll_event *actual)
{
    int64_t events, data;
    if (expected->kind == EXPRESSION_ELLIPSIS)
        return true;
    if (expected->kind != EXPRESSION_STRUCTURE)
        return value_expected(runner, expected, "{events=, fd=}");
    if (!value_field(runner, expected, "events", actual->events, &events) ||
        !event_data(runner, expected, (int64_t)actual->data, &data))
        return false;
    if ((uint32_t)events != actual->events &&
        !call_differs(runner, expected->line, "events", (uint32_t)events, actual->events))
        return false;
    return (uint64_t)data == actual->data ||
           call_differs(runner, expected->line, "the event's data", data, (int64_t)actual->data);
}

static bool check_epoll_wait(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *expected = pending->argument[1];
    const struct septet_epoll_event *events = pending->output;
    const int64_t count = pending->result;
    if (expected->kind != EXPRESSION_ARRAY)
        return count == 0 || check_epoll_event(runner, expected, &events[0]);
    const struct drill_expression *at = expected->first;
    for (int64_t i = 0; i < count && at != NULL; i++, at = at->next)
        if (!check_epoll_event(runner, at, &events[i]))
            return false;
    return true;
}

bool call_epoll_wait(struct drill_runner *runner, struct drill_pending *pending)
{
    int epoll, live;
    int64_t maximum, timeout = 0;
    if (!value_fd(runner, pending->argument[0], &epoll, &live) ||
        !value_integer(runner, pending->argument[2], &maximum) || !take_timeout(runner, pending->argument[3], &timeout))
        return false;
    const size_t room = maximum < 1 || maximum > 1024 ? 1 : (size_t)maximum;
    struct septet_epoll_event *events = arena_zeroed(pending->arena, sizeof *events * room);
    if (events == NULL)
        return runner_no_memory(runner, pending->event->line);
    pending->output = events;
    pending->check = check_epoll_wait;
    pending->operation = septet_operation_epoll_wait(live, events, maximum > 1024 ? 1024 : (int)maximum, timeout);
    pending->waits = true;
    return true;
}
