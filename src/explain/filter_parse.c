#include "explain/filter_lex.h"
#include "explain/filter_program.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNTYPED 255 /* the type of a literal before it is compared with something */
#define MESSAGE 200

struct parser {
    struct filter *filter;
    const char *text;
    struct filter_lexer lexer;
    struct filter_token token; /* the next one */
    struct filter_error *error;
    uint32_t nesting;
};

/* Functions that give a node return 0 when the text is wrong; the error is set then. */
static uint32_t parse_or(struct parser *parser);
static uint32_t parse_value(struct parser *parser);

static uint32_t fail(struct parser *parser, uint32_t start, uint32_t length, const char *message,
                     const char *suggestion)
{
    if (parser->error->column == 0)
        filter_fail(parser->error, parser->text, start, length, message, suggestion);
    return 0;
}

static void advance(struct parser *parser) { parser->token = filter_lex(&parser->lexer); }

/* What was read is not what has to stand here. */
static uint32_t unexpected(struct parser *parser, const char *expected)
{
    const struct filter_token *token = &parser->token;
    char message[MESSAGE];
    if (token->kind == token_bad)
        return 0;
    if (token->kind == token_end)
        snprintf(message, sizeof message, "the filter ends where %s is expected", expected);
    else
        snprintf(message, sizeof message, "%s is expected here", expected);
    return fail(parser, token->start, token->length, message, NULL);
}

static struct filter_node *node_at(const struct parser *parser, uint32_t index)
{
    return &parser->filter->nodes[index];
}

static uint32_t make(struct parser *parser, enum filter_node_kind kind, uint32_t first, uint32_t second)
{
    struct filter *filter = parser->filter;
    uint32_t index = filter->node_count++, depth = 0;
    struct filter_node *node = &filter->nodes[index];
    *node = (struct filter_node){.kind = (uint8_t)kind, .type = UNTYPED, .first = first};
    if (first != 0) {
        depth = filter->nodes[first].depth;
        node->column = filter->nodes[first].column;
        node->length = filter->nodes[first].length;
    }
    if (second != 0) {
        const struct filter_node *last = &filter->nodes[second];
        filter->nodes[first].next = second;
        depth = depth > last->depth ? depth : last->depth;
        node->length = last->column + last->length - node->column;
    }
    if (depth == FILTER_DEPTH_MOST)
        return fail(parser, node->column, node->length, "this is nested too deeply", NULL);
    node->depth = (uint8_t)(depth + 1);
    return index;
}

/* ---- literals ---- */

static bool looks_like_field(const struct parser *parser, const struct filter_node *node)
{
    const char *word = parser->text + node->start;
    return node->number == token_word && isalpha((unsigned char)word[0]) &&
           memchr(word, ':', (size_t)node->end) == NULL;
}

static uint32_t no_such_field(struct parser *parser, const struct filter_node *node)
{
    const char *word = parser->text + node->start;
    const char *like = filter_field_like(word, (size_t)node->end);
    char message[MESSAGE], suggestion[100] = "";
    snprintf(message, sizeof message, "there is no field \"%.*s\"", node->end < 80 ? node->end : 80, word);
    if (like != NULL)
        snprintf(suggestion, sizeof suggestion, "did you mean %s?", like);
    return fail(parser, node->column, node->length, message, suggestion);
}

/* A literal that stands alone is no test. */
static uint32_t no_test(struct parser *parser, const struct filter_node *node)
{
    char suggestion[100];
    struct septet_address address;
    const char *word = parser->text + node->start;
    if (looks_like_field(parser, node))
        return no_such_field(parser, node);
    const char *example = "tcp.port";
    if (septet_address_parse(word, (size_t)node->end, &address))
        example = septet_address_is_ipv4(&address) ? "ip.addr" : "ipv6.addr";
    else if (node->number != token_word)
        example = "tcp.payload";
    snprintf(suggestion, sizeof suggestion, "compare it with a field: %s %s %.*s", example,
             node->number == token_word ? "==" : "contains", node->length < 40 ? (int)node->length : 40,
             parser->text + node->column);
    return fail(parser, node->column, node->length, "a value alone is no test", suggestion);
}

