#include "base/stream.h"

#include "base/arithmetic.h"
#include "base/memory.h"

/* Every level is a ring indexed by the low bits of the page number, so nothing
 * moves when `low` does. A page number has 32 - shift bits. At level 2 the number
 * is split into a group (index in the root) and an entry of the group's table.
 *
 * Invariants:
 * - span > 0 exactly when at least one data page exists, and then the page
 *   low + span - 1 exists. So releasing up to there leaves nothing behind.
 * - References inside [low, low + span) say what is there. Outside they are 0 inline and at level 2; a table
 *   of level 1 is not cleared when it is taken, so there they mean nothing.
 * - The span is limited so that no two groups of it share an entry of the root. */

static inline uint32_t number_mask(uint32_t shift) { return UINT32_MAX >> shift; }

/* Tables are pages, whose type is bytes: their entries are copied in and out. */
static inline uint32_t entry_get(const struct slab *pages, uint32_t table, uint32_t index)
{
    uint32_t reference;

    memcpy(&reference, (const uint8_t *)slab_at(pages, table) + index * sizeof reference, sizeof reference);
    return reference;
}

static inline void entry_set(const struct slab *pages, uint32_t table, uint32_t index, uint32_t reference)
{
    memcpy((uint8_t *)slab_at(pages, table) + index * sizeof reference, &reference, sizeof reference);
}

static inline uint32_t entry_mask(uint32_t shift) { return (UINT32_C(1) << (shift - 2)) - 1; }

static inline uint32_t group_of(uint32_t shift, uint32_t number)
{
    return (number & number_mask(shift)) >> (shift - 2) & entry_mask(shift);
}

/* Reference of the page with a number inside the span, 0 if missing. */
static inline uint32_t find_page(const struct stream *stream, const struct slab *pages, uint32_t number)
{
    uint32_t table = stream->slot[0];

    if (stream->levels == 0) {
        return stream->slot[number % STREAM_INLINE];
    }
    if (stream->levels == 2) {
        table = entry_get(pages, table, group_of(stream->shift, number));
        if (table == 0) {
            return 0;
        }
    }
    return entry_get(pages, table, number & entry_mask(stream->shift));
}

static inline bool in_span(const struct stream *stream, uint32_t number)
{
    return ((number - stream->low) & number_mask(stream->shift)) < stream->span;
}

static uint32_t top_of(const struct stream *stream)
{
    return (stream->low + stream->span - 1) & number_mask(stream->shift);
}

static uint32_t take(struct stream *stream, struct slab *pages)
{
    stream->pages++;
    return slab_take(pages);
}

static uint32_t take_table(struct stream *stream, struct slab *pages)
{
    uint32_t table = take(stream, pages);

    memset(slab_at(pages, table), 0, pages->size);
    return table;
}

static void give_back(struct stream *stream, struct slab *pages, uint32_t reference)
{
    stream->pages--;
    slab_return(pages, reference);
}

/* The extent that also covers a new page number. False if it is too large. */
static bool extend(const struct stream *stream, uint32_t number, uint32_t *low, uint32_t *span)
{
    const uint32_t shift = stream->shift;
    const uint32_t entries = entry_mask(shift) + 1;
    const uint32_t limit = min_u32((entries - 1) * entries + 1, (UINT32_C(1) << (31 - shift)) - 1);
    const uint32_t up = ((number - stream->low) & number_mask(shift)) + 1;
    const uint32_t down = ((stream->low - number) & number_mask(shift)) + stream->span;

    *low = stream->low;
    *span = max_u32(stream->span, up);
    if (up > stream->span && down < up) {
        *low = number;
        *span = down;
    }
    return *span <= limit;
}

static uint8_t levels_for(uint32_t shift, uint32_t span)
{
    if (span <= STREAM_INLINE) {
        return 0;
    }
    return span <= entry_mask(shift) + 1 ? 1 : 2;
}

/* Pages to take so that a missing page of this number can be put in at this level. */
static uint32_t pages_needed(const struct stream *stream, const struct slab *pages, uint32_t number, uint8_t levels)
{
    const uint32_t shift = stream->shift;
    const uint32_t group = group_of(shift, number);
    const uint32_t first = group_of(shift, stream->low), last = group_of(shift, top_of(stream));

    if (levels < 2) {
        return levels > stream->levels ? 2 : 1; /* the page, and the table if it is the first */
    }
    if (stream->levels == 2) {
        return entry_get(pages, stream->slot[0], group) == 0 ? 2 : 1;
    }
    return 2 + (stream->levels == 0 ? 1U : 0U) + (last != first ? 1U : 0U) +
           (group != first && group != last ? 1U : 0U);
}

static void inline_to_table(struct stream *stream, struct slab *pages)
{
    const uint32_t table = take(stream, pages);

    for (uint32_t i = 0; i < stream->span; i++) {
        const uint32_t number = stream->low + i;
        entry_set(pages, table, number & entry_mask(stream->shift), stream->slot[number % STREAM_INLINE]);
    }
    memset(stream->slot, 0, sizeof stream->slot);
    stream->slot[0] = table;
    stream->levels = 1;
}

