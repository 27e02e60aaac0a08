#ifndef SEPTET_CAPTURE_PCAP_WRITE_H
#define SEPTET_CAPTURE_PCAP_WRITE_H

#include "capture/sink.h"

/* Classic pcap with nanosecond time stamps, little-endian on every machine.
 * The functions return false when the sink has failed; a record goes into a buffer as a whole or not at all. */

#define PCAP_FILE_HEADER 24
#define PCAP_RECORD_HEADER 16

/* snap_length 0 writes 262144, which readers take for "everything". */
bool pcap_write_header(struct capture_sink *sink, uint16_t link_type, uint32_t snap_length);
/* time: nanoseconds since 1970. original_length 0 means "as captured". */
bool pcap_write_packet(struct capture_sink *sink, uint64_t time, const struct capture_piece *pieces, uint32_t count,
                       uint32_t original_length);

#endif
