#include "socket/socket.h"

/* Options that are not just one number kept: structures, strings, buffer sizes, and what can only be read or never. */

#define SEND_BUFFER_LEAST 4608
#define RECEIVE_BUFFER_LEAST 2304
#define CONGESTION_NAME 16
#define BSD_BUFFER_MOST (2 << 20)
#define BSD_SO_LINGER 0x80

static const char congestion_names[SEPTET_CONGESTION_COUNT][CONGESTION_NAME] = {
    [SEPTET_RENO] = "reno",
    [SEPTET_CUBIC] = "cubic",
};
static const char bsd_congestion_names[SEPTET_CONGESTION_COUNT][CONGESTION_NAME] = {
    [SEPTET_RENO] = "newreno",
    [SEPTET_CUBIC] = "cubic",
};

static const char *congestion_name(const struct septet_sockets *sockets, unsigned number)
{
    return sockets->config.bsd_options ? bsd_congestion_names[number] : congestion_names[number];
}

/* ---- setting ---- */

static int set_linger(struct septet_sockets *sockets, struct open_socket *socket, const void *value, uint32_t length)
{
    struct septet_linger linger;
    if (length < sizeof linger)
        return ERRNO(EINVAL);
    memcpy(&linger, value, sizeof linger);
    socket->linger_on = linger.on != 0;
    socket->linger_seconds = linger.seconds < 0 ? INT32_MAX : linger.seconds;
    buffers_apply(sockets, socket);
    return 0;
}

static int set_timeout(int64_t *timeout, const void *value, uint32_t length)
{
    struct septet_timeval time;
    if (length < sizeof time)
        return ERRNO(EINVAL);
    memcpy(&time, value, sizeof time);
    if (time.microseconds < 0 || time.microseconds >= 1000000)
        return ERRNO(EDOM);
    const int64_t most = SEPTET_NEVER / SEPTET_SECOND / 4;
    if (time.seconds < 0)
        *timeout = 1; /* as good as not waiting */
    else
        *timeout = (time.seconds < most ? time.seconds : most) * SEPTET_SECOND + time.microseconds * SEPTET_MICROSECOND;
    return 0;
}

/* S56, S57: Linux doubles what is asked for, to have room for its own records, and tells the double. */
static int set_buffer(struct septet_sockets *sockets, struct open_socket *socket, bool send, bool force,
                      const void *value, uint32_t length)
{
    int number;
    if (length < sizeof number)
        return ERRNO(EINVAL);
    memcpy(&number, value, sizeof number);
    if (sockets->config.bsd_options && number < 1)
        return ERRNO(EINVAL);
    if (sockets->config.bsd_options && number > BSD_BUFFER_MOST)
        return ERRNO(ENOBUFS);
    if (force && number < 0)
        number = 0;
    const uint32_t most = UINT32_C(1) << 29;
    const uint32_t times = sockets->config.buffers_doubled ? 2 : 1;
    const uint32_t doubled = times * min_u32((uint32_t)number, most);
    if (times == 1 && number < 1)
        return ERRNO(EINVAL);
    if (send)
        socket->send_buffer = max_u32(doubled, times == 1 ? 512 : SEND_BUFFER_LEAST);
    else
        socket->receive_buffer = max_u32(doubled, times == 1 ? 512 : RECEIVE_BUFFER_LEAST);
    buffers_apply(sockets, socket);
    return 0;
}

static int set_pacing(struct septet_sockets *sockets, struct open_socket *socket, const void *value, uint32_t length)
{
    uint32_t narrow;
    uint64_t rate;
    if (length < sizeof narrow)
        return ERRNO(EINVAL);
    memcpy(&narrow, value, sizeof narrow);
    rate = narrow == UINT32_MAX ? UINT64_MAX : narrow;
    if (length >= sizeof rate)
        memcpy(&rate, value, sizeof rate);
    socket->pacing_rate = rate == UINT64_MAX ? 0 : min_u64(rate, UINT64_C(1) << 60);
    if (socket->handle != 0 && is_stream(socket))
        (void)septet_option_set(sockets->stack, socket->handle, SEPTET_OPTION_PACING_RATE,
                                (int64_t)socket->pacing_rate);
    return 0;
}

static int set_device(struct septet_sockets *sockets, struct open_socket *socket, const void *value, uint32_t length)
{
    const struct ip_layer *ip = &sockets->stack->ip;
    char name[sizeof socket->device] = {0};
    memcpy(name, value, min_u32(length, sizeof name - 1));
    for (uint32_t i = 0; name[0] != 0; i++) {
        if (i >= ip->interface_count)
            return ERRNO(ENODEV);
        const char *other = ip->interfaces[i].link.name;
        uint32_t same = 0;
        while (same < sizeof name - 1 && name[same] != 0 && name[same] == other[same])
            same++;
        if (name[same] == other[same])
            break;
    }
    memcpy(socket->device, name, sizeof name);
    return 0;
}

