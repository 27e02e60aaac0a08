#include "support/peer.h"

#include "base/bytes.h"
#include "base/checksum.h"

uint8_t pattern(uint32_t seq) { return (uint8_t)(seq * 7 + (seq >> 8) * 31 + (seq >> 16) * 101); }

/* ---- life ---- */

void peer_config(struct septet_config *config)
{
    septet_config_default(config);
    config->seed[0] = 0x5eed;
    config->seed[1] = 7;
    config->now = S(1000);
    config->connections = 16;
    config->half_open = 16;
    config->time_wait = 16;
    config->listeners = 8;
    config->sockets = 4;
    config->neighbors = 16;
    config->reassemblies = 4;
    config->path_mtus = 16;
    config->pages = 2048;
}

static void watch(void *context, const struct septet_trace_event *event)
{
    struct peer *p = context;
    if (event->kind == SEPTET_TRACE_state &&
        !septet_state_transition_legal((unsigned)event->value[0], (unsigned)event->value[1]))
        fail_msg("illegal transition %s -> %s", septet_state_name((unsigned)event->value[0]),
                 septet_state_name((unsigned)event->value[1]));
    if (p->tap != NULL)
        p->tap(p, event);
}

struct peer *peer_new_link(unsigned version, const struct septet_config *config, uint32_t mtu, uint32_t offloads)
{
    struct peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    if (config != NULL)
        p->config = *config;
    else
        peer_config(&p->config);
    p->config.trace = watch;
    p->config.trace_context = p;
    p->start = p->now = p->config.now;
    p->version = version;
    p->offer.mss = 1460;
    p->offer.scale = ANY;
    p->offer.window = 65535;
    const size_t size = septet_memory_size(&p->config);
    assert_true(size != 0);
    p->memory = aligned_alloc(64, (size + 63) / 64 * 64);
    assert_non_null(p->memory);
    memset(p->memory, 0xa5, size < 1u << 26 ? size : 1u << 26);
    int error;
    p->stack = septet_create(&p->config, p->memory, size, &error);
    assert_non_null(p->stack);
    const struct septet_interface link = {.name = "peer", .mtu = mtu, .offloads = offloads};
    assert_int_equal(septet_interface_add(p->stack, &link), 0);
    const bool ipv4 = version == 4;
    assert_true(septet_address_parse(ipv4 ? "192.0.2.1" : "2001:db8::1", ipv4 ? 9 : 11, &p->ours));
    assert_true(septet_address_parse(ipv4 ? "192.0.2.2" : "2001:db8::2", ipv4 ? 9 : 11, &p->theirs));
    assert_int_equal(septet_address_add(p->stack, 0, &p->ours, ipv4 ? 24 : 64, true), SEPTET_OK);
    flow_use(p, flow_new(p, 80, 40000));
    return p;
}

struct peer *peer_new(unsigned version, const struct septet_config *config)
{
    return peer_new_link(version, config, 1500, 0);
}

struct flow *flow_new(struct peer *p, uint16_t local_port, uint16_t peer_port)
{
    assert_true(p->flow_count < PEER_FLOWS);
    struct flow *flow = &p->flows[p->flow_count++];
    *flow = (struct flow){.local_port = local_port, .peer_port = peer_port, .iss = PEER_ISS, .ts_base = 0xfffff000u};
    return flow;
}

void flow_use(struct peer *p, struct flow *flow) { p->flow = flow; }

void peer_end(struct peer *p)
{
    p->quiet = true;
    for (uint32_t i = 0; i < p->flow_count; i++)
        if (p->flows[i].handle != 0)
            septet_abort(p->stack, p->flows[i].handle);
    if (p->listener != 0)
        septet_close(p->stack, p->listener);
    drain_events(p, 0);
    advance(p, S(3600));
    drain_events(p, 0);
    const struct septet_usage usage = usage_of(p);
    assert_int_equal(usage.connections, 0);
    assert_int_equal(usage.half_open, 0);
    assert_int_equal(usage.time_wait, 0);
    assert_int_equal(usage.listeners, 0);
    assert_int_equal(usage.pages, 0);
    assert_int_equal(counted(p, SEPTET_COUNTER_CurrEstab), 0);
    for (uint32_t i = p->out_first; i < p->out_count; i++)
        free(p->out[i].payload);
    free(p->last.payload);
    free(p->out);
    free(p->memory);
    free(p);
}

