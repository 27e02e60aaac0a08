#include "explain/conversation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const verdict_names[] = {
#define VERDICT(name, text) #name,
#include "explain/verdict.def"
#undef VERDICT
};
static const char *const verdict_texts[] = {
#define VERDICT(name, text) text,
#include "explain/verdict.def"
#undef VERDICT
};
static const struct {
    const char *name, *title, *title_zh;
    uint8_t severity;
} findings[] = {
#define FINDING(name, severity, title, title_zh) {#name, title, title_zh, severity},
#include "explain/finding.def"
#undef FINDING
};
static const struct {
    const char *name, *text;
} teardowns[] = {
#define TEARDOWN(name, text) {#name, text},
#include "explain/teardown.def"
#undef TEARDOWN
};

const char *explain_verdict_text(unsigned verdict) { return verdict_texts[verdict]; }
const char *explain_verdict_name(unsigned verdict) { return verdict_names[verdict]; }
const char *explain_finding_name(unsigned kind) { return findings[kind].name; }
const char *explain_finding_title(unsigned kind, bool chinese)
{
    return chinese ? findings[kind].title_zh : findings[kind].title;
}
unsigned explain_finding_severity(unsigned kind) { return findings[kind].severity; }
const char *explain_teardown_name(unsigned teardown) { return teardowns[teardown].name; }
const char *explain_teardown_text(unsigned teardown) { return teardowns[teardown].text; }

const char *explain_limit_name(unsigned limit)
{
    static const char *const names[EXPLAIN_LIMITS] = {"receiver", "sender", "congestion", "application"};
    return names[limit];
}

const char *explain_certainty_text(unsigned certainty)
{
    static const char *const texts[] = {"guess", "likely", "certain"};
    return texts[certainty];
}

const char *explain_label_text(unsigned label)
{
    static const char *const texts[] = {NULL,
                                        "TCP Retransmission",
                                        "TCP Fast Retransmission",
                                        "TCP Spurious Retransmission",
                                        "TCP Out-Of-Order",
                                        "TCP Keep-Alive"};
    return texts[label];
}

bool explain_label_differs(const struct explain_segment *s)
{
    switch (s->label) {
    case explain_label_none:
        return false;
    case explain_label_keep_alive:
        return s->verdict != explain_verdict_keep_alive;
    case explain_label_out_of_order:
        return s->verdict != explain_verdict_late;
    case explain_label_fast:
        return s->verdict != explain_verdict_fast;
    case explain_label_spurious:
        return s->verdict != explain_verdict_spurious;
    default:
        return s->verdict < explain_verdict_timeout || s->verdict > explain_verdict_spurious;
    }
}

void explain_evidence_text(const struct explain_segment *s, char *text, size_t size)
{
    const double apart = (double)s->apart / 1e6;
    const uint64_t other = s->other_frame;
    const uint32_t own = s->own_value, its = s->other_value;
    text[0] = '\0';
    switch (s->evidence) {
    case explain_evidence_seen_before:
        if (other == 0)
            snprintf(text, size, "all of its bytes had been sent before");
        else
            snprintf(text, size, "its bytes had been sent before, in frame %" PRIu64 ", %.3f ms ago", other, apart);
        break;
    case explain_evidence_acked_before:
        snprintf(text, size, "its bytes had been acknowledged already, by frame %" PRIu64, other);
        break;
    case explain_evidence_ack_lost:
        snprintf(text, size, "its bytes had been acknowledged in frame %" PRIu64 ": that ACK was lost", other);
        break;
    case explain_evidence_same_packet:
        snprintf(text, size, "same numbers, time stamps and IP id (%" PRIu32 ") as frame %" PRIu64 ", %.3f ms ago", own,
                 other, apart);
        break;
    case explain_evidence_same_packet_ttl:
        snprintf(text, size,
                 "the same as frame %" PRIu64 " but for its TTL (%" PRIu32 ", %" PRIu32
                 " there): seen on both sides of a router",
                 other, own, its);
        break;
    case explain_evidence_same_packet_time:
        snprintf(text, size, "the same as frame %" PRIu64 " only %.3f ms ago: too soon to be sent again", other, apart);
        break;
    case explain_evidence_timestamp_newer:
        snprintf(text, size,
                 "fills a hole; TSval %" PRIu32 " is after %" PRIu32 " of frame %" PRIu64 " above it, so it left later",
                 own, its, other);
        break;
    case explain_evidence_timestamp_older:
        snprintf(text, size,
                 "fills a hole; TSval %" PRIu32 " is before %" PRIu32 " of frame %" PRIu64
                 " above it, so it left earlier",
                 own, its, other);
        break;
    case explain_evidence_timestamp_equal:
        snprintf(text, size,
                 "fills a hole; its TSval %" PRIu32 " is that of frame %" PRIu64
                 " above it, so both left together: less than a round trip apart",
                 own, other);
        break;
    case explain_evidence_id_newer:
        snprintf(text, size,
                 "fills a hole; IP id %" PRIu32 " comes after %" PRIu32 " of frame %" PRIu64
                 " above it, so it left later",
                 own, its, other);
        break;
    case explain_evidence_id_older:
        snprintf(text, size,
                 "fills a hole; IP id %" PRIu32 " comes before %" PRIu32 " of frame %" PRIu64
                 " above it, so it left earlier",
                 own, its, other);
        break;
    case explain_evidence_after_round_trip:
        snprintf(text, size,
                 "fills a hole %.3f ms after frame %" PRIu64 " above it: time enough for the sender to hear of it",
                 apart, other);
        break;
    case explain_evidence_within_round_trip:
        snprintf(text, size, "fills a hole %.3f ms after frame %" PRIu64 " above it: less than a round trip", apart,
                 other);
        break;
    case explain_evidence_nothing:
        snprintf(text, size, "fills a hole; no time stamps, IP id or timing that would tell");
        break;
    case explain_evidence_window_zero:
        snprintf(text, size, "the window of the peer is closed");
        break;
    case explain_evidence_window_open:
        snprintf(text, size, "repeats a number that was acknowledged; the window of the peer is open");
        break;
    case explain_evidence_missing_before:
        snprintf(text, size, "its bytes were acknowledged and are missing from the capture");
        break;
    default:
        break;
    }
}

