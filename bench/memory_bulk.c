#include "memory_pair.h"
#include "septet_memory.h"

#include <stdlib.h>
#include <string.h>

/* A transfer from the client to the server. */
struct bulk {
    struct memory_pair pair;
    septet_handle connection[2];
    uint8_t *source, *sink;
    size_t chunk;
    uint32_t segment, buffer;
    uint64_t received;
    bool zero_copy; /* the application writes and reads in place */
    /* Acknowledgements on their way back, held until the window is full: memory-window. */
    struct held {
        uint8_t bytes[128];
        uint32_t length;
    } * held;
    uint32_t held_first, held_count, held_room; /* a ring, its size a power of two */
    bool full;
};

enum { TURN = 8000 }; /* ns of virtual time: 64 segments at 100 Gbit/s */

static void configure(struct septet_config *config, uint32_t buffer)
{
    septet_config_default(config);
    config->connections = config->half_open = config->time_wait = 16;
    config->tcp.send_buffer = config->tcp.receive_buffer = buffer;
    config->page_size = 16384; /* few connections, much data */
    config->pages = buffer / config->page_size * 3 + 512;
}

static void drop_events(struct septet *stack)
{
    struct septet_event event;
    while (septet_next_event(stack, &event)) {
    }
}

static void put(struct bulk *bulk)
{
    struct septet *client = bulk->pair.stack[CLIENT];
    uint8_t *room;
    if (!bulk->zero_copy) {
        septet_send(client, bulk->connection[CLIENT], bulk->source, bulk->chunk, 0);
        return;
    }
    for (size_t left = bulk->chunk, length = left; left > 0; length = left -= length)
        if (septet_send_reserve(client, bulk->connection[CLIENT], &room, &length) < 0 ||
            septet_send_commit(client, bulk->connection[CLIENT], length, 0) < 0)
            break;
}

static void take_in_place(struct bulk *bulk)
{
    struct septet *server = bulk->pair.stack[SERVER];
    const uint8_t *data;
    size_t length;
    while (septet_receive_peek(server, bulk->connection[SERVER], &data, &length) > 0 && length > 0) {
        septet_receive_consume(server, bulk->connection[SERVER], length);
        bulk->received += length;
    }
}

static void take(struct bulk *bulk)
{
    struct septet *server = bulk->pair.stack[SERVER];
    drop_events(server);
    if (bulk->zero_copy) {
        take_in_place(bulk);
        return;
    }
    for (int64_t got; (got = septet_receive(server, bulk->connection[SERVER], bulk->sink, bulk->chunk)) > 0;)
        bulk->received += (uint64_t)got;
}

/* One turn with nothing held back: write when all was sent, move, read, acknowledge. */
static void turn(struct bulk *bulk)
{
    struct memory_pair *pair = &bulk->pair;
    if (septet_send_room(pair->stack[CLIENT], bulk->connection[CLIENT]) >= (int64_t)(bulk->buffer - bulk->chunk / 2))
        put(bulk);
    while (memory_pair_move(pair, CLIENT) == SEPTET_BATCH) {
    }
    take(bulk);
    memory_pair_move(pair, SERVER);
    drop_events(pair->stack[CLIENT]);
    memory_pair_advance(pair, TURN);
}

/* ---- a full window in flight: data arrives at once, acknowledgements wait ---- */

static void hold(struct bulk *bulk)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint32_t count = septet_output(bulk->pair.stack[SERVER], packets, SEPTET_BATCH);
    for (uint32_t i = 0; i < count; i++) {
        if (packets[i].length > sizeof bulk->held->bytes || bulk->held_count == bulk->held_room)
            continue;
        struct held *held = &bulk->held[(bulk->held_first + bulk->held_count++) & (bulk->held_room - 1)];
        memcpy(held->bytes, packets[i].head, packets[i].head_length);
        held->length = packets[i].head_length;
    }
}

static void release(struct bulk *bulk)
{
    if (!bulk->held_count)
        return;
    const struct held *held = &bulk->held[bulk->held_first];
    struct septet_packet packet = {
        .head = held->bytes,
        .head_length = held->length,
        .length = held->length,
        .interface = bulk->pair.wire.interface[CLIENT],
        .flags = SEPTET_PACKET_CHECKSUM_VALID,
    };
    bulk->held_first = (bulk->held_first + 1) & (bulk->held_room - 1);
    bulk->held_count--;
    septet_input(bulk->pair.stack[CLIENT], &packet, 1);
}

