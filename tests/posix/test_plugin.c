/* A small loader of libseptet-packetdrill.so, whose path is the first argument: calls and packets as the public
 * packetdrill program makes them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "posix/packetdrill.h"
#include "wire/tcp.h"

#define ISS 1000u /* of the test's end */
#define HEADERS (IPV4_HEADER + TCP_HEADER)

typedef void init_function(const char *flags, struct packetdrill_interface *interface);
static init_function *init;

static struct packetdrill_interface load(const char *flags)
{
    struct packetdrill_interface interface;
    memset(&interface, 0xa5, sizeof interface);
    init(flags, &interface);
    return interface;
}

/* ---- packets ---- */

static struct ip_fields fields_to_stack(void)
{
    return (struct ip_fields){.source = septet_address_ipv4(192, 0, 2, 1),
                              .destination = septet_address_ipv4(192, 168, 0, 1),
                              .protocol = PROTOCOL_TCP,
                              .ttl = 64};
}

static void give(const struct packetdrill_interface *stack, uint16_t flags, uint32_t seq, uint32_t ack,
                 const char *payload)
{
    uint8_t packet[HEADERS + 100];
    const struct ip_fields fields = fields_to_stack();
    const uint32_t length = payload == NULL ? 0 : (uint32_t)strlen(payload);
    struct tcp_header tcp = {.source_port = 40000,
                             .destination_port = 8080,
                             .seq = seq,
                             .ack = ack,
                             .flags = flags,
                             .header_length = TCP_HEADER,
                             .window = 60000};
    struct checksum checksum = {0};
    ipv4_build(packet, &fields, TCP_HEADER + length);
    tcp_build(packet + IPV4_HEADER, &tcp);
    if (length != 0)
        memcpy(packet + HEADERS, payload, length);
    ip_pseudo_checksum(&checksum, &fields.source, &fields.destination, PROTOCOL_TCP, TCP_HEADER + length);
    checksum_add(&checksum, packet + IPV4_HEADER, TCP_HEADER + length);
    store16(packet + IPV4_HEADER + 16, checksum_finish(&checksum));
    assert_int_equal(stack->netdev_send(stack->userdata, packet, HEADERS + length), 0);
}

struct taken {
    struct tcp_header tcp;
    uint32_t payload;
    char bytes[1500];
    long long microseconds;
};

static struct taken take(const struct packetdrill_interface *stack, uint16_t flags)
{
    struct taken taken = {0};
    uint8_t packet[2000];
    size_t length = sizeof packet;
    struct ip ip;
    assert_int_equal(stack->netdev_receive(stack->userdata, packet, &length, &taken.microseconds), 0);
    assert_int_not_equal(length, 0);
    assert_int_equal(ipv4_parse(packet, (uint32_t)length, true, &ip), wire_none);
    assert_int_equal(tcp_parse(packet + ip.header_length, ip.payload_length, &taken.tcp), wire_none);
    assert_int_equal(taken.tcp.flags, flags);
    taken.payload = ip.payload_length - taken.tcp.header_length;
    memcpy(taken.bytes, packet + length - taken.payload, taken.payload);
    return taken;
}

static long long now(const struct packetdrill_interface *stack)
{
    struct timeval time;
    assert_int_equal(stack->gettimeofday(stack->userdata, &time, NULL), 0);
    return time.tv_sec * 1000000LL + time.tv_usec;
}

/* ---- connections ---- */

