#include "lab/ucl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The Universal Configuration Language as far as scenarios need it. */

static uint8_t memory[1 << 16];
static struct arena arena;
static struct ucl_document document;

static bool parse(const char *text)
{
    arena_init(&arena, memory, sizeof memory);
    return ucl_read(&arena, text, strlen(text), &document);
}

static void must(const char *text)
{
    if (!parse(text))
        fail_msg("line %u: %s", document.error.line, document.error.text);
}

/* The setting number i, as "key=value@line<parent". */
static void check(uint32_t i, const char *key, const char *value, uint32_t line, uint32_t parent)
{
    assert_true(i < document.count);
    const struct ucl_setting *setting = &document.setting[i];
    assert_true(slice_is(setting->key, key));
    if (value)
        assert_true(slice_is(setting->value, value));
    assert_int_equal(setting->section, value == NULL);
    assert_int_equal(setting->line, line);
    assert_int_equal(setting->parent, parent);
}

static void keys_and_values(void **state)
{
    (void)state;
    must("a 1\nb = two words # not this\nc: \"quoted; #text\"; d 'single'\n\ne=10.0.0.1/24");
    assert_int_equal(document.count, 6);
    check(1, "a", "1", 1, 0);
    check(2, "b", "two words", 2, 0);
    check(3, "c", "quoted; #text", 3, 0);
    check(4, "d", "single", 3, 0);
    check(5, "e", "10.0.0.1/24", 5, 0);
}

static void sections(void **state)
{
    (void)state;
    must("host client { mtu 1500 }\nhost server {\n  tcp { sack off }\n}\nempty {}\n");
    check(1, "host", NULL, 1, 0);
    check(2, "client", NULL, 1, 1);
    check(3, "mtu", "1500", 1, 2);
    check(4, "host", NULL, 2, 0);
    check(5, "server", NULL, 2, 4);
    check(6, "tcp", NULL, 3, 5);
    check(7, "sack", "off", 3, 6);
    check(8, "empty", NULL, 5, 0);
    assert_int_equal(document.setting[0].first, 1);
    assert_int_equal(document.setting[1].next, 4);
    assert_int_equal(document.setting[4].next, 8);
    assert_int_equal(document.setting[8].next, 0);
}

static void arrays(void **state)
{
    (void)state;
    must("between [client, \"the server\",\n third\n]\nx [ {a 1}, {b 2} ]\nnone []");
    check(1, "between", "client", 1, 0);
    check(2, "between", "the server", 1, 0);
    check(3, "between", "third", 2, 0);
    check(4, "x", NULL, 4, 0);
    check(5, "a", "1", 4, 4);
    check(6, "x", NULL, 4, 0);
    assert_int_equal(document.count, 8);
}

static void heredocs(void **state)
{
    (void)state;
    must("do <<END\nconnect server:80\n\n  send 10kb\n# aside\nEND\nlast 1\n");
    check(1, "do", "connect server:80", 2, 0);
    check(2, "do", "send 10kb", 4, 0);
    check(3, "last", "1", 7, 0);
}

static void comments(void **state)
{
    (void)state;
    must("/* one /* nested */ still\n*/ a 1 /* behind */\nb /* within */ 2 # end");
    check(1, "a", "1", 2, 0);
    check(2, "b", "2", 3, 0);
}

static void escapes(void **state)
{
    (void)state;
    must("a \"x\\\"y\\\\z\\n\"");
    check(1, "a", "x\"y\\z\n", 1, 0);
}

static void mistakes(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *what;
    } bad[] = {
        {"a 1\n}", 2, "expected a key, not '}'"},
        {"a 1\nb {\n c 2\n", 2, "expected '}' for the section that opens here"},
        {"a [1, 2", 1, "expected ',' or ']'"},
        {"a [[1]]", 1, "expected a value or a section, not an array within an array"},
        {"a \"open\nb 2", 1, "expected the closing quote on this line"},
        {"a", 1, "expected a value"},
        {"a =\nb", 1, "expected a value"},
        {"= 1", 1, "expected a key: letters, digits, '_', '-' and '.'"},
        {".include x", 1, "expected a key; macros are not supported"},
        {"a ${HOME}", 1, "expected a value without '{' and '$' (or in quotes)"},
        {"/* no end", 1, "expected the end of this comment"},
        {"a <<END\nx\n", 1, "expected the line that ends this text"},
        {"a <<end\nx\nend", 1, "expected a word in capitals behind <<, and nothing else on this line"},
        {"a \"x\" y", 1, "expected the end of the line or ';' behind the value"},
        {"a{b{c{d{e{f{g{h{i 1}}}}}}}}", 1, "expected fewer sections within each other"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(parse(bad[i].text));
        assert_string_equal(document.error.text, bad[i].what);
        assert_int_equal(document.error.line, bad[i].line);
    }
    assert_false(ucl_read(&arena, "a\0b", 3, &document));
}

static void no_room(void **state)
{
    (void)state;
    for (size_t size = 0; size < 4000; size += 16) {
        arena_init(&arena, memory, size);
        if (ucl_read(&arena, "a 1\nb \"\\n\"\nc [1,2,3,4,5,6,7,8]", 30, &document))
            return;
        assert_true(document.error.text[0] != '\0');
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values), cmocka_unit_test(sections), cmocka_unit_test(arrays),
        cmocka_unit_test(heredocs),        cmocka_unit_test(comments), cmocka_unit_test(escapes),
        cmocka_unit_test(mistakes),        cmocka_unit_test(no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
