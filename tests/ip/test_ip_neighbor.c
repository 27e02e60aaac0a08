#include "host.h"

static struct sent sent;
static const char *const us = "10.0.0.1", *const them = "10.0.0.2";

static struct host *make(void)
{
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, us, 24);
    return host;
}

static struct ip_path path_to(struct host *host, const char *text)
{
    struct septet_address source = {{0}};
    const struct septet_address destination = address_of(text);
    struct ip_path path;
    assert_int_equal(ip_route(&host->ip, &source, &destination, &path), SEPTET_OK);
    return path;
}

static int send_to(struct host *host, const char *text, uint8_t byte)
{
    const struct ip_fields fields = {.destination = address_of(text), .protocol = 99};
    const struct septet_span span = {.data = &byte, .length = 1};
    return ip_send(&host->ip, &fields, &span, 1);
}

/* The next packet out is a solicitation for this neighbour, to everybody or to the mac. */
static void expect_solicitation(struct host *host, const char *text, const uint8_t *mac)
{
    struct arp arp;
    const struct septet_address target = address_of(text);
    assert_true(host_pull(host, &sent));
    assert_memory_equal(sent.ethernet.destination, mac == NULL ? broadcast_mac : mac, 6);
    assert_int_equal(arp_parse(sent.network, sent.network_length, &arp), wire_none);
    assert_int_equal(arp.operation, ARP_REQUEST);
    assert_memory_equal(arp.target_ip, target.bytes + 12, 4);
    assert_memory_equal(arp.sender_mac, our_mac, 6);
    assert_false(host_pull(host, &sent));
}

static void resolve(struct host *host, const char *text)
{
    const struct ip_path path = path_to(host, text);
    uint8_t mac[6];
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_RESOLVING);
    host_drain(host);
    host_answer(host, 0, text, peer_mac);
    assert_int_equal(host_neighbor(host, 0, text), NEIGHBOR_REACHABLE);
}

/* RFC 4861 section 7.3: the whole life of an entry, second by second. */
static void life(void **state)
{
    (void)state;
    struct host *host = make();
    struct ip_path path = path_to(host, them);
    uint8_t mac[6];
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_NONE);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_RESOLVING);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_INCOMPLETE);
    expect_solicitation(host, them, NULL);
    host_answer(host, 0, them, peer_mac);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_REACHABLE);
    assert_memory_equal(mac, peer_mac, 6);
    const int64_t deadline = ip_deadline(&host->ip);
    assert_true(deadline >= host->core.now + 15 * SEPTET_SECOND && deadline < host->core.now + 45 * SEPTET_SECOND);
    host_advance(host, deadline - 1);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_REACHABLE);
    host_advance(host, deadline);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_STALE);
    assert_false(host_pull(host, &sent));
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_REACHABLE);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_DELAY);
    assert_int_equal(ip_deadline(&host->ip), host->core.now + 5 * SEPTET_SECOND);
    host_wait(host, 5 * SEPTET_SECOND);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_PROBE);
    expect_solicitation(host, them, peer_mac);
    host_answer(host, 0, them, peer_mac);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_REACHABLE);
    assert_int_equal(path.generation, ip_generation(&host->ip));
    host_wait(host, 200 * SEPTET_SECOND);
    assert_int_equal(host_neighbor(host, 0, them), -1);
    assert_int_not_equal(path.generation, ip_generation(&host->ip));
    assert_int_equal(ip_deadline(&host->ip), SEPTET_NEVER);
    host_free(host);
}

static void never_answers(void **state)
{
    (void)state;
    struct host *host = make();
    struct ip_path path = path_to(host, them);
    uint8_t mac[6];
    bool reachable = true;
    for (int i = 0; i < 5; i++)
        assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_RESOLVING);
    *ip_neighbor_waiters(&host->ip, path.neighbor) = 7;
    for (int i = 0; i < 3; i++) {
        expect_solicitation(host, them, NULL);
        assert_int_equal(ip_next_settled(&host->ip, &reachable), 0);
        assert_int_equal(ip_deadline(&host->ip), host->core.now + SEPTET_SECOND);
        host_wait(host, SEPTET_SECOND);
    }
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_FAILED);
    assert_int_equal(ip_next_settled(&host->ip, &reachable), path.neighbor);
    assert_false(reachable);
    assert_int_equal(ip_next_settled(&host->ip, &reachable), 0);
    path = path_to(host, them);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_UNREACHABLE);
    assert_int_equal(send_to(host, them, 1), SEPTET_HOST_UNREACHABLE);
    /* The entry stays until nobody waits any more. */
    host_wait(host, 10 * SEPTET_SECOND);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_FAILED);
    *ip_neighbor_waiters(&host->ip, path.neighbor) = 0;
    host_wait(host, 2 * SEPTET_SECOND);
    assert_int_equal(host_neighbor(host, 0, them), -1);
    assert_false(host_pull(host, &sent));
    path = path_to(host, them);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_RESOLVING);
    expect_solicitation(host, them, NULL);
    host_free(host);
}

