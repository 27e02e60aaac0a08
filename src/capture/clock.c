#include "capture/clock.h"

#include "base/arithmetic.h"

#define SECOND 1000000000
#define NANOSECOND_DIGITS 9

static uint64_t power_of_ten(uint32_t exponent)
{
    uint64_t power = 1;
    for (uint32_t i = 0; i < exponent; i++)
        power *= 10;
    return power;
}

static int64_t seconds_saturated(int64_t seconds)
{
    if (seconds > INT64_MAX / SECOND)
        return INT64_MAX;
    return seconds < INT64_MIN / SECOND ? INT64_MIN : seconds * SECOND;
}

struct capture_clock capture_clock_of(uint8_t resolution, int64_t offset_seconds)
{
    struct capture_clock clock = {.offset = seconds_saturated(offset_seconds)};
    uint32_t exponent = resolution & 0x7f;
    if (resolution & 0x80) {
        clock.binary = true;
        clock.shift = (uint8_t)exponent;
    } else if (exponent <= NANOSECOND_DIGITS) {
        clock.multiplier = power_of_ten(NANOSECOND_DIGITS - exponent);
        clock.limit = INT64_MAX / clock.multiplier;
    } else if (exponent <= NANOSECOND_DIGITS + 19) {
        clock.divisor = power_of_ten(exponent - NANOSECOND_DIGITS);
    }
    return clock;
}

static uint64_t binary_time(uint32_t shift, uint64_t ticks)
{
    if (shift > 63) {
        ticks = shift - 63 > 63 ? 0 : ticks >> (shift - 63);
        shift = 63;
    }
    uint64_t seconds = ticks >> shift;
    uint64_t fraction = ticks - (seconds << shift);
    if (seconds >= INT64_MAX / SECOND)
        return INT64_MAX;
    return seconds * SECOND + mul_div_u64(fraction, SECOND, UINT64_C(1) << shift);
}

int64_t capture_clock_time(const struct capture_clock *clock, uint64_t ticks)
{
    uint64_t time = 0;
    if (clock->multiplier != 0)
        time = ticks > clock->limit ? INT64_MAX : ticks * clock->multiplier;
    else if (clock->binary)
        time = binary_time(clock->shift, ticks);
    else if (clock->divisor != 0)
        time = ticks / clock->divisor;
    int64_t signed_time = (int64_t)time;
    if (clock->offset > 0 && signed_time > INT64_MAX - clock->offset)
        return INT64_MAX;
    return signed_time + clock->offset;
}
