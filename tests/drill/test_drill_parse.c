#include "drill_test.h"
#include "wire/tcp.h"

/* Scripts to syntax trees, and what is said of scripts that are wrong. */

static struct reading reading;

static const struct drill_event *parse_one(const char *text)
{
    memset(&reading, 0, sizeof reading);
    if (!reading_parse(&reading, text))
        fail_msg("%s: line %u: %s", text, reading.error.line, reading.error.text);
    assert_non_null(reading.script.events);
    return reading.script.events;
}

static const struct drill_packet *parse_one_packet(const char *text)
{
    const struct drill_event *event = parse_one(text);
    assert_int_equal(event->action, ACTION_PACKET);
    return event->packet;
}

/* ---- times ---- */

static void check_time(const char *text, enum drill_time_kind kind, int64_t start, int64_t end)
{
    const struct drill_event *event = parse_one(text)->next;
    assert_int_equal(event->time.kind, kind);
    assert_int_equal(event->time.start, start);
    assert_int_equal(event->time.end, end);
}

static void test_times(void **state)
{
    (void)state;
    check_time("0 `a` 1.5 `b`", TIME_ABSOLUTE, 1500000000, 0);
    check_time("0 `a` +.25 `b`", TIME_RELATIVE, 250000000, 0);
    check_time("0 `a` * > . 1:1(0)", TIME_ANY, 0, 0);
    check_time("0 `a` 1~2 > . 1:1(0)", TIME_ABSOLUTE_RANGE, 1000000000, 2000000000);
    check_time("0 `a` +0~+.1 > . 1:1(0)", TIME_RELATIVE_RANGE, 0, 100000000);
    check_time("0 `a` +0...0.2 f() = 0", TIME_RELATIVE, 0, 200000000);
    assert_true(reading.script.events->next->call->blocking);
    check_time("0 `a` 1...2 f() = 0", TIME_ABSOLUTE, 1000000000, 2000000000);
}

/* ---- the frame of a script ---- */

static void test_options_commands_and_code(void **state)
{
    (void)state;
    parse_one("--ip_version=ipv6 --strict_segments\n--define=A=`x y` --local_ip=\"fd00::1\"\n"
              "`first` 0 `second` +0 %{ third }% `last`");
    const struct drill_script *script = &reading.script;
    assert_int_equal(script->options, 4);
    assert_slice(script->option[0].name, "ip_version");
    assert_slice(script->option[0].value, "ipv6");
    assert_false(script->option[1].has_value);
    assert_slice(script->option[2].value, "A=`x y`");
    assert_slice(script->option[3].value, "fd00::1");
    assert_int_equal(script->option[3].line, 2);
    assert_slice(script->initialize, "first");
    assert_slice(script->clean_up, "last");
    assert_int_equal(script->event_count, 2);
    assert_int_equal(script->events->action, ACTION_COMMAND);
    assert_slice(script->events->text, "second");
    assert_int_equal(script->events->next->action, ACTION_CODE);
    assert_slice(script->events->next->text, "third");
}

static void test_source_of_events(void **state)
{
    (void)state;
    const struct drill_event *event = parse_one("0 < S 0:0(0) win 9 // first\n+0 > . 1:1(0)   \n+0 `x`");
    assert_slice(event->source, "< S 0:0(0) win 9");
    assert_slice(event->next->source, "> . 1:1(0)");
    assert_int_equal(event->next->line, 2);
    assert_slice(event->next->next->source, "`x`");
}

/* ---- TCP ---- */

static void check_flags(const char *flags, uint16_t expected, bool ace)
{
    char text[64] = "0 < ";
    strcat(strcat(text, flags), " 1:1(0) win 5");
    const struct drill_packet *packet = parse_one_packet(text);
    assert_int_equal(packet->tcp.flags, expected);
    assert_int_equal(packet->tcp.has_ace, ace);
}

static void test_flags(void **state)
{
    (void)state;
    check_flags("S", TCP_SYN, false);
    check_flags("S.", TCP_SYN | TCP_ACK, false);
    check_flags(".", TCP_ACK, false);
    check_flags("FPU.", TCP_FIN | TCP_PSH | TCP_URG | TCP_ACK, false);
    check_flags("SEWA", TCP_SYN | TCP_ECE | TCP_CWR | TCP_AE, false);
    check_flags("P.E", TCP_PSH | TCP_ACK | TCP_ECE, false);
    check_flags("-", 0, false);
    check_flags(".5", TCP_ACK | TCP_AE | TCP_ECE, true);
    check_flags("P.2", TCP_PSH | TCP_ACK | TCP_CWR, true);
    check_flags("S.0", TCP_SYN | TCP_ACK, true);
}

