#include "lab/watched.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/seq.h"

/* ---- the table ---- */

static uint32_t hash(const struct septet_address *from, uint16_t from_port, const struct septet_address *to,
                     uint16_t to_port)
{
    uint64_t state = load64(from->bytes + 8) * 3 + load64(to->bytes + 8) * 5 + ((uint64_t)from_port << 16) + to_port;

    return (uint32_t)splitmix64(&state);
}

static bool is_flow(const struct watched *flow, const struct septet_address *from, uint16_t from_port,
                    const struct septet_address *to, uint16_t to_port)
{
    return flow->from_port == from_port && flow->to_port == to_port && septet_address_equal(&flow->from, from) &&
           septet_address_equal(&flow->to, to);
}

static struct watched *place(const struct watched_table *table, const struct septet_address *from, uint16_t from_port,
                             const struct septet_address *to, uint16_t to_port)
{
    uint32_t at = hash(from, from_port, to, to_port) & (table->capacity - 1);

    while (table->flow[at].used && !is_flow(&table->flow[at], from, from_port, to, to_port))
        at = (at + 1) & (table->capacity - 1);
    return &table->flow[at];
}

static bool grow(struct watched_table *table)
{
    struct watched_table larger = {table->arena, NULL, table->capacity ? table->capacity * 2 : 16, table->count};

    larger.flow = arena_zeroed(table->arena, larger.capacity * sizeof *larger.flow);
    if (!larger.flow)
        return false;
    for (uint32_t i = 0; i < table->capacity; i++) {
        const struct watched *flow = &table->flow[i];
        if (flow->used)
            *place(&larger, &flow->from, flow->from_port, &flow->to, flow->to_port) = *flow;
    }
    *table = larger;
    return true;
}

static struct watched *find(struct watched_table *table, const struct septet_address *from, uint16_t from_port,
                            const struct septet_address *to, uint16_t to_port)
{
    struct watched *flow = place(table, from, from_port, to, to_port);

    if (!flow->used) {
        *flow = (struct watched){.from = *from, .to = *to, .from_port = from_port, .to_port = to_port, .used = true};
        table->count++;
    }
    return flow;
}

struct watched *watched_find(struct watched_table *table, const struct septet_address *from, uint16_t from_port,
                             const struct septet_address *to, uint16_t to_port, struct watched **other)
{
    if ((table->count + 2) * 2 > table->capacity && !grow(table))
        return NULL;
    if (other)
        *other = find(table, to, to_port, from, from_port);
    return find(table, from, from_port, to, to_port);
}

/* ---- what may be sent ---- */

static const char *check_flags(const struct packet_view *view)
{
    uint16_t flags = view->tcp.flags;

    if (flags & (TCP_RESERVED | TCP_AE))
        return "sends reserved bits";
    if ((flags & TCP_SYN) && (flags & (TCP_FIN | TCP_RST)))
        return "sends SYN together with FIN or RST";
    if ((flags & TCP_FIN) && (flags & TCP_RST))
        return "sends FIN together with RST";
    if (!(flags & (TCP_SYN | TCP_RST | TCP_ACK)))
        return "sends neither SYN, RST nor ACK";
    if (!(flags & TCP_ACK) && view->tcp.ack != 0)
        return "sends an acknowledgement number without ACK";
    if ((flags & (TCP_SYN | TCP_RST)) && view->payload_length)
        return "sends data in a SYN or RST";
    if (!(flags & TCP_URG) && view->tcp.urgent != 0)
        return "sends an urgent pointer without URG";
    return NULL;
}

static const char *check_options(const struct watched *flow, const struct watched *peer, const struct packet_view *view,
                                 const struct tcp_options *options)
{
    struct tcp_option_cursor cursor = {view->options, view->options_length, false};
    struct tcp_option option;
    uint16_t flags = view->tcp.flags;
    bool stamped = flow->stamps && peer->stamps && flow->syn_seen && peer->syn_seen;

    while (tcp_option_next(&cursor, &option)) {
        bool of_syn = option.kind == TCP_OPTION_MSS || option.kind == TCP_OPTION_WINDOW_SCALE ||
                      option.kind == TCP_OPTION_SACK_PERMITTED;
        if (of_syn && !(flags & TCP_SYN))
            return "sends an option of SYNs in another segment";
    }
    if (cursor.malformed || options->malformed)
        return "sends malformed options";
    if (!(flags & (TCP_SYN | TCP_RST)) && stamped && !options->has_timestamps)
        return "sends no timestamps though they were agreed on";
    if (!(flags & (TCP_SYN | TCP_RST)) && !stamped && options->has_timestamps)
        return "sends timestamps though they were not agreed on";
    if (options->sack_count && !(flow->sacks && peer->sacks))
        return "sends SACK though it was not agreed on";
    for (uint32_t i = 0; i < options->sack_count; i++) {
        const struct sack_block *block = &options->sack[i];
        if (!seq_lt(block->start, block->end) || seq_gt(block->end, peer->high))
            return "sends a SACK block of what was never sent";
        if (i > 0 && seq_lt(block->start, view->tcp.ack))
            return "sends a SACK block below its acknowledgement number";
    }
    return NULL;
}

