#include "base/bytes.h"
#include "base/memory.h"
#include "tcp/internal.h"

struct reply *reply_add(struct tcp *tcp, const struct septet_tuple *tuple)
{
    if (tcp->replies_count == TCP_REPLIES) {
        tcp->core->drop[SEPTET_DROP_control_queue]++;
        return NULL;
    }
    struct reply *reply = &tcp->replies[(tcp->replies_first + tcp->replies_count++) % TCP_REPLIES];
    memset(reply, 0, sizeof *reply);
    reply->tuple = *tuple;
    reply->hop_limit = tcp->core->config.hop_limit;
    return reply;
}

struct reply *tcp_next_reply(struct tcp *tcp)
{
    if (tcp->replies_count == 0)
        return NULL;
    struct reply *reply = &tcp->replies[tcp->replies_first];
    tcp->replies_first = (tcp->replies_first + 1) % TCP_REPLIES;
    tcp->replies_count--;
    return reply;
}

void reply_path(struct reply *reply, uint32_t mtu)
{
    if (!(reply->flags & TCP_SYN))
        return;
    const uint32_t header = septet_address_is_ipv4(&reply->tuple.remote) ? IPV4_HEADER : IPV6_HEADER;
    const uint32_t mss = min_u32(load16(reply->options + 2), mtu - header - TCP_HEADER);
    store16(reply->options + 2, (uint16_t)mss);
}

void reply_refuse(struct tcp *tcp, const struct segment *segment, bool listened)
{
    const uint8_t blackhole = tcp->config->blackhole;
    const bool silent = listened ? blackhole == SEPTET_BLACKHOLE_ALL
                                 : blackhole >= SEPTET_BLACKHOLE_CLOSED ||
                                       (blackhole == SEPTET_BLACKHOLE_SYN && (segment->flags & TCP_SYN));
    if (!silent)
        reply_reset(tcp, segment);
}

void reply_reset(struct tcp *tcp, const struct segment *segment)
{
    if (segment->flags & TCP_RST)
        return;
    struct reply *reply = reply_add(tcp, segment->tuple);
    if (reply == NULL)
        return;
    if (segment->flags & TCP_ACK) {
        reply->seq = segment->ack;
        reply->flags = TCP_RST;
    } else {
        reply->ack =
            segment->seq + segment->length + ((segment->flags & TCP_SYN) != 0) + ((segment->flags & TCP_FIN) != 0);
        reply->flags = TCP_RST | TCP_ACK;
    }
    COUNT(tcp->core, OutRsts);
}
