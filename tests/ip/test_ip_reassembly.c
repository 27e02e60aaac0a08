#include "host.h"

#include "wire/tcp.h"

static struct sent sent;
static uint8_t datagram[70000];

static struct host *make_with(const struct septet_config *config)
{
    struct host *host = host_new(config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, "10.0.0.1", 24);
    host_address(host, 0, "fd07::1", 64);
    host_wait(host, 3 * SEPTET_SECOND);
    host_drain(host);
    for (uint32_t i = 0; i < sizeof datagram; i++)
        datagram[i] = (uint8_t)(i * 31 + (i >> 8));
    return host;
}

static struct host *make(void)
{
    const struct septet_config config = host_config();
    return make_with(&config);
}

static void header_of_udp(uint32_t length)
{
    store16(datagram, 1000);
    store16(datagram + 2, 2000);
    store16(datagram + 4, (uint16_t)length);
    store16(datagram + 6, 0);
}

static enum ip_verdict give_from(struct host *host, const char *source, uint32_t identification, uint32_t start,
                                 uint32_t end, bool more, const uint8_t *bytes)
{
    static uint8_t frame[70000];
    const bool ipv4 = strchr(source, ':') == NULL;
    const struct ip_fields fields = {
        .source = address_of(source),
        .destination = address_of(ipv4 ? "10.0.0.1" : "fd07::1"),
        .protocol = PROTOCOL_UDP,
        .identification = identification,
        .fragment_offset = (uint16_t)start,
        .more_fragments = more,
    };
    uint32_t length;
    if (ipv4) {
        length = frame_ip(frame, &fields, bytes + start, end - start);
    } else {
        length = put_ipv6_fragment(frame + ETHERNET_HEADER, &fields, PROTOCOL_UDP, bytes + start, end - start);
        length = put_ethernet(frame, our_mac, peer_mac, ETHERTYPE_IPV6, length);
    }
    return host_give(host, 0, frame, length);
}

static enum ip_verdict give(struct host *host, bool ipv6, uint32_t identification, uint32_t start, uint32_t end,
                            bool more)
{
    return give_from(host, ipv6 ? "fd07::2" : "10.0.0.2", identification, start, end, more, datagram);
}

static void check_delivery(const struct host *host, uint32_t length)
{
    const struct ip_delivery *delivery = &host->delivery;
    uint32_t at = delivery->transport_length;
    assert_int_equal(delivery->payload_length, length);
    assert_true(delivery->transient);
    assert_true(delivery->ip.fragmented);
    assert_true(at <= length);
    assert_memory_equal(delivery->transport, datagram, at);
    for (uint32_t i = 0; i < delivery->span_count; i++) {
        assert_true(at + delivery->spans[i].length <= length);
        assert_memory_equal(delivery->spans[i].data, datagram + at, delivery->spans[i].length);
        at += delivery->spans[i].length;
    }
    assert_int_equal(at, length);
}

static void in_order(void **state)
{
    (void)state;
    struct host *host = make();
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        assert_int_equal(give(host, ipv6, 1, 0, 1400, true), IP_CONSUMED);
        assert_int_equal(give(host, ipv6, 1, 1400, 2800, true), IP_CONSUMED);
        assert_int_equal(give(host, ipv6, 1, 2800, 3001, false), IP_PACKET);
        check_delivery(host, 3001);
        assert_int_equal(host->ip.reassemblies.used, 0);
    }
    host_free(host);
}

