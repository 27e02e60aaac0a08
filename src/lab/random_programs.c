#include "lab/random_maker.h"
#include "lab/world.h"

#define SERVER_PORT 80

static struct scenario_program *add_program(struct maker *maker, uint16_t host, const char *name)
{
    struct scenario_program *program = SCENARIO_ADD(maker->arena, maker->scenario, programs, program);
    struct text text;

    if (!program) {
        maker->full = true;
        return NULL;
    }
    *program =
        (struct scenario_program){.host = host, .backlog = 16, .count = 1, .first_action = maker->scenario->actions};
    text_init(&text, program->name, sizeof program->name);
    text_put(&text, name);
    text_number(&text, maker->scenario->programs);
    return program;
}

/* The last program does one thing more. */
static struct scenario_action *add_action(struct maker *maker, uint8_t verb)
{
    struct scenario_action *action = SCENARIO_ADD(maker->arena, maker->scenario, actions, action);

    if (!action) {
        maker->full = true;
        maker->nowhere = (struct scenario_action){0};
        return &maker->nowhere;
    }
    action->verb = verb;
    action->target = SCENARIO_NOBODY;
    maker->scenario->program[maker->scenario->programs - 1].action_count++;
    return action;
}

static void add_wait(struct maker *maker, uint8_t mode, int64_t time, uint64_t size)
{
    struct scenario_action *action = add_action(maker, ACTION_WAIT);

    action->mode = mode;
    action->time = time;
    action->size = size;
}

static void add_option(struct maker *maker, uint32_t option, int64_t value)
{
    struct scenario_action *action = add_action(maker, ACTION_SET);

    action->option = option;
    action->value = value;
}

static void add_options(struct maker *maker)
{
    /* Without it, who waits for a peer that has vanished waits for ever, and rightly so. */
    add_option(maker, SEPTET_OPTION_KEEPALIVE, 1);
    if (maker_chance(maker, 25))
        add_option(maker, SEPTET_OPTION_NODELAY, 1);
    if (maker_chance(maker, 5))
        add_option(maker, SEPTET_OPTION_CORK, 1);
    if (maker_chance(maker, 5))
        add_option(maker, SEPTET_OPTION_QUICKACK, 1);
    if (maker_chance(maker, 5))
        add_option(maker, SEPTET_OPTION_PACING_RATE, maker_scaled(maker, 20000, 1 << 24));
    if (maker_chance(maker, 5))
        add_option(maker, SEPTET_OPTION_NOTSENT_LOWAT, maker_scaled(maker, 1, 65536));
    if (maker_chance(maker, 5))
        add_option(maker, SEPTET_OPTION_LINGER, 0);
}

static void add_send(struct maker *maker)
{
    struct scenario_action *action = add_action(maker, ACTION_SEND);
    uint32_t limit = maker_chance(maker, 93) ? 30000 : 400000;

    action->size = maker_scaled(maker, 1, limit < maker->patience ? limit : maker->patience);
    maker->patience -= (uint32_t)action->size < maker->patience ? (uint32_t)action->size : maker->patience - 1;
    if (maker_chance(maker, 30)) {
        action->chunk = maker_scaled(maker, 1, 3000);
        if (action->size / action->chunk > 400)
            action->size = action->chunk * 400;
        if (maker_chance(maker, 30))
            action->time = (int64_t)maker_scaled(maker, 1, 300) * SEPTET_MILLISECOND;
    }
    if (maker_chance(maker, 5))
        action->flags |= SEPTET_SEND_URGENT;
    if (maker_chance(maker, 10))
        action->flags |= SEPTET_SEND_MORE;
}

/* Slowly, or not at all for a while: the window closes. */
static void add_slow_reading(struct maker *maker)
{
    struct scenario_action *action = add_action(maker, ACTION_READ);

    if (maker_chance(maker, 50)) {
        action->mode = READ_RATE;
        action->chunk = maker_scaled(maker, 100, 5000);
        action->time = (int64_t)maker_scaled(maker, 1, 500) * SEPTET_MILLISECOND;
        return;
    }
    action->mode = READ_NONE;
    add_wait(maker, WAIT_DURATION, (int64_t)maker_scaled(maker, 1, 20000) * SEPTET_MILLISECOND, 0);
    add_action(maker, ACTION_READ)->mode = READ_ALL;
}

/* What both ends of a connection may do once it stands. Only one end is patient: two that wait for each other to
 * begin would wait for ever. */
