#include "link/tap.h"

#include "wire/ethernet.h"
#include "wire/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* With IFF_VNET_HDR each frame carries a virtio_net_hdr that says what is left to do: segmentation, checksum.
 * A super-segment crosses the device for the price of one system call and one copy, so the driver makes one read
 * or writev for each frame and nothing else.
 *
 * Frames are read one behind the other into one arena: acknowledgements pack into a few cache lines, and a batch of
 * super-segments ends when the arena cannot hold another. The arena fits the second-level cache. */
#define FRAME_MAX (UINT32_C(65535) + ETHERNET_HEADER + 8)
#define SLOT_MAX (FRAME_MAX + (uint32_t)sizeof(struct virtio_net_hdr) + 1)
#define ARENA (UINT32_C(256) << 10)
#define SLOT_ALIGNMENT 64u
#define SPANS 256u
#define SHORT_PACKET 256u

struct tap {
    struct link link;
    bool header; /* frames carry a virtio_net_hdr */
    uint8_t *arena;
    struct iovec pieces[SPANS + 2];
};

static void __attribute__((format(printf, 2, 3))) say(char error[LINK_ERROR_TEXT], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error, LINK_ERROR_TEXT, format, arguments);
    va_end(arguments);
}

/* ---- receive ---- */

/* What the kernel left undone was never on a wire, so there is nothing to verify. False for what makes no sense. */
static bool read_header(const struct virtio_net_hdr *header, struct septet_packet *packet)
{
    if ((header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        if (packet->length < 2 || header->csum_start > packet->length - 2 ||
            header->csum_offset > packet->length - 2 - header->csum_start) {
            return false;
        }
        packet->flags = SEPTET_PACKET_NEEDS_CHECKSUM | SEPTET_PACKET_CHECKSUM_VALID;
        packet->checksum_start = header->csum_start;
        packet->checksum_offset = header->csum_offset;
    } else if ((header->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0) {
        packet->flags = SEPTET_PACKET_CHECKSUM_VALID;
    }
    switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV4:
    case VIRTIO_NET_HDR_GSO_TCPV6:
        packet->gso_size = header->gso_size;
        return header->gso_size != 0;
    default:
        return false;
    }
}

/* One frame that was read to `bytes`. */
static bool take_frame(struct tap *tap, const uint8_t *bytes, size_t length, struct septet_packet *packet)
{
    struct virtio_net_hdr header = {0};
    uint32_t header_size = tap->header ? (uint32_t)sizeof header : 0;

    if (length <= header_size || length - header_size > FRAME_MAX) {
        return false;
    }
    *packet = (struct septet_packet){
        .head = bytes + header_size,
        .head_length = (uint32_t)length - header_size,
        .length = (uint32_t)length - header_size,
        .interface = tap->link.index,
    };
    if (!tap->header) {
        return true;
    }
    memcpy(&header, bytes, sizeof header);
    return read_header(&header, packet);
}

static int tap_read(struct link *link, int64_t now, struct septet_packet *packets, uint32_t maximum)
{
    struct tap *tap = (struct tap *)link;
    uint32_t at = 0;
    uint32_t count = 0;

    (void)now;
    while (count < maximum && at + SLOT_MAX <= ARENA) {
        uint8_t *slot = tap->arena + at;
        ssize_t length = read(link->descriptor, slot, SLOT_MAX);

        if (length < 0) {
            if (errno == EAGAIN || errno == EINTR || count > 0) {
                break;
            }
            return -errno;
        }
        if (!take_frame(tap, slot, (size_t)length, &packets[count])) {
            link->counters.dropped_in++;
            at += SLOT_ALIGNMENT; /* so that bad frames end the batch too */
            continue;
        }
        link->counters.packets_in++;
        link->counters.bytes_in += packets[count].length;
        count++;
        at += ((uint32_t)length + SLOT_ALIGNMENT - 1) & ~(SLOT_ALIGNMENT - 1);
    }
    return (int)count;
}

/* ---- send ---- */

static void write_header(const struct septet_packet *packet, struct virtio_net_hdr *header)
{
    *header = (struct virtio_net_hdr){.gso_type = VIRTIO_NET_HDR_GSO_NONE};
    if ((packet->flags & SEPTET_PACKET_NEEDS_CHECKSUM) != 0) {
        header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header->csum_start = packet->checksum_start;
        header->csum_offset = packet->checksum_offset;
    }
    if (packet->gso_size != 0) {
        header->gso_type = packet->ip_version == 6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
        header->gso_size = packet->gso_size;
        header->hdr_len = packet->header_length;
        /* RFC 3168 6.1.2: CWR belongs on the first segment only, and the kernel must know. */
        if ((packet->head[packet->checksum_start + 13] & TCP_CWR) != 0) {
            header->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
        }
    }
}

/* writev() does not write through iov_base. */
static inline struct iovec piece(const uint8_t *data, size_t length)
{
    struct iovec piece = {.iov_len = length};

    memcpy(&piece.iov_base, &data, sizeof piece.iov_base);
    return piece;
}

/* A short packet in one piece: copying it costs less than having the kernel gather it. */
static bool write_short(const struct tap *tap, const struct septet_packet *packet)
{
    uint8_t bytes[sizeof(struct virtio_net_hdr) + SHORT_PACKET];
    struct virtio_net_hdr header;
    size_t at = 0;

    if (tap->header) {
        write_header(packet, &header);
        memcpy(bytes, &header, sizeof header);
        at = sizeof header;
    }
    if (packet->head_length > SHORT_PACKET) {
        return false;
    }
    memcpy(bytes + at, packet->head, packet->head_length);
    at += packet->head_length;
    for (uint32_t i = 0; i < packet->span_count; i++) {
        if (packet->spans[i].length > sizeof bytes - at) {
            return false;
        }
        memcpy(bytes + at, packet->spans[i].data, packet->spans[i].length);
        at += packet->spans[i].length;
    }
    return write(tap->link.descriptor, bytes, at) >= 0;
}

static bool write_packet(struct tap *tap, const struct septet_packet *packet)
{
    struct virtio_net_hdr header;
    int count = 0;

    if (packet->length <= SHORT_PACKET) {
        return write_short(tap, packet);
    }
    if (packet->span_count > SPANS || packet->length > FRAME_MAX) {
        return false;
    }
    if (tap->header) {
        write_header(packet, &header);
        tap->pieces[count++] = (struct iovec){.iov_base = &header, .iov_len = sizeof header};
    }
    tap->pieces[count++] = piece(packet->head, packet->head_length);
    for (uint32_t i = 0; i < packet->span_count; i++) {
        tap->pieces[count++] = piece(packet->spans[i].data, packet->spans[i].length);
    }
    return writev(tap->link.descriptor, tap->pieces, count) >= 0;
}

static int tap_write(struct link *link, int64_t now, struct septet_packet *packets, uint32_t count)
{
    struct tap *tap = (struct tap *)link;

    (void)now;
    for (uint32_t i = 0; i < count; i++) {
        errno = 0;
        if (write_packet(tap, &packets[i])) {
            link->counters.packets_out++;
            link->counters.bytes_out += packets[i].length;
            continue;
        }
        link->counters.dropped_out++;
        if (errno == EBADFD || errno == EBADF || errno == ENODEV) {
            return -errno;
        }
    }
    return 0;
}

/* ---- open and close ---- */

static void tap_close(struct link *link)
{
    struct tap *tap = (struct tap *)link;

    if (link->descriptor >= 0) {
        close(link->descriptor);
    }
    free(tap->arena);
    free(tap);
}

static const struct link_operations operations = {.read = tap_read, .write = tap_write, .close = tap_close};

static int open_control(const char *name, char error[LINK_ERROR_TEXT])
{
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (descriptor >= 0) {
        return descriptor;
    }
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO) {
        say(error, "%s: this kernel has no /dev/net/tun; load it with 'modprobe tun'", name);
    } else if (errno == EACCES || errno == EPERM) {
        say(error, "%s: no permission to open /dev/net/tun; be root or a member of the group that owns it", name);
    } else {
        say(error, "%s: cannot open /dev/net/tun: %s", name, strerror(errno));
    }
    return -1;
}

