#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "wire/tcp.h"

#define TIMESTAMPS_LENGTH 10
/* NOP NOP Timestamps: the options of nearly every segment behind the handshake (RFC 7323 appendix A). */
#define ALIGNED_TIMESTAMPS_LENGTH 12
#define ALIGNED_TIMESTAMPS_WORD 0x0101080au

bool tcp_option_next(struct tcp_option_cursor *cursor, struct tcp_option *option)
{
    if (cursor->left == 0)
        return false;
    const uint8_t *at = cursor->at;
    uint32_t length = 1;
    if (at[0] == TCP_OPTION_EOL) {
        cursor->left = 1;
    } else if (at[0] != TCP_OPTION_NOP) {
        length = cursor->left < 2 ? 0 : at[1];
        if (length < 2 || length > cursor->left) {
            cursor->malformed = true;
            cursor->left = 0;
            return false;
        }
    }
    option->kind = at[0];
    option->length = (uint8_t)length;
    option->bytes = at;
    cursor->at = at + length;
    cursor->left -= length;
    return true;
}

/* RFC 2018: two bytes, then one to four blocks of eight. */
static void read_sack(const struct tcp_option *option, struct tcp_options *options)
{
    uint32_t count = (option->length - 2u) / 8;
    if (option->length != 2 + 8 * count || count < 1 || count > 4)
        return;
    for (uint32_t i = 0; i < count; i++) {
        options->sack[i].start = load32(option->bytes + 2 + 8 * i);
        options->sack[i].end = load32(option->bytes + 6 + 8 * i);
    }
    options->sack_count = (uint8_t)count;
}

/* RFC 7413 section 4.1.1: no cookie (a request), or 4 to 16 bytes and even. */
static void read_fastopen(const struct tcp_option *option, struct tcp_options *options)
{
    uint32_t length = option->length - 2u;
    if (length != 0 && (length < 4 || length > 16 || length % 2 != 0))
        return;
    options->has_fastopen = true;
    options->fastopen_length = (uint8_t)length;
    memcpy(options->fastopen_cookie, option->bytes + 2, length);
}

static void read_timestamps(const uint8_t *bytes, struct tcp_options *options)
{
    options->has_timestamps = true;
    options->ts_val = load32(bytes);
    options->ts_ecr = load32(bytes + 4);
}

static void read_syn_option(const struct tcp_option *option, struct tcp_options *options)
{
    switch (option->kind) {
    case TCP_OPTION_MSS:
        if (option->length == 4) {
            options->has_mss = true;
            options->mss = load16(option->bytes + 2);
        }
        break;
    case TCP_OPTION_WINDOW_SCALE:
        if (option->length == 3) {
            options->has_window_scale = true;
            options->window_scale = option->bytes[2];
        }
        break;
    case TCP_OPTION_SACK_PERMITTED:
        if (option->length == 2)
            options->sack_permitted = true;
        break;
    case TCP_OPTION_FASTOPEN:
        read_fastopen(option, options);
        break;
    default:
        break;
    }
}

void tcp_options_parse(const uint8_t *bytes, uint32_t length, bool syn, struct tcp_options *options)
{
    *options = (struct tcp_options){0};
    if (length == 0)
        return;
    if (length == ALIGNED_TIMESTAMPS_LENGTH && load32(bytes) == ALIGNED_TIMESTAMPS_WORD) {
        read_timestamps(bytes + 4, options);
        return;
    }
    struct tcp_option_cursor cursor = {.at = bytes, .left = min_u32(length, TCP_OPTIONS_MAX)};
    struct tcp_option option;
    while (tcp_option_next(&cursor, &option)) {
        if (option.kind == TCP_OPTION_TIMESTAMPS && option.length == TIMESTAMPS_LENGTH)
            read_timestamps(option.bytes + 2, options);
        else if (option.kind == TCP_OPTION_SACK)
            read_sack(&option, options);
        else if (syn)
            read_syn_option(&option, options);
    }
    options->malformed = cursor.malformed;
}

uint32_t tcp_option_mss(uint8_t *to, uint16_t mss)
{
    to[0] = TCP_OPTION_MSS;
    to[1] = 4;
    store16(to + 2, mss);
    return 4;
}

uint32_t tcp_option_window_scale(uint8_t *to, uint8_t shift)
{
    to[0] = TCP_OPTION_WINDOW_SCALE;
    to[1] = 3;
    to[2] = shift;
    return 3;
}

uint32_t tcp_option_sack_permitted(uint8_t *to)
{
    to[0] = TCP_OPTION_SACK_PERMITTED;
    to[1] = 2;
    return 2;
}

uint32_t tcp_option_timestamps(uint8_t *to, uint32_t val, uint32_t ecr)
{
    to[0] = TCP_OPTION_TIMESTAMPS;
    to[1] = TIMESTAMPS_LENGTH;
    store32(to + 2, val);
    store32(to + 6, ecr);
    return TIMESTAMPS_LENGTH;
}

uint32_t tcp_option_sack(uint8_t *to, const struct sack_block *blocks, uint32_t count)
{
    uint32_t written = min_u32(count, 4);
    uint32_t length = 2 + 8 * written;
    to[0] = TCP_OPTION_SACK;
    to[1] = (uint8_t)length;
    for (uint32_t i = 0; i < written; i++) {
        store32(to + 2 + 8 * i, blocks[i].start);
        store32(to + 6 + 8 * i, blocks[i].end);
    }
    return length;
}

uint32_t tcp_option_fastopen(uint8_t *to, const uint8_t *cookie, uint8_t length)
{
    uint32_t kept = min_u32(length, 16);
    to[0] = TCP_OPTION_FASTOPEN;
    to[1] = (uint8_t)(2 + kept);
    for (uint32_t i = 0; i < kept; i++)
        to[2 + i] = cookie[i];
    return 2 + kept;
}
