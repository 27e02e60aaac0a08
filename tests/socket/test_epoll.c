/* epoll: S98-S112, and what of S1-S30 it shows. */
#include "socket/pair.h"

static int set_of(struct host *host)
{
    const int fd = septet_sockets_epoll_create(host->sockets, 0);
    assert_true(fd >= 3);
    return fd;
}

static int control(struct host *host, int set, int command, int fd, uint32_t events)
{
    const struct septet_epoll_event event = {.events = events, .data = (uint64_t)fd};
    return septet_sockets_epoll_ctl(host->sockets, set, command, fd, &event);
}

static int add(struct host *host, int set, int fd, uint32_t events)
{
    return control(host, set, SEPTET_EPOLL_CTL_ADD, fd, events);
}

static int modify(struct host *host, int set, int fd, uint32_t events)
{
    return control(host, set, SEPTET_EPOLL_CTL_MOD, fd, events);
}

/* The events of the only descriptor that is ready; 0 when none is. */
static uint32_t ready(struct host *host, int set, int fd)
{
    struct septet_epoll_event events[8];
    const int count = septet_sockets_epoll_wait(host->sockets, set, events, 8, 0);
    assert_in_range(count, 0, 1);
    if (count == 0)
        return 0;
    assert_int_equal(events[0].data, fd);
    return events[0].events;
}

#define EIN SEPTET_EPOLLIN
#define EOUT SEPTET_EPOLLOUT
#define ET SEPTET_EPOLLET

/* Adding tells the state at once, edge-triggered or not, and once then. */
static void adding_tells_the_state(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    const int set = set_of(&p->a);
    assert_int_equal(add(&p->a, set, a, EIN | EOUT | ET), 0);
    assert_int_equal(ready(&p->a, set, a), EOUT);
    assert_int_equal(ready(&p->a, set, a), 0);
    assert_int_equal(add(&p->a, set, a, EIN), -SEPTET_EEXIST);
    pair_end(p);
}

/* Level: as long as it lasts. Edge: with each new segment, drained or not; draining in part makes no event. */
static void levels_and_edges(void **state)
{
    (void)state;
    int a, b;
    char byte;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    const int level = set_of(&p->a), edge = set_of(&p->a);
    add(&p->a, level, a, EIN);
    add(&p->a, edge, a, EIN | ET);
    assert_int_equal(ready(&p->a, level, a), 0);
    send_text(&p->b, b, "abc");
    settle(p);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ready(&p->a, level, a), EIN);
    assert_int_equal(ready(&p->a, edge, a), EIN);
    assert_int_equal(ready(&p->a, edge, a), 0);
    send_text(&p->b, b, "def");
    settle(p);
    assert_int_equal(ready(&p->a, edge, a), EIN);
    assert_int_equal(septet_sockets_recv(p->a.sockets, a, &byte, 1, 0), 1);
    assert_int_equal(ready(&p->a, edge, a), 0);
    expect_text(&p->a, a, "bcdef");
    assert_int_equal(ready(&p->a, level, a), 0);
    pair_end(p);
}

/* MOD arms again; ONESHOT needs it. */
static void modifying_arms_again(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    const int set = set_of(&p->a);
    add(&p->a, set, a, EIN | ET);
    send_text(&p->b, b, "abc");
    settle(p);
    assert_int_equal(ready(&p->a, set, a), EIN);
    assert_int_equal(modify(&p->a, set, a, EIN | ET), 0);
    assert_int_equal(ready(&p->a, set, a), EIN);
    assert_int_equal(ready(&p->a, set, a), 0);
    assert_int_equal(modify(&p->a, set, a, EIN | SEPTET_EPOLLONESHOT), 0);
    assert_int_equal(ready(&p->a, set, a), EIN);
    send_text(&p->b, b, "def");
    settle(p);
    assert_int_equal(ready(&p->a, set, a), 0);
    assert_int_equal(modify(&p->a, set, a, EIN | SEPTET_EPOLLONESHOT), 0);
    assert_int_equal(ready(&p->a, set, a), EIN);
    pair_end(p);
}

