#include "serve/fetch.h"

#include "septet/tcp.h"
#include "serve/buffer.h"
#include "serve/output.h"
#include "serve/progress.h"

#include <errno.h>
#include <http_parser.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* The response is parsed where the stack received it and written to the file from there. The file is not touched
 * before the server has said that it sends it. */
#define CLOSING_TIME SEPTET_SECOND
#define TURN ((size_t)1 << 20)
#define FIELD_MAX 256u

enum phase { PHASE_OPEN, PHASE_TRANSFER, PHASE_CLOSE };

struct fetch {
    struct service service;
    const struct fetch_options *options;
    struct septet *stack;
    septet_handle handle;
    struct buffer request;
    size_t request_sent;
    http_parser parser;
    struct output output;
    struct progress progress;
    uint64_t first;    /* bytes that the file had */
    uint64_t received; /* of the body */
    uint64_t total;    /* of the body, or PROGRESS_UNKNOWN */
    int64_t last_progress, close_begun;
    enum phase phase;
    bool complete; /* the whole response is there */
    bool had_all;  /* nothing was left to fetch */
    bool in_value, ready;
    char name[24];
    char location[FIELD_MAX], range[FIELD_MAX];
    char *field; /* whose value is being read, or NULL */
    char *error; /* empty: none */
};

static void __attribute__((format(printf, 2, 3))) fail(struct fetch *fetch, const char *format, ...)
{
    va_list arguments;

    if (fetch->error[0] == '\0') {
        va_start(arguments, format);
        vsnprintf(fetch->error, LINK_ERROR_TEXT, format, arguments);
        va_end(arguments);
    }
}

static const char *destination(const struct fetch *fetch)
{
    return fetch->options->path != NULL ? fetch->options->path : "standard output";
}

/* ---- the response ---- */

static void append(char *to, size_t capacity, const char *at, size_t length)
{
    size_t have = strlen(to);

    length = length < capacity - 1 - have ? length : capacity - 1 - have;
    memcpy(to + have, at, length);
    to[have + length] = '\0';
}

static int on_field(http_parser *parser, const char *at, size_t length)
{
    struct fetch *fetch = parser->data;

    if (fetch->in_value) {
        fetch->in_value = false;
        fetch->name[0] = '\0';
    }
    append(fetch->name, sizeof fetch->name, at, length);
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t length)
{
    struct fetch *fetch = parser->data;

    if (!fetch->in_value) {
        fetch->in_value = true;
        fetch->field = strcasecmp(fetch->name, "location") == 0        ? fetch->location
                       : strcasecmp(fetch->name, "content-range") == 0 ? fetch->range
                                                                       : NULL;
        if (fetch->field != NULL) {
            fetch->field[0] = '\0';
        }
    }
    if (fetch->field != NULL) {
        append(fetch->field, FIELD_MAX, at, length);
    }
    return 0;
}

/* What the server may print on our terminal. */
static const char *printable(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f) {
            *at = '?';
        }
    }
    return text;
}

/* RFC 9110 14.4: "bytes 100-199/200", or of an unsatisfiable range "bytes *" and "/200". */
static bool range_begins_at(const char *range, uint64_t first)
{
    char *end;

    return strncmp(range, "bytes ", 6) == 0 && strtoull(range + 6, &end, 10) == first && end > range + 6 && *end == '-';
}

static bool range_is_size(const char *range, uint64_t size)
{
    char *end;

    return strncmp(range, "bytes */", 8) == 0 && strtoull(range + 8, &end, 10) == size && end > range + 8 &&
           *end == '\0';
}

static int refuse(struct fetch *fetch, unsigned status)
{
    if (status >= 300 && status < 400 && fetch->location[0] != '\0') {
        fail(fetch, "%s answered %u: the file is at %s", fetch->options->url.authority, status,
             printable(fetch->location));
    } else {
        fail(fetch, "%s answered %u %s", fetch->options->url.authority, status,
             http_status_str((enum http_status)status));
    }
    return -1;
}

