#include "host.h"

#include "wire/udp.h"

const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
const uint8_t router_mac[6] = {2, 0, 0, 0, 0, 3};
const uint8_t broadcast_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct septet_address address_of(const char *text)
{
    struct septet_address address;
    assert_true(septet_address_parse(text, strlen(text), &address));
    return address;
}

struct septet_config host_config(void)
{
    return (struct septet_config){
        .seed = {1, 2},
        .clock_granularity = SEPTET_MICROSECOND,
        .interfaces = 4,
        .addresses = 16,
        .routes = 32,
        .neighbors = 64,
        .reassemblies = 32,
        .path_mtus = 64,
        .page_size = 4096,
        .pages = 512,
        .hop_limit = 64,
    };
}

static void trace(void *context, const struct septet_trace_event *event)
{
    struct host *host = context;
    if (host->trace_count == TRACES_MOST)
        return;
    host->traces[host->trace_count] = *event;
    if (event->tuple != NULL)
        host->trace_address[host->trace_count] =
            address_is_any(&event->tuple->local) ? event->tuple->remote : event->tuple->local;
    host->trace_count++;
}

struct host *host_new(const struct septet_config *config)
{
    struct host *host = calloc(1, sizeof *host);
    const size_t size = ip_layer_memory(config);
    const size_t page_bytes = (size_t)config->page_size * config->pages;
    assert_non_null(host);
    host->core.config = *config;
    host->core.config.trace = trace;
    host->core.config.trace_context = host;
    host->core.now = SEPTET_SECOND;
    random_init(&host->core.random, config->seed[0], config->seed[1]);
    host->core.secret = (struct siphash_key){{3, 4}};
    host->memory = aligned_alloc(64, (size + 63) / 64 * 64);
    host->pages = aligned_alloc(64, page_bytes);
    assert_non_null(host->memory);
    assert_non_null(host->pages);
    memset(host->memory, 0xa5, size);
    slab_init(&host->core.pages, host->pages, config->page_size, config->pages);
    ip_layer_init(&host->ip, &host->core, host->memory);
    return host;
}

void host_free(struct host *host)
{
    ip_output_begin(&host->ip);
    host_wait(host, 200 * SEPTET_SECOND);
    host_drain(host);
    struct septet_packet packet;
    while (ip_loop_next(&host->ip, &packet))
        ;
    assert_int_equal(host->core.pages.used, 0);
    assert_int_equal(host->ip.packets.used, 0);
    assert_int_equal(host->ip.packet_pages, 0);
    assert_int_equal(host->ip.reassembly_pages, 0);
    assert_int_equal(host->ip.reassemblies.used, 0);
    assert_int_equal(host->ip.neighbors.used, 0);
    free(host->given);
    free(host->memory);
    free(host->pages);
    free(host);
}

uint16_t host_ethernet(struct host *host, uint32_t mtu, bool autoconfigure)
{
    struct septet_interface link = {.name = "eth", .mtu = mtu, .ethernet = true, .autoconfigure = autoconfigure};
    memcpy(link.mac, our_mac, 6);
    const int index = ip_interface_add(&host->ip, &link);
    assert_true(index >= 0);
    return (uint16_t)index;
}

uint16_t host_raw(struct host *host, uint32_t mtu)
{
    const struct septet_interface link = {.name = "tun", .mtu = mtu};
    const int index = ip_interface_add(&host->ip, &link);
    assert_true(index >= 0);
    return (uint16_t)index;
}

static uint8_t prefix_of(const struct septet_address *address, unsigned prefix_length)
{
    return (uint8_t)(prefix_length + (septet_address_is_ipv4(address) ? 96 : 0));
}

void host_address(struct host *host, uint16_t interface, const char *text, unsigned prefix_length)
{
    const struct septet_address address = address_of(text);
    assert_int_equal(ip_address_add(&host->ip, interface, &address, prefix_of(&address, prefix_length), true,
                                    IP_ADDRESS_MANUAL, NULL),
                     SEPTET_OK);
}

void host_route(struct host *host, const char *prefix, unsigned prefix_length, uint16_t interface, const char *gateway)
{
    const struct septet_address address = address_of(prefix);
    struct septet_address by = {{0}};
    if (gateway != NULL)
        by = address_of(gateway);
    assert_int_equal(
        route_add(&host->ip, &address, prefix_of(&address, prefix_length), interface, gateway != NULL ? &by : NULL, 0),
        SEPTET_OK);
}

enum ip_verdict host_give(struct host *host, uint16_t interface, const uint8_t *bytes, uint32_t length)
{
    free(host->given);
    host->given = malloc(length == 0 ? 1 : length);
    assert_non_null(host->given);
    memcpy(host->given, bytes, length);
    const struct septet_packet packet = {
        .head = host->given,
        .head_length = length,
        .length = length,
        .interface = interface,
    };
    return ip_input(&host->ip, &packet, &host->delivery);
}

