/* Connections whose next hop must be asked for by ARP, does not answer, or stops to: RFC 9293 sections 3.8.3 (MUST-20)
 * and 3.9.2, RFC 1122 section 2.3.2. The peer here is an Ethernet with one host on it. */
#include "support/peer.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/arp.h"
#include "wire/ethernet.h"

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, their_mac[6] = {2, 0, 0, 0, 0, 2};

struct cable {
    struct septet *stack;
    void *memory;
    int64_t now;
    struct septet_address ours, theirs;
    bool answers; /* ARP requests are answered at once */
    uint32_t requests, segments;
    struct tcp_header last; /* of the last segment */
};

static struct cable *cable_new(void)
{
    struct cable *cable = calloc(1, sizeof *cable);
    struct septet_config config;
    assert_non_null(cable);
    peer_config(&config);
    config.connections = 4;
    config.pages = 64;
    const size_t size = septet_memory_size(&config);
    cable->memory = aligned_alloc(64, (size + 63) / 64 * 64);
    cable->stack = septet_create(&config, cable->memory, size, NULL);
    assert_non_null(cable->stack);
    cable->now = config.now;
    cable->ours = septet_address_ipv4(192, 0, 2, 1);
    cable->theirs = septet_address_ipv4(192, 0, 2, 2);
    struct septet_interface link = {.mtu = 1500, .ethernet = true};
    memcpy(link.mac, our_mac, 6);
    assert_int_equal(septet_interface_add(cable->stack, &link), 0);
    assert_int_equal(septet_address_add(cable->stack, 0, &cable->ours, 24, true), SEPTET_OK);
    return cable;
}

static void give(struct cable *cable, uint16_t type, const uint8_t *payload, uint32_t length)
{
    uint8_t frame[ETHERNET_HEADER + 128];
    ethernet_build(frame, our_mac, their_mac, type);
    memcpy(frame + ETHERNET_HEADER, payload, length);
    const struct septet_packet packet = {
        .head = frame, .head_length = ETHERNET_HEADER + length, .length = ETHERNET_HEADER + length};
    septet_input(cable->stack, &packet, 1);
}

static void answer(struct cable *cable)
{
    uint8_t bytes[ARP_LENGTH];
    struct arp arp = {.operation = ARP_REPLY, .sender_ip = {192, 0, 2, 2}, .target_ip = {192, 0, 2, 1}};
    memcpy(arp.sender_mac, their_mac, 6);
    memcpy(arp.target_mac, our_mac, 6);
    arp_build(bytes, &arp);
    give(cable, ETHERTYPE_ARP, bytes, sizeof bytes);
}

static void give_segment(struct cable *cable, uint16_t flags, uint32_t seq, uint32_t ack, uint16_t to, uint16_t from)
{
    uint8_t bytes[IPV4_HEADER + TCP_HEADER];
    const struct ip_fields fields = {
        .source = cable->theirs, .destination = cable->ours, .protocol = PROTOCOL_TCP, .ttl = 64};
    const struct tcp_header header = {.source_port = from,
                                      .destination_port = to,
                                      .seq = seq,
                                      .ack = ack,
                                      .flags = flags,
                                      .header_length = TCP_HEADER,
                                      .window = 65535};
    struct checksum sum = {0};
    ipv4_build(bytes, &fields, TCP_HEADER);
    tcp_build(bytes + IPV4_HEADER, &header);
    ip_pseudo_checksum(&sum, &fields.source, &fields.destination, PROTOCOL_TCP, TCP_HEADER);
    checksum_add(&sum, bytes + IPV4_HEADER, TCP_HEADER);
    store16(bytes + IPV4_HEADER + 16, checksum_finish(&sum));
    give(cable, ETHERTYPE_IPV4, bytes, sizeof bytes);
}