/* Gives a literal the type of what it is compared with. */
static bool resolve(struct parser *parser, uint32_t index, uint8_t type)
{
    struct filter_node *node = node_at(parser, index);
    char message[MESSAGE];
    if (node->type != UNTYPED)
        return true;
    if (filter_literal(parser->filter, parser->text + node->start, (uint32_t)node->end, node->number != token_word,
                       type, &node->value, message)) {
        node->type = node->value.type;
        return true;
    }
    if (looks_like_field(parser, node) && memchr(parser->text + node->start, '.', (size_t)node->end) != NULL)
        return no_such_field(parser, node);
    return fail(parser, node->column, node->length, message, NULL);
}

/* ---- values ---- */

static bool read_integer(struct parser *parser, int32_t *number)
{
    const char *start = parser->text + parser->lexer.at;
    char *end;
    if (*start != '-' && !isdigit((unsigned char)*start))
        return false;
    long value = strtol(start, &end, 10);
    if (end == start || value < -65536 || value > 65536)
        return false;
    *number = (int32_t)value;
    parser->lexer.at += (uint32_t)(end - start);
    return true;
}

/* [i] [i:length] [i-j] [:length] [i:] */
static uint32_t parse_part(struct parser *parser)
{
    const char *text = parser->text;
    uint32_t *at = &parser->lexer.at, start = *at;
    uint32_t index = make(parser, node_part, 0, 0);
    struct filter_node *node = node_at(parser, index);
    bool first = read_integer(parser, &node->start);
    if (first && text[*at] == '-') {
        ++*at;
        if (!read_integer(parser, &node->end))
            return fail(parser, start, *at - start + 1, "a slice is [from-to], with numbers of bytes", NULL);
    } else if (text[*at] == ':') {
        ++*at;
        node->end_is_length = true;
        if (!read_integer(parser, &node->end))
            node->open = true;
        else if (node->end <= 0)
            return fail(parser, start, *at - start, "a slice has at least one byte", NULL);
    } else if (first) {
        node->end_is_length = true;
        node->end = 1;
    }
    if (!first && !node->end_is_length)
        return fail(parser, start, 1, "a slice needs numbers of bytes", "[from:length] or [from-to]");
    return index;
}

static uint32_t parse_slice(struct parser *parser, uint32_t value)
{
    uint8_t type = node_at(parser, value)->type;
    if (type != UNTYPED && !(type == filter_protocol || type >= filter_ipv4))
        return fail(parser, parser->token.start, 1, "only bytes and text can be cut into slices", NULL);
    if (type == UNTYPED)
        return no_test(parser, node_at(parser, value));
    uint32_t opening = parser->token.start, last = 0;
    uint32_t index = make(parser, node_slice, value, 0);
    for (;;) {
        while (index != 0 && parser->text[parser->lexer.at] == ' ')
            parser->lexer.at++;
        uint32_t part = index != 0 ? parse_part(parser) : 0;
        if (part == 0)
            return 0;
        if (last == 0)
            node_at(parser, value)->next = part;
        else
            node_at(parser, last)->next = part;
        last = part;
        while (parser->text[parser->lexer.at] == ' ')
            parser->lexer.at++;
        char c = parser->text[parser->lexer.at];
        if (c != ']' && c != ',')
            return fail(parser, opening, parser->lexer.at - opening, "this slice has no end", "close it with ]");
        parser->lexer.at++;
        if (c == ']')
            break;
    }
    node_at(parser, index)->type = type == filter_text ? filter_text : filter_bytes;
    node_at(parser, index)->length = parser->lexer.at - node_at(parser, index)->column;
    advance(parser);
    return index;
}