/* B3: the largest datagram there is, and pieces in random order, with repeats. */
static void random_order(void **state)
{
    (void)state;
    struct host *host = make();
    uint64_t seed = 5;
    for (int round = 0; round < 200; round++) {
        const bool ipv6 = round & 1;
        uint32_t cuts[130] = {0}, order[130];
        uint32_t count = 0;
        const uint32_t most = ipv6 ? 65535 : 65515;
        const uint32_t length = round < 4 ? most : 100 + (uint32_t)(splitmix64(&seed) % (most - 100));
        const uint32_t step = length / 100 + 8;
        while (cuts[count] < length) {
            const uint32_t next = cuts[count] + (8 + (uint32_t)(splitmix64(&seed) % (step * 2)) / 8 * 8);
            cuts[count + 1] = count == 125 || next > length ? length : next;
            order[count] = count;
            count++;
        }
        for (uint32_t i = count; i > 1; i--) {
            const uint32_t other = (uint32_t)(splitmix64(&seed) % i), kept = order[i - 1];
            order[i - 1] = order[other];
            order[other] = kept;
        }
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t piece = order[i];
            const bool more = cuts[piece + 1] < length;
            const enum ip_verdict verdict = give(host, ipv6, (uint32_t)round, cuts[piece], cuts[piece + 1], more);
            assert_int_equal(verdict, i + 1 == count ? IP_PACKET : IP_CONSUMED);
            if (i + 1 < count && splitmix64(&seed) % 4 == 0)
                assert_int_equal(give(host, ipv6, (uint32_t)round, cuts[piece], cuts[piece + 1], more), IP_CONSUMED);
        }
        check_delivery(host, length);
    }
    host_free(host);
}

/* B4, W111: teardrop and its kin; what follows of the same datagram is dropped too. */
static void overlaps(void **state)
{
    (void)state;
    static const uint32_t overlapping[][2] = {{0, 16}, {16, 32}, {24, 32}, {8, 64}, {0, 64}, {40, 56}, {16, 56}};
    struct host *host = make();
    uint64_t dropped = 0;
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        for (uint32_t i = 0; i < sizeof overlapping / sizeof overlapping[0]; i++) {
            const uint32_t id = 100 + i;
            assert_int_equal(give(host, ipv6, id, 16, 48, true), IP_CONSUMED);
            assert_int_equal(give(host, ipv6, id, overlapping[i][0], overlapping[i][1], true), IP_CONSUMED);
            if (overlapping[i][1] <= 16)
                continue;
            assert_int_equal(host_drops(host, SEPTET_DROP_fragment_overlap), ++dropped);
            assert_int_equal(give(host, ipv6, id, 0, 16, true), IP_CONSUMED);
            assert_int_equal(give(host, ipv6, id, 16, 48, true), IP_CONSUMED);
            assert_int_equal(give(host, ipv6, id, 48, 60, false), IP_CONSUMED);
            dropped += 3;
            assert_int_equal(host_drops(host, SEPTET_DROP_fragment_overlap), dropped);
        }
        host_wait(host, 61 * SEPTET_SECOND);
        assert_int_equal(host->core.pages.used, 0);
    }
    host_free(host);
}

/* W112. */
static void duplicates(void **state)
{
    (void)state;
    struct host *host = make();
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        for (int i = 0; i < 3; i++)
            assert_int_equal(give(host, ipv6, 9, 0, 64, true), IP_CONSUMED);
        for (int i = 0; i < 2; i++)
            assert_int_equal(give(host, ipv6, 9, 128, 200, false), IP_CONSUMED);
        assert_int_equal(give(host, ipv6, 9, 64, 128, true), IP_PACKET);
        check_delivery(host, 200);
    }
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_overlap), 0);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_duplicate), 6);
    host_free(host);
}

/* A datagram has one end. */
static void two_ends(void **state)
{
    (void)state;
    struct host *host = make();
    give(host, false, 1, 64, 100, false);
    give(host, false, 1, 8, 64, false);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_overlap), 1);
    give(host, false, 2, 64, 100, false);
    give(host, false, 2, 104, 112, true);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_overlap), 2);
    give(host, false, 3, 128, 192, true);
    give(host, false, 3, 8, 100, false);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_overlap), 3);
    assert_int_equal(host->core.pages.used, 0);
    host_free(host);
}

