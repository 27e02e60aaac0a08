#include "lab_test.h"

/* Scenario files read into worlds; and what is said of wrong ones. */

static struct lab_fixture lab;

static const char full[] =
    "title \"All of it\"\nseed 42\nduration 90s\n"
    "host client {\n address 10.0.0.1/24\n mtu 1400\n tcp { sack off; congestion reno }\n"
    " pages 100\n}\n"
    "host router {\n forwarding true\n on left { address 10.0.0.254/24 }\n"
    " on right { address [10.1.0.254/24, \"fd00:1::fe/64\"] }\n}\n"
    "host server {\n address [10.1.0.1/24, \"fd00:1::1/64\"]\n route \"default via 10.1.0.254\"\n}\n"
    "link left { between [client, router]; delay 5ms; from router { loss 1% } }\n"
    "link right { between [router, server]; ethernet on; rate 10mbit; down \"from 1s to 2s\"\n"
    " rule [\"drop from server SYN+ACK\", \"delay data nth 3 count 2 by 50ms\"] }\n"
    "program server { host server; listen 80; backlog 3; again on; do [\"wait end\", \"close\"] }\n"
    "program client { host client; start 1s; count 4; every 20ms\n"
    " do <<END\n connect server:80 from 4000\n connect [fd00:1::1]:443 early\n"
    " send 10kb chunk 100 every 5ms more\n set NODELAY on\n set USER_TIMEOUT 30s\n"
    " read 1kb every 10ms\n wait received 5kb of server\n wait state TIME-WAIT\n"
    " wait until 3s\n abort\nEND\n}\n"
    "program fate { do [\"kill server reboot 5s\", \"link left down\",\n"
    " \"inject as client RST seq +5 ack -3\",\n"
    " \"inject 10.0.0.1:5 10.1.0.1:80 SYN seq 7 window 100 data 20\"] }\n"
    "program ping { host client; do \"ping server count 3 size 100 every 2s\" }\n"
    "expect { segments [\"client SYN\", \"...\"]; result { client OK }\n"
    " counter { server { OutRsts \">= 1\" } }; frames { left { lost 0 } } }\n";

static void everything(void **state)
{
    const struct scenario *scenario = &lab.scenario;

    (void)state;
    if (!lab_read(&lab, full))
        fail_msg("line %u: %s", lab.error.line, lab.error.text);
    assert_string_equal(scenario->title, "All of it");
    assert_int_equal(scenario->seed, 42);
    assert_int_equal(scenario->duration, 90 * SEPTET_SECOND);
    assert_int_equal(scenario->hosts, 3);
    assert_int_equal(scenario->interfaces, 4);
    assert_int_equal(scenario->addresses, 6);
    assert_int_equal(scenario->routes, 1);
    assert_int_equal(scenario->host[0].config.pages, 100);
    assert_false(scenario->host[0].config.tcp.sack);
    assert_int_equal(scenario->host[0].config.tcp.congestion, SEPTET_RENO);
    assert_true(scenario->host[1].config.forwarding);
    assert_int_equal(scenario->host[1].config.interfaces, 2);
    assert_int_equal(scenario->interface[0].mtu, 1400);
    assert_int_equal(scenario->interface[1].mtu, 1500);
    assert_int_equal(scenario->link[0].from[0].loss, 0);
    assert_int_equal(scenario->link[0].from[1].loss, 10000);
    assert_int_equal(scenario->link[0].from[1].delay, 5 * SEPTET_MILLISECOND);
    assert_true(scenario->link[1].ethernet);
    assert_int_equal(scenario->link[1].from[0].rate, 10000000);
    assert_int_equal(scenario->rules, 2);
    assert_int_equal(scenario->rule[0].end, 1);
    assert_int_equal(scenario->rule[1].first, 3);
    assert_int_equal(scenario->rule[1].count, 2);
    assert_int_equal(scenario->downs, 1);
    assert_int_equal(scenario->programs, 4);
    assert_int_equal(scenario->program[0].kind, PROGRAM_LISTEN);
    assert_int_equal(scenario->program[1].count, 4);
    assert_int_equal(scenario->program[1].action_count, 10);
    const struct scenario_action *action = &scenario->action[scenario->program[1].first_action];
    assert_int_equal(action[0].port, 80);
    assert_int_equal(action[0].local_port, 4000);
    assert_int_equal(action[1].port, 443);
    assert_true(action[1].flag);
    assert_int_equal(action[2].size, 10240);
    assert_int_equal(action[2].chunk, 100);
    assert_int_equal(action[4].value, 30 * SEPTET_SECOND);
    assert_int_equal(action[6].target, 0);
    assert_int_equal(action[9].verb, ACTION_ABORT);
    assert_int_equal(action[9].line, 34);
    assert_int_equal(scenario->expectations, 5);
}

/* Every prefix and every missing byte is read or refused, never more than that. */
static void cut_anywhere(void **state)
{
    char text[sizeof full];

    (void)state;
    for (size_t length = 0; length < sizeof full; length++) {
        memcpy(text, full, length);
        text[length] = '\0';
        if (!lab_read(&lab, text)) {
            assert_true(lab.error.line >= 1);
            assert_non_null(strstr(lab.error.text, "expected "));
        }
        memcpy(text, full, sizeof full);
        memmove(text + length, text + length + 1, sizeof full - length - 1);
        lab_read(&lab, text);
    }
}

