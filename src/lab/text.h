#ifndef SEPTET_LAB_TEXT_H
#define SEPTET_LAB_TEXT_H

#include "septet/address.h"

/* ---- reading ---- */

/* A piece of somebody's text. */
struct slice {
    const char *at;
    uint32_t length;
};

/* A slice of a NUL-terminated text. */
struct slice slice_of(const char *text);
bool slice_is(struct slice slice, const char *text);
bool slice_equal(struct slice a, struct slice b);
/* As slice_is, but capitals do not matter and '_' is '-'. */
bool slice_is_name(struct slice slice, const char *text);
bool slice_starts(struct slice slice, const char *text);
/* Cuts the next word (up to spaces) off the front of *rest. False at the end. */
bool slice_word(struct slice *rest, struct slice *word);
/* Splits at the first `separator`; false, and nothing changed, when there is none. */
bool slice_split(struct slice whole, char separator, struct slice *before, struct slice *after);
/* The same at the last one. */
bool slice_split_last(struct slice whole, char separator, struct slice *before, struct slice *after);

/* ---- writing ---- */

/* Text under construction in memory of the caller; always NUL-terminated, cut off when it is full. */
struct text {
    char *at;
    uint32_t capacity; /* with the NUL */
    uint32_t length;
};

void text_init(struct text *text, char *memory, uint32_t capacity);
void text_char(struct text *text, char character);
void text_put(struct text *text, const char *words);
void text_slice(struct text *text, struct slice slice);
void text_number(struct text *text, uint64_t number);
void text_signed(struct text *text, int64_t number);
/* Decimal, right-aligned with spaces or zeros in `width` columns. */
void text_padded(struct text *text, uint64_t number, uint32_t width, char fill);
void text_hex(struct text *text, uint64_t number, uint32_t digits);
/* Nanoseconds as seconds with so many decimals (0..9), cut off, not rounded: "12.345". */
void text_seconds(struct text *text, int64_t nanoseconds, uint32_t decimals);
/* Nanoseconds in the unit that fits: "250 us", "12.5 ms", "3 s". */
void text_duration(struct text *text, int64_t nanoseconds);
void text_address(struct text *text, const struct septet_address *address);

#endif
