#include "report/packets.h"

#include "base/bytes.h"
#include "drill/icmp_name.h"

#include <inttypes.h>

#define SECOND INT64_C(1000000000)

static void print_address(FILE *file, const struct septet_address *address)
{
    char text[SEPTET_ADDRESS_TEXT];
    septet_address_format(address, text);
    fputs(text, file);
}

static void print_ends(FILE *file, const struct dissection *dissection, bool ports)
{
    uint16_t source = dissection->is_tcp ? dissection->tcp.source_port : dissection->udp.source_port;
    uint16_t destination = dissection->is_tcp ? dissection->tcp.destination_port : dissection->udp.destination_port;
    print_address(file, &dissection->ip.source);
    if (ports)
        fprintf(file, ".%u", source);
    fputs(" > ", file);
    print_address(file, &dissection->ip.destination);
    if (ports)
        fprintf(file, ".%u", destination);
    fputs(": ", file);
}

/* ---- TCP ---- */

static void print_sack(FILE *file, const struct tcp_option *option)
{
    fprintf(file, "sack %u ", (option->length - 2u) / 8);
    for (uint32_t at = 2; at + 8 <= option->length; at += 8)
        fprintf(file, "{%" PRIu32 ":%" PRIu32 "}", load32(option->bytes + at), load32(option->bytes + at + 4));
}

static void print_option(FILE *file, const struct tcp_option *option)
{
    const uint8_t *bytes = option->bytes;
    if (option->kind == TCP_OPTION_EOL)
        fputs("eol", file);
    else if (option->kind == TCP_OPTION_NOP)
        fputs("nop", file);
    else if (option->kind == TCP_OPTION_MSS && option->length == 4)
        fprintf(file, "mss %u", load16(bytes + 2));
    else if (option->kind == TCP_OPTION_WINDOW_SCALE && option->length == 3)
        fprintf(file, "wscale %u", bytes[2]);
    else if (option->kind == TCP_OPTION_SACK_PERMITTED)
        fputs("sackOK", file);
    else if (option->kind == TCP_OPTION_SACK)
        print_sack(file, option);
    else if (option->kind == TCP_OPTION_TIMESTAMPS && option->length == 10)
        fprintf(file, "TS val %" PRIu32 " ecr %" PRIu32, load32(bytes + 2), load32(bytes + 6));
    else
        fprintf(file, "option %u of %u bytes", option->kind, option->length);
}

static void print_options(FILE *file, const struct filter_frame *frame)
{
    const struct dissection *dissection = frame->dissection;
    struct tcp_option_cursor cursor = {.at = frame->bytes + dissection->transport + TCP_HEADER,
                                       .left = dissection->options_captured};
    struct tcp_option option;
    if (dissection->tcp.header_length == TCP_HEADER)
        return;
    fputs(", options [", file);
    for (bool first = true; tcp_option_next(&cursor, &option); first = false) {
        if (!first)
            fputc(',', file);
        print_option(file, &option);
    }
    if (cursor.malformed)
        fputs(" malformed", file);
    fputc(']', file);
}

static void print_tcp(FILE *file, const struct filter_frame *frame)
{
    const struct dissection *dissection = frame->dissection;
    const struct tcp_header *tcp = &dissection->tcp;
    char flags[12];
    tcp_flags_format(tcp->flags, flags);
    fprintf(file, "Flags [%s], seq %" PRIu32, flags, tcp->seq);
    if (dissection->payload_length > 0)
        fprintf(file, ":%" PRIu32, tcp->seq + dissection->payload_length);
    if (tcp->flags & TCP_ACK)
        fprintf(file, ", ack %" PRIu32, tcp->ack);
    fprintf(file, ", win %u", tcp->window);
    if (tcp->flags & TCP_URG)
        fprintf(file, ", urg %u", tcp->urgent);
    print_options(file, frame);
    fprintf(file, ", length %" PRIu32, dissection->payload_length);
}

/* ---- the others ---- */

