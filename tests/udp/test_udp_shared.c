/* Datagram sockets that share a port, are connected, or keep ICMP errors: two stacks and a wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "septet/datagram.h"

struct wire {
    struct septet *end[2];
    void *memory[2];
    struct septet_address address[2];
};

static struct wire *wire_new(void)
{
    struct wire *wire = calloc(1, sizeof *wire);
    const struct septet_interface interface = {.name = "wire", .mtu = 1500};
    struct septet_config config;
    assert_non_null(wire);
    septet_config_default(&config);
    config.pages = 256;
    config.connections = config.half_open = config.time_wait = 16;
    for (unsigned i = 0; i < 2; i++) {
        config.seed[0] = i + 1;
        const size_t size = septet_memory_size(&config);
        wire->memory[i] = aligned_alloc(64, (size + 63) / 64 * 64);
        wire->end[i] = septet_create(&config, wire->memory[i], size, NULL);
        wire->address[i] = septet_address_ipv4(10, 0, 0, (uint8_t)(i + 1));
        assert_int_equal(septet_interface_add(wire->end[i], &interface), 0);
        assert_int_equal(septet_address_add(wire->end[i], 0, &wire->address[i], 24, true), SEPTET_OK);
    }
    return wire;
}

static void carry(struct wire *wire)
{
    struct septet_packet packets[SEPTET_BATCH];
    for (unsigned turn = 0; turn < 16; turn++) {
        const uint32_t count = septet_output(wire->end[turn % 2], packets, SEPTET_BATCH);
        septet_input(wire->end[1 - turn % 2], packets, count);
    }
}

static void wire_free(struct wire *wire)
{
    struct septet_usage usage;
    carry(wire);
    for (unsigned i = 0; i < 2; i++) {
        septet_usage(wire->end[i], &usage);
        assert_int_equal(usage.sockets, 0);
        assert_int_equal(usage.pages, 0);
        free(wire->memory[i]);
    }
    free(wire);
}

static septet_handle open_as(struct wire *wire, unsigned end, const struct septet_address *local, uint16_t port,
                             unsigned flags)
{
    septet_handle handle = 0;
    assert_int_equal(septet_datagram_open_as(wire->end[end], SEPTET_UDP, local, port, flags, &handle), SEPTET_OK);
    return handle;
}

/* SO_REUSEPORT: senders are spread over those who share a port; each sender stays with its socket. */
static void shared_port(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    septet_handle refused;
    septet_handle a = open_as(wire, 0, NULL, 53, SEPTET_BIND_SHARED);
    septet_handle b = open_as(wire, 0, NULL, 53, SEPTET_BIND_SHARED);
    unsigned count[2] = {0};
    assert_int_equal(septet_datagram_open(wire->end[0], SEPTET_UDP, NULL, 53, &refused), SEPTET_ADDRESS_IN_USE);
    assert_int_equal(septet_datagram_open_as(wire->end[0], SEPTET_UDP, NULL, 53, 4, &refused), SEPTET_INVALID);
    for (uint16_t port = 1000; port < 1060; port++) {
        septet_handle client = open_as(wire, 1, NULL, port, 0);
        for (unsigned i = 0; i < 2; i++)
            assert_int_equal(septet_datagram_send(wire->end[1], client, &wire->address[0], 53, "?", 1), 1);
        carry(wire);
        const bool to_a = septet_datagram_receive(wire->end[0], a, &port, 0, NULL) == 0;
        assert_int_equal(septet_datagram_receive(wire->end[0], to_a ? a : b, NULL, 0, NULL), 0);
        if (!to_a)
            assert_int_equal(septet_datagram_receive(wire->end[0], b, NULL, 0, NULL), 0);
        count[to_a]++;
        septet_close(wire->end[1], client);
    }
    assert_in_range(count[0], 20, 40);
    septet_close(wire->end[0], a);
    septet_close(wire->end[0], b);
    wire_free(wire);
}