static void waiters_are_told(void **state)
{
    (void)state;
    struct host *host = make();
    struct ip_path path = path_to(host, them);
    uint8_t mac[6];
    bool reachable = false;
    ip_link_address(&host->ip, &path, mac);
    *ip_neighbor_waiters(&host->ip, path.neighbor) = 1;
    host_answer(host, 0, them, peer_mac);
    assert_int_equal(ip_next_settled(&host->ip, &reachable), path.neighbor);
    assert_true(reachable);
    *ip_neighbor_waiters(&host->ip, path.neighbor) = 0;
    assert_int_equal(ip_next_settled(&host->ip, &reachable), 0);
    host_free(host);
}

/* RFC 4861 section 7.2.2: the newest packets wait, in order; one that finds no neighbour is reported to its sender. */
static void queue(void **state)
{
    (void)state;
    struct host *host = make();
    for (uint8_t i = 1; i <= 5; i++)
        assert_int_equal(send_to(host, them, i), SEPTET_OK);
    assert_int_equal(host_drops(host, SEPTET_DROP_neighbor_queue), 2);
    expect_solicitation(host, them, NULL);
    host_answer(host, 0, them, peer_mac);
    for (uint8_t i = 3; i <= 5; i++) {
        assert_true(host_pull(host, &sent));
        assert_int_equal(sent.transport[0], i);
        assert_memory_equal(sent.ethernet.destination, peer_mac, 6);
    }
    assert_false(host_pull(host, &sent));
    host_free(host);
}

static void queue_fails(void **state)
{
    (void)state;
    struct host *host = make();
    struct septet_packet packet;
    struct icmp_quote quote;
    const uint8_t udp[8] = {0, 7, 0, 9, 0, 8, 0, 0};
    const struct ip_fields fields = {.destination = address_of(them), .protocol = PROTOCOL_UDP};
    const struct septet_span span = {.data = udp, .length = sizeof udp};
    assert_int_equal(ip_send(&host->ip, &fields, &span, 1), SEPTET_OK);
    host_wait(host, 3 * SEPTET_SECOND);
    assert_int_equal(host_drops(host, SEPTET_DROP_neighbor_failed), 1);
    assert_true(ip_loop_pending(&host->ip));
    assert_true(ip_loop_next(&host->ip, &packet));
    assert_int_equal(ip_input(&host->ip, &packet, &host->delivery), IP_ERROR);
    assert_int_equal(host->delivery.error, SEPTET_HOST_UNREACHABLE);
    assert_false(host->delivery.hard);
    quote = host->delivery.quote;
    assert_memory_equal(quote.transport, udp, sizeof udp);
    host_free(host);
}

/* MUST-20: what the layers above see counts. */
static void upper_layers(void **state)
{
    (void)state;
    struct host *host = make();
    resolve(host, them);
    struct ip_path path = path_to(host, them);
    for (int i = 0; i < 30; i++) {
        host_wait(host, 10 * SEPTET_SECOND);
        ip_neighbor_confirm(&host->ip, &path);
        assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_REACHABLE);
    }
    assert_false(host_pull(host, &sent));
    ip_neighbor_doubt(&host->ip, &path);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_PROBE);
    expect_solicitation(host, them, peer_mac);
    ip_neighbor_doubt(&host->ip, &path);
    assert_false(host_pull(host, &sent));
    ip_neighbor_confirm(&host->ip, &path);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_REACHABLE);
    /* Doubt that nothing allays: three questions to it, three to everybody (RFC 7048), then it is gone. */
    ip_neighbor_doubt(&host->ip, &path);
    for (int i = 0; i < 6; i++) {
        expect_solicitation(host, them, i < 3 ? peer_mac : NULL);
        host_wait(host, SEPTET_SECOND);
    }
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_FAILED);
    host_free(host);
}

