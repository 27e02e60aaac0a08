#include "lab_test.h"

#include "lab/random_world.h"

/* Worlds as a whole: the same again, programs, death and rebirth, expectations, what the watch sees. */

static struct lab_fixture lab;

static enum world_end run(const char *text)
{
    lab_make(&lab, text);
    enum world_end end = world_run(lab.world, INT64_C(100000) * SEPTET_SECOND);
    if (world_failure(lab.world)[0])
        fail_msg("%s", world_failure(lab.world));
    if (end == WORLD_QUIET)
        watch_end(lab.watch);
    assert_string_equal(world_failure(lab.world), "");
    return end;
}

static const struct lab_task *task_of(const char *program)
{
    uint16_t index = 0;

    while (strcmp(lab.scenario.program[index].name, program) != 0)
        index++;
    for (uint32_t i = 0; i < world_tasks(lab.world); i++)
        if (world_task(lab.world, i)->program == index)
            return world_task(lab.world, i);
    fail_msg("no task of %s", program);
    return NULL;
}

#define LOSSY                                                                                                        \
    TWO_HOSTS "link wire { between [a, b]; delay 5ms; jitter 3ms; loss 5%; reorder 5%; duplicate 5%; corrupt 1% }\n" \
              "program server { host b; listen 80; do [\"wait end\", \"send 30kb\", \"close\"] }\n"                  \
              "program client { host a; count 3; every 1ms\n"                                                        \
              " do [\"connect b:80\", \"send 50kb\", \"shutdown\", \"wait end\", \"close\"] }\n"

static void same_again(void **state)
{
    (void)state;
    assert_int_equal(run("seed 1\n" LOSSY), WORLD_QUIET);
    uint64_t first = watch_digest(lab.watch);
    uint64_t frames = watch_frames(lab.watch);
    assert_int_equal(run("seed 1\n" LOSSY), WORLD_QUIET);
    assert_true(watch_digest(lab.watch) == first);
    assert_int_equal(watch_frames(lab.watch), frames);
    assert_int_equal(run("seed 2\n" LOSSY), WORLD_QUIET);
    assert_true(watch_digest(lab.watch) != first);
    assert_int_equal(task_of("client")->received, 30720);
    assert_int_equal(task_of("server")->received, 51200);
}

/* In pieces or at once: it makes no difference how time is let pass. */
static void in_pieces(void **state)
{
    (void)state;
    assert_int_equal(run(LOSSY), WORLD_QUIET);
    uint64_t digest = watch_digest(lab.watch);
    lab_make(&lab, LOSSY);
    for (int64_t now = 0; world_run(lab.world, now) == WORLD_TIME;)
        now += 7 * SEPTET_MILLISECOND;
    assert_true(watch_digest(lab.watch) == digest);
}

static void over_ipv6_and_ethernet(void **state)
{
    (void)state;
    run("host a { address \"fd00::1/64\" }\nhost b { address \"fd00::2/64\" }\nhost c { address \"fd00::3/64\" }\n"
        "link lan { between [a, b, c]; delay 1ms }\n"
        "program server { host b; listen 80; do [\"wait end\", \"close\"] }\n"
        "program client { host a; do [\"connect b:80\", \"send 5kb\", \"shutdown\", \"wait end\", \"close\"] }\n");
    assert_int_equal(task_of("server")->received, 5120);
    assert_int_equal(task_of("client")->error, SEPTET_OK);
}

static void datagrams(void **state)
{
    (void)state;
    run(TWO_HOSTS "link wire { between [a, b]; delay 1ms }\n"
                  "program echo { host b; udp 7 }\n"
                  "program udp { host a; do \"udp b:7 count 5 size 4000 every 10ms\" }\n"
                  "program ping { host a; do \"ping b count 4 size 64 every 10ms\" }\n");
    assert_int_equal(task_of("udp")->datagrams_received, 5);
    assert_int_equal(task_of("ping")->datagrams_received, 4);
}

static void waiting(void **state)
{
    (void)state;
    run(TWO_HOSTS "link wire { between [a, b]; delay 10ms }\n"
                  "program server { host b; listen 80; do [\"wait received 10\", \"wait 5ms\", \"close\"] }\n"
                  "program client { host a; do [\"connect b:80\", \"send 10\", \"wait acknowledged\", \"wait end\","
                  " \"shutdown\", \"wait closed\"] }\n"
                  "program third { do [\"wait state ESTABLISHED of server\", \"wait 1ms\"] }\n"
                  "program fourth { do [\"wait received 10 of server\"] }\n"
                  "program fifth { do [\"wait until 1500us\"] }\n");
    /* The third segment and the data arrive together. */
    assert_int_equal(task_of("third")->end_time, 31 * SEPTET_MILLISECOND);
    assert_int_equal(task_of("fourth")->end_time, 30 * SEPTET_MILLISECOND);
    assert_int_equal(task_of("fifth")->end_time, 1500 * SEPTET_MICROSECOND);
    assert_int_equal(task_of("client")->error, SEPTET_OK);
}

static void slow_reader(void **state)
{
    (void)state;
    run("host a { address 10.0.0.1/24 }\nhost b { address 10.0.0.2/24; tcp { receive_buffer 4kb } }\n"
        "link wire { between [a, b]; delay 1ms }\n"
        "program server { host b; listen 80; do [\"read 1kb every 100ms\", \"wait end\", \"close\"] }\n"
        "program client { host a; do [\"connect b:80\", \"send 20kb\", \"shutdown\", \"wait end\", \"close\"] }\n");
    assert_int_equal(task_of("server")->received, 20480);
    assert_true(task_of("server")->end_time >= 1900 * SEPTET_MILLISECOND);
}

