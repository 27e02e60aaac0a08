#include "drill/token.h"

/* Cuts the text of a script into tokens: the longest that fits counts. */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The character `offset` behind the place; NUL at the end of the text. */
static char ahead(const struct drill_lexer *lexer, uint32_t offset)
{
    return offset < lexer->length - lexer->at ? lexer->text[lexer->at + offset] : '\0';
}

static bool follows(const struct drill_lexer *lexer, const char *words)
{
    return slice_starts((struct slice){lexer->text + lexer->at, lexer->length - lexer->at}, words);
}

static void skip(struct drill_lexer *lexer, uint32_t count)
{
    for (; count != 0 && lexer->at < lexer->length; count--)
        lexer->line += lexer->text[lexer->at++] == '\n';
}

/* Skips to behind `end`; false when the text is over before. */
static bool skip_behind(struct drill_lexer *lexer, const char *end)
{
    while (lexer->at < lexer->length && !follows(lexer, end))
        skip(lexer, 1);
    if (lexer->at >= lexer->length)
        return false;
    skip(lexer, slice_of(end).length);
    return true;
}

/* About what began on a line at an offset. */
static bool fail(const struct drill_lexer *lexer, uint32_t line, uint32_t start, const char *words)
{
    struct text text = drill_error_at(lexer->error, lexer->text, line, start);
    text_put(&text, words);
    return false;
}

/* ---- between tokens ---- */

/* #ifdef NAME ... #endif */
static bool directive(struct drill_lexer *lexer)
{
    const uint32_t line = lexer->line, start = lexer->at;
    const bool ifdef = follows(lexer, "#ifdef");
    if (!ifdef && !follows(lexer, "#endif"))
        return fail(lexer, line, start, "expected #ifdef or #endif behind #");
    skip(lexer, 6);
    if (!ifdef) {
        if (!lexer->within_ifdef)
            return fail(lexer, line, start, "#endif without #ifdef");
        lexer->within_ifdef = false;
        return true;
    }
    if (lexer->within_ifdef)
        return fail(lexer, line, start, "#ifdef within #ifdef: they do not nest");
    while (ahead(lexer, 0) == ' ' || ahead(lexer, 0) == '\t')
        skip(lexer, 1);
    const struct slice name = drill_lexer_raw(lexer, "");
    if (name.length == 0)
        return fail(lexer, line, start, "expected a name behind #ifdef");
    lexer->within_ifdef = drill_define_find(lexer->defines, name) != NULL;
    if (!lexer->within_ifdef && !skip_behind(lexer, "#endif"))
        return fail(lexer, line, start, "#ifdef without #endif");
    return true;
}

static bool skip_blanks(struct drill_lexer *lexer)
{
    for (;;) {
        const uint32_t line = lexer->line, start = lexer->at;
        if (is_space(ahead(lexer, 0))) {
            skip(lexer, 1);
        } else if (follows(lexer, "//")) {
            while (lexer->at < lexer->length && ahead(lexer, 0) != '\n')
                skip(lexer, 1);
        } else if (follows(lexer, "/*")) {
            skip(lexer, 2);
            if (!skip_behind(lexer, "*/"))
                return fail(lexer, line, start, "comment without its end */");
        } else if (ahead(lexer, 0) == '#') {
            if (!directive(lexer))
                return false;
        } else {
            return true;
        }
    }
}

/* ---- tokens ---- */

/* "..." or `...`: a backslash takes the next character along. */
static bool quoted(struct drill_lexer *lexer, struct drill_token *token, char quote)
{
    const uint32_t start = lexer->at + 1;
    skip(lexer, 1);
    while (lexer->at < lexer->length && ahead(lexer, 0) != quote)
        skip(lexer, ahead(lexer, 0) == '\\' ? 2 : 1);
    if (lexer->at >= lexer->length)
        return fail(lexer, token->line, token->start,
                    quote == '"' ? "string without its end \"" : "command without its end `");
    token->kind = quote == '"' ? TOKEN_STRING : TOKEN_BACKQUOTE;
    token->text = (struct slice){lexer->text + start, lexer->at - start};
    skip(lexer, 1);
    return true;
}

static bool code(struct drill_lexer *lexer, struct drill_token *token)
{
    skip(lexer, 2);
    uint32_t start = lexer->at;
    if (!skip_behind(lexer, "}%"))
        return fail(lexer, token->line, token->start, "code without its end }%");
    uint32_t end = lexer->at - 2;
    while (start < end && is_space(lexer->text[start]))
        start++;
    while (end > start && is_space(lexer->text[end - 1]))
        end--;
    token->kind = TOKEN_CODE;
    token->text = (struct slice){lexer->text + start, end - start};
    return true;
}

/* Lengths of what could stand here, 0 when it does not. */

static uint32_t integer_length(const struct drill_lexer *lexer)
{
    const uint32_t sign = ahead(lexer, 0) == '-';
    uint32_t length = sign;
    while (is_digit(ahead(lexer, length)))
        length++;
    return length > sign ? length : 0;
}

static uint32_t hex_length(const struct drill_lexer *lexer)
{
    uint32_t length = 2;
    if (ahead(lexer, 0) != '0' || ahead(lexer, 1) != 'x')
        return 0;
    while (is_hex(ahead(lexer, length)))
        length++;
    return length > 2 ? length : 0;
}

