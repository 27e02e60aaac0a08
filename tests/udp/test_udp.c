#include "../ip/host.h"

#include "udp/layer.h"
#include "wire/udp.h"

static struct sent sent;
static uint8_t packet[70000], body[70000], received[70000];

struct end {
    struct host *host;
    struct udp_layer udp;
    void *memory;
};

static struct end *make_with(const struct septet_config *config)
{
    struct end *end = calloc(1, sizeof *end);
    assert_non_null(end);
    end->host = host_new(config);
    end->memory = aligned_alloc(64, udp_layer_memory(config));
    assert_non_null(end->memory);
    memset(end->memory, 0xa5, udp_layer_memory(config));
    udp_layer_init(&end->udp, &end->host->core, &end->host->ip, end->memory);
    host_raw(end->host, 1500);
    host_address(end->host, 0, "10.0.0.1", 24);
    host_address(end->host, 0, "fd01::1", 64);
    for (uint32_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i * 3 + (i >> 8));
    return end;
}

static struct septet_config udp_config(void)
{
    struct septet_config config = host_config();
    config.sockets = 16;
    config.tcp.port_low = 40000;
    config.tcp.port_high = 49999;
    return config;
}

static struct end *make(void)
{
    const struct septet_config config = udp_config();
    return make_with(&config);
}

static void end_free(struct end *end)
{
    host_free(end->host);
    free(end->memory);
    free(end);
}

static septet_handle open_socket(struct end *end, enum septet_datagram_protocol protocol, const char *local,
                                 uint16_t port)
{
    septet_handle handle = 0;
    struct septet_address address = {{0}};
    if (local != NULL)
        address = address_of(local);
    assert_int_equal(udp_open(&end->udp, protocol, &address, port, &handle), SEPTET_OK);
    return handle;
}

static int64_t send_to(struct end *end, septet_handle socket, const char *to, uint16_t port, size_t length)
{
    const struct septet_address address = address_of(to);
    return udp_send(&end->udp, socket, &address, port, body, length);
}

/* Takes a verdict to where the stack would take it. */
static void deliver(struct end *end, enum ip_verdict verdict)
{
    if (verdict == IP_PACKET)
        udp_input(&end->udp, &end->host->delivery);
    else if (verdict == IP_ECHO)
        udp_echo(&end->udp, &end->host->delivery);
    else if (verdict == IP_ERROR && !udp_error(&end->udp, &end->host->delivery))
        core_drop_packet(&end->host->core, SEPTET_DROP_icmp_unmatched, 0, 0);
}

static void take_loop(struct end *end)
{
    struct septet_packet looped;
    while (ip_loop_next(&end->host->ip, &looped))
        deliver(end, ip_input(&end->host->ip, &looped, &end->host->delivery));
}

static void give(struct end *end, const char *source, const char *destination, uint16_t from, uint16_t to,
                 uint32_t length)
{
    const struct ip_fields fields = {
        .source = address_of(source),
        .destination = address_of(destination),
        .protocol = PROTOCOL_UDP,
        .traffic_class = 0x28,
        .ttl = 33,
    };
    uint8_t *udp = received;
    const uint32_t size = put_udp(udp, &fields.source, &fields.destination, from, to, body, length);
    deliver(end, host_give(end->host, 0, packet, put_ip(packet, &fields, udp, size)));
}

static int64_t receive(struct end *end, septet_handle socket, struct septet_datagram *info)
{
    memset(received, 0, sizeof received);
    return udp_receive(&end->udp, socket, received, sizeof received, info);
}

/* RFC 768: what was sent, from where, to where, and when. */
static void receives(void **state)
{
    (void)state;
    static const char *const peers[] = {"10.0.0.2", "fd01::2"}, *const us[] = {"10.0.0.1", "fd01::1"};
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 53);
    struct septet_datagram info;
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const struct septet_address from = address_of(peers[ipv6]), to = address_of(us[ipv6]);
        assert_int_equal(receive(end, socket, &info), SEPTET_AGAIN);
        give(end, peers[ipv6], us[ipv6], 1234, 53, 900);
        give(end, peers[ipv6], us[ipv6], 1235, 53, 0);
        assert_int_equal(receive(end, socket, &info), 900);
        assert_memory_equal(received, body, 900);
        assert_true(septet_address_equal(&info.from, &from) && septet_address_equal(&info.to, &to));
        assert_int_equal(info.from_port, 1234);
        assert_int_equal(info.to_port, 53);
        assert_int_equal(info.length, 900);
        assert_int_equal(info.hop_limit, 33);
        assert_int_equal(info.traffic_class, 0x28);
        assert_int_equal(info.interface, 0);
        assert_int_equal(info.time, end->host->core.now);
        assert_int_equal(receive(end, socket, &info), 0);
        assert_int_equal(info.from_port, 1235);
        assert_int_equal(receive(end, socket, NULL), SEPTET_AGAIN);
    }
    /* What does not fit into the caller's buffer is lost, and said to be. */
    give(end, "10.0.0.2", us[0], 1234, 53, 900);
    assert_int_equal(udp_receive(&end->udp, socket, received, 100, &info), 100);
    assert_int_equal(info.length, 900);
    assert_int_equal(receive(end, socket, NULL), SEPTET_AGAIN);
    assert_int_equal(end->host->core.pages.used, 0);
    end_free(end);
}

