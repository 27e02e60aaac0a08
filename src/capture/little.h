#ifndef SEPTET_CAPTURE_LITTLE_H
#define SEPTET_CAPTURE_LITTLE_H

#include <stdint.h>

/* Little-endian loads and stores at any alignment: the order in which captures are written. */
static inline uint16_t load16_little(const uint8_t *p) { return (uint16_t)(p[1] << 8 | p[0]); }
static inline uint32_t load32_little(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}
static inline void store16_little(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static inline void store32_little(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

#endif
