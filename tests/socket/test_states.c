/* What sockets answer in each situation: the table of requirements 4.4, by its S-numbers. */
#include "socket/pair.h"

static int accept_on(struct host *host, int fd) { return septet_sockets_accept4(host->sockets, fd, NULL, NULL, 0); }

static int shut(struct host *host, int fd, int how) { return septet_sockets_shutdown(host->sockets, fd, how); }

static int peer_name(struct host *host, int fd)
{
    union septet_sockaddr name;
    uint32_t length = sizeof name;
    return septet_sockets_getpeername(host->sockets, fd, &name, &length);
}

/* S1, S2: a socket just made. */
static void fresh(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int fd = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    assert_int_equal(mask_of(&p->a, fd), OUT | HUP);
    assert_int_equal(receive(&p->a, fd), -SEPTET_ENOTCONN);
    assert_int_equal(send_text(&p->a, fd, "x"), -SEPTET_EPIPE);
    assert_int_equal(shut(&p->a, fd, SEPTET_SHUT_RDWR), -SEPTET_ENOTCONN);
    assert_int_equal(accept_on(&p->a, fd), -SEPTET_EINVAL);
    assert_int_equal(peer_name(&p->a, fd), -SEPTET_ENOTCONN);
    pair_end(p);
}

/* S6-S9: a listener. */
static void listener(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    int waiting;
    union septet_sockaddr name;
    uint8_t info[SEPTET_TCP_INFO_SIZE];
    uint32_t length = sizeof info, number;
    const int fd = listener_on(&p->b, AF4, 80, 5);
    assert_int_equal(mask_of(&p->b, fd), 0);
    assert_int_equal(receive(&p->b, fd), -SEPTET_ENOTCONN);
    assert_int_equal(send_text(&p->b, fd, "x"), -SEPTET_EPIPE);
    assert_int_equal(connect_to(&p->b, fd, AF4, &p->a, 1), -SEPTET_EISCONN);
    assert_int_equal(septet_sockets_ioctl(p->b.sockets, fd, SEPTET_FIONREAD, &waiting), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_bind(p->b.sockets, fd, &name, name_of(&name, AF4, NULL, 81)), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_listen(p->b.sockets, fd, 7), 0);
    assert_int_equal(accept_on(&p->b, fd), -SEPTET_EAGAIN); /* S8 */
    assert_int_equal(option_of(&p->b, fd, SEPTET_SOL_SOCKET, SEPTET_SO_ACCEPTCONN), 1);
    const int client = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    connect_to(&p->a, client, AF4, &p->b, 80);
    settle(p);
    assert_int_equal(mask_of(&p->b, fd), IN);
    assert_int_equal(septet_sockets_getsockopt(p->b.sockets, fd, SEPTET_SOL_TCP, SEPTET_TCP_INFO, info, &length), 0);
    assert_int_equal(info[0], SEPTET_TCP_LISTEN); /* S7 */
    memcpy(&number, info + 24, 4);
    assert_int_equal(number, 1);
    memcpy(&number, info + 28, 4);
    assert_int_equal(number, 7);
    pair_end(p);
}

/* S83: one more than the backlog is let in, the others stay in SYN-SENT. */
static void backlog(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    int fd[6], established = 0;
    listener_on(&p->b, AF4, 80, 2);
    for (int i = 0; i < 6; i++) {
        fd[i] = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
        assert_int_equal(connect_to(&p->a, fd[i], AF4, &p->b, 80), -SEPTET_EINPROGRESS);
        settle(p);
    }
    for (int i = 0; i < 6; i++)
        established += connect_to(&p->a, fd[i], AF4, &p->b, 80) == 0;
    assert_int_equal(established, 3);
    pair_end(p);
}

/* S42, S43, S45, S46: connecting. */
static void connecting(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    listener_on(&p->b, AF4, 80, 2);
    const int fd = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EINPROGRESS);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EALREADY);
    assert_int_equal(mask_of(&p->a, fd), 0);
    assert_int_equal(send_text(&p->a, fd, "x"), -SEPTET_EAGAIN);
    assert_int_equal(receive(&p->a, fd), -SEPTET_EAGAIN);
    assert_int_equal(peer_name(&p->a, fd), -SEPTET_ENOTCONN);
    settle(p);
    assert_int_equal(mask_of(&p->a, fd), OUT);
    assert_int_equal(peer_name(&p->a, fd), 0);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), 0);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EISCONN);
    pair_end(p);
}