static void sends(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 53);
    struct udp_header udp;
    assert_int_equal(udp_option_set(&end->udp, socket, SEPTET_OPTION_TRAFFIC_CLASS, 0xb8), SEPTET_OK);
    assert_int_equal(udp_option_set(&end->udp, socket, SEPTET_OPTION_HOP_LIMIT, 9), SEPTET_OK);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const struct septet_address us = address_of(ipv6 ? "fd01::1" : "10.0.0.1");
        for (uint32_t length = 0; length < 1400; length += 13) {
            assert_int_equal(send_to(end, socket, ipv6 ? "fd01::2" : "10.0.0.2", 99, length), length);
            assert_true(host_pull(end->host, &sent));
            assert_int_equal(udp_parse(sent.transport, sent.ip.payload_length, &udp), wire_none);
            assert_int_equal(udp.source_port, 53);
            assert_int_equal(udp.destination_port, 99);
            assert_int_equal(udp.length, UDP_HEADER + length);
            assert_memory_equal(sent.transport + UDP_HEADER, body, length);
            assert_true(septet_address_equal(&sent.ip.source, &us));
            assert_int_equal(sent.ip.ttl, 9);
            assert_int_equal(sent.ip.traffic_class, 0xb8);
            struct checksum checksum = {0};
            ip_pseudo_checksum(&checksum, &sent.ip.source, &sent.ip.destination, PROTOCOL_UDP, udp.length);
            checksum_add(&checksum, sent.transport, udp.length);
            assert_int_equal(checksum_finish(&checksum), 0);
            assert_int_not_equal(udp.checksum, 0);
        }
    }
    end_free(end);
}

/* RFC 768: a sum of zero is sent as ones. */
static void checksum_zero(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 53);
    const struct septet_address to = address_of("10.0.0.2");
    uint32_t ones = 0;
    for (uint32_t value = 0; value < 65536; value++) {
        uint8_t bytes[2];
        store16(bytes, (uint16_t)value);
        assert_int_equal(udp_send(&end->udp, socket, &to, 99, bytes, 2), 2);
        assert_true(host_pull(end->host, &sent));
        assert_int_not_equal(load16(sent.transport + 6), 0);
        ones += load16(sent.transport + 6) == 0xffff;
    }
    assert_true(ones >= 1);
    end_free(end);
}

/* Wrong sums, none, and lengths that do not fit: B9, RFC 768, RFC 8200 section 8.1, RFC 9868. */
static void malformed(void **state)
{
    (void)state;
    struct end *end = make();
    struct host *host = end->host;
    uint64_t malformed_count = 0;
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 53);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const struct ip_fields fields = {
            .source = address_of(ipv6 ? "fd01::2" : "10.0.0.2"),
            .destination = address_of(ipv6 ? "fd01::1" : "10.0.0.1"),
            .protocol = PROTOCOL_UDP,
        };
        uint8_t udp[200];
        uint32_t size = put_udp(udp, &fields.source, &fields.destination, 7, 53, body, 50);
        udp[20] ^= 1;
        deliver(end, host_give(host, 0, packet, put_ip(packet, &fields, udp, size)));
        assert_int_equal(host_drops(host, SEPTET_DROP_udp_checksum), ipv6 ? 2 : 1);
        store16(udp + 6, 0);
        deliver(end, host_give(host, 0, packet, put_ip(packet, &fields, udp, size)));
        assert_int_equal(receive(end, socket, NULL), ipv6 ? SEPTET_AGAIN : 50);
        assert_int_equal(host_drops(host, SEPTET_DROP_udp_checksum), ipv6 ? 3 : 1);
        static const uint16_t lengths[] = {0, 7, 59, 65535};
        for (size_t i = 0; i < 4; i++) {
            put_udp(udp, &fields.source, &fields.destination, 7, 53, body, 50);
            store16(udp + 4, lengths[i]);
            deliver(end, host_give(host, 0, packet, put_ip(packet, &fields, udp, size)));
            assert_int_equal(host_drops(host, SEPTET_DROP_udp_malformed), ++malformed_count);
        }
        /* Bytes behind the UDP length are somebody's options. */
        size = put_udp(udp, &fields.source, &fields.destination, 7, 53, body, 50);
        memset(udp + size, 0xee, 20);
        deliver(end, host_give(host, 0, packet, put_ip(packet, &fields, udp, size + 20)));
        assert_int_equal(receive(end, socket, NULL), 50);
        assert_memory_equal(received, body, 50);
        for (uint32_t cut = 0; cut < UDP_HEADER; cut++)
            deliver(end, host_give(host, 0, packet, put_ip(packet, &fields, udp, cut)));
        malformed_count += UDP_HEADER;
        assert_int_equal(host_drops(host, SEPTET_DROP_udp_malformed), malformed_count);
    }
    end_free(end);
}