/* ---- sentences: %S who, %P the other end, %n how often, %b bytes, %f first and %l last frame, %r both, %s and %w for
 * the plural, %d how long ---- */

static const char *const sentences[EXPLAIN_FINDINGS] = {
    [explain_finding_refused] =
        "The %S refused the connection with a RST (frame %f): nothing listens on that port, or a firewall says no.",
    [explain_finding_no_answer] =
        "The SYN of the %S (frame %f) was never answered: it was lost, dropped by a filter, or the host is away.",
    [explain_finding_handshake_unfinished] =
        "The %S never acknowledged the SYN,ACK (frame %f): the connection stayed half open.",
    [explain_finding_syn_resent] = "The %S had to send its SYN again, %n time%s (%r).",
    [explain_finding_syn_ack_wrong] = ("The SYN,ACK in frame %f acknowledges a number that is not the initial number "
                                       "plus one: it answers another connection."),
    [explain_finding_simultaneous_open] =
        "Both ends sent a SYN before they saw the other's (frame %f): a simultaneous open.",
    [explain_finding_fast_open] = "The SYN of the %S carries %b bytes of data (frame %f): TCP Fast Open.",
    [explain_finding_mid_stream] =
        "The capture starts when the connection is open already (frame %f): initial numbers and options are not known.",
    [explain_finding_one_direction] = "Only what the %S sent was captured.",
    [explain_finding_timeout] = ("The %S sent %n segment%s (%b bytes) again after a timeout (%r): nothing "
                                 "had told it of the loss sooner."),
    [explain_finding_fast] =
        ("The %S sent %n segment%s (%b bytes) again because the acknowledgements of the %P told of "
         "a hole (%r)."),
    [explain_finding_tail_probe] = "The %S sent its last segment again to provoke an answer, %n time%s (%r).",
    [explain_finding_resent] = "The %S sent %n segment%s (%b bytes) again (%r).",
    [explain_finding_spurious] = "The %S sent %n segment%s again that had been acknowledged already (%r): needlessly.",
    [explain_finding_late] = "%n segment%s of the %S %w overtaken on the way (%r): reordered, not lost.",
    [explain_finding_captured_twice] =
        "%n packet%s of the %S are in the capture twice (%r): that is the capture, not TCP.",
    [explain_finding_cannot_tell] =
        ("Of %n segment%s of the %S it cannot be told from here whether they were sent again "
         "or overtaken (%r)."),
    [explain_finding_lost_before] =
        "%n segment%s of the %S %w lost before they came to the capture point (sent again in %r).",
    [explain_finding_lost_after] = ("%n segment%s of the %S %w captured and sent again later (%r): they, "
                                    "or their acknowledgements, were lost behind the capture point."),
    [explain_finding_missing] =
        "%b bytes of the %S %w acknowledged but never captured (first told by frame %f): the capture lost them.",
    [explain_finding_duplicate_ack] =
        "The %S sent many ACKs that repeat the last number: segments behind a hole reached it.",
    [explain_finding_sack] = "The %S told %n time%s which blocks it got behind a hole (%r).",
    [explain_finding_dsack] = "The %S told %n time%s that it got bytes twice (%r).",
    [explain_finding_zero_window] =
        "The %S closed its window %n time%s (first in frame %f): its program did not read. The %P had to wait %d.",
    [explain_finding_window_full] =
        "The %S filled the window of the %P %n time%s (%r): it may send no more until the window opens.",
    [explain_finding_scale_unknown] =
        "Not both SYNs are in the capture, so the scale of the windows is not known: they are shown as in the header.",
    [explain_finding_window_probe] = "The %S probed the closed window of the %P %n time%s (%r).",
    [explain_finding_keep_alive] = "The %S asked %n time%s whether the %P is still there (%r).",
    [explain_finding_delayed_ack] =
        ("The %S held back data until a small segment was acknowledged, and the %P delayed that acknowledgement: up to "
         "%d each, %n time%s (%r). Nagle's algorithm and delayed ACKs wait for each other."),
    [explain_finding_silly_window] = "The %S sends in small pieces because the window opens in small steps (%r).",
    [explain_finding_ecn_mark] = "%n packet%s of the %S %w marked by a router: congestion experienced (%r).",
    [explain_finding_challenge_ack] = "The %S answered with a challenge ACK (frame %f).",
    [explain_finding_injection] =
        "%n segment%s as if from the %S lie far outside of the window (%r): stray, or a blind injection.",
    [explain_finding_reset] = "The %S reset the connection (frame %f).",
    [explain_finding_reset_with_data] =
        "The %S reset the connection (frame %f) while data of the %P was not acknowledged: that data is lost.",
    [explain_finding_never_closed] = "Nobody closed the connection within the capture (last frame %l).",
    [explain_finding_half_close] = "The %S closed its direction first (frame %f) and went on receiving: a half-close.",
    [explain_finding_simultaneous_close] =
        "Both ends sent their FIN before they saw the other's (first in frame %f): a simultaneous close.",
    [explain_finding_time_wait_reuse] = "The same addresses and ports had a connection before (new one from frame %f).",
    [explain_finding_super_packets] =
        "Segments are longer than the MSS: captured before they were cut by the network card.",
    [explain_finding_path_mtu] = "A router says that a packet of the %S is too big (frame %f).",
    [explain_finding_unreachable] = "A router or host says that the %P cannot be reached (frame %f).",
};

