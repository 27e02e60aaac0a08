#include "cli/explain.h"

#include "cli/link_options.h"
#include "explain/filter.h"
#include "explain/fragment.h"
#include "link/capture_input.h"
#include "report/explain.h"
#include "wire/link_type.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* `septet explain`: conversations, as a summary, a ladder, JSON or CSV. */

#define WORST_KEPT 64
#define PROGRESS_FRAMES 0xffffu
#define PROGRESS_LEAST (UINT64_C(64) << 20)
#define MEBIBYTE (UINT64_C(1) << 20)
#define WIDTH 100

struct run {
    const struct explain_options *options;
    struct capture_input *input;
    struct fragments *fragments;
    struct filter *filter;
    struct explain *explain;
    struct store store;
    bool unknown_link, progress;
    int64_t first_time, previous_time;
};

static void write_out(void *context, const char *text, size_t length) { fwrite(text, 1, length, context); }

static void show_progress(const struct run *run)
{
    uint64_t done = 0, size = 0;
    capture_input_progress(run->input, &done, &size);
    if (size >= PROGRESS_LEAST)
        fprintf(stderr, "\r%3u %% of %llu MB ", (unsigned)(done * 100 / size), (unsigned long long)(size / 1000000));
}

static bool passes(struct run *run, const struct capture_input_frame *from, const struct dissection *dissection)
{
    const struct filter_frame frame = {
        .number = from->number,
        .time = from->time,
        .first_time = run->first_time,
        .previous_time = from->number == 1 ? FILTER_TIME_UNKNOWN : run->previous_time,
        .displayed_time = FILTER_TIME_UNKNOWN,
        .interface = from->interface,
        .interface_name = capture_input_interface(run->input, from->interface)->name,
        .captured = from->captured,
        .original = from->original,
        .bytes = from->bytes,
        .drops = from->drops,
        .comment = from->comment,
        .inbound = from->inbound,
        .outbound = from->outbound,
        .dissection = dissection,
    };
    return run->filter == NULL || filter_passes(run->filter, &frame);
}

static void take_frame(struct run *run, const struct capture_input_frame *from)
{
    struct dissection dissection;
    struct explain_frame frame = {
        .number = from->number,
        .time = from->time,
        .interface = from->interface,
        .captured = from->captured,
        .original = from->original,
        .bytes = from->bytes,
        .inbound = from->inbound,
        .outbound = from->outbound,
        .drops = from->drops,
        .dissection = &dissection,
    };
    if (!dissect(from->link_type, from->bytes, from->captured, from->original, &dissection) && !run->unknown_link) {
        fprintf(stderr, "septet explain: frame %llu: link type %u (%s) is not read: nothing is known of such frames\n",
                (unsigned long long)from->number, from->link_type, link_type_name(from->link_type));
        run->unknown_link = true;
    }
    if (dissection.fragment)
        (void)fragments_add(run->fragments, from->time, &frame.bytes, &frame.captured, &dissection);
    if (dissection.reassembled)
        frame.original = frame.captured;
    if (passes(run, from, &dissection))
        explain_frame(run->explain, &frame);
}

static void read_frames(struct run *run)
{
    struct capture_input_frame from;
    while (capture_input_next(run->input, &from)) {
        if (from.number == 1)
            run->first_time = from.time;
        take_frame(run, &from);
        run->previous_time = from.time;
        if (run->progress && (from.number & PROGRESS_FRAMES) == 0)
            show_progress(run);
    }
    explain_finish(run->explain);
    if (run->progress)
        fputs("\r                              \r", stderr);
}

static int show_stream(const struct run *run, bool color)
{
    const struct stored *stored = store_find(&run->store, (uint32_t)run->options->stream);
    const struct ladder ladder = {write_out, stdout, WIDTH, false, color};
    const struct report_ladder_options options = {run->options->absolute != 0, run->options->all != 0};
    if (stored == NULL)
        return complain("explain", "--stream %d: there is no such conversation; the last is %lld", run->options->stream,
                        (long long)explain_check(run->explain)->conversations - 1);
    report_ladder(&ladder, stored, &options);
    fputc('\n', stdout);
    report_story_text(stdout, stored, WIDTH);
    return 0;
}

static int show(struct run *run)
{
    const struct explain_options *options = run->options;
    const char *no = getenv("NO_COLOR");
    const bool color = isatty(STDOUT_FILENO) && (no == NULL || *no == '\0');
    const struct explain_check *check = explain_check(run->explain);
    if (run->store.failed)
        fputs(
            "septet explain: not all was kept: memory, or the number of segments of one conversation, was too small\n",
            stderr);
    store_sort(&run->store, !options->json && !options->csv);
    if (options->json)
        report_json(stdout, check, &run->store, options->paths, options->count);
    else if (options->csv)
        report_csv(stdout, &run->store);
    else if (options->stream >= 0)
        return show_stream(run, color);
    else
        report_summary(stdout, check, &run->store, color);
    return 0;
}

static int tell_complaints(const struct run *run)
{
    int status = 0;
    (void)fflush(stdout);
    for (uint32_t i = 0; i < capture_input_files(run->input); i++) {
        struct capture_input_file file;
        capture_input_file(run->input, i, &file);
        if (file.complaint == NULL)
            continue;
        fprintf(stderr, "septet explain: %s\n", file.complaint);
        status = 1;
    }
    return status;
}

static bool begin(struct run *run)
{
    const struct explain_options *options = run->options;
    struct explain_config config = {.max_memory = (uint64_t)options->max_memory * MEBIBYTE};
    char error[CAPTURE_INPUT_ERROR];
    run->store.most = options->json || options->csv ? 0 : WORST_KEPT;
    run->store.all_segments = options->json && options->segments;
    run->store.one_segments = options->stream >= 0;
    run->store.stream = (uint32_t)options->stream;
    run->progress = isatty(STDERR_FILENO);
    config.observer = store_observer(&run->store);
    if (getrandom(config.hash_key, sizeof config.hash_key, 0) != (ssize_t)sizeof config.hash_key)
        memset(config.hash_key, 0x5a, sizeof config.hash_key);
    run->fragments = fragments_create();
    run->explain = explain_create(&config);
    run->input = capture_input_open(options->paths, options->count, error);
    if (run->input == NULL || run->fragments == NULL || run->explain == NULL)
        (void)complain("explain", "%s", run->input == NULL ? error : "no memory");
    return run->input != NULL && run->fragments != NULL && run->explain != NULL;
}

int explain_conversations(const struct explain_options *options)
{
    struct run run = {.options = options};
    int status = 2;
    const bool compiled = explain_compile_filter(options->filter, &run.filter);
    if (compiled && run.filter != NULL && filter_needs_segment(run.filter)) {
        (void)complain("explain",
                       "filter: conversations are made of the frames that pass, so it cannot ask for what is "
                       "known of conversations; --packets can, and --stream shows one");
    } else if (compiled && begin(&run)) {
        read_frames(&run);
        status = show(&run);
        const int complaints = tell_complaints(&run);
        status = status != 0 ? status : complaints;
        if (fflush(stdout) != 0)
            status = 1;
    }
    store_end(&run.store);
    explain_destroy(run.explain);
    filter_destroy(run.filter);
    fragments_destroy(run.fragments);
    capture_input_close(run.input);
    return status;
}
