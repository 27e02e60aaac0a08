#ifndef SEPTET_DRILL_PARSER_H
#define SEPTET_DRILL_PARSER_H

#include "drill/syntax.h"

/* What the files that read scripts offer each other. All functions that return bool return false with the
 * error filled in. `token` is the one that is looked at. */

#define DRILL_DEPTH 16

struct drill_parser {
    struct arena *arena;
    struct drill_lexer lexer;
    struct drill_token token;
    uint32_t end; /* behind the last token taken */
    uint32_t depth;
};

/* ---- parse.c ---- */
bool parse_next(struct drill_parser *parser);
/* Whether the token is this word, this mark. */
bool parse_at_word(const struct drill_parser *parser, const char *word);
bool parse_at_mark(const struct drill_parser *parser, char mark);
/* Takes it if it is there. *found says whether it was. */
bool parse_accept_word(struct drill_parser *parser, const char *word, bool *found);
bool parse_accept_mark(struct drill_parser *parser, char mark, bool *found);
/* It must be there. */
bool parse_mark(struct drill_parser *parser, char mark, const char *where);
/* Says "expected WHAT, found ..." and returns false. */
bool parse_expected(struct drill_parser *parser, const char *what);
/* Something at the token that does not exist here. */
bool parse_unsupported(struct drill_parser *parser, const char *what);
/* Begins an error about a token. */
struct text parse_error(struct drill_parser *parser, const struct drill_token *token);
bool parse_no_memory(struct drill_parser *parser);
/* An integer from 0 (or below, modulo 2^32, with `wraps`) to `most`. */
bool parse_number(struct drill_parser *parser, const char *what, uint32_t most, uint32_t *value);
bool parse_sequence(struct drill_parser *parser, const char *what, uint32_t *value);
void *parse_new(struct drill_parser *parser, size_t size);

/* ---- parse_call.c ---- */
bool parse_call(struct drill_parser *parser, struct drill_call *call);

/* ---- parse_packet.c ---- */
bool parse_packet(struct drill_parser *parser, struct drill_packet *packet);
/* seq:end(len) */
bool parse_range(struct drill_parser *parser, uint32_t *start, uint32_t *length, bool *absolute);

/* ---- parse_tcp.c, parse_tcp_option.c ---- */
bool parse_tcp(struct drill_parser *parser, struct drill_packet *packet);
bool parse_tcp_options(struct drill_parser *parser, struct drill_tcp *tcp);

/* ---- parse_icmp.c ---- */
bool parse_icmp(struct drill_parser *parser, struct drill_icmp *icmp);

#endif