/* The span of a stream with one table is about to cover more: what it did not cover before holds nothing. */
static void clear_new_entries(struct stream *stream, const struct slab *pages, uint32_t low, uint32_t span)
{
    for (uint32_t i = 0; i < span; i++) {
        const uint32_t number = low + i;

        if (in_span(stream, number)) {
            i += stream->span - 1;
        } else {
            entry_set(pages, stream->slot[0], number & entry_mask(stream->shift), 0);
        }
    }
}

/* The numbers in one table belong to one or two neighbouring groups. The table
 * becomes that of the lower group; what belongs to the upper one moves out. */
static void table_to_root(struct stream *stream, struct slab *pages)
{
    const uint32_t shift = stream->shift;
    const uint32_t lower = stream->slot[0];
    const uint32_t first = group_of(shift, stream->low), last = group_of(shift, top_of(stream));
    const uint32_t root = take_table(stream, pages);

    for (uint32_t i = stream->span; i <= entry_mask(shift); i++) {
        entry_set(pages, lower, (stream->low + i) & entry_mask(shift), 0);
    }
    entry_set(pages, root, first, lower);
    if (last != first) {
        const uint32_t upper = take_table(stream, pages);
        const uint32_t moved = (top_of(stream) & entry_mask(shift)) + 1;

        memcpy(slab_at(pages, upper), slab_at(pages, lower), moved * sizeof(uint32_t));
        memset(slab_at(pages, lower), 0, moved * sizeof(uint32_t));
        entry_set(pages, root, last, upper);
    }
    stream->slot[0] = root;
    stream->levels = 2;
}

/* Puts a new data page in; the levels suffice and the slab has enough. */
static uint32_t insert_page(struct stream *stream, struct slab *pages, uint32_t number)
{
    const uint32_t reference = take(stream, pages);
    uint32_t table = stream->slot[0];

    if (stream->levels == 0) {
        stream->slot[number % STREAM_INLINE] = reference;
        return reference;
    }
    if (stream->levels == 2) {
        const uint32_t group = group_of(stream->shift, number);
        table = entry_get(pages, stream->slot[0], group);
        if (table == 0) {
            table = take_table(stream, pages);
            entry_set(pages, stream->slot[0], group, table);
        }
    }
    entry_set(pages, table, number & entry_mask(stream->shift), reference);
    return reference;
}

/* Takes a missing page: either completely, with its tables, or not at all. */
static uint32_t add_page(struct stream *stream, struct slab *pages, uint32_t number)
{
    uint32_t low = number, span = 1;
    uint8_t levels;

    if (stream->span == 0) {
        if (slab_available(pages) == 0) {
            return 0;
        }
        stream->low = low;
        stream->span = span;
        return insert_page(stream, pages, number);
    }
    if (!extend(stream, number, &low, &span)) {
        return 0;
    }
    levels = levels_for(stream->shift, span);
    if (levels < stream->levels) {
        levels = stream->levels;
    }
    if (slab_available(pages) < pages_needed(stream, pages, number, levels)) {
        return 0;
    }
    if (levels > 0 && stream->levels == 0) {
        inline_to_table(stream, pages);
    }
    if (levels > 1 && stream->levels == 1) {
        table_to_root(stream, pages);
    }
    if (stream->levels == 1) {
        clear_new_entries(stream, pages, low, span);
    }
    stream->low = low;
    stream->span = span;
    return insert_page(stream, pages, number);
}

uint8_t *stream_reserve(struct stream *stream, struct slab *pages, uint32_t at, uint32_t *length)
{
    const uint32_t offset = at & (pages->size - 1);
    uint32_t number, reference;

    if (stream->span == 0) {
        stream->shift = (uint8_t)__builtin_ctz(pages->size);
    }
    number = at >> stream->shift;
    reference = in_span(stream, number) ? find_page(stream, pages, number) : 0;
    if (reference == 0) {
        reference = add_page(stream, pages, number);
        if (reference == 0) {
            return NULL;
        }
    }
    *length = min_u32(*length, pages->size - offset);
    return (uint8_t *)slab_at(pages, reference) + offset;
}

uint8_t *stream_at(const struct stream *stream, const struct slab *pages, uint32_t at, uint32_t *length)
{
    const uint32_t offset = at & (pages->size - 1);
    const uint32_t number = at >> stream->shift;
    uint32_t reference;

    *length = min_u32(*length, pages->size - offset);
    if (!in_span(stream, number)) {
        return NULL;
    }
    reference = find_page(stream, pages, number);
    return reference == 0 ? NULL : (uint8_t *)slab_at(pages, reference) + offset;
}

uint32_t stream_write(struct stream *stream, struct slab *pages, uint32_t at, const uint8_t *data, uint32_t length)
{
    uint32_t written = 0;

    while (written < length) {
        uint32_t piece = length - written;
        uint8_t *to = stream_reserve(stream, pages, at + written, &piece);

        if (to == NULL) {
            break;
        }
        memcpy(to, data + written, piece);
        written += piece;
    }
    return written;
}

