/* Packets, time and applications at the IP layer and its datagram sockets: the input is a script of steps. Whatever
 * it says, every loop ends, packets that leave are well formed, and all memory is back after the longest timeout. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "ip/address.h"
#include "ip/interface.h"
#include "ip/layer.h"
#include "ip/route.h"
#include "udp/layer.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE_SIZE 512
#define PAGES 96
#define STEPS_MOST 200
#define OUTPUTS_MOST 4000
#define PACKET_MOST 4096

struct world {
    struct core core;
    struct ip_layer ip;
    struct udp_layer udp;
    struct ip_delivery delivery;
    septet_handle sockets[2];
};

struct script {
    const uint8_t *at;
    size_t left;
};

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};
static uint64_t memory[40000], page_memory[PAGES * PAGE_SIZE / 8];

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint8_t next_byte(struct script *script)
{
    if (script->left == 0)
        return 0;
    script->left--;
    return *script->at++;
}

/* ---- the world ---- */

static void add_address(struct world *world, uint16_t interface, struct septet_address address, uint8_t prefix_length,
                        bool skip_detection)
{
    require(ip_address_add(&world->ip, interface, &address, prefix_length, skip_detection, IP_ADDRESS_MANUAL, NULL) ==
            SEPTET_OK);
}

static struct septet_address ipv6_of(uint8_t first, uint8_t second, uint8_t last)
{
    return (struct septet_address){{first, second, [15] = last}};
}

static void make_world(struct world *world, uint8_t kind)
{
    const struct septet_config config = {
        .interfaces = 2,
        .addresses = 8,
        .routes = 8,
        .neighbors = 8,
        .reassemblies = 8,
        .path_mtus = 4,
        .sockets = 4,
        .page_size = PAGE_SIZE,
        .pages = PAGES,
        .hop_limit = 64,
        .forwarding = (kind & 1) != 0,
        .tcp = {.port_low = 1, .port_high = 9},
    };
    struct septet_interface link = {.mtu = 1500, .ethernet = true, .autoconfigure = (kind & 2) != 0};
    memset(world, 0, sizeof *world);
    world->core.config = config;
    world->core.now = 1;
    random_init(&world->core.random, 1, 2);
    slab_init(&world->core.pages, page_memory, PAGE_SIZE, PAGES);
    const size_t ip_memory = (ip_layer_memory(&config) + 63) / 64 * 64;
    require(ip_memory + udp_layer_memory(&config) <= sizeof memory);
    ip_layer_init(&world->ip, &world->core, memory);
    udp_layer_init(&world->udp, &world->core, &world->ip, (uint8_t *)memory + ip_memory);
    memcpy(link.mac, our_mac, 6);
    require(ip_interface_add(&world->ip, &link) == 0);
    link = (struct septet_interface){.mtu = 1300};
    require(ip_interface_add(&world->ip, &link) == 1);
    add_address(world, 0, septet_address_ipv4(10, 0, 0, 1), 120, (kind & 4) != 0);
    add_address(world, 0, ipv6_of(0xfd, 7, 1), 64, (kind & 4) != 0);
    add_address(world, 0, ipv6_of(0xfe, 0x80, 1), 64, true);
    add_address(world, 1, septet_address_ipv4(10, 1, 0, 1), 120, true);
    add_address(world, 1, ipv6_of(0xfd, 8, 1), 64, true);
    require(udp_open(&world->udp, SEPTET_UDP, NULL, 7, &world->sockets[0]) == SEPTET_OK);
    require(udp_open(&world->udp, SEPTET_ICMP_ECHO, NULL, 7, &world->sockets[1]) == SEPTET_OK);
}

/* What is delivered may be read to its end. */
static void read_delivery(const struct ip_delivery *delivery)
{
    struct checksum checksum = {0};
    checksum_add(&checksum, delivery->transport, delivery->transport_length);
    for (uint32_t i = 0; i < delivery->span_count; i++)
        checksum_add(&checksum, delivery->spans[i].data, delivery->spans[i].length);
    require(checksum.length == delivery->payload_length);
    require(delivery->ip.version == 4 || delivery->ip.version == 6);
}

