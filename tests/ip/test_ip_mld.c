#include "host.h"

static struct sent sent;
static uint8_t frame[2000];

/* The next MLD message out with the groups it names; 0 when there is none. */
static uint32_t pull_report(struct host *host, uint8_t *type, struct septet_address *groups)
{
    static const uint8_t router_alert[8] = {PROTOCOL_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
    static const struct septet_address nobody;
    struct icmp icmp;
    while (host_pull(host, &sent)) {
        if (sent.packet.ip_version != 6 || !sent.ip.router_alert)
            continue;
        assert_memory_equal(sent.network + 40, router_alert, 8);
        assert_int_equal(sent.ip.ttl, 1);
        assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
        assert_true(address_is_link_local(&sent.ip.source) || septet_address_equal(&sent.ip.source, &nobody));
        *type = icmp.type;
        if (icmp.type == ICMPV6_MLD_REPORT) {
            memcpy(groups[0].bytes, icmp.body, 16);
            assert_true(septet_address_equal(&groups[0], &sent.ip.destination));
            return 1;
        }
        assert_int_equal(icmp.type, ICMPV6_MLDV2_REPORT);
        const struct septet_address all_routers = address_of("ff02::16");
        assert_true(septet_address_equal(&all_routers, &sent.ip.destination));
        const uint32_t count = icmp.rest & 0xffff;
        assert_int_equal(icmp.body_length, count * 20);
        for (uint32_t i = 0; i < count; i++)
            memcpy(groups[i].bytes, icmp.body + i * 20 + 4, 16);
        return count;
    }
    return 0;
}

static uint32_t give_query(struct host *host, const char *source, uint8_t hop_limit, bool alert, uint32_t code,
                           const char *group, uint32_t length)
{
    uint8_t payload[200] = {PROTOCOL_ICMPV6, 0, 5, 2, 0, 0, 1, 0}, body[100] = {0};
    const struct septet_address address = address_of(group);
    struct ip_fields fields = {
        .source = address_of(source),
        .destination = address_of("ff02::1"),
        .protocol = alert ? PROTOCOL_HOP_BY_HOP : PROTOCOL_ICMPV6,
        .ttl = hop_limit,
    };
    memcpy(body, address.bytes, 16);
    uint32_t size = put_icmp(payload + 8, ICMPV6_MLD_QUERY, 0, code << 16, body, length - ICMP_HEADER, &fields.source,
                             &fields.destination);
    size = alert ? frame_ip(frame, &fields, payload, size + 8) : frame_ip(frame, &fields, payload + 8, size);
    assert_int_equal(host_give(host, 0, frame, size), IP_CONSUMED);
    return size;
}

static struct host *make(uint32_t addresses)
{
    struct septet_config config = host_config();
    config.addresses = 200;
    config.routes = 200;
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    for (uint32_t i = 1; i <= addresses; i++) {
        char text[32];
        snprintf(text, sizeof text, "fe80::%x", i);
        host_address(host, 0, text, 64);
    }
    return host;
}

/* RFC 9777 section 6.1: an unasked report, and once more within a second. */
static void joins(void **state)
{
    (void)state;
    struct host *host = make(1);
    struct septet_address groups[100];
    const struct septet_address group = address_of("ff02::1:ff00:1");
    uint8_t type = 0;
    const int64_t start = host->core.now;
    ip_advance(&host->ip);
    assert_int_equal(pull_report(host, &type, groups), 1);
    assert_true(septet_address_equal(&groups[0], &group));
    host_advance(host, ip_deadline(&host->ip));
    assert_true(host->core.now <= start + SEPTET_SECOND);
    assert_int_equal(pull_report(host, &type, groups), 1);
    assert_int_equal(ip_deadline(&host->ip), SEPTET_NEVER);
    const struct septet_address address = address_of("fe80::1");
    assert_int_equal(ip_address_remove(&host->ip, 0, &address), SEPTET_OK);
    assert_int_equal(pull_report(host, &type, groups), 1);
    assert_int_equal(sent.transport[8], 3);
    host_free(host);
}

/* More groups than a packet holds: several reports, each group once. */
static void many_groups(void **state)
{
    (void)state;
    struct host *host = make(150);
    struct septet_address groups[100];
    uint8_t type = 0, seen[151] = {0};
    uint32_t reports = 0, count;
    host_wait(host, 100 * SEPTET_MILLISECOND);
    while ((count = pull_report(host, &type, groups)) > 0) {
        for (uint32_t i = 0; i < count; i++)
            seen[groups[i].bytes[15]]++;
        reports++;
    }
    assert_true(reports >= 3);
    for (uint32_t i = 1; i <= 150; i++)
        assert_true(seen[i] >= 1);
    host_wait(host, 5 * SEPTET_SECOND);
    host_drain(host);
    assert_int_equal(ip_deadline(&host->ip), SEPTET_NEVER);
    host_free(host);
}

/* RFC 9777 section 6.2, B16: one answer within the time the querier gives, however often it asks. */
static void queries(void **state)
{
    (void)state;
    struct host *host = make(2);
    struct septet_address groups[100];
    uint8_t type = 0;
    host_wait(host, 5 * SEPTET_SECOND);
    host_drain(host);
    const int64_t start = host->core.now;
    for (int i = 0; i < 1000; i++)
        give_query(host, "fe80::99", 1, true, 5000, "::", 28);
    assert_true(ip_deadline(&host->ip) <= start + 5 * SEPTET_SECOND);
    host_wait(host, 60 * SEPTET_SECOND);
    assert_int_equal(pull_report(host, &type, groups), 2);
    assert_int_equal(type, ICMPV6_MLDV2_REPORT);
    assert_int_equal(pull_report(host, &type, groups), 0);
    give_query(host, "fe80::99", 1, true, 1000, "ff02::1:ff00:2", 28);
    host_wait(host, 2 * SEPTET_SECOND);
    assert_int_equal(pull_report(host, &type, groups), 2);
    give_query(host, "fe80::99", 1, true, 1000, "ff02::1:ff00:77", 28);
    host_wait(host, 2 * SEPTET_SECOND);
    assert_int_equal(pull_report(host, &type, groups), 0);
    /* A time so long that it is written with an exponent: 8387 s. */
    give_query(host, "fe80::99", 1, true, 0xffff, "::", 28);
    assert_true(ip_deadline(&host->ip) <= host->core.now + 8388 * SEPTET_SECOND);
    host_wait(host, 8388 * SEPTET_SECOND);
    assert_int_equal(pull_report(host, &type, groups), 2);
    host_free(host);
}

/* RFC 2710: a querier of the first version is answered in its own words. */
static void first_version(void **state)
{
    (void)state;
    struct host *host = make(3);
    struct septet_address groups[100];
    uint8_t type = 0;
    host_wait(host, 5 * SEPTET_SECOND);
    host_drain(host);
    give_query(host, "fe80::99", 1, true, 1000, "::", 24);
    host_wait(host, 2 * SEPTET_SECOND);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pull_report(host, &type, groups), 1);
        assert_int_equal(type, ICMPV6_MLD_REPORT);
    }
    assert_int_equal(pull_report(host, &type, groups), 0);
    host_free(host);
}

static void invalid(void **state)
{
    (void)state;
    struct host *host = make(1);
    host_wait(host, 5 * SEPTET_SECOND);
    host_drain(host);
    give_query(host, "fd00::99", 1, true, 1000, "::", 28);
    give_query(host, "fe80::99", 2, true, 1000, "::", 28);
    give_query(host, "fe80::99", 1, false, 1000, "::", 28);
    give_query(host, "fe80::99", 1, true, 1000, "::", 26);
    give_query(host, "fe80::99", 1, true, 1000, "::", 12);
    assert_int_equal(host_drops(host, SEPTET_DROP_icmp_malformed), 5);
    assert_int_equal(ip_deadline(&host->ip), SEPTET_NEVER);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins),         cmocka_unit_test(many_groups), cmocka_unit_test(queries),
        cmocka_unit_test(first_version), cmocka_unit_test(invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