/* [::] for IPv6 alone leaves IPv4 to another socket. */
static void one_family(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    const struct septet_address any_ipv4 = septet_address_ipv4(0, 0, 0, 0);
    septet_handle ipv6 = open_as(wire, 0, NULL, 53, SEPTET_BIND_IPV6_ONLY);
    septet_handle client = open_as(wire, 1, NULL, 0, 0);
    assert_int_equal(septet_datagram_send(wire->end[1], client, &wire->address[0], 53, "?", 1), 1);
    carry(wire);
    assert_int_equal(septet_datagram_receive(wire->end[0], ipv6, NULL, 0, NULL), SEPTET_AGAIN);
    assert_int_equal(septet_take_error(wire->end[1], client), SEPTET_CONNECTION_REFUSED);
    assert_int_equal(septet_take_error(wire->end[1], client), SEPTET_OK);
    septet_handle ipv4 = open_as(wire, 0, &any_ipv4, 53, 0);
    assert_int_equal(septet_datagram_send(wire->end[1], client, &wire->address[0], 53, "?", 1), 1);
    carry(wire);
    assert_int_equal(septet_datagram_receive(wire->end[0], ipv4, NULL, 0, NULL), 0);
    septet_close(wire->end[0], ipv4);
    septet_close(wire->end[0], ipv6);
    septet_close(wire->end[1], client);
    wire_free(wire);
}

/* A connected socket hears its peer only, and before those that are not connected. */
static void connected(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    struct septet_tuple tuple;
    char byte;
    septet_handle all = open_as(wire, 0, NULL, 53, SEPTET_BIND_SHARED);
    septet_handle one = open_as(wire, 0, NULL, 53, SEPTET_BIND_SHARED);
    septet_handle friend = open_as(wire, 1, NULL, 1000, 0), stranger = open_as(wire, 1, NULL, 1001, 0);
    assert_int_equal(septet_datagram_connect(wire->end[0], one, &wire->address[1], 1000), SEPTET_OK);
    assert_int_equal(septet_tuple_get(wire->end[0], one, &tuple), SEPTET_OK);
    assert_true(septet_address_equal(&tuple.local, &wire->address[0]));
    assert_int_equal(tuple.remote_port, 1000);
    septet_datagram_send(wire->end[1], friend, &wire->address[0], 53, "f", 1);
    septet_datagram_send(wire->end[1], stranger, &wire->address[0], 53, "s", 1);
    carry(wire);
    assert_int_equal(septet_datagram_peek(wire->end[0], one, 0, &byte, 1, NULL), 1);
    assert_int_equal(byte, 'f');
    assert_int_equal(septet_datagram_receive(wire->end[0], one, &byte, 1, NULL), 1);
    assert_int_equal(septet_datagram_peek(wire->end[0], one, 0, &byte, 1, NULL), SEPTET_AGAIN);
    assert_int_equal(septet_datagram_receive(wire->end[0], all, &byte, 1, NULL), 1);
    assert_int_equal(byte, 's');
    assert_int_equal(septet_datagram_connect(wire->end[0], one, NULL, 0), SEPTET_OK);
    assert_int_equal(septet_tuple_get(wire->end[0], one, &tuple), SEPTET_OK);
    assert_int_equal(tuple.remote_port, 0);
    septet_close(wire->end[0], all);
    septet_datagram_send(wire->end[1], stranger, &wire->address[0], 53, "s", 1);
    carry(wire);
    assert_int_equal(septet_datagram_receive(wire->end[0], one, &byte, 1, NULL), 1);
    const struct septet_address nowhere = septet_address_ipv4(192, 0, 2, 1);
    assert_int_equal(septet_datagram_connect(wire->end[0], one, &nowhere, 1), SEPTET_NETWORK_UNREACHABLE);
    septet_close(wire->end[0], one);
    septet_close(wire->end[1], friend);
    septet_close(wire->end[1], stranger);
    wire_free(wire);
}

