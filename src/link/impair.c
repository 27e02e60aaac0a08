#include "link/impair.h"

#include "lab/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The device is at end 0 of the lab's link, the stack at end 1. Frames are copied into the lab and out of it. */
#define DEVICE 0
#define STACK 1
#define ARENA ((size_t)256 << 20)

struct impair {
    struct link link;
    struct link *inner;
    struct arena arena;
    struct relay *relay;
    struct scenario scenario;
    char text[1024];                  /* of the scenario, which points into it */
    struct frame *held[SEPTET_BATCH]; /* what the stack reads now */
    uint32_t held_count;
};

static void enter(struct impair *impair, uint8_t end, const struct septet_packet *packet)
{
    struct frame *frame = relay_frame(impair->relay, packet->length);
    uint32_t at = packet->head_length;

    if (frame == NULL) {
        impair->link.counters.dropped_in += end == DEVICE;
        impair->link.counters.dropped_out += end == STACK;
        return;
    }
    memcpy(frame->bytes, packet->head, packet->head_length);
    for (uint32_t i = 0; i < packet->span_count; i++) {
        memcpy(frame->bytes + at, packet->spans[i].data, packet->spans[i].length);
        at += packet->spans[i].length;
    }
    relay_send(impair->relay, end, frame);
}

/* What has come to the end of the device goes out. */
static int leave(struct impair *impair, int64_t now)
{
    int result = 0;

    for (struct frame *frame; (frame = relay_take(impair->relay, DEVICE)) != NULL;) {
        struct septet_packet packet = {.head = frame->bytes, .head_length = frame->length, .length = frame->length};
        int written = link_write(impair->inner, now, &packet, 1);

        result = written < 0 ? written : result;
        relay_drop(impair->relay, frame);
    }
    return result;
}

static void drop_held(struct impair *impair)
{
    for (uint32_t i = 0; i < impair->held_count; i++) {
        relay_drop(impair->relay, impair->held[i]);
    }
    impair->held_count = 0;
}

static int impair_read(struct link *link, int64_t now, struct septet_packet *packets, uint32_t maximum)
{
    struct impair *impair = (struct impair *)link;
    int count = link_read(impair->inner, now, packets, maximum < SEPTET_BATCH ? maximum : SEPTET_BATCH);
    int result;

    drop_held(impair);
    relay_run(impair->relay, now);
    for (int i = 0; i < count; i++) {
        enter(impair, DEVICE, &packets[i]);
    }
    relay_run(impair->relay, now);
    result = leave(impair, now);
    if (count < 0 || result < 0) {
        return count < 0 ? count : result;
    }
    while (impair->held_count < SEPTET_BATCH && impair->held_count < maximum) {
        struct frame *frame = relay_take(impair->relay, STACK);

        if (frame == NULL) {
            break;
        }
        packets[impair->held_count] = (struct septet_packet){
            .head = frame->bytes, .head_length = frame->length, .length = frame->length, .interface = link->index};
        impair->held[impair->held_count++] = frame;
        link->counters.packets_in++;
        link->counters.bytes_in += frame->length;
    }
    return (int)impair->held_count;
}

static int impair_write(struct link *link, int64_t now, struct septet_packet *packets, uint32_t count)
{
    struct impair *impair = (struct impair *)link;

    relay_run(impair->relay, now);
    for (uint32_t i = 0; i < count; i++) {
        enter(impair, STACK, &packets[i]);
        link->counters.packets_out++;
        link->counters.bytes_out += packets[i].length;
    }
    relay_run(impair->relay, now);
    return leave(impair, now);
}

static int64_t impair_deadline(const struct link *link) { return relay_deadline(((const struct impair *)link)->relay); }

static void impair_close(struct link *link)
{
    struct impair *impair = (struct impair *)link;

    link_close(impair->inner);
    if (impair->arena.memory != NULL) {
        (void)munmap(impair->arena.memory, ARENA);
    }
    free(impair);
}

static const struct link_operations operations = {
    .read = impair_read,
    .write = impair_write,
    .deadline = impair_deadline,
    .close = impair_close,
};

/* The settings in the words of a scenario file. */
static bool read_settings(struct impair *impair, const char *text, char error[LINK_ERROR_TEXT])
{
    struct lab_error wrong = {.line = 0};
    int length =
        snprintf(impair->text, sizeof impair->text,
                 "host device { }\nhost stack { }\nlink wire { between = [device, stack]; ethernet = %s;\n%s\n}\n",
                 impair->inner->interface.ethernet ? "true" : "false", text);

    if (length < 0 || (size_t)length >= sizeof impair->text) {
        snprintf(error, LINK_ERROR_TEXT, "'%.40s...': too long", text);
        return false;
    }
    for (char *at = strstr(impair->text, text); *at != '\0'; at++) {
        *at = *at == ',' ? '\n' : *at;
    }
    scenario_init(&impair->scenario);
    if (!scenario_read(&impair->arena, impair->text, strlen(impair->text), &impair->scenario, &wrong)) {
        snprintf(error, LINK_ERROR_TEXT, "'%s': %s", text, wrong.text);
        return false;
    }
    return true;
}

struct link *impair_open(const char *text, uint64_t seed, int64_t now, struct link *inner, char error[LINK_ERROR_TEXT])
{
    struct impair *impair = calloc(1, sizeof *impair);
    void *memory = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (impair == NULL || memory == MAP_FAILED) {
        snprintf(error, LINK_ERROR_TEXT, "no memory for an impaired link");
        free(impair);
        link_close(inner);
        return NULL;
    }
    impair->link = *inner;
    impair->link.operations = &operations;
    impair->inner = inner;
    arena_init(&impair->arena, memory, ARENA);
    if (!read_settings(impair, text, error)) {
        impair_close(&impair->link);
        return NULL;
    }
    impair->relay = relay_create(&impair->arena, &impair->scenario, seed, now);
    if (impair->relay == NULL) {
        snprintf(error, LINK_ERROR_TEXT, "'%s': expected settings of one link", text);
        impair_close(&impair->link);
        return NULL;
    }
    return &impair->link;
}
