/* One Ethernet frame through every parser of src/wire, each fed with what the one before it found. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint32_t read_all(const uint8_t *bytes, uint32_t length)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum += bytes[i];
    return sum;
}

static void read_tcp(const uint8_t *bytes, uint32_t length)
{
    struct tcp_header tcp;
    if (tcp_parse(bytes, length, &tcp) != wire_none)
        return;
    require(tcp.header_length >= TCP_HEADER && tcp.header_length <= length && tcp.flags <= 0xfff);
    struct tcp_options options;
    tcp_options_parse(bytes + TCP_HEADER, tcp.header_length - TCP_HEADER, (tcp.flags & TCP_SYN) != 0, &options);
    require(options.sack_count <= 4 && options.fastopen_length <= 16);
    char text[12];
    require(tcp_flags_format(tcp.flags, text) < sizeof text);
}

static void read_ndp(const struct icmp *icmp)
{
    uint32_t skipped = icmp->type == ICMPV6_ROUTER_ADVERTISEMENT ? 8 : 16;
    if (icmp->body_length < skipped)
        return;
    struct ndp_cursor cursor = {.at = icmp->body + skipped, .left = icmp->body_length - skipped};
    struct ndp_option option;
    while (ndp_option_next(&cursor, &option)) {
        require(option.length >= 8 && option.length % 8 == 0);
        read_all(option.bytes, option.length);
    }
}

static void read_icmp(const uint8_t *bytes, uint32_t length, const struct ip *ip)
{
    struct icmp icmp;
    struct icmp_quote quote;
    icmp_parse(bytes, length, ip, true, &icmp);
    if (icmp_parse(bytes, length, ip, false, &icmp) != wire_none)
        return;
    require(icmp.body + icmp.body_length == bytes + length);
    if (icmp_parse_quote(&icmp, ip->version, &quote) == wire_none) {
        require(quote.transport >= icmp.body && quote.transport_length >= 8);
        require(quote.transport_length <= (size_t)(icmp.body + icmp.body_length - quote.transport));
        read_all(quote.transport, quote.transport_length);
    }
    read_ndp(&icmp);
}

static void read_transport(const uint8_t *bytes, uint32_t length, const struct ip *ip)
{
    struct udp_header udp;
    read_all(bytes, length);
    if (ip->protocol == PROTOCOL_TCP)
        read_tcp(bytes, length);
    else if (ip->protocol == PROTOCOL_ICMP || ip->protocol == PROTOCOL_ICMPV6)
        read_icmp(bytes, length, ip);
    else if (ip->protocol == PROTOCOL_UDP && udp_parse(bytes, length, &udp) == wire_none)
        require(udp.length >= UDP_HEADER && udp.length <= length);
}

static void read_ip(const uint8_t *bytes, uint32_t length, bool six)
{
    struct ip ip;
    enum wire_error error = six ? ipv6_parse(bytes, length, &ip) : ipv4_parse(bytes, length, false, &ip);
    if (error != wire_none)
        return;
    require(ip.version == (six ? 6 : 4));
    require(ip.header_length >= (six ? IPV6_HEADER : IPV4_HEADER) && ip.header_length <= length);
    require(ip.payload_length <= length - ip.header_length);
    require(ip.next_header_at < ip.header_length && ip.unfragmentable < ip.header_length);
    require(ip.problem_code == 255 || (ip.problem_pointer < length && ip.payload_length == 0));
    const uint8_t *payload = bytes + ip.header_length;
    uint32_t payload_length = ip.payload_length;
    if (six && ip.fragmented) {
        if (ipv6_parse_chain(payload, payload_length, ip.protocol, &ip) != wire_none)
            return;
        require(ip.header_length <= payload_length && ip.payload_length <= payload_length - ip.header_length);
        payload += ip.header_length;
        payload_length = ip.payload_length;
    }
    read_transport(payload, payload_length, &ip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ethernet ethernet;
    struct arp arp;
    uint32_t length = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
    if (ethernet_parse(data, length, &ethernet) != wire_none)
        return 0;
    require(ethernet.header_length >= ETHERNET_HEADER && ethernet.header_length <= length);
    const uint8_t *payload = data + ethernet.header_length;
    length -= ethernet.header_length;
    /* The type is only a hint here, so that random inputs reach every parser. */
    if (ethernet.type == ETHERTYPE_ARP && arp_parse(payload, length, &arp) == wire_none)
        read_all(arp.target_ip, 4);
    read_ip(payload, length, false);
    read_ip(payload, length, true);
    return 0;
}