static void moved(void **state)
{
    (void)state;
    struct host *host = make();
    static const uint8_t other[6] = {2, 9, 9, 9, 9, 9};
    uint8_t mac[6], frame[64];
    resolve(host, them);
    struct ip_path path = path_to(host, them);
    /* A gratuitous announcement: taken, but to be proved. */
    assert_int_equal(
        host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, other, them, peer_mac, them, broadcast_mac)),
        IP_CONSUMED);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_STALE);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_REACHABLE);
    assert_memory_equal(mac, other, 6);
    host_wait(host, 5 * SEPTET_SECOND);
    expect_solicitation(host, them, other);
    host_answer(host, 0, them, other);
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_REACHABLE);
    host_free(host);
}

/* RFC 4861 section 7.2.5 by its table: solicited, override, same link address. */
static void advertisement_flags(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        int state;
        bool same, taken;
    } rows[] = {
        {0x00000000, NEIGHBOR_REACHABLE, true, true}, {0x40000000, NEIGHBOR_REACHABLE, true, true},
        {0x20000000, NEIGHBOR_REACHABLE, true, true}, {0x60000000, NEIGHBOR_REACHABLE, true, true},
        {0x00000000, NEIGHBOR_STALE, false, false},   {0x40000000, NEIGHBOR_STALE, false, false},
        {0x20000000, NEIGHBOR_STALE, false, true},    {0x60000000, NEIGHBOR_REACHABLE, false, true},
    };
    static const uint8_t other[6] = {2, 9, 9, 9, 9, 9};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct septet_config config = host_config();
        struct host *host = host_new(&config);
        uint8_t frame[200], body[24] = {0}, mac[6];
        host_ethernet(host, 1500, false);
        host_address(host, 0, "fe80::1", 64);
        host_wait(host, 3 * SEPTET_SECOND);
        resolve(host, "fe80::2");
        const struct septet_address target = address_of("fe80::2");
        memcpy(body, target.bytes, 16);
        body[16] = NDP_OPTION_TARGET_LINK;
        body[17] = 1;
        memcpy(body + 18, rows[i].same ? peer_mac : other, 6);
        host_give(
            host, 0, frame,
            frame_ndp(frame, ICMPV6_NEIGHBOR_ADVERTISEMENT, rows[i].flags, "fe80::2", "fe80::1", body, sizeof body));
        assert_int_equal(host_neighbor(host, 0, "fe80::2"), rows[i].state);
        const struct ip_path path = path_to(host, "fe80::2");
        assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_REACHABLE);
        assert_memory_equal(mac, rows[i].same || !rows[i].taken ? peer_mac : other, 6);
        host_free(host);
    }
}

static void unsolicited_makes_nothing(void **state)
{
    (void)state;
    struct host *host = make();
    uint8_t frame[64];
    host_give(host, 0, frame, frame_arp(frame, ARP_REPLY, peer_mac, them, our_mac, us, our_mac));
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, peer_mac, them, peer_mac, them, broadcast_mac));
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, peer_mac, them, peer_mac, "10.0.0.77", broadcast_mac));
    assert_int_equal(host_neighbor(host, 0, them), -1);
    assert_int_equal(host_drops(host, SEPTET_DROP_arp_ignored), 3);
    /* Who asks for us will be answered, and is worth remembering. */
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, peer_mac, them, peer_mac, us, broadcast_mac));
    assert_int_equal(host_neighbor(host, 0, them), NEIGHBOR_STALE);
    struct arp arp;
    assert_true(host_pull(host, &sent));
    assert_int_equal(arp_parse(sent.network, sent.network_length, &arp), wire_none);
    assert_int_equal(arp.operation, ARP_REPLY);
    assert_memory_equal(arp.sender_mac, our_mac, 6);
    assert_memory_equal(arp.target_mac, peer_mac, 6);
    assert_memory_equal(sent.ethernet.destination, peer_mac, 6);
    host_free(host);
}

/* B14: what no neighbour can say of itself. */
static void arp_nonsense(void **state)
{
    (void)state;
    static const uint8_t group[6] = {3, 0, 0, 0, 0, 0}, zero[6] = {0};
    struct host *host = make();
    uint8_t frame[64];
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, group, them, our_mac, us, our_mac));
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, zero, them, our_mac, us, our_mac));
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, peer_mac, "10.0.0.255", our_mac, us, our_mac));
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, peer_mac, "224.0.0.1", our_mac, us, our_mac));
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, peer_mac, "127.0.0.1", our_mac, us, our_mac));
    host_give(host, 0, frame, frame_arp(frame, 9, peer_mac, them, our_mac, us, our_mac));
    assert_int_equal(host->ip.neighbors.used, 0);
    assert_false(host_pull(host, &sent));
    host_free(host);
}

