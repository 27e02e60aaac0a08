#include "drill/runner.h"

#include "base/memory.h"

/* Bytes sent and received. What the script does not give is zeros, as many as it says. */

#define VECTORS 64

/* ---- buffers ---- */

/* Memory for what a call reads or writes: zeros, or the bytes of a string. */
static bool take_buffer(struct drill_runner *runner, struct drill_pending *pending,
                        const struct drill_expression *words, int64_t length, void **to)
{
    if (length < 0 || length > INT32_MAX)
        return value_expected(runner, words, "a length that fits into memory");
    *to = NULL;
    if (words->kind != EXPRESSION_ELLIPSIS && value_absent(words))
        return true; /* a buffer that is none */
    *to = arena_zeroed(pending->arena, (size_t)length + 1);
    if (*to == NULL)
        return runner_no_memory(runner, words->line);
    if (words->kind == EXPRESSION_STRING) {
        const uint32_t part = words->text.length < length ? words->text.length : (uint32_t)length;
        memcpy(*to, words->text.at, part);
    }
    return true;
}

/* What the tool supplies. */
static const struct drill_expression zeros = {.kind = EXPRESSION_ELLIPSIS};

/* Flags that ask for what does not exist here. */
static bool flags_known(struct drill_runner *runner, const struct drill_pending *pending, int64_t flags)
{
    const char *name = (flags & SEPTET_MSG_ZEROCOPY) ? "MSG_ZEROCOPY" : (flags & SEPTET_MSG_EOR) ? "MSG_EOR" : NULL;
    if (name == NULL)
        return true;
    struct text text = runner_skip(runner, pending->event->line);
    text_put(&text, name);
    return false;
}

static void note_payload(struct drill_runner *runner, int script, const struct drill_expression *words)
{
    struct subject *subject = subject_of_fd(&runner->subjects, script);
    if (subject != NULL && words->kind == EXPRESSION_STRING)
        subject->free_payload = true;
}

/* {..., 100} or {iov_base=..., iov_len=100} */
static bool take_vector(struct drill_runner *runner, struct drill_pending *pending, const struct drill_expression *item,
                        struct septet_iovec *vector, int script)
{
    const struct drill_expression *base = item->first;
    int64_t length;
    if (item->kind != EXPRESSION_STRUCTURE || item->count != 2)
        return value_expected(runner, item, "{buffer, length}");
    const struct drill_expression *size = base->next;
    if (base->kind == EXPRESSION_FIELD)
        base = base->first;
    if (size->kind == EXPRESSION_FIELD)
        size = size->first;
    if (!value_integer(runner, size, &length) || !take_buffer(runner, pending, base, length, &vector->base))
        return false;
    vector->length = (size_t)length;
    note_payload(runner, script, base);
    return true;
}

static bool take_vectors(struct drill_runner *runner, struct drill_pending *pending,
                         const struct drill_expression *array, int script, struct septet_iovec **vectors, size_t *count)
{
    if (array->kind != EXPRESSION_ARRAY || array->count > VECTORS)
        return value_expected(runner, array, "an array of at most 64 {buffer, length}");
    *vectors = arena_zeroed(pending->arena, sizeof **vectors * (array->count + 1));
    if (*vectors == NULL)
        return runner_no_memory(runner, array->line);
    *count = 0;
    for (const struct drill_expression *item = array->first; item != NULL; item = item->next)
        if (!take_vector(runner, pending, item, &(*vectors)[(*count)++], script))
            return false;
    return true;
}

/* ---- one buffer ---- */

/* fd, buffer, length and flags */
static bool take_data(struct drill_runner *runner, struct drill_pending *pending, bool with_flags, int *live,
                      void **buffer, size_t *length, int *flags)
{
    int64_t size, bits = 0;
    if (!value_fd(runner, pending->argument[0], &pending->script_fd, live) ||
        !value_integer(runner, pending->argument[2], &size) ||
        (with_flags && (!value_integer(runner, pending->argument[3], &bits) || !flags_known(runner, pending, bits))) ||
        !take_buffer(runner, pending, pending->argument[1], size, buffer))
        return false;
    *length = (size_t)size;
    *flags = (int)bits;
    return true;
}

static bool start_receive(struct drill_runner *runner, struct drill_pending *pending, bool with_flags)
{
    void *buffer;
    size_t length;
    int live, flags;
    if (!take_data(runner, pending, with_flags, &live, &buffer, &length, &flags))
        return false;
    pending->operation = septet_operation_recvfrom(live, buffer, length, flags, NULL, NULL);
    pending->waits = true;
    return true;
}

