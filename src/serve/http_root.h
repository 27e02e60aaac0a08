#ifndef SEPTET_SERVE_HTTP_ROOT_H
#define SEPTET_SERVE_HTTP_ROOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* The directory that is served. Nothing outside it is ever opened, whatever a path or a symbolic link says. */

/* A descriptor of the directory, or -1 with errno. */
int http_root_open(const char *directory);

/* Opens what a relative path ("" is the root itself) names, for reading. The descriptor, with *status filled in, or
 * -1 with errno: EXDEV or ELOOP for a link that leads outside, EACCES for what is neither file nor directory. */
int http_root_find(int root, const char *path, struct stat *status);

/* The media type by the name's suffix. Static. */
const char *http_media_type(const char *path);

/* Room for an entity tag with its quotes. */
#define HTTP_TAG_TEXT 64
/* A strong validator of a file: changes with its time, its size or when another file takes its place. */
void http_tag(const struct stat *status, char tag[HTTP_TAG_TEXT]);
/* True when a field's list of entity tags names this one, or is "*". `weak`: W/ makes no difference. */
bool http_tag_listed(const char *list, const char *tag, bool weak);

#endif
