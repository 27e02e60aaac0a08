#include "drill/parser.h"

#include "base/memory.h"

/* Scripts, events and their times. */

/* ---- what every part of the grammar uses ---- */

bool parse_next(struct drill_parser *parser)
{
    parser->end = parser->lexer.at;
    return drill_lexer_next(&parser->lexer, &parser->token);
}

bool parse_at_word(const struct drill_parser *parser, const char *word)
{
    return parser->token.kind == TOKEN_WORD && slice_is(parser->token.text, word);
}

bool parse_at_mark(const struct drill_parser *parser, char mark)
{
    return parser->token.kind == TOKEN_MARK && parser->token.mark == mark;
}

bool parse_accept_word(struct drill_parser *parser, const char *word, bool *found)
{
    *found = parse_at_word(parser, word);
    return !*found || parse_next(parser);
}

bool parse_accept_mark(struct drill_parser *parser, char mark, bool *found)
{
    *found = parse_at_mark(parser, mark);
    return !*found || parse_next(parser);
}

bool parse_mark(struct drill_parser *parser, char mark, const char *where)
{
    char words[64];
    struct text what;
    if (parse_at_mark(parser, mark))
        return parse_next(parser);
    text_init(&what, words, sizeof words);
    text_char(&what, mark);
    text_char(&what, ' ');
    text_put(&what, where);
    return parse_expected(parser, words);
}

static void put_token(struct text *text, const struct drill_token *token)
{
    const struct slice shown = {token->text.at, token->text.length < 40 ? token->text.length : 40};
    switch (token->kind) {
    case TOKEN_END:
        text_put(text, "the end of the script");
        return;
    case TOKEN_STRING:
        text_put(text, "the string ");
        break;
    case TOKEN_BACKQUOTE:
        text_put(text, "the command ");
        break;
    case TOKEN_CODE:
        text_put(text, "a piece of code");
        return;
    case TOKEN_OPTION:
        text_put(text, "the option --");
        break;
    default:
        break;
    }
    text_slice(text, shown);
    if (shown.length < token->text.length)
        text_put(text, "...");
}

struct text parse_error(struct drill_parser *parser, const struct drill_token *token)
{
    return drill_error_at(parser->lexer.error, parser->lexer.text, token->line, token->start);
}

bool parse_expected(struct drill_parser *parser, const char *what)
{
    struct text text = parse_error(parser, &parser->token);
    text_put(&text, "expected ");
    text_put(&text, what);
    text_put(&text, ", found ");
    put_token(&text, &parser->token);
    return false;
}

bool parse_unsupported(struct drill_parser *parser, const char *what)
{
    struct text text = parse_error(parser, &parser->token);
    parser->lexer.error->unsupported = true;
    text_put(&text, what);
    return false;
}

bool parse_no_memory(struct drill_parser *parser)
{
    struct text text = parse_error(parser, &parser->token);
    text_put(&text, "the script needs more memory than there is");
    return false;
}

void *parse_new(struct drill_parser *parser, size_t size)
{
    void *memory = arena_zeroed(parser->arena, size);
    if (memory == NULL)
        parse_no_memory(parser);
    return memory;
}

static bool number_error(struct drill_parser *parser, const char *what, uint32_t most)
{
    struct text text = parse_error(parser, &parser->token);
    text_put(&text, what);
    text_put(&text, " must be from 0 to ");
    text_number(&text, most);
    text_put(&text, ", not ");
    text_slice(&text, parser->token.text);
    return false;
}

bool parse_number(struct drill_parser *parser, const char *what, uint32_t most, uint32_t *value)
{
    int64_t number;
    if (parser->token.kind != TOKEN_INTEGER && parser->token.kind != TOKEN_HEX)
        return parse_expected(parser, what);
    if (!drill_integer(parser->token.text, &number) || number < 0 || number > most)
        return number_error(parser, what, most);
    *value = (uint32_t)number;
    return parse_next(parser);
}

bool parse_sequence(struct drill_parser *parser, const char *what, uint32_t *value)
{
    int64_t number;
    if (parser->token.kind != TOKEN_INTEGER && parser->token.kind != TOKEN_HEX)
        return parse_expected(parser, what);
    if (!drill_integer(parser->token.text, &number) || number < -INT64_C(0x80000000) || number > UINT32_MAX)
        return number_error(parser, what, UINT32_MAX);
    *value = (uint32_t)number;
    return parse_next(parser);
}

/* ---- time ---- */

