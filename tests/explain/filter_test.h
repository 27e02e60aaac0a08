#ifndef TESTS_EXPLAIN_FILTER_TEST_H
#define TESTS_EXPLAIN_FILTER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "explain/filter.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/link_type.h"

/* Ten frames, a second apart, and filters with the frames that they pass. */

#define FRAMES 10
#define FRAME_MOST 400
#define SECOND INT64_C(1000000000)
#define START (INT64_C(1714564800) * SECOND) /* 2024-05-01T12:00:00Z */

static struct {
    uint8_t bytes[FRAME_MOST];
    uint32_t length;
    struct dissection dissection;
} frames[FRAMES];

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 1}, mac_b[6] = {2, 0, 0, 0, 0, 2};

static uint32_t put_ethernet(uint8_t *to, bool back, uint16_t type)
{
    ethernet_build(to, back ? mac_a : mac_b, back ? mac_b : mac_a, type);
    return ETHERNET_HEADER;
}

static struct septet_address address_of(const char *text)
{
    struct septet_address address;
    assert_true(septet_address_parse(text, strlen(text), &address));
    return address;
}

static uint32_t put_ip(uint8_t *to, const char *source, const char *destination, uint8_t protocol, uint32_t length)
{
    struct ip_fields fields = {.source = address_of(source),
                               .destination = address_of(destination),
                               .protocol = protocol,
                               .ttl = 64,
                               .identification = 77,
                               .do_not_fragment = true};
    if (septet_address_is_ipv4(&fields.source)) {
        ipv4_build(to, &fields, length);
        return IPV4_HEADER;
    }
    fields.flow_label = 0x12345;
    ipv6_build(to, &fields, length);
    return IPV6_HEADER;
}

struct segment {
    uint16_t source, destination;
    uint32_t seq, ack;
    uint16_t flags, window;
    const char *options; /* of options_length bytes */
    uint8_t options_length;
    const char *payload;
};

static uint32_t segment_length(const struct segment *segment)
{
    return TCP_HEADER + segment->options_length + (uint32_t)strlen(segment->payload);
}

static uint32_t put_tcp(uint8_t *to, const struct segment *segment)
{
    const struct tcp_header tcp = {.source_port = segment->source,
                                   .destination_port = segment->destination,
                                   .seq = segment->seq,
                                   .ack = segment->ack,
                                   .flags = segment->flags,
                                   .header_length = (uint8_t)(TCP_HEADER + segment->options_length),
                                   .window = segment->window};
    tcp_build(to, &tcp);
    memcpy(to + TCP_HEADER, segment->options, segment->options_length);
    memcpy(to + TCP_HEADER + segment->options_length, segment->payload, strlen(segment->payload));
    return segment_length(segment);
}

static uint32_t make_tcp(uint8_t *to, bool back, const struct segment *segment)
{
    uint32_t at = put_ethernet(to, back, ETHERTYPE_IPV4);
    at += put_ip(to + at, back ? "10.0.0.2" : "10.0.0.1", back ? "10.0.0.1" : "10.0.0.2", PROTOCOL_TCP,
                 segment_length(segment));
    return at + put_tcp(to + at, segment);
}

static uint32_t make_icmp(uint8_t *to)
{
    static const struct segment quoted = {12345, 80, 2000, 0, TCP_SYN, 0, "", 0, ""};
    uint32_t at = put_ethernet(to, true, ETHERTYPE_IPV4), message;
    struct septet_address from = address_of("10.0.0.254"), there = address_of("10.0.0.1");
    at += put_ip(to + at, "10.0.0.254", "10.0.0.1", PROTOCOL_ICMP, ICMP_HEADER + IPV4_HEADER + TCP_HEADER);
    message = at;
    at += ICMP_HEADER;
    at += put_ip(to + at, "10.0.0.1", "10.0.0.2", PROTOCOL_TCP, TCP_HEADER);
    at += put_tcp(to + at, &quoted);
    icmp_build(to + message, ICMPV4_UNREACHABLE, ICMPV4_FRAGMENTATION_NEEDED, 1400, at - message - ICMP_HEADER, &from,
               &there);
    return at;
}

static uint32_t make_udp(uint8_t *to)
{
    uint32_t at = put_ethernet(to, false, ETHERTYPE_VLAN);
    store16(to + at, 0xa007);
    store16(to + at + 2, ETHERTYPE_IPV6);
    at += 4;
    at += put_ip(to + at, "2001:db8::1", "2001:db8::2", PROTOCOL_UDP, UDP_HEADER + 5);
    udp_build(to + at, 40000, 50000, UDP_HEADER + 5);
    memcpy(to + at + UDP_HEADER, "Hello", 5);
    return at + UDP_HEADER + 5;
}

