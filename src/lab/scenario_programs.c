#include "lab/expect.h"
#include "lab/scenario_reader.h"

static struct scenario_program *program_of(struct scenario_reader *reader, uint32_t object)
{
    return &reader->scenario->program[object];
}

static bool read_host(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    if (!setting_is_value(reader, setting, "the name of a host"))
        return false;
    uint16_t host = scenario_host_find(reader->scenario, setting->value);
    program_of(reader, object)->host = host;
    return host != SCENARIO_NOBODY || scenario_fail(reader, setting->line, "the name of a host", setting->value);
}

static bool read_port(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object, uint8_t kind)
{
    struct scenario_program *program = program_of(reader, object);
    int64_t port = 0;

    if (!setting_number(reader, setting, 1, 65535, &port))
        return false;
    if (program->kind != PROGRAM_PLAIN)
        return scenario_fail(reader, setting->line, "either listen or udp", setting->key);
    program->kind = kind;
    program->port = (uint16_t)port;
    return true;
}

static bool read_listen(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return read_port(reader, setting, object, PROGRAM_LISTEN);
}

static bool read_udp(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return read_port(reader, setting, object, PROGRAM_UDP);
}

static bool read_backlog(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    int64_t backlog = 0;

    if (!setting_number(reader, setting, 1, 1000000, &backlog))
        return false;
    program_of(reader, object)->backlog = (uint32_t)backlog;
    return true;
}

static bool read_start(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return setting_duration(reader, setting, &program_of(reader, object)->start);
}

static bool read_count(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    int64_t count = 0;

    if (!setting_number(reader, setting, 1, 100000, &count))
        return false;
    program_of(reader, object)->count = (uint32_t)count;
    return true;
}

static bool read_every(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return setting_duration(reader, setting, &program_of(reader, object)->every);
}

static bool read_again(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return setting_switch(reader, setting, &program_of(reader, object)->again);
}

static bool read_do(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return setting_is_value(reader, setting, "actions: do [\"connect server:80\", \"close\"]") &&
           scenario_read_action(reader, setting, object);
}

static bool read_program(struct scenario_reader *reader, const struct ucl_setting *named)
{
    static const struct section_key keys[] = {
        {"host", false, read_host},       {"listen", false, read_listen}, {"udp", false, read_udp},
        {"backlog", false, read_backlog}, {"start", false, read_start},   {"count", false, read_count},
        {"every", false, read_every},     {"again", false, read_again},   {"do", true, read_do},
    };
    uint16_t index = scenario_program_find(reader->scenario, named->key);
    struct scenario_program *program = &reader->scenario->program[index];

    program->first_action = reader->scenario->actions;
    if (!section_read(reader, named, keys, sizeof keys / sizeof keys[0], index))
        return false;
    program->action_count = reader->scenario->actions - program->first_action;
    if (program->host == SCENARIO_NOBODY && program->kind != PROGRAM_PLAIN)
        return scenario_fail(reader, named->line, "a host for a program that listens", (struct slice){0});
    return true;
}

bool scenario_read_programs(struct scenario_reader *reader)
{
    const struct ucl_setting *root = &reader->document.setting[0];

    for (const struct ucl_setting *section = section_next(reader, root, NULL); section;
         section = section_next(reader, root, section)) {
        if (!slice_is(section->key, "program"))
            continue;
        for (const struct ucl_setting *named = section_next(reader, section, NULL); named;
             named = section_next(reader, section, named))
            if (!read_program(reader, named))
                return false;
    }
    return true;
}

/* ---- expect ---- */

struct expectation_section {
    const char *name;
    uint8_t kind;
    uint8_t of;  /* whom the names in it are of */
    bool values; /* name { key value }, else name value */
};
enum expectation_of { OF_NOBODY, OF_PROGRAM, OF_HOST, OF_LINK };

