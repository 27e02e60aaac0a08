#include "base/bytes.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "lab/world_state.h"
#include "wire/ethernet.h"
#include "wire/tcp.h"

/* ---- datagrams: UDP and echo requests ---- */

#define NUMBER_LENGTH 2

/* Two bytes of number, then the pattern of that number. */
static void make_datagram(const struct lab_task *task, uint32_t number, uint8_t *to, size_t length)
{
    store16(to, (uint16_t)number);
    pattern_fill(task->key_out, (uint64_t)number << 16, to + NUMBER_LENGTH, length - NUMBER_LENGTH);
}

static void take_replies(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    struct septet *stack = world->host[task->host].stack;

    for (;;) {
        int64_t length = septet_datagram_receive(stack, task->handle, world->scratch, sizeof world->scratch, NULL);
        if (length == SEPTET_AGAIN || length == SEPTET_STALE)
            return;
        if (length < 0) {
            task_error(task, (int)length);
            continue;
        }
        uint64_t position = (uint64_t)load16(world->scratch) << 16;
        if ((uint64_t)length != action->size ||
            pattern_check(task->key_out, position, world->scratch + NUMBER_LENGTH, (size_t)length - NUMBER_LENGTH) !=
                (size_t)length - NUMBER_LENGTH)
            world_fail_text(world, "a reply is not what was sent, bytes:", task, (uint64_t)length);
        task->datagrams_received++;
        task->received += (uint64_t)length;
    }
}

static int open_socket(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    struct septet *stack = world->host[task->host].stack;
    enum septet_datagram_protocol protocol = action->verb == ACTION_PING ? SEPTET_ICMP_ECHO : SEPTET_UDP;
    int error = septet_datagram_open(stack, protocol, NULL, 0, &task->handle);

    if (error != SEPTET_OK) {
        task->handle = 0;
        return error;
    }
    task->key_out = pattern_key(&action->address, action->port, &action->address, (uint16_t)task->index);
    return septet_user_set(stack, task->handle, (uint64_t)task->index + 1);
}

enum action_result action_datagrams(struct world *world, struct lab_task *task, const struct scenario_action *action)
{
    struct septet *stack = world->host[task->host].stack;

    if (!task->handle) {
        int error = task->opened ? SEPTET_ALREADY_CONNECTED : open_socket(world, task, action);
        if (error != SEPTET_OK) {
            task_error(task, error);
            return ACTION_ENDED;
        }
    }
    take_replies(world, task, action);
    while (task->action_progress <= action->count) {
        int64_t due = task->action_since + action->time * (int64_t)task->action_progress;
        if (world->now < due) {
            if (task->wake != due) {
                task->wake = due;
                task_plan(world, task, due);
            }
            return ACTION_BLOCKED;
        }
        if (task->action_progress < action->count) {
            make_datagram(task, (uint32_t)task->action_progress, world->scratch, (size_t)action->size);
            int64_t sent = septet_datagram_send(stack, task->handle, &action->address, action->port, world->scratch,
                                                (size_t)action->size);
            task->datagrams_sent += sent >= 0;
            if (sent < 0)
                task_error(task, (int)sent);
        }
        task->action_progress++;
    }
    septet_close(stack, task->handle);
    task->handle = 0;
    return ACTION_DONE;
}

/* ---- segments from nowhere ---- */

struct forgery {
    struct septet_address from, to;
    struct tcp_header tcp;
    uint32_t length;
};

static bool forge_as(const struct world *world, const struct scenario_action *action, struct forgery *forgery)
{
    const struct lab_task *task = task_of_program(world, action->target);
    struct septet_tcp_info info = {0};

    if (!task || !task->opened)
        return false;
    if (task->handle && septet_tcp_info(world->host[task->host].stack, task->handle, &info) != SEPTET_OK)
        return false;
    forgery->from = task->tuple.local;
    forgery->to = task->tuple.remote;
    forgery->tcp.source_port = task->tuple.local_port;
    forgery->tcp.destination_port = task->tuple.remote_port;
    forgery->tcp.seq = info.snd_nxt + action->seq;
    forgery->tcp.ack = info.rcv_nxt + action->ack;
    return true;
}

static uint32_t build(const struct forgery *forgery, uint8_t *packet)
{
    bool ipv4 = septet_address_is_ipv4(&forgery->to);
    uint32_t header = ipv4 ? IPV4_HEADER : IPV6_HEADER;
    struct ip_fields fields = {.source = forgery->from,
                               .destination = forgery->to,
                               .protocol = PROTOCOL_TCP,
                               .ttl = 64,
                               .do_not_fragment = true};
    uint8_t *segment = packet + header;
    uint32_t length = TCP_HEADER + forgery->length;
    struct checksum sum = {0, 0};

    if (ipv4)
        ipv4_build(packet, &fields, length);
    else
        ipv6_build(packet, &fields, length);
    tcp_build(segment, &forgery->tcp);
    memset(segment + TCP_HEADER, 'x', forgery->length);
    ip_pseudo_checksum(&sum, &forgery->from, &forgery->to, PROTOCOL_TCP, length);
    checksum_add(&sum, segment, length);
    store16(segment + 16, checksum_finish(&sum));
    return header + length;
}

/* The interface that has an address; the number of interfaces when none has. */
static uint32_t interface_with(const struct scenario *scenario, const struct septet_address *address)
{
    for (uint32_t i = 0; i < scenario->addresses; i++)
        if (septet_address_equal(&scenario->address[i].address, address))
            return scenario->address[i].interface;
    return scenario->interfaces;
}

void action_inject(struct world *world, const struct scenario_action *action)
{
    const struct scenario *scenario = world->scenario;
    struct forgery forgery = {.from = action->from, .to = action->address, .length = (uint32_t)action->size};
    uint8_t frame[ETHERNET_HEADER + IPV6_HEADER + TCP_HEADER + 536];
    uint32_t header = 0;

    forgery.tcp = (struct tcp_header){action->local_port, action->port, action->seq, action->ack, 0, 0, 0, 0, 0};
    if (action->target != SCENARIO_NOBODY && !forge_as(world, action, &forgery))
        return;
    forgery.tcp.flags = action->flags;
    forgery.tcp.header_length = TCP_HEADER;
    forgery.tcp.window = (uint16_t)action->value;
    uint32_t interface = interface_with(scenario, &forgery.to);
    if (interface == scenario->interfaces)
        return;
    const struct scenario_interface *to = &scenario->interface[interface];
    const struct scenario_link *link = &scenario->link[to->link];
    uint8_t end = to->end == 0 ? 1 : 0;
    if (link->ethernet) {
        header = ETHERNET_HEADER;
        ethernet_build(frame, to->mac, scenario->interface[link->interface[end]].mac,
                       septet_address_is_ipv4(&forgery.to) ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
    }
    uint32_t length = build(&forgery, frame + header);
    if (!world_send(world, to->link, end, frame, header + length))
        world_fail(world, "no memory for another frame");
}
