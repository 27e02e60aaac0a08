#include "base/arithmetic.h"
#include "base/memory.h"
#include "capture/clock.h"
#include "capture/pcapng.h"
#include "capture/read_internal.h"

#define OPTION_HEADER 4
#define RESOLUTION_MICROSECONDS 6
/* epb_flags: the two lowest bits. */
#define FLAGS_DIRECTION 3
#define FLAGS_INBOUND 1
#define FLAGS_OUTBOUND 2

/* A block that lies in the window as a whole. */
struct block {
    const uint8_t *bytes;
    uint32_t type, size;
};

struct option_walk {
    const uint8_t *at;
    uint32_t left;
    bool malformed;
};
struct option {
    uint16_t code, length;
    const uint8_t *value;
};

static bool next_option(const struct capture_reader *reader, struct option_walk *walk, struct option *option)
{
    if (walk->left < OPTION_HEADER)
        return false;
    option->code = file_load16(reader, walk->at);
    option->length = file_load16(reader, walk->at + 2);
    option->value = walk->at + OPTION_HEADER;
    if (option->code == PCAPNG_OPTION_END)
        return false;
    uint32_t padded = OPTION_HEADER + ((option->length + 3u) & ~3u);
    if (padded > walk->left) {
        walk->malformed = true;
        return false;
    }
    walk->at += padded;
    walk->left -= padded;
    return true;
}

/* The options of a block whose fixed part, both lengths included, has `least` bytes. */
static struct option_walk block_options(const struct block *block, uint32_t least)
{
    return (struct option_walk){.at = block->bytes + least - 4, .left = block->size - least};
}

static enum capture_result read_section(struct capture_reader *reader, const struct block *block)
{
    uint16_t major = file_load16(reader, block->bytes + 12);
    if (major != 1)
        return capture_fail(reader, "pcapng section of an unknown version", major);
    reader->interface_count = 0;
    reader->section_count++;
    return capture_read_packet;
}

static void read_name(const struct option *option, char name[CAPTURE_NAME])
{
    uint32_t length = min_u32(option->length, CAPTURE_NAME - 1);
    memcpy(name, option->value, length);
    name[length] = 0;
}

static enum capture_result read_interface(struct capture_reader *reader, const struct block *block)
{
    if (reader->interface_count == reader->interface_capacity)
        return capture_fail(reader, "more interfaces in a section than there is room for",
                            (uint64_t)reader->interface_capacity + 1);
    struct capture_interface *interface = &reader->interfaces[reader->interface_count];
    *interface = (struct capture_interface){
        .link_type = file_load16(reader, block->bytes + 8),
        .snap_length = file_load32(reader, block->bytes + 12),
    };
    uint8_t resolution = RESOLUTION_MICROSECONDS;
    int64_t offset = 0;
    struct option_walk walk = block_options(block, PCAPNG_INTERFACE_LEAST);
    struct option option;
    while (next_option(reader, &walk, &option)) {
        if (option.code == PCAPNG_IF_TSRESOL && option.length >= 1)
            resolution = option.value[0];
        else if (option.code == PCAPNG_IF_TSOFFSET && option.length == 8)
            offset = (int64_t)file_load64(reader, option.value);
        else if (option.code == PCAPNG_IF_FCSLEN && option.length >= 1)
            interface->fcs_length = option.value[0];
        else if (option.code == PCAPNG_IF_NAME)
            read_name(&option, interface->name);
    }
    /* Time stamps may depend on what could not be read. */
    if (walk.malformed)
        return capture_fail(reader, "an option of an interface runs beyond its block", 0);
    interface->clock = capture_clock_of(resolution, offset);
    reader->interface_count++;
    return capture_read_packet;
}