/* ---- from the stack ---- */

static struct flow *flow_of(struct peer *p, uint16_t local_port, uint16_t peer_port)
{
    for (uint32_t i = p->flow_count; i-- > 0;)
        if (p->flows[i].local_port == local_port && p->flows[i].peer_port == peer_port)
            return &p->flows[i];
    return NULL;
}

static void relate(struct peer *p, struct seen *seen)
{
    struct flow *flow = flow_of(p, seen->local_port, seen->peer_port);
    if (flow == NULL)
        return;
    if (seen->flags & SYN) {
        flow->irs = seen->seq;
        flow->heard = true;
    }
    if (seen->options.has_timestamps)
        flow->ts_recent = seen->options.ts_val;
    seen->seq -= flow->irs;
    if (seen->flags & ACK)
        seen->ack -= flow->iss;
}

static struct seen parse(struct peer *p, const uint8_t *bytes, uint32_t length)
{
    struct seen seen = {.time = p->now - p->start};
    struct tcp_header header;
    struct checksum sum = {0};
    if (p->version == 4)
        assert_int_equal(ipv4_parse(bytes, length, true, &seen.ip), wire_none);
    else
        assert_int_equal(ipv6_parse(bytes, length, &seen.ip), wire_none);
    if (seen.ip.protocol != PROTOCOL_TCP)
        return seen;
    const uint8_t *tcp = bytes + seen.ip.header_length;
    assert_int_equal(tcp_parse(tcp, seen.ip.payload_length, &header), wire_none);
    assert_int_equal(header.flags & TCP_RESERVED, 0);
    ip_pseudo_checksum(&sum, &seen.ip.source, &seen.ip.destination, PROTOCOL_TCP, seen.ip.payload_length);
    checksum_add(&sum, tcp, seen.ip.payload_length);
    assert_int_equal(checksum_finish(&sum), 0); /* MUST-2 */
    tcp_options_parse(tcp + TCP_HEADER, header.header_length - TCP_HEADER, true, &seen.options);
    assert_false(seen.options.malformed);
    assert_true(!seen.options.has_mss || (header.flags & SYN)); /* MUST-65 */
    seen.local_port = header.source_port;
    seen.peer_port = header.destination_port;
    seen.flags = header.flags;
    seen.seq = seen.iss = header.seq;
    seen.ack = seen.raw_ack = header.ack;
    seen.window = header.window;
    seen.urgent = header.urgent;
    seen.length = seen.ip.payload_length - header.header_length;
    seen.payload = malloc(seen.length + 1);
    assert_non_null(seen.payload);
    memcpy(seen.payload, tcp + header.header_length, seen.length);
    relate(p, &seen);
    return seen;
}

static void keep(struct peer *p, struct septet_packet *packet)
{
    uint8_t *bytes = malloc(packet->length);
    assert_non_null(bytes);
    memcpy(bytes, packet->head, packet->head_length);
    uint32_t length = packet->head_length;
    for (uint32_t i = 0; i < packet->span_count; i++) {
        memcpy(bytes + length, packet->spans[i].data, packet->spans[i].length);
        length += packet->spans[i].length;
    }
    assert_int_equal(length, packet->length);
    if (packet->flags & SEPTET_PACKET_NEEDS_CHECKSUM) {
        uint8_t *field = bytes + packet->checksum_start + packet->checksum_offset;
        struct checksum sum = {0};
        checksum_add(&sum, bytes + packet->checksum_start, length - packet->checksum_start);
        store16(field, checksum_finish(&sum));
    }
    struct seen seen = parse(p, bytes, length);
    seen.gso_size = packet->gso_size;
    free(bytes);
    if (seen.ip.protocol != PROTOCOL_TCP) {
        p->others++;
        return;
    }
    if (p->quiet) {
        free(seen.payload);
        return;
    }
    if (p->out_count == p->out_room) {
        p->out_room = p->out_room * 2 + 16;
        p->out = realloc(p->out, p->out_room * sizeof *p->out);
        assert_non_null(p->out);
    }
    p->out[p->out_count++] = seen;
}

static void pull(struct peer *p)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint32_t count, turns = 0;
    while ((count = septet_output(p->stack, packets, SEPTET_BATCH)) != 0) {
        for (uint32_t i = 0; i < count && !p->deaf; i++)
            keep(p, &packets[i]);
        assert_true(++turns < 10000);
    }
}