static int on_headers_complete(http_parser *parser)
{
    struct fetch *fetch = parser->data;
    unsigned status = parser->status_code;

    if (status < 200) {
        return 0; /* RFC 9110 15.2: an interim response, the real one follows */
    }
    if (status == 416 && fetch->first > 0 && range_is_size(fetch->range, fetch->first)) {
        fetch->had_all = true;
        return 0;
    }
    if (status == 206 && (fetch->first == 0 || !range_begins_at(fetch->range, fetch->first))) {
        fail(fetch, "%s sent a part that was not asked for", fetch->options->url.authority);
        return -1;
    }
    if (status != 200 && status != 206) {
        return refuse(fetch, status);
    }
    if (status == 200) {
        fetch->first = 0;
    }
    if (!output_open(&fetch->output, fetch->options->path, fetch->first)) {
        fail(fetch, "cannot write %s: %s", destination(fetch), strerror(errno));
        return -1;
    }
    fetch->total = parser->content_length < ULLONG_MAX ? parser->content_length : PROGRESS_UNKNOWN;
    fetch->ready = true;
    progress_begin(&fetch->progress, !fetch->options->quiet, fetch->service.loop->now, fetch->first);
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t length)
{
    struct fetch *fetch = parser->data;

    if (fetch->ready && !output_write(&fetch->output, at, length)) {
        fail(fetch, "cannot write %s: %s", destination(fetch), strerror(errno));
        return -1;
    }
    fetch->received += length;
    return 0;
}

static int on_message_complete(http_parser *parser)
{
    struct fetch *fetch = parser->data;

    fetch->complete = parser->status_code >= 200;
    return 0;
}

static const http_parser_settings settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- the connection ---- */

static void begin_close(struct fetch *fetch)
{
    if (fetch->phase == PHASE_CLOSE) {
        return;
    }
    fetch->phase = PHASE_CLOSE;
    fetch->close_begun = fetch->service.loop->now;
    fetch->service.loop->watched = -1;
    if (fetch->error[0] == '\0') {
        (void)septet_close(fetch->stack, fetch->handle);
    } else {
        (void)septet_abort(fetch->stack, fetch->handle);
    }
}

static void send_request(struct fetch *fetch)
{
    while (fetch->request_sent < fetch->request.length) {
        int64_t taken = septet_send(fetch->stack, fetch->handle, fetch->request.bytes + fetch->request_sent,
                                    fetch->request.length - fetch->request_sent, 0);

        if (taken <= 0) {
            return; /* an event follows; what ended the connection is told by it, too */
        }
        fetch->request_sent += (size_t)taken;
    }
}

/* The peer has closed: the end of a body without a length, or too early. */
static void at_end(struct fetch *fetch)
{
    (void)http_parser_execute(&fetch->parser, &settings, NULL, 0);
    if (fetch->complete || fetch->error[0] != '\0') {
        return;
    }
    if (fetch->total != PROGRESS_UNKNOWN) {
        fail(fetch, "the server closed the connection after %llu of %llu bytes", (unsigned long long)fetch->received,
             (unsigned long long)fetch->total);
    } else {
        fail(fetch, "the server closed the connection before its response was complete");
    }
}

/* Reads what is there and the output takes. True when there may be more to do at once. */
static bool read_response(struct fetch *fetch)
{
    size_t turn = 0;

    while (!fetch->complete && fetch->error[0] == '\0') {
        const uint8_t *data;
        size_t length = 0, done, room = SIZE_MAX;
        int64_t result = septet_receive_peek(fetch->stack, fetch->handle, &data, &length);

        if (result == 0) {
            at_end(fetch);
            break;
        }
        if (result < 0) {
            return false;
        }
        if (fetch->ready && (room = output_room(&fetch->output)) == 0) {
            fetch->service.loop->watched = fetch->output.descriptor;
            fetch->service.loop->watched_events = POLLOUT;
            return false;
        }
        fetch->service.loop->watched = -1;
        length = length < room ? length : room;
        done = http_parser_execute(&fetch->parser, &settings, (const char *)data, length);
        if (HTTP_PARSER_ERRNO(&fetch->parser) != HPE_OK && !fetch->complete) {
            fail(fetch, "%s sent no HTTP: %s", fetch->options->url.authority,
                 http_errno_description(HTTP_PARSER_ERRNO(&fetch->parser)));
            break;
        }
        (void)septet_receive_consume(fetch->stack, fetch->handle, done);
        fetch->last_progress = fetch->service.loop->now;
        turn += done;
        if (turn >= TURN) {
            return true;
        }
    }
    begin_close(fetch);
    return true;
}

static void on_event(struct service *service, const struct septet_event *event)
{
    struct fetch *fetch = (struct fetch *)service;

    if (event->handle != fetch->handle || fetch->phase == PHASE_CLOSE) {
        return;
    }
    if ((event->events & SEPTET_EVENT_CONNECTED) != 0) {
        fetch->phase = PHASE_TRANSFER;
        fetch->last_progress = service->loop->now;
    }
    if ((event->events & SEPTET_EVENT_CLOSED) != 0) {
        (void)read_response(fetch);
        if (!fetch->complete) {
            fail(fetch, "%s: %s", fetch->options->url.authority,
                 septet_error_text(event->error != SEPTET_OK ? event->error : SEPTET_CONNECTION_RESET));
        }
        begin_close(fetch);
        return;
    }
    send_request(fetch);
}

