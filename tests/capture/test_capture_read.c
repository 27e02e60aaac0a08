#include "capture_test.h"

#include "wire/link_type.h"

static struct file file;
static struct capture_interface interfaces[8];

static void start(bool big_endian)
{
    memset(&file, 0, sizeof file);
    file.big_endian = big_endian;
}

static void put_pcap_header(uint32_t magic, uint16_t minor, uint32_t link_type)
{
    put_u32(&file, magic);
    put_u16(&file, 2);
    put_u16(&file, minor);
    put_u64(&file, 0);
    put_u32(&file, 65535);
    put_u32(&file, link_type);
}

static void put_pcap_record(uint32_t seconds, uint32_t fraction, const char *bytes, uint32_t original)
{
    put_u32(&file, seconds);
    put_u32(&file, fraction);
    put_u32(&file, (uint32_t)strlen(bytes));
    put_u32(&file, original);
    put_bytes(&file, bytes, strlen(bytes));
}

static void expect_packet(struct capture_reader *reader, struct capture_packet *packet, const char *bytes)
{
    assert_int_equal(capture_reader_next(reader, packet), capture_read_packet);
    assert_int_equal(packet->captured_length, strlen(bytes));
    assert_memory_equal(packet->bytes, bytes, strlen(bytes));
}

static void expect_end(struct capture_reader *reader)
{
    struct capture_packet packet;
    assert_int_equal(capture_reader_next(reader, &packet), capture_read_end);
    assert_int_equal(capture_reader_next(reader, &packet), capture_read_end);
    assert_null(reader->error);
}

static void expect_error(struct capture_reader *reader, const char *reason, uint64_t offset, uint64_t value)
{
    struct capture_packet packet;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(capture_reader_next(reader, &packet), capture_read_error);
        assert_non_null(strstr(reader->error, reason));
        assert_int_equal(reader->error_offset, offset);
        assert_int_equal(reader->error_value, value);
    }
}

static void pcap_of_both_units_and_orders(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool nanoseconds = i & 1;
        struct capture_reader reader;
        struct capture_packet packet;
        start(i & 2);
        put_pcap_header(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4, link_type_raw);
        put_pcap_record(1700000000, 999999, "first", 5);
        put_pcap_record(4294967295u, 1, "", 1500);
        open_file(&reader, &file, interfaces, 1);
        expect_packet(&reader, &packet, "first");
        assert_int_equal(reader.format, capture_format_pcap);
        assert_int_equal(reader.nanoseconds, nanoseconds);
        assert_true(packet.has_time);
        assert_true(packet.time == INT64_C(1700000000000000000) + 999999 * (nanoseconds ? 1 : 1000));
        assert_int_equal(packet.link_type, link_type_raw);
        assert_int_equal(packet.original_length, 5);
        assert_int_equal(packet.offset, 24);
        expect_packet(&reader, &packet, "");
        assert_int_equal(packet.original_length, 1500);
        assert_true(packet.time == INT64_C(4294967295000000000) + (nanoseconds ? 1 : 1000));
        expect_end(&reader);
        assert_int_equal(interfaces[0].snap_length, 65535);
    }
}

static void pcap_link_type_and_frame_check_sequence(void **state)
{
    (void)state;
    struct capture_reader reader;
    struct capture_packet packet;
    start(false);
    put_pcap_header(0xa1b2c3d4, 4, 0x24000000u | link_type_ethernet);
    put_pcap_record(0, 0, "x", 1);
    open_file(&reader, &file, interfaces, 1);
    expect_packet(&reader, &packet, "x");
    assert_int_equal(packet.link_type, link_type_ethernet);
    assert_int_equal(interfaces[0].fcs_length, 4);
}

static void old_pcap_with_swapped_lengths(void **state)
{
    (void)state;
    struct capture_reader reader;
    struct capture_packet packet;
    start(false);
    put_pcap_header(0xa1b2c3d4, 3, link_type_ethernet);
    put_u64(&file, 0);
    put_u32(&file, 1500);
    put_u32(&file, 3);
    put_bytes(&file, "abc", 3);
    open_file(&reader, &file, interfaces, 1);
    expect_packet(&reader, &packet, "abc");
    assert_int_equal(packet.original_length, 1500);
}

