#include "host.h"

static struct sent sent;
static uint8_t bytes[70000];

static struct host *make(const struct septet_config *config)
{
    struct host *host = host_new(config);
    host_raw(host, 1500);
    host_address(host, 0, "10.0.0.1", 8);
    host_address(host, 0, "fd01::1", 64);
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 11 + (i >> 8));
    return host;
}

static int send_bytes(struct host *host, const char *to, uint32_t length)
{
    const struct ip_fields fields = {.destination = address_of(to), .protocol = 99};
    const struct septet_span spans[3] = {
        {.data = bytes, .length = length / 3},
        {.data = bytes + length / 3, .length = 0},
        {.data = bytes + length / 3, .length = length - length / 3},
    };
    return ip_send(&host->ip, &fields, spans, 3);
}

/* Every length comes out as it went in, whole or in fragments, in pages of any size. */
static void lengths(void **state)
{
    (void)state;
    static const uint32_t page_sizes[] = {256, 1024, 4096, 65536};
    static uint8_t whole[70000];
    for (uint32_t i = 0; i < 4; i++) {
        struct septet_config config = host_config();
        config.page_size = page_sizes[i];
        config.pages = page_sizes[i] == 256 ? 4096 : 256;
        struct host *host = make(&config);
        for (uint32_t length = 0; length <= 65535; length = length < 200 ? length + 1 : length * 9 / 8 + 1) {
            for (int ipv6 = 0; ipv6 < 2; ipv6++) {
                if (!ipv6 && length > 65515)
                    continue;
                uint32_t total = 0;
                assert_int_equal(send_bytes(host, ipv6 ? "fd01::2" : "10.0.0.2", length), SEPTET_OK);
                while (host_pull(host, &sent)) {
                    assert_int_equal(sent.ip.ttl, 64);
                    assert_int_equal(sent.ip.fragment_offset, total);
                    if (sent.ip.more_fragments)
                        assert_true(sent.ip.payload_length >= 1440);
                    memcpy(whole + total, sent.transport, sent.ip.payload_length);
                    total += sent.ip.payload_length;
                }
                assert_int_equal(total, length);
                assert_memory_equal(whole, bytes, length);
            }
        }
        assert_int_equal(send_bytes(host, "10.0.0.2", 65516), SEPTET_MESSAGE_TOO_LONG);
        assert_int_equal(send_bytes(host, "fd01::2", 65536), SEPTET_MESSAGE_TOO_LONG);
        host_free(host);
    }
}

/* A driver with few spans gets smaller fragments, or nothing of what cannot be cut. */
static void few_spans(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.page_size = 256;
    struct host *host = make(&config);
    static uint8_t whole[5000];
    uint8_t header[128];
    struct septet_span spans[8];
    for (uint32_t capacity = 3; capacity <= 8; capacity++) {
        uint32_t total = 0;
        struct septet_packet packet;
        assert_int_equal(send_bytes(host, "10.0.0.2", 4000), SEPTET_OK);
        while (ip_output(&host->ip, &packet, header, spans, capacity)) {
            assert_true(packet.span_count <= capacity);
            memcpy(whole + total, header + 20, packet.head_length - 20);
            total += packet.head_length - 20;
            for (uint32_t i = 0; i < packet.span_count; i++) {
                memcpy(whole + total, spans[i].data, spans[i].length);
                total += spans[i].length;
            }
        }
        assert_int_equal(total, 4000);
        assert_memory_equal(whole, bytes, 4000);
        ip_output_begin(&host->ip);
    }
    struct septet_packet packet;
    assert_int_equal(send_bytes(host, "10.0.0.2", 1400), SEPTET_OK);
    assert_false(ip_output(&host->ip, &packet, header, spans, 2));
    assert_int_equal(host_drops(host, SEPTET_DROP_ip_too_big), 1);
    host_free(host);
}

/* What cannot be queued is refused with a name, and room comes back. */
static void full_queue(void **state)
{
    (void)state;
    const struct septet_config config = host_config();
    struct host *host = make(&config);
    uint32_t queued = 0;
    while (send_bytes(host, "10.0.0.2", 50) == SEPTET_OK)
        queued++;
    assert_int_equal(send_bytes(host, "10.0.0.2", 50), SEPTET_AGAIN);
    assert_false(ip_send_room(&host->ip));
    assert_true(queued >= 16);
    assert_int_equal(host_drain(host), queued);
    assert_true(ip_send_room(&host->ip));
    assert_int_equal(send_bytes(host, "10.0.0.2", 50), SEPTET_OK);
    host_drain(host);
    /* A quarter of the pages. */
    for (queued = 0; send_bytes(host, "10.0.0.2", 60000) == SEPTET_OK;)
        queued++;
    assert_int_equal(send_bytes(host, "10.0.0.2", 60000), SEPTET_AGAIN);
    assert_int_equal(queued, 8);
    assert_true(host->core.pages.used <= config.pages / 4);
    host_drain(host);
    assert_int_equal(send_bytes(host, "10.0.0.2", 60000), SEPTET_OK);
    host_free(host);
}

