/* Super-segments out and in, software segmentation, merged batches: whatever a device does or does not do, the bytes
 * on the wire and the bytes delivered are the same. */
#include "base/bytes.h"
#include "support/device.h"
#include "support/peer.h"

#define TSO ((unsigned)SEPTET_OFFLOAD_CHECKSUM | (unsigned)SEPTET_OFFLOAD_TSO)

struct wire {
    uint8_t *bytes; /* packets one behind the other, each with two bytes of length before it */
    size_t length, room;
    uint32_t packets;
};

static void wire_put(void *context, const uint8_t *packet, uint32_t length)
{
    struct wire *wire = context;
    if (wire->length + length + 2 > wire->room) {
        wire->room = wire->room * 2 + length + 2;
        wire->bytes = realloc(wire->bytes, wire->room);
        assert_non_null(wire->bytes);
    }
    store16(wire->bytes + wire->length, (uint16_t)length);
    memcpy(wire->bytes + wire->length + 2, packet, length);
    wire->length += length + 2u;
    wire->packets++;
}

static void pull_to(struct peer *p, struct wire *wire)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint32_t count;
    while ((count = septet_output(p->stack, packets, SEPTET_BATCH)) != 0)
        for (uint32_t i = 0; i < count; i++)
            device_send(&packets[i], wire_put, wire);
}

/* ---- tests ---- */

/* A window leaves as one packet with virtio-net's fields. */
static void super_segment(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new_link(version, NULL, 1500, TSO);
        p->offer.mss = 1000;
        passive(p);
        write_all(p, 9500);
        struct septet_packet packet[2];
        assert_int_equal(septet_output(p->stack, packet, 2), 1);
        const uint32_t ip = version == 4 ? IPV4_HEADER : IPV6_HEADER;
        assert_int_equal(packet->gso_size, 1000);
        assert_int_equal(packet->header_length, ip + TCP_HEADER);
        assert_int_equal(packet->head_length, ip + TCP_HEADER);
        assert_int_equal(packet->length, ip + TCP_HEADER + 9500);
        assert_int_equal(packet->checksum_start, ip);
        assert_int_equal(packet->checksum_offset, 16);
        assert_int_equal(packet->flags, SEPTET_PACKET_NEEDS_CHECKSUM);
        assert_int_equal(packet->ip_version, version);
        assert_int_equal(info_of(p).segments_out, 11 - 1);
        assert_int_equal(info_of(p).data_segments_out, 10);
        assert_int_equal(counted(p, SEPTET_COUNTER_SuperSegmentsOut), 1);
        peer_end(p);
    }
}

/* What was injected since p->holding was set. */
static void arrive(struct peer *p)
{
    septet_input(p->stack, p->held, p->held_count);
    for (uint32_t i = 0; i < p->held_count; i++)
        free((void *)(uintptr_t)p->held[i].head);
    p->held_count = 0;
}

static void pass(struct peer *p, struct wire *wire, int64_t duration)
{
    const int64_t end = p->now + duration;
    for (;;) {
        pull_to(p, wire);
        const int64_t deadline = septet_deadline(p->stack);
        p->now = deadline < end ? deadline : end;
        septet_advance(p->stack, p->now);
        if (p->now == end)
            break;
    }
    pull_to(p, wire);
}

/* The conversation that all kinds of devices have to bring onto the wire alike: a window growing, losses with SACK,
 * a timeout, a shrinking path, urgent data, our own SACK blocks beside data, and a FIN. */
static struct wire conversation(unsigned version, unsigned offloads)
{
    struct wire wire = {0};
    struct peer *p = peer_new_link(version, NULL, 1500, offloads);
    p->offer.mss = 1200;
    p->offer.sack = true;
    p->offer.timestamps = true;
    p->offer.scale = 2;
    passive(p);
    p->holding = true;
    uint32_t received = 1;
    for (uint32_t i = 0; i < 14; i++) {
        write_all(p, 30000);
        if (i == 5)
            assert_int_equal(write_some(p, 77, SEPTET_SEND_URGENT), 77);
        pass(p, &wire, MS(20));
        const uint32_t una = info_of(p).snd_una - info_of(p).iss, nxt = info_of(p).snd_nxt - info_of(p).iss;
        if (i % 3 == 2) {
            inject(p, ACK, .seq = received, .ack = una, .length = 100, .sacks = 2,
                   .sack = {{una + 2376, una + 2376 * 2}, {una + 1188 * 6, nxt}});
            received += 100;
        }
        if (i == 8 && version == 4)
            inject_icmp(p, ICMPV4_UNREACHABLE, 4, 900, una);
        if (i == 9)
            inject(p, ACK, .seq = received + 5000, .ack = una, .length = 10);
        arrive(p);
        pass(p, &wire, i == 7 ? S(1) : MS(1));
        inject(p, ACK, .seq = received, .ack = nxt);
        arrive(p);
        pass(p, &wire, MS(1));
    }
    septet_shutdown(p->stack, p->flow->handle);
    pass(p, &wire, S(3));
    assert_true(info_of(p).total_retransmits > 10);
    p->holding = false;
    peer_end(p);
    return wire;
}