enum ip_verdict host_give_cut(struct host *host, uint16_t interface, const uint8_t *bytes, uint32_t length,
                              uint32_t head, uint32_t piece)
{
    struct septet_span spans[512];
    uint32_t count = 0;
    free(host->given);
    host->given = malloc(length == 0 ? 1 : length);
    assert_non_null(host->given);
    memcpy(host->given, bytes, length);
    head = head < length ? head : length;
    for (uint32_t at = head; at < length; count++) {
        assert_true(count < 512);
        spans[count].data = host->given + at;
        spans[count].length = piece < length - at ? piece : length - at;
        at += spans[count].length;
    }
    const struct septet_packet packet = {
        .head = host->given,
        .spans = spans,
        .head_length = head,
        .span_count = count,
        .length = length,
        .interface = interface,
    };
    return ip_input(&host->ip, &packet, &host->delivery);
}

static void read_sent(struct host *host, struct sent *sent)
{
    sent->network = sent->bytes;
    sent->network_length = sent->length;
    if (host->ip.interfaces[sent->packet.interface].link.ethernet) {
        assert_true(sent->length >= 60);
        assert_int_equal(ethernet_parse(sent->bytes, sent->length, &sent->ethernet), wire_none);
        sent->network += ETHERNET_HEADER;
        sent->network_length -= ETHERNET_HEADER;
    }
    if (sent->packet.ip_version == 4)
        assert_int_equal(ipv4_parse(sent->network, sent->network_length, true, &sent->ip), wire_none);
    if (sent->packet.ip_version == 6)
        assert_int_equal(ipv6_parse(sent->network, sent->network_length, &sent->ip), wire_none);
    if (sent->packet.ip_version != 0) {
        assert_true(sent->ip.header_length + sent->ip.payload_length <=
                    host->ip.interfaces[sent->packet.interface].link.mtu);
        sent->transport = sent->network + sent->ip.header_length;
    }
}

bool host_pull(struct host *host, struct sent *sent)
{
    uint8_t header[128];
    struct septet_span spans[300];
    ip_output_begin(&host->ip);
    memset(header, 0xee, sizeof header);
    if (!ip_output(&host->ip, &sent->packet, header, spans, 300))
        return false;
    memcpy(sent->bytes, sent->packet.head, sent->packet.head_length);
    sent->length = sent->packet.head_length;
    for (uint32_t i = 0; i < sent->packet.span_count; i++) {
        memcpy(sent->bytes + sent->length, sent->packet.spans[i].data, sent->packet.spans[i].length);
        sent->length += sent->packet.spans[i].length;
    }
    assert_int_equal(sent->length, sent->packet.length);
    read_sent(host, sent);
    return true;
}

uint32_t host_drain(struct host *host)
{
    static struct sent sent;
    uint32_t count = 0;
    while (host_pull(host, &sent))
        count++;
    ip_output_begin(&host->ip);
    return count;
}

void host_advance(struct host *host, int64_t to)
{
    for (uint32_t steps = 0; ip_deadline(&host->ip) <= to; steps++) {
        const int64_t deadline = ip_deadline(&host->ip);
        assert_true(steps < 100000);
        if (deadline > host->core.now)
            host->core.now = deadline;
        ip_advance(&host->ip);
    }
    if (to > host->core.now)
        host->core.now = to;
    ip_advance(&host->ip);
}

void host_wait(struct host *host, int64_t duration) { host_advance(host, host->core.now + duration); }

uint64_t host_drops(const struct host *host, enum septet_drop reason) { return host->core.drop[reason]; }

int host_neighbor(const struct host *host, uint16_t interface, const char *text)
{
    const struct septet_address address = address_of(text);
    const uint32_t reference = neighbor_find(&host->ip, interface, &address);
    return reference == 0 ? -1 : neighbor_at(&host->ip, reference)->state;
}

uint32_t put_ethernet(uint8_t *bytes, const uint8_t to[6], const uint8_t from[6], uint16_t type, uint32_t payload)
{
    ethernet_build(bytes, to, from, type);
    return ETHERNET_HEADER + payload;
}

uint32_t put_ip(uint8_t *bytes, const struct ip_fields *fields, const void *payload, uint32_t length)
{
    struct ip_fields filled = *fields;
    const bool ipv4 = septet_address_is_ipv4(&fields->destination);
    if (filled.ttl == 0)
        filled.ttl = 64;
    if (ipv4)
        ipv4_build(bytes, &filled, length);
    else
        ipv6_build(bytes, &filled, length);
    const uint32_t header = ipv4 ? IPV4_HEADER : IPV6_HEADER;
    if (length > 0)
        memmove(bytes + header, payload, length);
    return header + length;
}

