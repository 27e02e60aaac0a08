#include "drill/parser.h"

/* direction [encapsulation]* [ip_info] [sport > dport] body */

/* ---- addresses and ranges ---- */

static bool parse_address(struct drill_parser *parser, bool ipv6, struct septet_address *address)
{
    if (parser->token.kind != (ipv6 ? TOKEN_IPV6 : TOKEN_IPV4))
        return parse_expected(parser, ipv6 ? "an IPv6 address" : "an IPv4 address");
    septet_address_parse(parser->token.text.at, parser->token.text.length, address);
    return parse_next(parser);
}

bool parse_range(struct drill_parser *parser, uint32_t *start, uint32_t *length, bool *absolute)
{
    uint32_t end;
    const struct drill_token token = parser->token;
    if (!parse_sequence(parser, "a sequence number", start) || !parse_accept_mark(parser, '!', absolute) ||
        !parse_mark(parser, ':', "behind the first sequence number") ||
        !parse_sequence(parser, "the sequence number behind the last byte", &end))
        return false;
    bool again;
    if (!parse_accept_mark(parser, '!', &again) || !parse_mark(parser, '(', "and the number of bytes") ||
        !parse_number(parser, "the number of bytes", UINT32_MAX, length) ||
        !parse_mark(parser, ')', "behind the number of bytes"))
        return false;
    if (end == *start + *length)
        return true;
    struct text text = parse_error(parser, &token);
    text_put(&text, "the sequence numbers ");
    text_number(&text, *start);
    text_char(&text, ':');
    text_number(&text, end);
    text_put(&text, " do not cover ");
    text_number(&text, *length);
    text_put(&text, " bytes");
    return false;
}

/* ---- ip_info ---- */

static const struct {
    const char *name;
    enum drill_ecn ecn;
} ecn_names[] = {{"noecn", ECN_NONE}, {"ect0", ECN_ECT0}, {"ect1", ECN_ECT1}, {"ce", ECN_CE}, {"ect01", ECN_ANY_ECT}};

