#ifndef SEPTET_SERVE_HTTP_URL_H
#define SEPTET_SERVE_HTTP_URL_H

#include "septet/address.h"

/* An address of the web with a numeric host. */
struct http_url {
    struct septet_address host;
    uint16_t port;
    char authority[SEPTET_ADDRESS_TEXT + 10]; /* for the Host field: brackets around IPv6, the port unless it is 80 */
    const char *target;                       /* path and query within the text that was read; "" stands for "/" */
    size_t target_length;
};

/* Reads "http://10.7.0.1:8080/path?query" or "http://[fd07::1]/path". NULL, or a phrase that tells what is wrong. */
const char *http_url_read(const char *text, struct http_url *url);

#endif
