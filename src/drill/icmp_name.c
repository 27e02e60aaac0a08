#include "drill/icmp_name.h"

#include "wire/icmp.h"

static const struct {
    const char *name;
    bool ipv6;
    uint8_t type;
} types[] = {
    {"echo_reply", false, ICMPV4_ECHO_REPLY},
    {"unreachable", false, ICMPV4_UNREACHABLE},
    {"source_quench", false, ICMPV4_SOURCE_QUENCH},
    {"redirect", false, ICMPV4_REDIRECT},
    {"echo_request", false, ICMPV4_ECHO_REQUEST},
    {"time_exceeded", false, ICMPV4_TIME_EXCEEDED},
    {"parameter_problem", false, ICMPV4_PARAMETER_PROBLEM},
    {"timestamp_request", false, ICMPV4_TIMESTAMP_REQUEST},
    {"timestamp", false, ICMPV4_TIMESTAMP_REQUEST},
    {"timestamp_reply", false, ICMPV4_TIMESTAMP_REPLY},
    {"information_request", false, ICMPV4_INFORMATION_REQUEST},
    {"information_reply", false, ICMPV4_INFORMATION_REPLY},
    {"address_mask_request", false, ICMPV4_MASK_REQUEST},
    {"address_mask_reply", false, ICMPV4_MASK_REPLY},
    {"unreachable", true, ICMPV6_UNREACHABLE},
    {"packet_too_big", true, ICMPV6_PACKET_TOO_BIG},
    {"time_exceeded", true, ICMPV6_TIME_EXCEEDED},
    {"parameter_problem", true, ICMPV6_PARAMETER_PROBLEM},
    {"echo_request", true, ICMPV6_ECHO_REQUEST},
    {"echo_reply", true, ICMPV6_ECHO_REPLY},
    {"redirect", true, ICMPV6_REDIRECT},
};

