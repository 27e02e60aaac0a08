#include "base/bytes.h"
#include "base/memory.h"
#include "tcp/internal.h"

/* One hash table with chains for connections and both kinds of compact connections. */

bool tuple_equal(const struct septet_tuple *a, const struct septet_tuple *b)
{
    return a->remote_port == b->remote_port && a->local_port == b->local_port &&
           septet_address_equal(&a->remote, &b->remote) && septet_address_equal(&a->local, &b->local);
}

static uint64_t tuple_hash(const struct tcp *tcp, const struct septet_tuple *tuple)
{
    const uint64_t words[5] = {
        load64(tuple->remote.bytes),
        load64(tuple->remote.bytes + 8),
        load64(tuple->local.bytes),
        load64(tuple->local.bytes + 8),
        (uint64_t)tuple->remote_port << 16 | tuple->local_port,
    };
    return siphash13_words(&tcp->table_key, words, 5);
}

static uint32_t *chain_of(const struct tcp *tcp, const struct septet_tuple *tuple)
{
    return &tcp->table[tuple_hash(tcp, tuple) & tcp->table_mask];
}

uint32_t tuple_spread(const struct tcp *tcp, const struct septet_tuple *tuple, uint32_t count)
{
    return (uint32_t)((tuple_hash(tcp, tuple) >> 32) * count >> 32);
}

static uint32_t *next_of(const struct tcp *tcp, uint32_t reference)
{
    const uint32_t index = DEMUX_INDEX(reference);
    if (DEMUX_KIND(reference) == DEMUX_CONNECTION)
        return &tcp_connection(tcp, index)->hash_next;
    return &compact_at(tcp, DEMUX_KIND(reference), index)->hash_next;
}

static bool is_of(const struct tcp *tcp, uint32_t reference, const struct septet_tuple *tuple)
{
    const uint32_t index = DEMUX_INDEX(reference);
    if (DEMUX_KIND(reference) == DEMUX_CONNECTION)
        return tuple_equal(&tcp_connection(tcp, index)->tuple, tuple);
    const struct compact *compact = compact_at(tcp, DEMUX_KIND(reference), index);
    return compact->remote_port == tuple->remote_port && compact->local_port == tuple->local_port &&
           septet_address_equal(&compact->remote, &tuple->remote) &&
           septet_address_equal(&tcp->locals[compact->local], &tuple->local);
}

uint32_t demux_find(const struct tcp *tcp, const struct septet_tuple *tuple)
{
    uint32_t reference = *chain_of(tcp, tuple);
    while (reference != 0 && !is_of(tcp, reference, tuple))
        reference = *next_of(tcp, reference);
    return reference;
}

void demux_insert(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t kind, uint32_t index)
{
    uint32_t *chain = chain_of(tcp, tuple);
    const uint32_t reference = kind << 30 | index;
    *next_of(tcp, reference) = *chain;
    *chain = reference;
    tcp->port_users[tuple->local_port & tcp->port_mask]++;
}

void demux_remove(struct tcp *tcp, const struct septet_tuple *tuple, uint32_t kind, uint32_t index)
{
    const uint32_t reference = kind << 30 | index;
    for (uint32_t *at = chain_of(tcp, tuple); *at != 0; at = next_of(tcp, *at)) {
        if (*at == reference) {
            *at = *next_of(tcp, reference);
            tcp->port_users[tuple->local_port & tcp->port_mask]--;
            return;
        }
    }
}

static bool uses_port(const struct tcp *tcp, uint32_t reference, const struct septet_address *local, uint16_t port)
{
    const uint32_t index = DEMUX_INDEX(reference);
    struct septet_tuple tuple;
    if (DEMUX_KIND(reference) == DEMUX_CONNECTION)
        tuple = tcp_connection(tcp, index)->tuple;
    else
        tuple = compact_tuple(tcp, compact_at(tcp, DEMUX_KIND(reference), index));
    if (tuple.local_port != port)
        return false;
    const bool any_of_family =
        address_is_any(local) && (!septet_address_is_ipv4(local) || septet_address_is_ipv4(&tuple.local));
    return any_of_family || septet_address_equal(local, &tuple.local);
}

/* The counters answer the usual case; only when they leave a doubt is everybody asked. */
bool tcp_port_used(const struct tcp *tcp, const struct septet_address *local, uint16_t port)
{
    if (tcp->port_users[port & tcp->port_mask] == 0)
        return false;
    for (uint32_t chain = 0; chain <= tcp->table_mask; chain++)
        for (uint32_t at = tcp->table[chain]; at != 0; at = *next_of(tcp, at))
            if (uses_port(tcp, at, local, port))
                return true;
    return false;
}
