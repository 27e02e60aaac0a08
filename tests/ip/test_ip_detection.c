#include "host.h"

static struct sent sent;
static const uint8_t other_mac[6] = {2, 7, 7, 7, 7, 7};

static struct host *make(void)
{
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    return host;
}

static uint32_t add(struct host *host, const char *text, unsigned prefix_length)
{
    const struct septet_address address = address_of(text);
    uint32_t slot = 99;
    assert_int_equal(ip_address_add(&host->ip, 0, &address,
                                    (uint8_t)(prefix_length + (septet_address_is_ipv4(&address) ? 96 : 0)), false,
                                    IP_ADDRESS_MANUAL, &slot),
                     SEPTET_OK);
    assert_int_equal(host->ip.addresses[slot].state, IP_ADDRESS_TENTATIVE);
    assert_false(ip_is_local(&host->ip, &address));
    return slot;
}

static unsigned state_of(struct host *host, const char *text)
{
    struct septet_address address;
    unsigned state;
    const struct septet_address wanted = address_of(text);
    for (unsigned i = 0; ip_address_get(&host->ip, i, &address, NULL, NULL, &state); i++)
        if (septet_address_equal(&address, &wanted))
            return state;
    return IP_ADDRESS_NONE;
}

/* The next ARP request out; false when there is nothing. */
static bool pull_arp(struct host *host, struct arp *arp)
{
    if (!host_pull(host, &sent))
        return false;
    assert_int_equal(sent.ethernet.type, ETHERTYPE_ARP);
    assert_memory_equal(sent.ethernet.destination, broadcast_mac, 6);
    assert_int_equal(arp_parse(sent.network, sent.network_length, arp), wire_none);
    assert_int_equal(arp->operation, ARP_REQUEST);
    assert_memory_equal(arp->sender_mac, our_mac, 6);
    return true;
}

/* RFC 5227 section 2.1.1 and 2.3: three probes, two announcements, at the times the RFC gives. */
static void ipv4_probes(void **state)
{
    (void)state;
    static const uint8_t any[4] = {0}, ours[4] = {10, 0, 0, 1};
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct septet_config config = host_config();
        config.seed[0] = seed;
        struct host *host = host_new(&config);
        host_ethernet(host, 1500, false);
        struct arp arp;
        int64_t before = host->core.now;
        add(host, "10.0.0.1", 24);
        for (int probe = 0; probe < 3; probe++) {
            assert_false(pull_arp(host, &arp));
            host_advance(host, ip_deadline(&host->ip));
            const int64_t waited = host->core.now - before;
            before = host->core.now;
            assert_true(waited >= (probe == 0 ? 0 : SEPTET_SECOND));
            assert_true(waited <= (probe == 0 ? SEPTET_SECOND : 2 * SEPTET_SECOND));
            assert_true(pull_arp(host, &arp));
            assert_memory_equal(arp.sender_ip, any, 4);
            assert_memory_equal(arp.target_ip, ours, 4);
        }
        assert_int_equal(ip_deadline(&host->ip), before + 2 * SEPTET_SECOND);
        host_advance(host, before + 2 * SEPTET_SECOND - 1);
        assert_int_equal(state_of(host, "10.0.0.1"), IP_ADDRESS_TENTATIVE);
        for (int announcement = 0; announcement < 2; announcement++) {
            host_advance(host, before + (2 + 2 * announcement) * SEPTET_SECOND);
            assert_int_equal(state_of(host, "10.0.0.1"), IP_ADDRESS_USABLE);
            assert_true(pull_arp(host, &arp));
            assert_memory_equal(arp.sender_ip, ours, 4);
            assert_memory_equal(arp.target_ip, ours, 4);
            assert_false(pull_arp(host, &arp));
        }
        assert_int_equal(ip_deadline(&host->ip), SEPTET_NEVER);
        host_free(host);
    }
}

