#include "report/explain.h"

#include "septet/tcp.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const char *const sides[] = {"client", "server"};

const char *report_state(const struct explain_state *state, char text[16])
{
    static const char *const names[] = {
#define STATE(name, text) text,
#include "septet/state.def"
#undef STATE
    };
    snprintf(text, 16, "%s%s", state->inferred ? "~" : "", names[state->state]);
    return text;
}

struct story {
    struct story_sentence *sentence;
    uint32_t count;
};

static struct story_sentence *add(struct story *story, const char *rfc)
{
    if (story->count == STORY_MOST)
        return NULL;
    struct story_sentence *s = &story->sentence[story->count++];
    memset(s, 0, sizeof *s);
    s->rfc = rfc;
    return s;
}

__attribute__((format(printf, 3, 4))) static struct story_sentence *say(struct story *story, const char *rfc,
                                                                        const char *format, ...)
{
    struct story_sentence *s = add(story, rfc);
    va_list arguments;
    if (s == NULL)
        return NULL;
    va_start(arguments, format);
    vsnprintf(s->text, sizeof s->text, format, arguments);
    va_end(arguments);
    return s;
}

static void cite(struct story_sentence *s, uint64_t frame)
{
    if (s == NULL || frame == 0 || s->frames == 4 || (s->frames > 0 && s->frame[s->frames - 1] == frame))
        return;
    s->frame[s->frames++] = frame;
}

static void tell_open(struct story *story, const struct explain_conversation *c)
{
    const double ms = (double)c->initial_rtt / 1e6;
    struct story_sentence *s;
    if (c->open_frame[0] != 0 && c->open_frame[1] != 0 && c->open_frame[2] != 0) {
        s = say(
            story, "RFC 9293 3.5",
            "The client opened the connection with the three-way handshake in %.3f ms: the answer came %.3f ms after "
            "the SYN, its acknowledgement %.3f ms later.",
            ms, (double)(c->open_time[1] - c->open_time[0]) / 1e6, (double)(c->open_time[2] - c->open_time[1]) / 1e6);
    } else if (c->open_frame[0] != 0) {
        s = say(story, "RFC 9293 3.5", "The client asked for a connection with a SYN%s.",
                c->open_frame[1] != 0 ? ", and the server answered" : "; no SYN,ACK is in the capture");
    } else {
        s = say(story, NULL, "The beginning is not in the capture; who is client and who is server is %s.",
                c->open_frame[1] != 0 ? "told by the SYN,ACK" : "guessed by the ports");
    }
    for (unsigned i = 0; i < 3; i++)
        cite(s, c->open_frame[i]);
    if (c->end[0].options_known && c->end[1].options_known) {
        s = say(story, "RFC 9293 3.2, RFC 7323, RFC 2018",
                "They agreed on segments of at most %u bytes to the server and %u to the client%s%s%s.",
                c->end[1].has_mss ? c->end[1].mss : 536, c->end[0].has_mss ? c->end[0].mss : 536,
                c->scaled ? ", scaled windows" : "",
                c->end[0].sack_permitted && c->end[1].sack_permitted ? ", selective acknowledgements" : "",
                c->end[0].timestamps && c->end[1].timestamps ? ", time stamps" : "");
        cite(s, c->open_frame[0]);
        cite(s, c->open_frame[1]);
    }
}

