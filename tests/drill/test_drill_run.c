#include "run_test.h"

/* Scripts run in virtual time: what passes, and what is said of what does not. */

/* ---- packets ---- */

static void test_conversations_pass(void **state)
{
    (void)state;
    run_passes(ACCEPTED "+0 write(4, ..., 1500) = 1500\n"
                        "+0 > P. 1:1501(1500) ack 1\n"
                        "+.1 < . 1:1(0) ack 1501 win 32792\n"
                        "+0 close(4) = 0\n"
                        "+0 > F. 1501:1501(0) ack 1\n");
    run_passes("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
               "+0...0.1 connect(3, ..., ...) = 0\n"
               "+0 > S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8>\n"
               "+.1 < S. 0:0(0) ack 1 win 5792 <mss 1460,sackOK,TS val 700 ecr 100,nop,wscale 7>\n"
               "+0 > . 1:1(0) ack 1 <nop,nop,TS val 200 ecr 700>\n");
}

static void test_every_ip_version(void **state)
{
    (void)state;
    static const char *const versions[] = {"ipv4", "ipv6", "ipv4-mapped-ipv6"};
    for (unsigned i = 0; i < 3; i++) {
        const struct drill_script_option setting = {
            .name = slice_of("ip_version"), .value = slice_of(versions[i]), .has_value = true};
        static const char text[] = "--ip_version=ipv4\n"
                                   "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                                   "+0 bind(3, ..., ...) = 0\n"
                                   "+0 listen(3, 1) = 0\n"
                                   "+0 < S 0:0(0) win 32792 <mss 1000>\n"
                                   "+0 > S. 0:0(0) ack 1 <...>\n"
                                   "+0 < . 1:1(0) ack 1 win 32792\n"
                                   "+0 accept(3, ..., ...) = 4\n";
        const struct drill_report report = run_script(text, &setting, 1, NULL);
        assert_string_equal(report.reason, "");
        assert_int_equal(report.verdict, DRILL_PASSED);
        assert_int_equal(report.events, 7);
    }
}

static void test_sequence_spaces(void **state)
{
    (void)state;
    /* SYNs absolute, everything else relative to the initial numbers; around 2^32 as well. */
    run_passes("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
               "+0 bind(3, ..., ...) = 0\n"
               "+0 listen(3, 1) = 0\n"
               "+0 < S 4294967290:4294967290(0) win 32792 <mss 1000,sackOK,nop,nop>\n"
               "+0 > S. 123:123(0) ack 4294967291 <...>\n"
               "+0 < . 1:1(0) ack 1 win 32792\n"
               "+0 accept(3, ..., ...) = 4\n"
               "+0 < . 1001:2001(1000) ack 1 win 32792\n"
               "+0 > . 1:1(0) ack 1 <nop,nop,sack 1001:2001>\n"
               "+0 < . 1:1001(1000) ack 1 win 32792\n"
               "+0 > . 1:1(0) ack 2001\n");
}

static void test_absolute_numbers(void **state)
{
    (void)state;
    run_passes("0 < 5 > 6 . 7!:7!(0) ack 1000! win 1\n"
               "+0 > 6 > 5 R 1000!:1000!(0)\n"
               "+0 < 7 > 6 S 5:5(0) win 1\n"
               "+0 > 6 > 7 R. ...(0) ack 6!\n");
}

static void test_tolerance(void **state)
{
    (void)state;
    /* 12.5 % of one second: the first retransmission of a SYN comes at 1 s. */
    static const char syn[] = "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
                              "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n"
                              "+0 > S 0:0(0) <...>\n";
    char text[512];
    snprintf(text, sizeof text, "%s+1.12 > S 0:0(0) <...>\n", syn);
    run_passes(text);
    snprintf(text, sizeof text, "%s+0.9 > S 0:0(0) <...>\n", syn);
    run_passes(text);
    snprintf(text, sizeof text, "%s+1.2 > S 0:0(0) <...>\n", syn);
    run_ends(text, DRILL_FAILED, 4, "too early: expected at 1.200000, came at 1.000000");
    snprintf(text, sizeof text, "%s+.8 > S 0:0(0) <...>\n", syn);
    run_ends(text, DRILL_FAILED, 4, "too late: expected at 0.800000, came at 1.000000");
    snprintf(text, sizeof text, "%s+.5~+.6 > S 0:0(0) <...>\n", syn);
    run_ends(text, DRILL_FAILED, 4, "too late: expected at 0.500000 to 0.600000, came at 1.000000");
    snprintf(text, sizeof text, "--tolerance_usecs=500000\n%s+.6~+.7 > S 0:0(0) <...>\n", syn);
    run_passes(text);
    snprintf(text, sizeof text, "--tolerance_percent=1\n%s+1.1 > S 0:0(0) <...>\n", syn);
    run_ends(text, DRILL_FAILED, 5, "too early: expected at 1.100000, came at 1.000000");
    snprintf(text, sizeof text, "%s* > S 0:0(0) <...>\n1 `true`", syn);
    run_passes(text);
    snprintf(text, sizeof text, "%s* > S 0:0(0) <...>\n.8 `true`", syn);
    run_ends(text, DRILL_FAILED, 5, "too late: expected at 0.800000, came at 1.000000");
}

