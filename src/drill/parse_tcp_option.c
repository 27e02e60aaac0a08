#include "base/bytes.h"
#include "base/memory.h"
#include "drill/parser.h"
#include "wire/tcp.h"

/* The list between < and >, of both dialects. */

#define EXID_FASTOPEN 0xf989
#define EXID_ACCECN0 0xacc0
#define EXID_ACCECN1 0xacc1

static bool option_error(struct drill_parser *parser, const char *words)
{
    struct text text = parse_error(parser, &parser->token);
    text_put(&text, words);
    return false;
}

/* ---- hex ---- */

static bool at_hex(const struct drill_parser *parser)
{
    return parser->token.kind == TOKEN_WORD || parser->token.kind == TOKEN_INTEGER || parser->token.kind == TOKEN_HEX ||
           parser->token.kind == TOKEN_STRING;
}

/* Adds the bytes of a token such as 0x1234, 1234abcd. */
static bool parse_hex(struct drill_parser *parser, struct drill_tcp_option *option)
{
    uint8_t bytes[64];
    const uint32_t count = at_hex(parser) ? drill_hex(parser->token.text, bytes, sizeof bytes) : 0;
    if (count == 0)
        return parse_expected(parser, "bytes in hexadecimal, two digits for each");
    if (count > TCP_OPTIONS_MAX - 2u - option->length)
        return option_error(parser, "a TCP option has at most 38 bytes behind its length");
    memcpy(option->bytes + option->length, bytes, count);
    option->length = (uint8_t)(option->length + count);
    return parse_next(parser);
}

/* ---- options with a grammar of their own ---- */

static bool parse_sack(struct drill_parser *parser, struct drill_tcp_option *option)
{
    option->kind = TCP_OPTION_SACK;
    option->form = OPTION_SACK;
    while (parser->token.kind == TOKEN_INTEGER) {
        if (option->count == 8)
            return option_error(parser, "a SACK option has room for four blocks");
        if (!parse_sequence(parser, "the start of a SACK block", &option->value[option->count]) ||
            !parse_mark(parser, ':', "within a SACK block") ||
            !parse_sequence(parser, "the end of a SACK block", &option->value[option->count + 1]))
            return false;
        option->count += 2;
    }
    return option->count != 0 || parse_expected(parser, "a SACK block such as 1001:2001");
}

static bool parse_timestamps(struct drill_parser *parser, struct drill_tcp_option *option)
{
    bool found;
    option->kind = TCP_OPTION_TIMESTAMPS;
    option->form = OPTION_TIMESTAMPS;
    if (!parse_accept_word(parser, "val", &found))
        return false;
    if (!found)
        return parse_expected(parser, "val behind TS");
    option->any = parser->token.kind == TOKEN_ELLIPSIS;
    if (!(option->any ? parse_next(parser)
                      : parse_number(parser, "the timestamp value", UINT32_MAX, &option->value[0])) ||
        !parse_accept_word(parser, "ecr", &found))
        return false;
    if (!found)
        return parse_expected(parser, "ecr behind the timestamp value");
    if (parser->token.kind == TOKEN_ELLIPSIS)
        return parse_next(parser); /* echoes are not compared */
    return parse_number(parser, "the timestamp echo", UINT32_MAX, &option->value[1]) &&
           parse_accept_mark(parser, '!', &option->verbatim);
}

/* e0b N [ceb N [e1b N]], or e1b first: the order is the kind. */
static bool parse_accecn(struct drill_parser *parser, struct drill_tcp_option *option)
{
    static const char *const order[2][3] = {{"e0b", "ceb", "e1b"}, {"e1b", "ceb", "e0b"}};
    const unsigned which = parse_at_word(parser, "e1b");
    option->kind = which == 0 ? TCP_OPTION_ACCECN0 : TCP_OPTION_ACCECN1;
    option->form = OPTION_ACCECN;
    for (unsigned i = 0; i < 3; i++) {
        bool found;
        if (!parse_accept_word(parser, order[which][i], &found))
            return false;
        if (!found)
            break;
        if (!parse_number(parser, "the byte counter", 0xffffff, &option->value[i]))
            return false;
        option->count++;
    }
    return true;
}