/* True when nothing of the connection is left, or it has had its time. */
static bool is_closed(struct fetch *fetch, int64_t now)
{
    struct septet_usage usage;

    septet_usage(fetch->stack, &usage);
    return usage.connections == 0 || now - fetch->close_begun >= CLOSING_TIME;
}

static int64_t on_work(struct service *service, int64_t now)
{
    struct fetch *fetch = (struct fetch *)service;
    bool more = fetch->phase == PHASE_TRANSFER && read_response(fetch);

    if (fetch->phase == PHASE_CLOSE) {
        if (is_closed(fetch, now)) {
            loop_stop(service->loop);
        }
        return fetch->close_begun + CLOSING_TIME;
    }
    progress_update(&fetch->progress, now, fetch->first + fetch->received,
                    fetch->total == PROGRESS_UNKNOWN ? PROGRESS_UNKNOWN : fetch->first + fetch->total);
    if (service->loop->watched < 0 && now - fetch->last_progress >= fetch->options->timeout) {
        fail(fetch, "%s: %s", fetch->options->url.authority,
             fetch->phase == PHASE_OPEN ? "no answer" : "the server stopped sending");
        begin_close(fetch);
        return now;
    }
    return more ? now : fetch->last_progress + fetch->options->timeout;
}

static void on_stop(struct service *service)
{
    struct fetch *fetch = (struct fetch *)service;

    if (fetch->phase != PHASE_CLOSE) {
        fail(fetch, "interrupted");
        begin_close(fetch);
    }
}

/* ---- the whole ---- */

static void make_request(struct fetch *fetch)
{
    const struct http_url *url = &fetch->options->url;
    struct stat status;

    fetch->request.limit = (size_t)16 << 10;
    buffer_print(&fetch->request, "GET %s%.*s HTTP/1.1\r\nHost: %s\r\nUser-Agent: septet\r\nAccept: */*\r\n",
                 url->target_length > 0 && url->target[0] == '/' ? "" : "/", (int)url->target_length, url->target,
                 url->authority);
    if (fetch->options->resume && stat(fetch->options->path, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size > 0) {
        fetch->first = (uint64_t)status.st_size;
        buffer_print(&fetch->request, "Range: bytes=%llu-\r\n", (unsigned long long)fetch->first);
    }
    buffer_print(&fetch->request, "Connection: close\r\n\r\n");
}

static void summarize(const struct fetch *fetch, int64_t begun)
{
    char size[PROGRESS_TEXT], rate[PROGRESS_TEXT];
    int64_t time = fetch->service.loop->now - begun;

    if (fetch->had_all) {
        fprintf(stderr, "%s was complete already\n", destination(fetch));
        return;
    }
    progress_size(fetch->received, size);
    progress_rate(fetch->received, time, rate);
    fprintf(stderr, "%s in %.3f s, %s\n", size, (double)time / 1e9, rate);
}

static bool start(struct fetch *fetch, struct loop *loop)
{
    const struct http_url *url = &fetch->options->url;
    int result;

    make_request(fetch);
    if (fetch->request.failed || !loop_add_service(loop, &fetch->service)) {
        fail(fetch, "no memory for the request");
        return false;
    }
    result = septet_connect(loop->stack, NULL, 0, &url->host, url->port, &fetch->handle);
    if (result != SEPTET_OK) {
        fail(fetch, "%s: %s", url->authority, septet_error_text(result));
        return false;
    }
    (void)septet_user_set(loop->stack, fetch->handle, loop_user(&fetch->service, 0));
    fetch->last_progress = loop_clock();
    send_request(fetch);
    return true;
}

bool fetch_run(struct loop *loop, const struct fetch_options *options, char error[LINK_ERROR_TEXT])
{
    struct fetch fetch = {
        .service = {.event = on_event, .work = on_work, .stop = on_stop},
        .options = options,
        .stack = loop->stack,
        .output = {.descriptor = -1},
        .total = PROGRESS_UNKNOWN,
        .error = error,
    };
    int64_t begun = loop_clock();

    error[0] = '\0';
    http_parser_init(&fetch.parser, HTTP_RESPONSE);
    fetch.parser.data = &fetch;
    if (start(&fetch, loop) && !loop_run(loop)) {
        fail(&fetch, "%s", loop->error);
    }
    progress_end(&fetch.progress);
    if (!output_close(&fetch.output)) {
        fail(&fetch, "cannot write %s: %s", destination(&fetch), strerror(errno));
    }
    buffer_free(&fetch.request);
    if (error[0] == '\0' && !options->quiet) {
        summarize(&fetch, begun);
    }
    return error[0] == '\0';
}
