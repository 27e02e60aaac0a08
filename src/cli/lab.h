#ifndef SEPTET_CLI_LAB_H
#define SEPTET_CLI_LAB_H

#include "lab/story.h"

#include <stdio.h>

/* The parts of `septet lab`. */

/* Writes everything that happens in a world as one JSON document, as it happens. */
struct lab_json;
/* Begins: NULL without memory. The document goes to `file`. */
struct lab_json *lab_json_begin(struct world *world, FILE *file);
/* Writes what is left and frees it. `end` is how the world ended. False when the file could not be written. */
bool lab_json_end(struct lab_json *json, enum world_end end, const struct story *story);

/* Writes a pcapng file for each host into a directory, with state changes, drops and retransmissions as comments. */
struct lab_pcap;
/* NULL after one line on standard error. */
struct lab_pcap *lab_pcap_begin(struct world *world, const char *directory);
/* Closes the files. False after one line on standard error. */
bool lab_pcap_end(struct lab_pcap *pcap);

/* "quiet", "time", "stuck", "failed" */
const char *lab_end_name(enum world_end end);

#endif
