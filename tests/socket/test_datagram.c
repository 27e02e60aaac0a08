/* UDP sockets: S114-S122. */
#include "socket/pair.h"

static int64_t send_to(struct host *host, int fd, const char *text, const struct host *to, uint16_t port)
{
    union septet_sockaddr name;
    const uint32_t length = name_of(&name, AF4, to, port);
    return septet_sockets_sendto(host->sockets, fd, text, strlen(text), 0, &name, length);
}

static int udp(struct host *host) { return socket_on(host, AF4, SEPTET_SOCK_DGRAM); }

/* S114: nobody to send to; port 0; more than fits; broadcast without leave. */
static void refusals(void **state)
{
    (void)state;
    static char bytes[70000];
    union septet_sockaddr name;
    const struct septet_address broadcast = septet_address_ipv4(10, 0, 0, 255);
    struct pair *p = pair_new(false);
    const int fd = udp(&p->a);
    assert_int_equal(mask_of(&p->a, fd), OUT);
    assert_int_equal(send_text(&p->a, fd, "x"), -SEPTET_EDESTADDRREQ);
    assert_int_equal(send_to(&p->a, fd, "x", &p->b, 0), -SEPTET_EINVAL);
    const uint32_t length = name_of(&name, AF4, &p->b, 9);
    assert_int_equal(septet_sockets_sendto(p->a.sockets, fd, bytes, 65508, 0, &name, length), -SEPTET_EMSGSIZE);
    assert_int_equal(septet_sockets_sendto(p->a.sockets, fd, bytes, 65507, 0, &name, length), 65507);
    assert_int_equal(septet_sockets_sendto(p->a.sockets, fd, bytes, 70000, 0, &name, length), -SEPTET_EMSGSIZE);
    const uint32_t wide = septet_sockaddr_make(&name, AF4, &broadcast, 9);
    assert_int_equal(septet_sockets_sendto(p->a.sockets, fd, bytes, 1, 0, &name, wide), -SEPTET_EACCES);
    assert_int_equal(set_option(&p->a, fd, SEPTET_SOL_SOCKET, SEPTET_SO_BROADCAST, 1), 0);
    assert_int_equal(septet_sockets_sendto(p->a.sockets, fd, bytes, 1, 0, &name, wide), 1);
    assert_int_equal(septet_sockets_listen(p->a.sockets, fd, 1), -SEPTET_EOPNOTSUPP);
    assert_int_equal(septet_sockets_accept4(p->a.sockets, fd, NULL, NULL, 0), -SEPTET_EOPNOTSUPP);
    assert_int_equal(septet_sockets_shutdown(p->a.sockets, fd, SEPTET_SHUT_RD), -SEPTET_ENOTCONN);
    pair_end(p);
}

/* A datagram, its source, its whole length; one of no bytes is something to read. */
static void exchange(void **state)
{
    (void)state;
    char bytes[4];
    union septet_sockaddr from;
    uint32_t length = sizeof from;
    int waiting;
    struct pair *p = pair_new(false);
    const int a = udp(&p->a), b = bound_to(&p->b, AF4, SEPTET_SOCK_DGRAM, 53, 0);
    assert_int_equal(receive(&p->b, b), -SEPTET_EAGAIN);
    assert_int_equal(send_to(&p->a, a, "question", &p->b, 53), 8);
    settle(p);
    assert_int_equal(mask_of(&p->b, b), IN | OUT);
    assert_int_equal(septet_sockets_ioctl(p->b.sockets, b, SEPTET_FIONREAD, &waiting), 0);
    assert_int_equal(waiting, 8);
    expect_peek(&p->b, b, "question");
    assert_int_equal(septet_sockets_recvfrom(p->b.sockets, b, bytes, 4, SEPTET_MSG_TRUNC, &from, &length), 8);
    assert_int_equal(length, sizeof from.ipv4);
    assert_memory_equal(from.ipv4.address, p->a.ipv4.bytes + 12, 4);
    assert_int_equal(septet_sockets_sendto(p->b.sockets, b, "answer", 6, 0, &from, length), 6);
    settle(p);
    expect_text(&p->a, a, "answer");
    send_to(&p->a, a, "", &p->b, 53);
    settle(p);
    assert_int_equal(mask_of(&p->b, b), IN | OUT);
    assert_int_equal(receive(&p->b, b), 0);
    assert_int_equal(receive(&p->b, b), -SEPTET_EAGAIN);
    pair_end(p);
}