static uint32_t make_arp(uint8_t *to)
{
    static const uint8_t arp[28] = {0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 1,
                                    10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2};
    uint32_t at = put_ethernet(to, false, ETHERTYPE_ARP);
    memcpy(to + at, arp, sizeof arp);
    return at + sizeof arp;
}

static uint32_t make_vxlan(uint8_t *to)
{
    static const struct segment inner = {1000, 22, 5, 6, TCP_ACK, 10, "", 0, ""};
    uint32_t at = put_ethernet(to, false, ETHERTYPE_IPV4), inside = ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER;
    at += put_ip(to + at, "172.16.0.1", "172.16.0.2", PROTOCOL_UDP, UDP_HEADER + 8 + inside);
    udp_build(to + at, 54321, 4789, (uint16_t)(UDP_HEADER + 8 + inside));
    at += UDP_HEADER;
    store32(to + at, 0x08000000);
    store32(to + at + 4, 42u << 8);
    at += 8;
    at += put_ethernet(to + at, false, ETHERTYPE_IPV4);
    at += put_ip(to + at, "192.168.1.1", "192.168.1.2", PROTOCOL_TCP, TCP_HEADER);
    return at + put_tcp(to + at, &inner);
}

static uint32_t make_sack(uint8_t *to)
{
    static const struct segment segment = {
        443, 50001, 1, 2, TCP_ACK | TCP_ECE, 100, "\1\1\5\x12\0\0\0\x64\0\0\0\xc8\0\0\1\x2c\0\0\1\x90", 20, ""};
    uint32_t at = put_ethernet(to, false, ETHERTYPE_IPV6);
    at += put_ip(to + at, "2001:db8::1", "2001:db8::3", PROTOCOL_TCP, segment_length(&segment));
    return at + put_tcp(to + at, &segment);
}

