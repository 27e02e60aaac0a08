#include "limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "memory_pair.h"
#include "meter.h"
#include "septet/septet.h"

/* Where one run's bytes go: application, send pages, receive pages, application. */
struct floor {
    uint8_t *source, *sent, *received, *sink;
    size_t sent_size; /* ring of what the sender holds */
    size_t chunk;     /* bytes that the application hands over at a time */
    uint32_t segment; /* payload of a packet */
    bool checksum;
    bool zero_copy; /* the application writes and reads in place */
    uint64_t bad;   /* packets whose sum was wrong: none, but the compiler must believe in it */
};

static uint16_t sum(const uint8_t *data, uint32_t length)
{
    struct checksum checksum = {0};
    checksum_add(&checksum, data, length);
    return checksum_finish(&checksum);
}

/* The receiver's half for a batch of descriptors. */
static void take(struct floor *floor, const struct septet_packet *packets, const uint16_t *sums, uint32_t count)
{
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct septet_span *span = packets[i].spans;
        if (floor->checksum && sum(span->data, span->length) != sums[i])
            floor->bad++;
        memcpy(floor->received + at, span->data, span->length);
        at += span->length;
    }
    if (!floor->zero_copy)
        memcpy(floor->sink, floor->received, at);
}

/* One chunk all the way. */
static void carry(struct floor *floor, size_t place)
{
    struct septet_packet packets[SEPTET_BATCH];
    struct septet_span spans[SEPTET_BATCH];
    uint16_t sums[SEPTET_BATCH] = {0};
    uint8_t *sent = floor->sent + place;
    if (!floor->zero_copy)
        memcpy(sent, floor->source, floor->chunk);
    uint32_t count = 0;
    for (size_t at = 0; at < floor->chunk; at += floor->segment) {
        spans[count] = (struct septet_span){sent + at, floor->segment};
        packets[count] = (struct septet_packet){.spans = &spans[count], .span_count = 1, .length = floor->segment};
        if (floor->checksum)
            sums[count] = sum(sent + at, floor->segment);
        if (++count == SEPTET_BATCH) {
            take(floor, packets, sums, count);
            count = 0;
        }
    }
    take(floor, packets, sums, count);
}

static void measure(struct bench_run *run, struct floor *floor)
{
    floor->source = calloc(1, floor->chunk);
    floor->received = calloc(1, floor->chunk);
    floor->sink = calloc(1, floor->chunk);
    floor->sent = calloc(1, floor->sent_size);
    if (!floor->source || !floor->received || !floor->sink || !floor->sent) {
        bench_skip(run, "no memory");
    } else {
        for (size_t i = 0; i < floor->chunk; i++)
            floor->source[i] = (uint8_t)(i * 7);
        struct meter meter;
        meter_start(&meter, run, 16 * floor->chunk);
        for (size_t place = 0; meter_more(&meter); meter.done += floor->chunk) {
            carry(floor, place);
            place += floor->chunk;
            if (place + floor->chunk > floor->sent_size)
                place = 0;
        }
        memory_report(run, &meter, floor->segment, floor->zero_copy ? "zero_copy_" : "");
        if (floor->bad)
            bench_skip(run, "the copies differ");
    }
    free(floor->source);
    free(floor->received);
    free(floor->sink);
    free(floor->sent);
}

static void bulk(struct bench_run *run, bool checksum)
{
    size_t chunk = memory_chunk((uint32_t)run->size);
    struct floor floor = {.chunk = chunk, .sent_size = chunk, .segment = (uint32_t)run->size, .checksum = checksum};
    measure(run, &floor);
    floor.zero_copy = true;
    if (!run->work)
        measure(run, &floor);
}

void limit_bulk(struct bench_run *run) { bulk(run, false); }

void limit_bulk_checksum(struct bench_run *run) { bulk(run, true); }

void limit_window(struct bench_run *run)
{
    size_t chunk = memory_chunk(MEMORY_SEGMENT);
    if (chunk > run->size)
        chunk = run->size / MEMORY_SEGMENT * MEMORY_SEGMENT;
    measure(run, &(struct floor){.chunk = chunk, .sent_size = run->size, .segment = MEMORY_SEGMENT});
}
