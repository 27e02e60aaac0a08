#include "serve/http_server.h"

#include "septet/tcp.h"
#include "serve/http_response.h"
#include "serve/http_root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A connection reads a request, answers it, and begins again; bytes of the next request stay in the stack until then.
 * After the last answer it lingers: our FIN is out, and what the peer still says is thrown away, so that a RST does
 * not overtake the answer (RFC 9112 9.6).
 *
 * Every wait has an end. Each kind of wait has one length, so its connections stand in a queue in the order of their
 * deadlines. */
enum wait {
    WAIT_HEAD,   /* for the rest of a request; not prolonged by more of it */
    WAIT_IDLE,   /* for the next request */
    WAIT_SEND,   /* for the peer to take something */
    WAIT_LINGER, /* for the peer's FIN */
    WAIT_COUNT
};
static const int64_t wait_length[WAIT_COUNT] = {
    [WAIT_HEAD] = 15 * SEPTET_SECOND,
    [WAIT_IDLE] = 60 * SEPTET_SECOND,
    [WAIT_SEND] = 60 * SEPTET_SECOND,
    [WAIT_LINGER] = 5 * SEPTET_SECOND,
};

enum phase { PHASE_FREE, PHASE_READ, PHASE_SEND, PHASE_LINGER };

/* A connection may fill its send buffer by so much before others get their turn. */
#define SEND_TURN (UINT64_C(256) << 10)
#define RESPONSE_MAX ((size_t)10 << 20)
#define NOBODY 0 /* slots count from 1 */

struct connection {
    septet_handle handle;
    http_parser parser;
    struct http_request *partial; /* what was read of a request, NULL before its first byte */
    char *bytes;                  /* of the response, still to be sent, from `sent` to `length` */
    size_t length, sent;
    int file;
    uint64_t offset, left;
    int64_t deadline;
    uint32_t earlier, later; /* neighbours in the queue of `wait` */
    uint32_t next;           /* free or ready list */
    uint8_t phase, wait;
    bool waiting, ready, close_after;
};

struct queue {
    uint32_t first, last;
};

struct http_server {
    struct service service;
    struct septet *stack;
    septet_handle listener;
    int root;
    uint32_t slots, used; /* slots 1..used have been in use */
    struct connection *connection;
    uint32_t free, ready;
    struct queue queue[WAIT_COUNT];
    struct buffer bytes;         /* the response that is being made */
    struct http_request request; /* the request that is being read */
    uint64_t responses;
};

/* ---- waits ---- */

static void wait_end(struct http_server *server, uint32_t slot)
{
    struct connection *connection = &server->connection[slot];
    struct queue *queue = &server->queue[connection->wait];

    if (!connection->waiting) {
        return;
    }
    connection->waiting = false;
    *(connection->earlier != NOBODY ? &server->connection[connection->earlier].later : &queue->first) =
        connection->later;
    *(connection->later != NOBODY ? &server->connection[connection->later].earlier : &queue->last) =
        connection->earlier;
}

static void wait_begin(struct http_server *server, uint32_t slot, enum wait wait)
{
    struct connection *connection = &server->connection[slot];
    struct queue *queue = &server->queue[wait];

    wait_end(server, slot);
    connection->wait = (uint8_t)wait;
    connection->waiting = true;
    connection->deadline = server->service.loop->now + wait_length[wait];
    connection->earlier = queue->last;
    connection->later = NOBODY;
    *(queue->last != NOBODY ? &server->connection[queue->last].later : &queue->first) = slot;
    queue->last = slot;
}

/* ---- connections ---- */

static uint32_t take_slot(struct http_server *server)
{
    uint32_t slot = server->free;

    if (slot != NOBODY) {
        server->free = server->connection[slot].next;
    } else if (server->used < server->slots) {
        slot = ++server->used;
    }
    return slot;
}

static void end_response(struct connection *connection)
{
    if (connection->file >= 0) {
        close(connection->file);
    }
    free(connection->bytes);
    connection->file = -1;
    connection->bytes = NULL;
    connection->length = connection->sent = 0;
    connection->left = 0;
}

/* Lets go of a connection, by FIN or by RST. A slot on the ready list becomes free when its turn comes. */
static void drop(struct http_server *server, uint32_t slot, bool abort)
{
    struct connection *connection = &server->connection[slot];

    if (abort) {
        (void)septet_abort(server->stack, connection->handle);
    } else {
        (void)septet_close(server->stack, connection->handle);
    }
    wait_end(server, slot);
    end_response(connection);
    free(connection->partial);
    connection->partial = NULL;
    connection->handle = 0;
    connection->phase = PHASE_FREE;
    if (!connection->ready) {
        connection->next = server->free;
        server->free = slot;
    }
}