/* S38-S41: refused. */
static void refused(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int fd = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EINPROGRESS);
    settle(p);
    assert_int_equal(mask_of(&p->a, fd), IN | OUT | ERR | HUP | RDHUP);
    assert_int_equal(error_of(&p->a, fd), SEPTET_ECONNREFUSED);
    assert_int_equal(error_of(&p->a, fd), 0);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_ECONNABORTED);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EINPROGRESS);
    settle(p);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_ECONNREFUSED);
    listener_on(&p->b, AF4, 80, 2);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EINPROGRESS);
    settle(p);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), 0);
    pair_end(p);
}

/* S44, S49: no route, no answer. */
static void unreachable(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    union septet_sockaddr name;
    const struct septet_address nowhere = septet_address_ipv4(192, 0, 2, 1);
    const int fd = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    const uint32_t length = septet_sockaddr_make(&name, AF4, &nowhere, 80);
    assert_int_equal(septet_sockets_connect(p->a.sockets, fd, &name, length), -SEPTET_ENETUNREACH);
    p->cut = true;
    assert_int_equal(set_option(&p->a, fd, SEPTET_SOL_TCP, SEPTET_TCP_SYNCNT, 1), 0);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->b, 80), -SEPTET_EINPROGRESS);
    pass(p, S(4));
    assert_int_equal(error_of(&p->a, fd), SEPTET_ETIMEDOUT);
    pair_end(p);
}

/* S18-S21: the peer's FIN. */
static void peer_fin(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    shut(&p->b, b, SEPTET_SHUT_WR);
    settle(p);
    assert_int_equal(mask_of(&p->a, a), IN | OUT | RDHUP);
    for (int i = 0; i < 3; i++)
        assert_int_equal(receive(&p->a, a), 0);
    assert_int_equal(send_text(&p->a, a, "still"), 5);
    settle(p);
    expect_text(&p->b, b, "still");
    pair_end(p);
}

/* S22-S25: both directions closed. */
static void both_closed(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    assert_int_equal(shut(&p->a, a, SEPTET_SHUT_WR), 0);
    assert_int_equal(shut(&p->a, a, SEPTET_SHUT_WR), 0);
    assert_int_equal(send_text(&p->a, a, "x"), -SEPTET_EPIPE);
    settle(p);
    shut(&p->b, b, SEPTET_SHUT_WR);
    settle(p);
    assert_int_equal(mask_of(&p->a, a), IN | OUT | RDHUP | HUP);
    assert_int_equal(peer_name(&p->a, a), -SEPTET_ENOTCONN);
    assert_int_equal(send_text(&p->a, a, "x"), -SEPTET_EPIPE);
    assert_int_equal(receive(&p->a, a), 0);
    assert_int_equal(error_of(&p->a, a), 0);
    assert_int_equal(mask_of(&p->b, b), IN | OUT | RDHUP | HUP);
    assert_int_equal(receive(&p->b, b), 0);
    pair_end(p);
}

/* S26, S27: we do not want to read any more; what comes all the same is delivered. */
static void own_shutdown_of_reading(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    assert_int_equal(shut(&p->a, a, SEPTET_SHUT_RD), 0);
    assert_int_equal(mask_of(&p->a, a), IN | OUT | RDHUP);
    assert_int_equal(receive(&p->a, a), 0);
    send_text(&p->b, b, "late");
    settle(p);
    expect_text(&p->a, a, "late");
    assert_int_equal(receive(&p->a, a), 0);
    pair_end(p);
}

static void reset_by_b(struct pair *p, int b)
{
    assert_int_equal(set_linger(&p->b, b, 1, 0), 0);
    assert_int_equal(close_fd(&p->b, b), 0);
    settle(p);
    assert_int_equal(p->resets, 1);
}

/* S28, S29: a reset behind data; S31: SO_LINGER{1,0} makes one. */
static void reset_with_data(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    send_text(&p->b, b, "last words");
    settle(p);
    reset_by_b(p, b);
    expect_text(&p->a, a, "last words");
    assert_int_equal(receive(&p->a, a), -SEPTET_ECONNRESET);
    assert_int_equal(receive(&p->a, a), 0);
    assert_int_equal(error_of(&p->a, a), 0);
    pair_end(p);
}

