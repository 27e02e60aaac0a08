#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/checksum.h"
#include "udp/socket.h"
#include "wire/icmp.h"
#include "wire/udp.h"

#define LENGTH_MOST 65535
#define UDP_SPANS 64
#define SEQUENCE 2            /* bytes of an echo's payload that stand in the ICMP header */
#define MULTICAST_HOP_LIMIT 1 /* RFC 1112 section 6.1 */

static uint64_t destination_hash(const struct udp_layer *udp, const struct septet_address *to, uint16_t port)
{
    const uint64_t words[3] = {load64(to->bytes), load64(to->bytes + 8), port};
    const uint64_t hash = siphash13_words(&udp->key, words, 3);
    return hash != 0 ? hash : 1;
}

bool udp_sent_to(const struct udp_layer *udp, const struct udp_socket *socket, const struct septet_address *to,
                 uint16_t port)
{
    const uint64_t hash = destination_hash(udp, to, port);
    for (uint32_t i = 0; i < UDP_RECENT; i++)
        if (socket->recent[i] == hash)
            return true;
    return false;
}

static void remember(const struct udp_layer *udp, struct udp_socket *socket, const struct septet_address *to,
                     uint16_t port)
{
    if (udp_sent_to(udp, socket, to, port))
        return;
    socket->recent[socket->recent_at] = destination_hash(udp, to, port);
    socket->recent_at = (uint16_t)((socket->recent_at + 1u) % UDP_RECENT);
}

static int check(const struct udp_layer *udp, const struct udp_socket *socket, const struct septet_address *to,
                 uint16_t port, size_t length)
{
    const bool ipv4 = septet_address_is_ipv4(to);
    const size_t most = LENGTH_MOST - UDP_HEADER - (ipv4 ? IPV4_HEADER : 0u);
    if (address_is_any(to) || (socket->protocol == SEPTET_UDP && port == 0) ||
        (socket->protocol == SEPTET_ICMP_ECHO && length < SEQUENCE))
        return SEPTET_INVALID;
    if (length > most)
        return SEPTET_MESSAGE_TOO_LONG;
    if (!socket->broadcast && ip_is_group(udp->ip, to) && !address_is_multicast(to))
        return SEPTET_INVALID;
    return SEPTET_OK;
}

/* What is sent: the caller's spans, the first without what goes into the header. */
struct payload {
    struct septet_span spans[1 + UDP_SPANS]; /* [0] is for the header */
    uint32_t count;                          /* header included */
    uint32_t length;
    const uint8_t *first; /* byte of the caller's */
};

static void put_udp(const struct udp_socket *socket, const struct ip_fields *fields, uint16_t port,
                    const struct payload *payload, uint8_t *header)
{
    const uint32_t length = payload->length;
    struct checksum checksum = {0};
    udp_build(header, socket->port, port, (uint16_t)(UDP_HEADER + length));
    ip_pseudo_checksum(&checksum, &fields->source, &fields->destination, PROTOCOL_UDP, UDP_HEADER + length);
    checksum_add(&checksum, header, UDP_HEADER);
    for (uint32_t i = 1; i < payload->count; i++)
        checksum_add(&checksum, payload->spans[i].data, payload->spans[i].length);
    const uint16_t sum = checksum_finish(&checksum);
    store16(header + 6, sum == 0 ? UINT16_MAX : sum);
}

static void put_echo(const struct udp_socket *socket, const struct ip_fields *fields, const struct payload *payload,
                     uint8_t *header)
{
    const bool ipv4 = septet_address_is_ipv4(&fields->destination);
    struct checksum checksum = {0};
    store16(header, (uint16_t)((ipv4 ? ICMPV4_ECHO_REQUEST : ICMPV6_ECHO_REQUEST) << 8));
    store16(header + 2, 0);
    store16(header + 4, socket->port);
    store16(header + 6, load16(payload->first));
    if (!ipv4)
        ip_pseudo_checksum(&checksum, &fields->source, &fields->destination, PROTOCOL_ICMPV6,
                           ICMP_HEADER + payload->length - SEQUENCE);
    checksum_add(&checksum, header, ICMP_HEADER);
    for (uint32_t i = 1; i < payload->count; i++)
        checksum_add(&checksum, payload->spans[i].data, payload->spans[i].length);
    store16(header + 2, checksum_finish(&checksum));
}

