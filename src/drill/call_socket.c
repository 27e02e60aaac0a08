#include "drill/runner.h"

#include "base/memory.h"

/* Sockets made, bound, connected, accepted and closed. */

static bool check_new_fd(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *expected = pending->call->result;
    const int script = expected->kind == EXPRESSION_ELLIPSIS ? (int)pending->result : (int)expected->integer;
    if (!call_fd_add(runner, pending->event->line, script, (int)pending->result, false))
        return false;
    if (pending->subject != NULL) {
        pending->subject->script_fd = script;
        pending->subject->live_fd = (int)pending->result;
    }
    return true;
}

bool call_socket(struct drill_runner *runner, struct drill_pending *pending)
{
    int64_t family = runner->options.ip_version == DRILL_IPV4 ? SEPTET_AF_INET : SEPTET_AF_INET6, type, protocol;
    if (pending->argument[0]->kind != EXPRESSION_ELLIPSIS && !value_integer(runner, pending->argument[0], &family))
        return false;
    if (!value_integer(runner, pending->argument[1], &type) || !value_integer(runner, pending->argument[2], &protocol))
        return false;
    pending->result = septet_sockets_socket(runner->machine.sockets, (int)family, (int)type, (int)protocol);
    pending->makes_fd = true;
    pending->check = check_new_fd;
    if (pending->result < 0)
        return true;
    const bool stream = (type & 15) == SEPTET_SOCK_STREAM;
    pending->subject = subject_new(&runner->subjects, SUBJECT_FRESH, stream ? PROTOCOL_TCP : PROTOCOL_UDP);
    return pending->subject != NULL || runner_no_memory(runner, pending->event->line);
}

/* Learns what the stack says of the local end of a socket. */
static void learn_local(struct drill_runner *runner, struct subject *subject, int live)
{
    union septet_sockaddr name;
    uint32_t length = sizeof name;
    struct septet_address address;
    uint16_t port;
    if (subject == NULL || septet_sockets_getsockname(runner->machine.sockets, live, &name, &length) < 0 ||
        !septet_sockaddr_read(&name, length, &address, &port))
        return;
    subject->live.local_port = port;
    if (!address_is_any(&address))
        subject->live.local = address;
}

bool call_bind(struct drill_runner *runner, struct drill_pending *pending)
{
    union septet_sockaddr address;
    uint32_t length;
    int script, live;
    if (!value_fd(runner, pending->argument[0], &script, &live) ||
        !value_sockaddr(runner, pending->argument[1], &runner->options.local, runner->options.bind_port, &address,
                        &length))
        return false;
    pending->result = septet_sockets_bind(runner->machine.sockets, live, &address, length);
    if (pending->result >= 0)
        learn_local(runner, subject_of_fd(&runner->subjects, script), live);
    return true;
}

bool call_listen(struct drill_runner *runner, struct drill_pending *pending)
{
    int script, live;
    int64_t backlog;
    if (!value_fd(runner, pending->argument[0], &script, &live) ||
        !value_integer(runner, pending->argument[1], &backlog))
        return false;
    pending->result = septet_sockets_listen(runner->machine.sockets, live, (int)backlog);
    struct subject *subject = subject_of_fd(&runner->subjects, script);
    if (pending->result >= 0 && subject != NULL) {
        subject->role = SUBJECT_LISTENING;
        runner->subjects.under_test = subject;
        learn_local(runner, subject, live);
    }
    return true;
}

/* The connection that was accepted is one whose packets the script knows. */
static bool check_accepted(struct drill_runner *runner, struct drill_pending *pending)
{
    struct septet_sockets *sockets = runner->machine.sockets;
    const int live = (int)pending->result;
    union septet_sockaddr name;
    struct septet_tuple tuple;
    const septet_handle handle = septet_sockets_handle(sockets, live);
    if (handle != 0 && septet_tuple_get(runner->machine.stack, handle, &tuple) == SEPTET_OK) {
        pending->subject = subject_of_tuple(&runner->subjects, PROTOCOL_TCP, &tuple);
    } else {
        uint32_t length = sizeof name;
        if (septet_sockets_getpeername(sockets, live, &name, &length) == 0 &&
            septet_sockaddr_read(&name, length, &tuple.remote, &tuple.remote_port))
            for (struct subject *at = runner->subjects.latest; at != NULL && pending->subject == NULL; at = at->next)
                if (at->live.remote_port == tuple.remote_port)
                    pending->subject = at;
    }
    if (pending->subject == NULL) /* it is gone already: the latest one that nobody has accepted */
        for (struct subject *at = runner->subjects.latest; at != NULL && pending->subject == NULL; at = at->next)
            if (at->role == SUBJECT_PASSIVE && at->live_fd < 0)
                pending->subject = at;
    return check_new_fd(runner, pending);
}

bool call_accept(struct drill_runner *runner, struct drill_pending *pending)
{
    int script, live;
    int64_t flags = 0;
    struct {
        union septet_sockaddr address;
        uint32_t length;
    } *peer = arena_zeroed(pending->arena, sizeof *peer);
    if (peer == NULL)
        return runner_no_memory(runner, pending->event->line);
    if (!value_fd(runner, pending->argument[0], &script, &live) ||
        (pending->argument[3] != NULL && !value_integer(runner, pending->argument[3], &flags)))
        return false;
    peer->length = sizeof peer->address;
    pending->operation = septet_operation_accept(live, &peer->address, &peer->length, (int)flags);
    pending->waits = true;
    pending->makes_fd = true;
    pending->check = check_accepted;
    return true;
}

