#include "drill/sysctl.h"

#include "base/memory.h"
#include "drill/token.h"

/* ---- values ---- */

/* The index-th number of a list separated by blanks. */
static bool number_at(struct slice value, unsigned index, int64_t *number)
{
    struct slice word;
    for (unsigned i = 0; i <= index; i++)
        if (!slice_word(&value, &word))
            return false;
    return drill_integer(word, number);
}

static bool store(void *field, size_t size, int64_t number)
{
    const uint8_t small = (uint8_t)number;
    const uint16_t medium = (uint16_t)number;
    const uint32_t large = (uint32_t)number;
    if (number < 0 || (size < 8 && number >= INT64_C(1) << (8 * size)))
        return false;
    memcpy(field, size == 1 ? (const void *)&small : size == 2 ? (const void *)&medium : (const void *)&large, size);
    return true;
}

/* ---- what is no single field ---- */

typedef enum sysctl_result special_function(struct septet_config *config, struct slice value);

/* Time until the last of `retries` repetitions, each twice as late as the one before, would be repeated. */
static int64_t backed_off(const struct septet_tcp_config *tcp, int64_t first, int64_t retries)
{
    int64_t sum = 0, wait = first;
    for (int64_t i = 0; i <= retries; i++) {
        sum += wait;
        wait = wait * 2 < tcp->rto_maximum ? wait * 2 : tcp->rto_maximum;
    }
    return sum;
}

static enum sysctl_result set_syn_retries(struct septet_config *config, struct slice value)
{
    int64_t retries;
    if (!number_at(value, 0, &retries) || retries < 0 || retries > 127)
        return SYSCTL_BAD_VALUE;
    config->tcp.syn_timeout =
        backed_off(&config->tcp, config->tcp.rto_initial, retries) + config->tcp.syn_linear * config->tcp.rto_initial;
    return SYSCTL_DONE;
}

/* So many more before the opening fails, too. */
static enum sysctl_result set_syn_linear(struct septet_config *config, struct slice value)
{
    int64_t count;
    if (!number_at(value, 0, &count) || count < 0 || count > 127)
        return SYSCTL_BAD_VALUE;
    config->tcp.syn_timeout += (count - config->tcp.syn_linear) * config->tcp.rto_initial;
    config->tcp.syn_linear = (uint8_t)count;
    return SYSCTL_DONE;
}

static enum sysctl_result set_retries2(struct septet_config *config, struct slice value)
{
    int64_t retries;
    if (!number_at(value, 0, &retries) || retries < 0 || retries > 255)
        return SYSCTL_BAD_VALUE;
    config->tcp.user_timeout = backed_off(&config->tcp, config->tcp.rto_minimum, retries);
    return SYSCTL_DONE;
}

/* least, default, most: what a connection begins with, and what its window may grow to. */
static enum sysctl_result set_receive_memory(struct septet_config *config, struct slice value)
{
    int64_t most;
    if (!number_at(value, 2, &most) || most < 512 || most > 1 << 30)
        return SYSCTL_BAD_VALUE;
    config->tcp.receive_buffer = (uint32_t)most;
    config->tcp.window_scale = 255;
    return SYSCTL_DONE;
}

static enum sysctl_result set_send_memory(struct septet_config *config, struct slice value)
{
    int64_t most;
    if (!number_at(value, 2, &most) || most < 512 || most > 1 << 30)
        return SYSCTL_BAD_VALUE;
    config->tcp.send_buffer = (uint32_t)most;
    return SYSCTL_DONE;
}

static enum sysctl_result set_congestion(struct septet_config *config, struct slice value)
{
    if (slice_is(value, "reno") || slice_is(value, "newreno"))
        config->tcp.congestion = SEPTET_RENO;
    else if (slice_is(value, "cubic"))
        config->tcp.congestion = SEPTET_CUBIC;
    else
        return SYSCTL_UNSUPPORTED;
    return SYSCTL_DONE;
}

static enum sysctl_result set_port_range(struct septet_config *config, struct slice value)
{
    int64_t low, high;
    if (!number_at(value, 0, &low) || !number_at(value, 1, &high) || low < 1 || low > high || high > 65535)
        return SYSCTL_BAD_VALUE;
    config->tcp.port_low = (uint16_t)low;
    config->tcp.port_high = (uint16_t)high;
    return SYSCTL_DONE;
}