static struct ip_fields fields_of(const struct udp_socket *socket, const struct septet_address *to)
{
    struct ip_fields fields = {
        .destination = *to,
        .protocol = PROTOCOL_UDP,
        .traffic_class = socket->traffic_class,
        .ttl = socket->hop_limit,
    };
    if (!address_is_any(&socket->local))
        fields.source = socket->local;
    if (socket->protocol == SEPTET_ICMP_ECHO)
        fields.protocol = septet_address_is_ipv4(to) ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
    if (fields.ttl == 0 && address_is_multicast(to))
        fields.ttl = MULTICAST_HOP_LIMIT;
    return fields;
}

static int transmit(struct udp_layer *udp, const struct udp_socket *socket, const struct septet_address *to,
                    uint16_t port, struct payload *payload)
{
    uint8_t header[UDP_HEADER];
    struct ip_fields fields = fields_of(socket, to);
    const int error = ip_source(udp->ip, &fields.source, to);
    if (error != SEPTET_OK)
        return error;
    if (socket->protocol == SEPTET_UDP)
        put_udp(socket, &fields, port, payload, header);
    else
        put_echo(socket, &fields, payload, header);
    payload->spans[0] = (struct septet_span){.data = header, .length = sizeof header};
    return ip_send(udp->ip, &fields, payload->spans, payload->count);
}

static int gather(const struct udp_socket *socket, const struct septet_span *spans, uint32_t count,
                  struct payload *payload)
{
    const uint32_t skip = socket->protocol == SEPTET_ICMP_ECHO ? SEQUENCE : 0;
    uint64_t length = 0;
    payload->count = 1;
    for (uint32_t i = 0; i < count; i++) {
        length += spans[i].length;
        if (spans[i].length == 0)
            continue;
        if (payload->count > UDP_SPANS || length > LENGTH_MOST)
            return SEPTET_MESSAGE_TOO_LONG;
        payload->spans[payload->count++] = spans[i];
    }
    payload->length = (uint32_t)length;
    if (skip == 0)
        return SEPTET_OK;
    if (payload->count < 2 || payload->spans[1].length < skip)
        return SEPTET_INVALID;
    payload->first = payload->spans[1].data;
    payload->spans[1].data += skip;
    payload->spans[1].length -= skip;
    return SEPTET_OK;
}

int64_t udp_send(struct udp_layer *udp, septet_handle handle, const struct septet_address *to, uint16_t port,
                 const uint8_t *data, size_t length)
{
    const struct septet_span span = {.data = data, .length = (uint32_t)min_u64(length, UINT32_MAX)};
    return udp_send_spans(udp, handle, to, port, &span, 1);
}

int64_t udp_send_spans(struct udp_layer *udp, septet_handle handle, const struct septet_address *to, uint16_t port,
                       const struct septet_span *spans, uint32_t count)
{
    struct payload payload;
    struct udp_socket *socket = udp_socket_of(udp, handle);
    if (socket == NULL)
        return SEPTET_STALE;
    const int pending = udp_take_error(socket);
    if (pending != SEPTET_OK)
        return pending;
    int error = gather(socket, spans, count, &payload);
    if (error != SEPTET_OK)
        return error;
    error = check(udp, socket, to, port, payload.length);
    if (error != SEPTET_OK)
        return error;
    if (socket->protocol == SEPTET_ICMP_ECHO)
        port = socket->port;
    error = transmit(udp, socket, to, port, &payload);
    if (error == SEPTET_AGAIN || error == SEPTET_NO_PAGES)
        udp_block(udp, socket, error == SEPTET_NO_PAGES);
    if (error != SEPTET_OK)
        return error;
    remember(udp, socket, to, port);
    if (socket->protocol == SEPTET_UDP)
        COUNT(udp->core, UdpOutDatagrams);
    else
        COUNT(udp->core, IcmpOutMsgs);
    return payload.length;
}
