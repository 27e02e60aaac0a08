#include "drill/build.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "drill/icmp_name.h"
#include "wire/ethernet.h"

#define PROTOCOL_GRE 47
#define PROTOCOL_MPLS 137
#define ETHERTYPE_MPLS 0x8847
#define DEFAULT_TTL 255

/* ---- TCP options ---- */

static uint32_t put_sack(const struct subject *subject, const struct drill_tcp_option *option, uint8_t *to)
{
    struct sack_block blocks[4];
    for (uint32_t i = 0; i < option->count / 2u; i++) {
        blocks[i].start = subject_local_live(subject, option->value[2 * i], false);
        blocks[i].end = subject_local_live(subject, option->value[2 * i + 1], false);
    }
    return tcp_option_sack(to, blocks, option->count / 2u);
}

static uint32_t put_bytes(const struct drill_tcp_option *option, uint8_t *to)
{
    uint32_t at = 0;
    if (!option->raw) {
        to[at++] = option->kind;
        to[at++] = (uint8_t)(2 + option->length);
    }
    memcpy(to + at, option->bytes, option->length);
    return at + option->length;
}

static uint32_t put_accecn(const struct drill_tcp_option *option, uint8_t *to)
{
    uint32_t at = 2;
    memcpy(to + at, option->bytes, option->length); /* the identifier of an experiment */
    at += option->length;
    for (uint32_t i = 0; i < option->count; i++) {
        to[at++] = (uint8_t)(option->value[i] >> 16);
        to[at++] = (uint8_t)(option->value[i] >> 8);
        to[at++] = (uint8_t)option->value[i];
    }
    to[0] = option->kind;
    to[1] = (uint8_t)at;
    return at;
}

static bool put_timestamps(const struct subject *subject, const struct drill_options *options,
                           const struct drill_tcp *tcp, const struct drill_tcp_option *option, uint8_t *to,
                           struct drill_error *error)
{
    uint32_t echo = option->value[1];
    if (!option->verbatim && (tcp->flags & TCP_ACK) && !subject_echo(subject, options->scaled_echo, echo, &echo) &&
        subject->pairs != 0 && echo != 0) {
        struct text text = drill_error_begin(error, option->line);
        text_put(&text, "no segment that the script expected had the timestamp value ");
        text_number(&text, echo);
        text_put(&text, ", so it cannot be echoed");
        return false;
    }
    tcp_option_timestamps(to, option->value[0], echo);
    return true;
}

bool build_tcp_options(const struct subject *subject, const struct drill_options *options, const struct drill_tcp *tcp,
                       uint8_t to[TCP_OPTIONS_MAX], uint32_t *length, struct drill_error *error)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < tcp->options; i++) {
        const struct drill_tcp_option *option = &tcp->option[i];
        switch (option->form) {
        case OPTION_PLAIN:
            to[at++] = option->kind;
            if (option->kind == TCP_OPTION_SACK_PERMITTED)
                to[at++] = 2;
            break;
        case OPTION_MSS:
            at += tcp_option_mss(to + at, (uint16_t)option->value[0]);
            break;
        case OPTION_WINDOW_SCALE:
            at += tcp_option_window_scale(to + at, (uint8_t)option->value[0]);
            break;
        case OPTION_SACK:
            at += put_sack(subject, option, to + at);
            break;
        case OPTION_TIMESTAMPS:
            if (!put_timestamps(subject, options, tcp, option, to + at, error))
                return false;
            at += 10;
            break;
        case OPTION_ACCECN:
            at += put_accecn(option, to + at);
            break;
        case OPTION_BYTES:
            at += put_bytes(option, to + at);
            break;
        }
    }
    *length = at;
    return true;
}

/* ---- transport ---- */

/* `from` and `to` of the packet: the other end and ours. */
static uint32_t put_checksum(const struct subject *subject, const struct drill_packet *packet, uint8_t protocol,
                             const uint8_t *bytes, uint32_t length)
{
    const struct drill_ip_info *info = &packet->info;
    struct checksum checksum = {0};
    ip_pseudo_checksum(&checksum, info->has_source ? &info->source : &subject->live.remote,
                       info->has_destination ? &info->destination : &subject->live.local, protocol, length);
    checksum_add16(&checksum, info->bad_checksum ? 0x1234 : 0);
    checksum_add(&checksum, bytes, length);
    return checksum_finish(&checksum);
}

