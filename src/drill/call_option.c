#include "drill/runner.h"

#include "base/memory.h"

/* setsockopt and getsockopt: values as structures of C. */

#define OPTION_ROOM 512

struct option_value {
    uint8_t bytes[OPTION_ROOM];
    uint32_t length; /* what it has by itself */
};

static void put_int(struct option_value *value, uint32_t at, int number)
{
    memcpy(value->bytes + at, &number, sizeof number);
    value->length = at + (uint32_t)sizeof number;
}

static bool put_array(struct drill_runner *runner, const struct drill_expression *array, struct option_value *value)
{
    int64_t number;
    uint32_t at = 0;
    for (const struct drill_expression *item = array->first; item != NULL; item = item->next) {
        if (!value_integer(runner, item, &number))
            return false;
        if (at + sizeof(int) > OPTION_ROOM)
            return value_expected(runner, item, "fewer numbers");
        put_int(value, at, (int)number);
        at += (uint32_t)sizeof(int);
    }
    return true;
}

/* {onoff=,linger=} and {tv_sec=,tv_usec=} */
static bool put_structure(struct drill_runner *runner, const struct drill_expression *structure,
                          struct option_value *value)
{
    int64_t first, second;
    if (drill_field(structure, "onoff") != NULL || drill_field(structure, "linger") != NULL ||
        drill_field(structure, "l_onoff") != NULL) {
        const bool prefixed = drill_field(structure, "l_onoff") != NULL;
        if (!value_field(runner, structure, prefixed ? "l_onoff" : "onoff", 0, &first) ||
            !value_field(runner, structure, prefixed ? "l_linger" : "linger", 0, &second))
            return false;
        put_int(value, 0, (int)first);
        put_int(value, sizeof(int), (int)second);
        return true;
    }
    if (drill_field(structure, "tv_sec") != NULL || drill_field(structure, "tv_usec") != NULL) {
        if (!value_field(runner, structure, "tv_sec", 0, &first) ||
            !value_field(runner, structure, "tv_usec", 0, &second))
            return false;
        const struct septet_timeval time = {first, second};
        memcpy(value->bytes, &time, sizeof time);
        value->length = sizeof time;
        return true;
    }
    struct text text = runner_skip(runner, structure->line);
    text_put(&text, "structure of a socket option");
    if (structure->first != NULL && structure->first->kind == EXPRESSION_FIELD) {
        text_put(&text, " with field ");
        text_slice(&text, structure->first->text);
    }
    return false;
}

static bool put_value(struct drill_runner *runner, const struct drill_expression *expression,
                      struct option_value *value)
{
    int64_t number;
    switch (expression->kind) {
    case EXPRESSION_ELLIPSIS:
        return true;
    case EXPRESSION_ARRAY:
        return put_array(runner, expression, value);
    case EXPRESSION_STRUCTURE:
        return put_structure(runner, expression, value);
    case EXPRESSION_STRING:
        if (expression->text.length >= OPTION_ROOM)
            return value_expected(runner, expression, "a shorter string");
        memcpy(value->bytes, expression->text.at, expression->text.length);
        value->length = expression->text.length;
        return true;
    default:
        if (!value_integer(runner, expression, &number))
            return false;
        put_int(value, 0, (int)number);
        return true;
    }
}

static bool take_level(struct drill_runner *runner, struct drill_pending *pending, int *live, int64_t *level,
                       int64_t *option)
{
    int script;
    return value_fd(runner, pending->argument[0], &script, live) &&
           value_integer(runner, pending->argument[1], level) && value_integer(runner, pending->argument[2], option);
}

/* An option that does not exist here, where the script expects it to: the script is skipped with its name. */
static bool missing(struct drill_runner *runner, const struct drill_pending *pending)
{
    const struct drill_expression *name = pending->argument[2], *value = pending->argument[3];
    const struct drill_expression *result = pending->call->result;
    const bool refused = pending->result == -SEPTET_ENOPROTOOPT || pending->result == -SEPTET_EOPNOTSUPP ||
                         pending->result == -SEPTET_EPERM || pending->result == -SEPTET_ENOENT;
    if (!refused || result->kind == EXPRESSION_ELLIPSIS || result->integer < 0)
        return false;
    struct text text = runner_skip(runner, pending->event->line);
    text_put(&text, "socket option ");
    if (name->kind == EXPRESSION_SYMBOL)
        text_slice(&text, name->text);
    else
        text_signed(&text, name->kind == EXPRESSION_INTEGER ? name->integer : 0);
    if (value->kind == EXPRESSION_STRING) {
        text_put(&text, " with \"");
        text_slice(&text, value->text);
        text_char(&text, '"');
    }
    return true;
}

/* FreeBSD's stacks within the stack: there is the one called freebsd. {function_set_name="freebsd", pcbcnt=...} */
static bool check_stack_name(struct drill_runner *runner, const struct drill_expression *value)
{
    const struct drill_expression *name = value;
    if (value->kind == EXPRESSION_STRUCTURE) {
        const struct drill_expression *field = drill_field(value, "function_set_name");
        name = field != NULL ? field->first : value;
    }
    if (name->kind == EXPRESSION_ELLIPSIS || (name->kind == EXPRESSION_STRING && slice_is(name->text, "freebsd")))
        return true;
    if (name->kind != EXPRESSION_STRING)
        return value_expected(runner, value, "{function_set_name=\"...\", pcbcnt=...}");
    struct text text = runner_skip(runner, value->line);
    text_put(&text, "TCP stack ");
    text_slice(&text, name->text);
    return false;
}

