#include "serve/stream_server.h"

#include "septet/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A connection is its handle and, for chargen, where it stands in the pattern. What one may do in a turn is limited;
 * one that could go on stands in the ready list. Peers that vanish are found by keep-alive. */
#define TURN (UINT64_C(256) << 10)
#define LISTENER 0 /* slots count from 1 */
#define NOBODY 0

/* RFC 864: 95 printing characters, 72 of them in a line, each line one further on: after 95 lines it begins again. */
#define CHARACTERS 95u
#define LINE 74u
#define PATTERN (CHARACTERS * LINE)

struct connection {
    septet_handle handle;
    uint32_t next; /* free or ready list */
    uint16_t at;   /* in the pattern */
    bool ready;
};

struct stream_server {
    struct service service;
    struct septet *stack;
    septet_handle listener;
    enum stream_kind kind;
    uint32_t slots, used, free, ready;
    struct connection *connection;
    char pattern[PATTERN];
};

enum outcome { BLOCKED, TURN_OVER, OVER };

const char *stream_name(enum stream_kind kind)
{
    return kind == STREAM_ECHO ? "echo" : kind == STREAM_DISCARD ? "discard" : "chargen";
}

static void make_pattern(char *pattern)
{
    for (uint32_t line = 0; line < CHARACTERS; line++) {
        for (uint32_t i = 0; i < LINE - 2; i++) {
            *pattern++ = (char)(' ' + (line + i) % CHARACTERS);
        }
        *pattern++ = '\r';
        *pattern++ = '\n';
    }
}

/* ---- what each kind does ---- */

static enum outcome outcome_of(int64_t error)
{
    return error == SEPTET_AGAIN || error == SEPTET_NO_PAGES ? BLOCKED : OVER;
}

static enum outcome echo(struct stream_server *server, struct connection *connection)
{
    for (uint64_t turn = 0; turn < TURN;) {
        const uint8_t *data;
        size_t length = 0;
        int64_t result = septet_receive_peek(server->stack, connection->handle, &data, &length);

        if (result <= 0) {
            return result == 0 ? OVER : outcome_of(result);
        }
        result = septet_send(server->stack, connection->handle, data, length, 0);
        if (result < 0) {
            return outcome_of(result);
        }
        (void)septet_receive_consume(server->stack, connection->handle, (size_t)result);
        turn += (uint64_t)result;
    }
    return TURN_OVER;
}

static enum outcome discard(struct stream_server *server, struct connection *connection)
{
    for (uint64_t turn = 0; turn < TURN;) {
        const uint8_t *data;
        size_t length = 0;
        int64_t result = septet_receive_peek(server->stack, connection->handle, &data, &length);

        if (result <= 0) {
            return result == 0 ? OVER : outcome_of(result);
        }
        (void)septet_receive_consume(server->stack, connection->handle, length);
        turn += length;
    }
    return TURN_OVER;
}

static enum outcome chargen(struct stream_server *server, struct connection *connection)
{
    enum outcome heard = discard(server, connection);

    if (heard == OVER) {
        return OVER;
    }
    for (uint64_t turn = 0; turn < TURN;) {
        int64_t taken = septet_send(server->stack, connection->handle, server->pattern + connection->at,
                                    PATTERN - connection->at, SEPTET_SEND_MORE);

        if (taken < 0) {
            return outcome_of(taken) == OVER ? OVER : heard;
        }
        connection->at = (uint16_t)((connection->at + (uint64_t)taken) % PATTERN);
        turn += (uint64_t)taken;
    }
    return TURN_OVER;
}

/* ---- connections ---- */

static void drop(struct stream_server *server, uint32_t slot, bool abort)
{
    struct connection *connection = &server->connection[slot];

    if (abort) {
        (void)septet_abort(server->stack, connection->handle);
    } else {
        (void)septet_close(server->stack, connection->handle);
    }
    connection->handle = 0;
    if (!connection->ready) {
        connection->next = server->free;
        server->free = slot;
    }
}

static void progress(struct stream_server *server, uint32_t slot)
{
    struct connection *connection = &server->connection[slot];
    enum outcome outcome = server->kind == STREAM_ECHO      ? echo(server, connection)
                           : server->kind == STREAM_DISCARD ? discard(server, connection)
                                                            : chargen(server, connection);

    if (outcome == OVER) {
        drop(server, slot, false);
    } else if (outcome == TURN_OVER && !connection->ready) {
        connection->ready = true;
        connection->next = server->ready;
        server->ready = slot;
    }
}

