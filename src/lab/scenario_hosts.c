#include "base/memory.h"
#include "lab/config_key.h"
#include "lab/quantity.h"
#include "lab/scenario_reader.h"
#include "wire/ip.h"

/* Calls visit for each section `kind NAME { ... }` of the document. */
static bool each_named(struct scenario_reader *reader, const char *kind,
                       bool (*visit)(struct scenario_reader *reader, const struct ucl_setting *named))
{
    const struct ucl_setting *root = &reader->document.setting[0];

    for (const struct ucl_setting *section = section_next(reader, root, NULL); section;
         section = section_next(reader, root, section)) {
        if (!slice_is(section->key, kind))
            continue;
        if (!section->section)
            return scenario_fail(reader, section->line, "a section with a name: host client { ... }", section->value);
        for (const struct ucl_setting *named = section_next(reader, section, NULL); named;
             named = section_next(reader, section, named)) {
            if (!named->section)
                return scenario_fail(reader, named->line, "a section with a name: host client { ... }", named->key);
            if (!visit(reader, named))
                return false;
        }
    }
    return true;
}

/* ---- names ---- */

static bool name_host(struct scenario_reader *reader, const struct ucl_setting *named)
{
    struct scenario *scenario = reader->scenario;

    if (scenario_host_find(scenario, named->key) != SCENARIO_NOBODY)
        return scenario_fail(reader, named->line, "each host once", named->key);
    if (scenario->hosts == SCENARIO_HOSTS)
        return scenario_fail(reader, named->line, "at most 64 hosts", (struct slice){0});
    struct scenario_host *host = SCENARIO_ADD(reader->arena, scenario, hosts, host);
    if (!host)
        return scenario_full(reader, named->line);
    scenario_host_default(&host->config);
    return setting_name(reader, named->key, named->line, host->name);
}

static bool add_interface(struct scenario_reader *reader, uint16_t link, uint16_t host, uint32_t line)
{
    struct scenario *scenario = reader->scenario;
    struct scenario_link *the = &scenario->link[link];
    uint16_t index = 0;

    if (scenario_end_find(scenario, link, host) != SCENARIO_ALL_ENDS)
        return scenario_fail(reader, line, "different hosts at the ends of a link",
                             slice_of(scenario->host[host].name));
    if (the->ends == SCENARIO_ENDS)
        return scenario_fail(reader, line, "at most 8 hosts on a link", (struct slice){0});
    for (uint32_t i = 0; i < scenario->interfaces; i++)
        index = (uint16_t)(index + (scenario->interface[i].host == host));
    struct scenario_interface *interface = SCENARIO_ADD(reader->arena, scenario, interfaces, interface);
    if (!interface)
        return scenario_full(reader, line);
    *interface = (struct scenario_interface){
        .host = host, .link = link, .index = index, .end = the->ends, .mtu = 1500, .mac = {2, 0, 0, 0, 0, 0}};
    interface->mac[4] = (uint8_t)(host + 1);
    interface->mac[5] = (uint8_t)(index + 1);
    scenario->host[host].config.interfaces = (uint32_t)index + 1;
    the->interface[the->ends] = (uint16_t)(scenario->interfaces - 1);
    scenario_link_default(&the->from[the->ends]);
    the->ends++;
    return true;
}

static bool connect_ends(struct scenario_reader *reader, const struct ucl_setting *named, uint16_t link)
{
    for (const struct ucl_setting *setting = section_next(reader, named, NULL); setting;
         setting = section_next(reader, named, setting)) {
        if (!slice_is(setting->key, "between"))
            continue;
        uint16_t host = scenario_host_find(reader->scenario, setting->value);
        if (host == SCENARIO_NOBODY)
            return scenario_fail(reader, setting->line, "names of hosts: between [client, server]", setting->value);
        if (!add_interface(reader, link, host, setting->line))
            return false;
    }
    if (reader->scenario->link[link].ends < 2)
        return scenario_fail(reader, named->line, "between [HOST, HOST...] in this link", (struct slice){0});
    return true;
}

static bool name_link(struct scenario_reader *reader, const struct ucl_setting *named)
{
    struct scenario *scenario = reader->scenario;

    if (scenario_link_find(scenario, named->key) != SCENARIO_NOBODY)
        return scenario_fail(reader, named->line, "each link once", named->key);
    if (scenario->links == SCENARIO_LINKS)
        return scenario_fail(reader, named->line, "at most 64 links", (struct slice){0});
    struct scenario_link *link = SCENARIO_ADD(reader->arena, scenario, links, link);
    if (!link)
        return scenario_full(reader, named->line);
    if (!setting_name(reader, named->key, named->line, link->name) ||
        !connect_ends(reader, named, (uint16_t)(scenario->links - 1)))
        return false;
    link->ethernet = link->ends > 2;
    return true;
}

