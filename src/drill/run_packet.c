#include "drill/runner.h"

#include "base/memory.h"
#include "drill/build.h"

/* Packets in and packets out. */

#define WAIT_LONGEST (2 * SEPTET_SECOND)
#define UNKNOWN_PACKETS 100000

bool run_inbound(struct drill_runner *runner, const struct drill_event *event)
{
    uint8_t *bytes;
    uint32_t length;
    runner->error.line = event->line;
    struct subject *subject = subject_inbound(&runner->subjects, event->packet, &runner->error);
    if (subject == NULL)
        return false;
    if (event->packet->transport == TRANSPORT_TCP)
        subject_learn_inbound(subject, &event->packet->tcp);
    if (!build_packet(subject, &runner->options, event->packet, runner->room, &bytes, &length, &runner->error))
        return false;
    machine_inject(&runner->machine, bytes, length);
    return runner_wait(runner, runner_now(runner), event->line);
}

/* ---- out ---- */

struct arrival {
    struct live_packet live;
    struct subject *subject;
};

static void note_unknown(struct drill_runner *runner, uint32_t line, const struct live_packet *live)
{
    const struct drill_observer *observer = runner->request->observer;
    struct parts parts;
    char words[DRILL_WORDS];
    struct text text;
    if (observer == NULL || observer->note == NULL)
        return;
    parts_of_live(live, NULL, live->time - DRILL_EPOCH, &parts);
    text_init(&text, words, sizeof words);
    text_put(&text, "a packet of a conversation that the script does not know: ");
    parts_line(&parts, &text);
    observer->note(observer->context, runner_now(runner), line, words);
}

static bool wrong_packet(struct drill_runner *runner, const struct drill_event *event, const char *what)
{
    struct text text = runner_fail(runner, event->line);
    text_put(&text, "a malformed packet was sent: ");
    text_put(&text, what);
    return false;
}

static bool nothing_came(struct drill_runner *runner, const struct drill_event *event, int64_t until)
{
    struct text text = runner_fail(runner, event->line);
    struct parts parts, none = {{{0}}};
    if (runner->machine.failure != NULL) {
        text_put(&text, runner->machine.failure);
        return false;
    }
    text_put(&text, "no packet was sent");
    if (until < SEPTET_NEVER - DRILL_EPOCH) {
        text_put(&text, " until ");
        text_seconds(&text, until, 6);
    } else {
        text_put(&text, ", and none ever will be: nothing is left to happen");
    }
    parts_of_script(event->packet, event->time.kind == TIME_ANY ? -1 : until, &parts);
    parts.words[PART_TIME][0] = '\0';
    text_init(&text, none.words[PART_FLAGS], PART_WORDS);
    text_put(&text, "nothing");
    parts_compare(&parts, &none, PART_FLAGS, runner->report);
    runner->report->marks[0] = '\0';
    return false;
}

/* The next packet of a conversation that the script knows, until a script time. */
static bool next_packet(struct drill_runner *runner, const struct drill_event *event, int64_t until,
                        struct arrival *arrival)
{
    const int64_t deadline = until < SEPTET_NEVER - DRILL_EPOCH ? DRILL_EPOCH + until : SEPTET_NEVER;
    for (uint32_t i = 0; i < UNKNOWN_PACKETS; i++) {
        if (machine_peek(&runner->machine) == NULL && !machine_run(&runner->machine, deadline, STOP_PACKET))
            break;
        const struct captured *captured = machine_take(&runner->machine);
        memset(&arrival->live, 0, sizeof arrival->live);
        arrival->live.bytes = captured->bytes;
        arrival->live.length = captured->length;
        arrival->live.time = captured->time;
        const char *wrong = live_parse(&arrival->live);
        if (wrong != NULL)
            return wrong_packet(runner, event, wrong);
        arrival->subject = subject_outbound(&runner->subjects, &arrival->live);
        if (arrival->subject != NULL)
            return true;
        note_unknown(runner, event->line, &arrival->live);
    }
    return nothing_came(runner, event, until);
}

/* ---- segments that the script writes as one ---- */

