#include "septet/tcp.h"

#define TEXT_OF(array, index, otherwise) ((index) < sizeof(array) / sizeof((array)[0]) ? (array)[index] : (otherwise))

const char *septet_trace_name(unsigned kind)
{
    static const char *const names[] = {
#define TRACE(name, text, v0, v1, v2, v3, v4, v5) #name,
#include "septet/trace.def"
#undef TRACE
    };
    return TEXT_OF(names, kind, "unknown");
}

const char *septet_trace_text(unsigned kind)
{
    static const char *const texts[] = {
#define TRACE(name, text, v0, v1, v2, v3, v4, v5) text,
#include "septet/trace.def"
#undef TRACE
    };
    return TEXT_OF(texts, kind, "unknown");
}

const char *septet_trace_value_name(unsigned kind, unsigned index)
{
    static const char *const names[][6] = {
#define TRACE(name, text, v0, v1, v2, v3, v4, v5) {#v0, #v1, #v2, #v3, #v4, #v5},
#include "septet/trace.def"
#undef TRACE
    };
    if (kind >= SEPTET_TRACE_COUNT || index >= 6 || names[kind][index][0] == '\0')
        return NULL;
    return names[kind][index];
}

const char *septet_state_name(unsigned state)
{
    static const char *const names[] = {
#define STATE(name, text) text,
#include "septet/state.def"
#undef STATE
    };
    return TEXT_OF(names, state, "unknown");
}

bool septet_state_transition_legal(unsigned from, unsigned to)
{
    static const struct {
        unsigned from, to;
    } legal[] = {
#define TRANSITION(from, to, why) {SEPTET_STATE_##from, SEPTET_STATE_##to},
#include "septet/transition.def"
#undef TRANSITION
    };
    for (unsigned i = 0; i < sizeof legal / sizeof legal[0]; i++)
        if (legal[i].from == from && legal[i].to == to)
            return true;
    return false;
}

const char *septet_drop_name(unsigned drop)
{
    static const char *const names[] = {
#define DROP(name, clause, text) #name,
#include "septet/drop.def"
#undef DROP
    };
    return TEXT_OF(names, drop, "unknown");
}

const char *septet_drop_text(unsigned drop)
{
    static const char *const texts[] = {
#define DROP(name, clause, text) text,
#include "septet/drop.def"
#undef DROP
    };
    return TEXT_OF(texts, drop, "unknown");
}

const char *septet_drop_clause(unsigned drop)
{
    static const char *const clauses[] = {
#define DROP(name, clause, text) clause,
#include "septet/drop.def"
#undef DROP
    };
    return TEXT_OF(clauses, drop, "");
}

const char *septet_timer_name(unsigned timer)
{
    static const char *const names[] = {"retransmit", "persist",    "override",  "delayed_ack", "keepalive",
                                        "user",       "fin_wait_2", "time_wait", "syn_ack",     "pacing"};
    return TEXT_OF(names, timer, "unknown");
}

const char *septet_phase_name(unsigned phase)
{
    static const char *const names[] = {"slow_start", "avoidance", "recovery", "loss"};
    return TEXT_OF(names, phase, "unknown");
}

const char *septet_loss_name(unsigned reason)
{
    static const char *const names[] = {"sack", "duplicate_ack", "partial_ack", "timeout", "path_mtu", "window"};
    return TEXT_OF(names, reason, "unknown");
}

const char *septet_counter_name(unsigned counter)
{
    static const char *const names[] = {
#define COUNTER(name, text) #name,
#include "septet/counter.def"
#undef COUNTER
    };
    return TEXT_OF(names, counter, "unknown");
}

const char *septet_counter_text(unsigned counter)
{
    static const char *const texts[] = {
#define COUNTER(name, text) text,
#include "septet/counter.def"
#undef COUNTER
    };
    return TEXT_OF(texts, counter, "unknown");
}

const char *septet_option_name(unsigned option)
{
    static const char *const names[] = {
#define OPTION(name, low, high, text) #name,
#include "septet/option.def"
#undef OPTION
    };
    return TEXT_OF(names, option, NULL);
}

const char *septet_option_text(unsigned option)
{
    static const char *const texts[] = {
#define OPTION(name, low, high, text) text,
#include "septet/option.def"
#undef OPTION
    };
    return TEXT_OF(texts, option, NULL);
}

const char *septet_error_text(int error)
{
    switch (error) {
#define SEPTET_ERROR(name, number, text) \
    case number:                         \
        return text;
#include "septet/error.def"
#undef SEPTET_ERROR
    default:
        return "unknown error";
    }
}

const char *septet_error_name(int error)
{
    switch (error) {
#define SEPTET_ERROR(name, number, text) \
    case number:                         \
        return #name;
#include "septet/error.def"
#undef SEPTET_ERROR
    default:
        return "unknown";
    }
}
