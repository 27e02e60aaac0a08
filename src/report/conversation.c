#include "report/conversation.h"

#include "wire/tcp.h"

/* A run of plain rows longer than this is folded, all but this many at both ends. */
#define FOLD_LEAST 12
#define FOLD_KEEP 3
/* After so many losses and repetitions one more is nothing special. */
#define EVENTS_SHOWN 8

enum part { PART_OPEN, PART_DATA, PART_CLOSE, PART_NONE };

struct teller {
    const struct ladder *ladder;
    const struct story *story;
    const struct story_connection *connection;
    const struct conversation_options *options;
    uint32_t index;       /* of the connection */
    const char *state[2]; /* to be shown with the next row; NULL: as before */
    enum part part;
    uint32_t events;   /* losses and repetitions told of */
    uint32_t *numbers; /* of segments, in order of departure */
};

/* ---- what belongs to this connection ---- */

static bool is_visible(const struct teller *teller, const struct story_item *item)
{
    if (item->kind == STORY_HOST)
        return item->time >= teller->connection->first &&
               (item->index == teller->connection->host[0] || item->index == teller->connection->host[1]);
    if (item->connection != teller->index || item->kind == STORY_CONGESTION || item->kind == STORY_NOTE)
        return false;
    if (item->kind == STORY_SEGMENT) { /* a duplicate is told of when it arrives */
        const struct story_segment *segment = &teller->story->segment[item->index];
        return !(segment->marks & FRAME_COPY) || segment->fate != FATE_DELIVERED;
    }
    if (item->kind != STORY_TIMER)
        return true;
    return teller->options->timers && (item->index == SEPTET_TIMER_RETRANSMIT || item->index == SEPTET_TIMER_PERSIST ||
                                       item->index == SEPTET_TIMER_KEEPALIVE);
}

/* The next visible item behind `at`; the number of items when there is none. */
static uint32_t next_visible(const struct teller *teller, uint32_t at)
{
    for (at++; at < teller->story->items; at++)
        if (is_visible(teller, &teller->story->item[at]))
            return at;
    return at;
}

/* ---- folding ---- */

/* A segment that was lost, or sent again, or that something befell on the way. */
static bool is_eventful(const struct story_segment *segment)
{
    return segment->fate != FATE_DELIVERED || segment->again || segment->marks || segment->refused;
}

/* A segment of which nothing is to be said but that it was one more. */
static bool is_plain(const struct teller *teller, uint32_t at)
{
    const struct story_item *item = &teller->story->item[at];

    if (item->kind != STORY_SEGMENT && item->kind != STORY_ARRIVAL)
        return false;
    const struct story_segment *segment = &teller->story->segment[item->index];
    if (segment->probe || segment->window_bytes == 0 || (segment->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_URG)))
        return false;
    return !is_eventful(segment) || teller->events >= EVENTS_SHOWN;
}

struct fold {
    uint32_t first, last; /* items that are not shown */
    uint32_t segments, data, lost, again;
};

/* The run of plain items that begins at `at`, without the rows kept at its ends; false when it is too short. */
static bool find_fold(const struct teller *teller, uint32_t at, struct fold *fold)
{
    uint32_t departures = 0;
    uint32_t end = at;

    for (uint32_t i = at; i < teller->story->items && is_plain(teller, i); i = next_visible(teller, i)) {
        departures += teller->story->item[i].kind == STORY_SEGMENT;
        end = i;
    }
    if (departures < FOLD_LEAST)
        return false;
    *fold = (struct fold){0};
    uint32_t seen = 0;
    for (uint32_t i = at; i <= end; i = next_visible(teller, i)) {
        const struct story_item *item = &teller->story->item[i];
        bool departs = item->kind == STORY_SEGMENT;
        seen += departs;
        if (seen <= FOLD_KEEP || (departs && seen > departures - FOLD_KEEP))
            continue;
        if (seen > departures - FOLD_KEEP)
            break;
        if (fold->first == 0)
            fold->first = i;
        fold->last = i;
        if (departs) {
            const struct story_segment *segment = &teller->story->segment[item->index];
            fold->segments++;
            fold->data += segment->length > 0;
            fold->lost += segment->fate != FATE_DELIVERED;
            fold->again += segment->again;
        }
    }
    return fold->segments > 0;
}

