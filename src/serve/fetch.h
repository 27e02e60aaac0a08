#ifndef SEPTET_SERVE_FETCH_H
#define SEPTET_SERVE_FETCH_H

#include "serve/http_url.h"
#include "serve/loop.h"

/* An HTTP/1.1 client for one file. */
struct fetch_options {
    struct http_url url;
    const char *path; /* where to write; NULL: standard output */
    bool resume;      /* go on where the file ends; needs a path */
    bool quiet;       /* neither progress nor summary */
    int64_t timeout;  /* without any progress, ns */
};

/* Fetches: runs the loop until it is over, draws progress and writes a summary to standard error.
 * True when the file is complete; otherwise a sentence in `error`. */
bool fetch_run(struct loop *loop, const struct fetch_options *options, char error[LINK_ERROR_TEXT]);

#endif
