#include "drill/compare.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "drill/icmp_name.h"

struct comparison {
    struct subjects *subjects;
    struct subject *subject;
    const struct drill_packet *packet;
    const struct live_packet *live;
    int64_t time;
    struct difference *difference;
};

/* ---- how a difference is told ---- */

static struct text begin(const struct comparison *c, enum part part, const char *what)
{
    struct text text;
    c->difference->part = part;
    text_init(&text, c->difference->reason, sizeof c->difference->reason);
    text_put(&text, what);
    return text;
}

static bool differs(const struct comparison *c, enum part part, const char *what)
{
    begin(c, part, what);
    return false;
}

static bool same_number(const struct comparison *c, enum part part, const char *what, uint32_t script, uint32_t actual)
{
    if (script == actual)
        return true;
    struct text text = begin(c, part, what);
    text_put(&text, ": expected ");
    text_number(&text, script);
    text_put(&text, ", got ");
    text_number(&text, actual);
    return false;
}

/* ---- IP ---- */

static bool compare_ecn(const struct comparison *c)
{
    static const char *const names[] = {"", "not ECT", "ECT(1)", "ECT(0)", "CE", "ECT"};
    static const enum drill_ecn by_bits[] = {ECN_NONE, ECN_ECT1, ECN_ECT0, ECN_CE};
    const enum drill_ecn expected = c->packet->info.ecn, actual = by_bits[c->live->ip.traffic_class & 3];
    if (expected == ECN_UNCHECKED || expected == actual ||
        (expected == ECN_ANY_ECT && (actual == ECN_ECT0 || actual == ECN_ECT1)))
        return true;
    struct text text = begin(c, PART_IP, "ECN field: expected ");
    text_put(&text, names[expected]);
    text_put(&text, ", got ");
    text_put(&text, names[actual]);
    return false;
}

static bool compare_label(const struct comparison *c)
{
    struct subject *subject = c->subject;
    const uint32_t script = c->packet->info.flow_label, live = c->live->ip.flow_label;
    if (subject->label_known && subject->script_label == script)
        return same_number(c, PART_IP, "flow label", subject->live_label, live);
    if (subject->label_known && subject->live_label == live)
        return differs(c, PART_IP, "flow label: expected another than before, got the same");
    subject->label_known = true;
    subject->script_label = script;
    subject->live_label = live;
    return true;
}

static bool compare_ip(const struct comparison *c)
{
    const struct drill_ip_info *info = &c->packet->info;
    const struct ip *ip = &c->live->ip;
    if (!compare_ecn(c))
        return false;
    if (info->has_class && !same_number(c, PART_IP, "traffic class", info->traffic_class, ip->traffic_class))
        return false;
    if (info->has_dscp && !same_number(c, PART_IP, "DSCP", info->dscp, ip->traffic_class >> 2))
        return false;
    if (info->has_ttl && !same_number(c, PART_IP, "TTL", info->ttl, ip->ttl))
        return false;
    return !info->has_flow_label || compare_label(c);
}

/* ---- TCP options ---- */

/* The next option; behind an EOL each zero byte is an EOL of its own, as scripts write padding. */
static bool next_option(const struct live_packet *live, struct tcp_option_cursor *cursor, bool *padding,
                        struct tcp_option *option)
{
    static const uint8_t zero[2] = {0};
    if (!*padding) {
        const bool there = tcp_option_next(cursor, option);
        *padding = there && option->kind == TCP_OPTION_EOL;
        if (*padding)
            cursor->left = (uint32_t)(live->options + live->option_length - cursor->at);
        return there;
    }
    if (cursor->left == 0)
        return false;
    *option = (struct tcp_option){cursor->at[0], 1, cursor->at[0] == 0 ? zero : cursor->at};
    cursor->at++;
    cursor->left--;
    return true;
}

static bool compare_timestamps(const struct comparison *c, uint32_t script, uint32_t live)
{
    const struct drill_options *options = c->subjects->options;
    struct subject *subject = c->subject;
    if (!subject_learn_timestamp(c->subjects, subject, script, live, c->time))
        return differs(c, PART_OPTIONS, "the script needs more memory than there is");
    if (options->tick == 0)
        return true;
    const uint32_t shifted = live - subject->pair[0].live + subject->pair[0].script;
    const int64_t elapsed = (c->time - subject->pair_time) / 1000; /* us */
    const int64_t part = elapsed / 100 * options->tolerance_percent / 1000;
    const int64_t tolerance = part > options->tolerance / 1000 ? part : options->tolerance / 1000;
    const int64_t off = (int32_t)(shifted - script);
    if ((off < 0 ? -off : off) * options->tick <= tolerance + options->tick)
        return true;
    return same_number(c, PART_OPTIONS, "timestamp value", script, shifted);
}