static void tell_fold(const struct teller *teller, const struct fold *fold)
{
    char memory[100];
    struct text text;
    struct ladder_row row = {.kind = LADDER_NOTE, .time = -1, .note = memory};

    text_init(&text, memory, sizeof memory);
    text_number(&text, fold->segments);
    text_put(&text, " more: ");
    text_number(&text, fold->data);
    text_put(&text, " data, ");
    text_number(&text, fold->segments - fold->data);
    text_put(&text, " ACK");
    if (fold->lost || fold->again) {
        text_put(&text, ", ");
        text_number(&text, fold->lost);
        text_put(&text, " lost");
    }
    ladder_row(teller->ladder, &row);
}

/* ---- rows ---- */

static void tell_note(const struct teller *teller, int64_t time, const char *note, bool alarm)
{
    struct ladder_row row = {.kind = LADDER_NOTE, .time = time, .note = note, .alarm = alarm};

    ladder_row(teller->ladder, &row);
}

static void tell_part(struct teller *teller, const struct story_segment *segment)
{
    static const char *const names[] = {"open", "data", "close"};
    enum part part = PART_DATA;

    if (segment->flags & TCP_SYN)
        part = PART_OPEN;
    else if (segment->flags & (TCP_FIN | TCP_RST))
        part = PART_CLOSE;
    else if (segment->length == 0 && teller->part != PART_NONE)
        return;
    if (part != teller->part && !(part == PART_DATA && teller->part == PART_CLOSE))
        tell_note(teller, -1, names[part], false);
    if (part != PART_DATA || teller->part != PART_CLOSE)
        teller->part = part;
}

static const char *fate_words(const struct story_segment *segment)
{
    switch (segment->fate) {
    case FATE_DELIVERED:
        return NULL;
    case FATE_SENT:
    case FATE_COPIED:
        return "not passed on"; /* a router got it, and nobody behind it */
    case FATE_QUEUE_FULL:
        return "queue full";
    case FATE_CODEL:
        return "CoDel";
    case FATE_TOO_BIG:
        return "too big";
    case FATE_DOWN:
        return "link down";
    case FATE_HOST_DOWN:
        return "nobody there";
    case FATE_RULE:
        return "dropped";
    default:
        return "lost";
    }
}

/* What is remarkable about a segment, in words below its row. */
static void put_remarks(const struct story_segment *segment, struct text *text)
{
    static const struct {
        uint8_t mark;
        const char *words;
    } marks[] = {{FRAME_COPY, "duplicate"},
                 {FRAME_CORRUPTED, "a bit was turned over"},
                 {FRAME_HELD_UP, "held up"},
                 {FRAME_CE, "congestion experienced"},
                 {FRAME_FOREIGN, "sent by neither of them"}};

    for (uint32_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (segment->marks & marks[i].mark) {
            text_put(text, text->length ? ", " : "");
            text_put(text, marks[i].words);
        }
    }
    if (segment->probe) {
        text_put(text, text->length ? ", " : "");
        text_put(text, segment->length ? "window probe" : "asks for an answer");
    }
    if (segment->refused) {
        text_put(text, text->length ? ", refused: " : "refused: ");
        text_put(text, septet_drop_name(segment->refused));
    }
}

static uint32_t sack_base(const struct teller *teller, const struct story_segment *segment)
{
    return teller->options->absolute ? 0 : segment->ack - segment->relative_ack;
}

static void tell_segment(struct teller *teller, const struct story_item *item, enum ladder_row_kind kind)
{
    const struct story_segment *segment = &teller->story->segment[item->index];
    bool absolute = teller->options->absolute;
    char memory[160];
    struct text text;
    bool departs = kind != LADDER_ARRIVAL;
    struct ladder_row row = {.kind = kind,
                             .time = item->time,
                             .number = teller->numbers[item->index],
                             .from_right = segment->side == 1,
                             .again = segment->again,
                             .lost = departs ? fate_words(segment) : NULL,
                             .flags = segment->flags,
                             .seq = absolute ? segment->seq : segment->relative_seq,
                             .ack = absolute ? segment->ack : segment->relative_ack,
                             .length = segment->length,
                             .window = segment->window_bytes,
                             .options = segment->options,
                             .options_length = segment->options_length,
                             .sack_base = sack_base(teller, segment),
                             .left_state = teller->state[0],
                             .right_state = teller->state[1],
                             .note = memory};

    text_init(&text, memory, sizeof memory);
    if (kind != LADDER_DEPARTURE)
        put_remarks(segment, &text);
    if (text.length == 0)
        row.note = NULL;
    row.alarm = segment->refused || (segment->marks & FRAME_CORRUPTED);
    if (departs)
        tell_part(teller, segment);
    teller->events += departs && is_eventful(segment);
    ladder_row(teller->ladder, &row);
    teller->state[0] = teller->state[1] = NULL;
}

