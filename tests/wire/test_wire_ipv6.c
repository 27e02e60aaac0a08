#include "wire_test.h"

#include "base/bytes.h"
#include "wire/icmp.h"
#include "wire/ip.h"

/* A packet under construction: each header names the one behind it. */
struct packet {
    uint8_t bytes[2048];
    uint32_t length, next_at;
};

static struct packet begin(const char *destination)
{
    struct packet packet = {.length = IPV6_HEADER, .next_at = 6};
    struct ip_fields fields = {
        .source = address_of("2001:db8::1"),
        .destination = address_of(destination),
        .protocol = PROTOCOL_NO_NEXT,
        .ttl = 64,
    };
    ipv6_build(packet.bytes, &fields, 0);
    return packet;
}

/* Appends a header of 8 * (1 + units) bytes that begins with the given bytes behind Next Header and length. */
static void add_header(struct packet *packet, uint8_t kind, uint8_t units, const void *content, uint32_t length)
{
    uint8_t *header = packet->bytes + packet->length;
    packet->bytes[packet->next_at] = kind;
    packet->next_at = packet->length;
    packet->length += 8 * (1u + units);
    memset(header, 0, 8 * (1u + units));
    header[0] = PROTOCOL_NO_NEXT;
    header[1] = units;
    memcpy(header + 2, content, length);
}

static void add_fragment(struct packet *packet, uint16_t offset_and_more)
{
    uint8_t content[6] = {(uint8_t)(offset_and_more >> 8), (uint8_t)offset_and_more, 1, 2, 3, 4};
    add_header(packet, PROTOCOL_FRAGMENT, 0, content, sizeof content);
}

static void add_payload(struct packet *packet, uint8_t protocol, uint32_t length)
{
    packet->bytes[packet->next_at] = protocol;
    memset(packet->bytes + packet->length, 0x11, length);
    packet->length += length;
}

static enum wire_error parse(struct packet *packet, struct ip *ip)
{
    store16(packet->bytes + 4, (uint16_t)(packet->length - IPV6_HEADER));
    uint8_t *copy = exact_copy(packet->bytes, packet->length);
    enum wire_error error = ipv6_parse(copy, packet->length, ip);
    free(copy);
    return error;
}

static void check_problem(struct packet *packet, uint8_t code, uint32_t pointer)
{
    struct ip ip;
    assert_int_equal(parse(packet, &ip), wire_none);
    assert_int_equal(ip.problem_code, code);
    assert_int_equal(ip.problem_pointer, pointer);
    assert_int_equal(ip.protocol, PROTOCOL_NO_NEXT);
    assert_int_equal(ip.payload_length, 0);
}

static void round_trip(void **state)
{
    (void)state;
    uint64_t seed = 12;
    for (int i = 0; i < 5000; i++) {
        uint8_t bytes[256] = {0};
        struct ip_fields fields = {
            .protocol = (uint8_t)(PROTOCOL_NO_NEXT + splitmix64(&seed) % 2 * 100),
            .ttl = (uint8_t)splitmix64(&seed),
            .traffic_class = (uint8_t)splitmix64(&seed),
            .flow_label = splitmix64(&seed) & 0xfffff,
        };
        uint32_t payload = 1 + (uint32_t)(splitmix64(&seed) % 150), padding = (uint32_t)(splitmix64(&seed) % 36);
        struct ip ip;
        fill_random(&seed, fields.source.bytes, 16);
        fill_random(&seed, fields.destination.bytes, 16);
        if (i % 2)
            fields.protocol = PROTOCOL_TCP;
        ipv6_build(bytes, &fields, payload);
        assert_int_equal(ipv6_parse(bytes, IPV6_HEADER + payload + padding, &ip), wire_none);
        assert_true(septet_address_equal(&ip.source, &fields.source));
        assert_true(septet_address_equal(&ip.destination, &fields.destination));
        assert_int_equal(ip.version, 6);
        assert_int_equal(ip.protocol, fields.protocol);
        assert_int_equal(ip.ttl, fields.ttl);
        assert_int_equal(ip.traffic_class, fields.traffic_class);
        assert_int_equal(ip.flow_label, fields.flow_label);
        assert_int_equal(ip.header_length, IPV6_HEADER);
        assert_int_equal(ip.next_header_at, 6);
        assert_int_equal(ip.payload_length, payload);
        assert_int_equal(ip.problem_code, 255);
        assert_false(ip.fragmented || ip.source_route || ip.router_alert);
    }
}

