#include "report/explain.h"

#include <inttypes.h>

/* One column of the segments. */
#define COLUMN(file, stored, name, format, value)                    \
    do {                                                             \
        fprintf(file, ",\n   \"%s\":[", name);                       \
        for (uint32_t i = 0; i < (stored)->kept; i++) {              \
            const struct explain_segment *s = &(stored)->segment[i]; \
            fputs(i > 0 ? "," : "", file);                           \
            fprintf(file, format, value);                            \
        }                                                            \
        fputs("]", file);                                            \
    } while (0)

static const char *truth(bool value) { return value ? "true" : "false"; }

static void write_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < 0x20 || c == 0x7f || c == '<' || c == '&')
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

static void write_time(FILE *file, int64_t time)
{
    const int64_t seconds = time / 1000000000 - (time % 1000000000 < 0);
    fprintf(file, "\"%" PRId64 ".%09" PRId64 "\"", seconds, time - seconds * 1000000000);
}

static void write_optional(FILE *file, const char *name, bool there, uint32_t value)
{
    if (there)
        fprintf(file, "\"%s\":%" PRIu32 ",", name, value);
    else
        fprintf(file, "\"%s\":null,", name);
}

static void write_end(FILE *file, const struct explain_end *e)
{
    char address[SEPTET_ADDRESS_TEXT], state[16];
    const struct explain_state proved = {e->state.state, false};
    (void)septet_address_format(&e->address, address);
    fprintf(file, "{\"address\":\"%s\",\"port\":%u,\"isn\":%" PRIu32 ",\"isn_known\":%s,", address, e->port, e->isn,
            truth(e->isn_known));
    write_optional(file, "mss", e->has_mss, e->mss);
    write_optional(file, "scale", e->has_scale, e->scale);
    fprintf(file, "\"sack\":%s,\"timestamps\":%s,\"fast_open\":%s,", truth(e->sack_permitted), truth(e->timestamps),
            truth(e->fast_open));
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"packets", e->packets},
                   {"bytes", e->bytes},
                   {"unique_bytes", e->unique_bytes},
                   {"resent", e->resent},
                   {"resent_bytes", e->resent_bytes},
                   {"late", e->late},
                   {"captured_twice", e->captured_twice},
                   {"cannot_tell", e->cannot_tell},
                   {"duplicate_acks", e->duplicate_acks},
                   {"zero_windows", e->zero_windows},
                   {"keep_alives", e->keep_alives},
                   {"probes", e->probes},
                   {"ce_marks", e->ce_marks},
                   {"missing_bytes", e->missing_bytes},
                   {"fin_frame", e->fin_frame},
                   {"rst_frame", e->rst_frame},
                   {"goodput", e->goodput},
                   {"think_ns", (uint64_t)e->think},
                   {"rto_ns", (uint64_t)e->rto_observed}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        fprintf(file, "\"%s\":%" PRIu64 ",", numbers[i].name, numbers[i].value);
    fprintf(file,
            "\"rtt\":{\"samples\":%" PRIu64 ",\"least_ns\":%" PRId64 ",\"median_ns\":%" PRId64 ",\"most_ns\":%" PRId64
            "},\"limits_ns\":{",
            e->rtt_samples, e->rtt_least, e->rtt_median, e->rtt_most);
    for (unsigned i = 0; i < EXPLAIN_LIMITS; i++)
        fprintf(file, "%s\"%s\":%" PRId64, i > 0 ? "," : "", explain_limit_name(i), e->limit[i]);
    fprintf(file, "},\"state\":\"%s\",\"state_inferred\":%s}", report_state(&proved, state), truth(e->state.inferred));
}

