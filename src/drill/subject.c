#include "drill/subject.h"

#include "base/memory.h"

#define FIRST_REMOTE_PORT 40000

struct subject *subject_new(struct subjects *subjects, enum subject_role role, uint8_t protocol)
{
    struct subject *subject = arena_zeroed(subjects->arena, sizeof *subject);
    if (subject == NULL)
        return NULL;
    subject->role = role;
    subject->protocol = protocol;
    subject->script_fd = subject->live_fd = -1;
    subject->next = subjects->latest;
    subjects->latest = subject;
    subjects->under_test = subject;
    return subject;
}

struct subject *subject_of_fd(const struct subjects *subjects, int script_fd)
{
    for (struct subject *at = subjects->latest; at != NULL && script_fd >= 0; at = at->next)
        if (at->script_fd == script_fd)
            return at;
    return NULL;
}

static bool same_tuple(const struct septet_tuple *a, const struct septet_tuple *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           septet_address_equal(&a->local, &b->local) && septet_address_equal(&a->remote, &b->remote);
}

struct subject *subject_of_tuple(const struct subjects *subjects, uint8_t protocol, const struct septet_tuple *tuple)
{
    for (struct subject *at = subjects->latest; at != NULL; at = at->next)
        if (at->protocol == protocol && same_tuple(&at->live, tuple))
            return at;
    return NULL;
}

/* ---- inbound ---- */

static uint16_t fresh_port(struct subjects *subjects)
{
    if (subjects->next_port == 0)
        subjects->next_port = FIRST_REMOTE_PORT;
    return subjects->next_port++;
}

static void complete(struct subjects *subjects, struct subject *subject)
{
    const struct drill_options *options = subjects->options;
    const struct septet_address none = {{0}};
    if (subject->live.local_port == 0)
        subject->live.local_port = options->bind_port;
    if (subject->live.remote_port == 0)
        subject->live.remote_port = fresh_port(subjects);
    if (address_is_any(&subject->live.local))
        subject->live.local = options->local;
    if (septet_address_equal(&subject->live.remote, &none) || address_is_any(&subject->live.remote))
        subject->live.remote = options->remote;
}

static struct subject *by_script_ports(const struct subjects *subjects, uint8_t protocol,
                                       const struct drill_packet *packet)
{
    for (struct subject *at = subjects->latest; at != NULL; at = at->next) {
        const uint16_t local = at->script_local_port != 0 ? at->script_local_port : at->live.local_port;
        const uint16_t remote = at->script_remote_port != 0 ? at->script_remote_port : at->live.remote_port;
        if (at->protocol == protocol && at->role != SUBJECT_LISTENING && remote == packet->source_port &&
            local == packet->destination_port)
            return at;
    }
    return NULL;
}

static struct subject *child_of(struct subjects *subjects, const struct subject *parent, uint8_t protocol)
{
    const struct septet_tuple live = parent != NULL ? parent->live : (struct septet_tuple){0};
    struct subject *child = subject_new(subjects, SUBJECT_PASSIVE, protocol);
    if (child == NULL)
        return NULL;
    child->live.local = live.local;
    child->live.local_port = live.local_port;
    return child;
}

static struct subject *no_memory(struct drill_error *error)
{
    struct text text = drill_error_begin(error, error->line);
    text_put(&text, "the script needs more memory than there is");
    return NULL;
}

struct subject *subject_inbound(struct subjects *subjects, const struct drill_packet *packet, struct drill_error *error)
{
    const uint8_t protocol = packet->transport == TRANSPORT_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
    struct subject *subject = subjects->under_test;
    if (packet->transport == TRANSPORT_ICMP) {
        if (subject == NULL)
            subject = subject_new(subjects, SUBJECT_FRESH, PROTOCOL_TCP);
    } else if (packet->has_ports) {
        subject = by_script_ports(subjects, protocol, packet);
        if (subject == NULL && (subject = child_of(subjects, NULL, protocol)) != NULL) {
            subject->live.local_port = packet->destination_port;
            subject->live.remote_port = packet->source_port;
        }
    } else if (subject == NULL || subject->protocol != protocol || subject->role == SUBJECT_LISTENING) {
        subject = child_of(subjects, subject, protocol);
    }
    if (subject == NULL)
        return no_memory(error);
    if (packet->transport != TRANSPORT_ICMP)
        subjects->under_test = subject;
    if (subject->role != SUBJECT_LISTENING)
        complete(subjects, subject);
    return subject;
}

