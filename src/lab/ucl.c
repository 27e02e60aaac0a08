#include "lab/ucl.h"

#include "base/memory.h"

struct reader {
    struct arena *arena;
    struct ucl_document *document;
    const char *at, *end;
    uint32_t line;
    uint32_t depth;
};

static bool fail(struct reader *reader, const char *what)
{
    struct text text;

    text_init(&text, reader->document->error.text, sizeof reader->document->error.text);
    text_put(&text, what);
    reader->document->error.line = reader->line;
    return false;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
static bool is_key(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}
static bool is_end(char c) { return c == '\n' || c == ';' || c == ',' || c == '}' || c == ']' || c == '#'; }
static bool comment_starts(const struct reader *reader)
{
    return reader->end - reader->at > 1 && reader->at[0] == '/' && reader->at[1] == '*';
}

/* Comments of this kind nest. */
static bool skip_comment(struct reader *reader)
{
    uint32_t open = 0;
    uint32_t line = reader->line;

    do {
        if (comment_starts(reader)) {
            open++;
            reader->at += 2;
        } else if (reader->end - reader->at > 1 && reader->at[0] == '*' && reader->at[1] == '/') {
            open--;
            reader->at += 2;
        } else if (reader->at < reader->end) {
            reader->line += *reader->at++ == '\n';
        } else {
            reader->line = line;
            return fail(reader, "expected the end of this comment");
        }
    } while (open);
    return true;
}

/* Skips spaces and comments, with `lines` line ends too. */
static bool skip(struct reader *reader, bool lines)
{
    while (reader->at < reader->end) {
        if (is_blank(*reader->at) || (lines && *reader->at == '\n')) {
            reader->line += *reader->at++ == '\n';
        } else if (*reader->at == '#') {
            while (reader->at < reader->end && *reader->at != '\n')
                reader->at++;
        } else if (!comment_starts(reader)) {
            return true;
        } else if (!skip_comment(reader)) {
            return false;
        }
    }
    return true;
}

static bool next_is(const struct reader *reader, char c) { return reader->at < reader->end && *reader->at == c; }

static struct ucl_setting *add(struct reader *reader, uint32_t parent, struct slice key)
{
    struct ucl_document *document = reader->document;
    struct ucl_setting *setting =
        document->count < UCL_SETTINGS
            ? arena_append(reader->arena, &document->setting, &document->count, &document->capacity, sizeof *setting)
            : NULL;

    if (!setting) {
        fail(reader, "expected a smaller file: no room for more settings");
        return NULL;
    }
    uint32_t index = document->count - 1;
    setting->key = key;
    setting->line = reader->line;
    setting->parent = parent;
    if (index == 0)
        return setting;
    struct ucl_setting *section = &document->setting[parent];
    if (section->last)
        document->setting[section->last].next = index;
    else
        section->first = index;
    section->last = index;
    return setting;
}

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    default:
        return c;
    }
}

static bool copy_escaped(struct reader *reader, struct slice *string)
{
    char *copy = arena_take(reader->arena, string->length, 1);
    uint32_t length = 0;

    if (!copy)
        return fail(reader, "expected a smaller file: no room for this string");
    for (uint32_t i = 0; i < string->length; i++) {
        bool escaped = string->at[i] == '\\' && i + 1 < string->length;
        i += escaped;
        copy[length++] = escaped ? unescape(string->at[i]) : string->at[i];
    }
    *string = (struct slice){copy, length};
    return true;
}

static bool read_quoted(struct reader *reader, struct slice *string)
{
    char quote = *reader->at++;
    const char *start = reader->at;
    bool escapes = false;

    while (reader->at < reader->end && *reader->at != quote) {
        if (*reader->at == '\n')
            return fail(reader, "expected the closing quote on this line");
        if (*reader->at == '\\' && reader->end - reader->at > 1 && reader->at[1] != '\n') {
            if (reader->at[1] == 'u')
                return fail(reader, "expected the character itself instead of \\u");
            escapes = true;
            reader->at++;
        }
        reader->at++;
    }
    if (reader->at == reader->end)
        return fail(reader, "expected the closing quote on this line");
    *string = (struct slice){start, (uint32_t)(reader->at - start)};
    reader->at++;
    return !escapes || copy_escaped(reader, string);
}

static bool read_key(struct reader *reader, struct slice *key)
{
    if (next_is(reader, '.'))
        return fail(reader, "expected a key; macros are not supported");
    if (next_is(reader, '"') || next_is(reader, '\''))
        return read_quoted(reader, key);
    const char *start = reader->at;
    while (reader->at < reader->end && is_key(*reader->at))
        reader->at++;
    *key = (struct slice){start, (uint32_t)(reader->at - start)};
    return key->length > 0 || fail(reader, "expected a key: letters, digits, '_', '-' and '.'");
}

static void read_bare(struct reader *reader, struct slice *value)
{
    const char *start = reader->at;

    while (reader->at < reader->end && !is_end(*reader->at) && !comment_starts(reader))
        reader->at++;
    const char *end = reader->at;
    while (end > start && is_blank(end[-1]))
        end--;
    *value = (struct slice){start, (uint32_t)(end - start)};
}

/* Behind <<: a word, then lines up to one that is that word. */
static bool read_heredoc(struct reader *reader, uint32_t parent, struct slice key)
{
    reader->at += 2;
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= 'A' && *reader->at <= 'Z')
        reader->at++;
    struct slice word = {start, (uint32_t)(reader->at - start)};
    if (word.length == 0 || !next_is(reader, '\n'))
        return fail(reader, "expected a word in capitals behind <<, and nothing else on this line");
    uint32_t line = reader->line;
    while (reader->at < reader->end) {
        reader->at++;
        reader->line++;
        start = reader->at;
        while (reader->at < reader->end && *reader->at != '\n')
            reader->at++;
        struct slice content = {start, (uint32_t)(reader->at - start)};
        if (slice_equal(content, word))
            return true;
        while (content.length && is_blank(*content.at)) {
            content.at++;
            content.length--;
        }
        if (content.length == 0 || *content.at == '#')
            continue;
        struct ucl_setting *setting = add(reader, parent, key);
        if (!setting)
            return false;
        setting->value = content;
    }
    reader->line = line;
    return fail(reader, "expected the line that ends this text");
}

