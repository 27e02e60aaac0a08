#include "base/memory.h"
#include "stack/stack.h"

/* A stack laid out in the memory it was given. */

static size_t aligned(size_t size) { return (size + 63) & ~(size_t)63; }

static bool buffers_valid(const struct septet_config *config)
{
    return config->page_size >= 256 && config->page_size <= 65536 &&
           (config->page_size & (config->page_size - 1)) == 0 && config->pages >= 32 && config->pages < 1u << 30;
}

static bool tcp_valid(const struct septet_tcp_config *tcp)
{
    return tcp->send_buffer >= 512 && tcp->send_buffer <= 1u << 30 && tcp->receive_buffer >= 512 &&
           tcp->receive_buffer <= 1u << 30 && (tcp->window_scale <= 14 || tcp->window_scale == 255) &&
           tcp->congestion < SEPTET_CONGESTION_COUNT && tcp->initial_window >= 1 && tcp->synack_retries < 16 &&
           tcp->keepalive_count >= 1 && tcp->ecn <= SEPTET_ECN_ACCEPT && tcp->mss_minimum >= 48 &&
           tcp->mss_default_ipv4 >= tcp->mss_minimum && tcp->mss_default_ipv6 >= tcp->mss_minimum &&
           tcp->rto_initial > 0 && tcp->rto_minimum > 0 && tcp->rto_maximum >= tcp->rto_minimum &&
           tcp->rto_variance_minimum >= 0 && tcp->rto_slop >= 0 && tcp->syn_timeout > 0 && tcp->user_timeout >= 0 &&
           tcp->delayed_ack >= 0 && tcp->delayed_ack < 500 * SEPTET_MILLISECOND && tcp->msl > 0 &&
           tcp->fin_wait2_timeout > 0 && tcp->keepalive_idle > 0 && tcp->keepalive_interval > 0 &&
           tcp->challenge_interval >= 0 && tcp->challenge_burst >= 1 && tcp->syn_cookies <= SEPTET_COOKIES_ALWAYS &&
           tcp->blackhole <= SEPTET_BLACKHOLE_ALL && tcp->sws_override > 0 && tcp->gso_max >= 1 && tcp->port_low >= 1 &&
           tcp->port_low <= tcp->port_high && tcp->syn_layout <= SEPTET_SYN_PACKED;
}

static bool valid(const struct septet_config *config)
{
    return config != NULL && buffers_valid(config) && tcp_valid(&config->tcp) && config->connections >= 1 &&
           config->connections < 1u << 28 && config->half_open >= 1 && config->half_open < 1u << 28 &&
           config->time_wait >= 1 && config->time_wait < 1u << 28 && config->listeners >= 1 &&
           config->listeners <= 65535 && config->sockets >= 1 && config->sockets <= 65535 && config->interfaces >= 1 &&
           config->interfaces <= 1024 && config->addresses >= 1 && config->addresses <= 16384 && config->routes >= 1 &&
           config->routes <= 65535 && config->neighbors >= 4 && config->neighbors < 1u << 24 &&
           config->reassemblies >= 1 && config->reassemblies <= 65535 && config->path_mtus >= 1 &&
           config->path_mtus < 1u << 24 && config->hop_limit >= 1 && config->clock_granularity >= 1 && config->now >= 0;
}

static size_t pages_memory(const struct septet_config *config) { return (size_t)config->page_size * config->pages; }

size_t septet_memory_size(const struct septet_config *config)
{
    if (!valid(config))
        return 0;
    return aligned(sizeof(struct septet)) + aligned(tcp_memory(config)) + aligned(ip_layer_memory(config)) +
           aligned(udp_layer_memory(config)) + pages_memory(config);
}

static int check(const struct septet_config *config, const void *memory, size_t size)
{
    if (!valid(config) || memory == NULL || ((uintptr_t)memory & 63) != 0)
        return SEPTET_INVALID;
    return size < septet_memory_size(config) ? SEPTET_MEMORY_SIZE : SEPTET_OK;
}

