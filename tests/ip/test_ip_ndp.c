#include "host.h"

static struct sent sent;
static uint8_t frame[2000];

static struct host *make(bool forwarding)
{
    struct septet_config config = host_config();
    config.forwarding = forwarding;
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, "fe80::1", 64);
    host_address(host, 0, "fd07::1", 64);
    host_wait(host, 3 * SEPTET_SECOND);
    host_drain(host);
    return host;
}

/* A solicitation for a target; mac of the asker, or NULL for no option. */
static uint32_t solicitation(const char *source, const char *destination, const char *target, const uint8_t *mac)
{
    uint8_t body[24] = {0};
    const struct septet_address address = address_of(target);
    memcpy(body, address.bytes, 16);
    body[16] = NDP_OPTION_SOURCE_LINK;
    body[17] = 1;
    if (mac != NULL)
        memcpy(body + 18, mac, 6);
    return frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, source, destination, body, mac == NULL ? 16 : 24);
}

static void expect_advertisement(struct host *host, const char *destination, const char *target, uint32_t flags,
                                 const uint8_t mac[6])
{
    const struct septet_address to = address_of(destination), about = address_of(target);
    struct icmp icmp;
    assert_true(host_pull(host, &sent));
    assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
    assert_int_equal(icmp.type, ICMPV6_NEIGHBOR_ADVERTISEMENT);
    assert_int_equal(icmp.rest, flags);
    assert_int_equal(sent.ip.ttl, 255);
    assert_true(septet_address_equal(&sent.ip.destination, &to));
    assert_true(septet_address_equal(&sent.ip.source, &about));
    assert_memory_equal(icmp.body, about.bytes, 16);
    assert_int_equal(icmp.body[16], NDP_OPTION_TARGET_LINK);
    assert_memory_equal(icmp.body + 18, our_mac, 6);
    assert_memory_equal(sent.ethernet.destination, mac, 6);
    assert_false(host_pull(host, &sent));
}

/* RFC 4861 section 7.2.4. */
static void answers(void **state)
{
    (void)state;
    static const uint8_t all_nodes[6] = {0x33, 0x33, 0, 0, 0, 1};
    struct host *host = make(false);
    host_give(host, 0, frame, solicitation("fd07::2", "ff02::1:ff00:1", "fd07::1", peer_mac));
    expect_advertisement(host, "fd07::2", "fd07::1", 0x60000000, peer_mac);
    assert_int_equal(host_neighbor(host, 0, "fd07::2"), NEIGHBOR_STALE);
    /* By unicast, as in unreachability detection: it is known already. */
    host_give(host, 0, frame, solicitation("fd07::2", "fd07::1", "fd07::1", NULL));
    expect_advertisement(host, "fd07::2", "fd07::1", 0x60000000, peer_mac);
    /* Somebody probes for our address: everybody is told. */
    host_give(host, 0, frame, solicitation("::", "ff02::1:ff00:1", "fd07::1", NULL));
    expect_advertisement(host, "ff02::1", "fd07::1", 0x20000000, all_nodes);
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid) + host_drops(host, SEPTET_DROP_ndp_ignored), 0);
    host_free(host);
    host = make(true);
    host_give(host, 0, frame, solicitation("fd07::2", "fd07::1", "fd07::1", peer_mac));
    expect_advertisement(host, "fd07::2", "fd07::1", 0xe0000000, peer_mac);
    host_free(host);
}

/* RFC 4861 section 7.1.1. */
static void invalid_solicitations(void **state)
{
    (void)state;
    struct host *host = make(false);
    uint64_t invalid = 0;
    uint32_t length = solicitation("fd07::2", "fd07::1", "fd07::1", peer_mac);
    frame[14 + 7] = 254;
    host_give(host, 0, frame, length);
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), ++invalid);
    host_give(host, 0, frame, solicitation("fd07::2", "fd07::1", "ff02::1", peer_mac));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), ++invalid);
    host_give(host, 0, frame, solicitation("::", "ff02::1:ff00:1", "fd07::1", peer_mac));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), ++invalid);
    /* Cut short, and with an option of length 0. */
    host_give(host, 0, frame, frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, "fd07::2", "fd07::1", frame, 15));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), ++invalid);
    uint8_t body[24] = {0};
    host_give(host, 0, frame, frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, "fd07::2", "fd07::1", body, 24));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), ++invalid);
    /* Code 1. */
    length = solicitation("fd07::2", "fd07::1", "fd07::1", peer_mac);
    frame[14 + 40 + 1] = 1;
    store16(frame + 14 + 40 + 2, (uint16_t)(load16(frame + 14 + 40 + 2) - 1));
    host_give(host, 0, frame, length);
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), ++invalid);
    /* The unspecified source and a unicast destination do not go together, here or anywhere. */
    host_give(host, 0, frame, solicitation("::", "fd07::1", "fd07::1", NULL));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_source_invalid), 1);
    /* What is not ours to answer. */
    host_give(host, 0, frame, solicitation("fd07::2", "ff02::1:ff00:1", "fd99::1", peer_mac));
    host_give(host, 0, frame, solicitation("fd07::3", "fd07::1", "fd07::1", NULL));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_ignored), 2);
    assert_false(host_pull(host, &sent));
    assert_int_equal(host->ip.neighbors.used, 0);
    host_free(host);
}

