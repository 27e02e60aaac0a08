#include "tcp/internal.h"

/* Round-trip time and retransmission timeout, RFC 6298 (MUST-18), in microseconds. */

static uint32_t clamp_us(int64_t ns)
{
    const int64_t us = (ns + 500) / 1000;
    return us < 1 ? 1 : us > UINT32_MAX / 8 ? UINT32_MAX / 8 : (uint32_t)us;
}

void rtt_sample(struct tcp *tcp, struct connection *c, int64_t rtt)
{
    const uint32_t sample = clamp_us(rtt);
    c->last_rtt_us = sample;
    if (c->min_rtt_us == 0 || sample < c->min_rtt_us)
        c->min_rtt_us = sample;
    if (c->srtt_us == 0) {
        c->srtt_us = sample;
        c->rttvar_us = sample / 2;
    } else {
        const uint32_t deviation = c->srtt_us > sample ? c->srtt_us - sample : sample - c->srtt_us;
        c->rttvar_us = (uint32_t)((3 * (uint64_t)c->rttvar_us + deviation) / 4);
        c->srtt_us = (uint32_t)((7 * (uint64_t)c->srtt_us + sample) / 8);
    }
    const uint64_t granularity = (uint64_t)tcp->core->config.clock_granularity / 1000;
    const uint64_t least = max_u64(granularity, (uint64_t)tcp->config->rto_variance_minimum / 1000);
    uint64_t rto = c->srtt_us + max_u64(least, 4 * (uint64_t)c->rttvar_us);
    rto = max_u64(rto, (uint64_t)tcp->config->rto_minimum / 1000);
    c->rto_us = (uint32_t)min_u64(rto, (uint64_t)tcp->config->rto_maximum / 1000);
    c->backoff = 0;
    trace_values(tcp, c, SEPTET_TRACE_rtt, sample, c->srtt_us, c->rttvar_us, c->rto_us);
}

int64_t rtt_of_echo(const struct tcp *tcp, const struct connection *c, const struct segment *segment)
{
    const uint32_t ago = timestamp_clock(tcp->core->now) + c->ts_offset - segment->options.ts_ecr;
    if (!(c->flags & CONNECTION_TIMESTAMPS) || !segment->options.has_timestamps || ago >= 1u << 24)
        return -1;
    return (int64_t)ago * SEPTET_MILLISECOND;
}

uint64_t rtt_timeout(const struct tcp *tcp, const struct connection *c)
{
    const bool first_syn = c->srtt_us == 0 && c->backoff == 0;
    const uint64_t slop = first_syn ? 0 : (uint64_t)tcp->config->rto_slop;
    const uint32_t linear = c->state == SEPTET_STATE_syn_sent ? min_u32(tcp->config->syn_linear, c->backoff) : 0;
    const uint64_t rto = ((uint64_t)c->rto_us * 1000 << min_u32(c->backoff - linear, 16)) + slop;
    return min_u64(rto, (uint64_t)tcp->config->rto_maximum);
}
