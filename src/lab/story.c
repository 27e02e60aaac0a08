#include "lab/story.h"

#include "base/memory.h"
#include "base/seq.h"
#include "base/siphash.h"
#include "lab/packet_view.h"

/* How far back a segment that is still under way is looked for. */
#define LOOK_BACK 20000U

static struct story_item *add_item(struct story *story, int64_t time, enum story_kind kind, uint32_t connection,
                                   uint8_t side)
{
    struct story_item *item = arena_append(story->arena, &story->item, &story->items, &story->item_room, sizeof *item);

    if (!item) {
        story->full = true;
        return NULL;
    }
    item->time = time;
    item->kind = (uint8_t)kind;
    item->connection = connection;
    item->side = side;
    return item;
}

/* ---- connections ---- */

static bool is_end(const struct story_connection *connection, uint8_t side, const struct septet_address *address,
                   uint16_t port)
{
    return connection->port[side] == port && septet_address_equal(&connection->address[side], address);
}

/* The latest connection between two ends; *side is that of the first one. */
static uint32_t find_connection(const struct story *story, const struct septet_address *from, uint16_t from_port,
                                const struct septet_address *to, uint16_t to_port, uint8_t *side)
{
    for (uint32_t i = story->connections; i > 0; i--) {
        const struct story_connection *connection = &story->connection[i - 1];
        for (*side = 0; *side < 2; (*side)++)
            if (is_end(connection, *side, from, from_port) && is_end(connection, 1 - *side, to, to_port))
                return i - 1;
    }
    return UINT32_MAX;
}

static uint16_t host_with(const struct scenario *scenario, const struct septet_address *address)
{
    for (uint32_t i = 0; i < scenario->addresses; i++)
        if (septet_address_equal(&scenario->address[i].address, address))
            return scenario->interface[scenario->address[i].interface].host;
    return SCENARIO_NOBODY;
}

static uint32_t add_connection(struct story *story, const struct septet_address *from, uint16_t from_port,
                               const struct septet_address *to, uint16_t to_port)
{
    struct story_connection *connection = arena_append(story->arena, &story->connection, &story->connections,
                                                       &story->connection_room, sizeof *connection);

    if (!connection) {
        story->full = true;
        return UINT32_MAX;
    }
    connection->address[0] = *from;
    connection->address[1] = *to;
    connection->port[0] = from_port;
    connection->port[1] = to_port;
    connection->host[0] = host_with(world_scenario(story->world), from);
    connection->host[1] = host_with(world_scenario(story->world), to);
    connection->first = world_now(story->world);
    return story->connections - 1;
}

/* Distance from the initial sequence number that lies nearest below. */
static uint32_t relative(const struct story_connection *connection, uint8_t side, uint32_t number)
{
    uint32_t least = connection->isns[side] ? UINT32_MAX : number;

    for (uint32_t i = 0; i < connection->isns[side]; i++)
        if (number - connection->isn[side][i] < least)
            least = number - connection->isn[side][i];
    return least;
}

static void note_isn(struct story_connection *connection, uint8_t side, uint32_t isn)
{
    uint32_t *count = &connection->isns[side];

    for (uint32_t i = 0; i < *count; i++)
        if (connection->isn[side][i] == isn)
            return;
    if (*count == STORY_ISNS) {
        memmove(&connection->isn[side][0], &connection->isn[side][1], (STORY_ISNS - 1) * sizeof isn);
        (*count)--;
    }
    connection->isn[side][(*count)++] = isn;
    connection->high[side] = isn;
    connection->started[side] = true;
}

/* ---- segments ---- */

static uint64_t hash_of(const struct packet_view *view)
{
    static const struct siphash_key key = {{1, 2}};

    return siphash24(&key, view->transport, view->ip.payload_length) ^ view->ip.source.bytes[15];
}

/* Whether bytes of it were sent before, and whether it only asks for an answer. */
static void judge(struct story_connection *connection, struct story_segment *segment)
{
    uint8_t side = segment->side;
    uint32_t end =
        segment->seq + segment->length + ((segment->flags & TCP_SYN) != 0) + ((segment->flags & TCP_FIN) != 0);
    uint32_t fresh = segment->length;

    if (segment->flags & TCP_ACK)
        connection->window[side] = segment->window_bytes;
    if ((segment->flags & TCP_RST) || !connection->started[side])
        return;
    bool below = seq_lt(segment->seq, connection->high[side]);
    bool shut = connection->started[1 - side] && connection->window[1 - side] == 0;
    bool plain = !(segment->flags & (TCP_SYN | TCP_FIN));
    segment->probe = plain && ((segment->length == 0 && segment->seq + 1 == connection->high[side]) ||
                               (segment->length == 1 && shut));
    segment->again = below && end != segment->seq;
    if (below)
        fresh = seq_gt(end, connection->high[side]) ? end - connection->high[side] : 0;
    connection->resent[side] += segment->again;
    connection->bytes[side] += fresh < segment->length ? fresh : segment->length;
    connection->high[side] = seq_max(connection->high[side], end);
}

