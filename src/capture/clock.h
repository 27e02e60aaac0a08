#ifndef SEPTET_CAPTURE_CLOCK_H
#define SEPTET_CAPTURE_CLOCK_H

#include "capture/read.h"

/* resolution: if_tsresol of pcapng, 10^-n or (highest bit set) 2^-n seconds. offset_seconds: if_tsoffset. */
struct capture_clock capture_clock_of(uint8_t resolution, int64_t offset_seconds);
/* Nanoseconds since 1970 of a stamp; values beyond the years 1678 to 2262 saturate. */
int64_t capture_clock_time(const struct capture_clock *clock, uint64_t ticks);

#endif