static void test_tcp_fields(void **state)
{
    (void)state;
    const struct drill_packet *packet = parse_one_packet("0 < 1000 > 8080 P. 1!:1001(1000) ack 5! win 20 urg 3");
    assert_true(packet->inbound && packet->has_ports);
    assert_int_equal(packet->source_port, 1000);
    assert_int_equal(packet->destination_port, 8080);
    assert_true(packet->tcp.absolute_seq && packet->tcp.absolute_ack && packet->tcp.has_urgent);
    assert_int_equal(packet->tcp.seq, 1);
    assert_int_equal(packet->tcp.length, 1000);
    assert_int_equal(packet->tcp.ack, 5);
    assert_int_equal(packet->tcp.window, 20);
    assert_int_equal(packet->tcp.urgent, 3);
    packet = parse_one_packet("0 > . ...(10) ack 1 <...>");
    assert_true(packet->tcp.any_seq && packet->tcp.any_options);
    assert_false(packet->tcp.has_window);
    packet = parse_one_packet("0 < . 4294967295:4(5) win 1");
    assert_int_equal(packet->tcp.seq, UINT32_MAX);
    packet = parse_one_packet("0 > . -1:1(2)");
    assert_int_equal(packet->tcp.seq, UINT32_MAX);
}

static const struct drill_tcp_option *parse_option_list(const char *list, uint32_t count)
{
    char text[256] = "0 > S 0:0(0) <";
    strcat(strcat(text, list), ">");
    const struct drill_packet *packet = parse_one_packet(text);
    assert_int_equal(packet->tcp.options, count);
    return packet->tcp.option;
}

static void test_tcp_options(void **state)
{
    (void)state;
    const struct drill_tcp_option *option = parse_option_list("mss 1460,sackOK,TS val 100 ecr 7,nop,wscale 8", 5);
    assert_int_equal(option[0].kind, TCP_OPTION_MSS);
    assert_int_equal(option[0].value[0], 1460);
    assert_int_equal(option[1].kind, TCP_OPTION_SACK_PERMITTED);
    assert_int_equal(option[2].value[0], 100);
    assert_int_equal(option[2].value[1], 7);
    assert_int_equal(option[4].value[0], 8);
    option = parse_option_list("nop,nop,sack 1:2 3:4", 3);
    assert_int_equal(option[2].count, 4);
    assert_int_equal(option[2].value[3], 4);
    option = parse_option_list("nop,nop,TS val 1 ecr 2!", 3);
    assert_true(option[2].verbatim);
    option = parse_option_list("FO a1b2c3d4e5f60718,eol,eol", 3);
    assert_int_equal(option[0].kind, TCP_OPTION_FASTOPEN);
    assert_int_equal(option[0].length, 8);
    assert_int_equal(option[0].bytes[7], 0x18);
    option = parse_option_list("FOEXP", 1);
    assert_int_equal(option[0].kind, TCP_OPTION_EXPERIMENT2);
    assert_memory_equal(option[0].bytes, "\xf9\x89", 2);
    option = parse_option_list("exp-1234 5678,nop,nop", 3);
    assert_memory_equal(option[0].bytes, "\x12\x34\x56\x78", 4);
    option = parse_option_list("exp-f989", 1);
    assert_memory_equal(option[0].bytes, "\xf9\x89", 2);
    option = parse_option_list("EXP-FO aabb,nop,nop", 3);
    assert_memory_equal(option[0].bytes, "\xf9\x89\xaa\xbb", 4);
    option = parse_option_list("gen-12 0102", 1);
    assert_int_equal(option[0].kind, 12);
    assert_int_equal(option[0].length, 2);
    option = parse_option_list("raw fd04abcd", 1);
    assert_true(option[0].raw);
    assert_int_equal(option[0].kind, 0xfd);
    option = parse_option_list("ECN e0b 1 ceb 2 e1b 3,nop", 2);
    assert_int_equal(option[0].kind, TCP_OPTION_ACCECN0);
    assert_int_equal(option[0].value[2], 3);
    option = parse_option_list("nop,nop,nop,ECN e1b 9", 4);
    assert_int_equal(option[3].kind, TCP_OPTION_ACCECN1);
    option = parse_option_list("AccECN1 ee1b 4,exp-AccECN0,nop,nop,nop", 5);
    assert_int_equal(option[0].kind, TCP_OPTION_ACCECN1);
    assert_memory_equal(option[1].bytes, "\xac\xc0", 2);
    option = parse_option_list("md5 00112233445566778899aabbccddeeff,nop,nop", 3);
    assert_int_equal(option[0].length, 16);
    parse_option_list("", 0);
}

