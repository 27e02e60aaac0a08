#include "lab/quantity.h"
#include "lab/scenario_reader.h"
#include "wire/tcp.h"

/* The words of one action, taken one by one. */
struct words {
    const struct scenario *scenario;
    struct slice rest;
    const struct scenario_program *program;
};

static bool take(struct words *words, struct slice *word) { return slice_word(&words->rest, word); }

static bool take_size(struct words *words, uint64_t *size)
{
    struct slice word;

    return take(words, &word) && quantity_size(word, size);
}

static bool take_duration(struct words *words, int64_t *time)
{
    struct slice word;

    return take(words, &word) && quantity_duration(word, time);
}

static bool take_number(struct words *words, int64_t low, int64_t high, int64_t *value)
{
    struct slice word;

    return take(words, &word) && quantity_integer(word, value) && *value >= low && *value <= high;
}

static bool take_host(struct words *words, uint16_t *host)
{
    struct slice word;

    if (!take(words, &word))
        return false;
    *host = scenario_host_find(words->scenario, word);
    return *host != SCENARIO_NOBODY;
}

static bool take_endpoint(struct words *words, struct septet_address *address, uint16_t *port)
{
    struct slice word;

    return take(words, &word) && scenario_endpoint(words->scenario, word, address, port);
}

/* ---- one verb each ---- */

static bool read_connect(struct words *words, struct scenario_action *action)
{
    struct slice word;
    int64_t port;

    if (!take_endpoint(words, &action->address, &action->port))
        return false;
    while (take(words, &word)) {
        if (slice_is(word, "from")) {
            if (!take_number(words, 1, 65535, &port))
                return false;
            action->local_port = (uint16_t)port;
        } else if (slice_is(word, "early")) {
            action->flag = true;
        } else {
            return false;
        }
    }
    return true;
}

static bool read_send(struct words *words, struct scenario_action *action)
{
    struct slice word;

    if (!take_size(words, &action->size))
        return false;
    while (take(words, &word)) {
        bool good = true;
        if (slice_is(word, "chunk"))
            good = take_size(words, &action->chunk) && action->chunk > 0;
        else if (slice_is(word, "every"))
            good = take_duration(words, &action->time);
        else if (slice_is(word, "urgent"))
            action->flags |= SEPTET_SEND_URGENT;
        else if (slice_is(word, "more"))
            action->flags |= SEPTET_SEND_MORE;
        else
            good = false;
        if (!good)
            return false;
    }
    return action->time == 0 || action->chunk > 0;
}

static bool read_read(struct words *words, struct scenario_action *action)
{
    struct slice word;

    if (!take(words, &word))
        return false;
    if (slice_is(word, "all") || slice_is(word, "none")) {
        action->mode = slice_is(word, "all") ? READ_ALL : READ_NONE;
        return true;
    }
    action->mode = READ_RATE;
    return quantity_size(word, &action->chunk) && action->chunk > 0 && take(words, &word) && slice_is(word, "every") &&
           take_duration(words, &action->time) && action->time > 0;
}

static bool take_state(struct words *words, int64_t *state)
{
    struct slice word;

    if (!take(words, &word))
        return false;
    for (unsigned i = 0; i < SEPTET_STATE_COUNT; i++) {
        if (slice_is_name(word, septet_state_name(i))) {
            *state = i;
            return true;
        }
    }
    return false;
}

static bool read_wait(struct words *words, struct scenario_action *action)
{
    static const struct {
        const char *word;
        uint8_t mode;
    } plain[] = {
        {"connected", WAIT_CONNECTED}, {"acknowledged", WAIT_ACKNOWLEDGED}, {"end", WAIT_END}, {"closed", WAIT_CLOSED}};
    struct slice word;

    action->target = SCENARIO_NOBODY;
    if (!take(words, &word))
        return false;
    bool good = false;
    if (slice_is(word, "until")) {
        action->mode = WAIT_UNTIL;
        return take_duration(words, &action->time);
    }
    if (quantity_duration(word, &action->time)) {
        action->mode = WAIT_DURATION;
        return true;
    }
    for (uint32_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (slice_is(word, plain[i].word)) {
            action->mode = plain[i].mode;
            good = true;
        }
    }
    if (slice_is(word, "state")) {
        action->mode = WAIT_STATE;
        good = take_state(words, &action->value);
    } else if (slice_is(word, "received") || slice_is(word, "sent")) {
        action->mode = slice_is(word, "received") ? WAIT_RECEIVED : WAIT_SENT;
        good = take_size(words, &action->size);
    }
    if (good && take(words, &word)) {
        if (!slice_is(word, "of") || !take(words, &word))
            return false;
        action->target = scenario_program_find(words->scenario, word);
        good = action->target != SCENARIO_NOBODY;
    }
    return good;
}

