#include "drill/part.h"

#include "base/bytes.h"
#include "drill/icmp_name.h"

static struct text part_begin(struct parts *parts, enum part part)
{
    struct text text;
    text_init(&text, parts->words[part], PART_WORDS);
    return text;
}

static void clear(struct parts *parts)
{
    for (unsigned i = 0; i < PART_COUNT; i++)
        parts->words[i][0] = '\0';
}

static void put_labelled(struct parts *parts, enum part part, const char *label, uint32_t value)
{
    struct text text = part_begin(parts, part);
    text_put(&text, label);
    text_number(&text, value);
}

static void put_range(struct parts *parts, uint32_t seq, uint32_t length)
{
    struct text text = part_begin(parts, PART_SEQUENCE);
    text_number(&text, seq);
    text_char(&text, ':');
    text_number(&text, seq + length);
    text_char(&text, '(');
    text_number(&text, length);
    text_char(&text, ')');
}

static void put_time(struct parts *parts, int64_t time)
{
    struct text text = part_begin(parts, PART_TIME);
    if (time < 0)
        text_char(&text, '*');
    else
        text_seconds(&text, time, 6);
}

static void put_flags(struct parts *parts, uint16_t flags, bool ace)
{
    struct text text = part_begin(parts, PART_FLAGS);
    char letters[12];
    const uint16_t counter = TCP_AE | TCP_CWR | TCP_ECE;
    const uint16_t plain = (uint16_t)(ace ? flags & ~counter : flags);
    if (plain & 0x1ff) {
        tcp_flags_format(plain, letters);
        text_put(&text, letters);
    }
    if (ace)
        text_number(&text, (flags & TCP_AE ? 4u : 0) | (flags & TCP_CWR ? 2u : 0) | (flags & TCP_ECE ? 1u : 0));
    else if (!(plain & 0x1ff))
        text_char(&text, '-');
}

/* ---- TCP options ---- */

static void put_hex(struct text *text, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        text_hex(text, bytes[i], 2);
}

static void put_accecn(struct text *text, uint8_t kind, const uint8_t *bytes, uint32_t length)
{
    static const char *const names[2][3] = {{" e0b ", " ceb ", " e1b "}, {" e1b ", " ceb ", " e0b "}};
    text_put(text, "ECN");
    for (uint32_t i = 0; i < 3 && 3 * i + 2 < length; i++) {
        text_put(text, names[kind == TCP_OPTION_ACCECN1][i]);
        text_number(text, (uint32_t)bytes[3 * i] << 16 | (uint32_t)bytes[3 * i + 1] << 8 | bytes[3 * i + 2]);
    }
}

/* `subject` maps the edges of SACK blocks; NULL leaves them as they are. */
static void put_option(struct text *text, const struct tcp_option *option, const struct subject *subject)
{
    const uint8_t *value = option->bytes + 2;
    const uint32_t length = option->length < 2 ? 0 : option->length - 2u;
    if (option->kind == TCP_OPTION_NOP) {
        text_put(text, "nop");
    } else if (option->kind == TCP_OPTION_EOL) {
        text_put(text, "eol");
    } else if (option->kind == TCP_OPTION_MSS && length == 2) {
        text_put(text, "mss ");
        text_number(text, load16(value));
    } else if (option->kind == TCP_OPTION_WINDOW_SCALE && length == 1) {
        text_put(text, "wscale ");
        text_number(text, value[0]);
    } else if (option->kind == TCP_OPTION_SACK_PERMITTED && length == 0) {
        text_put(text, "sackOK");
    } else if (option->kind == TCP_OPTION_TIMESTAMPS && length == 8) {
        text_put(text, "TS val ");
        text_number(text, load32(value));
        text_put(text, " ecr ");
        text_number(text, load32(value + 4));
    } else if (option->kind == TCP_OPTION_SACK && length % 8 == 0) {
        text_put(text, "sack");
        for (uint32_t i = 0; i < length; i += 4) {
            const uint32_t edge = load32(value + i);
            text_char(text, i % 8 == 0 ? ' ' : ':');
            text_number(text, subject == NULL ? edge : subject_remote_script(subject, edge, false));
        }
    } else if (option->kind == TCP_OPTION_FASTOPEN) {
        text_put(text, length == 0 ? "FO" : "FO ");
        put_hex(text, value, length);
    } else if (option->kind == TCP_OPTION_MD5) {
        text_put(text, "md5 ");
        put_hex(text, value, length);
    } else if (option->kind == TCP_OPTION_ACCECN0 || option->kind == TCP_OPTION_ACCECN1) {
        put_accecn(text, option->kind, value, length);
    } else {
        text_put(text, "gen-");
        text_number(text, option->kind);
        text_put(text, length == 0 ? "" : " ");
        put_hex(text, value, length);
    }
}