static uint32_t parse_function(struct parser *parser, struct filter_token name)
{
    static const struct {
        const char *name;
        uint8_t function;
    } known[] = {{"len", function_len},
                 {"count", function_count},
                 {"lower", function_lower},
                 {"upper", function_upper},
                 {"abs", function_abs}};
    const char *word = parser->text + name.start;
    uint32_t which = 0;
    while (which < 5 &&
           !(strlen(known[which].name) == name.length && memcmp(word, known[which].name, name.length) == 0))
        which++;
    if (which == 5)
        return fail(parser, name.start, name.length, "there is no such function",
                    "known are len, count, lower, upper, abs");
    advance(parser);
    uint32_t inner = parse_value(parser);
    if (inner == 0)
        return 0;
    if (parser->token.kind != token_close)
        return unexpected(parser, ")");
    uint8_t type = node_at(parser, inner)->type, function = known[which].function;
    if (type == UNTYPED)
        return no_test(parser, node_at(parser, inner));
    bool text = function == function_lower || function == function_upper;
    if ((text && type != filter_text) || (function == function_abs && !filter_is_numeric(type)) ||
        (function == function_len && !filter_has_bytes(type)))
        return fail(parser, name.start, parser->token.start + 1 - name.start,
                    "this function does not take such a field", NULL);
    uint32_t index = make(parser, node_function, inner, 0);
    if (index == 0)
        return 0;
    struct filter_node *node = node_at(parser, index);
    node->number = function;
    node->type = function == function_len || function == function_count ? (uint8_t)filter_number : type;
    node->column = name.start;
    node->length = parser->token.start + 1 - name.start;
    advance(parser);
    return index;
}

static uint32_t parse_word(struct parser *parser)
{
    struct filter_token token = parser->token;
    int field = token.kind == token_word ? filter_field_find(parser->text + token.text, token.text_length) : -1;
    advance(parser);
    if (field < 0 && token.kind == token_word && parser->token.kind == token_open)
        return parse_function(parser, token);
    uint32_t index = make(parser, field < 0 ? node_literal : node_field, 0, 0);
    struct filter_node *node = node_at(parser, index);
    node->column = token.start;
    node->length = token.length;
    if (field < 0) {
        node->number = token.kind;
        node->start = (int32_t)token.text;
        node->end = (int32_t)token.text_length;
        return index;
    }
    node->number = (uint32_t)field;
    node->type = filter_field_at((uint32_t)field)->type;
    parser->filter->needs_segment |= filter_field_needs_segment(filter_field_at((uint32_t)field));
    return index;
}

/* What both sides of a calculation have to be. */
static uint32_t make_arithmetic(struct parser *parser, uint8_t sign, uint32_t a, uint32_t b)
{
    uint8_t left = node_at(parser, a)->type, right = b != 0 ? node_at(parser, b)->type : left;
    uint8_t type = left != UNTYPED ? left : right;
    if (type == UNTYPED || type == filter_bytes || type == filter_protocol || type == filter_boolean)
        type = filter_number;
    bool scaling = sign == operator_times || sign == operator_divide;
    uint8_t wanted = scaling && type == filter_time ? (uint8_t)filter_number : type;
    if (!resolve(parser, a, wanted) || (b != 0 && !resolve(parser, b, wanted)))
        return 0;
    for (uint32_t i = 0; i < 2; i++) {
        const struct filter_node *node = node_at(parser, i == 1 && b != 0 ? b : a);
        if (!filter_is_numeric(node->type) && node->type != filter_bytes && node->type != filter_protocol) {
            char message[MESSAGE];
            snprintf(message, sizeof message, "%s cannot be calculated with", filter_type_text(node->type));
            return fail(parser, node->column, node->length, message, NULL);
        }
    }
    uint32_t index = make(parser, node_arithmetic, a, b);
    if (index == 0)
        return 0;
    node_at(parser, index)->sign = sign;
    node_at(parser, index)->type = sign == operator_negate && type == filter_number ? (uint8_t)filter_signed : type;
    return index;
}

