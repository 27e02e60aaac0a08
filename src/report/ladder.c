#include "report/ladder.h"

#include "lab/text.h"
#include "report/cells.h"
#include "wire/tcp.h"

/* Columns: number, time, left state, bar, arrows, bar, right state. */
#define NUMBER_WIDTH 4
#define TIME_AT (NUMBER_WIDTH + 1)
#define TIME_WIDTH 9
#define LEFT_AT (TIME_AT + TIME_WIDTH + 2)
#define STATE_WIDTH 12
#define BAR_AT (LEFT_AT + STATE_WIDTH + 1)
#define ARROWS_AT (BAR_AT + 1)
#define RIGHT_MARGIN (STATE_WIDTH + 2)
/* What an arrow needs besides its label. */
#define ARROW_TAIL 3
#define ARROW_HEAD 4

static uint32_t arrows_end(const struct ladder *ladder) { return ladder->width - RIGHT_MARGIN; }

static uint32_t text_width(const char *text)
{
    uint32_t width = 0;

    while (text[width])
        width++;
    return width;
}

static enum cell_color state_color(const char *state)
{
    struct slice name = slice_of(state);

    if (slice_is(name, "ESTABLISHED"))
        return CELL_GREEN;
    if (slice_is(name, "CLOSED") || slice_is(name, "LISTEN"))
        return CELL_FAINT;
    if (slice_starts(name, "SYN"))
        return CELL_CYAN;
    return CELL_YELLOW;
}

static void begin(struct cells *line, const struct ladder *ladder)
{
    cells_clear(line, ladder->width);
    cells_put(line, BAR_AT, CELL_BAR, CELL_PLAIN);
    cells_put(line, arrows_end(ladder), CELL_BAR, CELL_PLAIN);
}

static void put_time(struct cells *line, int64_t time)
{
    char memory[24];
    struct text text;
    uint32_t decimals = 6;

    if (time < 0)
        return;
    for (int64_t limit = 100000000000; decimals > 0 && time >= limit; limit *= 10)
        decimals--;
    text_init(&text, memory, sizeof memory);
    text_seconds(&text, time, decimals);
    uint32_t width = text.length < TIME_WIDTH ? text.length : TIME_WIDTH;
    cells_text(line, TIME_AT + TIME_WIDTH - width, TIME_AT + TIME_WIDTH, memory, CELL_PLAIN);
}

static void put_sides(struct cells *line, const struct ladder *ladder, const struct ladder_row *row)
{
    char memory[24];
    struct text text;

    if (row->number) {
        text_init(&text, memory, sizeof memory);
        text_padded(&text, row->number, NUMBER_WIDTH, ' ');
        cells_text(line, 0, TIME_AT - 1, memory, CELL_FAINT);
    }
    put_time(line, row->time);
    if (row->left_state)
        cells_text(line, LEFT_AT, BAR_AT, row->left_state, state_color(row->left_state));
    if (row->right_state)
        cells_text(line, arrows_end(ladder) + 2, ladder->width, row->right_state, state_color(row->right_state));
}

/* ---- labels ---- */

static void put_flags(struct text *text, uint16_t flags)
{
    static const struct {
        uint16_t flag;
        const char *name;
    } names[] = {{TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_PSH, "PSH"},
                 {TCP_URG, "URG"}, {TCP_ECE, "ECE"}, {TCP_CWR, "CWR"}, {TCP_ACK, "ACK"}};
    bool any = false;

    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (flags & names[i].flag) {
            text_put(text, any ? "+" : "");
            text_put(text, names[i].name);
            any = true;
        }
    }
    if (!any)
        text_put(text, "no flags");
}

static void put_field(struct text *text, const char *name, uint32_t value)
{
    text_put(text, name);
    text_number(text, value);
}

static void put_sack(struct text *text, const struct tcp_option *option, uint32_t base)
{
    struct tcp_options blocks;

    tcp_options_parse(option->bytes, option->length, false, &blocks);
    text_put(text, " sack=");
    for (uint32_t i = 0; i < blocks.sack_count; i++) {
        text_put(text, i ? "," : "");
        text_number(text, blocks.sack[i].start - base);
        text_char(text, '-');
        text_number(text, blocks.sack[i].end - base);
    }
}

