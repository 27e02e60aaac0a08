#include "base/bytes.h"
#include "explain/filter_value.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"

#include <string.h>

#define ETHERTYPE_LEAST 0x0600
#define GRE_CHECKSUM 0x8000
#define GRE_KEY 0x2000

/* ---- the frame ---- */

static void add_time(struct filter_values *values, int64_t later, int64_t earlier)
{
    if (earlier != FILTER_TIME_UNKNOWN)
        filter_add_number(values, filter_time, (uint64_t)later - (uint64_t)earlier);
}

/* "eth:ethertype:ip:tcp": Wireshark counts the EtherType as a protocol of its own. */
static void add_protocols(const struct dissection *dissection, struct filter_values *values)
{
    char text[FILTER_SCRATCH / 2];
    size_t length = 0;
    for (uint32_t i = 0; i < dissection->headers; i++) {
        enum dissect_layer layer = dissection->header[i].layer;
        const char *names[] = {dissect_layer_filter_name(layer),
                               layer == layer_eth || layer == layer_vlan ? "ethertype" : NULL};
        for (uint32_t part = 0; part < 2 && names[part] != NULL && layer != layer_none; part++) {
            size_t name = strlen(names[part]);
            if (length + name + 1 > sizeof text)
                break;
            if (length > 0)
                text[length++] = ':';
            memcpy(text + length, names[part], name);
            length += name;
        }
    }
    uint8_t *copy = filter_scratch(values, (uint32_t)length);
    if (copy == NULL)
        return;
    memcpy(copy, text, length);
    filter_add_bytes(values, filter_text, copy, (uint32_t)length);
}

FILTER_READER(filter_read_frame)
{
    const struct filter_frame *frame = subject->frame;
    switch (field->parameter) {
    case frame_number:
        filter_add_number(values, filter_number, frame->number);
        break;
    case frame_time:
        filter_add_number(values, field->type, (uint64_t)frame->time);
        break;
    case frame_time_relative:
        add_time(values, frame->time, frame->first_time);
        break;
    case frame_time_delta:
        add_time(values, frame->time, frame->previous_time == FILTER_TIME_UNKNOWN ? frame->time : frame->previous_time);
        break;
    case frame_time_delta_displayed:
        add_time(values, frame->time,
                 frame->displayed_time == FILTER_TIME_UNKNOWN ? frame->time : frame->displayed_time);
        break;
    case frame_len:
        filter_add_number(values, filter_number, frame->original);
        break;
    case frame_cap_len:
        filter_add_number(values, filter_number, frame->captured);
        break;
    case frame_protocols:
        add_protocols(frame->dissection, values);
        break;
    case frame_interface_id:
        filter_add_number(values, filter_number, frame->interface);
        break;
    case frame_interface_name:
        filter_add_text(values, frame->interface_name);
        break;
    case frame_direction:
        if (frame->inbound || frame->outbound)
            filter_add_number(values, filter_number, frame->inbound ? 1 : 2);
        break;
    case frame_drop_count:
        if (frame->drops > 0)
            filter_add_number(values, filter_number, frame->drops);
        break;
    case frame_comment:
        if (frame->comment.text != NULL)
            filter_add_bytes(values, filter_text, (const uint8_t *)frame->comment.text, frame->comment.length);
        break;
    default:
        break;
    }
}

/* ---- the headers ---- */

/* Wireshark calls it a type or a length, by its value. */
FILTER_READER(filter_read_ethernet_type)
{
    for (uint32_t i = 0; i < subject->header_count; i++) {
        const struct dissect_header *header = &subject->headers[i];
        if (header->layer != layer_eth || header->offset + ETHERNET_HEADER > subject->frame->captured)
            continue;
        uint16_t number = load16(subject->frame->bytes + header->offset + 12);
        if ((number < ETHERTYPE_LEAST) == (field->parameter == 1))
            filter_add_number(values, filter_number, number);
    }
}

FILTER_READER(filter_read_gre_key)
{
    (void)field;
    for (uint32_t i = 0; i < subject->header_count; i++) {
        const struct dissect_header *header = &subject->headers[i];
        if (header->layer != layer_gre || header->offset + header->length > subject->frame->captured)
            continue;
        const uint8_t *at = subject->frame->bytes + header->offset;
        uint32_t key_at = load16(at) & GRE_CHECKSUM ? 8 : 4;
        if (load16(at) & GRE_KEY && key_at + 4 <= header->length)
            filter_add_number(values, filter_number, load32(at + key_at));
    }
}

