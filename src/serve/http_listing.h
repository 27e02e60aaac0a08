#ifndef SEPTET_SERVE_HTTP_LISTING_H
#define SEPTET_SERVE_HTTP_LISTING_H

#include "serve/buffer.h"

/* Writes the page of a directory: its entries by name, directories first, HTTP_LISTING_MAX at most. `path` is relative
 * to the root, "" or with a slash at its end; the descriptor stays the caller's. False with errno when it cannot be
 * read. */
#define HTTP_LISTING_MAX 10000
bool http_listing(int directory, const char *path, struct buffer *page);

#endif
