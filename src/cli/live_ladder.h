#ifndef SEPTET_CLI_LIVE_LADDER_H
#define SEPTET_CLI_LIVE_LADDER_H

#include "serve/loop.h"

#include <stdio.h>

/* Draws conversations on a terminal while they happen: a service that is told of every trace event. NULL when there is
 * no memory. */
struct service *live_ladder_start(FILE *file);
void live_ladder_trace(struct service *service, const struct septet_trace_event *event);
/* Draws what was held back and frees it. NULL is nothing. */
void live_ladder_end(struct service *service);

#endif