/* nplab: AccECN0 [ee0b N] [eceb N] [ee1b N] and AccECN1 in its order, also as an experiment. */
static bool parse_accecn_named(struct drill_parser *parser, struct drill_tcp_option *option, bool first)
{
    static const char *const order[2][3] = {{"ee0b", "eceb", "ee1b"}, {"ee1b", "eceb", "ee0b"}};
    option->kind = first ? TCP_OPTION_ACCECN0 : TCP_OPTION_ACCECN1;
    option->form = OPTION_ACCECN;
    for (unsigned i = 0; i < 3; i++) {
        bool found;
        if (!parse_accept_word(parser, order[!first][i], &found))
            return false;
        if (!found)
            break;
        if (!parse_number(parser, "the byte counter", 0xffffff, &option->value[i]))
            return false;
        option->count++;
    }
    return true;
}

static bool parse_fast_open(struct drill_parser *parser, struct drill_tcp_option *option, bool experiment)
{
    option->kind = experiment ? TCP_OPTION_EXPERIMENT2 : TCP_OPTION_FASTOPEN;
    option->form = OPTION_BYTES;
    if (experiment) {
        store16(option->bytes, EXID_FASTOPEN);
        option->length = 2;
    }
    return !at_hex(parser) || parse_hex(parser, option);
}

static bool parse_md5(struct drill_parser *parser, struct drill_tcp_option *option)
{
    if (parse_at_word(parser, "valid") || parse_at_word(parser, "invalid"))
        return parse_unsupported(parser, "TCP MD5 signatures");
    option->kind = TCP_OPTION_MD5;
    option->form = OPTION_BYTES;
    return parse_hex(parser, option);
}

/* gen-N hex: any kind; the bytes behind its length. */
static bool parse_generic(struct drill_parser *parser, struct drill_tcp_option *option)
{
    int64_t kind;
    const struct slice text = parser->token.text;
    if (parser->token.kind != TOKEN_INTEGER || !parser->token.touches || !drill_integer(text, &kind) || kind > 0 ||
        kind < -255)
        return parse_expected(parser, "the number of an option kind behind gen, such as gen-12");
    option->kind = (uint8_t)-kind;
    option->form = OPTION_BYTES;
    return parse_next(parser) && (!at_hex(parser) || parse_hex(parser, option));
}

/* exp-XXXX hex: kind 254 with an experiment identifier of RFC 6994; exp-AccECN0, EXP-FO. */
static bool parse_experiment(struct drill_parser *parser, struct drill_tcp_option *option)
{
    struct slice name = parser->token.text;
    if (parse_at_mark(parser, '-')) {
        if (!parse_next(parser))
            return false;
        name = parser->token.text;
    } else if (name.length != 0 && name.at[0] == '-') {
        name = (struct slice){name.at + 1, name.length - 1};
    }
    if (!parser->token.touches)
        return parse_expected(parser, "an experiment identifier behind exp, such as exp-f989");
    if (slice_is_name(name, "fo"))
        return parse_next(parser) && parse_fast_open(parser, option, true);
    if (slice_is_name(name, "accecn0") || slice_is_name(name, "accecn1")) {
        const bool first = name.at[name.length - 1] == '0';
        if (!parse_next(parser) || !parse_accecn_named(parser, option, first))
            return false;
        option->kind = TCP_OPTION_EXPERIMENT2;
        store16(option->bytes, first ? EXID_ACCECN0 : EXID_ACCECN1);
        option->length = 2;
        return true;
    }
    option->kind = TCP_OPTION_EXPERIMENT2;
    option->form = OPTION_BYTES;
    option->length = (uint8_t)drill_hex(name, option->bytes, 4);
    if (option->length == 0)
        return parse_expected(parser, "an experiment identifier behind exp, such as exp-f989");
    return parse_next(parser) && (!at_hex(parser) || parse_hex(parser, option));
}

static bool parse_raw(struct drill_parser *parser, struct drill_tcp_option *option)
{
    option->form = OPTION_BYTES;
    option->raw = true;
    if (!parse_hex(parser, option))
        return false;
    option->kind = option->bytes[0];
    return true;
}

/* ---- the list ---- */

static const struct {
    const char *name;
    uint8_t kind;
    enum drill_tcp_option_form form;
    uint32_t most;
    const char *what;
} simple_options[] = {
    {"nop", TCP_OPTION_NOP, OPTION_PLAIN, 0, NULL},
    {"eol", TCP_OPTION_EOL, OPTION_PLAIN, 0, NULL},
    {"sackok", TCP_OPTION_SACK_PERMITTED, OPTION_PLAIN, 0, NULL},
    {"mss", TCP_OPTION_MSS, OPTION_MSS, 65535, "the MSS"},
    {"wscale", TCP_OPTION_WINDOW_SCALE, OPTION_WINDOW_SCALE, 255, "the window scale"},
};

