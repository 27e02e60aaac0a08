#include "report/ladder.h"
#include "wire/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Golden rows of every kind. */

static char out[20000];
static size_t out_length;

static void write_out(void *context, const char *text, size_t length)
{
    (void)context;
    assert_true(out_length + length < sizeof out);
    memcpy(out + out_length, text, length);
    out_length += length;
    out[out_length] = '\0';
}

static const struct ladder *ladder_of(uint32_t width, bool unicode, bool color)
{
    static struct ladder ladder;

    ladder = (struct ladder){write_out, NULL, width, unicode, color};
    out_length = 0;
    out[0] = '\0';
    return &ladder;
}

static const uint8_t syn_options[] = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};
static const uint8_t sack_options[] = {1, 1, 5, 18, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0};

static const struct ladder_row syn = {.kind = LADDER_SEGMENT,
                                      .time = 0,
                                      .number = 1,
                                      .flags = TCP_SYN,
                                      .window = 65535,
                                      .options = syn_options,
                                      .options_length = sizeof syn_options,
                                      .left_state = "SYN-SENT",
                                      .right_state = "SYN-RECEIVED"};

static void check(const char *expected)
{
    if (strcmp(out, expected) != 0)
        fail_msg("\n--- expected\n%s--- printed\n%s", expected, out);
}

static void heads(void **state)
{
    (void)state;
    ladder_head(ladder_of(80, false, false), "client 10.0.0.1:40000", "server 10.0.0.2:80");
    check("  no      time  client 10.0.0.1:40000                         server 10.0.0.2:80\n");
    ladder_head(ladder_of(80, false, false), "client-of-a-long-name [fd00:1:2:3::1]:40000",
                "server-of-a-long-name [fd00:1:2:3::2]:80");
    check("  no      time  client-of-a-long-name [fd00:1:2:3::1]:40000  server-of-a-long-na\n");
}

static void narrow(void **state)
{
    const struct ladder *ladder = ladder_of(80, false, false);
    struct ladder_row row = syn;

    (void)state;
    ladder_row(ladder, &row);
    row = (struct ladder_row){.kind = LADDER_SEGMENT,
                              .time = 10201000,
                              .number = 2,
                              .from_right = true,
                              .flags = TCP_SYN | TCP_ACK,
                              .ack = 1,
                              .window = 65160,
                              .left_state = "ESTABLISHED"};
    ladder_row(ladder, &row);
    row = (struct ladder_row){.kind = LADDER_SEGMENT,
                              .time = 1234567891,
                              .number = 3,
                              .flags = TCP_PSH | TCP_ACK,
                              .seq = 4000000001,
                              .ack = 4000000002,
                              .length = 1448,
                              .window = 65535};
    ladder_row(ladder, &row);
    check("   1  0.000000  SYN-SENT     |-- SYN seq=0 win=65535 ------------>| SYN-RECEIVED\n"
          "                             |   mss=1460 sack ts ws=7            |\n"
          "   2  0.010201  ESTABLISHED  |<-- SYN+ACK seq=0 ack=1 win=65160 --|\n"
          "   3  1.234567               |-- PSH+ACK seq=4000000001 --------->|\n"
          "                             |   len=1448                         |\n");
}

static void wide(void **state)
{
    (void)state;
    ladder_row(ladder_of(110, false, false), &syn);
    check("   1  0.000000  SYN-SENT     |-- SYN seq=0 win=65535 mss=1460 sack ts ws=7 --------------------"
          ">| SYN-RECEIVED\n");
}

static void lost_and_again(void **state)
{
    const struct ladder *ladder = ladder_of(80, false, false);
    struct ladder_row row = syn;

    (void)state;
    row.lost = "lost";
    row.options = NULL;
    ladder_row(ladder, &row);
    row.from_right = true;
    ladder_row(ladder, &row);
    row.lost = NULL;
    row.again = true;
    ladder_row(ladder, &row);
    check("   1  0.000000  SYN-SENT     |-- SYN seq=0 win=65535 --X lost     | SYN-RECEIVED\n"
          "   1  0.000000  SYN-SENT     |     lost X-- SYN seq=0 win=65535 --| SYN-RECEIVED\n"
          "   1  0.000000  SYN-SENT     |<============ SYN seq=0 win=65535 ==| SYN-RECEIVED\n");
}

