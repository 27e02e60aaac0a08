#include "lab/watch.h"

#include "base/siphash.h"
#include "lab/watched.h"
#include "wire/ethernet.h"

struct watch {
    struct world *world;
    struct watched_table flows;
    uint64_t digest, frames;
};

static void broken(struct watch *watch, uint16_t host, const char *what)
{
    char memory[200];
    struct text text;

    text_init(&text, memory, sizeof memory);
    text_put(&text, world_scenario(watch->world)->host[host].name);
    text_char(&text, ' ');
    text_put(&text, what);
    world_fail(watch->world, memory);
}

static void digest(struct watch *watch, const struct frame_report *report)
{
    const struct frame *frame = report->frame;
    struct siphash_key key = {
        {watch->digest ^ (uint64_t)report->time, (uint64_t)report->fate << 56 ^ (uint64_t)report->to << 32 ^
                                                     frame->number << 8 ^ (uint64_t)frame->link << 4 ^ frame->end}};
    bool whole = report->fate == FATE_SENT || (frame->marks & (FRAME_CORRUPTED | FRAME_CE | FRAME_FOREIGN));

    watch->digest = siphash24(&key, frame->bytes, whole ? frame->length : 0);
}

static void watch_sent(struct watch *watch, const struct frame_report *report)
{
    const struct scenario *scenario = world_scenario(watch->world);
    const struct frame *frame = report->frame;
    const struct scenario_link *link = &scenario->link[frame->link];
    const struct scenario_interface *interface = &scenario->interface[report->interface];
    uint32_t allowed = interface->mtu + (link->ethernet ? ETHERNET_HEADER : 0);
    struct packet_view view;
    struct watched *peer;

    packet_view(&view, frame->bytes, frame->length, link->ethernet);
    bool router = scenario->host[report->from].config.forwarding;
    /* What a router passes on may have been damaged before it came. */
    if (view.error != wire_none && !(router && view.is_ip)) {
        broken(watch, report->from, wire_error_text(view.error));
        return;
    }
    if (frame->length > allowed && !frame->gso_size)
        broken(watch, report->from, "sends more than its interface allows");
    if (router)
        return;
    if (!packet_view_checksums(&view, frame->bytes))
        broken(watch, report->from, "sends a wrong checksum");
    if (!view.is_tcp)
        return;
    struct watched *flow = watched_find(&watch->flows, &view.ip.source, view.tcp.source_port, &view.ip.destination,
                                        view.tcp.destination_port, &peer);
    const char *wrong = flow ? watched_sends(flow, peer, &view, frame->gso_size != 0) : "no memory for another flow";
    if (wrong)
        broken(watch, report->from, wrong);
}

static void watch_delivered(struct watch *watch, const struct frame_report *report)
{
    const struct scenario *scenario = world_scenario(watch->world);
    const struct frame *frame = report->frame;
    struct packet_view view;
    struct watched *peer;

    if (scenario->host[report->to].config.forwarding)
        return;
    packet_view(&view, frame->bytes, frame->length, scenario->link[frame->link].ethernet);
    if (!view.is_tcp || !packet_view_checksums(&view, frame->bytes))
        return;
    struct watched *flow = watched_find(&watch->flows, &view.ip.destination, view.tcp.destination_port, &view.ip.source,
                                        view.tcp.source_port, &peer);
    if (flow)
        watched_receives(flow, peer, &view);
}

static void on_frame(void *context, const struct frame_report *report)
{
    struct watch *watch = context;

    digest(watch, report);
    if (report->fate == FATE_SENT) {
        watch->frames++;
        if (!(report->frame->marks & FRAME_FOREIGN))
            watch_sent(watch, report);
    } else if (report->fate == FATE_DELIVERED) {
        watch_delivered(watch, report);
    }
}

static bool is_nothing(unsigned state) { return state == SEPTET_STATE_closed || state == SEPTET_STATE_listen; }