/* S115, S116: an ICMP error is told once to who is connected, and not to others. */
static void errors(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int a = udp(&p->a);
    assert_int_equal(connect_to(&p->a, a, AF4, &p->b, 53), 0);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(send_text(&p->a, a, "x"), 1);
        settle(p);
        assert_int_equal(mask_of(&p->a, a), OUT | ERR);
        if (round == 0)
            assert_int_equal(receive(&p->a, a), -SEPTET_ECONNREFUSED);
        else
            assert_int_equal(send_text(&p->a, a, "y"), -SEPTET_ECONNREFUSED);
        assert_int_equal(mask_of(&p->a, a), OUT);
    }
    const int loose = udp(&p->a);
    send_to(&p->a, loose, "x", &p->b, 53);
    settle(p);
    assert_int_equal(mask_of(&p->a, loose), OUT);
    assert_int_equal(send_to(&p->a, loose, "x", &p->b, 53), 1);
    pair_end(p);
}

/* S122: with IP_RECVERR the error comes with what it is about. */
static void error_queue(void **state)
{
    (void)state;
    char bytes[16] = {0};
    union {
        char bytes[128];
        struct septet_cmsghdr header;
    } control;
    union septet_sockaddr to;
    struct septet_sock_extended_err error;
    struct septet_iovec vector = {bytes, sizeof bytes};
    struct septet_msghdr message = {.name = &to,
                                    .name_length = sizeof to,
                                    .vector = &vector,
                                    .vector_count = 1,
                                    .control = &control,
                                    .control_length = sizeof control};
    struct pair *p = pair_new(false);
    const int a = udp(&p->a);
    assert_int_equal(set_option(&p->a, a, SEPTET_SOL_IP, SEPTET_IP_RECVERR, 1), 0);
    send_to(&p->a, a, "payload", &p->b, 53);
    settle(p);
    assert_int_equal(mask_of(&p->a, a), OUT | ERR);
    assert_int_equal(septet_sockets_recvmsg(p->a.sockets, a, &message, SEPTET_MSG_ERRQUEUE), 7);
    assert_string_equal(bytes, "payload");
    assert_int_equal(message.flags, SEPTET_MSG_ERRQUEUE);
    assert_int_equal(control.header.level, SEPTET_SOL_IP);
    assert_int_equal(control.header.type, SEPTET_IP_RECVERR);
    memcpy(&error, control.bytes + sizeof control.header, sizeof error);
    assert_int_equal(error.error, SEPTET_ECONNREFUSED);
    assert_int_equal(error.origin, SEPTET_SO_EE_ORIGIN_ICMP);
    assert_int_equal(error.type, 3);
    assert_int_equal(error.code, 3);
    assert_memory_equal(to.ipv4.address, p->b.ipv4.bytes + 12, 4);
    assert_int_equal(septet_sockets_recvmsg(p->a.sockets, a, &message, SEPTET_MSG_ERRQUEUE), -SEPTET_EAGAIN);
    assert_int_equal(error_of(&p->a, a), SEPTET_ECONNREFUSED);
    pair_end(p);
}

/* connect() chooses a peer, another peer, and none. */
static void connecting(void **state)
{
    (void)state;
    union septet_sockaddr name;
    uint32_t length = sizeof name;
    const union septet_sockaddr nobody = {.family = SEPTET_AF_UNSPEC};
    struct pair *p = pair_new(false);
    const int a = udp(&p->a), b = bound_to(&p->b, AF4, SEPTET_SOCK_DGRAM, 53, 0);
    const int c = bound_to(&p->b, AF4, SEPTET_SOCK_DGRAM, 54, 0);
    assert_int_equal(septet_sockets_getpeername(p->a.sockets, a, &name, &length), -SEPTET_ENOTCONN);
    assert_int_equal(connect_to(&p->a, a, AF4, &p->b, 53), 0);
    assert_int_equal(septet_sockets_getsockname(p->a.sockets, a, &name, &length), 0);
    assert_memory_equal(name.ipv4.address, p->a.ipv4.bytes + 12, 4);
    const uint16_t port = (uint16_t)(name.ipv4.port[0] << 8 | name.ipv4.port[1]);
    assert_int_not_equal(port, 0);
    send_to(&p->b, c, "stranger", &p->a, port);
    send_to(&p->b, b, "peer", &p->a, port);
    settle(p);
    expect_text(&p->a, a, "peer");
    assert_int_equal(receive(&p->a, a), -SEPTET_EAGAIN);
    assert_int_equal(connect_to(&p->a, a, AF4, &p->b, 54), 0);
    send_to(&p->b, c, "new peer", &p->a, port);
    settle(p);
    expect_text(&p->a, a, "new peer");
    assert_int_equal(septet_sockets_shutdown(p->a.sockets, a, SEPTET_SHUT_WR), 0);
    assert_int_equal(send_text(&p->a, a, "x"), -SEPTET_EPIPE);
    assert_int_equal(septet_sockets_connect(p->a.sockets, a, &nobody, sizeof nobody), 0);
    assert_int_equal(septet_sockets_getpeername(p->a.sockets, a, &name, &length), -SEPTET_ENOTCONN);
    pair_end(p);
}