static bool find_ecn(struct slice name, enum drill_ecn *ecn)
{
    for (unsigned i = 0; i < sizeof ecn_names / sizeof ecn_names[0]; i++) {
        if (slice_is(name, ecn_names[i].name)) {
            *ecn = ecn_names[i].ecn;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    uint8_t value;
} dscp_names[] = {
    {"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},  {"cs5", 40},  {"cs6", 48},  {"cs7", 56},
    {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18}, {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28},
    {"af33", 30}, {"af41", 34}, {"af42", 36}, {"af43", 38}, {"ef", 46},   {"va", 44},
};

static bool parse_dscp(struct drill_parser *parser, struct drill_ip_info *info)
{
    uint32_t value;
    info->has_dscp = true;
    if (parser->token.kind == TOKEN_WORD) {
        for (unsigned i = 0; i < sizeof dscp_names / sizeof dscp_names[0]; i++) {
            if (slice_is(parser->token.text, dscp_names[i].name)) {
                info->dscp = dscp_names[i].value;
                return parse_next(parser);
            }
        }
        return parse_expected(parser, "a DSCP: a number or a name such as af11, cs1, ef");
    }
    if (!parse_number(parser, "the DSCP", 63, &value))
        return false;
    info->dscp = (uint8_t)value;
    return true;
}

static bool parse_ecn_value(struct drill_parser *parser, struct drill_ip_info *info)
{
    static const enum drill_ecn by_number[] = {ECN_NONE, ECN_ECT1, ECN_ECT0, ECN_CE};
    uint32_t value;
    if (parser->token.kind == TOKEN_WORD) {
        if (!find_ecn(parser->token.text, &info->ecn))
            return parse_expected(parser, "noecn, ect0, ect1, ce or ect01 behind ecn");
        return parse_next(parser);
    }
    if (!parse_number(parser, "the ECN field", 3, &value))
        return false;
    info->ecn = by_number[value];
    return true;
}

static bool parse_ip_options(struct drill_parser *parser, struct drill_ip_info *info)
{
    const uint32_t count = drill_hex(parser->token.text, info->options, sizeof info->options);
    if (count == 0 || count % 4 != 0)
        return parse_expected(parser, "IPv4 options in hexadecimal, a multiple of 4 bytes up to 40");
    info->option_length = (uint8_t)count;
    return parse_next(parser);
}

/* What lets scripts send what no proper host sends. *found tells whether it stood there. */
static bool parse_odd_item(struct drill_parser *parser, struct drill_ip_info *info, bool *found)
{
    const bool source = parse_at_word(parser, "src"), options = parse_at_word(parser, "options");
    *found = true;
    if (parse_at_word(parser, "bad_checksum")) {
        info->bad_checksum = true;
        return parse_next(parser);
    }
    if (source || parse_at_word(parser, "dst")) {
        *(source ? &info->has_source : &info->has_destination) = true;
        return parse_next(parser) &&
               parse_address(parser, parser->token.kind == TOKEN_IPV6, source ? &info->source : &info->destination);
    }
    *found = options;
    return !options || (parse_next(parser) && parse_ip_options(parser, info));
}

static bool parse_info_item(struct drill_parser *parser, struct drill_ip_info *info)
{
    uint32_t value = 0;
    bool found;
    if (parser->token.kind != TOKEN_WORD)
        return parse_expected(parser, "noecn, ect0, ect1, ce, ect01, tos, class, dscp, ecn, ttl, hlim or flowlabel");
    if (find_ecn(parser->token.text, &info->ecn))
        return parse_next(parser);
    if (!parse_odd_item(parser, info, &found))
        return false;
    if (found)
        return true;
    if (!parse_accept_word(parser, "tos", &found) || (!found && !parse_accept_word(parser, "class", &found)))
        return false;
    if (found) {
        info->has_class = true;
        if (!parse_number(parser, "the traffic class", 255, &value))
            return false;
        info->traffic_class = (uint8_t)value;
        return true;
    }
    if (!parse_accept_word(parser, "ttl", &found) || (!found && !parse_accept_word(parser, "hlim", &found)))
        return false;
    if (found) {
        info->has_ttl = true;
        if (!parse_number(parser, "the TTL", 255, &value))
            return false;
        info->ttl = (uint8_t)value;
        return true;
    }
    if (!parse_accept_word(parser, "flowlabel", &found))
        return false;
    if (found) {
        info->has_flow_label = true;
        return parse_number(parser, "the flow label", 0xfffff, &info->flow_label);
    }
    if (!parse_accept_word(parser, "dscp", &found))
        return false;
    if (found)
        return parse_dscp(parser, info);
    if (!parse_accept_word(parser, "ecn", &found))
        return false;
    if (found)
        return parse_ecn_value(parser, info);
    return parse_expected(parser, "noecn, ect0, ect1, ce, ect01, tos, class, dscp, ecn, ttl, hlim or flowlabel");
}

static bool parse_ip_info(struct drill_parser *parser, struct drill_ip_info *info)
{
    const bool round = parse_at_mark(parser, '(');
    bool more = true;
    if (!round && !parse_at_mark(parser, '['))
        return true;
    if (!parse_next(parser))
        return false;
    while (more)
        if (!parse_info_item(parser, info) || !parse_accept_mark(parser, ',', &more))
            return false;
    return parse_mark(parser, round ? ')' : ']', "behind what the IP header says");
}

/* ---- encapsulation ---- */

static bool parse_ip_header(struct drill_parser *parser, struct drill_encapsulation *header, bool ipv6)
{
    header->kind = ipv6 ? ENCAPSULATION_IPV6 : ENCAPSULATION_IPV4;
    return parse_ip_info(parser, &header->info) && parse_address(parser, ipv6, &header->source) &&
           parse_mark(parser, '>', "and the destination address") &&
           parse_address(parser, ipv6, &header->destination) &&
           parse_mark(parser, ':', "behind the encapsulating header");
}

static bool parse_gre_field(struct drill_parser *parser, struct drill_encapsulation *gre)
{
    static const char names[] = "flags [checksum,key,sequence], sum, off, key or seq in the GRE header";
    bool more = true;
    if (parse_at_word(parser, "sum"))
        return parse_next(parser) && parse_number(parser, "the GRE checksum", 65535, &gre->checksum);
    if (parse_at_word(parser, "off"))
        return parse_next(parser) && parse_number(parser, "the GRE offset", 65535, &gre->offset);
    if (parse_at_word(parser, "key"))
        return parse_next(parser) && parse_number(parser, "the GRE key", UINT32_MAX, &gre->key);
    if (parse_at_word(parser, "seq"))
        return parse_next(parser) && parse_number(parser, "the GRE sequence number", UINT32_MAX, &gre->sequence);
    if (!parse_at_word(parser, "flags"))
        return parse_expected(parser, names);
    if (!parse_next(parser) || !parse_mark(parser, '[', "before the GRE flags"))
        return false;
    while (more && !parse_at_mark(parser, ']')) {
        gre->gre_checksum |= parse_at_word(parser, "checksum");
        gre->gre_key |= parse_at_word(parser, "key");
        gre->gre_sequence |= parse_at_word(parser, "sequence") || parse_at_word(parser, "seq");
        if (parser->token.kind != TOKEN_WORD)
            return parse_expected(parser, "checksum, key or sequence");
        if (!parse_next(parser) || !parse_accept_mark(parser, ',', &more))
            return false;
    }
    return parse_mark(parser, ']', "behind the GRE flags");
}

static bool parse_gre(struct drill_parser *parser, struct drill_encapsulation *gre)
{
    bool more = true;
    gre->kind = ENCAPSULATION_GRE;
    while (more && !parse_at_mark(parser, ':'))
        if (!parse_gre_field(parser, gre) || !parse_accept_mark(parser, ',', &more))
            return false;
    return parse_mark(parser, ':', "behind the encapsulating header");
}

/* (label L, tc C, [S], ttl T) */
static bool parse_label(struct drill_parser *parser, uint32_t *word)
{
    uint32_t label = 0, class = 0, ttl = 0;
    bool bottom, found;
    if (!parse_mark(parser, '(', "before a label") || !parse_accept_word(parser, "label", &found) ||
        !parse_number(parser, "the MPLS label", 0xfffff, &label) || !parse_mark(parser, ',', "behind the label") ||
        !parse_accept_word(parser, "tc", &found) || !parse_number(parser, "the traffic class", 7, &class) ||
        !parse_mark(parser, ',', "behind the traffic class") || !parse_accept_mark(parser, '[', &bottom))
        return false;
    if (bottom && (!parse_accept_word(parser, "S", &found) || !parse_mark(parser, ']', "behind [S") ||
                   !parse_mark(parser, ',', "behind [S]")))
        return false;
    if (!parse_accept_word(parser, "ttl", &found) || !parse_number(parser, "the TTL", 255, &ttl) ||
        !parse_mark(parser, ')', "behind a label"))
        return false;
    *word = label << 12 | class << 9 | (uint32_t)bottom << 8 | ttl;
    return true;
}

static bool parse_mpls(struct drill_parser *parser, struct drill_encapsulation *mpls)
{
    mpls->kind = ENCAPSULATION_MPLS;
    while (!parse_at_mark(parser, ':') || mpls->labels == 0) {
        bool comma;
        if (mpls->labels == DRILL_LABELS)
            return parse_expected(parser, ": behind eight labels");
        if (!parse_label(parser, &mpls->label[mpls->labels]) || !parse_accept_mark(parser, ',', &comma))
            return false;
        mpls->labels++;
    }
    return parse_mark(parser, ':', "behind the encapsulating header");
}

static bool parse_encapsulations(struct drill_parser *parser, struct drill_packet *packet)
{
    struct drill_encapsulation **link = &packet->encapsulation;
    for (uint32_t depth = 0; depth <= DRILL_DEPTH; depth++) {
        const bool ipv4 = parse_at_word(parser, "ipv4"), ipv6 = parse_at_word(parser, "ipv6");
        const bool gre = parse_at_word(parser, "gre");
        if (!ipv4 && !ipv6 && !gre && !parse_at_word(parser, "mpls"))
            return true;
        struct drill_encapsulation *header = parse_new(parser, sizeof *header);
        if (header == NULL || !parse_next(parser))
            return false;
        *link = header;
        link = &header->next;
        if (!(ipv4 || ipv6 ? parse_ip_header(parser, header, ipv6)
              : gre        ? parse_gre(parser, header)
                           : parse_mpls(parser, header)))
            return false;
    }
    return parse_expected(parser, "fewer encapsulating headers");
}

/* ---- the packet ---- */

/* sport > dport, if a port stands here. */
static bool parse_ports(struct drill_parser *parser, struct drill_packet *packet)
{
    struct drill_lexer ahead = parser->lexer;
    struct drill_token next;
    struct drill_error ignored;
    uint32_t source, destination;
    ahead.error = &ignored;
    if (parser->token.kind != TOKEN_INTEGER || !drill_lexer_next(&ahead, &next) || next.kind != TOKEN_MARK ||
        next.mark != '>')
        return true;
    if (!parse_number(parser, "the source port", 65535, &source) ||
        !parse_mark(parser, '>', "and the destination port") ||
        !parse_number(parser, "the destination port", 65535, &destination))
        return false;
    packet->has_ports = true;
    packet->source_port = (uint16_t)source;
    packet->destination_port = (uint16_t)destination;
    return true;
}

static bool parse_udp(struct drill_parser *parser, struct drill_packet *packet)
{
    packet->transport = TRANSPORT_UDP;
    return parse_ports(parser, packet) && parse_mark(parser, '(', "and the number of bytes behind udp") &&
           parse_number(parser, "the number of bytes", 65507, &packet->udp_length) &&
           parse_mark(parser, ')', "behind the number of bytes");
}

bool parse_packet(struct drill_parser *parser, struct drill_packet *packet)
{
    bool found;
    packet->inbound = parse_at_mark(parser, '<');
    if (!parse_next(parser) || !parse_encapsulations(parser, packet) || !parse_ip_info(parser, &packet->info))
        return false;
    const struct drill_ip_info *info = &packet->info;
    if (!packet->inbound && (info->bad_checksum || info->has_source || info->has_destination || info->option_length))
        return parse_expected(parser, "no bad_checksum, src, dst or options in an outbound packet");
    if (parse_at_word(parser, "encap"))
        return parse_unsupported(parser, "PSP encapsulation");
    if (parse_at_word(parser, "sctp"))
        return parse_unsupported(parser, "SCTP");
    if (parse_at_word(parser, "udplite"))
        return parse_unsupported(parser, "UDP-Lite");
    if (!parse_ports(parser, packet) || !parse_accept_word(parser, "udp", &found))
        return false;
    if (found)
        return parse_udp(parser, packet);
    if (!parse_accept_word(parser, "icmp", &found))
        return false;
    packet->transport = found ? TRANSPORT_ICMP : TRANSPORT_TCP;
    return found ? parse_icmp(parser, &packet->icmp) : parse_tcp(parser, packet);
}
