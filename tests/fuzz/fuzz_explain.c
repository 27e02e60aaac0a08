/* Segments of a few conversations, each made of some bytes of the input, told to the engine, with little memory:
 * nothing crashes, what is told is in order, and what is taken is given back. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "explain/store.h"
#include "report/explain.h"

#define STEP 12u
#define BASE UINT32_C(0xffffe000) /* numbers wrap */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint32_t number(const uint8_t *at)
{
    return BASE + (uint32_t)(at[0] << 8 | at[1]) * (at[0] & 0x40 ? 1448u : 1u);
}

/* A frame whose headers are *d, with options behind the TCP header. */
static void make(const uint8_t *at, uint8_t *bytes, struct dissection *d)
{
    const bool server = (at[0] & 1) != 0;
    const struct septet_address a = septet_address_ipv4(10, 0, 0, 1), b = septet_address_ipv4(10, 0, 0, 2);
    uint8_t *options = bytes + TCP_HEADER;
    memset(d, 0, sizeof *d);
    d->is_ip = d->is_tcp = true;
    d->ip.version = at[0] & 2 ? 6 : 4;
    d->ip.source = server ? b : a;
    d->ip.destination = server ? a : b;
    d->ip.identification = at[9];
    d->ip.ttl = at[0] & 4 ? 64 : 63;
    d->ip.traffic_class = at[0] >> 6;
    d->tcp.source_port = server ? 80 : (uint16_t)(40000 + (at[0] >> 3 & 3));
    d->tcp.destination_port = server ? (uint16_t)(40000 + (at[0] >> 3 & 3)) : 80;
    d->tcp.seq = number(at + 1);
    d->tcp.ack = number(at + 3);
    d->tcp.flags = at[5] & 0x3f;
    d->tcp.window = at[6] < 32 ? 0 : (uint16_t)(at[6] << 8);
    d->payload_length = at[7] < 100 ? 0 : at[7] < 110 ? 1 : at[7] < 250 ? 1448 : 65000;
    if (at[8] & 1)
        options += tcp_option_timestamps(options, at[9], at[10]);
    if (at[8] & 2)
        options += tcp_option_mss(options, 1460);
    if (at[8] & 4)
        options += tcp_option_window_scale(options, at[10]);
    if (at[8] & 8) {
        const struct sack_block blocks[2] = {{number(at + 3), number(at + 3) + at[10] * 100u},
                                             {number(at + 1), number(at + 9)}};
        options += tcp_option_sack(options, blocks, 2);
    }
    d->options_captured = (uint8_t)(options - bytes - TCP_HEADER);
    d->tcp.header_length = (uint8_t)(TCP_HEADER + (d->options_captured + 3) / 4 * 4);
}

static void write_nothing(void *context, const char *text, size_t length)
{
    (void)context;
    require(text != NULL || length == 0);
}

static void show(const struct store *store)
{
    static struct story_sentence sentences[STORY_MOST];
    const struct ladder ladder = {.write = write_nothing, .width = 100};
    const struct report_ladder_options options = {false, false};
    for (uint32_t i = 0; i < store->count; i++) {
        require(report_story(store->stored[i], sentences) <= STORY_MOST);
        report_ladder(&ladder, store->stored[i], &options);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store store = {.all_segments = true};
    const struct explain_config config = {.observer = store_observer(&store),
                                          .max_memory = size > 0 && data[0] & 1 ? 400000 : 0};
    struct explain *explain = explain_create(&config);
    uint8_t bytes[TCP_HEADER + 64];
    int64_t time = 0;
    require(explain != NULL);
    for (size_t at = 0; at + STEP <= size; at += STEP) {
        struct dissection dissection;
        time += (int64_t)(int8_t)data[at + 11] * 1000000;
        memset(bytes, 0, sizeof bytes);
        make(data + at, bytes, &dissection);
        const struct explain_frame frame = {.number = at / STEP + 1,
                                            .time = time,
                                            .captured = sizeof bytes,
                                            .original = sizeof bytes,
                                            .bytes = bytes,
                                            .dissection = &dissection};
        explain_frame(explain, &frame);
    }
    explain_finish(explain);
    require(explain_check(explain)->tcp == size / STEP);
    show(&store);
    store_end(&store);
    explain_destroy(explain);
    return 0;
}