/* ---- IP, UDP, ICMP, encapsulation ---- */

static void test_ip_info(void **state)
{
    (void)state;
    const struct drill_packet *packet = parse_one_packet("0 > [ect0] . 1:1(0)");
    assert_int_equal(packet->info.ecn, ECN_ECT0);
    packet = parse_one_packet("0 > (tos 0x10) . 1:1(0)");
    assert_true(packet->info.has_class);
    assert_int_equal(packet->info.traffic_class, 16);
    packet = parse_one_packet("0 > [ecn ect01, ttl 64, flowlabel 0x1, dscp af11] . 1:1(0)");
    assert_int_equal(packet->info.ecn, ECN_ANY_ECT);
    assert_int_equal(packet->info.ttl, 64);
    assert_int_equal(packet->info.flow_label, 1);
    assert_int_equal(packet->info.dscp, 10);
    packet = parse_one_packet("0 > [hlim 3, class 5, ecn 3, dscp 46] . 1:1(0)");
    assert_int_equal(packet->info.ecn, ECN_CE);
    assert_int_equal(packet->info.ttl, 3);
    packet = parse_one_packet("0 > [noecn] . 1:1(0)");
    assert_int_equal(packet->info.ecn, ECN_NONE);
}

static void test_udp_and_icmp(void **state)
{
    (void)state;
    const struct drill_packet *packet = parse_one_packet("0 < udp 53 > 1000 (100)");
    assert_int_equal(packet->transport, TRANSPORT_UDP);
    assert_int_equal(packet->udp_length, 100);
    assert_int_equal(packet->source_port, 53);
    packet = parse_one_packet("0 > udp (0)");
    assert_false(packet->has_ports);
    packet = parse_one_packet("0 < icmp unreachable frag_needed mtu 1200 [1:1461(1460)]");
    assert_int_equal(packet->transport, TRANSPORT_ICMP);
    assert_slice(packet->icmp.type, "unreachable");
    assert_slice(packet->icmp.code, "frag_needed");
    assert_int_equal(packet->icmp.mtu, 1200);
    assert_int_equal(packet->icmp.quote, QUOTE_TCP);
    assert_int_equal(packet->icmp.quote_length, 1460);
    packet = parse_one_packet("0 < icmp echo_request id 7");
    assert_int_equal(packet->icmp.id, 7);
    assert_int_equal(packet->icmp.quote, QUOTE_NONE);
    packet = parse_one_packet("0 < icmp type_3 code_9 [udp(20)]");
    assert_int_equal(packet->icmp.quote, QUOTE_UDP);
    packet = parse_one_packet("0 < icmp unreachable [raw(8)]");
    assert_int_equal(packet->icmp.quote, QUOTE_RAW);
}

static void test_encapsulation(void **state)
{
    (void)state;
    const struct drill_packet *packet =
        parse_one_packet("0 < ipv4 192.0.2.1 > 192.0.2.2: ipv6 [ttl 9] fd00::1 > fd00::2: "
                         "gre flags [checksum,key,sequence], sum 1, off 2, key 3, seq 4: "
                         "mpls (label 16, tc 1, ttl 2) (label 17, tc 0, [S], ttl 3): S 0:0(0) win 1");
    const struct drill_encapsulation *header = packet->encapsulation;
    assert_int_equal(header->kind, ENCAPSULATION_IPV4);
    header = header->next;
    assert_int_equal(header->kind, ENCAPSULATION_IPV6);
    assert_int_equal(header->info.ttl, 9);
    header = header->next;
    assert_int_equal(header->kind, ENCAPSULATION_GRE);
    assert_true(header->gre_checksum && header->gre_key && header->gre_sequence);
    assert_int_equal(header->sequence, 4);
    header = header->next;
    assert_int_equal(header->labels, 2);
    assert_int_equal(header->label[1], 17u << 12 | 1 << 8 | 3);
}