static bool add_expectation(struct scenario_reader *reader, const struct ucl_setting *setting, uint8_t kind,
                            uint16_t subject)
{
    if (!setting_is_value(reader, setting, "a value"))
        return false;
    struct scenario_expectation *expectation = SCENARIO_ADD(reader->arena, reader->scenario, expectations, expectation);
    if (!expectation)
        return scenario_full(reader, setting->line);
    *expectation = (struct scenario_expectation){kind, subject, setting->line, setting->key, setting->value};
    const char *wanted = expect_understood(reader->scenario, expectation);
    return !wanted || scenario_fail(reader, setting->line, wanted, setting->value);
}

static uint16_t find_subject(const struct scenario *scenario, uint8_t of, struct slice name)
{
    switch (of) {
    case OF_PROGRAM:
        return scenario_program_find(scenario, name);
    case OF_HOST:
        return scenario_host_find(scenario, name);
    default:
        return scenario_link_find(scenario, name);
    }
}

static bool read_expectation(struct scenario_reader *reader, const struct ucl_setting *setting,
                             const struct expectation_section *section)
{
    static const char *const whom[] = {"", "the name of a program", "the name of a host", "the name of a link"};

    if (section->of == OF_NOBODY)
        return add_expectation(reader, setting, section->kind, SCENARIO_NOBODY);
    if (!setting->section)
        return scenario_fail(reader, setting->line, "a section", setting->value);
    for (const struct ucl_setting *named = section_next(reader, setting, NULL); named;
         named = section_next(reader, setting, named)) {
        uint16_t subject = find_subject(reader->scenario, section->of, named->key);
        if (subject == SCENARIO_NOBODY)
            return scenario_fail(reader, named->line, whom[section->of], named->key);
        if (!section->values) {
            if (!add_expectation(reader, named, section->kind, subject))
                return false;
            continue;
        }
        if (!named->section)
            return scenario_fail(reader, named->line, "a section with names and numbers", named->value);
        for (const struct ucl_setting *value = section_next(reader, named, NULL); value;
             value = section_next(reader, named, value))
            if (!add_expectation(reader, value, section->kind, subject))
                return false;
    }
    return true;
}

static bool read_expect(struct scenario_reader *reader, const struct ucl_setting *expect)
{
    static const struct expectation_section sections[] = {
        {"segments", EXPECT_SEGMENTS, OF_NOBODY, false}, {"states", EXPECT_STATES, OF_PROGRAM, false},
        {"result", EXPECT_RESULT, OF_PROGRAM, false},    {"received", EXPECT_RECEIVED, OF_PROGRAM, false},
        {"counter", EXPECT_COUNTER, OF_HOST, true},      {"drop", EXPECT_DROP, OF_HOST, true},
        {"phases", EXPECT_PHASES, OF_PROGRAM, false},    {"ended", EXPECT_TIME, OF_PROGRAM, false},
        {"frames", EXPECT_LINK, OF_LINK, true},
    };
    const uint32_t count = sizeof sections / sizeof sections[0];

    for (const struct ucl_setting *setting = section_next(reader, expect, NULL); setting;
         setting = section_next(reader, expect, setting)) {
        uint32_t i = 0;
        while (i < count && !slice_is(setting->key, sections[i].name))
            i++;
        if (i == count)
            return scenario_fail(reader, setting->line,
                                 "one of segments states result received counter drop phases ended frames",
                                 setting->key);
        if (!read_expectation(reader, setting, &sections[i]))
            return false;
    }
    return true;
}

bool scenario_read_expect(struct scenario_reader *reader)
{
    const struct ucl_setting *root = &reader->document.setting[0];

    for (const struct ucl_setting *setting = section_next(reader, root, NULL); setting;
         setting = section_next(reader, root, setting)) {
        if (!slice_is(setting->key, "expect"))
            continue;
        if (!setting->section)
            return scenario_fail(reader, setting->line, "a section: expect { ... }", setting->value);
        if (!read_expect(reader, setting))
            return false;
    }
    return true;
}
