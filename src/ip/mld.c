#include "ip/mld.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "ip/address.h"
#include "ip/interface.h"
#include "ip/packet.h"
#include "wire/icmp.h"

#define RECORD 20
#define RECORDS_MOST 60 /* in 1280 bytes */
#define REPORTS_V1 8    /* groups told of at once to a querier of the first version */
#define MODE_IS_EXCLUDE 2
#define CHANGE_TO_INCLUDE 3
#define ROBUSTNESS 2
#define UNSOLICITED_INTERVAL_US 1000000
#define BETWEEN_PARTS (10 * SEPTET_MILLISECOND)
#define QUERY_V1 (16 + ICMP_HEADER)
#define QUERY_V2 (20 + ICMP_HEADER)

static const struct septet_address all_mldv2_routers = {{0xff, 2, [15] = 0x16}};

static void send(struct ip_layer *ip, uint16_t interface, uint8_t type, uint32_t rest, uint8_t *message,
                 uint32_t body_length, const struct septet_address *destination)
{
    /* Router alert (RFC 2711), and padding. */
    static const uint8_t options[8] = {PROTOCOL_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
    struct ip_fields fields = {.destination = *destination, .protocol = PROTOCOL_ICMPV6, .ttl = 1};
    /* RFC 3590: a link-local source, or none. */
    if (!source_on_link(ip, interface, &all_mldv2_routers, &fields.source) || !address_is_link_local(&fields.source))
        fields.source = (struct septet_address){{0}};
    icmp_build(message, type, 0, rest, body_length, &fields.source, destination);
    COUNT(ip->core, IcmpOutMsgs);
    packet_send_control(ip, interface, &fields, options, message, ICMP_HEADER + body_length, NULL);
}

static void put_record(uint8_t *to, uint8_t mode, const struct septet_address *group)
{
    store32(to, (uint32_t)mode << 24);
    memcpy(to + 4, group->bytes, sizeof group->bytes);
}

static bool is_member(const struct ip_address *address, uint16_t interface)
{
    return address->state != IP_ADDRESS_NONE && address->interface == interface &&
           !septet_address_is_ipv4(&address->address);
}

static void schedule(struct ip_layer *ip, struct ip_interface *interface, uint8_t reports, int64_t at)
{
    interface->reports = interface->reports > reports ? interface->reports : reports;
    interface->report_at = min_i64(interface->report_at, at);
    ip_interface_schedule(ip, interface);
}

void mld_joined(struct ip_layer *ip, uint16_t index)
{
    struct ip_interface *interface = &ip->interfaces[index];
    if (!interface->link.ethernet)
        return;
    interface->report_slot = 0;
    schedule(ip, interface, ROBUSTNESS, ip->core->now);
}

void mld_left(struct ip_layer *ip, uint16_t index, const struct septet_address *group)
{
    uint8_t message[ICMP_HEADER + RECORD];
    uint32_t slot;
    if (!ip->interfaces[index].link.ethernet)
        return;
    if (ip_local_find(ip, group, &slot) == IP_LOCAL_GROUP && ip->addresses[slot].interface == index)
        return;
    put_record(message + ICMP_HEADER, CHANGE_TO_INCLUDE, group);
    send(ip, index, ICMPV6_MLDV2_REPORT, 1, message, RECORD, &all_mldv2_routers);
}

/* RFC 9777 section 5.1.3: above 32767 a floating-point number. In ms. */
static uint32_t response_delay(uint32_t code)
{
    if (code < 32768)
        return code;
    return ((code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3);
}

bool mld_query(struct ip_layer *ip, const struct ip_delivery *delivery)
{
    const uint32_t length = delivery->payload_length;
    if (delivery->interface == IP_LOOP || !ip->interfaces[delivery->interface].link.ethernet ||
        !address_is_link_local(&delivery->ip.source) || delivery->ip.ttl != 1 || !delivery->ip.router_alert ||
        delivery->icmp.body_length < 16 || (length != QUERY_V1 && length < QUERY_V2))
        return false;
    struct septet_address group;
    memcpy(group.bytes, delivery->icmp.body, sizeof group.bytes);
    if (!address_is_any(&group) && ip_local_find(ip, &group, NULL) != IP_LOCAL_GROUP)
        return true;
    struct ip_interface *interface = &ip->interfaces[delivery->interface];
    const uint32_t code = delivery->icmp.rest >> 16;
    const uint32_t most = length == QUERY_V1 ? code : response_delay(code);
    interface->report_v1 = length == QUERY_V1;
    schedule(ip, interface, 1, ip->core->now + random_below(&ip->core->random, most + 1) * SEPTET_MILLISECOND);
    return true;
}

/* Groups from report_slot on, as many as one report holds; returns their count. */
static uint32_t collect(const struct ip_layer *ip, uint16_t index, uint8_t *records, uint32_t most, uint32_t *slot)
{
    uint32_t count = 0;
    for (; *slot < ip->address_high && count < most; ++*slot)
        if (is_member(&ip->addresses[*slot], index))
            put_record(records + count++ * RECORD, MODE_IS_EXCLUDE, &ip->addresses[*slot].group);
    return count;
}

static void report_v1(struct ip_layer *ip, uint16_t index, const uint8_t *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t message[ICMP_HEADER + 16];
        struct septet_address group;
        memcpy(group.bytes, records + i * RECORD + 4, sizeof group.bytes);
        memcpy(message + ICMP_HEADER, group.bytes, sizeof group.bytes);
        send(ip, index, ICMPV6_MLD_REPORT, 0, message, 16, &group);
    }
}

void mld_report(struct ip_layer *ip, uint16_t index)
{
    struct ip_interface *interface = &ip->interfaces[index];
    uint8_t message[ICMP_HEADER + RECORDS_MOST * RECORD];
    const uint32_t most = interface->report_v1 ? REPORTS_V1 : RECORDS_MOST;
    const uint32_t count = collect(ip, index, message + ICMP_HEADER, most, &interface->report_slot);
    if (interface->report_v1)
        report_v1(ip, index, message + ICMP_HEADER, count);
    else if (count > 0)
        send(ip, index, ICMPV6_MLDV2_REPORT, count, message, count * RECORD, &all_mldv2_routers);
    interface->report_at = SEPTET_NEVER;
    if (interface->report_slot < ip->address_high) {
        interface->report_at = ip->core->now + BETWEEN_PARTS;
        return;
    }
    interface->report_slot = 0;
    if (--interface->reports > 0)
        interface->report_at =
            ip->core->now + random_below(&ip->core->random, UNSOLICITED_INTERVAL_US) * SEPTET_MICROSECOND;
}
