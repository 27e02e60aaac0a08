/* Opening: RFC 9293 sections 3.5, 3.10.1, 3.10.7.2 and 3.10.7.3. */
#include "support/peer.h"

/* Figure 6 seen from the passive side: MUST-11 begins with knowing it is passive. */
static void passive_open(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        listen_on(p, 80);
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, SYN | ACK, .seq = 0, .ack = 1, .mss = version == 4 ? 1460 : 1440, .scale = ABSENT, .timestamps = 0,
               .sack_permitted = 0);
        assert_int_equal(usage_of(p).half_open, 1);
        assert_int_equal(usage_of(p).connections, 0);
        expect_no_event(p);
        inject(p, ACK, .seq = 1, .ack = 1);
        expect_nothing(p);
        expect_event(p, p->listener, SEPTET_EVENT_ACCEPT, SEPTET_OK);
        accept_one(p);
        expect_state(p, established);
        inject(p, ACK | PSH, .seq = 1, .ack = 1, .length = 100);
        advance(p, MS(40));
        expect(p, ACK, .seq = 1, .ack = 101, .at = MS(40));
        read_bytes(p, 100);
        write_all(p, 200);
        expect(p, ACK | PSH, .seq = 1, .ack = 101, .length = 200);
        peer_end(p);
    }
}

/* Figure 6 seen from the active side. */
static void active_open(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 6; version += 2) {
        struct peer *p = peer_new(version, NULL);
        connect_out(p);
        expect_state(p, syn_sent);
        expect(p, SYN, .seq = 0, .mss = version == 4 ? 1460 : 1440, .sack_permitted = 1, .timestamps = 1, .scale = 7);
        expect_nothing(p);
        inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
        expect(p, ACK, .seq = 1, .ack = 1, .timestamps = 0);
        expect_event(p, p->flow->handle, SEPTET_EVENT_CONNECTED | SEPTET_EVENT_WRITABLE, SEPTET_OK);
        expect_no_event(p);
        expect_state(p, established);
        peer_end(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passive_open),
        cmocka_unit_test(active_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
