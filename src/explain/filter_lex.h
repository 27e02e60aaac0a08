#ifndef SEPTET_EXPLAIN_FILTER_LEX_H
#define SEPTET_EXPLAIN_FILTER_LEX_H

#include "explain/filter.h"

/* The words of a display filter; for src/explain/filter*. */

enum filter_token_kind {
    token_end,
    token_word,   /* field, number, address, bytes */
    token_string, /* its text is between the quotes, with escapes */
    token_raw,    /* r"…": without escapes */
    token_compare,
    token_arithmetic,
    token_and,
    token_or,
    token_xor,
    token_not,
    token_in,
    token_contains,
    token_matches,
    token_any,
    token_all,
    token_open,
    token_close,
    token_open_brace,
    token_close_brace,
    token_open_bracket,
    token_comma,
    token_range,
    token_bad /* error is set */
};

struct filter_token {
    enum filter_token_kind kind;
    uint8_t sign;               /* enum filter_operator */
    uint32_t start, length;     /* in the text, quotes included */
    uint32_t text, text_length; /* what the word or string says */
};

struct filter_lexer {
    const char *text;
    uint32_t at;
    struct filter_error *error;
};

struct filter_token filter_lex(struct filter_lexer *lexer);
/* Fills the error for a place in the text. Returns false. */
bool filter_fail(struct filter_error *error, const char *text, uint32_t start, uint32_t length, const char *message,
                 const char *suggestion);

#endif
