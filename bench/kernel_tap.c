#include "kernel_tap.h"
#include "kernel_server.h"
#include "tap_report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int dial(bool spinning)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(ARENA_PORT)};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (spinning ? SOCK_NONBLOCK : 0), 0);
    kernel_socket(connection);
    inet_pton(AF_INET, "10.7.0.2", &address.sin_addr);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS)
        return connection;
    close(connection);
    return -1;
}

/* Starts a server in the first namespace and moves to a second one. */
static bool prepare(struct bench_run *run, struct arena *arena, const struct kernel_server *server, bool offloads)
{
    return arena_worker(run, arena, kernel_serve, server) && arena_veth(run, arena, offloads);
}

/* ---- bulk ---- */

/* Bytes over one connection, `sending` or receiving, until the meter has enough. */
static void bulk(struct bench_run *run, struct arena *arena, bool sending, bool offloads)
{
    struct kernel_server server = {.role = sending ? KERNEL_SINK : KERNEL_SOURCE, .spinning = sending && !offloads};
    uint8_t *buffer = calloc(1, KERNEL_CHUNK);
    if (!buffer || !prepare(run, arena, &server, offloads))
        return;
    int connection = dial(false);
    struct meter meter;
    meter_start(&meter, run, UINT64_C(1) << 20);
    while (connection >= 0 && meter_more(&meter)) {
        ssize_t moved =
            sending ? send(connection, buffer, KERNEL_CHUNK, MSG_NOSIGNAL) : recv(connection, buffer, KERNEL_CHUNK, 0);
        if (moved <= 0)
            break;
        meter.done =
            sending ? atomic_load_explicit(&arena->shared->bytes, memory_order_relaxed) : meter.done + (uint64_t)moved;
    }
    if (meter.work)
        tap_report_rate(run, &meter, offloads ? "" : "plain_");
    else
        bench_skip(run, "the kernel's connection broke");
    free(buffer);
}

static void receive(struct bench_run *run, struct arena *arena) { bulk(run, arena, false, true); }
static void receive_plain(struct bench_run *run, struct arena *arena) { bulk(run, arena, false, false); }
static void send_super(struct bench_run *run, struct arena *arena) { bulk(run, arena, true, true); }
static void send_plain(struct bench_run *run, struct arena *arena) { bulk(run, arena, true, false); }

void kernel_bulk_receive(struct bench_run *run)
{
    arena_run(run, 60, receive);
    arena_run(run, 60, receive_plain);
}

void kernel_bulk_send(struct bench_run *run)
{
    arena_run(run, 60, send_super);
    arena_run(run, 60, send_plain);
}

/* ---- ping-pong ---- */

static ssize_t take(int connection, uint8_t *message, bool spinning)
{
    ssize_t taken;
    do
        taken = recv(connection, message, KERNEL_MESSAGE, spinning ? MSG_DONTWAIT : 0);
    while (taken < 0 && (errno == EAGAIN || errno == EINTR));
    return taken;
}

/* One answer: counts it and asks again. */
static bool turn(int connection, int64_t *asked, struct meter *meter, struct tap_times *times, bool spinning)
{
    uint8_t message[KERNEL_MESSAGE];
    if (take(connection, message, spinning) != KERNEL_MESSAGE)
        return false;
    int64_t now = meter_wall();
    if (meter->measuring)
        tap_times_add(times, now - *asked);
    meter->done++;
    *asked = now;
    return send(connection, message, sizeof message, MSG_NOSIGNAL) == KERNEL_MESSAGE;
}

static void ping_pong(struct bench_run *run, const int *connections, bool spinning)
{
    int64_t asked[64];
    struct tap_times times;
    if (!tap_times_open(run, &times))
        return;
    int poll = epoll_create1(EPOLL_CLOEXEC);
    uint8_t message[KERNEL_MESSAGE] = {0};
    for (uint32_t i = 0; i < run->size; i++) {
        epoll_ctl(poll, EPOLL_CTL_ADD, connections[i], &(struct epoll_event){.events = EPOLLIN, .data.u32 = i});
        asked[i] = meter_wall();
        send(connections[i], message, sizeof message, MSG_NOSIGNAL);
    }
    struct meter meter;
    bool good = true;
    meter_start(&meter, run, 64);
    while (good && meter_more(&meter)) {
        struct epoll_event events[64];
        int count = 1;
        if (run->size > 1)
            count = epoll_wait(poll, events, 64, spinning ? 0 : -1);
        for (int i = 0; i < count && good; i++) {
            uint32_t which = run->size > 1 ? events[i].data.u32 : 0;
            good = turn(connections[which], &asked[which], &meter, &times, spinning);
        }
    }
    if (!good)
        bench_skip(run, "the kernel's connection broke");
    tap_times_report(run, &times, spinning ? "" : "blocking_");
    close(poll);
}

static void round_trips(struct bench_run *run, struct arena *arena, bool spinning)
{
    struct kernel_server server = {.role = KERNEL_ECHO, .connections = (unsigned)run->size, .spinning = spinning};
    int connections[64];
    if (!prepare(run, arena, &server, true))
        return;
    for (uint32_t i = 0; i < run->size; i++)
        if ((connections[i] = dial(false)) < 0) {
            bench_skip(run, "the kernel does not connect");
            return;
        }
    ping_pong(run, connections, spinning);
}

static void spinning_round_trips(struct bench_run *run, struct arena *arena) { round_trips(run, arena, true); }
static void blocking_round_trips(struct bench_run *run, struct arena *arena) { round_trips(run, arena, false); }

void kernel_round_trips(struct bench_run *run)
{
    if (arena_has_two_processors())
        arena_run(run, 60, spinning_round_trips);
    arena_run(run, 60, blocking_round_trips);
}

/* ---- churn ---- */

static bool converse(bool spinning)
{
    uint8_t message[KERNEL_MESSAGE] = {0};
    int connection = dial(spinning);
    if (connection < 0)
        return false;
    ssize_t sent;
    do
        sent = send(connection, message, sizeof message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EAGAIN);
    bool good = sent == KERNEL_MESSAGE && take(connection, message, spinning) == KERNEL_MESSAGE &&
                take(connection, message, spinning) == 0;
    close(connection);
    return good;
}

static void churn(struct bench_run *run, struct arena *arena, bool spinning)
{
    struct kernel_server server = {.role = KERNEL_CHURN, .spinning = spinning};
    if (!prepare(run, arena, &server, true))
        return;
    struct meter meter;
    meter_start(&meter, run, 16);
    while (meter_more(&meter)) {
        if (!converse(spinning)) {
            bench_skip(run, "the kernel loses connections");
            return;
        }
        meter.done++;
    }
    tap_report_churn(run, &meter, spinning ? "" : "blocking_");
}

static void spinning_churn(struct bench_run *run, struct arena *arena) { churn(run, arena, true); }
static void blocking_churn(struct bench_run *run, struct arena *arena) { churn(run, arena, false); }

void kernel_churn(struct bench_run *run)
{
    if (arena_has_two_processors())
        arena_run(run, 60, spinning_churn);
    arena_run(run, 60, blocking_churn);
}
