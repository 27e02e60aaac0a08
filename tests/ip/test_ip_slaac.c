#include "host.h"

static struct sent sent;
static uint8_t frame[2000], advertisement[1400];
static uint32_t advertised;

static struct host *make_with(const struct septet_config *config)
{
    struct host *host = host_new(config);
    host_ethernet(host, 1500, true);
    host_wait(host, 5 * SEPTET_SECOND);
    host_drain(host);
    return host;
}

static struct host *make(void)
{
    const struct septet_config config = host_config();
    return make_with(&config);
}

static void begin(uint32_t reachable, uint32_t retrans)
{
    store32(advertisement, reachable);
    store32(advertisement + 4, retrans);
    advertised = 8;
}

static void prefix(const char *text, uint8_t length, uint8_t flags, uint32_t valid, uint32_t preferred)
{
    uint8_t *option = advertisement + advertised;
    const struct septet_address address = address_of(text);
    memset(option, 0, 32);
    option[0] = NDP_OPTION_PREFIX;
    option[1] = 4;
    option[2] = length;
    option[3] = flags;
    store32(option + 4, valid);
    store32(option + 8, preferred);
    memcpy(option + 16, address.bytes, 16);
    advertised += 32;
}

static void give_from(struct host *host, const char *router, uint32_t lifetime)
{
    const uint32_t length = frame_ndp(frame, ICMPV6_ROUTER_ADVERTISEMENT, 64u << 24 | lifetime, router, "ff02::1",
                                      advertisement, advertised);
    assert_int_equal(host_give(host, 0, frame, length), IP_CONSUMED);
}

static void give(struct host *host, uint32_t lifetime) { give_from(host, "fe80::99", lifetime); }

/* The n-th address with a prefix of 64 bits. */
static bool find(struct host *host, const char *text, struct septet_address *address, unsigned *state)
{
    const struct septet_address wanted = address_of(text);
    for (unsigned i = 0; ip_address_get(&host->ip, i, address, NULL, NULL, state); i++)
        if (address_in_prefix(address, &wanted, 64))
            return true;
    return false;
}

static uint32_t count(struct host *host)
{
    unsigned i = 0;
    while (ip_address_get(&host->ip, i, NULL, NULL, NULL, NULL))
        i++;
    return i;
}

/* RFC 4862 section 5.3 and RFC 7217: the same host has the same identifier on a network, another on another. */
static void link_local(void **state)
{
    (void)state;
    struct host *one = make(), *two = make();
    struct septet_address a, b;
    unsigned address_state;
    assert_true(find(one, "fe80::", &a, &address_state));
    assert_int_equal(address_state, IP_ADDRESS_USABLE);
    assert_true(find(two, "fe80::", &b, &address_state));
    assert_true(septet_address_equal(&a, &b));
    begin(0, 0);
    prefix("fd01::", 64, 0xc0, 3600, 1800);
    prefix("fd02::", 64, 0xc0, 3600, 1800);
    give(one, 0);
    struct septet_address c;
    assert_true(find(one, "fd01::", &b, &address_state));
    assert_true(find(one, "fd02::", &c, &address_state));
    assert_memory_not_equal(a.bytes + 8, b.bytes + 8, 8);
    assert_memory_not_equal(c.bytes + 8, b.bytes + 8, 8);
    assert_memory_not_equal(a.bytes + 8, our_mac, 3);
    host_free(one);
    host_free(two);
}

/* RFC 4861 section 6.3.7: three questions, four seconds apart, none after an answer. */
static void solicits_routers(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        const struct septet_config config = host_config();
        struct host *host = host_new(&config);
        uint32_t solicitations = 0;
        int64_t last = 0;
        host_ethernet(host, 1500, true);
        for (int i = 0; i < 300; i++) {
            host_wait(host, 100 * SEPTET_MILLISECOND);
            while (host_pull(host, &sent)) {
                if (sent.packet.ip_version != 6 || sent.transport[0] != ICMPV6_ROUTER_SOLICITATION)
                    continue;
                assert_true(address_is_link_local(&sent.ip.source));
                assert_int_equal(sent.ip.ttl, 255);
                assert_int_equal(sent.transport[8], NDP_OPTION_SOURCE_LINK);
                if (solicitations > 0)
                    assert_true(host->core.now - last >= 3900 * SEPTET_MILLISECOND);
                last = host->core.now;
                solicitations++;
                if (answered) {
                    begin(0, 0);
                    give(host, 1800);
                }
            }
        }
        assert_int_equal(solicitations, answered ? 1 : 3);
        begin(0, 0);
        give(host, 0);
        host_free(host);
    }
}

