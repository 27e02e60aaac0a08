#include "support/pair.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/device.h"

#define MS SEPTET_MILLISECOND

struct flying {
    int64_t at;
    uint64_t number; /* breaks ties in order of departure */
    uint8_t to;
    uint32_t length;
    uint8_t *bytes;
};

struct side {
    struct septet *stack;
    void *memory;
    struct septet_address address;
    septet_handle listener, connection;
    uint32_t to_send, sent, read;
    uint64_t digest;
    int64_t act_at;
    bool closed, ended;
};

struct pair {
    uint64_t random_link, random_application; /* apart: what one draws does not change the other */
    int64_t now;
    int64_t delay, jitter;
    uint32_t loss, duplication, corruption; /* in 1024 */
    const struct pair_variant *variant;
    struct side side[2];
    struct flying *flying;
    uint32_t flying_count, flying_room;
    uint64_t departures;
    uint8_t sender;
    struct pair_result *result;
    uint32_t packet_room;
};

static uint32_t draw(uint64_t *random, uint32_t bound) { return (uint32_t)((splitmix64(random) >> 32) * bound >> 32); }

static uint8_t byte_of(uint32_t side, uint32_t at)
{
    return (uint8_t)(at * 13 + (at >> 8) * 7 + (at >> 16) + side * 91);
}

static uint64_t digest_of(uint64_t digest, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
    return digest;
}

static void fails(struct pair *pair, const char *why, uint32_t side)
{
    if (pair->result->why[0] == '\0')
        snprintf(pair->result->why, sizeof pair->result->why, "side %u at %.6f s: %s", side, (double)pair->now / 1e9,
                 why);
}

/* ---- the link ---- */

static void fly(struct pair *pair, const uint8_t *packet, uint32_t length)
{
    uint64_t *random = &pair->random_link;
    if (pair->flying_count == pair->flying_room) {
        pair->flying_room = pair->flying_room * 2 + 64;
        pair->flying = realloc(pair->flying, pair->flying_room * sizeof *pair->flying);
        assert_non_null(pair->flying);
    }
    struct flying *flying = &pair->flying[pair->flying_count++];
    *flying = (struct flying){
        .at =
            pair->now + pair->delay + (pair->jitter != 0 ? (int64_t)(splitmix64(random) % (uint64_t)pair->jitter) : 0),
        .number = pair->departures++,
        .to = (uint8_t)(1 - pair->sender),
        .length = length,
        .bytes = malloc(length),
    };
    assert_non_null(flying->bytes);
    memcpy(flying->bytes, packet, length);
    if (draw(random, 1024) < pair->corruption)
        flying->bytes[draw(random, length)] ^= (uint8_t)(1 + draw(random, 255));
}

static void depart(void *context, const uint8_t *packet, uint32_t length)
{
    struct pair *pair = context;
    struct pair_result *result = pair->result;
    if (result->packet_count == pair->packet_room) {
        pair->packet_room = pair->packet_room * 2 + 256;
        result->packets = realloc(result->packets, pair->packet_room * sizeof *result->packets);
        assert_non_null(result->packets);
    }
    result->packets[result->packet_count++] =
        (struct pair_packet){pair->now, digest_of(UINT64_C(0xcbf29ce484222325), packet, length), length, pair->sender};
    if (draw(&pair->random_link, 1024) >= pair->loss)
        fly(pair, packet, length);
    if (draw(&pair->random_link, 1024) < pair->duplication)
        fly(pair, packet, length);
}

static void pull(struct pair *pair, uint8_t side)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint32_t count, turns = 0;
    pair->sender = side;
    while ((count = septet_output(pair->side[side].stack, packets, SEPTET_BATCH)) != 0) {
        for (uint32_t i = 0; i < count; i++)
            device_send(&packets[i], depart, pair);
        assert_true(++turns < 10000);
    }
}

static uint32_t earliest(const struct pair *pair)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < pair->flying_count; i++) {
        const struct flying *a = &pair->flying[i], *b = &pair->flying[best];
        if (a->at < b->at || (a->at == b->at && a->number < b->number))
            best = i;
    }
    return best;
}

/* Everything for one side that arrives now, one packet or a batch. */
static void arrive(struct pair *pair)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint8_t *bytes[SEPTET_BATCH];
    uint32_t count = 0;
    const uint8_t to = pair->flying[earliest(pair)].to;
    const uint32_t most = pair->variant->batch != 0 ? SEPTET_BATCH : 1;
    while (count < most && pair->flying_count != 0) {
        const uint32_t at = earliest(pair);
        const struct flying flying = pair->flying[at];
        if (flying.at > pair->now || flying.to != to)
            break;
        pair->flying[at] = pair->flying[--pair->flying_count];
        bytes[count] = flying.bytes;
        packets[count++] =
            (struct septet_packet){.head = flying.bytes, .head_length = flying.length, .length = flying.length};
    }
    septet_input(pair->side[to].stack, packets, count);
    for (uint32_t i = 0; i < count; i++)
        free(bytes[i]);
    pull(pair, to);
}

