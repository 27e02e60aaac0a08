#include "base/bytes.h"
#include "base/checksum.h"
#include "wire/ip.h"

void ip_pseudo_checksum(struct checksum *checksum, const struct septet_address *source,
                        const struct septet_address *destination, uint8_t protocol, uint32_t length)
{
    if (septet_address_is_ipv4(destination)) {
        checksum_add32(checksum, load32(source->bytes + 12));
        checksum_add32(checksum, load32(destination->bytes + 12));
    } else {
        checksum_add(checksum, source->bytes, 16);
        checksum_add(checksum, destination->bytes, 16);
    }
    checksum_add16(checksum, protocol);
    checksum_add32(checksum, length);
}