/* RFC 1122 section 4.1.3.1. */
static void nobody_listens(void **state)
{
    (void)state;
    struct end *end = make();
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        give(end, ipv6 ? "fd01::2" : "10.0.0.2", ipv6 ? "fd01::1" : "10.0.0.1", 5, 6, 20);
        assert_true(host_pull(end->host, &sent));
        assert_int_equal(sent.transport[0], ipv6 ? ICMPV6_UNREACHABLE : ICMPV4_UNREACHABLE);
        assert_int_equal(sent.transport[1], ipv6 ? ICMPV6_PORT_UNREACHABLE : ICMPV4_PORT_UNREACHABLE);
    }
    give(end, "10.0.0.2", "10.0.0.255", 5, 6, 20);
    give(end, "fd01::2", "ff02::1", 5, 6, 20);
    assert_false(host_pull(end->host, &sent));
    assert_int_equal(host_drops(end->host, SEPTET_DROP_udp_no_socket), 4);
    end_free(end);
}

/* The most particular socket gets it. */
static void demux(void **state)
{
    (void)state;
    struct end *end = make();
    host_address(end->host, 0, "10.0.0.7", 24);
    const septet_handle any = open_socket(end, SEPTET_UDP, NULL, 1);
    const septet_handle any_ipv4 = open_socket(end, SEPTET_UDP, "0.0.0.0", 2);
    const septet_handle one = open_socket(end, SEPTET_UDP, "10.0.0.1", 3);
    const septet_handle seven = open_socket(end, SEPTET_UDP, "10.0.0.7", 3);
    give(end, "10.0.0.2", "10.0.0.1", 9, 1, 1);
    give(end, "fd01::2", "fd01::1", 9, 1, 2);
    give(end, "10.0.0.2", "10.0.0.255", 9, 1, 3);
    assert_int_equal(receive(end, any, NULL), 1);
    assert_int_equal(receive(end, any, NULL), 2);
    assert_int_equal(receive(end, any, NULL), 3);
    give(end, "10.0.0.2", "10.0.0.7", 9, 2, 4);
    assert_int_equal(receive(end, any_ipv4, NULL), 4);
    give(end, "fd01::2", "fd01::1", 9, 2, 5);
    assert_int_equal(receive(end, any_ipv4, NULL), SEPTET_AGAIN);
    give(end, "10.0.0.2", "10.0.0.1", 9, 3, 6);
    give(end, "10.0.0.2", "10.0.0.7", 9, 3, 7);
    assert_int_equal(receive(end, one, NULL), 6);
    assert_int_equal(receive(end, seven, NULL), 7);
    end_free(end);
}

