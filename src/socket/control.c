#include "socket/socket.h"

/* Control messages of recvmsg(), in the layout of Linux. */

static size_t aligned(size_t length) { return (length + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1); }

void control_begin(struct control *control, struct septet_msghdr *message)
{
    *control = (struct control){
        .message = message,
        .room = message->control == NULL ? 0 : message->control_length,
    };
}

void control_add(struct control *control, int level, int type, const void *data, size_t length)
{
    const size_t head = aligned(sizeof(struct septet_cmsghdr));
    struct septet_cmsghdr header = {.length = head + length, .level = level, .type = type};
    const size_t left = control->room - control->used;
    if (left < head) {
        control->message->flags |= SEPTET_MSG_CTRUNC;
        return;
    }
    if (left < header.length) { /* as much as fits */
        control->message->flags |= SEPTET_MSG_CTRUNC;
        header.length = left;
    }
    uint8_t *to = (uint8_t *)control->message->control + control->used;
    memcpy(to, &header, sizeof header);
    memcpy(to + head, data, header.length - head);
    const size_t step = aligned(header.length);
    control->used += step < left ? step : left;
}

void control_end(struct control *control) { control->message->control_length = control->used; }

static void add_int(struct control *control, int level, int type, int value)
{
    control_add(control, level, type, &value, sizeof value);
}

static void add_times(const struct open_socket *socket, int64_t time, struct control *control)
{
    const int64_t seconds = time / SEPTET_SECOND, rest = time % SEPTET_SECOND;
    if (socket->stored[STORED_SO_TIMESTAMPNS]) {
        const int64_t stamp[2] = {seconds, rest};
        control_add(control, SEPTET_SOL_SOCKET, SEPTET_SCM_TIMESTAMPNS, stamp, sizeof stamp);
    } else if (socket->stored[STORED_SO_TIMESTAMP]) {
        const int64_t stamp[2] = {seconds, rest / SEPTET_MICROSECOND};
        control_add(control, SEPTET_SOL_SOCKET, SEPTET_SCM_TIMESTAMP, stamp, sizeof stamp);
    }
}

static void add_ipv4(const struct open_socket *socket, const struct septet_datagram *info, struct control *control)
{
    const struct {
        int interface;
        uint8_t local[4], to[4];
    } packet = {
        .interface = info->interface + 1,
        .local = {info->to.bytes[12], info->to.bytes[13], info->to.bytes[14], info->to.bytes[15]},
        .to = {info->to.bytes[12], info->to.bytes[13], info->to.bytes[14], info->to.bytes[15]},
    };
    if (socket->stored[STORED_IP_PKTINFO])
        control_add(control, SEPTET_SOL_IP, SEPTET_IP_PKTINFO, &packet, sizeof packet);
    if (socket->stored[STORED_IP_RECVTTL])
        add_int(control, SEPTET_SOL_IP, SEPTET_IP_TTL, info->hop_limit);
    if (socket->stored[STORED_IP_RECVTOS])
        control_add(control, SEPTET_SOL_IP, SEPTET_IP_TOS, &info->traffic_class, 1);
}

static void add_ipv6(const struct open_socket *socket, const struct septet_datagram *info, struct control *control)
{
    struct {
        uint8_t to[16];
        uint32_t interface;
    } packet = {.interface = info->interface + 1u};
    memcpy(packet.to, info->to.bytes, sizeof packet.to);
    if (socket->stored[STORED_IPV6_RECVPKTINFO])
        control_add(control, SEPTET_SOL_IPV6, SEPTET_IPV6_PKTINFO, &packet, sizeof packet);
    if (socket->stored[STORED_IPV6_RECVHOPLIMIT])
        add_int(control, SEPTET_SOL_IPV6, SEPTET_IPV6_HOPLIMIT, info->hop_limit);
    if (socket->stored[STORED_IPV6_RECVTCLASS])
        add_int(control, SEPTET_SOL_IPV6, SEPTET_IPV6_TCLASS, info->traffic_class);
}

void control_of_datagram(const struct open_socket *socket, const struct septet_datagram *info, struct control *control)
{
    add_times(socket, info->time, control);
    if (socket->family == SEPTET_AF_INET6)
        add_ipv6(socket, info, control);
    if (septet_address_is_ipv4(&info->to))
        add_ipv4(socket, info, control);
}

void control_of_error(const struct open_socket *socket, const struct septet_datagram_error *error,
                      struct control *control)
{
    const bool ipv4 = septet_address_is_ipv4(&error->from);
    struct {
        struct septet_sock_extended_err error;
        union septet_sockaddr offender;
    } report = {
        .error =
            {
                .error = (uint32_t)-septet_errno_of(error->error),
                .origin = ipv4 ? SEPTET_SO_EE_ORIGIN_ICMP : SEPTET_SO_EE_ORIGIN_ICMP6,
                .type = error->type,
                .code = error->code,
                .info = error->mtu,
            },
    };
    const bool as_ipv6 = socket->family == SEPTET_AF_INET6;
    const uint32_t name =
        septet_sockaddr_make(&report.offender, as_ipv6 ? SEPTET_AF_INET6 : SEPTET_AF_INET, &error->from, 0);
    control_add(control, as_ipv6 ? SEPTET_SOL_IPV6 : SEPTET_SOL_IP, as_ipv6 ? SEPTET_IPV6_RECVERR : SEPTET_IP_RECVERR,
                &report, sizeof report.error + name);
}
