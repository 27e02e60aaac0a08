#include "wire_test.h"

#include "base/bytes.h"
#include "wire/dissect.h"
#include "wire/icmp.h"
#include "wire/link_type.h"

#include <stdio.h>

#define FRAME_MOST 2048
#define DATA 10

static uint32_t nibble(char digit) { return (uint32_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

/* Hexadecimal digits; spaces are passed over. */
static uint32_t put_hex(uint8_t *to, uint32_t at, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text != ' ') {
            to[at++] = (uint8_t)(nibble(text[0]) << 4 | nibble(text[1]));
            text++;
        }
    return at;
}

static uint32_t put_tcp(uint8_t *to, uint32_t at)
{
    static const struct tcp_header tcp = {.source_port = 12345,
                                          .destination_port = 80,
                                          .seq = 100,
                                          .ack = 200,
                                          .flags = TCP_ACK | TCP_PSH,
                                          .header_length = 24,
                                          .window = 500};
    tcp_build(to + at, &tcp);
    at = put_hex(to, at + TCP_HEADER, "020405b4");
    memset(to + at, 'x', DATA);
    return at + DATA;
}

static struct ip_fields fields_of(bool six, uint8_t protocol)
{
    return (struct ip_fields){.source = address_of(six ? "2001:db8::1" : "10.0.0.1"),
                              .destination = address_of(six ? "2001:db8::2" : "10.0.0.2"),
                              .protocol = protocol,
                              .ttl = 64};
}

/* A TCP segment in IP; what stands between them in IPv6 may be given with the protocol that names it. */
static uint32_t put_packet(uint8_t *to, uint32_t at, bool six, uint8_t protocol, const char *extensions)
{
    uint32_t start = at;
    at += six ? IPV6_HEADER : IPV4_HEADER;
    uint32_t behind = at;
    at = put_tcp(to, put_hex(to, at, extensions));
    struct ip_fields fields = fields_of(six, protocol);
    if (six)
        ipv6_build(to + start, &fields, at - behind);
    else
        ipv4_build(to + start, &fields, at - behind);
    return at;
}

static void stack_text(const struct dissection *dissection, char text[200])
{
    size_t length = 0;
    text[0] = 0;
    for (uint32_t i = 0; i < dissection->headers; i++)
        length += (size_t)snprintf(text + length, 200 - length, "%s%s", i ? ":" : "",
                                   dissect_layer_filter_name(dissection->header[i].layer));
}

/* Frame bytes of every link type and of every tunnel with a segment behind them. */
static const struct example {
    const char *name;
    uint32_t link_type;
    bool six;
    const char *before; /* the packet */
    const char *stack;
    bool tunnel_key;
} examples[] = {
    {"Ethernet", link_type_ethernet, false, "000102030405 060708090a0b 0800", "eth:ip:tcp", false},
    {"Ethernet, IPv6", link_type_ethernet, true, "000102030405 060708090a0b 86dd", "eth:ipv6:tcp", false},
    {"VLAN", link_type_ethernet, false, "000102030405 060708090a0b 8100 a007 0800", "eth:vlan:ip:tcp", false},
    {"QinQ", link_type_ethernet, true, "000102030405 060708090a0b 88a8 0007 8100 0009 86dd", "eth:vlan:vlan:ipv6:tcp",
     false},
    {"Ethernet with LLC", link_type_ethernet, false, "000102030405 060708090a0b 0040 aaaa03 000000 0800",
     "eth:llc:ip:tcp", false},
    {"LLC's own IP", link_type_ethernet, false, "000102030405 060708090a0b 0040 060603", "eth:llc:ip:tcp", false},
    {"PPPoE", link_type_ethernet, false, "000102030405 060708090a0b 8864 1100 0001 0030 0021", "eth:pppoes:ppp:ip:tcp",
     false},
    {"PPPoE, IPv6", link_type_ethernet, true, "000102030405 060708090a0b 8864 1100 0001 0030 0057",
     "eth:pppoes:ppp:ipv6:tcp", false},
    {"MPLS", link_type_ethernet, false, "000102030405 060708090a0b 8847 0001 0040 0002 0140", "eth:mpls:mpls:ip:tcp",
     false},
    {"pseudowire", link_type_ethernet, true,
     "000102030405 060708090a0b 8847 0002 0140 0000 0000 000102030405 060708090a0b 86dd", "eth:mpls:eth:ipv6:tcp",
     false},
    {"cooked v1", link_type_linux_sll, false, "0000 0001 0006 060708090a0b 0000 0800", "sll:ip:tcp", false},
    {"cooked v1, VLAN", link_type_linux_sll, false, "0000 0001 0006 060708090a0b 0000 8100 0007 0800",
     "sll:vlan:ip:tcp", false},
    {"cooked v2", link_type_linux_sll2, true, "86dd 0000 00000003 0001 00 06 060708090a0b0000", "sll:ipv6:tcp", false},
    {"raw", link_type_raw, false, "", "raw:ip:tcp", false},
    {"raw, IPv6", link_type_raw, true, "", "raw:ipv6:tcp", false},
    {"raw of BSD", link_type_raw_bsd, false, "", "raw:ip:tcp", false},
    {"raw IPv4", link_type_ipv4, false, "", "raw:ip:tcp", false},
    {"raw IPv6", link_type_ipv6, true, "", "raw:ipv6:tcp", false},
    {"null, little-endian", link_type_null, false, "02000000", "null:ip:tcp", false},
    {"null, big-endian", link_type_null, false, "00000002", "null:ip:tcp", false},
    {"null, IPv6 of macOS", link_type_null, true, "1e000000", "null:ipv6:tcp", false},
    {"loop", link_type_loop, true, "00000018", "null:ipv6:tcp", false},
    {"PPP", link_type_ppp, false, "ff03 0021", "ppp:ip:tcp", false},
    {"PPP, compressed", link_type_ppp, false, "21", "ppp:ip:tcp", false},
    {"PPP, IPv6", link_type_ppp_hdlc, true, "ff03 0057", "ppp:ipv6:tcp", false},
    {"PPP, MPLS", link_type_ppp_hdlc, true, "ff03 0281 0001 0140", "ppp:mpls:ipv6:tcp", false},
    {"PPP with direction", link_type_ppp_direction, false, "01 ff03 0021", "frame:ppp:ip:tcp", false},
    {"PPP over Ethernet", link_type_ppp_ether, false, "1100 0001 0030 0021", "pppoes:ppp:ip:tcp", false},
    {"Cisco HDLC", link_type_cisco_hdlc, false, "0f00 0800", "chdlc:ip:tcp", false},
    {"Cisco HDLC among PPP", link_type_ppp_hdlc, false, "0f00 0800", "chdlc:ip:tcp", false},
    {"Frame Relay", link_type_frame_relay, false, "1841 03 cc", "fr:ip:tcp", false},
    {"Frame Relay, IPv6", link_type_frame_relay, true, "1841 03 8e", "fr:ipv6:tcp", false},
    {"Frame Relay, SNAP", link_type_frame_relay, false, "1841 03 00 80 000000 0800", "fr:ip:tcp", false},
    {"Frame Relay of Cisco", link_type_frame_relay, false, "1841 0800", "fr:ip:tcp", false},
    {"LLC over ATM", link_type_atm_rfc1483, false, "aaaa03 000000 0800", "llc:ip:tcp", false},
    {"802.11", link_type_wifi, false, "0801 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 aaaa03 000000 0800",
     "wlan:llc:ip:tcp", false},
    {"802.11, QoS", link_type_wifi, true,
     "8802 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 0000 aaaa03 000000 86dd", "wlan:llc:ipv6:tcp", false},
    {"802.11, QoS and HT control", link_type_wifi, false,
     "8882 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 0000 00000000 aaaa03 000000 0800", "wlan:llc:ip:tcp",
     false},
    {"802.11 of four addresses", link_type_wifi, false,
     "0803 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 121314151617 aaaa03 000000 0800", "wlan:llc:ip:tcp", false},
    {"802.11, aggregate", link_type_wifi, false,
     "8802 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 8000 000102030405 060708090a0b 003c aaaa03 000000 0800",
     "wlan:llc:ip:tcp", false},
    {"radiotap", link_type_wifi_radiotap, false,
     "0000 0900 02000000 10 0801 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 aaaa03 000000 0800",
     "radiotap:wlan:llc:ip:tcp", false},
    {"radiotap with padding of the header", link_type_wifi_radiotap, false,
     "0000 1100 03000000 0102030405060708 20"
     "8802 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 0000 0000 aaaa03 000000 0800",
     "radiotap:wlan:llc:ip:tcp", false},
    {"AVS", link_type_wifi_avs, false,
     "80211001 00000010 0000000000000000 0801 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 aaaa03 000000 0800",
     "prism:wlan:llc:ip:tcp", false},
    {"PPI", link_type_ppi, false,
     "0000 0800 69000000 0801 0000 000102030405 060708090a0b 0c0d0e0f1011 0000 aaaa03 000000 0800",
     "ppi:wlan:llc:ip:tcp", false},
    {"pflog", link_type_pflog, false, "0502 0000 00000000", "pflog:ip:tcp", false},
    {"nflog", link_type_nflog, false, "0200 0000 0500 0a00 00 000000 3a00 0900", "nflog:ip:tcp", false},
    {"enc", link_type_enc, false, "00000002 00000000 00000000", "null:ip:tcp", false},
    {"netANALYZER", link_type_netanalyzer, false, "00000000 000102030405 060708090a0b 0800", "frame:eth:ip:tcp", false},
    {"IP in IP", link_type_raw, false, "4500004e00010000400400000a0100010a010002", "raw:ip:ip:tcp", false},
    {"IPv6 in IPv4", link_type_raw, true, "4500006200010000402900000a0100010a010002", "raw:ip:ipv6:tcp", false},
    {"IPv4 in IPv6", link_type_raw, false,
     "60000000003a0440 20010db8000000000000000000000001 20010db8000000000000000000000002", "raw:ipv6:ip:tcp", false},
    {"GRE", link_type_raw, false, "4500005200010000402f00000a0100010a010002 0000 0800", "raw:ip:gre:ip:tcp", false},
    {"GRE with all", link_type_raw, true,
     "4500007200010000402f00000a0100010a010002 b000 86dd 00000000 00000007 00000001", "raw:ip:gre:ipv6:tcp", true},
    {"GRE of PPTP", link_type_raw, false,
     "4500006300010000402f00000a0100010a010002 3081 880b 003b0001 00000001 00000001 21", "raw:ip:gre:ppp:ip:tcp",
     false},
    {"GRE with Ethernet", link_type_raw, false,
     "4500006000010000402f00000a0100010a010002 0000 6558 000102030405 060708090a0b 0800", "raw:ip:gre:eth:ip:tcp",
     false},
    {"ERSPAN I", link_type_raw, false,
     "4500006000010000402f00000a0100010a010002 0000 88be 000102030405 060708090a0b 0800", "raw:ip:gre:eth:ip:tcp",
     false},
    {"ERSPAN II", link_type_raw, false,
     "4500006c00010000402f00000a0100010a010002 1000 88be 00000001 1000000000000000 000102030405 060708090a0b 0800",
     "raw:ip:gre:erspan:eth:ip:tcp", false},
    {"ERSPAN III", link_type_raw, false,
     "4500007800010000402f00000a0100010a010002 1000 22eb 00000001 200000000000000000000001 0000000000000000"
     "000102030405 060708090a0b 0800",
     "raw:ip:gre:erspan:eth:ip:tcp", false},
    {"VXLAN", link_type_raw, false,
     "4500006c00010000401100000a0100010a010002 303012b500580000 0800000000002a00 000102030405 060708090a0b 0800",
     "raw:ip:udp:vxlan:eth:ip:tcp", true},
    {"Geneve", link_type_raw, false,
     "4500007000010000401100000a0100010a010002 303017c1005c0000 0100655800002a00 00000000 000102030405 060708090a0b"
     "0800",
     "raw:ip:udp:geneve:eth:ip:tcp", true},
    {"GTP", link_type_raw, false,
     "4500006600010000401100000a0100010a010002 0868086800520000 34ff003e00000001 00000085 01000500",
     "raw:ip:udp:gtp:ip:tcp", false},
};

static uint32_t put_example(uint8_t *to, const struct example *example)
{
    return put_packet(to, put_hex(to, 0, example->before), example->six, PROTOCOL_TCP, "");
}

static void check_segment(const struct dissection *dissection, uint32_t frame_length)
{
    assert_true(dissection->is_ip && dissection->is_tcp);
    assert_false(dissection->is_udp || dissection->is_icmp || dissection->fragment || dissection->cut);
    assert_int_equal(dissection->tcp.source_port, 12345);
    assert_int_equal(dissection->tcp.seq, 100);
    assert_int_equal(dissection->options_captured, 4);
    assert_int_equal(dissection->payload, dissection->transport + 24);
    assert_int_equal(dissection->payload_length, DATA);
    assert_int_equal(dissection->payload_captured, DATA);
    assert_int_equal(dissection->payload + DATA, frame_length);
    assert_int_equal(dissection->stopped, wire_none);
}

static void every_link_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *example = &examples[i];
        uint8_t bytes[FRAME_MOST];
        char text[200];
        struct dissection dissection;
        uint32_t length = put_example(bytes, example);
        uint8_t *frame = exact_copy(bytes, length);
        assert_true(dissect_knows(example->link_type));
        assert_true(dissect(example->link_type, frame, length, length, &dissection));
        stack_text(&dissection, text);
        if (strcmp(text, example->stack) != 0)
            fail_msg("%s: %s instead of %s", example->name, text, example->stack);
        check_segment(&dissection, length);
        assert_int_equal(dissection.ip.version, example->six ? 6 : 4);
        assert_int_equal(dissection.tunnel_key != 0, example->tunnel_key);
        free(frame);
    }
    struct dissection dissection;
    assert_false(dissect(65000, (const uint8_t *)"", 0, 0, &dissection));
    assert_int_equal(dissection.headers, 0);
    assert_false(dissect_knows(link_type_usbpcap));
}

