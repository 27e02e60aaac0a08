#include "link/segment.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/ethernet.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MSS 1000u
#define PAYLOAD 2500u
#define OPTIONS 12u

/* A super-segment as the stack gives it out, its payload in three spans. */
struct sample {
    uint8_t head[128];
    uint8_t payload[PAYLOAD];
    struct septet_span spans[3];
    struct septet_packet packet;
};

static struct ip_fields fields_of(bool ipv6)
{
    struct ip_fields fields = {.protocol = PROTOCOL_TCP, .ttl = 64, .identification = 0xfffe};

    fields.source = septet_address_ipv4(10, 7, 0, 2);
    fields.destination = septet_address_ipv4(10, 7, 0, 1);
    if (ipv6) {
        assert_true(septet_address_parse("fd07::2", 7, &fields.source));
        assert_true(septet_address_parse("fd07::1", 7, &fields.destination));
    }
    return fields;
}

/* The field holds the pseudo-header sum, not complemented, as virtio-net has it. */
static void store_pseudo(uint8_t *field, const struct ip_fields *fields, uint32_t length)
{
    struct checksum sum = {0};

    ip_pseudo_checksum(&sum, &fields->source, &fields->destination, fields->protocol, length);
    store16(field, (uint16_t)~checksum_finish(&sum));
}

static void make_super_segment(struct sample *sample, bool ipv6)
{
    static const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
    struct ip_fields fields = fields_of(ipv6);
    struct tcp_header tcp = {.source_port = 80,
                             .destination_port = 40000,
                             .seq = UINT32_MAX - 99,
                             .ack = 7,
                             .flags = TCP_ACK | TCP_PSH | TCP_FIN | TCP_CWR,
                             .header_length = TCP_HEADER + OPTIONS,
                             .window = 1000};
    uint16_t transport = (uint16_t)(ETHERNET_HEADER + (ipv6 ? IPV6_HEADER : IPV4_HEADER));
    uint32_t length = TCP_HEADER + OPTIONS + PAYLOAD;

    *sample = (struct sample){0};
    for (uint32_t i = 0; i < PAYLOAD; i++) {
        sample->payload[i] = (uint8_t)(i * 31 + i / 256);
    }
    ethernet_build(sample->head, mac[0], mac[1], ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    if (ipv6) {
        ipv6_build(sample->head + ETHERNET_HEADER, &fields, length);
    } else {
        ipv4_build(sample->head + ETHERNET_HEADER, &fields, length);
    }
    tcp_build(sample->head + transport, &tcp);
    memset(sample->head + transport + TCP_HEADER, TCP_OPTION_NOP, 2);
    tcp_option_timestamps(sample->head + transport + TCP_HEADER + 2, 1, 2);
    store_pseudo(sample->head + transport + 16, &fields, length);
    sample->spans[0] = (struct septet_span){sample->payload, 1};
    sample->spans[1] = (struct septet_span){sample->payload + 1, 1500};
    sample->spans[2] = (struct septet_span){sample->payload + 1501, PAYLOAD - 1501};
    sample->packet = (struct septet_packet){
        .head = sample->head,
        .head_length = transport + TCP_HEADER + OPTIONS,
        .spans = sample->spans,
        .span_count = 3,
        .length = transport + length,
        .gso_size = MSS,
        .header_length = (uint16_t)(transport + TCP_HEADER + OPTIONS),
        .checksum_start = transport,
        .checksum_offset = 16,
        .flags = SEPTET_PACKET_NEEDS_CHECKSUM,
        .ip_version = ipv6 ? 6 : 4,
    };
}

static void check_frame(const uint8_t *frame, uint32_t length, uint32_t index, const struct sample *sample)
{
    struct checksum sum = {0};
    struct ethernet ethernet;
    struct tcp_header tcp;
    struct ip ip;
    uint32_t payload;

    assert_int_equal(ethernet_parse(frame, length, &ethernet), wire_none);
    if (sample->packet.ip_version == 6) {
        assert_int_equal(ipv6_parse(frame + ETHERNET_HEADER, length - ETHERNET_HEADER, &ip), wire_none);
    } else {
        assert_int_equal(ipv4_parse(frame + ETHERNET_HEADER, length - ETHERNET_HEADER, true, &ip), wire_none);
        assert_int_equal(ip.identification, (uint16_t)(0xfffe + index));
    }
    assert_int_equal(ip.header_length + ip.payload_length, length - ETHERNET_HEADER);
    frame += ETHERNET_HEADER + ip.header_length;
    ip_pseudo_checksum(&sum, &ip.source, &ip.destination, PROTOCOL_TCP, ip.payload_length);
    checksum_add(&sum, frame, ip.payload_length);
    assert_int_equal(checksum_finish(&sum), 0);
    assert_int_equal(tcp_parse(frame, ip.payload_length, &tcp), wire_none);
    assert_int_equal(tcp.seq, UINT32_MAX - 99 + index * MSS);
    assert_int_equal(tcp.flags & (TCP_FIN | TCP_PSH), index == 2 ? TCP_FIN | TCP_PSH : 0);
    assert_int_equal(tcp.flags & TCP_CWR, index == 0 ? TCP_CWR : 0);
    payload = ip.payload_length - tcp.header_length;
    assert_int_equal(payload, index == 2 ? 500 : MSS);
    assert_memory_equal(frame + tcp.header_length, sample->payload + index * MSS, payload);
}

static void super_segments_are_cut(void **state)
{
    static uint8_t frame[SEGMENT_FRAME_MAX];

    (void)state;
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        struct segmenter segmenter;
        struct sample sample;
        uint32_t length, index = 0;

        make_super_segment(&sample, ipv6 != 0);
        segmenter_begin(&segmenter, &sample.packet, true);
        for (; (length = segmenter_next(&segmenter, frame)) > 0; index++) {
            check_frame(frame, length, index, &sample);
        }
        assert_int_equal(index, 3);
    }
}

