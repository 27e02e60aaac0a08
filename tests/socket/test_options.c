/* Options, TCP_INFO, descriptors and names: S56-S75 and requirements 4.3, 4.5. */
#include "socket/pair.h"

#define SOCKET SEPTET_SOL_SOCKET
#define TCP SEPTET_SOL_TCP
#define IP SEPTET_SOL_IP

static int stream(struct host *host) { return socket_on(host, AF4, SEPTET_SOCK_STREAM); }

/* S56, S57: sizes are doubled, with a least. */
static void buffers(void **state)
{
    (void)state;
    struct pair *p = pair_new(false);
    const int fd = stream(&p->a);
    set_option(&p->a, fd, SOCKET, SEPTET_SO_SNDBUF, 262144);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_SNDBUF), 524288);
    set_option(&p->a, fd, SOCKET, SEPTET_SO_SNDBUF, 1);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_SNDBUF), 4608);
    set_option(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF, 1);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF), 2304);
    set_option(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF, 5000);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF), 10000);
    set_option(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF, INT32_MAX);
    assert_true(option_of(&p->a, fd, SOCKET, SEPTET_SO_RCVBUF) > 0);
    pair_end(p);
}

/* S60-S67: what is in range and what is not. */
static void limits(void **state)
{
    (void)state;
    static const struct {
        int option, low, high;
    } cases[] = {{SEPTET_TCP_KEEPIDLE, 1, 32767},      {SEPTET_TCP_KEEPINTVL, 1, 32767},
                 {SEPTET_TCP_KEEPCNT, 1, 127},         {SEPTET_TCP_MAXSEG, 88, 32767},
                 {SEPTET_TCP_SYNCNT, 1, 127},          {SEPTET_TCP_USER_TIMEOUT, 0, INT32_MAX},
                 {SEPTET_TCP_RTO_MAX_MS, 1000, 120000}};
    struct pair *p = pair_new(false);
    const int fd = stream(&p->a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(set_option(&p->a, fd, TCP, cases[i].option, cases[i].low), 0);
        assert_int_equal(set_option(&p->a, fd, TCP, cases[i].option, cases[i].high), 0);
        assert_int_equal(option_of(&p->a, fd, TCP, cases[i].option), cases[i].high);
        if (cases[i].option != SEPTET_TCP_MAXSEG) /* 0 takes it back */
            assert_int_equal(set_option(&p->a, fd, TCP, cases[i].option, cases[i].low - 1), -SEPTET_EINVAL);
        if (cases[i].high != INT32_MAX)
            assert_int_equal(set_option(&p->a, fd, TCP, cases[i].option, cases[i].high + 1), -SEPTET_EINVAL);
    }
    assert_int_equal(set_option(&p->a, fd, TCP, SEPTET_TCP_MAXSEG, 87), -SEPTET_EINVAL);
    pair_end(p);
}

