#ifndef SEPTET_EXPLAIN_FILTER_VALUE_H
#define SEPTET_EXPLAIN_FILTER_VALUE_H

#include "explain/filter.h"

/* The values of display filters and the fields that have them; for src/explain/filter* and for reports that name the
 * fields of headers. */

#define FILTER_VALUES 64
#define FILTER_SCRATCH 512
#define FILTER_NO_PREFIX 255

enum filter_type {
    filter_none,     /* is there or not */
    filter_protocol, /* so is this, and has bytes */
    filter_number,
    filter_boolean,
    filter_signed,
    filter_time, /* nanoseconds */
    filter_date, /* nanoseconds since 1970 */
    filter_ipv4,
    filter_ipv6,
    filter_mac,
    filter_bytes,
    filter_text
};

struct filter_value {
    uint8_t type;    /* enum filter_type */
    uint8_t prefix;  /* bits of an address that count, or FILTER_NO_PREFIX */
    uint32_t length; /* of the bytes */
    union {
        uint64_t number;
        int64_t signed_number; /* signed, time and date */
        const uint8_t *bytes;  /* protocol, addresses, bytes and text */
    };
};

/* What a field has in one frame. Values beyond the room are left out. */
struct filter_values {
    uint32_t count, used;
    struct filter_value value[FILTER_VALUES];
    uint8_t scratch[FILTER_SCRATCH]; /* for bytes that are in no frame */
};

/* A frame with its headers, those that an ICMP error quotes included. */
struct filter_subject {
    const struct filter_frame *frame;
    const struct dissect_header *headers;
    uint32_t header_count;
};

struct filter_field {
    const char *name;
    void (*read)(const struct filter_subject *subject, const struct filter_field *field, struct filter_values *values);
    uint32_t mask, parameter;
    uint16_t offset;
    uint8_t type;
    uint8_t layer; /* enum dissect_layer, for those that are read from headers */
    uint8_t size;  /* bytes of it */
    uint8_t shift, unit;
};

static inline bool filter_is_numeric(uint8_t type) { return type >= filter_number && type <= filter_date; }
static inline bool filter_is_signed(uint8_t type) { return type >= filter_signed && type <= filter_date; }
static inline bool filter_has_bytes(uint8_t type) { return type == filter_protocol || type >= filter_ipv4; }

void filter_add_number(struct filter_values *values, uint8_t type, uint64_t number);
void filter_add_bytes(struct filter_values *values, uint8_t type, const uint8_t *bytes, uint32_t length);
void filter_add_text(struct filter_values *values, const char *text);
/* Room for bytes that are made; null when there is none left. */
uint8_t *filter_scratch(struct filter_values *values, uint32_t length);

/* Index of the first field of a name, or -1; the fields that share the name follow it. */
int filter_field_find(const char *name, size_t length);
const struct filter_field *filter_field_at(uint32_t index); /* null behind the last one */
/* The name that is most like a wrong one; null when none is. */
const char *filter_field_like(const char *name, size_t length);
/* True for fields that read struct filter_segment. */
bool filter_field_needs_segment(const struct filter_field *field);
/* Appends what the field of this index, and those that share its name, have. */
void filter_field_read(uint32_t index, const struct filter_subject *subject, struct filter_values *values);

/* ---- filter_read.c, filter_http.c ---- */
#define FILTER_READER(name) \
    void name(const struct filter_subject *subject, const struct filter_field *field, struct filter_values *values)
FILTER_READER(filter_read_frame);
FILTER_READER(filter_read_ethernet_type);
FILTER_READER(filter_read_gre_key);
FILTER_READER(filter_read_icmp_word);
FILTER_READER(filter_read_payload);
FILTER_READER(filter_read_data_length);
FILTER_READER(filter_read_tcp_length);
FILTER_READER(filter_read_flags_text);
FILTER_READER(filter_read_options);
FILTER_READER(filter_read_option_bytes);
FILTER_READER(filter_read_option);
FILTER_READER(filter_read_multiplier);
FILTER_READER(filter_read_sack);
FILTER_READER(filter_read_segment);
FILTER_READER(filter_read_analysis);
FILTER_READER(filter_read_finding);
FILTER_READER(filter_read_http);
FILTER_READER(filter_read_http_header);

enum filter_parameter {
    frame_number,
    frame_time,
    frame_time_relative,
    frame_time_delta,
    frame_time_delta_displayed,
    frame_len,
    frame_cap_len,
    frame_protocols,
    frame_interface_id,
    frame_interface_name,
    frame_direction,
    frame_drop_count,
    frame_comment,
    icmp_ident,
    icmp_seq,
    icmp_mtu,
    icmpv6_ident,
    icmpv6_seq,
    icmpv6_mtu,
    payload_tcp,
    payload_udp,
    payload_any,
    sack_number,
    sack_left,
    sack_right,
    segment_stream,
    segment_seq,
    segment_next_seq,
    segment_ack,
    segment_window,
    segment_window_scale,
    segment_completeness,
    segment_time_relative,
    segment_time_delta,
    segment_analysis_any,
    segment_analysis_flags,
    segment_acks_frame,
    segment_ack_rtt,
    segment_initial_rtt,
    segment_bytes_in_flight,
    segment_duplicate_ack_number,
    segment_duplicate_ack_frame,
    segment_handshake,
    segment_close,
    segment_state_client,
    segment_state_server,
    segment_verdict,
    http_message,
    http_is_request,
    http_is_response,
    http_method,
    http_uri,
    http_request_version,
    http_response_version,
    http_code,
    http_phrase,
    header_host,
    header_user_agent,
    header_server,
    header_content_type,
    header_connection,
    header_location,
    header_referer
};

#endif
