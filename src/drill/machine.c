#include "drill/machine.h"

#include "base/memory.h"

#define CAPTURE_MEMORY (8u << 20)
/* More rounds than this without any time passing mean that the stack goes round in circles. */
#define ROUNDS 100000

/* ---- made ---- */

bool machine_config(struct septet_config *config, const struct drill_options *options, struct drill_error *error)
{
    septet_config_default(config);
    config->seed[0] = 0x5ec7e7;
    config->seed[1] = 0xd2111;
    config->now = DRILL_EPOCH;
    config->connections = 256;
    config->half_open = 256;
    config->time_wait = 256;
    config->pages = 8192;
    if (septet_profile_apply(config, options->profile))
        return true;
    struct text text = drill_error_begin(error, 0);
    text_put(&text, "there is no profile ");
    text_put(&text, options->profile);
    for (unsigned i = 0; septet_profile_name(i) != NULL; i++) {
        text_put(&text, i == 0 ? "; known are " : ", ");
        text_put(&text, septet_profile_name(i));
    }
    return false;
}

static void trace(void *context, const struct septet_trace_event *event)
{
    const struct drill_machine *machine = context;
    if (machine->observer != NULL && machine->observer->trace != NULL)
        machine->observer->trace(machine->observer->context, event);
}

static bool refuse(struct drill_error *error, const char *what, int number)
{
    struct text text = drill_error_begin(error, 0);
    text_put(&text, what);
    text_put(&text, ": ");
    text_put(&text, septet_error_text(number));
    return false;
}

/* One point-to-point interface that leads everywhere. */
static bool connect_wire(struct drill_machine *machine, struct drill_error *error)
{
    const struct drill_options *options = machine->options;
    const struct septet_interface interface = {.name = "tun0", .mtu = options->mtu};
    const int index = septet_interface_add(machine->stack, &interface);
    if (index < 0)
        return refuse(error, "the interface", index);
    int result = septet_address_add(machine->stack, (unsigned)index, &options->local, options->local_prefix, true);
    if (result != SEPTET_OK)
        return refuse(error, "the local address", result);
    const bool ipv4 = septet_address_is_ipv4(&options->local);
    const struct septet_address everywhere = ipv4 ? septet_address_ipv4(0, 0, 0, 0) : (struct septet_address){{0}};
    result = septet_route_add(machine->stack, &everywhere, 0, (unsigned)index, NULL, 0);
    return result == SEPTET_OK || refuse(error, "the route", result);
}

bool machine_start(struct drill_machine *machine, struct arena *arena, struct drill_error *error)
{
    struct septet_sockets_config sockets;
    int result = SEPTET_OK;
    machine->config.trace = trace;
    machine->config.trace_context = machine;
    machine->now = DRILL_EPOCH;
    machine->last = &machine->first;
    septet_sockets_config_default(&sockets);
    (void)septet_sockets_profile_apply(&sockets, machine->options->profile); /* the stack has taken it */
    const size_t size = septet_memory_size(&machine->config), socket_size = septet_sockets_memory_size(&sockets);
    void *memory = size == 0 ? NULL : arena_take(arena, size, 64);
    void *socket_memory = arena_take(arena, socket_size, 64);
    void *packets = arena_take(arena, CAPTURE_MEMORY, 64);
    if (size == 0)
        return refuse(error, "the stack", SEPTET_INVALID);
    if (memory == NULL || socket_memory == NULL || packets == NULL)
        return refuse(error, "the stack", SEPTET_MEMORY_SIZE);
    arena_init(&machine->packets, packets, CAPTURE_MEMORY);
    machine->stack = septet_create(&machine->config, memory, size, &result);
    if (machine->stack == NULL)
        return refuse(error, "the stack", result);
    if (!connect_wire(machine, error))
        return false;
    machine->sockets = septet_sockets_create(&sockets, machine->stack, socket_memory, socket_size, &result);
    return machine->sockets != NULL || refuse(error, "the sockets", result);
}

void machine_reconfigure(struct drill_machine *machine)
{
    if (machine->stack != NULL)
        septet_tcp_configure(machine->stack, &machine->config.tcp);
}