bool call_read(struct drill_runner *runner, struct drill_pending *pending)
{
    return start_receive(runner, pending, false);
}

bool call_recv(struct drill_runner *runner, struct drill_pending *pending)
{
    return start_receive(runner, pending, true);
}

bool call_recvfrom(struct drill_runner *runner, struct drill_pending *pending)
{
    return start_receive(runner, pending, true);
}

static bool start_send(struct drill_runner *runner, struct drill_pending *pending, bool with_flags)
{
    void *buffer;
    size_t length;
    int live, flags;
    if (!take_data(runner, pending, with_flags, &live, &buffer, &length, &flags))
        return false;
    note_payload(runner, pending->script_fd, pending->argument[1]);
    pending->operation = septet_operation_sendto(live, buffer, length, flags, NULL, 0);
    pending->waits = true;
    return true;
}

bool call_write(struct drill_runner *runner, struct drill_pending *pending)
{
    return start_send(runner, pending, false);
}

bool call_send(struct drill_runner *runner, struct drill_pending *pending) { return start_send(runner, pending, true); }

/* Where a datagram (or a SYN with data) goes: the other end of the conversation, unless the script says otherwise. */
static bool take_destination(struct drill_runner *runner, struct drill_pending *pending,
                             const struct drill_expression *expression, union septet_sockaddr **address,
                             uint32_t *length)
{
    struct subject *subject = subject_of_fd(&runner->subjects, pending->script_fd);
    const bool known = subject != NULL && subject->live.remote_port != 0;
    const uint16_t port = known ? subject->live.remote_port : runner->options.connect_port;
    const struct septet_address *remote = known ? &subject->live.remote : &runner->options.remote;
    *address = arena_zeroed(pending->arena, sizeof **address);
    if (*address == NULL)
        return runner_no_memory(runner, expression->line);
    if (!value_sockaddr(runner, expression, remote, port, *address, length))
        return false;
    if (subject != NULL && !known &&
        septet_sockaddr_read(*address, *length, &subject->live.remote, &subject->live.remote_port)) {
        subject->role = SUBJECT_ACTIVE;
        runner->subjects.under_test = subject;
    }
    return true;
}

bool call_sendto(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *expression = pending->argument[4];
    union septet_sockaddr *address = NULL;
    void *buffer;
    size_t length;
    uint32_t address_length = 0;
    int live, flags;
    const bool absent = expression->kind != EXPRESSION_ELLIPSIS && value_absent(expression);
    if (!take_data(runner, pending, true, &live, &buffer, &length, &flags) ||
        (!absent && !take_destination(runner, pending, expression, &address, &address_length)))
        return false;
    note_payload(runner, pending->script_fd, pending->argument[1]);
    pending->operation = septet_operation_sendto(live, buffer, length, flags, address, address_length);
    pending->waits = true;
    return true;
}

/* ---- several buffers ---- */

static bool start_vectors(struct drill_runner *runner, struct drill_pending *pending, bool receive)
{
    struct septet_msghdr *message = arena_zeroed(pending->arena, sizeof *message);
    int live;
    if (message == NULL)
        return runner_no_memory(runner, pending->event->line);
    if (!value_fd(runner, pending->argument[0], &pending->script_fd, &live) ||
        !take_vectors(runner, pending, pending->argument[1], receive ? -1 : pending->script_fd, &message->vector,
                      &message->vector_count))
        return false;
    pending->operation =
        receive ? septet_operation_recvmsg(live, message, 0) : septet_operation_sendmsg(live, message, 0);
    pending->waits = true;
    return true;
}

bool call_readv(struct drill_runner *runner, struct drill_pending *pending)
{
    return start_vectors(runner, pending, true);
}

bool call_writev(struct drill_runner *runner, struct drill_pending *pending)
{
    return start_vectors(runner, pending, false);
}

/* sendfile(socket, file, [offset], count): the file is zeros. */
bool call_sendfile(struct drill_runner *runner, struct drill_pending *pending)
{
    int live;
    int64_t count;
    void *buffer;
    if (!value_fd(runner, pending->argument[0], &pending->script_fd, &live) ||
        !value_integer(runner, pending->argument[3], &count) || !take_buffer(runner, pending, &zeros, count, &buffer))
        return false;
    pending->operation = septet_operation_sendto(live, buffer, (size_t)count, 0, NULL, 0);
    pending->waits = true;
    return true;
}

