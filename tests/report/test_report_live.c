#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/live.h"
#include "septet/config.h"
#include "wire/tcp.h"

#include <string.h>

/* What is drawn, line by line in one text. */
static char drawn[32768];
static size_t drawn_length;
static struct live live;

static void write_text(void *context, const char *text, size_t length)
{
    (void)context;
    assert_true(drawn_length + length < sizeof drawn);
    memcpy(drawn + drawn_length, text, length);
    drawn_length += length;
    drawn[drawn_length] = '\0';
}

static int begin(void **state)
{
    const struct ladder ladder = {.write = write_text, .width = 80};

    (void)state;
    drawn_length = 0;
    drawn[0] = '\0';
    live_begin(&live, &ladder);
    return 0;
}

static struct septet_tuple tuple_of(uint16_t port)
{
    return (struct septet_tuple){septet_address_ipv4(10, 7, 0, 2), septet_address_ipv4(10, 7, 0, 1), 80, port};
}

static void tell(uint16_t port, unsigned kind, int64_t time, uint64_t v0, uint64_t v1, uint64_t v2, uint64_t v3,
                 uint64_t v4, uint64_t v5)
{
    struct septet_tuple tuple = tuple_of(port);
    struct septet_trace_event event = {
        .time = time, .kind = (uint16_t)kind, .tuple = &tuple, .value = {v0, v1, v2, v3, v4, v5}};

    live_trace(&live, &event);
}

static void received(uint16_t port, uint32_t seq, uint32_t ack, uint16_t flags, uint32_t length)
{
    tell(port, SEPTET_TRACE_segment_received, 1000, seq, ack, flags, length, 1000, 0);
}

static void sent(uint16_t port, uint32_t seq, uint32_t ack, uint16_t flags, uint32_t length, bool again)
{
    tell(port, SEPTET_TRACE_segment_sent, 2000, seq, ack, flags, length, 1000, again);
}

static void state_is(uint16_t port, unsigned from, unsigned to)
{
    tell(port, SEPTET_TRACE_state, 3000, from, to, 0, 0, 0, 0);
}

/* How often a text stands in what was drawn. */
static unsigned count(const char *text)
{
    unsigned found = 0;

    for (const char *at = drawn; (at = strstr(at, text)) != NULL; at += strlen(text)) {
        found++;
    }
    return found;
}

/* The line that a text stands in holds another one, too. */
static bool together(const char *text, const char *other)
{
    const char *at = strstr(drawn, text);
    const char *end = at != NULL ? strchr(at, '\n') : NULL;
    const char *start = at;
    char line[400];

    if (end == NULL) {
        return false;
    }
    while (start > drawn && start[-1] != '\n') {
        start--;
    }
    memcpy(line, start, (size_t)(end - start));
    line[end - start] = '\0';
    return strstr(line, other) != NULL;
}

static void seven_segments(void **state)
{
    (void)state;
    received(40000, 100, 0, TCP_SYN, 0);
    state_is(40000, SEPTET_STATE_closed, SEPTET_STATE_syn_received);
    sent(40000, 500, 101, TCP_SYN | TCP_ACK, 0, false);
    received(40000, 101, 501, TCP_ACK, 0);
    state_is(40000, SEPTET_STATE_syn_received, SEPTET_STATE_established);
    received(40000, 101, 501, TCP_FIN | TCP_ACK, 0);
    state_is(40000, SEPTET_STATE_established, SEPTET_STATE_close_wait);
    sent(40000, 501, 102, TCP_ACK, 0, false);
    state_is(40000, SEPTET_STATE_close_wait, SEPTET_STATE_last_ack);
    sent(40000, 501, 102, TCP_FIN | TCP_ACK, 0, false);
    received(40000, 102, 502, TCP_ACK, 0);
    state_is(40000, SEPTET_STATE_last_ack, SEPTET_STATE_closed);
    live_flush(&live, 4000, true);
    assert_int_equal(count("10.7.0.2:80"), 1);
    assert_int_equal(count("10.7.0.1:40000"), 1);
    assert_true(together("SYN-RECEIVED", " SYN seq=0"));
    assert_true(together("ESTABLISHED", "ACK seq=1 ack=1"));
    assert_true(together("CLOSE-WAIT", "FIN+ACK seq=1"));
    assert_true(together("LAST-ACK", "FIN+ACK seq=1"));
    assert_true(together("CLOSED", "ACK seq=2 ack=2"));
}

static void long_runs_are_folded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        sent(40000, 1000 + i * 100, 7, TCP_ACK, 100, false);
        received(40000, 7, 1100 + i * 100, TCP_ACK, 0);
    }
    live_flush(&live, 4000, false);
    assert_int_equal(count(" more"), 0);
    live_flush(&live, SEPTET_SECOND, false);
    assert_int_equal(count("192 more, 96 with 9600 bytes"), 1);
    sent(40000, 1000, 7, TCP_ACK, 100, true);
    live_flush(&live, SEPTET_SECOND, true);
    assert_int_equal(count(" more"), 1);
    assert_true(together("=", "len=100"));
}

static void drops_have_their_reason(void **state)
{
    (void)state;
    received(40000, 100, 0, TCP_SYN | TCP_FIN, 0);
    tell(40000, SEPTET_TRACE_segment_dropped, 1000, 100, 0, TCP_SYN | TCP_FIN, 0, SEPTET_DROP_tcp_flags, 0);
    live_flush(&live, 4000, true);
    assert_int_equal(count("not taken: tcp_flags"), 1);
}

/* More connections than are remembered, in turns: each gets its head, nothing is mixed up. */
static void many_connections(void **state)
{
    (void)state;
    for (uint16_t port = 1; port <= 2 * LIVE_CONNECTIONS; port++) {
        received(port, port * 1000u, 0, TCP_SYN, 0);
        state_is(port, SEPTET_STATE_closed, SEPTET_STATE_syn_received);
    }
    live_flush(&live, 4000, true);
    assert_int_equal(count("SYN-RECEIVED"), 2 * LIVE_CONNECTIONS);
    assert_int_equal(count("10.7.0.2:80"), 2 * LIVE_CONNECTIONS);
    assert_int_equal(count("SYN seq=0"), 2 * LIVE_CONNECTIONS);
}

/* Events that are about no conversation are passed over. */
static void other_events(void **state)
{
    struct septet_trace_event event = {.kind = SEPTET_TRACE_neighbor};

    (void)state;
    live_trace(&live, &event);
    tell(0, SEPTET_TRACE_state, 0, SEPTET_STATE_closed, SEPTET_STATE_listen, 0, 0, 0, 0);
    live_flush(&live, 4000, true);
    assert_int_equal(drawn_length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(seven_segments, begin),
        cmocka_unit_test_setup(long_runs_are_folded, begin),
        cmocka_unit_test_setup(drops_have_their_reason, begin),
        cmocka_unit_test_setup(many_connections, begin),
        cmocka_unit_test_setup(other_events, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
