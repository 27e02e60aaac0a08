#include "base/bytes.h"
#include "base/memory.h"
#include "wire/ip.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct septet_address septet_address_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct septet_address){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
}

bool septet_address_is_ipv4(const struct septet_address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool septet_address_equal(const struct septet_address *a, const struct septet_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool is_ipv6_low(const struct septet_address *address, uint8_t last)
{
    static const uint8_t zeros[15];
    return memcmp(address->bytes, zeros, sizeof zeros) == 0 && address->bytes[15] == last;
}

bool address_is_any(const struct septet_address *address)
{
    return is_ipv6_low(address, 0) || (septet_address_is_ipv4(address) && load32(address->bytes + 12) == 0);
}

bool address_is_multicast(const struct septet_address *address)
{
    return address->bytes[0] == 0xff || (septet_address_is_ipv4(address) && address->bytes[12] >> 4 == 14);
}

bool address_is_loopback(const struct septet_address *address)
{
    return is_ipv6_low(address, 1) || (septet_address_is_ipv4(address) && address->bytes[12] == 127);
}

bool address_is_link_local(const struct septet_address *address)
{
    if (septet_address_is_ipv4(address))
        return address->bytes[12] == 169 && address->bytes[13] == 254;
    return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

bool address_is_limited_broadcast(const struct septet_address *address)
{
    return septet_address_is_ipv4(address) && load32(address->bytes + 12) == 0xffffffff;
}

bool address_is_class_e(const struct septet_address *address)
{
    return septet_address_is_ipv4(address) && address->bytes[12] >> 4 == 15 && !address_is_limited_broadcast(address);
}

bool address_in_prefix(const struct septet_address *address, const struct septet_address *prefix, uint8_t prefix_length)
{
    uint32_t bits = prefix_length > 128 ? 128 : prefix_length;
    uint32_t whole = bits / 8;
    if (memcmp(address->bytes, prefix->bytes, whole) != 0)
        return false;
    if (bits % 8 == 0)
        return true;
    return (address->bytes[whole] ^ prefix->bytes[whole]) >> (8 - bits % 8) == 0;
}

/* RFC 4291 section 2.7.1. */
struct septet_address address_solicited_node(const struct septet_address *address)
{
    const uint8_t *bytes = address->bytes;
    return (struct septet_address){{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, bytes[13], bytes[14], bytes[15]}};
}

/* RFC 1112 section 6.4 and RFC 2464 section 7. */
void address_multicast_mac(const struct septet_address *address, uint8_t mac[6])
{
    const uint8_t *bytes = address->bytes;
    bool ipv4 = septet_address_is_ipv4(address);
    mac[0] = ipv4 ? 0x01 : 0x33;
    mac[1] = ipv4 ? 0x00 : 0x33;
    mac[2] = ipv4 ? 0x5e : bytes[12];
    mac[3] = ipv4 ? bytes[13] & 0x7f : bytes[13];
    mac[4] = bytes[14];
    mac[5] = bytes[15];
}
