#include "septet_tap.h"
#include "kernel_server.h"
#include "link/tap.h"
#include "septet/tcp.h"
#include "tap_report.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct on_tap {
    struct bench_run *run;
    struct arena *arena;
    struct link *link;
    struct septet *stack;
    bool spinning;
    bool broken;
    bool busy;        /* there may be something to send */
    int64_t deadline; /* or there will be then */
    struct meter meter;
    struct tap_times times;
    uint32_t batch;  /* packets to ask the device for: one after a silence, so that it does not wait for a second one in
                        vain */
    uint8_t *buffer; /* KERNEL_CHUNK bytes */
};

/* ---- the loop of a driver ---- */

static bool open_stack(struct on_tap *on)
{
    struct septet_config config;
    struct septet_address address = septet_address_ipv4(10, 7, 0, 1);
    septet_config_default(&config);
    config.page_size = 16384; /* few connections, much data */
    config.now = meter_wall();
    config.seed[0] = (uint64_t)config.now;
    size_t size = septet_memory_size(&config);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int error = SEPTET_MEMORY_SIZE;
    on->buffer = calloc(1, KERNEL_CHUNK);
    if (memory != MAP_FAILED && on->buffer)
        on->stack = septet_create(&config, memory, size, &error);
    if (on->stack && (error = septet_interface_add(on->stack, &on->link->interface)) >= 0) {
        on->link->index = (uint16_t)error;
        error = septet_address_add(on->stack, on->link->index, &address, 24, true);
    }
    if (error < 0)
        bench_skip(on->run, "no stack: %s", septet_error_text(error));
    return error >= 0;
}

static bool open_device(struct on_tap *on, bool offload)
{
    struct tap_options options = {.name = "tap0", .offload = offload, .mtu = ARENA_MTU};
    char error[LINK_ERROR_TEXT];
    memcpy(options.mac, arena_mac, sizeof options.mac);
    on->link = tap_open(&options, error);
    if (!on->link)
        bench_skip(on->run, "%s", error);
    return on->link && arena_tap_up(on->run, on->arena) && open_stack(on);
}

/* Sends all that the stack has to send. */
static void flush(struct on_tap *on)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint32_t count;
    do {
        count = septet_output(on->stack, packets, SEPTET_BATCH);
        if (count && link_write(on->link, septet_now(on->stack), packets, count) < 0)
            on->broken = true;
    } while (count == SEPTET_BATCH);
    on->deadline = septet_deadline(on->stack);
    on->busy = false;
}

static int read_batch(struct on_tap *on, struct septet_packet packets[SEPTET_BATCH])
{
    int count = link_read(on->link, septet_now(on->stack), packets, on->batch);
    on->broken |= count < 0;
    if (count <= 0)
        on->batch = 1;
    else if ((uint32_t)count == on->batch && on->batch < SEPTET_BATCH)
        on->batch *= 2;
    return count;
}

/* Sends, and takes what has arrived; a blocking run sleeps for it. */
static void turn(struct on_tap *on)
{
    struct septet_packet packets[SEPTET_BATCH];
    if (on->busy)
        flush(on);
    int count = read_batch(on, packets);
    if (count == 0 && !on->spinning) {
        int64_t wait = on->deadline - meter_wall();
        struct pollfd ready = {.fd = on->link->descriptor, .events = POLLIN};
        if (wait > 0)
            poll(&ready, 1, wait < 100 * SEPTET_MILLISECOND ? (int)(wait / SEPTET_MILLISECOND) + 1 : 100);
        count = read_batch(on, packets);
    }
    int64_t now = meter_wall();
    on->busy = count > 0 || now >= on->deadline;
    if (on->busy)
        septet_advance(on->stack, now);
    if (count > 0)
        septet_input(on->stack, packets, (uint32_t)count);
}

/* Runs `body` on a TAP device against a server of the kernel. */
static void with_device(struct bench_run *run, struct arena *arena, const struct kernel_server *server, bool offload,
                        void (*body)(struct on_tap *))
{
    struct on_tap on = {.run = run, .arena = arena, .spinning = server->spinning, .batch = SEPTET_BATCH};
    if (open_device(&on, offload) && arena_worker(run, arena, kernel_serve, server))
        body(&on);
    if (on.broken)
        bench_skip(run, "the connection broke");
}

static bool dial(struct on_tap *on, uint64_t user, septet_handle *connection)
{
    struct septet_address kernel = septet_address_ipv4(10, 7, 0, 2);
    int error = septet_connect(on->stack, NULL, 0, &kernel, ARENA_PORT, connection);
    if (error < 0)
        bench_skip(on->run, "no connection: %s", septet_error_text(error));
    else
        septet_user_set(on->stack, *connection, user);
    on->busy = true;
    return error >= 0;
}

/* Opens a connection and waits until it is there. */
static bool connect_and_wait(struct on_tap *on, uint64_t user, septet_handle *connection)
{
    int64_t until = meter_wall() + 5 * SEPTET_SECOND;
    if (!dial(on, user, connection))
        return false;
    while (meter_wall() < until && !on->broken) {
        struct septet_event event;
        turn(on);
        while (septet_next_event(on->stack, &event)) {
            if (event.handle == *connection && (event.events & SEPTET_EVENT_CONNECTED))
                return true;
            on->broken |= (event.events & SEPTET_EVENT_CLOSED) != 0;
        }
    }
    bench_skip(on->run, "the kernel does not answer");
    return false;
}

/* ---- bulk ---- */

static void drop_events(struct on_tap *on)
{
    struct septet_event event;
    while (septet_next_event(on->stack, &event))
        on->broken |= (event.events & SEPTET_EVENT_CLOSED) != 0;
}