static const char *check_sequence(const struct watched *flow, const struct watched *peer,
                                  const struct packet_view *view, bool super)
{
    uint32_t end = view->tcp.seq + view->payload_length;
    uint32_t mss = peer->mss ? peer->mss : (septet_address_is_ipv4(&flow->from) ? 536 : 1220);

    if (!flow->syn_seen)
        return "sends a segment without having sent a SYN";
    if (seq_gt(view->tcp.seq, flow->high))
        return "leaves a gap in its sequence numbers";
    if (seq_lt(view->tcp.seq, flow->iss))
        return "sends a sequence number below its first";
    if (flow->fin_seen && view->payload_length && seq_gt(end, flow->fin))
        return "sends data behind its FIN";
    if (flow->fin_seen && (view->tcp.flags & TCP_FIN) && end != flow->fin)
        return "sends its FIN with another sequence number";
    if (view->payload_length == 0)
        return NULL;
    if (!super && view->payload_length + view->options_length > mss)
        return "sends more than the peer's maximum segment size";
    if (!flow->limit_known)
        return "sends data without knowing a window";
    if (seq_gt(end, flow->limit) && view->payload_length > 1)
        return "sends data beyond the peer's window";
    return NULL;
}

static uint32_t edge_of(const struct watched *flow, const struct watched *peer, const struct packet_view *view)
{
    bool scaled = !(view->tcp.flags & TCP_SYN) && flow->scales && peer->scales;

    return view->tcp.ack + ((uint32_t)view->tcp.window << (scaled ? flow->shift : 0));
}

static const char *check_window(const struct watched *flow, const struct watched *peer, const struct packet_view *view)
{
    bool over = peer->fin_seen && view->tcp.ack == peer->fin + 1;

    if (!(view->tcp.flags & TCP_ACK))
        return NULL;
    if (flow->acked && seq_lt(view->tcp.ack, flow->last_ack))
        return "moves its acknowledgement number back";
    if (peer->incarnations == 1 && seq_gt(view->tcp.ack, peer->high))
        return "acknowledges what was never sent";
    /* Behind the peer's FIN there is nothing that a window could be for; a SYN that is repeated says again what it
     * said, unscaled, though ACKs may have rounded that up since. */
    if (!over && !(view->tcp.flags & TCP_SYN) && flow->edge_known && seq_lt(edge_of(flow, peer, view), flow->edge))
        return "moves its window's right edge to the left";
    return NULL;
}

static void note_syn(struct watched *flow, struct watched *peer, const struct packet_view *view,
                     const struct tcp_options *options)
{
    struct watched before = *flow;

    /* A clock that stood still gives a new connection the numbers of the old one. */
    if (flow->syn_seen && flow->iss == view->tcp.seq && !flow->fin_seen && !flow->over && !peer->over)
        return;
    *flow = (struct watched){.from = before.from,
                             .to = before.to,
                             .from_port = before.from_port,
                             .to_port = before.to_port,
                             .used = true,
                             .syn_seen = true,
                             .iss = view->tcp.seq,
                             .high = view->tcp.seq + 1,
                             .mss = options->has_mss ? options->mss : 0,
                             .scales = options->has_window_scale,
                             .shift = options->window_scale > 14 ? 14 : options->window_scale,
                             .stamps = options->has_timestamps,
                             .sacks = options->sack_permitted,
                             .state = before.state,
                             .state_known = before.state_known,
                             .boots = before.boots,
                             .incarnations = before.incarnations + 1};
    if (!(view->tcp.flags & TCP_ACK))
        peer->over = true; /* what it was before; its answer begins anew */
}

static void note_sent(struct watched *flow, const struct watched *peer, const struct packet_view *view)
{
    uint32_t end = view->tcp.seq + view->payload_length;

    if (view->tcp.flags & TCP_FIN) {
        flow->fin_seen = true;
        flow->fin = end;
        end++;
    }
    flow->high = seq_max(flow->high, end);
    if (!(view->tcp.flags & TCP_ACK))
        return;
    flow->acked = true;
    flow->last_ack = view->tcp.ack;
    uint32_t edge = edge_of(flow, peer, view);
    flow->edge = flow->edge_known ? seq_max(flow->edge, edge) : edge;
    flow->edge_known = true;
}

const char *watched_sends(struct watched *flow, struct watched *peer, const struct packet_view *view, bool super)
{
    struct tcp_options options;
    const char *wrong = check_flags(view);

    if (wrong)
        return wrong;
    tcp_options_parse(view->options, view->options_length, (view->tcp.flags & TCP_SYN) != 0, &options);
    if (view->tcp.flags & TCP_SYN)
        note_syn(flow, peer, view, &options);
    wrong = check_options(flow, peer, view, &options);
    flow->over = flow->over || (view->tcp.flags & TCP_RST);
    if (wrong || (view->tcp.flags & TCP_RST))
        return wrong;
    wrong = check_sequence(flow, peer, view, super);
    if (!wrong)
        wrong = check_window(flow, peer, view);
    note_sent(flow, peer, view);
    return wrong;
}

void watched_receives(struct watched *flow, const struct watched *peer, const struct packet_view *view)
{
    if (!(view->tcp.flags & TCP_ACK) || (view->tcp.flags & TCP_RST) || !flow->syn_seen ||
        seq_gt(view->tcp.ack, flow->high) || seq_lt(view->tcp.ack, flow->iss))
        return;
    uint32_t edge = edge_of(peer, flow, view);
    flow->limit = flow->limit_known ? seq_max(flow->limit, edge) : edge;
    flow->limit_known = true;
}
