#include "ip/reassembly.h"

#include "base/arithmetic.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "ip/icmp_output.h"
#include "wire/icmp.h"

#define LIFETIME_IPV4 (30 * SEPTET_SECOND)
#define LIFETIME_IPV6 (60 * SEPTET_SECOND)
#define DATAGRAM_MOST 65535
#define ECN_MASK 3
#define ECN_CE 3

static struct ip_reassembly *entry_at(const struct ip_layer *ip, uint32_t reference)
{
    return slab_at(&ip->reassemblies, reference);
}

static struct list *list_of(struct ip_layer *ip, const struct ip *header)
{
    return &ip->reassembling[header->version == 4 ? 0 : 1];
}

/* RFC 791: source, destination, protocol and identification; RFC 8200 leaves the protocol out. */
static uint64_t hash_of(const struct ip_layer *ip, const struct ip *header)
{
    const uint64_t words[5] = {
        load64(header->source.bytes),
        load64(header->source.bytes + 8),
        load64(header->destination.bytes),
        load64(header->destination.bytes + 8),
        (uint64_t)header->identification << 8 | (header->version == 4 ? header->protocol : 0),
    };
    return siphash13_words(&ip->table_key, words, 5);
}

static uint32_t *source_count(struct ip_layer *ip, const struct septet_address *source)
{
    const uint64_t words[2] = {load64(source->bytes), load64(source->bytes + 8)};
    return &ip->reassembly_sources[siphash13_words(&ip->table_key, words, 2) % IP_SOURCE_BUCKETS];
}

static bool same_datagram(const struct ip *a, const struct ip *b)
{
    return a->identification == b->identification && a->version == b->version &&
           (a->version == 6 || a->protocol == b->protocol) && septet_address_equal(&a->source, &b->source) &&
           septet_address_equal(&a->destination, &b->destination);
}

static uint32_t find(const struct ip_layer *ip, const struct ip *header)
{
    uint32_t reference = ip->reassembly_table[(uint32_t)hash_of(ip, header) & ip->reassembly_mask];
    while (reference != 0 && !same_datagram(&entry_at(ip, reference)->first, header))
        reference = entry_at(ip, reference)->hash_next;
    return reference;
}

static void discard_pages(struct ip_layer *ip, struct ip_reassembly *entry)
{
    ip->reassembly_pages -= entry->stream.pages;
    stream_clear(&entry->stream, &ip->core->pages);
}

static void remove_entry(struct ip_layer *ip, uint32_t reference)
{
    struct ip_reassembly *entry = entry_at(ip, reference);
    uint32_t *link = &ip->reassembly_table[(uint32_t)hash_of(ip, &entry->first) & ip->reassembly_mask];
    while (*link != reference)
        link = &entry_at(ip, *link)->hash_next;
    *link = entry->hash_next;
    discard_pages(ip, entry);
    list_remove(list_of(ip, &entry->first), &ip->reassemblies, reference);
    --*source_count(ip, &entry->first.source);
    slab_return(&ip->reassemblies, reference);
}

static void drop_datagram(struct ip_layer *ip, uint32_t reference, enum septet_drop reason)
{
    const struct ip_reassembly *entry = entry_at(ip, reference);
    if (!entry->abandoned)
        core_drop_packet(ip->core, reason, entry->first.protocol, entry->interface);
    remove_entry(ip, reference);
}

/* The oldest of both families; `spared` (may be 0) stays. */
static bool evict_oldest(struct ip_layer *ip, uint32_t spared)
{
    uint32_t oldest = 0;
    for (uint32_t family = 0; family < 2; family++) {
        uint32_t reference = ip->reassembling[family].first;
        if (reference != 0 && reference == spared)
            reference = list_link(&ip->reassemblies, reference)->next;
        if (reference != 0 && (oldest == 0 || entry_at(ip, reference)->deadline < entry_at(ip, oldest)->deadline))
            oldest = reference;
    }
    if (oldest == 0)
        return false;
    drop_datagram(ip, oldest, SEPTET_DROP_fragment_limit);
    return true;
}

static uint32_t make(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, bool multicast)
{
    uint32_t *source = source_count(ip, &header->source);
    if (*source >= max_u32(1, ip->reassemblies.total / 4))
        return 0;
    if (slab_available(&ip->reassemblies) == 0 && !evict_oldest(ip, 0))
        return 0;
    const uint32_t reference = slab_take(&ip->reassemblies);
    struct ip_reassembly *entry = entry_at(ip, reference);
    uint32_t *bucket = &ip->reassembly_table[(uint32_t)hash_of(ip, header) & ip->reassembly_mask];
    memset(entry, 0, offsetof(struct ip_reassembly, fragments));
    entry->hash_next = *bucket;
    entry->first = *header;
    entry->interface = frame->interface;
    entry->link_multicast = frame->link_multicast;
    entry->destination_multicast = multicast;
    entry->deadline = ip->core->now + (header->version == 4 ? LIFETIME_IPV4 : LIFETIME_IPV6);
    *bucket = reference;
    list_append(list_of(ip, header), &ip->reassemblies, reference);
    ++*source;
    return reference;
}

