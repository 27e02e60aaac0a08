#ifndef SEPTET_DRILL_TOKEN_H
#define SEPTET_DRILL_TOKEN_H

#include "lab/arena.h"
#include "lab/text.h"

/* The words of a packetdrill script. */

/* What is wrong, in one sentence, and where. */
struct drill_error {
    uint32_t line;    /* from 1; 0: no line in particular */
    uint32_t column;  /* from 1; 0: the whole line */
    bool unsupported; /* nothing is wrong with the script: it needs something that does not exist here */
    char text[400];
};
/* Begins the sentence; words are added with text_put() and its sisters. */
struct text drill_error_begin(struct drill_error *error, uint32_t line);
/* The same about the character at an offset of a text. */
struct text drill_error_at(struct drill_error *error, const char *script, uint32_t line, uint32_t offset);
struct text drill_unsupported_begin(struct drill_error *error, uint32_t line);

/* `name` stands for `value` wherever it is a word of its own: "text" in quotes, `command` in backquotes,
 * a number, or else another word. */
struct drill_define {
    struct slice name, value;
};
struct drill_defines {
    struct drill_define *define;
    uint32_t count, capacity;
};
/* NULL when there is no such name. The latest of several counts. */
const struct drill_define *drill_define_find(const struct drill_defines *defines, struct slice name);
/* Adds "NAME=VALUE"; the text must stay. False when it is not of that form, or the arena is full. */
bool drill_define_add(struct arena *arena, struct drill_defines *defines, struct slice assignment);

enum drill_token_kind {
    TOKEN_END,
    TOKEN_INTEGER, /* -?[0-9]+ */
    TOKEN_HEX,     /* 0x[0-9a-fA-F]+ */
    TOKEN_FLOAT,   /* -?[0-9]*.[0-9]+ */
    TOKEN_WORD,    /* [A-Za-z0-9_]+ */
    TOKEN_STRING,
    TOKEN_BACKQUOTE,
    TOKEN_CODE,
    TOKEN_OPTION, /* --name */
    TOKEN_ELLIPSIS,
    TOKEN_IPV4,
    TOKEN_IPV6,
    TOKEN_MARK /* one character of punctuation */
};

struct drill_token {
    enum drill_token_kind kind;
    char mark;
    uint32_t line;
    uint32_t start;    /* offset in the script */
    struct slice text; /* as it stands; of STRING, BACKQUOTE and CODE what is between the quotes, of OPTION the name */
    bool touches;      /* nothing stands between it and the token before */
};

/* A place in the text. Copying it is remembering the place. */
struct drill_lexer {
    const char *text;
    uint32_t length, at, line;
    bool within_ifdef;
    const struct drill_defines *defines;
    struct drill_error *error;
};

/* The next token. False with the error filled in when there is none; the end is a token. */
bool drill_lexer_next(struct drill_lexer *lexer, struct drill_token *token);
/* Reads on as raw text: letters, digits and '_' and what of `more` comes next. May be empty. */
struct slice drill_lexer_raw(struct drill_lexer *lexer, const char *more);

/* Value of an INTEGER or HEX token; false when it does not fit. */
bool drill_integer(struct slice text, int64_t *value);
/* Bytes from two hexadecimal digits each, perhaps behind 0x; at most `room` of them. Returns how many, 0 when it is
 * something else. */
uint32_t drill_hex(struct slice text, uint8_t *bytes, uint32_t room);
/* Seconds as nanoseconds, cut off at microseconds: "1", ".5", "2.000001". False when it does not fit. */
bool drill_seconds(struct slice text, int64_t *nanoseconds);
/* Resolves \n \r \t \f \v \\ \" \xHH. A copy in the arena, or the text itself when there is nothing to resolve;
 * false when the arena is full. */
bool drill_unescape(struct arena *arena, struct slice text, struct slice *plain);

#endif