/* ---- calls ---- */

static void test_calls(void **state)
{
    (void)state;
    const struct drill_event *event =
        parse_one("0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1,linger=0}, 8) = -1 EINVAL (Invalid argument)");
    const struct drill_call *call = event->call;
    assert_slice(call->name, "setsockopt");
    assert_int_equal(call->argument_count, 5);
    assert_int_equal(call->result->integer, -1);
    assert_slice(call->error, "EINVAL");
    const struct drill_expression *value = call->arguments->next->next->next;
    assert_int_equal(value->kind, EXPRESSION_STRUCTURE);
    assert_int_equal(drill_field(value, "onoff")->first->integer, 1);
    assert_null(drill_field(value, "off"));
    call = parse_one("0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0x2 (flags O_RDWR)")->call;
    assert_int_equal(call->result->integer, 2);
    value = call->arguments->next->next;
    assert_int_equal(value->kind, EXPRESSION_OR);
    assert_int_equal(value->count, 2);
    call =
        parse_one("0 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"192.0.2.1\")}, ...) = 0")
            ->call;
    value = drill_field(call->arguments->next, "sin_port")->first;
    assert_int_equal(value->kind, EXPRESSION_FUNCTION);
    assert_int_equal(value->first->integer, 80);
    call = parse_one("0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{...,1000}], msg_flags=0}, 0) = 1000")->call;
    value = drill_field(call->arguments->next, "msg_iov");
    assert_int_equal(value->arguments->integer, 1);
    assert_int_equal(value->first->kind, EXPRESSION_ARRAY);
    assert_int_equal(value->first->first->first->next->integer, 1000);
    call = parse_one("0 write(4, \"ab\\n\" \"cd\", 5) = 5")->call;
    assert_slice(call->arguments->next->text, "ab\ncd");
    call = parse_one("0 epoll_wait(5, {events=EPOLLIN|EPOLLOUT, fd=4}, 1, 0) = ...")->call;
    assert_int_equal(call->result->kind, EXPRESSION_ELLIPSIS);
}

/* ---- errors ---- */

