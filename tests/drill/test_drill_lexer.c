#include "drill_test.h"

/* Tokens, numbers, times, strings and definitions of the packetdrill language. */

struct expected_token {
    enum drill_token_kind kind;
    const char *text;
};

static void check_tokens(const char *script, const struct drill_defines *defines, const struct expected_token *tokens)
{
    struct drill_error error = {0};
    struct drill_lexer lexer = {
        .text = script, .length = (uint32_t)strlen(script), .line = 1, .defines = defines, .error = &error};
    struct drill_token token;
    for (unsigned i = 0;; i++) {
        if (!drill_lexer_next(&lexer, &token))
            fail_msg("token %u of %s: %s", i, script, error.text);
        if (token.kind != tokens[i].kind)
            fail_msg("token %u of %s is of kind %d: %.*s", i, script, token.kind, (int)token.text.length,
                     token.text.at);
        if (token.kind == TOKEN_END)
            return;
        assert_slice(token.text, tokens[i].text);
    }
}

static void test_longest_match_decides(void **state)
{
    (void)state;
    const struct expected_token tokens[] = {
        {TOKEN_INTEGER, "0"},
        {TOKEN_INTEGER, "-12"},
        {TOKEN_HEX, "0x1F"},
        {TOKEN_FLOAT, "0.5"},
        {TOKEN_FLOAT, ".5"},
        {TOKEN_FLOAT, "-.25"},
        {TOKEN_WORD, "4545c6cb"},
        {TOKEN_WORD, "sackOK"},
        {TOKEN_MARK, "."},
        {TOKEN_INTEGER, "1"},
        {TOKEN_MARK, ":"},
        {TOKEN_INTEGER, "1001"},
        {TOKEN_MARK, "("},
        {TOKEN_INTEGER, "1000"},
        {TOKEN_MARK, ")"},
        {TOKEN_ELLIPSIS, "..."},
        {TOKEN_WORD, "P"},
        {TOKEN_FLOAT, ".5"},
        {TOKEN_IPV4, "192.0.2.1"},
        {TOKEN_MARK, ":"},
        {TOKEN_IPV6, "fd00::1"},
        {TOKEN_MARK, ":"},
        {TOKEN_IPV6, "::"},
        {TOKEN_WORD, "fd00"},
        {TOKEN_IPV6, "1:2:3:4:5:6:7:8"},
        {TOKEN_FLOAT, "1.2"},
        {TOKEN_FLOAT, ".3"},
        {TOKEN_END, NULL},
    };
    check_tokens("0 -12 0x1F 0.5 .5 -.25 4545c6cb sackOK . 1:1001(1000) ... P.5 192.0.2.1: fd00::1: :: fd00 "
                 "1:2:3:4:5:6:7:8 1.2.3",
                 NULL, tokens);
}

static void test_times_of_blocking_calls(void **state)
{
    (void)state;
    const struct expected_token tokens[] = {
        {TOKEN_MARK, "+"},    {TOKEN_INTEGER, "0"},    {TOKEN_ELLIPSIS, "..."}, {TOKEN_FLOAT, "0.2"},
        {TOKEN_FLOAT, "0.1"}, {TOKEN_ELLIPSIS, "..."}, {TOKEN_FLOAT, "0.3"},    {TOKEN_END, NULL},
    };
    check_tokens("+0...0.2 0.1...0.3", NULL, tokens);
}

static void test_quotes_code_and_comments(void **state)
{
    (void)state;
    const struct expected_token tokens[] = {
        {TOKEN_STRING, "a \\\"quoted\\\" word"},
        {TOKEN_BACKQUOTE, "one\ntwo \\` three"},
        {TOKEN_CODE, "assert 1"},
        {TOKEN_OPTION, "tcp_ts_tick_usecs"},
        {TOKEN_MARK, "="},
        {TOKEN_INTEGER, "1000"},
        {TOKEN_END, NULL},
    };
    check_tokens("\"a \\\"quoted\\\" word\" // not this\n`one\ntwo \\` three` /* nor \n this */ %{ \n assert 1 \n }%"
                 "--tcp_ts_tick_usecs=1000",
                 NULL, tokens);
}

static void test_lines_are_counted(void **state)
{
    (void)state;
    struct drill_error error = {0};
    const char text[] = "one // c\n/* \n */ two\n`a\nb` three\n";
    struct drill_lexer lexer = {.text = text, .length = sizeof text - 1, .line = 1, .error = &error};
    struct drill_token token;
    const uint32_t lines[] = {1, 3, 4, 5};
    for (unsigned i = 0; i < 4; i++) {
        assert_true(drill_lexer_next(&lexer, &token));
        assert_int_equal(token.line, lines[i]);
    }
}