/* What FreeBSD has and nobody sees in packets. *done when it was one of these. */
static bool freebsd_option(struct drill_runner *runner, struct drill_pending *pending, int64_t option, bool *done)
{
    *done = true;
    if (option == DRILL_FUNCTION_BLOCK)
        return check_stack_name(runner, pending->argument[3]);
    *done = (option >= DRILL_LOG && option <= DRILL_LOG + 5) || option == DRILL_FREEBSD;
    return true;
}

bool call_setsockopt(struct drill_runner *runner, struct drill_pending *pending)
{
    struct option_value *value = arena_zeroed(pending->arena, sizeof *value);
    int live;
    bool done;
    int64_t level, option, length;
    if (value == NULL)
        return runner_no_memory(runner, pending->event->line);
    if (!take_level(runner, pending, &live, &level, &option) || !freebsd_option(runner, pending, option, &done))
        return false;
    if (done)
        return true;
    if (!put_value(runner, pending->argument[3], value))
        return false;
    length = value->length;
    if (pending->argument[4]->kind != EXPRESSION_ELLIPSIS && !value_integer(runner, pending->argument[4], &length))
        return false;
    if (length < 0 || length > OPTION_ROOM)
        return value_expected(runner, pending->argument[4], "the length of the value");
    pending->result = septet_sockets_setsockopt(runner->machine.sockets, live, (int)level, (int)option, value->bytes,
                                                (uint32_t)length);
    return !missing(runner, pending);
}

/* ---- getsockopt ---- */

static bool option_length(struct drill_runner *runner, const struct drill_expression *expression, int64_t *length)
{
    if (expression->kind == EXPRESSION_ARRAY && expression->count == 1)
        expression = expression->first;
    *length = OPTION_ROOM;
    return expression->kind == EXPRESSION_ELLIPSIS || value_integer(runner, expression, length);
}

static bool bytes_differ(struct drill_runner *runner, const struct drill_expression *expected,
                         const struct option_value *actual)
{
    struct text text = runner_fail(runner, expected->line);
    text_put(&text, "the socket option: expected \"");
    text_slice(&text, expected->text);
    text_put(&text, "\", got \"");
    for (uint32_t i = 0; i < actual->length && actual->bytes[i] != 0; i++)
        text_char(&text, (char)actual->bytes[i]);
    text_char(&text, '"');
    if (!runner->options.lenient_calls)
        return false;
    runner_warn(runner, expected->line, runner->error.text);
    return true;
}

/* {tcpi_state=..., tcpi_rtt=...}: each against its place in TCP_INFO. */
static bool check_info(struct drill_runner *runner, const struct drill_expression *structure,
                       const struct option_value *actual)
{
    for (const struct drill_expression *at = structure->first; at != NULL; at = at->next) {
        uint64_t value;
        int64_t expected;
        char name[32];
        struct text text;
        if (at->kind != EXPRESSION_FIELD || !tcp_info_field(at->text, actual->bytes, actual->length, &value)) {
            text = runner_skip(runner, at->line);
            text_put(&text, "field of TCP_INFO: ");
            text_slice(&text, at->text);
            return false;
        }
        if (at->first->kind == EXPRESSION_ELLIPSIS)
            continue;
        if (!value_integer(runner, at->first, &expected))
            return false;
        text_init(&text, name, sizeof name);
        text_slice(&text, at->text);
        if ((uint64_t)expected != value && !call_differs(runner, at->line, name, expected, (int64_t)value))
            return false;
    }
    return true;
}

static bool check_option(struct drill_runner *runner, struct drill_pending *pending)
{
    const struct drill_expression *expected = pending->argument[3];
    const struct option_value *actual = pending->output;
    struct option_value script = {.length = 0};
    if (expected->kind == EXPRESSION_ELLIPSIS ||
        (expected->kind == EXPRESSION_ARRAY && expected->count == 1 && expected->first->kind == EXPRESSION_ELLIPSIS))
        return true;
    if (expected->kind == EXPRESSION_STRING) {
        const uint32_t length = expected->text.length;
        return (actual->length >= length && memcmp(actual->bytes, expected->text.at, length) == 0 &&
                (actual->length == length || actual->bytes[length] == 0)) ||
               bytes_differ(runner, expected, actual);
    }
    if (expected->kind == EXPRESSION_STRUCTURE && expected->first != NULL &&
        slice_starts(expected->first->text, "tcpi_"))
        return check_info(runner, expected, actual);
    if (!put_value(runner, expected, &script))
        return false;
    for (uint32_t at = 0; at + sizeof(int) <= script.length && at + sizeof(int) <= actual->length; at += sizeof(int)) {
        int wanted, got;
        memcpy(&wanted, script.bytes + at, sizeof wanted);
        memcpy(&got, actual->bytes + at, sizeof got);
        if (wanted != got && !call_differs(runner, expected->line, "the socket option", wanted, got))
            return false;
    }
    return true;
}

bool call_getsockopt(struct drill_runner *runner, struct drill_pending *pending)
{
    struct option_value *value = arena_zeroed(pending->arena, sizeof *value);
    int live;
    bool done;
    int64_t level, option, length;
    if (value == NULL)
        return runner_no_memory(runner, pending->event->line);
    if (!take_level(runner, pending, &live, &level, &option) || !freebsd_option(runner, pending, option, &done))
        return false;
    if (done)
        return true;
    if (!option_length(runner, pending->argument[4], &length))
        return false;
    if (length < 0 || length > OPTION_ROOM)
        return value_expected(runner, pending->argument[4], "the length of the value");
    value->length = (uint32_t)length;
    pending->output = value;
    pending->check = check_option;
    pending->result =
        septet_sockets_getsockopt(runner->machine.sockets, live, (int)level, (int)option, value->bytes, &value->length);
    return !missing(runner, pending);
}