/* ---- outbound ---- */

/* A conversation whose one end is not known yet: connect() before its SYN, an unconnected datagram socket. */
static struct subject *half_known(const struct subjects *subjects, uint8_t protocol, const struct septet_tuple *tuple)
{
    for (struct subject *at = subjects->latest; at != NULL; at = at->next) {
        const bool remote =
            at->live.remote_port == tuple->remote_port && septet_address_equal(&at->live.remote, &tuple->remote);
        const bool local = at->live.local_port == tuple->local_port;
        if (at->protocol != protocol || at->role == SUBJECT_LISTENING)
            continue;
        if ((remote && (local || at->live.local_port == 0)) || (local && at->live.remote_port == 0))
            return at;
    }
    return NULL;
}

struct subject *subject_outbound(struct subjects *subjects, const struct live_packet *packet)
{
    const struct septet_tuple tuple = live_tuple(packet, false);
    if (packet->protocol == PROTOCOL_ICMP || packet->protocol == PROTOCOL_ICMPV6)
        return subjects->under_test;
    struct subject *subject = subject_of_tuple(subjects, packet->protocol, &tuple);
    if (subject == NULL) {
        subject = half_known(subjects, packet->protocol, &tuple);
        if (subject != NULL)
            subject->live = tuple;
    }
    return subject;
}

/* ---- numbers ---- */

uint32_t subject_local_live(const struct subject *subject, uint32_t script, bool syn)
{
    if (!subject->local_known)
        return script;
    return script + subject->live_local_isn - (syn ? subject->script_local_isn : 0);
}

uint32_t subject_local_script(const struct subject *subject, uint32_t live, bool syn)
{
    if (!subject->local_known)
        return live;
    return live - subject->live_local_isn + (syn ? subject->script_local_isn : 0);
}

uint32_t subject_remote_live(const struct subject *subject, uint32_t script, bool syn)
{
    return syn || !subject->remote_known ? script : script + subject->remote_isn;
}

uint32_t subject_remote_script(const struct subject *subject, uint32_t live, bool syn)
{
    return syn || !subject->remote_known ? live : live - subject->remote_isn;
}

void subject_learn_inbound(struct subject *subject, const struct drill_tcp *tcp)
{
    if (!(tcp->flags & TCP_SYN))
        return;
    if (subject->role == SUBJECT_FRESH)
        subject->role = SUBJECT_PASSIVE;
    subject->syn_pending = true;
    subject->syn_seq = tcp->seq;
    if (!subject->remote_known) {
        subject->remote_known = true;
        subject->remote_isn = tcp->seq;
    }
}

void subject_learn_outbound(struct subject *subject, const struct drill_tcp *tcp, const struct live_packet *live)
{
    const bool answers = subject->syn_pending && (live->tcp.flags & TCP_ACK) && live->tcp.ack == subject->syn_seq + 1;
    if (!(live->tcp.flags & tcp->flags & TCP_SYN))
        return;
    if (!subject->local_known || answers) {
        subject->local_known = true;
        subject->live_local_isn = live->tcp.seq;
        subject->script_local_isn = tcp->seq;
    }
    if (answers) { /* a SYN that opened the conversation anew */
        subject->remote_isn = subject->syn_seq;
        subject->syn_pending = false;
    }
}

bool subject_learn_timestamp(struct subjects *subjects, struct subject *subject, uint32_t script, uint32_t live,
                             int64_t time)
{
    struct timestamp_pair *pair =
        arena_append(subjects->arena, &subject->pair, &subject->pairs, &subject->pair_capacity, sizeof *pair);
    if (pair == NULL)
        return false;
    if (subject->pairs == 1)
        subject->pair_time = time;
    *pair = (struct timestamp_pair){script, live};
    return true;
}

bool subject_echo(const struct subject *subject, bool scaled, uint32_t script, uint32_t *live)
{
    for (uint32_t i = subject->pairs; i > 0; i--) {
        if (subject->pair[i - 1].script == script) {
            *live = subject->pair[i - 1].live;
            return true;
        }
    }
    if (!scaled || subject->pairs == 0)
        return false;
    *live = subject->pair[0].live + (script - subject->pair[0].script);
    return true;
}