/* S31, S32: the error goes to whoever asks first. */
static void error_is_told_once(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    reset_by_b(p, b);
    assert_int_equal(send_text(&p->a, a, "x"), -SEPTET_ECONNRESET);
    assert_int_equal(send_text(&p->a, a, "x"), -SEPTET_EPIPE);
    p->resets = 0;
    connected(p, &a, &b);
    reset_by_b(p, b);
    assert_int_equal(error_of(&p->a, a), SEPTET_ECONNRESET);
    assert_int_equal(receive(&p->a, a), 0);
    assert_int_equal(send_text(&p->a, a, "x"), -SEPTET_EPIPE);
    pair_end(p);
}

/* S33, S34: the peer is gone for good; closing with unread data resets. */
static void peer_gone(void **state)
{
    (void)state;
    int a, b;
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    close_fd(&p->b, b);
    settle(p);
    assert_int_equal(send_text(&p->a, a, "one"), 3);
    settle(p);
    assert_int_equal(send_text(&p->a, a, "two"), -SEPTET_EPIPE);
    assert_int_equal(receive(&p->a, a), 0);
    p->resets = 0;
    connected(p, &a, &b);
    send_text(&p->a, a, "unread");
    settle(p);
    close_fd(&p->b, b);
    settle(p);
    assert_int_equal(p->resets, 1);
    assert_int_equal(receive(&p->a, a), -SEPTET_ECONNRESET);
    pair_end(p);
}

/* S35-S37: reset before it was accepted. */
static void reset_before_accept(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int fd = listener_on(&p->b, AF4, 80, 2);
    const int client = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    connect_to(&p->a, client, AF4, &p->b, 80);
    settle(p);
    set_linger(&p->a, client, 1, 0);
    close_fd(&p->a, client);
    settle(p);
    assert_int_equal(mask_of(&p->b, fd), IN);
    const int accepted = accept_on(&p->b, fd);
    assert_true(accepted >= 3);
    assert_int_equal(peer_name(&p->b, accepted), -SEPTET_ENOTCONN);
    assert_int_equal(receive(&p->b, accepted), -SEPTET_ECONNRESET);
    pair_end(p);
}

/* S74, S75: what an accepted socket has from its listener. */
static void inheritance(void **state)
{
    (void)state;
    int a, b;
    struct septet_linger linger;
    uint32_t length = sizeof linger;
    struct pair *p = pair_new(false);
    const int fd = listener_on(&p->b, AF4, 80, 2);
    set_option(&p->b, fd, SEPTET_SOL_TCP, SEPTET_TCP_NODELAY, 1);
    set_option(&p->b, fd, SEPTET_SOL_SOCKET, SEPTET_SO_KEEPALIVE, 1);
    set_option(&p->b, fd, SEPTET_SOL_TCP, SEPTET_TCP_KEEPIDLE, 33);
    set_option(&p->b, fd, SEPTET_SOL_TCP, SEPTET_TCP_USER_TIMEOUT, 4444);
    set_option(&p->b, fd, SEPTET_SOL_SOCKET, SEPTET_SO_RCVBUF, 10000);
    set_linger(&p->b, fd, 1, 7);
    septet_sockets_fcntl(p->b.sockets, fd, SEPTET_F_SETFL, SEPTET_O_NONBLOCK);
    connected_from(p, fd, &a, &b);
    assert_int_equal(option_of(&p->b, b, SEPTET_SOL_TCP, SEPTET_TCP_NODELAY), 1);
    assert_int_equal(option_of(&p->b, b, SEPTET_SOL_SOCKET, SEPTET_SO_KEEPALIVE), 1);
    assert_int_equal(option_of(&p->b, b, SEPTET_SOL_TCP, SEPTET_TCP_KEEPIDLE), 33);
    assert_int_equal(option_of(&p->b, b, SEPTET_SOL_TCP, SEPTET_TCP_USER_TIMEOUT), 4444);
    assert_int_equal(option_of(&p->b, b, SEPTET_SOL_SOCKET, SEPTET_SO_RCVBUF), 20000);
    assert_int_equal(option_of(&p->b, b, SEPTET_SOL_SOCKET, SEPTET_SO_REUSEADDR), 1);
    septet_sockets_getsockopt(p->b.sockets, b, SEPTET_SOL_SOCKET, SEPTET_SO_LINGER, &linger, &length);
    assert_int_equal(linger.on, 1);
    assert_int_equal(linger.seconds, 7);
    assert_int_equal(septet_sockets_fcntl(p->b.sockets, b, SEPTET_F_GETFL, 0), SEPTET_O_RDWR);
    int64_t core;
    septet_option_get(p->b.stack, septet_sockets_handle(p->b.sockets, b), SEPTET_OPTION_NODELAY, &core);
    assert_int_equal(core, 1);
    septet_option_get(p->b.stack, septet_sockets_handle(p->b.sockets, b), SEPTET_OPTION_RECEIVE_BUFFER, &core);
    assert_int_equal(core, 10000);
    pair_end(p);
}