/* A datagram from several places, looked at in pieces. */
static void scattered(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    char bytes[16] = {0};
    struct septet_datagram info;
    struct septet_span spans[70] = {
        {(const uint8_t *)"one", 3}, {NULL, 0}, {(const uint8_t *)"two", 3}, {(const uint8_t *)"three", 5}};
    septet_handle server = open_as(wire, 0, NULL, 53, 0), client = open_as(wire, 1, NULL, 0, 0);
    assert_int_equal(septet_datagram_send_spans(wire->end[1], client, &wire->address[0], 53, spans, 4), 11);
    assert_int_equal(septet_datagram_send_spans(wire->end[1], client, &wire->address[0], 53, spans, 0), 0);
    for (unsigned i = 0; i < 70; i++)
        spans[i] = spans[0];
    assert_int_equal(septet_datagram_send_spans(wire->end[1], client, &wire->address[0], 53, spans, 65),
                     SEPTET_MESSAGE_TOO_LONG);
    spans[0].length = UINT32_MAX;
    assert_int_equal(septet_datagram_send_spans(wire->end[1], client, &wire->address[0], 53, spans, 2),
                     SEPTET_MESSAGE_TOO_LONG);
    carry(wire);
    assert_int_equal(septet_datagram_peek(wire->end[0], server, 4, bytes, 4, &info), 4);
    assert_memory_equal(bytes, "woth", 4);
    assert_int_equal(info.length, 11);
    assert_int_equal(septet_datagram_peek(wire->end[0], server, 12, bytes, 4, NULL), 0);
    assert_int_equal(septet_datagram_receive(wire->end[0], server, bytes, sizeof bytes, NULL), 11);
    assert_memory_equal(bytes, "onetwothree", 11);
    assert_int_equal(septet_datagram_receive(wire->end[0], server, bytes, sizeof bytes, NULL), 0);
    septet_close(wire->end[0], server);
    septet_close(wire->end[1], client);
    wire_free(wire);
}

/* S122: an ICMP error is kept with what it quotes. */
static void error_queue(void **state)
{
    (void)state;
    struct wire *wire = wire_new();
    struct septet_datagram_error error;
    char quoted[16] = {0};
    septet_handle client = open_as(wire, 1, NULL, 0, 0);
    assert_int_equal(septet_option_set(wire->end[1], client, SEPTET_OPTION_ERROR_QUEUE, 1), SEPTET_OK);
    assert_int_equal(septet_datagram_error(wire->end[1], client, quoted, sizeof quoted, &error), SEPTET_AGAIN);
    assert_int_equal(septet_datagram_send(wire->end[1], client, &wire->address[0], 53, "question", 8), 8);
    carry(wire);
    assert_int_equal(septet_take_error(wire->end[1], client), SEPTET_CONNECTION_REFUSED);
    assert_int_equal(septet_datagram_error(wire->end[1], client, quoted, sizeof quoted, &error), 8);
    assert_memory_equal(quoted, "question", 8);
    assert_int_equal(error.error, SEPTET_CONNECTION_REFUSED);
    assert_int_equal(error.type, 3);
    assert_int_equal(error.code, 3);
    assert_int_equal(error.to_port, 53);
    assert_int_equal(error.length, 8);
    assert_true(septet_address_equal(&error.from, &wire->address[0]));
    assert_true(septet_address_equal(&error.to, &wire->address[0]));
    assert_int_equal(septet_datagram_error(wire->end[1], client, quoted, sizeof quoted, &error), SEPTET_AGAIN);
    septet_datagram_send(wire->end[1], client, &wire->address[0], 53, "question", 8);
    carry(wire);
    septet_close(wire->end[1], client); /* with an error still kept */
    wire_free(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_port), cmocka_unit_test(one_family),  cmocka_unit_test(connected),
        cmocka_unit_test(scattered),   cmocka_unit_test(error_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