static void deliver(struct world *world, enum ip_verdict verdict)
{
    if (verdict == IP_CONSUMED)
        return;
    read_delivery(&world->delivery);
    if (verdict == IP_PACKET && world->delivery.ip.protocol == PROTOCOL_UDP)
        udp_input(&world->udp, &world->delivery);
    else if (verdict == IP_ECHO)
        udp_echo(&world->udp, &world->delivery);
    else if (verdict == IP_ERROR)
        udp_error(&world->udp, &world->delivery);
}

static void give(struct world *world, uint16_t interface, const uint8_t *bytes, uint32_t length, uint8_t cut)
{
    uint8_t *exact = malloc(length == 0 ? 1 : length);
    require(exact != NULL);
    memcpy(exact, bytes, length);
    const uint32_t head = cut == 0 || cut >= length ? length : cut;
    const struct septet_span spans[2] = {
        {.data = exact + head, .length = (length - head) / 2},
        {.data = exact + head + (length - head) / 2, .length = length - head - (length - head) / 2},
    };
    const struct septet_packet packet = {
        .head = exact,
        .spans = spans,
        .head_length = head,
        .span_count = head == length ? 0 : 2,
        .length = length,
        .interface = interface,
        .gso_size = cut == 255 ? 100 : 0,
        .flags = cut == 255 ? SEPTET_PACKET_NEEDS_CHECKSUM : 0,
    };
    deliver(world, ip_input(&world->ip, &packet, &world->delivery));
    free(exact);
}

static void check_output(const struct septet_packet *packet)
{
    uint8_t bytes[1600];
    struct ip ip;
    uint32_t at = packet->head_length;
    const uint32_t link = packet->interface == 0 ? ETHERNET_HEADER : 0;
    require(packet->length <= 1500 + link && packet->interface < 2 && packet->head_length <= 128);
    require(link == 0 || packet->length >= 60);
    memcpy(bytes, packet->head, at);
    for (uint32_t i = 0; i < packet->span_count; i++) {
        memcpy(bytes + at, packet->spans[i].data, packet->spans[i].length);
        at += packet->spans[i].length;
    }
    require(at == packet->length);
    if (packet->ip_version == 4)
        require(ipv4_parse(bytes + link, at - link, true, &ip) == wire_none);
    if (packet->ip_version == 6)
        require(ipv6_parse(bytes + link, at - link, &ip) == wire_none);
}

static void drain(struct world *world)
{
    struct septet_packet packet;
    struct septet_span spans[8];
    uint8_t header[128];
    uint32_t count = 0;
    while (ip_output(&world->ip, &packet, header, spans, 8)) {
        check_output(&packet);
        require(++count < OUTPUTS_MOST);
    }
    ip_output_begin(&world->ip);
    for (count = 0; ip_loop_next(&world->ip, &packet); count++) {
        require(count < OUTPUTS_MOST);
        deliver(world, ip_input(&world->ip, &packet, &world->delivery));
    }
    ip_output_begin(&world->ip);
}

static void pass_time(struct world *world, int64_t duration)
{
    const int64_t to = world->core.now + duration;
    uint32_t early = 0;
    while (ip_deadline(&world->ip) <= to) {
        const int64_t deadline = ip_deadline(&world->ip);
        require(deadline > world->core.now || ++early < 100);
        if (deadline > world->core.now) {
            world->core.now = deadline;
            early = 0;
        }
        ip_advance(&world->ip);
        drain(world);
    }
    world->core.now = to;
    ip_advance(&world->ip);
    drain(world);
}

/* ---- packets that get past the first checks ---- */