static enum sysctl_result set_hop_limit(struct septet_config *config, struct slice value)
{
    int64_t limit;
    if (!number_at(value, 0, &limit) || limit < 1 || limit > 255)
        return SYSCTL_BAD_VALUE;
    config->hop_limit = (uint8_t)limit;
    return SYSCTL_DONE;
}

static enum sysctl_result set_explicit_congestion(struct septet_config *config, struct slice value)
{
    int64_t mode;
    if (!number_at(value, 0, &mode) || mode < 0)
        return SYSCTL_BAD_VALUE;
    if (mode > SEPTET_ECN_ACCEPT)
        return SYSCTL_UNSUPPORTED;
    config->tcp.ecn = (uint8_t)mode;
    return SYSCTL_DONE;
}

/* 0: neither; 1: both; 2: window scaling; 3: timestamps */
static enum sysctl_result set_rfc1323(struct septet_config *config, struct slice value)
{
    int64_t mode;
    if (!number_at(value, 0, &mode) || mode < 0 || mode > 3)
        return SYSCTL_BAD_VALUE;
    config->tcp.window_scaling = mode == 1 || mode == 2;
    config->tcp.timestamps = mode == 1 || mode == 3;
    return SYSCTL_DONE;
}

/* Nothing longer than this. */
static enum sysctl_result set_longest_delay(struct septet_config *config, struct slice value)
{
    int64_t microseconds;
    if (!number_at(value, 0, &microseconds) || microseconds < 0 || microseconds > INT32_MAX)
        return SYSCTL_BAD_VALUE;
    if (config->tcp.delayed_ack > microseconds * SEPTET_MICROSECOND)
        config->tcp.delayed_ack = microseconds * SEPTET_MICROSECOND;
    return SYSCTL_DONE;
}

/* 0: as RFC 3390 has it, which is three segments of the usual size. */
static enum sysctl_result set_initial_window(struct septet_config *config, struct slice value)
{
    int64_t segments;
    if (!number_at(value, 0, &segments) || segments < 0 || segments > 255)
        return SYSCTL_BAD_VALUE;
    config->tcp.initial_window = (uint8_t)(segments == 0 ? 3 : segments);
    return SYSCTL_DONE;
}

static enum sysctl_result set_low_port(struct septet_config *config, struct slice value)
{
    int64_t port;
    if (!number_at(value, 0, &port) || port < 1 || port > config->tcp.port_high)
        return SYSCTL_BAD_VALUE;
    config->tcp.port_low = (uint16_t)port;
    return SYSCTL_DONE;
}

static enum sysctl_result set_high_port(struct septet_config *config, struct slice value)
{
    int64_t port;
    if (!number_at(value, 0, &port) || port < config->tcp.port_low || port > 65535)
        return SYSCTL_BAD_VALUE;
    config->tcp.port_high = (uint16_t)port;
    return SYSCTL_DONE;
}

static enum sysctl_result set_delayed_ack(struct septet_config *config, struct slice value)
{
    if (slice_is(value, "0"))
        config->tcp.delayed_ack = 0;
    else if (config->tcp.delayed_ack == 0)
        config->tcp.delayed_ack = 40 * SEPTET_MILLISECOND;
    return SYSCTL_DONE;
}

/* Either at 0 switches the limit off. */
static enum sysctl_result set_challenge_count(struct septet_config *config, struct slice value)
{
    int64_t count;
    if (!number_at(value, 0, &count) || count < 0)
        return SYSCTL_BAD_VALUE;
    if (count == 0)
        config->tcp.challenge_interval = 0;
    else
        config->tcp.challenge_burst = (uint8_t)(count < 255 ? count : 255);
    return SYSCTL_DONE;
}

static enum sysctl_result set_challenge_window(struct septet_config *config, struct slice value)
{
    int64_t milliseconds;
    if (!number_at(value, 0, &milliseconds) || milliseconds < 0 || milliseconds > INT32_MAX)
        return SYSCTL_BAD_VALUE;
    config->tcp.challenge_interval = milliseconds * SEPTET_MILLISECOND;
    return SYSCTL_DONE;
}

/* FreeBSD waits for keep-alive to give up, or a minute. */
static enum sysctl_result set_fin_wait_2_recycle(struct septet_config *config, struct slice value)
{
    struct septet_tcp_config *tcp = &config->tcp;
    tcp->fin_wait2_timeout = slice_is(value, "0") ? tcp->keepalive_count * tcp->keepalive_interval : 60 * SEPTET_SECOND;
    return SYSCTL_DONE;
}