static void test_segments_are_glued(void **state)
{
    (void)state;
    run_passes(ACCEPTED "+0 write(4, ..., 3000) = 3000\n"
                        "+0 > P. 1:3001(3000) ack 1\n");
    run_ends("--strict_segments\n" ACCEPTED "+0 write(4, ..., 3000) = 3000\n"
             "+0 > P. 1:3001(3000) ack 1\n",
             DRILL_FAILED, 12, "other TCP flags");
    run_ends(ACCEPTED "+0 write(4, ..., 2000) = 2000\n"
                      "+0 > P. 1:2501(2500) ack 1\n",
             DRILL_FAILED, 11, "payload bytes: expected 2500, got 2000");
}

static void test_timestamps(void **state)
{
    (void)state;
    static const char syn[] = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                              "+0 bind(3, ..., ...) = 0\n"
                              "+0 listen(3, 1) = 0\n"
                              "+0 < S 0:0(0) win 32792 <mss 1000,nop,nop,TS val 1 ecr 0>\n"
                              "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 1>\n";
    char text[1024];
    snprintf(text, sizeof text, "%s+.1 < . 1:1(0) ack 1 win 9 <nop,nop,TS val 2 ecr 101>\n", syn);
    run_ends(text, DRILL_FAILED, 6,
             "no segment that the script expected had the timestamp value 101, so it cannot be echoed");
    snprintf(text, sizeof text, "--tcp_ts_ecr_scaled\n%s+.1 < . 1:1(0) ack 1 win 9 <nop,nop,TS val 2 ecr 101>\n", syn);
    run_passes(text);
    static const char data[] = "+.1 < P. 1:101(100) ack 1 win 9 <nop,nop,TS val 2 ecr 100>\n";
    snprintf(text, sizeof text, "--tcp_ts_tick_usecs=1000\n%s%s+0 > . 1:1(0) ack 101 <nop,nop,TS val 200 ecr 2>\n", syn,
             data);
    run_passes(text);
    snprintf(text, sizeof text, "--tcp_ts_tick_usecs=1000\n%s%s+0 > . 1:1(0) ack 101 <nop,nop,TS val 300 ecr 2>\n", syn,
             data);
    run_ends(text, DRILL_FAILED, 8, "timestamp value: expected 300, got 200");
    snprintf(text, sizeof text, "%s%s+0 > . 1:1(0) ack 101 <nop,nop,TS val 300 ecr 9>\n", syn, data);
    run_passes(text);
}

static void test_datagrams_and_icmp(void **state)
{
    (void)state;
    run_passes("0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n"
               "+0 bind(3, ..., ...) = 0\n"
               "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
               "+0 < udp (100)\n"
               "+0 recvfrom(3, ..., 200, 0, ..., ...) = 100\n"
               "+0 sendto(3, ..., 50, 0, ..., ...) = 50\n"
               "+0 > udp (50)\n"
               "+0 connect(3, ..., ...) = 0\n"
               "+0 write(3, ..., 10) = 10\n"
               "+0 > udp (10)\n"
               "+0 < icmp unreachable port_unreachable [udp(10)]\n"
               "+0 write(3, ..., 10) = -1 ECONNREFUSED (Connection refused)\n"
               "+0 < icmp echo_request id 7\n"
               "+0 > icmp echo_reply id 7\n");
    run_passes("--ip_version=ipv6\n0 < icmp echo_request id 7\n+0 > icmp echo_reply id 7\n");
}