/* Whether the next segment goes on where the one before ended. */
static bool continues(const struct live_packet *whole, const struct live_packet *next, uint32_t length,
                      uint32_t segment)
{
    const uint16_t free = TCP_PSH | TCP_FIN | TCP_CWR;
    return next->protocol == PROTOCOL_TCP && next->payload_length != 0 && next->payload_length <= segment &&
           next->tcp.seq == whole->tcp.seq + length && ((next->tcp.flags ^ whole->tcp.flags) & ~free) == 0;
}

static bool all_zero(const struct live_packet *live)
{
    for (uint32_t i = 0; i < live->payload_there; i++)
        if (live->payload[i] != 0)
            return false;
    return true;
}

static void glue(struct drill_runner *runner, const struct drill_event *event, int64_t until, struct arrival *whole)
{
    const uint32_t wanted = event->packet->tcp.length, segment = whole->live.payload_length;
    const struct live_packet first = whole->live;
    uint32_t length = segment;
    if (runner->options.strict_segments || event->packet->transport != TRANSPORT_TCP ||
        first.protocol != PROTOCOL_TCP || segment == 0 || segment >= wanted)
        return;
    bool zero = all_zero(&first);
    while (length < wanted) {
        struct arrival next;
        if (!next_packet(runner, event, until, &next) || !continues(&first, &next.live, length, segment))
            break; /* the comparison tells how much is missing */
        length += next.live.payload_length;
        whole->live = next.live;
        zero = zero && all_zero(&next.live);
    }
    whole->live.payload_length = length;
    whole->live.payload_not_zero = !zero;
    whole->live.tcp.seq = first.tcp.seq;
    whole->live.tcp.flags = (uint16_t)((whole->live.tcp.flags & ~TCP_CWR) | (first.tcp.flags & TCP_CWR));
}

/* ---- what was expected against what came ---- */

static bool packet_differs(struct drill_runner *runner, const struct drill_event *event, const struct arrival *arrival,
                           int64_t expected, const char *reason, enum part part)
{
    struct parts script, live;
    if (runner->options.lenient_packets) {
        runner_warn(runner, event->line, reason);
        return true;
    }
    struct text text = runner_fail(runner, event->line);
    text_put(&text, reason);
    parts_of_script(event->packet, event->time.kind == TIME_ANY ? -1 : expected, &script);
    parts_of_live(&arrival->live, arrival->subject, arrival->live.time - DRILL_EPOCH, &live);
    parts_compare(&script, &live, part, runner->report);
    return false;
}

static bool check_time(struct drill_runner *runner, const struct drill_event *event, const struct arrival *arrival,
                       int64_t start, int64_t end)
{
    const int64_t actual = arrival->live.time - DRILL_EPOCH;
    struct difference difference;
    struct text text;
    if (event->time.kind == TIME_ANY || runner_in_time(runner, start, end, actual))
        return true;
    text_init(&text, difference.reason, sizeof difference.reason);
    text_put(&text, actual < start ? "too early: " : "too late: ");
    runner_put_times(&text, start, end, actual);
    return packet_differs(runner, event, arrival, start, difference.reason, PART_TIME);
}

bool run_outbound(struct drill_runner *runner, const struct drill_event *event, int64_t start, int64_t end,
                  int64_t *actual)
{
    const int64_t longest = runner->options.tolerance > WAIT_LONGEST ? runner->options.tolerance : WAIT_LONGEST;
    const int64_t until = event->time.kind == TIME_ANY ? SEPTET_NEVER : end + longest;
    struct arrival arrival;
    struct difference difference;
    if (event->packet->encapsulation != NULL) {
        struct text text = runner_skip(runner, event->line);
        text_put(&text, "encapsulated packets of the stack");
        return false;
    }
    if (!next_packet(runner, event, until, &arrival))
        return false;
    glue(runner, event, until, &arrival);
    *actual = arrival.live.time - DRILL_EPOCH;
    if (!compare_packet(&runner->subjects, arrival.subject, event->packet, &arrival.live, *actual, &difference) &&
        !packet_differs(runner, event, &arrival, start, difference.reason, difference.part))
        return false;
    return check_time(runner, event, &arrival, start, end);
}
