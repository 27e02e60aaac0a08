#include "tcp/internal.h"

/* Active OPEN: RFC 9293 section 3.10.1. */

int tcp_connect(struct tcp *tcp, struct septet_tuple *tuple, const struct ip_path *path, septet_handle *handle)
{
    if (tuple->local_port == 0) {
        if (port_choose(tcp, tuple) == 0)
            return SEPTET_NO_PORTS;
    } else if (demux_find(tcp, tuple) != 0) {
        return SEPTET_ADDRESS_IN_USE;
    }
    struct connection *c = connection_new(tcp, tuple, &tcp->defaults, true);
    if (c == NULL)
        return SEPTET_NO_CONNECTIONS;
    COUNT(tcp->core, ActiveOpens);
    c->flags |= CONNECTION_ACTIVE | CONNECTION_ACCEPTED | CONNECTION_SEND_SYN;
    c->path = *path;
    c->iss = isn_make(tcp, tuple);
    c->snd_una = c->cwr_until = c->iss;
    c->ecn = tcp->config->ecn == SEPTET_ECN_ASK ? ECN_ON : 0;
    c->snd_nxt = c->snd_end = c->snd_sml = c->iss + 1;
    connection_state(tcp, c, SEPTET_STATE_syn_sent);
    tcp_mark_dirty(tcp, c);
    *handle = tcp_handle(tcp, c);
    return SEPTET_OK;
}
