#include "explain/filter_lex.h"

#include "explain/filter_program.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_alnum(char c) { return isalnum((unsigned char)c) != 0; }
static bool is_hex(char c) { return isxdigit((unsigned char)c) != 0; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Characters, not bytes. */
static uint32_t characters(const char *text, uint32_t length)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++)
        count += ((uint8_t)text[i] & 0xc0) != 0x80;
    return count;
}

bool filter_fail(struct filter_error *error, const char *text, uint32_t start, uint32_t length, const char *message,
                 const char *suggestion)
{
    error->column = characters(text, start) + 1;
    error->length = characters(text + start, length);
    if (error->length == 0)
        error->length = 1;
    snprintf(error->message, sizeof error->message, "%s", message);
    snprintf(error->suggestion, sizeof error->suggestion, "%s", suggestion != NULL ? suggestion : "");
    return false;
}

static const struct {
    const char *text;
    uint8_t kind, sign;
} symbols[] = {
    /* longer ones before those that they begin with */
    {"===", token_compare, operator_all_equal},
    {"!==", token_compare, operator_any_not_equal},
    {"==", token_compare, operator_equal},
    {"!=", token_compare, operator_not_equal},
    {"~=", token_compare, operator_any_not_equal},
    {"<=", token_compare, operator_less_equal},
    {">=", token_compare, operator_greater_equal},
    {"<", token_compare, operator_less},
    {">", token_compare, operator_greater},
    {"&&", token_and, 0},
    {"||", token_or, 0},
    {"^^", token_xor, 0},
    {"!", token_not, 0},
    {"&", token_arithmetic, operator_bits},
    {"+", token_arithmetic, operator_plus},
    {"-", token_arithmetic, operator_minus},
    {"*", token_arithmetic, operator_times},
    {"/", token_arithmetic, operator_divide},
    {"%", token_arithmetic, operator_modulo},
    {"~", token_matches, 0},
    {"(", token_open, 0},
    {")", token_close, 0},
    {"{", token_open_brace, 0},
    {"}", token_close_brace, 0},
    {"[", token_open_bracket, 0},
    {",", token_comma, 0},
    {"..", token_range, 0},
};

static const struct {
    const char *text;
    uint8_t kind, sign;
} words[] = {
    {"and", token_and, 0},
    {"or", token_or, 0},
    {"xor", token_xor, 0},
    {"not", token_not, 0},
    {"in", token_in, 0},
    {"contains", token_contains, 0},
    {"matches", token_matches, 0},
    {"any", token_any, 0},
    {"all", token_all, 0},
    {"eq", token_compare, operator_equal},
    {"any_eq", token_compare, operator_equal},
    {"all_eq", token_compare, operator_all_equal},
    {"ne", token_compare, operator_not_equal},
    {"all_ne", token_compare, operator_not_equal},
    {"any_ne", token_compare, operator_any_not_equal},
    {"gt", token_compare, operator_greater},
    {"ge", token_compare, operator_greater_equal},
    {"lt", token_compare, operator_less},
    {"le", token_compare, operator_less_equal},
    {"bitand", token_arithmetic, operator_bits},
};

/* What other languages write; none of it means anything here. */
static const struct {
    const char *text, *message, *suggestion;
} mistakes[] = {
    {"=>", "there is no =>", "write >="},
    {"=<", "there is no =<", "write <="},
    {"<>", "there is no <>", "write !="},
    {"=~", "there is no =~", "write matches"},
    {"=", "a single = does not compare", "write =="},
    {"|", "a single | does nothing", "write || or \"or\""},
    {"^", "a single ^ does nothing", "write ^^ or \"xor\""},
    {":=", "there is no :=", "write =="},
    {"#", "layers of the same protocol cannot be told apart here", "leave # away: every layer is looked at"},
    {"@", "fields cannot be taken raw", "leave @ away, or write a slice such as tcp[0:2]"},
    {"$", "there are no references here", "write the value itself"},
    {"'", "a character is written between double quotes", "write \"…\""},
    {"]", "there is no [ before this ]", NULL},
};