/* Nothing of the wire depends on who cuts: the stack, or a device told with gso_size. */
static void same_bytes(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        const struct wire software = conversation(version, 0);
        const struct wire checksum = conversation(version, SEPTET_OFFLOAD_CHECKSUM);
        const struct wire tso = conversation(version, TSO);
        assert_true(software.packets > 250);
        assert_int_equal(software.length, checksum.length);
        assert_memory_equal(software.bytes, checksum.bytes, software.length);
        assert_int_equal(software.length, tso.length);
        assert_memory_equal(software.bytes, tso.bytes, software.length);
        free(software.bytes);
        free(checksum.bytes);
        free(tso.bytes);
    }
}

/* gso_max bounds a super-segment, and 1 means none. */
static void largest_super_segment(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1, 1000, 1999, 2000, 4500, 65536};
    static const uint32_t lengths[] = {1000, 1000, 1000, 2000, 4000, 10000};
    for (uint32_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct septet_config config;
        peer_config(&config);
        config.tcp.gso_max = limits[i];
        struct peer *p = peer_new_link(4, &config, 1500, TSO);
        p->offer.mss = 1000;
        passive(p);
        write_all(p, 10000);
        expect(p, lengths[i] == 10000 ? ACK | PSH : ACK, .seq = 1, .length = lengths[i]);
        assert_int_equal(p->last.gso_size, lengths[i] > 1000 ? 1000 : 0);
        peer_end(p);
    }
}

/* Small pages and large segments: the spans of a batch suffice, and every packet is whole. */
static void many_spans(void **state)
{
    (void)state;
    static const uint32_t mtus[] = {1500, 4136, 4200, 5672, 9000};
    for (unsigned offload = 0; offload < 2; offload++) {
        for (uint32_t i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
            struct septet_config config;
            peer_config(&config);
            config.page_size = 256;
            config.pages = 16384;
            config.tcp.timestamps = false;
            struct peer *p = peer_new_link(4, &config, mtus[i], offload ? TSO : 0);
            p->offer.mss = mtus[i] - 40;
            p->offer.scale = 7;
            passive(p);
            for (uint32_t turn = 0; turn < 5; turn++) {
                write_all(p, 700000 + turn); /* from ever other offsets */
                uint32_t next = info_of(p).snd_una - info_of(p).iss;
                for (; take(p) != NULL; next += p->last.length) {
                    assert_int_equal(p->last.seq, next);
                    for (uint32_t at = 0; at < p->last.length; at++)
                        assert_int_equal(p->last.payload[at], pattern(next + at));
                    if (p->out_first == p->out_count)
                        inject(p, ACK, .seq = 1, .ack = next + p->last.length);
                }
            }
            peer_end(p);
        }
    }
}

/* ---- in ---- */

/* A packet that a device merged: `count` segments of `size` bytes. */
static void inject_super(struct peer *p, uint32_t seq, uint32_t size, uint32_t length)
{
    static uint8_t bytes[70000];
    const struct ip_fields fields = {.source = p->theirs, .destination = p->ours, .protocol = PROTOCOL_TCP, .ttl = 64};
    const struct tcp_header header = {
        .source_port = p->flow->peer_port,
        .destination_port = p->flow->local_port,
        .seq = p->flow->iss + seq,
        .ack = p->flow->irs + 1,
        .flags = TCP_ACK,
        .header_length = TCP_HEADER,
        .window = 65535,
    };
    ipv4_build(bytes, &fields, TCP_HEADER + length);
    tcp_build(bytes + IPV4_HEADER, &header);
    for (uint32_t i = 0; i < length; i++)
        bytes[IPV4_HEADER + TCP_HEADER + i] = pattern(seq + i);
    const struct septet_packet packet = {
        .head = bytes,
        .head_length = IPV4_HEADER + TCP_HEADER + length,
        .length = IPV4_HEADER + TCP_HEADER + length,
        .gso_size = (uint16_t)size,
        .flags = SEPTET_PACKET_CHECKSUM_VALID,
    };
    septet_input(p->stack, &packet, 1);
}

