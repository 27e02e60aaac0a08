#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "capture/pcap_write.h"
#include "capture/pcapng_write.h"
#include "link/capture_input.h"
#include "wire/link_type.h"

/* Files in a directory of the test's own: every packet holds its time in milliseconds as text. */

#define FILE_MOST 65536
#define SECOND INT64_C(1000000000)

static char directory[64];
static uint8_t bytes[FILE_MOST];
static char error[CAPTURE_INPUT_ERROR];

static char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t length)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* A pcap of packets at these milliseconds, up to a 0. */
static size_t make_pcap(const uint32_t *milliseconds)
{
    struct capture_sink sink = capture_sink_buffer(bytes, sizeof bytes);
    assert_true(pcap_write_header(&sink, link_type_raw, 0));
    for (; *milliseconds != 0; milliseconds++) {
        char text[16];
        struct capture_piece piece = {(const uint8_t *)text,
                                      (uint32_t)snprintf(text, sizeof text, "%u", *milliseconds)};
        assert_true(pcap_write_packet(&sink, *milliseconds * UINT64_C(1000000), &piece, 1, 0));
    }
    return sink.length;
}

static size_t make_pcapng(const uint32_t *milliseconds)
{
    struct capture_sink sink = capture_sink_buffer(bytes, sizeof bytes);
    static const struct pcapng_interface interfaces[] = {
        {.link_type = link_type_ethernet, .snap_length = 96, .name = {"eth0", 4}},
        {.link_type = link_type_linux_sll, .name = {"any", 3}},
    };
    assert_true(pcapng_write_section(&sink, NULL));
    assert_true(pcapng_write_interface(&sink, &interfaces[0]));
    assert_true(pcapng_write_interface(&sink, &interfaces[1]));
    for (uint32_t i = 0; milliseconds[i] != 0; i++) {
        char text[16];
        struct capture_piece piece = {(const uint8_t *)text,
                                      (uint32_t)snprintf(text, sizeof text, "%u", milliseconds[i])};
        struct pcapng_packet packet = {.time = milliseconds[i] * UINT64_C(1000000),
                                       .pieces = &piece,
                                       .piece_count = 1,
                                       .interface = 1 - i % 2,
                                       .original_length = 100,
                                       .has_drop_count = i == 1,
                                       .drop_count = 7,
                                       .direction = i % 2 ? pcapng_outbound : pcapng_inbound};
        assert_true(pcapng_write_packet(&sink, &packet));
    }
    return sink.length;
}

/* Reads all and gives the times of the packets as text. */
static const char *read_all(struct capture_input *input)
{
    static char text[1024];
    struct capture_input_frame frame;
    size_t length = 0;
    uint64_t number = 0;
    text[0] = '\0';
    while (capture_input_next(input, &frame)) {
        assert_int_equal(frame.number, ++number);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", number > 1 ? " " : "",
                                   (int)frame.captured, (const char *)frame.bytes);
    }
    assert_false(capture_input_next(input, &frame));
    return text;
}

static struct capture_input *open_files(const char *const *names, uint32_t count)
{
    const char *paths[4];
    for (uint32_t i = 0; i < count; i++)
        paths[i] = path_of(names[i]);
    error[0] = '\0';
    return capture_input_open(paths, count, error);
}

static struct capture_input *open_one(const char *name)
{
    struct capture_input *input = open_files(&name, 1);
    if (input == NULL)
        fail_msg("%s", error);
    return input;
}

static size_t pack_gzip(const void *data, size_t length, uint8_t *to)
{
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)length, .next_out = to, .avail_out = FILE_MOST};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    length = stream.total_out;
    deflateEnd(&stream);
    return length;
}

static const uint32_t times[] = {1000, 2000, 3000, 4000, 0};

static void files_of_each_kind(void **state)
{
    (void)state;
    static uint8_t packed[FILE_MOST];
    size_t length = make_pcap(times), half = length / 2;
    write_file("plain", bytes, length);
    size_t first = pack_gzip(bytes, half, packed);
    size_t packed_length = first + pack_gzip(bytes + half, length - half, packed + first);
    write_file("gz", packed, packed_length);
    first = ZSTD_compress(packed, FILE_MOST, bytes, half, 3);
    packed_length = first + ZSTD_compress(packed + first, FILE_MOST - first, bytes + half, length - half, 3);
    write_file("zst", packed, packed_length);
    static const char *const names[] = {"plain", "gz", "zst"};
    static const char *const packings[] = {NULL, "gzip", "zstd"};
    for (uint32_t i = 0; i < 3; i++) {
        struct capture_input *input = open_one(names[i]);
        struct capture_input_file file;
        uint64_t done, size;
        assert_string_equal(read_all(input), "1000 2000 3000 4000");
        capture_input_file(input, 0, &file);
        assert_null(file.complaint);
        assert_true(file.packing == packings[i] || strcmp(file.packing, packings[i]) == 0);
        assert_int_equal(file.packets, 4);
        assert_true(file.nanoseconds && file.format == capture_format_pcap);
        capture_input_progress(input, &done, &size);
        assert_true(done > 0 && done == size);
        capture_input_close(input);
    }
}

static void files_are_merged_by_time(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    write_file("a", bytes, make_pcap((const uint32_t[]){1, 4, 7, 10, 0}));
    write_file("b", bytes, make_pcapng((const uint32_t[]){2, 4, 8, 9, 0}));
    write_file("c", bytes, make_pcap((const uint32_t[]){3, 5, 4, 6, 0}));
    struct capture_input *input = open_files(names, 3);
    struct capture_input_file file;
    assert_non_null(input);
    assert_string_equal(read_all(input), "1 2 3 4 4 5 4 6 7 8 9 10");
    assert_int_equal(capture_input_interfaces(input), 4);
    assert_int_equal(capture_input_interface(input, 1)->file, 1);
    assert_int_equal(capture_input_interface(input, 1)->packets, 2);
    capture_input_file(input, 2, &file);
    assert_int_equal(file.backwards, 1);
    capture_input_close(input);
}

