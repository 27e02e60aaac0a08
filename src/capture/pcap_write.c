#include "capture/pcap_write.h"

#include "capture/little.h"

#define MAGIC_NANOSECONDS 0xa1b23c4du
#define SNAP_LENGTH_ALL 262144
#define SECOND 1000000000u

bool pcap_write_header(struct capture_sink *sink, uint16_t link_type, uint32_t snap_length)
{
    uint8_t header[PCAP_FILE_HEADER] = {0};
    if (!capture_sink_reserve(sink, sizeof header))
        return false;
    store32_little(header, MAGIC_NANOSECONDS);
    store16_little(header + 4, 2);
    store16_little(header + 6, 4);
    store32_little(header + 16, snap_length != 0 ? snap_length : SNAP_LENGTH_ALL);
    store32_little(header + 20, link_type);
    capture_sink_put(sink, header, sizeof header);
    return !sink->failed;
}

bool pcap_write_packet(struct capture_sink *sink, uint64_t time, const struct capture_piece *pieces, uint32_t count,
                       uint32_t original_length)
{
    uint8_t header[PCAP_RECORD_HEADER];
    uint32_t captured = capture_pieces_length(pieces, count);
    if (!capture_sink_reserve(sink, (size_t)captured + sizeof header))
        return false;
    store32_little(header, (uint32_t)(time / SECOND));
    store32_little(header + 4, (uint32_t)(time % SECOND));
    store32_little(header + 8, captured);
    store32_little(header + 12, original_length != 0 ? original_length : captured);
    capture_sink_put(sink, header, sizeof header);
    capture_sink_put_pieces(sink, pieces, count);
    return !sink->failed;
}
