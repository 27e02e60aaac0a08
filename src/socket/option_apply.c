#include "socket/socket.h"

/* Options that are the stack's affair: told to the handle, now or as soon as there is one. */

static const int32_t initials[STORED_COUNT] = {
#define STORED(name, level, initial, low, high, form) initial,
#include "socket/stored.def"
#undef STORED
};

void options_init(struct open_socket *socket) { memcpy(socket->stored, initials, sizeof initials); }

void options_inherit(struct open_socket *child, const struct open_socket *listener)
{
    memcpy(child->stored, listener->stored, sizeof child->stored);
    memcpy(child->device, listener->device, sizeof child->device);
    child->stored[STORED_TCP_FASTOPEN] = child->stored[STORED_TCP_DEFER_ACCEPT] = 0;
    child->linger_on = listener->linger_on;
    child->linger_seconds = listener->linger_seconds;
    child->receive_timeout = listener->receive_timeout;
    child->send_timeout = listener->send_timeout;
    child->pacing_rate = listener->pacing_rate;
    child->send_buffer = listener->send_buffer;
    child->receive_buffer = listener->receive_buffer;
}

/* Linux counts SYN-ACK timeouts: 1, 3, 7 ... seconds from a first one of 1 s up to 120 s. */
uint32_t timeouts_in(uint32_t seconds)
{
    uint32_t count = 0, period = 0, timeout = 1;
    while (period < seconds && count < 255) {
        period += timeout;
        timeout = min_u32(timeout * 2, 120);
        count++;
    }
    return count;
}

int seconds_of_timeouts(int count)
{
    int period = 0, timeout = 1;
    for (; count > 0; count--) {
        period += timeout;
        timeout = timeout >= 60 ? 120 : timeout * 2;
    }
    return period;
}

/* Options that the stack has too, in another unit. Some have no 0: that is what the stack was configured with. */
static const struct {
    enum stored option;
    unsigned core;
    int64_t unit;
    bool zero;
} plain[] = {
    {STORED_SO_KEEPALIVE, SEPTET_OPTION_KEEPALIVE, 1, true},
    {STORED_TCP_NODELAY, SEPTET_OPTION_NODELAY, 1, true},
    {STORED_TCP_CORK, SEPTET_OPTION_CORK, 1, true},
    {STORED_TCP_SYNCNT, SEPTET_OPTION_SYN_RETRIES, 1, true},
    {STORED_TCP_MAXSEG, SEPTET_OPTION_MAXSEG, 1, false},
    {STORED_TCP_KEEPCNT, SEPTET_OPTION_KEEPALIVE_COUNT, 1, false},
    {STORED_TCP_KEEPIDLE, SEPTET_OPTION_KEEPALIVE_IDLE, SEPTET_SECOND, false},
    {STORED_TCP_KEEPINTVL, SEPTET_OPTION_KEEPALIVE_INTERVAL, SEPTET_SECOND, false},
};

static bool translate_plain(const struct open_socket *socket, enum stored option, unsigned *core, int64_t *value)
{
    for (unsigned i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (plain[i].option == option) {
            *core = plain[i].core;
            *value = socket->stored[option] * plain[i].unit;
            return socket->stored[option] != 0 || plain[i].zero;
        }
    }
    return false;
}