/* When the turn before could not send a batch, the window was full: one acknowledgement arrives. */
static void turn_with_window(struct bulk *bulk)
{
    struct memory_pair *pair = &bulk->pair;
    if (bulk->full)
        release(bulk);
    drop_events(pair->stack[CLIENT]);
    put(bulk);
    bulk->full = memory_pair_move(pair, CLIENT) < SEPTET_BATCH;
    take(bulk);
    hold(bulk);
    memory_pair_advance(pair, TURN);
}

/* ---- measuring ---- */

static void measure(struct bench_run *run, struct bulk *bulk, void (*one_turn)(struct bulk *))
{
    struct meter meter;
    meter_start(&meter, run, 8 * bulk->chunk);
    uint64_t idle = 0;
    while (meter_more(&meter)) {
        uint64_t before = bulk->received;
        one_turn(bulk);
        meter.done += bulk->received - before;
        idle = bulk->received == before ? idle + 1 : 0;
        if (idle > 100000) {
            bench_skip(run, "the transfer stands still");
            return;
        }
    }
    memory_report(run, &meter, bulk->segment, bulk->zero_copy ? "zero_copy_" : "");
}

static void fill_window(struct bench_run *run, struct bulk *bulk)
{
    struct septet_tcp_info info = {0};
    for (unsigned i = 0; i < 200000 && info.in_flight < run->size / 10 * 9; i++) {
        turn_with_window(bulk);
        if (septet_tcp_info(bulk->pair.stack[CLIENT], bulk->connection[CLIENT], &info) < 0)
            break;
    }
    if (info.in_flight < run->size / 10 * 8)
        bench_skip(run, "only %u bytes come to be in flight", (unsigned)info.in_flight);
    else
        measure(run, bulk, turn_with_window);
}

static bool allocate(struct bench_run *run, struct bulk *bulk)
{
    bulk->source = calloc(1, bulk->chunk);
    bulk->sink = calloc(1, bulk->chunk);
    bulk->held = bulk->held_room ? calloc(bulk->held_room, sizeof *bulk->held) : NULL;
    if (bulk->source && bulk->sink && (bulk->held || !bulk->held_room))
        return true;
    bench_skip(run, "no memory");
    return false;
}

static void transfer(struct bench_run *run, struct bulk *bulk, uint32_t offloads)
{
    struct septet_config config;
    configure(&config, bulk->buffer);
    if (allocate(run, bulk) && memory_pair_open(run, &bulk->pair, &config, offloads)) {
        if (memory_pair_connect(run, &bulk->pair, bulk->connection)) {
            if (bulk->held)
                fill_window(run, bulk);
            else
                measure(run, bulk, turn);
            bulk->zero_copy = true;
            if (!bulk->held && !run->work && !run->skipped[0])
                measure(run, bulk, turn);
        }
        memory_pair_close(&bulk->pair);
    }
    free(bulk->source);
    free(bulk->sink);
    free(bulk->held);
}

static void plain_transfer(struct bench_run *run, uint32_t offloads)
{
    struct bulk bulk = {.chunk = memory_chunk((uint32_t)run->size), .segment = (uint32_t)run->size};
    bulk.buffer = 512 * 1024;
    transfer(run, &bulk, offloads);
}

void septet_bulk(struct bench_run *run) { plain_transfer(run, SEPTET_OFFLOAD_CHECKSUM); }

void septet_bulk_checksum(struct bench_run *run) { plain_transfer(run, 0); }

void septet_bulk_super(struct bench_run *run) { plain_transfer(run, SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO); }

void septet_window(struct bench_run *run)
{
    struct bulk bulk = {.chunk = memory_chunk(MEMORY_SEGMENT), .segment = MEMORY_SEGMENT, .held_room = 65536};
    if (bulk.chunk > run->size)
        bulk.chunk = run->size;
    bulk.buffer = (uint32_t)run->size;
    transfer(run, &bulk, SEPTET_OFFLOAD_CHECKSUM);
}
