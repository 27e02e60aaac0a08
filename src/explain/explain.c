#include "explain/explain.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "explain/flow.h"
#include "septet/config.h"
#include "wire/icmp.h"

#include <stdlib.h>

/* How long a conversation that is over is kept for what comes late. */
#define LINGER (4 * SEPTET_SECOND)
/* While less memory is used, they are kept in any case. */
#define MEMORY_AT_EASE (UINT64_C(32) << 20)
/* Unanswered SYNs at the end of a capture, beside which it is a flood. */
#define FLOOD_LEAST 256u

struct explain *explain_create(const struct explain_config *config)
{
    struct explain *explain = calloc(1, sizeof *explain);
    if (explain == NULL)
        return NULL;
    explain->config = *config;
    if (explain->config.max_memory == 0)
        explain->config.max_memory = EXPLAIN_MEMORY;
    explain->scratch = calloc(1, sizeof *explain->scratch);
    if (!table_init(&explain->table, config->hash_key) || explain->scratch == NULL) {
        explain_destroy(explain);
        return NULL;
    }
    return explain;
}

void explain_destroy(struct explain *explain)
{
    if (explain == NULL)
        return;
    while (explain->oldest != 0) {
        struct flow *flow = table_at(&explain->table, explain->oldest - 1)->flow;
        explain->oldest = flow->newer;
        flow_clear(explain, flow);
        free(flow);
    }
    if (explain->scratch != NULL)
        flow_clear(explain, explain->scratch);
    free(explain->scratch);
    table_end(&explain->table);
    free(explain);
}

const struct explain_check *explain_check(const struct explain *explain) { return &explain->check; }

/* ---- the list of flows, by use ---- */

static void unlink_flow(struct explain *explain, struct flow *flow)
{
    if (flow->older != 0)
        table_at(&explain->table, flow->older - 1)->flow->newer = flow->newer;
    else
        explain->oldest = flow->newer;
    if (flow->newer != 0)
        table_at(&explain->table, flow->newer - 1)->flow->older = flow->older;
    else
        explain->newest = flow->older;
}

static void link_newest(struct explain *explain, struct flow *flow)
{
    flow->older = explain->newest;
    flow->newer = 0;
    if (explain->newest != 0)
        table_at(&explain->table, explain->newest - 1)->flow->newer = flow->entry + 1;
    else
        explain->oldest = flow->entry + 1;
    explain->newest = flow->entry + 1;
}

static bool is_one_way(const struct explain_conversation *c)
{
    return (c->end[0].packets == 0) != (c->end[1].packets == 0);
}

static void tell(struct explain *explain, struct flow *flow)
{
    flow_finish(flow);
    const struct explain_conversation *c = &flow->conversation;
    explain->check.conversations++;
    explain->check.mid_stream += c->guessed;
    explain->check.one_direction += is_one_way(c);
    explain->check.half_open += c->teardown == explain_teardown_unanswered;
    explain->check.refused += c->teardown == explain_teardown_refused;
    for (unsigned i = 0; i < 2; i++) {
        explain->check.captured_twice += c->end[i].captured_twice;
        explain->check.missing += c->end[i].missing_bytes;
    }
    if (explain->config.observer.conversation != NULL)
        explain->config.observer.conversation(explain->config.observer.context, &flow->conversation);
}

static void end_flow(struct explain *explain, struct flow *flow)
{
    struct entry *entry = table_at(&explain->table, flow->entry);
    tell(explain, flow);
    unlink_flow(explain, flow);
    flow_clear(explain, flow);
    free(flow);
    explain->memory -= sizeof *flow;
    entry->kind = entry_ended;
}

/* ---- lone SYNs ---- */

