#ifndef SEPTET_WIRE_UDP_H
#define SEPTET_WIRE_UDP_H

#include "wire/ip.h"

#define UDP_HEADER 8
struct udp_header {
    uint16_t source_port, destination_port;
    uint16_t length;   /* header and payload, checked against the bytes present */
    uint16_t checksum; /* 0 = none */
};
/* `length`: bytes of the IP payload. A length field below 8 or beyond them is wire_total_length. */
enum wire_error udp_parse(const uint8_t *bytes, uint32_t length, struct udp_header *udp);
void udp_build(uint8_t *bytes, uint16_t source_port, uint16_t destination_port, uint16_t length); /* checksum field 0 */

#endif
