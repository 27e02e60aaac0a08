#ifndef SEPTET_EXPLAIN_FILTER_SEGMENT_H
#define SEPTET_EXPLAIN_FILTER_SEGMENT_H

#include "explain/conversation.h"
#include "explain/filter.h"

/* Findings that one segment may show. */
#define FILTER_FINDINGS 4

/* What display filters ask of a segment, from what analysis says of it. `findings` holds the names; it and what is
 * pointed to have to live as long as *to is used. */
void filter_segment_of(const struct explain_conversation *conversation, const struct explain_segment *segment,
                       const char *findings[FILTER_FINDINGS], struct filter_segment *to);

#endif
