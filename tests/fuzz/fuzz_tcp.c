/* One stack among segments with plausible numbers, applications, ICMP errors, lost output and jumps of time: the input
 * is a program of such steps. It must not crash or hang, make only legal moves between states, deliver and send only
 * bytes that belong where they stand, and give everything back when all handles are closed and time has passed. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "septet/tcp.h"
#include "wire/icmp.h"
#include "wire/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY (2u << 20)
#define FLOWS 6
#define HANDLES 8
#define LISTENERS 2
#define MOVES 256
#define PACKET 2048
#define STEPS_MOST 2000

struct input {
    const uint8_t *at;
    size_t left;
};

/* A connection as the peer sees it: numbers of the stack's last segment give plausible ones. */
struct flow {
    uint16_t local_port, peer_port;
    bool ipv4, timestamps;
    uint32_t seq, stack_seq, stack_end, stack_ack, ts_val;
};

struct owned {
    septet_handle handle;
    uint32_t written, read;
};

/* The last state traced for a pair of ends. */
struct place {
    struct septet_tuple tuple;
    unsigned state;
};

struct world {
    struct septet *stack;
    struct input input;
    int64_t now;
    struct septet_address ours[2], theirs[2]; /* IPv6, IPv4 */
    struct flow flows[FLOWS];
    struct owned owned[HANDLES];
    septet_handle listeners[LISTENERS];
    struct place places[MOVES];
    uint32_t place_count;
    struct septet_packet batch[8];
    uint8_t packets[8][PACKET];
    uint32_t batch_count;
};

static uint8_t memory[MEMORY] __attribute__((aligned(64)));

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint8_t next(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

static uint32_t next32(struct input *input)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value = value << 8 | next(input);
    return value;
}

/* The byte of every stream at an absolute sequence number. */
static uint8_t content(uint32_t seq) { return (uint8_t)((seq ^ seq >> 8 ^ seq >> 16 ^ seq >> 24) * 167); }

/* ---- what the stack says of itself ---- */

static bool same_ends(const struct septet_tuple *a, const struct septet_tuple *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           septet_address_equal(&a->local, &b->local) && septet_address_equal(&a->remote, &b->remote);
}

static struct place *place_of(struct world *world, const struct septet_tuple *tuple)
{
    for (uint32_t i = 0; i < world->place_count; i++)
        if (same_ends(&world->places[i].tuple, tuple))
            return &world->places[i];
    require(world->place_count < MOVES);
    world->places[world->place_count] = (struct place){*tuple, SEPTET_STATE_closed};
    return &world->places[world->place_count++];
}

static void watch(void *context, const struct septet_trace_event *event)
{
    struct world *world = context;
    require(event->kind < SEPTET_TRACE_COUNT);
    if (event->kind != SEPTET_TRACE_state)
        return;
    const unsigned from = (unsigned)event->value[0], to = (unsigned)event->value[1];
    require(septet_state_transition_legal(from, to));
    struct place *place = place_of(world, event->tuple);
    const bool listener = event->tuple->remote_port == 0;
    require(place->state == from || (from == SEPTET_STATE_listen && place->state == SEPTET_STATE_closed));
    place->state = to == SEPTET_STATE_listen && !listener ? (unsigned)SEPTET_STATE_closed : to;
}

/* ---- what the stack sends ---- */

static void note_sent(struct world *world, const struct ip *ip, const struct tcp_header *tcp, uint32_t length,
                      const struct tcp_options *options)
{
    for (unsigned i = 0; i < FLOWS; i++) {
        struct flow *flow = &world->flows[i];
        if (flow->local_port != tcp->source_port || flow->peer_port != tcp->destination_port ||
            flow->ipv4 != (ip->version == 4))
            continue;
        flow->stack_seq = tcp->seq;
        flow->stack_end = tcp->seq + length + ((tcp->flags & TCP_SYN) != 0) + ((tcp->flags & TCP_FIN) != 0);
        if (tcp->flags & TCP_ACK)
            flow->stack_ack = tcp->ack;
        if (options->has_timestamps)
            flow->ts_val = options->ts_val;
    }
}