static void put_live_options(struct parts *parts, const struct live_packet *live, const struct subject *subject)
{
    struct tcp_option_cursor cursor = {.at = live->options, .left = live->option_length};
    struct tcp_option option;
    struct text text = part_begin(parts, PART_OPTIONS);
    const char *separator = "<";
    while (tcp_option_next(&cursor, &option)) {
        text_put(&text, separator);
        put_option(&text, &option, subject);
        separator = ",";
        if (option.kind == TCP_OPTION_EOL) {
            /* what pads the rest is shown as it is: zero is eol too */
            for (const uint8_t *at = cursor.at; at < live->options + live->option_length; at++)
                text_put(&text, *at == TCP_OPTION_EOL ? ",eol" : ",?");
            break;
        }
    }
    if (live->option_length != 0)
        text_put(&text, cursor.malformed ? ",malformed>" : ">");
}

static void put_script_option(struct text *text, const struct drill_tcp_option *option)
{
    switch (option->form) {
    case OPTION_PLAIN:
        text_put(text, option->kind == TCP_OPTION_NOP ? "nop" : option->kind == TCP_OPTION_EOL ? "eol" : "sackOK");
        break;
    case OPTION_MSS:
    case OPTION_WINDOW_SCALE:
        text_put(text, option->form == OPTION_MSS ? "mss " : "wscale ");
        text_number(text, option->value[0]);
        break;
    case OPTION_TIMESTAMPS:
        text_put(text, "TS val ");
        if (option->any)
            text_put(text, "...");
        else
            text_number(text, option->value[0]);
        text_put(text, " ecr ");
        text_number(text, option->value[1]);
        break;
    case OPTION_SACK:
        text_put(text, "sack");
        for (uint32_t i = 0; i < option->count; i++) {
            text_char(text, i % 2 == 0 ? ' ' : ':');
            text_number(text, option->value[i]);
        }
        break;
    case OPTION_ACCECN: {
        uint8_t bytes[9];
        for (uint32_t i = 0; i < option->count && i < 3; i++) {
            bytes[3 * i] = (uint8_t)(option->value[i] >> 16);
            store16(bytes + 3 * i + 1, (uint16_t)option->value[i]);
        }
        put_accecn(text, option->kind, bytes, 3u * option->count);
        break;
    }
    case OPTION_BYTES:
        if (option->raw) {
            text_put(text, "raw ");
            put_hex(text, option->bytes, option->length);
        } else {
            uint8_t bytes[42] = {option->kind, (uint8_t)(option->length + 2)};
            for (uint32_t i = 0; i < option->length; i++)
                bytes[2 + i] = option->bytes[i];
            const struct tcp_option whole = {option->kind, (uint8_t)(option->length + 2), bytes};
            put_option(text, &whole, NULL);
        }
        break;
    }
}

static void put_script_options(struct parts *parts, const struct drill_tcp *tcp)
{
    struct text text = part_begin(parts, PART_OPTIONS);
    if (tcp->any_options)
        text_put(&text, "<...>");
    for (uint32_t i = 0; i < tcp->options; i++) {
        text_char(&text, i == 0 ? '<' : ',');
        put_script_option(&text, &tcp->option[i]);
    }
    if (tcp->options != 0)
        text_char(&text, '>');
}

/* ---- IP ---- */

static const char *const ecn_names[] = {"", "noecn", "ect1", "ect0", "ce", "ect01"};

