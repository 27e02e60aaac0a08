#include "lab/text.h"

#include "base/memory.h"

struct slice slice_of(const char *text)
{
    uint32_t length = 0;

    while (text[length])
        length++;
    return (struct slice){text, length};
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

bool slice_is(struct slice slice, const char *text) { return slice_equal(slice, slice_of(text)); }

static char fold(char character)
{
    if (character >= 'A' && character <= 'Z')
        return (char)(character + ('a' - 'A'));
    return character == '_' ? '-' : character;
}

bool slice_is_name(struct slice slice, const char *text)
{
    struct slice other = slice_of(text);

    if (slice.length != other.length)
        return false;
    for (uint32_t i = 0; i < slice.length; i++)
        if (fold(slice.at[i]) != fold(other.at[i]))
            return false;
    return true;
}

bool slice_starts(struct slice slice, const char *text)
{
    struct slice start = slice_of(text);

    return slice.length >= start.length && memcmp(slice.at, start.at, start.length) == 0;
}

bool slice_word(struct slice *rest, struct slice *word)
{
    uint32_t start = 0;

    while (start < rest->length && (rest->at[start] == ' ' || rest->at[start] == '\t'))
        start++;
    uint32_t end = start;
    while (end < rest->length && rest->at[end] != ' ' && rest->at[end] != '\t')
        end++;
    *word = (struct slice){rest->at + start, end - start};
    *rest = (struct slice){rest->at + end, rest->length - end};
    return end > start;
}

static void split_at(struct slice whole, uint32_t at, struct slice *before, struct slice *after)
{
    *before = (struct slice){whole.at, at};
    *after = (struct slice){whole.at + at + 1, whole.length - at - 1};
}

bool slice_split(struct slice whole, char separator, struct slice *before, struct slice *after)
{
    for (uint32_t i = 0; i < whole.length; i++) {
        if (whole.at[i] == separator) {
            split_at(whole, i, before, after);
            return true;
        }
    }
    return false;
}

bool slice_split_last(struct slice whole, char separator, struct slice *before, struct slice *after)
{
    for (uint32_t i = whole.length; i > 0; i--) {
        if (whole.at[i - 1] == separator) {
            split_at(whole, i - 1, before, after);
            return true;
        }
    }
    return false;
}

void text_init(struct text *text, char *memory, uint32_t capacity)
{
    *text = (struct text){memory, capacity, 0};
    memory[0] = '\0';
}

void text_char(struct text *text, char character)
{
    if (text->length + 1 >= text->capacity)
        return;
    text->at[text->length++] = character;
    text->at[text->length] = '\0';
}

void text_slice(struct text *text, struct slice slice)
{
    for (uint32_t i = 0; i < slice.length; i++)
        text_char(text, slice.at[i]);
}

void text_put(struct text *text, const char *words) { text_slice(text, slice_of(words)); }

void text_padded(struct text *text, uint64_t number, uint32_t width, char fill)
{
    char digits[20];
    uint32_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    for (uint32_t i = count; i < width; i++)
        text_char(text, fill);
    while (count)
        text_char(text, digits[--count]);
}

void text_number(struct text *text, uint64_t number) { text_padded(text, number, 1, ' '); }

void text_signed(struct text *text, int64_t number)
{
    if (number < 0)
        text_char(text, '-');
    text_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void text_hex(struct text *text, uint64_t number, uint32_t digits)
{
    while (digits) {
        digits--;
        text_char(text, "0123456789abcdef"[number >> (4 * digits) & 15]);
    }
}

void text_seconds(struct text *text, int64_t nanoseconds, uint32_t decimals)
{
    uint64_t amount = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
    uint64_t unit = 1;

    if (nanoseconds < 0)
        text_char(text, '-');
    text_number(text, amount / 1000000000);
    if (decimals == 0)
        return;
    for (uint32_t i = decimals; i < 9; i++)
        unit *= 10;
    text_char(text, '.');
    text_padded(text, amount % 1000000000 / unit, decimals, '0');
}

void text_duration(struct text *text, int64_t nanoseconds)
{
    static const struct {
        uint64_t size;
        const char *name;
    } units[] = {{1000000000, " s"}, {1000000, " ms"}, {1000, " us"}, {1, " ns"}};
    uint64_t amount = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
    uint32_t unit = 0;

    if (nanoseconds < 0)
        text_char(text, '-');
    while (unit < 3 && amount < units[unit].size)
        unit++;
    text_number(text, amount / units[unit].size);
    uint64_t thousandths = unit < 3 ? amount % units[unit].size / (units[unit].size / 1000) : 0;
    if (thousandths) {
        uint32_t width = 3;
        while (thousandths % 10 == 0) {
            thousandths /= 10;
            width--;
        }
        text_char(text, '.');
        text_padded(text, thousandths, width, '0');
    }
    text_put(text, units[unit].name);
}

void text_address(struct text *text, const struct septet_address *address)
{
    char words[SEPTET_ADDRESS_TEXT];

    septet_address_format(address, words);
    text_put(text, words);
}