static void make_frames(void)
{
    static const char options[] = "\2\4\5\xb4\4\2\10\12\0\0\0\7\0\0\0\0\1\3\3\7";
    static const char answer[] = "\2\4\5\x78\1\1\10\12\0\0\0\11\0\0\0\7";
    static const struct segment syn = {12345, 80, 1000, 0, TCP_SYN, 64240, options, 20, ""},
                                syn_ack = {80, 12345, 2000, 1001, TCP_SYN | TCP_ACK, 65160, answer, 16, ""},
                                get = {12345,
                                       80,
                                       1001,
                                       2001,
                                       TCP_PSH | TCP_ACK,
                                       502,
                                       "",
                                       0,
                                       "GET /index.html HTTP/1.1\r\nHost: example.test\r\nUser-Agent: septet\r\n\r\n"},
                                ok = {80,
                                      12345,
                                      2001,
                                      1070,
                                      TCP_PSH | TCP_ACK,
                                      501,
                                      "",
                                      0,
                                      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: none\r\n\r\nhi"},
                                reset = {80, 12345, 2100, 0, TCP_RST, 0, "", 0, ""};
    frames[0].length = make_tcp(frames[0].bytes, false, &syn);
    frames[1].length = make_tcp(frames[1].bytes, true, &syn_ack);
    frames[2].length = make_tcp(frames[2].bytes, false, &get);
    frames[3].length = make_tcp(frames[3].bytes, true, &ok);
    frames[4].length = make_udp(frames[4].bytes);
    frames[5].length = make_icmp(frames[5].bytes);
    frames[6].length = make_arp(frames[6].bytes);
    frames[7].length = make_tcp(frames[7].bytes, true, &reset);
    frames[7].bytes[ETHERNET_HEADER + 8] = 1;
    frames[7].bytes[ETHERNET_HEADER + 1] = 0xb8;
    frames[8].length = make_vxlan(frames[8].bytes);
    frames[9].length = make_sack(frames[9].bytes);
    for (uint32_t i = 0; i < FRAMES; i++)
        assert_true(
            dissect(link_type_ethernet, frames[i].bytes, frames[i].length, frames[i].length, &frames[i].dissection));
}

static inline struct filter_frame frame_of(uint32_t index)
{
    return (struct filter_frame){.number = index + 1,
                                 .time = START + index * SECOND,
                                 .first_time = START,
                                 .previous_time = index > 0 ? START + (index - 1) * SECOND : FILTER_TIME_UNKNOWN,
                                 .displayed_time = FILTER_TIME_UNKNOWN,
                                 .interface_name = "eth0",
                                 .captured = frames[index].length,
                                 .original = frames[index].length,
                                 .bytes = frames[index].bytes,
                                 .dissection = &frames[index].dissection};
}

/* `frames`: a digit for each frame that passes. `judged`: tshark is asked, too. */
static const struct {
    const char *text, *frames;
    bool judged;
} cases[] = {
    {"", "0123456789", false},
    {"tcp", "0123 5789", true},
    {"TCP", "0123 5789", false},
    {"udp", "48", true},
    {"ip", "0123 578", true},
    {"ipv6", "49", true},
    {"arp", "6", true},
    {"icmp", "5", true},
    {"vxlan", "8", true},
    {"vlan", "4", true},
    {"eth && !ip && !ipv6", "6", true},
    {"not tcp", "46", true},
    {"tcp.flags.syn == 1 && tcp.flags.ack == 0", "05", true},
    {"tcp.flags.syn==1&&tcp.flags.ack==0", "05", true},
    {"tcp.flags.syn eq true and not tcp.flags.ack eq true", "05", false},
    {"tcp.flags.reset == 1", "7", true},
    {"tcp.flags == 0x012", "1", true},
    {"tcp.flags & 0x12", "0123589", true},
    {"tcp.flags & 0x02 && tcp.flags & 0x10", "1", true},
    {"tcp.flags.ece == 1", "9", true},
    {"tcp.port == 80", "012357", true},
    {"80 == tcp.port", "012357", false},
    {"tcp.srcport == 80", "137", true},
    {"tcp.port != 80", "89", true},
    {"!(tcp.port == 80)", "4689", true},
    {"tcp.port ~= 80", "01235789", true},
    {"tcp.port !== 80", "01235789", true},
    {"tcp.port === 80", "", true},
    {"tcp.srcport === 80", "137", true},
    {"any tcp.port > 40000", "9", true},
    {"all tcp.port < 100", "", true},
    {"all tcp.port <= 12345", "012357 8", true},
    {"tcp.port > 12344 and tcp.port < 12346", "0123579", true},
    {"100 < tcp.srcport < 2000", "89", false},
    {"tcp.port in {22, 443}", "89", false},
    {"tcp.port in {22 443}", "89", false},
    {"tcp.port in {20..30, 440..450}", "89", false},
    {"tcp.port not in {80, 443}", "468", false},
    {"!(tcp.port in {80})", "4689", true},
    {"ip.addr == 10.0.0.1", "012357", true},
    {"ip.addr != 10.0.0.1", "8", true},
    {"ip.src == 10.0.0.0/24", "012357", true},
    {"ip.src == 10.0.0.0/31", "025", true},
    {"ip.addr == 172.16.0.0/12", "8", true},
    {"ip.dst == 192.168.1.2", "8", true},
    {"ip.src != ip.dst", "012378", true},
    {"ip.addr in {10.0.0.254, 192.168.0.0/16}", "58", false},
    {"ip.addr in {10.0.0.200..10.0.0.255}", "5", false},
    {"ipv6.addr == 2001:db8::3", "9", true},
    {"ipv6.src == 2001:db8::/32", "49", true},
    {"ipv6.dst == 2001:db8::2/127", "49", true},
    {"ipv6.flow == 0x12345", "49", true},
    {"ip.ttl == 1", "7", true},
    {"ip.dsfield.dscp == 46", "7", true},
    {"ip.flags.df == 1 && ip.id == 77", "012357 8", true},
    {"ip.hdr_len == 20", "012357 8", true},
    {"ip.proto == 17", "8", true},
    {"eth.src == 02:00:00:00:00:01", "024689", true},
    {"eth.src == 02-00-00-00-00-01", "024689", true},
    {"eth.src == 0200.0000.0001", "024689", true},
    {"eth.addr[0:3] == 02:00:00", "0123456789", true},
    {"eth.src[5] == 1", "024689", true},
    {"eth.src[0:2] == 02:00", "0123456789", true},
    {"eth.type == 0x0806", "6", true},
    {"vlan.id == 7", "4", true},
    {"vlan.priority == 5", "4", true},
    {"vxlan.vni == 42", "8", true},
    {"arp.opcode == 1 && arp.dst.proto_ipv4 == 10.0.0.2", "6", true},
    {"icmp.type == 3 && icmp.code == 4", "5", true},
    {"icmp.mtu == 1400", "5", true},
    {"udp.port == 4789", "8", true},
    {"udp.length == 13", "4", true},
    {"udp.payload == \"Hello\"", "4", true},
    {"udp.payload == 48:65:6c:6c:6f", "4", true},
    {"udp contains 65:6c", "4", true},
    {"frame contains \"Hel\"", "4", true},
    {"frame contains Hel", "4", false},
    {"udp.payload contains \"lo\"", "4", true},
    {"frame matches \"h[aeiou]llo\"", "4", true},
    {"udp.payload matches \"^hello$\"", "4", true},
    {"udp.payload ~ \"^HELLO$\"", "4", true},
    {"udp.payload matches r\"^h\\w+$\"", "4", false},
    {"udp.payload matches \"^h\\w+$\"", "4", false},
    {"tcp.len > 0", "23", true},
    {"tcp.len == 0", "01789", true},
    {"tcp.hdr_len == 40", "09", true},
    {"tcp.hdr_len - 20 == 16", "1", true},
    {"tcp.len + tcp.hdr_len > 80", "2", true},
    {"tcp.len * 2 > 10 and tcp.len % 2 == 0 or tcp.len / 0 == 1", "23", false},
    {"tcp.seq_raw == 1000", "0", true},
    {"tcp.ack_raw > 1000", "123", true},
    {"tcp.window_size_value >= 64240", "01", true},
    {"tcp.options.mss_val == 1460", "0", true},
    {"tcp.options.mss", "01", true},
    {"tcp.options.wscale.shift == 7", "0", true},
    {"tcp.options.wscale.multiplier == 128", "0", true},
    {"tcp.options.sack_perm", "0", true},
    {"tcp.options.timestamp.tsval == 9", "1", true},
    {"tcp.options.timestamp.tsecr == 7", "1", true},
    {"tcp.options.sack_le == 300", "9", true},
    {"tcp.options.sack_re in {200}", "9", true},
    {"tcp.options.sack.count == 2", "9", true},
    {"tcp.option_kind == 5", "9", true},
    {"tcp.flags.str == \"··········S·\"", "0", false},
    {"tcp.payload[0:3] == \"GET\"", "2", true},
    {"tcp.payload[0:3] == 47:45:54", "2", true},
    {"tcp.payload[-2:] == \"hi\"", "3", true},
    {"tcp.payload[0-2] == 47:45:54", "2", true},
    {"tcp.payload[:4] == 48:54:54:50", "3", true},
    {"tcp.payload[1] == 45", "2", true},
    {"tcp.payload[0,2] == 47:54", "2", true},
    {"tcp[13] & 2", "015", true},
    {"tcp[13] == 0x02", "05", true},
    {"tcp[0:2] == 00:50", "137", true},
    {"frame[0:6] == 02:00:00:00:00:01", "1357", true},
    {"http", "23", true},
    {"http.request", "2", true},
    {"http.request.method == \"GET\"", "2", true},
    {"http.request.method == GET", "2", true},
    {"http.request.method in {\"PUT\", \"GET\"}", "2", false},
    {"http.request.uri contains \"index\"", "2", true},
    {"http.request.uri matches \"\\.html$\"", "2", false},
    {"http.response.code == 200", "3", true},
    {"http.response.code >= 400", "", true},
    {"http.response.phrase == \"OK\"", "3", true},
    {"http.host == \"example.test\"", "2", true},
    {"http.user_agent matches \"SEPTET\"", "2", true},
    {"http.server == \"none\"", "3", true},
    {"upper(http.user_agent) == \"SEPTET\"", "2", true},
    {"lower(http.request.method) == \"get\"", "2", true},
    {"upper(http.user_agent)[0:3] == \"SEP\"", "2", true},
    {"len(http.host) == 12", "2", true},
    {"count(ip.addr) == 4", "58", true},
    {"frame.number == 3", "2", true},
    {"frame.number in {1..3 9}", "0128", false},
    {"frame.len > 100", "238", true},
    {"frame.cap_len == frame.len", "0123456789", true},
    {"frame.time_relative < 1.5", "01", true},
    {"frame.time_relative == 2", "2", true},
    {"frame.time_delta >= 1 and frame.time_delta < 1.1", "123456789", true},
    {"frame.time >= \"2024-05-01T12:00:08Z\"", "89", true},
    {"frame.time < \"2024-05-01 14:00:01.000000001+02:00\"", "01", false},
    {"frame.time_epoch == 1714564803", "3", true},
    {"frame.protocols contains \"ipv6:udp\"", "4", true},
    {"frame.protocols == \"eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:tcp\"", "8", true},
    {"frame.interface_name == \"eth0\"", "0123456789", false},
    {"tcp.port == 80 or udp and ip", "012357 8", true},
    {"tcp.port == 80 && udp || arp", "6", true},
    {"udp xor vlan", "8", false},
    {"udp ^^ vlan", "8", false},
    {"((((tcp))))", "01235789", true},
    {"tcp.analysis.retransmission", "", false},
    {"tcp.stream == 0", "", false},
};
#define CASES (sizeof cases / sizeof cases[0])

#endif