static bool put_tcp(const struct subject *subject, const struct drill_options *options,
                    const struct drill_packet *packet, uint8_t *bytes, uint32_t *length, struct drill_error *error)
{
    const struct drill_tcp *tcp = &packet->tcp;
    const bool syn = (tcp->flags & TCP_SYN) != 0;
    uint32_t option_length;
    if (!build_tcp_options(subject, options, tcp, bytes + TCP_HEADER, &option_length, error))
        return false;
    const bool acknowledges = tcp->has_ack || (tcp->flags & TCP_ACK);
    const uint32_t ack = tcp->absolute_ack ? tcp->ack : subject_local_live(subject, tcp->ack, syn);
    const struct tcp_header header = {
        .source_port = subject->live.remote_port,
        .destination_port = subject->live.local_port,
        .seq = tcp->absolute_seq ? tcp->seq : subject_remote_live(subject, tcp->seq, syn),
        .ack = acknowledges ? ack : 0,
        .flags = tcp->flags,
        .header_length = (uint8_t)(TCP_HEADER + option_length),
        .window = (uint16_t)tcp->window,
        .urgent = (uint16_t)tcp->urgent,
    };
    *length = header.header_length + tcp->length;
    memset(bytes + header.header_length, 0, tcp->length);
    tcp_build(bytes, &header);
    store16(bytes + 16, (uint16_t)put_checksum(subject, packet, PROTOCOL_TCP, bytes, *length));
    return true;
}

static void put_udp(const struct subject *subject, const struct drill_packet *packet, uint8_t *bytes, uint32_t *length)
{
    *length = UDP_HEADER + packet->udp_length;
    memset(bytes, 0, *length);
    udp_build(bytes, subject->live.remote_port, subject->live.local_port, (uint16_t)*length);
    const uint32_t sum = put_checksum(subject, packet, PROTOCOL_UDP, bytes, *length);
    store16(bytes + 6, (uint16_t)(sum == 0 ? 0xffff : sum));
}

/* ---- ICMP ---- */

static bool icmp_error(struct drill_error *error, uint32_t line, const char *what, struct slice name, bool ipv6)
{
    struct text text = drill_error_begin(error, line);
    text_put(&text, ipv6 ? "ICMPv6 has no " : "ICMP has no ");
    text_put(&text, what);
    text_slice(&text, name);
    return false;
}

/* The packet of ours that an ICMP error quotes: its IP header and eight bytes. */
static uint32_t put_quote(const struct subject *subject, const struct drill_icmp *icmp, uint8_t *bytes)
{
    const bool ipv4 = septet_address_is_ipv4(&subject->live.remote);
    const uint32_t header = ipv4 ? IPV4_HEADER : IPV6_HEADER;
    const bool tcp = icmp->quote == QUOTE_TCP;
    const uint32_t length = icmp->quote_length + (tcp ? TCP_HEADER : icmp->quote == QUOTE_UDP ? UDP_HEADER : 0);
    const struct ip_fields fields = {
        .source = subject->live.local,
        .destination = subject->live.remote,
        .protocol = (uint8_t)(tcp                        ? PROTOCOL_TCP
                              : icmp->quote == QUOTE_UDP ? PROTOCOL_UDP
                                                         : 255),
        .ttl = DEFAULT_TTL,
        .do_not_fragment = true,
    };
    uint8_t *transport = bytes + header;
    if (icmp->quote == QUOTE_NONE)
        return 0;
    if (ipv4)
        ipv4_build(bytes, &fields, length);
    else
        ipv6_build(bytes, &fields, length);
    memset(transport, 0, 8);
    if (tcp || icmp->quote == QUOTE_UDP) {
        store16(transport, subject->live.local_port);
        store16(transport + 2, subject->live.remote_port);
    }
    if (tcp)
        store32(transport + 4, subject_local_live(subject, icmp->quote_seq, false));
    else if (icmp->quote == QUOTE_UDP)
        store16(transport + 4, (uint16_t)length);
    return header + 8;
}

