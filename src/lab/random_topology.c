#include "lab/random_maker.h"
#include "lab/world.h"

/* ---- hosts ---- */

static void random_tcp(struct maker *maker, struct septet_tcp_config *tcp)
{
    tcp->send_buffer = maker_scaled(maker, 512, 1 << 17);
    tcp->receive_buffer = maker_scaled(maker, 512, 1 << 17);
    tcp->window_scaling = maker_chance(maker, 80);
    tcp->window_scale = maker_chance(maker, 20) ? (uint8_t)maker_below(maker, 15) : 255;
    tcp->timestamps = maker_chance(maker, 75);
    tcp->sack = maker_chance(maker, 80);
    tcp->congestion = (uint8_t)maker_below(maker, SEPTET_CONGESTION_COUNT);
    tcp->initial_window = maker_chance(maker, 70) ? 10 : (uint8_t)maker_between(maker, 1, 20);
    tcp->pacing = maker_chance(maker, 20);
    tcp->fast_path = maker_chance(maker, 80);
    tcp->gro = maker_chance(maker, 70);
    tcp->delayed_ack = (int64_t)maker_between(maker, 0, 200) * SEPTET_MILLISECOND;
    tcp->rto_minimum = (int64_t)maker_between(maker, 10, 1000) * SEPTET_MILLISECOND;
    tcp->rto_maximum = (int64_t)maker_between(maker, 10, 60) * SEPTET_SECOND;
    tcp->syn_timeout = (int64_t)maker_between(maker, 20, 190) * SEPTET_SECOND;
    tcp->user_timeout = (int64_t)maker_between(maker, 60, 300) * SEPTET_SECOND;
    tcp->msl = (int64_t)maker_between(maker, 1, 30) * SEPTET_SECOND;
    tcp->fin_wait2_timeout = (int64_t)maker_between(maker, 5, 60) * SEPTET_SECOND;
    tcp->keepalive_idle = (int64_t)maker_between(maker, 5, 30) * SEPTET_SECOND;
    tcp->keepalive_interval = (int64_t)maker_between(maker, 1, 10) * SEPTET_SECOND;
    tcp->keepalive_count = (uint8_t)maker_between(maker, 3, 9);
}

static uint16_t add_host(struct maker *maker, bool router)
{
    static const int64_t steps[] = {1, 1000, 1000, 1000000, 10000000};
    struct scenario_host *host = SCENARIO_ADD(maker->arena, maker->scenario, hosts, host);

    if (!host) {
        maker->full = true;
        return 0;
    }
    struct septet_config *config = &host->config;
    struct text name;
    text_init(&name, host->name, sizeof host->name);
    text_char(&name, router ? 'r' : 'h');
    text_number(&name, maker->scenario->hosts);
    scenario_host_default(config);
    config->interfaces = 0;
    config->forwarding = router;
    config->clock_granularity = steps[maker_below(maker, 5)];
    config->connections = maker_chance(maker, 80) ? 16 : maker_between(maker, 1, 4);
    config->half_open = maker_chance(maker, 80) ? 16 : maker_between(maker, 1, 4);
    config->time_wait = maker_chance(maker, 80) ? 16 : maker_between(maker, 1, 3);
    config->page_size = 256U << maker_below(maker, 5);
    config->pages = maker_chance(maker, 85) ? (1U << 18) / config->page_size + 32 : maker_between(maker, 32, 64);
    random_tcp(maker, &config->tcp);
    return (uint16_t)(maker->scenario->hosts - 1);
}

/* ---- links ---- */

static uint32_t random_mtu(struct maker *maker)
{
    switch (maker_below(maker, 8)) {
    case 0:
        return maker->ipv4 ? 576 : 1280;
    case 1:
        return maker_between(maker, maker->ipv4 ? 576 : 1280, 1500);
    case 2:
        return maker_chance(maker, 50) ? 9000 : 1280;
    default:
        return 1500;
    }
}

