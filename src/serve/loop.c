#include "serve/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* ---- signals: a flag for the turns, a descriptor for the sleep ---- */

static volatile sig_atomic_t interrupted;
static int interrupt_descriptor = -1;

static void on_signal(int number)
{
    uint64_t one = 1;
    int saved = errno;

    (void)number;
    interrupted = 1;
    (void)!write(interrupt_descriptor, &one, sizeof one);
    errno = saved;
}

static void catch_signals(void)
{
    /* SA_RESETHAND: the second one ends the process at once. */
    struct sigaction catch = {.sa_handler = on_signal, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    interrupt_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigemptyset(&catch.sa_mask);
    sigaction(SIGINT, &catch, NULL);
    sigaction(SIGTERM, &catch, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

bool loop_interrupted(void) { return interrupted != 0; }

int64_t loop_clock(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SEPTET_SECOND + time.tv_nsec;
}

/* ---- what it drives ---- */

/* Batches that may still go out after the end: enough for a RST to each of thousands of peers. */
#define LAST_ROUNDS 1024u

void loop_init(struct loop *loop, struct septet *stack)
{
    *loop = (struct loop){.stack = stack, .watched = -1, .now = septet_now(stack)};
    loop->processors = sysconf(_SC_NPROCESSORS_ONLN);
}

int loop_add_link(struct loop *loop, struct link *link)
{
    int index;

    if (loop->link_count == LOOP_LINKS) {
        return SEPTET_NO_INTERFACES;
    }
    index = septet_interface_add(loop->stack, &link->interface);
    if (index >= 0) {
        link->index = (uint16_t)index;
        loop->links[loop->link_count++] = link;
    }
    return index;
}

/* Number 0 is nobody's, so that handles without a user number are told apart. */
bool loop_add_service(struct loop *loop, struct service *service)
{
    if (loop->service_count == LOOP_SERVICES) {
        return false;
    }
    loop->services[loop->service_count++] = service;
    service->loop = loop;
    service->number = loop->service_count;
    return true;
}

uint64_t loop_user(const struct service *service, uint32_t slot) { return (uint64_t)service->number << 32 | slot; }

uint32_t loop_slot(const struct septet_event *event) { return (uint32_t)event->user; }

void loop_stop(struct loop *loop) { loop->stopped = true; }

/* ---- one turn ---- */

static bool link_failed(struct loop *loop, const struct link *link, int code)
{
    snprintf(loop->error, sizeof loop->error, "%s: the device is gone: %s", link->interface.name, strerror(-code));
    loop->stopped = true;
    return false;
}

/* One batch of each link; *moved when there was any. */
static bool receive(struct loop *loop, bool *moved)
{
    struct septet_packet packets[SEPTET_BATCH];

    for (uint32_t i = 0; i < loop->link_count; i++) {
        int count = link_read(loop->links[i], loop->now, packets, SEPTET_BATCH);

        if (count < 0) {
            return link_failed(loop, loop->links[i], count);
        }
        if (count > 0) {
            *moved = true;
            septet_input(loop->stack, packets, (uint32_t)count);
        }
    }
    return true;
}

static void dispatch(struct loop *loop, bool *moved)
{
    struct septet_event event;

    while (septet_next_event(loop->stack, &event)) {
        uint32_t number = (uint32_t)(event.user >> 32);

        *moved = true;
        if (number >= 1 && number <= loop->service_count) {
            loop->services[number - 1]->event(loop->services[number - 1], &event);
        }
    }
}

static int64_t work(struct loop *loop)
{
    int64_t next = SEPTET_NEVER;

    for (uint32_t i = 0; i < loop->service_count; i++) {
        struct service *service = loop->services[i];
        int64_t wish = service->work != NULL ? service->work(service, loop->now) : SEPTET_NEVER;

        next = wish < next ? wish : next;
    }
    return next;
}

static struct link *link_of(const struct loop *loop, uint16_t interface)
{
    for (uint32_t i = 0; i < loop->link_count; i++) {
        if (loop->links[i]->index == interface) {
            return loop->links[i];
        }
    }
    return NULL;
}

static bool transmit(struct loop *loop, bool *moved)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint32_t count = septet_output(loop->stack, packets, SEPTET_BATCH);

    for (uint32_t first = 0, next; first < count; first = next) {
        struct link *link = link_of(loop, packets[first].interface);
        int result;

        for (next = first + 1; next < count && packets[next].interface == packets[first].interface; next++) {
        }
        if (link != NULL && (result = link_write(link, loop->now, packets + first, next - first)) < 0) {
            return link_failed(loop, link, result);
        }
    }
    *moved = *moved || count > 0;
    return true;
}

/* To be woken on another processor takes long, in a virtual machine a hundred times as long as what there is to do. So
 * when sleeps prove short, the next one is put off: some turns without anything to do, up to this long. When they prove
 * long, the next one is not. */
#define PATIENCE_LEAST (4 * SEPTET_MICROSECOND)
#define PATIENCE_MOST (64 * SEPTET_MICROSECOND)
#define SHORT_SLEEP (128 * SEPTET_MICROSECOND)

static bool is_patient(struct loop *loop)
{
    if (loop->idle_since == 0) {
        loop->idle_since = loop->now;
    }
    return loop->now - loop->idle_since < loop->patience;
}

static void learn(struct loop *loop, int64_t slept)
{
    loop->idle_since = 0;
    if (slept >= SHORT_SLEEP) {
        loop->patience /= 2;
        loop->patience = loop->patience < PATIENCE_LEAST ? 0 : loop->patience;
    } else if (loop->processors > 1) {
        loop->patience = loop->patience == 0 ? PATIENCE_LEAST : loop->patience * 2;
        loop->patience = loop->patience > PATIENCE_MOST ? PATIENCE_MOST : loop->patience;
    }
}

/* Sleeps until a descriptor is ready or the time has come. */
static void sleep_until(struct loop *loop, int64_t when)
{
    struct pollfd descriptors[LOOP_LINKS + 2];
    struct timespec timeout;
    nfds_t count = 0;
    int64_t begun = loop_clock();
    int64_t left = when - begun;

    for (uint32_t i = 0; i < loop->link_count; i++) {
        descriptors[count++] = (struct pollfd){.fd = loop->links[i]->descriptor, .events = POLLIN};
    }
    descriptors[count++] = (struct pollfd){.fd = interrupt_descriptor, .events = POLLIN};
    descriptors[count++] = (struct pollfd){.fd = loop->watched, .events = loop->watched_events};
    if (left < 0) {
        return;
    }
    timeout = (struct timespec){.tv_sec = (time_t)(left / SEPTET_SECOND), .tv_nsec = (long)(left % SEPTET_SECOND)};
    (void)ppoll(descriptors, count, when == SEPTET_NEVER ? NULL : &timeout, NULL);
    learn(loop, loop_clock() - begun);
}

static int64_t earliest(const struct loop *loop, int64_t next)
{
    int64_t deadline = septet_deadline(loop->stack);

    next = deadline < next ? deadline : next;
    for (uint32_t i = 0; i < loop->link_count; i++) {
        deadline = link_deadline(loop->links[i]);
        next = deadline < next ? deadline : next;
    }
    return next;
}

/* False when a link failed. A turn that moved nothing sleeps. */
static bool turn(struct loop *loop)
{
    bool moved = false;
    int64_t next;

    loop->now = loop_clock();
    septet_advance(loop->stack, loop->now);
    if (!receive(loop, &moved)) {
        return false;
    }
    dispatch(loop, &moved);
    next = work(loop);
    dispatch(loop, &moved);
    if (!transmit(loop, &moved)) {
        return false;
    }
    if (moved) {
        loop->idle_since = 0;
    } else if (!loop->spin && !loop->stopped && !loop_interrupted() && !is_patient(loop)) {
        sleep_until(loop, earliest(loop, next));
    }
    return true;
}

bool loop_run(struct loop *loop)
{
    unsigned rounds = LAST_ROUNDS;

    catch_signals();
    (void)prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
    while (!loop->stopped && !loop_interrupted()) {
        if (!turn(loop)) {
            return false;
        }
    }
    loop->stopped = true;
    for (uint32_t i = 0; i < loop->service_count; i++) {
        if (loop->services[i]->stop != NULL) {
            loop->services[i]->stop(loop->services[i]);
        }
    }
    for (bool moved = true; moved && rounds > 0; rounds--) {
        moved = false;
        if (!transmit(loop, &moved)) {
            return false;
        }
    }
    return true;
}