static bool put_icmp(const struct subject *subject, const struct drill_packet *packet, uint8_t *bytes, uint32_t *length,
                     struct drill_error *error)
{
    const struct drill_icmp *icmp = &packet->icmp;
    const bool ipv6 = !septet_address_is_ipv4(&subject->live.remote);
    uint8_t type, code;
    if (!icmp_type_find(icmp->type, ipv6, &type))
        return icmp_error(error, icmp->type_line, "type ", icmp->type, ipv6);
    if (!icmp_code_find(icmp->code, ipv6, type, &code))
        return icmp_error(error, icmp->type_line, "code ", icmp->code, ipv6);
    const uint32_t body = put_quote(subject, icmp, bytes + ICMP_HEADER);
    const uint32_t rest = icmp->has_mtu ? icmp->mtu : icmp->id << 16;
    icmp_build(bytes, type, code, rest, body, &subject->live.remote, &subject->live.local);
    *length = ICMP_HEADER + body;
    return true;
}

/* ---- IP and what encapsulates ---- */

static uint8_t traffic_class(const struct drill_ip_info *info)
{
    static const uint8_t bits[] = {
        [ECN_UNCHECKED] = 0, [ECN_NONE] = 0, [ECN_ECT1] = 1, [ECN_ECT0] = 2, [ECN_CE] = 3, [ECN_ANY_ECT] = 2};
    if (info->has_class)
        return info->traffic_class;
    return (uint8_t)((info->has_dscp ? info->dscp << 2 : 0) | bits[info->ecn]);
}

static uint32_t ip_header_length(bool ipv6) { return ipv6 ? IPV6_HEADER : IPV4_HEADER; }

static void put_ip(const struct septet_address *source, const struct septet_address *destination,
                   const struct drill_ip_info *info, uint8_t protocol, uint8_t *bytes, uint32_t payload)
{
    const struct ip_fields fields = {
        .source = *source,
        .destination = *destination,
        .protocol = protocol,
        .ttl = info->has_ttl ? info->ttl : DEFAULT_TTL,
        .traffic_class = traffic_class(info),
        .flow_label = info->has_flow_label ? info->flow_label : 0,
    };
    if (septet_address_is_ipv4(source))
        ipv4_build(bytes, &fields, payload);
    else
        ipv6_build(bytes, &fields, payload);
}

/* Behind the header, which grows by them. */
static void put_ip_options(const struct drill_ip_info *info, uint8_t *ip, uint32_t length)
{
    struct checksum checksum = {0};
    if (length == 0)
        return;
    ip[0] = (uint8_t)(0x40 | (IPV4_HEADER + length) / 4);
    memcpy(ip + IPV4_HEADER, info->options, length);
    store16(ip + 10, 0);
    checksum_add(&checksum, ip, IPV4_HEADER + length);
    store16(ip + 10, checksum_finish(&checksum));
}

static uint32_t outer_length(const struct drill_encapsulation *header)
{
    switch (header->kind) {
    case ENCAPSULATION_IPV4:
        return IPV4_HEADER;
    case ENCAPSULATION_IPV6:
        return IPV6_HEADER;
    case ENCAPSULATION_MPLS:
        return 4 * header->labels;
    default:
        return 4u + (header->gre_checksum ? 4u : 0u) + (header->gre_key ? 4u : 0u) + (header->gre_sequence ? 4u : 0u);
    }
}

/* How the header around it names what comes next, as an IP protocol and as an EtherType. */
static void names_of(const struct drill_encapsulation *next, bool ipv6, uint8_t *protocol, uint16_t *type)
{
    if (next == NULL || next->kind == ENCAPSULATION_IPV4 || next->kind == ENCAPSULATION_IPV6) {
        ipv6 = next == NULL ? ipv6 : next->kind == ENCAPSULATION_IPV6;
        *protocol = ipv6 ? PROTOCOL_IPV6 : PROTOCOL_IPV4;
        *type = ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
    } else {
        *protocol = next->kind == ENCAPSULATION_GRE ? PROTOCOL_GRE : PROTOCOL_MPLS;
        *type = ETHERTYPE_MPLS;
    }
}

