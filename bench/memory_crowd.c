#include "memory_crowd.h"

#include <stdlib.h>
#include <string.h>

/* Ports from FIRST_PORT on are listened at for those who stay, PORTS connections each, and CHURN_PORT for the rest. */
enum { FIRST_PORT = 8000, CHURN_PORT = 7, PORTS = 50000, LOW_PORT = 10000 };

static uint16_t stay_port(uint64_t number) { return (uint16_t)(FIRST_PORT + number / PORTS); }

static void configure(struct septet_config *config, uint64_t count)
{
    septet_config_default(config);
    config->connections = (uint32_t)count + 4 * CROWD_BATCH;
    config->half_open = 4 * CROWD_BATCH;
    config->time_wait = 65536;
    config->page_size = 512;
    config->pages = (uint32_t)count * 3 + 8192;
    config->tcp.msl = SEPTET_MILLISECOND;
}

static bool listen_everywhere(struct bench_run *run, struct crowd *crowd)
{
    septet_handle listener;
    struct septet *server = crowd->pair.stack[SERVER];
    int error = septet_listen(server, NULL, CHURN_PORT, 2 * CROWD_BATCH, &listener);
    for (uint64_t number = 0; error >= 0 && number < crowd->count; number += PORTS)
        error = septet_listen(server, NULL, stay_port(number), 2 * CROWD_BATCH, &listener);
    if (error < 0)
        bench_skip(run, "cannot listen: %s", septet_error_text(error));
    return error >= 0;
}

bool crowd_open(struct bench_run *run, struct crowd *crowd, uint64_t count)
{
    struct septet_config config;
    *crowd = (struct crowd){.count = count, .turn = 1000, .clients = calloc(count + 1, sizeof *crowd->clients)};
    configure(&config, count);
    if (!crowd->clients)
        bench_skip(run, "no memory");
    else if (memory_pair_open(run, &crowd->pair, &config, SEPTET_OFFLOAD_CHECKSUM) && listen_everywhere(run, crowd))
        return true;
    crowd_close(crowd);
    return false;
}

void crowd_close(struct crowd *crowd)
{
    memory_pair_close(&crowd->pair);
    free(crowd->clients);
    crowd->clients = NULL;
}

bool crowd_dial(struct crowd *crowd, uint16_t local_port, uint16_t remote_port, septet_handle *connection)
{
    struct septet_address server = memory_address(SERVER);
    if (septet_connect(crowd->pair.stack[CLIENT], NULL, local_port, &server, remote_port, connection) >= 0)
        return true;
    crowd->failures++;
    return false;
}

/* ---- the two applications ---- */

/* Takes a message; true when there was a whole one. */
static bool receive(struct crowd *crowd, struct septet *stack, septet_handle connection)
{
    int64_t got = septet_receive(stack, connection, crowd->message, sizeof crowd->message);
    if (got > 0 && got != sizeof crowd->message)
        crowd->failures++;
    return got == sizeof crowd->message;
}

static void serve(struct crowd *crowd, const struct septet_event *event)
{
    struct septet *stack = crowd->pair.stack[SERVER];
    septet_handle connection;
    if (event->events & SEPTET_EVENT_ACCEPT) {
        while (septet_accept(stack, event->handle, &connection) == SEPTET_OK) {
        }
        return;
    }
    if ((event->events & SEPTET_EVENT_READABLE) && receive(crowd, stack, event->handle) &&
        septet_send(stack, event->handle, crowd->message, sizeof crowd->message, 0) != sizeof crowd->message)
        crowd->failures++;
    if (event->events & SEPTET_EVENT_PEER_CLOSED) {
        septet_close(stack, event->handle);
        crowd->finished++;
    }
}

static void ask(struct crowd *crowd, const struct septet_event *event)
{
    struct septet *stack = crowd->pair.stack[CLIENT];
    if (crowd->conversing && (event->events & SEPTET_EVENT_CONNECTED) &&
        septet_send(stack, event->handle, crowd->message, sizeof crowd->message, 0) != sizeof crowd->message)
        crowd->failures++;
    if ((event->events & SEPTET_EVENT_READABLE) && receive(crowd, stack, event->handle)) {
        crowd->echoes++;
        if (crowd->conversing)
            septet_close(stack, event->handle);
    }
    if ((event->events & SEPTET_EVENT_CLOSED) && event->error != SEPTET_OK)
        crowd->failures++;
}

uint32_t crowd_move(struct crowd *crowd, enum memory_end from)
{
    enum memory_end to = from == CLIENT ? SERVER : CLIENT;
    struct septet_event event;
    uint32_t moved = memory_pair_move(&crowd->pair, from);
    while (septet_next_event(crowd->pair.stack[to], &event)) {
        if (to == SERVER)
            serve(crowd, &event);
        else
            ask(crowd, &event);
    }
    return moved;
}

void crowd_settle(struct crowd *crowd)
{
    for (int turns = 0; turns < 1000 && crowd_move(crowd, CLIENT) + crowd_move(crowd, SERVER) > 0; turns++)
        memory_pair_advance(&crowd->pair, crowd->turn);
}

bool crowd_gather(struct bench_run *run, struct crowd *crowd)
{
    struct septet_usage usage = {0};
    for (uint64_t i = 0; i < crowd->count && !crowd->failures; i++) {
        crowd_dial(crowd, (uint16_t)(LOW_PORT + i % PORTS), stay_port(i), &crowd->clients[i]);
        if (i % CROWD_BATCH == CROWD_BATCH - 1 || i + 1 == crowd->count)
            crowd_settle(crowd);
    }
    septet_usage(crowd->pair.stack[SERVER], &usage);
    if (crowd->failures || usage.connections != crowd->count) {
        bench_skip(run, "only %u of %llu connections are open", (unsigned)usage.connections,
                   (unsigned long long)crowd->count);
        return false;
    }
    return true;
}
