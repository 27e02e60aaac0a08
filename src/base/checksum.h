#ifndef SEPTET_BASE_CHECKSUM_H
#define SEPTET_BASE_CHECKSUM_H

#include <stdint.h>

/* Internet checksum, RFC 1071. A zeroed struct is the sum of nothing. A partial sum may
 * be continued over pieces of any length: whether a piece starts at an odd offset is kept inside. */
struct checksum {
    uint64_t sum;    /* of big-endian 16-bit words, not folded */
    uint32_t length; /* bytes so far; only its parity matters */
};

void checksum_add(struct checksum *checksum, const uint8_t *data, uint32_t length);
/* Copies and adds in one pass. The two areas must not overlap. */
void checksum_copy(struct checksum *checksum, uint8_t *restrict to, const uint8_t *restrict from, uint32_t length);
void checksum_add16(struct checksum *checksum, uint16_t value); /* a value in host order; only at even length */
void checksum_add32(struct checksum *checksum, uint32_t value); /* likewise */
/* Folded and complemented, host order: store with store16(). A sum over data that includes a right checksum gives 0. */
uint16_t checksum_finish(const struct checksum *checksum);
/* Checksum field after a 16-bit word of the data changed, RFC 1624 eqn. 3. */
uint16_t checksum_replace16(uint16_t checksum, uint16_t before, uint16_t after);

#endif
