/* What the calls answer otherwise with the profile "freebsd". */
#include "socket/pair.h"

#define SOCKET SEPTET_SOL_SOCKET
#define TCP SEPTET_SOL_TCP

static int stream(struct host *host) { return socket_on(host, AF4, SEPTET_SOCK_STREAM); }

/* Sizes are told as they were set; what makes no sense is refused. */
static void buffers(void **state)
{
    (void)state;
    struct pair *p = pair_new_as(false, "freebsd");
    const int fd = stream(&p->a);
    assert_int_equal(set_option(&p->a, fd, SOCKET, SEPTET_SO_SNDBUF, 20000), 0);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_SNDBUF), 20000);
    assert_int_equal(set_option(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF, 3000), 0);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF), 3000);
    assert_int_equal(set_option(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF, 0), -SEPTET_EINVAL);
    assert_int_equal(set_option(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF, 3 << 20), -SEPTET_ENOBUFS);
    pair_end(p);
}

/* Switches are told as the bit that they are. */
static void bits(void **state)
{
    (void)state;
    struct pair *p = pair_new_as(false, "freebsd");
    const int fd = stream(&p->a);
    struct septet_linger linger;
    uint32_t length = sizeof linger;
    set_option(&p->a, fd, SOCKET, SEPTET_SO_KEEPALIVE, 1);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_KEEPALIVE), 8);
    set_option(&p->a, fd, SOCKET, SEPTET_SO_KEEPALIVE, 0);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_KEEPALIVE), 0);
    set_option(&p->a, fd, SOCKET, SEPTET_SO_REUSEADDR, 1);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_REUSEADDR), 4);
    set_option(&p->a, fd, TCP, SEPTET_TCP_NODELAY, 1);
    assert_int_equal(option_of(&p->a, fd, TCP, SEPTET_TCP_NODELAY), 4);
    set_linger(&p->a, fd, 1, 3);
    assert_int_equal(septet_sockets_getsockopt(p->a.sockets, fd, SOCKET, SEPTET_SO_LINGER, &linger, &length), 0);
    assert_int_equal(linger.on, 0x80);
    assert_int_equal(linger.seconds, 3);
    pair_end(p);
}

static void congestion(void **state)
{
    (void)state;
    struct pair *p = pair_new_as(false, "freebsd");
    const int fd = stream(&p->a);
    char name[16] = "newreno";
    uint32_t length = sizeof name;
    assert_int_equal(septet_sockets_setsockopt(p->a.sockets, fd, TCP, SEPTET_TCP_CONGESTION, name, 7), 0);
    memset(name, 0, sizeof name);
    assert_int_equal(septet_sockets_getsockopt(p->a.sockets, fd, TCP, SEPTET_TCP_CONGESTION, name, &length), 0);
    assert_string_equal(name, "newreno");
    pair_end(p);
}

/* Before there is a connection. */
static void early(void **state)
{
    (void)state;
    struct pair *p = pair_new_as(false, "freebsd");
    const int fd = stream(&p->a), listener = listener_on(&p->b, AF4, 80, 1);
    assert_int_equal(send_text(&p->a, fd, "x"), -SEPTET_ENOTCONN);
    assert_int_equal(receive(&p->a, fd), -SEPTET_ENOTCONN);
    assert_int_equal(connect_to(&p->b, listener, AF4, &p->a, 80), -SEPTET_EOPNOTSUPP);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EINPROGRESS);
    assert_int_equal(send_text(&p->a, fd, "x"), -SEPTET_ENOTCONN);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EALREADY);
    settle(p);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EISCONN);
    assert_int_equal(send_text(&p->a, fd, "x"), 1);
    pair_end(p);
}

/* A reset: sending is a broken pipe, who reads or asks is told. */
static void reset(void **state)
{
    (void)state;
    struct pair *p = pair_new_as(false, "freebsd");
    int a, b;
    connected(p, &a, &b);
    set_linger(&p->b, b, 1, 0);
    close_fd(&p->b, b);
    settle(p);
    assert_int_equal(send_text(&p->a, a, "x"), -SEPTET_EPIPE);
    assert_int_equal(set_option(&p->a, a, TCP, SEPTET_TCP_NODELAY, 1), -SEPTET_ECONNRESET);
    assert_int_equal(receive(&p->a, a), -SEPTET_ECONNRESET);
    assert_int_equal(receive(&p->a, a), 0);
    assert_int_equal(error_of(&p->a, a), 0);
    pair_end(p);
}

/* Nobody is given a connection that was reset before he took it. */
static void aborted(void **state)
{
    (void)state;
    struct pair *p = pair_new_as(false, "freebsd");
    const int fd = stream(&p->a), listener = listener_on(&p->b, AF4, 80, 1);
    connect_to(&p->a, fd, AF4, &p->b, 80);
    settle(p);
    set_linger(&p->a, fd, 1, 0);
    close_fd(&p->a, fd);
    settle(p);
    assert_int_equal(septet_sockets_accept4(p->b.sockets, listener, NULL, NULL, 0), -SEPTET_ECONNABORTED);
    assert_int_equal(septet_sockets_accept4(p->b.sockets, listener, NULL, NULL, 0), -SEPTET_EAGAIN);
    pair_end(p);
}

/* What comes after shutdown() of reading is acknowledged and thrown away. */
static void deaf(void **state)
{
    (void)state;
    struct pair *p = pair_new_as(false, "freebsd");
    int a, b;
    connected(p, &a, &b);
    send_text(&p->b, b, "before");
    settle(p);
    assert_int_equal(septet_sockets_shutdown(p->a.sockets, a, SEPTET_SHUT_RD), 0);
    assert_int_equal(receive(&p->a, a), 0);
    send_text(&p->b, b, "after");
    settle(p);
    assert_int_equal(receive(&p->a, a), 0);
    assert_int_equal(send_text(&p->a, a, "x"), 1);
    pair_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers), cmocka_unit_test(bits),    cmocka_unit_test(congestion), cmocka_unit_test(early),
        cmocka_unit_test(reset),   cmocka_unit_test(aborted), cmocka_unit_test(deaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