/* B3, W114: ping of death; and pieces that are no multiple of eight. */
static void out_of_bounds(void **state)
{
    (void)state;
    struct host *host = make();
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const uint64_t before = host_drops(host, SEPTET_DROP_fragment_invalid);
        assert_int_equal(give(host, ipv6, 1, 65528, 65536, false), IP_CONSUMED);
        assert_int_equal(give(host, ipv6, 1, 64000, 65400 + 8 * 20, false), IP_CONSUMED);
        assert_int_equal(give(host, ipv6, 1, 0, 63, true), IP_CONSUMED);
        assert_int_equal(give(host, ipv6, 1, 8, 8, true), IP_CONSUMED);
        assert_int_equal(host_drops(host, SEPTET_DROP_fragment_invalid), before + 4);
        assert_int_equal(host->ip.reassemblies.used, 0);
    }
    host_free(host);
}

/* B6, RFC 1858, 3128 and 7112: the first fragment holds the transport header. */
static void tiny_first(void **state)
{
    (void)state;
    struct host *host = make();
    uint8_t frame[200], tcp[64] = {0};
    struct ip_fields fields = {
        .source = address_of("10.0.0.2"),
        .destination = address_of("10.0.0.1"),
        .protocol = PROTOCOL_TCP,
        .more_fragments = true,
    };
    host_give(host, 0, frame, frame_ip(frame, &fields, tcp, 16));
    fields.fragment_offset = 8;
    host_give(host, 0, frame, frame_ip(frame, &fields, tcp, 16));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_malformed), 2);
    assert_int_equal(host->ip.reassemblies.used, 0);
    fields.source = address_of("fd07::2");
    fields.destination = address_of("fd07::1");
    fields.fragment_offset = 0;
    uint32_t length = put_ipv6_fragment(frame + ETHERNET_HEADER, &fields, PROTOCOL_TCP, tcp, 16);
    host_give(host, 0, frame, put_ethernet(frame, our_mac, peer_mac, ETHERTYPE_IPV6, length));
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_invalid), 1);
    assert_int_equal(host->ip.reassemblies.used, 0);
    host_answer(host, 0, "fd07::2", peer_mac);
    while (host_pull(host, &sent))
        if (sent.ip.protocol == PROTOCOL_ICMPV6 && sent.transport[0] == ICMPV6_PARAMETER_PROBLEM)
            break;
    assert_int_equal(sent.transport[0], ICMPV6_PARAMETER_PROBLEM);
    assert_int_equal(sent.transport[1], ICMPV6_INCOMPLETE_CHAIN);
    host_free(host);
}

static void expect_time_exceeded(struct host *host, bool ipv6)
{
    struct icmp icmp;
    struct icmp_quote quote;
    host_answer(host, 0, ipv6 ? "fd07::2" : "10.0.0.2", peer_mac);
    do
        assert_true(host_pull(host, &sent));
    while (sent.packet.ip_version == 0 || (ipv6 && sent.transport[0] == ICMPV6_NEIGHBOR_SOLICITATION));
    assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
    assert_int_equal(icmp.type, ipv6 ? ICMPV6_TIME_EXCEEDED : ICMPV4_TIME_EXCEEDED);
    assert_int_equal(icmp.code, 1);
    assert_true(sent.ip.header_length + sent.ip.payload_length <= (ipv6 ? 1280u : 576u));
    assert_int_equal(icmp_parse_quote(&icmp, ipv6 ? 6 : 4, &quote), wire_none);
    assert_int_equal(quote.ip.protocol, PROTOCOL_UDP);
    assert_int_equal(load16(quote.transport), 1000);
    assert_int_equal(load16(quote.transport + 2), 2000);
}