static void test_ip_fields(void **state)
{
    (void)state;
    run_passes(ACCEPTED "+0 setsockopt(4, IPPROTO_IP, IP_TOS, [0x10], 4) = 0\n"
                        "+0 write(4, ..., 10) = 10\n"
                        "+0 > [tos 0x10, ttl 64] P. 1:11(10) ack 1\n");
    run_ends(ACCEPTED "+0 write(4, ..., 10) = 10\n"
                      "+0 > [ect0] P. 1:11(10) ack 1\n",
             DRILL_FAILED, 11, "ECN field: expected ECT(0), got not ECT");
    run_ends(ACCEPTED "+0 write(4, ..., 10) = 10\n"
                      "+0 > [ttl 65] P. 1:11(10) ack 1\n",
             DRILL_FAILED, 11, "TTL: expected 65, got 64");
    run_ends(ACCEPTED "+0 write(4, ..., 10) = 10\n"
                      "+0 > [dscp ef] P. 1:11(10) ack 1\n",
             DRILL_FAILED, 11, "DSCP: expected 46, got 0");
    run_ends(ACCEPTED "+0 write(4, ..., 10) = 10\n"
                      "+0 > [tos 0x20] P. 1:11(10) ack 1\n",
             DRILL_FAILED, 11, "traffic class: expected 32, got 0");
}

static void test_what_no_proper_host_sends(void **state)
{
    (void)state;
    run_passes("0 < [bad_checksum] S 0:0(0) win 1000\n"
               "+0 < [src 224.0.0.1] 3 > 2 S 0:0(0) win 1000\n"
               "+0 < [dst 255.255.255.255] 3 > 2 S 0:0(0) win 1000\n"
               "+0 < [options 1e040000] 1 > 2 S 0:0(0) win 1000\n"
               "+0 > 2 > 1 R. ...(0) ack 1\n");
    run_ends("0 < [options 1e04] S 0:0(0) win 1", DRILL_FAILED, 1,
             "expected IPv4 options in hexadecimal, a multiple of 4 bytes up to 40, found 1e04");
    run_ends("0 > [bad_checksum] S 0:0(0)", DRILL_FAILED, 1,
             "expected no bad_checksum, src, dst or options in an outbound packet, found S");
}

/* ---- what differs ---- */

static const struct {
    const char *packet, *reason;
} differences[] = {
    {"> . 1:11(10) ack 1", "other TCP flags"},
    {"> P.5 1:11(10) ack 1", "another ACE field"},
    {"> P. 2:12(10) ack 1", "sequence number: expected 2, got 1"},
    {"> P. 1:10(9) ack 1", "payload bytes: expected 9, got 10"},
    {"> P. 1:11(10) ack 2", "acknowledgement number: expected 2, got 1"},
    {"> P. 1:11(10) ack 1 win 1", "window: expected 1, got 65535"},
    {"> P. 1:11(10) ack 1 urg 1", "urgent pointer: expected 1, got 0"},
    {"> P. 1:11(10) ack 1 <nop,nop,TS val 1 ecr 1>", "a TCP option is missing"},
    {"> udp (10)", "another protocol"},
    {"> icmp echo_reply", "another protocol"},
    {"> 1 > 2 P. 1:11(10) ack 1", "source port: expected 1, got 8080"},
    {"> 8080 > 2 P. 1:11(10) ack 1", "destination port: expected 2, got 40000"},
};

static void test_what_differs(void **state)
{
    (void)state;
    char text[1024];
    for (unsigned i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        snprintf(text, sizeof text, "%s+0 write(4, ..., 10) = 10\n+0 %s\n", ACCEPTED, differences[i].packet);
        run_ends(text, DRILL_FAILED, 11, differences[i].reason);
    }
}

static const struct {
    const char *options, *reason;
} option_differences[] = {
    {"", "TCP options where none were expected"},
    {"<mss 1460,nop,wscale 8>", "kind of a TCP option: expected 3, got 1"},
    {"<mss 1400,nop,nop,sackOK>", "MSS: expected 1400, got 1460"},
    {"<mss 1460>", "a TCP option too many"},
    {"<gen-2 05,nop>", "length of a TCP option: expected 3, got 4"},
    {"<gen-2 05b5,nop,nop,sackOK>", "a TCP option has other bytes"},
    {"<mss 1460,nop,nop,sackOK,nop,nop,nop,eol>", "a TCP option is missing"},
};