static void test_definitions_replace_words(void **state)
{
    (void)state;
    struct reading reading = {0};
    reading_define(&reading, "NUMBER=0x10");
    reading_define(&reading, "WORDS=\"some words\"");
    reading_define(&reading, "COMMAND=`ls`");
    reading_define(&reading, "COOKIE=a1b2c3");
    reading_define(&reading, "COOKIE=d4e5");
    const struct expected_token tokens[] = {
        {TOKEN_INTEGER, "0x10"}, {TOKEN_STRING, "some words"}, {TOKEN_BACKQUOTE, "ls"},
        {TOKEN_WORD, "d4e5"},    {TOKEN_WORD, "NUMBERS"},      {TOKEN_END, NULL},
    };
    check_tokens("NUMBER WORDS COMMAND COOKIE NUMBERS", &reading.defines, tokens);
    assert_false(drill_define_add(&reading.arena, &reading.defines, slice_of("nothing")));
    assert_false(drill_define_add(&reading.arena, &reading.defines, slice_of("1=2")));
    assert_false(drill_define_add(&reading.arena, &reading.defines, slice_of("a b=2")));
}

static void test_ifdef(void **state)
{
    (void)state;
    struct reading reading = {0};
    reading_define(&reading, "STANDARD=1");
    const struct expected_token both[] = {{TOKEN_WORD, "a"}, {TOKEN_WORD, "b"}, {TOKEN_WORD, "c"}, {TOKEN_END, NULL}};
    const struct expected_token rest[] = {{TOKEN_WORD, "a"}, {TOKEN_WORD, "c"}, {TOKEN_END, NULL}};
    check_tokens("a\n#ifdef STANDARD\nb\n#endif\nc", &reading.defines, both);
    check_tokens("a\n#ifdef STANDARD\nb\n#endif\nc", NULL, rest);
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
        uint32_t line;
    } cases[] = {
        {"\n\"abc", "string without its end \"", 2},
        {"`abc", "command without its end `", 1},
        {"%{ abc", "code without its end }%", 1},
        {"/* abc\n", "comment without its end */", 1},
        {"#define A", "expected #ifdef or #endif behind #", 1},
        {"#endif", "#endif without #ifdef", 1},
        {"#ifdef", "expected a name behind #ifdef", 1},
        {"#ifdef A\n", "#ifdef without #endif", 1},
        {"#ifdef A\n#ifdef A\n#endif\n#endif", "#ifdef within #ifdef: they do not nest", 2},
        {"#ifdef A\n1", "#ifdef without #endif", 2},
        {"\x01", "a character that no script has stands here", 1},
    };
    struct reading reading = {0};
    reading_define(&reading, "A=1");
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct drill_error error = {0};
        const bool undefined = strcmp(cases[i].text, "#ifdef A\n") == 0;
        struct drill_lexer lexer = {.text = cases[i].text,
                                    .length = (uint32_t)strlen(cases[i].text),
                                    .line = 1,
                                    .defines = undefined ? NULL : &reading.defines,
                                    .error = &error};
        struct drill_token token = {.kind = TOKEN_WORD};
        while (token.kind != TOKEN_END && drill_lexer_next(&lexer, &token))
            ;
        assert_string_equal(error.text, cases[i].error);
        assert_int_equal(error.line, cases[i].line);
        assert_false(error.unsupported);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    int64_t value;
    assert_true(drill_integer(slice_of("-9223372036854775807"), &value));
    assert_true(value == -INT64_MAX);
    assert_true(drill_integer(slice_of("0xffffffffffffffff"), &value));
    assert_true(value == -1);
    assert_false(drill_integer(slice_of("9223372036854775808"), &value));
    assert_false(drill_integer(slice_of("0x10000000000000000"), &value));
    assert_false(drill_integer(slice_of("12a"), &value));
    assert_false(drill_integer(slice_of(""), &value));
    assert_true(drill_seconds(slice_of("1.0000019"), &value));
    assert_int_equal(value, 1000001000);
    assert_true(drill_seconds(slice_of(".25"), &value));
    assert_int_equal(value, 250000000);
    assert_true(drill_seconds(slice_of("9000000000"), &value));
    assert_false(drill_seconds(slice_of("9000000001"), &value));
    assert_false(drill_seconds(slice_of("90000000000"), &value));
    assert_false(drill_seconds(slice_of("-1"), &value));
    assert_false(drill_seconds(slice_of("."), &value));
}

static void test_escapes(void **state)
{
    (void)state;
    struct reading reading = {0};
    struct slice plain;
    arena_init(&reading.arena, reading.memory, sizeof reading.memory);
    assert_true(drill_unescape(&reading.arena, slice_of("a\\n\\r\\t\\f\\v\\x41\\xZ\\\\\\\"b"), &plain));
    assert_slice(plain, "a\n\r\t\f\vAxZ\\\"b");
    assert_true(drill_unescape(&reading.arena, slice_of("plain"), &plain));
    assert_slice(plain, "plain");
    arena_init(&reading.arena, reading.memory, 4);
    assert_false(drill_unescape(&reading.arena, slice_of("too \\n long"), &plain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longest_match_decides),
        cmocka_unit_test(test_times_of_blocking_calls),
        cmocka_unit_test(test_quotes_code_and_comments),
        cmocka_unit_test(test_lines_are_counted),
        cmocka_unit_test(test_definitions_replace_words),
        cmocka_unit_test(test_ifdef),
        cmocka_unit_test(test_what_is_wrong),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
