#include "lab/quantity.h"
#include "lab/scenario_reader.h"

/* ---- settings of one direction ---- */

enum link_unit { LINK_RATE, LINK_DURATION, LINK_PROBABILITY, LINK_COUNT, LINK_SIZE, LINK_SWITCH };
struct link_key {
    const char *name;
    uint8_t unit;
    uint16_t offset;
};
#define LINK_KEY(name, unit)                                        \
    {                                                               \
#name, unit, (uint16_t)offsetof(struct link_settings, name) \
    }
static const struct link_key link_keys[] = {
    LINK_KEY(rate, LINK_RATE),
    LINK_KEY(delay, LINK_DURATION),
    LINK_KEY(jitter, LINK_DURATION),
    LINK_KEY(keep_order, LINK_SWITCH),
    LINK_KEY(codel, LINK_SWITCH),
    LINK_KEY(codel_target, LINK_DURATION),
    LINK_KEY(codel_interval, LINK_DURATION),
    LINK_KEY(ecn, LINK_SWITCH),
    LINK_KEY(queue_packets, LINK_COUNT),
    LINK_KEY(queue_bytes, LINK_SIZE),
    LINK_KEY(loss, LINK_PROBABILITY),
    LINK_KEY(burst_enter, LINK_PROBABILITY),
    LINK_KEY(burst_leave, LINK_PROBABILITY),
    LINK_KEY(burst_loss, LINK_PROBABILITY),
    LINK_KEY(reorder, LINK_PROBABILITY),
    LINK_KEY(reorder_delay, LINK_DURATION),
    LINK_KEY(duplicate, LINK_PROBABILITY),
    LINK_KEY(corrupt, LINK_PROBABILITY),
    {"black_hole", LINK_SIZE, (uint16_t)offsetof(struct link_settings, mtu)},
};
#define LINK_KEYS ((uint32_t)(sizeof link_keys / sizeof link_keys[0]))

static bool read_amount(struct link_settings *settings, const struct link_key *key, struct slice text)
{
    void *field = (uint8_t *)settings + key->offset;
    uint64_t size;
    int64_t count;

    switch (key->unit) {
    case LINK_RATE:
        return quantity_rate(text, field);
    case LINK_DURATION:
        return quantity_duration(text, field);
    case LINK_PROBABILITY:
        return quantity_probability(text, field);
    case LINK_SWITCH:
        return quantity_switch(text, field);
    case LINK_SIZE:
        if (!quantity_size(text, &size) || size > UINT32_MAX)
            return false;
        *(uint32_t *)field = (uint32_t)size;
        return true;
    default:
        if (!quantity_integer(text, &count) || count < 0 || count > UINT32_MAX)
            return false;
        *(uint32_t *)field = (uint32_t)count;
        return true;
    }
}

static bool read_setting(struct scenario_reader *reader, const struct ucl_setting *setting,
                         struct link_settings *settings)
{
    static const char *const what[] = {"a rate such as 10mbit, or unlimited", "a duration such as 10ms or 1.5s",
                                       "a probability such as 1% or 200ppm",  "a number of packets; 0 is no limit",
                                       "a size such as 64kb; 0 is no limit",  "true or false"};
    uint32_t i = 0;

    while (i + 1 < LINK_KEYS && !slice_is(setting->key, link_keys[i].name))
        i++;
    const char *wanted = what[link_keys[i].unit];
    if (!setting_is_value(reader, setting, wanted))
        return false;
    return read_amount(settings, &link_keys[i], setting->value) ||
           scenario_fail(reader, setting->line, wanted, setting->value);
}

/* `object` is a link: all its ends. */
static bool read_both(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    struct scenario_link *link = &reader->scenario->link[object];

    for (uint32_t end = 0; end < link->ends; end++)
        if (!read_setting(reader, setting, &link->from[end]))
            return false;
    return true;
}

/* `object` is a link * SCENARIO_ENDS + end. */
static bool read_one(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return read_setting(reader, setting, &reader->scenario->link[object / SCENARIO_ENDS].from[object % SCENARIO_ENDS]);
}

/* ---- ethernet, MTU ---- */

static bool read_ethernet(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    struct scenario_link *link = &reader->scenario->link[object];

    if (!setting_switch(reader, setting, &link->ethernet))
        return false;
    if (!link->ethernet && link->ends > 2)
        return scenario_fail(reader, setting->line, "ethernet on a link of more than two hosts", (struct slice){0});
    return true;
}

