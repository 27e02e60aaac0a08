#include "lab/config_key.h"

#include "base/memory.h"
#include "lab/quantity.h"

#define FIELD(field) \
    (uint8_t)sizeof(((struct septet_config *)0)->field), (uint16_t)offsetof(struct septet_config, field)
#define KEY(name, unit, low, high)                 \
    {                                              \
#name, false, unit, FIELD(name), low, high \
    }
#define TCP(name, unit, low, high)                    \
    {                                                 \
#name, true, unit, FIELD(tcp.name), low, high \
    }
#define LONGEST (INT64_C(1000000) * SEPTET_SECOND)

static const struct config_key keys[] = {
    KEY(clock_granularity, CONFIG_DURATION, 1, SEPTET_SECOND),
    KEY(connections, CONFIG_NUMBER, 1, 1000000),
    KEY(half_open, CONFIG_NUMBER, 1, 1000000),
    KEY(time_wait, CONFIG_NUMBER, 1, 1000000),
    KEY(listeners, CONFIG_NUMBER, 1, 65535),
    KEY(sockets, CONFIG_NUMBER, 1, 65535),
    KEY(neighbors, CONFIG_NUMBER, 4, 65536),
    KEY(reassemblies, CONFIG_NUMBER, 1, 65535),
    KEY(path_mtus, CONFIG_NUMBER, 1, 65536),
    KEY(page_size, CONFIG_SIZE, 256, 65536),
    KEY(pages, CONFIG_NUMBER, 32, 1 << 22),
    KEY(hop_limit, CONFIG_NUMBER, 1, 255),
    TCP(send_buffer, CONFIG_SIZE, 512, 1 << 30),
    TCP(receive_buffer, CONFIG_SIZE, 512, 1 << 30),
    TCP(window_scale, CONFIG_NUMBER, 0, 14),
    TCP(window_scale_fixed, CONFIG_SWITCH, 0, 1),
    TCP(window_scaling, CONFIG_SWITCH, 0, 1),
    TCP(timestamps, CONFIG_SWITCH, 0, 1),
    TCP(sack, CONFIG_SWITCH, 0, 1),
    TCP(ecn, CONFIG_NUMBER, 0, SEPTET_ECN_ACCEPT),
    TCP(ecn_beta, CONFIG_SWITCH, 0, 1),
    TCP(congestion, CONFIG_CONGESTION, 0, SEPTET_CONGESTION_COUNT - 1),
    TCP(initial_window, CONFIG_NUMBER, 1, 255),
    TCP(retries1, CONFIG_NUMBER, 1, 255),
    TCP(synack_retries, CONFIG_NUMBER, 1, 15),
    TCP(keepalive_count, CONFIG_NUMBER, 1, 127),
    TCP(mss_default_ipv4, CONFIG_SIZE, 64, 65495),
    TCP(mss_default_ipv6, CONFIG_SIZE, 64, 65495),
    TCP(mss_minimum, CONFIG_SIZE, 48, 1220),
    TCP(rto_initial, CONFIG_DURATION, 1, LONGEST),
    TCP(rto_minimum, CONFIG_DURATION, 1, LONGEST),
    TCP(rto_maximum, CONFIG_DURATION, 1, LONGEST),
    TCP(syn_timeout, CONFIG_DURATION, 1, LONGEST),
    TCP(user_timeout, CONFIG_DURATION, 0, LONGEST),
    TCP(delayed_ack, CONFIG_DURATION, 0, SEPTET_SECOND / 2 - 1),
    TCP(msl, CONFIG_DURATION, 1, LONGEST),
    TCP(fin_wait2_timeout, CONFIG_DURATION, 1, LONGEST),
    TCP(keepalive_idle, CONFIG_DURATION, 1000000, LONGEST),
    TCP(keepalive_interval, CONFIG_DURATION, 1000000, LONGEST),
    TCP(challenge_interval, CONFIG_DURATION, 0, LONGEST),
    TCP(challenge_burst, CONFIG_NUMBER, 1, 255),
    TCP(reset_in_window, CONFIG_SWITCH, 0, 1),
    TCP(reset_from_last_ack, CONFIG_SWITCH, 0, 1),
    TCP(syn_in_window, CONFIG_SWITCH, 0, 1),
    TCP(ack_any_old, CONFIG_SWITCH, 0, 1),
    TCP(ack_of_duplicates, CONFIG_SWITCH, 0, 1),
    TCP(paws_silent, CONFIG_SWITCH, 0, 1),
    TCP(syn_cookies, CONFIG_NUMBER, 0, SEPTET_COOKIES_ALWAYS),
    TCP(cookie_options, CONFIG_SWITCH, 0, 1),
    TCP(half_open_backlog, CONFIG_SWITCH, 0, 1),
    TCP(syn_fin_dropped, CONFIG_SWITCH, 0, 1),
    TCP(syn_cache, CONFIG_SWITCH, 0, 1),
    TCP(time_wait_plain, CONFIG_SWITCH, 0, 1),
    TCP(close_forgets_opening, CONFIG_SWITCH, 0, 1),
    TCP(close_resets_unread, CONFIG_SWITCH, 0, 1),
    TCP(close_refuses_first, CONFIG_SWITCH, 0, 1),
    TCP(abort_always_resets, CONFIG_SWITCH, 0, 1),
    TCP(reset_always_told, CONFIG_SWITCH, 0, 1),
    TCP(icmp_ends_opening, CONFIG_SWITCH, 0, 1),
    TCP(blackhole, CONFIG_NUMBER, 0, SEPTET_BLACKHOLE_ALL),
    TCP(sws_override, CONFIG_DURATION, 1, LONGEST),
    TCP(reset_on_overflow, CONFIG_SWITCH, 0, 1),
    TCP(pacing, CONFIG_SWITCH, 0, 1),
    TCP(fast_path, CONFIG_SWITCH, 0, 1),
    TCP(gro, CONFIG_SWITCH, 0, 1),
    TCP(gso_max, CONFIG_SIZE, 536, 65535),
    TCP(port_low, CONFIG_NUMBER, 1, 65535),
    TCP(port_high, CONFIG_NUMBER, 1, 65535),
};