static void on_trace(void *context, uint16_t host, const struct septet_trace_event *event)
{
    struct watch *watch = context;
    unsigned from = (unsigned)event->value[0];
    unsigned to = (unsigned)event->value[1];

    if (event->kind != SEPTET_TRACE_state)
        return;
    if (!septet_state_transition_legal(from, to))
        broken(watch, host, "moves between states as RFC 9293 does not allow");
    if (!event->tuple || event->tuple->remote_port == 0)
        return;
    const struct septet_tuple *tuple = event->tuple;
    struct watched *flow =
        watched_find(&watch->flows, &tuple->local, tuple->local_port, &tuple->remote, tuple->remote_port, NULL);
    if (!flow)
        return;
    if (flow->boots != world_boots(watch->world, host)) {
        flow->boots = world_boots(watch->world, host);
        flow->state_known = false;
    }
    bool follows = flow->state_known && !is_nothing(flow->state) ? from == flow->state : is_nothing(from);
    if (!follows)
        broken(watch, host, "says that it leaves a state that it was not in");
    flow->state = (uint8_t)to;
    flow->state_known = true;
}

struct watch *watch_create(struct arena *arena, struct world *world)
{
    struct watch *watch = arena_zeroed(arena, sizeof *watch);
    struct world_observer observer = {.context = watch, .frame = on_frame, .trace = on_trace};

    if (!watch || !world_observe(world, &observer))
        return NULL;
    watch->world = world;
    watch->flows.arena = arena;
    return watch;
}

uint64_t watch_digest(const struct watch *watch) { return watch->digest; }
uint64_t watch_frames(const struct watch *watch) { return watch->frames; }

/* ---- the end ---- */

static void task_broken(struct watch *watch, const struct lab_task *task, const char *what)
{
    char memory[200];
    struct text text;

    text_init(&text, memory, sizeof memory);
    text_put(&text, world_scenario(watch->world)->program[task->program].name);
    text_char(&text, '#');
    text_number(&text, task->instance);
    text_char(&text, ' ');
    text_put(&text, what);
    world_fail(watch->world, memory);
}

static bool is_mirror(const struct septet_tuple *a, const struct septet_tuple *b)
{
    return a->local_port == b->remote_port && a->remote_port == b->local_port &&
           septet_address_equal(&a->local, &b->remote) && septet_address_equal(&a->remote, &b->local);
}

/* The other end of a task's connection: the latest with the mirrored tuple that began before the task was over. */
static const struct lab_task *peer_of(const struct watch *watch, const struct lab_task *task)
{
    const struct lab_task *found = NULL;

    for (uint32_t i = 0; i < world_tasks(watch->world); i++) {
        const struct lab_task *other = world_task(watch->world, i);
        if (other->opened && is_mirror(&task->tuple, &other->tuple) && other->start_time <= task->end_time)
            found = other;
    }
    return found;
}

/* Bytes arrive exactly, or the connection reports why not. That they are the right ones was checked as they came. */
static void check_task(struct watch *watch, const struct lab_task *task)
{
    if (!task->opened || task->killed)
        return;
    const struct lab_task *peer = peer_of(watch, task);
    bool clean = task->error == SEPTET_OK && !task->aborted;
    if (peer && task->received > peer->sent)
        task_broken(watch, task, "received more than was sent");
    if (task->end_seen && peer && task->received != peer->sent)
        task_broken(watch, task, "saw the end without having received everything");
    if (clean && !task->ended && !task->released)
        task_broken(watch, task, "neither saw the end nor an error");
    if (task->end_seen && peer && !peer->shut && !peer->killed && peer->done && peer->error == SEPTET_OK)
        task_broken(watch, task, "saw an end that its peer did not make");
}

static void check_memory(struct watch *watch, uint16_t host)
{
    struct septet_usage usage;

    if (!world_stack(watch->world, host))
        return;
    septet_usage(world_stack(watch->world, host), &usage);
    if (usage.connections || usage.half_open || usage.time_wait)
        broken(watch, host, "still has connections");
    else if (usage.pages)
        broken(watch, host, "has not given back all pages");
    else if (usage.reassemblies)
        broken(watch, host, "still puts datagrams together");
}

void watch_end(struct watch *watch)
{
    for (uint32_t i = 0; i < world_tasks(watch->world); i++)
        check_task(watch, world_task(watch->world, i));
    for (uint32_t i = 0; i < world_scenario(watch->world)->hosts; i++)
        check_memory(watch, (uint16_t)i);
}