/* Whatever the snap length: nothing behind it is read, and lengths are those of the packet. */
static void every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        uint8_t bytes[FRAME_MOST];
        uint32_t length = put_example(bytes, &examples[i]);
        for (uint32_t captured = 0; captured < length; captured++) {
            uint8_t *frame = exact_copy(bytes, captured);
            struct dissection dissection;
            assert_true(dissect(examples[i].link_type, frame, captured, length, &dissection));
            if (dissection.is_tcp) {
                uint32_t here = captured > dissection.payload ? captured - dissection.payload : 0;
                assert_int_equal(dissection.payload_length, DATA);
                assert_int_equal(dissection.payload_captured, here);
                assert_true(dissection.cut);
            } else {
                assert_true(captured < length - DATA - 4);
            }
            free(frame);
        }
    }
}

static void extension_headers(void **state)
{
    (void)state;
    static const struct {
        uint8_t protocol;
        const char *extensions, *stack;
    } chains[] = {
        {PROTOCOL_HOP_BY_HOP, "0600050200000100", "raw:ipv6:ipv6.hopopts:tcp"},
        {PROTOCOL_HOP_BY_HOP, "3c00c20400010000 0601010a00000000 0000000000000000",
         "raw:ipv6:ipv6.hopopts:ipv6.dstopts:tcp"},
        /* a route that is still to be travelled is none of our affair */
        {PROTOCOL_ROUTING, "0602040100000000 20010db8000000000000000000000009", "raw:ipv6:ipv6.routing:tcp"},
        {PROTOCOL_FRAGMENT, "0600000000000001", "raw:ipv6:ipv6.fraghdr:tcp"},
        {PROTOCOL_FRAGMENT, "3c00000000000001 0600010400000000", "raw:ipv6:ipv6.fraghdr:ipv6.dstopts:tcp"},
        {PROTOCOL_AUTHENTICATION, "0604000000000001 00000001 000000000000000000000000", "raw:ipv6:ah:tcp"},
    };
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        uint8_t bytes[FRAME_MOST];
        char text[200];
        struct dissection dissection;
        uint32_t length = put_packet(bytes, 0, true, chains[i].protocol, chains[i].extensions);
        assert_true(dissect(link_type_raw, bytes, length, length, &dissection));
        stack_text(&dissection, text);
        assert_string_equal(text, chains[i].stack);
        check_segment(&dissection, length);
    }
}