static void print_icmp(FILE *file, const struct dissection *dissection)
{
    bool six = dissection->ip.version == 6;
    const char *type = icmp_type_name(six, dissection->icmp_type);
    const char *code = icmp_code_name(six, dissection->icmp_type, dissection->icmp_code);
    fprintf(file, six ? "ICMPv6 " : "ICMP ");
    if (type != NULL)
        fputs(type, file);
    else
        fprintf(file, "type %u", dissection->icmp_type);
    if (code != NULL)
        fprintf(file, " %s", code);
    else if (dissection->icmp_code != 0)
        fprintf(file, " code %u", dissection->icmp_code);
    fprintf(file, ", length %" PRIu32, dissection->payload_length + 8);
}

static void print_ip(FILE *file, const struct filter_frame *frame)
{
    const struct dissection *dissection = frame->dissection;
    fputs(dissection->ip.version == 4 ? "IP " : "IP6 ", file);
    print_ends(file, dissection, dissection->is_tcp || dissection->is_udp);
    if (dissection->is_tcp)
        print_tcp(file, frame);
    else if (dissection->is_udp)
        fprintf(file, "UDP, length %" PRIu32, dissection->payload_length);
    else if (dissection->is_icmp)
        print_icmp(file, dissection);
    else if (dissection->fragment)
        fprintf(file, "fragment of id %" PRIu32 ", bytes %u:%" PRIu32 "%s", dissection->ip.identification,
                dissection->ip.fragment_offset, dissection->ip.fragment_offset + dissection->ip.payload_length,
                dissection->ip.more_fragments ? "" : ", the last");
    else
        fprintf(file, "protocol %u, length %" PRIu32, dissection->ip.protocol, dissection->payload_length);
    if (dissection->reassembled)
        fputs(", put together from fragments", file);
}

static void print_arp(FILE *file, const uint8_t *arp)
{
    struct septet_address source = septet_address_ipv4(arp[14], arp[15], arp[16], arp[17]);
    struct septet_address target = septet_address_ipv4(arp[24], arp[25], arp[26], arp[27]);
    if (load16(arp + 6) == 1) {
        fputs("ARP, who has ", file);
        print_address(file, &target);
        fputs(" tell ", file);
        print_address(file, &source);
        return;
    }
    fputs("ARP, ", file);
    print_address(file, &source);
    fprintf(file, " is at %02x:%02x:%02x:%02x:%02x:%02x", arp[8], arp[9], arp[10], arp[11], arp[12], arp[13]);
}

/* What the packet is in, where that is more than a link. */
static void print_tunnels(FILE *file, const struct dissection *dissection)
{
    bool tunnel = dissection->ip_layers > 1;
    if (dissection->has_vlan)
        fprintf(file, "vlan %u, ", dissection->vlan);
    for (uint32_t i = 0; tunnel && i + 1 < dissection->headers; i++) {
        enum dissect_layer layer = dissection->header[i].layer;
        if (layer == layer_gre || layer == layer_erspan || layer == layer_vxlan || layer == layer_geneve ||
            layer == layer_gtp)
            fprintf(file, "%s, ", dissect_layer_text(layer));
    }
}

void report_packet(FILE *file, const struct filter_frame *frame)
{
    const struct dissection *dissection = frame->dissection;
    const struct dissect_header *arp = dissect_find(dissection, layer_arp);
    int64_t time = frame->time - frame->first_time, magnitude = time < 0 ? -time : time;
    fprintf(file, "%6" PRIu64 " %s%" PRId64 ".%06" PRId64 " ", frame->number, time < 0 ? "-" : "", magnitude / SECOND,
            magnitude % SECOND / 1000);
    print_tunnels(file, dissection);
    if (dissection->is_ip)
        print_ip(file, frame);
    else if (arp != NULL)
        print_arp(file, frame->bytes + arp->offset);
    else
        fprintf(file, "%s, length %" PRIu32,
                dissection->headers > 0 ? dissect_layer_text(dissection->header[dissection->headers - 1].layer)
                                        : "unknown link type",
                frame->original);
    if (dissection->stopped != wire_none)
        fprintf(file, " (%s)", wire_error_text((enum wire_error)dissection->stopped));
    if (frame->captured < frame->original)
        fprintf(file, " (%" PRIu32 " of %" PRIu32 " bytes captured)", frame->captured, frame->original);
    fputc('\n', file);
}