/* No memory anywhere is a refusal, too. */
static void no_room(void **state)
{
    static uint8_t memory[1 << 17];
    struct scenario scenario;
    struct lab_error error;
    struct arena arena;
    bool good = false;

    (void)state;
    for (size_t size = 0; size < sizeof memory && !good; size += 256) {
        arena_init(&arena, memory, size);
        good = scenario_read(&arena, full, sizeof full - 1, &scenario, &error);
    }
    assert_true(good);
}

#define HOSTS \
    "host a { on l { address 10.0.0.1/24 } }\nhost b { on l { address 10.0.0.2/24 } }\nlink l { between [a, b] }\n"

static void mistakes(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *what;
    } bad[] = {
        {"hots a {}", 1, "expected one of title seed duration host link program expect, not 'hots'"},
        {"seed -1", 1, "expected a number from 0 to 9223372036854775807, not '-1'"},
        {"seed 1\nseed 2", 2, "expected this key only once, not 'seed'"},
        {"duration 10", 1, "expected a duration such as 10ms or 1.5s, not '10'"},
        {"host a", 1, "expected a section with a name: host client { ... }, not 'a'"},
        {"host a {}\nhost a {}", 2, "expected each host once, not 'a'"},
        {"host a { tcp { sack maybe } }", 1, "expected true or false, not 'maybe'"},
        {"host a { tcp {\nmss 5 } }", 2, "expected a key of docs/scenario-format.md, not 'mss'"},
        {"host a { pages 3 }", 1, "expected a number from 32 to 4194304, not '3'"},
        {"host a { page_size 1000 }", 1, "expected a size from 256 to 65536, a power of two, not '1000'"},
        {"host a { tcp { msl 10 } }", 1, "expected a duration from 1 ns to 1000000 s, not '10'"},
        {"host a { address 10.0.0.1/24 }", 1,
         "expected this key in `on LINK { ... }`: the host has not exactly one link, not 'address'"},
        {"host a { address 10.0.0.1 }\nhost b {}\nlink l { between [a, b] }", 1,
         "expected an address with its prefix: 10.0.0.1/24 or fd00::1/64, not '10.0.0.1'"},
        {HOSTS "link m { between [a] }", 4, "expected between [HOST, HOST...] in this link"},
        {HOSTS "link m { between [a, c] }", 4, "expected names of hosts: between [client, server], not 'c'"},
        {HOSTS "link m { between [a, a] }", 4, "expected different hosts at the ends of a link, not 'a'"},
        {HOSTS "link m { between [a, b]; loss 2 }", 4, "expected a probability such as 1% or 200ppm, not '2'"},
        {HOSTS "link m { between [a, b]; from c { loss 2% } }", 4,
         "expected a host of this link: from HOST { ... }, not 'c'"},
        {HOSTS "link m { between [a, b]\nrule \"drop from a FOO\" }", 5, NULL},
        {HOSTS "link m { between [a, b]\nrule \"delay from a SYN\" }", 5, NULL},
        {HOSTS "link m { between [a, b]\ndown \"from 2s to 1s\" }", 5,
         "expected a time of silence: [from HOST] from TIME to TIME, not 'from 2s to 1s'"},
        {HOSTS "program p { listen 80 }", 4, "expected a host for a program that listens"},
        {HOSTS "program p { host c }", 4, "expected the name of a host, not 'c'"},
        {HOSTS "program p { host a; listen 70000 }", 4, "expected a number from 1 to 65535, not '70000'"},
        {HOSTS "program p { host a\ndo [\"conect b:80\"] }", 5,
         "expected connect send read wait shutdown close abort set kill link ping udp or inject, not 'conect b:80'"},
        {HOSTS "program p { host a\ndo [\"connect b\"] }", 5,
         "expected connect HOST:PORT [from PORT] [early], not 'connect b'"},
        {HOSTS "program p { host a\ndo [\"send\"] }", 5,
         "expected send SIZE [chunk SIZE [every TIME]] [urgent] [more], not 'send'"},
        {HOSTS "program p { host a\ndo [\"set NODELAI on\"] }", 5,
         "expected set OPTION VALUE with an option of septet/option.def, not 'set NODELAI on'"},
        {HOSTS "program p { do [\"send 10\"] }", 4,
         "expected a host in this program, above what it does, not 'send 10'"},
        {HOSTS "program p { do [\"wait connected\"] }", 4,
         "expected a host in this program, above what it does, not 'wait connected'"},
        {HOSTS "program p { host a; do [\"shutdown now\"] }", 4, "expected shutdown, not 'shutdown now'"},
        {HOSTS "expect { colour red }", 4,
         "expected one of segments states result received counter drop phases ended frames, not 'colour'"},
        {HOSTS "expect { result { p OK } }", 4, "expected the name of a program, not 'p'"},
        {HOSTS "expect { counter { a { OutSeg 1 } } }", 4, "expected a counter of septet/counter.def, not '1'"},
        {HOSTS "expect { drop { a { tcp_paws many } } }", 4,
         "expected a number, or one with >= > <= <, or N to M, not 'many'"},
        {HOSTS "expect { segments [\"c SYN\"] }", 4, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (lab_read(&lab, bad[i].text))
            fail_msg("accepted: %s", bad[i].text);
        if (bad[i].what)
            assert_string_equal(lab.error.text, bad[i].what);
        assert_int_equal(lab.error.line, bad[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(no_room),
        cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
