#include "base/bytes.h"
#include "base/memory.h"
#include "tcp/internal.h"

/* SYN cookies, RFC 4987 section 3.6: a SYN-ACK whose sequence number is all that is remembered of the SYN.
 *
 *     24 bits of a MAC | 1 bit of the period | 3 bits MSS | 1 bit SACK | 3 bits window scale
 *
 * The low eight are hidden by a hash of the addresses. Where timestamps are offered, six low bits of ours hold the
 * exact window scale, SACK and ECN. The MAC covers all of this, the peer's sequence number and the period, so that a
 * cookie is good for one or two periods, and only for who was sent it. */

#define COOKIE_PERIOD (64 * SEPTET_SECOND)
#define COOKIE_PHASE 0x80u
#define COOKIE_SACK 0x08u
#define COOKIE_NO_STAMP 0xffu

#define STAMP_MASK 0x3fu
#define STAMP_SCALE 0x0fu /* all ones: no scaling */
#define STAMP_SACK 0x10u
#define STAMP_ECN 0x20u

/* Rounded down; the first is too small for anybody, the last is for jumbo frames. */
static const uint16_t sizes[8] = {64, 536, 1220, 1360, 1400, 1440, 1460, 8940};
#define NO_SCALE 0xffu
static const uint8_t scales[8] = {NO_SCALE, 0, 2, 4, 6, 7, 8, 10};

static uint64_t period_of(const struct tcp *tcp) { return (uint64_t)tcp->core->now / (uint64_t)COOKIE_PERIOD; }

struct cookie {
    const struct septet_tuple *tuple;
    uint32_t irs;
    uint64_t period;
    uint8_t data, stamp, own_scale;
};

static uint32_t cookie_encode(const struct tcp *tcp, const struct cookie *cookie, uint8_t *pad)
{
    uint8_t bytes[51] = {0};
    memcpy(bytes, cookie->tuple->local.bytes, 16);
    memcpy(bytes + 16, cookie->tuple->remote.bytes, 16);
    store16(bytes + 32, cookie->tuple->local_port);
    store16(bytes + 34, cookie->tuple->remote_port);
    store32(bytes + 36, cookie->irs);
    *pad = (uint8_t)siphash24(&tcp->cookie_key, bytes, 40);
    store32(bytes + 40, (uint32_t)(cookie->period >> 32));
    store32(bytes + 44, (uint32_t)cookie->period);
    bytes[48] = cookie->data;
    bytes[49] = cookie->stamp;
    bytes[50] = cookie->own_scale;
    const uint32_t mac = (uint32_t)siphash24(&tcp->cookie_key, bytes, sizeof bytes);
    return mac << 8 | (uint8_t)(cookie->data ^ *pad);
}

/* ---- the SYN-ACK ---- */

static uint8_t data_of(const struct compact *half, uint64_t period)
{
    uint8_t size = 7, scale = 0;
    while (size > 0 && sizes[size] > half->mss_or_window)
        size--;
    for (uint8_t i = 1; i < 8 && (half->options & COMPACT_WINDOW_SCALING); i++)
        if (scales[i] <= (half->options & COMPACT_SCALE))
            scale = i;
    return (uint8_t)((period & 1 ? COOKIE_PHASE : 0u) | (unsigned)size << 4 |
                     (half->options & COMPACT_SACK ? COOKIE_SACK : 0u) | scale);
}

static uint8_t stamp_of(const struct compact *half)
{
    const unsigned scale = half->options & COMPACT_WINDOW_SCALING ? half->options & COMPACT_SCALE : STAMP_SCALE;
    return (uint8_t)(scale | (half->options & COMPACT_SACK ? STAMP_SACK : 0u) | (half->ecn ? STAMP_ECN : 0u));
}

static uint8_t own_scale(const struct tcp *tcp, const struct listener *listener, bool scaling)
{
    return scaling ? window_scale_for(tcp, listener->options.receive_buffer) : (uint8_t)NO_SCALE;
}

