#include "filter_test.h"

/* Returns how many frames are judged wrongly. */
static uint32_t check(const char *text, const char *expected)
{
    uint32_t wrong = 0;
    struct filter_error error;
    struct filter *filter = filter_compile(text, &error);
    if (filter == NULL)
        fail_msg("%s: column %u: %s", text, error.column, error.message);
    for (uint32_t i = 0; i < FRAMES; i++) {
        struct filter_frame frame = frame_of(i);
        bool passes = filter_passes(filter, &frame);
        if (passes != (strchr(expected, (int)('0' + i)) != NULL)) {
            print_error("%s: frame %u %s\n", text, i, passes ? "passes" : "does not pass");
            wrong++;
        }
    }
    filter_destroy(filter);
    return wrong;
}

static void the_table(void **state)
{
    (void)state;
    uint32_t wrong = 0;
    for (size_t i = 0; i < CASES; i++)
        wrong += check(cases[i].text, cases[i].frames);
    assert_int_equal(wrong, 0);
}

static const char *const findings[] = {"zero_window", "keep_alive"};
static const struct filter_segment segment = {
    .stream = 3,
    .has_seq = true,
    .seq = 1,
    .next_seq = 11,
    .has_window = true,
    .window = 64512,
    .window_scale = 1024,
    .completeness = 31,
    .handshake = 1 << 3,
    .analysis = 1u << filter_analysis_retransmission,
    .acks_frame = 2,
    .ack_rtt = 15000000,
    .initial_rtt = FILTER_TIME_UNKNOWN,
    .time_relative = 2 * SECOND,
    .time_delta = -5,
    .state_client = "ESTABLISHED",
    .state_server = "SYN_RCVD",
    .verdict = "fast retransmission",
    .findings = findings,
    .finding_count = 2,
};

static bool passes(const char *text)
{
    struct filter_error error;
    struct filter *filter = filter_compile(text, &error);
    if (filter == NULL)
        fail_msg("%s: column %u: %s", text, error.column, error.message);
    struct filter_frame frame = frame_of(0);
    frame.segment = &segment;
    bool result = filter_passes(filter, &frame);
    assert_true(filter_needs_segment(filter));
    filter_destroy(filter);
    return result;
}

/* What only analysis knows. */
static void segments(void **state)
{
    (void)state;
    assert_true(passes("tcp.stream eq 3"));
    assert_true(passes("tcp.seq == 1 && tcp.nxtseq == 11"));
    assert_false(passes("tcp.ack"));
    assert_true(passes("tcp.window_size == 64512"));
    assert_true(passes("tcp.window_size_scalefactor == 1024"));
    assert_false(passes("tcp.window_size_scalefactor == -1"));
    assert_true(passes("tcp.completeness & 1"));
    assert_true(passes("tcp.analysis.retransmission"));
    assert_true(passes("tcp.analysis.flags"));
    assert_false(passes("tcp.analysis.zero_window"));
    assert_true(passes("tcp.analysis.ack_rtt > 0.014 && tcp.analysis.ack_rtt < .016"));
    assert_false(passes("tcp.analysis.initial_rtt"));
    assert_true(passes("tcp.time_relative == 2.0"));
    assert_true(passes("tcp.time_delta < 0"));
    assert_true(passes("tcp.handshake == 3"));
    assert_false(passes("tcp.close"));
    assert_true(passes("tcp.state.client == \"ESTABLISHED\""));
    assert_true(passes("tcp.state.server == SYN_RCVD"));
    assert_true(passes("septet.state == \"SYN_RCVD\" and septet.state == \"ESTABLISHED\""));
    assert_true(passes("septet.verdict contains \"fast\""));
    assert_true(passes("septet.finding == \"keep_alive\""));
    assert_false(passes("septet.finding == \"window_full\""));
    struct filter_error error;
    struct filter *filter = filter_compile("tcp.len > 0", &error);
    assert_false(filter_needs_segment(filter));
    filter_destroy(filter);
}