/* B13, RFC 6583: a scan of the subnet leaves confirmed neighbours alone, and the link nearly so. */
static void scan(void **state)
{
    (void)state;
    struct host *host = make();
    uint32_t solicitations = 0;
    host_route(host, "0.0.0.0", 0, 0, "10.0.0.2");
    const struct septet_address wide = address_of("11.0.0.0");
    assert_int_equal(route_add(&host->ip, &wide, 96 + 8, 0, NULL, 0), SEPTET_OK);
    for (int i = 2; i < 12; i++) {
        char text[32];
        snprintf(text, sizeof text, "10.0.0.%d", i);
        resolve(host, text);
    }
    for (uint32_t i = 0; i < 100000; i++) {
        char text[32];
        snprintf(text, sizeof text, "11.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        const int error = send_to(host, text, 1);
        assert_true(error == SEPTET_OK || error == SEPTET_HOST_UNREACHABLE || error == SEPTET_AGAIN);
        solicitations += host_drain(host);
        if (i % 100 == 0)
            host_wait(host, SEPTET_MILLISECOND);
    }
    assert_true(host->ip.neighbors.used <= 10 + 32);
    assert_true(solicitations <= 64 + 200 + 10);
    assert_true(host_drops(host, SEPTET_DROP_neighbor_limit) > 0);
    for (int i = 2; i < 12; i++) {
        char text[32];
        uint8_t mac[6];
        snprintf(text, sizeof text, "10.0.0.%d", i);
        assert_int_equal(host_neighbor(host, 0, text), NEIGHBOR_REACHABLE);
        const struct ip_path path = path_to(host, text);
        assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_REACHABLE);
    }
    host_free(host);
}

/* A full table of confirmed neighbours refuses others, and says so. */
static void full(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.neighbors = 4;
    struct host *host = host_new(&config);
    uint8_t mac[6];
    host_ethernet(host, 1500, false);
    host_address(host, 0, us, 24);
    resolve(host, "10.0.0.2");
    resolve(host, "10.0.0.3");
    resolve(host, "10.0.0.4");
    resolve(host, "10.0.0.5");
    const struct ip_path path = path_to(host, "10.0.0.6");
    assert_int_not_equal(path.generation, ip_generation(&host->ip));
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_UNREACHABLE);
    assert_int_equal(send_to(host, "10.0.0.6", 1), SEPTET_HOST_UNREACHABLE);
    assert_int_equal(host_neighbor(host, 0, "10.0.0.2"), NEIGHBOR_REACHABLE);
    host_wait(host, 150 * SEPTET_SECOND);
    assert_int_equal(send_to(host, "10.0.0.6", 1), SEPTET_OK);
    host_free(host);
}

/* An entry that a path names goes only with a new generation. */
static void recycled(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.neighbors = 4;
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, us, 24);
    const struct ip_path first = path_to(host, "10.0.0.2");
    const struct ip_path second = path_to(host, "10.0.0.3");
    assert_int_equal(first.generation, second.generation);
    const struct ip_path third = path_to(host, "10.0.0.4");
    assert_int_not_equal(first.generation, third.generation);
    assert_int_equal(third.generation, ip_generation(&host->ip));
    host_free(host);
}

static void traced(void **state)
{
    (void)state;
    struct host *host = make();
    static const uint64_t expected[][2] = {{NEIGHBOR_NONE, NEIGHBOR_INCOMPLETE},
                                           {NEIGHBOR_INCOMPLETE, NEIGHBOR_FAILED}};
    const size_t most = sizeof expected / sizeof expected[0];
    size_t seen = 0;
    send_to(host, them, 1);
    host_wait(host, 4 * SEPTET_SECOND);
    const struct septet_address address = address_of(them);
    for (uint32_t i = 0; i < host->trace_count; i++) {
        if (host->traces[i].kind != SEPTET_TRACE_neighbor || seen == most)
            continue;
        assert_int_equal(host->traces[i].value[1], expected[seen][0]);
        assert_int_equal(host->traces[i].value[2], expected[seen][1]);
        assert_true(septet_address_equal(&host->trace_address[i], &address));
        seen++;
    }
    assert_int_equal(seen, 2);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(life),
        cmocka_unit_test(never_answers),
        cmocka_unit_test(waiters_are_told),
        cmocka_unit_test(queue),
        cmocka_unit_test(queue_fails),
        cmocka_unit_test(upper_layers),
        cmocka_unit_test(moved),
        cmocka_unit_test(advertisement_flags),
        cmocka_unit_test(unsolicited_makes_nothing),
        cmocka_unit_test(arp_nonsense),
        cmocka_unit_test(scan),
        cmocka_unit_test(full),
        cmocka_unit_test(recycled),
        cmocka_unit_test(traced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