/* It counts as the segments that it was: for the ACK, for what a full segment is, and for the counters. */
static void super_segment_in(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    inject_super(p, 1, 1000, 10000);
    expect(p, ACK, .ack = 10001);
    assert_int_equal(info_of(p).data_segments_in, 10);
    assert_int_equal(info_of(p).segments_in, 11);
    inject(p, ACK, .seq = 10001, .ack = 1, .length = 1000);
    expect_nothing(p);
    inject(p, ACK, .seq = 11001, .ack = 1, .length = 1000);
    expect(p, ACK, .ack = 12001);
    read_bytes(p, 12000);
    inject_super(p, 13001, 1400, 5000); /* beyond a hole */
    expect(p, ACK, .ack = 12001);
    inject_super(p, 11001, 1400, 5000); /* over the hole's edges */
    expect(p, ACK, .ack = 18001);
    read_bytes(p, 6000);
    peer_end(p);
}

/* A device's word on the checksum is taken; without it a wrong one is dropped, MUST-3. */
static void checksum_word(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    passive(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100, .bad_checksum = true);
    assert_int_equal(septet_receive_available(p->stack, p->flow->handle), 0);
    assert_int_equal(dropped(p, SEPTET_DROP_tcp_checksum), 1);
    inject_super(p, 1, 0, 100); /* its checksum field is zero */
    read_bytes(p, 100);
    peer_end(p);
}

/* Neighbours of a batch are one segment for TCP, if nothing tells them apart. */
static void merged_batch(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.timestamps = true;
    passive(p);
    hold(p);
    for (uint32_t i = 0; i < 20; i++)
        inject(p, i == 19 ? ACK | PSH : ACK, .seq = 1 + i * 1000, .ack = 1, .length = 1000);
    let_go(p);
    assert_int_equal(counted(p, SEPTET_COUNTER_SuperSegmentsIn), 1);
    assert_int_equal(counted(p, SEPTET_COUNTER_InSegs), 22);
    assert_int_equal(info_of(p).data_segments_in, 20);
    expect(p, ACK, .ack = 20001);
    read_bytes(p, 20000);
    peer_end(p);
}

/* Batches of whatever: merging changes no byte that is delivered and none that is answered. Random segments of two
 * flows, in and out of order, duplicated, with flags, short ones, bad checksums, and different windows. */
static void merging_is_invisible(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t digest[2] = {0};
        uint32_t there[2][2];
        for (unsigned gro = 0; gro < 2; gro++) {
            struct septet_config config;
            peer_config(&config);
            config.tcp.gro = gro;
            struct peer *p = peer_new(seed % 2 ? 4 : 6, &config);
            p->offer.timestamps = seed % 3 == 0;
            p->offer.sack = true;
            struct flow *flows[2];
            for (uint32_t i = 0; i < 2; i++) {
                flow_use(p, flows[i] = flow_new(p, 80, (uint16_t)(41000 + i)));
                passive(p);
            }
            uint64_t random = seed;
            uint32_t next[2] = {1, 1};
            for (uint32_t batch = 0; batch < 20; batch++) {
                hold(p);
                for (uint32_t i = 0; i < 40; i++) {
                    random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
                    const uint32_t dice = (uint32_t)(random >> 33), who = dice % 7 == 0;
                    flow_use(p, flows[who]);
                    const uint32_t length = dice / 8 % 11 == 0 ? dice / 128 % 1000 : 1000;
                    const uint32_t back = dice / 16 % 13 == 0 ? dice / 256 % 5000 : 0;
                    const uint32_t seq = next[who] > back ? next[who] - back : 1;
                    const bool lost = dice / 32 % 17 == 0;
                    inject(p, dice / 64 % 9 == 0 ? ACK | PSH : ACK, .seq = seq, .ack = 1, .length = length,
                           .window = dice / 512 % 19 == 0 ? 60000 : 65535, .bad_checksum = dice / 1024 % 50 == 0);
                    if (!lost && seq + length > next[who])
                        next[who] = seq + length;
                    if (lost)
                        next[who] += length;
                }
                let_go(p);
                uint32_t acks[2] = {0};
                while (take(p) != NULL)
                    acks[p->last.peer_port - 41000] = p->last.ack;
                digest[gro] = digest[gro] * 31 + acks[0] * 7 + acks[1];
                advance(p, MS(100));
                while (take(p) != NULL)
                    ;
            }
            for (uint32_t i = 0; i < 2; i++) {
                flow_use(p, flows[i]);
                there[gro][i] = (uint32_t)septet_receive_available(p->stack, flows[i]->handle);
                if (there[gro][i] != 0)
                    read_bytes(p, there[gro][i]);
                assert_int_equal(info_of(p).bytes_received, there[gro][i]);
            }
            peer_end(p);
        }
        assert_int_equal(there[0][0], there[1][0]);
        assert_int_equal(there[0][1], there[1][1]);
        assert_int_equal(digest[0], digest[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(super_segment),         cmocka_unit_test(same_bytes),
        cmocka_unit_test(largest_super_segment), cmocka_unit_test(many_spans),
        cmocka_unit_test(super_segment_in),      cmocka_unit_test(checksum_word),
        cmocka_unit_test(merged_batch),          cmocka_unit_test(merging_is_invisible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
