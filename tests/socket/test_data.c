/* Reading and writing streams: S13-S17, S51, S52, S87-S95, S113, S127. */
#include "socket/pair.h"

static int64_t receive_flags(struct host *host, int fd, char *to, size_t length, int flags)
{
    return septet_sockets_recv(host->sockets, fd, to, length, flags);
}

static int ioctl_of(struct host *host, int fd, unsigned request)
{
    int value = -1;
    const int result = septet_sockets_ioctl(host->sockets, fd, request, &value);
    return result != 0 ? result : value;
}

/* S13-S17: flags of recv(). */
static void receive_flags_of_linux(void **state)
{
    (void)state;
    int a, b;
    char bytes[8];
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    assert_int_equal(receive_flags(&p->a, a, bytes, 8, SEPTET_MSG_DONTWAIT), -SEPTET_EAGAIN);
    assert_int_equal(receive_flags(&p->a, a, bytes, 0, 0), 0);
    assert_int_equal(septet_sockets_read(p->a.sockets, a, bytes, 0), 0);
    send_text(&p->b, b, "abcdef");
    settle(p);
    assert_int_equal(ioctl_of(&p->a, a, SEPTET_FIONREAD), 6);
    expect_peek(&p->a, a, "abcdef");
    expect_peek(&p->a, a, "abcdef");
    assert_int_equal(receive_flags(&p->a, a, NULL, 2, SEPTET_MSG_TRUNC), 2); /* thrown away */
    expect_text(&p->a, a, "cdef");
    assert_int_equal(receive_flags(&p->a, a, bytes, 8, SEPTET_MSG_ERRQUEUE), -SEPTET_EAGAIN);
    pair_end(p);
}

/* Vectors, forwards and back. */
static void vectors(void **state)
{
    (void)state;
    int a, b;
    char one[3] = {0}, two[9] = {0};
    struct septet_iovec out[] = {{(char[]){"ab"}, 2}, {NULL, 0}, {(char[]){"cdef"}, 4}},
                        in[] = {{one, 2}, {NULL, 0}, {two, 8}};
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    assert_int_equal(septet_sockets_writev(p->a.sockets, a, out, 3), 6);
    settle(p);
    assert_int_equal(septet_sockets_readv(p->b.sockets, b, in, 3), 6);
    assert_string_equal(one, "ab");
    assert_string_equal(two, "cdef");
    assert_int_equal(septet_sockets_writev(p->a.sockets, a, out, -1), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_readv(p->a.sockets, a, in, 2000), -SEPTET_EINVAL);
    pair_end(p);
}

/* S52: SO_RCVLOWAT. */
static void low_water(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    assert_int_equal(set_option(&p->a, a, SEPTET_SOL_SOCKET, SEPTET_SO_RCVLOWAT, 4), 0);
    send_text(&p->b, b, "abc");
    settle(p);
    assert_int_equal(mask_of(&p->a, a), OUT);
    send_text(&p->b, b, "d");
    settle(p);
    assert_int_equal(mask_of(&p->a, a), IN | OUT);
    pair_end(p);
}

/* S87-S89: corks hold a short segment for 200 ms, and let go at once when pulled. */
static void corks(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    set_option(&p->a, a, SEPTET_SOL_TCP, SEPTET_TCP_CORK, 1);
    send_text(&p->a, a, "held");
    pass(p, MS(150));
    assert_int_equal(receive(&p->b, b), -SEPTET_EAGAIN);
    set_option(&p->a, a, SEPTET_SOL_TCP, SEPTET_TCP_CORK, 0);
    settle(p);
    expect_text(&p->b, b, "held");
    pass(p, MS(50)); /* acknowledged */
    assert_int_equal(septet_sockets_send(p->a.sockets, a, "more", 4, SEPTET_MSG_MORE), 4);
    pass(p, MS(190));
    assert_int_equal(receive(&p->b, b), -SEPTET_EAGAIN);
    pass(p, MS(20));
    expect_text(&p->b, b, "more");
    septet_sockets_send(p->a.sockets, a, "more", 4, SEPTET_MSG_MORE);
    send_text(&p->a, a, "now");
    settle(p);
    expect_text(&p->b, b, "morenow");
    pair_end(p);
}