static void test_what_differs_in_options(void **state)
{
    (void)state;
    char text[1024];
    for (unsigned i = 0; i < sizeof option_differences / sizeof option_differences[0]; i++) {
        snprintf(text, sizeof text,
                 "--profile=linux 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                 "+0 bind(3, ..., ...) = 0\n"
                 "+0 listen(3, 1) = 0\n"
                 "+0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop>\n"
                 "+0 > S. 0:0(0) ack 1 %s\n",
                 option_differences[i].options);
        run_ends(text, DRILL_FAILED, 5, option_differences[i].reason);
    }
}

static void test_both_packets_are_shown(void **state)
{
    (void)state;
    const struct drill_report report = run_script(ACCEPTED "+0 write(4, ..., 10) = 10\n"
                                                           "+0 > P. 1:11(10) ack 100\n",
                                                  NULL, 0, NULL);
    assert_string_equal(report.script_packet, "0.100000 P. 1:11(10) ack 100");
    assert_string_equal(report.actual_packet, "0.100000 P. 1:11(10) ack 1   win 65535");
    assert_string_equal(report.marks, "                     ^^^^^^^");
}

static void test_lenient(void **state)
{
    (void)state;
    const struct drill_report report = run_script("--non_fatal=packet,syscall\n" ACCEPTED "+0 write(4, ..., 10) = 11\n"
                                                  "+0 > P. 1:11(10) ack 100\n",
                                                  NULL, 0, NULL);
    assert_int_equal(report.verdict, DRILL_PASSED);
    assert_int_equal(report.warnings, 2);
}

/* ---- system calls ---- */

static void test_blocking_calls(void **state)
{
    (void)state;
    run_passes(ACCEPTED "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n"
                        "+0...0.2 read(4, ..., 100) = 50\n"
                        "+.2 < P. 1:51(50) ack 1 win 32792\n"
                        "+0 > . 1:1(0) ack 51\n");
    run_ends(ACCEPTED "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n"
                      "+0...0.1 read(4, ..., 100) = 50\n"
                      "+.2 < P. 1:51(50) ack 1 win 32792\n",
             DRILL_FAILED, 11, "read returned too late: expected at 0.200000, came at 0.300000");
    run_ends(ACCEPTED "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n"
                      "+0...0.5 read(4, ..., 100) = 50\n"
                      "+.2 < P. 1:51(50) ack 1 win 32792\n",
             DRILL_FAILED, 11, "read returned too early: expected at 0.600000, came at 0.300000");
    run_ends(ACCEPTED "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n"
                      "+0...0.1 read(4, ..., 100) = 50\n",
             DRILL_FAILED, 11, "read still blocks: it should have returned at 0.200000");
    run_ends(ACCEPTED "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n"
                      "+0 read(4, ..., 100) = 50\n",
             DRILL_FAILED, 11,
             "read does not return: make the descriptor non-blocking, or write start...end for its time");
    run_ends(ACCEPTED "+0 fcntl(4, F_SETFL, O_RDWR) = 0\n"
                      "+0...0.2 read(4, ..., 100) = 51\n"
                      "+.2 < P. 1:51(50) ack 1 win 32792\n",
             DRILL_FAILED, 11, "read: expected 51, got 50");
}

static void test_poll_and_epoll(void **state)
{
    (void)state;
    run_passes(ACCEPTED "+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1\n"
                        "+0 epoll_create(1) = 5\n"
                        "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0\n"
                        "+0...0.2 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 1000) = 1\n"
                        "+.2 < P. 1:51(50) ack 1 win 32792\n"
                        "+0 > . 1:1(0) ack 51\n");
    run_ends(ACCEPTED "+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLIN}], 1, 0) = 1\n", DRILL_FAILED, 10,
             "revents: expected 1, got 4");
    run_ends(ACCEPTED "+0 epoll_create(1) = 5\n"
                      "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLOUT, u32=9}) = 0\n"
                      "+0 epoll_wait(5, {events=EPOLLOUT, u32=8}, 1, 0) = 1\n",
             DRILL_FAILED, 12, "the event's data: expected 8, got 9");
}

