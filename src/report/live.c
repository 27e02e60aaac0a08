#include "report/live.h"

#include "base/memory.h"
#include "lab/text.h"
#include "septet/config.h"
#include "wire/tcp.h"

/* Of a run of plain segments so many are drawn; the rest is counted. */
#define PLAIN_ROWS 8
/* A run is over when nothing has happened for so long. */
#define SILENCE (200 * SEPTET_MILLISECOND)

enum { US, PEER };

void live_begin(struct live *live, const struct ladder *ladder)
{
    memset(live, 0, sizeof *live);
    live->ladder = *ladder;
    live->begun = -1;
}

/* ---- connections ---- */

static bool same_tuple(const struct septet_tuple *a, const struct septet_tuple *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           septet_address_equal(&a->local, &b->local) && septet_address_equal(&a->remote, &b->remote);
}

static void draw_fold(struct live *live, struct live_connection *connection)
{
    char memory[100];
    struct text text;
    struct ladder_row row = {.kind = LADDER_NOTE, .time = -1, .note = memory};

    if (connection->folded == 0) {
        return;
    }
    text_init(&text, memory, sizeof memory);
    text_number(&text, connection->folded);
    text_put(&text, " more");
    if (connection->folded_data > 0) {
        bool large = connection->folded_bytes >= 10000000;

        text_put(&text, ", ");
        text_number(&text, connection->folded_data);
        text_put(&text, " with ");
        text_number(&text, large ? connection->folded_bytes / 1000000 : connection->folded_bytes);
        text_put(&text, large ? " MB" : " bytes");
    }
    connection->folded = connection->folded_data = 0;
    connection->folded_bytes = 0;
    ladder_row(&live->ladder, &row);
}

/* The connection of a tuple; the one that was silent longest gives its place to a new one. */
static struct live_connection *find(struct live *live, const struct septet_tuple *tuple)
{
    struct live_connection *oldest = &live->connection[0];

    if (live->current != NULL && same_tuple(&live->current->tuple, tuple)) {
        return live->current;
    }
    for (uint32_t i = 0; i < LIVE_CONNECTIONS; i++) {
        struct live_connection *connection = &live->connection[i];

        if (connection->used != 0 && same_tuple(&connection->tuple, tuple)) {
            return connection;
        }
        if (connection->used < oldest->used) {
            oldest = connection;
        }
    }
    if (live->row_of == oldest) {
        live->row_of = NULL;
    }
    if (live->current == oldest) {
        live->current = NULL;
    }
    memset(oldest, 0, sizeof *oldest);
    oldest->tuple = *tuple;
    return oldest;
}

static void put_end(struct text *text, const struct septet_address *address, uint16_t port)
{
    bool ipv6 = !septet_address_is_ipv4(address);

    text_put(text, ipv6 ? "[" : "");
    text_address(text, address);
    text_put(text, ipv6 ? "]:" : ":");
    text_number(text, port);
}

/* The rows that follow are of this connection. */
static void turn_to(struct live *live, struct live_connection *connection)
{
    char memory[2][SEPTET_ADDRESS_TEXT + 10];
    struct text text;

    if (live->current == connection) {
        return;
    }
    if (live->current != NULL) {
        draw_fold(live, live->current);
        live->current->plain = 0;
    }
    live->current = connection;
    text_init(&text, memory[US], sizeof memory[US]);
    put_end(&text, &connection->tuple.local, connection->tuple.local_port);
    text_init(&text, memory[PEER], sizeof memory[PEER]);
    put_end(&text, &connection->tuple.remote, connection->tuple.remote_port);
    ladder_head(&live->ladder, memory[US], memory[PEER]);
}

/* ---- rows ---- */

static bool is_plain(const struct ladder_row *row)
{
    return !row->again && row->note == NULL && row->left_state == NULL && row->window > 0 &&
           (row->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_URG)) == 0;
}

/* Draws the row that was held back, or folds it. */
static void draw_row(struct live *live)
{
    struct live_connection *connection = live->row_of;

    if (connection == NULL) {
        return;
    }
    live->row_of = NULL;
    turn_to(live, connection);
    if (!is_plain(&live->row)) {
        draw_fold(live, connection);
        connection->plain = 0;
    } else if (++connection->plain > PLAIN_ROWS) {
        connection->folded++;
        connection->folded_data += live->row.length > 0;
        connection->folded_bytes += live->row.length;
        return;
    }
    ladder_row(&live->ladder, &live->row);
}