/* S76-S79: who may bind. */
static void binding(void **state)
{
    (void)state;
    int a, b;
    const int reuse = SEPTET_SO_REUSEADDR, stream = SEPTET_SOCK_STREAM;
    struct pair *p = pair_new(false);
    const int fd = listener_on(&p->b, AF4, 80, 2);
    assert_int_equal(bound_to(&p->b, AF4, stream, 80, reuse), -SEPTET_EADDRINUSE);
    connected_from(p, fd, &a, &b);
    close_fd(&p->b, fd);
    close_fd(&p->b, b);
    settle(p);
    close_fd(&p->a, a);
    settle(p);
    assert_int_equal(bound_to(&p->b, AF4, stream, 80, 0), -SEPTET_EADDRINUSE); /* TIME-WAIT */
    const int one = bound_to(&p->b, AF4, stream, 80, reuse), two = bound_to(&p->b, AF4, stream, 80, reuse);
    assert_true(one >= 3 && two >= 3);
    assert_int_equal(bound_to(&p->b, AF4, stream, 80, 0), -SEPTET_EADDRINUSE);
    assert_int_equal(septet_sockets_listen(p->b.sockets, one, 1), 0);
    assert_int_equal(septet_sockets_listen(p->b.sockets, two, 1), -SEPTET_EADDRINUSE);
    close_fd(&p->b, one);
    assert_int_equal(septet_sockets_listen(p->b.sockets, two, 1), 0);
    pair_end(p);
}

/* S80-S82: SO_REUSEPORT. */
static void reuse_port(void **state)
{
    (void)state;
    const int share = SEPTET_SO_REUSEPORT, stream = SEPTET_SOCK_STREAM;
    int fd[2], count[2] = {0};
    struct pair *p = pair_new(false);
    for (int i = 0; i < 2; i++) {
        fd[i] = bound_to(&p->b, AF4, stream, 80, share);
        assert_int_equal(septet_sockets_listen(p->b.sockets, fd[i], 64), 0);
    }
    assert_int_equal(bound_to(&p->b, AF4, stream, 80, 0), -SEPTET_EADDRINUSE);
    assert_int_equal(bound_to(&p->b, AF4, stream, 80, SEPTET_SO_REUSEADDR), -SEPTET_EADDRINUSE);
    for (int i = 0; i < 50; i++) {
        const int client = socket_on(&p->a, AF4, stream);
        connect_to(&p->a, client, AF4, &p->b, 80);
        settle(p);
        for (int j = 0; j < 2; j++) {
            const int accepted = accept_on(&p->b, fd[j]);
            count[j] += accepted >= 0;
            if (accepted >= 0)
                close_fd(&p->b, accepted);
        }
        set_linger(&p->a, client, 1, 0);
        close_fd(&p->a, client);
        settle(p);
    }
    assert_int_equal(count[0] + count[1], 50);
    assert_in_range(count[0], 15, 35);
    pair_end(p);
}

/* S84: TCP_DEFER_ACCEPT. */
static void deferred(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int fd = listener_on(&p->b, AF4, 80, 2);
    assert_int_equal(set_option(&p->b, fd, SEPTET_SOL_TCP, SEPTET_TCP_DEFER_ACCEPT, 5), 0);
    assert_int_equal(option_of(&p->b, fd, SEPTET_SOL_TCP, SEPTET_TCP_DEFER_ACCEPT), 7);
    const int client = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    connect_to(&p->a, client, AF4, &p->b, 80);
    settle(p);
    assert_int_equal(connect_to(&p->a, client, AF4, &p->b, 80), 0);
    assert_int_equal(mask_of(&p->b, fd), 0);
    send_text(&p->a, client, "now");
    settle(p);
    assert_int_equal(mask_of(&p->b, fd), IN);
    expect_text(&p->b, accept_on(&p->b, fd), "now");
    pair_end(p);
}