static bool compare_sack(const struct comparison *c, const struct drill_tcp_option *script,
                         const struct tcp_option *live)
{
    if (live->length != 2 + 4 * script->count)
        return same_number(c, PART_OPTIONS, "number of SACK blocks", script->count / 2u, (live->length - 2u) / 8);
    for (uint32_t i = 0; i < script->count; i++) {
        const uint32_t edge = subject_remote_script(c->subject, load32(live->bytes + 2 + 4 * i), false);
        if (!same_number(c, PART_OPTIONS, "edge of a SACK block", script->value[i], edge))
            return false;
    }
    return true;
}

static bool compare_bytes(const struct comparison *c, const struct drill_tcp_option *script,
                          const struct tcp_option *live)
{
    const uint32_t head = script->raw ? 0 : 2;
    uint8_t expected[40];
    uint32_t length = script->length;
    memcpy(expected, script->bytes, length);
    for (uint32_t i = 0; script->form == OPTION_ACCECN && i < script->count; i++) {
        expected[length++] = (uint8_t)(script->value[i] >> 16);
        expected[length++] = (uint8_t)(script->value[i] >> 8);
        expected[length++] = (uint8_t)script->value[i];
    }
    if (live->length != head + length)
        return same_number(c, PART_OPTIONS, "length of a TCP option", head + length, live->length);
    return memcmp(expected, live->bytes + head, length) == 0 ||
           differs(c, PART_OPTIONS, "a TCP option has other bytes");
}

static bool compare_option(const struct comparison *c, const struct drill_tcp_option *script,
                           const struct tcp_option *live)
{
    static const uint8_t lengths[] = {[OPTION_MSS] = 4, [OPTION_WINDOW_SCALE] = 3, [OPTION_TIMESTAMPS] = 10};
    if (!same_number(c, PART_OPTIONS, "kind of a TCP option", script->kind, live->kind))
        return false;
    if (script->form == OPTION_PLAIN)
        return true;
    if (script->form == OPTION_SACK)
        return compare_sack(c, script, live);
    if (script->form == OPTION_ACCECN || script->form == OPTION_BYTES)
        return compare_bytes(c, script, live);
    if (!same_number(c, PART_OPTIONS, "length of a TCP option", lengths[script->form], live->length))
        return false;
    if (script->form == OPTION_MSS)
        return same_number(c, PART_OPTIONS, "MSS", script->value[0], load16(live->bytes + 2));
    if (script->form == OPTION_WINDOW_SCALE)
        return same_number(c, PART_OPTIONS, "window scale", script->value[0], live->bytes[2]);
    return script->any || compare_timestamps(c, script->value[0], load32(live->bytes + 2));
}

static bool compare_options(const struct comparison *c)
{
    const struct drill_tcp *tcp = &c->packet->tcp;
    struct tcp_option_cursor cursor = {.at = c->live->options, .left = c->live->option_length};
    struct tcp_option option;
    bool padding = false;
    if (tcp->any_options)
        return true;
    for (uint32_t i = 0; i < tcp->options; i++) {
        if (!next_option(c->live, &cursor, &padding, &option))
            return differs(c, PART_OPTIONS, cursor.malformed ? "malformed TCP options" : "a TCP option is missing");
        if (!compare_option(c, &tcp->option[i], &option))
            return false;
    }
    if (next_option(c->live, &cursor, &padding, &option))
        return differs(c, PART_OPTIONS,
                       tcp->options == 0 ? "TCP options where none were expected" : "a TCP option too many");
    return true;
}

/* ---- TCP ---- */

static bool compare_flags(const struct comparison *c)
{
    const uint16_t counter = TCP_AE | TCP_CWR | TCP_ECE;
    const uint16_t expected = c->packet->tcp.flags, actual = c->live->tcp.flags;
    if (actual & TCP_RESERVED)
        return differs(c, PART_FLAGS, "reserved bits of the TCP header are set");
    if ((expected & 0x1ff) == (actual & 0x1ff))
        return true;
    if (c->packet->tcp.has_ace && (expected & ~counter) == (actual & ~counter))
        return differs(c, PART_FLAGS, "another ACE field");
    return differs(c, PART_FLAGS, "other TCP flags");
}

static bool compare_sequence(const struct comparison *c)
{
    const struct drill_tcp *tcp = &c->packet->tcp;
    const bool syn = (c->live->tcp.flags & TCP_SYN) != 0;
    const uint32_t actual =
        tcp->absolute_seq ? c->live->tcp.seq : subject_local_script(c->subject, c->live->tcp.seq, syn);
    if (!tcp->any_seq && !same_number(c, PART_SEQUENCE, "sequence number", tcp->seq, actual))
        return false;
    return same_number(c, PART_SEQUENCE, "payload bytes", tcp->length, c->live->payload_length);
}