/* Addresses of ours, of neighbours, and of nobody. */
static struct septet_address pick_address(uint8_t choice, bool ipv4)
{
    static const uint8_t last[8] = {1, 2, 3, 99, 255, 0, 1, 2};
    const uint8_t low = last[choice & 7];
    switch (choice >> 4 & 7) {
    case 1:
        return ipv4 ? septet_address_ipv4(10, 1, 0, low) : ipv6_of(0xfd, 8, low);
    case 2:
        return ipv4 ? septet_address_ipv4(224, 0, 0, low) : ipv6_of(0xff, 2, low);
    case 3:
        return ipv4 ? septet_address_ipv4(255, 255, 255, 255)
                    : (struct septet_address){{0xff, 2, [11] = 1, [12] = 0xff, [15] = low}};
    case 4:
        return ipv4 ? septet_address_ipv4(127, 0, 0, low) : (struct septet_address){{[15] = choice & 8 ? low : 0}};
    case 5:
        return ipv4 ? septet_address_ipv4(99, 0, 0, low) : ipv6_of(0x20, 1, low);
    case 6:
        return ipv4 ? septet_address_ipv4(169, 254, 0, low) : ipv6_of(0xfe, 0x80, low);
    default:
        return ipv4 ? septet_address_ipv4(10, 0, 0, low) : ipv6_of(0xfd, 7, low);
    }
}

/* Makes the sum of an ICMP message right, so that what is behind it is looked at. */
static void fix_icmp(uint8_t *bytes, uint32_t length, const struct ip_fields *fields, bool ipv4)
{
    struct checksum checksum = {0};
    if (length < ICMP_HEADER)
        return;
    store16(bytes + 2, 0);
    if (!ipv4)
        ip_pseudo_checksum(&checksum, &fields->source, &fields->destination, PROTOCOL_ICMPV6, length);
    checksum_add(&checksum, bytes, length);
    store16(bytes + 2, checksum_finish(&checksum));
}

static uint32_t make_ip(struct script *script, uint8_t *bytes, uint32_t payload)
{
    static const uint8_t protocols[] = {1, 58, 17, 6, 0, 44, 60, 43, 58, 58, 58, 17, 1, 2, 4, 59};
    const bool ipv4 = (next_byte(script) & 1) != 0;
    const uint8_t flags = next_byte(script);
    struct ip_fields fields = {
        .source = pick_address(next_byte(script), ipv4),
        .destination = pick_address(next_byte(script), ipv4),
        .protocol = protocols[flags & 15],
        .ttl = (flags & 16) != 0 ? 255 : next_byte(script),
        .identification = flags >> 6,
    };
    if (ipv4 && (flags & 32) != 0) {
        const uint8_t fragment = next_byte(script);
        fields.fragment_offset = (uint16_t)((fragment & 0x7f) * 8);
        fields.more_fragments = (fragment & 0x80) != 0;
    }
    const uint32_t header = ipv4 ? IPV4_HEADER : IPV6_HEADER;
    for (uint32_t i = 0; i < payload; i++)
        bytes[header + i] = next_byte(script);
    if (fields.protocol == PROTOCOL_ICMP || fields.protocol == PROTOCOL_ICMPV6)
        fix_icmp(bytes + header, payload, &fields, ipv4);
    if (ipv4)
        ipv4_build(bytes, &fields, payload);
    else
        ipv6_build(bytes, &fields, payload);
    return header + payload;
}