const struct seen *take(struct peer *p)
{
    pull(p);
    if (p->out_first == p->out_count)
        return NULL;
    free(p->last.payload);
    p->last = p->out[p->out_first++];
    if (p->out_first == p->out_count)
        p->out_first = p->out_count = 0;
    return &p->last;
}

uint32_t drain(struct peer *p)
{
    uint32_t count = 0;
    while (take(p) != NULL)
        count++;
    return count;
}

static void describe(const struct seen *seen)
{
    char flags[12];
    tcp_flags_format((uint16_t)seen->flags, flags);
    print_error("  %.6f s: %u > %u [%s] seq %u ack %u length %u window %u urgent %u", (double)seen->time / 1e9,
                seen->local_port, seen->peer_port, flags, seen->seq, seen->ack, seen->length, seen->window,
                seen->urgent);
    if (seen->options.has_mss)
        print_error(" mss %u", seen->options.mss);
    if (seen->options.has_window_scale)
        print_error(" scale %u", seen->options.window_scale);
    if (seen->options.sack_permitted)
        print_error(" sackOK");
    if (seen->options.has_timestamps)
        print_error(" TS %u %u", seen->options.ts_val, seen->options.ts_ecr);
    for (uint32_t i = 0; i < seen->options.sack_count; i++)
        print_error(" sack %u-%u", seen->options.sack[i].start, seen->options.sack[i].end);
    print_error("\n");
}

static void mismatch(const char *what, int64_t wanted, int64_t came, bool *good)
{
    print_error("%s is %lld, expected %lld\n", what, (long long)came, (long long)wanted);
    *good = false;
}

static void compare(const char *what, int64_t wanted, int64_t came, bool *good)
{
    if (wanted != ANY && (uint32_t)wanted != (uint32_t)came)
        mismatch(what, wanted, came, good);
}

static void compare_options(const struct peer *p, const struct wanted *wanted, const struct tcp_options *options,
                            bool *good)
{
    compare("MSS option", wanted->mss, options->has_mss ? options->mss : ABSENT, good);
    compare("window scale option", wanted->scale, options->has_window_scale ? options->window_scale : ABSENT, good);
    compare("SACK permitted", wanted->sack_permitted, options->sack_permitted, good);
    compare("timestamps", wanted->timestamps, options->has_timestamps, good);
    compare("TSecr", wanted->ts_ecr, options->ts_ecr, good);
    compare("SACK blocks", wanted->sacks, options->sack_count, good);
    for (uint32_t i = 0; wanted->sack[0].end != 0 && i < wanted->sacks && i < options->sack_count; i++) {
        compare("SACK start", wanted->sack[i].start, options->sack[i].start - p->flow->iss, good);
        compare("SACK end", wanted->sack[i].end, options->sack[i].end - p->flow->iss, good);
    }
}

static bool compare_segment(const struct peer *p, const struct wanted *wanted, const struct seen *seen)
{
    bool good = true;
    if (wanted->flags != seen->flags) {
        char text[12];
        tcp_flags_format((uint16_t)wanted->flags, text);
        print_error("expected flags [%s]\n", text);
        good = false;
    }
    compare("sequence number", wanted->seq, seen->seq, &good);
    compare("acknowledgment", wanted->ack, seen->ack, &good);
    compare("length", wanted->length, seen->length, &good);
    compare("window", wanted->window, seen->window, &good);
    compare("urgent pointer", wanted->urgent, seen->urgent, &good);
    if (wanted->at != ANY && wanted->at != seen->time)
        mismatch("time", wanted->at, seen->time, &good);
    compare_options(p, wanted, &seen->options, &good);
    if (seen->local_port != p->flow->local_port || seen->peer_port != p->flow->peer_port)
        mismatch("peer port", p->flow->peer_port, seen->peer_port, &good);
    for (uint32_t i = 0; good && i < seen->length; i++)
        if (seen->payload[i] != pattern(seen->seq + i))
            mismatch("byte", pattern(seen->seq + i), seen->payload[i], &good);
    return good;
}

const struct seen *expect_segment(struct peer *p, const char *file, int line, const struct wanted *wanted)
{
    const struct seen *seen = take(p);
    if (seen == NULL) {
        char text[12];
        tcp_flags_format((uint16_t)wanted->flags, text);
        print_error("nothing was sent, expected [%s] seq %lld ack %lld length %lld\n", text, (long long)wanted->seq,
                    (long long)wanted->ack, (long long)wanted->length);
        _fail(file, line);
        return NULL;
    }
    if (!compare_segment(p, wanted, seen)) {
        print_error("this was sent:\n");
        describe(seen);
        _fail(file, line);
    }
    return seen;
}