static const char *prefix(const struct on_tap *on) { return on->link->interface.offloads ? "" : "plain_"; }

static void pump_in(struct on_tap *on)
{
    septet_handle connection;
    if (!connect_and_wait(on, 0, &connection))
        return;
    meter_start(&on->meter, on->run, UINT64_C(1) << 20);
    while (!on->broken && meter_more(&on->meter)) {
        turn(on);
        drop_events(on);
        for (int64_t got; (got = septet_receive(on->stack, connection, on->buffer, KERNEL_CHUNK)) > 0; on->busy = true)
            on->meter.done += (uint64_t)got;
    }
    tap_report_rate(on->run, &on->meter, prefix(on));
}

static void pump_out(struct on_tap *on)
{
    septet_handle connection;
    if (!connect_and_wait(on, 0, &connection))
        return;
    meter_start(&on->meter, on->run, UINT64_C(1) << 20);
    while (!on->broken && meter_more(&on->meter)) {
        on->busy |= septet_send(on->stack, connection, on->buffer, KERNEL_CHUNK, 0) > 0;
        turn(on);
        drop_events(on);
        on->meter.done = atomic_load_explicit(&on->arena->shared->bytes, memory_order_relaxed);
    }
    tap_report_rate(on->run, &on->meter, prefix(on));
}

static void receive_super(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_SOURCE}, true, pump_in);
}

static void receive_plain(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_SOURCE}, false, pump_in);
}

static void send_super(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_SINK}, true, pump_out);
}

static void send_plain(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_SINK, .spinning = true}, false, pump_out);
}

void septet_tap_receive(struct bench_run *run)
{
    arena_run(run, 60, receive_super);
    arena_run(run, 60, receive_plain);
}

void septet_tap_send(struct bench_run *run)
{
    arena_run(run, 60, send_super);
    arena_run(run, 60, send_plain);
}

/* ---- ping-pong ---- */

static bool ask(struct on_tap *on, septet_handle connection)
{
    on->busy = true;
    return septet_send(on->stack, connection, on->buffer, KERNEL_MESSAGE, 0) == KERNEL_MESSAGE;
}

static void answers(struct on_tap *on, int64_t *asked)
{
    struct septet_event event;
    while (septet_next_event(on->stack, &event)) {
        on->broken |= (event.events & SEPTET_EVENT_CLOSED) != 0;
        if (!(event.events & SEPTET_EVENT_READABLE) ||
            septet_receive(on->stack, event.handle, on->buffer, KERNEL_CHUNK) != KERNEL_MESSAGE)
            continue;
        int64_t now = meter_wall();
        if (on->meter.measuring)
            tap_times_add(&on->times, now - asked[event.user]);
        asked[event.user] = now;
        on->meter.done++;
        on->broken |= !ask(on, event.handle);
    }
}

static void ping_pong(struct on_tap *on)
{
    septet_handle connections[64];
    int64_t asked[64];
    for (uint64_t i = 0; i < on->run->size; i++)
        if (!connect_and_wait(on, i, &connections[i]))
            return;
    if (!tap_times_open(on->run, &on->times))
        return;
    meter_start(&on->meter, on->run, 64);
    for (uint64_t i = 0; i < on->run->size; i++) {
        asked[i] = meter_wall();
        on->broken |= !ask(on, connections[i]);
    }
    while (!on->broken && meter_more(&on->meter)) {
        turn(on);
        answers(on, asked);
    }
    tap_times_report(on->run, &on->times, on->spinning ? "" : "blocking_");
}

static void spinning_round_trips(struct bench_run *run, struct arena *arena)
{
    struct kernel_server server = {.role = KERNEL_ECHO, .connections = (unsigned)run->size, .spinning = true};
    with_device(run, arena, &server, false, ping_pong);
}

static void blocking_round_trips(struct bench_run *run, struct arena *arena)
{
    struct kernel_server server = {.role = KERNEL_ECHO, .connections = (unsigned)run->size};
    with_device(run, arena, &server, false, ping_pong);
}

void septet_tap_round_trips(struct bench_run *run)
{
    if (arena_has_two_processors())
        arena_run(run, 60, spinning_round_trips);
    arena_run(run, 60, blocking_round_trips);
}

/* ---- churn ---- */

/* One conversation; the kernel closes first. */
static bool converse(struct on_tap *on)
{
    septet_handle connection;
    bool answered = false;
    if (!dial(on, 0, &connection) || !ask(on, connection))
        return false;
    while (!on->broken) {
        struct septet_event event;
        turn(on);
        while (septet_next_event(on->stack, &event)) {
            if (event.handle != connection)
                continue;
            if (event.events & SEPTET_EVENT_READABLE)
                answered |= septet_receive(on->stack, connection, on->buffer, KERNEL_CHUNK) == KERNEL_MESSAGE;
            if (event.events & (SEPTET_EVENT_PEER_CLOSED | SEPTET_EVENT_CLOSED)) {
                septet_close(on->stack, connection);
                on->busy = true;
                return answered;
            }
        }
    }
    return false;
}

static void churn(struct on_tap *on)
{
    meter_start(&on->meter, on->run, 16);
    while (meter_more(&on->meter)) {
        if (!converse(on)) {
            bench_skip(on->run, "connections are lost");
            return;
        }
        on->meter.done++;
    }
    tap_report_churn(on->run, &on->meter, on->spinning ? "" : "blocking_");
}

static void spinning_churn(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_CHURN, .spinning = true}, true, churn);
}

static void blocking_churn(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_CHURN}, true, churn);
}

void septet_tap_churn(struct bench_run *run)
{
    if (arena_has_two_processors())
        arena_run(run, 60, spinning_churn);
    arena_run(run, 60, blocking_churn);
}
