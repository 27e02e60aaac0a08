#include "capture/read.h"

#include "base/memory.h"
#include "capture/pcapng.h"
#include "capture/read_internal.h"

#define MAGIC_LENGTH 4

void capture_reader_init(struct capture_reader *reader, struct capture_interface *interfaces, uint32_t capacity,
                         uint32_t block_limit)
{
    *reader = (struct capture_reader){
        .interfaces = interfaces,
        .interface_capacity = capacity,
        .block_limit = block_limit != 0 ? block_limit : CAPTURE_BLOCK_LIMIT,
        .wanted = MAGIC_LENGTH,
    };
}

void capture_reader_feed(struct capture_reader *reader, const uint8_t *bytes, size_t length, bool last)
{
    reader->window_offset += reader->used;
    reader->used = 0;
    reader->window = bytes;
    reader->length = length;
    reader->last = last;
}

enum capture_result capture_fail(struct capture_reader *reader, const char *reason, uint64_t value)
{
    reader->error = reason;
    reader->error_offset = file_offset(reader);
    reader->error_value = value;
    return capture_read_error;
}

enum capture_result capture_wait(struct capture_reader *reader, size_t needed)
{
    reader->wanted = needed;
    if (!reader->last)
        return capture_read_more;
    if (bytes_left(reader) == 0 && reader->format != capture_format_unknown)
        return capture_read_end;
    reader->cut_short = true;
    if (file_offset(reader) == 0 && reader->length == 0)
        return capture_fail(reader, "the file is empty", 0);
    return capture_fail(reader, "the file ends within a record; bytes missing", needed - bytes_left(reader));
}

/* Why a file that begins like this is not read. */
static const char *refusal(const uint8_t *magic)
{
    static const struct {
        uint8_t magic[MAGIC_LENGTH], length;
        const char *reason;
    } known[] = {
        {{0x1f, 0x8b}, 2, "compressed with gzip: unpack it first"},
        {{0x28, 0xb5, 0x2f, 0xfd}, 4, "compressed with zstd: unpack it first"},
        {{0xfd, '7', 'z', 'X'}, 4, "compressed with xz: unpack it first"},
        {{'B', 'Z', 'h'}, 3, "compressed with bzip2: unpack it first"},
        {{0x04, 0x22, 0x4d, 0x18}, 4, "compressed with lz4: unpack it first"},
        {{'s', 'n', 'o', 'o'}, 4, "a snoop file, neither pcap nor pcapng"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (memcmp(magic, known[i].magic, known[i].length) == 0)
            return known[i].reason;
    return "neither pcap nor pcapng; first bytes";
}

static enum capture_result read_start(struct capture_reader *reader)
{
    if (bytes_left(reader) < MAGIC_LENGTH)
        return capture_wait(reader, MAGIC_LENGTH);
    const uint8_t *bytes = reading_position(reader);
    if (load32(bytes) == PCAPNG_SECTION) {
        reader->format = capture_format_pcapng;
        return capture_read_packet;
    }
    enum capture_result result = pcap_read_header(reader);
    if (result == capture_read_packet && reader->format == capture_format_unknown)
        return capture_fail(reader, refusal(bytes), load32(bytes));
    return result;
}

enum capture_result capture_reader_next(struct capture_reader *reader, struct capture_packet *packet)
{
    if (reader->error)
        return capture_read_error;
    if (reader->format == capture_format_unknown) {
        enum capture_result result = read_start(reader);
        if (result != capture_read_packet)
            return result;
    }
    if (reader->format == capture_format_pcap)
        return pcap_read_record(reader, packet);
    for (;;) {
        bool found = false;
        enum capture_result result = pcapng_read_block(reader, packet, &found);
        if (found || result != capture_read_packet)
            return result;
    }
}
