/* A capture file as one window, and again in windows that hold only what the reader asks for: both must give the
 * same packets inside their windows and end in the same way. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/read.h"
#include "wire/link_type.h"

#define INTERFACES 4
#define BLOCK_LIMIT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* What both readings are compared by. */
struct summary {
    uint64_t packets, hash;
    enum capture_result end;
    const char *error;
    uint64_t error_offset, error_value;
    bool cut_short;
};

static void add(struct summary *summary, uint64_t value)
{
    summary->hash = (summary->hash ^ value) * UINT64_C(0x100000001b3);
}

static void add_bytes(struct summary *summary, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        add(summary, bytes[i]);
}

static void add_packet(struct summary *summary, const struct capture_reader *reader,
                       const struct capture_packet *packet)
{
    struct capture_text comment;
    require(packet->bytes >= reader->window && packet->captured_length <= reader->length);
    require(packet->bytes + packet->captured_length <= reader->window + reader->used);
    require(packet->interface < reader->interface_count && reader->interface_count <= INTERFACES);
    require(packet->has_time || packet->time == 0);
    require(memchr(reader->interfaces[packet->interface].name, 0, CAPTURE_NAME) != NULL);
    require(link_type_name(packet->link_type) != NULL);
    summary->packets++;
    add(summary, (uint64_t)packet->time);
    add(summary, packet->offset);
    add(summary, packet->original_length);
    add(summary, packet->drop_count);
    add_bytes(summary, packet->bytes, packet->captured_length);
    for (uint32_t index = 0; capture_packet_comment(reader, packet, index, &comment); index++) {
        require(index < BLOCK_LIMIT);
        require((const uint8_t *)comment.text + comment.length <= reader->window + reader->used);
        add_bytes(summary, (const uint8_t *)comment.text, comment.length);
    }
}

static void finish(struct summary *summary, const struct capture_reader *reader, enum capture_result result)
{
    summary->end = result;
    summary->error = reader->error;
    summary->error_offset = reader->error_offset;
    summary->error_value = reader->error_value;
    summary->cut_short = reader->cut_short;
    require((result == capture_read_error) == (reader->error != NULL));
}

static struct summary read_whole(const uint8_t *data, size_t size)
{
    struct capture_interface interfaces[INTERFACES];
    struct capture_reader reader;
    struct capture_packet packet;
    struct summary summary = {0};
    enum capture_result result;
    capture_reader_init(&reader, interfaces, INTERFACES, BLOCK_LIMIT);
    capture_reader_feed(&reader, data, size, true);
    while ((result = capture_reader_next(&reader, &packet)) == capture_read_packet)
        add_packet(&summary, &reader, &packet);
    require(result != capture_read_more);
    finish(&summary, &reader, result);
    return summary;
}

static struct summary read_in_windows(const uint8_t *data, size_t size)
{
    struct capture_interface interfaces[INTERFACES];
    struct capture_reader reader;
    struct capture_packet packet;
    struct summary summary = {0};
    enum capture_result result;
    uint8_t *window = NULL;
    size_t base = 0, length = 0;
    capture_reader_init(&reader, interfaces, INTERFACES, BLOCK_LIMIT);
    for (;;) {
        result = capture_reader_next(&reader, &packet);
        if (result == capture_read_packet) {
            add_packet(&summary, &reader, &packet);
            continue;
        }
        if (result != capture_read_more)
            break;
        require(reader.used <= length && reader.wanted > length - reader.used);
        require(reader.wanted <= BLOCK_LIMIT + 16);
        base += reader.used;
        length = reader.wanted < size - base ? reader.wanted : size - base;
        free(window);
        window = malloc(length ? length : 1);
        require(window != NULL);
        memcpy(window, data + base, length);
        capture_reader_feed(&reader, window, length, base + length == size);
    }
    finish(&summary, &reader, result);
    free(window);
    return summary;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct summary whole = read_whole(data, size);
    struct summary windows = read_in_windows(data, size);
    require(whole.packets == windows.packets && whole.hash == windows.hash);
    require(whole.end == windows.end && whole.error == windows.error && whole.cut_short == windows.cut_short);
    require(whole.error_offset == windows.error_offset && whole.error_value == windows.error_value);
    return 0;
}