const struct config_key *config_key_find(struct slice name, bool tcp)
{
    for (uint32_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].tcp == tcp && slice_is_name(name, keys[i].name))
            return &keys[i];
    return NULL;
}

static bool read_value(const struct config_key *key, struct slice text, int64_t *value)
{
    uint64_t size = 0;
    bool on = false;

    switch (key->unit) {
    case CONFIG_NUMBER:
        return quantity_integer(text, value);
    case CONFIG_DURATION:
        return quantity_duration(text, value);
    case CONFIG_SIZE:
        if (!quantity_size(text, &size))
            return false;
        *value = (int64_t)size;
        return true;
    case CONFIG_SWITCH:
        if (!quantity_switch(text, &on))
            return false;
        *value = on;
        return true;
    default:
        *value = slice_is_name(text, "reno") ? SEPTET_RENO : SEPTET_CUBIC;
        return slice_is_name(text, "reno") || slice_is_name(text, "cubic");
    }
}

static void store(const struct config_key *key, int64_t value, struct septet_config *config)
{
    uint8_t *field = (uint8_t *)config + key->offset;
    uint8_t value8 = (uint8_t)value;
    uint16_t value16 = (uint16_t)value;
    uint32_t value32 = (uint32_t)value;
    bool on = value != 0;

    if (key->unit == CONFIG_SWITCH)
        memcpy(field, &on, sizeof on);
    else if (key->size == 1)
        memcpy(field, &value8, 1);
    else if (key->size == 2)
        memcpy(field, &value16, 2);
    else if (key->size == 4)
        memcpy(field, &value32, 4);
    else
        memcpy(field, &value, 8);
}

bool config_key_set(const struct config_key *key, struct slice text, struct septet_config *config)
{
    int64_t value;

    if (!read_value(key, text, &value) || value < key->low || value > key->high)
        return false;
    if (key->offset == offsetof(struct septet_config, page_size) && (value & (value - 1)) != 0)
        return false;
    store(key, value, config);
    return true;
}

void config_key_describe(const struct config_key *key, struct text *text)
{
    static const char *const units[] = {"a number from ", "a size from ", "a duration from "};

    if (key->unit == CONFIG_SWITCH) {
        text_put(text, "true or false");
        return;
    }
    if (key->unit == CONFIG_CONGESTION) {
        text_put(text, "reno or cubic");
        return;
    }
    text_put(text, units[key->unit]);
    if (key->unit == CONFIG_DURATION) {
        text_duration(text, key->low);
        text_put(text, " to ");
        text_duration(text, key->high);
    } else {
        text_signed(text, key->low);
        text_put(text, " to ");
        text_signed(text, key->high);
    }
    if (key->offset == offsetof(struct septet_config, page_size))
        text_put(text, ", a power of two");
}
