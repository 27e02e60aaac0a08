#include "capture/pcapng_write.h"

#include "base/arithmetic.h"
#include "capture/little.h"
#include "capture/pcapng.h"

#define OPTION_HEADER 4
#define OPTION_LENGTH_MAX 65535

#define TIME_RESOLUTION_NANOSECONDS 9

static uint32_t padding(uint32_t length) { return (0 - length) & 3; }

static uint32_t text_kept(const struct capture_text *text) { return min_u32(text->length, OPTION_LENGTH_MAX); }

/* What an option takes; a text without bytes is not written. */
static uint64_t option_size(uint32_t length) { return (uint64_t)OPTION_HEADER + length + padding(length); }

static uint64_t text_size(const struct capture_text *text)
{
    return text_kept(text) == 0 ? 0 : option_size(text_kept(text));
}

static void put32(struct capture_sink *sink, uint32_t value)
{
    uint8_t bytes[4];
    store32_little(bytes, value);
    capture_sink_put(sink, bytes, sizeof bytes);
}

static void put_padding(struct capture_sink *sink, uint32_t length)
{
    static const uint8_t zeros[3];
    capture_sink_put(sink, zeros, padding(length));
}

static void put_option(struct capture_sink *sink, uint16_t code, const void *value, uint32_t length)
{
    put32(sink, length << 16 | code);
    capture_sink_put(sink, value, length);
    put_padding(sink, length);
}

static void put_text(struct capture_sink *sink, uint16_t code, const struct capture_text *text)
{
    if (text_kept(text) > 0)
        put_option(sink, code, text->text, text_kept(text));
}

static void put_end(struct capture_sink *sink, uint32_t size)
{
    put32(sink, PCAPNG_OPTION_END);
    put32(sink, size);
}

bool pcapng_write_section(struct capture_sink *sink, const struct pcapng_section *section)
{
    static const struct pcapng_section septet = {.application = {"septet", 6}};
    if (!section)
        section = &septet;
    uint64_t options = text_size(&section->hardware) + text_size(&section->operating_system) +
                       text_size(&section->application) + text_size(&section->comment) + OPTION_HEADER;
    uint32_t size = (uint32_t)(PCAPNG_SECTION_LEAST + options);
    if (!capture_sink_reserve(sink, size))
        return false;
    put32(sink, PCAPNG_SECTION);
    put32(sink, size);
    put32(sink, PCAPNG_BYTE_ORDER_MAGIC);
    put32(sink, 1); /* version 1.0 */
    put32(sink, UINT32_MAX);
    put32(sink, UINT32_MAX); /* length of the section: not said */
    put_text(sink, PCAPNG_OPTION_COMMENT, &section->comment);
    put_text(sink, PCAPNG_SHB_HARDWARE, &section->hardware);
    put_text(sink, PCAPNG_SHB_OS, &section->operating_system);
    put_text(sink, PCAPNG_SHB_APPLICATION, &section->application);
    put_end(sink, size);
    return !sink->failed;
}

bool pcapng_write_interface(struct capture_sink *sink, const struct pcapng_interface *interface)
{
    static const uint8_t resolution = TIME_RESOLUTION_NANOSECONDS;
    uint64_t options = text_size(&interface->name) + text_size(&interface->description) +
                       option_size(sizeof resolution) + OPTION_HEADER;
    uint32_t size = (uint32_t)(PCAPNG_INTERFACE_LEAST + options);
    if (!capture_sink_reserve(sink, size))
        return false;
    put32(sink, PCAPNG_INTERFACE);
    put32(sink, size);
    put32(sink, interface->link_type);
    put32(sink, interface->snap_length);
    put_text(sink, PCAPNG_IF_NAME, &interface->name);
    put_text(sink, PCAPNG_IF_DESCRIPTION, &interface->description);
    put_option(sink, PCAPNG_IF_TSRESOL, &resolution, sizeof resolution);
    put_end(sink, size);
    return !sink->failed;
}

static uint64_t packet_options_size(const struct pcapng_packet *packet)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < packet->comment_count; i++)
        size += text_size(&packet->comments[i]);
    if (packet->direction != pcapng_direction_unknown)
        size += option_size(4);
    if (packet->has_drop_count)
        size += option_size(8);
    return size == 0 ? 0 : size + OPTION_HEADER;
}

uint32_t pcapng_packet_size(const struct pcapng_packet *packet)
{
    uint32_t captured = capture_pieces_length(packet->pieces, packet->piece_count);
    uint64_t size = (uint64_t)PCAPNG_PACKET_LEAST + captured + padding(captured) + packet_options_size(packet);
    return size > UINT32_MAX ? 0 : (uint32_t)size;
}

static void put_packet_options(struct capture_sink *sink, const struct pcapng_packet *packet)
{
    uint8_t value[8];
    if (packet_options_size(packet) == 0)
        return;
    for (uint32_t i = 0; i < packet->comment_count; i++)
        put_text(sink, PCAPNG_OPTION_COMMENT, &packet->comments[i]);
    if (packet->direction != pcapng_direction_unknown) {
        store32_little(value, packet->direction == pcapng_inbound ? 1 : 2);
        put_option(sink, PCAPNG_EPB_FLAGS, value, 4);
    }
    if (packet->has_drop_count) {
        store32_little(value, (uint32_t)packet->drop_count);
        store32_little(value + 4, (uint32_t)(packet->drop_count >> 32));
        put_option(sink, PCAPNG_EPB_DROPCOUNT, value, 8);
    }
    put32(sink, PCAPNG_OPTION_END);
}

bool pcapng_write_packet(struct capture_sink *sink, const struct pcapng_packet *packet)
{
    uint8_t header[28];
    uint32_t captured = capture_pieces_length(packet->pieces, packet->piece_count);
    uint32_t size = pcapng_packet_size(packet);
    if (size == 0)
        sink->failed = true;
    if (!capture_sink_reserve(sink, size))
        return false;
    store32_little(header, PCAPNG_ENHANCED_PACKET);
    store32_little(header + 4, size);
    store32_little(header + 8, packet->interface);
    store32_little(header + 12, (uint32_t)(packet->time >> 32));
    store32_little(header + 16, (uint32_t)packet->time);
    store32_little(header + 20, captured);
    store32_little(header + 24, packet->original_length != 0 ? packet->original_length : captured);
    capture_sink_put(sink, header, sizeof header);
    capture_sink_put_pieces(sink, packet->pieces, packet->piece_count);
    put_padding(sink, captured);
    put_packet_options(sink, packet);
    put32(sink, size);
    return !sink->failed;
}
