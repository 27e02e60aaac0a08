#include "ip/interface.h"

#include "base/arithmetic.h"
#include "base/memory.h"
#include "ip/address.h"
#include "ip/mld.h"
#include "ip/ndp.h"
#include "ip/slaac.h"

#define MTU_LEAST 576
#define MTU_MOST 65535
#define REACHABLE_TIME (30 * SEPTET_SECOND) /* RFC 4861 section 10 */
#define RETRANS_TIMER SEPTET_SECOND

static bool link_valid(const struct septet_interface *link)
{
    static const uint8_t none[6];
    if (link->mtu < MTU_LEAST || link->mtu > MTU_MOST)
        return false;
    if (link->ethernet && ((link->mac[0] & 1) != 0 || memcmp(link->mac, none, sizeof none) == 0))
        return false;
    if ((link->offloads & ~(uint32_t)(SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO)) != 0)
        return false;
    return (link->offloads & SEPTET_OFFLOAD_TSO) == 0 || (link->offloads & SEPTET_OFFLOAD_CHECKSUM) != 0;
}

int ip_interface_add(struct ip_layer *ip, const struct septet_interface *link)
{
    if (!link_valid(link))
        return SEPTET_INVALID;
    if (ip->interface_count >= ip->core->config.interfaces || ip->interface_count >= IP_LOOP)
        return SEPTET_NO_INTERFACES;
    const uint16_t index = (uint16_t)ip->interface_count++;
    struct ip_interface *interface = &ip->interfaces[index];
    *interface = (struct ip_interface){
        .link = *link,
        .mtu_ipv6 = link->mtu,
        .reachable_time = REACHABLE_TIME,
        .retrans_timer = RETRANS_TIMER,
        .solicit_at = SEPTET_NEVER,
        .report_at = SEPTET_NEVER,
    };
    interface->link.name[sizeof link->name - 1] = '\0';
    if (link->autoconfigure && link->mtu >= IPV6_MTU_LEAST)
        slaac_link_local(ip, index, 0);
    return index;
}

int ip_interface_mtu(struct ip_layer *ip, unsigned interface, uint32_t mtu)
{
    if (interface >= ip->interface_count || mtu < MTU_LEAST || mtu > MTU_MOST)
        return SEPTET_INVALID;
    ip->interfaces[interface].link.mtu = mtu;
    ip->interfaces[interface].mtu_ipv6 = mtu;
    ip_paths_changed(ip);
    return SEPTET_OK;
}

uint32_t ip_interface_mtu_of(const struct ip_layer *ip, uint16_t interface, bool ipv4)
{
    const struct ip_interface *of = &ip->interfaces[interface];
    return ipv4 ? of->link.mtu : min_u32(of->mtu_ipv6, of->link.mtu);
}

void ip_interface_schedule(struct ip_layer *ip, const struct ip_interface *interface)
{
    ip->interface_at = min_i64(ip->interface_at, min_i64(interface->solicit_at, interface->report_at));
}

void ip_interface_advance(struct ip_layer *ip)
{
    const int64_t now = ip->core->now;
    ip->interface_at = SEPTET_NEVER;
    for (uint32_t i = 0; i < ip->interface_count; i++) {
        struct ip_interface *interface = &ip->interfaces[i];
        if (now >= interface->solicit_at)
            ndp_solicit_router(ip, (uint16_t)i);
        if (now >= interface->report_at)
            mld_report(ip, (uint16_t)i);
        ip_interface_schedule(ip, interface);
    }
}
