#include "report/explain.h"

#include <inttypes.h>
#include <string.h>

/* Of a run of segments that say nothing new so many are drawn; the rest is folded. */
#define PLAIN_ROWS 8

struct fold {
    uint64_t data, acks, bytes;
};

static bool is_plain(const struct explain_segment *s, const struct explain_segment *before)
{
    if (s->steps != 0 || before == NULL || s->opens_hole != 0 || memcmp(s->state, before->state, sizeof s->state) != 0)
        return false;
    return s->verdict == explain_verdict_new || s->verdict == explain_verdict_ack ||
           s->verdict == explain_verdict_window_update;
}

static void draw_fold(const struct ladder *ladder, struct fold *fold)
{
    char text[160];
    struct ladder_row row = {.kind = LADDER_NOTE, .time = -1, .note = text};
    if (fold->data + fold->acks == 0)
        return;
    snprintf(text, sizeof text, "... %" PRIu64 " data segments, %" PRIu64 " bytes, %" PRIu64 " ACKs, all new ...",
             fold->data, fold->bytes, fold->acks);
    ladder_row(ladder, &row);
    *fold = (struct fold){0};
}

/* What is said below a segment, within the rows. */
static void make_note(const struct explain_segment *s, char *note, size_t size)
{
    note[0] = '\0';
    if (s->opens_hole != 0 && s->verdict == explain_verdict_new)
        snprintf(note, size, "%" PRIu32 " bytes before it are missing", s->opens_hole);
    else if (s->verdict >= explain_verdict_duplicate_ack && s->verdict != explain_verdict_reset)
        snprintf(note, size, "%s (%s)", explain_verdict_text(s->verdict), explain_certainty_text(s->certainty));
}

/* Why, in a line of its own: it is longer than the rows are wide. */
static void write_reasons(const struct ladder *ladder, const struct explain_segment *s)
{
    char evidence[200], line[240];
    explain_evidence_text(s, evidence, sizeof evidence);
    if (evidence[0] != '\0') {
        snprintf(line, sizeof line, "          why: %s\n", evidence);
        ladder->write(ladder->context, line, strlen(line));
    }
    if (explain_label_differs(s)) {
        snprintf(line, sizeof line, "          Wireshark shows [%s] here\n", explain_label_text(s->label));
        ladder->write(ladder->context, line, strlen(line));
    }
}

static const char *phase_of(const struct explain_segment *s, const struct explain_conversation *c)
{
    if (c->close_frame[0] != 0 && s->frame == c->close_frame[0])
        return "close";
    if (s->frame == c->request_frame)
        return "data";
    return s->steps & EXPLAIN_OPEN_1 ? "open: handshake" : NULL;
}

/* The column has twelve places. */
static const char *short_state(const struct explain_state *state, char text[16])
{
    const char *name = report_state(state, text);
    return strcmp(name, "~SYN-RECEIVED") == 0 ? "~SYN-RCVD" : name;
}

static void draw(const struct ladder *ladder, const struct stored *stored, uint32_t index,
                 const struct report_ladder_options *options)
{
    const struct explain_segment *s = &stored->segment[index];
    const struct explain_segment *before = index > 0 ? s - 1 : NULL;
    const struct explain_end *other = &stored->conversation.end[!s->side];
    const char *phase = phase_of(s, &stored->conversation);
    char state[2][16], note[480];
    make_note(s, note, sizeof note);
    if (phase != NULL) {
        const struct ladder_row row = {.kind = LADDER_NOTE, .time = -1, .note = phase};
        ladder_row(ladder, &row);
    }
    struct ladder_row row = {
        .kind = LADDER_SEGMENT,
        .time = s->time - stored->conversation.first_time,
        .number = (uint32_t)s->frame,
        .from_right = s->side == 1,
        .again = s->verdict >= explain_verdict_timeout && s->verdict <= explain_verdict_spurious,
        .flags = s->flags,
        .seq = options->absolute ? s->seq : s->relative_seq,
        .ack = options->absolute ? s->ack : s->relative_ack,
        .length = s->length,
        .window = s->window > UINT32_MAX ? UINT32_MAX : (uint32_t)s->window,
        .options = s->options,
        .options_length = s->options_length,
        .sack_base = options->absolute ? 0 : other->isn,
        .note = note[0] != '\0' ? note : NULL,
        .alarm = s->verdict >= explain_verdict_timeout && s->verdict <= explain_verdict_spurious,
    };
    for (unsigned i = 0; i < 2; i++)
        if (before == NULL || memcmp(&before->state[i], &s->state[i], sizeof s->state[i]) != 0)
            *(i == 0 ? &row.left_state : &row.right_state) = short_state(&s->state[i], state[i]);
    ladder_row(ladder, &row);
    write_reasons(ladder, s);
}

static void name_end(char *text, size_t size, const char *role, const struct explain_end *end)
{
    char address[SEPTET_ADDRESS_TEXT];
    (void)septet_address_format(&end->address, address);
    snprintf(text, size, septet_address_is_ipv4(&end->address) ? "%s %s:%u" : "%s [%s]:%u", role, address, end->port);
}

void report_ladder(const struct ladder *ladder, const struct stored *stored,
                   const struct report_ladder_options *options)
{
    char left[80], right[80];
    struct fold fold = {0};
    uint32_t plain = 0;
    name_end(left, sizeof left, "client", &stored->conversation.end[0]);
    name_end(right, sizeof right, "server", &stored->conversation.end[1]);
    ladder_head(ladder, left, right);
    for (uint32_t i = 0; i < stored->kept; i++) {
        const struct explain_segment *s = &stored->segment[i];
        const bool like = is_plain(s, i > 0 ? s - 1 : NULL);
        plain = like ? plain + 1 : 0;
        if (plain > PLAIN_ROWS && !options->all && i + 1 != stored->kept) {
            fold.data += s->length > 0;
            fold.acks += s->length == 0;
            fold.bytes += s->length;
            continue;
        }
        draw_fold(ladder, &fold);
        draw(ladder, stored, i, options);
    }
    draw_fold(ladder, &fold);
}
