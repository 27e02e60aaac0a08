#include "wire_test.h"

#include "wire/arp.h"
#include "wire/ethernet.h"

static void ethernet_round_trip(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 1000; i++) {
        uint8_t macs[12], frame[ETHERNET_HEADER];
        struct ethernet ethernet;
        fill_random(&seed, macs, sizeof macs);
        uint16_t type = (uint16_t)(splitmix64(&seed) & 0x7fff);
        ethernet_build(frame, macs, macs + 6, type);
        assert_int_equal(ethernet_parse(frame, sizeof frame, &ethernet), wire_none);
        assert_memory_equal(ethernet.destination, macs, 6);
        assert_memory_equal(ethernet.source, macs + 6, 6);
        assert_int_equal(ethernet.type, type);
        assert_int_equal(ethernet.header_length, ETHERNET_HEADER);
    }
}

static void up_to_two_tags_are_skipped(void **state)
{
    static const uint8_t frame[26] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd};
    static const uint8_t three[26] = {1, 1, 1, 1,    1, 1, 2, 2,    2, 2, 2, 2, 0x81,
                                      0, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 8, 0};
    struct ethernet ethernet;
    (void)state;
    assert_int_equal(ethernet_parse(frame, 22, &ethernet), wire_none);
    assert_int_equal(ethernet.type, ETHERTYPE_IPV6);
    assert_int_equal(ethernet.header_length, 22);
    assert_int_equal(ethernet_parse(three, 26, &ethernet), wire_none);
    assert_int_equal(ethernet.type, ETHERTYPE_VLAN);
    assert_int_equal(ethernet.header_length, 22);
}

/* B17: every header cut at each byte. */
static void cut_ethernet_is_truncated(void **state)
{
    static const uint8_t frame[22] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0};
    (void)state;
    for (uint32_t length = 0; length < sizeof frame; length++) {
        struct ethernet ethernet;
        uint8_t *copy = exact_copy(frame, length);
        assert_int_equal(ethernet_parse(copy, length, &ethernet), wire_truncated);
        free(copy);
    }
}

static void arp_round_trip(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 1000; i++) {
        struct arp arp, again;
        uint8_t bytes[ARP_LENGTH];
        arp.operation = (uint16_t)splitmix64(&seed);
        fill_random(&seed, arp.sender_mac, 6);
        fill_random(&seed, arp.sender_ip, 4);
        fill_random(&seed, arp.target_mac, 6);
        fill_random(&seed, arp.target_ip, 4);
        arp_build(bytes, &arp);
        assert_int_equal(arp_parse(bytes, sizeof bytes, &again), wire_none);
        assert_int_equal(again.operation, arp.operation);
        assert_memory_equal(again.sender_mac, arp.sender_mac, 6);
        assert_memory_equal(again.sender_ip, arp.sender_ip, 4);
        assert_memory_equal(again.target_mac, arp.target_mac, 6);
        assert_memory_equal(again.target_ip, arp.target_ip, 4);
        for (uint32_t length = 0; length < ARP_LENGTH; length++) {
            uint8_t *copy = exact_copy(bytes, length);
            assert_int_equal(arp_parse(copy, length, &again), wire_truncated);
            free(copy);
        }
    }
}

static void other_hardware_and_protocols_are_unsupported(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < 6; at++) {
        struct arp arp = {.operation = ARP_REQUEST};
        uint8_t bytes[ARP_LENGTH];
        arp_build(bytes, &arp);
        bytes[at] ^= 0x10;
        assert_int_equal(arp_parse(bytes, sizeof bytes, &arp), wire_unsupported);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethernet_round_trip),
        cmocka_unit_test(up_to_two_tags_are_skipped),
        cmocka_unit_test(cut_ethernet_is_truncated),
        cmocka_unit_test(arp_round_trip),
        cmocka_unit_test(other_hardware_and_protocols_are_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