/* B9, B17, A27. */
static void lengths(void **state)
{
    (void)state;
    for (uint32_t field = 0; field < 64; field++) {
        for (uint32_t present = 0; present < 96; present++) {
            uint8_t bytes[96] = {0x60};
            struct ip ip;
            bytes[6] = PROTOCOL_UDP;
            store16(bytes + 4, (uint16_t)field);
            enum wire_error expected = wire_none;
            if (present < IPV6_HEADER)
                expected = wire_truncated;
            else if (field > present - IPV6_HEADER)
                expected = wire_total_length;
            uint8_t *copy = exact_copy(bytes, present);
            assert_int_equal(ipv6_parse(copy, present, &ip), expected);
            free(copy);
            if (expected == wire_none)
                assert_int_equal(ip.payload_length, field ? field : present - IPV6_HEADER);
        }
    }
    uint8_t four[IPV6_HEADER] = {0x45};
    struct ip ip;
    assert_int_equal(ipv6_parse(four, sizeof four, &ip), wire_version);
}

static void chain_of_all_kinds(void **state)
{
    (void)state;
    struct packet packet = begin("2001:db8::2");
    struct ip ip;
    add_header(&packet, PROTOCOL_HOP_BY_HOP, 0, "\x05\x02\x00\x00\x01\x00", 6);
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 1, "\x01\x0c", 2);
    add_header(&packet, PROTOCOL_ROUTING, 2, "\x00\x00", 2);
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 0, "\x1e\x04", 2);
    uint32_t next_at = packet.next_at;
    uint32_t header = packet.length;
    add_payload(&packet, PROTOCOL_TCP, 33);
    assert_int_equal(parse(&packet, &ip), wire_none);
    assert_int_equal(ip.problem_code, 255);
    assert_int_equal(ip.protocol, PROTOCOL_TCP);
    assert_int_equal(ip.header_length, header);
    assert_int_equal(ip.next_header_at, next_at);
    assert_int_equal(ip.payload_length, 33);
    assert_true(ip.router_alert);
    assert_false(ip.source_route || ip.fragmented);
}

/* What has no extension header's form is left to the layer above, which knows what it answers. */
static void unknown_next_header_is_reported(void **state)
{
    (void)state;
    struct packet packet = begin("2001:db8::2");
    struct ip ip;
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 0, "\x01\x04", 2);
    add_payload(&packet, 200, 8);
    assert_int_equal(parse(&packet, &ip), wire_none);
    assert_int_equal(ip.protocol, 200);
    assert_int_equal(ip.next_header_at, IPV6_HEADER);
    assert_int_equal(ip.problem_code, 255);
}

/* B10: at most eight headers and 512 bytes. */
static void chain_is_capped(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 12; count++) {
        struct packet packet = begin("2001:db8::2");
        struct ip ip;
        for (uint32_t i = 0; i < count; i++)
            add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 0, "\x01\x04", 2);
        add_payload(&packet, PROTOCOL_UDP, 8);
        assert_int_equal(parse(&packet, &ip), count <= 8 ? wire_none : wire_extension_chain);
    }
    for (uint32_t units = 60; units < 70; units++) {
        struct packet packet = begin("2001:db8::2");
        struct ip ip;
        add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, (uint8_t)units, "", 0);
        add_payload(&packet, PROTOCOL_UDP, 8);
        assert_int_equal(parse(&packet, &ip), units < 64 ? wire_none : wire_extension_chain);
    }
    struct packet packet = begin("2001:db8::2");
    struct ip ip;
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 62, "", 0);
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 1, "", 0);
    add_payload(&packet, PROTOCOL_UDP, 8);
    assert_int_equal(parse(&packet, &ip), wire_extension_chain);
}