static const struct {
    const char *name;
    bool ipv6;
    uint8_t type, code;
} codes[] = {
    {"net_unreachable", false, ICMPV4_UNREACHABLE, ICMPV4_NET_UNREACHABLE},
    {"host_unreachable", false, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNREACHABLE},
    {"protocol_unreachable", false, ICMPV4_UNREACHABLE, ICMPV4_PROTOCOL_UNREACHABLE},
    {"port_unreachable", false, ICMPV4_UNREACHABLE, ICMPV4_PORT_UNREACHABLE},
    {"frag_needed", false, ICMPV4_UNREACHABLE, ICMPV4_FRAGMENTATION_NEEDED},
    {"source_route_failed", false, ICMPV4_UNREACHABLE, ICMPV4_SOURCE_ROUTE_FAILED},
    {"net_unknown", false, ICMPV4_UNREACHABLE, ICMPV4_NET_UNKNOWN},
    {"host_unknown", false, ICMPV4_UNREACHABLE, ICMPV4_HOST_UNKNOWN},
    {"source_host_isolated", false, ICMPV4_UNREACHABLE, ICMPV4_SOURCE_ISOLATED},
    {"net_prohibited", false, ICMPV4_UNREACHABLE, ICMPV4_NET_PROHIBITED},
    {"host_prohibited", false, ICMPV4_UNREACHABLE, ICMPV4_HOST_PROHIBITED},
    {"net_unreachable_for_tos", false, ICMPV4_UNREACHABLE, ICMPV4_NET_SERVICE},
    {"host_unreachable_for_tos", false, ICMPV4_UNREACHABLE, ICMPV4_HOST_SERVICE},
    {"packet_filtered", false, ICMPV4_UNREACHABLE, ICMPV4_ADMIN_PROHIBITED},
    {"administratively_prohibited", false, ICMPV4_UNREACHABLE, ICMPV4_ADMIN_PROHIBITED},
    {"precedence_violation", false, ICMPV4_UNREACHABLE, 14},
    {"precedence_cutoff", false, ICMPV4_UNREACHABLE, 15},
    {"ttl_exceeded", false, ICMPV4_TIME_EXCEEDED, ICMPV4_TTL_EXCEEDED},
    {"ttl", false, ICMPV4_TIME_EXCEEDED, ICMPV4_TTL_EXCEEDED},
    {"exc_ttl", false, ICMPV4_TIME_EXCEEDED, ICMPV4_TTL_EXCEEDED},
    {"reassembly", false, ICMPV4_TIME_EXCEEDED, ICMPV4_REASSEMBLY_EXCEEDED},
    {"exc_fragtime", false, ICMPV4_TIME_EXCEEDED, ICMPV4_REASSEMBLY_EXCEEDED},
    {"no_route", true, ICMPV6_UNREACHABLE, ICMPV6_NO_ROUTE},
    {"administratively_prohibited", true, ICMPV6_UNREACHABLE, ICMPV6_ADMIN_PROHIBITED},
    {"beyond_scope", true, ICMPV6_UNREACHABLE, ICMPV6_BEYOND_SCOPE},
    {"not_neighbour", true, ICMPV6_UNREACHABLE, ICMPV6_BEYOND_SCOPE},
    {"address_unreachable", true, ICMPV6_UNREACHABLE, ICMPV6_ADDRESS_UNREACHABLE},
    {"port_unreachable", true, ICMPV6_UNREACHABLE, ICMPV6_PORT_UNREACHABLE},
    {"policy_fail", true, ICMPV6_UNREACHABLE, ICMPV6_POLICY_FAILED},
    {"reject_route", true, ICMPV6_UNREACHABLE, ICMPV6_ROUTE_REJECTED},
    {"hop_limit_exceeded", true, ICMPV6_TIME_EXCEEDED, ICMPV6_HOP_LIMIT_EXCEEDED},
    {"exc_hoplimit", true, ICMPV6_TIME_EXCEEDED, ICMPV6_HOP_LIMIT_EXCEEDED},
    {"exc_fragtime", true, ICMPV6_TIME_EXCEEDED, ICMPV6_REASSEMBLY_EXCEEDED},
    {"erroneous_header", true, ICMPV6_PARAMETER_PROBLEM, ICMPV6_ERRONEOUS_FIELD},
    {"unknown_next_header", true, ICMPV6_PARAMETER_PROBLEM, ICMPV6_UNKNOWN_NEXT_HEADER},
    {"unknown_option", true, ICMPV6_PARAMETER_PROBLEM, ICMPV6_UNKNOWN_OPTION},
};

/* prefix_N */
static bool numbered(struct slice name, const char *prefix, uint8_t *number)
{
    int64_t value;
    const uint32_t length = slice_of(prefix).length;
    if (!slice_starts(name, prefix) || !drill_integer((struct slice){name.at + length, name.length - length}, &value) ||
        value < 0 || value > 255)
        return false;
    *number = (uint8_t)value;
    return true;
}

bool icmp_type_find(struct slice name, bool ipv6, uint8_t *type)
{
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].ipv6 == ipv6 && slice_is(name, types[i].name)) {
            *type = types[i].type;
            return true;
        }
    }
    return numbered(name, "type_", type);
}

bool icmp_code_find(struct slice name, bool ipv6, uint8_t type, uint8_t *code)
{
    *code = 0;
    if (name.length == 0)
        return true;
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].ipv6 == ipv6 && codes[i].type == type && slice_is(name, codes[i].name)) {
            *code = codes[i].code;
            return true;
        }
    }
    return numbered(name, "code_", code);
}

const char *icmp_type_name(bool ipv6, uint8_t type)
{
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].ipv6 == ipv6 && types[i].type == type)
            return types[i].name;
    return NULL;
}

const char *icmp_code_name(bool ipv6, uint8_t type, uint8_t code)
{
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].ipv6 == ipv6 && codes[i].type == type && codes[i].code == code)
            return codes[i].name;
    return NULL;
}