/* S90-S93: one byte out of band. */
static void out_of_band(void **state)
{
    (void)state;
    int a, b;
    char byte[2] = {0};
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    assert_int_equal(receive_flags(&p->b, b, byte, 1, SEPTET_MSG_OOB), -SEPTET_EINVAL);
    send_text(&p->a, a, "ab");
    assert_int_equal(septet_sockets_send(p->a.sockets, a, "!", 1, SEPTET_MSG_OOB), 1);
    send_text(&p->a, a, "cd");
    pass(p, MS(500));
    assert_int_equal(mask_of(&p->b, b), IN | OUT | PRI);
    assert_int_equal(ioctl_of(&p->b, b, SEPTET_FIONREAD), 2);
    assert_int_equal(ioctl_of(&p->b, b, SEPTET_SIOCATMARK), 0);
    expect_text(&p->b, b, "ab"); /* stops at the mark */
    assert_int_equal(ioctl_of(&p->b, b, SEPTET_SIOCATMARK), 1);
    assert_int_equal(receive_flags(&p->b, b, byte, 1, SEPTET_MSG_OOB | SEPTET_MSG_PEEK), 1);
    assert_int_equal(receive_flags(&p->b, b, byte, 1, SEPTET_MSG_OOB), 1);
    assert_int_equal(byte[0], '!');
    assert_int_equal(receive_flags(&p->b, b, byte, 1, SEPTET_MSG_OOB), -SEPTET_EINVAL);
    assert_int_equal(mask_of(&p->b, b), IN | OUT);
    expect_peek(&p->b, b, "cd");
    expect_text(&p->b, b, "cd"); /* without the byte */
    assert_int_equal(ioctl_of(&p->b, b, SEPTET_SIOCATMARK), 0);
    pair_end(p);
}

/* S94, S95: not taken out of the stream; reading stops at the mark all the same. */
static void out_of_band_inline(void **state)
{
    (void)state;
    int a, b;
    char byte;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    set_option(&p->b, b, SEPTET_SOL_SOCKET, SEPTET_SO_OOBINLINE, 1);
    send_text(&p->a, a, "ab");
    septet_sockets_send(p->a.sockets, a, "!", 1, SEPTET_MSG_OOB);
    send_text(&p->a, a, "cd");
    pass(p, MS(500));
    assert_int_equal(receive_flags(&p->b, b, &byte, 1, SEPTET_MSG_OOB), -SEPTET_EINVAL);
    assert_int_equal(ioctl_of(&p->b, b, SEPTET_FIONREAD), 5);
    expect_text(&p->b, b, "ab");
    assert_int_equal(ioctl_of(&p->b, b, SEPTET_SIOCATMARK), 1);
    expect_text(&p->b, b, "!cd");
    pair_end(p);
}

/* A second urgent byte makes ordinary data of the first. */
static void out_of_band_twice(void **state)
{
    (void)state;
    int a, b;
    char byte;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    septet_sockets_send(p->a.sockets, a, "a1", 2, SEPTET_MSG_OOB);
    pass(p, MS(300));
    assert_int_equal(mask_of(&p->b, b), IN | OUT | PRI);
    septet_sockets_send(p->a.sockets, a, "b2", 2, SEPTET_MSG_OOB);
    pass(p, MS(300));
    assert_int_equal(mask_of(&p->b, b), IN | OUT | PRI);
    expect_text(&p->b, b, "a1b");
    assert_int_equal(receive_flags(&p->b, b, &byte, 1, SEPTET_MSG_OOB), 1);
    assert_int_equal(byte, '2');
    assert_int_equal(receive(&p->b, b), -SEPTET_EAGAIN);
    pair_end(p);
}

