/* The echo server and client of socket_echo.h in a simulated world: two stacks, a wire between them, and a clock that
 * jumps. The same code as over a TAP device; only waiting is another. */
#include "socket_echo.h"

#include <stdio.h>
#include <stdlib.h>

struct host {
    struct septet *stack;
    struct septet_sockets *sockets;
    struct septet_address address;
};

struct world {
    struct host server, client;
    int set, listener;
};

static bool carry(struct septet *from, struct septet *to)
{
    struct septet_packet packets[SEPTET_BATCH];
    const uint32_t count = septet_output(from, packets, SEPTET_BATCH);
    septet_input(to, packets, count);
    return count != 0;
}

/* The client waits: packets travel, the server has its turn, and when nothing is left to do, time passes. */
static int wait_in_world(void *context, struct septet_sockets *sockets, int64_t deadline)
{
    struct world *world = context;
    struct septet *server = world->server.stack, *client = world->client.stack;
    bool moved = carry(client, server);
    echo_turn(world->server.sockets, world->set, world->listener, 0);
    moved |= carry(server, client);
    if (!moved) {
        const int64_t a = septet_deadline(server), b = septet_deadline(client);
        const int64_t next = a < b ? a : b;
        septet_advance(server, next < deadline ? next : deadline);
        septet_advance(client, next < deadline ? next : deadline);
    }
    return septet_now(septet_sockets_stack(sockets)) >= deadline ? -SEPTET_ETIMEDOUT : 0;
}

static void make_host(struct world *world, struct host *host, uint8_t number)
{
    const struct septet_interface interface = {.name = "wire", .mtu = 1500};
    struct septet_sockets_config own;
    struct septet_config config;
    septet_config_default(&config);
    config.seed[0] = number; /* a simulation: the same numbers in each run */
    size_t size = (septet_memory_size(&config) + 63) / 64 * 64;
    host->stack = septet_create(&config, aligned_alloc(64, size), size, NULL);
    host->address = septet_address_ipv4(10, 0, 0, number);
    septet_interface_add(host->stack, &interface);
    septet_address_add(host->stack, 0, &host->address, 24, true);
    septet_sockets_config_default(&own);
    own.wait = number == 2 ? wait_in_world : NULL;
    own.wait_context = world;
    size = (septet_sockets_memory_size(&own) + 63) / 64 * 64;
    host->sockets = septet_sockets_create(&own, host->stack, aligned_alloc(64, size), size, NULL);
}

int main(void)
{
    static struct world world;
    char answer[64] = {0};
    make_host(&world, &world.server, 1);
    make_host(&world, &world.client, 2);
    world.set = echo_open(world.server.sockets, 7, &world.listener);
    const int64_t got = echo_ask(world.client.sockets, &world.server.address, 7, "hello, world", answer, sizeof answer);
    printf("%s\n", got < 0 ? septet_errno_name((int)got) : answer);
    return got == 12 && strcmp(answer, "hello, world") == 0 ? 0 : 1;
}