void cookie_answer(struct tcp *tcp, uint32_t index, const struct segment *segment)
{
    struct compact half = {0};
    uint8_t pad;
    half_open_fill(tcp, index, segment, &half);
    const bool stamped = (half.options & COMPACT_TIMESTAMPS) != 0;
    if (!stamped) {
        half.ecn = 0;
        if (!tcp->config->cookie_options)
            half.options = 0;
    }
    struct cookie cookie = {
        .tuple = segment->tuple,
        .irs = segment->seq,
        .period = period_of(tcp),
        .stamp = stamped ? stamp_of(&half) : (uint8_t)COOKIE_NO_STAMP,
        .own_scale = own_scale(tcp, tcp_listener(tcp, index), (half.options & COMPACT_WINDOW_SCALING) != 0),
    };
    cookie.data = data_of(&half, cookie.period);
    half.snd_nxt = cookie_encode(tcp, &cookie, &pad) + 1;
    uint32_t clock = timestamp_clock(tcp->core->now);
    if (stamped) {
        const uint32_t marked = (clock & ~STAMP_MASK) | cookie.stamp;
        clock = seq_gt(marked, clock) ? marked - (STAMP_MASK + 1) : marked;
    }
    tcp->cookies_until = tcp->core->now + 2 * COOKIE_PERIOD;
    COUNT(tcp->core, SyncookiesSent);
    half_open_syn_ack(tcp, &half, segment->tuple, clock);
}

/* ---- the ACK ---- */

/* What the SYN offered, as far as the cookie tells. False when it is none of ours. */
static bool cookie_decode(const struct tcp *tcp, const struct listener *listener, const struct segment *segment,
                          bool stamped, uint32_t echoed, struct compact *half)
{
    const uint32_t number = segment->ack - 1;
    struct cookie cookie = {.tuple = segment->tuple, .irs = segment->seq - 1, .period = period_of(tcp)};
    uint8_t pad;
    (void)cookie_encode(tcp, &cookie, &pad);
    cookie.data = (uint8_t)(number ^ pad);
    cookie.stamp = stamped ? (uint8_t)(echoed & STAMP_MASK) : (uint8_t)COOKIE_NO_STAMP;
    const uint8_t scale = stamped ? (cookie.stamp & STAMP_SCALE) == STAMP_SCALE ? NO_SCALE : cookie.stamp & STAMP_SCALE
                                  : scales[cookie.data & 7];
    const bool sack = stamped ? (cookie.stamp & STAMP_SACK) != 0 : (cookie.data & COOKIE_SACK) != 0;
    cookie.period -= (cookie.period & 1) != ((cookie.data & COOKIE_PHASE) != 0);
    cookie.own_scale = own_scale(tcp, listener, scale != NO_SCALE);
    if (cookie_encode(tcp, &cookie, &pad) != number)
        return false;
    half->mss_or_window = sizes[cookie.data >> 4 & 7];
    half->snd_nxt = segment->ack;
    half->rcv_nxt = segment->seq;
    half->ecn = stamped && (cookie.stamp & STAMP_ECN);
    half->options = (uint8_t)((scale != NO_SCALE ? COMPACT_WINDOW_SCALING | scale : 0u) | (sack ? COMPACT_SACK : 0u) |
                              (stamped ? COMPACT_TIMESTAMPS : 0u));
    half->ts_recent = segment->options.ts_val;
    half->scale = window_scale_for(tcp, listener->options.receive_buffer) & 15u;
    return true;
}

bool cookie_arrives(struct tcp *tcp, uint32_t index, struct segment *segment)
{
    struct listener *listener = tcp_listener(tcp, index);
    struct compact half = {.listener = (uint16_t)index};
    if (tcp->core->now >= tcp->cookies_until || (segment->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK)
        return false;
    const bool stamped = segment->options.has_timestamps && tcp->config->timestamps;
    const uint32_t offset = timestamp_offset(tcp, segment->tuple);
    /* Timestamps that were not agreed on are ignored. */
    if (!(stamped && cookie_decode(tcp, listener, segment, true, segment->options.ts_ecr - offset, &half)) &&
        !cookie_decode(tcp, listener, segment, false, 0, &half)) {
        COUNT(tcp->core, SyncookiesFailed);
        return false;
    }
    COUNT(tcp->core, SyncookiesRecv);
    if (half.options & COMPACT_TIMESTAMPS) /* its low bits were ours: no round trip can be measured by it */
        segment->options.ts_ecr = timestamp_clock(tcp->core->now) + offset + 1;
    if (listener->queued >= listener->backlog) {
        half_open_overflow(tcp, segment);
    } else if (segment->length == 0 && !(segment->flags & TCP_FIN) && listener->options.defer_accept != 0) {
        drop_segment(tcp, NULL, segment, SEPTET_DROP_tcp_deferred);
    } else {
        half_open_complete(tcp, &half, segment);
    }
    return true;
}