static struct lone_syn pack_syn(const struct explain_segment *s, const struct tcp_options *o)
{
    return (struct lone_syn){
        .time = s->time,
        .frame = s->frame,
        .seq = s->seq,
        .ts_val = s->ts_val,
        .ip_id = s->ip_id,
        .window = s->window_field,
        .flags = s->flags,
        .mss = o->mss,
        .length = (uint16_t)s->length,
        .scale = o->window_scale,
        .ttl = s->ttl,
        .tos = (uint8_t)(s->dscp << 2 | s->ecn),
        .options = (uint8_t)((o->has_mss ? LONE_MSS : 0) | (o->has_window_scale ? LONE_SCALE : 0) |
                             (o->sack_permitted ? LONE_SACK : 0) | (o->has_timestamps ? LONE_TIMESTAMPS : 0) |
                             (s->ip_version_6 ? LONE_VERSION_6 : 0) | (o->has_fastopen ? LONE_FAST_OPEN : 0)),
    };
}

static struct explain_segment unpack_syn(const struct lone_syn *lone)
{
    struct explain_segment s = {
        .frame = lone->frame,
        .time = lone->time,
        .seq = lone->seq,
        .length = lone->length,
        .window_field = lone->window,
        .flags = lone->flags,
        .ttl = lone->ttl,
        .dscp = lone->tos >> 2,
        .ecn = lone->tos & 3,
        .has_timestamps = (lone->options & LONE_TIMESTAMPS) != 0,
        .ip_version_6 = (lone->options & LONE_VERSION_6) != 0,
        .ts_val = lone->ts_val,
        .ip_id = lone->ip_id,
        .rtt = -1,
    };
    uint8_t *to = s.options;
    if (lone->options & LONE_MSS)
        to += tcp_option_mss(to, lone->mss);
    if (lone->options & LONE_SCALE)
        to += tcp_option_window_scale(to, lone->scale);
    if (lone->options & LONE_SACK)
        to += tcp_option_sack_permitted(to);
    if (lone->options & LONE_TIMESTAMPS)
        to += tcp_option_timestamps(to, lone->ts_val, 0);
    if (lone->options & LONE_FAST_OPEN)
        to += tcp_option_fastopen(to, NULL, 0);
    s.options_length = (uint8_t)(to - s.options);
    s.header_length = (uint8_t)(TCP_HEADER + s.options_length);
    return s;
}

/* The conversation of an entry whose SYN nobody has answered, for a moment. */
static void replay(struct explain *explain, struct flow *flow, const struct entry *entry)
{
    struct explain_segment syn = unpack_syn(&entry->lone);
    explain->quiet = true;
    flow->conversation.owner = entry->lone.owner;
    flow_take(explain, flow, &syn);
    explain->quiet = false;
}

static struct flow *use_scratch(struct explain *explain, uint32_t index)
{
    struct flow *flow = explain->scratch;
    flow_clear(explain, flow);
    memset(flow, 0, sizeof *flow);
    flow->entry = index;
    flow_begin(flow, table_at(&explain->table, index));
    return flow;
}

/* ---- frames ---- */

static void read_segment(const struct explain_frame *frame, struct explain_segment *s, struct tcp_options *o)
{
    const struct dissection *d = frame->dissection;
    const uint8_t *options = frame->bytes + d->transport + TCP_HEADER;
    tcp_options_parse(options, d->options_captured, (d->tcp.flags & TCP_SYN) != 0, o);
    *s = (struct explain_segment){
        .frame = frame->number,
        .time = frame->time,
        .seq = d->tcp.seq,
        .ack = d->tcp.flags & TCP_ACK ? d->tcp.ack : 0,
        .length = d->payload_length,
        .window_field = d->tcp.window,
        .flags = d->tcp.flags & 0x1ff,
        .header_length = d->tcp.header_length,
        .ttl = d->ip.ttl,
        .dscp = d->ip.traffic_class >> 2,
        .ecn = d->ip.traffic_class & 3,
        .has_timestamps = o->has_timestamps,
        .ip_version_6 = d->ip.version == 6,
        .options_length = d->options_captured,
        .sack_count = o->sack_count,
        .ts_val = o->ts_val,
        .ts_ecr = o->ts_ecr,
        .ip_id = d->ip.version == 4 ? d->ip.identification : 0,
        .rtt = -1,
    };
    memcpy(s->options, options, d->options_captured);
    memcpy(s->sack, o->sack, sizeof s->sack);
}

