#include "base/memory.h"
#include "explain/flow.h"

#include <stdlib.h>

#define SLOTS_LEAST 1024u

bool table_init(struct table *table, const uint64_t key[2])
{
    memset(table, 0, sizeof *table);
    table->key = (struct siphash_key){{key[0], key[1]}};
    table->slots = calloc(SLOTS_LEAST, sizeof *table->slots);
    table->slot_mask = SLOTS_LEAST - 1;
    table->memory = SLOTS_LEAST * sizeof *table->slots;
    return table->slots != NULL;
}

void table_end(struct table *table)
{
    for (uint32_t i = 0; i < table->chunk_count; i++)
        free(table->chunks[i]);
    free(table->chunks);
    free(table->slots);
}

struct entry *table_at(const struct table *table, uint32_t index)
{
    return &table->chunks[index / ENTRIES_IN_CHUNK][index % ENTRIES_IN_CHUNK];
}

/* The same for both directions. */
static uint64_t hash_ends(const struct table *table, const struct septet_address *a, uint16_t a_port,
                          const struct septet_address *b, uint16_t b_port)
{
    uint64_t words[6];
    const int order = memcmp(a, b, sizeof *a);
    const bool swapped = order > 0 || (order == 0 && a_port > b_port);
    memcpy(words, swapped ? b : a, sizeof *a);
    memcpy(words + 2, swapped ? a : b, sizeof *a);
    words[4] = swapped ? (uint64_t)b_port << 16 | a_port : (uint64_t)a_port << 16 | b_port;
    return siphash13_words(&table->key, words, 5);
}

static bool is_from(const struct entry *entry, const struct dissection *d, unsigned side)
{
    return entry->port[side] == d->tcp.source_port && entry->port[!side] == d->tcp.destination_port &&
           septet_address_equal(&entry->address[side], &d->ip.source) &&
           septet_address_equal(&entry->address[!side], &d->ip.destination);
}

/* The slot where the two ends are, or where they would be. */
static uint32_t *find_slot(const struct table *table, const struct dissection *d, uint8_t *side)
{
    uint32_t at =
        (uint32_t)hash_ends(table, &d->ip.source, d->tcp.source_port, &d->ip.destination, d->tcp.destination_port) &
        table->slot_mask;
    for (;; at = (at + 1) & table->slot_mask) {
        if (table->slots[at] == 0)
            return &table->slots[at];
        const struct entry *entry = table_at(table, table->slots[at] - 1);
        for (uint8_t i = 0; i < 2; i++)
            if (is_from(entry, d, i)) {
                *side = i;
                return &table->slots[at];
            }
    }
}

uint32_t table_find(const struct table *table, const struct dissection *dissection, uint8_t *side)
{
    return *find_slot(table, dissection, side) - 1;
}

static bool grow_slots(struct table *table)
{
    const uint32_t mask = table->slot_mask * 2 + 1;
    uint32_t *slots = calloc((size_t)mask + 1, sizeof *slots);
    if (slots == NULL)
        return false;
    for (uint32_t i = 0; i <= table->slot_mask; i++) {
        if (table->slots[i] == 0)
            continue;
        const struct entry *e = table_at(table, table->slots[i] - 1);
        uint32_t at = (uint32_t)hash_ends(table, &e->address[0], e->port[0], &e->address[1], e->port[1]) & mask;
        while (slots[at] != 0)
            at = (at + 1) & mask;
        slots[at] = table->slots[i];
    }
    free(table->slots);
    table->slots = slots;
    table->memory += ((uint64_t)mask + 1) / 2 * sizeof *slots;
    table->slot_mask = mask;
    return true;
}

static bool add_chunk(struct table *table)
{
    struct entry **chunks = realloc(table->chunks, (table->chunk_count + 1) * sizeof(struct entry *));
    if (chunks == NULL)
        return false;
    table->chunks = chunks;
    chunks[table->chunk_count] = malloc(ENTRIES_IN_CHUNK * sizeof **chunks);
    if (chunks[table->chunk_count] == NULL)
        return false;
    table->chunk_count++;
    table->memory += ENTRIES_IN_CHUNK * sizeof **chunks;
    return true;
}

uint32_t table_add(struct table *table, const struct dissection *dissection, uint8_t side)
{
    if (table->count / 2 >= table->slot_mask / 4 && !grow_slots(table))
        return UINT32_MAX;
    if (table->count == table->chunk_count * ENTRIES_IN_CHUNK && !add_chunk(table))
        return UINT32_MAX;
    uint8_t found = 0;
    uint32_t *slot = find_slot(table, dissection, &found);
    struct entry *entry = table_at(table, table->count);
    *entry = (struct entry){.stream = table->count, .reused = *slot != 0};
    entry->address[side] = dissection->ip.source;
    entry->address[!side] = dissection->ip.destination;
    entry->port[side] = dissection->tcp.source_port;
    entry->port[!side] = dissection->tcp.destination_port;
    *slot = ++table->count;
    return table->count - 1;
}