/* B10, B17: a chain cut at each byte never reaches beyond the payload. */
static void cut_chain(void **state)
{
    (void)state;
    struct packet whole = begin("2001:db8::2");
    add_header(&whole, PROTOCOL_HOP_BY_HOP, 0, "\x01\x04", 2);
    add_header(&whole, PROTOCOL_ROUTING, 1, "\x00\x00", 2);
    add_header(&whole, PROTOCOL_DESTINATION_OPTIONS, 2, "\x1e\x10", 2);
    for (uint32_t length = IPV6_HEADER + 1; length < whole.length; length++) {
        struct packet packet = whole;
        struct ip ip;
        packet.length = length;
        assert_int_equal(parse(&packet, &ip), wire_extension_chain);
    }
    struct ip ip;
    assert_int_equal(parse(&whole, &ip), wire_none);
}

/* RFC 8200 section 4.1: hop-by-hop options stand first or nowhere. */
static void hop_by_hop_only_first(void **state)
{
    (void)state;
    struct packet packet = begin("2001:db8::2");
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 0, "\x01\x04", 2);
    add_header(&packet, PROTOCOL_HOP_BY_HOP, 0, "\x01\x04", 2);
    add_payload(&packet, PROTOCOL_UDP, 8);
    check_problem(&packet, ICMPV6_UNKNOWN_NEXT_HEADER, IPV6_HEADER);
    packet = begin("2001:db8::2");
    add_header(&packet, PROTOCOL_HOP_BY_HOP, 0, "\x01\x04", 2);
    add_header(&packet, PROTOCOL_HOP_BY_HOP, 0, "\x01\x04", 2);
    add_payload(&packet, PROTOCOL_UDP, 8);
    check_problem(&packet, ICMPV6_UNKNOWN_NEXT_HEADER, IPV6_HEADER);
}

/* RFC 8200 section 4.2: what the two highest bits of an unknown option ask for. */
static void unknown_option_actions(void **state)
{
    static const uint8_t kinds[] = {PROTOCOL_HOP_BY_HOP, PROTOCOL_DESTINATION_OPTIONS};
    (void)state;
    for (size_t i = 0; i < sizeof kinds; i++) {
        for (int multicast = 0; multicast < 2; multicast++) {
            for (uint8_t action = 0; action < 4; action++) {
                uint8_t content[] = {0, (uint8_t)(action << 6 | 0x1e), 2, 0, 0, 0};
                struct packet packet = begin(multicast ? "ff02::1" : "2001:db8::2");
                struct ip ip;
                add_header(&packet, kinds[i], 0, content, sizeof content);
                add_payload(&packet, PROTOCOL_UDP, 8);
                if (action == 2 || (action == 3 && !multicast)) {
                    check_problem(&packet, ICMPV6_UNKNOWN_OPTION, IPV6_HEADER + 3);
                    continue;
                }
                assert_int_equal(parse(&packet, &ip), action == 0 ? wire_none : wire_option);
                if (action == 0)
                    assert_int_equal(ip.protocol, PROTOCOL_UDP);
            }
        }
    }
}

/* B10: option lengths against the end of their header. */
static void option_lengths(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < 6; at++) {
        for (uint32_t length = 0; length < 256; length++) {
            uint8_t content[6] = {0};
            struct packet packet = begin("2001:db8::2");
            struct ip ip;
            content[at] = 1;
            if (at < 5)
                content[at + 1] = (uint8_t)length;
            add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 0, content, sizeof content);
            add_payload(&packet, PROTOCOL_UDP, 8);
            bool fits = at < 5 && length <= 4 - at;
            assert_int_equal(parse(&packet, &ip), fits ? wire_none : wire_option);
        }
    }
}

/* B11, RFC 5095: no source route is followed; a finished one is passed over. */
static void routing_headers(void **state)
{
    (void)state;
    for (uint8_t type = 0; type < 6; type++) {
        uint8_t content[6] = {type, 1};
        struct packet packet = begin("2001:db8::2");
        struct ip ip;
        add_header(&packet, PROTOCOL_ROUTING, 2, content, sizeof content);
        add_payload(&packet, PROTOCOL_UDP, 8);
        check_problem(&packet, ICMPV6_ERRONEOUS_FIELD, IPV6_HEADER + 2);
        assert_int_equal(parse(&packet, &ip), wire_none);
        assert_true(ip.source_route);
        packet.bytes[IPV6_HEADER + 3] = 0;
        assert_int_equal(parse(&packet, &ip), wire_none);
        assert_false(ip.source_route);
        assert_int_equal(ip.protocol, PROTOCOL_UDP);
    }
}