/* SIOCOUTQ and SIOCOUTQNSD. */
static void output_queue(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    send_text(&p->a, a, "abcd");
    assert_int_equal(ioctl_of(&p->a, a, SEPTET_SIOCOUTQ), 4);
    assert_int_equal(ioctl_of(&p->a, a, SEPTET_SIOCOUTQNSD), 4);
    p->cut = true;
    settle(p);
    assert_int_equal(ioctl_of(&p->a, a, SEPTET_SIOCOUTQ), 4);
    assert_int_equal(ioctl_of(&p->a, a, SEPTET_SIOCOUTQNSD), 0);
    p->cut = false;
    pass(p, S(2));
    assert_int_equal(ioctl_of(&p->a, a, SEPTET_SIOCOUTQ), 0);
    pair_end(p);
}

/* ---- calls that block ---- */

static int blocked_fd;

static void b_sends(struct pair *p) { assert_int_equal(send_text(&p->b, blocked_fd, "hello"), 5); }

static void b_sends_more(struct pair *p)
{
    b_sends(p);
    p->on_wait = b_sends;
}

/* recv() waits for data; MSG_WAITALL for all of it; a signal ends it with what there is. */
static void blocking_receive(void **state)
{
    (void)state;
    int a;
    char bytes[16] = {0};
    struct pair *p = pair_new(true);
    connected(p, &a, &blocked_fd);
    p->on_wait = b_sends;
    expect_text(&p->a, a, "hello");
    p->on_wait = b_sends_more;
    assert_int_equal(receive_flags(&p->a, a, bytes, 10, SEPTET_MSG_WAITALL), 10);
    assert_string_equal(bytes, "hellohello");
    p->interrupt = -SEPTET_EINTR;
    assert_int_equal(receive(&p->a, a), -SEPTET_EINTR);
    b_sends(p);
    settle(p);
    p->interrupt = -SEPTET_EINTR;
    assert_int_equal(receive_flags(&p->a, a, bytes, 10, SEPTET_MSG_WAITALL), 5);
    assert_int_equal(receive_flags(&p->a, a, bytes, 1, SEPTET_MSG_DONTWAIT), -SEPTET_EAGAIN);
    pair_end(p);
}

static void set_timeout(struct host *host, int fd, int option, int64_t microseconds)
{
    const struct septet_timeval time = {.seconds = microseconds / 1000000, .microseconds = microseconds % 1000000};
    assert_int_equal(septet_sockets_setsockopt(host->sockets, fd, SEPTET_SOL_SOCKET, option, &time, sizeof time), 0);
}

/* S48, S51: timeouts. */
static void timeouts(void **state)
{
    (void)state;
    int a, b;
    const struct septet_timeval bad = {.microseconds = 1000000};
    struct pair *p = pair_new(true);
    connected(p, &a, &b);
    set_timeout(&p->a, a, SEPTET_SO_RCVTIMEO, 300000);
    int64_t before = p->now;
    assert_int_equal(receive(&p->a, a), -SEPTET_EAGAIN);
    assert_int_equal(p->now - before, MS(300));
    assert_int_equal(
        septet_sockets_setsockopt(p->a.sockets, a, SEPTET_SOL_SOCKET, SEPTET_SO_RCVTIMEO, &bad, sizeof bad),
        -SEPTET_EDOM);
    p->cut = true;
    const int fd = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    set_timeout(&p->a, fd, SEPTET_SO_SNDTIMEO, 500000);
    before = p->now;
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EINPROGRESS);
    assert_int_equal(p->now - before, MS(500));
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EALREADY);
    pair_end(p);
}

/* A blocking connect() says what became of it. */
static void blocking_connect(void **state)
{
    (void)state;
    struct pair *p = pair_new(true);
    const int fd = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_ECONNREFUSED);
    listener_on(&p->b, AF4, 80, 2);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), 0);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EISCONN);
    pair_end(p);
}

static void b_drains(struct pair *p)
{
    static char bytes[100000];
    while (septet_sockets_recv(p->b.sockets, blocked_fd, bytes, sizeof bytes, SEPTET_MSG_DONTWAIT) > 0)
        ;
    p->on_wait = b_drains;
}

