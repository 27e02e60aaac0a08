#ifndef SEPTET_SERVE_HTTP_DATE_H
#define SEPTET_SERVE_HTTP_DATE_H

#include <stdbool.h>
#include <time.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL. */
#define HTTP_DATE_TEXT 30

/* RFC 9110 5.6.7, IMF-fixdate. A year beyond 9999 is written as 9999. */
void http_date_format(time_t time, char text[HTTP_DATE_TEXT]);
/* Reads IMF-fixdate and the two obsolete forms. False for anything else. */
bool http_date_parse(const char *text, time_t *time);

#endif