/* As the kernel delivers one: everything in the head. */
static void in_one_piece_too(void **state)
{
    static uint8_t frame[SEGMENT_FRAME_MAX], whole[4096];
    struct segmenter segmenter;
    struct sample sample;
    uint32_t length, index = 0;

    (void)state;
    make_super_segment(&sample, true);
    memcpy(whole, sample.head, sample.packet.head_length);
    memcpy(whole + sample.packet.head_length, sample.payload, PAYLOAD);
    sample.packet.head = whole;
    sample.packet.head_length = sample.packet.length;
    sample.packet.span_count = 0;
    segmenter_begin(&segmenter, &sample.packet, true);
    for (; (length = segmenter_next(&segmenter, frame)) > 0; index++) {
        check_frame(frame, length, index, &sample);
    }
    assert_int_equal(index, 3);
}

static void ordinary_packets_stay(void **state)
{
    static uint8_t frame[SEGMENT_FRAME_MAX];
    struct segmenter segmenter;
    struct sample sample;

    (void)state;
    make_super_segment(&sample, false);
    sample.packet.gso_size = 0;
    sample.packet.flags = 0;
    segmenter_begin(&segmenter, &sample.packet, true);
    assert_int_equal(segmenter_next(&segmenter, frame), sample.packet.length);
    assert_memory_equal(frame, sample.head, sample.packet.head_length);
    assert_memory_equal(frame + sample.packet.head_length, sample.payload, PAYLOAD);
    assert_int_equal(segmenter_next(&segmenter, frame), 0);
}

/* RFC 768: a sum of zero is sent as all ones. */
static void checksums_are_finished(void **state)
{
    static uint8_t frame[SEGMENT_FRAME_MAX];
    uint8_t bytes[IPV4_HEADER + UDP_HEADER + 2] = {0};
    struct ip_fields fields = fields_of(false);
    struct septet_packet packet = {.head = bytes,
                                   .head_length = sizeof bytes,
                                   .length = sizeof bytes,
                                   .checksum_start = IPV4_HEADER,
                                   .checksum_offset = 6,
                                   .flags = SEPTET_PACKET_NEEDS_CHECKSUM};
    bool seen_all_ones = false;

    (void)state;
    fields.protocol = PROTOCOL_UDP;
    for (uint32_t data = 0; data <= UINT16_MAX; data++) {
        struct checksum sum = {0};
        struct segmenter segmenter;

        ipv4_build(bytes, &fields, UDP_HEADER + 2);
        udp_build(bytes + IPV4_HEADER, 7, 7, UDP_HEADER + 2);
        store16(bytes + IPV4_HEADER + UDP_HEADER, (uint16_t)data);
        store_pseudo(bytes + IPV4_HEADER + 6, &fields, UDP_HEADER + 2);
        segmenter_begin(&segmenter, &packet, false);
        assert_int_equal(segmenter_next(&segmenter, frame), sizeof bytes);
        ip_pseudo_checksum(&sum, &fields.source, &fields.destination, PROTOCOL_UDP, UDP_HEADER + 2);
        checksum_add(&sum, frame + IPV4_HEADER, UDP_HEADER + 2);
        assert_int_equal(checksum_finish(&sum), 0);
        assert_int_not_equal(load16(frame + IPV4_HEADER + 6), 0);
        seen_all_ones = seen_all_ones || load16(frame + IPV4_HEADER + 6) == UINT16_MAX;
    }
    assert_true(seen_all_ones);
}

/* Offsets that point nowhere do no harm. */
static void nonsense_stays_in_bounds(void **state)
{
    static uint8_t frame[SEGMENT_FRAME_MAX];

    (void)state;
    for (uint32_t start = 0; start < 140; start++) {
        for (uint32_t offset = 0; offset < 20; offset += 2) {
            struct segmenter segmenter;
            struct sample sample;
            uint32_t frames = 0;

            make_super_segment(&sample, start % 2 != 0);
            sample.packet.checksum_start = (uint16_t)start;
            sample.packet.checksum_offset = (uint16_t)offset;
            segmenter_begin(&segmenter, &sample.packet, start % 3 != 0);
            while (segmenter_next(&segmenter, frame) > 0) {
                assert_true(++frames < 10);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(super_segments_are_cut),   cmocka_unit_test(in_one_piece_too),
        cmocka_unit_test(ordinary_packets_stay),    cmocka_unit_test(checksums_are_finished),
        cmocka_unit_test(nonsense_stays_in_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