/* Mistakes: the column and length of the caret, a part of the message, the suggestion or a part of it. */
static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t column, length;
        const char *message, *suggestion;
    } wrong[] = {
        {"tcp.prot == 80", 1, 8, "there is no field \"tcp.prot\"", "did you mean tcp.port?"},
        {"ip && tcp.flags.rst", 7, 13, "there is no field", "tcp.flags.reset"},
        {"tcp.port = 80", 10, 1, "a single =", "write =="},
        {"tcp | udp", 5, 1, "a single |", "||"},
        {"tcp.port => 80", 10, 2, "there is no =>", ">="},
        {"tcp.port == http", 1, 16, "a number cannot be compared with a protocol", ""},
        {"tcp.port == foo", 13, 3, "\"foo\" is not a number", ""},
        {"tcp.port == 65536", 13, 5, "tcp.port is never more than 65535", ""},
        {"tcp.port == tcp.prot", 13, 8, "there is no field", "tcp.port"},
        {"ip.addr == 300.1.1.1", 12, 9, "is not an IPv4 address", ""},
        {"ip.addr == 10.0.0.1/33", 12, 11, "is not an IPv4 address", ""},
        {"ip.addr == ipv6.addr", 1, 20, "an IPv4 address cannot be compared with an IPv6 address", ""},
        {"eth.src == 02:00", 12, 5, "is not a MAC address", ""},
        {"(tcp", 1, 1, "this ( is not closed", ""},
        {"tcp)", 4, 1, "there is no ( before this )", ""},
        {"tcp udp", 5, 3, "and, or, xor or the end is expected", ""},
        {"tcp &&", 7, 1, "the filter ends where a field or a value is expected", ""},
        {"80", 1, 2, "a value alone is no test", "tcp.port == 80"},
        {"10.0.0.1", 1, 8, "a value alone", "ip.addr == 10.0.0.1"},
        {"\"GET\"", 1, 5, "a value alone", "tcp.payload contains \"GET\""},
        {"tcp.analysis.retransmission == 1", 1, 27, "there or not", "write it alone"},
        {"tcp.port contains 80", 1, 8, "only text and bytes", "=="},
        {"http.host matches foo", 19, 3, "double quotes", ""},
        {"http.host matches \"a(b\"", 23, 1, "wrong expression: missing closing parenthesis", ""},
        {"tcp.port in 80", 13, 2, "a set such as", ""},
        {"tcp.port in {}", 14, 1, "a value", ""},
        {"tcp.port[0] == 1", 9, 1, "slices", ""},
        {"tcp[a] == 1", 5, 1, "numbers of bytes", "[from:length]"},
        {"tcp[1 == 1", 4, 3, "no end", "]"},
        {"http.host == \"abc", 14, 4, "this string has no end", "\""},
        {"frame.time > \"yesterday\"", 14, 11, "is not a date and time", ""},
        {"length(tcp) > 3", 1, 6, "there is no such function", "len"},
        {"upper(tcp.port) == 3", 1, 15, "does not take", ""},
        {"http.host + 1 == 2", 1, 9, "text cannot be calculated with", ""},
        {"\"\xe4\xb8\xad\" == tcp.prot", 8, 8, "there is no field", "tcp.port"},
        {"tcp.port == 80 # web", 16, 1, "layers", ""},
        {"tcp ? udp", 5, 1, "no meaning", ""},
    };
    uint32_t misses = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct filter_error error;
        if (filter_compile(wrong[i].text, &error) != NULL)
            fail_msg("%s is taken", wrong[i].text);
        if (error.column != wrong[i].column || error.length != wrong[i].length ||
            strstr(error.message, wrong[i].message) == NULL || strstr(error.suggestion, wrong[i].suggestion) == NULL)
            misses++, print_error("%s: column %u, %u characters: %s; %s\n", wrong[i].text, error.column, error.length,
                                  error.message, error.suggestion);
    }
    assert_int_equal(misses, 0);
}

static void an_error_as_text(void **state)
{
    (void)state;
    static const char text[] = "ip and tcp.prot == 80";
    struct filter_error error;
    char lines[400];
    assert_null(filter_compile(text, &error));
    filter_error_format(&error, text, lines, sizeof lines);
    assert_string_equal(lines, "there is no field \"tcp.prot\"\n"
                               "  ip and tcp.prot == 80\n"
                               "         ^^^^^^^^\n"
                               "did you mean tcp.port?");
    for (size_t size = 1; size < sizeof lines; size++) {
        char *exact = malloc(size);
        filter_error_format(&error, text, exact, size);
        assert_true(strlen(exact) < size);
        free(exact);
    }
}

static char *repeat(const char *before, const char *part, size_t times, const char *after)
{
    char *text = malloc(strlen(before) + strlen(part) * times + strlen(after) + 1), *at = text;
    at += sprintf(at, "%s", before);
    for (size_t i = 0; i < times; i++)
        at += sprintf(at, "%s", part);
    sprintf(at, "%s", after);
    return text;
}

/* Long filters are fine, deep ones are refused, neither costs the stack. */
static void size_is_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *before, *part, *after;
        size_t times;
        bool good;
    } texts[] = {
        {"tcp", "||tcp", "", 1600, true},
        {"tcp", "&& tcp.port==80", "", 500, true},
        {"", "(", "tcp", 5000, false},
        {"", "!", "tcp", 5000, false},
        {"tcp.len", "+1", " > 5", 3000, false},
        {"tcp.port in {", "1 ", "}", 4000, true},
        {"", "-", "tcp.len > 5", 5000, false},
        {"tcp", "[0:9]", " contains \"x\"", 1000, false},
        {"", "len(", "tcp)", 2000, false},
        {"tcp.len", "<tcp.len", "", 1000, true},
        {"tcp or ", "udp or", " ip", 3000, false},
        {"tcp", "[0,1,2,3,4,5,6,7,8,9]", " contains 1", 1, true},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct filter_error error;
        struct filter_frame frame = frame_of(2);
        char *text = repeat(texts[i].before, texts[i].part, texts[i].times, texts[i].after);
        struct filter *filter = filter_compile(text, &error);
        if ((filter != NULL) != texts[i].good)
            fail_msg("%.20s: %s", text, filter != NULL ? "taken" : error.message);
        if (filter != NULL)
            (void)filter_passes(filter, &frame);
        filter_destroy(filter);
        free(text);
    }
}

/* An expression that would take for ever ends. */
static void expressions_are_bounded(void **state)
{
    (void)state;
    struct filter_error error;
    struct filter *filter = filter_compile("frame matches \"(a*)*(a*)*(a*)*b\"", &error);
    struct filter_frame frame = frame_of(0);
    uint8_t bytes[300];
    memset(bytes, 'a', sizeof bytes);
    frame.bytes = bytes;
    frame.captured = frame.original = sizeof bytes;
    assert_false(filter_passes(filter, &frame));
    filter_destroy(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),       cmocka_unit_test(segments),
        cmocka_unit_test(mistakes),        cmocka_unit_test(an_error_as_text),
        cmocka_unit_test(size_is_bounded), cmocka_unit_test(expressions_are_bounded),
    };
    make_frames();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