static uint32_t advertisement(const char *source, const char *destination, const char *target, uint32_t flags,
                              uint32_t body_length)
{
    uint8_t body[24] = {0};
    const struct septet_address address = address_of(target);
    memcpy(body, address.bytes, 16);
    body[16] = NDP_OPTION_TARGET_LINK;
    body[17] = 1;
    memcpy(body + 18, peer_mac, 6);
    return frame_ndp(frame, ICMPV6_NEIGHBOR_ADVERTISEMENT, flags, source, destination, body, body_length);
}

static void ask_for(struct host *host, const char *text)
{
    struct septet_address source = {{0}};
    const struct septet_address to = address_of(text);
    struct ip_path path;
    uint8_t mac[6];
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_OK);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_RESOLVING);
    host_drain(host);
}

/* RFC 4861 sections 7.1.2 and 7.2.5. */
static void invalid_advertisements(void **state)
{
    (void)state;
    struct host *host = make(false);
    ask_for(host, "fd07::2");
    host_give(host, 0, frame, advertisement("fd07::2", "ff02::1", "fd07::2", 0x60000000, 24));
    host_give(host, 0, frame, advertisement("fd07::2", "fd07::1", "ff02::2", 0x60000000, 24));
    host_give(host, 0, frame, advertisement("fd07::2", "fd07::1", "fd07::2", 0x60000000, 12));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), 3);
    /* Of somebody we did not ask for, and of ourselves. */
    host_give(host, 0, frame, advertisement("fd07::3", "fd07::1", "fd07::3", 0x60000000, 24));
    host_give(host, 0, frame, advertisement("fd07::2", "fd07::1", "fd07::1", 0x60000000, 24));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_ignored), 2);
    /* Without a link address it answers nothing. */
    host_give(host, 0, frame, advertisement("fd07::2", "fd07::1", "fd07::2", 0x60000000, 16));
    assert_int_equal(host_neighbor(host, 0, "fd07::2"), NEIGHBOR_INCOMPLETE);
    host_give(host, 0, frame, advertisement("fd07::2", "fd07::1", "fd07::2", 0x60000000, 24));
    assert_int_equal(host_neighbor(host, 0, "fd07::2"), NEIGHBOR_REACHABLE);
    /* Unsolicited, the first time: known, but not proved. */
    ask_for(host, "fd07::4");
    host_give(host, 0, frame, advertisement("fd07::4", "ff02::1", "fd07::4", 0x20000000, 24));
    assert_int_equal(host_neighbor(host, 0, "fd07::4"), NEIGHBOR_STALE);
    /* While probed, an answer without a link address is an answer all the same. */
    struct septet_address source = {{0}};
    const struct septet_address to = address_of("fd07::4");
    struct ip_path path;
    ip_route(&host->ip, &source, &to, &path);
    ip_neighbor_doubt(&host->ip, &path);
    assert_int_equal(host_neighbor(host, 0, "fd07::4"), NEIGHBOR_PROBE);
    host_give(host, 0, frame, advertisement("fd07::4", "fd07::1", "fd07::4", 0x40000000, 16));
    assert_int_equal(host_neighbor(host, 0, "fd07::4"), NEIGHBOR_REACHABLE);
    host_free(host);
}

/* Several that wait are told in the order in which their neighbours settle. */
static void settled_in_order(void **state)
{
    (void)state;
    struct host *host = make(false);
    uint32_t neighbors[3];
    static const char *const texts[] = {"fd07::2", "fd07::3", "fd07::4"};
    bool reachable;
    for (int i = 0; i < 3; i++) {
        const struct septet_address address = address_of(texts[i]);
        ask_for(host, texts[i]);
        neighbors[i] = neighbor_find(&host->ip, 0, &address);
        *ip_neighbor_waiters(&host->ip, neighbors[i]) = 1;
    }
    host_answer(host, 0, texts[1], peer_mac);
    host_wait(host, 3 * SEPTET_SECOND);
    assert_int_equal(ip_next_settled(&host->ip, &reachable), neighbors[1]);
    assert_true(reachable);
    assert_int_equal(ip_next_settled(&host->ip, &reachable), neighbors[0]);
    assert_false(reachable);
    assert_int_equal(ip_next_settled(&host->ip, &reachable), neighbors[2]);
    assert_int_equal(ip_next_settled(&host->ip, &reachable), 0);
    for (int i = 0; i < 3; i++)
        *ip_neighbor_waiters(&host->ip, neighbors[i]) = 0;
    host_free(host);
}

/* Routers' questions and messages of nobody's type are nothing to a host. */
static void others(void **state)
{
    (void)state;
    struct host *host = make(true);
    uint8_t body[8] = {NDP_OPTION_SOURCE_LINK, 1, 2, 0, 0, 0, 0, 2};
    host_give(host, 0, frame, frame_ndp(frame, ICMPV6_ROUTER_SOLICITATION, 0, "fe80::2", "ff02::2", body, sizeof body));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_ignored), 1);
    host_give(host, 0, frame, frame_ndp(frame, ICMPV6_ROUTER_SOLICITATION, 0, "::", "ff02::2", body, 0));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_source_invalid), 1);
    static const uint8_t types[] = {100, 131, 132, 138, 143, 200, 255};
    for (size_t i = 0; i < sizeof types; i++) {
        host_give(host, 0, frame, frame_ndp(frame, types[i], 0, "fe80::2", "fe80::1", body, sizeof body));
        assert_int_equal(host_drops(host, SEPTET_DROP_icmp_ignored), i + 1);
    }
    assert_int_equal(host->ip.neighbors.used, 0);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(invalid_solicitations),
        cmocka_unit_test(invalid_advertisements),
        cmocka_unit_test(settled_in_order),
        cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
