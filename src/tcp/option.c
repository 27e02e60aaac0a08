#include "tcp/cc.h"

/* Options of listeners and connections: option.def. */

static const struct {
    int64_t low, high;
} limits[SEPTET_OPTION_COUNT] = {
#define OPTION(name, low, high, text) {low, high},
#include "septet/option.def"
#undef OPTION
};

static void set_switch(struct connection_options *options, uint8_t bit, bool on)
{
    options->switches = (uint8_t)(on ? options->switches | bit : options->switches & ~bit);
}

static uint32_t to_milliseconds(int64_t ns) { return (uint32_t)((ns + 999999) / 1000000); }

static int store(struct connection_options *options, unsigned option, int64_t value)
{
    switch (option) {
    case SEPTET_OPTION_NODELAY:
        set_switch(options, SWITCH_NODELAY, value != 0);
        break;
    case SEPTET_OPTION_CORK:
        set_switch(options, SWITCH_CORK, value != 0);
        break;
    case SEPTET_OPTION_KEEPALIVE:
        set_switch(options, SWITCH_KEEPALIVE, value != 0);
        break;
    case SEPTET_OPTION_QUICKACK:
        set_switch(options, SWITCH_QUICKACK, value != 0);
        break;
    case SEPTET_OPTION_LINGER:
        set_switch(options, SWITCH_NO_LINGER, value == 0);
        break;
    case SEPTET_OPTION_KEEPALIVE_IDLE:
        options->keepalive_idle = to_milliseconds(value);
        break;
    case SEPTET_OPTION_KEEPALIVE_INTERVAL:
        options->keepalive_interval = to_milliseconds(value);
        break;
    case SEPTET_OPTION_KEEPALIVE_COUNT:
        options->keepalive_count = (uint8_t)value;
        break;
    case SEPTET_OPTION_USER_TIMEOUT:
        options->user_timeout = to_milliseconds(value);
        break;
    case SEPTET_OPTION_SEND_BUFFER:
        options->send_buffer = (uint32_t)value;
        break;
    case SEPTET_OPTION_RECEIVE_BUFFER:
        options->receive_buffer = (uint32_t)value;
        break;
    case SEPTET_OPTION_TRAFFIC_CLASS:
        options->traffic_class = (uint8_t)(value & 0xfc);
        break;
    case SEPTET_OPTION_HOP_LIMIT:
        options->hop_limit = (uint8_t)value;
        break;
    case SEPTET_OPTION_MAXSEG:
        options->maxseg = (uint16_t)value;
        break;
    case SEPTET_OPTION_CONGESTION:
        options->congestion = (uint8_t)value;
        break;
    case SEPTET_OPTION_PACING_RATE:
        options->pacing_rate = (uint64_t)value;
        break;
    case SEPTET_OPTION_NOTSENT_LOWAT:
        options->notsent_lowat = (uint32_t)value;
        break;
    case SEPTET_OPTION_DEFER_ACCEPT:
        options->defer_accept = (uint8_t)value;
        break;
    case SEPTET_OPTION_SYN_RETRIES:
        options->syn_retries = (uint8_t)value;
        break;
    case SEPTET_OPTION_FIN_WAIT_2:
        options->fin_wait_2 = to_milliseconds(value);
        break;
    default:
        return SEPTET_NO_SUCH_OPTION;
    }
    return SEPTET_OK;
}