/* S68, S71, S72: unknown, short, unknown congestion control; what is refused. */
static void refusals(void **state)
{
    (void)state;
    char name[32] = "bbr";
    uint32_t length = sizeof name;
    struct pair *p = pair_new(false);
    struct septet_sockets *s = p->a.sockets;
    const int fd = stream(&p->a), udp = socket_on(&p->a, AF4, SEPTET_SOCK_DGRAM);
    assert_int_equal(set_option(&p->a, fd, TCP, 99, 1), -SEPTET_ENOPROTOOPT);
    assert_int_equal(option_of(&p->a, fd, TCP, 99), -SEPTET_ENOPROTOOPT);
    assert_int_equal(set_option(&p->a, fd, SOCKET, 99, 1), -SEPTET_ENOPROTOOPT);
    assert_int_equal(septet_sockets_setsockopt(s, fd, TCP, SEPTET_TCP_NODELAY, name, 3), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_setsockopt(s, fd, TCP, SEPTET_TCP_CONGESTION, name, 3), -SEPTET_ENOENT);
    assert_int_equal(septet_sockets_setsockopt(s, fd, TCP, SEPTET_TCP_CONGESTION, "reno", 4), 0);
    assert_int_equal(septet_sockets_getsockopt(s, fd, TCP, SEPTET_TCP_CONGESTION, name, &length), 0);
    assert_string_equal(name, "reno");
    assert_int_equal(length, 16);
    assert_int_equal(septet_sockets_setsockopt(s, fd, TCP, SEPTET_TCP_ULP, "tls", 3), -SEPTET_ENOENT);
    assert_int_equal(set_option(&p->a, fd, TCP, SEPTET_TCP_REPAIR, 1), -SEPTET_EPERM);
    assert_int_equal(set_option(&p->a, fd, TCP, SEPTET_TCP_MD5SIG, 1), -SEPTET_ENOPROTOOPT);
    assert_int_equal(set_option(&p->a, fd, SOCKET, SEPTET_SO_ZEROCOPY, 1), -SEPTET_EOPNOTSUPP);
    assert_int_equal(set_option(&p->a, fd, SOCKET, SEPTET_SO_ERROR, 1), -SEPTET_ENOPROTOOPT);
    assert_int_equal(set_option(&p->a, udp, TCP, SEPTET_TCP_NODELAY, 1), -SEPTET_ENOPROTOOPT);
    assert_int_equal(option_of(&p->a, udp, TCP, SEPTET_TCP_NODELAY), -SEPTET_EOPNOTSUPP);
    assert_int_equal(option_of(&p->a, fd, SEPTET_SOL_IPV6, SEPTET_IPV6_V6ONLY), -SEPTET_EOPNOTSUPP);
    assert_int_equal(option_of(&p->a, fd, TCP, SEPTET_TCP_IS_MPTCP), 0);
    assert_int_equal(septet_sockets_setsockopt(s, fd, SOCKET, SEPTET_SO_BINDTODEVICE, "none", 4), -SEPTET_ENODEV);
    assert_int_equal(septet_sockets_setsockopt(s, fd, SOCKET, SEPTET_SO_BINDTODEVICE, "wire", 4), 0);
    assert_int_equal(septet_sockets_setsockopt(s, fd, SOCKET, SEPTET_SO_LINGER, name, 4), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_setsockopt(s, 99, SOCKET, SEPTET_SO_LINGER, name, 4), -SEPTET_EBADF);
    pair_end(p);
}

/* Every number that 6.18 lets be read can be read; tier 2 is kept. */
static void readable(void **state)
{
    (void)state;
    static const int tcp[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 16, 17, 18, 19,
                              23, 24, 25, 26, 27, 28, 30, 31, 33, 34, 36, 37, 43, 44, 45, 46};
    static const int kept[] = {SEPTET_TCP_SAVE_SYN, SEPTET_TCP_INQ, SEPTET_TCP_FASTOPEN, SEPTET_TCP_THIN_DUPACK};
    char bytes[300];
    struct pair *p = pair_new(false);
    const int fd = stream(&p->a);
    for (size_t i = 0; i < sizeof tcp / sizeof tcp[0]; i++) {
        uint32_t length = sizeof bytes;
        assert_int_equal(septet_sockets_getsockopt(p->a.sockets, fd, TCP, tcp[i], bytes, &length), 0);
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        assert_int_equal(set_option(&p->a, fd, TCP, kept[i], 1), 0);
        assert_int_equal(option_of(&p->a, fd, TCP, kept[i]), 1);
    }
    assert_int_equal(option_of(&p->a, fd, TCP, SEPTET_TCP_RTO_MAX_MS), 120000);
    assert_int_equal(option_of(&p->a, fd, TCP, SEPTET_TCP_KEEPIDLE), 7200);
    assert_int_equal(option_of(&p->a, fd, TCP, SEPTET_TCP_MAXSEG), 536);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_TYPE), SEPTET_SOCK_STREAM);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_DOMAIN), AF4);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_PROTOCOL), SEPTET_IPPROTO_TCP);
    assert_int_equal(option_of(&p->a, fd, IP, SEPTET_IP_TTL), 64);
    assert_int_equal(option_of(&p->a, fd, IP, SEPTET_IP_MTU), -SEPTET_ENOTCONN);
    assert_int_equal(set_option(&p->a, fd, SOCKET, SEPTET_SO_KEEPALIVE, 77), 0);
    assert_int_equal(option_of(&p->a, fd, SOCKET, SEPTET_SO_KEEPALIVE), 1);
    assert_int_equal(set_option(&p->a, fd, IP, SEPTET_IP_TTL, 0), -SEPTET_EINVAL);
    pair_end(p);
}

static uint32_t u32_at(const uint8_t *bytes, size_t offset)
{
    uint32_t value;
    memcpy(&value, bytes + offset, sizeof value);
    return value;
}

static uint64_t u64_at(const uint8_t *bytes, size_t offset)
{
    uint64_t value;
    memcpy(&value, bytes + offset, sizeof value);
    return value;
}