/* ---- the applications ---- */

static void write_some(struct pair *pair, uint8_t index)
{
    struct side *side = &pair->side[index];
    uint8_t bytes[20000];
    const uint32_t most = 1 + draw(&pair->random_application, draw(&pair->random_application, 4) == 0 ? 200 : 20000);
    const uint32_t length = side->to_send - side->sent < most ? side->to_send - side->sent : most;
    const unsigned flags = draw(&pair->random_application, 8) == 0 ? SEPTET_SEND_MORE : 0;
    if (length == 0)
        return;
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = byte_of(index, side->sent + i);
    const int64_t taken = septet_send(side->stack, side->connection, bytes, length, flags);
    if (taken > 0)
        side->sent += (uint32_t)taken;
    else if (taken != SEPTET_AGAIN && taken != SEPTET_NO_PAGES)
        fails(pair, septet_error_name((int)taken), index);
}

static void read_some(struct pair *pair, uint8_t index)
{
    struct side *side = &pair->side[index];
    uint8_t bytes[20000];
    const int64_t there =
        septet_receive(side->stack, side->connection, bytes, 1 + draw(&pair->random_application, sizeof bytes));
    if (there == 0)
        side->ended = true;
    if (there < 0 && there != SEPTET_AGAIN)
        fails(pair, septet_error_name((int)there), index);
    for (int64_t i = 0; i < there; i++)
        if (bytes[i] != byte_of(1 - index, side->read + (uint32_t)i))
            fails(pair, "wrong byte", index);
    if (there > 0) {
        side->digest = digest_of(side->digest, bytes, (uint32_t)there);
        side->read += (uint32_t)there;
    }
}

static void act(struct pair *pair, uint8_t index)
{
    struct side *side = &pair->side[index];
    struct septet_event event;
    while (septet_next_event(side->stack, &event))
        ;
    if (side->connection == 0 && side->listener != 0)
        (void)septet_accept(side->stack, side->listener, &side->connection);
    side->act_at = pair->now + draw(&pair->random_application, 30) * MS;
    if (side->connection == 0)
        return;
    write_some(pair, index);
    read_some(pair, index);
    if (side->sent == side->to_send && draw(&pair->random_application, 4) == 0)
        (void)septet_shutdown(side->stack, side->connection);
    if (side->sent == side->to_send && side->ended) {
        (void)septet_close(side->stack, side->connection);
        side->connection = 0;
        side->closed = true;
        side->act_at = SEPTET_NEVER;
    }
    pull(pair, index);
}

/* ---- life ---- */

static void make_config(struct pair *pair, uint64_t *random, struct septet_config *config)
{
    septet_config_default(config);
    config->now = SEPTET_SECOND;
    config->connections = config->half_open = config->time_wait = 4;
    config->listeners = config->sockets = 2;
    config->neighbors = 4;
    config->reassemblies = config->path_mtus = 2;
    config->page_size = UINT32_C(256) << draw(random, 5);
    config->pages = pair->variant->small_stacks ? 32 + draw(random, 64) : 2048;
    config->tcp.send_buffer = 2000 + draw(random, draw(random, 2) ? 10000 : 300000);
    config->tcp.receive_buffer = 2000 + draw(random, draw(random, 2) ? 10000 : 300000);
    config->tcp.window_scaling = draw(random, 4) != 0;
    config->tcp.timestamps = draw(random, 2);
    config->tcp.sack = draw(random, 3) != 0;
    config->tcp.congestion = (uint8_t)draw(random, SEPTET_CONGESTION_COUNT);
    config->tcp.pacing = draw(random, 4) == 0;
    config->tcp.window_probe_octet = draw(random, 4) != 0;
    config->tcp.delayed_ack = draw(random, 2) ? 40 * MS : 0;
    config->tcp.user_timeout = 0;
    config->tcp.fast_path = !pair->variant->slow_path;
    config->tcp.gro = !pair->variant->no_merging;
}