static void count_frame(struct explain *explain, const struct explain_frame *frame)
{
    struct explain_check *check = &explain->check;
    const struct dissection *d = frame->dissection;
    if (check->frames == 0)
        check->first_time = frame->time;
    else if (frame->time < explain->now)
        check->backwards++;
    explain->now = frame->time;
    check->last_time = frame->time > check->last_time || check->frames == 0 ? frame->time : check->last_time;
    check->frames++;
    check->bytes += frame->original;
    check->cut += frame->captured < frame->original;
    check->drops += frame->drops;
    check->tcp += d->is_tcp;
    check->udp += d->is_udp;
    check->icmp += d->is_icmp;
    check->fragments += d->fragment;
    check->other += !d->is_tcp && !d->is_udp && !d->is_icmp;
    check->stopped += d->stopped != 0;
    check->tunnelled += d->ip_layers > 1;
    check->vlan += d->has_vlan;
}

/* Who is the client: the sender of the SYN, the receiver of the SYN,ACK, else who has the higher port. */
static uint8_t guess_side(const struct dissection *d)
{
    if (d->tcp.flags & TCP_SYN)
        return (d->tcp.flags & TCP_ACK) != 0;
    return d->tcp.source_port < d->tcp.destination_port;
}

/* As Wireshark: a SYN with another number than the first one that its sender used begins a new stream. */
static bool begins_anew(const struct entry *entry, const struct dissection *d, uint8_t side)
{
    return (d->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && (entry->started & 1u << side) != 0 &&
           entry->first[side] != d->tcp.seq;
}

static void note_first(struct entry *entry, const struct explain_segment *s)
{
    if (entry->started & 1u << s->side)
        return;
    entry->started |= (uint8_t)(1u << s->side);
    entry->first[s->side] = s->flags & TCP_SYN ? s->seq : s->seq - 1;
}

static bool has_room(const struct explain *explain)
{
    return explain->memory + explain->table.memory < explain->config.max_memory;
}

/* Conversations that are over, and those used longest ago when memory is short, are let go. */
static void let_go(struct explain *explain)
{
    for (int i = 0; i < 2 && explain->oldest != 0 && explain->memory > MEMORY_AT_EASE; i++) {
        struct flow *flow = table_at(&explain->table, explain->oldest - 1)->flow;
        if (!(flow->over && explain->now - flow->conversation.last_time > LINGER) && has_room(explain))
            return;
        end_flow(explain, flow);
    }
}

static struct flow *promote(struct explain *explain, uint32_t index)
{
    struct entry *entry = table_at(&explain->table, index);
    struct flow *flow = flow_create(explain, index);
    if (flow == NULL)
        return NULL;
    if (entry->kind == entry_lone) {
        explain->lone_count--;
        replay(explain, flow, entry);
    }
    entry->kind = entry_flow;
    entry->flow = flow;
    link_newest(explain, flow);
    return flow;
}

static void take_lone(struct explain *explain, uint32_t index, struct explain_segment *s, const struct tcp_options *o)
{
    struct entry *entry = table_at(&explain->table, index);
    struct lone_syn lone = pack_syn(s, o);
    struct flow *flow = use_scratch(explain, index);
    flow_take(explain, flow, s);
    lone.owner = flow->conversation.owner;
    entry->kind = entry_lone;
    entry->lone = lone;
    explain->lone_count++;
}

/* An ICMP error belongs to the conversation of the packet that it quotes. */
static void take_icmp(struct explain *explain, const struct explain_frame *frame)
{
    const struct dissection *d = frame->dissection;
    const uint8_t *quote = frame->bytes + d->payload;
    const bool six = d->ip.version == 6;
    const bool too_big = six ? d->icmp_type == ICMPV6_PACKET_TOO_BIG
                             : d->icmp_type == ICMPV4_UNREACHABLE && d->icmp_code == ICMPV4_FRAGMENTATION_NEEDED;
    const bool unreachable = d->icmp_type == (six ? ICMPV6_UNREACHABLE : ICMPV4_UNREACHABLE);
    struct dissection quoted = {.headers = 0};
    const struct explain_segment at = {.frame = frame->number, .time = frame->time};
    uint8_t side = 0;
    if ((!too_big && !unreachable) || ip_parse_cut(quote, d->payload_captured, &quoted.ip) != wire_none ||
        quoted.ip.protocol != PROTOCOL_TCP || quoted.ip.fragment_offset != 0 ||
        d->payload_captured < quoted.ip.header_length + 4u)
        return;
    quoted.tcp.source_port = load16(quote + quoted.ip.header_length);
    quoted.tcp.destination_port = load16(quote + quoted.ip.header_length + 2);
    const uint32_t index = table_find(&explain->table, &quoted, &side);
    if (index == UINT32_MAX)
        return;
    struct entry *entry = table_at(&explain->table, index);
    struct flow *flow = entry->kind == entry_flow   ? entry->flow
                        : entry->kind == entry_lone ? promote(explain, index)
                                                    : NULL;
    if (flow != NULL)
        flow_note(flow, too_big ? explain_finding_path_mtu : explain_finding_unreachable, side, &at, 0,
                  explain_certain);
}

void explain_frame(struct explain *explain, const struct explain_frame *frame)
{
    const struct dissection *d = frame->dissection;
    count_frame(explain, frame);
    let_go(explain);
    if (d->is_icmp)
        take_icmp(explain, frame);
    if (!d->is_tcp)
        return;
    struct explain_segment s;
    struct tcp_options options;
    read_segment(frame, &s, &options);
    uint32_t index = table_find(&explain->table, d, &s.side);
    const bool found = index != UINT32_MAX;
    if (!found || begins_anew(table_at(&explain->table, index), d, s.side)) {
        if (!has_room(explain) || (index = table_add(&explain->table, d, s.side = guess_side(d))) == UINT32_MAX) {
            explain->check.untracked++;
            return;
        }
    }
    struct entry *entry = table_at(&explain->table, index);
    note_first(entry, &s);
    if (entry->kind == entry_ended) {
        explain->check.after_end++;
        return;
    }
    if (entry->kind == entry_free && (s.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN && s.length == 0 &&
        !explain->config.at_once) {
        take_lone(explain, index, &s, &options);
        return;
    }
    struct flow *flow = entry->kind == entry_flow ? entry->flow : promote(explain, index);
    if (flow == NULL) {
        explain->check.untracked++;
        return;
    }
    if (flow->entry + 1 != explain->newest) {
        unlink_flow(explain, flow);
        link_newest(explain, flow);
    }
    flow_take(explain, flow, &s);
    const struct explain_end *end = &flow->conversation.end[s.side];
    explain->check.super_packets +=
        end->has_mss && flow->conversation.end[!s.side].has_mss && s.length > flow->conversation.end[!s.side].mss;
}

void explain_finish(struct explain *explain)
{
    for (uint32_t i = 0; i < explain->table.count; i++) {
        struct entry *entry = table_at(&explain->table, i);
        if (entry->kind == entry_flow) {
            end_flow(explain, entry->flow);
        } else if (entry->kind == entry_lone) {
            struct flow *flow = use_scratch(explain, i);
            replay(explain, flow, entry);
            tell(explain, flow);
            entry->kind = entry_ended;
        }
    }
    explain->check.syn_flood =
        explain->check.half_open >= FLOOD_LEAST && explain->check.half_open > explain->check.conversations / 2;
    explain->check.port_scan =
        explain->check.refused >= FLOOD_LEAST && explain->check.refused > explain->check.conversations / 2;
}
