#ifndef SEPTET_CAPTURE_PCAPNG_WRITE_H
#define SEPTET_CAPTURE_PCAPNG_WRITE_H

#include "capture/sink.h"
#include "capture/text.h"

/* pcapng, little-endian on every machine, so that the same packets always give the same bytes.
 * The functions return false when the sink has failed; a block goes into a buffer as a whole or not at all.
 * Texts longer than an option holds (65535 bytes) are cut. */

struct pcapng_section {
    struct capture_text hardware, operating_system, application, comment;
};
/* Null names the application "septet" and nothing else. */
bool pcapng_write_section(struct capture_sink *sink, const struct pcapng_section *section);

struct pcapng_interface {
    uint16_t link_type;
    uint32_t snap_length; /* 0: no limit */
    struct capture_text name, description;
};
/* Interfaces are numbered from 0 in the order in which they are written; time stamps are nanoseconds. */
bool pcapng_write_interface(struct capture_sink *sink, const struct pcapng_interface *interface);

enum pcapng_direction { pcapng_direction_unknown, pcapng_inbound, pcapng_outbound };

struct pcapng_packet {
    uint64_t time; /* nanoseconds since 1970, or since whatever the lab's clock began with */
    const struct capture_piece *pieces;
    const struct capture_text *comments;
    uint64_t drop_count; /* packets lost between the one before on this interface and this one */
    bool has_drop_count;
    enum pcapng_direction direction; /* unknown writes no option */
    uint32_t interface;
    uint32_t piece_count, comment_count;
    uint32_t original_length; /* on the wire; 0: as captured */
};
bool pcapng_write_packet(struct capture_sink *sink, const struct pcapng_packet *packet);
/* The bytes that pcapng_write_packet writes; 0 when the packet cannot be a block (4 GiB and more). */
uint32_t pcapng_packet_size(const struct pcapng_packet *packet);

#endif