static void fill(struct story_connection *connection, struct story_segment *segment, const struct packet_view *view,
                 uint8_t side)
{
    struct tcp_options options;
    const struct tcp_header *tcp = &view->tcp;

    tcp_options_parse(view->options, view->options_length, (tcp->flags & TCP_SYN) != 0, &options);
    segment->side = side;
    segment->flags = tcp->flags;
    segment->seq = tcp->seq;
    segment->ack = tcp->ack;
    segment->window = tcp->window;
    segment->urgent = tcp->urgent;
    segment->length = view->payload_length;
    segment->options_length = (uint8_t)(view->options_length < STORY_OPTIONS ? view->options_length : STORY_OPTIONS);
    memcpy(segment->options, view->options, segment->options_length);
    if (tcp->flags & TCP_SYN) {
        note_isn(connection, side, tcp->seq);
        connection->scales[side] = options.has_window_scale;
        connection->shift[side] = options.window_scale > 14 ? 14 : options.window_scale;
    }
    bool scaled = !(tcp->flags & TCP_SYN) && connection->scales[0] && connection->scales[1];
    segment->window_bytes = (uint32_t)tcp->window << (scaled ? connection->shift[side] : 0);
    segment->relative_seq = relative(connection, side, tcp->seq);
    segment->relative_ack = tcp->flags & TCP_ACK ? relative(connection, 1 - side, tcp->ack) : 0;
}

static void begin_segment(struct story *story, const struct frame_report *report, const struct packet_view *view)
{
    uint8_t side = 0;
    uint32_t index = find_connection(story, &view->ip.source, view->tcp.source_port, &view->ip.destination,
                                     view->tcp.destination_port, &side);

    if (index == UINT32_MAX) {
        index = add_connection(story, &view->ip.source, view->tcp.source_port, &view->ip.destination,
                               view->tcp.destination_port);
        side = 0;
    }
    struct story_segment *segment = index == UINT32_MAX ? NULL
                                                        : arena_append(story->arena, &story->segment, &story->segments,
                                                                       &story->segment_room, sizeof *segment);
    struct story_item *item = segment ? add_item(story, report->time, STORY_SEGMENT, index, side) : NULL;
    if (!item) {
        story->full = true;
        return;
    }
    struct story_connection *connection = &story->connection[index];
    item->index = story->segments - 1;
    segment->connection = index;
    segment->sent = report->time;
    segment->arrived = -1;
    segment->frame = report->frame->number;
    segment->hash = hash_of(view);
    segment->marks = report->frame->marks;
    segment->fate = (uint8_t)report->fate;
    fill(connection, segment, view, side);
    connection->last = report->time;
    if (segment->marks & FRAME_COPY)
        return;
    connection->segments[side]++;
    judge(connection, segment);
}

static struct story_segment *find_frame(const struct story *story, uint64_t number)
{
    uint32_t stop = story->segments > LOOK_BACK ? story->segments - LOOK_BACK : 0;

    for (uint32_t i = story->segments; i > stop; i--)
        if (story->segment[i - 1].frame == number)
            return &story->segment[i - 1];
    return NULL;
}

/* A router sends on what it was given: the segment has a new frame. */
static void pass_on(struct story *story, const struct frame_report *report, const struct packet_view *view)
{
    uint64_t hash = hash_of(view);
    uint32_t stop = story->segments > LOOK_BACK ? story->segments - LOOK_BACK : 0;

    for (uint32_t i = story->segments; i > stop; i--) {
        struct story_segment *segment = &story->segment[i - 1];
        if (segment->hash == hash && segment->arrived < 0 && segment->fate == FATE_SENT) {
            segment->frame = report->frame->number;
            return;
        }
    }
}

static void end_segment(struct story *story, const struct frame_report *report)
{
    const struct scenario *scenario = world_scenario(story->world);
    struct story_segment *segment = find_frame(story, report->frame->number);
    bool at_router = report->fate == FATE_DELIVERED && scenario->host[report->to].config.forwarding;

    if (!segment)
        return;
    segment->marks |= report->frame->marks;
    if (at_router)
        return;
    segment->fate = (uint8_t)report->fate;
    if (report->fate != FATE_DELIVERED) {
        story->connection[segment->connection].lost[segment->side] += !(segment->marks & FRAME_COPY);
        return;
    }
    segment->arrived = report->time;
    struct story_item *item = add_item(story, report->time, STORY_ARRIVAL, segment->connection, 1 - segment->side);
    if (item)
        item->index = (uint32_t)(segment - story->segment);
}