static void configures(void **state)
{
    (void)state;
    struct host *host = make();
    struct septet_address address, source = {{0}};
    const struct septet_address far = address_of("2001:db8::1"), near = address_of("fd01::77");
    struct ip_path path;
    unsigned address_state;
    begin(0, 0);
    prefix("fd01::", 64, 0xc0, 3600, 1800);
    give(host, 1800);
    assert_true(find(host, "fd01::", &address, &address_state));
    assert_int_equal(address_state, IP_ADDRESS_TENTATIVE);
    host_wait(host, 3 * SEPTET_SECOND);
    assert_true(ip_is_local(&host->ip, &address));
    assert_int_equal(ip_route(&host->ip, &source, &far, &path), SEPTET_OK);
    assert_true(septet_address_equal(&source, &address));
    assert_int_equal(host_neighbor(host, 0, "fe80::99"), NEIGHBOR_NONE);
    source = (struct septet_address){{0}};
    assert_int_equal(ip_route(&host->ip, &source, &near, &path), SEPTET_OK);
    assert_int_equal(host_neighbor(host, 0, "fd01::77"), NEIGHBOR_NONE);
    /* After half an hour the router and the preference are gone, after an hour all of it. */
    host_wait(host, 1800 * SEPTET_SECOND);
    source = (struct septet_address){{0}};
    assert_int_equal(ip_route(&host->ip, &source, &far, &path), SEPTET_NETWORK_UNREACHABLE);
    assert_true(ip_is_local(&host->ip, &address));
    host_wait(host, 1800 * SEPTET_SECOND);
    assert_false(find(host, "fd01::", &address, &address_state));
    assert_null(route_lookup(&host->ip, &near, ROUTE_ANY_INTERFACE));
    host_free(host);
}

/* Rule 3 of RFC 6724: a deprecated address is the second choice. */
static void deprecated(void **state)
{
    (void)state;
    struct host *host = make();
    struct septet_address one, two, source = {{0}};
    const struct septet_address far = address_of("2001:db8::1");
    struct ip_path path;
    unsigned address_state;
    begin(0, 0);
    prefix("2001:db8:0:1::", 64, 0xc0, 3600, 3600);
    prefix("2001:db8:0:2::", 64, 0xc0, 3600, 3600);
    give(host, 1800);
    host_wait(host, 3 * SEPTET_SECOND);
    assert_true(find(host, "2001:db8:0:1::", &one, &address_state));
    assert_true(find(host, "2001:db8:0:2::", &two, &address_state));
    begin(0, 0);
    prefix("2001:db8:0:1::", 64, 0xc0, 3600, 0);
    give(host, 1800);
    assert_int_equal(ip_route(&host->ip, &source, &far, &path), SEPTET_OK);
    assert_true(septet_address_equal(&source, &two));
    begin(0, 0);
    prefix("2001:db8:0:1::", 64, 0xc0, 3600, 3600);
    prefix("2001:db8:0:2::", 64, 0xc0, 3600, 0);
    give(host, 1800);
    source = (struct septet_address){{0}};
    assert_int_equal(ip_route(&host->ip, &source, &far, &path), SEPTET_OK);
    assert_true(septet_address_equal(&source, &one));
    give(host, 0);
    host_wait(host, 7300 * SEPTET_SECOND);
    host_free(host);
}

static int64_t valid_left(struct host *host)
{
    for (uint32_t slot = 0; slot < host->ip.address_high; slot++)
        if (host->ip.addresses[slot].state != IP_ADDRESS_NONE && host->ip.addresses[slot].origin == IP_ADDRESS_SLAAC)
            return (host->ip.addresses[slot].valid_until - host->core.now) / SEPTET_SECOND;
    return -1;
}

/* RFC 4862 section 5.5.3 (e): the table of lifetimes. */
static void two_hours(void **state)
{
    (void)state;
    static const struct {
        uint32_t remaining, received;
        int64_t result;
    } rows[] = {
        {10000, 20000, 20000}, {10000, 8000, 8000}, {10000, 7200, 7200}, {10000, 100, 7200}, {10000, 0, 7200},
        {5000, 6000, 6000},    {5000, 100, 5000},   {5000, 0, 5000},     {5000, 5001, 5001}, {100, 50, 100},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct host *host = make();
        begin(0, 0);
        prefix("fd01::", 64, 0x40, rows[i].remaining, 0);
        give(host, 0);
        assert_int_equal(valid_left(host), rows[i].remaining);
        begin(0, 0);
        prefix("fd01::", 64, 0x40, rows[i].received, 0);
        give(host, 0);
        assert_int_equal(valid_left(host), rows[i].result);
        host_wait(host, 20001 * SEPTET_SECOND);
        assert_int_equal(valid_left(host), -1);
        host_free(host);
    }
}

