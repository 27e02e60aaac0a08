#ifndef SEPTET_CAPTURE_READ_H
#define SEPTET_CAPTURE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/text.h"

/* A pull parser for pcap (micro- and nanoseconds, both byte orders) and pcapng. It looks at a window of the file that
 * the caller owns, and never copies packets:
 *
 *     capture_reader_init(&reader, interfaces, 64, 0);
 *     for (;;) {
 *         switch (capture_reader_next(&reader, &packet)) {
 *         case capture_read_packet: use(&packet); break;
 *         case capture_read_more:   drop the first reader.used bytes of the window, append at least
 *                                   reader.wanted - (what is left) bytes of the file, and call
 *                                   capture_reader_feed(&reader, window, length, end_of_file); break;
 *         case capture_read_end:    return;
 *         case capture_read_error:  print(reader.error, reader.error_offset, reader.error_value); return;
 *         }
 *     }
 *
 * A file that is mapped into memory is one window. */

#define CAPTURE_BLOCK_LIMIT (64u << 20)
#define CAPTURE_NAME 64

enum capture_result { capture_read_packet, capture_read_more, capture_read_end, capture_read_error };

enum capture_format { capture_format_unknown, capture_format_pcap, capture_format_pcapng };

/* How ticks of a time stamp become nanoseconds. */
struct capture_clock {
    uint64_t multiplier; /* nanoseconds in a tick; 0 when a tick is less than one or a power of two */
    uint64_t limit;      /* ticks beyond this do not fit */
    uint64_t divisor;    /* ticks in a nanosecond; 0 when ticks are powers of two, or too short to count */
    uint8_t shift;       /* a tick is 2^-shift seconds */
    bool binary;
    int64_t offset; /* nanoseconds to add */
};

struct capture_interface {
    uint32_t link_type;
    uint32_t snap_length; /* 0: no limit, or not known */
    uint8_t fcs_length;   /* bytes of checksum behind each frame */
    bool has_received, has_dropped;
    uint64_t received, dropped; /* of the last statistics block */
    char name[CAPTURE_NAME];    /* as in the file, cut, with a NUL; may hold anything */
    struct capture_clock clock;
};

struct capture_packet {
    int64_t time;                /* nanoseconds since 1970; saturates */
    uint64_t offset;             /* in the file, of the packet's record or block */
    uint64_t drop_count;         /* lost before this packet, as the file says */
    const uint8_t *bytes;        /* in the window: valid until the next capture_reader_feed */
    struct capture_text comment; /* the first; see capture_packet_comment */
    const uint8_t *options;      /* pcapng options, for capture_packet_comment */
    uint32_t options_length;
    uint32_t captured_length, original_length;
    uint32_t section;   /* of the file, from 0 */
    uint32_t interface; /* in its section; index into the interfaces given to capture_reader_init */
    uint32_t link_type;
    bool has_time; /* simple packet blocks have none */
    bool has_drop_count;
    bool inbound, outbound;
};

/* Fields up to `used` may be read; those below are the reader's own. */
struct capture_reader {
    enum capture_format format;
    const char *error;     /* why reading ended, or null */
    uint64_t error_offset; /* in the file, of the record that could not be read */
    uint64_t error_value;  /* the number that was wrong, where the reason names one */
    bool cut_short;        /* the error is that the file ends too early: what was read before is whole */
    bool nanoseconds;      /* pcap with nanosecond stamps */
    struct capture_interface *interfaces;
    uint32_t interface_count;
    size_t wanted; /* bytes from window + used that the next step needs */
    size_t used;   /* bytes of the window that are done with */

    const uint8_t *window;
    size_t length;
    uint64_t window_offset;
    bool last, big_endian, old_pcap_lengths;
    uint32_t interface_capacity, section_count, block_limit;
};

/* interfaces: room for the interfaces of one section (at least 1), owned by the caller as long as the reader lives.
 * block_limit: longest packet record or block in bytes that is read; 0 for CAPTURE_BLOCK_LIMIT. */
void capture_reader_init(struct capture_reader *reader, struct capture_interface *interfaces, uint32_t capacity,
                         uint32_t block_limit);

/* Sets the window: bytes[0] is the byte of the file that stood at window + used before (at first: byte 0).
 * last: the window reaches to the end of the file. */
void capture_reader_feed(struct capture_reader *reader, const uint8_t *bytes, size_t length, bool last);

/* The next packet. Ends and errors are final: further calls give the same result. */
enum capture_result capture_reader_next(struct capture_reader *reader, struct capture_packet *packet);

/* Comment number `index` of a packet that the reader gave last; false when there are not so many. */
bool capture_packet_comment(const struct capture_reader *reader, const struct capture_packet *packet, uint32_t index,
                            struct capture_text *comment);

#endif