static void opens(void **state)
{
    (void)state;
    struct end *end = make();
    septet_handle handle;
    struct septet_tuple tuple;
    const struct septet_address foreign = address_of("10.0.0.9"), one = address_of("10.0.0.1");
    const struct septet_address any_ipv4 = address_of("0.0.0.0"), six = address_of("fd01::1");
    assert_int_equal(udp_open(&end->udp, SEPTET_UDP, &foreign, 5, &handle), SEPTET_ADDRESS_NOT_AVAILABLE);
    assert_int_equal(udp_open(&end->udp, (enum septet_datagram_protocol)7, &one, 5, &handle), SEPTET_INVALID);
    const septet_handle first = open_socket(end, SEPTET_UDP, "10.0.0.1", 5);
    assert_int_equal(udp_open(&end->udp, SEPTET_UDP, &one, 5, &handle), SEPTET_ADDRESS_IN_USE);
    assert_int_equal(udp_open(&end->udp, SEPTET_UDP, NULL, 5, &handle), SEPTET_ADDRESS_IN_USE);
    assert_int_equal(udp_open(&end->udp, SEPTET_UDP, &any_ipv4, 5, &handle), SEPTET_ADDRESS_IN_USE);
    assert_int_equal(udp_open(&end->udp, SEPTET_UDP, &six, 5, &handle), SEPTET_OK);
    assert_int_equal(udp_open(&end->udp, SEPTET_ICMP_ECHO, &one, 5, &handle), SEPTET_OK);
    assert_int_equal(udp_tuple(&end->udp, first, &tuple), SEPTET_OK);
    assert_int_equal(tuple.local_port, 5);
    assert_true(septet_address_equal(&tuple.local, &one));
    assert_int_equal(udp_used(&end->udp), 3);
    for (int i = 3; i < 16; i++) {
        assert_int_equal(udp_open(&end->udp, SEPTET_UDP, NULL, 0, &handle), SEPTET_OK);
        assert_int_equal(udp_tuple(&end->udp, handle, &tuple), SEPTET_OK);
        assert_in_range(tuple.local_port, 40000, 49999);
    }
    assert_int_equal(udp_open(&end->udp, SEPTET_UDP, NULL, 0, &handle), SEPTET_NO_SOCKETS);
    end_free(end);
}

static void ports_run_out(void **state)
{
    (void)state;
    struct septet_config config = udp_config();
    config.tcp.port_high = 40004;
    struct end *end = make_with(&config);
    septet_handle handle;
    for (int i = 0; i < 5; i++)
        assert_int_equal(udp_open(&end->udp, SEPTET_UDP, NULL, 0, &handle), SEPTET_OK);
    const struct septet_address one = address_of("10.0.0.1");
    assert_int_equal(udp_open(&end->udp, SEPTET_UDP, &one, 0, &handle), SEPTET_NO_PORTS);
    assert_int_equal(udp_open(&end->udp, SEPTET_ICMP_ECHO, &one, 0, &handle), SEPTET_OK);
    assert_int_equal(udp_close(&end->udp, handle), SEPTET_OK);
    end_free(end);
}

/* A handle of something gone is stale for ever. */
static void stale(void **state)
{
    (void)state;
    struct end *end = make();
    septet_handle old = open_socket(end, SEPTET_UDP, NULL, 5);
    struct septet_tuple tuple;
    struct septet_event event;
    int64_t value;
    give(end, "10.0.0.2", "10.0.0.1", 9, 5, 2000);
    assert_true(end->host->core.pages.used > 0);
    assert_int_equal(udp_close(&end->udp, old), SEPTET_OK);
    assert_int_equal(end->host->core.pages.used, 0);
    assert_false(udp_next_event(&end->udp, &event));
    const septet_handle new = open_socket(end, SEPTET_UDP, NULL, 5);
    assert_int_not_equal(old, new);
    static const septet_handle nonsense[] = {0, 1, UINT64_MAX, UINT64_C(3) << 60, (UINT64_C(3) << 60) + 5};
    for (size_t i = 0; i < 6; i++) {
        const septet_handle handle = i < 5 ? nonsense[i] : old;
        assert_int_equal(udp_close(&end->udp, handle), SEPTET_STALE);
        assert_int_equal(send_to(end, handle, "10.0.0.2", 5, 1), SEPTET_STALE);
        assert_int_equal(receive(end, handle, NULL), SEPTET_STALE);
        assert_int_equal(udp_user_set(&end->udp, handle, 1), SEPTET_STALE);
        assert_int_equal(udp_tuple(&end->udp, handle, &tuple), SEPTET_STALE);
        assert_int_equal(udp_option_set(&end->udp, handle, SEPTET_OPTION_BROADCAST, 1), SEPTET_STALE);
        assert_int_equal(udp_option_get(&end->udp, handle, SEPTET_OPTION_BROADCAST, &value), SEPTET_STALE);
    }
    end_free(end);
}