static void read_statistics(struct capture_reader *reader, const struct block *block)
{
    uint32_t index = file_load32(reader, block->bytes + 8);
    if (index >= reader->interface_count)
        return;
    struct capture_interface *interface = &reader->interfaces[index];
    struct option_walk walk = block_options(block, PCAPNG_STATISTICS_LEAST);
    struct option option;
    while (next_option(reader, &walk, &option)) {
        if (option.code == PCAPNG_ISB_RECEIVED && option.length == 8) {
            interface->received = file_load64(reader, option.value);
            interface->has_received = true;
        } else if (option.code == PCAPNG_ISB_DROPPED && option.length == 8) {
            interface->dropped = file_load64(reader, option.value);
            interface->has_dropped = true;
        }
    }
}

static void read_packet_options(const struct capture_reader *reader, struct capture_packet *packet)
{
    struct option_walk walk = {.at = packet->options, .left = packet->options_length};
    struct option option;
    while (next_option(reader, &walk, &option)) {
        if (option.code == PCAPNG_OPTION_COMMENT && !packet->comment.text) {
            packet->comment = (struct capture_text){(const char *)option.value, option.length};
        } else if (option.code == PCAPNG_EPB_FLAGS && option.length == 4) {
            uint32_t direction = file_load32(reader, option.value) & FLAGS_DIRECTION;
            packet->inbound = direction == FLAGS_INBOUND;
            packet->outbound = direction == FLAGS_OUTBOUND;
        } else if (option.code == PCAPNG_EPB_DROPCOUNT && option.length == 8) {
            packet->drop_count = file_load64(reader, option.value);
            packet->has_drop_count = true;
        }
    }
}

bool capture_packet_comment(const struct capture_reader *reader, const struct capture_packet *packet, uint32_t index,
                            struct capture_text *comment)
{
    struct option_walk walk = {.at = packet->options, .left = packet->options_length};
    struct option option;
    while (next_option(reader, &walk, &option)) {
        if (option.code == PCAPNG_OPTION_COMMENT && index-- == 0) {
            *comment = (struct capture_text){(const char *)option.value, option.length};
            return true;
        }
    }
    return false;
}

/* Enhanced and obsolete packet blocks differ in how they name the interface. */
static enum capture_result read_packet(struct capture_reader *reader, const struct block *block,
                                       struct capture_packet *packet)
{
    bool obsolete = block->type == PCAPNG_OBSOLETE_PACKET;
    const uint8_t *bytes = block->bytes;
    uint32_t index = obsolete ? file_load16(reader, bytes + 8) : file_load32(reader, bytes + 8);
    if (index >= reader->interface_count)
        return capture_fail(reader, "a packet of an interface that is not described; its number", index);
    uint32_t captured = file_load32(reader, bytes + 20), room = block->size - PCAPNG_PACKET_LEAST;
    if (captured > room)
        return capture_fail(reader, "a packet longer than its block; its length", captured);
    /* Blocks are multiples of four long, so the padding is inside whenever the packet is. */
    uint32_t padded = (captured + 3) & ~3u;
    const struct capture_interface *interface = &reader->interfaces[index];
    uint64_t ticks = (uint64_t)file_load32(reader, bytes + 12) << 32 | file_load32(reader, bytes + 16);
    *packet = (struct capture_packet){
        .time = capture_clock_time(&interface->clock, ticks),
        .has_time = true,
        .section = reader->section_count - 1,
        .interface = index,
        .link_type = interface->link_type,
        .captured_length = captured,
        .original_length = file_load32(reader, bytes + 24),
        .bytes = bytes + 28,
        .offset = file_offset(reader),
        .options = bytes + 28 + padded,
        .options_length = room - padded,
    };
    if (obsolete && file_load16(reader, bytes + 10) != UINT16_MAX) {
        packet->has_drop_count = true;
        packet->drop_count = file_load16(reader, bytes + 10);
    }
    if (packet->options_length > 0)
        read_packet_options(reader, packet);
    return capture_read_packet;
}