static void padding_is_no_payload(void **state)
{
    (void)state;
    uint8_t bytes[FRAME_MOST] = {0};
    struct dissection dissection;
    uint32_t length = put_example(bytes, &examples[0]);
    assert_true(dissect(link_type_ethernet, bytes, length + 20, length + 20, &dissection));
    check_segment(&dissection, length);
}

/* explain.md 3: a length field of 0 comes from segmentation offload. */
static void length_of_zero_is_the_frames(void **state)
{
    (void)state;
    for (uint32_t six = 0; six < 2; six++) {
        uint8_t bytes[FRAME_MOST];
        struct dissection dissection;
        uint32_t length = put_packet(bytes, 0, six != 0, PROTOCOL_TCP, "");
        store16(bytes + (six ? 4 : 2), 0);
        assert_true(dissect(link_type_raw, bytes, length - 4, length + 70000, &dissection));
        assert_true(dissection.length_from_frame && dissection.cut);
        assert_int_equal(dissection.payload_length, DATA + 70000);
        assert_int_equal(dissection.payload_captured, DATA - 4);
    }
}

static void fragments_have_no_ports(void **state)
{
    (void)state;
    uint8_t bytes[FRAME_MOST];
    struct dissection dissection;
    uint32_t length = put_packet(bytes, 0, false, PROTOCOL_TCP, "");
    for (uint32_t offset = 0; offset < 2; offset++) {
        store16(bytes + 6, (uint16_t)(offset ? 3 : 0x2000));
        assert_true(dissect(link_type_raw, bytes, length, length, &dissection));
        assert_true(dissection.is_ip && dissection.fragment);
        assert_false(dissection.is_tcp);
        assert_int_equal(dissection.payload, IPV4_HEADER);
        assert_int_equal(dissection.payload_length, length - IPV4_HEADER);
    }
    dissect_reassembled(bytes, length, length, &dissection);
    assert_true(dissection.reassembled);
    check_segment(&dissection, length);
    length = put_packet(bytes, 0, true, PROTOCOL_FRAGMENT, "3c00000100000001 0600010400000000");
    assert_true(dissect(link_type_raw, bytes, length, length, &dissection));
    assert_true(dissection.fragment && !dissection.is_tcp);
    dissect_reassembled(bytes, length, length, &dissection);
    check_segment(&dissection, length);
}