static void add_talk(struct maker *maker, bool patient)
{
    uint32_t sends = maker_below(maker, 3);

    add_options(maker);
    if (maker_chance(maker, 20))
        add_slow_reading(maker);
    if (patient && maker_chance(maker, 25))
        add_wait(maker, WAIT_RECEIVED, 0, maker_scaled(maker, 1, 3000));
    for (uint32_t i = 0; i < sends; i++) {
        add_send(maker);
        if (maker_chance(maker, 30))
            add_wait(maker, WAIT_DURATION, (int64_t)maker_scaled(maker, 1, 3000) * SEPTET_MILLISECOND, 0);
    }
    switch (maker_below(maker, 12)) {
    case 0:
        add_action(maker, ACTION_ABORT);
        break;
    case 1:
        add_action(maker, ACTION_CLOSE); /* rude: what arrives now is answered with RST */
        break;
    case 2:
        if (sends)
            add_wait(maker, WAIT_ACKNOWLEDGED, 0, 0);
        add_action(maker, ACTION_CLOSE);
        break;
    case 3:
        if (patient)
            add_wait(maker, WAIT_END, 0, 0); /* half-close: the other end first */
        add_send(maker);
        add_action(maker, ACTION_CLOSE);
        break;
    default:
        add_action(maker, ACTION_SHUTDOWN);
        add_wait(maker, WAIT_END, 0, 0);
        add_action(maker, ACTION_CLOSE);
        break;
    }
}

static struct septet_address address_of_host(const struct scenario *scenario, uint16_t host)
{
    struct septet_address none = {{0}};

    for (uint32_t i = 0; i < scenario->addresses; i++)
        if (scenario->interface[scenario->address[i].interface].host == host)
            return scenario->address[i].address;
    return none;
}

static void add_connect(struct maker *maker, uint16_t to, uint16_t port, uint16_t local_port)
{
    struct scenario_action *action = add_action(maker, ACTION_CONNECT);

    action->address = address_of_host(maker->scenario, to);
    action->port = port;
    action->local_port = local_port;
    action->flag = maker_chance(maker, 10);
}

static void add_pair(struct maker *maker)
{
    struct scenario_program *program = add_program(maker, maker->server, "server");
    bool patient = maker_chance(maker, 50);

    if (!program)
        return;
    program->kind = PROGRAM_LISTEN;
    program->port = SERVER_PORT;
    program->again = true;
    program->backlog = maker_chance(maker, 80) ? 16 : maker_between(maker, 1, 3);
    add_talk(maker, patient);
    for (uint32_t clients = maker_chance(maker, 80) ? 1 : maker_between(maker, 2, 3); clients > 0; clients--) {
        program = add_program(maker, maker->client, "client");
        if (!program)
            return;
        program->start = maker_chance(maker, 50) ? 0 : (int64_t)maker_scaled(maker, 1, 3000) * SEPTET_MILLISECOND;
        if (maker_chance(maker, 15)) {
            program->count = maker_between(maker, 2, maker_chance(maker, 90) ? 5 : 20);
            program->every = (int64_t)maker_scaled(maker, 0, 500) * SEPTET_MILLISECOND;
        }
        add_connect(maker, maker->server, SERVER_PORT, maker_chance(maker, 5) ? 4000 : 0);
        add_talk(maker, !patient);
    }
}

static void add_simultaneous_open(struct maker *maker)
{
    struct scenario_program *program = add_program(maker, maker->client, "left");

    if (!program)
        return;
    add_connect(maker, maker->server, 5001, 5000);
    add_talk(maker, true);
    program = add_program(maker, maker->server, "right");
    if (!program)
        return;
    program->start = (int64_t)maker_scaled(maker, 0, 300) * SEPTET_MILLISECOND;
    add_connect(maker, maker->client, 5000, 5001);
    add_talk(maker, false);
}

static void add_datagrams(struct maker *maker)
{
    bool ping = maker_chance(maker, 50);
    struct scenario_program *program;

    if (!ping) {
        program = add_program(maker, maker->server, "echo");
        if (!program)
            return;
        program->kind = PROGRAM_UDP;
        program->port = 7;
    }
    program = add_program(maker, maker->client, ping ? "ping" : "udp");
    if (!program)
        return;
    struct scenario_action *action = add_action(maker, ping ? ACTION_PING : ACTION_UDP);
    action->address = address_of_host(maker->scenario, maker->server);
    action->port = 7;
    action->count = maker_between(maker, 1, 5);
    action->size = maker_scaled(maker, 8, 8000);
    action->time = (int64_t)maker_scaled(maker, 1, 1000) * SEPTET_MILLISECOND;
}

static void add_catastrophe(struct maker *maker)
{
    struct scenario_program *program = add_program(maker, SCENARIO_NOBODY, "fate");

    if (!program)
        return;
    add_wait(maker, WAIT_DURATION, (int64_t)maker_scaled(maker, 1, 4000) * SEPTET_MILLISECOND, 0);
    struct scenario_action *action = add_action(maker, ACTION_KILL);
    action->target = maker_chance(maker, 50) ? maker->server : maker->client;
    action->time = maker_chance(maker, 30) ? -1 : (int64_t)maker_scaled(maker, 1, 30000) * SEPTET_MILLISECOND;
}

void random_programs(struct maker *maker)
{
    if (maker_chance(maker, 92))
        add_pair(maker);
    else
        add_simultaneous_open(maker);
    if (maker_chance(maker, 8))
        add_datagrams(maker);
    if (maker_chance(maker, 6))
        add_catastrophe(maker);
}
