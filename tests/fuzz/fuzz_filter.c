/* A display filter, judged on frames of several kinds; what is no filter has an error that can be shown. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "explain/filter.h"
#include "wire/link_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Ethernet, IPv4, TCP with options, the beginning of a request of HTTP. */
static const uint8_t request[] =
    "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0\x45\0\0\x5c\0\1\x40\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2\x30\x39\0\x50\0\0\0\1\0\0\0\2"
    "\xb0\x18\1\xf6\0\0\0\0\1\1\x08\x0a\0\0\0\7\0\0\0\x08\1\1\5\x0a\0\0\0\x64\0\0\0\xc8"
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nxxxxxx";
/* Raw IPv4, ICMP "fragmentation needed" with a quote. */
static const uint8_t message[] = "\x45\0\0\x38\0\1\0\0\x40\1\0\0\x0a\0\0\1\x0a\0\0\2\3\4\0\0\0\0\5\x78"
                                 "\x45\0\0\x28\0\1\0\0\x40\6\0\0\x0a\0\0\2\x0a\0\0\1\0\x50\x30\x39\0\0\0\1";

static void judge(struct filter *filter, uint32_t link_type, const uint8_t *bytes, uint32_t length)
{
    static const char *const findings[] = {"zero_window"};
    static const struct filter_segment segment = {
        .stream = 1, .has_seq = true, .seq = 5, .state_client = "CLOSED", .findings = findings, .finding_count = 1};
    struct dissection dissection;
    require(dissect(link_type, bytes, length, length, &dissection));
    struct filter_frame frame = {.number = 1,
                                 .time = 5,
                                 .first_time = 1,
                                 .previous_time = 2,
                                 .displayed_time = FILTER_TIME_UNKNOWN,
                                 .captured = length,
                                 .original = length,
                                 .bytes = bytes,
                                 .dissection = &dissection,
                                 .segment = dissection.is_tcp ? &segment : NULL};
    bool passes = filter_passes(filter, &frame);
    require(passes == filter_passes(filter, &frame));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct filter_error error;
    char lines[512], *text = malloc(size + 1);
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    struct filter *filter = filter_compile(text, &error);
    if (filter != NULL) {
        judge(filter, link_type_ethernet, request, sizeof request - 1);
        judge(filter, link_type_raw, message, sizeof message - 1);
        judge(filter, link_type_raw, message, 0);
    } else {
        require(error.column > 0 && error.length > 0 && error.message[0] != '\0');
        filter_error_format(&error, text, lines, sizeof lines);
        require(strlen(lines) < sizeof lines);
    }
    filter_destroy(filter);
    free(text);
    return 0;
}