static bool set_of_socket(struct septet_sockets *sockets, struct open_socket *socket, int option, const void *value,
                          uint32_t length, int *result)
{
    switch (option) {
    case SEPTET_SO_LINGER:
        *result = set_linger(sockets, socket, value, length);
        return true;
    case SEPTET_SO_RCVTIMEO:
    case SEPTET_SO_RCVTIMEO_NEW:
        *result = set_timeout(&socket->receive_timeout, value, length);
        return true;
    case SEPTET_SO_SNDTIMEO:
    case SEPTET_SO_SNDTIMEO_NEW:
        *result = set_timeout(&socket->send_timeout, value, length);
        return true;
    case SEPTET_SO_SNDBUF:
    case SEPTET_SO_SNDBUFFORCE:
        *result = set_buffer(sockets, socket, true, option == SEPTET_SO_SNDBUFFORCE, value, length);
        return true;
    case SEPTET_SO_RCVBUF:
    case SEPTET_SO_RCVBUFFORCE:
        *result = set_buffer(sockets, socket, false, option == SEPTET_SO_RCVBUFFORCE, value, length);
        return true;
    case SEPTET_SO_MAX_PACING_RATE:
        *result = set_pacing(sockets, socket, value, length);
        return true;
    case SEPTET_SO_BINDTODEVICE:
        *result = set_device(sockets, socket, value, length);
        return true;
    case SEPTET_SO_ZEROCOPY:
    case SEPTET_SO_PEEK_OFF:
        *result = ERRNO(EOPNOTSUPP);
        return true;
    case SEPTET_SO_DETACH_FILTER:
        *result = ERRNO(ENOENT);
        return true;
    default:
        return false;
    }
}

static int set_congestion(struct septet_sockets *sockets, struct open_socket *socket, const void *value,
                          uint32_t length)
{
    char name[CONGESTION_NAME] = {0};
    if (length == 0)
        return ERRNO(EINVAL);
    memcpy(name, value, min_u32(length, CONGESTION_NAME - 1));
    for (uint32_t i = 1; i < sizeof name; i++)
        name[i] = name[i - 1] == 0 ? 0 : name[i]; /* what follows the end of the string is not part of it */
    for (unsigned i = 0; i < SEPTET_CONGESTION_COUNT; i++) {
        if (memcmp(name, congestion_name(sockets, i), sizeof name) == 0) {
            socket->stored[STORED_TCP_CONGESTION] = (int32_t)i + 1;
            option_apply(sockets, socket, STORED_TCP_CONGESTION);
            return 0;
        }
    }
    return ERRNO(ENOENT);
}

static bool set_of_tcp(struct septet_sockets *sockets, struct open_socket *socket, int option, const void *value,
                       uint32_t length, int *result)
{
    switch (option) {
    case SEPTET_TCP_CONGESTION:
        *result = set_congestion(sockets, socket, value, length);
        return true;
    case SEPTET_TCP_FASTOPEN_KEY:
        *result = length == 16 || length == 32 ? 0 : ERRNO(EINVAL);
        if (*result == 0) {
            memcpy(socket->fastopen_key, value, length);
            socket->fastopen_key_length = length;
        }
        return true;
    case SEPTET_TCP_ULP:
        *result = ERRNO(ENOENT);
        return true;
    case SEPTET_TCP_REPAIR:
    case SEPTET_TCP_REPAIR_QUEUE:
    case SEPTET_TCP_QUEUE_SEQ:
    case SEPTET_TCP_REPAIR_OPTIONS:
    case SEPTET_TCP_REPAIR_WINDOW:
    case SEPTET_TCP_TIMESTAMP:
        *result = ERRNO(EPERM);
        return true;
    default:
        return false;
    }
}

bool option_set_special(struct septet_sockets *sockets, struct open_socket *socket, int level, int option,
                        const void *value, uint32_t length, int *result)
{
    if (level == SEPTET_SOL_SOCKET)
        return set_of_socket(sockets, socket, option, value, length, result);
    if (level == SEPTET_SOL_TCP)
        return set_of_tcp(sockets, socket, option, value, length, result);
    return false;
}

/* ---- reading ---- */

static int give_int(void *to, uint32_t *length, int value) { return option_give(to, length, &value, sizeof value); }

static int give_timeout(int64_t timeout, void *value, uint32_t *length)
{
    const struct septet_timeval time = {
        .seconds = timeout / SEPTET_SECOND,
        .microseconds = timeout % SEPTET_SECOND / SEPTET_MICROSECOND,
    };
    return option_give(value, length, &time, sizeof time);
}

