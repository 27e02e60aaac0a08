#include "cli/lab.h"
#include "lab/packet_view.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct lab_json {
    struct world *world;
    FILE *file;
    uint64_t events;
    bool failed;
};

static const char *host_name(const struct lab_json *json, uint16_t host)
{
    return host == SCENARIO_NOBODY ? "" : world_scenario(json->world)->host[host].name;
}

/* Writes one event on a line of its own and gives it up. */
static void write_event(struct lab_json *json, json_t *event)
{
    char *text = event ? json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    if (!text || fprintf(json->file, "%s\n  %s", json->events++ ? "," : "", text) < 0)
        json->failed = true;
    free(text);
    json_decref(event);
}

static json_t *new_event(int64_t time, const char *event)
{
    json_t *object = json_object();

    json_object_set_new(object, "time", json_integer(time));
    json_object_set_new(object, "event", json_string(event));
    return object;
}

static json_t *address_text(const struct septet_address *address)
{
    char text[SEPTET_ADDRESS_TEXT];

    septet_address_format(address, text);
    return json_string(text);
}

static json_t *flags_text(uint16_t flags)
{
    char text[12];

    tcp_flags_format(flags, text);
    return json_string(text);
}

static json_t *packet(const struct packet_view *view)
{
    json_t *object = json_object();

    json_object_set_new(object, "source", address_text(&view->ip.source));
    json_object_set_new(object, "destination", address_text(&view->ip.destination));
    json_object_set_new(object, "protocol", json_integer(view->ip.protocol));
    if (view->is_tcp) {
        json_object_set_new(object, "source_port", json_integer(view->tcp.source_port));
        json_object_set_new(object, "destination_port", json_integer(view->tcp.destination_port));
        json_object_set_new(object, "seq", json_integer(view->tcp.seq));
        json_object_set_new(object, "ack", json_integer(view->tcp.ack));
        json_object_set_new(object, "flags", flags_text(view->tcp.flags));
        json_object_set_new(object, "window", json_integer(view->tcp.window));
        json_object_set_new(object, "length", json_integer(view->payload_length));
    }
    return object;
}

static void on_frame(void *context, const struct frame_report *report)
{
    struct lab_json *json = context;
    const struct frame *frame = report->frame;
    const struct scenario_link *link = &world_scenario(json->world)->link[frame->link];
    struct packet_view view;
    json_t *event = new_event(report->time, "frame");

    json_object_set_new(event, "fate", json_string(frame_fate_name(report->fate)));
    json_object_set_new(event, "frame", json_integer((json_int_t)frame->number));
    if (frame->original != frame->number)
        json_object_set_new(event, "copy_of", json_integer((json_int_t)frame->original));
    json_object_set_new(event, "link", json_string(link->name));
    json_object_set_new(event, "from", json_string(host_name(json, report->from)));
    if (report->to != SCENARIO_NOBODY)
        json_object_set_new(event, "to", json_string(host_name(json, report->to)));
    json_object_set_new(event, "length", json_integer(frame->length));
    if (frame->marks & FRAME_CORRUPTED)
        json_object_set_new(event, "corrupted", json_true());
    if (frame->marks & FRAME_HELD_UP)
        json_object_set_new(event, "held_up", json_true());
    if (frame->marks & FRAME_CE)
        json_object_set_new(event, "congestion_experienced", json_true());
    packet_view(&view, frame->bytes, frame->length, link->ethernet);
    if (view.is_ip && (report->fate == FATE_SENT || report->fate == FATE_COPIED))
        json_object_set_new(event, "packet", packet(&view));
    write_event(json, event);
}

/* The text of a value that is a number of an enum; NULL for plain numbers. */
static const char *value_text(const char *name, unsigned kind, uint64_t value)
{
    bool state = kind == SEPTET_TRACE_state && (strcmp(name, "from") == 0 || strcmp(name, "to") == 0);

    if (state)
        return septet_state_name((unsigned)value);
    if (strcmp(name, "drop") == 0)
        return septet_drop_name((unsigned)value);
    if (strcmp(name, "timer") == 0)
        return septet_timer_name((unsigned)value);
    if (strcmp(name, "phase") == 0)
        return septet_phase_name((unsigned)value);
    if (strcmp(name, "why") == 0)
        return septet_loss_name((unsigned)value);
    return strcmp(name, "error") == 0 ? septet_error_name((int)(int64_t)value) : NULL;
}