static void no_pages(void **state)
{
    (void)state;
    struct septet_config config = host_config();
    config.pages = 64;
    struct host *host = make(&config);
    uint32_t taken[65], count = 0;
    assert_int_equal(send_bytes(host, "10.0.0.2", 65000), SEPTET_NO_PAGES);
    while ((taken[count] = slab_take(&host->core.pages)) != 0)
        count++;
    assert_int_equal(send_bytes(host, "10.0.0.2", 1000), SEPTET_NO_PAGES);
    assert_int_equal(send_bytes(host, "10.0.0.2", IP_PACKET_BYTES), SEPTET_OK);
    while (count > 0)
        slab_return(&host->core.pages, taken[--count]);
    assert_int_equal(send_bytes(host, "10.0.0.2", 1000), SEPTET_OK);
    host_free(host);
}

/* Neighbours can be asked for even when the queue is full of data. */
static void control_has_room(void **state)
{
    (void)state;
    const struct septet_config config = host_config();
    struct host *host = make(&config);
    assert_int_equal(host_ethernet(host, 1500, false), 1);
    host_address(host, 1, "11.0.0.1", 8);
    while (send_bytes(host, "10.0.0.2", 50) == SEPTET_OK)
        ;
    struct septet_address source = {{0}};
    const struct septet_address to = address_of("11.0.0.2");
    struct ip_path path;
    uint8_t mac[6];
    assert_int_equal(ip_route(&host->ip, &source, &to, &path), SEPTET_OK);
    assert_int_equal(ip_link_address(&host->ip, &path, mac), IP_RESOLVING);
    uint32_t requests = 0;
    while (host_pull(host, &sent))
        requests += sent.packet.ip_version == 0;
    assert_int_equal(requests, 1);
    host_free(host);
}

/* Groups need no neighbour: their link address follows from theirs. */
static void group_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        uint8_t mac[6];
    } rows[] = {
        {"224.1.2.3", {1, 0, 0x5e, 1, 2, 3}},
        {"239.129.2.3", {1, 0, 0x5e, 1, 2, 3}},
        {"255.255.255.255", {255, 255, 255, 255, 255, 255}},
        {"10.0.0.255", {255, 255, 255, 255, 255, 255}},
        {"ff02::1:2", {0x33, 0x33, 0, 1, 0, 2}},
    };
    const struct septet_config config = host_config();
    struct host *host = host_new(&config);
    host_ethernet(host, 1500, false);
    host_address(host, 0, "10.0.0.1", 24);
    host_address(host, 0, "fd01::1", 64);
    host_wait(host, 3 * SEPTET_SECOND);
    host_drain(host);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(send_bytes(host, rows[i].to, 10), SEPTET_OK);
        assert_true(host_pull(host, &sent));
        assert_memory_equal(sent.ethernet.destination, rows[i].mac, 6);
    }
    assert_int_equal(host->ip.neighbors.used, 0);
    host_free(host);
}

/* The same calls, the same bytes: nothing but the seed makes a difference. */
static void deterministic(void **state)
{
    (void)state;
    uint64_t digests[3];
    static const struct siphash_key key;
    for (int run = 0; run < 3; run++) {
        struct septet_config config = host_config();
        config.seed[1] = run == 2 ? 99 : 1;
        struct host *host = host_new(&config);
        uint64_t digest = 0;
        host_ethernet(host, 1500, true);
        const struct septet_address address = address_of("10.0.0.1");
        ip_address_add(&host->ip, 0, &address, 120, false, IP_ADDRESS_MANUAL, NULL);
        for (int i = 0; i < 200; i++) {
            host_wait(host, 100 * SEPTET_MILLISECOND);
            send_bytes(host, "10.0.0.2", 3000);
            while (host_pull(host, &sent))
                digest = digest * 31 + siphash24(&key, sent.bytes, sent.length) + (uint64_t)host->core.now;
        }
        digests[run] = digest;
        host_free(host);
    }
    assert_int_equal(digests[0], digests[1]);
    assert_int_not_equal(digests[0], digests[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),       cmocka_unit_test(few_spans),        cmocka_unit_test(full_queue),
        cmocka_unit_test(no_pages),      cmocka_unit_test(control_has_room), cmocka_unit_test(group_addresses),
        cmocka_unit_test(deterministic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