static void files_that_are_no_captures(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *reason;
        uint64_t value;
    } table[] = {
        {"", 0, "empty", 0},
        {"abc", 3, "ends within", 1},
        {"\x1f\x8b\x08\x00\x00", 5, "gzip", 0x1f8b0800},
        {"\x28\xb5\x2f\xfd", 4, "zstd", 0x28b52ffd},
        {"snoop\0\0\0", 8, "snoop", 0x736e6f6f},
        {"GIF89a", 6, "neither", 0x47494638},
        {"\xd4\xc3\xb2\xa1\x09\x00\x04\x00", 8, "ends within", 16},
        {"\xd4\xc3\xb2\xa1\x09\x00\x04\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, "unknown version", 9},
        {"\x0a\x0d\x0d\x0a", 4, "ends within", 8},
        {"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x11\x22\x33\x44", 12, "byte order", 0x11223344},
        {"\x0a\x0d\x0d\x0a\x18\x00\x00\x00\x4d\x3c\x2b\x1a", 12, "impossible length", 24},
        {"\x0a\x0d\x0d\x0a\x1d\x00\x00\x00\x4d\x3c\x2b\x1a", 12, "impossible length", 29},
        {"\x0a\x0d\x0d\x0a\xff\xff\xff\xfc\x1a\x2b\x3c\x4d", 12, "beyond the limit", 0xfffffffc},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct capture_reader reader;
        print_message("%zu %s\n", i, table[i].reason);
        capture_reader_init(&reader, interfaces, 8, 0);
        capture_reader_feed(&reader, (const uint8_t *)table[i].bytes, table[i].length, true);
        expect_error(&reader, table[i].reason, 0, table[i].value);
        assert_int_equal(reader.cut_short,
                         strstr(table[i].reason, "ends within") != NULL || strstr(table[i].reason, "empty") != NULL);
    }
}

/* Every block type, two sections of different byte order, several interfaces and units. */
static void put_everything(void)
{
    start(false);
    put_section(&file);
    put_interface(&file, link_type_ethernet, 0, "eth0", 9);
    size_t block = begin_block(&file, 1); /* an interface with an offset and units of 2^-10 */
    put_u32(&file, link_type_raw);
    put_u32(&file, 100);
    put_option(&file, 1, "a comment of an interface", 25);
    put_option(&file, 9, "\x8a", 1);
    put_option(&file, 14, "\x64\0\0\0\0\0\0\0", 8);
    put_option(&file, 13, "\x04", 1);
    end_block(&file, block);
    put_enhanced(&file, 0, 1700000000000000001, "nanoseconds", 11, 60);
    put_enhanced(&file, 1, (7 << 10) + 512, "binary", 6, 6);
    block = begin_block(&file, 4); /* name resolution */
    put_u32(&file, 0);
    end_block(&file, block);
    block = begin_block(&file, 10); /* decryption secrets */
    put_bytes(&file, "KLST\x04\0\0\0abcd", 12);
    end_block(&file, block);
    block = begin_block(&file, 5); /* statistics of interface 1 */
    put_u32(&file, 1);
    put_u64(&file, 0);
    put_option(&file, 4, "\x10\0\0\0\0\0\0\0", 8);
    put_option(&file, 5, "\x02\0\0\0\0\0\0\0", 8);
    end_block(&file, block);
    block = begin_block(&file, 0x0bad); /* custom */
    put_u32(&file, 32473);
    end_block(&file, block);
    block = begin_block(&file, 0x77777777);
    end_block(&file, block);
    block = begin_block(&file, 3); /* simple: of interface 0 */
    put_u32(&file, 6);
    put_padded(&file, "simple", 6);
    end_block(&file, block);
    block = begin_block(&file, 2); /* obsolete: drops, then the fields of the enhanced one */
    put_u16(&file, 1);
    put_u16(&file, 3);
    put_u64(&file, UINT64_C(1024) << 32);
    put_u32(&file, 3);
    put_u32(&file, 1000);
    put_padded(&file, "old", 3);
    end_block(&file, block);
    file.big_endian = true;
    put_section(&file);
    put_interface(&file, link_type_linux_sll2, 4, "any", 0xff);
    put_enhanced(&file, 0, 1700000000000001, "micro", 5, 5);
    block = begin_block(&file, 3);
    put_u32(&file, 600);
    put_padded(&file, "snap", 4);
    end_block(&file, block);
}

