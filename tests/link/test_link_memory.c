#include "link/memory.h"

#include "septet/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Three hosts in a row, the one in the middle a router with two interfaces: left 10.1.0.1, router 10.1.0.2 and
 * 10.2.0.2, right 10.2.0.1. */
enum { LEFT, ROUTER, RIGHT, HOSTS };

struct net {
    void *memory[HOSTS];
    struct septet *stack[HOSTS];
    struct memory_wire wires[2];
    int64_t now;
};

static void add_interface(struct septet *stack, uint8_t network, uint8_t host, uint32_t offloads)
{
    struct septet_interface interface = {.name = "wire", .mtu = 1500, .ethernet = true, .offloads = offloads};
    struct septet_address address = septet_address_ipv4(10, network, 0, host);
    int index;

    interface.mac[0] = 2;
    interface.mac[4] = network;
    interface.mac[5] = host;
    index = septet_interface_add(stack, &interface);
    assert_true(index >= 0);
    assert_int_equal(septet_address_add(stack, (unsigned)index, &address, 24, true), SEPTET_OK);
}

static void add_gateway(struct septet *stack, uint8_t network)
{
    struct septet_address all = septet_address_ipv4(0, 0, 0, 0);
    struct septet_address gateway = septet_address_ipv4(10, network, 0, 2);

    assert_int_equal(septet_route_add(stack, &all, 0, 0, &gateway, 0), SEPTET_OK);
}

static void make_net(struct net *net, uint32_t offloads)
{
    *net = (struct net){.now = 0};
    for (unsigned i = 0; i < HOSTS; i++) {
        struct septet_config config;
        size_t size;

        septet_config_default(&config);
        config.seed[0] = i + 1;
        config.forwarding = i == ROUTER;
        size = septet_memory_size(&config);
        net->memory[i] = aligned_alloc(64, (size + 63) / 64 * 64);
        net->stack[i] = septet_create(&config, net->memory[i], size, NULL);
        assert_non_null(net->stack[i]);
    }
    add_interface(net->stack[LEFT], 1, 1, offloads);
    add_interface(net->stack[ROUTER], 1, 2, offloads);
    add_interface(net->stack[ROUTER], 2, 2, offloads);
    add_interface(net->stack[RIGHT], 2, 1, offloads);
    add_gateway(net->stack[LEFT], 1);
    add_gateway(net->stack[RIGHT], 2);
    net->wires[0] = (struct memory_wire){{net->stack[LEFT], net->stack[ROUTER]}, {0, 0}};
    net->wires[1] = (struct memory_wire){{net->stack[ROUTER], net->stack[RIGHT]}, {1, 0}};
}

static void free_net(struct net *net)
{
    for (unsigned i = 0; i < HOSTS; i++) {
        free(net->memory[i]);
    }
}

/* Lets packets pass until nothing moves, then jumps to the next deadline. */
static void step(struct net *net)
{
    int64_t deadline;

    assert_true(memory_link_settle(net->wires, 2, 100000));
    deadline = memory_link_deadline(net->wires, 2);
    net->now = deadline > net->now && deadline != SEPTET_NEVER ? deadline : net->now + SEPTET_MILLISECOND;
    memory_link_advance(net->wires, 2, net->now);
}

static septet_handle connect_right(struct net *net, septet_handle *accepted)
{
    struct septet_address right = septet_address_ipv4(10, 2, 0, 1);
    septet_handle listener, connection;

    assert_int_equal(septet_listen(net->stack[RIGHT], NULL, 7, 4, &listener), SEPTET_OK);
    assert_int_equal(septet_connect(net->stack[LEFT], NULL, 0, &right, 7, &connection), SEPTET_OK);
    for (unsigned i = 0; i < 100; i++) {
        step(net);
        if (septet_accept(net->stack[RIGHT], listener, accepted) == SEPTET_OK) {
            return connection;
        }
    }
    fail_msg("no connection");
    return 0;
}

static void transfer(uint32_t offloads)
{
    enum { BYTES = 1 << 20 };
    static uint8_t sent[BYTES], got[BYTES];
    size_t out = 0, in = 0;
    struct net net;
    septet_handle from, to;

    for (uint32_t i = 0; i < BYTES; i++) {
        sent[i] = (uint8_t)(i * 7 + i / 1000);
    }
    make_net(&net, offloads);
    from = connect_right(&net, &to);
    for (unsigned turns = 0; in < BYTES && turns < 10000; turns++) {
        int64_t part = septet_send(net.stack[LEFT], from, sent + out, BYTES - out, 0);

        out += part > 0 ? (size_t)part : 0;
        step(&net);
        while ((part = septet_receive(net.stack[RIGHT], to, got + in, BYTES - in)) > 0) {
            in += (size_t)part;
        }
    }
    assert_int_equal(in, BYTES);
    assert_memory_equal(sent, got, BYTES);
    assert_int_equal(septet_counter(net.stack[LEFT], SEPTET_COUNTER_RetransSegs), 0);
    assert_int_equal(septet_drops(net.stack[RIGHT], SEPTET_DROP_tcp_checksum), 0);
    free_net(&net);
}

static void through_a_router(void **state)
{
    (void)state;
    transfer(0);
}

static void with_offloads(void **state)
{
    (void)state;
    transfer(SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO);
}

/* Packets that leave where no wire is are gone; nothing else is. */
static void without_a_wire(void **state)
{
    struct septet_address right = septet_address_ipv4(10, 2, 0, 1);
    septet_handle connection;
    struct net net;
    uint32_t lost = 0;

    (void)state;
    make_net(&net, 0);
    assert_int_equal(septet_connect(net.stack[LEFT], NULL, 0, &right, 7, &connection), SEPTET_OK);
    for (unsigned i = 0; i < 3; i++) {
        lost += memory_link_move(net.stack[LEFT], net.wires + 1, 1);
    }
    assert_true(lost > 0);
    assert_int_equal(septet_counter(net.stack[RIGHT], SEPTET_COUNTER_IpInReceives), 0);
    free_net(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(through_a_router),
        cmocka_unit_test(with_offloads),
        cmocka_unit_test(without_a_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