/* Options worth a word: of SYNs all, of others SACK blocks. */
static void put_options(struct text *text, const struct ladder_row *row)
{
    struct tcp_option_cursor cursor = {row->options, row->options ? row->options_length : 0, false};
    struct tcp_option option;
    bool syn = (row->flags & TCP_SYN) != 0;

    while (tcp_option_next(&cursor, &option)) {
        if (option.kind == TCP_OPTION_MSS && option.length == 4)
            put_field(text, " mss=", (uint32_t)(option.bytes[2] << 8 | option.bytes[3]));
        else if (option.kind == TCP_OPTION_WINDOW_SCALE && option.length == 3)
            put_field(text, " ws=", option.bytes[2]);
        else if (option.kind == TCP_OPTION_SACK_PERMITTED)
            text_put(text, " sack");
        else if (option.kind == TCP_OPTION_TIMESTAMPS && syn)
            text_put(text, " ts");
        else if (option.kind == TCP_OPTION_SACK)
            put_sack(text, &option, row->sack_base);
    }
}

/* What is said of a segment, the more the more room there is. */
enum label_detail { LABEL_OPTIONS, LABEL_WINDOW, LABEL_LENGTH, LABEL_SHORT, LABEL_LEAST };

static void make_label(const struct ladder_row *row, enum label_detail detail, struct text *text)
{
    bool consumes = row->length || (row->flags & (TCP_SYN | TCP_FIN | TCP_RST));
    bool acks = (row->flags & TCP_ACK) != 0;

    text->length = 0;
    put_flags(text, row->flags);
    if (detail < LABEL_SHORT || consumes)
        put_field(text, " seq=", row->seq);
    if (acks && (detail < LABEL_SHORT || !consumes))
        put_field(text, " ack=", row->ack);
    if (row->length && detail < LABEL_LEAST)
        put_field(text, " len=", row->length);
    if (detail <= LABEL_WINDOW && !(row->flags & TCP_RST))
        put_field(text, " win=", row->window);
    if (detail == LABEL_OPTIONS)
        put_options(text, row);
}

static enum label_detail fit_label(const struct ladder_row *row, uint32_t room, struct text *text)
{
    enum label_detail detail = LABEL_OPTIONS;

    for (; detail < LABEL_LEAST; detail++) {
        make_label(row, detail, text);
        if (text->length <= room)
            return detail;
    }
    make_label(row, LABEL_LEAST, text);
    return LABEL_LEAST;
}

/* ---- arrows ---- */

static enum cell_color arrow_color(const struct ladder_row *row)
{
    if (row->lost)
        return CELL_RED;
    if (row->again)
        return CELL_YELLOW;
    if (row->flags & TCP_RST)
        return CELL_RED;
    return row->flags & (TCP_SYN | TCP_FIN) ? CELL_BOLD : CELL_PLAIN;
}

/* How far the line of a lost segment goes: its label, a bit of line, a cross and why. */
static void draw_lost(struct cells *line, uint32_t from, uint32_t to, const struct ladder_row *row, const char *label,
                      char stroke)
{
    uint32_t words = text_width(label);
    uint32_t why = text_width(row->lost);
    uint32_t room = to - from;

    if (ARROW_TAIL + words + 5 + why > room)
        why = 0;
    if (!row->from_right) {
        cells_fill(line, from, from + 2, stroke, CELL_RED);
        uint32_t at = cells_text(line, from + ARROW_TAIL, to - 4, label, CELL_RED) + 1;
        cells_fill(line, at, at + 2, stroke, CELL_RED);
        cells_put(line, at + 2, CELL_CROSS, CELL_RED);
        if (why)
            cells_text(line, at + 4, to, row->lost, CELL_RED);
        return;
    }
    cells_fill(line, to - 2, to, stroke, CELL_RED);
    uint32_t start = to - ARROW_TAIL - words;
    cells_text(line, start, to - 2, label, CELL_RED);
    cells_fill(line, start - 3, start - 1, stroke, CELL_RED);
    cells_put(line, start - 4, CELL_CROSS, CELL_RED);
    if (why)
        cells_text(line, start - 5 - why, start - 4, row->lost, CELL_RED);
}

static void draw_arrow(struct cells *line, uint32_t from, uint32_t to, const struct ladder_row *row, const char *label)
{
    enum cell_color color = arrow_color(row);
    char stroke = row->again ? CELL_DOUBLE : CELL_SINGLE;
    char inner = row->kind == LADDER_SEGMENT ? stroke : CELL_DASHED;
    uint32_t words = text_width(label);

    if (row->lost) {
        draw_lost(line, from, to, row, label, stroke);
        return;
    }
    /* The label stands where the segment starts; that of an arrival where it ends. */
    bool at_left = row->from_right == (row->kind == LADDER_ARRIVAL);
    uint32_t start = at_left ? from + ARROW_TAIL + (row->kind == LADDER_ARRIVAL)
                             : to - ARROW_TAIL - (row->kind == LADDER_ARRIVAL) - words;
    cells_fill(line, from, start - 1, at_left ? stroke : inner, color);
    cells_fill(line, start + words + 1, to, at_left ? inner : stroke, color);
    cells_text(line, start, to, label, color);
    if (row->kind == LADDER_DEPARTURE)
        return;
    cells_put(line, row->from_right ? from : to - 1, row->from_right ? CELL_LEFT : CELL_RIGHT, color);
}