static bool starts(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static struct filter_token bad(struct filter_lexer *lexer, uint32_t length, const char *message, const char *suggestion)
{
    filter_fail(lexer->error, lexer->text, lexer->at, length, message, suggestion);
    return (struct filter_token){.kind = token_bad, .start = lexer->at, .length = length};
}

static struct filter_token read_string(struct filter_lexer *lexer, uint32_t prefix)
{
    const char *text = lexer->text;
    uint32_t start = lexer->at, at = start + prefix + 1;
    while (text[at] != '\0' && text[at] != '"')
        at += text[at] == '\\' && text[at + 1] != '\0' ? 2 : 1;
    if (text[at] == '\0')
        return bad(lexer, at - start, "this string has no end", "close it with \"");
    lexer->at = at + 1;
    return (struct filter_token){.kind = prefix ? token_raw : token_string,
                                 .start = start,
                                 .length = at + 1 - start,
                                 .text = start + prefix + 1,
                                 .text_length = at - start - prefix - 1};
}

/* "00-11-22": hyphens belong to a word only between pairs of hexadecimal digits. */
static uint32_t hyphenated(const char *text)
{
    uint32_t length = 0;
    while (is_hex(text[length]) && is_hex(text[length + 1])) {
        length += 2;
        if (text[length] != '-' || !is_hex(text[length + 1]))
            break;
        length++;
    }
    return length > 2 && !is_alnum(text[length]) && text[length] != '_' && text[length - 1] != '-' ? length : 0;
}

static bool is_address(const char *word, uint32_t length)
{
    uint32_t dots = 0, colons = 0;
    for (uint32_t i = 0; i < length; i++) {
        dots += word[i] == '.';
        colons += word[i] == ':';
    }
    return colons > 1 || (dots == 3 && is_digit(word[0]));
}

static uint32_t word_length(const char *text)
{
    uint32_t length = hyphenated(text);
    if (length > 0)
        return length;
    while (is_alnum(text[length]) || text[length] == '_' || text[length] == ':' || text[length] == '.' ||
           ((uint8_t)text[length] & 0x80) != 0) {
        if (text[length] == '.' && text[length + 1] == '.')
            break;
        /* Names of fields may hold hyphens, too. */
        length++;
    }
    if (text[length] == '/' && is_digit(text[length + 1]) && is_address(text, length)) {
        length++;
        while (is_digit(text[length]) || text[length] == '.')
            length++;
    }
    return length;
}

struct filter_token filter_lex(struct filter_lexer *lexer)
{
    while (lexer->text[lexer->at] == ' ' || (lexer->text[lexer->at] >= '\t' && lexer->text[lexer->at] <= '\r'))
        lexer->at++;
    const char *text = lexer->text + lexer->at;
    struct filter_token token = {.start = lexer->at};
    if (*text == '\0')
        return token;
    if (*text == '"')
        return read_string(lexer, 0);
    if ((*text == 'r' || *text == 'R') && text[1] == '"')
        return read_string(lexer, 1);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        bool doubled = mistakes[i].text[1] == '\0' && text[1] == text[0];
        if (starts(text, mistakes[i].text) && !doubled)
            return bad(lexer, (uint32_t)strlen(mistakes[i].text), mistakes[i].message, mistakes[i].suggestion);
    }
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        if (starts(text, symbols[i].text)) {
            token.kind = symbols[i].kind;
            token.sign = symbols[i].sign;
            token.length = (uint32_t)strlen(symbols[i].text);
            lexer->at += token.length;
            return token;
        }
    token.length = word_length(text);
    if (token.length == 0)
        return bad(lexer, 1, "this character has no meaning here", NULL);
    token.kind = token_word;
    token.text = token.start;
    token.text_length = token.length;
    lexer->at += token.length;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].text) == token.length && starts(text, words[i].text)) {
            token.kind = words[i].kind;
            token.sign = words[i].sign;
        }
    return token;
}
