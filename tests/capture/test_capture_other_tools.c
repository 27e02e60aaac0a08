/* What tshark and capinfos say of the files written here, and what is read of the files they write. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <unistd.h>

#include "capture_test.h"

#include "capture/pcap_write.h"
#include "capture/pcapng_write.h"

#define TEXT(literal) \
    (struct capture_text) { (literal), sizeof(literal) - 1 }

static char directory[] = "/tmp/septet-capture-XXXXXX";
static char output[1 << 16];

static bool write_bytes(void *context, const void *bytes, size_t length)
{
    return fwrite(bytes, 1, length, context) == length;
}

static FILE *open_in_directory(const char *name, const char *mode)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    return file;
}

/* Runs a command in the directory; its output goes to `output`. False when it fails. */
static bool run(const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s", directory, command);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t length = fread(output, 1, sizeof output - 1, pipe);
    output[length] = 0;
    return pclose(pipe) == 0;
}

static void need(const char *tool)
{
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", tool);
    if (!run(command))
        skip();
}

/* A TCP segment from 10.0.0.1 to 10.0.0.2 in Ethernet. */
static const uint8_t frame[] = {
    2, 0, 0, 0,  0, 2, 2, 0,    0,    0, 0,  1, 8, 0, 0x45, 0, 0, 40, 0, 1,    0x40, 0,    0x40, 6, 0x26, 0xcd, 10,
    0, 0, 1, 10, 0, 0, 2, 0x30, 0x39, 0, 80, 0, 0, 0, 1,    0, 0, 0,  0, 0x50, 2,    0x20, 0,    0, 0,    0,    0,
};

static void write_pcapng(void)
{
    static const struct capture_text comments[] = {TEXT("sent because the window opened"), TEXT("second comment")};
    const struct capture_piece pieces[] = {{frame, 14}, {frame + 14, sizeof frame - 14}};
    const struct capture_piece ip = {frame + 14, sizeof frame - 14};
    FILE *file = open_in_directory("written.pcapng", "wb");
    struct capture_sink sink = capture_sink_function(write_bytes, file);
    assert_true(pcapng_write_section(&sink, NULL));
    assert_true(pcapng_write_interface(&sink, &(struct pcapng_interface){1, 128, TEXT("alice"), TEXT("host alice")}));
    assert_true(pcapng_write_interface(&sink, &(struct pcapng_interface){101, 0, TEXT("bob"), {NULL, 0}}));
    struct pcapng_packet packet = {
        .time = UINT64_C(1700000000123456789),
        .pieces = pieces,
        .piece_count = 2,
        .original_length = 1500,
        .comments = comments,
        .comment_count = 2,
        .direction = pcapng_outbound,
        .has_drop_count = true,
        .drop_count = 3,
    };
    assert_true(pcapng_write_packet(&sink, &packet));
    packet =
        (struct pcapng_packet){.interface = 1, .time = UINT64_C(1700000000123456790), .pieces = &ip, .piece_count = 1};
    assert_true(pcapng_write_packet(&sink, &packet));
    assert_int_equal(fclose(file), 0);
}

static void tshark_reads_what_is_written(void **state)
{
    (void)state;
    need("tshark");
    write_pcapng();
    assert_true(run("tshark -r written.pcapng -T fields -E separator='|' -e frame.time_epoch -e frame.interface_name "
                    "-e frame.cap_len -e frame.len -e ip.src -e ip.checksum.status -e frame.packet_flags_direction "
                    "-e frame.comment -o ip.check_checksum:TRUE 2>/dev/null"));
    assert_string_equal(output, "1700000000.123456789|alice|54|1500|10.0.0.1|1|0x00000002|"
                                "sent because the window opened,second comment\n"
                                "1700000000.123456790|bob|40|40|10.0.0.1|1||\n");
}

static void capinfos_reads_what_is_written(void **state)
{
    (void)state;
    need("capinfos");
    write_pcapng();
    assert_true(run("capinfos written.pcapng 2>&1"));
    assert_non_null(strstr(output, "septet"));
    assert_non_null(strstr(output, "Number of packets:   2"));
    assert_non_null(strstr(output, "nanoseconds (9)"));
    assert_non_null(strstr(output, "Number of interfaces in file: 2"));
    assert_non_null(strstr(output, "Name = alice"));
}

static void tshark_reads_pcap(void **state)
{
    (void)state;
    need("tshark");
    const struct capture_piece pieces[] = {{frame, 20}, {frame + 20, sizeof frame - 20}};
    FILE *file = open_in_directory("written.pcap", "wb");
    struct capture_sink sink = capture_sink_function(write_bytes, file);
    assert_true(pcap_write_header(&sink, 1, 0));
    assert_true(pcap_write_packet(&sink, UINT64_C(1700000000999999999), pieces, 2, 0));
    assert_true(pcap_write_packet(&sink, UINT64_C(1700000001000000000), pieces, 1, sizeof frame));
    assert_int_equal(fclose(file), 0);
    assert_true(run("tshark -r written.pcap -T fields -e frame.time_epoch -e frame.cap_len -e frame.len 2>/dev/null"));
    assert_string_equal(output, "1700000000.999999999\t54\t54\n1700000001.000000000\t20\t54\n");
}

/* Reads a file and writes what it holds in the form of the tshark line below. */
static void describe(const char *name, char *to, size_t room)
{
    static uint8_t bytes[1 << 16];
    FILE *file = open_in_directory(name, "rb");
    size_t length = fread(bytes, 1, sizeof bytes, file);
    struct capture_interface interfaces[4];
    struct capture_reader reader;
    struct capture_packet packet;
    fclose(file);
    capture_reader_init(&reader, interfaces, 4, 0);
    capture_reader_feed(&reader, bytes, length, true);
    to[0] = 0;
    size_t used = 0;
    while (capture_reader_next(&reader, &packet) == capture_read_packet)
        used += (size_t)snprintf(to + used, room - used, "%lld.%09lld\t%u\t%u\n", (long long)packet.time / 1000000000,
                                 (long long)packet.time % 1000000000, packet.captured_length, packet.original_length);
    assert_null(reader.error);
}

static void formats_of_editcap(void **state)
{
    static const char *const formats[] = {"pcap", "nsecpcap", "pcapng"};
    (void)state;
    need("editcap");
    need("tshark");
    write_pcapng();
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        char command[512], read[1024];
        snprintf(command, sizeof command,
                 "editcap -F %s -T ether written.pcapng converted 2>/dev/null && tshark -r converted -T fields "
                 "-e frame.time_epoch -e frame.cap_len -e frame.len 2>/dev/null",
                 formats[i]);
        assert_true(run(command));
        describe("converted", read, sizeof read);
        assert_string_equal(read, output);
    }
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    run("rm -f written.pcapng written.pcap converted");
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tshark_reads_what_is_written),
        cmocka_unit_test(capinfos_reads_what_is_written),
        cmocka_unit_test(tshark_reads_pcap),
        cmocka_unit_test(formats_of_editcap),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