/* RFC 1122 section 3.3.2, RFC 8200 section 4.5: 30 and 60 seconds, to the nanosecond. */
static void timeout(void **state)
{
    (void)state;
    struct host *host = make();
    header_of_udp(3000);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const int64_t deadline = host->core.now + (ipv6 ? 60 : 30) * SEPTET_SECOND;
        give(host, ipv6, 1, 0, 1000, true);
        give(host, ipv6, 2, 1000, 2000, true);
        assert_int_equal(reassembly_deadline(&host->ip), deadline);
        host_advance(host, deadline - 1);
        assert_int_equal(host->ip.reassemblies.used, 2);
        assert_false(host_pull(host, &sent));
        host_advance(host, deadline);
        assert_int_equal(host->ip.reassemblies.used, 0);
        assert_int_equal(host_drops(host, SEPTET_DROP_fragment_timeout), 2 * (ipv6 + 1));
        /* Only whoever sent a first fragment can be told. */
        expect_time_exceeded(host, ipv6);
        assert_false(host_pull(host, &sent));
    }
    host_free(host);
}

/* B12, RFC 6946: an atomic fragment neither joins nor disturbs others. */
static void atomic(void **state)
{
    (void)state;
    struct host *host = make();
    give(host, true, 7, 0, 800, true);
    assert_int_equal(give(host, true, 7, 0, 500, false), IP_PACKET);
    assert_int_equal(host->delivery.payload_length, 500);
    assert_int_equal(host->ip.reassemblies.used, 1);
    assert_int_equal(give(host, true, 7, 800, 900, false), IP_PACKET);
    check_delivery(host, 900);
    host_free(host);
}

/* RFC 6980: neighbour discovery is not believed in fragments, atomic ones included. */
static void no_fragmented_ndp(void **state)
{
    (void)state;
    struct host *host = make();
    uint8_t message[64], frame[200], body[24] = {0};
    const struct ip_fields fields = {.source = address_of("fd07::2"), .destination = address_of("fd07::1"), .ttl = 255};
    memcpy(body, fields.destination.bytes, 16);
    body[16] = NDP_OPTION_SOURCE_LINK;
    body[17] = 1;
    memcpy(body + 18, peer_mac, 6);
    const uint32_t length =
        put_icmp(message, ICMPV6_NEIGHBOR_SOLICITATION, 0, 0, body, sizeof body, &fields.source, &fields.destination);
    const uint32_t packet = put_ipv6_fragment(frame + ETHERNET_HEADER, &fields, PROTOCOL_ICMPV6, message, length);
    host_give(host, 0, frame, put_ethernet(frame, our_mac, peer_mac, ETHERTYPE_IPV6, packet));
    assert_int_equal(host_drops(host, SEPTET_DROP_ndp_invalid), 1);
    assert_int_equal(host_neighbor(host, 0, "fd07::2"), -1);
    assert_false(host_pull(host, &sent));
    host_free(host);
}

/* B5, FragmentSmack: many datagrams, many sources, tiny pieces; memory and places stay bounded, and an honest
 * datagram gets through in the middle of it. */
static void flood(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.pages = 128;
    struct host *host = make_with(&config);
    uint64_t seed = 77;
    uint32_t honest = 0;
    for (uint32_t i = 0; i < 200000; i++) {
        char source[32];
        const uint32_t start = (uint32_t)(splitmix64(&seed) % 8000) * 8;
        snprintf(source, sizeof source, "10.0.0.%u", 3 + (unsigned)(splitmix64(&seed) % 200));
        give_from(host, source, (uint32_t)splitmix64(&seed) % 64, start, start + 8, true, datagram);
        assert_true(host->ip.reassembly_pages <= 32);
        assert_true(host->core.pages.used <= 33);
        assert_true(host->ip.reassemblies.used <= 32);
        if (i % 1000 == 0) {
            give(host, false, i, 0, 1480, true);
            honest += give(host, false, i, 1480, 2000, false) == IP_PACKET;
            host_wait(host, SEPTET_MILLISECOND);
        }
    }
    assert_int_equal(honest, 200);
    host_wait(host, 30 * SEPTET_SECOND);
    host_drain(host);
    assert_int_equal(host->core.pages.used, 0);
    host_free(host);
}