/* splice(in, NULL, out, NULL, count, flags): a pipe takes everything and gives zeros. */
bool call_splice(struct drill_runner *runner, struct drill_pending *pending)
{
    int from, from_live, to, to_live;
    int64_t count;
    void *buffer;
    if (!value_fd(runner, pending->argument[0], &from, &from_live) ||
        !value_fd(runner, pending->argument[2], &to, &to_live) ||
        !value_integer(runner, pending->argument[4], &count) || !take_buffer(runner, pending, &zeros, count, &buffer))
        return false;
    pending->waits = true;
    pending->operation = from_live >= 0 ? septet_operation_recvfrom(from_live, buffer, (size_t)count, 0, NULL, NULL)
                                        : septet_operation_sendto(to_live, buffer, (size_t)count, 0, NULL, 0);
    return true;
}

/* ---- messages ---- */

#define CONTROL_ROOM 512

struct message_call {
    struct septet_msghdr header;
    union septet_sockaddr name;
    uint8_t control[CONTROL_ROOM];
};

static struct message_call *take_message(struct drill_runner *runner, struct drill_pending *pending, bool receive,
                                         int *live, int *flags)
{
    const struct drill_expression *structure = pending->argument[1];
    struct message_call *message = arena_zeroed(pending->arena, sizeof *message);
    int64_t bits = 0;
    if (message == NULL) {
        runner_no_memory(runner, pending->event->line);
        return NULL;
    }
    if (structure->kind != EXPRESSION_STRUCTURE) {
        value_expected(runner, structure, "{msg_name(...)=..., msg_iov(N)=[...], msg_flags=...}");
        return NULL;
    }
    const struct drill_expression *vectors = drill_field(structure, "msg_iov");
    if (!value_fd(runner, pending->argument[0], &pending->script_fd, live) ||
        !value_integer(runner, pending->argument[2], &bits) || !flags_known(runner, pending, bits) ||
        (vectors != NULL && !take_vectors(runner, pending, vectors->first, receive ? -1 : pending->script_fd,
                                          &message->header.vector, &message->header.vector_count)))
        return NULL;
    *flags = (int)bits;
    return message;
}

bool call_sendmsg(struct drill_runner *runner, struct drill_pending *pending)
{
    int live, flags;
    struct message_call *message = take_message(runner, pending, false, &live, &flags);
    if (message == NULL)
        return false;
    const struct drill_expression *name = drill_field(pending->argument[1], "msg_name");
    const struct subject *subject = subject_of_fd(&runner->subjects, pending->script_fd);
    const bool stream = subject != NULL && subject->protocol == PROTOCOL_TCP;
    if (drill_field(pending->argument[1], "msg_control") != NULL) {
        struct text text = runner_skip(runner, pending->argument[1]->line);
        text_put(&text, "control messages of sendmsg");
        return false;
    }
    if (name != NULL && (name->first->kind == EXPRESSION_STRUCTURE ||
                         (name->first->kind == EXPRESSION_ELLIPSIS && (!stream || (flags & SEPTET_MSG_FASTOPEN))))) {
        union septet_sockaddr *address;
        if (!take_destination(runner, pending, name->first, &address, &message->header.name_length))
            return false;
        message->header.name = address;
    }
    pending->operation = septet_operation_sendmsg(live, &message->header, flags);
    pending->waits = true;
    return true;
}

/* ---- what came with a message ---- */

static bool check_error(struct drill_runner *runner, const struct drill_expression *data, const uint8_t *bytes)
{
    static const char *const names[] = {"ee_errno", "ee_origin", "ee_type", "ee_code", "ee_info", "ee_data"};
    struct septet_sock_extended_err error;
    memcpy(&error, bytes, sizeof error);
    const int64_t actual[] = {error.error, error.origin, error.type, error.code, error.info, error.data};
    for (unsigned i = 0; i < 6; i++) {
        int64_t expected;
        if (!value_field(runner, data, names[i], actual[i], &expected))
            return false;
        if (expected != actual[i] && !call_differs(runner, data->line, names[i], expected, actual[i]))
            return false;
    }
    return true;
}