/* The rest of what only streams have. */
static bool translate_stream(const struct septet_tcp_config *config, const struct open_socket *socket,
                             enum stored option, unsigned *core, int64_t *value)
{
    const int64_t stored = socket->stored[option];
    switch (option) {
    case STORED_TCP_LINGER2:
        *core = SEPTET_OPTION_FIN_WAIT_2;
        *value = stored < 0 ? SEPTET_MILLISECOND : stored == 0 ? config->fin_wait2_timeout : stored * SEPTET_SECOND;
        return true;
    case STORED_TCP_DEFER_ACCEPT:
        *core = SEPTET_OPTION_DEFER_ACCEPT;
        *value = min_u32(timeouts_in((uint32_t)max_i64(stored, 0)), 15);
        return true;
    case STORED_TCP_QUICKACK:
        *core = SEPTET_OPTION_QUICKACK;
        *value = stored & 1;
        return true;
    case STORED_TCP_CONGESTION:
        *core = SEPTET_OPTION_CONGESTION;
        *value = stored - 1;
        return stored != 0;
    case STORED_TCP_USER_TIMEOUT:
        *core = SEPTET_OPTION_USER_TIMEOUT;
        *value = stored == 0 ? config->user_timeout : stored * SEPTET_MILLISECOND;
        return true;
    case STORED_TCP_NOTSENT_LOWAT:
        *core = SEPTET_OPTION_NOTSENT_LOWAT;
        *value = (uint32_t)stored;
        return true;
    default:
        return translate_plain(socket, option, core, value);
    }
}

static bool translate(const struct septet_sockets *sockets, const struct open_socket *socket, enum stored option,
                      unsigned *core, int64_t *value)
{
    const struct septet_config *config = &sockets->stack->core.config;
    const bool ipv4 = socket->family == SEPTET_AF_INET || septet_address_is_ipv4(&socket->remote);
    const int64_t stored = socket->stored[option];
    switch (option) {
    case STORED_IP_TOS:
    case STORED_IPV6_TCLASS:
        *core = SEPTET_OPTION_TRAFFIC_CLASS;
        *value = max_i64(stored, 0);
        return ipv4 == (option == STORED_IP_TOS);
    case STORED_IP_TTL:
    case STORED_IPV6_UNICAST_HOPS:
        *core = SEPTET_OPTION_HOP_LIMIT;
        *value = stored <= 0 ? config->hop_limit : stored;
        return ipv4 == (option == STORED_IP_TTL);
    default:
        break;
    }
    if (is_stream(socket))
        return translate_stream(&config->tcp, socket, option, core, value);
    *core = option == STORED_SO_BROADCAST ? SEPTET_OPTION_BROADCAST : SEPTET_OPTION_ERROR_QUEUE;
    *value = option == STORED_SO_BROADCAST ? stored
                                           : socket->stored[STORED_IP_RECVERR] || socket->stored[STORED_IPV6_RECVERR];
    return option == STORED_SO_BROADCAST || option == STORED_IP_RECVERR || option == STORED_IPV6_RECVERR;
}

void option_apply(struct septet_sockets *sockets, struct open_socket *socket, enum stored option)
{
    unsigned core;
    int64_t value;
    if (socket->handle != 0 && translate(sockets, socket, option, &core, &value))
        (void)septet_option_set(sockets->stack, socket->handle, core, value); /* an end that has come is no error */
}

void buffers_apply(struct septet_sockets *sockets, struct open_socket *socket)
{
    const uint32_t share = is_stream(socket) && sockets->config.buffers_doubled ? 2 : 1;
    if (socket->handle == 0)
        return;
    if (socket->send_buffer != 0 && is_stream(socket))
        (void)septet_option_set(sockets->stack, socket->handle, SEPTET_OPTION_SEND_BUFFER, socket->send_buffer / share);
    if (socket->receive_buffer != 0)
        (void)septet_option_set(sockets->stack, socket->handle, SEPTET_OPTION_RECEIVE_BUFFER,
                                socket->receive_buffer / share);
    if (socket->pacing_rate != 0 && is_stream(socket))
        (void)septet_option_set(sockets->stack, socket->handle, SEPTET_OPTION_PACING_RATE,
                                (int64_t)socket->pacing_rate);
    if (is_stream(socket))
        (void)septet_option_set(sockets->stack, socket->handle, SEPTET_OPTION_LINGER,
                                !(socket->linger_on && socket->linger_seconds == 0));
}

void options_apply(struct septet_sockets *sockets, struct open_socket *socket)
{
    buffers_apply(sockets, socket);
    for (unsigned i = 0; i < STORED_COUNT; i++)
        if (socket->stored[i] != initials[i])
            option_apply(sockets, socket, (enum stored)i);
}