static void random_queue(struct maker *maker, struct link_settings *settings)
{
    settings->rate = (uint64_t)maker_scaled(maker, 50000, 100000000);
    settings->queue_packets = maker_scaled(maker, 2, 200);
    settings->codel = maker_chance(maker, 30);
    settings->ecn = maker_chance(maker, 50);
    if (maker_chance(maker, 20))
        settings->queue_bytes = maker_between(maker, 10000, 60000);
}

/* One direction; some worlds are kind. Only one link on the way corrupts: two flips can make up for each other in the
 * Internet checksum. */
static void random_settings(struct maker *maker, struct link_settings *settings, bool kind, bool corrupts)
{
    scenario_link_default(settings);
    settings->delay = (int64_t)maker_scaled(maker, 0, 200000) * SEPTET_MICROSECOND;
    if (maker_chance(maker, 40))
        random_queue(maker, settings);
    if (kind)
        return;
    if (maker_chance(maker, 40))
        settings->jitter = (int64_t)maker_scaled(maker, 1, 50000) * SEPTET_MICROSECOND;
    settings->keep_order = maker_chance(maker, 60);
    if (maker_chance(maker, 50))
        settings->loss = maker_scaled(maker, 100, 200000);
    if (maker_chance(maker, 15)) {
        settings->burst_enter = maker_scaled(maker, 100, 30000);
        settings->burst_leave = maker_between(maker, 100000, 600000);
        settings->burst_loss = maker_between(maker, 500000, 1000000);
    }
    if (maker_chance(maker, 30)) {
        settings->reorder = maker_scaled(maker, 1000, 300000);
        settings->reorder_delay = (int64_t)maker_scaled(maker, 1, 100000) * SEPTET_MICROSECOND;
    }
    if (maker_chance(maker, 30))
        settings->duplicate = maker_scaled(maker, 1000, 300000);
    if (maker_chance(maker, 20) && corrupts)
        settings->corrupt = maker_scaled(maker, 1000, 100000);
    if (maker_chance(maker, 2))
        settings->mtu = maker_between(maker, 600, 1400);
}

static void random_rules(struct maker *maker, uint16_t link)
{
    static const uint16_t flags[] = {0x02, 0x12, 0x10, 0x11, 0x04};

    for (uint32_t count = maker_below(maker, 4); count > 0; count--) {
        struct scenario_rule *rule = SCENARIO_ADD(maker->arena, maker->scenario, rules, rule);
        if (!rule) {
            maker->full = true;
            return;
        }
        *rule =
            (struct scenario_rule){.link = link,
                                   .end = maker_chance(maker, 30) ? SCENARIO_ALL_ENDS : (uint8_t)maker_below(maker, 2),
                                   .action = (uint8_t)maker_below(maker, 5),
                                   .protocol = RULE_TCP,
                                   .payload = (uint8_t)maker_below(maker, 3),
                                   .first = maker_scaled(maker, 1, 30),
                                   .count = maker_scaled(maker, 1, 4)};
        if (maker_chance(maker, 50)) {
            rule->flags_set = flags[maker_below(maker, 5)];
            rule->flags_clear = 0x17 & (uint16_t)~rule->flags_set;
        }
        rule->time = (int64_t)maker_scaled(maker, 1, 20000) * SEPTET_MILLISECOND;
    }
}

static void random_downs(struct maker *maker, uint16_t link)
{
    struct scenario_down *down = SCENARIO_ADD(maker->arena, maker->scenario, downs, down);

    if (!down) {
        maker->full = true;
        return;
    }
    down->link = link;
    down->end = maker_chance(maker, 50) ? SCENARIO_ALL_ENDS : (uint8_t)maker_below(maker, 2);
    down->from = (int64_t)maker_scaled(maker, 1, 5000) * SEPTET_MILLISECOND;
    down->to = down->from + (int64_t)maker_scaled(maker, 1, 40000) * SEPTET_MILLISECOND;
}

/* 10.0.<link>.<end> or fd00:<link>::<end>. */
static struct septet_address address_of(const struct maker *maker, uint16_t link, uint8_t end)
{
    struct septet_address address = {{0xfd, 0, 0, (uint8_t)link, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(end + 1)}};