static void ipv4_conflicts(void **state)
{
    (void)state;
    uint8_t frame[64];
    for (int kind = 0; kind < 4; kind++) {
        struct host *host = make();
        struct septet_address source = {{0}};
        const struct septet_address there = address_of("10.0.0.9");
        struct ip_path path;
        add(host, "10.0.0.1", 24);
        assert_int_equal(ip_route(&host->ip, &source, &there, &path), SEPTET_ADDRESS_NOT_AVAILABLE);
        host_wait(host, SEPTET_SECOND);
        if (kind == 0) /* somebody has it */
            host_give(host, 0, frame, frame_arp(frame, ARP_REPLY, other_mac, "10.0.0.1", our_mac, "0.0.0.0", our_mac));
        if (kind == 1) /* somebody asks for another from it */
            host_give(host, 0, frame,
                      frame_arp(frame, ARP_REQUEST, other_mac, "10.0.0.1", our_mac, "10.0.0.9", broadcast_mac));
        if (kind == 2) /* somebody probes for it too */
            host_give(host, 0, frame,
                      frame_arp(frame, ARP_REQUEST, other_mac, "0.0.0.0", broadcast_mac, "10.0.0.1", broadcast_mac));
        if (kind == 3) /* our own probe comes back */
            host_give(host, 0, frame,
                      frame_arp(frame, ARP_REQUEST, our_mac, "0.0.0.0", broadcast_mac, "10.0.0.1", broadcast_mac));
        host_wait(host, 10 * SEPTET_SECOND);
        assert_int_equal(state_of(host, "10.0.0.1"), kind == 3 ? IP_ADDRESS_USABLE : IP_ADDRESS_DUPLICATE);
        assert_int_equal(ip_deadline(&host->ip), SEPTET_NEVER);
        host_free(host);
    }
}

/* RFC 5227 section 2.4 (c), B16: an address in use is defended, once in ten seconds whatever comes. */
static void ipv4_defends(void **state)
{
    (void)state;
    struct host *host = make();
    struct arp arp;
    uint8_t frame[64];
    uint32_t defences = 0;
    host_address(host, 0, "10.0.0.1", 24);
    for (int i = 0; i < 1000; i++) {
        host_give(host, 0, frame,
                  frame_arp(frame, ARP_REQUEST, other_mac, "10.0.0.1", our_mac, "10.0.0.9", broadcast_mac));
        defences += pull_arp(host, &arp);
        host_wait(host, 50 * SEPTET_MILLISECOND);
    }
    assert_int_equal(defences, 5);
    assert_int_equal(state_of(host, "10.0.0.1"), IP_ADDRESS_USABLE);
    assert_int_equal(host->ip.neighbors.used, 0);
    host_free(host);
}

/* RFC 4862 section 5.4: report, probe, and a second later it is ours. */
static void ipv6_probes(void **state)
{
    (void)state;
    struct host *host = make();
    const struct septet_address address = address_of("fd07::1"), group = address_of("ff02::1:ff00:1");
    const int64_t start = host->core.now;
    add(host, "fd07::1", 64);
    do {
        host_advance(host, ip_deadline(&host->ip));
        assert_true(host_pull(host, &sent));
    } while (sent.transport[0] == ICMPV6_MLDV2_REPORT);
    const int64_t probed = host->core.now;
    assert_true(probed <= start + SEPTET_SECOND);
    assert_int_equal(sent.transport[0], ICMPV6_NEIGHBOR_SOLICITATION);
    assert_int_equal(sent.ip.ttl, 255);
    assert_true(address_is_any(&sent.ip.source));
    assert_true(septet_address_equal(&sent.ip.destination, &group));
    assert_memory_equal(sent.transport + 8, address.bytes, 16);
    assert_int_equal(sent.transport[24], NDP_OPTION_NONCE);
    host_advance(host, probed + SEPTET_SECOND - 1);
    assert_int_equal(state_of(host, "fd07::1"), IP_ADDRESS_TENTATIVE);
    host_advance(host, probed + SEPTET_SECOND);
    assert_int_equal(state_of(host, "fd07::1"), IP_ADDRESS_USABLE);
    host_free(host);
}