static int listening(const struct packetdrill_interface *stack)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(8080)};
    const int fd = stack->socket(stack->userdata, AF_INET, SOCK_STREAM, IPPROTO_TCP), on = 1;
    assert_true(fd >= 0);
    assert_int_equal(stack->setsockopt(stack->userdata, fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(stack->bind(stack->userdata, fd, (const void *)&any, sizeof any), 0);
    assert_int_equal(stack->listen(stack->userdata, fd, 1), 0);
    return fd;
}

/* Its initial sequence number. */
static uint32_t shake_hands(const struct packetdrill_interface *stack)
{
    give(stack, TCP_SYN, ISS, 0, NULL);
    const struct taken answer = take(stack, TCP_SYN | TCP_ACK);
    assert_int_equal(answer.tcp.ack, ISS + 1);
    give(stack, TCP_ACK, ISS + 1, answer.tcp.seq + 1, NULL);
    return answer.tcp.seq;
}

static int open_connection(const struct packetdrill_interface *stack, uint32_t *iss)
{
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    const int listener = listening(stack);
    *iss = shake_hands(stack);
    const int fd = stack->accept(stack->userdata, listener, (void *)&from, &length);
    assert_true(fd > listener);
    assert_int_equal(ntohs(from.sin_port), 40000);
    assert_int_equal(ntohl(from.sin_addr.s_addr), 0xc0000201);
    assert_int_equal(stack->close(stack->userdata, listener), 0);
    return fd;
}

static void test_conversation(void **state)
{
    (void)state;
    struct packetdrill_interface stack = load(NULL);
    void *user = stack.userdata;
    uint32_t iss;
    char bytes[20], first[2], second[10];
    const int fd = open_connection(&stack, &iss);

    give(&stack, TCP_ACK | TCP_PSH, ISS + 1, iss + 1, "hello world");
    int waiting = 0;
    assert_int_equal(stack.ioctl(user, fd, FIONREAD, &waiting), 0);
    assert_int_equal(waiting, 11);
    assert_int_equal(stack.recv(user, fd, bytes, 5, MSG_PEEK), 5);
    const struct iovec in[2] = {{first, 2}, {second, 3}};
    assert_int_equal(stack.readv(user, fd, in, 2), 5);
    assert_memory_equal(first, "he", 2);
    assert_memory_equal(second, "llo", 3);
    struct msghdr message = {.msg_iov = (struct iovec[]){{bytes, 2}}, .msg_iovlen = 1};
    assert_int_equal(stack.recvmsg(user, fd, &message, 0), 2);
    assert_memory_equal(bytes, " w", 2);
    assert_int_equal(stack.recvfrom(user, fd, bytes, 1, 0, NULL, NULL), 1);
    assert_int_equal(stack.read(user, fd, bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "rld", 3);
    assert_int_equal(take(&stack, TCP_ACK).tcp.ack, ISS + 12);

    char pieces[] = "abcd";
    const struct iovec out[2] = {{pieces, 2}, {pieces + 2, 2}};
    assert_int_equal(stack.writev(user, fd, out, 2), 4);
    struct taken data = take(&stack, TCP_ACK | TCP_PSH);
    assert_int_equal(data.payload, 4);
    assert_memory_equal(data.bytes, "abcd", 4);
    give(&stack, TCP_ACK, ISS + 12, iss + 5, NULL);
    assert_int_equal(stack.send(user, fd, "efg", 3, MSG_NOSIGNAL), 3);
    data = take(&stack, TCP_ACK | TCP_PSH);
    assert_memory_equal(data.bytes, "efg", 3);
    give(&stack, TCP_ACK, ISS + 12, iss + 8, NULL);

    assert_int_equal(stack.shutdown(user, fd, SHUT_WR), 0);
    take(&stack, TCP_FIN | TCP_ACK);
    give(&stack, TCP_FIN | TCP_ACK, ISS + 12, iss + 9, NULL);
    take(&stack, TCP_ACK);
    assert_int_equal(stack.read(user, fd, bytes, 1), 0);
    assert_int_equal(stack.write(user, fd, "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(stack.close(user, fd), 0);
    stack.free(user);
}

static void test_poll_and_epoll(void **state)
{
    (void)state;
    struct packetdrill_interface stack = load("--profile=linux");
    void *user = stack.userdata;
    uint32_t iss;
    const int fd = open_connection(&stack, &iss);
    struct pollfd poll = {.fd = fd, .events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 77}, got = {0};
    const int epoll = stack.epoll_create(user, 1);
    assert_true(epoll >= 0);
    assert_int_equal(stack.epoll_ctl(user, epoll, EPOLL_CTL_ADD, fd, &event), 0);
    const long long before = now(&stack);
    assert_int_equal(stack.poll(user, &poll, 1, 50), 0);
    assert_int_equal(stack.epoll_wait(user, epoll, &got, 1, 50), 0);
    assert_int_equal(now(&stack) - before, 100001);
    give(&stack, TCP_ACK | TCP_PSH, ISS + 1, iss + 1, "x");
    assert_int_equal(stack.poll(user, &poll, 1, -1), 1);
    assert_int_equal(poll.revents, POLLIN);
    assert_int_equal(stack.epoll_wait(user, epoll, &got, 1, -1), 1);
    assert_int_equal(got.events, EPOLLIN);
    assert_int_equal(got.data.u64, 77);
    assert_int_equal(stack.close(user, epoll), 0);
    stack.free(user);
}

static void test_clock(void **state)
{
    (void)state;
    struct packetdrill_interface stack = load("profile=rfc");
    void *user = stack.userdata;
    uint32_t iss;
    const int fd = open_connection(&stack, &iss);
    const long long before = now(&stack);
    assert_int_equal(now(&stack), before + 1);
    assert_int_equal(stack.usleep(user, 5000), 0);
    assert_int_equal(now(&stack), before + 5002);
    assert_int_equal(stack.write(user, fd, "abc", 3), 3);
    const struct taken sent = take(&stack, TCP_ACK | TCP_PSH);
    assert_int_equal(sent.microseconds, before + 5002);
    const struct taken again = take(&stack, TCP_ACK | TCP_PSH); /* nobody acknowledges */
    assert_int_equal(again.tcp.seq, sent.tcp.seq);
    assert_true(again.microseconds - sent.microseconds >= 1000000); /* RFC 6298 (2.4) */
    assert_true(now(&stack) > again.microseconds);
    stack.free(user);
}

static void test_errors(void **state)
{
    (void)state;
    struct packetdrill_interface stack = load("local_ip=192.168.0.1/16,mtu=1500 net.ipv4.tcp_sack=0");
    void *user = stack.userdata;
    const struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(0xc0000201)}};
    uint8_t packet[20];
    size_t length = sizeof packet;
    long long time;
    assert_int_equal(stack.read(user, 99, packet, 1), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(stack.netdev_receive(user, packet, &length, &time), 0);
    assert_int_equal(length, 0);
    const int listener = listening(&stack);
    assert_int_equal(stack.accept(user, listener, NULL, NULL), -1);
    assert_int_equal(errno, EDEADLK);
    const int fd = stack.socket(user, AF_INET, SOCK_STREAM, 0);
    assert_int_equal(stack.fcntl(user, fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
    assert_true(stack.fcntl(user, fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(stack.connect(user, fd, (const void *)&there, sizeof there), -1);
    assert_int_equal(errno, EINPROGRESS);
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    assert_int_equal(stack.getsockopt(user, fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    assert_int_equal(info.tcpi_state, TCP_SYN_SENT);
    length = sizeof packet; /* too small for a SYN */
    assert_int_equal(stack.netdev_receive(user, packet, &length, &time), -1);
    assert_int_equal(errno, EMSGSIZE);
    const int blocking = stack.socket(user, AF_INET, SOCK_STREAM, 0);
    assert_int_equal(stack.connect(user, blocking, (const void *)&there, sizeof there), -1);
    assert_int_equal(errno, ETIMEDOUT); /* minutes of virtual time */
    stack.free(user);
}

static void test_wrong_flags(void **state)
{
    (void)state;
    static const char *const wrong[] = {"profile=none", "nonsense", "mtu=x", "net.ipv4.nothing=1", "so_filename=x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct packetdrill_interface stack = load(wrong[i]);
        assert_null(stack.userdata);
        errno = 0;
        assert_int_equal(stack.socket(stack.userdata, AF_INET, SOCK_STREAM, 0), -1);
        assert_int_equal(errno, EINVAL);
        stack.free(stack.userdata);
    }
}

static void test_pipes(void **state)
{
    (void)state;
    struct packetdrill_interface stack = load("");
    void *user = stack.userdata;
    uint32_t iss;
    int fds[2];
    char bytes[10];
    const int fd = open_connection(&stack, &iss);
    assert_int_equal(stack.pipe(user, fds), 0);
    give(&stack, TCP_ACK | TCP_PSH, ISS + 1, iss + 1, "hello");
    assert_int_equal(stack.splice(user, fd, NULL, fds[1], NULL, 100, 0), 5);
    assert_int_equal(stack.read(user, fds[0], bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "hello", 5);
    assert_int_equal(stack.read(user, fds[0], bytes, sizeof bytes), -1);
    assert_int_equal(errno, EAGAIN);
    take(&stack, TCP_ACK);
    assert_int_equal(stack.write(user, fds[1], "back", 4), 4);
    assert_int_equal(stack.splice(user, fds[0], NULL, fd, NULL, 100, 0), 4);
    assert_memory_equal(take(&stack, TCP_ACK | TCP_PSH).bytes, "back", 4);
    assert_int_equal(stack.splice(user, fd, NULL, fd, NULL, 1, 0), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(stack.close(user, fds[1]), 0);
    assert_int_equal(stack.read(user, fds[0], bytes, 1), 0);
    stack.free(user); /* closes the other end */
}

/* ---- a call that blocks in a thread of its own, as the program makes them ---- */

struct blocked {
    const struct packetdrill_interface *stack;
    int listener, fd;
};

static void *accept_there(void *argument)
{
    struct blocked *blocked = argument;
    blocked->fd = blocked->stack->accept(blocked->stack->userdata, blocked->listener, NULL, NULL);
    return NULL;
}

static void test_thread(void **state)
{
    (void)state;
    struct packetdrill_interface stack = load(NULL);
    struct blocked blocked = {&stack, listening(&stack), -1};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, accept_there, &blocked), 0);
    for (int i = 0; i < 100; i++)
        now(&stack);
    shake_hands(&stack);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(blocked.fd > blocked.listener);
    stack.free(stack.userdata);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation), cmocka_unit_test(test_poll_and_epoll), cmocka_unit_test(test_clock),
        cmocka_unit_test(test_errors),       cmocka_unit_test(test_wrong_flags),    cmocka_unit_test(test_pipes),
        cmocka_unit_test(test_thread),
    };
    void *library = argc < 2 ? NULL : dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    void *symbol = library == NULL ? NULL : dlsym(library, "packetdrill_interface_init");
    if (symbol == NULL) {
        fprintf(stderr, "%s\n", argc < 2 ? "usage: test_plugin LIBRARY" : dlerror());
        return 1;
    }
    memcpy(&init, &symbol, sizeof init);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dlclose(library);
    return failed;
}