static void jumbo_option_is_unknown(void **state)
{
    (void)state;
    struct packet packet = begin("2001:db8::2");
    struct ip ip;
    add_header(&packet, PROTOCOL_HOP_BY_HOP, 0, "\xc2\x04\x00\x01\x00\x08", 6);
    add_payload(&packet, PROTOCOL_UDP, 8);
    store16(packet.bytes + 4, 0);
    assert_int_equal(ipv6_parse(packet.bytes, packet.length, &ip), wire_none);
    assert_int_equal(ip.problem_code, ICMPV6_UNKNOWN_OPTION);
    assert_int_equal(ip.problem_pointer, IPV6_HEADER + 2);
}

static void fragments(void **state)
{
    (void)state;
    struct packet packet = begin("2001:db8::2");
    struct ip ip;
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 0, "\x01\x04", 2);
    add_fragment(&packet, 1);
    add_payload(&packet, PROTOCOL_TCP, 64);
    assert_int_equal(parse(&packet, &ip), wire_none);
    assert_int_equal(ip.problem_code, 255);
    assert_true(ip.fragmented && ip.more_fragments);
    assert_int_equal(ip.identification, 0x01020304);
    assert_int_equal(ip.unfragmentable, IPV6_HEADER + 8);
    assert_int_equal(ip.next_header_at, IPV6_HEADER);
    assert_int_equal(ip.header_length, IPV6_HEADER + 16);
    assert_int_equal(ip.protocol, PROTOCOL_TCP);
    assert_int_equal(ip.payload_length, 64);
    store16(packet.bytes + IPV6_HEADER + 10, 0xfff8 | 6);
    assert_int_equal(parse(&packet, &ip), wire_none);
    assert_int_equal(ip.fragment_offset, 0xfff8);
    assert_false(ip.more_fragments);
}

/* B6, RFC 7112: the first fragment holds the whole chain and the transport header. */
static void first_fragment_holds_the_chain(void **state)
{
    static const struct {
        uint8_t protocol;
        uint32_t least;
    } table[] = {{PROTOCOL_TCP, 20}, {PROTOCOL_UDP, 8}, {PROTOCOL_ICMPV6, 8}, {200, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (uint32_t payload = 0; payload < 32; payload++) {
            struct packet packet = begin("2001:db8::2");
            struct ip ip;
            add_fragment(&packet, 1);
            add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 0, "\x01\x04", 2);
            add_payload(&packet, table[i].protocol, payload);
            assert_int_equal(parse(&packet, &ip), wire_none);
            bool whole = payload >= table[i].least;
            assert_int_equal(ip.problem_code, whole ? 255 : ICMPV6_INCOMPLETE_CHAIN);
            assert_int_equal(ip.protocol, whole ? PROTOCOL_DESTINATION_OPTIONS : PROTOCOL_NO_NEXT);
        }
    }
    struct packet cut = begin("2001:db8::2");
    add_fragment(&cut, 1);
    add_header(&cut, PROTOCOL_DESTINATION_OPTIONS, 3, "\x01\x1c", 2);
    cut.length -= 8;
    check_problem(&cut, ICMPV6_INCOMPLETE_CHAIN, 0);
    struct packet nested = begin("2001:db8::2");
    add_fragment(&nested, 1);
    add_fragment(&nested, 1);
    add_payload(&nested, PROTOCOL_UDP, 16);
    check_problem(&nested, ICMPV6_INCOMPLETE_CHAIN, 0);
    struct packet later = begin("2001:db8::2");
    struct ip ip;
    add_fragment(&later, 8);
    add_payload(&later, PROTOCOL_TCP, 4);
    assert_int_equal(parse(&later, &ip), wire_none);
    assert_int_equal(ip.problem_code, 255);
}

