#include "host.h"

static struct sent sent;

static struct host *make(uint32_t entries)
{
    struct septet_config config = host_config();
    config.path_mtus = entries;
    struct host *host = host_new(&config);
    host_raw(host, 1500);
    host_address(host, 0, "10.0.0.1", 8);
    host_address(host, 0, "fd07::1", 64);
    return host;
}

static bool report(struct host *host, const char *text, uint32_t mtu)
{
    const struct septet_address destination = address_of(text);
    return ip_path_mtu_report(&host->ip, &destination, mtu);
}

static uint32_t mtu_to(struct host *host, const char *text)
{
    struct septet_address source = {{0}};
    const struct septet_address destination = address_of(text);
    struct ip_path path;
    assert_int_equal(ip_route(&host->ip, &source, &destination, &path), SEPTET_OK);
    return path.mtu;
}

/* RFC 1191 and 8201: down only, not below the floor (W101, A28), for one destination only. */
static void lowers(void **state)
{
    (void)state;
    struct host *host = make(16);
    uint32_t generation = ip_generation(&host->ip);
    assert_true(report(host, "10.0.0.2", 1400));
    assert_int_not_equal(generation, ip_generation(&host->ip));
    generation = ip_generation(&host->ip);
    assert_int_equal(mtu_to(host, "10.0.0.2"), 1400);
    assert_int_equal(mtu_to(host, "10.0.0.3"), 1500);
    assert_false(report(host, "10.0.0.2", 1400));
    assert_false(report(host, "10.0.0.2", 1450));
    assert_false(report(host, "10.0.0.3", 1500));
    assert_false(report(host, "10.0.0.3", 9000));
    assert_int_equal(generation, ip_generation(&host->ip));
    assert_true(report(host, "10.0.0.2", 100));
    assert_int_equal(mtu_to(host, "10.0.0.2"), 552);
    assert_false(report(host, "10.0.0.2", 68));
    assert_true(report(host, "fd07::2", 1280));
    assert_int_equal(mtu_to(host, "fd07::2"), 1280);
    assert_false(report(host, "fd07::3", 1279));
    assert_false(report(host, "fd07::3", 0));
    assert_int_equal(mtu_to(host, "fd07::3"), 1500);
    assert_false(report(host, "10.0.0.1", 1000));
    assert_false(report(host, "10.255.255.255", 1000));
    assert_false(report(host, "11.0.0.1", 1000));
    host_advance(host, 700 * SEPTET_SECOND);
    host_free(host);
}

/* RFC 1191 section 6.3: ten minutes after the last report the path is tried again. */
static void ages(void **state)
{
    (void)state;
    struct host *host = make(16);
    const int64_t start = host->core.now;
    assert_true(report(host, "10.0.0.2", 1400));
    host_wait(host, 100 * SEPTET_SECOND);
    assert_true(report(host, "10.0.0.3", 1400));
    assert_int_equal(ip_deadline(&host->ip), start + 600 * SEPTET_SECOND);
    assert_true(report(host, "10.0.0.2", 1300));
    assert_int_equal(ip_deadline(&host->ip), start + 700 * SEPTET_SECOND);
    host_advance(host, start + 700 * SEPTET_SECOND - 1);
    assert_int_equal(mtu_to(host, "10.0.0.3"), 1400);
    const uint32_t generation = ip_generation(&host->ip);
    host_advance(host, start + 700 * SEPTET_SECOND);
    assert_int_not_equal(generation, ip_generation(&host->ip));
    assert_int_equal(mtu_to(host, "10.0.0.2"), 1500);
    assert_int_equal(mtu_to(host, "10.0.0.3"), 1500);
    assert_int_equal(ip_deadline(&host->ip), SEPTET_NEVER);
    assert_int_equal(host->traces[host->trace_count - 1].kind, SEPTET_TRACE_path_mtu);
    assert_int_equal(host->traces[host->trace_count - 1].value[1], 1500);
    host_free(host);
}

/* CVE-2021-20322: a full cache stays a full cache, and which entry goes is nobody's choice. */
static void evicts(void **state)
{
    (void)state;
    struct host *host = make(32);
    uint32_t first_survives = 0;
    for (int round = 0; round < 64; round++) {
        assert_true(report(host, "10.9.9.9", 1000));
        for (uint32_t i = 0; i < 40; i++) {
            char text[32];
            snprintf(text, sizeof text, "10.1.%d.%u", round, i);
            assert_true(report(host, text, 1400));
            assert_true(host->ip.path_mtus.used <= 32);
        }
        first_survives += mtu_to(host, "10.9.9.9") == 1000;
        host_wait(host, 601 * SEPTET_SECOND);
        assert_int_equal(host->ip.path_mtus.used, 0);
    }
    assert_true(first_survives > 20 && first_survives < 64);
    host_free(host);
}

/* What is sent follows: fragments for those who may, an error for those who must not. */
static void fragments_follow(void **state)
{
    (void)state;
    struct host *host = make(16);
    static uint8_t bytes[3000];
    struct ip_fields fields = {.destination = address_of("10.0.0.2"), .protocol = 99};
    const struct septet_span span = {.data = bytes, .length = 1400};
    assert_int_equal(ip_send(&host->ip, &fields, &span, 1), SEPTET_OK);
    assert_true(host_pull(host, &sent));
    assert_false(sent.ip.fragmented);
    assert_true(report(host, "10.0.0.2", 1001));
    assert_int_equal(ip_send(&host->ip, &fields, &span, 1), SEPTET_OK);
    assert_true(host_pull(host, &sent));
    assert_int_equal(sent.ip.payload_length, 976);
    assert_true(sent.ip.more_fragments);
    assert_true(host_pull(host, &sent));
    assert_int_equal(sent.ip.payload_length, 424);
    fields.do_not_fragment = true;
    assert_int_equal(ip_send(&host->ip, &fields, &span, 1), SEPTET_MESSAGE_TOO_LONG);
    host_free(host);
}

static void none_configured(void **state)
{
    (void)state;
    struct host *host = make(0);
    assert_false(report(host, "10.0.0.2", 1400));
    assert_int_equal(mtu_to(host, "10.0.0.2"), 1500);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lowers),          cmocka_unit_test(ages),
        cmocka_unit_test(evicts),          cmocka_unit_test(fragments_follow),
        cmocka_unit_test(none_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