/* ---- which fragments have come ---- */

enum insertion { INSERTED, DUPLICATE, OVERLAP, FULL };

static enum insertion insert_range(struct ip_reassembly *entry, uint32_t start, uint32_t end)
{
    uint32_t low = 0, high = entry->count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (entry->fragments[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < entry->count && entry->fragments[low].start == start && entry->fragments[low].end == end)
        return DUPLICATE;
    if ((low > 0 && entry->fragments[low - 1].end > start) || (low < entry->count && entry->fragments[low].start < end))
        return OVERLAP;
    if (entry->count == IP_FRAGMENTS_MAX)
        return FULL;
    memmove(&entry->fragments[low + 1], &entry->fragments[low], (entry->count - low) * sizeof entry->fragments[0]);
    entry->fragments[low] = (struct ip_fragment){.start = (uint16_t)start, .end = (uint16_t)end};
    entry->count++;
    return INSERTED;
}

/* A datagram has one end, and nothing lies beyond it. */
static bool end_consistent(struct ip_reassembly *entry, const struct ip *header, uint32_t end)
{
    if (header->more_fragments)
        return entry->total == 0 || end <= entry->total;
    if (entry->total != 0)
        return entry->total == end;
    return entry->count == 0 || entry->fragments[entry->count - 1].end <= end;
}

static bool fragment_valid(const struct ip *header)
{
    const uint32_t room = DATAGRAM_MOST - (header->version == 4 ? header->header_length : 0u);
    return header->payload_length > 0 && header->fragment_offset <= room &&
           header->payload_length <= room - header->fragment_offset &&
           (!header->more_fragments || header->payload_length % 8 == 0);
}

static void abandon(struct ip_layer *ip, struct ip_reassembly *entry, enum septet_drop reason)
{
    core_drop_packet(ip->core, reason, entry->first.protocol, entry->interface);
    entry->abandoned = true;
    discard_pages(ip, entry);
}

/* Fragments may hold a quarter of the pages. */
static bool pages_available(struct ip_layer *ip, uint32_t reference, uint32_t length)
{
    const uint32_t most = max_u32(1, ip->core->pages.total / 4);
    const uint32_t needed = length / ip->core->pages.size + 2;
    while (ip->reassembly_pages + needed > most || slab_available(&ip->core->pages) < needed)
        if (!evict_oldest(ip, reference))
            return needed <= most && slab_available(&ip->core->pages) >= needed &&
                   ip->reassembly_pages + needed <= most;
    return true;
}

static bool store(struct ip_layer *ip, uint32_t reference, const struct ip_frame *frame, const struct ip *header)
{
    struct ip_reassembly *entry = entry_at(ip, reference);
    uint32_t done = 0;
    if (!pages_available(ip, reference, header->payload_length))
        return false;
    const uint32_t before = entry->stream.pages;
    while (done < header->payload_length) {
        uint32_t piece = header->payload_length - done;
        const uint8_t *from = ip_frame_piece(frame, header->header_length + done, &piece);
        if (from == NULL ||
            stream_write(&entry->stream, &ip->core->pages, header->fragment_offset + done, from, piece) < piece)
            break;
        done += piece;
    }
    ip->reassembly_pages += entry->stream.pages - before;
    return done == header->payload_length;
}

/* RFC 3168 section 5.3: CE in any fragment marks the datagram, but not one that is partly not ECN-capable. */
static bool merge_ecn(const struct ip_reassembly *entry, struct ip *header)
{
    if ((entry->ecn & 1 << ECN_CE) == 0)
        return true;
    if ((entry->ecn & 1) != 0)
        return false;
    header->traffic_class |= ECN_CE;
    return true;
}

/* The bytes that headers may take are copied out to be contiguous. */
static bool deliver(struct ip_layer *ip, struct ip_reassembly *entry, struct ip_delivery *delivery)
{
    const uint32_t head = min_u32(entry->total, IP_SCRATCH);
    uint32_t skip = 0, count = 0;
    delivery->ip = entry->first;
    stream_read(&entry->stream, &ip->core->pages, 0, ip->scratch, head);
    delivery->ip.header_length = 0;
    delivery->ip.payload_length = entry->total;
    delivery->ip.fragment_offset = 0;
    delivery->ip.more_fragments = false;
    if (entry->first.version == 6 &&
        ipv6_parse_chain(ip->scratch, entry->total, entry->first.protocol, &delivery->ip) != wire_none)
        return false;
    if (!merge_ecn(entry, &delivery->ip))
        return false;
    skip = delivery->ip.header_length;
    for (uint32_t at = head; at < entry->total; count++) {
        uint32_t piece = entry->total - at;
        ip->spans[count].data = stream_at(&entry->stream, &ip->core->pages, at, &piece);
        ip->spans[count].length = piece;
        at += piece;
    }
    delivery->header = NULL;
    delivery->transient = true;
    delivery->transport = ip->scratch + skip;
    delivery->transport_length = head - skip;
    delivery->payload_length = delivery->ip.payload_length;
    delivery->spans = ip->spans;
    delivery->span_count = count;
    delivery->link_multicast = entry->link_multicast;
    delivery->destination_multicast = entry->destination_multicast;
    ip->delivered = entry->stream;
    entry->stream = (struct stream){0};
    ip->reassembly_pages -= ip->delivered.pages;
    return true;
}

static bool finish(struct ip_layer *ip, uint32_t reference, struct ip_delivery *delivery)
{
    struct ip_reassembly *entry = entry_at(ip, reference);
    if (!deliver(ip, entry, delivery)) {
        drop_datagram(ip, reference, SEPTET_DROP_fragment_invalid);
        return false;
    }
    COUNT(ip->core, IpReasmOKs);
    remove_entry(ip, reference);
    return true;
}

static void refuse(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, enum septet_drop reason)
{
    core_drop_packet(ip->core, reason, header->protocol, frame->interface);
}

static bool insert(struct ip_layer *ip, uint32_t reference, const struct ip_frame *frame, const struct ip *header)
{
    struct ip_reassembly *entry = entry_at(ip, reference);
    const uint32_t end = header->fragment_offset + header->payload_length;
    const enum insertion insertion =
        end_consistent(entry, header, end) ? insert_range(entry, header->fragment_offset, end) : OVERLAP;
    if (insertion == DUPLICATE) {
        refuse(ip, frame, header, SEPTET_DROP_fragment_duplicate);
        return false;
    }
    if (insertion == OVERLAP) {
        abandon(ip, entry, SEPTET_DROP_fragment_overlap);
        return false;
    }
    if (insertion == FULL || !store(ip, reference, frame, header)) {
        abandon(ip, entry, SEPTET_DROP_fragment_limit);
        return false;
    }
    if (header->fragment_offset == 0) {
        entry->first = *header;
        entry->has_first = true;
    }
    if (!header->more_fragments)
        entry->total = end;
    entry->ecn |= (uint8_t)(1 << (header->traffic_class & ECN_MASK));
    entry->received += header->payload_length;
    return true;
}

bool reassembly_input(struct ip_layer *ip, const struct ip_frame *frame, const struct ip *header, bool multicast,
                      struct ip_delivery *delivery)
{
    COUNT(ip->core, IpReasmReqds);
    if (!fragment_valid(header)) {
        refuse(ip, frame, header, SEPTET_DROP_fragment_invalid);
        return false;
    }
    uint32_t reference = find(ip, header);
    if (reference == 0)
        reference = make(ip, frame, header, multicast);
    if (reference == 0) {
        refuse(ip, frame, header, SEPTET_DROP_fragment_limit);
        return false;
    }
    struct ip_reassembly *entry = entry_at(ip, reference);
    if (entry->abandoned) {
        refuse(ip, frame, header, SEPTET_DROP_fragment_overlap);
        return false;
    }
    if (!insert(ip, reference, frame, header))
        return false;
    if (entry->total == 0 || entry->received < entry->total)
        return false;
    return finish(ip, reference, delivery);
}

void reassembly_release(struct ip_layer *ip) { stream_clear(&ip->delivered, &ip->core->pages); }

int64_t reassembly_deadline(const struct ip_layer *ip)
{
    int64_t deadline = SEPTET_NEVER;
    for (uint32_t family = 0; family < 2; family++)
        if (ip->reassembling[family].first != 0)
            deadline = min_i64(deadline, entry_at(ip, ip->reassembling[family].first)->deadline);
    return deadline;
}

/* RFC 1122 section 3.3.2, RFC 8200 section 4.5: only whoever sent the first fragment can be told. */
static void report_timeout(struct ip_layer *ip, const struct ip_reassembly *entry)
{
    if (!entry->has_first || entry->abandoned)
        return;
    uint32_t length = min_u32(entry->first.payload_length, IP_SCRATCH);
    stream_read(&entry->stream, &ip->core->pages, 0, ip->scratch, length);
    const struct ip_delivery about = {
        .ip = entry->first,
        .transport = ip->scratch,
        .transport_length = length,
        .payload_length = length,
        .interface = entry->interface,
        .link_multicast = entry->link_multicast,
        .destination_multicast = entry->destination_multicast,
    };
    if (entry->first.version == 4)
        ip_send_error(ip, &about, ICMPV4_TIME_EXCEEDED, ICMPV4_REASSEMBLY_EXCEEDED, 0);
    else
        ip_send_error(ip, &about, ICMPV6_TIME_EXCEEDED, ICMPV6_REASSEMBLY_EXCEEDED, 0);
}

void reassembly_advance(struct ip_layer *ip)
{
    for (uint32_t family = 0; family < 2; family++) {
        uint32_t reference;
        while ((reference = ip->reassembling[family].first) != 0 &&
               entry_at(ip, reference)->deadline <= ip->core->now) {
            report_timeout(ip, entry_at(ip, reference));
            drop_datagram(ip, reference, SEPTET_DROP_fragment_timeout);
        }
    }
}