static void take_state(struct teller *teller, const struct story_item *item)
{
    teller->state[item->side] = septet_state_name(item->to);
}

static void tell_state(struct teller *teller, int64_t time, const char *note)
{
    struct ladder_row row = {.kind = LADDER_STATE,
                             .time = time,
                             .left_state = teller->state[0],
                             .right_state = teller->state[1],
                             .note = note};

    if (!row.left_state && !row.right_state)
        return;
    ladder_row(teller->ladder, &row);
    teller->state[0] = teller->state[1] = NULL;
}

/* Takes the states that an arrival led to into its row: those of the same instant, up to where the program of that
 * side has a hand in it. Returns the last item taken. */
static uint32_t take_states_behind(struct teller *teller, uint32_t at)
{
    const struct story_item *arrival = &teller->story->item[at];

    for (uint32_t next = at + 1; next < teller->story->items; next++) {
        const struct story_item *item = &teller->story->item[next];
        if (item->time != arrival->time)
            break;
        if (item->connection != teller->index || item->kind == STORY_CONGESTION)
            continue;
        if (item->kind != STORY_STATE || item->side != arrival->side)
            break;
        take_state(teller, item);
        at = next;
    }
    return at;
}

/* The arrival of a segment, looked for behind `at`; the number of items when there is none. */
static uint32_t arrival_of(const struct teller *teller, uint32_t at, uint32_t segment)
{
    const struct story *story = teller->story;

    for (at++; at < story->items; at++)
        if (story->item[at].kind == STORY_ARRIVAL && story->item[at].index == segment)
            return at;
    return at;
}

/* Whether a segment that does not arrive at once deserves a row for its arrival: it is no plain one, or moves the
 * receiver to another state. `at` is its arrival. */
static bool arrives_apart(const struct teller *teller, uint32_t at)
{
    const struct story *story = teller->story;
    const struct story_item *arrival = &story->item[at];
    const struct story_segment *segment = &story->segment[arrival->index];

    if ((segment->flags & (TCP_SYN | TCP_FIN | TCP_RST)) || segment->marks || segment->refused)
        return true;
    for (at++; at < story->items && story->item[at].time == arrival->time; at++) {
        const struct story_item *item = &story->item[at];
        if (item->connection == teller->index && item->kind != STORY_CONGESTION)
            return item->kind == STORY_STATE && item->side == arrival->side;
    }
    return false;
}

static uint32_t tell_departure(struct teller *teller, uint32_t at)
{
    const struct story_item *item = &teller->story->item[at];
    const struct story_segment *segment = &teller->story->segment[item->index];
    uint32_t next = next_visible(teller, at);
    bool at_once = next < teller->story->items && teller->story->item[next].kind == STORY_ARRIVAL &&
                   teller->story->item[next].index == item->index;

    uint32_t arrival = segment->fate == FATE_DELIVERED && !at_once ? arrival_of(teller, at, item->index) : UINT32_MAX;

    if (arrival < teller->story->items && arrives_apart(teller, arrival)) {
        tell_segment(teller, item, LADDER_DEPARTURE);
        return at;
    }
    if (at_once)
        at = take_states_behind(teller, next);
    tell_segment(teller, item, LADDER_SEGMENT);
    return at;
}

static uint32_t tell_arrival(struct teller *teller, uint32_t at)
{
    const struct story_item *item = &teller->story->item[at];

    if (!arrives_apart(teller, at))
        return at;
    uint32_t last = take_states_behind(teller, at);
    tell_segment(teller, item, LADDER_ARRIVAL);
    return last;
}

static void tell_lone_state(struct teller *teller, uint32_t at)
{
    const struct story_item *item = &teller->story->item[at];
    uint32_t next = next_visible(teller, at);
    const struct story_item *behind = next < teller->story->items ? &teller->story->item[next] : NULL;

    take_state(teller, item);
    if (behind && behind->time == item->time && behind->kind == STORY_SEGMENT && behind->side == item->side)
        return;
    tell_state(teller, item->time,
               item->from == SEPTET_STATE_time_wait && item->to == SEPTET_STATE_closed ? "2 MSL are over" : NULL);
}

