#ifndef SEPTET_DRILL_ICMP_NAME_H
#define SEPTET_DRILL_ICMP_NAME_H

#include "drill/token.h"

/* Names of ICMP types and codes in scripts: "unreachable", "frag_needed", "type_3", "code_4". */

/* False when this IP version has no such type. */
bool icmp_type_find(struct slice name, bool ipv6, uint8_t *type);
/* False when the type has no such code; an empty name is code 0. */
bool icmp_code_find(struct slice name, bool ipv6, uint8_t type, uint8_t *code);
/* The first name; NULL when there is none. */
const char *icmp_type_name(bool ipv6, uint8_t type);
const char *icmp_code_name(bool ipv6, uint8_t type, uint8_t code);

#endif