/* B15: floods of prefixes and routers, and what was never a prefix. */
static void flood(void **state)
{
    (void)state;
    struct host *host = make();
    const uint32_t before = count(host);
    for (uint32_t i = 0; i < 10000; i++) {
        char text[64], router[64];
        snprintf(text, sizeof text, "2001:db8:%x:%x::", i >> 8, i & 255);
        snprintf(router, sizeof router, "fe80::%x", i + 1);
        begin(0, 0);
        prefix(text, 64, 0xc0, 3600, 3600);
        give_from(host, router, 1800);
        assert_true(count(host) <= before + IP_AUTO_ADDRESSES + 4);
        assert_true(host->ip.route_origin_count[ROUTE_PREFIX] <= IP_AUTO_PREFIXES);
        assert_true(host->ip.route_origin_count[ROUTE_ROUTER] <= IP_AUTO_ROUTERS);
        assert_true(host->ip.neighbors.used <= 32);
        if (i % 100 == 0)
            host_drain(host);
    }
    assert_int_equal(host->ip.route_origin_count[ROUTE_PREFIX], IP_AUTO_PREFIXES);
    assert_int_equal(host->ip.route_origin_count[ROUTE_ROUTER], IP_AUTO_ROUTERS);
    /* The owner's own room is untouched. */
    host_address(host, 0, "10.0.0.1", 24);
    host_route(host, "0.0.0.0", 0, 0, "10.0.0.2");
    host_wait(host, 3601 * SEPTET_SECOND);
    host_drain(host);
    assert_int_equal(count(host), before + 1);
    host_free(host);
}

static void malformed(void **state)
{
    (void)state;
    struct host *host = make();
    const uint32_t before = count(host);
    begin(0, 0);
    prefix("fd01::", 200, 0xc0, 3600, 3600);
    prefix("fe80::", 64, 0xc0, 3600, 3600);
    prefix("ff02::", 64, 0xc0, 3600, 3600);
    prefix("fd02::", 64, 0xc0, 3600, 3601);
    prefix("fd03::", 48, 0x40, 3600, 3600);
    prefix("::ffff:0:0", 96, 0xc0, 3600, 3600);
    give(host, 0);
    assert_int_equal(count(host), before);
    assert_int_equal(host->ip.route_origin_count[ROUTE_PREFIX], 0);
    /* CVE-2020-16898 and kin: options of wrong length, of length 0, beyond the end. */
    begin(0, 0);
    prefix("fd01::", 64, 0xc0, 3600, 3600);
    advertisement[8 + 1] = 3;
    advertised = 8 + 24;
    give(host, 0);
    assert_int_equal(count(host), before);
    begin(0, 0);
    prefix("fd01::", 64, 0xc0, 3600, 3600);
    advertisement[advertised] = NDP_OPTION_RDNSS;
    advertisement[advertised + 1] = 0;
    advertised += 8;
    give(host, 1800);
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), 1);
    advertisement[advertised - 7] = 2;
    give(host, 1800);
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), 2);
    assert_int_equal(count(host), before);
    /* From further away, from no link-local address. */
    begin(0, 0);
    prefix("fd01::", 64, 0xc0, 3600, 3600);
    give_from(host, "fd01::1", 1800);
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), 3);
    const uint32_t length =
        frame_ndp(frame, ICMPV6_ROUTER_ADVERTISEMENT, 1800, "fe80::99", "ff02::1", advertisement, advertised);
    frame[14 + 7] = 254;
    host_give(host, 0, frame, length);
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), 4);
    assert_int_equal(count(host), before);
    host_free(host);
}

/* Every bit of an advertisement may be wrong. */
static void option_fuzz(void **state)
{
    (void)state;
    struct host *host = make();
    uint64_t seed = 1234;
    for (int i = 0; i < 50000; i++) {
        begin((uint32_t)splitmix64(&seed), (uint32_t)splitmix64(&seed));
        const uint32_t size = 8 + (uint32_t)(splitmix64(&seed) % 160);
        for (uint32_t at = 8; at < size; at++)
            advertisement[at] = (uint8_t)splitmix64(&seed);
        for (uint32_t at = 8; at + 1 < size; at += 8u * advertisement[at + 1]) {
            advertisement[at] = (uint8_t)(splitmix64(&seed) % 6);
            advertisement[at + 1] = (uint8_t)(splitmix64(&seed) % 5);
            if (advertisement[at + 1] == 0)
                break;
        }
        advertised = size;
        give(host, (uint32_t)splitmix64(&seed) & 0xffff);
        if (i % 64 == 0) {
            host_wait(host, SEPTET_SECOND);
            host_drain(host);
        }
    }
    const struct ip_interface *interface = &host->ip.interfaces[0];
    assert_true(interface->mtu_ipv6 >= 1280 && interface->mtu_ipv6 <= 1500);
    assert_true(interface->retrans_timer >= 100 * SEPTET_MILLISECOND);
    assert_true(interface->reachable_time >= SEPTET_SECOND);
    free(host->given);
    free(host->memory);
    free(host->pages);
    free(host);
}

