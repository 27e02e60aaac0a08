#ifndef SEPTET_SERVE_STREAM_SERVER_H
#define SEPTET_SERVE_STREAM_SERVER_H

#include "serve/loop.h"

/* The old services over TCP. */
enum stream_kind {
    STREAM_ECHO,    /* RFC 862: sends back what comes; closes when the peer has closed and has it all back */
    STREAM_DISCARD, /* RFC 863: throws away what comes */
    STREAM_CHARGEN, /* RFC 864: sends lines of 72 characters without end; throws away what comes */
};

/* Starts one of them. NULL on failure, with a sentence in `error`. */
struct service *stream_server_start(struct loop *loop, enum stream_kind kind, uint16_t port, uint32_t connections,
                                    char error[LINK_ERROR_TEXT]);
/* Gives back its memory; stop the loop first. NULL is nothing. */
void stream_server_free(struct service *service);

/* "echo", "discard", "chargen". Static. */
const char *stream_name(enum stream_kind kind);

#endif