static const struct {
    const char *event, *reason;
    uint32_t line;
} calls[] = {
    {"write(4, ..., 10) = 9", "write: expected 9, got 10", 10},
    {"read(4, ..., 10) = 10", "read: expected 10, got -1 EAGAIN", 10},
    {"read(4, ..., 10) = -1 EBADF (x)", "read failed otherwise: expected -1 EBADF, got -1 EAGAIN", 10},
    {"read(4, ..., 10) = -1 EFOO (x)", "there is no error EFOO", 10},
    {"read(4, ...) = 0", "read has 3 arguments, not 2", 10},
    {"read(9, ..., 10) = 0", "read: expected 0, got -1 EBADF", 10},
    {"read(..., ..., 10) = 0", "expected a number or a symbol", 10},
    {"accept(3, ..., ...) = 4", "accept: expected 4, got -1 EAGAIN", 10},
    {"socket(..., SOCK_STREAM, IPPROTO_TCP) = 4",
     "the script uses the file descriptor 4 for something that is still open", 10},
    {"setsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], 1000) = 0", "expected the length of the value", 10},
    {"getsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], [4]) = 0", "the socket option: expected 1, got 0", 10},
    {"getsockopt(4, IPPROTO_TCP, TCP_CONGESTION, \"reno\", [16]) = 0",
     "the socket option: expected \"reno\", got \"cubic\"", 10},
    {"ioctl(4, SIOCINQ, [5]) = 0", "what ioctl tells: expected 5, got 0", 10},
    {"poll(5, 1, 0) = 0", "expected an array of {fd=, events=, revents=}", 10},
    {"connect(4, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr(\"x\")}, ...) = 0", "expected an IP address",
     10},
};

static void test_what_calls_differ_in(void **state)
{
    (void)state;
    char text[1024];
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        snprintf(text, sizeof text, "%s+0 %s\n", ACCEPTED, calls[i].event);
        if (strncmp(calls[i].event, "accept", 6) == 0)
            snprintf(text, sizeof text, "%s+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 %s\n", ACCEPTED,
                     calls[i].event);
        run_ends(text, DRILL_FAILED, calls[i].line + (strncmp(calls[i].event, "accept", 6) == 0), calls[i].reason);
    }
}

/* ---- what is not here ---- */

static const struct {
    const char *event, *reason;
} missing[] = {
    {"+0 frobnicate(4) = 0", "system call frobnicate"},
    {"+0 setsockopt(4, SOL_SOCKET, SO_FOO, [1], 4) = 0", "symbol SO_FOO"},
    {"+0 connect(4, {sa_family=AF_INET, sin_port=foo(1)}, ...) = 0", "function foo"},
    {"+0 setsockopt(4, SOL_SOCKET, 1, {foo=1}, 4) = 0", "structure of a socket option with field foo"},
    {"+0 `foo bar`", "command foo"},
    {"+0 `sysctl -q net.foo=1`", "sysctl net.foo"},
    {"+0 `sysctl -q net.ipv4.tcp_mtu_probing=1`", "sysctl net.ipv4.tcp_mtu_probing=1"},
    {"+0 `ip route change 192.0.2.0/24 dev tun0 cwnd 5`", "route metric cwnd"},
    {"+0 `ethtool -K tun0 foo off`", "ethtool feature foo"},
    {"+0 > ipv4 192.0.2.1 > 192.0.2.2: . 1:1(0)", "encapsulated packets of the stack"},
};

static void test_what_is_missing_is_named(void **state)
{
    (void)state;
    char text[1024];
    for (unsigned i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        snprintf(text, sizeof text, "%s%s\n", ACCEPTED, missing[i].event);
        run_ends(text, DRILL_SKIPPED, 10, missing[i].reason);
    }
    run_ends("--so_filename=x\n0 `true`", DRILL_SKIPPED, 1, "option --so_filename");
}

/* ---- commands, options, code ---- */

