#include "link/capture.h"
#include "link/segment.h"
#include "link/tap.h"

#include "base/bytes.h"
#include "wire/ethernet.h"
#include "wire/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* The driver against the kernel, frame by frame, in a network namespace of this process. */
static const uint8_t our_mac[6] = {2, 7, 10, 7, 0, 2};
static bool can_tap;

static int enter_namespace(void **state)
{
    struct tap_options options = {.name = "probe0", .offload = true};
    char error[LINK_ERROR_TEXT];
    struct link *link;

    (void)state;
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        print_message("skipped: no network namespace: %s\n", strerror(errno));
        return 0;
    }
    link = tap_open(&options, error);
    if (link == NULL) {
        print_message("skipped: %s\n", error);
        return 0;
    }
    link_close(link);
    can_tap = true;
    return 0;
}

static void need_tap(void)
{
    if (!can_tap) {
        skip();
    }
}

/* The kernel's end: 10.7.0.1/24, up. */
static void set_up(const char *name)
{
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    struct sockaddr_in address = {.sin_family = AF_INET};

    assert_true(control >= 0);
    memcpy(request.ifr_name, name, strlen(name));
    address.sin_addr.s_addr = inet_addr("10.7.0.1");
    memcpy(&request.ifr_addr, &address, sizeof address);
    assert_int_equal(ioctl(control, SIOCSIFADDR, &request), 0);
    address.sin_addr.s_addr = inet_addr("255.255.255.0");
    memcpy(&request.ifr_netmask, &address, sizeof address);
    assert_int_equal(ioctl(control, SIOCSIFNETMASK, &request), 0);
    request.ifr_flags = IFF_UP;
    assert_int_equal(ioctl(control, SIOCSIFFLAGS, &request), 0);
    close(control);
}

static struct link *open_tap(const char *name, bool offload)
{
    struct tap_options options = {.name = name, .offload = offload};
    char error[LINK_ERROR_TEXT];
    struct link *link;

    memcpy(options.mac, our_mac, 6);
    link = tap_open(&options, error);
    if (link == NULL) {
        fail_msg("%s", error);
    }
    set_up(name);
    assert_true(tap_is_up(link));
    return link;
}

static void send_frame(struct link *link, const uint8_t *bytes, uint32_t length)
{
    struct septet_packet packet = {.head = bytes, .head_length = length, .length = length};

    assert_int_equal(link_write(link, 0, &packet, 1), 0);
}

/* The next packet for which `wanted` says so, within a second. */
static bool wait_for(struct link *link, bool (*wanted)(const struct septet_packet *packet), struct septet_packet *found)
{
    struct pollfd descriptor = {.fd = link->descriptor, .events = POLLIN};
    struct septet_packet packets[SEPTET_BATCH];

    for (unsigned tries = 0; tries < 100 && poll(&descriptor, 1, 1000) > 0; tries++) {
        int count = link_read(link, 0, packets, SEPTET_BATCH);

        assert_true(count >= 0);
        for (int i = 0; i < count; i++) {
            if (wanted(&packets[i])) {
                *found = packets[i];
                return true;
            }
        }
    }
    return false;
}

static bool is_arp_reply(const struct septet_packet *packet)
{
    return packet->length >= 42 && load16(packet->head + 12) == ETHERTYPE_ARP && load16(packet->head + 20) == 2;
}

static void say_arp(struct link *link, bool request)
{
    uint8_t frame[42] = {0};
    static const uint8_t everyone[6] = {255, 255, 255, 255, 255, 255};

    ethernet_build(frame, everyone, our_mac, ETHERTYPE_ARP);
    store16(frame + 14, 1);
    store16(frame + 16, ETHERTYPE_IPV4);
    frame[18] = 6;
    frame[19] = 4;
    store16(frame + 20, request ? 1 : 2);
    memcpy(frame + 22, our_mac, 6);
    store32(frame + 28, 0x0a070002);
    store32(frame + 38, 0x0a070001);
    send_frame(link, frame, sizeof frame);
}

static void frames_go_both_ways(void **state)
{
    struct septet_packet reply;

    (void)state;
    need_tap();
    for (int offload = 0; offload < 2; offload++) {
        struct link *link = open_tap("tap0", offload != 0);

        assert_true(link->interface.ethernet);
        assert_int_equal(link->interface.mtu, 1500);
        assert_int_equal(link->interface.offloads != 0, offload != 0);
        link->index = 5;
        say_arp(link, true);
        assert_true(wait_for(link, is_arp_reply, &reply));
        assert_int_equal(reply.interface, 5);
        assert_int_equal(load32(reply.head + 28), 0x0a070001);
        assert_memory_equal(reply.head, our_mac, 6);
        assert_int_equal(link_read(link, 0, &reply, 1), 0);
        link_close(link);
    }
}

