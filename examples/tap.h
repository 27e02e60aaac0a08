/* What both examples need of Linux: a TAP device, the time, memory for a stack, and one turn of the loop. */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <septet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static inline int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SEPTET_SECOND + time.tv_nsec;
}

static inline int open_tap(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0) {
        perror(name);
        exit(1);
    }
    return tap;
}

/* A host 10.7.0.2 on the device. */
static inline struct septet *make_host(void)
{
    struct septet_interface interface = {.name = "tap", .mac = {2, 7, 10, 7, 0, 2}, .mtu = 1500, .ethernet = true};
    struct septet_address address = septet_address_ipv4(10, 7, 0, 2);
    struct septet_config config;
    septet_config_default(&config);
    config.now = now();
    if (getrandom(config.seed, sizeof config.seed, 0) < 0)
        return NULL;
    size_t size = septet_memory_size(&config);
    struct septet *stack = septet_create(&config, aligned_alloc(64, (size + 63) / 64 * 64), size, NULL);
    if (stack != NULL && septet_interface_add(stack, &interface) == 0)
        septet_address_add(stack, 0, &address, 24, true);
    return stack;
}

/* writev() does not write through iov_base. */
static inline struct iovec piece(const uint8_t *data, size_t length)
{
    struct iovec piece = {.iov_len = length};
    memcpy(&piece.iov_base, &data, sizeof piece.iov_base);
    return piece;
}

/* Packets out, a sleep until the next deadline or packet, packets in. */
static inline void turn(struct septet *stack, int tap)
{
    static uint8_t frame[65536];
    struct septet_packet packets[SEPTET_BATCH];
    struct iovec pieces[64];
    for (uint32_t count; (count = septet_output(stack, packets, SEPTET_BATCH)) > 0;) {
        for (uint32_t i = 0; i < count; i++) {
            pieces[0] = piece(packets[i].head, packets[i].head_length);
            for (uint32_t j = 0; j < packets[i].span_count && j < 63; j++)
                pieces[j + 1] = piece(packets[i].spans[j].data, packets[i].spans[j].length);
            if (writev(tap, pieces, (int)packets[i].span_count + 1) < 0)
                perror("a packet is lost"); /* TCP sends it again */
        }
    }
    int64_t left = septet_deadline(stack) == SEPTET_NEVER ? SEPTET_SECOND : septet_deadline(stack) - now();
    poll(&(struct pollfd){.fd = tap, .events = POLLIN}, 1, left > 0 ? (int)(left / SEPTET_MILLISECOND) + 1 : 0);
    septet_advance(stack, now());
    for (ssize_t length; (length = read(tap, frame, sizeof frame)) > 0;) {
        struct septet_packet packet = {.head = frame, .head_length = (uint32_t)length, .length = (uint32_t)length};
        septet_input(stack, &packet, 1);
    }
}