static void look_at(struct cable *cable, const struct septet_packet *packet)
{
    struct ethernet ethernet;
    struct ip ip;
    assert_int_equal(ethernet_parse(packet->head, packet->head_length, &ethernet), wire_none);
    if (ethernet.type == ETHERTYPE_ARP) {
        cable->requests++;
        return;
    }
    assert_memory_equal(ethernet.destination, their_mac, 6);
    assert_int_equal(ipv4_parse(packet->head + ETHERNET_HEADER, packet->length - ETHERNET_HEADER, true, &ip),
                     wire_none);
    assert_int_equal(ip.protocol, PROTOCOL_TCP);
    const uint8_t *tcp = packet->head + ETHERNET_HEADER + ip.header_length;
    assert_int_equal(tcp_parse(tcp, ip.payload_length, &cable->last), wire_none);
    cable->segments++;
}

static void pull(struct cable *cable)
{
    struct septet_packet packets[8];
    for (uint32_t count, turns = 0; (count = septet_output(cable->stack, packets, 8)) != 0;) {
        const uint32_t requests = cable->requests;
        for (uint32_t i = 0; i < count; i++)
            look_at(cable, &packets[i]);
        if (cable->answers && cable->requests != requests)
            answer(cable);
        assert_true(++turns < 1000);
    }
}

static void pass(struct cable *cable, int64_t duration)
{
    const int64_t end = cable->now + duration;
    uint32_t idle = 0;
    pull(cable);
    for (int64_t deadline; (deadline = septet_deadline(cable->stack)) <= end;) {
        idle = deadline > cable->now ? 0 : idle + 1;
        assert_true(idle < 1000);
        cable->now = deadline > cable->now ? deadline : cable->now;
        septet_advance(cable->stack, cable->now);
        pull(cable);
    }
    cable->now = end;
    septet_advance(cable->stack, end);
    pull(cable);
}

static septet_handle connect_to(struct cable *cable, uint16_t local_port)
{
    septet_handle handle;
    assert_int_equal(septet_connect(cable->stack, NULL, local_port, &cable->theirs, 80, &handle), SEPTET_OK);
    return handle;
}

static void expect_end(struct cable *cable, septet_handle handle, int error)
{
    struct septet_event event;
    assert_true(septet_next_event(cable->stack, &event));
    assert_true(event.handle == handle);
    assert_int_equal(event.events & SEPTET_EVENT_CLOSED, SEPTET_EVENT_CLOSED);
    assert_int_equal(event.error, error);
    assert_int_equal(septet_close(cable->stack, handle), SEPTET_OK);
}

static void cable_end(struct cable *cable)
{
    struct septet_event event;
    struct septet_usage usage;
    pass(cable, S(1000));
    while (septet_next_event(cable->stack, &event))
        ;
    septet_usage(cable->stack, &usage);
    assert_int_equal(usage.connections + usage.half_open + usage.time_wait + usage.pages, 0);
    free(cable->memory);
    free(cable);
}

/* S50: nobody answers: the open fails, and says why. */
static void nobody_there(void **state)
{
    (void)state;
    struct cable *cable = cable_new();
    const septet_handle first = connect_to(cable, 1001), second = connect_to(cable, 1002);
    pass(cable, S(10));
    assert_int_equal(cable->segments, 0);
    assert_in_range(cable->requests, 2, 5);
    expect_end(cable, second, SEPTET_HOST_UNREACHABLE);
    expect_end(cable, first, SEPTET_HOST_UNREACHABLE);
    cable_end(cable);
}

/* Who waits for a neighbour goes on when it answers. */
static void late_answer(void **state)
{
    (void)state;
    struct cable *cable = cable_new();
    connect_to(cable, 1001);
    connect_to(cable, 1002);
    connect_to(cable, 1003);
    pass(cable, MS(500));
    assert_int_equal(cable->segments, 0);
    answer(cable);
    pass(cable, MS(1));
    assert_int_equal(cable->segments, 3);
    assert_int_equal(cable->last.flags, SYN);
    give_segment(cable, RST | ACK, 0, cable->last.seq + 1, cable->last.source_port, 80);
    for (septet_handle handle = 0; handle < 3; handle++)
        septet_abort(cable->stack, (UINT64_C(1) << 60 | UINT64_C(1) << 32) + handle + 1);
    cable_end(cable);
}