static void make_ready(struct http_server *server, uint32_t slot)
{
    struct connection *connection = &server->connection[slot];

    if (!connection->ready) {
        connection->ready = true;
        connection->next = server->ready;
        server->ready = slot;
    }
}

/* ---- sending ---- */

enum outcome { DONE, BLOCKED, TURN_OVER, FAILED };

static enum outcome outcome_of(int64_t error)
{
    return error == SEPTET_AGAIN || error == SEPTET_NO_PAGES ? BLOCKED : FAILED;
}

static enum outcome send_bytes(struct http_server *server, struct connection *connection)
{
    while (connection->sent < connection->length) {
        int64_t taken = septet_send(server->stack, connection->handle, connection->bytes + connection->sent,
                                    connection->length - connection->sent, connection->left > 0 ? SEPTET_SEND_MORE : 0);

        if (taken <= 0) {
            return outcome_of(taken);
        }
        connection->sent += (size_t)taken;
    }
    return DONE;
}

/* Reads the file into the stack's own memory. A file that has shrunk breaks the promise of Content-Length, which only
 * the end of the connection can take back. */
static enum outcome send_file(struct http_server *server, struct connection *connection)
{
    uint64_t turn = 0;

    while (connection->left > 0) {
        size_t length = connection->left < SEND_TURN ? (size_t)connection->left : (size_t)SEND_TURN;
        uint8_t *to;
        ssize_t got;
        int error;

        if (turn >= SEND_TURN) {
            return TURN_OVER;
        }
        error = septet_send_reserve(server->stack, connection->handle, &to, &length);
        if (error != SEPTET_OK) {
            return outcome_of(error);
        }
        got = pread(connection->file, to, length, (off_t)connection->offset);
        if (got <= 0) {
            return FAILED;
        }
        connection->offset += (uint64_t)got;
        connection->left -= (uint64_t)got;
        turn += (uint64_t)got;
        error = septet_send_commit(server->stack, connection->handle, (size_t)got,
                                   connection->left > 0 ? SEPTET_SEND_MORE : 0);
        if (error != SEPTET_OK) {
            return FAILED;
        }
    }
    return DONE;
}

/* Goes on with the response; any of it that was taken prolongs the wait. */
static enum outcome send_response(struct http_server *server, uint32_t slot)
{
    struct connection *connection = &server->connection[slot];
    uint64_t before = connection->left + (connection->length - connection->sent);
    enum outcome outcome = send_bytes(server, connection);

    if (outcome == DONE) {
        outcome = send_file(server, connection);
    }
    if (connection->left + (connection->length - connection->sent) != before) {
        wait_begin(server, slot, WAIT_SEND);
    }
    return outcome;
}

/* What the send buffer does not take of the response's bytes at once is kept. */
static bool begin_response(struct http_server *server, uint32_t slot, const struct http_response *response)
{
    struct connection *connection = &server->connection[slot];
    int64_t taken;

    server->responses++;
    connection->phase = PHASE_SEND;
    connection->file = response->file;
    connection->offset = response->offset;
    connection->left = response->left;
    connection->close_after = response->close;
    wait_begin(server, slot, WAIT_SEND);
    if (response->bytes->failed) {
        return false;
    }
    taken = septet_send(server->stack, connection->handle, response->bytes->bytes, response->bytes->length,
                        response->left > 0 ? SEPTET_SEND_MORE : 0);
    if (taken < 0 && outcome_of(taken) == FAILED) {
        return false;
    }
    taken = taken < 0 ? 0 : taken;
    connection->length = response->bytes->length - (size_t)taken;
    if (connection->length > 0) {
        connection->bytes = malloc(connection->length);
        if (connection->bytes == NULL) {
            return false;
        }
        memcpy(connection->bytes, response->bytes->bytes + taken, connection->length);
    }
    return true;
}

/* ---- reading ---- */

/* The shared request gets back what a connection had of its own. */
static void resume_request(struct http_server *server, struct connection *connection)
{
    if (connection->partial == NULL) {
        http_request_begin(&server->request);
        return;
    }
    memcpy(&server->request, connection->partial, http_request_size(connection->partial));
    free(connection->partial);
    connection->partial = NULL;
}

