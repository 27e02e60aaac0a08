#ifndef SEPTET_LINK_IMPAIR_H
#define SEPTET_LINK_IMPAIR_H

#include "link/link.h"

/* A link that treats another one badly: delay, loss, reordering, duplication and all else that a link of the lab
 * knows, both ways, in real time. */

/* Puts it before `inner`, which belongs to it from then on (also when this fails, with a sentence in `error`). `text`
 * has the settings of a link in a scenario file, separated by commas: "loss=1%, delay=5ms". Super-segments pass whole:
 * the link must be open without offloads for losses to hit single segments. */
struct link *impair_open(const char *text, uint64_t seed, int64_t now, struct link *inner, char error[LINK_ERROR_TEXT]);

#endif
