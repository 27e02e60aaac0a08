#ifndef SEPTET_TRACE_CORE_H
#define SEPTET_TRACE_CORE_H

#include "base/random.h"
#include "base/slab.h"
#include "septet/septet.h"

/* What every layer of one stack shares: time, pages, secrets, counters, and whom to tell. */
struct core {
    struct septet_config config;
    int64_t now;
    struct slab pages;
    struct random random;
    struct siphash_key secret; /* of everything that must differ from boot to boot */
    uint64_t counter[SEPTET_COUNTER_COUNT];
    uint64_t drop[SEPTET_DROP_COUNT];
};

#define COUNT(core, name) ((core)->counter[SEPTET_COUNTER_##name]++)
#define COUNT_ADD(core, name, amount) ((core)->counter[SEPTET_COUNTER_##name] += (amount))

/* Sends an event to the tracer; call it only when core_traced(). */
static inline bool core_traced(const struct core *core) { return core->config.trace != NULL; }
void core_trace(struct core *core, const struct septet_trace_event *event);

/* Counts a packet that is dropped, and traces it: protocol is the IP protocol or 0. */
void core_drop_packet(struct core *core, enum septet_drop reason, uint8_t protocol, unsigned interface);

#endif