static void crossing(void **state)
{
    const struct ladder *ladder = ladder_of(80, false, false);
    struct ladder_row row = {.number = 4, .time = 195000000, .flags = TCP_FIN | TCP_ACK, .seq = 1, .ack = 1};

    (void)state;
    row.kind = LADDER_DEPARTURE;
    ladder_row(ladder, &row);
    row.kind = LADDER_ARRIVAL;
    row.note = "held up";
    ladder_row(ladder, &row);
    row.from_right = true;
    ladder_row(ladder, &row);
    row.kind = LADDER_DEPARTURE;
    row.note = NULL;
    ladder_row(ladder, &row);
    check("   4  0.195000               |-- FIN+ACK seq=1 ack=1 win=0 .......|\n"
          "   4  0.195000               |...... FIN+ACK seq=1 ack=1 win=0 -->|\n"
          "                             |   held up                          |\n"
          "   4  0.195000               |<-- FIN+ACK seq=1 ack=1 win=0 ......|\n"
          "                             |                          held up   |\n"
          "   4  0.195000               |....... FIN+ACK seq=1 ack=1 win=0 --|\n");
}

static void sacks(void **state)
{
    const struct ladder_row row = {.kind = LADDER_SEGMENT,
                                   .time = -1,
                                   .from_right = true,
                                   .flags = TCP_ACK,
                                   .seq = 1,
                                   .ack = 1,
                                   .window = 100,
                                   .options = sack_options,
                                   .options_length = sizeof sack_options,
                                   .sack_base = 0x300};

    (void)state;
    ladder_row(ladder_of(80, false, false), &row);
    check("                             |<-------- ACK seq=1 ack=1 win=100 --|\n"
          "                             |            sack=256-512,768-1024   |\n");
}

static void notes_and_states(void **state)
{
    const struct ladder *ladder = ladder_of(80, false, false);
    struct ladder_row row = {.kind = LADDER_NOTE, .time = -1, .note = "open"};

    (void)state;
    ladder_row(ladder, &row);
    row.note = "words that are longer than there is room for";
    row.time = INT64_C(123456789012);
    ladder_row(ladder, &row);
    row =
        (struct ladder_row){.kind = LADDER_STATE, .time = INT64_C(60140028000), .left_state = "CLOSED", .note = "why"};
    ladder_row(ladder, &row);
    row = (struct ladder_row){.kind = LADDER_STATE, .time = -1, .right_state = "LISTEN", .note = "why"};
    ladder_row(ladder, &row);
    check("                             |............... open ...............|\n"
          "     123.45678               |. words that are longer than there .|\n"
          "     60.140028  CLOSED       | why                                |\n"
          "                             |                                why | LISTEN\n");
}

static void unicode_and_color(void **state)
{
    struct ladder_row row = syn;

    (void)state;
    row.options = NULL;
    row.left_state = row.right_state = NULL;
    ladder_row(ladder_of(80, true, false), &row);
    check("   1  0.000000               │── SYN seq=0 win=65535 ────────────▶│\n");
    row.number = 0;
    row.lost = "lost";
    ladder_row(ladder_of(80, true, true), &row);
    check("      0.000000               │\033[31m──\033[0m \033[31mSYN seq=0 win=65535\033[0m \033[31m──✗\033[0m "
          "\033[31mlost\033[0m     │\n");
}

/* However strange the row and the width: no line is longer than the width, and nothing is written out of bounds. */
static void anything(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint32_t bits = (uint32_t)(random >> 32);
        const uint32_t width = LADDER_WIDTH_LEAST + bits % (LADDER_WIDTH_MOST - LADDER_WIDTH_LEAST + 1);
        const struct ladder *ladder = ladder_of(width, false, false);
        const struct ladder_row row = {.kind = (enum ladder_row_kind)(bits % 5),
                                       .time = (int64_t)(random >> 3) * (bits & 1 ? 1 : -1),
                                       .number = bits,
                                       .from_right = bits >> 5 & 1,
                                       .again = bits >> 6 & 1,
                                       .lost = bits >> 7 & 1 ? "for no reason whatsoever, really" : NULL,
                                       .flags = (uint16_t)(bits >> 8),
                                       .seq = bits * 7,
                                       .ack = bits * 11,
                                       .length = bits >> 9 & 1 ? bits : 0,
                                       .window = bits,
                                       .options = sack_options,
                                       .options_length = bits % (sizeof sack_options + 1),
                                       .left_state = bits >> 10 & 1 ? "A-STATE-WITH-A-NAME-THAT-IS-FAR-TOO-LONG" : NULL,
                                       .right_state = bits >> 11 & 1 ? "A-STATE-WITH-A-NAME-THAT-IS-TOO-LONG" : NULL,
                                       .note =
                                           "a note that goes on and on \001\377 and on and on and on and on and on"};
        ladder_row(ladder, &row);
        for (const char *line = out; *line; line = strchr(line, '\n') + 1)
            assert_true(strchr(line, '\n') - line <= (ptrdiff_t)width);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(narrow),
        cmocka_unit_test(wide),
        cmocka_unit_test(lost_and_again),
        cmocka_unit_test(crossing),
        cmocka_unit_test(sacks),
        cmocka_unit_test(notes_and_states),
        cmocka_unit_test(unicode_and_color),
        cmocka_unit_test(anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
