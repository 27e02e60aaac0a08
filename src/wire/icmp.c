#include "wire/icmp.h"

#include "base/bytes.h"
#include "base/checksum.h"

enum wire_error icmp_parse(const uint8_t *bytes, uint32_t length, const struct ip *ip, bool verify, struct icmp *icmp)
{
    if (length < ICMP_HEADER)
        return wire_truncated;
    if (verify) {
        struct checksum checksum = {0};
        if (ip->version == 6)
            ip_pseudo_checksum(&checksum, &ip->source, &ip->destination, PROTOCOL_ICMPV6, length);
        checksum_add(&checksum, bytes, length);
        if (checksum_finish(&checksum) != 0)
            return wire_checksum;
    }
    icmp->type = bytes[0];
    icmp->code = bytes[1];
    icmp->rest = load32(bytes + 4);
    icmp->body = bytes + ICMP_HEADER;
    icmp->body_length = length - ICMP_HEADER;
    return wire_none;
}

void icmp_build(uint8_t *bytes, uint8_t type, uint8_t code, uint32_t rest, uint32_t body_length,
                const struct septet_address *source, const struct septet_address *destination)
{
    uint32_t length = ICMP_HEADER + body_length;
    bytes[0] = type;
    bytes[1] = code;
    store16(bytes + 2, 0);
    store32(bytes + 4, rest);
    struct checksum checksum = {0};
    if (!septet_address_is_ipv4(destination))
        ip_pseudo_checksum(&checksum, source, destination, PROTOCOL_ICMPV6, length);
    checksum_add(&checksum, bytes, length);
    store16(bytes + 2, checksum_finish(&checksum));
}