static void options(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 5);
    int64_t value;
    assert_int_equal(udp_option_get(&end->udp, socket, SEPTET_OPTION_HOP_LIMIT, &value), SEPTET_OK);
    assert_int_equal(value, 64);
    static const struct {
        unsigned option;
        int64_t good, bad;
    } rows[] = {{SEPTET_OPTION_HOP_LIMIT, 255, 256},
                {SEPTET_OPTION_TRAFFIC_CLASS, 255, -1},
                {SEPTET_OPTION_RECEIVE_BUFFER, 512, 511},
                {SEPTET_OPTION_BROADCAST, 1, 2}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(udp_option_set(&end->udp, socket, rows[i].option, rows[i].bad), SEPTET_INVALID);
        assert_int_equal(udp_option_set(&end->udp, socket, rows[i].option, rows[i].good), SEPTET_OK);
        assert_int_equal(udp_option_get(&end->udp, socket, rows[i].option, &value), SEPTET_OK);
        assert_int_equal(value, rows[i].good);
    }
    assert_int_equal(udp_option_set(&end->udp, socket, SEPTET_OPTION_NODELAY, 1), SEPTET_NO_SUCH_OPTION);
    assert_int_equal(udp_option_set(&end->udp, socket, 9999, 1), SEPTET_NO_SUCH_OPTION);
    assert_int_equal(udp_option_get(&end->udp, socket, SEPTET_OPTION_CORK, &value), SEPTET_NO_SUCH_OPTION);
    end_free(end);
}

static void refused_sends(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 5);
    assert_int_equal(send_to(end, socket, "10.0.0.2", 0, 1), SEPTET_INVALID);
    assert_int_equal(send_to(end, socket, "0.0.0.0", 5, 1), SEPTET_INVALID);
    assert_int_equal(send_to(end, socket, "10.0.0.255", 5, 1), SEPTET_INVALID);
    assert_int_equal(send_to(end, socket, "255.255.255.255", 5, 1), SEPTET_INVALID);
    assert_int_equal(send_to(end, socket, "11.0.0.1", 5, 1), SEPTET_NETWORK_UNREACHABLE);
    assert_int_equal(send_to(end, socket, "10.0.0.2", 5, 65508), SEPTET_MESSAGE_TOO_LONG);
    assert_int_equal(send_to(end, socket, "fd01::2", 5, 65528), SEPTET_MESSAGE_TOO_LONG);
    assert_int_equal(send_to(end, socket, "10.0.0.2", 5, 65507), 65507);
    assert_int_equal(send_to(end, socket, "fd01::2", 5, 65527), 65527);
    host_drain(end->host);
    assert_int_equal(udp_option_set(&end->udp, socket, SEPTET_OPTION_BROADCAST, 1), SEPTET_OK);
    assert_int_equal(send_to(end, socket, "10.0.0.255", 5, 1), 1);
    /* RFC 1112 section 6.1. */
    assert_int_equal(send_to(end, socket, "224.1.1.1", 5, 1), 1);
    assert_true(host_pull(end->host, &sent));
    assert_int_equal(sent.ip.ttl, 64);
    assert_true(host_pull(end->host, &sent));
    assert_int_equal(sent.ip.ttl, 1);
    end_free(end);
}

/* An error comes back for a datagram that was sent; `port` as quoted. */
static void give_error(struct end *end, bool ipv6, uint8_t type, uint8_t code, uint32_t rest, const char *to,
                       uint16_t from, uint16_t port)
{
    uint8_t quote[100], udp[8] = {0}, message[200];
    const struct ip_fields inner = {
        .source = address_of(ipv6 ? "fd01::1" : "10.0.0.1"),
        .destination = address_of(to),
        .protocol = PROTOCOL_UDP,
    };
    const struct ip_fields outer = {
        .source = address_of(ipv6 ? "fd01::2" : "10.0.0.2"),
        .destination = inner.source,
        .protocol = ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP,
    };
    store16(udp, from);
    store16(udp + 2, port);
    store16(udp + 4, 8);
    const uint32_t length = put_ip(quote, &inner, udp, 8);
    const uint32_t size = put_icmp(message, type, code, rest, quote, length, &outer.source, &outer.destination);
    deliver(end, host_give(end->host, 0, packet, put_ip(packet, &outer, message, size)));
}