/* send() waits until all is taken. */
static void blocking_send(void **state)
{
    (void)state;
    int a;
    static char bytes[400000];
    struct pair *p = pair_new(true);
    connected(p, &a, &blocked_fd);
    p->on_wait = b_drains;
    assert_int_equal(septet_sockets_send(p->a.sockets, a, bytes, sizeof bytes, 0), sizeof bytes);
    p->on_wait = NULL;
    set_timeout(&p->a, a, SEPTET_SO_SNDTIMEO, 100000);
    const int64_t part = septet_sockets_send(p->a.sockets, a, bytes, sizeof bytes, 0);
    assert_in_range(part, 1, 300000);
    assert_int_equal(septet_sockets_send(p->a.sockets, a, bytes, sizeof bytes, 0), -SEPTET_EAGAIN);
    pair_end(p);
}

static void a_shuts_down(struct pair *p)
{
    assert_int_equal(septet_sockets_shutdown(p->a.sockets, *(int *)p->user, SEPTET_SHUT_RDWR), 0);
}

/* S113: a blocked recv() ends with 0 when the own side shuts down. */
static void shutdown_wakes_the_reader(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(true);
    connected(p, &a, &b);
    p->user = &a;
    p->on_wait = a_shuts_down;
    assert_int_equal(receive(&p->a, a), 0);
    pair_end(p);
}

static void mend(struct pair *p) { p->cut = false; }

/* S127: SO_LINGER{1,t} blocks close(), O_NONBLOCK or not, until all is acknowledged or the time is up. */
static void lingering_close(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(true);
    connected(p, &a, &b);
    set_linger(&p->a, a, 1, 2);
    septet_sockets_fcntl(p->a.sockets, a, SEPTET_F_SETFL, SEPTET_O_NONBLOCK);
    p->cut = true;
    send_text(&p->a, a, "lost");
    int64_t before = p->now;
    assert_int_equal(close_fd(&p->a, a), 0);
    assert_int_equal(p->now - before, S(2));
    assert_int_equal(receive(&p->a, a), -SEPTET_EBADF);
    p->cut = false;
    connected(p, &a, &b);
    set_linger(&p->a, a, 1, 5);
    p->cut = true;
    send_text(&p->a, a, "late");
    p->on_wait = mend;
    before = p->now;
    assert_int_equal(close_fd(&p->a, a), 0);
    assert_in_range(p->now - before, 0, S(4));
    expect_text(&p->b, b, "late");
    pair_end(p);
}

/* poll() and epoll_wait() wait, and no longer than asked. */
static void blocking_poll(void **state)
{
    (void)state;
    int a;
    struct pair *p = pair_new(true);
    connected(p, &a, &blocked_fd);
    struct septet_pollfd fds[] = {{.fd = a, .events = SEPTET_POLLIN}, {.fd = -1}, {.fd = 77}};
    struct septet_epoll_event event = {.events = SEPTET_EPOLLIN, .data = 5}, got = {0};
    const int set = septet_sockets_epoll_create(p->a.sockets, 0);
    assert_int_equal(septet_sockets_epoll_ctl(p->a.sockets, set, SEPTET_EPOLL_CTL_ADD, a, &event), 0);
    int64_t before = p->now;
    assert_int_equal(septet_sockets_poll(p->a.sockets, fds, 2, MS(70)), 0);
    assert_int_equal(septet_sockets_epoll_wait(p->a.sockets, set, &got, 1, MS(30)), 0);
    assert_int_equal(p->now - before, MS(100));
    p->on_wait = b_sends;
    assert_int_equal(septet_sockets_poll(p->a.sockets, fds, 2, -1), 1);
    assert_int_equal(fds[0].revents, SEPTET_POLLIN);
    assert_int_equal(septet_sockets_poll(p->a.sockets, fds, 3, -1), 2);
    assert_int_equal(fds[2].revents, SEPTET_POLLNVAL);
    expect_text(&p->a, a, "hello");
    p->on_wait = b_sends;
    assert_int_equal(septet_sockets_epoll_wait(p->a.sockets, set, &got, 1, -1), 1);
    assert_int_equal(got.data, 5);
    p->interrupt = -SEPTET_EINTR;
    assert_int_equal(septet_sockets_poll(p->a.sockets, fds + 1, 1, -1), -SEPTET_EINTR);
    pair_end(p);
}