static int take_any_error(struct septet_sockets *sockets, struct open_socket *socket)
{
    int error = -take_socket_error(socket);
    if (error == 0) {
        error = socket->soft_error;
        socket->soft_error = 0;
        if (is_stream(socket) && socket->handle != 0 && !socket->listening && !socket->over)
            (void)septet_take_error(sockets->stack, socket->handle); /* it was told by an event */
    }
    return error;
}

#define DATAGRAM_BUFFER 212992

static int buffer_size(const struct septet_sockets *sockets, const struct open_socket *socket, bool send)
{
    const struct septet_tcp_config *config = &sockets->stack->core.config.tcp;
    const uint32_t set = send ? socket->send_buffer : socket->receive_buffer;
    const unsigned option = send ? SEPTET_OPTION_SEND_BUFFER : SEPTET_OPTION_RECEIVE_BUFFER;
    const uint32_t own = min_u32(send ? config->send_buffer : config->receive_buffer, INT32_MAX / 2);
    int64_t rounded;
    if (!sockets->config.buffers_doubled && is_stream(socket))
        return socket->handle != 0 && septet_option_get(sockets->stack, socket->handle, option, &rounded) == SEPTET_OK
                   ? (int)rounded
                   : (int)(set != 0 ? min_u32(set, INT32_MAX) : own);
    if (set != 0)
        return (int)min_u32(set, INT32_MAX);
    return is_stream(socket) ? (int)(2 * own) : DATAGRAM_BUFFER;
}

static int give_memory(struct septet_sockets *sockets, const struct open_socket *socket, void *value, uint32_t *length)
{
    struct septet_tcp_info info = {0};
    if (is_stream(socket) && socket->handle != 0)
        (void)septet_tcp_info(sockets->stack, socket->handle, &info);
    const uint32_t unsent = info.unsent, outstanding = info.snd_nxt - info.snd_una;
    const uint32_t memory[9] = {
        info.receive_queue,
        (uint32_t)buffer_size(sockets, socket, false),
        unsent + outstanding,
        (uint32_t)buffer_size(sockets, socket, true),
        0,
        unsent + outstanding,
        0,
        0,
        (uint32_t)sockets->stack->core.drop[SEPTET_DROP_udp_buffer] * !is_stream(socket),
    };
    return option_give(value, length, memory, sizeof memory);
}

static bool get_of_socket(struct septet_sockets *sockets, struct open_socket *socket, int option, void *value,
                          uint32_t *length, int *result)
{
    const struct septet_linger linger = {
        .on = socket->linger_on ? (sockets->config.bsd_options ? BSD_SO_LINGER : 1) : 0,
        .seconds = socket->linger_seconds,
    };
    const uint64_t rate = socket->pacing_rate == 0 ? UINT64_MAX : socket->pacing_rate;
    const uint64_t cookie = (uint64_t)socket->generation << 32 | socket_reference(sockets, socket);
    switch (option) {
    case SEPTET_SO_TYPE:
        *result = give_int(value, length, is_stream(socket) ? SEPTET_SOCK_STREAM : SEPTET_SOCK_DGRAM);
        return true;
    case SEPTET_SO_PROTOCOL:
        *result = give_int(value, length, is_stream(socket) ? SEPTET_IPPROTO_TCP : SEPTET_IPPROTO_UDP);
        return true;
    case SEPTET_SO_DOMAIN:
        *result = give_int(value, length, socket->family);
        return true;
    case SEPTET_SO_ERROR:
        *result = give_int(value, length, take_any_error(sockets, socket));
        return true;
    case SEPTET_SO_ACCEPTCONN:
        *result = give_int(value, length, socket->listening);
        return true;
    case SEPTET_SO_SNDLOWAT:
        *result = give_int(value, length, 1);
        return true;
    case SEPTET_SO_ZEROCOPY:
        *result = give_int(value, length, 0);
        return true;
    case SEPTET_SO_SNDBUF:
    case SEPTET_SO_RCVBUF:
        *result = give_int(value, length, buffer_size(sockets, socket, option == SEPTET_SO_SNDBUF));
        return true;
    case SEPTET_SO_LINGER:
        *result = option_give(value, length, &linger, sizeof linger);
        return true;
    case SEPTET_SO_RCVTIMEO:
    case SEPTET_SO_RCVTIMEO_NEW:
        *result = give_timeout(socket->receive_timeout, value, length);
        return true;
    case SEPTET_SO_SNDTIMEO:
    case SEPTET_SO_SNDTIMEO_NEW:
        *result = give_timeout(socket->send_timeout, value, length);
        return true;
    case SEPTET_SO_MAX_PACING_RATE:
        *result = *length < sizeof rate ? give_int(value, length, rate > INT32_MAX ? -1 : (int)rate)
                                        : option_give(value, length, &rate, sizeof rate);
        return true;
    case SEPTET_SO_COOKIE:
        *result = *length < sizeof cookie ? ERRNO(EINVAL) : option_give(value, length, &cookie, sizeof cookie);
        return true;
    case SEPTET_SO_MEMINFO:
        *result = give_memory(sockets, socket, value, length);
        return true;
    case SEPTET_SO_BINDTODEVICE:
        *result = option_give(value, length, socket->device, socket->device[0] == 0 ? 0 : sizeof socket->device);
        return true;
    default:
        return false;
    }
}

