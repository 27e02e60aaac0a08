#include "drill/parser.h"
#include "wire/tcp.h"

/* flags seq:end(len) [ack N] [win N] [urg N] [<options>] */

#define ACE_FLAGS (TCP_AE | TCP_CWR | TCP_ECE)

static uint16_t flag_of(char letter)
{
    switch (letter) {
    case 'F':
        return TCP_FIN;
    case 'S':
        return TCP_SYN;
    case 'R':
        return TCP_RST;
    case 'P':
        return TCP_PSH;
    case '.':
        return TCP_ACK;
    case 'U':
        return TCP_URG;
    case 'E':
        return TCP_ECE;
    case 'W':
        return TCP_CWR;
    case 'A':
        return TCP_AE;
    default:
        return 0;
    }
}

static uint16_t ace_flags(unsigned ace)
{
    return (uint16_t)((ace & 4 ? TCP_AE : 0) | (ace & 2 ? TCP_CWR : 0) | (ace & 1 ? TCP_ECE : 0));
}

static bool flags_error(struct drill_parser *parser, const char *words)
{
    struct text text = parse_error(parser, &parser->token);
    text_put(&text, words);
    text_slice(&text, parser->token.text);
    return false;
}

static bool parse_flag_letters(struct drill_parser *parser, struct drill_tcp *tcp)
{
    const struct slice letters = parser->token.text;
    for (uint32_t i = 0; i < letters.length; i++) {
        const char letter = letters.at[i];
        const uint16_t flag = flag_of(letter);
        const bool ace = letter >= '0' && letter <= '7';
        if (flag == 0 && !ace)
            return flags_error(parser,
                               "a flag is one of F S R P . U E W A or a digit for the ACE field, not those of ");
        if ((ace && (tcp->flags & ACE_FLAGS)) || ((flag & ACE_FLAGS) && tcp->has_ace))
            return flags_error(parser, "the ACE field excludes the flags E, W and A: ");
        if ((tcp->flags & flag) != 0 || (ace && tcp->has_ace))
            return flags_error(parser, "a flag stands there twice: ");
        tcp->flags |= ace ? ace_flags((unsigned)(letter - '0')) : flag;
        tcp->has_ace |= ace;
    }
    return parse_next(parser);
}

static bool at_flags(const struct drill_parser *parser)
{
    return parse_at_mark(parser, '.') || parser->token.kind == TOKEN_WORD || parser->token.kind == TOKEN_FLOAT;
}

static bool parse_flags(struct drill_parser *parser, struct drill_tcp *tcp)
{
    bool none;
    if (!parse_accept_mark(parser, '-', &none) || none)
        return none;
    if (!at_flags(parser))
        return parse_expected(parser, "TCP flags, udp or icmp");
    while (at_flags(parser))
        if (!parse_flag_letters(parser, tcp))
            return false;
    return true;
}

static bool parse_segment_range(struct drill_parser *parser, struct drill_tcp *tcp)
{
    if (parser->token.kind != TOKEN_ELLIPSIS)
        return parse_range(parser, &tcp->seq, &tcp->length, &tcp->absolute_seq);
    tcp->any_seq = true;
    return parse_next(parser) && parse_mark(parser, '(', "and the number of bytes") &&
           parse_number(parser, "the number of bytes", UINT32_MAX, &tcp->length) &&
           parse_mark(parser, ')', "behind the number of bytes");
}

static bool parse_fields(struct drill_parser *parser, struct drill_packet *packet)
{
    struct drill_tcp *tcp = &packet->tcp;
    bool any_window = false;
    if (!parse_accept_word(parser, "ack", &tcp->has_ack))
        return false;
    if (tcp->has_ack && !parse_accept_mark(parser, '*', &tcp->any_ack))
        return false;
    if (tcp->has_ack && !tcp->any_ack &&
        (!parse_sequence(parser, "the acknowledgement number", &tcp->ack) ||
         !parse_accept_mark(parser, '!', &tcp->absolute_ack)))
        return false;
    if (!parse_accept_word(parser, "win", &tcp->has_window) ||
        (tcp->has_window && !parse_accept_mark(parser, '*', &any_window)))
        return false;
    tcp->has_window = tcp->has_window && !any_window;
    if (tcp->has_window && !parse_number(parser, "the window", 65535, &tcp->window))
        return false;
    if (!parse_accept_word(parser, "urg", &tcp->has_urgent) ||
        (tcp->has_urgent && !parse_number(parser, "the urgent pointer", 65535, &tcp->urgent)))
        return false;
    if (packet->inbound && !tcp->has_window)
        return parse_expected(parser, "win and a number: an inbound packet needs its window");
    if (packet->inbound && tcp->any_ack)
        return parse_expected(parser, "no ack *: an inbound packet needs its numbers");
    return true;
}

bool parse_tcp(struct drill_parser *parser, struct drill_packet *packet)
{
    struct drill_tcp *tcp = &packet->tcp;
    bool found;
    if (!parse_flags(parser, tcp) || !parse_segment_range(parser, tcp) || !parse_fields(parser, packet))
        return false;
    if (packet->inbound && tcp->any_seq)
        return flags_error(parser, "an inbound packet needs its sequence numbers, before ");
    if (!parse_accept_mark(parser, '<', &found) || (found && !parse_tcp_options(parser, tcp)))
        return false;
    if (packet->inbound && tcp->any_options)
        return flags_error(parser, "an inbound packet needs its options: <...> is for outbound ones, before ");
    if (parse_at_mark(parser, '['))
        return parse_unsupported(parser, "diagnostic payload of RST");
    if (parse_at_mark(parser, '/'))
        return parse_unsupported(parser, "TCP over UDP");
    return true;
}
