#include "drill/parser.h"

/* name(arguments) = result [ERRNO] [(note)] */

static bool parse_expression(struct drill_parser *parser, struct drill_expression **out);

const struct drill_expression *drill_field(const struct drill_expression *structure, const char *name)
{
    for (const struct drill_expression *at = structure->first; at != NULL; at = at->next)
        if (at->kind == EXPRESSION_FIELD && slice_is(at->text, name))
            return at;
    return NULL;
}

/* Expressions separated by commas up to `end`, which is taken. */
static bool parse_list(struct drill_parser *parser, char end, const char *where, struct drill_expression **first,
                       uint32_t *count)
{
    struct drill_expression **link = first;
    bool more;
    *count = 0;
    while (!parse_at_mark(parser, end)) {
        if (!parse_expression(parser, link))
            return false;
        link = &(*link)->next;
        ++*count;
        if (!parse_accept_mark(parser, ',', &more))
            return false;
        if (!more)
            break;
    }
    return parse_mark(parser, end, where);
}

/* Adjacent strings are one. */
static bool parse_string(struct drill_parser *parser, struct drill_expression *expression)
{
    expression->kind = EXPRESSION_STRING;
    while (parser->token.kind == TOKEN_STRING) {
        struct slice plain;
        if (!drill_unescape(parser->arena, parser->token.text, &plain))
            return parse_no_memory(parser);
        if (expression->text.length == 0) {
            expression->text = plain;
        } else if (plain.length != 0) {
            char *joined = arena_take(parser->arena, (size_t)expression->text.length + plain.length, 1);
            if (joined == NULL)
                return parse_no_memory(parser);
            struct text text = {joined, expression->text.length + plain.length + 1, 0};
            for (uint32_t i = 0; i < expression->text.length; i++)
                joined[text.length++] = expression->text.at[i];
            for (uint32_t i = 0; i < plain.length; i++)
                joined[text.length++] = plain.at[i];
            expression->text = (struct slice){joined, text.length};
        }
        if (!parse_next(parser))
            return false;
    }
    return true;
}

/* NAME, NAME(...), NAME = value, NAME(...) = value */
static bool parse_named(struct drill_parser *parser, struct drill_expression *expression)
{
    bool found;
    expression->kind = EXPRESSION_SYMBOL;
    expression->text = parser->token.text;
    if (!parse_next(parser) || !parse_accept_mark(parser, '(', &found))
        return false;
    if (found) {
        expression->kind = EXPRESSION_FUNCTION;
        if (!parse_list(parser, ')', "behind the arguments", &expression->first, &expression->count))
            return false;
    }
    if (!parse_accept_mark(parser, '=', &found))
        return false;
    if (!found)
        return true;
    expression->kind = EXPRESSION_FIELD;
    expression->arguments = expression->first;
    expression->first = NULL;
    expression->count = 1;
    return parse_expression(parser, &expression->first);
}

static bool parse_integer(struct drill_parser *parser, struct drill_expression *expression)
{
    expression->kind = EXPRESSION_INTEGER;
    if (!drill_integer(parser->token.text, &expression->integer)) {
        struct text text = parse_error(parser, &parser->token);
        text_put(&text, "the number does not fit in 64 bits: ");
        text_slice(&text, parser->token.text);
        return false;
    }
    return parse_next(parser);
}

static bool parse_compound(struct drill_parser *parser, struct drill_expression *expression)
{
    const bool array = parse_at_mark(parser, '[');
    expression->kind = array ? EXPRESSION_ARRAY : EXPRESSION_STRUCTURE;
    return parse_next(parser) &&
           parse_list(parser, array ? ']' : '}', array ? "behind the array" : "behind the structure",
                      &expression->first, &expression->count);
}

static bool parse_primary(struct drill_parser *parser, struct drill_expression *expression)
{
    expression->line = parser->token.line;
    switch (parser->token.kind) {
    case TOKEN_ELLIPSIS:
        expression->kind = EXPRESSION_ELLIPSIS;
        return parse_next(parser);
    case TOKEN_INTEGER:
    case TOKEN_HEX:
        return parse_integer(parser, expression);
    case TOKEN_STRING:
        return parse_string(parser, expression);
    case TOKEN_IPV4:
    case TOKEN_IPV6:
        expression->kind = EXPRESSION_ADDRESS;
        expression->text = parser->token.text;
        return parse_next(parser);
    case TOKEN_WORD:
        return parse_named(parser, expression);
    default:
        if (parse_at_mark(parser, '[') || parse_at_mark(parser, '{'))
            return parse_compound(parser, expression);
        return parse_expected(parser, "a value: a number, a name, a string, ..., [array] or {structure}");
    }
}

/* A|B|C */
static bool parse_or(struct drill_parser *parser, struct drill_expression **out)
{
    struct drill_expression *list = parse_new(parser, sizeof *list);
    if (list == NULL)
        return false;
    list->kind = EXPRESSION_OR;
    list->line = (*out)->line;
    list->first = *out;
    list->count = 1;
    *out = list;
    struct drill_expression *last = list->first;
    while (parse_at_mark(parser, '|')) {
        last->next = parse_new(parser, sizeof *last);
        if (last->next == NULL || !parse_next(parser) || !parse_primary(parser, last->next))
            return false;
        last = last->next;
        list->count++;
    }
    return true;
}

static bool parse_expression(struct drill_parser *parser, struct drill_expression **out)
{
    if (parser->depth >= DRILL_DEPTH) {
        struct text text = parse_error(parser, &parser->token);
        text_put(&text, "values are nested too deeply");
        return false;
    }
    *out = parse_new(parser, sizeof **out);
    if (*out == NULL)
        return false;
    parser->depth++;
    const bool right = parse_primary(parser, *out) && (!parse_at_mark(parser, '|') || parse_or(parser, out));
    parser->depth--;
    return right;
}

/* (words for people) */
static bool parse_note(struct drill_parser *parser)
{
    if (!parse_at_mark(parser, '('))
        return true;
    while (!parse_at_mark(parser, ')')) {
        if (parser->token.kind == TOKEN_END)
            return parse_expected(parser, ") behind the note");
        if (!parse_next(parser))
            return false;
    }
    return parse_next(parser);
}

bool parse_call(struct drill_parser *parser, struct drill_call *call)
{
    call->name = parser->token.text;
    if (!parse_next(parser) || !parse_mark(parser, '(', "behind the name of a system call") ||
        !parse_list(parser, ')', "behind the arguments of a system call", &call->arguments, &call->argument_count) ||
        !parse_mark(parser, '=', "and the result of the system call"))
        return false;
    struct drill_expression *result = parse_new(parser, sizeof *result);
    if (result == NULL)
        return false;
    call->result = result;
    result->line = parser->token.line;
    if (parser->token.kind == TOKEN_ELLIPSIS) {
        if (!parse_next(parser))
            return false;
    } else if (parser->token.kind == TOKEN_INTEGER || parser->token.kind == TOKEN_HEX) {
        if (!parse_integer(parser, result))
            return false;
    } else {
        return parse_expected(parser, "the result of the system call, a number");
    }
    if (parser->token.kind == TOKEN_WORD) {
        call->error = parser->token.text;
        if (!parse_next(parser))
            return false;
    }
    return parse_note(parser);
}