static void test_commands_change_the_stack(void **state)
{
    (void)state;
    static const char rest[] = "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
                               "+0 connect(3, ..., ...) = -1 EINPROGRESS (x)\n"
                               "+0 > S 0:0(0) ";
    static const struct {
        const char *command, *options;
    } cases[] = {
        {"sysctl -q net.ipv4.tcp_timestamps=0", "<mss 1460,nop,nop,sackOK,nop,wscale 8>"},
        {"sysctl net.ipv4.tcp_sack=0 net.ipv4.tcp_timestamps=0", "<mss 1460,nop,wscale 8>"},
        {"../common/set_sysctls.py /proc/sys/net/ipv4/tcp_window_scaling=0 /proc/sys/net/ipv4/tcp_sack=0",
         "<mss 1460,nop,nop,TS val 1 ecr 0>"},
        {"echo 0 > /proc/sys/net/ipv4/tcp_timestamps", "<mss 1460,nop,nop,sackOK,nop,wscale 8>"},
        {"sysctl -q net.ipv4.tcp_timestamps=0 ; # nothing\n ../common/defaults.sh",
         "<mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 8>"},
        {"ip link set dev tun0 mtu 1000", "<mss 960,sackOK,TS val 1 ecr 0,nop,wscale 8>"},
        {"sysctl -q net.ipv4.tcp_rmem=\"4096 87380 200000\"", "<mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 2>"},
        {"sysctl net.inet.tcp.rfc1323=2 >/dev/null 2>&1", "<mss 1460,nop,wscale 6,sackOK,eol,eol>"},
        {"ethtool -K tun0 gro off tso off && true || true", "<mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 8>"},
    };
    char text[1024];
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "`%s`\n%s%s\n", cases[i].command, rest, cases[i].options);
        run_passes(text);
        snprintf(text, sizeof text, "0 `%s`\n+%s%s\n", cases[i].command, rest, cases[i].options);
        run_passes(text);
    }
    run_ends("`sysctl net.ipv4.tcp_retries1=1000`\n0 `true`", DRILL_FAILED, 1,
             "sysctl net.ipv4.tcp_retries1 cannot be 1000");
}

static void test_route_metrics(void **state)
{
    (void)state;
    run_passes(
        "`ip route change 192.0.2.0/24 via 192.168.0.1 dev tun0 rto_min 600ms initcwnd 3 mtu lock 1500`\n" ACCEPTED
        "+0 write(4, ..., 10000) = 10000\n"
        "+0 > . 1:3001(3000) ack 1\n"
        "+.6 > . 1:1001(1000) ack 1\n");
}

/* Each script runs as what it was written for: the note of the choice tells. */
static void see_profile(void *context, int64_t time, uint32_t line, const char *words)
{
    char *seen = context;
    (void)time;
    (void)line;
    if (strncmp(words, "profile ", 8) == 0)
        snprintf(seen, 128, "%s", words + 8);
}

