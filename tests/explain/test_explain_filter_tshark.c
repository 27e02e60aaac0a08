/* What tshark says of the filters of filter_test.h, and of the names of our fields. */
#include "filter_test.h"

#include "capture/pcap_write.h"

#include <unistd.h>

#define AT_ONCE 12 /* filters for one run of tshark */

static char directory[] = "/tmp/septet-filter-XXXXXX";
static bool write_bytes(void *context, const void *bytes, size_t length)
{
    return fwrite(bytes, 1, length, context) == length;
}

static int prepare(void **state)
{
    (void)state;
    char path[64];
    if (mkdtemp(directory) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/frames.pcap", directory);
    FILE *file = fopen(path, "wb");
    struct capture_sink sink = capture_sink_function(write_bytes, file);
    pcap_write_header(&sink, link_type_ethernet, 0);
    /* One more than there are: the last interval of the table is not a whole one. */
    for (uint32_t i = 0; i <= FRAMES; i++) {
        struct capture_piece piece = {frames[i % FRAMES].bytes, frames[i % FRAMES].length};
        pcap_write_packet(&sink, (uint64_t)(START + i * SECOND), &piece, 1, 0);
    }
    return fclose(file);
}

static int clean(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

static void need_tshark(void)
{
    if (system("command -v tshark >/dev/null 2>&1") != 0)
        skip();
}

/* tshark counts the frames of each second for several filters at once: a row of its table is
 * "|  3 <>  4 | frames | bytes | frames | bytes … |". */
static uint32_t ask(const size_t *which, uint32_t count)
{
    static char command[8192], line[4096];
    int length = snprintf(command, sizeof command,
                          "cd %s && tshark -n -r frames.pcap -q -o tcp.relative_sequence_numbers:FALSE -z 'io,stat,1",
                          directory);
    for (uint32_t i = 0; i < count; i++)
        length += snprintf(command + length, sizeof command - (size_t)length, ",%s", cases[which[i]].text);
    snprintf(command + length, sizeof command - (size_t)length, "' 2>&1");
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    uint32_t rows = 0, wrong = 0;
    while (fgets(line, sizeof line, pipe) != NULL) {
        if (strncmp(line, "tshark:", 7) == 0)
            print_error("%s", line);
        if (strstr(line, "<>") == NULL || rows == FRAMES)
            continue;
        const char *at = strchr(line + 1, '|');
        for (uint32_t i = 0; i < count && at != NULL; i++) {
            bool passes = atoi(at + 1) != 0;
            if (passes != (strchr(cases[which[i]].frames, (int)('0' + rows)) != NULL)) {
                print_error("%s: tshark %s frame %u\n", cases[which[i]].text, passes ? "passes" : "does not pass",
                            rows);
                wrong++;
            }
            at = strchr(at + 1, '|');
            at = at != NULL ? strchr(at + 1, '|') : NULL;
        }
        rows++;
    }
    (void)pclose(pipe);
    return wrong + (rows != FRAMES);
}

static void tshark_agrees(void **state)
{
    (void)state;
    size_t which[AT_ONCE];
    uint32_t count = 0, judged = 0, wrong = 0;
    need_tshark();
    for (size_t i = 0; i < CASES; i++) {
        if (cases[i].judged && strpbrk(cases[i].text, ",'") == NULL)
            which[count++] = i;
        if (count == AT_ONCE || (count > 0 && i + 1 == CASES)) {
            wrong += ask(which, count);
            judged += count;
            count = 0;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(judged > 90);
}

/* Every name but our own is Wireshark's. */
static void tshark_knows_the_names(void **state)
{
    (void)state;
    static const char *const names[] = {
#define LAYER_FIELD(name, layer) name,
#define BITS(name, type, layer, offset, size, shift, mask) name,
#define SCALED(name, layer, offset, size, shift, mask, unit) name,
#define BLOCK(name, type, layer, offset, size) name,
#define OPTION(name, type, kind, offset, size) name,
#define READ(name, type, function, parameter) name,
#define ANALYSIS(name, analysis) name,
#include "explain/filter_field.def"
    };
    static const char *const own[] = {"tcp.handshake", "tcp.close",      "tcp.state.client", "tcp.state.server",
                                      "septet.state",  "septet.verdict", "septet.finding"};
    static char line[4096];
    static bool found[sizeof names / sizeof names[0]];
    uint32_t missing = 0;
    need_tshark();
    FILE *pipe = popen("tshark -G fields 2>/dev/null", "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe) != NULL) {
        char *name = strchr(line, '\t');
        name = name != NULL ? strchr(name + 1, '\t') : NULL;
        if (name == NULL)
            continue;
        size_t length = strcspn(++name, "\t\n");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            found[i] |= strlen(names[i]) == length && memcmp(names[i], name, length) == 0;
    }
    (void)pclose(pipe);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t j = 0; j < sizeof own / sizeof own[0]; j++)
            found[i] |= strcmp(names[i], own[j]) == 0;
        if (!found[i]) {
            print_error("%s is no field of tshark\n", names[i]);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tshark_agrees),
        cmocka_unit_test(tshark_knows_the_names),
    };
    make_frames();
    return cmocka_run_group_tests(tests, prepare, clean);
}
