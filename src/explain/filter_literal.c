#include "base/bytes.h"
#include "explain/filter_program.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NANOSECONDS INT64_C(1000000000)
#define IPV4_MAPPED 12 /* bytes before the four in a struct septet_address */

const char *filter_type_text(uint8_t type)
{
    static const char *const texts[] = {
        "something that is there or not",
        "a protocol",
        "a number",
        "true or false",
        "a number",
        "a time in seconds",
        "a date and time",
        "an IPv4 address",
        "an IPv6 address",
        "a MAC address",
        "bytes",
        "text",
    };
    return texts[type];
}

static uint32_t digit_of(char c)
{
    return c >= '0' && c <= '9'        ? (uint32_t)(c - '0')
           : isalpha((unsigned char)c) ? (uint32_t)(c | 0x20) - 'a' + 10
                                       : 99;
}

/* Decimal, 0x…, 0b… and 0… */
static bool read_number(const char *text, uint32_t length, uint64_t *number)
{
    uint32_t at = 0, base = 10;
    if (length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
        base = 16;
        at = 2;
    } else if (length > 2 && text[0] == '0' && (text[1] | 0x20) == 'b') {
        base = 2;
        at = 2;
    } else if (length > 1 && text[0] == '0') {
        base = 8;
        at = 1;
    }
    *number = 0;
    for (; at < length; at++) {
        uint32_t digit = digit_of(text[at]);
        if (digit >= base || *number > (UINT64_MAX - digit) / base)
            return false;
        *number = *number * base + digit;
    }
    return length > 0;
}

/* Digits of which there may be at most `most`; returns how many. */
static uint32_t read_digits(const char *text, uint32_t length, uint32_t most, int64_t *number)
{
    uint32_t at = 0;
    for (*number = 0; at < length && at < most && text[at] >= '0' && text[at] <= '9'; at++)
        *number = *number * 10 + (text[at] - '0');
    return at;
}

/* ".5" of a second */
static bool read_fraction(const char *text, uint32_t length, int64_t *nanoseconds)
{
    int64_t unit = NANOSECONDS;
    *nanoseconds = 0;
    for (uint32_t i = 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        unit /= 10;
        *nanoseconds += unit * (text[i] - '0');
    }
    return length == 0 || (text[0] == '.' && length > 1);
}

static bool read_time(const char *text, uint32_t length, int64_t *time)
{
    bool negative = length > 0 && text[0] == '-';
    uint32_t at = negative;
    int64_t seconds, fraction;
    uint32_t digits = read_digits(text + at, length - at, 10, &seconds);
    at += digits;
    if ((digits == 0 && at == length) || seconds > INT64_MAX / NANOSECONDS - 1 ||
        !read_fraction(text + at, length - at, &fraction))
        return false;
    *time = seconds * NANOSECONDS + fraction;
    if (negative)
        *time = -*time;
    return true;
}

/* Days since 1970-01-01 of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = year - (month <= 2);
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400, of_era = shifted - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "2024-05-01", then "12:30" or "12:30:05.25" behind a space or T, then Z or +02:00: in UTC when nothing else is said.
 */
static bool read_date(const char *text, uint32_t length, int64_t *time)
{
    static const char separators[] = "-- :::";
    static const uint8_t widths[] = {4, 2, 2, 2, 2, 2};
    int64_t part[6] = {0, 0, 0, 0, 0, 0}, fraction = 0, offset = 0, minutes = 0;
    uint32_t at = 0, count = 0;
    for (; count < 6 && at < length; count++) {
        if (count > 0) {
            bool separated = text[at] == separators[count - 1] || (count == 3 && text[at] == 'T');
            if (!separated)
                break;
            at++;
        }
        if (read_digits(text + at, length - at, widths[count], &part[count]) != widths[count])
            return false;
        at += widths[count];
    }
    if (count < 3 || count == 4 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31 || part[3] > 23 ||
        part[4] > 59 || part[5] > 60 || part[0] < 1678 || part[0] > 2261)
        return false;
    uint32_t end = at;
    while (end < length && (text[end] == '.' || isdigit((unsigned char)text[end])))
        end++;
    if (!read_fraction(text + at, end - at, &fraction) || (end > at && count < 6))
        return false;
    if (length - end == 6 && (text[end] == '+' || text[end] == '-') && text[end + 3] == ':') {
        if (read_digits(text + end + 1, 2, 2, &offset) != 2 || read_digits(text + end + 4, 2, 2, &minutes) != 2)
            return false;
        offset = (text[end] == '-' ? -1 : 1) * (offset * 60 + minutes) * 60;
    } else if (length != end && !(length - end == 1 && text[end] == 'Z')) {
        return false;
    }
    *time =
        (((days_of(part[0], part[1], part[2]) * 24 + part[3]) * 60 + part[4]) * 60 + part[5] - offset) * NANOSECONDS +
        fraction;
    return true;
}

/* Pairs of hexadecimal digits, with ":", "-" or "." between all of them, or nothing, or 0x before them. Returns how
 * many, or -1. */