/* What the second word of a message holds depends on its type. */
static bool word_fits(uint8_t type, uint8_t code, uint32_t parameter)
{
    switch (parameter) {
    case icmp_ident:
    case icmp_seq:
        return type == ICMPV4_ECHO_REPLY || type == ICMPV4_ECHO_REQUEST ||
               (type >= ICMPV4_TIMESTAMP_REQUEST && type <= ICMPV4_MASK_REPLY);
    case icmp_mtu:
        return type == ICMPV4_UNREACHABLE && code == ICMPV4_FRAGMENTATION_NEEDED;
    case icmpv6_ident:
    case icmpv6_seq:
        return type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY;
    default:
        return type == ICMPV6_PACKET_TOO_BIG;
    }
}

FILTER_READER(filter_read_icmp_word)
{
    const struct dissection *dissection = subject->frame->dissection;
    bool six = field->parameter >= icmpv6_ident;
    if (!dissection->is_icmp || (dissection->ip.version == 6) != six ||
        !word_fits(dissection->icmp_type, dissection->icmp_code, field->parameter))
        return;
    const uint8_t *word = subject->frame->bytes + dissection->transport + 4;
    uint32_t number = load32(word);
    if (field->parameter == icmp_ident || field->parameter == icmpv6_ident)
        number >>= 16;
    else if (field->parameter != icmpv6_mtu)
        number &= 0xffff;
    filter_add_number(values, filter_number, number);
}

FILTER_READER(filter_read_payload)
{
    const struct dissection *dissection = subject->frame->dissection;
    bool wanted = field->parameter == payload_tcp   ? dissection->is_tcp
                  : field->parameter == payload_udp ? dissection->is_udp
                                                    : dissection->is_tcp || dissection->is_udp;
    if (wanted && dissection->payload_captured > 0)
        filter_add_bytes(values, field->type, subject->frame->bytes + dissection->payload,
                         dissection->payload_captured);
}

FILTER_READER(filter_read_data_length)
{
    const struct dissection *dissection = subject->frame->dissection;
    if ((dissection->is_tcp || dissection->is_udp) && dissection->payload_length > 0)
        filter_add_number(values, field->type, dissection->payload_length);
}

/* ---- TCP ---- */

FILTER_READER(filter_read_tcp_length)
{
    if (subject->frame->dissection->is_tcp)
        filter_add_number(values, field->type, subject->frame->dissection->payload_length);
}

/* "·······AP···": a dot of two bytes for each flag that is not set. */
FILTER_READER(filter_read_flags_text)
{
    static const char letters[12] = {'R', 'R', 'R', 'A', 'C', 'E', 'U', 'A', 'P', 'R', 'S', 'F'};
    const struct dissection *dissection = subject->frame->dissection;
    uint8_t *text = dissection->is_tcp ? filter_scratch(values, 2 * 12) : NULL;
    uint32_t length = 0;
    if (text == NULL)
        return;
    for (uint32_t i = 0; i < 12; i++) {
        if (dissection->tcp.flags & 0x800u >> i) {
            text[length++] = (uint8_t)letters[i];
        } else {
            text[length++] = 0xc2;
            text[length++] = 0xb7;
        }
    }
    filter_add_bytes(values, field->type, text, length);
}

static struct tcp_option_cursor options_of(const struct filter_subject *subject)
{
    const struct dissection *dissection = subject->frame->dissection;
    if (!dissection->is_tcp)
        return (struct tcp_option_cursor){.left = 0};
    return (struct tcp_option_cursor){.at = subject->frame->bytes + dissection->transport + TCP_HEADER,
                                      .left = dissection->options_captured};
}

FILTER_READER(filter_read_options)
{
    struct tcp_option_cursor cursor = options_of(subject);
    if (cursor.left > 0)
        filter_add_bytes(values, field->type, cursor.at, cursor.left);
}

FILTER_READER(filter_read_option_bytes)
{
    struct tcp_option_cursor cursor = options_of(subject);
    struct tcp_option option;
    while (tcp_option_next(&cursor, &option))
        if (field->parameter == 0 || option.length > 1)
            filter_add_number(values, field->type, field->parameter == 0 ? option.kind : option.length);
}

FILTER_READER(filter_read_option)
{
    struct tcp_option_cursor cursor = options_of(subject);
    struct tcp_option option;
    while (tcp_option_next(&cursor, &option)) {
        if (option.kind != field->parameter || field->offset + field->size > option.length)
            continue;
        const uint8_t *at = option.bytes + field->offset;
        filter_add_number(values, field->type,
                          field->size == 0   ? 1
                          : field->size == 1 ? at[0]
                          : field->size == 2 ? load16(at)
                                             : load32(at));
    }
}

FILTER_READER(filter_read_multiplier)
{
    struct tcp_option_cursor cursor = options_of(subject);
    struct tcp_option option;
    while (tcp_option_next(&cursor, &option))
        if (option.kind == TCP_OPTION_WINDOW_SCALE && option.length == 3)
            filter_add_number(values, field->type, UINT64_C(1) << (option.bytes[2] < 14 ? option.bytes[2] : 14));
}