/* One source may hold a quarter of the places. */
static void one_source(void **state)
{
    (void)state;
    struct host *host = make();
    for (uint32_t i = 0; i < 100; i++)
        give(host, false, i, 0, 64, true);
    assert_int_equal(host->ip.reassemblies.used, 8);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_limit), 92);
    host_free(host);
}

static void many_fragments(void **state)
{
    (void)state;
    struct host *host = make();
    for (uint32_t i = 0; i < IP_FRAGMENTS_MAX; i++)
        assert_int_equal(give(host, false, 1, i * 16, i * 16 + 8, true), IP_CONSUMED);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_limit), 0);
    give(host, false, 1, 60000, 60008, true);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_limit), 1);
    assert_int_equal(host->core.pages.used, 0);
    host_free(host);
}

/* RFC 791: identification, protocol, source and destination tell datagrams apart (B20). */
static void kept_apart(void **state)
{
    (void)state;
    struct host *host = make();
    give_from(host, "10.0.0.2", 1, 0, 64, true, datagram);
    assert_int_equal(give_from(host, "10.0.0.3", 1, 64, 100, false, datagram), IP_CONSUMED);
    assert_int_equal(give_from(host, "10.0.0.2", 2, 64, 100, false, datagram), IP_CONSUMED);
    assert_int_equal(host->ip.reassemblies.used, 3);
    assert_int_equal(give_from(host, "10.0.0.2", 1, 64, 100, false, datagram), IP_PACKET);
    host_free(host);
}

/* RFC 3168 section 5.3. */
static void ecn(void **state)
{
    (void)state;
    static const struct {
        uint8_t first, second, result;
        bool delivered;
    } rows[] = {{2, 3, 3, true}, {3, 1, 3, true}, {2, 2, 2, true}, {0, 3, 0, false}, {3, 0, 0, false}, {0, 0, 0, true}};
    struct host *host = make();
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t frame[200];
        struct ip_fields fields = {
            .source = address_of("10.0.0.2"),
            .destination = address_of("10.0.0.1"),
            .protocol = PROTOCOL_UDP,
            .identification = i,
            .traffic_class = rows[i].first,
            .more_fragments = true,
        };
        host_give(host, 0, frame, frame_ip(frame, &fields, datagram, 64));
        fields.traffic_class = rows[i].second;
        fields.more_fragments = false;
        fields.fragment_offset = 64;
        const enum ip_verdict verdict = host_give(host, 0, frame, frame_ip(frame, &fields, datagram, 64));
        assert_int_equal(verdict, rows[i].delivered ? IP_PACKET : IP_CONSUMED);
        if (rows[i].delivered)
            assert_int_equal(host->delivery.ip.traffic_class & 3, rows[i].result);
    }
    host_free(host);
}

/* Extension headers behind the fragment header are walked once the datagram is whole. */
static void chain_behind(void **state)
{
    (void)state;
    struct host *host = make();
    uint8_t payload[600] = {PROTOCOL_UDP, 0, 1, 4}, frame[800];
    struct ip_fields fields = {
        .source = address_of("fd07::2"),
        .destination = address_of("fd07::1"),
        .more_fragments = true,
    };
    for (uint32_t i = 8; i < sizeof payload; i++)
        payload[i] = (uint8_t)i;
    uint32_t length = put_ipv6_fragment(frame + ETHERNET_HEADER, &fields, PROTOCOL_DESTINATION_OPTIONS, payload, 320);
    host_give(host, 0, frame, put_ethernet(frame, our_mac, peer_mac, ETHERTYPE_IPV6, length));
    fields.more_fragments = false;
    fields.fragment_offset = 320;
    length = put_ipv6_fragment(frame + ETHERNET_HEADER, &fields, PROTOCOL_DESTINATION_OPTIONS, payload + 320, 280);
    assert_int_equal(host_give(host, 0, frame, put_ethernet(frame, our_mac, peer_mac, ETHERTYPE_IPV6, length)),
                     IP_PACKET);
    assert_int_equal(host->delivery.ip.protocol, PROTOCOL_UDP);
    assert_int_equal(host->delivery.payload_length, 592);
    assert_memory_equal(host->delivery.transport, payload + 8, 592);
    host_free(host);
}