static bool read_super(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return setting_switch(reader, setting, &reader->scenario->link[object].super_segments);
}

static bool read_mtu(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    const struct scenario_link *link = &reader->scenario->link[object];
    int64_t mtu = 0;

    if (!setting_number(reader, setting, 576, 65535, &mtu))
        return false;
    for (uint32_t end = 0; end < link->ends; end++) {
        struct scenario_interface *interface = &reader->scenario->interface[link->interface[end]];
        if (interface->mtu == 1500)
            interface->mtu = (uint32_t)mtu;
    }
    return true;
}

/* ---- down-times and rules ---- */

/* "from HOST" in front of *rest, if it is there. */
static bool read_sender(struct scenario_reader *reader, uint32_t link, struct slice *rest, uint8_t *end)
{
    struct slice ahead = *rest;
    struct slice word;

    *end = SCENARIO_ALL_ENDS;
    if (!slice_word(&ahead, &word) || !slice_is(word, "from") || !slice_word(&ahead, &word))
        return true;
    uint16_t host = scenario_host_find(reader->scenario, word);
    if (host == SCENARIO_NOBODY)
        return true;
    *end = scenario_end_find(reader->scenario, (uint16_t)link, host);
    *rest = ahead;
    return *end != SCENARIO_ALL_ENDS;
}

static bool read_down(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    const char *what = "a time of silence: [from HOST] from TIME to TIME";
    struct slice rest = setting->value;
    struct slice word[4];
    struct slice more;

    if (!setting_is_value(reader, setting, what))
        return false;
    struct scenario_down *down = SCENARIO_ADD(reader->arena, reader->scenario, downs, down);
    if (!down)
        return scenario_full(reader, setting->line);
    down->link = (uint16_t)object;
    bool good = read_sender(reader, object, &rest, &down->end);
    for (uint32_t i = 0; i < 4; i++)
        good = good && slice_word(&rest, &word[i]);
    if (!good || slice_word(&rest, &more) || !slice_is(word[0], "from") || !slice_is(word[2], "to") ||
        !quantity_duration(word[1], &down->from) || !quantity_duration(word[3], &down->to) || down->to <= down->from)
        return scenario_fail(reader, setting->line, what, setting->value);
    return true;
}