FILTER_READER(filter_read_sack)
{
    struct tcp_option_cursor cursor = options_of(subject);
    struct tcp_option option;
    while (tcp_option_next(&cursor, &option)) {
        if (option.kind != TCP_OPTION_SACK)
            continue;
        if (field->parameter == sack_number)
            filter_add_number(values, field->type, (option.length - 2u) / 8);
        for (uint32_t at = 2; at + 8 <= option.length && field->parameter != sack_number; at += 8)
            filter_add_number(values, field->type, load32(option.bytes + at + (field->parameter == sack_left ? 0 : 4)));
    }
}

/* ---- what analysis knows ---- */

static void add_if(struct filter_values *values, bool known, uint8_t type, uint64_t number)
{
    if (known)
        filter_add_number(values, type, number);
}

static void add_known_time(struct filter_values *values, int64_t time)
{
    add_if(values, time != FILTER_TIME_UNKNOWN, filter_time, (uint64_t)time);
}

/* FIN-WAIT-1, as the RFC writes it, and FIN_WAIT_1, as most programs do. */
static void add_state(struct filter_values *values, const char *name)
{
    size_t length = name != NULL ? strlen(name) : 0;
    uint8_t *other = name != NULL ? filter_scratch(values, (uint32_t)length) : NULL;
    filter_add_text(values, name);
    if (other == NULL)
        return;
    for (size_t i = 0; i < length; i++)
        other[i] = name[i] == '-' ? '_' : (uint8_t)name[i];
    filter_add_bytes(values, filter_text, other, (uint32_t)length);
}

static void add_steps(struct filter_values *values, uint8_t steps)
{
    for (uint32_t step = 1; step < 8; step++)
        add_if(values, (steps >> step & 1) != 0, filter_number, step);
}

FILTER_READER(filter_read_segment)
{
    const struct filter_segment *segment = subject->frame->segment;
    if (segment == NULL)
        return;
    switch (field->parameter) {
    case segment_stream:
        filter_add_number(values, filter_number, segment->stream);
        break;
    case segment_seq:
        add_if(values, segment->has_seq, filter_number, segment->seq);
        break;
    case segment_next_seq:
        add_if(values, segment->has_seq, filter_number, segment->next_seq);
        break;
    case segment_ack:
        add_if(values, segment->has_ack, filter_number, segment->ack);
        break;
    case segment_window:
        add_if(values, segment->has_window, filter_number, segment->window);
        break;
    case segment_window_scale:
        filter_add_number(values, filter_signed, (uint64_t)(int64_t)segment->window_scale);
        break;
    case segment_completeness:
        add_if(values, segment->completeness != 0, filter_number, segment->completeness);
        break;
    case segment_time_relative:
        add_known_time(values, segment->time_relative);
        break;
    case segment_time_delta:
        add_known_time(values, segment->time_delta);
        break;
    case segment_analysis_any:
        add_if(values, segment->analysis != 0 || segment->acks_frame != 0 || segment->bytes_in_flight != 0, filter_none,
               1);
        break;
    case segment_analysis_flags:
        add_if(values, segment->analysis != 0, filter_none, 1);
        break;
    case segment_acks_frame:
        add_if(values, segment->acks_frame != 0, filter_number, segment->acks_frame);
        break;
    case segment_ack_rtt:
        add_known_time(values, segment->ack_rtt);
        break;
    case segment_initial_rtt:
        add_known_time(values, segment->initial_rtt);
        break;
    case segment_bytes_in_flight:
        add_if(values, segment->bytes_in_flight != 0, filter_number, segment->bytes_in_flight);
        break;
    case segment_duplicate_ack_number:
        add_if(values, segment->duplicate_ack_number != 0, filter_number, segment->duplicate_ack_number);
        break;
    case segment_duplicate_ack_frame:
        add_if(values, segment->duplicate_ack_frame != 0, filter_number, segment->duplicate_ack_frame);
        break;
    case segment_handshake:
        add_steps(values, segment->handshake);
        break;
    case segment_close:
        add_steps(values, segment->close);
        break;
    case segment_state_client:
        add_state(values, segment->state_client);
        break;
    case segment_state_server:
        add_state(values, segment->state_server);
        break;
    case segment_verdict:
        filter_add_text(values, segment->verdict);
        break;
    default:
        break;
    }
}

FILTER_READER(filter_read_analysis)
{
    const struct filter_segment *segment = subject->frame->segment;
    add_if(values, segment != NULL && (segment->analysis >> field->parameter & 1) != 0, filter_none, 1);
}

FILTER_READER(filter_read_finding)
{
    const struct filter_segment *segment = subject->frame->segment;
    (void)field;
    for (uint32_t i = 0; segment != NULL && i < segment->finding_count; i++)
        filter_add_text(values, segment->findings[i]);
}