static void check_second_section(struct capture_reader *reader)
{
    struct capture_packet packet;
    expect_packet(reader, &packet, "micro");
    assert_true(packet.time == INT64_C(1700000000000001000));
    assert_int_equal(packet.section, 1);
    assert_int_equal(packet.link_type, link_type_linux_sll2);
    expect_packet(reader, &packet, "snap");
    assert_int_equal(packet.original_length, 600);
    assert_int_equal(reader->interface_count, 1);
    expect_end(reader);
}

static void pcapng_of_all_blocks(void **state)
{
    (void)state;
    struct capture_reader reader;
    struct capture_packet packet;
    put_everything();
    open_file(&reader, &file, interfaces, 8);
    expect_packet(&reader, &packet, "nanoseconds");
    assert_int_equal(reader.format, capture_format_pcapng);
    assert_string_equal(interfaces[0].name, "eth0");
    assert_true(packet.time == INT64_C(1700000000000000001));
    assert_int_equal(packet.original_length, 60);
    assert_int_equal(packet.section, 0);
    assert_int_equal(packet.interface, 0);
    assert_int_equal(packet.link_type, link_type_ethernet);
    expect_packet(&reader, &packet, "binary");
    assert_true(packet.time == INT64_C(107500000000));
    assert_int_equal(packet.interface, 1);
    assert_int_equal(packet.link_type, link_type_raw);
    assert_int_equal(interfaces[1].fcs_length, 4);
    assert_int_equal(interfaces[1].snap_length, 100);
    assert_false(packet.has_drop_count);
    expect_packet(&reader, &packet, "simple");
    assert_false(packet.has_time);
    assert_true(interfaces[1].has_received && interfaces[1].has_dropped);
    assert_int_equal(interfaces[1].received, 16);
    assert_int_equal(interfaces[1].dropped, 2);
    expect_packet(&reader, &packet, "old");
    assert_true(packet.time == INT64_C(101000000000));
    assert_true(packet.has_drop_count);
    assert_int_equal(packet.drop_count, 3);
    assert_int_equal(packet.original_length, 1000);
    check_second_section(&reader);
}

/* Reads the file with windows that hold only what the reader asked for, in blocks of heap of that size. */
static uint32_t read_in_pieces(const uint8_t *bytes, size_t length, size_t extra, struct capture_packet *packets)
{
    struct capture_reader reader;
    struct capture_packet packet;
    uint32_t count = 0;
    size_t base = 0, size = 0;
    uint8_t *window = NULL;
    capture_reader_init(&reader, interfaces, 8, 0);
    for (;;) {
        enum capture_result result = capture_reader_next(&reader, &packet);
        if (result == capture_read_packet) {
            assert_true(packet.bytes >= window && packet.bytes + packet.captured_length <= window + size);
            assert_int_equal(packet.offset, base + (size_t)(packet.bytes - window) - (reader.format == 1 ? 16 : 28));
            packets[count++] = packet;
            continue;
        }
        if (result != capture_read_more)
            break;
        assert_true(reader.wanted > size - reader.used);
        base += reader.used;
        size = reader.wanted + extra < length - base ? reader.wanted + extra : length - base;
        uint8_t *moved = malloc(size ? size : 1);
        assert_non_null(moved);
        memcpy(moved, bytes + base, size);
        free(window);
        window = moved;
        capture_reader_feed(&reader, window, size, base + size == length);
    }
    assert_null(reader.error);
    free(window);
    return count;
}

