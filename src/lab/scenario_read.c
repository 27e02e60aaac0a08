#include "lab/scenario_reader.h"

#include "base/memory.h"
#include "lab/quantity.h"
#include "wire/tcp.h"

bool scenario_fail(struct scenario_reader *reader, uint32_t line, const char *what, struct slice got)
{
    struct text text;

    text_init(&text, reader->error->text, sizeof reader->error->text);
    text_put(&text, "expected ");
    text_put(&text, what);
    if (got.length) {
        text_put(&text, ", not '");
        text_slice(&text, got.length > 60 ? (struct slice){got.at, 60} : got);
        text_char(&text, '\'');
    }
    reader->error->line = line;
    return false;
}

bool scenario_full(struct scenario_reader *reader, uint32_t line)
{
    return scenario_fail(reader, line, "a smaller scenario: no room for more", (struct slice){0});
}

const struct ucl_setting *section_next(const struct scenario_reader *reader, const struct ucl_setting *section,
                                       const struct ucl_setting *setting)
{
    uint32_t index = setting ? setting->next : section->first;

    return index ? &reader->document.setting[index] : NULL;
}

static bool fail_key(struct scenario_reader *reader, const struct ucl_setting *setting, const struct section_key *keys,
                     uint32_t count)
{
    char memory[150];
    struct text text;

    text_init(&text, memory, sizeof memory);
    text_put(&text, "one of ");
    for (uint32_t i = 0; i < count; i++) {
        text_put(&text, i ? " " : "");
        text_put(&text, keys[i].name);
    }
    return scenario_fail(reader, setting->line, memory, setting->key);
}

bool section_read(struct scenario_reader *reader, const struct ucl_setting *section, const struct section_key *keys,
                  uint32_t count, uint32_t object)
{
    uint64_t seen = 0;

    for (const struct ucl_setting *setting = section_next(reader, section, NULL); setting;
         setting = section_next(reader, section, setting)) {
        uint32_t i = 0;
        while (i < count && !slice_is(setting->key, keys[i].name))
            i++;
        if (i == count)
            return fail_key(reader, setting, keys, count);
        if ((seen >> i & 1) && !keys[i].many)
            return scenario_fail(reader, setting->line, "this key only once", setting->key);
        seen |= UINT64_C(1) << i;
        if (keys[i].read && !keys[i].read(reader, setting, object))
            return false;
    }
    return true;
}

bool setting_is_value(struct scenario_reader *reader, const struct ucl_setting *setting, const char *what)
{
    return !setting->section || scenario_fail(reader, setting->line, what, slice_of("{"));
}

bool setting_duration(struct scenario_reader *reader, const struct ucl_setting *setting, int64_t *value)
{
    const char *what = "a duration such as 10ms or 1.5s";

    if (!setting_is_value(reader, setting, what))
        return false;
    return quantity_duration(setting->value, value) || scenario_fail(reader, setting->line, what, setting->value);
}

bool setting_number(struct scenario_reader *reader, const struct ucl_setting *setting, int64_t low, int64_t high,
                    int64_t *value)
{
    char memory[80];
    struct text what;
    int64_t number;

    text_init(&what, memory, sizeof memory);
    text_put(&what, "a number from ");
    text_signed(&what, low);
    text_put(&what, " to ");
    text_signed(&what, high);
    if (!setting_is_value(reader, setting, memory))
        return false;
    if (!quantity_integer(setting->value, &number) || number < low || number > high)
        return scenario_fail(reader, setting->line, memory, setting->value);
    *value = number;
    return true;
}

bool setting_switch(struct scenario_reader *reader, const struct ucl_setting *setting, bool *value)
{
    if (!setting_is_value(reader, setting, "true or false"))
        return false;
    return quantity_switch(setting->value, value) ||
           scenario_fail(reader, setting->line, "true or false", setting->value);
}