/* [+]seconds, without blanks behind the plus */
static bool parse_instant(struct drill_parser *parser, bool *relative, int64_t *time)
{
    if (!parse_accept_mark(parser, '+', relative))
        return false;
    if (parser->token.kind != TOKEN_INTEGER && parser->token.kind != TOKEN_FLOAT)
        return parse_expected(parser, "a time in seconds");
    if (!drill_seconds(parser->token.text, time)) {
        struct text text = parse_error(parser, &parser->token);
        text_put(&text, "a time is a number of seconds that is not negative, not ");
        text_slice(&text, parser->token.text);
        return false;
    }
    return parse_next(parser);
}

static bool error_about(struct drill_parser *parser, const struct drill_token *token, const char *words)
{
    struct text text = parse_error(parser, token);
    text_put(&text, words);
    return false;
}

static bool parse_time_end(struct drill_parser *parser, bool relative, struct drill_time *time)
{
    const struct drill_token token = parser->token;
    bool end_relative;
    if (!parse_instant(parser, &end_relative, &time->end))
        return false;
    if (end_relative && !relative)
        return error_about(parser, &token, "a range that begins at an absolute time cannot end at a relative one");
    if (time->end < time->start)
        return error_about(parser, &token, "the end of the time lies before its start");
    return true;
}

static bool parse_time(struct drill_parser *parser, struct drill_event *event, bool *blocking)
{
    struct drill_time *time = &event->time;
    bool any, relative, range;
    *blocking = false;
    if (!parse_accept_mark(parser, '*', &any))
        return false;
    if (any) {
        time->kind = TIME_ANY;
        return true;
    }
    if (!parse_instant(parser, &relative, &time->start) || !parse_accept_mark(parser, '~', &range))
        return false;
    time->kind = relative ? TIME_RELATIVE : TIME_ABSOLUTE;
    if (range) {
        time->kind = relative ? TIME_RELATIVE_RANGE : TIME_ABSOLUTE_RANGE;
        return parse_time_end(parser, relative, time);
    }
    if (parser->token.kind == TOKEN_ELLIPSIS) {
        *blocking = true;
        return parse_next(parser) && parse_time_end(parser, relative, time);
    }
    return true;
}

/* ---- events ---- */

static bool parse_packet_event(struct drill_parser *parser, struct drill_event *event)
{
    const struct drill_token token = parser->token;
    event->action = ACTION_PACKET;
    event->packet = parse_new(parser, sizeof *event->packet);
    if (event->packet == NULL || !parse_packet(parser, event->packet))
        return false;
    if (event->packet->inbound && (event->time.kind == TIME_ANY || event->time.kind == TIME_ABSOLUTE_RANGE ||
                                   event->time.kind == TIME_RELATIVE_RANGE))
        return error_about(parser, &token, "an inbound packet needs one time, not a range and not *");
    return true;
}

static bool parse_call_event(struct drill_parser *parser, struct drill_event *event, bool blocking)
{
    event->action = ACTION_CALL;
    event->call = parse_new(parser, sizeof *event->call);
    if (event->call == NULL || !parse_call(parser, event->call))
        return false;
    event->call->blocking = blocking;
    return true;
}

static bool parse_action(struct drill_parser *parser, struct drill_event *event, bool blocking)
{
    const struct drill_token token = parser->token;
    if (parse_at_mark(parser, '<') || parse_at_mark(parser, '>')) {
        if (!parse_packet_event(parser, event))
            return false;
    } else if (parser->token.kind == TOKEN_WORD) {
        return parse_call_event(parser, event, blocking);
    } else if (parser->token.kind == TOKEN_BACKQUOTE || parser->token.kind == TOKEN_CODE) {
        event->action = parser->token.kind == TOKEN_CODE ? ACTION_CODE : ACTION_COMMAND;
        event->text = parser->token.text;
        if (!parse_next(parser))
            return false;
    } else {
        return parse_expected(parser, "< or > and a packet, a system call, a `command` or %{ code }%");
    }
    if (blocking)
        return error_about(parser, &token, "only a system call can have an end time");
    return true;
}

static bool parse_event(struct drill_parser *parser, struct drill_event *event)
{
    bool blocking;
    event->line = parser->token.line;
    if (!parse_time(parser, event, &blocking))
        return false;
    const struct drill_token action = parser->token;
    event->line = action.line;
    const char *start = parser->token.text.at - (parser->token.kind == TOKEN_BACKQUOTE);
    if (!parse_action(parser, event, blocking))
        return false;
    const bool timeless = event->time.kind != TIME_ABSOLUTE && event->time.kind != TIME_RELATIVE;
    if (timeless && event->action != ACTION_PACKET)
        return error_about(parser, &action, "ranges and * are for outbound packets only");
    event->source = (struct slice){start, (uint32_t)(parser->lexer.text + parser->end - start)};
    return true;
}