static void put_script_info(struct parts *parts, const struct drill_ip_info *info)
{
    struct text text = part_begin(parts, PART_IP);
    const char *separator = "[";
    if (info->has_class) {
        text_put(&text, "[tos 0x");
        text_hex(&text, info->traffic_class, 2);
        separator = ",";
    }
    if (info->has_dscp) {
        text_put(&text, separator);
        text_put(&text, "dscp ");
        text_number(&text, info->dscp);
        separator = ",";
    }
    if (info->ecn != ECN_UNCHECKED) {
        text_put(&text, separator);
        text_put(&text, ecn_names[info->ecn]);
        separator = ",";
    }
    if (info->has_ttl) {
        text_put(&text, separator);
        text_put(&text, "ttl ");
        text_number(&text, info->ttl);
        separator = ",";
    }
    if (info->has_flow_label) {
        text_put(&text, separator);
        text_put(&text, "flowlabel 0x");
        text_hex(&text, info->flow_label, 5);
        separator = ",";
    }
    if (separator[0] == ',')
        text_char(&text, ']');
}

static void put_live_info(struct parts *parts, const struct ip *ip)
{
    static const enum drill_ecn by_bits[] = {ECN_NONE, ECN_ECT1, ECN_ECT0, ECN_CE};
    struct text text = part_begin(parts, PART_IP);
    text_put(&text, "[tos 0x");
    text_hex(&text, ip->traffic_class, 2);
    text_char(&text, ',');
    text_put(&text, ecn_names[by_bits[ip->traffic_class & 3]]);
    text_put(&text, ",ttl ");
    text_number(&text, ip->ttl);
    if (ip->version == 6) {
        text_put(&text, ",flowlabel 0x");
        text_hex(&text, ip->flow_label, 5);
    }
    text_char(&text, ']');
}

static void put_ports(struct parts *parts, uint16_t source, uint16_t destination)
{
    struct text text = part_begin(parts, PART_PORTS);
    text_number(&text, source);
    text_put(&text, " > ");
    text_number(&text, destination);
}

/* ---- whole packets ---- */

static void script_icmp(const struct drill_icmp *icmp, struct parts *parts)
{
    struct text text = part_begin(parts, PART_FLAGS);
    text_put(&text, "icmp ");
    text_slice(&text, icmp->type);
    if (icmp->code.length != 0) {
        text_char(&text, ' ');
        text_slice(&text, icmp->code);
    }
    if (icmp->has_mtu) {
        text_put(&text, " mtu ");
        text_number(&text, icmp->mtu);
    }
    if (icmp->has_id) {
        text_put(&text, " id ");
        text_number(&text, icmp->id);
    }
}

void parts_of_script(const struct drill_packet *packet, int64_t time, struct parts *parts)
{
    const struct drill_tcp *tcp = &packet->tcp;
    clear(parts);
    put_time(parts, time);
    put_script_info(parts, &packet->info);
    if (packet->has_ports)
        put_ports(parts, packet->source_port, packet->destination_port);
    if (packet->transport == TRANSPORT_ICMP) {
        script_icmp(&packet->icmp, parts);
        return;
    }
    if (packet->transport == TRANSPORT_UDP) {
        put_labelled(parts, PART_FLAGS, "udp ", packet->udp_length);
        return;
    }
    put_flags(parts, tcp->flags, tcp->has_ace);
    put_range(parts, tcp->seq, tcp->length);
    if (tcp->any_seq) {
        struct text text = part_begin(parts, PART_SEQUENCE);
        text_put(&text, "...(");
        text_number(&text, tcp->length);
        text_char(&text, ')');
    }
    if (tcp->has_ack && !tcp->any_ack)
        put_labelled(parts, PART_ACK, "ack ", tcp->ack);
    if (tcp->has_window)
        put_labelled(parts, PART_WINDOW, "win ", tcp->window);
    if (tcp->has_urgent)
        put_labelled(parts, PART_URGENT, "urg ", tcp->urgent);
    put_script_options(parts, tcp);
}