static bool name_program(struct scenario_reader *reader, const struct ucl_setting *named)
{
    struct scenario *scenario = reader->scenario;

    if (scenario_program_find(scenario, named->key) != SCENARIO_NOBODY)
        return scenario_fail(reader, named->line, "each program once", named->key);
    if (scenario->programs == 1000)
        return scenario_fail(reader, named->line, "at most 1000 programs", (struct slice){0});
    struct scenario_program *program = SCENARIO_ADD(reader->arena, scenario, programs, program);
    if (!program)
        return scenario_full(reader, named->line);
    *program = (struct scenario_program){.host = SCENARIO_NOBODY, .backlog = 16, .count = 1, .line = named->line};
    return setting_name(reader, named->key, named->line, program->name);
}

bool scenario_read_names(struct scenario_reader *reader)
{
    return each_named(reader, "host", name_host) && each_named(reader, "link", name_link) &&
           each_named(reader, "program", name_program);
}

/* ---- hosts ---- */

static struct scenario_interface *interface_of(struct scenario_reader *reader, uint32_t object)
{
    return &reader->scenario->interface[object];
}

static bool read_address(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    const char *what = "an address with its prefix: 10.0.0.1/24 or fd00::1/64";

    if (!setting_is_value(reader, setting, what))
        return false;
    struct scenario_address *address = SCENARIO_ADD(reader->arena, reader->scenario, addresses, address);
    if (!address)
        return scenario_full(reader, setting->line);
    address->interface = (uint16_t)object;
    if (!scenario_prefix(setting->value, &address->address, &address->prefix_length) ||
        address_is_any(&address->address) || address_is_multicast(&address->address))
        return scenario_fail(reader, setting->line, what, setting->value);
    return true;
}

static bool read_mtu(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    int64_t mtu = 0;

    if (!setting_number(reader, setting, 576, 65535, &mtu))
        return false;
    interface_of(reader, object)->mtu = (uint32_t)mtu;
    return true;
}

static bool read_autoconfigure(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return setting_switch(reader, setting, &interface_of(reader, object)->autoconfigure);
}

static bool read_detect(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    return setting_switch(reader, setting, &interface_of(reader, object)->detect);
}

static bool read_offloads(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t object)
{
    const char *what = "checksum or tso";

    if (!setting_is_value(reader, setting, what))
        return false;
    if (slice_is(setting->value, "checksum"))
        interface_of(reader, object)->offloads |= SEPTET_OFFLOAD_CHECKSUM;
    else if (slice_is(setting->value, "tso"))
        interface_of(reader, object)->offloads |= SEPTET_OFFLOAD_CHECKSUM | SEPTET_OFFLOAD_TSO;
    else
        return scenario_fail(reader, setting->line, what, setting->value);
    return true;
}

static const struct section_key interface_keys[] = {
    {"address", true, read_address}, {"mtu", false, read_mtu},          {"autoconfigure", false, read_autoconfigure},
    {"detect", false, read_detect},  {"offloads", true, read_offloads},
};
#define INTERFACE_KEYS ((uint32_t)(sizeof interface_keys / sizeof interface_keys[0]))

static bool read_on(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t host)
{
    const char *what = "a link of this host: on LINK { ... }";

    if (!setting->section)
        return scenario_fail(reader, setting->line, what, setting->value);
    for (const struct ucl_setting *named = section_next(reader, setting, NULL); named;
         named = section_next(reader, setting, named)) {
        uint16_t link = scenario_link_find(reader->scenario, named->key);
        uint8_t end =
            link == SCENARIO_NOBODY ? SCENARIO_ALL_ENDS : scenario_end_find(reader->scenario, link, (uint16_t)host);
        if (end == SCENARIO_ALL_ENDS || !named->section)
            return scenario_fail(reader, named->line, what, named->key);
        uint32_t interface = reader->scenario->link[link].interface[end];
        if (!section_read(reader, named, interface_keys, INTERFACE_KEYS, interface))
            return false;
    }
    return true;
}

/* Keys of the host's only link may stand in the host itself. */
static bool read_for_only_link(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t host)
{
    const struct scenario *scenario = reader->scenario;
    uint32_t found = scenario->interfaces;
    uint32_t key = 0;

    if (scenario->host[host].config.interfaces != 1)
        return scenario_fail(reader, setting->line, "this key in `on LINK { ... }`: the host has not exactly one link",
                             setting->key);
    for (uint32_t i = 0; i < scenario->interfaces; i++)
        if (scenario->interface[i].host == host)
            found = i;
    if (found == scenario->interfaces)
        return scenario_fail(reader, setting->line, "this key only in a host that is on a link", setting->key);
    while (key + 1 < INTERFACE_KEYS && !slice_is(setting->key, interface_keys[key].name))
        key++;
    return interface_keys[key].read(reader, setting, found);
}

static bool read_forwarding(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t host)
{
    return setting_switch(reader, setting, &reader->scenario->host[host].config.forwarding);
}

static bool read_config(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t host, bool tcp)
{
    const struct config_key *key = config_key_find(setting->key, tcp);
    char memory[120];
    struct text what;

    text_init(&what, memory, sizeof memory);
    if (!key)
        return scenario_fail(reader, setting->line, "a key of docs/scenario-format.md", setting->key);
    config_key_describe(key, &what);
    if (!setting_is_value(reader, setting, memory))
        return false;
    return config_key_set(key, setting->value, &reader->scenario->host[host].config) ||
           scenario_fail(reader, setting->line, memory, setting->value);
}