/* Headers behind the fragment header that call for an answer get it once the datagram is whole; and a chain that
 * cannot be walked is dropped. */
static void bad_chain_behind(void **state)
{
    (void)state;
    struct host *host = make();
    uint8_t payload[128] = {PROTOCOL_UDP, 0}, frame[300];
    struct ip_fields fields = {.source = address_of("fd07::2"), .destination = address_of("fd07::1")};
    for (int kind = 0; kind < 2; kind++) {
        payload[2] = kind == 0 ? 0x85 : 1;
        payload[3] = kind == 0 ? 4 : 200;
        fields.identification++;
        for (uint32_t at = 0; at < 128; at += 64) {
            fields.fragment_offset = (uint16_t)at;
            fields.more_fragments = at == 0;
            const uint32_t length =
                put_ipv6_fragment(frame + ETHERNET_HEADER, &fields, PROTOCOL_DESTINATION_OPTIONS, payload + at, 64);
            host_give(host, 0, frame, put_ethernet(frame, our_mac, peer_mac, ETHERTYPE_IPV6, length));
        }
        assert_int_equal(host_drops(host, SEPTET_DROP_ip_option), 1);
        assert_int_equal(host_drops(host, SEPTET_DROP_fragment_invalid), kind);
    }
    host_answer(host, 0, "fd07::2", peer_mac);
    do
        assert_true(host_pull(host, &sent));
    while (sent.transport[0] == ICMPV6_NEIGHBOR_SOLICITATION);
    assert_int_equal(sent.transport[0], ICMPV6_PARAMETER_PROBLEM);
    assert_int_equal(sent.transport[1], ICMPV6_UNKNOWN_OPTION);
    host_free(host);
}

/* The pages that connections hold are not there for fragments: those that wait give way, then the new one does. */
static void pages_taken(void **state)
{
    (void)state;
    struct host *host = make();
    uint32_t taken[600], count = 0;
    give(host, false, 1, 0, 1480, true);
    while ((taken[count] = slab_take(&host->core.pages)) != 0)
        count++;
    give(host, false, 2, 0, 1480, true);
    assert_int_equal(host->ip.reassembly_pages, 0);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_limit), 2);
    while (count > 0)
        slab_return(&host->core.pages, taken[--count]);
    host_wait(host, 30 * SEPTET_SECOND);
    assert_int_equal(host->ip.reassemblies.used, 0);
    assert_int_equal(host_drops(host, SEPTET_DROP_fragment_timeout), 0);
    host_free(host);
}

/* With pages of 256 bytes the same datagrams come out. */
static void small_pages(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.page_size = 256;
    config.pages = 2048;
    struct host *host = make_with(&config);
    for (uint32_t at = 0; at < 60000; at += 1200)
        assert_int_equal(give(host, true, 1, at, at + 1200, at + 1200 < 60000),
                         at + 1200 < 60000 ? IP_CONSUMED : IP_PACKET);
    check_delivery(host, 60000);
    host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),          cmocka_unit_test(random_order), cmocka_unit_test(overlaps),
        cmocka_unit_test(duplicates),        cmocka_unit_test(two_ends),     cmocka_unit_test(out_of_bounds),
        cmocka_unit_test(tiny_first),        cmocka_unit_test(timeout),      cmocka_unit_test(atomic),
        cmocka_unit_test(no_fragmented_ndp), cmocka_unit_test(flood),        cmocka_unit_test(one_source),
        cmocka_unit_test(many_fragments),    cmocka_unit_test(kept_apart),   cmocka_unit_test(ecn),
        cmocka_unit_test(chain_behind),      cmocka_unit_test(small_pages),  cmocka_unit_test(bad_chain_behind),
        cmocka_unit_test(pages_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
