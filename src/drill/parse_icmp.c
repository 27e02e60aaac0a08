#include "drill/parser.h"

/* icmp TYPE [CODE] [mtu N] [id N] [[what is quoted]] */

static bool parse_icmp_name(struct drill_parser *parser, const char *what, struct slice *name)
{
    if (parser->token.kind != TOKEN_WORD)
        return parse_expected(parser, what);
    *name = parser->token.text;
    return parse_next(parser);
}

/* udp(length) or raw(length) */
static bool parse_quote_length(struct drill_parser *parser, struct drill_icmp *icmp)
{
    return parse_next(parser) && parse_mark(parser, '(', "and the number of bytes") &&
           parse_number(parser, "the number of bytes", 65507, &icmp->quote_length) &&
           parse_mark(parser, ')', "behind the number of bytes");
}

static bool parse_quote(struct drill_parser *parser, struct drill_icmp *icmp)
{
    bool absolute, right;
    if (parse_at_word(parser, "udp") || parse_at_word(parser, "raw")) {
        icmp->quote = parse_at_word(parser, "udp") ? QUOTE_UDP : QUOTE_RAW;
        right = parse_quote_length(parser, icmp);
    } else {
        icmp->quote = QUOTE_TCP;
        right = parse_range(parser, &icmp->quote_seq, &icmp->quote_length, &absolute);
    }
    return right && parse_mark(parser, ']', "behind what the ICMP message quotes");
}

bool parse_icmp(struct drill_parser *parser, struct drill_icmp *icmp)
{
    bool found;
    icmp->type_line = parser->token.line;
    if (!parse_icmp_name(parser, "an ICMP type such as unreachable, packet_too_big or echo_request", &icmp->type))
        return false;
    if (parser->token.kind == TOKEN_WORD && !parse_at_word(parser, "mtu") && !parse_at_word(parser, "id") &&
        !parse_icmp_name(parser, "an ICMP code", &icmp->code))
        return false;
    for (;;) {
        if (!parse_accept_word(parser, "mtu", &found))
            return false;
        if (found) {
            icmp->has_mtu = true;
            if (!parse_number(parser, "the MTU", UINT32_MAX, &icmp->mtu))
                return false;
            continue;
        }
        if (!parse_accept_word(parser, "id", &found))
            return false;
        if (!found)
            break;
        icmp->has_id = true;
        if (!parse_number(parser, "the identifier", 65535, &icmp->id))
            return false;
    }
    if (!parse_accept_mark(parser, '[', &found))
        return false;
    return !found || parse_quote(parser, icmp);
}