static enum capture_result read_simple_packet(struct capture_reader *reader, const struct block *block,
                                              struct capture_packet *packet)
{
    if (reader->interface_count == 0)
        return capture_fail(reader, "a packet of an interface that is not described; its number", 0);
    const struct capture_interface *interface = &reader->interfaces[0];
    uint32_t original = file_load32(reader, block->bytes + 8);
    uint32_t captured = interface->snap_length != 0 ? min_u32(original, interface->snap_length) : original;
    if (captured > block->size - PCAPNG_SIMPLE_LEAST)
        return capture_fail(reader, "a packet longer than its block; its length", captured);
    *packet = (struct capture_packet){
        .section = reader->section_count - 1,
        .link_type = interface->link_type,
        .captured_length = captured,
        .original_length = original,
        .bytes = block->bytes + 12,
        .offset = file_offset(reader),
    };
    return capture_read_packet;
}

static uint32_t least_size(uint32_t type)
{
    switch (type) {
    case PCAPNG_SECTION:
        return PCAPNG_SECTION_LEAST;
    case PCAPNG_INTERFACE:
        return PCAPNG_INTERFACE_LEAST;
    case PCAPNG_OBSOLETE_PACKET:
    case PCAPNG_ENHANCED_PACKET:
        return PCAPNG_PACKET_LEAST;
    case PCAPNG_SIMPLE_PACKET:
        return PCAPNG_SIMPLE_LEAST;
    case PCAPNG_STATISTICS:
        return PCAPNG_STATISTICS_LEAST;
    default:
        return PCAPNG_BLOCK_LEAST;
    }
}

/* A section header says itself in which order its numbers stand; its type reads the same in both. */
static bool read_byte_order(struct capture_reader *reader, const uint8_t *bytes)
{
    reader->big_endian = load32(bytes + 8) == PCAPNG_BYTE_ORDER_MAGIC;
    return reader->big_endian || load32_little(bytes + 8) == PCAPNG_BYTE_ORDER_MAGIC;
}

static enum capture_result find_block(struct capture_reader *reader, struct block *block)
{
    if (bytes_left(reader) < PCAPNG_BLOCK_LEAST)
        return capture_wait(reader, PCAPNG_BLOCK_LEAST);
    const uint8_t *bytes = reading_position(reader);
    if (load32(bytes) == PCAPNG_SECTION && !read_byte_order(reader, bytes))
        return capture_fail(reader, "a section without a byte order; instead of it", load32(bytes + 8));
    uint32_t type = file_load32(reader, bytes), size = file_load32(reader, bytes + 4);
    if (size < least_size(type) || size % 4 != 0)
        return capture_fail(reader, "a block of impossible length", size);
    if (size > reader->block_limit)
        return capture_fail(reader, "a block beyond the limit; its length", size);
    if (bytes_left(reader) < size)
        return capture_wait(reader, size);
    if (file_load32(reader, bytes + size - 4) != size)
        return capture_fail(reader, "a block whose two lengths differ; the second",
                            file_load32(reader, bytes + size - 4));
    *block = (struct block){bytes, type, size};
    return capture_read_packet;
}

enum capture_result pcapng_read_block(struct capture_reader *reader, struct capture_packet *packet, bool *found)
{
    struct block block = {.size = 0};
    enum capture_result result = find_block(reader, &block);
    if (result != capture_read_packet)
        return result;
    switch (block.type) {
    case PCAPNG_SECTION:
        result = read_section(reader, &block);
        break;
    case PCAPNG_INTERFACE:
        result = read_interface(reader, &block);
        break;
    case PCAPNG_ENHANCED_PACKET:
    case PCAPNG_OBSOLETE_PACKET:
        result = read_packet(reader, &block, packet);
        *found = result == capture_read_packet;
        break;
    case PCAPNG_SIMPLE_PACKET:
        result = read_simple_packet(reader, &block, packet);
        *found = result == capture_read_packet;
        break;
    case PCAPNG_STATISTICS:
        read_statistics(reader, &block);
        break;
    default:
        break;
    }
    if (result == capture_read_packet)
        reader->used += block.size;
    return result;
}