static void second_line(const struct ladder *ladder, const char *words, bool right, enum cell_color color)
{
    struct cells line;
    uint32_t from = ARROWS_AT + ARROW_TAIL;
    uint32_t to = arrows_end(ladder) - 1;
    uint32_t width = text_width(words);

    begin(&line, ladder);
    if (right && width < to - from)
        from = to - ARROW_TAIL + 1 - width;
    cells_text(&line, from, to, words, color);
    cells_write(&line, ladder);
}

static void segment_row(const struct ladder *ladder, const struct ladder_row *row)
{
    char memory[200];
    char options[200];
    struct cells line;
    struct text label;
    struct text rest;
    uint32_t room = arrows_end(ladder) - ARROWS_AT - ARROW_TAIL - ARROW_HEAD;

    text_init(&label, memory, sizeof memory);
    enum label_detail detail = fit_label(row, row->lost ? room - 1 : room, &label);
    if (label.length > room)
        memory[room] = '\0';
    begin(&line, ladder);
    put_sides(&line, ladder, row);
    draw_arrow(&line, ARROWS_AT, arrows_end(ladder), row, memory);
    cells_write(&line, ladder);
    text_init(&rest, options, sizeof options);
    if (detail != LABEL_OPTIONS && row->kind != LADDER_ARRIVAL) {
        if (detail == LABEL_LEAST && row->length)
            put_field(&rest, " len=", row->length);
        if (detail > LABEL_WINDOW && (row->flags & TCP_SYN))
            put_field(&rest, " win=", row->window);
        put_options(&rest, row);
    }
    if (rest.length)
        second_line(ladder, options + 1, row->from_right, CELL_FAINT);
    if (row->note)
        second_line(ladder, row->note, row->from_right, row->alarm ? CELL_RED : CELL_YELLOW);
}

static void note_row(const struct ladder *ladder, const struct ladder_row *row)
{
    struct cells line;
    uint32_t room = arrows_end(ladder) - ARROWS_AT;
    uint32_t width = text_width(row->note);

    width = width > room - 4 ? room - 4 : width;
    uint32_t start = ARROWS_AT + (room - width) / 2;
    enum cell_color color = row->alarm ? CELL_RED : CELL_FAINT;
    begin(&line, ladder);
    put_sides(&line, ladder, row);
    cells_fill(&line, ARROWS_AT, start - 1, CELL_DOT, color);
    cells_text(&line, start, start + width, row->note, color);
    cells_fill(&line, start + width + 1, arrows_end(ladder), CELL_DOT, color);
    cells_write(&line, ladder);
}

static void state_row(const struct ladder *ladder, const struct ladder_row *row)
{
    struct cells line;

    begin(&line, ladder);
    put_sides(&line, ladder, row);
    if (row->note) {
        uint32_t room = arrows_end(ladder) - ARROWS_AT;
        uint32_t width = text_width(row->note);
        bool right = row->right_state && !row->left_state && width + 2 < room;
        cells_text(&line, right ? arrows_end(ladder) - 1 - width : ARROWS_AT + 1, arrows_end(ladder), row->note,
                   row->alarm ? CELL_RED : CELL_FAINT);
    }
    cells_write(&line, ladder);
}

void ladder_row(const struct ladder *ladder, const struct ladder_row *row)
{
    if (row->kind == LADDER_NOTE)
        note_row(ladder, row);
    else if (row->kind == LADDER_STATE)
        state_row(ladder, row);
    else
        segment_row(ladder, row);
}

void ladder_head(const struct ladder *ladder, const char *left, const char *right)
{
    struct cells line;
    uint32_t end = arrows_end(ladder);
    uint32_t width = text_width(right);

    cells_clear(&line, ladder->width);
    cells_text(&line, NUMBER_WIDTH - 2, TIME_AT, "no", CELL_FAINT);
    cells_text(&line, TIME_AT + TIME_WIDTH - 4, LEFT_AT, "time", CELL_FAINT);
    uint32_t at = cells_text(&line, LEFT_AT, ladder->width, left, CELL_BOLD);
    uint32_t start = ladder->width > width ? ladder->width - width : 0;
    if (start < at + 2)
        start = at + 2;
    if (start + width <= ladder->width && start > end - width / 2)
        start = ladder->width - width;
    cells_text(&line, start, ladder->width, right, CELL_BOLD);
    cells_write(&line, ladder);
}