static void tell_data(struct story *story, const struct explain_conversation *c)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct explain_end *e = &c->end[i];
        if (e->unique_bytes == 0)
            continue;
        struct story_sentence *s =
            say(story, NULL, "The %s sent %" PRIu64 " bytes%s%.0f%s", sides[i], e->unique_bytes,
                e->goodput > 0 ? ", " : " at once (", e->goodput > 0 ? (double)e->goodput : (double)e->packets,
                e->goodput > 0 ? " bytes a second while it sent." : " segments in all).");
        cite(s, i == 0 ? c->request_frame : c->response_frame);
    }
    if (c->turns > 0)
        (void)say(story, NULL,
                  "They took turns %" PRIu64 " times; the server's answers took %.3f ms in all, the client's next "
                  "requests %.3f ms, as seen at the capture point.",
                  c->turns, (double)c->end[1].think / 1e6, (double)c->end[0].think / 1e6);
    for (unsigned i = 0; i < 2; i++) {
        const struct explain_end *e = &c->end[i];
        if (e->rtt_samples >= 3)
            (void)say(
                story, "RFC 6298",
                "From data of the %s to its acknowledgement it took %.3f to %.3f ms, half of them at most %.3f ms.",
                sides[i], (double)e->rtt_least / 1e6, (double)e->rtt_most / 1e6, (double)e->rtt_median / 1e6);
    }
}

static const char *rfc_of(unsigned kind)
{
    switch (kind) {
    case explain_finding_timeout:
        return "RFC 6298";
    case explain_finding_fast:
        return "RFC 5681 3.2, RFC 6675";
    case explain_finding_tail_probe:
        return "RFC 8985 7";
    case explain_finding_dsack:
    case explain_finding_spurious:
        return "RFC 2883";
    case explain_finding_sack:
        return "RFC 2018";
    case explain_finding_zero_window:
    case explain_finding_window_probe:
        return "RFC 9293 3.8.6.1";
    case explain_finding_window_full:
        return "RFC 9293 3.8.6";
    case explain_finding_keep_alive:
        return "RFC 9293 3.8.4";
    case explain_finding_delayed_ack:
        return "RFC 9293 3.7.4, 3.8.6.3";
    case explain_finding_refused:
    case explain_finding_reset:
    case explain_finding_reset_with_data:
        return "RFC 9293 3.5.2";
    case explain_finding_simultaneous_open:
        return "RFC 9293 3.5";
    case explain_finding_scale_unknown:
        return "RFC 7323 2";
    case explain_finding_ecn_mark:
        return "RFC 3168";
    case explain_finding_injection:
        return "RFC 5961";
    default:
        return NULL;
    }
}

/* The evidence of the first segment that a finding is about. */
static void add_evidence(struct story_sentence *s, const struct stored *stored, uint64_t frame)
{
    for (uint32_t i = 0; s != NULL && i < stored->kept; i++) {
        if (stored->segment[i].frame == frame) {
            explain_evidence_text(&stored->segment[i], s->evidence, sizeof s->evidence);
            return;
        }
    }
}

static void tell_close(struct story *story, const struct explain_conversation *c)
{
    static const char *const rfcs = "RFC 9293 3.6";
    struct story_sentence *s = NULL;
    if (c->teardown == explain_teardown_three)
        s = say(story, rfcs,
                "The %s closed first (frame %" PRIu64 "); the %s had nothing more to send, so its FIN and its "
                "acknowledgement are one segment (frame %" PRIu64 "): three segments instead of four.",
                sides[c->closed_first], c->close_frame[0], sides[!c->closed_first], c->close_frame[1]);
    else if (c->teardown == explain_teardown_four)
        s = say(story, rfcs,
                "The %s closed first (frame %" PRIu64 "); the %s closed %.3f ms later (frame %" PRIu64 ").",
                sides[c->closed_first], c->close_frame[0], sides[!c->closed_first],
                (double)(c->close_time[2] - c->close_time[0]) / 1e6, c->close_frame[2]);
    else if (c->teardown == explain_teardown_half_close)
        s = say(story, rfcs,
                "The %s closed its direction first (frame %" PRIu64
                "); the %s went on sending and closed %.3f ms later "
                "(frame %" PRIu64 "): a half-close.",
                sides[c->closed_first], c->close_frame[0], sides[!c->closed_first],
                (double)(c->close_time[2] - c->close_time[0]) / 1e6, c->close_frame[2]);
    else if (c->teardown == explain_teardown_half || c->teardown == explain_teardown_unacknowledged)
        s = say(story, rfcs, "The %s closed first (frame %" PRIu64 "); the end of the close is not in the capture: %s.",
                sides[c->closed_first], c->close_frame[0], explain_teardown_text(c->teardown));
    for (unsigned i = 0; s != NULL && i < 4; i++)
        cite(s, c->close_frame[i]);
}

