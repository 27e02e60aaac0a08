#ifndef SEPTET_LAB_SCENARIO_READER_H
#define SEPTET_LAB_SCENARIO_READER_H

#include "lab/scenario.h"

/* What the parts that read scenario files share; for src/lab/scenario_*.c only. */
struct scenario_reader {
    struct arena *arena;
    struct ucl_document document;
    struct scenario *scenario;
    struct lab_error *error;
};

/* One key of a section. `many`: may be given more than once, or as an array. */
struct section_key {
    const char *name;
    bool many;
    bool (*read)(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object);
};

/* Calls read for each setting of a section, with `object` handed on. Unknown keys and repeated ones are errors. */
bool section_read(struct scenario_reader *reader, const struct ucl_setting *section, const struct section_key *keys,
                  uint32_t count, uint32_t object);
/* Iterates: `setting` is the one before, NULL to begin. */
const struct ucl_setting *section_next(const struct scenario_reader *reader, const struct ucl_setting *section,
                                       const struct ucl_setting *setting);

/* "expected <what>, not '<got>'". Always false. */
bool scenario_fail(struct scenario_reader *reader, uint32_t line, const char *what, struct slice got);
bool scenario_full(struct scenario_reader *reader, uint32_t line);
/* True for a plain value, else fails with `what`. */
bool setting_is_value(struct scenario_reader *reader, const struct ucl_setting *setting, const char *what);

/* Values with their checks; what they expect is in the error. */
bool setting_duration(struct scenario_reader *reader, const struct ucl_setting *setting, int64_t *value);
bool setting_number(struct scenario_reader *reader, const struct ucl_setting *setting, int64_t low, int64_t high,
                    int64_t *value);
bool setting_switch(struct scenario_reader *reader, const struct ucl_setting *setting, bool *value);
/* A name of at most SCENARIO_NAME - 1 letters, digits, '_', '-'. */
bool setting_name(struct scenario_reader *reader, struct slice name, uint32_t line, char *to);

/* Index by name; SCENARIO_NOBODY when there is none. */
uint16_t scenario_host_find(const struct scenario *scenario, struct slice name);
uint16_t scenario_link_find(const struct scenario *scenario, struct slice name);
uint16_t scenario_program_find(const struct scenario *scenario, struct slice name);
/* The end of a link that a host is at; SCENARIO_ALL_ENDS when it is at none. */
uint8_t scenario_end_find(const struct scenario *scenario, uint16_t link, uint16_t host);

/* TCP flags: "SYN", "FIN+ACK", "ACK+*": those that must be set and those that must not (none for "+*"). */
bool scenario_flags(struct slice word, uint16_t *set, uint16_t *clear);
/* HOST:PORT, ADDRESS:PORT or [ADDRESS]:PORT. A host's name stands for its first address. */
bool scenario_endpoint(const struct scenario *scenario, struct slice word, struct septet_address *address,
                       uint16_t *port);
/* HOST or ADDRESS. */
bool scenario_target(const struct scenario *scenario, struct slice word, struct septet_address *address);
/* ADDRESS/BITS */
bool scenario_prefix(struct slice word, struct septet_address *address, uint8_t *prefix_length);

/* The passes over the document, in this order. */
bool scenario_read_names(struct scenario_reader *reader);    /* hosts, links, programs, and what links connect */
bool scenario_read_hosts(struct scenario_reader *reader);    /* addresses, routes, configuration */
bool scenario_read_links(struct scenario_reader *reader);    /* settings, rules, down-times */
bool scenario_read_programs(struct scenario_reader *reader); /* and their actions */
bool scenario_read_expect(struct scenario_reader *reader);
/* One action of a program. */
bool scenario_read_action(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t program);

#endif
