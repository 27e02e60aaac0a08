#include "host.h"

#define NO_ROUTE "-"

static struct host *make(void)
{
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    host_raw(host, 1500);
    host_raw(host, 1400);
    return host;
}

/* Source and interface for a destination, checked against what is expected. */
static void expect(struct host *host, const char *destination, const char *source, unsigned interface)
{
    struct septet_address chosen = {{0}};
    char text[SEPTET_ADDRESS_TEXT];
    const struct septet_address to = address_of(destination);
    struct ip_path path;
    if (strcmp(source, NO_ROUTE) == 0) {
        assert_int_equal(ip_route(&host->ip, &chosen, &to, &path), SEPTET_NETWORK_UNREACHABLE);
        return;
    }
    assert_int_equal(ip_route(&host->ip, &chosen, &to, &path), SEPTET_OK);
    septet_address_format(&chosen, text);
    assert_string_equal(text, source);
    assert_int_equal(path.interface, interface);
    assert_int_equal(path.generation, ip_generation(&host->ip));
}

static void longest_prefix(void **state)
{
    (void)state;
    struct host *host = make();
    host_address(host, 0, "10.0.0.1", 8);
    host_address(host, 1, "10.1.0.1", 16);
    host_address(host, 0, "fd01::1", 64);
    host_address(host, 1, "fd02::1", 64);
    expect(host, "10.2.3.4", "10.0.0.1", 0);
    expect(host, "10.1.3.4", "10.1.0.1", 1);
    expect(host, "11.0.0.1", NO_ROUTE, 0);
    expect(host, "fd01::9", "fd01::1", 0);
    expect(host, "fd02::9", "fd02::1", 1);
    expect(host, "fd03::9", NO_ROUTE, 0);
    host_route(host, "0.0.0.0", 0, 1, "10.1.0.254");
    host_route(host, "::", 0, 0, "fd01::fe");
    expect(host, "11.0.0.1", "10.1.0.1", 1);
    expect(host, "fd03::9", "fd01::1", 0);
    host_route(host, "11.0.0.1", 32, 0, NULL);
    expect(host, "11.0.0.1", "10.0.0.1", 0);
    expect(host, "11.0.0.2", "10.1.0.1", 1);
    const struct septet_address one = address_of("11.0.0.1");
    assert_int_equal(route_remove(&host->ip, &one, 128, NULL), SEPTET_OK);
    assert_int_equal(route_remove(&host->ip, &one, 128, NULL), SEPTET_NOT_FOUND);
    expect(host, "11.0.0.1", "10.1.0.1", 1);
    host_free(host);
}

/* The default route of IPv6 is none for IPv4. */
static void families_apart(void **state)
{
    (void)state;
    struct host *host = make();
    host_address(host, 0, "10.0.0.1", 8);
    host_address(host, 0, "fd01::1", 64);
    host_route(host, "::", 0, 0, NULL);
    expect(host, "1.2.3.4", NO_ROUTE, 0);
    expect(host, "2001::1", "fd01::1", 0);
    host_free(host);
}

/* The older of two equal routes, and what a route says of the MTU. */
static void ties_and_mtu(void **state)
{
    (void)state;
    struct host *host = make();
    struct septet_address source = {{0}};
    const struct septet_address prefix = address_of("20.0.0.0"), to = address_of("20.1.1.1");
    struct ip_path path;
    host_address(host, 0, "10.0.0.1", 8);
    host_address(host, 1, "11.0.0.1", 8);
    assert_int_equal(route_add(&host->ip, &prefix, 104, 1, NULL, 1000), SEPTET_OK);
    assert_int_equal(route_add(&host->ip, &prefix, 104, 0, NULL, 0), SEPTET_OK);
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_OK);
    assert_int_equal(path.interface, 1);
    assert_int_equal(path.mtu, 1000);
    assert_int_equal(ip_interface_mtu(&host->ip, 1, 800), SEPTET_OK);
    assert_int_not_equal(path.generation, ip_generation(&host->ip));
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_OK);
    assert_int_equal(path.mtu, 800);
    host_free(host);
}

static void refused(void **state)
{
    (void)state;
    struct host *host = make();
    const struct septet_address prefix = address_of("20.0.0.0"), ipv6 = address_of("fd01::1");
    const struct septet_address any = address_of("0.0.0.0"), group = address_of("224.0.0.1");
    const struct septet_address good = address_of("10.0.0.2");
    assert_int_equal(route_add(&host->ip, &prefix, 104, 2, NULL, 0), SEPTET_INVALID);
    assert_int_equal(route_add(&host->ip, &prefix, 104, 0, &ipv6, 0), SEPTET_INVALID);
    assert_int_equal(route_add(&host->ip, &prefix, 104, 0, &any, 0), SEPTET_INVALID);
    assert_int_equal(route_add(&host->ip, &prefix, 104, 0, &group, 0), SEPTET_INVALID);
    assert_int_equal(route_add(&host->ip, &prefix, 104, 0, NULL, 67), SEPTET_INVALID);
    assert_int_equal(route_add(&host->ip, &prefix, 104, 0, NULL, 70000), SEPTET_INVALID);
    assert_int_equal(route_add(&host->ip, &ipv6, 64, 0, NULL, 1279), SEPTET_INVALID);
    for (uint32_t i = 0; i < host->core.config.routes; i++)
        assert_int_equal(route_add(&host->ip, &prefix, 104, 0, &good, 0), SEPTET_OK);
    assert_int_equal(route_add(&host->ip, &prefix, 104, 0, &good, 0), SEPTET_NO_ROUTES);
    host_free(host);
}