/* A super-segment must fit in the spans of a packet. */
static uint32_t gso_limit(const struct septet_config *config)
{
    const uint32_t spans = (STACK_PACKET_SPANS - 2) * config->page_size;
    return min_u32(min_u32(config->tcp.gso_max, 65535 - IPV6_HEADER - 60), spans);
}

struct septet *septet_create(const struct septet_config *config, void *memory, size_t size, int *error)
{
    const int result = check(config, memory, size);
    if (error != NULL)
        *error = result;
    if (result != SEPTET_OK)
        return NULL;
    struct septet *stack = memory;
    uint8_t *at = (uint8_t *)memory + aligned(sizeof *stack);
    memset(stack, 0, sizeof *stack);
    struct core *core = &stack->core;
    core->config = *config;
    core->config.tcp.gso_max = gso_limit(config);
    core->now = config->now;
    random_init(&core->random, config->seed[0], config->seed[1]);
    core->secret = (struct siphash_key){{random_next(&core->random), random_next(&core->random)}};
    tcp_init(&stack->tcp, core, at);
    at += aligned(tcp_memory(config));
    ip_layer_init(&stack->ip, core, at);
    at += aligned(ip_layer_memory(config));
    udp_layer_init(&stack->udp, core, &stack->ip, at);
    at += aligned(udp_layer_memory(config));
    slab_init(&core->pages, at, config->page_size, config->pages);
    return stack;
}

int septet_tcp_configure(struct septet *stack, const struct septet_tcp_config *config)
{
    struct septet_config *own = &stack->core.config;
    if (config == NULL || !tcp_valid(config))
        return SEPTET_INVALID;
    own->tcp = *config;
    own->tcp.gso_max = gso_limit(own);
    tcp_configured(&stack->tcp);
    return SEPTET_OK;
}

void septet_config_default(struct septet_config *config)
{
    *config = (struct septet_config){
        .clock_granularity = SEPTET_MICROSECOND,
        .connections = 1024,
        .half_open = 1024,
        .time_wait = 4096,
        .listeners = 64,
        .sockets = 64,
        .interfaces = 4,
        .addresses = 16,
        .routes = 32,
        .neighbors = 256,
        .reassemblies = 32,
        .path_mtus = 256,
        .page_size = 4096,
        .pages = 8192,
        .hop_limit = 64,
        .tcp =
            {
                .send_buffer = 4u << 20,
                .receive_buffer = 4u << 20,
                .window_scale = 255,
                .window_scaling = true,
                .timestamps = true,
                .sack = true,
                .congestion = SEPTET_CUBIC,
                .initial_window = 10,
                .retries1 = 3,
                .synack_retries = 5,
                .keepalive_count = 9,
                .mss_default_ipv4 = 536,
                .mss_default_ipv6 = 1220,
                .mss_minimum = 64,
                .ecn = SEPTET_ECN_ACCEPT,
                .rto_initial = SEPTET_SECOND,
                .rto_minimum = 200 * SEPTET_MILLISECOND,
                .rto_maximum = 120 * SEPTET_SECOND,
                .syn_timeout = 190 * SEPTET_SECOND,
                .user_timeout = 924600 * SEPTET_MILLISECOND,
                .delayed_ack = 40 * SEPTET_MILLISECOND,
                .msl = 30 * SEPTET_SECOND,
                .fin_wait2_timeout = 60 * SEPTET_SECOND,
                .keepalive_idle = 7200 * SEPTET_SECOND,
                .keepalive_interval = 75 * SEPTET_SECOND,
                .challenge_interval = 500 * SEPTET_MILLISECOND,
                .challenge_burst = 1,
                .syn_cookies = SEPTET_COOKIES_WHEN_FULL,
                .cookie_options = true,
                .syn_fin_dropped = true,
                .close_resets_unread = true,
                .icmp_ends_opening = true,
                .sws_override = 200 * SEPTET_MILLISECOND,
                .idle_restart = true,
                .window_steps = true,
                .window_probe_octet = true,
                .fast_path = true,
                .gro = true,
                .gso_max = 65536,
                .port_low = 32768,
                .port_high = 60999,
            },
    };
}
