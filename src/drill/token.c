#include "drill/token.h"

/* What tokens mean: numbers, times, strings, definitions. */

struct text drill_error_begin(struct drill_error *error, uint32_t line)
{
    struct text text;
    error->line = line;
    error->column = 0;
    error->unsupported = false;
    text_init(&text, error->text, sizeof error->text);
    return text;
}

struct text drill_error_at(struct drill_error *error, const char *script, uint32_t line, uint32_t offset)
{
    const struct text text = drill_error_begin(error, line);
    uint32_t start = offset;
    while (start != 0 && script[start - 1] != '\n')
        start--;
    error->column = offset - start + 1;
    return text;
}

struct text drill_unsupported_begin(struct drill_error *error, uint32_t line)
{
    struct text text = drill_error_begin(error, line);
    error->unsupported = true;
    return text;
}

const struct drill_define *drill_define_find(const struct drill_defines *defines, struct slice name)
{
    if (defines == NULL)
        return NULL;
    for (uint32_t i = defines->count; i > 0; i--)
        if (slice_equal(defines->define[i - 1].name, name))
            return &defines->define[i - 1];
    return NULL;
}

static bool is_name(struct slice name)
{
    for (uint32_t i = 0; i < name.length; i++) {
        const char c = name.at[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.length != 0;
}

bool drill_define_add(struct arena *arena, struct drill_defines *defines, struct slice assignment)
{
    struct slice name, value;
    if (!slice_split(assignment, '=', &name, &value) || !is_name(name))
        return false;
    struct drill_define *define =
        arena_append(arena, &defines->define, &defines->count, &defines->capacity, sizeof *define);
    if (define == NULL)
        return false;
    *define = (struct drill_define){name, value};
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

bool drill_integer(struct slice text, int64_t *value)
{
    const bool negative = text.length != 0 && text.at[0] == '-';
    uint32_t at = negative;
    unsigned base = 10;
    if (text.length >= at + 2 && text.at[at] == '0' && (text.at[at + 1] == 'x' || text.at[at + 1] == 'X')) {
        base = 16;
        at += 2;
    }
    uint64_t sum = 0;
    if (at == text.length)
        return false;
    for (; at < text.length; at++) {
        const unsigned digit = (unsigned)digit_value(text.at[at]);
        if (digit >= base || sum > (UINT64_MAX - digit) / base)
            return false;
        sum = sum * base + digit;
    }
    if (negative ? sum > (uint64_t)INT64_MAX : sum > (uint64_t)INT64_MAX && base == 10)
        return false;
    *value = (int64_t)(negative ? 0 - sum : sum);
    return true;
}

uint32_t drill_hex(struct slice text, uint8_t *bytes, uint32_t room)
{
    if (slice_starts(text, "0x"))
        text = (struct slice){text.at + 2, text.length - 2};
    if (text.length % 2 != 0 || text.length / 2 > room)
        return 0;
    for (uint32_t i = 0; i < text.length; i += 2) {
        const unsigned high = (unsigned)digit_value(text.at[i]), low = (unsigned)digit_value(text.at[i + 1]);
        if (high > 15 || low > 15)
            return 0;
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    return text.length / 2;
}

bool drill_seconds(struct slice text, int64_t *nanoseconds)
{
    struct slice whole = text, fraction = {text.at, 0};
    uint64_t sum = 0;
    slice_split(text, '.', &whole, &fraction);
    for (uint32_t i = 0; i < whole.length; i++) {
        if (whole.at[i] < '0' || whole.at[i] > '9' || sum > 9000000000 / 10)
            return false;
        sum = sum * 10 + (uint64_t)(whole.at[i] - '0');
    }
    uint64_t microseconds = 0;
    for (uint32_t i = 0; i < 6 || i < fraction.length; i++) {
        const char c = i < fraction.length ? fraction.at[i] : '0';
        if (c < '0' || c > '9')
            return false;
        if (i < 6)
            microseconds = microseconds * 10 + (uint64_t)(c - '0');
    }
    *nanoseconds = (int64_t)(sum * 1000000000 + microseconds * 1000);
    return whole.length + fraction.length != 0 && sum <= 9000000000;
}

static char simple_escape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'f':
        return '\f';
    case 'v':
        return '\v';
    default:
        return c;
    }
}

bool drill_unescape(struct arena *arena, struct slice text, struct slice *plain)
{
    uint32_t escapes = 0;
    *plain = text;
    for (uint32_t i = 0; i < text.length; i++)
        escapes += text.at[i] == '\\';
    if (escapes == 0)
        return true;
    char *to = arena_take(arena, text.length, 1);
    if (to == NULL)
        return false;
    uint32_t length = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '\\' && i + 3 < text.length && text.at[i + 1] == 'x' && digit_value(text.at[i + 2]) < 16 &&
            digit_value(text.at[i + 3]) < 16) {
            c = (char)(digit_value(text.at[i + 2]) << 4 | digit_value(text.at[i + 3]));
            i += 3;
        } else if (c == '\\' && i + 1 < text.length) {
            c = simple_escape(text.at[++i]);
        }
        to[length++] = c;
    }
    *plain = (struct slice){to, length};
    return true;
}