/* Binds the descriptor to the device; the kernel writes the name into a pattern like tap%d. */
static bool attach(struct tap *tap, const struct tap_options *options, struct ifreq *request,
                   char error[LINK_ERROR_TEXT])
{
    const char *kind = options->tun ? "tun" : "tap";
    unsigned features = 0;

    if (ioctl(tap->link.descriptor, TUNGETFEATURES, &features) != 0) {
        features = 0;
    }
    tap->header = options->offload && (features & IFF_VNET_HDR) != 0;
    request->ifr_flags = (short)((options->tun ? IFF_TUN : IFF_TAP) | IFF_NO_PI | (tap->header ? IFF_VNET_HDR : 0));
    if (ioctl(tap->link.descriptor, TUNSETIFF, request) == 0) {
        return true;
    }
    switch (errno) {
    case EPERM:
        say(error, "%s: no permission to attach; let root make it for you: ip tuntap add dev %s mode %s user %u",
            options->name, options->name, kind, (unsigned)geteuid());
        break;
    case EBUSY:
        say(error, "%s: another program has it open", options->name);
        break;
    case EINVAL:
        say(error, "%s: exists, but is not a %s device that one program can open alone", options->name, kind);
        break;
    default:
        say(error, "%s: cannot attach: %s", options->name, strerror(errno));
    }
    return false;
}

