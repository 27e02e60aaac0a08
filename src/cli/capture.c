#include "cli/capture.h"

#include "capture/pcapng_write.h"
#include "cli/command.h"
#include "cli/link_options.h"
#include "explain/filter.h"
#include "link/live_capture.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "\n"
    "Records the frames of a network interface in a pcapng file, until an interrupt (Ctrl-C), a number of frames or a\n"
    "time. With --fetch it makes the traffic itself: it starts to record, fetches the address over the kernel's TCP\n"
    "with \"Connection: close\", waits until both ends have closed, and keeps the frames of this one connection.\n"
    "\n"
    "  septet capture --fetch http://example.org/ page.pcapng\n"
    "  septet capture -i eth0 -Y 'tcp.port == 443' --seconds 10 web.pcapng\n"
    "\n"
    "It takes root or CAP_NET_RAW. Exit status: 0, 1 when something failed on the way, 2 for wrong usage.\n";

#define ERROR_LINES 9000
#define PATIENCE 30000 /* milliseconds that an answer may take */
#define LINGER 2000    /* and the last segments of a connection whose end we have closed */

struct settings {
    char *interface, *fetch, *filter;
    int count, seconds, port;
};

struct capturing {
    const struct settings *settings;
    const char *interface;
    struct live_capture *live;
    struct filter *filter;
    struct web_get get;
    FILE *file;
    struct capture_sink sink;
    uint64_t written;
    int64_t first_time, previous_time, displayed_time;
    uint8_t fins;     /* --fetch: 1 ours, 2 theirs */
    uint8_t answered; /* and those that were acknowledged */
    uint32_t fin_end[2];
    bool over; /* --fetch: both ends have closed, or one has reset */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static bool write_bytes(void *context, const void *bytes, size_t length)
{
    return fwrite(bytes, 1, length, context) == length;
}

static int64_t milliseconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- --fetch: which frames are ours, and when is it over? ---- */

/* 0 for the client's segments, 1 for the server's, -1 for others. */
static int side_of(const struct capturing *capturing, const struct dissection *dissection)
{
    const struct web_get *get = &capturing->get;
    const struct tcp_header *tcp = &dissection->tcp;

    if (!dissection->is_tcp) {
        return -1;
    }
    if (tcp->source_port == get->local_port && tcp->destination_port == get->remote_port) {
        return 0;
    }
    return tcp->source_port == get->remote_port && tcp->destination_port == get->local_port ? 1 : -1;
}

static void watch_end(struct capturing *capturing, const struct dissection *dissection, int side)
{
    const struct tcp_header *tcp = &dissection->tcp;
    int other = 1 - side;

    if ((tcp->flags & TCP_ACK) != 0 && (capturing->fins >> other & 1) != 0 && tcp->ack == capturing->fin_end[other]) {
        capturing->answered |= (uint8_t)(1 << other);
    }
    if ((tcp->flags & TCP_FIN) != 0) {
        capturing->fins |= (uint8_t)(1 << side);
        capturing->fin_end[side] = tcp->seq + dissection->payload_length + 1;
    }
    capturing->over = capturing->over || (tcp->flags & TCP_RST) != 0 || capturing->answered == 3;
}

/* ---- frames ---- */

static void record(struct capturing *capturing, const struct capture_input_frame *frame)
{
    struct capture_piece piece = {frame->bytes, frame->captured};
    struct pcapng_packet packet = {
        .time = (uint64_t)frame->time,
        .pieces = &piece,
        .piece_count = 1,
        .original_length = frame->original,
        .has_drop_count = frame->drops > 0,
        .drop_count = frame->drops,
        .direction = frame->inbound    ? pcapng_inbound
                     : frame->outbound ? pcapng_outbound
                                       : pcapng_direction_unknown,
    };

    (void)pcapng_write_packet(&capturing->sink, &packet);
    capturing->written++;
}

static bool wanted(struct capturing *capturing, const struct capture_input_frame *from)
{
    struct dissection dissection;
    struct filter_frame frame = {
        .number = from->number,
        .time = from->time,
        .first_time = from->number == 1 ? from->time : capturing->first_time,
        .previous_time = from->number == 1 ? FILTER_TIME_UNKNOWN : capturing->previous_time,
        .displayed_time = capturing->displayed_time,
        .interface_name = capturing->interface,
        .captured = from->captured,
        .original = from->original,
        .bytes = from->bytes,
        .drops = from->drops,
        .inbound = from->inbound,
        .outbound = from->outbound,
        .dissection = &dissection,
    };

    capturing->first_time = frame.first_time;
    capturing->previous_time = from->time;
    (void)dissect(from->link_type, from->bytes, from->captured, from->original, &dissection);
    if (capturing->settings->fetch != NULL) {
        int side = side_of(capturing, &dissection);

        if (side < 0) {
            return false;
        }
        watch_end(capturing, &dissection, side);
    }
    if (capturing->filter != NULL && !filter_passes(capturing->filter, &frame)) {
        return false;
    }
    capturing->displayed_time = from->time;
    return true;
}

static bool is_enough(const struct capturing *capturing)
{
    uint64_t count = (uint64_t)capturing->settings->count;

    return interrupted || capturing->sink.failed || (count > 0 && capturing->written >= count);
}

static void read_frames(struct capturing *capturing)
{
    struct capture_input_frame frame;

    while (!is_enough(capturing) && live_capture_next(capturing->live, &frame)) {
        if (wanted(capturing, &frame)) {
            record(capturing, &frame);
        }
    }
}

static void wait_for_frames(struct capturing *capturing, int64_t until)
{
    struct pollfd set[2] = {
        {.fd = live_capture_descriptor(capturing->live), .events = POLLIN},
        {.fd = capturing->get.descriptor, .events = web_get_events(&capturing->get)},
    };
    int64_t left = until - milliseconds();

    (void)poll(set, 2, left < 0 ? 0 : left < 1000 ? (int)left : 1000);
}

/* ---- both ways to capture ---- */

static int record_interface(struct capturing *capturing)
{
    int64_t end =
        capturing->settings->seconds > 0 ? milliseconds() + (int64_t)capturing->settings->seconds * 1000 : INT64_MAX;

    capturing->get.descriptor = -1;
    while (!is_enough(capturing) && milliseconds() < end) {
        wait_for_frames(capturing, end);
        read_frames(capturing);
    }
    return 0;
}

static int record_fetch(struct capturing *capturing)
{
    struct web_get *get = &capturing->get;
    int64_t limit = capturing->settings->seconds > 0 ? (int64_t)capturing->settings->seconds * 1000 : PATIENCE;
    int64_t end = milliseconds() + limit;
    char error[WEB_ERROR] = "";
    bool going = web_get_start(get, error);

    while (going && !is_enough(capturing)) {
        wait_for_frames(capturing, end);
        read_frames(capturing);
        going = web_get_work(get, error);
        if (going && milliseconds() >= end) {
            (void)snprintf(error, sizeof error, "no end of the answer within %d seconds", (int)(limit / 1000));
            break;
        }
    }
    web_get_close(get);
    end = milliseconds() + LINGER;
    while (!capturing->over && !is_enough(capturing) && milliseconds() < end) {
        wait_for_frames(capturing, end);
        read_frames(capturing);
    }
    if (error[0] != '\0') {
        fprintf(stderr, "septet capture: %s\n", error);
        return 1;
    }
    printf("%s, %" PRIu64 " bytes; %s\n", get->status, get->received,
           capturing->over ? "both ends have closed" : "the end was not seen");
    return 0;
}

/* ---- the command ---- */

static bool open_file(struct capturing *capturing, const char *path)
{
    const char *name = capturing->interface;
    struct pcapng_interface interface = {
        .link_type = (uint16_t)live_capture_link_type(capturing->live),
        .name = {name, (uint32_t)strlen(name)},
    };

    capturing->file = fopen(path, "wbe");
    if (capturing->file == NULL) {
        (void)complain("capture", "%s: %s", path, strerror(errno));
        return false;
    }
    capturing->sink = capture_sink_function(write_bytes, capturing->file);
    (void)pcapng_write_section(&capturing->sink, NULL);
    (void)pcapng_write_interface(&capturing->sink, &interface);
    return true;
}

static int close_file(struct capturing *capturing, const char *path, int status)
{
    bool good = !capturing->sink.failed;

    good = fclose(capturing->file) == 0 && good;
    if (!good) {
        fprintf(stderr, "septet capture: %s: %s\n", path, strerror(errno));
        return 1;
    }
    printf("%" PRIu64 " frame%s in %s", capturing->written, capturing->written == 1 ? "" : "s", path);
    if (live_capture_dropped(capturing->live) > 0) {
        printf(", %" PRIu64 " lost for want of room", live_capture_dropped(capturing->live));
    }
    printf("\n");
    return status;
}

static int run(const struct settings *settings, const char *path)
{
    struct capturing capturing = {
        .settings = settings, .interface = settings->interface, .displayed_time = FILTER_TIME_UNKNOWN};
    struct sigaction action = {.sa_handler = on_interrupt};
    struct filter_error mistake;
    static char error[ERROR_LINES];
    uint16_t port = (uint16_t)settings->port;
    int status = 2;

    capturing.get.descriptor = -1;
    if (settings->filter != NULL && (capturing.filter = filter_compile(settings->filter, &mistake)) == NULL) {
        filter_error_format(&mistake, settings->filter, error, sizeof error);
        return complain("capture", "filter: %s", error);
    }
    if (capturing.filter != NULL && filter_needs_segment(capturing.filter)) {
        filter_destroy(capturing.filter);
        return complain("capture", "filter: conversations are not followed while frames are recorded");
    }
    if (settings->fetch != NULL) {
        if (!web_get_prepare(&capturing.get, settings->fetch, error)) {
            filter_destroy(capturing.filter);
            return complain("capture", "%s", error);
        }
        capturing.interface = settings->interface != NULL ? settings->interface : capturing.get.interface;
        port = capturing.get.remote_port;
    }
    capturing.live = live_capture_open(capturing.interface, port, error);
    if (capturing.live == NULL) {
        (void)complain("capture", "%s", error);
    } else if (open_file(&capturing, path)) {
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        status = settings->fetch != NULL ? record_fetch(&capturing) : record_interface(&capturing);
        status = close_file(&capturing, path, status);
    }
    live_capture_close(capturing.live);
    filter_destroy(capturing.filter);
    return status;
}

int command_capture(int argc, const char **argv)
{
    struct settings settings = {.count = 0};
    struct poptOption table[] = {
        {"interface", 'i', POPT_ARG_STRING, &settings.interface, 0, "record the frames of this interface", "NAME"},
        {"fetch", 0, POPT_ARG_STRING, &settings.fetch, 0, "fetch this address and record the connection", "URL"},
        {"filter", 'Y', POPT_ARG_STRING, &settings.filter, 0, "only frames that pass this display filter", "FILTER"},
        {"port", 'p', POPT_ARG_INT, &settings.port, 0,
         "let the kernel drop TCP segments of other ports, for busy interfaces", "PORT"},
        {"count", 'c', POPT_ARG_INT, &settings.count, 0, "stop after so many frames", "N"},
        {"seconds", 0, POPT_ARG_INT, &settings.seconds, 0, "stop after so many seconds", "N"},
        HELP_OPTION,
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("septet capture", argc, argv, table, 0);
    int status = read_options(context, "capture", "[OPTION...] FILE", help);

    if (status == 0) {
        const char *path = poptGetArg(context);

        if (path == NULL || poptPeekArg(context) != NULL) {
            status = complain("capture", "expected one file to write");
        } else if (settings.interface == NULL && settings.fetch == NULL) {
            status = complain("capture", "expected --interface NAME or --fetch URL");
        } else if (settings.count < 0 || settings.seconds < 0 || settings.port < 0 || settings.port > UINT16_MAX) {
            status = complain("capture", "--count, --seconds and --port are positive numbers, a port at most 65535");
        } else {
            status = run(&settings, path);
        }
    }
    poptFreeContext(context);
    free(settings.interface);
    free(settings.fetch);
    free(settings.filter);
    return status < 0 ? 0 : status;
}
