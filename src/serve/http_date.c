#include "serve/http_date.h"

#include <stdio.h>
#include <string.h>

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

static int month_number(const char *name)
{
    for (int i = 0; i < 12; i++) {
        if (strncmp(name, months[i], 3) == 0) {
            return i;
        }
    }
    return -1;
}

bool http_date_parse(const char *text, time_t *time)
{
    struct tm tm = {0};
    char month[4] = "";
    const char *comma = strchr(text, ',');
    int end = -1;
    bool two_digits = false;

    if (comma == NULL) {
        /* asctime: Sun Nov  6 08:49:37 1994 */
        (void)sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
                     &tm.tm_sec, &tm.tm_year, &end);
    } else if (strlen(comma) > 5 && comma[4] == '-') {
        /* RFC 850: Sunday, 06-Nov-94 08:49:37 GMT */
        (void)sscanf(comma + 1, " %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour,
                     &tm.tm_min, &tm.tm_sec, &end);
        two_digits = true;
        comma++;
        text = comma;
    } else {
        (void)sscanf(comma + 1, " %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour,
                     &tm.tm_min, &tm.tm_sec, &end);
        text = comma + 1;
    }
    tm.tm_mon = month_number(month);
    if (end < 0 || text[end] != '\0' || tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 ||
        tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60 || tm.tm_year < 0) {
        return false;
    }
    if (two_digits) {
        tm.tm_year += tm.tm_year < 70 ? 2000 : 1900;
    }
    tm.tm_year -= 1900;
    *time = timegm(&tm);
    return true;
}