static uint32_t relative(struct live_connection *connection, unsigned side, uint32_t seq)
{
    if (!connection->known[side]) {
        connection->known[side] = true;
        connection->first_seq[side] = seq;
    }
    return seq - connection->first_seq[side];
}

static void note_syn(struct live_connection *connection, unsigned side, const struct septet_trace_event *event)
{
    struct tcp_options options;
    bool first = (event->value[2] & TCP_ACK) == 0;

    connection->known[side] = true;
    connection->first_seq[side] = (uint32_t)event->value[0];
    if (first) {
        connection->known[1 - side] = false;
        connection->shift_seen = 0;
    }
    tcp_options_parse(event->options, event->options_length, true, &options);
    if (options.has_window_scale) {
        connection->shift[side] = options.window_scale > 14 ? 14 : options.window_scale;
        connection->shift_seen |= (uint8_t)(1U << side);
    }
    connection->scaled = connection->shift_seen == 3;
}

/* Holds a segment back as the next row. */
static void hold_segment(struct live *live, struct live_connection *connection, unsigned side,
                         const struct septet_trace_event *event)
{
    uint16_t flags = (uint16_t)event->value[2];
    uint32_t window = (uint32_t)event->value[4];

    draw_row(live);
    if (flags & TCP_SYN) {
        note_syn(connection, side, event);
    } else if (connection->scaled && side == PEER) {
        window <<= connection->shift[side];
    }
    live->row = (struct ladder_row){
        .kind = LADDER_SEGMENT,
        .time = event->time - live->begun,
        .from_right = side == PEER,
        .again = side == US && event->value[5] != 0,
        .flags = flags,
        .seq = relative(connection, side, (uint32_t)event->value[0]),
        .ack = flags & TCP_ACK ? relative(connection, 1 - side, (uint32_t)event->value[1]) : 0,
        .length = (uint32_t)event->value[3],
        .window = window,
    };
    live->row.sack_base = live->row.ack == 0 ? 0 : (uint32_t)event->value[1] - live->row.ack;
    if (event->options_length <= sizeof live->options && event->options_length > 0) {
        memcpy(live->options, event->options, event->options_length);
        live->row.options = live->options;
        live->row.options_length = event->options_length;
    }
    live->row_of = connection;
}

/* Words below the row that is held back. */
static void add_note(struct live *live, const char *words, const char *more)
{
    struct text text;

    text_init(&text, live->note, sizeof live->note);
    text_put(&text, words);
    text_put(&text, more);
    live->row.note = live->note;
    live->row.alarm = true;
}

/* States that we enter by something we send; the others follow from something that came. */
static bool entered_by_sending(uint64_t state)
{
    return state == SEPTET_STATE_syn_sent || state == SEPTET_STATE_fin_wait_1 || state == SEPTET_STATE_last_ack;
}

static void state_changed(struct live *live, struct live_connection *connection, const struct septet_trace_event *event)
{
    const char *name = septet_state_name((unsigned)event->value[1]);
    struct ladder_row row = {.kind = LADDER_STATE, .time = event->time - live->begun, .left_state = name};

    if (entered_by_sending(event->value[1])) {
        connection->coming_state = name;
    } else if (live->row_of == connection) {
        live->row.left_state = name;
    } else {
        draw_row(live);
        turn_to(live, connection);
        draw_fold(live, connection);
        ladder_row(&live->ladder, &row);
    }
}

void live_trace(struct live *live, const struct septet_trace_event *event)
{
    struct live_connection *connection;

    if (event->tuple == NULL || event->tuple->remote_port == 0) {
        return;
    }
    if (live->begun < 0) {
        live->begun = event->time;
    }
    connection = find(live, event->tuple);
    connection->used = ++live->events;
    connection->last = event->time;
    switch (event->kind) {
    case SEPTET_TRACE_segment_sent:
        hold_segment(live, connection, US, event);
        live->row.left_state = connection->coming_state;
        connection->coming_state = NULL;
        break;
    case SEPTET_TRACE_segment_received:
        hold_segment(live, connection, PEER, event);
        break;
    case SEPTET_TRACE_segment_dropped:
        if (live->row_of == connection) {
            add_note(live, "not taken: ", septet_drop_name((unsigned)event->value[4]));
        }
        break;
    case SEPTET_TRACE_state:
        state_changed(live, connection, event);
        break;
    default:
        break;
    }
}

void live_flush(struct live *live, int64_t now, bool end)
{
    draw_row(live);
    if (live->current != NULL && live->current->plain > 0 && (end || now - live->current->last >= SILENCE)) {
        draw_fold(live, live->current);
        live->current->plain = 0;
    }
}