/* MUST-54 for datagrams, RFC 5927: errors reach the socket that sent, once, and only if it did. */
static void errors(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 5);
    struct septet_event event;
    give_error(end, false, 3, 3, 0, "10.0.0.2", 5, 99);
    assert_int_equal(host_drops(end->host, SEPTET_DROP_icmp_unmatched), 1);
    assert_int_equal(send_to(end, socket, "10.0.0.2", 99, 1), 1);
    give_error(end, false, 3, 3, 0, "10.0.0.2", 5, 98);
    give_error(end, false, 3, 3, 0, "10.0.0.2", 6, 99);
    give_error(end, false, 3, 3, 0, "10.0.0.3", 5, 99);
    assert_int_equal(host_drops(end->host, SEPTET_DROP_icmp_unmatched), 4);
    assert_int_equal(receive(end, socket, NULL), SEPTET_AGAIN);
    assert_false(udp_next_event(&end->udp, &event));
    give_error(end, false, 3, 3, 0, "10.0.0.2", 5, 99);
    assert_true(udp_next_event(&end->udp, &event));
    assert_int_equal(event.events, SEPTET_EVENT_SOFT_ERROR | SEPTET_EVENT_READABLE);
    assert_int_equal(event.error, SEPTET_CONNECTION_REFUSED);
    assert_int_equal(receive(end, socket, NULL), SEPTET_CONNECTION_REFUSED);
    assert_int_equal(receive(end, socket, NULL), SEPTET_AGAIN);
    give_error(end, false, 11, 0, 0, "10.0.0.2", 5, 99);
    assert_int_equal(send_to(end, socket, "10.0.0.2", 99, 1), SEPTET_HOST_UNREACHABLE);
    assert_int_equal(send_to(end, socket, "10.0.0.2", 99, 1), 1);
    assert_int_equal(send_to(end, socket, "fd01::2", 99, 1), 1);
    give_error(end, true, 1, 4, 0, "fd01::2", 5, 99);
    assert_int_equal(receive(end, socket, NULL), SEPTET_CONNECTION_REFUSED);
    /* A small path makes fragments, not errors. */
    give_error(end, true, 2, 0, 1300, "fd01::2", 5, 99);
    assert_int_equal(receive(end, socket, NULL), SEPTET_AGAIN);
    host_drain(end->host);
    assert_int_equal(send_to(end, socket, "fd01::2", 99, 1400), 1400);
    assert_int_equal(host_drain(end->host), 2);
    host_wait(end->host, 601 * SEPTET_SECOND);
    end_free(end);
}

/* Bounded by its option and by the pages there are; what is read makes room. */
static void receive_buffer(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 5);
    uint32_t queued = 0;
    assert_int_equal(udp_option_set(&end->udp, socket, SEPTET_OPTION_RECEIVE_BUFFER, 10000), SEPTET_OK);
    for (int i = 0; i < 100; i++)
        give(end, "10.0.0.2", "10.0.0.1", 9, 5, 950);
    assert_in_range(end->host->core.pages.used, 1, 4); /* three, and a table of them */
    while (receive(end, socket, NULL) == 950)
        queued++;
    assert_in_range(queued, 8, 10);
    assert_int_equal(host_drops(end->host, SEPTET_DROP_udp_buffer), 100 - queued);
    give(end, "10.0.0.2", "10.0.0.1", 9, 5, 950);
    assert_int_equal(receive(end, socket, NULL), 950);
    assert_int_equal(end->host->core.pages.used, 0);
    end_free(end);
}

static void out_of_pages(void **state)
{
    (void)state;
    struct septet_config config = udp_config();
    config.pages = 8;
    struct end *end = make_with(&config);
    struct septet_datagram info;
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 5);
    uint32_t queued = 0;
    for (int i = 0; i < 100; i++)
        give(end, "10.0.0.2", "10.0.0.1", (uint16_t)i, 5, 1400);
    assert_true(host_drops(end->host, SEPTET_DROP_no_pages) > 0);
    for (int64_t length; (length = receive(end, socket, &info)) >= 0; queued++) {
        assert_int_equal(length, 1400);
        assert_int_equal(info.from_port, queued);
        assert_memory_equal(received, body, 1400);
    }
    assert_true(queued >= 15);
    assert_int_equal(end->host->core.pages.used, 0);
    end_free(end);
}

/* No event is lost, none is repeated; those of one socket merge. */
static void events(void **state)
{
    (void)state;
    struct end *end = make();
    struct septet_event event;
    const septet_handle one = open_socket(end, SEPTET_UDP, NULL, 1), two = open_socket(end, SEPTET_UDP, NULL, 2);
    const septet_handle three = open_socket(end, SEPTET_UDP, NULL, 3);
    assert_int_equal(udp_user_set(&end->udp, two, 4711), SEPTET_OK);
    give(end, "10.0.0.2", "10.0.0.1", 9, 2, 1);
    give(end, "10.0.0.2", "10.0.0.1", 9, 3, 1);
    give(end, "10.0.0.2", "10.0.0.1", 9, 2, 1);
    give(end, "10.0.0.2", "10.0.0.1", 9, 1, 1);
    assert_int_equal(udp_close(&end->udp, three), SEPTET_OK);
    assert_true(udp_next_event(&end->udp, &event));
    assert_int_equal(event.handle, two);
    assert_int_equal(event.user, 4711);
    assert_int_equal(event.events, SEPTET_EVENT_READABLE);
    assert_true(udp_next_event(&end->udp, &event));
    assert_int_equal(event.handle, one);
    assert_false(udp_next_event(&end->udp, &event));
    give(end, "10.0.0.2", "10.0.0.1", 9, 1, 1);
    assert_true(udp_next_event(&end->udp, &event));
    assert_int_equal(udp_close(&end->udp, one), SEPTET_OK);
    assert_int_equal(udp_close(&end->udp, two), SEPTET_OK);
    end_free(end);
}