static const struct {
    const char *text, *error;
} wrong[] = {
    {"", "expected an event: a time and what happens then, found the end of the script"},
    {"socket() = 3", "expected an event: a time and what happens then, found socket"},
    {"1 `x`", "the first event must be at time 0"},
    {"0 `x` 2 `y` 1 `z`", "the time lies before that of an earlier event"},
    {"0 `x` --late", "expected an event or the end of the script, found the option --late"},
    {"0 `x` `y` 1", "expected an event or the end of the script, found 1"},
    {"0 ;", "expected < or > and a packet, a system call, a `command` or %{ code }%, found ;"},
    {"+ x", "expected a time in seconds, found x"},
    {"-1 `x`", "a time is a number of seconds that is not negative, not -1"},
    {"+1000000000000 `x`", "a time is a number of seconds that is not negative, not 1000000000000"},
    {"0~+1 > . 1:1(0)", "a range that begins at an absolute time cannot end at a relative one"},
    {"0...x f() = 0", "expected a time in seconds, found x"},
    {"+0 `x` 2~1 > . 1:1(0)", "the end of the time lies before its start"},
    {"* `x`", "ranges and * are for outbound packets only"},
    {"* f() = 0", "ranges and * are for outbound packets only"},
    {"* < . 1:1(0) win 1", "an inbound packet needs one time, not a range and not *"},
    {"+0~1 < . 1:1(0) win 1", "an inbound packet needs one time, not a range and not *"},
    {"0...1 `x`", "only a system call can have an end time"},
    {"--a=\"b", "the value of an option has no closing quote"},
    {"0 f = 0", "expected ( behind the name of a system call, found ="},
    {"0 f(1", "expected ) behind the arguments of a system call, found the end of the script"},
    {"0 f()", "expected = and the result of the system call, found the end of the script"},
    {"0 f() = x", "expected the result of the system call, a number, found x"},
    {"0 f() = 0 (x", "expected ) behind the note, found the end of the script"},
    {"0 f(;) = 0", "expected a value: a number, a name, a string, ..., [array] or {structure}, found ;"},
    {"0 f([1) = 0", "expected ] behind the array, found )"},
    {"0 f({a=1) = 0", "expected } behind the structure, found )"},
    {"0 f(g(1) = 0", "expected ) behind the arguments of a system call, found the end of the script"},
    {"0 f(99999999999999999999) = 0", "the number does not fit in 64 bits: 99999999999999999999"},
    {"0 f([[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]) = 0", "values are nested too deeply"},
    {"0 < Q 1:1(0) win 1", "a flag is one of F S R P . U E W A or a digit for the ACE field, not those of Q"},
    {"0 < SS 1:1(0) win 1", "a flag stands there twice: SS"},
    {"0 < E5 1:1(0) win 1", "the ACE field excludes the flags E, W and A: E5"},
    {"0 < .5E 1:1(0) win 1", "the ACE field excludes the flags E, W and A: E"},
    {"0 < 1:1(0) win 1", "expected TCP flags, udp or icmp, found 1"},
    {"0 > . x", "a flag is one of F S R P . U E W A or a digit for the ACE field, not those of x"},
    {"0 > . ;", "expected a sequence number, found ;"},
    {"0 > . 1 1(0)", "expected : behind the first sequence number, found 1"},
    {"0 > . 1:x", "expected the sequence number behind the last byte, found x"},
    {"0 > . 1:1 0", "expected ( and the number of bytes, found 0"},
    {"0 > . 1:1(x)", "expected the number of bytes, found x"},
    {"0 > . 1:1(0", "expected ) behind the number of bytes, found the end of the script"},
    {"0 > . 1:11(9)", "the sequence numbers 1:11 do not cover 9 bytes"},
    {"0 > . 1:4294967296(0)", "the sequence number behind the last byte must be from 0 to 4294967295, not 4294967296"},
    {"0 > . 1:1(0) ack x", "expected the acknowledgement number, found x"},
    {"0 > . 1:1(0) win 65536", "the window must be from 0 to 65535, not 65536"},
    {"0 > . 1:1(0) urg -1", "the urgent pointer must be from 0 to 65535, not -1"},
    {"0 < . 1:1(0) ack 1",
     "expected win and a number: an inbound packet needs its window, found the end of the script"},
    {"0 < . ...(0) ack 1 win 1", "an inbound packet needs its sequence numbers, before "},
    {"0 < . 1:1(0) win 1 <...>", "an inbound packet needs its options: <...> is for outbound ones, before "},
    {"0 > . 1:1(0) <foo>", "there is no TCP option foo; known are nop eol mss wscale sackOK sack TS FO FOEXP ECN "
                           "AccECN0 AccECN1 md5 gen-N exp-XXXX raw"},
    {"0 > . 1:1(0) <5>", "expected a TCP option, found 5"},
    {"0 > . 1:1(0) <nop>", "TCP options must fill a multiple of 4 bytes, these have 1: add nop or eol"},
    {"0 > . 1:1(0) <mss 5", "expected > or , behind a TCP option, found the end of the script"},
    {"0 > . 1:1(0) <mss x>", "expected the MSS, found x"},
    {"0 > . 1:1(0) <mss 65536>", "the MSS must be from 0 to 65535, not 65536"},
    {"0 > . 1:1(0) <wscale 256>", "the window scale must be from 0 to 255, not 256"},
    {"0 > . 1:1(0) <sack>", "expected a SACK block such as 1001:2001, found >"},
    {"0 > . 1:1(0) <sack 1>", "expected : within a SACK block, found >"},
    {"0 > . 1:1(0) <sack 1:2 1:2 1:2 1:2 1:2>", "a SACK option has room for four blocks"},
    {"0 > . 1:1(0) <TS 1>", "expected val behind TS, found 1"},
    {"0 > . 1:1(0) <TS val 1>", "expected ecr behind the timestamp value, found >"},
    {"0 > . 1:1(0) <TS val x>", "expected the timestamp value, found x"},
    {"0 > . 1:1(0) <TS val 1 ecr>", "expected the timestamp echo, found >"},
    {"0 > . 1:1(0) <ECN e0b 99999999>", "the byte counter must be from 0 to 16777215, not 99999999"},
    {"0 > . 1:1(0) <FO abc>", "expected bytes in hexadecimal, two digits for each, found abc"},
    {"0 > . 1:1(0) <md5 xx>", "expected bytes in hexadecimal, two digits for each, found xx"},
    {"0 > . 1:1(0) <raw>", "expected bytes in hexadecimal, two digits for each, found >"},
    {"0 > . 1:1(0) <gen 12>", "expected the number of an option kind behind gen, such as gen-12, found 12"},
    {"0 > . 1:1(0) <exp 12>", "expected an experiment identifier behind exp, such as exp-f989, found 12"},
    {"0 > . 1:1(0) <exp-xyz>", "expected an experiment identifier behind exp, such as exp-f989, found xyz"},
    {"0 > . 1:1(0) <nop,nop,TS val 1 ecr 2,nop,nop,TS val 1 ecr 2,nop,nop,TS val 1 ecr 2,nop,nop,TS val 1 ecr 2>",
     "TCP options have at most 40 bytes in all"},
    {"0 > . 1:1(0) <FO 00112233445566778899001122334455667788990011223344556677889900112233445566778899>",
     "a TCP option has at most 38 bytes behind its length"},
    {"0 > . 1:1(0) <...", "expected > behind <..., found the end of the script"},
    {"0 > [foo] . 1:1(0)",
     "expected noecn, ect0, ect1, ce, ect01, tos, class, dscp, ecn, ttl, hlim or flowlabel, found foo"},
    {"0 > [5] . 1:1(0)",
     "expected noecn, ect0, ect1, ce, ect01, tos, class, dscp, ecn, ttl, hlim or flowlabel, found 5"},
    {"0 > [ect0 . 1:1(0)", "expected ] behind what the IP header says, found ."},
    {"0 > [tos 256] . 1:1(0)", "the traffic class must be from 0 to 255, not 256"},
    {"0 > [ttl 256] . 1:1(0)", "the TTL must be from 0 to 255, not 256"},
    {"0 > [flowlabel 0x100000] . 1:1(0)", "the flow label must be from 0 to 1048575, not 0x100000"},
    {"0 > [dscp 64] . 1:1(0)", "the DSCP must be from 0 to 63, not 64"},
    {"0 > [dscp xx] . 1:1(0)", "expected a DSCP: a number or a name such as af11, cs1, ef, found xx"},
    {"0 > [ecn 4] . 1:1(0)", "the ECN field must be from 0 to 3, not 4"},
    {"0 > [ecn xx] . 1:1(0)", "expected noecn, ect0, ect1, ce or ect01 behind ecn, found xx"},
    {"0 > 1 > x S 0:0(0)", "expected the destination port, found x"},
    {"0 > 70000 > 1 S 0:0(0)", "the source port must be from 0 to 65535, not 70000"},
    {"0 > udp 5", "expected ( and the number of bytes behind udp, found 5"},
    {"0 > udp (70000)", "the number of bytes must be from 0 to 65507, not 70000"},
    {"0 > icmp 5", "expected an ICMP type such as unreachable, packet_too_big or echo_request, found 5"},
    {"0 > icmp unreachable frag_needed mtu x", "expected the MTU, found x"},
    {"0 > icmp echo_request id 65536", "the identifier must be from 0 to 65535, not 65536"},
    {"0 > icmp unreachable [x", "expected a sequence number, found x"},
    {"0 > icmp unreachable [raw 8]", "expected ( and the number of bytes, found 8"},
    {"0 > icmp unreachable [1:1(0)", "expected ] behind what the ICMP message quotes, found the end of the script"},
    {"0 > ipv4 fd00::1 > fd00::2: S 0:0(0)", "expected an IPv4 address, found fd00::1"},
    {"0 > ipv6 fd00::1 fd00::2: S 0:0(0)", "expected > and the destination address, found fd00::2"},
    {"0 > ipv6 fd00::1 > x: S 0:0(0)", "expected an IPv6 address, found x"},
    {"0 > ipv6 fd00::1 > fd00::2 S 0:0(0)", "expected : behind the encapsulating header, found S"},
    {"0 > gre foo: S 0:0(0)",
     "expected flags [checksum,key,sequence], sum, off, key or seq in the GRE header, found foo"},
    {"0 > gre flags key: S 0:0(0)", "expected [ before the GRE flags, found key"},
    {"0 > gre flags [5]: S 0:0(0)", "expected checksum, key or sequence, found 5"},
    {"0 > gre flags [key: S 0:0(0)", "expected ] behind the GRE flags, found :"},
    {"0 > mpls : S 0:0(0)", "expected ( before a label, found :"},
    {"0 > mpls (label 1048576, tc 0, ttl 0): S 0:0(0)", "the MPLS label must be from 0 to 1048575, not 1048576"},
    {"0 > mpls (label 1 tc 0, ttl 0): S 0:0(0)", "expected , behind the label, found tc"},
    {"0 > mpls (label 1, tc 0 ttl 0): S 0:0(0)", "expected , behind the traffic class, found ttl"},
    {"0 > mpls (label 1, tc 0, [S ttl 0): S 0:0(0)", "expected ] behind [S, found ttl"},
    {"0 > mpls (label 1, tc 0, [S] ttl 0): S 0:0(0)", "expected , behind [S], found ttl"},
    {"0 > mpls (label 1, tc 0, ttl 0: S 0:0(0)", "expected ) behind a label, found :"},
};

