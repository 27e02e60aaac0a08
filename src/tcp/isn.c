#include "base/bytes.h"
#include "base/memory.h"
#include "tcp/internal.h"

/* Numbers that nobody outside may guess: RFC 9293 section 3.4.1 (MUST-8, MUST-9, SHLD-1), 7323 section 5.4, 6056. */

static uint32_t tuple_hash(const struct siphash_key *key, const struct septet_tuple *tuple, bool ports)
{
    uint8_t bytes[36];
    memcpy(bytes, tuple->local.bytes, 16);
    memcpy(bytes + 16, tuple->remote.bytes, 16);
    store16(bytes + 32, tuple->local_port);
    store16(bytes + 34, tuple->remote_port);
    return (uint32_t)siphash24(key, bytes, ports ? sizeof bytes : 32);
}

uint32_t isn_make(struct tcp *tcp, const struct septet_tuple *tuple)
{
    const uint32_t clock = (uint32_t)((uint64_t)tcp->core->now / 4000); /* M: a tick every 4 us */
    return clock + tuple_hash(&tcp->isn_key, tuple, true);
}

uint32_t timestamp_offset(struct tcp *tcp, const struct septet_tuple *tuple)
{
    return tuple_hash(&tcp->offset_key, tuple, false);
}

uint16_t port_choose(struct tcp *tcp, struct septet_tuple *tuple)
{
    const uint32_t low = tcp->config->port_low;
    const uint32_t ports = (uint32_t)tcp->config->port_high - low + 1;
    const uint32_t start = random_below(&tcp->core->random, ports);
    for (uint32_t i = 0; i < ports; i++) {
        tuple->local_port = (uint16_t)(low + (start + i) % ports);
        if (!port_listened(tcp, tuple->local_port) && demux_find(tcp, tuple) == 0)
            return tuple->local_port;
    }
    tuple->local_port = 0;
    return 0;
}