static void format_duration(char *text, size_t size, int64_t ns)
{
    if (ns >= 1000000000)
        snprintf(text, size, "%.3f s", (double)ns / 1e9);
    else
        snprintf(text, size, "%.1f ms", (double)ns / 1e6);
}

static void expand(const struct explain_finding *f, char what, char *text, size_t size)
{
    static const char *const ends[] = {"client", "server"};
    switch (what) {
    case 'S':
        snprintf(text, size, "%s", ends[f->side & 1]);
        break;
    case 'P':
        snprintf(text, size, "%s", ends[!f->side]);
        break;
    case 's':
        snprintf(text, size, "%s", f->count == 1 ? "" : "s");
        break;
    case 'w':
        snprintf(text, size, "%s", f->count == 1 ? "was" : "were");
        break;
    case 'r':
        if (f->first_frame == f->last_frame)
            snprintf(text, size, "frame %" PRIu64, f->first_frame);
        else
            snprintf(text, size, "frames %" PRIu64 " to %" PRIu64, f->first_frame, f->last_frame);
        break;
    case 'n':
        snprintf(text, size, "%" PRIu64, f->count);
        break;
    case 'b':
        snprintf(text, size, "%" PRIu64, f->bytes);
        break;
    case 'f':
        snprintf(text, size, "%" PRIu64, f->first_frame);
        break;
    case 'l':
        snprintf(text, size, "%" PRIu64, f->last_frame);
        break;
    default:
        format_duration(text, size, f->duration);
        break;
    }
}

void explain_finding_text(const struct explain_finding *finding, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (const char *at = sentences[finding->kind]; *at != '\0' && length + 1 < size; at++) {
        if (*at == '%') {
            expand(finding, *++at, text + length, size - length);
            length += strlen(text + length);
        } else {
            text[length++] = *at;
            text[length] = '\0';
        }
    }
}

uint64_t explain_badness(const struct explain_conversation *c)
{
    static const uint64_t weight[] = {0, 1, 10, 100};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < c->findings; i++)
        sum += weight[findings[c->finding[i].kind].severity] * (c->finding[i].count < 100 ? c->finding[i].count : 100);
    return sum;
}