static uint32_t float_length(const struct drill_lexer *lexer)
{
    uint32_t length = ahead(lexer, 0) == '-';
    while (is_digit(ahead(lexer, length)))
        length++;
    if (ahead(lexer, length) != '.' || !is_digit(ahead(lexer, length + 1)))
        return 0;
    length++;
    while (is_digit(ahead(lexer, length)))
        length++;
    return length;
}

static uint32_t word_length(const struct drill_lexer *lexer)
{
    uint32_t length = 0;
    while (is_word(ahead(lexer, length)))
        length++;
    return length;
}

static uint32_t address_length(const struct drill_lexer *lexer, bool ipv6)
{
    uint32_t most = 0;
    struct septet_address address;
    while (most < SEPTET_ADDRESS_TEXT - 1 &&
           (is_hex(ahead(lexer, most)) || ahead(lexer, most) == '.' || (ipv6 && ahead(lexer, most) == ':')))
        most++;
    for (uint32_t length = most; length >= 2; length--) {
        const struct slice text = {lexer->text + lexer->at, length};
        struct slice before, after, end;
        const bool shape = ipv6 ? slice_split(text, ':', &before, &after) && slice_split(after, ':', &before, &end)
                                : length >= 7 && !slice_split(text, ':', &before, &after);
        if (!shape)
            return 0;
        if (septet_address_parse(text.at, length, &address))
            return length;
    }
    return 0;
}

struct candidate {
    enum drill_token_kind kind;
    uint32_t length;
};

/* The longest; of several the first of this order. */
static struct candidate longest(const struct drill_lexer *lexer)
{
    const struct candidate candidates[] = {
        {TOKEN_INTEGER, integer_length(lexer)},    {TOKEN_HEX, hex_length(lexer)},
        {TOKEN_FLOAT, float_length(lexer)},        {TOKEN_ELLIPSIS, follows(lexer, "...") ? 3 : 0},
        {TOKEN_WORD, word_length(lexer)},          {TOKEN_IPV4, address_length(lexer, false)},
        {TOKEN_IPV6, address_length(lexer, true)},
    };
    struct candidate best = {TOKEN_MARK, 1};
    bool any = false;
    for (unsigned i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (candidates[i].length > best.length || (candidates[i].length == 1 && !any))
            best = candidates[i];
        any = best.kind != TOKEN_MARK;
    }
    return best;
}

static void substitute(const struct drill_lexer *lexer, struct drill_token *token)
{
    const struct drill_define *define = drill_define_find(lexer->defines, token->text);
    if (define == NULL)
        return;
    const struct slice value = define->value;
    int64_t number;
    const char first = value.length != 0 ? value.at[0] : '\0';
    const bool pair = value.length >= 2 && value.at[value.length - 1] == first;
    token->text = value;
    if (pair && (first == '"' || first == '`')) {
        token->kind = first == '"' ? TOKEN_STRING : TOKEN_BACKQUOTE;
        token->text = (struct slice){value.at + 1, value.length - 2};
    } else if (drill_integer(value, &number)) {
        token->kind = TOKEN_INTEGER;
    }
}

static bool is_option(const struct drill_lexer *lexer)
{
    const char c = ahead(lexer, 2);
    return follows(lexer, "--") && is_word(c) && !is_digit(c);
}

bool drill_lexer_next(struct drill_lexer *lexer, struct drill_token *token)
{
    const uint32_t before = lexer->at;
    if (!skip_blanks(lexer))
        return false;
    *token = (struct drill_token){.line = lexer->line, .start = lexer->at, .touches = lexer->at == before};
    const char c = ahead(lexer, 0);
    if (lexer->at >= lexer->length) {
        if (lexer->within_ifdef)
            return fail(lexer, lexer->line, lexer->at, "#ifdef without #endif");
        token->kind = TOKEN_END;
        token->text = (struct slice){lexer->text + lexer->length, 0};
        return true;
    }
    if (c == '"' || c == '`')
        return quoted(lexer, token, c);
    if (follows(lexer, "%{"))
        return code(lexer, token);
    if (is_option(lexer)) {
        skip(lexer, 2);
        token->kind = TOKEN_OPTION;
        token->text = drill_lexer_raw(lexer, "-");
        return true;
    }
    const struct candidate found = longest(lexer);
    token->kind = found.kind;
    token->mark = found.kind == TOKEN_MARK ? c : '\0';
    token->text = (struct slice){lexer->text + lexer->at, found.length};
    skip(lexer, found.length);
    if (token->kind == TOKEN_MARK && ((unsigned char)c < 0x20 || (unsigned char)c > 0x7e))
        return fail(lexer, token->line, token->start, "a character that no script has stands here");
    if (token->kind == TOKEN_WORD)
        substitute(lexer, token);
    return true;
}

struct slice drill_lexer_raw(struct drill_lexer *lexer, const char *more)
{
    const uint32_t start = lexer->at;
    for (;;) {
        const char c = ahead(lexer, 0);
        bool taken = is_word(c);
        for (const char *m = more; *m != '\0' && !taken; m++)
            taken = c == *m;
        if (!taken)
            break;
        skip(lexer, 1);
    }
    return (struct slice){lexer->text + start, lexer->at - start};
}
