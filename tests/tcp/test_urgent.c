/* Urgent data: RFC 9293 sections 3.8.5 and 3.10.7.4 sixth, and attack A25. */
#include "support/peer.h"

static int64_t remaining(struct peer *p) { return septet_urgent_remaining(p->stack, p->flow->handle); }
#define URGENT SEPTET_EVENT_URGENT
#define READABLE SEPTET_EVENT_READABLE

static struct peer *open_one(void)
{
    struct peer *p = peer_new(4, NULL);
    passive(p);
    return p;
}

/* MUST-30, MUST-62 (W108): the pointer names the octet after the last urgent one. */
static void sent(void **state)
{
    (void)state;
    struct peer *p = open_one();
    assert_int_equal(write_some(p, 2, SEPTET_SEND_URGENT), 2);
    expect(p, ACK | PSH | URG, .seq = 1, .length = 2, .urgent = 2);
    write_all(p, 3); /* Nagle does not hold back what follows urgent data that is on its way */
    drain(p);
    inject(p, ACK, .seq = 1, .ack = 6);
    write_all(p, 3);
    expect(p, ACK | PSH, .seq = 6, .length = 3);
    peer_end(p);
}

/* MUST-31: urgent data of any length: each segment points to its end. */
static void long_run_sent(void **state)
{
    (void)state;
    for (uint32_t offload = 0; offload < 2; offload++) {
        struct peer *p = peer_new_link(4, NULL, 1500, offload ? SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO : 0);
        passive(p);
        assert_int_equal(write_some(p, 5000, SEPTET_SEND_URGENT), 5000);
        for (uint32_t seq = 1; seq < 4381; seq += 1460)
            expect(p, ACK | URG, .seq = seq, .length = 1460, .urgent = 5001 - seq);
        expect(p, ACK | PSH | URG, .seq = 4381, .length = 620, .urgent = 620);
        inject(p, ACK, .seq = 1, .ack = 1461);
        advance(p, S(3));
        expect(p, ACK | URG, .seq = 1461, .length = 1460, .urgent = 5001 - 1461); /* again */
        drain(p);
        peer_end(p);
    }
}

/* More than the pointer can express: it points as far as it can. */
static void very_long_run_sent(void **state)
{
    (void)state;
    struct peer *p = peer_new(4, NULL);
    p->offer.scale = 7;
    passive(p);
    inject(p, ACK, .seq = 1, .ack = 1);
    assert_int_equal(write_some(p, 100000, SEPTET_SEND_URGENT), 100000);
    uint32_t acked = 1;
    for (uint32_t turn = 0; acked < 100001 && turn < 100; turn++) {
        for (const struct seen *seen; (seen = take(p)) != NULL;) {
            const uint32_t ahead = 100001 - seen->seq;
            assert_true(seen->flags & URG);
            assert_int_equal(seen->urgent, ahead > 65535 ? 65535 : ahead);
            acked = seen->seq + seen->length;
        }
        inject(p, ACK, .seq = 1, .ack = acked);
    }
    assert_int_equal(acked, 100001);
    peer_end(p);
}

/* Urgent data goes at once: into a closed window as a probe, past Nagle. */
static void sent_at_once(void **state)
{
    (void)state;
    struct peer *p = open_one();
    write_all(p, 10);
    expect(p, ACK | PSH, .seq = 1, .length = 10);
    assert_int_equal(write_some(p, 1, SEPTET_SEND_URGENT), 1);
    expect(p, ACK | PSH | URG, .seq = 11, .length = 1, .urgent = 1);
    peer_end(p);
}

/* MUST-31, MUST-32, MUST-33: notice on the first pointer and on each advance, not on repetitions; how much is left. */
static void received(void **state)
{
    (void)state;
    struct peer *p = open_one();
    inject(p, ACK | URG, .seq = 1, .ack = 1, .length = 1000, .urgent = 5000);
    expect_event(p, p->flow->handle, URGENT | READABLE, SEPTET_OK);
    assert_int_equal(remaining(p), 5000);
    inject(p, ACK | URG, .seq = 1001, .ack = 1, .length = 1000, .urgent = 4000); /* the same place */
    expect_event(p, p->flow->handle, READABLE, SEPTET_OK);
    inject(p, ACK | URG, .seq = 2001, .ack = 1, .length = 1000, .urgent = 2000); /* an older place */
    expect_event(p, p->flow->handle, READABLE, SEPTET_OK);
    read_bytes(p, 3000);
    assert_int_equal(remaining(p), 2000);
    inject(p, ACK | URG, .seq = 3001, .ack = 1, .length = 1000, .urgent = 2010); /* ten further */
    expect_event(p, p->flow->handle, URGENT | READABLE, SEPTET_OK);
    assert_int_equal(remaining(p), 2010);
    inject(p, ACK | PSH, .seq = 4001, .ack = 1, .length = 1400);
    read_bytes(p, 2009);
    assert_int_equal(remaining(p), 1);
    read_bytes(p, 1);
    assert_int_equal(remaining(p), 0);
    read_bytes(p, 390);
    drain_events(p, 0);
    inject(p, ACK | URG, .seq = 5401, .ack = 1, .length = 10, .urgent = 3); /* a new run */
    expect_event(p, p->flow->handle, URGENT | READABLE, SEPTET_OK);
    assert_int_equal(remaining(p), 3);
    peer_end(p);
}