uint32_t report_story(const struct stored *stored, struct story_sentence *sentences)
{
    struct story story = {sentences, 0};
    const struct explain_conversation *c = &stored->conversation;
    tell_open(&story, c);
    tell_data(&story, c);
    for (uint32_t i = 0; i < c->findings; i++) {
        const struct explain_finding *f = &c->finding[i];
        struct story_sentence *s = f->kind == explain_finding_half_close ? NULL : add(&story, rfc_of(f->kind));
        if (s == NULL)
            continue;
        explain_finding_text(f, s->text, sizeof s->text);
        cite(s, f->first_frame);
        cite(s, f->last_frame);
        add_evidence(s, stored, f->first_frame);
    }
    tell_close(&story, c);
    return story.count;
}

void report_story_text(FILE *file, const struct stored *stored, uint32_t width)
{
    static struct story_sentence sentences[STORY_MOST];
    const uint32_t count = report_story(stored, sentences);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t column = 2;
        fputs("  ", file);
        for (const char *word = sentences[i].text; *word != '\0';) {
            const uint32_t length = (uint32_t)strcspn(word, " ");
            if (column > 2 && column + 1 + length > width) {
                fputs("\n    ", file);
                column = 4;
            } else if (column > 2) {
                fputc(' ', file);
                column++;
            }
            fwrite(word, 1, length, file);
            column += length;
            word += length + (word[length] == ' ');
        }
        if (sentences[i].rfc != NULL)
            fprintf(file, " [%s]", sentences[i].rfc);
        if (sentences[i].evidence[0] != '\0')
            fprintf(file, "\n      why: frame %" PRIu64 ": %s", sentences[i].frame[0], sentences[i].evidence);
        fputc('\n', file);
    }
}

static void line(struct check_line *lines, uint32_t *count, const char *name, uint64_t number, const char *text)
{
    if (number == 0 || *count == CHECK_LINES)
        return;
    struct check_line *l = &lines[(*count)++];
    l->name = name;
    l->count = number;
    snprintf(l->text, sizeof l->text, "%" PRIu64 " %s", number, text);
}

uint32_t report_check(const struct explain_check *c, struct check_line *lines)
{
    uint32_t count = 0;
    line(lines, &count, "drops", c->drops, "frames were lost by the capture, as it says: holes may be its own");
    line(lines, &count, "missing", c->missing, "bytes were acknowledged but never captured: the capture lost them");
    line(lines, &count, "captured_twice", c->captured_twice,
         "segments are in the capture twice; counted apart, no TCP event");
    line(lines, &count, "cut", c->cut,
         "frames are cut (snap length): lengths are from the headers, payload is incomplete");
    line(lines, &count, "super_packets", c->super_packets,
         "segments are longer than the MSS: captured before they were cut (or after they were merged) by the host");
    line(lines, &count, "backwards", c->backwards,
         "frames are older than the one before: times between them mean little");
    line(lines, &count, "one_direction", c->one_direction,
         "conversations have one direction only: no round trips, verdicts weaker");
    line(lines, &count, "mid_stream", c->mid_stream,
         "conversations begin before the capture: window scales and options not known");
    line(lines, &count, "stopped", c->stopped, "frames could not be read to the transport header");
    line(lines, &count, "fragments", c->fragments, "fragments could not be put together");
    line(lines, &count, "untracked", c->untracked, "segments found no room within --max-memory");
    line(lines, &count, "after_end", c->after_end, "segments came when their conversation had been let go");
    line(lines, &count, "syn_flood", c->syn_flood ? c->half_open : 0,
         "SYNs without an answer: a SYN flood, or a dead server");
    line(lines, &count, "port_scan", c->port_scan ? c->refused : 0, "connections refused: a port scan");
    return count;
}
