#include "drill/dialect.h"

#include "wire/tcp.h"

/* Whose scripts are whose. Where a script speaks counts: its commands say more than its options, those more than its
 * calls, and what it expects of a SYN comes last. The first place that has an opinion decides. */

enum place { COMMANDS, OPTIONS, CALLS, PACKETS, PLACES };
enum world { LINUX, FREEBSD, WORLDS };

static const struct {
    enum place place;
    enum world world;
    const char *word;
} signs[] = {
#define DIALECT(place, world, word) {place, world, word},
#include "drill/dialect.def"
#undef DIALECT
};

struct opinion {
    uint32_t count[WORLDS];
    struct slice sign[WORLDS]; /* the first of each */
};

static void count(struct opinion *opinion, enum world world, struct slice sign)
{
    if (opinion->count[world]++ == 0)
        opinion->sign[world] = sign;
}

static bool same(struct slice word, const char *sign)
{
    const struct slice whole = slice_of(sign);
    const char last = whole.at[whole.length - 1];
    return last == '.' || last == '/' || last == '_' ? slice_starts(word, sign) : slice_is(word, sign);
}

static void judge(struct opinion opinions[PLACES], enum place place, struct slice word)
{
    for (unsigned i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (signs[i].place == place && same(word, signs[i].word))
            count(&opinions[place], signs[i].world, word);
}

/* ---- commands ---- */

static bool ends_word(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == ';' || c == '&' || c == '|' || c == '=' || c == '>' ||
           c == '<' || c == '"' || c == '\'' || c == '`' || c == '(' || c == ')';
}

static void judge_command(struct opinion opinions[PLACES], struct slice text)
{
    uint32_t at = 0;
    while (at < text.length) {
        const uint32_t start = at;
        while (at < text.length && !ends_word(text.at[at]))
            at++;
        struct slice word = {text.at + start, at - start}, folder, name;
        judge(opinions, COMMANDS, word);
        if (slice_split_last(word, '/', &folder, &name))
            judge(opinions, COMMANDS, name);
        at++;
    }
}

/* ---- calls ---- */

static void judge_expressions(struct opinion opinions[PLACES], const struct drill_expression *first, unsigned depth)
{
    for (const struct drill_expression *at = first; at != NULL && depth < 2 * 16; at = at->next) {
        if (at->kind == EXPRESSION_SYMBOL)
            judge(opinions, CALLS, at->text);
        judge_expressions(opinions, at->first, depth + 1);
        judge_expressions(opinions, at->arguments, depth + 1);
    }
}

static void judge_call(struct opinion opinions[PLACES], const struct drill_call *call)
{
    judge(opinions, CALLS, call->name);
    judge_expressions(opinions, call->arguments, 0);
}

/* ---- packets ---- */

static uint32_t place_of(const struct drill_tcp *tcp, uint8_t kind)
{
    uint32_t i = 0;
    while (i < tcp->options && tcp->option[i].kind != kind)
        i++;
    return i;
}

#define BSD_FIRST_WINDOW 65535

/* In which order a SYN has its options, what fills them up, and its window. */
static void judge_syn(struct opinion *opinion, const struct drill_tcp *tcp, struct slice source)
{
    const uint32_t scale = place_of(tcp, TCP_OPTION_WINDOW_SCALE), sack = place_of(tcp, TCP_OPTION_SACK_PERMITTED);
    const uint32_t stamps = place_of(tcp, TCP_OPTION_TIMESTAMPS), none = tcp->options;
    const uint32_t second = tcp->options > 1 ? tcp->option[1].kind : 0;
    if (scale != none && (sack != none || stamps != none))
        count(opinion, scale < sack && scale < stamps ? FREEBSD : LINUX, source);
    else if (place_of(tcp, TCP_OPTION_EOL) != none)
        count(opinion, FREEBSD, source);
    else if (sack != none && sack < stamps && stamps != none && second == TCP_OPTION_SACK_PERMITTED)
        count(opinion, sack + 1 == stamps ? LINUX : FREEBSD, source);
    else if (tcp->has_window)
        count(opinion, tcp->window == BSD_FIRST_WINDOW ? FREEBSD : LINUX, source);
}

static void judge_packet(struct opinion opinions[PLACES], const struct drill_event *event)
{
    const struct drill_packet *packet = event->packet;
    const struct drill_tcp *tcp = &packet->tcp;
    const bool marks = tcp->absolute_seq || tcp->absolute_ack || tcp->any_seq;
    if (packet->transport != TRANSPORT_TCP)
        return;
    if (marks)
        count(&opinions[PACKETS], FREEBSD, event->source);
    if (!packet->inbound && (tcp->flags & TCP_SYN))
        judge_syn(&opinions[PACKETS], tcp, event->source);
}

/* ---- together ---- */

const char *dialect_of(const struct drill_script *script, struct slice *sign)
{
    static const char *const profiles[WORLDS] = {[LINUX] = "linux", [FREEBSD] = "freebsd"};
    struct opinion opinions[PLACES] = {0};
    judge_command(opinions, script->initialize);
    judge_command(opinions, script->clean_up);
    for (uint32_t i = 0; i < script->options; i++)
        judge(opinions, OPTIONS, script->option[i].name);
    for (const struct drill_event *event = script->events; event != NULL; event = event->next) {
        if (event->action == ACTION_COMMAND)
            judge_command(opinions, event->text);
        else if (event->action == ACTION_CALL)
            judge_call(opinions, event->call);
        else if (event->action == ACTION_PACKET)
            judge_packet(opinions, event);
    }
    for (unsigned i = 0; i < PLACES; i++) {
        const struct opinion *opinion = &opinions[i];
        if (opinion->count[LINUX] == opinion->count[FREEBSD])
            continue;
        const enum world world = opinion->count[FREEBSD] > opinion->count[LINUX] ? FREEBSD : LINUX;
        *sign = opinion->sign[world];
        return profiles[world];
    }
    *sign = (struct slice){"", 0};
    return profiles[LINUX];
}