static bool keep_request(struct http_server *server, struct connection *connection)
{
    size_t size = http_request_size(&server->request);

    if (server->request.length == 0) {
        return true;
    }
    connection->partial = malloc(size);
    if (connection->partial != NULL) {
        memcpy(connection->partial, &server->request, size);
    }
    return connection->partial != NULL;
}

/* Reads until a request is complete; then the response has begun. DONE: it has. */
static enum outcome read_request(struct http_server *server, uint32_t slot)
{
    struct connection *connection = &server->connection[slot];
    struct http_response response;
    bool was_idle = connection->partial == NULL;
    enum http_progress progress = HTTP_MORE;
    enum outcome outcome = BLOCKED;

    resume_request(server, connection);
    while (progress == HTTP_MORE) {
        const uint8_t *data;
        size_t length = 0, taken = 0;
        int64_t result = septet_receive_peek(server->stack, connection->handle, &data, &length);

        if (result <= 0) {
            outcome = result == 0 ? FAILED : outcome_of(result);
            break;
        }
        progress = http_request_read(&connection->parser, &server->request, data, length, &taken);
        (void)septet_receive_consume(server->stack, connection->handle, taken);
    }
    if (progress == HTTP_MORE) {
        if (outcome == BLOCKED && server->request.length > 0 && was_idle) {
            wait_begin(server, slot, WAIT_HEAD);
        }
        return outcome == BLOCKED && !keep_request(server, connection) ? FAILED : outcome;
    }
    if (progress == HTTP_REFUSED) {
        http_refuse(server->request.status, &server->bytes, &response);
    } else {
        http_respond(server->root, &server->request, &server->bytes, &response);
    }
    return begin_response(server, slot, &response) ? DONE : FAILED;
}

/* Throws away what comes until the peer's FIN. */
static enum outcome linger(struct http_server *server, struct connection *connection)
{
    for (;;) {
        const uint8_t *data;
        size_t length = 0;
        int64_t result = septet_receive_peek(server->stack, connection->handle, &data, &length);

        if (result <= 0) {
            return result < 0 ? outcome_of(result) : DONE;
        }
        (void)septet_receive_consume(server->stack, connection->handle, length);
    }
}

/* ---- one connection goes on as far as it can ---- */

static void after_response(struct http_server *server, uint32_t slot)
{
    struct connection *connection = &server->connection[slot];

    end_response(connection);
    if (connection->close_after) {
        (void)septet_shutdown(server->stack, connection->handle);
        connection->phase = PHASE_LINGER;
        wait_begin(server, slot, WAIT_LINGER);
    } else {
        connection->phase = PHASE_READ;
        wait_begin(server, slot, WAIT_IDLE);
    }
}

static void progress(struct http_server *server, uint32_t slot)
{
    struct connection *connection = &server->connection[slot];
    unsigned requests = 0;

    for (;;) {
        enum outcome outcome;
        uint8_t phase = connection->phase;

        if (phase == PHASE_FREE) {
            return;
        }
        outcome = phase == PHASE_READ   ? read_request(server, slot)
                  : phase == PHASE_SEND ? send_response(server, slot)
                                        : linger(server, connection);
        if (outcome == FAILED || (outcome == DONE && phase == PHASE_LINGER)) {
            drop(server, slot, outcome == FAILED && phase == PHASE_SEND);
            return;
        }
        if (outcome == BLOCKED) {
            return;
        }
        if (phase == PHASE_SEND && outcome == DONE) {
            after_response(server, slot);
            requests++;
        }
        /* Pipelined requests must not keep the others waiting either. */
        if (outcome == TURN_OVER || requests == 16) {
            make_ready(server, slot);
            return;
        }
    }
}

static void accept_all(struct http_server *server)
{
    septet_handle handle;

    while (septet_accept(server->stack, server->listener, &handle) == SEPTET_OK) {
        uint32_t slot = take_slot(server);
        struct connection *connection;

        if (slot == NOBODY) {
            (void)septet_abort(server->stack, handle);
            continue;
        }
        connection = &server->connection[slot];
        *connection = (struct connection){.handle = handle, .file = -1, .phase = PHASE_READ};
        http_request_parser(&connection->parser);
        (void)septet_user_set(server->stack, handle, loop_user(&server->service, slot));
        wait_begin(server, slot, WAIT_HEAD);
        progress(server, slot);
    }
}