static void put_gre(const struct drill_encapsulation *gre, uint16_t type, uint8_t *bytes)
{
    uint32_t at = 4;
    store16(bytes, (uint16_t)((gre->gre_checksum ? 0x8000 : 0) | (gre->gre_key ? 0x2000 : 0) |
                              (gre->gre_sequence ? 0x1000 : 0)));
    store16(bytes + 2, type);
    if (gre->gre_checksum) {
        store16(bytes + at, (uint16_t)gre->checksum);
        store16(bytes + at + 2, (uint16_t)gre->offset);
        at += 4;
    }
    if (gre->gre_key) {
        store32(bytes + at, gre->key);
        at += 4;
    }
    if (gre->gre_sequence)
        store32(bytes + at, gre->sequence);
}

/* Puts a header and all those within it in front of `inner`, which ends at `end`. Returns its first byte. */
static uint8_t *encapsulate(const struct drill_encapsulation *header, bool ipv6, uint8_t *inner, const uint8_t *end)
{
    uint8_t protocol;
    uint16_t type;
    if (header == NULL)
        return inner;
    inner = encapsulate(header->next, ipv6, inner, end); /* not deeper than the parser lets */
    uint8_t *bytes = inner - outer_length(header);
    names_of(header->next, ipv6, &protocol, &type);
    if (header->kind == ENCAPSULATION_GRE) {
        put_gre(header, type, bytes);
    } else if (header->kind == ENCAPSULATION_MPLS) {
        for (uint32_t i = 0; i < header->labels; i++)
            store32(bytes + 4 * i, header->label[i]);
    } else {
        put_ip(&header->source, &header->destination, &header->info, protocol, bytes, (uint32_t)(end - inner));
    }
    return bytes;
}

/* ---- the packet ---- */

static uint32_t payload_bytes(const struct drill_packet *packet)
{
    if (packet->transport == TRANSPORT_TCP)
        return packet->tcp.length;
    return packet->transport == TRANSPORT_UDP ? packet->udp_length : packet->icmp.quote_length;
}

bool build_packet(struct subject *subject, const struct drill_options *options, const struct drill_packet *packet,
                  uint8_t *room, uint8_t **bytes, uint32_t *length, struct drill_error *error)
{
    const bool ipv6 = !septet_address_is_ipv4(&subject->live.remote);
    uint32_t outer = 0, transport = 0;
    uint8_t protocol = PROTOCOL_TCP;
    for (const struct drill_encapsulation *at = packet->encapsulation; at != NULL; at = at->next)
        outer += outer_length(at);
    if (outer > 512 || payload_bytes(packet) > 65535 - 60) {
        struct text text = drill_error_begin(error, error->line);
        text_put(&text, "the packet is longer than IP allows");
        return false;
    }
    const struct drill_ip_info *info = &packet->info;
    const uint32_t more = ipv6 ? 0 : info->option_length;
    uint8_t *ip = room + outer, *at = ip + ip_header_length(ipv6) + more;
    if (packet->transport == TRANSPORT_TCP) {
        if (!put_tcp(subject, options, packet, at, &transport, error))
            return false;
    } else if (packet->transport == TRANSPORT_UDP) {
        protocol = PROTOCOL_UDP;
        put_udp(subject, packet, at, &transport);
    } else {
        protocol = ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
        if (!put_icmp(subject, packet, at, &transport, error))
            return false;
    }
    if (transport > 65535 - IPV4_HEADER) {
        struct text text = drill_error_begin(error, error->line);
        text_put(&text, "the packet is longer than IP allows");
        return false;
    }
    put_ip(info->has_source ? &info->source : &subject->live.remote,
           info->has_destination ? &info->destination : &subject->live.local, info, protocol, ip, more + transport);
    put_ip_options(info, ip, more);
    *bytes = encapsulate(packet->encapsulation, ipv6, ip, at + transport);
    *length = (uint32_t)(at + transport - *bytes);
    return true;
}