static bool read_rule_action(struct slice word, uint8_t *action)
{
    static const char *const names[] = {"drop", "delay", "hold", "duplicate", "corrupt"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_is(word, names[i])) {
            *action = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool read_rule_count(struct slice *rest, uint32_t *value)
{
    struct slice word;
    int64_t number;

    if (!slice_word(rest, &word) || !quantity_integer(word, &number) || number < 1 || number > UINT32_MAX)
        return false;
    *value = (uint32_t)number;
    return true;
}

static bool read_rule_time(struct slice *rest, struct scenario_rule *rule, bool until)
{
    struct slice word;

    return until == (rule->action == RULE_HOLD) && slice_word(rest, &word) && quantity_duration(word, &rule->time);
}

static bool read_rule_port(struct slice *rest, struct scenario_rule *rule)
{
    struct slice word;
    int64_t number;

    if (!slice_word(rest, &word) || !quantity_integer(word, &number) || number < 1 || number > 65535)
        return false;
    rule->port = (uint16_t)number;
    return true;
}

static bool read_rule_word(struct slice word, struct slice *rest, struct scenario_rule *rule)
{
    static const char *const protocols[] = {"any", "tcp", "udp", "icmp", "arp"};

    for (unsigned i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        if (slice_is(word, protocols[i])) {
            rule->protocol = (uint8_t)i;
            return true;
        }
    }
    if (slice_is(word, "data") || slice_is(word, "empty")) {
        rule->payload = slice_is(word, "data") ? RULE_PAYLOAD_SOME : RULE_PAYLOAD_NONE;
        return true;
    }
    if (slice_is(word, "port"))
        return read_rule_port(rest, rule);
    if (slice_is(word, "nth"))
        return read_rule_count(rest, &rule->first);
    if (slice_is(word, "count"))
        return read_rule_count(rest, &rule->count);
    if (slice_is(word, "all")) {
        rule->count = UINT32_MAX;
        return true;
    }
    if (slice_is(word, "by") || slice_is(word, "until"))
        return read_rule_time(rest, rule, slice_is(word, "until"));
    return scenario_flags(word, &rule->flags_set, &rule->flags_clear);
}

static bool read_rule(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    const char *what =
        "a rule: drop|delay|hold|duplicate|corrupt [from HOST] [FLAGS] [data|empty] [tcp|udp|icmp|arp|any] "
        "[port N] [nth N] [count N|all] [by TIME|until TIME]";
    struct slice rest = setting->value;
    struct slice word;

    if (!setting_is_value(reader, setting, what))
        return false;
    struct scenario_rule *rule = SCENARIO_ADD(reader->arena, reader->scenario, rules, rule);
    if (!rule)
        return scenario_full(reader, setting->line);
    *rule = (struct scenario_rule){.link = (uint16_t)object, .protocol = RULE_TCP, .first = 1, .count = 1, .time = -1};
    bool good = slice_word(&rest, &word) && read_rule_action(word, &rule->action) &&
                read_sender(reader, object, &rest, &rule->end);
    while (good && slice_word(&rest, &word))
        good = read_rule_word(word, &rest, rule);
    if (rule->time < 0 && rule->action == RULE_DUPLICATE)
        rule->time = 0;
    good = good && (rule->time >= 0 || rule->action == RULE_DROP || rule->action == RULE_CORRUPT);
    return good || scenario_fail(reader, setting->line, what, setting->value);
}

/* ---- the link ---- */

#define FOR_EACH_SETTING(read)                                                                                        \
    {"rate", false, read}, {"delay", false, read}, {"jitter", false, read}, {"keep_order", false, read},              \
        {"codel", false, read}, {"codel_target", false, read}, {"codel_interval", false, read}, {"ecn", false, read}, \
        {"queue_packets", false, read}, {"queue_bytes", false, read}, {"loss", false, read},                          \
        {"burst_enter", false, read}, {"burst_leave", false, read}, {"burst_loss", false, read},                      \
        {"reorder", false, read}, {"reorder_delay", false, read}, {"duplicate", false, read},                         \
        {"corrupt", false, read},                                                                                     \
    {                                                                                                                 \
        "black_hole", false, read                                                                                     \
    }

/* Behind what both directions have in common. */
static bool read_from(struct scenario_reader *reader, const struct ucl_setting *link_section, uint16_t link)
{
    static const struct section_key keys[] = {FOR_EACH_SETTING(read_one)};
    const char *what = "a host of this link: from HOST { ... }";

    for (const struct ucl_setting *from = section_next(reader, link_section, NULL); from;
         from = section_next(reader, link_section, from)) {
        if (!slice_is(from->key, "from"))
            continue;
        if (!from->section)
            return scenario_fail(reader, from->line, what, from->value);
        for (const struct ucl_setting *named = section_next(reader, from, NULL); named;
             named = section_next(reader, from, named)) {
            uint16_t host = scenario_host_find(reader->scenario, named->key);
            uint8_t end = host == SCENARIO_NOBODY ? SCENARIO_ALL_ENDS : scenario_end_find(reader->scenario, link, host);
            if (end == SCENARIO_ALL_ENDS || !named->section)
                return scenario_fail(reader, named->line, what, named->key);
            if (!section_read(reader, named, keys, sizeof keys / sizeof keys[0], (uint32_t)link * SCENARIO_ENDS + end))
                return false;
        }
    }
    return true;
}

bool scenario_read_links(struct scenario_reader *reader)
{
    static const struct section_key keys[] = {
        {"between", true, NULL},  {"ethernet", false, read_ethernet}, {"super_segments", false, read_super},
        {"mtu", false, read_mtu}, {"down", true, read_down},          {"rule", true, read_rule},
        {"from", true, NULL},     FOR_EACH_SETTING(read_both),
    };
    const struct ucl_setting *root = &reader->document.setting[0];

    for (const struct ucl_setting *section = section_next(reader, root, NULL); section;
         section = section_next(reader, root, section)) {
        if (!slice_is(section->key, "link"))
            continue;
        for (const struct ucl_setting *named = section_next(reader, section, NULL); named;
             named = section_next(reader, section, named)) {
            uint16_t link = scenario_link_find(reader->scenario, named->key);
            if (!section_read(reader, named, keys, sizeof keys / sizeof keys[0], link) ||
                !read_from(reader, named, link))
                return false;
        }
    }
    return true;
}
