#ifndef SEPTET_SERVE_HTTP_SERVER_H
#define SEPTET_SERVE_HTTP_SERVER_H

#include "serve/loop.h"

/* A static-file HTTP/1.1 server (RFC 9110, 9112). Files go from the page cache straight into the stack's send
 * buffers. An idle connection costs its slot and nothing else; a half-read request as much as was read of it. */
struct http_server;

struct http_server_options {
    const char *directory;
    uint16_t port;
    uint32_t connections; /* at once; more are refused */
};

/* Starts to serve. NULL on failure, with a sentence in `error`. */
struct service *http_server_start(struct loop *loop, const struct http_server_options *options,
                                  char error[LINK_ERROR_TEXT]);
/* Gives back its memory. Its connections are the stack's affair: stop the loop first. NULL is nothing. */
void http_server_free(struct service *service);

/* Responses so far. */
uint64_t http_server_responses(const struct service *service);

#endif