static bool compare_ack(const struct comparison *c)
{
    const struct drill_tcp *tcp = &c->packet->tcp;
    const bool syn = (c->live->tcp.flags & TCP_SYN) != 0;
    if (!tcp->has_ack || tcp->any_ack)
        return true;
    const uint32_t actual = tcp->absolute_ack || !(c->live->tcp.flags & TCP_ACK)
                                ? c->live->tcp.ack
                                : subject_remote_script(c->subject, c->live->tcp.ack, syn);
    return same_number(c, PART_ACK, "acknowledgement number", tcp->ack, actual);
}

static bool compare_payload(const struct comparison *c)
{
    if (c->live->payload_not_zero && !c->subject->free_payload)
        return differs(c, PART_PAYLOAD, "the payload is not all zero");
    for (uint32_t i = 0; i < c->live->payload_there && !c->subject->free_payload; i++) {
        if (c->live->payload[i] != 0) {
            struct text text = begin(c, PART_PAYLOAD, "the payload is not all zero, first at byte ");
            text_number(&text, i);
            return false;
        }
    }
    return true;
}

static bool compare_tcp(const struct comparison *c)
{
    const struct drill_tcp *tcp = &c->packet->tcp;
    if (!compare_flags(c))
        return false;
    subject_learn_outbound(c->subject, tcp, c->live);
    if (!compare_sequence(c) || !compare_ack(c))
        return false;
    if (tcp->has_window && !same_number(c, PART_WINDOW, "window", tcp->window, c->live->tcp.window))
        return false;
    if (tcp->has_urgent && !same_number(c, PART_URGENT, "urgent pointer", tcp->urgent, c->live->tcp.urgent))
        return false;
    return compare_options(c) && compare_payload(c);
}

/* ---- UDP and ICMP ---- */

static bool compare_icmp(const struct comparison *c)
{
    const struct drill_icmp *script = &c->packet->icmp;
    const struct icmp *live = &c->live->icmp;
    const bool ipv6 = c->live->ip.version == 6;
    uint8_t type, code;
    if (!icmp_type_find(script->type, ipv6, &type))
        return differs(c, PART_FLAGS, "there is no such ICMP type");
    if (!icmp_code_find(script->code, ipv6, type, &code))
        return differs(c, PART_FLAGS, "there is no such ICMP code");
    if (!same_number(c, PART_FLAGS, "ICMP type", type, live->type) ||
        !same_number(c, PART_FLAGS, "ICMP code", code, live->code))
        return false;
    if (script->has_mtu && !same_number(c, PART_FLAGS, "MTU", script->mtu, live->rest))
        return false;
    return !script->has_id || same_number(c, PART_FLAGS, "identifier", script->id, live->rest >> 16);
}

static bool compare_ports(const struct comparison *c)
{
    struct subject *subject = c->subject;
    if (!c->packet->has_ports)
        return true;
    if (subject->role == SUBJECT_ACTIVE && subject->script_local_port == 0)
        subject->script_local_port = c->packet->source_port; /* the script's name for a port that we chose */
    const uint16_t local = subject->script_local_port != 0 ? subject->script_local_port : subject->live.local_port;
    const uint16_t remote = subject->script_remote_port != 0 ? subject->script_remote_port : subject->live.remote_port;
    return same_number(c, PART_PORTS, "source port", c->packet->source_port, local) &&
           same_number(c, PART_PORTS, "destination port", c->packet->destination_port, remote);
}

bool compare_packet(struct subjects *subjects, struct subject *subject, const struct drill_packet *packet,
                    const struct live_packet *live, int64_t time, struct difference *difference)
{
    static const uint8_t protocols[] = {
        [TRANSPORT_TCP] = PROTOCOL_TCP, [TRANSPORT_UDP] = PROTOCOL_UDP, [TRANSPORT_ICMP] = PROTOCOL_ICMP};
    const struct comparison c = {subjects, subject, packet, live, time, difference};
    const uint8_t actual = live->protocol == PROTOCOL_ICMPV6 ? PROTOCOL_ICMP : live->protocol;
    if (actual != protocols[packet->transport])
        return differs(&c, PART_FLAGS, "another protocol");
    if (!compare_ports(&c))
        return false;
    if (packet->transport == TRANSPORT_TCP) {
        if (!compare_tcp(&c))
            return false;
    } else if (packet->transport == TRANSPORT_ICMP) {
        if (!compare_icmp(&c))
            return false;
    } else if (!same_number(&c, PART_FLAGS, "payload bytes", packet->udp_length, live->payload_length) ||
               !compare_payload(&c)) {
        return false;
    }
    return compare_ip(&c);
}