/* A send that is refused is worth trying again when an event says so. */
static void writable(void **state)
{
    (void)state;
    struct end *end = make();
    struct septet_event event;
    const septet_handle one = open_socket(end, SEPTET_UDP, NULL, 1), two = open_socket(end, SEPTET_UDP, NULL, 2);
    while (send_to(end, one, "10.0.0.2", 9, 50) == 50)
        ;
    assert_int_equal(send_to(end, one, "10.0.0.2", 9, 50), SEPTET_AGAIN);
    assert_int_equal(send_to(end, two, "10.0.0.2", 9, 50), SEPTET_AGAIN);
    assert_false(udp_next_event(&end->udp, &event));
    host_drain(end->host);
    assert_true(udp_next_event(&end->udp, &event));
    assert_int_equal(event.handle, one);
    assert_int_equal(event.events, SEPTET_EVENT_WRITABLE);
    assert_true(udp_next_event(&end->udp, &event));
    assert_int_equal(event.handle, two);
    assert_false(udp_next_event(&end->udp, &event));
    assert_int_equal(send_to(end, one, "10.0.0.2", 9, 50), 50);
    while (send_to(end, one, "10.0.0.2", 9, 50) == 50)
        ;
    assert_int_equal(udp_close(&end->udp, one), SEPTET_OK);
    host_drain(end->host);
    assert_false(udp_next_event(&end->udp, &event));
    end_free(end);
}

/* To ourselves, at every size, in order, with boundaries kept. */
static void to_self(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle one = open_socket(end, SEPTET_UDP, NULL, 1), two = open_socket(end, SEPTET_UDP, NULL, 2);
    struct septet_datagram info;
    uint64_t seed = 5;
    uint32_t lengths[1000], head = 0, tail = 0;
    assert_int_equal(udp_option_set(&end->udp, two, SEPTET_OPTION_RECEIVE_BUFFER, 1 << 20), SEPTET_OK);
    while (tail < 1000) {
        if (head < 1000 && splitmix64(&seed) % 2 != 0) {
            lengths[head] = (uint32_t)(splitmix64(&seed) % (head % 50 == 0 ? 65500 : 1500));
            if (send_to(end, one, head % 2 ? "10.0.0.1" : "fd01::1", 2, lengths[head]) >= 0)
                head++;
        } else {
            take_loop(end);
            if (tail < head) {
                assert_int_equal(receive(end, two, &info), lengths[tail]);
                assert_memory_equal(received, body, lengths[tail]);
                assert_int_equal(info.interface, IP_LOOP);
                assert_int_equal(info.from_port, 1);
                tail++;
            }
        }
    }
    assert_false(host_pull(end->host, &sent));
    assert_int_equal(send_to(end, one, "10.0.0.1", 77, 1), 1);
    take_loop(end);
    take_loop(end);
    assert_int_equal(receive(end, one, NULL), SEPTET_CONNECTION_REFUSED);
    end_free(end);
}

/* Fragments of a datagram that come in are one again. */
static void reassembled(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_UDP, NULL, 53);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const struct septet_address from = address_of(ipv6 ? "fd01::2" : "10.0.0.2");
        const struct septet_address to = address_of(ipv6 ? "fd01::1" : "10.0.0.1");
        static uint8_t udp[66000];
        const uint32_t size = put_udp(udp, &from, &to, 7, 53, body, 60000);
        for (uint32_t at = 0; at < size; at += 1400) {
            const struct ip_fields fields = {
                .source = from,
                .destination = to,
                .protocol = PROTOCOL_UDP,
                .identification = 5,
                .fragment_offset = (uint16_t)at,
                .more_fragments = at + 1400 < size,
            };
            const uint32_t length = size - at < 1400 ? size - at : 1400;
            const uint32_t whole = ipv6 ? put_ipv6_fragment(packet, &fields, PROTOCOL_UDP, udp + at, length)
                                        : put_ip(packet, &fields, udp + at, length);
            deliver(end, host_give(end->host, 0, packet, whole));
        }
        assert_int_equal(receive(end, socket, NULL), 60000);
        assert_memory_equal(received, body, 60000);
    }
    ip_output_begin(&end->host->ip);
    end_free(end);
}

