#include "tcp/internal.h"

void trace_state(struct tcp *tcp, const struct septet_tuple *tuple, septet_handle handle, unsigned from, unsigned to)
{
    if (!core_traced(tcp->core))
        return;
    const struct septet_trace_event event = {
        .time = tcp->core->now,
        .kind = SEPTET_TRACE_state,
        .handle = handle,
        .tuple = tuple,
        .value = {from, to},
    };
    core_trace(tcp->core, &event);
}

void trace_values(struct tcp *tcp, const struct connection *c, unsigned kind, uint64_t v0, uint64_t v1, uint64_t v2,
                  uint64_t v3)
{
    if (!core_traced(tcp->core))
        return;
    const struct septet_trace_event event = {
        .time = tcp->core->now,
        .kind = (uint16_t)kind,
        .handle = tcp_handle(tcp, c),
        .tuple = &c->tuple,
        .value = {v0, v1, v2, v3},
    };
    core_trace(tcp->core, &event);
}

static bool state_counts_as_established(unsigned state)
{
    return state == SEPTET_STATE_established || state == SEPTET_STATE_close_wait;
}

void connection_state(struct tcp *tcp, struct connection *c, enum septet_state to)
{
    const uint8_t from = c->state;
    if (from == to)
        return;
    if (state_counts_as_established(to))
        tcp->core->counter[SEPTET_COUNTER_CurrEstab] += !state_counts_as_established(from);
    else
        tcp->core->counter[SEPTET_COUNTER_CurrEstab] -= state_counts_as_established(from);
    if (to == SEPTET_STATE_closed && (from == SEPTET_STATE_syn_sent || from == SEPTET_STATE_syn_received))
        COUNT(tcp->core, AttemptFails);
    c->state = (uint8_t)to;
    trace_state(tcp, &c->tuple, tcp_handle(tcp, c), from, to);
}

void drop_segment(struct tcp *tcp, const struct connection *c, const struct segment *segment, enum septet_drop reason)
{
    tcp->core->drop[reason]++;
    if (!core_traced(tcp->core))
        return;
    const struct septet_trace_event event = {
        .time = tcp->core->now,
        .kind = SEPTET_TRACE_segment_dropped,
        .handle = c == NULL ? 0 : tcp_handle(tcp, c),
        .tuple = segment->tuple,
        .value = {segment->seq, segment->ack, segment->flags, segment->length, reason},
    };
    core_trace(tcp->core, &event);
}
