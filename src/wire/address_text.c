#include "base/bytes.h"
#include "base/memory.h"
#include "wire/ip.h"

/* A text being read; characters before `at` are consumed. */
struct reader {
    const char *text;
    size_t length, at;
};

static bool accept(struct reader *reader, char c)
{
    if (reader->at == reader->length || reader->text[reader->at] != c)
        return false;
    reader->at++;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One to `most` digits of the base at the reader; returns how many, 0 for none. */
static size_t read_digits(struct reader *reader, int base, size_t most, uint32_t *value)
{
    size_t digits = 0;
    *value = 0;
    while (digits < most && reader->at < reader->length) {
        int digit = hex_value(reader->text[reader->at]);
        if (digit < 0 || digit >= base)
            break;
        *value = *value * (uint32_t)base + (uint32_t)digit;
        reader->at++;
        digits++;
    }
    return digits;
}

/* Four decimal numbers without leading zeros (which some readers take for octal), to the end of the text. */
static bool read_quad(struct reader *reader, uint8_t quad[4])
{
    for (int i = 0; i < 4; i++) {
        uint32_t value;
        size_t start = reader->at;
        size_t digits = read_digits(reader, 10, 3, &value);
        if (digits == 0 || value > 255 || (digits > 1 && reader->text[start] == '0'))
            return false;
        quad[i] = (uint8_t)value;
        if (i < 3 && !accept(reader, '.'))
            return false;
    }
    return reader->at == reader->length;
}

/* The groups of an IPv6 text; `gap` is where "::" stood, NO_GAP when it did not. */
#define NO_GAP 9
struct groups {
    uint16_t values[8];
    uint32_t count, gap;
};

/* One group, or a dotted quad as the last two; *last when the text ends behind it. */
static bool read_group(struct reader *reader, struct groups *groups, bool *last)
{
    uint32_t value;
    size_t start = reader->at;
    if (groups->count == 8 || read_digits(reader, 16, 4, &value) == 0)
        return false;
    *last = reader->at == reader->length;
    if (!*last && reader->text[reader->at] == '.') {
        uint8_t quad[4];
        reader->at = start;
        if (groups->count > 6 || !read_quad(reader, quad))
            return false;
        groups->values[groups->count++] = load16(quad);
        groups->values[groups->count++] = load16(quad + 2);
        *last = true;
        return true;
    }
    groups->values[groups->count++] = (uint16_t)value;
    return true;
}

static bool read_groups(struct reader *reader, struct groups *groups)
{
    bool last = false;
    if (accept(reader, ':')) {
        if (!accept(reader, ':'))
            return false;
        groups->gap = 0;
        last = reader->at == reader->length;
    }
    while (!last) {
        if (!read_group(reader, groups, &last))
            return false;
        if (last)
            break;
        if (!accept(reader, ':'))
            return false;
        if (accept(reader, ':')) {
            if (groups->gap != NO_GAP)
                return false;
            groups->gap = groups->count;
            last = reader->at == reader->length;
        }
    }
    return groups->gap == NO_GAP ? groups->count == 8 : groups->count < 8;
}

static bool read_ipv6(struct reader *reader, struct septet_address *address)
{
    struct groups groups = {.gap = NO_GAP};
    if (!read_groups(reader, &groups))
        return false;
    *address = (struct septet_address){{0}};
    uint32_t missing = 8 - groups.count;
    for (uint32_t i = 0; i < groups.count; i++) {
        uint32_t position = i < groups.gap ? i : i + missing;
        store16(address->bytes + 2 * position, groups.values[i]);
    }
    return true;
}

bool septet_address_parse(const char *text, size_t length, struct septet_address *address)
{
    struct reader reader = {.text = text, .length = length};
    uint8_t quad[4];
    if (read_quad(&reader, quad)) {
        *address = septet_address_ipv4(quad[0], quad[1], quad[2], quad[3]);
        return true;
    }
    reader.at = 0;
    return read_ipv6(&reader, address);
}

static size_t write_number(char *to, uint32_t value, uint32_t base)
{
    char digits[5];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (size_t i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    return count;
}

static size_t write_quad(char *to, const uint8_t quad[4])
{
    size_t length = 0;
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            to[length++] = '.';
        length += write_number(to + length, quad[i], 10);
    }
    return length;
}

/* RFC 5952 section 4.2: the first of the longest runs of two or more zero groups. */
static uint32_t longest_zero_run(const uint8_t bytes[16], uint32_t *start)
{
    uint32_t best = 1, run = 0;
    *start = 8;
    for (uint32_t i = 0; i < 8; i++) {
        run = load16(bytes + 2 * i) == 0 ? run + 1 : 0;
        if (run > best) {
            best = run;
            *start = i + 1 - run;
        }
    }
    return *start == 8 ? 0 : best;
}

static size_t write_ipv6(char *to, const uint8_t bytes[16])
{
    uint32_t gap;
    uint32_t gap_length = longest_zero_run(bytes, &gap);
    size_t length = 0;
    for (uint32_t i = 0; i < 8; i++) {
        if (i == gap) {
            to[length++] = ':';
            to[length++] = ':';
            i += gap_length - 1;
            continue;
        }
        if (i > 0 && i != gap + gap_length)
            to[length++] = ':';
        length += write_number(to + length, load16(bytes + 2 * i), 16);
    }
    return length;
}

size_t septet_address_format(const struct septet_address *address, char text[SEPTET_ADDRESS_TEXT])
{
    size_t length =
        septet_address_is_ipv4(address) ? write_quad(text, address->bytes + 12) : write_ipv6(text, address->bytes);
    text[length] = 0;
    return length;
}