static uint32_t take_slot(struct stream_server *server)
{
    uint32_t slot = server->free;

    if (slot != NOBODY) {
        server->free = server->connection[slot].next;
    } else if (server->used < server->slots) {
        slot = ++server->used;
    }
    return slot;
}

static void accept_all(struct stream_server *server)
{
    septet_handle handle;

    while (septet_accept(server->stack, server->listener, &handle) == SEPTET_OK) {
        uint32_t slot = take_slot(server);

        if (slot == NOBODY) {
            (void)septet_abort(server->stack, handle);
            continue;
        }
        server->connection[slot] = (struct connection){.handle = handle};
        (void)septet_user_set(server->stack, handle, loop_user(&server->service, slot));
        progress(server, slot);
    }
}

static void on_event(struct service *service, const struct septet_event *event)
{
    struct stream_server *server = (struct stream_server *)service;
    uint32_t slot = loop_slot(event);

    if (event->handle == server->listener) {
        accept_all(server);
    } else if (slot != NOBODY && slot <= server->used && server->connection[slot].handle == event->handle) {
        if ((event->events & SEPTET_EVENT_CLOSED) != 0) {
            drop(server, slot, false);
        } else {
            progress(server, slot);
        }
    }
}

static int64_t on_work(struct service *service, int64_t now)
{
    struct stream_server *server = (struct stream_server *)service;
    uint32_t slot = server->ready;

    server->ready = NOBODY;
    while (slot != NOBODY) {
        struct connection *connection = &server->connection[slot];
        uint32_t following = connection->next;

        connection->ready = false;
        if (connection->handle == 0) {
            connection->next = server->free;
            server->free = slot;
        } else {
            progress(server, slot);
        }
        slot = following;
    }
    return server->ready != NOBODY ? now : SEPTET_NEVER;
}

static void on_stop(struct service *service)
{
    struct stream_server *server = (struct stream_server *)service;

    (void)septet_close(server->stack, server->listener);
    for (uint32_t slot = 1; slot <= server->used; slot++) {
        if (server->connection[slot].handle != 0) {
            drop(server, slot, true);
        }
    }
}

/* ---- start and end ---- */

static int start_listening(struct stream_server *server, uint16_t port)
{
    int error = septet_listen(server->stack, NULL, port, 1024, &server->listener);

    if (error == SEPTET_OK) {
        (void)septet_option_set(server->stack, server->listener, SEPTET_OPTION_NODELAY, 1);
        (void)septet_option_set(server->stack, server->listener, SEPTET_OPTION_KEEPALIVE, 1);
        (void)septet_option_set(server->stack, server->listener, SEPTET_OPTION_KEEPALIVE_IDLE, 120 * SEPTET_SECOND);
    }
    return error;
}

struct service *stream_server_start(struct loop *loop, enum stream_kind kind, uint16_t port, uint32_t connections,
                                    char error[LINK_ERROR_TEXT])
{
    struct stream_server *server = calloc(1, sizeof *server);
    int result;

    if (server == NULL || (server->connection = calloc((size_t)connections + 1, sizeof *server->connection)) == NULL) {
        snprintf(error, LINK_ERROR_TEXT, "no memory for %u %s connections", connections, stream_name(kind));
        free(server);
        return NULL;
    }
    server->stack = loop->stack;
    server->kind = kind;
    server->slots = connections;
    server->service = (struct service){.event = on_event, .work = on_work, .stop = on_stop};
    make_pattern(server->pattern);
    result = start_listening(server, port);
    if (result != SEPTET_OK || !loop_add_service(loop, &server->service)) {
        snprintf(error, LINK_ERROR_TEXT, "cannot listen for %s on port %u: %s", stream_name(kind), port,
                 septet_error_text(result != SEPTET_OK ? result : SEPTET_NO_LISTENERS));
        stream_server_free(&server->service);
        return NULL;
    }
    (void)septet_user_set(server->stack, server->listener, loop_user(&server->service, LISTENER));
    return &server->service;
}

void stream_server_free(struct service *service)
{
    struct stream_server *server = (struct stream_server *)service;

    if (server != NULL) {
        free(server->connection);
        free(server);
    }
}