static bool is_operator(const struct parser *parser, uint8_t sign)
{
    return parser->token.kind == token_arithmetic && parser->token.sign == sign;
}

/* A minus before digits belongs to the number. */
static uint32_t parse_negative(struct parser *parser)
{
    struct filter_token minus = parser->token;
    advance(parser);
    bool number = parser->token.kind == token_word && parser->token.start == minus.start + 1 &&
                  isdigit((unsigned char)parser->text[parser->token.start]);
    if (number) {
        parser->token.start = parser->token.text = minus.start;
        parser->token.length++;
        parser->token.text_length++;
        return parse_word(parser);
    }
    uint32_t inner = parse_value(parser);
    return inner != 0 ? make_arithmetic(parser, operator_negate, inner, 0) : 0;
}

static uint32_t parse_primary(struct parser *parser)
{
    uint32_t index;
    if (++parser->nesting > FILTER_DEPTH_MOST)
        return fail(parser, parser->token.start, parser->token.length, "this is nested too deeply", NULL);
    if (is_operator(parser, operator_minus)) {
        index = parse_negative(parser);
    } else if (parser->token.kind == token_open_brace) {
        advance(parser);
        index = parse_value(parser);
        if (index != 0 && parser->token.kind != token_close_brace)
            index = unexpected(parser, "}");
        else if (index != 0)
            advance(parser);
    } else if (parser->token.kind == token_word || parser->token.kind == token_string ||
               parser->token.kind == token_raw) {
        index = parse_word(parser);
    } else {
        index = unexpected(parser, "a field or a value");
    }
    while (index != 0 && parser->token.kind == token_open_bracket)
        index = parse_slice(parser, index);
    parser->nesting--;
    return index;
}

/* & binds least, then + and -, then * / and %. */
static uint32_t parse_level(struct parser *parser, uint32_t level)
{
    static const uint8_t operators[3][3] = {{operator_bits, operator_bits, operator_bits},
                                            {operator_plus, operator_minus, operator_minus},
                                            {operator_times, operator_divide, operator_modulo}};
    uint32_t left = level == 2 ? parse_primary(parser) : parse_level(parser, level + 1);
    while (left != 0 && parser->token.kind == token_arithmetic) {
        uint8_t sign = parser->token.sign;
        if (sign != operators[level][0] && sign != operators[level][1] && sign != operators[level][2])
            break;
        advance(parser);
        uint32_t right = level == 2 ? parse_primary(parser) : parse_level(parser, level + 1);
        left = right != 0 ? make_arithmetic(parser, sign, left, right) : 0;
    }
    return left;
}

static uint32_t parse_value(struct parser *parser) { return parse_level(parser, 0); }

/* ---- tests ---- */

static bool comparable(uint8_t a, uint8_t b)
{
    if (a == b)
        return true;
    if (filter_is_numeric(a) && filter_is_numeric(b))
        return a <= filter_signed && b <= filter_signed;
    bool bytes = a == filter_bytes || a == filter_protocol || b == filter_bytes || b == filter_protocol;
    return bytes && filter_has_bytes(a) && filter_has_bytes(b);
}

/* The largest number that a field of a header can hold. */
static bool within_field(struct parser *parser, uint32_t field, uint32_t literal)
{
    const struct filter_node *node = node_at(parser, field), *other = node_at(parser, literal);
    if (node->kind != node_field || other->kind != node_literal || other->type != filter_number)
        return true;
    const struct filter_field *described = filter_field_at(node->number);
    uint64_t most = (uint64_t)described->mask * described->unit;
    char message[MESSAGE];
    if (most == 0 || other->value.number <= most)
        return true;
    snprintf(message, sizeof message, "%s is never more than %llu", described->name, (unsigned long long)most);
    return fail(parser, other->column, other->length, message, NULL);
}

