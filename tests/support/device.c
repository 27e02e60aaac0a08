#include "support/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/ip.h"
#include "wire/tcp.h"

#define PACKET_MOST 70000

static void flatten(const struct septet_packet *packet, uint8_t *to)
{
    assert_true(packet->length <= PACKET_MOST);
    memcpy(to, packet->head, packet->head_length);
    uint32_t at = packet->head_length;
    for (uint32_t i = 0; i < packet->span_count; i++) {
        memcpy(to + at, packet->spans[i].data, packet->spans[i].length);
        at += packet->spans[i].length;
    }
    assert_int_equal(at, packet->length);
}

static void finish_ipv4(uint8_t *packet, uint32_t length, uint32_t header, uint32_t number)
{
    struct checksum sum = {0};
    store16(packet + 2, (uint16_t)length);
    store16(packet + 4, (uint16_t)(load16(packet + 4) + number));
    store16(packet + 10, 0);
    checksum_add(&sum, packet, header);
    store16(packet + 10, checksum_finish(&sum));
}

/* Sets what a segment has of its own, and both checksums. */
static void finish(uint8_t *packet, uint32_t length, uint32_t tcp, uint32_t number, uint32_t seq, bool last)
{
    struct checksum sum = {0};
    struct ip ip;
    if (packet[0] >> 4 == 4) {
        finish_ipv4(packet, length, tcp, number);
        assert_int_equal(ipv4_parse(packet, length, true, &ip), wire_none);
    } else {
        store16(packet + 4, (uint16_t)(length - IPV6_HEADER));
        assert_int_equal(ipv6_parse(packet, length, &ip), wire_none);
    }
    store32(packet + tcp + 4, seq);
    if (!last)
        packet[tcp + 13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    store16(packet + tcp + 16, 0);
    ip_pseudo_checksum(&sum, &ip.source, &ip.destination, PROTOCOL_TCP, length - tcp);
    checksum_add(&sum, packet + tcp, length - tcp);
    store16(packet + tcp + 16, checksum_finish(&sum));
}

void device_send(const struct septet_packet *packet, device_emit *emit, void *context)
{
    static uint8_t whole[PACKET_MOST], segment[PACKET_MOST];
    flatten(packet, whole);
    if (!(packet->flags & SEPTET_PACKET_NEEDS_CHECKSUM)) {
        assert_int_equal(packet->gso_size, 0);
        emit(context, whole, packet->length);
        return;
    }
    const uint32_t header = packet->header_length, tcp = packet->checksum_start;
    const uint32_t payload = packet->length - header;
    const uint32_t step = packet->gso_size != 0 ? packet->gso_size : payload;
    const uint32_t seq = load32(whole + tcp + 4);
    uint32_t done = 0, number = 0;
    assert_int_equal(packet->checksum_offset, 16);
    assert_true(packet->gso_size == 0 || payload > packet->gso_size);
    do {
        const uint32_t part = payload - done < step ? payload - done : step;
        memcpy(segment, whole, header);
        memcpy(segment + header, whole + header + done, part);
        finish(segment, header + part, tcp, number++, seq + done, done + part == payload);
        emit(context, segment, header + part);
        done += part;
    } while (done < payload);
}