    return maker->ipv4 ? septet_address_ipv4(10, 0, (uint8_t)link, (uint8_t)(end + 1)) : address;
}

static void add_end(struct maker *maker, uint16_t link, uint16_t host, uint32_t mtu)
{
    struct scenario *scenario = maker->scenario;
    struct scenario_interface *interface = SCENARIO_ADD(maker->arena, scenario, interfaces, interface);
    struct scenario_address *address = SCENARIO_ADD(maker->arena, scenario, addresses, address);

    if (!interface || !address) {
        maker->full = true;
        return;
    }
    struct scenario_link *the = &scenario->link[link];
    uint16_t index = (uint16_t)scenario->host[host].config.interfaces++;
    *interface = (struct scenario_interface){.host = host,
                                             .link = link,
                                             .index = index,
                                             .end = the->ends,
                                             .mtu = mtu,
                                             .detect = maker_chance(maker, 5),
                                             .mac = {2, 0, 0, 0, (uint8_t)host, (uint8_t)(index + 1)}};
    *address = (struct scenario_address){.interface = (uint16_t)(scenario->interfaces - 1),
                                         .prefix_length = maker->ipv4 ? 24 : 64,
                                         .address = address_of(maker, link, the->ends)};
    the->interface[the->ends++] = (uint16_t)(scenario->interfaces - 1);
}

static uint16_t add_link(struct maker *maker, uint16_t left, uint16_t right, bool kind)
{
    struct scenario_link *link = SCENARIO_ADD(maker->arena, maker->scenario, links, link);
    uint16_t index = (uint16_t)(maker->scenario->links - 1);
    struct text name;

    if (!link) {
        maker->full = true;
        return 0;
    }
    text_init(&name, link->name, sizeof link->name);
    text_put(&name, "link");
    text_number(&name, index);
    link->ethernet = maker_chance(maker, 50);
    random_settings(maker, &link->from[0], kind, index == 0);
    random_settings(maker, &link->from[1], kind, index == 0);
    uint32_t mtu = random_mtu(maker);
    add_end(maker, index, left, mtu);
    add_end(maker, index, right, mtu);
    if (!kind && maker_chance(maker, 40))
        random_rules(maker, index);
    if (!kind && maker_chance(maker, 10))
        random_downs(maker, index);
    return index;
}

static void add_route(struct maker *maker, uint16_t host, uint16_t link, uint8_t gateway_end)
{
    struct scenario *scenario = maker->scenario;
    struct scenario_route *route = SCENARIO_ADD(maker->arena, scenario, routes, route);

    if (!route) {
        maker->full = true;
        return;
    }
    *route = (struct scenario_route){.host = host,
                                     .interface = scenario->link[link].interface[1 - gateway_end],
                                     .has_gateway = true,
                                     .gateway = address_of(maker, link, gateway_end)};
    if (maker->ipv4)
        route->prefix = septet_address_ipv4(0, 0, 0, 0);
}

/* A chain: client, routers, server. */
void random_topology(struct maker *maker)
{
    uint32_t routers = maker_chance(maker, 65) ? 0 : maker_between(maker, 1, 2);
    bool kind = maker_chance(maker, 25);
    uint16_t chain[4];

    chain[0] = maker->client = add_host(maker, false);
    for (uint32_t i = 1; i <= routers; i++)
        chain[i] = add_host(maker, true);
    chain[routers + 1] = maker->server = add_host(maker, false);
    for (uint32_t i = 0; i <= routers && !maker->full; i++)
        add_link(maker, chain[i], chain[i + 1], kind);
    /* Every default route to the right, but the last host's and, of the routers, the right one's, to the left. */
    for (uint32_t i = 0; i < routers && !maker->full; i++)
        add_route(maker, chain[i], (uint16_t)i, 1);
    if (routers && !maker->full) {
        add_route(maker, chain[routers + 1], (uint16_t)routers, 0);
        if (routers == 2)
            add_route(maker, chain[2], 1, 0);
    }
}
