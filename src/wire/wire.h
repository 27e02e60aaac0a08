#ifndef SEPTET_WIRE_WIRE_H
#define SEPTET_WIRE_WIRE_H

#include <stdint.h>

enum wire_error {
#define WIRE_ERROR(name, text) wire_##name,
#include "wire/wire_error.def"
#undef WIRE_ERROR
};
/* A short phrase for people; never null. */
const char *wire_error_text(enum wire_error error);

#define PROTOCOL_HOP_BY_HOP 0
#define PROTOCOL_ICMP 1
#define PROTOCOL_IGMP 2
#define PROTOCOL_IPV4 4
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_IPV6 41
#define PROTOCOL_ROUTING 43
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_ESP 50
#define PROTOCOL_AUTHENTICATION 51
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_NO_NEXT 59
#define PROTOCOL_DESTINATION_OPTIONS 60

#endif