bool call_connect(struct drill_runner *runner, struct drill_pending *pending)
{
    int script, live;
    struct {
        union septet_sockaddr address;
        uint32_t length;
    } *peer = arena_zeroed(pending->arena, sizeof *peer);
    if (peer == NULL)
        return runner_no_memory(runner, pending->event->line);
    if (!value_fd(runner, pending->argument[0], &script, &live) ||
        !value_sockaddr(runner, pending->argument[1], &runner->options.remote, runner->options.connect_port,
                        &peer->address, &peer->length))
        return false;
    struct subject *subject = subject_of_fd(&runner->subjects, script);
    struct septet_address remote;
    uint16_t port;
    if (subject != NULL && septet_sockaddr_read(&peer->address, peer->length, &remote, &port) &&
        (!subject->local_known || subject->protocol == PROTOCOL_UDP)) {
        subject->role = SUBJECT_ACTIVE;
        subject->live.remote = remote;
        subject->live.remote_port = port;
        runner->subjects.under_test = subject;
    }
    pending->operation = septet_operation_connect(live, &peer->address, peer->length);
    pending->waits = true;
    return true;
}

bool call_shutdown(struct drill_runner *runner, struct drill_pending *pending)
{
    int script, live;
    int64_t how;
    if (!value_fd(runner, pending->argument[0], &script, &live) || !value_integer(runner, pending->argument[1], &how))
        return false;
    pending->result = septet_sockets_shutdown(runner->machine.sockets, live, (int)how);
    return true;
}

bool call_close(struct drill_runner *runner, struct drill_pending *pending)
{
    int script, live;
    if (!value_fd(runner, pending->argument[0], &script, &live))
        return false;
    const struct drill_fd *fd = call_fd_find(runner, script);
    const bool fake = fd != NULL && fd->fake;
    struct subject *subject = subject_of_fd(&runner->subjects, script);
    call_fd_remove(runner, script);
    if (subject != NULL)
        subject->script_fd = subject->live_fd = -1;
    pending->waits = !fake;
    if (!fake)
        pending->operation = septet_operation_close(live);
    return true;
}

/* ---- what needs no operation ---- */

bool call_fcntl(struct drill_runner *runner, struct drill_pending *pending)
{
    int script, live;
    int64_t command, argument = 0;
    if (!value_fd(runner, pending->argument[0], &script, &live) ||
        !value_integer(runner, pending->argument[1], &command) ||
        (pending->argument[2] != NULL && !value_integer(runner, pending->argument[2], &argument)))
        return false;
    pending->result = septet_sockets_fcntl(runner->machine.sockets, live, (int)command, (int)argument);
    return true;
}

static bool check_ioctl(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *expected = pending->argument[2];
    int64_t value;
    const int actual = *(int *)pending->output;
    if (expected == NULL || expected->kind != EXPRESSION_ARRAY || expected->count != 1 ||
        expected->first->kind == EXPRESSION_ELLIPSIS)
        return true;
    if (!value_integer(runner, expected->first, &value))
        return false;
    return value == actual || call_differs(runner, expected->line, "what ioctl tells", value, actual);
}

/* FIONSPACE: room left in the send buffer. */
static int send_space(struct drill_runner *runner, int live, int *space)
{
    struct septet_sockets *sockets = runner->machine.sockets;
    uint32_t length = sizeof *space;
    int used = 0;
    const int result = septet_sockets_getsockopt(sockets, live, SEPTET_SOL_SOCKET, SEPTET_SO_SNDBUF, space, &length);
    if (result < 0)
        return result;
    *space -= septet_sockets_ioctl(sockets, live, SEPTET_SIOCOUTQ, &used) < 0 ? 0 : used;
    return 0;
}

bool call_ioctl(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *argument = pending->argument[2];
    int *value = arena_zeroed(pending->arena, sizeof *value);
    int script, live;
    int64_t request, number = 0;
    if (value == NULL)
        return runner_no_memory(runner, pending->event->line);
    if (!value_fd(runner, pending->argument[0], &script, &live) ||
        !value_integer(runner, pending->argument[1], &request))
        return false;
    if (argument != NULL && argument->kind == EXPRESSION_ARRAY && argument->count == 1)
        argument = argument->first;
    if (argument != NULL && argument->kind != EXPRESSION_ELLIPSIS && !value_integer(runner, argument, &number))
        return false;
    *value = (int)number;
    pending->output = value;
    pending->check = check_ioctl;
    if (request == DRILL_FIONSPACE) {
        pending->result = send_space(runner, live, value);
        return true;
    }
    pending->result = septet_sockets_ioctl(runner->machine.sockets, live, (unsigned)request, value);
    return true;
}

/* A file of zeros without an end, for sendfile(). */
static bool check_fake_fd(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *expected = pending->call->result;
    const int64_t script = expected->kind == EXPRESSION_ELLIPSIS ? pending->result : expected->integer;
    return call_fd_add(runner, pending->event->line, (int)script, -1, true);
}

bool call_open(struct drill_runner *runner, struct drill_pending *pending)
{
    pending->result = 1000 + runner->next_file++;
    pending->makes_fd = true;
    pending->check = check_fake_fd;
    return true;
}

bool call_pipe(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *pair = pending->argument[0];
    int64_t fd;
    if (pair->kind != EXPRESSION_ARRAY || pair->count != 2)
        return value_expected(runner, pair, "[fd, fd]");
    for (const struct drill_expression *at = pair->first; at != NULL; at = at->next)
        if (!value_integer(runner, at, &fd) || !call_fd_add(runner, at->line, (int)fd, -1, true))
            return false;
    pending->result = 0;
    return true;
}

/* Whoever runs scripts here may do everything. */
bool call_cap_set(struct drill_runner *runner, struct drill_pending *pending)
{
    (void)runner;
    pending->result = 0;
    return true;
}
