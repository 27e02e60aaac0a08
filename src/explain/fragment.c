#include "explain/fragment.h"

#include "base/arithmetic.h"
#include "base/range_set.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 64
#define RANGES 64
#define HEADERS_MOST 1024u /* of a frame, before the payload of the IP header */
#define DATAGRAM_MOST 65535u
#define LIFETIME INT64_C(60000000000) /* as long as a host waits at most (RFC 8200 section 4.5) */
#define NO_END UINT32_MAX

/* A datagram of which pieces have come. */
struct slot {
    bool used;
    uint8_t version, protocol; /* protocol: for IPv6 what the first fragment names */
    uint32_t identification;
    uint64_t tunnel_key;
    struct septet_address source, destination;
    int64_t time;    /* of the first piece */
    uint32_t end;    /* of the payload, when the last piece is known */
    uint32_t known;  /* bytes from here on were cut off by the snap length */
    uint8_t *buffer; /* HEADERS_MOST bytes of room, then the payload */
    uint32_t room;   /* of these for the payload */
    struct range_set *ranges;
    uint32_t memory[2 + 2 * RANGES];
};

struct fragments {
    struct slot slots[SLOTS];
    uint32_t given; /* the slot whose buffer was given last */
    struct fragment_counts counts;
};

struct fragments *fragments_create(void)
{
    struct fragments *fragments = calloc(1, sizeof *fragments);
    if (fragments != NULL)
        fragments->given = SLOTS;
    return fragments;
}

void fragments_destroy(struct fragments *fragments)
{
    for (uint32_t i = 0; fragments != NULL && i < SLOTS; i++)
        free(fragments->slots[i].buffer);
    free(fragments);
}

static bool belongs(const struct slot *slot, const struct dissection *dissection)
{
    const struct ip *ip = &dissection->ip;
    return slot->used && slot->identification == ip->identification && slot->version == ip->version &&
           (ip->version == 6 || slot->protocol == ip->protocol) && slot->tunnel_key == dissection->tunnel_key &&
           septet_address_equal(&slot->source, &ip->source) &&
           septet_address_equal(&slot->destination, &ip->destination);
}

static void give_up(struct fragments *fragments, struct slot *slot)
{
    if (slot->used)
        fragments->counts.incomplete++;
    slot->used = false;
}

/* A slot that is free, or else the one that began first. Not the one whose buffer may be the frame at hand. */
static struct slot *take_slot(struct fragments *fragments, int64_t time, const struct dissection *dissection)
{
    struct slot *best = NULL;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &fragments->slots[i];
        if (i == fragments->given)
            continue;
        if (best == NULL || (best->used && (!slot->used || slot->time < best->time)))
            best = slot;
    }
    give_up(fragments, best);
    best->used = true;
    best->version = dissection->ip.version;
    best->protocol = dissection->ip.protocol;
    best->identification = dissection->ip.identification;
    best->tunnel_key = dissection->tunnel_key;
    best->source = dissection->ip.source;
    best->destination = dissection->ip.destination;
    best->time = time;
    best->end = NO_END;
    best->known = DATAGRAM_MOST;
    best->ranges = range_set_init(best->memory, sizeof best->memory);
    return best;
}

static struct slot *find_slot(struct fragments *fragments, int64_t time, const struct dissection *dissection)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &fragments->slots[i];
        if (!belongs(slot, dissection))
            continue;
        if (time - slot->time <= LIFETIME)
            return slot;
        give_up(fragments, slot);
    }
    return take_slot(fragments, time, dissection);
}

static bool make_room(struct slot *slot, uint32_t end)
{
    if (end <= slot->room)
        return true;
    uint32_t room = min_u32(DATAGRAM_MOST, max_u32(end, 2 * slot->room));
    uint8_t *buffer = realloc(slot->buffer, HEADERS_MOST + room);
    if (buffer == NULL)
        return false;
    slot->buffer = buffer;
    slot->room = room;
    return true;
}

/* What came first stays, as most hosts have it. */
static bool put(struct fragments *fragments, struct slot *slot, const uint8_t *payload, uint32_t captured,
                uint32_t start, uint32_t end)
{
    struct range gap = {start, start};
    uint32_t filled = 0;
    while (range_set_gap(slot->ranges, gap.end, end, &gap)) {
        for (uint32_t at = gap.start; at < gap.end; at++)
            slot->buffer[HEADERS_MOST + at] = at - start < captured ? payload[at - start] : 0;
        filled += gap.end - gap.start;
    }
    if (filled < end - start)
        fragments->counts.overlapping++;
    if (captured < end - start)
        slot->known = min_u32(slot->known, start + captured);
    return range_set_add(slot->ranges, start, end);
}

/* One fragment; true when it completes its datagram. */
static bool add(struct fragments *fragments, int64_t time, const uint8_t **bytes, uint32_t *length,
                struct dissection *dissection)
{
    const struct ip *ip = &dissection->ip;
    uint32_t headers = dissection->network + ip->header_length, start = ip->fragment_offset;
    fragments->counts.fragments++;
    if (ip->payload_length == 0 || ip->payload_length > DATAGRAM_MOST - start || headers > HEADERS_MOST)
        return false;
    struct slot *slot = find_slot(fragments, time, dissection);
    uint32_t end = start + ip->payload_length;
    if (start == 0)
        slot->protocol = ip->protocol;
    if (!ip->more_fragments)
        slot->end = end;
    if (!make_room(slot, end) || !put(fragments, slot, *bytes + headers, dissection->payload_captured, start, end)) {
        give_up(fragments, slot);
        return false;
    }
    if (slot->end == NO_END || !range_set_contains(slot->ranges, 0, slot->end))
        return false;
    uint8_t *frame = slot->buffer + HEADERS_MOST - headers;
    memcpy(frame, *bytes, headers);
    slot->used = false;
    fragments->given = (uint32_t)(slot - fragments->slots);
    fragments->counts.datagrams++;
    dissection->ip.protocol = slot->protocol;
    *bytes = frame;
    *length = headers + slot->end;
    dissect_reassembled(frame, headers + min_u32(slot->end, slot->known), headers + slot->end, dissection);
    return true;
}

bool fragments_add(struct fragments *fragments, int64_t time, const uint8_t **bytes, uint32_t *length,
                   struct dissection *dissection)
{
    bool complete = false;
    /* A tunnel's datagram that is whole may hold a fragment of one inside. */
    for (uint32_t depth = 0; dissection->fragment && depth < 8; depth++) {
        if (!add(fragments, time, bytes, length, dissection))
            return complete;
        complete = true;
    }
    return complete;
}

struct fragment_counts fragments_counts(const struct fragments *fragments)
{
    struct fragment_counts counts = fragments->counts;
    for (uint32_t i = 0; i < SLOTS; i++)
        counts.incomplete += fragments->slots[i].used;
    return counts;
}