/* What is wrong inside a tunnel leaves the packet around it. */
static void bad_inside_keeps_the_outside(void **state)
{
    (void)state;
    uint8_t bytes[FRAME_MOST];
    struct dissection dissection;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        if (strcmp(examples[i].name, "VXLAN") == 0) {
            uint32_t length = put_example(bytes, &examples[i]);
            bytes[20 + 8 + 8 + 14] = 0x15;
            assert_true(dissect(link_type_raw, bytes, length, length, &dissection));
            assert_true(dissection.is_udp && !dissection.is_tcp);
            assert_int_equal(dissection.ip_layers, 1);
            assert_int_equal(dissection.udp.destination_port, 4789);
            assert_int_equal(dissection.payload, IPV4_HEADER + UDP_HEADER);
            assert_int_equal(dissection.stopped, wire_version);
        }
}

static void vlan_is_the_outermost(void **state)
{
    (void)state;
    uint8_t bytes[FRAME_MOST];
    struct dissection dissection;
    uint32_t length = put_example(bytes, &examples[3]);
    assert_true(dissect(link_type_ethernet, bytes, length, length, &dissection));
    assert_true(dissection.has_vlan);
    assert_int_equal(dissection.vlan, 7);
    assert_int_equal(dissect_find(&dissection, layer_vlan)->offset, 18);
    assert_null(dissect_find(&dissection, layer_udp));
}