/* S106: ERR and HUP are told unasked; a reset is IN, ERR and HUP, RDHUP if asked; SO_ERROR clears ERR, not HUP. */
static void unasked_events(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    const int set = set_of(&p->a), fresh = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    add(&p->a, set, fresh, EIN);
    assert_int_equal(ready(&p->a, set, fresh), HUP);
    close_fd(&p->a, fresh);
    connected(p, &a, &b);
    add(&p->a, set, a, EIN);
    set_linger(&p->b, b, 1, 0);
    close_fd(&p->b, b);
    settle(p);
    assert_int_equal(ready(&p->a, set, a), EIN | ERR | HUP);
    assert_int_equal(modify(&p->a, set, a, EIN | RDHUP), 0);
    assert_int_equal(ready(&p->a, set, a), EIN | ERR | HUP | RDHUP);
    assert_int_equal(error_of(&p->a, a), SEPTET_ECONNRESET);
    assert_int_equal(ready(&p->a, set, a), EIN | HUP | RDHUP);
    assert_int_equal(modify(&p->a, set, a, 0), 0);
    assert_int_equal(ready(&p->a, set, a), HUP);
    pair_end(p);
}

/* RDHUP is the peer's FIN. */
static void peer_fin(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    const int set = set_of(&p->a);
    add(&p->a, set, a, EIN | RDHUP | ET);
    septet_sockets_shutdown(p->b.sockets, b, SEPTET_SHUT_WR);
    settle(p);
    assert_int_equal(ready(&p->a, set, a), EIN | RDHUP);
    assert_int_equal(ready(&p->a, set, a), 0);
    pair_end(p);
}

/* Interest is the open socket's: closing one of two descriptors leaves it, closing the last ends it. */
static void interest_outlives_the_descriptor(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    const int set = set_of(&p->a), copy = septet_sockets_dup(p->a.sockets, a);
    add(&p->a, set, a, EIN);
    close_fd(&p->a, a);
    send_text(&p->b, b, "abc");
    settle(p);
    assert_int_equal(ready(&p->a, set, a), EIN);
    assert_int_equal(add(&p->a, set, copy, EIN), 0); /* another descriptor is another entry */
    close_fd(&p->a, copy);
    assert_int_equal(ready(&p->a, set, a), 0);
    pair_end(p);
}

/* S55: writable once for each time that room comes back, not for each ACK. */
static void write_space(void **state)
{
    (void)state;
    int a, b;
    static char bytes[200000];
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    const int set = set_of(&p->a);
    add(&p->a, set, a, EOUT | ET);
    assert_int_equal(ready(&p->a, set, a), EOUT);
    int64_t sent = 0, got, count = 0;
    while ((got = septet_sockets_send(p->a.sockets, a, bytes, sizeof bytes, 0)) > 0) {
        sent += got;
        settle(p);
    }
    assert_int_equal(got, -SEPTET_EAGAIN);
    assert_int_equal(mask_of(&p->a, a) & OUT, 0);
    assert_int_equal(ready(&p->a, set, a), 0);
    for (int64_t left = sent; left > 0; left -= got) {
        got = septet_sockets_recv(p->b.sockets, b, bytes, 1000, 0);
        assert_true(got > 0);
        settle(p);
        count += ready(&p->a, set, a) != 0;
    }
    assert_int_equal(count, 1);
    pair_end(p);
}

/* nginx: a listener in two sets, level-triggered or exclusive: nobody misses a connection. */
static void shared_listener(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int fd = listener_on(&p->b, AF4, 80, 8);
    const uint32_t how[] = {EIN | RDHUP, EIN | SEPTET_EPOLLEXCLUSIVE, EIN | ET | SEPTET_EPOLLEXCLUSIVE};
    int set[3];
    for (int i = 0; i < 3; i++) {
        set[i] = set_of(&p->b);
        assert_int_equal(add(&p->b, set[i], fd, how[i]), 0);
    }
    assert_int_equal(modify(&p->b, set[1], fd, EIN), -SEPTET_EINVAL);
    assert_int_equal(add(&p->b, set[0], set[1], EIN | SEPTET_EPOLLEXCLUSIVE), -SEPTET_EINVAL);
    for (int round = 0; round < 3; round++) {
        connect_to(&p->a, socket_on(&p->a, AF4, SEPTET_SOCK_STREAM), AF4, &p->b, 80);
        settle(p);
        for (int i = 0; i < 3; i++)
            assert_int_equal(ready(&p->b, set[i], fd), EIN);
        assert_true(septet_sockets_accept4(p->b.sockets, fd, NULL, NULL, 0) >= 3);
        assert_int_equal(ready(&p->b, set[0], fd), 0);
    }
    pair_end(p);
}

