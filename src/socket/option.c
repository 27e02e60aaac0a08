#include "socket/socket.h"

/* setsockopt() and getsockopt(): options that are one number stand in stored.def, the others in option_special.c. */

enum form { SWITCH, NUMBER, SPECIAL };

static const struct {
    int level, number;
    int32_t low, high;
    enum form form;
} table[STORED_COUNT] = {
#define STORED(name, level, initial, low, high, form) {SEPTET_##level, SEPTET_##name, low, high, form},
#include "socket/stored.def"
#undef STORED
};

int option_give(void *to, uint32_t *length, const void *value, size_t size)
{
    *length = (uint32_t)min_u64(*length, size);
    memcpy(to, value, *length);
    return 0;
}

/* Levels that this kind of socket knows. */
static bool level_known(const struct open_socket *socket, int level)
{
    switch (level) {
    case SEPTET_SOL_SOCKET:
    case SEPTET_SOL_IP:
        return true;
    case SEPTET_SOL_IPV6:
        return socket->family == SEPTET_AF_INET6;
    case SEPTET_SOL_TCP:
        return is_stream(socket);
    case SEPTET_SOL_UDP:
        return !is_stream(socket);
    default:
        return false;
    }
}

/* The place of an option; STORED_COUNT when there is none. */
static unsigned find(int level, int option)
{
    unsigned i = 0;
    while (i < STORED_COUNT && (table[i].level != level || table[i].number != option))
        i++;
    return i;
}

/* One byte is enough for the options of IPv4. */
static bool read_int(int level, const void *value, uint32_t length, int *number)
{
    if (length >= sizeof *number) {
        memcpy(number, value, sizeof *number);
        return true;
    }
    if (level != SEPTET_SOL_IP || length == 0)
        return false;
    *number = *(const uint8_t *)value;
    return true;
}

/* What is asked of an option's value beyond its range. */
static int check(const struct septet_sockets *sockets, const struct open_socket *socket, enum stored option, int value)
{
    const int state = stream_state(sockets, socket);
    switch (option) {
    case STORED_IP_TTL:
        return value == 0 ? ERRNO(EINVAL) : 0;
    case STORED_IPV6_V6ONLY:
        return socket->local_port != 0 ? ERRNO(EINVAL) : 0;
    case STORED_TCP_FASTOPEN:
        return state == SEPTET_TCP_CLOSE || state == SEPTET_TCP_LISTEN ? 0 : ERRNO(EINVAL);
    case STORED_TCP_FASTOPEN_CONNECT:
    case STORED_TCP_WINDOW_CLAMP:
        return (option == STORED_TCP_FASTOPEN_CONNECT || value == 0) && state != SEPTET_TCP_CLOSE ? ERRNO(EINVAL) : 0;
    default:
        return 0;
    }
}

static int32_t adjusted(const struct open_socket *socket, enum stored option, int value)
{
    const uint32_t buffer = socket->receive_buffer;
    switch (option) {
    case STORED_SO_RCVLOWAT:
        value = value < 0 ? INT32_MAX : value == 0 ? 1 : value;
        return buffer != 0 && (uint32_t)value > buffer / 2 ? (int32_t)(buffer / 2) : value;
    case STORED_TCP_LINGER2:
        return value < 0 ? -1 : value > 120 ? 120 : value;
    case STORED_IPV6_TCLASS:
        return value < 0 ? 0 : value;
    default:
        return value;
    }
}

static int set_stored(struct septet_sockets *sockets, struct open_socket *socket, unsigned index, const void *value,
                      uint32_t length)
{
    int number;
    if (!read_int(table[index].level, value, length, &number))
        return ERRNO(EINVAL);
    if (table[index].form == SWITCH)
        number = number != 0;
    const bool unset = table[index].number == SEPTET_TCP_MAXSEG && table[index].level == SEPTET_SOL_TCP && number == 0;
    if ((number < table[index].low || number > table[index].high) && !unset)
        return ERRNO(EINVAL);
    const int error = check(sockets, socket, (enum stored)index, number);
    if (error != 0)
        return error;
    socket->stored[index] = adjusted(socket, (enum stored)index, number);
    option_apply(sockets, socket, (enum stored)index);
    return 0;
}

/* Whether BSD has nothing to say any more about a connection that is over. */
static bool bsd_over(const struct septet_sockets *sockets, const struct open_socket *socket, int level)
{
    return sockets->config.bsd_options && level == SEPTET_SOL_TCP && socket->over;
}

