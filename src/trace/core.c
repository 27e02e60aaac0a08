#include "trace/core.h"

void core_trace(struct core *core, const struct septet_trace_event *event)
{
    core->config.trace(core->config.trace_context, event);
}

void core_drop_packet(struct core *core, enum septet_drop reason, uint8_t protocol, unsigned interface)
{
    core->drop[reason]++;
    if (!core_traced(core))
        return;
    const struct septet_trace_event event = {
        .time = core->now,
        .kind = SEPTET_TRACE_packet_dropped,
        .value = {reason, protocol, interface},
    };
    core_trace(core, &event);
}