static void link_parameters(void **state)
{
    (void)state;
    struct host *host = make();
    const struct ip_interface *interface = &host->ip.interfaces[0];
    begin(20000, 2000);
    const uint8_t mtu[8] = {NDP_OPTION_MTU, 1, 0, 0, 0, 0, 0x05, 0x78};
    memcpy(advertisement + advertised, mtu, 8);
    advertised += 8;
    give(host, 0);
    assert_int_equal(interface->reachable_time, 20 * SEPTET_SECOND);
    assert_int_equal(interface->retrans_timer, 2 * SEPTET_SECOND);
    assert_int_equal(ip_interface_mtu_of(&host->ip, 0, false), 1400);
    assert_int_equal(ip_interface_mtu_of(&host->ip, 0, true), 1500);
    store32(advertisement + 12, 1279);
    give(host, 0);
    assert_int_equal(ip_interface_mtu_of(&host->ip, 0, false), 1400);
    store32(advertisement + 12, 9000);
    give(host, 0);
    assert_int_equal(ip_interface_mtu_of(&host->ip, 0, false), 1400);
    host_free(host);
}

/* RFC 4861 section 6.3.6: a default router that does not answer gives way to one that may. */
static void dead_router(void **state)
{
    (void)state;
    struct host *host = make();
    const struct septet_address far = address_of("2001:db8::1");
    struct septet_address source = {{0}};
    struct ip_path path;
    uint8_t mac[6];
    begin(0, 0);
    prefix("fd01::", 64, 0xc0, UINT32_MAX, UINT32_MAX);
    give_from(host, "fe80::a", 9000);
    give_from(host, "fe80::b", 9000);
    host_wait(host, 3 * SEPTET_SECOND);
    host_drain(host);
    assert_int_equal(ip_route(&host->ip, &source, &far, &path), SEPTET_OK);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_RESOLVING);
    assert_int_equal(host_neighbor(host, 0, "fe80::a"), NEIGHBOR_INCOMPLETE);
    host_wait(host, 3 * SEPTET_SECOND);
    assert_int_not_equal(path.generation, ip_generation(&host->ip));
    assert_int_equal(ip_route(&host->ip, &source, &far, &path), SEPTET_OK);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_RESOLVING);
    assert_int_equal(host_neighbor(host, 0, "fe80::b"), NEIGHBOR_INCOMPLETE);
    host_answer(host, 0, "fe80::b", router_mac);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_REACHABLE);
    assert_memory_equal(mac, router_mac, 6);
    begin(0, 0);
    give_from(host, "fe80::a", 0);
    give_from(host, "fe80::b", 0);
    source = (struct septet_address){{0}};
    assert_int_equal(ip_route(&host->ip, &source, &far, &path), SEPTET_NETWORK_UNREACHABLE);
    host_free(host);
}

/* RFC 4861 section 7.2.5: a neighbour that says it is no router any more is none. */
static void router_resigns(void **state)
{
    (void)state;
    struct host *host = make();
    uint8_t body[24] = {0};
    const struct septet_address router = address_of("fe80::99"), far = address_of("2001:db8::1");
    begin(0, 0);
    memcpy(advertisement + 8, (const uint8_t[8]){NDP_OPTION_SOURCE_LINK, 1, 2, 0, 0, 0, 0, 3}, 8);
    advertised = 16;
    give(host, 1800);
    assert_int_equal(host_neighbor(host, 0, "fe80::99"), NEIGHBOR_STALE);
    assert_non_null(route_lookup(&host->ip, &far, ROUTE_ANY_INTERFACE));
    memcpy(body, router.bytes, 16);
    struct septet_address us;
    unsigned address_state;
    char text[SEPTET_ADDRESS_TEXT];
    assert_true(find(host, "fe80::", &us, &address_state));
    septet_address_format(&us, text);
    host_give(host, 0, frame, frame_ndp(frame, ICMPV6_NEIGHBOR_ADVERTISEMENT, 0x40000000, "fe80::99", text, body, 16));
    assert_null(route_lookup(&host->ip, &far, ROUTE_ANY_INTERFACE));
    host_free(host);
}