static int read_hex(const char *text, uint32_t length, uint8_t *to, uint32_t room)
{
    uint32_t count = 0, at = length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x' ? 2 : 0;
    char separator = at == 0 && length > 2 && strchr(":-.", text[2]) != NULL ? text[2] : '\0';
    if (at == 0 && separator == '\0' && length > 4 && text[4] == '.')
        separator = '.';
    uint32_t group = 0;
    for (; at < length; at += 2) {
        if (separator != '\0' && group > 0 && text[at] == separator) {
            at++;
            group = 0;
        } else if (separator != '\0' && separator != '.' && group > 0) {
            return -1;
        }
        if (at + 1 >= length || digit_of(text[at]) > 15 || digit_of(text[at + 1]) > 15 || count == room)
            return -1;
        to[count++] = (uint8_t)(digit_of(text[at]) << 4 | digit_of(text[at + 1]));
        group++;
    }
    return (int)count;
}

/* A string's escapes: \n, \t, \x41, \\ … What is no escape stays as it is, for the sake of expressions. */
static uint32_t read_escapes(const char *text, uint32_t length, uint8_t *to)
{
    static const char letters[] = "abfnrtv\\\"'", values[] = "\a\b\f\n\r\t\v\\\"'";
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++) {
        const char *letter = text[i] == '\\' && i + 1 < length ? strchr(letters, text[i + 1]) : NULL;
        if (letter != NULL) {
            to[count++] = (uint8_t)values[letter - letters];
            i++;
        } else if (text[i] == '\\' && i + 3 < length && text[i + 1] == 'x' && digit_of(text[i + 2]) < 16 &&
                   digit_of(text[i + 3]) < 16) {
            to[count++] = (uint8_t)(digit_of(text[i + 2]) << 4 | digit_of(text[i + 3]));
            i += 3;
        } else {
            to[count++] = (uint8_t)text[i];
        }
    }
    return count;
}

static bool read_address(const char *text, uint32_t length, uint8_t type, uint8_t *to, uint8_t *prefix)
{
    const char *slash = memchr(text, '/', length);
    uint32_t own = slash != NULL ? (uint32_t)(slash - text) : length, bits = type == filter_ipv4 ? 32 : 128;
    struct septet_address address;
    if (!septet_address_parse(text, own, &address) || septet_address_is_ipv4(&address) != (type == filter_ipv4))
        return false;
    if (slash != NULL) {
        int64_t number;
        uint32_t digits = read_digits(slash + 1, length - own - 1, 3, &number);
        if (digits == 0 || own + 1 + digits != length || number > bits)
            return false;
        *prefix = (uint8_t)number;
    }
    memcpy(to, type == filter_ipv4 ? address.bytes + IPV4_MAPPED : address.bytes, bits / 8);
    return true;
}

static bool read_boolean(const char *text, uint32_t length, uint64_t *number)
{
    static const char *const words[] = {"false", "true"};
    for (uint32_t i = 0; i < 4; i++) {
        const char *word = words[i / 2];
        if (strlen(word) != length)
            continue;
        bool same = true;
        for (uint32_t at = 0; at < length; at++)
            same = same && ((text[at] | 0x20) == word[at]);
        if (same) {
            *number = i / 2;
            return true;
        }
    }
    if (!read_number(text, length, number))
        return false;
    *number = *number != 0;
    return true;
}

static bool read_bytes(const char *text, uint32_t length, uint8_t *to, uint32_t *count)
{
    int hex = read_hex(text, length, to, FILTER_TEXT_MOST);
    uint64_t number;
    if (hex > 0) {
        *count = (uint32_t)hex;
        return true;
    }
    if (!read_number(text, length, &number) || number > 255)
        return false;
    to[0] = (uint8_t)number;
    *count = 1;
    return true;
}

static bool read_as(const char *text, uint32_t length, bool quoted, uint8_t type, uint8_t *to,
                    struct filter_value *value)
{
    value->bytes = to;
    switch (type) {
    case filter_number:
        return read_number(text, length, &value->number);
    case filter_signed:
        if (length > 1 && text[0] == '-') {
            bool good = read_number(text + 1, length - 1, &value->number) && value->number <= INT32_MAX;
            value->signed_number = -(int64_t)value->number;
            return good;
        }
        return read_number(text, length, &value->number) && value->number <= INT64_MAX;
    case filter_boolean:
        return read_boolean(text, length, &value->number);
    case filter_time:
        return read_time(text, length, &value->signed_number);
    case filter_date:
        return read_date(text, length, &value->signed_number);
    case filter_ipv4:
    case filter_ipv6:
        value->length = type == filter_ipv4 ? 4 : 16;
        return read_address(text, length, type, to, &value->prefix);
    case filter_mac:
        value->length = 6;
        return read_hex(text, length, to, 6) == 6;
    case filter_bytes:
    case filter_protocol:
        if (quoted)
            value->length = read_escapes(text, length, to);
        else if (!read_bytes(text, length, to, &value->length))
            return false;
        value->type = filter_bytes;
        return true;
    case filter_text:
        if (quoted) {
            value->length = read_escapes(text, length, to);
        } else {
            memcpy(to, text, length);
            value->length = length;
        }
        return true;
    default:
        return false;
    }
}

bool filter_literal(struct filter *filter, const char *text, uint32_t length, bool quoted, uint8_t type,
                    struct filter_value *value, char message[200])
{
    uint8_t *to = filter->bytes + filter->byte_count;
    *value = (struct filter_value){.type = type, .prefix = FILTER_NO_PREFIX};
    if (!read_as(text, length, quoted, type, to, value)) {
        snprintf(message, 200, "\"%.*s\" is not %s", (int)(length < 80 ? length : 80), text, filter_type_text(type));
        return false;
    }
    filter->byte_count += value->length;
    return true;
}
