#include "base/arithmetic.h"

struct wide {
    uint64_t high, low;
};

static struct wide multiply(uint64_t a, uint64_t b)
{
    const uint64_t a_low = (uint32_t)a, a_high = a >> 32;
    const uint64_t b_low = (uint32_t)b, b_high = b >> 32;
    const uint64_t low = a_low * b_low;
    const uint64_t middle = a_high * b_low + (low >> 32);
    const uint64_t middle_2 = a_low * b_high + (uint32_t)middle;

    return (struct wide){
        .high = a_high * b_high + (middle >> 32) + (middle_2 >> 32),
        .low = middle_2 << 32 | (uint32_t)low,
    };
}

/* One digit, to base 2^32, of a long division: the quotient of (*remainder, next)
 * by a divisor whose top bit is set; *remainder < divisor before and after. The
 * estimate from the divisor's high half is at most 2 too large, so at most 2^32 + 1,
 * and its product with the low half still fits. */
static uint32_t divide_digit(uint64_t *remainder, uint32_t next, uint64_t divisor)
{
    const uint64_t high = divisor >> 32, low = (uint32_t)divisor;
    uint64_t quotient = *remainder / high;
    uint64_t rest = *remainder % high;

    while (quotient * low > (rest << 32 | next)) {
        quotient--;
        rest += high;
        if (rest > UINT32_MAX) {
            break;
        }
    }
    *remainder = (*remainder << 32 | next) - quotient * divisor;
    return (uint32_t)quotient;
}

uint64_t mul_div_u64(uint64_t a, uint64_t b, uint64_t c)
{
    const struct wide product = multiply(a, b);
    uint64_t remainder, low, high_digit;
    int shift;

    if (product.high >= c) {
        return UINT64_MAX;
    }
    if (product.high == 0) {
        return product.low / c;
    }
    shift = __builtin_clzll(c);
    remainder = shift == 0 ? product.high : product.high << shift | product.low >> (64 - shift);
    low = product.low << shift;
    high_digit = divide_digit(&remainder, (uint32_t)(low >> 32), c << shift);
    return high_digit << 32 | divide_digit(&remainder, (uint32_t)low, c << shift);
}

/* Digit by digit in binary. With root the bits found so far and bit the weight of
 * the next one, (root + bit)^3 is compared with value; 22 steps. */
uint32_t cube_root_u64(uint64_t value)
{
    uint64_t root = 0;

    for (int shift = 63; shift >= 0; shift -= 3) {
        uint64_t step;

        root <<= 1;
        step = 3 * root * (root + 1) + 1; /* (root + 1)^3 - root^3 */
        if (value >> shift >= step) {
            value -= step << shift;
            root++;
        }
    }
    return (uint32_t)root;
}
