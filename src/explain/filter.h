#ifndef SEPTET_EXPLAIN_FILTER_H
#define SEPTET_EXPLAIN_FILTER_H

#include "capture/text.h"
#include "wire/dissect.h"

/* Display filters: the language of Wireshark 4 over the fields of filter_field.def. Compiled once; evaluation
 * allocates nothing and is bounded. docs/explain.md tells the language. */
struct filter;

/* What Wireshark would mark on a segment. */
enum filter_analysis {
#define ANALYSIS(name, analysis) filter_analysis_##analysis,
#define LAYER_FIELD(name, layer)
#define BITS(name, type, layer, offset, size, shift, mask)
#define SCALED(name, layer, offset, size, shift, mask, unit)
#define BLOCK(name, type, layer, offset, size)
#define OPTION(name, type, kind, offset, size)
#define READ(name, type, function, parameter)
#include "explain/filter_field.def"
#undef ANALYSIS
#undef LAYER_FIELD
#undef BITS
#undef SCALED
#undef BLOCK
#undef OPTION
#undef READ
};

#define FILTER_TIME_UNKNOWN INT64_MIN

/* What analysis knows of a TCP segment. Numbers that are not known are 0, times FILTER_TIME_UNKNOWN, texts null. */
struct filter_segment {
    uint32_t stream;
    bool has_seq, has_ack; /* numbers relative to the first ones are known */
    uint32_t seq, ack, next_seq;
    bool has_window; /* the window in bytes is known */
    uint64_t window;
    int32_t window_scale;     /* factor; -1 unknown, -2 no scaling in use */
    uint8_t completeness;     /* Wireshark's sum; 0 not known */
    uint8_t handshake, close; /* bits 1 << step: 1 … 3 and 1 … 4; several may fall on one segment */
    uint32_t analysis;        /* bits 1 << enum filter_analysis */
    uint64_t acks_frame, duplicate_ack_frame;
    uint32_t duplicate_ack_number;
    uint32_t bytes_in_flight;
    int64_t ack_rtt, initial_rtt;      /* nanoseconds */
    int64_t time_relative, time_delta; /* within the stream */
    const char *state_client, *state_server, *verdict;
    const char *const *findings; /* names of findings that this segment shows */
    uint32_t finding_count;
};

/* A frame to be judged. */
struct filter_frame {
    uint64_t number;
    int64_t time;           /* nanoseconds since 1970 */
    int64_t first_time;     /* of the first frame */
    int64_t previous_time;  /* of the frame before; FILTER_TIME_UNKNOWN for the first */
    int64_t displayed_time; /* of the last frame before that passed the filter; FILTER_TIME_UNKNOWN */
    uint32_t interface;
    const char *interface_name; /* or null */
    uint32_t captured, original;
    const uint8_t *bytes;
    uint64_t drops;
    struct capture_text comment;
    bool inbound, outbound;
    const struct dissection *dissection;
    const struct filter_segment *segment; /* null: not analysed; its fields are absent then */
};

struct filter_error {
    uint32_t column; /* from 1, where the mistake is */
    uint32_t length; /* of what is wrong, in characters; at least 1 */
    char message[200];
    char suggestion[100]; /* or empty */
};

/* NULL with *error filled when the text is no filter. An empty text passes everything. */
struct filter *filter_compile(const char *text, struct filter_error *error);
void filter_destroy(struct filter *filter);
bool filter_passes(struct filter *filter, const struct filter_frame *frame);

/* True when the filter asks for something that only analysis knows (struct filter_segment). */
bool filter_needs_segment(const struct filter *filter);

/* The mistake as three or four lines: what is wrong, the filter, a caret below the place, a suggestion. */
void filter_error_format(const struct filter_error *error, const char *text, char *to, size_t size);

#endif