static void test_what_is_wrong(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memset(&reading, 0, sizeof reading);
        if (reading_parse(&reading, wrong[i].text))
            fail_msg("not refused: %s", wrong[i].text);
        assert_string_equal(reading.error.text, wrong[i].error);
        assert_int_equal(reading.error.line, 1);
        assert_false(reading.error.unsupported);
    }
}

/* Where in a line it stands. */
static void test_where_it_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column;
    } cases[] = {
        {"0 > [ttl 256] . 1:1(0)", 1, 10},
        {"0 `a`\n  +1 > . 1:3(0)", 2, 10},
        {"0 `a`\n+1 > . 1:1(0) <nop, nop, nop>", 2, 16},
        {"0 `a`\n+1 foo(1,\n  ;) = 0", 3, 3},
        {"0 `a`\n \"x", 2, 2},
        {"0 `a`\n/* x", 2, 1},
        {"0 `a`\n\n  -1 `b`", 3, 3},
        {"0 `a`\n+1~+.5 > . 1:1(0)", 2, 4},
        {"0 `a`\n+1~+2 `b`", 2, 7},
        {"0 `a`\n#endif", 2, 1},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&reading, 0, sizeof reading);
        assert_false(reading_parse(&reading, cases[i].text));
        if (reading.error.line != cases[i].line || reading.error.column != cases[i].column)
            fail_msg("%s\n%u:%u instead of %u:%u: %s", cases[i].text, reading.error.line, reading.error.column,
                     cases[i].line, cases[i].column, reading.error.text);
    }
}