static void give_ip(struct world *world, struct script *script)
{
    uint8_t bytes[PACKET_MOST];
    const uint8_t how = next_byte(script);
    const uint32_t payload = next_byte(script) * ((how & 16) != 0 ? 8u : 1u);
    const uint8_t cut = (how & 32) != 0 ? next_byte(script) : 0;
    const uint32_t length = make_ip(script, bytes + ETHERNET_HEADER, payload);
    if ((how & 1) != 0) {
        give(world, 1, bytes + ETHERNET_HEADER, length, cut);
        return;
    }
    ethernet_build(bytes, our_mac, peer_mac, bytes[ETHERNET_HEADER] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
    if ((how & 2) != 0)
        memset(bytes, (how & 4) != 0 ? 0xff : 0x33, 6);
    give(world, 0, bytes, ETHERNET_HEADER + length, cut);
}

static void give_raw(struct world *world, struct script *script)
{
    uint8_t bytes[256];
    const uint8_t how = next_byte(script), length = next_byte(script);
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = next_byte(script);
    if (length >= ETHERNET_HEADER && (how & 2) != 0)
        ethernet_build(bytes, our_mac, peer_mac, (how & 4) != 0 ? ETHERTYPE_ARP : ETHERTYPE_IPV6);
    give(world, how & 1, bytes, length, (how & 8) != 0 ? how : 0);
}

/* ---- applications ---- */

static void use_socket(struct world *world, struct script *script)
{
    static uint8_t data[3000];
    struct septet_event event;
    const uint8_t how = next_byte(script), to = next_byte(script);
    const septet_handle socket = world->sockets[how & 1];
    const struct septet_address address = pick_address(to, (how & 2) != 0);
    if ((how & 4) != 0)
        udp_receive(&world->udp, socket, data, sizeof data, NULL);
    else
        udp_send(&world->udp, socket, &address, 7, data, next_byte(script) * 11u);
    while (udp_next_event(&world->udp, &event))
        require(event.events != 0);
}

static void use_path(struct world *world, struct script *script)
{
    const uint8_t how = next_byte(script);
    struct septet_address source = {{0}};
    const struct septet_address to = pick_address(next_byte(script), (how & 1) != 0);
    struct ip_path path;
    uint8_t mac[6];
    bool reachable;
    if (ip_route(&world->ip, &source, &to, &path) != SEPTET_OK)
        return;
    ip_link_address(&world->ip, &path, mac);
    if ((how & 2) != 0)
        ip_neighbor_confirm(&world->ip, &path);
    if ((how & 4) != 0)
        ip_neighbor_doubt(&world->ip, &path);
    if ((how & 8) != 0 && path.neighbor != 0 && path.generation == ip_generation(&world->ip))
        *ip_neighbor_waiters(&world->ip, path.neighbor) = 1;
    for (uint32_t neighbor; (neighbor = ip_next_settled(&world->ip, &reachable)) != 0;)
        *ip_neighbor_waiters(&world->ip, neighbor) = 0;
    if ((how & 16) != 0)
        ip_path_mtu_report(&world->ip, &to, how * 10u);
}

/* Router advertisements may give years: they are taken back by removing what they gave. */
static void wind_down(struct world *world)
{
    static const int64_t longest = 61 * SEPTET_SECOND;
    bool reachable;
    udp_close(&world->udp, world->sockets[0]);
    udp_close(&world->udp, world->sockets[1]);
    for (uint32_t slot = 0; slot < world->ip.address_high; slot++)
        if (world->ip.addresses[slot].state != IP_ADDRESS_NONE && world->ip.addresses[slot].origin == IP_ADDRESS_SLAAC)
            ip_address_drop(&world->ip, slot);
    for (uint32_t at = 0; at < world->ip.route_count; at++)
        if (world->ip.routes[at].expires != SEPTET_NEVER)
            world->ip.routes[at].expires = world->core.now;
    for (uint32_t i = 0; i < world->ip.neighbors.fresh; i++)
        *ip_neighbor_waiters(&world->ip, i + 1) = 0;
    world->ip.interfaces[0].reachable_time = 30 * SEPTET_SECOND;
    for (int i = 0; i < 6; i++) {
        pass_time(world, longest);
        while (ip_next_settled(&world->ip, &reachable) != 0)
            ;
    }
    require(world->core.pages.used == 0);
    require(world->ip.packets.used == 0 && world->ip.packet_pages == 0);
    require(world->ip.reassemblies.used == 0 && world->ip.reassembly_pages == 0);
    require(world->udp.sockets.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    struct script script = {.at = data, .left = size};
    make_world(&world, next_byte(&script));
    for (uint32_t steps = 0; script.left > 0 && steps < STEPS_MOST; steps++) {
        switch (next_byte(&script) & 7) {
        case 0:
            give_raw(&world, &script);
            break;
        case 4:
            pass_time(&world, next_byte(&script) * (SEPTET_SECOND / 10));
            break;
        case 5:
            drain(&world);
            break;
        case 6:
            use_socket(&world, &script);
            break;
        case 7:
            use_path(&world, &script);
            break;
        default:
            give_ip(&world, &script);
        }
        require(world.core.pages.used <= PAGES && world.ip.packet_pages <= PAGES / 4);
        require(world.ip.neighbors.used <= 8 && world.ip.reassembly_pages <= PAGES / 4);
    }
    wind_down(&world);
    return 0;
}