/* MUST-66: the pointer counts with a closed window, also when its data does not. */
static void received_with_closed_window(void **state)
{
    (void)state;
    struct septet_config config;
    peer_config(&config);
    config.tcp.receive_buffer = 1000;
    struct peer *p = peer_new(4, &config);
    passive(p);
    inject(p, ACK, .seq = 1, .ack = 1, .length = 1000);
    advance(p, S(1));
    expect(p, ACK, .ack = 1001, .window = 0);
    drain_events(p, 0);
    inject(p, ACK | URG, .seq = 1001, .ack = 1, .urgent = 20);
    expect_event(p, p->flow->handle, URGENT, SEPTET_OK);
    assert_int_equal(remaining(p), 1020);
    inject(p, ACK | URG, .seq = 1001, .ack = 1, .length = 30, .urgent = 30);
    expect(p, ACK, .ack = 1001, .window = 0);
    expect_event(p, p->flow->handle, URGENT, SEPTET_OK);
    assert_int_equal(remaining(p), 1030);
    read_bytes(p, 1000);
    assert_int_equal(remaining(p), 30);
    peer_end(p);
}

/* A25 (W105-W107): any pointer, with any data, in any order, is no length and takes nothing away. */
static void any_pointer(void **state)
{
    (void)state;
    static const uint32_t pointers[] = {0, 1, 9, 10, 11, 100, 65535};
    for (size_t first = 0; first < 7; first++) {
        for (size_t second = 0; second < 7; second++) {
            for (uint32_t late = 0; late < 2; late++) {
                struct peer *p = open_one();
                inject(p, ACK | URG, .seq = late ? 11 : 1, .ack = 1, .length = 10, .urgent = pointers[first]);
                inject(p, ACK | URG, .seq = late ? 1 : 11, .ack = 1, .length = 10, .urgent = pointers[second]);
                assert_true(remaining(p) >= 0 && remaining(p) <= 10 + 65535);
                read_bytes(p, 20);
                assert_true(remaining(p) >= 0 && remaining(p) <= 65535);
                inject(p, FIN | ACK | URG, .seq = 21, .ack = 1, .urgent = pointers[second]);
                assert_int_equal(read_none(p), 0);
                peer_end(p);
            }
        }
    }
}

/* A pointer without the flag is nothing; so is one to data that was read long ago. */
static void no_notice(void **state)
{
    (void)state;
    struct peer *p = open_one();
    inject(p, ACK, .seq = 1, .ack = 1, .length = 100, .urgent = 50);
    expect_event(p, p->flow->handle, READABLE, SEPTET_OK);
    read_bytes(p, 100);
    inject(p, ACK | URG, .seq = 101, .ack = 1, .urgent = 0);
    expect_no_event(p);
    assert_int_equal(remaining(p), 0);
    peer_end(p);
}

/* SHLD-13: nothing is urgent that the application did not call so. */
static void never_unasked(void **state)
{
    (void)state;
    struct peer *p = open_one();
    inject(p, ACK | URG, .seq = 1, .ack = 1, .length = 10, .urgent = 10);
    write_all(p, 3000);
    for (const struct seen *seen; (seen = take(p)) != NULL;)
        assert_false(seen->flags & URG);
    peer_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sent),         cmocka_unit_test(long_run_sent), cmocka_unit_test(very_long_run_sent),
        cmocka_unit_test(sent_at_once), cmocka_unit_test(received),      cmocka_unit_test(received_with_closed_window),
        cmocka_unit_test(any_pointer),  cmocka_unit_test(no_notice),     cmocka_unit_test(never_unasked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