int septet_sockets_setsockopt(struct septet_sockets *sockets, int fd, int level, int option, const void *value,
                              uint32_t length)
{
    int result;
    struct open_socket *socket = true_socket_of(sockets, fd, &result);
    if (socket == NULL)
        return result;
    if (value == NULL && length != 0)
        return ERRNO(EFAULT);
    if (!level_known(socket, level))
        return ERRNO(ENOPROTOOPT);
    if (bsd_over(sockets, socket, level))
        return ERRNO(ECONNRESET);
    if (option_set_special(sockets, socket, level, option, value, length, &result))
        return result;
    const unsigned index = find(level, option);
    if (index == STORED_COUNT)
        return ERRNO(ENOPROTOOPT);
    return set_stored(sockets, socket, index, value, length);
}

/* Numbers that are the stack's until they are set. */
static int32_t value_of(const struct septet_sockets *sockets, const struct open_socket *socket, unsigned index)
{
    const struct septet_config *config = &sockets->stack->core.config;
    const int32_t value = socket->stored[index];
    switch ((enum stored)index) {
    case STORED_TCP_KEEPIDLE:
        return value != 0 ? value : (int32_t)(config->tcp.keepalive_idle / SEPTET_SECOND);
    case STORED_TCP_KEEPINTVL:
        return value != 0 ? value : (int32_t)(config->tcp.keepalive_interval / SEPTET_SECOND);
    case STORED_TCP_KEEPCNT:
        return value != 0 ? value : config->tcp.keepalive_count;
    case STORED_TCP_SYNCNT:
        return value != 0 ? value : 6;
    case STORED_TCP_LINGER2:
        return value != 0 ? value : (int32_t)(config->tcp.fin_wait2_timeout / SEPTET_SECOND);
    case STORED_TCP_DEFER_ACCEPT:
        return value <= 0 ? 0 : seconds_of_timeouts((int)timeouts_in((uint32_t)value));
    case STORED_IP_TTL:
    case STORED_IPV6_UNICAST_HOPS:
        return value > 0 ? value : config->hop_limit;
    default:
        return value;
    }
}

/* BSD tells the bit that a switch has in its word of options. */
static int32_t bsd_value(const struct septet_sockets *sockets, unsigned index, int32_t value)
{
    static const struct {
        enum stored option;
        int32_t bit;
    } bits[] = {
        {STORED_SO_REUSEADDR, 0x4},   {STORED_SO_KEEPALIVE, 0x8},   {STORED_SO_DONTROUTE, 0x10},
        {STORED_SO_BROADCAST, 0x20},  {STORED_SO_OOBINLINE, 0x100}, {STORED_SO_REUSEPORT, 0x200},
        {STORED_SO_TIMESTAMP, 0x400}, {STORED_TCP_NODELAY, 0x4},    {STORED_TCP_CORK, 0x1000},
    };
    for (unsigned i = 0; i < sizeof bits / sizeof bits[0] && sockets->config.bsd_options && value != 0; i++)
        if (bits[i].option == index)
            return bits[i].bit;
    return value;
}

int septet_sockets_getsockopt(struct septet_sockets *sockets, int fd, int level, int option, void *value,
                              uint32_t *length)
{
    int result;
    struct open_socket *socket = true_socket_of(sockets, fd, &result);
    if (socket == NULL)
        return result;
    if (value == NULL || length == NULL)
        return ERRNO(EFAULT);
    if ((int32_t)*length < 0)
        return ERRNO(EINVAL);
    if (!level_known(socket, level))
        return level == SEPTET_SOL_IPV6 || level == SEPTET_SOL_TCP || level == SEPTET_SOL_UDP ? ERRNO(EOPNOTSUPP)
                                                                                              : ERRNO(ENOPROTOOPT);
    if (bsd_over(sockets, socket, level))
        return ERRNO(ECONNRESET);
    if (option_get_special(sockets, socket, level, option, value, length, &result))
        return result;
    const unsigned index = find(level, option);
    if (index == STORED_COUNT)
        return ERRNO(ENOPROTOOPT);
    const int32_t number = bsd_value(sockets, index, value_of(sockets, socket, index));
    if (level == SEPTET_SOL_IP && *length<sizeof number && * length> 0 && number >= 0 && number <= 255) {
        const uint8_t byte = (uint8_t)number;
        return option_give(value, length, &byte, sizeof byte);
    }
    return option_give(value, length, &number, sizeof number);
}
