#ifndef SEPTET_LINK_CAPTURE_INPUT_H
#define SEPTET_LINK_CAPTURE_INPUT_H

#include "capture/read.h"

/* The frames of one or more captures, in the order of time: pcap and pcapng files, packed with gzip or zstd or not,
 * and standard input. A file that is cut off or damaged gives what can be read of it, and says then where and why it
 * ends. */
struct capture_input;

#define CAPTURE_INPUT_ERROR 512

struct capture_input_frame {
    uint64_t number;      /* from 1 over all inputs */
    int64_t time;         /* nanoseconds since 1970; a frame without a time has that of the one before it in its file */
    uint64_t drops;       /* lost before this frame, as the file says */
    const uint8_t *bytes; /* valid until the next frame is asked for */
    struct capture_text comment; /* the first */
    uint32_t captured, original;
    uint32_t interface; /* over all inputs; see capture_input_interface */
    uint32_t link_type;
    bool has_time, inbound, outbound;
};

struct capture_input_interface {
    uint32_t file; /* see capture_input_file */
    uint32_t link_type;
    uint32_t snap_length; /* 0: no limit, or not known */
    uint64_t packets;     /* read so far */
    uint64_t cut;         /* of these, shorter than on the wire */
    bool has_received, has_dropped;
    uint64_t received, dropped; /* as a statistics block of the file says */
    char name[CAPTURE_NAME];    /* may hold anything */
};

struct capture_input_file {
    const char *name;    /* as given; "-" is standard input */
    const char *packing; /* "gzip", "zstd" or null */
    enum capture_format format;
    bool nanoseconds; /* pcap with nanosecond stamps */
    uint64_t packets;
    uint64_t backwards;    /* packets whose time is before that of the one before */
    const char *complaint; /* where and why reading ended before the end of the file; null when it did not */
};

/* Opens all files. NULL when one cannot be opened or is no capture at all, with a sentence in `error`. */
struct capture_input *capture_input_open(const char *const *paths, uint32_t count, char error[CAPTURE_INPUT_ERROR]);
void capture_input_close(struct capture_input *input);

/* The next frame; false at the end. */
bool capture_input_next(struct capture_input *input, struct capture_input_frame *frame);

uint32_t capture_input_files(const struct capture_input *input);
/* What is known so far. */
void capture_input_file(const struct capture_input *input, uint32_t index, struct capture_input_file *to);

/* Interfaces are known when their first frame has been read. */
uint32_t capture_input_interfaces(const struct capture_input *input);
const struct capture_input_interface *capture_input_interface(const struct capture_input *input, uint32_t index);

/* Bytes of the files that have been read, and that there are (0: not known), for a progress bar. */
void capture_input_progress(const struct capture_input *input, uint64_t *done, uint64_t *size);

#endif