static void make_side(struct pair *pair, uint8_t index, uint64_t *random, bool ipv6, uint32_t mtu)
{
    struct side *side = &pair->side[index];
    struct septet_config config;
    make_config(pair, random, &config);
    config.seed[0] = splitmix64(random);
    const size_t size = septet_memory_size(&config);
    assert_true(size != 0);
    side->memory = aligned_alloc(64, (size + 63) / 64 * 64);
    assert_non_null(side->memory);
    side->stack = septet_create(&config, side->memory, size, NULL);
    assert_non_null(side->stack);
    const struct septet_interface link = {
        .name = "pair",
        .mtu = mtu,
        .offloads = pair->variant->offload ? SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO : 0};
    assert_int_equal(septet_interface_add(side->stack, &link), 0);
    const char *text = ipv6 ? (index ? "2001:db8::2" : "2001:db8::1") : (index ? "192.0.2.2" : "192.0.2.1");
    assert_true(septet_address_parse(text, strlen(text), &side->address));
    assert_int_equal(septet_address_add(side->stack, 0, &side->address, ipv6 ? 64 : 24, true), SEPTET_OK);
    side->to_send = draw(random, draw(random, 2) ? 200000 : 2000);
    side->act_at = pair->now;
}

static int64_t next_time(struct pair *pair)
{
    int64_t next = SEPTET_NEVER;
    for (uint32_t i = 0; i < 2; i++) {
        const int64_t deadline = septet_deadline(pair->side[i].stack);
        next = deadline < next ? deadline : next;
        next = pair->side[i].act_at < next ? pair->side[i].act_at : next;
    }
    if (pair->flying_count != 0) {
        int64_t at = pair->flying[earliest(pair)].at;
        if (pair->variant->batch != 0)
            at = (at / pair->variant->batch + 1) * pair->variant->batch;
        next = at < next ? at : next;
    }
    return next;
}

static void step(struct pair *pair)
{
    const int64_t next = next_time(pair);
    pair->now = next > pair->now ? next : pair->now;
    for (uint8_t i = 0; i < 2; i++) {
        septet_advance(pair->side[i].stack, pair->now);
        pull(pair, i);
    }
    while (pair->flying_count != 0 && pair->flying[earliest(pair)].at <= pair->now)
        arrive(pair);
    for (uint8_t i = 0; i < 2; i++)
        if (pair->side[i].act_at <= pair->now)
            act(pair, i);
}

static void check_end(struct pair *pair)
{
    struct pair_result *result = pair->result;
    for (uint8_t i = 0; i < 2; i++) {
        struct side *side = &pair->side[i];
        struct septet_usage usage;
        struct septet_event event;
        while (septet_next_event(side->stack, &event))
            ;
        if (!side->closed)
            fails(pair, "not finished", i);
        if (side->read != pair->side[1 - i].to_send)
            fails(pair, "not everything was delivered", i);
        septet_usage(side->stack, &usage);
        if (side->closed &&
            (usage.pages != 0 || usage.connections != 0 || usage.half_open != 0 || usage.time_wait != 0))
            fails(pair, "something is left over", i);
        result->delivered[i] = side->digest;
        result->bytes[i] = side->read;
    }
    result->finished = result->why[0] == '\0';
}

void pair_run(uint64_t number, const struct pair_variant *variant, struct pair_result *result)
{
    struct pair pair = {.variant = variant, .result = result, .now = SEPTET_SECOND};
    uint64_t random = number;
    memset(result, 0, sizeof *result);
    pair.random_link = splitmix64(&random);
    pair.random_application = splitmix64(&random);
    pair.delay = draw(&random, 100) * MS / 2;
    pair.jitter = draw(&random, 3) == 0 ? draw(&random, 50) * MS : 0;
    pair.loss = draw(&random, 2) ? draw(&random, 150) : 0;
    pair.duplication = draw(&random, 3) == 0 ? draw(&random, 50) : 0;
    pair.corruption = draw(&random, 4) == 0 ? draw(&random, 50) : 0;
    const bool ipv6 = draw(&random, 2);
    const uint32_t mtu = ipv6 ? 1280 + draw(&random, 3000) : 576 + draw(&random, 2000);
    for (uint8_t i = 0; i < 2; i++)
        make_side(&pair, i, &random, ipv6, mtu);
    assert_int_equal(septet_listen(pair.side[1].stack, NULL, 80, 1, &pair.side[1].listener), SEPTET_OK);
    assert_int_equal(
        septet_connect(pair.side[0].stack, NULL, 40000, &pair.side[1].address, 80, &pair.side[0].connection),
        SEPTET_OK);
    for (uint32_t steps = 0; next_time(&pair) < PAIR_LATEST && result->why[0] == '\0'; steps++) {
        assert_true(steps < 20000000);
        step(&pair);
        if (pair.side[1].closed && pair.side[1].listener != 0) {
            (void)septet_close(pair.side[1].stack, pair.side[1].listener);
            pair.side[1].listener = 0;
        }
    }
    check_end(&pair);
    for (uint32_t i = 0; i < pair.flying_count; i++)
        free(pair.flying[i].bytes);
    free(pair.flying);
    free(pair.side[0].memory);
    free(pair.side[1].memory);
}
