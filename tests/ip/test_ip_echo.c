#include "host.h"

static struct sent sent;

static void give_echo(struct host *host, const char *source, const char *destination, uint32_t size)
{
    static uint8_t body[66000], message[66000], frame[66000];
    const struct ip_fields fields = {
        .source = address_of(source),
        .destination = address_of(destination),
        .protocol = strchr(source, ':') == NULL ? PROTOCOL_ICMP : PROTOCOL_ICMPV6,
    };
    const bool ipv4 = fields.protocol == PROTOCOL_ICMP;
    for (uint32_t i = 0; i < size; i++)
        body[i] = (uint8_t)(i * 7);
    const uint32_t length = put_icmp(message, ipv4 ? ICMPV4_ECHO_REQUEST : ICMPV6_ECHO_REQUEST, 0, 0x12345678, body,
                                     size, &fields.source, &fields.destination);
    assert_int_equal(host_give(host, 0, frame, frame_ip(frame, &fields, message, length)), IP_CONSUMED);
}

static void check_reply(uint32_t size)
{
    struct icmp icmp;
    assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
    assert_int_equal(icmp.type, sent.ip.version == 4 ? ICMPV4_ECHO_REPLY : ICMPV6_ECHO_REPLY);
    assert_int_equal(icmp.rest, 0x12345678);
    assert_int_equal(icmp.body_length, size);
    for (uint32_t i = 0; i < size; i++)
        assert_int_equal(icmp.body[i], (uint8_t)(i * 7));
}

static void ipv4_after_arp(void **state)
{
    (void)state;
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, "10.0.0.1", 24);
    give_echo(host, "10.0.0.2", "10.0.0.1", 56);
    assert_true(host_pull(host, &sent));
    assert_int_equal(sent.ethernet.type, ETHERTYPE_ARP);
    assert_memory_equal(sent.ethernet.destination, broadcast_mac, 6);
    assert_false(host_pull(host, &sent));
    host_answer(host, 0, "10.0.0.2", peer_mac);
    assert_true(host_pull(host, &sent));
    assert_memory_equal(sent.ethernet.destination, peer_mac, 6);
    assert_memory_equal(sent.ethernet.source, our_mac, 6);
    check_reply(56);
    assert_false(host_pull(host, &sent));
    host_free(host);
}

static void ipv6_after_ndp(void **state)
{
    (void)state;
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, "fd07::1", 64);
    host_wait(host, 3 * SEPTET_SECOND);
    host_drain(host);
    give_echo(host, "fd07::2", "fd07::1", 1000);
    assert_true(host_pull(host, &sent));
    assert_int_equal(sent.transport[0], ICMPV6_NEIGHBOR_SOLICITATION);
    assert_int_equal(sent.ip.ttl, 255);
    const struct septet_address group = address_of("ff02::1:ff00:2");
    assert_true(septet_address_equal(&sent.ip.destination, &group));
    assert_int_equal(sent.ethernet.destination[0], 0x33);
    assert_int_equal(sent.ethernet.destination[5], 2);
    host_answer(host, 0, "fd07::2", peer_mac);
    assert_true(host_pull(host, &sent));
    check_reply(1000);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_after_arp),
        cmocka_unit_test(ipv6_after_ndp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