static int load(const struct connection_options *options, unsigned option, int64_t *value)
{
    switch (option) {
    case SEPTET_OPTION_NODELAY:
        *value = (options->switches & SWITCH_NODELAY) != 0;
        break;
    case SEPTET_OPTION_CORK:
        *value = (options->switches & SWITCH_CORK) != 0;
        break;
    case SEPTET_OPTION_KEEPALIVE:
        *value = (options->switches & SWITCH_KEEPALIVE) != 0;
        break;
    case SEPTET_OPTION_QUICKACK:
        *value = (options->switches & SWITCH_QUICKACK) != 0;
        break;
    case SEPTET_OPTION_LINGER:
        *value = (options->switches & SWITCH_NO_LINGER) == 0;
        break;
    case SEPTET_OPTION_KEEPALIVE_IDLE:
        *value = options->keepalive_idle * SEPTET_MILLISECOND;
        break;
    case SEPTET_OPTION_KEEPALIVE_INTERVAL:
        *value = options->keepalive_interval * SEPTET_MILLISECOND;
        break;
    case SEPTET_OPTION_KEEPALIVE_COUNT:
        *value = options->keepalive_count;
        break;
    case SEPTET_OPTION_USER_TIMEOUT:
        *value = options->user_timeout * SEPTET_MILLISECOND;
        break;
    case SEPTET_OPTION_SEND_BUFFER:
        *value = options->send_buffer;
        break;
    case SEPTET_OPTION_RECEIVE_BUFFER:
        *value = options->receive_buffer;
        break;
    case SEPTET_OPTION_TRAFFIC_CLASS:
        *value = options->traffic_class;
        break;
    case SEPTET_OPTION_HOP_LIMIT:
        *value = options->hop_limit;
        break;
    case SEPTET_OPTION_MAXSEG:
        *value = options->maxseg;
        break;
    case SEPTET_OPTION_CONGESTION:
        *value = options->congestion;
        break;
    case SEPTET_OPTION_PACING_RATE:
        *value = (int64_t)options->pacing_rate;
        break;
    case SEPTET_OPTION_NOTSENT_LOWAT:
        *value = options->notsent_lowat;
        break;
    case SEPTET_OPTION_DEFER_ACCEPT:
        *value = options->defer_accept;
        break;
    case SEPTET_OPTION_SYN_RETRIES:
        *value = options->syn_retries;
        break;
    case SEPTET_OPTION_FIN_WAIT_2:
        *value = options->fin_wait_2 * SEPTET_MILLISECOND;
        break;
    default:
        return SEPTET_NO_SUCH_OPTION;
    }
    return SEPTET_OK;
}

/* What follows from a change for a living connection. */
static void apply(struct tcp *tcp, struct connection *c, unsigned option)
{
    switch (option) {
    case SEPTET_OPTION_KEEPALIVE:
    case SEPTET_OPTION_KEEPALIVE_IDLE:
        timer_idle_state(tcp, c);
        break;
    case SEPTET_OPTION_CONGESTION:
        congestion_of(c)->init(tcp, c);
        break;
    case SEPTET_OPTION_USER_TIMEOUT:
        if (c->resend_kind == RESEND_RETRANSMIT || c->resend_kind == RESEND_PERSIST)
            timer_resend(tcp, c, c->resend_kind, c->resend_at);
        break;
    case SEPTET_OPTION_MAXSEG:
        if (c->mss_peer != 0)
            connection_mss(tcp, c);
        break;
    case SEPTET_OPTION_SEND_BUFFER:
    case SEPTET_OPTION_NOTSENT_LOWAT:
        tell_writable(tcp, c);
        break;
    case SEPTET_OPTION_RECEIVE_BUFFER:
        if (state_synchronized(c->state))
            receive_consumed(tcp, c);
        break;
    case SEPTET_OPTION_NODELAY:
    case SEPTET_OPTION_CORK:
    case SEPTET_OPTION_QUICKACK:
    case SEPTET_OPTION_PACING_RATE:
        tcp_mark_dirty(tcp, c);
        break;
    default:
        break;
    }
    if (c->state == SEPTET_STATE_syn_sent &&
        (c->flags & (CONNECTION_SEND_SYN | CONNECTION_SYN_RETRANSMITTED)) == CONNECTION_SEND_SYN)
        c->rcv_wscale = window_scale_for(tcp, c->options.receive_buffer); /* the SYN has not left yet */
}

int tcp_option_set(struct tcp *tcp, septet_handle handle, unsigned option, int64_t value)
{
    struct connection *c = connection_of(tcp, handle);
    struct listener *listener = listener_of(tcp, handle);
    if (c == NULL && listener == NULL)
        return SEPTET_STALE;
    if (option >= SEPTET_OPTION_COUNT)
        return SEPTET_NO_SUCH_OPTION;
    if (value < limits[option].low || value > limits[option].high)
        return SEPTET_INVALID;
    if (option == SEPTET_OPTION_MAXSEG && value < tcp->config->mss_minimum)
        return SEPTET_INVALID;
    if (option == SEPTET_OPTION_BACKLOG && listener != NULL) {
        listener->backlog = (uint32_t)value;
        return SEPTET_OK;
    }
    const int error = store(c != NULL ? &c->options : &listener->options, option, value);
    if (error == SEPTET_OK && c != NULL && c->state != SEPTET_STATE_closed)
        apply(tcp, c, option);
    return error;
}

int tcp_option_get(struct tcp *tcp, septet_handle handle, unsigned option, int64_t *value)
{
    const struct connection *c = connection_of(tcp, handle);
    const struct listener *listener = listener_of(tcp, handle);
    if (c == NULL && listener == NULL)
        return SEPTET_STALE;
    if (option == SEPTET_OPTION_BACKLOG && listener != NULL) {
        *value = listener->backlog;
        return SEPTET_OK;
    }
    return load(c != NULL ? &c->options : &listener->options, option, value);
}