static void ipv6_conflicts(void **state)
{
    (void)state;
    const struct septet_address address = address_of("fd07::1");
    for (int kind = 0; kind < 5; kind++) {
        struct host *host = make();
        uint8_t frame[200], body[32] = {0};
        uint32_t length;
        const uint32_t slot = add(host, "fd07::1", 64);
        host_wait(host, SEPTET_SECOND);
        memcpy(body, address.bytes, 16);
        switch (kind) {
        case 0: /* somebody probes too */
            length = frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, "::", "ff02::1:ff00:1", body, 16);
            break;
        case 1: /* somebody has it */
            length = frame_ndp(frame, ICMPV6_NEIGHBOR_ADVERTISEMENT, 0x20000000, "fd07::1", "ff02::1", body, 16);
            break;
        case 2: /* our own probe comes back, RFC 7527 */
            body[16] = NDP_OPTION_NONCE;
            body[17] = 1;
            memcpy(body + 18, host->ip.addresses[slot].nonce, 6);
            length = frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, "::", "ff02::1:ff00:1", body, 24);
            break;
        case 3: /* somebody merely asks for it */
            length = frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, "fd07::2", "ff02::1:ff00:1", body, 16);
            break;
        default: /* from further away than the link */
            length = frame_ndp(frame, ICMPV6_NEIGHBOR_SOLICITATION, 0, "::", "ff02::1:ff00:1", body, 16);
            frame[14 + 7] = 254;
        }
        host_give(host, 0, frame, length);
        host_wait(host, 10 * SEPTET_SECOND);
        assert_int_equal(state_of(host, "fd07::1"), kind < 2 ? IP_ADDRESS_DUPLICATE : IP_ADDRESS_USABLE);
        host_free(host);
    }
}

/* Nothing answers from an address that is not ours yet, and nothing reaches it. */
static void tentative_is_silent(void **state)
{
    (void)state;
    struct host *host = make();
    uint8_t frame[200];
    add(host, "10.0.0.1", 24);
    host_give(host, 0, frame, frame_arp(frame, ARP_REQUEST, other_mac, "10.0.0.2", our_mac, "10.0.0.1", broadcast_mac));
    assert_false(host_pull(host, &sent));
    const struct ip_fields fields = {
        .source = address_of("10.0.0.2"), .destination = address_of("10.0.0.1"), .protocol = PROTOCOL_UDP};
    assert_int_equal(host_give(host, 0, frame, frame_ip(frame, &fields, "12345678", 8)), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_destination), 1);
    host_free(host);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned prefix_length;
    } bad[] = {{"0.0.0.0", 24},   {"10.0.0.0", 24}, {"10.0.0.255", 24}, {"224.0.0.1", 4}, {"255.255.255.255", 32},
               {"240.0.0.1", 24}, {"0.1.2.3", 8},   {"::", 64},         {"ff02::1", 64}};
    struct host *host = make();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct septet_address address = address_of(bad[i].text);
        const unsigned length = bad[i].prefix_length + (septet_address_is_ipv4(&address) ? 96 : 0);
        assert_int_equal(ip_address_add(&host->ip, 0, &address, (uint8_t)length, true, IP_ADDRESS_MANUAL, NULL),
                         SEPTET_INVALID);
    }
    const struct septet_address good = address_of("10.0.0.1"), link = address_of("10.0.0.0");
    assert_int_equal(ip_address_add(&host->ip, 3, &good, 120, true, IP_ADDRESS_MANUAL, NULL), SEPTET_INVALID);
    assert_int_equal(ip_address_add(&host->ip, 0, &good, 120, true, IP_ADDRESS_MANUAL, NULL), SEPTET_OK);
    assert_int_equal(ip_address_add(&host->ip, 0, &good, 120, true, IP_ADDRESS_MANUAL, NULL), SEPTET_ADDRESS_IN_USE);
    /* RFC 3021: a link of two has no broadcast. */
    assert_int_equal(ip_address_remove(&host->ip, 0, &good), SEPTET_OK);
    assert_int_equal(ip_address_remove(&host->ip, 0, &good), SEPTET_NOT_FOUND);
    assert_int_equal(ip_address_add(&host->ip, 0, &link, 127, true, IP_ADDRESS_MANUAL, NULL), SEPTET_OK);
    assert_false(ip_is_group(&host->ip, &good));
    host_free(host);
}

