#include "base/bytes.h"
#include "wire/dissect_walk.h"

#define RADIOTAP_LEAST 8
#define RADIOTAP_TSFT 0x01u
#define RADIOTAP_FLAGS 0x02u
#define RADIOTAP_MORE 0x80000000u
#define RADIOTAP_FLAG_PADDED 0x20
#define PRISM_HEADER 144
#define PPI_LEAST 8

#define WIFI_HEADER 24
#define WIFI_DATA 2
#define WIFI_TO_DS 0x01
#define WIFI_FROM_DS 0x02
#define WIFI_PROTECTED 0x40
#define WIFI_ORDER 0x80
#define WIFI_NO_DATA 0x4
#define WIFI_QOS 0x8
#define WIFI_QOS_A_MSDU 0x80
#define A_MSDU_HEADER 14

static uint32_t little32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* `padded`: some cards round the header up to four bytes. */
static bool read_data_frame(struct walk *walk, bool padded)
{
    const uint8_t *header = walk->bytes + walk->at;
    if (walk_left(walk) < WIFI_HEADER)
        return walk_stop(walk, wire_truncated);
    uint8_t type = header[0] >> 2 & 3, subtype = header[0] >> 4, flags = header[1];
    uint32_t length = WIFI_HEADER, qos_at = 0;
    if (type != WIFI_DATA)
        return walk_take(walk, layer_wlan, length) && false;
    if ((flags & (WIFI_TO_DS | WIFI_FROM_DS)) == (WIFI_TO_DS | WIFI_FROM_DS))
        length += 6;
    if (subtype & WIFI_QOS) {
        qos_at = length;
        length += flags & WIFI_ORDER ? 6 : 2;
    }
    if (padded)
        length = (length + 3u) & ~3u;
    bool encrypted = (flags & WIFI_PROTECTED) != 0;
    bool aggregate = qos_at != 0 && walk_left(walk) > qos_at && (header[qos_at] & WIFI_QOS_A_MSDU) != 0;
    if (aggregate && !encrypted)
        length += A_MSDU_HEADER; /* of the first packet; the others are not read */
    if (!walk_take(walk, layer_wlan, length))
        return false;
    if (encrypted)
        return walk_stop(walk, wire_unsupported);
    return (subtype & WIFI_NO_DATA) == 0 && walk_to(walk, read_llc);
}

bool read_wifi(struct walk *walk) { return read_data_frame(walk, false); }

static bool read_padded_wifi(struct walk *walk) { return read_data_frame(walk, true); }

/* Whether the flags of a radiotap header tell of padding. Fields stand behind the bit maps, each aligned to its size:
 * a time stamp of eight bytes comes before the flags. */
static bool is_padded(const uint8_t *header, uint32_t length)
{
    uint32_t present = little32(header + 4), at = 8;
    for (uint32_t map = present; map & RADIOTAP_MORE; at += 4) {
        if (at + 4 > length)
            return false;
        map = little32(header + at);
    }
    if (present & RADIOTAP_TSFT)
        at = ((at + 7u) & ~7u) + 8;
    return (present & RADIOTAP_FLAGS) != 0 && at < length && (header[at] & RADIOTAP_FLAG_PADDED) != 0;
}

bool read_radiotap(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    if (walk_left(walk) < RADIOTAP_LEAST)
        return walk_stop(walk, wire_truncated);
    uint32_t length = (uint32_t)header[3] << 8 | header[2];
    if (header[0] != 0 || length < RADIOTAP_LEAST)
        return walk_stop(walk, wire_header_length);
    return walk_take(walk, layer_radiotap, length) &&
           walk_to(walk, is_padded(header, length) ? read_padded_wifi : read_wifi);
}

/* AVS headers begin with a magic number and their length; those of Prism cards have one size. A driver may leave
 * either away. */
bool read_prism(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    if (walk_left(walk) < 8)
        return walk_stop(walk, wire_truncated);
    if ((load32(header) & 0xfffff000u) == 0x80211000u)
        return walk_take(walk, layer_prism, load32(header + 4)) && walk_to(walk, read_wifi);
    bool prism = little32(header) == 0x44 || load32(header) == 0x44 || little32(header) == 0x41;
    return walk_take(walk, layer_prism, prism ? PRISM_HEADER : 0) && walk_to(walk, read_wifi);
}

/* The link type of what follows is in the header; a header within itself is none. */
bool read_ppi(struct walk *walk)
{
    const uint8_t *header = walk->bytes + walk->at;
    if (walk_left(walk) < PPI_LEAST)
        return walk_stop(walk, wire_truncated);
    uint32_t length = (uint32_t)header[3] << 8 | header[2];
    bool (*next)(struct walk *) = link_reader(little32(header + 4));
    if (length < PPI_LEAST)
        return walk_stop(walk, wire_header_length);
    return walk_take(walk, layer_ppi, length) && next != NULL && next != read_ppi && walk_to(walk, next);
}
