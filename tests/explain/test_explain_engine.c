#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "explain/store.h"
#include "septet/config.h"
#include "septet/tcp.h"

/* The engine on conversations made segment by segment: what is found, and what is not. */

#define SYN TCP_SYN
#define ACK TCP_ACK
#define RST TCP_RST
#define FIN TCP_FIN

struct made {
    uint8_t side;
    uint16_t flags;
    uint32_t seq, ack, length;
    uint16_t window;
    int64_t after; /* ms since the one before */
};

static void take(struct explain *explain, const struct made *made, uint64_t number, int64_t time)
{
    const struct septet_address end[2] = {septet_address_ipv4(10, 0, 0, 1), septet_address_ipv4(10, 0, 0, 2)};
    uint8_t bytes[TCP_HEADER + TCP_OPTIONS_MAX] = {0};
    struct dissection d = {.is_ip = true, .is_tcp = true, .payload_length = made->length};
    d.ip = (struct ip){.source = end[made->side],
                       .destination = end[!made->side],
                       .version = 4,
                       .ttl = 64,
                       .identification = (uint32_t)number};
    d.tcp = (struct tcp_header){.source_port = made->side ? 80 : 40000,
                                .destination_port = made->side ? 40000 : 80,
                                .seq = made->seq,
                                .ack = made->ack,
                                .flags = made->flags,
                                .header_length = TCP_HEADER,
                                .window = made->window};
    if (made->flags & SYN) {
        d.options_captured = (uint8_t)tcp_option_mss(bytes + TCP_HEADER, 1460);
        d.tcp.header_length += d.options_captured;
    }
    const struct explain_frame frame = {.number = number,
                                        .time = time,
                                        .captured = sizeof bytes,
                                        .original = sizeof bytes,
                                        .bytes = bytes,
                                        .dissection = &d};
    explain_frame(explain, &frame);
}

/* A handshake with a round trip of 20 ms, then what is given. */
static void tell(struct store *store, const struct made *made, size_t count)
{
    static const struct made handshake[] = {
        {0, SYN, 99, 0, 0, 60000, 0}, {1, SYN | ACK, 499, 100, 0, 60000, 20}, {0, ACK, 100, 500, 0, 60000, 0}};
    *store = (struct store){.all_segments = true};
    const struct explain_config config = {.observer = store_observer(store)};
    struct explain *explain = explain_create(&config);
    int64_t time = SEPTET_SECOND;
    assert_non_null(explain);
    for (size_t i = 0; i < 3 + count; i++) {
        const struct made *next = i < 3 ? &handshake[i] : &made[i - 3];
        time += next->after * SEPTET_MILLISECOND;
        take(explain, next, i + 1, time);
    }
    explain_finish(explain);
    explain_destroy(explain);
    assert_int_equal(store->count, 1);
}

static const struct explain_finding *find(const struct store *store, unsigned kind)
{
    const struct explain_conversation *c = &store->stored[0]->conversation;
    for (uint32_t i = 0; i < c->findings; i++)
        if (c->finding[i].kind == kind)
            return &c->finding[i];
    return NULL;
}

static void test_challenge_ack(void **state)
{
    const struct made taken[] = {{0, RST, 150, 0, 0, 0, 10}};
    const struct made refused[] = {{0, RST, 150, 0, 0, 0, 10}, {1, ACK, 500, 100, 0, 60000, 25}};
    struct store store;
    (void)state;
    tell(&store, taken, 1);
    assert_null(find(&store, explain_finding_challenge_ack));
    assert_int_equal(store.stored[0]->segment[3].state[1].state, SEPTET_STATE_closed);
    store_end(&store);
    tell(&store, refused, 2);
    assert_non_null(find(&store, explain_finding_challenge_ack));
    assert_int_equal(store.stored[0]->segment[4].state[1].state, SEPTET_STATE_established);
    store_end(&store);
}

static void test_super_packets(void **state)
{
    const struct made usual[] = {{0, ACK, 100, 500, 1460, 60000, 1}};
    const struct made large[] = {{0, ACK, 100, 500, 14600, 60000, 1}};
    struct store store;
    (void)state;
    tell(&store, usual, 1);
    assert_null(find(&store, explain_finding_super_packets));
    store_end(&store);
    tell(&store, large, 1);
    assert_int_equal(find(&store, explain_finding_super_packets)->bytes, 14600);
    store_end(&store);
}

static void test_silly_window(void **state)
{
    struct made made[40];
    struct store store;
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        made[2 * i] = (struct made){1, ACK, 500, 100 + 50 * i, 0, 50, 10};
        made[2 * i + 1] = (struct made){0, ACK, 100 + 50 * i, 500, 50, 60000, 10};
    }
    tell(&store, made, 40);
    assert_non_null(find(&store, explain_finding_silly_window));
    store_end(&store);
    for (uint32_t i = 0; i < 20; i++)
        made[2 * i].window = 60000; /* small segments, but because there is not more to send */
    tell(&store, made, 40);
    assert_null(find(&store, explain_finding_silly_window));
    assert_null(find(&store, explain_finding_window_full));
    store_end(&store);
}

static void test_crossed_fins(void **state)
{
    const struct made made[] = {{0, FIN | ACK, 100, 500, 0, 60000, 10},
                                {1, FIN | ACK, 500, 100, 0, 60000, 5},
                                {0, ACK, 101, 501, 0, 60000, 5},
                                {1, ACK, 501, 101, 0, 60000, 5}};
    struct store store;
    (void)state;
    tell(&store, made, 4);
    const struct explain_segment *s = store.stored[0]->segment;
    assert_int_equal(s[4].state[1].state, SEPTET_STATE_fin_wait_1);
    assert_int_equal(s[5].state[0].state, SEPTET_STATE_closing);
    assert_false(s[5].state[0].inferred);
    assert_int_equal(store.stored[0]->conversation.teardown, explain_teardown_simultaneous);
    store_end(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_challenge_ack),
        cmocka_unit_test(test_super_packets),
        cmocka_unit_test(test_silly_window),
        cmocka_unit_test(test_crossed_fins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
