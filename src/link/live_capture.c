#include "link/live_capture.h"

#include "base/bytes.h"
#include "wire/ethernet.h"
#include "wire/ip.h"
#include "wire/link_type.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK (1u << 20)
#define BLOCKS 16u
#define FRAME 2048u /* a hint only: frames of any length lie behind one another in a block */
#define RETIRE 50u  /* milliseconds until a block that is not full is handed over */
#define ALL_TYPES 0x0003
#define NANOSECONDS INT64_C(1000000000)
#define SCRATCH (1u << 18)
#define TAG 4u
#define ADDRESS_AT ((sizeof(struct tpacket3_hdr) + 15u) & ~(size_t)15u) /* TPACKET_ALIGN of it, unsigned */

struct live_capture {
    int descriptor;
    uint8_t *ring;
    uint32_t block; /* that is read or awaited */
    uint32_t left;  /* frames of it that are not given yet */
    const uint8_t *next;
    bool held; /* the block is ours and has to be given back */
    bool loopback;
    uint32_t link_type;
    uint64_t number, dropped, told;
    uint8_t scratch[SCRATCH]; /* a frame whose VLAN tag the kernel had taken off */
};

/* Passes everything but TCP segments of other ports. Offsets count from the network header, so that it serves links of
 * every kind; fragments, options and extension headers pass or are stepped over. */
static bool attach_filter(int descriptor, uint16_t port)
{
    enum { network = SKF_NET_OFF, type = SKF_AD_OFF + SKF_AD_PROTOCOL };
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)type),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV4, 0, 8),
        /* IPv4 */
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)network + 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_TCP, 0, 15),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)network + 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 13, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)network),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),
        BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
        BPF_JUMP(BPF_JMP | BPF_JA, 4, 0, 0),
        /* IPv6 */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 8),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)network + 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_TCP, 0, 6),
        BPF_STMT(BPF_LD | BPF_IMM, IPV6_HEADER),
        /* A: length of the IP header */
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, (uint32_t)network),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 2, 0),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, (uint32_t)network + 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};

    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static bool open_ring(struct live_capture *live)
{
    struct tpacket_req3 request = {
        .tp_block_size = BLOCK,
        .tp_block_nr = BLOCKS,
        .tp_frame_size = FRAME,
        .tp_frame_nr = BLOCK / FRAME * BLOCKS,
        .tp_retire_blk_tov = RETIRE,
    };
    int version = TPACKET_V3;
    void *ring;

    if (setsockopt(live->descriptor, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
        setsockopt(live->descriptor, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0) {
        return false;
    }
    ring = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, live->descriptor, 0);
    live->ring = ring == MAP_FAILED ? NULL : ring;
    return live->ring != NULL;
}

/* What its frames begin with; false for kinds of links that are not read. */
static bool read_kind(struct live_capture *live, const char *interface, int *kind)
{
    struct ifreq request = {.ifr_flags = 0};

    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    if (ioctl(live->descriptor, SIOCGIFHWADDR, &request) != 0) {
        *kind = -1;
        return false;
    }
    *kind = request.ifr_hwaddr.sa_family;
    live->loopback = *kind == ARPHRD_LOOPBACK;
    live->link_type = *kind == ARPHRD_ETHER || live->loopback ? (uint32_t)link_type_ethernet : (uint32_t)link_type_raw;
    return *kind == ARPHRD_ETHER || live->loopback || *kind == ARPHRD_NONE || *kind == ARPHRD_PPP ||
           *kind == ARPHRD_TUNNEL || *kind == ARPHRD_TUNNEL6 || *kind == ARPHRD_SIT;
}

static bool start(struct live_capture *live, const char *interface, uint16_t port, char error[LINK_ERROR_TEXT])
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
    uint8_t protocol[2] = {0, ALL_TYPES};
    int kind;

    if (address.sll_ifindex == 0) {
        (void)snprintf(error, LINK_ERROR_TEXT, "there is no interface '%s'", interface);
        return false;
    }
    /* Bound to no protocol at first: nothing comes before the filter is there. */
    live->descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (live->descriptor < 0) {
        (void)snprintf(error, LINK_ERROR_TEXT, "cannot capture on '%s': %s%s", interface, strerror(errno),
                       errno == EPERM ? " (it takes root, or CAP_NET_RAW)" : "");
        return false;
    }
    if (!read_kind(live, interface, &kind)) {
        (void)snprintf(error, LINK_ERROR_TEXT, "'%s' is a link of a kind that is not read (ARPHRD %d)", interface,
                       kind);
        return false;
    }
    memcpy(&address.sll_protocol, protocol, sizeof protocol);
    if ((port != 0 && !attach_filter(live->descriptor, port)) || !open_ring(live) ||
        bind(live->descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)snprintf(error, LINK_ERROR_TEXT, "cannot capture on '%s': %s", interface, strerror(errno));
        return false;
    }
    return true;
}

