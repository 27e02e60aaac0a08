/* TCP options: the parser against the plain walker, and against what building the parsed values gives. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Writes the values again and reads them back: they must not change. */
static void check_rebuilt(const struct tcp_options *options)
{
    uint8_t bytes[128];
    uint32_t length = 0;
    struct tcp_options again;
    if (options->has_mss)
        length += tcp_option_mss(bytes + length, options->mss);
    if (options->has_window_scale)
        length += tcp_option_window_scale(bytes + length, options->window_scale);
    if (options->sack_permitted)
        length += tcp_option_sack_permitted(bytes + length);
    if (options->has_timestamps)
        length += tcp_option_timestamps(bytes + length, options->ts_val, options->ts_ecr);
    if (options->has_fastopen)
        length += tcp_option_fastopen(bytes + length, options->fastopen_cookie, options->fastopen_length);
    if (options->sack_count > 0)
        length += tcp_option_sack(bytes + length, options->sack, options->sack_count);
    if (length > TCP_OPTIONS_MAX) /* the last of each kind: all of them stood in one header */
        abort();
    tcp_options_parse(bytes, length, true, &again);
    again.malformed = options->malformed;
    require(again.has_mss == options->has_mss && again.mss == options->mss);
    require(again.has_window_scale == options->has_window_scale && again.window_scale == options->window_scale);
    require(again.sack_permitted == options->sack_permitted);
    require(again.has_timestamps == options->has_timestamps && again.ts_val == options->ts_val);
    require(again.ts_ecr == options->ts_ecr && again.sack_count == options->sack_count);
    require(memcmp(again.sack, options->sack, options->sack_count * sizeof again.sack[0]) == 0);
    require(again.has_fastopen == options->has_fastopen && again.fastopen_length == options->fastopen_length);
    require(memcmp(again.fastopen_cookie, options->fastopen_cookie, options->fastopen_length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t length = size < TCP_OPTIONS_MAX ? (uint32_t)size : TCP_OPTIONS_MAX;
    struct tcp_option_cursor cursor = {.at = data, .left = length};
    struct tcp_option option;
    uint32_t walked = 0;
    bool timestamps = false, mss = false;
    while (tcp_option_next(&cursor, &option)) {
        require(option.bytes == data + walked && option.length >= 1);
        walked += option.length;
        require(walked <= length);
        timestamps = timestamps || (option.kind == TCP_OPTION_TIMESTAMPS && option.length == 10);
        mss = mss || (option.kind == TCP_OPTION_MSS && option.length == 4);
    }
    for (int syn = 0; syn < 2; syn++) {
        struct tcp_options options;
        tcp_options_parse(data, length, syn != 0, &options);
        require(options.malformed == cursor.malformed);
        require(options.has_timestamps == timestamps);
        require(options.has_mss == (mss && syn));
        check_rebuilt(&options);
    }
    return 0;
}
