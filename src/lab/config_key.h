#ifndef SEPTET_LAB_CONFIG_KEY_H
#define SEPTET_LAB_CONFIG_KEY_H

#include "lab/text.h"
#include "septet/config.h"

/* The fields of struct septet_config by name, so that files can set them. */

enum config_unit { CONFIG_NUMBER, CONFIG_SIZE, CONFIG_DURATION, CONFIG_SWITCH, CONFIG_CONGESTION };

struct config_key {
    const char *name;
    bool tcp; /* stands in the tcp section */
    uint8_t unit, size;
    uint16_t offset; /* within struct septet_config */
    int64_t low, high;
};

/* The key of this name; NULL when there is none. */
const struct config_key *config_key_find(struct slice name, bool tcp);
/* Sets a field from text; false when the text is not of its kind or out of range. */
bool config_key_set(const struct config_key *key, struct slice value, struct septet_config *config);
/* Says what a field takes: "a duration from 1 ns to ...". */
void config_key_describe(const struct config_key *key, struct text *text);

#endif
