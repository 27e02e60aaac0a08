/* Connections of a stack to its own addresses, and of a port to itself: requirement A35 (S97), RFC 9293 appendix A.2.
 */
#include "support/peer.h"

/* Lets the ends talk until they have nothing to say now; nothing of it is seen outside. */
static void settle(struct peer *p)
{
    advance(p, 0);
    expect_nothing(p);
}

struct pair {
    struct peer *p;
    septet_handle client, server;
};

static struct pair connect_to_self(unsigned version)
{
    struct pair pair = {.p = peer_new(version, NULL)};
    struct peer *p = pair.p;
    listen_on(p, 80);
    assert_int_equal(septet_connect(p->stack, NULL, 0, &p->ours, 80, &pair.client), SEPTET_OK);
    settle(p);
    assert_int_equal(septet_accept(p->stack, p->listener, &pair.server), SEPTET_OK);
    assert_int_equal(septet_state(p->stack, pair.client), SEPTET_STATE_established);
    drain_events(p, 0);
    p->flows[0].handle = pair.client;
    flow_new(p, 1, 1)->handle = pair.server;
    return pair;
}

/* Sends all of a pattern from one handle and reads it at the other. */
static void transfer(struct peer *p, septet_handle from, septet_handle to, uint32_t length)
{
    static uint8_t bytes[65536];
    uint32_t sent = 0, got = 0;
    for (uint32_t turn = 0; got < length; turn++) {
        assert_true(turn < 100000);
        for (uint32_t i = 0; i < sizeof bytes; i++)
            bytes[i] = pattern(sent + i);
        const uint32_t rest = length - sent < sizeof bytes ? length - sent : (uint32_t)sizeof bytes;
        const int64_t taken = rest == 0 ? 0 : septet_send(p->stack, from, bytes, rest, 0);
        sent += taken > 0 ? (uint32_t)taken : 0;
        settle(p);
        const int64_t came = septet_receive(p->stack, to, bytes, sizeof bytes);
        assert_true(came > 0 || came == SEPTET_AGAIN);
        for (int64_t i = 0; i < came; i++)
            assert_int_equal(bytes[i], pattern(got + (uint32_t)i));
        got += came > 0 ? (uint32_t)came : 0;
        if (came == SEPTET_AGAIN)
            advance(p, MS(1));
    }
}

/* A connection of two ends in one stack: opened, used in both directions, closed. */
static void own_address(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct pair pair = connect_to_self(version);
        struct peer *p = pair.p;
        transfer(p, pair.client, pair.server, 3000000);
        transfer(p, pair.server, pair.client, 1000000);
        assert_int_equal(septet_shutdown(p->stack, pair.client), SEPTET_OK);
        settle(p);
        uint8_t byte;
        assert_int_equal(septet_receive(p->stack, pair.server, &byte, 1), 0);
        assert_int_equal(septet_shutdown(p->stack, pair.server), SEPTET_OK);
        settle(p);
        advance(p, S(1));
        assert_int_equal(septet_state(p->stack, pair.client), SEPTET_STATE_time_wait);
        assert_int_equal(septet_state(p->stack, pair.server), SEPTET_STATE_closed);
        assert_int_equal(counted(p, SEPTET_COUNTER_RetransSegs), 0);
        peer_end(p);
    }
}

/* Both ends let go at once, with data on its way. */
static void both_close(void **state)
{
    (void)state;
    struct pair pair = connect_to_self(4);
    struct peer *p = pair.p;
    uint8_t bytes[1000] = {0};
    assert_int_equal(septet_send(p->stack, pair.client, bytes, sizeof bytes, 0), sizeof bytes);
    assert_int_equal(septet_close(p->stack, pair.client), SEPTET_OK);
    assert_int_equal(septet_close(p->stack, pair.server), SEPTET_OK);
    settle(p);
    drain_events(p, 0);
    advance(p, S(61));
    assert_int_equal(usage_of(p).connections, 0);
    peer_end(p);
}

