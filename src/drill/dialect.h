#ifndef SEPTET_DRILL_DIALECT_H
#define SEPTET_DRILL_DIALECT_H

#include "drill/syntax.h"

/* The profile that a script was written for, by what it says, and the sign that tells: "net.inet.tcp.sack.enable" is
 * FreeBSD's. Linux when nothing tells; *sign is empty then. */
const char *dialect_of(const struct drill_script *script, struct slice *sign);

#endif