static bool read_set(struct words *words, struct scenario_action *action)
{
    struct slice word;
    bool on;
    uint64_t size;

    if (!take(words, &word))
        return false;
    while (action->option < SEPTET_OPTION_COUNT && !slice_is_name(word, septet_option_name(action->option)))
        action->option++;
    if (action->option == SEPTET_OPTION_COUNT || !take(words, &word))
        return false;
    if (quantity_switch(word, &on))
        action->value = on;
    else if (slice_is_name(word, "reno") || slice_is_name(word, "cubic"))
        action->value = slice_is_name(word, "cubic") ? SEPTET_CUBIC : SEPTET_RENO;
    else if (quantity_size(word, &size))
        action->value = (int64_t)size;
    else
        return quantity_duration(word, &action->value);
    return true;
}

static bool read_kill(struct words *words, struct scenario_action *action)
{
    struct slice word;

    action->time = -1;
    if (!take_host(words, &action->target))
        return false;
    if (!take(words, &word))
        return true;
    return slice_is(word, "reboot") && take_duration(words, &action->time);
}

static bool read_link(struct words *words, struct scenario_action *action)
{
    struct slice word;

    if (!take(words, &word))
        return false;
    action->target = scenario_link_find(words->scenario, word);
    if (action->target == SCENARIO_NOBODY || !take(words, &word))
        return false;
    action->flag = slice_is(word, "up");
    return action->flag || slice_is(word, "down");
}

static bool read_datagrams(struct words *words, struct scenario_action *action)
{
    struct slice word;
    int64_t number;

    action->count = 1;
    action->size = 32;
    action->time = SEPTET_SECOND;
    while (take(words, &word)) {
        bool good = false;
        if (slice_is(word, "size")) {
            good = take_size(words, &action->size) && action->size >= 8 && action->size <= SCENARIO_DATAGRAM;
        } else if (slice_is(word, "every")) {
            good = take_duration(words, &action->time);
        } else if (slice_is(word, "count")) {
            good = take_number(words, 1, 100000, &number);
            action->count = good ? (uint32_t)number : 1;
        }
        if (!good)
            return false;
    }
    return true;
}

static bool read_ping(struct words *words, struct scenario_action *action)
{
    struct slice word;

    return take(words, &word) && scenario_target(words->scenario, word, &action->address) &&
           read_datagrams(words, action);
}

static bool read_udp(struct words *words, struct scenario_action *action)
{
    return take_endpoint(words, &action->address, &action->port) && read_datagrams(words, action);
}

static bool take_sequence(struct words *words, bool relative, uint32_t *to)
{
    int64_t number;

    if (!take_number(words, relative ? -INT64_C(0x7fffffff) : 0, UINT32_MAX, &number))
        return false;
    *to = (uint32_t)number;
    return true;
}