/* S85, S86: a listener that is shut down. */
static void listener_shut_down(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int fd = listener_on(&p->b, AF4, 80, 2);
    assert_int_equal(shut(&p->b, fd, SEPTET_SHUT_WR), 0);
    assert_int_equal(accept_on(&p->b, fd), -SEPTET_EAGAIN);
    assert_int_equal(shut(&p->b, fd, SEPTET_SHUT_RD), 0);
    assert_int_equal(accept_on(&p->b, fd), -SEPTET_EINVAL);
    const int client = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    connect_to(&p->a, client, AF4, &p->b, 80);
    settle(p);
    assert_int_equal(error_of(&p->a, client), SEPTET_ECONNREFUSED);
    assert_int_equal(septet_sockets_listen(p->b.sockets, fd, 2), 0); /* it is still bound */
    pair_end(p);
}

/* S96: connect(AF_UNSPEC). */
static void disconnect(void **state)
{
    (void)state;
    int a, b;
    const union septet_sockaddr nobody = {.family = SEPTET_AF_UNSPEC};
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    assert_int_equal(septet_sockets_connect(p->a.sockets, a, &nobody, sizeof nobody), 0);
    settle(p);
    assert_int_equal(p->resets, 1);
    assert_int_equal(receive(&p->b, b), -SEPTET_ECONNRESET);
    listener_on(&p->b, AF4, 80, 2);
    assert_int_equal(connect_to(&p->a, a, AF4, &p->b, 80), -SEPTET_EINPROGRESS);
    settle(p);
    assert_int_equal(connect_to(&p->a, a, AF4, &p->b, 80), 0);
    assert_int_equal(send_text(&p->a, a, "again"), 5);
    pair_end(p);
}

/* S97: a connection with oneself. */
static void self_connect(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int fd = bound_to(&p->a, AF4, SEPTET_SOCK_STREAM, 5000, 0);
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->a, 5000), -SEPTET_EINPROGRESS);
    pass(p, S(2));
    assert_int_equal(connect_to(&p->a, fd, AF4, &p->a, 5000), 0);
    assert_int_equal(send_text(&p->a, fd, "me"), 2);
    settle(p);
    expect_text(&p->a, fd, "me");
    pair_end(p);
}

/* S123, S124: [::] serves IPv4 too, unless it is told not to. */
static void dual_stack(void **state)
{
    (void)state;
    union septet_sockaddr name, any;
    uint32_t length = sizeof name;
    struct pair *p = pair_new(false);
    const int fd = listener_on(&p->b, AF6, 80, 2);
    assert_int_equal(bound_to(&p->b, AF4, SEPTET_SOCK_STREAM, 80, 0), -SEPTET_EADDRINUSE);
    const int client = socket_on(&p->a, AF4, SEPTET_SOCK_STREAM);
    connect_to(&p->a, client, AF4, &p->b, 80);
    settle(p);
    assert_true(septet_sockets_accept4(p->b.sockets, fd, &name, &length, 0) >= 3);
    assert_int_equal(length, sizeof name.ipv6);
    assert_memory_equal(name.ipv6.address, p->a.ipv4.bytes, 16);
    const int only = socket_on(&p->b, AF6, SEPTET_SOCK_STREAM);
    assert_int_equal(set_option(&p->b, only, SEPTET_SOL_IPV6, SEPTET_IPV6_V6ONLY, 1), 0);
    assert_int_equal(septet_sockets_bind(p->b.sockets, only, &any, name_of(&any, AF6, NULL, 81)), 0);
    assert_int_equal(septet_sockets_listen(p->b.sockets, only, 1), 0);
    assert_int_equal(set_option(&p->b, only, SEPTET_SOL_IPV6, SEPTET_IPV6_V6ONLY, 0), -SEPTET_EINVAL);
    assert_true(listener_on(&p->b, AF4, 81, 1) >= 3);
    pair_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh),
        cmocka_unit_test(listener),
        cmocka_unit_test(backlog),
        cmocka_unit_test(connecting),
        cmocka_unit_test(refused),
        cmocka_unit_test(unreachable),
        cmocka_unit_test(peer_fin),
        cmocka_unit_test(both_closed),
        cmocka_unit_test(own_shutdown_of_reading),
        cmocka_unit_test(reset_with_data),
        cmocka_unit_test(error_is_told_once),
        cmocka_unit_test(peer_gone),
        cmocka_unit_test(reset_before_accept),
        cmocka_unit_test(inheritance),
        cmocka_unit_test(binding),
        cmocka_unit_test(reuse_port),
        cmocka_unit_test(deferred),
        cmocka_unit_test(listener_shut_down),
        cmocka_unit_test(disconnect),
        cmocka_unit_test(self_connect),
        cmocka_unit_test(dual_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