static void on_trace(void *context, uint16_t host, const struct septet_trace_event *trace)
{
    struct lab_json *json = context;
    json_t *event = new_event(world_now(json->world), septet_trace_name(trace->kind));

    json_object_set_new(event, "host", json_string(host_name(json, host)));
    if (trace->tuple) {
        json_object_set_new(event, "local", address_text(&trace->tuple->local));
        json_object_set_new(event, "local_port", json_integer(trace->tuple->local_port));
        json_object_set_new(event, "remote", address_text(&trace->tuple->remote));
        json_object_set_new(event, "remote_port", json_integer(trace->tuple->remote_port));
    }
    for (unsigned i = 0; i < 6; i++) {
        const char *name = septet_trace_value_name(trace->kind, i);
        if (!name)
            continue;
        const char *text = value_text(name, trace->kind, trace->value[i]);
        if (text)
            json_object_set_new(event, name, json_string(text));
        else if (strcmp(name, "flags") == 0)
            json_object_set_new(event, name, flags_text((uint16_t)trace->value[i]));
        else
            json_object_set_new(event, name, json_integer((json_int_t)trace->value[i]));
    }
    write_event(json, event);
}

static void on_note(void *context, int64_t time, const struct lab_task *task, const char *what)
{
    struct lab_json *json = context;
    json_t *event = new_event(time, "program");

    json_object_set_new(event, "program", json_string(world_scenario(json->world)->program[task->program].name));
    json_object_set_new(event, "instance", json_integer(task->instance));
    json_object_set_new(event, "did", json_string(what));
    write_event(json, event);
}

static void on_host(void *context, int64_t time, uint16_t host, bool alive)
{
    struct lab_json *json = context;
    json_t *event = new_event(time, alive ? "boot" : "death");

    json_object_set_new(event, "host", json_string(host_name(json, host)));
    write_event(json, event);
}

struct lab_json *lab_json_begin(struct world *world, FILE *file)
{
    struct lab_json *json = calloc(1, sizeof *json);
    struct world_observer observer = {json, on_frame, on_trace, on_note, on_host};
    const struct scenario *scenario = world_scenario(world);
    char *title = NULL;

    if (!json)
        return NULL;
    json->world = world;
    json->file = file;
    json_t *text = json_string(scenario->title);
    if (text)
        title = json_dumps(text, JSON_ENCODE_ANY);
    json_decref(text);
    if (!title || !world_observe(world, &observer)) {
        free(title);
        free(json);
        return NULL;
    }
    fprintf(file, "{\"title\": %s, \"seed\": %llu, \"events\": [", title, (unsigned long long)scenario->seed);
    free(title);
    return json;
}

static json_t *connections(const struct lab_json *json, const struct story *story)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < story->connections; i++) {
        const struct story_connection *connection = &story->connection[i];
        json_t *ends = json_array();
        for (unsigned side = 0; side < 2; side++) {
            json_t *end = json_object();
            json_object_set_new(end, "host", json_string(host_name(json, connection->host[side])));
            json_object_set_new(end, "address", address_text(&connection->address[side]));
            json_object_set_new(end, "port", json_integer(connection->port[side]));
            json_object_set_new(end, "segments", json_integer(connection->segments[side]));
            json_object_set_new(end, "sent_again", json_integer(connection->resent[side]));
            json_object_set_new(end, "lost", json_integer(connection->lost[side]));
            json_object_set_new(end, "bytes", json_integer((json_int_t)connection->bytes[side]));
            json_array_append_new(ends, end);
        }
        json_array_append_new(array, ends);
    }
    return array;
}

static json_t *programs(const struct lab_json *json)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < world_tasks(json->world); i++) {
        const struct lab_task *task = world_task(json->world, i);
        json_t *program = json_object();
        json_object_set_new(program, "program", json_string(world_scenario(json->world)->program[task->program].name));
        json_object_set_new(program, "instance", json_integer(task->instance));
        json_object_set_new(program, "result", json_string(septet_error_name(task->error)));
        json_object_set_new(program, "sent", json_integer((json_int_t)task->sent));
        json_object_set_new(program, "received", json_integer((json_int_t)task->received));
        json_object_set_new(program, "ended", task->done ? json_integer(task->end_time) : json_null());
        json_array_append_new(array, program);
    }
    return array;
}

bool lab_json_end(struct lab_json *json, enum world_end end, const struct story *story)
{
    json_t *rest = json_object();

    json_object_set_new(rest, "connections", connections(json, story));
    json_object_set_new(rest, "programs", programs(json));
    json_object_set_new(rest, "end", json_string(lab_end_name(end)));
    json_object_set_new(rest, "time", json_integer(world_now(json->world)));
    char *text = json_dumps(rest, JSON_PRESERVE_ORDER | JSON_COMPACT);
    /* The members of this object follow the events. */
    bool good = text && !json->failed && fprintf(json->file, "\n], %s\n", text + 1) > 0 && fflush(json->file) == 0;
    free(text);
    json_decref(rest);
    free(json);
    return good;
}