/* TCP_INFO: as many bytes as were asked for, each in its place. */
static void tcp_info(void **state)
{
    (void)state;
    int a, b;
    uint8_t info[300];
    uint32_t length = 232; /* iperf3 */
    struct pair *p = pair_new(false);
    connected(p, &a, &b);
    send_text(&p->a, a, "hello");
    pass(p, MS(100));
    assert_int_equal(septet_sockets_getsockopt(p->a.sockets, a, TCP, SEPTET_TCP_INFO, info, &length), 0);
    assert_int_equal(length, 232);
    assert_int_equal(info[0], SEPTET_TCP_ESTABLISHED);
    assert_int_equal(info[5], SEPTET_TCPI_OPT_TIMESTAMPS | SEPTET_TCPI_OPT_SACK | SEPTET_TCPI_OPT_WSCALE);
    assert_int_equal(u32_at(info, 8), 200000);     /* rto */
    assert_int_equal(u32_at(info, 16), 1448);      /* snd_mss */
    assert_int_equal(u32_at(info, 60), 1500);      /* pmtu */
    assert_int_equal(u32_at(info, 76), INT32_MAX); /* snd_ssthresh */
    assert_int_equal(u32_at(info, 80), 10);        /* snd_cwnd */
    assert_int_equal(u32_at(info, 84), 1448);      /* advmss */
    assert_int_equal(u64_at(info, 120), 5);        /* bytes_acked */
    assert_int_equal(u32_at(info, 156), 1);        /* data_segs_out */
    assert_int_equal(u64_at(info, 200), 5);        /* bytes_sent */
    p->cut = true;
    send_text(&p->a, a, "lost");
    settle(p);
    length = sizeof info;
    assert_int_equal(septet_sockets_getsockopt(p->a.sockets, a, TCP, SEPTET_TCP_INFO, info, &length), 0);
    assert_int_equal(length, SEPTET_TCP_INFO_SIZE);
    assert_int_equal(u32_at(info, 24), 1); /* unacked */
    pass(p, S(1));
    septet_sockets_getsockopt(p->a.sockets, a, TCP, SEPTET_TCP_INFO, info, &length);
    assert_int_equal(info[1], SEPTET_TCP_CA_Loss);
    assert_true(info[2] >= 2);
    assert_true(u32_at(info, 100) >= 2);
    pair_end(p);
}

/* ---- descriptors and names ---- */

static void descriptors(void **state)
{
    (void)state;
    int value = 1;
    struct pair *p = pair_new(false);
    struct septet_sockets *s = p->a.sockets;
    assert_int_equal(septet_sockets_socket(s, SEPTET_AF_UNIX, SEPTET_SOCK_STREAM, 0), -SEPTET_EAFNOSUPPORT);
    assert_int_equal(septet_sockets_socket(s, AF4, SEPTET_SOCK_RAW, 0), -SEPTET_ESOCKTNOSUPPORT);
    assert_int_equal(septet_sockets_socket(s, AF4, SEPTET_SOCK_STREAM, SEPTET_IPPROTO_UDP), -SEPTET_EPROTONOSUPPORT);
    const int one = septet_sockets_socket(s, AF4, SEPTET_SOCK_STREAM | SEPTET_SOCK_NONBLOCK | SEPTET_SOCK_CLOEXEC, 0);
    assert_int_equal(one, 3); /* the lowest */
    assert_int_equal(septet_sockets_fcntl(s, one, SEPTET_F_GETFL, 0), SEPTET_O_RDWR | SEPTET_O_NONBLOCK);
    assert_int_equal(septet_sockets_fcntl(s, one, SEPTET_F_GETFD, 0), 1);
    const int two = septet_sockets_dup(s, one);
    assert_int_equal(two, 4);
    assert_int_equal(septet_sockets_fcntl(s, two, SEPTET_F_GETFD, 0), 0);
    assert_int_equal(septet_sockets_fcntl(s, one, SEPTET_F_DUPFD_CLOEXEC, 20), 20);
    value = 0;
    assert_int_equal(septet_sockets_ioctl(s, two, SEPTET_FIONBIO, &value), 0); /* shared by both */
    assert_int_equal(septet_sockets_fcntl(s, one, SEPTET_F_GETFL, 0), SEPTET_O_RDWR);
    assert_int_equal(septet_sockets_ioctl(s, two, 0x1234, &value), -SEPTET_ENOTTY);
    assert_int_equal(close_fd(&p->a, one), 0);
    assert_int_equal(close_fd(&p->a, one), -SEPTET_EBADF);
    assert_int_equal(stream(&p->a), 3);
    assert_int_equal(septet_sockets_dup2(s, 3, 20), 20);
    assert_int_equal(septet_sockets_dup2(s, 3, 3), 3);
    assert_int_equal(septet_sockets_dup2(s, 3, 9999), -SEPTET_EBADF);
    assert_int_equal(septet_sockets_fcntl(s, 3, 4711, 0), -SEPTET_EINVAL);
    int last = 0;
    while ((last = septet_sockets_socket(s, AF4, SEPTET_SOCK_DGRAM, 0)) >= 0)
        ;
    assert_int_equal(last, -SEPTET_EMFILE);
    pair_end(p);
}