static bool at_event(const struct drill_parser *parser)
{
    return parse_at_mark(parser, '+') || parse_at_mark(parser, '*') || parser->token.kind == TOKEN_INTEGER ||
           parser->token.kind == TOKEN_FLOAT;
}

static bool parse_events(struct drill_parser *parser, struct drill_script *script)
{
    struct drill_event **link = &script->events;
    int64_t latest = 0;
    while (at_event(parser)) {
        const struct drill_token token = parser->token;
        struct drill_event *event = parse_new(parser, sizeof *event);
        if (event == NULL || !parse_event(parser, event))
            return false;
        const struct drill_time *time = &event->time;
        if (script->event_count == 0 && time->start != 0)
            return error_about(parser, &token, "the first event must be at time 0");
        if (time->kind == TIME_ABSOLUTE || time->kind == TIME_ABSOLUTE_RANGE) {
            if (time->start < latest)
                return error_about(parser, &token, "the time lies before that of an earlier event");
            latest = time->start;
        }
        *link = event;
        link = &event->next;
        script->event_count++;
    }
    return true;
}

/* ---- scripts ---- */

static bool parse_option_value(struct drill_parser *parser, struct drill_script_option *option)
{
    struct drill_lexer *lexer = &parser->lexer;
    const uint32_t start = ++lexer->at;
    while (lexer->at < lexer->length) {
        const char c = lexer->text[lexer->at];
        if (c == ' ' || (c >= '\t' && c <= '\r'))
            break;
        if (c == '"' || c == '`') { /* blanks within belong to the value */
            uint32_t end = lexer->at + 1;
            while (end < lexer->length && lexer->text[end] != c && lexer->text[end] != '\n')
                end++;
            if (end >= lexer->length || lexer->text[end] != c)
                return error_about(parser, &parser->token, "the value of an option has no closing quote");
            lexer->at = end;
        }
        lexer->at++;
    }
    struct slice value = {lexer->text + start, lexer->at - start};
    if (value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"')
        value = (struct slice){value.at + 1, value.length - 2};
    option->value = value;
    option->has_value = true;
    return true;
}

static bool parse_script_options(struct drill_parser *parser, struct drill_script *script)
{
    while (parser->token.kind == TOKEN_OPTION) {
        struct drill_script_option *option =
            arena_append(parser->arena, &script->option, &script->options, &script->option_capacity, sizeof *option);
        if (option == NULL)
            return parse_no_memory(parser);
        option->name = parser->token.text;
        option->line = parser->token.line;
        const struct drill_lexer *lexer = &parser->lexer;
        if (lexer->at < lexer->length && lexer->text[lexer->at] == '=' && !parse_option_value(parser, option))
            return false;
        if (!parse_next(parser))
            return false;
    }
    return true;
}

static bool parse_command(struct drill_parser *parser, struct slice *command, uint32_t *line)
{
    if (parser->token.kind != TOKEN_BACKQUOTE)
        return true;
    *command = parser->token.text;
    *line = parser->token.line;
    return parse_next(parser);
}

static bool begin(struct drill_parser *parser, struct arena *arena, const char *text, size_t length,
                  const struct drill_defines *defines, struct drill_script *script, struct drill_error *error)
{
    memset(script, 0, sizeof *script);
    memset(parser, 0, sizeof *parser);
    parser->arena = arena;
    parser->lexer =
        (struct drill_lexer){.text = text, .length = (uint32_t)length, .line = 1, .defines = defines, .error = error};
    script->text = (struct slice){text, (uint32_t)length};
    if (length <= UINT32_MAX / 2)
        return parse_next(parser) && parse_script_options(parser, script);
    struct text words = drill_error_begin(error, 0);
    text_put(&words, "the script is too long");
    return false;
}

bool drill_parse_options(struct arena *arena, const char *text, size_t length, struct drill_script *script,
                         struct drill_error *error)
{
    struct drill_parser parser;
    return begin(&parser, arena, text, length, NULL, script, error);
}

bool drill_parse(struct arena *arena, const char *text, size_t length, const struct drill_defines *defines,
                 struct drill_script *script, struct drill_error *error)
{
    struct drill_parser parser;
    if (!begin(&parser, arena, text, length, defines, script, error) ||
        !parse_command(&parser, &script->initialize, &script->initialize_line))
        return false;
    if (!at_event(&parser))
        return parse_expected(&parser, "an event: a time and what happens then");
    if (!parse_events(&parser, script) || !parse_command(&parser, &script->clean_up, &script->clean_up_line))
        return false;
    if (parser.token.kind != TOKEN_END)
        return parse_expected(&parser, "an event or the end of the script");
    return true;
}