/* RFC 7217 section 6: another identifier is tried in place of a duplicate, three times. */
static void duplicates(void **state)
{
    (void)state;
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    struct septet_address tried[5];
    unsigned address_state = 0;
    host_ethernet(host, 1500, true);
    for (int i = 0; i < 4; i++) {
        uint8_t body[16];
        char group[SEPTET_ADDRESS_TEXT];
        assert_true(find(host, "fe80::", &tried[i], &address_state));
        assert_int_equal(address_state, IP_ADDRESS_TENTATIVE);
        for (int j = 0; j < i; j++)
            assert_false(septet_address_equal(&tried[i], &tried[j]));
        const struct septet_address solicited = address_solicited_node(&tried[i]);
        septet_address_format(&solicited, group);
        memcpy(body, tried[i].bytes, 16);
        host_give(host, 0, frame, frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, "::", group, body, 16));
    }
    assert_true(find(host, "fe80::", &tried[4], &address_state));
    assert_int_equal(address_state, IP_ADDRESS_DUPLICATE);
    assert_int_equal(count(host), 1);
    host_free(host);
}

/* RFC 4861 section 8.1: redirects from the router in use only; then the better way is taken, for ten minutes. */
static void redirects(void **state)
{
    (void)state;
    struct host *host = make();
    const struct septet_address far = address_of("2001:db8::1"), target = address_of("fe80::b");
    uint8_t body[40] = {0};
    struct septet_address us;
    unsigned address_state;
    char text[SEPTET_ADDRESS_TEXT];
    assert_true(find(host, "fe80::", &us, &address_state));
    septet_address_format(&us, text);
    begin(0, 0);
    give_from(host, "fe80::a", 9000);
    memcpy(body, target.bytes, 16);
    memcpy(body + 16, far.bytes, 16);
    memcpy(body + 32, (const uint8_t[8]){NDP_OPTION_TARGET_LINK, 1, 2, 0, 0, 0, 0, 3}, 8);
    host_give(host, 0, frame, frame_ndp(frame, ICMPV6_REDIRECT, 0, "fe80::c", text, body, 40));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), 1);
    assert_int_equal(host->ip.route_origin_count[ROUTE_REDIRECT], 0);
    host_give(host, 0, frame, frame_ndp(frame, ICMPV6_REDIRECT, 0, "fe80::a", text, body, 40));
    const struct route *route = route_lookup(&host->ip, &far, ROUTE_ANY_INTERFACE);
    assert_non_null(route);
    assert_int_equal(route->origin, ROUTE_REDIRECT);
    assert_true(septet_address_equal(&route->gateway, &target));
    assert_int_equal(host_neighbor(host, 0, "fe80::b"), NEIGHBOR_STALE);
    for (uint8_t i = 0; i < 50; i++) {
        body[31] = i;
        host_give(host, 0, frame, frame_ndp(frame, ICMPV6_REDIRECT, 0, "fe80::a", text, body, 40));
    }
    assert_int_equal(host->ip.route_origin_count[ROUTE_REDIRECT], IP_AUTO_REDIRECTS);
    host_wait(host, 600 * SEPTET_SECOND);
    assert_int_equal(host->ip.route_origin_count[ROUTE_REDIRECT], 0);
    give_from(host, "fe80::a", 0);
    host_free(host);
}

/* A router believes no other router, and does not ask. */
static void routers_do_not_follow(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.forwarding = true;
    struct host *host = make_with(&config);
    const uint32_t before = count(host);
    begin(0, 0);
    prefix("fd01::", 64, 0xc0, 3600, 3600);
    give(host, 1800);
    assert_int_equal(count(host), before);
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_ignored), 1);
    host_wait(host, 20 * SEPTET_SECOND);
    while (host_pull(host, &sent))
        assert_int_not_equal(sent.transport[0], ICMPV6_ROUTER_SOLICITATION);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_local),      cmocka_unit_test(solicits_routers),
        cmocka_unit_test(configures),      cmocka_unit_test(deprecated),
        cmocka_unit_test(two_hours),       cmocka_unit_test(flood),
        cmocka_unit_test(malformed),       cmocka_unit_test(option_fuzz),
        cmocka_unit_test(link_parameters), cmocka_unit_test(dead_router),
        cmocka_unit_test(router_resigns),  cmocka_unit_test(duplicates),
        cmocka_unit_test(redirects),       cmocka_unit_test(routers_do_not_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