/* The device remembers what its last owner asked for, so off is said as well. */
static void set_offloads(struct tap *tap)
{
    static const unsigned long all = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

    if (!tap->header) {
        (void)ioctl(tap->link.descriptor, TUNSETOFFLOAD, 0ul);
        return;
    }
    if (ioctl(tap->link.descriptor, TUNSETOFFLOAD, all) != 0) {
        (void)ioctl(tap->link.descriptor, TUNSETOFFLOAD, 0ul);
    }
    tap->link.interface.offloads = SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO;
}

/* One question about a device by ioctl; false when there is no answer. */
static bool ask(const char *name, unsigned long question, struct ifreq *request)
{
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool answered;

    *request = (struct ifreq){0};
    memcpy(request->ifr_name, name, sizeof request->ifr_name);
    answered = control >= 0 && ioctl(control, question, request) == 0;
    if (control >= 0) {
        close(control);
    }
    return answered;
}

static uint32_t device_mtu(const char *name)
{
    struct ifreq request;

    return ask(name, SIOCGIFMTU, &request) && request.ifr_mtu >= 576 && request.ifr_mtu <= 65535
               ? (uint32_t)request.ifr_mtu
               : 1500;
}

bool tap_is_up(const struct link *link)
{
    struct ifreq request;

    return ask(link->interface.name, SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_UP) != 0;
}

/* The device has a carrier from now on, but the kernel drops what it sends on it until it has noticed that: some
 * milliseconds that would cost the first packet, and a second until it is sent again. */
static void wait_for_carrier(const char *name)
{
    struct ifreq request;

    for (unsigned tries = 0; tries < 250; tries++) {
        if (!ask(name, SIOCGIFFLAGS, &request) || (request.ifr_flags & IFF_UP) == 0 ||
            (request.ifr_flags & IFF_RUNNING) != 0) {
            return;
        }
        (void)poll(NULL, 0, 1);
    }
}

struct link *tap_open(const struct tap_options *options, char error[LINK_ERROR_TEXT])
{
    struct ifreq request = {0};
    size_t length = strlen(options->name);
    struct tap *tap;

    if (length == 0 || length >= sizeof request.ifr_name) {
        say(error, "'%s': the name of a device has 1 to %zu characters", options->name, sizeof request.ifr_name - 1);
        return NULL;
    }
    memcpy(request.ifr_name, options->name, length);
    tap = calloc(1, sizeof *tap);
    if (tap == NULL || (tap->arena = aligned_alloc(SLOT_ALIGNMENT, ARENA)) == NULL) {
        say(error, "%s: no memory for its buffers", options->name);
        free(tap);
        return NULL;
    }
    tap->link.operations = &operations;
    tap->link.descriptor = open_control(options->name, error);
    if (tap->link.descriptor < 0 || !attach(tap, options, &request, error)) {
        tap_close(&tap->link);
        return NULL;
    }
    memcpy(tap->link.interface.name, request.ifr_name, sizeof tap->link.interface.name);
    memcpy(tap->link.interface.mac, options->mac, sizeof tap->link.interface.mac);
    tap->link.interface.ethernet = !options->tun;
    tap->link.interface.mtu = options->mtu != 0 ? options->mtu : device_mtu(request.ifr_name);
    set_offloads(tap);
    wait_for_carrier(request.ifr_name);
    return &tap->link;
}
