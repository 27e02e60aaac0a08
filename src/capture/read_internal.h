#ifndef SEPTET_CAPTURE_READ_INTERNAL_H
#define SEPTET_CAPTURE_READ_INTERNAL_H

#include "base/bytes.h"
#include "capture/little.h"
#include "capture/read.h"

/* What the readers of both formats share; for src/capture only. */

static inline uint16_t file_load16(const struct capture_reader *reader, const uint8_t *p)
{
    return reader->big_endian ? load16(p) : load16_little(p);
}

static inline uint32_t file_load32(const struct capture_reader *reader, const uint8_t *p)
{
    return reader->big_endian ? load32(p) : load32_little(p);
}

static inline uint64_t file_load64(const struct capture_reader *reader, const uint8_t *p)
{
    uint64_t first = file_load32(reader, p), second = file_load32(reader, p + 4);
    return reader->big_endian ? first << 32 | second : second << 32 | first;
}

static inline size_t bytes_left(const struct capture_reader *reader) { return reader->length - reader->used; }

static inline const uint8_t *reading_position(const struct capture_reader *reader)
{
    return reader->window + reader->used;
}

static inline uint64_t file_offset(const struct capture_reader *reader) { return reader->window_offset + reader->used; }

/* Ends the reading at the present record. */
enum capture_result capture_fail(struct capture_reader *reader, const char *reason, uint64_t value);
/* The step needs more than bytes_left(): asks for it, or tells why there is no more. */
enum capture_result capture_wait(struct capture_reader *reader, size_t needed);

/* One step each, at the start of a record; *found is set when *packet was filled, otherwise something was skipped
 * and capture_read_packet returned. */
enum capture_result pcap_read_header(struct capture_reader *reader);
enum capture_result pcap_read_record(struct capture_reader *reader, struct capture_packet *packet);
enum capture_result pcapng_read_block(struct capture_reader *reader, struct capture_packet *packet, bool *found);

#endif