/* ---- operations ---- */

/* A blocking call that is started now and ends later; its descriptor may be closed in between. */
static void operations(void **state)
{
    (void)state;
    char bytes[16] = {0};
    struct pair *p = pair_new(false);
    const int fd = listener_on(&p->b, AF4, 80, 2), client = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    union septet_sockaddr name;
    struct septet_operation connecting = septet_operation_connect(client, &name, name_of(&name, AF4, &p->b, 80));
    struct septet_operation accepting = septet_operation_accept(fd, NULL, NULL, 0);
    struct septet_pollfd entry = {.fd = fd, .events = SEPTET_POLLIN};
    struct septet_operation polling = septet_operation_poll(&entry, 1, MS(50));
    assert_false(septet_operation_start(p->b.sockets, &accepting));
    assert_false(septet_operation_start(p->b.sockets, &polling));
    assert_int_equal(polling.deadline, p->now + MS(50));
    assert_false(septet_operation_start(p->a.sockets, &connecting));
    assert_null(septet_operation_next_woken(p->a.sockets));
    settle(p);
    assert_ptr_equal(septet_operation_next_woken(p->a.sockets), &connecting);
    assert_true(septet_operation_continue(p->a.sockets, &connecting));
    assert_int_equal(connecting.result, 0);
    while (septet_operation_next_woken(p->b.sockets) != NULL)
        ;
    assert_true(septet_operation_continue(p->b.sockets, &accepting));
    assert_true(accepting.result >= 3);
    assert_false(septet_operation_continue(p->b.sockets, &polling)); /* the connection is taken */
    pass(p, MS(50));
    assert_true(septet_operation_continue(p->b.sockets, &polling));
    assert_int_equal(polling.result, 0);
    struct septet_operation receiving =
        septet_operation_recvfrom((int)accepting.result, bytes, sizeof bytes, 0, NULL, NULL);
    assert_false(septet_operation_start(p->b.sockets, &receiving));
    assert_int_equal(close_fd(&p->b, (int)accepting.result), 0);
    send_text(&p->a, client, "kept");
    settle(p);
    assert_ptr_equal(septet_operation_next_woken(p->b.sockets), &receiving);
    assert_true(septet_operation_continue(p->b.sockets, &receiving));
    assert_int_equal(receiving.result, 4);
    settle(p);
    assert_int_equal(receive(&p->a, client), 0); /* the last holder let go: FIN */
    struct septet_operation waiting = septet_operation_recvfrom(fd, bytes, 1, 0, NULL, NULL);
    assert_true(septet_operation_start(p->b.sockets, &waiting));
    assert_int_equal(waiting.result, -SEPTET_ENOTCONN);
    struct septet_operation cancelled = septet_operation_accept(fd, NULL, NULL, 0);
    assert_false(septet_operation_start(p->b.sockets, &cancelled));
    septet_operation_cancel(p->b.sockets, &cancelled, -SEPTET_EINTR);
    assert_int_equal(cancelled.result, -SEPTET_EINTR);
    pair_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receive_flags_of_linux),
        cmocka_unit_test(vectors),
        cmocka_unit_test(low_water),
        cmocka_unit_test(corks),
        cmocka_unit_test(out_of_band),
        cmocka_unit_test(out_of_band_inline),
        cmocka_unit_test(out_of_band_twice),
        cmocka_unit_test(output_queue),
        cmocka_unit_test(blocking_receive),
        cmocka_unit_test(timeouts),
        cmocka_unit_test(blocking_connect),
        cmocka_unit_test(blocking_send),
        cmocka_unit_test(shutdown_wakes_the_reader),
        cmocka_unit_test(lingering_close),
        cmocka_unit_test(blocking_poll),
        cmocka_unit_test(operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