static void windows_of_any_size_give_the_same(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        struct capture_packet packets[8];
        uint32_t expected = 3;
        if (format == 0) {
            start(true);
            put_pcap_header(0xa1b23c4d, 4, link_type_raw);
            put_pcap_record(1, 2, "one", 3);
            put_pcap_record(1, 2, "", 3);
            put_pcap_record(1, 2, "three and more", 30);
        } else {
            start(true);
            put_section(&file);
            put_interface(&file, link_type_ethernet, 0, "eth0", 9);
            put_enhanced(&file, 0, 1, "a", 1, 1);
            put_enhanced(&file, 0, 2, "bc", 2, 2);
            put_enhanced(&file, 0, 3, "def", 3, 3);
        }
        for (size_t extra = 0; extra < file.length; extra++)
            assert_int_equal(read_in_pieces(file.bytes, file.length, extra, packets), expected);
    }
}

/* A file that ends anywhere gives its whole records and then tells that it was cut. */
static void files_cut_at_each_byte(void **state)
{
    (void)state;
    put_everything();
    uint32_t before = 0;
    for (size_t length = 1; length <= file.length; length++) {
        uint8_t *copy = malloc(length);
        struct capture_reader reader;
        struct capture_packet packet;
        uint32_t count = 0;
        enum capture_result result;
        assert_non_null(copy);
        memcpy(copy, file.bytes, length);
        capture_reader_init(&reader, interfaces, 8, 0);
        capture_reader_feed(&reader, copy, length, true);
        while ((result = capture_reader_next(&reader, &packet)) == capture_read_packet)
            count++;
        assert_true(result == capture_read_end || (result == capture_read_error && reader.cut_short));
        if (result == capture_read_error)
            assert_true(reader.error_offset < length);
        assert_true(count >= before);
        before = count;
        free(copy);
    }
    assert_int_equal(before, 6);
}

static void comments_and_options(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct capture_reader reader;
        struct capture_packet packet;
        struct capture_text comment;
        start(i != 0);
        put_section(&file);
        put_interface(&file, link_type_ethernet, 0,
                      "a name that is longer than the sixty-three bytes that are kept of it", 9);
        size_t block = begin_block(&file, 6);
        put_u32(&file, 0);
        put_u64(&file, 0);
        put_u32(&file, 5);
        put_u32(&file, 5);
        put_padded(&file, "hello", 5);
        put_option(&file, 1, "first", 5);
        put_u16(&file, 2);
        put_u16(&file, 4);
        put_u32(&file, 2);
        put_option(&file, 1, "", 0);
        put_u16(&file, 4);
        put_u16(&file, 8);
        put_u64(&file, UINT64_C(0x100000002));
        put_option(&file, 1, "third", 5);
        put_option(&file, 0, "", 0);
        end_block(&file, block);
        open_file(&reader, &file, interfaces, 8);
        expect_packet(&reader, &packet, "hello");
        assert_int_equal(packet.comment.length, 5);
        assert_memory_equal(packet.comment.text, "first", 5);
        assert_true(packet.outbound && !packet.inbound && packet.has_drop_count);
        assert_true(packet.drop_count == UINT64_C(0x100000002));
        assert_true(capture_packet_comment(&reader, &packet, 1, &comment));
        assert_int_equal(comment.length, 0);
        assert_true(capture_packet_comment(&reader, &packet, 2, &comment));
        assert_memory_equal(comment.text, "third", 5);
        assert_false(capture_packet_comment(&reader, &packet, 3, &comment));
        assert_int_equal(strlen(interfaces[0].name), CAPTURE_NAME - 1);
        expect_end(&reader);
    }
}