bool setting_name(struct scenario_reader *reader, struct slice name, uint32_t line, char *to)
{
    bool good = name.length > 0 && name.length < SCENARIO_NAME;

    for (uint32_t i = 0; good && i < name.length; i++) {
        char c = name.at[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    if (!good)
        return scenario_fail(reader, line, "a name of up to 23 letters, digits, '-' and '_'", name);
    memcpy(to, name.at, name.length);
    to[name.length] = '\0';
    return true;
}

uint16_t scenario_host_find(const struct scenario *scenario, struct slice name)
{
    for (uint32_t i = 0; i < scenario->hosts; i++)
        if (slice_is(name, scenario->host[i].name))
            return (uint16_t)i;
    return SCENARIO_NOBODY;
}

uint16_t scenario_link_find(const struct scenario *scenario, struct slice name)
{
    for (uint32_t i = 0; i < scenario->links; i++)
        if (slice_is(name, scenario->link[i].name))
            return (uint16_t)i;
    return SCENARIO_NOBODY;
}

uint16_t scenario_program_find(const struct scenario *scenario, struct slice name)
{
    for (uint32_t i = 0; i < scenario->programs; i++)
        if (slice_is(name, scenario->program[i].name))
            return (uint16_t)i;
    return SCENARIO_NOBODY;
}

uint8_t scenario_end_find(const struct scenario *scenario, uint16_t link, uint16_t host)
{
    const struct scenario_link *the = &scenario->link[link];

    for (uint8_t end = 0; end < the->ends; end++)
        if (scenario->interface[the->interface[end]].host == host)
            return end;
    return SCENARIO_ALL_ENDS;
}

bool scenario_flags(struct slice word, uint16_t *set, uint16_t *clear)
{
    static const struct {
        const char *name;
        uint16_t flag;
    } names[] = {{"SYN", TCP_SYN}, {"FIN", TCP_FIN}, {"RST", TCP_RST}, {"ACK", TCP_ACK},
                 {"PSH", TCP_PSH}, {"URG", TCP_URG}, {"ECE", TCP_ECE}, {"CWR", TCP_CWR}};
    struct slice name;
    struct slice rest = word;
    uint16_t flags = 0;

    *clear = TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK;
    while (rest.length) {
        uint32_t i = 0;
        if (!slice_split(rest, '+', &name, &rest)) {
            name = rest;
            rest.length = 0;
        }
        while (i < sizeof names / sizeof names[0] && !slice_is(name, names[i].name))
            i++;
        if (i < sizeof names / sizeof names[0])
            flags |= names[i].flag;
        else if (slice_is(name, "*") && rest.length == 0)
            *clear = 0;
        else
            return false;
    }
    *set = flags;
    *clear &= (uint16_t)~flags;
    return flags != 0;
}

bool scenario_target(const struct scenario *scenario, struct slice word, struct septet_address *address)
{
    uint16_t host = scenario_host_find(scenario, word);

    if (host == SCENARIO_NOBODY)
        return septet_address_parse(word.at, word.length, address);
    for (uint32_t i = 0; i < scenario->addresses; i++) {
        if (scenario->interface[scenario->address[i].interface].host == host) {
            *address = scenario->address[i].address;
            return true;
        }
    }
    return false;
}

bool scenario_endpoint(const struct scenario *scenario, struct slice word, struct septet_address *address,
                       uint16_t *port)
{
    struct slice name;
    struct slice number;
    int64_t value;

    if (!slice_split_last(word, ':', &name, &number))
        return false;
    if (name.length > 2 && name.at[0] == '[' && name.at[name.length - 1] == ']')
        name = (struct slice){name.at + 1, name.length - 2};
    if (!scenario_target(scenario, name, address) || !quantity_integer(number, &value) || value < 1 || value > 65535)
        return false;
    *port = (uint16_t)value;
    return true;
}

bool scenario_prefix(struct slice word, struct septet_address *address, uint8_t *prefix_length)
{
    struct slice name;
    struct slice number;
    struct septet_address result;
    int64_t value;

    if (!slice_split(word, '/', &name, &number) || !septet_address_parse(name.at, name.length, &result))
        return false;
    if (!quantity_integer(number, &value) || value < 0 || value > (septet_address_is_ipv4(&result) ? 32 : 128))
        return false;
    *address = result;
    *prefix_length = (uint8_t)value;
    return true;
}

static bool read_title(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    struct text text;

    (void)object;
    if (!setting_is_value(reader, setting, "a title in quotes"))
        return false;
    text_init(&text, reader->scenario->title, sizeof reader->scenario->title);
    text_slice(&text, setting->value);
    return true;
}

static bool read_seed(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    int64_t seed = 0;

    (void)object;
    if (!setting_number(reader, setting, 0, INT64_MAX, &seed))
        return false;
    reader->scenario->seed = (uint64_t)seed;
    return true;
}

static bool read_limit(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    (void)object;
    return setting_duration(reader, setting, &reader->scenario->duration);
}

static bool read_document(struct scenario_reader *reader)
{
    static const struct section_key keys[] = {
        {"title", false, read_title}, {"seed", false, read_seed}, {"duration", false, read_limit}, {"host", true, NULL},
        {"link", true, NULL},         {"program", true, NULL},    {"expect", true, NULL},
    };

    return section_read(reader, &reader->document.setting[0], keys, sizeof keys / sizeof keys[0], 0) &&
           scenario_read_names(reader) && scenario_read_hosts(reader) && scenario_read_links(reader) &&
           scenario_read_programs(reader) && scenario_read_expect(reader);
}

bool scenario_read(struct arena *arena, const char *text, size_t length, struct scenario *scenario,
                   struct lab_error *error)
{
    struct scenario_reader reader = {.arena = arena, .scenario = scenario, .error = error};

    scenario_init(scenario);
    if (!ucl_read(arena, text, length, &reader.document)) {
        *error = reader.document.error;
        return false;
    }
    return read_document(&reader);
}