/* Each address that is given back makes room for another, and its route goes with the last of its prefix. */
static void limits(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.addresses = 3;
    config.routes = 2;
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, true);
    const struct septet_address one = address_of("10.0.0.1"), two = address_of("10.0.0.2");
    const struct septet_address three = address_of("10.0.1.1"), four = address_of("10.0.2.1");
    assert_int_equal(ip_address_add(&host->ip, 0, &one, 120, true, IP_ADDRESS_MANUAL, NULL), SEPTET_OK);
    assert_int_equal(ip_address_add(&host->ip, 0, &two, 120, true, IP_ADDRESS_MANUAL, NULL), SEPTET_OK);
    assert_int_equal(ip_address_add(&host->ip, 0, &three, 120, true, IP_ADDRESS_MANUAL, NULL), SEPTET_NO_ROUTES);
    const struct septet_address ipv6 = address_of("fe80::5");
    assert_int_equal(ip_address_add(&host->ip, 0, &ipv6, 64, true, IP_ADDRESS_MANUAL, NULL), SEPTET_OK);
    assert_int_equal(ip_address_add(&host->ip, 0, &four, 120, true, IP_ADDRESS_MANUAL, NULL), SEPTET_NO_ROUTES);
    assert_int_equal(ip_address_remove(&host->ip, 0, &ipv6), SEPTET_OK);
    const struct septet_address there = address_of("10.0.0.77");
    assert_int_equal(ip_address_remove(&host->ip, 0, &one), SEPTET_OK);
    assert_non_null(route_lookup(&host->ip, &there, ROUTE_ANY_INTERFACE));
    assert_int_equal(ip_address_remove(&host->ip, 0, &two), SEPTET_OK);
    assert_null(route_lookup(&host->ip, &there, ROUTE_ANY_INTERFACE));
    assert_int_equal(ip_address_add(&host->ip, 0, &three, 120, true, IP_ADDRESS_MANUAL, NULL), SEPTET_OK);
    host_free(host);
}

/* Thousands of addresses: each is found, none that is gone is. */
static void many(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.addresses = 4000;
    struct host *host = host_new(&config);
    uint8_t present[4000] = {0};
    uint64_t seed = 9;
    host_raw(host, 1500);
    for (int i = 0; i < 20000; i++) {
        const uint32_t which = (uint32_t)(splitmix64(&seed) % 4000);
        const struct septet_address address = septet_address_ipv4(10, 0, (uint8_t)(which >> 8), (uint8_t)which);
        if (which == 0)
            continue;
        if (present[which]) {
            assert_int_equal(ip_address_remove(&host->ip, 0, &address), SEPTET_OK);
        } else {
            assert_int_equal(ip_address_add(&host->ip, 0, &address, 104, true, IP_ADDRESS_MANUAL, NULL), SEPTET_OK);
        }
        present[which] ^= 1;
        assert_int_equal(ip_is_local(&host->ip, &address), present[which]);
    }
    for (uint32_t which = 1; which < 4000; which++) {
        const struct septet_address address = septet_address_ipv4(10, 0, (uint8_t)(which >> 8), (uint8_t)which);
        assert_int_equal(ip_is_local(&host->ip, &address), present[which]);
    }
    host_free(host);
}

static void traced(void **state)
{
    (void)state;
    struct host *host = make();
    uint64_t states[8] = {0};
    size_t count = 0;
    add(host, "10.0.0.1", 24);
    host_wait(host, 10 * SEPTET_SECOND);
    const struct septet_address address = address_of("10.0.0.1");
    ip_address_remove(&host->ip, 0, &address);
    for (uint32_t i = 0; i < host->trace_count; i++) {
        if (host->traces[i].kind != SEPTET_TRACE_address)
            continue;
        assert_true(septet_address_equal(&host->trace_address[i], &address));
        states[count++] = host->traces[i].value[2];
    }
    assert_int_equal(count, 3);
    assert_int_equal(states[0], IP_ADDRESS_TENTATIVE);
    assert_int_equal(states[1], IP_ADDRESS_USABLE);
    assert_int_equal(states[2], IP_ADDRESS_NONE);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_probes), cmocka_unit_test(ipv4_conflicts), cmocka_unit_test(ipv4_defends),
        cmocka_unit_test(ipv6_probes), cmocka_unit_test(ipv6_conflicts), cmocka_unit_test(tentative_is_silent),
        cmocka_unit_test(refused),     cmocka_unit_test(limits),         cmocka_unit_test(many),
        cmocka_unit_test(traced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