/* Brings both sides of a comparison to types that can be compared. */
static bool agree(struct parser *parser, uint32_t a, uint32_t b)
{
    uint8_t left = node_at(parser, a)->type, right = node_at(parser, b)->type;
    char message[MESSAGE];
    if (left == UNTYPED && right == UNTYPED)
        return no_test(parser, node_at(parser, looks_like_field(parser, node_at(parser, b)) ? b : a));
    for (uint32_t i = 0; i < 2; i++) {
        const struct filter_node *node = node_at(parser, i == 0 ? a : b);
        if (node->type == filter_none)
            return fail(parser, node->column, node->length, "this is there or not; it has no value to compare",
                        "write it alone, or with ! before it");
    }
    if (left == UNTYPED && looks_like_field(parser, node_at(parser, a)))
        return no_such_field(parser, node_at(parser, a));
    if (!resolve(parser, a, right) || !resolve(parser, b, left))
        return false;
    const struct filter_node *one = node_at(parser, a), *other = node_at(parser, b);
    if (!comparable(one->type, other->type)) {
        snprintf(message, sizeof message, "%s cannot be compared with %s", filter_type_text(one->type),
                 filter_type_text(other->type));
        return fail(parser, one->column, other->column + other->length - one->column, message, NULL);
    }
    return within_field(parser, a, b) && within_field(parser, b, a);
}

/* 1 < tcp.len < 100 is both comparisons. */
static uint32_t parse_comparisons(struct parser *parser, uint32_t left, uint8_t quantifier)
{
    uint32_t first = 0, last = 0, count = 0;
    while (parser->token.kind == token_compare) {
        uint8_t sign = parser->token.sign;
        advance(parser);
        uint32_t right = parse_value(parser);
        if (right == 0 || !agree(parser, left, right))
            return 0;
        uint32_t test = make(parser, node_compare, left, right);
        if (test == 0)
            return 0;
        node_at(parser, test)->sign = sign;
        node_at(parser, test)->quantifier = quantifier;
        if (last != 0)
            node_at(parser, last)->next = test;
        else
            first = test;
        last = test;
        left = right;
        count++;
    }
    return count == 1 ? first : make(parser, node_and, first, node_at(parser, first)->next);
}

static uint32_t parse_item(struct parser *parser, uint8_t type)
{
    uint32_t low = parse_primary(parser), high;
    if (low == 0)
        return 0;
    if (node_at(parser, low)->kind != node_literal)
        return fail(parser, node_at(parser, low)->column, node_at(parser, low)->length, "a set holds values, no fields",
                    NULL);
    if (!resolve(parser, low, type))
        return 0;
    if (parser->token.kind != token_range)
        return low;
    advance(parser);
    high = parse_primary(parser);
    if (high == 0 || node_at(parser, high)->kind != node_literal || !resolve(parser, high, type))
        return high != 0 ? unexpected(parser, "the other end of the range") : 0;
    return make(parser, node_range, low, high);
}

static uint32_t parse_set(struct parser *parser, uint32_t left, uint8_t quantifier)
{
    uint8_t type = node_at(parser, left)->type;
    uint32_t index, last = left;
    if (type == UNTYPED)
        return no_test(parser, node_at(parser, left));
    if (type == filter_none)
        return fail(parser, node_at(parser, left)->column, node_at(parser, left)->length,
                    "this is there or not; it has no value to look for", NULL);
    advance(parser);
    if (parser->token.kind != token_open_brace)
        return unexpected(parser, "a set such as {80, 443, 8000..8999}");
    advance(parser);
    index = make(parser, node_in, left, 0);
    while (index != 0 && parser->token.kind != token_close_brace) {
        uint32_t item = parse_item(parser, type);
        if (item == 0)
            return 0;
        node_at(parser, last)->next = item;
        last = item;
        if (parser->token.kind == token_comma)
            advance(parser);
    }
    if (index == 0 || last == left)
        return unexpected(parser, "a value");
    node_at(parser, index)->quantifier = quantifier;
    advance(parser);
    return index;
}

