#ifndef SEPTET_DRILL_OPTIONS_H
#define SEPTET_DRILL_OPTIONS_H

#include "drill/token.h"

/* What the options of scripts and of the command line say. */

enum drill_ip_version { DRILL_IPV4, DRILL_IPV4_MAPPED, DRILL_IPV6 };

struct drill_options {
    enum drill_ip_version ip_version;
    struct septet_address local, remote; /* of the family that the packets have */
    uint8_t local_prefix;                /* bits of the family */
    uint16_t bind_port, connect_port;
    uint32_t mtu;
    int64_t tolerance;          /* ns */
    uint32_t tolerance_percent; /* in thousandths of a percent */
    uint32_t tick;              /* us of a timestamp step; 0: timestamps are not checked */
    bool scaled_echo;           /* timestamps echoed that were never sent are computed */
    bool strict_segments;
    bool lenient_packets, lenient_calls; /* differences are warnings */
    bool any_ip;
    bool dry_run, verbose;
    char profile[16]; /* empty: the one that fits the script */
    struct slice init_scripts;
};

/* As if nothing had been said. */
void drill_options_default(struct drill_options *options);

/* Sets one option. False with the error filled in: unknown, or its value is not of its kind. --define is not among
 * them: it belongs to the reader. */
bool drill_option_set(struct drill_options *options, struct slice name, bool has_value, struct slice value,
                      struct drill_error *error);

/* Chooses a profile. Its name must be shorter than the room for it. */
void drill_options_profile(struct drill_options *options, const char *name);

/* What remains to be done when all are set: addresses that nobody gave become those of the IP version. */
void drill_options_finish(struct drill_options *options);

#endif
