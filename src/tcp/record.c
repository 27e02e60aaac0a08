#include "tcp/record.h"

#include "tcp/internal.h"

struct record *record_at(struct tcp *tcp, const struct flight *flight, uint32_t number)
{
    uint32_t length = sizeof(struct record);
    return (struct record *)(void *)stream_at(&flight->records, &tcp->core->pages, number << RECORD_SHIFT, &length);
}

/* Pages that records leave to what arrives: see reserved_pages() in receive.c. One record page may cost a table too. */
#define RECORDS_LEAVE 1

struct record *record_add(struct tcp *tcp, struct flight *flight)
{
    uint32_t length = sizeof(struct record);
    const bool fresh =
        flight->records.pages == 0 || ((flight->records_end << RECORD_SHIFT) & (tcp->core->pages.size - 1)) == 0;
    if (fresh && slab_available(&tcp->core->pages) < RECORDS_LEAVE + 2)
        return NULL;
    void *memory = stream_reserve(&flight->records, &tcp->core->pages, flight->records_end << RECORD_SHIFT, &length);
    if (memory == NULL)
        return NULL;
    flight->records_end++;
    struct record *record = memory;
    *record = (struct record){0};
    return record;
}

uint32_t record_find(struct tcp *tcp, const struct flight *flight, uint32_t seq)
{
    uint32_t low = flight->records_first, high = flight->records_end;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (seq_leq(record_at(tcp, flight, middle)->seq, seq))
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t record_bytes(const struct record *record, uint64_t mask)
{
    const uint32_t last = record_segments(record) - 1;
    const uint32_t short_last = (last + 1) * record->mss - record->length; /* wraps when a FIN follows whole segments */
    return count_bits_u64(mask) * record->mss - (mask >> last & 1 ? short_last : 0);
}

void record_release(struct tcp *tcp, struct flight *flight, uint32_t below)
{
    flight->records_first = below;
    stream_release(&flight->records, &tcp->core->pages, below << RECORD_SHIFT);
    if (seq_lt(flight->resend_hint, below))
        flight->resend_hint = below;
}