/* The value on the left of `contains` and `matches` has to be one that consists of bytes. */
static bool takes_text(struct parser *parser, uint32_t left)
{
    const struct filter_node *node = node_at(parser, left);
    if (node->type == UNTYPED)
        return no_test(parser, node);
    if (!filter_has_bytes(node->type))
        return fail(parser, node->column, node->length, "only text and bytes can be searched", "compare it with ==");
    return true;
}

static uint32_t parse_contains(struct parser *parser, uint32_t left, uint8_t quantifier)
{
    if (!takes_text(parser, left))
        return 0;
    advance(parser);
    uint32_t right = parse_primary(parser);
    if (right == 0)
        return 0;
    struct filter_node *node = node_at(parser, right);
    if (node->kind != node_literal)
        return fail(parser, node->column, node->length,
                    "what is looked for has to be written here, as a string or bytes", NULL);
    /* A word that is no bytes is text. */
    bool text = node_at(parser, left)->type == filter_text;
    if (!text && node->number == token_word) {
        struct filter_value value;
        char message[MESSAGE];
        uint32_t used = parser->filter->byte_count;
        text = !filter_literal(parser->filter, parser->text + node->start, (uint32_t)node->end, false, filter_bytes,
                               &value, message);
        parser->filter->byte_count = used;
    }
    if (!resolve(parser, right, text ? filter_text : filter_bytes))
        return 0;
    uint32_t index = make(parser, node_contains, left, right);
    node_at(parser, index)->quantifier = quantifier;
    return index;
}

/* Only \\ and \" are escapes of the string; the others are the expression's own. */
static uint32_t unescape(const char *text, uint32_t length, char *to)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] == '\\' && i + 1 < length && (text[i + 1] == '\\' || text[i + 1] == '"'))
            i++;
        to[count++] = text[i];
    }
    return count;
}

static bool compile_pattern(struct parser *parser, const struct filter_token *token)
{
    struct filter *filter = parser->filter;
    char pattern[FILTER_TEXT_MOST], message[MESSAGE];
    const char *text = parser->text + token->text;
    uint32_t length = token->text_length;
    int error;
    PCRE2_SIZE at;
    if (filter->pattern_count == FILTER_PATTERNS)
        return fail(parser, token->start, token->length, "there are too many expressions in this filter", NULL);
    if (token->kind == token_string) {
        length = unescape(text, length, pattern);
        text = pattern;
    }
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)text, length, PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);
    if (code == NULL) {
        PCRE2_UCHAR reason[120];
        pcre2_get_error_message(error, reason, sizeof reason);
        snprintf(message, sizeof message, "wrong expression: %s", (const char *)reason);
        uint32_t offset = at < token->text_length ? (uint32_t)at : token->text_length;
        return fail(parser, token->text + offset, 1, message, NULL);
    }
    filter->patterns[filter->pattern_count++] = code;
    return true;
}

static uint32_t parse_matches(struct parser *parser, uint32_t left, uint8_t quantifier)
{
    if (!takes_text(parser, left))
        return 0;
    advance(parser);
    struct filter_token token = parser->token;
    if (token.kind != token_string && token.kind != token_raw)
        return unexpected(parser, "an expression between double quotes");
    if (!compile_pattern(parser, &token))
        return 0;
    uint32_t index = make(parser, node_matches, left, 0);
    node_at(parser, index)->quantifier = quantifier;
    node_at(parser, index)->number = parser->filter->pattern_count - 1;
    advance(parser);
    return index;
}