static void datagrams_and_messages(void **state)
{
    (void)state;
    uint8_t bytes[FRAME_MOST];
    struct dissection dissection;
    struct ip_fields fields = fields_of(false, PROTOCOL_UDP);
    ipv4_build(bytes, &fields, 12);
    udp_build(bytes + 20, 53, 5353, 12);
    assert_true(dissect(link_type_raw, bytes, 32, 32, &dissection));
    assert_true(dissection.is_udp && dissection.udp.source_port == 53 && dissection.payload_length == 4);
    fields = fields_of(true, PROTOCOL_ICMPV6);
    ipv6_build(bytes, &fields, 8);
    icmp_build(bytes + 40, ICMPV6_PACKET_TOO_BIG, 3, 1280, 0, &fields.source, &fields.destination);
    assert_true(dissect(link_type_raw, bytes, 48, 48, &dissection));
    assert_true(dissection.is_icmp && dissection.icmp_type == 2 && dissection.icmp_code == 3);
    assert_int_equal(dissection.payload, 48);
    /* ARP has a level of its own, and no IP. */
    uint32_t length = put_hex(bytes, 0,
                              "ffffffffffff 060708090a0b 0806 0001080006040001 060708090a0b 0a000001"
                              "000000000000 0a000002");
    assert_true(dissect(link_type_ethernet, bytes, length, length, &dissection));
    assert_int_equal(dissection.header[1].layer, layer_arp);
    assert_false(dissection.is_ip);
}

/* Layers upon layers end. */
static void depth_is_bounded(void **state)
{
    (void)state;
    uint8_t bytes[FRAME_MOST] = {0};
    struct dissection dissection;
    uint32_t at = put_hex(bytes, 0, "000102030405 060708090a0b");
    while (at + 4 < sizeof bytes)
        at = put_hex(bytes, at, "8100 0001");
    assert_true(dissect(link_type_ethernet, bytes, sizeof bytes, sizeof bytes, &dissection));
    assert_int_equal(dissection.headers, DISSECT_LAYERS);
    assert_int_equal(dissection.stopped, wire_unsupported);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_type),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(extension_headers),
        cmocka_unit_test(padding_is_no_payload),
        cmocka_unit_test(length_of_zero_is_the_frames),
        cmocka_unit_test(fragments_have_no_ports),
        cmocka_unit_test(bad_inside_keeps_the_outside),
        cmocka_unit_test(vlan_is_the_outermost),
        cmocka_unit_test(datagrams_and_messages),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
