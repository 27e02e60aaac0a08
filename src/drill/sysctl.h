#ifndef SEPTET_DRILL_SYSCTL_H
#define SEPTET_DRILL_SYSCTL_H

#include "lab/text.h"
#include "septet/config.h"

enum sysctl_result { SYSCTL_DONE, SYSCTL_UNKNOWN, SYSCTL_BAD_VALUE, SYSCTL_UNSUPPORTED };

/* Does to a configuration what setting this sysctl of Linux or FreeBSD does to a kernel. Names have dots, or slashes
 * as in /proc/sys/net/ipv4/tcp_sack. */
enum sysctl_result sysctl_set(struct septet_config *config, struct slice name, struct slice value);

#endif