/* Control messages tell where a datagram came in, and how. */
static void control_messages(void **state)
{
    (void)state;
    char bytes[16];
    union {
        char bytes[256];
        struct septet_cmsghdr header;
    } control;
    struct septet_iovec vector[2] = {{bytes, 2}, {bytes + 2, 14}};
    struct septet_msghdr message = {
        .vector = vector, .vector_count = 2, .control = &control, .control_length = sizeof control};
    struct pair *p = pair_new(false);
    const int a = udp(&p->a), b = bound_to(&p->b, AF4, SEPTET_SOCK_DGRAM, 53, 0);
    set_option(&p->b, b, SEPTET_SOL_IP, SEPTET_IP_RECVTTL, 1);
    set_option(&p->b, b, SEPTET_SOL_IP, SEPTET_IP_PKTINFO, 1);
    set_option(&p->a, a, SEPTET_SOL_IP, SEPTET_IP_TTL, 33);
    send_to(&p->a, a, "question", &p->b, 53);
    settle(p);
    assert_int_equal(septet_sockets_recvmsg(p->b.sockets, b, &message, 0), 8);
    assert_memory_equal(bytes, "question", 8);
    assert_int_equal(message.control_length, 32 + 24);
    assert_int_equal(control.header.type, SEPTET_IP_PKTINFO);
    assert_memory_equal(control.bytes + 24, p->b.ipv4.bytes + 12, 4);
    int ttl;
    memcpy(&ttl, control.bytes + 32 + 16, sizeof ttl);
    assert_int_equal(ttl, 33);
    send_to(&p->a, a, "question", &p->b, 53);
    settle(p);
    message.control_length = 20;
    assert_int_equal(septet_sockets_recvmsg(p->b.sockets, b, &message, 0), 8);
    assert_int_equal(message.flags, SEPTET_MSG_CTRUNC);
    pair_end(p);
}

/* UDP_SEGMENT: one call, several datagrams. */
static void segments(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int a = udp(&p->a), b = bound_to(&p->b, AF4, SEPTET_SOCK_DGRAM, 53, 0);
    assert_int_equal(set_option(&p->a, a, SEPTET_SOL_UDP, SEPTET_UDP_SEGMENT, 4), 0);
    assert_int_equal(send_to(&p->a, a, "0123456789", &p->b, 53), 10);
    settle(p);
    expect_text(&p->b, b, "0123");
    expect_text(&p->b, b, "4567");
    expect_text(&p->b, b, "89");
    pair_end(p);
}

/* A blocking recvfrom() and its end by shutdown(). */
static int waiting_fd;
static void shut_down(struct pair *p) { septet_sockets_shutdown(p->a.sockets, waiting_fd, SEPTET_SHUT_RDWR); }

static void blocking(void **state)
{
    (void)state;
    struct pair *p = pair_new(true);
    waiting_fd = udp(&p->a);
    connect_to(&p->a, waiting_fd, AF4, &p->b, 53);
    p->on_wait = shut_down;
    assert_int_equal(receive(&p->a, waiting_fd), 0);
    pair_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),    cmocka_unit_test(exchange),   cmocka_unit_test(errors),
        cmocka_unit_test(error_queue), cmocka_unit_test(connecting), cmocka_unit_test(control_messages),
        cmocka_unit_test(segments),    cmocka_unit_test(blocking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
