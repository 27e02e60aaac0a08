#include "capture/pcapng_write.h"
#include "cli/explain.h"
#include "cli/link_options.h"
#include "explain/explain.h"
#include "explain/filter_segment.h"
#include "explain/follow.h"
#include "explain/fragment.h"
#include "link/capture_input.h"
#include "report/packets.h"
#include "wire/link_type.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ERROR_LINES 9000
#define COMMENT 400

/* A file of the frames that pass, with the interfaces that they came from. */
struct writer {
    FILE *file;
    struct capture_sink sink;
    uint32_t *interfaces; /* of the input: 1 + number in the file, 0 for those that are not in it yet */
    uint32_t capacity, count;
};

struct run {
    const struct explain_options *options;
    struct capture_input *input;
    struct fragments *fragments;
    struct filter *filter;
    struct explain *explain; /* when the filter asks for what it knows */
    struct filter_segment segment;
    const char *findings[FILTER_FINDINGS];
    uint64_t segment_frame; /* that `segment` tells of; 0 none */
    struct follow *follow;
    const struct filter_frame *frame; /* that is analysed */
    char comment[COMMENT];            /* what was found about it, for the file; may be empty */
    int said;                         /* side of which data was told last, or -1 */
    struct writer writer;
    int64_t first_time, previous_time, displayed_time;
    bool unknown_link, found;
};

/* ---- writing ---- */

static bool write_bytes(void *context, const void *bytes, size_t length)
{
    return fwrite(bytes, 1, length, context) == length;
}

static bool writer_open(struct writer *writer, const char *path)
{
    if (path == NULL) {
        return true;
    }
    writer->file = fopen(path, "wbe");
    if (writer->file == NULL) {
        (void)complain("explain", "%s: %s", path, strerror(errno));
        return false;
    }
    writer->sink = capture_sink_function(write_bytes, writer->file);
    (void)pcapng_write_section(&writer->sink, NULL);
    return true;
}

static bool writer_close(struct writer *writer, const char *path)
{
    bool good = true;

    if (writer->file != NULL) {
        good = !writer->sink.failed;
        good = fclose(writer->file) == 0 && good;
    }
    if (!good) {
        (void)complain("explain", "%s: %s", path, strerror(errno));
    }
    free(writer->interfaces);
    return good;
}

/* The number that an interface of the input has in the file; it is written when its first frame is. */
static bool writer_interface(struct run *run, uint32_t index, uint32_t *number)
{
    struct writer *writer = &run->writer;
    const struct capture_input_interface *from = capture_input_interface(run->input, index);

    if (index >= writer->capacity) {
        uint32_t capacity = index * 2 + 8;
        uint32_t *larger = realloc(writer->interfaces, capacity * sizeof larger[0]);

        if (larger == NULL) {
            return false;
        }
        memset(larger + writer->capacity, 0, (capacity - writer->capacity) * sizeof larger[0]);
        writer->interfaces = larger;
        writer->capacity = capacity;
    }
    if (writer->interfaces[index] == 0) {
        struct pcapng_interface interface = {
            .link_type = (uint16_t)from->link_type,
            .snap_length = from->snap_length,
            .name = {from->name, (uint32_t)strlen(from->name)},
        };

        (void)pcapng_write_interface(&writer->sink, &interface);
        writer->interfaces[index] = ++writer->count;
    }
    *number = writer->interfaces[index] - 1;
    return true;
}

static void write_frame(struct run *run, const struct capture_input_frame *frame)
{
    struct capture_piece piece = {frame->bytes, frame->captured};
    struct capture_text comments[2];
    struct pcapng_packet packet = {
        .time = (uint64_t)frame->time,
        .pieces = &piece,
        .piece_count = 1,
        .comments = comments,
        .original_length = frame->original,
        .has_drop_count = frame->drops > 0,
        .drop_count = frame->drops,
        .direction = frame->inbound    ? pcapng_inbound
                     : frame->outbound ? pcapng_outbound
                                       : pcapng_direction_unknown,
    };

    if (frame->comment.text != NULL) {
        comments[packet.comment_count++] = frame->comment;
    }
    if (run->comment[0] != '\0') {
        comments[packet.comment_count++] = (struct capture_text){run->comment, (uint32_t)strlen(run->comment)};
    }
    if (run->writer.file != NULL && writer_interface(run, frame->interface, &packet.interface)) {
        (void)pcapng_write_packet(&run->writer.sink, &packet);
    }
}

/* ---- reading ---- */

