#ifndef SEPTET_SERVE_PING_H
#define SEPTET_SERVE_PING_H

#include "serve/loop.h"

struct ping_options {
    struct septet_address target;
    uint32_t count;   /* 0: until interrupted */
    int64_t interval; /* between requests, ns */
    int64_t timeout;  /* for the last answers, ns */
    uint32_t size;    /* bytes of data, at most PING_SIZE_MAX */
    bool quiet;       /* only the summary */
};

#define PING_SIZE_MAX 65507

struct ping_result {
    uint64_t sent, received, duplicates, errors;
    int64_t minimum, maximum, sum; /* round-trip times, ns */
};

/* Sends echo requests and prints a line for each answer and a summary to standard output. False, with a sentence in
 * `error`, when it could not begin or a link failed. */
bool ping_run(struct loop *loop, const struct ping_options *options, struct ping_result *result,
              char error[LINK_ERROR_TEXT]);

#endif