/* The walk over what fragments were put together from. */
static void chain_behind_a_fragment(void **state)
{
    (void)state;
    struct packet packet = begin("2001:db8::2");
    struct ip ip, first;
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 0, "\x01\x04", 2);
    add_fragment(&packet, 1);
    uint32_t start = packet.length;
    add_header(&packet, PROTOCOL_DESTINATION_OPTIONS, 1, "\x01\x0c", 2);
    add_payload(&packet, PROTOCOL_UDP, 24);
    assert_int_equal(parse(&packet, &first), wire_none);
    ip = first;
    assert_int_equal(ipv6_parse_chain(packet.bytes + start, packet.length - start, first.protocol, &ip), wire_none);
    assert_int_equal(ip.protocol, PROTOCOL_UDP);
    assert_int_equal(ip.header_length, 16);
    assert_int_equal(ip.payload_length, 24);
    assert_int_equal(ip.next_header_at, first.unfragmentable);
    assert_int_equal(ip.problem_code, 255);

    ip = first;
    assert_int_equal(ipv6_parse_chain(packet.bytes + start, packet.length - start, PROTOCOL_UDP, &ip), wire_none);
    assert_int_equal(ip.protocol, PROTOCOL_UDP);
    assert_int_equal(ip.header_length, 0);
    assert_int_equal(ip.next_header_at, first.next_header_at);

    packet.bytes[start + 4] = 0x9e;
    packet.bytes[start + 2] = 0;
    packet.bytes[start + 3] = 0;
    packet.bytes[start + 5] = 0;
    ip = first;
    assert_int_equal(ipv6_parse_chain(packet.bytes + start, packet.length - start, first.protocol, &ip), wire_none);
    assert_int_equal(ip.problem_code, ICMPV6_UNKNOWN_OPTION);
    assert_int_equal(ip.problem_pointer, first.unfragmentable + 4);

    ip = first;
    assert_int_equal(ipv6_parse_chain(packet.bytes + start, 8, PROTOCOL_FRAGMENT, &ip), wire_extension_chain);
    assert_memory_equal(&ip, &first, sizeof ip);
    assert_int_equal(ipv6_parse_chain(packet.bytes + start, 8, PROTOCOL_HOP_BY_HOP, &ip), wire_none);
    assert_int_equal(ip.problem_code, ICMPV6_UNKNOWN_NEXT_HEADER);
    assert_int_equal(ip.problem_pointer, first.next_header_at);
}

static void hostile_chains(void **state)
{
    static const uint8_t kinds[] = {0, 43, 44, 60, 60, 60, 6, 17, 58, 59, 50, 255};
    (void)state;
    uint64_t seed = 13;
    for (int i = 0; i < 50000; i++) {
        struct packet packet = begin("2001:db8::2");
        struct ip ip;
        fill_random(&seed, packet.bytes + IPV6_HEADER, 128);
        for (uint32_t at = IPV6_HEADER; at < IPV6_HEADER + 128; at += 8) {
            packet.bytes[at] = kinds[splitmix64(&seed) % sizeof kinds];
            packet.bytes[at + 1] = (uint8_t)(splitmix64(&seed) % 3);
            for (int byte = 2; byte < 8; byte++)
                packet.bytes[at + (uint32_t)byte] &= splitmix64(&seed) % 2 ? 0x03 : 0xff;
        }
        packet.bytes[6] = kinds[splitmix64(&seed) % sizeof kinds];
        packet.length = IPV6_HEADER + (uint32_t)(splitmix64(&seed) % 129);
        if (parse(&packet, &ip) == wire_none)
            assert_true((uint32_t)ip.header_length + ip.payload_length <= packet.length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(lengths),
        cmocka_unit_test(chain_of_all_kinds),
        cmocka_unit_test(unknown_next_header_is_reported),
        cmocka_unit_test(chain_is_capped),
        cmocka_unit_test(cut_chain),
        cmocka_unit_test(hop_by_hop_only_first),
        cmocka_unit_test(unknown_option_actions),
        cmocka_unit_test(option_lengths),
        cmocka_unit_test(routing_headers),
        cmocka_unit_test(jumbo_option_is_unknown),
        cmocka_unit_test(fragments),
        cmocka_unit_test(first_fragment_holds_the_chain),
        cmocka_unit_test(chain_behind_a_fragment),
        cmocka_unit_test(hostile_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