static void test_profile_of_script(void **state)
{
    (void)state;
    static const struct {
        const char *text, *profile;
    } cases[] = {
        {"0 `true`", "linux"},
        {"0 `sysctl net.inet.tcp.rfc1323=1`", "freebsd, because of net.inet.tcp.rfc1323"},
        {"0 `kldload -n cc_cubic; true`", "freebsd, because of kldload"},
        {"0 `sysctl -q net.ipv4.tcp_sack=1`", "linux, because of net.ipv4.tcp_sack"},
        {"0 `./defaults.sh`", "linux, because of defaults.sh"},
        {"--strict_segments 0 `true`", "linux, because of strict_segments"},
        {"--persistent_tun_dev 0 `true`", "freebsd, because of persistent_tun_dev"},
        {"--strict_segments 0 `sysctl net.inet.tcp.rfc1323=1`", "freebsd, because of net.inet.tcp.rfc1323"},
        {"0 setsockopt(3, IPPROTO_TCP, TCP_NOPUSH, [1], 4) = -1", "freebsd, because of TCP_NOPUSH"},
        {"0 epoll_create(1) = 3", "linux, because of epoll_create"},
        {"0 > S 0:0(0) <mss 1,nop,wscale 6,sackOK,TS val 1 ecr 0>",
         "freebsd, because of > S 0:0(0) <mss 1,nop,wscale 6,sackOK,TS val 1 ecr 0>"},
        {"0 > S 0:0(0) <mss 1,sackOK,TS val 1 ecr 0,nop,wscale 6>",
         "linux, because of > S 0:0(0) <mss 1,sackOK,TS val 1 ecr 0,nop,wscale 6>"},
        {"0 > S 0:0(0) win 65535 <mss 1>", "freebsd, because of > S 0:0(0) win 65535 <mss 1>"},
        {"0 > S 0:0(0) win 64240 <mss 1>", "linux, because of > S 0:0(0) win 64240 <mss 1>"},
        {"0 < S 0:0(0) win 1 <mss 1,nop,wscale 6,sackOK,eol,eol>", "linux"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char seen[128] = "";
        const struct drill_observer observer = {.context = seen, .note = see_profile};
        run_script(cases[i].text, NULL, 0, &observer);
        if (strcmp(seen, cases[i].profile) != 0)
            fail_msg("%s: runs as %s instead of %s", cases[i].text, seen, cases[i].profile);
    }
}

static void test_sleep_lets_time_pass(void **state)
{
    (void)state;
    run_passes("0 `sleep 1.5`\n1.5 `true`\n");
}

static void test_profiles(void **state)
{
    (void)state;
    run_passes("--profile=freebsd\n"
               "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
               "+0 connect(3, ..., ...) = -1 EINPROGRESS (x)\n"
               "+0 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 1 ecr 0>\n"
               "+1 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 1 ecr 0>\n"
               "+2.2 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 1 ecr 0>\n");
    run_ends("--profile=windows\n0 `true`", DRILL_FAILED, 0,
             "there is no profile windows; known are linux, freebsd, rfc");
}

static void test_definitions_of_command_line_win(void **state)
{
    (void)state;
    const struct drill_script_option settings[] = {
        {.name = slice_of("define"), .value = slice_of("LENGTH=20"), .has_value = true},
        {.name = slice_of("define"), .value = slice_of("STANDARD=1"), .has_value = true},
    };
    const struct drill_report report = run_script("--define=LENGTH=10\n" ACCEPTED "+0 write(4, ..., LENGTH) = 20\n"
                                                  "#ifdef STANDARD\n"
                                                  "+0 > P. 1:21(20) ack 1\n"
                                                  "#endif\n",
                                                  settings, 2, NULL);
    assert_string_equal(report.reason, "");
    assert_int_equal(report.events, 10);
    run_ends("--define=1\n0 `true`", DRILL_FAILED, 1, "--define takes NAME=VALUE, not 1");
}

static const struct {
    const char *option, *reason;
} options[] = {
    {"--foo", "--foo is no option"},
    {"--mtu=x", "--mtu takes a number from 576 to 65535"},
    {"--mtu=100", "--mtu takes a number from 576 to 65535"},
    {"--bind_port=0", "--bind_port takes a number from 1 to 65535"},
    {"--ip_version=ipv5", "--ip_version takes ipv4, ipv4-mapped-ipv6 or ipv6"},
    {"--local_ip=1.2.3", "--local_ip takes an IP address"},
    {"--remote_ip=1.2.3.4/33", "--remote_ip takes an IP address"},
    {"--netmask_ip=255.0.255.0", "--netmask_ip takes an IPv4 netmask"},
    {"--tolerance_percent=x", "--tolerance_percent takes a percentage from 0 to 1000"},
    {"--strict_segments=x", "--strict_segments is a switch: it takes 0, 1 or nothing"},
    {"--non_fatal=x", "--non_fatal takes packet, syscall or packet,syscall"},
    {"--profile=", "--profile takes the name of a profile"},
};

static void test_options_of_scripts(void **state)
{
    (void)state;
    char text[256];
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        snprintf(text, sizeof text, "\n%s\n0 `true`\n", options[i].option);
        run_ends(text, DRILL_FAILED, 2, options[i].reason);
    }
    run_passes("--local_ip=10.0.0.1 --remote_ip=10.9.0.1/24 --netmask_ip=255.255.0.0 --bind_port=80 --connect_port=81 "
               "--gateway_ip=10.0.0.2 --speed=1000 --mtu=1400 --is_anyip --send_omit_free --verbose\n"
               "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
               "+0 connect(3, {sa_family=AF_INET, sin_port=htons(81), sin_addr=inet_addr(\"10.9.0.1\")}, ...) = -1 "
               "EINPROGRESS (x)\n"
               "+0 > 4 > 81 S 0:0(0) <mss 1360,sackOK,TS val 1 ecr 0,nop,wscale 8>\n"
               "+0 < 81 > 4 S. 0:0(0) ack 1 win 9 <mss 1360>\n"
               "+0 > 4 > 81 . 1:1(0) ack 1\n");
    const struct drill_report report = run_script("--dry_run\n0 frobnicate() = 0\n", NULL, 0, NULL);
    assert_int_equal(report.verdict, DRILL_PASSED);
}

static void test_code_becomes_a_program(void **state)
{
    (void)state;
    const struct drill_report report = run_script(ACCEPTED "+0 %{ assert tcpi_state == TCP_ESTABLISHED }%\n"
                                                           "+0 close(4) = 0\n"
                                                           "+0 %{ x = 1\ny = 2 }%\n",
                                                  NULL, 0, NULL);
    assert_int_equal(report.verdict, DRILL_PASSED);
    char *program = calloc(1, report.program.length + 1);
    memcpy(program, report.program.at, report.program.length);
    assert_non_null(strstr(program, "TCP_ESTABLISHED = 1\n"));
    assert_non_null(strstr(program, "\ntcpi_state = 1\n"));
    assert_non_null(strstr(program, "\n# script line 10\nassert tcpi_state == TCP_ESTABLISHED\n"));
    assert_non_null(strstr(program, "\n# script line 12\nx = 1\ny = 2\n"));
    free(program);
}

