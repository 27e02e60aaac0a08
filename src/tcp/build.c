#include "base/bytes.h"
#include "base/memory.h"
#include "tcp/internal.h"

/* TCP options as we write them. Every layout here fills a multiple of four. */

uint32_t build_timestamps(uint8_t *to, uint32_t val, uint32_t ecr)
{
    to[0] = to[1] = TCP_OPTION_NOP;
    return 2 + tcp_option_timestamps(to + 2, val, ecr);
}

/* NOPs until the place is `rest` modulo `step`. */
static uint32_t align(uint8_t *to, uint32_t at, uint32_t step, uint32_t rest)
{
    while (at % step != rest)
        to[at++] = TCP_OPTION_NOP;
    return at;
}

static uint32_t build_packed(const struct syn_offer *offer, uint8_t *to)
{
    uint32_t at = tcp_option_mss(to, offer->mss);
    if (offer->window_scaling) {
        at = align(to, at, 2, 1);
        at += tcp_option_window_scale(to + at, offer->window_scale);
    }
    if (offer->sack) {
        at = align(to, at, 2, 0);
        at += tcp_option_sack_permitted(to + at);
    }
    if (offer->timestamps) {
        at = align(to, at, 4, 2);
        at += tcp_option_timestamps(to + at, offer->ts_val, offer->ts_ecr);
    }
    while (at % 4 != 0)
        to[at++] = TCP_OPTION_EOL;
    return at;
}

uint32_t build_syn_options(const struct syn_offer *offer, uint8_t *to)
{
    if (offer->layout == SEPTET_SYN_PACKED)
        return build_packed(offer, to);
    uint32_t at = tcp_option_mss(to, offer->mss);
    if (offer->timestamps) {
        if (offer->sack)
            at += tcp_option_sack_permitted(to + at);
        else
            to[at] = to[at + 1] = TCP_OPTION_NOP, at += 2;
        at += tcp_option_timestamps(to + at, offer->ts_val, offer->ts_ecr);
    } else if (offer->sack) {
        to[at] = to[at + 1] = TCP_OPTION_NOP, at += 2;
        at += tcp_option_sack_permitted(to + at);
    }
    if (offer->window_scaling) {
        to[at++] = TCP_OPTION_NOP;
        at += tcp_option_window_scale(to + at, offer->window_scale);
    }
    return at;
}

static uint32_t sack_count(const struct connection *c, struct sack_block *blocks, const struct tcp *tcp)
{
    if (!(c->flags & CONNECTION_SACK) || (c->reassembly == 0 && c->dsack_start == c->dsack_end))
        return 0;
    uint32_t count = 0;
    const uint32_t most = (c->flags & CONNECTION_TIMESTAMPS) ? 3 : 4;
    if (c->dsack_start != c->dsack_end)
        blocks[count++] = (struct sack_block){c->dsack_start, c->dsack_end};
    return count + reassembly_sack(tcp, c, blocks + count, most - count);
}

uint32_t build_options_length(const struct tcp *tcp, const struct connection *c)
{
    struct sack_block blocks[4];
    const uint32_t count = sack_count(c, blocks, tcp);
    return ((c->flags & CONNECTION_TIMESTAMPS) ? 12 : 0) + (count != 0 ? 4 + 8 * count : 0);
}

uint32_t build_options(struct tcp *tcp, struct connection *c, uint8_t *to)
{
    uint32_t at = 0;
    if (c->flags & CONNECTION_TIMESTAMPS)
        at = build_timestamps(to, timestamp_clock(tcp->core->now) + c->ts_offset, c->ts_recent);
    struct sack_block blocks[4];
    const uint32_t count = sack_count(c, blocks, tcp);
    if (count != 0) {
        to[at] = to[at + 1] = TCP_OPTION_NOP;
        at += 2 + tcp_option_sack(to + at + 2, blocks, count);
        if (c->dsack_start != c->dsack_end)
            COUNT(tcp->core, DSACKSent);
        c->dsack_start = c->dsack_end;
    }
    return at;
}
