#include "report/conversation.h"

#include "lab/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Whole conversations of the lab as they are printed. */

#define MEMORY ((size_t)64 << 20)

static char out[200000];
static size_t out_length;
static struct story *story;

static void write_out(void *context, const char *text, size_t length)
{
    (void)context;
    assert_true(out_length + length < sizeof out);
    memcpy(out + out_length, text, length);
    out_length += length;
    out[out_length] = '\0';
}

static const struct ladder ladder = {write_out, NULL, 80, false, false};

static void run(const char *text)
{
    static void *memory;
    static struct scenario scenario;
    struct arena *arena;
    struct lab_error error;

    memory = memory ? memory : malloc(MEMORY + sizeof *arena);
    assert_non_null(memory);
    arena = memory;
    arena_init(arena, (uint8_t *)memory + sizeof *arena, MEMORY);
    if (!scenario_read(arena, text, strlen(text), &scenario, &error))
        fail_msg("line %u: %s", error.line, error.text);
    struct world *world = world_create(arena, &scenario, scenario.seed, &error);
    assert_non_null(world);
    story = story_create(arena, world);
    assert_non_null(story);
    assert_int_equal(world_run(world, INT64_C(100000) * SEPTET_SECOND), WORLD_QUIET);
    out_length = 0;
    out[0] = '\0';
}

static void check(const char *expected)
{
    if (strcmp(out, expected) != 0)
        fail_msg("\n--- expected\n%s--- printed\n%s", expected, out);
}

#define HOSTS                                                                           \
    "host client { address 10.0.0.1/24; tcp { timestamps off; window_scaling off } }\n" \
    "host server { address 10.0.0.2/24; tcp { timestamps off; window_scaling off } }\n"
#define SERVER "program server { host server; listen 80; do [\"wait end\", \"wait 20ms\", \"close\"] }\n"

static void seven_segments(void **state)
{
    const struct conversation_options options = {.timers = true};

    (void)state;
    run(HOSTS "link wire { between [client, server]; delay 10ms }\n" SERVER "program client { host client\n"
              " do [\"connect server:80 from 4000\", \"wait 80ms\", \"shutdown\", \"wait end\", \"close\"] }\n");
    conversation_ladder(&ladder, story, 0, &options);
    check("  no      time  client 10.0.0.1:4000                          server 10.0.0.2:80\n"
          "                CLOSED       |                                    | LISTEN\n"
          "                             |............... open ...............|\n"
          "   1  0.000000  SYN-SENT     |-- SYN seq=0 win=65535 ------------>| SYN-RECEIVED\n"
          "                             |   mss=1460 sack                    |\n"
          "   2  0.010000  ESTABLISHED  |<-- SYN+ACK seq=0 ack=1 win=65535 --|\n"
          "                             |                    mss=1460 sack   |\n"
          "   3  0.020000               |-- ACK seq=1 ack=1 win=65535 ------>| ESTABLISHED\n"
          "                             |.............. close ...............|\n"
          "   4  0.100000  FIN-WAIT-1   |-- FIN+ACK seq=1 ack=1 win=65535 -->| CLOSE-WAIT\n"
          "   5  0.110000  FIN-WAIT-2   |<------ ACK seq=1 ack=2 win=65534 --|\n"
          "   6  0.130000  TIME-WAIT    |<-- FIN+ACK seq=1 ack=2 win=65534 --| LAST-ACK\n"
          "   7  0.140000               |-- ACK seq=2 ack=2 win=65534 ------>| CLOSED\n"
          "     60.140028  CLOSED       | 2 MSL are over                     |\n");
    out_length = 0;
    conversation_summary(&ladder, story, 0);
    assert_non_null(strstr(out, "  client sent 4 segments, 0 of them again; 0 were lost; 0 bytes\n"
                                "  server sent 3 segments, 0 of them again; 0 were lost; 0 bytes\n"
                                "  client measured 2 round trips: least 20 ms, mean 20 ms, last 20 ms\n"));
}

/* What is lost, held up and sent again, and segments that cross. */
static void misfortunes(void **state)
{
    const struct conversation_options options = {.timers = true};

    (void)state;
    run(HOSTS
        "link wire { between [client, server]; delay 10ms\n"
        " rule [\"drop from client SYN\", \"delay from client data by 30ms\"] }\n" SERVER
        "program client { host client\n"
        " do [\"connect server:80 from 4000\", \"send 100\", \"wait 1ms\", \"shutdown\", \"wait end\", \"close\"] }\n");
    conversation_ladder(&ladder, story, 0, &options);
    assert_non_null(strstr(out, "   1  0.000000  SYN-SENT     |-- SYN seq=0 win=65535 --X dropped  |\n"));
    assert_non_null(strstr(out, "      1.000000               |..... client: retransmit timer .....|\n"
                                "   2  1.000000               |== SYN seq=0 win=65535 ============>| SYN-RECEIVED\n"));
    assert_non_null(strstr(out, "   4  1.020000               |-- PSH+ACK seq=1 ack=1 len=100 .....|\n"));
    assert_non_null(strstr(out, "   4  1.060000               |.... PSH+ACK seq=1 ack=1 len=100 -->|"));
    assert_non_null(strstr(out, "held up"));
}

static size_t lines(void)
{
    size_t count = 0;

    for (const char *at = out; *at; at++)
        count += *at == '\n';
    return count;
}

/* A long transfer is folded; --all shows it whole; absolute numbers are those of the wire. */
static void folding(void **state)
{
    const struct conversation_options folded = {.timers = true};
    const struct conversation_options all = {.timers = true, .all = true, .absolute = true};

    (void)state;
    run(HOSTS "link wire { between [client, server]; delay 10ms; loss 1% }\n" SERVER "program client { host client\n"
              " do [\"connect server:80 from 4000\", \"send 600kb\", \"shutdown\", \"wait end\", \"close\"] }\n");
    conversation_ladder(&ladder, story, 0, &folded);
    assert_in_range(lines(), 30, 250);
    assert_non_null(strstr(out, " more: "));
    out_length = 0;
    conversation_ladder(&ladder, story, 0, &all);
    assert_true(lines() > 420);
    assert_null(strstr(out, " more: "));
    assert_null(strstr(out, "seq=0 "));
    out_length = 0;
    conversation_summary(&ladder, story, 0);
    assert_non_null(strstr(out, "614400 bytes, goodput "));
    assert_non_null(strstr(out, "\n  cwnd "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seven_segments),
        cmocka_unit_test(misfortunes),
        cmocka_unit_test(folding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
