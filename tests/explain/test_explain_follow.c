#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/follow.h"

static char told[4096];
static struct explain_conversation conversation;

static void on_data(void *context, const struct explain_conversation *of, uint8_t side, const uint8_t *bytes,
                    uint32_t length)
{
    (void)context;
    (void)of;
    size_t at = strlen(told);
    snprintf(told + at, sizeof told - at, "%c%.*s ", side ? '<' : '>', (int)length, (const char *)bytes);
}

static void on_missing(void *context, const struct explain_conversation *of, uint8_t side, uint32_t length)
{
    (void)context;
    (void)of;
    size_t at = strlen(told);
    snprintf(told + at, sizeof told - at, "%c[%u] ", side ? '<' : '>', length);
}

static struct follow *begin(void)
{
    static const struct follow_listener listener = {NULL, on_data, on_missing};
    told[0] = '\0';
    conversation = (struct explain_conversation){.stream = 0};
    conversation.end[0].isn_known = conversation.end[1].isn_known = true;
    conversation.end[0].isn = UINT32_MAX - 4; /* numbers run over */
    conversation.end[1].isn = 100;
    return follow_create(&listener);
}

/* Data at `offset` behind the SYN. */
static void send_cut(struct follow *follow, uint8_t side, uint32_t offset, const char *text, uint32_t captured,
                     uint32_t acknowledged)
{
    struct explain_segment segment = {.side = side,
                                      .seq = conversation.end[side].isn + 1 + offset,
                                      .ack = conversation.end[!side].isn + 1 + acknowledged,
                                      .flags = TCP_ACK,
                                      .length = (uint32_t)strlen(text)};
    uint8_t *exact = malloc(captured ? captured : 1);
    memcpy(exact, text, captured);
    follow_take(follow, &conversation, &segment, exact, captured);
    free(exact);
}

static void send(struct follow *follow, uint8_t side, uint32_t offset, const char *text, uint32_t acknowledged)
{
    send_cut(follow, side, offset, text, (uint32_t)strlen(text), acknowledged);
}

static void end(struct follow *follow, const char *expected)
{
    follow_finish(follow, &conversation);
    follow_destroy(follow);
    assert_string_equal(told, expected);
}

static void in_order(void **state)
{
    (void)state;
    struct follow *follow = begin();
    send(follow, 0, 0, "hello", 0);
    send(follow, 1, 0, "world", 5);
    send(follow, 0, 5, "again", 5);
    end(follow, ">hello <world >again ");
}

static void resent_and_overlapping(void **state)
{
    (void)state;
    struct follow *follow = begin();
    send(follow, 0, 0, "hello", 0);
    send(follow, 0, 0, "hello", 0);
    send(follow, 0, 3, "lo you", 0);
    send(follow, 0, 2, "llo", 0);
    end(follow, ">hello > you ");
}

static void out_of_order(void **state)
{
    (void)state;
    struct follow *follow = begin();
    send(follow, 0, 6, "ghi", 0);
    send(follow, 0, 3, "def", 0);
    send(follow, 0, 0, "abc", 0);
    send(follow, 0, 9, "jkl", 0);
    end(follow, ">abc >def >ghi >jkl ");
}

static void what_is_missing_is_told(void **state)
{
    (void)state;
    struct follow *follow = begin();
    send(follow, 0, 4, "efg", 0);
    assert_string_equal(told, "");
    send(follow, 1, 0, "", 7); /* the receiver has it all: the capture has not */
    assert_string_equal(told, ">[4] >efg ");
    send_cut(follow, 0, 7, "hijk", 2, 0);
    send(follow, 0, 20, "end", 0);
    end(follow, ">[4] >efg >hi >[2] >[9] >end ");
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct follow *follow = begin();
    for (uint32_t i = 0; i < 20000; i++)
        send_cut(follow, (uint8_t)(i & 1), 10 + 3 * i, "x", 0, 0);
    follow_destroy(follow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),          cmocka_unit_test(resent_and_overlapping),
        cmocka_unit_test(out_of_order),      cmocka_unit_test(what_is_missing_is_told),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