static void check_tcp(struct world *world, const struct ip *ip, const uint8_t *bytes, bool summed)
{
    struct tcp_header tcp;
    struct tcp_options options;
    require(tcp_parse(bytes, ip->payload_length, &tcp) == wire_none);
    if (!summed) {
        struct checksum sum = {0};
        ip_pseudo_checksum(&sum, &ip->source, &ip->destination, PROTOCOL_TCP, ip->payload_length);
        checksum_add(&sum, bytes, ip->payload_length);
        require(checksum_finish(&sum) == 0);
    }
    tcp_options_parse(bytes + TCP_HEADER, tcp.header_length - TCP_HEADER, true, &options);
    require(!options.malformed && (!options.has_mss || (tcp.flags & TCP_SYN)));
    require(!(tcp.flags & TCP_RST) || ip->payload_length == tcp.header_length);
    require((tcp.flags & (TCP_SYN | TCP_FIN)) != (TCP_SYN | TCP_FIN));
    const uint32_t length = ip->payload_length - tcp.header_length;
    for (uint32_t i = 0; i < length; i++)
        require(bytes[tcp.header_length + i] == content(tcp.seq + i));
    note_sent(world, ip, &tcp, length, &options);
}

static void check_packet(struct world *world, const struct septet_packet *packet)
{
    static uint8_t bytes[70000];
    struct ip ip;
    uint32_t length = packet->head_length;
    require(packet->length <= sizeof bytes && packet->head_length <= packet->length);
    memcpy(bytes, packet->head, length);
    for (uint32_t i = 0; i < packet->span_count; i++) {
        memcpy(bytes + length, packet->spans[i].data, packet->spans[i].length);
        length += packet->spans[i].length;
    }
    require(length == packet->length);
    if (packet->ip_version == 4)
        require(ipv4_parse(bytes, length, packet->gso_size == 0, &ip) == wire_none);
    else
        require(packet->ip_version == 6 && ipv6_parse(bytes, length, &ip) == wire_none);
    if (ip.protocol == PROTOCOL_TCP)
        check_tcp(world, &ip, bytes + ip.header_length, (packet->flags & SEPTET_PACKET_NEEDS_CHECKSUM) != 0);
}

static void pull(struct world *world, uint32_t maximum)
{
    struct septet_packet packets[SEPTET_BATCH];
    const uint32_t count = septet_output(world->stack, packets, maximum);
    require(count <= maximum);
    for (uint32_t i = 0; i < count; i++)
        check_packet(world, &packets[i]);
}

/* ---- what comes in ---- */

static void give(struct world *world, uint32_t length, bool more)
{
    world->batch[world->batch_count] =
        (struct septet_packet){.head = world->packets[world->batch_count], .head_length = length, .length = length};
    world->batch_count++;
    if (more && world->batch_count < 8)
        return;
    septet_input(world->stack, world->batch, world->batch_count);
    world->batch_count = 0;
}

static uint32_t wrap_ip(struct world *world, const struct flow *flow, uint8_t protocol, uint8_t *bytes,
                        uint32_t payload)
{
    const struct ip_fields fields = {
        .source = world->theirs[flow->ipv4], .destination = world->ours[flow->ipv4], .protocol = protocol, .ttl = 64};
    if (flow->ipv4)
        ipv4_build(bytes, &fields, payload);
    else
        ipv6_build(bytes, &fields, payload);
    return payload + (flow->ipv4 ? IPV4_HEADER : IPV6_HEADER);
}

/* A small step to either side, or now and then any number. */
static uint32_t about(struct input *input, uint32_t number)
{
    static const int32_t steps[] = {0, 0, 0, 0, 0, 1, -1, 2, 100, -100, 1000, -1000, 1460, 5000, 65535, -70000};
    const uint8_t choice = next(input);
    if (choice >= 240)
        return next32(input);
    return number + (uint32_t)steps[choice % 16];
}

