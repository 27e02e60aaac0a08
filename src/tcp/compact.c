#include "base/memory.h"
#include "tcp/internal.h"

/* Half-open connections and those in TIME-WAIT are many and short of facts: each
 * takes 60 bytes and 4 of the hash table. Their local address is an index into a
 * table of the few addresses a host has, their timers are lists in which everybody
 * waits equally long. */

static bool local_intern(struct tcp *tcp, const struct septet_address *local, uint16_t *index)
{
    uint32_t unused = tcp->locals_total;
    for (uint32_t i = 0; i < tcp->locals_total; i++) {
        if (tcp->locals_used[i] == 0) {
            unused = unused == tcp->locals_total ? i : unused;
        } else if (septet_address_equal(&tcp->locals[i], local)) {
            tcp->locals_used[i]++;
            *index = (uint16_t)i;
            return true;
        }
    }
    if (unused == tcp->locals_total)
        return false;
    tcp->locals[unused] = *local;
    tcp->locals_used[unused] = 1;
    *index = (uint16_t)unused;
    return true;
}

struct compact *compact_new(struct tcp *tcp, uint32_t kind, const struct septet_tuple *tuple, uint32_t *index)
{
    struct slab *slab = kind == DEMUX_HALF_OPEN ? &tcp->half_open : &tcp->time_wait;
    uint16_t local;
    if (slab->used == slab->total || !local_intern(tcp, &tuple->local, &local))
        return NULL;
    *index = slab_take(slab);
    struct compact *compact = slab_at(slab, *index);
    *compact = (struct compact){
        .remote = tuple->remote,
        .local = local & 0x7fffu,
        .local_port = tuple->local_port,
        .remote_port = tuple->remote_port,
    };
    demux_insert(tcp, tuple, kind, *index);
    return compact;
}

void compact_free(struct tcp *tcp, uint32_t kind, uint32_t index)
{
    struct compact *compact = compact_at(tcp, kind, index);
    const struct septet_tuple tuple = compact_tuple(tcp, compact);
    demux_remove(tcp, &tuple, kind, index);
    tcp->locals_used[compact->local]--;
    slab_return(kind == DEMUX_HALF_OPEN ? &tcp->half_open : &tcp->time_wait, index);
}

struct septet_tuple compact_tuple(const struct tcp *tcp, const struct compact *compact)
{
    return (struct septet_tuple){
        .local = tcp->locals[compact->local],
        .remote = compact->remote,
        .local_port = compact->local_port,
        .remote_port = compact->remote_port,
    };
}

void compact_append(struct tcp *tcp, uint32_t kind, struct fifo *list, uint32_t index, int64_t deadline)
{
    struct compact *compact = compact_at(tcp, kind, index);
    /* Round up: never earlier than asked. */
    compact->deadline = compact_clock(deadline + (1 << 20) - 1);
    compact->next = 0;
    compact->previous = list->tail;
    if (list->tail != 0)
        compact_at(tcp, kind, list->tail)->next = index;
    else
        list->head = index;
    list->tail = index;
}

void compact_unlink(struct tcp *tcp, uint32_t kind, struct fifo *list, uint32_t index)
{
    const struct compact *compact = compact_at(tcp, kind, index);
    if (compact->previous != 0)
        compact_at(tcp, kind, compact->previous)->next = compact->next;
    else
        list->head = compact->next;
    if (compact->next != 0)
        compact_at(tcp, kind, compact->next)->previous = compact->previous;
    else
        list->tail = compact->previous;
}

int64_t compact_deadline(const struct tcp *tcp, uint32_t deadline)
{
    const int64_t now = tcp->core->now;
    const int32_t ahead = (int32_t)(deadline - compact_clock(now));
    return ((now >> 20) + ahead) * (INT64_C(1) << 20);
}