static void tell_timer(const struct teller *teller, const struct story_item *item)
{
    char memory[60];
    struct text text;
    struct ladder_row row = {.kind = LADDER_NOTE, .time = item->time, .note = memory, .alarm = true};

    text_init(&text, memory, sizeof memory);
    text_put(&text, teller->story->world
                        ? world_scenario(teller->story->world)->host[teller->connection->host[item->side]].name
                        : "");
    text_put(&text, ": ");
    text_put(&text, septet_timer_name(item->index));
    text_put(&text, " timer");
    ladder_row(teller->ladder, &row);
}

static void tell_host(const struct teller *teller, const struct story_item *item)
{
    char memory[80];
    struct text text;

    text_init(&text, memory, sizeof memory);
    text_put(&text, world_scenario(teller->story->world)->host[item->index].name);
    text_put(&text, item->to ? " is back, knows nothing" : " dies without a word");
    tell_note(teller, item->time, memory, true);
}

static void tell_items(struct teller *teller)
{
    const struct story *story = teller->story;
    struct fold fold = {0};

    for (uint32_t at = next_visible(teller, UINT32_MAX); at < story->items; at = next_visible(teller, at)) {
        const struct story_item *item = &story->item[at];
        if (fold.last && at >= fold.first && at <= fold.last) {
            if (at == fold.first)
                tell_fold(teller, &fold);
            at = fold.last;
            continue;
        }
        if (!teller->options->all && at > fold.last && is_plain(teller, at) && !find_fold(teller, at, &fold))
            fold = (struct fold){0};
        if (item->kind == STORY_SEGMENT)
            at = tell_departure(teller, at);
        else if (item->kind == STORY_ARRIVAL)
            at = tell_arrival(teller, at);
        else if (item->kind == STORY_STATE)
            tell_lone_state(teller, at);
        else if (item->kind == STORY_TIMER)
            tell_timer(teller, item);
        else
            tell_host(teller, item);
    }
}

/* ---- the whole ---- */

static void put_end(const struct story *story, const struct story_connection *connection, uint8_t side,
                    struct text *text)
{
    bool ipv6 = !septet_address_is_ipv4(&connection->address[side]);

    if (connection->host[side] != SCENARIO_NOBODY) {
        text_put(text, world_scenario(story->world)->host[connection->host[side]].name);
        text_char(text, ' ');
    }
    text_put(text, ipv6 ? "[" : "");
    text_address(text, &connection->address[side]);
    text_put(text, ipv6 ? "]:" : ":");
    text_number(text, connection->port[side]);
}

/* The right side listens from the beginning if its first move says so. */
static void tell_beginning(struct teller *teller)
{
    for (uint32_t i = 0; i < teller->story->items; i++) {
        const struct story_item *item = &teller->story->item[i];
        if (item->connection != teller->index || item->kind != STORY_STATE || item->side != 1)
            continue;
        if (item->from == SEPTET_STATE_listen)
            teller->state[1] = septet_state_name(SEPTET_STATE_listen);
        break;
    }
    teller->state[0] = septet_state_name(SEPTET_STATE_closed);
    if (!teller->state[1])
        teller->state[1] = septet_state_name(SEPTET_STATE_closed);
    tell_state(teller, -1, NULL);
}

static bool number_segments(struct teller *teller)
{
    const struct story *story = teller->story;
    uint32_t number = 0;

    teller->numbers = arena_zeroed(story->arena, sizeof *teller->numbers * (story->segments + (size_t)1));
    if (!teller->numbers)
        return false;
    for (uint32_t i = 0; i < story->segments; i++)
        if (story->segment[i].connection == teller->index)
            teller->numbers[i] = ++number;
    return true;
}

void conversation_ladder(const struct ladder *ladder, const struct story *story, uint32_t connection,
                         const struct conversation_options *options)
{
    struct teller teller = {.ladder = ladder,
                            .story = story,
                            .connection = &story->connection[connection],
                            .options = options,
                            .index = connection,
                            .part = PART_NONE};
    char left[100];
    char right[100];
    struct text text;
    size_t used = story->arena->used;

    text_init(&text, left, sizeof left);
    put_end(story, teller.connection, 0, &text);
    text_init(&text, right, sizeof right);
    put_end(story, teller.connection, 1, &text);
    ladder_head(ladder, left, right);
    tell_beginning(&teller);
    if (number_segments(&teller))
        tell_items(&teller);
    story->arena->used = used;
}
