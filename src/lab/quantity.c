#include "lab/quantity.h"

#include "base/arithmetic.h"

struct unit {
    const char *name;
    uint64_t size;
};

/* Digits with at most nine decimals: value = mantissa / 10^decimals. */
struct decimal {
    uint64_t mantissa;
    uint32_t decimals;
};

static bool is_digit(char character) { return character >= '0' && character <= '9'; }

static bool read_digits(struct slice *text, struct decimal *number, bool fraction)
{
    bool any = false;

    while (text->length && is_digit(*text->at)) {
        uint64_t digit = (uint64_t)(*text->at - '0');
        if (number->mantissa > (UINT64_MAX - digit) / 10 || (fraction && number->decimals == 9))
            return false;
        number->mantissa = number->mantissa * 10 + digit;
        number->decimals += fraction;
        text->at++;
        text->length--;
        any = true;
    }
    return any;
}

static bool read_decimal(struct slice *text, struct decimal *number)
{
    *number = (struct decimal){0, 0};
    if (!read_digits(text, number, false))
        return false;
    if (text->length && *text->at == '.') {
        text->at++;
        text->length--;
        return read_digits(text, number, true);
    }
    return true;
}

static bool scale(struct decimal number, uint64_t unit, uint64_t *value)
{
    uint64_t whole = number.mantissa;
    uint64_t divisor = 1;

    for (uint32_t i = 0; i < number.decimals; i++)
        divisor *= 10;
    uint64_t rest = whole % divisor;
    whole /= divisor;
    const uint64_t part = mul_div_u64(rest, unit, divisor);
    const uint64_t most = (UINT64_MAX - part) / unit;
    if (whole > most)
        return false;
    *value = whole * unit + part;
    return true;
}

static bool read_quantity(struct slice text, const struct unit *units, uint32_t count, uint64_t limit, uint64_t *value)
{
    struct decimal number;
    uint64_t result;

    if (!read_decimal(&text, &number))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (slice_is_name(text, units[i].name)) {
            if (units[i].size == 1 && number.decimals)
                return false;
            if (!scale(number, units[i].size, &result) || result > limit)
                return false;
            *value = result;
            return true;
        }
    }
    return false;
}

#define READ(text, units, limit, value) read_quantity(text, units, sizeof(units) / sizeof((units)[0]), limit, value)

bool quantity_duration(struct slice text, int64_t *value)
{
    static const struct unit units[] = {{"ns", 1},
                                        {"us", 1000},
                                        {"ms", 1000000},
                                        {"s", 1000000000},
                                        {"min", UINT64_C(60000000000)},
                                        {"h", UINT64_C(3600000000000)},
                                        {"d", UINT64_C(86400000000000)}};
    uint64_t result = 0;

    if (!slice_is(text, "0") && !READ(text, units, INT64_MAX / 4, &result))
        return false;
    *value = (int64_t)result;
    return true;
}

bool quantity_size(struct slice text, uint64_t *value)
{
    static const struct unit units[] = {{"", 1},           {"b", 1},        {"k", 1000},     {"m", 1000000},
                                        {"g", 1000000000}, {"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}};

    return READ(text, units, UINT64_C(1) << 48, value);
}

bool quantity_rate(struct slice text, uint64_t *value)
{
    static const struct unit units[] = {{"bit", 1}, {"kbit", 1000}, {"mbit", 1000000}, {"gbit", 1000000000}};

    if (slice_is(text, "unlimited") || slice_is(text, "0")) {
        *value = 0;
        return true;
    }
    return READ(text, units, UINT64_C(1) << 48, value);
}

bool quantity_probability(struct slice text, uint32_t *value)
{
    static const struct unit units[] = {{"%", 10000}, {"ppm", 1}, {"", 1000000}};
    uint64_t result;

    if (!READ(text, units, 1000000, &result))
        return false;
    *value = (uint32_t)result;
    return true;
}

bool quantity_integer(struct slice text, int64_t *value)
{
    bool negative = text.length && *text.at == '-';
    struct decimal number = {0, 0};

    if (negative || (text.length && *text.at == '+')) {
        text.at++;
        text.length--;
    }
    if (!read_digits(&text, &number, false) || text.length || number.mantissa > INT64_MAX)
        return false;
    *value = negative ? -(int64_t)number.mantissa : (int64_t)number.mantissa;
    return true;
}

bool quantity_switch(struct slice text, bool *value)
{
    static const char *const yes[] = {"true", "yes", "on"};
    static const char *const no[] = {"false", "no", "off"};

    for (uint32_t i = 0; i < 3; i++) {
        if (slice_is_name(text, yes[i]) || slice_is_name(text, no[i])) {
            *value = slice_is_name(text, yes[i]);
            return true;
        }
    }
    return false;
}
