#ifndef SEPTET_SERVE_HTTP_PATH_H
#define SEPTET_SERVE_HTTP_PATH_H

#include <stddef.h>

/* Which file a request names. */

#define HTTP_PATH_MAX 4096

enum http_path_result {
    HTTP_PATH_GOOD,
    HTTP_PATH_MALFORMED, /* not a path, a bad percent-encoding, or a NUL in it */
    HTTP_PATH_OUTSIDE,   /* climbs above the root */
    HTTP_PATH_TOO_LONG
};

/* Reads a request target (RFC 9112 3.2: origin or absolute form): leaves out query and fragment, undoes
 * percent-encoding, then takes "." and ".." and doubled slashes out. `path` gets a relative path, "" for the root, with
 * a slash at the end when the target has one there. */
enum http_path_result http_path_read(const char *target, size_t length, char path[HTTP_PATH_MAX]);

#endif