static void on_frame(void *context, const struct frame_report *report)
{
    struct story *story = context;
    const struct scenario *scenario = world_scenario(story->world);
    const struct frame *frame = report->frame;
    struct packet_view view;

    if (report->fate != FATE_SENT && report->fate != FATE_COPIED) {
        end_segment(story, report);
        return;
    }
    packet_view(&view, frame->bytes, frame->length, scenario->link[frame->link].ethernet);
    if (!view.is_tcp) {
        story->other_frames += report->fate == FATE_SENT;
        return;
    }
    bool router = scenario->host[report->from].config.forwarding;
    if (router && report->fate == FATE_SENT && !(frame->marks & FRAME_FOREIGN))
        pass_on(story, report, &view);
    else
        begin_segment(story, report, &view);
}

/* ---- what stacks tell ---- */

/* A stack did not take a segment that has just arrived. */
static void note_refusal(struct story *story, const struct septet_trace_event *event)
{
    uint32_t stop = story->segments > LOOK_BACK ? story->segments - LOOK_BACK : 0;

    for (uint32_t i = story->segments; i > stop; i--) {
        struct story_segment *segment = &story->segment[i - 1];
        if (segment->arrived == world_now(story->world) && segment->seq == (uint32_t)event->value[0] &&
            segment->refused == 0 && segment->flags == (uint16_t)event->value[2]) {
            segment->refused = (uint8_t)event->value[4];
            return;
        }
    }
}

static void note_rtt(struct story_connection *connection, uint8_t side, const struct septet_trace_event *event)
{
    int64_t sample = (int64_t)event->value[0] * SEPTET_MICROSECOND;

    if (connection->rtt_count[side] == 0 || sample < connection->rtt_least[side])
        connection->rtt_least[side] = sample;
    connection->rtt_sum[side] += sample;
    connection->rtt_last[side] = sample;
    connection->rtt_count[side]++;
}

static void on_trace(void *context, uint16_t host, const struct septet_trace_event *event)
{
    struct story *story = context;
    const struct septet_tuple *tuple = event->tuple;
    struct story_item *item;
    uint8_t side = 0;

    (void)host;
    if (!tuple)
        return;
    if (event->kind == SEPTET_TRACE_segment_dropped) {
        note_refusal(story, event);
        return;
    }
    if (event->kind != SEPTET_TRACE_state && event->kind != SEPTET_TRACE_congestion &&
        event->kind != SEPTET_TRACE_rtt && event->kind != SEPTET_TRACE_timer)
        return;
    uint32_t index =
        find_connection(story, &tuple->local, tuple->local_port, &tuple->remote, tuple->remote_port, &side);
    if (event->kind == SEPTET_TRACE_rtt) {
        if (index != UINT32_MAX)
            note_rtt(&story->connection[index], side, event);
        return;
    }
    if (index == UINT32_MAX && event->kind == SEPTET_TRACE_state && event->value[1] == SEPTET_STATE_syn_sent) {
        side = 0;
        index = add_connection(story, &tuple->local, tuple->local_port, &tuple->remote, tuple->remote_port);
    }
    if (index == UINT32_MAX)
        return;
    enum story_kind kind = event->kind == SEPTET_TRACE_state   ? STORY_STATE
                           : event->kind == SEPTET_TRACE_timer ? STORY_TIMER
                                                               : STORY_CONGESTION;
    item = add_item(story, world_now(story->world), kind, index, side);
    if (!item)
        return;
    item->from = (uint8_t)event->value[0];
    item->to = (uint8_t)event->value[1];
    item->index = (uint32_t)event->value[0];
    if (kind == STORY_CONGESTION) {
        item->cwnd = (uint32_t)event->value[0];
        item->ssthresh = (uint32_t)event->value[1];
        item->in_flight = (uint32_t)event->value[2];
        item->to = (uint8_t)event->value[3];
    }
}

static void on_note(void *context, int64_t time, const struct lab_task *task, const char *what)
{
    struct story *story = context;
    uint8_t side = 0;
    uint32_t index = story_connection_of(story, task, &side);
    struct story_item *item = add_item(story, time, STORY_NOTE, index, side);

    if (item)
        item->note = what;
}

static void on_host(void *context, int64_t time, uint16_t host, bool alive)
{
    struct story_item *item = add_item(context, time, STORY_HOST, UINT32_MAX, 0);

    if (item) {
        item->index = host;
        item->to = alive;
    }
}

uint32_t story_connection_of(const struct story *story, const struct lab_task *task, uint8_t *side)
{
    const struct septet_tuple *tuple = &task->tuple;

    *side = 0;
    if (!task->opened)
        return UINT32_MAX;
    return find_connection(story, &tuple->local, tuple->local_port, &tuple->remote, tuple->remote_port, side);
}

struct story *story_create(struct arena *arena, struct world *world)
{
    struct story *story = arena_zeroed(arena, sizeof *story);
    struct world_observer observer = {story, on_frame, on_trace, on_note, on_host};

    if (!story || !world_observe(world, &observer))
        return NULL;
    story->arena = arena;
    story->world = world;
    return story;
}