static void death(void **state)
{
    (void)state;
    run(TWO_HOSTS "link wire { between [a, b]; delay 1ms }\n"
                  "program server { host b; listen 80; again on; do [\"wait end\", \"close\"] }\n"
                  "program client { host a; do [\"connect b:80\", \"wait 1s\", \"send 10\", \"wait end\"] }\n"
                  "program late { host a; start 2s; do [\"connect b:80\", \"shutdown\", \"wait end\", \"close\"] }\n"
                  "program fate { do [\"wait 500ms\", \"kill b reboot 100ms\"] }\n");
    assert_int_equal(task_of("client")->error, SEPTET_CONNECTION_RESET);
    assert_true(task_of("server")->killed);
    assert_int_equal(task_of("late")->error, SEPTET_OK);
    assert_int_equal(world_boots(lab.world, 1), 2);
}

static void stuck(void **state)
{
    (void)state;
    lab_make(&lab, TWO_HOSTS "link wire { between [a, b] }\nprogram p { host a; do \"wait end\" }\n");
    assert_int_equal(world_run(lab.world, SEPTET_SECOND), WORLD_STUCK);
    assert_int_equal(world_unfinished(lab.world), 1);
}

static void not_enough_memory(void **state)
{
    (void)state;
    assert_true(lab_read(&lab, LOSSY));
    size_t used = lab.arena.used;
    lab.arena.size = used + 100000;
    assert_null(world_create(&lab.arena, &lab.scenario, 1, &lab.error));
    assert_non_null(strstr(lab.error.text, "no memory"));
    lab.arena.size = LAB_MEMORY;
}

static uint32_t told;
static uint32_t told_line[20];
static void tell(void *context, const struct lab_error *unmet)
{
    (void)context;
    assert_non_null(strstr(unmet->text, "expected "));
    told_line[told++ % 20] = unmet->line;
}

static void expectations(void **state)
{
    (void)state;
    run(TWO_HOSTS
        "link wire { between [a, b]; delay 1ms }\n"
        "program server { host b; listen 80; do [\"wait end\", \"close\"] }\n"
        "program client { host a; do [\"connect b:80\", \"send 10\", \"shutdown\", \"wait end\", \"close\"] }\n"
        "expect {\n"
        "segments [\"a SYN\", \"...\", \"b FIN+ACK\", \"a ACK\"]\n" /* 7 */
        "states { client [SYN-SENT, ESTABLISHED, ...]\n"            /* 8 */
        " server [SYN-RECEIVED, CLOSE-WAIT] }\n"                    /* 9: wrong */
        "result { client OK\n server TIMED_OUT }\n"                 /* 11: wrong */
        "received { server 10 }\n"
        "received { server \"> 10\" }\n" /* 13: wrong */
        "counter { a { RetransSegs 0 } }\n"
        "counter { a { OutSegs \"10 to 20\" } }\n" /* 15: wrong */
        "drop { b { tcp_paws \"< 1\" } }\n"
        "frames { wire { lost 0\n sent 1 } }\n" /* 18: wrong */
        "ended { client \"4ms +- 1ms\" }\n"
        "ended { server 1s }\n" /* 20: wrong */
        "}\n");
    static const uint32_t wrong[] = {9, 11, 13, 15, 18, 20};
    told = 0;
    expectations_check(lab.story, tell, NULL);
    assert_int_equal(told, sizeof wrong / sizeof wrong[0]);
    for (uint32_t i = 0; i < told; i++)
        assert_int_equal(told_line[i], wrong[i]);
}

static void patterns(void **state)
{
    uint8_t bytes[100];

    (void)state;
    for (uint64_t at = 0; at < 40; at++) {
        for (size_t length = 0; length <= sizeof bytes; length += 7) {
            pattern_fill(5, at, bytes, length);
            assert_int_equal(pattern_check(5, at, bytes, length), length);
            if (length > 20) {
                bytes[20] ^= 4;
                assert_int_equal(pattern_check(5, at, bytes, length), 20);
            }
        }
    }
    pattern_fill(5, 1000, bytes, 100);
    assert_true(pattern_check(5, 1001, bytes, 100) < 20);
    assert_true(pattern_check(6, 1000, bytes, 100) < 20);
}

/* A random world is the same whatever lay in its memory, and however often it is made. */
static void random_worlds(void **state)
{
    static uint8_t *memory;
    struct random_world_result first;
    struct random_world_result second;
    struct arena arena;

    (void)state;
    memory = malloc(RANDOM_WORLD_MEMORY);
    assert_non_null(memory);
    for (uint64_t number = 1; number <= 30; number++) {
        memset(memory, 0, 1 << 20);
        arena_init(&arena, memory, RANDOM_WORLD_MEMORY);
        random_world_run(&arena, number, &first);
        memset(memory, 0xa5, 1 << 20);
        random_world_run(&arena, number, &second);
        if (first.failed)
            fail_msg("%s", first.failure);
        assert_true(first.digest == second.digest);
        assert_int_equal(first.frames, second.frames);
    }
    arena_init(&arena, memory, 10000);
    random_world_run(&arena, 1, &first);
    assert_true(first.failed);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_again),   cmocka_unit_test(in_pieces), cmocka_unit_test(over_ipv6_and_ethernet),
        cmocka_unit_test(datagrams),    cmocka_unit_test(waiting),   cmocka_unit_test(slow_reader),
        cmocka_unit_test(death),        cmocka_unit_test(stuck),     cmocka_unit_test(not_enough_memory),
        cmocka_unit_test(expectations), cmocka_unit_test(patterns),  cmocka_unit_test(random_worlds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