static void what_a_pcapng_tells(void **state)
{
    (void)state;
    write_file("ng", bytes, make_pcapng(times));
    struct capture_input *input = open_one("ng");
    struct capture_input_frame frame;
    assert_true(capture_input_next(input, &frame));
    assert_int_equal(frame.interface, 0);
    assert_int_equal(frame.link_type, link_type_linux_sll);
    assert_int_equal(frame.time, SECOND);
    assert_int_equal(frame.original, 100);
    assert_true(frame.inbound && !frame.outbound && frame.has_time);
    assert_true(capture_input_next(input, &frame));
    assert_int_equal(frame.interface, 1);
    assert_int_equal(frame.drops, 7);
    assert_int_equal(capture_input_interface(input, 1)->snap_length, 96);
    assert_int_equal(capture_input_interface(input, 1)->cut, 1);
    assert_string_equal(capture_input_interface(input, 1)->name, "eth0");
    capture_input_close(input);
}

static const char *complaint_of(const char *name, const char *expected)
{
    static char text[256];
    struct capture_input *input = open_one(name);
    struct capture_input_file file;
    assert_string_equal(read_all(input), expected);
    capture_input_file(input, 0, &file);
    assert_non_null(file.complaint);
    snprintf(text, sizeof text, "%s", file.complaint);
    capture_input_close(input);
    return text;
}

static void damaged_files_give_what_they_have(void **state)
{
    (void)state;
    static uint8_t packed[FILE_MOST];
    char expected[256];
    size_t length = make_pcap(times);
    write_file("cut", bytes, length - 2);
    snprintf(expected, sizeof expected,
             "%s/cut: reading ended at byte 84, after 3 packets: the file ends within a record; bytes missing 2",
             directory);
    assert_string_equal(complaint_of("cut", "1000 2000 3000"), expected);
    bytes[24 + 8 + 3] = 0x7f;
    write_file("bad", bytes, length);
    assert_non_null(strstr(complaint_of("bad", ""), "at byte 24, after 0 packets: a packet record beyond the limit"));
    length = make_pcap(times);
    size_t packed_length = pack_gzip(bytes, length, packed);
    write_file("gz", packed, packed_length - 6);
    assert_non_null(strstr(complaint_of("gz", "1000 2000 3000 4000"), "the gzip data ends too early"));
    packed_length = ZSTD_compress(packed, FILE_MOST, bytes, length, 3);
    write_file("zst", packed, packed_length - 3);
    struct capture_input *input = open_files((const char *const[]){"zst"}, 1);
    assert_null(input);
    assert_non_null(strstr(error, "the zstd data ends too early"));
}

static void what_is_no_capture_is_refused(void **state)
{
    (void)state;
    write_file("text", "This is no capture.\n", 20);
    write_file("empty", "", 0);
    write_file("short", "\xd4\xc3", 2);
    static const char *const names[] = {"text", "empty", "short", "missing"};
    static const char *const reasons[] = {"neither pcap nor pcapng", "the file is empty",
                                          "the file ends within a record", "No such file"};
    for (uint32_t i = 0; i < 4; i++) {
        assert_null(open_files(&names[i], 1));
        if (strstr(error, reasons[i]) == NULL || strstr(error, names[i]) == NULL)
            fail_msg("%s: %s", names[i], error);
    }
    const char *path = directory;
    assert_null(capture_input_open(&path, 1, error));
    assert_non_null(strstr(error, "Is a directory"));
}

/* Packets that straddle the reading window, and one larger than it. */
static void windows_do_not_show(void **state)
{
    (void)state;
    static uint8_t data[400000];
    FILE *file = fopen(path_of("large"), "wb");
    struct capture_sink sink = capture_sink_buffer(bytes, sizeof bytes);
    uint32_t sizes[] = {1, 60000, 100, 250000, 262144, 5};
    assert_non_null(file);
    assert_true(pcap_write_header(&sink, link_type_raw, 0));
    fwrite(bytes, 1, sink.length, file);
    for (uint32_t i = 0; i < 600; i++) {
        uint32_t size = sizes[i % 6];
        static uint8_t record[500000];
        struct capture_piece piece = {data, size};
        memset(data, (int)i, size);
        sink = capture_sink_buffer(record, sizeof record);
        assert_true(pcap_write_packet(&sink, i * UINT64_C(1000), &piece, 1, 0));
        fwrite(record, 1, sink.length, file);
    }
    assert_int_equal(fclose(file), 0);
    struct capture_input *input = open_one("large");
    struct capture_input_frame frame;
    for (uint32_t i = 0; i < 600; i++) {
        assert_true(capture_input_next(input, &frame));
        assert_int_equal(frame.captured, sizes[i % 6]);
        assert_int_equal(frame.bytes[0], (uint8_t)i);
        assert_int_equal(frame.bytes[frame.captured - 1], (uint8_t)i);
    }
    assert_false(capture_input_next(input, &frame));
    capture_input_close(input);
}

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/septet-input-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    (void)state;
    static const char *const names[] = {"plain", "gz",  "zst",  "a",     "b",     "c",    "ng",
                                        "cut",   "bad", "text", "empty", "short", "large"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlink(path_of(names[i]));
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_each_kind),
        cmocka_unit_test(files_are_merged_by_time),
        cmocka_unit_test(what_a_pcapng_tells),
        cmocka_unit_test(damaged_files_give_what_they_have),
        cmocka_unit_test(what_is_no_capture_is_refused),
        cmocka_unit_test(windows_do_not_show),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
