#ifndef SEPTET_SERVE_HTTP_RESPONSE_H
#define SEPTET_SERVE_HTTP_RESPONSE_H

#include "serve/buffer.h"
#include "serve/http_request.h"

/* What is answered: bytes in memory, then a part of a file. */
struct http_response {
    struct buffer *bytes; /* status line, fields, and a body that is not a file's */
    int file;             /* -1: none; the caller closes it */
    uint64_t offset, left;
    uint16_t status;
    bool close; /* the connection, after this */
};

/* Answers a request with a file, page or error from the directory `root`; `bytes` is cleared first. A response whose
 * buffer has `failed` set must not be sent. */
void http_respond(int root, const struct http_request *request, struct buffer *bytes, struct http_response *response);

/* Answers with an error and the end of the connection, when there is no good request to look at. */
void http_refuse(uint16_t status, struct buffer *bytes, struct http_response *response);

#endif