static bool read_section(struct reader *reader, uint32_t section, bool braces);

static bool read_scalar(struct reader *reader, uint32_t parent, struct slice key)
{
    struct slice value;
    bool quoted = next_is(reader, '"') || next_is(reader, '\'');

    if (quoted) {
        if (!read_quoted(reader, &value))
            return false;
    } else {
        read_bare(reader, &value);
        if (value.length == 0)
            return fail(reader, "expected a value");
        for (uint32_t i = 0; i < value.length; i++)
            if (value.at[i] == '{' || value.at[i] == '$')
                return fail(reader, "expected a value without '{' and '$' (or in quotes)");
    }
    struct ucl_setting *setting = add(reader, parent, key);
    if (!setting)
        return false;
    setting->value = value;
    setting->quoted = quoted;
    return true;
}

static bool open_section(struct reader *reader, uint32_t parent, struct slice key, uint32_t *index)
{
    struct ucl_setting *setting = add(reader, parent, key);

    if (!setting)
        return false;
    setting->section = true;
    *index = reader->document->count - 1;
    return true;
}

static bool read_array(struct reader *reader, uint32_t parent, struct slice key)
{
    uint32_t section;

    reader->at++;
    for (;;) {
        if (!skip(reader, true))
            return false;
        if (next_is(reader, ',')) {
            reader->at++;
            continue;
        }
        if (next_is(reader, ']')) {
            reader->at++;
            return true;
        }
        if (reader->at == reader->end)
            return fail(reader, "expected ']'");
        if (next_is(reader, '['))
            return fail(reader, "expected a value or a section, not an array within an array");
        bool good = next_is(reader, '{')
                        ? open_section(reader, parent, key, &section) && read_section(reader, section, true)
                        : read_scalar(reader, parent, key);
        if (!good)
            return false;
        if (!skip(reader, true))
            return false;
        if (!next_is(reader, ',') && !next_is(reader, ']'))
            return fail(reader, "expected ',' or ']'");
    }
}

/* `key name name {`: true when, on this line, only names stand before a brace. */
static bool names_follow(const struct reader *reader)
{
    char quote = '\0';

    for (const char *at = reader->at; at < reader->end && *at != '\n'; at++) {
        if (quote)
            quote = *at == quote ? '\0' : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '{')
            return true;
        else if (!is_blank(*at) && !is_key(*at))
            return false;
    }
    return false;
}

static bool read_value(struct reader *reader, uint32_t parent, struct slice key)
{
    uint32_t section;

    for (uint32_t names = 0; names_follow(reader) && !next_is(reader, '{'); names++) {
        if (names == UCL_DEPTH)
            return fail(reader, "expected fewer names before '{'");
        if (!open_section(reader, parent, key, &section) || !read_key(reader, &key) || !skip(reader, false))
            return false;
        parent = section;
    }
    if (next_is(reader, '{'))
        return open_section(reader, parent, key, &section) && read_section(reader, section, true);
    if (next_is(reader, '['))
        return read_array(reader, parent, key);
    if (reader->end - reader->at > 1 && reader->at[0] == '<' && reader->at[1] == '<')
        return read_heredoc(reader, parent, key);
    return read_scalar(reader, parent, key);
}

static bool read_pair(struct reader *reader, uint32_t section)
{
    struct slice key;

    if (!read_key(reader, &key) || !skip(reader, false))
        return false;
    if (next_is(reader, '=') || next_is(reader, ':')) {
        reader->at++;
        if (!skip(reader, false))
            return false;
    }
    if (!read_value(reader, section, key) || !skip(reader, false))
        return false;
    if (reader->at < reader->end && !is_end(*reader->at))
        return fail(reader, "expected the end of the line or ';' behind the value");
    return true;
}

static bool read_section(struct reader *reader, uint32_t section, bool braces)
{
    uint32_t line = reader->line;

    if (++reader->depth > UCL_DEPTH)
        return fail(reader, "expected fewer sections within each other");
    reader->at += braces;
    for (;;) {
        if (!skip(reader, true))
            return false;
        if (reader->at == reader->end || *reader->at == '}') {
            bool closed = reader->at < reader->end;
            if (closed != braces) {
                reader->line = closed ? reader->line : line;
                return fail(reader,
                            closed ? "expected a key, not '}'" : "expected '}' for the section that opens here");
            }
            reader->at += braces;
            reader->depth--;
            return true;
        }
        if (*reader->at == ';' || *reader->at == ',')
            reader->at++;
        else if (!read_pair(reader, section))
            return false;
    }
}

bool ucl_read(struct arena *arena, const char *text, size_t length, struct ucl_document *document)
{
    struct reader reader = {arena, document, text, text, 1, 0};
    uint32_t root;

    *document = (struct ucl_document){0};
    if (length > UINT32_MAX / 2)
        return fail(&reader, "expected a smaller file");
    if (length)
        reader.end = text + length;
    for (size_t i = 0; i < length; i++) {
        reader.line += text[i] == '\n';
        if (text[i] == '\0')
            return fail(&reader, "expected text, not a NUL byte");
    }
    reader.line = 1;
    return open_section(&reader, 0, slice_of(""), &root) && read_section(&reader, root, false);
}