static enum sysctl_result set_cookies(struct septet_config *config, struct slice value)
{
    config->tcp.syn_cookies = slice_is(value, "0") ? SEPTET_COOKIES_OFF : SEPTET_COOKIES_WHEN_FULL;
    return SYSCTL_DONE;
}

static enum sysctl_result set_cookies_only(struct septet_config *config, struct slice value)
{
    config->tcp.syn_cookies = slice_is(value, "0") ? SEPTET_COOKIES_WHEN_FULL : SEPTET_COOKIES_ALWAYS;
    return SYSCTL_DONE;
}

/* ---- the table ---- */

enum kind { KIND_SWITCH, KIND_NUMBER, KIND_TIME, KIND_ONLY, KIND_IGNORED, KIND_SPECIAL };

static const struct {
    const char *name;
    enum kind kind;
    uint8_t size;
    uint16_t offset;
    int64_t unit;
    const char *only;
    special_function *special;
} known[] = {
#define FIELD(field) sizeof(((struct septet_tcp_config *)0)->field), offsetof(struct septet_tcp_config, field)
#define SWITCH(name, field) {name, KIND_SWITCH, FIELD(field), 0, NULL, NULL},
#define NUMBER(name, field) {name, KIND_NUMBER, FIELD(field), 1, NULL, NULL},
#define TIME(name, field, unit) {name, KIND_TIME, FIELD(field), unit, NULL, NULL},
#define ONLY(name, value) {name, KIND_ONLY, 0, 0, 0, #value, NULL},
#define IGNORED(name) {name, KIND_IGNORED, 0, 0, 0, NULL, NULL},
#define SPECIAL(name, function) {name, KIND_SPECIAL, 0, 0, 0, NULL, set_##function},
#include "drill/sysctl.def"
#undef SWITCH
#undef NUMBER
#undef TIME
#undef ONLY
#undef IGNORED
#undef SPECIAL
#undef FIELD
};

/* a.b.c is a/b/c; a table entry that ends with a dot or an underscore stands for all that begin with it. */
static bool names(const char *entry, struct slice name)
{
    const struct slice whole = slice_of(entry);
    const char end = whole.at[whole.length - 1];
    const bool prefix = end == '.' || end == '_';
    if (prefix ? name.length < whole.length : name.length != whole.length)
        return false;
    for (uint32_t i = 0; i < whole.length; i++)
        if (whole.at[i] != (name.at[i] == '/' ? '.' : name.at[i]))
            return false;
    return true;
}

/* Numbers may be written in several ways. */
static bool same_value(struct slice value, const char *only)
{
    int64_t a, b;
    return slice_is(value, only) || (drill_integer(value, &a) && drill_integer(slice_of(only), &b) && a == b);
}

static enum sysctl_result set_known(struct septet_config *config, unsigned index, struct slice value)
{
    uint8_t *field = (uint8_t *)&config->tcp + known[index].offset;
    int64_t number;
    switch (known[index].kind) {
    case KIND_IGNORED:
        return SYSCTL_DONE;
    case KIND_ONLY:
        return same_value(value, known[index].only) ? SYSCTL_DONE : SYSCTL_UNSUPPORTED;
    case KIND_SPECIAL:
        return known[index].special(config, value);
    default:
        break;
    }
    if (!number_at(value, 0, &number) || number < 0)
        return SYSCTL_BAD_VALUE;
    if (known[index].kind == KIND_SWITCH) {
        const bool on = number != 0;
        memcpy(field, &on, sizeof on);
        return SYSCTL_DONE;
    }
    if (known[index].kind == KIND_NUMBER)
        return store(field, known[index].size, number) ? SYSCTL_DONE : SYSCTL_BAD_VALUE;
    if (number > INT64_MAX / 2 / known[index].unit)
        return SYSCTL_BAD_VALUE;
    number *= known[index].unit;
    memcpy(field, &number, sizeof number);
    return SYSCTL_DONE;
}

enum sysctl_result sysctl_set(struct septet_config *config, struct slice name, struct slice value)
{
    static const char proc[] = "/proc/sys/";
    enum sysctl_result result = SYSCTL_UNKNOWN;
    if (slice_starts(name, proc))
        name = (struct slice){name.at + sizeof proc - 1, name.length - (uint32_t)sizeof proc + 1};
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!names(known[i].name, name))
            continue;
        result = set_known(config, i, value);
        if (result != SYSCTL_UNSUPPORTED) /* another line may allow this value */
            return result;
    }
    return result;
}