/* ---- echo ---- */

static void pings(void **state)
{
    (void)state;
    struct end *end = make();
    struct septet_datagram info;
    struct icmp icmp;
    const septet_handle socket = open_socket(end, SEPTET_ICMP_ECHO, NULL, 777);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        const char *peer = ipv6 ? "fd01::2" : "10.0.0.2";
        uint8_t message[200];
        assert_int_equal(send_to(end, socket, peer, 0, 1), SEPTET_INVALID);
        assert_int_equal(send_to(end, socket, peer, 0, 66), 66);
        assert_true(host_pull(end->host, &sent));
        assert_int_equal(icmp_parse(sent.transport, sent.ip.payload_length, &sent.ip, true, &icmp), wire_none);
        assert_int_equal(icmp.type, ipv6 ? 128 : 8);
        assert_int_equal(icmp.rest >> 16, 777);
        assert_int_equal(icmp.rest & 0xffff, load16(body));
        assert_int_equal(icmp.body_length, 64);
        assert_memory_equal(icmp.body, body + 2, 64);
        const struct ip_fields fields = {
            .source = sent.ip.destination, .destination = sent.ip.source, .protocol = sent.ip.protocol};
        uint32_t size =
            put_icmp(message, ipv6 ? 129 : 0, 0, icmp.rest, icmp.body, 64, &fields.source, &fields.destination);
        deliver(end, host_give(end->host, 0, packet, put_ip(packet, &fields, message, size)));
        assert_int_equal(receive(end, socket, &info), 66);
        assert_memory_equal(received, body, 66);
        assert_int_equal(info.from_port, 777);
        size = put_icmp(message, ipv6 ? 129 : 0, 0, 778u << 16, body, 4, &fields.source, &fields.destination);
        deliver(end, host_give(end->host, 0, packet, put_ip(packet, &fields, message, size)));
        assert_int_equal(host_drops(end->host, SEPTET_DROP_icmp_unmatched), ipv6 + 1);
        assert_int_equal(receive(end, socket, NULL), SEPTET_AGAIN);
        /* To ourselves. */
        assert_int_equal(send_to(end, socket, ipv6 ? "fd01::1" : "10.0.0.1", 0, 5000), 5000);
        take_loop(end);
        assert_int_equal(receive(end, socket, &info), 5000);
        assert_memory_equal(received, body, 5000);
    }
    end_free(end);
}

/* Time Exceeded for a ping, as traceroute lives on. */
static void ping_errors(void **state)
{
    (void)state;
    struct end *end = make();
    const septet_handle socket = open_socket(end, SEPTET_ICMP_ECHO, NULL, 777);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        uint8_t message[200];
        assert_int_equal(send_to(end, socket, ipv6 ? "fd01::2" : "10.0.0.2", 0, 10), 10);
        assert_true(host_pull(end->host, &sent));
        const struct ip_fields fields = {
            .source = address_of(ipv6 ? "fd01::9" : "10.0.0.9"),
            .destination = sent.ip.source,
            .protocol = sent.ip.protocol,
        };
        const uint32_t size = put_icmp(message, ipv6 ? 3 : 11, 0, 0, sent.network, sent.network_length, &fields.source,
                                       &fields.destination);
        deliver(end, host_give(end->host, 0, packet, put_ip(packet, &fields, message, size)));
        assert_int_equal(receive(end, socket, NULL), SEPTET_HOST_UNREACHABLE);
    }
    end_free(end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receives),       cmocka_unit_test(sends),          cmocka_unit_test(checksum_zero),
        cmocka_unit_test(malformed),      cmocka_unit_test(nobody_listens), cmocka_unit_test(demux),
        cmocka_unit_test(opens),          cmocka_unit_test(ports_run_out),  cmocka_unit_test(stale),
        cmocka_unit_test(options),        cmocka_unit_test(refused_sends),  cmocka_unit_test(errors),
        cmocka_unit_test(receive_buffer), cmocka_unit_test(out_of_pages),   cmocka_unit_test(events),
        cmocka_unit_test(writable),       cmocka_unit_test(to_self),        cmocka_unit_test(reassembled),
        cmocka_unit_test(pings),          cmocka_unit_test(ping_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