static void on_event(struct service *service, const struct septet_event *event)
{
    struct http_server *server = (struct http_server *)service;
    uint32_t slot = loop_slot(event);

    if (event->handle == server->listener) {
        accept_all(server);
        return;
    }
    if (slot == NOBODY || slot > server->used || server->connection[slot].handle != event->handle) {
        return;
    }
    if ((event->events & SEPTET_EVENT_CLOSED) != 0) {
        drop(server, slot, false);
    } else {
        progress(server, slot);
    }
}

/* ---- the clock and the ready list ---- */

static void timed_out(struct http_server *server, uint32_t slot)
{
    struct connection *connection = &server->connection[slot];
    struct http_response response;

    if (connection->wait == WAIT_HEAD && connection->partial != NULL) {
        http_refuse(408, &server->bytes, &response);
        if (begin_response(server, slot, &response)) {
            make_ready(server, slot);
            return;
        }
    }
    drop(server, slot, connection->phase != PHASE_READ);
}

static int64_t on_work(struct service *service, int64_t now)
{
    struct http_server *server = (struct http_server *)service;
    int64_t next = SEPTET_NEVER;
    uint32_t slot = server->ready;

    server->ready = NOBODY;
    while (slot != NOBODY) {
        struct connection *connection = &server->connection[slot];
        uint32_t following = connection->next;

        connection->ready = false;
        if (connection->phase == PHASE_FREE) {
            connection->next = server->free;
            server->free = slot;
        } else {
            progress(server, slot);
        }
        slot = following;
    }
    for (unsigned wait = 0; wait < WAIT_COUNT; wait++) {
        while ((slot = server->queue[wait].first) != NOBODY && server->connection[slot].deadline <= now) {
            timed_out(server, slot);
        }
        if (slot != NOBODY && server->connection[slot].deadline < next) {
            next = server->connection[slot].deadline;
        }
    }
    return server->ready != NOBODY ? now : next;
}

static void on_stop(struct service *service)
{
    struct http_server *server = (struct http_server *)service;

    (void)septet_close(server->stack, server->listener);
    for (uint32_t slot = 1; slot <= server->used; slot++) {
        if (server->connection[slot].phase != PHASE_FREE) {
            drop(server, slot, server->connection[slot].phase != PHASE_LINGER);
        }
    }
}

/* ---- start and end ---- */

static int start_listening(struct http_server *server, uint16_t port)
{
    int error = septet_listen(server->stack, NULL, port, 1024, &server->listener);

    if (error == SEPTET_OK) {
        (void)septet_option_set(server->stack, server->listener, SEPTET_OPTION_NODELAY, 1);
    }
    return error;
}

struct service *http_server_start(struct loop *loop, const struct http_server_options *options,
                                  char error[LINK_ERROR_TEXT])
{
    struct http_server *server = calloc(1, sizeof *server);
    int result;

    if (server == NULL ||
        (server->connection = calloc((size_t)options->connections + 1, sizeof *server->connection)) == NULL) {
        snprintf(error, LINK_ERROR_TEXT, "no memory for %u HTTP connections", options->connections);
        free(server);
        return NULL;
    }
    server->stack = loop->stack;
    server->slots = options->connections;
    server->bytes.limit = RESPONSE_MAX;
    server->service = (struct service){.event = on_event, .work = on_work, .stop = on_stop};
    server->root = http_root_open(options->directory);
    if (server->root < 0) {
        snprintf(error, LINK_ERROR_TEXT, "cannot serve '%s': %s", options->directory, strerror(errno));
        http_server_free(&server->service);
        return NULL;
    }
    result = start_listening(server, options->port);
    if (result != SEPTET_OK || !loop_add_service(loop, &server->service)) {
        snprintf(error, LINK_ERROR_TEXT, "cannot listen for HTTP on port %u: %s", options->port,
                 septet_error_text(result != SEPTET_OK ? result : SEPTET_NO_LISTENERS));
        http_server_free(&server->service);
        return NULL;
    }
    (void)septet_user_set(server->stack, server->listener, loop_user(&server->service, NOBODY));
    return &server->service;
}

void http_server_free(struct service *service)
{
    struct http_server *server = (struct http_server *)service;

    if (server == NULL) {
        return;
    }
    for (uint32_t slot = 1; slot <= server->used; slot++) {
        if (server->connection[slot].phase != PHASE_FREE) {
            end_response(&server->connection[slot]);
            free(server->connection[slot].partial);
        }
    }
    if (server->root >= 0) {
        close(server->root);
    }
    buffer_free(&server->bytes);
    free(server->connection);
    free(server);
}

uint64_t http_server_responses(const struct service *service)
{
    return ((const struct http_server *)service)->responses;
}
