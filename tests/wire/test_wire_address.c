#include "wire_test.h"

#include "wire/ip.h"

static void check_text(const char *given, const char *canonical)
{
    char text[SEPTET_ADDRESS_TEXT];
    struct septet_address address = address_of(given);
    size_t length = septet_address_format(&address, text);
    assert_string_equal(text, canonical);
    assert_int_equal(length, strlen(canonical));
}

/* RFC 5952 sections 4 and 5. */
static void text_is_canonical(void **state)
{
    (void)state;
    check_text("0.0.0.0", "0.0.0.0");
    check_text("255.255.255.255", "255.255.255.255");
    check_text("192.0.2.1", "192.0.2.1");
    check_text("::", "::");
    check_text("::1", "::1");
    check_text("1::", "1::");
    check_text("2001:db8::1", "2001:db8::1");
    check_text("2001:0DB8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1");
    check_text("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
    check_text("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
    check_text("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
    check_text("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6");
    check_text("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::");
    check_text("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
    check_text("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8");
    check_text("::ffff:192.0.2.33", "192.0.2.33");
    check_text("::ffff:c000:221", "192.0.2.33");
    check_text("64:ff9b::192.0.2.33", "64:ff9b::c000:221");
    check_text("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304");
    check_text("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void bad_text_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.04",
        "1.2.3.",
        ".1.2.3",
        "1..2.3",
        "1.2.3.4 ",
        " 1.2.3.4",
        "0x1.2.3.4",
        "1.2.3.1000",
        "+1.2.3.4",
        ":",
        ":::",
        "1:",
        ":1",
        "1:2:3",
        "1::2::3",
        "12345::",
        "g::",
        "::1%eth0",
        "::1/128",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::1.2.3.4:5",
        "1.2.3.4::",
        "[::1]",
        "1:2:3:4::5:6:7:8",
        "::ffff:1.2.3.400",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct septet_address address, before;
        memset(&address, 0xa5, sizeof address);
        before = address;
        if (septet_address_parse(texts[i], strlen(texts[i]), &address))
            fail_msg("\"%s\" was accepted", texts[i]);
        assert_memory_equal(&address, &before, sizeof address);
    }
}

static void length_bounds_the_text(void **state)
{
    (void)state;
    struct septet_address address;
    assert_true(septet_address_parse("10.0.0.17", 8, &address));
    assert_memory_equal(&address, &(struct septet_address[]){address_of("10.0.0.1")}, sizeof address);
    assert_true(septet_address_parse("fe80::12", 7, &address));
    assert_memory_equal(&address, &(struct septet_address[]){address_of("fe80::1")}, sizeof address);
}

static void random_addresses_survive_their_text(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        struct septet_address address, again;
        char text[SEPTET_ADDRESS_TEXT];
        fill_random(&seed, address.bytes, 16);
        uint64_t zeros = splitmix64(&seed);
        for (int group = 0; group < 8; group++)
            if (zeros >> group & 1)
                memset(address.bytes + 2 * group, 0, 2);
        if (i % 4 == 0)
            address = septet_address_ipv4(address.bytes[3], address.bytes[5], address.bytes[7], address.bytes[9]);
        size_t length = septet_address_format(&address, text);
        assert_true(length < SEPTET_ADDRESS_TEXT);
        uint8_t *copy = exact_copy((const uint8_t *)text, length);
        assert_true(septet_address_parse((const char *)copy, length, &again));
        free(copy);
        assert_true(septet_address_equal(&address, &again));
    }
}

struct kinds {
    const char *text;
    bool any, multicast, loopback, link_local, broadcast, class_e;
};

static void kinds_of_addresses(void **state)
{
    static const struct kinds table[] = {
        {"0.0.0.0", .any = true},
        {"::", .any = true},
        {"0.0.0.1", .any = false},
        {"127.0.0.1", .loopback = true},
        {"127.255.255.255", .loopback = true},
        {"::1", .loopback = true},
        {"::2", .any = false},
        {"::127.0.0.1", .any = false},
        {"126.255.255.255", .any = false},
        {"128.0.0.0", .any = false},
        {"169.254.7.7", .link_local = true},
        {"169.253.0.0", .any = false},
        {"fe80::1", .link_local = true},
        {"febf::1", .link_local = true},
        {"fec0::1", .any = false},
        {"223.255.255.255", .any = false},
        {"224.0.0.1", .multicast = true},
        {"239.255.255.255", .multicast = true},
        {"ff02::1", .multicast = true},
        {"fe00::1", .any = false},
        {"240.0.0.1", .class_e = true},
        {"255.255.255.254", .class_e = true},
        {"255.255.255.255", .broadcast = true},
        {"2001:db8::1", .any = false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct septet_address address = address_of(table[i].text);
        print_message("%s\n", table[i].text);
        assert_int_equal(address_is_any(&address), table[i].any);
        assert_int_equal(address_is_multicast(&address), table[i].multicast);
        assert_int_equal(address_is_loopback(&address), table[i].loopback);
        assert_int_equal(address_is_link_local(&address), table[i].link_local);
        assert_int_equal(address_is_limited_broadcast(&address), table[i].broadcast);
        assert_int_equal(address_is_class_e(&address), table[i].class_e);
    }
}

static void prefixes(void **state)
{
    (void)state;
    struct septet_address a = address_of("192.168.1.129"), b = address_of("192.168.1.1");
    assert_true(address_in_prefix(&a, &b, 96 + 24));
    assert_false(address_in_prefix(&a, &b, 96 + 25));
    assert_true(address_in_prefix(&a, &b, 96));
    assert_true(address_in_prefix(&a, &a, 128));
    assert_false(address_in_prefix(&a, &b, 128));
    struct septet_address v6 = address_of("2001:db8::1"), other = address_of("2001:db9::1");
    assert_true(address_in_prefix(&v6, &other, 31));
    assert_false(address_in_prefix(&v6, &other, 32));
    assert_true(address_in_prefix(&v6, &a, 0));
    assert_false(address_in_prefix(&a, &b, 255));
}

static void multicast_names(void **state)
{
    (void)state;
    uint8_t mac[6];
    struct septet_address address = address_of("2001:db8::12:3456");
    struct septet_address node = address_solicited_node(&address);
    struct septet_address expected = address_of("ff02::1:ff12:3456");
    assert_true(septet_address_equal(&node, &expected));
    address_multicast_mac(&node, mac);
    assert_memory_equal(mac, "\x33\x33\xff\x12\x34\x56", 6);
    address = address_of("239.129.2.3");
    address_multicast_mac(&address, mac);
    assert_memory_equal(mac, "\x01\x00\x5e\x01\x02\x03", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_canonical),      cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(length_bounds_the_text), cmocka_unit_test(random_addresses_survive_their_text),
        cmocka_unit_test(kinds_of_addresses),     cmocka_unit_test(prefixes),
        cmocka_unit_test(multicast_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