static bool read_tcp(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t host)
{
    if (!setting->section)
        return scenario_fail(reader, setting->line, "a section: tcp { ... }", setting->value);
    for (const struct ucl_setting *one = section_next(reader, setting, NULL); one;
         one = section_next(reader, setting, one))
        if (!read_config(reader, one, host, true))
            return false;
    return true;
}

static bool read_host_config(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t host)
{
    return read_config(reader, setting, host, false);
}

/* The interface of the host whose network holds the gateway. */
static bool find_gateway(struct scenario *scenario, struct scenario_route *route)
{
    for (uint32_t i = 0; i < scenario->addresses; i++) {
        const struct scenario_address *address = &scenario->address[i];
        bool ipv4 = septet_address_is_ipv4(&address->address);
        if (scenario->interface[address->interface].host == route->host &&
            ipv4 == septet_address_is_ipv4(&route->gateway) &&
            address_in_prefix(&route->gateway, &address->address,
                              (uint8_t)(address->prefix_length + (ipv4 ? 96 : 0)))) {
            route->interface = address->interface;
            return true;
        }
    }
    return false;
}

static bool read_route(struct scenario_reader *reader, const struct ucl_setting *setting, uint32_t host)
{
    const char *what = "a route: PREFIX/BITS via GATEWAY, or default via GATEWAY, behind the address it is reached by";
    struct slice rest = setting->value;
    struct slice prefix;
    struct slice via;
    struct slice gateway;
    struct slice more;

    if (!setting_is_value(reader, setting, what))
        return false;
    struct scenario_route *route = SCENARIO_ADD(reader->arena, reader->scenario, routes, route);
    if (!route)
        return scenario_full(reader, setting->line);
    route->host = (uint16_t)host;
    route->has_gateway = true;
    bool good = slice_word(&rest, &prefix) && slice_word(&rest, &via) && slice_is(via, "via") &&
                slice_word(&rest, &gateway) && !slice_word(&rest, &more) &&
                septet_address_parse(gateway.at, gateway.length, &route->gateway) &&
                find_gateway(reader->scenario, route);
    if (good && slice_is(prefix, "default")) {
        if (septet_address_is_ipv4(&route->gateway))
            route->prefix = septet_address_ipv4(0, 0, 0, 0);
        return true;
    }
    if (!good || !scenario_prefix(prefix, &route->prefix, &route->prefix_length))
        return scenario_fail(reader, setting->line, what, setting->value);
    return true;
}

static bool visit_host(struct scenario_reader *reader, const struct ucl_setting *named)
{
    static const struct section_key keys[] = {
        {"address", true, read_for_only_link},
        {"mtu", false, read_for_only_link},
        {"autoconfigure", false, read_for_only_link},
        {"detect", false, read_for_only_link},
        {"offloads", true, read_for_only_link},
        {"on", true, read_on},
        {"forwarding", false, read_forwarding},
        {"route", true, NULL},
        {"tcp", true, read_tcp},
        {"clock_granularity", false, read_host_config},
        {"connections", false, read_host_config},
        {"half_open", false, read_host_config},
        {"time_wait", false, read_host_config},
        {"listeners", false, read_host_config},
        {"sockets", false, read_host_config},
        {"neighbors", false, read_host_config},
        {"reassemblies", false, read_host_config},
        {"path_mtus", false, read_host_config},
        {"page_size", false, read_host_config},
        {"pages", false, read_host_config},
        {"hop_limit", false, read_host_config},
    };
    uint32_t host = scenario_host_find(reader->scenario, named->key);

    return section_read(reader, named, keys, sizeof keys / sizeof keys[0], host);
}

/* Behind all addresses, so that a route may stand anywhere in its host. */
static bool visit_routes(struct scenario_reader *reader, const struct ucl_setting *named)
{
    uint32_t host = scenario_host_find(reader->scenario, named->key);

    for (const struct ucl_setting *setting = section_next(reader, named, NULL); setting;
         setting = section_next(reader, named, setting))
        if (slice_is(setting->key, "route") && !read_route(reader, setting, host))
            return false;
    return true;
}

static bool check_host(struct scenario_reader *reader, const struct ucl_setting *named)
{
    const struct scenario *scenario = reader->scenario;
    uint16_t host = scenario_host_find(scenario, named->key);
    struct septet_config *config = &scenario->host[host].config;

    for (uint32_t i = 0; i < scenario->addresses; i++) {
        if (scenario->interface[scenario->address[i].interface].host == host) {
            config->addresses++;
            config->routes++;
        }
    }
    for (uint32_t i = 0; i < scenario->routes; i++)
        config->routes += scenario->route[i].host == host;
    if (septet_memory_size(config) == 0)
        return scenario_fail(reader, named->line, "a configuration that a stack can be made with", named->key);
    return true;
}

bool scenario_read_hosts(struct scenario_reader *reader)
{
    return each_named(reader, "host", visit_host) && each_named(reader, "host", visit_routes) &&
           each_named(reader, "host", check_host);
}