static void test_what_is_not_supported(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"0 < encap psp spi 1 S 0:0(0) win 1", "PSP encapsulation"},
        {"0 < sctp: INIT[]", "SCTP"},
        {"0 < udplite (5)", "UDP-Lite"},
        {"0 < S 0:0(0) win 1 <md5 valid,nop,nop>", "TCP MD5 signatures"},
        {"0 > R 0:0(0) [ecn]", "diagnostic payload of RST"},
        {"0 > S 0:0(0) <...>/udp(1 > 2)", "TCP over UDP"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&reading, 0, sizeof reading);
        assert_false(reading_parse(&reading, cases[i].text));
        assert_string_equal(reading.error.text, cases[i].error);
        assert_true(reading.error.unsupported);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char text[] = "--a=b 0 < S 0:0(0) win 1 <mss 1460> +0 f(1|2, {a=[\"\\n\" \"b\"]}) = 0";
    memset(&reading, 0, sizeof reading);
    for (size_t size = 0; size < sizeof reading.memory; size += 64) {
        arena_init(&reading.arena, reading.memory, size);
        if (reading_parse(&reading, text))
            return;
        assert_string_equal(reading.error.text, "the script needs more memory than there is");
    }
    fail();
}

static void test_options_alone(void **state)
{
    (void)state;
    static const char text[] = "--define=A=1 --tolerance_usecs=5\n0 nonsense ((";
    memset(&reading, 0, sizeof reading);
    arena_init(&reading.arena, reading.memory, sizeof reading.memory);
    assert_true(drill_parse_options(&reading.arena, text, strlen(text), &reading.script, &reading.error));
    assert_int_equal(reading.script.options, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_options_commands_and_code),
        cmocka_unit_test(test_source_of_events),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_tcp_fields),
        cmocka_unit_test(test_tcp_options),
        cmocka_unit_test(test_ip_info),
        cmocka_unit_test(test_udp_and_icmp),
        cmocka_unit_test(test_encapsulation),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_what_is_wrong),
        cmocka_unit_test(test_where_it_is_wrong),
        cmocka_unit_test(test_what_is_not_supported),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_options_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