/* ---- packets ---- */

static void capture(struct drill_machine *machine, const struct septet_packet *packet)
{
    if (machine->first == NULL && !machine->holding)
        machine->packets.used = 0;
    struct captured *captured =
        arena_take(&machine->packets, sizeof *captured + packet->length, _Alignof(struct captured));
    if (captured == NULL) {
        machine->failure = "more packets were sent than there is memory for: the script expects none of them";
        return;
    }
    *captured = (struct captured){.time = machine->now, .length = packet->length};
    uint32_t at = packet->head_length;
    memcpy(captured->bytes, packet->head, at);
    for (uint32_t i = 0; i < packet->span_count; i++) {
        memcpy(captured->bytes + at, packet->spans[i].data, packet->spans[i].length);
        at += packet->spans[i].length;
    }
    *machine->last = captured;
    machine->last = &captured->next;
    if (machine->observer != NULL && machine->observer->packet != NULL)
        machine->observer->packet(machine->observer->context, machine->now - DRILL_EPOCH, false, captured->bytes,
                                  captured->length);
}

void machine_inject(struct drill_machine *machine, const uint8_t *bytes, uint32_t length)
{
    const struct septet_packet packet = {.head = bytes, .head_length = length, .length = length};
    if (machine->observer != NULL && machine->observer->packet != NULL)
        machine->observer->packet(machine->observer->context, machine->now - DRILL_EPOCH, true, bytes, length);
    septet_advance(machine->stack, machine->now);
    septet_input(machine->stack, &packet, 1);
    machine_settle(machine);
}

void machine_release(struct drill_machine *machine) { machine->holding = false; }

const struct captured *machine_peek(const struct drill_machine *machine) { return machine->first; }

const struct captured *machine_take(struct drill_machine *machine)
{
    struct captured *captured = machine->first;
    if (captured == NULL)
        return NULL;
    machine->first = captured->next;
    if (machine->first == NULL)
        machine->last = &machine->first;
    machine->holding = true;
    return captured;
}

/* ---- time ---- */

static void go_on(struct drill_machine *machine)
{
    struct septet_operation *operation = machine->operation;
    if (operation == NULL || operation->done)
        return;
    if (septet_operation_continue(machine->sockets, operation))
        machine->operation_end = machine->now;
}

void machine_settle(struct drill_machine *machine)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint64_t changes;
    uint32_t count;
    do {
        changes = septet_sockets_changes(machine->sockets);
        septet_sockets_process(machine->sockets);
        go_on(machine);
        count = septet_output(machine->stack, packets, SEPTET_BATCH);
        for (uint32_t i = 0; i < count && machine->failure == NULL; i++)
            capture(machine, &packets[i]);
        if (++machine->idle_rounds > ROUNDS)
            machine->failure = "the stack never comes to rest";
    } while ((count != 0 || changes != septet_sockets_changes(machine->sockets)) && machine->failure == NULL);
}

static bool stopped(const struct drill_machine *machine, enum machine_stop stop)
{
    if (stop == STOP_PACKET)
        return machine->first != NULL;
    return stop == STOP_OPERATION && (machine->operation == NULL || machine->operation->done);
}

static int64_t next_moment(const struct drill_machine *machine)
{
    const int64_t deadline = septet_deadline(machine->stack);
    if (machine->operation != NULL && !machine->operation->done && machine->operation->deadline < deadline)
        return machine->operation->deadline;
    return deadline;
}

bool machine_run(struct drill_machine *machine, int64_t until, enum machine_stop stop)
{
    machine_settle(machine);
    while (!stopped(machine, stop) && machine->failure == NULL) {
        int64_t moment = next_moment(machine);
        if (moment > until)
            moment = until;
        if (moment == SEPTET_NEVER)
            return false;
        if (moment > machine->now) {
            machine->now = moment;
            machine->idle_rounds = 0;
        } else if (machine->now >= until) {
            return false;
        }
        septet_advance(machine->stack, machine->now);
        machine_settle(machine);
    }
    return stopped(machine, stop);
}