void stream_read(const struct stream *stream, const struct slab *pages, uint32_t at, uint8_t *to, uint32_t length)
{
    uint32_t done = 0;

    while (done < length) {
        uint32_t piece = length - done;
        const uint8_t *from = stream_at(stream, pages, at + done, &piece);

        if (from != NULL) {
            memcpy(to + done, from, piece);
        } else {
            memset(to + done, 0, piece);
        }
        done += piece;
    }
}

static void release_inline(struct stream *stream, struct slab *pages, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *reference = &stream->slot[(stream->low + i) % STREAM_INLINE];

        if (*reference != 0) {
            give_back(stream, pages, *reference);
            *reference = 0;
        }
    }
}

static void release_in_table(struct stream *stream, struct slab *pages, uint32_t table, uint32_t number, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t index = (number + i) & entry_mask(stream->shift);
        const uint32_t reference = entry_get(pages, table, index);

        if (reference != 0) {
            give_back(stream, pages, reference);
            entry_set(pages, table, index, 0);
        }
    }
}

static void release_in_root(struct stream *stream, struct slab *pages, uint32_t count)
{
    const uint32_t entries = entry_mask(stream->shift) + 1;
    uint32_t number = stream->low, left = count;

    while (left > 0) {
        const uint32_t group = group_of(stream->shift, number);
        const uint32_t table = entry_get(pages, stream->slot[0], group);
        const uint32_t to_boundary = entries - (number & (entries - 1));
        const uint32_t piece = min_u32(left, to_boundary);

        if (table != 0) {
            release_in_table(stream, pages, table, number, piece);
            if (piece == to_boundary || count == stream->span) {
                give_back(stream, pages, table);
                entry_set(pages, stream->slot[0], group, 0);
            }
        }
        number += piece;
        left -= piece;
    }
}

/* Returns the lowest `count` page numbers, count <= span. */
static void release_lowest(struct stream *stream, struct slab *pages, uint32_t count)
{
    if (stream->levels == 0) {
        release_inline(stream, pages, count);
    } else if (stream->levels == 1) {
        release_in_table(stream, pages, stream->slot[0], stream->low, count);
    } else {
        release_in_root(stream, pages, count);
    }
    stream->low = (stream->low + count) & number_mask(stream->shift);
    stream->span -= count;
    if (stream->span == 0 && stream->levels > 0) {
        give_back(stream, pages, stream->slot[0]);
        stream->slot[0] = 0;
        stream->levels = 0;
    }
}

void stream_release(struct stream *stream, struct slab *pages, uint32_t before)
{
    const uint32_t mask = number_mask(stream->shift);
    const uint32_t count = ((before >> stream->shift) - stream->low) & mask;

    if (stream->span > 0 && count <= mask / 2) {
        release_lowest(stream, pages, min_u32(count, stream->span));
    }
}

void stream_clear(struct stream *stream, struct slab *pages) { release_lowest(stream, pages, stream->span); }

static void forget_page(struct stream *stream, struct slab *pages, uint32_t number)
{
    uint32_t table = stream->slot[0];

    if (stream->levels == 0) {
        stream->slot[number % STREAM_INLINE] = 0;
        return;
    }
    if (stream->levels == 2) {
        table = entry_get(pages, table, group_of(stream->shift, number));
    }
    entry_set(pages, table, number & entry_mask(stream->shift), 0);
}

/* Returns the tables of groups in which only numbers [low + keep, low + span) lay. */
static void forget_tables(struct stream *stream, struct slab *pages, uint32_t keep)
{
    const uint32_t last = group_of(stream->shift, stream->low + keep - 1);

    for (uint32_t i = keep; i < stream->span; i++) {
        const uint32_t group = group_of(stream->shift, stream->low + i);
        const uint32_t table = entry_get(pages, stream->slot[0], group);

        if (group != last && table != 0) {
            give_back(stream, pages, table);
            entry_set(pages, stream->slot[0], group, 0);
        }
    }
}

void stream_truncate(struct stream *stream, struct slab *pages, uint32_t from)
{
    const uint32_t mask = number_mask(stream->shift);
    const uint32_t first = (from >> stream->shift) + ((from & (pages->size - 1)) != 0);
    uint32_t keep = (first - stream->low) & mask;

    if (keep > mask / 2) {
        keep = 0;
    }
    if (stream->span == 0 || keep >= stream->span) {
        return;
    }
    while (keep > 0 && find_page(stream, pages, (stream->low + keep - 1) & mask) == 0) {
        keep--;
    }
    if (keep == 0) {
        stream_clear(stream, pages);
        return;
    }
    for (uint32_t i = keep; i < stream->span; i++) {
        const uint32_t number = (stream->low + i) & mask;
        const uint32_t reference = find_page(stream, pages, number);

        if (reference != 0) {
            give_back(stream, pages, reference);
            forget_page(stream, pages, number);
        }
    }
    if (stream->levels == 2) {
        forget_tables(stream, pages, keep);
    }
    stream->span = keep;
}