static void write_frames(FILE *file, const char *name, const uint64_t *frames, uint32_t count)
{
    fprintf(file, "\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++)
        fprintf(file, i == 0 ? "%" PRIu64 : ",%" PRIu64, frames[i]);
    fputs("]", file);
}

static void write_story(FILE *file, const struct stored *stored)
{
    static struct story_sentence sentences[STORY_MOST];
    const uint32_t count = report_story(stored, sentences);
    fputs(",\n  \"story\":[", file);
    for (uint32_t i = 0; i < count; i++) {
        fputs(i == 0 ? "\n   {\"text\":" : ",\n   {\"text\":", file);
        write_text(file, sentences[i].text);
        fputc(',', file);
        write_frames(file, "frames", sentences[i].frame, sentences[i].frames);
        if (sentences[i].rfc != NULL)
            fprintf(file, ",\"rfc\":\"%s\"", sentences[i].rfc);
        fputs(",\"evidence\":", file);
        write_text(file, sentences[i].evidence);
        fputs("}", file);
    }
    fputs("]", file);
}

static void write_findings(FILE *file, const struct explain_conversation *c)
{
    fputs(",\n  \"findings\":[", file);
    for (uint32_t i = 0; i < c->findings; i++) {
        const struct explain_finding *f = &c->finding[i];
        char text[480];
        explain_finding_text(f, text, sizeof text);
        fprintf(file,
                "%s\n   "
                "{\"name\":\"%s\",\"severity\":%u,\"title\":\"%s\",\"title_zh\":\"%s\",\"side\":%u,\"count\":%" PRIu64
                ",\"bytes\":%" PRIu64 ",\"frames\":[%" PRIu64 ",%" PRIu64 "],\"certainty\":\"%s\",\"text\":",
                i > 0 ? "," : "", explain_finding_name(f->kind), explain_finding_severity(f->kind),
                explain_finding_title(f->kind, false), explain_finding_title(f->kind, true), f->side, f->count,
                f->bytes, f->first_frame, f->last_frame, explain_certainty_text(f->certainty));
        write_text(file, text);
        fputs("}", file);
    }
    fputs("]", file);
}

static const char *label_of(const struct explain_segment *s, char text[40])
{
    if (!explain_label_differs(s))
        return "null";
    snprintf(text, 40, "\"%s\"", explain_label_text(s->label));
    return text;
}

/* What only some segments have, by their index. */
static void write_sparse(FILE *file, const struct stored *stored)
{
    const char *before = "";
    fputs(",\n   \"evidence\":{", file);
    for (uint32_t i = 0; i < stored->kept; i++) {
        char text[200];
        explain_evidence_text(&stored->segment[i], text, sizeof text);
        if (text[0] != '\0') {
            fprintf(file, "%s\"%" PRIu32 "\":\"%s\"", before, i, text);
            before = ",";
        }
    }
    fputs("},\n   \"sack\":{", file);
    before = "";
    for (uint32_t i = 0; i < stored->kept; i++) {
        const struct explain_segment *s = &stored->segment[i];
        const uint32_t base = stored->conversation.end[!s->side].isn;
        for (unsigned k = 0; k < s->sack_count; k++) {
            if (k == 0)
                fprintf(file, "%s\"%" PRIu32 "\":[", before, i);
            fprintf(file, "%s[%" PRIu32 ",%" PRIu32 "]", k > 0 ? "," : "", s->sack[k].start - base,
                    s->sack[k].end - base);
            before = "],";
        }
    }
    fprintf(file, "%s},\n   \"options\":{", before[0] == ']' ? "]" : "");
    before = "";
    for (uint32_t i = 0; i < stored->kept; i++) {
        const struct explain_segment *s = &stored->segment[i];
        if (!(s->flags & TCP_SYN) || s->options_length == 0)
            continue;
        fprintf(file, "%s\"%" PRIu32 "\":\"", before, i);
        for (unsigned k = 0; k < s->options_length; k++)
            fprintf(file, "%02x", s->options[k]);
        fputs("\"", file);
        before = ",";
    }
    fputs("}", file);
}

static void write_segments(FILE *file, const struct stored *stored)
{
    char text[40];
    const int64_t first = stored->conversation.first_time;
    fprintf(file, ",\n  \"segments\":{\"count\":%" PRIu64, stored->segments);
    COLUMN(file, stored, "frame", "%" PRIu64, s->frame);
    COLUMN(file, stored, "time_ns", "%" PRId64, s->time - first);
    COLUMN(file, stored, "side", "%u", s->side);
    COLUMN(file, stored, "flags", "%u", s->flags);
    COLUMN(file, stored, "seq", "%" PRIu32, s->relative_seq);
    COLUMN(file, stored, "ack", "%" PRIu32, s->relative_ack);
    COLUMN(file, stored, "length", "%" PRIu32, s->length);
    COLUMN(file, stored, "window", "%" PRIu64, s->window);
    COLUMN(file, stored, "window_known", "%s", truth(s->window_known));
    COLUMN(file, stored, "header_length", "%u", s->header_length);
    COLUMN(file, stored, "ip_id", "%" PRIu32, s->ip_id);
    COLUMN(file, stored, "ttl", "%u", s->ttl);
    COLUMN(file, stored, "in_flight", "%" PRIu32, s->in_flight);
    COLUMN(file, stored, "rtt_ns", "%" PRId64, s->rtt);
    COLUMN(file, stored, "verdict", "\"%s\"", explain_verdict_name(s->verdict));
    COLUMN(file, stored, "certainty", "\"%s\"", explain_certainty_text(s->certainty));
    COLUMN(file, stored, "label", "%s", label_of(s, text));
    COLUMN(file, stored, "steps", "%u", s->steps);
    COLUMN(file, stored, "client", "\"%s\"", report_state(&s->state[0], text));
    COLUMN(file, stored, "server", "\"%s\"", report_state(&s->state[1], text));
    write_sparse(file, stored);
    fputs("}", file);
}

static void write_conversation(FILE *file, const struct stored *stored)
{
    const struct explain_conversation *c = &stored->conversation;
    fprintf(file, " {\"stream\":%" PRIu32 ",\"guessed\":%s,\"scaled\":%s,\"reused\":%s,\"complete\":%s,\n  \"ends\":[",
            c->stream, truth(c->guessed), truth(c->scaled), truth(c->reused), truth(c->complete));
    write_end(file, &c->end[0]);
    fputs(",\n   ", file);
    write_end(file, &c->end[1]);
    fputs("],\n  \"handshake\":{", file);
    write_frames(file, "frames", c->open_frame, 3);
    fputs(",\"times_ns\":[", file);
    for (unsigned i = 0; i < 3; i++)
        fprintf(file, "%s%" PRId64, i > 0 ? "," : "", c->open_frame[i] != 0 ? c->open_time[i] - c->first_time : -1);
    fprintf(file,
            "],\"syns\":%" PRIu32 ",\"initial_rtt_ns\":%" PRId64
            "},\n  \"teardown\":{\"form\":\"%s\",\"text\":\"%s\",\"first\":%u,",
            c->syns, c->initial_rtt, explain_teardown_name(c->teardown), explain_teardown_text(c->teardown),
            c->closed_first);
    write_frames(file, "frames", c->close_frame, 4);
    fprintf(file,
            "},\n  \"data\":{\"request\":%" PRIu64 ",\"response\":%" PRIu64 ",\"turns\":%" PRIu64
            "},\n  \"first_time\":",
            c->request_frame, c->response_frame, c->turns);
    write_time(file, c->first_time);
    fprintf(file, ",\"duration_ns\":%" PRId64 ",\"frames\":[%" PRIu64 ",%" PRIu64 "]", c->last_time - c->first_time,
            c->first_frame, c->last_frame);
    write_story(file, stored);
    write_findings(file, c);
    if (stored->kept > 0)
        write_segments(file, stored);
    fputs("}", file);
}

void report_json(FILE *file, const struct explain_check *check, const struct store *store, const char *const *files,
                 uint32_t file_count)
{
    struct check_line lines[CHECK_LINES];
    const uint32_t count = report_check(check, lines);
    fputs("{\"septet\":\"explain\",\"version\":1,\n\"source\":{\"files\":[", file);
    for (uint32_t i = 0; i < file_count; i++) {
        fputs(i > 0 ? "," : "", file);
        write_text(file, files[i]);
    }
    fprintf(file, "],\"frames\":%" PRIu64 ",\"first_time\":", check->frames);
    write_time(file, check->first_time);
    fputs(",\"last_time\":", file);
    write_time(file, check->last_time);
    fputs("},\n\"check\":[", file);
    for (uint32_t i = 0; i < count; i++)
        fprintf(file, "%s\n {\"name\":\"%s\",\"count\":%" PRIu64 ",\"text\":\"%s\"}", i > 0 ? "," : "", lines[i].name,
                lines[i].count, lines[i].text);
    fputs("],\n\"conversations\":[\n", file);
    for (uint32_t i = 0; i < store->count; i++) {
        fputs(i > 0 ? ",\n" : "", file);
        write_conversation(file, store->stored[i]);
    }
    fputs("]}\n", file);
}

void report_csv(FILE *file, const struct store *store)
{
    static const char *const sides[] = {"client", "server"};
    fputs("stream,client,client_port,server,server_port,first_frame,last_frame,duration_ns,teardown,initial_rtt_ns",
          file);
    for (unsigned k = 0; k < 2; k++)
        fprintf(file, ",%s_packets,%s_bytes,%s_resent,%s_late,%s_captured_twice", sides[k], sides[k], sides[k],
                sides[k], sides[k]);
    fputs(",findings\n", file);
    for (uint32_t i = 0; i < store->count; i++) {
        const struct explain_conversation *c = &store->stored[i]->conversation;
        char address[2][SEPTET_ADDRESS_TEXT];
        (void)septet_address_format(&c->end[0].address, address[0]);
        (void)septet_address_format(&c->end[1].address, address[1]);
        fprintf(file, "%" PRIu32 ",%s,%u,%s,%u,%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%s,%" PRId64, c->stream, address[0],
                c->end[0].port, address[1], c->end[1].port, c->first_frame, c->last_frame, c->last_time - c->first_time,
                explain_teardown_name(c->teardown), c->initial_rtt);
        for (unsigned k = 0; k < 2; k++)
            fprintf(file, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, c->end[k].packets,
                    c->end[k].unique_bytes, c->end[k].resent, c->end[k].late, c->end[k].captured_twice);
        fputc(',', file);
        for (uint32_t k = 0; k < c->findings; k++)
            fprintf(file, "%s%s", k > 0 ? " " : "", explain_finding_name(c->finding[k].kind));
        fputc('\n', file);
    }
}