static bool is_udp(const struct septet_packet *packet)
{
    return packet->length >= 34 && load16(packet->head + 12) == ETHERTYPE_IPV4 && packet->head[23] == PROTOCOL_UDP;
}

/* The kernel leaves the checksum to us where it may; either way the wire would see a right one. */
static void checksums_are_told(void **state)
{
    (void)state;
    need_tap();
    for (int offload = 0; offload < 2; offload++) {
        static uint8_t frame[SEGMENT_FRAME_MAX];
        struct link *link = open_tap("tap0", offload != 0);
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
        int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct septet_packet packet;
        struct segmenter segmenter;

        say_arp(link, true);
        assert_true(wait_for(link, is_arp_reply, &packet));
        to.sin_addr.s_addr = inet_addr("10.7.0.2");
        assert_int_equal(sendto(sender, "hello", 5, 0, (struct sockaddr *)&to, sizeof to), 5);
        assert_true(wait_for(link, is_udp, &packet));
        assert_int_equal((packet.flags & SEPTET_PACKET_NEEDS_CHECKSUM) != 0, offload != 0);
        assert_int_equal((packet.flags & SEPTET_PACKET_CHECKSUM_VALID) != 0, offload != 0);
        segmenter_begin(&segmenter, &packet, true);
        assert_int_equal(segmenter_next(&segmenter, frame), 47);
        assert_memory_equal(frame + 42, "hello", 5);
        assert_int_not_equal(load16(frame + 40), 0);
        close(sender);
        link_close(link);
    }
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"", "1 to 15 characters"},
        {"a-name-that-is-too-long", "1 to 15 characters"},
        {"lo", "lo: exists, but is not a tap device"},
    };
    struct tap_options options = {.offload = true};
    char error[LINK_ERROR_TEXT];
    struct link *first;

    (void)state;
    need_tap();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        options.name = cases[i].name;
        assert_null(tap_open(&options, error));
        if (strstr(error, cases[i].text) == NULL) {
            fail_msg("'%s' does not say '%s'", error, cases[i].text);
        }
    }
    first = open_tap("tap0", true);
    options.name = "tap0";
    assert_null(tap_open(&options, error));
    assert_non_null(strstr(error, "tap0: another program has it open"));
    options.tun = true;
    assert_null(tap_open(&options, error));
    assert_non_null(strstr(error, "tap0: "));
    link_close(first);
}

static void a_down_device_loses_packets(void **state)
{
    struct tap_options options = {.name = "tap1", .offload = true};
    char error[LINK_ERROR_TEXT];
    struct link *link;

    (void)state;
    need_tap();
    link = tap_open(&options, error);
    assert_non_null(link);
    assert_false(tap_is_up(link));
    say_arp(link, true);
    assert_int_equal(link->counters.dropped_out, 1);
    assert_int_equal(link->counters.packets_out, 0);
    link_close(link);
}

static void captures_what_passes(void **state)
{
    char path[] = "/tmp/septet-capture-XXXXXX";
    char error[LINK_ERROR_TEXT];
    struct septet_packet reply;
    struct link *link;
    long size;
    FILE *file;

    (void)state;
    need_tap();
    close(mkstemp(path));
    link = capture_open(path, open_tap("tap0", true), error);
    assert_non_null(link);
    say_arp(link, true);
    assert_true(wait_for(link, is_arp_reply, &reply));
    assert_int_equal(link_read(link, 0, &reply, 1), 0);
    assert_int_equal(capture_error(link), 0);
    link_close(link);
    file = fopen(path, "rbe");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size >= 28 + 20 + 2 * (32 + 44));
    fclose(file);
    unlink(path);
    assert_null(capture_open("/nonexistent/x", open_tap("tap0", true), error));
    assert_non_null(strstr(error, "/nonexistent/x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_go_both_ways),  cmocka_unit_test(checksums_are_told),
        cmocka_unit_test(says_what_is_wrong),   cmocka_unit_test(a_down_device_loses_packets),
        cmocka_unit_test(captures_what_passes),
    };

    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