static bool check_stamp(struct drill_runner *runner, const struct drill_expression *data, const uint8_t *bytes)
{
    int64_t seconds, nanoseconds, actual[2];
    if (!value_field(runner, data, "scm_sec", 0, &seconds) || !value_field(runner, data, "scm_nsec", 0, &nanoseconds))
        return false;
    memcpy(actual, bytes, sizeof actual);
    const int64_t expected = seconds * SEPTET_SECOND + nanoseconds;
    const int64_t time = actual[0] * SEPTET_SECOND + actual[1] - DRILL_EPOCH;
    if (expected == 0 || runner_in_time(runner, expected, expected, time))
        return true;
    return call_differs(runner, data->line, "the time stamp in ns", expected, time);
}

static bool check_control_data(struct drill_runner *runner, const struct drill_expression *data, const uint8_t *bytes,
                               size_t length)
{
    int64_t expected;
    int actual;
    if (data->kind == EXPRESSION_ELLIPSIS)
        return true;
    if (data->kind == EXPRESSION_STRUCTURE && drill_field(data, "scm_sec") != NULL)
        return length >= 16 ? check_stamp(runner, data, bytes) : value_expected(runner, data, "a longer time stamp");
    if (data->kind == EXPRESSION_STRUCTURE && length >= sizeof(struct septet_sock_extended_err))
        return check_error(runner, data, bytes);
    if (data->kind == EXPRESSION_STRUCTURE || data->kind == EXPRESSION_ARRAY) {
        struct text text = runner_skip(runner, data->line);
        text_put(&text, "data of this control message");
        return false;
    }
    if (!value_integer(runner, data, &expected))
        return false;
    if (length < sizeof actual) {
        actual = length == 0 ? 0 : bytes[0];
    } else {
        memcpy(&actual, bytes, sizeof actual);
    }
    return expected == actual || call_differs(runner, data->line, "the control message's data", expected, actual);
}

/* One {cmsg_level=,cmsg_type=,cmsg_data=} among those that came. */
static bool check_control(struct drill_runner *runner, const struct drill_expression *expected,
                          const struct septet_msghdr *header)
{
    int64_t level, type;
    if (!value_field(runner, expected, "cmsg_level", 0, &level) ||
        !value_field(runner, expected, "cmsg_type", 0, &type))
        return false;
    const uint8_t *bytes = header->control;
    size_t left = header->control_length;
    struct septet_cmsghdr head;
    while (left >= sizeof head) {
        memcpy(&head, bytes, sizeof head);
        if (head.length < sizeof head || head.length > left)
            break;
        if (head.level == level && head.type == type) {
            const struct drill_expression *data = drill_field(expected, "cmsg_data");
            return data == NULL ||
                   check_control_data(runner, data->first, bytes + sizeof head, head.length - sizeof head);
        }
        const size_t step = (head.length + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1);
        if (step > left)
            break;
        bytes += step;
        left -= step;
    }
    struct text text = runner_fail(runner, expected->line);
    text_put(&text, "recvmsg gave no control message of level ");
    text_signed(&text, level);
    text_put(&text, " and type ");
    text_signed(&text, type);
    return false;
}

static bool check_message(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *structure = pending->argument[1];
    const struct drill_expression *controls = drill_field(structure, "msg_control");
    const struct message_call *message = pending->output;
    int64_t flags;
    if (!value_field(runner, structure, "msg_flags", message->header.flags, &flags))
        return false;
    if (flags != message->header.flags &&
        !call_differs(runner, structure->line, "msg_flags", flags, message->header.flags))
        return false;
    if (controls == NULL || controls->first->kind == EXPRESSION_ELLIPSIS)
        return true;
    if (controls->first->kind != EXPRESSION_ARRAY)
        return value_expected(runner, controls->first, "an array of control messages");
    for (const struct drill_expression *at = controls->first->first; at != NULL; at = at->next)
        if (at->kind != EXPRESSION_STRUCTURE ? !value_expected(runner, at, "{cmsg_level=, cmsg_type=, cmsg_data=}")
                                             : !check_control(runner, at, &message->header))
            return false;
    return true;
}

bool call_recvmsg(struct drill_runner *runner, struct drill_pending *pending)
{
    int live, flags;
    struct message_call *message = take_message(runner, pending, true, &live, &flags);
    if (message == NULL)
        return false;
    message->header.name = &message->name;
    message->header.name_length = sizeof message->name;
    message->header.control = message->control;
    message->header.control_length = sizeof message->control;
    pending->output = message;
    pending->check = check_message;
    pending->operation = septet_operation_recvmsg(live, &message->header, flags);
    pending->waits = true;
    return true;
}