void expect_no_segment(struct peer *p, const char *file, int line)
{
    const struct seen *seen = take(p);
    if (seen == NULL)
        return;
    print_error("expected nothing, this was sent:\n");
    describe(seen);
    _fail(file, line);
}

/* ---- to the stack ---- */

static void give(struct peer *p, uint8_t *bytes, uint32_t length)
{
    const struct septet_packet packet = {.head = bytes, .head_length = length, .length = length};
    if (!p->holding)
        pull(p);
    assert_true(p->held_count < SEPTET_BATCH);
    p->held[p->held_count++] = packet;
    if (!p->holding)
        let_go(p);
}

void hold(struct peer *p)
{
    pull(p);
    p->holding = true;
}

void let_go(struct peer *p)
{
    p->holding = false;
    septet_input(p->stack, p->held, p->held_count);
    for (uint32_t i = 0; i < p->held_count; i++)
        free((void *)(uintptr_t)p->held[i].head);
    p->held_count = 0;
    pull(p);
}

void inject_bytes(struct peer *p, const uint8_t *bytes, uint32_t length)
{
    uint8_t *copy = malloc(length == 0 ? 1 : length);
    assert_non_null(copy);
    if (length != 0)
        memcpy(copy, bytes, length);
    give(p, copy, length);
}

static uint32_t put_options(struct peer *p, const struct given *given, uint8_t *to)
{
    uint32_t at = 0;
    if (given->mss != 0)
        at += tcp_option_mss(to + at, (uint16_t)given->mss);
    if (given->scale != ANY)
        at += tcp_option_window_scale(to + at, (uint8_t)given->scale);
    if (given->sack_permitted)
        at += tcp_option_sack_permitted(to + at);
    if ((p->flow->timestamps || given->ts_val != ANY) && !given->no_timestamps) {
        const uint32_t clock = p->flow->ts_base + (uint32_t)((p->now - p->start) / SEPTET_MILLISECOND);
        at += tcp_option_timestamps(to + at, given->ts_val != ANY ? (uint32_t)given->ts_val : clock,
                                    given->ts_ecr != ANY ? (uint32_t)given->ts_ecr : p->flow->ts_recent);
    }
    if (given->sacks != 0) {
        struct sack_block blocks[4];
        for (uint32_t i = 0; i < given->sacks; i++)
            blocks[i] = (struct sack_block){given->sack[i].start + p->flow->irs, given->sack[i].end + p->flow->irs};
        at += tcp_option_sack(to + at, blocks, given->sacks);
    }
    if (given->options_length != 0)
        memcpy(to + at, given->options, given->options_length);
    at += given->options_length;
    while (at % 4 != 0)
        to[at++] = TCP_OPTION_EOL;
    assert_true(at <= TCP_OPTIONS_MAX);
    return at;
}

static void put_payload(const struct given *given, uint8_t *to)
{
    const uint32_t first = given->seq + ((given->flags & SYN) != 0);
    if (given->data != NULL)
        memcpy(to, given->data, given->length);
    else
        for (uint32_t i = 0; i < given->length; i++)
            to[i] = pattern(first + i);
}

static uint32_t put_segment(struct peer *p, const struct given *given, const struct ip_fields *fields, uint8_t *tcp)
{
    uint8_t options[64];
    const uint32_t options_length = put_options(p, given, options);
    const uint32_t header_length = TCP_HEADER + options_length;
    const struct tcp_header header = {
        .source_port = p->flow->peer_port,
        .destination_port = p->flow->local_port,
        .seq = p->flow->iss + given->seq,
        .ack = (given->flags & ACK) || given->ack != 0 ? p->flow->irs + given->ack : 0,
        .flags = (uint16_t)(given->flags | given->reserved),
        .header_length = (uint8_t)header_length,
        .window = (uint16_t)given->window,
        .urgent = (uint16_t)given->urgent,
    };
    struct checksum sum = {0};
    tcp_build(tcp, &header);
    if (given->header_length != 0)
        tcp[12] = (uint8_t)((tcp[12] & 0x0f) | (given->header_length / 4) << 4);
    memcpy(tcp + TCP_HEADER, options, options_length);
    put_payload(given, tcp + header_length);
    ip_pseudo_checksum(&sum, &fields->source, &fields->destination, PROTOCOL_TCP, header_length + given->length);
    checksum_add(&sum, tcp, header_length + given->length);
    store16(tcp + 16, (uint16_t)(checksum_finish(&sum) ^ (given->bad_checksum ? 0x0100 : 0)));
    return header_length + given->length;
}

