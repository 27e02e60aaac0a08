#include "base/memory.h"
#include "ip/address.h"
#include "ip/arp.h"
#include "ip/ndp.h"

/* Steps of an address, each at ip_address.at:
 * IPv4, RFC 5227: after a random wait of up to PROBE_WAIT, PROBE_NUM probes that are PROBE_MIN to PROBE_MAX apart;
 * ANNOUNCE_WAIT after the last the address is ours, and announced ANNOUNCE_NUM times, ANNOUNCE_INTERVAL apart.
 * IPv6, RFC 4862 section 5.4: after a random wait of up to a second one solicitation; RetransTimer later it is ours. */
#define PROBE_WAIT SEPTET_SECOND
#define PROBE_NUM 3
#define PROBE_MIN SEPTET_SECOND
#define PROBE_MAX (2 * SEPTET_SECOND)
#define ANNOUNCE_WAIT (2 * SEPTET_SECOND)
#define ANNOUNCE_NUM 2
#define ANNOUNCE_INTERVAL (2 * SEPTET_SECOND)
#define DEFEND_INTERVAL (10 * SEPTET_SECOND)
#define SOLICITATION_DELAY SEPTET_SECOND

static int64_t random_time(struct ip_layer *ip, int64_t most)
{
    return random_below(&ip->core->random, (uint32_t)(most / SEPTET_MICROSECOND)) * SEPTET_MICROSECOND;
}

static void next_step(struct ip_layer *ip, struct ip_address *address, int64_t delay)
{
    address->at = ip->core->now + delay;
    ip_address_schedule(ip, address);
}

void detection_start(struct ip_layer *ip, uint32_t slot)
{
    struct ip_address *address = &ip->addresses[slot];
    const bool ipv4 = septet_address_is_ipv4(&address->address);
    address->step = 0;
    next_step(ip, address, random_time(ip, ipv4 ? PROBE_WAIT : SOLICITATION_DELAY));
}

static void step_ipv4(struct ip_layer *ip, uint32_t slot)
{
    struct ip_address *address = &ip->addresses[slot];
    address->at = SEPTET_NEVER;
    if (address->step < PROBE_NUM) {
        arp_probe(ip, address);
        address->step++;
        next_step(ip, address,
                  address->step < PROBE_NUM ? PROBE_MIN + random_time(ip, PROBE_MAX - PROBE_MIN) : ANNOUNCE_WAIT);
        return;
    }
    if (address->state == IP_ADDRESS_TENTATIVE)
        ip_address_state(ip, slot, IP_ADDRESS_USABLE);
    arp_announce(ip, address);
    address->step++;
    if (address->step < PROBE_NUM + ANNOUNCE_NUM)
        next_step(ip, address, ANNOUNCE_INTERVAL);
}

/* The nonce tells our own solicitation, looped back by the link, from somebody else's: RFC 7527. */
static void step_ipv6(struct ip_layer *ip, uint32_t slot)
{
    struct ip_address *address = &ip->addresses[slot];
    address->at = SEPTET_NEVER;
    if (address->step > 0) {
        ip_address_state(ip, slot, IP_ADDRESS_USABLE);
        return;
    }
    const uint64_t nonce = random_next(&ip->core->random);
    for (uint32_t i = 0; i < sizeof address->nonce; i++)
        address->nonce[i] = (uint8_t)(nonce >> 8 * i);
    ndp_probe(ip, address);
    address->step++;
    next_step(ip, address, ip->interfaces[address->interface].retrans_timer);
}

void detection_step(struct ip_layer *ip, uint32_t slot)
{
    if (septet_address_is_ipv4(&ip->addresses[slot].address))
        step_ipv4(ip, slot);
    else
        step_ipv6(ip, slot);
}

/* RFC 5227 section 2.4 (c): a server keeps its address, and says so not too often. */
static void defend(struct ip_layer *ip, struct ip_address *address)
{
    if (address->defended != 0 && ip->core->now - address->defended < DEFEND_INTERVAL)
        return;
    address->defended = ip->core->now;
    arp_announce(ip, address);
}

void detection_conflict(struct ip_layer *ip, uint32_t slot)
{
    struct ip_address *address = &ip->addresses[slot];
    if (address->state == IP_ADDRESS_TENTATIVE)
        ip_address_state(ip, slot, IP_ADDRESS_DUPLICATE);
    else if (address->state == IP_ADDRESS_USABLE && septet_address_is_ipv4(&address->address))
        defend(ip, address);
}
