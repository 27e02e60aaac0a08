#ifndef SEPTET_TCP_RECORD_H
#define SEPTET_TCP_RECORD_H

#include "tcp/tcp.h"

/* A transmission record: up to 64 segments of one super-segment, sent at one
 * time, each with a bit in three masks. Records are numbered and lie in order of
 * sequence number, which is also the order of first transmission. */
#define RECORD_SEGMENTS 64
#define RECORD_SHIFT 6
struct record {
    uint32_t seq;
    uint32_t length; /* sequence space: payload, and FIN if `fin` */
    uint16_t mss;    /* payload of each segment but the last */
    uint8_t fin;
    uint8_t app_limited;
    uint32_t delivered;           /* low bits of connection.delivered when sent */
    int64_t sent_at;              /* or RECORD_UNMEASURED */
    uint32_t delivered_before_us; /* sent_at less flight.delivered_at then */
    uint32_t first_before_us;     /* sent_at less flight.first_sent_at then */
    uint64_t sacked, lost, retransmitted;
    uint64_t spare; /* for the time of the last retransmission, RFC 8985 */
};
/* Sent again, in part or without being lost: its acknowledgment measures nothing (Karn, RFC 6298 section 3). */
#define RECORD_UNMEASURED (-1)
_Static_assert(sizeof(struct record) == 1 << RECORD_SHIFT, "records fill pages without a rest");

static inline uint32_t record_segments(const struct record *record)
{
    const uint32_t payload = record->length - record->fin;
    return payload <= record->mss ? 1 : (payload + record->mss - 1) / record->mss;
}
/* The mask with a bit for each of a record's segments. */
static inline uint64_t record_mask(const struct record *record)
{
    const uint32_t segments = record_segments(record);
    return segments == RECORD_SEGMENTS ? UINT64_MAX : (UINT64_C(1) << segments) - 1;
}
/* Sequence number where a segment begins, and (for the last one: with FIN) ends. */
static inline uint32_t record_start(const struct record *record, uint32_t segment)
{
    return record->seq + segment * record->mss;
}
static inline uint32_t record_end(const struct record *record, uint32_t segment)
{
    const uint32_t end = (segment + 1) * record->mss;
    return record->seq + (segment + 1 >= record_segments(record) ? record->length : end);
}

/* The record of a number within [records_first, records_end). */
struct record *record_at(struct tcp *tcp, const struct flight *flight, uint32_t number);
/* Adds a record behind the others; NULL when no page is free. Its contents are zero. */
struct record *record_add(struct tcp *tcp, struct flight *flight);
/* Number of the record that holds a sequence number within the flight. O(log n). */
uint32_t record_find(struct tcp *tcp, const struct flight *flight, uint32_t seq);
/* Bytes of the segments in a mask, a FIN counted as one. */
uint32_t record_bytes(const struct record *record, uint64_t mask);
/* Forgets the records below a number. */
void record_release(struct tcp *tcp, struct flight *flight, uint32_t below);

#endif