static void show(struct run *run, const struct capture_input_frame *from, const struct filter_frame *frame)
{
    if (run->filter != NULL && !filter_passes(run->filter, frame)) {
        return;
    }
    run->displayed_time = frame->time;
    write_frame(run, from);
    if (run->options->packets) {
        report_packet(stdout, frame);
    }
    if (run->options->bytes != 0 && frame->number == (uint64_t)run->options->bytes) {
        report_bytes(stdout, frame);
        run->found = true;
    }
}

/* Frames of a link type that nobody reads here are told of once; they can still be counted, filtered by frame.* and
 * written. */
static void tell_unknown(struct run *run, const struct capture_input_frame *frame)
{
    if (!run->unknown_link) {
        fprintf(stderr, "septet explain: frame %llu: link type %u (%s) is not read: nothing is known of such frames\n",
                (unsigned long long)frame->number, frame->link_type, link_type_name(frame->link_type));
    }
    run->unknown_link = true;
}

/* Says whose data follows, when that changes. */
static void tell_side(struct run *run, const struct explain_conversation *conversation, uint8_t side)
{
    char from[SEPTET_ADDRESS_TEXT], to[SEPTET_ADDRESS_TEXT];
    const struct explain_end *end = conversation->end;

    if (run->options->raw || run->said == side) {
        return;
    }
    septet_address_format(&end[side].address, from);
    septet_address_format(&end[!side].address, to);
    printf("%s=== %s %s.%u > %s.%u\n", run->said < 0 ? "" : "\n", side == 0 ? "client" : "server", from, end[side].port,
           to, end[!side].port);
    run->said = side;
}

static void on_data(void *context, const struct explain_conversation *conversation, uint8_t side, const uint8_t *bytes,
                    uint32_t length)
{
    struct run *run = context;

    tell_side(run, conversation, side);
    if (run->options->raw) {
        (void)fwrite(bytes, 1, length, stdout);
    } else {
        report_payload(stdout, bytes, length);
    }
}

static void on_missing(void *context, const struct explain_conversation *conversation, uint8_t side, uint32_t length)
{
    struct run *run = context;

    tell_side(run, conversation, side);
    fprintf(run->options->raw ? stderr : stdout, "\n[%u bytes of the %s are not in the capture]\n", length,
            side == 0 ? "client" : "server");
}

/* A segment that is more than new data or an acknowledgement gets a remark in the file that is written. */
static void remark(struct run *run, const struct explain_segment *segment)
{
    char evidence[COMMENT / 2];
    const char *label = explain_label_text(segment->label);
    bool usual = segment->verdict == explain_verdict_new || segment->verdict == explain_verdict_syn ||
                 segment->verdict == explain_verdict_ack;

    if (usual || run->options->write == NULL) {
        return;
    }
    explain_evidence_text(segment, evidence, sizeof evidence);
    (void)snprintf(run->comment, sizeof run->comment, "%s (%s)%s%s%s%s", explain_verdict_text(segment->verdict),
                   explain_certainty_text(segment->certainty), evidence[0] != '\0' ? ": " : "", evidence,
                   explain_label_differs(segment) && label != NULL ? "; Wireshark says " : "",
                   explain_label_differs(segment) && label != NULL ? label : "");
}

static bool is_followed(const struct run *run, const struct explain_conversation *conversation)
{
    return run->follow != NULL && conversation->stream == (uint32_t)run->options->follow;
}

static void on_segment(void *context, struct explain_conversation *conversation, const struct explain_segment *segment)
{
    struct run *run = context;
    const struct dissection *dissection = run->frame->dissection;

    run->segment_frame = segment->frame;
    filter_segment_of(conversation, segment, run->findings, &run->segment);
    remark(run, segment);
    if (is_followed(run, conversation) && segment->frame == run->frame->number) {
        run->found = true;
        follow_take(run->follow, conversation, segment, run->frame->bytes + dissection->payload,
                    dissection->payload_captured);
    }
}

static void on_conversation(void *context, struct explain_conversation *conversation)
{
    struct run *run = context;

    if (is_followed(run, conversation)) {
        follow_finish(run->follow, conversation);
    }
}

static void analyse(struct run *run, struct filter_frame *frame)
{
    const struct explain_frame whole = {
        .number = frame->number,
        .time = frame->time,
        .interface = frame->interface,
        .captured = frame->captured,
        .original = frame->original,
        .bytes = frame->bytes,
        .inbound = frame->inbound,
        .outbound = frame->outbound,
        .drops = frame->drops,
        .dissection = frame->dissection,
    };

    run->segment_frame = 0;
    run->comment[0] = '\0';
    run->frame = frame;
    explain_frame(run->explain, &whole);
    run->frame = NULL;
    frame->segment = run->segment_frame == frame->number ? &run->segment : NULL;
}

