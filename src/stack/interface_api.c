#include "ip/address.h"
#include "ip/interface.h"
#include "ip/route.h"
#include "stack/stack.h"

/* The public functions about interfaces, addresses and routes: prefix lengths count bits of the family outside and
 * of 128 inside. */

#define IPV4_BITS 32
#define IPV6_BITS 128
#define NOT_A_PREFIX 255

static uint8_t prefix_inside(const struct septet_address *address, unsigned prefix_length)
{
    const bool ipv4 = septet_address_is_ipv4(address);
    if (prefix_length > (ipv4 ? IPV4_BITS : IPV6_BITS))
        return NOT_A_PREFIX;
    return (uint8_t)(prefix_length + (ipv4 ? IPV6_BITS - IPV4_BITS : 0));
}

int septet_interface_add(struct septet *stack, const struct septet_interface *interface)
{
    return ip_interface_add(&stack->ip, interface);
}

int septet_interface_mtu(struct septet *stack, unsigned interface, uint32_t mtu)
{
    return ip_interface_mtu(&stack->ip, interface, mtu);
}

int septet_address_add(struct septet *stack, unsigned interface, const struct septet_address *address,
                       unsigned prefix_length, bool skip_detection)
{
    const uint8_t prefix = prefix_inside(address, prefix_length);
    if (interface >= stack->ip.interface_count || prefix == NOT_A_PREFIX)
        return SEPTET_INVALID;
    return ip_address_add(&stack->ip, (uint16_t)interface, address, prefix, skip_detection, IP_ADDRESS_MANUAL, NULL);
}

int septet_address_remove(struct septet *stack, unsigned interface, const struct septet_address *address)
{
    return ip_address_remove(&stack->ip, interface, address);
}

bool septet_address_get(struct septet *stack, unsigned index, struct septet_address *address, unsigned *prefix_length,
                        unsigned *interface, unsigned *state)
{
    return ip_address_get(&stack->ip, index, address, prefix_length, interface, state);
}

int septet_route_add(struct septet *stack, const struct septet_address *prefix, unsigned prefix_length,
                     unsigned interface, const struct septet_address *gateway, uint32_t mtu)
{
    const uint8_t length = prefix_inside(prefix, prefix_length);
    if (length == NOT_A_PREFIX)
        return SEPTET_INVALID;
    return route_add(&stack->ip, prefix, length, interface, gateway, mtu);
}

int septet_route_remove(struct septet *stack, const struct septet_address *prefix, unsigned prefix_length,
                        const struct septet_address *gateway)
{
    const uint8_t length = prefix_inside(prefix, prefix_length);
    if (length == NOT_A_PREFIX)
        return SEPTET_NOT_FOUND;
    return route_remove(&stack->ip, prefix, length, gateway);
}
