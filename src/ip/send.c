#include "base/bytes.h"
#include "ip/packet.h"
#include "wire/ethernet.h"

#define TOTAL_MOST 65535

/* RFC 7739 section 5.3: counters that only packets of a few pairs share, from a start that is the pair's own. */
static uint32_t next_identification(struct ip_layer *ip, const struct septet_address *source,
                                    const struct septet_address *destination)
{
    const uint64_t words[4] = {load64(source->bytes), load64(source->bytes + 8), load64(destination->bytes),
                               load64(destination->bytes + 8)};
    const uint64_t hash = siphash13_words(&ip->identification_key, words, 4);
    return (uint32_t)hash + ip->counters[(hash >> 32) % IP_COUNTERS]++;
}

uint16_t ip_identification(struct ip_layer *ip, const struct septet_address *source,
                           const struct septet_address *destination)
{
    return (uint16_t)next_identification(ip, source, destination);
}

static bool add_lengths(const struct septet_span *spans, uint32_t span_count, uint32_t *total)
{
    for (uint32_t i = 0; i < span_count; i++) {
        if (spans[i].length > TOTAL_MOST - *total)
            return false;
        *total += spans[i].length;
    }
    return true;
}

static void put_header(struct ip_layer *ip, struct ip_packet *packet, struct ip_fields *fields)
{
    const bool ipv4 = septet_address_is_ipv4(&fields->destination);
    fields->fragment_offset = 0;
    fields->more_fragments = false;
    fields->identification = 0;
    if (fields->ttl == 0)
        fields->ttl = ip->core->config.hop_limit;
    if (ipv4) {
        /* RFC 6864: what is never fragmented needs no identification, and tells none. */
        if (!fields->do_not_fragment)
            fields->identification = ip_identification(ip, &fields->source, &fields->destination);
        ipv4_build(packet->header, fields, packet->length);
    } else {
        ipv6_build(packet->header, fields, packet->length);
        if (packet->length + IPV6_HEADER > packet->mtu)
            packet->identification = next_identification(ip, &fields->source, &fields->destination);
    }
    packet->type = ipv4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
    packet->header_length = ipv4 ? IPV4_HEADER : IPV6_HEADER;
}

static uint32_t write_spans(struct ip_layer *ip, struct ip_packet *packet, uint32_t at, const struct septet_span *spans,
                            uint32_t span_count)
{
    for (uint32_t i = 0; i < span_count; i++) {
        packet_write(ip, packet, at, spans[i].data, spans[i].length);
        at += spans[i].length;
    }
    return at;
}

static bool too_long(const struct ip_fields *fields, const struct route_hop *hop, uint32_t total)
{
    const uint32_t header = septet_address_is_ipv4(&fields->destination) ? IPV4_HEADER : IPV6_HEADER;
    if (total > TOTAL_MOST - (header == IPV4_HEADER ? header : 0))
        return true;
    return fields->do_not_fragment && !hop->local && total + header > hop->mtu;
}

int ip_send_pieces(struct ip_layer *ip, const struct ip_fields *fields, const struct septet_span *spans,
                   uint32_t span_count, const struct septet_span *more, uint32_t more_count)
{
    struct ip_fields complete = *fields;
    struct route_hop hop;
    uint32_t total = 0, at = 0;
    int error = route_resolve(ip, &complete.source, &complete.destination, &hop);
    if (error != SEPTET_OK)
        return error;
    if (!add_lengths(spans, span_count, &total) || !add_lengths(more, more_count, &total) ||
        too_long(&complete, &hop, total))
        return SEPTET_MESSAGE_TOO_LONG;
    const uint32_t reference = packet_new(ip, total, false, &error);
    if (reference == 0)
        return error;
    struct ip_packet *packet = packet_at(ip, reference);
    packet->mtu = hop.mtu;
    put_header(ip, packet, &complete);
    at = write_spans(ip, packet, at, spans, span_count);
    write_spans(ip, packet, at, more, more_count);
    COUNT(ip->core, IpOutRequests);
    return packet_dispatch(ip, reference, &hop);
}

int ip_send(struct ip_layer *ip, const struct ip_fields *fields, const struct septet_span *spans, uint32_t span_count)
{
    return ip_send_pieces(ip, fields, spans, span_count, NULL, 0);
}