/* Of a connection the size in use, of others what was asked for. */
static int maxseg(struct septet_sockets *sockets, const struct open_socket *socket)
{
    struct septet_tcp_info info;
    const int state = stream_state(sockets, socket);
    const int32_t asked = socket->stored[STORED_TCP_MAXSEG];
    if (state != SEPTET_TCP_CLOSE && state != SEPTET_TCP_LISTEN &&
        septet_tcp_info(sockets->stack, socket->handle, &info) == SEPTET_OK && info.mss != 0)
        return (int)info.mss;
    return asked != 0 ? asked : 536;
}

static bool get_of_tcp(struct septet_sockets *sockets, struct open_socket *socket, int option, void *value,
                       uint32_t *length, int *result)
{
    const int32_t chosen = socket->stored[STORED_TCP_CONGESTION];
    const unsigned number = chosen != 0 ? (unsigned)chosen - 1 : sockets->stack->core.config.tcp.congestion;
    const char *name = congestion_name(sockets, number);
    uint8_t info[SEPTET_TCP_INFO_SIZE];
    switch (option) {
    case SEPTET_TCP_INFO:
        tcp_info_fill(sockets, socket, info);
        *result = option_give(value, length, info, sizeof info);
        return true;
    case SEPTET_TCP_CONGESTION:
        *result = option_give(value, length, name, CONGESTION_NAME);
        return true;
    case SEPTET_TCP_MAXSEG:
        *result = give_int(value, length, maxseg(sockets, socket));
        return true;
    case SEPTET_TCP_TIMESTAMP:
        *result = give_int(value, length, (int)(uint32_t)(septet_now(sockets->stack) / SEPTET_MILLISECOND));
        return true;
    case SEPTET_TCP_FASTOPEN_KEY:
        *result = option_give(value, length, socket->fastopen_key, socket->fastopen_key_length);
        return true;
    case SEPTET_TCP_CC_INFO:
    case SEPTET_TCP_SAVED_SYN:
    case SEPTET_TCP_ULP:
        *result = 0;
        *length = 0;
        return true;
    case SEPTET_TCP_REPAIR:
    case SEPTET_TCP_IS_MPTCP:
        *result = give_int(value, length, 0);
        return true;
    case SEPTET_TCP_REPAIR_QUEUE:
    case SEPTET_TCP_QUEUE_SEQ:
    case SEPTET_TCP_ZEROCOPY_RECEIVE:
        *result = ERRNO(EINVAL);
        return true;
    case SEPTET_TCP_REPAIR_WINDOW:
        *result = ERRNO(EPERM);
        return true;
    default:
        return false;
    }
}

static bool get_of_ip(struct septet_sockets *sockets, const struct open_socket *socket, int option, void *value,
                      uint32_t *length, int *result)
{
    struct septet_tcp_info info;
    if (option == SEPTET_IP_OPTIONS) {
        *result = 0;
        *length = 0;
        return true;
    }
    if (option != SEPTET_IP_MTU && option != SEPTET_IPV6_MTU)
        return false;
    *result = ERRNO(ENOTCONN);
    if (is_stream(socket) && socket->phase == PHASE_CONNECTED &&
        septet_tcp_info(sockets->stack, socket->handle, &info) == SEPTET_OK)
        *result = give_int(value, length, (int)info.path_mtu);
    return true;
}

bool option_get_special(struct septet_sockets *sockets, struct open_socket *socket, int level, int option, void *value,
                        uint32_t *length, int *result)
{
    switch (level) {
    case SEPTET_SOL_SOCKET:
        return get_of_socket(sockets, socket, option, value, length, result);
    case SEPTET_SOL_TCP:
        return get_of_tcp(sockets, socket, option, value, length, result);
    case SEPTET_SOL_IP:
        return (option == SEPTET_IP_MTU || option == SEPTET_IP_OPTIONS) &&
               get_of_ip(sockets, socket, option, value, length, result);
    case SEPTET_SOL_IPV6:
        return option == SEPTET_IPV6_MTU && get_of_ip(sockets, socket, option, value, length, result);
    default:
        return false;
    }
}