static void read_frames(struct run *run)
{
    struct capture_input_frame from;
    struct dissection dissection;

    while ((!run->found || run->follow != NULL) && capture_input_next(run->input, &from)) {
        struct filter_frame frame = {
            .number = from.number,
            .time = from.time,
            .interface = from.interface,
            .interface_name = capture_input_interface(run->input, from.interface)->name,
            .captured = from.captured,
            .original = from.original,
            .bytes = from.bytes,
            .drops = from.drops,
            .comment = from.comment,
            .inbound = from.inbound,
            .outbound = from.outbound,
            .dissection = &dissection,
            .displayed_time = run->displayed_time,
        };

        if (from.number == 1) {
            run->first_time = from.time;
        }
        frame.first_time = run->first_time;
        frame.previous_time = from.number == 1 ? FILTER_TIME_UNKNOWN : run->previous_time;
        run->previous_time = from.time;
        if (!dissect(from.link_type, from.bytes, from.captured, from.original, &dissection)) {
            tell_unknown(run, &from);
        }
        if (dissection.fragment &&
            fragments_add(run->fragments, from.time, &frame.bytes, &frame.captured, &dissection)) {
            frame.original = frame.captured;
        }
        if (run->explain != NULL) {
            analyse(run, &frame);
        }
        show(run, &from, &frame);
    }
    if (run->explain != NULL) {
        explain_finish(run->explain);
    }
}

/* One line for each file that ended before its end. */
static int tell_complaints(const struct run *run)
{
    int status = 0;

    (void)fflush(stdout);
    for (uint32_t i = 0; i < capture_input_files(run->input); i++) {
        struct capture_input_file file;

        capture_input_file(run->input, i, &file);
        if (file.complaint != NULL && (!run->found || run->follow != NULL)) {
            fprintf(stderr, "septet explain: %s\n", file.complaint);
            status = 1;
        }
    }
    return status;
}

bool explain_compile_filter(const char *text, struct filter **filter)
{
    struct filter_error error;
    static char lines[ERROR_LINES];

    *filter = NULL;
    if (text == NULL) {
        return true;
    }
    *filter = filter_compile(text, &error);
    if (*filter == NULL) {
        filter_error_format(&error, text, lines, sizeof lines);
        (void)complain("explain", "filter: %s", lines);
        return false;
    }
    return true;
}

/* Follows conversations when the filter asks for what is known of them then. */
static bool begin_analysis(struct run *run)
{
    struct explain_config config = {
        .observer = {.context = run, .segment = on_segment, .conversation = on_conversation}, .at_once = true};
    const struct follow_listener listener = {run, on_data, on_missing};
    bool follow = run->options->follow >= 0;

    if (!follow && run->options->write == NULL && (run->filter == NULL || !filter_needs_segment(run->filter))) {
        return true;
    }
    config.max_memory = (uint64_t)run->options->max_memory << 20;
    if (getrandom(config.hash_key, sizeof config.hash_key, 0) != (ssize_t)sizeof config.hash_key ||
        (run->explain = explain_create(&config)) == NULL ||
        (follow && (run->follow = follow_create(&listener)) == NULL)) {
        (void)complain("explain", "no memory to follow conversations");
        return false;
    }
    return true;
}

int explain_frames(const struct explain_options *options)
{
    struct run run = {.options = options, .displayed_time = FILTER_TIME_UNKNOWN, .said = -1};
    char error[CAPTURE_INPUT_ERROR];
    int status = 2;

    if (!explain_compile_filter(options->filter, &run.filter) || !begin_analysis(&run)) {
        goto end;
    }
    run.fragments = fragments_create();
    run.input = capture_input_open(options->paths, options->count, error);
    if (run.input == NULL || run.fragments == NULL) {
        (void)complain("explain", "%s", run.input == NULL ? error : "no memory");
        goto end;
    }
    if (!writer_open(&run.writer, options->write)) {
        goto end;
    }
    read_frames(&run);
    status = tell_complaints(&run);
    if (options->follow >= 0 && !run.found) {
        status = complain("explain", "--follow %d: there is no such conversation", options->follow);
    } else if (options->follow >= 0 && !options->raw) {
        printf("\n");
    } else if (options->bytes != 0 && !run.found) {
        status = complain("explain", "--bytes %d: there is no such frame%s", options->bytes,
                          options->filter != NULL ? " among those that pass the filter" : "");
    }
    if (!writer_close(&run.writer, options->write) || ferror(stdout) != 0) {
        status = 1;
    }
end:
    filter_destroy(run.filter);
    explain_destroy(run.explain);
    follow_destroy(run.follow);
    fragments_destroy(run.fragments);
    capture_input_close(run.input);
    return status;
}
