#include "serve/http_date.h"

#include <stddef.h>
#include <stdio.h>

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void http_date_format(time_t time, char text[HTTP_DATE_TEXT])
{
    struct tm tm = {0};

    if (gmtime_r(&time, &tm) == NULL || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900) {
        tm = (struct tm){.tm_mday = 31, .tm_mon = 11, .tm_year = 9999 - 1900, .tm_wday = 5};
    }
    snprintf(text, HTTP_DATE_TEXT, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days[(unsigned)tm.tm_wday % 7],
             (unsigned)tm.tm_mday % 100, months[(unsigned)tm.tm_mon % 12], (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

bool http_date_parse(const char *text, time_t *time)
{
    /* IMF-fixdate, RFC 850 and asctime(). */
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);

        if (end != NULL && *end == '\0') {
            *time = timegm(&tm);
            return true;
        }
    }
    return false;
}
