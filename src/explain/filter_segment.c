#include "explain/filter_segment.h"

#include "septet/trace.h"

#include <string.h>

#define SCALE_UNKNOWN (-1)
#define SCALE_NOT_USED (-2)

static int32_t scale_of(const struct explain_conversation *conversation, const struct explain_segment *segment)
{
    const struct explain_end *end = &conversation->end[segment->side];
    if (!end->options_known)
        return SCALE_UNKNOWN;
    return conversation->scaled ? 1 << (end->scale < 14 ? end->scale : 14) : SCALE_NOT_USED;
}

/* Step n of the handshake or the close as bit n. */
static uint8_t steps_of(uint16_t steps, uint16_t first, uint32_t count)
{
    uint8_t bits = 0;
    for (uint32_t i = 0; i < count; i++)
        if (steps & first << i)
            bits |= (uint8_t)(2u << i);
    return bits;
}

static uint32_t bit(enum filter_analysis analysis) { return UINT32_C(1) << analysis; }

static bool closes_window(const struct explain_segment *segment)
{
    return segment->window_field == 0 && (segment->flags & (TCP_SYN | TCP_FIN | TCP_RST)) == 0;
}

static uint32_t analysis_of(const struct explain_conversation *conversation, const struct explain_segment *segment)
{
    static const uint32_t labels[] = {
        [explain_label_retransmission] = 1u << filter_analysis_retransmission,
        [explain_label_fast] = 1u << filter_analysis_retransmission | 1u << filter_analysis_fast_retransmission,
        [explain_label_spurious] = 1u << filter_analysis_retransmission | 1u << filter_analysis_spurious_retransmission,
        [explain_label_out_of_order] = 1u << filter_analysis_out_of_order,
        [explain_label_keep_alive] = 1u << filter_analysis_keep_alive,
    };
    uint32_t bits = segment->label < sizeof labels / sizeof labels[0] ? labels[segment->label] : 0;
    if (segment->verdict == explain_verdict_duplicate_ack)
        bits |= bit(filter_analysis_duplicate_ack);
    if (segment->verdict == explain_verdict_window_update)
        bits |= bit(filter_analysis_window_update);
    if (segment->verdict == explain_verdict_keep_alive_ack)
        bits |= bit(filter_analysis_keep_alive_ack);
    if (segment->verdict == explain_verdict_window_probe && segment->label == explain_label_none)
        bits |= bit(filter_analysis_zero_window_probe);
    if (closes_window(segment))
        bits |= bit(filter_analysis_zero_window);
    if (segment->opens_hole > 0)
        bits |= bit(filter_analysis_lost_segment);
    if (conversation->reused && segment->frame == conversation->open_frame[0])
        bits |= bit(filter_analysis_reused_ports);
    return bits;
}

static uint32_t findings_of(const struct explain_segment *segment, const char *findings[FILTER_FINDINGS])
{
    const char *verdict = explain_verdict_name(segment->verdict);
    uint32_t count = 0;
    for (unsigned kind = 0; kind < EXPLAIN_FINDINGS && count == 0; kind++)
        if (strcmp(explain_finding_name(kind), verdict) == 0)
            findings[count++] = explain_finding_name(kind);
    if (closes_window(segment))
        findings[count++] = explain_finding_name(explain_finding_zero_window);
    if (segment->dsack)
        findings[count++] = explain_finding_name(explain_finding_dsack);
    else if (segment->sack_count > 0)
        findings[count++] = explain_finding_name(explain_finding_sack);
    return count;
}

void filter_segment_of(const struct explain_conversation *conversation, const struct explain_segment *segment,
                       const char *findings[FILTER_FINDINGS], struct filter_segment *to)
{
    uint32_t sequence = segment->length + ((segment->flags & TCP_SYN) != 0) + ((segment->flags & TCP_FIN) != 0);
    *to = (struct filter_segment){
        .stream = conversation->stream,
        .has_seq = true,
        .has_ack = (segment->flags & TCP_ACK) != 0,
        .seq = segment->relative_seq,
        .ack = segment->relative_ack,
        .next_seq = segment->relative_seq + sequence,
        .has_window = segment->window_known,
        .window = segment->window,
        .window_scale = scale_of(conversation, segment),
        .handshake = steps_of(segment->steps, EXPLAIN_OPEN_1, 3),
        .close = steps_of(segment->steps, EXPLAIN_CLOSE_1, 4),
        .analysis = analysis_of(conversation, segment),
        .acks_frame = segment->rtt >= 0 ? segment->rtt_frame : 0,
        .bytes_in_flight = segment->length > 0 ? segment->in_flight : 0,
        .ack_rtt = segment->rtt >= 0 ? segment->rtt : FILTER_TIME_UNKNOWN,
        .initial_rtt = conversation->initial_rtt > 0 ? conversation->initial_rtt : FILTER_TIME_UNKNOWN,
        .time_relative = segment->time - conversation->first_time,
        .time_delta = FILTER_TIME_UNKNOWN,
        .state_client = septet_state_name(segment->state[0].state),
        .state_server = septet_state_name(segment->state[1].state),
        .verdict = explain_verdict_name(segment->verdict),
        .findings = findings,
    };
    to->finding_count = findings_of(segment, findings);
}