static void live_icmp(const struct live_packet *live, struct parts *parts)
{
    const bool ipv6 = live->ip.version == 6;
    const char *type = icmp_type_name(ipv6, live->icmp.type);
    const char *code = icmp_code_name(ipv6, live->icmp.type, live->icmp.code);
    struct text text = part_begin(parts, PART_FLAGS);
    text_put(&text, "icmp ");
    if (type != NULL) {
        text_put(&text, type);
    } else {
        text_put(&text, "type_");
        text_number(&text, live->icmp.type);
    }
    if (code != NULL) {
        text_char(&text, ' ');
        text_put(&text, code);
    } else if (live->icmp.code != 0) {
        text_put(&text, " code_");
        text_number(&text, live->icmp.code);
    }
}

void parts_of_live(const struct live_packet *live, const struct subject *subject, int64_t time, struct parts *parts)
{
    const struct tcp_header *tcp = &live->tcp;
    const bool syn = (tcp->flags & TCP_SYN) != 0;
    clear(parts);
    put_time(parts, time);
    put_live_info(parts, &live->ip);
    if (live->protocol == PROTOCOL_ICMP || live->protocol == PROTOCOL_ICMPV6) {
        live_icmp(live, parts);
        return;
    }
    if (live->protocol == PROTOCOL_UDP) {
        put_ports(parts, live->udp.source_port, live->udp.destination_port);
        put_labelled(parts, PART_FLAGS, "udp ", live->payload_length);
        return;
    }
    if (live->protocol != PROTOCOL_TCP) {
        put_labelled(parts, PART_FLAGS, "IP protocol ", live->protocol);
        return;
    }
    put_ports(parts, tcp->source_port, tcp->destination_port);
    put_flags(parts, tcp->flags, false);
    put_range(parts, subject == NULL ? tcp->seq : subject_local_script(subject, tcp->seq, syn), live->payload_length);
    if (tcp->ack != 0 || (tcp->flags & TCP_ACK))
        put_labelled(parts, PART_ACK, "ack ",
                     subject == NULL ? tcp->ack : subject_remote_script(subject, tcp->ack, syn));
    put_labelled(parts, PART_WINDOW, "win ", tcp->window);
    if (tcp->urgent != 0 || (tcp->flags & TCP_URG))
        put_labelled(parts, PART_URGENT, "urg ", tcp->urgent);
    put_live_options(parts, live, subject);
}

/* ---- lines ---- */

void parts_line(const struct parts *parts, struct text *text)
{
    const char *separator = "";
    for (unsigned i = PART_FLAGS; i < PART_COUNT; i++) {
        if (parts->words[i][0] == '\0')
            continue;
        text_put(text, separator);
        text_put(text, parts->words[i]);
        separator = " ";
    }
}

static void put_column(struct text *text, const char *words, uint32_t width, char fill)
{
    uint32_t length = slice_of(words).length;
    text_put(text, words);
    for (; length < width; length++)
        text_char(text, fill);
}

static void trim(struct text *text)
{
    while (text->length != 0 && text->at[text->length - 1] == ' ')
        text->at[--text->length] = '\0';
}

void parts_compare(const struct parts *script, const struct parts *live, enum part differs, struct drill_report *report)
{
    struct text lines[3];
    text_init(&lines[0], report->script_packet, sizeof report->script_packet);
    text_init(&lines[1], report->actual_packet, sizeof report->actual_packet);
    text_init(&lines[2], report->marks, sizeof report->marks);
    for (unsigned part = 0; part < PART_COUNT; part++) {
        const char *a = script->words[part], *b = live->words[part];
        const uint32_t left = slice_of(a).length, right = slice_of(b).length;
        const bool quiet = (part == PART_IP || part == PART_PORTS) && left == 0 && part != differs;
        const uint32_t width = left > right ? left : right;
        if (part != differs && (width == 0 || quiet))
            continue;
        const uint32_t columns = width == 0 ? 1 : width;
        put_column(&lines[0], a, columns, ' ');
        put_column(&lines[1], b, columns, ' ');
        put_column(&lines[2], "", columns, part == differs ? '^' : ' ');
        for (unsigned i = 0; i < 3; i++)
            text_char(&lines[i], ' ');
    }
    for (unsigned i = 0; i < 3; i++)
        trim(&lines[i]);
}