uint32_t put_icmp(uint8_t *bytes, uint8_t type, uint8_t code, uint32_t rest, const void *body, uint32_t length,
                  const struct septet_address *source, const struct septet_address *destination)
{
    if (length > 0)
        memmove(bytes + ICMP_HEADER, body, length);
    icmp_build(bytes, type, code, rest, length, source, destination);
    return ICMP_HEADER + length;
}

uint32_t put_udp(uint8_t *bytes, const struct septet_address *source, const struct septet_address *destination,
                 uint16_t source_port, uint16_t destination_port, const void *body, uint32_t length)
{
    struct checksum checksum = {0};
    udp_build(bytes, source_port, destination_port, (uint16_t)(UDP_HEADER + length));
    if (length > 0)
        memmove(bytes + UDP_HEADER, body, length);
    ip_pseudo_checksum(&checksum, source, destination, PROTOCOL_UDP, UDP_HEADER + length);
    checksum_add(&checksum, bytes, UDP_HEADER + length);
    const uint16_t sum = checksum_finish(&checksum);
    store16(bytes + 6, sum == 0 ? 0xffff : sum);
    return UDP_HEADER + length;
}

uint32_t put_ipv6_fragment(uint8_t *bytes, const struct ip_fields *fields, uint8_t next, const void *payload,
                           uint32_t length)
{
    struct ip_fields outer = *fields;
    uint8_t *fragment = bytes + IPV6_HEADER;
    outer.protocol = PROTOCOL_FRAGMENT;
    outer.ttl = fields->ttl == 0 ? 64 : fields->ttl;
    if (length > 0)
        memmove(fragment + IPV6_FRAGMENT_HEADER, payload, length);
    ipv6_build(bytes, &outer, IPV6_FRAGMENT_HEADER + length);
    fragment[0] = next;
    fragment[1] = 0;
    store16(fragment + 2, (uint16_t)(fields->fragment_offset | (fields->more_fragments ? 1 : 0)));
    store32(fragment + 4, fields->identification);
    return IPV6_HEADER + IPV6_FRAGMENT_HEADER + length;
}

uint32_t frame_ip(uint8_t *bytes, const struct ip_fields *fields, const void *payload, uint32_t length)
{
    uint8_t mac[6];
    memcpy(mac, our_mac, 6);
    if (address_is_multicast(&fields->destination))
        address_multicast_mac(&fields->destination, mac);
    const bool ipv4 = septet_address_is_ipv4(&fields->destination);
    const uint32_t packet = put_ip(bytes + ETHERNET_HEADER, fields, payload, length);
    return put_ethernet(bytes, mac, peer_mac, ipv4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, packet);
}

uint32_t frame_arp(uint8_t *bytes, uint16_t operation, const uint8_t sender_mac[6], const char *sender,
                   const uint8_t target_mac[6], const char *target, const uint8_t to[6])
{
    struct arp arp = {.operation = operation};
    const struct septet_address sender_ip = address_of(sender), target_ip = address_of(target);
    memcpy(arp.sender_mac, sender_mac, 6);
    memcpy(arp.target_mac, target_mac, 6);
    memcpy(arp.sender_ip, sender_ip.bytes + 12, 4);
    memcpy(arp.target_ip, target_ip.bytes + 12, 4);
    arp_build(bytes + ETHERNET_HEADER, &arp);
    return put_ethernet(bytes, to, sender_mac, ETHERTYPE_ARP, ARP_LENGTH);
}

uint32_t frame_ndp(uint8_t *bytes, uint8_t type, uint32_t rest, const char *source, const char *destination,
                   const void *body, uint32_t length)
{
    uint8_t message[1500];
    const struct ip_fields fields = {
        .source = address_of(source),
        .destination = address_of(destination),
        .protocol = PROTOCOL_ICMPV6,
        .ttl = 255,
    };
    const uint32_t icmp = put_icmp(message, type, 0, rest, body, length, &fields.source, &fields.destination);
    return frame_ip(bytes, &fields, message, icmp);
}

void host_answer(struct host *host, uint16_t interface, const char *neighbor, const uint8_t mac[6])
{
    uint8_t frame[200], body[24] = {0};
    const struct septet_address address = address_of(neighbor);
    struct septet_address ours;
    assert_true(source_on_link(&host->ip, interface, &address, &ours));
    char text[SEPTET_ADDRESS_TEXT];
    septet_address_format(&ours, text);
    uint32_t length;
    if (septet_address_is_ipv4(&address)) {
        length = frame_arp(frame, ARP_REPLY, mac, neighbor, our_mac, text, our_mac);
    } else {
        memcpy(body, address.bytes, 16);
        body[16] = NDP_OPTION_TARGET_LINK;
        body[17] = 1;
        memcpy(body + 18, mac, 6);
        length = frame_ndp(frame, ICMPV6_NEIGHBOR_ADVERTISEMENT, 0x60000000, neighbor, text, body, sizeof body);
    }
    assert_int_equal(host_give(host, interface, frame, length), IP_CONSUMED);
}