/* One end aborts. */
static void abort_to_self(void **state)
{
    (void)state;
    struct pair pair = connect_to_self(6);
    struct peer *p = pair.p;
    assert_int_equal(septet_abort(p->stack, pair.server), SEPTET_OK);
    settle(p);
    advance(p, S(1));
    expect_event(p, pair.client, SEPTET_EVENT_CLOSED, SEPTET_CONNECTION_RESET);
    peer_end(p);
}

/* Nobody listens. */
static void refused_by_self(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    assert_int_equal(septet_connect(p->stack, NULL, 0, &p->ours, 81, &p->flow->handle), SEPTET_OK);
    settle(p);
    advance(p, S(1));
    expect_event(p, p->flow->handle, SEPTET_EVENT_CLOSED, SEPTET_CONNECTION_REFUSED);
    peer_end(p);
}

/* A port to itself: a simultaneous open of one connection with itself (S97). What it says it hears. */
static void self_connection(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        septet_handle handle;
        assert_int_equal(septet_connect(p->stack, &p->ours, 5000, &p->ours, 5000, &handle), SEPTET_OK);
        p->flow->handle = handle;
        settle(p);
        advance(p, S(1));
        expect_state(p, established);
        assert_int_equal(usage_of(p).connections, 1);
        transfer(p, handle, handle, 500000);
        assert_int_equal(septet_shutdown(p->stack, handle), SEPTET_OK);
        settle(p);
        advance(p, S(5));
        expect_state(p, time_wait);
        assert_int_equal(read_none(p), 0);
        advance(p, S(60));
        expect_state(p, closed);
        peer_end(p);
    }
}

/* Appendix A.2: its window is closed and probed by itself; it opens again. */
static void self_connection_with_closed_window(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 5000;
    struct peer *p = peer_new(4, &config);
    septet_handle handle;
    assert_int_equal(septet_connect(p->stack, &p->ours, 5000, &p->ours, 5000, &handle), SEPTET_OK);
    p->flow->handle = handle;
    settle(p);
    advance(p, S(1));
    write_all(p, 20000);
    advance(p, S(20));
    assert_in_range(septet_receive_available(p->stack, handle), 4000, 5000);
    for (uint32_t turn = 0; p->flow->read < 20000; turn++) {
        assert_true(turn < 60);
        const int64_t there = septet_receive_available(p->stack, handle);
        read_bytes(p, (uint32_t)there);
        advance(p, S(1));
    }
    peer_end(p);
}

/* Appendix A.2: two ends with closed windows, both with data; each learns that the other's has opened. */
static void both_windows_closed(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 5000;
    struct peer *p = peer_new(4, &config);
    septet_handle end[2];
    uint8_t bytes[20000] = {0};
    listen_on(p, 80);
    assert_int_equal(septet_connect(p->stack, NULL, 0, &p->ours, 80, &end[0]), SEPTET_OK);
    settle(p);
    assert_int_equal(septet_accept(p->stack, p->listener, &end[1]), SEPTET_OK);
    p->flow->handle = end[0];
    flow_new(p, 1, 1)->handle = end[1];
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(septet_send(p->stack, end[i], bytes, sizeof bytes, 0), sizeof bytes);
    advance(p, S(30)); /* both probe */
    uint32_t got[2] = {0, 0};
    for (uint32_t turn = 0; turn < 100 && (got[0] < 20000 || got[1] < 20000); turn++) {
        for (uint32_t i = 0; i < 2; i++) {
            const int64_t came = septet_receive(p->stack, end[i], bytes, sizeof bytes);
            got[i] += came > 0 ? (uint32_t)came : 0;
        }
        advance(p, MS(500));
    }
    assert_int_equal(got[0], 20000);
    assert_int_equal(got[1], 20000);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_address),         cmocka_unit_test(both_close),
        cmocka_unit_test(abort_to_self),       cmocka_unit_test(refused_by_self),
        cmocka_unit_test(self_connection),     cmocka_unit_test(self_connection_with_closed_window),
        cmocka_unit_test(both_windows_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