static void names(void **state)
{
    (void)state;
    union septet_sockaddr name, six;
    uint32_t length = sizeof name;
    const struct septet_address nowhere = septet_address_ipv4(192, 0, 2, 1);
    struct pair *p = pair_new(false);
    struct septet_sockets *s = p->a.sockets;
    const int fd = stream(&p->a);
    assert_int_equal(septet_sockets_getsockname(s, fd, &name, &length), 0);
    assert_int_equal(name.ipv4.port[0] | name.ipv4.port[1], 0);
    assert_int_equal(septet_sockets_bind(s, fd, &six, name_of(&six, AF6, NULL, 5)), -SEPTET_EAFNOSUPPORT);
    assert_int_equal(septet_sockets_bind(s, fd, &name, 8), -SEPTET_EINVAL);
    assert_int_equal(septet_sockets_bind(s, fd, &name, septet_sockaddr_make(&name, AF4, &nowhere, 5)),
                     -SEPTET_EADDRNOTAVAIL);
    assert_int_equal(septet_sockets_bind(s, fd, &name, name_of(&name, AF4, &p->a, 0)), 0);
    length = sizeof name;
    assert_int_equal(septet_sockets_getsockname(s, fd, &name, &length), 0);
    assert_in_range(name.ipv4.port[0] << 8 | name.ipv4.port[1], 32768, 60999);
    assert_int_equal(septet_sockets_bind(s, fd, &name, name_of(&name, AF4, &p->a, 7)), -SEPTET_EINVAL);
    length = 3; /* cut, and the true length told */
    memset(&name, 0, sizeof name);
    assert_int_equal(septet_sockets_getsockname(s, fd, &name, &length), 0);
    assert_int_equal(length, sizeof name.ipv4);
    assert_int_equal(name.ipv4.port[1], 0);
    pair_end(p);
}

static void constants(void **state)
{
    (void)state;
    int64_t value;
    assert_true(septet_constant_find("SO_REUSEADDR", 12, &value));
    assert_int_equal(value, 2);
    assert_true(septet_constant_find("EPOLLET", 7, &value));
    assert_int_equal(value, INT64_C(0x80000000));
    assert_false(septet_constant_find("SO_REUSEADD", 11, &value));
    assert_false(septet_constant_find("SO_REUSEADDRX", 13, &value));
    assert_string_equal(septet_errno_name(-SEPTET_EAGAIN), "EAGAIN");
    assert_null(septet_errno_name(4711));
    assert_int_equal(septet_errno_of(SEPTET_CONNECTION_RESET), -SEPTET_ECONNRESET);
}

static void configuration(void **state)
{
    (void)state;
    int error;
    struct pair *p = pair_new(false);
    struct septet_sockets_config config;
    static _Alignas(64) char memory[64];
    septet_sockets_config_default(&config);
    assert_null(septet_sockets_create(&config, p->a.stack, memory, sizeof memory, &error));
    assert_int_equal(error, SEPTET_MEMORY_SIZE);
    config.sockets = 0;
    assert_int_equal(septet_sockets_memory_size(&config), 0);
    assert_null(septet_sockets_create(&config, p->a.stack, memory, sizeof memory, &error));
    assert_int_equal(error, SEPTET_INVALID);
    assert_ptr_equal(septet_sockets_stack(p->a.sockets), p->a.stack);
    pair_end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers),  cmocka_unit_test(limits),    cmocka_unit_test(refusals),
        cmocka_unit_test(readable), cmocka_unit_test(tcp_info),  cmocka_unit_test(descriptors),
        cmocka_unit_test(names),    cmocka_unit_test(constants), cmocka_unit_test(configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