/* MUST-43, MUST-45: a source that is given is kept, if it is ours. */
static void given_source(void **state)
{
    (void)state;
    struct host *host = make();
    struct ip_path path;
    host_address(host, 0, "10.0.0.1", 8);
    host_address(host, 1, "11.0.0.1", 8);
    struct septet_address source = address_of("11.0.0.1");
    const struct septet_address to = address_of("10.0.0.9");
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_OK);
    assert_int_equal(path.interface, 0);
    source = address_of("11.0.0.2");
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_ADDRESS_NOT_AVAILABLE);
    source = address_of("fd01::1");
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_ADDRESS_NOT_AVAILABLE);
    host_free(host);
}

/* A link-local source says which link is meant. */
static void link_local_source(void **state)
{
    (void)state;
    struct host *host = make();
    struct ip_path path;
    host_address(host, 0, "fe80::1", 64);
    host_address(host, 1, "fe80::2", 64);
    const struct septet_address to = address_of("fe80::9");
    struct septet_address source = address_of("fe80::2");
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_OK);
    assert_int_equal(path.interface, 1);
    source = address_of("fe80::1");
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_OK);
    assert_int_equal(path.interface, 0);
    expect(host, "fe80::9", "fe80::1", 0);
    host_free(host);
}

/* RFC 6724 section 10.1, as far as the rules that are here go. */
static void source_selection(void **state)
{
    (void)state;
    struct host *host = make();
    host_address(host, 0, "2001:db8:1::1", 64);
    host_address(host, 0, "fe80::1", 64);
    host_address(host, 0, "2001:db8:3::1", 64);
    host_address(host, 0, "fd00::1", 64);
    host_address(host, 0, "2002:c633:6401::d5e3:7953", 64);
    host_route(host, "::", 0, 0, NULL);
    expect(host, "2001:db8:1::9", "2001:db8:1::1", 0);
    expect(host, "2001:db8:3:0:1::9", "2001:db8:3::1", 0);
    expect(host, "fe80::9", "fe80::1", 0);
    expect(host, "ff02::9", "fe80::1", 0);
    expect(host, "ff0e::9", "2001:db8:1::1", 0);
    expect(host, "fd55::9", "fd00::1", 0);
    expect(host, "2002:c633:6401::9", "2002:c633:6401::d5e3:7953", 0);
    expect(host, "2001:db8:1::1", "2001:db8:1::1", 0);
    host_free(host);
}

/* The way to ourselves, and to groups. */
static void own_and_groups(void **state)
{
    (void)state;
    struct host *host = make();
    struct septet_address source = {{0}};
    const struct septet_address us = address_of("10.0.0.1"), group = address_of("224.0.0.9");
    const struct septet_address broadcast = address_of("10.255.255.255"), all = address_of("255.255.255.255");
    struct ip_path path;
    host_address(host, 1, "10.0.0.1", 8);
    assert_true(ip_is_local(&host->ip, &us));
    assert_false(ip_is_group(&host->ip, &us));
    assert_true(ip_is_group(&host->ip, &group) && ip_is_group(&host->ip, &broadcast) && ip_is_group(&host->ip, &all));
    assert_int_equal(ip_route(&host->ip, &source, &us, &path), SEPTET_OK);
    assert_true(septet_address_equal(&source, &us));
    assert_int_equal(path.neighbor, 0);
    expect(host, "224.0.0.9", "10.0.0.1", 1);
    expect(host, "255.255.255.255", "10.0.0.1", 1);
    expect(host, "10.255.255.255", "10.0.0.1", 1);
    expect(host, "ff02::1", NO_ROUTE, 0);
    expect(host, "0.0.0.0", NO_ROUTE, 0);
    host_free(host);
}

static void interfaces(void **state)
{
    (void)state;
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    struct septet_interface link = {.mtu = 575};
    assert_int_equal(ip_interface_add(&host->ip, &link), SEPTET_INVALID);
    link.mtu = 65536;
    assert_int_equal(ip_interface_add(&host->ip, &link), SEPTET_INVALID);
    link.mtu = 1500;
    link.ethernet = true;
    assert_int_equal(ip_interface_add(&host->ip, &link), SEPTET_INVALID);
    link.mac[0] = 3;
    assert_int_equal(ip_interface_add(&host->ip, &link), SEPTET_INVALID);
    link.mac[0] = 2;
    link.offloads = SEPTET_OFFLOAD_TSO;
    assert_int_equal(ip_interface_add(&host->ip, &link), SEPTET_INVALID);
    link.offloads = 4;
    assert_int_equal(ip_interface_add(&host->ip, &link), SEPTET_INVALID);
    link.offloads = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(ip_interface_add(&host->ip, &link), i);
    assert_int_equal(ip_interface_add(&host->ip, &link), SEPTET_NO_INTERFACES);
    assert_int_equal(ip_interface_mtu(&host->ip, 4, 1500), SEPTET_INVALID);
    assert_int_equal(ip_interface_mtu(&host->ip, 0, 500), SEPTET_INVALID);
    assert_int_equal(ip_interface_mtu(&host->ip, 0, 576), SEPTET_OK);
    /* RFC 8200 section 5: no IPv6 below 1280. */
    const struct septet_address address = address_of("fd00::1");
    assert_int_equal(ip_address_add(&host->ip, 0, &address, 64, true, IP_ADDRESS_MANUAL, NULL), SEPTET_INVALID);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_prefix),   cmocka_unit_test(families_apart), cmocka_unit_test(ties_and_mtu),
        cmocka_unit_test(refused),          cmocka_unit_test(given_source),   cmocka_unit_test(link_local_source),
        cmocka_unit_test(source_selection), cmocka_unit_test(own_and_groups), cmocka_unit_test(interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
