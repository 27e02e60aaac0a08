#include "link/segment.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/ethernet.h"
#include "wire/ip.h"
#include "wire/tcp.h"

#include <string.h>

#define FLAGS_AT 13
#define SEQ_AT 4
#define TCP_CHECKSUM_AT 16
#define UDP_CHECKSUM_AT 6

static uint32_t minimum(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Copies the next bytes of head and spans. */
static void copy_next(struct segmenter *segmenter, uint8_t *to, uint32_t length)
{
    const struct septet_packet *packet = segmenter->packet;

    if (segmenter->at < packet->head_length) {
        uint32_t part = minimum(length, packet->head_length - segmenter->at);

        memcpy(to, packet->head + segmenter->at, part);
        segmenter->at += part;
        to += part;
        length -= part;
    }
    while (length > 0 && segmenter->span < packet->span_count) {
        const struct septet_span *span = &packet->spans[segmenter->span];
        uint32_t part = minimum(length, span->length - segmenter->span_at);

        memcpy(to, span->data + segmenter->span_at, part);
        segmenter->at += part;
        segmenter->span_at += part;
        to += part;
        length -= part;
        if (segmenter->span_at == span->length) {
            segmenter->span++;
            segmenter->span_at = 0;
        }
    }
}

/* The TCP payload of a super-segment starts here; 0 when it is not one that can be cut. */
static uint32_t headers_of(const struct septet_packet *packet, uint32_t network)
{
    uint32_t transport = packet->checksum_start;
    uint32_t header;

    if (packet->gso_size == 0 || (packet->flags & SEPTET_PACKET_NEEDS_CHECKSUM) == 0 ||
        transport < network + IPV4_HEADER || transport + TCP_HEADER > packet->head_length) {
        return 0;
    }
    header = transport + (uint32_t)(packet->head[transport + 12] >> 4) * 4;
    return header >= transport + TCP_HEADER && header <= packet->head_length ? header : 0;
}

void segmenter_begin(struct segmenter *segmenter, const struct septet_packet *packet, bool ethernet)
{
    struct ethernet link;

    *segmenter = (struct segmenter){.packet = packet};
    if (ethernet && ethernet_parse(packet->head, packet->head_length, &link) == wire_none) {
        segmenter->network = link.header_length;
    }
    segmenter->header = headers_of(packet, segmenter->network);
}

/* The checksum field holds a pseudo-header sum for the length of the whole packet: for a frame of its own, the sum is
 * taken again over addresses, protocol and length. */
static void finish_tcp(uint8_t *frame, uint32_t network, uint32_t transport, uint32_t length)
{
    bool version6 = frame[network] >> 4 == 6;
    struct checksum sum = {0};

    store16(frame + transport + TCP_CHECKSUM_AT, 0);
    checksum_add(&sum, frame + network + (version6 ? 8 : 12), version6 ? 32 : 8);
    checksum_add16(&sum, PROTOCOL_TCP);
    checksum_add32(&sum, length - transport);
    checksum_add(&sum, frame + transport, length - transport);
    store16(frame + transport + TCP_CHECKSUM_AT, checksum_finish(&sum));
}

/* Makes the copied header that of segment number `index`, whose payload began `offset` bytes into the whole. */
static void correct_headers(const struct segmenter *segmenter, uint8_t *frame, uint32_t length, uint32_t offset,
                            bool last)
{
    const struct septet_packet *packet = segmenter->packet;
    uint32_t network = segmenter->network;
    uint32_t transport = packet->checksum_start;
    uint8_t *ip = frame + network;

    if (ip[0] >> 4 == 6) {
        store16(ip + 4, (uint16_t)(length - network - IPV6_HEADER));
    } else {
        struct checksum sum = {0};

        store16(ip + 2, (uint16_t)(length - network));
        store16(ip + 4, (uint16_t)(load16(ip + 4) + offset / packet->gso_size));
        store16(ip + 10, 0);
        checksum_add(&sum, ip, minimum((uint32_t)(ip[0] & 15) * 4, transport - network));
        store16(ip + 10, checksum_finish(&sum));
    }
    store32(frame + transport + SEQ_AT, load32(frame + transport + SEQ_AT) + offset);
    if (!last) {
        frame[transport + FLAGS_AT] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    }
    if (offset > 0) {
        frame[transport + FLAGS_AT] &= (uint8_t)~TCP_CWR;
    }
    finish_tcp(frame, network, transport, length);
}

/* A packet that stays in one piece; virtio-net's rule for its checksum. */
static uint32_t whole(struct segmenter *segmenter, uint8_t *frame)
{
    const struct septet_packet *packet = segmenter->packet;
    uint32_t length = minimum(packet->length, SEGMENT_FRAME_MAX);
    struct checksum sum = {0};

    copy_next(segmenter, frame, length);
    segmenter->at = packet->length;
    if ((packet->flags & SEPTET_PACKET_NEEDS_CHECKSUM) != 0 &&
        (uint32_t)packet->checksum_start + packet->checksum_offset + 2 <= length) {
        uint16_t value;

        checksum_add(&sum, frame + packet->checksum_start, length - packet->checksum_start);
        value = checksum_finish(&sum);
        /* RFC 768: a UDP checksum of zero says that there is none. */
        store16(frame + packet->checksum_start + packet->checksum_offset,
                value == 0 && packet->checksum_offset == UDP_CHECKSUM_AT ? UINT16_MAX : value);
    }
    return length;
}

uint32_t segmenter_next(struct segmenter *segmenter, uint8_t frame[SEGMENT_FRAME_MAX])
{
    const struct septet_packet *packet = segmenter->packet;
    uint32_t header = segmenter->header;
    uint32_t offset, part;

    if (segmenter->at >= packet->length) {
        return 0;
    }
    if (header == 0) {
        return whole(segmenter, frame);
    }
    if (segmenter->at == 0) {
        segmenter->at = header;
    }
    offset = segmenter->at - header;
    part = minimum(packet->gso_size, packet->length - segmenter->at);
    part = minimum(part, SEGMENT_FRAME_MAX - header);
    memcpy(frame, packet->head, header);
    copy_next(segmenter, frame + header, part);
    segmenter->at = header + offset + part;
    correct_headers(segmenter, frame, header + part, offset, segmenter->at >= packet->length);
    return header + part;
}
