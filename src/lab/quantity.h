#ifndef SEPTET_LAB_QUANTITY_H
#define SEPTET_LAB_QUANTITY_H

#include "lab/text.h"

/* Numbers as people write them, in exact integer arithmetic. Each returns false, leaving *value alone, when the
 * text is anything else or does not fit. Fractions are allowed where a unit makes them whole enough; what is
 * finer than the base unit is cut off. */

/* 0, or a number with ns, us, ms, s, min, h or d: nanoseconds. */
bool quantity_duration(struct slice text, int64_t *value);
/* A number, with k, m, g (powers of 1000) or kb, mb, gb (powers of 1024): bytes. */
bool quantity_size(struct slice text, uint64_t *value);
/* A number with bit, kbit, mbit or gbit: bits per second. "unlimited" and 0 are 0. */
bool quantity_rate(struct slice text, uint64_t *value);
/* A number with % or ppm, or a plain fraction 0..1: parts per million, at most a million. */
bool quantity_probability(struct slice text, uint32_t *value);
/* Digits, with a sign if need be. */
bool quantity_integer(struct slice text, int64_t *value);
/* true, false, yes, no, on, off. */
bool quantity_switch(struct slice text, bool *value);

#endif