/* inject FROM TO FLAGS [seq N] [ack N] [window N] [data SIZE], or inject as PROGRAM FLAGS ... with numbers relative. */
static bool read_inject(struct words *words, struct scenario_action *action)
{
    struct slice word;
    int64_t number;
    uint16_t clear;

    action->target = SCENARIO_NOBODY;
    action->value = 65535;
    if (!take(words, &word))
        return false;
    if (slice_is(word, "as")) {
        if (!take(words, &word))
            return false;
        action->target = scenario_program_find(words->scenario, word);
        if (action->target == SCENARIO_NOBODY)
            return false;
    } else if (!scenario_endpoint(words->scenario, word, &action->from, &action->local_port) ||
               !take_endpoint(words, &action->address, &action->port) ||
               septet_address_is_ipv4(&action->from) != septet_address_is_ipv4(&action->address)) {
        return false;
    }
    bool good = take(words, &word) && scenario_flags(word, &action->flags, &clear);
    while (good && take(words, &word)) {
        if (slice_is(word, "seq"))
            good = take_sequence(words, action->target != SCENARIO_NOBODY, &action->seq);
        else if (slice_is(word, "ack"))
            good = take_sequence(words, action->target != SCENARIO_NOBODY, &action->ack);
        else if (slice_is(word, "window"))
            good = take_number(words, 0, 65535, &action->value);
        else if (slice_is(word, "data"))
            good = take_number(words, 0, 536, &number) && ((action->size = (uint64_t)number), true);
        else
            good = false;
    }
    return good;
}

static bool read_nothing(struct words *words, struct scenario_action *action)
{
    (void)words;
    (void)action;
    return true;
}

struct verb {
    const char *name;
    uint8_t verb;
    bool outside; /* may be done by a program without a host */
    bool (*read)(struct words *words, struct scenario_action *action);
    const char *what;
};

static const struct verb verbs[] = {
    {"connect", ACTION_CONNECT, false, read_connect, "connect HOST:PORT [from PORT] [early]"},
    {"send", ACTION_SEND, false, read_send, "send SIZE [chunk SIZE [every TIME]] [urgent] [more]"},
    {"read", ACTION_READ, false, read_read, "read all, read none or read SIZE every TIME"},
    {"wait", ACTION_WAIT, true, read_wait,
     "wait TIME, wait until TIME or wait connected|acknowledged|end|closed|state STATE|received SIZE|sent SIZE "
     "[of PROGRAM]"},
    {"shutdown", ACTION_SHUTDOWN, false, read_nothing, "shutdown"},
    {"close", ACTION_CLOSE, false, read_nothing, "close"},
    {"abort", ACTION_ABORT, false, read_nothing, "abort"},
    {"set", ACTION_SET, false, read_set, "set OPTION VALUE with an option of septet/option.def"},
    {"kill", ACTION_KILL, true, read_kill, "kill HOST [reboot TIME]"},
    {"link", ACTION_LINK, true, read_link, "link LINK up|down"},
    {"ping", ACTION_PING, false, read_ping, "ping HOST [count N] [size SIZE] [every TIME]"},
    {"udp", ACTION_UDP, false, read_udp, "udp HOST:PORT [count N] [size SIZE] [every TIME]"},
    {"inject", ACTION_INJECT, true, read_inject,
     "inject FROM:PORT TO:PORT FLAGS [seq N] [ack N] [window N] [data SIZE], or inject as PROGRAM FLAGS ..."},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

bool scenario_read_action(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t program)
{
    struct words words = {reader->scenario, setting->value, &reader->scenario->program[program]};
    struct slice word = {0};
    struct slice more;
    uint32_t i = 0;

    take(&words, &word);
    while (i < VERBS && !slice_is(word, verbs[i].name))
        i++;
    if (i == VERBS)
        return scenario_fail(reader, setting->line,
                             "connect send read wait shutdown close abort set kill link ping udp or inject",
                             setting->value);
    struct scenario_action *action = SCENARIO_ADD(reader->arena, reader->scenario, actions, action);
    if (!action)
        return scenario_full(reader, setting->line);
    action->verb = verbs[i].verb;
    action->line = setting->line;
    if (!verbs[i].read(&words, action) || take(&words, &more))
        return scenario_fail(reader, setting->line, verbs[i].what, setting->value);
    bool own_wait = action->verb == ACTION_WAIT && action->mode > WAIT_UNTIL && action->target == SCENARIO_NOBODY;
    if (words.program->host == SCENARIO_NOBODY && (!verbs[i].outside || own_wait))
        return scenario_fail(reader, setting->line, "a host in this program, above what it does", setting->value);
    return true;
}