static uint32_t put_options(struct input *input, const struct flow *flow, bool syn, uint8_t *to)
{
    const uint8_t which = next(input);
    uint32_t at = 0;
    if (syn && (which & 1))
        at += tcp_option_mss(to + at, (uint16_t)(next(input) * 8));
    if (syn && (which & 2))
        at += tcp_option_window_scale(to + at, next(input) % 16);
    if (syn && (which & 4))
        at += tcp_option_sack_permitted(to + at);
    if (flow->timestamps != ((which & 0xf8) == 0xf8)) {
        const uint32_t clock = about(input, flow->ts_val);
        at += tcp_option_timestamps(to + at, clock, (which & 8) ? flow->ts_val : clock);
    }
    if (!syn && (which & 3) == 3) {
        struct sack_block blocks[2];
        for (unsigned i = 0; i < 2; i++) {
            blocks[i].start = about(input, flow->stack_seq);
            blocks[i].end = blocks[i].start + next(input) * 100u;
        }
        at += tcp_option_sack(to + at, blocks, 1 + (which >> 2 & 1));
    }
    if ((which & 0x70) == 0x70)
        to[at++] = next(input);
    while (at % 4 != 0)
        to[at++] = TCP_OPTION_NOP;
    return at;
}

static uint16_t pick_flags(struct input *input)
{
    static const uint16_t usual[] = {TCP_ACK,           TCP_ACK,           TCP_ACK | TCP_PSH, TCP_ACK | TCP_PSH,
                                     TCP_SYN,           TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST,
                                     TCP_RST | TCP_ACK, TCP_ACK | TCP_URG};
    const uint8_t choice = next(input);
    return choice < 240 ? usual[choice % 10] : (uint16_t)(next(input) | (choice & 1) << 8);
}