/* ---- reading, memory, observers ---- */

static void test_reading_fails(void **state)
{
    (void)state;
    run_ends("0 > . 1:2(0)", DRILL_FAILED, 1, "the sequence numbers 1:2 do not cover 0 bytes");
    run_ends("0 < sctp", DRILL_SKIPPED, 1, "SCTP");
    run_ends("0 < icmp foo", DRILL_FAILED, 1, "ICMP has no type foo");
    run_ends("0 < icmp unreachable foo", DRILL_FAILED, 1, "ICMP has no code foo");
    run_ends("0 < . 0:65500(65500) win 1", DRILL_FAILED, 1, "the packet is longer than IP allows");
}

static void test_little_memory(void **state)
{
    (void)state;
    struct drill_report report;
    for (size_t size = 0; size < DRILL_MEMORY; size = size * 2 + 64) {
        struct arena arena;
        arena_init(&arena, run_arena.memory, size);
        const struct drill_request request = {.text = ACCEPTED, .length = strlen(ACCEPTED), .arena = &arena};
        drill_run(&request, &report);
        if (report.verdict == DRILL_PASSED)
            return;
        assert_true(report.reason[0] != '\0');
    }
    fail();
}

struct seen {
    unsigned packets, events, notes;
    int64_t last;
};

static void see_packet(void *context, int64_t time, bool inbound, const uint8_t *bytes, uint32_t length)
{
    struct seen *seen = context;
    (void)inbound;
    assert_int_equal(bytes[0] >> 4, 4);
    assert_true(length >= 40);
    assert_true(time >= seen->last);
    seen->last = time;
    seen->packets++;
}

static void see_event(void *context, int64_t time, const struct drill_event *event)
{
    struct seen *seen = context;
    (void)time;
    assert_true(event->source.length != 0);
    seen->events++;
}

static void see_note(void *context, int64_t time, uint32_t line, const char *words)
{
    struct seen *seen = context;
    (void)time;
    assert_true(line != 0);
    assert_true(words[0] != '\0');
    seen->notes++;
}

static void test_observers_see_everything(void **state)
{
    (void)state;
    struct seen seen = {0};
    const struct drill_observer observer = {&seen, see_packet, see_event, see_note, NULL};
    const struct drill_report report = run_script(ACCEPTED "+0 write(4, ..., 3000) = 3000\n"
                                                           "+0 > P. 1:3001(3000) ack 1\n",
                                                  NULL, 0, &observer);
    assert_int_equal(report.verdict, DRILL_PASSED);
    assert_int_equal(seen.packets, 6);
    assert_int_equal(seen.events, 10);
    assert_int_equal(seen.notes, 1); /* the profile */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations_pass),
        cmocka_unit_test(test_every_ip_version),
        cmocka_unit_test(test_sequence_spaces),
        cmocka_unit_test(test_absolute_numbers),
        cmocka_unit_test(test_tolerance),
        cmocka_unit_test(test_segments_are_glued),
        cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_datagrams_and_icmp),
        cmocka_unit_test(test_ip_fields),
        cmocka_unit_test(test_what_no_proper_host_sends),
        cmocka_unit_test(test_what_differs),
        cmocka_unit_test(test_what_differs_in_options),
        cmocka_unit_test(test_both_packets_are_shown),
        cmocka_unit_test(test_lenient),
        cmocka_unit_test(test_blocking_calls),
        cmocka_unit_test(test_poll_and_epoll),
        cmocka_unit_test(test_what_calls_differ_in),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_commands_change_the_stack),
        cmocka_unit_test(test_route_metrics),
        cmocka_unit_test(test_profile_of_script),
        cmocka_unit_test(test_sleep_lets_time_pass),
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_definitions_of_command_line_win),
        cmocka_unit_test(test_options_of_scripts),
        cmocka_unit_test(test_code_becomes_a_program),
        cmocka_unit_test(test_reading_fails),
        cmocka_unit_test(test_little_memory),
        cmocka_unit_test(test_observers_see_everything),
    };
    return cmocka_run_group_tests(tests, run_setup, run_teardown);
}