/* Let go while it waits: its record stays until the neighbour has answered or will not. */
static void closed_while_waiting(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 4; kind++) {
        struct cable *cable = cable_new();
        struct septet_usage usage;
        cable->answers = kind & 1;
        const septet_handle handle = connect_to(cable, 1001);
        struct septet_packet packet;
        for (uint32_t turns = 0; septet_output(cable->stack, &packet, 1) == 0; turns++)
            assert_true(turns < 3); /* ARP: it is parked now */
        assert_int_equal(kind & 2 ? septet_abort(cable->stack, handle) : septet_close(cable->stack, handle), SEPTET_OK);
        if (cable->answers)
            answer(cable);
        pass(cable, S(10));
        assert_int_equal(cable->segments, 0);
        septet_usage(cable->stack, &usage);
        assert_int_equal(usage.connections, 0);
        cable_end(cable);
    }
}

/* A SYN,ACK and a RST wait for the neighbour too. */
static void answers_wait(void **state)
{
    (void)state;
    struct cable *cable = cable_new();
    septet_handle listener;
    assert_int_equal(septet_listen(cable->stack, NULL, 80, 4, &listener), SEPTET_OK);
    give_segment(cable, SYN, 100, 0, 80, 4000);
    pass(cable, MS(1));
    assert_int_equal(cable->segments, 0);
    answer(cable);
    pass(cable, MS(1));
    assert_int_equal(cable->segments, 1);
    assert_int_equal(cable->last.flags, SYN | ACK);
    assert_int_equal(cable->last.ack, 101);
    give_segment(cable, ACK, 101, cable->last.seq + 1, 80, 4000);
    septet_handle handle;
    assert_int_equal(septet_accept(cable->stack, listener, &handle), SEPTET_OK);
    give_segment(cable, SYN, 100, 0, 81, 4001);
    pass(cable, MS(1));
    assert_int_equal(cable->last.flags, RST | ACK);
    septet_abort(cable->stack, handle);
    septet_close(cable->stack, listener);
    cable_end(cable);
}

/* MUST-20, MUST-47: a neighbour that vanishes is asked again after R1; the application hears of it, and the connection
 * waits for it until R2. */
static void neighbor_vanishes(void **state)
{
    (void)state;
    struct cable *cable = cable_new();
    cable->answers = true;
    const septet_handle handle = connect_to(cable, 1001);
    pass(cable, MS(1));
    give_segment(cable, SYN | ACK, 500, cable->last.seq + 1, 1001, 80);
    pass(cable, MS(1));
    assert_int_equal(septet_state(cable->stack, handle), SEPTET_STATE_established);
    struct septet_event event;
    while (septet_next_event(cable->stack, &event))
        ;
    cable->answers = false;
    const uint32_t requests = cable->requests;
    assert_int_equal(septet_send(cable->stack, handle, "septet", 6, 0), 6);
    pass(cable, S(60));
    assert_true(cable->requests > requests);
    assert_int_equal(septet_state(cable->stack, handle), SEPTET_STATE_established);
    assert_true(septet_next_event(cable->stack, &event));
    assert_int_equal(event.events, SEPTET_EVENT_SOFT_ERROR);
    const uint32_t before = cable->segments;
    cable->answers = true; /* it is back */
    pass(cable, S(200));
    assert_true(cable->segments > before);
    give_segment(cable, ACK, 501, cable->last.seq + 6, 1001, 80);
    while (septet_next_event(cable->stack, &event))
        ;
    cable->answers = false;
    assert_int_equal(septet_send(cable->stack, handle, "septet", 6, 0), 6);
    pass(cable, S(1000));
    uint32_t ended = 0;
    while (septet_next_event(cable->stack, &event))
        ended |= event.events & SEPTET_EVENT_CLOSED;
    assert_int_equal(ended, SEPTET_EVENT_CLOSED);
    septet_close(cable->stack, handle);
    cable_end(cable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_there), cmocka_unit_test(late_answer),       cmocka_unit_test(closed_while_waiting),
        cmocka_unit_test(answers_wait), cmocka_unit_test(neighbor_vanishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