/* The order is that of becoming ready, and who was told goes behind who was not. */
static void fairness(void **state)
{
    (void)state;
    int a[4], b[4];
    struct septet_epoll_event events[2];
    struct pair *p = pair_new(false);
    const int listener = listener_on(&p->b, AF4, 80, 8), set = set_of(&p->a);
    for (int i = 0; i < 4; i++) {
        connected_from(p, listener, &a[i], &b[i]);
        add(&p->a, set, a[i], EIN);
    }
    for (int i = 3; i >= 0; i--) {
        send_text(&p->b, b[i], "x");
        settle(p);
    }
    for (int round = 0; round < 6; round++) {
        assert_int_equal(septet_sockets_epoll_wait(p->a.sockets, set, events, 2, 0), 2);
        assert_int_equal(events[0].data, a[round % 2 == 0 ? 3 : 1]);
        assert_int_equal(events[1].data, a[round % 2 == 0 ? 2 : 0]);
    }
    pair_end(p);
}

/* A set in a set, or in poll(); no deeper, and not in itself. */
static void sets_in_sets(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    const int inner = set_of(&p->a), outer = set_of(&p->a), more = set_of(&p->a);
    add(&p->a, inner, a, EIN);
    assert_int_equal(add(&p->a, outer, inner, EIN), 0);
    assert_int_equal(add(&p->a, more, outer, EIN), -SEPTET_ELOOP);
    assert_int_equal(add(&p->a, inner, more, EIN), -SEPTET_ELOOP);
    assert_int_equal(add(&p->a, inner, inner, EIN), -SEPTET_EINVAL);
    assert_int_equal(mask_of(&p->a, inner), 0);
    send_text(&p->b, b, "x");
    settle(p);
    assert_int_equal(mask_of(&p->a, inner), IN);
    assert_int_equal(ready(&p->a, outer, inner), EIN);
    expect_text(&p->a, a, "x");
    assert_int_equal(ready(&p->a, outer, inner), 0);
    close_fd(&p->a, inner);
    assert_int_equal(ready(&p->a, outer, inner), 0);
    pair_end(p);
}

static void refusals(void **state)
{
    (void)state;
    struct septet_epoll_event event = {.events = EIN};
    struct pair *p = pair_new(false);
    struct septet_sockets *s = p->a.sockets;
    const int set = set_of(&p->a), fd = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    assert_int_equal(septet_sockets_epoll_create(s, 1), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_epoll_ctl(s, set, SEPTET_EPOLL_CTL_DEL, fd, NULL), -SEPTET_ENOENT);
    assert_int_equal(septet_sockets_epoll_ctl(s, set, SEPTET_EPOLL_CTL_MOD, fd, &event), -SEPTET_ENOENT);
    assert_int_equal(septet_sockets_epoll_ctl(s, set, 9, fd, &event), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_epoll_ctl(s, set, SEPTET_EPOLL_CTL_ADD, fd, NULL), -SEPTET_EFAULT);
    assert_int_equal(septet_sockets_epoll_ctl(s, fd, SEPTET_EPOLL_CTL_ADD, set, &event), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_epoll_ctl(s, 99, SEPTET_EPOLL_CTL_ADD, fd, &event), -SEPTET_EBADF);
    assert_int_equal(septet_sockets_epoll_ctl(s, set, SEPTET_EPOLL_CTL_ADD, 99, &event), -SEPTET_EBADF);
    assert_int_equal(septet_sockets_epoll_wait(s, set, &event, 0, 0), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_epoll_wait(s, fd, &event, 1, 0), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_epoll_wait(s, 99, &event, 1, 0), -SEPTET_EBADF);
    assert_int_equal(septet_sockets_recv(s, set, &event, 1, 0), -SEPTET_ENOTSOCK);
    for (int i = 0; i < 62; i++) { /* descriptors end before watches */
        const int copy = septet_sockets_dup(s, fd);
        assert_true(copy >= 3);
        assert_int_equal(add(&p->a, set, copy, 0), 0);
    }
    assert_int_equal(septet_sockets_dup(s, fd), -SEPTET_EMFILE);
    assert_int_equal(septet_sockets_epoll_ctl(s, set, SEPTET_EPOLL_CTL_DEL, fd + 1, NULL), 0);
    pair_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_tells_the_state),
        cmocka_unit_test(levels_and_edges),
        cmocka_unit_test(modifying_arms_again),
        cmocka_unit_test(unasked_events),
        cmocka_unit_test(peer_fin),
        cmocka_unit_test(interest_outlives_the_descriptor),
        cmocka_unit_test(write_space),
        cmocka_unit_test(shared_listener),
        cmocka_unit_test(fairness),
        cmocka_unit_test(sets_in_sets),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