struct live_capture *live_capture_open(const char *interface, uint16_t tcp_port, char error[LINK_ERROR_TEXT])
{
    struct live_capture *live = calloc(1, sizeof *live);

    if (live == NULL) {
        (void)snprintf(error, LINK_ERROR_TEXT, "no memory to capture on '%s'", interface);
        return NULL;
    }
    live->descriptor = -1;
    if (!start(live, interface, tcp_port, error)) {
        live_capture_close(live);
        return NULL;
    }
    return live;
}

void live_capture_close(struct live_capture *live)
{
    if (live == NULL) {
        return;
    }
    if (live->ring != NULL) {
        (void)munmap(live->ring, (size_t)BLOCK * BLOCKS);
    }
    if (live->descriptor >= 0) {
        (void)close(live->descriptor);
    }
    free(live);
}

int live_capture_descriptor(const struct live_capture *live) { return live->descriptor; }
uint32_t live_capture_link_type(const struct live_capture *live) { return live->link_type; }
uint64_t live_capture_dropped(const struct live_capture *live) { return live->dropped; }

static void count_drops(struct live_capture *live)
{
    struct tpacket_stats_v3 statistics;
    socklen_t size = sizeof statistics;

    /* Reading sets the kernel's counters back. */
    if (getsockopt(live->descriptor, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0) {
        live->dropped += statistics.tp_drops;
    }
}

static struct tpacket_block_desc *block_at(const struct live_capture *live)
{
    return (struct tpacket_block_desc *)(void *)(live->ring + (size_t)live->block * BLOCK);
}

/* Gives the block back that has been read and takes the next one, if the kernel has filled it. */
static bool take_block(struct live_capture *live)
{
    struct tpacket_block_desc *block;

    if (live->held) {
        __atomic_store_n(&block_at(live)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        live->block = (live->block + 1) % BLOCKS;
        live->held = false;
    }
    block = block_at(live);
    if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) {
        return false;
    }
    live->held = true;
    live->left = block->hdr.bh1.num_pkts;
    live->next = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
    count_drops(live);
    return true;
}

/* Puts the tag back that the kernel has taken off. */
static void restore_tag(struct live_capture *live, const struct tpacket3_hdr *header, struct capture_input_frame *frame)
{
    const uint32_t addresses = 12;
    bool tagged = (header->tp_status & TP_STATUS_VLAN_VALID) != 0 && live->link_type == link_type_ethernet;

    if (!tagged || frame->captured < addresses || frame->captured > SCRATCH - TAG) {
        return;
    }
    memcpy(live->scratch, frame->bytes, addresses);
    store16(live->scratch + addresses, (header->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0
                                           ? (uint16_t)header->hv1.tp_vlan_tpid
                                           : (uint16_t)ETHERTYPE_VLAN);
    store16(live->scratch + addresses + 2, (uint16_t)header->hv1.tp_vlan_tci);
    memcpy(live->scratch + addresses + TAG, frame->bytes + addresses, frame->captured - addresses);
    frame->bytes = live->scratch;
    frame->captured += TAG;
    frame->original += TAG;
}

bool live_capture_next(struct live_capture *live, struct capture_input_frame *frame)
{
    for (;;) {
        const struct tpacket3_hdr *header;
        const struct sockaddr_ll *from;

        if (live->left == 0 && !take_block(live)) {
            return false;
        }
        if (live->left == 0) {
            continue;
        }
        header = (const struct tpacket3_hdr *)(const void *)live->next;
        from = (const struct sockaddr_ll *)(const void *)(live->next + ADDRESS_AT);
        live->left--;
        live->next += header->tp_next_offset;
        /* The loopback shows every packet twice. */
        if (live->loopback && from->sll_pkttype == PACKET_OUTGOING) {
            continue;
        }
        *frame = (struct capture_input_frame){
            .number = ++live->number,
            .time = (int64_t)header->tp_sec * NANOSECONDS + header->tp_nsec,
            .drops = live->dropped - live->told,
            .bytes = (const uint8_t *)header + header->tp_mac,
            .captured = header->tp_snaplen,
            .original = header->tp_len,
            .link_type = live->link_type,
            .has_time = true,
            .inbound = !live->loopback && from->sll_pkttype != PACKET_OUTGOING,
            .outbound = from->sll_pkttype == PACKET_OUTGOING,
        };
        live->told = live->dropped;
        restore_tag(live, header, frame);
        return true;
    }
}
