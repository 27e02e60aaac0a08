/* Listeners: who gets a SYN, and when a connection is worth accepting. */
#include "support/peer.h"

static const struct septet_address any = {{0}};

/* A handshake from the flow's port, without accepting. */
static void shake_hands(struct peer *p)
{
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1);
}

/* S80-S82: two listeners on one address and port share what arrives; without the flag there is no second. */
static void shared_port(void **state)
{
    (void)state;
    septet_handle listener[2], alone, accepted;
    uint32_t count[2] = {0};
    struct peer *p = peer_new(4, NULL);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(septet_listen_as(p->stack, NULL, 80, 64, SEPTET_BIND_SHARED, &listener[i]), SEPTET_OK);
    assert_int_equal(septet_listen(p->stack, NULL, 80, 1, &alone), SEPTET_ADDRESS_IN_USE);
    assert_int_equal(septet_listen_as(p->stack, NULL, 80, 1, SEPTET_BIND_SHARED | SEPTET_BIND_IPV6_ONLY, &alone),
                     SEPTET_ADDRESS_IN_USE);
    assert_int_equal(septet_listen_as(p->stack, NULL, 80, 1, 4, &alone), SEPTET_INVALID);
    for (uint16_t port = 1000; port < 1060; port++) {
        flow_use(p, flow_new(p, 80, port));
        shake_hands(p);
        for (unsigned i = 0; i < 2; i++) {
            if (septet_accept(p->stack, listener[i], &accepted) == SEPTET_OK) {
                count[i]++;
                assert_int_equal(septet_abort(p->stack, accepted), SEPTET_OK);
                drain(p);
            }
        }
        p->flow_count = 0;
    }
    assert_int_equal(count[0] + count[1], 60);
    assert_in_range(count[0], 20, 40);
    /* With one gone the other gets all. */
    assert_int_equal(septet_close(p->stack, listener[0]), SEPTET_OK);
    flow_use(p, flow_new(p, 80, 2000));
    shake_hands(p);
    assert_int_equal(septet_accept(p->stack, listener[1], &p->flow->handle), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, listener[1]), SEPTET_OK);
    peer_end(p);
}

/* S123, S124: any address is any of both families, unless IPv4 is left to others. */
static void one_family(void **state)
{
    (void)state;
    septet_handle both, ipv6, ipv4;
    const struct septet_address any_ipv4 = septet_address_ipv4(0, 0, 0, 0);
    struct peer *p = peer_new(4, NULL);
    assert_int_equal(septet_listen_as(p->stack, &any, 80, 1, SEPTET_BIND_IPV6_ONLY, &ipv6), SEPTET_OK);
    assert_int_equal(septet_listen_as(p->stack, &any, 80, 1, 0, &both), SEPTET_ADDRESS_IN_USE);
    flow_use(p, flow_new(p, 80, 1000));
    inject(p, SYN, .seq = 0, .mss = 1460);
    expect(p, RST | ACK, .seq = ANY, .ack = 1);
    assert_int_equal(septet_listen(p->stack, &any_ipv4, 80, 1, &ipv4), SEPTET_OK);
    flow_use(p, flow_new(p, 80, 1001));
    shake_hands(p);
    assert_int_equal(septet_accept(p->stack, ipv6, &p->flow->handle), SEPTET_AGAIN);
    assert_int_equal(septet_accept(p->stack, ipv4, &p->flow->handle), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, ipv4), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, ipv6), SEPTET_OK);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_port),
        cmocka_unit_test(one_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
