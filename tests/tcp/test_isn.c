/* Numbers that nobody may guess: initial sequence numbers (RFC 9293 section 3.4.1), ports (RFC 6056), timestamp
 * offsets (RFC 7323 section 5.4). Attacks A1, A9, A10. */
#include "support/peer.h"

static struct peer *with_seed(uint64_t seed)
{
    struct septet_config config;
    peer_config(&config);
    config.seed[1] = seed;
    config.half_open = 4096;
    struct peer *p = peer_new(4, &config);
    listen_on(p, 80);
    return p;
}

/* The ISS in the SYN,ACK for a peer's port. */
static uint32_t iss_for(struct peer *p, uint16_t peer_port)
{
    p->flow->peer_port = peer_port;
    inject(p, SYN, .seq = 0, .mss = 1460, .ts_val = 1, .ts_ecr = 0);
    const uint32_t iss = expect(p, SYN | ACK)->iss;
    inject(p, RST, .seq = 1);
    return iss;
}

/* MUST-8: the clock ticks every 4 us; the same ends get ever higher numbers. */
static void clock(void **state)
{
    (void)state;
    struct peer *p = with_seed(1);
    uint32_t before = iss_for(p, 1000);
    for (uint32_t i = 1; i < 50; i++) {
        sleep_for(p, MS(i));
        const uint32_t now = iss_for(p, 1000);
        assert_int_equal(now - before, i * 250);
        before = now;
    }
    connect_out(p);
    uint32_t first = expect(p, SYN)->iss;
    septet_abort(p->stack, p->flow->handle);
    sleep_for(p, S(1));
    connect_out(p);
    assert_int_equal(expect(p, SYN)->iss - first, 250000);
    peer_end(p);
}

/* Bits that are set about half the time. */
static void assert_even(const uint32_t *values, uint32_t count)
{
    for (uint32_t bit = 0; bit < 32; bit++) {
        uint32_t set = 0;
        for (uint32_t i = 0; i < count; i++)
            set += values[i] >> bit & 1;
        assert_in_range(set, count * 2 / 5, count * 3 / 5);
    }
}

/* MUST-9, A1 (W38): at one instant the numbers of different ends have nothing in common, nor have their differences. */
static void unrelated(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    static uint32_t values[COUNT], differences[COUNT - 1];
    struct peer *p = with_seed(1);
    for (uint16_t i = 0; i < COUNT; i++)
        values[i] = iss_for(p, (uint16_t)(1000 + i));
    for (uint16_t i = 0; i + 1 < COUNT; i++)
        differences[i] = values[i + 1] - values[i];
    assert_even(values, COUNT);
    assert_even(differences, COUNT - 1);
    for (uint32_t i = 0; i < COUNT; i++)
        for (uint32_t j = 0; j < i; j++)
            assert_int_not_equal(values[i], values[j]); /* by luck once in 2000 seeds */
    peer_end(p);
}

/* MUST-9: another boot, another key. */
static void reboot(void **state)
{
    (void)state;
    uint32_t values[500];
    for (uint32_t seed = 0; seed < 500; seed++) {
        struct peer *p = with_seed(seed);
        values[seed] = iss_for(p, 1000);
        peer_end(p);
    }
    assert_even(values, 500);
}

/* RFC 6056, A9: automatic ports are within the range and random, and one destination's say nothing of another's. */
static void ports(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct peer *p = peer_new(4, NULL);
    uint32_t near = 0, low = 0;
    int32_t before = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        struct septet_tuple tuple;
        septet_handle handle;
        assert_int_equal(septet_connect(p->stack, NULL, 0, &p->theirs, (uint16_t)(80 + i % 2), &handle), SEPTET_OK);
        assert_int_equal(septet_tuple_get(p->stack, handle, &tuple), SEPTET_OK);
        assert_in_range(tuple.local_port, 32768, 60999);
        const int32_t step = tuple.local_port - before;
        near += step > -100 && step < 100;
        low += tuple.local_port < 46884;
        before = tuple.local_port;
        septet_abort(p->stack, handle);
        p->quiet = true;
        drain(p);
    }
    assert_in_range(near, 0, COUNT / 50);
    assert_in_range(low, COUNT * 2 / 5, COUNT * 3 / 5);
    peer_end(p);
}

/* A port that is listened on, or has a connection to the same destination, is not chosen; in the end none is left. */
static void ports_run_out(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.port_low = 2000;
    config.tcp.port_high = 2003;
    struct peer *p = peer_new(4, &config);
    septet_handle handle;
    listen_on(p, 2001);
    for (uint16_t i = 0; i < 3; i++) {
        flow_use(p, flow_new(p, 0, 8080));
        connect_out(p);
        expect(p, SYN);
        assert_in_range(p->flow->local_port, 2000, 2003);
        assert_int_not_equal(p->flow->local_port, 2001);
    }
    assert_int_equal(septet_connect(p->stack, NULL, 0, &p->theirs, 8080, &handle), SEPTET_NO_PORTS);
    flow_use(p, flow_new(p, 0, 8081)); /* to another port they are free */
    connect_out(p);
    expect(p, SYN);
    for (uint16_t i = 0; i < 3; i++)
        assert_int_equal(septet_listen(p->stack, NULL, 0, 1, &handle), SEPTET_OK);
    assert_int_equal(septet_listen(p->stack, NULL, 0, 1, &handle), SEPTET_NO_PORTS);
    struct septet_usage usage = usage_of(p);
    assert_int_equal(usage.listeners, 4);
    for (uint32_t index = 1; index <= 4; index++)
        septet_close(p->stack, (handle & ~UINT64_C(0xffffffff)) | index);
    p->listener = 0;
    peer_end(p);
}

/* A10: the timestamp clock of one pair of hosts says nothing of another's nor of the time since boot, and goes on from
 * one connection of a pair to the next. */
static void timestamp_offsets(void **state)
{
    (void)state;
    uint32_t offsets[200];
    struct peer *p = with_seed(1);
    for (uint32_t i = 0; i < 200; i++) {
        p->theirs.bytes[15] = (uint8_t)(2 + i);
        (void)iss_for(p, 1000);
        offsets[i] = p->last.options.ts_val;
    }
    assert_even(offsets, 200);
    (void)iss_for(p, 1000);
    const uint32_t before = p->last.options.ts_val;
    sleep_for(p, MS(5));
    (void)iss_for(p, 2000);
    assert_int_equal(p->last.options.ts_val - before, 5);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock), cmocka_unit_test(unrelated),     cmocka_unit_test(reboot),
        cmocka_unit_test(ports), cmocka_unit_test(ports_run_out), cmocka_unit_test(timestamp_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