static struct ip_fields fields_of(const struct peer *p, uint8_t protocol)
{
    return (struct ip_fields){
        .source = p->theirs, .destination = p->ours, .protocol = protocol, .ttl = 64, .do_not_fragment = true};
}

static uint32_t put_ip(const struct peer *p, const struct ip_fields *fields, uint8_t *bytes, uint32_t payload)
{
    if (p->version == 4)
        ipv4_build(bytes, fields, payload);
    else
        ipv6_build(bytes, fields, payload);
    return (p->version == 4 ? IPV4_HEADER : IPV6_HEADER) + payload;
}

void inject_segment(struct peer *p, const struct given *given)
{
    struct ip_fields fields = fields_of(p, PROTOCOL_TCP);
    const uint32_t ip = p->version == 4 ? IPV4_HEADER : IPV6_HEADER;
    uint8_t *bytes = malloc(ip + TCP_HEADER + TCP_OPTIONS_MAX + given->length);
    assert_non_null(bytes);
    if (given->source != NULL)
        fields.source = *given->source;
    if (given->destination != NULL)
        fields.destination = *given->destination;
    const uint32_t payload = put_segment(p, given, &fields, bytes + ip);
    give(p, bytes, put_ip(p, &fields, bytes, payload));
}

void inject_icmp(struct peer *p, uint8_t type, uint8_t code, uint32_t rest, uint32_t seq)
{
    const bool ipv4 = p->version == 4;
    const uint32_t ip = ipv4 ? IPV4_HEADER : IPV6_HEADER;
    uint8_t bytes[IPV6_HEADER + ICMP_HEADER + IPV6_HEADER + 8] = {0};
    uint8_t *icmp = bytes + ip, *quote = icmp + ICMP_HEADER, *tcp = quote + ip;
    const struct ip_fields quoted = {
        .source = p->ours, .destination = p->theirs, .protocol = PROTOCOL_TCP, .ttl = 60, .do_not_fragment = true};
    const struct ip_fields fields = fields_of(p, ipv4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
    (void)put_ip(p, &quoted, quote, 1400);
    store16(tcp, p->flow->local_port);
    store16(tcp + 2, p->flow->peer_port);
    store32(tcp + 4, p->flow->irs + seq);
    icmp_build(icmp, type, code, rest, ip + 8, &fields.source, &fields.destination);
    inject_bytes(p, bytes, put_ip(p, &fields, bytes, ICMP_HEADER + ip + 8));
}

/* ---- time ---- */

int64_t elapsed(const struct peer *p) { return p->now - p->start; }

void advance(struct peer *p, int64_t duration)
{
    const int64_t end = p->now + duration;
    uint32_t idle = 0;
    pull(p);
    for (int64_t deadline; (deadline = septet_deadline(p->stack)) <= end;) {
        idle = deadline > p->now ? 0 : idle + 1;
        if (idle >= 1000)
            fail_msg("the deadline stays in the past");
        p->now = deadline > p->now ? deadline : p->now;
        septet_advance(p->stack, p->now);
        pull(p);
    }
    p->now = end;
    septet_advance(p->stack, p->now);
    pull(p);
}

void sleep_for(struct peer *p, int64_t duration)
{
    pull(p);
    p->now += duration;
    septet_advance(p->stack, p->now);
    pull(p);
}

/* ---- application ---- */

void listen_on(struct peer *p, uint16_t port)
{
    assert_int_equal(septet_listen(p->stack, NULL, port, 8, &p->listener), SEPTET_OK);
}

void accept_one(struct peer *p) { assert_int_equal(septet_accept(p->stack, p->listener, &p->flow->handle), SEPTET_OK); }

void passive(struct peer *p)
{
    if (p->listener == 0)
        listen_on(p, p->flow->local_port);
    p->flow->timestamps = p->offer.timestamps;
    inject(p, SYN, .seq = 0, .mss = p->offer.mss, .scale = p->offer.scale, .sack_permitted = p->offer.sack,
           .window = p->offer.window);
    expect(p, SYN | ACK, .seq = 0, .ack = 1);
    inject(p, ACK, .seq = 1, .ack = 1, .window = p->offer.window);
    expect_nothing(p);
    accept_one(p);
    drain_events(p, 0);
    expect_state(p, established);
}

void connect_out(struct peer *p)
{
    assert_int_equal(
        septet_connect(p->stack, NULL, p->flow->local_port, &p->theirs, p->flow->peer_port, &p->flow->handle),
        SEPTET_OK);
    struct septet_tuple tuple;
    assert_int_equal(septet_tuple_get(p->stack, p->flow->handle, &tuple), SEPTET_OK);
    p->flow->local_port = tuple.local_port;
}

void active(struct peer *p)
{
    connect_out(p);
    expect(p, SYN, .seq = 0);
    p->flow->timestamps = p->offer.timestamps;
    inject(p, SYN | ACK, .seq = 0, .ack = 1, .mss = p->offer.mss, .scale = p->offer.scale,
           .sack_permitted = p->offer.sack, .window = p->offer.window);
    expect(p, ACK, .seq = 1, .ack = 1);
    drain_events(p, 0);
    expect_state(p, established);
}

int64_t write_some(struct peer *p, uint32_t length, unsigned flags)
{
    uint8_t *bytes = malloc(length + 1);
    assert_non_null(bytes);
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = pattern(1 + p->flow->written + i);
    const int64_t taken = septet_send(p->stack, p->flow->handle, bytes, length, flags);
    if (taken > 0)
        p->flow->written += (uint32_t)taken;
    free(bytes);
    return taken;
}

void write_all(struct peer *p, uint32_t length) { assert_int_equal(write_some(p, length, 0), length); }

void read_pattern(struct peer *p, uint32_t length, const char *file, int line)
{
    uint8_t *bytes = malloc(length + 1);
    assert_non_null(bytes);
    const int64_t there = septet_receive(p->stack, p->flow->handle, bytes, length);
    bool good = there == length;
    if (!good)
        print_error("%lld bytes were read, expected %u\n", (long long)there, length);
    for (uint32_t i = 0; good && i < length; i++)
        if (bytes[i] != pattern(1 + p->flow->read + i))
            mismatch("byte", pattern(1 + p->flow->read + i), bytes[i], &good);
    p->flow->read += length;
    free(bytes);
    if (!good)
        _fail(file, line);
}

int64_t read_none(struct peer *p)
{
    uint8_t byte;
    const int64_t result = septet_receive(p->stack, p->flow->handle, &byte, 1);
    assert_true(result <= 0);
    return result;
}

void expect_this_event(struct peer *p, septet_handle handle, uint32_t events, int error, const char *file, int line)
{
    struct septet_event event = {0};
    const bool there = septet_next_event(p->stack, &event);
    if (there && event.handle == handle && event.events == events && event.error == error)
        return;
    print_error("event: %s handle %llx bits %u error %s, expected handle %llx bits %u error %s\n",
                there ? "came" : "none came,", (unsigned long long)event.handle, event.events,
                septet_error_name(event.error), (unsigned long long)handle, events, septet_error_name(error));
    _fail(file, line);
}

void expect_no_more_events(struct peer *p, const char *file, int line)
{
    struct septet_event event;
    if (!septet_next_event(p->stack, &event))
        return;
    print_error("unexpected event: handle %llx bits %u error %s\n", (unsigned long long)event.handle, event.events,
                septet_error_name(event.error));
    _fail(file, line);
}

uint32_t drain_events(struct peer *p, septet_handle handle)
{
    struct septet_event event;
    uint32_t events = 0, count = 0;
    while (septet_next_event(p->stack, &event)) {
        assert_true(++count < 100000);
        events |= event.handle == handle ? event.events : 0;
    }
    return events;
}

struct septet_tcp_info info_of(struct peer *p)
{
    struct septet_tcp_info info;
    assert_int_equal(septet_tcp_info(p->stack, p->flow->handle, &info), SEPTET_OK);
    return info;
}

struct septet_usage usage_of(struct peer *p)
{
    struct septet_usage usage;
    septet_usage(p->stack, &usage);
    return usage;
}

uint64_t dropped(const struct peer *p, enum septet_drop reason) { return septet_drops(p->stack, reason); }

uint64_t counted(const struct peer *p, enum septet_counter counter) { return septet_counter(p->stack, counter); }