static void an_option_beyond_its_block_ends_the_options(void **state)
{
    (void)state;
    struct capture_reader reader;
    struct capture_packet packet;
    start(false);
    put_section(&file);
    put_interface(&file, link_type_ethernet, 0, "eth0", 9);
    size_t block = begin_block(&file, 6);
    put_u32(&file, 0);
    put_u64(&file, 0);
    put_u32(&file, 4);
    put_u32(&file, 4);
    put_bytes(&file, "good", 4);
    put_option(&file, 1, "kept", 4);
    put_u16(&file, 1);
    put_u16(&file, 9);
    put_u64(&file, 0);
    end_block(&file, block);
    open_file(&reader, &file, interfaces, 8);
    expect_packet(&reader, &packet, "good");
    assert_int_equal(packet.comment.length, 4);
    expect_end(&reader);
}

static void broken_blocks_are_named(void **state)
{
    (void)state;
    struct capture_reader reader;
    struct capture_packet packet;
    start(false);
    put_section(&file);
    size_t before = file.length;
    put_enhanced(&file, 7, 0, "x", 1, 1);
    open_file(&reader, &file, interfaces, 8);
    expect_error(&reader, "not described", before, 7);

    file.length = before;
    put_interface(&file, link_type_ethernet, 0, "eth0", 9);
    put_enhanced(&file, 0, 0, "good", 4, 4);
    size_t bad = file.length;
    put_enhanced(&file, 0, 0, "x", 1, 1);
    store32_little(file.bytes + bad + 20, 5);
    open_file(&reader, &file, interfaces, 8);
    expect_packet(&reader, &packet, "good");
    expect_error(&reader, "longer than its block", bad, 5);
    store32_little(file.bytes + bad + 20, UINT32_MAX);
    open_file(&reader, &file, interfaces, 8);
    expect_packet(&reader, &packet, "good");
    expect_error(&reader, "longer than its block", bad, UINT32_MAX);

    store32_little(file.bytes + bad + 20, 1);
    store32_little(file.bytes + file.length - 4, 40);
    open_file(&reader, &file, interfaces, 8);
    expect_packet(&reader, &packet, "good");
    expect_error(&reader, "two lengths", bad, 40);

    open_file(&reader, &file, interfaces, 0);
    expect_error(&reader, "room", before, 1);
    capture_reader_init(&reader, interfaces, 8, 44);
    capture_reader_feed(&reader, file.bytes, file.length, true);
    store32_little(file.bytes + bad + 4, 48);
    expect_packet(&reader, &packet, "good");
    expect_error(&reader, "beyond the limit", bad, 48);
}

static void pcap_records_beyond_the_limit(void **state)
{
    (void)state;
    struct capture_reader reader;
    start(false);
    put_pcap_header(0xa1b2c3d4, 4, link_type_ethernet);
    put_u64(&file, 0);
    put_u32(&file, CAPTURE_BLOCK_LIMIT + 1);
    put_u32(&file, 0);
    capture_reader_init(&reader, interfaces, 8, 0);
    capture_reader_feed(&reader, file.bytes, file.length, false);
    expect_error(&reader, "beyond the limit", 24, CAPTURE_BLOCK_LIMIT + 1);
}

static void link_type_names(void **state)
{
    (void)state;
    assert_string_equal(link_type_name(1), "Ethernet");
    assert_string_equal(link_type_name(101), "raw IP");
    assert_string_equal(link_type_name(276), "Linux cooked v2");
    assert_string_equal(link_type_name(54321), "unknown link type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_of_both_units_and_orders),
        cmocka_unit_test(pcap_link_type_and_frame_check_sequence),
        cmocka_unit_test(old_pcap_with_swapped_lengths),
        cmocka_unit_test(files_that_are_no_captures),
        cmocka_unit_test(pcapng_of_all_blocks),
        cmocka_unit_test(windows_of_any_size_give_the_same),
        cmocka_unit_test(files_cut_at_each_byte),
        cmocka_unit_test(comments_and_options),
        cmocka_unit_test(an_option_beyond_its_block_ends_the_options),
        cmocka_unit_test(broken_blocks_are_named),
        cmocka_unit_test(pcap_records_beyond_the_limit),
        cmocka_unit_test(link_type_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
