#include "arena.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

const uint8_t arena_mac[6] = {2, 0, 0, 7, 0, 1};

static void name(struct ifreq *request, const char *device)
{
    *request = (struct ifreq){0};
    strncpy(request->ifr_name, device, IFNAMSIZ - 1);
}

static bool address(int control, const char *device, const char *text)
{
    struct ifreq request;
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&request.ifr_addr;
    name(&request, device);
    in->sin_family = AF_INET;
    inet_pton(AF_INET, text, &in->sin_addr);
    if (ioctl(control, SIOCSIFADDR, &request) != 0)
        return false;
    inet_pton(AF_INET, "255.255.255.0", &in->sin_addr);
    if (ioctl(control, SIOCSIFNETMASK, &request) != 0)
        return false;
    name(&request, device);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(control, SIOCSIFFLAGS, &request) == 0;
}

/* 10.7.0.1 is at arena_mac: no ARP in the figures. */
static bool neighbor(int control, const char *device)
{
    struct arpreq request = {.arp_flags = ATF_PERM | ATF_COM};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&request.arp_pa;
    in->sin_family = AF_INET;
    inet_pton(AF_INET, "10.7.0.1", &in->sin_addr);
    memcpy(request.arp_ha.sa_data, arena_mac, sizeof arena_mac);
    strncpy(request.arp_dev, device, sizeof request.arp_dev - 1);
    return ioctl(control, SIOCSARP, &request) == 0;
}

bool arena_tap_up(struct bench_run *run, struct arena *arena)
{
    if (address(arena->control, "tap0", "10.7.0.2") && neighbor(arena->control, "tap0"))
        return true;
    bench_skip(run, "the TAP device cannot be configured: %s", strerror(errno));
    return false;
}

/* ---- veth ---- */

struct message {
    struct nlmsghdr header;
    struct ifinfomsg info;
    uint8_t attributes[512];
};

static struct rtattr *add(struct message *message, unsigned short type, const void *data, size_t length)
{
    struct rtattr *attribute = (struct rtattr *)(void *)((uint8_t *)message + NLMSG_ALIGN(message->header.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    if (length)
        memcpy(RTA_DATA(attribute), data, length);
    message->header.nlmsg_len = NLMSG_ALIGN(message->header.nlmsg_len) + (uint32_t)RTA_SPACE(length);
    return attribute;
}

static void end(struct message *message, struct rtattr *nest)
{
    nest->rta_len = (unsigned short)((uint8_t *)message + message->header.nlmsg_len - (uint8_t *)nest);
}

/* veth0 here, its peer veth1 in the namespace of this process. */
static int make_veth(int netlink)
{
    struct message message = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                   .nlmsg_type = RTM_NEWLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK},
    };
    uint32_t process = (uint32_t)getpid();
    add(&message, IFLA_IFNAME, "veth0", 6);
    struct rtattr *link = add(&message, IFLA_LINKINFO, NULL, 0);
    add(&message, IFLA_INFO_KIND, "veth", 5);
    struct rtattr *data = add(&message, IFLA_INFO_DATA, NULL, 0);
    struct rtattr *peer = add(&message, VETH_INFO_PEER, &(struct ifinfomsg){0}, sizeof(struct ifinfomsg));
    add(&message, IFLA_IFNAME, "veth1", 6);
    add(&message, IFLA_NET_NS_PID, &process, sizeof process);
    end(&message, peer);
    end(&message, data);
    end(&message, link);
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        uint8_t rest[256];
    } answer = {0};
    if (send(netlink, &message, message.header.nlmsg_len, 0) < 0 || recv(netlink, &answer, sizeof answer, 0) < 0)
        return errno;
    return answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : 0;
}

static void switch_offload(int control, const char *device, uint32_t command)
{
    struct ethtool_value value = {.cmd = command, .data = 0};
    struct ifreq request;
    name(&request, device);
    request.ifr_data = (void *)&value;
    ioctl(control, SIOCETHTOOL, &request);
}

static void without_offloads(int control, const char *device)
{
    static const uint32_t commands[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        switch_offload(control, device, commands[i]);
}

bool arena_veth(struct bench_run *run, struct arena *arena, bool offloads)
{
    int error = 0, control = -1;
    if (unshare(CLONE_NEWNET) != 0)
        error = errno;
    if (!error)
        error = make_veth(arena->netlink);
    if (!error && (control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
        error = errno;
    if (!error && !offloads) {
        without_offloads(arena->control, "veth0");
        without_offloads(control, "veth1");
    }
    if (!error && (!address(arena->control, "veth0", "10.7.0.2") || !address(control, "veth1", "10.7.0.1")))
        error = errno;
    if (error)
        bench_skip(run, "no veth pair here: %s", strerror(error));
    if (control >= 0)
        close(control);
    return !error;
}
