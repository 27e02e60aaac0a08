#include "capture_test.h"

#include "capture/pcap_write.h"
#include "capture/pcapng_write.h"

#define TEXT(literal) \
    (struct capture_text) { (literal), sizeof(literal) - 1 }

/* The bytes are the same on every machine: checked against the format, field by field. */
static void pcap_bytes(void **state)
{
    static const uint8_t expected[] = {
        0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,   0,   4,   0, 101, 0, 0, 0, /* file */
        0x00, 0xf1, 0x53, 0x65, 7, 0, 0, 0, 3, 0, 0, 0, 0xdc, 5, 0, 0, 'a', 'b', 'c',                  /* record */
    };
    static const struct capture_piece pieces[] = {{(const uint8_t *)"a", 1}, {NULL, 0}, {(const uint8_t *)"bc", 2}};
    (void)state;
    uint8_t bytes[64];
    struct capture_sink sink = capture_sink_buffer(bytes, sizeof bytes);
    assert_true(pcap_write_header(&sink, 101, 0));
    assert_true(pcap_write_packet(&sink, UINT64_C(1700000000000000007), pieces, 3, 1500));
    assert_int_equal(sink.length, sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
}

static void pcapng_bytes(void **state)
{
    static const uint8_t expected[] = {
        0x0a, 0x0d, 0x0d, 0x0a, 44,   0,    0,    0,                                /* section */
        0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,    0,                                /* byte order, version */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                             /* length not said */
        4,    0,    6,    0,    's',  'e',  'p',  't',  'e', 't', 0, 0, 0, 0, 0, 0, /* application */
        44,   0,    0,    0,                                                        /* length again */
        1,    0,    0,    0,    40,   0,    0,    0,    1,   0,   0, 0, 0, 1, 0, 0, /* interface, snap 256 */
        2,    0,    2,    0,    'i',  'f',  0,    0,    9,   0,   1, 0, 9, 0, 0, 0, /* name, nanoseconds */
        0,    0,    0,    0,    40,   0,    0,    0,                                /* end, length again */
        6,    0,    0,    0,    68,   0,    0,    0,    0,   0,   0, 0,             /* packet of interface 0 */
        2,    0,    0,    0,    1,    0,    0,    0,    3,   0,   0, 0, 9, 0, 0, 0, /* time, lengths */
        'a',  'b',  'c',  0,    1,    0,    2,    0,    'h', 'i', 0, 0,             /* data, comment */
        2,    0,    4,    0,    2,    0,    0,    0,                                /* outbound */
        4,    0,    8,    0,    5,    0,    0,    0,    1,   0,   0, 0, 0, 0, 0, 0, /* dropped, end */
        68,   0,    0,    0,                                                        /* length again */
    };
    (void)state;
    uint8_t bytes[256];
    struct capture_sink sink = capture_sink_buffer(bytes, sizeof bytes);
    struct capture_piece piece = {(const uint8_t *)"abc", 3};
    struct capture_text comment = TEXT("hi");
    struct pcapng_packet packet = {
        .time = UINT64_C(0x200000001),
        .pieces = &piece,
        .piece_count = 1,
        .original_length = 9,
        .comments = &comment,
        .comment_count = 1,
        .direction = pcapng_outbound,
        .has_drop_count = true,
        .drop_count = UINT64_C(0x100000005),
    };
    assert_true(pcapng_write_section(&sink, NULL));
    assert_true(pcapng_write_interface(&sink, &(struct pcapng_interface){1, 256, TEXT("if"), {NULL, 0}}));
    assert_int_equal(pcapng_packet_size(&packet), 68);
    assert_true(pcapng_write_packet(&sink, &packet));
    assert_int_equal(sink.length, sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
}

/* Writes random packets, reads them back. */
static void round_trip(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 20], data[300];
    static struct pcapng_packet packets[1000];
    static struct capture_piece pieces[1000][4];
    static const struct capture_text comments[] = {TEXT("one"), TEXT("\xce\xb1\xce\xb2"), TEXT("three")};
    uint64_t seed = 20;
    struct capture_sink sink = capture_sink_buffer(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)splitmix64(&seed);
    struct pcapng_section section = {TEXT("none"), TEXT("lab"), TEXT("septet"), TEXT("for the test")};
    assert_true(pcapng_write_section(&sink, &section));
    for (uint16_t i = 0; i < 3; i++)
        assert_true(pcapng_write_interface(&sink, &(struct pcapng_interface){i, 0, TEXT("host"), TEXT("described")}));
    for (size_t i = 0; i < 1000; i++) {
        packets[i] = (struct pcapng_packet){
            .interface = (uint32_t)(splitmix64(&seed) % 3),
            .time = splitmix64(&seed) >> 1,
            .pieces = pieces[i],
            .piece_count = (uint32_t)(splitmix64(&seed) % 5),
            .comments = comments,
            .comment_count = splitmix64(&seed) % 2 ? 0 : (uint32_t)(splitmix64(&seed) % 4),
            .direction = (enum pcapng_direction)(splitmix64(&seed) % 3),
            .has_drop_count = splitmix64(&seed) % 2,
            .drop_count = splitmix64(&seed),
        };
        for (int piece = 0; piece < 4; piece++)
            pieces[i][piece] = (struct capture_piece){data, (uint32_t)(splitmix64(&seed) % sizeof data)};
        size_t before = sink.length;
        assert_true(pcapng_write_packet(&sink, &packets[i]));
        assert_int_equal(sink.length - before, pcapng_packet_size(&packets[i]));
    }
    struct capture_interface interfaces[3];
    struct capture_reader reader;
    struct capture_packet packet;
    capture_reader_init(&reader, interfaces, 3, 0);
    capture_reader_feed(&reader, bytes, sink.length, true);
    for (size_t i = 0; i < 1000; i++) {
        const struct pcapng_packet *written = &packets[i];
        struct capture_text comment;
        assert_int_equal(capture_reader_next(&reader, &packet), capture_read_packet);
        assert_true((uint64_t)packet.time == written->time);
        assert_int_equal(packet.interface, written->interface);
        assert_int_equal(packet.link_type, written->interface);
        assert_int_equal(packet.captured_length, capture_pieces_length(written->pieces, written->piece_count));
        assert_int_equal(packet.original_length, packet.captured_length);
        assert_int_equal(packet.inbound, written->direction == pcapng_inbound);
        assert_int_equal(packet.outbound, written->direction == pcapng_outbound);
        assert_int_equal(packet.has_drop_count, written->has_drop_count);
        assert_true(!packet.has_drop_count || packet.drop_count == written->drop_count);
        const uint8_t *at = packet.bytes;
        for (uint32_t piece = 0; piece < written->piece_count; at += pieces[i][piece++].length)
            assert_memory_equal(at, data, pieces[i][piece].length);
        for (uint32_t index = 0; index < written->comment_count; index++) {
            assert_true(capture_packet_comment(&reader, &packet, index, &comment));
            assert_int_equal(comment.length, comments[index].length);
            assert_memory_equal(comment.text, comments[index].text, comment.length);
        }
        assert_false(capture_packet_comment(&reader, &packet, written->comment_count, &comment));
    }
    assert_int_equal(capture_reader_next(&reader, &packet), capture_read_end);
    assert_string_equal(interfaces[2].name, "host");
}

/* A buffer takes a whole block or nothing, at every size. */
static void full_buffers(void **state)
{
    (void)state;
    struct capture_piece piece = {(const uint8_t *)"hello", 5};
    struct pcapng_packet packet = {.pieces = &piece, .piece_count = 1};
    for (size_t capacity = 0; capacity < 200; capacity++) {
        uint8_t *bytes = malloc(capacity ? capacity : 1);
        size_t length = 0;
        assert_non_null(bytes);
        struct capture_sink sink = capture_sink_buffer(bytes, capacity);
        if (pcapng_write_section(&sink, NULL))
            length += 44;
        if (pcapng_write_interface(&sink, &(struct pcapng_interface){.link_type = 1}))
            length += 32;
        if (pcapng_write_packet(&sink, &packet))
            length += 40;
        if (pcap_write_header(&sink, 1, 0))
            length += 24;
        if (pcap_write_packet(&sink, 0, &piece, 1, 0))
            length += 21;
        assert_int_equal(sink.length, length);
        assert_int_equal(sink.failed, capacity < 44 + 32 + 40 + 24 + 21);
        free(bytes);
    }
}

struct collector {
    uint8_t bytes[256];
    size_t length, calls_left;
};

static bool collect(void *context, const void *bytes, size_t length)
{
    struct collector *collector = context;
    if (collector->calls_left == 0)
        return false;
    collector->calls_left--;
    memcpy(collector->bytes + collector->length, bytes, length);
    collector->length += length;
    return true;
}

static void functions_get_the_same_bytes_as_buffers(void **state)
{
    (void)state;
    struct capture_piece pieces[] = {{(const uint8_t *)"head", 4}, {(const uint8_t *)"body!", 5}};
    struct pcapng_packet packet = {.pieces = pieces, .piece_count = 2, .direction = pcapng_inbound};
    uint8_t bytes[256];
    struct capture_sink buffer = capture_sink_buffer(bytes, sizeof bytes);
    struct collector collector = {.calls_left = SIZE_MAX};
    struct capture_sink function = capture_sink_function(collect, &collector);
    assert_true(pcapng_write_section(&buffer, NULL) && pcapng_write_section(&function, NULL));
    assert_true(pcapng_write_packet(&buffer, &packet) && pcapng_write_packet(&function, &packet));
    assert_int_equal(collector.length, buffer.length);
    assert_int_equal(function.length, buffer.length);
    assert_memory_equal(collector.bytes, bytes, buffer.length);
    struct collector failing = {.calls_left = 3};
    function = capture_sink_function(collect, &failing);
    assert_false(pcapng_write_section(&function, NULL));
    assert_true(function.failed);
    assert_false(pcapng_write_packet(&function, &packet));
    assert_int_equal(failing.length, function.length);
}

static void long_comments_are_cut_and_huge_packets_refused(void **state)
{
    (void)state;
    static char text[70000];
    static uint8_t bytes[1 << 18];
    memset(text, 'x', sizeof text);
    struct capture_text comments[] = {{text, sizeof text}, TEXT("after")};
    struct pcapng_packet packet = {.comments = comments, .comment_count = 2};
    struct capture_sink sink = capture_sink_buffer(bytes, sizeof bytes);
    struct capture_interface interface;
    struct capture_reader reader;
    struct capture_packet read;
    struct capture_text comment;
    assert_true(pcapng_write_section(&sink, NULL));
    assert_true(pcapng_write_interface(&sink, &(struct pcapng_interface){.link_type = 1}));
    assert_true(pcapng_write_packet(&sink, &packet));
    capture_reader_init(&reader, &interface, 1, 0);
    capture_reader_feed(&reader, bytes, sink.length, true);
    assert_int_equal(capture_reader_next(&reader, &read), capture_read_packet);
    assert_int_equal(read.comment.length, 65535);
    assert_true(capture_packet_comment(&reader, &read, 1, &comment));
    assert_memory_equal(comment.text, "after", 5);
    struct capture_piece huge[] = {{bytes, UINT32_MAX}, {bytes, UINT32_MAX}};
    packet.pieces = huge;
    packet.piece_count = 2;
    assert_int_equal(pcapng_packet_size(&packet), 0);
    assert_false(pcapng_write_packet(&sink, &packet));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_bytes),
        cmocka_unit_test(pcapng_bytes),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(full_buffers),
        cmocka_unit_test(functions_get_the_same_bytes_as_buffers),
        cmocka_unit_test(long_comments_are_cut_and_huge_packets_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
