#include "capture/read_internal.h"

#define FILE_HEADER 24
#define RECORD_HEADER 16

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS 0xa1b23c4du
#define SECOND 1000000000

/* The upper bits of the link type field tell of a frame check sequence. */
#define LINK_TYPE_MASK 0x03ffffffu
#define FCS_PRESENT 0x04000000u

static bool read_magic(struct capture_reader *reader, const uint8_t *bytes)
{
    uint32_t big = load32(bytes), little = load32_little(bytes);
    reader->big_endian = big == MAGIC_MICROSECONDS || big == MAGIC_NANOSECONDS;
    uint32_t magic = reader->big_endian ? big : little;
    reader->nanoseconds = magic == MAGIC_NANOSECONDS;
    return magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS;
}

/* Leaves the format unknown, with capture_read_packet, when the file is not pcap. */
enum capture_result pcap_read_header(struct capture_reader *reader)
{
    const uint8_t *bytes = reading_position(reader);
    if (!read_magic(reader, bytes))
        return capture_read_packet;
    if (bytes_left(reader) < FILE_HEADER)
        return capture_wait(reader, FILE_HEADER);
    uint16_t major = file_load16(reader, bytes + 4), minor = file_load16(reader, bytes + 6);
    if (major != 2)
        return capture_fail(reader, "pcap of an unknown version", major);
    if (reader->interface_capacity == 0)
        return capture_fail(reader, "more interfaces in a section than there is room for", 1);
    uint32_t link_type = file_load32(reader, bytes + 20);
    reader->interfaces[0] = (struct capture_interface){
        .link_type = link_type & LINK_TYPE_MASK,
        .snap_length = file_load32(reader, bytes + 16),
        .fcs_length = link_type & FCS_PRESENT ? (uint8_t)(link_type >> 28 << 1) : 0,
    };
    reader->interface_count = 1;
    reader->old_pcap_lengths = minor <= 3;
    reader->format = capture_format_pcap;
    reader->used += FILE_HEADER;
    return capture_read_packet;
}

enum capture_result pcap_read_record(struct capture_reader *reader, struct capture_packet *packet)
{
    if (bytes_left(reader) < RECORD_HEADER)
        return capture_wait(reader, RECORD_HEADER);
    const uint8_t *bytes = reading_position(reader);
    uint32_t captured = file_load32(reader, bytes + 8), original = file_load32(reader, bytes + 12);
    /* Version 2.3 and older: some writers had the two lengths the other way round. */
    if (reader->old_pcap_lengths && captured > original) {
        uint32_t swapped = captured;
        captured = original;
        original = swapped;
    }
    if (captured > reader->block_limit)
        return capture_fail(reader, "a packet record beyond the limit; its length", captured);
    if (bytes_left(reader) - RECORD_HEADER < captured)
        return capture_wait(reader, (size_t)RECORD_HEADER + captured);
    int64_t fraction = file_load32(reader, bytes + 4);
    *packet = (struct capture_packet){
        .time = (int64_t)file_load32(reader, bytes) * SECOND + (reader->nanoseconds ? fraction : fraction * 1000),
        .has_time = true,
        .link_type = reader->interfaces[0].link_type,
        .captured_length = captured,
        .original_length = original,
        .bytes = bytes + RECORD_HEADER,
        .offset = file_offset(reader),
    };
    reader->used += (size_t)RECORD_HEADER + captured;
    return capture_read_packet;
}