static void segment(struct world *world)
{
    struct input *input = &world->input;
    const uint8_t how = next(input);
    struct flow *flow = &world->flows[how % FLOWS];
    uint8_t *bytes = world->packets[world->batch_count];
    uint8_t *tcp = bytes + (flow->ipv4 ? IPV4_HEADER : IPV6_HEADER);
    uint8_t options[64];
    const uint16_t flags = pick_flags(input);
    if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
        flow->timestamps = (how & 0x40) != 0;
    const uint32_t option_length = put_options(input, flow, (flags & TCP_SYN) != 0, options);
    const uint32_t length = (how & 0x20) ? next(input) * 5u : 0;
    const struct tcp_header header = {
        .source_port = flow->peer_port,
        .destination_port = flow->local_port,
        .seq = about(input, (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? flow->seq : flow->stack_ack),
        .ack = (flags & TCP_ACK) ? about(input, flow->stack_end) : 0,
        .flags = flags,
        .header_length = (uint8_t)(TCP_HEADER + option_length),
        .window = (uint16_t)(next(input) * 257u),
        .urgent = flags & TCP_URG ? next(input) : 0,
    };
    if ((flags & TCP_SYN) && !(flags & TCP_RST))
        flow->stack_ack = header.seq + 1;
    tcp_build(tcp, &header);
    memcpy(tcp + TCP_HEADER, options, option_length);
    for (uint32_t i = 0; i < length; i++)
        tcp[header.header_length + i] = content(header.seq + ((flags & TCP_SYN) != 0) + i);
    struct checksum sum = {0};
    const uint32_t payload = header.header_length + length;
    ip_pseudo_checksum(&sum, &world->theirs[flow->ipv4], &world->ours[flow->ipv4], PROTOCOL_TCP, payload);
    checksum_add(&sum, tcp, payload);
    store16(tcp + 16, checksum_finish(&sum));
    give(world, wrap_ip(world, flow, PROTOCOL_TCP, bytes, payload), (how & 0x80) != 0);
}

static void icmp_error(struct world *world)
{
    static const uint8_t kinds[][3] = {/* type, code for IPv4; type for IPv6 */
                                       {3, 4, ICMPV6_PACKET_TOO_BIG},
                                       {3, 3, ICMPV6_UNREACHABLE},
                                       {3, 1, ICMPV6_UNREACHABLE},
                                       {11, 0, ICMPV6_TIME_EXCEEDED}};
    struct input *input = &world->input;
    const uint8_t how = next(input);
    const struct flow *flow = &world->flows[how % FLOWS];
    const uint8_t *kind = kinds[how >> 6];
    const uint32_t ip = flow->ipv4 ? IPV4_HEADER : IPV6_HEADER;
    uint8_t *bytes = world->packets[world->batch_count], *icmp = bytes + ip, *quote = icmp + ICMP_HEADER;
    const struct ip_fields quoted = {.source = world->ours[flow->ipv4],
                                     .destination = world->theirs[flow->ipv4],
                                     .protocol = PROTOCOL_TCP,
                                     .ttl = 9};
    if (flow->ipv4)
        ipv4_build(quote, &quoted, 1000);
    else
        ipv6_build(quote, &quoted, 1000);
    store16(quote + ip, flow->local_port);
    store16(quote + ip + 2, flow->peer_port);
    store32(quote + ip + 4, about(input, flow->stack_seq));
    icmp_build(icmp, flow->ipv4 ? kind[0] : kind[2], flow->ipv4 ? kind[1] : 0, 500u + next(input) * 4u, ip + 8,
               &world->theirs[flow->ipv4], &world->ours[flow->ipv4]);
    give(world, wrap_ip(world, flow, flow->ipv4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6, bytes, ICMP_HEADER + ip + 8), false);
}

/* ---- the application ---- */

static void keep(struct world *world, septet_handle handle)
{
    struct owned *free_slot = &world->owned[handle % HANDLES];
    for (unsigned i = 0; i < HANDLES; i++)
        if (world->owned[i].handle == 0)
            free_slot = &world->owned[i];
    if (free_slot->handle != 0)
        (void)septet_close(world->stack, free_slot->handle);
    *free_slot = (struct owned){.handle = handle};
}

static void write_bytes(struct world *world, struct owned *owned, uint32_t length, unsigned flags)
{
    static uint8_t bytes[256 * 20];
    struct septet_tcp_info info;
    if (septet_tcp_info(world->stack, owned->handle, &info) != SEPTET_OK)
        return;
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = content(info.iss + 1 + owned->written + i);
    const int64_t taken = septet_send(world->stack, owned->handle, bytes, length, flags);
    require(taken <= (int64_t)length);
    owned->written += taken > 0 ? (uint32_t)taken : 0;
}

static void lend_bytes(struct world *world, struct owned *owned, uint32_t asked, uint32_t used)
{
    struct septet_tcp_info info;
    uint8_t *bytes;
    size_t length = asked;
    if (septet_tcp_info(world->stack, owned->handle, &info) != SEPTET_OK ||
        septet_send_reserve(world->stack, owned->handle, &bytes, &length) != SEPTET_OK)
        return;
    require(length <= asked);
    used = used < length ? used : (uint32_t)length;
    for (uint32_t i = 0; i < used; i++)
        bytes[i] = content(info.iss + 1 + owned->written + i);
    require(septet_send_commit(world->stack, owned->handle, used, 0) == SEPTET_OK);
    owned->written += used;
}

static void read_bytes(struct world *world, struct owned *owned, uint32_t most, bool peek)
{
    static uint8_t bytes[256 * 64];
    struct septet_tcp_info info;
    const uint8_t *there = bytes;
    size_t length = 0;
    if (septet_tcp_info(world->stack, owned->handle, &info) != SEPTET_OK)
        return;
    int64_t came;
    if (peek) {
        came = septet_receive_peek(world->stack, owned->handle, &there, &length);
        came = came > most ? (int64_t)most : came;
    } else {
        came = septet_receive(world->stack, owned->handle, bytes, most);
    }
    require(came <= (int64_t)most);
    for (int64_t i = 0; i < came; i++)
        require(there[i] == content(info.irs + 1 + owned->read + (uint32_t)i));
    if (peek && came > 0)
        require(septet_receive_consume(world->stack, owned->handle, (size_t)came) == SEPTET_OK);
    owned->read += came > 0 ? (uint32_t)came : 0;
    (void)septet_urgent_remaining(world->stack, owned->handle);
}

static void set_option(struct world *world, septet_handle handle)
{
    static const int64_t values[] = {0, 1, 64, 600, 1000, 5000, 20000, 1000000, SEPTET_SECOND, 40 * SEPTET_SECOND};
    const uint8_t option = next(&world->input);
    int64_t value;
    (void)septet_option_set(world->stack, handle, option % (SEPTET_OPTION_COUNT + 1),
                            values[next(&world->input) % (sizeof values / sizeof values[0])]);
    (void)septet_option_get(world->stack, handle, option % (SEPTET_OPTION_COUNT + 1), &value);
}

static void drain_events(struct world *world)
{
    struct septet_event event;
    for (uint32_t i = 0; septet_next_event(world->stack, &event); i++)
        require(i < 1000 && event.events != 0);
}

static void open_something(struct world *world, uint8_t how)
{
    septet_handle handle;
    const struct flow *flow = &world->flows[how % FLOWS];
    const bool self = (how & 0xc0) == 0xc0;
    const struct septet_address *remote = self ? &world->ours[flow->ipv4] : &world->theirs[flow->ipv4];
    if ((how & 0xc0) == 0) {
        if (world->listeners[how % LISTENERS] == 0)
            (void)septet_listen(world->stack, NULL, (uint16_t)(80 + how % LISTENERS), 1 + how % 3,
                                &world->listeners[how % LISTENERS]);
    } else if (septet_connect(world->stack, self ? remote : NULL, flow->local_port, remote,
                              self ? (how & 8 ? flow->local_port : 80) : flow->peer_port, &handle) == SEPTET_OK) {
        keep(world, handle);
    }
}

static void accept_or_close_listener(struct world *world, uint8_t how)
{
    septet_handle handle, *listener = &world->listeners[how % LISTENERS];
    if (how >= 0xf0) {
        (void)septet_close(world->stack, *listener);
        *listener = 0;
    } else if (septet_accept(world->stack, *listener, &handle) == SEPTET_OK) {
        keep(world, handle);
    }
}

static void application(struct world *world)
{
    struct input *input = &world->input;
    const uint8_t what = next(input), how = next(input);
    struct owned *owned = &world->owned[how % HANDLES];
    switch (what % 12) {
    case 0:
    case 1:
        open_something(world, how);
        break;
    case 2:
    case 3:
        accept_or_close_listener(world, how);
        break;
    case 4:
        write_bytes(world, owned, next(input) * 20u, how >> 3 & 3);
        break;
    case 5:
        lend_bytes(world, owned, next(input) * 4u, next(input) * 4u);
        break;
    case 6:
    case 7:
        read_bytes(world, owned, next(input) * 64u, (how & 0x80) != 0);
        break;
    case 8:
        (void)septet_shutdown(world->stack, owned->handle);
        break;
    case 9:
        (void)(how & 0x80 ? septet_abort(world->stack, owned->handle) : septet_close(world->stack, owned->handle));
        owned->handle = 0;
        break;
    case 10:
        set_option(world, how & 0x80 ? world->listeners[how % LISTENERS] : owned->handle);
        break;
    default:
        drain_events(world);
        break;
    }
}

/* ---- time ---- */

static void pass(struct world *world, int64_t time)
{
    world->now += time;
    septet_advance(world->stack, world->now);
}

static void jump(struct world *world)
{
    static const int64_t jumps[] = {1, 10, 41, 201, 1001, 10000, 61000, 400000};
    const uint8_t how = next(&world->input);
    pass(world, jumps[how % 8] * SEPTET_MILLISECOND);
}

/* Lets everything come to its end. */
static void finish(struct world *world, bool kindly)
{
    for (unsigned i = 0; i < HANDLES; i++)
        if (world->owned[i].handle != 0)
            (void)(kindly ? septet_close(world->stack, world->owned[i].handle)
                          : septet_abort(world->stack, world->owned[i].handle));
    for (unsigned i = 0; i < LISTENERS; i++)
        if (world->listeners[i] != 0)
            (void)septet_close(world->stack, world->listeners[i]);
    uint32_t idle = 0;
    for (uint32_t steps = 0;; steps++) {
        drain_events(world);
        pull(world, SEPTET_BATCH);
        const int64_t deadline = septet_deadline(world->stack);
        if (deadline == SEPTET_NEVER)
            break;
        idle = deadline > world->now ? 0 : idle + 1;
        require(idle < 1000 && steps < 100000);
        pass(world, deadline > world->now ? deadline - world->now : 0);
    }
    struct septet_usage usage;
    septet_usage(world->stack, &usage);
    require(usage.connections == 0 && usage.half_open == 0 && usage.time_wait == 0);
    require(usage.listeners == 0 && usage.pages == 0);
    require(septet_counter(world->stack, SEPTET_COUNTER_CurrEstab) == 0);
}

/* ---- the world ---- */

static void configure(struct input *input, struct septet_config *config)
{
    const uint8_t switches = next(input), sizes = next(input);
    septet_config_default(config);
    config->seed[0] = 1;
    config->now = SEPTET_SECOND;
    config->connections = 2 + sizes % 4;
    config->half_open = 2;
    config->time_wait = 1 + (sizes >> 6 & 1);
    config->listeners = LISTENERS;
    config->sockets = config->reassemblies = config->path_mtus = 4;
    config->neighbors = config->routes = config->addresses = 8;
    config->interfaces = 1;
    config->page_size = 256;
    config->pages = sizes & 8 ? 64 : 1024;
    config->tcp.receive_buffer = sizes & 16 ? 3000 : 100000;
    config->tcp.send_buffer = sizes & 32 ? 3000 : 100000;
    config->tcp.timestamps = switches & 1;
    config->tcp.sack = !(switches & 2);
    config->tcp.window_scaling = !(switches & 4);
    config->tcp.congestion = switches & 8 ? SEPTET_RENO : SEPTET_CUBIC;
    config->tcp.fast_path = !(switches & 16);
    config->tcp.pacing = (switches & 32) != 0;
    config->tcp.window_probe_octet = !(switches & 64);
    config->tcp.user_timeout = switches & 128 ? 0 : 30 * SEPTET_SECOND;
}

static void begin(struct world *world, struct septet_config *config)
{
    config->trace = watch;
    config->trace_context = world;
    world->now = config->now;
    require(septet_memory_size(config) <= sizeof memory);
    world->stack = septet_create(config, memory, sizeof memory, NULL);
    require(world->stack != NULL);
    const struct septet_interface link = {
        .mtu = 1500, .offloads = next(&world->input) & 1 ? SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO : 0};
    require(septet_interface_add(world->stack, &link) == 0);
    world->ours[0].bytes[0] = world->theirs[0].bytes[0] = 0xfd;
    world->ours[0].bytes[15] = 1;
    world->theirs[0].bytes[15] = 2;
    world->ours[1] = septet_address_ipv4(10, 0, 0, 1);
    world->theirs[1] = septet_address_ipv4(10, 0, 0, 2);
    require(septet_address_add(world->stack, 0, &world->ours[0], 64, true) == SEPTET_OK);
    require(septet_address_add(world->stack, 0, &world->ours[1], 24, true) == SEPTET_OK);
    for (uint16_t i = 0; i < FLOWS; i++)
        world->flows[i] = (struct flow){.local_port = i < 4 ? 80 + i % 2 : 5000,
                                        .peer_port = (uint16_t)(1000 + i),
                                        .ipv4 = i % 3 != 0,
                                        .seq = 0xffffff00u * i};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    struct septet_config config;
    memset(&world, 0, offsetof(struct world, packets));
    world.input = (struct input){data, size};
    configure(&world.input, &config);
    begin(&world, &config);
    for (uint32_t step = 0; world.input.left != 0 && step < STEPS_MOST; step++) {
        const uint8_t what = next(&world.input);
        if (what < 120)
            segment(&world);
        else if (what < 190)
            application(&world);
        else if (what < 215)
            pull(&world, 1 + what % SEPTET_BATCH);
        else if (what < 240)
            jump(&world);
        else
            icmp_error(&world);
        if (what & 1)
            pull(&world, SEPTET_BATCH);
    }
    septet_input(world.stack, world.batch, world.batch_count);
    world.batch_count = 0;
    finish(&world, size % 2 == 0);
    return 0;
}
