#include "memory_crowd.h"
#include "septet_memory.h"

/* Memory that the server's stack touches for each connection of a kind: pages of the machine that were never written
 * before, over enough connections that their granularity is lost. */

enum { IDLE = 100000, SHORT = 900 * CROWD_BATCH };

struct probe {
    struct crowd crowd;
    size_t touched;
};

static void begin(struct probe *probe) { probe->touched = memory_pair_touched(&probe->crowd.pair, SERVER); }

static double each(const struct probe *probe, uint64_t count)
{
    return (double)(memory_pair_touched(&probe->crowd.pair, SERVER) - probe->touched) / (double)count;
}

/* Established, one message each way behind them, nothing on its way. */
static void idle(struct bench_run *run)
{
    struct probe probe;
    if (!crowd_open(run, &probe.crowd, IDLE))
        return;
    struct crowd *crowd = &probe.crowd;
    septet_handle first;
    crowd->conversing = true; /* one that comes and goes first: what every stack needs is there before */
    crowd_dial(crowd, 0, 7, &first);
    crowd_settle(crowd);
    crowd->conversing = false;
    crowd->echoes = 0;
    begin(&probe);
    if (crowd_gather(run, crowd)) {
        for (uint64_t i = 0; i < IDLE; i++) {
            septet_send(crowd->pair.stack[CLIENT], crowd->clients[i], crowd->message, sizeof crowd->message, 0);
            crowd_settle(crowd);
            memory_pair_advance(&crowd->pair, SEPTET_SECOND);
            crowd_settle(crowd);
        }
        if (crowd->echoes != IDLE)
            bench_skip(run, "echoes are missing");
        bench_figure(run, each(&probe, IDLE), "B", "idle");
    }
    crowd_close(crowd);
}

/* SYNs whose SYN-ACKs get lost. */
static void half_open(struct bench_run *run)
{
    struct septet_packet packets[SEPTET_BATCH];
    struct septet_usage usage;
    struct septet_config config;
    struct probe probe = {0};
    struct memory_pair *pair = &probe.crowd.pair;
    septet_handle handle;
    septet_config_default(&config);
    config.connections = SHORT;
    config.half_open = SHORT;
    if (!memory_pair_open(run, pair, &config, SEPTET_OFFLOAD_CHECKSUM))
        return;
    struct septet *server = pair->stack[SERVER];
    septet_listen(server, NULL, 7, SHORT, &handle);
    septet_listen(server, NULL, 8, SHORT, &handle);
    begin(&probe);
    for (uint32_t i = 0; i < SHORT; i++) {
        crowd_dial(&probe.crowd, (uint16_t)(2000 + i / 2), i % 2 ? 7 : 8, &handle);
        memory_pair_move(pair, CLIENT);
        septet_output(server, packets, SEPTET_BATCH);
    }
    septet_usage(server, &usage);
    if (usage.half_open != SHORT)
        bench_skip(run, "only %u of %u are half-open", (unsigned)usage.half_open, (unsigned)SHORT);
    bench_figure(run, each(&probe, SHORT), "B", "half_open");
    memory_pair_close(pair);
}

static void drop_events(struct septet *stack)
{
    struct septet_event event;
    while (septet_next_event(stack, &event)) {
    }
}

/* The server closes first, 64 connections at a time, so that those in TIME-WAIT are all that grows. */
static void time_wait(struct bench_run *run)
{
    struct septet_usage usage;
    struct septet_config config;
    struct probe probe = {0};
    struct crowd *crowd = &probe.crowd;
    septet_handle clients[CROWD_BATCH], listener, connection;
    septet_config_default(&config);
    config.connections = 2 * CROWD_BATCH;
    config.half_open = 2 * CROWD_BATCH;
    config.time_wait = SHORT;
    if (!memory_pair_open(run, &crowd->pair, &config, SEPTET_OFFLOAD_CHECKSUM))
        return;
    struct septet *server = crowd->pair.stack[SERVER], *client = crowd->pair.stack[CLIENT];
    septet_listen(server, NULL, 7, CROWD_BATCH, &listener);
    for (uint32_t done = 0; done < SHORT; done += CROWD_BATCH) {
        if (done == CROWD_BATCH)
            begin(&probe);
        for (uint32_t i = 0; i < CROWD_BATCH; i++)
            crowd_dial(crowd, (uint16_t)(2000 + done + i), 7, &clients[i]);
        memory_link_settle(&crowd->pair.wire, 1, 100);
        while (septet_accept(server, listener, &connection) == SEPTET_OK)
            septet_close(server, connection);
        memory_link_settle(&crowd->pair.wire, 1, 100);
        for (uint32_t i = 0; i < CROWD_BATCH; i++)
            septet_close(client, clients[i]);
        memory_link_settle(&crowd->pair.wire, 1, 100);
        drop_events(client);
        drop_events(server);
        memory_pair_advance(&crowd->pair, SEPTET_MILLISECOND);
    }
    septet_usage(server, &usage);
    if (usage.time_wait < SHORT)
        bench_skip(run, "only %u of %u are in TIME-WAIT", (unsigned)usage.time_wait, (unsigned)SHORT);
    bench_figure(run, each(&probe, SHORT - CROWD_BATCH), "B", "time_wait");
    memory_pair_close(&crowd->pair);
}

void septet_size(struct bench_run *run)
{
    idle(run);
    half_open(run);
    time_wait(run);
}