static bool parse_simple(struct drill_parser *parser, struct slice name, struct drill_tcp_option *option, bool *known)
{
    *known = false;
    for (unsigned i = 0; i < sizeof simple_options / sizeof simple_options[0]; i++) {
        if (!slice_is_name(name, simple_options[i].name))
            continue;
        *known = true;
        option->kind = simple_options[i].kind;
        option->form = simple_options[i].form;
        return option->form == OPTION_PLAIN ||
               parse_number(parser, simple_options[i].what, simple_options[i].most, &option->value[0]);
    }
    return true;
}

static bool parse_option(struct drill_parser *parser, struct drill_tcp_option *option)
{
    const struct drill_token token = parser->token;
    bool known;
    option->line = token.line;
    if (token.kind == TOKEN_HEX || (token.kind == TOKEN_INTEGER && token.text.length >= 4))
        return parse_raw(parser, option);
    if (token.kind != TOKEN_WORD)
        return parse_expected(parser, "a TCP option");
    if (!parse_next(parser) || !parse_simple(parser, token.text, option, &known))
        return false;
    if (known)
        return true;
    if (slice_is_name(token.text, "sack"))
        return parse_sack(parser, option);
    if (slice_is_name(token.text, "ts"))
        return parse_timestamps(parser, option);
    if (slice_is_name(token.text, "ecn"))
        return parse_accecn(parser, option);
    if (slice_is_name(token.text, "accecn0") || slice_is_name(token.text, "accecn1"))
        return parse_accecn_named(parser, option, token.text.at[token.text.length - 1] == '0');
    if (slice_is_name(token.text, "fo"))
        return parse_fast_open(parser, option, false);
    if (slice_is_name(token.text, "foexp"))
        return parse_fast_open(parser, option, true);
    if (slice_is_name(token.text, "md5"))
        return parse_md5(parser, option);
    if (slice_is_name(token.text, "gen"))
        return parse_generic(parser, option);
    if (slice_is_name(token.text, "exp"))
        return parse_experiment(parser, option);
    if (slice_is_name(token.text, "raw"))
        return parse_raw(parser, option);
    struct text text = parse_error(parser, &token);
    text_put(&text, "there is no TCP option ");
    text_slice(&text, token.text);
    text_put(&text,
             "; known are nop eol mss wscale sackOK sack TS FO FOEXP ECN AccECN0 AccECN1 md5 gen-N exp-XXXX raw");
    return false;
}

static uint32_t option_length(const struct drill_tcp_option *option)
{
    switch (option->form) {
    case OPTION_PLAIN:
        return option->kind == TCP_OPTION_SACK_PERMITTED ? 2 : 1;
    case OPTION_MSS:
        return 4;
    case OPTION_WINDOW_SCALE:
        return 3;
    case OPTION_SACK:
        return 2 + 4u * option->count;
    case OPTION_TIMESTAMPS:
        return 10;
    case OPTION_ACCECN:
        return 2u + option->length + 3u * option->count;
    default:
        return (option->raw ? 0u : 2u) + option->length;
    }
}

/* Behind the <, up to and with the >. */
bool parse_tcp_options(struct drill_parser *parser, struct drill_tcp *tcp)
{
    const struct drill_token token = parser->token;
    uint32_t length = 0;
    bool more = !parse_at_mark(parser, '>');
    if (parser->token.kind == TOKEN_ELLIPSIS) {
        tcp->any_options = true;
        return parse_next(parser) && parse_mark(parser, '>', "behind <...");
    }
    while (more) {
        struct drill_tcp_option *option =
            arena_append(parser->arena, &tcp->option, &tcp->options, &tcp->option_capacity, sizeof *option);
        if (option == NULL)
            return parse_no_memory(parser);
        if (!parse_option(parser, option) || !parse_accept_mark(parser, ',', &more))
            return false;
        length += option_length(option);
        if (length > TCP_OPTIONS_MAX)
            return option_error(parser, "TCP options have at most 40 bytes in all");
    }
    if (length % 4 != 0) {
        struct text text = parse_error(parser, &token);
        text_put(&text, "TCP options must fill a multiple of 4 bytes, these have ");
        text_number(&text, length);
        text_put(&text, ": add nop or eol");
        return false;
    }
    return parse_mark(parser, '>', "or , behind a TCP option");
}
