#include "serve/datagram_echo.h"

#include "septet/datagram.h"

#include <stdio.h>
#include <stdlib.h>

#define TURN 256u
/* Two echo services that answer each other never end: ports below this are servers' and get no answer. */
#define CLIENT_PORTS 1024u

struct datagram_echo {
    struct service service;
    struct septet *stack;
    septet_handle socket;
    bool more; /* the turn ended before the queue did */
    uint8_t data[65536];
};

static void echo_all(struct datagram_echo *echo)
{
    echo->more = true;
    for (unsigned turn = 0; turn < TURN; turn++) {
        struct septet_datagram from;
        int64_t length = septet_datagram_receive(echo->stack, echo->socket, echo->data, sizeof echo->data, &from);

        if (length == SEPTET_AGAIN || length == SEPTET_STALE) {
            echo->more = false;
            return;
        }
        if (length >= 0 && from.from_port >= CLIENT_PORTS) {
            /* A full queue loses the answer, as any queue on the way may. */
            (void)septet_datagram_send(echo->stack, echo->socket, &from.from, from.from_port, echo->data,
                                       (size_t)length);
        }
    }
}

static void on_event(struct service *service, const struct septet_event *event)
{
    (void)event;
    echo_all((struct datagram_echo *)service);
}

static int64_t on_work(struct service *service, int64_t now)
{
    struct datagram_echo *echo = (struct datagram_echo *)service;

    if (echo->more) {
        echo_all(echo);
    }
    return echo->more ? now : SEPTET_NEVER;
}

struct service *datagram_echo_start(struct loop *loop, uint16_t port, char error[LINK_ERROR_TEXT])
{
    struct datagram_echo *echo = calloc(1, sizeof *echo);
    int result;

    if (echo == NULL) {
        snprintf(error, LINK_ERROR_TEXT, "no memory for UDP echo");
        return NULL;
    }
    echo->stack = loop->stack;
    echo->service = (struct service){.event = on_event, .work = on_work};
    result = septet_datagram_open(loop->stack, SEPTET_UDP, NULL, port, &echo->socket);
    if (result != SEPTET_OK || !loop_add_service(loop, &echo->service)) {
        snprintf(error, LINK_ERROR_TEXT, "cannot open UDP port %u for echo: %s", port,
                 septet_error_text(result != SEPTET_OK ? result : SEPTET_NO_SOCKETS));
        free(echo);
        return NULL;
    }
    (void)septet_user_set(loop->stack, echo->socket, loop_user(&echo->service, 0));
    return &echo->service;
}

void datagram_echo_free(struct service *service) { free(service); }
