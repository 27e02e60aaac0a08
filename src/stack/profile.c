#include "septet/config.h"

/* What the RFCs leave open, as others have decided it. Nothing else in the stack knows of profiles. */

/* Every SHOULD: RFC 6298 (2.4), 5681, 9293. */
static void rfc(struct septet_config *config)
{
    struct septet_tcp_config *tcp = &config->tcp;
    tcp->rto_minimum = SEPTET_SECOND;
    tcp->rto_maximum = 60 * SEPTET_SECOND;
    tcp->delayed_ack = 200 * SEPTET_MILLISECOND;
    tcp->msl = 120 * SEPTET_SECOND;
    tcp->congestion = SEPTET_RENO;
    tcp->window_probe_octet = true;
    tcp->idle_restart = true;
    tcp->window_steps = true;
}

static void linux_like(struct septet_config *config)
{
    struct septet_tcp_config *tcp = &config->tcp;
    tcp->rto_minimum = 200 * SEPTET_MILLISECOND;
    tcp->rto_maximum = 120 * SEPTET_SECOND;
    tcp->delayed_ack = 40 * SEPTET_MILLISECOND;
    tcp->msl = 30 * SEPTET_SECOND;
    tcp->congestion = SEPTET_CUBIC;
    tcp->window_scale = 8;
    tcp->rto_variance_minimum = 200 * SEPTET_MILLISECOND;
    tcp->quick_acks = 16;
    tcp->burst_minimum = 2;
    tcp->window_steps = false;
    tcp->window_probe_octet = false;
    tcp->measure_syn_ack = true;
    tcp->missing_timestamps = true;
    tcp->reset_always_told = true;
    tcp->cookie_options = false;
    tcp->half_open_backlog = true;
}

static void freebsd_like(struct septet_config *config)
{
    struct septet_tcp_config *tcp = &config->tcp;
    tcp->rto_minimum = 30 * SEPTET_MILLISECOND;
    tcp->rto_maximum = 64 * SEPTET_SECOND;
    tcp->delayed_ack = 40 * SEPTET_MILLISECOND;
    tcp->msl = 30 * SEPTET_SECOND;
    tcp->congestion = SEPTET_CUBIC;
    tcp->receive_buffer = 65536;
    tcp->send_buffer = 32768;
    tcp->window_scale = 6;
    tcp->syn_layout = SEPTET_SYN_PACKED;
    tcp->rto_slop = 200 * SEPTET_MILLISECOND;
    tcp->window_steps = false;
    tcp->round_buffers = true;
    tcp->window_probe_octet = true;
    tcp->measure_syn_ack = true;
    tcp->missing_timestamps = true;
    tcp->window_scale_fixed = true;
    tcp->reset_always_told = true;
    tcp->synack_retries = 3;
    tcp->keepalive_count = 8;
    tcp->syn_timeout = 75 * SEPTET_SECOND;
    tcp->fin_wait2_timeout = 600 * SEPTET_SECOND;
    tcp->challenge_interval = SEPTET_SECOND;
    tcp->challenge_burst = 5;
    tcp->reset_from_last_ack = true;
    tcp->ack_of_duplicates = true;
    tcp->paws_silent = true;
    tcp->syn_fin_dropped = false;
    tcp->syn_cache = true;
    tcp->time_wait_plain = true;
    tcp->close_forgets_opening = true;
    tcp->close_resets_unread = false;
    tcp->close_refuses_first = true;
    tcp->abort_always_resets = true;
}

static const struct {
    const char *name;
    void (*apply)(struct septet_config *config);
} profiles[] = {{"linux", linux_like}, {"freebsd", freebsd_like}, {"rfc", rfc}};

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const char *septet_profile_name(unsigned index)
{
    return index < sizeof profiles / sizeof profiles[0] ? profiles[index].name : NULL;
}

bool septet_profile_apply(struct septet_config *config, const char *name)
{
    for (unsigned i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (same(profiles[i].name, name)) {
            profiles[i].apply(config);
            return true;
        }
    }
    return false;
}