static uint32_t parse_relation(struct parser *parser)
{
    uint8_t quantifier = quantifier_none;
    if (parser->token.kind == token_any || parser->token.kind == token_all) {
        quantifier = parser->token.kind == token_any ? quantifier_any : quantifier_all;
        advance(parser);
    }
    uint32_t left = parse_value(parser);
    if (left == 0)
        return 0;
    switch (parser->token.kind) {
    case token_compare:
        return parse_comparisons(parser, left, quantifier);
    case token_in:
        return parse_set(parser, left, quantifier);
    case token_contains:
        return parse_contains(parser, left, quantifier);
    case token_matches:
        return parse_matches(parser, left, quantifier);
    case token_not: {
        advance(parser);
        if (parser->token.kind != token_in)
            return unexpected(parser, "\"in\" behind \"not\"");
        uint32_t set = parse_set(parser, left, quantifier);
        return set != 0 ? make(parser, node_not, set, 0) : 0;
    }
    default:
        break;
    }
    if (node_at(parser, left)->type == UNTYPED)
        return no_test(parser, node_at(parser, left));
    return make(parser, node_present, left, 0);
}

static uint32_t parse_not(struct parser *parser)
{
    uint32_t inner;
    if (++parser->nesting > FILTER_DEPTH_MOST)
        return fail(parser, parser->token.start, parser->token.length, "this is nested too deeply", NULL);
    if (parser->token.kind == token_not) {
        advance(parser);
        inner = parse_not(parser);
        inner = inner != 0 ? make(parser, node_not, inner, 0) : 0;
    } else if (parser->token.kind == token_open) {
        uint32_t opening = parser->token.start;
        advance(parser);
        inner = parse_or(parser);
        if (inner != 0 && parser->token.kind == token_end)
            inner = fail(parser, opening, 1, "this ( is not closed", NULL);
        else if (inner != 0 && parser->token.kind != token_close)
            inner = unexpected(parser, "and, or, xor or )");
        else if (inner != 0)
            advance(parser);
    } else {
        inner = parse_relation(parser);
    }
    parser->nesting--;
    return inner;
}

/* Tests with the same word between them. */
static uint32_t parse_list(struct parser *parser, enum filter_token_kind word, enum filter_node_kind kind,
                           uint32_t (*parse)(struct parser *))
{
    uint32_t first = parse(parser), last = first, list = first;
    while (last != 0 && parser->token.kind == word) {
        advance(parser);
        uint32_t next = parse(parser);
        if (next == 0)
            return 0;
        if (list == first) {
            list = make(parser, kind, first, next);
        } else {
            node_at(parser, last)->next = next;
            uint8_t depth = node_at(parser, next)->depth;
            if (depth >= node_at(parser, list)->depth)
                node_at(parser, list)->depth = (uint8_t)(depth + 1);
        }
        if (list == 0)
            return 0;
        last = next;
    }
    return list;
}

static uint32_t parse_and(struct parser *parser) { return parse_list(parser, token_and, node_and, parse_not); }
static uint32_t parse_xor(struct parser *parser) { return parse_list(parser, token_xor, node_xor, parse_and); }
static uint32_t parse_or(struct parser *parser) { return parse_list(parser, token_or, node_or, parse_xor); }

bool filter_parse(struct filter *filter, const char *text, struct filter_error *error)
{
    struct parser parser = {.filter = filter, .text = text, .lexer = {text, 0, error}, .error = error};
    *error = (struct filter_error){.column = 0};
    advance(&parser);
    if (parser.token.kind == token_end) {
        filter->root = make(&parser, node_true, 0, 0);
        return true;
    }
    filter->root = parse_or(&parser);
    if (filter->root == 0)
        return false;
    if (parser.token.kind == token_close)
        return fail(&parser, parser.token.start, 1, "there is no ( before this )", NULL);
    if (parser.token.kind != token_end)
        return unexpected(&parser, "and, or, xor or the end");
    return true;
}
