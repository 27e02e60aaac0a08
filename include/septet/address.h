#ifndef SEPTET_ADDRESS_H
#define SEPTET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SEPTET_API __attribute__((visibility("default")))
#else
#define SEPTET_API
#endif

/**
 * An IP address of 128 bits in network byte order. IPv4 is the mapped case
 * ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). All zero is "any, of either
 * family"; ::ffff:0.0.0.0 is "any IPv4 address".
 */
struct septet_address {
    uint8_t bytes[16];
};

/** Longest text of an address, with the final NUL. */
#define SEPTET_ADDRESS_TEXT 46

/** The IPv4 address a.b.c.d. */
SEPTET_API struct septet_address septet_address_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

/** True for IPv4-mapped addresses. */
SEPTET_API bool septet_address_is_ipv4(const struct septet_address *address);

/** True when all 128 bits are equal. */
SEPTET_API bool septet_address_equal(const struct septet_address *a, const struct septet_address *b);

/**
 * Reads dotted-quad IPv4 or RFC 4291 IPv6 text of `length` bytes (no prefix, no zone).
 * Returns false, leaving *address alone, when the text is anything else.
 */
SEPTET_API bool septet_address_parse(const char *text, size_t length, struct septet_address *address);

/**
 * Writes the text of an address: dotted quad for IPv4, RFC 5952 for IPv6, NUL at the end.
 * Returns its length without the NUL, at most SEPTET_ADDRESS_TEXT - 1.
 */
SEPTET_API size_t septet_address_format(const struct septet_address *address, char text[SEPTET_ADDRESS_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
